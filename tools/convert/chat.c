/* chat.c - the chat format of a checkpoint: what its chat template writes for a few conversations
   is compared with what each format writes for them. */
#define _POSIX_C_SOURCE 200809L
#include "library.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEMPLATE_LIMIT = 16 << 20, SYSTEM_LIMIT = SLM__SYSTEM_MOST - 1 };
enum { SYSTEM, USER, ASSISTANT }; /* as in slm__chat_format */

static const slm__chat_format *chat_format(int format) { return &slm__chat_formats[format - 1]; }
enum { END_COUNT_AT = 24, ENDS_AT = 28 }; /* in a tokenizer section, whatever its kind */

int format_by_name(const char *name) {
    int i;
    for (i = SLM_CHAT_PLAIN; i < SLM_CHAT_COUNT; i++)
        if (strcmp(chat_format(i)->name, name) == 0)
            return i;
    return SLM_CHAT_AUTO;
}

/* ---- conversations ----------------------------------------------------------------------- */

enum { SHAPES = 6, WITH_SYSTEM = 3 }; /* the shapes from there on have a system message */

static const char *const shapes[SHAPES] = {"U", "UAU", "UAUAU", "SU", "SUAU", "SUAUAU"};
static const char *const contents[6] = {"qs Wd:\n0.", "vU kq 1?", "xA jz\n2!", "hU wb 3.",
                                        "mA zf 4,", "gU yn\n5;"};

static int role_of(char letter) {
    return letter == 'S' ? SYSTEM : letter == 'U' ? USER : ASSISTANT;
}

/* What a checkpoint's template writes for each conversation. */
typedef struct Study {
    const char *text;            /* the template; NULL: there is none */
    size_t size;
    TemplateStatus status[SHAPES];
    Buffer written[SHAPES];
    Buffer bos, end;             /* what \1 and \2 stand for */
    int prints_bos, guesses;     /* guesses: the template cannot be read */
    enum { SYSTEM_NONE, SYSTEM_EMPTY, SYSTEM_READ, SYSTEM_UNREAD } own; /* its own message */
    Buffer system;
    int preface;                 /* which comes before a message that is given, too */
} Study;

/* Where `what` stands in `text` from `at` on; SIZE_MAX: nowhere. */
static size_t find_bytes(const Buffer *text, size_t at, const char *what, size_t size) {
    for (; at + size <= text->size; at++)
        if (memcmp(text->data + at, what, size) == 0)
            return at;
    return SIZE_MAX;
}

static int begins_with(const Buffer *text, const Buffer *what) {
    return what->size && text->size >= what->size &&
           memcmp(text->data, what->data, what->size) == 0;
}

static int mentions(const Study *s, const char *what, size_t size) {
    Buffer text;
    text.data = (unsigned char *)(uintptr_t)s->text;
    text.size = text.capacity = s->size;
    return size && find_bytes(&text, 0, what, size) != SIZE_MAX;
}

static void write_all(Study *s, const Tokenizer *tokenizer) {
    static const char *const names[] = {"system", "user", "assistant"};
    Template *t = template_open(s->text, s->size);
    TemplateInput input;
    size_t i, k;
    memset(&input, 0, sizeof input);
    memcpy(input.specials, tokenizer->specials, sizeof input.specials);
    for (i = 0; i < SHAPES; i++) {
        input.count = strlen(shapes[i]);
        for (k = 0; k < input.count; k++) {
            input.roles[k] = names[role_of(shapes[i][k])];
            input.contents[k] = contents[k + (shapes[i][0] != 'S')];
        }
        s->status[i] = template_write(t, &input, &s->written[i]);
    }
    template_close(t);
}

/* The template's own system message: with a message it writes A, the message and B; without one
   A, its own and B. */
static void find_system(Study *s) {
    const Buffer *with = &s->written[WITH_SYSTEM], *without = &s->written[0];
    size_t size = strlen(contents[0]), before, after, length;
    if (s->status[0] || s->status[WITH_SYSTEM] || !without->size)
        return;
    before = find_bytes(with, 0, contents[0], size);
    if (before == SIZE_MAX || find_bytes(with, before + 1, contents[0], size) != SIZE_MAX)
        return;
    after = with->size - before - size;
    if (without->size < before + after || memcmp(with->data, without->data, before) ||
        memcmp(with->data + before + size, without->data + without->size - after, after))
        return;
    length = without->size - before - after;
    s->own = length ? SYSTEM_READ : SYSTEM_EMPTY;
    put_bytes(&s->system, without->data + before, length);
    if (length > SYSTEM_LIMIT || (length && memchr(s->system.data, TEMPLATE_UNKNOWN, length)))
        s->own = SYSTEM_UNREAD;
}

/* Is BOS at the beginning that of a format's mark, as with <|im_start|> in many ChatML models? */
static int begins_with_mark(const Study *s) {
    const Buffer *text = &s->written[0];
    int i, role;
    for (i = SLM_CHAT_PLAIN; i < SLM_CHAT_COUNT; i++)
        for (role = SYSTEM; role <= ASSISTANT; role++) {
            const char *mark = chat_format(i)->around[role][0];
            size_t size = strlen(mark);
            if (size >= s->bos.size && memcmp(mark, s->bos.data, s->bos.size) == 0 &&
                text->size >= size && memcmp(text->data, mark, size) == 0)
                return 1;
        }
    return 0;
}

static int prints_bos(const Study *s) {
    return begins_with(&s->written[0], &s->bos) && !begins_with_mark(s);
}

/* Of a template that cannot be read, BOS is a guess: printed if it is mentioned. */
static void study(Study *s, const Tokenizer *tokenizer) {
    uint32_t ends = get_u32(tokenizer->section.data + END_COUNT_AT);
    tokenizer_added(tokenizer, tokenizer->bos, &s->bos);
    if (ends)
        tokenizer_added(tokenizer, (int32_t)get_u32(tokenizer->section.data + ENDS_AT), &s->end);
    write_all(s, tokenizer);
    s->guesses = s->status[0] != 0;
    s->prints_bos = s->bos.size && (s->guesses ? mentions(s, "bos_token", 9) ||
                                                     mentions(s, (char *)s->bos.data, s->bos.size)
                                               : prints_bos(s));
    find_system(s);
}

/* ---- comparison -------------------------------------------------------------------------- */

static void put_part(Buffer *out, const Study *s, const char *part) {
    for (; *part; part++)
        if (*part == '\1')
            put_bytes(out, s->bos.data, s->bos.size);
        else if (*part == '\2')
            put_bytes(out, s->end.data, s->end.size);
        else
            put_bytes(out, part, 1);
}

/* What a format writes for a conversation; own: with the template's own system message, which
   begins one that is given if it is a preface. */
static void write_format(Buffer *out, const Study *s, const slm__chat_format *f, size_t shape,
                         int own) {
    const char *letters = shapes[shape];
    size_t i, first = *letters == 'S';
    int after_system = own || first;
    out->size = 0;
    if (first || own) {
        put_part(out, s, f->around[SYSTEM][0]);
        if (own && (!first || s->preface))
            put_bytes(out, s->system.data, s->system.size);
        if (first)
            put_bytes(out, contents[0], strlen(contents[0]));
        put_part(out, s, f->around[SYSTEM][1]);
    }
    for (i = first; letters[i]; i++, after_system = 0) {
        const char *const *around = f->around[role_of(letters[i])];
        int inside = after_system && f->after_system;
        if ((i > first || after_system) && !inside)
            put_part(out, s, f->join);
        put_part(out, s, inside ? f->after_system : around[0]);
        put_part(out, s, contents[i + !first]);
        put_part(out, s, around[1]);
    }
    put_part(out, s, f->join);
    if (mentions(s, "add_generation_prompt", 21)) /* without it a program opens the answer */
        put_part(out, s, f->answer);
}

/* A template may refuse a system message, and nothing else. */
static int agrees(const Study *s, const slm__chat_format *f, int own) {
    Buffer want = {NULL, 0, 0};
    size_t i, skip;
    int same = 1, writes_bos = *f->around[USER][0] == '\1';
    if (writes_bos && (!s->bos.size || !s->end.size))
        return 0;
    for (i = 0; i < SHAPES && same; i++) {
        const Buffer *got = &s->written[i];
        if (s->status[i] == TEMPLATE_RAISES && i >= WITH_SYSTEM && s->status[WITH_SYSTEM])
            continue;
        write_format(&want, s, f, i, own);
        skip = s->prints_bos && !writes_bos ? s->bos.size : 0;
        same = !s->status[i] && got->size == want.size + skip &&
               (!skip || begins_with(got, &s->bos)) &&
               memcmp(got->data + skip, want.data, want.size) == 0;
    }
    free(want.data);
    return same;
}

/* What a template writes between the beginning of the format's system message and the message that
   is given, such as Llama 3.1's dates; 0: nothing. */
static int find_preface(Study *s, const slm__chat_format *f) {
    const Buffer *with = &s->written[WITH_SYSTEM];
    size_t skip = s->prints_bos ? s->bos.size : 0, end;
    Buffer begin = {NULL, 0, 0};
    put_part(&begin, s, f->around[SYSTEM][0]);
    s->system.size = 0;
    end = find_bytes(with, skip, contents[0], strlen(contents[0]));
    if (end != SIZE_MAX && begin.size && end > skip + begin.size &&
        end - skip - begin.size <= SYSTEM_LIMIT &&
        memcmp(with->data + skip, begin.data, begin.size) == 0)
        put_bytes(&s->system, with->data + skip + begin.size, end - skip - begin.size);
    free(begin.data);
    return s->system.size > 0;
}

static int agrees_with_preface(Study *s, const slm__chat_format *f) {
    if (s->own != SYSTEM_EMPTY || s->status[WITH_SYSTEM] || !find_preface(s, f))
        return 0;
    s->preface = 1;
    if (agrees(s, f, 1)) {
        s->own = memchr(s->system.data, TEMPLATE_UNKNOWN, s->system.size) ? SYSTEM_UNREAD
                                                                          : SYSTEM_READ;
        return 1;
    }
    s->system.size = 0;
    return s->preface = 0;
}

/* A format that agrees; SLM_CHAT_AUTO: none. An empty system message is one where the format's
   marks stand around it. */
static int find_format(Study *s) {
    int i, own;
    for (i = SLM_CHAT_PLAIN; i < SLM_CHAT_COUNT; i++) {
        for (own = s->own > SYSTEM_EMPTY; own <= (s->own != SYSTEM_NONE); own++)
            if (agrees(s, chat_format(i), own)) {
                s->own = s->own == SYSTEM_EMPTY && own ? SYSTEM_READ : s->own;
                return i;
            }
        if (agrees_with_preface(s, chat_format(i)))
            return i;
    }
    return SLM_CHAT_AUTO;
}

/* ---- templates --------------------------------------------------------------------------- */

/* Of several templates Hugging Face takes the one named default, or none. */
static const Json *default_template(const Json *value) {
    const Json *entry, *chosen = NULL;
    if (value && value->type == JSON_OBJECT)
        return json_get(value, "default");
    if (!value || value->type != JSON_ARRAY)
        return value;
    for (entry = value->first; entry; entry = entry->next)
        if (json_is(json_get(entry, "name"), "default"))
            chosen = json_get(entry, "template");
    return chosen;
}

/* additional_chat_templates of chat_template.jinja: are there any? */
static int has_additional(const char *directory) {
    char *path = join_path(directory, "additional_chat_templates");
    DIR *entries = opendir(path);
    struct dirent *entry;
    int found = 0;
    while (entries && !found && (entry = readdir(entries)) != NULL) {
        size_t size = strlen(entry->d_name);
        found = size > 6 && strcmp(entry->d_name + size - 6, ".jinja") == 0;
    }
    if (entries)
        closedir(entries);
    free(path);
    return found;
}

/* The template that counts; without a tokenizer there is none. */
void chat_read_template(ChatTemplate *out, const char *directory, const Tokenizer *tokenizer) {
    char *path = join_path(directory, "chat_template.jinja");
    char *other = join_path(directory, "additional_chat_templates/default.jinja");
    const Json *value, *chosen;
    out->text = NULL;
    out->size = 0;
    if (!tokenizer->kind)
        return;
    if (!file_exists(path) && has_additional(directory)) {
        out->text = "";
        if (!file_exists(other))
            return;
        path = other;
    }
    if (file_exists(path)) {
        out->text = (const char *)read_whole(path, TEMPLATE_LIMIT, &out->size);
        return;
    }
    path = join_path(directory, "tokenizer_config.json");
    value = json_get(json_read_optional(path), "chat_template");
    chosen = default_template(value);
    if (chosen && chosen->type == JSON_STRING) {
        out->text = chosen->text;
        out->size = chosen->size;
    } else if (value)
        out->text = "";
}

/* ---- the choice -------------------------------------------------------------------------- */

/* Whether BOS comes first is a guess where the template cannot be read: it is said. */
static const char *bos_guess(const Study *s) {
    if (!s->bos.size)
        return "";
    return s->prints_bos ? " begin with BOS, which it mentions"
                         : " do not begin with BOS, which it does not mention";
}

/* Where the user has chosen the format, which may have a BOS of its own. */
static void warn_of_guess(const Study *s, const char *directory, int format, int asks_system) {
    const char *bos = *chat_format(format)->around[USER][0] == '\1' ? "" : bos_guess(s);
    if (*bos || asks_system)
        warn("%s: its chat template cannot be read%s%s%s", directory, *bos ? ": conversations" : "",
             bos, asks_system ? "; a system message of its own, if it has one, is left out "
                                "(--system TEXT sets one)" : "");
}

/* What the format needs and the tokenizer does not have; NULL: nothing. */
static const char *lacking(const Tokenizer *tokenizer, int format) {
    const slm__chat_format *f = chat_format(format);
    size_t i;
    if (!tokenizer->kind)
        return format == SLM_CHAT_PLAIN ? NULL : "tokens";
    for (i = 0; i < f->needed; i++)
        if (*f->marks[i] == '\1') {
            if (tokenizer->bos < 0)
                return "BOS";
        } else if (*f->marks[i] == '\2') {
            if (!get_u32(tokenizer->section.data + END_COUNT_AT))
                return "end token";
        } else if (tokenizer_find(tokenizer, f->marks[i]) < 0)
            return f->marks[i];
    return NULL;
}

/* Of a template; a format that is none of those known becomes plain. */
static int choose_by_template(const char *directory, const Tokenizer *tokenizer, Study *s) {
    int format = find_format(s);
    if (format && !lacking(tokenizer, format))
        return format;
    if (!format)
        warn("%s: its chat template is none of the known chat formats: conversations are plain%s%s "
             "(--chat NAME chooses a format, --system TEXT a system message)", directory,
             s->guesses && s->bos.size ? " and" : "", s->guesses ? bos_guess(s) : "");
    else
        warn("%s: its chat template is %s, but the tokenizer has no %s: conversations are plain "
             "(--chat NAME chooses a format, --system TEXT a system message)", directory,
             chat_format(format)->name, lacking(tokenizer, format));
    return SLM_CHAT_PLAIN;
}

static int choose(const Tokenizer *tokenizer, int usual) {
    if (!lacking(tokenizer, SLM_CHAT_CHATML))
        return SLM_CHAT_CHATML;
    return tokenizer->is_gpt2 ? usual : SLM_CHAT_PLAIN;
}

/* <|im_end|> and its like end an answer, whether or not the configuration says so. */
static void add_end(Tokenizer *tokenizer, int format) {
    unsigned char *head = tokenizer->section.data;
    uint32_t count = get_u32(head + END_COUNT_AT), i;
    uint32_t end = (uint32_t)tokenizer_find(tokenizer, chat_format(format)->end);
    for (i = 0; i < count; i++)
        if (get_u32(head + ENDS_AT + 4 * i) == end)
            return;
    if (count == END_LIMIT)
        return; /* a session looks for it anyway */
    set_u32(head + ENDS_AT + 4 * count, end);
    set_u32(head + END_COUNT_AT, count + 1);
}

/* Whether a template asks for today's date where it may. */
static int asks_for_date(const Study *s) {
    static const char word[] = "strftime_now";
    size_t at;
    for (at = 0; at + sizeof word <= s->size; at++)
        if (memcmp(s->text + at, word, sizeof word - 1) == 0)
            return 1;
    return 0;
}

/* What the template says besides the format. Its own system message is kept whatever the format
   is: the model was trained with it. */
static void keep_template(Chat *chat, const char *directory, const Study *s, int warns) {
    if (s->own == SYSTEM_READ) {
        chat->has_system = 1;
        chat->system = s->system;
        chat->preface = s->preface;
        if (asks_for_date(s) && warns)
            warn("%s: its chat template writes today's date, which no file can have: the template's "
                 "own date stands in its place", directory);
    } else if (s->own == SYSTEM_UNREAD && warns)
        warn("%s: the system message of its chat template depends on what is known only in a "
             "conversation (a date, tools): it is left out (--system TEXT sets one)", directory);
    chat->bos = s->prints_bos ? SLM__BOS_FIRST : SLM__BOS_NOT_FIRST;
}

static void set_format(Chat *chat, const char *source, Tokenizer *tokenizer, int format,
                       int wanted) {
    if (wanted && lacking(tokenizer, wanted))
        fail("%s: --chat %s: the tokenizer has no %s", source, chat_format(wanted)->name,
             lacking(tokenizer, wanted));
    if (*chat_format(format)->end > '\2')
        add_end(tokenizer, format);
    chat->format = (uint32_t)format - 1;
}

/* --system: an empty text means no system message, not even the template's. */
static void set_system(Chat *chat, const char *source, const Tokenizer *tokenizer,
                       const char *text) {
    if (!tokenizer->kind)
        fail("%s: --system: there is no tokenizer, so there are no conversations", source);
    chat->has_system = *text != 0;
    chat->preface = 0;
    chat->system.size = 0;
    put_bytes(&chat->system, text, strlen(text));
}

void chat_choose(Chat *chat, const char *directory, Tokenizer *tokenizer, int usual,
                 const ChatTemplate *template, const ChatOptions *options) {
    static Study s;
    int has_template = tokenizer->kind && template->text, format = options->format;
    memset(chat, 0, sizeof *chat);
    s.text = template->text;
    s.size = template->size;
    if (has_template)
        study(&s, tokenizer);
    if (!format)
        format = has_template ? choose_by_template(directory, tokenizer, &s)
                             : choose(tokenizer, usual);
    else if (has_template && s.guesses)
        warn_of_guess(&s, directory, format, !options->system);
    set_format(chat, directory, tokenizer, format, options->format);
    if (has_template)
        keep_template(chat, directory, &s, !options->system);
    if (options->system)
        set_system(chat, directory, tokenizer, options->system);
    if (chat->bos == SLM__BOS_NOT_FIRST && !tokenizer_adds_bos(tokenizer))
        chat->bos = SLM__BOS_AS_TOKENIZER;
}

/* ---- in a .slm --------------------------------------------------------------------------- */

enum { CHAT_HEAD = 8, PREFACE = 256 };

/* Only where it says something, so that older readers know all that most files say. */
void chat_put(Model *model, const Chat *chat) {
    Buffer *out;
    if (!chat->has_system && chat->bos == SLM__BOS_AS_TOKENIZER)
        return;
    out = &model_section(model, SLM__CHAT, 0)->bytes;
    put_u32(out, chat->bos | (chat->has_system && chat->preface ? PREFACE : 0));
    put_u32(out, chat->has_system ? (uint32_t)chat->system.size + 1 : 0);
    if (chat->has_system) {
        put_bytes(out, chat->system.data, chat->system.size);
        put_zeros(out, 1);
    }
}

static Section *find_section(Model *model, uint32_t kind) {
    uint32_t i;
    for (i = 0; i < model->section_count; i++)
        if (model->sections[i].kind == kind)
            return &model->sections[i];
    return NULL;
}

/* What the file has, taken out of its sections. */
static void take_chat(Chat *chat, Model *model, const char *path) {
    Section *section = find_section(model, SLM__CHAT);
    const unsigned char *bytes = section ? section->bytes.data : NULL;
    uint64_t size = section ? section->bytes.size : 0, length;
    memset(chat, 0, sizeof *chat);
    chat->format = get_u16(model->header + SLM__AT_CHAT_FORMAT);
    if (!section)
        return;
    length = size >= CHAT_HEAD ? get_u32(bytes + 4) : 0;
    if (size < CHAT_HEAD || size - CHAT_HEAD != length || length > SYSTEM_LIMIT + 1 ||
        (get_u32(bytes) & ~(uint32_t)PREFACE) > SLM__BOS_NOT_FIRST)
        fail("%s: damaged: its chat section has a wrong size", path);
    chat->bos = get_u32(bytes) & ~(uint32_t)PREFACE;
    chat->preface = get_u32(bytes) >= PREFACE;
    chat->has_system = length > 0;
    if (length)
        put_bytes(&chat->system, bytes + CHAT_HEAD, (size_t)length - 1);
    memmove(section, section + 1,
            (size_t)(model->sections + --model->section_count - section) * sizeof *section);
    memset(&model->sections[model->section_count], 0, sizeof *section);
}

/* --chat and --system of a .slm. */
void chat_change(Model *model, const char *path, const ChatOptions *options) {
    static Tokenizer tokenizer;
    Section *section = find_section(model, SLM__TOKENIZER);
    Chat chat;
    if (!options->format && !options->system)
        return;
    if (section)
        tokenizer_from_section(&tokenizer, (int)get_u16(model->header + SLM__AT_TOKENIZER), path,
                               &section->bytes);
    take_chat(&chat, model, path);
    if (options->format) {
        set_format(&chat, path, &tokenizer, options->format, options->format);
        model->header[SLM__AT_CHAT_FORMAT] = (unsigned char)chat.format;
        model->header[SLM__AT_CHAT_FORMAT + 1] = 0;
    }
    if (options->system)
        set_system(&chat, path, &tokenizer, options->system);
    section = find_section(model, SLM__TOKENIZER);
    if (section)
        section->bytes = tokenizer.section;
    if (model->section_count == 16)
        fail("%s: no section is left for the system message", path);
    chat_put(model, &chat);
}

const char *chat_system_fault(const char *text) {
    if (strlen(text) > SYSTEM_LIMIT)
        return "is longer than 65535 bytes";
    return utf8_valid(text, strlen(text)) ? NULL : "is not UTF-8";
}
