/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Four threads, as the manifest says.  Thread 0 is the service: it answers pings while the others
 * work.  Thread 1 directs, 2 and 3 work:
 *
 *   the hammer   rounds of hammer.c in threads 2 and 3.  Prints "life L: round R passed", after
 *                the last round "life L: end", or "FAILED: ..." and faults
 *   a fault      of the first lives, with the option `fault`: threads 1 to 3 print
 *                "life L: thread N beats" until the threads in the mask fault together.  Thread N
 *                stores to address N * FAULT_STEP: the report of the fault tells N
 */
#define _GNU_SOURCE /* fopencookie() */

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <manifest/hammer.manifest.h>
#include <rt/calls.h>
#include <rt/rt.h>
#include <rt/rt_service.h>
#include <rt/rt_threads.h>
#include <test/services/hammer/hammer.h>

#define ROUNDS     2u
#define WORKERS    (HAMMER_THREADS - 2u) /* of the hammer */
#define BEATS      4u                    /* before the fault */
#define BEAT_MS    20u
#define FAULT_STEP UINT64_C(0x100) /* nothing is mapped there */

struct hammer_process {
    struct service service;
    uint32_t life;
    uint64_t fault; /* mask of threads; 0: this life does not fault */
    pthread_t director;
};

static struct hammer_process process;

static void sleep_ticks(uint64_t ticks)
{
    uint64_t bits;

    (void)!notification_wait(cap_at(rt_thread_own_slot()), rt_time_ticks() + ticks, &bits);
}

void hammer_pause(void)
{
    sleep_ticks(rt_timebase_hz() / 10000);
}

ATTR_NORETURN void hammer_fail(const char *text, long number)
{
    printf("FAILED: %s, line %ld, thread %u\n", text, number, rt_thread_number());
    fflush(stdout);
    __builtin_trap();
}

/* ---- a fault ----------------------------------------------------------------------------- */

static atomic_uint beating; /* threads that have beaten often enough to fault */

/* A thread that faults does so when all threads of the mask are there. */
static void *beat_work(void *argument)
{
    unsigned number = rt_thread_number();
    bool faults = process.fault >> number & 1;
    unsigned mates = (unsigned)__builtin_popcountll(process.fault);

    for (unsigned beat = 1;; beat++) {
        printf("life %" PRIu32 ": thread %u beats\n", process.life, number);
        if (faults && beat == BEATS)
            atomic_fetch_add(&beating, 1);
        while (faults && beat == BEATS && atomic_load(&beating) < mates)
            hammer_pause();
        if (faults && beat == BEATS)
            *(volatile uint32_t *)(uintptr_t)(number * FAULT_STEP) = 0;
        sleep_ticks(rt_timebase_hz() / 1000 * BEAT_MS);
    }
    return argument;
}

static void beats_run(void)
{
    pthread_t thread;

    for (unsigned i = 0; i < WORKERS; i++)
        if (pthread_create(&thread, NULL, beat_work, NULL) != 0)
            hammer_fail("pthread_create", __LINE__);
    beat_work(NULL);
}

/* ---- the hammer -------------------------------------------------------------------------- */

static ssize_t lines_write(void *cookie, const char *text, size_t bytes)
{
    (void)cookie;
    hammer_output(text, bytes);
    return (ssize_t)bytes;
}

static void rounds_run(void)
{
    FILE *lines = fopencookie(NULL, "w", (cookie_io_functions_t){.write = lines_write});

    if (lines == NULL)
        hammer_fail("fopencookie", __LINE__);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        hammer_run(WORKERS, lines);
        printf("life %" PRIu32 ": round %u passed\n", process.life, round);
    }
    printf("life %" PRIu32 ": end\n", process.life);
}

/* ---- the process ------------------------------------------------------------------------- */

static void *director_work(void *argument)
{
    if (process.fault != 0)
        beats_run();
    else
        rounds_run();
    return argument;
}

static MUST_CHECK hammer_on_start(void *context)
{
    struct hammer_process *p = context;
    const struct start_table *table = rt_start_table();
    uint64_t fault = 0, lives = 0, life = 0;

    enum err err = hammer_instance_fault(table, &fault);
    if (err == OK)
        err = hammer_instance_lives(table, &lives);
    if (err == OK)
        err = start_table_number(table, "restarts", &life);
    if (err != OK)
        return err;
    if (rt_thread_count() != HAMMER_THREADS)
        return ERR_STATE;
    p->life = (uint32_t)life;
    p->fault = life < lives ? fault & ~UINT64_C(1) : 0; /* thread 0 answers pings */
    return pthread_create(&p->director, NULL, director_work, NULL) == 0 ? OK : ERR_NO_MEMORY;
}

int main(void)
{
    static const struct service_model model = {.context = &process, .on_start = hammer_on_start};

    return rt_service_run(&process.service, &model);
}
