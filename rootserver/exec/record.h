/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes start records (proto/process_start.h) from a complete plan.  Pure but for random bytes. */
#ifndef ROOTSERVER_EXEC_RECORD_H
#define ROOTSERVER_EXEC_RECORD_H

#include <rootserver/exec/random.h>
#include <rootserver/plan/plan.h>

#define RECORD_BYTES 4096

/* Values that are the same for all processes. */
struct record_common {
    uint64_t timebase_hz;
    uint64_t realtime_ns; /* at time 0; 0 for unknown */
    uint32_t restart_count; /* of the process that the record is for */
};

/* Fills in the zeroed page `to` for process `index` of the plan. */
void record_make(const struct plan_input *in, const struct plan *plan, unsigned index,
                 const struct record_common *common, struct random_source *random,
                 uint8_t to[RECORD_BYTES]);

#endif
