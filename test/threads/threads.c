/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes the threads of a process as the root server's plan does, then hammers them (hammer.c).
 * Prints a line for each round, and
 *
 *   threads: end                                    or threads: FAILED, a claim and a line
 *
 * A further thread of the highest priority suspends and resumes the others at random moments, some
 * ten thousand times a second: so they lose the hart anywhere, and waits in the kernel end early.
 */
#include <test/services/hammer/hammer.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <rt/bootinfo.h>
#include <rt/calls.h>
#include <rt/rt.h>

#define HEAP_BYTES     (6u << 20)
#define STACK_BYTES    32768u
#define THREADS        (HAMMER_THREADS_MAX + 1) /* with the first */
#define PRIORITY_EQUAL 20u
#define PRIORITY_TOP   63u

/* Slots, from the first empty one on. */
enum { SLOT_LOCK = 0, SLOT_OWN = THREADS, SLOT_THREAD = 2 * THREADS, SLOT_SLEEP = 3 * THREADS };

static const struct bootinfo *boot;
static _Alignas(4096) uint8_t heap[HEAP_BYTES];
static _Alignas(16) uint8_t stack[THREADS + 1][STACK_BYTES];
static volatile bool is_disturbing;

static uint32_t slot(unsigned number)
{
    return boot->empty_first + number;
}

/* ---- output ---------------------------------------------------------------------------- */

static void say(const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        uint64_t word[5] = {0};
        size_t part = left < sizeof word ? left : sizeof word;
        memcpy(word, text, part);
        (void)!klog_write(cap_at(BOOT_SLOT_KLOG), part, word[0], word[1], word[2], word[3],
                          word[4]);
        text += part;
        left -= part;
    }
}

ATTR_NORETURN void hammer_fail(const char *text, long number)
{
    char line[160];

    is_disturbing = false;
    snprintf(line, sizeof line, "threads: FAILED: %s, line %ld, thread %u\n", text, number,
             rt_thread_number());
    say(line);
    __builtin_trap();
}

static void must(enum err err, long line)
{
    if (err != OK)
        hammer_fail("error of the kernel", 1000 * line + (long)err);
}

void hammer_pause(void)
{
    uint64_t bits;

    (void)!notification_wait(cap_at(rt_thread_own_slot()), rt_time_ticks() + 1000, &bits);
}

static void program_write(const char *text, size_t bytes)
{
    hammer_output(text, bytes);
}

static ATTR_NORETURN void program_leave(int code)
{
    hammer_fail("exit", code);
}

/* ---- objects ----------------------------------------------------------------------------- */

static void object_make(enum obj_type type, unsigned bits, unsigned number)
{
    for (uint32_t i = 0; i < boot->untyped_count; i++) {
        if (boot->untyped[i].kind == BOOT_UNTYPED_RAM && boot->untyped[i].size_bits >= 22 &&
            untyped_retype(cap_at(boot->untyped_first + i), type, bits, cap_at(BOOT_SLOT_CNODE),
                           slot(number), 1) == OK)
            return;
    }
    hammer_fail("no memory", (long)number);
}

/* Before rt_enter(): no TLS yet. */
static void notifications_make(struct rt_config *config)
{
    for (unsigned i = 0; i < THREADS; i++) {
        object_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, SLOT_LOCK + i);
        object_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, SLOT_OWN + i);
        config->thread[i] = (struct rt_thread_slots){.lock_slot = slot(SLOT_LOCK + i),
                                                     .own_slot = slot(SLOT_OWN + i)};
    }
    object_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, SLOT_SLEEP);
}

/* Register numbers of thread_set_reg(): 0 is pc, n is x_n (RISC-V calling convention, "Integer
 * Register Convention"). */
enum { REG_PC = 0, REG_SP = 2, REG_GP = 3, REG_A0 = 10, REG_A1 = 11 };

/* Sets the registers of a suspended thread, so that it calls entry(argument) when it is resumed. */
static void thread_prepare(cap_t thread, uintptr_t entry, uint64_t argument, uint8_t *stack_end)
{
    uint64_t gp;

    __asm__ volatile("mv %0, gp" : "=r"(gp));
    must(thread_set_reg(thread, REG_PC, entry), __LINE__);
    must(thread_set_reg(thread, REG_SP, (uintptr_t)stack_end), __LINE__);
    must(thread_set_reg(thread, REG_GP, gp), __LINE__);
    must(thread_set_reg(thread, REG_A0, argument), __LINE__);
}

static void thread_start(unsigned number, uint64_t priority)
{
    cap_t thread = cap_at(slot(SLOT_THREAD + number));

    object_make(OBJ_THREAD, THREAD_BITS_MIN, SLOT_THREAD + number);
    must(thread_configure(thread, cap_at(BOOT_SLOT_CNODE), cap_at(BOOT_SLOT_VSPACE), CAP_NULL,
                          priority),
         __LINE__);
    thread_prepare(thread, (uintptr_t)rt_thread_wait, number, stack[number] + STACK_BYTES);
    must(thread_set_reg(thread, REG_A1, slot(SLOT_LOCK + number)), __LINE__);
    must(thread_resume(thread), __LINE__);
}

/* ---- the disturber -------------------------------------------------------------------------- */

/* The thread has no TLS, so this function must not use the C library. */
static void disturb(void)
{
    uint64_t state = 88172645463325252u, bits;

    for (;;) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        uint64_t pause = is_disturbing ? 200 + state % 1600 : 100000; /* 20 to 180 us, or 10 ms */
        (void)!notification_wait(cap_at(slot(SLOT_SLEEP)), rt_time_ticks() + pause, &bits);
        cap_t victim = cap_at(slot(SLOT_THREAD + 1 + (unsigned)(state >> 32) % HAMMER_THREADS_MAX));
        if (is_disturbing && thread_suspend(victim) == OK)
            (void)!thread_resume(victim);
    }
}

static void disturber_start(void)
{
    cap_t thread = cap_at(slot(SLOT_THREAD));

    object_make(OBJ_THREAD, THREAD_BITS_MIN, SLOT_THREAD);
    must(thread_configure(thread, cap_at(BOOT_SLOT_CNODE), cap_at(BOOT_SLOT_VSPACE), CAP_NULL,
                          PRIORITY_TOP),
         __LINE__);
    thread_prepare(thread, (uintptr_t)disturb, 0, stack[0] + STACK_BYTES);
    must(thread_resume(thread), __LINE__);
}

/* ---- rounds ---------------------------------------------------------------------------- */

static void priorities_set(bool are_equal)
{
    for (unsigned i = 1; i < THREADS; i++) {
        cap_t thread = cap_at(slot(SLOT_THREAD + i));
        must(thread_suspend(thread), __LINE__);
        must(thread_configure(thread, cap_at(BOOT_SLOT_CNODE), cap_at(BOOT_SLOT_VSPACE), CAP_NULL,
                              are_equal ? PRIORITY_EQUAL : 10 + 5 * (i * 3 % 8)),
             __LINE__);
        must(thread_resume(thread), __LINE__);
    }
}

/* The owner of a lock has the lowest priority and computes; a thread of the highest waits for the
 * lock: it must block, or the owner never runs. */
static pthread_mutex_t inverted = PTHREAD_MUTEX_INITIALIZER;
static volatile bool is_taken;

static void *owner_work(void *argument)
{
    uint64_t end = rt_time_ticks() + rt_timebase_hz() / 20;

    pthread_mutex_lock(&inverted);
    is_taken = true;
    while (rt_time_ticks() < end)
        ;
    pthread_mutex_unlock(&inverted);
    return argument;
}

/* The first thread has the highest priority. */
static void inversion_try(void)
{
    uint64_t start = rt_time_ticks();
    pthread_t owner;

    is_taken = false;
    if (pthread_create(&owner, NULL, owner_work, NULL) != 0)
        hammer_fail("pthread_create", __LINE__);
    while (!is_taken)
        hammer_pause();
    pthread_mutex_lock(&inverted);
    if (rt_time_ticks() - start > 10 * rt_timebase_hz())
        hammer_fail("a waiter holds up the owner", __LINE__);
    pthread_mutex_unlock(&inverted);
    pthread_join(owner, NULL);
}

static void round_run(unsigned count, bool are_equal, bool disturbs)
{
    char line[80];

    priorities_set(are_equal);
    is_disturbing = disturbs;
    hammer_run(count, stdout);
    is_disturbing = false;
    snprintf(line, sizeof line, "threads: %u of %s priorities%s\n", count,
             are_equal ? "equal" : "different", disturbs ? ", disturbed" : "");
    say(line);
}

int main(void)
{
    if (rt_thread_count() != THREADS)
        hammer_fail("the count of threads", rt_thread_count());
    for (unsigned i = 1; i < THREADS; i++)
        thread_start(i, PRIORITY_EQUAL);
    disturber_start();
    inversion_try();
    for (unsigned i = 0; i < 8; i++)
        round_run(i & 1 ? 8 : 2, i & 2, i & 4);
    say("threads: end\n");
    __builtin_trap();
}

ATTR_NORETURN void rt_begin(const void *start)
{
    boot = start;
    struct rt_config config = {
        .name = "threads",
        .timebase_hz = boot->timebase_hz,
        .realtime_ns = 1,
        .heap = heap,
        .heap_bytes = sizeof heap,
        .write = program_write,
        .leave = program_leave,
    };
    notifications_make(&config);
    rt_enter(&config);
}
