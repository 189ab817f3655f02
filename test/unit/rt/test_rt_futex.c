/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libs/rt/rt_futex and rt_lock under every order of their steps.
 *
 * The threads are coroutines.  Each access to an atomic word and each kernel call is one step.
 * Before each step a chooser picks the thread that goes on.  For two threads it takes all schedules
 * in turn that have at most PREEMPTIONS_MAX preemptions, for more threads random ones.  A schedule
 * at whose end a thread is blocked is a lost wake-up.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

static void step(void);

#undef atomic_load
#undef atomic_store
#undef atomic_exchange
#undef atomic_fetch_add
#undef atomic_compare_exchange_strong
#define atomic_load(at)         (step(), atomic_load_explicit(at, memory_order_seq_cst))
#define atomic_store(at, v)     (step(), atomic_store_explicit(at, v, memory_order_seq_cst))
#define atomic_exchange(at, v)  (step(), atomic_exchange_explicit(at, v, memory_order_seq_cst))
#define atomic_fetch_add(at, v) (step(), atomic_fetch_add_explicit(at, v, memory_order_seq_cst))
#define atomic_compare_exchange_strong(at, old, v)                                                 \
    (step(), atomic_compare_exchange_strong_explicit(at, old, v, memory_order_seq_cst,             \
                                                     memory_order_seq_cst))

#include <rt/rt_futex.c>
#include <rt/rt_lock.c>
#include <test/unit/run.h>

#define THREADS_MAX 4
#define STACK_BYTES 65536
#define STEPS_MAX   4000
#define RANDOM_RUNS 1500
#define PREEMPTIONS_MAX 3
#define SOON        UINT64_C(1000) /* a deadline that may pass at any step */

struct rt_state rt_state;

/* ---- the machine -------------------------------------------------------------------- */

struct coroutine {
    ucontext_t context;
    bool is_done;
    bool is_blocked; /* in notification_wait() with the word 0 */
    bool may_time_out, timed_out;
    uint64_t word; /* of its lock Notification */
};

static struct coroutine thread[THREADS_MAX];
static uint8_t stack[THREADS_MAX][STACK_BYTES];
static unsigned thread_count, current;
static ucontext_t scheduler;
static void (*scenario)(unsigned number);

unsigned rt_thread_number(void)
{
    return current;
}

static void step(void)
{
    swapcontext(&thread[current].context, &scheduler);
}

static uint32_t slot_of(unsigned number)
{
    return 10 + number;
}

void abi_ecall(struct abi_regs *regs)
{
    ck_assert_uint_ge(regs->a0, slot_of(0));
    ck_assert_uint_lt(regs->a0, slot_of(thread_count));
    struct coroutine *t = &thread[regs->a0 - slot_of(0)];
    step();
    if (regs->a7 == CALL_SIGNAL) {
        t->word |= 1;
        t->is_blocked = false;
        regs->a0 = OK;
        return;
    }
    ck_assert_uint_eq(regs->a7, CALL_WAIT);
    ck_assert_ptr_eq(t, &thread[current]); /* each thread waits for its own */
    while (t->word == 0 && !t->timed_out) {
        t->is_blocked = true;
        t->may_time_out = regs->a1 != UINT64_MAX;
        step();
    }
    regs->a0 = t->word != 0 ? OK : ERR_TIMEOUT;
    regs->a1 = t->word;
    t->is_blocked = t->may_time_out = t->timed_out = false;
    t->word = 0;
}

static void coroutine_run(int number)
{
    scenario((unsigned)number);
    thread[number].is_done = true;
    step();
}

/* ---- the chooser --------------------------------------------------------------------- */

static unsigned choice[STEPS_MAX], option_count[STEPS_MAX], choice_count, prefix_count;
static unsigned preemption_count;
static bool is_exhaustive, is_by_priority;

static unsigned choose(unsigned options)
{
    ck_assert_uint_lt(choice_count, STEPS_MAX); /* else threads run in circles */
    if (!is_exhaustive)
        return (unsigned)rand() % options;
    unsigned at = choice_count++;
    if (at >= prefix_count)
        choice[at] = 0;
    option_count[at] = options;
    return choice[at];
}

/* The next schedule; false: that was the last one. */
static bool choose_next(void)
{
    while (choice_count > 0 && choice[choice_count - 1] + 1 == option_count[choice_count - 1])
        choice_count--;
    if (choice_count == 0)
        return false;
    choice[choice_count - 1]++;
    prefix_count = choice_count;
    return true;
}

static bool can_go_on(unsigned number)
{
    const struct coroutine *t = &thread[number];

    return !t->is_done && (!t->is_blocked || t->may_time_out);
}

/* A thread that can go on: it is not blocked, or its deadline passes now.  The current one is the
 * first option, and the only one after PREEMPTIONS_MAX preemptions of an exhaustive run. */
static bool pick(void)
{
    unsigned able[THREADS_MAX], count = 0;
    bool is_current_able = can_go_on(current);

    for (unsigned i = 0; i < thread_count; i++) {
        unsigned number = (current + i) % thread_count;
        if (can_go_on(number))
            able[count++] = number;
    }
    if (count == 0)
        return false;
    if (is_exhaustive && is_current_able && preemption_count == PREEMPTIONS_MAX)
        count = 1;
    unsigned before = current;
    if (is_by_priority) {
        for (current = thread_count - 1; !can_go_on(current); current--)
            ;
        return true;
    }
    current = able[count == 1 ? 0 : choose(count)];
    preemption_count += is_current_able && current != before;
    if (thread[current].is_blocked)
        thread[current].timed_out = true;
    return true;
}

static void coroutine_make(unsigned number)
{
    ucontext_t *context = &thread[number].context;

    rt_state.futex.place[number].lock_slot = slot_of(number);
    getcontext(context);
    context->uc_stack.ss_sp = stack[number];
    context->uc_stack.ss_size = STACK_BYTES;
    makecontext(context, (void (*)(void))coroutine_run, 1, (int)number);
}

/* Runs one schedule; returns the number of threads that are blocked for ever. */
static unsigned run(unsigned count, void (*what)(unsigned))
{
    unsigned left = 0;

    memset(&rt_state, 0, sizeof rt_state);
    memset(thread, 0, sizeof thread);
    thread_count = count;
    scenario = what;
    choice_count = current = preemption_count = 0;
    for (unsigned i = 0; i < count; i++)
        coroutine_make(i);
    while (pick())
        swapcontext(&scheduler, &thread[current].context);
    for (unsigned i = 0; i < count; i++)
        left += !thread[i].is_done;
    return left;
}

/* ---- scenarios -------------------------------------------------------------------------- */

static atomic_int word, second;
static int counter, inside, posts, taken, timeouts;

static void reset(void)
{
    atomic_store_explicit(&word, 0, memory_order_seq_cst);
    atomic_store_explicit(&second, 0, memory_order_seq_cst);
    counter = inside = posts = taken = timeouts = 0;
}

static int now_is(atomic_int *at)
{
    return atomic_load_explicit(at, memory_order_seq_cst);
}

/* Thread 0 sets the word and wakes; the others wait until the word is set. */
static void wake_all(unsigned number)
{
    if (number == 0) {
        atomic_store(&word, 1);
        (void)rt_futex_wake(&rt_state.futex, &word, THREADS_MAX);
        return;
    }
    while (atomic_load(&word) == 0) {
        enum err err = rt_futex_wait(&rt_state.futex, number, &word, 0, UINT64_MAX);
        ck_assert(err == OK || err == ERR_STATE);
    }
    counter++;
}

/* The same with a deadline: the wait ends well, by another value, or by the deadline. */
static void wake_or_time_out(unsigned number)
{
    if (number == 0) {
        wake_all(0);
        return;
    }
    enum err err = rt_futex_wait(&rt_state.futex, number, &word, 0, SOON);
    ck_assert(err == OK || err == ERR_STATE || err == ERR_TIMEOUT);
    timeouts += err == ERR_TIMEOUT;
    if (err != ERR_TIMEOUT)
        ck_assert_int_eq(now_is(&word), 1);
    ck_assert_uint_eq(rt_state.futex.place[number].address, 0);
}

static void lock_thrice(unsigned number)
{
    static struct rt_lock *lock = &rt_state.pages_lock;

    (void)number;
    for (unsigned i = 0; i < 3; i++) {
        rt_lock_take(lock);
        ck_assert_int_eq(inside++, 0);
        step();
        counter++;
        inside--;
        rt_lock_release(lock);
    }
}

/* A semaphore in `word`; `second` counts its waiters, as in musl's sem_timedwait(). */
static bool semaphore_try(void)
{
    int seen = atomic_load(&word);

    while (seen > 0) {
        if (atomic_compare_exchange_strong(&word, &seen, seen - 1))
            return true;
    }
    return false;
}

static void semaphore_take(unsigned number, uint64_t deadline)
{
    while (!semaphore_try()) {
        atomic_fetch_add(&second, 1);
        enum err err = rt_futex_wait(&rt_state.futex, number, &word, 0, deadline);
        atomic_fetch_add(&second, -1);
        if (err == ERR_TIMEOUT) {
            timeouts++;
            return;
        }
    }
    taken++;
}

static void semaphores(unsigned number)
{
    for (unsigned i = 0; i < 3; i++) {
        if (number < 2) {
            atomic_fetch_add(&word, 1);
            posts++;
            if (atomic_load(&second) > 0)
                (void)rt_futex_wake(&rt_state.futex, &word, 1);
        } else {
            semaphore_take(number, i == 1 ? SOON : UINT64_MAX);
        }
    }
}

/* Thread 0 moves the waiters from `word` to `second`, then wakes them there one by one. */
static void requeue(unsigned number)
{
    if (number == 0) {
        atomic_store(&word, 1);
        unsigned count = rt_futex_requeue(&rt_state.futex, &word, 1, &second, THREADS_MAX);
        ck_assert_uint_le(count, thread_count - 1);
        for (unsigned i = 1; i < count; i++)
            ck_assert_uint_le(rt_futex_wake(&rt_state.futex, &second, 1), 1);
        (void)rt_futex_wake(&rt_state.futex, &second, THREADS_MAX);
        return;
    }
    enum err err = rt_futex_wait(&rt_state.futex, number, &word, 0, UINT64_MAX);
    ck_assert(err == OK || err == ERR_STATE);
    counter++;
}

/* Three threads wait in order; then thread 0 wakes one, and one more for another address. */
static void oldest_first(unsigned number)
{
    if (number != 0) {
        while (number > 1 && !thread[number - 1].is_blocked)
            step();
        ck_assert_int_eq(rt_futex_wait(&rt_state.futex, number, &word, 0, UINT64_MAX), OK);
        ck_assert_int_eq(++counter, (int)number);
        return;
    }
    while (!thread[1].is_blocked || !thread[2].is_blocked || !thread[3].is_blocked)
        step();
    ck_assert_uint_eq(rt_futex_wake(&rt_state.futex, &second, 1), 0);
    for (unsigned i = 1; i <= 3; i++) {
        ck_assert_uint_eq(rt_futex_wake(&rt_state.futex, &word, 1), 1);
        while (counter < (int)i)
            step();
    }
    ck_assert_uint_eq(rt_futex_wake(&rt_state.futex, &word, 1), 0);
}

/* Thread 1 waits again whenever it is woken, until thread 0's wake has ended. */
static void wait_again(unsigned number)
{
    if (number == 0) {
        while (!thread[1].is_blocked)
            step();
        ck_assert_uint_eq(rt_futex_wake(&rt_state.futex, &word, UINT32_MAX), 1);
        atomic_store(&word, 1);
        (void)rt_futex_wake(&rt_state.futex, &word, UINT32_MAX);
        return;
    }
    while (rt_futex_wait(&rt_state.futex, 1, &word, 0, UINT64_MAX) != ERR_STATE)
        ck_assert_int_lt(++counter, 10);
}

/* ---- tests ---------------------------------------------------------------------------- */

/* Every schedule; returns how many there were. */
static uint64_t run_all(unsigned count, void (*what)(unsigned), void (*check)(void))
{
    uint64_t runs = 0;

    is_exhaustive = true;
    prefix_count = 0;
    do {
        reset();
        ck_assert_uint_eq(run(count, what), 0);
        check();
        runs++;
    } while (choose_next());
    return runs;
}

static void run_random(unsigned count, void (*what)(unsigned), void (*check)(void))
{
    is_exhaustive = false;
    for (unsigned i = 0; i < RANDOM_RUNS; i++) {
        reset();
        srand(i);
        ck_assert_msg(run(count, what) == 0, "a lost wake-up with seed %u", i);
        check();
    }
}

static void check_woken(void)
{
    ck_assert_int_eq(counter, (int)thread_count - 1);
}

static void check_locked(void)
{
    ck_assert_int_eq(counter, 3 * (int)thread_count);
    ck_assert_int_eq(now_is(&rt_state.pages_lock.word), 0);
}

static void check_conserved(void)
{
    ck_assert_int_eq(now_is(&word), posts - taken);
    ck_assert_int_eq(taken + timeouts, posts);
}

static void check_nothing(void)
{
}

START_TEST(test_futex_wait_and_wake_in_every_order_lose_nothing)
{
    /* One waiter and one waker, in every order of their steps. */
    ck_assert_uint_gt(run_all(2, wake_all, check_woken), 300);
}
END_TEST

START_TEST(test_futex_deadline_in_every_order_ends_the_wait_once)
{
    /* A deadline that passes before, during or after the wake ends the wait one way or the other,
     * and leaves no place behind. */
    ck_assert_uint_gt(run_all(2, wake_or_time_out, check_nothing), 300);
}
END_TEST

START_TEST(test_futex_wake_all_wakes_all)
{
    run_random(4, wake_all, check_woken);
}
END_TEST

START_TEST(test_futex_requeue_loses_nobody)
{
    run_random(4, requeue, check_woken);
    ck_assert_uint_gt(run_all(2, requeue, check_woken), 100);
}
END_TEST

START_TEST(test_futex_semaphore_with_deadlines_keeps_count)
{
    /* Two threads post and two wait, one wait of each with a deadline: no count is lost, and no
     * thread waits while the count is above 0. */
    is_exhaustive = false;
    for (unsigned i = 0; i < RANDOM_RUNS; i++) {
        reset();
        srand(i);
        unsigned left = run(4, semaphores);
        ck_assert_msg(left == 0, "seed %u: %u threads wait at count %d", i, left, now_is(&word));
        check_conserved();
    }
}
END_TEST

START_TEST(test_lock_in_random_orders_excludes_and_ends)
{
    /* At most one thread holds the lock, and each gets it. */
    run_random(2, lock_thrice, check_locked);
    run_random(4, lock_thrice, check_locked);
}
END_TEST

START_TEST(test_futex_wakes_the_oldest_and_no_more_than_asked)
{
    /* A wake of one wakes the thread that waits longest, and none that waits for another word. */
    is_exhaustive = false;
    for (unsigned i = 0; i < 200; i++) {
        reset();
        srand(i);
        ck_assert_uint_eq(run(4, oldest_first), 0);
    }
}
END_TEST

START_TEST(test_futex_wake_ends_though_the_woken_wait_again)
{
    /* Thread 1 has the higher priority: whatever wakes it, it runs until it waits again. */
    is_exhaustive = false;
    is_by_priority = true;
    reset();
    ck_assert_uint_eq(run(2, wait_again), 0);
}
END_TEST

START_TEST(test_futex_wait_without_notification_is_refused)
{
    /* A process with one thread has no lock Notification. */
    struct rt_futex none;

    memset(&none, 0, sizeof none);
    ck_assert_int_eq(rt_futex_wait(&none, 0, &word, 0, 0), ERR_NOT_SUPPORTED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rt-futex");
    TCase *tc = tcase_create("rt-futex");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, test_futex_wait_and_wake_in_every_order_lose_nothing);
    tcase_add_test(tc, test_futex_deadline_in_every_order_ends_the_wait_once);
    tcase_add_test(tc, test_futex_wake_all_wakes_all);
    tcase_add_test(tc, test_futex_requeue_loses_nobody);
    tcase_add_test(tc, test_futex_semaphore_with_deadlines_keeps_count);
    tcase_add_test(tc, test_lock_in_random_orders_excludes_and_ends);
    tcase_add_test(tc, test_futex_wakes_the_oldest_and_no_more_than_asked);
    tcase_add_test(tc, test_futex_wake_ends_though_the_woken_wait_again);
    tcase_add_test(tc, test_futex_wait_without_notification_is_refused);
    suite_add_tcase(suite, tc);
    return run_suites(srunner_create(suite));
}
