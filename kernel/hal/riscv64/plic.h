/* SPDX-License-Identifier: BSD-2-Clause */
/* The rest of the PLIC driver is hal_irq_*(). */
#ifndef HAL_RISCV64_PLIC_H
#define HAL_RISCV64_PLIC_H

struct cpu;

/* Every source masked, and enabled for this hart's S context. */
void plic_setup(struct cpu *cpu);

#endif
