/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VMM's answer to one exit of a vCPU.  The outcome is committed to the arena together
 * with the changed device state, and then applied to the vCPU.  All values are absolute,
 * so a new VMM can apply again what a dead VMM had applied in part.  (Injecting an exception
 * twice would not be the same; exit.c checks for that.)
 */
#ifndef VMM_STATE_OUTCOME_H
#define VMM_STATE_OUTCOME_H

#include <stdint.h>

#include <base/limits.h>

#define OUTCOME_REGS_MAX 2u

enum outcome_flag {
    OUTCOME_INJECT = 1 << 0, /* the guest takes exception `cause` with `tval` at `pc` */
    OUTCOME_TIMER = 1 << 1,  /* the hart's timer is set to timer_ticks */
    OUTCOME_HARTS = 1 << 2,  /* one of the three masks of harts is not 0 */
    OUTCOME_TEXT = 1 << 3,   /* write text_bytes bytes of guest RAM at text_gpa */
    OUTCOME_BYTE = 1 << 4,   /* write one byte, whose value is text_gpa */
    OUTCOME_INPUT = 1 << 5,  /* input was taken: release it */
    OUTCOME_WAIT = 1 << 6,   /* the hart waits for an interrupt before it goes on */
};

struct outcome_reg {
    uint64_t index; /* x1..x31, or VCPU_REG_FP(n) as in <rt/vcpu_page.h> */
    uint64_t value;
};

/* The fields of a flag are uninitialised while the flag is clear, and so are registers from
 * reg_count on.  128 bytes, so that indexing an array of outcomes is a shift. */
struct exit_outcome {
    uint64_t seq; /* the exit this answers; 0: none */
    uint64_t pc;  /* where the guest resumes, or takes the exception */
    uint32_t flags;
    uint32_t reg_count;
    struct outcome_reg reg[OUTCOME_REGS_MAX];
    uint64_t cause;
    uint64_t tval;
    uint32_t soft_set;   /* harts that get a software interrupt */
    uint32_t soft_clear; /* harts whose pending software interrupt is cleared */
    uint32_t started;    /* harts that were asked to start */
    uint32_t text_bytes;
    uint64_t text_position; /* of the first byte that is written */
    uint64_t text_gpa;
    uint64_t timer_ticks; /* guest ticks, absolute; all ones for never */
    uint64_t reserved[2];
};

_Static_assert(sizeof(struct exit_outcome) == 128, "outcome layout");

_Static_assert(GUEST_HARTS_MAX <= 32, "a mask of harts has 32 bits");

#endif
