/* editor.h - a message typed on a terminal: a line editor with history, wide characters, pasted
   paragraphs and messages of several lines. It needs termios; chat.c reads lines without it. It
   draws on stderr. The terminal is as it was whenever editor_read has returned, and after signals
   that end or stop the program. One editor at a time; tools/common.h comes first. */
#ifndef SLM_EDITOR_H
#define SLM_EDITOR_H
#include <poll.h>
#include "terminal.h"

typedef struct editor {
    const char *prompt;
    char *text;                  /* the message so far, NUL-terminated, ... */
    size_t size, capacity, at;   /* ... and the cursor's byte in it */
    char *cut;                   /* what Ctrl-K, Ctrl-U or Ctrl-W took last; or NULL */
    char **history;              /* the oldest first */
    size_t count, shown;         /* shown: the entry in text; count: none */
    char *draft;                 /* what was typed before Up; or NULL */
    int added;                   /* the message is the history's last entry now */
    int pasting;                 /* 2: behind a CR */
    size_t row;                  /* of the cursor, below the first one drawn */
    unsigned char input[4096];
    size_t input_at, input_count;
} editor;

enum { EDITOR_END, EDITOR_LINE, EDITOR_STOPPED }; /* of editor_read; STOPPED: by Ctrl-C */
enum { EDITOR_ENTRIES = 1000 };                   /* of the history, at most */

enum { /* beside bytes of text */
    EDITOR_NOTHING = 256, EDITOR_SIGNAL, EDITOR_GONE, EDITOR_LEFT, EDITOR_RIGHT, EDITOR_HOME,
    EDITOR_LAST, EDITOR_WORD_LEFT, EDITOR_WORD_RIGHT, EDITOR_UP, EDITOR_DOWN, EDITOR_PASTE,
    EDITOR_PASTED, EDITOR_ENTER, EDITOR_NEWLINE, EDITOR_STOP, EDITOR_CLOSE, EDITOR_YANK,
    EDITOR_CLEAR, EDITOR_SUSPEND,
    EDITOR_ERASE = 1024, EDITOR_CUT = 2048 /* up to where the key would move the cursor */
};

/* ---- drawing ------------------------------------------------------------------------------ */

/* The bytes of the character at `at`, and its columns; *show: what is drawn for it. */
static size_t editor_character(const editor *e, size_t at, size_t *columns, const char **show) {
    const unsigned char *p = (const unsigned char *)e->text + at;
    size_t bad, i, length = tool_character(p, e->size - at, &bad);
    uint32_t code = p[0];
    *columns = 1;
    *show = e->text + at;
    if (length > 1)
        for (code &= 0x7Fu >> length, i = 1; i < length; i++) code = code << 6 | (p[i] & 63u);
    if (!length || code < 0x20 || (code >= 0x7F && code < 0xA0)) *show = "?";
    else *columns = terminal_columns(code);
    return length ? length : 1;
}

typedef struct editor_place { size_t row, column; } editor_place;

/* Moves a place over the character at `at`, which goes to the next row if it does not fit. */
static size_t editor_step(const editor *e, size_t at, size_t width, editor_place *place) {
    const char *show;
    size_t columns, length = editor_character(e, at, &columns, &show);
    if (e->text[at] == '\t') columns = 8 - place->column % 8;
    if (e->text[at] == '\n') columns = width + 1;
    if (place->column + columns > width) place->row++, place->column = 0;
    if (e->text[at] != '\n') place->column += columns;
    return length;
}

/* Draws the text's rows from `first` on, as many as fit; the place where it ends. */
static editor_place editor_rows(const editor *e, FILE *out, size_t first, size_t height,
                                size_t width) {
    editor_place place = {0, 0}, next;
    size_t at, length, columns;
    const char *show;
    next.row = 0;
    next.column = strlen(e->prompt);
    if (!first) fputs(e->prompt, out);
    for (at = 0, place = next; at < e->size; at += length, place = next) {
        length = editor_step(e, at, width, &next);
        if (next.row >= first + height) break;
        if (next.row > place.row) place.column = 0;
        if (next.row > place.row && next.row > first) fputs("\r\n", out);
        if (next.row < first || e->text[at] == '\n') continue;
        editor_character(e, at, &columns, &show);
        if (e->text[at] == '\t') fprintf(out, "%*s", (int)(next.column - place.column), "");
        else fwrite(show, 1, *show == '?' ? 1 : length, out);
    }
    return place;
}

/* Draws prompt and text over what was drawn before; of a tall text what fits above the cursor. */
static void editor_draw(editor *e) {
    size_t height, width, at = 0, first, size;
    editor_place cursor = {0, 0}, end;
    char *bytes = NULL;
    FILE *out = open_memstream(&bytes, &size);
    if (!out) tool_fail(1, "out of memory");
    terminal_changed = 0;
    terminal_size(&height, &width);
    cursor.column = strlen(e->prompt);
    while (at < e->at) at += editor_step(e, at, width, &cursor);
    if (cursor.column >= width) cursor.row++, cursor.column = 0;
    first = cursor.row < height ? 0 : cursor.row - height + 1;
    fputc('\r', out);
    if (e->row) fprintf(out, "\033[%luA", (unsigned long)e->row);
    fputs("\033[J", out);
    end = editor_rows(e, out, first, height, width);
    for (; end.row < cursor.row; end.row++) fputs("\r\n", out);
    if (end.row > cursor.row) fprintf(out, "\033[%luA", (unsigned long)(end.row - cursor.row));
    fputc('\r', out);
    if (cursor.column) fprintf(out, "\033[%luC", (unsigned long)cursor.column);
    fclose(out);
    terminal_write(bytes, size);
    free(bytes);
    e->row = cursor.row - first;
}

/* ---- the text ----------------------------------------------------------------------------- */

/* Puts bytes in place of text[from, to), the cursor behind them. */
static void editor_replace(editor *e, size_t from, size_t to, const char *bytes, size_t size) {
    size_t rest = e->size - to;
    if (e->size + size + 1 > e->capacity) {
        e->capacity = (e->size + size) * 2 + 256;
        e->text = (char *)realloc(e->text, e->capacity);
        if (!e->text) tool_fail(1, "out of memory");
    }
    memmove(e->text + from + size, e->text + to, rest);
    memcpy(e->text + from, bytes, size);
    e->size = from + size + rest;
    e->text[e->size] = 0;
    e->at = from + size;
}

/* Behind the next character and the marks that combine with it, or before the one before. */
static size_t editor_right(const editor *e, size_t at) {
    const char *show;
    size_t columns;
    if (at < e->size) at += editor_character(e, at, &columns, &show);
    while (at < e->size) {
        size_t length = editor_character(e, at, &columns, &show);
        if (columns) break;
        at += length;
    }
    return at;
}

static size_t editor_left(const editor *e, size_t at) {
    size_t line = at, next, found;
    while (line && e->text[line - 1] != '\n') line--;
    if (line == at) return at ? at - 1 : 0;
    for (found = line; (next = editor_right(e, found)) < at;) found = next;
    return found;
}

static int editor_in_word(const editor *e, size_t at) {
    unsigned char c = (unsigned char)e->text[at];
    return c >= 0x80 || c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* Where a key that moves the cursor, or erases up to there, moves it. */
static size_t editor_target(const editor *e, int key) {
    size_t at = e->at;
    switch (key) {
    case EDITOR_LEFT: return editor_left(e, at);
    case EDITOR_RIGHT: return editor_right(e, at);
    case EDITOR_HOME:
        while (at && e->text[at - 1] != '\n') at--;
        return at;
    case EDITOR_LAST:
        while (at < e->size && e->text[at] != '\n') at++;
        return at;
    case EDITOR_WORD_LEFT:
        while (at && !editor_in_word(e, at - 1)) at--;
        while (at && editor_in_word(e, at - 1)) at--;
        return at;
    default: /* EDITOR_WORD_RIGHT */
        while (at < e->size && !editor_in_word(e, at)) at++;
        while (at < e->size && editor_in_word(e, at)) at++;
        return at;
    }
}

/* ---- history ------------------------------------------------------------------------------ */

static void editor_remember(editor *e, const char *text, size_t size) {
    e->added = size && (!e->count || strcmp(e->history[e->count - 1], text));
    if (!e->added) return;
    if (!e->history) e->history = (char **)tool_allocate(EDITOR_ENTRIES, sizeof *e->history);
    if (e->count == EDITOR_ENTRIES) {
        free(e->history[0]);
        memmove(e->history, e->history + 1, --e->count * sizeof *e->history);
    }
    e->history[e->count] = NULL;
    tool_keep(&e->history[e->count++], text, size);
}

/* Up and down: within a message of several lines, else through the history. */
static void editor_move_line(editor *e, int down) {
    size_t start = editor_target(e, EDITOR_HOME), end = editor_target(e, EDITOR_LAST);
    size_t column = e->at - start, shown;
    const char *text;
    if (down ? end < e->size : start > 0) {
        e->at = down ? end + 1 : start - 1;
        start = e->at = editor_target(e, EDITOR_HOME);
        end = editor_target(e, EDITOR_LAST);
        while (e->at < end && e->at < start + column) e->at = editor_right(e, e->at);
        return;
    }
    if (down ? e->shown >= e->count : !e->shown) return;
    if (e->shown == e->count) tool_keep(&e->draft, e->text, e->size);
    shown = down ? ++e->shown : --e->shown;
    text = shown == e->count ? e->draft : e->history[shown];
    editor_replace(e, 0, e->size, text, strlen(text));
}

/* ---- keys --------------------------------------------------------------------------------- */

/* A byte; EDITOR_NOTHING: none within some milliseconds (-1: any time), _SIGNAL, or _GONE. */
static int editor_byte(editor *e, int wait) {
    struct pollfd ready = {0, POLLIN, 0};
    ssize_t got;
    if (e->input_at < e->input_count) return e->input[e->input_at++];
    got = poll(&ready, 1, wait);
    if (got == 0) return EDITOR_NOTHING;
    if (got > 0) got = read(0, e->input, sizeof e->input);
    if (got < 0) return errno == EINTR || errno == EAGAIN ? EDITOR_SIGNAL : EDITOR_GONE;
    if (got == 0) return EDITOR_GONE;
    e->input_count = (size_t)got;
    e->input_at = 1;
    return e->input[0];
}

static const struct editor_key { const char *bytes; int key; } editor_keys[] = {
    {"\1", EDITOR_HOME}, {"\2", EDITOR_LEFT}, {"\3", EDITOR_STOP}, {"\5", EDITOR_LAST},
    {"\4", EDITOR_CLOSE}, {"\6", EDITOR_RIGHT}, {"\b", EDITOR_ERASE + EDITOR_LEFT},
    {"\n", EDITOR_ENTER}, {"\13", EDITOR_CUT + EDITOR_LAST}, {"\14", EDITOR_CLEAR},
    {"\r", EDITOR_ENTER}, {"\16", EDITOR_DOWN}, {"\20", EDITOR_UP},
    {"\25", EDITOR_CUT + EDITOR_HOME}, {"\27", EDITOR_CUT + EDITOR_WORD_LEFT},
    {"\31", EDITOR_YANK}, {"\32", EDITOR_SUSPEND}, {"\177", EDITOR_ERASE + EDITOR_LEFT},
    {"\33[A", EDITOR_UP}, {"\33[B", EDITOR_DOWN}, {"\33[C", EDITOR_RIGHT}, {"\33[D", EDITOR_LEFT},
    {"\33[H", EDITOR_HOME}, {"\33[1~", EDITOR_HOME}, {"\33[7~", EDITOR_HOME},
    {"\33[F", EDITOR_LAST}, {"\33[4~", EDITOR_LAST}, {"\33[8~", EDITOR_LAST},
    {"\33[3~", EDITOR_ERASE + EDITOR_RIGHT}, {"\33[200~", EDITOR_PASTE},
    {"\33[201~", EDITOR_PASTED}, {"\33[1;5C", EDITOR_WORD_RIGHT}, {"\33[1;5D", EDITOR_WORD_LEFT},
    {"\33[1;3C", EDITOR_WORD_RIGHT}, {"\33[1;3D", EDITOR_WORD_LEFT}, {"\33f", EDITOR_WORD_RIGHT},
    {"\33b", EDITOR_WORD_LEFT}, {"\33d", EDITOR_CUT + EDITOR_WORD_RIGHT},
    {"\33\177", EDITOR_CUT + EDITOR_WORD_LEFT}, {"\33\r", EDITOR_NEWLINE}};

/* A byte of text, or a key, of which a terminal sends ESC and more: at once, but a slow line may
   cut it. A person's own ESC has nothing behind it. */
static int editor_key(editor *e) {
    char bytes[16] = "";
    size_t count = 1, i;
    int byte = editor_byte(e, -1);
    if (byte >= EDITOR_NOTHING || (byte >= 0x20 && byte != 0x7F)) return byte;
    bytes[0] = (char)byte;
    while (bytes[0] == 27 &&
           (byte = editor_byte(e, count > 1 || e->pasting ? 1000 : 50)) < EDITOR_NOTHING) {
        if (byte == 27) count = 0; /* this one begins the sequence */
        if (count == 1 && byte == 'O') byte = '['; /* of the keypad's mode */
        if (count < sizeof bytes - 1) bytes[count++] = (char)byte;
        bytes[count] = 0;
        if (count == 1) continue;
        if (bytes[1] != '[' || (count > 2 && byte >= 0x40 && byte != '[')) break;
    }
    for (i = 0; i < sizeof editor_keys / sizeof *editor_keys; i++)
        if (!strcmp(bytes, editor_keys[i].bytes)) return editor_keys[i].key;
    return e->pasting && bytes[0] == '\t' ? (int)'\t' : (int)EDITOR_NOTHING;
}

/* What the shell writes meanwhile stands below the message, which is then drawn anew. The modes go
   first: once another process of the job has stopped, the terminal may be the shell's. */
static void editor_suspend(editor *e) {
    size_t at = e->at;
    e->at = e->size;
    editor_draw(e);
    terminal_write("\r\n", 2);
    e->at = at;
    e->row = 0;
    terminal_leave();
    kill(0, SIGTSTP);
    terminal_enter(); /* also where nobody could stop it */
}

static void editor_edit(editor *e, int key) {
    size_t at = e->at, to, low, high;
    char byte = (char)key;
    if (key < EDITOR_NOTHING) editor_replace(e, at, at, &byte, 1);
    else if (key == EDITOR_NEWLINE) editor_replace(e, at, at, "\n", 1);
    else if (key == EDITOR_UP || key == EDITOR_DOWN) editor_move_line(e, key == EDITOR_DOWN);
    else if (key == EDITOR_YANK && e->cut) editor_replace(e, at, at, e->cut, strlen(e->cut));
    else if (key == EDITOR_CLOSE) editor_edit(e, EDITOR_ERASE + EDITOR_RIGHT);
    else if (key == EDITOR_SUSPEND) editor_suspend(e);
    else if (key == EDITOR_CLEAR) terminal_write("\033[H\033[2J", 7), e->row = 0;
    else if ((key & 1023) >= EDITOR_LEFT && (key & 1023) <= EDITOR_WORD_RIGHT) {
        e->at = to = editor_target(e, key & 1023);
        low = at < to ? at : to;
        high = at < to ? to : at;
        if (key >= EDITOR_CUT && low < high) tool_keep(&e->cut, e->text + low, high - low);
        if (key >= EDITOR_ERASE) editor_replace(e, low, high, "", 0);
    }
}

/* Whether nothing more has come: then the message is drawn. */
static int editor_idle(const editor *e) {
    struct pollfd ready = {0, POLLIN, 0};
    return e->input_at == e->input_count && poll(&ready, 1, 0) <= 0;
}

/* Within a paste nothing is a key: its lines are the message's, other control bytes are dropped.
   But a Ctrl-C behind which nothing comes is a person's: the paste's end was lost. */
static void editor_paste(editor *e, int key) {
    int byte = e->input[e->input_at - 1];
    if (key == EDITOR_PASTED || (key == EDITOR_STOP && editor_idle(e))) e->pasting = 0;
    else if (key == EDITOR_ENTER && !(byte == '\n' && e->pasting == 2))
        editor_edit(e, EDITOR_NEWLINE);
    else if (key < EDITOR_NOTHING) editor_edit(e, key);
    if (e->pasting) e->pasting = key == EDITOR_ENTER && byte == '\r' ? 2 : 1;
}

/* Whether Enter only begins another line: behind a backslash, which goes, and within """ """,
   which go when the message ends. */
static int editor_goes_on(editor *e) {
    const char *quotes = "\"\"\"";
    size_t end = e->size;
    if (e->size && e->text[e->size - 1] == '\\') {
        editor_replace(e, e->size - 1, e->size, "\n", 1);
        return 1;
    }
    if (e->size < 3 || memcmp(e->text, quotes, 3)) return 0;
    while (end > 3 && (e->text[end - 1] == ' ' || e->text[end - 1] == '\t')) end--;
    if (end < 6 || memcmp(e->text + end - 3, quotes, 3)) {
        editor_replace(e, e->at, e->at, "\n", 1);
        return 1;
    }
    editor_replace(e, end, e->size, "", 0);
    return 0;
}

/* The message behind its last newline, without the """ around it. */
static void editor_trim(editor *e) {
    size_t quotes = e->size >= 6 && !memcmp(e->text, "\"\"\"", 3) ? 3 : 0;
    if (quotes) {
        editor_replace(e, e->size - 3, e->size, "", 0);
        editor_replace(e, 0, e->text[3] == '\n' ? 4 : 3, "", 0);
    }
    if (e->size && e->text[e->size - 1] == '\n') editor_replace(e, e->size - 1, e->size, "", 0);
}

/* Reads a message, which is e->text until the next call. EDITOR_END: Ctrl-D, or the terminal is
   gone; EDITOR_STOPPED: Ctrl-C. */
static int editor_read(editor *e) {
    int key, result = -1;
    e->size = e->at = e->row = 0;
    e->pasting = 0;
    e->shown = e->count;
    editor_replace(e, 0, 0, "", 0);
    if (!terminal_begin()) return EDITOR_END;
    editor_draw(e);
    while (result < 0) {
        key = editor_key(e);
        if (key == EDITOR_GONE || (key == EDITOR_CLOSE && !e->size && !e->pasting))
            result = EDITOR_END;
        else if (e->pasting) editor_paste(e, key);
        else if (key == EDITOR_STOP || (key == EDITOR_SIGNAL && !terminal_changed))
            result = EDITOR_STOPPED;
        else if (key == EDITOR_PASTE) e->pasting = 1;
        else if (key != EDITOR_ENTER) editor_edit(e, key);
        else if (!editor_goes_on(e)) result = EDITOR_LINE;
        if (result < 0 && editor_idle(e)) editor_draw(e);
    }
    e->at = e->size;
    editor_draw(e);
    terminal_write("\r\n", 2);
    terminal_end();
    if (result == EDITOR_LINE) {
        editor_remember(e, e->text, e->size);
        editor_trim(e);
    }
    return result;
}
#endif
