/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The base of the generated stubs (abi/stubs.h).  A stub returns the kernel's error; on
 * failure its results and the message are unchanged.
 *
 * The include path chooses abi/ecall.h: the real ecall on riscv64, a function that tests
 * supply on the host.
 */
#ifndef ABI_STUB_H
#define ABI_STUB_H

#include <stdbool.h>
#include <stdint.h>

#include <abi/calls.h>
#include <abi/ecall.h>
#include <abi/message.h>
#include <abi/regs.h>
#include <base/err.h>

/* A slot of the calling thread's CNode.  Slot 0 is the null address. */
typedef struct {
    uint32_t slot;
} cap_t;

#define CAP_NULL ((cap_t){ 0 })

static inline cap_t cap_at(uint32_t slot)
{
    return (cap_t){ slot };
}

static inline bool cap_is_null(cap_t cap)
{
    return cap.slot == 0;
}

struct message {
    uint64_t tag;                  /* abi/message.h */
    uint64_t word[MESSAGE_WORDS];
    uint64_t badge;                /* of a received message: badge of the sender's capability */
    uint32_t send_slot;            /* capability to send, if the tag has TAG_CAP */
    uint32_t recv_slot;            /* empty slot for a received capability; 0: none */
};

/* The body of the message calls: sends `m`; on success `m` becomes the message received.  Only a
 * call with a deadline passes `deadline_ticks` on. */
static inline MUST_CHECK abi_message_until(uint64_t call, cap_t endpoint, struct message *m,
                                           bool has_deadline, uint64_t deadline_ticks)
{
    struct abi_regs regs = {
        .a7 = call,
        .a0 = endpoint.slot,
        .a1 = m->tag,
        .a2 = m->word[0],
        .a3 = m->word[1],
        .a4 = m->word[2],
        .a5 = m->word[3],
        .a6 = m->word[4],
        .t1 = m->word[5],
        .t0 = (uint64_t)m->recv_slot << 32 | m->send_slot,
        .t2 = deadline_ticks,
    };

    abi_ecall_message(&regs, has_deadline);
    /* A send has no results: the values in the registers are undefined. */
    if (regs.a0 == OK && call != CALL_SEND) {
        m->tag = regs.a1;
        m->word[0] = regs.a2;
        m->word[1] = regs.a3;
        m->word[2] = regs.a4;
        m->word[3] = regs.a5;
        m->word[4] = regs.a6;
        m->word[5] = regs.t1;
        m->badge = regs.t2;
    }
    return (enum err)regs.a0;
}

static inline MUST_CHECK abi_message(uint64_t call, cap_t endpoint, struct message *m)
{
    return abi_message_until(call, endpoint, m, false, 0);
}

#endif
