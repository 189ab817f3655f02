/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose F and D registers are in the hart (hart->fp_owner).  They stay there until
 * another owner needs the registers, and are saved then only if they were written.
 * A user thread gets its own at its first use, which traps; a guest before it is
 * entered, because with FS off the guest itself would take that trap.
 */
#ifndef KERNEL_CORE_FP_H
#define KERNEL_CORE_FP_H

#include <kernel/core/hart.h>

/* Put `fp` into the hart, saving what another owner has there. */
void fp_acquire(struct hart *hart, struct fp_state *fp);

/* Bring `fp` in memory up to date and out of the hart. */
void fp_release(struct hart *hart, struct fp_state *fp);

/* Its owner dies: forget it, and what of it is in the hart. */
void fp_drop(struct hart *hart, const struct fp_state *fp);

/* An illegal instruction of the current user thread: true when it may have been a first use, and
 * is to be tried again with the registers loaded. */
bool fp_trap(struct hart *hart);

#endif
