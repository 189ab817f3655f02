/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When the root server of the tests kills a process.  Boot arguments order it:
 *
 *     test.kill=NAME:SEED:EVERY[:MOST]
 *
 * NAME is an instance of a service, or "vmm." and a guest.  Each life of the process is killed
 * after a pseudo-random time below 2 x EVERY milliseconds, so EVERY is the mean.  MOST ends the
 * kills; without MOST they do not end.  Pure.
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
    uint64_t at_ticks; /* of the next kill; KILL_NEVER: the process does not run */
};

/* Reads all orders of the boot arguments.  False: an order is malformed, or there are too many. */
bool kill_parse(const char *bootargs, struct kill_order order[KILL_ORDERS_MAX], unsigned *count);

/* A new life of the process began at `now`: chooses the time of its kill. */
void kill_arm(struct kill_order *order, uint64_t hz, uint64_t now);
/* True when the kill is due; the order then waits for the next life. */
bool kill_is_due(struct kill_order *order, uint64_t now);

#endif
