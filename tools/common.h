/* common.h - what the command-line programs share: one-line errors, numbers, whole files. */
#ifndef SLM_TOOLS_COMMON_H
#define SLM_TOOLS_COMMON_H

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../slm.h"

#if defined(__GNUC__)
#define TOOL_PRINTF __attribute__((format(printf, 2, 3), noreturn, unused))
#define TOOL_UNUSED __attribute__((unused))
#else
#define TOOL_PRINTF
#define TOOL_UNUSED
#endif

static const char *tool_name = "slm"; /* set by main */

/* Status 1: bad input or a failure; 2: wrong use, or not available here. */
TOOL_PRINTF static void tool_fail(int status, const char *format, ...) {
    va_list args;
    fflush(stdout);
    fprintf(stderr, "%s: ", tool_name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(status);
}

TOOL_UNUSED static void *tool_allocate(size_t count, size_t size) {
    void *memory = calloc(count ? count : 1, size ? size : 1);
    if (!memory) tool_fail(1, "out of memory");
    return memory;
}

/* The value of an option; fails where it is missing. */
TOOL_UNUSED static const char *tool_value(int count, char **args, int *at) {
    if (*at + 1 >= count) tool_fail(2, "%s needs a value (see --help)", args[*at]);
    return args[++*at];
}

TOOL_UNUSED static unsigned long long tool_number(const char *option, const char *text,
                                                  unsigned long long most) {
    char *end;
    unsigned long long value;
    errno = 0;
    value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno || value > most)
        tool_fail(2, "%s: '%s' is not a whole number from 0 to %llu", option, text, most);
    return value;
}

TOOL_UNUSED static float tool_real(const char *option, const char *text, double least,
                                   double most) {
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= least && value <= most))
        tool_fail(2, "%s: '%s' is not a number from %g to %g", option, text, least, most);
    return (float)value;
}

/* A file ("-": stdin) whole, with a NUL behind it. */
TOOL_UNUSED static char *tool_read(const char *path, size_t *size) {
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    size_t capacity = 65536, got;
    char *bytes = (char *)malloc(capacity + 1);
    if (!file) tool_fail(1, "%s: %s", path, strerror(errno));
    if (!bytes) tool_fail(1, "out of memory");
    for (*size = 0; (got = fread(bytes + *size, 1, capacity - *size, file)) > 0;) {
        char *larger;
        *size += got;
        if (*size < capacity) continue;
        if (capacity > SIZE_MAX / 4) tool_fail(1, "%s: too large", path);
        larger = (char *)realloc(bytes, (capacity *= 2) + 1);
        if (!larger) tool_fail(1, "out of memory");
        bytes = larger;
    }
    if (ferror(file)) tool_fail(1, "%s: cannot read", path);
    if (file != stdin) fclose(file);
    bytes[*size] = 0;
    return bytes;
}

/* An instruction set by name; what this build and CPU lack ends with a list of what they have. */
TOOL_UNUSED static slm_isa tool_isa(const char *name) {
    char have[128] = "";
    int i;
    for (i = 0; i < (int)SLM_ISA_COUNT; i++) {
        const char *known = slm_isa_name((slm_isa)i);
        if (!slm_isa_available((slm_isa)i)) continue;
        if (strcmp(known, name) == 0) return (slm_isa)i;
        strcat(strcat(have, i ? ", " : ""), known);
    }
    tool_fail(2, "--isa %s is not available here; available: %s", name, have);
    return SLM_ISA_AUTO;
}

TOOL_UNUSED static slm_type tool_kv(const char *name) {
    if (strcmp(name, "f32") == 0) return SLM_TYPE_F32;
    if (strcmp(name, "f16") == 0) return SLM_TYPE_F16;
    tool_fail(2, "--kv is f16 or f32, not %s", name);
    return SLM_TYPE_VECTOR;
}

TOOL_UNUSED static slm_model *tool_open(const char *path, const slm_model_desc *desc) {
    slm_model *model;
    slm_error error;
    if (slm_model_open(&model, path, desc, &error) != SLM_OK)
        tool_fail(1, "%s: %s", path, error.text);
    return model;
}

TOOL_UNUSED static slm_session *tool_session(const slm_model *model,
                                             const slm_session_desc *desc) {
    slm_session *session;
    slm_error error;
    if (slm_session_open(&session, model, desc, &error) != SLM_OK) tool_fail(1, "%s", error.text);
    return session;
}

#endif
