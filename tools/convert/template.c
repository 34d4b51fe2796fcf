/* template.c - what a chat template writes for a conversation. A template is a program in Jinja.
   This evaluates the usual idioms alone: text and literals, roles and contents, special tokens, if,
   set, and loops over messages. At anything else it gives up. For a value that it cannot know (a
   date, a macro's result) it writes a mark. Work and memory are bounded, and nothing outside of the
   conversation is seen. */
#include "convert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOURCE_LIMIT = 256 << 10, ROOM = 256 << 10, WORK_LIMIT = 4 << 20, DEPTH_LIMIT = 24 };
enum { VARIABLES = 128, FIELDS = 64, ITEMS = 512, LOOPS = 8, ARGUMENTS = 8, MESSAGES = 32,
       LISTED = 32 };

/* ---- lexemes ----------------------------------------------------------------------------- */

typedef enum LexemeKind {
    LEX_TEXT, LEX_PRINT, LEX_TAG, LEX_CLOSE, LEX_NAME, LEX_STRING, LEX_NUMBER, LEX_OPERATOR, LEX_END
} LexemeKind;

typedef struct Lexeme {
    LexemeKind kind;
    const char *text; /* of text, a name, a string (decoded) or an operator */
    size_t size;
    long number;
    size_t next, end; /* of a tag with branches: its next branch, and its end tag */
} Lexeme;

struct Template {
    char *source, *strings;  /* strings: where decoded literals go; never longer than the source */
    size_t size, at, used;
    Lexeme *lexemes;
    size_t count, capacity;
    int broken;              /* 1: something that is not read here */
};

static int is_white(int c) { return c == ' ' || (c >= 9 && c <= 13) || (c >= 0x1C && c <= 0x1F); }
static int is_digit(int c) { return c >= '0' && c <= '9'; }

static int is_name(int c) {
    return c == '_' || is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int same(const char *text, size_t size, const char *word) {
    return size == strlen(word) && memcmp(text, word, size) == 0;
}

static Lexeme *add_lexeme(Template *t, LexemeKind kind, const char *text, size_t size) {
    Lexeme *lexeme;
    if (t->count == t->capacity) {
        t->capacity = t->capacity * 2 + 64;
        t->lexemes = resize(t->lexemes, t->capacity, sizeof *t->lexemes);
    }
    lexeme = &t->lexemes[t->count++];
    memset(lexeme, 0, sizeof *lexeme);
    lexeme->kind = kind;
    lexeme->text = text;
    lexeme->size = size;
    return lexeme;
}

/* Line ends become \n, the last one is left out. Control characters are no part of a template:
   0x01 is the mark of what is unknown. */
static void copy_source(Template *t, const char *text, size_t size) {
    size_t i;
    t->source = allocate(size + 1, 1);
    t->strings = allocate(size + 1, 1);
    for (i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '\r') {
            i += i + 1 < size && text[i + 1] == '\n';
            c = '\n';
        }
        t->broken |= (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F;
        t->source[t->size++] = (char)c;
    }
    if (t->size && t->source[t->size - 1] == '\n')
        t->size--;
    t->source[t->size] = 0;
}

/* `count` hexadecimal digits at *at; -1: they are not there. */
static long read_hex(const Template *t, size_t *at, int count) {
    long value = 0;
    int c;
    for (; count; count--, ++*at) {
        c = *at < t->size ? t->source[*at] : 0;
        if (!is_digit(c) && !((c | 32) >= 'a' && (c | 32) <= 'f'))
            return -1;
        value = value * 16 + (is_digit(c) ? c - '0' : (c | 32) - 'a' + 10);
        if (value > 0x10FFFF)
            return -1;
    }
    return value;
}

static void put_character(Template *t, long code) {
    t->used += utf8_put(t->strings + t->used, (uint32_t)code);
}

/* After a backslash, as Python decodes it; an unknown escape stays as it is. What it stands for is
   never longer. */
static void read_escape(Template *t) {
    static const char from[] = "\\'\"nrtabfv", to[] = "\\'\"\n\r\t\a\b\f\v";
    int c = t->source[t->at++], i;
    const char *found = strchr(from, c);
    long code = 0;
    if (c == '\n')
        return;
    if (c && found)
        code = to[found - from];
    else if (c == 'x' || c == 'u' || c == 'U')
        code = read_hex(t, &t->at, c == 'x' ? 2 : c == 'u' ? 4 : 8);
    else if (c >= '0' && c <= '7') {
        for (i = 0, t->at--; i < 3 && t->source[t->at] >= '0' && t->source[t->at] <= '7'; i++)
            code = code * 8 + (t->source[t->at++] - '0');
    } else {
        t->broken |= c == 'N';
        put_character(t, '\\');
        t->at--;
        return;
    }
    if ((code < 0x20 && code != '\n' && code != '\t') || (code >= 0x7F && code < 0xA0) ||
        (code >= 0xD800 && code < 0xE000))
        t->broken = 1;
    else
        put_character(t, code);
}

static void read_string(Template *t) {
    size_t start = t->used;
    char quote = t->source[t->at++];
    while (t->at < t->size && t->source[t->at] != quote && !t->broken)
        if (t->source[t->at] != '\\')
            t->strings[t->used++] = t->source[t->at++];
        else {
            t->at++;
            t->broken |= t->at >= t->size;
            if (!t->broken)
                read_escape(t);
        }
    t->broken |= t->at >= t->size;
    t->at += !t->broken;
    add_lexeme(t, LEX_STRING, t->strings + start, t->used - start);
}

static void read_operator(Template *t) {
    static const char *const pairs[] = {"==", "!=", "<=", ">=", "//", "**"};
    const char *at = t->source + t->at;
    size_t i, size = 1;
    for (i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (memcmp(at, pairs[i], 2) == 0)
            size = 2;
    t->broken |= !strchr("+-*/%~|.,:()[]{}<>=!", *at) || (*at == '!' && size == 1);
    add_lexeme(t, LEX_OPERATOR, at, size);
    t->at += size;
}

/* One lexeme of an expression. */
static void read_lexeme(Template *t) {
    const char *at = t->source + t->at;
    size_t size = 0;
    Lexeme *lexeme;
    if (*at == '\'' || *at == '"')
        read_string(t);
    else if (!is_name((unsigned char)*at))
        read_operator(t);
    else {
        while (is_name((unsigned char)at[size]))
            size++;
        t->at += size;
        lexeme = add_lexeme(t, is_digit(*at) ? LEX_NUMBER : LEX_NAME, at, size);
        if (lexeme->kind == LEX_NUMBER) {
            t->broken |= strspn(at, "0123456789") != size || size > 6 ||
                         (at[size] == '.' && is_digit(at[size + 1]));
            lexeme->number = strtol(at, NULL, 10);
        }
    }
}

/* ---- text between tags ------------------------------------------------------------------- */

/* How many bytes close a {{ }} or {% %} here, with the white space that they take away; 0: none. */
static size_t closing(const Template *t, int is_tag) {
    const char *at = t->source + t->at;
    size_t sign = *at == '-' || (is_tag && *at == '+'), size;
    if (at[sign] != (is_tag ? '%' : '}') || at[sign + 1] != '}')
        return 0;
    size = sign + 2;
    if (*at == '-')
        while (is_white((unsigned char)at[size]))
            size++;
    else if (is_tag && !sign && at[size] == '\n')
        size++;
    return size;
}

/* {{ or {% up to its end. Inside brackets the end does not count. */
static void read_inside(Template *t, int is_tag) {
    size_t size, depth = 0;
    add_lexeme(t, is_tag ? LEX_TAG : LEX_PRINT, t->source + t->at, 0);
    for (;;) {
        while (t->at < t->size && is_white((unsigned char)t->source[t->at]))
            t->at++;
        size = depth ? 0 : closing(t, is_tag);
        if (size || t->at >= t->size || t->broken)
            break;
        if (strchr("([{", t->source[t->at]))
            depth++;
        else if (strchr(")]}", t->source[t->at])) {
            t->broken |= !depth;
            depth -= depth > 0;
        }
        read_lexeme(t);
    }
    t->broken |= !size;
    t->at += size;
    add_lexeme(t, LEX_CLOSE, t->source + t->at, 0);
}

static void skip_comment(Template *t) {
    const char *end = strstr(t->source + t->at, "#}");
    if (!end) {
        t->broken = 1;
        return;
    }
    if (end > t->source + t->at && end[-1] == '-')
        for (end += 2; is_white((unsigned char)*end);)
            end++;
    else {
        int kept = end > t->source + t->at && end[-1] == '+';
        end += 2;
        end += !kept && *end == '\n';
    }
    t->at = (size_t)(end - t->source);
}

/* The text before a tag without the white space that the tag takes away; line_start: it begins
   a line. */
static void add_text(Template *t, const char *text, size_t size, int line_start) {
    char kind = text[size], sign = kind ? text[size + 2] : 0;
    size_t cut = size;
    if (kind && sign == '-')
        while (size && is_white((unsigned char)text[size - 1]))
            size--;
    else if (kind && sign != '+' && text[size + 1] != '{') {
        while (cut && text[cut - 1] != '\n' && is_white((unsigned char)text[cut - 1]))
            cut--;
        if (cut ? text[cut - 1] == '\n' : line_start)
            size = cut;
    }
    if (size)
        add_lexeme(t, LEX_TEXT, text, size);
}

/* Where {{, {% or {# begins, or the end. */
static size_t find_opening(const Template *t, size_t at) {
    for (; at < t->size; at++)
        if (t->source[at] == '{' && at + 1 < t->size && strchr("{%#", t->source[at + 1]))
            return at;
    return t->size;
}

static void read_lexemes(Template *t) {
    int line_start = 1;
    while (t->at < t->size && !t->broken) {
        size_t open = find_opening(t, t->at);
        char kind;
        add_text(t, t->source + t->at, open - t->at, line_start);
        if (open == t->size)
            break;
        kind = t->source[open + 1];
        t->at = open + 2;
        t->at += t->source[t->at] == '-' || t->source[t->at] == '+';
        if (kind == '#')
            skip_comment(t);
        else
            read_inside(t, kind == '%');
        line_start = t->at > 0 && t->source[t->at - 1] == '\n';
    }
    add_lexeme(t, LEX_END, "", 0);
}

/* ---- tags that belong together ----------------------------------------------------------- */

/* An end tag: every branch learns where it is. */
static void close_block(Template *t, size_t first, size_t end) {
    size_t at = first;
    for (;;) {
        size_t next = t->lexemes[at].next;
        t->lexemes[at].end = end;
        if (!next)
            t->lexemes[at].next = end;
        if (!next)
            return;
        at = next;
    }
}

static int is_tag(const Lexeme *tag, const char *word) {
    return tag[1].kind == LEX_NAME && same(tag[1].text, tag[1].size, word);
}

/* One tag beside the stack of those that are open: the first and the last branch of each. */
static void link_tag(Template *t, size_t at, size_t (*open)[2], size_t *depth) {
    static const char *const ends[][2] = {{"if", "endif"}, {"for", "endfor"},
                                          {"macro", "endmacro"}};
    const Lexeme *tag = &t->lexemes[at], *first = *depth ? &t->lexemes[open[*depth - 1][0]] : NULL;
    size_t i;
    for (i = 0; i < 3; i++) {
        if (is_tag(tag, ends[i][0])) {
            t->broken |= *depth == DEPTH_LIMIT;
            if (!t->broken)
                open[*depth][0] = open[*depth][1] = at, ++*depth;
        } else if (is_tag(tag, ends[i][1])) {
            t->broken |= !first || !is_tag(first, ends[i][0]);
            if (!t->broken)
                close_block(t, open[--*depth][0], at);
        }
    }
    if (is_tag(tag, "else") || is_tag(tag, "elif")) {
        t->broken |= !first || !is_tag(first, "if");
        if (t->broken)
            return;
        t->lexemes[open[*depth - 1][1]].next = at;
        open[*depth - 1][1] = at;
    }
    t->broken |= is_tag(tag, "raw");
}

static void link_tags(Template *t) {
    size_t open[DEPTH_LIMIT][2], depth = 0, i;
    for (i = 0; i < t->count && !t->broken; i++)
        if (t->lexemes[i].kind == LEX_TAG)
            link_tag(t, i, open, &depth);
    t->broken |= depth != 0;
}

Template *template_open(const char *text, size_t size) {
    Template *t = allocate(1, sizeof *t);
    if (size > SOURCE_LIMIT || !utf8_valid(text, size)) {
        t->broken = 1;
        return t;
    }
    copy_source(t, text, size);
    read_lexemes(t);
    link_tags(t);
    return t;
}

void template_close(Template *t) {
    free(t->source);
    free(t->strings);
    free(t->lexemes);
    free(t);
}

/* ---- values ------------------------------------------------------------------------------ */

typedef enum ValueKind {
    IS_UNDEFINED, IS_NONE, IS_BOOLEAN, IS_NUMBER, IS_TEXT, IS_LIST, IS_MESSAGE, IS_LOOP, IS_SPACE,
    IS_UNKNOWN
} ValueKind;

typedef struct Value {
    ValueKind kind;
    const char *text;
    size_t size;   /* of a text; of a list: how many items */
    long number;   /* also a list's first item, or which message, loop or namespace */
} Value;

typedef struct Variable {
    const char *name;
    size_t size;
    long space;    /* of a namespace's field: which one */
    Value value;
} Variable;

typedef struct Reader {
    const Template *t;
    const TemplateInput *input;
    Buffer *out;
    size_t at;
    TemplateStatus status;
    int dead;      /* above 0: what is read does not count */
    int broken;
    size_t work, depth;
    Variable variables[VARIABLES], fields[FIELDS];
    size_t variable_count, field_count;
    Value items[ITEMS], messages[MESSAGES][2]; /* role and content */
    size_t item_count, message_count;
    Value loops[LOOPS];                        /* the list; its text is not used */
    size_t loop_at[LOOPS], loop_count;
    long spaces;
    char *room;
    size_t room_used;
} Reader;

static Value make(ValueKind kind, long number) {
    Value value;
    memset(&value, 0, sizeof value);
    value.kind = kind;
    value.number = number;
    return value;
}

static Value make_text(const char *text, size_t size) {
    Value value = make(IS_TEXT, 0);
    value.text = text;
    value.size = size;
    return value;
}

/* Nothing is evaluated: the branch does not count, or there is no result any more. */
static int idle(const Reader *r) { return r->dead || r->status || r->broken; }

static Value give_up(Reader *r, TemplateStatus status) {
    if (!idle(r))
        r->status = status;
    return make(IS_UNDEFINED, 0);
}

static void spend(Reader *r, size_t work) {
    if (work > r->work)
        r->broken = 1;
    else
        r->work -= work;
}

static char *take_room(Reader *r, size_t size) {
    char *room = r->room + r->room_used;
    spend(r, size + 1);
    if (size > ROOM - r->room_used)
        r->broken = 1;
    if (r->broken)
        return NULL;
    r->room_used += size;
    return room;
}

static int has_unknown(Value value) {
    return value.kind == IS_UNKNOWN ||
           (value.kind == IS_TEXT && memchr(value.text, TEMPLATE_UNKNOWN, value.size));
}

/* As it is written. */
static Value as_text(Reader *r, Value value) {
    static const char unknown[] = {TEMPLATE_UNKNOWN, 0};
    char digits[24], *room;
    int size;
    if (value.kind == IS_TEXT)
        return value;
    if (value.kind == IS_UNDEFINED)
        return make_text("", 0);
    if (value.kind == IS_NONE)
        return make_text("None", 4);
    if (value.kind == IS_BOOLEAN)
        return value.number ? make_text("True", 4) : make_text("False", 5);
    if (value.kind != IS_NUMBER)
        return make_text(unknown, 1);
    size = snprintf(digits, sizeof digits, "%ld", value.number);
    room = take_room(r, (size_t)size);
    if (!room)
        return make_text("", 0);
    memcpy(room, digits, (size_t)size);
    return make_text(room, (size_t)size);
}

static Value join(Reader *r, Value a, Value b) {
    char *room;
    a = as_text(r, a);
    b = as_text(r, b);
    room = take_room(r, a.size + b.size);
    if (!room)
        return make(IS_UNDEFINED, 0);
    memcpy(room, a.text, a.size);
    memcpy(room + a.size, b.text, b.size);
    return make_text(room, a.size + b.size);
}

static int is_true(Reader *r, Value value) {
    switch (value.kind) {
    case IS_UNDEFINED: case IS_NONE: return 0;
    case IS_BOOLEAN: case IS_NUMBER: return value.number != 0;
    case IS_LIST: return value.size != 0;
    case IS_TEXT:
        if (value.size == 1 && has_unknown(value))
            give_up(r, TEMPLATE_UNREAD);
        return value.size != 0;
    case IS_UNKNOWN: give_up(r, TEMPLATE_UNREAD); return 0;
    default: return 1;
    }
}

static int equal(Reader *r, Value a, Value b) {
    int numbers = (a.kind == IS_NUMBER || a.kind == IS_BOOLEAN) &&
                  (b.kind == IS_NUMBER || b.kind == IS_BOOLEAN);
    if (has_unknown(a) || has_unknown(b) || (a.kind == b.kind && a.kind >= IS_LIST)) {
        give_up(r, TEMPLATE_UNREAD);
        return 0;
    }
    if (numbers)
        return a.number == b.number;
    if (a.kind != b.kind)
        return 0;
    spend(r, a.size + 1);
    return a.kind != IS_TEXT || (a.size == b.size && memcmp(a.text, b.text, a.size) == 0);
}

/* Where b stands in a; a.size: nowhere. */
static size_t find_text(Reader *r, Value a, Value b) {
    size_t i;
    spend(r, a.size + 1);
    for (i = 0; !r->broken && b.size <= a.size && i <= a.size - b.size; i++) {
        if (memcmp(a.text + i, b.text, b.size) == 0)
            return i;
        spend(r, b.size / 16);
    }
    return a.size + 1;
}

/* ---- lists and names --------------------------------------------------------------------- */

static Value add_lists(Reader *r, Value a, Value b) {
    Value list = make(IS_LIST, (long)r->item_count);
    size_t i;
    list.size = a.size + b.size;
    spend(r, list.size);
    if (list.size > ITEMS - r->item_count)
        r->broken = 1;
    for (i = 0; i < list.size && !r->broken; i++)
        r->items[r->item_count++] =
            r->items[i < a.size ? (size_t)a.number + i : (size_t)b.number + i - a.size];
    return list;
}

static Variable *find_field(Reader *r, long space, const char *name, size_t size) {
    size_t i;
    for (i = 0; i < r->field_count; i++)
        if (r->fields[i].space == space && r->fields[i].size == size &&
            memcmp(r->fields[i].name, name, size) == 0)
            return &r->fields[i];
    return NULL;
}

static void set_field(Reader *r, long space, const Lexeme *name, Value value) {
    Variable *field = find_field(r, space, name->text, name->size);
    if (!field && r->field_count == FIELDS) {
        r->broken = 1;
        return;
    }
    if (!field) {
        field = &r->fields[r->field_count++];
        field->name = name->text;
        field->size = name->size;
        field->space = space;
    }
    field->value = value;
}

/* from: the first variable of the innermost loop's body; a new one hides one from outside. */
static void set_variable(Reader *r, const Lexeme *name, Value value, size_t from) {
    Variable *variable;
    size_t i;
    for (i = from; i < r->variable_count; i++) {
        variable = &r->variables[i];
        if (variable->size == name->size && memcmp(variable->name, name->text, name->size) == 0) {
            variable->value = value;
            return;
        }
    }
    if (r->variable_count == VARIABLES) {
        r->broken = 1;
        return;
    }
    variable = &r->variables[r->variable_count++];
    variable->name = name->text;
    variable->size = name->size;
    variable->value = value;
}

/* A variable, or what Hugging Face gives a template. */
static Value find_name(Reader *r, const Lexeme *name) {
    static const char *const specials[TOKENIZER_SPECIALS] = {
        "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"};
    const TemplateInput *input = r->input;
    Value list;
    size_t i;
    spend(r, r->variable_count);
    for (i = r->variable_count; i > 0; i--)
        if (r->variables[i - 1].size == name->size &&
            memcmp(r->variables[i - 1].name, name->text, name->size) == 0)
            return r->variables[i - 1].value;
    if (same(name->text, name->size, "loop"))
        return r->loop_count ? make(IS_LOOP, (long)r->loop_count - 1) : make(IS_UNDEFINED, 0);
    if (same(name->text, name->size, "messages")) {
        list = make(IS_LIST, 0);
        list.size = input->count;
        return list;
    }
    if (same(name->text, name->size, "add_generation_prompt"))
        return make(IS_BOOLEAN, 1);
    if (same(name->text, name->size, "tools") || same(name->text, name->size, "documents"))
        return make(IS_NONE, 0);
    for (i = 0; i < TOKENIZER_SPECIALS; i++)
        if (same(name->text, name->size, specials[i]))
            return input->specials[i] ? make_text(input->specials[i], strlen(input->specials[i]))
                                      : make(IS_UNDEFINED, 0);
    return make(same(name->text, name->size, "additional_special_tokens") ? IS_UNKNOWN
                                                                          : IS_UNDEFINED, 0);
}

static Value loop_attribute(Reader *r, long which, const Lexeme *name) {
    long at = (long)r->loop_at[which], count = (long)r->loops[which].size;
    const Value *items = r->items + r->loops[which].number;
    if (same(name->text, name->size, "index"))
        return make(IS_NUMBER, at + 1);
    if (same(name->text, name->size, "index0"))
        return make(IS_NUMBER, at);
    if (same(name->text, name->size, "first"))
        return make(IS_BOOLEAN, at == 0);
    if (same(name->text, name->size, "last"))
        return make(IS_BOOLEAN, at + 1 == count);
    if (same(name->text, name->size, "length"))
        return make(IS_NUMBER, count);
    if (same(name->text, name->size, "revindex"))
        return make(IS_NUMBER, count - at);
    if (same(name->text, name->size, "revindex0"))
        return make(IS_NUMBER, count - at - 1);
    if (same(name->text, name->size, "previtem"))
        return at ? items[at - 1] : make(IS_UNDEFINED, 0);
    if (same(name->text, name->size, "nextitem"))
        return at + 1 < count ? items[at + 1] : make(IS_UNDEFINED, 0);
    return make(IS_UNKNOWN, 0);
}

/* base.name or base['name'] */
static Value member(Reader *r, Value base, const char *text, size_t size) {
    Variable *field;
    if (idle(r))
        return make(IS_UNDEFINED, 0);
    switch (base.kind) {
    case IS_MESSAGE:
        if (same(text, size, "role") || same(text, size, "content"))
            return r->messages[base.number][text[0] == 'c'];
        return make(IS_UNDEFINED, 0);
    case IS_SPACE:
        field = find_field(r, base.number, text, size);
        return field ? field->value : make(IS_UNDEFINED, 0);
    case IS_NONE: case IS_BOOLEAN: case IS_NUMBER: return make(IS_UNDEFINED, 0);
    case IS_UNDEFINED: return give_up(r, TEMPLATE_RAISES);
    default: return make(IS_UNKNOWN, 0);
    }
}

static Value item(Reader *r, Value base, Value index) {
    long at = index.number;
    if (idle(r))
        return make(IS_UNDEFINED, 0);
    if (has_unknown(index) || base.kind == IS_UNKNOWN)
        return make(IS_UNKNOWN, 0);
    if (index.kind == IS_TEXT)
        return member(r, base, index.text, index.size);
    if (base.kind == IS_UNDEFINED)
        return give_up(r, TEMPLATE_RAISES);
    if (base.kind == IS_TEXT)
        return make(IS_UNKNOWN, 0);
    if (base.kind != IS_LIST || index.kind != IS_NUMBER)
        return make(IS_UNDEFINED, 0);
    at += at < 0 ? (long)base.size : 0;
    return at >= 0 && at < (long)base.size ? r->items[base.number + at] : make(IS_UNDEFINED, 0);
}

/* ---- expressions: Jinja's grammar, from the loosest binding to the tightest --------------- */

static Value expression(Reader *r);

static const Lexeme *look(const Reader *r) { return &r->t->lexemes[r->at]; }

/* Is this the next lexeme? Then it is passed. */
static int passes(Reader *r, LexemeKind kind, const char *text) {
    const Lexeme *lexeme = look(r);
    if (lexeme->kind != kind || (text && !same(lexeme->text, lexeme->size, text)))
        return 0;
    r->at++;
    spend(r, 1);
    return 1;
}

static void require(Reader *r, LexemeKind kind, const char *text) {
    if (!passes(r, kind, text))
        r->broken = 1;
}

typedef struct Arguments {
    Value values[ARGUMENTS];
    const Lexeme *names[ARGUMENTS]; /* NULL: by position */
    size_t count;
} Arguments;

/* After an opening bracket, up to the closing one. */
static void read_arguments(Reader *r, Arguments *out) {
    memset(out, 0, sizeof *out);
    while (!passes(r, LEX_OPERATOR, ")") && !r->broken) {
        const Lexeme *name = look(r);
        int named = name->kind == LEX_NAME && name[1].kind == LEX_OPERATOR &&
                    same(name[1].text, name[1].size, "=");
        Value value;
        r->at += named ? 2 : 0;
        value = expression(r);
        if (out->count == ARGUMENTS)
            r->broken = 1;
        else {
            out->names[out->count] = named ? name : NULL;
            out->values[out->count++] = value;
        }
        if (!passes(r, LEX_OPERATOR, ",") && !same(look(r)->text, look(r)->size, ")"))
            r->broken = 1;
    }
}

static Value call_function(Reader *r, const Lexeme *name, const Arguments *arguments) {
    size_t i;
    if (idle(r))
        return make(IS_UNDEFINED, 0);
    if (same(name->text, name->size, "raise_exception"))
        return give_up(r, TEMPLATE_RAISES);
    if (!same(name->text, name->size, "namespace"))
        return make(IS_UNKNOWN, 0);
    r->spaces++;
    for (i = 0; i < arguments->count; i++)
        if (arguments->names[i])
            set_field(r, r->spaces, arguments->names[i], arguments->values[i]);
        else
            r->broken = 1;
    return make(IS_SPACE, r->spaces);
}

/* Whether a strip takes this character away: white space, or one of those that are given. */
static int stripped(char c, const Value *given) {
    if (!given)
        return is_white((unsigned char)c);
    return (unsigned char)c < 0x80 && given->size && memchr(given->text, c, given->size) != NULL;
}

/* ends: 1 the beginning, 2 the end; given: these characters, of ASCII, and not white space. */
static Value strip(Value value, int ends, const Value *given) {
    while (ends & 1 && value.size && stripped(*value.text, given))
        value.text++, value.size--;
    while (ends & 2 && value.size && stripped(value.text[value.size - 1], given))
        value.size--;
    return value;
}

/* The parts of a text between separators, as a list. */
static Value split(Reader *r, Value text, Value separator) {
    Value list = make(IS_LIST, (long)r->item_count);
    if (!separator.size)
        return give_up(r, TEMPLATE_RAISES);
    for (;;) {
        size_t at = find_text(r, text, separator);
        int last = at > text.size;
        r->broken |= r->item_count == ITEMS;
        if (r->broken)
            return list;
        r->items[r->item_count++] = make_text(text.text, last ? text.size : at);
        list.size++;
        if (last)
            return list;
        text.text += at + separator.size;
        text.size -= at + separator.size;
    }
}

/* upper, lower, title or capitalize, of ASCII */
static Value change_case(Reader *r, Value value, char how) {
    char *room = take_room(r, value.size);
    size_t i;
    int inside = 0;
    for (i = 0; room && i < value.size; i++) {
        char c = value.text[i];
        int upper = how == 'u' || (how != 'l' && !inside), letter;
        letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if ((unsigned char)c >= 0x80)
            give_up(r, TEMPLATE_UNREAD);
        room[i] = letter ? (char)(upper ? c & ~32 : c | 32) : c;
        inside = how == 'c' ? 1 : letter;
    }
    return room ? make_text(room, value.size) : make(IS_UNDEFINED, 0);
}

/* What filters and methods of the same name do to a text; *known: 0 if it is none of these. */
static Value change_text(Reader *r, Value value, const Lexeme *name, int *known) {
    static const char *const names[] = {"trim", "strip", "lstrip", "rstrip", "upper", "lower",
                                        "title", "capitalize"};
    size_t i;
    for (i = 0; i < 8 && !same(name->text, name->size, names[i]); i++) {
    }
    *known = i < 8;
    if (!*known)
        return value;
    spend(r, value.size);
    if (i < 4)
        return strip(value, i == 2 ? 1 : i == 3 ? 2 : 3, NULL);
    return change_case(r, value, *names[i]);
}

static Value call_method(Reader *r, Value base, const Lexeme *name, const Arguments *arguments) {
    static const char *const strips[] = {"lstrip", "rstrip", "strip"};
    const Value *first = &arguments->values[0];
    size_t at;
    int known;
    Value value;
    if (idle(r))
        return make(IS_UNDEFINED, 0);
    if (base.kind == IS_UNDEFINED || base.kind == IS_NONE)
        return give_up(r, TEMPLATE_RAISES);
    if (base.kind == IS_MESSAGE && same(name->text, name->size, "get") && arguments->count &&
        first->kind == IS_TEXT) {
        value = member(r, base, first->text, first->size);
        if (value.kind == IS_UNDEFINED)
            value = arguments->count > 1 ? arguments->values[1] : make(IS_NONE, 0);
        return value;
    }
    if (base.kind != IS_TEXT)
        return make(IS_UNKNOWN, 0);
    value = change_text(r, base, name, &known);
    if (known && !arguments->count)
        return value;
    if (arguments->count != 1 || has_unknown(base) || first->kind != IS_TEXT ||
        has_unknown(*first))
        return make(IS_UNKNOWN, 0);
    if (same(name->text, name->size, "startswith"))
        return make(IS_BOOLEAN, find_text(r, base, *first) == 0);
    if (same(name->text, name->size, "split"))
        return split(r, base, *first);
    for (at = 0; at < 3 && !same(name->text, name->size, strips[at]); at++) {
    }
    if (at < 3)
        return strip(base, (int)at + 1, first);
    at = base.size - first->size;
    if (same(name->text, name->size, "endswith"))
        return make(IS_BOOLEAN, first->size <= base.size &&
                                    memcmp(base.text + at, first->text, first->size) == 0);
    return make(IS_UNKNOWN, 0);
}

static Value read_name(Reader *r) {
    const Lexeme *name = look(r);
    Arguments arguments;
    Value value;
    r->at++;
    if (same(name->text, name->size, "true") || same(name->text, name->size, "True"))
        return make(IS_BOOLEAN, 1);
    if (same(name->text, name->size, "false") || same(name->text, name->size, "False"))
        return make(IS_BOOLEAN, 0);
    if (same(name->text, name->size, "none") || same(name->text, name->size, "None"))
        return make(IS_NONE, 0);
    value = find_name(r, name);
    if (!passes(r, LEX_OPERATOR, "("))
        return value;
    read_arguments(r, &arguments);
    return value.kind == IS_UNDEFINED ? call_function(r, name, &arguments) : make(IS_UNKNOWN, 0);
}

/* A list or, in round brackets, a tuple or one value. */
static Value read_list(Reader *r, const char *close) {
    Value items[LISTED], list;
    size_t count = 0, i;
    int comma = 0;
    while (!passes(r, LEX_OPERATOR, close) && !r->broken) {
        items[count++] = expression(r);
        comma = passes(r, LEX_OPERATOR, ",");
        if (count == LISTED || (!comma && !same(look(r)->text, look(r)->size, close)))
            r->broken = 1;
    }
    if (*close == ')' && count == 1 && !comma)
        return items[0];
    list = make(IS_LIST, (long)r->item_count);
    list.size = count;
    if (count > ITEMS - r->item_count)
        r->broken = 1;
    for (i = 0; i < count && !idle(r); i++)
        r->items[r->item_count++] = items[i];
    return list;
}

/* A dictionary counts where it is a message. */
static Value read_dictionary(Reader *r) {
    Value value[2], key, last;
    int i, others = 0;
    value[0] = value[1] = make(IS_UNDEFINED, 0);
    while (!passes(r, LEX_OPERATOR, "}") && !r->broken) {
        key = expression(r);
        require(r, LEX_OPERATOR, ":");
        last = expression(r);
        i = key.kind != IS_TEXT                       ? -1
            : same(key.text, key.size, "role")    ? 0
            : same(key.text, key.size, "content") ? 1
                                                  : -1;
        if (i < 0)
            others = 1;
        else
            value[i] = last;
        if (!passes(r, LEX_OPERATOR, ",") && !same(look(r)->text, look(r)->size, "}"))
            r->broken = 1;
    }
    if (idle(r) || others || r->message_count == MESSAGES || value[0].kind == IS_UNDEFINED ||
        value[1].kind == IS_UNDEFINED)
        return make(IS_UNKNOWN, 0);
    memcpy(r->messages[r->message_count], value, sizeof value);
    return make(IS_MESSAGE, (long)r->message_count++);
}

static Value primary(Reader *r) {
    const Lexeme *lexeme = look(r);
    Value value;
    if (lexeme->kind == LEX_NAME)
        return read_name(r);
    if (passes(r, LEX_NUMBER, NULL))
        return make(IS_NUMBER, lexeme->number);
    if (passes(r, LEX_STRING, NULL)) {
        value = make_text(lexeme->text, lexeme->size);
        for (; look(r)->kind == LEX_STRING; r->at++)
            value = join(r, value, make_text(look(r)->text, look(r)->size));
        return value;
    }
    if (passes(r, LEX_OPERATOR, "("))
        return read_list(r, ")");
    if (passes(r, LEX_OPERATOR, "["))
        return read_list(r, "]");
    if (passes(r, LEX_OPERATOR, "{"))
        return read_dictionary(r);
    r->broken = 1;
    return make(IS_UNDEFINED, 0);
}

/* list[from:to] */
static Value slice(Reader *r, Value base, Value from, Value to) {
    long first = from.kind == IS_NUMBER ? from.number : 0;
    long last = to.kind == IS_NUMBER ? to.number : (long)base.size, size = (long)base.size;
    if (idle(r))
        return make(IS_UNDEFINED, 0);
    if (base.kind == IS_UNDEFINED)
        return give_up(r, TEMPLATE_RAISES);
    if (base.kind != IS_LIST || has_unknown(from) || has_unknown(to))
        return make(IS_UNKNOWN, 0);
    first += first < 0 ? size : 0;
    last += last < 0 ? size : 0;
    first = first < 0 ? 0 : first > size ? size : first;
    last = last > size ? size : last;
    base.number += first;
    base.size = last > first ? (size_t)(last - first) : 0;
    return base;
}

/* list[::-1] */
static Value reversed(Reader *r, Value base) {
    Value list = make(IS_LIST, (long)r->item_count);
    if (idle(r))
        return make(IS_UNDEFINED, 0);
    if (base.kind == IS_UNDEFINED)
        return give_up(r, TEMPLATE_RAISES);
    if (base.kind != IS_LIST)
        return make(IS_UNKNOWN, 0);
    spend(r, base.size);
    if (base.size > ITEMS - r->item_count)
        r->broken = 1;
    for (; list.size < base.size && !r->broken; list.size++)
        r->items[r->item_count++] = r->items[(size_t)base.number + base.size - 1 - list.size];
    return list;
}

/* The step of a slice, behind its second colon: -1 of a whole list, others are not known. */
static Value step(Reader *r, Value base, int whole) {
    Value by = expression(r);
    require(r, LEX_OPERATOR, "]");
    return whole && by.kind == IS_NUMBER && by.number == -1 ? reversed(r, base)
                                                            : make(IS_UNKNOWN, 0);
}

/* After an opening square bracket. */
static Value subscript(Reader *r, Value base) {
    Value from = make(IS_UNDEFINED, 0), to = from;
    int first = 1;
    if (!passes(r, LEX_OPERATOR, ":")) {
        from = expression(r);
        first = 0;
        if (passes(r, LEX_OPERATOR, "]"))
            return item(r, base, from);
        require(r, LEX_OPERATOR, ":");
    }
    if (passes(r, LEX_OPERATOR, ":"))
        return step(r, base, first);
    if (!passes(r, LEX_OPERATOR, "]")) {
        to = expression(r);
        if (passes(r, LEX_OPERATOR, ":"))
            return step(r, base, 0);
        require(r, LEX_OPERATOR, "]");
    }
    return slice(r, base, from, to);
}

static Value attribute(Reader *r, Value base) {
    const Lexeme *name = look(r);
    Arguments arguments;
    require(r, LEX_NAME, NULL);
    if (r->broken)
        return base;
    if (passes(r, LEX_OPERATOR, "(")) {
        read_arguments(r, &arguments);
        return call_method(r, base, name, &arguments);
    }
    if (base.kind == IS_LOOP)
        return loop_attribute(r, base.number, name);
    return member(r, base, name->text, name->size);
}

static Value filter(Reader *r, Value value) {
    const Lexeme *name = look(r);
    Arguments arguments;
    int known;
    Value changed;
    memset(&arguments, 0, sizeof arguments);
    require(r, LEX_NAME, NULL);
    if (passes(r, LEX_OPERATOR, "("))
        read_arguments(r, &arguments);
    if (idle(r))
        return value;
    if (same(name->text, name->size, "length") || same(name->text, name->size, "count"))
        return value.kind == IS_LIST ? make(IS_NUMBER, (long)value.size) : make(IS_UNKNOWN, 0);
    if (same(name->text, name->size, "default") && arguments.count == 1)
        return value.kind == IS_UNDEFINED ? arguments.values[0] : value;
    if (same(name->text, name->size, "first") && value.kind == IS_LIST)
        return item(r, value, make(IS_NUMBER, 0));
    if (same(name->text, name->size, "last") && value.kind == IS_LIST)
        return item(r, value, make(IS_NUMBER, -1));
    if (value.kind == IS_UNKNOWN || value.kind >= IS_LIST || arguments.count)
        return make(IS_UNKNOWN, 0);
    value = as_text(r, value);
    if (same(name->text, name->size, "string") || same(name->text, name->size, "safe"))
        return value;
    changed = change_text(r, value, name, &known);
    return known ? changed : make(IS_UNKNOWN, 0);
}

/* Does a test that is asked by name hold? -1: that is not known. */
static int holds_for(const Lexeme *name, Value value) {
    static const struct { const char *name; unsigned kinds; } tests[] = {
        {"undefined", 1u << IS_UNDEFINED}, {"none", 1u << IS_NONE}, {"string", 1u << IS_TEXT},
        {"mapping", 1u << IS_MESSAGE}, {"boolean", 1u << IS_BOOLEAN},
        {"iterable", 1u << IS_UNDEFINED | 1u << IS_TEXT | 1u << IS_LIST | 1u << IS_MESSAGE},
        {"sequence", 1u << IS_UNDEFINED | 1u << IS_TEXT | 1u << IS_LIST | 1u << IS_MESSAGE}};
    size_t i;
    if (same(name->text, name->size, "defined"))
        return value.kind != IS_UNDEFINED;
    if (value.kind == IS_UNKNOWN)
        return -1;
    if (same(name->text, name->size, "true") || same(name->text, name->size, "false"))
        return value.kind == IS_BOOLEAN && value.number == (name->text[0] == 't');
    for (i = 0; i < sizeof tests / sizeof *tests; i++)
        if (same(name->text, name->size, tests[i].name))
            return (int)(tests[i].kinds >> value.kind & 1);
    return -1;
}

/* value is name; what a test may have behind its name is passed. */
static Value test(Reader *r, Value value) {
    int negated = passes(r, LEX_NAME, "not"), holds;
    const Lexeme *name = look(r);
    Arguments arguments;
    require(r, LEX_NAME, NULL);
    holds = r->broken ? -1 : holds_for(name, value);
    if (holds >= 0)
        return make(IS_BOOLEAN, holds != negated);
    if (passes(r, LEX_OPERATOR, "("))
        read_arguments(r, &arguments);
    else if (look(r)->kind == LEX_STRING || look(r)->kind == LEX_NUMBER)
        r->at++;
    return make(IS_UNKNOWN, 0);
}

static Value postfix(Reader *r, Value value) {
    for (;;) {
        if (passes(r, LEX_OPERATOR, "."))
            value = attribute(r, value);
        else if (passes(r, LEX_OPERATOR, "["))
            value = subscript(r, value);
        else if (look(r)->kind == LEX_OPERATOR && same(look(r)->text, look(r)->size, "("))
            r->broken = 1;
        else
            return value;
        if (r->broken)
            return value;
    }
}

static Value unary(Reader *r) {
    Value value;
    if (passes(r, LEX_OPERATOR, "-")) {
        value = postfix(r, primary(r));
        if (value.kind != IS_NUMBER && !idle(r))
            give_up(r, TEMPLATE_UNREAD);
        value.number = -value.number;
    } else
        value = postfix(r, primary(r));
    while (!r->broken)
        if (passes(r, LEX_OPERATOR, "|"))
            value = filter(r, value);
        else if (passes(r, LEX_NAME, "is"))
            value = test(r, value);
        else
            break;
    return value;
}

static Value product(Reader *r) {
    static const char *const operators[] = {"%", "*", "/", "//", "**"};
    Value a = unary(r), b;
    size_t i;
    for (;;) {
        for (i = 0; i < 5 && !passes(r, LEX_OPERATOR, operators[i]); i++) {
        }
        if (i == 5 || r->broken)
            return a;
        b = unary(r);
        if (idle(r))
            continue;
        if (i > 0 || a.kind != IS_NUMBER || b.kind != IS_NUMBER || b.number <= 0 || a.number < 0)
            a = make(IS_UNKNOWN, 0);
        else
            a.number %= b.number;
    }
}

static Value joined(Reader *r) {
    Value a = product(r), b;
    while (passes(r, LEX_OPERATOR, "~")) {
        b = product(r);
        if (!idle(r))
            a = join(r, a, b);
    }
    return a;
}

static Value add(Reader *r, Value a, Value b) {
    int texts = (a.kind == IS_TEXT || a.kind == IS_UNKNOWN) &&
                (b.kind == IS_TEXT || b.kind == IS_UNKNOWN);
    if (idle(r))
        return a;
    if (a.kind == IS_NUMBER && b.kind == IS_NUMBER)
        return make(IS_NUMBER, a.number + b.number);
    if (a.kind == IS_LIST && b.kind == IS_LIST)
        return add_lists(r, a, b);
    if (texts && (a.kind == IS_TEXT || b.kind == IS_TEXT))
        return join(r, a, b);
    if (a.kind == IS_UNKNOWN || b.kind == IS_UNKNOWN)
        return make(IS_UNKNOWN, 0);
    return give_up(r, TEMPLATE_RAISES);
}

static Value sum(Reader *r) {
    Value a = joined(r), b;
    for (;;) {
        if (passes(r, LEX_OPERATOR, "+"))
            a = add(r, a, joined(r));
        else if (passes(r, LEX_OPERATOR, "-")) {
            b = joined(r);
            a = a.kind == IS_NUMBER && b.kind == IS_NUMBER ? make(IS_NUMBER, a.number - b.number)
                                                           : make(IS_UNKNOWN, 0);
        } else
            return a;
        if (r->broken || a.number > 1000000 || a.number < -1000000) {
            r->broken = 1;
            return a;
        }
    }
}

static int is_in(Reader *r, Value a, Value b) {
    size_t i;
    if (b.kind == IS_MESSAGE && a.kind == IS_TEXT)
        return same(a.text, a.size, "role") || same(a.text, a.size, "content");
    if (b.kind == IS_UNDEFINED)
        return 0;
    if (has_unknown(a) || has_unknown(b) || (b.kind != IS_LIST && b.kind != IS_TEXT)) {
        give_up(r, b.kind == IS_NONE ? TEMPLATE_RAISES : TEMPLATE_UNREAD);
        return 0;
    }
    if (b.kind == IS_TEXT && a.kind != IS_TEXT) {
        give_up(r, TEMPLATE_RAISES);
        return 0;
    }
    if (b.kind == IS_TEXT)
        return find_text(r, b, a) <= b.size;
    for (i = 0; i < b.size; i++)
        if (equal(r, a, r->items[(size_t)b.number + i]))
            return 1;
    return 0;
}

enum { COMPARE_EQUAL, COMPARE_UNEQUAL, COMPARE_LESS, COMPARE_MOST, COMPARE_MORE, COMPARE_LEAST,
       COMPARE_IN, COMPARE_NOT_IN, COMPARE_NONE };

static int read_comparison(Reader *r) {
    static const char *const operators[] = {"==", "!=", "<", "<=", ">", ">="};
    int i;
    for (i = 0; i < 6; i++)
        if (passes(r, LEX_OPERATOR, operators[i]))
            return i;
    if (passes(r, LEX_NAME, "in"))
        return COMPARE_IN;
    if (same(look(r)->text, look(r)->size, "not") && is_tag(look(r), "in") &&
        look(r)->kind == LEX_NAME) {
        r->at += 2;
        return COMPARE_NOT_IN;
    }
    return COMPARE_NONE;
}

static int compare(Reader *r, Value a, Value b, int how) {
    if (idle(r))
        return 0;
    if (how <= COMPARE_UNEQUAL)
        return equal(r, a, b) == (how == COMPARE_EQUAL);
    if (how >= COMPARE_IN)
        return is_in(r, a, b) == (how == COMPARE_IN);
    if (a.kind != IS_NUMBER || b.kind != IS_NUMBER) {
        give_up(r, TEMPLATE_UNREAD);
        return 0;
    }
    return how == COMPARE_LESS   ? a.number < b.number
           : how == COMPARE_MOST ? a.number <= b.number
           : how == COMPARE_MORE ? a.number > b.number
                                 : a.number >= b.number;
}

static Value comparison(Reader *r) {
    Value a = sum(r), b;
    int how = read_comparison(r), holds = 1;
    if (how == COMPARE_NONE)
        return a;
    for (; how != COMPARE_NONE && !r->broken; how = read_comparison(r)) {
        b = sum(r);
        holds &= compare(r, a, b, how);
        a = b;
    }
    return make(IS_BOOLEAN, holds);
}

static Value negation(Reader *r) {
    size_t count = 0;
    Value value;
    while (passes(r, LEX_NAME, "not"))
        count++;
    value = comparison(r);
    if (!count)
        return value;
    return make(IS_BOOLEAN, (idle(r) ? 0 : is_true(r, value)) == (count % 2 == 0));
}

/* part word part word ...; where the first ones decide, as false of `and` does, the others are read
   without counting. */
static Value chain(Reader *r, Value (*part)(Reader *r), const char *word, int decides) {
    Value a = part(r), b;
    while (passes(r, LEX_NAME, word)) {
        int decided = !idle(r) && is_true(r, a) == decides;
        r->dead += decided;
        b = part(r);
        r->dead -= decided;
        a = decided ? a : b;
    }
    return a;
}

static Value conjunction(Reader *r) { return chain(r, negation, "and", 0); }
static Value disjunction(Reader *r) { return chain(r, conjunction, "or", 1); }

/* a if condition else b. a comes first and may have failed, which counts if it is taken. */
static Value expression(Reader *r) {
    Value a, b;
    if (++r->depth > DEPTH_LIMIT) {
        r->broken = 1;
        r->depth--;
        return make(IS_UNDEFINED, 0);
    }
    a = disjunction(r);
    while (passes(r, LEX_NAME, "if") && !r->broken) {
        TemplateStatus of_a = r->status;
        int taken;
        if (!r->dead)
            r->status = TEMPLATE_READ;
        b = disjunction(r);
        taken = !idle(r) && is_true(r, b);
        if (taken && !r->status)
            r->status = of_a;
        r->dead += taken;
        b = passes(r, LEX_NAME, "else") ? expression(r) : make(IS_UNDEFINED, 0);
        r->dead -= taken;
        a = taken ? a : b;
    }
    r->depth--;
    return a;
}

/* ---- tags -------------------------------------------------------------------------------- */

static void walk(Reader *r, size_t end, size_t scope);

static void print(Reader *r) {
    Value value = expression(r);
    require(r, LEX_CLOSE, NULL);
    if (idle(r))
        return;
    value = as_text(r, value);
    spend(r, value.size);
    if (value.size > ROOM - r->out->size)
        r->broken = 1;
    else
        put_bytes(r->out, value.text, value.size);
}

/* if, elif and else: one branch counts. */
static void read_if(Reader *r, size_t tag, size_t scope) {
    const Lexeme *lexemes = r->t->lexemes;
    size_t end = lexemes[tag].end;
    int holds;
    while (tag != end && !idle(r)) {
        r->at = tag + 2;
        holds = is_tag(&lexemes[tag], "else") || is_true(r, expression(r));
        require(r, LEX_CLOSE, NULL);
        if (idle(r))
            return;
        if (holds) {
            walk(r, lexemes[tag].next, scope);
            break;
        }
        tag = lexemes[tag].next;
    }
    r->at = end + 3;
}

static void read_for(Reader *r, size_t tag) {
    const Lexeme *name = look(r);
    size_t end = r->t->lexemes[tag].end, scope = r->variable_count, body, i;
    Value list;
    require(r, LEX_NAME, NULL);
    require(r, LEX_NAME, "in");
    list = r->broken ? make(IS_UNKNOWN, 0) : disjunction(r); /* a filter ("if") is not read */
    require(r, LEX_CLOSE, NULL);
    body = r->at;
    if (list.kind == IS_UNDEFINED)
        list = make(IS_LIST, 0);
    if (list.kind != IS_LIST)
        give_up(r, TEMPLATE_UNREAD);
    if (r->loop_count == LOOPS)
        r->broken = 1;
    if (idle(r))
        return;
    r->loops[r->loop_count++] = list;
    for (i = 0; i < list.size && !idle(r); i++) {
        r->variable_count = scope;
        r->loop_at[r->loop_count - 1] = i;
        set_variable(r, name, r->items[(size_t)list.number + i], scope);
        r->at = body;
        walk(r, end, scope);
    }
    r->loop_count--;
    r->variable_count = scope;
    r->at = end + 3;
}

/* set name = value, or set namespace.name = value */
static void read_set(Reader *r, size_t scope) {
    const Lexeme *name = look(r), *field = NULL;
    Value value, space;
    require(r, LEX_NAME, NULL);
    if (passes(r, LEX_OPERATOR, ".")) {
        field = look(r);
        require(r, LEX_NAME, NULL);
    }
    require(r, LEX_OPERATOR, "=");
    value = r->broken ? make(IS_UNKNOWN, 0) : expression(r);
    require(r, LEX_CLOSE, NULL);
    if (idle(r))
        return;
    if (!field) {
        set_variable(r, name, value, scope);
        return;
    }
    space = find_name(r, name);
    if (space.kind == IS_SPACE)
        set_field(r, space.number, field, value);
    else
        give_up(r, TEMPLATE_UNREAD);
}

static void read_tag(Reader *r, size_t scope) {
    size_t tag = r->at++;
    const Lexeme *lexeme = &r->t->lexemes[tag];
    r->at++;
    if (is_tag(lexeme, "if"))
        read_if(r, tag, scope);
    else if (is_tag(lexeme, "for"))
        read_for(r, tag);
    else if (is_tag(lexeme, "set"))
        read_set(r, scope);
    else if (is_tag(lexeme, "macro"))
        r->at = lexeme->end + 3;
    else if (is_tag(lexeme, "generation") || is_tag(lexeme, "endgeneration"))
        require(r, LEX_CLOSE, NULL);
    else
        r->broken = 1;
}

/* The lexemes up to `end`. */
static void walk(Reader *r, size_t end, size_t scope) {
    if (++r->depth > DEPTH_LIMIT)
        r->broken = 1;
    while (r->at < end && !idle(r)) {
        const Lexeme *lexeme = look(r);
        spend(r, 1);
        if (lexeme->kind == LEX_TEXT) {
            spend(r, lexeme->size);
            if (lexeme->size > ROOM - r->out->size)
                r->broken = 1;
            else
                put_bytes(r->out, lexeme->text, lexeme->size);
            r->at++;
        } else if (lexeme->kind == LEX_PRINT) {
            r->at++;
            print(r);
        } else if (lexeme->kind == LEX_TAG)
            read_tag(r, scope);
        else
            r->broken = 1;
    }
    r->depth--;
}

TemplateStatus template_write(const Template *t, const TemplateInput *input, Buffer *out) {
    Reader *r;
    TemplateStatus status;
    size_t i;
    out->size = 0;
    if (t->broken)
        return TEMPLATE_UNREAD;
    r = allocate(1, sizeof *r);
    r->t = t;
    r->input = input;
    r->out = out;
    r->work = WORK_LIMIT;
    r->room = allocate(ROOM, 1);
    for (i = 0; i < input->count; i++) {
        r->items[i] = make(IS_MESSAGE, (long)i);
        r->messages[i][0] = make_text(input->roles[i], strlen(input->roles[i]));
        r->messages[i][1] = make_text(input->contents[i], strlen(input->contents[i]));
    }
    r->item_count = r->message_count = input->count;
    walk(r, t->count - 1, 0);
    status = r->broken ? TEMPLATE_UNREAD : r->status;
    free(r->room);
    free(r);
    return status;
}
