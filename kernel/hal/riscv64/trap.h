/* SPDX-License-Identifier: BSD-2-Clause */
/* For trap.S: where traps go once the registers are saved. */
#ifndef HAL_RISCV64_TRAP_H
#define HAL_RISCV64_TRAP_H

#include <base/attr.h>
#include <stdint.h>

struct cpu;
struct user_context;

/* From U mode or from a guest; the registers are in cpu->regs.  Returns to U mode by trap_entry
 * after an exit that took the fast path, and in no other case. */
struct user_context *trap_from_below(struct cpu *cpu);

/* vcpu_run(cap, done, deadline_ticks) of U mode; sp, gp, tp, s0 and pc are in cpu->regs, no other
 * register is.  Does not return.  Not marked noreturn: GCC would then save registers for a return
 * address. */
void trap_vcpu_run(uint64_t cap, uint64_t done, uint64_t deadline_ticks);

/* call or reply_recv of U mode; in cpu->regs are its arguments and what a message keeps.  Does
 * not return, as above. */
void trap_message(void);

/* What the hart says of the instruction that trapped (htinst.c): the transformed instruction, a
 * pseudoinstruction, or 0, which a hart may always say (privileged specification, "Transformed
 * Instruction or Pseudoinstruction for mtinst or htinst"). */
uint64_t hart_htinst(void);

/* In the kernel itself: report on the console and fail the machine. */
ATTR_NORETURN void trap_panic(struct cpu *cpu);

/* The root server faulted and nobody handles it: report and fail the machine. */
ATTR_NORETURN void trap_root_fault(uint64_t cause, uint64_t tval,
                                   const struct user_context *context);

#endif
