/* Chat formats: conversations by slm_chat against the ids of Hugging Face's chat templates
   (tests/golden/chat_formats and tests/golden/chats, made by make_chat_formats.py, which says how
   attacks are judged). Part of the runner. */

enum { FORMATS_ROOM = 4096, FORMATS_LINES = 16 };

typedef struct formats_case {
    slm_role roles[FORMATS_LINES];
    char *texts[FORMATS_LINES];
    size_t count, ids;
    slm_token want[FORMATS_ROOM];
} formats_case;

static char *formats_file(const char *path) {
    FILE *file = fopen(path, "rb");
    char *bytes = file ? (char *)calloc(1, 1 << 16) : NULL;
    size_t size = bytes ? fread(bytes, 1, (1 << 16) - 1, file) : 0;
    if (file) fclose(file);
    if (size) return bytes;
    free(bytes);
    return NULL;
}

/* \n and \\ in place. */
static char *formats_unescape(char *text) {
    char *out = text, *at;
    for (at = text; *at; at++) {
        char c = *at;
        if (c == '\\') c = *++at == 'n' ? '\n' : *at;
        *out++ = c;
    }
    *out = 0;
    return text;
}

/* The next conversation of *at; 0: there is none. */
static int formats_read(char **at, formats_case *c) {
    c->count = c->ids = 0;
    while (*at && **at) {
        char *line = *at, *end = strchr(line, '\n');
        if (!end) return 0;
        *end = 0;
        *at = end + 1;
        if (*line == 'I') {
            for (line++; *line && c->ids < FORMATS_ROOM;)
                c->want[c->ids++] = (slm_token)strtol(line, &line, 10);
            return 1;
        }
        if (*line == 'O' || c->count == FORMATS_LINES) continue;
        c->roles[c->count] = *line == 'S' ? SLM_SYSTEM : *line == 'U' ? SLM_USER : SLM_ASSISTANT;
        c->texts[c->count++] = formats_unescape(line + 2);
    }
    return 0;
}

static int formats_equal(const slm_session *s, const slm_token *want, size_t count) {
    return s->sequence.position == count &&
           !memcmp(s->sequence.history, want, count * sizeof *want);
}

static int formats_same(const slm_session *s, const formats_case *c) {
    return formats_equal(s, c->want, c->ids);
}

/* An answer as a model would write it: opened, tokens of its own, and no end. */
static slm_result formats_answer(slm_session *s, const char *text, int space) {
    char spaced[FORMATS_ROOM];
    slm_token tokens[FORMATS_ROOM];
    size_t count;
    slm_result result = slm_chat(s, SLM_ASSISTANT, NULL, 0);
    snprintf(spaced, sizeof spaced, "%s%s", space ? " " : "", text);
    if (result == SLM_OK)
        result = slm_tokenize(s->model, spaced, SLM_NUL, 0, tokens, FORMATS_ROOM, &count);
    return result == SLM_OK ? slm_eval(s, tokens, count) : result;
}

static slm_result formats_say(slm_session *s, const formats_case *c, int generated) {
    slm_result result = SLM_OK;
    size_t i;
    slm_rewind(s, 0);
    for (i = 0; i < c->count && result == SLM_OK; i++)
        if (generated && c->roles[i] == SLM_ASSISTANT)
            result = formats_answer(s, c->texts[i],
                                  s->chat.format == SLM_CHAT_LLAMA2 &&
                                      s->model->tokenizer.kind == SLM__BYTES);
        else
            result = slm_chat(s, c->roles[i], c->texts[i], SLM_NUL);
    return result == SLM_OK ? slm_chat(s, SLM_ASSISTANT, NULL, 0) : result;
}

/* Has an answer white space around it, or text of a special token? */
static int formats_odd(const formats_case *c) {
    size_t i, length;
    for (i = 0; i < c->count; i++) {
        const uint8_t *text = (const uint8_t *)c->texts[i];
        size_t size = strlen(c->texts[i]);
        if (c->roles[i] != SLM_ASSISTANT) continue;
        if (strchr(c->texts[i], '<')) return 1;
        if (slm__class_at(text, size, &length) & SLM__SPACE) return 1;
    }
    return 0;
}

static void formats_golden(slm_session *s, const char *directory, const char *name, size_t most) {
    static formats_case c;
    char path[128], *file, *at;
    size_t cases = 0, same = 0, generated = 0, odd = 0;
    /* some tokenizers put a space before a text of its own: only llama-2 has one there */
    int spaced = s->model->tokenizer.kind != SLM__BYTES ||
                 (s->model->tokenizer.flags & SLM__TEXT_PREFIX_SPACE);
    int apart = spaced && s->chat.format != SLM_CHAT_LLAMA2;
    snprintf(path, sizeof path, "tests/golden/%s/%s.txt", directory, name);
    at = file = formats_file(path);
    while (formats_read(&at, &c)) {
        cases++;
        same += formats_say(s, &c, 0) == SLM_OK && formats_same(s, &c);
        if (apart || formats_odd(&c)) odd++;
        else generated += formats_say(s, &c, 1) == SLM_OK && formats_same(s, &c);
    }
    CHECK(cases == most && same == cases, "ids equal those of Hugging Face's chat template");
    CHECK((apart || odd < 6) && generated + odd == cases,
          "an answer that the model has written is closed");
    free(file);
}

/* Does the next message first end what is there? */
static int formats_closes(slm_session *s) {
    size_t at = s->sequence.position;
    slm_chat(s, SLM_USER, "Hello", SLM_NUL);
    return s->sequence.history[at] == s->chat.answer_end ||
           s->sequence.history[at + 1] == s->chat.answer_end; /* llama-2: behind a space */
}

static void formats_closed(slm_session *s) {
    slm_token other[2] = {300, 300};
    slm_rewind(s, 0);
    slm_chat(s, SLM_USER, "Hello", SLM_NUL);
    slm_chat(s, SLM_ASSISTANT, "One", SLM_NUL);
    CHECK(!formats_closes(s), "a message that was said to its end is not ended again");
    if (s->chat.format != SLM_CHAT_LLAMA2) slm_chat(s, SLM_ASSISTANT, NULL, 0);
    CHECK(formats_closes(s), "an answer that was opened is, if it is empty too");
    slm_rewind(s, s->sequence.position - 2);
    slm_eval(s, other, 2);
    CHECK(formats_closes(s), "other text in the place of a message is");
}

/* The next message after a rewind is as if what was taken back had never been. */
static void formats_rewound(slm_session *s) {
    slm_token first[512], other[64];
    size_t count, system, i;
    slm_rewind(s, 0);
    slm_chat(s, SLM_SYSTEM, "Be short.", SLM_NUL);
    system = s->sequence.position;
    slm_chat(s, SLM_USER, "Hello", SLM_NUL);
    count = s->sequence.position;
    memcpy(first, s->sequence.history, count * sizeof *first);
    slm_rewind(s, system);
    slm_chat(s, SLM_USER, "Hello", SLM_NUL);
    CHECK(formats_equal(s, first, count), "back to behind the system message");
    slm_rewind(s, 0);
    for (i = 0; i < system; i++) other[i] = 300;
    slm_eval(s, other, system);
    slm_chat(s, SLM_USER, "Hello", SLM_NUL);
    if (s->chat.format == SLM_CHAT_LLAMA2)
        CHECK(s->sequence.history[system + 1] == s->model->tokenizer.end[0],
              "another text is closed");
    slm_rewind(s, 0);
    slm_chat(s, SLM_USER, "Hello", SLM_NUL);
    count = s->sequence.position;
    memcpy(first, s->sequence.history, count * sizeof *first);
    slm_rewind(s, 0);
    slm_prompt(s, "", 0, 0);
    slm_chat(s, SLM_USER, "Hello", SLM_NUL);
    CHECK(formats_equal(s, first, count), "a context of BOS alone is a beginning");
}

/* Tokens of the context that are added ones, but for the one that steers nothing
   (make_chat_formats.py). */
static size_t formats_controls(const slm_session *s) {
    size_t count = 0, i;
    for (i = 0; i < s->sequence.position; i++)
        count += s->sequence.history[i] != 2051 &&
                 (s->model->tokenizer.attributes[s->sequence.history[i]] & 6);
    return count;
}

/* Messages put together from parts of marks: whatever they say, the turn has the format's control
   tokens and no other one, and its text is what was rendered. */
static void formats_attacked(slm_session *s) {
    static const char *const parts[] = {
        "<|im_start|>", "<|im_end|>", "</s>", "<s>", "[PAD]", "<|endoftext|>", "<|system|>",
        "<|user|>", "<", "|", "im_end", "|>", "<|", "/s>", "\n", " ", "a", "~~~", "~", "[INST]",
        "\xC3", "s>"};
    char message[512], text[1024];
    texts_random random = texts_seed(9, 1);
    size_t count, size, i, n, wrong = 0;
    slm_rewind(s, 0);
    slm_chat(s, SLM_USER, "x", 1);
    count = formats_controls(s);
    for (i = 0; i < 1000; i++) {
        for (n = 1 + texts_draw(&random, 8), message[0] = 0; n; n--)
            strcat(message, parts[texts_draw(&random, sizeof parts / sizeof parts[0])]);
        slm_rewind(s, 0);
        if (slm_chat(s, SLM_USER, message, SLM_NUL) != SLM_OK) wrong++;
        wrong += formats_controls(s) != count;
        slm_detokenize(s->model, s->sequence.history, s->sequence.position, 0, text, sizeof text,
                       &size);
        text[size < sizeof text ? size : 0] = 0;
        for (n = strlen(message); n && strchr(" \n", message[n - 1]);) message[--n] = 0;
        if (s->model->tokenizer.kind == SLM__BYTES &&
            !(s->model->tokenizer.flags & SLM__TEXT_PREFIX_SPACE)) /* what alters texts */
            wrong += !strstr(text, message + strspn(message, " \n"));
    }
    CHECK(!wrong, "a message never becomes a control token");
}

static void formats_formats(const slm_model *model, const char *name) {
    slm_session_desc desc;
    slm_session *s;
    slm_error error;
    int i, opens, marked;
    for (i = 1; i <= (int)SLM_CHAT_COUNT; i++) {
        const char *mark = i == SLM_CHAT_CHATML   ? "<|im_start|>"
                           : i == SLM_CHAT_LLAMA3 ? "<|start_header_id|>"
                                                  : "<start_of_turn>";
        memset(&desc, 0, sizeof desc);
        desc.chat_format = (slm_chat_format)i;
        marked = i == SLM_CHAT_CHATML || i == SLM_CHAT_LLAMA3 || i == SLM_CHAT_GEMMA;
        opens = i != SLM_CHAT_COUNT &&
                (!marked || !strcmp(name, slm_chat_format_name((slm_chat_format)i)));
        CHECK((slm_session_open(&s, model, &desc, &error) == SLM_OK) == opens, "another format");
        if (marked && !opens)
            CHECK(error.code == SLM_ERR_UNSUPPORTED && strstr(error.text, mark) &&
                      strstr(error.text, slm_chat_format_name((slm_chat_format)i)),
                  "the missing token is named");
        slm_session_close(s);
    }
    CHECK(!slm_chat_format_name(SLM_CHAT_AUTO) && !slm_chat_format_name(SLM_CHAT_COUNT),
          "no such formats");
}

/* Pieces of messages that are cut: what may stand at a cut, and what must not be cut. */
static const char *const cut_parts[] = {
    "word", " two", " ", "  ", "\n", ". ", "'s", "'ll go", "12", "3x", "\xC3\xA9t\xC3\xA9",
    "\xE4\xBD\xA0\xE5\xA5\xBD", "\xE3\x80\x82", "\xE2\x96\x81", "\xF0\x9F\x98\x80", "\xFF", "\xE4\xBD",
    "\t", "<|user|>", "<s>", "</s>", " </s> ", "<|im_end|>", "new", " new ", "<x>", "[INST]", "\x1C",
    "a", " b c d", "Instruct:", "e\xCC\x81", "\xE0\xA5\x98", "\xF0\x9D\x85\xA0", "don'T", "1\xCC\x81",
    "\xE1\x84\x80", "\xE1\x85\xA1", "\xE2\x84\xAA", "Ab", ", /", "\r\n", "<cafe\xCC\x81>", ","};

/* A random message of 1,900 to about 6,000 bytes, of up to six pieces again and again, some of them
   added tokens of the model's own. */
static size_t cut_message(const slm__tokenizer *t, char *text, texts_random *random) {
    const char *parts[6];
    size_t lengths[6], i, size = 0, want = 1900 + texts_draw(random, 4000);
    uint32_t kinds = 1 + texts_draw(random, 6), many;
    for (i = 0; i < kinds; i++) {
        parts[i] = cut_parts[texts_draw(random, sizeof cut_parts / sizeof *cut_parts)];
        lengths[i] = strlen(parts[i]);
        if (t->added_count && !texts_draw(random, 3))
            parts[i] = slm__added_text(t, t->added + 4 * texts_draw(random, t->added_count),
                                       &lengths[i]);
    }
    while (size < want) {
        i = texts_draw(random, kinds);
        for (many = texts_draw(random, 20) ? 1 : texts_draw(random, 200); many; many--) {
            memcpy(text + size, parts[i], lengths[i]);
            size += lengths[i];
            if (size > want) break;
        }
    }
    return size;
}

/* Whether a message cut in three has other tokens than whole; it counts those that can be cut. */
static int cut_differs(const slm_session *s, const slm__tokenizer *t, slm__framed *framed,
                       slm__message message, size_t *cuts) {
    static char memory[20000];
    static slm_token tokens[2][10000];
    slm__message uncut = message;
    slm__token_list list[2];
    slm_result result;
    memset(list, 0, sizeof list);
    list[0].allocator = list[1].allocator = &s->allocator;
    list[0].capacity = list[1].capacity = 10000;
    list[0].tokens = tokens[0];
    list[1].tokens = tokens[1];
    result = slm__encode_cut(t, framed, &message, memory, &list[0]);
    if (result == SLM_ERR_MEMORY) return 0;
    ++*cuts;
    return slm__encode_whole(t, framed, &uncut, memory, &list[1]) != result ||
           list[0].count != list[1].count ||
           memcmp(tokens[0], tokens[1], list[0].count * sizeof *tokens[0]);
}

/* A message whose ends alone are copied has the tokens of one that is copied whole, whatever white
   space the added tokens swallow. */
static void formats_cut(slm_session *s, size_t least) {
    static char text[10000];
    slm__tokenizer t = s->model->tokenizer;
    uint32_t *added = (uint32_t *)malloc(t.added_count * 16 + 1);
    size_t i, k, cuts = 0, wrong = 0;
    texts_random random = {7};
    memcpy(added, t.added, t.added_count * 16);
    t.added = added;
    for (i = 0; i < 400; i++) {
        slm__framed framed;
        slm__message message;
        for (k = 0; i > 100 && k < t.added_count; k++)
            added[4 * k + 3] = (added[4 * k + 3] & 3) | texts_draw(&random, 8) * 4;
        memset(&message, 0, sizeof message);
        slm__frame(s, (slm_role)(i % 3), 0, &framed);
        framed.text = text;
        framed.preface = i % 3 ? "" : "Dates. ";
        framed.size = cut_message(&t, text, &random);
        framed.flags = SLM_PARSE_SPECIAL | (i % 2 ? SLM_ADD_BOS : 0);
        slm__list_controls(s, &message);
        message.later = i / 2 % 2;
        message.goes_on = message.later && i / 4 % 2;
        wrong += cut_differs(s, &t, &framed, message, &cuts);
    }
    free(added);
    CHECK(cuts > least, "many of these messages can be cut");
    CHECK(!wrong, "a message that is cut has the same tokens");
}

static void formats_of(const char *name, const char *format) {
    char path[128];
    slm_model *model;
    slm_session *s;
    slm_model_info info;
    slm_error error;
    uint32_t i;
    int ends = 0;
    snprintf(path, sizeof path, "build/chat_formats/%s.slm", name);
    where = path;
    CHECK(slm_model_open(&model, path, NULL, &error) == SLM_OK, "a chat model opens");
    if (!model) return;
    slm_model_get_info(model, &info);
    CHECK(!strcmp(info.chat_format, format), "the converter finds the format");
    CHECK(slm_session_open(&s, model, NULL, &error) == SLM_OK, "a session");
    for (i = 0; i < info.end_count; i++) ends |= info.end[i] == s->chat.answer_end;
    CHECK(ends && s->chat.answer_end >= 0, "the end of a turn is an end token");
    CHECK(slm__is_end(s, s->chat.answer_end) && !slm__is_end(s, 300), "... of a session too");
    model->chat_bos = SLM__BOS_AS_TOKENIZER; /* as without a template: see make_chat_formats.py */
    formats_golden(s, "chat_formats", name, 15);
    formats_rewound(s);
    formats_closed(s);
    formats_attacked(s);
    formats_cut(s, 100);
    slm_session_close(s);
    formats_formats(model, format);
    slm_model_close(model);
}

/* The model's own system message: where it comes, and where it does not. */
static void chats_own(slm_session *s, const char *own) {
    slm_token want[512];
    size_t count, i;
    slm_role role;
    slm_rewind(s, 0);
    slm_chat(s, SLM_SYSTEM, own, SLM_NUL);
    slm_chat(s, SLM_USER, "Hello", SLM_NUL);
    count = s->sequence.position;
    memcpy(want, s->sequence.history, count * sizeof *want);
    slm_rewind(s, 0);
    CHECK(slm_chat(s, SLM_USER, "Hello", 5) == SLM_OK && formats_equal(s, want, count),
          "as if it had been given");
    slm_rewind(s, 0);
    slm_prompt(s, "", 0, 0);
    slm_chat(s, SLM_USER, "Hello", SLM_NUL);
    CHECK(s->sequence.position + 1 >= count &&
              s->sequence.history[s->sequence.position - 1] == want[count - 1] &&
              s->sequence.position <= count + 1,
          "behind BOS alone too");
    for (role = SLM_USER; role <= SLM_ASSISTANT; role = (slm_role)(role + 1)) {
        slm_rewind(s, 0);
        CHECK(slm_chat(s, role, NULL, 0) == SLM_OK && s->sequence.position >= count / 2,
              "before whatever comes first");
    }
    slm_rewind(s, 0);
    CHECK(slm_chat(s, SLM_SYSTEM, "", 0) == SLM_OK && slm_position(s) == 0,
          "an empty system message writes nothing");
    slm_chat(s, SLM_USER, "Hello", SLM_NUL);
    i = s->sequence.position;
    CHECK(i < count - 3, "... and means none");
    slm_chat(s, SLM_SYSTEM, NULL, 0);
    CHECK(s->sequence.position == i, "... later too");
    slm_rewind(s, 0);
    slm_chat(s, SLM_USER, "Hello", SLM_NUL);
    CHECK(formats_equal(s, want, count), "a rewind to 0 forgets that");
}

/* What does not fit is not there, its own system message neither. */
static void chats_full(const slm_model *model, size_t own) {
    slm_session_desc desc;
    slm_session *s;
    char text[256];
    memset(&desc, 0, sizeof desc);
    memset(text, 'x', sizeof text);
    desc.context = own + 8;
    CHECK(slm_session_open(&s, model, &desc, NULL) == SLM_OK, "a short context");
    CHECK(slm_chat(s, SLM_USER, text, sizeof text) == SLM_ERR_CONTEXT_FULL, "too long a message");
    CHECK(slm_position(s) == 0, "nothing is appended");
    slm_chat(s, SLM_SYSTEM, "", 0);
    CHECK(slm_chat(s, SLM_USER, "x", 1) == SLM_OK, "a message without it fits");
    slm_session_close(s);
}

/* A checkpoint with a template: BOS and the system message are the template's. */
static void chats_of(const char *name, const char *format, const char *own) {
    char path[128];
    slm_model *model;
    slm_session *s;
    slm_model_info info;
    snprintf(path, sizeof path, "build/chat_formats/%s.slm", name);
    where = path;
    CHECK(slm_model_open(&model, path, NULL, NULL) == SLM_OK, "a chat model opens");
    if (!model) return;
    slm_model_get_info(model, &info);
    CHECK(!strcmp(info.chat_format, format), "the converter finds the format");
    CHECK(own ? info.system_message && !strcmp(info.system_message, own) : !info.system_message,
          "... and its own system message");
    CHECK(slm_session_open(&s, model, NULL, NULL) == SLM_OK, "a session");
    formats_golden(s, "chats", name, 9);
    formats_cut(s, 100);
    if (own && !model->preface) {
        slm_rewind(s, 0);
        slm_chat(s, SLM_SYSTEM, own, SLM_NUL);
        chats_full(model, s->sequence.position);
        chats_own(s, own);
    }
    slm_session_close(s);
    slm_model_close(model);
}

static void test_chats(void) {
    static const char kind[] = "You are kind.\nYou answer in \"one\" line.";
    static const char dates[] = "Cutting Knowledge Date: December 2023\n"
                                "Today Date: 26 Jul 2024\n\n";
    chats_of("zephyr", "zephyr", NULL);
    chats_of("llama-2", "llama-2", NULL);
    chats_of("pieces-zephyr", "zephyr", NULL);
    chats_of("pieces-llama-2", "llama-2", NULL);
    chats_of("own-chatml", "chatml", kind);
    chats_of("own-bos-chatml", "chatml", kind);
    chats_of("bos-zephyr", "zephyr", NULL);
    chats_of("own-llama-2", "llama-2", "Be kind.");
    chats_of("llama-3", "llama-3", NULL);
    chats_of("gemma", "gemma", NULL);
    chats_of("own-llama-3", "llama-3", dates);
    chats_of("pieces-own-chatml", "chatml", kind);
    chats_of("pieces-bos-chatml", "chatml", NULL);
    chats_of("pieces-bos-zephyr", "zephyr", NULL);
    chats_of("pieces-late-bos-zephyr", "zephyr", NULL);
    chats_of("pieces-late-zephyr", "zephyr", NULL);
    chats_of("one-llama-2", "llama-2", NULL);
    chats_of("one-bos-zephyr", "zephyr", NULL);
    chats_of("mark-chatml", "chatml", NULL);
    chats_of("mark-bos-chatml", "chatml", NULL);
    chats_of("json-llama-2", "llama-2", NULL);
    chats_of("json-bos-zephyr", "zephyr", NULL);
    chats_of("json-all-llama-2", "llama-2", NULL);
    chats_of("json-all-zephyr", "zephyr", NULL);
    chats_of("json-five-llama-2", "llama-2", NULL);
    chats_of("json-five-bos-zephyr", "zephyr", NULL);
    where = "";
}

/* A file may name a format that its tokenizer cannot write: it opens, and slm_chat says so. */
static void formats_lacking(void) {
    slm_model *model;
    slm_session *s;
    slm_error error;
    where = "chat_formats";
    CHECK(slm_model_open(&model, "build/golden/phi_text.slm", NULL, &error) == SLM_OK, "a model");
    if (!model) return;
    model->chat_format = SLM_CHAT_CHATML;
    CHECK(slm_session_open(&s, model, NULL, &error) == SLM_OK, "it opens");
    CHECK(slm_chat(s, SLM_USER, "a", 1) == SLM_ERR_UNSUPPORTED, "no turn without its tokens");
    CHECK(strstr(slm_session_error(s), "<|im_start|>") != NULL, "the token is named");
    CHECK(slm_position(s) == 0, "nothing is appended");
    slm_session_close(s);
    slm_model_close(model);
}

static void test_chat_formats(void) {
    formats_of("chatml", "chatml");
    formats_of("llama-2", "llama-2");
    formats_of("zephyr", "zephyr");
    formats_of("llama-3", "llama-3");
    formats_of("gemma", "gemma");
    formats_of("pieces-chatml", "chatml");
    formats_of("pieces-late-chatml", "chatml");
    formats_of("pieces-llama-2", "llama-2");
    formats_of("pieces-zephyr", "zephyr");
    formats_lacking();
    test_chats();
    where = "";
}
