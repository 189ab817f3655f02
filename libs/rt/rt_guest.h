/* SPDX-License-Identifier: BSD-2-Clause */
/* What a VMM finds in its start record about its guest (proto/vmm_start.h), in one struct.  Pure,
 * and safe against a record that holds anything. */
#ifndef RT_RT_GUEST_H
#define RT_RT_GUEST_H

#include <proto/vmm_start.h>
#include <rt/rt_start_table.h>

/*
 * Fills *out from the table.  `starts` is the number of earlier lives of the VMM.
 *   ERR_NOT_FOUND  an entry is missing that every guest has
 *   ERR_FORMAT     a text is too long, or the seed has another size
 */
MUST_CHECK rt_guest_read(const struct start_table *table, struct vmm_start *out);

#endif
