/* template.c - fuzz target: any bytes are a chat template that writes a bounded text, or is not read. */
#include "fuzz.h"

#include "../../tools/convert/template.c"

static void parse(const File *file) {
    static const char *const roles[] = {"system", "user", "assistant", "user"};
    TemplateInput input;
    TemplateStatus status;
    Template *t = template_open((const char *)fuzz_bytes, fuzz_size);
    Buffer out = {NULL, 0, 0};
    size_t i, first;
    (void)file;
    for (first = 0; first < 2; first++) {
        memset(&input, 0, sizeof input);
        input.specials[0] = "<s>";
        input.specials[1] = "</s>";
        for (i = first; i < 4; i++) {
            input.roles[input.count] = roles[i];
            input.contents[input.count++] = "two words";
        }
        status = template_write(t, &input, &out);
        if (status > TEMPLATE_UNREAD || out.size > ROOM)
            abort();
        for (i = 0; i < out.size; i++)
            if (out.data[i] == 0x7F || (out.data[i] < 0x20 && !strchr("\n\t\1", out.data[i])))
                abort();
    }
    fuzz_free(out.data);
    template_close(t);
}
