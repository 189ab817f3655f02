/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls of the attack: each kind with arguments that are right most of the time.  This code
 * runs in threads that have no C library: no printf(), no errno.
 */
#include "attack.h"

#include <abi/message.h>
#include <abi/vcpu_page.h>
#include <rt/rt.h>

#define WINDOW       UINT64_C(0x2800000000) /* where a page of slot n is mapped: + n pages */
#define KLOG_ENOUGH  1200u
#define ALL_TYPES    (((UINT32_C(1) << OBJ_COUNT) - 2) | UINT32_C(1) << KIND_UNKNOWN)
#define COPYABLE     (ALL_TYPES & ~(uint32_t)OBJ_MASK(OBJ_UNTYPED))
#define BADGEABLE    ((uint32_t)(OBJ_MASK(OBJ_ENDPOINT) | OBJ_MASK(OBJ_NOTIFICATION)))
#define SPACES       ((uint32_t)(OBJ_MASK(OBJ_VSPACE) | OBJ_MASK(OBJ_GSPACE)))
#define IRQ_SOURCES  95u

struct attacker attacker[ATTACK_THREADS];
uint8_t attack_kind[ATTACK_SLOTS];
uint64_t attack_seq[ATTACK_SLOTS];
static uint32_t kind_count[32]; /* of slots taken for one kind */

/* One call about to be made. */
struct attempt {
    struct attacker *who;
    uint32_t index; /* of the attacker */
    struct abi_regs regs;
};

/* ---- choosing ----------------------------------------------------------------------------- */

static uint64_t below(struct attempt *a, uint64_t count)
{
    return random_below(&a->who->random, count);
}

static bool percent(struct attempt *a, uint64_t share)
{
    return below(a, 100) < share;
}

static uint64_t odd(struct attempt *a)
{
    return random_odd(&a->who->random);
}

/* A slot that holds one of `types`, as far as anybody knows; 0 for none. */
static uint64_t slot_of(struct attempt *a, uint32_t types)
{
    uint32_t at = (uint32_t)below(a, ATTACK_SLOTS), there = 0;

    for (uint32_t kind = 0; kind < 32; kind++)
        there += (types >> kind & 1) * kind_count[kind];
    for (uint32_t i = 0; there > 0 && i < ATTACK_SLOTS; i++, at = (at + 1) % ATTACK_SLOTS) {
        if (at != 0 && (types >> attack_kind[at] & 1) != 0)
            return at;
    }
    return 0;
}

/* The same, but now and then anything. */
static uint64_t cap(struct attempt *a, uint32_t types)
{
    if (percent(a, 3))
        return percent(a, 50) ? below(a, ATTACK_SLOTS) : odd(a);
    return slot_of(a, types);
}

static uint64_t free_slot(struct attempt *a)
{
    return percent(a, 3) ? odd(a) : slot_of(a, OBJ_MASK(OBJ_NONE));
}

/* The shared table most of the time, else one that was made. */
static uint64_t table(struct attempt *a)
{
    return percent(a, 90) ? ATTACK_CNODE : cap(a, OBJ_MASK(OBJ_CNODE));
}

static uint64_t rights(struct attempt *a)
{
    return percent(a, 80) ? RIGHTS_ALL : below(a, 40);
}

/* ---- arguments ------------------------------------------------------------------------------- */

static void choose_retype(struct attempt *a)
{
    static const uint8_t made[][2] = {
        { OBJ_UNTYPED, 12 }, { OBJ_UNTYPED, 14 }, { OBJ_UNTYPED, 17 }, { OBJ_CNODE, 8 },
        { OBJ_CNODE, 10 },   { OBJ_CNODE, 13 },   { OBJ_FRAME, 12 },   { OBJ_FRAME, 12 },
        { OBJ_FRAME, 12 },   { OBJ_VSPACE, 14 },  { OBJ_VSPACE, 15 },  { OBJ_GSPACE, 15 },
        { OBJ_GSPACE, 16 },  { OBJ_THREAD, 11 },  { OBJ_THREAD, 11 },  { OBJ_ENDPOINT, 7 },
        { OBJ_VCPU, 11 },    { OBJ_VCPU, 11 },    { OBJ_IRQ, 8 },      { OBJ_IRQ, 8 },
        { OBJ_FRAME, 21 },   { OBJ_NOTIFICATION, 7 }
    };
    static const uint8_t device[][2] = {
        { OBJ_FRAME, 12 }, { OBJ_FRAME, 21 }, { OBJ_UNTYPED, 22 }
    };
    const uint8_t *kind = made[below(a, sizeof made / sizeof made[0] - (percent(a, 95) ? 2 : 0))];

    if (a->regs.a0 == ATTACK_DEVICE)
        kind = device[below(a, 3)];
    a->regs.a2 = percent(a, 2) ? odd(a) : kind[0];
    a->regs.a3 = percent(a, 2) ? below(a, 70) : kind[1];
    a->regs.a4 = percent(a, 95) ? ATTACK_CNODE : table(a);
    a->regs.a5 = free_slot(a);
    a->regs.a6 = percent(a, 90) ? 1 : percent(a, 50) ? below(a, 5) : odd(a);
}

static void choose_copy(struct attempt *a)
{
    a->regs.a2 = free_slot(a);
    a->regs.a3 = table(a);
    a->regs.a4 = a->regs.a3 == ATTACK_CNODE ? cap(a, COPYABLE) : 1 + below(a, 15);
    a->regs.a5 = rights(a);
    a->regs.a6 = percent(a, 90) ? 1 + below(a, 7) : odd(a);
}

static void choose_mint(struct attempt *a)
{
    choose_copy(a);
    a->regs.a3 = ATTACK_CNODE;
    a->regs.a4 = cap(a, BADGEABLE);
}

/* What stands in the first slots is spared, mostly. */
static uint64_t victim(struct attempt *a, uint32_t types)
{
    uint64_t slot = percent(a, 30) ? slot_of(a, UINT32_C(1) << KIND_UNKNOWN) : 0;

    if (slot == 0)
        slot = cap(a, types);
    if (slot < ATTACK_FREE && (!percent(a, 2) || (slot >= ATTACK_RAM && !percent(a, 5))))
        slot = ATTACK_FREE + below(a, ATTACK_SLOTS - ATTACK_FREE);
    return slot;
}

static void choose_move(struct attempt *a)
{
    a->regs.a2 = free_slot(a);
    a->regs.a3 = table(a);
    a->regs.a4 = a->regs.a3 == ATTACK_CNODE ? victim(a, ALL_TYPES) : 1 + below(a, 15);
}

static void choose_delete(struct attempt *a)
{
    a->regs.a2 = a->regs.a0 == ATTACK_CNODE ? victim(a, ALL_TYPES) : 1 + below(a, 15);
}

static void choose_revoke(struct attempt *a)
{
    uint64_t dice = below(a, 100);

    if (a->regs.a0 != ATTACK_CNODE)
        a->regs.a2 = 1 + below(a, 15);
    else if (dice < 8)
        a->regs.a2 = ATTACK_RAM + below(a, 3);
    else
        a->regs.a2 = dice < 30 ? cap(a, OBJ_MASK(OBJ_UNTYPED)) : victim(a, ALL_TYPES);
}

static void choose_map(struct attempt *a)
{
    static const uint64_t bases[] = { 0, 0x40000000, 0x3fc0000000, 0x1ffc0000000, WINDOW };

    a->regs.a2 = cap(a, SPACES);
    a->regs.a3 = bases[below(a, 5)] + (below(a, 64) << (percent(a, 70) ? 12 : 21));
    if (percent(a, 30)) /* most likely alone in its page tables */
        a->regs.a3 = below(a, 2048) << 30;
    a->regs.a4 = percent(a, 50) ? 1 : below(a, 10);
    if (percent(a, 20)) { /* where scribble() finds it */
        a->regs.a2 = ATTACK_VSPACE;
        a->regs.a3 = WINDOW + (a->regs.a0 % ATTACK_SLOTS << 12);
        a->regs.a4 = RIGHT_READ | RIGHT_WRITE;
    } else if (percent(a, 5)) {
        a->regs.a3 = odd(a);
        a->regs.a4 = odd(a);
    }
}

static void choose_recover(struct attempt *a)
{
    for (uint64_t *at = &a->regs.a2; at <= &a->regs.a4; at++)
        *at = percent(a, 90) ? 2 * below(a, 64) : odd(a);
    a->regs.a4 += percent(a, 80) ? 256 : 0; /* behind the range */
}

static void choose_configure(struct attempt *a)
{
    a->regs.a2 = percent(a, 50) ? ATTACK_CNODE : cap(a, OBJ_MASK(OBJ_CNODE));
    a->regs.a3 = cap(a, OBJ_MASK(OBJ_VSPACE));
    a->regs.a4 = percent(a, 40) ? 0 : cap(a, OBJ_MASK(OBJ_ENDPOINT));
    a->regs.a5 = percent(a, 95) ? below(a, 11) : odd(a);
}

static void choose_thread_bind(struct attempt *a)
{
    a->regs.a2 = percent(a, 40) ? 0 : cap(a, OBJ_MASK(OBJ_NOTIFICATION));
}

static void choose_thread_reg(struct attempt *a)
{
    a->regs.a2 = percent(a, 95) ? below(a, 32) : odd(a);
    a->regs.a3 = odd(a);
}

static void choose_vcpu_bind(struct attempt *a)
{
    a->regs.a2 = percent(a, 80) ? ATTACK_THREAD + a->index : cap(a, OBJ_MASK(OBJ_THREAD));
    a->regs.a3 = cap(a, OBJ_MASK(OBJ_GSPACE));
    a->regs.a4 = cap(a, OBJ_MASK(OBJ_FRAME));
    if (a->who->vcpu != 0 && percent(a, 60))
        a->regs.a0 = a->who->vcpu;
}

static void choose_vcpu_reg(struct attempt *a)
{
    static const uint16_t numbers[] = { 0x100, 0x104, 0x105, 0x106, 0x10a, 0x140,
                                        0x141, 0x142, 0x143, 0x144, 0x180 };

    a->regs.a2 = percent(a, 60)   ? VCPU_REG_CSR(numbers[below(a, 11)])
                 : percent(a, 80) ? VCPU_REG_FP(below(a, 33))
                                  : odd(a);
    a->regs.a3 = odd(a);
    /* A trap vector that cannot be fetched is an endless loop in which no instruction ends: time
     * stands still when it is counted in instructions.  In test/fuzz/run.c it does not. */
    if (a->regs.a2 == VCPU_REG_CSR(0x105))
        a->regs.a3 &= UINT64_C(0xfffffffffc);
    if (a->regs.a2 == VCPU_REG_CSR(0x180))
        a->regs.a3 &= UINT64_C(0x0fffffffffffffff);
}

static void choose_vcpu_any(struct attempt *a)
{
    a->regs.a2 = percent(a, 90) ? below(a, 66) : odd(a);
    a->regs.a3 = odd(a);
    a->regs.a4 = odd(a);
    a->regs.a5 = percent(a, 50) ? below(a, 65536) : odd(a);
}

static void choose_vcpu_fence(struct attempt *a)
{
    choose_vcpu_any(a);
    a->regs.a2 = below(a, 4);
}

static void choose_irq_bind(struct attempt *a)
{
    a->regs.a2 = percent(a, 95) ? ATTACK_IRQ_CONTROL : cap(a, ALL_TYPES);
    a->regs.a3 = percent(a, 95) ? 1 + below(a, IRQ_SOURCES) : odd(a);
    a->regs.a4 = cap(a, OBJ_MASK(OBJ_NOTIFICATION));
}

static void choose_klog(struct attempt *a)
{
    static const char dots[8] = "........";
    uint64_t word = *(const uint64_t *)(const void *)dots;

    a->regs.a2 = percent(a, 50) ? 1 + below(a, 40) : 41 + below(a, 9);
    a->regs.a3 = a->regs.a4 = a->regs.a5 = a->regs.a6 = a->regs.t1 = word;
}

static void choose_trace_attach(struct attempt *a)
{
    a->regs.a2 = percent(a, 90) ? 0 : odd(a);
    a->regs.a3 = cap(a, OBJ_MASK(OBJ_FRAME));
}

/* Off half of the time, because nothing can be attached while it is on. */
static void choose_trace_mask(struct attempt *a)
{
    a->regs.a2 = percent(a, 50) ? 0 : percent(a, 90) ? below(a, 128) : odd(a);
}

static void choose_trace_identify(struct attempt *a)
{
    a->regs.a2 = cap(a, OBJ_MASK(OBJ_THREAD) | OBJ_MASK(OBJ_VCPU));
}

static void choose_nothing(struct attempt *a)
{
    a->regs.a2 = odd(a);
}

static void choose_message(struct attempt *a)
{
    if (percent(a, 60)) /* where the others are, too */
        a->regs.a0 = ATTACK_ENDPOINT;
    a->regs.a1 = (percent(a, 95) ? below(a, 100) : odd(a)) | (percent(a, 30) ? TAG_CAP : 0);
    a->regs.t0 = slot_of(a, COPYABLE) | slot_of(a, OBJ_MASK(OBJ_NONE)) << 32;
    if (percent(a, 5))
        a->regs.t0 = odd(a);
}

static void choose_receive_until(struct attempt *a)
{
    choose_message(a);
    a->regs.t2 = percent(a, 90) ? rt_time_ticks() + below(a, 100) : odd(a);
}

static void choose_notification(struct attempt *a)
{
    if (percent(a, 50))
        a->regs.a0 = ATTACK_NOTIFICATION;
    a->regs.a1 = percent(a, 90) ? rt_time_ticks() + below(a, 100) : odd(a);
}

static void choose_vcpu_run(struct attempt *a)
{
    if (a->who->vcpu != 0 && percent(a, 90))
        a->regs.a0 = a->who->vcpu;
    a->regs.a1 = percent(a, 95) ? attack_seq[a->regs.a0 % ATTACK_SLOTS] : odd(a);
    a->regs.a2 = percent(a, 95) ? rt_time_ticks() + below(a, 60) : odd(a);
}

/* ---- the kinds ------------------------------------------------------------------------------ */

struct kind {
    const char *name;
    uint8_t call, type, method, weight;
    void (*choose)(struct attempt *a);
};

#define INVOKE(type, name, weight, choose)                                                         \
    { #type "." #name, CALL_INVOKE, OBJ_##type, METHOD_##type##_##name, weight, choose }

static const struct kind kinds[] = {
    INVOKE(UNTYPED, RETYPE, 60, choose_retype),
    INVOKE(UNTYPED, INFO, 3, choose_nothing),
    INVOKE(CNODE, COPY, 30, choose_copy),
    INVOKE(CNODE, MINT, 15, choose_mint),
    INVOKE(CNODE, MOVE, 15, choose_move),
    INVOKE(CNODE, DELETE, 45, choose_delete),
    INVOKE(CNODE, REVOKE, 14, choose_revoke),
    INVOKE(FRAME, MAP, 45, choose_map),
    INVOKE(FRAME, UNMAP, 15, choose_nothing),
    INVOKE(FRAME, INFO, 3, choose_nothing),
    INVOKE(VSPACE, INFO, 3, choose_nothing),
    INVOKE(VSPACE, RECOVER, 3, choose_recover),
    INVOKE(GSPACE, INFO, 3, choose_nothing),
    INVOKE(THREAD, CONFIGURE, 15, choose_configure),
    INVOKE(THREAD, BIND, 15, choose_thread_bind),
    INVOKE(THREAD, GET_REG, 5, choose_thread_reg),
    INVOKE(THREAD, SET_REG, 8, choose_thread_reg),
    INVOKE(THREAD, RESUME, 12, choose_nothing),
    INVOKE(THREAD, SUSPEND, 6, choose_nothing),
    INVOKE(THREAD, INFO, 3, choose_nothing),
    INVOKE(VCPU, BIND, 30, choose_vcpu_bind),
    INVOKE(VCPU, GET_REG, 4, choose_vcpu_reg),
    INVOKE(VCPU, SET_REG, 8, choose_vcpu_reg),
    INVOKE(VCPU, INJECT, 10, choose_vcpu_any),
    INVOKE(VCPU, FENCE, 10, choose_vcpu_fence),
    INVOKE(IRQ, BIND, 12, choose_irq_bind),
    INVOKE(IRQ, ACK, 6, choose_nothing),
    INVOKE(KLOG, WRITE, 3, choose_klog),
    INVOKE(TRACE, ATTACH, 10, choose_trace_attach),
    INVOKE(TRACE, SET_MASK, 6, choose_trace_mask),
    INVOKE(TRACE, IDENTIFY, 3, choose_trace_identify),
    { "call", CALL_CALL, OBJ_ENDPOINT, 0, 8, choose_message },
    { "reply_recv", CALL_REPLY_RECV, OBJ_ENDPOINT, 0, 12, choose_message },
    { "send", CALL_SEND, OBJ_ENDPOINT, 0, 8, choose_message },
    { "recv", CALL_RECV, OBJ_ENDPOINT, 0, 8, choose_message },
    { "reply_recv_until", CALL_REPLY_RECV_UNTIL, OBJ_ENDPOINT, 0, 12, choose_receive_until },
    { "recv_until", CALL_RECV_UNTIL, OBJ_ENDPOINT, 0, 8, choose_receive_until },
    { "signal", CALL_SIGNAL, OBJ_NOTIFICATION, 0, 12, choose_notification },
    { "wait", CALL_WAIT, OBJ_NOTIFICATION, 0, 8, choose_notification },
    { "poll", CALL_POLL, OBJ_NOTIFICATION, 0, 4, choose_notification },
    { "yield", CALL_YIELD, OBJ_NOTIFICATION, 0, 2, choose_nothing },
    { "vcpu_run", CALL_VCPU_RUN, OBJ_VCPU, 0, 15, choose_vcpu_run },
    { "anything", CALL_COUNT, OBJ_NONE, 0, 20, NULL },
};

#define KIND_COUNT (sizeof kinds / sizeof kinds[0])
_Static_assert(KIND_COUNT <= ATTACK_KINDS, "counters for all kinds");

unsigned attack_kind_count(void)
{
    return KIND_COUNT;
}

const char *attack_kind_name(unsigned kind)
{
    return kinds[kind].name;
}

static unsigned choose_kind(struct attempt *a)
{
    static uint32_t total;

    if (total == 0) {
        uint32_t sum = 0;
        for (unsigned i = 0; i < KIND_COUNT; i++)
            sum += kinds[i].weight;
        total = sum;
    }
    uint64_t dice = below(a, total);
    unsigned at = 0;
    while (dice >= kinds[at].weight)
        dice -= kinds[at++].weight;
    bool is_loud = kinds[at].type == OBJ_KLOG && kinds[at].call == CALL_INVOKE;
    return is_loud && a->who->done[at] >= KLOG_ENOUGH ? 0 : at;
}

/* Not a thought given: anything in any register. */
static void choose_anything(struct attempt *a)
{
    uint64_t *at = &a->regs.a0;

    for (unsigned i = 0; i < sizeof a->regs / sizeof *at; i++)
        at[i] = percent(a, 50) ? below(a, 64) : odd(a);
    if (!percent(a, 10))
        a->regs.a7 = below(a, CALL_COUNT + 2);
    uint8_t kind = a->regs.a0 < ATTACK_SLOTS ? attack_kind[a->regs.a0] : OBJ_NONE;
    if (a->regs.a7 == CALL_INVOKE && a->regs.a1 == 0 && (kind == OBJ_KLOG || kind == KIND_UNKNOWN))
        a->regs.a2 = 41; /* not onto the console */
}

static void choose(struct attempt *a, const struct kind *kind)
{
    if (kind->choose == NULL) {
        choose_anything(a);
        return;
    }
    a->regs.a7 = kind->call;
    a->regs.a1 = kind->method;
    a->regs.a0 = kind->type == OBJ_CNODE ? table(a) : cap(a, OBJ_MASK(kind->type));
    if (kind->type == OBJ_UNTYPED && percent(a, 60))
        a->regs.a0 = ATTACK_RAM + (percent(a, 80) ? below(a, 2) : 2);
    kind->choose(a);
}

/* ---- what is known afterwards ----------------------------------------------------------- */

static void learn(uint64_t slot, uint8_t kind)
{
    if (slot >= ATTACK_SLOTS || slot == 0 || kind >= 32)
        return;
    kind_count[attack_kind[slot]]--;
    kind_count[kind]++;
    attack_kind[slot] = kind;
    attack_seq[slot] = 0;
}

static void learn_retype(const struct abi_regs *call)
{
    for (uint64_t i = 0; call->a4 == ATTACK_CNODE && i < call->a6; i++)
        learn(call->a5 + i, (uint8_t)call->a2);
}

static void learn_table(const struct abi_regs *call)
{
    bool is_from_here = call->a3 == ATTACK_CNODE && call->a4 < ATTACK_SLOTS;

    if (call->a0 == ATTACK_CNODE && call->a1 <= METHOD_CNODE_MOVE && call->a2 < ATTACK_SLOTS) {
        learn(call->a2, is_from_here ? attack_kind[call->a4] : KIND_UNKNOWN);
        attack_seq[call->a2] = is_from_here ? attack_seq[call->a4] : 0;
    }
    if (call->a1 == METHOD_CNODE_MOVE && is_from_here)
        learn(call->a4, OBJ_NONE);
    if (call->a0 == ATTACK_CNODE && call->a1 == METHOD_CNODE_DELETE)
        learn(call->a2, OBJ_NONE);
}

static void learn_done(struct attempt *a, const struct kind *kind, const struct abi_regs *call)
{
    if (kind->call == CALL_VCPU_RUN && call->a0 < ATTACK_SLOTS)
        attack_seq[call->a0] = a->regs.a2;
    if (kind->call != CALL_INVOKE)
        return;
    if (kind->type == OBJ_UNTYPED && kind->method == METHOD_UNTYPED_RETYPE)
        learn_retype(call);
    else if (kind->type == OBJ_CNODE)
        learn_table(call);
    else if (kind->type == OBJ_VCPU && kind->method == METHOD_VCPU_BIND &&
             call->a2 == ATTACK_THREAD + a->index)
        a->who->vcpu = (uint32_t)call->a0;
}

/* Some slot was not what it was taken for: all of them are to be deleted some time. */
static void doubt(uint64_t slot)
{
    if (slot >= ATTACK_FREE && slot < ATTACK_SLOTS)
        learn(slot, KIND_UNKNOWN);
}

static void learn_refused(struct attempt *a, const struct kind *kind, const struct abi_regs *call)
{
    if (a->regs.a0 == ERR_NO_SLOT && kind->type == OBJ_UNTYPED)
        doubt(call->a5);
    else if (a->regs.a0 == ERR_NO_SLOT && kind->type == OBJ_CNODE)
        doubt(call->a2);
    if (a->regs.a0 == ERR_STATE && kind->call == CALL_VCPU_RUN)
        a->who->vcpu = 0;
    if (a->regs.a0 != ERR_INVALID_CAP || kind->choose == NULL)
        return;
    doubt(call->a0);
    doubt(call->a2);
    doubt(call->a3);
    doubt(call->a4);
}

/* In all registers that a call can use.  vcpu_run() leaves of the others only sp, gp, tp and s0. */
static void make_call(struct abi_regs *regs)
{
    register uint64_t a0 __asm__("a0") = regs->a0;
    register uint64_t a1 __asm__("a1") = regs->a1;
    register uint64_t a2 __asm__("a2") = regs->a2;
    register uint64_t a3 __asm__("a3") = regs->a3;
    register uint64_t a4 __asm__("a4") = regs->a4;
    register uint64_t a5 __asm__("a5") = regs->a5;
    register uint64_t a6 __asm__("a6") = regs->a6;
    register uint64_t a7 __asm__("a7") = regs->a7;
    register uint64_t t0 __asm__("t0") = regs->t0;
    register uint64_t t1 __asm__("t1") = regs->t1;

    __asm__ volatile("ecall"
                     : "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a4), "+r"(a5), "+r"(a6),
                       "+r"(a7), "+r"(t0), "+r"(t1)
                     :
                     : "memory", "ra", "t2", "t3", "t4", "t5", "t6", "s1", "s2", "s3", "s4", "s5",
                       "s6", "s7", "s8", "s9", "s10", "s11");
    regs->a0 = a0;
    regs->a1 = a1;
    regs->a2 = a2;
}

static bool invoke(struct attempt *a, uint64_t cap, uint64_t method, uint64_t a2, uint64_t a3,
                   uint64_t a4, uint64_t a5)
{
    a->regs = (struct abi_regs){ .a7 = CALL_INVOKE, .a0 = cap, .a1 = method, .a2 = a2, .a3 = a3,
                                 .a4 = a4, .a5 = a5 };
    make_call(&a->regs);
    return a->regs.a0 == OK;
}

/* What a place of an object holds now, nobody else shall: the next thing in that place, or the end
 * of the object, drops the last capability to something. */
static void let_go(struct attempt *a, uint64_t slot)
{
    if (slot < ATTACK_FREE || slot >= ATTACK_SLOTS)
        return;
    if (invoke(a, ATTACK_CNODE, METHOD_CNODE_DELETE, slot, 0, 0, 0))
        learn(slot, OBJ_NONE);
}

static void let_go_of_all(struct attempt *a, const struct kind *kind, const struct abi_regs *call)
{
    bool is_held = kind->choose == choose_configure || kind->choose == choose_thread_bind ||
                   kind->choose == choose_vcpu_bind || kind->choose == choose_irq_bind;

    if (!is_held || !percent(a, 30))
        return;
    let_go(a, call->a2);
    let_go(a, call->a4);
    if (kind->choose == choose_configure || kind->choose == choose_vcpu_bind)
        let_go(a, call->a3);
}

/* A page that is a state page, too, perhaps.  When it is not mapped this thread ends here. */
static void scribble(struct attempt *a, const struct abi_regs *call)
{
    volatile uint64_t *page = (volatile uint64_t *)(uintptr_t)call->a3;

    if (call->a2 != ATTACK_VSPACE || call->a3 != WINDOW + (call->a0 << 12) ||
        call->a4 != (RIGHT_READ | RIGHT_WRITE) || call->a0 == ATTACK_DEVICE)
        return;
    for (unsigned i = 0; i < 64; i++)
        page[i] = odd(a);
}

/* Somebody emptied an Untyped: which slots hold anything still?  There is no method that high. */
static void look_again(void)
{
    for (uint64_t slot = ATTACK_FREE; slot < ATTACK_SLOTS; slot++) {
        struct abi_regs probe = { .a7 = CALL_INVOKE, .a0 = slot, .a1 = UINT64_MAX };
        if (attack_kind[slot] == OBJ_NONE)
            continue;
        make_call(&probe);
        if (probe.a0 == ERR_INVALID_CAP)
            learn(slot, OBJ_NONE);
    }
}

/* A Frame, mapped most likely alone in its page tables, goes into a CNode. */
static void stow(struct attempt *a, uint64_t made)
{
    uint64_t frame = slot_of(a, OBJ_MASK(OBJ_NONE)), space = slot_of(a, OBJ_MASK(OBJ_GSPACE));

    if (frame < ATTACK_FREE ||
        !invoke(a, ATTACK_CNODE, METHOD_CNODE_COPY, frame, ATTACK_CNODE, ATTACK_PAGE, RIGHTS_ALL))
        return;
    (void)invoke(a, frame, METHOD_FRAME_MAP, space, below(a, 2048) << 30, RIGHT_READ, 0);
    if (!invoke(a, made, METHOD_CNODE_MOVE, 1 + below(a, 15), ATTACK_CNODE, frame, 0))
        let_go(a, frame);
}

/* A phrase of calls: a CNode is filled with mapped Frames, and held by a thread alone; a further
 * call may drop it, at once or later. */
static void hoard(struct attempt *a)
{
    uint64_t made = slot_of(a, OBJ_MASK(OBJ_CNODE)), thread = slot_of(a, OBJ_MASK(OBJ_THREAD));

    if (made < ATTACK_FREE || thread < ATTACK_FREE)
        return;
    for (uint64_t count = 1 + below(a, 16); count > 0; count--)
        stow(a, made);
    (void)invoke(a, thread, METHOD_THREAD_CONFIGURE, made, ATTACK_VSPACE, 0, 1);
    let_go(a, made);
    if (percent(a, 50))
        (void)invoke(a, thread, METHOD_THREAD_CONFIGURE, ATTACK_CNODE, ATTACK_VSPACE, 0, 1);
}

static void attempt(struct attempt *a)
{
    if (percent(a, 2))
        hoard(a);

    unsigned number = choose_kind(a);
    const struct kind *kind = &kinds[number];

    choose(a, kind);
    const struct abi_regs call = a->regs;
    a->who->calls++;
    a->who->tried[number]++;
    make_call(&a->regs);
    if (a->regs.a0 == OK) {
        a->who->done[number]++;
        learn_done(a, kind, &call);
        if (kind->choose == choose_map)
            scribble(a, &call);
        if (kind->choose == choose_revoke && call.a0 == ATTACK_CNODE && call.a2 < ATTACK_SLOTS &&
            attack_kind[call.a2] == OBJ_UNTYPED)
            look_again();
        let_go_of_all(a, kind, &call);
    } else {
        learn_refused(a, kind, &call);
    }
}

_Noreturn void attack_thread(uint64_t index)
{
    struct attempt a = { .who = &attacker[index], .index = (uint32_t)index };

    for (;;)
        attempt(&a);
}

void attack_forget(void)
{
    static const uint8_t first[ATTACK_FREE] = {
        [ATTACK_CNODE] = OBJ_CNODE,           [ATTACK_VSPACE] = OBJ_VSPACE,
        [ATTACK_THREAD] = OBJ_THREAD,         [ATTACK_THREAD + 1] = OBJ_THREAD,
        [ATTACK_THREAD + 2] = OBJ_THREAD,     [ATTACK_IRQ_CONTROL] = OBJ_IRQ_CONTROL,
        [ATTACK_KLOG] = OBJ_KLOG,             [ATTACK_TRACE] = OBJ_TRACE,
        [ATTACK_ENDPOINT] = OBJ_ENDPOINT,     [ATTACK_NOTIFICATION] = OBJ_NOTIFICATION,
        [ATTACK_GSPACE] = OBJ_GSPACE,
        [ATTACK_VCPU] = OBJ_VCPU,             [ATTACK_PAGE] = OBJ_FRAME,
        [ATTACK_IRQ] = OBJ_IRQ,               [ATTACK_RAM] = OBJ_UNTYPED,
        [ATTACK_RAM + 1] = OBJ_UNTYPED,       [ATTACK_DEVICE] = OBJ_UNTYPED,
    };

    for (uint32_t kind = 0; kind < 32; kind++)
        kind_count[kind] = 0;
    kind_count[OBJ_NONE] = ATTACK_SLOTS - 1; /* slot 0 is none */
    for (uint32_t i = 1; i < ATTACK_SLOTS; i++)
        attack_kind[i] = OBJ_NONE;
    for (uint32_t i = 1; i < ATTACK_FREE; i++)
        learn(i, first[i]);
    for (uint32_t i = 0; i < ATTACK_THREADS; i++)
        attacker[i].vcpu = 0;
}
