/* make_checkpoint.c - a Hugging Face directory's config.json and model.safetensors of a GPT-J (or
   LLaMA or Gemma) of one tiny layer: what the converter needs beside the files of a tokenizer. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HIDDEN 8

typedef struct tensor {
    const char *name;
    unsigned rows, cols; /* cols 0: a vector */
} tensor;

static const char config[] =
    "{\"model_type\": \"gptj\", \"architectures\": [\"GPTJForCausalLM\"], \"vocab_size\": %u,\n"
    " \"n_embd\": %d, \"n_layer\": 1, \"n_head\": 1, \"rotary_dim\": 4, \"n_positions\": 1024,\n"
    " \"n_inner\": %u, \"activation_function\": \"gelu_new\", \"tie_word_embeddings\": true}\n";

static const char llama_config[] = /* Gemma has the same keys and tensors */
    "{\"model_type\": \"%s\", \"head_dim\": 4, \"vocab_size\": %u,\n"
    " \"hidden_size\": %d, \"num_hidden_layers\": 1, \"num_attention_heads\": 2,\n"
    " \"num_key_value_heads\": 1, \"max_position_embeddings\": 1024, \"intermediate_size\": %u,\n"
    " \"hidden_act\": \"%s\", \"rms_norm_eps\": 1e-5, \"tie_word_embeddings\": true}\n";

static FILE *create(const char *directory, const char *name) {
    char path[1024];
    FILE *out;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    out = fopen(path, "wb");
    if (!out) {
        fprintf(stderr, "make-checkpoint: cannot write %s\n", path);
        exit(1);
    }
    return out;
}

static size_t elements(const tensor *t) { return (size_t)t->rows * (t->cols ? t->cols : 1); }

static void put_header(FILE *out, const tensor *tensors, size_t count) {
    char header[4096];
    unsigned char size[8] = {0};
    size_t at = 0, offset = 0, i;
    for (i = 0; i < count; i++) {
        const tensor *t = &tensors[i];
        char shape[32];
        snprintf(shape, sizeof shape, t->cols ? "%u, %u" : "%u", t->rows, t->cols);
        at += (size_t)snprintf(header + at, sizeof header - at,
                               "%s\"%s\": {\"dtype\": \"F16\", \"shape\": [%s], "
                               "\"data_offsets\": [%lu, %lu]}",
                               i ? ", " : "{", t->name, shape, (unsigned long)offset,
                               (unsigned long)(offset + 2 * elements(t)));
        offset += 2 * elements(t);
    }
    at += (size_t)snprintf(header + at, sizeof header - at, "}");
    for (i = 0; i < 8; i++) size[i] = (unsigned char)((uint64_t)at >> 8 * i);
    fwrite(size, 1, 8, out);
    fwrite(header, 1, at, out);
}

static int close_all(FILE *out) { return ferror(out) | fclose(out); }

int main(int argc, char **argv) {
    unsigned rows = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    unsigned inner = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 4 * HIDDEN;
    const tensor gptj[] = {
        {"transformer.wte.weight", rows, HIDDEN},
        {"transformer.h.0.ln_1.weight", HIDDEN, 0},
        {"transformer.h.0.ln_1.bias", HIDDEN, 0},
        {"transformer.h.0.attn.q_proj.weight", HIDDEN, HIDDEN},
        {"transformer.h.0.attn.k_proj.weight", HIDDEN, HIDDEN},
        {"transformer.h.0.attn.v_proj.weight", HIDDEN, HIDDEN},
        {"transformer.h.0.attn.out_proj.weight", HIDDEN, HIDDEN},
        {"transformer.h.0.mlp.fc_in.weight", inner, HIDDEN},
        {"transformer.h.0.mlp.fc_in.bias", inner, 0},
        {"transformer.h.0.mlp.fc_out.weight", HIDDEN, inner},
        {"transformer.h.0.mlp.fc_out.bias", HIDDEN, 0},
        {"transformer.ln_f.weight", HIDDEN, 0},
        {"transformer.ln_f.bias", HIDDEN, 0},
        {"lm_head.bias", rows, 0}};
    const tensor llama[] = {
        {"model.embed_tokens.weight", rows, HIDDEN},
        {"model.layers.0.input_layernorm.weight", HIDDEN, 0},
        {"model.layers.0.self_attn.q_proj.weight", HIDDEN, HIDDEN},
        {"model.layers.0.self_attn.k_proj.weight", HIDDEN / 2, HIDDEN},
        {"model.layers.0.self_attn.v_proj.weight", HIDDEN / 2, HIDDEN},
        {"model.layers.0.self_attn.o_proj.weight", HIDDEN, HIDDEN},
        {"model.layers.0.post_attention_layernorm.weight", HIDDEN, 0},
        {"model.layers.0.mlp.gate_proj.weight", inner, HIDDEN},
        {"model.layers.0.mlp.up_proj.weight", inner, HIDDEN},
        {"model.layers.0.mlp.down_proj.weight", HIDDEN, inner},
        {"model.norm.weight", HIDDEN, 0}};
    int is_gemma = argc > 4 && strcmp(argv[4], "gemma") == 0;
    int is_llama = is_gemma || (argc > 4 && strcmp(argv[4], "llama") == 0);
    const tensor *tensors = is_llama ? llama : gptj;
    size_t count = is_llama ? sizeof llama / sizeof llama[0] : sizeof gptj / sizeof gptj[0], i, j;
    uint32_t seed = 1;
    FILE *out;
    int failed;
    if (!rows || rows > 1000000 || !inner || inner > 1000000) {
        fprintf(stderr,
                "usage: make-checkpoint DIRECTORY VOCABULARY-ROWS [INNER-SIZE [llama|gemma]]\n");
        return 2;
    }
    out = create(argv[1], "config.json");
    if (is_llama)
        fprintf(out, llama_config, is_gemma ? "gemma" : "llama", rows, HIDDEN, inner,
                is_gemma ? "gelu_new" : "silu");
    else fprintf(out, config, rows, HIDDEN, inner);
    failed = close_all(out);
    out = create(argv[1], "model.safetensors");
    put_header(out, tensors, count);
    for (i = 0; i < count; i++)
        for (j = 0; j < elements(&tensors[i]); j++) { /* halves of 0.5 to 2, either sign */
            seed = seed * 1664525u + 1013904223u;
            fputc((int)(seed >> 24), out);
            fputc((int)(0x38 + (seed >> 16) % 8 + (seed >> 8 & 0x80)), out);
        }
    if (close_all(out) | failed) {
        fprintf(stderr, "make-checkpoint: cannot write into %s\n", argv[1]);
        return 1;
    }
    return 0;
}
