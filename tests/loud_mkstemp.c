/* loud_mkstemp.c - a signal that comes just when a temporary file has been made: tools.sh builds
   slm-convert with this in mkstemp's place. */
#undef mkstemp
#include <signal.h>
#include <stdlib.h>

int loud_mkstemp(char *name);
int loud_mkstemp(char *name) {
    int file = mkstemp(name);
    raise(SIGTERM);
    return file;
}
