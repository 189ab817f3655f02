/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the VMM answers to one exit of a vCPU.  It is committed to the arena
 * together with the device state it goes with, and applied to the vCPU after
 * that.  Every part names an absolute value, so applying it a second time (a new
 * VMM finishing what a dead one began) gives the same result.
 */
#ifndef VMM_CORE_OUTCOME_H
#define VMM_CORE_OUTCOME_H

#include <stdint.h>

#include <vmm/core/limits.h>

#define OUTCOME_REGS_MAX 2u

enum outcome_flag {
    OUTCOME_INJECT = 1 << 0, /* the guest takes exception `cause` with `tval` at `pc` */
    OUTCOME_TIMER = 1 << 1,  /* the hart's timer is set to timer_ticks */
    OUTCOME_HARTS = 1 << 2,  /* one of the three masks of harts is not 0 */
    OUTCOME_TEXT = 1 << 3,   /* console_bytes of guest RAM at console_gpa go out */
    OUTCOME_BYTE = 1 << 4,   /* the one byte console_gpa goes out */
    OUTCOME_INPUT = 1 << 5,  /* input was taken */
    OUTCOME_WAIT = 1 << 6,   /* the hart waits for an interrupt before it goes on */
};

struct outcome_reg {
    uint64_t index; /* x1..x31, or VCPU_REG_FP(n) as in <rt/vcpu_page.h> */
    uint64_t value;
};

/* Of what a flag stands for the fields mean nothing without it; nor do registers past reg_count.
 * 128 bytes, so that finding one among several is a shift. */
struct exit_outcome {
    uint64_t seq; /* the exit this answers; 0: none */
    uint64_t pc;  /* where the guest goes on, or where it takes the exception */
    uint32_t flags;
    uint32_t reg_count;
    struct outcome_reg reg[OUTCOME_REGS_MAX];
    uint64_t cause;
    uint64_t tval;
    uint32_t soft_set;   /* harts that get a software interrupt */
    uint32_t soft_clear; /* harts whose pending software interrupt goes */
    uint32_t started;    /* harts that were asked to start */
    uint32_t console_bytes;
    uint64_t console_position; /* of the first byte that goes out */
    uint64_t console_gpa;
    uint64_t timer_ticks; /* guest ticks, absolute; all ones for never */
    uint64_t reserved[2];
};

_Static_assert(sizeof(struct exit_outcome) == 128, "outcome layout");

_Static_assert(VMM_HARTS_MAX <= 32, "a mask of harts has 32 bits");

#endif
