/* chat.c - a conversation: one session, its KV cache kept from turn to turn. What happens when
   the context is full is decided here: the library only says that it is. */
#define _GNU_SOURCE 1 /* signals, threads.h */
#ifndef SLM_LINKED /* the Makefile links slm.o; built by hand this file is all */
#define SLM_IMPLEMENTATION
#endif
#include "../tools/common.h"
#include <signal.h>
#include <time.h>
#ifndef _WIN32
#include "editor.h"
#include "history.h"
#endif

#define COMMANDS \
    "Each line is a message; one that begins with / needs a space before it. For several lines\n"  \
    "on a terminal paste them, begin and end with \"\"\", end a line with \\ or press\n"          \
    "Alt-Enter. Up and Down bring earlier messages back.\n"                                        \
    "Commands:\n"                                                                                 \
    "  /more   go on with an answer that was cut off; with a full context this forgets all but\n"  \
    "          the last question and answer\n"                                                     \
    "  /regenerate  another answer to the last message\n"                                          \
    "  /undo   forget the last message and its answer; again: the ones before\n"                   \
    "          (/regenerate and /undo do not reach behind what a full context has dropped)\n"    \
    "  /reset  forget the conversation\n"                                                          \
    "  /system TEXT  begin a new conversation with this system message; without TEXT: show it\n"   \
    "  /stats  context used, tokens, speed\n"                                                      \
    "  /help   this text\n"                                                                        \
    "  /quit   end, as /exit and the end of the input do\n"                                        \
    "Ctrl-C stops an answer and not the program; twice without an answer it ends the program.\n"

static const char commands[] = COMMANDS;
static const char help[] =
    "usage: slm-chat [MODEL.slm] [options]\n"
    "example: slm-chat examples/models/tiny-phi.slm --temp 0.5\n"
    "  without a model: examples/models/tiny-phi.slm\n"
    "  -h, --help      this text; --version\n"
    "  -m MODEL        the same as MODEL.slm\n"
    TOOL_SAMPLING_HELP
    "  -n N            tokens in an answer at most (until the context is full)\n"
    "  -c, --context N tokens of the conversation (the model's context, at most 4096)\n"
    "  --forget        do what /more does without being asked, when the context is full\n"
    "  --keep N        when the context is full: keep the system message, or the first N tokens\n"
    "                  if that is more, drop the older half of the others, re-evaluate the\n"
    "                  rest and go on; an answer may then go on for ever (-n, Ctrl-C)\n"
    "  --chat NAME     the chat format: plain, phi-2, chatml, llama-2, zephyr, llama-3,\n"
    "                  gemma (as the model says)\n"
    "  --system S      begin with this system message; \"\": with none (the model's own)\n"
    "  --history FILE  keep what is typed on a terminal there, for Up and Down (in memory)\n"
    "  -t, --threads N (as many as there are processors)\n" COMMANDS;

typedef struct chat {
    const char *model_path, *system, *history;
    int forget, slides;
    size_t asked_keep, keep; /* --keep N, and with the system message */
    slm_generation generation;
    tool_stops stops;
    slm_session_desc desc;
    slm_model *model;
    slm_session *session;
    size_t context, system_size; /* tokens of the system message */
    char *question, *waiting; /* the last one that was answered; one that did not fit */
    char *own_system;         /* what /system said */
    size_t *turns, turn_count; /* positions before the messages that /undo can take back */
    slm_token *answer;        /* the part of the last answer that is in the context */
    size_t answer_count, asked_at; /* the position before the last question */
    int cut_off;              /* ... which did not come to its end */
    int lost;                 /* some message was not taken */
    size_t written;
    double seconds;
} chat;

/* ---- Ctrl-C ------------------------------------------------------------------------------ */

static volatile sig_atomic_t interrupted;
static void on_interrupt(int number) {
    (void)number;
    interrupted = 1;
#ifdef _WIN32
    signal(SIGINT, on_interrupt);
#endif
}

static int cancelled(void *user) {
    (void)user;
    return interrupted;
}

/* While a line is read without SA_RESTART, so that Ctrl-C also ends the wait for it; else with it,
   so that nothing that is written is lost. */
static void catch_interrupts(int reading) {
#ifdef _WIN32
    (void)reading;
    signal(SIGINT, on_interrupt);
#else
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_interrupt;
    action.sa_flags = reading ? 0 : SA_RESTART;
    sigaction(SIGINT, &action, NULL);
#endif
}

static double now(void) {
#ifdef _WIN32
    return (double)clock() / CLOCKS_PER_SEC;
#else
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
#endif
}

/* ---- command line and lines -------------------------------------------------------------- */

static void parse(int count, char **args, chat *c) {
    const size_t none = SIZE_MAX;
    size_t kept = none;
    const char *format = NULL;
    const tool_option table[] = {
        TOOL_SAMPLING(c->generation.sampling, c->stops),
        {"-n --predict", TOOL_SIZE, &c->generation.limit, 1, TOOL_MOST_TOKENS, NULL},
        {"--context -c --ctx-size", TOOL_SIZE, &c->context, 64, TOOL_MOST_CONTEXT, NULL},
        {"--forget", TOOL_FLAG, &c->forget, 0, 0, NULL},
        {"--keep", TOOL_SIZE, &kept, 0, TOOL_MOST_CONTEXT, NULL},
        {"--system", TOOL_TEXT, &c->system, 0, 0, NULL},
        {"--history", TOOL_TEXT, &c->history, 0, 0, NULL},
        {"--chat", TOOL_TEXT, &format, 0, 0, NULL},
        {"--threads -t", TOOL_UNSIGNED, &c->desc.threads, 0, TOOL_MOST_THREADS, NULL}};
    c->generation.sampling.temperature = 0.8f;
    c->model_path = tool_parse(count, args, table, sizeof table / sizeof table[0], help);
    c->slides = kept != none;
    if (c->slides) c->asked_keep = kept;
    if (format) c->desc.chat_format = tool_chat_format(format);
    if (c->forget && c->slides) tool_fail(2, "--forget and --keep exclude each other");
    if (!c->model_path) c->model_path = "examples/models/tiny-phi.slm";
}

/* A line without its newline, or the CR LF of Windows; 0 at the end of input, and for Ctrl-C twice
   in a row. */
static int read_plain(char **line, size_t *capacity, size_t *size) {
    int byte, stopped = 0, terminal = tool_terminal(stdin);
    if (terminal) fputs("> ", stderr);
    interrupted = 0;
    for (*size = 0; errno = 0, (byte = getchar()) != '\n';) {
        if (byte == EOF && interrupted && ferror(stdin) && !stopped++) {
            fputs("\n(Ctrl-C again or /quit ends the program)\n", stderr);
            if (terminal) fputs("> ", stderr);
            clearerr(stdin);
            interrupted = 0;
            *size = 0;
            continue;
        }
        if (byte == EOF && ferror(stdin) && !interrupted)
            tool_fail(1, "stdin: %s", errno ? strerror(errno) : "cannot read");
        if (byte == EOF) break;
        if (!byte) continue;
        if (*size + 1 >= *capacity) {
            *capacity = *capacity ? *capacity * 2 : 256;
            *line = (char *)realloc(*line, *capacity);
            if (!*line) tool_fail(1, "out of memory");
        }
        (*line)[(*size)++] = (char)byte;
    }
    if (byte == EOF && terminal) fputc('\n', stderr); /* Ctrl-D, or Ctrl-C again */
    if (*size && (*line)[*size - 1] == '\r') --*size;
    if (*size) (*line)[*size] = 0;
    return byte != EOF || (*size > 0 && !ferror(stdin));
}

static void keep(char **kept, const char *text) { tool_keep(kept, text, text ? strlen(text) : 0); }

#ifndef _WIN32
static editor typed;

/* 0: nobody types on a terminal that can be drawn on. */
static int begin_editor(const chat *c) {
    const char *kind = getenv("TERM");
    if (!tool_terminal(stdin) || !tool_terminal(stderr) || !kind || !strcmp(kind, "dumb")) return 0;
    typed.prompt = "> ";
    if (c->history) history_load(&typed, c->history);
    atexit(terminal_leave);
    return 1;
}

/* As read_plain, with an editor. */
static int read_typed(char **line, size_t *size) {
    int result, stopped = 0;
    if (interrupted) typed.input_at = typed.input_count = 0; /* an answer: nothing typed ahead */
    while ((result = editor_read(&typed)) == EDITOR_STOPPED && (typed.size || !stopped)) {
        if (!typed.size && !stopped++) /* else it has taken the text back */
            fputs("(Ctrl-C again or /quit ends the program)\n", stderr);
    }
    interrupted = 0;
    if (result == EDITOR_LINE) history_save(&typed);
    keep(line, typed.text);
    *size = typed.size;
    return result == EDITOR_LINE;
}
#else
static int begin_editor(const chat *c) {
    (void)c;
    return 0;
}

static int read_typed(char **line, size_t *size) {
    (void)line;
    (void)size;
    return 0;
}
#endif

/* ---- a turn ------------------------------------------------------------------------------ */

static void say_full(const chat *c) {
    fprintf(stderr, "The context of %lu tokens is full. /more forgets all but the last question "
                    "and answer and %s; /reset forgets everything.\n",
            (unsigned long)c->context,
            c->waiting ? "then takes this message" : "goes on with this answer");
}

static void say_error(const chat *c, slm_result result) {
    if (result == SLM_ERR_CANCELLED) fputs("(stopped)\n", stderr);
    else fprintf(stderr, "%s\n", slm_session_error(c->session));
}

/* A message that Ctrl-C stopped is a turn, too: /regenerate and /more ask again. Each turn takes
   tokens, but for that last one: there are no more than the context has. */
static void push_turn(chat *c, size_t before) {
    if (c->turn_count && c->turns[c->turn_count - 1] == before) return;
    c->turns[c->turn_count++] = before;
}

/* Appends a question and opens the answer to it, or appends nothing. */
static slm_result ask(chat *c, const char *question) {
    size_t before = slm_position(c->session);
    slm_result result = SLM_OK;
    if (!before && c->system) result = slm_chat(c->session, SLM_SYSTEM, c->system, SLM_NUL);
    if (!before && result == SLM_OK) {
        size_t system = slm_position(c->session);
        c->keep = system > c->asked_keep ? system : c->asked_keep;
    }
    if (result == SLM_OK) result = slm_chat(c->session, SLM_USER, question, SLM_NUL);
    c->asked_at = before;
    if (result == SLM_OK) result = slm_chat(c->session, SLM_ASSISTANT, NULL, 0);
    if (result == SLM_OK && slm_position(c->session) >= c->context) result = SLM_ERR_CONTEXT_FULL;
    if (result != SLM_OK) slm_rewind(c->session, before);
    if (result == SLM_OK || result == SLM_ERR_CANCELLED) push_turn(c, before);
    return result;
}

/* Makes room in a full context: see --keep. */
static slm_result slide(chat *c) {
    size_t full = slm_position(c->session), dropped;
    slm_result result = SLM_ERR_CONTEXT_FULL;
    if (full < c->keep + 2) return result;
    c->turn_count = 0; /* they are somewhere else now, or gone */
    result = slm_slide(c->session, c->keep);
    if (result != SLM_OK) { /* Ctrl-C: the question can be asked again */
        c->asked_at = c->keep;
        c->answer_count = 0;
        return result;
    }
    dropped = full - slm_position(c->session);
    c->asked_at = c->asked_at > c->keep + dropped ? c->asked_at - dropped : c->keep;
    if (c->answer_count > slm_position(c->session) - c->keep) {
        size_t gone = c->answer_count - (slm_position(c->session) - c->keep);
        c->answer_count -= gone;
        memmove(c->answer, c->answer + gone, c->answer_count * sizeof *c->answer);
    }
    return result;
}

/* Shows what the model says until it ends or the context is full, and keeps its tokens. */
static slm_result say(chat *c, slm_piece *last) {
    size_t start = slm_position(c->session), first = c->answer_count, room = c->context - start;
    int shown = first > 0;
    slm_piece piece;
    slm_result result = slm_generate(c->session, &c->generation);
    while (result == SLM_OK && (result = slm_next(c->session, &piece)) == SLM_OK) {
        const char *text = piece.text;
        size_t size = piece.size;
        if (!shown && size && *text == ' ') text++, size--; /* "Output:" is followed by a space */
        shown |= piece.size > 0;
        fwrite(text, 1, size, stdout);
        if (fflush(stdout) != 0 || ferror(stdout)) tool_fail(1, "cannot write to stdout");
        if (piece.token >= 0 && c->answer_count - first < room) {
            c->answer[c->answer_count++] = piece.token;
            c->written++;
        }
    }
    c->answer_count = first + slm_position(c->session) - start; /* a stop takes some back */
    c->generation.sampling.seed++; /* the same question need not get the same answer */
    *last = piece;
    return result;
}

/* An answer, or what is left of it. */
static void answer(chat *c) {
    size_t limit = c->generation.limit, written;
    double begun = now();
    slm_piece piece;
    slm_result result;
    do {
        written = c->written;
        result = say(c, &piece);
        if (limit) c->generation.limit -= c->written - written;
    } while (c->slides && result == SLM_DONE && piece.reason == SLM_REASON_CONTEXT &&
             (!limit || c->generation.limit) && (result = slide(c)) == SLM_OK);
    c->generation.limit = limit;
    putchar('\n');
    fflush(stdout);
    c->seconds += now() - begun;
    c->cut_off = result != SLM_DONE || piece.reason == SLM_REASON_LIMIT ||
                 piece.reason == SLM_REASON_CONTEXT;
    if (result != SLM_OK && result != SLM_DONE) say_error(c, result);
}

static int is_full(const chat *c) { return slm_position(c->session) >= c->context; }

/* Must something be forgotten, and nobody has said how? */
static int is_stuck(const chat *c) { return c->cut_off && !c->slides && is_full(c); }

/* Begins anew with the last question and, where it was cut off, the end of its answer: half of
   the room that the question leaves. A long question is forgotten too. */
static slm_result shorten(chat *c) {
    size_t room, kept = c->answer_count;
    slm_result result;
    slm_rewind(c->session, 0);
    c->turn_count = 0;
    result = c->question ? ask(c, c->question) : SLM_OK;
    if (result == SLM_OK && kept && slm_position(c->session) > c->context / 2)
        slm_rewind(c->session, 0);
    room = (c->context - slm_position(c->session)) / 2;
    if (result != SLM_OK || !kept) return result;
    if (kept > room) {
        memmove(c->answer, c->answer + kept - room, room * sizeof *c->answer);
        kept = room;
    }
    c->answer_count = kept;
    result = slm_eval(c->session, c->answer, kept);
    if (result != SLM_OK) slm_rewind(c->session, 0);
    return result;
}

static slm_result resume(chat *c) {
    if (is_full(c) && c->slides) return slide(c);
    if (is_full(c) || !slm_position(c->session))
        return shorten(c); /* 0: Ctrl-C in an earlier attempt */
    if (!c->answer_count) {                         /* stopped before the first token */
        slm_rewind(c->session, c->asked_at);
        if (c->turn_count) c->turn_count--;
        return ask(c, c->question);
    }
    return SLM_OK;
}

static void begin(chat *c, const char *question) {
    keep(&c->question, question);
    c->answer_count = 0;
    answer(c);
}

static void more(chat *c) {
    slm_result result = SLM_OK;
    if (!c->waiting && !c->cut_off) {
        fputs("The last answer has come to its end: there is no more.\n", stderr);
        return;
    }
    if (c->waiting) {
        result = shorten(c);
        if (result == SLM_OK) result = ask(c, c->waiting);
        if (result == SLM_ERR_CONTEXT_FULL ||
            (result == SLM_OK && slm_position(c->session) > c->context / 4 * 3)) {
            slm_rewind(c->session, 0); /* without the last turn then */
            c->turn_count = 0;
            result = ask(c, c->waiting);
        }
    } else result = resume(c);
    if (result != SLM_OK) say_error(c, result);
    else if (c->waiting) {
        begin(c, c->waiting);
        keep(&c->waiting, NULL);
    } else answer(c);
}

/* What to do once a message or an answer has filled the context. */
static void go_on(chat *c) {
    if (!c->forget) say_full(c);
    else {
        fputs("(The context was full: all but the last question and answer is forgotten.)\n",
              stderr);
        more(c);
        if (is_stuck(c)) say_full(c);
    }
}

static void turn(chat *c, const char *line, size_t size) {
    size_t need = 0, most = c->context - c->context / 4;
    slm_result result;
    c->lost |= c->waiting != NULL;
    keep(&c->waiting, NULL);
    slm_tokenize(c->model, line, size, 0, NULL, 0, &need);
    need += c->system_size;
    if (need + 16 > most) { /* the rest is for the turn's frame and the answer */
        fprintf(stderr, "A message of %lu tokens is too long for a context of %lu.\n",
                (unsigned long)need, (unsigned long)c->context);
        c->lost = 1;
        return;
    }
    result = ask(c, line);
    while (result == SLM_ERR_CONTEXT_FULL && c->slides && (result = slide(c)) == SLM_OK)
        result = ask(c, line);
    if (result == SLM_ERR_CANCELLED) {
        keep(&c->question, line);
        c->answer_count = 0;
        c->cut_off = 1;
    }
    if (result == SLM_OK) {
        begin(c, line);
        if (is_stuck(c)) go_on(c);
    } else if (result == SLM_ERR_CONTEXT_FULL) {
        keep(&c->waiting, line);
        go_on(c);
    } else say_error(c, result);
}

/* As if the conversation had not gone beyond a position. */
static void go_back(chat *c, size_t position) {
    slm_rewind(c->session, position);
    keep(&c->waiting, NULL);
    c->answer_count = 0;
    c->cut_off = 0;
}

static void reset(chat *c) {
    go_back(c, 0);
    keep(&c->question, NULL);
    c->turn_count = 0;
    fputs("A new conversation.\n", stderr);
}

static void undo(chat *c) {
    if (c->waiting) {
        keep(&c->waiting, NULL);
        fputs("The message that did not fit is forgotten.\n", stderr);
        return;
    }
    if (!c->turn_count) {
        fputs("There is no message to take back.\n", stderr);
        return;
    }
    go_back(c, c->turns[--c->turn_count]);
    keep(&c->question, NULL);
    fputs("The last message and its answer are forgotten.\n", stderr);
}

static void regenerate(chat *c) {
    slm_result result;
    if (!c->turn_count || !c->question) {
        fputs("There is no message to answer again.\n", stderr);
        return;
    }
    c->lost |= c->waiting != NULL;
    go_back(c, c->turns[--c->turn_count]);
    result = ask(c, c->question);
    if (result == SLM_OK) begin(c, c->question);
    else {
        c->cut_off = 1;
        say_error(c, result);
    }
}

static void set_system(chat *c, const char *text) {
    size_t need = 0;
    while (*text == ' ') text++;
    if (!*text) {
        fputs("system message: ", stderr);
        tool_say(c->system && *c->system ? c->system : "(none)");
        fputc('\n', stderr);
        return;
    }
    slm_tokenize(c->model, text, SLM_NUL, 0, NULL, 0, &need);
    if (need > c->context / 4) {
        fprintf(stderr, "A system message of %lu tokens is too long for a context of %lu.\n",
                (unsigned long)need, (unsigned long)c->context);
        return;
    }
    keep(&c->own_system, text);
    c->system = c->own_system;
    c->system_size = need;
    reset(c);
}

static int command(chat *c, const char *line) {
    if (!strcmp(line, "/quit") || !strcmp(line, "/exit")) return 0;
    if (!strcmp(line, "/reset")) reset(c);
    else if (!strcmp(line, "/undo")) undo(c);
    else if (!strcmp(line, "/regenerate")) {
        regenerate(c);
        if (is_stuck(c)) go_on(c);
    } else if (!strncmp(line, "/system", 7) && (!line[7] || line[7] == ' '))
        set_system(c, line + 7);
    else if (!strcmp(line, "/more")) {
        more(c);
        if (is_stuck(c)) say_full(c);
    } else if (!strcmp(line, "/help")) fputs(commands, stderr);
    else if (!strcmp(line, "/stats"))
        fprintf(stderr, "context %lu of %lu tokens; %lu tokens generated, %.1f a second\n",
                (unsigned long)slm_position(c->session), (unsigned long)c->context,
                (unsigned long)c->written, c->seconds > 0 ? (double)c->written / c->seconds : 0);
    else {
        fputs("unknown command ", stderr);
        tool_say(line);
        fputs(" (see /help)\n", stderr);
    }
    return 1;
}

static void open_session(chat *c) {
    slm_model_info info;
    c->model = tool_open(c->model_path, NULL);
    slm_model_get_info(c->model, &info);
    tool_decoder(c->model_path, &info);
    if (!strcmp(info.tokenizer, "none")) tool_fail(1, "%s has no tokenizer", c->model_path);
    if (!c->context) c->context = info.context < 4096 ? info.context : 4096;
    c->desc.cancel = cancelled;
    c->desc.context = c->context;
    c->session = tool_session(c->model, &c->desc);
    if (!c->system) c->system = info.system_message;
    if (c->system) slm_tokenize(c->model, c->system, SLM_NUL, 0, NULL, 0, &c->system_size);
    if (c->asked_keep > c->context / 4)
        tool_fail(1, "--keep %lu is more than a quarter of the context of %lu",
                  (unsigned long)c->asked_keep, (unsigned long)c->context);
    if (c->system_size > c->context / 4)
        tool_fail(1, "a system message of %lu tokens is too long for a context of %lu "
                     "(--system sets another)",
                  (unsigned long)c->system_size, (unsigned long)c->context);
    c->answer = (slm_token *)tool_allocate(c->context, sizeof *c->answer);
    c->turns = (size_t *)tool_allocate(c->context + 1, sizeof *c->turns);
    if ((c->desc.chat_format ? c->desc.chat_format == SLM_CHAT_PHI2
                             : !strcmp(info.chat_format, "phi-2")) &&
        c->stops.count < TOOL_STOPS) /* for answers of which /more evaluated a part again */
        c->stops.list[c->stops.count++] = "\nInstruct:";
    c->generation.stops = c->stops.list;
    c->generation.stop_count = c->stops.count;
}

int main(int count, char **args) {
    static chat c;
    char *line = NULL;
    size_t capacity = 0, size;
    int go = 1, edits;
    slm_threads *pool;
    tool_name = "slm-chat";
    parse(count, args, &c);
    pool = tool_threads(&c.desc);
    open_session(&c);
    edits = begin_editor(&c);
    fprintf(stderr, "%s: a line is a message; /help for commands.\n", c.model_path);
    for (;;) {
        catch_interrupts(1);
        go = go && (edits ? read_typed(&line, &size) : read_plain(&line, &capacity, &size));
        catch_interrupts(0);
        if (!go) break;
        if (!size) continue;
        if (line[0] == '/') go = command(&c, line);
        else turn(&c, line, size);
    }
    c.lost |= c.waiting != NULL;
    free(line);
    free(c.question);
    free(c.waiting);
    free(c.own_system);
    free(c.turns);
    free(c.answer);
    slm_session_close(c.session);
    slm_model_close(c.model);
    slm_threads_close(pool);
    return tool_finish() || (c.lost && !tool_terminal(stdin)); /* a script wants to know */
}
