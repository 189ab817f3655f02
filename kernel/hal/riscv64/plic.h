/* SPDX-License-Identifier: BSD-2-Clause */
/* The rest of the PLIC driver is hal_irq_*(). */
#ifndef HAL_RISCV64_PLIC_H
#define HAL_RISCV64_PLIC_H

struct cpu;
struct machine;

/* For a machine that has one: every source masked, and enabled for this hart's S context. */
void plic_setup(struct cpu *cpu, const struct machine *machine);

#endif
