/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One call of the attack.  attack_choose.c chooses the call, attack_calls.c makes the call, and
 * attack_guess.c remembers what the result says about the slots.
 */
#ifndef TEST_FUZZ_ATTACK_ATTEMPT_H
#define TEST_FUZZ_ATTACK_ATTEMPT_H

#include <stddef.h>

#include "attack.h"

#define ATTACK_WINDOW UINT64_C(0x2800000000) /* + n pages: where a page of slot n is mapped */

/* A call that is about to be made. */
struct attempt {
    struct attacker *who;
    uint32_t index; /* of the attacker */
    struct abi_regs regs;
};

struct kind {
    const char *name;
    uint8_t call, type, method, weight;
    void (*choose)(struct attempt *a); /* NULL: any values in all registers */
};

static inline uint64_t dice_below(struct attempt *a, uint64_t count)
{
    return random_below(&a->who->random, count);
}

static inline bool dice_percent(struct attempt *a, uint64_t share)
{
    return dice_below(a, 100) < share;
}

static inline uint64_t dice_odd(struct attempt *a)
{
    return random_odd(&a->who->random);
}

static inline bool kind_invokes(const struct kind *kind, uint8_t type, uint8_t method)
{
    return kind->call == CALL_INVOKE && kind->type == type && kind->method == method;
}

extern const struct kind attack_kinds[];

/* Chooses a kind of call, and the values of all its registers.  Returns the index of the kind in
 * attack_kinds. */
unsigned attempt_choose(struct attempt *a);

/* A slot that is taken for one of `types`; 0 for none. */
uint64_t guess_slot(struct attempt *a, uint32_t types);
/* From now on the slot is taken for this type. */
void guess_set(uint64_t slot, uint8_t kind);
/* Learns from a call that succeeded, and from a call that was refused; a->regs has the results. */
void guess_after_success(struct attempt *a, const struct kind *kind, const struct abi_regs *call);
void guess_after_refusal(struct attempt *a, const struct kind *kind, const struct abi_regs *call);

#endif
