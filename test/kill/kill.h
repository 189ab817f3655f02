/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When the root server of the tests kills a process.  Boot arguments order it:
 *
 *     test.kill=NAME:SEED:EVERY[:MOST]
 *
 * NAME is an instance of a service, or "vmm." and a guest.  Each life of the process is killed a
 * pseudo-random time after the process is back: below 2 x EVERY milliseconds, so EVERY is the mean.
 * MOST ends the kills; without MOST they do not end.  Pure.
 */
#ifndef TEST_KILL_KILL_H
#define TEST_KILL_KILL_H

#include <stdbool.h>
#include <stdint.h>

#define KILL_ORDERS_MAX 8
#define KILL_NAME_BYTES 40
#define KILL_NEVER      UINT64_MAX

struct kill_order {
    char name[KILL_NAME_BYTES];
    uint64_t random;
    uint32_t every_ms;
    uint32_t most; /* 0: no limit */
    uint32_t done;
    uint32_t back;       /* restarts after which the process was back */
    uint64_t away_ticks; /* the sum of their times, from the kill until the process was back */
    uint32_t life;       /* the last life that was back; 0: none */
    uint64_t at_ticks;   /* of this life's kill; KILL_NEVER: it happened, or there is none */
    bool is_away;        /* killed, and not back yet */
    uint64_t killed_at;
};

/* Reads all orders of the boot arguments.  False: an order is malformed, or there are too many. */
bool kill_parse(const char *bootargs, struct kill_order order[KILL_ORDERS_MAX], unsigned *count);

/* Looks at the process.  `life` counts its lives from 1, 0 while it does not run; `is_back`: this
 * life has answered all that it was asked.  True: the caller kills the process now. */
bool kill_look(struct kill_order *order, uint32_t life, bool is_back, uint64_t hz, uint64_t now);

#endif
