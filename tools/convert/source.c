/* source.c - what cannot be converted, recognised by what lies in its place, and refused with the
   way out; and which existing files are no place for the output. */
#define _POSIX_C_SOURCE 200809L
#include "convert.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what lies in a directory ------------------------------------------------------------ */

static int ends_with(const char *name, const char *suffix) {
    size_t size = strlen(name), end = strlen(suffix);
    return size >= end && strcmp(name + size - end, suffix) == 0;
}

/* The first name, in order, that begins and ends like this; NULL: there is none. */
static char *find_name(const char *directory, const char *prefix, const char *suffix) {
    DIR *stream = opendir(directory);
    const struct dirent *entry;
    char *found = NULL;
    while (stream && (entry = readdir(stream)) != NULL) {
        const char *name = entry->d_name;
        if (strncmp(name, prefix, strlen(prefix)) != 0 || !ends_with(name, suffix) ||
            (found && strcmp(name, found) >= 0))
            continue;
        free(found);
        found = allocate(strlen(name) + 1, 1);
        strcpy(found, name);
    }
    if (stream)
        closedir(stream);
    return found;
}

static int has_file(const char *directory, const char *name) {
    char *path = join_path(directory, name);
    struct stat status;
    int found = stat(path, &status) == 0;
    free(path);
    return found;
}

/* The last directory inside, in order, that has a config.json, such as the last one of those
   that training writes; NULL: none has. */
static char *find_checkpoint(const char *directory) {
    DIR *stream = opendir(directory);
    const struct dirent *entry;
    char *found = NULL;
    while (stream && (entry = readdir(stream)) != NULL) {
        char *path = join_path(directory, entry->d_name);
        if (entry->d_name[0] != '.' && has_file(path, "config.json") &&
            (!found || strcmp(entry->d_name, found) > 0)) {
            free(found);
            found = allocate(strlen(entry->d_name) + 1, 1);
            strcpy(found, entry->d_name);
        }
        free(path);
    }
    if (stream)
        closedir(stream);
    return found;
}

/* ---- other kinds of checkpoints ---------------------------------------------------------- */

/* Weights of other programs, by the end of a file's name, and the way to ours. */
static const struct Foreign {
    const char *suffix, *what, *way;
} foreign[] = {
    {".gguf", "a GGUF file", "give that file"},
    {".h5", "TensorFlow weights",
     "load them with from_tf=True (transformers 4) and save_pretrained the model"},
    {".msgpack", "Flax weights",
     "load them with from_flax=True (transformers 4) and save_pretrained the model"},
    {".onnx", "an ONNX file", "convert the checkpoint that it was exported from"},
    {".tflite", "a TensorFlow Lite file", "convert the checkpoint that it was exported from"},
    {".ot", "Rust weights", "convert the checkpoint that they were made from"},
    {".npz", "MLX or NumPy weights", "convert the checkpoint that they were made from"},
    {"openvino_model.bin", "OpenVINO weights",
     "convert the checkpoint that they were exported from"},
    {"zero_to_fp32.py", "a DeepSpeed checkpoint",
     "run its zero_to_fp32.py, which writes pytorch_model.bin"},
    {".distcp", "a distributed PyTorch checkpoint",
     "gather it into one state dictionary and save_pretrained the model"},
    {".pth", "weights in another layout, perhaps their author's own",
     "convert_llama_weights_to_hf.py of transformers makes a Hugging Face directory of LLaMA's"},
    {".ckpt", "a training checkpoint", "save_pretrained the model that is inside"},
    {".safetensors", "weights under another name",
     "if these are the whole model's, name the file model.safetensors"},
    {".bin", "weights under another name",
     "if these are the whole model's, name the file pytorch_model.bin"}};

enum { FOREIGN = sizeof foreign / sizeof *foreign, UNNAMED = 2 }; /* these are the last ones */

static void refuse_foreign(const char *directory, size_t count) {
    char *shard = find_name(directory, "model-00001-of-", ".safetensors");
    size_t i;
    if (shard && count == FOREIGN)
        fail("%s: shards (%s) without their index: model.safetensors.index.json is missing",
             directory, shard);
    for (i = 0; i < count; i++) {
        char *name = find_name(directory, "", foreign[i].suffix);
        if (name)
            fail("%s: no model.safetensors or pytorch_model.bin, but %s (%s): %s", directory,
                 foreign[i].what, name, foreign[i].way);
    }
}

void refuse_weights(const char *directory) {
    refuse_foreign(directory, FOREIGN);
    fail("%s: neither model.safetensors nor pytorch_model.bin is there, nor the .index.json of "
         "one; other checkpoint formats are not supported", directory);
}

void refuse_directory(const char *directory) {
    char *name;
    if (has_file(directory, "adapter_config.json"))
        fail("%s: adapter_config.json: a LoRA adapter, not a whole model: merge it into its base "
             "model (PEFT's merge_and_unload, then save_pretrained) and convert the result; if "
             "the weights here are merged, remove that file", directory);
    if (has_file(directory, "config.json") || find_name(directory, "config.json", ""))
        return;
    if (has_file(directory, "snapshots"))
        fail("%s: no config.json: this is a model's place in the hub cache; the checkpoint is the "
             "directory in its snapshots/", directory);
    if ((name = find_checkpoint(directory)) != NULL)
        fail("%s: no config.json, but a checkpoint in %s/: give that directory", directory, name);
    if ((name = find_name(directory, "", ".slm")) != NULL)
        fail("%s: no config.json, but a .slm (%s): give that file", directory, name);
    refuse_foreign(directory, FOREIGN - UNNAMED);
}

/* ---- quantized weights ------------------------------------------------------------------- */

void refuse_config(const char *directory, const Json *config) {
    const Json *quantization = json_get(config, "quantization_config");
    const Json *method = json_get(quantization, "quant_method");
    const char *name = method && method->type == JSON_STRING ? method->text : "of an unnamed kind";
    if (!quantization && !has_file(directory, "quantize_config.json") &&
        !has_file(directory, "quant_config.json"))
        return;
    if (!quantization)
        name = "GPTQ or AWQ";
    else if (!method && (json_get(quantization, "load_in_4bit") ||
                         json_get(quantization, "load_in_8bit")))
        name = "bitsandbytes";
    fail("%s: its weights are quantized (%s), which is not supported: convert the model that was "
         "quantized (--type q8, q4f or q4 quantizes it), or dequantize and save_pretrained it; if "
         "the weights are floats, remove quantization_config from config.json", directory, name);
}

/* ---- a file as the source ---------------------------------------------------------------- */

void refuse_file(const File *file) {
    unsigned char head[9] = {0};
    const char *name = strrchr(file->path, '/');
    size_t i;
    name = name ? name + 1 : file->path;
    file_read(file, 0, head, file->size < 9 ? (size_t)file->size : 9);
    if (ends_with(name, ".gguf"))
        fail("%s: not a GGUF file, whatever its name says", file->path);
    if (memcmp(head, "PK\3\4", 4) == 0 || memcmp(head + 4, "\0\0\0\0{", 5) == 0 ||
        ends_with(name, ".safetensors") || ends_with(name, ".bin") || ends_with(name, ".json"))
        fail("%s: a file of a checkpoint: give its directory, with config.json and the tokenizer's "
             "files", file->path);
    for (i = 0; i < FOREIGN - UNNAMED; i++)
        if (ends_with(name, foreign[i].suffix))
            fail("%s: %s, not supported: %s", file->path, foreign[i].what, foreign[i].way);
}

/* ---- the output -------------------------------------------------------------------------- */

static int is_slm(const char *path) {
    unsigned char head[8] = {0};
    FILE *file = fopen(path, "rb");
    size_t got = file ? fread(head, 1, 8, file) : 0;
    if (file)
        fclose(file);
    return got == 8 && memcmp(head, "\x89SLM\r\n\x1A\n", 8) == 0;
}

enum { DEPTH_LIMIT = 100 }; /* of directories in each other: each takes some stack */

/* Is it a file of this directory, or of one in it? Links to files count as what they lead to; those
   to directories are not followed, since they may lead back. */
static int is_within(const char *directory, const struct stat *out, int depth) {
    DIR *stream = opendir(directory);
    const struct dirent *entry;
    struct stat status;
    int found = 0;
    while (!found && stream && (entry = readdir(stream)) != NULL) {
        char *path = join_path(directory, entry->d_name);
        int is_own = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        if (!is_own && stat(path, &status) == 0)
            found = status.st_dev == out->st_dev && status.st_ino == out->st_ino;
        if (!is_own && !found && lstat(path, &status) == 0 && S_ISDIR(status.st_mode) &&
            depth < DEPTH_LIMIT)
            found = is_within(path, out, depth + 1);
        free(path);
    }
    if (stream)
        closedir(stream);
    return found;
}

void refuse_output(const char *source, const char *out) {
    struct stat status;
    if (stat(out, &status) != 0 || !S_ISREG(status.st_mode))
        return; /* nothing there, or what the writer refuses */
    if (file_was_read(&status) || (is_within(source, &status, 0) && !is_slm(out)))
        fail("%s: it is part of the source and would be overwritten", out);
}
