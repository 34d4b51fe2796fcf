/* threads.h - a pool of POSIX threads for slm_session_desc.parallel, where OpenMP is absent.

     slm_threads *pool = slm_threads_open(0);
     desc.parallel.run = slm_threads_run;
     desc.parallel.user = pool;
     desc.threads = slm_threads_count(pool);
     ... open, use and close sessions ...
     slm_threads_close(pool);

   The thread that calls slm_threads_run works too and waits for nobody who has not begun, so a
   worker that is late costs nothing. Workers look for the next region for some tens of
   microseconds, then sleep. Any number of sessions and threads may share a pool: it serves one
   region at a time, and a call that finds it busy (or comes from inside a task) runs its tasks
   itself, so nothing can deadlock and no more threads run than the callers and the workers.

   C99 or C++11 with gcc's or clang's atomics; older systems link with -pthread. Where
   _GNU_SOURCE is defined before the first #include, processors that the process may not use
   (taskset, containers) are not counted. */
#ifndef SLM_THREADS_H
#define SLM_THREADS_H

#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
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
#define SLM_THREADS_SPINS 2000

typedef struct slm_threads {
    void (*task)(void *arg, size_t index); /* the region under way */
    void *arg;
    size_t tasks;
    char apart_from_next[64]; /* both words below change often: each on its own cache line */
    size_t next;              /* the first task that nobody has taken */
    char apart_from_state[64];
    size_t state;
    unsigned sleepers;        /* workers that need the condition to wake */
    int waiting;              /* the caller sleeps until the last worker leaves */
    int stop;
    char apart_from_busy[64];
    int busy;
    unsigned count;           /* threads, the caller's included */
    pthread_mutex_t lock;
    pthread_cond_t start, done;
    pthread_t *workers;       /* [count - 1], behind this struct */
} slm_threads;

static inline void slm_threads_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void slm_threads_work(slm_threads *pool) {
    size_t index;
    while ((index = __atomic_fetch_add(&pool->next, 1, __ATOMIC_RELAXED)) < pool->tasks)
        pool->task(pool->arg, index);
}

/* Waits for a region other than `seen`. Asleep or not is settled by the order of two words: the
   caller writes state, then reads sleepers; a worker writes sleepers, then reads state. */
static size_t slm_threads_await(slm_threads *pool, size_t seen) {
    size_t state, spin;
    for (spin = 0; spin < SLM_THREADS_SPINS; spin++) {
        state = __atomic_load_n(&pool->state, __ATOMIC_ACQUIRE);
        if ((state & SLM_THREADS_REGION) != seen) return state;
        if (__atomic_load_n(&pool->stop, __ATOMIC_RELAXED)) return state;
        slm_threads_pause();
    }
    pthread_mutex_lock(&pool->lock);
    __atomic_add_fetch(&pool->sleepers, 1, __ATOMIC_SEQ_CST);
    while (state = __atomic_load_n(&pool->state, __ATOMIC_SEQ_CST),
           (state & SLM_THREADS_REGION) == seen && !pool->stop)
        pthread_cond_wait(&pool->start, &pool->lock);
    __atomic_sub_fetch(&pool->sleepers, 1, __ATOMIC_SEQ_CST);
    pthread_mutex_unlock(&pool->lock);
    return state;
}

static void slm_threads_leave(slm_threads *pool) {
    size_t state = __atomic_sub_fetch(&pool->state, 1, __ATOMIC_SEQ_CST);
    if ((state & (SLM_THREADS_INSIDE | SLM_THREADS_OPEN)) != 0 ||
        !__atomic_load_n(&pool->waiting, __ATOMIC_SEQ_CST))
        return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_signal(&pool->done);
    pthread_mutex_unlock(&pool->lock);
}

static void *slm_threads_worker(void *user) {
    slm_threads *pool = (slm_threads *)user;
    size_t seen = 0, state;
    while (!__atomic_load_n(&pool->stop, __ATOMIC_ACQUIRE)) {
        state = slm_threads_await(pool, seen);
        while ((state & SLM_THREADS_OPEN) && (state & SLM_THREADS_REGION) != seen)
            if (__atomic_compare_exchange_n(&pool->state, &state, state + 1, 0, __ATOMIC_SEQ_CST,
                                            __ATOMIC_SEQ_CST)) {
                slm_threads_work(pool);
                slm_threads_leave(pool);
                break;
            }
        seen = state & SLM_THREADS_REGION;
    }
    return NULL;
}

/* Wakes as many sleepers as there are tasks for. */
static void slm_threads_wake(slm_threads *pool, size_t tasks) {
    size_t sleepers;
    pthread_mutex_lock(&pool->lock);
    sleepers = __atomic_load_n(&pool->sleepers, __ATOMIC_RELAXED);
    if (tasks >= sleepers) pthread_cond_broadcast(&pool->start);
    else
        while (tasks-- > 0) pthread_cond_signal(&pool->start);
    pthread_mutex_unlock(&pool->lock);
}

/* The region is closed: those inside finish the tasks that they have taken. */
static void slm_threads_wait(slm_threads *pool) {
    size_t spin;
    for (spin = 0; spin < SLM_THREADS_SPINS; spin++) {
        if (!(__atomic_load_n(&pool->state, __ATOMIC_ACQUIRE) & SLM_THREADS_INSIDE)) return;
        slm_threads_pause();
    }
    pthread_mutex_lock(&pool->lock);
    __atomic_store_n(&pool->waiting, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&pool->state, __ATOMIC_SEQ_CST) & SLM_THREADS_INSIDE)
        pthread_cond_wait(&pool->done, &pool->lock);
    __atomic_store_n(&pool->waiting, 0, __ATOMIC_SEQ_CST);
    pthread_mutex_unlock(&pool->lock);
}

/* slm_parallel's hook; user is the pool, or NULL for a plain loop. */
SLM_THREADS_API void slm_threads_run(void *user, size_t tasks,
                                     void (*task)(void *arg, size_t index), void *arg) {
    slm_threads *pool = (slm_threads *)user;
    size_t region, i;
    if (!pool || pool->count < 2 || tasks < 2 ||
        __atomic_exchange_n(&pool->busy, 1, __ATOMIC_ACQUIRE)) {
        for (i = 0; i < tasks; i++) task(arg, i);
        return;
    }
    pool->task = task;
    pool->arg = arg;
    pool->tasks = tasks;
    __atomic_store_n(&pool->next, 0, __ATOMIC_RELAXED);
    region = (__atomic_load_n(&pool->state, __ATOMIC_RELAXED) & SLM_THREADS_REGION) +
             2 * SLM_THREADS_OPEN;
    __atomic_store_n(&pool->state, region | SLM_THREADS_OPEN, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&pool->sleepers, __ATOMIC_SEQ_CST)) slm_threads_wake(pool, tasks - 1);
    slm_threads_work(pool);
    if (__atomic_and_fetch(&pool->state, ~SLM_THREADS_OPEN, __ATOMIC_SEQ_CST) &
        SLM_THREADS_INSIDE)
        slm_threads_wait(pool);
    __atomic_store_n(&pool->busy, 0, __ATOMIC_RELEASE);
}

static unsigned slm_threads_processors(void) {
    long online;
#ifdef CPU_COUNT
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return (unsigned)CPU_COUNT(&allowed);
#endif
    online = sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 1 : (unsigned)online;
}

/* Threads that work on a region, the caller's included; 1 for NULL. */
SLM_THREADS_API unsigned slm_threads_count(const slm_threads *pool) {
    return pool ? pool->count : 1;
}

/* A pool of `threads` with the caller's (0: as many as processors; at most 4096), or of as many
   as the system grants. NULL: no memory; all functions take it as a pool of one. */
SLM_THREADS_API slm_threads *slm_threads_open(unsigned threads) {
    slm_threads *pool;
    if (!threads) threads = slm_threads_processors();
    if (threads > SLM_THREADS_INSIDE + 1) threads = SLM_THREADS_INSIDE + 1;
    pool = (slm_threads *)calloc(1, sizeof *pool + threads * sizeof(pthread_t));
    if (!pool) return NULL;
    pool->workers = (pthread_t *)(void *)(pool + 1);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->start, NULL);
    pthread_cond_init(&pool->done, NULL);
    for (pool->count = 1; pool->count < threads; pool->count++)
        if (pthread_create(&pool->workers[pool->count - 1], NULL, slm_threads_worker, pool)) break;
    return pool;
}

/* Ends the workers; no session may be using the pool. */
SLM_THREADS_API void slm_threads_close(slm_threads *pool) {
    unsigned i;
    if (!pool) return;
    pthread_mutex_lock(&pool->lock);
    __atomic_store_n(&pool->stop, 1, __ATOMIC_RELEASE);
    pthread_cond_broadcast(&pool->start);
    pthread_mutex_unlock(&pool->lock);
    for (i = 0; i + 1 < pool->count; i++) pthread_join(pool->workers[i], NULL);
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->start);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

#endif
