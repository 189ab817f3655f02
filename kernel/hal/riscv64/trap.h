/* SPDX-License-Identifier: BSD-2-Clause */
/* For trap.S: where traps go once the registers are saved. */
#ifndef HAL_RISCV64_TRAP_H
#define HAL_RISCV64_TRAP_H

#include <base/attr.h>
#include <stdint.h>

struct cpu;
struct user_context;

/* From U mode or from a guest; the registers are in cpu->regs. */
ATTR_NORETURN void trap_from_below(struct cpu *cpu);

/* In the kernel itself: report on the console and fail the machine. */
ATTR_NORETURN void trap_panic(struct cpu *cpu);

/* The root server faulted and nobody handles it: report and fail the machine. */
ATTR_NORETURN void trap_root_fault(uint64_t cause, uint64_t tval,
                                   const struct user_context *context);

#endif
