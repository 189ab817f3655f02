/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks the registers of both sides after a message, with all registers filled before: calls to a
 * server in this VSpace, and to the same server in another one.  Prints
 *
 *   messages: near: N as they should be          messages: FAILED: WHAT in register R
 *
 * No value of the server's registers may reach the client, apart from the message.  This includes
 * registers that a message does not keep, and FP registers, which both sides use between any two
 * messages.
 *
 * All these messages take the kernel's fast path.  Only the fast path leaves 0 in the registers
 * that a message does not keep, so the test also checks the path.  At the end, a send by a thread
 * that owes a reply must not act as the reply.
 */
#include "root.h"

#define ROUNDS  2000u
#define PAGE_AT UINT64_C(0x2000000000) /* nothing else is mapped here, in any space */
#define KEPT    UINT64_C(0xffc031c)    /* sp, gp, tp, s0 to s11 */
#define EMPTY   UINT64_C(0xf0020022)   /* ra, t0, a7, t3 to t6 */
#define BADGE   0x55u

enum { A0 = 10, A1 = 11, A7 = 17, T0 = 5, T1 = 6, T2 = 7 };

extern uint64_t fuzz_before[32], fuzz_after[32];
uint64_t fuzz_before[32], fuzz_after[32];
void fuzz_call(void); /* ../fuzz/call.S */

/*
 * s0 is the endpoint's slot.  Every register outside the message holds a secret that begins with
 * 0x5ec.  After each message the server checks the registers that messages keep, and fills the
 * others again.  It answers each word and the label plus one; label 0 reports a lost register.
 */
_Static_assert(CALL_RECV == 4 && CALL_REPLY_RECV == 2, "as spelled below");
__asm__(".option push\n"
        ".option norelax\n"
        ".balign 4\n"
        "server:\n"
        "    li   sp, 0x5ec002\n"
        "    li   gp, 0x5ec003\n"
        "    li   tp, 0x5ec004\n"
        "    .irp n, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27\n"
        "    li   x\\n, 0x5ec100 + \\n\n"
        "    .endr\n"
        "    li   a1, 0\n"
        "    li   a7, 4\n"
        "    li   t3, 0x5ec300\n"
        "    fmv.d.x fs1, t3\n"
        "1:  mv   a0, s0\n"
        "    .irp n, 1, 5, 28, 29, 30, 31\n"
        "    li   x\\n, 0x5ec200 + \\n\n"
        "    .endr\n"
        "    ecall\n"
        "    bnez a0, 3f\n"
        "    .irp n, 1, 5, 17, 28, 29, 30, 31\n" /* as EMPTY */
        "    bnez x\\n, 3f\n"
        "    .endr\n"
        "    fmv.x.d t3, fs1\n"
        "    li   t4, 0x5ec300\n"
        "    bne  t3, t4, 3f\n"
        "    li   t3, 0x5ec002\n"
        "    bne  t3, sp, 3f\n"
        "    li   t3, 0x5ec003\n"
        "    bne  t3, gp, 3f\n"
        "    li   t3, 0x5ec004\n"
        "    bne  t3, tp, 3f\n"
        "    .irp n, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27\n"
        "    li   t3, 0x5ec100 + \\n\n"
        "    bne  t3, x\\n, 3f\n"
        "    .endr\n"
        "    li   t3, 0x55\n" /* BADGE */
        "    bne  t3, t2, 3f\n"
        "    addi a1, a1, 1\n"
        "    j    4f\n"
        "3:  li   a1, 0\n"
        "4:  .irp r, a2, a3, a4, a5, a6, t1\n"
        "    addi \\r, \\r, 1\n"
        "    .endr\n"
        "    li   a7, 2\n"
        "    j    1b\n"
        "server_end:\n"
        ".option pop\n");
extern const char server[], server_end[];

static ATTR_NORETURN void fail(const char *what, unsigned number)
{
    const char digits[] = { (char)('0' + number / 10), (char)('0' + number % 10), '\0' };

    put_string("messages: FAILED: ");
    put_string(what);
    put_string(" in register ");
    put_string(digits);
    put_string("\n");
    root_end();
}

static uint64_t random_next(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state ^ *state >> 29;
}

static void float_set(uint64_t value)
{
    __asm__ volatile("fmv.d.x fs1, %0" : : "r"(value) : "fs1");
}

static uint64_t float_get(void)
{
    uint64_t value;

    __asm__ volatile("fmv.x.d %0, fs1" : "=r"(value));
    return value;
}

static void check_results(void)
{
    static const uint8_t words[] = { 12, 13, 14, 15, 16, 6 };

    if (fuzz_after[A0] != OK)
        fail("an error", A0);
    if (fuzz_after[A1] != fuzz_before[A1] + 1)
        fail("a server that lost a register, or a wrong tag", A1);
    for (unsigned i = 0; i < sizeof(words); i++) {
        if (fuzz_after[words[i]] != fuzz_before[words[i]] + 1)
            fail("a wrong word", words[i]);
    }
    if (fuzz_after[T2] != 0)
        fail("a badge", T2);
}

static void check_rest(void)
{
    for (unsigned i = 1; i < 32; i++) {
        if ((KEPT >> i & 1) != 0 && fuzz_after[i] != fuzz_before[i])
            fail("a change", i);
        if ((EMPTY >> i & 1) != 0 && fuzz_after[i] != 0)
            fail("what is somebody's", i);
    }
}

static void rounds(const char *name, unsigned endpoint)
{
    uint64_t state = endpoint;

    for (unsigned n = 0; n < ROUNDS; n++) {
        for (unsigned i = 1; i < 32; i++)
            fuzz_before[i] = random_next(&state);
        fuzz_before[A7] = CALL_CALL;
        fuzz_before[A0] = cap(endpoint).slot;
        fuzz_before[A1] = (fuzz_before[A1] & 0x7fffffff) + 1;
        fuzz_before[T0] &= UINT32_MAX;
        uint64_t value = random_next(&state);
        float_set(value);
        fuzz_call();
        check_results();
        check_rest();
        if (float_get() != value)
            fail("a change of f9, as", 9);
    }
    put_string("messages: ");
    put_string(name);
    put_string(": 2000 as they should be\n");
}

/* A server at `entry` of a space, and an endpoint with a badged copy that its client uses. */
static void server_start(unsigned thread, cap_t space, uint64_t entry, unsigned endpoint,
                         unsigned badged)
{
    make(OBJ_THREAD, THREAD_BITS_MIN, thread);
    make(OBJ_ENDPOINT, ENDPOINT_BITS_MIN, endpoint);
    must(cnode_mint(cap_at(BOOT_SLOT_CNODE), cap(badged).slot, cap_at(BOOT_SLOT_CNODE),
                    cap(endpoint).slot, RIGHT_WRITE, BADGE));
    must(thread_configure(cap(thread), cap_at(BOOT_SLOT_CNODE), space, CAP_NULL, PRIORITY));
    must(thread_set_reg(cap(thread), 0, entry));
    must(thread_set_reg(cap(thread), 8, cap(endpoint).slot)); /* s0 */
    must(thread_resume(cap(thread)));
}

#define LABEL_ANSWER 7u

/* Calls the server, and reports the returned registers by a second call. */
static void caller_thread(void)
{
    struct message message = { .tag = 0 };

    must(ipc_call(cap(SLOT_ROUND), &message));
    must(ipc_call(cap(SLOT_ROUND), &message));
}

/* A send has no fast path: it must not act as the reply that its thread owes. */
static void send_while_owing(void)
{
    struct message message = { .tag = 0 };

    make(OBJ_ENDPOINT, ENDPOINT_BITS_MIN, SLOT_ROUND);
    make(OBJ_THREAD, THREAD_BITS_MIN, SLOT_SLEEPER);
    thread_start(SLOT_SLEEPER, caller_thread, PRIORITY);
    must(ipc_recv(cap(SLOT_ROUND), &message));
    must(ipc_send(cap(SLOT_ENDPOINT), &message)); /* to the near server */
    message.tag = LABEL_ANSWER;
    must(ipc_reply_recv(cap(SLOT_ROUND), &message));
    if (message.tag != LABEL_ANSWER)
        fail("a send that replied, and its tag", A1);
    put_string("messages: a send is no reply\n");
}

ATTR_NORETURN void main_thread(const struct bootinfo *boot)
{
    root_start(boot);
    server_start(SLOT_SERVER, cap_at(BOOT_SLOT_VSPACE), (uint64_t)(uintptr_t)server,
                 SLOT_ENDPOINT, SLOT_PING);
    make(OBJ_VSPACE, 16, SLOT_FAR_SPACE);
    make(OBJ_FRAME, FRAME_BITS_MIN, SLOT_FAR_CODE);
    frame_fill(SLOT_FAR_CODE, server, (uint64_t)(server_end - server));
    must(frame_map(cap(SLOT_FAR_CODE), cap(SLOT_FAR_SPACE), PAGE_AT, RIGHT_READ | RIGHT_EXEC));
    server_start(SLOT_FAR_SERVER, cap(SLOT_FAR_SPACE), PAGE_AT, SLOT_FAR_ENDPOINT, SLOT_PONG);
    thread_yield(); /* both servers wait */
    rounds("near", SLOT_PING);
    rounds("far", SLOT_PONG);
    send_while_owing();
    put_string("messages: end\n");
    root_end();
}
