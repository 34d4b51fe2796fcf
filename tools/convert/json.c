/* json.c - a strict JSON reader. What it reads stays in memory until the program ends. */
#include "convert.h"

#include <stdlib.h>
#include <string.h>

/* VALUE_LIMIT: of 72 bytes each; a tokenizer of 262,144 tokens with 515,000 merges that are pairs
   has 1.8 million values. */
enum { DEPTH_LIMIT = 64, FILE_LIMIT = 64 << 20, VALUE_LIMIT = 5 << 19, BLOCK = 1 << 20 };

typedef struct Reader {
    const char *name;
    const unsigned char *text;
    size_t at, size;
    char *block;      /* the current block of the arena */
    size_t block_left;
    size_t values;
} Reader;

static void json_fail(Reader *reader, const char *what) CONV_NORETURN;
static void json_fail(Reader *reader, const char *what) {
    fail("%s: JSON: %s at byte %llu", reader->name, what, (unsigned long long)reader->at);
}

static void *arena(Reader *reader, size_t size) {
    void *memory;
    size = (size + 7) / 8 * 8;
    if (size > reader->block_left) {
        reader->block_left = size > BLOCK ? size : BLOCK;
        reader->block = allocate(reader->block_left, 1);
    }
    memory = reader->block;
    reader->block += size;
    reader->block_left -= size;
    return memory;
}

static void skip_space(Reader *reader) {
    while (reader->at < reader->size && strchr(" \t\n\r", reader->text[reader->at]) &&
           reader->text[reader->at])
        reader->at++;
}

static int peek(const Reader *reader) {
    return reader->at < reader->size ? reader->text[reader->at] : -1;
}

static void expect(Reader *reader, int character, const char *what) {
    if (peek(reader) != character)
        json_fail(reader, what);
    reader->at++;
}

/* ---- strings ----------------------------------------------------------------------------- */

static uint32_t read_hex4(Reader *reader) {
    uint32_t value = 0;
    int i, c;
    for (i = 0; i < 4; i++) {
        c = peek(reader);
        if (c >= '0' && c <= '9')
            c -= '0';
        else if (c >= 'a' && c <= 'f')
            c -= 'a' - 10;
        else if (c >= 'A' && c <= 'F')
            c -= 'A' - 10;
        else
            json_fail(reader, "bad \\u escape");
        value = value * 16 + (uint32_t)c;
        reader->at++;
    }
    return value;
}

/* After the backslash. An escape is never shorter than the UTF-8 that it stands for. */
static size_t read_escape(Reader *reader, char *out) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *found;
    uint32_t code, low;
    int c = peek(reader);
    reader->at++;
    if (c > 0 && c != 'u' && (found = strchr(from, c)) != NULL) {
        *out = to[found - from];
        return 1;
    }
    if (c != 'u')
        json_fail(reader, "bad escape");
    code = read_hex4(reader);
    if (code >= 0xDC00 && code < 0xE000)
        json_fail(reader, "lone surrogate");
    if (code >= 0xD800 && code < 0xDC00) {
        expect(reader, '\\', "lone surrogate");
        expect(reader, 'u', "lone surrogate");
        low = read_hex4(reader);
        if (low < 0xDC00 || low >= 0xE000)
            json_fail(reader, "lone surrogate");
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    return utf8_put(out, code);
}

static size_t copy_character(Reader *reader, char *out) {
    const unsigned char *text = reader->text + reader->at;
    size_t size = utf8_size(text, reader->size - reader->at);
    if (!size)
        json_fail(reader, "invalid UTF-8");
    memcpy(out, text, size);
    reader->at += size;
    return size;
}

static const char *read_string(Reader *reader, size_t *size) {
    size_t end;
    char *out;
    expect(reader, '"', "a string is missing");
    for (end = reader->at; end < reader->size && reader->text[end] != '"'; end++)
        if (reader->text[end] == '\\')
            end++;
    if (end >= reader->size)
        json_fail(reader, "a string does not end");
    out = arena(reader, end - reader->at + 1);
    *size = 0;
    while (peek(reader) != '"') {
        if (peek(reader) < 0x20)
            json_fail(reader, "control character in a string");
        if (peek(reader) == '\\') {
            reader->at++;
            *size += read_escape(reader, out + *size);
        } else
            *size += copy_character(reader, out + *size);
    }
    reader->at++;
    out[*size] = 0;
    return out;
}

/* ---- values ------------------------------------------------------------------------------ */

static void skip_digits(Reader *reader) {
    if (peek(reader) < '0' || peek(reader) > '9')
        json_fail(reader, "bad number");
    while (peek(reader) >= '0' && peek(reader) <= '9')
        reader->at++;
}

static void read_number(Reader *reader, Json *value) {
    size_t start = reader->at, digits, i;
    int negative = peek(reader) == '-';
    if (negative)
        reader->at++;
    digits = reader->at;
    skip_digits(reader);
    if (reader->text[digits] == '0' && reader->at - digits > 1)
        json_fail(reader, "bad number");
    value->is_integer = reader->at - digits <= 18;
    for (i = digits; value->is_integer && i < reader->at; i++)
        value->integer = value->integer * 10 + (reader->text[i] - '0');
    if (negative)
        value->integer = -value->integer;
    if (peek(reader) == '.') {
        reader->at++;
        value->is_integer = 0;
        skip_digits(reader);
    }
    if (peek(reader) == 'e' || peek(reader) == 'E') {
        reader->at++;
        value->is_integer = 0;
        if (peek(reader) == '+' || peek(reader) == '-')
            reader->at++;
        skip_digits(reader);
    }
    value->type = JSON_NUMBER;
    value->number = strtod((const char *)reader->text + start, NULL);
}

static void read_word(Reader *reader, Json *value, const char *word, JsonType type) {
    size_t size = strlen(word);
    if (reader->size - reader->at < size || memcmp(reader->text + reader->at, word, size) != 0)
        json_fail(reader, "bad value");
    reader->at += size;
    value->type = type;
}

static int compare_keys(const void *a, const void *b) {
    const Json *x = *(const Json *const *)a, *y = *(const Json *const *)b;
    size_t size = x->key_size < y->key_size ? x->key_size : y->key_size;
    int order = memcmp(x->key, y->key, size);
    return order ? order : (x->key_size > y->key_size) - (x->key_size < y->key_size);
}

static void refuse_duplicates(Reader *reader, const Json *object) {
    const Json **members, *member;
    size_t i = 0;
    if (object->size < 2)
        return;
    members = allocate(object->size, sizeof *members);
    for (member = object->first; member; member = member->next)
        members[i++] = member;
    qsort(members, i, sizeof *members, compare_keys);
    for (i = 1; i < object->size; i++)
        if (compare_keys(&members[i - 1], &members[i]) == 0)
            fail("%s: JSON: duplicate key \"%s\"", reader->name, members[i]->key);
    free((void *)members);
}

static Json *read_value(Reader *reader, int depth);

static void read_container(Reader *reader, Json *value, int depth) {
    int is_object = peek(reader) == '{', close = is_object ? '}' : ']';
    Json **link = &value->first;
    const char *key = NULL;
    size_t key_size = 0;
    value->type = is_object ? JSON_OBJECT : JSON_ARRAY;
    reader->at++;
    skip_space(reader);
    while (value->size || peek(reader) != close) {
        skip_space(reader);
        if (is_object) {
            key = read_string(reader, &key_size);
            skip_space(reader);
            expect(reader, ':', "a colon is missing");
        }
        *link = read_value(reader, depth + 1);
        (*link)->key = key;
        (*link)->key_size = key_size;
        link = &(*link)->next;
        value->size++;
        skip_space(reader);
        if (peek(reader) != ',')
            break;
        reader->at++;
    }
    expect(reader, close, is_object ? "} or a comma is missing" : "] or a comma is missing");
    if (is_object)
        refuse_duplicates(reader, value);
}

static Json *read_value(Reader *reader, int depth) {
    Json *value = arena(reader, sizeof *value);
    if (depth > DEPTH_LIMIT)
        json_fail(reader, "nested too deeply");
    if (++reader->values > VALUE_LIMIT)
        json_fail(reader, "too many values");
    skip_space(reader);
    switch (peek(reader)) {
    case '{': case '[': read_container(reader, value, depth); break;
    case '"':
        value->type = JSON_STRING;
        value->text = read_string(reader, &value->size);
        break;
    case 'n': read_word(reader, value, "null", JSON_NULL); break;
    case 't': read_word(reader, value, "true", JSON_TRUE); break;
    case 'f': read_word(reader, value, "false", JSON_FALSE); break;
    default: read_number(reader, value);
    }
    return value;
}

Json *json_parse(const char *name, const unsigned char *text, size_t size) {
    Reader reader;
    Json *value;
    memset(&reader, 0, sizeof reader);
    reader.name = name;
    reader.text = text;
    reader.size = size;
    value = read_value(&reader, 0);
    skip_space(&reader);
    if (reader.at != size)
        json_fail(&reader, "something follows the value");
    return value;
}

Json *json_read_any(const char *path) {
    size_t size;
    unsigned char *text = read_whole(path, FILE_LIMIT, &size);
    Json *value = json_parse(path, text, size);
    free(text);
    return value;
}

Json *json_read(const char *path) {
    Json *value = json_read_any(path);
    if (value->type != JSON_OBJECT)
        fail("%s: not a JSON object", path);
    return value;
}

Json *json_read_optional(const char *path) { return file_exists(path) ? json_read(path) : NULL; }

const Json *json_member(const Json *object, const char *key) {
    const Json *member;
    size_t size = strlen(key);
    if (!object || object->type != JSON_OBJECT)
        return NULL;
    for (member = object->first; member; member = member->next)
        if (member->key_size == size && memcmp(member->key, key, size) == 0)
            return member;
    return NULL;
}

const Json *json_get(const Json *object, const char *key) {
    const Json *member = json_member(object, key);
    return member && member->type == JSON_NULL ? NULL : member;
}

int json_is(const Json *string, const char *text) {
    return string && string->type == JSON_STRING && string->size == strlen(text) &&
           memcmp(string->text, text, string->size) == 0;
}

int json_flag(const Json *object, const char *path, const char *key, int absent) {
    const Json *value = json_get(object, key);
    if (value && value->type != JSON_TRUE && value->type != JSON_FALSE)
        fail("%s: %s must be true or false", path, key);
    return value ? value->type == JSON_TRUE : absent;
}

unsigned version_from(const Json *config) {
    const Json *version = json_get(config, "transformers_version");
    unsigned long first = 0;
    if (version && version->type == JSON_STRING)
        first = strtoul(version->text, NULL, 10);
    return first < 1000 ? (unsigned)first : 0;
}
