/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Allocates anonymous memory: runs of pages from one region, first fit.
 *
 * The region must be zeroed before rt_pages_init().  Freed pages are zeroed when they are
 * allocated again.  The caller holds a lock.
 */
#ifndef RT_PAGES_H
#define RT_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/err.h>

#define RT_PAGE_BYTES ((size_t)4096)
#define RT_PAGES_MAX  16384 /* 64 MiB; the rest of a longer region is not used */

struct rt_pages {
    uint8_t *base; /* page-aligned */
    size_t count;
    size_t fresh; /* pages from here on were never allocated, so they are still zero */
    uint64_t used[RT_PAGES_MAX / 64];
};

void rt_pages_init(struct rt_pages *pages, void *base, size_t bytes);

/* ERR_INVALID_ARG: 0 bytes.  ERR_NO_MEMORY: no run of that length is free. */
MUST_CHECK rt_pages_alloc(struct rt_pages *pages, size_t bytes, void **out);

/* Frees whole pages; pages that are free already stay free.
 *   ERR_ALIGN  `at` is not page-aligned   ERR_RANGE  the range leaves the region, or is empty */
MUST_CHECK rt_pages_free(struct rt_pages *pages, void *at, size_t bytes);

#endif
