/* SPDX-License-Identifier: BSD-2-Clause */
/* Set-up of the PLIC; the other functions of the driver are hal_irq_*(). */
#ifndef HAL_RISCV64_PLIC_H
#define HAL_RISCV64_PLIC_H

struct cpu;
struct machine;

/* The machine has a PLIC: mask every source, and enable it for this hart's S context. */
void plic_setup(struct cpu *cpu, const struct machine *machine);

#endif
