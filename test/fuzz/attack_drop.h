/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ways for a thread of low priority to drop the last capability to something large, so that the
 * kernel has much to take apart: by methods that are about that (delete), and by methods that only
 * replace what a place of an object holds (configure, bind).
 */
#ifndef TEST_FUZZ_ATTACK_DROP_H
#define TEST_FUZZ_ATTACK_DROP_H

#include <stdint.h>

enum drop {
    DROP_CONFIGURE,   /* a CNode of mapped Frames: another CNode takes its place in a thread */
    DROP_FAULT,       /* an Endpoint with senders: a thread has no fault Endpoint any more */
    DROP_VCPU_BIND,   /* a Thread whose CNode has mapped Frames: a VCpu is bound to another */
    DROP_THREAD_BIND, /* a Notification with waiters: a thread is bound to none any more */
    DROP_DELETE,      /* a CNode of mapped Frames: deleted */
    DROP_SELF,        /* the same, and the caller in a CNode: the caller deletes that */
    DROP_COUNT
};

#define DROP_MAX 2000u

/* The slots from this on are free (attack_parts.h). */
#define DROP_SLOTS 16u

const char *drop_name(enum drop drop);

/*
 * Makes `count` (1 to DROP_MAX) Frames, each mapped alone in its two page tables, or waiting
 * threads, and a thread of priority 1 whose one call drops them.  It runs when the caller sleeps.
 */
void drop_prepare(enum drop drop, uint32_t count);

#endif
