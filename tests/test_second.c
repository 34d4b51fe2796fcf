/* What a second program does: goes on after a rewind, asks for the likeliest tokens, stops, chats,
   slides and counts. Part of the runner; the model is the bundled one. */

enum { SECOND_TOKENS = 60 };

typedef struct second_case {
    const slm_model *model;
    slm_session *session;
    slm_model_info info;
    slm_token tokens[SECOND_TOKENS];
    int cancels, clock_calls;
} second_case;

static int second_cancel(void *user) {
    second_case *c = (second_case *)user;
    return c->cancels > 0 && --c->cancels == 0;
}

static double second_clock(void *user) { return ++((second_case *)user)->clock_calls; }

static slm_session *second_open(second_case *c, size_t batch, size_t kept) {
    slm_session_desc desc;
    slm_session *session = NULL;
    memset(&desc, 0, sizeof desc);
    desc.batch = batch;
    desc.logits_kept = kept;
    desc.cancel = second_cancel;
    desc.clock = second_clock;
    desc.cancel_user = desc.clock_user = c;
    slm_session_open(&session, c->model, &desc, NULL);
    return session;
}

/* The logits after the first `count` tokens, as a session of its own has them. */
static float *second_logits(second_case *c, size_t count) {
    float *copy = (float *)malloc(c->info.vocab_rows * sizeof *copy);
    slm_session *session = second_open(c, 7, 1);
    slm_eval(session, c->tokens, count);
    memcpy(copy, slm_logits(session, 0), c->info.vocab_rows * sizeof *copy);
    slm_session_close(session);
    return copy;
}

static int second_same(second_case *c, const float *want) {
    const float *logits = slm_logits(c->session, 0);
    return logits && !memcmp(logits, want, c->info.vocab_rows * sizeof *want);
}

/* Rewound anywhere, cancelled or not, the last position's logits are what they were. */
static void second_restores(second_case *c) {
    float *at10 = second_logits(c, 10), *at30 = second_logits(c, 30), logprobs[2][5];
    slm_session *s = c->session = second_open(c, 16, 3), *fresh;
    CHECK(!slm_logits(s, 0) && slm_generate(s, NULL) == SLM_ERR_ARGUMENT, "nothing at position 0");
    CHECK(slm_eval(s, c->tokens, 30) == SLM_OK && second_same(c, at30), "30 tokens");
    CHECK(slm_rewind(s, 10) == SLM_OK && !slm_logits(s, 1) &&
              strstr(slm_session_error(s), "no logits kept 1"), "of older positions none");
    CHECK(second_same(c, at10) && slm_position(s) == 10, "the last one's are there again");
    slm_eval(s, c->tokens + 10, 20);
    slm_rewind(s, 10);
    c->cancels = 1;
    CHECK(!slm_logits(s, 0) && s->error.code == SLM_ERR_CANCELLED && slm_position(s) == 10,
          "cancelled");
    CHECK(second_same(c, at10), "and asked for again");
    c->cancels = 3;
    CHECK(slm_eval(s, c->tokens + 10, 20) == SLM_ERR_CANCELLED && slm_position(s) == 10 &&
              second_same(c, at10), "after a cancelled call");
    slm_rewind(s, 10);
    c->cancels = 3;
    CHECK(slm_score(s, c->tokens + 10, 5, logprobs[0]) == SLM_ERR_CANCELLED, "cancelled scores");
    fresh = second_open(c, 4, 1);
    slm_eval(fresh, c->tokens, 10);
    CHECK(slm_score(s, c->tokens + 10, 5, logprobs[0]) == SLM_OK &&
              slm_score(fresh, c->tokens + 10, 5, logprobs[1]) == SLM_OK &&
              !memcmp(logprobs[0], logprobs[1], sizeof logprobs[0]), "scores go on");
    slm_session_close(fresh);
    slm_session_close(s);
    free(at10);
    free(at30);
}

/* The text that a session generates from where it is. */
static size_t second_text(slm_session *s, const slm_generation *g, char *text, size_t room,
                          slm_reason *reason) {
    slm_piece piece;
    slm_result result = slm_generate(s, g);
    size_t size = 0;
    memset(&piece, 0, sizeof piece);
    while (result == SLM_OK && (result = slm_next(s, &piece)) == SLM_OK)
        if (size + piece.size < room) {
            memcpy(text + size, piece.text, piece.size);
            size += piece.size;
        }
    text[size] = 0;
    *reason = result == SLM_DONE ? piece.reason : SLM_REASON_NONE;
    return size;
}

static void second_regenerates(second_case *c) {
    slm_generation g;
    slm_reason reason;
    char first[400], again[400];
    slm_session *s = second_open(c, 16, 9);
    unsigned draft;
    memset(&g, 0, sizeof g);
    g.limit = 40;
    g.sampling.temperature = 0.9f;
    g.sampling.seed = 5;
    slm_prompt(s, "Once upon a time", SLM_NUL, 0);
    for (draft = 0; draft <= 8; draft += 8) {
        size_t start = slm_position(s);
        g.draft = draft;
        second_text(s, &g, first, sizeof first, &reason);
        CHECK(slm_rewind(s, start) == SLM_OK, "rewind");
        CHECK(second_text(s, &g, again, sizeof again, &reason) > 40 && !strcmp(first, again) &&
                  reason == SLM_REASON_LIMIT, "the same answer again");
        slm_rewind(s, start);
    }
    slm_session_close(s);
}

static void second_tops(second_case *c) {
    static slm_candidate top[4096];
    size_t found = 99, i, count, k;
    slm_session *s = second_open(c, 0, 1);
    const float *logits;
    int good = 1;
    CHECK(slm_top(NULL, top, 1, &found) == SLM_ERR_ARGUMENT, "no session");
    CHECK(slm_top(s, top, 1, &found) == SLM_ERR_ARGUMENT && !found, "no token yet");
    slm_eval(s, c->tokens, 9);
    CHECK(slm_top(s, NULL, 1, &found) == SLM_ERR_ARGUMENT &&
              slm_top(s, top, 1, NULL) == SLM_ERR_ARGUMENT, "no room");
    CHECK(slm_top(s, NULL, 0, &found) == SLM_OK && !found, "none");
    logits = slm_logits(s, 0);
    for (count = 1; count <= 4096; count = count < 4 ? count + 1 : count * 4) {
        good &= slm_top(s, top, count, &found) == SLM_OK;
        good &= found == (count < c->info.vocab_used ? count : c->info.vocab_used);
        for (i = 0; i < found; i++) {
            size_t better = 0;
            for (k = 0; k < c->info.vocab_used && count < 100; k++)
                better += logits[k] > logits[top[i].token] ||
                          (logits[k] == logits[top[i].token] && (slm_token)k < top[i].token);
            good &= count >= 100 || better == i;
            good &= !i || top[i - 1].logprob >= top[i].logprob;
            good &= slm__bits(top[i].logprob) ==
                    slm__bits(slm__logprob(logits, c->info.vocab_rows, (size_t)top[i].token));
        }
    }
    CHECK(good, "the likeliest first, with slm_score's probabilities");
    slm_session_close(s);
}

/* Equal ones by the smaller id, however they come. */
static void second_ties(void) {
    static const float logits[] = {1, 3, 2, 3, 3, 1, 2, 3};
    static const slm_token want[] = {1, 3, 4, 7, 2};
    slm_candidate heap[5], c;
    size_t have = 0, i;
    int good = 1;
    for (i = 0; i < 8; i++) {
        c.token = (slm_token)i;
        c.logprob = logits[i];
        if (have < 5) slm__raise(heap, have++, &c);
        else if (slm__likelier(&c, &heap[0])) slm__sink(heap, 5, &c);
    }
    for (i = 5; i > 1; i--) {
        c = heap[i - 1];
        heap[i - 1] = heap[0];
        slm__sink(heap, i - 1, &c);
    }
    for (i = 0; i < 5; i++) good &= heap[i].token == want[i];
    CHECK(good, "ties go to the smaller id");
}

/* A text that the hook lets the model write, whatever its logits are. */
typedef struct second_script {
    slm_token tokens[64];
    size_t count, at;
} second_script;

static void second_say(void *user, float *logits, size_t rows) {
    second_script *script = (second_script *)user;
    size_t i;
    for (i = 0; i < rows; i++) logits[i] = -1e30f;
    logits[script->tokens[script->at++ % script->count]] = 0;
}

static void second_write(second_case *c, const char *text, slm_generation *g,
                         second_script *script) {
    memset(g, 0, sizeof *g);
    memset(script, 0, sizeof *script);
    slm_tokenize(c->model, text, SLM_NUL, 0, script->tokens, 64, &script->count);
    g->limit = script->count;
    g->sampling.adjust = second_say;
    g->sampling.adjust_user = script;
}

static void second_ask(slm_session *s) {
    slm_rewind(s, 0);
    slm_chat(s, SLM_USER, "Hello!", SLM_NUL);
    slm_chat(s, SLM_ASSISTANT, NULL, 0);
}

/* Phi-2's format has no mark that ends an answer, but the next question's beginning. */
static void second_answers(second_case *c) {
    static const char *const stops[] = {"Instruct"};
    static const char text[] = " Hi, Lily.\nInstruct: Who?";
    second_script script;
    slm_generation g;
    slm_reason reason;
    slm_piece piece;
    char got[200];
    float scores[9];
    size_t start, count;
    slm_session *s = second_open(c, 0, 1);
    second_write(c, text, &g, &script);
    second_ask(s);
    start = slm_position(s);
    CHECK(second_text(s, &g, got, sizeof got, &reason) == 10 && !strcmp(got, " Hi, Lily.") &&
              reason == SLM_REASON_END, "an answer ends before the next question");
    slm_tokenize(c->model, " Hi, Lily.", SLM_NUL, 0, script.tokens, 64, &count);
    CHECK(slm_position(s) == start + count, "and is rewound to there");
    second_write(c, text, &g, &script);
    g.ignore_end = 1;
    second_ask(s);
    CHECK(second_text(s, &g, got, sizeof got, &reason) == sizeof text - 1 &&
              reason == SLM_REASON_LIMIT, "ignore_end goes on");
    second_write(c, text, &g, &script);
    g.stops = stops;
    g.stop_count = 1;
    second_ask(s);
    CHECK(second_text(s, &g, got, sizeof got, &reason) == 11 && reason == SLM_REASON_STOP,
          "or at a stop of the caller's that is whole before");
    second_write(c, text, &g, &script);
    second_ask(s);
    slm_rewind(s, slm_position(s) - 1);
    second_text(s, &g, got, sizeof got, &reason);
    CHECK(reason == SLM_REASON_LIMIT, "not after a rewind to before it");
    second_write(c, text, &g, &script);
    second_ask(s);
    start = slm_position(s);
    for (count = 0; count < 3; count++) {
        if (count == 2) slm_eval(s, c->tokens, 3);
        slm_rewind(s, start);
        script.at = 0;
        second_text(s, &g, got, sizeof got, &reason);
        CHECK(reason == SLM_REASON_END && !strcmp(got, " Hi, Lily."),
              "a rewind to where it was opened opens it again");
    }
    slm_rewind(s, start + 1);
    script.at = 0;
    second_text(s, &g, got, sizeof got, &reason);
    CHECK(reason == SLM_REASON_END, "one into it leaves it open");
    second_write(c, text, &g, &script);
    second_ask(s);
    slm_prompt(s, " So", SLM_NUL, 0);
    second_text(s, &g, got, sizeof got, &reason);
    CHECK(reason == SLM_REASON_LIMIT, "not after a prompt");
    second_write(c, text, &g, &script);
    second_ask(s);
    c->cancels = 1;
    CHECK(slm_chat(s, SLM_USER, "So", 2) == SLM_ERR_CANCELLED, "a cancelled message");
    second_text(s, &g, got, sizeof got, &reason);
    CHECK(reason == SLM_REASON_END, "a call that appended nothing changes nothing");
    script.at = 0;
    second_text(s, &g, got, sizeof got, &reason);
    CHECK(reason == SLM_REASON_END && !strcmp(got, " Hi, Lily."), "and it ends again");
    second_write(c, text, &g, &script);
    second_ask(s);
    slm_generate(s, &g);
    slm_next(s, &piece);
    c->cancels = (int)(2 * c->info.layers + 2);
    CHECK(slm_score(s, c->tokens, 9, scores) == SLM_ERR_CANCELLED, "cancelled scores");
    while (slm_next(s, &piece) == SLM_OK) continue;
    CHECK(piece.reason == SLM_REASON_END, "and in the middle of an answer neither");
    second_write(c, text, &g, &script);
    second_ask(s);
    slm_generate(s, &g);
    slm_next(s, &piece);
    slm_eval(s, c->tokens, 1);
    while (slm_next(s, &piece) == SLM_OK) continue;
    CHECK(piece.reason == SLM_REASON_LIMIT, "slm_eval in its middle makes it no answer");
    second_write(c, " Hi.\nInstr", &g, &script);
    second_ask(s);
    CHECK(second_text(s, &g, got, sizeof got, &reason) == 10 && !strcmp(got, " Hi.\nInstr") &&
              reason == SLM_REASON_LIMIT, "what was held back is shown at the end");
    slm_session_close(s);
}

/* A stop may begin in text that was held back for an earlier beginning of it: the token in which it
   begins is the first to go. A call in between ends the search; no byte is lost. */
static void second_held_text(second_case *c) {
    static const char *const stops[] = {"xx!", "yyyy"};
    second_script script;
    slm_generation g;
    slm_piece piece;
    slm_token x, y, mark;
    slm_reason reason;
    char got[64];
    size_t start, count;
    slm_session *s = second_open(c, 0, 1);
    second_write(c, "", &g, &script);
    slm_tokenize(c->model, "x", 1, 0, &x, 1, &count);
    slm_tokenize(c->model, "y", 1, 0, &y, 1, &count);
    slm_tokenize(c->model, "!", 1, 0, &mark, 1, &count);
    script.tokens[0] = script.tokens[1] = script.tokens[2] = script.tokens[3] = x;
    script.tokens[4] = mark;
    g.limit = script.count = 5;
    g.stops = stops;
    g.stop_count = 2;
    slm_prompt(s, "Once", SLM_NUL, 0);
    start = slm_position(s);
    CHECK(second_text(s, &g, got, sizeof got, &reason) == 2 && !strcmp(got, "xx") &&
              reason == SLM_REASON_STOP && slm_position(s) == start + 2, "xx of xxxx! stays");
    script.tokens[0] = script.tokens[1] = y; /* a second slm_generate goes on with what is held */
    script.tokens[2] = script.tokens[3] = mark;
    script.at = 0;
    slm_generate(s, &g);
    slm_next(s, &piece);
    CHECK(slm_next(s, &piece) == SLM_OK && !piece.size && slm_generate(s, &g) == SLM_OK &&
              slm_next(s, &piece) == SLM_OK && piece.size == 3 && !memcmp(piece.text, "yy!", 3),
          "yy comes with the next one's first");
    script.at = 0;
    slm_generate(s, &g);
    slm_next(s, &piece);
    slm_eval(s, &mark, 1);
    script.at = 2;
    CHECK(slm_generate(s, &g) == SLM_OK && slm_next(s, &piece) == SLM_OK && piece.size == 1 &&
              piece.text[0] == '!', "but not behind another call's tokens");
    script.at = 0;
    slm_generate(s, &g);
    CHECK(slm_next(s, &piece) == SLM_OK && slm_next(s, &piece) == SLM_OK && !piece.size,
          "yy waits");
    CHECK(slm_eval(s, &mark, 1) == SLM_OK && slm_next(s, &piece) == SLM_OK && piece.size == 2 &&
              !memcmp(piece.text, "yy", 2) && piece.token < 0, "and comes first after slm_eval");
    script.tokens[2] = script.tokens[3] = y;
    script.tokens[4] = y;
    CHECK(slm_next(s, &piece) == SLM_OK && slm_next(s, &piece) == SLM_OK && !piece.size &&
              slm_next(s, &piece) == SLM_OK && !piece.size, "two before it do not count");
    CHECK(slm_next(s, &piece) == SLM_OK && piece.size == 3 &&
              slm_next(s, &piece) == SLM_DONE && piece.reason == SLM_REASON_LIMIT,
          "yyy is no stop");
    slm_session_close(s);
}

static void second_stop_tokens(second_case *c) {
    second_script script;
    slm_generation g;
    slm_reason reason;
    slm_token stop[2] = {-5, 0};
    char got[200];
    slm_session *s = second_open(c, 0, 1);
    second_write(c, " One day a big dog came", &g, &script);
    slm_eval(s, c->tokens, 3);
    stop[1] = script.tokens[4];
    g.stop_tokens = stop;
    g.stop_token_count = 2;
    second_text(s, &g, got, sizeof got, &reason);
    CHECK(reason == SLM_REASON_STOP && slm_position(s) == 7, "a stop token ends before itself");
    g.stop_tokens = NULL;
    CHECK(slm_generate(s, &g) == SLM_ERR_ARGUMENT, "stop tokens that are not there");
    slm_session_close(s);
}

/* A token longer than the buffer, behind text that was held back for a stop. */
static void second_long_token(second_case *c) {
    static const char *const stops[] = {"Znn"};
    static char text[2001];
    char got[2100];
    slm_session *s = second_open(c, 0, 1);
    slm_generation g;
    slm_piece piece;
    size_t size = 0, end;
    memset(&g, 0, sizeof g);
    g.stops = stops;
    g.stop_count = 1;
    g.limit = 3;
    slm_eval(s, c->tokens, 3);
    for (end = 1999; end >= 1000; end -= 999) { /* a stop begins at its end; is in its middle */
        memset(text, 'n', 2000);
        memset(text, 'a', end - 1);
        text[end - 1] = 'Z';
        slm_rewind(s, 3);
        slm_generate(s, &g);
        memset(&piece, 0, sizeof piece);
        slm__show(s, &piece, "Zn", 2);
        CHECK(piece.size == 0, "held back");
        slm__show(s, &piece, text, 2000);
        for (size = 0;; slm_next(s, &piece)) {
            memcpy(got + size, piece.text, piece.size);
            size += piece.size;
            if (!s->generator.rest_size) break;
            CHECK(piece.size > 500, "a piece of it");
        }
        CHECK(end == 1999 ? s->generator.ended == SLM_REASON_NONE
                          : s->generator.ended == SLM_REASON_STOP, "the stop is found, or not");
        CHECK(size == end + 1 && !memcmp(got, "Zn", 2) && !memcmp(got + 2, text, end - 1),
              "no byte is lost");
    }
    slm_session_close(s);
}

static void second_slides(second_case *c) {
    slm_session *s = c->session = second_open(c, 16, 1), *fresh = second_open(c, 5, 1);
    slm_token left[4 + 28];
    float *want;
    slm_eval(s, c->tokens, SECOND_TOKENS);
    memcpy(left, c->tokens, 4 * sizeof *left);
    memcpy(left + 4, c->tokens + SECOND_TOKENS - 28, 28 * sizeof *left);
    CHECK(slm_slide(s, SECOND_TOKENS - 1) == SLM_ERR_ARGUMENT && slm_slide(s, SIZE_MAX) ==
              SLM_ERR_ARGUMENT && slm_position(s) == SECOND_TOKENS, "nothing to drop");
    CHECK(slm_slide(s, 4) == SLM_OK && slm_position(s) == 32 &&
              !memcmp(slm_tokens(s), left, sizeof left), "28 of 56 stay");
    slm_eval(fresh, left, 32);
    want = (float *)malloc(c->info.vocab_rows * sizeof *want);
    memcpy(want, slm_logits(fresh, 0), c->info.vocab_rows * sizeof *want);
    CHECK(second_same(c, want), "with the bits of a new session");
    free(want);
    slm_session_close(fresh);
    slm_session_close(s);
}

static void second_counts(second_case *c) {
    slm_session *s = second_open(c, 16, 9);
    slm_session_stats stats;
    slm_generation g;
    second_script script;
    slm_reason reason;
    char text[800];
    float scores[20];
    double seconds;
    size_t i;
    second_write(c, " a big dog came", &g, &script);
    g.limit = 60;
    g.draft = 8;
    g.ignore_end = 1;
    slm_stats(s, &stats);
    CHECK(!stats.prompt_tokens && !stats.generated_tokens && !stats.prompt_seconds, "none yet");
    c->cancels = 9;
    CHECK(slm_score(s, c->tokens, 20, scores) == SLM_ERR_CANCELLED, "cancelled scores");
    slm_stats(s, &stats);
    CHECK(!stats.prompt_tokens, "have appended nothing");
    seconds = stats.prompt_seconds;
    for (i = 0; i < 20; i++) /* what comes next is what has been there */
        slm_eval(s, &script.tokens[i % script.count], 1);
    script.at = 20;
    second_text(s, &g, text, sizeof text, &reason);
    slm_stats(s, &stats);
    CHECK(stats.prompt_tokens == 20 && stats.generated_tokens == 60, "tokens");
    CHECK(stats.prompt_seconds == seconds + 20 && stats.generated_seconds == 61, "a second a call");
    CHECK(stats.accepted_tokens > 0 && stats.drafted_tokens >= stats.accepted_tokens &&
              stats.accepted_tokens < stats.generated_tokens, "drafts");
    slm_session_close(s);
}

static void *second_refuse(void *user, size_t size) {
    (void)size;
    ++*(int *)user;
    return NULL;
}

/* A chat in the caller's memory alone: no message is copied whole, and none allocates. */
static void second_own_memory(second_case *c) {
    static char text[6000];
    slm_session_desc desc;
    slm_session *s, *usual;
    void *memory;
    size_t i;
    int refused = 0;
    memset(&desc, 0, sizeof desc);
    desc.batch = 16;
    desc.context = c->info.context;
    CHECK(slm_session_open(&usual, c->model, &desc, NULL) == SLM_OK, "a usual session");
    desc.allocator.alloc = second_refuse;
    desc.allocator.user = &refused;
    desc.memory_size = slm_session_size(c->model, &desc);
    memory = malloc(desc.memory_size + 64);
    desc.memory = (void *)(((uintptr_t)memory + 63) & ~(uintptr_t)63);
    CHECK(slm_session_open(&s, c->model, &desc, NULL) == SLM_OK, "a session in own memory");
    for (i = 0; i < 4000; i++) text[i] = i % 400 ? "once upon a time "[i % 17] : '\n';
    for (i = 10; i <= 4000; i += 1330) {
        slm_rewind(s, 0);
        slm_rewind(usual, 0);
        CHECK(slm_chat(usual, SLM_USER, text, i) == slm_chat(s, SLM_USER, text, i) &&
                  slm_position(s) == slm_position(usual) &&
                  !memcmp(slm_tokens(s), slm_tokens(usual), slm_position(s) * sizeof(slm_token)),
              "a message there");
    }
    slm_rewind(s, 0);
    CHECK(slm_chat(s, SLM_USER, text, 2000) == SLM_OK && slm_position(s) > 400 &&
              slm_chat(s, SLM_ASSISTANT, NULL, 0) == SLM_OK && !refused, "nothing is allocated");
    for (i = 0; i < 4; i++) {
        static const char *const parts[] = {"- ", "...\n", "\xF0\x9F\x98\x80 ", "{\n  }\n"};
        size_t size = strlen(parts[i]), at;
        for (at = 0; at + size < 2500; at += size) memcpy(text + at, parts[i], size);
        slm_rewind(s, 0);
        refused = 0;
        slm_chat(s, SLM_USER, text, at);
        CHECK(!refused, "signs and spaces are words, too");
    }
    for (i = 4096; i <= 4097; i++) { /* a word in a message's middle, with the space before it */
        static char long_word[8200];
        size_t k;
        refused = 0;
        for (k = 0; k < sizeof long_word; k++) long_word[k] = k % 7 ? 'a' : ' ';
        long_word[2037] = ' ';
        memset(long_word + 2038, 'n', i);
        long_word[2038 + i] = ' ';
        slm_rewind(s, 0);
        slm_chat(s, SLM_USER, long_word, sizeof long_word);
        CHECK(!refused == (i <= 4096), "4,096 bytes need no allocator");
    }
    slm_rewind(s, 0);
    slm_chat(s, SLM_USER, "Hello", 5);
    i = slm_position(s);
    memset(text, 'x', sizeof text);
    CHECK(slm_chat(s, SLM_USER, text, 6000) == SLM_ERR_MEMORY && refused && slm_position(s) == i &&
              strstr(slm_session_error(s), "a word is too long for the session's scratch"),
          "a long word in a message");
    CHECK(slm_prompt(s, text, 6000, 0) == SLM_ERR_MEMORY && slm_position(s) == i &&
              strstr(slm_session_error(s), "a word is too long"), "... and in a prompt");
    CHECK(slm_generate(s, NULL) == SLM_OK, "the session goes on");
    slm_session_close(s);
    slm_session_close(usual);
    free(memory);
}

/* Tokens with scratch that is given: exactly enough, one byte short, none, in the wrong place. */
static void second_scratch(second_case *c) {
    static const size_t sizes[] = {63, 64, 65, 100, 146, 147, 1000, 5000};
    static char text[5002];
    static slm_token want[5000], got[5000];
    slm_token_room room;
    size_t i, k, count;
    for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t size = sizes[i] + 2, need = slm_tokenize_size(c->model, sizes[i]);
        void *scratch = malloc(need + 8);
        for (k = 0; k < size; k++) text[k] = "abctheino"[k * k % 97 % 9];
        text[0] = 'S';
        text[1] = ' '; /* it belongs to the word behind it */
        memset(&room, 0, sizeof room);
        room.tokens = got;
        room.capacity = 5000;
        room.scratch = scratch;
        room.scratch_size = need;
        CHECK(slm_tokenize(c->model, text, size, 0, want, 5000, &count) == SLM_OK, "as ever");
        CHECK(slm_tokenize_in(c->model, text, size, 0, &room) == SLM_OK && room.count == count &&
                  !memcmp(want, got, count * sizeof *got), "the same tokens");
        room.capacity = 3;
        CHECK(slm_tokenize_in(c->model, text, size, 0, &room) == SLM_ERR_CAPACITY &&
                  room.count == count, "the full need");
        if (sizes[i] < SLM__SHORT_WORD) {
            room.scratch = NULL;
            CHECK(slm_tokenize_in(c->model, text, size, 0, &room) == SLM_ERR_CAPACITY,
                  "a short word needs none");
            free(scratch);
            continue;
        }
        room.scratch_size = need - 16;
        CHECK(slm_tokenize_in(c->model, text, size, 0, &room) == SLM_ERR_MEMORY && !room.count,
              "too small a scratch");
        room.scratch = (char *)scratch + 4;
        CHECK(slm_tokenize_in(c->model, text, size, 0, &room) == SLM_ERR_ARGUMENT, "not aligned");
        free(scratch);
    }
    CHECK(slm_tokenize_in(c->model, "a", 1, 0, NULL) == SLM_ERR_ARGUMENT &&
              slm_tokenize_size(NULL, 100) == 0 &&
              slm_tokenize_size(c->model, SIZE_MAX) == SIZE_MAX, "misuse");
}

static void test_second(const char *path) {
    second_case c;
    slm_model *model = NULL;
    size_t i;
    if (slm_model_open(&model, path, NULL, NULL) != SLM_OK) {
        SKIP("no bundled model");
        return;
    }
    memset(&c, 0, sizeof c);
    c.model = model;
    slm_model_get_info(model, &c.info);
    for (i = 0; i < SECOND_TOKENS; i++) c.tokens[i] = (slm_token)(i * i * 31 % 1900 + 3);
    second_restores(&c);
    second_regenerates(&c);
    second_tops(&c);
    second_ties();
    second_answers(&c);
    second_held_text(&c);
    second_stop_tokens(&c);
    second_long_token(&c);
    second_slides(&c);
    second_counts(&c);
    second_own_memory(&c);
    second_scratch(&c);
    slm_model_close(model);
}
