/* SPDX-License-Identifier: BSD-2-Clause */
/* libs/rt/rt_syscall: the system calls of libc that work; all others are refused. */
#define _GNU_SOURCE

#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#include <rt/calls.h>
#include <rt/rt_state.h>
#include <test/unit/run.h>

#define PAGES 16
#define HZ    10000000u

struct rt_state rt_state;

long rt_syscall(long n, long a, long b, long c, long d, long e, long f);

static uint64_t now_ticks;
static char written[256];
static size_t written_bytes;
static jmp_buf left;

uint64_t rt_time_ticks(void)
{
    return now_ticks;
}

/* ---- in place of rt_threads.c and the kernel ---- */

static struct abi_regs called; /* the last kernel call */
static enum err call_result;
static atomic_int *exit_word;

void abi_ecall(struct abi_regs *regs)
{
    called = *regs;
    regs->a0 = (uint64_t)call_result;
    regs->a1 = 1;
}

unsigned rt_thread_number(void)
{
    return 3;
}

long rt_thread_exit_word(atomic_int *word)
{
    exit_word = word;
    return rt_thread_tid(3);
}

ATTR_NORETURN void rt_thread_end(void)
{
    longjmp(left, 99);
}

static void take(const char *text, size_t bytes)
{
    memcpy(written + written_bytes, text, bytes);
    written_bytes += bytes;
}

static ATTR_NORETURN void leave(int code)
{
    longjmp(left, code);
}

static long call(long n, long a, const void *b, long c)
{
    return rt_syscall(n, a, (long)(intptr_t)b, c, 0, 0, 0);
}

static void setup(void)
{
    void *heap = aligned_alloc(RT_PAGE_BYTES, PAGES * RT_PAGE_BYTES);
    ck_assert_ptr_nonnull(heap);
    memset(heap, 0, PAGES * RT_PAGE_BYTES);
    rt_state.config =
        (struct rt_config){.timebase_hz = HZ, .heap = heap, .write = take, .leave = leave};
    rt_pages_init(&rt_state.pages, heap, PAGES * RT_PAGE_BYTES);
    memset(written, 0, sizeof written);
    written_bytes = 0;
}

static void teardown(void)
{
    free(rt_state.config.heap);
}

START_TEST(test_write_reaches_the_output_from_1_and_2_only)
{
    /* Standard output and error are written; no other descriptor exists. */
    struct iovec parts[2] = {{"one ", 4}, {"two", 3}};
    ck_assert_int_eq(call(SYS_write, 1, "zero ", 5), 5);
    ck_assert_int_eq(call(SYS_writev, 2, parts, 2), 7);
    ck_assert_str_eq(written, "zero one two");
    ck_assert_int_eq(call(SYS_write, 0, "x", 1), -EBADF);
    ck_assert_int_eq(call(SYS_writev, 3, parts, 2), -EBADF);
    ck_assert_int_eq(call(SYS_write, -1, "x", 1), -EBADF);
    ck_assert_str_eq(written, "zero one two");
}
END_TEST

START_TEST(test_ioctl_says_terminal)
{
    /* TIOCGWINSZ works, so that libc flushes each line; other ioctls and descriptors fail. */
    struct winsize size = {1, 2, 3, 4};
    ck_assert_int_eq(rt_syscall(SYS_ioctl, 1, TIOCGWINSZ, (long)(intptr_t)&size, 0, 0, 0), 0);
    ck_assert_uint_eq(size.ws_row, 0);
    ck_assert_int_eq(rt_syscall(SYS_ioctl, 1, FIONREAD, 0, 0, 0, 0), -ENOTTY);
    ck_assert_int_eq(rt_syscall(SYS_ioctl, 5, TIOCGWINSZ, (long)(intptr_t)&size, 0, 0, 0), -EBADF);
}
END_TEST

static long map(size_t bytes, int flags)
{
    return rt_syscall(SYS_mmap, 0, (long)bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
}

START_TEST(test_mmap_gives_anonymous_memory_only)
{
    /* Anonymous memory comes from the heap and goes back; files and fixed places are refused. */
    long at = map(3 * RT_PAGE_BYTES, MAP_PRIVATE | MAP_ANONYMOUS);
    ck_assert_int_eq(at, (long)(intptr_t)rt_state.config.heap);
    ck_assert_int_eq(map(PAGES * RT_PAGE_BYTES, MAP_PRIVATE | MAP_ANONYMOUS), -ENOMEM);
    ck_assert_int_eq(map(0, MAP_PRIVATE | MAP_ANONYMOUS), -EINVAL);
    ck_assert_int_eq(map(4096, MAP_PRIVATE), -ENODEV);
    ck_assert_int_eq(map(4096, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED), -ENODEV);
    ck_assert_int_eq(rt_syscall(SYS_munmap, at, 3 * RT_PAGE_BYTES, 0, 0, 0, 0), 0);
    ck_assert_int_eq(rt_syscall(SYS_munmap, at + 1, 4096, 0, 0, 0, 0), -EINVAL);
    ck_assert_int_eq(map(PAGES * RT_PAGE_BYTES, MAP_PRIVATE | MAP_ANONYMOUS), at);
}
END_TEST

START_TEST(test_clock_counts_from_ticks)
{
    /* Monotonic time is the time CSR's; wall time adds its base, if there is one. */
    struct timespec t;
    now_ticks = 12 * UINT64_C(10000000) + 5;
    ck_assert_int_eq(call(SYS_clock_gettime, CLOCK_MONOTONIC, &t, 0), 0);
    ck_assert_int_eq(t.tv_sec, 12);
    ck_assert_int_eq(t.tv_nsec, 500);
    ck_assert_int_eq(call(SYS_clock_gettime, CLOCK_REALTIME, &t, 0), -EINVAL);
    rt_state.config.realtime_ns = UINT64_C(1000999999900);
    ck_assert_int_eq(call(SYS_clock_gettime, CLOCK_REALTIME, &t, 0), 0);
    ck_assert_int_eq(t.tv_sec, 1013);
    ck_assert_int_eq(t.tv_nsec, 400);
    now_ticks = UINT64_MAX;
    ck_assert_int_eq(call(SYS_clock_gettime, CLOCK_MONOTONIC, &t, 0), 0);
    ck_assert_int_eq(t.tv_sec, (time_t)(UINT64_MAX / HZ));
    ck_assert_int_eq(call(SYS_clock_gettime, CLOCK_PROCESS_CPUTIME_ID, &t, 0), -EINVAL);
}
END_TEST

START_TEST(test_exit_leaves_with_the_code)
{
    /* exit_group ends the process with its code, exit ends the thread. */
    static const long numbers[] = {SYS_exit, SYS_exit_group};
    int code = setjmp(left);
    if (code == 0)
        rt_syscall(numbers[_i], 7, 0, 0, 0, 0, 0);
    ck_assert_int_eq(code, _i == 0 ? 99 : 7);
}
END_TEST

START_TEST(test_thread_calls_are_those_of_the_calling_thread)
{
    atomic_int word = 1;

    ck_assert_int_eq(call(SYS_set_tid_address, (long)(intptr_t)&word, NULL, 0), 4);
    ck_assert_ptr_eq(exit_word, &word);
    ck_assert_int_eq(call(SYS_gettid, 0, NULL, 0), 4);
    ck_assert_int_eq(call(SYS_getpid, 0, NULL, 0), 1);
    ck_assert_int_eq(call(SYS_sched_yield, 0, NULL, 0), 0);
    ck_assert_uint_eq(called.a7, CALL_YIELD);
}
END_TEST

#define FUTEX_WAIT    0
#define FUTEX_WAKE    1
#define FUTEX_REQUEUE 3
#define FUTEX_PRIVATE 128

static atomic_int futex_word;

static long futex(long operation, long value, const struct timespec *wait)
{
    return rt_syscall(SYS_futex, (long)(intptr_t)&futex_word, operation, value,
                      (long)(intptr_t)wait, 0, 0);
}

static long futex_wait(time_t seconds, long ns)
{
    struct timespec wait = {seconds, ns};

    return futex(FUTEX_WAIT | FUTEX_PRIVATE, 0, &wait);
}

static void setup_futex(void)
{
    setup();
    rt_state.futex.place[3].lock_slot = 44;
    now_ticks = 1000;
    call_result = ERR_TIMEOUT;
}

START_TEST(test_futex_wait_asks_the_kernel_with_the_deadline)
{
    /* The wait is relative; the deadline is never earlier, and saturates. */
    ck_assert_int_eq(futex_wait(1, 500000000), -ETIMEDOUT);
    ck_assert_uint_eq(called.a7, CALL_WAIT);
    ck_assert_uint_eq(called.a0, 44);
    ck_assert_uint_eq(called.a1, 1000 + 3 * HZ / 2 + 1);
    ck_assert_int_eq(futex_wait(0, 1), -ETIMEDOUT);
    ck_assert_uint_eq(called.a1, 1000 + 2);
    ck_assert_int_eq(futex_wait(INT64_MAX, 999999999), -ETIMEDOUT);
    ck_assert_uint_eq(called.a1, UINT64_MAX);
    ck_assert_int_eq(futex(FUTEX_WAIT, 0, NULL), -ETIMEDOUT);
    ck_assert_uint_eq(called.a1, UINT64_MAX);
    call_result = ERR_CANCELLED;
    ck_assert_int_eq(futex(FUTEX_WAIT, 0, NULL), -EINTR);
    ck_assert_uint_eq(rt_state.futex.place[3].address, 0);
}
END_TEST

START_TEST(test_futex_errors)
{
    /* Another value, an invalid time, a thread without Notification, an unknown operation. */
    called.a7 = 0;
    futex_word = 1;
    ck_assert_int_eq(futex(FUTEX_WAIT, 0, NULL), -EAGAIN);
    futex_word = 0;
    ck_assert_int_eq(futex_wait(-1, 0), -EINVAL);
    ck_assert_int_eq(futex_wait(0, -1), -EINVAL);
    ck_assert_int_eq(futex_wait(0, 1000000000), -EINVAL);
    ck_assert_int_eq(futex(2, 0, NULL), -ENOSYS);
    ck_assert_int_eq(futex(FUTEX_WAIT | 256, 0, NULL), -ENOSYS);
    ck_assert_int_eq(futex(FUTEX_WAKE, 5, NULL), 0);
    ck_assert_int_eq(futex(FUTEX_REQUEUE, 5, NULL), 0);
    rt_state.futex.place[3].lock_slot = 0;
    ck_assert_int_eq(futex_wait(0, 0), -ENOSYS);
    ck_assert_uint_eq(called.a7, 0);
}
END_TEST

START_TEST(test_futex_wake_signals_who_waits_there)
{
    /* The waiter of the address is signalled, and counted. */
    rt_state.futex.place[5].lock_slot = 46;
    rt_state.futex.place[5].address = (uintptr_t)&futex_word;
    rt_state.futex.tickets = 1; /* the waiter's ticket is 0 */
    ck_assert_int_eq(futex(FUTEX_WAKE | FUTEX_PRIVATE, INT32_MAX, NULL), 1);
    ck_assert_uint_eq(called.a7, CALL_SIGNAL);
    ck_assert_uint_eq(called.a0, 46);
    ck_assert_uint_eq(rt_state.futex.place[5].address, 0);
}
END_TEST

START_TEST(test_everything_else_is_refused)
{
    /* Other system calls return ENOSYS. */
    static const long numbers[] = {SYS_openat,    SYS_read,  SYS_socket, SYS_clone,
                                   SYS_execve,    SYS_kill,  SYS_membarrier, SYS_mremap,
                                   SYS_nanosleep, SYS_ppoll, 1000000000, -1};
    for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        ck_assert_int_eq(rt_syscall(numbers[i], 0, 0, 0, 0, 0, 0), -ENOSYS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rt-syscall");
    TCase *tc = tcase_create("rt-syscall");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_write_reaches_the_output_from_1_and_2_only);
    tcase_add_test(tc, test_ioctl_says_terminal);
    tcase_add_test(tc, test_mmap_gives_anonymous_memory_only);
    tcase_add_test(tc, test_clock_counts_from_ticks);
    tcase_add_loop_test(tc, test_exit_leaves_with_the_code, 0, 2);
    tcase_add_test(tc, test_everything_else_is_refused);
    tcase_add_test(tc, test_thread_calls_are_those_of_the_calling_thread);
    suite_add_tcase(suite, tc);
    TCase *futexes = tcase_create("futex");
    tcase_add_checked_fixture(futexes, setup_futex, teardown);
    tcase_add_test(futexes, test_futex_wait_asks_the_kernel_with_the_deadline);
    tcase_add_test(futexes, test_futex_errors);
    tcase_add_test(futexes, test_futex_wake_signals_who_waits_there);
    suite_add_tcase(suite, futexes);
    return run_suites(srunner_create(suite));
}
