/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds the device at a guest physical address.  The table is sorted.  It is built once and
 * does not change while the guest runs.
 */
#ifndef VMM_BOARD_BUS_H
#define VMM_BOARD_BUS_H

#include <stdint.h>

#include <base/err.h>
#include <vmm/board/dev.h>

#define BUS_REGIONS_MAX  16u
#define BUS_REPEATED_MAX 2u

struct bus_region {
    uint64_t first; /* guest physical addresses, both included */
    uint64_t last;
    const struct dev_ctx *dev;
};

struct bus {
    uint32_t region_count;
    struct bus_region region[BUS_REGIONS_MAX]; /* by rising address */
    uint32_t repeated_count;
    struct bus_region repeated[BUS_REPEATED_MAX]; /* models with more than one place */
};

/*
 * Adds the region [dev->gpa, dev->gpa + dev->model->region_bytes).  If the model has more than
 * one place, adds all of them as one range with holes.  A device without registers
 * (region_bytes is 0) gets no entry in the table: no access reaches the device.
 * Errors: ERR_NO_SLOT  the table is full
 *         ERR_RANGE    the region wraps
 *         ERR_EXISTS   the region overlaps another, and is not exactly one place of a model with
 *                      more than one
 */
MUST_CHECK bus_add(struct bus *bus, const struct dev_ctx *dev);

/*
 * One access of `width` bytes (1, 2, 4 or 8).  Runs inside a transaction.
 * Errors: ERR_RANGE  no device answers all of [gpa, gpa + width)
 *         ERR_ALIGN  gpa is not a multiple of width
 *         ERR_NOT_SUPPORTED  the device has no registers of this width
 * On an error no device has seen the access and *value is untouched.
 */
MUST_CHECK bus_read(const struct bus *bus, uint64_t gpa, uint32_t width, uint64_t *value);
MUST_CHECK bus_write(const struct bus *bus, uint64_t gpa, uint32_t width, uint64_t value);

#endif
