/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table of instructions by where they are: mode, page of the host's memory that holds the
 * guest's, virtual address, and the instruction word itself (a page can be given new contents).
 */
#ifndef BENCH_SITES_H
#define BENCH_SITES_H

#include <stdint.h>

#define SITE_COUNT_MAX (1u << 20)
#define SITE_NONE UINT32_MAX

struct site {
    uint64_t address; /* virtual */
    uint64_t page;    /* names the physical page; equal pages, equal numbers */
    uint32_t insn;
    uint32_t mode;
};

struct sites {
    uint32_t count;
    struct site site[SITE_COUNT_MAX];
    uint32_t bucket[2 * SITE_COUNT_MAX]; /* index + 1; 0: free */
};

/* The index of a site, given one when it has none; SITE_NONE: the table is full. */
uint32_t sites_index(struct sites *sites, const struct site *site);

#endif
