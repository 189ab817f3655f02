/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Read nodes of a device tree that fdt_check_full() has accepted (Devicetree
 * Specification; RISC-V bindings of the Linux kernel's documentation).  Pure.
 */
#ifndef KERNEL_BOOT_TREE_H
#define KERNEL_BOOT_TREE_H

#include <base/err.h>
#include <libfdt.h>

/* The number in `count` cells; `count` is 1 or 2. */
uint64_t tree_cells(const fdt32_t *cell, int count);

/* Read a property that is one number of one or two cells.
 * ERR_NOT_FOUND: there is no such property.  ERR_FORMAT: it has another size. */
MUST_CHECK tree_number(const void *fdt, int node, const char *name, uint64_t *value);

/* Is the property exactly this text? */
bool tree_text_is(const void *fdt, int node, const char *name, const char *text);

/* Does the node have a status other than "okay" or "ok"? */
bool tree_is_disabled(const void *fdt, int node);

/* Is this child of /cpus a hart, and not disabled?  The hart's id is its `reg`. */
bool tree_is_hart(const void *fdt, int node);

/* The phandle of a hart's own interrupt controller; 0: none. */
uint32_t tree_hart_controller(const void *fdt, int hart);

bool tree_is_plic(const void *fdt, int node);

/*
 * The context through which a PLIC interrupts S mode of the hart with this controller.
 *   ERR_NOT_FOUND  the PLIC has no such context
 *   ERR_FORMAT     the PLIC has no list of contexts
 */
MUST_CHECK tree_plic_context(const void *fdt, int plic, uint32_t controller, uint32_t *context);

#endif
