/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the generated stubs (abi/stubs.h) stand on.  A stub returns the kernel's
 * error; its results, and the message, are untouched on failure.
 *
 * abi/ecall.h is chosen by the include path: the real ecall on riscv64; on the
 * host a function that tests supply.
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
    uint64_t badge;                /* received: that of the sender's capability */
    uint32_t send_slot;            /* what travels when the tag sent has TAG_CAP */
    uint32_t recv_slot;            /* empty slot for a capability that comes; 0 for none */
};

/* The body of the four message calls: `m` goes out, and on success comes back. */
static inline MUST_CHECK abi_message(uint64_t call, cap_t endpoint, struct message *m)
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
    };

    abi_ecall_message(&regs);
    /* A send has no results: what the registers hold is undefined. */
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

#endif
