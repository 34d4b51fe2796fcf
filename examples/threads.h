/* threads.h - a pool of POSIX threads for slm_session_desc.parallel.

     slm_threads *pool = slm_threads_open(0);
     desc.parallel.run = slm_threads_run;
     desc.parallel.user = pool;
     desc.threads = slm_threads_count(pool);
     ... open, use and close sessions ...
     slm_threads_close(pool);

   The thread that calls slm_threads_run works too and waits for nobody who has not begun, so a
   worker that is late costs nothing. Workers look for the next region for some tens of
   microseconds, then sleep. Where a worker of slm_threads_open(0) is late, since other processes
   keep the processors busy, the caller works alone for 0.3 s.
   Any number of sessions and threads may share a pool: it serves one region at a time, and a call
   that finds it busy (or comes from inside a task) runs its tasks itself, so nothing can deadlock
   and no more threads run than the callers and the workers. After fork() the pool has no workers
   in the child: the child runs all tasks itself, and may close the pool and open another.

   C99 or C++11 with POSIX threads (mingw-w64 has them too); older systems link with -pthread.
   Shared words are atomic with gcc and clang; elsewhere a mutex guards them, which is slower.
   To see who is late needs clock_gettime. Where -std=c99 hides it, define _POSIX_C_SOURCE as
   199309L, or _GNU_SOURCE, before the first #include. */
#ifndef SLM_THREADS_H
#define SLM_THREADS_H

#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#if defined(__GNUC__)
#define SLM_THREADS_API static __attribute__((unused))
#else
#define SLM_THREADS_API static
#endif

/* The region's number, whether it can be entered, and how many workers are inside: one word, so
   that nobody enters a region that has ended. */
#define SLM_THREADS_INSIDE ((size_t)0xFFF)
#define SLM_THREADS_OPEN ((size_t)0x1000)
#define SLM_THREADS_REGION (~(size_t)0x1FFF)
#if defined(__GNUC__)
#define SLM_THREADS_SPINS 2000
#else
#define SLM_THREADS_SPINS 50 /* who looks holds a lock that others want */
#endif

typedef struct slm_threads {
    void (*task)(void *arg, size_t index); /* the region under way */
    void *arg;
    size_t tasks;
    char apart_from_next[64]; /* both words below change often: each on its own cache line */
    size_t next;              /* the first task that nobody has taken */
    char apart_from_state[64];
    size_t state;
    size_t sleepers;          /* workers that need the condition to wake */
    size_t waiting;           /* the caller sleeps until the last worker leaves */
    size_t stop;
    char apart_from_busy[64];
    size_t busy;              /* a region is under way */
    unsigned count;           /* threads, the caller's included */
    int yields;               /* threads was 0: the caller may work alone */
    double alone_until;       /* by slm_threads_clock; 0: never yet */
    const volatile unsigned *forks; /* how many forks lie between the first process and this */
    unsigned forks_at_open;
    pthread_mutex_t words;    /* guards next to busy where there are no atomics */
    pthread_mutex_t lock;
    pthread_cond_t start, done;
    pthread_t *workers;       /* [count - 1], behind this struct */
} slm_threads;

/* ---- shared words ------------------------------------------------------------------------ */

static inline size_t slm_threads_load(slm_threads *pool, size_t *word) {
#if defined(__GNUC__)
    (void)pool;
    return __atomic_load_n(word, __ATOMIC_SEQ_CST);
#else
    size_t value;
    pthread_mutex_lock(&pool->words);
    value = *word;
    pthread_mutex_unlock(&pool->words);
    return value;
#endif
}

static inline void slm_threads_store(slm_threads *pool, size_t *word, size_t value) {
#if defined(__GNUC__)
    (void)pool;
    __atomic_store_n(word, value, __ATOMIC_SEQ_CST);
#else
    pthread_mutex_lock(&pool->words);
    *word = value;
    pthread_mutex_unlock(&pool->words);
#endif
}

/* The new value. */
static inline size_t slm_threads_add(slm_threads *pool, size_t *word, size_t more) {
#if defined(__GNUC__)
    (void)pool;
    return __atomic_add_fetch(word, more, __ATOMIC_SEQ_CST);
#else
    size_t value;
    pthread_mutex_lock(&pool->words);
    value = *word += more;
    pthread_mutex_unlock(&pool->words);
    return value;
#endif
}

/* 1: *word was `expected` and is `value` now. */
static inline int slm_threads_swap(slm_threads *pool, size_t *word, size_t expected,
                                   size_t value) {
#if defined(__GNUC__)
    (void)pool;
    return __atomic_compare_exchange_n(word, &expected, value, 0, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
#else
    int same;
    pthread_mutex_lock(&pool->words);
    same = *word == expected;
    if (same) *word = value;
    pthread_mutex_unlock(&pool->words);
    return same;
#endif
}

/* ---- workers ----------------------------------------------------------------------------- */

static inline void slm_threads_pause(void) {
#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
    __builtin_ia32_pause();
#elif defined(__GNUC__) && defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* How many tasks this thread has done. */
static size_t slm_threads_work(slm_threads *pool) {
    size_t done = 0, next;
    for (; (next = slm_threads_add(pool, &pool->next, 1)) <= pool->tasks; done++)
        pool->task(pool->arg, next - 1);
    return done;
}

/* Waits for a region other than `seen`. Asleep or not is settled by the order of two words: the
   caller writes state, then reads sleepers; a worker writes sleepers, then reads state. */
static size_t slm_threads_await(slm_threads *pool, size_t seen) {
    size_t state, spin;
    for (spin = 0; spin < SLM_THREADS_SPINS; spin++) {
        state = slm_threads_load(pool, &pool->state);
        if ((state & SLM_THREADS_REGION) != seen) return state;
        if (slm_threads_load(pool, &pool->stop)) return state;
        slm_threads_pause();
    }
    pthread_mutex_lock(&pool->lock);
    slm_threads_add(pool, &pool->sleepers, 1);
    while (state = slm_threads_load(pool, &pool->state),
           (state & SLM_THREADS_REGION) == seen && !slm_threads_load(pool, &pool->stop))
        pthread_cond_wait(&pool->start, &pool->lock);
    slm_threads_add(pool, &pool->sleepers, (size_t)-1);
    pthread_mutex_unlock(&pool->lock);
    return state;
}

static void slm_threads_leave(slm_threads *pool) {
    size_t state = slm_threads_add(pool, &pool->state, (size_t)-1);
    if ((state & (SLM_THREADS_INSIDE | SLM_THREADS_OPEN)) != 0 ||
        !slm_threads_load(pool, &pool->waiting))
        return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_signal(&pool->done);
    pthread_mutex_unlock(&pool->lock);
}

static void *slm_threads_worker(void *user) {
    slm_threads *pool = (slm_threads *)user;
    size_t seen = 0, state;
    while (!slm_threads_load(pool, &pool->stop)) {
        state = slm_threads_await(pool, seen);
        while ((state & SLM_THREADS_OPEN) && (state & SLM_THREADS_REGION) != seen) {
            if (slm_threads_swap(pool, &pool->state, state, state + 1)) {
                slm_threads_work(pool);
                slm_threads_leave(pool);
                break;
            }
            state = slm_threads_load(pool, &pool->state);
        }
        seen = state & SLM_THREADS_REGION;
    }
    return NULL;
}

/* ---- the caller -------------------------------------------------------------------------- */

/* Seconds. A worker that is waited for by so much more than four tasks take has no processor, since
   another process wants it. Then the caller works alone for a while. */
#define SLM_THREADS_LATE 0.001
#define SLM_THREADS_ALONE 0.3

/* worked: the seconds in which the caller has done `own` tasks. */
static int slm_threads_late(double waited, double worked, size_t own) {
    return waited > SLM_THREADS_LATE + 4 * worked / ((double)own + 1);
}

/* Seconds since some moment; 0: there is no clock. */
static double slm_threads_clock(void) {
#ifdef CLOCK_MONOTONIC
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) == 0)
        return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
#endif
    return 0;
}

/* Wakes as many sleepers as there are tasks for. */
static void slm_threads_wake(slm_threads *pool, size_t tasks) {
    size_t sleepers;
    pthread_mutex_lock(&pool->lock);
    sleepers = slm_threads_load(pool, &pool->sleepers);
    if (tasks >= sleepers) pthread_cond_broadcast(&pool->start);
    else
        while (tasks-- > 0) pthread_cond_signal(&pool->start);
    pthread_mutex_unlock(&pool->lock);
}

/* The region is closed: those inside finish the tasks that they have taken. */
static void slm_threads_wait(slm_threads *pool) {
    size_t spin;
    for (spin = 0; spin < SLM_THREADS_SPINS; spin++) {
        if (!(slm_threads_load(pool, &pool->state) & SLM_THREADS_INSIDE)) return;
        slm_threads_pause();
    }
    pthread_mutex_lock(&pool->lock);
    slm_threads_store(pool, &pool->waiting, 1);
    while (slm_threads_load(pool, &pool->state) & SLM_THREADS_INSIDE)
        pthread_cond_wait(&pool->done, &pool->lock);
    slm_threads_store(pool, &pool->waiting, 0);
    pthread_mutex_unlock(&pool->lock);
}

/* All threads of the pool run the tasks. */
static void slm_threads_region(slm_threads *pool) {
    size_t region = slm_threads_load(pool, &pool->state) & SLM_THREADS_REGION, own;
    double start = pool->yields ? slm_threads_clock() : 0, worked;
    region += 2 * SLM_THREADS_OPEN;
    slm_threads_store(pool, &pool->next, 0);
    slm_threads_store(pool, &pool->state, region | SLM_THREADS_OPEN);
    if (slm_threads_load(pool, &pool->sleepers)) slm_threads_wake(pool, pool->tasks - 1);
    own = slm_threads_work(pool);
    worked = pool->yields ? slm_threads_clock() - start : 0;
    if (!(slm_threads_add(pool, &pool->state, 0 - SLM_THREADS_OPEN) & SLM_THREADS_INSIDE)) return;
    slm_threads_wait(pool);
    if (!pool->yields) return;
    start += worked;
    if (slm_threads_late(slm_threads_clock() - start, worked, own))
        pool->alone_until = slm_threads_clock() + SLM_THREADS_ALONE;
}

static int slm_threads_forked(const slm_threads *pool) {
    return *pool->forks != pool->forks_at_open;
}

/* slm_parallel's hook; user is the pool, or NULL for a plain loop. */
SLM_THREADS_API void slm_threads_run(void *user, size_t tasks,
                                     void (*task)(void *arg, size_t index), void *arg) {
    slm_threads *pool = (slm_threads *)user;
    size_t i;
    if (!pool || pool->count < 2 || tasks < 2 || slm_threads_forked(pool) ||
        !slm_threads_swap(pool, &pool->busy, 0, 1)) {
        for (i = 0; i < tasks; i++) task(arg, i);
        return;
    }
    pool->task = task;
    pool->arg = arg;
    pool->tasks = tasks;
    if (pool->alone_until > 0 && slm_threads_clock() < pool->alone_until)
        for (i = 0; i < tasks; i++) task(arg, i);
    else slm_threads_region(pool);
    slm_threads_store(pool, &pool->busy, 0);
}

/* ---- opening and closing ----------------------------------------------------------------- */

#if defined(__linux__) && !defined(CPU_COUNT) /* hidden without _GNU_SOURCE */
#ifdef __cplusplus
extern "C"
#endif
int sched_getaffinity(int process, size_t size, void *allowed);
#define SLM_THREADS_SET void
#elif defined(__linux__)
#define SLM_THREADS_SET cpu_set_t
#endif

/* Those that this process may use. */
static unsigned slm_threads_processors(void) {
#if defined(_WIN32)
    int online = pthread_num_processors_np();
#else
    long online;
#ifdef __linux__
    unsigned long allowed[128]; /* as bits */
    unsigned count = 0;
    size_t i;
    memset(allowed, 0, sizeof allowed);
    if (sched_getaffinity(0, sizeof allowed, (SLM_THREADS_SET *)(void *)allowed) == 0) {
        for (i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
            for (; allowed[i]; allowed[i] &= allowed[i] - 1) count++;
        if (count) return count;
    }
#endif
    online = sysconf(_SC_NPROCESSORS_ONLN);
#endif
    return online < 1 ? 1 : (unsigned)online;
}

/* Threads that work on a region, the caller's included; 1 for NULL. */
SLM_THREADS_API unsigned slm_threads_count(const slm_threads *pool) {
    return pool && !slm_threads_forked(pool) ? pool->count : 1;
}

static volatile unsigned slm_threads_forks;

#ifndef _WIN32
static pthread_once_t slm_threads_watched = PTHREAD_ONCE_INIT;
static int slm_threads_watching;
static void slm_threads_count_fork(void) { slm_threads_forks++; }
static void slm_threads_watch(void) {
    slm_threads_watching = pthread_atfork(NULL, NULL, slm_threads_count_fork) == 0;
}
#endif

/* 1: the pool can have workers, since its locks are there and a fork will be seen. */
static int slm_threads_prepare(slm_threads *pool) {
#ifndef _WIN32
    if (pthread_once(&slm_threads_watched, slm_threads_watch) || !slm_threads_watching) return 0;
#endif
    pool->forks = &slm_threads_forks;
    pool->forks_at_open = slm_threads_forks;
    if (pthread_mutex_init(&pool->words, NULL)) return 0;
    if (pthread_mutex_init(&pool->lock, NULL) == 0) {
        if (pthread_cond_init(&pool->start, NULL) == 0) {
            if (pthread_cond_init(&pool->done, NULL) == 0) return 1;
            pthread_cond_destroy(&pool->start);
        }
        pthread_mutex_destroy(&pool->lock);
    }
    pthread_mutex_destroy(&pool->words);
    return 0;
}

/* A pool of `threads` with the caller's (0: as many as processors; at most 4096), or of as many
   as the system grants. NULL: no memory or no locks; all functions take it as a pool of one. */
SLM_THREADS_API slm_threads *slm_threads_open(unsigned threads) {
    unsigned wanted = threads ? threads : slm_threads_processors();
    slm_threads *pool;
    if (wanted > SLM_THREADS_INSIDE + 1) wanted = SLM_THREADS_INSIDE + 1;
    pool = (slm_threads *)calloc(1, sizeof *pool + wanted * sizeof(pthread_t));
    if (!pool) return NULL;
    if (!slm_threads_prepare(pool)) {
        free(pool);
        return NULL;
    }
    pool->yields = !threads;
    pool->workers = (pthread_t *)(void *)(pool + 1);
    for (pool->count = 1; pool->count < wanted; pool->count++)
        if (pthread_create(&pool->workers[pool->count - 1], NULL, slm_threads_worker, pool)) break;
    return pool;
}

/* Ends the workers; no session may be using the pool. */
SLM_THREADS_API void slm_threads_close(slm_threads *pool) {
    unsigned i;
    if (!pool) return;
    if (!slm_threads_forked(pool)) { /* else its threads and locks are those of another process */
        pthread_mutex_lock(&pool->lock);
        slm_threads_store(pool, &pool->stop, 1);
        pthread_cond_broadcast(&pool->start);
        pthread_mutex_unlock(&pool->lock);
        for (i = 0; i + 1 < pool->count; i++) pthread_join(pool->workers[i], NULL);
        pthread_cond_destroy(&pool->done);
        pthread_cond_destroy(&pool->start);
        pthread_mutex_destroy(&pool->lock);
        pthread_mutex_destroy(&pool->words);
    }
    free(pool);
}

#endif
