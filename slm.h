/* slm.h - small language models in C: one header, libc and libm

   WHAT IT IS
     slm.h runs small language models on a CPU: a loader for one flat weight file (.slm), a
     tokenizer, the forward pass, sampling, chat, and the heads of encoders. Architectures of this
     version: Phi (1, 1.5, 2), GPT-J, GPT-Neo, GPT-2, GPT-NeoX (Pythia), LLaMA (LLaMA 2 and 3,
     Mistral, SmolLM 2 and 3), Qwen2, Qwen3, Gemma 1, 2 and 3 (text); encoders: BERT, RoBERTa,
     DistilBERT, MobileBERT. slm-convert (tools/convert) makes a .slm from a Hugging Face directory
     or a GGUF. slm.h reads no other format, uses no GPU and does not train. One file and one input
     give the same bits for every thread count, chunking, batch, instruction set, compiler and
     optimisation level.
     The specification (numerics, file format, chat formats) is the comment at the end of this
     file. `grep -n -e '--- >>' slm.h` prints a table of contents.

   USE
     In exactly one C or C++ file:

         #define SLM_IMPLEMENTATION
         #include "slm.h"

     Other files need the second line alone. Build with cc -O2 app.c -lm; -march is not needed,
     since slm.h picks the instruction set when it opens a model. A whole program:

         #include <stdio.h>
         #define SLM_IMPLEMENTATION
         #include "slm.h"
         int main(void) {
             slm_model *model = NULL; slm_session *session = NULL; slm_error error;
             slm_piece piece; slm_result result;
             result = slm_model_open(&model, "examples/models/tiny-phi.slm", NULL, &error);
             if (result == SLM_OK) result = slm_session_open(&session, model, NULL, &error);
             if (result != SLM_OK) {
                 fprintf(stderr, "%s\n", error.text);
                 slm_model_close(model); // NULL is fine
                 return 1;
             }
             result = slm_prompt(session, "Once upon a time", SLM_NUL, SLM_ADD_BOS);
             if (result == SLM_OK) result = slm_generate(session, NULL);
             while (result == SLM_OK && (result = slm_next(session, &piece)) == SLM_OK)
                 fwrite(piece.text, 1, piece.size, stdout);
             if (result != SLM_DONE) fprintf(stderr, "%s\n", slm_session_error(session));
             slm_session_close(session);
             slm_model_close(model);
             return result == SLM_DONE ? 0 : 1;
         }

   RECIPES
     Each fragment stands in a function that returns 1 on failure. It has an open model and session;
     desc (slm_session_desc) and generation (slm_generation), zeroed with memset, which means
     working defaults; piece, result and error as above; and size_t i, j.

     Chat. The file says how a conversation is written. (SLM_ASSISTANT, NULL) opens the answer. The
     model's end token ends it, or what its format has instead, a stop, the limit or a full context:
     piece.reason says which. The next slm_chat closes the answer:

         generation.limit = 200;
         generation.sampling.temperature = 0.8f; // 0: always the likeliest token
         if (slm_chat(session, SLM_USER, "Tell me a story.", SLM_NUL) != SLM_OK ||
             slm_chat(session, SLM_ASSISTANT, NULL, 0) != SLM_OK ||
             slm_generate(session, &generation) != SLM_OK) return 1;
         while ((result = slm_next(session, &piece)) == SLM_OK)
             fwrite(piece.text, 1, piece.size, stdout);
         if (result != SLM_DONE) return 1;

     Another answer to the same prompt. slm_rewind drops the later positions; the last one's logits
     are there again when they are asked for:

         size_t start = slm_position(session); // above 0: after slm_prompt or slm_chat
         generation.sampling.temperature = 0.8f;
         generation.limit = 20;
         for (i = 0; i < 3; i++, putchar('\n')) {
             generation.sampling.seed = i;
             if (slm_rewind(session, start) != SLM_OK ||
                 slm_generate(session, &generation) != SLM_OK) return 1;
             while ((result = slm_next(session, &piece)) == SLM_OK)
                 fwrite(piece.text, 1, piece.size, stdout);
             if (result != SLM_DONE) return 1;
         }

     The five likeliest next tokens:

         slm_candidate top[5];
         size_t found, size;
         if (slm_top(session, top, 5, &found) != SLM_OK) return 1;
         for (i = 0; i < found; i++) {
             const char *text = slm_token_text(model, top[i].token, &size);
             printf("%7.3f %.*s\n", (double)top[i].logprob, (int)size, text);
         }

     Which answer is likelier? Each is scored behind the same prompt, as the model would write it:
     here with a space at its beginning. Divide by count to compare answers of different lengths;
     append an end token (slm_model_info.end) if the answer must end there. Without a prompt the
     first token has nothing before it and counts as 0. slm_score evaluates one token after the
     other, or as many together as desc.logits_kept says; the bits are the same:

         static const char *const answers[] = {" It is blue.", " It is a spoon."};
         slm_token tokens[64];
         float logprobs[64], sum;
         size_t prompt, count;
         if (slm_chat(session, SLM_USER, "What color is the sky?", SLM_NUL) != SLM_OK ||
             slm_chat(session, SLM_ASSISTANT, NULL, 0) != SLM_OK) return 1;
         prompt = slm_position(session);
         for (i = 0; i < 2; i++) {
             if (slm_tokenize(model, answers[i], SLM_NUL, 0, tokens, 64, &count) ||
                 slm_rewind(session, prompt) ||
                 slm_score(session, tokens, count, logprobs)) return 1;
             for (sum = 0, j = 0; j < count; j++) sum += logprobs[j];
             printf("%8.3f%s\n", (double)sum / (double)count, answers[i]);
         }

     Two conversations. Sessions share the model's weights; each has its own KV cache:

         slm_session *other;
         if (slm_session_open(&other, model, NULL, &error) != SLM_OK ||
             slm_chat(session, SLM_USER, "What is your name?", SLM_NUL) != SLM_OK ||
             slm_chat(other, SLM_USER, "What color is the sky?", SLM_NUL) != SLM_OK) return 1;
         slm_session_close(other);

     A context that slides. A call that does not fit fails with SLM_ERR_CONTEXT_FULL and appends
     nothing; slm_next ends with SLM_REASON_CONTEXT. slm_slide keeps the first tokens (say, a system
     message), drops the older half of the others and evaluates the rest at its new place. Then
     repeat the call that failed, or call slm_generate again:

         if (slm_slide(session, 4) != SLM_OK) return 1;

     An encoder classifies, tags, fills in, answers, or gives vectors to compare. slm_encode takes
     many texts at once, and each gets the bits that it has alone. Which heads a file has, and the
     shape of their logits: slm_model_info, slm_task.

         slm_model *bert;
         slm_session *reader;
         slm_text texts[2];
         float logits[4];
         memset(texts, 0, sizeof texts); // single texts; .pair makes a pair
         texts[0].text = "We loved the warm soup.";
         texts[1].text = "The day was long and sad.";
         texts[0].size = texts[1].size = SLM_NUL;
         if (slm_model_open(&bert, "examples/models/tiny-bert.slm", NULL, &error) != SLM_OK ||
             slm_session_open(&reader, bert, NULL, &error) != SLM_OK ||
             slm_encode(reader, texts, 2, SLM_OUTPUT_LOGITS, logits, 4, NULL) != SLM_OK) return 1;
         for (i = 0; i < 2; i++)
             printf("%s: %s\n", slm_model_label(bert, logits[2 * i + 1] > logits[2 * i]),
                    texts[i].text);
         slm_session_close(reader);
         slm_model_close(bert);

     Your own memory, firmware. Define SLM_NO_STDIO and SLM_NO_MALLOC. flash is the .slm, ram is one
     block for everything else (static unsigned char ram[...]), both 64-byte aligned; xxd -i makes
     an array of a file: put const and the alignment before it.

         slm_model *own; slm_session *small; slm_model_desc place;
         size_t used = (slm_model_size(flash, flash_size) + 63) / 64 * 64; // 0: not a .slm
         memset(&place, 0, sizeof place);
         place.memory = ram;
         place.memory_size = used;
         if (used == 0 || used > ram_size ||
             slm_model_open_memory(&own, flash, flash_size, &place, &error) != SLM_OK) return 1;
         desc.context = 128;
         desc.batch = 8;
         desc.memory = ram + used;
         desc.memory_size = slm_session_size(own, &desc); // the exact need
         if (desc.memory_size > ram_size - used ||
             slm_session_open(&small, own, &desc, &error) != SLM_OK) return 1;

     Only long words allocate: in slm_prompt, slm_chat and slm_encode words of more than 4,096 bytes
     (at a message's ends of more than 1,024, often 2,000), from desc.allocator; in slm_tokenize of
     more than a hundred, from the model's allocator. A run of letters, of digits, of spaces or of
     signs is a word. Where a tokenizer composes characters (Unicode's NFC, as those of Qwen,
     GPT-NeoX and Command R do), a text that is not composed is written anew first, which takes 3
     bytes for each of its bytes: in a session of the 110,000 that are for words, else the same
     allocator's. Without an allocator the call fails with SLM_ERR_MEMORY and appends nothing.
     slm_tokenize_in works in memory that it is given; WordPiece never needs any.

     Threads. The first choice is the pool of examples/threads.h (POSIX threads; make install
     calls it slm_threads.h). It stays fast
     beside other processes, and has fewer threads if the system creates no more. After fork() the
     child's sessions go on with one thread. Close the pool after its sessions:

         slm_threads *pool = slm_threads_open(0); // as many as there are processors
         slm_session *fast;
         desc.parallel.run = slm_threads_run;
         desc.parallel.user = pool;
         desc.threads = slm_threads_count(pool);
         if (slm_session_open(&fast, model, &desc, &error) != SLM_OK) return 1;
         slm_session_close(fast);
         slm_threads_close(pool);

     The second choice is -fopenmp, which needs no line of code. Set OMP_WAIT_POLICY=passive in the
     environment: libgomp's threads otherwise use a processor for 10 ms after each evaluation
     (gcc 12). Beside busy processes a session with desc.threads = 0 goes on with one thread and
     tries more after 0.3 s. libgomp ends the process if it cannot create a thread. A child process
     that evaluates after its parent evaluated with several threads hangs in libgomp; give its
     sessions one thread. desc.cancel is called inside the parallel region, so a region that it
     opens is nested. With neither pool nor OpenMP a session has one thread.

   OPTIONS (define before the implementation)
     SLM_IMPLEMENTATION   compile the functions here, in one file only
     SLM_HEADER           slm.h includes itself. If you rename it, and your compiler is older than
                          gcc 12 or clang 9 or says that slm.h is not found, define this as the
                          new name with its quotes: -DSLM_HEADER='"mylib.h"'
     SLM_STATIC           all functions are static: for that one file alone
     SLM_API              what stands before each function (default: extern); define it wherever
                          slm.h is included
     SLM_MALLOC(size), SLM_FREE(memory)   instead of malloc and free; define both
     SLM_NO_MALLOC        no default allocator: give memory or an allocator
     SLM_NO_STDIO         no file access, and no slm_model_open; define it wherever slm.h is
                          included
     SLM_NO_MMAP          slm_model_open reads the file instead of mapping it
     SLM_NO_OPENMP        ignore -fopenmp
     SLM_NO_SIMD          portable C only
     SLM_NO_AVX2          no kernels for x86, or without some of them: SLM_NO_AVXVNNI, SLM_NO_AMX,
                          SLM_NO_AVX512 (which drops AMX too)
     SLM_NO_NEON          no kernels for AArch64, or without dot products: SLM_NO_NEONDOT

   ERRORS
     Whatever can fail returns slm_result; slm_result_name names it. A message that names the
     tensor, field or token is in the optional slm_error, or in slm_session_error. slm_prompt,
     slm_eval, slm_score and slm_chat append all or nothing. The library never exits, aborts,
     asserts, prints or reads the environment, and it has no writable global. A damaged file gives
     an error or a model that runs; slm_model_verify checks every weight. Do not change a file
     while a model has it mapped: the system ends a process that reads behind the end of a file cut
     short (SIGBUS). SLM_LOAD_COPY reads it whole when it opens it, and has no such danger.

   MEMORY AND STACK
     Sizes are bytes unless a name says otherwise. Weights are used in place. A model takes
     slm_model_size bytes beside them (5,632 for the bundled one), a session one block of
     slm_session_size: 3.5 MB for the bundled model, or 0.7 MB with a context of 256, a batch of 1
     and an f16 KV cache; 12 MB for MiniLM-L6 at q8, 27 MB with two threads, less with a smaller
     batch. slm-info prints this size. Evaluating and generating allocate nothing.
     Stack in use from opening to generating, scoring and encoding, by gcc 12 at -O2: 12 KB in
     portable C, 31 KB with AVX2 or AVX-VNNI, 46 KB with AVX-512; `make test` measures it and holds
     it below 32 and 64 KB. AMX takes 103 KB. A build at -O0 takes up to 121 KB. Code and tables
     take 143 KB without SIMD (-Os), 315 KB with all kernels of x86 (-O2).

   THREAD SAFETY
     An open model is read-only: any number of threads may use it at once, slm_tokenize too (your
     allocator must then be safe to call from all of them). A session belongs to one thread at a
     time. Close a model's sessions before the model.

   LIMITS
     C99 or C++11; little-endian. A big-endian machine, or a build whose flags change arithmetic, is
     refused with SLM_ERR_BUILD and a text that says what changes it, or by an #error. The kernels
     for AVX2, AVX-512, AMX and NEON need gcc or clang; other compilers get portable C. Tests run on
     Linux with gcc and clang, some with tcc, musl and mingw (Wine), and for AArch64 in an emulator;
     MSVC and macOS have not been tried. Without mmap and with a long of 32 bits (Windows),
     slm_model_open reads files below 2 GB. A decoder's session computes one sequence, at most as
     long as the model's context, and cannot be saved or copied.
*/
#ifndef SLM__LANES /* defined: only the kernel bodies at the end, see there */
#ifndef SLM_H
#define SLM_H

#if defined(SLM_IMPLEMENTATION) && defined(__i386__) && !defined(__SSE2_MATH__)
#error "slm.h: compile for 32-bit x86 with -msse2 -mfpmath=sse; the x87 registers change results"
#elif defined(SLM_IMPLEMENTATION) && defined(__FLT_EVAL_METHOD__)
#if __FLT_EVAL_METHOD__ != 0 && __FLT_EVAL_METHOD__ != 16
#error "slm.h: this build computes floats in a wider type (x87, -mfpmath=both): other bits"
#endif
#endif
#if defined(SLM_IMPLEMENTATION) && defined(__SIZEOF_DOUBLE__)
#if __SIZEOF_DOUBLE__ < 8
#error "slm.h: a double has to have 8 bytes"
#endif
#endif
#include <stddef.h>
#include <stdint.h>

#define SLM_VERSION_MAJOR 0
#define SLM_VERSION_MINOR 1
#define SLM_VERSION_PATCH 0
#define SLM_NUMERICS 2

#ifndef SLM_API
#ifdef SLM_STATIC
#if defined(__GNUC__)
#define SLM_API static __attribute__((unused))
#else
#define SLM_API static
#endif
#else
#define SLM_API extern
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- >>interface -------------------------------------------------------------------------
   All that a program sees: models, sessions, text and tokens, generation, encoders. Knows nothing
   of how it is done. */

typedef int32_t slm_token; /* -1: none */

#define SLM_NUL ((size_t)-1) /* as a text's size: NUL-terminated */

typedef enum slm_result {
    SLM_OK = 0,
    SLM_DONE,              /* generation has ended; slm_piece.reason says why */
    SLM_ERR_ARGUMENT,      /* a NULL, a range, a combination that makes no sense */
    SLM_ERR_MEMORY,        /* the allocator refused, or the caller's block is too small */
    SLM_ERR_IO,            /* the file could not be opened or read */
    SLM_ERR_FORMAT,        /* not a .slm, damaged, or inconsistent */
    SLM_ERR_VERSION,       /* a .slm of another major version */
    SLM_ERR_UNSUPPORTED,   /* an architecture, type or section this version does not know */
    SLM_ERR_CAPACITY,      /* the output buffer is too small; the full need is reported */
    SLM_ERR_CONTEXT_FULL,  /* the tokens do not fit the session; nothing was appended */
    SLM_ERR_NUMERIC,       /* a value became infinite or NaN */
    SLM_ERR_CANCELLED,     /* the cancel hook said so; nothing was appended */
    SLM_ERR_BUILD          /* its options or the machine change arithmetic; the text says how */
} slm_result;

typedef struct slm_error {
    slm_result code;
    char text[248]; /* NUL-terminated */
} slm_error;

typedef struct slm_model slm_model;
typedef struct slm_session slm_session;

typedef struct slm_allocator {
    void *(*alloc)(void *user, size_t size); /* aligned as malloc aligns; NULL on failure */
    void (*free)(void *user, void *memory);
    void *user;
} slm_allocator;

/* Instruction sets: each gives the same bits. AVX2 never uses VNNI, AVX512 always does, AMX is
   AVX512 with tiles of integers (Linux only: the process asks the kernel for their registers);
   NEON is that of every AArch64, NEONDOT adds ARMv8.2's dot products. */
typedef enum slm_isa {
    SLM_ISA_AUTO = 0, SLM_ISA_PORTABLE, SLM_ISA_AVX2, SLM_ISA_AVXVNNI, SLM_ISA_AVX512,
    SLM_ISA_NEON, SLM_ISA_NEONDOT, SLM_ISA_AMX, SLM_ISA_COUNT
} slm_isa;

typedef enum slm_type {
    SLM_TYPE_VECTOR = 0, SLM_TYPE_F32 = 1, SLM_TYPE_F16 = 2, SLM_TYPE_BF16 = 3, SLM_TYPE_Q8 = 4,
    SLM_TYPE_Q4 = 5, SLM_TYPE_Q4F = 6
} slm_type;

/* How a conversation is written, see CHAT FORMATS in >>specification. */
typedef enum slm_chat_format {
    SLM_CHAT_AUTO = 0, SLM_CHAT_PLAIN, SLM_CHAT_PHI2, SLM_CHAT_CHATML, SLM_CHAT_LLAMA2,
    SLM_CHAT_ZEPHYR, SLM_CHAT_LLAMA3, SLM_CHAT_GEMMA, SLM_CHAT_COUNT
} slm_chat_format;

/* What the head of an encoder does, and the shape of its logits. */
typedef enum slm_task {
    SLM_TASK_NONE = 0,
    SLM_TASK_EMBED,    /* no head: sentence vectors */
    SLM_TASK_CLASSIFY, /* a text or a pair gets scores: [text][labels]; one: regression, rank */
    SLM_TASK_TAG,      /* each token gets scores: [token][labels] */
    SLM_TASK_FILL,     /* what stands at [MASK]: [token][vocabulary rows] */
    SLM_TASK_ANSWER,   /* where the answer begins and ends: [token][2] */
    SLM_TASK_NEXT,     /* does the pair follow the text: [text][2], yes first */
    SLM_TASK_COUNT
} slm_task;

/* How the vectors of a text's tokens become one. */
typedef enum slm_pooling {
    SLM_POOLING_AUTO = 0, SLM_POOLING_CLS, SLM_POOLING_MEAN, SLM_POOLING_MAX, SLM_POOLING_LAST,
    SLM_POOLING_COUNT
} slm_pooling;

typedef enum slm_scores { SLM_SCORES_SOFTMAX = 0, SLM_SCORES_SIGMOID, SLM_SCORES_RAW } slm_scores;

typedef enum slm_load { SLM_LOAD_AUTO = 0, SLM_LOAD_MAP, SLM_LOAD_COPY } slm_load;

typedef struct slm_model_desc {
    slm_allocator allocator; /* zero: malloc and free */
    void *memory;            /* instead of an allocator: slm_model_size bytes, 16-byte aligned */
    size_t memory_size;
    slm_load load;           /* by path only: map the file (auto where there is mmap) or read it */
    slm_isa isa;             /* auto: the best that CPU and build have */
} slm_model_desc;

typedef struct slm_model_info {
    const char *architecture; /* "phi", "gptj", "llama", "gpt_neo", "bert", "distilbert", ... */
    const char *tokenizer;    /* "none", "byte-level BPE", "SentencePiece BPE", "WordPiece" */
    const char *chat_format;  /* "plain", "phi-2", "chatml", "llama-2", "zephyr", "llama-3" or
                                 "gemma" */
    const char *isa;          /* the kernels in use */
    uint64_t content_id, file_size, parameters, weight_bytes;
    uint32_t vocab_rows, vocab_used, context, layers, hidden, intermediate, heads, kv_heads;
    uint32_t head_size, rotary_size, tensors;
    uint32_t window, window_layers; /* in window_layers layers a position sees the last `window` */
    uint32_t rotary_layers;   /* in which positions turn rotary_size elements of each head */
    slm_type weights;         /* the type of the first layer's matrices */
    slm_token bos, unk, end[8];
    uint32_t end_count;
    int adds_bos;             /* the tokenizer puts BOS (or [CLS]) before a text */
    int chat_adds_bos;        /* slm_chat begins a conversation with BOS; llama-2's do always */
    const char *system_message; /* what slm_chat begins with where none is given (of Llama 3.1 the
                                   beginning of each system message, too); NULL: nothing */
    /* of encoders; 0 and -1 for the others */
    int is_encoder;
    unsigned tasks;           /* bit 1u << SLM_TASK_...: the heads in the file */
    slm_task task;            /* the one that a session has by default */
    slm_pooling pooling;      /* of sentence vectors, by default */
    slm_scores label_scores;  /* what turns logits of SLM_TASK_CLASSIFY into scores */
    slm_scores rank_scores;   /* the same for a reranker */
    uint32_t labels;          /* of SLM_TASK_CLASSIFY or _TAG */
    uint32_t token_types;     /* that the model tells apart */
    uint32_t longest_text;    /* tokens of a text, special ones included; the rest is cut off */
    uint32_t embedding_size;  /* of sentence vectors */
    slm_token cls, sep, mask, pad; /* the first three: of the tokenizer, beside a decoder too */
    int tidy_spaces;          /* Hugging Face's decode drops more spaces: "it ' s" is "it's" */
} slm_model_info;

SLM_API const char *slm_version(void);
SLM_API const char *slm_result_name(slm_result);
SLM_API const char *slm_isa_name(slm_isa);   /* "portable", "avx2", ...; NULL out of range */
SLM_API const char *slm_type_name(slm_type); /* "q4", ..., a vector's is "f32"; NULL likewise */
SLM_API int slm_isa_available(slm_isa);      /* in this build and on this CPU */
SLM_API const char *slm_chat_format_name(slm_chat_format); /* "plain", ...; NULL out of range */
SLM_API const char *slm_task_name(slm_task);       /* "embed", "classify", ...; NULL likewise */
SLM_API const char *slm_pooling_name(slm_pooling); /* "cls", "mean", "max", "last"; NULL likewise */

/* Opens a .slm in place. On failure *model is NULL. The bytes given to _open_memory must be
   64-byte aligned, stay valid and unchanged until slm_model_close. */
#ifndef SLM_NO_STDIO
SLM_API slm_result slm_model_open(slm_model **, const char *path, const slm_model_desc *,
                                  slm_error *);
#endif
SLM_API slm_result slm_model_open_memory(slm_model **, const void *bytes, size_t size,
                                         const slm_model_desc *, slm_error *);
/* Bytes for desc.memory; head is the file's first 256 bytes or more. 0: not a .slm. */
SLM_API size_t slm_model_size(const void *head, size_t size);
/* Reads every weight: the tensors' checksums, and no scale or value that is not finite. */
SLM_API slm_result slm_model_verify(const slm_model *, slm_error *);
SLM_API void slm_model_close(slm_model *); /* after its sessions; NULL is fine */
SLM_API void slm_model_get_info(const slm_model *, slm_model_info *);
/* The name of a label of SLM_TASK_CLASSIFY or _TAG; NULL out of range. */
SLM_API const char *slm_model_label(const slm_model *, size_t label);
/* What sentence-transformers puts before a text that is embedded, by its name ("query"); name NULL:
   before every text. NULL: there is no such one. Put it there yourself, and as it does, take white
   space off both ends of a text. */
SLM_API const char *slm_model_prompt(const slm_model *, const char *name);

/* Every task exactly once, in any order, on any threads; returns when all are done.
   A serial loop is a legal hook. */
typedef struct slm_parallel {
    void (*run)(void *user, size_t tasks, void (*task)(void *arg, size_t index), void *arg);
    void *user;
} slm_parallel;

typedef struct slm_session_desc {
    size_t context;      /* tokens the session holds, or an encoder's longest text; 0: the model's
                            (its longest text), at most 4096 */
    size_t batch;        /* tokens processed together, at most; 0: 256; of an encoder's texts 512,
                            or 1024 where threads take whole texts (layers of at most 16 MB),
                            and never fewer than its longest text has */
    size_t logits_kept;  /* last positions of an slm_eval that slm_logits can give; 0: 1 */
    slm_type kv_type;    /* SLM_TYPE_F32 or _F16; 0: f16 if weights are quantized, else f32; an
                            encoder's is always f32 */
    unsigned threads;    /* of OpenMP or the hook, used as given; without both always 1.
                            0: automatic (1 with a hook; else OpenMP's limit, at most the processor
                            count, shared among the model's active sessions; 1 inside the caller's
                            own parallel region) */
    slm_parallel parallel;              /* instead of OpenMP; threads says how many it has */
    int (*cancel)(void *cancel_user);   /* not 0: stop with SLM_ERR_CANCELLED; asked before each
                                           layer, or each batch where threads take whole texts */
    void *cancel_user;
    slm_allocator allocator;            /* zero: malloc and free */
    void *memory;        /* the session itself: slm_session_size bytes, 64-byte aligned; the
                            allocator then serves long words alone */
    size_t memory_size;
    slm_chat_format chat_format;     /* for slm_chat; auto: the model's. Opening fails with
                            SLM_ERR_UNSUPPORTED if the tokenizer lacks a token that it needs. */
    slm_task task;       /* of an encoder; 0: the model's first. Opening fails with
                            SLM_ERR_UNSUPPORTED if the file has no such head */
    slm_pooling pooling; /* of SLM_OUTPUT_EMBEDDING; auto: the file's, else mean for an encoder and
                            last for a decoder */
    double (*clock)(void *clock_user); /* seconds since some moment, for slm_stats; NULL: none */
    void *clock_user;
} slm_session_desc;

/* The exact size of a session's block; 0: the descriptor is not valid for this model. */
SLM_API size_t slm_session_size(const slm_model *, const slm_session_desc *);
SLM_API slm_result slm_session_open(slm_session **, const slm_model *, const slm_session_desc *,
                                    slm_error *);
SLM_API void slm_session_close(slm_session *); /* NULL is fine */
SLM_API const char *slm_session_error(const slm_session *); /* the last failure's text, or "" */

/* Flags of tokenizing: */
#define SLM_ADD_BOS 1u       /* what this tokenizer adds: BOS first, with some a last token */
#define SLM_PARSE_SPECIAL 2u /* special tokens written in the text become those tokens */
/* Of the opposite: */
#define SLM_SHOW_INVALID 4u  /* U+FFFD for byte tokens that are not UTF-8, as Hugging Face */

/* *count is the full need, also with SLM_ERR_CAPACITY, which means that it exceeds capacity (tokens
   may be NULL); 0 with other errors. Any bytes are legal. Words of more than a hundred bytes use
   the model's allocator. A word is what the tokenizer's rule splits off: a run of letters, of
   digits, of white space or of other characters, where no rule of its own says another; where it
   is SentencePiece, what no merge reaches out of. slm_detokenize treats a
   text's beginning and special tokens as Hugging Face does: a space may be added or dropped. */
SLM_API slm_result slm_tokenize(const slm_model *, const char *text, size_t size, unsigned flags,
                                slm_token *tokens, size_t capacity, size_t *count);

typedef struct slm_token_room { /* where the tokens of a text go, and memory for finding them */
    slm_token *tokens;
    size_t capacity;
    size_t count;          /* set: the full need */
    void *scratch;         /* 8-byte aligned; NULL: none */
    size_t scratch_size;   /* bytes */
} slm_token_room;
/* slm_tokenize without an allocator: a word that needs more than the scratch is SLM_ERR_MEMORY. */
SLM_API slm_result slm_tokenize_in(const slm_model *, const char *text, size_t size,
                                   unsigned flags, slm_token_room *room);
/* The bytes of scratch for words of at most `longest_word` bytes: the text's size is always enough
   for that. About 32 bytes for each byte; 0 for words of less than 64 bytes, and for WordPiece.
   A tokenizer that composes characters (Unicode's NFC, as those of Qwen, GPT-NeoX and Command R do)
   first writes a text that is not composed into the scratch: give the text's size, which takes
   about 90 bytes for each byte. SIZE_MAX: longest_word is too large. */
SLM_API size_t slm_tokenize_size(const slm_model *, size_t longest_word);
SLM_API slm_result slm_detokenize(const slm_model *, const slm_token *tokens, size_t count,
                                  unsigned flags, char *text, size_t capacity, size_t *size);
/* The bytes of one token, not NUL-terminated, with a space for U+2581 where that stands for one;
   NULL if there is no such token. */
SLM_API const char *slm_token_text(const slm_model *, slm_token, size_t *size);

/* Appends tokens: all or nothing; any chunking gives the same bits. */
SLM_API slm_result slm_eval(slm_session *, const slm_token *tokens, size_t count);
/* Logits [vocab rows] `back` positions before the last (back < logits_kept, within the last
   slm_eval). Computed when asked for, up to 16 positions at a time towards the last one, so walk
   from old to new. The last position's (back 0) are always there: after slm_rewind, and after a
   call that failed, its token is evaluated again for them. Valid until the next call on the
   session; NULL with slm_session_error, if a logit is not finite for one. */
SLM_API const float *slm_logits(slm_session *, size_t back);
/* The number of tokens in the context so far. */
SLM_API size_t slm_position(const slm_session *);
/* Those tokens; valid until the next call on the session. */
SLM_API const slm_token *slm_tokens(const slm_session *);
/* Forgets the tokens from `position` on, at most slm_position. */
SLM_API slm_result slm_rewind(slm_session *, size_t position);

/* Makes room in a context: its first `keep` tokens stay, the older half of the others (the larger
   one) is dropped, and the rest is evaluated again at its new place, with the bits of a new
   session. At least two others are needed. SLM_ERR_CANCELLED: the first `keep` tokens are left. */
SLM_API slm_result slm_slide(slm_session *, size_t keep);

/* log p(tokens[i] | all before) for each token while appending them, all or nothing, in natural
   logarithms; 0 for a token with nothing before it. */
SLM_API slm_result slm_score(slm_session *, const slm_token *tokens, size_t count,
                             float *logprobs);

typedef struct slm_bias { slm_token token; float value; } slm_bias;

/* Every 0 means off. Applied in this order: penalties over all tokens in the context, biases,
   the hook, temperature, top-k, top-p, min-p. A row without a token is never sampled. */
typedef struct slm_sampling {
    float temperature;     /* 0: greedy; ties go to the smaller id */
    float top_p;           /* the likeliest tokens that together have this mass; >= 1: off */
    uint64_t seed;
    uint32_t top_k;        /* the k likeliest tokens */
    float min_p;           /* at least this share of the likeliest one's probability */
    float repetition;      /* seen tokens: logit / r if positive, logit * r if not */
    float frequency;       /* minus this, for each time a token was seen */
    float presence;        /* minus this, once if a token was seen */
    const slm_bias *biases;
    size_t bias_count;
    void (*adjust)(void *adjust_user, float *logits, size_t rows); /* may change any logit */
    void *adjust_user;
} slm_sampling;
/* Picks a token from the last position's logits; {0} or NULL is greedy. The random numbers go on
   from call to call and start again when the seed changes. */
SLM_API slm_result slm_sample(slm_session *, const slm_sampling *, slm_token *);

typedef struct slm_candidate {
    slm_token token;
    float logprob; /* as slm_score has it */
} slm_candidate;
/* The likeliest next tokens, at most `count`: the likeliest first, ties by the smaller id. A row
   without a token is left out. At position 0 there are none (SLM_ERR_ARGUMENT). */
SLM_API slm_result slm_top(slm_session *, slm_candidate *top, size_t count, size_t *found);

/* Tokenizes and evaluates; scratch is the session's. An empty text evaluates BOS, or the end
   token where there is none, if nothing has been evaluated yet. */
SLM_API slm_result slm_prompt(slm_session *, const char *text, size_t size, unsigned flags);

typedef enum slm_role { SLM_SYSTEM = 0, SLM_USER, SLM_ASSISTANT } slm_role;
/* Appends one message in the session's chat format; (SLM_ASSISTANT, NULL, 0) opens the answer,
   to be followed by slm_generate. Generation then also ends (SLM_REASON_END) where the format
   begins another message in plain text, as Phi-2's "Instruct:", and is rewound to before it;
   unless another call has appended tokens since. A rewind into the answer leaves it open, one to
   its beginning opens it again, one to before ends it. The next message closes an open answer. The
   message's own text never becomes a special token. Where the first message of a conversation is
   not SLM_SYSTEM, the model's own system message (slm_model_info) comes before it; SLM_SYSTEM with
   an empty text means no system message at all, until the next rewind to position 0. A model's
   format that needs a token which its tokenizer lacks is SLM_ERR_UNSUPPORTED. */
SLM_API slm_result slm_chat(slm_session *, slm_role, const char *text, size_t size);

typedef struct slm_generation {
    slm_sampling sampling;
    size_t limit;    /* new tokens at most; 0: until the context is full */
    int ignore_end;  /* go on after an end token, and after the end of an answer */
    const char *const *stops; /* end before any of these texts, of 1 to 255 bytes each; they must
                                 stay valid. The session is rewound to before the token in which
                                 the stop began. */
    size_t stop_count;
    const slm_token *stop_tokens; /* end before any of these; they must stay valid, too */
    size_t stop_token_count;
    unsigned draft; /* at most 16; 0: off. Prompt lookup: where the last tokens stand in the context
                       already, up to this many that followed them are evaluated together with the
                       next one, and count if they are what would have been picked. Results do not
                       change by a bit. Needs a batch above 1; with logits_kept of draft + 1
                       (at most 16) the head's matrix is read once for all of them. */
} slm_generation;

typedef enum slm_reason {
    SLM_REASON_NONE = 0,
    SLM_REASON_END,     /* the model's end token, or the chat format's end of an answer */
    SLM_REASON_LIMIT,   /* slm_generation.limit tokens */
    SLM_REASON_CONTEXT, /* the context is full */
    SLM_REASON_STOP     /* one of slm_generation.stops or .stop_tokens */
} slm_reason;

typedef struct slm_piece {
    const char *text;  /* complete UTF-8 only, may be empty; valid until the next call */
    size_t size;
    slm_token token;   /* -1: what was left of the text of the tokens before */
    slm_reason reason; /* with SLM_DONE */
    float logprob;     /* of the token, before any sampling rule */
} slm_piece;

/* Starts generating after what has been evaluated; NULL = defaults. Text that the generation before
   held back comes first if nothing has been appended or rewound since. */
SLM_API slm_result slm_generate(slm_session *, const slm_generation *);
/* SLM_OK: a piece; SLM_DONE: the end, with its reason (the end token itself is not shown).
   After SLM_ERR_CANCELLED the next call goes on as if nothing had happened. Tokens that slm_eval,
   slm_prompt, slm_score or slm_chat append in between are gone on from; text that was held back
   for a stop comes first then, and a stop is found in later text only. slm_rewind and slm_slide
   end the generation. */
SLM_API slm_result slm_next(slm_session *, slm_piece *);

/* What a session has done since it was opened. */
typedef struct slm_session_stats {
    size_t prompt_tokens;    /* appended by calls other than slm_next */
    size_t generated_tokens; /* appended by slm_next, ... */
    size_t accepted_tokens;  /* ... and of these, those that a draft had right */
    size_t drafted_tokens;   /* all that were drafted */
    double prompt_seconds, generated_seconds; /* of those calls, by desc.clock; 0 without one */
} slm_session_stats;
SLM_API void slm_stats(const slm_session *, slm_session_stats *);

/* Encoders. A text, or a pair that is one input: a question and its context, a query and a
   document. */
typedef struct slm_text {
    const char *text; /* UTF-8; BERT's normalizer drops bytes that are not */
    size_t size;      /* or SLM_NUL */
    const char *pair; /* NULL: a single text; "" makes a pair too */
    size_t pair_size; /* or SLM_NUL */
} slm_text;

/* A token of a text and what it stands for. */
typedef struct slm_text_token {
    slm_token token;
    int32_t type;      /* 1: of the pair or its last [SEP], where the model has two types */
    int32_t part;      /* 0: of text, 1: of pair, -1: added, such as [CLS] and [SEP] */
    int32_t word;      /* of its part, which one before it is split into tokens; -1: added */
    size_t start, end; /* bytes [start, end) of its part; 0, 0 if it was added */
} slm_text_token;

/* The tokens of a text as an encoder sees it: [CLS] text [SEP], or [CLS] text [SEP] pair [SEP]
   (RoBERTa: <s> text </s>, or <s> text </s></s> pair </s>); special tokens that are written in a
   text become those tokens. At most `limit` tokens, of pairs the longer text is cut first; 0: all.
   *count is the number after that cut, *whole (may be NULL) before; SLM_ERR_CAPACITY if *count
   exceeds capacity. Start and end are Hugging Face's: a part of a character stands for all of it,
   and a file may say that white space at a token's ends is left out. Words of byte-level BPE use
   memory as those of slm_tokenize do. SLM_ERR_UNSUPPORTED: the tokenizer is no encoder's. */
SLM_API slm_result slm_tokenize_text(const slm_model *, const slm_text *, size_t limit,
                                     slm_text_token *tokens, size_t capacity, size_t *count,
                                     size_t *whole);

typedef enum slm_output {
    SLM_OUTPUT_HIDDEN = 1, /* a row for each token: [hidden] */
    SLM_OUTPUT_POOLED,     /* a row for each text: the pooler's [hidden] */
    SLM_OUTPUT_LOGITS,     /* of the session's task, see slm_task */
    SLM_OUTPUT_EMBEDDING,  /* a row for each text: the sentence's vector [embedding size] */
    SLM_OUTPUT_MASKS,      /* of SLM_TASK_FILL, a row for each [MASK] alone: [vocabulary rows] */
    SLM_OUTPUT_COUNT
} slm_output;

/* Floats in a row of an output; 0: the session's model cannot give it. */
SLM_API size_t slm_output_size(const slm_session *, slm_output);
/* Runs texts through an encoder, many in one pass, each with the bits that it has alone. Their
   rows follow each other in `out`, which has room for `capacity` floats; rows (may be NULL) gets
   the number of rows of each text [count]. Texts beyond the longest text are cut. A decoder gives
   hidden states after the final norm, and embeddings; its session must be at position 0 and stays
   there. SLM_ERR_CAPACITY: *rows is right, and out has not been written. */
SLM_API slm_result slm_encode(slm_session *, const slm_text *texts, size_t count, slm_output,
                              float *out, size_t capacity, size_t *rows);
/* vectors: [count][embedding size] */
SLM_API slm_result slm_embed(slm_session *, const slm_text *texts, size_t count, float *vectors);

/* The same from tokens, at most the session's context in each input. */
typedef struct slm_input {
    const slm_token *tokens;
    const int32_t *types; /* of the tokens; NULL: all 0 */
    size_t count;
} slm_input;
SLM_API slm_result slm_encode_tokens(slm_session *, const slm_input *inputs, size_t count,
                                     slm_output, float *out, size_t capacity, size_t *rows);

#ifdef __cplusplus
}
#endif
#endif /* SLM_H */

/* ========================================================================================== */
#if defined(SLM_IMPLEMENTATION) && !defined(SLM__IMPLEMENTED)
#define SLM__IMPLEMENTED

/* ---- >>platform --------------------------------------------------------------------------
   What the compiler and the system offer. Knows nothing of models; all other headers
   are included here. */

#include <math.h>
#include <stdarg.h>
#include <string.h>
#ifndef SLM_NO_STDIO
#include <stdio.h>
#endif
#if !defined(SLM_NO_MALLOC) && !defined(SLM_MALLOC)
#include <stdlib.h>
#define SLM_MALLOC(size) malloc(size)
#define SLM_FREE(memory) free(memory)
#endif
#if defined(_OPENMP) && !defined(SLM_NO_OPENMP)
#define SLM__OPENMP
#include <omp.h>
#if defined(__unix__) || defined(__APPLE__)
#include <sys/select.h>
#elif defined(__MINGW32__)
#include <sched.h>
#endif
#endif
#if !defined(SLM_NO_STDIO) && (defined(__unix__) || defined(__APPLE__))
#define SLM__STAT
#include <sys/stat.h>
#ifndef SLM_NO_MMAP
#define SLM__MMAP
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#endif
#endif
#if defined(__x86_64__) && defined(__GNUC__)
#define SLM__X86
#if !defined(__clang__) && __GNUC__ > 6 && defined(__cplusplus)
#pragma GCC diagnostic push /* g++ 12 calls its own intrinsics uninitialized */
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#define SLM__DIAGNOSTIC_POP
#endif
#include <immintrin.h>
#if !defined(SLM_NO_SIMD) && !defined(SLM_NO_AVX2)
#include <cpuid.h>
#define SLM__AVX2
#if !defined(SLM_NO_AVXVNNI) && (__GNUC__ > 10 || __clang_major__ > 11)
#define SLM__AVXVNNI
#endif
#if !defined(SLM_NO_AVX512)
#define SLM__AVX512
#if !defined(SLM_NO_AMX) && defined(__linux__) && (__GNUC__ > 10 || __clang_major__ > 11)
#define SLM__AMX
#endif
#endif
#endif
#endif
#if defined(SLM__X86) || (defined(__GNUC__) && defined(__SSE2_MATH__))
#define SLM__MXCSR
#include <xmmintrin.h>
#endif
#if defined(__GNUC__) && defined(__arm__) && defined(__ARM_FP)
#define SLM__FPSCR 0x07C80000u /* half format, NaNs, flush to zero, rounding, flush of halves */
#endif
#if defined(__aarch64__) && defined(__GNUC__)
#define SLM__ARM64
#if defined(__ARM_NEON) && !defined(SLM_NO_SIMD) && !defined(SLM_NO_NEON)
#include <arm_neon.h>
#define SLM__NEON
/* GCC's attribute replaces the whole architecture and would take away what is newer than it. */
#if defined(SLM_NO_NEONDOT)
#elif defined(__ARM_FEATURE_DOTPROD)
#define SLM__TARGET_DOT
#elif defined(__linux__) && defined(__clang__) && __clang_major__ > 15
#define SLM__TARGET_DOT __attribute__((target("+dotprod")))
#elif defined(__linux__) && !defined(__clang__) && __GNUC__ > 9 && \
    !defined(__ARM_FEATURE_CRYPTO) && !defined(__ARM_FEATURE_COMPLEX) && \
    !defined(__ARM_FEATURE_FP16_VECTOR_ARITHMETIC) && !defined(__ARM_FEATURE_SVE)
#define SLM__TARGET_DOT __attribute__((target("arch=armv8.2-a+dotprod")))
#endif
#if defined(SLM__TARGET_DOT) && !defined(__ARM_FEATURE_DOTPROD)
#include <sys/auxv.h>
#endif
#endif
#endif
#if defined(__GNUC__)
#define SLM__PREFETCH(address) __builtin_prefetch(address)
#define SLM__PREFETCH_WRITE(address) __builtin_prefetch(address, 1)
#else
#define SLM__PREFETCH(address) ((void)0)
#define SLM__PREFETCH_WRITE(address) ((void)0)
#endif
#if defined(__clang__)
#define SLM__UNROLL_FULL _Pragma("unroll")
#elif defined(__GNUC__) && !defined(__TINYC__)
#define SLM__UNROLL_FULL _Pragma("GCC unroll 16")
#else
#define SLM__UNROLL_FULL
#endif
#ifndef SLM_HEADER /* the header includes itself once per instruction set */
#ifdef __FILE_NAME__
#define SLM_HEADER __FILE_NAME__
#else
#define SLM_HEADER "slm.h"
#endif
#endif
#ifdef __has_include
#if !__has_include(SLM_HEADER)
#error "slm.h includes itself: define SLM_HEADER as the name of this file, in quotes"
#endif
#endif

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC optimize("fp-contract=off", "no-fast-math", "no-unsafe-math-optimizations", \
                     "no-associative-math", "no-reciprocal-math")
#elif defined(__clang__)
#if defined(SLM__X86) || __clang_major__ > 15
#define SLM__FLOAT_CONTROL
#pragma float_control(push)
#pragma float_control(precise, on)
#endif
#pragma STDC FP_CONTRACT OFF
#endif

/* Multiply, then add, in two roundings. Where the compiler could fuse them the product passes
   through an empty asm, which even -ffp-contract=fast respects. */
static inline float slm__madd(float sum, float a, float b) {
    float product = a * b;
#if defined(__GNUC__) && defined(__FMA__)
    __asm__("" : "+x"(product), "+x"(sum)); /* the sum may be a product too */
#elif defined(__GNUC__) && defined(__aarch64__)
    __asm__("" : "+w"(product), "+w"(sum));
#endif
    return sum + product;
}

/* Any shared object linked with -Ofast sets flush-to-zero for its whole host, so every entry
   that computes sets the default rounding and denormals, and puts back what it found. */
static unsigned slm__fp_enter(void) {
#ifdef SLM__MXCSR
    unsigned saved = _mm_getcsr();
    _mm_setcsr(0x1F80);
    return saved;
#elif defined(SLM__FPSCR)
    unsigned saved;
    __asm__ volatile("vmrs %0, fpscr" : "=r"(saved) : : "memory");
    if (saved & SLM__FPSCR) /* the rest are flags, and of vectors */
        __asm__ volatile("vmsr fpscr, %0" : : "r"(saved & ~SLM__FPSCR) : "memory");
    return saved;
#elif defined(SLM__ARM64)
    uint64_t saved;
    __asm__ volatile("mrs %0, fpcr" : "=r"(saved) : : "memory");
    if (saved) __asm__ volatile("msr fpcr, xzr" : : : "memory");
    return (unsigned)saved; /* the upper half is reserved */
#else
    return 0;
#endif
}

static void slm__fp_leave(unsigned saved) {
#ifdef SLM__MXCSR
    _mm_setcsr(saved);
#elif defined(SLM__FPSCR)
    if (saved & SLM__FPSCR) __asm__ volatile("vmsr fpscr, %0" : : "r"(saved) : "memory");
#elif defined(SLM__ARM64)
    if (saved) __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)saved) : "memory");
#else
    (void)saved;
#endif
}

/* ---- >>errors ----------------------------------------------------------------------------
   Messages without stdio: %s a text, %u a size_t. Knows nothing of what has failed. */

static void slm__append(char *out, size_t capacity, size_t *used, const char *text) {
    while (*text && *used + 1 < capacity) out[(*used)++] = *text++;
    out[*used] = 0;
}

static void slm__append_number(char *out, size_t capacity, size_t *used, size_t number) {
    char digits[24];
    size_t at = sizeof digits - 1;
    digits[at] = 0;
    do digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    slm__append(out, capacity, used, digits + at);
}

static slm_result slm__fail(slm_error *error, slm_result code, const char *format, ...) {
    va_list args;
    size_t used = 0;
    if (!error) return code;
    error->code = code;
    error->text[0] = 0;
    va_start(args, format);
    for (; *format; format++) {
        char one[2] = {0, 0};
        if (format[0] == '%' && format[1] == 's') {
            slm__append(error->text, sizeof error->text, &used, va_arg(args, const char *));
            format++;
        } else if (format[0] == '%' && format[1] == 'u') {
            slm__append_number(error->text, sizeof error->text, &used, va_arg(args, size_t));
            format++;
        } else {
            one[0] = format[0];
            slm__append(error->text, sizeof error->text, &used, one);
        }
    }
    va_end(args);
    return code;
}

SLM_API const char *slm_version(void) { return "0.1.0"; }

SLM_API const char *slm_result_name(slm_result result) {
    static const char *const names[] = {
        "ok", "done", "bad argument", "out of memory", "input/output error", "bad file format",
        "unknown file version", "not supported", "buffer too small", "context full",
        "not a finite number", "cancelled", "unsuitable build"};
    size_t i = (size_t)result;
    return i < sizeof names / sizeof names[0] ? names[i] : "unknown";
}

/* ---- >>memory ----------------------------------------------------------------------------
   Checked sizes, and the arena that both measures and carves a block. Knows no buffer's use. */

/* a * b + c, or SIZE_MAX if it does not fit; SIZE_MAX is never a size that fits. */
static size_t slm__size(size_t a, size_t b, size_t c) {
    if (a == SIZE_MAX || b == SIZE_MAX || c == SIZE_MAX) return SIZE_MAX;
    if (b && a > (SIZE_MAX - 1) / b) return SIZE_MAX;
    return a * b > SIZE_MAX - 1 - c ? SIZE_MAX : a * b + c;
}

static size_t slm__least(size_t a, size_t b) { return a < b ? a : b; }

static size_t slm__round_up(size_t size, size_t multiple) {
    size_t sum = slm__size(1, size, multiple - 1);
    return sum == SIZE_MAX ? SIZE_MAX : sum / multiple * multiple;
}

/* With base NULL it only measures: the same carving code gives the exact size. */
typedef struct slm__arena {
    uint8_t *base;
    size_t used; /* SIZE_MAX after an overflow */
} slm__arena;

static void *slm__carve(slm__arena *arena, size_t count, size_t item) {
    size_t start = arena->used;
    arena->used = slm__round_up(slm__size(count, item, arena->used), 64);
    return arena->base && arena->used != SIZE_MAX ? (void *)(arena->base + start) : NULL;
}

static void *slm__allocate(const slm_allocator *allocator, size_t size) {
    if (allocator->alloc) return allocator->alloc(allocator->user, size);
#ifdef SLM_MALLOC
    return SLM_MALLOC(size);
#else
    return NULL;
#endif
}

static void slm__release(const slm_allocator *allocator, void *memory) {
    if (!memory) return;
    if (allocator->alloc) {
        if (allocator->free) allocator->free(allocator->user, memory);
        return;
    }
#ifdef SLM_FREE
    SLM_FREE(memory);
#endif
}

/* An aligned block from an allocator that aligns as malloc does; *block is what to release. */
static void *slm__allocate_aligned(const slm_allocator *allocator, size_t size, void **block) {
    size_t room = slm__size(1, size, 63);
    *block = room == SIZE_MAX ? NULL : slm__allocate(allocator, room);
    return *block ? (void *)(((uintptr_t)*block + 63) & ~(uintptr_t)63) : NULL;
}

/* ---- >>numbers ---------------------------------------------------------------------------
   Bits, halves, checksums, and the functions whose results must be the same everywhere. Knows
   nothing of tensors. */

static inline uint32_t slm__bits(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float slm__float(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline int slm__finite(float value) {
    return (slm__bits(value) & 0x7F800000u) != 0x7F800000u;
}

/* Exact: denormal halves are scaled as integers. */
static inline float slm__from_half(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16, rest = half & 0x7FFFu;
    if (rest >= 0x7C00u) return slm__float(sign | 0x7F800000u | (rest & 0x3FFu) << 13);
    if (rest < 0x400u) {
        float tiny = (float)rest * 5.9604644775390625e-8f; /* 2^-24 */
        return slm__float(sign | slm__bits(tiny));
    }
    return slm__float(sign | ((rest << 13) + 0x38000000u));
}

/* Round to nearest even; beyond 65504 becomes infinity (the caller refuses those). */
static inline uint16_t slm__to_half(float value) {
    uint32_t bits = slm__bits(value), sign = bits >> 16 & 0x8000u, rest = bits & 0x7FFFFFFFu;
    if (rest > 0x7F800000u) return (uint16_t)(sign | 0x7E00u);
    if (rest >= 0x477FF000u) return (uint16_t)(sign | 0x7C00u);
    if (rest < 0x38800000u) { /* a denormal half: adding 0.5 leaves its bits at the bottom */
        float shifted = slm__float(rest) + 0.5f;
        return (uint16_t)(sign | (slm__bits(shifted) - 0x3F000000u));
    }
    return (uint16_t)(sign | (rest - 0x38000000u + 0xFFFu + (rest >> 13 & 1u)) >> 13);
}

static uint16_t slm__u16(const uint8_t *p) { return (uint16_t)(p[0] | p[1] << 8); }
static uint32_t slm__u32(const uint8_t *p) {
    return (uint32_t)slm__u16(p) | (uint32_t)slm__u16(p + 2) << 16;
}
static uint64_t slm__u64(const uint8_t *p) {
    return (uint64_t)slm__u32(p) | (uint64_t)slm__u32(p + 4) << 32;
}
static float slm__f32(const uint8_t *p) { return slm__float(slm__u32(p)); }

/* exp to about 1 ulp: x = n ln 2 + r, |r| <= ln(2)/2; the polynomial is Cephes' expf. */
static inline float slm__exp(float x) {
    float n, r, p;
    if (!(x >= -87.0f)) return x != x ? x : 0.0f;
    if (x > 88.0f) x = 88.0f;
    n = slm__madd(12582912.0f, x, 1.44269504088896341f) - 12582912.0f;
    r = slm__madd(slm__madd(x, n, -0.693359375f), n, 2.12194440e-4f);
    p = slm__madd(1.3981999507e-3f, r, 1.9875691500e-4f);
    p = slm__madd(8.3334519073e-3f, r, p);
    p = slm__madd(4.1665795894e-2f, r, p);
    p = slm__madd(1.6666665459e-1f, r, p);
    p = slm__madd(5.0000001201e-1f, r, p);
    p = slm__madd(r, r * r, p) + 1.0f;
    return p * slm__float((uint32_t)((int32_t)n + 127) << 23);
}

/* GELU, tanh form (Hugging Face gelu_new): 0.5 x (1 + tanh u) = x / (1 + exp(-2u)). */
static inline float slm__gelu_new(float x) {
    float cube = x * x * x;
    float u = slm__madd(x, 0.044715f, cube) * 0.79788456080286536f;
    return x / (1.0f + slm__exp(-2.0f * u));
}

/* SiLU (Elfwing et al. 2017): x / (1 + exp(-x)). */
static inline float slm__silu(float x) { return x / (1.0f + slm__exp(-x)); }

/* The exact GELU, x * Phi(x): Phi(x) = 0.5 + y * P(y * y) / Q(y * y), a fit of our own to the
   normal distribution, 9e-7 off at most. y is x within +-5.286, where Phi is 0 and 1 to the bit. */
static inline float slm__gelu_erf(float x) {
    static const float p[6] = {2.40503599e-8f, 6.37906533e-6f, 1.60334166e-4f,
                               4.62799147e-3f, 3.29357423e-2f, 3.98942262e-1f};
    static const float q[6] = {1.23717041e-6f, 7.13522531e-5f, 1.83656963e-3f,
                               2.81388015e-2f, 2.49223888e-1f, 1.0f};
    float least = x < 5.286f ? x : 5.286f, y = least > -5.286f ? least : -5.286f, z = y * y;
    float above = p[0], below = q[0];
    int i;
    if (x != x) return x;
    for (i = 1; i < 6; i++) {
        above = slm__madd(p[i], z, above);
        below = slm__madd(q[i], z, below);
    }
    return x * (0.5f + (y * above) / below);
}

/* cap * tanh(u) with u = x * scale / cap; small u need more than 1 - 2 / (exp(2u) + 1), which
   keeps no digits of theirs: Cephes' tanhf. */
static inline float slm__soft_cap(float x, float scale, float cap) {
    float u = x * scale / cap, z = u * u, p;
    if (u >= 0.625f || u <= -0.625f || u != u)
        return cap * (1.0f - 2.0f / (slm__exp(2.0f * u) + 1.0f));
    p = slm__madd(2.06390887954e-2f, z, -5.70498872745e-3f);
    p = slm__madd(-5.37397155531e-2f, z, p);
    p = slm__madd(1.33314422036e-1f, z, p);
    p = slm__madd(-3.33332819422e-1f, z, p);
    return cap * slm__madd(u, u * z, p);
}

/* One rounded product added to a double sum: as slm__madd, for the sine below. */
static inline double slm__madd_double(double sum, double a, double b) {
    double product = a * b;
#if defined(__GNUC__) && defined(__FMA__)
    __asm__("" : "+x"(product), "+x"(sum));
#elif defined(__GNUC__) && defined(__aarch64__)
    __asm__("" : "+w"(product), "+w"(sum));
#endif
    return sum + product;
}

/* Sine and cosine of 0 <= angle < 2^27: quarter turns off in two parts, then Taylor series,
   whose error on |r| <= pi/4 is below 1e-14; then rounded to float. */
static void slm__sin_cos(float angle, float *sine, float *cosine) {
    double turns = slm__madd_double(6755399441055744.0, angle, 0.63661977236758134);
    double n = turns - 6755399441055744.0, r, z, s, c;
    int quarter = (int)((int64_t)n & 3);
    r = slm__madd_double(angle, n, -1.57079631090164184570);
    r = slm__madd_double(r, n, -1.58932547735281966916e-08);
    z = r * r;
    s = slm__madd_double(2.7557319223985893e-6, z, -2.5052108385441720e-8);
    s = slm__madd_double(s, z * z, 1.6059043836821613e-10);
    s = slm__madd_double(-1.9841269841269841e-4, z, s);
    s = slm__madd_double(8.3333333333333333e-3, z, s);
    s = slm__madd_double(-1.6666666666666667e-1, z, s);
    s = slm__madd_double(r, r * z, s);
    c = slm__madd_double(2.4801587301587302e-5, z, -2.7557319223985888e-7);
    c = slm__madd_double(c, z * z, slm__madd_double(2.0876756987868099e-9, z,
                                                    -1.1470745597729725e-11));
    c = slm__madd_double(-1.3888888888888889e-3, z, c);
    c = slm__madd_double(4.1666666666666667e-2, z, c);
    c = slm__madd_double(-0.5, z, c);
    c = slm__madd_double(1.0, z, c);
    *sine = (float)(quarter & 1 ? c : s);
    *cosine = (float)(quarter & 1 ? s : c);
    if (quarter & 2) *sine = -*sine;
    if (quarter == 1 || quarter == 2) *cosine = -*cosine;
}

/* Natural logarithm of x > 0: x = 2^n m, then 2 atanh((m-1)/(m+1)) as a series. */
static double slm__log(double x) {
    double t, z, sum = 0;
    uint64_t bits;
    int n, i;
    memcpy(&bits, &x, sizeof bits);
    n = (int)(bits >> 52 & 0x7FF) - 1023;
    bits = (bits & UINT64_C(0xFFFFFFFFFFFFF)) | UINT64_C(0x3FF0000000000000);
    memcpy(&x, &bits, sizeof x);
    if (x > 1.4142135623730951) {
        x *= 0.5;
        n++;
    }
    t = (x - 1) / (x + 1);
    z = t * t;
    for (i = 21; i >= 1; i -= 2) sum = slm__madd_double(1.0 / i, sum, z);
    return slm__madd_double((double)n * 0.69314718055994531, 2 * t, sum);
}

/* The fixed tree over 16 partial sums. */
static float slm__tree(float *partial) {
    size_t half, i;
    SLM__UNROLL_FULL for (half = 8; half; half /= 2)
        SLM__UNROLL_FULL for (i = 0; i < half; i++) partial[i] += partial[i + half];
    return partial[0];
}

/* CRC-32 as zlib has it: goes on with a checksum, the first one of which is 0. */
static uint32_t slm__crc32(uint32_t crc, const uint8_t *bytes, size_t size) {
    static const uint32_t nibble[16] = {
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
        0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
        0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};
    size_t i;
    crc = ~crc;
    for (i = 0; i < size; i++) {
        crc = crc >> 4 ^ nibble[(crc ^ bytes[i]) & 15];
        crc = crc >> 4 ^ nibble[(crc ^ (uint32_t)(bytes[i] >> 4)) & 15];
    }
    return ~crc;
}

/* FNV-1a of 64 bits: goes on with a hash, the first one of which is SLM__FNV_START. */
#define SLM__FNV_START UINT64_C(0xCBF29CE484222325)
static uint64_t slm__fnv(uint64_t hash, const uint8_t *bytes, size_t size) {
    size_t i;
    for (i = 0; i < size; i++) hash = (hash ^ bytes[i]) * UINT64_C(0x100000001B3);
    return hash;
}

/* ---- >>parallel --------------------------------------------------------------------------
   Work is split over rows, heads and tokens, never over a summed dimension, so the split
   cannot change a bit. Knows tasks and their number, not what a task computes.

   With OpenMP one computation, many phases long, is one parallel region. All threads of a region
   wait for each other at its end, and libgomp's threads spin meanwhile. With a region for each
   phase, two threads beside a busy process were 4 to 60 times slower than one. In the one region
   the caller goes through the phases and the other threads are helpers: they take tasks one by
   one, and a phase waits only for helpers that have taken a task. */

typedef void (*slm__task)(void *arg, size_t index);

typedef struct slm__guarded {
    slm__task task;
    void *arg;
} slm__guarded;

static void slm__run_guarded(void *arg, size_t index) {
    const slm__guarded *guarded = (const slm__guarded *)arg;
    unsigned saved = slm__fp_enter();
    guarded->task(guarded->arg, index);
    slm__fp_leave(saved);
}

/* `work` is about how many bytes are read: with fewer a fork costs more than it gives. */
#ifndef SLM__FORK_BYTES /* small models of tests are to fork too */
#define SLM__FORK_BYTES ((size_t)1 << 20)
#endif

#ifndef SLM__WANTS /* a benchmark measures some tasks alone */
#define SLM__WANTS(task) 1
#endif

/* Runs the tasks of a phase, beside the hook's threads if it is large enough for that. */
static void slm__parallel(const slm_parallel *hook, unsigned threads, size_t work, size_t tasks,
                          slm__task task, void *arg) {
    slm__guarded guarded;
    size_t i;
    if (!SLM__WANTS(task)) return;
    guarded.task = task;
    guarded.arg = arg;
    if (!hook->run || threads < 2 || tasks < 2 || work < SLM__FORK_BYTES)
        for (i = 0; i < tasks; i++) task(arg, i);
    else hook->run(hook->user, tasks, slm__run_guarded, &guarded);
}

#ifdef SLM__OPENMP

typedef struct slm__region {
    slm__task task; /* the phase under way */
    void *arg;
    char apart_from_tickets[64]; /* what changes often has a cache line of its own */
    size_t tickets;              /* the phase's tasks; the first that nobody took, lower half */
    char apart_from_done[64];
    size_t done;                 /* tasks of helpers, in this phase */
    size_t threads;              /* those of higher numbers are to leave */
    size_t left;                 /* helpers that will take no more */
    int crowded;                 /* a helper has been late */
} slm__region;

enum { SLM__HALF_WORD = sizeof(size_t) * 4, SLM__SPINS = 4000 };

/* Seconds. A helper that is later than this plus the time of four tasks has lost its processor to
   another process. Then the caller works alone for a while: an idle thread of libgomp spins, uses
   up its time, and the end of the next region waits until it gets some more. */
#define SLM__LATE 0.001
#define SLM__CROWD_PAUSE 0.3

static int slm__is_late(double waited, double task) { return waited > SLM__LATE + 4 * task; }

static size_t slm__load(size_t *word) {
    size_t value;
#pragma omp atomic read seq_cst
    value = *word;
    return value;
}

static void slm__store(size_t *word, size_t value) {
#pragma omp atomic write seq_cst
    *word = value + 0; /* gcc 12 calls a bare value unused */
}

static size_t slm__increment(size_t *word) {
    size_t before;
#pragma omp atomic capture seq_cst
    before = (*word)++;
    return before;
}

/* A sleep of some tens of microseconds, or the rest of this thread's turn for others. Who sleeps
   has a claim to a processor on waking up; who yields waits until all others have had theirs. */
static void slm__nap(void) {
#if defined(__unix__) || defined(__APPLE__)
    struct timeval time;
    time.tv_sec = 0;
    time.tv_usec = 30;
    select(0, NULL, NULL, NULL, &time);
#elif defined(__MINGW32__)
    sched_yield();
#endif
}

/* Spins first: a quiet machine needs no more. Then it sleeps. */
static void slm__relax(unsigned *spins) {
    if (*spins == SLM__SPINS) {
        slm__nap();
        return;
    }
    ++*spins;
#ifdef SLM__X86
    _mm_pause();
#elif defined(SLM__ARM64)
    __asm__ volatile("yield");
#endif
}

/* Until *word has the value; task: the seconds that one takes. */
static void slm__await(slm__region *region, size_t *word, size_t value, double task) {
    double start = omp_get_wtime();
    unsigned spins = 0;
    while (slm__load(word) != value) slm__relax(&spins);
    if (slm__is_late(omp_get_wtime() - start, task)) region->crowded = 1;
}

/* 1: a task was there, and is done. Whoever gets its ticket keeps the phase from ending. */
static int slm__take_task(slm__region *region) {
    size_t mask = ((size_t)1 << SLM__HALF_WORD) - 1, ticket = slm__load(&region->tickets);
    if ((ticket & mask) >= ticket >> SLM__HALF_WORD) return 0;
    ticket = slm__increment(&region->tickets);
    if ((ticket & mask) >= ticket >> SLM__HALF_WORD) return 0;
    region->task(region->arg, ticket & mask);
    return 1;
}

static void slm__help(slm__region *region, size_t number) {
    unsigned spins = 0;
    while (number < slm__load(&region->threads))
        if (slm__take_task(region)) {
            slm__increment(&region->done);
            spins = 0;
        } else slm__relax(&spins);
    slm__increment(&region->left);
}

/* The hook of a session inside its region. */
static void slm__region_run(void *user, size_t tasks, slm__task task, void *arg) {
    slm__region *region = (slm__region *)user;
    double start = omp_get_wtime();
    size_t own = 0;
    region->task = task;
    region->arg = arg;
    slm__store(&region->done, 0);
    slm__store(&region->tickets, tasks << SLM__HALF_WORD);
    while (slm__take_task(region)) own++;
    slm__await(region, &region->done, tasks - own, (omp_get_wtime() - start) / ((double)own + 1));
}

/* body(arg) in this thread, beside at most threads - 1 helpers; OpenMP may give fewer. */
static void slm__with_helpers(slm__region *region, unsigned threads, void (*body)(void *arg),
                              void *arg) {
    memset(region, 0, sizeof *region);
    region->threads = threads;
#pragma omp parallel num_threads((int)threads)
    if (omp_get_thread_num()) slm__help(region, (size_t)omp_get_thread_num());
    else {
        body(arg);
        slm__store(&region->threads, 0);
        slm__await(region, &region->left, (size_t)omp_get_num_threads() - 1, 0);
    }
}
#endif

static unsigned slm__default_threads(const slm_parallel *hook) {
    if (hook->run) return 1;
#ifdef SLM__OPENMP
    {
        int processors = omp_get_num_procs(), limit = omp_get_max_threads();
        return (unsigned)(limit < processors ? limit : processors);
    }
#else
    return 1;
#endif
}

/* ---- >>tiles -----------------------------------------------------------------------------
   Where the parts of a tile of 16 rows lie in every type, how an element is read from one, and the
   rotation that spreads outliers before activations become integers. Knows no instruction set and
   no tensor's name. */

enum { SLM__BLOCK = 256 }; /* columns summed in one go, and quantized with one scale */

/* Added to weights so that their codes are not negative: those of q4 and q4f, those of q8. */
enum { SLM__Q4_OFFSET = 31, SLM__Q8_OFFSET = 128 };

/* q4's values, each plus SLM__Q4_OFFSET. */
static const uint8_t slm__codebook[16] = {0,  6,  11, 15, 19, 23, 26, 29,
                                          31, 34, 37, 40, 43, 47, 53, 62};

SLM_API const char *slm_type_name(slm_type type) {
    static const char *const names[] = {"f32", "f32", "f16", "bf16", "q8", "q4", "q4f"};
    return (size_t)type < sizeof names / sizeof names[0] ? names[type] : NULL;
}

static size_t slm__blocks(size_t cols) { return (cols + SLM__BLOCK - 1) / SLM__BLOCK; }

/* Types whose products are of integers; their activations are quantized. */
static int slm__integer(unsigned type) { return type >= SLM_TYPE_Q8; }

/* Matrices of integers are stored rotated if they are wide enough, see the file format. */
static int slm__rotated(unsigned type, size_t cols) {
    return slm__integer(type) && cols >= SLM__BLOCK;
}

/* Columns that share a sub-scale. */
static size_t slm__group(unsigned type) { return type == SLM_TYPE_Q4 ? 32 : 16; }

/* Bytes of the sub-scales of a block of `cols` columns. */
static size_t slm__subscale_bytes(unsigned type, size_t cols) {
    size_t groups = (cols + slm__group(type) - 1) / slm__group(type);
    return (groups * 16 + 63) / 64 * 64;
}

/* Where block b's scales (q8) or sub-scales (q4, q4f) lie in a tile. */
static size_t slm__block_scales_at(unsigned type, size_t b) {
    if (type == SLM_TYPE_Q8) return b * 32;
    return 64 + b * (slm__subscale_bytes(type, SLM__BLOCK) + SLM__BLOCK * 8);
}

/* Where block b's weights or codes lie in a tile. */
static size_t slm__block_at(unsigned type, size_t cols, size_t b) {
    size_t left = cols - b * SLM__BLOCK;
    if (type == SLM_TYPE_F32) return b * SLM__BLOCK * 64;
    if (type == SLM_TYPE_F16 || type == SLM_TYPE_BF16) return b * SLM__BLOCK * 32;
    if (type == SLM_TYPE_Q8) return (slm__blocks(cols) * 32 + 63) / 64 * 64 + b * SLM__BLOCK * 16;
    return slm__block_scales_at(type, b) +
           slm__subscale_bytes(type, slm__least(left, SLM__BLOCK));
}

/* Bytes of one tile of 16 rows, an odd number of 64-byte lines; cols has passed its cap. */
static size_t slm__tile_bytes(unsigned type, size_t cols) {
    size_t last = slm__blocks(cols) - 1, left = cols - last * SLM__BLOCK, bytes;
    if (type == SLM_TYPE_F32)
        bytes = left * 64;
    else if (type == SLM_TYPE_F16 || type == SLM_TYPE_BF16)
        bytes = left * 32;
    else if (type == SLM_TYPE_Q8)
        bytes = (left + 7) / 8 * 128;
    else
        bytes = (left + slm__group(type) - 1) / slm__group(type) * slm__group(type) * 8;
    bytes += slm__block_at(type, cols, last);
    return (((bytes + 63) / 64) | 1) * 64;
}

static float slm__sign_of(size_t i) {
    uint32_t n = (uint32_t)i;
    return (n * 0x9E3779B1u ^ (n * 0x85EBCA6Bu >> 15)) >> 31 ? -1.0f : 1.0f;
}

/* One Walsh-Hadamard block of a power of two, orthonormal. */
static void slm__hadamard(float *x, size_t size) {
    float scale = 1.0f / sqrtf((float)size);
    size_t h, i, j;
    for (h = 1; h < size; h *= 2)
        for (i = 0; i < size; i += 2 * h)
            for (j = i; j < i + h; j++) {
                float a = x[j], b = x[j + h];
                x[j] = a + b;
                x[j + h] = a - b;
            }
    for (i = 0; i < size; i++) x[i] *= scale;
}

static void slm__hadamard_blocks(float *x, size_t size) {
    size_t block = SLM__BLOCK, at = 0;
    while (at < size) {
        while (block > size - at) block /= 2;
        slm__hadamard(x + at, block);
        at += block;
    }
}

static void slm__unrotate(float *x, size_t size) {
    size_t i;
    slm__hadamard_blocks(x, size);
    for (i = 0; i < size; i++) x[i] *= slm__sign_of(i);
}

typedef struct slm__tensor {
    const uint8_t *data;
    uint32_t rows, cols, type, crc;
    size_t bytes, tile; /* tile: bytes from one tile of 16 rows to the next */
} slm__tensor;

/* An element of a matrix in tiles. */
static float slm__element(const slm__tensor *tensor, size_t row, size_t col) {
    const uint8_t *tile = tensor->data + row / 16 * tensor->tile;
    size_t b = col / SLM__BLOCK, k = col % SLM__BLOCK, lane = row % 16, group;
    const uint8_t *scales = tile + slm__block_scales_at(tensor->type, b);
    const uint8_t *codes = tile + slm__block_at(tensor->type, tensor->cols, b);
    int code;
    switch (tensor->type) {
    case SLM_TYPE_F32: return ((const float *)(const void *)tile)[col * 16 + lane];
    case SLM_TYPE_F16: return slm__from_half(slm__u16(tile + (col * 16 + lane) * 2));
    case SLM_TYPE_BF16: return slm__float((uint32_t)slm__u16(tile + (col * 16 + lane) * 2) << 16);
    case SLM_TYPE_Q8:
        code = codes[k / 4 * 64 + lane * 4 + k % 4] - SLM__Q8_OFFSET;
        return (float)code * slm__from_half(slm__u16(scales + 2 * lane));
    default:
        group = slm__group(tensor->type);
        code = codes[k / 8 * 64 + lane * 4 + k % 4] >> k % 8 / 4 * 4 & 15;
        code = (slm__codebook[code] - SLM__Q4_OFFSET) * (int8_t)scales[k / group * 16 + lane];
        return (float)code * ((const float *)(const void *)tile)[lane];
    }
}

/* ---- >>kernels ---------------------------------------------------------------------------
   The contract of the kernels: what each is given and gives. They are leaves: pointers and a range
   in, numbers out, no threads, no allocation. Their bodies stand once, near the end of this file,
   over 16 lanes; the header includes itself to compile them for each instruction set. */

/* The first whole cache line of a local array: a load across two lines costs double. */
static inline float *slm__line(float *room) {
    return room + (64 - (uintptr_t)room % 64) % 64 / sizeof(float);
}

/* One input's 256 columns for the integer types: codes, minus the weights' offset times the sums
   of 16, of 32 and of all codes (what an accumulator of unsigned codes starts from), and the
   scale. Inputs lie as [block][token], so that the tokens of a block are beside each other. */
typedef struct slm__codes {
    int8_t code[SLM__BLOCK];
    int32_t start16[16], start32[8], start256;
    float scale;
    int32_t widest16; /* the largest sum of 16 codes' magnitudes */
    float unused[5];  /* 384 bytes: whole cache lines */
} slm__codes;

enum {
    SLM__STRIP_TILES = 4,
    SLM__STRIP_TOKENS = 256, /* a kernel takes at most this many; more are split */
    SLM__HALF_TOKENS = 132   /* ... a kernel of one tile this many where weights are halves: their
                                panel, four times as large, lies on the stack with the sums */
};

static inline int slm__halves(unsigned type) {
    return type == SLM_TYPE_F16 || type == SLM_TYPE_BF16;
}

/* Some tiles of one matrix times some inputs. */
typedef struct slm__strip {
    const uint8_t *tiles;
    size_t tile, count;      /* bytes from a tile to the next; tiles, at most SLM__STRIP_TILES */
    unsigned type;
    size_t cols, tokens;
    const float *x;          /* [tokens][x_stride], for the float types */
    size_t x_stride;
    const slm__codes *codes; /* [block][code_stride], for the integer types */
    size_t code_stride;
} slm__strip;

/* The epilogue of a strip, applied to its sums before they are stored: v = activation(sum + bias),
   then y = v or, with what y held before, y = v * y or y = v + y. A file has the numbers of the
   activations; 0 stands for the architecture's own there. */
typedef enum slm__activation {
    SLM__LINEAR, SLM__GELU, SLM__GELU_ERF, SLM__RELU, SLM__SILU, SLM__ACTIVATIONS
} slm__activation;

typedef enum slm__storing { SLM__STORED, SLM__TIMES, SLM__PLUS } slm__storing;

/* Rows [0, rows) of the sums are written. */
typedef struct slm__output {
    const float *bias; /* or NULL */
    slm__activation activation;
    slm__storing storing;
    size_t rows, y_stride;
    float *y;
} slm__output;

/* Some queries of one head, of consecutive positions, against the keys and values so far. */
typedef struct slm__queries {
    const float *query; /* [count][stride] */
    float *out;         /* [count][stride] */
    size_t count, stride, size, first; /* queries, head size, position of query 0 */
    size_t length; /* every query sees positions [0, length); 0: those up to its own */
    size_t window; /* of those up to its own a query sees so many at most; 0: all */
    const void *keys, *values; /* [tile][size][16] and [position][size rounded up to 16] */
    size_t item;   /* bytes of their elements: 2 or 4 */
    float scale, cap; /* cap: of the scaled scores, see slm__kernels; 0: none */
    float *buffers;       /* [1 or kernels->queries][buffer_floats]: vector, then result; scores */
    size_t buffer_floats; /* at least the head size and the positions, each rounded up to 16 */
} slm__queries;

enum {
    SLM__QUERIES = 48,     /* that share the widening of keys and values, at most */
    SLM__PANEL_ROWS = 128, /* elements of keys, or positions' values, that are widened at once */
    SLM__SINGLE_TILES = 8  /* tiles of values that one query takes at once, at most */
};

/* The first position that the query of a position sees. */
static inline size_t slm__window_start(size_t position, size_t window) {
    return window && position >= window ? position + 1 - window : 0;
}

/* One past the last position that query i sees. */
static inline size_t slm__seen_end(const slm__queries *q, size_t i) {
    return q->length ? q->length : q->first + i + 1;
}

typedef struct slm__kernels {
    size_t tokens;  /* inputs that are read at once: up to tokens - 1 beyond those asked for */
    size_t queries; /* that attention takes at most: 1 or SLM__QUERIES */
    void (*multiply)(const slm__strip *, const slm__output *);
    /* codes of one input, rotated first if signs are given; blocks `stride` elements apart */
    void (*quantize)(const float *x, size_t cols, const float *signs, slm__codes *out,
                     size_t stride);
    /* a rotated row back, in place */
    void (*unrotate)(float *x, const float *signs, size_t cols);
    void (*attend)(const slm__queries *);
    void (*layer_norm)(float *out, const float *x, size_t size, const float *weight,
                       const float *bias, float eps);
    void (*rms_norm)(float *out, const float *x, size_t size, const float *weight, float eps);
    /* out = bias + x * weight */
    void (*no_norm)(float *out, const float *x, size_t size, const float *weight,
                    const float *bias);
    /* sum = (a + b) + sum; b NULL: a + sum */
    void (*add)(float *sum, const float *a, const float *b, size_t size);
    /* to halves; the largest magnitude's bits, so that the caller sees what does not fit */
    uint32_t (*narrow)(uint16_t *out, const float *x, size_t size);
    /* x = cap * tanh(x * scale / cap), a soft cap */
    void (*soft_cap)(float *x, size_t size, float scale, float cap);
} slm__kernels;

/* ---- >>architectures ---------------------------------------------------------------------
   An architecture is a row; tensors and their shapes follow from the row and from the file's
   hyper-parameters, so a file cannot choose shapes. Knows no tensor's bytes. */

enum slm__slot {
    SLM__NORM = 1, SLM__QUERY = 3, SLM__KEY = 5, SLM__VALUE = 7, SLM__OUT = 9,
    SLM__QUERY_NORM = 11, SLM__KEY_NORM = 13, SLM__NORM2 = 15, SLM__UP = 17, SLM__GATE = 19,
    SLM__DOWN = 21, SLM__LAYER_SLOTS = 23,
    /* MobileBERT's layers have more: into the bottleneck and out of it, ... */
    SLM__NARROW = 23, SLM__NARROW_NORM = 25, SLM__SHARED = 27, SLM__SHARED_NORM = 29,
    SLM__WIDEN = 31, SLM__WIDEN_NORM = 33,
    /* ... and 0 to 4 feed-forwards before the last: up, down and norm of each */
    SLM__STACK = 35, SLM__STACK_SLOTS = 6, SLM__STACK_MOST = 4,
    SLM__WIDE_LAYER_SLOTS = SLM__STACK + SLM__STACK_SLOTS * SLM__STACK_MOST,
    /* norms of what attention and the feed-forward give, before it is added */
    SLM__OUT_NORM = 59, SLM__DOWN_NORM = 61, SLM__SANDWICH_LAYER_SLOTS = 63,
    SLM__EMBEDDING = 64, SLM__POSITIONS = 65, SLM__TYPES = 66, SLM__EMBEDDING_NORM = 67,
    SLM__FINAL_NORM = 69, SLM__HEAD = 71, SLM__TRANSFORM = 73,
    /* heads of encoders */
    SLM__POOLER = 75, SLM__CLASSIFIER = 77, SLM__TAGGER = 79, SLM__ANSWERER = 81,
    SLM__FOLLOWER = 83, SLM__FILL_DENSE = 85, SLM__FILL_NORM = 87, SLM__FILL_HEAD = 89,
    SLM__FILL_REST = 91, SLM__VECTOR_DENSE = 93, SLM__MODEL_SLOTS = 95
};

enum slm__rotary { SLM__ROTARY_NONE, SLM__ROTARY_HALF, SLM__ROTARY_INTERLEAVED };

/* What a layer computes, see >>forward. */
enum slm__block {
    SLM__PARALLEL, SLM__PARALLEL_NORMS, SLM__SEQUENTIAL, SLM__POST_NORM, SLM__BOTTLENECK,
    SLM__SANDWICH
};

enum slm__norm_kind { SLM__LAYER_NORM, SLM__RMS_NORM, SLM__NO_NORM }; /* the last: x * w + b */

/* The tensors that not every architecture has. */
enum slm__feature {
    SLM__QKV_BIAS = 1, SLM__OUT_BIAS = 2, SLM__FFN_BIAS = 4, SLM__HEAD_BIAS = 8,
    SLM__NORM_BIAS = 16,
    SLM__TWO_NORMS = 32, /* the feed-forward has a norm of its own */
    SLM__GATED = 64,     /* activation(gate) * up in the place of activation(up) */
    SLM__LEARNED = 128,  /* a table of positions */
    SLM__QK_NORM = 256,  /* of each head, by the row or by a flag of the file */
    SLM__UNTIED = 512,   /* a head beside the embedding, without a flag of the file */
    SLM__DECODER = 1 << 10,   /* a final norm and a head that gives the next token's logits */
    SLM__ENCODER = 1 << 11,   /* a norm of the embedding, and heads by the file's tasks */
    SLM__HAS_TYPES = 1 << 12, /* a table of token types */
    SLM__HAS_TRANSFORM = 1 << 13, /* a product makes the hidden size of the embedding's */
    SLM__HAS_POOLER = 1 << 14,    /* with weights */
    SLM__HAS_VECTOR_DENSE = 1 << 15,
    SLM__HAS_REST = 1 << 16,      /* columns of the fill head that the embedding has not */
    SLM__HAS_BOTTLENECK = 1 << 17,
    SLM__HAS_SHARED = 1 << 18,    /* a bottleneck of their own for queries and keys */
    SLM__HAS_STACK = 1 << 19,     /* and the next 3: a feed-forward before the last, or 2, 3, 4 */
    SLM__HAS_TASK = 1 << 23,      /* times 1 << slm_task, up to 1 << 29: its head; but ... */
    SLM__BRANCH_NORMS = 1 << 23,  /* ... no head is of SLM_TASK_NONE: see SLM__OUT_NORM */
    SLM__HAS_VECTOR_BIAS = 1 << 30
};

/* Flags of a file's header. */
enum { SLM__FLAG_TIED = 1, SLM__FLAG_QK_NORM = 2 };

/* Bits of a layer's kind: its attention sees the header's window; no positions turn its heads. */
enum { SLM__KIND_WINDOW = 1, SLM__KIND_NO_ROTARY = 2, SLM__KIND_BITS = 3 };

/* What stands in a layer of MobileBERT, and how its embedding begins. */
enum slm__bottleneck_flag {
    SLM__USES_BOTTLENECK = 1,  /* layers compute in a smaller size */
    SLM__SHARES_BOTTLENECK = 2, /* queries and keys come from a second bottleneck, ... */
    SLM__NARROW_ATTENTION = 4, /* ... or they and the values from the first one */
    SLM__TRIGRAM = 8,          /* a token's embedding has the next one's and the last one's */
    SLM__TRUE_NORM = 16,       /* LayerNorm in the place of NoNorm */
    SLM__TRANSFORMS = 32       /* the embedding goes through a product */
};

/* What a text's first hidden state becomes before a head of texts. */
enum slm__pooler { SLM__POOLER_NONE, SLM__POOLER_FIRST, SLM__POOLER_TANH, SLM__POOLER_RELU };

typedef struct slm__architecture {
    uint16_t id;
    const char *name;
    enum slm__block block;
    enum slm__norm_kind norm;
    slm__activation activation;
    enum slm__rotary rotary;
    uint32_t features;
    uint32_t flags;       /* that a file may have */
    uint32_t activations; /* bit 1u << slm__activation: those that it may name; 0: it names none */
} slm__architecture;

enum { SLM__ANY_ACTIVATION =
           1 << SLM__GELU | 1 << SLM__GELU_ERF | 1 << SLM__RELU | 1 << SLM__SILU };

enum { SLM__BERT_FEATURES = SLM__ENCODER | SLM__QKV_BIAS | SLM__OUT_BIAS | SLM__FFN_BIAS |
                            SLM__NORM_BIAS | SLM__TWO_NORMS | SLM__LEARNED,
       SLM__NEOX_FEATURES = SLM__DECODER | SLM__QKV_BIAS | SLM__OUT_BIAS | SLM__FFN_BIAS |
                            SLM__NORM_BIAS | SLM__TWO_NORMS };

static const slm__architecture slm__architectures[] = {
    {1, "phi", SLM__PARALLEL, SLM__LAYER_NORM, SLM__GELU, SLM__ROTARY_HALF,
     SLM__DECODER | SLM__QKV_BIAS | SLM__OUT_BIAS | SLM__FFN_BIAS | SLM__HEAD_BIAS |
         SLM__NORM_BIAS,
     SLM__FLAG_TIED | SLM__FLAG_QK_NORM, 0},
    {2, "gptj", SLM__PARALLEL, SLM__LAYER_NORM, SLM__GELU, SLM__ROTARY_INTERLEAVED,
     SLM__DECODER | SLM__FFN_BIAS | SLM__HEAD_BIAS | SLM__NORM_BIAS, SLM__FLAG_TIED, 0},
    {3, "llama", SLM__SEQUENTIAL, SLM__RMS_NORM, SLM__SILU, SLM__ROTARY_HALF,
     SLM__DECODER | SLM__TWO_NORMS | SLM__GATED, SLM__FLAG_TIED, 0},
    {4, "gpt_neo", SLM__SEQUENTIAL, SLM__LAYER_NORM, SLM__GELU, SLM__ROTARY_NONE,
     SLM__DECODER | SLM__OUT_BIAS | SLM__FFN_BIAS | SLM__NORM_BIAS | SLM__TWO_NORMS | SLM__LEARNED,
     SLM__FLAG_TIED, 0},
    {5, "bert", SLM__POST_NORM, SLM__LAYER_NORM, SLM__GELU_ERF, SLM__ROTARY_NONE,
     SLM__BERT_FEATURES, SLM__FLAG_TIED, SLM__ANY_ACTIVATION},
    {6, "distilbert", SLM__POST_NORM, SLM__LAYER_NORM, SLM__GELU_ERF, SLM__ROTARY_NONE,
     SLM__BERT_FEATURES, SLM__FLAG_TIED, SLM__ANY_ACTIVATION},
    {7, "mobilebert", SLM__BOTTLENECK, SLM__NO_NORM, SLM__RELU, SLM__ROTARY_NONE,
     SLM__BERT_FEATURES, SLM__FLAG_TIED, SLM__ANY_ACTIVATION},
    {8, "qwen2", SLM__SEQUENTIAL, SLM__RMS_NORM, SLM__SILU, SLM__ROTARY_HALF,
     SLM__DECODER | SLM__QKV_BIAS | SLM__TWO_NORMS | SLM__GATED, SLM__FLAG_TIED,
     SLM__ANY_ACTIVATION},
    {9, "qwen3", SLM__SEQUENTIAL, SLM__RMS_NORM, SLM__SILU, SLM__ROTARY_HALF,
     SLM__DECODER | SLM__QK_NORM | SLM__TWO_NORMS | SLM__GATED, SLM__FLAG_TIED,
     SLM__ANY_ACTIVATION},
    {10, "gemma", SLM__SEQUENTIAL, SLM__RMS_NORM, SLM__GELU, SLM__ROTARY_HALF,
     SLM__DECODER | SLM__TWO_NORMS | SLM__GATED, SLM__FLAG_TIED, SLM__ANY_ACTIVATION},
    {11, "gemma2", SLM__SANDWICH, SLM__RMS_NORM, SLM__GELU, SLM__ROTARY_HALF,
     SLM__DECODER | SLM__TWO_NORMS | SLM__BRANCH_NORMS | SLM__GATED, SLM__FLAG_TIED,
     SLM__ANY_ACTIVATION},
    {12, "gemma3", SLM__SANDWICH, SLM__RMS_NORM, SLM__GELU, SLM__ROTARY_HALF,
     SLM__DECODER | SLM__TWO_NORMS | SLM__BRANCH_NORMS | SLM__GATED | SLM__QK_NORM,
     SLM__FLAG_TIED, SLM__ANY_ACTIVATION},
    {13, "gpt2", SLM__SEQUENTIAL, SLM__LAYER_NORM, SLM__GELU, SLM__ROTARY_NONE,
     SLM__NEOX_FEATURES | SLM__LEARNED, SLM__FLAG_TIED, SLM__ANY_ACTIVATION},
    {14, "gpt_neox", SLM__PARALLEL_NORMS, SLM__LAYER_NORM, SLM__GELU_ERF, SLM__ROTARY_HALF,
     SLM__NEOX_FEATURES, SLM__FLAG_TIED, SLM__ANY_ACTIVATION},
    {15, "gpt_neox_sequential", SLM__SEQUENTIAL, SLM__LAYER_NORM, SLM__GELU_ERF, SLM__ROTARY_HALF,
     SLM__NEOX_FEATURES, SLM__FLAG_TIED, SLM__ANY_ACTIVATION},
#ifdef SLM__MORE_ARCHITECTURES /* rows of a test, with a comma behind each */
    SLM__MORE_ARCHITECTURES
#endif
};

enum { SLM__ARCHITECTURES = sizeof slm__architectures / sizeof slm__architectures[0],
       SLM__FIRST_VERSION = 7 }; /* the last architecture that files of minor 0 have */

enum slm__extent {
    SLM__ONE, SLM__HIDDEN, SLM__HEADS, SLM__KV_HEADS, SLM__HEAD_SIZE, SLM__FFN, SLM__VOCAB,
    SLM__CONTEXT,
    SLM__INNER,       /* what a layer computes in: the bottleneck's size, or the hidden size */
    SLM__VALUE_INPUT, /* inner, or hidden where values come from the residual stream itself */
    SLM__EMBEDDED,    /* the embedding's size */
    SLM__GATHERED,    /* that of the embeddings that a token begins with: one or three */
    SLM__REST,        /* hidden without the embedding's size */
    SLM__TOKEN_TYPES, SLM__LABELS, SLM__TWO, SLM__VECTOR
};

/* A tensor is there if the model has all features that it needs. Of the heads' tensors only the
   fill head, which may be the embedding once more, has another type than f32. */
typedef struct slm__expected {
    uint8_t slot;
    uint32_t needs;
    uint8_t rows, cols; /* rows SLM__ONE: a vector */
} slm__expected;

static int slm__has(uint32_t features, uint32_t needs) { return (features & needs) == needs; }

/* Up, down and norm of feed-forward n of MobileBERT's that come before the last. */
#define SLM__STACKED(n) \
    {SLM__STACK + 6 * (n), SLM__HAS_STACK << (n), SLM__FFN, SLM__INNER}, \
    {SLM__STACK + 6 * (n) + 1, SLM__HAS_STACK << (n), SLM__ONE, SLM__FFN}, \
    {SLM__STACK + 6 * (n) + 2, SLM__HAS_STACK << (n), SLM__INNER, SLM__FFN}, \
    {SLM__STACK + 6 * (n) + 3, SLM__HAS_STACK << (n), SLM__ONE, SLM__INNER}, \
    {SLM__STACK + 6 * (n) + 4, SLM__HAS_STACK << (n), SLM__ONE, SLM__INNER}, \
    {SLM__STACK + 6 * (n) + 5, SLM__HAS_STACK << (n), SLM__ONE, SLM__INNER}

static const slm__expected slm__layer_tensors[] = {
    {SLM__NORM, 0, SLM__ONE, SLM__INNER},
    {SLM__NORM + 1, SLM__NORM_BIAS, SLM__ONE, SLM__INNER},
    {SLM__QUERY, 0, SLM__HEADS, SLM__INNER},
    {SLM__QUERY + 1, SLM__QKV_BIAS, SLM__ONE, SLM__HEADS},
    {SLM__KEY, 0, SLM__KV_HEADS, SLM__INNER},
    {SLM__KEY + 1, SLM__QKV_BIAS, SLM__ONE, SLM__KV_HEADS},
    {SLM__VALUE, 0, SLM__KV_HEADS, SLM__VALUE_INPUT},
    {SLM__VALUE + 1, SLM__QKV_BIAS, SLM__ONE, SLM__KV_HEADS},
    {SLM__OUT, 0, SLM__INNER, SLM__HEADS},
    {SLM__OUT + 1, SLM__OUT_BIAS, SLM__ONE, SLM__INNER},
    {SLM__QUERY_NORM, SLM__QK_NORM, SLM__ONE, SLM__HEAD_SIZE},
    {SLM__QUERY_NORM + 1, SLM__QK_NORM | SLM__NORM_BIAS, SLM__ONE, SLM__HEAD_SIZE},
    {SLM__KEY_NORM, SLM__QK_NORM, SLM__ONE, SLM__HEAD_SIZE},
    {SLM__KEY_NORM + 1, SLM__QK_NORM | SLM__NORM_BIAS, SLM__ONE, SLM__HEAD_SIZE},
    {SLM__NORM2, SLM__TWO_NORMS, SLM__ONE, SLM__INNER},
    {SLM__NORM2 + 1, SLM__TWO_NORMS | SLM__NORM_BIAS, SLM__ONE, SLM__INNER},
    {SLM__UP, 0, SLM__FFN, SLM__INNER},
    {SLM__UP + 1, SLM__FFN_BIAS, SLM__ONE, SLM__FFN},
    {SLM__GATE, SLM__GATED, SLM__FFN, SLM__INNER},
    {SLM__DOWN, 0, SLM__INNER, SLM__FFN},
    {SLM__DOWN + 1, SLM__FFN_BIAS, SLM__ONE, SLM__INNER},
    {SLM__NARROW, SLM__HAS_BOTTLENECK, SLM__INNER, SLM__HIDDEN},
    {SLM__NARROW + 1, SLM__HAS_BOTTLENECK, SLM__ONE, SLM__INNER},
    {SLM__NARROW_NORM, SLM__HAS_BOTTLENECK, SLM__ONE, SLM__INNER},
    {SLM__NARROW_NORM + 1, SLM__HAS_BOTTLENECK, SLM__ONE, SLM__INNER},
    {SLM__SHARED, SLM__HAS_SHARED, SLM__INNER, SLM__HIDDEN},
    {SLM__SHARED + 1, SLM__HAS_SHARED, SLM__ONE, SLM__INNER},
    {SLM__SHARED_NORM, SLM__HAS_SHARED, SLM__ONE, SLM__INNER},
    {SLM__SHARED_NORM + 1, SLM__HAS_SHARED, SLM__ONE, SLM__INNER},
    {SLM__WIDEN, SLM__HAS_BOTTLENECK, SLM__HIDDEN, SLM__INNER},
    {SLM__WIDEN + 1, SLM__HAS_BOTTLENECK, SLM__ONE, SLM__HIDDEN},
    {SLM__WIDEN_NORM, SLM__HAS_BOTTLENECK, SLM__ONE, SLM__HIDDEN},
    {SLM__WIDEN_NORM + 1, SLM__HAS_BOTTLENECK, SLM__ONE, SLM__HIDDEN},
    SLM__STACKED(0), SLM__STACKED(1), SLM__STACKED(2), SLM__STACKED(3),
    {SLM__OUT_NORM, SLM__BRANCH_NORMS, SLM__ONE, SLM__HIDDEN},
    {SLM__DOWN_NORM, SLM__BRANCH_NORMS, SLM__ONE, SLM__HIDDEN}};

#define SLM__HAS(task) (SLM__HAS_TASK << SLM_TASK_##task)

static const slm__expected slm__model_tensors[] = {
    {SLM__EMBEDDING, 0, SLM__VOCAB, SLM__EMBEDDED},
    {SLM__POSITIONS, SLM__LEARNED, SLM__CONTEXT, SLM__HIDDEN},
    {SLM__TYPES, SLM__HAS_TYPES, SLM__TOKEN_TYPES, SLM__HIDDEN},
    {SLM__EMBEDDING_NORM, SLM__ENCODER, SLM__ONE, SLM__HIDDEN},
    {SLM__EMBEDDING_NORM + 1, SLM__ENCODER, SLM__ONE, SLM__HIDDEN},
    {SLM__FINAL_NORM, SLM__DECODER, SLM__ONE, SLM__HIDDEN},
    {SLM__FINAL_NORM + 1, SLM__DECODER | SLM__NORM_BIAS, SLM__ONE, SLM__HIDDEN},
    {SLM__HEAD, SLM__DECODER | SLM__UNTIED, SLM__VOCAB, SLM__HIDDEN},
    {SLM__HEAD + 1, SLM__HEAD_BIAS, SLM__ONE, SLM__VOCAB},
    {SLM__TRANSFORM, SLM__HAS_TRANSFORM, SLM__HIDDEN, SLM__GATHERED},
    {SLM__TRANSFORM + 1, SLM__HAS_TRANSFORM, SLM__ONE, SLM__HIDDEN},
    {SLM__POOLER, SLM__HAS_POOLER, SLM__HIDDEN, SLM__HIDDEN},
    {SLM__POOLER + 1, SLM__HAS_POOLER, SLM__ONE, SLM__HIDDEN},
    {SLM__CLASSIFIER, SLM__HAS(CLASSIFY), SLM__LABELS, SLM__HIDDEN},
    {SLM__CLASSIFIER + 1, SLM__HAS(CLASSIFY), SLM__ONE, SLM__LABELS},
    {SLM__TAGGER, SLM__HAS(TAG), SLM__LABELS, SLM__HIDDEN},
    {SLM__TAGGER + 1, SLM__HAS(TAG), SLM__ONE, SLM__LABELS},
    {SLM__ANSWERER, SLM__HAS(ANSWER), SLM__TWO, SLM__HIDDEN},
    {SLM__ANSWERER + 1, SLM__HAS(ANSWER), SLM__ONE, SLM__TWO},
    {SLM__FOLLOWER, SLM__HAS(NEXT), SLM__TWO, SLM__HIDDEN},
    {SLM__FOLLOWER + 1, SLM__HAS(NEXT), SLM__ONE, SLM__TWO},
    {SLM__FILL_DENSE, SLM__HAS(FILL), SLM__HIDDEN, SLM__HIDDEN},
    {SLM__FILL_DENSE + 1, SLM__HAS(FILL), SLM__ONE, SLM__HIDDEN},
    {SLM__FILL_NORM, SLM__HAS(FILL), SLM__ONE, SLM__HIDDEN},
    {SLM__FILL_NORM + 1, SLM__HAS(FILL), SLM__ONE, SLM__HIDDEN},
    {SLM__FILL_HEAD, SLM__HAS(FILL) | SLM__UNTIED, SLM__VOCAB, SLM__EMBEDDED},
    {SLM__FILL_HEAD + 1, SLM__HAS(FILL), SLM__ONE, SLM__VOCAB},
    {SLM__FILL_REST, SLM__HAS(FILL) | SLM__HAS_REST, SLM__VOCAB, SLM__REST},
    {SLM__VECTOR_DENSE, SLM__HAS_VECTOR_DENSE, SLM__VECTOR, SLM__HIDDEN},
    {SLM__VECTOR_DENSE + 1, SLM__HAS_VECTOR_DENSE | SLM__HAS_VECTOR_BIAS, SLM__ONE, SLM__VECTOR}};

static const char *slm__slot_name(unsigned slot) {
    static const char *const layer[] = {"", "norm", "query", "key", "value", "attention output",
                                        "query norm", "key norm", "second norm", "ffn up",
                                        "ffn gate", "ffn down", "bottleneck", "bottleneck norm",
                                        "shared bottleneck", "shared bottleneck norm",
                                        "output bottleneck", "output bottleneck norm"};
    static const char *const stacked[] = {"stacked ffn up", "stacked ffn down",
                                          "stacked ffn norm"};
    static const char *const model[] = {"embedding norm", "final norm", "head",
                                        "embedding transform", "pooler", "classifier", "tagger",
                                        "answer head", "next sentence head", "fill transform",
                                        "fill norm", "fill head", "rest of the fill head",
                                        "sentence vector's dense layer"};
    if (slot < SLM__STACK) return layer[(slot + 1) / 2];
    if (slot < SLM__WIDE_LAYER_SLOTS)
        return stacked[(slot - SLM__STACK) % SLM__STACK_SLOTS / 2];
    if (slot < SLM__EMBEDDING)
        return slot < SLM__DOWN_NORM ? "attention output norm" : "ffn output norm";
    if (slot < SLM__EMBEDDING_NORM)
        return slot == SLM__EMBEDDING ? "token embedding"
               : slot == SLM__POSITIONS ? "position embedding" : "token types";
    return model[(slot - SLM__EMBEDDING_NORM) / 2];
}

/* ---- >>weights ---------------------------------------------------------------------------
   Tensors and the tokenizer's tables as they lie in the file, and the model that holds them; an
   absent tensor has data NULL. Knows neither how a file is read nor what a session does with it. */

typedef struct slm__layer {
    slm__tensor *at;       /* by slot */
    uint32_t window;       /* positions that a query sees; 0: all */
    uint32_t rotary;       /* elements of a head that its position turns */
    uint32_t rotary_table; /* of the model's inverse frequencies, by the layer's kind */
} slm__layer;

typedef struct slm__shape {
    uint32_t vocab_rows, vocab_used, context, layers, hidden, ffn, heads, kv_heads, head_size,
        rotary, window, flags;
    float norm_eps, embedding_scale, attention_scale, logit_cap, attention_cap; /* cap 0: none */
    uint32_t activation; /* 0: the architecture's */
    /* of encoders; of decoders embedding and inner are the hidden size, stack and the rest 0 */
    uint32_t embedding, inner, stack, bottleneck_flags, token_types, labels, tasks, longest_text,
        pooler, vector, vector_flags, label_scores, rank_scores, pooling;
} slm__shape;

enum { SLM__VECTOR_NORMED = 1, SLM__VECTOR_TANH = 2, SLM__VECTOR_BIASED = 4 }; /* vector_flags */

typedef struct slm__tokenizer { /* pointers into the mapped section */
    uint32_t kind, count, merge_slots, longest_probe, flags, blob_bytes, added_count, end_count;
    uint32_t prefix, has_bytes; /* of kind 2: where a space is put; all byte tokens are there */
    int32_t missing;            /* of kind 1: what bytes without a token become; -1: nothing */
    uint8_t steps[8];           /* of kind 1: how a text becomes words, see >>tokenizer splits */
    uint32_t whole_slots;       /* of kind 1: of the table of words that are not merged; or 0 */
    uint32_t longest_word;      /* of kind 3: in characters; a longer one is UNK */
    uint32_t types;             /* of an encoder's: token types that the model tells apart */
    int32_t bos, unk, last, mask, end[8]; /* of an encoder's bos is [CLS] and last is [SEP] */
    const uint32_t *offsets;    /* [count + 1] into the blob */
    const uint8_t *attributes;  /* [count] */
    const uint32_t *sorted;     /* [count] ids in the order of their bytes */
    const uint32_t *byte_token; /* [256] */
    const uint32_t *ascii;      /* [128] of kind 2: the token of each character */
    const uint32_t *whole;      /* [whole_slots] of kind 1: ids */
    const uint32_t *merge_bytes;     /* [2048] of kind 2: 65536 bits */
    const uint32_t *bounds;     /* [2][257] of kind 3: where in `sorted` a first byte begins */
    const uint32_t *keys;       /* [count] of kind 3: four bytes of each place in `sorted` */
    const uint32_t *shorter;    /* [count] of kind 3: places in `sorted` */
    const uint32_t *merges;     /* [merge_slots][4]: left, right, rank, result */
    const uint32_t *added;      /* [added_count][4]: id, blob offset, bytes, flags */
    const char *blob;
} slm__tokenizer;

/* Kinds; SLM__SPLIT_BYTES is that of a file whose byte-level BPE has other rules than GPT-2's, and
   is SLM__BYTES once it is read. */
enum { SLM__BYTES = 1, SLM__PIECES = 2, SLM__WORDS = 3, SLM__SPLIT_BYTES = 4,
       SLM__STEPS_MOST = 8 };

/* A step that splits a text for byte-level BPE, see >>tokenizer splits. */
enum slm__step { /* in a file: never renumbered */
    SLM__STEP_NONE, SLM__STEP_GPT2, SLM__STEP_LLAMA3, SLM__STEP_QWEN2, SLM__STEP_GPT4O,
    SLM__STEP_TEKKEN, SLM__STEP_DEEPSEEK3,
    SLM__STEP_BLANK_END, /* \s+$ */
    SLM__STEP_SETS,      /* the first of slm__char_sets */
    SLM__STEP_DIGIT = SLM__STEP_SETS, SLM__STEP_DIGITS, SLM__STEP_NUMBERS_3, SLM__STEP_PUNCTUATION,
    SLM__STEP_DIGITS_3, SLM__STEP_BYTE_DIGIT, SLM__STEP_BYTE_DIGITS, SLM__STEP_NEWLINE,
    SLM__STEP_LETTERS, SLM__STEP_MARKS, SLM__STEP_ALPHABETS, SLM__STEP_WIDE_MARKS,
    SLM__STEP_CJK, SLM__STEP_CJK_KANA, SLM__STEPS
};

enum slm__prefix { /* where a space is put before a text of kind 2; see >>specification */
    SLM__PREFIX_NONE, SLM__PREFIX_EACH, SLM__PREFIX_EACH_WORD, SLM__PREFIX_FIRST_WORD,
    SLM__PREFIX_TEXT
};

enum { /* the flags of the section, of a token and of an added token */
    SLM__TEXT_BOS = 1, SLM__TEXT_PREFIX_SPACE = 2,
    SLM__TEXT_LAST = 2, SLM__TEXT_FUSED = 4, SLM__TEXT_MARKS = 8, SLM__TEXT_LONE = 16,
    SLM__TEXT_STRIP = 32, SLM__TEXT_PARTS = 64, SLM__TEXT_PARTS_SPACE = 128,
    SLM__TEXT_PARTS_FIRST = 256, SLM__TEXT_PARTS_RUN = 512, SLM__TEXT_FLAGS = 1023,
    SLM__TEXT_CLEAN = 4, SLM__TEXT_CJK = 8, SLM__TEXT_STRIP_ACCENTS = 16, SLM__TEXT_LOWER = 32,
    SLM__TEXT_TIDY = 64, SLM__TEXT_WORD_FLAGS = 127,
    SLM__TEXT_NFC = 16, SLM__TEXT_BEHIND = 32, SLM__TEXT_ENCODER = 64,
    SLM__TEXT_TWO_SEPS = 128, SLM__TEXT_ONE_TYPE = 256, SLM__TEXT_TRIM = 512,
    SLM__TEXT_TRIM_PREFIX = 1024, SLM__TEXT_BYTES_TIDY = 2048, SLM__TEXT_BYTES_FLAGS = 4087,
    SLM__TOKEN_EXISTS = 1, SLM__TOKEN_SPECIAL = 2, SLM__TOKEN_ADDED = 4, SLM__TOKEN_BYTE = 8,
    SLM__TOKEN_APART = 16, SLM__TOKEN_OUTSIDE = 32, SLM__TOKEN_JOINED = 16,
    SLM__ADDED_SPECIAL = 1, SLM__ADDED_NORMALIZED = 2, SLM__ADDED_LSTRIP = 4,
    SLM__ADDED_RSTRIP = 8, SLM__ADDED_SINGLE_WORD = 16
};

typedef struct slm__token_list { /* where the tokens of a text go */
    slm_token *tokens;
    size_t capacity, count;         /* count: the full need */
    void *scratch;                  /* 16-byte aligned, of any size; a word that needs more ... */
    size_t scratch_size;
    const slm_allocator *allocator; /* ... uses this; NULL: it is SLM_ERR_MEMORY */
} slm__token_list;

struct slm_model {
    const uint8_t *file;
    size_t file_size, data_offset;
    uint64_t content_id;
    const slm__architecture *architecture;
    uint32_t features;
    enum slm__norm_kind norm;
    slm__activation activation;
    slm_chat_format chat_format;
    slm_token pad;              /* -1: none */
    const char *labels;         /* in the file, each with its NUL; NULL: none */
    const char *prompts;        /* the same: name and prompt in turn */
    size_t prompt_count;
    uint32_t chat_bos;          /* slm__chat_bos */
    const char *system_message; /* in the file, with its NUL; NULL: none */
    int preface;                /* it comes before a system message that is given, too */
    slm__shape shape;
    uint32_t tensors, layer_slots;
    int has_tokenizer;
    slm__tokenizer tokenizer;
    const float *inverse_frequencies; /* [rotary_tables][rotary / 2] */
    uint32_t rotary_tables;           /* 1, or 2: the second is for layers with the window */
    slm__tensor at[SLM__MODEL_SLOTS - SLM__EMBEDDING];
    slm__layer *layers;
    const slm__kernels *kernels;
    slm_isa isa;
    slm_allocator allocator;
    void *memory;      /* what to release at close, or NULL */
    void *copied_file; /* the file read into memory, or NULL */
    int mapped;
    int *active;       /* counts the calls that compute now, by whatever session; atomic */
    int active_counter; /* what it points to: a session changes it, though its model is const */
};

static const slm__tensor *slm__model_tensor(const slm_model *model, unsigned slot) {
    return &model->at[slot - SLM__EMBEDDING];
}

static const float *slm__vector(const slm__tensor *tensor) {
    return (const float *)(const void *)tensor->data;
}

/* The tensors that a model of this shape has. */
static uint32_t slm__features_of(const slm__architecture *architecture,
                                 const slm__shape *shape) {
    uint32_t features = architecture->features, flags = shape->bottleneck_flags;
    if (!(shape->flags & SLM__FLAG_TIED)) features |= SLM__UNTIED;
    if (shape->flags & SLM__FLAG_QK_NORM) features |= SLM__QK_NORM;
    features |= shape->tasks * SLM__HAS_TASK;
    features |= ((1u << shape->stack) - 1) * SLM__HAS_STACK;
    if (shape->token_types) features |= SLM__HAS_TYPES;
    if (shape->pooler >= SLM__POOLER_TANH) features |= SLM__HAS_POOLER;
    if (shape->vector) features |= SLM__HAS_VECTOR_DENSE;
    if (shape->vector_flags & SLM__VECTOR_BIASED) features |= SLM__HAS_VECTOR_BIAS;
    if (flags & SLM__TRANSFORMS) features |= SLM__HAS_TRANSFORM;
    if (flags & SLM__USES_BOTTLENECK) features |= SLM__HAS_BOTTLENECK;
    if (flags & SLM__SHARES_BOTTLENECK) features |= SLM__HAS_SHARED;
    if (shape->hidden > shape->embedding) features |= SLM__HAS_REST;
    return features;
}

static uint32_t slm__extent_of(const slm__shape *shape, unsigned extent) {
    switch (extent) {
    case SLM__HIDDEN: return shape->hidden;
    case SLM__HEADS: return shape->heads * shape->head_size;
    case SLM__KV_HEADS: return shape->kv_heads * shape->head_size;
    case SLM__HEAD_SIZE: return shape->head_size;
    case SLM__FFN: return shape->ffn;
    case SLM__VOCAB: return shape->vocab_rows;
    case SLM__CONTEXT: return shape->context;
    case SLM__INNER: return shape->inner;
    case SLM__VALUE_INPUT:
        return shape->bottleneck_flags & SLM__NARROW_ATTENTION ? shape->inner : shape->hidden;
    case SLM__EMBEDDED: return shape->embedding;
    case SLM__GATHERED:
        return shape->embedding * (shape->bottleneck_flags & SLM__TRIGRAM ? 3 : 1);
    case SLM__REST: return shape->hidden - shape->embedding;
    case SLM__TOKEN_TYPES: return shape->token_types;
    case SLM__LABELS: return shape->labels;
    case SLM__TWO: return 2;
    case SLM__VECTOR: return shape->vector;
    default: return 1;
    }
}

/* The rooms up to chat call these, which stand with what they belong to further below. */
static int slm__is_utf8(const uint8_t *text, size_t size);
static const char *slm__tokenizer_bind(slm__tokenizer *t, uint32_t kind, const uint8_t *bytes,
                                       size_t size);
static const uint32_t *slm__added_token(const slm__tokenizer *t, slm_token id, const char *text);
static size_t slm__bpe_scratch_size(size_t n);
static slm_result slm__encode_text(const slm__tokenizer *t, const char *text, size_t size,
                                   unsigned flags, slm__token_list *out);
static int slm__reads_texts(const slm__tokenizer *t);
static slm_result slm__tokenize_text(const slm__tokenizer *t, const slm_text *text, size_t limit,
                                     slm_text_token *tokens, slm__token_list *list,
                                     size_t *whole);
static const char *slm__format_lacks(const slm_model *model, slm_chat_format format);
static slm_token slm__answer_end(const slm_model *model, slm_chat_format format);
static const char *slm__turn_end(slm_chat_format format);
static const slm__kernels *slm__kernels_for(slm_isa *isa);
static const char *slm__arithmetic_fault(const slm__kernels *kernels);

/* ---- >>file ------------------------------------------------------------------------------
   Bytes in, a checked model out. The tokenizer's tables check their own section; no other room sees
   an unchecked number of a file. */

enum { SLM__HEADER_BYTES = 256, SLM__SECTION_BYTES = 32, SLM__ENTRY_BYTES = 40 };

enum slm__header_at { /* where the header's fields lie */
    SLM__AT_MAJOR = 8, SLM__AT_MINOR = 10, SLM__AT_CRC = 12, SLM__AT_SIZE = 16, SLM__AT_DATA = 24,
    SLM__AT_CONTENT_ID = 32, SLM__AT_SECTIONS = 40, SLM__AT_TENSORS = 44,
    SLM__AT_ARCHITECTURE = 64, SLM__AT_TOKENIZER = 66, SLM__AT_CHAT_FORMAT = 68,
    SLM__AT_POOLING = 70, SLM__AT_SHAPE = 72, SLM__AT_LAYERS = 84, SLM__AT_TOKEN_TYPES = 116,
    SLM__AT_LABELS = 120, SLM__AT_TASKS = 124, SLM__AT_EMBEDDING_SIZE = 128,
    SLM__AT_BOTTLENECK = 132, SLM__AT_FFNS = 136, SLM__AT_BOTTLENECK_FLAGS = 140,
    SLM__AT_PAD = 144, SLM__AT_FLAGS = 148, SLM__AT_NORM_EPS = 152,
    SLM__AT_EMBEDDING_SCALE = 156, SLM__AT_ATTENTION_SCALE = 160, SLM__AT_LOGIT_CAP = 164,
    SLM__AT_ATTENTION_CAP = 168, SLM__AT_ACTIVATION = 176, SLM__AT_LONGEST_TEXT = 180,
    SLM__AT_POOLER = 184, SLM__AT_VECTOR = 188, SLM__AT_VECTOR_FLAGS = 192,
    SLM__AT_LABEL_SCORES = 196, SLM__AT_RANK_SCORES = 200, SLM__AT_TASK = 204
};

enum { /* what a file may have at most */
    SLM__SECTIONS_MOST = 16, SLM__HEAD_MOST = 64 << 20, SLM__CONTEXT_MOST = 1 << 20,
    SLM__LAYERS_MOST = 512, SLM__HEAD_SIZE_MOST = 1024, SLM__SYSTEM_MOST = 65536
};

static const uint8_t slm__magic[8] = {0x89, 'S', 'L', 'M', 0x0D, 0x0A, 0x1A, 0x0A};

typedef struct slm__section {
    const uint8_t *bytes; /* NULL: not in the file */
    size_t size;
} slm__section;

enum { SLM__TOKENIZER = 1, SLM__FREQUENCIES, SLM__LAYER_KINDS, SLM__DIRECTORY,
       SLM__LABEL_NAMES = 6, SLM__PROMPTS = 7, SLM__CHAT = 9, SLM__SECTION_KINDS };

/* What a conversation begins with. */
enum slm__chat_bos { SLM__BOS_AS_TOKENIZER, SLM__BOS_FIRST, SLM__BOS_NOT_FIRST };

static slm_result slm__check_header(const uint8_t *file, size_t size, slm_error *error) {
    uint64_t data_offset;
    if (size < SLM__HEADER_BYTES || memcmp(file, slm__magic, 8) != 0)
        return slm__fail(error, SLM_ERR_FORMAT, "not a .slm file");
    if (slm__u16(file + SLM__AT_MAJOR) != 1)
        return slm__fail(error, SLM_ERR_VERSION, "file version %u; this library reads 1",
                         (size_t)slm__u16(file + SLM__AT_MAJOR));
    if (slm__u64(file + SLM__AT_SIZE) != size)
        return slm__fail(error, SLM_ERR_FORMAT, "the file is cut or has trailing bytes");
    data_offset = slm__u64(file + SLM__AT_DATA);
    if (data_offset % 64 || data_offset > SLM__HEAD_MOST || data_offset > size ||
        data_offset < SLM__HEADER_BYTES)
        return slm__fail(error, SLM_ERR_FORMAT, "data offset out of range");
    if (slm__crc32(0, file + SLM__AT_SIZE, (size_t)data_offset - SLM__AT_SIZE) !=
        slm__u32(file + SLM__AT_CRC))
        return slm__fail(error, SLM_ERR_FORMAT, "checksum of the head does not match");
    return SLM_OK;
}

static slm_result slm__read_sections(const uint8_t *file, slm__section *sections,
                                     slm_error *error) {
    uint64_t data_offset = slm__u64(file + SLM__AT_DATA), last;
    uint32_t count = slm__u16(file + SLM__AT_SECTIONS), i;
    if (count > SLM__SECTIONS_MOST)
        return slm__fail(error, SLM_ERR_FORMAT, "more than 16 sections");
    last = SLM__HEADER_BYTES + (uint64_t)count * SLM__SECTION_BYTES;
    if (last > data_offset) return slm__fail(error, SLM_ERR_FORMAT, "section table cut");
    for (i = 0; i < count; i++) {
        const uint8_t *entry = file + SLM__HEADER_BYTES + i * SLM__SECTION_BYTES;
        uint32_t kind = slm__u32(entry), flags = slm__u32(entry + 4);
        uint64_t offset = slm__u64(entry + 8), bytes = slm__u64(entry + 16);
        if (offset % 64 || offset < last || offset > data_offset || bytes > data_offset - offset)
            return slm__fail(error, SLM_ERR_FORMAT, "section %u lies out of range", (size_t)i);
        last = offset + bytes;
        if (kind == 0 || kind >= SLM__SECTION_KINDS) {
            if (flags & 1)
                return slm__fail(error, SLM_ERR_UNSUPPORTED, "required section of unknown kind");
            continue;
        }
        if (sections[kind].bytes)
            return slm__fail(error, SLM_ERR_FORMAT, "two sections of kind %u", (size_t)kind);
        sections[kind].bytes = file + offset;
        sections[kind].size = (size_t)bytes;
    }
    return SLM_OK;
}

typedef struct slm__cap {
    uint16_t at, field; /* in the header; in slm__shape */
    uint32_t low, high;
    const char *name;
} slm__cap;

/* Every hyper-parameter passes here before it is used. */
static slm_result slm__read_sizes(slm_model *model, const slm__cap *caps, size_t count,
                                  slm_error *error) {
    size_t i;
    for (i = 0; i < count; i++) {
        uint32_t value = slm__u32(model->file + caps[i].at);
        if (value < caps[i].low || value > caps[i].high)
            return slm__fail(error, SLM_ERR_FORMAT, "%s is %u, allowed %u to %u", caps[i].name,
                             (size_t)value, (size_t)caps[i].low, (size_t)caps[i].high);
        memcpy((uint8_t *)&model->shape + caps[i].field, &value, sizeof value);
    }
    return SLM_OK;
}

/* The header's floats, each finite. */
static slm_result slm__read_scales(slm_model *model, slm_error *error) {
    static const struct {
        uint16_t at, field;
        int sign; /* it must be: 1: above 0; 0: not below; -1: anything */
        const char *name;
    } scales[] = {
        {SLM__AT_NORM_EPS, offsetof(slm__shape, norm_eps), 0, "norm eps"},
        {SLM__AT_EMBEDDING_SCALE, offsetof(slm__shape, embedding_scale), 1, "embedding scale"},
        {SLM__AT_ATTENTION_SCALE, offsetof(slm__shape, attention_scale), -1, "attention scale"},
        {SLM__AT_LOGIT_CAP, offsetof(slm__shape, logit_cap), 0, "logit cap"},
        {SLM__AT_ATTENTION_CAP, offsetof(slm__shape, attention_cap), 0, "attention cap"}};
    size_t i;
    for (i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        float value = slm__f32(model->file + scales[i].at);
        if (!slm__finite(value) || (scales[i].sign >= 0 && !(value >= 0)) ||
            (scales[i].sign > 0 && value == 0))
            return slm__fail(error, SLM_ERR_FORMAT, "%s is out of range", scales[i].name);
        memcpy((uint8_t *)&model->shape + scales[i].field, &value, sizeof value);
    }
    return SLM_OK;
}

static slm_result slm__read_shape(slm_model *model, slm_error *error) {
    static const slm__cap caps[] = {
        {72, offsetof(slm__shape, vocab_rows), 1, 1u << 20, "vocabulary rows"},
        {76, offsetof(slm__shape, vocab_used), 0, 1u << 20, "vocabulary"},
        {80, offsetof(slm__shape, context), 1, SLM__CONTEXT_MOST, "context"},
        {SLM__AT_LAYERS, offsetof(slm__shape, layers), 1, SLM__LAYERS_MOST, "layers"},
        {88, offsetof(slm__shape, hidden), 1, 1u << 16, "hidden size"},
        {92, offsetof(slm__shape, ffn), 1, 1u << 18, "intermediate size"},
        {96, offsetof(slm__shape, heads), 1, 1024, "heads"},
        {100, offsetof(slm__shape, kv_heads), 1, 1024, "kv heads"},
        {104, offsetof(slm__shape, head_size), 1, SLM__HEAD_SIZE_MOST, "head size"},
        {108, offsetof(slm__shape, rotary), 0, SLM__HEAD_SIZE_MOST, "rotary size"},
        {112, offsetof(slm__shape, window), 0, SLM__CONTEXT_MOST, "window"},
        {SLM__AT_FLAGS, offsetof(slm__shape, flags), 0, 3, "flags"}};
    slm__shape *shape = &model->shape;
    slm_result result = slm__read_sizes(model, caps, sizeof caps / sizeof caps[0], error);
    if (result != SLM_OK) return result;
    if (shape->heads % shape->kv_heads || shape->rotary % 2 || shape->rotary > shape->head_size ||
        shape->vocab_used > shape->vocab_rows)
        return slm__fail(error, SLM_ERR_FORMAT, "heads, rotary size or vocabulary inconsistent");
    shape->embedding = shape->inner = shape->hidden;
    return slm__read_scales(model, error);
}

/* The sizes of an encoder against each other, each within its cap. */
static slm_result slm__check_encoder(const slm_model *model, slm_error *error) {
    const slm__shape *shape = &model->shape;
    uint32_t texts = 1u << SLM_TASK_CLASSIFY | 1u << SLM_TASK_NEXT;
    uint32_t labelled = 1u << SLM_TASK_CLASSIFY | 1u << SLM_TASK_TAG;
    uint32_t flags = shape->bottleneck_flags;
    if (model->architecture->block != SLM__BOTTLENECK &&
        (flags || shape->stack || shape->inner != shape->hidden ||
         shape->embedding != shape->hidden))
        return slm__fail(error, SLM_ERR_FORMAT, "a bottleneck with architecture %s",
                         model->architecture->name);
    if (shape->logit_cap != 0 || shape->embedding_scale != 1)
        return slm__fail(error, SLM_ERR_FORMAT,
                         "a logit cap or embedding scale with architecture %s",
                         model->architecture->name);
    if ((flags & SLM__TRANSFORMS) != (flags & SLM__TRIGRAM || shape->embedding != shape->hidden
                                          ? (uint32_t)SLM__TRANSFORMS
                                          : 0) ||
        (!(flags & SLM__USES_BOTTLENECK) &&
         (shape->inner != shape->hidden ||
          flags & (SLM__SHARES_BOTTLENECK | SLM__NARROW_ATTENTION))) ||
        (flags & SLM__SHARES_BOTTLENECK && flags & SLM__NARROW_ATTENTION) ||
        (shape->embedding > shape->hidden && shape->tasks >> SLM_TASK_FILL & 1))
        return slm__fail(error, SLM_ERR_FORMAT, "bottleneck or embedding size inconsistent");
    if (shape->kv_heads != shape->heads || shape->longest_text > shape->context ||
        shape->pooling >= SLM_POOLING_COUNT || shape->tasks & 1u ||
        (shape->tasks & texts && !shape->pooler) ||
        (shape->tasks & labelled ? !shape->labels : shape->labels != 0))
        return slm__fail(error, SLM_ERR_FORMAT, "heads, labels or lengths inconsistent");
    return SLM_OK;
}

/* The header's fields that encoders alone have. */
static slm_result slm__read_encoder(slm_model *model, slm_error *error) {
    static const slm__cap caps[] = {
        {SLM__AT_TOKEN_TYPES, offsetof(slm__shape, token_types), 0, 1u << 16, "token types"},
        {SLM__AT_LABELS, offsetof(slm__shape, labels), 0, 1u << 16, "labels"},
        {SLM__AT_TASKS, offsetof(slm__shape, tasks), 0, (1u << SLM_TASK_COUNT) - 1, "tasks"},
        {SLM__AT_EMBEDDING_SIZE, offsetof(slm__shape, embedding), 1, 1u << 16, "embedding size"},
        {SLM__AT_BOTTLENECK, offsetof(slm__shape, inner), 0, 1u << 16, "bottleneck size"},
        {SLM__AT_FFNS, offsetof(slm__shape, stack), 1, SLM__STACK_MOST + 1, "feed-forwards"},
        {SLM__AT_BOTTLENECK_FLAGS, offsetof(slm__shape, bottleneck_flags), 0, 63,
         "bottleneck flags"},
        {SLM__AT_LONGEST_TEXT, offsetof(slm__shape, longest_text), 0, SLM__CONTEXT_MOST,
         "longest text"},
        {SLM__AT_POOLER, offsetof(slm__shape, pooler), 0, SLM__POOLER_RELU, "pooler"},
        {SLM__AT_VECTOR, offsetof(slm__shape, vector), 0, 1u << 16, "sentence vector's size"},
        {SLM__AT_VECTOR_FLAGS, offsetof(slm__shape, vector_flags), 0, 7, "vector flags"},
        {SLM__AT_LABEL_SCORES, offsetof(slm__shape, label_scores), 0, SLM_SCORES_RAW, "scores"},
        {SLM__AT_RANK_SCORES, offsetof(slm__shape, rank_scores), 0, SLM_SCORES_RAW, "scores"}};
    slm__shape *shape = &model->shape;
    slm_result result = slm__read_sizes(model, caps, sizeof caps / sizeof caps[0], error);
    if (result != SLM_OK) return result;
    shape->stack--;
    if (!shape->inner) shape->inner = shape->hidden;
    if (!shape->longest_text) shape->longest_text = shape->context;
    shape->pooling = slm__u16(model->file + SLM__AT_POOLING);
    return slm__check_encoder(model, error);
}

/* What a file says of the activation counts where its architecture leaves it open. */
static slm_result slm__read_activation(slm_model *model, slm_error *error) {
    const slm__architecture *row = model->architecture;
    uint32_t activation = slm__u32(model->file + SLM__AT_ACTIVATION);
    model->activation = row->activation;
    if (!row->activations || !activation) return SLM_OK;
    if (activation >= SLM__ACTIVATIONS || !(row->activations >> activation & 1))
        return slm__fail(error, SLM_ERR_FORMAT, "activation %u with architecture %s",
                         (size_t)activation, row->name);
    model->shape.activation = activation;
    model->activation = (slm__activation)activation;
    return SLM_OK;
}

static slm_result slm__read_architecture(slm_model *model, slm_error *error) {
    uint32_t id = slm__u16(model->file + SLM__AT_ARCHITECTURE);
    const slm__architecture *row = NULL;
    slm_result result = SLM_OK;
    size_t i;
    for (i = 0; i < SLM__ARCHITECTURES; i++)
        if (slm__architectures[i].id == id) row = &slm__architectures[i];
    if (!row) return slm__fail(error, SLM_ERR_UNSUPPORTED, "architecture number %u", (size_t)id);
    model->architecture = row;
    id = slm__u16(model->file + SLM__AT_CHAT_FORMAT);
    if (id + 1 >= SLM_CHAT_COUNT)
        return slm__fail(error, SLM_ERR_UNSUPPORTED, "chat format %u", (size_t)id);
    model->chat_format = (slm_chat_format)(id + 1);
    model->pad = (slm_token)slm__u32(model->file + SLM__AT_PAD);
    if (model->pad < -1 || (model->pad >= 0 && (uint32_t)model->pad >= model->shape.vocab_rows))
        return slm__fail(error, SLM_ERR_FORMAT, "pad token out of range");
    if (model->shape.flags & ~row->flags)
        return slm__fail(error, SLM_ERR_FORMAT, "flags %u with architecture %s",
                         (size_t)model->shape.flags, row->name);
    if (model->shape.rotary && row->rotary == SLM__ROTARY_NONE)
        return slm__fail(error, SLM_ERR_FORMAT, "rotary size %u with architecture %s",
                         (size_t)model->shape.rotary, row->name);
    if (row->features & SLM__ENCODER) result = slm__read_encoder(model, error);
    if (result == SLM_OK) result = slm__read_activation(model, error);
    if (result != SLM_OK) return result;
    model->norm = model->shape.bottleneck_flags & SLM__TRUE_NORM ? SLM__LAYER_NORM : row->norm;
    model->features = slm__features_of(row, &model->shape);
    return SLM_OK;
}

/* Walks the directory beside the tensors that the shape asks for. */
typedef struct slm__cursor {
    const uint8_t *entry, *end;
    uint64_t offset; /* where the next tensor has to lie */
} slm__cursor;

/* Whether a tensor may have this type. MobileBERT's activations reach 1e7, which no code of 8 bits
   follows; heads are f32 but for the vocabulary's. */
static int slm__type_fits(const slm_model *model, const slm__expected *want, uint32_t type) {
    int head = want->slot >= SLM__POOLER && want->slot < SLM__MODEL_SLOTS &&
               want->slot != SLM__FILL_HEAD && want->slot != SLM__FILL_REST;
    if (want->rows == SLM__ONE) return type == SLM_TYPE_VECTOR;
    if (type < SLM_TYPE_F32 || type > SLM_TYPE_Q4F) return 0;
    if (model->architecture->block == SLM__BOTTLENECK && slm__integer(type)) return 0;
    return !head || type == SLM_TYPE_F32;
}

static slm_result slm__bind_tensor(slm_model *model, slm__cursor *cursor, uint32_t layer,
                                   const slm__expected *want, slm__tensor *tensor,
                                   slm_error *error) {
    uint32_t rows = slm__extent_of(&model->shape, want->rows);
    uint32_t cols = slm__extent_of(&model->shape, want->cols);
    const uint8_t *e = cursor->entry;
    const char *name = slm__slot_name(want->slot);
    size_t bytes;
    if (cursor->entry == cursor->end || slm__u16(e) != want->slot || slm__u16(e + 2) != layer)
        return slm__fail(error, SLM_ERR_FORMAT, "tensor missing: layer %u, %s", (size_t)layer,
                         name);
    if (slm__u32(e + 8) != rows || slm__u32(e + 12) != cols)
        return slm__fail(error, SLM_ERR_FORMAT, "layer %u, %s is %u x %u; wanted %u x %u",
                         (size_t)layer, name, (size_t)slm__u32(e + 8), (size_t)slm__u32(e + 12),
                         (size_t)rows, (size_t)cols);
    tensor->rows = rows;
    tensor->cols = cols;
    tensor->type = slm__u16(e + 4);
    tensor->crc = slm__u32(e + 32);
    if (!slm__type_fits(model, want, tensor->type))
        return slm__fail(error, SLM_ERR_UNSUPPORTED, "layer %u, %s has type %u", (size_t)layer,
                         name, (size_t)tensor->type);
    tensor->tile = want->rows == SLM__ONE ? 0 : slm__tile_bytes(tensor->type, cols);
    bytes = want->rows == SLM__ONE ? slm__size(cols, 4, 0)
                                   : slm__size(((size_t)rows + 15) / 16, tensor->tile, 0);
    if (slm__u16(e + 6) != (unsigned)slm__rotated(tensor->type, cols) ||
        slm__u64(e + 16) != cursor->offset || slm__u64(e + 24) != bytes ||
        bytes > model->file_size || cursor->offset > model->file_size - bytes)
        return slm__fail(error, SLM_ERR_FORMAT, "layer %u, %s lies out of place", (size_t)layer,
                         name);
    tensor->bytes = bytes;
    tensor->data = model->file + cursor->offset;
    cursor->offset = (cursor->offset + bytes + 63) / 64 * 64;
    cursor->entry += SLM__ENTRY_BYTES;
    return SLM_OK;
}

static slm_result slm__bind_tensors(slm_model *model, const slm__section *directory,
                                    slm_error *error) {
    slm__cursor cursor;
    uint32_t layer;
    size_t i;
    slm_result result;
    if (!directory->bytes || directory->size % SLM__ENTRY_BYTES ||
        directory->size / SLM__ENTRY_BYTES != slm__u32(model->file + SLM__AT_TENSORS))
        return slm__fail(error, SLM_ERR_FORMAT, "tensor directory missing or of wrong size");
    model->tensors = slm__u32(model->file + SLM__AT_TENSORS);
    cursor.entry = directory->bytes;
    cursor.end = directory->bytes + directory->size;
    cursor.offset = model->data_offset;
    for (layer = 0; layer < model->shape.layers; layer++)
        for (i = 0; i < sizeof slm__layer_tensors / sizeof slm__layer_tensors[0]; i++) {
            const slm__expected *want = &slm__layer_tensors[i];
            if (!slm__has(model->features, want->needs)) continue;
            result = slm__bind_tensor(model, &cursor, layer, want,
                                      &model->layers[layer].at[want->slot], error);
            if (result != SLM_OK) return result;
        }
    for (i = 0; i < sizeof slm__model_tensors / sizeof slm__model_tensors[0]; i++) {
        const slm__expected *want = &slm__model_tensors[i];
        if (!slm__has(model->features, want->needs)) continue;
        result = slm__bind_tensor(model, &cursor, 0xFFFF, want,
                                  &model->at[want->slot - SLM__EMBEDDING], error);
        if (result != SLM_OK) return result;
    }
    if (cursor.entry != cursor.end || cursor.offset != model->file_size)
        return slm__fail(error, SLM_ERR_FORMAT, "more tensors or bytes than the model has");
    if (!slm__has(model->features, SLM__UNTIED))
        model->at[(model->features & SLM__DECODER ? SLM__HEAD : SLM__FILL_HEAD) -
                  SLM__EMBEDDING] = model->at[0];
    return SLM_OK;
}

/* Some layers may see the header's window, and without such layers there is none. */
static slm_result slm__read_layer_kinds(slm_model *model, const slm__section *kinds,
                                        slm_error *error) {
    uint32_t layers = model->shape.layers, window = model->shape.window, local = 0, i;
    if (kinds->bytes && kinds->size != layers)
        return slm__fail(error, SLM_ERR_FORMAT, "%u layer kinds for %u layers", kinds->size,
                         (size_t)layers);
    for (i = 0; i < layers; i++) {
        unsigned kind = kinds->bytes ? kinds->bytes[i] : 0;
        if (kind > SLM__KIND_BITS)
            return slm__fail(error, SLM_ERR_UNSUPPORTED, "attention kind of layer %u", (size_t)i);
        model->layers[i].window = kind & SLM__KIND_WINDOW ? window : 0;
        model->layers[i].rotary = kind & SLM__KIND_NO_ROTARY ? 0 : model->shape.rotary;
        local += kind & SLM__KIND_WINDOW;
    }
    if ((window != 0) != (local != 0))
        return slm__fail(error, SLM_ERR_FORMAT, "a window of %u and %u layers that have it",
                         (size_t)window, (size_t)local);
    return SLM_OK;
}

/* One rotary table, or two: then layers with the window use the second. */
static slm_result slm__read_frequencies(slm_model *model, const slm__section *frequencies,
                                        slm_error *error) {
    uint32_t half = model->shape.rotary / 2, i;
    model->rotary_tables = half && frequencies->size == (size_t)half * 8 ? 2 : 1;
    if (frequencies->size != (size_t)half * 4 * model->rotary_tables)
        return slm__fail(error, SLM_ERR_FORMAT, "inverse frequencies missing or of wrong size");
    model->inverse_frequencies = (const float *)(const void *)frequencies->bytes;
    for (i = 0; i < half * model->rotary_tables; i++)
        if (!(model->inverse_frequencies[i] >= 0 && model->inverse_frequencies[i] <= 16))
            return slm__fail(error, SLM_ERR_FORMAT, "an inverse frequency is out of range");
    for (i = 0; i < model->shape.layers && model->rotary_tables == 2; i++)
        model->layers[i].rotary_table = model->layers[i].window != 0;
    return SLM_OK;
}

static slm_result slm__read_rest(slm_model *model, const slm__section *sections,
                                 slm_error *error) {
    const slm__section *frequencies = &sections[SLM__FREQUENCIES];
    slm_result result = slm__read_layer_kinds(model, &sections[SLM__LAYER_KINDS], error);
    uint32_t kind;
    if (result == SLM_OK) result = slm__read_frequencies(model, frequencies, error);
    if (result != SLM_OK) return result;
    kind = slm__u16(model->file + SLM__AT_TOKENIZER);
    model->has_tokenizer = kind != 0;
    if (kind > SLM__SPLIT_BYTES)
        return slm__fail(error, SLM_ERR_UNSUPPORTED, "unknown kind of tokenizer");
    if (model->has_tokenizer) {
        const slm__section *section = &sections[SLM__TOKENIZER];
        const char *wrong =
            slm__tokenizer_bind(&model->tokenizer, kind, section->bytes, section->size);
        if (wrong) return slm__fail(error, SLM_ERR_FORMAT, "tokenizer: %s", wrong);
        model->tokenizer.types = 2; /* a pair's, beside a decoder too */
        if (model->features & SLM__ENCODER) model->tokenizer.types = model->shape.token_types;
        if (model->tokenizer.count != model->shape.vocab_used)
            return slm__fail(error, SLM_ERR_FORMAT, "tokenizer: not the vocabulary's size");
    }
    return SLM_OK;
}

/* NUL-terminated texts of UTF-8, side by side: how many; SIZE_MAX: they are not. */
static size_t slm__count_texts(const slm__section *section) {
    const uint8_t *at = section->bytes, *end = at + section->size, *stop;
    size_t count = 0;
    for (; at < end; at = stop + 1, count++) {
        stop = (const uint8_t *)memchr(at, 0, (size_t)(end - at));
        if (!stop || !slm__is_utf8(at, (size_t)(stop - at))) return SIZE_MAX;
    }
    return count;
}

/* The labels and prompts of an encoder. */
static slm_result slm__read_names(slm_model *model, const slm__section *sections,
                                  slm_error *error) {
    const slm__section *labels = &sections[SLM__LABEL_NAMES], *prompts = &sections[SLM__PROMPTS];
    size_t count;
    if (!(model->features & SLM__ENCODER)) return SLM_OK;
    count = labels->bytes ? slm__count_texts(labels) : 0;
    if (count != model->shape.labels)
        return slm__fail(error, SLM_ERR_FORMAT, "the labels are not %u texts of UTF-8",
                         (size_t)model->shape.labels);
    count = prompts->bytes ? slm__count_texts(prompts) : 0;
    if (count % 2)
        return slm__fail(error, SLM_ERR_FORMAT, "the prompts are not pairs of texts of UTF-8");
    model->labels = (const char *)labels->bytes;
    model->prompts = (const char *)prompts->bytes;
    model->prompt_count = count / 2;
    return SLM_OK;
}

/* The chat section, once the tokenizer is read. */
static slm_result slm__read_chat(slm_model *model, const slm__section *chat, slm_error *error) {
    const uint8_t *text;
    size_t size;
    uint32_t rule;
    if (!chat->bytes) return SLM_OK;
    text = chat->bytes + 8;
    if (chat->size < 8 || slm__u32(chat->bytes + 4) != chat->size - 8 ||
        chat->size - 8 > SLM__SYSTEM_MOST)
        return slm__fail(error, SLM_ERR_FORMAT, "chat section of wrong size");
    rule = slm__u32(chat->bytes);
    model->chat_bos = rule & 255u;
    if (model->chat_bos > SLM__BOS_NOT_FIRST || rule >> 8 > 1)
        return slm__fail(error, SLM_ERR_FORMAT, "chat section: unknown rule for BOS");
    if (model->chat_bos == SLM__BOS_FIRST &&
        (!model->has_tokenizer ||
         !slm__added_token(&model->tokenizer, model->tokenizer.bos, NULL)))
        return slm__fail(error, SLM_ERR_FORMAT, "chat section: there is no BOS");
    size = chat->size - 8;
    if (!size) return SLM_OK;
    if (memchr(text, 0, size) != text + size - 1 || !slm__is_utf8(text, size))
        return slm__fail(error, SLM_ERR_FORMAT, "the system message is not UTF-8 with one NUL");
    model->system_message = (const char *)text;
    model->preface = (int)(rule >> 8);
    return SLM_OK;
}

/* The slots of a layer of the architecture of this number. */
static uint32_t slm__slots_of(uint32_t id) {
    size_t i;
    for (i = 0; i < SLM__ARCHITECTURES; i++) {
        if (slm__architectures[i].id != id) continue;
        if (slm__architectures[i].block == SLM__BOTTLENECK) return SLM__WIDE_LAYER_SLOTS;
        if (slm__architectures[i].block == SLM__SANDWICH) return SLM__SANDWICH_LAYER_SLOTS;
    }
    return SLM__LAYER_SLOTS;
}

SLM_API size_t slm_model_size(const void *head, size_t size) {
    const uint8_t *file = (const uint8_t *)head;
    size_t layers, slots;
    if (!head || size < SLM__HEADER_BYTES || memcmp(file, slm__magic, 8) != 0) return 0;
    layers = slm__u32(file + SLM__AT_LAYERS);
    if (layers < 1 || layers > SLM__LAYERS_MOST) return 0;
    slots = slm__slots_of(slm__u16(file + SLM__AT_ARCHITECTURE));
    return slm__round_up(sizeof(slm_model), 64) +
           layers * (sizeof(slm__layer) + slots * sizeof(slm__tensor));
}

/* The model's block: the caller's, or the allocator's. */
static slm_result slm__new_model(slm_model **out, const uint8_t *bytes, size_t size,
                                 const slm_model_desc *desc, slm_error *error) {
    size_t need = slm_model_size(bytes, size), layers, i;
    slm__tensor *tensors;
    slm_model *model;
    void *block = NULL;
    if (!need) return slm__fail(error, SLM_ERR_FORMAT, "layers out of range");
    if ((uintptr_t)desc->memory % 16)
        return slm__fail(error, SLM_ERR_MEMORY, "the model's memory is not 16-byte aligned");
    if (desc->memory && desc->memory_size < need)
        return slm__fail(error, SLM_ERR_MEMORY, "the model needs %u bytes", need);
    if (!desc->memory) block = slm__allocate(&desc->allocator, need);
    model = (slm_model *)(desc->memory ? desc->memory : block);
    if (!model) return slm__fail(error, SLM_ERR_MEMORY, "no memory for the model");
    memset(model, 0, need);
    model->memory = block;
    model->allocator = desc->allocator;
    model->active = &model->active_counter;
    model->layers = (slm__layer *)(void *)((uint8_t *)model +
                                           slm__round_up(sizeof(slm_model), 64));
    model->layer_slots = slm__slots_of(slm__u16(bytes + SLM__AT_ARCHITECTURE));
    layers = slm__u32(bytes + SLM__AT_LAYERS);
    tensors = (slm__tensor *)(void *)(model->layers + layers);
    for (i = 0; i < layers; i++) model->layers[i].at = tensors + i * model->layer_slots;
    model->file = bytes;
    model->file_size = size;
    model->data_offset = (size_t)slm__u64(bytes + SLM__AT_DATA);
    model->content_id = slm__u64(bytes + SLM__AT_CONTENT_ID);
    *out = model;
    return SLM_OK;
}

static slm_result slm__bind_model(slm_model *model, slm_error *error) {
    slm__section sections[SLM__SECTION_KINDS];
    slm_result result;
    memset(sections, 0, sizeof sections);
    if ((result = slm__read_sections(model->file, sections, error)) != SLM_OK ||
        (result = slm__read_shape(model, error)) != SLM_OK ||
        (result = slm__read_architecture(model, error)) != SLM_OK ||
        (result = slm__bind_tensors(model, &sections[SLM__DIRECTORY], error)) != SLM_OK)
        return result;
    if ((result = slm__read_rest(model, sections, error)) != SLM_OK ||
        (result = slm__read_chat(model, &sections[SLM__CHAT], error)) != SLM_OK)
        return result;
    return slm__read_names(model, sections, error);
}

SLM_API slm_result slm_model_open_memory(slm_model **out, const void *bytes, size_t size,
                                         const slm_model_desc *desc, slm_error *error) {
    slm_model_desc defaults;
    const slm__kernels *kernels;
    const char *fault;
    slm_isa isa;
    slm_result result;
    unsigned saved;
    memset(&defaults, 0, sizeof defaults);
    if (!desc) desc = &defaults;
    if (!out || !bytes) return slm__fail(error, SLM_ERR_ARGUMENT, "NULL model or bytes");
    *out = NULL;
    if ((uintptr_t)bytes % 64)
        return slm__fail(error, SLM_ERR_ARGUMENT, "the bytes must be 64-byte aligned");
    isa = desc->isa;
    kernels = slm__kernels_for(&isa);
    if (!kernels)
        return slm__fail(error, SLM_ERR_UNSUPPORTED, "instruction set not in this build or CPU");
    saved = slm__fp_enter();
    fault = slm__arithmetic_fault(kernels);
    slm__fp_leave(saved);
    if (fault) return slm__fail(error, SLM_ERR_BUILD, "%s", fault);
    if ((result = slm__check_header((const uint8_t *)bytes, size, error)) != SLM_OK ||
        (result = slm__new_model(out, (const uint8_t *)bytes, size, desc, error)) != SLM_OK)
        return result;
    (*out)->kernels = kernels;
    (*out)->isa = isa;
    result = slm__bind_model(*out, error);
    if (result != SLM_OK) {
        slm_model_close(*out);
        *out = NULL;
    }
    return result;
}

#ifndef SLM_NO_STDIO
/* A pipe would keep its opener waiting, and a device has no end. */
static int slm__is_special(const char *path) {
#ifdef SLM__STAT
    struct stat status;
    return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
#else
    (void)path;
    return 0;
#endif
}

static void *slm__map_file(const char *path, size_t *size) {
#ifdef SLM__MMAP
    struct stat status;
    void *bytes = MAP_FAILED;
    int file = open(path, O_RDONLY);
    if (file < 0) return NULL;
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
        *size = (size_t)status.st_size;
        bytes = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, file, 0);
    }
    close(file);
    return bytes == MAP_FAILED ? NULL : bytes;
#else
    (void)path;
    (void)size;
    return NULL;
#endif
}

static void *slm__read_file(const char *path, const slm_allocator *allocator, size_t *size,
                            void **block, slm_error *error) {
    FILE *file = fopen(path, "rb");
    void *bytes = NULL;
    long length = -1;
    *block = NULL;
    /* a directory opens and has a length, but cannot be read */
    if (file && fgetc(file) != EOF && fseek(file, 0, SEEK_END) == 0) length = ftell(file);
    if (length > 0 && fseek(file, 0, SEEK_SET) == 0) {
        *size = (size_t)length;
        bytes = slm__allocate_aligned(allocator, *size, block);
        if (!bytes) slm__fail(error, SLM_ERR_MEMORY, "no memory to read %s", path);
        else if (fread(bytes, 1, *size, file) != *size) {
            slm__release(allocator, *block);
            *block = bytes = NULL;
            slm__fail(error, SLM_ERR_IO, "cannot read %s", path);
        }
    } else
        slm__fail(error, SLM_ERR_IO, "cannot read %s", path);
    if (file) fclose(file);
    return bytes;
}

SLM_API slm_result slm_model_open(slm_model **out, const char *path, const slm_model_desc *desc,
                                  slm_error *error) {
    slm_model_desc wanted;
    slm_error local;
    void *bytes = NULL, *block = NULL;
    size_t size = 0;
    slm_result result;
    memset(&wanted, 0, sizeof wanted);
    if (desc) wanted = *desc;
    if (!error) error = &local;
    if (!out || !path) return slm__fail(error, SLM_ERR_ARGUMENT, "NULL model or path");
    *out = NULL;
    if (slm__is_special(path))
        return slm__fail(error, SLM_ERR_IO, "%s is a pipe or a device, not a file", path);
    if (wanted.load != SLM_LOAD_COPY) bytes = slm__map_file(path, &size);
    if (!bytes && wanted.load == SLM_LOAD_MAP)
        return slm__fail(error, SLM_ERR_IO, "cannot map %s", path);
    if (!bytes) {
        error->code = SLM_OK;
        bytes = slm__read_file(path, &wanted.allocator, &size, &block, error);
        if (!bytes) return error->code;
    }
    result = slm_model_open_memory(out, bytes, size, &wanted, error);
    if (result == SLM_OK) {
        (*out)->copied_file = block;
        (*out)->mapped = !block;
        return SLM_OK;
    }
    if (block) slm__release(&wanted.allocator, block);
#ifdef SLM__MMAP
    else munmap(bytes, size);
#endif
    return result;
}
#endif /* SLM_NO_STDIO */

SLM_API void slm_model_close(slm_model *model) {
    slm_allocator allocator;
    if (!model) return;
    allocator = model->allocator;
#ifdef SLM__MMAP
    if (model->mapped) munmap((void *)(uintptr_t)model->file, model->file_size);
#endif
    slm__release(&allocator, model->copied_file);
    slm__release(&allocator, model->memory);
}

/* No element of a tensor may be infinite or NaN: one would spoil every result. */
static int slm__tensor_finite(const slm__tensor *tensor) {
    size_t i;
    if (tensor->type == SLM_TYPE_F16 || tensor->type == SLM_TYPE_BF16) {
        const uint16_t *half = (const uint16_t *)(const void *)tensor->data;
        unsigned mask = tensor->type == SLM_TYPE_F16 ? 0x7C00 : 0x7F80;
        for (i = 0; i < tensor->bytes / 2; i++)
            if ((half[i] & mask) == mask) return 0;
        return 1;
    }
    if (slm__integer(tensor->type)) {
        size_t tiles = tensor->bytes / tensor->tile, blocks = slm__blocks(tensor->cols), tile;
        for (tile = 0; tile < tiles; tile++)
            if (tensor->type == SLM_TYPE_Q8) {
                for (i = 0; i < blocks * 16; i++)
                    if ((slm__u16(tensor->data + tile * tensor->tile + 2 * i) & 0x7C00) == 0x7C00)
                        return 0;
            } else {
                for (i = 0; i < 16; i++)
                    if ((slm__u32(tensor->data + tile * tensor->tile + 4 * i) & 0x7F800000u) ==
                        0x7F800000u)
                        return 0;
            }
        return 1;
    }
    for (i = 0; i < tensor->bytes / 4; i++)
        if (!slm__finite(slm__vector(tensor)[i])) return 0;
    return 1;
}

static slm_result slm__verify_tensor(const slm__tensor *tensor, size_t layer, unsigned slot,
                                     slm_error *error) {
    if (!tensor->data) return SLM_OK;
    if (slm__crc32(0, tensor->data, tensor->bytes) != tensor->crc)
        return slm__fail(error, SLM_ERR_FORMAT, "layer %u, %s: checksum does not match", layer,
                         slm__slot_name(slot));
    if (!slm__tensor_finite(tensor))
        return slm__fail(error, SLM_ERR_NUMERIC, "layer %u, %s: a value is not finite", layer,
                         slm__slot_name(slot));
    return SLM_OK;
}

/* The content id names hyper-parameters, tokenizer and tensors (by their checksums). */
static slm_result slm__verify_id(const slm_model *model, slm_error *error) {
    slm__section sections[SLM__SECTION_KINDS], *part = &sections[SLM__TOKENIZER];
    uint64_t hash = slm__fnv(SLM__FNV_START, model->file + SLM__AT_ARCHITECTURE,
                             SLM__HEADER_BYTES - SLM__AT_ARCHITECTURE);
    slm_result result;
    memset(sections, 0, sizeof sections);
    result = slm__read_sections(model->file, sections, error);
    if (result != SLM_OK) return result;
    hash = slm__fnv(hash, part->bytes, part->size);
    part = &sections[SLM__DIRECTORY];
    hash = slm__fnv(hash, part->bytes, part->size);
    if (hash == model->content_id) return SLM_OK;
    return slm__fail(error, SLM_ERR_FORMAT, "the content id does not match");
}

SLM_API slm_result slm_model_verify(const slm_model *model, slm_error *error) {
    slm_result result;
    size_t layer;
    unsigned slot;
    if (!model) return slm__fail(error, SLM_ERR_ARGUMENT, "NULL model");
    result = slm__verify_id(model, error);
    for (layer = 0; layer < model->shape.layers && result == SLM_OK; layer++)
        for (slot = 0; slot < model->layer_slots && result == SLM_OK; slot++)
            result = slm__verify_tensor(&model->layers[layer].at[slot], layer, slot, error);
    for (slot = SLM__EMBEDDING; slot < SLM__MODEL_SLOTS && result == SLM_OK; slot++)
        result = slm__verify_tensor(slm__model_tensor(model, slot), 0xFFFF, slot, error);
    return result;
}

static void slm__count_tensor(const slm__tensor *tensor, slm_model_info *info) {
    if (!tensor->data) return;
    info->parameters += (uint64_t)tensor->rows * tensor->cols;
    info->weight_bytes += tensor->bytes;
}

static void slm__count_layers(const slm_model *model, slm_model_info *info) {
    size_t layer;
    unsigned slot;
    for (layer = 0; layer < model->shape.layers; layer++) {
        for (slot = 0; slot < model->layer_slots; slot++)
            slm__count_tensor(&model->layers[layer].at[slot], info);
        info->window_layers += model->layers[layer].window != 0;
        info->rotary_layers += model->layers[layer].rotary != 0;
    }
    for (slot = SLM__EMBEDDING; slot < SLM__MODEL_SLOTS; slot++)
        if ((slot != SLM__HEAD && slot != SLM__FILL_HEAD) ||
            slm__has(model->features, SLM__UNTIED))
            slm__count_tensor(slm__model_tensor(model, slot), info);
}

static void slm__tokenizer_info(const slm_model *model, slm_model_info *info) {
    info->bos = model->tokenizer.bos;
    info->unk = model->tokenizer.unk;
    info->adds_bos = (int)(model->tokenizer.flags & 1);
    info->chat_adds_bos = model->chat_bos == SLM__BOS_AS_TOKENIZER
                              ? info->adds_bos
                              : model->chat_bos == SLM__BOS_FIRST;
    info->end_count = model->tokenizer.end_count;
    memcpy(info->end, model->tokenizer.end, sizeof info->end);
    if (!slm__reads_texts(&model->tokenizer)) return;
    info->cls = model->tokenizer.bos;
    info->sep = model->tokenizer.last;
    info->mask = model->tokenizer.mask;
    info->tidy_spaces =
        (model->tokenizer.flags & (model->tokenizer.kind == SLM__WORDS ? SLM__TEXT_TIDY
                                                                      : SLM__TEXT_BYTES_TIDY)) != 0;
}

/* Text `index` of NUL-terminated ones, of which there are more than that. */
static const char *slm__nth_text(const char *texts, size_t index) {
    while (index-- > 0) texts += strlen(texts) + 1;
    return texts;
}

SLM_API const char *slm_model_label(const slm_model *model, size_t label) {
    return model && label < model->shape.labels ? slm__nth_text(model->labels, label) : NULL;
}

SLM_API const char *slm_model_prompt(const slm_model *model, const char *name) {
    const char *at = model ? model->prompts : NULL;
    size_t i;
    if (!name) name = "";
    for (i = 0; model && i < model->prompt_count; i++) {
        const char *prompt = at + strlen(at) + 1;
        if (strcmp(at, name) == 0) return prompt;
        at = prompt + strlen(prompt) + 1;
    }
    return NULL;
}

/* The task that a session has by default. */
static slm_task slm__first_task(const slm_model *model) {
    unsigned task = slm__u32(model->file + SLM__AT_TASK);
    if (task && task < SLM_TASK_COUNT && model->shape.tasks >> task & 1) return (slm_task)task;
    for (task = SLM_TASK_CLASSIFY; task < SLM_TASK_COUNT; task++)
        if (model->shape.tasks >> task & 1) return (slm_task)task;
    return SLM_TASK_EMBED;
}

static void slm__encoder_info(const slm_model *model, slm_model_info *info) {
    const slm__shape *shape = &model->shape;
    info->is_encoder = 1;
    info->tasks = shape->tasks | 1u << SLM_TASK_EMBED;
    info->task = slm__first_task(model);
    info->pooling = shape->pooling ? (slm_pooling)shape->pooling : SLM_POOLING_MEAN;
    info->label_scores = (slm_scores)shape->label_scores;
    info->rank_scores = (slm_scores)shape->rank_scores;
    info->labels = shape->labels;
    info->token_types = shape->token_types;
    info->longest_text = shape->longest_text;
    info->pad = model->pad;
}

SLM_API void slm_model_get_info(const slm_model *model, slm_model_info *info) {
    const slm__shape *shape;
    if (!info) return;
    memset(info, 0, sizeof *info);
    info->bos = info->unk = info->cls = info->sep = info->mask = info->pad = -1;
    if (!model) return;
    shape = &model->shape;
    info->architecture = model->architecture->name;
    info->tokenizer = !model->has_tokenizer                    ? "none"
                      : model->tokenizer.kind == SLM__PIECES ? "SentencePiece BPE"
                      : model->tokenizer.kind == SLM__WORDS  ? "WordPiece"
                                                             : "byte-level BPE";
    info->chat_format = slm_chat_format_name(model->chat_format);
    info->isa = slm_isa_name(model->isa);
    info->content_id = model->content_id;
    info->file_size = model->file_size;
    info->vocab_rows = shape->vocab_rows;
    info->vocab_used = shape->vocab_used;
    info->context = shape->context;
    info->layers = shape->layers;
    info->hidden = shape->hidden;
    info->intermediate = shape->ffn;
    info->heads = shape->heads;
    info->kv_heads = shape->kv_heads;
    info->head_size = shape->head_size;
    info->rotary_size = shape->rotary;
    info->window = shape->window;
    info->tensors = model->tensors;
    info->weights = (slm_type)model->layers[0].at[SLM__QUERY].type;
    info->system_message = model->system_message;
    slm__count_layers(model, info);
    info->embedding_size = shape->vector ? shape->vector : shape->hidden;
    if (model->has_tokenizer) slm__tokenizer_info(model, info);
    if (model->features & SLM__ENCODER) slm__encoder_info(model, info);
}

/* ---- >>state -----------------------------------------------------------------------------
   What a session holds, in parts, each carved from its block by a function of its own, and how its
   calls share the processors. Knows what is in a buffer, not how it is computed. */

typedef struct slm__cache { /* one sequence's keys and values, all layers */
    uint8_t *keys;   /* [layer][kv head][context/16][head size][16] */
    uint8_t *values; /* [layer][kv head][context][head size rounded up to 16] */
    size_t key_head, value_head; /* elements of one head */
    size_t layer_heads;          /* heads of a layer; 0: all layers use the same ones in turn */
    size_t item;                 /* bytes of an element: 2 or 4 */
    size_t length;               /* its rows see all positions below; 0: those up to their own */
} slm__cache;

typedef struct slm__row {
    slm__cache *cache; /* the sequence */
    uint32_t position;
    slm_token token;
    int32_t type; /* of the token, where the model has such */
    int overflow; /* a key or value is beyond what the cache holds */
} slm__row;

enum { SLM__DRAFT_MAX = 16 };

/* The tokens evaluated so far, and what attention keeps of them. */
typedef struct slm__sequence {
    slm__cache cache;
    size_t context, position; /* at most; so far */
    slm_token *history;       /* [context] */
} slm__sequence;

/* Rows on their way through the layers. Where two names stand for one buffer, the first one is
   dead when the second one is written:
     buffer         written by                     dead after
     query          its product                    attention
     branch         the products that end a        the next norm; behind the last layer an encoder's
                    branch                         heads have it
     key            its product                    the cache has it
     attention      attention                      the output's product
     value          its product                    the cache has it
     query_buffers  attention                      attention
     normed         a decoder's norm               its products; then a second branch may be there
     normed         gathered rows: of positions    they are added; a head has read them
                    and types, for a head
     ffn_hidden     gathered embeddings            the transform before the first layer
     ffn_hidden     the up product                 the down product
     codes          a norm, or the rows of an      the products that read them: see
                    input without codes            slm__forget_codes
   An encoder's norms write where they read. */
typedef struct slm__batch {
    size_t size, capacity;  /* rows at most; rounded up to what the kernels read at once */
    int quantized;          /* some matrix is of integers */
    slm__row *rows;         /* [size] */
    float *hidden;          /* [capacity][hidden]: the residual stream */
    float *normed;          /* [capacity][hidden] */
    float *inner, *shared;  /* [capacity][inner]: MobileBERT's bottlenecks; else NULL */
    float *query, *branch;  /* [size][heads * head size], then [size][hidden] */
    float *key, *attention; /* [size][kv heads * head size], then [capacity][heads * head size] */
    float *value;           /* [size][kv heads * head size], then ... */
    float *query_buffers;   /* ... [attention_tasks][queries][buffer_floats] */
    size_t attention_tasks; /* tasks of a phase of attention */
    size_t queries;         /* that a task takes at once */
    size_t buffer_floats;   /* of a query: an odd number of cache lines, since at 2^n floats all
                               queries would want the same few of the processor's cache */
    float *ffn_hidden;            /* [capacity][intermediate], or blocks of 256: see slm__product;
                                     before the first layer what a transform reads */
    float *signs;          /* [widest input]: the rotation's, for integer weights */
    slm__codes *codes;     /* [blocks of hidden or heads * head size][capacity] */
    slm__codes *ffn_codes; /* [blocks of intermediate][capacity] */
    float *angles;         /* [size][rotary tables][rotary / 2][2]: cosine, sine */
    int bad_layer;         /* a value left the KV cache's range here; -1: none */
} slm__batch;

/* What can be asked for of the last positions. */
typedef struct slm__outputs {
    size_t kept, logits_rows; /* positions; those whose logits are computed at once */
    float *final;             /* [kept, or drafts + 1][hidden]: positions after the final norm */
    size_t final_first, final_count; /* rows of it that can be asked for: [first, count) */
    float *logits;                   /* [logits_rows][vocabulary rows], ... */
    size_t logits_at, logits_count;  /* ... of these rows of final */
} slm__outputs;

typedef struct slm__generator {
    slm_generation generation;
    int generating;
    slm_reason ended;
    size_t generated, start; /* the latter: a stop rewinds no further */
    int interrupted;         /* another call has appended tokens since */
    int at_start;            /* what is generated begins a text of pieces */
    char pending[768];       /* bytes that do not make a whole character yet, or may begin a stop */
    size_t pending_size, shown;
    const char *rest;        /* of a long token's text: what pending had no room for */
    size_t rest_size;
    const char *turn_end;    /* ends an answer, beside the stops; or NULL */
    size_t drafts;         /* tokens that can be drafted at most: what a batch holds */
    size_t drafted;        /* drafted tokens behind position in history, cache and final */
    uint32_t *candidates;  /* [vocabulary rows] */
    float *adjusted;       /* [vocabulary rows]: logits after penalties */
    uint64_t *masses;      /* [vocabulary rows] */
    uint64_t random, seed;
    int seeded;
} slm__generator;

typedef struct slm__conversation {
    slm_chat_format format;
    slm_token answer_end;  /* ends an answer in this format; -1: none */
    const char *turn_end;  /* an answer ends before this text; NULL: none */
    size_t system_end;     /* behind a system message that waits for a user's; 0: there is none */
    size_t closed_end;     /* behind a message that slm_chat wrote, end mark included; 0: none */
    int no_system;         /* the conversation that begins has no system message */
    int answering;         /* the answer that slm_chat opened is the last thing appended */
    size_t opened;         /* where it begins; 0: there is none */
} slm__conversation;

typedef struct slm__workers {
    slm_parallel parallel;
    unsigned threads, team; /* at most; in the call under way */
    int auto_threads;       /* threads was 0 */
    double alone_until;     /* by OpenMP's clock: other processes want the processors too */
    int in_region;          /* the session's own: parallel is the region's hook */
} slm__workers;

/* An encoder's texts on their way: rows are filled, computed and given out. */
typedef struct slm__encoder {
    slm_task task;
    slm_pooling pooling;
    slm__cache *caches;     /* [batch.size]: of the texts in the batch; keys and values of one
                               layer, f32, each text's from a tile of 16 positions on */
    size_t positions;       /* of all texts in the batch at most */
    size_t texts, rows, used; /* in the batch now; positions in use */
    slm_session *parts;     /* [part_count]: of a batch of texts, each for one thread, ... */
    size_t part_count;      /* ... all in the memory of the batch's buffers: */
    slm__arena room;        /* base is the buffers' first, used their bytes */
    slm_text_token *tokens; /* [longest text] */
    slm_output output;      /* of the call under way, ... */
    float *out;             /* ... and where its next row goes */
} slm__encoder;

struct slm_session {
    const slm_model *model;
    slm__sequence sequence;
    slm__encoder encoder;
    slm__batch batch;
    slm__outputs outputs;
    slm__generator generator;
    slm__conversation chat;
    slm__workers workers;
    slm_token *prompt; /* [context]: a text's or a message's tokens */
    void *scratch;     /* for the tokenizer */
    size_t scratch_size;
    int (*cancel)(void *);
    void *cancel_user;
    double (*clock)(void *);
    void *clock_user;
    slm_session_stats stats;
    slm_allocator allocator;
    void *memory; /* what to release at close, or NULL */
    slm_error error;
};

enum {
    SLM__TEXT_ROWS = 512,       /* of an encoder's batch by default, ... */
    SLM__PARTED_ROWS = 1024,    /* ... and of one that threads take in parts ... */
    SLM__PART_ROWS = 64,        /* ... of about so many, or more, ... */
    SLM__PART_LAYER = 16 << 20  /* ... if a layer has no more bytes */
};

enum {
    SLM__SCRATCH_WORD = 4096, /* bytes of a word, with a space before it, that scratch is for */
    SLM__FRAME_ROOM = 2048,   /* of the scratch's end, for a message's end and its frame, ... */
    SLM__END_WORD = 1024      /* ... and of a word that has room there, frames being short */
};

static int slm__is_encoder(const slm_session *s) {
    return (s->model->features & SLM__ENCODER) != 0;
}

/* Bytes of a layer's weights: what decides how many threads are worth their start. */
static size_t slm__layer_bytes(const slm_session *s) {
    size_t bytes = 0, slot;
    for (slot = 0; slot < s->model->layer_slots; slot++)
        bytes += s->model->layers[0].at[slot].bytes;
    return bytes;
}

/* Rows of positions whose logits can be asked for: those kept, or a token and its drafts. */
static size_t slm__finals(const slm_session *s) {
    return s->outputs.kept > s->generator.drafts + 1 ? s->outputs.kept : s->generator.drafts + 1;
}

/* Two for each thread, but no more than there are pairs of a head and a block of queries. */
static size_t slm__attention_tasks(const slm_session *s) {
    const slm__batch *b = &s->batch;
    size_t pairs = (b->size + b->queries - 1) / b->queries * s->model->shape.heads;
    if (s->workers.threads == 1 || pairs == 1) return 1;
    return slm__least((size_t)s->workers.threads * 2, pairs / 2 * 2);
}

/* Keys and values of `heads` heads, of positions in whole tiles of 16. */
static void slm__carve_cache(slm_session *s, slm__arena *arena, size_t heads, size_t positions) {
    size_t size = s->model->shape.head_size;
    slm__cache *cache = &s->sequence.cache;
    cache->key_head = slm__size(positions, size, 0);
    cache->value_head = slm__size(positions, slm__round_up(size, 16), 0);
    cache->keys = (uint8_t *)slm__carve(arena, slm__size(heads, cache->key_head, 0), cache->item);
    cache->values =
        (uint8_t *)slm__carve(arena, slm__size(heads, cache->value_head, 0), cache->item);
}

static void slm__carve_sequence(slm_session *s, slm__arena *arena) {
    const slm__shape *shape = &s->model->shape;
    slm__sequence *own = &s->sequence;
    slm__cache *cache = &own->cache;
    size_t context = slm__round_up(own->context, 16);
    size_t heads = (size_t)shape->layers * shape->kv_heads;
    cache->layer_heads = shape->kv_heads;
    slm__carve_cache(s, arena, heads, context);
    own->history = (slm_token *)slm__carve(arena, own->context, sizeof(slm_token));
}

static void slm__carve_texts(slm_session *s, slm__arena *arena) {
    s->batch.rows = (slm__row *)slm__carve(arena, s->batch.size, sizeof(slm__row));
    s->encoder.caches = (slm__cache *)slm__carve(arena, s->batch.size, sizeof(slm__cache));
}

/* Queries, query buffers and tasks of attention. */
static void slm__plan_attention(slm_session *s) {
    slm__batch *b = &s->batch;
    size_t floats =
        slm__round_up(s->model->shape.head_size, 16) + slm__round_up(s->sequence.context, 16);
    b->queries = b->size > 1 ? s->model->kernels->queries : 1;
    b->attention_tasks = slm__attention_tasks(s);
    b->buffer_floats = floats / 16 % 2 ? floats : floats + 16;
}

static float *slm__carve_floats(slm__arena *arena, size_t rows, size_t cols) {
    return (float *)slm__carve(arena, slm__size(rows, cols, 0), 4);
}

static slm__codes *slm__carve_codes(slm__arena *arena, size_t rows, size_t cols) {
    return (slm__codes *)slm__carve(arena, slm__size(rows, slm__blocks(cols), 0),
                                    sizeof(slm__codes));
}

/* The signs of the widest input's rotation, for integer weights. */
static size_t slm__sign_count(const slm_session *s) {
    const slm__shape *shape = &s->model->shape;
    size_t wide = (size_t)shape->heads * shape->head_size;
    size_t widest = shape->hidden > wide ? shape->hidden : wide;
    if (!s->batch.quantized) return 0;
    return widest > shape->ffn ? widest : shape->ffn;
}

static void slm__carve_batch(slm_session *s, slm__arena *arena) {
    const slm__shape *shape = &s->model->shape;
    slm__batch *b = &s->batch;
    size_t wide = (size_t)shape->heads * shape->head_size, hidden = shape->hidden;
    size_t narrow = (size_t)shape->kv_heads * shape->head_size, ffn = shape->ffn;
    size_t widest = hidden > wide ? hidden : wide, inputs = b->quantized ? b->capacity : 0;
    size_t buffers, values = slm__size(b->size, narrow, 0);
    size_t before = slm__extent_of(shape, SLM__GATHERED), inner = 0;
    slm__plan_attention(s);
    buffers = slm__size(b->attention_tasks * b->queries, b->buffer_floats, 0);
    b->hidden = slm__carve_floats(arena, slm__is_encoder(s) ? b->capacity : b->size, hidden);
    b->normed = slm__carve_floats(arena, b->capacity, hidden);
    b->query = b->branch = /* an encoder's heads read it */
        slm__carve_floats(arena, slm__is_encoder(s) ? b->capacity : b->size, widest);
    b->key = b->attention = slm__carve_floats(arena, b->capacity, wide);
    b->value = b->query_buffers = slm__carve_floats(arena, values > buffers ? values : buffers, 1);
    if (ffn < before) ffn = before;
    b->ffn_hidden = slm__carve_floats(arena, b->capacity, slm__round_up(ffn, SLM__BLOCK));
    if (shape->bottleneck_flags & SLM__USES_BOTTLENECK) inner = b->capacity;
    b->inner = slm__carve_floats(arena, inner, shape->inner);
    b->shared = slm__carve_floats(arena, inner, shape->inner);
    b->codes = slm__carve_codes(arena, inputs, widest);
    b->ffn_codes = slm__carve_codes(arena, inputs, ffn);
    b->angles = slm__carve_floats(arena, b->size, (size_t)shape->rotary * s->model->rotary_tables);
}

static void slm__carve_outputs(slm_session *s, slm__arena *arena) {
    slm__outputs *o = &s->outputs;
    size_t finals = slm__finals(s) + s->model->kernels->tokens;
    o->final = slm__carve_floats(arena, finals, s->model->shape.hidden);
    o->logits = slm__carve_floats(arena, o->logits_rows, s->model->shape.vocab_rows);
}

static void slm__carve_generator(slm_session *s, slm__arena *arena) {
    slm__generator *g = &s->generator;
    size_t rows = s->model->shape.vocab_rows;
    g->candidates = (uint32_t *)slm__carve(arena, rows, sizeof(uint32_t));
    g->adjusted = slm__carve_floats(arena, rows, 1);
    g->masses = (uint64_t *)slm__carve(arena, rows, sizeof(uint64_t));
}

/* Buffers of an encoder's batch. All texts share the keys and values of one layer; sequence.cache
   says how they lie. */
static void slm__carve_pass(slm_session *s, slm__arena *arena, size_t positions) {
    s->encoder.positions = positions;
    slm__carve_cache(s, arena, s->model->shape.kv_heads, positions);
    slm__carve_batch(s, arena);
}

/* Whether threads take whole texts through all layers. Each part reads all weights: where these
   are large, that takes more time than waiting for each other. */
static int slm__takes_parts(const slm_session *s) {
    return s->workers.threads > 1 && slm__layer_bytes(s) <= SLM__PART_LAYER;
}

/* A session for some rows of the batch, computed by one thread. */
static void slm__carve_part(slm_session *part, const slm_session *s, size_t rows,
                            size_t positions, slm__arena *arena) {
    *part = *s;
    memset(&part->workers, 0, sizeof part->workers);
    part->workers.threads = part->workers.team = 1;
    part->cancel = NULL;
    part->error.code = SLM_OK;
    part->encoder.part_count = part->encoder.texts = part->encoder.rows = part->encoder.used = 0;
    part->batch.size = rows;
    part->batch.capacity = rows + s->model->kernels->tokens - 1;
    slm__carve_texts(part, arena);
    slm__carve_pass(part, arena, positions);
}

/* For the tokenizer's long words. */
static void slm__carve_scratch(slm_session *s, slm__arena *arena) {
    s->scratch_size = s->model->has_tokenizer ? slm__bpe_scratch_size(SLM__SCRATCH_WORD + 1) : 0;
    s->scratch = slm__carve(arena, s->scratch_size, 1);
}

/* The batch's buffers, and room for as many parts of equal size in their place. */
static void slm__carve_encoder(slm_session *s, slm__arena *arena) {
    slm__encoder *e = &s->encoder;
    slm__arena parts;
    slm_session part;
    size_t i, rows;
    slm__carve_texts(s, arena);
    e->tokens = (slm_text_token *)slm__carve(arena, s->sequence.context, sizeof(slm_text_token));
    if (slm__takes_parts(s)) /* four for each thread, so that none waits long for the last */
        e->part_count = slm__least((size_t)s->workers.threads * 4, s->batch.size / SLM__PART_ROWS);
    e->parts = (slm_session *)slm__carve(arena, e->part_count, sizeof(slm_session));
    if (s->model->has_tokenizer && s->model->tokenizer.kind == SLM__BYTES)
        slm__carve_scratch(s, arena);
    parts = e->room = *arena;
    slm__carve_pass(s, arena, slm__round_up(s->batch.size, 16) * 2);
    parts.base = NULL;
    rows = e->part_count ? slm__round_up(s->batch.size / e->part_count, 16) + 16 : 0;
    for (i = 0; i < e->part_count; i++) slm__carve_part(&part, s, rows, rows * 2, &parts);
    if (parts.used > arena->used) arena->used = parts.used;
    if (arena->base) e->room.base += e->room.used;
    e->room.used = arena->used - e->room.used;
}

static void slm__carve_session(slm_session *s, slm__arena *arena) {
    s->batch.signs = slm__carve_floats(arena, slm__sign_count(s), 1);
    if (slm__is_encoder(s)) {
        slm__carve_encoder(s, arena);
        return;
    }
    slm__carve_sequence(s, arena);
    s->batch.rows = (slm__row *)slm__carve(arena, s->batch.size, sizeof(slm__row));
    slm__carve_batch(s, arena);
    slm__carve_outputs(s, arena);
    slm__carve_generator(s, arena);
    s->prompt = (slm_token *)slm__carve(arena, s->sequence.context, sizeof(slm_token));
    slm__carve_scratch(s, arena);
}

/* The threads of the next phase. Where threads was 0, calls of one model that run at once share
   the processors, and inside a host's own parallel region each has one. */
static unsigned slm__team(const slm_session *s) {
#ifdef SLM__OPENMP
    if (s->workers.auto_threads) {
        int *active = s->model->active, now;
#pragma omp atomic read
        now = *active;
        if ((omp_in_parallel() && !s->workers.in_region) || (unsigned)now >= s->workers.threads ||
            omp_get_wtime() < s->workers.alone_until)
            return 1;
        return s->workers.threads / (unsigned)now;
    }
#endif
    return s->workers.threads;
}

/* Begins a call that computes. */
static unsigned slm__begin(slm_session *s) {
#ifdef SLM__OPENMP
    int *active = s->model->active;
#pragma omp atomic
    ++*active;
#endif
    s->workers.team = slm__team(s);
    return slm__fp_enter();
}

static void slm__end(slm_session *s, unsigned saved) {
    slm__fp_leave(saved);
#ifdef SLM__OPENMP
    {
        int *active = s->model->active;
#pragma omp atomic
        --*active;
    }
#else
    (void)s;
#endif
}

/* A computation that reads about `work` bytes, within a call: body(arg), with helpers if that is
   enough for them. */
static void slm__compute(slm_session *s, size_t work, void (*body)(void *arg), void *arg) {
#ifdef SLM__OPENMP
    slm__region region;
    if (!s->workers.parallel.run && s->workers.team > 1 && work >= SLM__FORK_BYTES) {
        s->workers.parallel.run = slm__region_run;
        s->workers.parallel.user = &region;
        s->workers.in_region = 1;
        slm__with_helpers(&region, s->workers.team, body, arg);
        if (region.crowded) s->workers.alone_until = omp_get_wtime() + SLM__CROWD_PAUSE;
        memset(&s->workers.parallel, 0, sizeof s->workers.parallel);
        s->workers.in_region = 0;
        return;
    }
    if (!s->workers.parallel.run) s->workers.team = 1;
#endif
    (void)s;
    (void)work;
    body(arg);
}

/* A phase over some rows. A row alone follows on a long read of memory, and its helpers may be
   asleep by then: it needs more work than many rows, whose phases are short and follow fast. */
static void slm__phase(const slm_session *s, size_t rows, size_t work, size_t tasks,
                       slm__task task, void *arg) {
    slm__parallel(&s->workers.parallel, s->workers.team, rows > 1 ? slm__size(work, 4, 0) : work,
                  tasks, task, arg);
}

/* Another call may have begun or ended: helpers that are too many now leave. */
static void slm__adjust_team(slm_session *s) {
#ifdef SLM__OPENMP
    if (!s->workers.in_region) return;
    s->workers.team = slm__team(s);
    slm__store(&((slm__region *)s->workers.parallel.user)->threads, s->workers.team);
#else
    (void)s;
#endif
}

/* ---- >>layers ----------------------------------------------------------------------------
   Products, norms, codes and rotary positions over rows; each gives a row the same bits whatever
   rows are beside it. Knows neither the order of a layer's steps nor who asked for the rows. */

/* Rotary positions (Su et al. 2021) on the first `rotary` elements of a head; angles holds
   cosine and sine of each pair. Half style turns (x[i], x[i + rotary/2]), the other (x[2i],
   x[2i+1]). */
static void slm__rotate(float *head, const float *angles, size_t rotary, enum slm__rotary style) {
    size_t half = rotary / 2, i;
    for (i = 0; i < half; i++) {
        float *a = style == SLM__ROTARY_HALF ? head + i : head + 2 * i;
        float *b = style == SLM__ROTARY_HALF ? head + half + i : head + 2 * i + 1;
        float cosine = angles[2 * i], sine = angles[2 * i + 1], x = *a, y = *b;
        *a = slm__madd(x * cosine, -y, sine);
        *b = slm__madd(y * cosine, x, sine);
    }
}

/* What a product reads: rows of floats, and their codes where integer weights will want them. */
typedef struct slm__input {
    const float *x;    /* [rows][stride] */
    size_t cols, stride;
    slm__codes *codes; /* [blocks][capacity] */
    int encoded;       /* the codes are made */
} slm__input;

static slm__input slm__input_of(const float *x, size_t cols, slm__codes *codes) {
    slm__input input;
    input.x = x;
    input.cols = input.stride = cols;
    input.codes = codes;
    input.encoded = 0;
    return input;
}

/* Block `block` of an input of `cols` columns, for one token: x becomes codes. */
static void slm__encode_block(const slm_session *s, const float *x, size_t cols, size_t block,
                              slm__codes *codes) {
    const slm__batch *b = &s->batch;
    const float *signs = cols >= SLM__BLOCK ? b->signs + block * SLM__BLOCK : NULL;
    s->model->kernels->quantize(x, slm__least(cols - block * SLM__BLOCK, SLM__BLOCK), signs,
                                codes + block * b->capacity, b->capacity);
}

/* One product of a phase: y = tensor x + bias, then the activation. With a gate that product of
   as many rows goes into y next. With codes y has blocks of 256 columns, [block][capacity][256],
   and each becomes codes while it is still in the processor's cache. */
typedef struct slm__product {
    slm__input *input;
    const slm__tensor *weight, *bias;
    float *y;
    size_t y_stride;
    slm__activation activation;
    slm__storing storing;
    const struct slm__product *gate; /* or NULL */
    slm__codes *codes;               /* [block][capacity], or NULL */
} slm__product;

static slm__product slm__product_of(slm__input *input, const slm__tensor *weight_and_bias,
                                    float *y, size_t stride) {
    slm__product p;
    p.input = input;
    p.weight = &weight_and_bias[0];
    p.bias = &weight_and_bias[1];
    p.y = y;
    p.y_stride = stride;
    p.activation = SLM__LINEAR;
    p.storing = SLM__STORED;
    p.gate = NULL;
    p.codes = NULL;
    return p;
}

static size_t slm__tiles(const slm__tensor *matrix) { return ((size_t)matrix->rows + 15) / 16; }

/* The products of a layer, in the order in which those of one phase are begun: long tasks first,
   so that at its end no thread waits for one, and key and value, which all rows want, last. */
enum slm__layer_product {
    SLM__P_DOWN, SLM__P_OUT, SLM__P_GATE, SLM__P_UP, SLM__P_QUERY, SLM__P_KEY, SLM__P_VALUE,
    SLM__LAYER_PRODUCTS
};

typedef struct slm__products {
    const slm_session *session;
    const slm__product *list;
    size_t count, first[SLM__LAYER_PRODUCTS]; /* product i: its first task, ... */
    size_t tiles[SLM__LAYER_PRODUCTS];        /* ... and the tiles of each */
    size_t row, rows;                         /* the input's rows [row, row + rows) */
} slm__products;

/* A strip of a product, from a tile on, with all rows. */
static void slm__multiply_strip(const slm__products *job, const slm__product *p, size_t tile,
                                float *y, size_t y_stride) {
    const slm_session *s = job->session;
    slm__strip strip;
    slm__output finish;
    strip.tiles = p->weight->data + tile * p->weight->tile;
    strip.tile = p->weight->tile;
    strip.count = slm__least(slm__tiles(p->weight) - tile, SLM__STRIP_TILES);
    strip.type = p->weight->type;
    strip.cols = p->input->cols;
    strip.x_stride = p->input->stride;
    strip.tokens = job->rows;
    strip.x = p->input->x + job->row * p->input->stride;
    strip.codes = p->input->codes + (s->batch.quantized ? job->row : 0);
    strip.code_stride = s->batch.capacity;
    finish.bias = p->bias->data ? slm__vector(p->bias) + tile * 16 : NULL;
    finish.activation = p->activation;
    finish.storing = p->storing;
    finish.rows = p->weight->rows - tile * 16;
    finish.y = y;
    finish.y_stride = y_stride;
    s->model->kernels->multiply(&strip, &finish);
}

enum { SLM__BLOCK_TILES = SLM__BLOCK / 16 };

/* The tiles of a product that one task takes: a strip, or a block of the next product's codes. With
   one token they are read from memory, and long contiguous reads are faster: then a task takes half
   of a thread's part, in whole strips or blocks, since a strip in two tasks would have its gate
   twice. */
static size_t slm__task_tiles(const slm_session *s, const slm__product *p, size_t tokens) {
    size_t tasks = (size_t)s->workers.team * 2, part = (slm__tiles(p->weight) + tasks - 1) / tasks;
    size_t least = p->codes ? (size_t)SLM__BLOCK_TILES : (size_t)SLM__STRIP_TILES;
    return tokens > 1 ? least : slm__round_up(part, least);
}

/* Where the first row's result of a tile goes. */
static float *slm__product_tile(const slm__products *job, const slm__product *p, size_t tile) {
    size_t block = tile / SLM__BLOCK_TILES;
    if (!p->codes) return p->y + job->row * p->y_stride + tile * 16;
    return p->y + (block * job->session->batch.capacity + job->row) * SLM__BLOCK +
           tile % SLM__BLOCK_TILES * 16;
}

static void slm__multiply_task(void *arg, size_t index) {
    const slm__products *job = (const slm__products *)arg;
    const slm__product *p;
    size_t which = 0, tile, first, end, block, row;
    while (which + 1 < job->count && index >= job->first[which + 1]) which++;
    p = &job->list[which];
    first = (index - job->first[which]) * job->tiles[which];
    end = slm__least(first + job->tiles[which], slm__tiles(p->weight));
    for (tile = first; tile < end; tile += SLM__STRIP_TILES) {
        float *y = slm__product_tile(job, p, tile);
        size_t stride = p->codes ? (size_t)SLM__BLOCK : p->y_stride;
        slm__multiply_strip(job, p, tile, y, stride);
        if (p->gate) slm__multiply_strip(job, p->gate, tile, y, stride);
    }
    for (block = first / SLM__BLOCK_TILES; p->codes && block * SLM__BLOCK_TILES < end; block++) {
        const float *x = slm__product_tile(job, p, block * SLM__BLOCK_TILES);
        for (row = 0; row < job->rows; row++)
            slm__encode_block(job->session, x + row * SLM__BLOCK, p->weight->rows, block,
                              p->codes + job->row + row);
    }
}

/* Some products in one phase, for rows [row, row + rows) of their inputs. */
static void slm__run_products(const slm_session *s, const slm__product *list, size_t count,
                              size_t row, size_t rows) {
    slm__products job;
    size_t tasks = 0, work = 0, i;
    job.session = s;
    job.list = list;
    job.count = count;
    job.row = row;
    job.rows = rows;
    for (i = 0; i < count; i++) {
        job.first[i] = tasks;
        job.tiles[i] = slm__task_tiles(s, &list[i], rows);
        tasks += (slm__tiles(list[i].weight) + job.tiles[i] - 1) / job.tiles[i];
        work += list[i].weight->bytes + (list[i].gate ? list[i].gate->weight->bytes : 0);
    }
    slm__phase(s, rows, work * ((rows + 3) / 4), tasks, slm__multiply_task, &job);
}

/* The norm of a slot; of a layer's, `at` is the layer's tensors, else the model's from its first
   slot on. out may be x. Two of MobileBERT's norms, if they are LayerNorms, have PyTorch's own
   epsilon, and its fill head's is always a LayerNorm. */
static void slm__normalize(const slm_model *model, const slm__tensor *at, unsigned slot,
                           size_t size, const float *x, float *out) {
    const slm__tensor *norm = &at[slot < SLM__EMBEDDING ? slot : slot - SLM__EMBEDDING];
    const float *weight = slm__vector(&norm[0]), *bias = slm__vector(&norm[1]);
    enum slm__norm_kind kind = slot == SLM__FILL_NORM ? SLM__LAYER_NORM : model->norm;
    float eps = model->shape.norm_eps;
    if (model->shape.bottleneck_flags & SLM__TRUE_NORM &&
        (slot == SLM__EMBEDDING_NORM || slot == SLM__NORM2))
        eps = 1e-5f;
    if (kind == SLM__RMS_NORM) model->kernels->rms_norm(out, x, size, weight, eps);
    else if (kind == SLM__NO_NORM) model->kernels->no_norm(out, x, size, weight, bias);
    else model->kernels->layer_norm(out, x, size, weight, bias, eps);
}

/* Row `row` of an input as codes, where the model has integer weights. */
static void slm__quantize_row(const slm_session *s, const slm__input *input, size_t row) {
    if (!s->batch.quantized) return;
    s->model->kernels->quantize(input->x + row * input->stride, input->cols,
                                input->cols >= SLM__BLOCK ? s->batch.signs : NULL,
                                input->codes + row, s->batch.capacity);
}

/* A batch's way through the layers. */
typedef struct slm__pass {
    slm_session *s;
    size_t index, count;     /* of the layer under way; of the rows */
    const slm__layer *layer;
    size_t first;            /* rows before it give their keys and values to this layer, no more */
    size_t from;             /* the first row whose stream this layer still changes */
    int pending;             /* branches that the residual stream still lacks: the first is in
                                batch.branch, the second in batch.normed */
    const slm__layer *branch_layer; /* has the norm, of slot branch_norm, that the branch lacks */
    unsigned branch_norm;           /* 0: it lacks none */
    float *stream, *norm_out; /* [count][width]: the residual stream, and where its norm goes,
                                which is itself in encoders */
    size_t width;
    slm__input normed, shared, values, attention, ffn_hidden;
    slm__product product[SLM__LAYER_PRODUCTS];
} slm__pass;

/* ---- >>attention -------------------------------------------------------------------------
   Keys and values go into the cache, queries look at it. Knows positions and windows; the row of
   the architectures says which rotary style. */

static uint8_t *slm__cache_head(const slm__cache *cache, int values, size_t layer, size_t head) {
    size_t one = values ? cache->value_head : cache->key_head;
    return (values ? cache->values : cache->keys) +
           (layer * cache->layer_heads + head) * one * cache->item;
}

/* A head's optional norm, then its rotary positions. */
static void slm__prepare_head(const slm_session *s, const slm__layer *layer, unsigned norm,
                              float *head, size_t row) {
    const slm__shape *shape = &s->model->shape;
    if (layer->at[norm].data)
        slm__normalize(s->model, layer->at, norm, shape->head_size, head, head);
    row = row * s->model->rotary_tables + layer->rotary_table;
    slm__rotate(head, s->batch.angles + row * shape->rotary, layer->rotary,
                s->model->architecture->rotary);
}

/* Puts one head's key, or value, of a position into the cache. 0: it is not finite, or not as a
   half: a later query would compute 0 * infinity, which is NaN. */
static int slm__cache_store(uint8_t *to, size_t item, const float *x, size_t size,
                            size_t position, int value, const slm__kernels *kernels) {
    size_t padded = (size + 15) / 16 * 16, d;
    size_t at = value ? position * padded : position / 16 * 16 * size + position % 16;
    size_t step = value ? 1 : 16;
    uint16_t halves[SLM__HEAD_SIZE_MOST], *narrow = (uint16_t *)(void *)to + at;
    float *wide = (float *)(void *)to + at;
    uint32_t largest = kernels->narrow(halves, x, size);
    if (largest >= (item == 4 ? 0x7F800000u : 0x477FF000u)) return 0;
    if (item == 2) for (d = 0; d < size; d++) narrow[d * step] = halves[d];
    else for (d = 0; d < size; d++) wide[d * step] = x[d];
    if (value) memset(to + (at + size) * item, 0, (padded - size) * item);
    return 1;
}

/* Prepares a row's queries and keys, and puts keys and values into its cache. */
static void slm__prepare_row(const slm__pass *p, size_t row) {
    slm_session *s = p->s;
    slm__batch *b = &s->batch;
    const slm__shape *shape = &s->model->shape;
    const slm__layer *layer = p->layer;
    const slm__kernels *kernels = s->model->kernels;
    const slm__cache *cache = b->rows[row].cache;
    size_t size = shape->head_size, position = b->rows[row].position, head;
    int fits = 1;
    for (head = 0; row >= p->first && head < shape->heads; head++)
        slm__prepare_head(s, layer, SLM__QUERY_NORM, b->query + (row * shape->heads + head) * size,
                          row);
    for (head = 0; head < shape->kv_heads; head++) {
        float *key = b->key + (row * shape->kv_heads + head) * size;
        const float *value = b->value + (row * shape->kv_heads + head) * size;
        slm__prepare_head(s, layer, SLM__KEY_NORM, key, row);
        fits &= slm__cache_store(slm__cache_head(cache, 0, p->index, head), cache->item, key, size,
                                 position, 0, kernels);
        fits &= slm__cache_store(slm__cache_head(cache, 1, p->index, head), cache->item, value,
                                 size, position, 1, kernels);
    }
    b->rows[row].overflow = !fits;
}

/* 16 rows, since neighbours' keys share cache lines. */
static void slm__prepare_task(void *arg, size_t index) {
    const slm__pass *p = (const slm__pass *)arg;
    size_t row = index * 16, end = slm__least(row + 16, p->count);
    for (; row < end; row++) slm__prepare_row(p, row);
}

/* The end of the rows from `row` on that follow each other in one sequence: these share the loads
   of its keys and values. */
static size_t slm__queries_end(const slm_session *s, size_t row, size_t count) {
    const slm__batch *b = &s->batch;
    size_t end = row + 1;
    while (end < count && end - row < b->queries && b->rows[end].cache == b->rows[row].cache &&
           b->rows[end].position == b->rows[end - 1].position + 1)
        end++;
    return end;
}

static void slm__attend(slm_session *s, size_t layer, size_t head, size_t row, size_t end,
                        float *buffers) {
    slm__batch *b = &s->batch;
    const slm__shape *shape = &s->model->shape;
    const slm__cache *cache = b->rows[row].cache;
    size_t kv = head / (shape->heads / shape->kv_heads);
    slm__queries q;
    q.size = shape->head_size;
    q.stride = (size_t)shape->heads * q.size;
    q.query = b->query + row * q.stride + head * q.size;
    q.out = b->attention + row * q.stride + head * q.size;
    q.count = end - row;
    q.first = b->rows[row].position;
    q.length = cache->length;
    q.window = s->model->layers[layer].window;
    q.keys = slm__cache_head(cache, 0, layer, kv);
    q.values = slm__cache_head(cache, 1, layer, kv);
    q.scale = shape->attention_scale;
    if (q.scale == 0) q.scale = 1.0f / sqrtf((float)q.size);
    q.cap = shape->attention_cap;
    q.item = cache->item;
    q.buffers = buffers;
    q.buffer_floats = b->buffer_floats;
    s->model->kernels->attend(&q);
}

/* Task i takes every attention_tasks-th pair of head and block of queries and owns some query
   buffers. Heads come first, so that their keys and values stay in the processor's cache. A head's
   last block has the most to look at, so it is not always the same task's. */
static void slm__attention_task(void *arg, size_t index) {
    const slm__pass *p = (const slm__pass *)arg;
    slm_session *s = p->s;
    slm__batch *b = &s->batch;
    float *buffers = b->query_buffers + index * b->queries * b->buffer_floats;
    size_t head, row, end, pair = 0, blocks;
    for (head = 0; head < s->model->shape.heads; head++) {
        for (row = p->first, blocks = 0; row < p->count; row = end, pair++, blocks++) {
            end = slm__queries_end(s, row, p->count);
            if (pair % b->attention_tasks == index)
                slm__attend(s, p->index, head, row, end, buffers);
        }
        if (blocks % 2 == 0) pair++; /* as the number of tasks is, unless it is 1 */
    }
}

/* Keys and values of all rows into their caches, then the attention of those from `first` on. */
static void slm__attention(slm__pass *p) {
    slm_session *s = p->s;
    slm__batch *b = &s->batch;
    const slm__shape *shape = &s->model->shape;
    size_t wide = (size_t)shape->heads * shape->head_size, window = p->layer->window;
    size_t seen, work, i;
    slm__phase(s, p->count, p->count * wide * 64, (p->count + 15) / 16, slm__prepare_task, p);
    for (i = 0; i < p->count; i++)
        if (b->rows[i].overflow) b->bad_layer = (int)p->index;
    seen = b->rows[p->count - 1].cache->length;
    if (!seen) seen = (size_t)b->rows[p->count - 1].position + 1;
    if (window && window < seen) seen = window;
    work = (p->count - p->first) * seen * wide * b->rows[0].cache->item * 2;
    slm__phase(s, p->count - p->first, work, b->attention_tasks, slm__attention_task, p);
    p->from = p->first;
    p->attention.encoded = 0;
}

/* ---- >>forward ---------------------------------------------------------------------------
   A model as its equations: a block says what a layer computes, a line for each step. The steps
   know the rows. What a branch gives (attention or feed-forward) is added to the residual stream
   on the way through the next norm, so that no pass over memory is extra. */

/* One row of a table. */
static void slm__gather(const slm_session *s, const slm__tensor *table, size_t row, float *out) {
    const uint8_t *tile = table->data + row / 16 * table->tile, *codes;
    size_t lane = row % 16, i, k;
    float scale;
    if (table->type == SLM_TYPE_F32) /* the types of most tables, as slm__element has them */
        for (i = 0; i < table->cols; i++)
            out[i] = ((const float *)(const void *)tile)[i * 16 + lane];
    else if (table->type == SLM_TYPE_Q8)
        for (i = 0; i < table->cols; i += SLM__BLOCK) {
            codes = tile + slm__block_at(SLM_TYPE_Q8, table->cols, i / SLM__BLOCK) + lane * 4;
            scale = slm__from_half(slm__u16(tile + i / SLM__BLOCK * 32 + 2 * lane));
            for (k = 0; k < slm__least(table->cols - i, SLM__BLOCK); k++)
                out[i + k] = (float)(codes[k / 4 * 64 + k % 4] - SLM__Q8_OFFSET) * scale;
        }
    else for (i = 0; i < table->cols; i++) out[i] = slm__element(table, row, i);
    if (!slm__rotated(table->type, table->cols)) return;
    if (table->cols <= slm__sign_count(s))
        s->model->kernels->unrotate(out, s->batch.signs, table->cols);
    else slm__unrotate(out, table->cols);
}

/* A token's embedding, with the model's scale. */
static void slm__gather_token(const slm_session *s, slm_token token, float *out) {
    const slm__tensor *table = slm__model_tensor(s->model, SLM__EMBEDDING);
    float scale = s->model->shape.embedding_scale;
    size_t i;
    slm__gather(s, table, (size_t)token, out);
    for (i = 0; scale != 1 && i < table->cols; i++) out[i] *= scale;
}

/* The cosines and sines of a row's position. */
static void slm__turn(const slm_session *s, size_t row) {
    const slm__batch *b = &s->batch;
    size_t count = (size_t)s->model->shape.rotary / 2 * s->model->rotary_tables, i;
    float *angles = b->angles + row * count * 2;
    for (i = 0; i < count; i++)
        slm__sin_cos((float)b->rows[row].position * s->model->inverse_frequencies[i],
                     &angles[2 * i + 1], &angles[2 * i]);
}

/* The residual stream takes what a row's position adds, or its token's type and position. */
static void slm__add_position(const slm_session *s, size_t row) {
    const slm__batch *b = &s->batch;
    size_t hidden = s->model->shape.hidden;
    const slm__tensor *positions = slm__model_tensor(s->model, SLM__POSITIONS);
    const slm__tensor *types = slm__model_tensor(s->model, SLM__TYPES);
    float *h = b->hidden + row * hidden, *more = b->normed + row * hidden;
    if (types->data) {
        slm__gather(s, types, (size_t)b->rows[row].type, more);
        s->model->kernels->add(h, more, NULL, hidden);
    }
    if (positions->data) {
        slm__gather(s, positions, b->rows[row].position, more);
        s->model->kernels->add(h, more, NULL, hidden);
    }
}

/* A row's token (and position) begins the residual stream. */
static void slm__embed_task(void *arg, size_t row) {
    slm_session *s = (slm_session *)arg;
    slm__batch *b = &s->batch;
    slm__gather_token(s, b->rows[row].token, b->hidden + row * s->model->shape.hidden);
    slm__add_position(s, row);
    slm__turn(s, row);
}

/* What MobileBERT's transform reads: a token's embedding or, with trigrams, the embeddings of the
   next token, of this one and of the one before, zeros beyond the text. */
static void slm__trigram_task(void *arg, size_t row) {
    slm_session *s = (slm_session *)arg;
    const slm__tensor *table = slm__model_tensor(s->model, SLM__EMBEDDING);
    const slm__row *r = &s->batch.rows[row];
    int first, last, i, trigram = (s->model->shape.bottleneck_flags & SLM__TRIGRAM) != 0;
    size_t cols = table->cols;
    float *out = s->batch.ffn_hidden + row * cols * (trigram ? 3 : 1);
    first = trigram ? 1 : 0;
    last = -first;
    for (i = first; i >= last; i--, out += cols)
        if ((i > 0 && r->position + 1 == r->cache->length) || (i < 0 && !r->position))
            memset(out, 0, cols * sizeof(float));
        else slm__gather(s, table, (size_t)r[i].token, out);
}

static void slm__position_task(void *arg, size_t row) {
    slm__add_position((const slm_session *)arg, row);
}

/* The residual stream before the first layer. */
static void slm__embed(slm__pass *p) {
    slm_session *s = p->s;
    const slm__shape *shape = &s->model->shape;
    const slm__tensor *transform = slm__model_tensor(s->model, SLM__TRANSFORM);
    size_t work = p->count * shape->hidden * 64;
    slm__input input;
    slm__product product;
    if (!transform->data) {
        slm__phase(s, p->count, work, p->count, slm__embed_task, s);
        return;
    }
    slm__phase(s, p->count, work, p->count, slm__trigram_task, s);
    input = slm__input_of(s->batch.ffn_hidden, transform->cols, NULL);
    product = slm__product_of(&input, transform, s->batch.hidden, shape->hidden);
    slm__run_products(s, &product, 1, 0, p->count);
    slm__phase(s, p->count, work, p->count, slm__position_task, s);
}

/* The stream that branches are added to from now on, and where its norm goes. */
static void slm__use_stream(slm__pass *p, float *stream, float *norm_out, size_t width) {
    p->stream = stream;
    p->norm_out = norm_out;
    p->width = width;
}

/* The inputs and outputs of a layer's products. */
static void slm__plan_products(slm__pass *p) {
    slm_session *s = p->s;
    slm__batch *b = &s->batch;
    const slm__shape *shape = &s->model->shape;
    const slm__tensor *at = p->layer->at;
    size_t width = p->width, wide = (size_t)shape->heads * shape->head_size;
    size_t narrow = (size_t)shape->kv_heads * shape->head_size, ffn = shape->ffn;
    slm__product *product = p->product;
    p->attention = slm__input_of(b->attention, wide, b->codes);
    p->ffn_hidden = slm__input_of(b->ffn_hidden, ffn, b->ffn_codes);
    product[SLM__P_QUERY] = slm__product_of(&p->normed, &at[SLM__QUERY], b->query, wide);
    product[SLM__P_KEY] = slm__product_of(&p->normed, &at[SLM__KEY], b->key, narrow);
    product[SLM__P_VALUE] = slm__product_of(&p->normed, &at[SLM__VALUE], b->value, narrow);
    product[SLM__P_OUT] = slm__product_of(&p->attention, &at[SLM__OUT], b->branch, width);
    product[SLM__P_UP] = slm__product_of(&p->normed, &at[SLM__UP], b->ffn_hidden, ffn);
    product[SLM__P_GATE] = slm__product_of(&p->normed, &at[SLM__GATE], b->ffn_hidden, ffn);
    product[SLM__P_DOWN] = slm__product_of(&p->ffn_hidden, &at[SLM__DOWN], b->branch, width);
    if (slm__has(s->model->features, SLM__GATED)) {
        product[SLM__P_UP].gate = &product[SLM__P_GATE];
        product[SLM__P_GATE].activation = s->model->activation;
        product[SLM__P_GATE].storing = SLM__TIMES;
    } else product[SLM__P_UP].activation = s->model->activation;
}

/* The feed-forward's hidden layer becomes codes block by block, in the tasks that compute it, if
   these are enough for all threads. */
static void slm__plan_codes(slm__pass *p) {
    size_t blocks = slm__blocks(p->s->model->shape.ffn);
    if (slm__integer(p->product[SLM__P_DOWN].weight->type) &&
        (p->s->workers.team == 1 || blocks >= (size_t)p->s->workers.team * 4))
        p->product[SLM__P_UP].codes = p->s->batch.ffn_codes;
}

/* Where the model is an encoder, its first norm has made the codes of the first layer's input. */
static void slm__enter_layer(slm__pass *p, size_t index, size_t first) {
    int encoded = p->normed.encoded;
    p->index = index;
    p->layer = &p->s->model->layers[index];
    p->first = first;
    p->from = 0;
    p->normed = slm__input_of(p->norm_out, p->width, p->s->batch.codes);
    p->normed.encoded = encoded;
    slm__plan_products(p);
    slm__plan_codes(p);
}

/* Inputs whose codes lie here lose them: another's come. */
static void slm__forget_codes(slm__pass *p, const slm__codes *codes) {
    if (p->normed.codes == codes) p->normed.encoded = 0;
    if (p->attention.codes == codes) p->attention.encoded = 0;
    if (p->ffn_hidden.codes == codes) p->ffn_hidden.encoded = 0;
}

typedef struct slm__norm_job {
    slm__pass *pass;
    unsigned norm;        /* its slot; 0: branches are added, that is all */
    unsigned branch_norm; /* of the branch, before it is added; 0: none */
    int branches;
} slm__norm_job;

static void slm__norm_task(void *arg, size_t index) {
    const slm__norm_job *job = (const slm__norm_job *)arg;
    const slm__pass *p = job->pass;
    slm__batch *b = &p->s->batch;
    size_t size = p->width, row = p->from + index;
    float *h = p->stream + row * size, *normed = p->norm_out + row * size;
    float *branch = b->branch + row * size;
    if (job->branch_norm)
        slm__normalize(p->s->model, p->branch_layer->at, job->branch_norm, size, branch, branch);
    if (job->branches)
        p->s->model->kernels->add(h, branch, job->branches > 1 ? normed : NULL, size);
    if (!job->norm) return;
    slm__normalize(p->s->model,
                   job->norm < SLM__EMBEDDING ? p->layer->at : p->s->model->at, job->norm, size, h,
                   normed);
    slm__quantize_row(p->s, &p->normed, row);
}

/* The residual stream takes the branches that are pending; then, with a norm, normed = norm(it). */
static void slm__norm(slm__pass *p, unsigned norm) {
    size_t rows = p->count - p->from;
    slm__norm_job job;
    job.pass = p;
    job.norm = norm;
    job.branch_norm = p->branch_norm;
    job.branches = p->pending;
    p->branch_norm = 0;
    p->pending = 0;
    slm__forget_codes(p, p->normed.codes);
    p->normed.encoded = 1;
    slm__phase(p->s, rows, rows * p->width * 64, rows, slm__norm_task, &job);
}

/* The branch that is pending goes through a norm of this layer before the next one adds it. */
static void slm__norm_branch(slm__pass *p, unsigned norm) {
    p->branch_layer = p->layer;
    p->branch_norm = norm;
}

/* Rows of one or two inputs become codes for the products that read them. */
typedef struct slm__encode {
    const slm__pass *pass;
    const slm__input *list[2];
    size_t count;
} slm__encode;

static void slm__encode_task(void *arg, size_t index) {
    const slm__encode *job = (const slm__encode *)arg;
    size_t i;
    for (i = 0; i < job->count; i++)
        slm__quantize_row(job->pass->s, job->list[i], job->pass->first + index);
}

/* Codes of the inputs that these products read and that have none. */
static void slm__encode_inputs(slm__pass *p, const slm__product *list, size_t count) {
    size_t rows = p->count - p->first, cols = 0, i;
    slm__encode job;
    job.pass = p;
    job.count = 0;
    for (i = 0; i < count; i++) {
        slm__input *input = list[i].input;
        if (input->encoded) continue;
        slm__forget_codes(p, input->codes);
        input->encoded = 1;
        job.list[job.count++] = input;
        cols += input->cols;
    }
    if (p->s->batch.quantized && job.count)
        slm__phase(p->s, rows, rows * cols * 64, rows, slm__encode_task, &job);
}

/* Sets of products. */
enum slm__set {
    SLM__DO_KV = 1 << SLM__P_KEY | 1 << SLM__P_VALUE,
    SLM__DO_QKV = SLM__DO_KV | 1 << SLM__P_QUERY,
    SLM__DO_OUT = 1 << SLM__P_OUT,
    SLM__DO_UP = 1 << SLM__P_UP, /* with its gate */
    SLM__DO_DOWN = 1 << SLM__P_DOWN
};

static void slm__multiply_rows(slm__pass *p, unsigned set, size_t first) {
    slm__product list[SLM__LAYER_PRODUCTS];
    size_t count = 0, i;
    for (i = 0; i < SLM__LAYER_PRODUCTS; i++)
        if (set >> i & 1) list[count++] = p->product[i];
    slm__encode_inputs(p, list, count);
    if (first < p->count && count)
        slm__run_products(p->s, list, count, first, p->count - first);
}

/* A set of products in one phase; in two where not all rows want more than keys and values. A
   second branch beside a first one that still waits goes to batch.normed, which nothing else needs
   then. */
static void slm__multiply(slm__pass *p, unsigned set) {
    int second = p->pending || set & SLM__DO_OUT;
    p->product[SLM__P_DOWN].y = second ? p->s->batch.normed : p->s->batch.branch;
    if (p->first) {
        slm__multiply_rows(p, set & SLM__DO_KV, 0);
        set &= ~(unsigned)SLM__DO_KV;
    }
    slm__multiply_rows(p, set, p->first);
    p->ffn_hidden.encoded |= (set & SLM__DO_UP) && p->product[SLM__P_UP].codes;
    p->pending += (set & SLM__DO_OUT) != 0;
    p->pending += (set & SLM__DO_DOWN) != 0;
}

/* h += attention(norm(h)) + ffn(norm(h)) */
static void slm__block_parallel(slm__pass *p) {
    slm__norm(p, SLM__NORM);
    slm__multiply(p, SLM__DO_QKV | SLM__DO_UP);
    slm__attention(p);
    slm__multiply(p, SLM__DO_OUT | SLM__DO_DOWN);
}

/* h += attention(norm(h)) + ffn(second norm(h)): nothing is pending between the norms */
static void slm__block_parallel_norms(slm__pass *p) {
    slm__norm(p, SLM__NORM);
    slm__multiply(p, SLM__DO_QKV);
    slm__norm(p, SLM__NORM2);
    slm__multiply(p, SLM__DO_UP);
    slm__attention(p);
    slm__multiply(p, SLM__DO_OUT | SLM__DO_DOWN);
}

/* h += attention(norm(h)); h += ffn(second norm(h)) */
static void slm__block_sequential(slm__pass *p) {
    slm__norm(p, SLM__NORM);
    slm__multiply(p, SLM__DO_QKV);
    slm__attention(p);
    slm__multiply(p, SLM__DO_OUT);
    slm__norm(p, SLM__NORM2);
    slm__multiply(p, SLM__DO_UP);
    slm__multiply(p, SLM__DO_DOWN);
}

/* h = norm(h + attention(h)); h = second norm(h + ffn(h)): the norm writes where h is */
static void slm__block_post_norm(slm__pass *p) {
    slm__multiply(p, SLM__DO_QKV);
    slm__attention(p);
    slm__multiply(p, SLM__DO_OUT);
    slm__norm(p, SLM__NORM);
    slm__multiply(p, SLM__DO_UP);
    slm__multiply(p, SLM__DO_DOWN);
    slm__norm(p, SLM__NORM2);
}

/* h += output norm(attention(norm(h))); h += ffn output norm(ffn(second norm(h))) */
static void slm__block_sandwich(slm__pass *p) {
    slm__norm(p, SLM__NORM);
    slm__multiply(p, SLM__DO_QKV);
    slm__attention(p);
    slm__multiply(p, SLM__DO_OUT);
    slm__norm_branch(p, SLM__OUT_NORM);
    slm__norm(p, SLM__NORM2);
    slm__multiply(p, SLM__DO_UP);
    slm__multiply(p, SLM__DO_DOWN);
    slm__norm_branch(p, SLM__DOWN_NORM);
}

/* y = norm(weight * hidden + bias), a row of the inner size for each of the batch. */
static void slm__narrow_rows(slm__pass *p, unsigned weight, unsigned norm, float *y) {
    const slm__shape *shape = &p->s->model->shape;
    slm__input input = slm__input_of(p->s->batch.hidden, shape->hidden, NULL);
    slm__product product = slm__product_of(&input, &p->layer->at[weight], y, shape->inner);
    slm__run_products(p->s, &product, 1, 0, p->count);
    slm__use_stream(p, y, y, shape->inner);
    slm__norm(p, norm);
}

/* The layer goes on in the inner size, and queries, keys and values read what the model's flags
   say: the bottleneck, a second one, or the hidden state itself. */
static void slm__enter_bottleneck(slm__pass *p) {
    slm__batch *b = &p->s->batch;
    const slm__shape *shape = &p->s->model->shape;
    unsigned flags = shape->bottleneck_flags;
    if (flags & SLM__SHARES_BOTTLENECK)
        slm__narrow_rows(p, SLM__SHARED, SLM__SHARED_NORM, b->shared);
    if (flags & SLM__USES_BOTTLENECK)
        slm__narrow_rows(p, SLM__NARROW, SLM__NARROW_NORM, b->inner);
    p->values = slm__input_of(b->hidden, shape->hidden, NULL);
    p->shared = slm__input_of(b->shared, shape->inner, NULL);
    p->normed = slm__input_of(p->stream, p->width, NULL);
    slm__plan_products(p);
    if (flags & SLM__USES_BOTTLENECK && !(flags & SLM__NARROW_ATTENTION)) {
        slm__input *input = flags & SLM__SHARES_BOTTLENECK ? &p->shared : &p->values;
        p->product[SLM__P_QUERY].input = p->product[SLM__P_KEY].input = input;
        p->product[SLM__P_VALUE].input = &p->values;
    }
}

/* h = norm(h + down(activation(up(h)))) with the tensors from `up` on, `down` and `norm`. */
static void slm__ffn(slm__pass *p, unsigned up, unsigned down, unsigned norm) {
    const slm__tensor *at = p->layer->at;
    p->product[SLM__P_UP].weight = &at[up];
    p->product[SLM__P_UP].bias = &at[up + 1];
    p->product[SLM__P_DOWN].weight = &at[down];
    p->product[SLM__P_DOWN].bias = &at[down + 1];
    slm__multiply(p, SLM__DO_UP);
    slm__multiply(p, SLM__DO_DOWN);
    slm__norm(p, norm);
}

/* Back to the hidden size: h = norm(h + weight * inner + bias) */
static void slm__leave_bottleneck(slm__pass *p) {
    slm__batch *b = &p->s->batch;
    const slm__shape *shape = &p->s->model->shape;
    slm__input input = slm__input_of(p->stream, p->width, NULL);
    slm__product product;
    if (!(shape->bottleneck_flags & SLM__USES_BOTTLENECK)) return;
    product = slm__product_of(&input, &p->layer->at[SLM__WIDEN], b->branch, shape->hidden);
    slm__run_products(p->s, &product, 1, 0, p->count);
    p->pending = 1;
    slm__use_stream(p, b->hidden, b->hidden, shape->hidden);
    slm__norm(p, SLM__WIDEN_NORM);
}

/* MobileBERT (Sun et al. 2020): i = bottleneck(h); i = norm(i + attention); a stack of
   i = norm(i + ffn(i)); h = norm(h + widened i) */
static void slm__block_bottleneck(slm__pass *p) {
    unsigned n, slot = SLM__STACK;
    slm__enter_bottleneck(p);
    slm__multiply(p, SLM__DO_QKV);
    slm__attention(p);
    slm__multiply(p, SLM__DO_OUT);
    slm__norm(p, SLM__NORM);
    for (n = 0; n < p->s->model->shape.stack; n++, slot += SLM__STACK_SLOTS)
        slm__ffn(p, slot, slot + 2, slot + 4);
    slm__ffn(p, SLM__UP, SLM__DOWN, SLM__NORM2);
    slm__leave_bottleneck(p);
}

/* In the order of enum slm__block. */
static void (*const slm__layer_blocks[])(slm__pass *) = {
    slm__block_parallel, slm__block_parallel_norms, slm__block_sequential, slm__block_post_norm,
    slm__block_bottleneck, slm__block_sandwich};

/* Before the first layer. */
static void slm__start_pass(slm__pass *p, slm_session *s, size_t count) {
    int encoder = slm__is_encoder(s);
    slm__batch *b = &s->batch;
    memset(p, 0, sizeof *p);
    p->s = s;
    p->count = count;
    slm__use_stream(p, b->hidden, encoder ? b->hidden : b->normed, s->model->shape.hidden);
    p->normed = slm__input_of(p->norm_out, p->width, b->codes);
    slm__embed(p);
    if (encoder) slm__norm(p, SLM__EMBEDDING_NORM);
}

/* Computes batch.rows[0 .. count) and leaves the residual stream of those from `first` on in
   batch.hidden. */
static slm_result slm__forward_rows(slm_session *s, size_t first, size_t count) {
    size_t layer, layers = s->model->shape.layers;
    slm__pass pass;
    s->batch.bad_layer = -1;
    slm__start_pass(&pass, s, count);
    for (layer = 0; layer < layers; layer++) {
        if (s->cancel && s->cancel(s->cancel_user))
            return slm__fail(&s->error, SLM_ERR_CANCELLED, "cancelled");
        slm__adjust_team(s);
        slm__enter_layer(&pass, layer, layer + 1 < layers ? 0 : first);
        slm__layer_blocks[s->model->architecture->block](&pass);
        if (s->batch.bad_layer >= 0)
            return slm__fail(&s->error, SLM_ERR_NUMERIC,
                             "layer %u: a key or value exceeds what the KV cache holds",
                             layer);
    }
    if (pass.pending) slm__norm(&pass, 0);
    return SLM_OK;
}

typedef struct slm__forward_call {
    slm_session *s;
    size_t first, count;
    slm_result result;
} slm__forward_call;

static void slm__forward_body(void *arg) {
    slm__forward_call *call = (slm__forward_call *)arg;
    call->result = slm__forward_rows(call->s, call->first, call->count);
}

static slm_result slm__forward(slm_session *s, size_t first, size_t count) {
    slm__forward_call call;
    call.s = s;
    call.first = first;
    call.count = count;
    slm__compute(s, slm__layer_bytes(s) * ((count + 3) / 4), slm__forward_body, &call);
    return call.result;
}

/* ---- >>session ---------------------------------------------------------------------------
   A session is planned, measured and opened; tokens become rows and logits. Knows no text: not
   what tokens stand for, nor how the next one is picked. */

/* Whether a call of decoders may go on. */
static slm_result slm__check_decoder(slm_session *s) {
    if (!slm__is_encoder(s)) return SLM_OK;
    return slm__fail(&s->error, SLM_ERR_UNSUPPORTED, "an encoder: use slm_encode");
}

static void slm__clear_codes(slm__batch *b, size_t widest, size_t ffn) {
    memset(b->codes, 0, b->capacity * slm__blocks(widest) * sizeof(slm__codes));
    memset(b->ffn_codes, 0, b->capacity * slm__blocks(ffn) * sizeof(slm__codes));
}

/* What the kernels read beyond the rows that are asked for is never used; here codes become zero,
   and floats too where the smallest batches would read what nobody has written. */
static void slm__clear_session(slm_session *s) {
    const slm__shape *shape = &s->model->shape;
    const slm__cache *cache = &s->sequence.cache;
    slm__batch *b = &s->batch;
    size_t wide = (size_t)shape->heads * shape->head_size, hidden = shape->hidden, row;
    int encoder = slm__is_encoder(s);
    size_t heads = (size_t)(encoder ? 1 : shape->layers) * shape->kv_heads;
    size_t tokens = s->model->kernels->tokens;
    size_t inner = shape->bottleneck_flags & SLM__USES_BOTTLENECK ? shape->inner : 0;
    memset(cache->keys, 0, slm__size(heads, cache->key_head * cache->item, 0));
    if (!encoder) memset(s->outputs.final, 0, (slm__finals(s) + tokens) * hidden * sizeof(float));
    for (row = 0; row < b->capacity; row++)
        if (row >= b->size || row < tokens) {
            if (encoder) memset(b->hidden + row * hidden, 0, hidden * sizeof(float));
            memset(b->normed + row * hidden, 0, hidden * sizeof(float));
            memset(b->attention + row * wide, 0, wide * sizeof(float));
            memset(b->ffn_hidden + row * shape->ffn, 0, shape->ffn * sizeof(float));
            if (inner) memset(b->inner + row * inner, 0, inner * sizeof(float));
            if (inner) memset(b->shared + row * inner, 0, inner * sizeof(float));
        }
    if (b->quantized) slm__clear_codes(b, hidden > wide ? hidden : wide, shape->ffn);
}

static int slm__has_integers(const slm_model *model) {
    size_t layer, slot;
    int found = slm__integer(slm__model_tensor(model, SLM__EMBEDDING)->type) ||
                slm__integer(slm__model_tensor(model, SLM__HEAD)->type) ||
                slm__integer(slm__model_tensor(model, SLM__FILL_HEAD)->type);
    for (layer = 0; layer < model->shape.layers; layer++)
        for (slot = 0; slot < model->layer_slots; slot++)
            found |= slm__integer(model->layers[layer].at[slot].type);
    return found;
}

static size_t slm__session_context(const slm_model *model, const slm_session_desc *desc) {
    size_t most = model->shape.context;
    if (model->features & SLM__ENCODER) most = model->shape.longest_text;
    return desc->context ? desc->context : slm__least(most, 4096);
}

/* Refuses a descriptor that asks for what cannot be. */
static slm_result slm__check_session(const slm_model *model, const slm_session_desc *desc,
                                     slm_error *error) {
    size_t context = slm__session_context(model, desc);
    const char *wrong = NULL;
    if (context > model->shape.context)
        return slm__fail(error, SLM_ERR_ARGUMENT,
                         "context is out of range; the model's context is %u",
                         (size_t)model->shape.context);
    if (desc->logits_kept > context) wrong = "logits_kept is larger than the context";
    if (desc->threads > 4096) wrong = "threads is larger than 4096";
    if (desc->kv_type != SLM_TYPE_VECTOR && desc->kv_type != SLM_TYPE_F32 &&
        desc->kv_type != SLM_TYPE_F16)
        wrong = "kv_type is neither f32 nor f16";
    if ((unsigned)desc->chat_format >= SLM_CHAT_COUNT) wrong = "chat_format is out of range";
    if ((unsigned)desc->task >= SLM_TASK_COUNT) wrong = "task is out of range";
    if ((unsigned)desc->pooling >= SLM_POOLING_COUNT) wrong = "pooling is out of range";
    if (wrong) return slm__fail(error, SLM_ERR_ARGUMENT, "%s", wrong);
    if (desc->task > SLM_TASK_EMBED && !(model->shape.tasks >> desc->task & 1))
        return slm__fail(error, SLM_ERR_UNSUPPORTED, "the model has no head for %s",
                         slm_task_name(desc->task));
    return SLM_OK;
}

/* An encoder's own part of a plan: a batch holds the longest text at least. */
static void slm__plan_encoder(slm_session *s, const slm_session_desc *desc) {
    const slm_model *model = s->model;
    slm__encoder *e = &s->encoder;
    slm__batch *b = &s->batch;
    int encoder = slm__is_encoder(s);
    e->task = desc->task ? desc->task : encoder ? slm__first_task(model) : SLM_TASK_EMBED;
    e->pooling = desc->pooling ? desc->pooling : (slm_pooling)model->shape.pooling;
    if (!e->pooling) e->pooling = encoder ? SLM_POOLING_MEAN : SLM_POOLING_LAST;
    if (!encoder) return;
    b->size = slm__takes_parts(s) ? SLM__PARTED_ROWS : SLM__TEXT_ROWS;
    if (desc->batch) b->size = desc->batch;
    if (b->size < s->sequence.context) b->size = s->sequence.context;
    b->capacity = b->size + model->kernels->tokens - 1;
    s->sequence.cache.item = 4;
}

/* Fills what does not depend on memory, from a descriptor that has been checked. */
static void slm__plan_session(slm_session *s, const slm_model *model,
                              const slm_session_desc *desc) {
    slm__generator *g = &s->generator;
    slm__batch *b = &s->batch;
    slm__outputs *o = &s->outputs;
    slm__sequence *seq = &s->sequence;
    slm__workers *w = &s->workers;
    slm__conversation *c = &s->chat;
    memset(s, 0, sizeof *s);
    s->model = model;
    seq->context = slm__session_context(model, desc);
    b->size = desc->batch ? desc->batch : (size_t)SLM__STRIP_TOKENS;
    o->kept = desc->logits_kept ? desc->logits_kept : 1;
    if (b->size > seq->context) b->size = seq->context;
    g->drafts = b->size - 1;
    if (g->drafts > SLM__DRAFT_MAX) g->drafts = SLM__DRAFT_MAX;
    o->logits_rows = o->kept < 16 ? o->kept : 16;
    b->capacity = b->size > o->logits_rows ? b->size : o->logits_rows;
    b->capacity += model->kernels->tokens - 1;
    w->parallel = desc->parallel;
    w->threads = desc->threads ? desc->threads : slm__default_threads(&desc->parallel);
    if (w->threads < 1) w->threads = 1;
    w->auto_threads = !desc->threads;
    s->cancel = desc->cancel;
    s->cancel_user = desc->cancel_user;
    s->clock = desc->clock;
    s->clock_user = desc->clock_user;
    s->allocator = desc->allocator;
    c->format = desc->chat_format ? desc->chat_format : model->chat_format;
    c->answer_end = slm__answer_end(model, c->format);
    c->turn_end = slm__turn_end(c->format);
    b->quantized = slm__has_integers(model);
    seq->cache.item = desc->kv_type == SLM_TYPE_F16 || (!desc->kv_type && b->quantized) ? 2 : 4;
    slm__plan_encoder(s, desc);
}

static size_t slm__session_bytes(slm_session *plan) {
    slm__arena arena;
    arena.base = NULL;
    arena.used = slm__round_up(sizeof(slm_session), 64);
    slm__carve_session(plan, &arena);
    return arena.used == SIZE_MAX ? 0 : arena.used;
}

SLM_API size_t slm_session_size(const slm_model *model, const slm_session_desc *desc) {
    slm_session plan;
    slm_session_desc defaults;
    memset(&defaults, 0, sizeof defaults);
    if (!desc) desc = &defaults;
    if (!model || slm__check_session(model, desc, NULL) != SLM_OK) return 0;
    slm__plan_session(&plan, model, desc);
    return slm__session_bytes(&plan);
}

SLM_API slm_result slm_session_open(slm_session **out, const slm_model *model,
                                    const slm_session_desc *desc, slm_error *error) {
    slm_session_desc defaults;
    slm_session plan;
    slm__arena arena;
    void *block = NULL;
    const char *lacking;
    slm_result result;
    size_t need, i;
    if (!out || !model) return slm__fail(error, SLM_ERR_ARGUMENT, "NULL session or model");
    *out = NULL;
    memset(&defaults, 0, sizeof defaults);
    if (!desc) desc = &defaults;
    result = slm__check_session(model, desc, error);
    if (result != SLM_OK) return result;
    slm__plan_session(&plan, model, desc);
    need = slm__session_bytes(&plan);
    if (!need) return slm__fail(error, SLM_ERR_ARGUMENT, "the session's size overflows");
    lacking = desc->chat_format ? slm__format_lacks(model, desc->chat_format) : NULL;
    if (lacking)
        return slm__fail(error, SLM_ERR_UNSUPPORTED, "chat format %s: the tokenizer has no %s",
                         slm_chat_format_name(desc->chat_format), lacking);
    if ((uintptr_t)desc->memory % 64)
        return slm__fail(error, SLM_ERR_MEMORY, "the session's memory is not 64-byte aligned");
    if (desc->memory && desc->memory_size < need)
        return slm__fail(error, SLM_ERR_MEMORY, "the session needs %u bytes", need);
    arena.base = (uint8_t *)(desc->memory
                                 ? desc->memory
                                 : slm__allocate_aligned(&desc->allocator, need, &block));
    if (!arena.base)
        return slm__fail(error, SLM_ERR_MEMORY, "no memory for a session of %u bytes", need);
    arena.used = slm__round_up(sizeof(slm_session), 64);
    plan.memory = block;
    slm__carve_session(&plan, &arena);
    slm__clear_session(&plan);
    for (i = 0; i < slm__sign_count(&plan); i++) plan.batch.signs[i] = slm__sign_of(i);
    *out = (slm_session *)(void *)arena.base;
    **out = plan;
    return SLM_OK;
}

SLM_API void slm_session_close(slm_session *s) {
    slm_allocator allocator;
    if (!s) return;
    allocator = s->allocator;
    slm__release(&allocator, s->memory);
}

SLM_API const char *slm_session_error(const slm_session *s) { return s ? s->error.text : ""; }

SLM_API size_t slm_position(const slm_session *s) { return s ? s->sequence.position : 0; }

SLM_API const slm_token *slm_tokens(const slm_session *s) { return s ? s->sequence.history : NULL; }

static void slm__forget_logits(slm_session *s) {
    slm__outputs *o = &s->outputs;
    o->final_first = o->final_count = o->logits_count = s->generator.drafted = 0;
}

/* Back to a position, within a call: the conversation and what is generated stay as they are. */
static void slm__drop(slm_session *s, size_t position) {
    s->sequence.position = position;
    slm__forget_logits(s);
}

SLM_API slm_result slm_rewind(slm_session *s, size_t position) {
    if (!s) return SLM_ERR_ARGUMENT;
    if (position > s->sequence.position)
        return slm__fail(&s->error, SLM_ERR_ARGUMENT, "rewind to %u, beyond position %u", position,
                         s->sequence.position);
    slm__drop(s, position);
    s->generator.generating = 0;
    if (position < s->chat.opened) s->chat.opened = s->chat.answering = 0;
    else if (position == s->chat.opened) s->chat.answering = position > 0;
    if (!position) s->chat.no_system = 0;
    return SLM_OK;
}

typedef struct slm__checkpoint { /* what a call that appends changes, for one that fails half-way */
    size_t position, prompt_tokens;
    int answering, interrupted;
} slm__checkpoint;

static slm__checkpoint slm__remember(const slm_session *s) {
    slm__checkpoint before;
    before.position = s->sequence.position;
    before.prompt_tokens = s->stats.prompt_tokens;
    before.answering = s->chat.answering;
    before.interrupted = s->generator.interrupted;
    return before;
}

/* As if nothing had been appended. */
static void slm__undo(slm_session *s, const slm__checkpoint *before) {
    slm__drop(s, before->position);
    s->stats.prompt_tokens = before->prompt_tokens;
    s->chat.answering = before->answering;
    s->generator.interrupted = before->interrupted;
}

/* Evaluates one chunk; the rows among the last `kept` of the whole call go on to the final norm. */
static slm_result slm__eval_chunk(slm_session *s, const slm_token *tokens, size_t count,
                                  size_t rest, size_t kept) {
    slm__batch *b = &s->batch;
    slm__outputs *o = &s->outputs;
    slm__sequence *seq = &s->sequence;
    size_t hidden = s->model->shape.hidden, row, first;
    slm_result result;
    for (row = 0; row < count; row++) {
        b->rows[row].cache = &seq->cache;
        b->rows[row].position = (uint32_t)(seq->position + row);
        b->rows[row].token = tokens[row];
        seq->history[seq->position + row] = tokens[row];
    }
    first = rest >= kept ? count : count + rest > kept ? count + rest - kept : 0;
    result = slm__forward(s, first, count);
    if (result != SLM_OK) return result;
    for (row = first; row < count; row++) {
        float *out = o->final + o->final_count * hidden;
        slm__normalize(s->model, s->model->at, SLM__FINAL_NORM, hidden, b->hidden + row * hidden,
                       out);
        o->final_count++;
    }
    seq->position += count;
    return SLM_OK;
}

/* slm_eval without its checks; the last `kept` positions can be asked for logits. */
static slm_result slm__eval(slm_session *s, const slm_token *tokens, size_t count, size_t kept) {
    slm__outputs *o = &s->outputs;
    size_t start = s->sequence.position, done;
    size_t first = o->final_first, finals = o->final_count, logits = o->logits_count;
    slm_result result = SLM_OK;
    unsigned saved = slm__begin(s);
    slm__forget_logits(s);
    if (start < s->chat.system_end) s->chat.system_end = 0;
    if (start < s->chat.closed_end) s->chat.closed_end = 0;
    for (done = 0; done < count && result == SLM_OK;) {
        size_t chunk = count - done < s->batch.size ? count - done : s->batch.size;
        result = slm__eval_chunk(s, tokens + done, chunk, count - done - chunk, kept);
        done += chunk;
    }
    slm__end(s, saved);
    if (result != SLM_OK) {
        /* cancelled before any of these was overwritten: they are still the last position's */
        int intact = result == SLM_ERR_CANCELLED && !o->final_count;
        s->sequence.position = start;
        o->final_first = intact ? first : 0;
        o->final_count = intact ? finals : 0;
        o->logits_count = intact ? logits : 0;
    }
    return result;
}

static double slm__seconds(const slm_session *s) { return s->clock ? s->clock(s->clock_user) : 0; }

SLM_API void slm_stats(const slm_session *s, slm_session_stats *stats) {
    if (stats) memset(stats, 0, sizeof *stats);
    if (s && stats) *stats = s->stats;
}

SLM_API slm_result slm_eval(slm_session *s, const slm_token *tokens, size_t count) {
    size_t i;
    double start;
    slm_result result;
    if (!s) return SLM_ERR_ARGUMENT;
    if (slm__check_decoder(s) != SLM_OK) return s->error.code;
    if (!tokens && count) return slm__fail(&s->error, SLM_ERR_ARGUMENT, "tokens is NULL");
    for (i = 0; i < count; i++)
        if (tokens[i] < 0 || (uint32_t)tokens[i] >= s->model->shape.vocab_rows)
            return slm__fail(&s->error, SLM_ERR_ARGUMENT, "token %u of the input is not below %u",
                             i, (size_t)s->model->shape.vocab_rows);
    if (count > s->sequence.context - s->sequence.position)
        return slm__fail(&s->error, SLM_ERR_CONTEXT_FULL,
                         "%u tokens do not fit: the context of %u holds %u", count,
                         s->sequence.context, s->sequence.position);
    if (!count) return SLM_OK;
    start = slm__seconds(s);
    result = slm__eval(s, tokens, count, s->outputs.kept);
    s->stats.prompt_seconds += slm__seconds(s) - start;
    if (result != SLM_OK) return result;
    s->stats.prompt_tokens += count;
    s->chat.answering = 0;
    s->generator.interrupted = 1;
    return SLM_OK;
}

SLM_API slm_result slm_slide(slm_session *s, size_t keep) {
    size_t position, stay;
    slm_result result;
    int answering;
    if (!s) return SLM_ERR_ARGUMENT;
    if (slm__check_decoder(s) != SLM_OK) return s->error.code;
    position = s->sequence.position;
    if (position < 2 || keep > position - 2)
        return slm__fail(&s->error, SLM_ERR_ARGUMENT, "of %u tokens %u cannot be kept", position,
                         keep);
    stay = (position - keep) / 2;
    answering = s->chat.answering;
    s->chat.opened = 0;
    memcpy(s->prompt, s->sequence.history + position - stay, stay * sizeof(slm_token));
    slm__drop(s, keep);
    s->generator.generating = 0;
    result = slm_eval(s, s->prompt, stay);
    s->chat.answering = answering;
    return result;
}

/* Tokens of a text go into the session's own room; a word too long for its scratch uses the
   session's allocator. */
static void slm__list_tokens(const slm_session *s, slm__token_list *out) {
    out->tokens = s->prompt;
    out->capacity = s->sequence.context;
    out->count = 0;
    out->scratch = s->scratch;
    out->scratch_size = s->scratch_size;
    out->allocator = &s->allocator;
}

static slm_result slm__no_room_for_word(slm_session *s) {
    const slm__tokenizer *t = &s->model->tokenizer;
    const char *less = "; less beside a text that is not in NFC";
    int nfc = t->kind == SLM__BYTES && t->flags & SLM__TEXT_NFC;
    return slm__fail(&s->error, SLM_ERR_MEMORY,
                     "a word is too long for the session's scratch (%u bytes; %u at a message's "
                     "ends%s), and the allocator has no memory",
                     (size_t)SLM__SCRATCH_WORD, (size_t)SLM__END_WORD, nfc ? less : "");
}

typedef struct slm__head_call {
    slm_session *s;
    const slm__product *product;
} slm__head_call;

enum { SLM__CAPPED = 4096 }; /* logits that one task caps */

static void slm__cap_task(void *arg, size_t index) {
    const slm_session *s = (const slm_session *)arg;
    size_t all = s->outputs.logits_count * s->model->shape.vocab_rows, at = index * SLM__CAPPED;
    s->model->kernels->soft_cap(s->outputs.logits + at, slm__least(all - at, SLM__CAPPED), 1,
                                s->model->shape.logit_cap);
}

static void slm__head_body(void *arg) {
    const slm__head_call *call = (const slm__head_call *)arg;
    slm_session *s = call->s;
    size_t rows = s->outputs.logits_count, all = rows * s->model->shape.vocab_rows;
    slm__run_products(s, call->product, 1, 0, rows);
    if (s->model->shape.logit_cap != 0)
        slm__phase(s, rows, all * 64, (all + SLM__CAPPED - 1) / SLM__CAPPED, slm__cap_task, s);
}

/* Logits of outputs.logits_count positions. */
static void slm__head(slm_session *s, const slm__product *product) {
    unsigned saved = slm__begin(s);
    slm__head_call call;
    size_t i;
    call.s = s;
    call.product = product;
    for (i = 0; i < s->outputs.logits_count; i++) slm__quantize_row(s, product->input, i);
    slm__compute(s, product->weight->bytes * ((s->outputs.logits_count + 3) / 4), slm__head_body,
                 &call);
    slm__end(s, saved);
}

/* After a rewind, or a call that failed, the last token is evaluated again, when its logits are
   asked for: the cache gets the bits that it has. */
static slm_result slm__restore_last(slm_session *s) {
    slm__sequence *seq = &s->sequence;
    unsigned saved = slm__begin(s);
    slm_token last = seq->history[seq->position - 1];
    slm_result result;
    slm__forget_logits(s);
    seq->position--;
    result = slm__eval_chunk(s, &last, 1, 0, 1);
    if (result != SLM_OK) seq->position++;
    slm__end(s, saved);
    return result;
}

/* The row of outputs.final `back` positions before the last; 0 and an error: there is none. */
static int slm__find_final(slm_session *s, size_t back, size_t *at) {
    slm__outputs *o = &s->outputs;
    if (!s->sequence.position) {
        slm__fail(&s->error, SLM_ERR_ARGUMENT, "no logits: evaluate a token first");
        return 0;
    }
    if (o->final_count == o->final_first && !back && slm__restore_last(s) != SLM_OK) return 0;
    if (back >= o->final_count - o->final_first) {
        slm__fail(&s->error, SLM_ERR_ARGUMENT, "no logits kept %u positions back", back);
        return 0;
    }
    *at = o->final_count - 1 - back;
    return 1;
}

SLM_API const float *slm_logits(slm_session *s, size_t back) {
    slm__input input;
    slm__product product;
    slm__outputs *o;
    size_t rows, at, hidden, i;
    if (!s || slm__check_decoder(s) != SLM_OK || !slm__find_final(s, back, &at)) return NULL;
    o = &s->outputs;
    hidden = s->model->shape.hidden;
    rows = s->model->shape.vocab_rows;
    if (at < o->logits_at || at >= o->logits_at + o->logits_count) {
        o->logits_at = at;
        o->logits_count = back + 1 + s->generator.drafted; /* drafted ones are asked for next */
        if (o->logits_count > o->logits_rows) o->logits_count = o->logits_rows;
        input = slm__input_of(o->final + at * hidden, hidden, s->batch.codes);
        product = slm__product_of(&input, slm__model_tensor(s->model, SLM__HEAD), o->logits, rows);
        slm__head(s, &product);
    }
    for (i = 0; i < rows; i++)
        if (!slm__finite(o->logits[(at - o->logits_at) * rows + i])) {
            slm__fail(&s->error, SLM_ERR_NUMERIC, "a logit is not finite");
            return NULL;
        }
    return o->logits + (at - o->logits_at) * rows;
}

/* ---- >>encode ----------------------------------------------------------------------------
   Texts become rows of a batch, side by side without padding; what the layers make of them goes
   through a head, or becomes one vector a text, into the caller's memory. Knows no file. */

SLM_API const char *slm_task_name(slm_task task) {
    static const char *const names[] = {"none", "embed", "classify", "tag", "fill", "answer",
                                        "next"};
    return (size_t)task < sizeof names / sizeof names[0] ? names[task] : NULL;
}

SLM_API const char *slm_pooling_name(slm_pooling pooling) {
    static const char *const names[] = {"auto", "cls", "mean", "max", "last"};
    return (size_t)pooling < sizeof names / sizeof names[0] ? names[pooling] : NULL;
}

/* Whether a task's logits are one row for each token. */
static int slm__by_token(slm_task task) {
    return task == SLM_TASK_TAG || task == SLM_TASK_FILL || task == SLM_TASK_ANSWER;
}

static size_t slm__logits_size(const slm_session *s) {
    switch (s->encoder.task) {
    case SLM_TASK_CLASSIFY: case SLM_TASK_TAG: return s->model->shape.labels;
    case SLM_TASK_FILL: return s->model->shape.vocab_rows;
    case SLM_TASK_ANSWER: case SLM_TASK_NEXT: return 2;
    default: return 0;
    }
}

SLM_API size_t slm_output_size(const slm_session *s, slm_output output) {
    const slm__shape *shape;
    unsigned pooler;
    if (!s) return 0;
    shape = &s->model->shape;
    pooler = shape->pooler;
    switch (output) {
    case SLM_OUTPUT_HIDDEN: return shape->hidden;
    case SLM_OUTPUT_POOLED:
        return pooler == SLM__POOLER_FIRST || pooler == SLM__POOLER_TANH ? shape->hidden : 0;
    case SLM_OUTPUT_LOGITS: return slm__logits_size(s);
    case SLM_OUTPUT_EMBEDDING: return shape->vector ? shape->vector : shape->hidden;
    case SLM_OUTPUT_MASKS: return s->encoder.task == SLM_TASK_FILL ? shape->vocab_rows : 0;
    default: return 0;
    }
}

/* Whether the number of a text's rows depends on its tokens. */
static int slm__rows_vary(const slm_session *s) {
    const slm__encoder *e = &s->encoder;
    return e->output == SLM_OUTPUT_HIDDEN || e->output == SLM_OUTPUT_MASKS ||
           (e->output == SLM_OUTPUT_LOGITS && slm__by_token(e->task));
}

/* Rows that a text of `count` tokens gives; those of an encoder are in encoder.tokens. */
static size_t slm__output_rows(const slm_session *s, size_t count) {
    const slm__encoder *e = &s->encoder;
    size_t masks = 0, i;
    if (!slm__rows_vary(s)) return 1;
    if (e->output != SLM_OUTPUT_MASKS) return count;
    for (i = 0; i < count; i++) masks += e->tokens[i].token == s->model->tokenizer.mask;
    return masks;
}

/* tanh(x) = 1 - 2 / (exp(2x) + 1) */
static void slm__tanh_all(float *x, size_t count) {
    size_t i;
    for (i = 0; i < count; i++) x[i] = 1.0f - 2.0f / (slm__exp(2.0f * x[i]) + 1.0f);
}

/* A head's product: y = activation(weight x + bias); the rest of the fill head adds to y. */
static void slm__apply_head(slm_session *s, const slm__input *input, unsigned slot, size_t rows,
                            slm__activation activation, float *y) {
    slm__input own = *input;
    const slm__tensor *weight = slm__model_tensor(s->model, slot);
    slm__product product = slm__product_of(&own, weight, y, weight->rows);
    size_t row;
    product.activation = activation;
    if (slot == SLM__FILL_REST) product.storing = SLM__PLUS;
    for (row = 0; row < rows && slm__integer(weight->type); row++)
        slm__quantize_row(s, &own, row);
    slm__run_products(s, &product, 1, 0, rows);
}

static slm__input slm__head_input(const slm_session *s, const float *x) {
    return slm__input_of(x, s->model->shape.hidden, s->batch.codes);
}

/* batch.branch = what the pooler makes of each text's first token. */
static void slm__pool(slm_session *s) {
    slm__batch *b = &s->batch;
    slm__encoder *e = &s->encoder;
    size_t hidden = s->model->shape.hidden, pooler = s->model->shape.pooler, text, row = 0;
    float *first = pooler == SLM__POOLER_FIRST ? b->branch : b->normed;
    slm__input input = slm__head_input(s, first);
    for (text = 0; text < e->texts; row += e->caches[text].length, text++)
        memcpy(first + text * hidden, b->hidden + row * hidden, hidden * sizeof(float));
    if (pooler == SLM__POOLER_FIRST) return;
    slm__apply_head(s, &input, SLM__POOLER, e->texts,
                    pooler == SLM__POOLER_RELU ? SLM__RELU : SLM__LINEAR, b->branch);
    if (pooler == SLM__POOLER_TANH) slm__tanh_all(b->branch, e->texts * hidden);
}

/* The masked-LM head over rows of x: a transform and its norm, then the vocabulary's rows. */
static void slm__fill(slm_session *s, const float *x, size_t rows) {
    const slm_model *model = s->model;
    size_t hidden = model->shape.hidden, row;
    float *changed = s->batch.branch;
    slm__input input = slm__head_input(s, x);
    slm__apply_head(s, &input, SLM__FILL_DENSE, rows, model->activation, changed);
    for (row = 0; row < rows; row++)
        slm__normalize(model, model->at, SLM__FILL_NORM, hidden, changed + row * hidden,
                       changed + row * hidden);
    input.x = changed;
    input.cols = model->shape.embedding;
    slm__apply_head(s, &input, SLM__FILL_HEAD, rows, SLM__LINEAR, s->encoder.out);
    if (!slm__has(model->features, SLM__HAS_REST)) return;
    input.x += input.cols;
    input.cols = hidden - input.cols;
    slm__apply_head(s, &input, SLM__FILL_REST, rows, SLM__LINEAR, s->encoder.out);
}

/* Rows of [MASK] alone go to batch.normed; how many. */
static size_t slm__gather_masks(slm_session *s) {
    slm__batch *b = &s->batch;
    size_t hidden = s->model->shape.hidden, count = 0, row;
    for (row = 0; row < s->encoder.rows; row++)
        if (b->rows[row].token == s->model->tokenizer.mask)
            memcpy(b->normed + count++ * hidden, b->hidden + row * hidden,
                   hidden * sizeof(float));
    return count;
}

/* Row `index` of a text joins its vector: the first, the last, the mean or the largest elements. */
static void slm__pool_row(const slm_session *s, const float *row, size_t index, float *vector) {
    size_t hidden = s->model->shape.hidden, i;
    slm_pooling pooling = s->encoder.pooling;
    if (!index || pooling == SLM_POOLING_LAST) memcpy(vector, row, hidden * sizeof(float));
    else if (pooling == SLM_POOLING_MEAN) s->model->kernels->add(vector, row, NULL, hidden);
    else if (pooling == SLM_POOLING_MAX)
        for (i = 0; i < hidden; i++)
            if (!(vector[i] >= row[i])) vector[i] = row[i];
}

static void slm__end_pooling(const slm_session *s, size_t count, float *vector) {
    size_t i;
    if (s->encoder.pooling != SLM_POOLING_MEAN) return;
    for (i = 0; i < s->model->shape.hidden; i++) vector[i] /= (float)count;
}

/* x / |x| */
static void slm__unit(float *x, size_t size) {
    float partial[16] = {0}, length;
    size_t i;
    for (i = 0; i < size; i++) partial[i & 15] = slm__madd(partial[i & 15], x[i], x[i]);
    length = sqrtf(slm__tree(partial));
    if (length < 1e-12f) length = 1e-12f;
    for (i = 0; i < size; i++) x[i] /= length;
}

/* The sentence vectors of the texts in the batch. */
static void slm__give_vectors(slm_session *s) {
    const slm__shape *shape = &s->model->shape;
    slm__encoder *e = &s->encoder;
    size_t hidden = shape->hidden, size = slm_output_size(s, SLM_OUTPUT_EMBEDDING), text, i;
    const float *row = s->batch.hidden;
    float *pooled = shape->vector ? s->batch.normed : e->out;
    slm__input input = slm__head_input(s, pooled);
    for (text = 0; text < e->texts; text++) {
        for (i = 0; i < e->caches[text].length; i++, row += hidden)
            slm__pool_row(s, row, i, pooled + text * hidden);
        slm__end_pooling(s, i, pooled + text * hidden);
    }
    if (shape->vector)
        slm__apply_head(s, &input, SLM__VECTOR_DENSE, e->texts, SLM__LINEAR, e->out);
    if (shape->vector_flags & SLM__VECTOR_TANH) slm__tanh_all(e->out, e->texts * size);
    for (text = 0; shape->vector_flags & SLM__VECTOR_NORMED && text < e->texts; text++)
        slm__unit(e->out + text * size, size);
}

/* Logits of the texts in the batch; how many rows. */
static size_t slm__give_logits(slm_session *s) {
    slm__encoder *e = &s->encoder;
    slm__input tokens = slm__head_input(s, s->batch.hidden);
    slm__input texts = slm__head_input(s, s->batch.branch);
    switch (e->task) {
    case SLM_TASK_TAG:
        slm__apply_head(s, &tokens, SLM__TAGGER, e->rows, SLM__LINEAR, e->out);
        return e->rows;
    case SLM_TASK_ANSWER:
        slm__apply_head(s, &tokens, SLM__ANSWERER, e->rows, SLM__LINEAR, e->out);
        return e->rows;
    case SLM_TASK_FILL: slm__fill(s, s->batch.hidden, e->rows); return e->rows;
    default:
        slm__pool(s);
        slm__apply_head(s, &texts, e->task == SLM_TASK_NEXT ? SLM__FOLLOWER : SLM__CLASSIFIER,
                        e->texts, SLM__LINEAR, e->out);
        return e->texts;
    }
}

/* What the call asked for, of the texts in the batch; how many rows. */
static size_t slm__give(slm_session *s) {
    slm__encoder *e = &s->encoder;
    size_t hidden = s->model->shape.hidden, rows = e->texts;
    switch (e->output) {
    case SLM_OUTPUT_HIDDEN:
        memcpy(e->out, s->batch.hidden, e->rows * hidden * sizeof(float));
        return e->rows;
    case SLM_OUTPUT_POOLED:
        slm__pool(s);
        memcpy(e->out, s->batch.branch, rows * hidden * sizeof(float));
        return rows;
    case SLM_OUTPUT_LOGITS: return slm__give_logits(s);
    case SLM_OUTPUT_MASKS:
        rows = slm__gather_masks(s);
        if (rows) slm__fill(s, s->batch.normed, rows);
        return rows;
    default: slm__give_vectors(s); return rows;
    }
}

/* `count` floats are in the caller's memory now. */
static slm_result slm__check_outputs(slm_session *s, size_t count) {
    size_t i;
    for (i = 0; i < count; i++)
        if (!slm__finite(s->encoder.out[i]))
            return slm__fail(&s->error, SLM_ERR_NUMERIC, "an output is not finite");
    s->encoder.out += count;
    return SLM_OK;
}

/* The texts in the batch go through the layers and to the caller. */
static slm_result slm__encode_batch(slm_session *s) {
    slm_result result = slm__forward_rows(s, 0, s->encoder.rows);
    if (result != SLM_OK) return result;
    return slm__check_outputs(s, slm__give(s) * slm_output_size(s, s->encoder.output));
}

static int slm__has_room(const slm_session *s, size_t count) {
    const slm__encoder *e = &s->encoder;
    return e->rows + count <= s->batch.size && e->used + slm__round_up(count, 16) <= e->positions;
}

/* The rows of a text of `count` tokens, which joins the batch; their tokens are to be set. */
static slm__row *slm__place_text(slm_session *s, size_t count) {
    slm__encoder *e = &s->encoder;
    slm__cache *cache = &e->caches[e->texts++];
    slm__row *rows = s->batch.rows + e->rows;
    size_t size = s->model->shape.head_size, i;
    *cache = s->sequence.cache;
    cache->keys += e->used * size * cache->item;
    cache->values += e->used * slm__round_up(size, 16) * cache->item;
    cache->length = count;
    e->used += slm__round_up(count, 16);
    e->rows += count;
    for (i = 0; i < count; i++) {
        rows[i].cache = cache;
        rows[i].position = (uint32_t)i;
    }
    return rows;
}

/* Rows that the call wants of the texts in the batch. */
static size_t slm__wanted_rows(const slm_session *s) {
    const slm__encoder *e = &s->encoder;
    size_t masks = 0, row;
    if (!slm__rows_vary(s)) return e->texts;
    if (e->output != SLM_OUTPUT_MASKS) return e->rows;
    for (row = 0; row < e->rows; row++)
        masks += s->batch.rows[row].token == s->model->tokenizer.mask;
    return masks;
}

/* The end of the texts from `text` on that make a part of about `target` rows; those rows, and the
   positions that they take in a cache. */
static size_t slm__part_end(const slm__encoder *e, size_t text, size_t target, size_t *rows,
                            size_t *positions) {
    *rows = *positions = 0;
    do {
        *rows += e->caches[text].length;
        *positions += slm__round_up(e->caches[text].length, 16);
        text++;
    } while (text < e->texts && *rows + e->caches[text].length / 2 <= target);
    return text;
}

/* A part takes its texts' rows, from `row` of the batch on. */
static void slm__fill_part(slm_session *part, const slm_session *s, size_t text, size_t end,
                           const slm__row *row) {
    size_t count, i;
    for (; text < end; text++) {
        slm__row *to = slm__place_text(part, count = s->encoder.caches[text].length);
        for (i = 0; i < count; i++, row++) {
            to[i].token = row->token;
            to[i].type = row->type;
        }
    }
    slm__clear_session(part);
}

/* Cuts the batch into parts, of texts that follow each other; how many, or 0 where all threads had
   better share each product: where the longest part's thread would still be at work long after the
   others. */
static size_t slm__cut_batch(slm_session *s) {
    slm__encoder *e = &s->encoder;
    slm__arena room = e->room;
    size_t team = s->workers.team, text = 0, row = 0, parts = 0, longest = 0;
    size_t target, end, rows, positions;
    if (team < 2 || !e->part_count || e->texts < 2) return 0;
    for (room.used = 0; text < e->texts; text = end, row += rows, parts++) {
        target = (e->rows - row) / (e->part_count - parts); /* the last one takes what is left */
        if (target < SLM__PART_ROWS / 2) target = SLM__PART_ROWS / 2;
        end = slm__part_end(e, text, target, &rows, &positions);
        if (rows > longest) longest = rows;
        slm__carve_part(&e->parts[parts], s, rows, positions, &room);
        if (room.used > e->room.used) return 0;
        slm__fill_part(&e->parts[parts], s, text, end, s->batch.rows + row);
    }
    return (longest * 3 + e->rows / team) * team > e->rows * 3 ? 0 : parts;
}

static void slm__part_task(void *arg, size_t index) {
    slm_session *part = (slm_session *)arg + index;
    part->error.code = slm__encode_batch(part);
}

typedef struct slm__encode_call {
    slm_session *s;
    slm_result result;
} slm__encode_call;

/* A part's texts stay with one thread through all layers: it finds in its own cache what it has
   written, and waits for the others once a batch. */
static void slm__encode_body(void *arg) {
    slm__encode_call *call = (slm__encode_call *)arg;
    slm_session *s = call->s;
    slm__encoder *e = &s->encoder;
    size_t size = slm_output_size(s, e->output), parts = slm__cut_batch(s), i;
    if (!parts) {
        call->result = slm__encode_batch(s);
        return;
    }
    if (s->cancel && s->cancel(s->cancel_user)) {
        call->result = slm__fail(&s->error, SLM_ERR_CANCELLED, "cancelled");
        return;
    }
    for (i = 0; i < parts; i++) {
        e->parts[i].encoder.out = e->out;
        e->out += slm__wanted_rows(&e->parts[i]) * size;
    }
    slm__parallel(&s->workers.parallel, s->workers.team, SIZE_MAX, parts, slm__part_task,
                  e->parts);
    for (i = 0; i < parts && call->result == SLM_OK; i++) {
        call->result = e->parts[i].error.code;
        if (call->result != SLM_OK) s->error = e->parts[i].error;
    }
}

static slm_result slm__flush_texts(slm_session *s) {
    slm__encoder *e = &s->encoder;
    slm__encode_call call;
    call.s = s;
    call.result = SLM_OK;
    if (e->rows)
        slm__compute(s, slm__layer_bytes(s) * ((e->rows + 3) / 4), slm__encode_body, &call);
    e->texts = e->rows = e->used = 0;
    return call.result;
}

/* The text in encoder.tokens joins the batch, after what is there if it does not fit beside it. */
static slm_result slm__add_text(slm_session *s, size_t count) {
    const slm_text_token *tokens = s->encoder.tokens;
    slm_result result = slm__has_room(s, count) ? SLM_OK : slm__flush_texts(s);
    slm__row *rows;
    size_t i;
    if (result != SLM_OK) return result;
    rows = slm__place_text(s, count);
    for (i = 0; i < count; i++) {
        rows[i].token = tokens[i].token;
        rows[i].type = s->model->shape.token_types > 1 ? tokens[i].type : 0;
    }
    return SLM_OK;
}

/* A decoder's rows of one chunk, from position `at` on, after its final norm. */
static slm_result slm__give_causal(slm_session *s, size_t at, size_t count) {
    slm__encoder *e = &s->encoder;
    size_t hidden = s->model->shape.hidden, row;
    for (row = 0; row < count; row++) {
        float *h = s->batch.hidden + row * hidden;
        slm__normalize(s->model, s->model->at, SLM__FINAL_NORM, hidden, h, h);
        if (e->output == SLM_OUTPUT_EMBEDDING) slm__pool_row(s, h, at + row, e->out);
        else memcpy(e->out + row * hidden, h, hidden * sizeof(float));
    }
    return e->output == SLM_OUTPUT_EMBEDDING ? SLM_OK : slm__check_outputs(s, count * hidden);
}

/* A decoder's text in `prompt`, alone and from position 0, in chunks of the batch. */
static slm_result slm__encode_causal(slm_session *s, size_t count) {
    slm__batch *b = &s->batch;
    slm__encoder *e = &s->encoder;
    size_t at, chunk, row;
    slm_result result = SLM_OK;
    for (at = 0; at < count && result == SLM_OK; at += chunk) {
        chunk = slm__least(count - at, b->size);
        for (row = 0; row < chunk; row++) {
            b->rows[row].cache = &s->sequence.cache;
            b->rows[row].position = (uint32_t)(at + row);
            b->rows[row].token = s->prompt[at + row];
        }
        result = slm__forward(s, 0, chunk);
        if (result == SLM_OK) result = slm__give_causal(s, at, chunk);
    }
    if (result != SLM_OK || e->output != SLM_OUTPUT_EMBEDDING) return result;
    slm__end_pooling(s, count, e->out);
    return slm__check_outputs(s, s->model->shape.hidden);
}

/* A text's tokens go to encoder.tokens or a decoder's prompt. An encoder's longest text, or a
   decoder's context, ends a text that is longer. */
static slm_result slm__read_text(slm_session *s, const slm_text *text, size_t *count) {
    const slm__tokenizer *t = &s->model->tokenizer;
    size_t most = s->sequence.context, size;
    slm__token_list list;
    slm_result result;
    if (!text->text && text->size)
        return slm__fail(&s->error, SLM_ERR_ARGUMENT, "a text is NULL");
    slm__list_tokens(s, &list);
    if (slm__is_encoder(s)) {
        if (!slm__reads_texts(t))
            return slm__fail(&s->error, SLM_ERR_UNSUPPORTED, "the tokenizer is no encoder's");
        result = slm__tokenize_text(t, text, most, s->encoder.tokens, &list, NULL);
        *count = list.count;
        if (result == SLM_OK) return result;
        if (result == SLM_ERR_MEMORY) return slm__no_room_for_word(s);
        return slm__fail(&s->error, result, "a context of %u has no room for a text's tokens",
                         most);
    }
    if (text->pair) return slm__fail(&s->error, SLM_ERR_ARGUMENT, "a decoder takes no pairs");
    size = text->size == SLM_NUL ? strlen(text->text) : text->size;
    result = slm__encode_text(t, text->text, size, SLM_ADD_BOS | SLM_PARSE_SPECIAL, &list);
    if (result == SLM_ERR_MEMORY) return slm__no_room_for_word(s);
    *count = slm__least(list.count, most);
    return *count ? SLM_OK : slm__fail(&s->error, SLM_ERR_ARGUMENT, "a text has no tokens");
}

static slm_result slm__read_input(slm_session *s, const slm_input *input, size_t *count) {
    const slm__shape *shape = &s->model->shape;
    uint32_t types = shape->token_types > 1 ? shape->token_types : 1;
    size_t i;
    if (!input->tokens || !input->count || input->count > s->sequence.context)
        return slm__fail(&s->error, SLM_ERR_ARGUMENT, "an input has %u tokens, allowed 1 to %u",
                         input->tokens ? input->count : 0, s->sequence.context);
    for (i = 0; i < input->count; i++) {
        int32_t type = input->types ? input->types[i] : 0;
        if (input->tokens[i] < 0 || (uint32_t)input->tokens[i] >= shape->vocab_rows)
            return slm__fail(&s->error, SLM_ERR_ARGUMENT, "token %u of an input is not below %u", i,
                             (size_t)shape->vocab_rows);
        if (type < 0 || (uint32_t)type >= types)
            return slm__fail(&s->error, SLM_ERR_ARGUMENT, "type %u of an input is not below %u", i,
                             (size_t)types);
        if (!slm__is_encoder(s)) s->prompt[i] = input->tokens[i];
        else {
            s->encoder.tokens[i].token = input->tokens[i];
            s->encoder.tokens[i].type = type;
        }
    }
    *count = input->count;
    return SLM_OK;
}

/* What a call is given: texts, or inputs where texts is NULL. */
typedef struct slm__given {
    const slm_text *texts;
    const slm_input *inputs;
    size_t count;
} slm__given;

static slm_result slm__read_given(slm_session *s, const slm__given *given, size_t i,
                                  size_t *count) {
    return given->texts ? slm__read_text(s, &given->texts[i], count)
                        : slm__read_input(s, &given->inputs[i], count);
}

/* The rows of each text (rows may be NULL), and whether they all fit: nothing is computed, and
   nothing written, before that is known. Tokenizing twice costs a percent of the computation, and
   is left out where a text has one row in any case. */
static slm_result slm__count_rows(slm_session *s, const slm__given *given, size_t capacity,
                                  size_t *rows) {
    size_t size = slm_output_size(s, s->encoder.output), need = 0, tokens = 0, i, n = 1;
    int reads = slm__rows_vary(s) || !given->texts;
    slm_result result = SLM_OK;
    for (i = 0; i < given->count && result == SLM_OK; i++) {
        if (reads) result = slm__read_given(s, given, i, &tokens);
        if (reads && result == SLM_OK) n = slm__output_rows(s, tokens);
        if (rows) rows[i] = n;
        need = slm__size(n, size, need);
    }
    if (result != SLM_OK || need <= capacity) return result;
    return slm__fail(&s->error, SLM_ERR_CAPACITY, "out has room for %u floats, needed are %u",
                     capacity, need);
}

static slm_result slm__encode_all(slm_session *s, const slm__given *given, size_t capacity,
                                  size_t *rows) {
    slm__encoder *e = &s->encoder;
    unsigned saved = slm__begin(s);
    slm_result result = slm__count_rows(s, given, capacity, rows);
    size_t tokens = 0, i;
    e->texts = e->rows = e->used = 0;
    for (i = 0; i < given->count && result == SLM_OK; i++) {
        result = slm__read_given(s, given, i, &tokens);
        if (result == SLM_OK)
            result = slm__is_encoder(s) ? slm__add_text(s, tokens) : slm__encode_causal(s, tokens);
    }
    if (result == SLM_OK) result = slm__flush_texts(s);
    slm__end(s, saved);
    return result;
}

/* Refuses what cannot be; sets where the call's results go. */
static slm_result slm__start_encode(slm_session *s, int given, slm_output output, float *out,
                                    size_t capacity) {
    if (!given || (!out && capacity))
        return slm__fail(&s->error, SLM_ERR_ARGUMENT, "texts or out is NULL");
    if ((unsigned)output >= SLM_OUTPUT_COUNT || !output)
        return slm__fail(&s->error, SLM_ERR_ARGUMENT, "output is out of range");
    if (!slm_output_size(s, output))
        return slm__fail(&s->error, SLM_ERR_UNSUPPORTED, "task %s of this model has no such output",
                         slm_task_name(s->encoder.task));
    if (s->sequence.position)
        return slm__fail(&s->error, SLM_ERR_ARGUMENT, "the session is not at position 0");
    if (!slm__is_encoder(s)) slm__forget_logits(s);
    s->encoder.output = output;
    s->encoder.out = out;
    return SLM_OK;
}

SLM_API slm_result slm_encode(slm_session *s, const slm_text *texts, size_t count,
                              slm_output output, float *out, size_t capacity, size_t *rows) {
    slm__given given;
    slm_result result;
    if (!s) return SLM_ERR_ARGUMENT;
    result = slm__start_encode(s, texts || !count, output, out, capacity);
    if (result != SLM_OK) return result;
    if (!s->model->has_tokenizer)
        return slm__fail(&s->error, SLM_ERR_UNSUPPORTED, "the model has no tokenizer");
    given.texts = texts;
    given.inputs = NULL;
    given.count = count;
    return slm__encode_all(s, &given, capacity, rows);
}

SLM_API slm_result slm_encode_tokens(slm_session *s, const slm_input *inputs, size_t count,
                                     slm_output output, float *out, size_t capacity,
                                     size_t *rows) {
    slm__given given;
    slm_result result;
    if (!s) return SLM_ERR_ARGUMENT;
    result = slm__start_encode(s, inputs || !count, output, out, capacity);
    if (result != SLM_OK) return result;
    given.texts = NULL;
    given.inputs = inputs;
    given.count = count;
    return slm__encode_all(s, &given, capacity, rows);
}

SLM_API slm_result slm_embed(slm_session *s, const slm_text *texts, size_t count, float *vectors) {
    size_t size = slm_output_size(s, SLM_OUTPUT_EMBEDDING);
    if (s && count && size > SIZE_MAX / sizeof(float) / count)
        return slm__fail(&s->error, SLM_ERR_ARGUMENT, "the vectors of %u texts overflow", count);
    return slm_encode(s, texts, count, SLM_OUTPUT_EMBEDDING, vectors, vectors ? count * size : 0,
                      NULL);
}

/* ---- >>sampling --------------------------------------------------------------------------
   Probabilities become integers before anything is added, so every machine draws alike. Knows
   logits and the tokens so far, no text. */

#define SLM__ONE_MASS 1099511627776.0 /* 2^40: the likeliest token's mass */

static int slm__has_token(const slm_model *model, size_t row) {
    if (!model->has_tokenizer) return 1;
    return row < model->tokenizer.count && model->tokenizer.attributes[row] & SLM__TOKEN_EXISTS;
}

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t slm__random(uint64_t *state) {
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/* The logarithm of the sum of exp(logit - largest) over all rows. */
static double slm__log_sum(const float *logits, size_t rows, float *largest) {
    uint64_t total = 0;
    size_t i;
    for (*largest = logits[0], i = 1; i < rows; i++)
        if (logits[i] > *largest) *largest = logits[i];
    for (i = 0; i < rows; i++)
        total += (uint64_t)((double)slm__exp(logits[i] - *largest) * SLM__ONE_MASS);
    return slm__log((double)total / SLM__ONE_MASS);
}

static float slm__logprob_of(float logit, float largest, double log_sum) {
    volatile float logprob; /* or the compiler computes it behind slm__fp_leave */
    logprob = (float)((double)(logit - largest) - log_sum);
    return logprob;
}

static float slm__logprob(const float *logits, size_t rows, size_t row) {
    unsigned saved = slm__fp_enter();
    float largest, logprob;
    double log_sum = slm__log_sum(logits, rows, &largest);
    logprob = slm__logprob_of(logits[row], largest, log_sum);
    slm__fp_leave(saved);
    return logprob;
}

static int slm__likelier(const slm_candidate *a, const slm_candidate *b) {
    return a->logprob != b->logprob ? a->logprob > b->logprob : a->token < b->token;
}

/* A candidate joins a heap whose first one is the least likely, from its end on upwards, ... */
static void slm__raise(slm_candidate *heap, size_t at, const slm_candidate *c) {
    for (; at && slm__likelier(&heap[(at - 1) / 2], c); at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = *c;
}

/* ... or takes the first one's place and sinks. */
static void slm__sink(slm_candidate *heap, size_t count, const slm_candidate *c) {
    slm_candidate moved = *c;
    size_t at = 0, child;
    while ((child = 2 * at + 1) < count) {
        if (child + 1 < count && slm__likelier(&heap[child], &heap[child + 1])) child++;
        if (slm__likelier(&heap[child], &moved)) break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
}

/* a comes before b: the likelier one, then the smaller id. */
static int slm__before(const slm_session *s, uint32_t a, uint32_t b) {
    const slm__generator *g = &s->generator;
    return g->masses[a] != g->masses[b] ? g->masses[a] > g->masses[b] : a < b;
}

static void slm__sift(slm_session *s, size_t at, size_t count) {
    uint32_t *heap = s->generator.candidates, moved = heap[at];
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count) break;
        if (child + 1 < count && slm__before(s, heap[child + 1], heap[child])) child++;
        if (!slm__before(s, heap[child], moved)) break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
}

/* Keeps the likeliest candidates as the rules say; they stand at the end of
   candidates[0 .. count), their number is returned and *total becomes their mass. */
static size_t slm__select_top(slm_session *s, size_t count, uint64_t *total,
                              const slm_sampling *sampling) {
    slm__generator *g = &s->generator;
    float top_p = sampling->top_p > 0 && sampling->top_p < 1 ? sampling->top_p : 1;
    size_t most = sampling->top_k && sampling->top_k < count ? sampling->top_k : count;
    uint64_t wanted, taken = 0, least = 0;
    size_t left = count, i;
    for (i = count / 2; i-- > 0;) slm__sift(s, i, count);
    least = (uint64_t)((double)g->masses[g->candidates[0]] * (double)sampling->min_p);
    while (count - left < most) { /* top-k first: top-p is a share of what that leaves */
        uint32_t best = g->candidates[0];
        g->candidates[0] = g->candidates[--left];
        g->candidates[left] = best;
        taken += g->masses[best];
        slm__sift(s, 0, left);
    }
    wanted = (uint64_t)((double)taken * (double)top_p);
    for (*total = 0, i = count; i > left; i--) {
        uint64_t mass = g->masses[g->candidates[i - 1]];
        if (i < count && (mass < least || (top_p < 1 && *total >= wanted))) break;
        *total += mass;
    }
    return count - i;
}

static slm_token slm__draw(slm_session *s, const float *logits, const slm_sampling *sampling,
                           float largest) {
    size_t rows = s->model->shape.vocab_rows, count = 0, kept, row;
    uint64_t total = 0, target;
    for (row = 0; row < rows; row++) {
        float p = slm__exp((logits[row] - largest) / sampling->temperature);
        if (!slm__has_token(s->model, row) || !(p > 0)) continue;
        s->generator.masses[row] = (uint64_t)((double)p * SLM__ONE_MASS);
        if (!s->generator.masses[row]) continue;
        total += s->generator.masses[row];
        s->generator.candidates[count++] = (uint32_t)row;
    }
    kept = count;
    if (sampling->top_k || sampling->min_p > 0 || (sampling->top_p > 0 && sampling->top_p < 1))
        kept = slm__select_top(s, count, &total, sampling);
    target = slm__random(&s->generator.random) % total;
    for (row = count - kept; row + 1 < count; row++) {
        uint64_t mass = s->generator.masses[s->generator.candidates[row]];
        if (target < mass) break;
        target -= mass;
    }
    return (slm_token)s->generator.candidates[row];
}

/* Penalties, biases and the hook, on a copy: slm_logits goes on showing the row as it is. */
static const float *slm__adjust(slm_session *s, const float *logits,
                                const slm_sampling *sampling) {
    slm__generator *g = &s->generator;
    size_t rows = s->model->shape.vocab_rows, i;
    uint32_t *seen = g->candidates;
    float repetition = sampling->repetition == 0 ? 1 : sampling->repetition;
    memcpy(g->adjusted, logits, rows * sizeof(float));
    memset(seen, 0, rows * sizeof *seen);
    for (i = 0; i < s->sequence.position; i++) seen[s->sequence.history[i]]++;
    for (i = 0; i < rows; i++) {
        float *logit = &g->adjusted[i];
        if (!seen[i]) continue;
        *logit = *logit > 0 ? *logit / repetition : *logit * repetition;
        *logit -= slm__madd(sampling->presence, (float)seen[i], sampling->frequency);
    }
    for (i = 0; i < sampling->bias_count; i++)
        g->adjusted[sampling->biases[i].token] += sampling->biases[i].value;
    if (sampling->adjust) sampling->adjust(sampling->adjust_user, g->adjusted, rows);
    return g->adjusted;
}

static const char *slm__check_sampling(const slm_session *s, const slm_sampling *sampling) {
    size_t i;
    if (!slm__finite(sampling->temperature) || sampling->temperature < 0) return "temperature";
    if (!(sampling->top_p >= 0)) return "top-p";
    if (!(sampling->min_p >= 0 && sampling->min_p <= 1)) return "min-p";
    if (!slm__finite(sampling->repetition) || sampling->repetition < 0) return "repetition";
    if (!slm__finite(sampling->frequency) || !slm__finite(sampling->presence)) return "penalty";
    if (sampling->bias_count && !sampling->biases) return "biases";
    for (i = 0; i < sampling->bias_count; i++)
        if (sampling->biases[i].token < 0 ||
            (uint32_t)sampling->biases[i].token >= s->model->shape.vocab_rows ||
            sampling->biases[i].value != sampling->biases[i].value)
            return "a bias";
    return NULL;
}

SLM_API slm_result slm_sample(slm_session *s, const slm_sampling *sampling, slm_token *token) {
    slm_sampling greedy;
    const float *logits;
    const char *wrong;
    size_t row, best = SIZE_MAX;
    unsigned saved;
    if (!s) return SLM_ERR_ARGUMENT;
    if (slm__check_decoder(s) != SLM_OK) return s->error.code;
    if (!token) return slm__fail(&s->error, SLM_ERR_ARGUMENT, "token is NULL");
    *token = -1;
    memset(&greedy, 0, sizeof greedy);
    if (!sampling) sampling = &greedy;
    wrong = slm__check_sampling(s, sampling);
    if (wrong) return slm__fail(&s->error, SLM_ERR_ARGUMENT, "sampling: %s out of range", wrong);
    logits = slm_logits(s, 0);
    if (!logits) return s->error.code;
    saved = slm__fp_enter();
    if (sampling->repetition != 0 || sampling->frequency != 0 || sampling->presence != 0 ||
        sampling->bias_count || sampling->adjust)
        logits = slm__adjust(s, logits, sampling);
    for (row = 0; row < s->model->shape.vocab_rows; row++)
        if (slm__has_token(s->model, row) && logits[row] == logits[row] &&
            (best == SIZE_MAX || logits[row] > logits[best]))
            best = row;
    if (best != SIZE_MAX) *token = (slm_token)best;
    if (best != SIZE_MAX && sampling->temperature != 0 && slm__finite(logits[best])) {
        if (!s->generator.seeded || s->generator.seed != sampling->seed)
            s->generator.random = sampling->seed;
        s->generator.seeded = 1;
        s->generator.seed = sampling->seed;
        *token = slm__draw(s, logits, sampling, logits[best]);
    }
    slm__fp_leave(saved);
    if (best == SIZE_MAX)
        return slm__fail(&s->error, SLM_ERR_ARGUMENT, "no row with a token is left to sample");
    return SLM_OK;
}

SLM_API slm_result slm_top(slm_session *s, slm_candidate *top, size_t count, size_t *found) {
    const float *logits;
    size_t rows, have = 0, row, i;
    slm_candidate c;
    float largest;
    double log_sum;
    unsigned saved;
    if (!s) return SLM_ERR_ARGUMENT;
    if (slm__check_decoder(s) != SLM_OK) return s->error.code;
    if ((!top && count) || !found)
        return slm__fail(&s->error, SLM_ERR_ARGUMENT, "top or found is NULL");
    *found = 0;
    logits = slm_logits(s, 0);
    if (!logits) return s->error.code;
    rows = s->model->shape.vocab_rows;
    saved = slm__fp_enter();
    for (row = 0; row < rows && count; row++) {
        c.token = (slm_token)row;
        c.logprob = logits[row];
        if (!slm__has_token(s->model, row)) continue;
        if (have < count) slm__raise(top, have++, &c);
        else if (slm__likelier(&c, &top[0])) slm__sink(top, count, &c);
    }
    for (i = have; i > 1; i--) { /* the least likely goes to the end */
        c = top[i - 1];
        top[i - 1] = top[0];
        slm__sink(top, i - 1, &c);
    }
    log_sum = slm__log_sum(logits, rows, &largest);
    for (i = 0; i < have; i++)
        top[i].logprob = slm__logprob_of(top[i].logprob, largest, log_sum);
    slm__fp_leave(saved);
    *found = have;
    return SLM_OK;
}

SLM_API slm_result slm_score(slm_session *s, const slm_token *tokens, size_t count,
                             float *logprobs) {
    size_t done = 0, chunk, i, rows;
    slm_result result = SLM_OK;
    slm__checkpoint before;
    if (!s) return SLM_ERR_ARGUMENT;
    if (slm__check_decoder(s) != SLM_OK) return s->error.code;
    if (count && (!tokens || !logprobs))
        return slm__fail(&s->error, SLM_ERR_ARGUMENT, "tokens or logprobs is NULL");
    before = slm__remember(s);
    rows = s->model->shape.vocab_rows;
    if (count > s->sequence.context - before.position)
        return slm__fail(&s->error, SLM_ERR_CONTEXT_FULL, "%u tokens do not fit", count);
    for (i = 0; i < count; i++)
        if (tokens[i] < 0 || (uint32_t)tokens[i] >= rows)
            return slm__fail(&s->error, SLM_ERR_ARGUMENT, "token %u is out of range", i);
    while (done < count && result == SLM_OK) {
        const float *logits = s->sequence.position ? slm_logits(s, 0) : NULL;
        if (s->sequence.position && !logits) result = s->error.code;
        else logprobs[done] = logits ? slm__logprob(logits, rows, (size_t)tokens[done]) : 0;
        chunk = count - done < s->outputs.kept ? count - done : s->outputs.kept;
        if (result == SLM_OK) result = slm_eval(s, tokens + done, chunk);
        for (i = 1; i < chunk && result == SLM_OK; i++) {
            logits = slm_logits(s, chunk - i);
            if (!logits) result = s->error.code;
            else logprobs[done + i] = slm__logprob(logits, rows, (size_t)tokens[done + i]);
        }
        done += chunk;
    }
    if (result != SLM_OK) slm__undo(s, &before);
    return result;
}

/* ---- >>generate --------------------------------------------------------------------------
   Tokens are drawn, drafted and become pieces of text, whole UTF-8 characters each, up to an end
   token, a stop or a limit. Knows no chat format but its end token. */

static int slm__is_end(const slm_session *s, slm_token token) {
    const slm_model *model = s->model;
    uint32_t i;
    for (i = 0; model->has_tokenizer && i < model->tokenizer.end_count; i++)
        if (model->tokenizer.end[i] == token) return 1;
    return token == s->chat.answer_end;
}

SLM_API slm_result slm_prompt(slm_session *s, const char *text, size_t size, unsigned flags) {
    slm__token_list out;
    slm_result result;
    if (!s) return SLM_ERR_ARGUMENT;
    if (slm__check_decoder(s) != SLM_OK) return s->error.code;
    if (!text && size) return slm__fail(&s->error, SLM_ERR_ARGUMENT, "text is NULL");
    if (!s->model->has_tokenizer)
        return slm__fail(&s->error, SLM_ERR_UNSUPPORTED, "the model has no tokenizer");
    if (size == SLM_NUL) size = strlen(text);
    slm__list_tokens(s, &out);
    result = slm__encode_text(&s->model->tokenizer, text, size, flags, &out);
    if (result == SLM_ERR_CAPACITY)
        return slm__fail(&s->error, SLM_ERR_CONTEXT_FULL,
                         "the text has %u tokens, the context is %u", out.count,
                         s->sequence.context);
    if (result != SLM_OK) return slm__no_room_for_word(s);
    if (!out.count && !s->sequence.position) {
        const slm__tokenizer *t = &s->model->tokenizer;
        slm_token start = t->bos >= 0 ? t->bos : t->end_count ? t->end[0] : -1;
        if (start < 0)
            return slm__fail(&s->error, SLM_ERR_ARGUMENT, "nothing to start from: no BOS");
        s->prompt[out.count++] = start;
    }
    return slm_eval(s, s->prompt, out.count);
}

/* Whether what is generated begins the text: then the space put before a text is left out. */
static int slm__text_starts(const slm_session *s) {
    const slm__tokenizer *t = &s->model->tokenizer;
    size_t i;
    if (!s->model->has_tokenizer || t->kind != SLM__PIECES ||
        !(t->flags & (SLM__TEXT_STRIP | SLM__TEXT_PARTS_FIRST | SLM__TEXT_PARTS_RUN)))
        return 0;
    for (i = 0; i < s->sequence.position; i++)
        if ((uint32_t)s->sequence.history[i] >= t->count ||
            !(t->attributes[s->sequence.history[i]] & SLM__TOKEN_SPECIAL))
            return 0;
    return 1;
}

SLM_API slm_result slm_generate(slm_session *s, const slm_generation *generation) {
    const char *wrong;
    size_t i;
    int held;
    if (!s) return SLM_ERR_ARGUMENT;
    if (slm__check_decoder(s) != SLM_OK) return s->error.code;
    if (!s->sequence.position)
        return slm__fail(&s->error, SLM_ERR_ARGUMENT, "nothing to go on from: evaluate a token");
    wrong = generation ? slm__check_sampling(s, &generation->sampling) : NULL;
    if (wrong) return slm__fail(&s->error, SLM_ERR_ARGUMENT, "sampling: %s out of range", wrong);
    for (i = 0; generation && i < generation->stop_count; i++)
        if (!generation->stops || !generation->stops[i] || strlen(generation->stops[i]) > 255)
            return slm__fail(&s->error, SLM_ERR_ARGUMENT, "a stop is missing or too long");
    if (generation && generation->stop_token_count && !generation->stop_tokens)
        return slm__fail(&s->error, SLM_ERR_ARGUMENT, "stop_tokens is NULL");
    if (generation && generation->draft > SLM__DRAFT_MAX)
        return slm__fail(&s->error, SLM_ERR_ARGUMENT, "a draft of %u tokens; the most is %u",
                         (size_t)generation->draft, (size_t)SLM__DRAFT_MAX);
    /* what a generation has held back that this one goes on with: it comes first, or is a stop's */
    held = s->generator.generating && !s->generator.interrupted &&
           s->generator.pending_size + s->generator.rest_size > s->generator.shown;
    memset(&s->generator.generation, 0, sizeof s->generator.generation);
    if (generation) s->generator.generation = *generation;
    s->generator.generating = 1;
    s->generator.ended = SLM_REASON_NONE;
    s->generator.generated = 0;
    if (!held) {
        s->generator.pending_size = s->generator.shown = s->generator.rest_size = 0;
        s->generator.start = s->sequence.position;
    }
    s->generator.turn_end =
        s->chat.answering && !s->generator.generation.ignore_end ? s->chat.turn_end : NULL;
    s->generator.interrupted = s->generator.seeded = 0;
    s->generator.at_start = slm__text_starts(s);
    return SLM_OK;
}

/* How many of the bytes are whole characters; what can never become one counts as whole. */
static size_t slm__whole(const char *text, size_t size) {
    size_t back;
    for (back = 1; back <= 3 && back <= size; back++) {
        unsigned lead = (unsigned char)text[size - back];
        size_t need = lead >= 0xF0 && lead < 0xF5 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1;
        if (lead >= 0xF5) need = 1;
        if (lead >= 0x80 && lead < 0xC0) continue;
        return need > back ? size - back : size;
    }
    return size;
}

static slm_result slm__finish(slm_session *s, slm_piece *piece, slm_reason reason) {
    slm__generator *g = &s->generator;
    g->ended = reason;
    if (g->pending_size > g->shown) { /* what was held back: part of a character or of a stop */
        piece->text = g->pending + g->shown;
        piece->size = g->pending_size - g->shown;
        g->shown = g->pending_size;
        return SLM_OK;
    }
    piece->reason = reason;
    return SLM_DONE;
}

/* The position before the token in which the last `size` bytes of what is generated begin. */
static size_t slm__token_before(const slm_session *s, size_t size) {
    size_t position = s->sequence.position, length;
    while (size && position > s->generator.start) {
        slm_token_text(s->model, s->sequence.history[--position], &length);
        size -= slm__least(size, length);
    }
    return position;
}

/* Looks for stops in the text not shown yet. *whole becomes what may be shown: up to a stop, or
   up to what could be the beginning of one. SLM_REASON_NONE: none was found. */
static slm_reason slm__find_stop(const slm_session *s, size_t *whole) {
    const slm__generator *g = &s->generator;
    const slm_generation *settings = &g->generation;
    size_t i, at, matched, size, count = settings->stop_count;
    for (at = 0; at < g->pending_size; at++)
        for (i = 0; i < count + (g->turn_end != NULL); i++) {
            const char *stop = i < count ? settings->stops[i] : g->turn_end;
            size = strlen(stop);
            for (matched = 0; matched < size && at + matched < g->pending_size; matched++)
                if (g->pending[at + matched] != stop[matched]) break;
            if (size && matched == size) {
                *whole = at;
                return i < count ? SLM_REASON_STOP : SLM_REASON_END;
            }
            if (at + matched == g->pending_size && at < *whole) *whole = at;
        }
    return SLM_REASON_NONE;
}

/* Puts a token's bytes behind those held back and decides how many may be shown. */
static void slm__show(slm_session *s, slm_piece *piece, const char *text, size_t size) {
    slm__generator *g = &s->generator;
    size_t whole, taken;
    memmove(g->pending, g->pending + g->shown, g->pending_size - g->shown);
    g->pending_size -= g->shown;
    taken = slm__least(size, sizeof g->pending - g->pending_size);
    if (taken) memcpy(g->pending + g->pending_size, text, taken);
    g->pending_size += taken;
    g->rest = text + taken;
    g->rest_size = size - taken;
    whole = slm__whole(g->pending, g->pending_size);
    g->ended = slm__find_stop(s, &whole);
    if (g->ended != SLM_REASON_NONE) {
        slm__drop(s, slm__token_before(s, g->pending_size - whole + g->rest_size));
        g->pending_size = whole;
        g->rest_size = 0;
    }
    piece->text = g->pending;
    piece->size = g->shown = whole;
}

/* Prompt lookup: finds the last three, or else two, of `count` tokens earlier in the context, the
   most recent place, and proposes the tokens after it: `most` of them are put behind the last. The
   copy may overlap itself, so that a short period goes on. 0: the tokens stood nowhere before. */
static size_t slm__look_up(slm_token *tokens, size_t count, size_t most) {
    size_t size, at, i;
    for (size = 3; size >= 2; size--)
        for (at = count; at-- > size;) {
            if (memcmp(tokens + at - size, tokens + count - size, size * sizeof *tokens)) continue;
            for (i = 0; i < most; i++) tokens[count + i] = tokens[at + i];
            return most;
        }
    return 0;
}

/* Moves on by a token that was drafted. The cancel hook is asked as slm_eval would ask it. */
static slm_result slm__take_draft(slm_session *s) {
    if (s->cancel && s->cancel(s->cancel_user))
        return slm__fail(&s->error, SLM_ERR_CANCELLED, "cancelled");
    s->generator.drafted--;
    s->stats.accepted_tokens++;
    s->sequence.position++;
    s->outputs.final_first++;
    s->outputs.final_count++;
    return SLM_OK;
}

/* Appends a picked token: it was drafted, or it is evaluated with a new draft, or alone. A draft
   lies in the history behind the position, where slm__eval puts it anyway. */
static slm_result slm__append_token(slm_session *s, slm_token token) {
    slm__sequence *seq = &s->sequence;
    slm__generator *g = &s->generator;
    const slm_generation *settings = &g->generation;
    size_t most = settings->draft < g->drafts ? settings->draft : g->drafts, start = seq->position;
    slm_token *tokens = seq->history + start;
    slm_error error;
    slm_result result;
    if (g->drafted && *tokens == token) return slm__take_draft(s);
    if (most > seq->context - start - 1) most = seq->context - start - 1;
    if (settings->limit && most > settings->limit - g->generated - 1)
        most = settings->limit - g->generated - 1;
    *tokens = token;
    if (most) most = slm__look_up(seq->history, start + 1, most);
    if (most) {
        error = s->error;
        result = slm__eval(s, tokens, most + 1, most + 1);
        if (result == SLM_OK) {
            seq->position = start + 1;
            s->outputs.final_count = 1;
            g->drafted = most;
            s->stats.drafted_tokens += most;
        }
        if (result == SLM_OK || result == SLM_ERR_CANCELLED) return result;
        s->error = error; /* what a wrong guess gives is no failure */
    }
    return slm__eval(s, &token, 1, s->outputs.kept);
}

/* Why no further token is drawn; SLM_REASON_NONE: one is. */
static slm_reason slm__is_over(const slm_session *s) {
    const slm__generator *g = &s->generator;
    if (g->ended != SLM_REASON_NONE) return g->ended;
    if (g->generation.limit && g->generated >= g->generation.limit) return SLM_REASON_LIMIT;
    return s->sequence.position >= s->sequence.context ? SLM_REASON_CONTEXT : SLM_REASON_NONE;
}

/* Draws a token, appends it and fills in the piece but for its text. */
static slm_result slm__draw_next(slm_session *s, slm_piece *piece) {
    slm__generator *g = &s->generator;
    uint64_t random = g->random;
    int seeded = g->seeded;
    const float *logits;
    slm_token token;
    float logprob;
    size_t i;
    slm_result result = slm_sample(s, &g->generation.sampling, &token);
    if (result != SLM_OK) return result;
    if (!g->generation.ignore_end && slm__is_end(s, token))
        return slm__finish(s, piece, SLM_REASON_END);
    for (i = 0; i < g->generation.stop_token_count; i++)
        if (g->generation.stop_tokens[i] == token) return slm__finish(s, piece, SLM_REASON_STOP);
    logits = slm_logits(s, 0);
    if (!logits) return s->error.code;
    logprob = slm__logprob(logits, s->model->shape.vocab_rows, (size_t)token);
    result = slm__append_token(s, token);
    if (result != SLM_OK) { /* a cancelled token is drawn again, not another one */
        g->random = random;
        g->seeded = seeded;
        return result;
    }
    g->generated++;
    s->stats.generated_tokens++;
    piece->token = token;
    piece->logprob = logprob;
    return SLM_OK;
}

/* slm_next without its checks. */
static slm_result slm__next(slm_session *s, slm_piece *piece) {
    slm__generator *g = &s->generator;
    const char *text;
    size_t size = 0;
    slm_result result;
    slm_reason over;
    if (g->interrupted) { /* what was held back begins no stop now */
        g->interrupted = 0;
        g->start = s->sequence.position;
        g->turn_end = NULL;
        if (g->pending_size > g->shown) return slm__finish(s, piece, g->ended);
    }
    if (g->rest_size) {
        slm__show(s, piece, g->rest, g->rest_size);
        return SLM_OK;
    }
    over = slm__is_over(s);
    if (over != SLM_REASON_NONE) return slm__finish(s, piece, over);
    result = slm__draw_next(s, piece);
    if (result != SLM_OK || piece->token < 0) return result; /* -1: an end token came */
    text = slm_token_text(s->model, piece->token, &size);
    if (g->at_start && size) {
        g->at_start = 0;
        if (*text == ' ') text++, size--;
    }
    slm__show(s, piece, text, size);
    return SLM_OK;
}

SLM_API slm_result slm_next(slm_session *s, slm_piece *piece) {
    slm_result result;
    double start;
    if (!s) return SLM_ERR_ARGUMENT;
    if (slm__check_decoder(s) != SLM_OK) return s->error.code;
    if (!piece) return slm__fail(&s->error, SLM_ERR_ARGUMENT, "piece is NULL");
    memset(piece, 0, sizeof *piece);
    piece->token = -1;
    piece->text = "";
    if (!s->generator.generating)
        return slm__fail(&s->error, SLM_ERR_ARGUMENT, "slm_generate has not been called");
    start = slm__seconds(s);
    result = slm__next(s, piece);
    s->stats.generated_seconds += slm__seconds(s) - start;
    return result;
}

/* ---- >>unicode ---------------------------------------------------------------------------
   Characters and their classes. A byte that belongs to no valid UTF-8 sequence is a character
   of its own, without a class. Knows no token. */

#define SLM__LETTER 1u
#define SLM__NUMBER 2u
#define SLM__SPACE 4u
#define SLM__IN_WORD 8u
#define SLM__MARK 16u
#define SLM__UPPER 32u /* title case, too; a letter of no case is neither UPPER nor LOWER */
#define SLM__LOWER 64u
#define SLM__PUNCTUATION 128u
#define SLM__SYMBOL 256u
#define SLM__ALTERNATES 512u /* of an entry of slm__classes */

/* >>generated unicode */
/* Printed by tests/make_unicode.py: 1 letter, 2 number, 4 white space, 8 in a word,
   16 mark, 32 upper or title case, 64 lower case, 128 punctuation, 256 symbol. */
static const uint16_t slm__ascii_classes[128] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 4, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    4, 128, 128, 128, 256, 128, 128, 128, 128, 128, 128, 256, 128, 128, 128, 128, 10, 10, 10, 10,
    10, 10, 10, 10, 10, 10, 128, 128, 256, 256, 256, 128, 128, 41, 41, 41, 41, 41, 41, 41, 41, 41,
    41, 41, 41, 41, 41, 41, 41, 41, 41, 41, 41, 41, 41, 41, 41, 41, 41, 128, 128, 128, 256, 136,
    256, 73, 73, 73, 73, 73, 73, 73, 73, 73, 73, 73, 73, 73, 73, 73, 73, 73, 73, 73, 73, 73, 73, 73,
    73, 73, 73, 128, 256, 128, 256, 0,
};
/* first code point << 11 | classes, up to the next entry; 512: upper and lower
   case alternate */
static const uint32_t slm__classes[2540] = {
    0x0, 0x4804, 0x7000, 0x10004, 0x10880, 0x12100, 0x12880, 0x15900, 0x16080, 0x1800A, 0x1D080,
    0x1E100, 0x1F880, 0x20829, 0x2D880, 0x2F100, 0x2F888, 0x30100, 0x30849, 0x3D880, 0x3E100,
    0x3E880, 0x3F100, 0x3F800, 0x42804, 0x43000, 0x50004, 0x50880, 0x51100, 0x53880, 0x54100,
    0x55009, 0x55880, 0x56100, 0x56800, 0x57100, 0x59002, 0x5A100, 0x5A849, 0x5B080, 0x5C100,
    0x5C802, 0x5D009, 0x5D880, 0x5E002, 0x5F880, 0x60029, 0x6B900, 0x6C029, 0x6F849, 0x7B900,
    0x7C049, 0x80229, 0x9C249, 0xA4A49, 0xBCA29, 0xBF849, 0xC0829, 0xC1A49, 0xC3A29, 0xC5029,
    0xC6049, 0xC7029, 0xC9249, 0xCA229, 0xCB829, 0xCC849, 0xCE029, 0xCF249, 0xD0229, 0xD3A29,
    0xD5A49, 0xD7A29, 0xD9029, 0xDA249, 0xDC229, 0xDD049, 0xDD809, 0xDE229, 0xDF049, 0xE0009,
    0xE2029, 0xE3249, 0xE4229, 0xE5A29, 0xEEA49, 0xF8249, 0xF9229, 0xFB829, 0xFCA49, 0x11A049,
    0x11D029, 0x11E249, 0x11F229, 0x120249, 0x122029, 0x123A49, 0x128049, 0x14A009, 0x14A849,
    0x158009, 0x161100, 0x163009, 0x169100, 0x170009, 0x172900, 0x176009, 0x176900, 0x177009,
    0x177900, 0x180018, 0x1B8229, 0x1BA009, 0x1BA900, 0x1BB229, 0x1BC000, 0x1BD009, 0x1BD849,
    0x1BF080, 0x1BF829, 0x1C0000, 0x1C2100, 0x1C3029, 0x1C3880, 0x1C4029, 0x1C5800, 0x1C6029,
    0x1C6800, 0x1C7029, 0x1C8249, 0x1C9029, 0x1D1000, 0x1D1829, 0x1D6049, 0x1E7A29, 0x1E8A49,
    0x1E9829, 0x1EA849, 0x1EC229, 0x1F8049, 0x1FA229, 0x1FB100, 0x1FBA29, 0x1FD229, 0x1FE249,
    0x1FF029, 0x218049, 0x230229, 0x241100, 0x241818, 0x245229, 0x260A29, 0x267A49, 0x298000,
    0x298829, 0x2AB800, 0x2AC809, 0x2AD080, 0x2B0049, 0x2C4880, 0x2C5800, 0x2C6900, 0x2C8000,
    0x2C8818, 0x2DF080, 0x2DF818, 0x2E0080, 0x2E0818, 0x2E1880, 0x2E2018, 0x2E3080, 0x2E3818,
    0x2E4000, 0x2E8009, 0x2F5800, 0x2F7809, 0x2F9880, 0x2FA800, 0x303100, 0x304880, 0x305900,
    0x306080, 0x307100, 0x308018, 0x30D880, 0x30E000, 0x30E880, 0x310009, 0x325818, 0x33000A,
    0x335080, 0x337009, 0x338018, 0x338809, 0x36A080, 0x36A809, 0x36B018, 0x36E800, 0x36F100,
    0x36F818, 0x372809, 0x373818, 0x374900, 0x375018, 0x377009, 0x37800A, 0x37D009, 0x37E900,
    0x37F809, 0x380080, 0x387000, 0x388009, 0x388818, 0x389009, 0x398018, 0x3A5800, 0x3A6809,
    0x3D3018, 0x3D8809, 0x3D9000, 0x3E000A, 0x3E5009, 0x3F5818, 0x3FA009, 0x3FB100, 0x3FB880,
    0x3FD009, 0x3FD800, 0x3FE818, 0x3FF100, 0x400009, 0x40B018, 0x40D009, 0x40D818, 0x412009,
    0x412818, 0x414009, 0x414818, 0x417000, 0x418080, 0x41F800, 0x420009, 0x42C818, 0x42E000,
    0x42F080, 0x42F800, 0x430009, 0x435800, 0x438009, 0x444100, 0x444809, 0x447800, 0x44B818,
    0x450009, 0x465018, 0x471000, 0x471818, 0x482009, 0x49D018, 0x49E809, 0x49F018, 0x4A8009,
    0x4A8818, 0x4AC009, 0x4B1018, 0x4B2080, 0x4B300A, 0x4B8080, 0x4B8809, 0x4C0818, 0x4C2000,
    0x4C2809, 0x4C6800, 0x4C7809, 0x4C8800, 0x4C9809, 0x4D4800, 0x4D5009, 0x4D8800, 0x4D9009,
    0x4D9800, 0x4DB009, 0x4DD000, 0x4DE018, 0x4DE809, 0x4DF018, 0x4E2800, 0x4E3818, 0x4E4800,
    0x4E5818, 0x4E7009, 0x4E7800, 0x4EB818, 0x4EC000, 0x4EE009, 0x4EF000, 0x4EF809, 0x4F1018,
    0x4F2000, 0x4F300A, 0x4F8009, 0x4F9100, 0x4FA002, 0x4FD100, 0x4FE009, 0x4FE880, 0x4FF018,
    0x4FF800, 0x500818, 0x502000, 0x502809, 0x505800, 0x507809, 0x508800, 0x509809, 0x514800,
    0x515009, 0x518800, 0x519009, 0x51A000, 0x51A809, 0x51B800, 0x51C009, 0x51D000, 0x51E018,
    0x51E800, 0x51F018, 0x521800, 0x523818, 0x524800, 0x525818, 0x527000, 0x528818, 0x529000,
    0x52C809, 0x52E800, 0x52F009, 0x52F800, 0x53300A, 0x538018, 0x539009, 0x53A818, 0x53B080,
    0x53B800, 0x540818, 0x542000, 0x542809, 0x547000, 0x547809, 0x549000, 0x549809, 0x554800,
    0x555009, 0x558800, 0x559009, 0x55A000, 0x55A809, 0x55D000, 0x55E018, 0x55E809, 0x55F018,
    0x563000, 0x563818, 0x565000, 0x565818, 0x567000, 0x568009, 0x568800, 0x570009, 0x571018,
    0x572000, 0x57300A, 0x578080, 0x578900, 0x579000, 0x57C809, 0x57D018, 0x580000, 0x580818,
    0x582000, 0x582809, 0x586800, 0x587809, 0x588800, 0x589809, 0x594800, 0x595009, 0x598800,
    0x599009, 0x59A000, 0x59A809, 0x59D000, 0x59E018, 0x59E809, 0x59F018, 0x5A2800, 0x5A3818,
    0x5A4800, 0x5A5818, 0x5A7000, 0x5AA818, 0x5AC000, 0x5AE009, 0x5AF000, 0x5AF809, 0x5B1018,
    0x5B2000, 0x5B300A, 0x5B8100, 0x5B8809, 0x5B9002, 0x5BC000, 0x5C1018, 0x5C1809, 0x5C2000,
    0x5C2809, 0x5C5800, 0x5C7009, 0x5C8800, 0x5C9009, 0x5CB000, 0x5CC809, 0x5CD800, 0x5CE009,
    0x5CE800, 0x5CF009, 0x5D0000, 0x5D1809, 0x5D2800, 0x5D4009, 0x5D5800, 0x5D7009, 0x5DD000,
    0x5DF018, 0x5E1800, 0x5E3018, 0x5E4800, 0x5E5018, 0x5E7000, 0x5E8009, 0x5E8800, 0x5EB818,
    0x5EC000, 0x5F300A, 0x5F8002, 0x5F9900, 0x5FD800, 0x600018, 0x602809, 0x606800, 0x607009,
    0x608800, 0x609009, 0x614800, 0x615009, 0x61D000, 0x61E018, 0x61E809, 0x61F018, 0x622800,
    0x623018, 0x624800, 0x625018, 0x627000, 0x62A818, 0x62B800, 0x62C009, 0x62D800, 0x62E809,
    0x62F000, 0x630009, 0x631018, 0x632000, 0x63300A, 0x638000, 0x63B880, 0x63C002, 0x63F900,
    0x640009, 0x640818, 0x642080, 0x642809, 0x646800, 0x647009, 0x648800, 0x649009, 0x654800,
    0x655009, 0x65A000, 0x65A809, 0x65D000, 0x65E018, 0x65E809, 0x65F018, 0x662800, 0x663018,
    0x664800, 0x665018, 0x667000, 0x66A818, 0x66B800, 0x66E809, 0x66F800, 0x670009, 0x671018,
    0x672000, 0x67300A, 0x678000, 0x678809, 0x679818, 0x67A000, 0x680018, 0x682009, 0x686800,
    0x687009, 0x688800, 0x689009, 0x69D818, 0x69E809, 0x69F018, 0x6A2800, 0x6A3018, 0x6A4800,
    0x6A5018, 0x6A7009, 0x6A7900, 0x6A8000, 0x6AA009, 0x6AB818, 0x6AC002, 0x6AF809, 0x6B1018,
    0x6B2000, 0x6B300A, 0x6B8002, 0x6BC900, 0x6BD009, 0x6C0000, 0x6C0818, 0x6C2000, 0x6C2809,
    0x6CB800, 0x6CD009, 0x6D9000, 0x6D9809, 0x6DE000, 0x6DE809, 0x6DF000, 0x6E0009, 0x6E3800,
    0x6E5018, 0x6E5800, 0x6E7818, 0x6EA800, 0x6EB018, 0x6EB800, 0x6EC018, 0x6F0000, 0x6F300A,
    0x6F8000, 0x6F9018, 0x6FA080, 0x6FA800, 0x700809, 0x718818, 0x719009, 0x71A018, 0x71D800,
    0x71F900, 0x720009, 0x723818, 0x727880, 0x72800A, 0x72D080, 0x72E000, 0x740809, 0x741800,
    0x742009, 0x742800, 0x743009, 0x745800, 0x746009, 0x752000, 0x752809, 0x753000, 0x753809,
    0x758818, 0x759009, 0x75A018, 0x75E809, 0x75F000, 0x760009, 0x762800, 0x763009, 0x763800,
    0x764018, 0x767800, 0x76800A, 0x76D000, 0x76E009, 0x770000, 0x780009, 0x780900, 0x782080,
    0x789900, 0x78A080, 0x78A900, 0x78C018, 0x78D100, 0x79000A, 0x795002, 0x79A100, 0x79A818,
    0x79B100, 0x79B818, 0x79C100, 0x79C818, 0x79D080, 0x79F018, 0x7A0009, 0x7A4000, 0x7A4809,
    0x7B6800, 0x7B8818, 0x7C2880, 0x7C3018, 0x7C4009, 0x7C6818, 0x7CC000, 0x7CC818, 0x7DE800,
    0x7DF100, 0x7E3018, 0x7E3900, 0x7E6800, 0x7E7100, 0x7E8080, 0x7EA900, 0x7EC880, 0x7ED800,
    0x800009, 0x815818, 0x81F809, 0x82000A, 0x825080, 0x828009, 0x82B018, 0x82D009, 0x82F018,
    0x830809, 0x831018, 0x832809, 0x833818, 0x837009, 0x838818, 0x83A809, 0x841018, 0x847009,
    0x847818, 0x84800A, 0x84D018, 0x84F100, 0x850029, 0x863000, 0x863829, 0x864000, 0x866829,
    0x867000, 0x868049, 0x87D880, 0x87E009, 0x87E849, 0x880009, 0x924800, 0x925009, 0x927000,
    0x928009, 0x92B800, 0x92C009, 0x92C800, 0x92D009, 0x92F000, 0x930009, 0x944800, 0x945009,
    0x947000, 0x948009, 0x958800, 0x959009, 0x95B000, 0x95C009, 0x95F800, 0x960009, 0x960800,
    0x961009, 0x963000, 0x964009, 0x96B800, 0x96C009, 0x988800, 0x989009, 0x98B000, 0x98C009,
    0x9AD800, 0x9AE818, 0x9B0080, 0x9B4802, 0x9BE800, 0x9C0009, 0x9C8100, 0x9CD000, 0x9D0029,
    0x9FB000, 0x9FC049, 0x9FF000, 0xA00080, 0xA00809, 0xB36900, 0xB37080, 0xB37809, 0xB40004,
    0xB40809, 0xB4D880, 0xB4E800, 0xB50009, 0xB75880, 0xB7700A, 0xB78809, 0xB7C800, 0xB80009,
    0xB89018, 0xB8B000, 0xB8F809, 0xB99018, 0xB9A880, 0xB9B800, 0xBA0009, 0xBA9018, 0xBAA000,
    0xBB0009, 0xBB6800, 0xBB7009, 0xBB8800, 0xBB9018, 0xBBA000, 0xBC0009, 0xBDA018, 0xBEA080,
    0xBEB809, 0xBEC080, 0xBED900, 0xBEE009, 0xBEE818, 0xBEF000, 0xBF000A, 0xBF5000, 0xBF8002,
    0xBFD000, 0xC00080, 0xC05818, 0xC07000, 0xC07818, 0xC0800A, 0xC0D000, 0xC10009, 0xC3C800,
    0xC40009, 0xC42818, 0xC43809, 0xC54818, 0xC55009, 0xC55800, 0xC58009, 0xC7B000, 0xC80009,
    0xC8F800, 0xC90018, 0xC96000, 0xC98018, 0xC9E000, 0xCA0100, 0xCA0800, 0xCA2080, 0xCA300A,
    0xCA8009, 0xCB7000, 0xCB8009, 0xCBA800, 0xCC0009, 0xCD6000, 0xCD8009, 0xCE5000, 0xCE800A,
    0xCED002, 0xCED800, 0xCEF100, 0xD00009, 0xD0B818, 0xD0E000, 0xD0F080, 0xD10009, 0xD2A818,
    0xD2F800, 0xD30018, 0xD3E800, 0xD3F818, 0xD4000A, 0xD45000, 0xD4800A, 0xD4D000, 0xD50080,
    0xD53809, 0xD54080, 0xD57000, 0xD58018, 0xD67800, 0xD80018, 0xD82809, 0xD9A018, 0xDA2809,
    0xDA6800, 0xDA7080, 0xDA800A, 0xDAD080, 0xDB0900, 0xDB5818, 0xDBA100, 0xDBE880, 0xDC0018,
    0xDC1809, 0xDD0818, 0xDD7009, 0xDD800A, 0xDDD009, 0xDF3018, 0xDFA000, 0xDFE080, 0xE00009,
    0xE12018, 0xE1C000, 0xE1D880, 0xE2000A, 0xE25000, 0xE26809, 0xE2800A, 0xE2D009, 0xE3F080,
    0xE40049, 0xE44A29, 0xE45800, 0xE48029, 0xE5D800, 0xE5E829, 0xE60080, 0xE64000, 0xE68018,
    0xE69880, 0xE6A018, 0xE74809, 0xE76818, 0xE77009, 0xE7A018, 0xE7A809, 0xE7B818, 0xE7D009,
    0xE7D800, 0xE80049, 0xE96009, 0xEB5849, 0xEBC009, 0xEBC849, 0xECD809, 0xEE0018, 0xF00229,
    0xF4B049, 0xF4F229, 0xF80049, 0xF84029, 0xF88049, 0xF8B000, 0xF8C029, 0xF8F000, 0xF90049,
    0xF94029, 0xF98049, 0xF9C029, 0xFA0049, 0xFA3000, 0xFA4029, 0xFA7000, 0xFA8049, 0xFAC000,
    0xFAC829, 0xFAD000, 0xFAD829, 0xFAE000, 0xFAE829, 0xFAF000, 0xFAFA29, 0xFB0849, 0xFB4029,
    0xFB8049, 0xFBF000, 0xFC0049, 0xFC4029, 0xFC8049, 0xFCC029, 0xFD0049, 0xFD4029, 0xFD8049,
    0xFDA800, 0xFDB049, 0xFDC029, 0xFDE900, 0xFDF049, 0xFDF900, 0xFE1049, 0xFE2800, 0xFE3049,
    0xFE4029, 0xFE6900, 0xFE8049, 0xFEA000, 0xFEB049, 0xFEC029, 0xFEE000, 0xFEE900, 0xFF0049,
    0xFF4029, 0xFF6900, 0xFF8000, 0xFF9049, 0xFFA800, 0xFFB049, 0xFFC029, 0xFFE900, 0xFFF800,
    0x1000004, 0x1005800, 0x1006008, 0x1007000, 0x1008080, 0x1014004, 0x1015000, 0x1017804,
    0x1018080, 0x101F888, 0x1020880, 0x1022100, 0x1022880, 0x1029100, 0x1029880, 0x102A088,
    0x102A880, 0x102F804, 0x1030000, 0x1038002, 0x1038809, 0x1039000, 0x103A002, 0x103D100,
    0x103E880, 0x103F809, 0x1040002, 0x1045100, 0x1046880, 0x1047800, 0x1048009, 0x104E800,
    0x1050100, 0x1060800, 0x1068018, 0x1078800, 0x1080100, 0x1081029, 0x1081900, 0x1083829,
    0x1084100, 0x1085249, 0x1086029, 0x1087049, 0x1088029, 0x1089849, 0x108A100, 0x108A829,
    0x108B100, 0x108C829, 0x108F100, 0x1092029, 0x1092900, 0x1093029, 0x1093900, 0x1094029,
    0x1094900, 0x1095029, 0x1097100, 0x1097A49, 0x1098829, 0x109A049, 0x109A809, 0x109C849,
    0x109D100, 0x109E049, 0x109F029, 0x10A0100, 0x10A2A29, 0x10A3849, 0x10A5100, 0x10A7049,
    0x10A7900, 0x10A8002, 0x10B000A, 0x10C1A29, 0x10C280A, 0x10C4802, 0x10C5100, 0x10C6000,
    0x10C8100, 0x1184080, 0x1186100, 0x1194880, 0x1195900, 0x1215000, 0x1220100, 0x1225800,
    0x1230002, 0x124E100, 0x125B108, 0x1275002, 0x1280100, 0x13B4080, 0x13BB002, 0x13CA100,
    0x13E2880, 0x13E3900, 0x13F3080, 0x13F8100, 0x14C1880, 0x14CC900, 0x14EC080, 0x14EE100,
    0x14FE080, 0x14FF100, 0x15BA000, 0x15BB100, 0x15CB000, 0x15CB900, 0x1600029, 0x1618049,
    0x1630229, 0x1631829, 0x1632849, 0x1633A29, 0x1637029, 0x1638A49, 0x163A249, 0x163B849,
    0x163E009, 0x163F029, 0x1640A49, 0x1672049, 0x1672900, 0x1675A29, 0x1677818, 0x1679229,
    0x167A000, 0x167C880, 0x167E802, 0x167F080, 0x1680049, 0x1693000, 0x1693849, 0x1694000,
    0x1696849, 0x1697000, 0x1698009, 0x16B4000, 0x16B7809, 0x16B8080, 0x16B8800, 0x16BF818,
    0x16C0009, 0x16CB800, 0x16D0009, 0x16D3800, 0x16D4009, 0x16D7800, 0x16D8009, 0x16DB800,
    0x16DC009, 0x16DF800, 0x16E0009, 0x16E3800, 0x16E4009, 0x16E7800, 0x16E8009, 0x16EB800,
    0x16EC009, 0x16EF800, 0x16F0018, 0x1700080, 0x1717809, 0x1718080, 0x1728100, 0x1729080,
    0x172F000, 0x1740100, 0x174D000, 0x174D900, 0x177A000, 0x1780100, 0x17EB000, 0x17F8100,
    0x1800004, 0x1800880, 0x1802100, 0x1802809, 0x180380A, 0x1804080, 0x1809100, 0x180A080,
    0x1810100, 0x181080A, 0x1815018, 0x1818080, 0x1818809, 0x181B100, 0x181C00A, 0x181D809,
    0x181E880, 0x181F100, 0x1820000, 0x1820809, 0x184B800, 0x184C818, 0x184D900, 0x184E809,
    0x1850080, 0x1850809, 0x187D880, 0x187E009, 0x1880000, 0x1882809, 0x1898000, 0x1898809,
    0x18C7800, 0x18C8100, 0x18C9002, 0x18CB100, 0x18D0009, 0x18E0100, 0x18F3000, 0x18F7900,
    0x18F8009, 0x1900100, 0x190F800, 0x1910002, 0x1915100, 0x1924002, 0x1928100, 0x1928802,
    0x1930100, 0x1940002, 0x1945100, 0x1958802, 0x1960100, 0x1A00009, 0x26E0100, 0x2700009,
    0x5246800, 0x5248100, 0x5263800, 0x5268009, 0x527F080, 0x5280009, 0x5306880, 0x5308009,
    0x531000A, 0x5315009, 0x5316000, 0x5320229, 0x5337009, 0x5337818, 0x5339880, 0x533A018,
    0x533F080, 0x533F809, 0x5340229, 0x534E009, 0x534F018, 0x5350009, 0x537300A, 0x5378018,
    0x5379080, 0x537C000, 0x5380100, 0x538B809, 0x5390100, 0x5391229, 0x5398049, 0x5399229,
    0x53B8009, 0x53B8849, 0x53BCA29, 0x53BF229, 0x53C4009, 0x53C4900, 0x53C5A29, 0x53C7809,
    0x53C8229, 0x53CA049, 0x53CB229, 0x53D5829, 0x53D7A49, 0x53D8829, 0x53DAA49, 0x53E2829,
    0x53E4249, 0x53E6229, 0x53E7000, 0x53E8229, 0x53E9000, 0x53E9849, 0x53EA000, 0x53EAA49,
    0x53EE800, 0x53F9009, 0x53FAA29, 0x53FB809, 0x53FD049, 0x53FD809, 0x5401018, 0x5401809,
    0x5403018, 0x5403809, 0x5405818, 0x5406009, 0x5411818, 0x5414100, 0x5416018, 0x5416800,
    0x5418002, 0x541B100, 0x541D000, 0x5420009, 0x543A080, 0x543C000, 0x5440018, 0x5441009,
    0x545A018, 0x5463000, 0x5467080, 0x546800A, 0x546D000, 0x5470018, 0x5479009, 0x547C080,
    0x547D809, 0x547E080, 0x547E809, 0x547F818, 0x548000A, 0x5485009, 0x5493018, 0x5497080,
    0x5498009, 0x54A3818, 0x54AA000, 0x54AF880, 0x54B0009, 0x54BE800, 0x54C0018, 0x54C2009,
    0x54D9818, 0x54E0880, 0x54E7000, 0x54E7809, 0x54E800A, 0x54ED000, 0x54EF080, 0x54F0009,
    0x54F2818, 0x54F3009, 0x54F800A, 0x54FD009, 0x54FF800, 0x5500009, 0x5514818, 0x551B800,
    0x5520009, 0x5521818, 0x5522009, 0x5526018, 0x5527000, 0x552800A, 0x552D000, 0x552E080,
    0x5530009, 0x553B900, 0x553D009, 0x553D818, 0x553F009, 0x5558018, 0x5558809, 0x5559018,
    0x555A809, 0x555B818, 0x555C809, 0x555F018, 0x5560009, 0x5560818, 0x5561009, 0x5561800,
    0x556D809, 0x556F080, 0x5570009, 0x5575818, 0x5578080, 0x5579009, 0x557A818, 0x557B800,
    0x5580809, 0x5583800, 0x5584809, 0x5587800, 0x5588809, 0x558B800, 0x5590009, 0x5593800,
    0x5594009, 0x5597800, 0x5598049, 0x55AD900, 0x55AE009, 0x55B0049, 0x55B4809, 0x55B5100,
    0x55B6000, 0x55B8049, 0x55E0009, 0x55F1818, 0x55F5880, 0x55F6018, 0x55F7000, 0x55F800A,
    0x55FD000, 0x5600009, 0x6BD2000, 0x6BD8009, 0x6BE3800, 0x6BE5809, 0x6BFE000, 0x7C80009,
    0x7D37000, 0x7D38009, 0x7D6D000, 0x7D80049, 0x7D83800, 0x7D89849, 0x7D8C000, 0x7D8E809,
    0x7D8F018, 0x7D8F809, 0x7D94900, 0x7D95009, 0x7D9B800, 0x7D9C009, 0x7D9E800, 0x7D9F009,
    0x7D9F800, 0x7DA0009, 0x7DA1000, 0x7DA1809, 0x7DA2800, 0x7DA3009, 0x7DD9100, 0x7DE1800,
    0x7DE9809, 0x7E9F080, 0x7EA0100, 0x7EA8009, 0x7EC8000, 0x7EC9009, 0x7EE4000, 0x7EE7900,
    0x7EE8000, 0x7EF8009, 0x7EFE100, 0x7F00018, 0x7F08080, 0x7F0D000, 0x7F10018, 0x7F18080,
    0x7F19888, 0x7F1A880, 0x7F26888, 0x7F28080, 0x7F29800, 0x7F2A080, 0x7F31100, 0x7F31880,
    0x7F32100, 0x7F33800, 0x7F34080, 0x7F34900, 0x7F35080, 0x7F36000, 0x7F38009, 0x7F3A800,
    0x7F3B009, 0x7F7E800, 0x7F80880, 0x7F82100, 0x7F82880, 0x7F85900, 0x7F86080, 0x7F8800A,
    0x7F8D080, 0x7F8E100, 0x7F8F880, 0x7F90829, 0x7F9D880, 0x7F9F100, 0x7F9F888, 0x7FA0100,
    0x7FA0849, 0x7FAD880, 0x7FAE100, 0x7FAE880, 0x7FAF100, 0x7FAF880, 0x7FB3009, 0x7FDF800,
    0x7FE1009, 0x7FE4000, 0x7FE5009, 0x7FE8000, 0x7FE9009, 0x7FEC000, 0x7FED009, 0x7FEE800,
    0x7FF0100, 0x7FF3800, 0x7FF4100, 0x7FF7800, 0x7FFE100, 0x7FFF000, 0x8000009, 0x8006000,
    0x8006809, 0x8013800, 0x8014009, 0x801D800, 0x801E009, 0x801F000, 0x801F809, 0x8027000,
    0x8028009, 0x802F000, 0x8040009, 0x807D800, 0x8080080, 0x8081800, 0x8083802, 0x809A000,
    0x809B900, 0x80A000A, 0x80BA802, 0x80BC900, 0x80C5002, 0x80C6100, 0x80C7800, 0x80C8100,
    0x80CE800, 0x80D0100, 0x80D0800, 0x80E8100, 0x80FE818, 0x80FF000, 0x8140009, 0x814E800,
    0x8150009, 0x8168800, 0x8170018, 0x8170802, 0x817E000, 0x8180009, 0x8190002, 0x8192000,
    0x8196809, 0x81A080A, 0x81A1009, 0x81A500A, 0x81A5800, 0x81A8009, 0x81BB018, 0x81BD800,
    0x81C0009, 0x81CF000, 0x81CF880, 0x81D0009, 0x81E2000, 0x81E4009, 0x81E8080, 0x81E880A,
    0x81EB000, 0x8200029, 0x8214049, 0x8228009, 0x824F000, 0x825000A, 0x8255000, 0x8258029,
    0x826A000, 0x826C049, 0x827E000, 0x8280009, 0x8294000, 0x8298009, 0x82B2000, 0x82B7880,
    0x82B8029, 0x82BD800, 0x82BE029, 0x82C5800, 0x82C6029, 0x82C9800, 0x82CA029, 0x82CB000,
    0x82CB849, 0x82D1000, 0x82D1849, 0x82D9000, 0x82D9849, 0x82DD000, 0x82DD849, 0x82DE800,
    0x82E0009, 0x82FA000, 0x8300009, 0x839B800, 0x83A0009, 0x83AB000, 0x83B0009, 0x83B4000,
    0x83C0009, 0x83C3000, 0x83C3809, 0x83D8800, 0x83D9009, 0x83DD800, 0x8400009, 0x8403000,
    0x8404009, 0x8404800, 0x8405009, 0x841B000, 0x841B809, 0x841C800, 0x841E009, 0x841E800,
    0x841F809, 0x842B000, 0x842B880, 0x842C002, 0x8430009, 0x843B900, 0x843C802, 0x8440009,
    0x844F800, 0x8453802, 0x8458000, 0x8470009, 0x8479800, 0x847A009, 0x847B000, 0x847D802,
    0x8480009, 0x848B002, 0x848E000, 0x848F880, 0x8490009, 0x849D000, 0x849F880, 0x84A0000,
    0x84C0009, 0x84DC000, 0x84DE002, 0x84DF009, 0x84E0002, 0x84E8000, 0x84E9002, 0x8500009,
    0x8500818, 0x8502000, 0x8502818, 0x8503800, 0x8506018, 0x8508009, 0x850A000, 0x850A809,
    0x850C000, 0x850C809, 0x851B000, 0x851C018, 0x851D800, 0x851F818, 0x8520002, 0x8524800,
    0x8528080, 0x852C800, 0x8530009, 0x853E802, 0x853F880, 0x8540009, 0x854E802, 0x8550000,
    0x8560009, 0x8564100, 0x8564809, 0x8572818, 0x8573800, 0x8575802, 0x8578080, 0x857B800,
    0x8580009, 0x859B000, 0x859C880, 0x85A0009, 0x85AB000, 0x85AC002, 0x85B0009, 0x85B9800,
    0x85BC002, 0x85C0009, 0x85C9000, 0x85CC880, 0x85CE800, 0x85D4802, 0x85D8000, 0x8600009,
    0x8624800, 0x8640029, 0x8659800, 0x8660049, 0x8679800, 0x867D002, 0x8680009, 0x8692018,
    0x8694000, 0x869800A, 0x869D000, 0x86A000A, 0x86A5009, 0x86A8029, 0x86B3000, 0x86B4818,
    0x86B7080, 0x86B7809, 0x86B8049, 0x86C3000, 0x86C7100, 0x86C8000, 0x8730002, 0x873F800,
    0x8740009, 0x8755000, 0x8755818, 0x8756880, 0x8757000, 0x8758009, 0x8759000, 0x8761009,
    0x8762800, 0x877E018, 0x8780009, 0x878E802, 0x8793809, 0x8794000, 0x8798009, 0x87A3018,
    0x87A8802, 0x87AA880, 0x87AD000, 0x87B8009, 0x87C1018, 0x87C3080, 0x87C5000, 0x87D8009,
    0x87E2802, 0x87E6000, 0x87F0009, 0x87FB800, 0x8800018, 0x8801809, 0x881C018, 0x8823880,
    0x8827000, 0x8829002, 0x883300A, 0x8838018, 0x8838809, 0x8839818, 0x883A809, 0x883B000,
    0x883F818, 0x8841809, 0x8858018, 0x885D880, 0x885E800, 0x885F080, 0x8861018, 0x8861800,
    0x8868009, 0x8874800, 0x887800A, 0x887D000, 0x8880018, 0x8881809, 0x8893818, 0x889A800,
    0x889B00A, 0x88A0080, 0x88A2009, 0x88A2818, 0x88A3809, 0x88A4000, 0x88A8009, 0x88B9818,
    0x88BA080, 0x88BB009, 0x88BB800, 0x88C0018, 0x88C1809, 0x88D9818, 0x88E0809, 0x88E2880,
    0x88E4818, 0x88E6880, 0x88E7018, 0x88E800A, 0x88ED009, 0x88ED880, 0x88EE009, 0x88EE880,
    0x88F0000, 0x88F0802, 0x88FA800, 0x8900009, 0x8909000, 0x8909809, 0x8916018, 0x891C080,
    0x891F018, 0x891F809, 0x8920818, 0x8921000, 0x8940009, 0x8943800, 0x8944009, 0x8944800,
    0x8945009, 0x8947000, 0x8947809, 0x894F000, 0x894F809, 0x8954880, 0x8955000, 0x8958009,
    0x896F818, 0x8975800, 0x897800A, 0x897D000, 0x8980018, 0x8982000, 0x8982809, 0x8986800,
    0x8987809, 0x8988800, 0x8989809, 0x8994800, 0x8995009, 0x8998800, 0x8999009, 0x899A000,
    0x899A809, 0x899D000, 0x899D818, 0x899E809, 0x899F018, 0x89A2800, 0x89A3818, 0x89A4800,
    0x89A5818, 0x89A7000, 0x89A8009, 0x89A8800, 0x89AB818, 0x89AC000, 0x89AE809, 0x89B1018,
    0x89B2000, 0x89B3018, 0x89B6800, 0x89B8018, 0x89BA800, 0x89C0009, 0x89C5000, 0x89C5809,
    0x89C6000, 0x89C7009, 0x89C7800, 0x89C8009, 0x89DB000, 0x89DB809, 0x89DC018, 0x89E0800,
    0x89E1018, 0x89E1800, 0x89E2818, 0x89E3000, 0x89E3818, 0x89E5800, 0x89E6018, 0x89E8809,
    0x89E9018, 0x89E9809, 0x89EA080, 0x89EB000, 0x89EB880, 0x89EC800, 0x89F0818, 0x89F1800,
    0x8A00009, 0x8A1A818, 0x8A23809, 0x8A25880, 0x8A2800A, 0x8A2D080, 0x8A2E000, 0x8A2E880,
    0x8A2F018, 0x8A2F809, 0x8A31000, 0x8A40009, 0x8A58018, 0x8A62009, 0x8A63080, 0x8A63809,
    0x8A64000, 0x8A6800A, 0x8A6D000, 0x8AC0009, 0x8AD7818, 0x8ADB000, 0x8ADC018, 0x8AE0880,
    0x8AEC009, 0x8AEE018, 0x8AEF000, 0x8B00009, 0x8B18018, 0x8B20880, 0x8B22009, 0x8B22800,
    0x8B2800A, 0x8B2D000, 0x8B30080, 0x8B36800, 0x8B40009, 0x8B55818, 0x8B5C009, 0x8B5C880,
    0x8B5D000, 0x8B6000A, 0x8B65000, 0x8B6800A, 0x8B72000, 0x8B80009, 0x8B8D800, 0x8B8E818,
    0x8B96000, 0x8B9800A, 0x8B9D002, 0x8B9E080, 0x8B9F900, 0x8BA0009, 0x8BA3800, 0x8C00009,
    0x8C16018, 0x8C1D880, 0x8C1E000, 0x8C50029, 0x8C60049, 0x8C7000A, 0x8C75002, 0x8C79800,
    0x8C7F809, 0x8C83800, 0x8C84809, 0x8C85000, 0x8C86009, 0x8C8A000, 0x8C8A809, 0x8C8B800,
    0x8C8C009, 0x8C98018, 0x8C9B000, 0x8C9B818, 0x8C9C800, 0x8C9D818, 0x8C9F809, 0x8CA0018,
    0x8CA0809, 0x8CA1018, 0x8CA2080, 0x8CA3800, 0x8CA800A, 0x8CAD000, 0x8CD0009, 0x8CD4000,
    0x8CD5009, 0x8CE8818, 0x8CEC000, 0x8CED018, 0x8CF0809, 0x8CF1080, 0x8CF1809, 0x8CF2018,
    0x8CF2800, 0x8D00009, 0x8D00818, 0x8D05809, 0x8D19818, 0x8D1D009, 0x8D1D818, 0x8D1F880,
    0x8D23818, 0x8D24000, 0x8D28009, 0x8D28818, 0x8D2E009, 0x8D45018, 0x8D4D080, 0x8D4E809,
    0x8D4F080, 0x8D51800, 0x8D58009, 0x8D7C800, 0x8D80080, 0x8D85000, 0x8DE0009, 0x8DF0880,
    0x8DF1000, 0x8DF800A, 0x8DFD000, 0x8E00009, 0x8E04800, 0x8E05009, 0x8E17818, 0x8E1B800,
    0x8E1C018, 0x8E20009, 0x8E20880, 0x8E23000, 0x8E2800A, 0x8E2D002, 0x8E36800, 0x8E38080,
    0x8E39009, 0x8E48000, 0x8E49018, 0x8E54000, 0x8E54818, 0x8E5B800, 0x8E80009, 0x8E83800,
    0x8E84009, 0x8E85000, 0x8E85809, 0x8E98818, 0x8E9B800, 0x8E9D018, 0x8E9D800, 0x8E9E018,
    0x8E9F000, 0x8E9F818, 0x8EA3009, 0x8EA3818, 0x8EA4000, 0x8EA800A, 0x8EAD000, 0x8EB0009,
    0x8EB3000, 0x8EB3809, 0x8EB4800, 0x8EB5009, 0x8EC5018, 0x8EC7800, 0x8EC8018, 0x8EC9000,
    0x8EC9818, 0x8ECC009, 0x8ECC800, 0x8ED000A, 0x8ED5000, 0x8F70009, 0x8F79818, 0x8F7B880,
    0x8F7C800, 0x8F80018, 0x8F81009, 0x8F81818, 0x8F82009, 0x8F88800, 0x8F89009, 0x8F9A018,
    0x8F9D800, 0x8F9F018, 0x8FA1880, 0x8FA800A, 0x8FAD018, 0x8FAD800, 0x8FD8009, 0x8FD8800,
    0x8FE0002, 0x8FEA900, 0x8FF9000, 0x8FFF880, 0x9000009, 0x91CD000, 0x920000A, 0x9237800,
    0x9238080, 0x923A800, 0x9240009, 0x92A2000, 0x97C8009, 0x97F8880, 0x97F9800, 0x9800009,
    0x9A18000, 0x9A20018, 0x9A20809, 0x9A23818, 0x9A2B000, 0x9A30009, 0xA1FD800, 0xA200009,
    0xA323800, 0xB080009, 0xB08F018, 0xB09800A, 0xB09D000, 0xB400009, 0xB51C800, 0xB520009,
    0xB52F800, 0xB53000A, 0xB535000, 0xB537080, 0xB538009, 0xB55F800, 0xB56000A, 0xB565000,
    0xB568009, 0xB577000, 0xB578018, 0xB57A880, 0xB57B000, 0xB580009, 0xB598018, 0xB59B880,
    0xB59E100, 0xB5A0009, 0xB5A2080, 0xB5A2900, 0xB5A3000, 0xB5A800A, 0xB5AD000, 0xB5AD802,
    0xB5B1000, 0xB5B1809, 0xB5BC000, 0xB5BE809, 0xB5C8000, 0xB6A0009, 0xB6B6880, 0xB6B800A,
    0xB6BD000, 0xB720029, 0xB730049, 0xB740002, 0xB74B880, 0xB74D800, 0xB780009, 0xB7A5800,
    0xB7A7818, 0xB7A8009, 0xB7A8818, 0xB7C4000, 0xB7C7818, 0xB7C9809, 0xB7D0000, 0xB7F0009,
    0xB7F1080, 0xB7F1809, 0xB7F2018, 0xB7F2800, 0xB7F8018, 0xB7F9000, 0xB800009, 0xC3FC000,
    0xC400009, 0xC66B000, 0xC67F809, 0xC684800, 0xD7F8009, 0xD7FA000, 0xD7FA809, 0xD7FE000,
    0xD7FE809, 0xD7FF800, 0xD800009, 0xD891800, 0xD899009, 0xD899800, 0xD8A8009, 0xD8A9800,
    0xD8AA809, 0xD8AB000, 0xD8B2009, 0xD8B4000, 0xD8B8009, 0xD97E000, 0xDE00009, 0xDE35800,
    0xDE38009, 0xDE3E800, 0xDE40009, 0xDE44800, 0xDE48009, 0xDE4D000, 0xDE4E100, 0xDE4E818,
    0xDE4F880, 0xDE50000, 0xE600100, 0xE67800A, 0xE67D000, 0xE680100, 0xE75A000, 0xE780018,
    0xE797000, 0xE798018, 0xE7A3800, 0xE7A8100, 0xE7E2000, 0xE800100, 0xE87B000, 0xE880100,
    0xE893800, 0xE894900, 0xE8B2818, 0xE8B5100, 0xE8B6818, 0xE8B9800, 0xE8BD818, 0xE8C1900,
    0xE8C2818, 0xE8C6100, 0xE8D5018, 0xE8D7100, 0xE8F5800, 0xE900100, 0xE921018, 0xE922900,
    0xE923000, 0xE960002, 0xE96A000, 0xE970002, 0xE97A000, 0xE980100, 0xE9AB800, 0xE9B0002,
    0xE9BC800, 0xEA00029, 0xEA0D049, 0xEA1A029, 0xEA27049, 0xEA2A800, 0xEA2B049, 0xEA34029,
    0xEA41049, 0xEA4E029, 0xEA4E800, 0xEA4F029, 0xEA50000, 0xEA51029, 0xEA51800, 0xEA52829,
    0xEA53800, 0xEA54829, 0xEA56800, 0xEA57029, 0xEA5B049, 0xEA5D000, 0xEA5D849, 0xEA5E000,
    0xEA5E849, 0xEA62000, 0xEA62849, 0xEA68029, 0xEA75049, 0xEA82029, 0xEA83000, 0xEA83829,
    0xEA85800, 0xEA86829, 0xEA8A800, 0xEA8B029, 0xEA8E800, 0xEA8F049, 0xEA9C029, 0xEA9D000,
    0xEA9D829, 0xEA9F800, 0xEAA0029, 0xEAA2800, 0xEAA3029, 0xEAA3800, 0xEAA5029, 0xEAA8800,
    0xEAA9049, 0xEAB6029, 0xEAC3049, 0xEAD0029, 0xEADD049, 0xEAEA029, 0xEAF7049, 0xEB04029,
    0xEB11049, 0xEB1E029, 0xEB2B049, 0xEB38029, 0xEB45049, 0xEB53000, 0xEB54029, 0xEB60900,
    0xEB61049, 0xEB6D900, 0xEB6E049, 0xEB71029, 0xEB7D900, 0xEB7E049, 0xEB8A900, 0xEB8B049,
    0xEB8E029, 0xEB9A900, 0xEB9B049, 0xEBA7900, 0xEBA8049, 0xEBAB029, 0xEBB7900, 0xEBB8049,
    0xEBC4900, 0xEBC5049, 0xEBC8029, 0xEBD4900, 0xEBD5049, 0xEBE1900, 0xEBE2049, 0xEBE5229,
    0xEBE6000, 0xEBE700A, 0xEC00100, 0xED00018, 0xED1B900, 0xED1D818, 0xED36900, 0xED3A818,
    0xED3B100, 0xED42018, 0xED42900, 0xED43880, 0xED46000, 0xED4D818, 0xED50000, 0xED50818,
    0xED58000, 0xEF80049, 0xEF85009, 0xEF85849, 0xEF8F800, 0xEF92849, 0xEF95800, 0xF000018,
    0xF003800, 0xF004018, 0xF00C800, 0xF00D818, 0xF011000, 0xF011818, 0xF012800, 0xF013018,
    0xF015800, 0xF018009, 0xF037000, 0xF047818, 0xF048000, 0xF080009, 0xF096800, 0xF098018,
    0xF09B809, 0xF09F000, 0xF0A000A, 0xF0A5000, 0xF0A7009, 0xF0A7900, 0xF0A8000, 0xF148009,
    0xF157018, 0xF157800, 0xF160009, 0xF176018, 0xF17800A, 0xF17D000, 0xF17F900, 0xF180000,
    0xF268009, 0xF276018, 0xF27800A, 0xF27D000, 0xF2E8009, 0xF2F7018, 0xF2F8009, 0xF2F880A,
    0xF2FD800, 0xF2FF880, 0xF300000, 0xF3F0009, 0xF3F3800, 0xF3F4009, 0xF3F6000, 0xF3F6809,
    0xF3F7800, 0xF3F8009, 0xF3FF800, 0xF400009, 0xF462800, 0xF463802, 0xF468018, 0xF46B800,
    0xF480029, 0xF491049, 0xF4A2018, 0xF4A5809, 0xF4A6000, 0xF4A800A, 0xF4AD000, 0xF4AF080,
    0xF4B0000, 0xF638802, 0xF656100, 0xF656802, 0xF658100, 0xF658802, 0xF65A800, 0xF680802,
    0xF697100, 0xF697802, 0xF69F000, 0xF700009, 0xF702000, 0xF702809, 0xF710000, 0xF710809,
    0xF711800, 0xF712009, 0xF712800, 0xF713809, 0xF714000, 0xF714809, 0xF719800, 0xF71A009,
    0xF71C000, 0xF71C809, 0xF71D000, 0xF71D809, 0xF71E000, 0xF721009, 0xF721800, 0xF723809,
    0xF724000, 0xF724809, 0xF725000, 0xF725809, 0xF726000, 0xF726809, 0xF728000, 0xF728809,
    0xF729800, 0xF72A009, 0xF72A800, 0xF72B809, 0xF72C000, 0xF72C809, 0xF72D000, 0xF72D809,
    0xF72E000, 0xF72E809, 0xF72F000, 0xF72F809, 0xF730000, 0xF730809, 0xF731800, 0xF732009,
    0xF732800, 0xF733809, 0xF735800, 0xF736009, 0xF739800, 0xF73A009, 0xF73C000, 0xF73C809,
    0xF73E800, 0xF73F009, 0xF73F800, 0xF740009, 0xF745000, 0xF745809, 0xF74E000, 0xF750809,
    0xF752000, 0xF752809, 0xF755000, 0xF755809, 0xF75E000, 0xF778100, 0xF779000, 0xF800100,
    0xF816000, 0xF818100, 0xF84A000, 0xF850100, 0xF857800, 0xF858900, 0xF860000, 0xF860900,
    0xF868000, 0xF868900, 0xF87B000, 0xF880002, 0xF886900, 0xF898108, 0xF8A5100, 0xF8A8108,
    0xF8B5100, 0xF8B8108, 0xF8C5100, 0xF8D7000, 0xF8F3100, 0xF901800, 0xF908100, 0xF91E000,
    0xF920100, 0xF924800, 0xF928100, 0xF929000, 0xF930100, 0xF933000, 0xF980100, 0xFB6C000,
    0xFB6E100, 0xFB76800, 0xFB78100, 0xFB7E800, 0xFB80100, 0xFBBB800, 0xFBBD900, 0xFBED000,
    0xFBF0100, 0xFBF6000, 0xFBF8100, 0xFBF8800, 0xFC00100, 0xFC06000, 0xFC08100, 0xFC24000,
    0xFC28100, 0xFC2D000, 0xFC30100, 0xFC44000, 0xFC48100, 0xFC57000, 0xFC58100, 0xFC5E000,
    0xFC60100, 0xFC61000, 0xFC80100, 0xFD2A000, 0xFD30100, 0xFD37000, 0xFD38100, 0xFD3E800,
    0xFD40100, 0xFD45000, 0xFD47900, 0xFD63800, 0xFD67100, 0xFD6E800, 0xFD6F900, 0xFD75000,
    0xFD78100, 0xFD7C800, 0xFD80100, 0xFDC9800, 0xFDCA100, 0xFDF800A, 0xFDFD000, 0x10000009,
    0x15370000, 0x15380009, 0x15B9D000, 0x15BA0009, 0x15C0F000, 0x15C10009, 0x16751000, 0x16758009,
    0x175F0800, 0x175F8009, 0x1772F000, 0x17C00009, 0x17D0F000, 0x18000009, 0x189A5800, 0x189A8009,
    0x191D8000, 0x70080018, 0x700F8000,
};
/* For NFC: the place of the combining class, and 64 in doubt: not in NFC, or
   joins what is before; entry: first code point << 11. See >>composition. */
static const uint32_t slm__nfc_classes[691] = {
    0x0, 0x180072, 0x182832, 0x183072, 0x186832, 0x187872, 0x188032, 0x188872, 0x189032, 0x189872,
    0x18A833, 0x18B02D, 0x18D033, 0x18D86B, 0x18E02D, 0x190829, 0x19186D, 0x193869, 0x19482D,
    0x19686D, 0x19782D, 0x19806D, 0x19902D, 0x19A001, 0x19C041, 0x19C82D, 0x19E832, 0x1A0072,
    0x1A2876, 0x1A3032, 0x1A382D, 0x1A5032, 0x1A682D, 0x1A7800, 0x1A8032, 0x1A982D, 0x1AB832,
    0x1AC033, 0x1AC82D, 0x1AD832, 0x1AE034, 0x1AE835, 0x1AF834, 0x1B0035, 0x1B1034, 0x1B1832,
    0x1B8000, 0x1BA040, 0x1BA800, 0x1BF040, 0x1BF800, 0x1C3840, 0x1C4000, 0x241832, 0x244000,
    0x2C882D, 0x2C9032, 0x2CB02D, 0x2CB832, 0x2CD02E, 0x2CD82D, 0x2CE032, 0x2D102D, 0x2D4032,
    0x2D502D, 0x2D5832, 0x2D682E, 0x2D7031, 0x2D7832, 0x2D8005, 0x2D8806, 0x2D9007, 0x2D9808,
    0x2DA009, 0x2DA80A, 0x2DB00B, 0x2DB80C, 0x2DC00D, 0x2DC80E, 0x2DD80F, 0x2DE010, 0x2DE811,
    0x2DF000, 0x2DF812, 0x2E0000, 0x2E0813, 0x2E1014, 0x2E1800, 0x2E2032, 0x2E282D, 0x2E3000,
    0x2E380D, 0x2E4000, 0x308032, 0x30C019, 0x30C81A, 0x30D01B, 0x30D800, 0x325816, 0x326017,
    0x326818, 0x327019, 0x32781A, 0x32801B, 0x32881C, 0x32901D, 0x329872, 0x32A86D, 0x32B02D,
    0x32B832, 0x32E02D, 0x32E832, 0x32F82D, 0x330000, 0x33801E, 0x338800, 0x36B032, 0x36E800,
    0x36F832, 0x37182D, 0x372032, 0x372800, 0x373832, 0x374800, 0x37502D, 0x375832, 0x37682D,
    0x377000, 0x38881F, 0x389000, 0x398032, 0x39882D, 0x399032, 0x39A02D, 0x39A832, 0x39B82D,
    0x39D032, 0x39D82D, 0x39E832, 0x39F02D, 0x39F832, 0x3A102D, 0x3A1832, 0x3A202D, 0x3A2832,
    0x3A302D, 0x3A3832, 0x3A402D, 0x3A4832, 0x3A5800, 0x3F5832, 0x3F902D, 0x3F9832, 0x3FA000,
    0x40B032, 0x40D000, 0x40D832, 0x412000, 0x412832, 0x414000, 0x414832, 0x417000, 0x42C82D,
    0x42E000, 0x46A032, 0x471000, 0x47182D, 0x472032, 0x47302D, 0x473832, 0x47482D, 0x475032,
    0x47682D, 0x478016, 0x478817, 0x479018, 0x479832, 0x47B02D, 0x47B832, 0x47C82D, 0x47D832,
    0x480000, 0x49E042, 0x49E800, 0x4A6804, 0x4A7000, 0x4A8832, 0x4A902D, 0x4A9832, 0x4AA800,
    0x4AC040, 0x4B0000, 0x4DE002, 0x4DE800, 0x4DF040, 0x4DF800, 0x4E6804, 0x4E7000, 0x4EB840,
    0x4EC000, 0x4EE040, 0x4EF000, 0x4EF840, 0x4F0000, 0x519840, 0x51A000, 0x51B040, 0x51B800,
    0x51E002, 0x51E800, 0x526804, 0x527000, 0x52C840, 0x52E000, 0x52F040, 0x52F800, 0x55E002,
    0x55E800, 0x566804, 0x567000, 0x59E002, 0x59E800, 0x59F040, 0x59F800, 0x5A6804, 0x5A7000,
    0x5AB040, 0x5AC000, 0x5AE040, 0x5AF000, 0x5DF040, 0x5DF800, 0x5E6804, 0x5E7000, 0x5EB840,
    0x5EC000, 0x626804, 0x627000, 0x62A820, 0x62B061, 0x62B800, 0x65E002, 0x65E800, 0x661040,
    0x661800, 0x666804, 0x667000, 0x66A840, 0x66B800, 0x69F040, 0x69F800, 0x6A6804, 0x6A7000,
    0x6AB840, 0x6AC000, 0x6E5044, 0x6E5800, 0x6E7840, 0x6E8000, 0x6EF840, 0x6F0000, 0x71C022,
    0x71D004, 0x71D800, 0x724023, 0x726000, 0x75C024, 0x75D000, 0x764025, 0x766000, 0x78C02D,
    0x78D000, 0x79A82D, 0x79B000, 0x79B82D, 0x79C000, 0x79C82B, 0x79D000, 0x7A1840, 0x7A2000,
    0x7A6840, 0x7A7000, 0x7A9040, 0x7A9800, 0x7AB840, 0x7AC000, 0x7AE040, 0x7AE800, 0x7B4840,
    0x7B5000, 0x7B8826, 0x7B9027, 0x7B9866, 0x7BA028, 0x7BA866, 0x7BB040, 0x7BB800, 0x7BC040,
    0x7BC800, 0x7BD027, 0x7BF000, 0x7C0027, 0x7C0866, 0x7C1032, 0x7C2004, 0x7C2800, 0x7C3032,
    0x7C4000, 0x7C9840, 0x7CA000, 0x7CE840, 0x7CF000, 0x7D1040, 0x7D1800, 0x7D3840, 0x7D4000,
    0x7D6040, 0x7D6800, 0x7DC840, 0x7DD000, 0x7E302D, 0x7E3800, 0x817040, 0x817800, 0x81B802,
    0x81C000, 0x81C804, 0x81D800, 0x84682D, 0x847000, 0x8B0840, 0x8BB000, 0x8D4040, 0x8E1800,
    0x9AE832, 0x9B0000, 0xB8A004, 0xB8A800, 0xB9A004, 0xB9A800, 0xBE9004, 0xBE9800, 0xBEE832,
    0xBEF000, 0xC54831, 0xC55000, 0xC9C82E, 0xC9D032, 0xC9D82D, 0xC9E000, 0xD0B832, 0xD0C02D,
    0xD0C800, 0xD30004, 0xD30800, 0xD3A832, 0xD3E800, 0xD3F82D, 0xD40000, 0xD58032, 0xD5A82D,
    0xD5D832, 0xD5E82D, 0xD5F000, 0xD9A002, 0xD9A840, 0xD9B000, 0xDA2004, 0xDA2800, 0xDB5832,
    0xDB602D, 0xDB6832, 0xDBA000, 0xDD5004, 0xDD6000, 0xDF3002, 0xDF3800, 0xDF9004, 0xDFA000,
    0xE1B802, 0xE1C000, 0xE68032, 0xE69800, 0xE6A001, 0xE6A82D, 0xE6D032, 0xE6E02D, 0xE70032,
    0xE70800, 0xE71001, 0xE74800, 0xE7682D, 0xE77000, 0xE7A032, 0xE7A800, 0xE7C032, 0xE7D000,
    0xEE0032, 0xEE102D, 0xEE1832, 0xEE502D, 0xEE5832, 0xEE6835, 0xEE702A, 0xEE782D, 0xEE8029,
    0xEE8832, 0xEFB000, 0xEFD832, 0xEFE034, 0xEFE82D, 0xEFF032, 0xEFF82D, 0xF00000, 0xFB8840,
    0xFB9000, 0xFB9840, 0xFBA000, 0xFBA840, 0xFBB000, 0xFBB840, 0xFBC000, 0xFBC840, 0xFBD000,
    0xFBD840, 0xFBE000, 0xFBE840, 0xFBF000, 0xFDD840, 0xFDE000, 0xFDF040, 0xFDF800, 0xFE4840,
    0xFE5000, 0xFE5840, 0xFE6000, 0xFE9840, 0xFEA000, 0xFED840, 0xFEE000, 0xFF1840, 0xFF2000,
    0xFF5840, 0xFF6000, 0xFF7040, 0xFF8000, 0xFFC840, 0xFFD000, 0xFFD840, 0xFFE000, 0xFFE840,
    0xFFF000, 0x1000040, 0x1001000, 0x1068032, 0x1069001, 0x106A032, 0x106C001, 0x106D832,
    0x106E800, 0x1070832, 0x1071000, 0x1072801, 0x1073832, 0x107402D, 0x1074832, 0x1075001,
    0x107602D, 0x1078032, 0x1078800, 0x1093040, 0x1093800, 0x1095040, 0x1096000, 0x1194840,
    0x1195800, 0x156E040, 0x156E800, 0x1677832, 0x1679000, 0x16BF804, 0x16C0000, 0x16F0032,
    0x1700000, 0x181502C, 0x1815831, 0x1816033, 0x181682E, 0x181702F, 0x1818000, 0x184C843,
    0x184D800, 0x5337832, 0x5338000, 0x533A032, 0x533F000, 0x534F032, 0x5350000, 0x5378032,
    0x5379000, 0x5403004, 0x5403800, 0x5462004, 0x5462800, 0x5470032, 0x5479000, 0x549582D,
    0x5497000, 0x54A9804, 0x54AA000, 0x54D9802, 0x54DA000, 0x54E0004, 0x54E0800, 0x5558032,
    0x5558800, 0x5559032, 0x555A02D, 0x555A800, 0x555B832, 0x555C800, 0x555F032, 0x5560000,
    0x5560832, 0x5561000, 0x557B004, 0x557B800, 0x55F6804, 0x55F7000, 0x7C80040, 0x7D07000,
    0x7D08040, 0x7D08800, 0x7D09040, 0x7D09800, 0x7D0A840, 0x7D0F800, 0x7D10040, 0x7D10800,
    0x7D11040, 0x7D11800, 0x7D12840, 0x7D13800, 0x7D15040, 0x7D37000, 0x7D38040, 0x7D6D000,
    0x7D8E840, 0x7D8F015, 0x7D8F840, 0x7D90000, 0x7D95040, 0x7D9B800, 0x7D9C040, 0x7D9E800,
    0x7D9F040, 0x7D9F800, 0x7DA0040, 0x7DA1000, 0x7DA1840, 0x7DA2800, 0x7DA3040, 0x7DA7800,
    0x7F10032, 0x7F1382D, 0x7F17032, 0x7F18000, 0x80FE82D, 0x80FF000, 0x817002D, 0x8170800,
    0x81BB032, 0x81BD800, 0x850682D, 0x8507000, 0x8507832, 0x8508000, 0x851C032, 0x851C801,
    0x851D02D, 0x851D800, 0x851F804, 0x8520000, 0x8572832, 0x857302D, 0x8573800, 0x8823004,
    0x8823800, 0x883F804, 0x8840000, 0x885C804, 0x885D042, 0x885D800, 0x8880032, 0x8881800,
    0x8893840, 0x8894000, 0x8899804, 0x889A800, 0x88B9802, 0x88BA000, 0x88E0004, 0x88E0800,
    0x88E5002, 0x88E5800, 0x891A804, 0x891B002, 0x891B800, 0x8974802, 0x8975004, 0x8975800,
    0x899E002, 0x899E800, 0x899F040, 0x899F800, 0x89A6804, 0x89A7000, 0x89AB840, 0x89AC000,
    0x89B3032, 0x89B6800, 0x89B8032, 0x89BA800, 0x8A21004, 0x8A21800, 0x8A23002, 0x8A23800,
    0x8A58040, 0x8A58800, 0x8A5D040, 0x8A5D800, 0x8A5E840, 0x8A5F000, 0x8A61004, 0x8A61802,
    0x8A62000, 0x8AD7840, 0x8AD8000, 0x8ADF804, 0x8AE0002, 0x8AE0800, 0x8B1F804, 0x8B20000,
    0x8B5B004, 0x8B5B802, 0x8B5C000, 0x8B95804, 0x8B96000, 0x8E1F804, 0x8E20000, 0xB578001,
    0xB57A800, 0xB598032, 0xB59B800, 0xDE4F001, 0xDE4F800, 0xE8AF040, 0xE8B282B, 0xE8B3801,
    0xE8B5000, 0xE8B6830, 0xE8B702B, 0xE8B9800, 0xE8BD82D, 0xE8C1800, 0xE8C2832, 0xE8C502D,
    0xE8C6000, 0xE8D5032, 0xE8D7000, 0xE8DD840, 0xE8E0800, 0xE921032, 0xE922800, 0xF000032,
    0xF003800, 0xF004032, 0xF00C800, 0xF00D832, 0xF011000, 0xF011832, 0xF012800, 0xF013032,
    0xF015800, 0xF46802D, 0xF46B800, 0xF4A2032, 0xF4A5002, 0xF4A5800, 0x17C00040, 0x17D0F000,
};
/* Characters that have parts: first code point << 11 | count; where these are. */
static const uint32_t slm__part_blocks[148] = {
    0x60017, 0x6C805, 0x70017, 0x7C817, 0x89014, 0x94009, 0x9A00B, 0xA1806, 0xA6006, 0xAA012,
    0xB4017, 0xD0002, 0xD7802, 0xE6817, 0xF300B, 0xFA002, 0xFC024, 0x10F002, 0x11300E, 0x1A0005,
    0x1BA001, 0x1BF001, 0x1C280C, 0x1D5007, 0x1E5005, 0x1E9802, 0x200004, 0x203801, 0x206003,
    0x20C801, 0x21C801, 0x228004, 0x22B801, 0x22E003, 0x23B002, 0x260802, 0x268004, 0x26B002,
    0x26D006, 0x271006, 0x27500C, 0x27C002, 0x311005, 0x360003, 0x369801, 0x494801, 0x498801,
    0x49A001, 0x4AC008, 0x4E5802, 0x4EE004, 0x519801, 0x51B001, 0x52C803, 0x52F001, 0x5A4001,
    0x5A5802, 0x5AE002, 0x5CA001, 0x5E5003, 0x624001, 0x660001, 0x663805, 0x6A5003, 0x6ED005,
    0x7A1801, 0x7A6801, 0x7A9001, 0x7AB801, 0x7AE001, 0x7B4801, 0x7B9806, 0x7C0801, 0x7C9801,
    0x7CE801, 0x7D1001, 0x7D3801, 0x7D6001, 0x7DC801, 0x813001, 0xD83009, 0xD89001, 0xD9D803,
    0xDA0004, 0xF0009C, 0xF5005A, 0xF80016, 0xF8C006, 0xF90026, 0xFA4006, 0xFA802E, 0xFC003F,
    0xFE0813, 0xFEB01A, 0xFF900C, 0x1000002, 0x1093001, 0x1095002, 0x10CD002, 0x10D7001, 0x10E6803,
    0x1102001, 0x1104801, 0x1106001, 0x1112003, 0x1120801, 0x1122001, 0x1123803, 0x1130003,
    0x1136805, 0x113A002, 0x113C002, 0x1140002, 0x1142002, 0x1144002, 0x1156004, 0x1170004,
    0x1175004, 0x1194802, 0x156E001, 0x1826017, 0x1832805, 0x183800E, 0x184A001, 0x184F001,
    0x1856017, 0x1862805, 0x186800E, 0x187A001, 0x187B804, 0x187F001, 0x7C8010E, 0x7D08003,
    0x7D0A80E, 0x7D12802, 0x7D15044, 0x7D3806A, 0x7D8E803, 0x7D95025, 0x884D003, 0x8855801,
    0x8897002, 0x89A5802, 0x8A5D804, 0x8ADD002, 0xE8AF007, 0xE8DD806, 0x17C0021E,
};
static const uint16_t slm__part_starts[148] = {
    0, 23, 28, 51, 74, 94, 103, 114, 120, 126, 144, 167, 169, 171, 194, 205, 207, 243, 245, 259,
    264, 265, 266, 278, 285, 290, 292, 296, 297, 300, 301, 302, 306, 307, 310, 312, 314, 318, 320,
    326, 332, 344, 346, 351, 354, 355, 356, 357, 358, 366, 368, 372, 373, 374, 377, 378, 379, 381,
    383, 384, 387, 388, 389, 394, 397, 402, 403, 404, 405, 406, 407, 408, 414, 415, 416, 417, 418,
    419, 420, 421, 422, 431, 432, 435, 439, 595, 685, 707, 713, 751, 757, 803, 866, 885, 911, 923,
    925, 926, 928, 930, 931, 934, 935, 936, 937, 940, 941, 942, 945, 948, 953, 955, 957, 959, 961,
    963, 967, 971, 975, 977, 978, 1001, 1006, 1020, 1021, 1022, 1045, 1050, 1064, 1065, 1069, 1070,
    1340, 1343, 1357, 1359, 1427, 1533, 1536, 1573, 1576, 1577, 1579, 1581, 1585, 1587, 1594, 1600,
};
/* the two parts of each, 0 for none: a character becomes one other, or has none;
   from 0xD800 on: an entry of slm__wide */
static const uint16_t slm__decomposed[4284] = {
    0x41, 0x300, 0x41, 0x301, 0x41, 0x302, 0x41, 0x303, 0x41, 0x308, 0x41, 0x30A, 0x0, 0x0, 0x43,
    0x327, 0x45, 0x300, 0x45, 0x301, 0x45, 0x302, 0x45, 0x308, 0x49, 0x300, 0x49, 0x301, 0x49,
    0x302, 0x49, 0x308, 0x0, 0x0, 0x4E, 0x303, 0x4F, 0x300, 0x4F, 0x301, 0x4F, 0x302, 0x4F, 0x303,
    0x4F, 0x308, 0x55, 0x300, 0x55, 0x301, 0x55, 0x302, 0x55, 0x308, 0x59, 0x301, 0x61, 0x300, 0x61,
    0x301, 0x61, 0x302, 0x61, 0x303, 0x61, 0x308, 0x61, 0x30A, 0x0, 0x0, 0x63, 0x327, 0x65, 0x300,
    0x65, 0x301, 0x65, 0x302, 0x65, 0x308, 0x69, 0x300, 0x69, 0x301, 0x69, 0x302, 0x69, 0x308, 0x0,
    0x0, 0x6E, 0x303, 0x6F, 0x300, 0x6F, 0x301, 0x6F, 0x302, 0x6F, 0x303, 0x6F, 0x308, 0x75, 0x300,
    0x75, 0x301, 0x75, 0x302, 0x75, 0x308, 0x79, 0x301, 0x0, 0x0, 0x79, 0x308, 0x41, 0x304, 0x61,
    0x304, 0x41, 0x306, 0x61, 0x306, 0x41, 0x328, 0x61, 0x328, 0x43, 0x301, 0x63, 0x301, 0x43,
    0x302, 0x63, 0x302, 0x43, 0x307, 0x63, 0x307, 0x43, 0x30C, 0x63, 0x30C, 0x44, 0x30C, 0x64,
    0x30C, 0x45, 0x304, 0x65, 0x304, 0x45, 0x306, 0x65, 0x306, 0x45, 0x307, 0x65, 0x307, 0x45,
    0x328, 0x65, 0x328, 0x45, 0x30C, 0x65, 0x30C, 0x47, 0x302, 0x67, 0x302, 0x47, 0x306, 0x67,
    0x306, 0x47, 0x307, 0x67, 0x307, 0x47, 0x327, 0x67, 0x327, 0x48, 0x302, 0x68, 0x302, 0x49,
    0x303, 0x69, 0x303, 0x49, 0x304, 0x69, 0x304, 0x49, 0x306, 0x69, 0x306, 0x49, 0x328, 0x69,
    0x328, 0x49, 0x307, 0x4A, 0x302, 0x6A, 0x302, 0x4B, 0x327, 0x6B, 0x327, 0x0, 0x0, 0x4C, 0x301,
    0x6C, 0x301, 0x4C, 0x327, 0x6C, 0x327, 0x4C, 0x30C, 0x6C, 0x30C, 0x4E, 0x301, 0x6E, 0x301, 0x4E,
    0x327, 0x6E, 0x327, 0x4E, 0x30C, 0x6E, 0x30C, 0x4F, 0x304, 0x6F, 0x304, 0x4F, 0x306, 0x6F,
    0x306, 0x4F, 0x30B, 0x6F, 0x30B, 0x52, 0x301, 0x72, 0x301, 0x52, 0x327, 0x72, 0x327, 0x52,
    0x30C, 0x72, 0x30C, 0x53, 0x301, 0x73, 0x301, 0x53, 0x302, 0x73, 0x302, 0x53, 0x327, 0x73,
    0x327, 0x53, 0x30C, 0x73, 0x30C, 0x54, 0x327, 0x74, 0x327, 0x54, 0x30C, 0x74, 0x30C, 0x55,
    0x303, 0x75, 0x303, 0x55, 0x304, 0x75, 0x304, 0x55, 0x306, 0x75, 0x306, 0x55, 0x30A, 0x75,
    0x30A, 0x55, 0x30B, 0x75, 0x30B, 0x55, 0x328, 0x75, 0x328, 0x57, 0x302, 0x77, 0x302, 0x59,
    0x302, 0x79, 0x302, 0x59, 0x308, 0x5A, 0x301, 0x7A, 0x301, 0x5A, 0x307, 0x7A, 0x307, 0x5A,
    0x30C, 0x7A, 0x30C, 0x4F, 0x31B, 0x6F, 0x31B, 0x55, 0x31B, 0x75, 0x31B, 0x41, 0x30C, 0x61,
    0x30C, 0x49, 0x30C, 0x69, 0x30C, 0x4F, 0x30C, 0x6F, 0x30C, 0x55, 0x30C, 0x75, 0x30C, 0xDC,
    0x304, 0xFC, 0x304, 0xDC, 0x301, 0xFC, 0x301, 0xDC, 0x30C, 0xFC, 0x30C, 0xDC, 0x300, 0xFC,
    0x300, 0x0, 0x0, 0xC4, 0x304, 0xE4, 0x304, 0x226, 0x304, 0x227, 0x304, 0xC6, 0x304, 0xE6, 0x304,
    0x47, 0x30C, 0x67, 0x30C, 0x4B, 0x30C, 0x6B, 0x30C, 0x4F, 0x328, 0x6F, 0x328, 0x1EA, 0x304,
    0x1EB, 0x304, 0x1B7, 0x30C, 0x292, 0x30C, 0x6A, 0x30C, 0x47, 0x301, 0x67, 0x301, 0x4E, 0x300,
    0x6E, 0x300, 0xC5, 0x301, 0xE5, 0x301, 0xC6, 0x301, 0xE6, 0x301, 0xD8, 0x301, 0xF8, 0x301, 0x41,
    0x30F, 0x61, 0x30F, 0x41, 0x311, 0x61, 0x311, 0x45, 0x30F, 0x65, 0x30F, 0x45, 0x311, 0x65,
    0x311, 0x49, 0x30F, 0x69, 0x30F, 0x49, 0x311, 0x69, 0x311, 0x4F, 0x30F, 0x6F, 0x30F, 0x4F,
    0x311, 0x6F, 0x311, 0x52, 0x30F, 0x72, 0x30F, 0x52, 0x311, 0x72, 0x311, 0x55, 0x30F, 0x75,
    0x30F, 0x55, 0x311, 0x75, 0x311, 0x53, 0x326, 0x73, 0x326, 0x54, 0x326, 0x74, 0x326, 0x48,
    0x30C, 0x68, 0x30C, 0x41, 0x307, 0x61, 0x307, 0x45, 0x327, 0x65, 0x327, 0xD6, 0x304, 0xF6,
    0x304, 0xD5, 0x304, 0xF5, 0x304, 0x4F, 0x307, 0x6F, 0x307, 0x22E, 0x304, 0x22F, 0x304, 0x59,
    0x304, 0x79, 0x304, 0x300, 0x0, 0x301, 0x0, 0x0, 0x0, 0x313, 0x0, 0x308, 0x301, 0x2B9, 0x0,
    0x3B, 0x0, 0xA8, 0x301, 0x391, 0x301, 0xB7, 0x0, 0x395, 0x301, 0x397, 0x301, 0x399, 0x301, 0x0,
    0x0, 0x39F, 0x301, 0x0, 0x0, 0x3A5, 0x301, 0x3A9, 0x301, 0x3CA, 0x301, 0x399, 0x308, 0x3A5,
    0x308, 0x3B1, 0x301, 0x3B5, 0x301, 0x3B7, 0x301, 0x3B9, 0x301, 0x3CB, 0x301, 0x3B9, 0x308,
    0x3C5, 0x308, 0x3BF, 0x301, 0x3C5, 0x301, 0x3C9, 0x301, 0x3D2, 0x301, 0x3D2, 0x308, 0x415,
    0x300, 0x415, 0x308, 0x0, 0x0, 0x413, 0x301, 0x406, 0x308, 0x41A, 0x301, 0x418, 0x300, 0x423,
    0x306, 0x418, 0x306, 0x438, 0x306, 0x435, 0x300, 0x435, 0x308, 0x0, 0x0, 0x433, 0x301, 0x456,
    0x308, 0x43A, 0x301, 0x438, 0x300, 0x443, 0x306, 0x474, 0x30F, 0x475, 0x30F, 0x416, 0x306,
    0x436, 0x306, 0x410, 0x306, 0x430, 0x306, 0x410, 0x308, 0x430, 0x308, 0x415, 0x306, 0x435,
    0x306, 0x4D8, 0x308, 0x4D9, 0x308, 0x416, 0x308, 0x436, 0x308, 0x417, 0x308, 0x437, 0x308,
    0x418, 0x304, 0x438, 0x304, 0x418, 0x308, 0x438, 0x308, 0x41E, 0x308, 0x43E, 0x308, 0x4E8,
    0x308, 0x4E9, 0x308, 0x42D, 0x308, 0x44D, 0x308, 0x423, 0x304, 0x443, 0x304, 0x423, 0x308,
    0x443, 0x308, 0x423, 0x30B, 0x443, 0x30B, 0x427, 0x308, 0x447, 0x308, 0x42B, 0x308, 0x44B,
    0x308, 0x627, 0x653, 0x627, 0x654, 0x648, 0x654, 0x627, 0x655, 0x64A, 0x654, 0x6D5, 0x654, 0x0,
    0x0, 0x6C1, 0x654, 0x6D2, 0x654, 0x928, 0x93C, 0x930, 0x93C, 0x933, 0x93C, 0x915, 0x93C, 0x916,
    0x93C, 0x917, 0x93C, 0x91C, 0x93C, 0x921, 0x93C, 0x922, 0x93C, 0x92B, 0x93C, 0x92F, 0x93C,
    0x9C7, 0x9BE, 0x9C7, 0x9D7, 0x9A1, 0x9BC, 0x9A2, 0x9BC, 0x0, 0x0, 0x9AF, 0x9BC, 0xA32, 0xA3C,
    0xA38, 0xA3C, 0xA16, 0xA3C, 0xA17, 0xA3C, 0xA1C, 0xA3C, 0xA2B, 0xA3C, 0xB47, 0xB56, 0xB47,
    0xB3E, 0xB47, 0xB57, 0xB21, 0xB3C, 0xB22, 0xB3C, 0xB92, 0xBD7, 0xBC6, 0xBBE, 0xBC7, 0xBBE,
    0xBC6, 0xBD7, 0xC46, 0xC56, 0xCBF, 0xCD5, 0xCC6, 0xCD5, 0xCC6, 0xCD6, 0x0, 0x0, 0xCC6, 0xCC2,
    0xCCA, 0xCD5, 0xD46, 0xD3E, 0xD47, 0xD3E, 0xD46, 0xD57, 0xDD9, 0xDCA, 0x0, 0x0, 0xDD9, 0xDCF,
    0xDDC, 0xDCA, 0xDD9, 0xDDF, 0xF42, 0xFB7, 0xF4C, 0xFB7, 0xF51, 0xFB7, 0xF56, 0xFB7, 0xF5B,
    0xFB7, 0xF40, 0xFB5, 0xF71, 0xF72, 0x0, 0x0, 0xF71, 0xF74, 0xFB2, 0xF80, 0x0, 0x0, 0xFB3, 0xF80,
    0xF71, 0xF80, 0xF92, 0xFB7, 0xF9C, 0xFB7, 0xFA1, 0xFB7, 0xFA6, 0xFB7, 0xFAB, 0xFB7, 0xF90,
    0xFB5, 0x1025, 0x102E, 0x1B05, 0x1B35, 0x0, 0x0, 0x1B07, 0x1B35, 0x0, 0x0, 0x1B09, 0x1B35, 0x0,
    0x0, 0x1B0B, 0x1B35, 0x0, 0x0, 0x1B0D, 0x1B35, 0x1B11, 0x1B35, 0x1B3A, 0x1B35, 0x0, 0x0, 0x1B3C,
    0x1B35, 0x1B3E, 0x1B35, 0x1B3F, 0x1B35, 0x0, 0x0, 0x1B42, 0x1B35, 0x41, 0x325, 0x61, 0x325,
    0x42, 0x307, 0x62, 0x307, 0x42, 0x323, 0x62, 0x323, 0x42, 0x331, 0x62, 0x331, 0xC7, 0x301, 0xE7,
    0x301, 0x44, 0x307, 0x64, 0x307, 0x44, 0x323, 0x64, 0x323, 0x44, 0x331, 0x64, 0x331, 0x44,
    0x327, 0x64, 0x327, 0x44, 0x32D, 0x64, 0x32D, 0x112, 0x300, 0x113, 0x300, 0x112, 0x301, 0x113,
    0x301, 0x45, 0x32D, 0x65, 0x32D, 0x45, 0x330, 0x65, 0x330, 0x228, 0x306, 0x229, 0x306, 0x46,
    0x307, 0x66, 0x307, 0x47, 0x304, 0x67, 0x304, 0x48, 0x307, 0x68, 0x307, 0x48, 0x323, 0x68,
    0x323, 0x48, 0x308, 0x68, 0x308, 0x48, 0x327, 0x68, 0x327, 0x48, 0x32E, 0x68, 0x32E, 0x49,
    0x330, 0x69, 0x330, 0xCF, 0x301, 0xEF, 0x301, 0x4B, 0x301, 0x6B, 0x301, 0x4B, 0x323, 0x6B,
    0x323, 0x4B, 0x331, 0x6B, 0x331, 0x4C, 0x323, 0x6C, 0x323, 0x1E36, 0x304, 0x1E37, 0x304, 0x4C,
    0x331, 0x6C, 0x331, 0x4C, 0x32D, 0x6C, 0x32D, 0x4D, 0x301, 0x6D, 0x301, 0x4D, 0x307, 0x6D,
    0x307, 0x4D, 0x323, 0x6D, 0x323, 0x4E, 0x307, 0x6E, 0x307, 0x4E, 0x323, 0x6E, 0x323, 0x4E,
    0x331, 0x6E, 0x331, 0x4E, 0x32D, 0x6E, 0x32D, 0xD5, 0x301, 0xF5, 0x301, 0xD5, 0x308, 0xF5,
    0x308, 0x14C, 0x300, 0x14D, 0x300, 0x14C, 0x301, 0x14D, 0x301, 0x50, 0x301, 0x70, 0x301, 0x50,
    0x307, 0x70, 0x307, 0x52, 0x307, 0x72, 0x307, 0x52, 0x323, 0x72, 0x323, 0x1E5A, 0x304, 0x1E5B,
    0x304, 0x52, 0x331, 0x72, 0x331, 0x53, 0x307, 0x73, 0x307, 0x53, 0x323, 0x73, 0x323, 0x15A,
    0x307, 0x15B, 0x307, 0x160, 0x307, 0x161, 0x307, 0x1E62, 0x307, 0x1E63, 0x307, 0x54, 0x307,
    0x74, 0x307, 0x54, 0x323, 0x74, 0x323, 0x54, 0x331, 0x74, 0x331, 0x54, 0x32D, 0x74, 0x32D, 0x55,
    0x324, 0x75, 0x324, 0x55, 0x330, 0x75, 0x330, 0x55, 0x32D, 0x75, 0x32D, 0x168, 0x301, 0x169,
    0x301, 0x16A, 0x308, 0x16B, 0x308, 0x56, 0x303, 0x76, 0x303, 0x56, 0x323, 0x76, 0x323, 0x57,
    0x300, 0x77, 0x300, 0x57, 0x301, 0x77, 0x301, 0x57, 0x308, 0x77, 0x308, 0x57, 0x307, 0x77,
    0x307, 0x57, 0x323, 0x77, 0x323, 0x58, 0x307, 0x78, 0x307, 0x58, 0x308, 0x78, 0x308, 0x59,
    0x307, 0x79, 0x307, 0x5A, 0x302, 0x7A, 0x302, 0x5A, 0x323, 0x7A, 0x323, 0x5A, 0x331, 0x7A,
    0x331, 0x68, 0x331, 0x74, 0x308, 0x77, 0x30A, 0x79, 0x30A, 0x0, 0x0, 0x17F, 0x307, 0x41, 0x323,
    0x61, 0x323, 0x41, 0x309, 0x61, 0x309, 0xC2, 0x301, 0xE2, 0x301, 0xC2, 0x300, 0xE2, 0x300, 0xC2,
    0x309, 0xE2, 0x309, 0xC2, 0x303, 0xE2, 0x303, 0x1EA0, 0x302, 0x1EA1, 0x302, 0x102, 0x301, 0x103,
    0x301, 0x102, 0x300, 0x103, 0x300, 0x102, 0x309, 0x103, 0x309, 0x102, 0x303, 0x103, 0x303,
    0x1EA0, 0x306, 0x1EA1, 0x306, 0x45, 0x323, 0x65, 0x323, 0x45, 0x309, 0x65, 0x309, 0x45, 0x303,
    0x65, 0x303, 0xCA, 0x301, 0xEA, 0x301, 0xCA, 0x300, 0xEA, 0x300, 0xCA, 0x309, 0xEA, 0x309, 0xCA,
    0x303, 0xEA, 0x303, 0x1EB8, 0x302, 0x1EB9, 0x302, 0x49, 0x309, 0x69, 0x309, 0x49, 0x323, 0x69,
    0x323, 0x4F, 0x323, 0x6F, 0x323, 0x4F, 0x309, 0x6F, 0x309, 0xD4, 0x301, 0xF4, 0x301, 0xD4,
    0x300, 0xF4, 0x300, 0xD4, 0x309, 0xF4, 0x309, 0xD4, 0x303, 0xF4, 0x303, 0x1ECC, 0x302, 0x1ECD,
    0x302, 0x1A0, 0x301, 0x1A1, 0x301, 0x1A0, 0x300, 0x1A1, 0x300, 0x1A0, 0x309, 0x1A1, 0x309,
    0x1A0, 0x303, 0x1A1, 0x303, 0x1A0, 0x323, 0x1A1, 0x323, 0x55, 0x323, 0x75, 0x323, 0x55, 0x309,
    0x75, 0x309, 0x1AF, 0x301, 0x1B0, 0x301, 0x1AF, 0x300, 0x1B0, 0x300, 0x1AF, 0x309, 0x1B0, 0x309,
    0x1AF, 0x303, 0x1B0, 0x303, 0x1AF, 0x323, 0x1B0, 0x323, 0x59, 0x300, 0x79, 0x300, 0x59, 0x323,
    0x79, 0x323, 0x59, 0x309, 0x79, 0x309, 0x59, 0x303, 0x79, 0x303, 0x3B1, 0x313, 0x3B1, 0x314,
    0x1F00, 0x300, 0x1F01, 0x300, 0x1F00, 0x301, 0x1F01, 0x301, 0x1F00, 0x342, 0x1F01, 0x342, 0x391,
    0x313, 0x391, 0x314, 0x1F08, 0x300, 0x1F09, 0x300, 0x1F08, 0x301, 0x1F09, 0x301, 0x1F08, 0x342,
    0x1F09, 0x342, 0x3B5, 0x313, 0x3B5, 0x314, 0x1F10, 0x300, 0x1F11, 0x300, 0x1F10, 0x301, 0x1F11,
    0x301, 0x395, 0x313, 0x395, 0x314, 0x1F18, 0x300, 0x1F19, 0x300, 0x1F18, 0x301, 0x1F19, 0x301,
    0x3B7, 0x313, 0x3B7, 0x314, 0x1F20, 0x300, 0x1F21, 0x300, 0x1F20, 0x301, 0x1F21, 0x301, 0x1F20,
    0x342, 0x1F21, 0x342, 0x397, 0x313, 0x397, 0x314, 0x1F28, 0x300, 0x1F29, 0x300, 0x1F28, 0x301,
    0x1F29, 0x301, 0x1F28, 0x342, 0x1F29, 0x342, 0x3B9, 0x313, 0x3B9, 0x314, 0x1F30, 0x300, 0x1F31,
    0x300, 0x1F30, 0x301, 0x1F31, 0x301, 0x1F30, 0x342, 0x1F31, 0x342, 0x399, 0x313, 0x399, 0x314,
    0x1F38, 0x300, 0x1F39, 0x300, 0x1F38, 0x301, 0x1F39, 0x301, 0x1F38, 0x342, 0x1F39, 0x342, 0x3BF,
    0x313, 0x3BF, 0x314, 0x1F40, 0x300, 0x1F41, 0x300, 0x1F40, 0x301, 0x1F41, 0x301, 0x39F, 0x313,
    0x39F, 0x314, 0x1F48, 0x300, 0x1F49, 0x300, 0x1F48, 0x301, 0x1F49, 0x301, 0x3C5, 0x313, 0x3C5,
    0x314, 0x1F50, 0x300, 0x1F51, 0x300, 0x1F50, 0x301, 0x1F51, 0x301, 0x1F50, 0x342, 0x1F51, 0x342,
    0x0, 0x0, 0x3A5, 0x314, 0x0, 0x0, 0x1F59, 0x300, 0x0, 0x0, 0x1F59, 0x301, 0x0, 0x0, 0x1F59,
    0x342, 0x3C9, 0x313, 0x3C9, 0x314, 0x1F60, 0x300, 0x1F61, 0x300, 0x1F60, 0x301, 0x1F61, 0x301,
    0x1F60, 0x342, 0x1F61, 0x342, 0x3A9, 0x313, 0x3A9, 0x314, 0x1F68, 0x300, 0x1F69, 0x300, 0x1F68,
    0x301, 0x1F69, 0x301, 0x1F68, 0x342, 0x1F69, 0x342, 0x3B1, 0x300, 0x3AC, 0x0, 0x3B5, 0x300,
    0x3AD, 0x0, 0x3B7, 0x300, 0x3AE, 0x0, 0x3B9, 0x300, 0x3AF, 0x0, 0x3BF, 0x300, 0x3CC, 0x0, 0x3C5,
    0x300, 0x3CD, 0x0, 0x3C9, 0x300, 0x3CE, 0x0, 0x1F00, 0x345, 0x1F01, 0x345, 0x1F02, 0x345,
    0x1F03, 0x345, 0x1F04, 0x345, 0x1F05, 0x345, 0x1F06, 0x345, 0x1F07, 0x345, 0x1F08, 0x345,
    0x1F09, 0x345, 0x1F0A, 0x345, 0x1F0B, 0x345, 0x1F0C, 0x345, 0x1F0D, 0x345, 0x1F0E, 0x345,
    0x1F0F, 0x345, 0x1F20, 0x345, 0x1F21, 0x345, 0x1F22, 0x345, 0x1F23, 0x345, 0x1F24, 0x345,
    0x1F25, 0x345, 0x1F26, 0x345, 0x1F27, 0x345, 0x1F28, 0x345, 0x1F29, 0x345, 0x1F2A, 0x345,
    0x1F2B, 0x345, 0x1F2C, 0x345, 0x1F2D, 0x345, 0x1F2E, 0x345, 0x1F2F, 0x345, 0x1F60, 0x345,
    0x1F61, 0x345, 0x1F62, 0x345, 0x1F63, 0x345, 0x1F64, 0x345, 0x1F65, 0x345, 0x1F66, 0x345,
    0x1F67, 0x345, 0x1F68, 0x345, 0x1F69, 0x345, 0x1F6A, 0x345, 0x1F6B, 0x345, 0x1F6C, 0x345,
    0x1F6D, 0x345, 0x1F6E, 0x345, 0x1F6F, 0x345, 0x3B1, 0x306, 0x3B1, 0x304, 0x1F70, 0x345, 0x3B1,
    0x345, 0x3AC, 0x345, 0x0, 0x0, 0x3B1, 0x342, 0x1FB6, 0x345, 0x391, 0x306, 0x391, 0x304, 0x391,
    0x300, 0x386, 0x0, 0x391, 0x345, 0x0, 0x0, 0x3B9, 0x0, 0xA8, 0x342, 0x1F74, 0x345, 0x3B7, 0x345,
    0x3AE, 0x345, 0x0, 0x0, 0x3B7, 0x342, 0x1FC6, 0x345, 0x395, 0x300, 0x388, 0x0, 0x397, 0x300,
    0x389, 0x0, 0x397, 0x345, 0x1FBF, 0x300, 0x1FBF, 0x301, 0x1FBF, 0x342, 0x3B9, 0x306, 0x3B9,
    0x304, 0x3CA, 0x300, 0x390, 0x0, 0x3B9, 0x342, 0x3CA, 0x342, 0x399, 0x306, 0x399, 0x304, 0x399,
    0x300, 0x38A, 0x0, 0x0, 0x0, 0x1FFE, 0x300, 0x1FFE, 0x301, 0x1FFE, 0x342, 0x3C5, 0x306, 0x3C5,
    0x304, 0x3CB, 0x300, 0x3B0, 0x0, 0x3C1, 0x313, 0x3C1, 0x314, 0x3C5, 0x342, 0x3CB, 0x342, 0x3A5,
    0x306, 0x3A5, 0x304, 0x3A5, 0x300, 0x38E, 0x0, 0x3A1, 0x314, 0xA8, 0x300, 0x385, 0x0, 0x60, 0x0,
    0x1F7C, 0x345, 0x3C9, 0x345, 0x3CE, 0x345, 0x0, 0x0, 0x3C9, 0x342, 0x1FF6, 0x345, 0x39F, 0x300,
    0x38C, 0x0, 0x3A9, 0x300, 0x38F, 0x0, 0x3A9, 0x345, 0xB4, 0x0, 0x2002, 0x0, 0x2003, 0x0, 0x3A9,
    0x0, 0x4B, 0x0, 0xC5, 0x0, 0x2190, 0x338, 0x2192, 0x338, 0x2194, 0x338, 0x21D0, 0x338, 0x21D4,
    0x338, 0x21D2, 0x338, 0x2203, 0x338, 0x2208, 0x338, 0x220B, 0x338, 0x2223, 0x338, 0x0, 0x0,
    0x2225, 0x338, 0x223C, 0x338, 0x2243, 0x338, 0x2245, 0x338, 0x0, 0x0, 0x2248, 0x338, 0x3D,
    0x338, 0x0, 0x0, 0x2261, 0x338, 0x224D, 0x338, 0x3C, 0x338, 0x3E, 0x338, 0x2264, 0x338, 0x2265,
    0x338, 0x2272, 0x338, 0x2273, 0x338, 0x2276, 0x338, 0x2277, 0x338, 0x227A, 0x338, 0x227B, 0x338,
    0x2282, 0x338, 0x2283, 0x338, 0x2286, 0x338, 0x2287, 0x338, 0x22A2, 0x338, 0x22A8, 0x338,
    0x22A9, 0x338, 0x22AB, 0x338, 0x227C, 0x338, 0x227D, 0x338, 0x2291, 0x338, 0x2292, 0x338,
    0x22B2, 0x338, 0x22B3, 0x338, 0x22B4, 0x338, 0x22B5, 0x338, 0x3008, 0x0, 0x3009, 0x0, 0x2ADD,
    0x338, 0x304B, 0x3099, 0x0, 0x0, 0x304D, 0x3099, 0x0, 0x0, 0x304F, 0x3099, 0x0, 0x0, 0x3051,
    0x3099, 0x0, 0x0, 0x3053, 0x3099, 0x0, 0x0, 0x3055, 0x3099, 0x0, 0x0, 0x3057, 0x3099, 0x0, 0x0,
    0x3059, 0x3099, 0x0, 0x0, 0x305B, 0x3099, 0x0, 0x0, 0x305D, 0x3099, 0x0, 0x0, 0x305F, 0x3099,
    0x0, 0x0, 0x3061, 0x3099, 0x3064, 0x3099, 0x0, 0x0, 0x3066, 0x3099, 0x0, 0x0, 0x3068, 0x3099,
    0x306F, 0x3099, 0x306F, 0x309A, 0x0, 0x0, 0x3072, 0x3099, 0x3072, 0x309A, 0x0, 0x0, 0x3075,
    0x3099, 0x3075, 0x309A, 0x0, 0x0, 0x3078, 0x3099, 0x3078, 0x309A, 0x0, 0x0, 0x307B, 0x3099,
    0x307B, 0x309A, 0x3046, 0x3099, 0x309D, 0x3099, 0x30AB, 0x3099, 0x0, 0x0, 0x30AD, 0x3099, 0x0,
    0x0, 0x30AF, 0x3099, 0x0, 0x0, 0x30B1, 0x3099, 0x0, 0x0, 0x30B3, 0x3099, 0x0, 0x0, 0x30B5,
    0x3099, 0x0, 0x0, 0x30B7, 0x3099, 0x0, 0x0, 0x30B9, 0x3099, 0x0, 0x0, 0x30BB, 0x3099, 0x0, 0x0,
    0x30BD, 0x3099, 0x0, 0x0, 0x30BF, 0x3099, 0x0, 0x0, 0x30C1, 0x3099, 0x30C4, 0x3099, 0x0, 0x0,
    0x30C6, 0x3099, 0x0, 0x0, 0x30C8, 0x3099, 0x30CF, 0x3099, 0x30CF, 0x309A, 0x0, 0x0, 0x30D2,
    0x3099, 0x30D2, 0x309A, 0x0, 0x0, 0x30D5, 0x3099, 0x30D5, 0x309A, 0x0, 0x0, 0x30D8, 0x3099,
    0x30D8, 0x309A, 0x0, 0x0, 0x30DB, 0x3099, 0x30DB, 0x309A, 0x30A6, 0x3099, 0x30EF, 0x3099,
    0x30F0, 0x3099, 0x30F1, 0x3099, 0x30F2, 0x3099, 0x30FD, 0x3099, 0x8C48, 0x0, 0x66F4, 0x0,
    0x8ECA, 0x0, 0x8CC8, 0x0, 0x6ED1, 0x0, 0x4E32, 0x0, 0x53E5, 0x0, 0x9F9C, 0x0, 0x9F9C, 0x0,
    0x5951, 0x0, 0x91D1, 0x0, 0x5587, 0x0, 0x5948, 0x0, 0x61F6, 0x0, 0x7669, 0x0, 0x7F85, 0x0,
    0x863F, 0x0, 0x87BA, 0x0, 0x88F8, 0x0, 0x908F, 0x0, 0x6A02, 0x0, 0x6D1B, 0x0, 0x70D9, 0x0,
    0x73DE, 0x0, 0x843D, 0x0, 0x916A, 0x0, 0x99F1, 0x0, 0x4E82, 0x0, 0x5375, 0x0, 0x6B04, 0x0,
    0x721B, 0x0, 0x862D, 0x0, 0x9E1E, 0x0, 0x5D50, 0x0, 0x6FEB, 0x0, 0x85CD, 0x0, 0x8964, 0x0,
    0x62C9, 0x0, 0x81D8, 0x0, 0x881F, 0x0, 0x5ECA, 0x0, 0x6717, 0x0, 0x6D6A, 0x0, 0x72FC, 0x0,
    0x90CE, 0x0, 0x4F86, 0x0, 0x51B7, 0x0, 0x52DE, 0x0, 0x64C4, 0x0, 0x6AD3, 0x0, 0x7210, 0x0,
    0x76E7, 0x0, 0x8001, 0x0, 0x8606, 0x0, 0x865C, 0x0, 0x8DEF, 0x0, 0x9732, 0x0, 0x9B6F, 0x0,
    0x9DFA, 0x0, 0x788C, 0x0, 0x797F, 0x0, 0x7DA0, 0x0, 0x83C9, 0x0, 0x9304, 0x0, 0x9E7F, 0x0,
    0x8AD6, 0x0, 0x58DF, 0x0, 0x5F04, 0x0, 0x7C60, 0x0, 0x807E, 0x0, 0x7262, 0x0, 0x78CA, 0x0,
    0x8CC2, 0x0, 0x96F7, 0x0, 0x58D8, 0x0, 0x5C62, 0x0, 0x6A13, 0x0, 0x6DDA, 0x0, 0x6F0F, 0x0,
    0x7D2F, 0x0, 0x7E37, 0x0, 0x964B, 0x0, 0x52D2, 0x0, 0x808B, 0x0, 0x51DC, 0x0, 0x51CC, 0x0,
    0x7A1C, 0x0, 0x7DBE, 0x0, 0x83F1, 0x0, 0x9675, 0x0, 0x8B80, 0x0, 0x62CF, 0x0, 0x6A02, 0x0,
    0x8AFE, 0x0, 0x4E39, 0x0, 0x5BE7, 0x0, 0x6012, 0x0, 0x7387, 0x0, 0x7570, 0x0, 0x5317, 0x0,
    0x78FB, 0x0, 0x4FBF, 0x0, 0x5FA9, 0x0, 0x4E0D, 0x0, 0x6CCC, 0x0, 0x6578, 0x0, 0x7D22, 0x0,
    0x53C3, 0x0, 0x585E, 0x0, 0x7701, 0x0, 0x8449, 0x0, 0x8AAA, 0x0, 0x6BBA, 0x0, 0x8FB0, 0x0,
    0x6C88, 0x0, 0x62FE, 0x0, 0x82E5, 0x0, 0x63A0, 0x0, 0x7565, 0x0, 0x4EAE, 0x0, 0x5169, 0x0,
    0x51C9, 0x0, 0x6881, 0x0, 0x7CE7, 0x0, 0x826F, 0x0, 0x8AD2, 0x0, 0x91CF, 0x0, 0x52F5, 0x0,
    0x5442, 0x0, 0x5973, 0x0, 0x5EEC, 0x0, 0x65C5, 0x0, 0x6FFE, 0x0, 0x792A, 0x0, 0x95AD, 0x0,
    0x9A6A, 0x0, 0x9E97, 0x0, 0x9ECE, 0x0, 0x529B, 0x0, 0x66C6, 0x0, 0x6B77, 0x0, 0x8F62, 0x0,
    0x5E74, 0x0, 0x6190, 0x0, 0x6200, 0x0, 0x649A, 0x0, 0x6F23, 0x0, 0x7149, 0x0, 0x7489, 0x0,
    0x79CA, 0x0, 0x7DF4, 0x0, 0x806F, 0x0, 0x8F26, 0x0, 0x84EE, 0x0, 0x9023, 0x0, 0x934A, 0x0,
    0x5217, 0x0, 0x52A3, 0x0, 0x54BD, 0x0, 0x70C8, 0x0, 0x88C2, 0x0, 0x8AAA, 0x0, 0x5EC9, 0x0,
    0x5FF5, 0x0, 0x637B, 0x0, 0x6BAE, 0x0, 0x7C3E, 0x0, 0x7375, 0x0, 0x4EE4, 0x0, 0x56F9, 0x0,
    0x5BE7, 0x0, 0x5DBA, 0x0, 0x601C, 0x0, 0x73B2, 0x0, 0x7469, 0x0, 0x7F9A, 0x0, 0x8046, 0x0,
    0x9234, 0x0, 0x96F6, 0x0, 0x9748, 0x0, 0x9818, 0x0, 0x4F8B, 0x0, 0x79AE, 0x0, 0x91B4, 0x0,
    0x96B8, 0x0, 0x60E1, 0x0, 0x4E86, 0x0, 0x50DA, 0x0, 0x5BEE, 0x0, 0x5C3F, 0x0, 0x6599, 0x0,
    0x6A02, 0x0, 0x71CE, 0x0, 0x7642, 0x0, 0x84FC, 0x0, 0x907C, 0x0, 0x9F8D, 0x0, 0x6688, 0x0,
    0x962E, 0x0, 0x5289, 0x0, 0x677B, 0x0, 0x67F3, 0x0, 0x6D41, 0x0, 0x6E9C, 0x0, 0x7409, 0x0,
    0x7559, 0x0, 0x786B, 0x0, 0x7D10, 0x0, 0x985E, 0x0, 0x516D, 0x0, 0x622E, 0x0, 0x9678, 0x0,
    0x502B, 0x0, 0x5D19, 0x0, 0x6DEA, 0x0, 0x8F2A, 0x0, 0x5F8B, 0x0, 0x6144, 0x0, 0x6817, 0x0,
    0x7387, 0x0, 0x9686, 0x0, 0x5229, 0x0, 0x540F, 0x0, 0x5C65, 0x0, 0x6613, 0x0, 0x674E, 0x0,
    0x68A8, 0x0, 0x6CE5, 0x0, 0x7406, 0x0, 0x75E2, 0x0, 0x7F79, 0x0, 0x88CF, 0x0, 0x88E1, 0x0,
    0x91CC, 0x0, 0x96E2, 0x0, 0x533F, 0x0, 0x6EBA, 0x0, 0x541D, 0x0, 0x71D0, 0x0, 0x7498, 0x0,
    0x85FA, 0x0, 0x96A3, 0x0, 0x9C57, 0x0, 0x9E9F, 0x0, 0x6797, 0x0, 0x6DCB, 0x0, 0x81E8, 0x0,
    0x7ACB, 0x0, 0x7B20, 0x0, 0x7C92, 0x0, 0x72C0, 0x0, 0x7099, 0x0, 0x8B58, 0x0, 0x4EC0, 0x0,
    0x8336, 0x0, 0x523A, 0x0, 0x5207, 0x0, 0x5EA6, 0x0, 0x62D3, 0x0, 0x7CD6, 0x0, 0x5B85, 0x0,
    0x6D1E, 0x0, 0x66B4, 0x0, 0x8F3B, 0x0, 0x884C, 0x0, 0x964D, 0x0, 0x898B, 0x0, 0x5ED3, 0x0,
    0x5140, 0x0, 0x55C0, 0x0, 0x585A, 0x0, 0x0, 0x0, 0x6674, 0x0, 0x51DE, 0x0, 0x732A, 0x0, 0x76CA,
    0x0, 0x793C, 0x0, 0x795E, 0x0, 0x7965, 0x0, 0x798F, 0x0, 0x9756, 0x0, 0x7CBE, 0x0, 0x7FBD, 0x0,
    0x0, 0x0, 0x8612, 0x0, 0x0, 0x0, 0x8AF8, 0x0, 0x9038, 0x0, 0x90FD, 0x0, 0x98EF, 0x0, 0x98FC,
    0x0, 0x9928, 0x0, 0x9DB4, 0x0, 0x90DE, 0x0, 0x96B7, 0x0, 0x4FAE, 0x0, 0x50E7, 0x0, 0x514D, 0x0,
    0x52C9, 0x0, 0x52E4, 0x0, 0x5351, 0x0, 0x559D, 0x0, 0x5606, 0x0, 0x5668, 0x0, 0x5840, 0x0,
    0x58A8, 0x0, 0x5C64, 0x0, 0x5C6E, 0x0, 0x6094, 0x0, 0x6168, 0x0, 0x618E, 0x0, 0x61F2, 0x0,
    0x654F, 0x0, 0x65E2, 0x0, 0x6691, 0x0, 0x6885, 0x0, 0x6D77, 0x0, 0x6E1A, 0x0, 0x6F22, 0x0,
    0x716E, 0x0, 0x722B, 0x0, 0x7422, 0x0, 0x7891, 0x0, 0x793E, 0x0, 0x7949, 0x0, 0x7948, 0x0,
    0x7950, 0x0, 0x7956, 0x0, 0x795D, 0x0, 0x798D, 0x0, 0x798E, 0x0, 0x7A40, 0x0, 0x7A81, 0x0,
    0x7BC0, 0x0, 0x7DF4, 0x0, 0x7E09, 0x0, 0x7E41, 0x0, 0x7F72, 0x0, 0x8005, 0x0, 0x81ED, 0x0,
    0x8279, 0x0, 0x8279, 0x0, 0x8457, 0x0, 0x8910, 0x0, 0x8996, 0x0, 0x8B01, 0x0, 0x8B39, 0x0,
    0x8CD3, 0x0, 0x8D08, 0x0, 0x8FB6, 0x0, 0x9038, 0x0, 0x96E3, 0x0, 0x97FF, 0x0, 0x983B, 0x0,
    0x6075, 0x0, 0xD849, 0x0, 0x8218, 0x0, 0x4E26, 0x0, 0x51B5, 0x0, 0x5168, 0x0, 0x4F80, 0x0,
    0x5145, 0x0, 0x5180, 0x0, 0x52C7, 0x0, 0x52FA, 0x0, 0x559D, 0x0, 0x5555, 0x0, 0x5599, 0x0,
    0x55E2, 0x0, 0x585A, 0x0, 0x58B3, 0x0, 0x5944, 0x0, 0x5954, 0x0, 0x5A62, 0x0, 0x5B28, 0x0,
    0x5ED2, 0x0, 0x5ED9, 0x0, 0x5F69, 0x0, 0x5FAD, 0x0, 0x60D8, 0x0, 0x614E, 0x0, 0x6108, 0x0,
    0x618E, 0x0, 0x6160, 0x0, 0x61F2, 0x0, 0x6234, 0x0, 0x63C4, 0x0, 0x641C, 0x0, 0x6452, 0x0,
    0x6556, 0x0, 0x6674, 0x0, 0x6717, 0x0, 0x671B, 0x0, 0x6756, 0x0, 0x6B79, 0x0, 0x6BBA, 0x0,
    0x6D41, 0x0, 0x6EDB, 0x0, 0x6ECB, 0x0, 0x6F22, 0x0, 0x701E, 0x0, 0x716E, 0x0, 0x77A7, 0x0,
    0x7235, 0x0, 0x72AF, 0x0, 0x732A, 0x0, 0x7471, 0x0, 0x7506, 0x0, 0x753B, 0x0, 0x761D, 0x0,
    0x761F, 0x0, 0x76CA, 0x0, 0x76DB, 0x0, 0x76F4, 0x0, 0x774A, 0x0, 0x7740, 0x0, 0x78CC, 0x0,
    0x7AB1, 0x0, 0x7BC0, 0x0, 0x7C7B, 0x0, 0x7D5B, 0x0, 0x7DF4, 0x0, 0x7F3E, 0x0, 0x8005, 0x0,
    0x8352, 0x0, 0x83EF, 0x0, 0x8779, 0x0, 0x8941, 0x0, 0x8986, 0x0, 0x8996, 0x0, 0x8ABF, 0x0,
    0x8AF8, 0x0, 0x8ACB, 0x0, 0x8B01, 0x0, 0x8AFE, 0x0, 0x8AED, 0x0, 0x8B39, 0x0, 0x8B8A, 0x0,
    0x8D08, 0x0, 0x8F38, 0x0, 0x9072, 0x0, 0x9199, 0x0, 0x9276, 0x0, 0x967C, 0x0, 0x96E3, 0x0,
    0x9756, 0x0, 0x97DB, 0x0, 0x97FF, 0x0, 0x980B, 0x0, 0x983B, 0x0, 0x9B12, 0x0, 0x9F9C, 0x0,
    0xD834, 0x0, 0xD833, 0x0, 0xD83D, 0x0, 0x3B9D, 0x0, 0x4018, 0x0, 0x4039, 0x0, 0xD857, 0x0,
    0xD860, 0x0, 0xD878, 0x0, 0x9F43, 0x0, 0x9F8E, 0x0, 0x5D9, 0x5B4, 0x0, 0x0, 0x5F2, 0x5B7, 0x5E9,
    0x5C1, 0x5E9, 0x5C2, 0xFB49, 0x5C1, 0xFB49, 0x5C2, 0x5D0, 0x5B7, 0x5D0, 0x5B8, 0x5D0, 0x5BC,
    0x5D1, 0x5BC, 0x5D2, 0x5BC, 0x5D3, 0x5BC, 0x5D4, 0x5BC, 0x5D5, 0x5BC, 0x5D6, 0x5BC, 0x0, 0x0,
    0x5D8, 0x5BC, 0x5D9, 0x5BC, 0x5DA, 0x5BC, 0x5DB, 0x5BC, 0x5DC, 0x5BC, 0x0, 0x0, 0x5DE, 0x5BC,
    0x0, 0x0, 0x5E0, 0x5BC, 0x5E1, 0x5BC, 0x0, 0x0, 0x5E3, 0x5BC, 0x5E4, 0x5BC, 0x0, 0x0, 0x5E6,
    0x5BC, 0x5E7, 0x5BC, 0x5E8, 0x5BC, 0x5E9, 0x5BC, 0x5EA, 0x5BC, 0x5D5, 0x5B9, 0x5D1, 0x5BF,
    0x5DB, 0x5BF, 0x5E4, 0x5BF, 0xD800, 0xD803, 0x0, 0x0, 0xD801, 0xD803, 0xD802, 0xD803, 0xD805,
    0xD804, 0xD806, 0xD804, 0xD808, 0xD807, 0xD808, 0xD809, 0xD80B, 0xD80C, 0xD80B, 0xD80A, 0x0,
    0x0, 0xD80B, 0xD80D, 0xD80F, 0xD80E, 0xD810, 0xD80E, 0xD811, 0xD814, 0xD812, 0xD814, 0xD813,
    0xD815, 0xD813, 0xD816, 0xD813, 0xD817, 0xD813, 0xD818, 0xD813, 0xD819, 0xD81A, 0xD814, 0xD81B,
    0xD814, 0xD81C, 0xD815, 0xD81D, 0xD815, 0xD81C, 0xD816, 0xD81D, 0xD816, 0x4E3D, 0x0, 0x4E38,
    0x0, 0x4E41, 0x0, 0xD81E, 0x0, 0x4F60, 0x0, 0x4FAE, 0x0, 0x4FBB, 0x0, 0x5002, 0x0, 0x507A, 0x0,
    0x5099, 0x0, 0x50E7, 0x0, 0x50CF, 0x0, 0x349E, 0x0, 0xD822, 0x0, 0x514D, 0x0, 0x5154, 0x0,
    0x5164, 0x0, 0x5177, 0x0, 0xD81F, 0x0, 0x34B9, 0x0, 0x5167, 0x0, 0x518D, 0x0, 0xD821, 0x0,
    0x5197, 0x0, 0x51A4, 0x0, 0x4ECC, 0x0, 0x51AC, 0x0, 0x51B5, 0x0, 0xD880, 0x0, 0x51F5, 0x0,
    0x5203, 0x0, 0x34DF, 0x0, 0x523B, 0x0, 0x5246, 0x0, 0x5272, 0x0, 0x5277, 0x0, 0x3515, 0x0,
    0x52C7, 0x0, 0x52C9, 0x0, 0x52E4, 0x0, 0x52FA, 0x0, 0x5305, 0x0, 0x5306, 0x0, 0x5317, 0x0,
    0x5349, 0x0, 0x5351, 0x0, 0x535A, 0x0, 0x5373, 0x0, 0x537D, 0x0, 0x537F, 0x0, 0x537F, 0x0,
    0x537F, 0x0, 0xD825, 0x0, 0x7070, 0x0, 0x53CA, 0x0, 0x53DF, 0x0, 0xD826, 0x0, 0x53EB, 0x0,
    0x53F1, 0x0, 0x5406, 0x0, 0x549E, 0x0, 0x5438, 0x0, 0x5448, 0x0, 0x5468, 0x0, 0x54A2, 0x0,
    0x54F6, 0x0, 0x5510, 0x0, 0x5553, 0x0, 0x5563, 0x0, 0x5584, 0x0, 0x5584, 0x0, 0x5599, 0x0,
    0x55AB, 0x0, 0x55B3, 0x0, 0x55C2, 0x0, 0x5716, 0x0, 0x5606, 0x0, 0x5717, 0x0, 0x5651, 0x0,
    0x5674, 0x0, 0x5207, 0x0, 0x58EE, 0x0, 0x57CE, 0x0, 0x57F4, 0x0, 0x580D, 0x0, 0x578B, 0x0,
    0x5832, 0x0, 0x5831, 0x0, 0x58AC, 0x0, 0xD827, 0x0, 0x58F2, 0x0, 0x58F7, 0x0, 0x5906, 0x0,
    0x591A, 0x0, 0x5922, 0x0, 0x5962, 0x0, 0xD828, 0x0, 0xD829, 0x0, 0x59EC, 0x0, 0x5A1B, 0x0,
    0x5A27, 0x0, 0x59D8, 0x0, 0x5A66, 0x0, 0x36EE, 0x0, 0x36FC, 0x0, 0x5B08, 0x0, 0x5B3E, 0x0,
    0x5B3E, 0x0, 0xD82A, 0x0, 0x5BC3, 0x0, 0x5BD8, 0x0, 0x5BE7, 0x0, 0x5BF3, 0x0, 0xD82B, 0x0,
    0x5BFF, 0x0, 0x5C06, 0x0, 0x5F53, 0x0, 0x5C22, 0x0, 0x3781, 0x0, 0x5C60, 0x0, 0x5C6E, 0x0,
    0x5CC0, 0x0, 0x5C8D, 0x0, 0xD82D, 0x0, 0x5D43, 0x0, 0xD82E, 0x0, 0x5D6E, 0x0, 0x5D6B, 0x0,
    0x5D7C, 0x0, 0x5DE1, 0x0, 0x5DE2, 0x0, 0x382F, 0x0, 0x5DFD, 0x0, 0x5E28, 0x0, 0x5E3D, 0x0,
    0x5E69, 0x0, 0x3862, 0x0, 0xD82F, 0x0, 0x387C, 0x0, 0x5EB0, 0x0, 0x5EB3, 0x0, 0x5EB6, 0x0,
    0x5ECA, 0x0, 0xD88A, 0x0, 0x5EFE, 0x0, 0xD831, 0x0, 0xD831, 0x0, 0x8201, 0x0, 0x5F22, 0x0,
    0x5F22, 0x0, 0x38C7, 0x0, 0xD838, 0x0, 0xD862, 0x0, 0x5F62, 0x0, 0x5F6B, 0x0, 0x38E3, 0x0,
    0x5F9A, 0x0, 0x5FCD, 0x0, 0x5FD7, 0x0, 0x5FF9, 0x0, 0x6081, 0x0, 0x393A, 0x0, 0x391C, 0x0,
    0x6094, 0x0, 0xD832, 0x0, 0x60C7, 0x0, 0x6148, 0x0, 0x614C, 0x0, 0x614E, 0x0, 0x614C, 0x0,
    0x617A, 0x0, 0x618E, 0x0, 0x61B2, 0x0, 0x61A4, 0x0, 0x61AF, 0x0, 0x61DE, 0x0, 0x61F2, 0x0,
    0x61F6, 0x0, 0x6210, 0x0, 0x621B, 0x0, 0x625D, 0x0, 0x62B1, 0x0, 0x62D4, 0x0, 0x6350, 0x0,
    0xD835, 0x0, 0x633D, 0x0, 0x62FC, 0x0, 0x6368, 0x0, 0x6383, 0x0, 0x63E4, 0x0, 0xD836, 0x0,
    0x6422, 0x0, 0x63C5, 0x0, 0x63A9, 0x0, 0x3A2E, 0x0, 0x6469, 0x0, 0x647E, 0x0, 0x649D, 0x0,
    0x6477, 0x0, 0x3A6C, 0x0, 0x654F, 0x0, 0x656C, 0x0, 0xD837, 0x0, 0x65E3, 0x0, 0x66F8, 0x0,
    0x6649, 0x0, 0x3B19, 0x0, 0x6691, 0x0, 0x3B08, 0x0, 0x3AE4, 0x0, 0x5192, 0x0, 0x5195, 0x0,
    0x6700, 0x0, 0x669C, 0x0, 0x80AD, 0x0, 0x43D9, 0x0, 0x6717, 0x0, 0x671B, 0x0, 0x6721, 0x0,
    0x675E, 0x0, 0x6753, 0x0, 0xD83C, 0x0, 0x3B49, 0x0, 0x67FA, 0x0, 0x6785, 0x0, 0x6852, 0x0,
    0x6885, 0x0, 0xD83E, 0x0, 0x688E, 0x0, 0x681F, 0x0, 0x6914, 0x0, 0x3B9D, 0x0, 0x6942, 0x0,
    0x69A3, 0x0, 0x69EA, 0x0, 0x6AA8, 0x0, 0xD83F, 0x0, 0x6ADB, 0x0, 0x3C18, 0x0, 0x6B21, 0x0,
    0xD840, 0x0, 0x6B54, 0x0, 0x3C4E, 0x0, 0x6B72, 0x0, 0x6B9F, 0x0, 0x6BBA, 0x0, 0x6BBB, 0x0,
    0xD841, 0x0, 0xD82C, 0x0, 0xD842, 0x0, 0x6C4E, 0x0, 0xD843, 0x0, 0x6CBF, 0x0, 0x6CCD, 0x0,
    0x6C67, 0x0, 0x6D16, 0x0, 0x6D3E, 0x0, 0x6D77, 0x0, 0x6D41, 0x0, 0x6D69, 0x0, 0x6D78, 0x0,
    0x6D85, 0x0, 0xD844, 0x0, 0x6D34, 0x0, 0x6E2F, 0x0, 0x6E6E, 0x0, 0x3D33, 0x0, 0x6ECB, 0x0,
    0x6EC7, 0x0, 0xD845, 0x0, 0x6DF9, 0x0, 0x6F6E, 0x0, 0xD846, 0x0, 0xD847, 0x0, 0x6FC6, 0x0,
    0x7039, 0x0, 0x701E, 0x0, 0x701B, 0x0, 0x3D96, 0x0, 0x704A, 0x0, 0x707D, 0x0, 0x7077, 0x0,
    0x70AD, 0x0, 0xD820, 0x0, 0x7145, 0x0, 0xD848, 0x0, 0x719C, 0x0, 0xD84A, 0x0, 0x7228, 0x0,
    0x7235, 0x0, 0x7250, 0x0, 0xD84B, 0x0, 0x7280, 0x0, 0x7295, 0x0, 0xD84C, 0x0, 0xD84D, 0x0,
    0x737A, 0x0, 0x738B, 0x0, 0x3EAC, 0x0, 0x73A5, 0x0, 0x3EB8, 0x0, 0x3EB8, 0x0, 0x7447, 0x0,
    0x745C, 0x0, 0x7471, 0x0, 0x7485, 0x0, 0x74CA, 0x0, 0x3F1B, 0x0, 0x7524, 0x0, 0xD84E, 0x0,
    0x753E, 0x0, 0xD84F, 0x0, 0x7570, 0x0, 0xD830, 0x0, 0x7610, 0x0, 0xD850, 0x0, 0xD851, 0x0,
    0xD852, 0x0, 0x3FFC, 0x0, 0x4008, 0x0, 0x76F4, 0x0, 0xD854, 0x0, 0xD853, 0x0, 0xD855, 0x0,
    0xD856, 0x0, 0x771E, 0x0, 0x771F, 0x0, 0x771F, 0x0, 0x774A, 0x0, 0x4039, 0x0, 0x778B, 0x0,
    0x4046, 0x0, 0x4096, 0x0, 0xD858, 0x0, 0x784E, 0x0, 0x788C, 0x0, 0x78CC, 0x0, 0x40E3, 0x0,
    0xD859, 0x0, 0x7956, 0x0, 0xD85A, 0x0, 0xD85B, 0x0, 0x798F, 0x0, 0x79EB, 0x0, 0x412F, 0x0,
    0x7A40, 0x0, 0x7A4A, 0x0, 0x7A4F, 0x0, 0xD85C, 0x0, 0xD85D, 0x0, 0xD85D, 0x0, 0x7AEE, 0x0,
    0x4202, 0x0, 0xD85E, 0x0, 0x7BC6, 0x0, 0x7BC9, 0x0, 0x4227, 0x0, 0xD85F, 0x0, 0x7CD2, 0x0,
    0x42A0, 0x0, 0x7CE8, 0x0, 0x7CE3, 0x0, 0x7D00, 0x0, 0xD861, 0x0, 0x7D63, 0x0, 0x4301, 0x0,
    0x7DC7, 0x0, 0x7E02, 0x0, 0x7E45, 0x0, 0x4334, 0x0, 0xD863, 0x0, 0xD864, 0x0, 0x4359, 0x0,
    0xD865, 0x0, 0x7F7A, 0x0, 0xD866, 0x0, 0x7F95, 0x0, 0x7FFA, 0x0, 0x8005, 0x0, 0xD867, 0x0,
    0xD868, 0x0, 0x8060, 0x0, 0xD869, 0x0, 0x8070, 0x0, 0xD839, 0x0, 0x43D5, 0x0, 0x80B2, 0x0,
    0x8103, 0x0, 0x440B, 0x0, 0x813E, 0x0, 0x5AB5, 0x0, 0xD86A, 0x0, 0xD86B, 0x0, 0xD83A, 0x0,
    0xD83B, 0x0, 0x8201, 0x0, 0x8204, 0x0, 0x8F9E, 0x0, 0x446B, 0x0, 0x8291, 0x0, 0x828B, 0x0,
    0x829D, 0x0, 0x52B3, 0x0, 0x82B1, 0x0, 0x82B3, 0x0, 0x82BD, 0x0, 0x82E6, 0x0, 0xD86C, 0x0,
    0x82E5, 0x0, 0x831D, 0x0, 0x8363, 0x0, 0x83AD, 0x0, 0x8323, 0x0, 0x83BD, 0x0, 0x83E7, 0x0,
    0x8457, 0x0, 0x8353, 0x0, 0x83CA, 0x0, 0x83CC, 0x0, 0x83DC, 0x0, 0xD86D, 0x0, 0xD86F, 0x0,
    0xD86E, 0x0, 0x452B, 0x0, 0x84F1, 0x0, 0x84F3, 0x0, 0x8516, 0x0, 0xD873, 0x0, 0x8564, 0x0,
    0xD870, 0x0, 0x455D, 0x0, 0x4561, 0x0, 0xD871, 0x0, 0xD872, 0x0, 0x456B, 0x0, 0x8650, 0x0,
    0x865C, 0x0, 0x8667, 0x0, 0x8669, 0x0, 0x86A9, 0x0, 0x8688, 0x0, 0x870E, 0x0, 0x86E2, 0x0,
    0x8779, 0x0, 0x8728, 0x0, 0x876B, 0x0, 0x8786, 0x0, 0x45D7, 0x0, 0x87E1, 0x0, 0x8801, 0x0,
    0x45F9, 0x0, 0x8860, 0x0, 0x8863, 0x0, 0xD874, 0x0, 0x88D7, 0x0, 0x88DE, 0x0, 0x4635, 0x0,
    0x88FA, 0x0, 0x34BB, 0x0, 0xD875, 0x0, 0xD876, 0x0, 0x46BE, 0x0, 0x46C7, 0x0, 0x8AA0, 0x0,
    0x8AED, 0x0, 0x8B8A, 0x0, 0x8C55, 0x0, 0xD877, 0x0, 0x8CAB, 0x0, 0x8CC1, 0x0, 0x8D1B, 0x0,
    0x8D77, 0x0, 0xD879, 0x0, 0xD823, 0x0, 0x8DCB, 0x0, 0x8DBC, 0x0, 0x8DF0, 0x0, 0xD824, 0x0,
    0x8ED4, 0x0, 0x8F38, 0x0, 0xD87A, 0x0, 0xD87B, 0x0, 0x9094, 0x0, 0x90F1, 0x0, 0x9111, 0x0,
    0xD87C, 0x0, 0x911B, 0x0, 0x9238, 0x0, 0x92D7, 0x0, 0x92D8, 0x0, 0x927C, 0x0, 0x93F9, 0x0,
    0x9415, 0x0, 0xD87D, 0x0, 0x958B, 0x0, 0x4995, 0x0, 0x95B7, 0x0, 0xD87E, 0x0, 0x49E6, 0x0,
    0x96C3, 0x0, 0x5DB2, 0x0, 0x9723, 0x0, 0xD87F, 0x0, 0xD881, 0x0, 0x4A6E, 0x0, 0x4A76, 0x0,
    0x97E0, 0x0, 0xD882, 0x0, 0x4AB2, 0x0, 0xD883, 0x0, 0x980B, 0x0, 0x980B, 0x0, 0x9829, 0x0,
    0xD884, 0x0, 0x98E2, 0x0, 0x4B33, 0x0, 0x9929, 0x0, 0x99A7, 0x0, 0x99C2, 0x0, 0x99FE, 0x0,
    0x4BCE, 0x0, 0xD885, 0x0, 0x9B12, 0x0, 0x9C40, 0x0, 0x9CFD, 0x0, 0x4CCE, 0x0, 0x4CED, 0x0,
    0x9D67, 0x0, 0xD886, 0x0, 0x4CF8, 0x0, 0xD887, 0x0, 0xD888, 0x0, 0xD889, 0x0, 0x9EBB, 0x0,
    0x4D56, 0x0, 0x9EF9, 0x0, 0x9EFE, 0x0, 0x9F05, 0x0, 0x9F0F, 0x0, 0x9F16, 0x0, 0x9F3B, 0x0,
    0xD88B, 0x0,
};
/* code points << 11 */
static const uint32_t slm__wide[140] = {
    0x884C800, 0x884D800, 0x8852800, 0x885D000, 0x8893800, 0x8898800, 0x8899000, 0x899F000,
    0x89A3800, 0x89AB800, 0x8A58000, 0x8A5C800, 0x8A5D000, 0x8A5E800, 0x8AD7800, 0x8ADC000,
    0x8ADC800, 0xE8AB800, 0xE8AC000, 0xE8AF800, 0xE8B2800, 0xE8B7000, 0xE8B7800, 0xE8B8000,
    0xE8B8800, 0xE8B9000, 0xE8DC800, 0xE8DD000, 0xE8DD800, 0xE8DE000, 0x10091000, 0x1028E000,
    0x10292800, 0x102A5800, 0x1031D000, 0x10402000, 0x1046F000, 0x10516000, 0x105B1800, 0x10A72000,
    0x10B54000, 0x10B75000, 0x10CE4000, 0x10D8C000, 0x10E85800, 0x10EF2000, 0x10EF3000, 0x110C1800,
    0x110CF800, 0x11198800, 0x1136A000, 0x11422000, 0x11425000, 0x11586000, 0x115F8800, 0x11805000,
    0x1195C000, 0x119AF800, 0x119C9800, 0x119CE000, 0x119E1800, 0x119EA800, 0x11A36800, 0x11B51800,
    0x11C53800, 0x11D46800, 0x11D7D000, 0x11E5E000, 0x11E8F000, 0x11F68800, 0x11FAF000, 0x11FC7000,
    0x12131800, 0x12177000, 0x121D5800, 0x12304000, 0x1239A800, 0x1240A000, 0x1261B000, 0x12649000,
    0x127D0800, 0x127DC000, 0x12822000, 0x12879000, 0x12879800, 0x1288C800, 0x12899800, 0x12924800,
    0x12A0E800, 0x12B13000, 0x12B4D000, 0x12B62800, 0x12CBE000, 0x12D53800, 0x12DD5800, 0x12E40000,
    0x12E68000, 0x12FC3000, 0x130ED000, 0x13114000, 0x13123800, 0x1316C800, 0x1319F000, 0x1326D000,
    0x13291800, 0x132D4000, 0x133D3800, 0x133DA800, 0x1359E000, 0x1361B000, 0x1366A800, 0x136B5800,
    0x13796000, 0x137D8800, 0x13869000, 0x139E5000, 0x13B33800, 0x13C57000, 0x13CB3000, 0x13E54000,
    0x13F69800, 0x13F97800, 0x142E9000, 0x142F6800, 0x14397000, 0x145FD000, 0x146BB800, 0x148A2800,
    0x148EF800, 0x1490D000, 0x14A05000, 0x14A4B000, 0x14ADB000, 0x14D98000, 0x15067000, 0x15082800,
    0x15107000, 0x15148800, 0x151C9000, 0x15300000,
};
/* which of them two characters become, in the order of these */
static const uint16_t slm__joining[940] = {
    949, 945, 950, 0, 1, 2, 3, 58, 60, 245, 4, 597, 5, 171, 215, 217, 595, 439, 62, 441, 443, 445,
    64, 66, 68, 70, 7, 449, 72, 451, 455, 457, 453, 8, 9, 10, 623, 74, 76, 78, 11, 621, 82, 219,
    221, 619, 247, 80, 463, 465, 469, 205, 84, 471, 86, 88, 194, 90, 92, 473, 477, 243, 475, 479,
    481, 12, 13, 14, 94, 96, 98, 102, 15, 635, 173, 223, 225, 637, 100, 483, 103, 487, 196, 489,
    105, 491, 108, 112, 493, 110, 499, 497, 501, 503, 505, 207, 114, 17, 507, 118, 509, 116, 513,
    511, 18, 19, 20, 21, 120, 122, 253, 22, 641, 124, 175, 227, 229, 167, 639, 198, 523, 525, 126,
    527, 130, 231, 233, 529, 128, 533, 132, 134, 535, 138, 537, 239, 136, 545, 142, 547, 241, 140,
    551, 549, 23, 24, 25, 144, 146, 148, 26, 665, 150, 152, 177, 235, 237, 169, 663, 553, 154, 557,
    555, 563, 565, 567, 569, 156, 573, 571, 575, 577, 579, 677, 27, 158, 683, 257, 581, 160, 681,
    679, 161, 583, 163, 165, 585, 587, 28, 29, 30, 31, 59, 61, 246, 32, 598, 33, 172, 216, 218, 596,
    440, 63, 442, 444, 446, 65, 67, 69, 71, 35, 450, 73, 452, 456, 458, 454, 36, 37, 38, 624, 75,
    77, 79, 39, 622, 83, 220, 222, 620, 248, 81, 464, 466, 470, 206, 85, 472, 87, 89, 195, 91, 93,
    474, 478, 244, 476, 480, 482, 589, 40, 41, 42, 95, 97, 99, 43, 636, 174, 224, 226, 638, 101,
    484, 104, 204, 488, 197, 490, 106, 492, 109, 113, 494, 111, 500, 498, 502, 504, 506, 208, 115,
    45, 508, 119, 510, 117, 514, 512, 46, 47, 48, 49, 121, 123, 254, 50, 642, 125, 176, 228, 230,
    168, 640, 199, 524, 526, 127, 528, 131, 232, 234, 530, 129, 534, 133, 135, 536, 139, 538, 240,
    137, 546, 590, 143, 548, 242, 141, 552, 550, 51, 52, 53, 145, 147, 149, 54, 666, 151, 153, 178,
    236, 238, 170, 664, 554, 155, 558, 556, 564, 566, 568, 570, 157, 574, 572, 591, 576, 578, 580,
    678, 55, 159, 684, 258, 582, 57, 682, 592, 680, 162, 584, 164, 166, 586, 588, 908, 266, 866,
    601, 599, 605, 603, 188, 209, 211, 192, 447, 627, 625, 631, 629, 485, 645, 643, 649, 647, 515,
    251, 517, 249, 213, 185, 181, 179, 183, 602, 600, 606, 604, 189, 210, 212, 193, 448, 628, 626,
    632, 630, 486, 646, 644, 650, 648, 516, 252, 518, 250, 214, 186, 182, 180, 184, 611, 609, 615,
    613, 612, 610, 616, 614, 459, 461, 460, 462, 519, 521, 520, 522, 539, 540, 541, 542, 559, 560,
    561, 562, 594, 655, 653, 659, 657, 661, 656, 654, 660, 658, 662, 669, 667, 673, 671, 675, 670,
    668, 674, 672, 676, 202, 200, 201, 190, 191, 467, 468, 255, 256, 203, 861, 267, 860, 859, 693,
    694, 863, 873, 269, 707, 708, 875, 270, 721, 722, 877, 889, 271, 888, 887, 278, 737, 738, 917,
    273, 751, 752, 907, 905, 275, 904, 903, 279, 766, 919, 276, 781, 782, 921, 855, 869, 789, 280,
    852, 851, 685, 686, 857, 854, 791, 281, 701, 702, 793, 282, 713, 714, 871, 868, 795, 283, 882,
    881, 285, 729, 730, 885, 797, 287, 745, 746, 899, 900, 799, 288, 896, 895, 286, 757, 758, 901,
    801, 289, 773, 774, 915, 912, 883, 277, 886, 897, 284, 902, 913, 290, 291, 296, 314, 316, 295,
    292, 318, 293, 312, 322, 324, 298, 326, 300, 328, 297, 330, 336, 299, 338, 340, 342, 344, 334,
    315, 317, 305, 302, 319, 303, 313, 323, 325, 308, 327, 301, 329, 307, 331, 337, 309, 339, 341,
    343, 345, 335, 306, 310, 311, 320, 321, 332, 333, 346, 347, 349, 348, 350, 353, 354, 351, 355,
    356, 357, 366, 367, 379, 378, 380, 383, 384, 386, 385, 387, 388, 392, 389, 390, 393, 394, 396,
    395, 397, 399, 401, 400, 421, 422, 424, 426, 428, 430, 431, 432, 434, 435, 436, 438, 495, 496,
    531, 532, 543, 544, 607, 617, 608, 618, 633, 634, 651, 652, 687, 689, 691, 803, 688, 690, 692,
    804, 805, 806, 807, 808, 809, 810, 695, 697, 699, 811, 696, 698, 700, 812, 813, 814, 815, 816,
    817, 818, 703, 705, 704, 706, 709, 711, 710, 712, 715, 717, 719, 819, 716, 718, 720, 820, 821,
    822, 823, 824, 825, 826, 723, 725, 727, 827, 724, 726, 728, 828, 829, 830, 831, 832, 833, 834,
    731, 733, 735, 732, 734, 736, 739, 741, 743, 740, 742, 744, 747, 749, 748, 750, 753, 755, 754,
    756, 759, 761, 763, 760, 762, 764, 768, 770, 772, 775, 777, 779, 835, 776, 778, 780, 836, 837,
    838, 839, 840, 841, 842, 783, 785, 787, 843, 784, 786, 788, 844, 845, 846, 847, 848, 849, 850,
    853, 867, 911, 858, 878, 879, 880, 872, 916, 892, 893, 894, 928, 929, 930, 931, 933, 932, 934,
    935, 936, 937, 939, 940, 941, 942, 944, 948, 947, 951, 952, 953, 954, 955, 956, 957, 958, 967,
    968, 959, 960, 961, 962, 969, 970, 963, 964, 965, 966, 971, 972, 973, 974, 1020, 978, 980, 982,
    984, 986, 988, 990, 992, 994, 996, 998, 1000, 1001, 1003, 1005, 1006, 1007, 1009, 1010, 1012,
    1013, 1015, 1016, 1018, 1019, 1021, 1064, 1022, 1024, 1026, 1028, 1030, 1032, 1034, 1036, 1038,
    1040, 1042, 1044, 1045, 1047, 1049, 1050, 1051, 1053, 1054, 1056, 1057, 1059, 1060, 1062, 1063,
    1065, 1066, 1067, 1068, 1069, 1573, 1575, 1576, 1577, 1578, 1579, 1580, 1582, 1581, 1584, 1585,
    1586,
};
/* For WordPiece: 1 white space, 2 punctuation, 4 control, 8 a mark that is stripped,
   16 CJK, 32 * the rank among marks; entry: first code point << 11. See >>normalizer. */
#define SLM__MARK_RANKS 14
static const uint8_t slm__ascii_word_classes[128] = {
    4, 4, 4, 4, 4, 4, 4, 4, 4, 1, 1, 5, 5, 1, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4,
    1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2,
    2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2,
    2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 4,
};
static const uint32_t slm__word_classes[1071] = {
    0x4, 0x4801, 0x5805, 0x6801, 0x7004, 0x10001, 0x10802, 0x18000, 0x1D002, 0x20800, 0x2D802,
    0x30800, 0x3D802, 0x3F804, 0x42805, 0x43004, 0x50001, 0x50802, 0x51000, 0x53802, 0x54000,
    0x55802, 0x56000, 0x56804, 0x57000, 0x5B002, 0x5C000, 0x5D802, 0x5E000, 0x5F802, 0x60000,
    0x1801A8, 0x18A9C8, 0x18B108, 0x18D1C8, 0x18D8E8, 0x18E108, 0x1908C8, 0x191908, 0x1938C8,
    0x194908, 0x19A048, 0x19C908, 0x19E9A8, 0x1A29C8, 0x1A31A8, 0x1A3908, 0x1A51A8, 0x1A6908,
    0x1A7808, 0x1A81A8, 0x1A9908, 0x1AB9A8, 0x1AC1C8, 0x1AC908, 0x1AD9A8, 0x1AE1C8, 0x1B19A8,
    0x1B8000, 0x1BF002, 0x1BF800, 0x1C3802, 0x1C4000, 0x2419A8, 0x244000, 0x2AD002, 0x2B0000,
    0x2C4802, 0x2C5800, 0x2C8908, 0x2C91A8, 0x2CB108, 0x2CB9A8, 0x2CD108, 0x2CE1A8, 0x2D1108,
    0x2D41A8, 0x2D5108, 0x2D59A8, 0x2D6908, 0x2D7188, 0x2D79A8, 0x2D80C8, 0x2DF002, 0x2DF8C8,
    0x2E0002, 0x2E08C8, 0x2E1802, 0x2E21A8, 0x2E2908, 0x2E3002, 0x2E38C8, 0x2E4000, 0x2F9802,
    0x2FA800, 0x300004, 0x303000, 0x304802, 0x305800, 0x306002, 0x307000, 0x3081A8, 0x30C0C8,
    0x30D802, 0x30E004, 0x30E800, 0x30F002, 0x310000, 0x3258C8, 0x3299A8, 0x32A908, 0x32B9A8,
    0x32E108, 0x32E9A8, 0x32F908, 0x330000, 0x335002, 0x337000, 0x3380C8, 0x338800, 0x36A002,
    0x36A800, 0x36B1A8, 0x36E804, 0x36F000, 0x36F9A8, 0x371908, 0x3721A8, 0x372800, 0x3739A8,
    0x374800, 0x375108, 0x3759A8, 0x376908, 0x377000, 0x380002, 0x387000, 0x387804, 0x388000,
    0x3888C8, 0x389000, 0x3981A8, 0x398908, 0x3991A8, 0x39A108, 0x39A9A8, 0x39B908, 0x39D1A8,
    0x39D908, 0x39E9A8, 0x39F108, 0x39F9A8, 0x3A1108, 0x3A19A8, 0x3A2108, 0x3A29A8, 0x3A3108,
    0x3A39A8, 0x3A4108, 0x3A49A8, 0x3A5800, 0x3D3008, 0x3D8800, 0x3F59A8, 0x3F9108, 0x3F99A8,
    0x3FA000, 0x3FB802, 0x3FD000, 0x40B1A8, 0x40D000, 0x40D9A8, 0x412000, 0x4129A8, 0x414000,
    0x4149A8, 0x417000, 0x418002, 0x41F800, 0x42C908, 0x42E000, 0x42F002, 0x42F800, 0x46A1A0,
    0x471000, 0x471908, 0x4721A8, 0x473108, 0x4739A8, 0x474908, 0x4751A8, 0x476908, 0x4780C8,
    0x4799A8, 0x47B108, 0x47B9A8, 0x47C908, 0x47D9A8, 0x480008, 0x481800, 0x49D008, 0x49D800,
    0x49E068, 0x49E800, 0x4A0808, 0x4A4800, 0x4A68A8, 0x4A7000, 0x4A89A8, 0x4A9108, 0x4A99A8,
    0x4AA808, 0x4AC000, 0x4B1008, 0x4B2002, 0x4B3000, 0x4B8002, 0x4B8800, 0x4C0808, 0x4C1000,
    0x4DE068, 0x4DE800, 0x4E0808, 0x4E2800, 0x4E68A8, 0x4E7000, 0x4F1008, 0x4F2000, 0x500808,
    0x501800, 0x51E068, 0x51E800, 0x520808, 0x521800, 0x523808, 0x524800, 0x525808, 0x5268A8,
    0x527000, 0x528808, 0x529000, 0x538008, 0x539000, 0x53A808, 0x53B000, 0x540808, 0x541800,
    0x55E068, 0x55E800, 0x560808, 0x563000, 0x563808, 0x564800, 0x5668A8, 0x567000, 0x571008,
    0x572000, 0x578002, 0x578800, 0x580808, 0x581000, 0x59E068, 0x59E800, 0x59F808, 0x5A0000,
    0x5A0808, 0x5A2800, 0x5A68A8, 0x5A7000, 0x5AB008, 0x5AB800, 0x5B1008, 0x5B2000, 0x5C1008,
    0x5C1800, 0x5E0008, 0x5E0800, 0x5E68A8, 0x5E7000, 0x600008, 0x600800, 0x61F008, 0x620800,
    0x623008, 0x624800, 0x625008, 0x6268A8, 0x627000, 0x62A8C8, 0x62B800, 0x631008, 0x632000,
    0x640808, 0x641000, 0x65E068, 0x65E800, 0x65F808, 0x660000, 0x663008, 0x663800, 0x666008,
    0x6668A8, 0x667000, 0x671008, 0x672000, 0x680808, 0x681000, 0x6A0808, 0x6A2800, 0x6A68A8,
    0x6A7000, 0x6B1008, 0x6B2000, 0x6E50A8, 0x6E5800, 0x6E9008, 0x6EA800, 0x6EB008, 0x6EB800,
    0x6FA002, 0x6FA800, 0x718808, 0x719000, 0x71A008, 0x71C0C8, 0x71D0A8, 0x71D800, 0x723808,
    0x7240C8, 0x726008, 0x727802, 0x728000, 0x72D002, 0x72E000, 0x758808, 0x759000, 0x75A008,
    0x75C0C8, 0x75D000, 0x75D808, 0x75E800, 0x7640C8, 0x766008, 0x767000, 0x782002, 0x789800,
    0x78A002, 0x78A800, 0x78C108, 0x78D000, 0x79A908, 0x79B000, 0x79B908, 0x79C000, 0x79C8E8,
    0x79D002, 0x79F000, 0x7B88C8, 0x7BB008, 0x7BD0C8, 0x7BF008, 0x7BF800, 0x7C00C8, 0x7C11A8,
    0x7C20A8, 0x7C2802, 0x7C31A8, 0x7C4000, 0x7C6808, 0x7CC000, 0x7CC808, 0x7DE800, 0x7E3108,
    0x7E3800, 0x7E8002, 0x7EA800, 0x7EC802, 0x7ED800, 0x816808, 0x818800, 0x819008, 0x81B868,
    0x81C000, 0x81C8A8, 0x81D800, 0x81E808, 0x81F800, 0x825002, 0x828000, 0x82C008, 0x82D000,
    0x82F008, 0x830800, 0x838808, 0x83A800, 0x841008, 0x841800, 0x842808, 0x843800, 0x846908,
    0x847000, 0x84E808, 0x84F000, 0x87D802, 0x87E000, 0x9AE9A8, 0x9B0002, 0x9B4800, 0xA00002,
    0xA00800, 0xB36802, 0xB37800, 0xB40001, 0xB40800, 0xB4D802, 0xB4E800, 0xB75802, 0xB77000,
    0xB89008, 0xB8A0A8, 0xB8A800, 0xB99008, 0xB9A0A8, 0xB9A802, 0xB9B800, 0xBA9008, 0xBAA000,
    0xBB9008, 0xBBA000, 0xBDA008, 0xBDB000, 0xBDB808, 0xBDF000, 0xBE3008, 0xBE3800, 0xBE4808,
    0xBE90A8, 0xBE9808, 0xBEA002, 0xBEB800, 0xBEC002, 0xBED800, 0xBEE9A8, 0xBEF000, 0xC00002,
    0xC05808, 0xC07004, 0xC07800, 0xC54988, 0xC55000, 0xC90008, 0xC91800, 0xC93808, 0xC94800,
    0xC99008, 0xC99800, 0xC9C908, 0xC9D1A8, 0xC9D908, 0xC9E000, 0xCA2002, 0xCA3000, 0xD0B9A8,
    0xD0C108, 0xD0C800, 0xD0D808, 0xD0E000, 0xD0F002, 0xD10000, 0xD2B008, 0xD2B800, 0xD2C008,
    0xD2F800, 0xD300A8, 0xD30800, 0xD31008, 0xD31800, 0xD32808, 0xD36800, 0xD39808, 0xD3A9A8,
    0xD3E800, 0xD3F908, 0xD40000, 0xD50002, 0xD53800, 0xD54002, 0xD57000, 0xD581A8, 0xD5A908,
    0xD5D9A8, 0xD5E908, 0xD5F000, 0xD80008, 0xD82000, 0xD9A068, 0xD9A800, 0xD9B008, 0xD9D800,
    0xD9E008, 0xD9E800, 0xDA1008, 0xDA1800, 0xDA20A0, 0xDA2800, 0xDAD002, 0xDB0800, 0xDB59A8,
    0xDB6108, 0xDB69A8, 0xDBA000, 0xDC0008, 0xDC1000, 0xDD1008, 0xDD3000, 0xDD4008, 0xDD50A0,
    0xDD58A8, 0xDD6008, 0xDD7000, 0xDF3068, 0xDF3800, 0xDF4008, 0xDF5000, 0xDF6808, 0xDF7000,
    0xDF7808, 0xDF90A0, 0xDFA000, 0xDFE002, 0xE00000, 0xE16008, 0xE1A000, 0xE1B008, 0xE1B868,
    0xE1C000, 0xE1D802, 0xE20000, 0xE3F002, 0xE40000, 0xE60002, 0xE64000, 0xE681A8, 0xE69802,
    0xE6A048, 0xE6A908, 0xE6D1A8, 0xE6E108, 0xE701A8, 0xE70800, 0xE71048, 0xE74800, 0xE76908,
    0xE77000, 0xE7A1A8, 0xE7A800, 0xE7C1A8, 0xE7D000, 0xEE01A8, 0xEE1108, 0xEE19A8, 0xEE5108,
    0xEE59A8, 0xEE69C8, 0xEE70C8, 0xEE7908, 0xEE80C8, 0xEE89A8, 0xEFB000, 0xEFD9A0, 0xEFE1C8,
    0xEFE908, 0xEFF1A8, 0xEFF908, 0xF00000, 0x1000001, 0x1005804, 0x1008002, 0x1014001, 0x1015004,
    0x1017801, 0x1018002, 0x1022000, 0x1022802, 0x1029000, 0x1029802, 0x102F801, 0x1030004,
    0x1032800, 0x1033004, 0x1038000, 0x103E802, 0x103F800, 0x1046802, 0x1047800, 0x10681A8,
    0x1069048, 0x106A1A8, 0x106C048, 0x106D9A8, 0x106E800, 0x10709A8, 0x1071000, 0x1072848,
    0x10739A8, 0x1074108, 0x10749A8, 0x1075048, 0x1076108, 0x10781A8, 0x1078800, 0x1184002,
    0x1186000, 0x1194802, 0x1195800, 0x13B4002, 0x13BB000, 0x13E2802, 0x13E3800, 0x13F3002,
    0x13F8000, 0x14C1802, 0x14CC800, 0x14EC002, 0x14EE000, 0x14FE002, 0x14FF000, 0x16779A8,
    0x1679000, 0x167C802, 0x167E800, 0x167F002, 0x1680000, 0x16B8002, 0x16B8800, 0x16BF8A8,
    0x16C0000, 0x16F01A8, 0x1700002, 0x1717800, 0x1718002, 0x1721800, 0x1800001, 0x1800802,
    0x1802000, 0x1804002, 0x1809000, 0x180A002, 0x1810000, 0x1815108, 0x1815988, 0x18161C8,
    0x1816908, 0x1817120, 0x1818002, 0x1818800, 0x181E802, 0x181F000, 0x184C888, 0x184D800,
    0x1850002, 0x1850800, 0x187D802, 0x187E000, 0x1A00010, 0x26E0000, 0x2700010, 0x5000000,
    0x527F002, 0x5280000, 0x5306802, 0x5308000, 0x53379A8, 0x5338000, 0x5339802, 0x533A1A8,
    0x533F002, 0x533F800, 0x534F1A8, 0x5350000, 0x53781A8, 0x5379002, 0x537C000, 0x5401008,
    0x5401800, 0x54030A8, 0x5403800, 0x5405808, 0x5406000, 0x5412808, 0x5413800, 0x543A002,
    0x543C000, 0x54620A8, 0x5462800, 0x5467002, 0x5468000, 0x54701A8, 0x5479000, 0x547C002,
    0x547D800, 0x547E002, 0x547E800, 0x5493008, 0x5495908, 0x5497002, 0x5498000, 0x54A3808,
    0x54A9000, 0x54A98A0, 0x54AA000, 0x54AF802, 0x54B0000, 0x54C0008, 0x54C1800, 0x54D9868,
    0x54DA000, 0x54DB008, 0x54DD000, 0x54DE008, 0x54DE800, 0x54E00A0, 0x54E0802, 0x54E7000,
    0x54EF002, 0x54F0000, 0x54F2808, 0x54F3000, 0x5514808, 0x5517800, 0x5518808, 0x5519800,
    0x551A808, 0x551B800, 0x5521808, 0x5522000, 0x5526008, 0x5526800, 0x552E002, 0x5530000,
    0x553E008, 0x553E800, 0x55581A8, 0x5558800, 0x55591A8, 0x555A108, 0x555A800, 0x555B9A8,
    0x555C800, 0x555F1A8, 0x5560000, 0x55609A8, 0x5561000, 0x556F002, 0x5570000, 0x5576008,
    0x5577000, 0x5578002, 0x5579000, 0x557B0A8, 0x557B800, 0x55F2808, 0x55F3000, 0x55F4008,
    0x55F4800, 0x55F5802, 0x55F6000, 0x55F68A8, 0x55F7000, 0x7000004, 0x7C80010, 0x7D80000,
    0x7D8F0C8, 0x7D8F800, 0x7E9F002, 0x7EA0000, 0x7F00008, 0x7F08002, 0x7F0D000, 0x7F101A8,
    0x7F13908, 0x7F171A8, 0x7F18002, 0x7F29800, 0x7F2A002, 0x7F31000, 0x7F31802, 0x7F32000,
    0x7F34002, 0x7F34800, 0x7F35002, 0x7F36000, 0x7F7F804, 0x7F80000, 0x7F80802, 0x7F82000,
    0x7F82802, 0x7F85800, 0x7F86002, 0x7F88000, 0x7F8D002, 0x7F8E000, 0x7F8F802, 0x7F90800,
    0x7F9D802, 0x7F9F000, 0x7F9F802, 0x7FA0000, 0x7FAD802, 0x7FAE000, 0x7FAE802, 0x7FAF000,
    0x7FAF802, 0x7FB3000, 0x7FFC804, 0x7FFE000, 0x7FFE804, 0x7FFF000, 0x8080002, 0x8081800,
    0x80FE908, 0x80FF000, 0x8170108, 0x8170800, 0x81BB1A8, 0x81BD800, 0x81CF802, 0x81D0000,
    0x81E8002, 0x81E8800, 0x82B7802, 0x82B8000, 0x842B802, 0x842C000, 0x848F802, 0x8490000,
    0x849F802, 0x84A0000, 0x8500808, 0x8502000, 0x8502808, 0x8503800, 0x8506008, 0x8506908,
    0x8507008, 0x85079A8, 0x8508000, 0x851C1A8, 0x851C848, 0x851D108, 0x851D800, 0x851F8A8,
    0x8520000, 0x8528002, 0x852C800, 0x853F802, 0x8540000, 0x85729A8, 0x8573108, 0x8573800,
    0x8578002, 0x857B800, 0x859C802, 0x85A0000, 0x85CC802, 0x85CE800, 0x8800808, 0x8801000,
    0x881C008, 0x88230A8, 0x8823802, 0x8827000, 0x883F8A8, 0x8840008, 0x8841000, 0x8859808,
    0x885B800, 0x885C8A8, 0x885D068, 0x885D802, 0x885E804, 0x885F002, 0x8861000, 0x88801A8,
    0x8881800, 0x8893808, 0x8896000, 0x8896808, 0x88998A8, 0x889A800, 0x88A0002, 0x88A2000,
    0x88B9868, 0x88BA002, 0x88BB000, 0x88C0008, 0x88C1000, 0x88DB008, 0x88DF800, 0x88E00A0,
    0x88E0800, 0x88E2802, 0x88E5068, 0x88E5808, 0x88E6802, 0x88E7000, 0x88ED802, 0x88EE000,
    0x88EE802, 0x88F0000, 0x8917808, 0x8919000, 0x891A008, 0x891A8A0, 0x891B068, 0x891B808,
    0x891C002, 0x891F000, 0x8954802, 0x8955000, 0x896F808, 0x8970000, 0x8971808, 0x8974868,
    0x89750A8, 0x8975800, 0x8980008, 0x8981000, 0x899E068, 0x899E800, 0x89A0008, 0x89A0800,
    0x89A68A0, 0x89A7000, 0x89B31A8, 0x89B6800, 0x89B81A8, 0x89BA800, 0x8A210A0, 0x8A21800,
    0x8A23060, 0x8A23800, 0x8A59808, 0x8A5C800, 0x8A5D008, 0x8A5D800, 0x8A5F808, 0x8A60800,
    0x8A610A8, 0x8A61868, 0x8A62000, 0x8A63002, 0x8A63800, 0x8AD9008, 0x8ADB000, 0x8ADE008,
    0x8ADF000, 0x8ADF8A8, 0x8AE0068, 0x8AE0802, 0x8AEC000, 0x8AEE008, 0x8AEF000, 0x8B19808,
    0x8B1D800, 0x8B1E808, 0x8B1F000, 0x8B1F8A8, 0x8B20008, 0x8B20802, 0x8B22000, 0x8B55808,
    0x8B56000, 0x8B56808, 0x8B57000, 0x8B58008, 0x8B5B0A0, 0x8B5B868, 0x8B5C000, 0x8B8E808,
    0x8B90000, 0x8B91008, 0x8B93000, 0x8B93808, 0x8B958A8, 0x8B96000, 0x8B9E002, 0x8B9F800,
    0x8E1F8A0, 0x8E20000, 0x9238002, 0x923A800, 0xB537002, 0xB538000, 0xB578048, 0xB57A802,
    0xB57B000, 0xB5981A8, 0xB59B802, 0xB59E000, 0xB5A2002, 0xB5A2800, 0xB7C7808, 0xB7C9800,
    0xDE4E808, 0xDE4F048, 0xDE4F802, 0xDE50004, 0xDE52000, 0xE8B28E0, 0xE8B3848, 0xE8B5000,
    0xE8B6960, 0xE8B70E0, 0xE8B9804, 0xE8BD908, 0xE8C1800, 0xE8C29A8, 0xE8C5108, 0xE8C6000,
    0xE8D51A8, 0xE8D7000, 0xE9211A8, 0xE922800, 0xED00008, 0xED1B800, 0xED1D808, 0xED36800,
    0xED3A808, 0xED3B000, 0xED42008, 0xED42800, 0xED43802, 0xED46000, 0xED4D808, 0xED50000,
    0xED50808, 0xED58000, 0xF0001A0, 0xF003800, 0xF0041A0, 0xF00C800, 0xF00D9A0, 0xF011000,
    0xF0119A0, 0xF012800, 0xF0131A0, 0xF015800, 0xF468108, 0xF46B800, 0xF4A21A0, 0xF4A5060,
    0xF4A5800, 0x10000010, 0x15370000, 0x15380010, 0x15C10000, 0x15C90010, 0x16758000, 0x17C00010,
    0x17D10000, 0x70000804, 0x70001000, 0x70010004, 0x70040000, 0x70080008, 0x700F8000, 0x78000004,
    0x7FFFF000, 0x80000004, 0x87FFF000,
};
/* Lowercase: first code point << 11 | count << 1 | step - 1; what is added. */
static const uint32_t slm__lower[368] = {
    0x6002E, 0x20, 0x6C00E, 0x20, 0x80031, 0x1, 0x99007, 0x1, 0x9C811, 0x1, 0xA502F, 0x1, 0xBC002,
    0xFFFFFF87, 0xBC807, 0x1, 0xC0802, 0xD2, 0xC1005, 0x1, 0xC3002, 0xCE, 0xC3802, 0x1, 0xC4804,
    0xCD, 0xC5802, 0x1, 0xC7002, 0x4F, 0xC7802, 0xCA, 0xC8002, 0xCB, 0xC8802, 0x1, 0xC9802, 0xCD,
    0xCA002, 0xCF, 0xCB002, 0xD3, 0xCB802, 0xD1, 0xCC002, 0x1, 0xCE002, 0xD3, 0xCE802, 0xD5,
    0xCF802, 0xD6, 0xD0007, 0x1, 0xD3002, 0xDA, 0xD3802, 0x1, 0xD4802, 0xDA, 0xD6002, 0x1, 0xD7002,
    0xDA, 0xD7802, 0x1, 0xD8804, 0xD9, 0xD9805, 0x1, 0xDB802, 0xDB, 0xDC002, 0x1, 0xDE002, 0x1,
    0xE2002, 0x2, 0xE2802, 0x1, 0xE3802, 0x2, 0xE4002, 0x1, 0xE5002, 0x2, 0xE5813, 0x1, 0xEF013,
    0x1, 0xF8802, 0x2, 0xF9005, 0x1, 0xFB002, 0xFFFFFF9F, 0xFB802, 0xFFFFFFC8, 0xFC029, 0x1,
    0x110002, 0xFFFFFF7E, 0x111013, 0x1, 0x11D002, 0x2A2B, 0x11D802, 0x1, 0x11E802, 0xFFFFFF5D,
    0x11F002, 0x2A28, 0x120802, 0x1, 0x121802, 0xFFFFFF3D, 0x122002, 0x45, 0x122802, 0x47, 0x12300B,
    0x1, 0x1B8005, 0x1, 0x1BB002, 0x1, 0x1BF802, 0x74, 0x1C3002, 0x26, 0x1C4006, 0x25, 0x1C6002,
    0x40, 0x1C7004, 0x3F, 0x1C8822, 0x20, 0x1D1812, 0x20, 0x1E7802, 0x8, 0x1EC019, 0x1, 0x1FA002,
    0xFFFFFFC4, 0x1FB802, 0x1, 0x1FC802, 0xFFFFFFF9, 0x1FD002, 0x1, 0x1FE806, 0xFFFFFF7E, 0x200020,
    0x50, 0x208040, 0x20, 0x230023, 0x1, 0x245037, 0x1, 0x260002, 0xF, 0x26080F, 0x1, 0x268061, 0x1,
    0x29884C, 0x30, 0x85004C, 0x1C60, 0x863802, 0x1C60, 0x866802, 0x1C60, 0x9D00A0, 0x97D0,
    0x9F800C, 0x8, 0xE44802, 0x1, 0xE48056, 0xFFFFF440, 0xE5E806, 0xFFFFF440, 0xF00097, 0x1,
    0xF4F002, 0xFFFFE241, 0xF50061, 0x1, 0xF84010, 0xFFFFFFF8, 0xF8C00C, 0xFFFFFFF8, 0xF94010,
    0xFFFFFFF8, 0xF9C010, 0xFFFFFFF8, 0xFA400C, 0xFFFFFFF8, 0xFAC809, 0xFFFFFFF8, 0xFB4010,
    0xFFFFFFF8, 0xFC4010, 0xFFFFFFF8, 0xFCC010, 0xFFFFFFF8, 0xFD4010, 0xFFFFFFF8, 0xFDC004,
    0xFFFFFFF8, 0xFDD004, 0xFFFFFFB6, 0xFDE002, 0xFFFFFFF7, 0xFE4008, 0xFFFFFFAA, 0xFE6002,
    0xFFFFFFF7, 0xFEC004, 0xFFFFFFF8, 0xFED004, 0xFFFFFF9C, 0xFF4004, 0xFFFFFFF8, 0xFF5004,
    0xFFFFFF90, 0xFF6002, 0xFFFFFFF9, 0xFFC004, 0xFFFFFF80, 0xFFD004, 0xFFFFFF82, 0xFFE002,
    0xFFFFFFF7, 0x1093002, 0xFFFFE2A3, 0x1095002, 0xFFFFDF41, 0x1095802, 0xFFFFDFBA, 0x1099002,
    0x1C, 0x10B0020, 0x10, 0x10C1802, 0x1, 0x125B034, 0x1A, 0x1600060, 0x30, 0x1630002, 0x1,
    0x1631002, 0xFFFFD609, 0x1631802, 0xFFFFF11A, 0x1632002, 0xFFFFD619, 0x1633807, 0x1, 0x1636802,
    0xFFFFD5E4, 0x1637002, 0xFFFFD603, 0x1637802, 0xFFFFD5E1, 0x1638002, 0xFFFFD5E2, 0x1639002, 0x1,
    0x163A802, 0x1, 0x163F004, 0xFFFFD5C1, 0x1640065, 0x1, 0x1675805, 0x1, 0x1679002, 0x1,
    0x532002F, 0x1, 0x534001D, 0x1, 0x539100F, 0x1, 0x539903F, 0x1, 0x53BC805, 0x1, 0x53BE802,
    0xFFFF75FC, 0x53BF00B, 0x1, 0x53C5802, 0x1, 0x53C6802, 0xFFFF5AD8, 0x53C8005, 0x1, 0x53CB015,
    0x1, 0x53D5002, 0xFFFF5ABC, 0x53D5802, 0xFFFF5AB1, 0x53D6002, 0xFFFF5AB5, 0x53D6802, 0xFFFF5ABF,
    0x53D7002, 0xFFFF5ABC, 0x53D8002, 0xFFFF5AEE, 0x53D8802, 0xFFFF5AD6, 0x53D9002, 0xFFFF5AEB,
    0x53D9802, 0x3A0, 0x53DA011, 0x1, 0x53E2002, 0xFFFFFFD0, 0x53E2802, 0xFFFF5ABD, 0x53E3002,
    0xFFFF75C8, 0x53E3805, 0x1, 0x53E5802, 0xFFFF5A99, 0x53E6011, 0x1, 0x53EE002, 0xFFFF59BF,
    0x53FA802, 0x1, 0x7F90834, 0x20, 0x8200050, 0x28, 0x8258048, 0x28, 0x82B8016, 0x27, 0x82BE01E,
    0x27, 0x82C600E, 0x27, 0x82CA004, 0x27, 0x8640066, 0x40, 0x86A802C, 0x20, 0x8C50040, 0x20,
    0xB720040, 0x20, 0xB750032, 0x1B, 0xF480044, 0x22,
};
/* <<generated unicode */

/* The length of the character at text[0]; *code is 0xFFFFFFFF for a bad byte. */
static size_t slm__character(const uint8_t *text, size_t size, uint32_t *code) {
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t first = text[0], value;
    size_t length, i;
    *code = 0xFFFFFFFFu;
    if (first < 0x80) {
        *code = first;
        return 1;
    }
    length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || length > size) return 1;
    value = first & (0x7Fu >> length);
    for (i = 1; i < length; i++) {
        if ((text[i] & 0xC0) != 0x80) return 1;
        value = value << 6 | (text[i] & 0x3Fu);
    }
    if (value < least[length] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return 1;
    *code = value;
    return length;
}

/* The last entry for `code` or less, in a table of `step` numbers an entry. */
static size_t slm__entry_of(const uint32_t *table, size_t entries, size_t step, uint32_t code) {
    size_t low = 0, high = entries;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (table[middle * step] >> 11 <= code)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static unsigned slm__class_of(uint32_t code) {
    const size_t entries = sizeof slm__classes / sizeof slm__classes[0];
    uint32_t entry;
    if (code < 128) return slm__ascii_classes[code];
    if (code > 0x10FFFF) return 0;
    entry = slm__classes[slm__entry_of(slm__classes, entries, 1, code)];
    if (entry & SLM__ALTERNATES && (code ^ entry >> 11) & 1) entry ^= SLM__UPPER | SLM__LOWER;
    return entry & (SLM__ALTERNATES - 1);
}

/* The classes of the character at text[0], and its length. */
static unsigned slm__class_at(const uint8_t *text, size_t size, size_t *length) {
    uint32_t code;
    if (text[0] < 0x80) {
        *length = 1;
        return slm__ascii_classes[text[0]];
    }
    *length = slm__character(text, size, &code);
    return slm__class_of(code);
}

/* The same for the character that ends at text[end]; end > 0. */
static unsigned slm__class_before(const uint8_t *text, size_t end, size_t *length) {
    uint32_t code;
    size_t back;
    for (back = end < 4 ? end : 4; back > 1; back--)
        if (text[end - back] >= 0x80 && slm__character(text + end - back, back, &code) == back) {
            *length = back;
            return slm__class_of(code);
        }
    *length = 1;
    return text[end - 1] < 0x80 ? slm__ascii_classes[text[end - 1]] : 0;
}

static int slm__is_utf8(const uint8_t *text, size_t size) {
    uint32_t code = 0;
    size_t at;
    for (at = 0; at < size && code != 0xFFFFFFFFu;)
        at += slm__character(text + at, size - at, &code);
    return code != 0xFFFFFFFFu;
}

/* ---- >>composition -----------------------------------------------------------------------
   Unicode's normal form C, as the pinned tokenizers have it: characters are taken apart, the marks
   behind each are put in the order of their combining classes, and what has a character of its own
   is put together again. Most text is in this form and is looked at only. A text is written
   segment by segment; a segment ends before a character that joins nothing before it. Needs no
   memory: the marks of a row are read once for each combining class among them. Knows no token. */

#define SLM__NFC_RANK 63u  /* of slm__nfc_class: the place of the combining class; 0: a starter */
#define SLM__NFC_DOUBT 64u /* not in the form, or may join what is before */
#define SLM__NFC_GROWTH 3  /* a text's form has at most so many times its bytes */
#define SLM__NFC_NONE 0xFFFFFFFFu
#define SLM__NFC_BYTE 0x80000000u /* and a byte that is not UTF-8 */

typedef struct slm__composer {
    const uint8_t *text;
    size_t size, at;
    uint8_t *out;      /* NULL: counts only */
    size_t written;    /* without the starter */
    uint32_t starter;  /* what marks join; goes to starter_at when nothing more can */
    size_t starter_at;
    unsigned last;     /* the rank of the last mark written behind it; 0: none is */
} slm__composer;

static unsigned slm__nfc_class(uint32_t code) {
    const size_t entries = sizeof slm__nfc_classes / sizeof slm__nfc_classes[0];
    if (code < 0x300 || code > 0x10FFFF) return 0;
    return slm__nfc_classes[slm__entry_of(slm__nfc_classes, entries, 1, code)] & 127u;
}

/* The tables of parts have 16 bits for a character. */
static uint32_t slm__widen(uint32_t narrow) {
    return narrow >= 0xD800 && narrow < 0xE000 ? slm__wide[narrow - 0xD800] >> 11 : narrow;
}

static uint32_t slm__narrow(uint32_t code) {
    const size_t entries = sizeof slm__wide / sizeof slm__wide[0];
    size_t at;
    if (code < 0x10000) return code;
    at = slm__entry_of(slm__wide, entries, 1, code);
    return slm__wide[at] >> 11 == code ? (uint32_t)(0xD800 + at) : 0xFFFF; /* in no table */
}

/* The one or two characters that a character is made of; NULL: it is its own only part. */
static const uint16_t *slm__parts_of(uint32_t code) {
    const size_t blocks = sizeof slm__part_blocks / sizeof slm__part_blocks[0];
    const size_t at = slm__entry_of(slm__part_blocks, blocks, 1, code);
    const uint32_t distance = code - (slm__part_blocks[at] >> 11); /* before the first: huge */
    const uint16_t *parts;
    if (distance >= (slm__part_blocks[at] & 2047u)) return NULL;
    parts = slm__decomposed + 2 * (slm__part_starts[at] + distance);
    return parts[0] ? parts : NULL;
}

/* The character that has the parts number `part`. */
static uint32_t slm__part_owner(size_t part) {
    size_t low = 0, high = sizeof slm__part_starts / sizeof slm__part_starts[0];
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (slm__part_starts[middle] <= part)
            low = middle;
        else
            high = middle;
    }
    return (slm__part_blocks[low] >> 11) + (uint32_t)(part - slm__part_starts[low]);
}

/* The parts of a character, in NFD: at most four. */
static unsigned slm__decompose(uint32_t code, uint32_t out[4]) {
    uint32_t tail[3], syllable = code - 0xAC00u;
    unsigned count = 0, tails = 0;
    const uint16_t *parts;
    if (syllable < 11172u) { /* Hangul */
        out[count++] = 0x1100u + syllable / 588;
        out[count++] = 0x1161u + syllable / 28 % 21;
        if (syllable % 28) out[count++] = 0x11A7u + syllable % 28;
        return count;
    }
    while (code >= 0xC0 && tails < 3 && (parts = slm__parts_of(code)) != NULL) {
        if (parts[1]) tail[tails++] = slm__widen(parts[1]);
        code = slm__widen(parts[0]);
    }
    out[count++] = code;
    while (tails) out[count++] = tail[--tails];
    return count;
}

/* The character that two become; 0: they do not. */
static uint32_t slm__join(uint32_t first, uint32_t second) {
    size_t low = 0, high = sizeof slm__joining / sizeof slm__joining[0];
    uint32_t syllable = first - 0xAC00u, key;
    const uint16_t *parts;
    if (first - 0x1100u < 19 && second - 0x1161u < 21)
        return 0xAC00u + (first - 0x1100u) * 588 + (second - 0x1161u) * 28;
    if (syllable < 11172u && syllable % 28 == 0 && second - 0x11A8u < 27)
        return first + second - 0x11A7u;
    key = slm__narrow(first) << 16 | slm__narrow(second);
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        parts = slm__decomposed + 2 * slm__joining[middle];
        if (((uint32_t)parts[0] << 16 | parts[1]) <= key)
            low = middle;
        else
            high = middle;
    }
    parts = slm__decomposed + 2 * slm__joining[low];
    return ((uint32_t)parts[0] << 16 | parts[1]) == key ? slm__part_owner(slm__joining[low]) : 0;
}

/* The bytes at the beginning that stay as they are, whatever follows: all of them, or up to a
   character that nothing before it joins. Below 0xCC begin characters below U+0300, and bad bytes:
   these alone change nothing. */
static size_t slm__nfc_prefix(const uint8_t *text, size_t size) {
    size_t at = 0, safe = 0;
    unsigned last = 0;
    while (at < size) {
        uint64_t word = 0;
        uint32_t code;
        if (size - at >= sizeof word) memcpy(&word, text + at, sizeof word);
        else word = UINT64_C(0x80) << 56;
        if (!(word & UINT64_C(0x8080808080808080))) {
            at += sizeof word;
            safe = at - 1;
            last = 0;
        } else if (text[at] < 0xCC) {
            const int two = size - at > 1 && text[at] >= 0xC2 && (text[at + 1] & 0xC0) == 0x80;
            safe = at;
            last = 0;
            at += two ? 2 : 1;
        } else {
            const size_t length = slm__character(text + at, size - at, &code);
            const unsigned kind = slm__nfc_class(code), rank = kind & SLM__NFC_RANK;
            if (kind & SLM__NFC_DOUBT || (rank && rank < last)) return safe;
            if (!rank) safe = at;
            last = rank;
            at += length;
        }
    }
    return size;
}

/* 1: the text is its own NFC. 0: it may be, too; slm__nfc and a comparison tell. */
static int slm__is_nfc(const uint8_t *text, size_t size) {
    return slm__nfc_prefix(text, size) == size;
}

static size_t slm__put_code(uint32_t code, uint8_t out[4]) {
    size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4, i;
    if (size == 1) {
        out[0] = (uint8_t)code;
        return 1;
    }
    for (i = size - 1; i; i--, code >>= 6) out[i] = (uint8_t)(0x80 | (code & 63));
    out[0] = (uint8_t)(0xF00u >> size | code);
    return size;
}

/* Puts the starter before the marks that it left. */
static void slm__put_starter(slm__composer *c) {
    uint8_t bytes[4];
    size_t size = 1;
    if (c->starter == SLM__NFC_NONE) return;
    if (c->starter & SLM__NFC_BYTE) bytes[0] = (uint8_t)c->starter;
    else size = slm__put_code(c->starter, bytes);
    if (c->out) {
        uint8_t *to = c->out + c->starter_at;
        memmove(to + size, to, c->written - c->starter_at);
        memcpy(to, bytes, size);
    }
    c->written += size;
    c->starter = SLM__NFC_NONE;
}

/* Takes the next part of a segment, of the order of NFD. A mark of the rank of one that is left
   before it cannot reach the starter. */
static void slm__take_part(slm__composer *c, uint32_t code, unsigned rank) {
    uint8_t bytes[4];
    size_t size;
    uint32_t joined = !c->last || rank > c->last ? slm__join(c->starter, code) : 0;
    if (joined) {
        c->starter = joined;
        return;
    }
    c->last = rank;
    if (!rank) {
        slm__put_starter(c);
        c->starter = code;
        c->starter_at = c->written;
        return;
    }
    size = slm__put_code(code, bytes);
    if (c->out) memcpy(c->out + c->written, bytes, size);
    c->written += size;
}

/* Puts those of `count` marks that have this rank; lowers *next to the least rank above it. */
static void slm__put_ranked(slm__composer *c, const uint32_t *marks, unsigned count, unsigned rank,
                            unsigned *next) {
    unsigned i;
    for (i = 0; i < count; i++) {
        unsigned own = slm__nfc_class(marks[i]) & SLM__NFC_RANK;
        if (own == rank) slm__take_part(c, marks[i], rank);
        if (own > rank && own < *next) *next = own;
    }
}

/* Puts a row of marks: those that a character ended with, and those that come next in the text. */
static void slm__put_marks(slm__composer *c, const uint32_t *tail, unsigned tails) {
    const size_t start = c->at;
    unsigned rank = 0, next;
    do { /* no mark is of rank 0: the first time looks for the least */
        next = SLM__NFC_RANK + 1;
        slm__put_ranked(c, tail, tails, rank, &next);
        for (c->at = start; c->at < c->size;) {
            uint32_t code, parts[4];
            size_t length = slm__character(c->text + c->at, c->size - c->at, &code);
            unsigned kind = slm__nfc_class(code), own = kind & SLM__NFC_RANK;
            if (!own) break;
            if (kind & SLM__NFC_DOUBT)
                slm__put_ranked(c, parts, slm__decompose(code, parts), rank, &next);
            else if (own == rank)
                slm__take_part(c, code, rank);
            else if (own > rank && own < next)
                next = own;
            c->at += length;
        }
        rank = next;
    } while (next <= SLM__NFC_RANK);
}

/* Puts the characters up to the next one that joins nothing before it. */
static void slm__put_segment(slm__composer *c) {
    uint32_t code, parts[4];
    do {
        unsigned count = 1, i;
        const uint8_t *byte = c->text + c->at;
        c->at += slm__character(byte, c->size - c->at, &code);
        parts[0] = SLM__NFC_BYTE | *byte;
        if (code <= 0x10FFFF) count = slm__decompose(code, parts);
        for (i = 0; i < count && !(slm__nfc_class(parts[i]) & SLM__NFC_RANK); i++)
            slm__take_part(c, parts[i], 0);
        slm__put_marks(c, parts + i, count - i);
        if (c->at < c->size) slm__character(c->text + c->at, c->size - c->at, &code);
    } while (c->at < c->size && slm__nfc_class(code));
    slm__put_starter(c);
}

/* Writes the NFC of a text and returns its bytes: at most SLM__NFC_GROWTH times the text's, and
   `out` has room for so many. NULL: counts. Bytes that are not UTF-8 stay, and join nothing. */
static size_t slm__nfc(const uint8_t *text, size_t size, uint8_t *out) {
    slm__composer c;
    memset(&c, 0, sizeof c);
    c.text = text;
    c.size = size;
    c.out = out;
    c.starter = SLM__NFC_NONE;
    for (;;) {
        size_t same = slm__nfc_prefix(text + c.at, size - c.at);
        if (out && same) memcpy(out + c.written, text + c.at, same);
        c.written += same;
        c.at += same;
        if (c.at == size) return c.written;
        slm__put_segment(&c);
    }
}

/* ---- >>normalizer ------------------------------------------------------------------------
   BERT's normalizer as a stream: the characters of a text one after the other, cleaned, CJK with
   spaces around, without accents, in lower case - each with the bytes that it stands for. Needs
   no memory, whatever the text is. Knows no token. */

enum { /* of slm__word_class */
    SLM__WORD_SPACE = 1, SLM__WORD_PUNCTUATION = 2, SLM__WORD_CONTROL = 4, SLM__WORD_MARK = 8,
    SLM__WORD_CJK = 16, SLM__WORD_RANK = 5 /* and above: a shift */
};

typedef struct slm__raw { /* a character of the text that is not cleaned away */
    uint32_t code;
    unsigned kind;
    size_t start, end;
} slm__raw;

/* Marks in a row stand in the order of their combining classes. Most are stripped, but each still
   counts when characters are assigned to places: the k-th mark in this order stands for the k-th
   of the text, as Hugging Face has it. What remains is found class by class. */
typedef struct slm__marks {
    int some;
    uint32_t tail[2];    /* marks that the character before was decomposed into; they have no */
    unsigned tails, tail_at; /* place of their own */
    size_t start, stop, at;  /* the row; `at`: looked at so far in this class */
    uint32_t waiting;    /* bit r: there are marks of rank r, of classes not yet begun */
    unsigned rank;       /* of this class; 0: none is begun */
    size_t order;        /* marks before, in the order of classes */
    size_t place, place_at, place_start, place_end; /* mark number `place` of the text */
} slm__marks;

typedef struct slm__normal {
    const uint8_t *text;
    size_t size, at;         /* at: read so far */
    unsigned flags;          /* SLM__TEXT_CLEAN and the like */
    uint32_t code;           /* the character, ... */
    unsigned kind;           /* ... its class ... */
    size_t start, end;       /* ... and its bytes in the text */
    uint32_t queue[5];       /* more of the same bytes */
    unsigned queued, taken;
    slm__marks marks;
} slm__normal;

static unsigned slm__word_class(uint32_t code) {
    const size_t entries = sizeof slm__word_classes / sizeof slm__word_classes[0];
    if (code < 128) return slm__ascii_word_classes[code];
    return slm__word_classes[slm__entry_of(slm__word_classes, entries, 1, code)] & 2047u;
}

static uint32_t slm__lowercase(uint32_t code) {
    const size_t entries = sizeof slm__lower / sizeof slm__lower[0] / 2;
    const uint32_t *entry;
    uint32_t distance, step;
    if (code < 128) return code - 'A' < 26 ? code + 32 : code;
    entry = slm__lower + 2 * slm__entry_of(slm__lower, entries, 2, code);
    distance = code - (entry[0] >> 11); /* before the first entry: huge */
    step = (entry[0] & 1) + 1;
    if (distance % step || distance / step >= (entry[0] >> 1 & 1023u)) return code;
    return code + entry[1];
}

/* What a character is without its accents, unless it is one: at most three characters. */
static unsigned slm__base_of(uint32_t code, uint32_t out[4]) {
    unsigned parts = slm__decompose(code, out), count = 1, i;
    for (i = 1; i < parts; i++)
        if (!(slm__word_class(out[i]) & SLM__WORD_MARK)) out[count++] = out[i];
    return count;
}

/* The first character from `at` on that is not cleaned away; 0: there is none. What is not UTF-8
   is U+FFFD. */
static int slm__read_raw(const slm__normal *n, size_t at, slm__raw *out) {
    while (at < n->size) {
        out->start = at;
        at += slm__character(n->text + at, n->size - at, &out->code);
        if (out->code == 0xFFFFFFFFu) out->code = 0xFFFD;
        out->end = at;
        out->kind = slm__word_class(out->code);
        if (!(n->flags & SLM__TEXT_CLEAN)) return 1;
        if (out->kind & SLM__WORD_CONTROL) continue;
        if (out->kind & SLM__WORD_SPACE) out->code = ' ';
        return 1;
    }
    return 0;
}

/* A row of marks begins at n->at. */
static void slm__begin_marks(slm__normal *n, const uint32_t *tail, unsigned tails) {
    slm__marks *m = &n->marks;
    slm__raw raw;
    memset(m, 0, sizeof *m);
    m->place_start = n->start;
    m->place_end = n->end;
    while (m->tails < tails) {
        m->waiting |= 1u << (slm__word_class(tail[m->tails]) >> SLM__WORD_RANK);
        m->tail[m->tails] = tail[m->tails];
        m->tails++;
    }
    m->start = m->place_at = n->at;
    while (slm__read_raw(n, n->at, &raw) && raw.kind >> SLM__WORD_RANK) {
        if (!(raw.kind & SLM__WORD_MARK)) m->waiting |= 1u << (raw.kind >> SLM__WORD_RANK);
        n->at = raw.end;
    }
    m->stop = n->at;
    m->some = m->waiting != 0;
}

/* The next class of a row. */
static void slm__begin_class(slm__normal *n) {
    slm__marks *m = &n->marks;
    slm__raw raw;
    size_t at = m->start;
    for (m->rank = 1; !(m->waiting >> m->rank & 1); m->rank++) continue;
    m->waiting &= ~(1u << m->rank);
    m->at = m->start;
    m->tail_at = 0;
    m->order = 0;
    for (; at < m->stop && slm__read_raw(n, at, &raw); at = raw.end)
        m->order += raw.kind >> SLM__WORD_RANK < m->rank;
}

static int slm__take_mark(slm__normal *n, uint32_t code) {
    slm__marks *m = &n->marks;
    slm__raw raw;
    while (m->place < m->order && slm__read_raw(n, m->place_at, &raw)) {
        m->place_start = raw.start;
        m->place_end = m->place_at = raw.end;
        m->place++;
    }
    n->start = m->place_start;
    n->end = m->place_end;
    n->code = n->flags & SLM__TEXT_LOWER ? slm__lowercase(code) : code;
    n->kind = slm__word_class(n->code);
    return 1;
}

/* The next mark of a row that is not stripped; 0: there are no more. */
static int slm__next_mark(slm__normal *n) {
    slm__marks *m = &n->marks;
    slm__raw raw;
    for (;;) {
        if (!m->rank && !m->waiting) break;
        if (!m->rank) slm__begin_class(n);
        while (m->tail_at < m->tails) {
            uint32_t code = m->tail[m->tail_at++];
            if (slm__word_class(code) >> SLM__WORD_RANK == m->rank) return slm__take_mark(n, code);
        }
        while (m->at < m->stop && slm__read_raw(n, m->at, &raw)) {
            m->at = raw.end;
            if (raw.kind >> SLM__WORD_RANK != m->rank) continue;
            m->order++;
            if (!(raw.kind & SLM__WORD_MARK)) return slm__take_mark(n, raw.code);
        }
        m->rank = 0;
    }
    m->some = 0;
    return 0;
}

/* Puts what the next character becomes into the queue; 0: there is none. */
static int slm__fill_queue(slm__normal *n) {
    const int strip = (n->flags & SLM__TEXT_STRIP_ACCENTS) != 0;
    slm__raw raw;
    unsigned i, first, tails = 0;
    n->taken = n->queued = 0;
    if (!slm__read_raw(n, n->at, &raw)) return 0;
    if (strip && raw.kind >> SLM__WORD_RANK) {
        slm__begin_marks(n, NULL, 0);
        return 1;
    }
    n->start = raw.start;
    n->end = n->at = raw.end;
    if (strip && raw.kind & SLM__WORD_MARK) return 1;
    first = n->flags & SLM__TEXT_CJK && raw.kind & SLM__WORD_CJK ? 1 : 0;
    n->queue[0] = ' ';
    n->queued = first + 1;
    if (strip) n->queued = first + slm__base_of(raw.code, n->queue + first);
    else n->queue[first] = raw.code;
    if (n->flags & SLM__TEXT_LOWER) {
        for (i = 0; i < n->queued; i++) n->queue[i] = slm__lowercase(n->queue[i]);
        if (raw.code == 0x130 && !strip) { /* the only one that becomes two */
            n->queue[0] = 'i';
            n->queue[n->queued++] = 0x307;
        }
    }
    while (strip && n->queued - tails > 1 &&
           slm__word_class(n->queue[n->queued - 1 - tails]) >> SLM__WORD_RANK)
        tails++;
    n->queued -= tails;
    if (tails) slm__begin_marks(n, n->queue + n->queued, tails);
    if (first) n->queue[n->queued++] = ' ';
    return 1;
}

/* Goes on to the next character; 0: there is none. */
static int slm__next_normal(slm__normal *n) {
    for (;;) {
        if (n->taken < n->queued) {
            n->code = n->queue[n->taken++];
            n->kind = slm__word_class(n->code);
            return 1;
        }
        if (n->marks.some) {
            if (slm__next_mark(n)) return 1;
            continue;
        }
        if (n->at < n->size && n->text[n->at] < 128) {
            n->start = n->at++;
            n->end = n->at;
            n->code = n->text[n->start];
            n->kind = slm__ascii_word_classes[n->code];
            if (n->flags & SLM__TEXT_CLEAN && n->kind & SLM__WORD_CONTROL) continue;
            if (n->flags & SLM__TEXT_CLEAN && n->kind & SLM__WORD_SPACE) n->code = ' ';
            if (n->flags & SLM__TEXT_LOWER && n->code - 'A' < 26) n->code += 32;
            return 1;
        }
        if (!slm__fill_queue(n)) return 0;
    }
}

static void slm__begin_normal(slm__normal *n, const uint8_t *text, size_t size, unsigned flags) {
    memset(n, 0, sizeof *n);
    n->text = text;
    n->size = size;
    n->flags = flags;
}

/* ---- >>tokenizer tables ------------------------------------------------------------------
   The tokens, merges and added tokens of a file: their layout, their checks, and how they are
   looked up. Knows no text. */

#define SLM__NO_TOKEN 0xFFFFFFFFu
#define SLM__SHORT_WORD 64 /* symbols that are merged on the stack */
#define SLM__MOST_PROBES 1024 /* these two bound what a file can make a byte of text cost */
#define SLM__LONGEST_ADDED 255
#define SLM__ADDED_REACH (3 * SLM__LONGEST_ADDED) /* bytes of a text: a space may be U+2581 */
#define SLM__LONGEST_WORD 256 /* characters of a word of kind 3 that is not UNK, at most */

/* Where the search for a word that may be a token begins: by its length and first bytes, so that
   long ones cost no more. */
static uint32_t slm__whole_start(const slm__tokenizer *t, const char *word, size_t size) {
    uint32_t hash = 0x811C9DC5u ^ (uint32_t)size;
    size_t i;
    for (i = 0; i < size && i < 16; i++) hash = (hash ^ (uint8_t)word[i]) * 0x01000193u;
    return (hash ^ hash >> 15) & (t->whole_slots - 1);
}

static uint32_t slm__merge_start(const slm__tokenizer *t, uint32_t left, uint32_t right) {
    return (left * 0x9E3779B1u + right * 0x85EBCA6Bu) >> 7 & (t->merge_slots - 1);
}

/* The order of two texts: by bytes, a prefix before what it is a prefix of. */
static int slm__compare_texts(const char *a, size_t a_size, const char *b, size_t b_size) {
    size_t common = a_size < b_size ? a_size : b_size;
    int order = common ? memcmp(a, b, common) : 0;
    return order ? order : a_size < b_size ? -1 : a_size > b_size;
}

/* The bytes of a token; NULL: there is none. */
static const char *slm__token_text(const slm__tokenizer *t, slm_token token, size_t *size) {
    *size = 0;
    if (token < 0 || (uint32_t)token >= t->count) return NULL;
    if (!(t->attributes[token] & SLM__TOKEN_EXISTS)) return NULL;
    *size = t->offsets[token + 1] - t->offsets[token];
    return t->blob + t->offsets[token];
}

/* Those that kind 4 has more than kind 1, which it is from now on. */
static const char *slm__split_bytes_head(slm__tokenizer *t, const uint32_t *head) {
    size_t i;
    t->kind = SLM__BYTES;
    t->last = (int32_t)head[18];
    memcpy(t->steps, head + 19, sizeof t->steps);
    t->missing = (int32_t)head[21];
    t->whole_slots = head[23];
    if (t->flags & ~(uint32_t)SLM__TEXT_BYTES_FLAGS) return "unknown flags";
    if (!t->steps[0]) return "no step splits a text";
    for (i = 0; i < SLM__STEPS_MOST; i++)
        if (t->steps[i] >= SLM__STEPS || (i && t->steps[i] && !t->steps[i - 1]))
            return "an unknown step";
    if (t->flags & SLM__TEXT_PREFIX_SPACE && (t->steps[0] != SLM__STEP_GPT2 || t->steps[1]))
        return "a space before words of other rules than GPT-2's";
    if (!(t->flags & SLM__TEXT_ENCODER)) return NULL;
    t->mask = (int32_t)head[22];
    if (t->flags & SLM__TEXT_NFC) return "NFC in an encoder's texts";
    if (!(t->flags & SLM__TEXT_BOS) || !(t->flags & SLM__TEXT_BEHIND) || t->bos < 0)
        return "no CLS or SEP";
    return NULL;
}

/* The numbers before the tables; NULL or what is wrong. */
static const char *slm__tokenizer_head(slm__tokenizer *t, const uint32_t *head) {
    t->count = head[0];
    t->merge_slots = head[1];
    t->longest_probe = head[2];
    t->bos = (int32_t)head[3];
    t->unk = (int32_t)head[4];
    t->flags = head[5];
    t->end_count = head[6];
    memcpy(t->end, head + 7, sizeof t->end);
    t->blob_bytes = head[15];
    t->added_count = head[16];
    t->has_bytes = head[17];
    t->missing = t->mask = -1;
    t->whole_slots = 0;
    t->steps[0] = SLM__STEP_GPT2;
    if (t->kind == SLM__BYTES) t->flags &= SLM__TEXT_BOS | SLM__TEXT_PREFIX_SPACE;
    if (t->has_bytes != 1 && (t->kind == SLM__BYTES || t->kind == SLM__SPLIT_BYTES || t->has_bytes))
        return "no tokens of single bytes";
    if (t->kind == SLM__SPLIT_BYTES) return slm__split_bytes_head(t, head);
    if (t->kind == SLM__PIECES) {
        t->last = (int32_t)head[18];
        t->prefix = head[19];
    }
    if (t->kind == SLM__WORDS) {
        t->last = (int32_t)head[18];
        t->longest_word = head[19];
        t->mask = (int32_t)head[20];
    }
    return NULL;
}

/* Sets the pointers; NULL or what is wrong. */
static const char *slm__tokenizer_layout(slm__tokenizer *t, const uint8_t *bytes, size_t size) {
    const uint32_t *head = (const uint32_t *)(const void *)bytes;
    uint64_t at = 96, count, sizes[8];
    const char *wrong;
    if (!bytes || size < 96) return "shorter than its header";
    if ((uintptr_t)bytes & 3) return "not aligned";
    wrong = slm__tokenizer_head(t, head);
    if (wrong) return wrong;
    count = t->count;
    sizes[0] = (count + 1) * 4;
    sizes[1] = (count + 3) / 4 * 4;
    sizes[2] = count * 4;
    sizes[3] = t->kind == SLM__WORDS ? 0 : 256 * 4;
    sizes[4] = t->kind == SLM__PIECES ? (128 + 2048) * 4 : (uint64_t)t->whole_slots * 4;
    if (t->kind == SLM__WORDS) sizes[4] = (2 * 257 + 2 * count) * 4;
    sizes[5] = (uint64_t)t->merge_slots * 16;
    sizes[6] = (uint64_t)t->added_count * 16;
    sizes[7] = t->blob_bytes;
    for (count = 0; count < 8; count++) at += sizes[count];
    if (at > size || size - at >= 64) return "its counts do not fit its size";
    t->offsets = head + 24;
    t->attributes = bytes + 96 + (size_t)sizes[0];
    t->sorted = (const uint32_t *)(const void *)(t->attributes + (size_t)sizes[1]);
    t->byte_token = t->sorted + t->count;
    t->ascii = t->bounds = t->whole = t->byte_token + (size_t)sizes[3] / 4;
    t->merge_bytes = t->ascii + 128;
    t->keys = t->bounds + 2 * 257;
    t->shorter = t->keys + t->count;
    t->merges = t->ascii + (size_t)sizes[4] / 4;
    t->added = t->merges + (size_t)t->merge_slots * 4;
    t->blob = (const char *)(t->added + (size_t)t->added_count * 4);
    return NULL;
}

static const char *slm__check_tokens(const slm__tokenizer *t) {
    uint32_t i;
    if (!t->count || t->count > 0x7FFFFFFFu) return "no tokens, or too many";
    if (t->offsets[0] > t->blob_bytes) return "an offset beyond its texts";
    for (i = 0; i < t->count; i++)
        if (t->offsets[i + 1] < t->offsets[i] || t->offsets[i + 1] > t->blob_bytes)
            return "an offset that decreases or lies beyond its texts";
    if (t->bos < -1 || (t->bos >= 0 && (uint32_t)t->bos >= t->count)) return "BOS out of range";
    if (t->unk < -1 || (t->unk >= 0 && (uint32_t)t->unk >= t->count)) return "UNK out of range";
    if (t->end_count > 8) return "more than 8 end tokens";
    for (i = 0; i < t->end_count; i++)
        if (t->end[i] < 0 || (uint32_t)t->end[i] >= t->count) return "an end token out of range";
    for (i = 0; i < 256 && t->kind != SLM__WORDS; i++)
        if (t->byte_token[i] != SLM__NO_TOKEN && t->byte_token[i] >= t->count)
            return "a byte's token out of range";
    if (t->missing < -1 || (t->missing >= 0 && (uint32_t)t->missing >= t->count))
        return "the token of missing bytes out of range";
    if (t->kind == SLM__BYTES && t->flags & SLM__TEXT_BEHIND &&
        (t->last < 0 || (uint32_t)t->last >= t->count))
        return "the token after a text out of range";
    if (t->mask < -1 || (t->mask >= 0 && (uint32_t)t->mask >= t->count))
        return "MASK out of range";
    return NULL;
}

/* Strictly increasing by (exists first, bytes, id), which makes it a permutation. */
static const char *slm__check_sorted(const slm__tokenizer *t) {
    uint32_t i;
    for (i = 0; i < t->count; i++) {
        uint32_t a, b = t->sorted[i];
        int missing_a, missing_b, order;
        if (b >= t->count) return "a sorted id out of range";
        if (!i) continue;
        a = t->sorted[i - 1];
        missing_a = !(t->attributes[a] & SLM__TOKEN_EXISTS);
        missing_b = !(t->attributes[b] & SLM__TOKEN_EXISTS);
        order = missing_a - missing_b;
        if (!order && !missing_a)
            order = slm__compare_texts(t->blob + t->offsets[a], t->offsets[a + 1] - t->offsets[a],
                                       t->blob + t->offsets[b], t->offsets[b + 1] - t->offsets[b]);
        if (order > 0 || (!order && a >= b)) return "its ids are not sorted";
    }
    return NULL;
}

/* Every merge must be found where a search for it looks. */
static const char *slm__check_merges(const slm__tokenizer *t) {
    uint32_t slots = t->merge_slots, run = 0;
    uint64_t i;
    if (slots & (slots - 1)) return "its merge slots are no power of two";
    if (t->longest_probe > slots) return "its longest probe exceeds its slots";
    if (t->longest_probe > SLM__MOST_PROBES) return "its longest probe exceeds 1024";
    for (i = 0; i < 2 * (uint64_t)slots; i++) { /* the first round only finds the run before 0 */
        uint32_t slot = (uint32_t)i & (slots - 1), distance;
        const uint32_t *merge = t->merges + (size_t)slot * 4;
        if (merge[0] == SLM__NO_TOKEN) {
            run = 0;
            continue;
        }
        if (i >= slots) {
            if (merge[0] >= t->count || merge[1] >= t->count || merge[3] >= t->count)
                return "a merge's token out of range";
            if (merge[2] == SLM__NO_TOKEN) return "a merge's rank out of range";
            distance = (slot - slm__merge_start(t, merge[0], merge[1])) & (slots - 1);
            if (distance >= t->longest_probe || distance > run) return "a merge out of its place";
        }
        if (run < slots) run++;
    }
    return NULL;
}

/* Every word must be found where a search for it looks. */
static const char *slm__check_whole(const slm__tokenizer *t) {
    uint32_t slots = t->whole_slots, run = 0;
    uint64_t i;
    if (slots & (slots - 1)) return "its slots of whole words are no power of two";
    for (i = 0; i < 2 * (uint64_t)slots; i++) { /* the first round only finds the run before 0 */
        uint32_t slot = (uint32_t)i & (slots - 1), id = t->whole[slot], distance;
        const char *text;
        size_t size;
        if (id == SLM__NO_TOKEN) {
            run = 0;
            continue;
        }
        if (i >= slots) {
            text = slm__token_text(t, (slm_token)id, &size);
            if (!text || !size) return "a whole word out of range, or without text";
            distance = (slot - slm__whole_start(t, text, size)) & (slots - 1);
            if (distance >= SLM__MOST_PROBES || distance > run) return "a word out of its place";
        }
        if (run < slots) run++;
    }
    return NULL;
}

static const char *slm__check_added(const slm__tokenizer *t) {
    uint32_t i;
    for (i = 0; i < t->added_count; i++) {
        const uint32_t *a = t->added + (size_t)i * 4, *before = a - 4;
        if (a[0] >= t->count) return "an added token out of range";
        if (!a[2]) return "an added token without text";
        if (a[2] > SLM__LONGEST_ADDED) return "an added token of more than 255 bytes";
        if (a[1] > t->blob_bytes || a[2] > t->blob_bytes - a[1])
            return "an added token's text beyond its texts";
        if (i && slm__compare_texts(t->blob + before[1], before[2], t->blob + a[1], a[2]) >= 0)
            return "its added tokens are not sorted";
    }
    return NULL;
}

/* Whether a merge can join a token that ends with byte `left` and one that begins with `right`. */
static int slm__joint(const slm__tokenizer *t, unsigned left, unsigned right) {
    return (int)(t->merge_bytes[left * 8 + right / 32] >> right % 32 & 1);
}

/* What only kind 2 has. A text may be cut wherever no merge reaches over. */
static const char *slm__check_pieces(const slm__tokenizer *t) {
    uint32_t i;
    if (t->flags & ~(uint32_t)SLM__TEXT_FLAGS) return "unknown flags";
    if (t->prefix > SLM__PREFIX_TEXT) return "its prefix is out of range";
    if (t->flags & SLM__TEXT_LAST && (t->last < 0 || (uint32_t)t->last >= t->count))
        return "the token after a text out of range";
    for (i = 0; i < 256; i++)
        if ((t->byte_token[i] != SLM__NO_TOKEN) != t->has_bytes)
            return "tokens of neither all bytes nor none";
    for (i = 0; i < 128; i++)
        if (t->ascii[i] != SLM__NO_TOKEN && t->ascii[i] >= t->count)
            return "a character's token out of range";
    for (i = 0; i < t->merge_slots; i++) {
        const uint32_t *merge = t->merges + (size_t)i * 4, *offsets = t->offsets;
        if (merge[0] == SLM__NO_TOKEN) continue;
        if (offsets[merge[0]] == offsets[merge[0] + 1] ||
            offsets[merge[1]] == offsets[merge[1] + 1])
            return "a merge of a token without text";
        if (!slm__joint(t, (uint8_t)t->blob[offsets[merge[0] + 1] - 1],
                        (uint8_t)t->blob[offsets[merge[1]]]))
            return "a merge where its texts are cut";
    }
    return NULL;
}

/* The first place of a sorted token that is not before this byte, of a word's beginning, or behind
   "##" - or 256: behind all of these. */
static uint32_t slm__word_bound(const slm__tokenizer *t, unsigned inside, unsigned byte) {
    char text[3] = {'#', '#', 0};
    uint32_t low = 0, high = t->count;
    size_t length = inside ? 3 : 1, size;
    text[length - 1] = (char)byte;
    if (byte == 256) text[1] = '$', length = inside ? 2 : 0;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const char *other = slm__token_text(t, (slm_token)t->sorted[middle], &size);
        if (other && (!length || slm__compare_texts(other, size, text, length) < 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The first four bytes, zeros behind the end. */
static uint32_t slm__word_key(const uint8_t *text, size_t size) {
    uint32_t key = 0;
    size_t i;
    for (i = 0; i < 4; i++) key = key << 8 | (i < size ? text[i] : 0u);
    return key;
}

/* That of a token's text behind "##", if anything is. */
static uint32_t slm__token_key(const slm__tokenizer *t, uint32_t id) {
    size_t size, skip;
    const char *text = slm__token_text(t, (slm_token)id, &size);
    if (!text) return 0;
    skip = size > 2 && text[0] == '#' && text[1] == '#' ? 2 : 0;
    return slm__word_key((const uint8_t *)text + skip, size - skip);
}

/* Tokens of kind 3 have different texts. A place's shorter one is that of the longest other token
   whose text it begins with. */
static const char *slm__check_words(const slm__tokenizer *t) {
    uint32_t i, count = slm__word_bound(t, 0, 256), before;
    if (t->flags & ~(uint32_t)SLM__TEXT_WORD_FLAGS) return "unknown flags";
    if (t->merge_slots || t->has_bytes) return "merges or byte tokens of words";
    if (t->bos < 0 || t->unk < 0) return "no CLS or UNK";
    if (t->last < 0 || (uint32_t)t->last >= t->count) return "SEP out of range";
    if (!t->longest_word || t->longest_word > SLM__LONGEST_WORD)
        return "its longest word is out of range";
    for (i = 0; i < 2 * 257; i++)
        if (t->bounds[i] != slm__word_bound(t, i / 257, i % 257))
            return "its first bytes are out of place";
    for (i = 0; i < t->count; i++)
        if (t->keys[i] != slm__token_key(t, t->sorted[i])) return "a wrong key";
    for (i = 0; i < count; i++) {
        size_t size, shorter;
        const char *text = slm__token_text(t, (slm_token)t->sorted[i], &size), *other;
        for (before = i ? i - 1 : SLM__NO_TOKEN; before != SLM__NO_TOKEN;
             before = t->shorter[before]) {
            other = slm__token_text(t, (slm_token)t->sorted[before], &shorter);
            if (shorter > size || (shorter && memcmp(text, other, shorter))) continue;
            if (shorter == size) return "two tokens with one text";
            break;
        }
        if (t->shorter[i] != before) return "a shorter token out of place";
    }
    for (; i < t->count; i++)
        if (t->shorter[i] != SLM__NO_TOKEN) return "a shorter token out of place";
    return NULL;
}

/* Binds and checks everything; NULL: fine, otherwise what is wrong. */
static const char *slm__tokenizer_bind(slm__tokenizer *t, uint32_t kind, const uint8_t *bytes,
                                       size_t size) {
    const char *wrong;
    memset(t, 0, sizeof *t);
    t->kind = kind;
    wrong = slm__tokenizer_layout(t, bytes, size);
    if (!wrong) wrong = slm__check_tokens(t);
    if (!wrong) wrong = slm__check_sorted(t);
    if (!wrong) wrong = slm__check_merges(t);
    if (!wrong) wrong = slm__check_whole(t);
    if (!wrong) wrong = slm__check_added(t);
    if (!wrong && t->kind == SLM__PIECES) wrong = slm__check_pieces(t);
    if (!wrong && t->kind == SLM__WORDS) wrong = slm__check_words(t);
    return wrong;
}

/* The rank of merging two tokens, and what they become; SLM__NO_TOKEN: they do not merge. */
static uint32_t slm__merge_rank(const slm__tokenizer *t, uint32_t left, uint32_t right,
                                uint32_t *result) {
    uint32_t slot, looked;
    *result = SLM__NO_TOKEN;
    if (!t->merge_slots) return SLM__NO_TOKEN;
    slot = slm__merge_start(t, left, right);
    for (looked = 0; looked < t->longest_probe; looked++) {
        const uint32_t *merge = t->merges + (size_t)slot * 4;
        if (merge[0] == left && merge[1] == right) {
            *result = merge[3];
            return merge[2];
        }
        if (merge[0] == SLM__NO_TOKEN) break;
        slot = (slot + 1) & (t->merge_slots - 1);
    }
    return SLM__NO_TOKEN;
}

/* The token that a word is, where words are looked for before they are merged. */
static uint32_t slm__whole_token(const slm__tokenizer *t, const char *word, size_t length) {
    uint32_t slot, looked;
    size_t size;
    if (!t->whole_slots) return SLM__NO_TOKEN;
    slot = slm__whole_start(t, word, length);
    for (looked = 0; looked < SLM__MOST_PROBES; looked++) {
        uint32_t id = t->whole[slot];
        const char *text = slm__token_text(t, (slm_token)id, &size);
        if (!text) break; /* an empty slot */
        if (size == length && !memcmp(text, word, size)) return id;
        slot = (slot + 1) & (t->whole_slots - 1);
    }
    return SLM__NO_TOKEN;
}

/* ---- >>tokenizer merging -----------------------------------------------------------------
   A word's symbols are merged, lowest rank first, on the stack or with a heap; both kinds of BPE
   do it so. Knows neither where a word ends nor what its first symbols are. */

typedef struct slm__message { /* the user's text, within what a chat format makes of it */
    const char *start, *end;
    slm_token controls[16]; /* these tokens never come from it, nor any special one */
    size_t control_count;
    int later;              /* the framed text follows another, ... */
    int goes_on;            /* ... without an added token between */
} slm__message;

typedef struct slm__encoding { /* one call's input that never changes, and its output */
    const slm__tokenizer *tokenizer;
    unsigned flags;
    slm__token_list out;
    uint32_t first[2][8]; /* the bytes that begin an added token: not normalized, normalized */
    const uint8_t *text;         /* the whole one */
    int unknown;                 /* the last character was unknown */
    const slm__message *message; /* NULL: this is no message */
    const uint8_t *goes_on;      /* the text, if it follows another; NULL: it does not */
    size_t size;                 /* of the text, where spans are asked for */
    slm_text_token *spans;       /* instead of out.tokens; NULL: not asked for */
    int32_t part, type;          /* of all of them */
    int32_t word;                /* of the next one */
} slm__encoding;

static void slm__emit(slm__encoding *e, uint32_t token) {
    if (e->out.count < e->out.capacity) e->out.tokens[e->out.count] = (slm_token)token;
    e->out.count++;
}

/* With what it stands for: bytes of the text, or as yet symbols of its word. */
static void slm__put_span(slm__encoding *e, uint32_t token, size_t start, size_t end) {
    slm_text_token *span;
    if (e->out.count < e->out.capacity) {
        span = &e->spans[e->out.count];
        span->token = (slm_token)token;
        span->type = e->type;
        span->part = e->part;
        span->word = e->word;
        span->start = start;
        span->end = end;
    }
    e->out.count++;
}

static void slm__emit_span(slm__encoding *e, uint32_t token, const uint8_t *start,
                           const uint8_t *stop) {
    if (e->spans) slm__put_span(e, token, (size_t)(start - e->text), (size_t)(stop - e->text));
    else slm__emit(e, token);
}

/* A token of a word's symbols [begin, end). */
static void slm__put_symbols(slm__encoding *e, uint32_t token, size_t begin, size_t end) {
    if (e->spans) slm__put_span(e, token, begin, end);
    else slm__emit(e, token);
}

/* Merged symbols: symbol i was those from first[i] on. */
static void slm__put_merged(slm__encoding *e, const uint32_t *symbols, const uint8_t *first,
                            size_t count) {
    size_t i;
    for (i = 0; i < count; i++) slm__put_symbols(e, symbols[i], first[i], first[i + 1]);
}

/* At most SLM__SHORT_WORD symbols: each merge is followed by a new search for the best pair. How
   many there are then. first: [count + 1], of each, where it was in the beginning. */
static size_t slm__merge_short(const slm__tokenizer *t, uint32_t *symbols, uint8_t *first,
                               size_t count) {
    uint32_t ranks[SLM__SHORT_WORD], results[SLM__SHORT_WORD];
    size_t i;
    for (i = 0; i <= count; i++) first[i] = (uint8_t)i;
    for (i = 0; i + 1 < count; i++)
        ranks[i] = slm__merge_rank(t, symbols[i], symbols[i + 1], &results[i]);
    while (count > 1) {
        size_t best = 0;
        for (i = 1; i + 1 < count; i++)
            if (ranks[i] < ranks[best]) best = i;
        if (ranks[best] == SLM__NO_TOKEN) break;
        symbols[best] = results[best];
        count--;
        for (i = best + 1; i < count; i++) {
            symbols[i] = symbols[i + 1];
            ranks[i - 1] = ranks[i];
            results[i - 1] = results[i];
        }
        memmove(first + best + 1, first + best + 2, count - best);
        if (best + 1 < count)
            ranks[best] = slm__merge_rank(t, symbols[best], symbols[best + 1], &results[best]);
        if (best)
            ranks[best - 1] =
                slm__merge_rank(t, symbols[best - 1], symbols[best], &results[best - 1]);
    }
    return count;
}

typedef struct slm__symbol { /* of a long word: a doubly linked list in an array */
    uint32_t token, previous, next; /* token is SLM__NO_TOKEN once merged into the one before */
} slm__symbol;

/* A heap entry is rank * 2^32 + position, so that the least is the leftmost of lowest rank. */
static void slm__heap_push(uint64_t *heap, size_t *count, uint64_t entry) {
    size_t at = (*count)++;
    while (at && heap[(at - 1) / 2] > entry) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = entry;
}

static uint64_t slm__heap_pop(uint64_t *heap, size_t *count) {
    uint64_t top = heap[0], last = heap[--*count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= *count) break;
        if (child + 1 < *count && heap[child + 1] < heap[child]) child++;
        if (heap[child] >= last) break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return top;
}

static void slm__push_pair(const slm__tokenizer *t, const slm__symbol *symbols, uint32_t left,
                           uint64_t *heap, size_t *heap_count) {
    uint32_t right = symbols[left].next, result, rank;
    if (right == SLM__NO_TOKEN) return;
    rank = slm__merge_rank(t, symbols[left].token, symbols[right].token, &result);
    if (rank != SLM__NO_TOKEN) slm__heap_push(heap, heap_count, (uint64_t)rank << 32 | left);
}

/* Any number of symbols. A merge takes one entry off the heap and puts at most two on, so
   2 * count entries are enough; entries whose pair is gone are recognised when they come up. */
static void slm__merge_long(slm__encoding *e, slm__symbol *symbols, size_t count,
                            uint64_t *heap) {
    const slm__tokenizer *t = e->tokenizer;
    size_t heap_count = 0;
    uint32_t i, right, result;
    for (i = 0; i != SLM__NO_TOKEN; i = symbols[i].next)
        slm__push_pair(t, symbols, i, heap, &heap_count);
    while (heap_count) {
        uint64_t entry = slm__heap_pop(heap, &heap_count);
        uint32_t left = (uint32_t)entry, rank = (uint32_t)(entry >> 32);
        right = symbols[left].next;
        if (symbols[left].token == SLM__NO_TOKEN || right == SLM__NO_TOKEN) continue;
        if (slm__merge_rank(t, symbols[left].token, symbols[right].token, &result) != rank)
            continue;
        symbols[left].token = result;
        symbols[left].next = symbols[right].next;
        symbols[right].token = SLM__NO_TOKEN;
        if (symbols[left].next != SLM__NO_TOKEN) symbols[symbols[left].next].previous = left;
        slm__push_pair(t, symbols, left, heap, &heap_count);
        if (left) slm__push_pair(t, symbols, symbols[left].previous, heap, &heap_count);
    }
    for (i = 0; i != SLM__NO_TOKEN; i = right) {
        right = symbols[i].next;
        if (e->spans)
            slm__put_span(e, symbols[i].token, i, right == SLM__NO_TOKEN ? count : right);
        else slm__emit(e, symbols[i].token);
    }
}

/* Scratch bytes for words of at most n bytes (and a prefix space). */
static size_t slm__bpe_scratch_size(size_t n) {
    size_t each = sizeof(slm__symbol) + 2 * sizeof(uint64_t);
    return slm__round_up(slm__size(n, each, each), 16);
}

/* The tokens that a word's merging starts from. */
typedef size_t slm__first_symbols(slm__encoding *e, const uint8_t *word, size_t size, int prefix,
                                  uint32_t *tokens, size_t step);

static slm_result slm__encode_long(slm__encoding *e, const uint8_t *word, size_t size,
                                   int prefix, slm__first_symbols *first) {
    size_t need = slm__bpe_scratch_size(size), i, count;
    void *memory = e->out.scratch;
    slm__symbol *symbols;
    uint64_t *heap;
    if (need == SIZE_MAX || size >= 0x7FFFFFFFu) return SLM_ERR_MEMORY;
    if (need > e->out.scratch_size)
        memory = e->out.allocator ? slm__allocate(e->out.allocator, need) : NULL;
    if (!memory) return SLM_ERR_MEMORY;
    heap = (uint64_t *)memory;
    symbols = (slm__symbol *)(void *)(heap + 2 * (size + 1));
    count = first(e, word, size, prefix, &symbols->token, sizeof *symbols / sizeof(uint32_t));
    for (i = 0; i < count; i++) {
        symbols[i].previous = (uint32_t)i - 1;
        symbols[i].next = (uint32_t)i + 1;
    }
    if (count) {
        symbols[count - 1].next = SLM__NO_TOKEN;
        slm__merge_long(e, symbols, count, heap);
    }
    if (memory != e->out.scratch) slm__release(e->out.allocator, memory);
    return SLM_OK;
}

/* One word, with a space before it if `prefix`; each byte gives one symbol at most. */
static slm_result slm__encode_word(slm__encoding *e, const uint8_t *word, size_t size, int prefix,
                                   slm__first_symbols *first) {
    uint32_t symbols[SLM__SHORT_WORD];
    uint8_t starts[SLM__SHORT_WORD + 1];
    size_t count;
    if (size + (prefix ? 1 : 0) > SLM__SHORT_WORD)
        return slm__encode_long(e, word, size, prefix, first);
    count = first(e, word, size, prefix, symbols, 1);
    count = slm__merge_short(e->tokenizer, symbols, starts, count);
    slm__put_merged(e, symbols, starts, count);
    return SLM_OK;
}

/* ---- >>tokenizer splits ------------------------------------------------------------------
   How a text becomes words for byte-level BPE: in steps, each of which splits what the one before
   has left, as Hugging Face's pre-tokenizers do. A file names its steps; their published patterns
   are functions and rows of tables here. Knows no token. */

/* The alphabets of DeepSeek's first tokenizers, and the other sets that are spelt out: first and
   last code point, in the order in which the published pattern has them. */
static const uint32_t slm__alphabets[] = {
    0x41, 0x5A, 0x61, 0x7A, 0xB5, 0xB5, 0xC0, 0xD6, 0xD8, 0xF6, 0xF8, 0x1BA, 0x1BC, 0x1BF,
    0x1C4, 0x293, 0x295, 0x2AF, 0x370, 0x373, 0x376, 0x376, 0x377, 0x377, 0x37B, 0x37D,
    0x37F, 0x37F, 0x386, 0x386, 0x388, 0x38A, 0x38C, 0x38C, 0x38E, 0x3A1, 0x3A3, 0x3F5,
    0x3F7, 0x481, 0x48A, 0x52F, 0x531, 0x556, 0x10A0, 0x10C5, 0x13A0, 0x13F5, 0x13F8, 0x13FD,
    0x1C90, 0x1CBA, 0x1CBD, 0x1CBF, 0x1D00, 0x1D2B, 0x1D6B, 0x1D77, 0x1D79, 0x1D9A, 0x1E00, 0x1F15,
    0x1F18, 0x1F1D, 0x1F20, 0x1F45, 0x1F48, 0x1F4D, 0x1F50, 0x1F57, 0x1F59, 0x1F59, 0x1F5B, 0x1F5B,
    0x1F5D, 0x1F5D, 0x1F5F, 0x1F7D, 0x1F80, 0x1FB4, 0x1FB6, 0x1FBC, 0x1FBE, 0x1FBE, 0x1FC2, 0x1FC4,
    0x1FC6, 0x1FCC, 0x1FD0, 0x1FD3, 0x1FD6, 0x1FDB, 0x1FE0, 0x1FEC, 0x1FF2, 0x1FF4, 0x1FF6, 0x1FFC,
    0x2102, 0x2102, 0x2107, 0x2107, 0x210A, 0x2113, 0x2115, 0x2115, 0x2119, 0x211D, 0x2124, 0x2124,
    0x2126, 0x2126, 0x2128, 0x2128, 0x212A, 0x212D, 0x212F, 0x2134, 0x2139, 0x2139, 0x213C, 0x213F,
    0x2145, 0x2149, 0x214E, 0x214E, 0x2183, 0x2183, 0x2184, 0x2184, 0x2C00, 0x2C7B, 0x2C7E, 0x2CE4,
    0x2CEB, 0x2CEE, 0x2CF2, 0x2CF2, 0x2CF3, 0x2CF3, 0xA640, 0xA66D, 0xA680, 0xA69B, 0xA722, 0xA76F,
    0xA771, 0xA787, 0xA78B, 0xA78E, 0xAB70, 0xABBF, 0xFB00, 0xFB06, 0xFB13, 0xFB17, 0xFF21, 0xFF3A,
    0xFF41, 0xFF5A, 0x10400, 0x1044F, 0x104B0, 0x104D3, 0x104D8, 0x104FB, 0x10C80, 0x10CB2,
    0x10CC0, 0x10CF2, 0x118A0, 0x118DF, 0x1E900, 0x1E943,
};
static const uint32_t slm__ascii_digits[] = {0x30, 0x39};
/* numbers of Unicode 17, which Hugging Face's Digits knows, and \p{N} does not */
static const uint32_t slm__late_numbers[] = {0x11DE0, 0x11DE9, 0x16FF4, 0x16FF6};
static const uint32_t slm__newlines[] = {0x0D, 0x0D, 0x0A, 0x0A};
static const uint32_t slm__wide_marks[] = {0x21, 0x2F, 0x3A, 0x7E, 0xFF01, 0xFF0F, 0xFF1A, 0xFF5E,
                                           0x2018, 0x201F, 0x3000, 0x3002};
static const uint32_t slm__cjk[] = {0x4E00, 0x9FA5, 0x800, 0x4E00, 0xAC00, 0xD7FF};
static const uint32_t slm__cjk_kana[] = {0x4E00, 0x9FA5, 0x3040, 0x309F, 0x30A0, 0x30FF};
/* bytes that are numbers in the byte-level alphabet, where each is a character */
static const uint32_t slm__byte_digits[] = {0x30, 0x39, 0xB2, 0xB3, 0xB9, 0xB9, 0xBC, 0xBE};

/* A step that makes words of `least` to `most` characters of a set, and leaves what is between. */
typedef struct slm__char_set {
    unsigned classes;       /* of its characters, ... */
    const uint32_t *ranges; /* ... and code points; neither: Unicode's and ASCII's punctuation */
    size_t numbers;         /* of the table */
    size_t least, most;
    int blank; /* one white space before them belongs to the word */
    int bytes; /* the characters are bytes */
} slm__char_set;

#define SLM__TABLE(table) table, sizeof table / sizeof table[0]
#define SLM__RANGES(table) 0, SLM__TABLE(table)

static const slm__char_set slm__char_sets[SLM__STEPS - SLM__STEP_SETS] = { /* as slm__step */
    {SLM__NUMBER, SLM__TABLE(slm__late_numbers), 1, 1, 0, 0},
    {SLM__NUMBER, SLM__TABLE(slm__late_numbers), 1, SIZE_MAX, 0, 0},
    {SLM__NUMBER, NULL, 0, 1, 3, 0, 0},
    {0, NULL, 0, 1, SIZE_MAX, 0, 0},
    {SLM__RANGES(slm__ascii_digits), 3, 3, 0, 1},
    {SLM__RANGES(slm__byte_digits), 1, 1, 0, 1},
    {SLM__RANGES(slm__byte_digits), 1, SIZE_MAX, 0, 1},
    {SLM__RANGES(slm__newlines), 1, 1, 0, 0},
    {SLM__LETTER, NULL, 0, 1, SIZE_MAX, 1, 0},
    {SLM__PUNCTUATION, NULL, 0, 1, SIZE_MAX, 1, 0},
    {SLM__RANGES(slm__alphabets), 1, SIZE_MAX, 1, 0},
    {SLM__RANGES(slm__wide_marks), 1, SIZE_MAX, 1, 0},
    {SLM__RANGES(slm__cjk), 1, SIZE_MAX, 0, 0},
    {SLM__RANGES(slm__cjk_kana), 1, SIZE_MAX, 0, 0}};

/* Where the run from `at` on ends whose characters have one of the classes (or none, if !has). */
static size_t slm__class_end(const uint8_t *text, size_t size, size_t at, unsigned classes,
                           int has) {
    size_t length;
    while (at < size && ((slm__class_at(text + at, size - at, &length) & classes) != 0) == has)
        at += length;
    return at;
}

/* 's 't 're 've 'm 'll 'd: the length, or 0. */
static size_t slm__contraction(const uint8_t *text, size_t size) {
    if (size < 2 || text[0] != '\'') return 0;
    switch (text[1]) {
    case 's': case 't': case 'm': case 'd': return 2;
    case 'r': case 'v': return size > 2 && text[2] == 'e' ? 3 : 0;
    case 'l': return size > 2 && text[2] == 'l' ? 3 : 0;
    default: return 0;
    }
}

/* Where the word that starts at `at` ends, by GPT-2's rule
   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
   With `prefix` a space stands before the text, which may be the whole word. */
static size_t slm__word_end(const uint8_t *text, size_t size, size_t at, int prefix) {
    const unsigned kinds = SLM__LETTER | SLM__NUMBER | SLM__SPACE;
    size_t end = at, last = at, length = prefix ? 0 : slm__contraction(text + at, size - at);
    unsigned kind;
    if (length) return at + length;
    if (!prefix && text[at] == ' ' && at + 1 < size) end++;
    kind = slm__class_at(text + end, size - end, &length) & kinds;
    if (kind == SLM__SPACE) end = at;
    while (end < size && (slm__class_at(text + end, size - end, &length) & kinds) == kind) {
        last = end;
        end += length;
    }
    /* of white space before something else the last character goes with that or stands alone */
    if (kind != SLM__SPACE || end == size) return end;
    return last > at || prefix ? last : end;
}

/* (?i:'s|'t|'re|'ve|'m|'ll|'d): where it ends; `at`: it is not there. U+017F is an s, too. */
static size_t slm__any_contraction(const uint8_t *text, size_t size, size_t at) {
    size_t left = size - at;
    const uint8_t *t = text + at;
    unsigned second;
    if (left < 2 || t[0] != '\'') return at;
    if (left > 2 && t[1] == 0xC5 && t[2] == 0xBF) return at + 3;
    second = left > 2 ? t[2] | 32u : 0;
    switch (t[1] | 32) {
    case 's': case 't': case 'm': case 'd': return at + 2;
    case 'r': case 'v': return second == 'e' ? at + 3 : at;
    case 'l': return second == 'l' ? at + 3 : at;
    default: return at;
    }
}

/* What the patterns since Llama 3 differ in. */
typedef struct slm__word_rule {
    size_t numbers; /* in a word, at most */
    int first;      /* contractions are words */
    int cased;      /* a word has capitals first, and marks belong to it, ... */
    int last;       /* ... and a contraction */
    int slash;      /* punctuation takes slashes behind it, as it takes newlines */
} slm__word_rule;

/* [^\r\n\p{L}\p{N}]? : behind it, if it is there. */
static size_t slm__skip_opening(const uint8_t *text, size_t size, size_t at) {
    size_t length;
    unsigned kind = slm__class_at(text + at, size - at, &length);
    if (kind & (SLM__LETTER | SLM__NUMBER) || text[at] == '\r' || text[at] == '\n') return at;
    return at + length;
}

/* Capitals are what \p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M} has, small letters \p{Ll}\p{Lm}\p{Lo}\p{M}:
   many characters are both. Of capitals* small+ from `at` on the end, or `at`; *capitals: the end
   of capitals* alone. */
static size_t slm__small_end(const uint8_t *text, size_t size, size_t at, size_t *capitals) {
    size_t end = at, last = at, length;
    unsigned kind;
    while (end < size && (kind = slm__class_at(text + end, size - end, &length)) != 0 &&
           kind & (SLM__LETTER | SLM__MARK) && !(kind & SLM__LOWER)) {
        end += length;
        if (!(kind & SLM__UPPER)) last = end; /* the last that may be small */
    }
    *capitals = end;
    if (end == size || !(slm__class_at(text + end, size - end, &length) & SLM__LOWER)) return last;
    while (end < size && (kind = slm__class_at(text + end, size - end, &length)) != 0 &&
           kind & (SLM__LETTER | SLM__MARK) && !(kind & SLM__UPPER))
        end += length;
    return end;
}

/* [opening]? capitals* small+ | [opening]? capitals+ small* : where it ends, or `at`. */
static size_t slm__cased_end(const uint8_t *text, size_t size, size_t at) {
    size_t from[2], capitals[2], end, i;
    from[0] = slm__skip_opening(text, size, at);
    from[1] = at;
    for (i = from[0] == at; i < 2; i++) {
        end = slm__small_end(text, size, from[i], &capitals[i]);
        if (end > from[i]) return end;
    }
    for (i = from[0] == at; i < 2; i++)
        if (capitals[i] > from[i]) return capitals[i];
    return at;
}

/* \s*[\r\n]+|\s+(?!\S)|\s+ at white space */
static size_t slm__blank_end(const uint8_t *text, size_t size, size_t at) {
    size_t end = at, last = at, newline = at, length;
    while (end < size && slm__class_at(text + end, size - end, &length) & SLM__SPACE) {
        last = end;
        end += length;
        if (text[last] == '\r' || text[last] == '\n') newline = end;
    }
    if (newline > at) return newline;
    return end == size || last == at ? end : last;
}

/* Behind the newlines (and slashes) from `at` on. */
static size_t slm__skip_newlines(const uint8_t *text, size_t size, size_t at, int slash) {
    while (at < size && (text[at] == '\r' || text[at] == '\n' || (slash && text[at] == '/'))) at++;
    return at;
}

/* By the patterns since Llama 3, every one of
   contraction|[^\r\n\p{L}\p{N}]?letters|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|white space */
static size_t slm__modern_end(const uint8_t *text, size_t size, size_t at,
                              const slm__word_rule *rule) {
    const unsigned kinds = SLM__LETTER | SLM__NUMBER | SLM__SPACE;
    size_t end = rule->first ? slm__any_contraction(text, size, at) : at, from, length, i;
    if (end > at) return end;
    if (rule->cased) {
        end = slm__cased_end(text, size, at);
        if (end > at) return rule->last ? slm__any_contraction(text, size, end) : end;
    } else {
        from = slm__skip_opening(text, size, at);
        end = slm__class_end(text, size, from, SLM__LETTER, 1);
        if (end > from) return end;
    }
    for (i = 0, end = at; i < rule->numbers && end < size; i++, end += length)
        if (!(slm__class_at(text + end, size - end, &length) & SLM__NUMBER)) break;
    if (end > at) return end;
    from = at + (text[at] == ' ');
    end = slm__class_end(text, size, from, kinds, 0);
    if (end > from) return slm__skip_newlines(text, size, end, rule->slash);
    return slm__blank_end(text, size, at);
}

/* By DeepSeek V3's pattern
   [ASCII punctuation][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|white
   space; `at`: it does not match */
static size_t slm__deepseek3_end(const uint8_t *text, size_t size, size_t at) {
    const unsigned signs = SLM__PUNCTUATION | SLM__SYMBOL, word = SLM__LETTER | SLM__MARK;
    size_t end = at + 1, from = at, length;
    unsigned kind = slm__class_at(text + at, size - at, &length);
    if (text[at] < 0x80 && kind & signs) {
        while (end < size && (text[end] | 32u) - 'a' < 26) end++;
        if (end > at + 1) return end;
    }
    if (!(kind & (SLM__LETTER | signs)) && text[at] != '\r' && text[at] != '\n') from += length;
    end = slm__class_end(text, size, from, word, 1);
    if (end > from) return end;
    if (kind & SLM__MARK) return at + length;
    from = at + (text[at] == ' ');
    end = slm__class_end(text, size, from, signs, 1);
    if (end > from) return slm__skip_newlines(text, size, end, 0);
    return kind & SLM__SPACE ? slm__blank_end(text, size, at) : at;
}

/* Whether the character at `at` is in a set, and its length. */
static int slm__in_set(const slm__char_set *set, const uint8_t *text, size_t size, size_t at,
                       size_t *length) {
    uint32_t code = text[at];
    size_t i;
    *length = 1;
    if (set->classes) {
        int has = (slm__class_at(text + at, size - at, length) & set->classes) != 0;
        if (has || !set->ranges) return has;
    }
    if (!set->bytes) *length = slm__character(text + at, size - at, &code);
    if (!set->ranges) return (slm__word_class(code) & SLM__WORD_PUNCTUATION) != 0;
    for (i = 0; i < set->numbers; i += 2)
        if (code >= set->ranges[i] && code <= set->ranges[i + 1]) return 1;
    return 0;
}

/* Where the word of a set that begins at `at` ends; `at`: none begins there. */
static size_t slm__set_end(const slm__char_set *set, const uint8_t *text, size_t size, size_t at) {
    size_t from = at, end, count, length;
    int blank = set->blank && slm__class_at(text + at, size - at, &length) & SLM__SPACE;
    if (blank) from += length;
    for (;; from = at, blank = 0) {
        for (end = from, count = 0; end < size && count < set->most; end += length, count++)
            if (!slm__in_set(set, text, size, end, &length)) break;
        if (count >= set->least) return end;
        if (!blank) return at;
    }
}

/* \s+$ : white space at the end, or what is before it. */
static size_t slm__blank_tail(const uint8_t *text, size_t size, size_t at) {
    size_t begin = at, end;
    for (;;) {
        end = slm__class_end(text, size, begin, SLM__SPACE, 1);
        if (end == size) return begin > at ? begin : size;
        begin = slm__class_end(text, size, end, SLM__SPACE, 0);
        if (begin == size) return size;
    }
}

/* The end of a step's match at `at`; `at`: there is none. */
static size_t slm__match_end(unsigned step, const uint8_t *text, size_t size, size_t at) {
    static const slm__word_rule rules[] = { /* in the order of slm__step */
        {3, 1, 0, 0, 0}, {1, 1, 0, 0, 0}, {3, 0, 1, 1, 1}, {1, 0, 1, 0, 1}};
    if (step >= SLM__STEP_SETS)
        return slm__set_end(&slm__char_sets[step - SLM__STEP_SETS], text, size, at);
    if (step == SLM__STEP_DEEPSEEK3) return slm__deepseek3_end(text, size, at);
    return slm__modern_end(text, size, at, &rules[step - SLM__STEP_LLAMA3]);
}

/* The end of what a step makes of text[at, size): a match, or all before the next one. */
static size_t slm__step_end(unsigned step, const uint8_t *text, size_t size, size_t at,
                            int prefix) {
    int bytes = step >= SLM__STEP_SETS && slm__char_sets[step - SLM__STEP_SETS].bytes;
    size_t end, length = 1;
    if (step == SLM__STEP_GPT2) return slm__word_end(text, size, at, prefix);
    if (step == SLM__STEP_BLANK_END) return slm__blank_tail(text, size, at);
    end = slm__match_end(step, text, size, at);
    if (end > at) return end;
    for (end = at; end < size && (end == at || slm__match_end(step, text, size, end) == end);
         end += length)
        if (!bytes) slm__class_at(text + end, size - end, &length);
    return end;
}

/* Where the words of a text end that all steps have split. */
typedef struct slm__words {
    const uint8_t *steps; /* up to eight, then 0 */
    const uint8_t *text;
    size_t size, at;
    size_t ends[SLM__STEPS_MOST]; /* of the part under way, by step */
    int prefix;                   /* a space stands before the text: GPT-2's step sees it */
} slm__words;

/* The end of the next word, which begins at w->at. */
static size_t slm__next_word(slm__words *w) {
    size_t end = w->size, i;
    for (i = 0; i < SLM__STEPS_MOST && w->steps[i]; i++) {
        if (w->ends[i] <= w->at)
            w->ends[i] = slm__step_end(w->steps[i], w->text, end, w->at, w->prefix);
        end = w->ends[i];
    }
    w->prefix = 0;
    w->at = end;
    return end;
}

/* ---- >>tokenizer bytes -------------------------------------------------------------------
   Byte-level BPE: a text is split into words by the file's steps, and a word's first symbols are
   its bytes, or it is a token already. Knows no added token. */

/* The symbol of the bytes from *at on, which moves behind them; SLM__NO_TOKEN: there is none left.
   A byte without a token is left out, or becomes UNK where the file has one for it; several in a
   row become one UNK if UNK is fused. */
static uint32_t slm__next_symbol(const slm__tokenizer *t, const uint8_t *word, size_t size,
                                 size_t *at) {
    while (*at < size) {
        uint32_t token = t->byte_token[word[(*at)++]];
        if (token != SLM__NO_TOKEN) return token;
        if (t->missing < 0) continue;
        while (t->flags & SLM__TEXT_FUSED && *at < size &&
               t->byte_token[word[*at]] == SLM__NO_TOKEN)
            ++*at;
        return (uint32_t)t->missing;
    }
    return SLM__NO_TOKEN;
}

static size_t slm__first_bytes(slm__encoding *e, const uint8_t *word, size_t size, int prefix,
                               uint32_t *tokens, size_t step) {
    const slm__tokenizer *t = e->tokenizer;
    size_t count = 0, at = 0;
    uint32_t token;
    if (prefix && t->byte_token[0x20] != SLM__NO_TOKEN)
        tokens[count++ * step] = t->byte_token[0x20];
    while ((token = slm__next_symbol(t, word, size, &at)) != SLM__NO_TOKEN)
        tokens[count++ * step] = token;
    return count;
}

/* Where the character begins that the byte at `at` belongs to, and its length. */
static size_t slm__character_of(const slm__encoding *e, size_t at, size_t *length) {
    size_t back = at < 3 ? at : 3;
    uint32_t code;
    if ((e->text[at] & 0xC0) != 0x80) back = 0;
    for (; back > 0; back--) {
        *length = slm__character(e->text + at - back, e->size - at + back, &code);
        if (*length > back) return at - back;
    }
    *length = slm__character(e->text + at, e->size - at, &code);
    return at;
}

/* Takes so many characters of white space off a span's ends, as ByteLevel's process_offsets does,
   which takes a single space that may have been put before the text for one that it has. */
static void slm__trim_span(const slm__encoding *e, slm_text_token *span, size_t left,
                           size_t right) {
    size_t length;
    int first = span == e->spans || !span->start;
    if (first && left == 1 && e->tokenizer->flags & SLM__TEXT_TRIM_PREFIX) left = 0;
    for (; left && span->start < span->end; left--) {
        slm__class_at(e->text + span->start, e->size - span->start, &length);
        span->start += length;
    }
    for (; right && span->start < span->end; right--) {
        slm__class_before(e->text, span->end, &length);
        span->end -= length;
    }
}

/* The bytes that a byte is written with in GPT-2's alphabet. */
static size_t slm__letter_size(uint8_t byte) { return byte > 0x20 && byte < 0x7F ? 1 : 2; }

/* How much of a word's letters its tokens have taken: Hugging Face counts those alone that have a
   token, from the word's beginning. */
typedef struct slm__letters {
    const uint8_t *word;
    size_t size, at;   /* bytes, of the word and of those whose symbols have been passed */
    size_t taken;      /* of letters, by these symbols */
    size_t byte, sum;  /* a byte of the word, and where its letter begins */
} slm__letters;

static void slm__take_symbol(const slm__tokenizer *t, slm__letters *l) {
    size_t from = l->at;
    slm__next_symbol(t, l->word, l->size, &l->at);
    if (t->missing < 0 && l->at > from) from = l->at - 1; /* the bytes before have no token */
    for (; from < l->at; from++) l->taken += slm__letter_size(l->word[from]);
}

/* The byte whose letter has this place among the letters, which is not before the last one's. */
static size_t slm__byte_of(slm__letters *l, size_t place) {
    size_t size;
    while (l->byte + 1 < l->size && (size = slm__letter_size(l->word[l->byte])) <= place - l->sum) {
        l->sum += size;
        l->byte++;
    }
    return l->byte;
}

/* The tokens of a word from the list's place `from` on know their symbols. They get the bytes of
   these, as whole characters; a space that was put before the word has those of its first. */
static void slm__place_word(slm__encoding *e, size_t from, const uint8_t *word, size_t size,
                            int prefix) {
    const slm__tokenizer *t = e->tokenizer;
    size_t start = (size_t)(word - e->text), symbol, begin, taken, length, left, right;
    int put = prefix && t->byte_token[0x20] != SLM__NO_TOKEN;
    slm__letters l;
    memset(&l, 0, sizeof l);
    l.word = word;
    l.size = size;
    for (; from < e->out.count && from < e->out.capacity; from++, put = 0) {
        slm_text_token *span = &e->spans[from];
        begin = l.at;
        taken = l.taken;
        for (symbol = span->start + (size_t)put; symbol < span->end; symbol++)
            slm__take_symbol(t, &l);
        for (left = 0; begin + left < l.at && word[begin + left] == ' ';) left++;
        for (right = 0; begin + right < l.at && word[l.at - right - 1] == ' ';) right++;
        if (right == l.at - begin) right += (size_t)put;
        span->start = slm__character_of(e, start + slm__byte_of(&l, taken), &length);
        if (l.taken > taken) taken = l.taken - 1;
        span->end = slm__character_of(e, start + slm__byte_of(&l, taken), &length);
        span->end += length;
        if (t->flags & SLM__TEXT_TRIM) slm__trim_span(e, span, left + (size_t)put, right);
    }
    e->word++;
}

/* Text without added tokens. */
static slm_result slm__encode_words(slm__encoding *e, const uint8_t *text, size_t size) {
    const slm__tokenizer *t = e->tokenizer;
    slm_result result = SLM_OK;
    slm__words words;
    memset(&words, 0, sizeof words);
    words.steps = t->steps;
    words.text = text;
    words.size = size;
    words.prefix = (t->flags & SLM__TEXT_PREFIX_SPACE) && size && text[0] != ' ' &&
                   text != e->goes_on;
    while (result == SLM_OK && words.at < size) {
        int prefix = words.prefix;
        const uint8_t *word = text + words.at;
        size_t length = slm__next_word(&words) - (size_t)(word - text);
        size_t from = e->out.count;
        uint32_t token = SLM__NO_TOKEN;
        if (!prefix) token = slm__whole_token(t, (const char *)word, length);
        if (token != SLM__NO_TOKEN) slm__put_symbols(e, token, 0, length);
        else result = slm__encode_word(e, word, length, prefix, slm__first_bytes);
        if (e->spans) slm__place_word(e, from, word, length, prefix);
    }
    return result;
}

/* ---- >>tokenizer pieces ------------------------------------------------------------------
   SentencePiece BPE as LLaMA uses it. There are no words: a text's characters are merged as one,
   but where no merge reaches over it can be cut, mostly before a space. U+2581 and a space are
   the same; a character without a token becomes the tokens of its bytes, or UNK. Knows no added
   token. */

static int slm__is_mark(const uint8_t *text, size_t size) { /* U+2581 */
    return size >= 3 && text[0] == 0xE2 && text[1] == 0x96 && text[2] == 0x81;
}

static int slm__starts_with_space(const uint8_t *text, size_t size) {
    return size && (text[0] == ' ' || slm__is_mark(text, size));
}

/* The piece with these bytes, the first of several; it is looked for among all ids. */
static uint32_t slm__find_piece(const slm__tokenizer *t, const char *text, size_t length) {
    uint32_t low = 0, high = t->count, id;
    size_t size;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const char *other = slm__token_text(t, (slm_token)t->sorted[middle], &size);
        if (other && slm__compare_texts(other, size, text, length) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == t->count) return SLM__NO_TOKEN;
    id = t->sorted[low];
    if (t->attributes[id] & SLM__TOKEN_OUTSIDE) return SLM__NO_TOKEN;
    if (!slm__token_text(t, (slm_token)id, &size) || size != length) return SLM__NO_TOKEN;
    return memcmp(t->blob + t->offsets[id], text, length) ? SLM__NO_TOKEN : id;
}

/* The symbols of the character at text[0], at most four, and its length in bytes. */
static size_t slm__first_of(slm__encoding *e, const uint8_t *text, size_t size,
                            uint32_t symbols[4], size_t *count) {
    const slm__tokenizer *t = e->tokenizer;
    size_t length = 1;
    uint32_t code;
    *count = 1;
    if (text[0] < 0x80)
        symbols[0] = t->ascii[text[0]];
    else if (slm__is_mark(text, size)) {
        symbols[0] = t->ascii[0x20];
        length = 3;
    } else {
        length = slm__character(text, size, &code);
        symbols[0] = code == 0xFFFFFFFFu ? SLM__NO_TOKEN
                                         : slm__find_piece(t, (const char *)text, length);
    }
    if (symbols[0] == SLM__NO_TOKEN && t->has_bytes) {
        for (*count = 0; *count < length; ++*count) symbols[*count] = t->byte_token[text[*count]];
        e->unknown = 0;
        return length;
    }
    if (symbols[0] != SLM__NO_TOKEN) {
        e->unknown = 0;
        return length;
    }
    if (t->unk < 0 || (e->unknown && t->flags & SLM__TEXT_FUSED)) *count = 0;
    symbols[0] = (uint32_t)t->unk;
    e->unknown = 1;
    return length;
}

static size_t slm__first_pieces(slm__encoding *e, const uint8_t *word, size_t size, int prefix,
                                uint32_t *tokens, size_t step) {
    static const uint8_t space[1] = {' '};
    uint32_t symbols[4];
    size_t count = 0, at = 0, several, i;
    if (prefix) slm__first_of(e, space, 1, symbols, &several);
    for (i = 0; prefix && i < several; i++) tokens[count++ * step] = symbols[i];
    while (at < size) {
        at += slm__first_of(e, word + at, size - at, symbols, &several);
        for (i = 0; i < several; i++) tokens[count++ * step] = symbols[i];
    }
    return count;
}

/* Where the text that starts at `at`, after a space if `prefix`, may first be cut. Bytes within a
   character are never looked at as the beginning of one. */
static size_t slm__piece_end(const slm__tokenizer *t, const uint8_t *text, size_t size, size_t at,
                             int prefix) {
    size_t end = at;
    unsigned left = ' ';
    while (end < size) {
        int mark = slm__is_mark(text + end, size - end);
        unsigned right = mark ? (unsigned)' ' : text[end];
        if ((end > at || prefix) && !slm__joint(t, left, right)) break;
        left = right;
        end += mark ? 3 : 1;
        while (end < size && (text[end] & 0xC0) == 0x80) left = text[end++];
    }
    return end;
}

/* Text without added tokens; with `prefix`, as if a space preceded it. */
static slm_result slm__encode_pieces(slm__encoding *e, const uint8_t *text, size_t size,
                                     int prefix) {
    slm_result result = SLM_OK;
    size_t at = 0;
    e->unknown = 0;
    while (result == SLM_OK && (at < size || prefix)) {
        size_t end = slm__piece_end(e->tokenizer, text, size, at, prefix);
        result = slm__encode_word(e, text + at, end - at, prefix, slm__first_pieces);
        prefix = 0;
        at = end;
    }
    return result;
}

/* ---- >>tokenizer added -------------------------------------------------------------------
   Added tokens are cut out of a text in two passes, and what lies between goes on to one of the
   two tokenizers above. WordPiece, below, does the second pass itself. */

/* The first entry of added[low, high) whose byte `depth` is at least `byte`; all of them have
   the same bytes before it, and the ones that end there come first. */
static uint32_t slm__added_bound(const slm__tokenizer *t, uint32_t low, uint32_t high,
                                 size_t depth, unsigned byte) {
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const uint32_t *a = t->added + (size_t)middle * 4;
        if (a[2] <= depth || (unsigned char)t->blob[a[1] + depth] < byte)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The text that becomes this added token. A normalized one is matched behind the space that is put
   before a text, so its entry has that space too. */
static const char *slm__added_text(const slm__tokenizer *t, const uint32_t *a, size_t *size) {
    const char *text = t->blob + a[1];
    int space = t->kind == SLM__PIECES && t->prefix == SLM__PREFIX_EACH &&
                a[3] & SLM__ADDED_NORMALIZED && *text == ' ';
    *size = a[2] - (size_t)space;
    return text + space;
}

/* The entry of an added token by its id or, with text, by that; NULL: there is none. */
static const uint32_t *slm__added_token(const slm__tokenizer *t, slm_token id, const char *text) {
    size_t wanted = text ? strlen(text) : 0, size;
    uint32_t i;
    for (i = 0; i < t->added_count; i++) {
        const uint32_t *a = t->added + (size_t)i * 4;
        const char *own = slm__added_text(t, a, &size);
        if (text ? size == wanted && !memcmp(own, text, size) : (slm_token)a[0] == id) return a;
    }
    return NULL;
}

/* Whether this added token may match at text[0], for `length` bytes. No control token is made from
   a message's bytes, and none that begins in a message reaches into what the chat format puts
   behind it. */
static int slm__may_stand(const slm__encoding *e, const uint8_t *text, const uint32_t *a,
                          size_t length) {
    const slm__message *m = e->message;
    const char *start = (const char *)text, *end = start + length;
    size_t i;
    if (!m || end <= m->start || start >= m->end) return 1;
    if (end > m->end || (a[3] & SLM__ADDED_SPECIAL)) return 0;
    for (i = 0; i < m->control_count; i++)
        if (m->controls[i] == (slm_token)a[0]) return 0;
    return 1;
}

/* The longest added token of this pass that begins at text[0] - or, if `prefix`, with a space
   before that - or NULL. *length: how many of the text's bytes it takes. */
static const uint32_t *slm__added_at(const slm__encoding *e, const uint8_t *text, size_t size,
                                     unsigned pass, int prefix, size_t *length) {
    const slm__tokenizer *t = e->tokenizer;
    const uint32_t *best = NULL;
    uint32_t low = 0, high = t->added_count;
    size_t depth, at = 0;
    int marks = pass && t->kind == SLM__PIECES && t->flags & SLM__TEXT_MARKS;
    for (depth = 0; (at < size || prefix) && low < high; depth++) {
        int mark = marks && !prefix && slm__is_mark(text + at, size - at);
        unsigned byte = prefix || mark ? (unsigned)' ' : text[at];
        const uint32_t *a;
        if (!depth && !(e->first[pass][byte >> 5] >> (byte & 31) & 1)) return NULL;
        at += prefix ? 0 : mark ? 3 : 1;
        prefix = 0;
        low = slm__added_bound(t, low, high, depth, byte);
        high = slm__added_bound(t, low, high, depth, byte + 1u);
        a = t->added + (size_t)low * 4;
        if (low < high && a[2] == depth + 1 && (a[3] & SLM__ADDED_NORMALIZED) / 2 == pass &&
            slm__may_stand(e, text, a, at)) {
            best = a;
            *length = at;
        }
    }
    return best;
}

/* Whether the character before or after belongs to a word. */
static int slm__beside_word(const uint8_t *text, size_t size, size_t start, size_t stop) {
    size_t length;
    if (start && slm__class_before(text, start, &length) & SLM__IN_WORD) return 1;
    return stop < size && slm__class_at(text + stop, size - stop, &length) & SLM__IN_WORD;
}

/* White space that an added token may swallow: LlamaTokenizer's is Python's, and it has turned
   U+2581 into a space if SLM__TEXT_LONE. */
static int slm__swallows(const slm__encoding *e, unsigned kind, const uint8_t *text,
                         size_t length) {
    uint32_t flags = e->tokenizer->kind == SLM__PIECES ? e->tokenizer->flags : 0;
    if (kind & SLM__SPACE) return 1;
    if (flags & SLM__TEXT_PARTS && text[0] >= 0x1C && text[0] <= 0x1F) return 1;
    return flags & SLM__TEXT_LONE && slm__is_mark(text, length);
}

/* Where the white space that ends at `start` begins, but not before `done`. */
static size_t slm__swallow_left(const slm__encoding *e, const uint8_t *text, size_t start,
                                size_t done) {
    size_t length;
    while (start > done) {
        unsigned kind = slm__class_before(text, start, &length);
        if (!slm__swallows(e, kind, text + start - length, length)) break;
        start -= length;
    }
    return start < done ? done : start;
}

static size_t slm__swallow_right(const slm__encoding *e, const uint8_t *text, size_t size,
                                 size_t stop) {
    size_t length;
    while (stop < size) {
        unsigned kind = slm__class_at(text + stop, size - stop, &length);
        if (!slm__swallows(e, kind, text + stop, length)) break;
        stop += length;
    }
    return stop;
}

static slm_result slm__encode_pass(slm__encoding *e, const uint8_t *text, size_t size,
                                   unsigned pass, int prefix);
static void slm__encode_normal(slm__encoding *e, const uint8_t *text, size_t size);

/* How far into a text this place lies. */
static size_t slm__offset_in(const uint8_t *text, size_t size, const char *place) {
    const uint8_t *at = (const uint8_t *)place;
    return at <= text ? 0 : at >= text + size ? size : (size_t)(at - text);
}

/* The bytes that the NFC of so much text may take. */
static size_t slm__nfc_size(size_t size) {
    return slm__round_up(slm__size(size, SLM__NFC_GROWTH, 0), 16);
}

/* The NFC of a text, written behind `at` bytes of `out`; returns where it ends. */
static size_t slm__put_nfc(const uint8_t *text, size_t size, uint8_t *out, size_t at) {
    return at + slm__nfc(text, size, out + at);
}

/* Text between added tokens that are not normalized becomes its NFC: a message and its frame each
   for itself, so that it stays known which is which. A frame ends with nothing that composes. */
static slm_result slm__encode_nfc(slm__encoding *e, const uint8_t *text, size_t size) {
    size_t need = slm__nfc_size(size), used = 0, scratch = e->out.scratch_size, from, to;
    const slm__message *message = e->message;
    const uint8_t *goes_on = e->goes_on;
    uint8_t *memory = (uint8_t *)e->out.scratch;
    slm__message normal;
    slm_result result;
    int own = need > scratch;
    if (own) memory = (uint8_t *)(e->out.allocator ? slm__allocate(e->out.allocator, need) : NULL);
    if (!memory || need == SIZE_MAX) return SLM_ERR_MEMORY;
    memset(&normal, 0, sizeof normal);
    if (message) normal = *message;
    from = message ? slm__offset_in(text, size, normal.start) : 0;
    to = message ? slm__offset_in(text, size, normal.end) : 0;
    used = slm__put_nfc(text, from, memory, 0);
    normal.start = (const char *)memory + used;
    used = slm__put_nfc(text + from, to - from, memory, used);
    normal.end = (const char *)memory + used;
    used = slm__put_nfc(text + to, size - to, memory, used);
    e->message = message ? &normal : NULL;
    if (text == goes_on) e->goes_on = memory;
    if (!own) {
        e->out.scratch = memory + need;
        e->out.scratch_size -= need;
    }
    result = slm__encode_pass(e, memory, used, 1, 0);
    if (own) slm__release(e->out.allocator, memory);
    else e->out.scratch = memory;
    e->out.scratch_size = scratch;
    e->message = message;
    e->goes_on = goes_on;
    return result;
}

/* What lies between the added tokens of a pass. */
static slm_result slm__encode_between(slm__encoding *e, const uint8_t *text, size_t size,
                                      unsigned pass, int prefix) {
    const slm__tokenizer *t = e->tokenizer;
    if (t->kind == SLM__WORDS) {
        slm__encode_normal(e, text, size);
        return SLM_OK;
    }
    if (t->kind == SLM__BYTES && pass) return slm__encode_words(e, text, size);
    if (t->kind == SLM__BYTES && t->flags & SLM__TEXT_NFC && !slm__is_nfc(text, size))
        return slm__encode_nfc(e, text, size);
    if (t->kind == SLM__BYTES) return slm__encode_pass(e, text, size, 1, 0);
    if (pass == 0)
        return slm__encode_pass(e, text, size, 1,
                                text != e->goes_on &&
                                    (t->prefix == SLM__PREFIX_EACH ||
                                     (t->prefix == SLM__PREFIX_TEXT && text == e->text)));
    if (text != e->goes_on && (t->prefix == SLM__PREFIX_EACH_WORD ||
                               (t->prefix == SLM__PREFIX_FIRST_WORD && text == e->text)))
        prefix = !slm__starts_with_space(text, size);
    return slm__encode_pieces(e, text, size, prefix);
}

/* Whether text[done, start), before the added token a, has something to encode. The first part may
   be nothing but the space that is put before a text; LlamaTokenizer drops a part that is only a
   space. */
static int slm__something_before(const slm__encoding *e, const uint8_t *text, size_t done,
                                 size_t start, unsigned pass, const uint32_t *a) {
    const slm__tokenizer *t = e->tokenizer;
    int put = t->kind == SLM__PIECES && t->prefix == SLM__PREFIX_TEXT;
    size_t size = start - done;
    if (pass || text + done != e->text || t->kind != SLM__PIECES) return size > 0;
    if (t->flags & SLM__TEXT_LONE && t->attributes[a[0]] & SLM__TOKEN_SPECIAL)
        if (put ? !size : slm__starts_with_space(text + done, size) &&
                              size == (text[done] == ' ' ? 1u : 3u))
            return 0;
    return put || size > 0;
}

/* White space of Unicode's, or the character that a space is in GPT-2's alphabet. */
static int slm__is_trimmed(unsigned kind, const uint8_t *text, size_t length) {
    return kind & SLM__SPACE || (length == 2 && text[0] == 0xC4 && text[1] == 0xA0);
}

/* A word of its own, with what it swallows. */
static void slm__emit_added(slm__encoding *e, uint32_t token, const uint8_t *start,
                            const uint8_t *stop) {
    size_t left = 0, right = 0, size = (size_t)(stop - start), at, length;
    slm__emit_span(e, token, start, stop);
    e->word++;
    if (!e->spans || e->out.count > e->out.capacity || e->tokenizer->kind != SLM__BYTES ||
        !(e->tokenizer->flags & SLM__TEXT_TRIM))
        return;
    for (at = 0; at < size; at += length, left++) {
        unsigned kind = slm__class_at(start + at, size - at, &length);
        if (!slm__is_trimmed(kind, start + at, length)) break;
    }
    for (at = size; at > 0; at -= length, right++) {
        unsigned kind = slm__class_before(start, at, &length);
        if (!slm__is_trimmed(kind, start + at - length, length)) break;
    }
    slm__trim_span(e, &e->spans[e->out.count - 1], left, right);
}

/* Whether one that is not normalized may begin with this byte. */
static int slm__begins_added(const slm__encoding *e, unsigned byte) {
    return (int)(e->first[0][byte >> 5] >> (byte & 31) & 1);
}

/* Cuts out the added tokens of a pass: 0 those that are not normalized, 1 the others in what
   lies between. A rejected match still blocks the matches that overlap it, and the search goes on
   behind the match, not behind the white space that it swallows: as Hugging Face. With `prefix` a
   space comes before the text, and a match may begin with it. */
static slm_result slm__encode_pass(slm__encoding *e, const uint8_t *text, size_t size,
                                   unsigned pass, int prefix) {
    const slm__tokenizer *t = e->tokenizer;
    size_t at = 0, done = 0, spaces_end = 0, length = 1;
    slm_result result = SLM_OK;
    int ahead = prefix; /* the match is looked for with that space */
    while ((at < size || ahead) && result == SLM_OK) {
        const uint32_t *a;
        size_t start, stop, from;
        int taken;
        if (t->kind == SLM__WORDS && !slm__begins_added(e, text[at])) {
            at++;
            continue;
        }
        a = slm__added_at(e, text + at, size - at, pass, ahead, &length);
        start = at;
        taken = ahead && a;
        if (ahead && !a) {
            ahead = 0;
            continue;
        }
        ahead = 0;
        at += a ? length : 1;
        if (!a || ((a[3] & SLM__ADDED_SPECIAL) && !(e->flags & SLM_PARSE_SPECIAL))) continue;
        if ((a[3] & SLM__ADDED_SINGLE_WORD) && slm__beside_word(text, size, start, at)) continue;
        stop = at;
        if (a[3] & SLM__ADDED_LSTRIP) start = slm__swallow_left(e, text, start, done);
        if (a[3] & SLM__ADDED_RSTRIP) {
            if (stop < spaces_end) stop = spaces_end; /* known white space: not scanned again */
            spaces_end = stop = slm__swallow_right(e, text, size, stop);
        }
        if (start >= stop && !taken) continue; /* all swallowed by the one before */
        from = start;
        if (start < done) start = done; /* of white space, partly swallowed */
        if (taken) prefix = 0;
        if (prefix || slm__something_before(e, text, done, start, pass, a))
            result = slm__encode_between(e, text + done, start - done, pass, prefix);
        slm__emit_added(e, a[0], text + from, text + stop);
        prefix = 0;
        done = stop;
    }
    if (result == SLM_OK && (done < size || prefix))
        result = slm__encode_between(e, text + done, size - done, pass, prefix);
    return result;
}

static void slm__find_first(slm__encoding *e) {
    const slm__tokenizer *t = e->tokenizer;
    uint32_t i;
    for (i = 0; i < t->added_count; i++) {
        const uint32_t *a = t->added + (size_t)i * 4;
        unsigned byte = (unsigned char)t->blob[a[1]];
        e->first[(a[3] & SLM__ADDED_NORMALIZED) / 2][byte >> 5] |= (uint32_t)1 << (byte & 31);
    }
}

static void slm__begin_encoding(slm__encoding *e, const slm__tokenizer *t, unsigned flags,
                                const slm__token_list *out, const slm__message *message) {
    memset(e, 0, sizeof *e);
    e->tokenizer = t;
    e->flags = flags;
    e->out = *out;
    if (!out->tokens) e->out.capacity = 0;
    if (!out->scratch) e->out.scratch_size = 0;
    e->message = message;
    slm__find_first(e);
}

/* Appends a text's tokens to a list. message: NULL, or which part of the text is the user's. */
static slm_result slm__encode_message(const slm__tokenizer *t, const char *text, size_t size,
                                      unsigned flags, slm__token_list *out,
                                      const slm__message *message) {
    slm__encoding e;
    slm_result result;
    slm__begin_encoding(&e, t, flags, out, message);
    e.goes_on = message && message->goes_on ? (const uint8_t *)text : NULL;
    e.text = message && message->later ? NULL : (const uint8_t *)text;
    if ((flags & SLM_ADD_BOS) && (t->flags & SLM__TEXT_BOS) && t->bos >= 0)
        slm__emit(&e, (uint32_t)t->bos);
    result = slm__encode_pass(&e, (const uint8_t *)text, size, 0, 0);
    if ((flags & SLM_ADD_BOS) && !message &&
        t->flags & (t->kind == SLM__BYTES ? SLM__TEXT_BEHIND : SLM__TEXT_LAST))
        slm__emit(&e, (uint32_t)t->last);
    out->count = result == SLM_OK ? e.out.count : 0;
    if (result == SLM_OK && out->count > out->capacity) result = SLM_ERR_CAPACITY;
    return result;
}

static slm_result slm__encode_text(const slm__tokenizer *t, const char *text, size_t size,
                                   unsigned flags, slm__token_list *out) {
    out->count = 0;
    return slm__encode_message(t, text, size, flags, out, NULL);
}

/* Whether an added token is matched in the text that reaches, or begins at, `at`. */
static int slm__touches_added(const slm__encoding *e, const uint8_t *text, size_t size,
                              size_t at) {
    size_t from = at < SLM__ADDED_REACH ? 0 : at - SLM__ADDED_REACH, length;
    unsigned pass;
    for (; from <= at; from++)
        for (pass = 0; pass < 2; pass++)
            if (slm__added_at(e, text + from, size - from, pass, 0, &length) &&
                from + length >= at)
                return 1;
    return 0;
}

/* Whether a word of byte-level BPE ends at `at` whatever is around: where one class of characters
   follows another, by GPT-2's rule; by other patterns that match every character, where a space
   follows something else; by patterns of letters alone, where it follows a letter. */
static int slm__words_part(const slm__tokenizer *t, const uint8_t *text, size_t at, unsigned left,
                           unsigned right) {
    size_t i;
    if (t->flags & SLM__TEXT_NFC) { /* another character may stand there then */
        if (text[at] >= 0x80 || (text[at - 1] >= 0x80 && right != SLM__SPACE)) return 0;
    }
    if (t->steps[0] == SLM__STEP_GPT2 && !t->steps[1])
        return left != right && (left || right == SLM__SPACE);
    if (text[at] != ' ' || left == SLM__SPACE) return 0;
    for (i = 0; i < SLM__STEPS_MOST; i++) {
        if (t->steps[i] && t->steps[i] <= SLM__STEP_DEEPSEEK3) return 1;
        if ((t->steps[i] == SLM__STEP_LETTERS || t->steps[i] == SLM__STEP_ALPHABETS) &&
            (text[at - 1] | 32u) - 'a' < 26)
            return 1;
    }
    return 0;
}

/* Whether a normalized added token may be matched around `at` that is not in the text as it stands,
   but in its NFC. */
static int slm__composes_added(const slm__encoding *e, const uint8_t *text, size_t size,
                               size_t at) {
    size_t from = at < SLM__ADDED_REACH ? 0 : at - SLM__ADDED_REACH, i;
    size_t stop = size - at < SLM__ADDED_REACH ? size : at + SLM__ADDED_REACH;
    uint32_t any = 0;
    if (e->tokenizer->kind != SLM__BYTES || !(e->tokenizer->flags & SLM__TEXT_NFC)) return 0;
    for (i = 0; i < 8; i++) any |= e->first[1][i];
    return any && !slm__is_nfc(text + from, stop - from);
}

/* Whether a text's tokens are those of text[0, at) and then those of the rest as text that goes
   on. 1 is certain, 0 is not: no word, merge, unknown character or added token may reach over the
   place, nor white space that an added token swallows. */
static int slm__may_cut(const slm__encoding *e, const uint8_t *text, size_t size, size_t at) {
    const unsigned kinds = SLM__LETTER | SLM__NUMBER | SLM__SPACE;
    const slm__tokenizer *t = e->tokenizer;
    unsigned left, right;
    size_t length;
    if (!at || at >= size || (text[at] & 0xC0) == 0x80) return 0;
    right = slm__class_at(text + at, size - at, &length) & kinds;
    left = slm__class_before(text, at, &length) & kinds;
    if (slm__swallows(e, left, text + at - length, length)) return 0;
    if (t->kind == SLM__BYTES && !slm__words_part(t, text, at, left, right)) return 0;
    if (t->kind == SLM__PIECES) {
        if (slm__is_mark(text + at - length, length)) return 0;
        if (!t->has_bytes && (text[at] >= 0x80 || t->ascii[text[at]] == SLM__NO_TOKEN)) return 0;
        if (slm__is_mark(text + at, size - at) || slm__joint(t, text[at - 1], text[at])) return 0;
    }
    return !slm__touches_added(e, text, size, at) && !slm__composes_added(e, text, size, at);
}

/* ---- >>tokenizer words -------------------------------------------------------------------
   WordPiece as BERT uses it: a normalized text is split at white space and punctuation, and a word
   becomes the longest pieces from its beginning on. Nothing is allocated; a word costs what its
   length does, and one of too many characters is not even looked at. */

typedef struct slm__word {
    uint32_t count;                      /* characters; beyond the longest word only counted */
    size_t size;                         /* bytes */
    const uint8_t *end;                  /* in the text, as the following */
    const uint8_t *start[SLM__LONGEST_WORD], *stop[SLM__LONGEST_WORD]; /* of each character */
    uint8_t bytes[4 * SLM__LONGEST_WORD];
} slm__word;

typedef struct slm__splitter { /* what lies between two added tokens that are not normalized */
    slm__encoding *e;
    slm__normal n;
    slm__word word;
    int any_normalized; /* there are normalized added tokens */
    uint32_t before;    /* the character before; ' ': none */
    const uint8_t *spaces; /* where the white space before begins; NULL: there is none */
    size_t passed_over; /* characters that no added token may begin with */
} slm__splitter;

/* The first place in [low, high) whose key is not less, without a branch within, which no
   processor could foresee. */
static uint32_t slm__key_bound(const uint32_t *keys, uint32_t low, uint32_t high, uint32_t key) {
    uint32_t count = high - low;
    while (count > 1) {
        uint32_t half = count / 2;
        low += half & (0u - (keys[low + half - 1] < key));
        count -= half;
    }
    return count && keys[low] < key ? low + 1 : low;
}

/* The longest piece that text begins with, which stands within a word if `inside`; *length: how
   many of the text's bytes it takes. Its predecessor among the sorted is, or begins with, it. */
static uint32_t slm__longest_piece(const slm__tokenizer *t, const uint8_t *text, size_t size,
                                   unsigned inside, size_t *length) {
    const uint32_t *bounds = t->bounds + inside * 257 + text[0];
    uint32_t low = bounds[0], high = bounds[1], key = slm__word_key(text, size), place;
    size_t skip = inside * 2, common = 0, other_size;
    const char *other;
    if (!inside && text[0] == '#') high = t->bounds[257]; /* no "##" is in a word */
    low = slm__key_bound(t->keys, low, high, key);
    if (low == high || t->keys[low] != key) high = low;
    else if (low + 1 == high || t->keys[low + 1] != key) high = low + 1;
    else high = slm__key_bound(t->keys, low, high, key + 1); /* no text has 0xFF four times */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2, id = t->sorted[middle];
        other = t->blob + t->offsets[id] + skip;
        other_size = t->offsets[id + 1] - t->offsets[id] - skip;
        if (slm__compare_texts(other, other_size, (const char *)text, size) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == bounds[0]) return SLM__NO_TOKEN;
    place = low - 1;
    other = slm__token_text(t, (slm_token)t->sorted[place], &other_size);
    while (common < size && common + skip < other_size &&
           text[common] == (uint8_t)other[common + skip])
        common++;
    for (; place != SLM__NO_TOKEN; place = t->shorter[place]) {
        uint32_t id = t->sorted[place];
        *length = t->offsets[id + 1] - t->offsets[id];
        if (*length <= skip) break;
        *length -= skip;
        if (*length <= common && !(t->attributes[id] & SLM__TOKEN_OUTSIDE)) return id;
    }
    return SLM__NO_TOKEN;
}

/* The tokens of the word that has been read; UNK if it is too long or a part of it is no piece. */
static void slm__end_word(slm__splitter *s) {
    slm__word *w = &s->word;
    const slm__tokenizer *t = s->e->tokenizer;
    size_t start = s->e->out.count, at = 0, length, i, character = 0, first;
    int bad = w->count > t->longest_word;
    while (!bad && at < w->size) {
        uint32_t id = slm__longest_piece(t, w->bytes + at, w->size - at, at > 0, &length);
        bad = id == SLM__NO_TOKEN;
        if (bad) break;
        first = character;
        for (i = at; i < at + length; i++) character += (w->bytes[i] & 0xC0) != 0x80;
        at += length;
        slm__emit_span(s->e, id, w->start[first], w->stop[character - 1]);
    }
    if (bad) {
        s->e->out.count = start;
        slm__emit_span(s->e, (uint32_t)t->unk, w->start[0], w->end);
    }
    if (w->count) s->e->word++;
    w->count = 0;
    w->size = 0;
}

static void slm__add_to_word(slm__splitter *s) {
    slm__word *w = &s->word;
    w->end = s->n.text + s->n.end;
    if (w->count >= s->e->tokenizer->longest_word) {
        w->count = s->e->tokenizer->longest_word + 1;
        return;
    }
    w->start[w->count] = s->n.text + s->n.start;
    w->stop[w->count++] = w->end;
    w->size += slm__put_code(s->n.code, w->bytes + w->size);
}

/* The longest normalized added token that begins with the character of n, or NULL. *last: n at its
   last character; *count: its characters. */
static const uint32_t *slm__added_in(const slm__encoding *e, const slm__normal *n,
                                     slm__normal *last, size_t *count) {
    const slm__tokenizer *t = e->tokenizer;
    const uint32_t *best = NULL, *a;
    uint32_t low = 0, high = t->added_count;
    size_t depth = 0, characters = 0, size, i;
    slm__normal m = *n;
    uint8_t bytes[4];
    do {
        size = slm__put_code(m.code, bytes);
        if (!depth && !(e->first[1][bytes[0] >> 5] >> (bytes[0] & 31) & 1)) return NULL;
        for (i = 0; i < size && low < high; i++, depth++) {
            low = slm__added_bound(t, low, high, depth, bytes[i]);
            high = slm__added_bound(t, low, high, depth, bytes[i] + 1u);
        }
        characters++;
        a = t->added + (size_t)low * 4;
        if (low >= high) break;
        if (a[2] != depth || !(a[3] & SLM__ADDED_NORMALIZED)) continue;
        best = a;
        *last = m;
        *count = characters;
    } while (slm__next_normal(&m));
    return best;
}

/* Whether the characters beside an added token keep it from being a single word. */
static int slm__in_word(const slm__splitter *s, const slm__normal *last) {
    slm__normal m = *last;
    if (slm__class_of(s->before) & SLM__IN_WORD) return 1;
    return slm__next_normal(&m) && slm__class_of(m.code) & SLM__IN_WORD;
}

/* Emits the normalized added token that begins with this character; 0: there is none. */
static int slm__take_added(slm__splitter *s) {
    slm__encoding *e = s->e;
    slm__normal last, m;
    size_t count;
    const uint32_t *a;
    const uint8_t *start = s->n.text + s->n.start;
    if (s->passed_over) {
        s->passed_over--;
        return 0;
    }
    a = slm__added_in(e, &s->n, &last, &count);
    if (!a) return 0;
    if ((a[3] & SLM__ADDED_SPECIAL && !(e->flags & SLM_PARSE_SPECIAL)) ||
        (a[3] & SLM__ADDED_SINGLE_WORD && slm__in_word(s, &last))) {
        s->passed_over = count - 1; /* it still hides those that overlap it */
        return 0;
    }
    slm__end_word(s);
    if (a[3] & SLM__ADDED_LSTRIP && s->spaces) start = s->spaces;
    s->n = last;
    if (a[3] & SLM__ADDED_RSTRIP)
        for (m = last; slm__next_normal(&m) && m.kind & SLM__WORD_SPACE;) s->n = m;
    slm__emit_added(e, a[0], start, s->n.text + s->n.end);
    s->spaces = NULL;
    s->before = s->n.code;
    return 1;
}

static void slm__encode_normal(slm__encoding *e, const uint8_t *text, size_t size) {
    slm__splitter s;
    unsigned i;
    s.e = e;
    s.any_normalized = 0;
    for (i = 0; i < 8; i++) s.any_normalized |= e->first[1][i] != 0;
    s.before = ' ';
    s.spaces = NULL;
    s.passed_over = 0;
    s.word.count = 0;
    s.word.size = 0;
    slm__begin_normal(&s.n, text, size, e->tokenizer->flags);
    while (slm__next_normal(&s.n)) {
        if (s.any_normalized && slm__take_added(&s)) continue;
        s.before = s.n.code;
        if (s.n.kind & SLM__WORD_SPACE) {
            slm__end_word(&s);
            if (!s.spaces) s.spaces = text + s.n.start;
            continue;
        }
        s.spaces = NULL;
        if (s.n.kind & SLM__WORD_PUNCTUATION) slm__end_word(&s);
        slm__add_to_word(&s);
        if (s.n.kind & SLM__WORD_PUNCTUATION) slm__end_word(&s);
    }
    slm__end_word(&s);
}

typedef struct slm__part { /* of slm_text */
    const char *text;
    size_t size;
    int32_t number, type;
} slm__part;

/* Appends the tokens of one part to the list, of which it keeps as many as it has room for. */
static slm_result slm__encode_part(const slm__tokenizer *t, const slm__part *part,
                                   slm_text_token *tokens, slm__token_list *list) {
    static const uint8_t nothing[1] = {0};
    slm__encoding e;
    slm_result result;
    memset(&e, 0, sizeof e);
    e.tokenizer = t;
    e.flags = SLM_PARSE_SPECIAL;
    e.text = part->size ? (const uint8_t *)part->text : nothing;
    e.size = part->size;
    e.spans = tokens;
    e.out = *list;
    e.part = part->number;
    e.type = part->type;
    slm__find_first(&e);
    result = slm__encode_pass(&e, e.text, part->size, 0, 0);
    list->count = e.out.count;
    return result;
}

/* Cuts a pair's lengths to `room` tokens as Hugging Face's "longest first" does: the shorter one
   stays whole if it takes at most half, or else both get half. */
static void slm__cut_pair(size_t kept[2], size_t room) {
    size_t low = kept[0] <= kept[1] ? 0 : 1, shorter = kept[low], longer = shorter;
    if (kept[0] <= room && kept[1] <= room - kept[0]) return;
    if (shorter <= room && room - shorter > shorter) longer = room - shorter;
    if (shorter > room || longer > room - shorter) {
        shorter = room / 2;
        longer = shorter + room % 2;
    }
    kept[low] = shorter;
    kept[1 - low] = longer;
}

/* A token that is added, if there is room for it. */
static void slm__put_added(slm_text_token *tokens, size_t capacity, size_t at, slm_token token,
                           int32_t type) {
    if (at >= capacity) return;
    memset(&tokens[at], 0, sizeof tokens[at]);
    tokens[at].token = token;
    tokens[at].type = type;
    tokens[at].part = tokens[at].word = -1;
}

/* Whether a text or a pair becomes what an encoder reads. */
static int slm__reads_texts(const slm__tokenizer *t) {
    return t->kind == SLM__WORDS || (t->kind == SLM__BYTES && t->flags & SLM__TEXT_ENCODER);
}

/* A text and its pair, where their tokens go, and how many there are. */
typedef struct slm__parts {
    slm__part parts[2];
    size_t found[2], kept[2], at[2];
    size_t count, fixed; /* parts; added tokens */
    size_t between;      /* of these, behind the first part */
} slm__parts;

static void slm__set_parts(slm__parts *p, const slm__tokenizer *t, const slm_text *text) {
    int bytes = t->kind == SLM__BYTES;
    memset(p, 0, sizeof *p);
    p->count = text->pair ? 2 : 1;
    p->between = bytes && text->pair && t->flags & SLM__TEXT_TWO_SEPS ? 2 : 1;
    p->fixed = p->count + p->between;
    p->parts[0].text = text->text;
    p->parts[0].size = text->size == SLM_NUL ? strlen(text->text) : text->size;
    p->parts[1].text = text->pair;
    if (text->pair) p->parts[1].size = text->pair_size == SLM_NUL ? strlen(text->pair)
                                                                  : text->pair_size;
    p->parts[1].number = 1;
    p->parts[1].type = t->types > 1 && !(bytes && t->flags & SLM__TEXT_ONE_TYPE);
    p->at[0] = 1;
}

/* The tokens of part i, of which `most` are kept, to their place. */
static slm_result slm__read_part(const slm__tokenizer *t, slm__parts *p, size_t i, size_t most,
                                 slm_text_token *tokens, const slm__token_list *list) {
    slm__token_list own = *list;
    size_t at = p->at[i], room = at < list->capacity ? list->capacity - at : 0;
    slm_result result;
    own.capacity = tokens ? slm__least(room, most) : 0;
    own.count = 0;
    result = slm__encode_part(t, &p->parts[i], room ? tokens + at : NULL, &own);
    p->found[i] = own.count;
    return result;
}

/* See slm_tokenize_text; the list has the tokens' room and number, and the memory for words. A pair
   whose first text is cut has its second read again. */
static slm_result slm__tokenize_text(const slm__tokenizer *t, const slm_text *text, size_t limit,
                                     slm_text_token *tokens, slm__token_list *list,
                                     size_t *whole) {
    slm_result result = SLM_OK;
    slm__parts p;
    size_t i, room;
    list->count = 0;
    slm__set_parts(&p, t, text);
    if (limit && limit < p.fixed) return SLM_ERR_ARGUMENT;
    room = limit ? limit - p.fixed : (size_t)-1;
    for (i = 0; i < p.count && result == SLM_OK; i++) {
        if (i) p.at[1] = p.at[0] + p.found[0] + p.between;
        result = slm__read_part(t, &p, i, (size_t)-1, tokens, list);
    }
    memcpy(p.kept, p.found, sizeof p.kept);
    if (text->pair) slm__cut_pair(p.kept, room);
    else if (p.kept[0] > room) p.kept[0] = room;
    p.at[1] = p.at[0] + p.kept[0] + p.between;
    if (p.kept[0] < p.found[0] && text->pair && result == SLM_OK)
        result = slm__read_part(t, &p, 1, p.kept[1], tokens, list);
    if (result != SLM_OK) return result;
    slm__put_added(tokens, list->capacity, 0, t->bos, 0);
    for (i = 0; i < p.between; i++)
        slm__put_added(tokens, list->capacity, p.at[1] - 1 - i, t->last, 0);
    if (text->pair)
        slm__put_added(tokens, list->capacity, p.at[1] + p.kept[1], t->last, p.parts[1].type);
    list->count = p.fixed + p.kept[0] + p.kept[1];
    if (whole) *whole = p.fixed + p.found[0] + p.found[1];
    return list->count > list->capacity ? SLM_ERR_CAPACITY : SLM_OK;
}

/* ---- >>decoding --------------------------------------------------------------------------
   Tokens back to text, of all kinds. Knows one call's tokens and the room for their text. */

typedef struct slm__decoding { /* one call's input and output */
    const slm__tokenizer *tokenizer;
    const slm_token *tokens;
    size_t count;
    int show;  /* U+FFFD for bad bytes */
    int strip; /* a space is left out, if one comes next */
    int gap;   /* a space comes before what is put next */
    char *text;
    size_t capacity, size;
} slm__decoding;

static void slm__put_bytes(slm__decoding *d, const char *bytes, size_t size) {
    size_t room;
    if (!size) return;
    if (d->gap) {
        if (d->size < d->capacity) d->text[d->size] = ' ';
        d->size++;
    }
    if (d->strip && *bytes == ' ') bytes++, size--;
    d->gap = d->strip = 0;
    room = d->size < d->capacity ? d->capacity - d->size : 0;
    if (size && room) memcpy(d->text + d->size, bytes, size < room ? size : room);
    d->size += size;
}

static unsigned slm__attributes_of(const slm__decoding *d, size_t at) {
    size_t size;
    if (!slm__token_text(d->tokenizer, d->tokens[at], &size)) return 0;
    return d->tokenizer->attributes[d->tokens[at]];
}

/* The next bytes of a run of byte tokens, four at most, from the token at *at on; those ids that
   are no tokens count for nothing. */
static size_t slm__next_bytes(const slm__decoding *d, size_t at, size_t end, uint8_t bytes[4]) {
    size_t count = 0, size;
    for (; at < end && count < 4; at++) {
        const char *text = slm__token_text(d->tokenizer, d->tokens[at], &size);
        if (text && size) bytes[count++] = (uint8_t)*text;
    }
    return count;
}

/* Byte tokens [at, end). In Hugging Face one bad byte turns the whole run into U+FFFD;
   SentencePiece, with `parts`, decodes character by character. */
static void slm__put_run(slm__decoding *d, size_t at, size_t end, int parts) {
    uint8_t bytes[4];
    uint32_t code, left = 0;
    size_t i, size;
    int bad = 0;
    for (i = at; d->show && !parts && i < end; i++) {
        size = slm__next_bytes(d, i, end, bytes);
        if (!slm__attributes_of(d, i) || !size || (left && left--)) continue;
        left = (uint32_t)slm__character(bytes, size, &code) - 1;
        bad |= code == 0xFFFFFFFFu;
    }
    for (i = at; i < end; i++) {
        const char *text = slm__token_text(d->tokenizer, d->tokens[i], &size);
        if (!text || !size) continue;
        if (d->show && parts && !left) {
            size_t next = slm__next_bytes(d, i, end, bytes);
            left = (uint32_t)slm__character(bytes, next, &code);
            bad = code == 0xFFFFFFFFu;
        }
        if (left) left--;
        slm__put_bytes(d, bad ? "\xEF\xBF\xBD" : text, bad ? 3 : size);
    }
}

/* Where the byte tokens from `at` on end; at least behind `at`. */
static size_t slm__run_end(const slm__decoding *d, size_t at, size_t end) {
    for (at++; at < end; at++) {
        unsigned attributes = slm__attributes_of(d, at);
        if (attributes && !(attributes & SLM__TOKEN_BYTE)) break;
    }
    return at;
}

/* The first token of a part without its space. If the rest is no token, SentencePiece shows each
   U+2581 in it as it is written. 0: it is a token. */
static int slm__put_unknown(slm__decoding *d, const char *text, size_t size) {
    size_t i;
    if (slm__find_piece(d->tokenizer, text, size) != SLM__NO_TOKEN) return 0;
    for (i = 0; i < size; i++)
        slm__put_bytes(d, text[i] == ' ' ? "\xE2\x96\x81" : text + i, text[i] == ' ' ? 3 : 1);
    return 1;
}

/* Tokens [at, end) as SentencePiece itself decodes them. `first`: they begin a part. */
static void slm__decode_run(slm__decoding *d, size_t at, size_t end, int first) {
    const slm__tokenizer *t = d->tokenizer;
    size_t start = d->size, size;
    int expected = (t->flags & SLM__TEXT_PARTS_RUN) != 0, seen = 0;
    if (d->gap) start++;
    while (at < end) {
        const char *text = slm__token_text(t, d->tokens[at], &size);
        if (slm__attributes_of(d, at) & SLM__TOKEN_BYTE) {
            size_t stop = slm__run_end(d, at, end);
            slm__put_run(d, at, stop, 1);
            at = stop;
            first = 0;
            continue;
        }
        if (seen || d->size > start) expected = 0;
        at++;
        if (first && t->flags & SLM__TEXT_PARTS_FIRST && size && *text == ' ') {
            first = 0;
            text++, size--;
            if (slm__put_unknown(d, text, size)) continue;
        }
        seen = expected && size && *text == ' ';
        if (seen) text++, size--;
        slm__put_bytes(d, text, size);
        first = 0;
    }
}

/* A part: tokens [at, end), none of which stands apart. A run of tokens that a special token
   follows gets a space in front; so does the second token of a part that begins with a special
   token, if it has no space of its own. */
static void slm__decode_part(slm__decoding *d, size_t at, size_t end) {
    const slm__tokenizer *t = d->tokenizer;
    size_t start = at, stop, size;
    while (at < end) {
        const char *text = slm__token_text(t, d->tokens[at], &size);
        if (slm__attributes_of(d, at) & SLM__TOKEN_SPECIAL) {
            slm__put_bytes(d, text, size);
            at++;
            continue;
        }
        for (stop = at + 1; stop < end; stop++)
            if (slm__attributes_of(d, stop) & SLM__TOKEN_SPECIAL) break;
        if (stop < end && t->flags & SLM__TEXT_PARTS_SPACE) slm__put_bytes(d, " ", 1);
        if (at == start + 1 && t->flags & SLM__TEXT_PARTS_FIRST &&
            !(size && *text == ' ' && !(slm__attributes_of(d, at) & SLM__TOKEN_BYTE)))
            slm__put_bytes(d, " ", 1);
        slm__decode_run(d, at, stop, at == start);
        at = stop;
    }
}

/* As LlamaTokenizer decodes: added tokens stand apart, with spaces between them and the rest. */
static void slm__decode_parts(slm__decoding *d) {
    size_t at = 0, stop, before, size;
    int some = 0;
    while (at < d->count) {
        if (slm__attributes_of(d, at) & SLM__TOKEN_APART) {
            const char *text = slm__token_text(d->tokenizer, d->tokens[at], &size);
            d->gap = some;
            slm__put_bytes(d, text, size);
            some = 1;
            at++;
            continue;
        }
        for (stop = at + 1; stop < d->count; stop++)
            if (slm__attributes_of(d, stop) & SLM__TOKEN_APART) break;
        before = d->size;
        d->gap = some;
        slm__decode_part(d, at, stop);
        some |= d->size > before;
        at = stop;
        if (at < d->count || !d->gap) continue;
        d->gap = 0;
        slm__put_bytes(d, " ", 1); /* the last part is empty, but it is one */
    }
}

/* As Hugging Face's WordPiece decoder: a space before each token but the first, those that go on
   within a word, and punctuation. */
static void slm__decode_words(slm__decoding *d) {
    size_t at, size;
    int some = 0;
    for (at = 0; at < d->count; at++) {
        const char *text = slm__token_text(d->tokenizer, d->tokens[at], &size);
        if (!text) continue;
        if (some && size >= 2 && text[0] == '#' && text[1] == '#') text += 2, size -= 2;
        else if (some && !(slm__attributes_of(d, at) & SLM__TOKEN_JOINED))
            slm__put_bytes(d, " ", 1);
        slm__put_bytes(d, text, size);
        some = 1;
    }
}

static void slm__decode(slm__decoding *d) {
    const slm__tokenizer *t = d->tokenizer;
    size_t at = 0, size;
    if (t->kind == SLM__WORDS) {
        slm__decode_words(d);
        return;
    }
    if (t->kind == SLM__PIECES && t->flags & SLM__TEXT_PARTS) {
        slm__decode_parts(d);
        return;
    }
    d->strip = t->kind == SLM__PIECES && t->flags & SLM__TEXT_STRIP;
    while (at < d->count) {
        const char *text = slm__token_text(t, d->tokens[at], &size);
        if (d->show && slm__attributes_of(d, at) & SLM__TOKEN_BYTE) {
            size_t stop = slm__run_end(d, at, d->count);
            slm__put_run(d, at, stop, 0);
            at = stop;
            continue;
        }
        slm__put_bytes(d, text, size);
        at++;
    }
}

/* ---- >>text ------------------------------------------------------------------------------
   Texts to tokens and back for programs: arguments are checked here. Knows no session. */

static slm_result slm__tokenize(const slm_model *model, const char *text, size_t size,
                                unsigned flags, slm__token_list *out) {
    if ((!text && size) || (!out->tokens && out->capacity)) return SLM_ERR_ARGUMENT;
    if (!model->has_tokenizer) return SLM_ERR_UNSUPPORTED;
    if (size == SLM_NUL) size = strlen(text);
    return slm__encode_text(&model->tokenizer, text, size, flags, out);
}

SLM_API slm_result slm_tokenize(const slm_model *model, const char *text, size_t size,
                                unsigned flags, slm_token *tokens, size_t capacity,
                                size_t *count) {
    uint64_t scratch[512];
    slm__token_list out;
    slm_result result;
    if (!model || !count) return SLM_ERR_ARGUMENT;
    out.tokens = tokens;
    out.capacity = capacity;
    out.count = 0;
    out.scratch = scratch;
    out.scratch_size = sizeof scratch;
    out.allocator = &model->allocator;
    result = slm__tokenize(model, text, size, flags, &out);
    *count = out.count;
    return result;
}

SLM_API slm_result slm_tokenize_in(const slm_model *model, const char *text, size_t size,
                                   unsigned flags, slm_token_room *room) {
    slm__token_list out;
    slm_result result;
    if (!model || !room || (uintptr_t)room->scratch % sizeof(uint64_t)) return SLM_ERR_ARGUMENT;
    out.tokens = room->tokens;
    out.capacity = room->capacity;
    out.count = 0;
    out.scratch = room->scratch;
    out.scratch_size = room->scratch_size;
    out.allocator = NULL;
    result = slm__tokenize(model, text, size, flags, &out);
    room->count = out.count;
    return result;
}

SLM_API size_t slm_tokenize_size(const slm_model *model, size_t longest_word) {
    size_t composed = 0, words = 0;
    if (!model || !model->has_tokenizer || model->tokenizer.kind == SLM__WORDS) return 0;
    if (model->tokenizer.kind == SLM__BYTES && model->tokenizer.flags & SLM__TEXT_NFC) {
        composed = slm__nfc_size(longest_word); /* the whole text is one word, then */
        longest_word = composed < 0x7FFFFFFFu ? longest_word * SLM__NFC_GROWTH : SIZE_MAX;
    }
    if (longest_word >= 0x7FFFFFFFu) return SIZE_MAX;
    if (longest_word >= SLM__SHORT_WORD) /* a space before a word belongs to it */
        words = slm__bpe_scratch_size(longest_word + 1);
    return slm__size(1, words, composed);
}

SLM_API slm_result slm_tokenize_text(const slm_model *model, const slm_text *text, size_t limit,
                                     slm_text_token *tokens, size_t capacity, size_t *count,
                                     size_t *whole) {
    uint64_t scratch[512];
    slm__token_list list;
    slm_result result;
    if (whole) *whole = 0;
    if (!model || !text || !count || (!tokens && capacity)) return SLM_ERR_ARGUMENT;
    *count = 0;
    if (!text->text && text->size) return SLM_ERR_ARGUMENT;
    if (!model->has_tokenizer || !slm__reads_texts(&model->tokenizer)) return SLM_ERR_UNSUPPORTED;
    list.tokens = NULL;
    list.capacity = capacity;
    list.count = 0;
    list.scratch = scratch;
    list.scratch_size = sizeof scratch;
    list.allocator = &model->allocator;
    result = slm__tokenize_text(&model->tokenizer, text, limit, tokens, &list, whole);
    *count = list.count;
    return result;
}

SLM_API const char *slm_token_text(const slm_model *model, slm_token token, size_t *size) {
    if (size) *size = 0;
    if (!model || !size || !model->has_tokenizer) return NULL;
    return slm__token_text(&model->tokenizer, token, size);
}

SLM_API slm_result slm_detokenize(const slm_model *model, const slm_token *tokens, size_t count,
                                  unsigned flags, char *text, size_t capacity, size_t *size) {
    slm__decoding d;
    if (!model || !size || (!tokens && count) || (!text && capacity)) return SLM_ERR_ARGUMENT;
    *size = 0;
    if (!model->has_tokenizer) return SLM_ERR_UNSUPPORTED;
    memset(&d, 0, sizeof d);
    d.tokenizer = &model->tokenizer;
    d.tokens = tokens;
    d.count = count;
    d.show = (flags & SLM_SHOW_INVALID) != 0;
    d.text = text;
    d.capacity = capacity;
    slm__decode(&d);
    *size = d.size;
    return *size > capacity ? SLM_ERR_CAPACITY : SLM_OK;
}

/* ---- >>chat formats ----------------------------------------------------------------------
   Chat formats as data; slm_chat fills them in. \1 stands for BOS, \2 for the first end token.
   Knows neither a session nor a message. */

enum slm__strips {          /* white space that is no part of a message: */
    SLM__STRIP_MESSAGE = 1, /* around those of user and assistant, but ... */
    SLM__STRIP_BEGIN = 2,   /* ... at the beginning of one behind a system message only so */
    SLM__STRIP_SYSTEM = 4   /* around a system message */
};

typedef struct slm__chat_format {
    const char *name;
    const char *end;            /* the mark that ends a message or an answer, ... */
    const char *close;          /* ... put behind an answer that does not end so */
    const char *join;           /* between what was said and a new message */
    const char *around[3][2];   /* before and behind a message, by role */
    const char *answer;         /* opens an answer */
    const char *turn_end;       /* an answer ends before this text; NULL: only with its mark */
    const char *after_system;   /* a user's message begins so then; NULL: as always */
    int inner;                  /* an answer follows its question without a frame of its own */
    unsigned strip;             /* slm__strips */
    const char *marks[4];       /* never made from a message; the first `needed` must be there */
    size_t needed;
} slm__chat_format;

static const slm__chat_format slm__chat_formats[] = {
    {"plain", "", "", "\n", {{"", "\n"}, {"", ""}, {"", ""}}, "", NULL, NULL, 0, 0,
     {NULL, NULL, NULL, NULL}, 0},
    {"phi-2", "", "", "\n", {{"", "\n"}, {"Instruct: ", ""}, {"Output: ", ""}}, "Output:",
     "\nInstruct:", NULL, 0, 0, {NULL, NULL, NULL, NULL}, 0},
    {"chatml", "<|im_end|>", "<|im_end|>", "\n",
     {{"<|im_start|>system\n", "<|im_end|>"}, {"<|im_start|>user\n", "<|im_end|>"},
      {"<|im_start|>assistant\n", "<|im_end|>"}},
     "<|im_start|>assistant\n", NULL, NULL, 0, 0, {"<|im_start|>", "<|im_end|>", NULL, NULL}, 2},
    {"llama-2", "\2", " \2", "",
     {{"\1[INST] <<SYS>>\n", "\n<</SYS>>"}, {"\1[INST] ", " [/INST]"}, {" ", " \2"}}, "", NULL,
     "\n\n", 1, SLM__STRIP_MESSAGE, {"\1", "\2", NULL, NULL}, 2},
    {"zephyr", "\2", "\2", "\n",
     {{"<|system|>\n", "\2"}, {"<|user|>\n", "\2"}, {"<|assistant|>\n", "\2"}},
     "<|assistant|>\n", NULL, NULL, 0, 0, {"\2", "<|system|>", "<|user|>", "<|assistant|>"}, 1},
    {"llama-3", "<|eot_id|>", "<|eot_id|>", "",
     {{"<|start_header_id|>system<|end_header_id|>\n\n", "<|eot_id|>"},
      {"<|start_header_id|>user<|end_header_id|>\n\n", "<|eot_id|>"},
      {"<|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>"}},
     "<|start_header_id|>assistant<|end_header_id|>\n\n", NULL, NULL, 0,
     SLM__STRIP_MESSAGE | SLM__STRIP_SYSTEM,
     {"<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", NULL}, 3},
    {"gemma", "<end_of_turn>", "<end_of_turn>", "\n",
     {{"<start_of_turn>user\n", ""}, {"<start_of_turn>user\n", "<end_of_turn>"},
      {"<start_of_turn>model\n", "<end_of_turn>"}},
     "<start_of_turn>model\n", NULL, "\n\n", 0, SLM__STRIP_MESSAGE | SLM__STRIP_BEGIN,
     {"<start_of_turn>", "<end_of_turn>", NULL, NULL}, 2}};

SLM_API const char *slm_chat_format_name(slm_chat_format format) {
    size_t i = (size_t)format;
    return i >= 1 && i < SLM_CHAT_COUNT ? slm__chat_formats[i - 1].name : NULL;
}

/* The added token of a mark; NULL: the tokenizer has no such one. */
static const uint32_t *slm__mark(const slm__tokenizer *t, const char *mark) {
    if (*mark == '\1') return slm__added_token(t, t->bos, NULL);
    if (*mark == '\2') return t->end_count ? slm__added_token(t, t->end[0], NULL) : NULL;
    return slm__added_token(t, -1, mark);
}

/* A token that the format needs and the tokenizer does not have, to be named; NULL: none. */
static const char *slm__format_lacks(const slm_model *model, slm_chat_format format) {
    const slm__chat_format *f = &slm__chat_formats[format - 1];
    size_t i;
    for (i = 0; model->has_tokenizer && i < f->needed; i++)
        if (!slm__mark(&model->tokenizer, f->marks[i]))
            return *f->marks[i] == '\1' ? "BOS" : *f->marks[i] == '\2' ? "end token" : f->marks[i];
    return NULL;
}

static const char *slm__turn_end(slm_chat_format format) {
    return slm__chat_formats[format - 1].turn_end;
}

static slm_token slm__answer_end(const slm_model *model, slm_chat_format format) {
    const char *end = slm__chat_formats[format - 1].end;
    const uint32_t *a = *end && model->has_tokenizer ? slm__mark(&model->tokenizer, end) : NULL;
    return a ? (slm_token)a[0] : -1;
}

/* ---- >>chat ------------------------------------------------------------------------------
   A message is rendered with its frame and tokenized whole, since the format's last bytes may merge
   with the message's first. Special tokens come from the format's part alone. Knows the session's
   position and tokens, and no logits. */

typedef struct slm__framed {
    const char *parts[4];   /* close, join and before the message, then behind it */
    const char *preface;    /* the model's own, before a system message; or "" */
    const char *text;       /* the message */
    size_t size;
    unsigned flags;         /* of tokenizing */
} slm__framed;

/* Writes a part of a format with its \1 and \2 filled in; NULL: counts only. */
static size_t slm__put_part(const slm__tokenizer *t, const char *part, char *out) {
    size_t used = 0, size;
    for (; *part; part++) {
        const uint32_t *a = *part <= '\2' ? slm__mark(t, part) : NULL;
        const char *from = part;
        size = 1;
        if (a) from = slm__added_text(t, a, &size);
        if (out && size) memcpy(out + used, from, size);
        used += size;
    }
    return used;
}

/* The tokens that steer a model: no message may contain them, special by name or not. */
static void slm__list_controls(const slm_session *s, slm__message *message) {
    const slm__tokenizer *t = &s->model->tokenizer;
    const slm__chat_format *f = &slm__chat_formats[s->chat.format - 1];
    size_t i;
    message->controls[0] = t->bos;
    message->controls[1] = t->unk;
    message->controls[2] = s->model->pad;
    message->control_count = 3;
    for (i = 0; i < t->end_count; i++) message->controls[message->control_count++] = t->end[i];
    for (i = 0; i < 4 && f->marks[i]; i++) {
        const uint32_t *a = slm__mark(t, f->marks[i]);
        if (a) message->controls[message->control_count++] = (slm_token)a[0];
    }
}

/* -1: there is none. */
static slm_token slm__last_token(const slm_session *s) {
    return s->sequence.position ? s->sequence.history[s->sequence.position - 1] : -1;
}

/* Whether the last token of the context is an added or special one. Then a part of the text begins,
   but not one that a space is put before if the token is cut out of what is normalized already. */
static int slm__after_added(const slm_session *s) {
    const slm__tokenizer *t = &s->model->tokenizer;
    slm_token last = slm__last_token(s);
    const uint32_t *a = slm__added_token(t, last, NULL);
    if (last < 0 || (uint32_t)last >= t->count) return 0;
    if (!(t->attributes[last] & (SLM__TOKEN_SPECIAL | SLM__TOKEN_ADDED))) return 0;
    return !(a && a[3] & SLM__ADDED_NORMALIZED && t->kind == SLM__PIECES &&
             t->prefix == SLM__PREFIX_EACH);
}

/* The bytes before a message, written to `out` unless that is NULL. */
static size_t slm__put_front(const slm__tokenizer *t, const slm__framed *framed, char *out) {
    size_t used = 0, i;
    for (i = 0; i < 3; i++)
        used += slm__put_part(t, framed->parts[i], out ? out + used : NULL);
    i = strlen(framed->preface);
    if (out && i) memcpy(out + used, framed->preface, i);
    return used + i;
}

/* The tokens of a framed text that is rendered whole, in `memory`. */
static slm_result slm__encode_whole(const slm__tokenizer *t, const slm__framed *framed,
                                    slm__message *message, char *memory, slm__token_list *out) {
    size_t front = slm__put_front(t, framed, memory);
    if (framed->size) memcpy(memory + front, framed->text, framed->size);
    message->start = memory + front;
    message->end = message->start + framed->size;
    front += framed->size;
    front += slm__put_part(t, framed->parts[3], memory + front);
    return slm__encode_message(t, memory, front, framed->flags, out, message);
}

/* Where a message may be cut: *head, the first place with room for what is before it behind the
   frame's front, and *tail, the last with room for what follows. No added token that reaches into
   the frame touches them. 0: there are no such places. */
static int slm__find_cuts(const slm__tokenizer *t, const slm__framed *framed,
                          slm__message *message, size_t *head, size_t *tail) {
    const uint8_t *text = (const uint8_t *)framed->text;
    size_t front = slm__put_front(t, framed, NULL), size = framed->size;
    size_t back = slm__put_part(t, framed->parts[3], NULL);
    slm__token_list none;
    slm__encoding e;
    if (front > SLM__FRAME_ROOM || back > SLM__FRAME_ROOM || size < 2 * SLM__ADDED_REACH) return 0;
    memset(&none, 0, sizeof none);
    message->start = framed->text;
    message->end = framed->text + size;
    slm__begin_encoding(&e, t, framed->flags, &none, message);
    for (*head = SLM__ADDED_REACH + 1; !slm__may_cut(&e, text, size, *head); ++*head)
        if (front + *head >= SLM__FRAME_ROOM || *head >= size) return 0;
    for (*tail = size - SLM__ADDED_REACH - 1; !slm__may_cut(&e, text, size, *tail); --*tail)
        if (size - *tail + back >= SLM__FRAME_ROOM || *tail <= *head) return 0;
    return *head <= *tail && front + *head <= SLM__FRAME_ROOM;
}

/* The same tokens as slm__encode_whole, but only the message's two ends are copied, one after the
   other into the SLM__FRAME_ROOM bytes behind the scratch. */
static slm_result slm__encode_cut(const slm__tokenizer *t, const slm__framed *framed,
                                  slm__message *message, char *room, slm__token_list *out) {
    slm__framed part = *framed;
    size_t head, tail;
    slm_result result;
    if (!slm__find_cuts(t, framed, message, &head, &tail)) return SLM_ERR_MEMORY;
    part.size = head;
    part.parts[3] = "";
    result = slm__encode_whole(t, &part, message, room, out);
    message->later = message->goes_on = 1;
    part.flags &= ~SLM_ADD_BOS;
    message->start = framed->text + head;
    message->end = framed->text + tail;
    out->scratch_size += SLM__FRAME_ROOM; /* what was copied there is read */
    if (result == SLM_OK || result == SLM_ERR_CAPACITY)
        result = slm__encode_message(t, message->start, tail - head, part.flags, out, message);
    out->scratch_size -= SLM__FRAME_ROOM;
    part.parts[0] = part.parts[1] = part.parts[2] = part.preface = "";
    part.parts[3] = framed->parts[3];
    part.text += tail;
    part.size = framed->size - tail;
    if (result == SLM_OK || result == SLM_ERR_CAPACITY)
        result = slm__encode_whole(t, &part, message, room, out);
    return result;
}

/* The tokens of a framed message: rendered at the scratch's end if it is short, else cut, else -
   the places for that are too far from its ends - rendered in the allocator's memory. */
static slm_result slm__encode_framed(slm_session *s, const slm__framed *framed,
                                     slm__message *message, slm__token_list *out) {
    const slm__tokenizer *t = &s->model->tokenizer;
    size_t total = slm__put_front(t, framed, NULL) + slm__put_part(t, framed->parts[3], NULL);
    slm__message uncut = *message;
    slm_result result;
    char *room;
    total = slm__size(1, framed->size, total);
    out->scratch_size -= SLM__FRAME_ROOM;
    room = (char *)out->scratch + out->scratch_size;
    if (total <= SLM__FRAME_ROOM) return slm__encode_whole(t, framed, message, room, out);
    result = slm__encode_cut(t, framed, message, room, out);
    if (result != SLM_ERR_MEMORY) return result;
    room = total == SIZE_MAX ? NULL : (char *)slm__allocate(&s->allocator, total);
    if (!room) return SLM_ERR_MEMORY;
    out->count = 0;
    result = slm__encode_whole(t, framed, &uncut, room, out);
    slm__release(&s->allocator, room);
    return result;
}

static slm_result slm__append_framed(slm_session *s, slm__framed *framed) {
    slm__token_list out;
    slm__message message;
    slm_result result;
    framed->flags = SLM_PARSE_SPECIAL;
    if (!s->sequence.position && *framed->parts[2] != '\1' &&
        s->model->chat_bos == SLM__BOS_AS_TOKENIZER)
        framed->flags |= SLM_ADD_BOS;
    memset(&message, 0, sizeof message);
    slm__list_controls(s, &message);
    message.later = s->sequence.position > 0;
    message.goes_on = message.later && !slm__after_added(s);
    slm__list_tokens(s, &out);
    result = slm__encode_framed(s, framed, &message, &out);
    if (result == SLM_ERR_MEMORY) return slm__no_room_for_word(s);
    if (result == SLM_ERR_CAPACITY)
        return slm__fail(&s->error, SLM_ERR_CONTEXT_FULL,
                         "the message has %u tokens, the context is %u", out.count,
                         s->sequence.context);
    return slm_eval(s, s->prompt, out.count);
}

/* Takes the white space off a message's end and, unless `end_only`, off its beginning. */
static void slm__strip_white(slm__framed *framed, int end_only) {
    size_t length;
    while (framed->size && !end_only &&
           slm__class_at((const uint8_t *)framed->text, framed->size, &length) & SLM__SPACE) {
        framed->text += length;
        framed->size -= length;
    }
    while (framed->size &&
           slm__class_before((const uint8_t *)framed->text, framed->size, &length) & SLM__SPACE)
        framed->size -= length;
}

/* Whether a conversation has begun; BOS alone is none. */
static int slm__has_begun(const slm_session *s) {
    const slm__sequence *seq = &s->sequence;
    return seq->position > 1 || (seq->position && seq->history[0] != s->model->tokenizer.bos);
}

/* Sets what stands around a message; 1: it follows a system message in one frame. */
static int slm__frame(const slm_session *s, slm_role role, int opens, slm__framed *framed) {
    const slm__chat_format *f = &slm__chat_formats[s->chat.format - 1];
    slm_token bos = s->model->tokenizer.bos, last = slm__last_token(s);
    size_t position = s->sequence.position;
    int begun = slm__has_begun(s);
    int after_system = role == SLM_USER && position && position == s->chat.system_end;
    int within = after_system || (f->inner && role == SLM_ASSISTANT);
    int closed = last == s->chat.answer_end || (position && position == s->chat.closed_end);
    framed->parts[0] = begun && !within && !closed ? f->close : "";
    framed->parts[1] = begun && !within ? f->join : "";
    framed->parts[2] = opens ? f->answer : after_system ? f->after_system : f->around[role][0];
    framed->parts[3] = opens ? "" : f->around[role][1];
    framed->preface = role == SLM_SYSTEM && s->model->preface ? s->model->system_message : "";
    if (*framed->parts[2] == '\1' && !*framed->parts[0] && last == bos &&
        !(begun && slm__is_end(s, bos)))
        framed->parts[2]++; /* it is there already, and does not end an answer */
    else if (!position && *framed->parts[2] != '\1' && s->model->chat_bos == SLM__BOS_FIRST)
        framed->parts[0] = "\1";
    return after_system;
}

/* One message, or with an answer's beginning none: all or nothing. */
static slm_result slm__append_message(slm_session *s, slm_role role, const char *text,
                                      size_t size) {
    const slm__chat_format *f = &slm__chat_formats[s->chat.format - 1];
    slm__framed framed;
    slm_result result;
    int after_system = slm__frame(s, role, role == SLM_ASSISTANT && !text, &framed);
    framed.text = text;
    framed.size = size;
    if (f->strip & (role == SLM_SYSTEM ? SLM__STRIP_SYSTEM : SLM__STRIP_MESSAGE))
        slm__strip_white(&framed, after_system && !(f->strip & SLM__STRIP_BEGIN));
    result = slm__append_framed(s, &framed);
    if (result != SLM_OK) return result;
    if (text && strstr(f->around[role][1], f->end)) s->chat.closed_end = s->sequence.position;
    if (f->after_system && role == SLM_SYSTEM) s->chat.system_end = s->sequence.position;
    return SLM_OK;
}

SLM_API slm_result slm_chat(slm_session *s, slm_role role, const char *text, size_t size) {
    const char *lacking, *own;
    slm__checkpoint before;
    slm_result result = SLM_OK;
    if (!s) return SLM_ERR_ARGUMENT;
    if (slm__check_decoder(s) != SLM_OK) return s->error.code;
    if (!text && role == SLM_ASSISTANT && size == SLM_NUL) size = 0;
    if (!text && size) return slm__fail(&s->error, SLM_ERR_ARGUMENT, "text is NULL");
    if (!s->model->has_tokenizer)
        return slm__fail(&s->error, SLM_ERR_UNSUPPORTED, "the model has no tokenizer");
    if ((unsigned)role > SLM_ASSISTANT)
        return slm__fail(&s->error, SLM_ERR_ARGUMENT, "unknown role");
    lacking = slm__format_lacks(s->model, s->chat.format);
    if (lacking)
        return slm__fail(&s->error, SLM_ERR_UNSUPPORTED, "chat format %s: the tokenizer has no %s",
                         slm__chat_formats[s->chat.format - 1].name, lacking);
    if (size == SLM_NUL) size = strlen(text);
    own = slm__has_begun(s) || s->chat.no_system ? NULL : s->model->system_message;
    if (role == SLM_SYSTEM && !size) {
        if (!slm__has_begun(s)) s->chat.no_system = 1;
        return SLM_OK;
    }
    before = slm__remember(s);
    if (own && role != SLM_SYSTEM)
        result = slm__append_message(s, SLM_SYSTEM, own, s->model->preface ? 0 : strlen(own));
    if (result == SLM_OK) result = slm__append_message(s, role, text, size);
    if (result == SLM_OK) {
        s->chat.answering = role == SLM_ASSISTANT && !text;
        if (s->chat.answering) s->chat.opened = s->sequence.position;
    } else if (s->sequence.position != before.position) /* by the model's own message */
        slm__undo(s, &before);
    return result;
}

/* ---- >>lanes portable --------------------------------------------------------------------
   16 floats, 16 integers and the codes of 8 columns by 16 rows as plain arrays: the oracle of every
   other set. These are the operations that a set gives to the kernel bodies; lane i of all of them
   belongs to row i, and every rounding is to nearest even.
     operation               gives                                              NaN
     set(b)                  b in all lanes                                     kept
     load_f32, _f16, _bf16   16 floats, widened exactly                         kept
     store, store_f16        the same way back; a half is rounded               kept
     store_i8                whole numbers within +-127; returns their sum      has none
     add sub mul div         a op b                                             NaN if one is
     madd(sum, a, b)         sum + a * b in two roundings                       NaN if one is
     madd_at(sum, a, *b)     sum + a * b[0]                                     NaN if one is
     max, min                the larger, the smaller                            b if one is
     zero_below(x, low, a)   a where x >= low, else +0                          x NaN: a
     exp2i(n)                2 to whole numbers -126 to 127                     1
     max_magnitude(a, b)     the larger magnitude, compared as integers         NaN wins
     butterfly(a, h)         a[i] + a[i+h] and a[i] - a[i+h] in lanes i, i+h    NaN if one is
     start(b), start_q8(x)   b, or what q8 starts from, in all integers         has none
     load_codes, _nibbles    8 columns of q8 or of a panel; of q4, widened      has none
     store_codes             the same way to a panel                            has none
     dot(s, w, x)            s + 8 codes * 8 activations                        has none
     dot_small(s, w, x)      dot of codes that are at most 62                   has none
     load_i8                 16 sub-scales                                      has none
     scale_add(s, a, b)      s + a * b, integers                                has none
     widest16(code)          the largest sum of 16 magnitudes of 256            has none
     float(s)                integers as floats                                 has none
   SLM__PAIRS asks for three more: shift(s, b): s * 2^16 + 2^15 + b; load_i8_pair: two rows of
   sub-scales side by side; scale_add_pair(s, a, b): s + both halves of a times both of b.

   Before a set includes the header for its kernels it defines
     SLM__SET, SLM__LANES       the names of the set and of the lanes it uses
     SLM__TARGET, SLM__INLINE   attributes of functions, and of those that are always inlined
     SLM__UNROLL                before a loop of a constant count
     SLM__TILES                 tiles of 16 rows that the registers hold with many inputs
     SLM__TOKEN_BLOCK           inputs beside them; 1: there is no kernel for many inputs
     SLM__QUERY_BLOCK           queries beside them
     SLM__PAIR, SLM__GROUP      its own way for 8 columns of q8, a group of q4 or q4f (optional)
     SLM__ROWS, SLM__ROWS_Q4    the same for many columns of one tile and one input (optional)
     SLM__PAIRS                 it scales two groups of q4f at once (optional) */

typedef struct { float v[16]; } slm__lanes_portable;
typedef struct { uint8_t w[128]; } slm__weights_portable; /* [8 columns / 4][16 rows][4] */
typedef struct { int32_t v[16]; } slm__ints_portable;

#define SLM__LANE static inline
#define SLM__EACH for (int i = 0; i < 16; i++)

SLM__LANE slm__lanes_portable slm__set_portable(float b) {
    slm__lanes_portable a;
    SLM__EACH a.v[i] = b;
    return a;
}
SLM__LANE slm__lanes_portable slm__load_f32_portable(const float *p) {
    slm__lanes_portable a;
    memcpy(a.v, p, sizeof a.v);
    return a;
}
SLM__LANE slm__lanes_portable slm__load_f16_portable(const uint16_t *p) {
    slm__lanes_portable a;
    SLM__EACH a.v[i] = slm__from_half(p[i]);
    return a;
}
SLM__LANE slm__lanes_portable slm__load_bf16_portable(const uint16_t *p) {
    slm__lanes_portable a;
    SLM__EACH a.v[i] = slm__float((uint32_t)p[i] << 16);
    return a;
}
SLM__LANE void slm__store_portable(float *p, slm__lanes_portable a) { memcpy(p, a.v, sizeof a.v); }
SLM__LANE void slm__store_f16_portable(uint16_t *p, slm__lanes_portable a) {
    SLM__EACH p[i] = slm__to_half(a.v[i]);
}
/* Whole numbers within +-127; their sum is returned. */
SLM__LANE int32_t slm__store_i8_portable(int8_t *p, slm__lanes_portable a) {
    int32_t sum = 0;
    SLM__EACH sum += p[i] = (int8_t)a.v[i];
    return sum;
}
SLM__LANE slm__lanes_portable slm__add_portable(slm__lanes_portable a, slm__lanes_portable b) {
    SLM__EACH a.v[i] += b.v[i];
    return a;
}
SLM__LANE slm__lanes_portable slm__sub_portable(slm__lanes_portable a, slm__lanes_portable b) {
    SLM__EACH a.v[i] -= b.v[i];
    return a;
}
SLM__LANE slm__lanes_portable slm__mul_portable(slm__lanes_portable a, slm__lanes_portable b) {
    SLM__EACH a.v[i] *= b.v[i];
    return a;
}
SLM__LANE slm__lanes_portable slm__div_portable(slm__lanes_portable a, slm__lanes_portable b) {
    SLM__EACH a.v[i] /= b.v[i];
    return a;
}
/* The larger or smaller of two; b where either is NaN. */
SLM__LANE slm__lanes_portable slm__max_portable(slm__lanes_portable a, slm__lanes_portable b) {
    SLM__EACH a.v[i] = a.v[i] > b.v[i] ? a.v[i] : b.v[i];
    return a;
}
SLM__LANE slm__lanes_portable slm__min_portable(slm__lanes_portable a, slm__lanes_portable b) {
    SLM__EACH a.v[i] = a.v[i] < b.v[i] ? a.v[i] : b.v[i];
    return a;
}
/* sum + a * b in two roundings */
SLM__LANE slm__lanes_portable slm__madd_portable(slm__lanes_portable sum, slm__lanes_portable a,
                                                 slm__lanes_portable b) {
    SLM__EACH sum.v[i] = slm__madd(sum.v[i], a.v[i], b.v[i]);
    return sum;
}
/* sum + a * b[0] */
SLM__LANE slm__lanes_portable slm__madd_at_portable(slm__lanes_portable sum, slm__lanes_portable a,
                                                    const float *b) {
    return slm__madd_portable(sum, a, slm__set_portable(*b));
}
/* a where x >= limit or NaN, else +0 */
SLM__LANE slm__lanes_portable slm__zero_below_portable(slm__lanes_portable x, float limit,
                                                       slm__lanes_portable a) {
    SLM__EACH a.v[i] = x.v[i] < limit ? 0.0f : a.v[i];
    return a;
}
/* 2 to the power of whole numbers -126..127 */
SLM__LANE slm__lanes_portable slm__exp2i_portable(slm__lanes_portable n) {
    SLM__EACH n.v[i] = n.v[i] == n.v[i] ? slm__float((uint32_t)((int32_t)n.v[i] + 127) << 23) : 1;
    return n;
}
/* The larger magnitudes, as integers: a NaN or infinity wins. */
SLM__LANE slm__lanes_portable slm__max_magnitude_portable(slm__lanes_portable a,
                                                          slm__lanes_portable b) {
    uint32_t x, y;
    SLM__EACH {
        x = slm__bits(a.v[i]) & 0x7FFFFFFFu;
        y = slm__bits(b.v[i]) & 0x7FFFFFFFu;
        a.v[i] = slm__float(x > y ? x : y);
    }
    return a;
}
/* x[i] + x[i+h], x[i] - x[i+h] on lanes i and i + h */
SLM__LANE slm__lanes_portable slm__butterfly_portable(slm__lanes_portable a, int h) {
    slm__lanes_portable b;
    SLM__EACH b.v[i] = i & h ? a.v[i ^ h] - a.v[i] : a.v[i] + a.v[i ^ h];
    return b;
}
SLM__LANE slm__ints_portable slm__start_portable(int32_t b) {
    slm__ints_portable a;
    SLM__EACH a.v[i] = b;
    return a;
}
SLM__LANE slm__weights_portable slm__load_codes_portable(const uint8_t *p) {
    slm__weights_portable a;
    memcpy(a.w, p, sizeof a.w);
    return a;
}
/* q4: codebook values + 31; low nibbles are 4 columns, high nibbles the next 4. */
SLM__LANE slm__weights_portable slm__load_nibbles_portable(const uint8_t *p) {
    slm__weights_portable a;
    int i;
    for (i = 0; i < 64; i++) {
        a.w[i] = slm__codebook[p[i] & 15];
        a.w[64 + i] = slm__codebook[p[i] >> 4];
    }
    return a;
}
SLM__LANE void slm__store_codes_portable(uint8_t *p, slm__weights_portable a) {
    memcpy(p, a.w, sizeof a.w);
}
/* 8 columns: sums += unsigned code * activation. dot_small: codes are at most 62. */
SLM__LANE slm__ints_portable slm__dot_portable(slm__ints_portable s, slm__weights_portable w,
                                               const int8_t *x) {
    int k;
    for (k = 0; k < 8; k++) SLM__EACH s.v[i] += w.w[k / 4 * 64 + i * 4 + k % 4] * x[k];
    return s;
}
SLM__LANE slm__ints_portable slm__dot_small_portable(slm__ints_portable s,
                                                     slm__weights_portable w, const int8_t *x) {
    return slm__dot_portable(s, w, x);
}
/* `dot` over `pairs` times 8 columns of q8, and of q4: row by row, so that one sum stays in a
   register. Compilers make up to twice as fast a loop of it. */
SLM__LANE slm__ints_portable slm__rows_portable(slm__ints_portable s, const uint8_t *w,
                                                const int8_t *x, size_t pairs) {
    SLM__EACH {
        const uint8_t *row = w + i * 4;
        int32_t sum = s.v[i];
        size_t p, k;
        for (p = 0; p < pairs; p++, row += 128)
            for (k = 0; k < 4; k++)
                sum += row[k] * x[p * 8 + k] + row[64 + k] * x[p * 8 + 4 + k];
        s.v[i] = sum;
    }
    return s;
}
SLM__LANE slm__ints_portable slm__rows_q4_portable(slm__ints_portable s, const uint8_t *w,
                                                   const int8_t *x, size_t pairs) {
    SLM__EACH {
        const uint8_t *row = w + i * 4;
        int32_t sum = s.v[i];
        size_t p, k;
        for (p = 0; p < pairs; p++, row += 64)
            for (k = 0; k < 4; k++)
                sum += slm__codebook[row[k] & 15] * x[p * 8 + k] +
                       slm__codebook[row[k] >> 4] * x[p * 8 + 4 + k];
        s.v[i] = sum;
    }
    return s;
}
/* What q8's sums start from: minus 128 times the activations' sum. */
SLM__LANE slm__ints_portable slm__start_q8_portable(const slm__codes *x) {
    return slm__start_portable(x->start256);
}
SLM__LANE slm__ints_portable slm__load_i8_portable(const int8_t *p) {
    slm__ints_portable a;
    SLM__EACH a.v[i] = p[i];
    return a;
}
/* total + s * weight */
SLM__LANE slm__ints_portable slm__scale_add_portable(slm__ints_portable total, slm__ints_portable s,
                                                     slm__ints_portable weight) {
    SLM__EACH total.v[i] += s.v[i] * weight.v[i];
    return total;
}
/* The largest sum of magnitudes in 16 of 256 codes. */
SLM__LANE int32_t slm__widest16_portable(const int8_t *code) {
    int32_t sum, widest = 0;
    int g, k;
    for (g = 0; g < 256; g += 16) {
        for (sum = 0, k = g; k < g + 16; k++) sum += code[k] < 0 ? -code[k] : code[k];
        if (sum > widest) widest = sum;
    }
    return widest;
}
SLM__LANE slm__lanes_portable slm__float_portable(slm__ints_portable s) {
    slm__lanes_portable a;
    SLM__EACH a.v[i] = (float)s.v[i];
    return a;
}
#undef SLM__EACH
#undef SLM__LANE

#define SLM__SET portable
#define SLM__LANES portable
#define SLM__TARGET
#define SLM__INLINE static inline
#define SLM__UNROLL
#define SLM__TILES 1
#define SLM__TOKEN_BLOCK 1
#define SLM__QUERY_BLOCK 1
#define SLM__ROWS slm__rows_portable
#define SLM__ROWS_Q4 slm__rows_q4_portable
#include SLM_HEADER

/* ---- >>lanes avx2 ------------------------------------------------------------------------
   x86-64 with AVX2 and F16C: 16 lanes are two registers, and integer products stay in 16 bits.
   Like all rooms of lanes it knows operations alone, not what they are used for. */

#ifdef SLM__AVX2
#define SLM__LANE __attribute__((target("avx2,f16c"), always_inline)) static inline

typedef struct { __m256 lo, hi; } slm__lanes_avx2;
typedef struct { __m256i a[4]; } slm__weights_avx2;
typedef struct { __m256i lo, hi; } slm__ints_avx2;

SLM__LANE slm__lanes_avx2 slm__set_avx2(float b) {
    slm__lanes_avx2 a;
    a.lo = a.hi = _mm256_set1_ps(b);
    return a;
}
SLM__LANE slm__lanes_avx2 slm__load_f32_avx2(const float *p) {
    slm__lanes_avx2 a;
    a.lo = _mm256_loadu_ps(p);
    a.hi = _mm256_loadu_ps(p + 8);
    return a;
}
SLM__LANE slm__lanes_avx2 slm__load_f16_avx2(const uint16_t *p) {
    slm__lanes_avx2 a;
    a.lo = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)p));
    a.hi = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(p + 8)));
    return a;
}
SLM__LANE slm__lanes_avx2 slm__load_bf16_avx2(const uint16_t *p) {
    __m128i lo = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i hi = _mm_loadu_si128((const __m128i *)(const void *)(p + 8));
    slm__lanes_avx2 a;
    a.lo = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(lo), 16));
    a.hi = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(hi), 16));
    return a;
}
SLM__LANE void slm__store_avx2(float *p, slm__lanes_avx2 a) {
    _mm256_storeu_ps(p, a.lo);
    _mm256_storeu_ps(p + 8, a.hi);
}
SLM__LANE void slm__store_f16_avx2(uint16_t *p, slm__lanes_avx2 a) {
    _mm_storeu_si128((__m128i *)(void *)p, _mm256_cvtps_ph(a.lo, _MM_FROUND_TO_NEAREST_INT));
    _mm_storeu_si128((__m128i *)(void *)(p + 8),
                     _mm256_cvtps_ph(a.hi, _MM_FROUND_TO_NEAREST_INT));
}
SLM__LANE int32_t slm__store_i8_avx2(int8_t *p, slm__lanes_avx2 a) {
    __m256i words = _mm256_packs_epi32(_mm256_cvtps_epi32(a.lo), _mm256_cvtps_epi32(a.hi));
    __m128i bytes, sums;
    words = _mm256_permute4x64_epi64(words, 0xD8);
    bytes = _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    _mm_storeu_si128((__m128i *)(void *)p, bytes);
    sums = _mm_sad_epu8(_mm_xor_si128(bytes, _mm_set1_epi8((char)-128)), _mm_setzero_si128());
    return _mm_cvtsi128_si32(_mm_add_epi32(sums, _mm_unpackhi_epi64(sums, sums))) - 2048;
}
#define SLM__OPERATION(name, instruction)                                                      \
    SLM__LANE slm__lanes_avx2 name(slm__lanes_avx2 a, slm__lanes_avx2 b) {                     \
        a.lo = instruction(a.lo, b.lo);                                                        \
        a.hi = instruction(a.hi, b.hi);                                                        \
        return a;                                                                              \
    }
SLM__OPERATION(slm__add_avx2, _mm256_add_ps)
SLM__OPERATION(slm__sub_avx2, _mm256_sub_ps)
SLM__OPERATION(slm__mul_avx2, _mm256_mul_ps)
SLM__OPERATION(slm__div_avx2, _mm256_div_ps)
SLM__OPERATION(slm__max_avx2, _mm256_max_ps)
SLM__OPERATION(slm__min_avx2, _mm256_min_ps)
#undef SLM__OPERATION
SLM__LANE slm__lanes_avx2 slm__madd_avx2(slm__lanes_avx2 s, slm__lanes_avx2 a,
                                         slm__lanes_avx2 b) {
    a = slm__mul_avx2(a, b);
    __asm__("" : "+x"(a.lo), "+x"(a.hi)); /* no fusing with the additions below */
    return slm__add_avx2(s, a);
}
SLM__LANE slm__lanes_avx2 slm__madd_at_avx2(slm__lanes_avx2 sum, slm__lanes_avx2 a,
                                            const float *b) {
    return slm__madd_avx2(sum, a, slm__set_avx2(*b));
}
SLM__LANE slm__lanes_avx2 slm__zero_below_avx2(slm__lanes_avx2 x, float limit, slm__lanes_avx2 a) {
    __m256 bound = _mm256_set1_ps(limit);
    a.lo = _mm256_andnot_ps(_mm256_cmp_ps(x.lo, bound, _CMP_LT_OQ), a.lo);
    a.hi = _mm256_andnot_ps(_mm256_cmp_ps(x.hi, bound, _CMP_LT_OQ), a.hi);
    return a;
}
SLM__LANE slm__lanes_avx2 slm__exp2i_avx2(slm__lanes_avx2 n) {
    __m256i bias = _mm256_set1_epi32(127);
    n.lo = _mm256_castsi256_ps(
        _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n.lo), bias), 23));
    n.hi = _mm256_castsi256_ps(
        _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n.hi), bias), 23));
    return n;
}
SLM__LANE slm__lanes_avx2 slm__max_magnitude_avx2(slm__lanes_avx2 a, slm__lanes_avx2 b) {
    __m256i mask = _mm256_set1_epi32(0x7FFFFFFF);
    a.lo = _mm256_castsi256_ps(
        _mm256_max_epu32(_mm256_and_si256(_mm256_castps_si256(a.lo), mask),
                         _mm256_and_si256(_mm256_castps_si256(b.lo), mask)));
    a.hi = _mm256_castsi256_ps(
        _mm256_max_epu32(_mm256_and_si256(_mm256_castps_si256(a.hi), mask),
                         _mm256_and_si256(_mm256_castps_si256(b.hi), mask)));
    return a;
}
SLM__LANE slm__lanes_avx2 slm__butterfly_avx2(slm__lanes_avx2 a, int h) {
    const __m256 minus0 = _mm256_set1_ps(-0.0f), zero = _mm256_setzero_ps();
    slm__lanes_avx2 b;
    __m256 sign;
    if (h == 8) {
        b.lo = _mm256_add_ps(a.lo, a.hi);
        b.hi = _mm256_sub_ps(a.lo, a.hi);
        return b;
    }
    if (h == 4) {
        b.lo = _mm256_permute2f128_ps(a.lo, a.lo, 1);
        b.hi = _mm256_permute2f128_ps(a.hi, a.hi, 1);
        sign = _mm256_blend_ps(zero, minus0, 0xF0);
    } else if (h == 2) {
        b.lo = _mm256_permute_ps(a.lo, 0x4E);
        b.hi = _mm256_permute_ps(a.hi, 0x4E);
        sign = _mm256_blend_ps(zero, minus0, 0xCC);
    } else {
        b.lo = _mm256_permute_ps(a.lo, 0xB1);
        b.hi = _mm256_permute_ps(a.hi, 0xB1);
        sign = _mm256_blend_ps(zero, minus0, 0xAA);
    }
    b.lo = _mm256_add_ps(b.lo, _mm256_xor_ps(a.lo, sign));
    b.hi = _mm256_add_ps(b.hi, _mm256_xor_ps(a.hi, sign));
    return b;
}
SLM__LANE slm__ints_avx2 slm__start_avx2(int32_t b) {
    slm__ints_avx2 a;
    a.lo = a.hi = _mm256_set1_epi32(b);
    return a;
}
SLM__LANE slm__weights_avx2 slm__load_codes_avx2(const uint8_t *p) {
    const __m256i *from = (const __m256i *)(const void *)p;
    slm__weights_avx2 w;
    w.a[0] = _mm256_loadu_si256(from);
    w.a[1] = _mm256_loadu_si256(from + 1);
    w.a[2] = _mm256_loadu_si256(from + 2);
    w.a[3] = _mm256_loadu_si256(from + 3);
    return w;
}
SLM__LANE slm__weights_avx2 slm__load_nibbles_avx2(const uint8_t *p) {
    const __m256i *from = (const __m256i *)(const void *)p;
    const __m256i mask = _mm256_set1_epi8(15), table = _mm256_broadcastsi128_si256(
        _mm_loadu_si128((const __m128i *)(const void *)slm__codebook));
    __m256i lo = _mm256_loadu_si256(from), hi = _mm256_loadu_si256(from + 1);
    slm__weights_avx2 w;
    w.a[0] = _mm256_shuffle_epi8(table, _mm256_and_si256(lo, mask));
    w.a[1] = _mm256_shuffle_epi8(table, _mm256_and_si256(hi, mask));
    w.a[2] = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(lo, 4), mask));
    w.a[3] = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(hi, 4), mask));
    return w;
}
SLM__LANE void slm__store_codes_avx2(uint8_t *p, slm__weights_avx2 w) {
    __m256i *to = (__m256i *)(void *)p;
    _mm256_storeu_si256(to, w.a[0]);
    _mm256_storeu_si256(to + 1, w.a[1]);
    _mm256_storeu_si256(to + 2, w.a[2]);
    _mm256_storeu_si256(to + 3, w.a[3]);
}
SLM__LANE __m256i slm__four_avx2(const int8_t *x) {
    int32_t four;
    memcpy(&four, x, sizeof four);
    return _mm256_set1_epi32(four);
}
/* Two products of at most 62 * 127 and two more stay below 2^15. */
SLM__LANE slm__ints_avx2 slm__dot_small_avx2(slm__ints_avx2 s, slm__weights_avx2 w,
                                             const int8_t *x) {
    __m256i ones = _mm256_set1_epi16(1), x0 = slm__four_avx2(x), x1 = slm__four_avx2(x + 4);
    s.lo = _mm256_add_epi32(s.lo, _mm256_madd_epi16(
        _mm256_add_epi16(_mm256_maddubs_epi16(w.a[0], x0), _mm256_maddubs_epi16(w.a[2], x1)),
        ones));
    s.hi = _mm256_add_epi32(s.hi, _mm256_madd_epi16(
        _mm256_add_epi16(_mm256_maddubs_epi16(w.a[1], x0), _mm256_maddubs_epi16(w.a[3], x1)),
        ones));
    return s;
}
/* maddubs saturates on codes up to 255, so it gets |w| and the activation with w's sign: at most
   2 * 127 * 127 in 16 bits; the sums then start from zero. */
SLM__LANE slm__ints_avx2 slm__start_q8_avx2(const slm__codes *x) {
    (void)x;
    return slm__start_avx2(0);
}
SLM__LANE __m256i slm__dot_signed_avx2(__m256i s, __m256i w, __m256i x) {
    w = _mm256_xor_si256(w, _mm256_set1_epi8((char)-128));
    return _mm256_add_epi32(
        s, _mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w)),
                             _mm256_set1_epi16(1)));
}
SLM__LANE slm__ints_avx2 slm__dot_avx2(slm__ints_avx2 s, slm__weights_avx2 w, const int8_t *x) {
    __m256i x0 = slm__four_avx2(x), x1 = slm__four_avx2(x + 4);
    s.lo = slm__dot_signed_avx2(slm__dot_signed_avx2(s.lo, w.a[0], x0), w.a[2], x1);
    s.hi = slm__dot_signed_avx2(slm__dot_signed_avx2(s.hi, w.a[1], x0), w.a[3], x1);
    return s;
}
/* Eight columns of q8 for some inputs: half a tile at a time, so that its weights stay in
   registers meanwhile. */
SLM__LANE void slm__pair_avx2(size_t tokens, const uint8_t *w, const slm__codes *x, size_t k,
                              slm__ints_avx2 *c) {
    const __m256i top = _mm256_set1_epi8((char)-128), ones = _mm256_set1_epi16(1);
    size_t half, t;
    SLM__UNROLL_FULL for (half = 0; half < 2; half++) {
        const __m256i *from = (const __m256i *)(const void *)(w + half * 32);
        __m256i w0 = _mm256_xor_si256(_mm256_loadu_si256(from), top);
        __m256i w1 = _mm256_xor_si256(_mm256_loadu_si256(from + 2), top);
        __m256i a0 = _mm256_abs_epi8(w0), a1 = _mm256_abs_epi8(w1);
        SLM__UNROLL_FULL for (t = 0; t < tokens; t++) {
            __m256i x0 = _mm256_sign_epi8(slm__four_avx2(x[t].code + k), w0);
            __m256i x1 = _mm256_sign_epi8(slm__four_avx2(x[t].code + k + 4), w1);
            __m256i v = _mm256_add_epi32(_mm256_madd_epi16(_mm256_maddubs_epi16(a0, x0), ones),
                                         _mm256_madd_epi16(_mm256_maddubs_epi16(a1, x1), ones));
            if (half) c[t].hi = _mm256_add_epi32(c[t].hi, v);
            else c[t].lo = _mm256_add_epi32(c[t].lo, v);
        }
    }
}
/* A group of q4 or q4f for some inputs: sums of four products, still in 16 bits, are scaled as
   they are widened; minus 31 times the activations' sum comes last. */
SLM__LANE void slm__group_avx2(size_t group, size_t tokens, const uint8_t *w,
                               const int8_t *subscales, const slm__codes *x, size_t g,
                               slm__ints_avx2 *s) {
    size_t half, p, t;
    SLM__UNROLL_FULL for (half = 0; half < 2; half++) {
        __m256i v, wide = _mm256_cvtepi8_epi32(
            _mm_loadl_epi64((const __m128i *)(const void *)(subscales + half * 8)));
        __m256i twice = _mm256_blend_epi16(wide, _mm256_slli_epi32(wide, 16), 0xAA);
        __asm__("" : : : "memory"); /* what the halves share is loaded twice, not spilled */
        SLM__UNROLL_FULL for (p = 0; p < group / 8; p++) {
            const __m256i *from = (const __m256i *)(const void *)(w + p * 128 + half * 32);
            __m256i w0 = _mm256_loadu_si256(from), w1 = _mm256_loadu_si256(from + 2);
            SLM__UNROLL_FULL for (t = 0; t < tokens; t++) {
                const int8_t *at = x[t].code + g * group + p * 8;
                v = _mm256_add_epi16(_mm256_maddubs_epi16(w0, slm__four_avx2(at)),
                                     _mm256_maddubs_epi16(w1, slm__four_avx2(at + 4)));
                v = _mm256_madd_epi16(v, twice);
                if (half) s[t].hi = _mm256_add_epi32(s[t].hi, v);
                else s[t].lo = _mm256_add_epi32(s[t].lo, v);
            }
        }
        SLM__UNROLL_FULL for (t = 0; t < tokens; t++) {
            v = _mm256_set1_epi32(group == 16 ? x[t].start16[g] : x[t].start32[g]);
            v = _mm256_mullo_epi32(v, wide);
            if (half) s[t].hi = _mm256_add_epi32(s[t].hi, v);
            else s[t].lo = _mm256_add_epi32(s[t].lo, v);
        }
    }
}
SLM__LANE slm__ints_avx2 slm__load_i8_avx2(const int8_t *p) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
    slm__ints_avx2 a;
    a.lo = _mm256_cvtepi8_epi32(bytes);
    a.hi = _mm256_cvtepi8_epi32(_mm_srli_si128(bytes, 8));
    return a;
}
SLM__LANE slm__ints_avx2 slm__scale_add_avx2(slm__ints_avx2 total, slm__ints_avx2 s,
                                             slm__ints_avx2 weight) {
    total.lo = _mm256_add_epi32(total.lo, _mm256_mullo_epi32(s.lo, weight.lo));
    total.hi = _mm256_add_epi32(total.hi, _mm256_mullo_epi32(s.hi, weight.hi));
    return total;
}
SLM__LANE int32_t slm__widest16_avx2(const int8_t *code) {
    __m256i widest = _mm256_setzero_si256(), sums;
    __m128i most;
    int i;
    for (i = 0; i < 256; i += 32) {
        sums = _mm256_loadu_si256((const __m256i *)(const void *)(code + i));
        sums = _mm256_sad_epu8(_mm256_abs_epi8(sums), _mm256_setzero_si256());
        sums = _mm256_add_epi32(sums, _mm256_shuffle_epi32(sums, 0x4E));
        widest = _mm256_max_epi32(widest, sums);
    }
    most = _mm_max_epi32(_mm256_castsi256_si128(widest), _mm256_extracti128_si256(widest, 1));
    return _mm_cvtsi128_si32(most);
}
SLM__LANE slm__lanes_avx2 slm__float_avx2(slm__ints_avx2 s) {
    slm__lanes_avx2 a;
    a.lo = _mm256_cvtepi32_ps(s.lo);
    a.hi = _mm256_cvtepi32_ps(s.hi);
    return a;
}
#undef SLM__LANE

#define SLM__SET avx2
#define SLM__LANES avx2
#define SLM__TARGET __attribute__((target("avx2,f16c")))
#define SLM__INLINE __attribute__((target("avx2,f16c"), always_inline)) static inline
#define SLM__UNROLL SLM__UNROLL_FULL
#define SLM__TILES 1
#define SLM__TOKEN_BLOCK 4
#define SLM__QUERY_BLOCK 4
#define SLM__PAIR slm__pair_avx2
#define SLM__GROUP slm__group_avx2
#include SLM_HEADER
#endif

/* ---- >>lanes avxvnni ---------------------------------------------------------------------
   AVX2's lanes, with one instruction for four products. */

#ifdef SLM__AVXVNNI
#define SLM__LANE __attribute__((target("avx2,f16c,avxvnni"), always_inline)) static inline

SLM__LANE slm__ints_avx2 slm__dot_avxvnni(slm__ints_avx2 s, slm__weights_avx2 w,
                                          const int8_t *x) {
    __m256i x0 = slm__four_avx2(x), x1 = slm__four_avx2(x + 4);
    s.lo = _mm256_dpbusd_avx_epi32(_mm256_dpbusd_avx_epi32(s.lo, w.a[0], x0), w.a[2], x1);
    s.hi = _mm256_dpbusd_avx_epi32(_mm256_dpbusd_avx_epi32(s.hi, w.a[1], x0), w.a[3], x1);
    return s;
}
SLM__LANE slm__ints_avx2 slm__dot_small_avxvnni(slm__ints_avx2 s, slm__weights_avx2 w,
                                                const int8_t *x) {
    return slm__dot_avxvnni(s, w, x);
}
SLM__LANE slm__ints_avx2 slm__start_q8_avxvnni(const slm__codes *x) {
    return slm__start_avx2(x->start256);
}
#undef SLM__LANE

#define SLM__SET avxvnni
#define SLM__LANES avx2
#define SLM__TARGET __attribute__((target("avx2,f16c,avxvnni")))
#define SLM__INLINE __attribute__((target("avx2,f16c,avxvnni"), always_inline)) static inline
#define SLM__UNROLL SLM__UNROLL_FULL
#define SLM__TILES 1
#define SLM__TOKEN_BLOCK 2
#define SLM__QUERY_BLOCK 4
#include SLM_HEADER
#endif

/* ---- >>lanes avx512 ----------------------------------------------------------------------
   AVX-512 with VNNI: 16 lanes are one register, four integer products one instruction. */

#ifdef SLM__AVX512
#define SLM__TARGET_512 "avx512f,avx512bw,avx512vl,avx512vnni"
#define SLM__LANE __attribute__((target(SLM__TARGET_512), always_inline)) static inline

typedef struct { __m512 v; } slm__lanes_avx512;
typedef struct { __m512i a, b; } slm__weights_avx512;
typedef struct { __m512i v; } slm__ints_avx512;

SLM__LANE slm__lanes_avx512 slm__of_avx512(__m512 v) {
    slm__lanes_avx512 a;
    a.v = v;
    return a;
}
SLM__LANE slm__lanes_avx512 slm__set_avx512(float b) { return slm__of_avx512(_mm512_set1_ps(b)); }
SLM__LANE slm__lanes_avx512 slm__load_f32_avx512(const float *p) {
    return slm__of_avx512(_mm512_loadu_ps(p));
}
SLM__LANE slm__lanes_avx512 slm__load_f16_avx512(const uint16_t *p) {
    return slm__of_avx512(
        _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)p)));
}
SLM__LANE slm__lanes_avx512 slm__load_bf16_avx512(const uint16_t *p) {
    __m256i words = _mm256_loadu_si256((const __m256i *)(const void *)p);
    return slm__of_avx512(
        _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(words), 16)));
}
SLM__LANE void slm__store_avx512(float *p, slm__lanes_avx512 a) { _mm512_storeu_ps(p, a.v); }
SLM__LANE void slm__store_f16_avx512(uint16_t *p, slm__lanes_avx512 a) {
    _mm256_storeu_si256((__m256i *)(void *)p, _mm512_cvtps_ph(a.v, _MM_FROUND_TO_NEAREST_INT));
}
SLM__LANE int32_t slm__store_i8_avx512(int8_t *p, slm__lanes_avx512 a) {
    __m128i bytes = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(a.v)), sums;
    _mm_storeu_si128((__m128i *)(void *)p, bytes);
    sums = _mm_sad_epu8(_mm_xor_si128(bytes, _mm_set1_epi8((char)-128)), _mm_setzero_si128());
    return _mm_cvtsi128_si32(_mm_add_epi32(sums, _mm_unpackhi_epi64(sums, sums))) - 2048;
}
#define SLM__OPERATION(name, instruction)                                                      \
    SLM__LANE slm__lanes_avx512 name(slm__lanes_avx512 a, slm__lanes_avx512 b) {               \
        return slm__of_avx512(instruction(a.v, b.v));                                          \
    }
SLM__OPERATION(slm__add_avx512, _mm512_add_ps)
SLM__OPERATION(slm__sub_avx512, _mm512_sub_ps)
SLM__OPERATION(slm__mul_avx512, _mm512_mul_ps)
SLM__OPERATION(slm__div_avx512, _mm512_div_ps)
SLM__OPERATION(slm__max_avx512, _mm512_max_ps)
SLM__OPERATION(slm__min_avx512, _mm512_min_ps)
#undef SLM__OPERATION
SLM__LANE slm__lanes_avx512 slm__madd_avx512(slm__lanes_avx512 s, slm__lanes_avx512 a,
                                             slm__lanes_avx512 b) {
    __m512 product = _mm512_mul_ps(a.v, b.v);
    __asm__("" : "+v"(product)); /* no fusing with the addition below */
    return slm__of_avx512(_mm512_add_ps(s.v, product));
}
/* Zen 4 spends as much on a broadcast into a register as on an addition, and nothing on one
   within an instruction. */
SLM__LANE slm__lanes_avx512 slm__madd_at_avx512(slm__lanes_avx512 s, slm__lanes_avx512 a,
                                                const float *b) {
    __m512 product;
    __asm__("vmulps {%2%{1to16%}, %1, %0|%0, %1, %2%{1to16%}}" /* -masm=att, -masm=intel */
            : "=v"(product) : "v"(a.v), "m"(*b));
    return slm__of_avx512(_mm512_add_ps(s.v, product));
}
SLM__LANE slm__lanes_avx512 slm__zero_below_avx512(slm__lanes_avx512 x, float limit,
                                                   slm__lanes_avx512 a) {
    __mmask16 keep = _mm512_cmp_ps_mask(x.v, _mm512_set1_ps(limit), _CMP_NLT_UQ);
    return slm__of_avx512(_mm512_maskz_mov_ps(keep, a.v));
}
SLM__LANE slm__lanes_avx512 slm__exp2i_avx512(slm__lanes_avx512 n) {
    __m512i whole = _mm512_add_epi32(_mm512_cvtps_epi32(n.v), _mm512_set1_epi32(127));
    return slm__of_avx512(_mm512_castsi512_ps(_mm512_slli_epi32(whole, 23)));
}
SLM__LANE slm__lanes_avx512 slm__max_magnitude_avx512(slm__lanes_avx512 a, slm__lanes_avx512 b) {
    __m512i mask = _mm512_set1_epi32(0x7FFFFFFF);
    return slm__of_avx512(_mm512_castsi512_ps(
        _mm512_max_epu32(_mm512_and_si512(_mm512_castps_si512(a.v), mask),
                         _mm512_and_si512(_mm512_castps_si512(b.v), mask))));
}
SLM__LANE slm__lanes_avx512 slm__butterfly_avx512(slm__lanes_avx512 a, int h) {
    __m512 b = h == 8   ? _mm512_shuffle_f32x4(a.v, a.v, 0x4E)
               : h == 4 ? _mm512_shuffle_f32x4(a.v, a.v, 0xB1)
               : h == 2 ? _mm512_permute_ps(a.v, 0x4E)
                        : _mm512_permute_ps(a.v, 0xB1);
    __mmask16 upper = (__mmask16)(h == 8 ? 0xFF00 : h == 4 ? 0xF0F0 : h == 2 ? 0xCCCC : 0xAAAA);
    return slm__of_avx512(_mm512_mask_sub_ps(_mm512_add_ps(a.v, b), upper, b, a.v));
}
SLM__LANE slm__ints_avx512 slm__start_avx512(int32_t b) {
    slm__ints_avx512 a;
    a.v = _mm512_set1_epi32(b);
    return a;
}
SLM__LANE slm__weights_avx512 slm__load_codes_avx512(const uint8_t *p) {
    slm__weights_avx512 w;
    w.a = _mm512_loadu_si512(p);
    w.b = _mm512_loadu_si512(p + 64);
    return w;
}
SLM__LANE slm__weights_avx512 slm__load_nibbles_avx512(const uint8_t *p) {
    const __m512i mask = _mm512_set1_epi8(15), table = _mm512_broadcast_i32x4(
        _mm_loadu_si128((const __m128i *)(const void *)slm__codebook));
    __m512i v = _mm512_loadu_si512(p);
    slm__weights_avx512 w;
    w.a = _mm512_shuffle_epi8(table, _mm512_and_si512(v, mask));
    w.b = _mm512_shuffle_epi8(table, _mm512_and_si512(_mm512_srli_epi16(v, 4), mask));
    return w;
}
SLM__LANE void slm__store_codes_avx512(uint8_t *p, slm__weights_avx512 w) {
    _mm512_storeu_si512(p, w.a);
    _mm512_storeu_si512(p + 64, w.b);
}
SLM__LANE __m512i slm__four_avx512(const int8_t *x) {
    int32_t four;
    memcpy(&four, x, sizeof four);
    return _mm512_set1_epi32(four);
}
SLM__LANE slm__ints_avx512 slm__dot_avx512(slm__ints_avx512 s, slm__weights_avx512 w,
                                           const int8_t *x) {
    s.v = _mm512_dpbusd_epi32(s.v, w.a, slm__four_avx512(x));
    s.v = _mm512_dpbusd_epi32(s.v, w.b, slm__four_avx512(x + 4));
    return s;
}
SLM__LANE slm__ints_avx512 slm__dot_small_avx512(slm__ints_avx512 s, slm__weights_avx512 w,
                                                 const int8_t *x) {
    return slm__dot_avx512(s, w, x);
}
SLM__LANE slm__ints_avx512 slm__start_q8_avx512(const slm__codes *x) {
    return slm__start_avx512(x->start256);
}
SLM__LANE slm__ints_avx512 slm__load_i8_avx512(const int8_t *p) {
    slm__ints_avx512 a;
    a.v = _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p));
    return a;
}
SLM__LANE slm__ints_avx512 slm__scale_add_avx512(slm__ints_avx512 total, slm__ints_avx512 s,
                                                 slm__ints_avx512 weight) {
    total.v = _mm512_add_epi32(total.v, _mm512_mullo_epi32(s.v, weight.v));
    return total;
}
SLM__LANE slm__ints_avx512 slm__shift_avx512(slm__ints_avx512 s, int32_t start) {
    s.v = _mm512_add_epi32(_mm512_slli_epi32(s.v, 16), _mm512_set1_epi32(start + 32768));
    return s;
}
SLM__LANE slm__ints_avx512 slm__load_i8_pair_avx512(const int8_t *p) {
    slm__ints_avx512 first = slm__load_i8_avx512(p), second = slm__load_i8_avx512(p + 16);
    first.v = _mm512_mask_blend_epi16(0x55555555, _mm512_slli_epi32(first.v, 16), second.v);
    return first;
}
/* The lower halves have 2^15 too much. */
SLM__LANE slm__ints_avx512 slm__scale_add_pair_avx512(slm__ints_avx512 total, slm__ints_avx512 s,
                                                      slm__ints_avx512 weight) {
    s.v = _mm512_add_epi16(s.v, _mm512_set1_epi32(32768));
    total.v = _mm512_dpwssd_epi32(total.v, s.v, weight.v);
    return total;
}
SLM__LANE int32_t slm__widest16_avx512(const int8_t *code) {
    __m512i widest = _mm512_setzero_si512(), sums;
    int i;
    for (i = 0; i < 256; i += 64) {
        sums = _mm512_sad_epu8(_mm512_abs_epi8(_mm512_loadu_si512(code + i)),
                               _mm512_setzero_si512());
        sums = _mm512_add_epi32(sums, _mm512_shuffle_epi32(sums, (_MM_PERM_ENUM)0x4E));
        widest = _mm512_max_epi32(widest, sums);
    }
    return _mm512_reduce_max_epi32(widest);
}
SLM__LANE slm__lanes_avx512 slm__float_avx512(slm__ints_avx512 s) {
    return slm__of_avx512(_mm512_cvtepi32_ps(s.v));
}
#undef SLM__LANE

#define SLM__SET avx512
#define SLM__LANES avx512
#define SLM__TARGET __attribute__((target(SLM__TARGET_512)))
#define SLM__INLINE __attribute__((target(SLM__TARGET_512), always_inline)) static inline
#define SLM__UNROLL SLM__UNROLL_FULL
#define SLM__TILES 2
#define SLM__TOKEN_BLOCK 6
#define SLM__QUERY_BLOCK 12
#define SLM__PAIRS
#include SLM_HEADER
#endif

/* ---- >>lanes amx -------------------------------------------------------------------------
   AVX-512 with a matrix unit: products of integers with many inputs, all else is avx512's. A
   tile register has 16 rows of 64 bytes. q8's block of 64 columns by 16 rows is one as it lies,
   16 inputs' codes are another, and their product is 16 x 16 whole sums.

   q4 and q4f have a sub-scale per group, which no instruction here takes along. So a weight
   code * sub-scale, of 13 bits, becomes 64 * high + low, two planes of 8 bits. */

#ifdef SLM__AMX
#define SLM__TARGET_AMX __attribute__((target(SLM__TARGET_512 ",amx-tile,amx-int8")))
#define SLM__INLINE_AMX SLM__TARGET_AMX __attribute__((always_inline)) static inline

/* Each of the 8 tile registers: 16 rows of 64 bytes. */
typedef struct { uint8_t palette, start, zero[14]; uint16_t bytes[16]; uint8_t lines[16]; }
    slm__tile_config;
static const slm__tile_config slm__tiles_of_16 = {
    1, 0, {0}, {64, 64, 64, 64, 64, 64, 64, 64, 0}, {16, 16, 16, 16, 16, 16, 16, 16, 0}};

/* 64 weights of q4 at once: [16 rows][4 columns] of codes become both planes. even, odd: 256 *
   sub-scale of the rows where unpacking puts them. */
SLM__TARGET_AMX static inline void slm__two_planes(__m512i codes, __m512i even, __m512i odd,
                                                   uint8_t *high, uint8_t *low) {
    const __m512i zero = _mm512_setzero_si512(), mask = _mm512_set1_epi16(63);
    __m512i a = _mm512_mulhi_epi16(_mm512_unpacklo_epi8(zero, codes), even);
    __m512i b = _mm512_mulhi_epi16(_mm512_unpackhi_epi8(zero, codes), odd);
    _mm512_storeu_si512(high, _mm512_packs_epi16(_mm512_srai_epi16(a, 6),
                                                 _mm512_srai_epi16(b, 6)));
    _mm512_storeu_si512(low, _mm512_packs_epi16(_mm512_and_si512(a, mask),
                                                _mm512_and_si512(b, mask)));
}

/* One tile's block of q4 or q4f, of whole groups. */
SLM__TARGET_AMX static void slm__unpack_amx(const uint8_t *w, const int8_t *subscales,
                                            size_t group, size_t cols, uint8_t *high,
                                            uint8_t *low) {
    const __m512i mask = _mm512_set1_epi8(15), two = _mm512_set1_epi8(2);
    const __m512i table = _mm512_sub_epi8(
        _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)slm__codebook)),
        _mm512_set1_epi8(SLM__Q4_OFFSET));
    /* of 16 bytes, which are rows 4i to 4i + 3, the first two rows are unpacked to `even` */
    const __m512i rows = _mm512_set_epi32(0x0D0D0D0D, 0x0D0D0D0D, 0x0C0C0C0C, 0x0C0C0C0C,
                                          0x09090909, 0x09090909, 0x08080808, 0x08080808,
                                          0x05050505, 0x05050505, 0x04040404, 0x04040404,
                                          0x01010101, 0x01010101, 0, 0);
    size_t k, end;
    for (k = 0; k < cols; subscales += 16) {
        __m512i e = _mm512_broadcast_i32x4(
            _mm_loadu_si128((const __m128i *)(const void *)subscales));
        __m512i even = _mm512_slli_epi16(_mm512_shuffle_epi8(e, rows), 8);
        __m512i odd = _mm512_slli_epi16(_mm512_shuffle_epi8(e, _mm512_add_epi8(rows, two)), 8);
        for (end = k + group; k < end; k += 8, w += 64, high += 128, low += 128) {
            __m512i v = _mm512_loadu_si512(w);
            slm__two_planes(_mm512_shuffle_epi8(table, _mm512_and_si512(v, mask)), even, odd,
                            high, low);
            v = _mm512_and_si512(_mm512_srli_epi16(v, 4), mask);
            slm__two_planes(_mm512_shuffle_epi8(table, v), even, odd, high + 64, low + 64);
        }
    }
}

/* A block of two tiles as the matrix unit reads it: [64 columns][16][16 rows][4]. */
typedef struct slm__planes {
    const uint8_t *plane[2][2]; /* high and low, or q8's codes; of each tile */
    const uint16_t *scales[2];  /* q8's */
    size_t steps;               /* of 64 columns */
} slm__planes;

/* Sums of 2 tiles by 16 or 32 inputs on their way from the matrix unit to y[input][width]. */
typedef struct slm__unfinished {
    const int32_t *sums; /* [plane][tile][32 inputs][16 rows] */
    const slm__codes *x;
    slm__lanes_avx512 scale[2]; /* q8's */
    float *y;
    size_t width, left;
} slm__unfinished;

/* Finishes the next `count` inputs, if any are left: scales whole sums as block_q8 and block_q4
   do. */
SLM__INLINE_AMX void slm__flush(slm__unfinished *u, size_t planes, size_t count) {
    const int32_t *sums = u->sums;
    const slm__codes *x = u->x, *end = x + count;
    float *y = u->y;
    size_t i;
    if (!u->left) return;
    for (; x < end; x++, sums += 16, y += u->width) {
        SLM__UNROLL_FULL for (i = 0; i < 2; i++) {
            __m512i sum = _mm512_loadu_si512(sums + i * 512);
            slm__lanes_avx512 scale = slm__set_avx512(x->scale);
            if (planes == 1) {
                sum = _mm512_add_epi32(sum, _mm512_set1_epi32(x->start256));
                scale = slm__mul_avx512(u->scale[i], scale);
            } else {
                sum = _mm512_add_epi32(_mm512_slli_epi32(sum, 6),
                                       _mm512_loadu_si512(sums + 1024 + i * 512));
            }
            slm__store_avx512(y + i * 16, slm__madd_avx512(
                slm__load_f32_avx512(y + i * 16), slm__of_avx512(_mm512_cvtepi32_ps(sum)),
                scale));
        }
    }
    u->sums = sums;
    u->x = x;
    u->y = y;
    u->left -= count;
}

/* A plane of two tiles times 16 or, with `more`, 32 inputs. Between the products sums from before
   are finished, `chunk` inputs at each step, so that both halves of the core are busy. */
SLM__INLINE_AMX void slm__multiply_plane(size_t planes, const uint8_t *const w[2], size_t steps,
                                         const slm__codes *x, int more, slm__unfinished *before,
                                         size_t chunk, int32_t *sums) {
    const uint8_t *a = w[0], *b = w[1];
    const int8_t *codes = x->code;
    size_t k;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
#define SLM__PRODUCT(sum, codes, weights)                                                      \
    if (planes == 1)                                                                           \
        _tile_dpbsud(sum, codes, weights); /* q8: signed codes by unsigned ones */             \
    else                                                                                       \
        _tile_dpbssd(sum, codes, weights)
    for (k = 0; k < steps; k++, codes += 64, a += 1024, b += 1024) {
        _tile_loadd(4, codes, sizeof(slm__codes));
        _tile_loadd(6, a, 64);
        SLM__PRODUCT(0, 4, 6);
        _tile_loadd(7, b, 64);
        SLM__PRODUCT(1, 4, 7);
        if (more) {
            _tile_loadd(5, codes + 16 * sizeof(slm__codes), sizeof(slm__codes));
            SLM__PRODUCT(2, 5, 6);
            SLM__PRODUCT(3, 5, 7);
        }
        slm__flush(before, planes, chunk);
    }
#undef SLM__PRODUCT
    _tile_stored(0, sums, 64);
    _tile_stored(2, sums + 256, 64);
    _tile_stored(1, sums + 512, 64);
    _tile_stored(3, sums + 768, 64);
}

/* Block b of two tiles, in planes; q8's is read where it lies unless it is short: then the unit
   would read past its end. */
SLM__TARGET_AMX static void slm__prepare_planes(const slm__strip *s, size_t first, size_t b,
                                                uint8_t *room, slm__planes *w) {
    size_t cols = slm__least(s->cols - b * SLM__BLOCK, SLM__BLOCK), i;
    size_t scales = slm__block_scales_at(s->type, b), at = slm__block_at(s->type, s->cols, b);
    w->steps = (cols + 63) / 64;
    for (i = 0; i < 2; i++, room += 8192) {
        const uint8_t *tile = s->tiles + (first + i) * s->tile;
        uint8_t *low = room + 4096;
        w->plane[0][i] = room;
        w->plane[1][i] = low;
        w->scales[i] = (const uint16_t *)(const void *)(tile + scales);
        if (s->type == SLM_TYPE_Q8 && cols == SLM__BLOCK) {
            w->plane[0][i] = tile + at;
        } else if (s->type == SLM_TYPE_Q8) {
            size_t size = (cols + 7) / 8 * 128;
            memcpy(room, tile + at, size);
            memset(room + size, 0, 4096 - size);
        } else {
            size_t group = slm__group(s->type), whole = (cols + group - 1) / group * group;
            slm__unpack_amx(tile + at, (const int8_t *)tile + scales, group, whole, room, low);
            memset(room + whole * 16, 0, 4096 - whole * 16);
            memset(low + whole * 16, 0, 4096 - whole * 16);
        }
    }
    __asm__ volatile("" : : : "memory"); /* what was written is read through tile registers */
}

/* A block of two tiles times all inputs; y[input][width] has the sums of the blocks before. */
SLM__INLINE_AMX void slm__multiply_block(size_t planes, const slm__planes *w,
                                         const slm__codes *x, size_t tokens, int32_t *sums,
                                         float *y, size_t width) {
    slm__unfinished before, now;
    size_t t, plane, products = planes * w->steps, turn = 0;
    size_t chunk = products < 4 ? 16 : products < 8 ? 8 : 4;
    memset(&before, 0, sizeof before);
    now.width = width;
    if (planes == 1) {
        now.scale[0] = slm__load_f16_avx512(w->scales[0]);
        now.scale[1] = slm__load_f16_avx512(w->scales[1]);
    }
    for (t = 0; t < tokens; t += 32, turn ^= 2048) {
        now.sums = sums + turn;
        now.x = x + t;
        now.y = y + t * width;
        now.left = tokens - t > 16 ? 32 : 16;
        for (plane = 0; plane < planes; plane++)
            slm__multiply_plane(planes, w->plane[plane], w->steps, now.x, tokens - t > 16,
                                &before, chunk, sums + turn + plane * 1024);
        slm__flush(&before, planes, before.left);
        before = now;
    }
    slm__flush(&before, planes, before.left);
}

SLM__TARGET_AMX static void slm__multiply_tiles(const slm__strip *s, const slm__output *f,
                                                size_t token, size_t tokens) {
    float y_room[(SLM__STRIP_TOKENS + 16) * 64 + 16], planes_room[4 * 1024 + 16];
    float sums_room[2 * 2048 + 16], *y = slm__line(y_room);
    int32_t *sums = (int32_t *)(void *)slm__line(sums_room);
    size_t blocks = slm__blocks(s->cols), width = s->count * 16, b, tile;
    slm__planes w;
    memset(y, 0, (tokens + 15) / 16 * 16 * width * sizeof(float));
    for (b = 0; b < blocks; b++)
        for (tile = 0; tile < s->count; tile += 2) {
            const slm__codes *x = s->codes + b * s->code_stride + token;
            slm__prepare_planes(s, tile, b, (uint8_t *)slm__line(planes_room), &w);
            if (s->type == SLM_TYPE_Q8)
                slm__multiply_block(1, &w, x, tokens, sums, y + tile * 16, width);
            else
                slm__multiply_block(2, &w, x, tokens, sums, y + tile * 16, width);
        }
    slm__finish_avx512(s, f, 0, s->count, token, tokens, y);
}

/* Few inputs would leave most rows of a register empty. */
enum { SLM__TILE_TOKENS = 8 };

/* An odd tile at the end goes through avx512's kernel. */
SLM__TARGET_AMX static void slm__multiply_amx(const slm__strip *s, const slm__output *f) {
    slm__strip even = *s, odd = *s;
    slm__output last = *f;
    size_t t, tokens;
    even.count = s->count / 2 * 2;
    if (!slm__integer(s->type) || s->tokens < SLM__TILE_TOKENS) even.count = 0;
    if (even.count) {
        _tile_loadconfig(&slm__tiles_of_16);
        for (t = 0; t < s->tokens; t += tokens) {
            tokens = slm__least(s->tokens - t, SLM__STRIP_TOKENS);
            slm__multiply_tiles(&even, f, t, tokens);
        }
        _tile_release();
    }
    if (even.count == s->count) return;
    odd.tiles += even.count * s->tile;
    odd.count -= even.count;
    last.rows -= even.count * 16;
    last.y += even.count * 16;
    if (last.bias) last.bias += even.count * 16;
    slm__multiply_avx512(&odd, &last);
}

static const slm__kernels slm__kernels_amx = {
    16, SLM__QUERIES, slm__multiply_amx, slm__quantize_avx512, slm__unrotate_avx512,
    slm__attend_avx512, slm__layer_norm_avx512, slm__rms_norm_avx512, slm__no_norm_avx512,
    slm__add_rows_avx512, slm__narrow_avx512, slm__soft_cap_avx512};

/* Linux gives a process its tile registers when it asks. */
static int slm__amx_granted(void) {
    unsigned a, b, c, d;
    long result;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d >> 24 & 3) != 3) return 0;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(158L), "D"(0x1023L), "S"(18L) /* arch_prctl, ask for tile data */
                     : "rcx", "r11", "memory");
    return result == 0;
}
#endif

/* ---- >>lanes neon ------------------------------------------------------------------------
   AArch64 as it began: no instruction here is newer than ARMv8.0. */

#ifdef SLM__NEON
#define SLM__LANE __attribute__((always_inline)) static inline
#define SLM__EACH for (i = 0; i < 4; i++)

typedef struct { float32x4_t v[4]; } slm__lanes_neon;
typedef struct { uint8x16_t a[8]; } slm__weights_neon; /* a[r], a[4 + r]: rows 4 r to 4 r + 3 */
typedef struct { int32x4_t v[4]; } slm__ints_neon;

SLM__LANE slm__lanes_neon slm__set_neon(float b) {
    slm__lanes_neon a;
    a.v[0] = a.v[1] = a.v[2] = a.v[3] = vdupq_n_f32(b);
    return a;
}
SLM__LANE slm__lanes_neon slm__load_f32_neon(const float *p) {
    slm__lanes_neon a;
    int i;
    SLM__EACH a.v[i] = vld1q_f32(p + 4 * i);
    return a;
}
SLM__LANE slm__lanes_neon slm__load_f16_neon(const uint16_t *p) {
    slm__lanes_neon a;
    int i;
    SLM__EACH a.v[i] = vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p + 4 * i)));
    return a;
}
SLM__LANE slm__lanes_neon slm__load_bf16_neon(const uint16_t *p) {
    slm__lanes_neon a;
    int i;
    SLM__EACH a.v[i] = vreinterpretq_f32_u32(vshlq_n_u32(vmovl_u16(vld1_u16(p + 4 * i)), 16));
    return a;
}
SLM__LANE void slm__store_neon(float *p, slm__lanes_neon a) {
    int i;
    SLM__EACH vst1q_f32(p + 4 * i, a.v[i]);
}
SLM__LANE void slm__store_f16_neon(uint16_t *p, slm__lanes_neon a) {
    int i;
    SLM__EACH vst1_u16(p + 4 * i, vreinterpret_u16_f16(vcvt_f16_f32(a.v[i])));
}
SLM__LANE int32_t slm__store_i8_neon(int8_t *p, slm__lanes_neon a) {
    int16x4_t part[4];
    int8x16_t bytes;
    int i;
    SLM__EACH part[i] = vmovn_s32(vcvtq_s32_f32(a.v[i]));
    bytes = vcombine_s8(vmovn_s16(vcombine_s16(part[0], part[1])),
                        vmovn_s16(vcombine_s16(part[2], part[3])));
    vst1q_s8(p, bytes);
    return vaddlvq_s8(bytes);
}
#define SLM__OPERATION(name, result)                                                           \
    SLM__LANE slm__lanes_neon name(slm__lanes_neon a, slm__lanes_neon b) {                     \
        int i;                                                                                 \
        SLM__EACH a.v[i] = result;                                                             \
        return a;                                                                              \
    }
/* Every product passes through an empty asm, so that none is fused with an addition. */
SLM__LANE float32x4_t slm__product_neon(float32x4_t a, float32x4_t b) {
    a = vmulq_f32(a, b);
    __asm__("" : "+w"(a));
    return a;
}
SLM__OPERATION(slm__add_neon, vaddq_f32(a.v[i], b.v[i]))
SLM__OPERATION(slm__sub_neon, vsubq_f32(a.v[i], b.v[i]))
SLM__OPERATION(slm__mul_neon, slm__product_neon(a.v[i], b.v[i]))
SLM__OPERATION(slm__div_neon, vdivq_f32(a.v[i], b.v[i]))
/* FMAX and FMIN give NaN where either is NaN; the second is wanted. */
SLM__OPERATION(slm__max_neon, vbslq_f32(vcgtq_f32(a.v[i], b.v[i]), a.v[i], b.v[i]))
SLM__OPERATION(slm__min_neon, vbslq_f32(vcltq_f32(a.v[i], b.v[i]), a.v[i], b.v[i]))
SLM__LANE uint32x4_t slm__magnitude_neon(float32x4_t a) {
    return vandq_u32(vreinterpretq_u32_f32(a), vdupq_n_u32(0x7FFFFFFF));
}
SLM__OPERATION(slm__max_magnitude_neon,
               vreinterpretq_f32_u32(vmaxq_u32(slm__magnitude_neon(a.v[i]),
                                               slm__magnitude_neon(b.v[i]))))
#undef SLM__OPERATION
SLM__LANE slm__lanes_neon slm__madd_neon(slm__lanes_neon s, slm__lanes_neon a,
                                         slm__lanes_neon b) {
    return slm__add_neon(s, slm__mul_neon(a, b));
}
SLM__LANE slm__lanes_neon slm__madd_at_neon(slm__lanes_neon sum, slm__lanes_neon a,
                                            const float *b) {
    return slm__madd_neon(sum, a, slm__set_neon(*b));
}
SLM__LANE slm__lanes_neon slm__zero_below_neon(slm__lanes_neon x, float limit, slm__lanes_neon a) {
    int i;
    SLM__EACH a.v[i] = vreinterpretq_f32_u32(vbicq_u32(
        vreinterpretq_u32_f32(a.v[i]), vcltq_f32(x.v[i], vdupq_n_f32(limit))));
    return a;
}
SLM__LANE slm__lanes_neon slm__exp2i_neon(slm__lanes_neon n) {
    int i;
    SLM__EACH n.v[i] = vreinterpretq_f32_s32(
        vshlq_n_s32(vaddq_s32(vcvtq_s32_f32(n.v[i]), vdupq_n_s32(127)), 23));
    return n;
}
SLM__LANE slm__lanes_neon slm__butterfly_neon(slm__lanes_neon a, int h) {
    static const uint32_t minus[2][4] = {{0, 0x80000000u, 0, 0x80000000u},
                                         {0, 0, 0x80000000u, 0x80000000u}};
    slm__lanes_neon b;
    uint32x4_t sign;
    int i;
    if (h >= 4) {
        SLM__EACH b.v[i] = i & h / 4 ? vsubq_f32(a.v[i - h / 4], a.v[i])
                                     : vaddq_f32(a.v[i], a.v[i + h / 4]);
        return b;
    }
    sign = vld1q_u32(minus[h - 1]);
    SLM__EACH {
        b.v[i] = h == 2 ? vextq_f32(a.v[i], a.v[i], 2) : vrev64q_f32(a.v[i]);
        a.v[i] = vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(a.v[i]), sign));
    }
    return slm__add_neon(b, a);
}
SLM__LANE slm__ints_neon slm__start_neon(int32_t b) {
    slm__ints_neon a;
    a.v[0] = a.v[1] = a.v[2] = a.v[3] = vdupq_n_s32(b);
    return a;
}
SLM__LANE slm__weights_neon slm__load_codes_neon(const uint8_t *p) {
    slm__weights_neon w;
    int i;
    for (i = 0; i < 8; i++) w.a[i] = vld1q_u8(p + 16 * i);
    return w;
}
SLM__LANE slm__weights_neon slm__load_nibbles_neon(const uint8_t *p) {
    const uint8x16_t table = vld1q_u8(slm__codebook);
    slm__weights_neon w;
    int i;
    SLM__EACH {
        uint8x16_t codes = vld1q_u8(p + 16 * i);
        w.a[i] = vqtbl1q_u8(table, vandq_u8(codes, vdupq_n_u8(15)));
        w.a[4 + i] = vqtbl1q_u8(table, vshrq_n_u8(codes, 4));
    }
    return w;
}
SLM__LANE void slm__store_codes_neon(uint8_t *p, slm__weights_neon w) {
    int i;
    for (i = 0; i < 8; i++) vst1q_u8(p + 16 * i, w.a[i]);
}
SLM__LANE int8x8_t slm__four_neon(const int8_t *x) {
    int32_t four;
    memcpy(&four, x, sizeof four);
    return vreinterpret_s8_s32(vdup_n_s32(four));
}
SLM__LANE int8x16_t slm__signed_neon(uint8x16_t code) { /* q8's weight: code - 128 */
    return vreinterpretq_s8_u8(veorq_u8(code, vdupq_n_u8(128)));
}
/* Two rows' products with columns 0 to 3 plus those with 4 to 7, at most 2 * 128 * 127. */
SLM__LANE int16x8_t slm__products_neon(int8x8_t w0, int8x8_t x0, int8x8_t w1, int8x8_t x1) {
    return vmlal_s8(vmull_s8(w0, x0), w1, x1);
}
SLM__LANE slm__ints_neon slm__dot_neon(slm__ints_neon s, slm__weights_neon w, const int8_t *x) {
    int8x8_t x0 = slm__four_neon(x), x1 = slm__four_neon(x + 4);
    int i;
    SLM__EACH {
        int8x16_t w0 = slm__signed_neon(w.a[i]), w1 = slm__signed_neon(w.a[4 + i]);
        int16x8_t lo = slm__products_neon(vget_low_s8(w0), x0, vget_low_s8(w1), x1);
        int16x8_t hi = slm__products_neon(vget_high_s8(w0), x0, vget_high_s8(w1), x1);
        s.v[i] = vaddq_s32(s.v[i], vpaddq_s32(vpaddlq_s16(lo), vpaddlq_s16(hi)));
    }
    return s;
}
/* Codes up to 62 are signed as they are, and four products stay below 2^15. */
SLM__LANE slm__ints_neon slm__dot_small_neon(slm__ints_neon s, slm__weights_neon w,
                                             const int8_t *x) {
    int8x8_t x0 = slm__four_neon(x), x1 = slm__four_neon(x + 4);
    int i;
    SLM__EACH {
        int8x16_t w0 = vreinterpretq_s8_u8(w.a[i]), w1 = vreinterpretq_s8_u8(w.a[4 + i]);
        int16x8_t lo = slm__products_neon(vget_low_s8(w0), x0, vget_low_s8(w1), x1);
        int16x8_t hi = slm__products_neon(vget_high_s8(w0), x0, vget_high_s8(w1), x1);
        s.v[i] = vpadalq_s16(s.v[i], vpaddq_s16(lo, hi));
    }
    return s;
}
/* The products are of signed weights. */
SLM__LANE slm__ints_neon slm__start_q8_neon(const slm__codes *x) {
    (void)x;
    return slm__start_neon(0);
}
SLM__LANE slm__ints_neon slm__load_i8_neon(const int8_t *p) {
    int8x16_t bytes = vld1q_s8(p);
    int16x8_t low = vmovl_s8(vget_low_s8(bytes)), high = vmovl_s8(vget_high_s8(bytes));
    slm__ints_neon a;
    a.v[0] = vmovl_s16(vget_low_s16(low));
    a.v[1] = vmovl_s16(vget_high_s16(low));
    a.v[2] = vmovl_s16(vget_low_s16(high));
    a.v[3] = vmovl_s16(vget_high_s16(high));
    return a;
}
SLM__LANE slm__ints_neon slm__scale_add_neon(slm__ints_neon total, slm__ints_neon s,
                                             slm__ints_neon weight) {
    int i;
    SLM__EACH total.v[i] = vmlaq_s32(total.v[i], s.v[i], weight.v[i]);
    return total;
}
SLM__LANE int32_t slm__widest16_neon(const int8_t *code) {
    uint16_t widest = 0, sum;
    int g;
    for (g = 0; g < 256; g += 16) {
        sum = vaddlvq_u8(vreinterpretq_u8_s8(vabsq_s8(vld1q_s8(code + g))));
        if (sum > widest) widest = sum;
    }
    return widest;
}
SLM__LANE slm__lanes_neon slm__float_neon(slm__ints_neon s) {
    slm__lanes_neon a;
    int i;
    SLM__EACH a.v[i] = vcvtq_f32_s32(s.v[i]);
    return a;
}
#undef SLM__LANE

#define SLM__SET neon
#define SLM__LANES neon
#define SLM__TARGET
#define SLM__INLINE __attribute__((always_inline)) static inline
#define SLM__UNROLL SLM__UNROLL_FULL
#define SLM__TILES 1
#define SLM__TOKEN_BLOCK 3
#define SLM__QUERY_BLOCK 4
#include SLM_HEADER
#endif

/* ---- >>lanes neondot ---------------------------------------------------------------------
   NEON's lanes, with one instruction for four products. */

#ifdef SLM__TARGET_DOT
#define SLM__LANE SLM__TARGET_DOT __attribute__((always_inline)) static inline

SLM__LANE slm__ints_neon slm__dot_small_neondot(slm__ints_neon s, slm__weights_neon w,
                                                const int8_t *x) {
    int8x8_t eight = vld1_s8(x);
    int i;
    SLM__EACH {
        s.v[i] = vdotq_lane_s32(s.v[i], vreinterpretq_s8_u8(w.a[i]), eight, 0);
        s.v[i] = vdotq_lane_s32(s.v[i], vreinterpretq_s8_u8(w.a[4 + i]), eight, 1);
    }
    return s;
}
SLM__LANE slm__ints_neon slm__dot_neondot(slm__ints_neon s, slm__weights_neon w,
                                          const int8_t *x) {
    int i;
    for (i = 0; i < 8; i++) w.a[i] = vreinterpretq_u8_s8(slm__signed_neon(w.a[i]));
    return slm__dot_small_neondot(s, w, x);
}
SLM__LANE slm__ints_neon slm__start_q8_neondot(const slm__codes *x) {
    return slm__start_q8_neon(x);
}
#undef SLM__LANE

#define SLM__SET neondot
#define SLM__LANES neon
#define SLM__TARGET SLM__TARGET_DOT
#define SLM__INLINE SLM__TARGET_DOT __attribute__((always_inline)) static inline
#define SLM__UNROLL SLM__UNROLL_FULL
#define SLM__TILES 1
#define SLM__TOKEN_BLOCK 3
#define SLM__QUERY_BLOCK 4
#include SLM_HEADER
#endif
#ifdef SLM__NEON
#undef SLM__EACH
#endif

/* ---- >>dispatch --------------------------------------------------------------------------
   Which instruction sets this processor has, and the best of them. Knows no kernel but by name. */

SLM_API const char *slm_isa_name(slm_isa isa) {
    static const char *const names[SLM_ISA_COUNT] = {"auto",   "portable", "avx2",    "avxvnni",
                                                     "avx512", "neon",     "neondot", "amx"};
    return (unsigned)isa < (unsigned)SLM_ISA_COUNT ? names[isa] : NULL;
}

/* AVX-VNNI has no name in the older compilers' __builtin_cpu_supports: CPUID leaf 7.1. */
SLM_API int slm_isa_available(slm_isa isa) {
#ifdef SLM__AVXVNNI
    unsigned a = 0, b, c, d;
#endif
#ifdef SLM__AVX2
    int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("avx");
#endif
    switch (isa) {
    case SLM_ISA_AUTO:
    case SLM_ISA_PORTABLE: return 1;
#ifdef SLM__AVX2
    case SLM_ISA_AVX2: return avx2;
#endif
#ifdef SLM__AVXVNNI
    case SLM_ISA_AVXVNNI:
        return avx2 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1);
#endif
#ifdef SLM__AVX512
    case SLM_ISA_AVX512:
        return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
#endif
#ifdef SLM__AMX
    case SLM_ISA_AMX: return slm_isa_available(SLM_ISA_AVX512) && slm__amx_granted();
#endif
#ifdef SLM__NEON
    case SLM_ISA_NEON: return 1;
#endif
#if defined(SLM__TARGET_DOT) && defined(__ARM_FEATURE_DOTPROD)
    case SLM_ISA_NEONDOT: return 1;
#elif defined(SLM__TARGET_DOT)
    case SLM_ISA_NEONDOT: return (getauxval(AT_HWCAP) >> 20 & 1) != 0; /* HWCAP_ASIMDDP */
#endif
    default: return 0;
    }
}

/* NULL: not in this build or not on this CPU. */
static const slm__kernels *slm__kernels_for(slm_isa *isa) {
    static const slm_isa best[] = {SLM_ISA_AMX,     SLM_ISA_AVX512, SLM_ISA_AVXVNNI,
                                   SLM_ISA_AVX2,    SLM_ISA_NEONDOT, SLM_ISA_NEON,
                                   SLM_ISA_PORTABLE};
    size_t i = 0;
    if (*isa == SLM_ISA_AUTO) {
        while (!slm_isa_available(best[i])) i++;
        *isa = best[i];
    }
    if (!slm_isa_available(*isa)) return NULL;
    switch (*isa) {
#ifdef SLM__AVX2
    case SLM_ISA_AVX2: return &slm__kernels_avx2;
#endif
#ifdef SLM__AVXVNNI
    case SLM_ISA_AVXVNNI: return &slm__kernels_avxvnni;
#endif
#ifdef SLM__AVX512
    case SLM_ISA_AVX512: return &slm__kernels_avx512;
#endif
#ifdef SLM__AMX
    case SLM_ISA_AMX: return &slm__kernels_amx;
#endif
#ifdef SLM__NEON
    case SLM_ISA_NEON: return &slm__kernels_neon;
#endif
#ifdef SLM__TARGET_DOT
    case SLM_ISA_NEONDOT: return &slm__kernels_neondot;
#endif
    default: return &slm__kernels_portable;
    }
}

#define SLM__CHANGED "compiled with options that change arithmetic: "
/* What would give other bits, with the compiler, its options and the machine; NULL: nothing. The
   chosen kernels multiply one tile, which has a denormal in its last row. */
static const char *slm__arithmetic_fault(const slm__kernels *kernels) {
    static const uint16_t order = 1;
    volatile double tenth = 0.1;
    volatile float big = 1e8f, one = 1.0f, near_one = 1.000244140625f, tiny = 1e-39f, product;
    float tile[16 * 3], x[3] = {near_one, -1.0f, 3.0f}, got[16], want[16];
    slm__strip strip;
    slm__output finish;
    int i;
    if (*(const uint8_t *)&order != 1) return "big-endian machines are not supported";
#if defined(__clang__) && defined(__FAST_MATH__)
    return SLM__CHANGED "clang's -ffast-math estimates quotients, and no pragma stops that";
#endif
    if ((double)(float)tenth == tenth)
        return SLM__CHANGED "constants have single precision (-fsingle-precision-constant)";
    if ((big + one) - big != 0.0f)
        return SLM__CHANGED "sums are reordered or kept in a wider type (-ffast-math, x87)";
    if (slm__madd(-slm__madd(0.0f, near_one, near_one), near_one, near_one) != 0.0f)
        return SLM__CHANGED "products are not rounded before they are added (-ffp-contract=fast)";
    product = tiny * one;
    if (!slm__bits(product)) return "denormal numbers are flushed to zero";
    for (i = 0; i < 48; i++) tile[i] = near_one * (float)(i - 20) / 7.0f;
    tile[15] = slm__float(0x200);
    tile[31] = tile[47] = 0;
    memset(&strip, 0, sizeof strip);
    memset(&finish, 0, sizeof finish);
    strip.tiles = (const uint8_t *)tile;
    strip.tile = sizeof tile;
    strip.count = strip.tokens = 1;
    strip.type = SLM_TYPE_F32;
    strip.cols = strip.x_stride = 3;
    strip.x = x;
    finish.rows = finish.y_stride = 16;
    finish.y = got;
    kernels->multiply(&strip, &finish);
    if (!slm__bits(got[15])) return "denormal numbers are flushed to zero in vectors";
    for (i = 0; i < 16; i++)
        want[i] = slm__madd(slm__madd(slm__madd(0.0f, tile[i], x[0]), tile[16 + i], x[1]),
                            tile[32 + i], x[2]);
    if (slm__bits(want[15]) == 0x200 && memcmp(got, want, sizeof got) == 0) return NULL;
    return SLM__CHANGED "the kernels differ from the plain formula";
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC pop_options
#ifdef SLM__DIAGNOSTIC_POP
#pragma GCC diagnostic pop
#endif
#elif defined(SLM__FLOAT_CONTROL)
#pragma float_control(pop)
#endif
#endif /* SLM_IMPLEMENTATION */

#else /* SLM__LANES: the header includes itself for one instruction set */

/* ---- >>kernel bodies ---------------------------------------------------------------------
   Written once over 16 lanes: lane i owns output i, so every set sums in the same order. The room
   of portable lanes has the operations and what a set defines. Knows no instruction set. */

#define SLM__JOIN2(a, b) a##_##b
#define SLM__JOIN(a, b) SLM__JOIN2(a, b)
#define SLM__N(name) SLM__JOIN(slm__##name, SLM__SET)
#define SLM__L(name) SLM__JOIN(slm__##name, SLM__LANES)
#define SLM__V SLM__L(lanes)
#define SLM__INTS SLM__L(ints)
#define SLM__ACCUMULATORS \
    (SLM__TILES * SLM__QUERY_BLOCK > SLM__SINGLE_TILES ? SLM__TILES * SLM__QUERY_BLOCK \
                                                       : SLM__SINGLE_TILES)

/* slm__exp and slm__gelu_new, operation by operation. */
SLM__INLINE SLM__V SLM__N(exps)(SLM__V x) {
    const SLM__V magic = SLM__L(set)(12582912.0f);
    SLM__V y = SLM__L(max)(SLM__L(set)(-87.0f), SLM__L(min)(SLM__L(set)(88.0f), x)), n, r, p;
    n = SLM__L(sub)(SLM__L(madd)(magic, y, SLM__L(set)(1.44269504088896341f)), magic);
    r = SLM__L(madd)(SLM__L(madd)(y, n, SLM__L(set)(-0.693359375f)), n,
                     SLM__L(set)(2.12194440e-4f));
    p = SLM__L(madd)(SLM__L(set)(1.3981999507e-3f), r, SLM__L(set)(1.9875691500e-4f));
    p = SLM__L(madd)(SLM__L(set)(8.3334519073e-3f), r, p);
    p = SLM__L(madd)(SLM__L(set)(4.1665795894e-2f), r, p);
    p = SLM__L(madd)(SLM__L(set)(1.6666665459e-1f), r, p);
    p = SLM__L(madd)(SLM__L(set)(5.0000001201e-1f), r, p);
    p = SLM__L(add)(SLM__L(madd)(r, SLM__L(mul)(r, r), p), SLM__L(set)(1.0f));
    return SLM__L(zero_below)(x, -87.0f, SLM__L(mul)(p, SLM__L(exp2i)(n)));
}

SLM__INLINE SLM__V SLM__N(gelus)(SLM__V x) {
    SLM__V cube = SLM__L(mul)(SLM__L(mul)(x, x), x);
    SLM__V u = SLM__L(mul)(SLM__L(madd)(x, SLM__L(set)(0.044715f), cube),
                           SLM__L(set)(0.79788456080286536f));
    u = SLM__N(exps)(SLM__L(mul)(SLM__L(set)(-2.0f), u));
    return SLM__L(div)(x, SLM__L(add)(SLM__L(set)(1.0f), u));
}

/* slm__gelu_erf */
SLM__INLINE SLM__V SLM__N(gelus_erf)(SLM__V x) {
    SLM__V y = SLM__L(max)(SLM__L(set)(-5.286f), SLM__L(min)(SLM__L(set)(5.286f), x));
    SLM__V z = SLM__L(mul)(y, y), p, q;
    p = SLM__L(madd)(SLM__L(set)(6.37906533e-6f), z, SLM__L(set)(2.40503599e-8f));
    p = SLM__L(madd)(SLM__L(set)(1.60334166e-4f), z, p);
    p = SLM__L(madd)(SLM__L(set)(4.62799147e-3f), z, p);
    p = SLM__L(madd)(SLM__L(set)(3.29357423e-2f), z, p);
    p = SLM__L(madd)(SLM__L(set)(3.98942262e-1f), z, p);
    q = SLM__L(madd)(SLM__L(set)(7.13522531e-5f), z, SLM__L(set)(1.23717041e-6f));
    q = SLM__L(madd)(SLM__L(set)(1.83656963e-3f), z, q);
    q = SLM__L(madd)(SLM__L(set)(2.81388015e-2f), z, q);
    q = SLM__L(madd)(SLM__L(set)(2.49223888e-1f), z, q);
    q = SLM__L(madd)(SLM__L(set)(1.0f), z, q);
    y = SLM__L(div)(SLM__L(mul)(y, p), q);
    return SLM__L(mul)(x, SLM__L(add)(SLM__L(set)(0.5f), y));
}

/* slm__silu */
SLM__INLINE SLM__V SLM__N(silus)(SLM__V x) {
    SLM__V e = SLM__N(exps)(SLM__L(mul)(SLM__L(set)(-1.0f), x));
    return SLM__L(div)(x, SLM__L(add)(SLM__L(set)(1.0f), e));
}

/* The three kinds of blocks: 256 columns or fewer of `tiles` tiles, `tile` bytes apart, times
   `tokens` inputs; the sums are added to y[token][width]. tiles and tokens are constants where
   these are called, so the loops over them unroll and s stays in registers. */

/* f32, f16, bf16: in sequential order. */
SLM__INLINE void SLM__N(block_floats)(unsigned type, size_t tiles, size_t tokens,
                                      const uint8_t *w, size_t tile, const float *x,
                                      size_t x_stride, size_t cols, float *y, size_t width) {
    SLM__V s[SLM__ACCUMULATORS], a;
    size_t i, t, k, step = type == SLM_TYPE_F32 ? 64 : 32;
    SLM__UNROLL for (i = 0; i < tiles * tokens; i++) s[i] = SLM__L(set)(0.0f);
    for (k = 0; k < cols; k++, w += step) {
        SLM__UNROLL for (i = 0; i < tiles; i++) {
            const uint8_t *at = w + i * tile;
            a = type == SLM_TYPE_F32   ? SLM__L(load_f32)((const float *)(const void *)at)
                : type == SLM_TYPE_F16 ? SLM__L(load_f16)((const uint16_t *)(const void *)at)
                                       : SLM__L(load_bf16)((const uint16_t *)(const void *)at);
            SLM__UNROLL for (t = 0; t < tokens; t++)
                s[i * tokens + t] = SLM__L(madd_at)(s[i * tokens + t], a, x + t * x_stride + k);
        }
    }
    SLM__UNROLL for (i = 0; i < tiles; i++)
        SLM__UNROLL for (t = 0; t < tokens; t++) {
            float *to = y + t * width + i * 16;
            SLM__L(store)(to, SLM__L(add)(SLM__L(load_f32)(to), s[i * tokens + t]));
        }
}

/* Eight columns from k on. */
SLM__INLINE void SLM__N(pair_q8)(size_t tiles, size_t tokens, const uint8_t *w, size_t tile,
                                 const slm__codes *x, size_t k, SLM__INTS *c) {
    SLM__L(weights) a[SLM__STRIP_TILES];
    size_t i, t;
#ifdef SLM__PAIR
    if (tokens > 1) {
        SLM__PAIR(tokens, w, x, k, c);
        return;
    }
#endif
    SLM__UNROLL for (i = 0; i < tiles; i++) a[i] = SLM__L(load_codes)(w + i * tile);
    SLM__UNROLL for (t = 0; t < tokens; t++)
        SLM__UNROLL for (i = 0; i < tiles; i++)
            c[i * tokens + t] = SLM__N(dot)(c[i * tokens + t], a[i], x[t].code + k);
}

/* All columns of a block: c += code * activation. */
SLM__INLINE void SLM__N(dots_q8)(size_t tiles, size_t tokens, const uint8_t *w, size_t tile,
                                 const slm__codes *x, size_t pairs, SLM__INTS *c) {
    size_t p;
#ifdef SLM__ROWS
    for (p = 0; p < tiles * tokens; p++)
        c[p] = SLM__ROWS(c[p], w + p / tokens * tile, x[p % tokens].code, pairs);
#else
    size_t j;
    for (p = 0; p + 4 <= pairs; p += 4, w += 512)
        SLM__UNROLL for (j = 0; j < 4; j++)
            SLM__N(pair_q8)(tiles, tokens, w + j * 128, tile, x, (p + j) * 8, c);
    for (; p < pairs; p++, w += 128) SLM__N(pair_q8)(tiles, tokens, w, tile, x, p * 8, c);
#endif
}

/* q8: float(sum of code * activation) * (weight scale * activation scale). w: [pairs][128]. */
SLM__INLINE void SLM__N(block_q8)(size_t tiles, size_t tokens, const uint8_t *w, size_t tile,
                                  const uint8_t *scales, size_t scale_tile, size_t pairs,
                                  const slm__codes *x, float *y, size_t width) {
    SLM__INTS c[SLM__ACCUMULATORS];
    size_t i, t;
    SLM__UNROLL for (i = 0; i < tiles; i++)
        SLM__UNROLL for (t = 0; t < tokens; t++) c[i * tokens + t] = SLM__N(start_q8)(x + t);
    SLM__N(dots_q8)(tiles, tokens, w, tile, x, pairs, c);
    SLM__UNROLL for (i = 0; i < tiles; i++) {
        SLM__V scale =
            SLM__L(load_f16)((const uint16_t *)(const void *)(scales + i * scale_tile));
        SLM__UNROLL for (t = 0; t < tokens; t++) {
            float *to = y + t * width + i * 16;
            SLM__L(store)(to, SLM__L(madd)(SLM__L(load_f32)(to),
                                           SLM__L(float)(c[i * tokens + t]),
                                           SLM__L(mul)(scale, SLM__L(set)(x[t].scale))));
        }
    }
}

/* `cols` columns from k on of q4's or q4f's codes: c += code * activation. */
SLM__INLINE void SLM__N(dots_q4)(int packed, size_t tiles, size_t tokens, const uint8_t *w,
                                 size_t tile, const slm__codes *x, size_t k, size_t cols,
                                 SLM__INTS *c) {
    SLM__L(weights) a[SLM__STRIP_TILES];
    size_t i, t, p;
#ifdef SLM__ROWS_Q4
    for (p = 0; packed && p < tiles * tokens; p++)
        c[p] = SLM__ROWS_Q4(c[p], w + p / tokens * tile, x[p % tokens].code + k, cols / 8);
    if (packed) return;
#endif
    SLM__UNROLL for (p = 0; p < cols / 8; p++) {
        SLM__UNROLL for (i = 0; i < tiles; i++) {
            const uint8_t *at = w + i * tile + p * (packed ? 64 : 128);
            a[i] = packed ? SLM__L(load_nibbles)(at) : SLM__L(load_codes)(at);
        }
        SLM__UNROLL for (t = 0; t < tokens; t++)
            SLM__UNROLL for (i = 0; i < tiles; i++)
                c[i * tokens + t] =
                    SLM__N(dot_small)(c[i * tokens + t], a[i], x[t].code + k + p * 8);
    }
}

/* Group g: s += (sum of code * activation) * sub-scale. */
SLM__INLINE void SLM__N(group_q4)(int packed, size_t group, size_t tiles, size_t tokens,
                                  const uint8_t *w, size_t tile, const int8_t *subscales,
                                  size_t subscale_tile, const slm__codes *x, size_t g,
                                  SLM__INTS *s) {
    SLM__INTS c[SLM__ACCUMULATORS], e;
    size_t i, t;
#ifdef SLM__GROUP
    if (!packed) {
        SLM__GROUP(group, tokens, w, subscales, x, g, s);
        return;
    }
#endif
    SLM__UNROLL for (i = 0; i < tiles; i++)
        SLM__UNROLL for (t = 0; t < tokens; t++)
            c[i * tokens + t] = SLM__L(start)(group == 16 ? x[t].start16[g] : x[t].start32[g]);
    SLM__N(dots_q4)(packed, tiles, tokens, w, tile, x, g * group, group, c);
    SLM__UNROLL for (i = 0; i < tiles; i++) {
        e = SLM__L(load_i8)(subscales + i * subscale_tile);
        SLM__UNROLL for (t = 0; t < tokens; t++)
            s[i * tokens + t] = SLM__L(scale_add)(s[i * tokens + t], c[i * tokens + t], e);
    }
}

#ifdef SLM__PAIRS
/* Groups g and g + 1 of 16 columns, whose sums are known to fit 16 bits: the first's goes into
   the upper half of the lanes where the second's is summed, on top of 2^15 so that it is never
   negative and takes nothing from the upper half. One instruction then scales both. */
SLM__INLINE void SLM__N(pair_q4f)(size_t tiles, size_t tokens, const uint8_t *w, size_t tile,
                                  const int8_t *subscales, size_t subscale_tile,
                                  const slm__codes *x, size_t g, SLM__INTS *s) {
    SLM__INTS c[SLM__ACCUMULATORS], e;
    size_t i, t;
    SLM__UNROLL for (i = 0; i < tiles; i++)
        SLM__UNROLL for (t = 0; t < tokens; t++)
            c[i * tokens + t] = SLM__L(start)(x[t].start16[g]);
    SLM__N(dots_q4)(0, tiles, tokens, w, tile, x, g * 16, 16, c);
    SLM__UNROLL for (t = 0; t < tokens; t++)
        SLM__UNROLL for (i = 0; i < tiles; i++)
            c[i * tokens + t] = SLM__L(shift)(c[i * tokens + t], x[t].start16[g + 1]);
    SLM__N(dots_q4)(0, tiles, tokens, w + 256, tile, x, g * 16 + 16, 16, c);
    SLM__UNROLL for (i = 0; i < tiles; i++) {
        e = SLM__L(load_i8_pair)(subscales + i * subscale_tile);
        SLM__UNROLL for (t = 0; t < tokens; t++)
            s[i * tokens + t] = SLM__L(scale_add_pair)(s[i * tokens + t], c[i * tokens + t], e);
    }
}

/* Whether all sums over 16 columns fit 16 bits, whatever the weights are. */
SLM__INLINE int SLM__N(narrow_sums)(const slm__codes *x, size_t tokens) {
    size_t t;
    for (t = 0; t < tokens; t++)
        if (x[t].widest16 * 31 > 32767) return 0;
    return 1;
}
#endif

/* q4 and q4f: the sum over groups of (sum of code * activation) * sub-scale, a whole number below
   2^27, becomes a float and is multiplied by the activation's scale. */
SLM__INLINE void SLM__N(block_q4)(int packed, size_t group, size_t tiles, size_t tokens,
                                  const uint8_t *w, size_t tile, const uint8_t *subscales,
                                  size_t subscale_tile, size_t groups, const slm__codes *x,
                                  float *y, size_t width) {
    const int8_t *e = (const int8_t *)subscales;
    SLM__INTS s[SLM__ACCUMULATORS];
    size_t i, t, g = 0, bytes = group * (packed ? 8 : 16);
    SLM__UNROLL for (i = 0; i < tiles * tokens; i++) s[i] = SLM__L(start)(0);
#ifdef SLM__PAIRS
    if (!packed && group == 16 && SLM__N(narrow_sums)(x, tokens))
        for (; g + 1 < groups; g += 2)
            SLM__N(pair_q4f)(tiles, tokens, w + g * bytes, tile, e + g * 16, subscale_tile, x, g,
                             s);
#endif
    for (; g < groups; g++)
        SLM__N(group_q4)(packed, group, tiles, tokens, w + g * bytes, tile, e + g * 16,
                         subscale_tile, x, g, s);
    SLM__UNROLL for (i = 0; i < tiles; i++)
        SLM__UNROLL for (t = 0; t < tokens; t++) {
            float *to = y + t * width + i * 16;
            SLM__L(store)(to, SLM__L(madd)(SLM__L(load_f32)(to),
                                           SLM__L(float)(s[i * tokens + t]),
                                           SLM__L(set)(x[t].scale)));
        }
}

/* Block b of a tile, or of two of floats, as it lies in the file, times one input. */
SLM__INLINE void SLM__N(direct)(const slm__strip *s, size_t tiles, size_t tile, size_t b,
                                size_t token, float *y) {
    const uint8_t *w = s->tiles + tile * s->tile, *scales = w + slm__block_scales_at(s->type, b);
    const slm__codes *x = slm__integer(s->type) ? s->codes + b * s->code_stride + token : NULL;
    const float *floats = s->x + token * s->x_stride + b * SLM__BLOCK;
    size_t cols = slm__least(s->cols - b * SLM__BLOCK, SLM__BLOCK);
    w += slm__block_at(s->type, s->cols, b);
    if (tiles == 1 && s->type == SLM_TYPE_Q8)
        SLM__N(block_q8)(1, 1, w, 0, scales, 0, (cols + 7) / 8, x, y, 0);
    else if (tiles == 1 && s->type == SLM_TYPE_Q4)
        SLM__N(block_q4)(1, 32, 1, 1, w, 0, scales, 0, (cols + 31) / 32, x, y, 0);
    else if (tiles == 1 && s->type == SLM_TYPE_Q4F)
        SLM__N(block_q4)(1, 16, 1, 1, w, 0, scales, 0, (cols + 15) / 16, x, y, 0);
    else if (s->type == SLM_TYPE_F32)
        SLM__N(block_floats)(SLM_TYPE_F32, tiles, 1, w, s->tile, floats, 0, cols, y, 0);
    else if (s->type == SLM_TYPE_F16)
        SLM__N(block_floats)(SLM_TYPE_F16, tiles, 1, w, s->tile, floats, 0, cols, y, 0);
    else
        SLM__N(block_floats)(SLM_TYPE_BF16, tiles, 1, w, s->tile, floats, 0, cols, y, 0);
}

/* What an activation makes of v. */
SLM__INLINE SLM__V SLM__N(activated)(slm__activation activation, SLM__V v) {
    switch (activation) {
    case SLM__GELU: return SLM__N(gelus)(v);
    case SLM__GELU_ERF: return SLM__N(gelus_erf)(v);
    case SLM__RELU: return SLM__L(max)(SLM__L(set)(0.0f), v);
    case SLM__SILU: return SLM__N(silus)(v);
    default: return v;
    }
}

/* Sums become results: a strip's tiles [first, first + tiles), inputs [token, token + tokens). */
SLM__TARGET static void SLM__N(finish)(const slm__strip *s, const slm__output *f, size_t first,
                                       size_t tiles, size_t token, size_t tokens,
                                       const float *y) {
    size_t tile, t;
    int row_scales = s->type == SLM_TYPE_Q4 || s->type == SLM_TYPE_Q4F;
    for (tile = first; tile < first + tiles; tile++, y += 16) {
        size_t rows = f->rows - tile * 16;
        float padded[16] = {0};
        SLM__V scale = SLM__L(set)(1.0f), bias = scale, v;
        if (rows > 16) rows = 16;
        if (row_scales)
            scale = SLM__L(load_f32)((const float *)(const void *)(s->tiles + tile * s->tile));
        if (f->bias) memcpy(padded, f->bias + tile * 16, rows * sizeof(float));
        bias = SLM__L(load_f32)(padded);
        for (t = 0; t < tokens; t++) {
            float *out = f->y + (token + t) * f->y_stride + tile * 16;
            v = SLM__L(load_f32)(y + t * tiles * 16);
            /* madd: clang's -ffp-contract=fast would fuse mul and add */
            if (row_scales && f->bias) v = SLM__L(madd)(bias, v, scale);
            else if (row_scales) v = SLM__L(mul)(v, scale);
            else if (f->bias) v = SLM__L(add)(v, bias);
            v = SLM__N(activated)(f->activation, v);
            if (f->storing != SLM__STORED) {
                SLM__V old;
                memcpy(padded, out, rows * sizeof(float));
                old = SLM__L(load_f32)(padded);
                v = f->storing == SLM__PLUS ? SLM__L(add)(v, old) : SLM__L(mul)(v, old);
            }
            if (rows == 16) {
                SLM__L(store)(out, v);
            } else {
                SLM__L(store)(padded, v);
                memcpy(out, padded, rows * sizeof(float));
            }
        }
    }
}

/* Tile after tile, so that memory is read from one place in order: the processor fetches ahead by
   itself, and faster than where four tiles are read beside each other. Tiles of floats go in pairs:
   one tile's chain of additions is slower than its loads from the cache. */
SLM__TARGET static void SLM__N(multiply_one)(const slm__strip *s, const slm__output *f,
                                             size_t token) {
    size_t blocks = (s->cols + SLM__BLOCK - 1) / SLM__BLOCK, b, tile, wide;
    float y[SLM__STRIP_TILES * 16] = {0};
    for (tile = 0; tile < s->count; tile += wide) {
        wide = slm__integer(s->type) || s->count - tile < 2 ? 1 : 2;
        for (b = 0; b < blocks; b++)
            if (wide == 2) SLM__N(direct)(s, 2, tile, b, token, y + tile * 16);
            else SLM__N(direct)(s, 1, tile, b, token, y + tile * 16);
    }
    SLM__N(finish)(s, f, 0, s->count, token, 1, y);
}

#if SLM__TOKEN_BLOCK > 1
/* Block b of some tiles, made ready for many inputs: nibbles become codes and halves floats. */
SLM__TARGET static void SLM__N(unpack)(const slm__strip *s, size_t tiles, size_t first, size_t b,
                                       uint8_t *panel) {
    size_t cols = s->cols - b * SLM__BLOCK, i, k;
    if (cols > SLM__BLOCK) cols = SLM__BLOCK;
    if (s->type == SLM_TYPE_Q4) cols = (cols + 31) / 32 * 32;
    if (s->type == SLM_TYPE_Q4F) cols = (cols + 15) / 16 * 16;
    for (i = 0; i < tiles; i++) {
        const uint8_t *w = s->tiles + (first + i) * s->tile +
                           slm__block_at(s->type, s->cols, b);
        const uint16_t *half = (const uint16_t *)(const void *)w;
        float *wide = (float *)(void *)panel + i * SLM__BLOCK * 16;
        if (s->type == SLM_TYPE_F16)
            for (k = 0; k < cols; k++)
                SLM__L(store)(wide + k * 16, SLM__L(load_f16)(half + k * 16));
        else if (s->type == SLM_TYPE_BF16)
            for (k = 0; k < cols; k++)
                SLM__L(store)(wide + k * 16, SLM__L(load_bf16)(half + k * 16));
        else
            for (k = 0; k < cols / 8; k++)
                SLM__L(store_codes)(panel + i * SLM__BLOCK * 16 + k * 128,
                                    SLM__L(load_nibbles)(w + k * 64));
    }
}

/* Block b of `tiles` tiles times the inputs from `token` on, SLM__TOKEN_BLOCK at a time, or
   SLM__TILES times as many of one tile of halves: as many accumulators, and half of the panel.
   Meanwhile the next block's weights, or with the last block the lines of the result `out`, are
   fetched. */
SLM__INLINE void SLM__N(panel)(const slm__strip *s, size_t tiles, size_t first, size_t b,
                               size_t token, size_t tokens, uint8_t *panel, float *y,
                               const float *out, size_t out_stride) {
    const uint8_t *w = s->tiles + first * s->tile, *in_place = w;
    size_t cols = s->cols - b * SLM__BLOCK, width = tiles * 16, t, i, k, step, wide;
    const uint8_t *scales = w + slm__block_scales_at(s->type, b), *ahead;
    size_t size = slm__block_at(s->type, s->cols, 1) - slm__block_at(s->type, s->cols, 0);
    /* of the next block: */
    size_t fetched = (size * SLM__TOKEN_BLOCK / tokens + 63) / 64 * 64;
    in_place += slm__block_at(s->type, s->cols, b);
    ahead = cols > SLM__BLOCK ? in_place + size : w + tiles * s->tile;
    if (cols > SLM__BLOCK) cols = SLM__BLOCK;
    if (s->type != SLM_TYPE_F32 && s->type != SLM_TYPE_Q8)
        SLM__N(unpack)(s, tiles, first, b, panel);
    wide = tiles == 1 && slm__halves(s->type) ? SLM__TILES : 1;
    for (t = 0; t < tokens; t += step * SLM__TOKEN_BLOCK, ahead += step * fetched) {
        const slm__codes *x =
            slm__integer(s->type) ? s->codes + b * s->code_stride + token + t : NULL;
        const float *floats = s->x + (token + t) * s->x_stride + b * SLM__BLOCK;
        step = tokens - t > SLM__TOKEN_BLOCK ? wide : 1; /* no input further behind is read */
        for (i = 0; i < tiles; i++)
            for (k = 0; k < step * fetched; k += 64) SLM__PREFETCH(ahead + i * s->tile + k);
        for (i = t; out && i < slm__least(t + step * SLM__TOKEN_BLOCK, tokens); i++)
            for (k = 0; k < tiles; k++) SLM__PREFETCH_WRITE(out + i * out_stride + k * 16);
        if (s->type == SLM_TYPE_Q8)
            SLM__N(block_q8)(tiles, SLM__TOKEN_BLOCK, in_place, s->tile, scales, s->tile,
                             (cols + 7) / 8, x, y + t * width, width);
        else if (s->type == SLM_TYPE_Q4)
            SLM__N(block_q4)(0, 32, tiles, SLM__TOKEN_BLOCK, panel, SLM__BLOCK * 16, scales,
                             s->tile, (cols + 31) / 32, x, y + t * width, width);
        else if (s->type == SLM_TYPE_Q4F)
            SLM__N(block_q4)(0, 16, tiles, SLM__TOKEN_BLOCK, panel, SLM__BLOCK * 16, scales,
                             s->tile, (cols + 15) / 16, x, y + t * width, width);
        else if (tiles == 1 && SLM__TILES > 1 && step > 1)
            SLM__N(block_floats)(SLM_TYPE_F32, 1, SLM__TILES * SLM__TOKEN_BLOCK, panel, 0, floats,
                                 s->x_stride, cols, y + t * width, width);
        else
            SLM__N(block_floats)(SLM_TYPE_F32, tiles, SLM__TOKEN_BLOCK,
                                 s->type == SLM_TYPE_F32 ? in_place : panel,
                                 s->type == SLM_TYPE_F32 ? s->tile : SLM__BLOCK * 64, floats,
                                 s->x_stride, cols, y + t * width, width);
    }
}

/* Floats of a room for the sums of all inputs so far, [tokens + SLM__TOKEN_BLOCK][tiles][16], and
   behind them a panel: of codes, or of one tile of floats, which has fewer inputs where that would
   be more. */
#define SLM__CODES_ROOM \
    ((SLM__STRIP_TOKENS + SLM__TOKEN_BLOCK + SLM__BLOCK / 4) * SLM__TILES * 16)
#define SLM__HALVES_ROOM \
    (((SLM__TILES > 1 ? SLM__STRIP_TOKENS : SLM__HALF_TOKENS) + SLM__TOKEN_BLOCK + SLM__BLOCK) * 16)

SLM__TARGET static void SLM__N(multiply_many)(const slm__strip *s, const slm__output *f,
                                              size_t token, size_t tokens) {
    float room[(SLM__CODES_ROOM > SLM__HALVES_ROOM ? SLM__CODES_ROOM : SLM__HALVES_ROOM) + 16];
    float *y = slm__line(room);
    size_t most = slm__halves(s->type) ? 1 : SLM__TILES; /* tiles at once */
    uint8_t *panel = (uint8_t *)(y + (tokens + SLM__TOKEN_BLOCK) * most * 16);
    size_t blocks = (s->cols + SLM__BLOCK - 1) / SLM__BLOCK, b, tile, tiles;
    for (tile = 0; tile < s->count; tile += tiles) {
        tiles = s->count - tile < most ? 1 : most;
        memset(y, 0, (tokens + SLM__TOKEN_BLOCK) * tiles * 16 * sizeof(float));
        for (b = 0; b < blocks; b++) {
            const float *out = b + 1 < blocks ? NULL : f->y + token * f->y_stride + tile * 16;
            if (tiles == SLM__TILES)
                SLM__N(panel)(s, SLM__TILES, tile, b, token, tokens, panel, y, out, f->y_stride);
            else
                SLM__N(panel)(s, 1, tile, b, token, tokens, panel, y, out, f->y_stride);
        }
        SLM__N(finish)(s, f, tile, tiles, token, tokens, y);
    }
}
#endif

SLM__TARGET static void SLM__N(multiply)(const slm__strip *s, const slm__output *f) {
    size_t t = 0;
#if SLM__TOKEN_BLOCK > 1
    for (; s->tokens - t > 1; ) {
        int split = SLM__TILES == 1 && slm__halves(s->type);
        size_t most = split ? SLM__HALF_TOKENS : SLM__STRIP_TOKENS;
        size_t tokens = slm__least(s->tokens - t, most);
        SLM__N(multiply_many)(s, f, t, tokens);
        t += tokens;
    }
#endif
    for (; t < s->tokens; t++) SLM__N(multiply_one)(s, f, t);
}

/* A block of 1, 2, 4, 8 or 16 vectors, times its signs if they are given, through the
   Walsh-Hadamard butterflies, in the order of >>specification. */
SLM__INLINE void SLM__N(hadamard)(const float *x, const float *signs, float *out,
                                  size_t vectors) {
    SLM__V v[16], scale = SLM__L(set)(1.0f / sqrtf((float)(vectors * 16)));
    size_t h, i;
    SLM__UNROLL for (i = 0; i < vectors; i++) {
        v[i] = SLM__L(load_f32)(x + i * 16);
        if (signs) v[i] = SLM__L(mul)(v[i], SLM__L(load_f32)(signs + i * 16));
        v[i] = SLM__L(butterfly)(v[i], 1);
        v[i] = SLM__L(butterfly)(v[i], 2);
        v[i] = SLM__L(butterfly)(v[i], 4);
        v[i] = SLM__L(butterfly)(v[i], 8);
    }
    SLM__UNROLL for (h = 1; h < vectors; h *= 2)
        SLM__UNROLL for (i = 0; i < vectors; i++)
            if (!(i & h)) {
                SLM__V a = v[i], b = v[i + h];
                v[i] = SLM__L(add)(a, b);
                v[i + h] = SLM__L(sub)(a, b);
            }
    SLM__UNROLL for (i = 0; i < vectors; i++)
        SLM__L(store)(out + i * 16, SLM__L(mul)(v[i], scale));
}

/* The last columns, fewer than 256: blocks of the powers of two that they are the sum of. */
SLM__INLINE void SLM__N(hadamard_rest)(const float *x, const float *signs, float *out,
                                       size_t size) {
    size_t at = 0, i;
    if (size & 128) SLM__N(hadamard)(x, signs, out, 8);
    at += size & 128;
    if (size & 64) SLM__N(hadamard)(x + at, signs ? signs + at : NULL, out + at, 4);
    at += size & 64;
    if (size & 32) SLM__N(hadamard)(x + at, signs ? signs + at : NULL, out + at, 2);
    at += size & 32;
    if (size & 16) SLM__N(hadamard)(x + at, signs ? signs + at : NULL, out + at, 1);
    at += size & 16;
    for (i = at; i < size; i++) out[i] = signs ? x[i] * signs[i] : x[i];
    slm__hadamard_blocks(out + at, size - at);
}

SLM__TARGET static void SLM__N(unrotate)(float *x, const float *signs, size_t cols) {
    size_t at, i;
    for (at = 0; at + SLM__BLOCK <= cols; at += SLM__BLOCK)
        SLM__N(hadamard)(x + at, NULL, x + at, 16);
    SLM__N(hadamard_rest)(x + at, NULL, x + at, cols - at);
    for (i = 0; i + 16 <= cols; i += 16)
        SLM__L(store)(x + i, SLM__L(mul)(SLM__L(load_f32)(x + i), SLM__L(load_f32)(signs + i)));
    for (; i < cols; i++) x[i] *= signs[i];
}

/* A block's largest magnitude is an integer maximum, so its order does not matter and a NaN or
   infinity is seen; it then spoils the scale and with it the result. Behind `vectors` of x, of
   which the last is padded with zeros, all is zero. */
SLM__TARGET static void SLM__N(quantize_block)(const float *x, size_t vectors, slm__codes *out) {
    const SLM__V magic = SLM__L(set)(12582912.0f), limit = SLM__L(set)(127.0f);
    const SLM__V minus = SLM__L(set)(-127.0f);
    SLM__V top = SLM__L(set)(0.0f), v;
    float tops[16], inverse;
    uint32_t largest = 0, g;
    int32_t sum, total = 0;
    for (g = 0; g < vectors; g++) top = SLM__L(max_magnitude)(top, SLM__L(load_f32)(x + g * 16));
    SLM__L(store)(tops, top);
    for (g = 0; g < 16; g++)
        if (slm__bits(tops[g]) > largest) largest = slm__bits(tops[g]);
    out->scale = slm__float(largest) / 127.0f;
    inverse = 127.0f / slm__float(largest);
    if (largest >= 0x7F800000u) out->scale = slm__float(0x7FC00000u);
    if (largest >= 0x7F800000u || !slm__finite(inverse)) vectors = 0;
    if (vectors < 16) {
        memset(out->code, 0, SLM__BLOCK);
        memset(out->start16, 0, sizeof out->start16);
        memset(out->start32, 0, sizeof out->start32);
    }
    for (g = 0; g < vectors; g++) {
        v = SLM__L(madd)(magic, SLM__L(load_f32)(x + g * 16), SLM__L(set)(inverse));
        v = SLM__L(max)(minus, SLM__L(min)(limit, SLM__L(sub)(v, magic)));
        sum = SLM__L(store_i8)(out->code + g * 16, v);
        out->start16[g] = -SLM__Q4_OFFSET * sum;
        out->start32[g / 2] = out->start16[g] + (g % 2 ? out->start32[g / 2] : 0);
        total += sum;
    }
    out->start256 = -SLM__Q8_OFFSET * total;
    out->widest16 = SLM__L(widest16)(out->code);
}

SLM__TARGET static void SLM__N(quantize)(const float *x, size_t cols, const float *signs,
                                         slm__codes *out, size_t stride) {
    float block[SLM__BLOCK];
    size_t at, size, vectors;
    for (at = 0; at < cols; at += SLM__BLOCK, out += stride) {
        size = slm__least(cols - at, SLM__BLOCK);
        vectors = (size + 15) / 16;
        if (size % 16) memset(block + vectors * 16 - 16, 0, 16 * sizeof(float));
        if (!signs) memcpy(block, x + at, size * sizeof(float));
        else if (size == SLM__BLOCK)
            SLM__N(hadamard)(x + at, signs + at, block, 16);
        else SLM__N(hadamard_rest)(x + at, signs + at, block, size);
        SLM__N(quantize_block)(block, vectors, out);
    }
}

/* Attention in three steps over all positions: scores, softmax, weighted values. A query has a
   query buffer: its vector, later its result, and behind that its scores. */

SLM__INLINE SLM__V SLM__N(load)(size_t item, const void *at) {
    return item == 4 ? SLM__L(load_f32)((const float *)at)
                     : SLM__L(load_f16)((const uint16_t *)at);
}

/* y[query][16 * i ..] = start[query][16 * i ..] + the sum of x[query][row] * w[row][16 * i ..] in
   order of rows: scores, where x is queries and w keys, and results, where x is weights and w
   values. w: elements of `item` bytes, row_step of them from a row to the next, tile_step from i
   to i + 1. start NULL: zeros. A number of x meets all tiles before the next, so that few
   registers hold broadcasts. */
SLM__INLINE void SLM__N(mix)(size_t item, size_t tiles, size_t queries, const void *w,
                             size_t row_step, size_t tile_step, size_t rows, const float *x,
                             const float *start, float *y, size_t buffer_floats) {
    static const float zeros[SLM__SINGLE_TILES * 16] = {0};
    const uint8_t *at = (const uint8_t *)w;
    const float *from = start ? start : zeros;
    size_t from_buffer = start ? buffer_floats : 0, i, t, k;
    SLM__V s[SLM__ACCUMULATORS], a[SLM__SINGLE_TILES];
    SLM__UNROLL for (i = 0; i < tiles; i++)
        SLM__UNROLL for (t = 0; t < queries; t++)
            s[i * queries + t] = SLM__L(load_f32)(from + t * from_buffer + i * 16);
    for (k = 0; k < rows; k++, at += row_step * item, x++) {
        SLM__UNROLL for (i = 0; i < tiles; i++)
            a[i] = SLM__N(load)(item, at + i * tile_step * item);
        SLM__UNROLL for (t = 0; t < queries; t++)
            SLM__UNROLL for (i = 0; i < tiles; i++)
                s[i * queries + t] =
                    SLM__L(madd_at)(s[i * queries + t], a[i], x + t * buffer_floats);
    }
    SLM__UNROLL for (i = 0; i < tiles; i++)
        SLM__UNROLL for (t = 0; t < queries; t++)
            SLM__L(store)(y + t * buffer_floats + i * 16, s[i * queries + t]);
}

/* Scores [from, count), times the scale, become exp(score - largest), the rest of the buffer up to
   `end` zero; their sum is returned: 16 partial sums by position, then the tree. */
SLM__TARGET static float SLM__N(softmax)(float *scores, size_t from, size_t count, size_t end,
                                         float scale) {
    const SLM__V scales = SLM__L(set)(scale);
    SLM__V v = SLM__L(set)(slm__float(0xFF800000u)), minus, sum = SLM__L(set)(0.0f);
    const float unseen = slm__float(scale < 0 ? 0x7F800000u : 0xFF800000u); /* exp gives +0 */
    float lanes[16], largest;
    size_t i;
    for (i = 0; i < from; i++) scores[i] = unseen;
    for (i = count; i < end; i++) scores[i] = unseen;
    for (i = 0; i < end; i += 16)
        v = SLM__L(max)(v, SLM__L(mul)(SLM__L(load_f32)(scores + i), scales));
    SLM__L(store)(lanes, v);
    for (largest = lanes[0], i = 1; i < 16; i++)
        largest = lanes[i] > largest ? lanes[i] : largest;
    minus = SLM__L(set)(-largest);
    for (i = 0; i < end; i += 16) {
        v = SLM__N(exps)(SLM__L(madd)(minus, SLM__L(load_f32)(scores + i), scales));
        sum = SLM__L(add)(sum, v);
        SLM__L(store)(scores + i, v);
    }
    SLM__L(store)(lanes, sum);
    return slm__tree(lanes);
}

/* slm__soft_cap */
SLM__INLINE SLM__V SLM__N(caps)(SLM__V x, SLM__V scale, SLM__V cap) {
    const SLM__V one = SLM__L(set)(1.0f), two = SLM__L(set)(2.0f), turn = SLM__L(set)(0.625f);
    SLM__V u = SLM__L(div)(SLM__L(mul)(x, scale), cap), size, small, z, p, t;
    size = SLM__L(max)(u, SLM__L(mul)(SLM__L(set)(-1.0f), u));
    small = SLM__L(max)(SLM__L(set)(-0.625f), SLM__L(min)(turn, u));
    z = SLM__L(mul)(small, small);
    p = SLM__L(madd)(SLM__L(set)(2.06390887954e-2f), z, SLM__L(set)(-5.70498872745e-3f));
    p = SLM__L(madd)(SLM__L(set)(-5.37397155531e-2f), z, p);
    p = SLM__L(madd)(SLM__L(set)(1.33314422036e-1f), z, p);
    p = SLM__L(madd)(SLM__L(set)(-3.33332819422e-1f), z, p);
    p = SLM__L(madd)(small, SLM__L(mul)(small, z), p);
    t = SLM__L(add)(SLM__N(exps)(SLM__L(mul)(two, u)), one);
    t = SLM__L(sub)(one, SLM__L(div)(two, t));
    t = SLM__L(add)(SLM__L(zero_below)(size, 0.625f, t),
                    SLM__L(sub)(p, SLM__L(zero_below)(size, 0.625f, p)));
    return SLM__L(mul)(cap, t);
}

SLM__TARGET static void SLM__N(soft_cap)(float *x, size_t size, float scale, float cap) {
    const SLM__V scales = SLM__L(set)(scale), caps = SLM__L(set)(cap);
    float lanes[16] = {0};
    size_t i;
    for (i = 0; i + 16 <= size; i += 16)
        SLM__L(store)(x + i, SLM__N(caps)(SLM__L(load_f32)(x + i), scales, caps));
    if (i == size) return;
    memcpy(lanes, x + i, (size - i) * sizeof(float));
    SLM__L(store)(lanes, SLM__N(caps)(SLM__L(load_f32)(lanes), scales, caps));
    memcpy(x + i, lanes, (size - i) * sizeof(float));
}

/* Rows of halves as floats: [rows][tiles][16]. */
SLM__INLINE void SLM__N(widen)(size_t tiles, const uint8_t *w, size_t row_step, size_t tile_step,
                               size_t rows, float *out) {
    const uint16_t *half = (const uint16_t *)(const void *)w;
    size_t i, k;
    for (k = 0; k < rows; k++, half += row_step, out += tiles * 16)
        SLM__UNROLL for (i = 0; i < tiles; i++)
            SLM__L(store)(out + i * 16, SLM__L(load_f16)(half + i * tile_step));
}

/* One query, straight from the cache, byte after byte: that is read from memory a third faster than
   short streams beside each other. So its keys come tile by tile, and the tiles of values are
   neighbours. */
SLM__INLINE void SLM__N(mix_one)(size_t item, size_t tiles, const uint8_t *w, size_t row_step,
                                   size_t rows, const float *x, const float *start, float *y) {
    if (tiles == SLM__SINGLE_TILES)
        SLM__N(mix)(item, SLM__SINGLE_TILES, 1, w, row_step, 16, rows, x, start, y, 0);
    else if (tiles == 4)
        SLM__N(mix)(item, 4, 1, w, row_step, 16, rows, x, start, y, 0);
    else
        SLM__N(mix)(item, 1, 1, w, row_step, 16, rows, x, start, y, 0);
}

/* Adds `rows` rows of the cache, weighted by x, to y in each query's buffer: some elements of keys
   to scores or, `along` positions, some values to results. more: y holds a sum already. Many
   queries meet the rows as floats, made once, SLM__QUERY_BLOCK at a time; those that see nothing
   from position `from` on are left out. */
SLM__TARGET static void SLM__N(mix_rows)(const slm__queries *job, size_t tiles, const uint8_t *w,
                                      size_t row_step, size_t tile_step, size_t rows, int along,
                                      size_t from, size_t x, size_t y, int more) {
    float panel_room[SLM__PANEL_ROWS * SLM__TILES * 16 + 16], *panel = slm__line(panel_room);
    float *buffer = job->buffers;
    size_t t;
    if (job->count == 1) {
        const float *start = more ? buffer + y : NULL;
        if (job->item == 4)
            SLM__N(mix_one)(4, tiles, w, row_step, rows, buffer + x, start, buffer + y);
        else
            SLM__N(mix_one)(2, tiles, w, row_step, rows, buffer + x, start, buffer + y);
        return;
    }
    if (job->item == 2) {
        if (tiles == SLM__TILES)
            SLM__N(widen)(SLM__TILES, w, row_step, tile_step, rows, panel);
        else
            SLM__N(widen)(1, w, row_step, tile_step, rows, panel);
        w = (const uint8_t *)panel;
        row_step = tiles * 16;
        tile_step = 16;
    }
    for (t = 0; t < job->count; t += SLM__QUERY_BLOCK) {
        size_t end = slm__seen_end(job, slm__least(t + SLM__QUERY_BLOCK, job->count) - 1);
        size_t seen = rows;
        buffer = job->buffers + t * job->buffer_floats;
        if (end <= from) continue;
        if (along) seen = slm__least(rows, end - from);
        if (tiles == SLM__TILES)
            SLM__N(mix)(4, SLM__TILES, SLM__QUERY_BLOCK, w, row_step, tile_step, seen, buffer + x,
                        more ? buffer + y : NULL, buffer + y, job->buffer_floats);
        else
            SLM__N(mix)(4, 1, SLM__QUERY_BLOCK, w, row_step, tile_step, seen, buffer + x,
                        more ? buffer + y : NULL, buffer + y, job->buffer_floats);
    }
}

/* Scores of the positions in tiles [low, tiles). */
SLM__TARGET static void SLM__N(scores)(const slm__queries *job, size_t low, size_t tiles) {
    size_t size = job->size, padded = (size + 15) / 16 * 16, most, wide, i, d;
    const uint8_t *keys = (const uint8_t *)job->keys;
    most = job->count == 1 ? 1 : SLM__TILES;
    for (i = low; i < tiles; i += wide) {
        wide = tiles - i < most ? 1 : most;
        for (d = 0; d < size; d += SLM__PANEL_ROWS)
            SLM__N(mix_rows)(job, wide, keys + (i * size + d) * 16 * job->item, 16, size * 16,
                          slm__least(size - d, SLM__PANEL_ROWS), 0, i * 16, d, padded + i * 16,
                          d > 0);
    }
}

/* Sums of the values of positions [start, last), weighted; some positions after the other, so that
   each is read from memory once, however many tiles its value has. */
SLM__TARGET static void SLM__N(results)(const slm__queries *job, size_t start, size_t last) {
    size_t padded = (job->size + 15) / 16 * 16, wide, left, i, k;
    const uint8_t *values = (const uint8_t *)job->values;
    for (k = start; k < last; k += SLM__PANEL_ROWS)
        for (i = 0; i < padded; i += wide * 16) {
            left = (padded - i) / 16;
            if (job->count == 1)
                wide = left >= SLM__SINGLE_TILES ? SLM__SINGLE_TILES : left >= 4 ? 4 : 1;
            else wide = left >= SLM__TILES ? SLM__TILES : 1;
            SLM__N(mix_rows)(job, wide, values + (k * padded + i) * job->item, padded, 16,
                          slm__least(last - k, SLM__PANEL_ROWS), 1, k, padded + k, i, k > start);
        }
}

/* Tiles of positions before the first query's window are not looked at; `low` is the first that
   is. Many queries are filled up to whole SLM__QUERY_BLOCK by the last one. */
SLM__TARGET static void SLM__N(attend)(const slm__queries *job) {
    size_t size = job->size, padded = (size + 15) / 16 * 16;
    size_t last = slm__seen_end(job, job->count - 1);
    size_t start = slm__window_start(job->first, job->window), low = start / 16, i, t;
    size_t tiles = (last + 15) / 16, all = job->count;
    float sums[SLM__QUERIES], scale = job->scale, *buffer;
    if (all > 1) all = (all + SLM__QUERY_BLOCK - 1) / SLM__QUERY_BLOCK * SLM__QUERY_BLOCK;
    for (t = 0; t < all; t++)
        memcpy(job->buffers + t * job->buffer_floats,
               job->query + slm__least(t, job->count - 1) * job->stride, size * sizeof(float));
    SLM__N(scores)(job, low, tiles);
    for (t = 0; t < job->count; t++) {
        size_t seen = slm__seen_end(job, t) - low * 16;
        size_t from = slm__window_start(job->first + t, job->window) - low * 16;
        buffer = job->buffers + t * job->buffer_floats + padded + low * 16;
        if (job->cap != 0) {
            SLM__N(soft_cap)(buffer + from, seen - from, job->scale, job->cap);
            scale = 1;
        }
        sums[t] = SLM__N(softmax)(buffer, from, seen, (tiles - low) * 16, scale);
    }
    SLM__N(results)(job, start, last);
    for (t = 0; t < job->count; t++) {
        const SLM__V sum = SLM__L(set)(sums[t]);
        buffer = job->buffers + t * job->buffer_floats;
        for (i = 0; i < padded; i += 16)
            SLM__L(store)(buffer + i, SLM__L(div)(SLM__L(load_f32)(buffer + i), sum));
        memcpy(job->out + t * job->stride, buffer, size * sizeof(float));
    }
}

/* slm__madd where the set has fused multiply-add and the rest of the program has not: there only
   the lanes' own is safe from clang's -ffp-contract=fast. */
SLM__INLINE float SLM__N(madd_one)(float sum, float a, float b) {
    float lanes[16];
    SLM__L(store)(lanes, SLM__L(madd)(SLM__L(set)(sum), SLM__L(set)(a), SLM__L(set)(b)));
    return lanes[0];
}

/* LayerNorm (Ba et al. 2016) with biased variance, in two passes. */
SLM__TARGET static void SLM__N(layer_norm)(float *out, const float *x, size_t size,
                                           const float *weight, const float *bias, float eps) {
    float partial[16], mean, scale;
    SLM__V sum = SLM__L(set)(0.0f), v, m;
    size_t whole = size / 16 * 16, i;
    for (i = 0; i < whole; i += 16) sum = SLM__L(add)(sum, SLM__L(load_f32)(x + i));
    SLM__L(store)(partial, sum);
    for (; i < size; i++) partial[i & 15] += x[i];
    mean = slm__tree(partial) / (float)size;
    m = SLM__L(set)(mean);
    sum = SLM__L(set)(0.0f);
    for (i = 0; i < whole; i += 16) {
        v = SLM__L(sub)(SLM__L(load_f32)(x + i), m);
        sum = SLM__L(madd)(sum, v, v);
    }
    SLM__L(store)(partial, sum);
    for (; i < size; i++)
        partial[i & 15] = SLM__N(madd_one)(partial[i & 15], x[i] - mean, x[i] - mean);
    scale = 1.0f / sqrtf(slm__tree(partial) / (float)size + eps);
    for (i = 0; i < whole; i += 16) {
        v = SLM__L(mul)(SLM__L(sub)(SLM__L(load_f32)(x + i), m), SLM__L(set)(scale));
        SLM__L(store)(out + i, SLM__L(madd)(SLM__L(load_f32)(bias + i), v,
                                            SLM__L(load_f32)(weight + i)));
    }
    for (; i < size; i++) out[i] = SLM__N(madd_one)(bias[i], (x[i] - mean) * scale, weight[i]);
}

/* RMSNorm (Zhang and Sennrich 2019). */
SLM__TARGET static void SLM__N(rms_norm)(float *out, const float *x, size_t size,
                                         const float *weight, float eps) {
    float partial[16], scale;
    SLM__V sum = SLM__L(set)(0.0f), v;
    size_t whole = size / 16 * 16, i;
    for (i = 0; i < whole; i += 16) {
        v = SLM__L(load_f32)(x + i);
        sum = SLM__L(madd)(sum, v, v);
    }
    SLM__L(store)(partial, sum);
    for (; i < size; i++) partial[i & 15] = SLM__N(madd_one)(partial[i & 15], x[i], x[i]);
    scale = 1.0f / sqrtf(slm__tree(partial) / (float)size + eps);
    for (i = 0; i < whole; i += 16) {
        v = SLM__L(mul)(SLM__L(load_f32)(x + i), SLM__L(set)(scale));
        SLM__L(store)(out + i, SLM__L(mul)(v, SLM__L(load_f32)(weight + i)));
    }
    for (; i < size; i++) out[i] = (x[i] * scale) * weight[i];
}

/* MobileBERT's NoNorm. */
SLM__TARGET static void SLM__N(no_norm)(float *out, const float *x, size_t size,
                                        const float *weight, const float *bias) {
    size_t i;
    for (i = 0; i + 16 <= size; i += 16)
        SLM__L(store)(out + i, SLM__L(madd)(SLM__L(load_f32)(bias + i), SLM__L(load_f32)(x + i),
                                            SLM__L(load_f32)(weight + i)));
    for (; i < size; i++) out[i] = SLM__N(madd_one)(bias[i], x[i], weight[i]);
}

/* sum[i] = (a[i] + b[i]) + sum[i], or without b: a[i] + sum[i] */
SLM__TARGET static void SLM__N(add_rows)(float *sum, const float *a, const float *b,
                                         size_t size) {
    SLM__V v;
    size_t i;
    for (i = 0; i + 16 <= size; i += 16) {
        v = SLM__L(load_f32)(a + i);
        if (b) v = SLM__L(add)(v, SLM__L(load_f32)(b + i));
        SLM__L(store)(sum + i, SLM__L(add)(v, SLM__L(load_f32)(sum + i)));
    }
    for (; i < size; i++) sum[i] = (b ? a[i] + b[i] : a[i]) + sum[i];
}

SLM__TARGET static uint32_t SLM__N(narrow)(uint16_t *out, const float *x, size_t size) {
    SLM__V top = SLM__L(set)(0.0f), v;
    float tops[16];
    uint32_t largest = 0, bits;
    size_t i, j;
    for (i = 0; i + 16 <= size; i += 16) {
        v = SLM__L(load_f32)(x + i);
        top = SLM__L(max_magnitude)(top, v);
        SLM__L(store_f16)(out + i, v);
    }
    SLM__L(store)(tops, top);
    for (j = 0; j < 16; j++)
        if (slm__bits(tops[j]) > largest) largest = slm__bits(tops[j]);
    for (; i < size; i++) {
        out[i] = slm__to_half(x[i]);
        bits = slm__bits(x[i]) & 0x7FFFFFFFu;
        if (bits > largest) largest = bits;
    }
    return largest;
}

static const slm__kernels SLM__N(kernels) = {
    SLM__TOKEN_BLOCK,  SLM__QUERY_BLOCK > 1 ? SLM__QUERIES : 1,
    SLM__N(multiply),   SLM__N(quantize), SLM__N(unrotate), SLM__N(attend),
    SLM__N(layer_norm), SLM__N(rms_norm), SLM__N(no_norm),  SLM__N(add_rows), SLM__N(narrow),
    SLM__N(soft_cap)};

#undef SLM__JOIN2
#undef SLM__JOIN
#undef SLM__N
#undef SLM__L
#undef SLM__V
#undef SLM__INTS
#undef SLM__ACCUMULATORS
#undef SLM__CODES_ROOM
#undef SLM__HALVES_ROOM
#undef SLM__SET
#undef SLM__LANES
#undef SLM__TARGET
#undef SLM__INLINE
#undef SLM__UNROLL
#undef SLM__TILES
#undef SLM__TOKEN_BLOCK
#undef SLM__QUERY_BLOCK
#undef SLM__PAIR
#undef SLM__ROWS
#undef SLM__ROWS_Q4
#undef SLM__GROUP
#undef SLM__PAIRS
#endif /* SLM__LANES */

/* ---- >>specification ---------------------------------------------------------------------
   The arithmetic to the operation, the file to the byte and the chat formats: all that a second
   implementation needs.

   NUMERICS (version SLM_NUMERICS)
     One file and one input give the same bits for every thread count, chunking, instruction set,
     compiler and optimisation level. Every operation below is one IEEE single-precision operation,
     rounded to nearest even; products are rounded before they are added (no fused multiply-add).
     Columns are taken in blocks of 256 from column 0; the last block may be short. x is the input,
     w a weight; "by column" and the like mean one after the other, from the first.

     matrices         formula, in this order
     f32, f16, bf16   (halves are widened exactly) for each block s = +0, then s = s + w*x by
                      column; y = +0, then y = y + s by block; y = y + bias if there is one
     activations for  the input x is rotated first if the matrix is (see ROTATED); for each block
     q8, q4, q4f      m = max |x|; scale_x = m / 127; q = (x * (127/m) + 12582912) - 12582912,
                      clamped to -127..127; all q are 0 if 127/m is not finite
     q8               for each block d = sum of q*w (integers, exact); y = +0, then
                      y = y + float(d) * (scale_w * scale_x) by block; then the bias
     q4, q4f          for each block d = sum over groups of 32 (q4) or 16 (q4f) columns of
                      (sum of q*w) * sub-scale (integers, exact); y = +0, then
                      y = y + float(d) * scale_x by block; y = y * row scale; then the bias

     vectors          formula, in this order
     sum              16 partial sums, element i in partial sum i mod 16, then s[i] += s[i+8],
                      s[i] += s[i+4], s[i] += s[i+2], s[0] + s[1]; so for norms and softmax
     LayerNorm        in two passes: mean = sum / n, then v = sum of (x - mean) * (x - mean);
                      r = 1 / sqrt(v / n + eps); y = bias + ((x - mean) * r) * weight
     RMSNorm          v = sum of x * x; r = 1 / sqrt(v / n + eps); y = (x * r) * weight
     NoNorm           y = bias + x * weight
     rotary           angle = float(position) * inverse frequency; its sine and cosine (below);
                      (x, y) become x*cos + (-y)*sin, y*cos + x*sin; not with kind bit 2
     its pairs        inverse frequency i turns a head's elements i and i + rotary size / 2, in
                      GPT-J 2i and 2i + 1; the other elements stay as they are
     attention        over the positions that are seen: score = (s = +0, then s = s + k*q by
                      element) * scale, or with an attention cap soft cap(s, scale, cap);
                      m = the largest score; e = exp(score - m); t = sum of e (position i in
                      partial sum i mod 16); out = +0, then out = out + v*e by position;
                      out = out / t
     its scale        the header's attention scale, or 1/sqrt(head size) if that is 0
     its heads        query head h takes key and value head h / (heads / kv heads), an integer
                      division; in Qwen3 and Gemma 3, and with flag 2, each query and key head is
                      normed before it is rotated
     what it sees     position p sees 0 to p; in a layer with kind bit 1 only the last `window`;
                      in an encoder all positions of its text
     GELU (tanh form) u = (x + 0.044715 * ((x*x)*x)) * 0.79788456; x / (1 + exp(-2u))
     GELU (exact)     y = x within -5.286 .. 5.286; z = y*y; p = 2.40503599e-8, then p = a + z*p
                      for a = 6.37906533e-6, 1.60334166e-4, 4.62799147e-3, 3.29357423e-2,
                      3.98942262e-1; q = 1.23717041e-6, then q = a + z*q for
                      a = 7.13522531e-5, 1.83656963e-3, 2.81388015e-2, 2.49223888e-1, 1;
                      x * (0.5 + (y*p) / q)
     ReLU             the larger of 0 and x
     SiLU             x / (1 + exp(-x))

     functions        formula
     exp(x)           +0 below -87; above 88 x is 88. n = (12582912 + x * 1.44269504) - 12582912;
                      r = (x + n * -0.693359375) + n * 2.12194440e-4; p = 1.9875691500e-4, then
                      p = a + r*p for a = 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2,
                      1.6666665459e-1, 5.0000001201e-1; exp = ((r + (r*r)*p) + 1) * 2^n
     tanh(x)          1 - 2 / (exp(2x) + 1)
     soft cap(x, a,   cap * tanh(u), u = (x * a) / cap; but where u is above -0.625 and below 0.625,
     cap)             cap * (u + (u*z)*p): z = u*u; p = 2.06390887954e-2 + z * -5.70498872745e-3,
                      then p = b + z*p for b = -5.37397155531e-2, 1.33314422036e-1,
                      -3.33332819422e-1
     sine, cosine     in double, the results rounded:
                      n = (6755399441055744 + angle * 0.63661977236758134) - 6755399441055744;
                      r = (angle + n * -1.5707963109016418457) + n * -1.58932547735281966916e-8;
                      z = r*r;
                      S = (2.7557319223985893e-6 + z * -2.505210838544172e-8) +
                          (z*z) * 1.6059043836821613e-10, then S = a + z*S for
                      a = -1.9841269841269841e-4, 8.3333333333333333e-3, -1.6666666666666667e-1,
                      then S = r + (r*z)*S;
                      C = (2.4801587301587302e-5 + z * -2.7557319223985888e-7) +
                          (z*z) * (2.0876756987868099e-9 + z * -1.1470745597729725e-11), then
                      C = a + z*C for a = -1.3888888888888889e-3, 4.1666666666666667e-2, -0.5, 1;
                      sine and cosine are (S, C), (C, -S), (-S, -C) or (-C, S) where n mod 4 is
                      0, 1, 2 or 3
     log(x)           in double: x = m * 2^n with m at most 1.4142135623730951 and above half of
                      that; t = (m - 1) / (m + 1); s = +0, then s = 1/i + s*(t*t) for i = 21, 19,
                      ... 1; n * 0.69314718055994531 + (2*t)*s

     the model        formula, in this order
     stream           before the first layer: the token's embedding times the embedding scale,
                      plus the position's where there is a table of them
     a layer of Phi   n = norm(stream); stream = (attention(n) + ffn(n)) + stream;
     and GPT-J        ffn(n) = down(GELU(up(n))); their norms are LayerNorm
     a layer of       stream = attention(norm(stream)) + stream, then
     GPT-Neo, LLaMA,  stream = ffn(second norm(stream)) + stream; GPT-Neo and GPT-2 have Phi's
     Qwen2, Qwen3,    ffn and LayerNorm; LLaMA, Qwen2, Qwen3 and Gemma have RMSNorm and
     GPT-2, Gemma     ffn(n) = down(SiLU(gate(n)) * up(n)), Gemma with GELU for SiLU
     a layer of       stream = output norm(attention(norm(stream))) + stream, then
     Gemma 2, 3       stream = ffn output norm(ffn(second norm(stream))) + stream, with Gemma's ffn
                      and RMSNorm
     a layer of       stream = (attention(norm(stream)) + ffn(second norm(stream))) + stream;
     GPT-NeoX         sequential, it has GPT-Neo's order; ffn(n) = down(exact GELU(up(n)));
                      LayerNorm
     activations      from architecture 8 on the file's takes the place of GELU or SiLU
     stream of BERT,  (token embedding + that of its type) + position's embedding, then the
     DistilBERT       embedding norm
     their layers     stream = norm(attention(stream) + stream), then
                      stream = second norm(ffn(stream) + stream), with the file's activation
     stream of        with a transform: (transform of the embedding + type's) + position's, then
     MobileBERT       the embedding norm; with trigrams the transform reads the embeddings of the
                      next token, of the token and of the one before in this order, zeros beyond
                      the text; "norm" is NoNorm, or LayerNorm with bottleneck flag 16, and then
                      embedding norm and second norm have an eps of 1e-5
     its layers       b = bottleneck norm(bottleneck(stream)); queries and keys read, with flag 2,
                      c = shared norm(shared bottleneck(stream)), with flag 4 b, otherwise the
                      stream; values read b with flag 4, otherwise the stream;
                      b = norm(attention + b); for each stacked ffn b = its norm(ffn(b) + b);
                      b = second norm(ffn(b) + b); stream = output norm(output bottleneck(b) +
                      stream). Without flag 1 the stream is b throughout
     keys, values     are rounded to the KV cache's type; an encoder's are f32
     logits           x = head(final norm(stream)), or with a logit cap soft cap(x, 1, cap); with
                      flag 1 the head is the token embedding
     hidden states    an encoder's stream after its last layer; a decoder's final norm(stream)
     pooled           of the first position's hidden state h: pooler 1 h; 2 tanh(pooler(h));
                      3 ReLU(pooler(h))
     an encoder's     classify: classifier(pooled); next: head(pooled); tag, answer: head(h) of
     logits           each position; fill: t = LayerNorm(activation(fill transform(h))), then
                      fill head(the first columns of t), which is the token embedding with flag 1,
                      then + rest(the other columns of t) where there are any
     sentence vector  of all hidden states of a text: the first (cls), the last, the largest of
                      each element (max), or s = the first, s = h + s by position, s / their number
                      (mean); then the dense layer and its tanh where there are such; then, if
                      vector flag 1 is set, x / max(sqrt(sum of x * x), 1e-12)
     not finite       if a key or value is not, the call fails with SLM_ERR_NUMERIC; if a logit is
                      not, the call that asks for it

     sampling         formula, in this order
     log probability  a row's mass is the whole part of exp(logit - largest of all rows) * 2^40,
                      the product in double; d = logit - largest;
                      double(d) - log(double(sum of all masses) / 2^40), rounded
     penalties        a logit of a token that stands c > 0 times in the context becomes
                      logit / repetition if it is above 0, else logit * repetition; then
                      logit - (presence + c * frequency); then the biases are added in their order
     masses           the rows that have a token, with masses of
                      exp((logit - their largest) / temperature) above 0
     top-k            leaves the largest masses, of equal ones the lowest ids
     min-p, top-p     from the largest down, as many of these stay as have at least the whole part
                      of (largest mass) * min-p, and until what stays reaches the whole part of
                      (sum of what top-k left) * top-p, both products in double; the first always
     the draw         splitmix64's next number, its state the seed at first, modulo the sum of what
                      stays, is taken off mass by mass until it is below the next one: in order of
                      ids or, if top-k, top-p or min-p is asked for, from the last that stays to
                      the first

   FILE FORMAT (.slm, major 1; little-endian; minor 2: an encoder; else 1 with a section of kind 9,
   an architecture above 7, a tokenizer kind above 3, a chat format above 4 or a layer kind above 1;
   else 0)
     offset size  field (bytes of each; unsigned unless marked; fields shown as 0 are reserved:
                  write 0, ignore on read)
     0      8     magic 89 53 4C 4D 0D 0A 1A 0A
     8      2 2   major (1, others are refused), minor (any); bytes 0-15 are in no checksum
     12     4     CRC-32 (IEEE, reflected, as zlib) of bytes [16, data_offset)
     16     8 8   file size; data_offset (multiple of 64, at most 64 MiB)
     32     8     content id: FNV-1a 64 over bytes [64,256), the tokenizer section's bytes and the
                  tensor directory's bytes, in this order
     40     2 2 4 section count (at most 16), 0, tensor count
     48     16    0
     64     2 x 4 (four of 2 bytes) architecture, tokenizer kind, chat format, pooling (E)
     72     4 x14 vocab rows, vocab used, context, layers, hidden, intermediate, heads, kv heads,
                  head size, rotary size, window, token types (E), labels (E), tasks (E)
     128    4 x 6 embedding size (E), bottleneck (E; 0: hidden), ffn count (E), bottleneck flags
                  (E), pad token (0xFFFFFFFF: none), flags (1: tied head, 2: query/key norm)
     152    4 x 6 f32: norm eps, embedding scale, attention scale (0: 1/sqrt(head size)), logit cap,
                  attention cap (0: none), 0
     176    4 x 8 (E) activation (also of decoders above 7), longest text (0: context), pooler,
                  sentence vector's size (0: no dense layer), vector flags, label scores, rank
                  scores, default task
     208    48    0
     (E): of encoders; a decoder's embedding size is hidden, its ffn count 1, the others 0, and a
     reader ignores them. pooling: 0 not said (then mean), 1 cls, 2 mean, 3 max, 4 last. tasks: bit
     1 embed, which every encoder can, 2 classify, 3 tag, 4 fill, 5 answer, 6 next; default task:
     such a number, or 0: the file's first head in this order, without any embed. bottleneck flags:
     1 layers have a bottleneck; 2 queries and keys have a second one; 4 attention reads the first
     one; 8 trigrams; 16 LayerNorm; 32 the embedding has a transform. activation: 0 the
     architecture's (exact GELU; of MobileBERT ReLU; of Gemmas GELU in its tanh form; of other
     decoders as stated above), 1 GELU in its tanh form, 2 exact GELU, 3 ReLU, 4 SiLU. pooler: 0
     none, 1 the first hidden state, 2 with tanh, 3 with ReLU. vector flags: 1 unit length, 2 tanh
     behind the dense layer, 4 the dense layer has a bias. scores of labels and of a reranker: 0
     softmax, 1 sigmoid, 2 the logits.
     256    32 each  sections: u32 kind, u32 flags (1: required), u64 offset, u64 bytes, u64 0

     A file beyond these limits is refused: vocab rows 1 to 2^20, vocab used at most those, context
     1 to 2^20, layers 1 to 512, hidden 1 to 2^16, intermediate 1 to 2^18, heads, kv heads and head
     size 1 to 1024, window at most 2^20, flags at most 3; kv heads divides heads; rotary size is
     even and at most head size; pad token below vocab rows, or none; norm eps and the caps are
     finite and not negative, attention scale finite, embedding scale finite and above 0; inverse
     frequencies are from 0 to 16; of architectures above 7, activation at most 4. Of an encoder: no
     logit cap, embedding scale 1; token types, labels, sentence vector's size at most 2^16,
     embedding size 1 to 2^16, ffn count 1 to 5, longest text at most context, and no value beyond
     those named above; kv heads equal heads; bottleneck flags, a bottleneck and another embedding
     size only with MobileBERT; flag 32 where flag 8 is set or the embedding size is not hidden, and
     only there; flags 2 and 4 and a bottleneck size only with flag 1, and not both flags; embedding
     size at most hidden with a fill head; a pooler with classify and next; labels with classify and
     tag, and only there.

     Sections lie in [256 + 32*count, data_offset), 64-byte aligned, increasing, without overlap.
     kind 1 tokenizer; 2 inverse frequencies (f32 x rotary size / 2, as Hugging Face computes
     them; or two such tables, the second for layers with kind bit 1); 3 layer kinds (one byte a
     layer, a sum of bits: 1 where attention sees the header's window, which is 0 if there is no
     such layer and from 1 to 2^20 if there is; 2 where positions do not turn the heads);
     4 tensor directory;
     5 stops that end an answer; 6 labels (E: each a text of UTF-8 and a NUL); 7 prompts (E: name
     NUL prompt NUL ... of UTF-8; the default prompt has the name ""); 8 metadata (key NUL value
     NUL ...; UTF-8, shown and never interpreted); 9 chat (never required).
     An unknown required section is refused, an unknown optional one is skipped. Each kind occurs at
     most once. Kinds 4, 2 (if the rotary size is not 0) and 1 (if the tokenizer kind is not 0) must
     be there; without kind 3 all layers have kind 0. Metadata: the last NUL may be missing, a
     last key without a value is ignored. A reader may leave content id and tensors' checksums
     unchecked when it opens a file.

     Architectures: 1 Phi, 2 GPT-J, 3 LLaMA (also Mistral and SmolLM3), 4 GPT-Neo, 8 Qwen2,
     9 Qwen3, 10 Gemma, 11 Gemma 2, 12 Gemma 3 ("Gemmas" are all three; the 1 that they add to the
     weights of norms is in the file's), 13 GPT-2, 14 GPT-NeoX, 15 GPT-NeoX, sequential; encoders:
     5 BERT, also RoBERTa, whose table of positions begins behind the row of its padding's token;
     6 DistilBERT, 7 MobileBERT.
     Tokenizer kinds: 0 none, 1 byte-level BPE, 2 SentencePiece BPE, 3 WordPiece, 4 byte-level BPE
     with more rules than kind 1 has.
     Chat formats: 0 plain, 1 phi-2, 2 chatml, 3 llama-2, 4 zephyr, 5 llama-3, 6 gemma, no other;
     see CHAT FORMATS.

     Chat section (kind 9), what a conversation begins with:
       0   u32 BOS: 0 as the tokenizer adds it, 1 first, 2 not first; 1 needs BOS as an added token;
           plus 256: the message is a preface, which begins a system message that is given, too
       4   u32 bytes of the model's own system message with its NUL (at most 65536; 0: it has none)
       8   the message: UTF-8 without a NUL, then one NUL, which ends the section

     Tensor directory: 40 bytes a tensor, sorted by (layer, slot):
       u16 slot, u16 layer (0xFFFF: the model's own), u16 type, u16 flags (1: ROTATED),
       u32 rows, u32 cols, u64 offset, u64 bytes, u32 CRC-32 of its bytes, u32 0
     The first tensor lies at data_offset, each next one at the 64-byte boundary after the one
     before, and the last one, rounded up to 64 bytes, ends the file. Gaps are zero; those after
     tensors are in no checksum. bytes: of a vector 4 * cols, of a matrix ceil(rows/16) tiles.
     Slots, with H hidden, I intermediate, N heads * head size, K kv heads * head size, D head size,
     V vocab rows, C context; in encoders B the bottleneck's size (else B = H), E the embedding's,
     L labels. Biases and the weights of norms are vectors, the others matrices. "BERTs" are all
     encoders, "GPTs" GPT-2 and both GPT-NeoX.
       slot   name                     shape   present if
       1      norm weight              [1,B]   always
       2      norm bias                [1,B]   Phi, GPT-J, GPT-Neo, GPTs, BERTs
       3      query weight             [N,B]   always
       4      query bias               [1,N]   Phi, Qwen2, GPTs, BERTs
       5      key weight               [K,B]   always
       7      value weight             [K,B]   always; [K,H] with a bottleneck without flag 4
       6, 8   key bias, value bias     [1,K]   Phi, Qwen2, GPTs, BERTs
       9      attention output weight  [B,N]   always
       10     attention output bias    [1,B]   Phi, GPT-Neo, GPTs, BERTs
       11, 12 query norm weight, bias  [1,D]   Phi with flag 2; Qwen3 and Gemma 3 without biases
       13, 14 key norm weight, bias    [1,D]   as the query's
       15     second norm weight       [1,B]   LLaMA, GPT-Neo, Qwens, Gemmas, GPTs, BERTs
       16     second norm bias         [1,B]   GPT-Neo, GPTs, BERTs
       17     ffn up weight            [I,B]   always
       18     ffn up bias              [1,I]   Phi, GPT-J, GPT-Neo, GPTs, BERTs
       19     gate weight              [I,H]   LLaMA, Qwens, Gemmas
       20     gate bias                        never in this version
       21     ffn down weight          [B,I]   always
       22     ffn down bias            [1,B]   Phi, GPT-J, GPT-Neo, GPTs, BERTs
       23, 24 bottleneck               [B,H], [1,B]  bottleneck flag 1
       25, 26 its norm                 [1,B]   bottleneck flag 1
       27, 28 shared bottleneck        [B,H], [1,B]  bottleneck flag 2
       29, 30 its norm                 [1,B]   bottleneck flag 2
       31, 32 output bottleneck        [H,B], [1,H]  bottleneck flag 1
       33, 34 its norm                 [1,H]   bottleneck flag 1
       35-40  a stacked ffn: up, down  [I,B], [1,I], [B,I], [1,B], [1,B], [1,B]
              and norm, with biases            ffn count above 1; 41-46, 47-52, 53-58: above 2, 3, 4
       59     output norm weight       [1,H]   Gemma 2, 3
       61     ffn output norm weight   [1,H]   Gemma 2, 3
     and of the model itself:
       64     token embedding          [V,E]   always
       65     position embedding       [C,H]   GPT-Neo, GPT-2, BERTs
       66     token types              [types,H]  token types above 0
       67, 68 embedding norm           [1,H]   BERTs
       69     final norm weight        [1,H]   decoders
       70     final norm bias          [1,H]   Phi, GPT-J, GPT-Neo, GPTs
       71     head weight              [V,H]   decoders without flag 1
       72     head bias                [1,V]   Phi, GPT-J
       73, 74 embedding transform      [H,E or 3E], [1,H]  bottleneck flag 32 (3E: flag 8)
       75, 76 pooler                   [H,H], [1,H]  pooler 2 or 3
       77, 78 classifier               [L,H], [1,L]  classify
       79, 80 tagger                   [L,H], [1,L]  tag
       81, 82 answer head              [2,H], [1,2]  answer
       83, 84 next sentence head       [2,H], [1,2]  next
       85, 86 fill transform           [H,H], [1,H]  fill
       87, 88 fill norm                [1,H]   fill
       89     fill head weight         [V,E]   fill without flag 1
       90     fill head bias           [1,V]   fill
       91     rest of the fill head    [V,H-E] fill, where H is above E
       93, 94 sentence vector's dense  [size,H], [1,size]  where it has a size; bias: vector flag 4
     Flag 2 is Phi's alone; the rotary size of GPT-Neo, GPT-2 and BERTs 0. Matrices 75 to 85 and
     93 are f32; MobileBERT has no q8, q4 and q4f.
     Types: 0 vector, f32 [cols] with rows = 1; matrices [rows, cols] in tiles of 16 rows:
       1 f32   a tile is [cols][16] f32
       2 f16   a tile is [cols][16] IEEE half
       3 bf16  a tile is [cols][16] upper halves of f32
       4 q8    B = ceil(cols/256) blocks. A tile is [B][16] f16 scales, zero padded to a multiple
               of 64 bytes, then [2*ceil(cols/8)][16][4] bytes: code u of column 4*i + j of a row
               at [i][row][j]; w = u - 128 (0 is never written for u); weight = w * scale
       5 q4    a tile is [16] f32 row scales, then its blocks, each with the c columns that it has
               (256, the last one perhaps fewer): G = ceil(c/32) groups; [G][16] signed bytes, the
               sub-scales, zero padded to a multiple of 64 bytes; then [4*G][16][4] bytes: at
               [i][row][j] the low nibble is the code of the block's column 8*i + j, the high one
               that of column 8*i + 4 + j; w = table[code]; weight = float(w * sub-scale, a product
               of integers) * row scale
       6 q4f   as q4, with groups of 16: G = ceil(c/16), [2*G][16][4] bytes of codes
       table: -31 -25 -20 -16 -12 -8 -5 -2 0 3 6 9 12 16 22 31
       Columns beyond cols have the code of zero: 128 in q8, 8 in q4 and q4f.
       A tile's bytes are rounded up to an odd number of 64-byte lines (so tiles never lie a
       multiple of 4096 bytes apart); a matrix has ceil(rows/16) tiles; in the last one, rows
       beyond the matrix have the codes of zero.
     ROTATED (q8, q4, q4f with cols >= 256, always): each row w is stored as R w, and activations x
       are replaced by R x before the product. R: element i (its column) is multiplied by sign(i);
       then, in blocks of 256 and, for as long as columns remain, of the largest power of two that
       is not larger than their number (700 = 256+256+128+32+16+8+4): the Walsh-Hadamard butterfly
       (for h = 1, 2, 4, ... < block, for each pair (k, k+h) with bit h of k clear: element k
       becomes a+b, element k+h becomes a-b), then every element times the f32 1/sqrt(block).
       sign(i) = -1 where bit 31 of (i * 0x9E3779B1) ^ ((i * 0x85EBCA6B) >> 15) is set, products
       modulo 2^32. A gathered embedding row is turned back: butterflies, multiplies, then signs.
     Each matrix has its own type; slm-convert writes slots 64, 65 and 71 as q8 in q4 and q4f files.

     Tokenizer section (kind 1, byte-level BPE), T = vocab used:
       0   u32 T
       4   u32 merge slots M (a power of two, or 0)
       8   u32 longest probe (slots looked at, at most; at most 1024)
       12  i32 BOS, i32 UNK (-1: none)
       20  u32 flags: 1 BOS is added before a text; 2 prefix space
       24  u32 end token count (at most 8);  28  i32 x 8 end tokens
       60  u32 blob bytes;  64  u32 added token count A;  68  u32 byte tokens present (0 or 1)
       72  24 bytes 0
       96  u32 x (T+1)  offsets into the blob: the bytes that token i decodes to
       ... u8 x T, zero padded to 4: attributes: 1 exists, 2 special, 4 added
       ... u32 x T      ids sorted by their bytes (those that do not exist last, by id)
       ... u32 x 256    the token of each single byte
       ... M x {u32 left, u32 right, u32 rank, u32 result}; an empty slot has left = 0xFFFFFFFF
       ... A x {u32 id, u32 blob offset, u32 bytes, u32 flags: 1 special, 2 normalized,
           4 lstrip, 8 rstrip, 16 single word}: the text that is matched (1 to 255 bytes), sorted
           by bytes
       ... the blob
     Merge (left, right) starts at slot (left * 0x9E3779B1 + right * 0x85EBCA6B) >> 7 mod M (in
     uint32) and goes on by one slot, wrapping. Of the pairs of a word the one of the lowest rank,
     of equal ones the leftmost, is replaced by its result, until there is none. What lies between
     added tokens is split into words by step 1 of kind 4, and a word's bytes are its first tokens;
     a byte without a token is left out. With flag 2 a space is put before such a text unless it
     begins with one; step 1 sees it.

     Tokenizer section (kind 4, byte-level BPE with other rules): as kind 1, but for
       20  u32 flags, also: 4 of bytes without a token in a row, within a word, only the first
           becomes the token at 84; 16 NFC; 32 the token at 72 is added behind a text, where 1
           adds BOS. Flag 2 is set only where step 1 stands alone
       72  i32 token behind a text (-1: none)
       76  u8 x 8 steps: the numbers below; the first is not 0, and behind a 0 there are only zeros
       84  i32 what bytes without a token become (-1: they are left out)
       88  u32 0
       92  u32 slots of whole words: 0, or a power of two
     and behind the tokens of single bytes
       ... u32 x slots   whole words: ids, 0xFFFFFFFF: empty. A word that has the bytes of one of
           them becomes that token and is not merged. The search begins at slot
           (h ^ h >> 15) & (slots - 1) and goes on to the next slots, behind the last to the first,
           up to an empty one, at most 1024; h begins as 0x811C9DC5 ^ length, and for each of the
           first 16 bytes b is (h ^ b) * 0x01000193, in 32 bits.
     NFC: what lies between added tokens that are not normalized becomes its Unicode normal form C
     first, a message of slm_chat and what stands around it each for itself. In it normalized added
     tokens are matched, whose texts are in that form. It is that of tokenizers 0.22.2, see the
     tables in >>unicode; a byte that is not UTF-8 stays, and nothing composes with it.
     A text becomes words in steps: each splits every part that the one before has left, the first
     the text between added tokens. The matches of a step's pattern are parts, and so is what lies
     between two of them; at each place, from the left, the first alternative that matches counts,
     each part of it as long as it can be. \p{} are the classes of tokenizers 0.22.2 (see
     >>unicode), \s is its white space. A byte that is not UTF-8 is a character of its own, and in
     none of them.
       1   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
       2   C|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|W
           C: (?i:'s|'t|'re|'ve|'m|'ll|'d), U+017F is an s, too; W: \s*[\r\n]+|\s+(?!\S)|\s+
       3   as 2, with \p{N} instead of \p{N}{1,3}
       4   O?A*B+C?|O?A+B*C?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|W
           O: [^\r\n\p{L}\p{N}]; A: [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]; B: [\p{Ll}\p{Lm}\p{Lo}\p{M}]
       5   O?A*B+|O?A+B*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|W
       6   [!-/:-@\[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|W
       7   \s+ at a part's end (as \s+$, if step 15 came before)
       8   D, 9 D+: \p{N}, U+11DE0-11DE9 and U+16FF4-16FF6
       10  \p{N}{1,3}
       11  P+: ASCII's punctuation and the punctuation of kind 3
       12  [0-9][0-9][0-9], 13 B, 14 B+: of bytes; B is 30-39, B2, B3, B9 and BC-BE
       15  [\r\n]
       16  \s?\p{L}+, 17 \s?\p{P}+
       18  \s?L+: L is the table slm__alphabets, first and last code points
       19  \s?M+: M is !-/ :-~ U+FF01-FF0F U+FF1A-FF5E U+2018-201F U+3000-3002
       20  I+: I is U+4E00-9FA5 U+0800-4E00 U+AC00-D7FF
       21  J+: J is U+4E00-9FA5 U+3040-309F U+30A0-30FF
     Decoding: the tokens' bytes, as in kind 1.

     Tokenizer section (kind 2, SentencePiece BPE): as kind 1, but for
       20  u32 flags: 1 BOS is added before a text; 2 the token at 72 is added after it; 4 of
           unknown characters in a row only the first becomes UNK; 8 before normalized added
           tokens are matched a U+2581 is a space; 16 LONE; 32 STRIP; 64 PARTS; 128 PARTS_SPACE;
           256 PARTS_FIRST; 512 PARTS_RUN
       68  u32 byte tokens present (0 or 1: all of them; if 0 the table of single bytes is
           0xFFFFFFFF)
       72  i32 token after a text (-1: none)
       76  u32 prefix: 0 none; 1 a space is put before each stretch of text between added tokens
           that are not normalized; 2 before each stretch between added tokens, 3 before the
           text's first if nothing precedes that, 2 and 3 unless it begins with a space or U+2581;
           4 before the whole text
       80  16 bytes 0
     attributes also: 8 byte token, 16 APART, 32 added to the model's own vocabulary; and between
     the tokens of single bytes and the merges
       ... u32 x 128   the token of each ASCII character (0xFFFFFFFF: none)
       ... u32 x 2048  merge_bytes: bit 256 * a + b (bit i is bit i mod 32 of word i / 32) is set if
           some merge joins a left token whose last byte is a and a right one whose first is b
     In the blob U+2581 is written as a space, and byte tokens are their byte. A prefix of 1 or 4
     may be matched by a normalized added token as its first byte.
     Encoding: what lies between added tokens is cut into words before each character where the
     joint of the bytes before and after is not set; U+2581 counts as a space. A word's characters
     become tokens: ASCII by the table, others by the id, the first of those sorted, that has their
     bytes and not attribute 32; a character without a token, and each byte that is not UTF-8,
     becomes the tokens of its bytes or, without these, UNK. Then they are merged as in kind 1: a
     rank is a merge's place in tokenizer.json, or stands for the score of the result in
     tokenizer.model (the best is 0, equal scores have equal ranks). LONE: what precedes the first
     added token is left out if that is special and it is a space alone, the prefix included; white
     space that an added token swallows is then also U+2581. Where PARTS is set it is also
     1C to 1F.
     Decoding: the tokens' bytes; with STRIP a space at the very beginning is left out. With PARTS,
     as LlamaTokenizer: tokens of attribute APART, and what lies between them (parts), are joined
     by single spaces, but for empty parts that an APART token follows. In a part: with PARTS_SPACE
     a space comes before each run of tokens that are not special and that a special one follows;
     with PARTS_FIRST a space comes before the second token if the first is special and the second
     is not and has no space in front, and one space in front of the part's first token is left
     out (what remains, if it is no token, has its spaces written as U+2581). With PARTS_RUN a
     space is left out in front of the first token of a run, and of the next ones as long as
     nothing was written. SLM_SHOW_INVALID: with PARTS each byte of byte tokens that is not part of
     a UTF-8 character is U+FFFD, otherwise all bytes of a run of byte tokens are if one is not.

     Tokenizer section (kind 3, WordPiece): as kind 1, but for
       4   u32 0, u32 0: there are no merges
       12  i32 [CLS], i32 UNK: both are there
       20  u32 flags: 1 [CLS] and 2 [SEP] are put around a text; 4 clean; 8 CJK spaces; 16 strip
           accents; 32 lowercase; 64 Hugging Face's decode drops more spaces (shown, no more)
       68  u32 0: there are no byte tokens, nor their table
       72  i32 [SEP];  76  u32 longest word in characters (1 to 256);  80  i32 [MASK] (-1: none)
       84  12 bytes 0
     attributes also: 16 no space is written before it, 32 not in the model's own vocabulary; no two
     tokens have the same bytes; and instead of the tokens of single bytes
       ... u32 x 257   bounds: for each byte b the number of tokens, as sorted, before a text of b
           alone; then the number of all that exist
       ... u32 x 257   the same for "##" followed by b; then for "#$"
       ... u32 x T     keys: of each token, as sorted, the first four bytes, zeros behind the end,
           the first in the highest bits; those behind "##" if there are any; 0 if it does not exist
       ... u32 x T     of each token, as sorted, the place among the sorted of the longest other
           token that its bytes begin with (0xFFFFFFFF: none, or it does not exist)
     The text of a normalized added token is the one that normalizing its own gave.
     Encoding: non-normalized added tokens are cut out first. What lies between is normalized:
       clean            U+0000, U+FFFD and what is Cc, Cf or Co are left out, but tab, newline and
                        carriage return; white space becomes a space. A byte that is not UTF-8 is
                        U+FFFD, cleaned or not.
       CJK spaces       a space is put before and behind each of U+3400-4DBF, 4E00-9FFF, F900-FAFF,
                        20000-2A6DF, 2A700-2B81F, 2B920-2CEAF and 2F800-2FA1F
       strip accents    NFD, then what is Mn is left out
       lowercase        each character's lowercase, without context; U+0130 becomes U+0069 U+0307
     in this order; the characters' classes, their decompositions, combining classes and lowercase
     are those of tokenizers 0.22.2, whose tables are of several Unicode versions: see the tables in
     >>unicode. Then normalized added tokens are cut out; added tokens strip and are single words as
     in kinds 1 and 2, here in the normalized text. What lies between is split at white space, which
     is left out, and around each character of punctuation (ASCII's, and P*), into words. A word of
     more than the longest word's characters is UNK. Of any other the longest token without
     attribute 32 that the word begins with is taken, then the longest one that is "##" and what the
     rest begins with, until nothing is left; if there is none, the whole word is UNK.
     A text is [CLS] text [SEP], a pair [CLS] text [SEP] pair [SEP], the last two parts of type 1 if
     the model has more than one type. With a limit of n tokens, of which r are not [CLS] or [SEP],
     a text keeps its first r. If both texts of a pair do not fit in r, and s is the length of the
     shorter (the first if they are equal) and l = max(s, r - s), or s if s > r: they keep s and l
     tokens if s + l <= r, or else the shorter keeps r / 2 and the longer the rest.
     Offsets: a token stands for the bytes from the first of its first character to the last of its
     last. A character that another became - alone, or as one of several - stands for the bytes of
     that one, and so do the spaces put around it. NFD sorts marks: the k-th mark of a row, as
     sorted, then stands for the bytes of the k-th of the text, counting those that are left out,
     but not those that an earlier character was decomposed into; these stand for the bytes of the
     last one counted before, or of that character. What an added token strips is part of it.
     Decoding: the tokens' bytes, a space before each but the first, those of attribute 16 and those
     that begin with "##", which is left out.

     An encoder's tokenizer of kind 4 (flag 64 at 20, with flags 1 and 32, and not 16): BOS is
     [CLS], the token at 72 [SEP], and
       20  more flags: 128 two [SEP] stand between the texts of a pair; 256 all types are 0; 512
           offsets are trimmed; 1024 as if a space might have been put before a text; 2048 as flag
           64 of kind 3
       88  i32 [MASK] (-1: none)
     Texts and pairs become tokens and are cut as those of kind 3, with one more token that is of
     neither text with flag 128. Offsets: a token stands for the whole of each character that it
     has bytes of, a space that flag 2 has put for the character behind it. Where bytes without a
     token are left out, the others of their word count, in letters of GPT-2's alphabet as UTF-8,
     as if those were not there. An added token stands for itself and what it strips. With flag 512
     L spaces at a token's beginning and R at its end (of an added token: white space and U+0120;
     the space of flag 2 counts) are then left out, as so many characters, but never more than
     there are. With flag 1024 an L of 1 is 0 in a text's first token, and in one whose offset is
     0. Words, as the interface counts them, are what is merged, and each added token.

   CHAT FORMATS
     What slm_chat writes for a message m, and with (SLM_ASSISTANT, NULL) to open an answer; \n is
     a newline, BOS and END are the tokenizer's BOS and its first end token:
                plain   phi-2          chatml                                  zephyr
       system   m\n     m\n            <|im_start|>system\nm<|im_end|>         <|system|>\nmEND
       user     m       Instruct: m    <|im_start|>user\nm<|im_end|>           <|user|>\nmEND
       answer   m       Output: m      <|im_start|>assistant\nm<|im_end|>      <|assistant|>\nmEND
       open             Output:        <|im_start|>assistant\n                 <|assistant|>\n
     and a newline before each but the first. llama-2, without newlines between:
       system BOS[INST] <<SYS>>\nm\n<</SYS>>   user BOS[INST] m [/INST], after a system message
       \n\nm [/INST]   answer: a space, m, a space, END   open: nothing. White space (Unicode's) at
       both ends of m is left out, not of a system message, nor at the beginning of what follows it.
     llama-3, without newlines between; white space at both ends of every m is left out:
       <|start_header_id|>ROLE<|end_header_id|>\n\nm<|eot_id|>, ROLE system, user or assistant
       open: <|start_header_id|>assistant<|end_header_id|>\n\n
     gemma, a newline before each but the first; white space at both ends of m is left out, not of
     a system message:
       user <start_of_turn>user\nm<end_of_turn>   answer <start_of_turn>model\nm<end_of_turn>
       open <start_of_turn>model\n   system <start_of_turn>user\nm, and the user's message behind it
       is \n\nm<end_of_turn>
     If the chat section has a preface, it is written before the m of every system message.
     What stands before the next message and is not a whole message of slm_chat, such as an answer
     that was opened, gets <|im_end|> (chatml), <|eot_id|> (llama-3), <end_of_turn> (gemma) or END
     (zephyr; llama-2: a space and END) unless that is its last token. In llama-2 a question without
     its answer is not a whole message.
     A conversation begins at position 0, or behind BOS alone. If its first message is not one of
     SLM_SYSTEM and the file has a system message of its own, that comes first, as if it had been
     given. An empty system message writes nothing, and as the first message it leaves out the
     file's own.
     At position 0 BOS comes first if the chat section says 1, as a part of the text that the added
     token matches; if it says 0 or is not there, BOS comes first if the tokenizer adds it. llama-2
     has its own BOS, which is not put behind a BOS that ends nothing. BOS and END are written as
     the token's own text, which of kind 2 with prefix 1 is a normalized entry without its first
     space. The tokenizer's token after a text is not added. A later message goes on with the text
     before it: of kind 2 it is not a text's beginning, and where no added token ends what is before
     (with prefix 1: none that is not normalized), no space is put. The text of one message is
     tokenized whole. The format's marks match added tokens, special ones too; within m no special
     token matches, nor BOS, UNK, pad, end tokens and marks (all <...> of the format above) if they
     are added tokens without that flag, and no added token begins in m and ends behind it. Other
     added tokens match as ever.
     chatml, llama-3 and gemma need their marks as added tokens, llama-2 BOS and an end token,
     zephyr an end token. <|im_end|>, <|eot_id|> and <end_of_turn> end an answer of their format
     even if they are not among the end tokens.
*/

/* MIT licence: see the file LICENSE. */
