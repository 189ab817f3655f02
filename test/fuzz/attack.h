/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of the attack: attack.c runs the threads, attack_attempt.h makes calls. */
#ifndef TEST_FUZZ_ATTACK_H
#define TEST_FUZZ_ATTACK_H

#include <rt/calls.h>

#include "random.h"

#define ATTACK_THREADS 3u
#define ATTACK_SLOTS   256u /* of the CNode that the attackers share */
#define ATTACK_KINDS   64u  /* of calls, at most */

/* The attackers' first capabilities; the other slots are empty. */
enum attack_slot {
    ATTACK_CNODE = 1,
    ATTACK_VSPACE,
    ATTACK_THREAD, /* ATTACK_THREADS of them */
    ATTACK_IRQ_CONTROL = ATTACK_THREAD + ATTACK_THREADS,
    ATTACK_KLOG,
    ATTACK_TRACE,
    ATTACK_ENDPOINT,
    ATTACK_NOTIFICATION,
    ATTACK_GSPACE,
    ATTACK_VCPU,
    ATTACK_PAGE,
    ATTACK_IRQ,
    ATTACK_RAM,    /* two Untypeds */
    ATTACK_DEVICE = ATTACK_RAM + 2,
    ATTACK_FREE
};

/* The whole state of one attacker, which is stopped and restarted anywhere. */
struct attacker {
    struct random random;
    uint64_t calls;
    uint64_t tried[ATTACK_KINDS], done[ATTACK_KINDS];
    uint32_t vcpu; /* slot of the VCpu that it bound to itself */
};

extern struct attacker attacker[ATTACK_THREADS];

/* The attackers' guess of a slot's type, OBJ_NONE if empty; wrong after another's revoke. */
#define KIND_UNKNOWN 31u
extern uint8_t attack_kind[ATTACK_SLOTS];
extern uint64_t attack_seq[ATTACK_SLOTS]; /* of a VCpu: its latest exit */

/* The number of kinds of calls, and their names. */
unsigned attack_kind_count(void);
const char *attack_kind_name(unsigned kind);

/* Prints the failed step and ends the machine, unless `err` is OK. */
void attack_must(enum err err, const char *what);

/* Makes the longest calls, and measures how long interrupts are off in them (attack_parts.h). */
void attack_stretch(void);
void attack_stretch_more(void);

/* Resets the guesses to the first capabilities. */
void attack_forget(void);
/* Makes calls for ever. */
_Noreturn void attack_thread(uint64_t index);

#endif
