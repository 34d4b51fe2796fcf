/* history.h - the editor's history in a file, which others can neither read nor write. */
#ifndef SLM_HISTORY_H
#define SLM_HISTORY_H
#include <fcntl.h>
#include "editor.h"

static const char *history_file; /* NULL: in memory alone */
static int history_torn;         /* its last line does not end */

/* Reads the history's file, an entry a line, its newlines as \n and its backslashes doubled. What
   cannot be read ends the program, but a file need not be there. */
static void history_load(editor *e, const char *path) {
    char *bytes, *from, *to, *line;
    size_t size;
    int file = open(path, O_RDWR | O_CREAT, 0600); /* nobody else's to read */
    if (file < 0 && (errno == EACCES || errno == EROFS)) file = open(path, O_RDONLY);
    if (file < 0 || close(file) != 0) tool_fail(1, "%s: %s", path, strerror(errno));
    bytes = tool_read(path, &size);
    for (from = to = line = bytes; from < bytes + size; from++) {
        if (*from == '\n') {
            *to = 0;
            editor_remember(e, line, (size_t)(to - line));
            line = to = from + 1;
        } else if (*from == '\\' && (from[1] == 'n' || from[1] == '\\')) {
            *to++ = *++from == 'n' ? '\n' : '\\';
        } else *to++ = *from;
    }
    history_torn = to > line;
    if (history_torn) editor_remember(e, line, (size_t)(to - line));
    free(bytes);
    history_file = path;
}

/* Appends the message that was typed last. Where that fails the history goes on in memory. */
static void history_save(const editor *e) {
    const char *text = e->added ? e->history[e->count - 1] : NULL;
    FILE *file = history_file && text ? fopen(history_file, "ab") : NULL;
    int written;
    if (!history_file || !text) return;
    if (file && history_torn) fputc('\n', file);
    history_torn = 0;
    for (; file && *text; text++)
        if (*text == '\n') fputs("\\n", file);
        else if (*text == '\\') fputs("\\\\", file);
        else fputc(*text, file);
    written = file && fputc('\n', file) != EOF;
    if (file && fclose(file) == 0 && written) return;
    fprintf(stderr, "(the history is in memory alone: %s: %s)\n", history_file, strerror(errno));
    history_file = NULL;
}
#endif
