/* A trained model of LLaMA's architecture, 260 thousand parameters, whose greedy ids and text its
   own program gave. Part of the runner; the model is not part of the project. */

/* A JSON string's text in place, of the escapes that occur; its end. */
static char *trained_text(char *from) {
    char *to = from;
    for (; *from && *from != '"'; from++) {
        if (*from == '\\') from++;
        *to++ = (char)(*from == 'n' && from[-1] == '\\' ? '\n' : *from);
    }
    return to;
}

static void trained_compare(const char *path, char *ids, const char *text, size_t size) {
    slm_token want[256], got[256], token;
    slm_model *model = NULL;
    slm_session *session = NULL;
    char decoded[2048];
    size_t count = 0, same = 1, bytes = 0;
    while (count < 256 && *ids && *ids != ']') {
        want[count++] = (slm_token)strtol(ids, &ids, 10);
        while (*ids == ',' || *ids == ' ') ids++;
    }
    got[0] = want[0];
    if (count == 200 && slm_model_open(&model, path, NULL, NULL) == SLM_OK &&
        slm_session_open(&session, model, NULL, NULL) == SLM_OK &&
        slm_eval(session, got, 1) == SLM_OK)
        while (same < count && slm_sample(session, NULL, &token) == SLM_OK) {
            got[same] = token;
            if (token != want[same] || slm_eval(session, &token, 1) != SLM_OK) break;
            same++;
        }
    CHECK(same == 200, "200 greedy ids of a trained model");
    if (same == 200)
        slm_detokenize(model, got + 1, count - 1, 0, decoded, sizeof decoded, &bytes);
    CHECK(bytes == size + 1 && bytes <= sizeof decoded && decoded[0] == ' ' &&
              !memcmp(decoded + 1, text, size),
          "... and their text, whose first space its program leaves out");
    slm_session_close(session);
    slm_model_close(model);
}

static void test_trained(void) {
    char path[1024], *json, *ids, *text;
    size_t size;
    snprintf(path, sizeof path, "%s/models/stories260K/expected_greedy.json", ids_shared());
    json = ids_read(path, &size);
    if (!json) {
        SKIP("a trained model of LLaMA's architecture (it is not there)");
        return;
    }
    ids = strstr(json, "\"greedy_ids\": [");
    text = strstr(json, "\"text\": \"");
    CHECK(ids && text, "the file has ids and a text");
    if (ids && text) {
        text += 9;
        size = (size_t)(trained_text(text) - text);
        trained_compare("build/trained/stories260K-f32.slm", ids + 15, text, size);
        trained_compare("build/trained/stories260K-f16.slm", ids + 15, text, size);
    }
    free(json);
}
