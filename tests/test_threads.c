/* test_threads.c - examples/threads.h and the library's own threads: every task once, any number
   of callers, the same bits, no more threads than there should be, none that is busy when idle;
   systems that grant no thread or no lock; forks. With --measure: what a region costs. */
#define _GNU_SOURCE 1
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

/* A system that grants so many threads and locks, and no more; below 0: as many as there are. */
static int grants = -1;

static int granted(void) {
    if (grants == 0) return 0;
    if (grants > 0) grants--;
    return 1;
}

static int scarce_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                         void *arg) {
    return granted() ? pthread_create(thread, attributes, run, arg) : EAGAIN;
}

static int scarce_mutex(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes) {
    return granted() ? pthread_mutex_init(mutex, attributes) : ENOMEM;
}

static int scarce_condition(pthread_cond_t *condition, const pthread_condattr_t *attributes) {
    return granted() ? pthread_cond_init(condition, attributes) : ENOMEM;
}

#define pthread_create scarce_create
#define pthread_mutex_init scarce_mutex
#define pthread_cond_init scarce_condition

static size_t fork_bytes = (size_t)1 << 20; /* the library's, but for some tests */
#define SLM__FORK_BYTES fork_bytes
#define SLM_IMPLEMENTATION
#include "../slm.h"
#include "../examples/threads.h"

#include <dirent.h>
#include <stdio.h>
#include <time.h>
#ifndef _WIN32
#include <sys/wait.h>
#endif

/* Thread sanitizer does not follow a fork of several threads. */
#if !defined(_WIN32) && !defined(__SANITIZE_THREAD__)
#define FORKS
#endif

static int passed, failed, skipped;

#define CHECK(condition, text)                                                                 \
    do {                                                                                       \
        if (condition) passed++;                                                               \
        else {                                                                                 \
            failed++;                                                                          \
            printf("FAILED %s:%d: %s\n", __FILE__, __LINE__, text);                            \
        }                                                                                      \
    } while (0)

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void nap(long microseconds) {
    struct timespec time;
    time.tv_sec = 0;
    time.tv_nsec = microseconds * 1000;
    nanosleep(&time, NULL);
}

/* ---- the pool */

enum { MOST = 1001 };

typedef struct job {
    unsigned done[MOST]; /* not atomic: each task has its own, and the pool must order them */
    slm_threads *pool;
    unsigned inside, reached[MOST], sum; /* reached: how often so many were inside */
    int nested;
    long nap;
} job;

#if !defined(__GNUC__)
static const pthread_mutex_t add_free = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t add_lock = PTHREAD_MUTEX_INITIALIZER;
#endif

/* The new value. Relaxed, since what the pool must order is not to be ordered here. */
static unsigned add(unsigned *word, unsigned more) {
#if defined(__GNUC__)
    return __atomic_add_fetch(word, more, __ATOMIC_RELAXED);
#else
    unsigned value;
    pthread_mutex_lock(&add_lock);
    value = *word += more;
    pthread_mutex_unlock(&add_lock);
    return value;
#endif
}

static void add_one(void *arg, size_t index) {
    (void)index;
    add((unsigned *)arg, 1);
}

static void task(void *arg, size_t index) {
    job *j = (job *)arg;
    add(&j->reached[add(&j->inside, 1) % MOST], 1);
    j->done[index]++;
    if (j->nested) slm_threads_run(j->pool, 3, add_one, &j->sum);
    if (j->nap) nap(j->nap);
    add(&j->inside, (unsigned)-1);
}

static unsigned most_inside(const job *j) {
    unsigned most = MOST - 1;
    while (most && !j->reached[most]) most--;
    return most;
}

/* Rounds of regions; 1: every task of every round ran once. */
static int run_rounds(job *j, size_t rounds, size_t tasks) {
    size_t round, i;
    int good = 1;
    memset(j->done, 0, sizeof j->done);
    for (round = 1; round <= rounds; round++) {
        slm_threads_run(j->pool, tasks, task, j);
        for (i = 0; i < MOST; i++) good &= j->done[i] == (i < tasks ? round : 0);
    }
    return good;
}

static void test_tasks(unsigned threads) {
    static const size_t counts[] = {0, 1, 2, 3, 5, 7, 16, 17, 63, 1001};
    static job j;
    size_t i;
    memset(&j, 0, sizeof j);
    j.pool = slm_threads_open(threads);
    CHECK(j.pool && slm_threads_count(j.pool) == threads, "a pool of so many");
    for (i = 0; i < sizeof counts / sizeof counts[0]; i++)
        CHECK(run_rounds(&j, 300, counts[i]), "every task once");
    CHECK(most_inside(&j) <= threads, "no more at once than the pool has");
    j.nested = 1;
    CHECK(run_rounds(&j, 100, 17) && j.sum == 100 * 17 * 3, "a region inside a task");
    j.nested = 0;
    j.nap = 2000;
    memset(j.reached, 0, sizeof j.reached);
    nap(2000); /* they sleep by now */
    CHECK(run_rounds(&j, 5, 17), "every task once, from sleep");
    CHECK(most_inside(&j) == (threads < 17 ? threads : 17), "all threads work");
    j.nap = 0;
    for (i = 0; i < 50; i++) { /* workers about to sleep, asleep, and callers who have to wait */
        nap((long)(i * 7));
        if (!run_rounds(&j, 3, 5)) break;
    }
    CHECK(i == 50, "every task once, after pauses");
    slm_threads_close(j.pool);
}

typedef struct caller {
    pthread_t thread;
    job j;
    int good;
} caller;

static void *call(void *arg) {
    caller *c = (caller *)arg;
    c->good = run_rounds(&c->j, 2000, 7);
    return NULL;
}

static void test_callers(void) {
    static caller callers[3];
    slm_threads *pool = slm_threads_open(3);
    size_t i;
    for (i = 0; i < 3; i++) callers[i].j.pool = pool;
    for (i = 0; i < 3; i++) pthread_create(&callers[i].thread, NULL, call, &callers[i]);
    for (i = 0; i < 3; i++) pthread_join(callers[i].thread, NULL);
    for (i = 0; i < 3; i++)
        CHECK(callers[i].good && most_inside(&callers[i].j) <= 3, "three callers, one pool");
    slm_threads_close(pool);
}

static void test_ends(void) {
    unsigned sum = 0, i;
    slm_threads *pool;
    double cpu;
    slm_threads_run(NULL, 9, add_one, &sum);
    CHECK(sum == 9 && slm_threads_count(NULL) == 1, "no pool is a plain loop");
    slm_threads_close(NULL);
    for (sum = i = 0; i < 200; i++) {
        pool = slm_threads_open(1 + i % 5);
        if (i % 3) slm_threads_run(pool, i % 7, add_one, &sum);
        if (i % 4 == 3) nap(300); /* close while they sleep */
        slm_threads_close(pool);
    }
    CHECK(sum > 300, "opened and closed at once, in use, asleep");
    pool = slm_threads_open(0);
    CHECK(slm_threads_count(pool) == slm_threads_processors(), "as many as processors");
    slm_threads_run(pool, 100, add_one, &sum);
    nap(20000);
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    nap(300000);
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    CHECK(cpu < 0.01, "an idle pool uses no processor");
    slm_threads_close(pool);
}

/* A system that grants fewer threads, or none of the pool's locks. */
static void test_scarce(void) {
    slm_threads *pool;
    unsigned sum = 0, i;
    for (i = 0; i < 8; i++) { /* four locks and conditions come first */
        grants = (int)i;
        pool = slm_threads_open(4);
        grants = -1;
        CHECK((pool != NULL) == (i >= 4), "no pool without its locks");
        CHECK(slm_threads_count(pool) == (i < 4 ? 1 : i < 7 ? i - 3 : 4), "fewer threads");
        slm_threads_run(pool, 100, add_one, &sum);
        slm_threads_close(pool);
    }
    CHECK(sum == 800, "and every task once");
}

/* ---- a crowd */

typedef struct crowd {
    slm_threads *pool;
    pthread_t caller;
    long own, helped;           /* microseconds that a task takes of the caller, and of a worker */
    size_t by_caller, by_worker; /* tasks */
} crowd;

/* A nap, or on Windows, where a nap lasts whole milliseconds or no time, as long on the processor. */
static void take(long microseconds) {
#ifdef _WIN32
    double end = slm_threads_clock() + (double)microseconds * 1e-6;
    while (slm_threads_clock() < end) continue;
#else
    nap(microseconds);
#endif
}

static void crowd_task(void *arg, size_t index) {
    crowd *c = (crowd *)arg;
    int own = pthread_equal(pthread_self(), c->caller);
    (void)index;
    take(own ? c->own : c->helped);
    slm_threads_add(c->pool, own ? &c->by_caller : &c->by_worker, 1);
}

/* 1: the caller has been alone at least once behind so many regions of three tasks. */
static int gets_alone(slm_threads *pool, crowd *c, long own, long helped, int regions) {
    c->own = own;
    c->helped = helped;
    for (pool->alone_until = 0; regions && pool->alone_until == 0; regions--)
        slm_threads_run(pool, 3, crowd_task, c);
    return pool->alone_until != 0;
}

static void test_crowd_of_pool(void) {
    slm_threads *pool = slm_threads_open(2), *open = slm_threads_open(0);
    int tries;
    crowd c;
    CHECK(!slm_threads_late(0.0009, 0, 0) && slm_threads_late(0.0011, 0, 0), "late by 1 ms");
    CHECK(!slm_threads_late(0.016, 0.008, 1) && slm_threads_late(0.018, 0.008, 1),
          "... more than four tasks");
    if (open) CHECK(open->yields && !pool->yields, "only where the count was 0");
    slm_threads_close(open);
    memset(&c, 0, sizeof c);
    c.pool = pool;
    c.caller = pthread_self();
    CHECK(!gets_alone(pool, &c, 200, 20000, 5), "a pool of a chosen count stays together");
    pool->yields = 1;
    if (slm_threads_clock() > 0)
        CHECK(gets_alone(pool, &c, 200, 20000, 100), "a worker that is late is");
    pool->alone_until = slm_threads_clock() + 100;
    c.by_caller = c.by_worker = 0;
    slm_threads_run(pool, 50, crowd_task, &c);
    if (slm_threads_clock() > 0)
        CHECK(c.by_caller == 50 && !c.by_worker, "then the caller works alone");
    pool->alone_until = slm_threads_clock();
    for (tries = 0; !c.by_worker && tries < 100; tries++)
        slm_threads_run(pool, 50, crowd_task, &c);
    CHECK(c.by_worker > 0, "for a while");
    slm_threads_close(pool);
}

/* ---- forks */

#ifdef FORKS
/* What a process does with a pool that another one has opened. */
static int use_in_child(slm_threads *pool) {
    static job j;
    slm_threads *own;
    int good, tries;
    alarm(60);
#if !defined(__GNUC__)
    add_lock = add_free; /* a thread of the parent may have held it: not the pool's matter */
#endif
    memset(&j, 0, sizeof j);
    j.pool = pool;
    good = slm_threads_count(pool) == 1 && run_rounds(&j, 20, 17) && most_inside(&j) == 1;
    slm_threads_close(pool);
    j.pool = own = slm_threads_open(3);
    j.nap = 300;
    for (tries = 0; most_inside(&j) < 3 && tries < 200; tries++) /* beside a busy process */
        good &= run_rounds(&j, 20, 17);
    good &= most_inside(&j) == 3;
    slm_threads_close(own);
    return good;
}

/* 1: a child found everything good. */
static int in_child(int (*use)(slm_threads *), slm_threads *pool) {
    int status = 0;
    pid_t child;
    fflush(stdout);
    child = fork();
    if (child == 0) _exit(use(pool) ? 0 : 1);
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

static volatile unsigned forked;

static void *run_until_forked(void *arg) {
    job *j = (job *)arg;
    while (!add((unsigned *)&forked, 0))
        if (!run_rounds(j, 5, 9)) return NULL;
    return j;
}

static void test_fork(void) {
    static job j;
    pthread_t thread;
    void *good = NULL;
    unsigned i;
    j.pool = slm_threads_open(4);
    CHECK(run_rounds(&j, 5, 17) && in_child(use_in_child, j.pool), "a fork behind a region");
    nap(3000);
    CHECK(in_child(use_in_child, j.pool), "a fork while the workers sleep");
    j.nap = 50;
    pthread_create(&thread, NULL, run_until_forked, &j);
    for (i = 0; i < 20; i++) {
        nap((long)(i * 37));
        if (!in_child(use_in_child, j.pool)) break;
    }
    add((unsigned *)&forked, 1);
    pthread_join(thread, &good);
    CHECK(i == 20 && good, "forks while another thread's region is under way");
    j.nap = 0;
    CHECK(run_rounds(&j, 20, 17) && slm_threads_count(j.pool) == 4, "the parent's pool stays");
    slm_threads_close(j.pool);
}

#ifdef CPU_SET
static int on_one_processor(slm_threads *unused) {
    cpu_set_t allowed, one;
    slm_threads *pool;
    unsigned count;
    int i = 0;
    (void)unused;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 0;
    while (!CPU_ISSET(i, &allowed)) i++;
    CPU_ZERO(&one);
    CPU_SET(i, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0) return 0;
    pool = slm_threads_open(0);
    count = slm_threads_count(pool);
    slm_threads_close(pool);
#ifdef _OPENMP
    if (omp_get_num_procs() != 1) return 0;
#endif
    return count == 1;
}
#endif
#endif

/* ---- sessions */

static const char model_path[] = "examples/models/tiny-phi.slm";
enum { TOKENS = 150 };

typedef struct reader {
    pthread_t thread;
    const slm_model *model;
    slm_session_desc desc;
    size_t rows;
    float *logits; /* [TOKENS][rows] */
    int good;
} reader;

/* All logits of a text of its own, chunks large and small. */
static void *read_text(void *arg) {
    reader *r = (reader *)arg;
    slm_session *session = NULL;
    slm_token tokens[TOKENS];
    size_t at, size, back;
    float *out = r->logits;
    for (at = 0; at < TOKENS; at++) tokens[at] = (slm_token)((300 + at * 37 % 1500) % r->rows);
    r->desc.logits_kept = TOKENS;
    r->good = slm_session_open(&session, r->model, &r->desc, NULL) == SLM_OK;
    for (at = 0, size = 142; r->good && at < TOKENS; at += size, size = size == 1 ? 7 : 1) {
        r->good = slm_eval(session, tokens + at, size) == SLM_OK;
        for (back = size; r->good && back-- > 0; out += r->rows) {
            const float *logits = slm_logits(session, back);
            if (logits) memcpy(out, logits, r->rows * sizeof *out);
            else r->good = 0;
        }
    }
    slm_session_close(session);
    return NULL;
}

typedef struct counted {
    slm_threads *pool;
    unsigned regions;
} counted;

static void run_counted(void *user, size_t tasks, void (*run)(void *arg, size_t index), void *arg) {
    counted *c = (counted *)user;
    add(&c->regions, 1);
    slm_threads_run(c->pool, tasks, run, arg);
}

static void open_reader(reader *r, const slm_model *model) {
    slm_model_info info;
    slm_model_get_info(model, &info);
    memset(r, 0, sizeof *r);
    r->model = model;
    r->rows = info.vocab_rows;
    r->logits = (float *)calloc(TOKENS * r->rows, sizeof(float));
}

static int same_logits(const reader *a, const reader *b) {
    return a->good && b->good && !memcmp(a->logits, b->logits, TOKENS * a->rows * sizeof(float));
}

/* Two sessions at once in two threads, round after round. */
static void read_twice(const reader *alone, reader *pair, const char *what) {
    int round, good = 1;
    for (round = 0; round < 5; round++) {
        size_t i;
        for (i = 0; i < 2; i++) memset(pair[i].logits, 0, TOKENS * pair[i].rows * sizeof(float));
        for (i = 0; i < 2; i++) pthread_create(&pair[i].thread, NULL, read_text, &pair[i]);
        for (i = 0; i < 2; i++) pthread_join(pair[i].thread, NULL);
        for (i = 0; i < 2; i++) good &= same_logits(alone, &pair[i]);
    }
    CHECK(good, what);
}

#ifdef FORKS
static reader parent; /* whose logits a child has to give too */

static int read_in_child(slm_threads *pool) {
    reader child;
    slm_session *session = NULL;
    slm_token token = 1;
    alarm(60);
    open_reader(&child, parent.model);
    child.desc = parent.desc;
    read_text(&child);
    (void)pool;
    return same_logits(&parent, &child) &&
           slm_session_open(&session, parent.model, &parent.desc, NULL) == SLM_OK &&
           slm_eval(session, &token, 1) == SLM_OK;
}

static void test_fork_of_sessions(const slm_model *model) {
    open_reader(&parent, model);
    parent.desc.threads = 3;
    parent.desc.parallel.run = slm_threads_run;
    parent.desc.parallel.user = slm_threads_open(3);
    read_text(&parent);
    CHECK(parent.good && in_child(read_in_child, NULL),
          "a session in a child, on its parent's pool");
    slm_threads_close((slm_threads *)parent.desc.parallel.user);
    free(parent.logits);
}
#endif

static void test_sessions(const slm_model *model, unsigned threads, unsigned regions) {
    reader alone, pair[2];
    counted hook;
    size_t i;
    open_reader(&alone, model);
    alone.desc.threads = 1;
    read_text(&alone);
    for (i = 0; i < 2; i++) open_reader(&pair[i], model);
    read_twice(&alone, pair, "two sessions with default threads: the bits of one thread");
    hook.pool = slm_threads_open(threads);
    hook.regions = 0;
    for (i = 0; i < 2; i++) {
        pair[i].desc.threads = threads;
        pair[i].desc.parallel.run = run_counted;
        pair[i].desc.parallel.user = &hook;
    }
    read_text(&pair[0]);
    CHECK(same_logits(&alone, &pair[0]), "a session on a pool: the bits of one thread");
    CHECK(hook.regions > regions, "the pool was used");
    read_twice(&alone, pair, "two sessions on one pool: the bits of one thread");
    slm_threads_close(hook.pool);
    CHECK(*model->active == 0, "no call counts as active any more");
    for (i = 0; i < 2; i++) free(pair[i].logits);
    free(alone.logits);
}

/* ---- OpenMP */

#ifdef _OPENMP
/* Threads of this process; 0: cannot be told. */
static int threads_now(void) {
    DIR *tasks = opendir("/proc/self/task");
    int count = -2; /* . and .. */
    if (!tasks) return 0;
    while (readdir(tasks)) count++;
    closedir(tasks);
    return count;
}

static unsigned team_of(const slm_model *model, unsigned threads) {
    slm_session_desc desc;
    slm_session *session = NULL;
    unsigned team = 0;
    memset(&desc, 0, sizeof desc);
    desc.threads = threads;
    if (slm_session_open(&session, model, &desc, NULL) == SLM_OK) {
        slm__end(session, slm__begin(session));
        team = session->workers.team;
    }
    slm_session_close(session);
    return team;
}

/* Between the first layers, a call of another session of the model begins, and ends. */
typedef struct beginning {
    slm_session *session;
    slm_model *model;
    unsigned teams[3], calls, regions;
} beginning;

static int another_begins(void *user) {
    beginning *b = (beginning *)user;
    if (b->calls < 3) b->teams[b->calls] = b->session->workers.team;
    b->regions += omp_in_parallel() != 0; /* between two layers, too */
    if (b->calls == 0) ++*b->model->active;
    if (b->calls++ == 1) --*b->model->active;
    return 0;
}

static void test_beginning(slm_model *model) {
    slm_session_desc desc;
    slm_token token = 1;
    unsigned all = (unsigned)omp_get_num_procs();
    beginning b;
    memset(&b, 0, sizeof b);
    memset(&desc, 0, sizeof desc);
    b.model = model;
    desc.cancel = another_begins;
    desc.cancel_user = &b;
    fork_bytes = 0;
    CHECK(slm_session_open(&b.session, model, &desc, NULL) == SLM_OK &&
              slm_eval(b.session, &token, 1) == SLM_OK, "a session that is disturbed");
    CHECK(b.calls > 2 && b.teams[0] == all && b.teams[1] == (all > 1 ? all / 2 : 1) &&
              b.teams[2] == all, "a call gives threads up when another begins, until it ends");
    CHECK(all == 1 || b.regions == b.calls, "one region of OpenMP for all of an evaluation");
    fork_bytes = (size_t)1 << 20;
    slm_session_close(b.session);
}

/* On any machine: eight processors, and so many calls. */
static void test_shares(slm_model *model) {
    static const int calls[] = {1, 2, 3, 7, 8, 9};
    static const unsigned teams[] = {8, 4, 2, 1, 1, 1};
    slm_session session;
    size_t i;
    memset(&session, 0, sizeof session);
    session.model = model;
    session.workers.threads = 8;
    for (i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        *model->active = calls[i];
        session.workers.auto_threads = 1;
        CHECK(slm__team(&session) == teams[i], "calls share the processors");
        session.workers.auto_threads = 0;
        CHECK(slm__team(&session) == 8, "not where the caller chose");
    }
    *model->active = 1;
    session.workers.alone_until = omp_get_wtime() + 100;
    CHECK(slm__team(&session) == 8, "in a crowd: as many as the caller chose");
    session.workers.auto_threads = 1;
    CHECK(slm__team(&session) == 1, "in a crowd: one thread where threads was 0");
    session.workers.alone_until = omp_get_wtime();
    CHECK(slm__team(&session) == 8, "behind a crowd: all again");
    *model->active = 0;
}

static void test_teams(slm_model *model) {
    unsigned all = (unsigned)omp_get_num_procs();
    CHECK(team_of(model, 0) == all, "alone: as many as processors");
    omp_set_num_threads((int)all * 4);
    CHECK(team_of(model, 0) == all, "never more than processors");
    CHECK(team_of(model, all + 3) == all + 3, "a given count is used as given");
    omp_set_num_threads(1);
    CHECK(team_of(model, 0) == 1, "never more than OpenMP may use");
    omp_set_num_threads((int)all);
    *model->active = 1;
    CHECK(team_of(model, 0) == (all > 1 ? all / 2 : 1), "two at once share the processors");
    CHECK(team_of(model, all) == all, "not where the caller chose");
    *model->active = (int)all;
    CHECK(team_of(model, 0) == 1, "each has one thread where there are more than processors");
    omp_set_num_threads(1);
    CHECK(team_of(model, 0) == 1, "and where OpenMP may use no more");
    omp_set_num_threads((int)all);
    *model->active = 0;
}

/* The library's regions by themselves. */
typedef struct region_job {
    slm__region *region;
    job *j;
    int good;
} region_job;

static void region_rounds(void *arg) {
    static const size_t counts[] = {2, 3, 17, 1001};
    region_job *r = (region_job *)arg;
    size_t i, k, round;
    for (k = 0; k < sizeof counts / sizeof counts[0]; k++) {
        memset(r->j->done, 0, sizeof r->j->done);
        for (round = 1; round <= 200; round++) {
            slm__region_run(r->region, counts[k], task, r->j);
            for (i = 0; i < MOST; i++) r->good &= r->j->done[i] == (i < counts[k] ? round : 0);
        }
    }
}

static void uneven(void *arg, size_t index) { (void)arg, nap(index ? 3000 : 500); }

static void wait_for_helper(void *arg) {
    slm__region_run(((region_job *)arg)->region, 2, uneven, NULL);
}

static void wait_in_session(void *arg) {
    slm__region_run(((slm_session *)arg)->workers.parallel.user, 2, uneven, NULL);
}

/* A computation whose helper was waited for; a session of nothing else. */
static void test_crowd(slm_model *model) {
    slm_session session;
    int tries;
    memset(&session, 0, sizeof session);
    session.model = model;
    for (tries = 0; session.workers.alone_until == 0 && tries < 100; tries++) {
        session.workers.team = 2;
        slm__compute(&session, SIZE_MAX, wait_in_session, &session);
    }
    CHECK(session.workers.alone_until > omp_get_wtime(), "a long wait begins a time alone");
}

static void test_region(void) {
    static job j;
    slm__region region;
    region_job r;
    unsigned threads;
    r.region = &region;
    r.j = &j;
    for (threads = 1; threads <= 8; threads += threads < 3 ? 1 : 5) {
        r.good = 1;
        memset(j.reached, 0, sizeof j.reached);
        slm__with_helpers(&region, threads, region_rounds, &r);
        CHECK(r.good && most_inside(&j) <= threads, "a region: every task once, so many threads");
    }
    for (threads = 0, region.crowded = 0; !region.crowded && threads < 100; threads++)
        slm__with_helpers(&region, 2, wait_for_helper, &r);
    CHECK(region.crowded, "a long wait is seen");
    CHECK(!slm__is_late(0.0009, 0) && slm__is_late(0.0011, 0), "late by 1 ms");
    CHECK(!slm__is_late(0.016, 0.004) && slm__is_late(0.018, 0.004), "... more than four tasks");
}

/* Sessions in a host's own region, with nested regions allowed. */
static void test_host_region(const slm_model *model) {
    reader alone, readers[3];
    unsigned teams[3] = {0, 0, 0};
    int before, after, i;
    open_reader(&alone, model);
    alone.desc.threads = 1;
    read_text(&alone);
    for (i = 0; i < 3; i++) open_reader(&readers[i], model);
    omp_set_max_active_levels(4);
#pragma omp parallel num_threads(3)
    nap(1000);
    before = threads_now();
#pragma omp parallel for num_threads(3) schedule(static, 1)
    for (i = 0; i < 3; i++) {
        read_text(&readers[i]);
        teams[i] = team_of(model, 0);
    }
    after = threads_now();
    for (i = 0; i < 3; i++)
        CHECK(same_logits(&alone, &readers[i]) && teams[i] == 1, "one thread in a host's region");
    CHECK(after == before, "no threads were added to the host's");
    for (i = 0; i < 3; i++) readers[i].desc.threads = 2;
#pragma omp parallel for num_threads(3) schedule(static, 1)
    for (i = 0; i < 3; i++) read_text(&readers[i]);
    for (i = 0; i < 3; i++) CHECK(same_logits(&alone, &readers[i]), "nested: the same bits");
    omp_set_max_active_levels(1);
#pragma omp parallel for num_threads(3) schedule(static, 1)
    for (i = 0; i < 3; i++) read_text(&readers[i]);
    for (i = 0; i < 3; i++)
        CHECK(same_logits(&alone, &readers[i]), "OpenMP gives one thread: the same bits");
    for (i = 0; i < 3; i++) free(readers[i].logits);
    free(alone.logits);
}
#endif

/* ---- cost of a region */

static void nothing(void *arg, size_t index) { (void)arg, (void)index; }

/* About a microsecond. */
static void little(void *arg, size_t index) {
    volatile unsigned *sink = (volatile unsigned *)arg + index * 64;
    unsigned i;
    for (i = 0; i < 600; i++) *sink += i;
}

typedef struct regions {
    slm_parallel hook;
    unsigned threads;
    size_t tasks;
    void (*body)(void *, size_t);
} regions;

static void run_regions(void *arg) {
    static unsigned sinks[64 * 64];
    const regions *r = (const regions *)arg;
    int i;
    for (i = 0; i < 20000; i++)
        slm__parallel(&r->hook, r->threads, (size_t)1 << 30, r->tasks, r->body, sinks);
}

/* Of the pool; without one of one thread or, where there are to be more, of OpenMP. */
static double region_cost(slm_threads *pool, unsigned threads, size_t tasks,
                          void (*body)(void *, size_t)) {
    double start, best = 1e9;
    int round;
    regions r;
    r.hook.run = pool ? slm_threads_run : NULL;
    r.hook.user = pool;
    r.threads = threads;
    r.tasks = tasks;
    r.body = body;
    for (round = 0; round < 7; round++) {
        start = seconds(CLOCK_MONOTONIC);
#ifdef _OPENMP
        if (!pool && threads > 1) {
            slm__region region;
            r.hook.run = slm__region_run;
            r.hook.user = &region;
            slm__with_helpers(&region, threads, run_regions, &r);
        } else
#endif
            run_regions(&r);
        start = (seconds(CLOCK_MONOTONIC) - start) / 20000 * 1e6;
        if (start < best) best = start;
    }
    return best;
}

static void measure(void) {
    slm_threads *pool = slm_threads_open(0);
    unsigned threads = slm_threads_count(pool);
    static const size_t tasks[] = {2, 8, 32};
    size_t i;
    printf("us per phase with %u threads, best of 7 x 20000: tasks of nothing, of 1 us\n",
           threads);
    for (i = 0; i < 3; i++) {
        printf("  %2u tasks: one thread %.2f %.2f", (unsigned)tasks[i],
               region_cost(NULL, 1, tasks[i], nothing), region_cost(NULL, 1, tasks[i], little));
        printf("; pool %.2f %.2f", region_cost(pool, threads, tasks[i], nothing),
               region_cost(pool, threads, tasks[i], little));
#ifdef _OPENMP
        nap(100000); /* the pool's workers sleep */
        printf("; OpenMP %.2f %.2f", region_cost(NULL, threads, tasks[i], nothing),
               region_cost(NULL, threads, tasks[i], little));
        nap(100000);
#endif
        printf("\n");
    }
    slm_threads_close(pool);
}

/* A feed-forward of nine blocks, which become codes in the tasks that compute them; of its one
   layer little else is large enough to be shared. */
static void test_wide_session(void) {
    slm_model *model;
    if (slm_model_open(&model, "build/wide/llama-q8.slm", NULL, NULL) != SLM_OK) {
        skipped++;
        printf("skipped: no build/wide/llama-q8.slm\n");
        return;
    }
    test_sessions(model, 2, 0);
    fork_bytes = 0; /* the tasks of a single token, and everything else, are shared */
    test_sessions(model, 2, 0);
    fork_bytes = (size_t)1 << 20;
    slm_model_close(model);
}

static void test_pools(void) {
    static const unsigned pools[] = {1, 2, 3, 8};
    size_t i;
    for (i = 0; i < sizeof pools / sizeof pools[0]; i++) test_tasks(pools[i]);
    test_callers();
    test_ends();
    test_scarce();
    test_crowd_of_pool();
#ifdef FORKS
    test_fork();
#ifdef CPU_SET
    CHECK(in_child(on_one_processor, NULL), "one thread where there is one processor to use");
#endif
#else
    skipped++;
    printf("skipped: forks\n");
#endif
}

int main(int count, char **args) {
    slm_model *model = NULL;
    FILE *file;
    if (count > 1 && !strcmp(args[1], "--measure")) {
        measure();
        return 0;
    }
#ifndef _WIN32
    alarm(240); /* a deadlock ends here, by a signal */
#endif
    test_pools();
    file = fopen(model_path, "rb");
    if (!file) {
        skipped++;
        printf("skipped: no bundled model\n");
    } else {
        fclose(file);
        CHECK(slm_model_open(&model, model_path, NULL, NULL) == SLM_OK, "the bundled model opens");
    }
    if (model) test_sessions(model, 3, 10);
#ifdef FORKS
    if (model) test_fork_of_sessions(model);
#endif
    test_wide_session();
#ifdef _OPENMP
    if (model) test_teams(model);
    if (model) test_shares(model);
    if (model) test_beginning(model);
    if (model) test_crowd(model);
    test_region();
    if (model) test_host_region(model);
#elif defined(WANTS_OPENMP)
    skipped++;
    printf("skipped: OpenMP's threads (the compiler has none)\n");
#endif
    slm_model_close(model);
    printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
    return failed != 0;
}
