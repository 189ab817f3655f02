/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Repeats the kernel's calls, and prints for each
 *
 *   bench: NAME: T ticks for N
 *
 * Stubs are included; the first line is the loop alone.  The threads have the same priority,
 * except a thread that a signal is to wake.  `main_thread` measures, the other threads answer.
 */
#include "root.h"

#include <rt/rt_access.h>

#define ROUNDS   UINT64_C(10000)
#define WAKES    UINT64_C(1000)
#define PAGE_AT  UINT64_C(0x2000000000) /* unmapped otherwise in each VSpace */

#define LABEL_REQUEST 1u
#define LABEL_ANSWER  2u
#define LABEL_LAST    9u

/* ---- measured operations -------------------------------------------------------- */

static void nothing(void)
{
    __asm__ volatile("" ::: "memory");
}

static void poll(void)
{
    uint64_t bits;

    must(notification_poll(cap(SLOT_PONG), &bits));
}

static void call_and_check(cap_t endpoint)
{
    struct message message = { .tag = LABEL_REQUEST };

    must(ipc_call(endpoint, &message));
    if (message.tag != LABEL_ANSWER)
        root_end();
}

static void call_near(void)
{
    call_and_check(cap(SLOT_ENDPOINT));
}

static void call_far(void)
{
    call_and_check(cap(SLOT_FAR_ENDPOINT));
}

/* Signals the server and waits for its signal: two switches. */
static void ping_and_pong(void)
{
    uint64_t bits;

    must(notification_signal(cap(SLOT_PING)));
    must(notification_wait(cap(SLOT_PONG), UINT64_MAX, &bits));
}

static void map_and_unmap(void)
{
    must(frame_map(cap(SLOT_FRAME), cap_at(BOOT_SLOT_VSPACE), PAGE_AT, RIGHTS_RW));
    must(frame_unmap(cap(SLOT_FRAME)));
}

static void copy_and_delete(void)
{
    must(cnode_copy(cap_at(BOOT_SLOT_CNODE), cap(SLOT_COPY).slot, cap_at(BOOT_SLOT_CNODE),
                    cap(SLOT_FRAME).slot, RIGHT_READ));
    must(cnode_delete(cap_at(BOOT_SLOT_CNODE), cap(SLOT_COPY).slot));
}

/* ---- copies ------------------------------------------------------------------------- */

#define COPY_SMALL 64u
#define COPY_LARGE 4096u

static _Alignas(64) uint8_t copy_to[COPY_LARGE], copy_from[COPY_LARGE];

void *memcpy(void *to, const void *from, size_t bytes);

static void copy_in_small(void)
{
    must(rt_copy_in(copy_to, copy_from, COPY_SMALL));
}

static void copy_in_large(void)
{
    must(rt_copy_in(copy_to, copy_from, COPY_LARGE));
}

/* By a pointer: the compiler has an idea of its own of a copy of this size. */
static void *(*volatile copy_plainly)(void *, const void *, size_t) = memcpy;

static void memcpy_small(void)
{
    (void)copy_plainly(copy_to, copy_from, COPY_SMALL);
}

static void memcpy_large(void)
{
    (void)copy_plainly(copy_to, copy_from, COPY_LARGE);
}

static void copies_measure(void)
{
    time_it("memcpy of 64 bytes", memcpy_small, ROUNDS);
    time_it("copy of 64 bytes from a client", copy_in_small, ROUNDS);
    time_it("memcpy of 4 KiB", memcpy_large, ROUNDS);
    time_it("copy of 4 KiB from a client", copy_in_large, ROUNDS);
}

/* ---- a server of this address space ------------------------------------------------ */

/* Answers calls up to the last one, then signals. */
static void server_thread(void)
{
    struct message message = { .tag = 0 };
    uint64_t bits;

    must(ipc_recv(cap(SLOT_ENDPOINT), &message));
    while (message.tag != LABEL_LAST) {
        message.tag = LABEL_ANSWER;
        must(ipc_reply_recv(cap(SLOT_ENDPOINT), &message));
    }
    for (;;) {
        must(notification_wait(cap(SLOT_PING), UINT64_MAX, &bits));
        must(notification_signal(cap(SLOT_PONG)));
    }
}

/* ---- a server of another address space ---------------------------------------------- */

/* Copied into a page of its own: answers every call.  s0 is the endpoint's slot; 4 is CALL_RECV,
 * 2 CALL_REPLY_RECV and LABEL_ANSWER. */
_Static_assert(CALL_RECV == 4 && CALL_REPLY_RECV == 2 && LABEL_ANSWER == 2, "as spelled below");
__asm__(".balign 4\n"
        "far_server:\n"
        "    mv   a0, s0\n"
        "    li   a1, 0\n"
        "    li   t0, 0\n"
        "    li   a7, 4\n"
        "    ecall\n"
        "1:  mv   a0, s0\n"
        "    li   a1, 2\n"
        "    li   t0, 0\n"
        "    li   a7, 2\n"
        "    ecall\n"
        "    j    1b\n"
        "far_server_end:\n");
extern const char far_server[], far_server_end[];

static void far_server_start(void)
{
    cap_t server = cap(SLOT_FAR_SERVER);

    make(OBJ_THREAD, THREAD_BITS_MIN, SLOT_FAR_SERVER);
    make(OBJ_ENDPOINT, ENDPOINT_BITS_MIN, SLOT_FAR_ENDPOINT);
    make(OBJ_VSPACE, 16, SLOT_FAR_SPACE);
    make(OBJ_FRAME, FRAME_BITS_MIN, SLOT_FAR_CODE);
    frame_fill(SLOT_FAR_CODE, far_server, (uint64_t)(far_server_end - far_server));
    must(frame_map(cap(SLOT_FAR_CODE), cap(SLOT_FAR_SPACE), PAGE_AT, RIGHT_READ | RIGHT_EXEC));
    must(thread_configure(server, cap_at(BOOT_SLOT_CNODE), cap(SLOT_FAR_SPACE), CAP_NULL,
                          PRIORITY));
    must(thread_set_reg(server, 0, PAGE_AT));
    must(thread_set_reg(server, 8, cap(SLOT_FAR_ENDPOINT).slot)); /* s0 */
    must(thread_resume(server));
}

/* ---- a signal to a sleeper ------------------------------------------------------------ */

/* A signal runs this thread at once: its priority is above the signaller's. */
static void sleeper_thread(void)
{
    uint64_t bits;

    for (uint64_t i = 0; i < WAKES; i++) {
        must(notification_wait(cap(SLOT_SLEEP), UINT64_MAX, &bits));
        MARK_PAUSE();
    }
    must(notification_wait(cap(SLOT_SLEEP), UINT64_MAX, &bits));
    must(notification_signal(cap(SLOT_DONE)));
    must(notification_wait(cap(SLOT_SLEEP), UINT64_MAX, &bits));
}

static void signaller_thread(void)
{
    uint64_t bits, start = now();

    MARK_BEGIN();
    MARK_PAUSE();
    for (uint64_t i = 0; i < WAKES; i++) {
        MARK_RESUME();
        must(notification_signal(cap(SLOT_SLEEP)));
    }
    MARK_END();
    report("signal to wake-up", now() - start, WAKES);
    must(notification_signal(cap(SLOT_SLEEP)));
    must(notification_wait(cap(SLOT_ROUND), UINT64_MAX, &bits));
}

static void wake_measure(void)
{
    uint64_t bits;

    make(OBJ_THREAD, THREAD_BITS_MIN, SLOT_SLEEPER);
    make(OBJ_THREAD, THREAD_BITS_MIN, SLOT_SIGNALLER);
    make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, SLOT_SLEEP);
    make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, SLOT_ROUND);
    make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, SLOT_DONE);
    thread_start(SLOT_SLEEPER, sleeper_thread, PRIORITY - 1);
    thread_start(SLOT_SIGNALLER, signaller_thread, PRIORITY - 2);
    must(notification_wait(cap(SLOT_DONE), UINT64_MAX, &bits));
}

/* ---- all of it -------------------------------------------------------------------------- */

ATTR_NORETURN void main_thread(const struct bootinfo *boot)
{
    struct message last = { .tag = LABEL_LAST };

    root_start(boot);
    make(OBJ_THREAD, THREAD_BITS_MIN, SLOT_SERVER);
    make(OBJ_ENDPOINT, ENDPOINT_BITS_MIN, SLOT_ENDPOINT);
    make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, SLOT_PING);
    make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, SLOT_PONG);
    make(OBJ_FRAME, FRAME_BITS_MIN, SLOT_FRAME);
    thread_start(SLOT_SERVER, server_thread, PRIORITY);
    far_server_start();

    time_it("nothing", nothing, ROUNDS);
    time_it("null system call (poll)", poll, ROUNDS);
    time_it("IPC call + reply, one address space", call_near, ROUNDS);
    time_it("IPC call + reply, two address spaces", call_far, ROUNDS);
    must(ipc_send(cap(SLOT_ENDPOINT), &last));
    time_it("signal and wait, there and back", ping_and_pong, ROUNDS);
    wake_measure();
    time_it("map and unmap a page", map_and_unmap, ROUNDS);
    time_it("copy and delete a capability", copy_and_delete, ROUNDS);
    copies_measure();
    guests_measure();
    put_string("bench: end\n");
    root_end();
}
