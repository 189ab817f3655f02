/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions that trap.S calls once the registers are saved. */
#ifndef HAL_RISCV64_TRAP_H
#define HAL_RISCV64_TRAP_H

#include <base/attr.h>
#include <stdint.h>

struct cpu;
struct user_context;

/* A trap from U mode or from a guest; the registers are in cpu->regs.  Returns only for an exit by
 * the fast path: trap_entry then enters U mode with the context returned. */
struct user_context *trap_from_below(struct cpu *cpu);

/* U mode called vcpu_run(cap, done, deadline_ticks).  In cpu->regs are sp, gp, tp, s0 and pc only.
 * Does not return.  Not marked noreturn: GCC would then save registers for a return address. */
void trap_vcpu_run(uint64_t cap, uint64_t done, uint64_t deadline_ticks);

/* U mode called call or reply_recv.  In cpu->regs are the arguments and the registers that such a
 * call preserves.  Does not return, as above. */
void trap_message(void);

/* htinst, which describes the instruction that trapped (htinst.c): the transformed instruction, a
 * pseudoinstruction, or 0, which the hart may always report (privileged specification, "Transformed
 * Instruction or Pseudoinstruction for mtinst or htinst"). */
uint64_t hart_htinst(void);

/* A trap in the kernel itself: report it on the console and fail the machine. */
ATTR_NORETURN void trap_panic(struct cpu *cpu);

/* The root server faulted, and no fault handler answers: report it and fail the machine. */
ATTR_NORETURN void trap_root_fault(uint64_t cause, uint64_t tval,
                                   const struct user_context *context);

#endif
