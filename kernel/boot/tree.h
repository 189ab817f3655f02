/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Questions to nodes of a device tree that fdt_check_full() found sound (Devicetree
 * Specification; RISC-V bindings of the Linux kernel's documentation).  Pure.
 */
#ifndef KERNEL_BOOT_TREE_H
#define KERNEL_BOOT_TREE_H

#include <base/err.h>
#include <libfdt.h>

/* The number in `count` cells, 1 or 2. */
uint64_t tree_cells(const fdt32_t *cell, int count);

/* A property that is one number of one or two cells.
 * ERR_NOT_FOUND: there is no such property.  ERR_FORMAT: it has another size. */
MUST_CHECK tree_number(const void *fdt, int node, const char *name, uint64_t *value);

/* Is the property just this text? */
bool tree_text_is(const void *fdt, int node, const char *name, const char *text);

/* Its status is there, and is not "okay". */
bool tree_is_disabled(const void *fdt, int node);

/* A child of /cpus that is a hart, and not disabled; its id is its `reg`. */
bool tree_is_hart(const void *fdt, int node);

/* The phandle of a hart's own interrupt controller; 0: none. */
uint32_t tree_hart_controller(const void *fdt, int hart);

bool tree_is_plic(const void *fdt, int node);

/*
 * The context through which a PLIC interrupts S mode of the hart with this controller.
 *   ERR_NOT_FOUND  it has none for that hart
 *   ERR_FORMAT     it has no list of contexts
 */
MUST_CHECK tree_plic_context(const void *fdt, int plic, uint32_t controller, uint32_t *context);

#endif
