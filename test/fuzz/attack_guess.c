/* SPDX-License-Identifier: BSD-2-Clause */
/* What the attackers take each slot of their CNode for, and what a call changes of that. */
#include "attack_attempt.h"

uint8_t attack_kind[ATTACK_SLOTS];
uint64_t attack_seq[ATTACK_SLOTS];
static uint32_t guess_count[32]; /* the number of slots that are taken for one type */

uint64_t guess_slot(struct attempt *a, uint32_t types)
{
    uint32_t at = (uint32_t)dice_below(a, ATTACK_SLOTS), there = 0;

    for (uint32_t kind = 0; kind < 32; kind++)
        there += (types >> kind & 1) * guess_count[kind];
    for (uint32_t i = 0; there > 0 && i < ATTACK_SLOTS; i++, at = (at + 1) % ATTACK_SLOTS) {
        if (at != 0 && (types >> attack_kind[at] & 1) != 0)
            return at;
    }
    return 0;
}

void guess_set(uint64_t slot, uint8_t kind)
{
    if (slot >= ATTACK_SLOTS || slot == 0 || kind >= 32)
        return;
    guess_count[attack_kind[slot]]--;
    guess_count[kind]++;
    attack_kind[slot] = kind;
    attack_seq[slot] = 0;
}

static void guess_retype(const struct abi_regs *call)
{
    for (uint64_t i = 0; call->a4 == ATTACK_CNODE && i < call->a6; i++)
        guess_set(call->a5 + i, (uint8_t)call->a2);
}

static void guess_table(const struct abi_regs *call)
{
    bool is_from_here = call->a3 == ATTACK_CNODE && call->a4 < ATTACK_SLOTS;

    if (call->a0 == ATTACK_CNODE && call->a1 <= METHOD_CNODE_MOVE && call->a2 < ATTACK_SLOTS) {
        guess_set(call->a2, is_from_here ? attack_kind[call->a4] : KIND_UNKNOWN);
        attack_seq[call->a2] = is_from_here ? attack_seq[call->a4] : 0;
    }
    if (call->a1 == METHOD_CNODE_MOVE && is_from_here)
        guess_set(call->a4, OBJ_NONE);
    if (call->a0 == ATTACK_CNODE && call->a1 == METHOD_CNODE_DELETE)
        guess_set(call->a2, OBJ_NONE);
}

void guess_after_success(struct attempt *a, const struct kind *kind, const struct abi_regs *call)
{
    if (kind->call == CALL_VCPU_RUN && call->a0 < ATTACK_SLOTS)
        attack_seq[call->a0] = a->regs.a2;
    if (kind->call != CALL_INVOKE)
        return;
    if (kind->type == OBJ_UNTYPED && kind->method == METHOD_UNTYPED_RETYPE)
        guess_retype(call);
    else if (kind->type == OBJ_CNODE)
        guess_table(call);
    else if (kind->type == OBJ_VCPU && kind->method == METHOD_VCPU_BIND &&
             call->a2 == ATTACK_THREAD + a->index)
        a->who->vcpu = (uint32_t)call->a0;
}

/* The slot holds another type than it was taken for.  choose_victim() deletes unknown slots, so
 * that none stays full for ever. */
static void guess_doubt(uint64_t slot)
{
    if (slot >= ATTACK_FREE && slot < ATTACK_SLOTS)
        guess_set(slot, KIND_UNKNOWN);
}

void guess_after_refusal(struct attempt *a, const struct kind *kind, const struct abi_regs *call)
{
    if (a->regs.a0 == ERR_NO_SLOT && kind->type == OBJ_UNTYPED)
        guess_doubt(call->a5);
    else if (a->regs.a0 == ERR_NO_SLOT && kind->type == OBJ_CNODE)
        guess_doubt(call->a2);
    if (a->regs.a0 == ERR_STATE && kind->call == CALL_VCPU_RUN)
        a->who->vcpu = 0;
    if (a->regs.a0 != ERR_INVALID_CAP || kind->choose == NULL)
        return;
    guess_doubt(call->a0);
    guess_doubt(call->a2);
    guess_doubt(call->a3);
    guess_doubt(call->a4);
}

void attack_forget(void)
{
    static const uint8_t first[ATTACK_FREE] = {
        [ATTACK_CNODE] = OBJ_CNODE,       [ATTACK_VSPACE] = OBJ_VSPACE,
        [ATTACK_THREAD] = OBJ_THREAD,     [ATTACK_THREAD + 1] = OBJ_THREAD,
        [ATTACK_THREAD + 2] = OBJ_THREAD, [ATTACK_IRQ_CONTROL] = OBJ_IRQ_CONTROL,
        [ATTACK_KLOG] = OBJ_KLOG,         [ATTACK_TRACE] = OBJ_TRACE,
        [ATTACK_ENDPOINT] = OBJ_ENDPOINT, [ATTACK_NOTIFICATION] = OBJ_NOTIFICATION,
        [ATTACK_GSPACE] = OBJ_GSPACE,     [ATTACK_VCPU] = OBJ_VCPU,
        [ATTACK_PAGE] = OBJ_FRAME,        [ATTACK_IRQ] = OBJ_IRQ,
        [ATTACK_RAM] = OBJ_UNTYPED,       [ATTACK_RAM + 1] = OBJ_UNTYPED,
        [ATTACK_DEVICE] = OBJ_UNTYPED,
    };

    for (uint32_t kind = 0; kind < 32; kind++)
        guess_count[kind] = 0;
    guess_count[OBJ_NONE] = ATTACK_SLOTS - 1; /* slot 0 is none */
    for (uint32_t i = 1; i < ATTACK_SLOTS; i++)
        attack_kind[i] = OBJ_NONE;
    for (uint32_t i = 1; i < ATTACK_FREE; i++)
        guess_set(i, first[i]);
    for (uint32_t i = 0; i < ATTACK_THREADS; i++)
        attacker[i].vcpu = 0;
}
