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
#include <sys/stat.h>
#include <time.h>

#include "../slm.h"
#include "../examples/threads.h"

#ifdef _WIN32
#include <io.h>
#define isatty _isatty
#define fileno _fileno
#else
int isatty(int); /* POSIX; strict C99 headers hide it and fileno */
int fileno(FILE *);
#endif

#if defined(__GNUC__)
#define TOOL_PRINTF __attribute__((format(printf, 2, 3), noreturn, unused))
#define TOOL_UNUSED __attribute__((unused))
#else
#define TOOL_PRINTF
#define TOOL_UNUSED
#endif

static const char *tool_name = "slm"; /* set by main */

/* Bytes of the well-formed character at the start, or 0 and in *bad how many bytes make one
   U+FFFD (the longest beginning of a character). */
TOOL_UNUSED static size_t tool_character(const unsigned char *p, size_t size, size_t *bad) {
    unsigned lead = p[0], low = 0x80, high = 0xBF;
    size_t need = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3
                  : lead < 0xF5 ? 4 : 0, i;
    *bad = 1;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
    for (i = 1; i < need; i++, low = 0x80, high = 0xBF) {
        if (i == size || p[i] < low || p[i] > high) return 0;
        *bad = i + 1;
    }
    return need;
}

/* A message as a terminal may have it: names in it may come from a hostile file. */
TOOL_UNUSED static void tool_say(const char *text) {
    size_t left = strlen(text), bad, good;
    for (; left; text += good, left -= good) {
        unsigned char c = (unsigned char)*text;
        good = tool_character((const unsigned char *)text, left, &bad);
        if (!good || c < 0x20 || c == 0x7F || (c == 0xC2 && (unsigned char)text[1] < 0xA0)) {
            fprintf(stderr, "\\x%02x", c);
            good = 1;
        } else fwrite(text, 1, good, stderr);
    }
}

/* Status 1: bad input or a failure; 2: wrong use, or not available here, which --help explains. */
TOOL_PRINTF static void tool_fail(int status, const char *format, ...) {
    char text[4096];
    va_list args;
    fflush(stdout);
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fprintf(stderr, "%s: ", tool_name);
    tool_say(text);
    fputs(status == 2 ? " (see --help)\n" : "\n", stderr);
    exit(status);
}

/* Is a person looking? */
TOOL_UNUSED static int tool_terminal(FILE *file) { return isatty(fileno(file)) != 0; }

/* Whether a file is read from: a pipe or a file, and neither a terminal nor a device. */
TOOL_UNUSED static int tool_piped(FILE *file) {
    struct stat status;
    return fstat(fileno(file), &status) == 0 && !S_ISCHR(status.st_mode) &&
           !S_ISDIR(status.st_mode);
}

/* Seconds, for slm_stats. */
TOOL_UNUSED static double tool_clock(void *user) {
    (void)user;
#ifdef CLOCK_MONOTONIC
    {
        struct timespec time;
        if (clock_gettime(CLOCK_MONOTONIC, &time) == 0)
            return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
    }
#endif
    return (double)clock() / CLOCKS_PER_SEC;
}

/* The last thing a program does: what could not be written is a failure. */
TOOL_UNUSED static int tool_finish(void) {
    if (fflush(stdout) != 0 || ferror(stdout)) tool_fail(1, "cannot write to stdout");
    return 0;
}

TOOL_UNUSED static void *tool_allocate(size_t count, size_t size) {
    void *memory = calloc(count ? count : 1, size ? size : 1);
    if (!memory) tool_fail(1, "out of memory");
    return memory;
}

/* A copy of a text in *kept, instead of what was there; text NULL: none. */
TOOL_UNUSED static void tool_keep(char **kept, const char *text, size_t size) {
    char *copy = text ? (char *)tool_allocate(size + 1, 1) : NULL;
    if (size) memcpy(copy, text, size);
    free(*kept);
    *kept = copy;
}

TOOL_UNUSED static unsigned long long tool_number(const char *option, const char *text,
                                                  unsigned long long most) {
    char *end;
    unsigned long long value;
    errno = 0;
    value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno || value > most)
        tool_fail(2, "%s: '%.200s' is not a whole number from 0 to %llu", option, text,
                  most);
    return value;
}

TOOL_UNUSED static float tool_real(const char *option, const char *text, double least,
                                   double most) {
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || text[strspn(text, "+-.0123456789eE")] ||
        !(value >= least && value <= most))
        tool_fail(2, "%s: '%.200s' is not a number from %g to %g", option, text, least,
                  most);
    return (float)value;
}

/* A file ("-": stdin) whole, with a NUL behind it. */
TOOL_UNUSED static char *tool_read(const char *path, size_t *size) {
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    size_t capacity = 65536, got;
    char *bytes = (char *)malloc(capacity + 1);
    if (!file) tool_fail(1, "%s: %s", path, strerror(errno));
    if (!bytes) tool_fail(1, "out of memory");
    errno = 0;
    for (*size = 0; (got = fread(bytes + *size, 1, capacity - *size, file)) > 0;) {
        char *larger;
        *size += got;
        if (*size < capacity) continue;
        if (capacity > SIZE_MAX / 4) tool_fail(1, "%s: too large", path);
        larger = (char *)realloc(bytes, (capacity *= 2) + 1);
        if (!larger) tool_fail(1, "out of memory");
        bytes = larger;
    }
    if (ferror(file))
        tool_fail(1, "%s: %s", file == stdin ? "stdin" : path,
                  errno ? strerror(errno) : "cannot read");
    if (file != stdin) fclose(file);
    bytes[*size] = 0;
    return bytes;
}

/* The inside of a JSON string: also what may be shown of a text that nobody has looked at, since
   no control character of a terminal passes. Invalid UTF-8 becomes U+FFFD. */
TOOL_UNUSED static void tool_escaped(const char *bytes, size_t size) {
    size_t at = 0;
    while (at < size) {
        unsigned char c = (unsigned char)bytes[at];
        size_t bad, good = tool_character((const unsigned char *)bytes + at, size - at, &bad);
        if (!good) fputs("\xEF\xBF\xBD", stdout);
        else if (c == '"' || c == '\\') printf("\\%c", c);
        else if (c < 0x20 || c == 0x7F) printf("\\u%04x", c);
        else if (c == 0xC2 && (unsigned char)bytes[at + 1] < 0xA0)
            printf("\\u%04x", (unsigned char)bytes[at + 1]);
        else fwrite(bytes + at, 1, good, stdout);
        at += good ? good : bad;
    }
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

TOOL_UNUSED static slm_chat_format tool_chat_format(const char *name) {
    int i;
    for (i = 1; i < (int)SLM_CHAT_COUNT; i++)
        if (strcmp(name, slm_chat_format_name((slm_chat_format)i)) == 0) return (slm_chat_format)i;
    tool_fail(2, "--chat is plain, phi-2, chatml, llama-2, zephyr, llama-3 or gemma, not %s", name);
    return SLM_CHAT_AUTO;
}

/* ---- options ------------------------------------------------------------------------------- */

typedef enum tool_kind { /* what an option's value is, and what `to` points to */
    TOOL_FLAG,           /* it has none; int, becomes 1 */
    TOOL_TEXT,           /* const char * */
    TOOL_SIZE, TOOL_UNSIGNED, TOOL_U32, TOOL_U64, /* a whole number: size_t and so on */
    TOOL_REAL,           /* float */
    TOOL_KV,             /* slm_type: f16 or f32 */
    TOOL_ISA,            /* slm_isa */
    TOOL_OTHER           /* what `take` makes of it */
} tool_kind;

typedef struct tool_option {
    const char *names; /* "--threads -t": the first one is what messages say */
    tool_kind kind;
    void *to;
    double least, most; /* of a number; most 0: any */
    void (*take)(void *to, const char *name, const char *value);
} tool_option;

enum { TOOL_MOST_THREADS = 4096, TOOL_MOST_TOKENS = 1 << 30, TOOL_MOST_CONTEXT = 1 << 24 };

/* Whether `name`, of `size` bytes, is one of an option's. */
static int tool_named(const tool_option *option, const char *name, size_t size) {
    const char *at = option->names, *end;
    for (; *at; at = *end ? end + 1 : end) {
        end = strchr(at, ' ');
        if (!end) end = at + strlen(at);
        if ((size_t)(end - at) == size && !memcmp(at, name, size)) return 1;
    }
    return 0;
}

static void tool_set_number(const tool_option *option, const char *name, const char *text) {
    unsigned long long most = option->most > 0 ? (unsigned long long)option->most : UINT64_MAX;
    unsigned long long value;
    if (option->kind == TOOL_SIZE && most > SIZE_MAX) most = SIZE_MAX;
    value = tool_number(name, text, most);
    if ((double)value < option->least)
        tool_fail(2, "%s must be at least %.0f", name, option->least);
    if (option->kind == TOOL_SIZE) *(size_t *)option->to = (size_t)value;
    else if (option->kind == TOOL_UNSIGNED) *(unsigned *)option->to = (unsigned)value;
    else if (option->kind == TOOL_U32) *(uint32_t *)option->to = (uint32_t)value;
    else *(uint64_t *)option->to = value;
}

static void tool_set(const tool_option *option, const char *name, const char *value) {
    switch (option->kind) {
    case TOOL_FLAG: *(int *)option->to = 1; break;
    case TOOL_TEXT: *(const char **)option->to = value; break;
    case TOOL_REAL:
        *(float *)option->to = tool_real(name, value, option->least, option->most);
        break;
    case TOOL_KV: *(slm_type *)option->to = tool_kv(value); break;
    case TOOL_ISA: *(slm_isa *)option->to = tool_isa(value); break;
    case TOOL_OTHER: option->take(option->to, name, value); break;
    default: tool_set_number(option, name, value);
    }
}

/* -h, --help and --version end the program. */
static void tool_answer(const char *name, const char *help) {
    int helps = !strcmp(name, "--help") || !strcmp(name, "-h");
    if (!helps && strcmp(name, "--version")) return;
    if (helps) fputs(help, stdout);
    else printf("%s %s\n", tool_name, slm_version());
    exit(tool_finish());
}

/* Sets what one option says, whose value may be the next argument; 1: it was taken. */
static int tool_take(const tool_option *options, size_t count, const char *name,
                     const char *next) {
    const char *value = strncmp(name, "--", 2) ? NULL : strchr(name, '=');
    size_t size = value ? (size_t)(value - name) : strlen(name), k = 0;
    char known[64];
    while (k < count && !tool_named(&options[k], name, size)) k++;
    if (k == count) tool_fail(2, "unknown option %.200s", name);
    snprintf(known, sizeof known, "%.*s", (int)(size < 60 ? size : 60), name);
    if (options[k].kind == TOOL_FLAG && value)
        tool_fail(2, "%s takes no value", known);
    if (options[k].kind != TOOL_FLAG && !value && !next)
        tool_fail(2, "%s needs a value", known);
    tool_set(&options[k], known, value ? value + 1 : next);
    return options[k].kind != TOOL_FLAG && !value;
}

/* Sets what the options say; the arguments beside them, at most `most`, go to `arguments`, and
   their number is returned. Options may be --name=value too; none are behind --. */
TOOL_UNUSED static size_t tool_arguments(int count, char **args, const tool_option *options,
                                         size_t options_count, const char *help,
                                         const char **arguments, size_t most) {
    int i, only_arguments = 0;
    size_t found = 0;
    for (i = 1; i < count; i++) {
        const char *name = args[i];
        if (only_arguments || name[0] != '-' || !name[1]) {
            if (found == most)
                tool_fail(2, "one argument too many: %.200s", name);
            arguments[found++] = name;
        } else if (!strcmp(name, "--")) only_arguments = 1;
        else {
            tool_answer(name, help);
            i += tool_take(options, options_count, name, i + 1 < count ? args[i + 1] : NULL);
        }
    }
    return found;
}

static void tool_take_model(void *to, const char *name, const char *value) {
    const char **model = (const char **)to;
    (void)name;
    if (*model) tool_fail(2, "one model only, not also %.200s", value);
    if (!*value) tool_fail(2, "the model's path is empty");
    *model = value;
}

/* The same for programs of one model, which is the argument or stands behind -m; NULL: there is
   none. */
TOOL_UNUSED static const char *tool_parse(int count, char **args, const tool_option *options,
                                          size_t options_count, const char *help) {
    const char *model = NULL, *arguments[2];
    tool_option *all = (tool_option *)tool_allocate(options_count + 1, sizeof *all);
    size_t found, i;
    tool_option own = {"--model -m", TOOL_OTHER, NULL, 0, 0, tool_take_model};
    own.to = &model;
    memcpy(all, options, options_count * sizeof *all);
    all[options_count] = own;
    found = tool_arguments(count, args, all, options_count + 1, help, arguments, 2);
    for (i = 0; i < found; i++) tool_take_model(&model, "", arguments[i]);
    free(all);
    return model;
}

/* Texts that end generation. */
enum { TOOL_STOPS = 16 };
typedef struct tool_stops {
    const char *list[TOOL_STOPS];
    size_t count;
} tool_stops;

TOOL_UNUSED static void tool_take_stop(void *to, const char *name, const char *value) {
    tool_stops *stops = (tool_stops *)to;
    if (!*value || strlen(value) > 255) tool_fail(2, "%s has 1 to 255 bytes", name);
    if (stops->count == TOOL_STOPS)
        tool_fail(2, "%s: at most %d of them", name, (int)TOOL_STOPS);
    stops->list[stops->count++] = value;
}

/* Rows of a table of options: how tokens are sampled, and where generation stops. */
#define TOOL_SAMPLING(sampling, stops)                                                            \
    {"--temp", TOOL_REAL, &(sampling).temperature, 0, 1000, NULL},                                \
    {"--top-p", TOOL_REAL, &(sampling).top_p, 0, 1, NULL},                                        \
    {"--top-k", TOOL_U32, &(sampling).top_k, 0, TOOL_MOST_TOKENS, NULL},                          \
    {"--min-p", TOOL_REAL, &(sampling).min_p, 0, 1, NULL},                                        \
    {"--repetition --repeat-penalty", TOOL_REAL, &(sampling).repetition, 0, 1000, NULL},          \
    {"--presence --presence-penalty", TOOL_REAL, &(sampling).presence, -1000, 1000, NULL},        \
    {"--frequency --frequency-penalty", TOOL_REAL, &(sampling).frequency, -1000, 1000, NULL},     \
    {"--seed -s", TOOL_U64, &(sampling).seed, 0, 0, NULL},                                        \
    {"--stop -r", TOOL_OTHER, &(stops), 0, 0, tool_take_stop}

#define TOOL_SAMPLING_HELP \
    "  --temp T        temperature (0.8); 0 takes the likeliest token\n"                           \
    "  --top-p P       only the likeliest tokens that together have probability P (off)\n"         \
    "  --top-k K       only the K likeliest tokens (off)\n"                                        \
    "  --min-p P       only tokens with P of the likeliest one's probability (off)\n"              \
    "  --repetition R  a token that was there: logit / R, or * R below 0 (off)\n"                  \
    "  --presence P    its logit less P; --frequency P: less P for each time (off)\n"              \
    "  --seed S        random seed (0): a command gives the same text twice\n"                     \
    "  --stop TEXT     end before this text; up to 16 of these options\n"

/* Says what was given instead of a .slm, if it is one of the usual things. */
TOOL_UNUSED static void tool_explain(const char *path) {
    char head[41] = "";
    struct stat status;
    size_t size;
    FILE *file;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        tool_fail(1, "%s: a directory; if it is a checkpoint, convert it first: "
                     "slm-convert DIR OUT.slm", path);
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode)) return; /* a pipe makes one wait */
    if ((file = fopen(path, "rb")) == NULL) return;
    head[fread(head, 1, sizeof head - 1, file)] = 0;
    fclose(file);
    if (memcmp(head, "GGUF", 4) == 0) {
        size = strlen(path);
        if (size > 5 && strcmp(path + size - 5, ".gguf") == 0) size -= 5;
        tool_fail(1, "%s is a GGUF file: slm-convert %s %.*s.slm", path, path, (int)size, path);
    }
    if (memcmp(head, "PK\3\4", 4) == 0 || memcmp(head + 4, "\0\0\0\0{", 5) == 0)
        tool_fail(1, "%s: weights of a checkpoint, not a .slm; convert it first: "
                     "slm-convert DIR OUT.slm", path);
    if (strcmp(head, "version https://git-lfs.github.com/spec/") == 0)
        tool_fail(1, "%s: a Git LFS pointer, not the file itself: `git lfs pull` fetches it", path);
}

TOOL_UNUSED static slm_model *tool_open(const char *path, const slm_model_desc *desc) {
    slm_model *model;
    slm_error error;
    int reason;
    errno = 0;
    if (slm_model_open(&model, path, desc, &error) != SLM_OK) {
        reason = error.code == SLM_ERR_IO ? errno : 0;
        tool_explain(path);
        if (reason) tool_fail(1, "%s: %s", path, strerror(reason));
        if (strstr(error.text, path)) tool_fail(1, "%s", error.text);
        tool_fail(1, "%s: %s", path, error.text);
    }
    return model;
}

/* For programs that make text from text. */
TOOL_UNUSED static void tool_decoder(const char *path, const slm_model_info *info) {
    if (info->is_encoder)
        tool_fail(1, "%s: an encoder (%s), which makes no text: use slm-encode", path,
                  info->architecture);
}

/* A pool of desc->threads for the session (0: as many as processors), to be closed after it. */
TOOL_UNUSED static slm_threads *tool_threads(slm_session_desc *desc) {
    slm_threads *pool = slm_threads_open(desc->threads);
    desc->parallel.run = slm_threads_run;
    desc->parallel.user = pool;
    desc->threads = slm_threads_count(pool);
    return pool;
}

TOOL_UNUSED static slm_session *tool_session(const slm_model *model,
                                             const slm_session_desc *desc) {
    slm_session *session;
    slm_error error;
    if (slm_session_open(&session, model, desc, &error) != SLM_OK) tool_fail(1, "%s", error.text);
    return session;
}

#endif
