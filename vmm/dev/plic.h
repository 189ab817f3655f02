/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The platform-level interrupt controller.  Address, number of sources and order of contexts
 * are those of QEMU's `virt`.
 *
 * Specification: "RISC-V Platform-Level Interrupt Controller Specification" 1.0.0.
 */
#ifndef VMM_DEV_PLIC_H
#define VMM_DEV_PLIC_H

#include <stdbool.h>
#include <stdint.h>

#include <vmm/board/dev.h>

/* Sources are 1 to 95; number 0 means "no interrupt". */
#define PLIC_SOURCES         96u

/* Each hart has a supervisor context, and a machine context whose output is not connected. */
#define PLIC_CONTEXT_S(hart) (2u * (hart) + 1u)

extern const struct dev_model plic_model;

/* Sets the level of a source's input, within a transaction.  A source out of range is ignored. */
void plic_input(const struct dev_ctx *dev, uint32_t source, bool is_high);

/* Does the controller raise the context's external interrupt? */
bool plic_output(const struct dev_ctx *dev, uint32_t context);

#endif
