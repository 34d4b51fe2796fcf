/* chat.c - a conversation: one session, its KV cache kept from turn to turn. */
#define SLM_IMPLEMENTATION
#include "../tools/common.h"

#include <signal.h>
#include <time.h>

static const char help[] =
    "usage: slm-chat [MODEL.slm] [--temp T] [--top-p P] [--seed S] [-n N] [--threads N]\n"
    "  without a model: examples/models/tiny-phi.slm\n"
    "  Each line is a message. Commands: /reset forgets the conversation, /stats shows numbers,\n"
    "  /help lists these, /quit ends. Ctrl-C stops an answer and not the program.\n";

static volatile sig_atomic_t interrupted;
static void on_interrupt(int number) {
    (void)number;
    interrupted = 1;
    signal(SIGINT, on_interrupt);
}
static int cancelled(void *user) {
    (void)user;
    return interrupted;
}

typedef struct chat {
    const char *model_path;
    slm_generation generation;
    slm_session_desc desc;
    slm_model *model;
    slm_session *session;
    size_t context, answered;
    double seconds;
} chat;

static void parse(int count, char **args, chat *c) {
    slm_sampling *sampling = &c->generation.sampling;
    int i;
    sampling->temperature = 0.8f;
    for (i = 1; i < count; i++) {
        const char *name = args[i];
        if (!strcmp(name, "--help")) {
            fputs(help, stdout);
            exit(0);
        } else if (!strcmp(name, "--temp"))
            sampling->temperature = tool_real(name, tool_value(count, args, &i), 0, 1000);
        else if (!strcmp(name, "--top-p"))
            sampling->top_p = tool_real(name, tool_value(count, args, &i), 0, 1);
        else if (!strcmp(name, "--seed"))
            sampling->seed = tool_number(name, tool_value(count, args, &i), UINT64_MAX);
        else if (!strcmp(name, "-n"))
            c->generation.limit = (size_t)tool_number(name, tool_value(count, args, &i), 1u << 30);
        else if (!strcmp(name, "--threads"))
            c->desc.threads = (unsigned)tool_number(name, tool_value(count, args, &i), 4096);
        else if (name[0] == '-' && name[1]) tool_fail(2, "unknown option %s (see --help)", name);
        else if (c->model_path) tool_fail(2, "one model only, not also %s", name);
        else c->model_path = name;
    }
    if (!c->model_path) c->model_path = "examples/models/tiny-phi.slm";
}

/* A line without its newline; 0 at the end of input. */
static int read_line(char **line, size_t *capacity, size_t *size) {
    int byte;
    for (*size = 0; (byte = getchar()) != EOF && byte != '\n';) {
        if (*size + 1 >= *capacity) {
            *capacity = *capacity ? *capacity * 2 : 256;
            *line = (char *)realloc(*line, *capacity);
            if (!*line) tool_fail(1, "out of memory");
        }
        (*line)[(*size)++] = (char)byte;
    }
    return byte != EOF || *size > 0;
}

static void say_full(void) {
    fputs("The context is full: /reset starts a new conversation.\n", stderr);
}

static void answer(chat *c) {
    slm_piece piece;
    slm_result result;
    clock_t start = clock();
    int shown = 0;
    while ((result = slm_next(c->session, &piece)) == SLM_OK) {
        const char *text = piece.text;
        size_t size = piece.size;
        if (!shown && size && *text == ' ') text++, size--; /* "Output:" is followed by a space */
        shown |= piece.size > 0;
        fwrite(text, 1, size, stdout);
        fflush(stdout);
        c->answered += piece.token >= 0;
        if (interrupted) break;
    }
    putchar('\n');
    fflush(stdout);
    c->seconds += (double)(clock() - start) / CLOCKS_PER_SEC;
    if (result == SLM_DONE && piece.reason == SLM_REASON_CONTEXT) say_full();
    if (result != SLM_OK && result != SLM_DONE && !interrupted)
        fprintf(stderr, "%s\n", slm_session_error(c->session));
}

static void turn(chat *c, const char *line, size_t size) {
    size_t before = slm_position(c->session);
    slm_result result = slm_chat(c->session, SLM_USER, line, size);
    if (result == SLM_OK) result = slm_chat(c->session, SLM_ASSISTANT, NULL, 0);
    if (result == SLM_OK) result = slm_generate(c->session, &c->generation);
    if (result == SLM_OK) {
        answer(c);
        c->generation.sampling.seed++; /* the same question need not get the same answer */
        return;
    }
    slm_rewind(c->session, before);
    if (result == SLM_ERR_CONTEXT_FULL) say_full();
    else if (result != SLM_ERR_CANCELLED) fprintf(stderr, "%s\n", slm_session_error(c->session));
}

static int command(chat *c, const char *line) {
    if (!strcmp(line, "/quit")) return 0;
    if (!strcmp(line, "/reset")) {
        slm_rewind(c->session, 0);
        fputs("A new conversation.\n", stderr);
    } else if (!strcmp(line, "/stats")) {
        fprintf(stderr, "context %lu of %lu tokens; %lu tokens answered in %.2f s of processor\n",
                (unsigned long)slm_position(c->session), (unsigned long)c->context,
                (unsigned long)c->answered, c->seconds);
    } else fputs(help, stderr);
    return 1;
}

int main(int count, char **args) {
    static const char *const stops[] = {"\nInstruct:"};
    static chat c;
    slm_model_info info;
    char *line = NULL;
    size_t capacity = 0, size;
    int go_on = 1;
    tool_name = "slm-chat";
    parse(count, args, &c);
    c.model = tool_open(c.model_path, NULL);
    slm_model_get_info(c.model, &info);
    c.desc.cancel = cancelled;
    c.context = info.context < 4096 ? info.context : 4096;
    c.session = tool_session(c.model, &c.desc);
    if (!strcmp(info.turn_format, "phi-2")) {
        c.generation.stops = stops;
        c.generation.stop_count = 1;
    }
    signal(SIGINT, on_interrupt);
    fprintf(stderr, "%s: a line is a message; /help for commands.\n", c.model_path);
    while (go_on && read_line(&line, &capacity, &size)) {
        interrupted = 0;
        if (!size) continue;
        line[size] = 0;
        if (line[0] == '/') go_on = command(&c, line);
        else turn(&c, line, size);
    }
    free(line);
    slm_session_close(c.session);
    slm_model_close(c.model);
    return 0;
}
