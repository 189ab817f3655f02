/* SPDX-License-Identifier: BSD-2-Clause */
/* libs/rt/rt_syscall: the system calls of libc that work; all others are refused. */
#define _GNU_SOURCE

#include <check.h>
#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#include <rt/rt_state.h>

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
    /* Both ways to exit end the process with their code. */
    static const long numbers[] = {SYS_exit, SYS_exit_group};
    int code = setjmp(left);
    if (code == 0)
        rt_syscall(numbers[_i], 7, 0, 0, 0, 0, 0);
    ck_assert_int_eq(code, 7);
}
END_TEST

START_TEST(test_everything_else_is_refused)
{
    /* Other system calls return ENOSYS. */
    static const long numbers[] = {SYS_openat,    SYS_read,  SYS_socket, SYS_clone,
                                   SYS_execve,    SYS_kill,  SYS_futex,  SYS_mremap,
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
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
