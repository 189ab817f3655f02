/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers for the nodes of devices.  All return 0 or a libfdt error. */
#ifndef VMM_BOOT_FDT_UTIL_H
#define VMM_BOOT_FDT_UTIL_H

#include <stdint.h>

/* Opens a node `name@gpa`; fdt_end_node() closes it. */
int fdt_util_begin(void *fdt, const char *name, uint64_t gpa);

/* A property that is one string. */
int fdt_util_string(void *fdt, const char *name, const char *text);

/* A property that is a list of strings: the first `most` of `text`, or those before a NULL. */
int fdt_util_strings(void *fdt, const char *name, const char *const *text, uint32_t most);

/* reg, with two cells of address and two of size. */
int fdt_util_reg(void *fdt, uint64_t gpa, uint64_t bytes);

/* interrupts and interrupt-parent, for a source of the guest's interrupt controller. */
int fdt_util_irq(void *fdt, uint32_t source);

/* A property of `count` 32-bit cells. */
int fdt_util_cells(void *fdt, const char *name, const uint32_t *cells, uint32_t count);

#endif
