/* turns.c - the turn format of a checkpoint. A chat template is a program: here it is searched for
   the marks of the formats that are known, and never run. */
#include "convert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEMPLATE_LIMIT = 1 << 20, END_LIMIT = 8 };
enum { END_COUNT_AT = 24, ENDS_AT = 28 }; /* in a tokenizer section, whatever its kind */

static const char *const names[TURNS_COUNT] = {"plain", "phi-2", "chatml", "llama-2", "zephyr"};

int turns_by_name(const char *name) {
    int i;
    for (i = 0; i < TURNS_COUNT; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

/* ---- templates --------------------------------------------------------------------------- */

static int template_turns(const char *text) {
    if (strstr(text, "<|im_start|>") && strstr(text, "<|im_end|>"))
        return TURNS_CHATML;
    if (strstr(text, "[INST]") && strstr(text, "<<SYS>>"))
        return TURNS_LLAMA2;
    if (strstr(text, "<|user|>") && strstr(text, "<|assistant|>") && !strstr(text, "<|end|>") &&
        (strstr(text, "eos_token") || strstr(text, "</s>")))
        return TURNS_ZEPHYR;
    if (strstr(text, "Instruct:") && strstr(text, "Output:"))
        return TURNS_PHI2;
    return -1;
}

/* Of several templates the one named default, or else the first. */
static const Json *default_template(const Json *value) {
    const Json *entry, *chosen = NULL;
    if (!value || value->type != JSON_ARRAY)
        return value;
    for (entry = value->first; entry; entry = entry->next)
        if (!chosen || json_is(json_get(entry, "name"), "default"))
            chosen = entry;
    return json_get(chosen, "template");
}

/* NULL: there is none. */
static const char *read_template(const char *directory) {
    char *path = join_path(directory, "chat_template.jinja");
    const Json *value;
    size_t size;
    if (file_exists(path))
        return (const char *)read_whole(path, TEMPLATE_LIMIT, &size);
    path = join_path(directory, "tokenizer_config.json");
    value = default_template(json_get(json_read_optional(path), "chat_template"));
    return value && value->type == JSON_STRING ? value->text : NULL;
}

/* ---- the choice -------------------------------------------------------------------------- */

/* What the format needs and the tokenizer does not have; NULL: nothing. */
static const char *lacking(const Tokenizer *tokenizer, int turns) {
    int ends = tokenizer->kind && get_u32(tokenizer->section.data + END_COUNT_AT);
    if (!tokenizer->kind)
        return turns == TURNS_PLAIN ? NULL : "tokens";
    if (turns == TURNS_CHATML && tokenizer->im_start < 0)
        return "<|im_start|>";
    if (turns == TURNS_CHATML && tokenizer->im_end < 0)
        return "<|im_end|>";
    if (turns == TURNS_LLAMA2 && tokenizer->bos < 0)
        return "BOS";
    if ((turns == TURNS_LLAMA2 || turns == TURNS_ZEPHYR) && !ends)
        return "end token";
    return NULL;
}

static int choose(const char *directory, const Tokenizer *tokenizer, int is_phi) {
    const char *text = tokenizer->kind ? read_template(directory) : NULL;
    int turns;
    if (text) {
        turns = template_turns(text);
        if (turns < 0)
            warn("%s: its chat template is none of those known: conversations are plain (--chat "
                 "chooses)", directory);
        else if (lacking(tokenizer, turns))
            warn("%s: its chat template is %s, but the tokenizer has no %s: conversations are "
                 "plain", directory, names[turns], lacking(tokenizer, turns));
        else
            return turns;
        return TURNS_PLAIN;
    }
    if (tokenizer->im_start >= 0 && tokenizer->im_end >= 0)
        return TURNS_CHATML;
    return is_phi && tokenizer->is_gpt2 ? TURNS_PHI2 : TURNS_PLAIN;
}

/* <|im_end|> ends an answer, whether or not the configuration says so. */
static void add_end(Tokenizer *tokenizer) {
    unsigned char *head = tokenizer->section.data;
    uint32_t count = get_u32(head + END_COUNT_AT), i;
    for (i = 0; i < count; i++)
        if (get_u32(head + ENDS_AT + 4 * i) == (uint32_t)tokenizer->im_end)
            return;
    if (count == END_LIMIT)
        return; /* a session looks for it anyway */
    set_u32(head + ENDS_AT + 4 * count, (uint32_t)tokenizer->im_end);
    set_u32(head + END_COUNT_AT, count + 1);
}

uint32_t turns_choose(const char *source, Tokenizer *tokenizer, int is_phi, int wanted) {
    int turns = wanted >= 0 ? wanted : choose(source, tokenizer, is_phi);
    if (wanted >= 0 && lacking(tokenizer, wanted))
        fail("%s: --chat %s: the tokenizer has no %s", source, names[wanted],
             lacking(tokenizer, wanted));
    if (turns == TURNS_CHATML)
        add_end(tokenizer);
    return (uint32_t)turns;
}
