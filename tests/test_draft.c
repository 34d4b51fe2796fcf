/* Prompt lookup: two sessions step by step, one without drafts, must not differ in a bit. Part of
   the runner. */

static const char draft_again[] =
    "Tom has a red ball. The ball is big. Tom has a red ball. The ball is big. Tom has a red";
static const char draft_new[] = "Once upon a time";

typedef struct draft_pair {
    const slm_model *model;
    slm_session *plain, *drafted;
    size_t rows;
    size_t taken, wasted; /* drafted tokens that counted, and that did not */
} draft_pair;

/* Position, error text, logits of the last positions: 1 if both show the same. */
static int draft_same_state(draft_pair *p) {
    size_t back;
    int good = slm_position(p->plain) == slm_position(p->drafted) &&
               !strcmp(slm_session_error(p->plain), slm_session_error(p->drafted));
    for (back = 3; back-- > 0;) {
        const float *a = slm_logits(p->plain, back), *b = slm_logits(p->drafted, back);
        good &= !a == !b && (!a || !memcmp(a, b, p->rows * sizeof *a));
    }
    return good;
}

static int draft_same_piece(const slm_piece *a, const slm_piece *b) {
    return a->size == b->size && !memcmp(a->text, b->text, a->size) && a->token == b->token &&
           a->reason == b->reason && !memcmp(&a->logprob, &b->logprob, sizeof a->logprob);
}

/* Generates to the end or for `most` steps. look: the state is compared after each. */
static int draft_steps(draft_pair *p, const slm_generation *generation, size_t most, int look) {
    slm_generation plain = *generation;
    slm_piece a, b;
    slm_result result = SLM_OK;
    size_t ahead, first;
    int good = 1;
    plain.draft = 0;
    if (slm_generate(p->plain, &plain) != SLM_OK) return 0;
    if (slm_generate(p->drafted, generation) != SLM_OK) return 0;
    while (good && result == SLM_OK && most-- > 0) {
        first = p->drafted->outputs.final_first;
        ahead = p->drafted->generator.drafted;
        result = slm_next(p->plain, &a);
        good = slm_next(p->drafted, &b) == result && draft_same_piece(&a, &b);
        if (look || result != SLM_OK) good &= draft_same_state(p);
        if (p->drafted->outputs.final_first > first)
            p->taken++;
        else p->wasted += ahead;
    }
    return good;
}

static void draft_open(draft_pair *p, const slm_model *model, const slm_session_desc *desc) {
    slm_model_info info;
    slm_model_get_info(model, &info);
    memset(p, 0, sizeof *p);
    p->model = model;
    p->rows = info.vocab_rows;
    CHECK(slm_session_open(&p->plain, model, desc, NULL) == SLM_OK &&
              slm_session_open(&p->drafted, model, desc, NULL) == SLM_OK,
          "two sessions open");
}

static void draft_close(draft_pair *p) {
    slm_session_close(p->plain);
    slm_session_close(p->drafted);
}

static void draft_start(draft_pair *p, const char *text) {
    generate_start(p->plain, text);
    generate_start(p->drafted, text);
}

/* Both go on alike whatever is done next. */
static int draft_goes_on(draft_pair *p, const slm_generation *generation) {
    slm_token tokens[3] = {310, 320, 330}, a, b;
    size_t position = slm_position(p->plain);
    int good = 1;
    if (p->plain->outputs.final_count) {
        good &= slm_sample(p->plain, &generation->sampling, &a) ==
                slm_sample(p->drafted, &generation->sampling, &b);
        good &= a == b && draft_same_state(p);
    }
    good &= slm_eval(p->plain, tokens, 3) == slm_eval(p->drafted, tokens, 3);
    good &= draft_same_state(p);
    slm_rewind(p->plain, position - 2);
    slm_rewind(p->drafted, position - 2);
    good &= draft_same_state(p);
    slm_eval(p->plain, tokens, 1);
    slm_eval(p->drafted, tokens, 1);
    return good && draft_steps(p, generation, 12, 1);
}

/* Greedy, sampled, with penalties, and with a bonus for what was seen: then drafts succeed. */
static void draft_rules(slm_sampling *sampling, size_t which) {
    memset(sampling, 0, sizeof *sampling);
    if (which == 3) sampling->presence = -20;
    if (which == 0 || which == 3) return;
    sampling->temperature = which == 1 ? 0.7f : 1.2f;
    sampling->seed = which;
    sampling->top_p = which == 1 ? 0.9f : 0;
    sampling->repetition = which == 2 ? 1.1f : 0;
    sampling->frequency = which == 2 ? 0.05f : 0;
}

static void test_draft_lengths(const slm_model *model) {
    static const size_t kept[] = {1, 3, 17};
    slm_session_desc desc;
    slm_generation g;
    draft_pair p;
    size_t draft, rules, text, taken = 0, wasted = 0;
    memset(&desc, 0, sizeof desc);
    memset(&g, 0, sizeof g);
    for (draft = 1; draft <= 16; draft++) {
        desc.logits_kept = kept[draft % 3];
        desc.batch = draft % 5 == 4 ? 1 + draft / 2 : 0; /* a small batch shortens drafts */
        draft_open(&p, model, &desc);
        g.draft = (unsigned)draft;
        for (rules = 0; rules < 4; rules++)
            for (text = 0; text < 2; text++) {
                draft_rules(&g.sampling, rules);
                g.ignore_end = text == 0;
                draft_start(&p, text ? draft_new : draft_again);
                CHECK(draft_steps(&p, &g, (rules == 3 ? 60 : 24) + draft, (draft + rules) % 3 == 0),
                      "drafts change nothing");
                CHECK(draft_goes_on(&p, &g), "nor what comes after");
            }
        CHECK(p.drafted->generator.drafted <= draft, "no more drafted than asked for");
        taken += p.taken;
        wasted += p.wasted;
        draft_close(&p);
    }
    printf("  drafted tokens: %u counted, %u did not\n", (unsigned)taken, (unsigned)wasted);
    CHECK(taken > 500 && wasted > 500, "drafts succeed and fail");
}

/* The end of the context, limits and end tokens, wherever they fall. */
static void test_draft_ends(const slm_model *model) {
    slm_session_desc desc;
    slm_generation g;
    draft_pair p;
    size_t room, count;
    memset(&desc, 0, sizeof desc);
    memset(&g, 0, sizeof g);
    slm_tokenize(model, draft_again, SLM_NUL, 0, NULL, 0, &count);
    for (room = 0; room < 24; room++) {
        g.draft = (unsigned)(room * 7 % 16 + 1);
        desc.context = count + room;
        desc.memory = NULL;
        desc.logits_kept = room % 2 ? 17 : 1;
        draft_open(&p, model, &desc);
        g.limit = 0;
        g.ignore_end = 1;
        draft_start(&p, draft_again);
        CHECK(draft_steps(&p, &g, 99, 1) && slm_position(p.drafted) == desc.context,
              "up to the end of the context");
        g.limit = room / 2 + 1;
        draft_start(&p, draft_again);
        CHECK(draft_steps(&p, &g, 99, 1) && slm_position(p.drafted) <= count + g.limit,
              "up to a limit");
        CHECK(p.drafted->generator.drafted == 0 || slm_position(p.drafted) < count + g.limit,
              "nothing is drafted beyond a limit");
        g.ignore_end = 0;
        CHECK(draft_steps(&p, &g, 99, 1), "and on from there");
        draft_close(&p);
    }
    memset(&desc, 0, sizeof desc);
    draft_open(&p, model, &desc);
    g.limit = 0;
    for (g.draft = 3; g.draft <= 16; g.draft += 9) {
        draft_start(&p, draft_new);
        CHECK(draft_steps(&p, &g, 1000, 0), "up to an end token or a full context");
        CHECK(p.drafted->generator.ended == SLM_REASON_END, "greedy text ends");
    }
    g.draft = 17;
    CHECK(slm_generate(p.drafted, &g) == SLM_ERR_ARGUMENT, "a draft too long");
    draft_close(&p);
}

static void test_draft_stops(const slm_model *model) {
    static const char *const stops[] = {"ball is", "zzz", "red", ". T", "big. Tom has a red ball."};
    slm_generation g;
    draft_pair p;
    size_t i, stopped = 0;
    memset(&g, 0, sizeof g);
    draft_open(&p, model, NULL);
    for (i = 0; i < 5; i++)
        for (g.draft = 1; g.draft <= 16; g.draft += 3) {
            g.stops = stops + i;
            g.stop_count = i == 4 ? 1 : 2;
            g.limit = 50;
            draft_start(&p, draft_again);
            CHECK(draft_steps(&p, &g, 99, (int)g.draft & 1), "stops end the text alike");
            stopped += p.drafted->generator.ended == SLM_REASON_STOP;
        }
    CHECK(stopped > 10, "stops were met");
    draft_close(&p);
}

static int draft_asked, draft_refuse_at;
static int draft_cancel(void *user) {
    (void)user;
    return ++draft_asked == draft_refuse_at; /* once: a second try would go through */
}

/* Cancelled in the middle, where a draft is evaluated and where one is taken. */
static void test_draft_cancel(const slm_model *model) {
    slm_session_desc desc;
    slm_session *session = NULL;
    slm_generation g;
    slm_piece piece, again;
    slm_result result;
    size_t position, first, taken = 0, refused = 0;
    int at, before;
    memset(&desc, 0, sizeof desc);
    memset(&g, 0, sizeof g);
    desc.cancel = draft_cancel;
    g.draft = 5;
    g.ignore_end = 1;
    draft_rules(&g.sampling, 3);
    CHECK(slm_session_open(&session, model, &desc, NULL) == SLM_OK, "a session opens");
    for (at = 1; at <= 60; at++) {
        draft_refuse_at = 1 << 30;
        generate_start(session, draft_again);
        draft_asked = 0;
        draft_refuse_at = at;
        slm_generate(session, &g);
        do {
            before = draft_asked;
            position = slm_position(session);
            first = session->outputs.final_first;
            result = slm_next(session, &piece);
            CHECK(draft_asked > before, "the hook is asked for every token");
            taken += session->outputs.final_first > first;
        } while (result == SLM_OK && slm_position(session) == position + 1);
        CHECK(result == SLM_ERR_CANCELLED && slm_position(session) == position, "cancelled");
        refused += draft_asked == before + 1;
        CHECK(slm_next(session, &again) == SLM_OK && slm_position(session) == position + 1 &&
                  again.token == session->sequence.history[position],
              "and goes on as if nothing had happened");
    }
    CHECK(taken > 50 && refused > 5 && refused < 55, "where drafts are taken, and elsewhere");
    slm_session_close(session);
}

/* A wrong guess that gives no finite values must not end a text that goes on without it. The hook
   spoils the second row of what is read. */
static slm_session *draft_spoiled;
static int draft_spoil(void *user) {
    (void)user;
    if (draft_spoiled)
        draft_spoiled->batch.hidden[draft_spoiled->model->shape.hidden] = slm__float(0x7FC00000u);
    return 0;
}

static void test_draft_numeric(const slm_model *model) {
    slm_session_desc desc;
    slm_generation g;
    draft_pair p;
    memset(&desc, 0, sizeof desc);
    memset(&g, 0, sizeof g);
    desc.cancel = draft_spoil;
    draft_open(&p, model, &desc);
    draft_start(&p, draft_again);
    g.draft = 4;
    g.ignore_end = 1;
    draft_rules(&g.sampling, 3);
    draft_spoiled = p.drafted;
    CHECK(draft_steps(&p, &g, 30, 1), "a draft that cannot be evaluated is left");
    CHECK(p.taken == 0, "no draft was good");
    draft_spoiled = NULL;
    draft_close(&p);
}

/* The block is exact, and nothing is written behind it. */
static void test_draft_memory(const slm_model *model) {
    slm_session_desc desc;
    slm_session *session = NULL;
    slm_generation g;
    slm_piece piece;
    void *block;
    size_t size, batch;
    memset(&desc, 0, sizeof desc);
    memset(&g, 0, sizeof g);
    g.draft = 16;
    for (batch = 1; batch < 40; batch += 3) {
        desc.batch = batch;
        desc.context = 60;
        desc.memory = NULL;
        size = desc.memory_size = slm_session_size(model, &desc);
        block = malloc(size + 64 + 8);
        desc.memory = (void *)(((uintptr_t)block + 63) / 64 * 64);
        CHECK(slm_session_open(&session, model, &desc, NULL) == SLM_OK, "a session in a block");
        memset((char *)desc.memory + size, 0x5A, 8);
        generate_start(session, draft_again);
        slm_generate(session, &g);
        while (slm_next(session, &piece) == SLM_OK) {}
        CHECK(((unsigned char *)desc.memory)[size] == 0x5A, "nothing is written behind it");
        slm_session_close(session);
        free(block);
    }
}

static void test_draft(const char *path) {
    slm_model *model = NULL;
    FILE *file = fopen(path, "rb");
    if (!file) {
        SKIP("no bundled model");
        return;
    }
    fclose(file);
    CHECK(slm_model_open(&model, path, NULL, NULL) == SLM_OK, "the bundled model opens");
    if (!model) return;
    test_draft_lengths(model);
    test_draft_ends(model);
    test_draft_stops(model);
    test_draft_cancel(model);
    test_draft_numeric(model);
    test_draft_memory(model);
    slm_model_close(model);
}
