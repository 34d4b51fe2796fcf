/* json.h - strings of JSON, for slm-tokenize and slm-encode. They are decoded where they stand, since
   that never makes one longer. */
#ifndef SLM_TOOLS_JSON_H
#define SLM_TOOLS_JSON_H

#include "common.h"

typedef struct span {
    char *bytes; /* NULL: none */
    size_t size;
} span;

typedef struct json {
    char *at, *end;
    const char *error; /* NULL: none so far */
} json;

static int json_fail(json *j, const char *error) {
    if (!j->error) j->error = error;
    return 0;
}

static void json_space(json *j) {
    while (j->at < j->end && (*j->at == ' ' || *j->at == '\t' || *j->at == '\r')) j->at++;
}

/* The character that comes next; 0: the end. */
static char json_peek(json *j) {
    json_space(j);
    return j->at < j->end ? *j->at : (char)0;
}

static int json_take(json *j, char wanted) {
    if (json_peek(j) != wanted) return json_fail(j, "not valid JSON");
    j->at++;
    return 1;
}

/* Four hexadecimal digits; -1: they are not. */
static long json_hex(json *j) {
    long value = 0;
    int i;
    if (j->end - j->at < 4) return -1;
    for (i = 0; i < 4; i++, j->at++) {
        char c = *j->at;
        if (c >= '0' && c <= '9') value = value * 16 + (c - '0');
        else if (c >= 'a' && c <= 'f') value = value * 16 + (c - 'a' + 10);
        else if (c >= 'A' && c <= 'F') value = value * 16 + (c - 'A' + 10);
        else return -1;
    }
    return value;
}

/* Behind "\u": a code point, of two surrogates if it must be; its UTF-8 goes to *to. */
static int json_code_point(json *j, char **to) {
    static const char bad[] = "a \\u of a JSON string is no character";
    long code = json_hex(j), low;
    int size, i;
    if (code < 0 || (code >= 0xDC00 && code < 0xE000)) return json_fail(j, bad);
    if (code >= 0xD800 && code < 0xDC00) {
        if (j->end - j->at < 6 || j->at[0] != '\\' || j->at[1] != 'u') return json_fail(j, bad);
        j->at += 2;
        low = json_hex(j);
        if (low < 0xDC00 || low >= 0xE000) return json_fail(j, bad);
        code = 0x10000 + (code - 0xD800) * 0x400 + (low - 0xDC00);
    }
    size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (i = size; i-- > 1; code >>= 6) (*to)[i] = (char)(0x80 | (code & 0x3F));
    (*to)[0] = (char)(size == 1 ? code : code | (0xF00 >> size & 0xF0));
    *to += size;
    return 1;
}

static int json_escape(json *j, char **to) {
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char *name;
    if (++j->at < j->end && *j->at == 'u') {
        j->at++;
        return json_code_point(j, to);
    }
    name = j->at < j->end && *j->at ? strchr(names, *j->at) : NULL;
    if (!name) return json_fail(j, "a JSON string has an unknown escape");
    *(*to)++ = values[name - names];
    j->at++;
    return 1;
}

static int json_string(json *j, span *out) {
    char *to;
    if (!json_take(j, '"')) return 0;
    out->bytes = to = j->at;
    while (j->at < j->end && *j->at != '"') {
        size_t bad, size = tool_character((const unsigned char *)j->at,
                                          (size_t)(j->end - j->at), &bad);
        if (!size) return json_fail(j, "not valid UTF-8");
        if ((unsigned char)*j->at < 0x20)
            return json_fail(j, "a control character in a JSON string");
        if (*j->at == '\\') {
            if (!json_escape(j, &to)) return 0;
            continue;
        }
        while (size--) *to++ = *j->at++;
    }
    out->size = (size_t)(to - out->bytes);
    return j->at < j->end ? json_take(j, '"') : json_fail(j, "a JSON string does not end");
}

#endif
