/* pickle.c - reads the pickles of tensor files without ever building a Python object: a few
   opcodes and a few globals are known, their results are plain values of known types; anything
   else is an error that names it. No value is ever visited recursively. */
#include "convert.h"

#include <stdlib.h>
#include <string.h>

enum {
    STACK_LIMIT = 1 << 16, MEMO_LIMIT = 1 << 20, VALUE_LIMIT = 1 << 20, DEPTH_LIMIT = 64,
    SHOWN_LIMIT = 128, CHUNK_VALUES = 256
};

/* ---- what is known ------------------------------------------------------------------------ */

enum { CALL_DICT, CALL_TENSOR, CALL_PARAMETER, CALL_NOTHING };

static const struct Global {
    const char *module, *name;
    int call;
} globals[] = {
    {"collections", "OrderedDict", CALL_DICT},
    {"torch._utils", "_rebuild_tensor_v2", CALL_TENSOR},
    {"torch._utils", "_rebuild_parameter", CALL_PARAMETER},
    {"torch", "FloatStorage", CALL_NOTHING},  {"torch", "HalfStorage", CALL_NOTHING},
    {"torch", "BFloat16Storage", CALL_NOTHING}, {"torch", "DoubleStorage", CALL_NOTHING},
    {"torch", "LongStorage", CALL_NOTHING},   {"torch", "IntStorage", CALL_NOTHING},
    {"torch", "ShortStorage", CALL_NOTHING},  {"torch", "CharStorage", CALL_NOTHING},
    {"torch", "ByteStorage", CALL_NOTHING},   {"torch", "BoolStorage", CALL_NOTHING},
};

enum {
    OP_MARK = '(', OP_STOP = '.', OP_BINFLOAT = 'G', OP_BININT = 'J', OP_BININT1 = 'K',
    OP_BININT2 = 'M', OP_NONE = 'N', OP_BINPERSID = 'Q', OP_REDUCE = 'R', OP_BINSTRING = 'T',
    OP_SHORT_BINSTRING = 'U', OP_BINUNICODE = 'X', OP_EMPTY_LIST = ']', OP_APPEND = 'a',
    OP_BUILD = 'b', OP_GLOBAL = 'c', OP_APPENDS = 'e', OP_BINGET = 'h', OP_LONG_BINGET = 'j',
    OP_BINPUT = 'q', OP_LONG_BINPUT = 'r', OP_SETITEM = 's', OP_TUPLE = 't', OP_SETITEMS = 'u',
    OP_EMPTY_DICT = '}', OP_EMPTY_TUPLE = ')', OP_PROTO = 0x80, OP_TUPLE1 = 0x85,
    OP_TUPLE2 = 0x86, OP_TUPLE3 = 0x87, OP_NEWTRUE = 0x88, OP_NEWFALSE = 0x89, OP_LONG1 = 0x8A,
    OP_SHORT_BINUNICODE = 0x8C, OP_BINUNICODE8 = 0x8D, OP_STACK_GLOBAL = 0x93,
    OP_MEMOIZE = 0x94, OP_FRAME = 0x95
};

/* Opcodes that tensor files do not need, for the messages. */
static const struct Opcode {
    int code;
    const char *name;
} refused[] = {
    {'0', "POP"}, {'1', "POP_MARK"}, {'2', "DUP"}, {'B', "BINBYTES"}, {'C', "SHORT_BINBYTES"},
    {'F', "FLOAT"}, {'I', "INT"}, {'L', "LONG"}, {'P', "PERSID"}, {'S', "STRING"},
    {'V', "UNICODE"}, {'d', "DICT"}, {'g', "GET"}, {'i', "INST"}, {'l', "LIST"}, {'o', "OBJ"},
    {'p', "PUT"}, {0x81, "NEWOBJ"}, {0x82, "EXT1"}, {0x83, "EXT2"}, {0x84, "EXT4"},
    {0x8B, "LONG4"}, {0x8E, "BINBYTES8"}, {0x8F, "EMPTY_SET"}, {0x90, "ADDITEMS"},
    {0x91, "FROZENSET"}, {0x92, "NEWOBJ_EX"}, {0x96, "BYTEARRAY8"}, {0x97, "NEXT_BUFFER"},
    {0x98, "READONLY_BUFFER"},
};

static const char *const type_names[] = {
    "a mark", "None", "a boolean", "an integer", "a large integer", "a float", "a string",
    "a tuple", "a list", "a dictionary", "a global", "a storage", "a tensor"};

const char *pickle_type_name(const PickleValue *value) { return type_names[value->type]; }

/* ---- the reader --------------------------------------------------------------------------- */

struct PickleChunk {
    struct PickleChunk *next;
    size_t used;
    PickleValue values[CHUNK_VALUES];
};

typedef struct Reader {
    const char *name; /* of the file, for messages */
    const unsigned char *bytes;
    size_t at, size;
    Pickle *out;
    PickleValue **stack, **memo;
    size_t count, capacity, memo_count, memo_capacity, marks, values;
} Reader;

static PickleValue mark = {PICKLE_MARK, 0, 0, NULL, 0, NULL, 0, 0, NULL};

static const unsigned char *take(Reader *reader, uint64_t size) {
    if (size > reader->size - reader->at)
        fail("%s: the pickle is cut off", reader->name);
    reader->at += (size_t)size;
    return reader->bytes + reader->at - (size_t)size;
}

static uint64_t take_number(Reader *reader, size_t bytes) {
    const unsigned char *at = take(reader, bytes);
    uint64_t value = 0;
    while (bytes--)
        value = value << 8 | at[bytes];
    return value;
}

static void push(Reader *reader, PickleValue *value) {
    if (reader->count == STACK_LIMIT)
        fail("%s: the pickle's stack grows beyond %d values", reader->name, STACK_LIMIT);
    if (reader->count == reader->capacity) {
        reader->capacity = reader->capacity * 2 + 64;
        reader->stack = resize(reader->stack, reader->capacity, sizeof *reader->stack);
    }
    reader->stack[reader->count++] = value;
}

static PickleValue *push_new(Reader *reader, PickleType type) {
    struct PickleChunk *chunk = reader->out->chunks;
    PickleValue *value;
    if (++reader->values > VALUE_LIMIT)
        fail("%s: the pickle has more than %d values", reader->name, VALUE_LIMIT);
    if (!chunk || chunk->used == CHUNK_VALUES) {
        chunk = allocate(1, sizeof *chunk);
        chunk->next = reader->out->chunks;
        reader->out->chunks = chunk;
    }
    value = &chunk->values[chunk->used++];
    value->type = type;
    push(reader, value);
    return value;
}

/* The last value above the last mark; what: the opcode, for messages. */
static PickleValue *top(Reader *reader, const char *what) {
    if (!reader->count || reader->stack[reader->count - 1] == &mark)
        fail("%s: the pickle's %s finds no value on the stack", reader->name, what);
    return reader->stack[reader->count - 1];
}

static PickleValue *top_of(Reader *reader, PickleType type, const char *what) {
    PickleValue *value = top(reader, what);
    if (value->type != type)
        fail("%s: the pickle's %s needs %s, not %s", reader->name, what, type_names[type],
             pickle_type_name(value));
    return value;
}

static PickleValue *pop(Reader *reader, const char *what) {
    PickleValue *value = top(reader, what);
    reader->count--;
    return value;
}

static PickleValue *pop_of(Reader *reader, PickleType type, const char *what) {
    PickleValue *value = top_of(reader, type, what);
    reader->count--;
    return value;
}

/* The number of values above the last mark. */
static size_t count_marked(Reader *reader, const char *what) {
    size_t count = 0;
    while (count < reader->count && reader->stack[reader->count - 1 - count] != &mark)
        count++;
    if (count == reader->count)
        fail("%s: the pickle's %s finds no mark", reader->name, what);
    return count;
}

static void drop_marked(Reader *reader, size_t count) {
    reader->count -= count + 1;
    reader->marks--;
}

/* ---- containers --------------------------------------------------------------------------- */

static void add_item(Reader *reader, PickleValue *container, PickleValue *item) {
    if (item->depth + 1 > container->depth)
        container->depth = item->depth + 1;
    if (container->depth > DEPTH_LIMIT)
        fail("%s: the pickle's values are nested deeper than %d", reader->name, DEPTH_LIMIT);
    if (container->count == container->capacity) {
        container->capacity = container->capacity * 2 + 2;
        container->items = resize(container->items, container->capacity,
                                  sizeof *container->items);
    }
    container->items[container->count++] = item;
}

/* The last `count` values, above a mark or not, become a tuple. */
static void make_tuple(Reader *reader, size_t count, int marked, const char *what) {
    size_t first, i;
    PickleValue *tuple;
    if (count > reader->count)
        fail("%s: the pickle's %s finds no value on the stack", reader->name, what);
    first = reader->count - count;
    for (i = first; i < reader->count; i++)
        if (reader->stack[i] == &mark)
            fail("%s: the pickle's %s finds a mark", reader->name, what);
    tuple = push_new(reader, PICKLE_TUPLE);
    for (i = first; i < first + count; i++)
        add_item(reader, tuple, reader->stack[i]);
    reader->count--;
    if (marked)
        drop_marked(reader, count);
    else
        reader->count -= count;
    push(reader, tuple);
}

static void set_items(Reader *reader, PickleValue *dict, PickleValue **pairs, size_t count) {
    size_t i;
    for (i = 0; i < count; i += 2) {
        if (pairs[i]->type != PICKLE_STRING)
            fail("%s: the pickle has a dictionary's key that is no string but %s", reader->name,
                 pickle_type_name(pairs[i]));
        add_item(reader, dict, pairs[i]);
        add_item(reader, dict, pairs[i + 1]);
    }
}

static void op_setitem(Reader *reader) {
    PickleValue *pair[2];
    pair[1] = pop(reader, "SETITEM");
    pair[0] = pop(reader, "SETITEM");
    set_items(reader, top_of(reader, PICKLE_DICT, "SETITEM"), pair, 2);
}

static void op_setitems(Reader *reader) {
    size_t count = count_marked(reader, "SETITEMS");
    PickleValue **pairs = reader->stack + reader->count - count;
    if (count % 2)
        fail("%s: the pickle's SETITEMS finds a key without a value", reader->name);
    drop_marked(reader, count);
    set_items(reader, top_of(reader, PICKLE_DICT, "SETITEMS"), pairs, count);
}

static void op_append(Reader *reader) {
    PickleValue *item = pop(reader, "APPEND");
    add_item(reader, top_of(reader, PICKLE_LIST, "APPEND"), item);
}

static void op_appends(Reader *reader) {
    size_t count = count_marked(reader, "APPENDS"), i;
    PickleValue **items = reader->stack + reader->count - count, *list;
    drop_marked(reader, count);
    list = top_of(reader, PICKLE_LIST, "APPENDS");
    for (i = 0; i < count; i++)
        add_item(reader, list, items[i]);
}

static int container_opcode(Reader *reader, int code) {
    switch (code) {
    case OP_MARK:
        if (++reader->marks > DEPTH_LIMIT)
            fail("%s: the pickle's marks are nested deeper than %d", reader->name, DEPTH_LIMIT);
        push(reader, &mark);
        return 1;
    case OP_EMPTY_TUPLE: push_new(reader, PICKLE_TUPLE); return 1;
    case OP_EMPTY_LIST: push_new(reader, PICKLE_LIST); return 1;
    case OP_EMPTY_DICT: push_new(reader, PICKLE_DICT); return 1;
    case OP_TUPLE1: make_tuple(reader, 1, 0, "TUPLE1"); return 1;
    case OP_TUPLE2: make_tuple(reader, 2, 0, "TUPLE2"); return 1;
    case OP_TUPLE3: make_tuple(reader, 3, 0, "TUPLE3"); return 1;
    case OP_TUPLE: make_tuple(reader, count_marked(reader, "TUPLE"), 1, "TUPLE"); return 1;
    case OP_APPEND: op_append(reader); return 1;
    case OP_APPENDS: op_appends(reader); return 1;
    case OP_SETITEM: op_setitem(reader); return 1;
    case OP_SETITEMS: op_setitems(reader); return 1;
    default: return 0;
    }
}

/* ---- plain values ------------------------------------------------------------------------- */

static void push_int(Reader *reader, PickleType type, int64_t value) {
    push_new(reader, type)->integer = value;
}

static void push_string(Reader *reader, uint64_t size) {
    const unsigned char *bytes = take(reader, size);
    PickleValue *value = push_new(reader, PICKLE_STRING);
    value->text = (const char *)bytes;
    value->size = (size_t)size;
}

/* Two's complement of any length; what does not fit stays bytes. */
static void op_long1(Reader *reader) {
    size_t size = (size_t)take_number(reader, 1);
    const unsigned char *bytes = take(reader, size);
    PickleValue *value = push_new(reader, size > 8 ? PICKLE_BIG : PICKLE_INT);
    uint64_t bits = size && bytes[size - 1] & 0x80 ? UINT64_MAX : 0;
    value->text = (const char *)bytes;
    value->size = size;
    if (size > 8)
        return;
    while (size--)
        bits = bits << 8 | bytes[size];
    memcpy(&value->integer, &bits, 8);
}

static int plain_opcode(Reader *reader, int code) {
    uint32_t bits;
    int32_t integer;
    switch (code) {
    case OP_NONE: push_new(reader, PICKLE_NONE); return 1;
    case OP_NEWTRUE: push_int(reader, PICKLE_BOOL, 1); return 1;
    case OP_NEWFALSE: push_int(reader, PICKLE_BOOL, 0); return 1;
    case OP_BININT1: push_int(reader, PICKLE_INT, (int64_t)take_number(reader, 1)); return 1;
    case OP_BININT2: push_int(reader, PICKLE_INT, (int64_t)take_number(reader, 2)); return 1;
    case OP_BININT:
        bits = (uint32_t)take_number(reader, 4);
        memcpy(&integer, &bits, 4);
        push_int(reader, PICKLE_INT, integer);
        return 1;
    case OP_LONG1: op_long1(reader); return 1;
    case OP_BINFLOAT:
        take(reader, 8);
        push_new(reader, PICKLE_FLOAT);
        return 1;
    case OP_SHORT_BINSTRING:
    case OP_SHORT_BINUNICODE: push_string(reader, take_number(reader, 1)); return 1;
    case OP_BINSTRING:
    case OP_BINUNICODE: push_string(reader, take_number(reader, 4)); return 1;
    case OP_BINUNICODE8: push_string(reader, take_number(reader, 8)); return 1;
    default: return 0;
    }
}

/* ---- the memo ----------------------------------------------------------------------------- */

static void memo_put(Reader *reader, uint64_t at) {
    PickleValue *value = top(reader, "PUT");
    if (at >= MEMO_LIMIT)
        fail("%s: the pickle's memo grows beyond %d values", reader->name, MEMO_LIMIT);
    if (at >= reader->memo_capacity) {
        size_t old = reader->memo_capacity, wanted = (size_t)at * 2 + 64;
        reader->memo = resize(reader->memo, wanted, sizeof *reader->memo);
        memset(reader->memo + old, 0, (wanted - old) * sizeof *reader->memo);
        reader->memo_capacity = wanted;
    }
    if (!reader->memo[at])
        reader->memo_count++;
    reader->memo[at] = value;
}

static void memo_get(Reader *reader, uint64_t at) {
    if (at >= reader->memo_capacity || !reader->memo[at])
        fail("%s: the pickle gets memo %llu, which was never put", reader->name,
             (unsigned long long)at);
    push(reader, reader->memo[at]);
}

static int memo_opcode(Reader *reader, int code) {
    switch (code) {
    case OP_BINPUT: memo_put(reader, take_number(reader, 1)); return 1;
    case OP_LONG_BINPUT: memo_put(reader, take_number(reader, 4)); return 1;
    case OP_MEMOIZE: memo_put(reader, reader->memo_count); return 1;
    case OP_BINGET: memo_get(reader, take_number(reader, 1)); return 1;
    case OP_LONG_BINGET: memo_get(reader, take_number(reader, 4)); return 1;
    default: return 0;
    }
}

/* ---- globals, calls, storages ------------------------------------------------------------- */

/* Text of the file as a message can show it. */
static const char *shown(char out[SHOWN_LIMIT], const char *text, size_t size) {
    size_t i;
    for (i = 0; i < size && i < SHOWN_LIMIT - 1; i++)
        out[i] = (char)(text[i] < 0x20 || text[i] > 0x7E ? '?' : text[i]);
    out[i] = 0;
    return out;
}

static int is_text(const char *text, size_t size, const char *wanted) {
    return size == strlen(wanted) && memcmp(text, wanted, size) == 0;
}

static void push_global(Reader *reader, const char *module, size_t module_size, const char *name,
                        size_t name_size) {
    char a[SHOWN_LIMIT], b[SHOWN_LIMIT];
    size_t i;
    for (i = 0; i < sizeof globals / sizeof *globals; i++)
        if (is_text(module, module_size, globals[i].module) &&
            is_text(name, name_size, globals[i].name)) {
            PickleValue *value = push_new(reader, PICKLE_GLOBAL);
            value->integer = (int64_t)i;
            value->text = globals[i].name;
            value->size = name_size;
            return;
        }
    fail("%s: the pickle asks for %s.%s, which tensors do not need (of a whole model, save its "
         "state_dict() alone, or save_pretrained it)", reader->name,
         shown(a, module, module_size), shown(b, name, name_size));
}

static const char *take_line(Reader *reader, size_t *size) {
    const unsigned char *start = reader->bytes + reader->at, *end;
    end = memchr(start, '\n', reader->size - reader->at);
    if (!end)
        fail("%s: the pickle is cut off", reader->name);
    *size = (size_t)(end - start);
    reader->at += *size + 1;
    return (const char *)start;
}

static void op_global(Reader *reader) {
    size_t module_size, name_size;
    const char *module = take_line(reader, &module_size), *name = take_line(reader, &name_size);
    push_global(reader, module, module_size, name, name_size);
}

static void op_stack_global(Reader *reader) {
    PickleValue *name = pop_of(reader, PICKLE_STRING, "STACK_GLOBAL");
    PickleValue *module = pop_of(reader, PICKLE_STRING, "STACK_GLOBAL");
    push_global(reader, module->text, module->size, name->text, name->size);
}

static void check_arguments(const Reader *reader, const struct Global *global,
                            const PickleValue *arguments, size_t least, size_t most) {
    if (arguments->count < least || arguments->count > most)
        fail("%s: the pickle calls %s with %lu arguments", reader->name, global->name,
             (unsigned long)arguments->count);
}

/* No call happens: an OrderedDict is a dictionary, a tensor is its arguments. */
static void op_reduce(Reader *reader) {
    PickleValue *arguments = pop_of(reader, PICKLE_TUPLE, "REDUCE"), *tensor;
    const struct Global *global = &globals[pop_of(reader, PICKLE_GLOBAL, "REDUCE")->integer];
    switch (global->call) {
    case CALL_DICT:
        check_arguments(reader, global, arguments, 0, 0);
        push_new(reader, PICKLE_DICT);
        return;
    case CALL_TENSOR:
        check_arguments(reader, global, arguments, 6, 7);
        tensor = push_new(reader, PICKLE_TENSOR);
        tensor->depth = arguments->depth;
        tensor->arguments = arguments;
        return;
    case CALL_PARAMETER:
        check_arguments(reader, global, arguments, 3, 3);
        if (arguments->items[0]->type != PICKLE_TENSOR)
            fail("%s: the pickle makes a parameter of %s", reader->name,
                 pickle_type_name(arguments->items[0]));
        push(reader, arguments->items[0]);
        return;
    default: fail("%s: the pickle calls %s", reader->name, global->name);
    }
}

/* The state of a state_dict (versions of its modules) is of no use here. */
static void op_build(Reader *reader) {
    pop_of(reader, PICKLE_DICT, "BUILD");
    top_of(reader, PICKLE_DICT, "BUILD");
}

static void op_binpersid(Reader *reader) {
    PickleValue *id = pop_of(reader, PICKLE_TUPLE, "BINPERSID");
    PickleValue *storage = push_new(reader, PICKLE_STORAGE);
    Pickle *out = reader->out;
    storage->depth = id->depth;
    storage->arguments = id;
    if (out->storage_count == out->storage_capacity) {
        out->storage_capacity = out->storage_capacity * 2 + 16;
        out->storages = resize(out->storages, out->storage_capacity, sizeof *out->storages);
    }
    out->storages[out->storage_count++] = storage;
}

static int call_opcode(Reader *reader, int code) {
    switch (code) {
    case OP_GLOBAL: op_global(reader); return 1;
    case OP_STACK_GLOBAL: op_stack_global(reader); return 1;
    case OP_REDUCE: op_reduce(reader); return 1;
    case OP_BUILD: op_build(reader); return 1;
    case OP_BINPERSID: op_binpersid(reader); return 1;
    case OP_FRAME:
        if (take_number(reader, 8) > reader->size - reader->at)
            fail("%s: the pickle is cut off", reader->name);
        return 1;
    default: return 0;
    }
}

static void refuse_opcode(const Reader *reader, int code) {
    size_t i;
    for (i = 0; i < sizeof refused / sizeof *refused; i++)
        if (refused[i].code == code)
            fail("%s: the pickle has the opcode %s, which tensors do not need", reader->name,
                 refused[i].name);
    fail("%s: the pickle has the byte %02x where an opcode should be", reader->name,
         (unsigned)code);
}

/* ---- a pickle ----------------------------------------------------------------------------- */

static void read_protocol(Reader *reader) {
    const unsigned char *head = take(reader, 2);
    if (head[0] != OP_PROTO)
        fail("%s: not a pickle of protocol 2 or later", reader->name);
    if (head[1] < 2 || head[1] > 5)
        fail("%s: pickle protocol %u is not supported; supported: 2 to 5", reader->name, head[1]);
}

size_t pickle_read(Pickle *out, const char *name, const unsigned char *bytes, size_t size) {
    Reader reader;
    int code;
    memset(out, 0, sizeof *out);
    memset(&reader, 0, sizeof reader);
    reader.name = name;
    reader.bytes = bytes;
    reader.size = size;
    reader.out = out;
    read_protocol(&reader);
    while ((code = *take(&reader, 1)) != OP_STOP)
        if (!plain_opcode(&reader, code) && !memo_opcode(&reader, code) &&
            !container_opcode(&reader, code) && !call_opcode(&reader, code))
            refuse_opcode(&reader, code);
    out->root = pop(&reader, "STOP");
    if (reader.count)
        fail("%s: the pickle ends with %lu values too many", name, (unsigned long)reader.count);
    free(reader.stack);
    free(reader.memo);
    return reader.at;
}

void pickle_free(Pickle *pickle) {
    struct PickleChunk *chunk, *next;
    size_t i;
    for (chunk = pickle->chunks; chunk; chunk = next) {
        next = chunk->next;
        for (i = 0; i < chunk->used; i++)
            free(chunk->values[i].items);
        free(chunk);
    }
    free(pickle->storages);
    memset(pickle, 0, sizeof *pickle);
}

int pickle_is(const PickleValue *value, const char *text) {
    return value->type == PICKLE_STRING && is_text(value->text, value->size, text);
}

/* The value of a dictionary's key; NULL: it has none, or is no dictionary. */
const PickleValue *pickle_member(const PickleValue *dict, const char *key) {
    size_t i;
    if (dict->type == PICKLE_DICT)
        for (i = 0; i < dict->count; i += 2)
            if (pickle_is(dict->items[i], key))
                return dict->items[i + 1];
    return NULL;
}
