/* dump_weights.c MODEL.slm OUT [embedding] - every tensor as little-endian f32, row by row, in the
   order of the directory: what tests/read_slm.py, written from >>specification alone, finds too.
   Rotated tensors come as they are stored; the embedding alone is turned back, as it is used. */
#define SLM_IMPLEMENTATION
#include "../slm.h"

static int dump(const slm__tensor *tensor, FILE *out) {
    size_t row, col;
    for (row = 0; row < tensor->rows && tensor->data; row++)
        for (col = 0; col < tensor->cols; col++) {
            float value = tensor->type == SLM_TYPE_VECTOR ? slm__vector(tensor)[col]
                                                          : slm__element(tensor, row, col);
            if (fwrite(&value, 4, 1, out) != 1) return 0;
        }
    return 1;
}

static int dump_all(const slm_model *model, FILE *out) {
    size_t layer, slot;
    int good = 1;
    for (layer = 0; layer < model->shape.layers; layer++)
        for (slot = 1; slot < model->layer_slots; slot++)
            good &= dump(&model->layers[layer].at[slot], out);
    for (slot = SLM__EMBEDDING; slot < SLM__MODEL_SLOTS; slot++)
        if ((slot != SLM__HEAD && slot != SLM__FILL_HEAD) ||
            slm__has(model->features, SLM__UNTIED)) /* a tied head is no tensor */
            good &= dump(slm__model_tensor(model, (unsigned)slot), out);
    return good;
}

static int dump_embedding(const slm__tensor *table, FILE *out) {
    float row[SLM__BLOCK * 16];
    size_t i, k;
    if (table->cols > sizeof row / sizeof row[0]) return 0;
    for (i = 0; i < table->rows; i++) {
        for (k = 0; k < table->cols; k++) row[k] = slm__element(table, i, k);
        if (slm__rotated(table->type, table->cols)) slm__unrotate(row, table->cols);
        if (fwrite(row, 4, table->cols, out) != table->cols) return 0;
    }
    return 1;
}

int main(int count, char **args) {
    slm_model *model = NULL;
    slm_error error;
    FILE *out;
    int good;
    if (count != 3 && (count != 4 || strcmp(args[3], "embedding"))) return 2;
    if (slm_model_open(&model, args[1], NULL, &error) != SLM_OK) {
        fprintf(stderr, "dump_weights: %s\n", error.text);
        return 1;
    }
    out = fopen(args[2], "wb");
    if (!out) return 1;
    good = count == 3 ? dump_all(model, out)
                      : dump_embedding(slm__model_tensor(model, SLM__EMBEDDING), out);
    slm_model_close(model);
    return fclose(out) != 0 || !good;
}
