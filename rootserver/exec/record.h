/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes start records (proto/process_start.h) from the plan.  Pure but for random bytes. */
#ifndef ROOTSERVER_EXEC_RECORD_H
#define ROOTSERVER_EXEC_RECORD_H

#include <rootserver/exec/random.h>
#include <rootserver/plan/plan.h>

struct record_common {
    uint64_t timebase_hz;
    uint64_t realtime_ns;   /* at time 0; 0 for unknown */
    uint32_t restart_count; /* of the process that the record is for */
};

/*
 * Fills `to` for a process of the plan.  A connection occurs if its side of the process is planned.
 *   ERR_RANGE  the record would be too long, or a name
 */
MUST_CHECK record_make(const struct plan_input *in, const struct plan *plan, unsigned process,
                       const struct record_common *common, struct random_source *random,
                       uint8_t to[PROCESS_START_MAX]);

#endif
