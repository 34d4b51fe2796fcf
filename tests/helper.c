/* helper.c - what the tests of the programs need and a shell has not: checkpoints with chosen
   flaws, a strict look at JSON, signals at the right moment, the peak memory of a command. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char help[] =
    "usage: helper new OUT < LINES             NAME DTYPE 3x4 ...: a safetensors file of zeros\n"
    "       helper noise OUT < LINES           the same, of random F16\n"
    "       helper replace IN OUT OLD NEW      in the header of a safetensors file, once\n"
    "       helper value IN OUT TENSOR HEX     its first four bytes, as a little-endian u32\n"
    "       helper append IN OUT ENTRY...      \"NAME DTYPE 3,4\" (-f FILE: from its lines): further\n"
    "                                          tensors in a safetensors file, their bytes all 1\n"
    "       helper names IN                    of its tensors\n"
    "       helper length IN OUT HEX           the number that says how long the header is\n"
    "       helper splice IN OUT AT:COUNT:HEX...  bytes of a file become others\n"
    "       helper metadata IN OUT VALUE       the first value in the metadata of a .slm\n"
    "       helper json                        stdin is JSON: exit status 0\n"
    "       helper rss COMMAND ...             prints the peak memory in KB\n"
    "       helper stop DIR PREFIX COMMAND ... SIGINT once DIR has a file named PREFIX...\n"
    "       helper talk ONE TWO COMMAND ...    line ONE, SIGINT in the answer to it, line TWO\n"
    "       helper rest ONE TWO COMMAND ...    the same, SIGINT after the answer\n"
    "       helper hush ONE TWO COMMAND ...    the same, SIGINT after a line on stderr, which is\n"
    "                                          copied to stdout\n";

static void die(const char *what, const char *name) {
    fprintf(stderr, "helper: %s %s\n", what, name);
    exit(3);
}

static char *read_all(FILE *in, size_t *size) {
    size_t capacity = 1 << 16, got;
    char *bytes = malloc(capacity + 1);
    if (!in || !bytes) die("cannot read", "a file");
    for (*size = 0; (got = fread(bytes + *size, 1, capacity - *size, in)) > 0;) {
        *size += got;
        if (*size == capacity && !(bytes = realloc(bytes, (capacity *= 2) + 1)))
            die("out of", "memory");
    }
    bytes[*size] = 0;
    if (in != stdin) fclose(in);
    return bytes;
}

static void write_parts(const char *path, const char **parts, const size_t *sizes, int count) {
    FILE *out = fopen(path, "wb");
    int i;
    if (!out) die("cannot write", path);
    for (i = 0; i < count; i++) fwrite(parts[i], 1, sizes[i], out);
    if (ferror(out) | fclose(out)) die("cannot write", path);
}

static void set_number(unsigned char *at, uint64_t value, int bytes) {
    for (; bytes-- > 0; value >>= 8) *at++ = (unsigned char)value;
}

static uint64_t get_number(const unsigned char *at, int bytes) {
    uint64_t value = 0;
    while (bytes-- > 0) value = value << 8 | at[bytes];
    return value;
}

/* ---- checkpoints ------------------------------------------------------------------------- */

/* Magnitudes of 2^-7 to 2^-3, as weights have them. */
static void write_noise(FILE *out, uint64_t halves) {
    uint16_t block[4096];
    uint64_t random = 1;
    while (halves) {
        size_t count = halves < 4096 ? (size_t)halves : 4096, i;
        for (i = 0; i < count; i++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
            block[i] = (uint16_t)((random >> 48 & 0x8FFFu) + 0x2000u);
        }
        fwrite(block, 2, count, out);
        halves -= count;
    }
}

/* The data is a hole in the file, which takes no room on most disks, or noise. */
static int make_new(const char *path, int noise) {
    size_t size, length = 1;
    char *lines = read_all(stdin, &size), *line, *header = malloc(size * 8 + 4096);
    unsigned char head[8];
    uint64_t data = 0;
    FILE *out = fopen(path, "wb");
    if (!header || !out) die("cannot write", path);
    header[0] = '{';
    for (line = strtok(lines, "\n"); line; line = strtok(NULL, "\n")) {
        char name[512], dtype[16], shape[64], list[80] = "", *part;
        uint64_t bytes;
        if (sscanf(line, "%511s %15s %63s", name, dtype, shape) != 3) die("bad line", line);
        bytes = strcmp(dtype, "F32") == 0 ? 4 : 2;
        for (part = shape; *part; part += *part == 'x') {
            bytes *= strtoull(part, &part, 10);
            if (*part && *part != 'x') die("bad shape", line);
        }
        for (part = shape; *part; part++)
            sprintf(list + strlen(list), "%c", *part == 'x' ? ',' : *part);
        length += (size_t)sprintf(header + length,
                                  "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[%s],"
                                  "\"data_offsets\":[%llu,%llu]}",
                                  length > 1 ? "," : "", name, dtype, list,
                                  (unsigned long long)data, (unsigned long long)(data + bytes));
        data += bytes;
    }
    header[length++] = '}';
    set_number(head, length, 8);
    fwrite(head, 1, 8, out);
    fwrite(header, 1, length, out);
    if (noise) write_noise(out, data / 2);
    if (fflush(out) | ftruncate(fileno(out), (off_t)(8 + length + data)) | fclose(out))
        die("cannot write", path);
    return 0;
}

static int replace(const char *in, const char *out, const char *old, const char *new) {
    size_t size, length, before;
    char *file = read_all(fopen(in, "rb"), &size), *header = file + 8, *at, saved;
    unsigned char head[8];
    const char *parts[4];
    size_t sizes[4];
    length = (size_t)get_number((unsigned char *)file, 8);
    saved = header[length];
    header[length] = 0;
    at = strstr(header, old);
    if (!at) die("not in the header:", old);
    header[length] = saved;
    before = (size_t)(at - header);
    set_number(head, length - strlen(old) + strlen(new), 8);
    parts[0] = (char *)head, sizes[0] = 8;
    parts[1] = header, sizes[1] = before;
    parts[2] = new, sizes[2] = strlen(new);
    parts[3] = at + strlen(old), sizes[3] = size - 8 - before - strlen(old);
    write_parts(out, parts, sizes, 4);
    return 0;
}

/* The bytes of an entry; its name and its JSON without data_offsets to out. */
static uint64_t describe(const char *entry, char *out) {
    char name[300], dtype[16], shape[64], *part;
    uint64_t bits, elements = 1;
    if (sscanf(entry, "%299s %15s %63s", name, dtype, shape) != 3) die("bad entry", entry);
    bits = strcmp(dtype, "BOOL") == 0 ? 8 : strtoull(dtype + strcspn(dtype, "0123456789"), NULL, 10);
    for (part = shape; *part; part += *part == ',') elements *= strtoull(part, &part, 10);
    sprintf(out, "\"%s\":{\"dtype\":\"%s\",\"shape\":[%s],", name, dtype, shape);
    return elements * bits / 8;
}

static char **read_lines(const char *path, int *count) {
    size_t size;
    char *text = read_all(fopen(path, "rb"), &size), *line, **lines = NULL;
    for (*count = 0, line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (!(*count & (*count - 1)))
            lines = realloc(lines, (size_t)(*count ? 2 * *count : 1) * sizeof *lines);
        if (!lines) die("out of", "memory");
        lines[(*count)++] = line;
    }
    return lines;
}

static int append(const char *in, const char *out, char **entries, int count) {
    size_t size, length, used;
    char *file = read_all(fopen(in, "rb"), &size), *header, *more;
    uint64_t data, start;
    unsigned char head[8];
    const char *parts[4];
    size_t sizes[4];
    int i;
    if (count == 2 && strcmp(entries[0], "-f") == 0) entries = read_lines(entries[1], &count);
    length = (size_t)get_number((unsigned char *)file, 8);
    data = start = size - 8 - length;
    header = malloc(length + (size_t)count * 512);
    if (!header) die("out of", "memory");
    memcpy(header, file + 8, length);
    for (used = length; used && header[used - 1] != '}';) used--;
    for (used--, i = 0; i < count; i++) {
        uint64_t bytes;
        char text[420];
        bytes = describe(entries[i], text);
        used += (size_t)sprintf(header + used, ",%s\"data_offsets\":[%llu,%llu]}", text,
                                (unsigned long long)data, (unsigned long long)(data + bytes));
        data += bytes;
    }
    header[used++] = '}';
    more = malloc((size_t)(data - start) + 1);
    if (!more) die("out of", "memory");
    memset(more, 1, (size_t)(data - start));
    set_number(head, used, 8);
    parts[0] = (char *)head, sizes[0] = 8;
    parts[1] = header, sizes[1] = used;
    parts[2] = file + 8 + length, sizes[2] = (size_t)start;
    parts[3] = more, sizes[3] = (size_t)(data - start);
    write_parts(out, parts, sizes, 4);
    return 0;
}

/* Each quoted text in front of a brace. */
static int names(const char *in) {
    size_t size, length, i, start = 0;
    char *file = read_all(fopen(in, "rb"), &size) + 8;
    length = (size_t)get_number((unsigned char *)file - 8, 8);
    for (i = 1; i + 2 < length; i++) {
        if (file[i] == '"' && (file[i - 1] == ',' || file[i - 1] == '{')) start = i + 1;
        if (memcmp(file + i, "\":{", 3) == 0 && memcmp(file + start, "__", 2) != 0)
            printf("%.*s\n", (int)(i - start), file + start);
    }
    return 0;
}

static int set_value(const char *in, const char *out, const char *tensor, const char *hex) {
    size_t size, length;
    char *file = read_all(fopen(in, "rb"), &size), *at, key[600];
    const char *whole = file;
    length = (size_t)get_number((unsigned char *)file, 8);
    snprintf(key, sizeof key, "\"%s\":", tensor);
    at = strstr(file + 8, key);
    at = at ? strstr(at, "\"data_offsets\":[") : NULL;
    if (!at) die("no tensor", tensor);
    set_number((unsigned char *)file + 8 + length + strtoull(at + 16, NULL, 10),
               strtoull(hex, NULL, 16), 4);
    write_parts(out, &whole, &size, 1);
    return 0;
}

static int set_length(const char *in, const char *out, const char *hex) {
    size_t size;
    char *file = read_all(fopen(in, "rb"), &size);
    const char *whole = file;
    set_number((unsigned char *)file, strtoull(hex, NULL, 16), 8);
    write_parts(out, &whole, &size, 1);
    return 0;
}

/* Each change is AT:COUNT:HEX, of the bytes as they were; in order, and apart from each other. */
static int splice(const char *in, const char *out, char **changes, int count) {
    size_t size, at = 0, place, cut;
    const char *file = read_all(fopen(in, "rb"), &size);
    FILE *to = fopen(out, "wb");
    char *hex, digits[3] = "";
    int i;
    if (!to) die("cannot write", out);
    for (i = 0; i < count; i++) {
        place = strtoull(changes[i], &hex, 10);
        cut = *hex == ':' ? strtoull(hex + 1, &hex, 10) : 0;
        if (*hex != ':' || place < at || place > size || cut > size - place)
            die("not:", changes[i]);
        fwrite(file + at, 1, place - at, to);
        for (hex++; hex[0] && hex[1]; hex += 2) {
            memcpy(digits, hex, 2);
            fputc((int)strtoul(digits, NULL, 16), to);
        }
        at = place + cut;
    }
    fwrite(file + at, 1, size - at, to);
    if (ferror(to) | fclose(to)) die("cannot write", out);
    return 0;
}

static uint32_t crc32(const unsigned char *bytes, size_t size) {
    uint32_t crc = 0xFFFFFFFFu;
    int k;
    while (size--)
        for (crc ^= *bytes++, k = 0; k < 8; k++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    return ~crc;
}

/* VALUE must not be longer than what is there; spaces fill up. */
static int set_metadata(const char *in, const char *out, const char *value) {
    size_t size, i, count, data;
    unsigned char *file = (unsigned char *)read_all(fopen(in, "rb"), &size);
    const char *whole = (char *)file;
    count = (size_t)get_number(file + 40, 2);
    data = (size_t)get_number(file + 24, 8);
    for (i = 0; i < count; i++) {
        unsigned char *entry = file + 256 + 32 * i;
        char *text = (char *)file + get_number(entry + 8, 8);
        if (get_number(entry, 4) != 8) continue;
        text += strlen(text) + 1;
        if (strlen(value) > strlen(text)) die("too long:", value);
        memset(text, ' ', strlen(text));
        memcpy(text, value, strlen(value));
        set_number(file + 12, crc32(file + 16, data - 16), 4);
        write_parts(out, &whole, &size, 1);
        return 0;
    }
    die("no metadata in", in);
    return 3;
}

/* ---- JSON -------------------------------------------------------------------------------- */

static const char *json_at;
static const char *json_end;

static int json_take(int character) {
    if (json_at == json_end || *json_at != character) return 0;
    json_at++;
    return 1;
}

static void json_space(void) {
    while (json_at < json_end && *json_at && strchr(" \t\r\n", *json_at)) json_at++;
}

static int json_digits(void) {
    const char *start = json_at;
    while (json_at < json_end && *json_at >= '0' && *json_at <= '9') json_at++;
    return json_at > start;
}

static int json_number(void) {
    json_take('-');
    if (!json_take('0') && !json_digits()) return 0;
    if (json_take('.') && !json_digits()) return 0;
    if (json_take('e') || json_take('E')) {
        if (!json_take('+')) json_take('-');
        return json_digits();
    }
    return 1;
}

static int json_string(void) {
    int i;
    if (!json_take('"')) return 0;
    while (json_at < json_end && *json_at != '"') {
        unsigned char c = (unsigned char)*json_at++;
        if (c < 0x20 || json_at == json_end) return 0;
        if (c != '\\') continue;
        c = (unsigned char)*json_at++;
        if (c != 'u') {
            if (!c || !strchr("\"\\/bfnrt", c)) return 0;
            continue;
        }
        for (i = 0; i < 4; i++, json_at++)
            if (json_at == json_end || !*json_at || !strchr("0123456789abcdefABCDEF", *json_at))
                return 0;
    }
    return json_take('"');
}

static int json_word(const char *word) {
    size_t size = strlen(word);
    if ((size_t)(json_end - json_at) < size || memcmp(json_at, word, size) != 0) return 0;
    json_at += size;
    return 1;
}

static int json_value(int depth) {
    int object = json_at < json_end && *json_at == '{';
    if (depth > 32 || json_at == json_end) return 0;
    if (*json_at == '"') return json_string();
    if (json_take('{') || json_take('[')) {
        int close = object ? '}' : ']';
        json_space();
        if (json_take(close)) return 1;
        do {
            json_space();
            if (object && !json_string()) return 0;
            json_space();
            if (object && !json_take(':')) return 0;
            json_space();
            if (!json_value(depth + 1)) return 0;
            json_space();
        } while (json_take(','));
        return json_take(close);
    }
    return json_word("true") || json_word("false") || json_word("null") || json_number();
}

static int check_json(void) {
    size_t size;
    json_at = read_all(stdin, &size);
    json_end = json_at + size;
    json_space();
    if (!json_value(0)) return 1;
    json_space();
    return json_at != json_end;
}

/* ---- processes --------------------------------------------------------------------------- */

static pid_t start(char **command, int in, int out, int as) {
    pid_t child = fork();
    if (child < 0) die("cannot fork for", command[0]);
    if (child) return child;
    if (in >= 0) dup2(in, 0), close(in);
    if (out >= 0) dup2(out, as), close(out);
    execvp(command[0], command);
    _exit(127);
}

static int finish(pid_t child) {
    int status;
    if (waitpid(child, &status, 0) < 0) die("cannot wait for", "the command");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int peak(char **command) {
    struct rusage usage;
    int status = finish(start(command, -1, -1, 1));
    getrusage(RUSAGE_CHILDREN, &usage);
    printf("%ld\n", usage.ru_maxrss);
    return status;
}

static int there(const char *directory, const char *prefix) {
    DIR *list = opendir(directory);
    struct dirent *entry;
    int found = 0;
    if (!list) die("cannot list", directory);
    while ((entry = readdir(list)) != NULL)
        found |= strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
    closedir(list);
    return found;
}

static int stop(const char *directory, const char *prefix, char **command) {
    struct timespec pause = {0, 500000};
    pid_t child = start(command, -1, -1, 1);
    int status;
    while (!there(directory, prefix)) {
        if (waitpid(child, &status, WNOHANG) == child) die("ended too early:", command[0]);
        nanosleep(&pause, NULL);
    }
    nanosleep(&pause, NULL);
    kill(child, SIGINT);
    return finish(child);
}

static void send_line(int to, const char *line) {
    if (write(to, line, strlen(line)) != (ssize_t)strlen(line) || write(to, "\n", 1) != 1)
        die("cannot write", line);
}

/* from: 1 or 2, what is listened to. whole_line: SIGINT a little after its first line. */
static int talk(const char *one, const char *two, char **command, int whole_line, int from) {
    struct timespec pause = {0, from == 2 ? 20000000 : 100000000};
    int in[2], out[2];
    char bytes[4096];
    ssize_t got;
    pid_t child;
    if (pipe(in) || pipe(out)) die("no", "pipe");
    fcntl(in[1], F_SETFD, FD_CLOEXEC); /* else the child never sees the end of its input */
    fcntl(out[0], F_SETFD, FD_CLOEXEC);
    child = start(command, in[0], out[1], from);
    close(in[0]);
    close(out[1]);
    send_line(in[1], one);
    do {
        got = read(out[0], bytes, 1); /* the answer has begun */
        if (got == 1) fwrite(bytes, 1, 1, stdout);
    } while (whole_line && got == 1 && bytes[0] != '\n');
    if (whole_line) nanosleep(&pause, NULL);
    kill(child, SIGINT);
    if (whole_line) nanosleep(&pause, NULL);
    send_line(in[1], two);
    close(in[1]);
    while ((got = read(out[0], bytes, sizeof bytes)) > 0) fwrite(bytes, 1, (size_t)got, stdout);
    return finish(child);
}

int main(int count, char **args) {
    const char *what = count > 1 ? args[1] : "";
    signal(SIGPIPE, SIG_IGN);
    if (!strcmp(what, "new") && count == 3) return make_new(args[2], 0);
    if (!strcmp(what, "noise") && count == 3) return make_new(args[2], 1);
    if (!strcmp(what, "replace") && count == 6) return replace(args[2], args[3], args[4], args[5]);
    if (!strcmp(what, "value") && count == 6) return set_value(args[2], args[3], args[4], args[5]);
    if (!strcmp(what, "append") && count > 4) return append(args[2], args[3], args + 4, count - 4);
    if (!strcmp(what, "names") && count == 3) return names(args[2]);
    if (!strcmp(what, "length") && count == 5) return set_length(args[2], args[3], args[4]);
    if (!strcmp(what, "splice") && count > 4) return splice(args[2], args[3], args + 4, count - 4);
    if (!strcmp(what, "metadata") && count == 5) return set_metadata(args[2], args[3], args[4]);
    if (!strcmp(what, "json") && count == 2) return check_json();
    if (!strcmp(what, "rss") && count > 2) return peak(args + 2);
    if (!strcmp(what, "stop") && count > 4) return stop(args[2], args[3], args + 4);
    if (!strcmp(what, "talk") && count > 4) return talk(args[2], args[3], args + 4, 0, 1);
    if (!strcmp(what, "rest") && count > 4) return talk(args[2], args[3], args + 4, 1, 1);
    if (!strcmp(what, "hush") && count > 4) return talk(args[2], args[3], args + 4, 1, 2);
    fputs(help, stderr);
    return 2;
}
