/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The attackers' calls and phrases of calls.  This code runs in threads that have no C library: no
 * printf(), no errno.
 */
#include "attack_attempt.h"

struct attacker attacker[ATTACK_THREADS];

/* Sets all registers that a call can use.  Of the other registers vcpu_run() preserves only sp,
 * gp, tp and s0. */
static void call_make(struct abi_regs *regs)
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
    register uint64_t t2 __asm__("t2") = regs->t2;

    __asm__ volatile("ecall"
                     : "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3), "+r"(a4), "+r"(a5), "+r"(a6),
                       "+r"(a7), "+r"(t0), "+r"(t1), "+r"(t2)
                     :
                     : "memory", "ra", "t3", "t4", "t5", "t6", "s1", "s2", "s3", "s4", "s5", "s6",
                       "s7", "s8", "s9", "s10", "s11");
    regs->a0 = a0;
    regs->a1 = a1;
    regs->a2 = a2;
}

static bool call_invoke(struct attempt *a, uint64_t cap, uint64_t method, uint64_t a2, uint64_t a3,
                        uint64_t a4, uint64_t a5)
{
    a->regs = (struct abi_regs){
        .a7 = CALL_INVOKE, .a0 = cap, .a1 = method, .a2 = a2, .a3 = a3, .a4 = a4, .a5 = a5};
    call_make(&a->regs);
    return a->regs.a0 == OK;
}

/* Deletes a capability that an object now holds in a slot of its own.  When that slot gets another
 * capability, or the object ends, the last capability to something is dropped. */
static void call_let_go(struct attempt *a, uint64_t slot)
{
    if (slot < ATTACK_FREE || slot >= ATTACK_SLOTS)
        return;
    if (call_invoke(a, ATTACK_CNODE, METHOD_CNODE_DELETE, slot, 0, 0, 0))
        guess_set(slot, OBJ_NONE);
}

static void call_let_go_of_all(struct attempt *a, const struct kind *kind,
                               const struct abi_regs *call)
{
    bool has_space = kind_invokes(kind, OBJ_THREAD, METHOD_THREAD_CONFIGURE) ||
                     kind_invokes(kind, OBJ_VCPU, METHOD_VCPU_BIND);
    bool is_held = has_space || kind_invokes(kind, OBJ_THREAD, METHOD_THREAD_BIND) ||
                   kind_invokes(kind, OBJ_IRQ, METHOD_IRQ_BIND);

    if (!is_held || !dice_percent(a, 30))
        return;
    call_let_go(a, call->a2);
    call_let_go(a, call->a4);
    if (has_space)
        call_let_go(a, call->a3);
}

/* Writes to a mapped page, which may be a state page too.  If another attacker has unmapped the
 * page, this thread ends here. */
static void call_scribble(struct attempt *a, const struct abi_regs *call)
{
    volatile uint64_t *page = (volatile uint64_t *)(uintptr_t)call->a3;

    if (call->a2 != ATTACK_VSPACE || call->a3 != ATTACK_WINDOW + (call->a0 << 12) ||
        call->a4 != (RIGHT_READ | RIGHT_WRITE) || call->a0 == ATTACK_DEVICE)
        return;
    for (unsigned i = 0; i < 64; i++)
        page[i] = dice_odd(a);
}

/* After the revoke of an Untyped: finds the slots that are empty now.  No object has a method of
 * this number, so the probe changes nothing. */
static void guess_look_again(void)
{
    for (uint64_t slot = ATTACK_FREE; slot < ATTACK_SLOTS; slot++) {
        struct abi_regs probe = {.a7 = CALL_INVOKE, .a0 = slot, .a1 = UINT64_MAX};
        if (attack_kind[slot] == OBJ_NONE)
            continue;
        call_make(&probe);
        if (probe.a0 == ERR_INVALID_CAP)
            guess_set(slot, OBJ_NONE);
    }
}

/* Moves a mapped Frame into a CNode.  Most such Frames are alone in their page tables. */
static void phrase_stow(struct attempt *a, uint64_t made)
{
    uint64_t frame = guess_slot(a, OBJ_MASK(OBJ_NONE)), space = guess_slot(a, OBJ_MASK(OBJ_GSPACE));

    if (frame < ATTACK_FREE || !call_invoke(a, ATTACK_CNODE, METHOD_CNODE_COPY, frame, ATTACK_CNODE,
                                            ATTACK_PAGE, RIGHTS_ALL))
        return;
    (void)call_invoke(a, frame, METHOD_FRAME_MAP, space, dice_below(a, 2048) << 30, RIGHT_READ, 0);
    if (!call_invoke(a, made, METHOD_CNODE_MOVE, 1 + dice_below(a, 15), ATTACK_CNODE, frame, 0))
        call_let_go(a, frame);
}

/* A phrase of calls: fills a CNode with mapped Frames, and deletes all capabilities to the CNode
 * but that of a thread.  A further call, at once or later, may drop the CNode. */
static void phrase_hoard(struct attempt *a)
{
    uint64_t made = guess_slot(a, OBJ_MASK(OBJ_CNODE)),
             thread = guess_slot(a, OBJ_MASK(OBJ_THREAD));

    if (made < ATTACK_FREE || thread < ATTACK_FREE)
        return;
    for (uint64_t count = 1 + dice_below(a, 16); count > 0; count--)
        phrase_stow(a, made);
    (void)call_invoke(a, thread, METHOD_THREAD_CONFIGURE, made, ATTACK_VSPACE, 0, 1);
    call_let_go(a, made);
    if (dice_percent(a, 50))
        (void)call_invoke(a, thread, METHOD_THREAD_CONFIGURE, ATTACK_CNODE, ATTACK_VSPACE, 0, 1);
}

static void attempt_make(struct attempt *a)
{
    if (dice_percent(a, 2))
        phrase_hoard(a);

    unsigned number = attempt_choose(a);
    const struct kind *kind = &attack_kinds[number];
    const struct abi_regs call = a->regs;
    a->who->calls++;
    a->who->tried[number]++;
    call_make(&a->regs);
    if (a->regs.a0 == OK) {
        a->who->done[number]++;
        guess_after_success(a, kind, &call);
        if (kind_invokes(kind, OBJ_FRAME, METHOD_FRAME_MAP))
            call_scribble(a, &call);
        if (kind_invokes(kind, OBJ_CNODE, METHOD_CNODE_REVOKE) && call.a0 == ATTACK_CNODE &&
            call.a2 < ATTACK_SLOTS && attack_kind[call.a2] == OBJ_UNTYPED)
            guess_look_again();
        call_let_go_of_all(a, kind, &call);
    } else {
        guess_after_refusal(a, kind, &call);
    }
}

_Noreturn void attack_thread(uint64_t index)
{
    struct attempt a = {.who = &attacker[index], .index = (uint32_t)index};

    for (;;)
        attempt_make(&a);
}
