/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which thread or vCPU owns the F and D registers in the hart (hart->fp_owner).  The
 * registers stay in the hart until another owner needs them, and are saved then only if
 * they were written.  A user thread's are loaded at its first use, which traps.  A guest's
 * are loaded before the guest is entered: with FS off the guest itself would take that trap.
 */
#ifndef KERNEL_CORE_FP_H
#define KERNEL_CORE_FP_H

#include <kernel/core/hart.h>

/* Load `fp` into the hart, after saving the registers of another owner. */
void fp_acquire(struct hart *hart, struct fp_state *fp);

/* If `fp` owns the registers in the hart: save them, and the hart has no owner. */
void fp_release(struct hart *hart, struct fp_state *fp);

/* The owner of `fp` dies: its registers in the hart are dropped, not saved. */
void fp_drop(struct hart *hart, const struct fp_state *fp);

/* The current user thread executed an illegal instruction.  True: it may have been the first use of
 * the registers; they are loaded now, and the thread must execute it again. */
bool fp_trap(struct hart *hart);

#endif
