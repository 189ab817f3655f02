/* SPDX-License-Identifier: BSD-2-Clause */
/* One round: each test starts `count` threads, lets them work, and joins them. */
#include <test/services/hammer/hammer.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <time.h>

#define PAUSES_MAX 100000 /* of 0.1 ms */
#define PATIENCE_S 20     /* longer than any wait takes that is not lost */

static unsigned thread_count;
static FILE *line_stream;

#define MUST(claim)                                                                                \
    do {                                                                                           \
        if (!(claim))                                                                              \
            hammer_fail(#claim, __LINE__);                                                         \
    } while (0)

static struct timespec patience(void)
{
    struct timespec at;

    MUST(clock_gettime(CLOCK_REALTIME, &at) == 0);
    at.tv_sec += PATIENCE_S;
    return at;
}

static unsigned random_next(unsigned *state)
{
    *state = *state * 1103515245u + 12345u;
    return *state >> 8;
}

/* Takes a planned thread.  A detached one may still be ending, so EAGAIN is tried again `pauses`
 * times. */
static void thread_take(pthread_t *thread, const pthread_attr_t *attr, void *(*work)(void *),
                        uintptr_t number, unsigned pauses)
{
    int err = pthread_create(thread, attr, work, (void *)number);

    for (; err == EAGAIN && pauses > 0; pauses--) {
        hammer_pause();
        err = pthread_create(thread, attr, work, (void *)number);
    }
    MUST(err == 0);
}

static void threads_run_patiently(void *(*work)(void *), unsigned pauses)
{
    pthread_t thread[HAMMER_THREADS_MAX];

    for (uintptr_t i = 0; i < thread_count; i++)
        thread_take(&thread[i], NULL, work, i, pauses);
    for (uintptr_t i = 0; i < thread_count; i++) {
        void *result;
        MUST(pthread_join(thread[i], &result) == 0 && result == (void *)(i + 1));
    }
}

/* A thread that was joined is free at once. */
static void threads_run(void *(*work)(void *))
{
    threads_run_patiently(work, 0);
}

static void *done(void *number)
{
    return (void *)((uintptr_t)number + 1);
}

/* ---- malloc and errno ------------------------------------------------------------------ */

#define BLOCKS 24

struct block {
    uint8_t *at;
    size_t bytes;
    uint8_t mark;
};

static void block_check(const struct block *b)
{
    for (size_t i = 0; i < b->bytes; i++)
        MUST(b->at[i] == b->mark);
}

/* Sizes below a page, and now and then some that get a mapping of their own. */
static size_t block_bytes(unsigned *state)
{
    unsigned dice = random_next(state);

    return dice % 40 == 0 ? 140000 + dice % 9000 : 1 + dice % 900;
}

static void *malloc_work(void *number)
{
    struct block block[BLOCKS] = {0};
    unsigned state = 77u + (unsigned)(uintptr_t)number;

    for (unsigned round = 0; round < 1500; round++) {
        struct block *b = &block[random_next(&state) % BLOCKS];
        size_t bytes = block_bytes(&state);
        block_check(b);
        if (b->at != NULL && round % 3 == 0) {
            free(b->at);
            *b = (struct block){0};
            continue;
        }
        uint8_t *at = realloc(b->at, bytes);
        if (at == NULL) { /* the heap is small: allowed, and the block stays */
            MUST(errno == ENOMEM);
            continue;
        }
        for (size_t i = 0; i < b->bytes && i < bytes; i++)
            MUST(at[i] == b->mark);
        *b = (struct block){at, bytes, (uint8_t)((uintptr_t)number * 31 + round)};
        memset(at, b->mark, bytes);
    }
    for (unsigned i = 0; i < BLOCKS; i++) {
        block_check(&block[i]);
        free(block[i].at);
    }
    return done(number);
}

static void *errno_work(void *number)
{
    char text[8];

    for (unsigned round = 0; round < 3000; round++) {
        errno = 1000 + (int)(uintptr_t)number;
        if (round % 16 == 0)
            sched_yield();
        MUST(snprintf(text, sizeof text, "%d", (int)round) > 0);
        MUST(errno == 1000 + (int)(uintptr_t)number);
        MUST(strtol("99999999999999999999", NULL, 10) > 0 && errno == ERANGE);
    }
    return done(number);
}

/* ---- locks ------------------------------------------------------------------------------- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static long volatile counter, pair[2];

static void mutex_take(pthread_mutex_t *taken)
{
    struct timespec at = patience();

    MUST(pthread_mutex_timedlock(taken, &at) == 0);
}

static void *mutex_work(void *number)
{
    for (unsigned round = 0; round < 2000; round++) {
        if (round % 2 == 0)
            mutex_take(&mutex);
        else
            MUST(pthread_mutex_lock(&mutex) == 0);
        long seen = counter;
        if (round % 32 == 0)
            sched_yield();
        counter = seen + 1;
        MUST(pthread_mutex_unlock(&mutex) == 0);
    }
    return done(number);
}

static void *rwlock_work(void *number)
{
    for (unsigned round = 0; round < 1000; round++) {
        struct timespec at = patience();
        bool writes = (round + (uintptr_t)number) % 4 == 0;
        MUST((writes ? pthread_rwlock_timedwrlock(&rwlock, &at)
                     : pthread_rwlock_timedrdlock(&rwlock, &at)) == 0);
        MUST(pair[0] == pair[1]);
        if (writes)
            pair[0]++;
        if (round % 16 == 0)
            sched_yield();
        if (writes)
            pair[1]++;
        MUST(pair[0] == pair[1]);
        MUST(pthread_rwlock_unlock(&rwlock) == 0);
    }
    return done(number);
}

/* ---- condition variables: a queue of few places ----------------------------------------- */

#define PLACES 3
#define ITEMS  600 /* of each thread that gives */

static pthread_cond_t has_item = PTHREAD_COND_INITIALIZER, has_place = PTHREAD_COND_INITIALIZER;
static unsigned item_count, item_first;
static long item[PLACES], item_sum, items_taken;

static void cond_wait(pthread_cond_t *cond)
{
    struct timespec at = patience();

    MUST(pthread_cond_timedwait(cond, &mutex, &at) == 0); /* a lost wake-up is ETIMEDOUT */
}

static void item_give(long value)
{
    mutex_take(&mutex);
    while (item_count == PLACES)
        cond_wait(&has_place);
    item[(item_first + item_count++) % PLACES] = value;
    pthread_cond_signal(&has_item);
    pthread_mutex_unlock(&mutex);
}

static void item_take(void)
{
    mutex_take(&mutex);
    while (item_count == 0)
        cond_wait(&has_item);
    item_sum += item[item_first];
    item_first = (item_first + 1) % PLACES;
    item_count--;
    items_taken++;
    pthread_cond_signal(&has_place);
    pthread_mutex_unlock(&mutex);
}

/* Even threads give, odd ones take. */
static void *cond_work(void *number)
{
    for (long i = 0; i < ITEMS; i++) {
        if ((uintptr_t)number % 2 == 0)
            item_give(i);
        else
            item_take();
    }
    return done(number);
}

/* All threads meet, many times: a barrier of a mutex and a broadcast. */
static unsigned waiting, generation;

static void *broadcast_work(void *number)
{
    for (unsigned round = 0; round < 300; round++) {
        mutex_take(&mutex);
        unsigned mine = generation;
        MUST(mine == round);
        if (++waiting == thread_count) {
            waiting = 0;
            generation++;
            pthread_cond_broadcast(&has_item);
        }
        while (generation == mine)
            cond_wait(&has_item);
        pthread_mutex_unlock(&mutex);
    }
    return done(number);
}

/* A token goes round. */
static sem_t token[HAMMER_THREADS_MAX];

static void *semaphore_work(void *number)
{
    for (unsigned round = 0; round < 300; round++) {
        struct timespec at = patience();
        MUST(sem_timedwait(&token[(uintptr_t)number], &at) == 0);
        MUST(sem_post(&token[((uintptr_t)number + 1) % thread_count]) == 0);
    }
    return done(number);
}

/* ---- stdio ---------------------------------------------------------------------------------- */

#define LINES 200

static unsigned line_seen[HAMMER_THREADS_MAX];

/* A line is that of one thread, whole and in order. */
static void line_check(const char *text)
{
    unsigned thread, line;
    int used = 0;

    if (sscanf(text, "thread %u writes its line %u of many%n", &thread, &line, &used) != 2 ||
        text[used] != '\0' || thread >= thread_count || line != line_seen[thread])
        hammer_fail(text, 0);
    line_seen[thread]++;
}

/* The lock of the stream is held: no other thread is in here. */
void hammer_output(const char *text, unsigned long bytes)
{
    static char line[80];
    static unsigned used;

    for (unsigned long i = 0; i < bytes; i++) {
        line[used] = text[i] == '\n' ? '\0' : text[i];
        if (text[i] == '\n') {
            line_check(line);
            used = 0;
        } else if (++used == sizeof line) {
            hammer_fail("a line without an end", 0);
        }
    }
}

static void *stdio_work(void *number)
{
    for (unsigned line = 0; line < LINES; line++)
        MUST(fprintf(line_stream, "thread %u writes its line %u of many\n",
                     (unsigned)(uintptr_t)number, line) > 0);
    return done(number);
}

/* ---- data of a thread, and its life ---------------------------------------------------------- */

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_int once_count, destroyed_count, ended_count;
static _Thread_local unsigned local_value;

static void key_destroy(void *value)
{
    free(value);
    atomic_fetch_add(&destroyed_count, 1);
}

static void once_make(void)
{
    sched_yield();
    MUST(pthread_key_create(&key, key_destroy) == 0);
    atomic_fetch_add(&once_count, 1);
}

static void *data_work(void *number)
{
    unsigned *value = malloc(sizeof *value);

    MUST(pthread_once(&once, once_make) == 0 && value != NULL);
    MUST(pthread_getspecific(key) == NULL && local_value == 0);
    MUST(pthread_setspecific(key, value) == 0);
    for (unsigned i = 1; i < 500; i++) {
        *value = local_value = i;
        if (i % 32 == 0)
            sched_yield();
        MUST(pthread_getspecific(key) == value && *value == local_value && local_value == i);
    }
    return done(number);
}

static void *short_work(void *number)
{
    atomic_fetch_add(&ended_count, 1);
    if ((uintptr_t)number % 2 == 0)
        pthread_exit(done(number));
    return done(number);
}

static int c11_work(void *number)
{
    return (int)(uintptr_t)number + 1;
}

/* The plan's threads are used again and again, joined and detached; one too many is EAGAIN. */
static void lives_run(void)
{
    pthread_attr_t detached;

    atomic_store(&ended_count, 0);
    for (unsigned round = 0; round < 100; round++)
        threads_run(short_work);
    MUST(atomic_load(&ended_count) == 100 * (int)thread_count);
    MUST(pthread_attr_init(&detached) == 0);
    MUST(pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED) == 0);
    atomic_store(&ended_count, 0);
    for (uintptr_t made = 0; made < 300; made++) {
        pthread_t thread;
        thread_take(&thread, &detached, short_work, made, PAUSES_MAX);
    }
    for (unsigned i = 0; atomic_load(&ended_count) < 300 && i < PAUSES_MAX; i++)
        hammer_pause();
    MUST(atomic_load(&ended_count) == 300);
    thrd_t thread;
    int result, made = thrd_create(&thread, c11_work, (void *)6);
    for (unsigned i = 0; made != thrd_success && i < PAUSES_MAX; i++) {
        hammer_pause();
        made = thrd_create(&thread, c11_work, (void *)6);
    }
    MUST(made == thrd_success);
    MUST(thrd_join(thread, &result) == thrd_success && result == 7);
}

/* ---- all ----------------------------------------------------------------------------- */

static void locks_run(void)
{
    counter = pair[0] = pair[1] = 0;
    threads_run(mutex_work);
    MUST(counter == 2000 * (long)thread_count);
    threads_run(rwlock_work);
    MUST(pair[0] == pair[1] && pair[0] == 250 * (long)thread_count);
    item_sum = items_taken = 0;
    threads_run(cond_work);
    MUST(item_count == 0 && items_taken == ITEMS * (long)thread_count / 2);
    MUST(item_sum == ITEMS * (ITEMS - 1) / 2 * (long)thread_count / 2);
    waiting = generation = 0;
    threads_run(broadcast_work);
    for (unsigned i = 0; i < thread_count; i++)
        MUST(sem_init(&token[i], 0, i == 0) == 0);
    threads_run(semaphore_work);
}

void hammer_run(unsigned count, FILE *out)
{
    thread_count = count;
    line_stream = out;
    threads_run_patiently(malloc_work, PAUSES_MAX); /* the last round left detached threads */
    threads_run(errno_work);
    locks_run();
    memset(line_seen, 0, sizeof line_seen);
    threads_run(stdio_work);
    MUST(fflush(out) == 0);
    for (unsigned i = 0; i < count; i++)
        MUST(line_seen[i] == LINES);
    int destroyed = atomic_load(&destroyed_count);
    threads_run(data_work);
    MUST(atomic_load(&once_count) == 1);
    MUST(atomic_load(&destroyed_count) == destroyed + (int)count);
    lives_run();
}
