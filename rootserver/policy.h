/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When a process counts as hung, and whether and when a process that ended is started again.
 * Pure: the caller passes the time, in ticks of the time CSR.
 */
#ifndef ROOTSERVER_POLICY_H
#define ROOTSERVER_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#define POLICY_NEVER      UINT64_MAX
#define POLICY_FAULTS_MAX 64 /* the largest `most` of a restart policy; a larger one counts as 64 */
#define POLICY_LOOKS      10 /* that one patience takes */

/* The configuration's restart policy of one service or guest. */
struct policy_restart {
    uint32_t most;      /* restarts in `within_ms`; one fault more is the last */
    uint32_t within_ms; /* 0: counts every fault since the machine's start */
    uint32_t wait_min_ms, wait_max_ms;
};

/* The faults of one instance or VMM that count: faults, exits and hangs, but no ordered kill. */
struct policy_limiter {
    unsigned count;
    uint64_t fault_ticks[POLICY_FAULTS_MAX + 1]; /* ascending */
};

/*
 * Notes a fault at `now`.  True: start the process again, *wait_ticks from now.  The first fault
 * waits wait_min_ms; each further fault in the policy's time waits twice as long as the one
 * before it, and at least POLICY_WAIT_LEAST_MS, up to wait_max_ms.  False: the process is not
 * started again, and *wait_ticks is untouched.
 */
#define POLICY_WAIT_LEAST_MS 10
bool policy_fault(struct policy_limiter *limiter, const struct policy_restart *restart, uint64_t hz,
                  uint64_t now, uint64_t *wait_ticks);

/* The number of noted faults in the policy's time before `now`. */
unsigned policy_fault_count(struct policy_limiter *limiter, const struct policy_restart *restart,
                            uint64_t hz, uint64_t now);

/*
 * Waits for another process to do something.  The patience ends after POLICY_LOOKS looks, with at
 * least a tenth of the period between two looks. A stop of the whole machine counts as one look, so
 * the other process still gets its time.
 */
struct policy_patience {
    uint64_t step_ticks;
    uint64_t look_ticks; /* of the next look; POLICY_NEVER: nothing is awaited */
    unsigned looks;
};

void policy_patience_start(struct policy_patience *p, uint64_t period_ticks, uint64_t now);
void policy_patience_stop(struct policy_patience *p);
bool policy_patience_is_on(const struct policy_patience *p);
/* Is a look due?  If so, counts it.  *is_over: this was the last look, and the patience is off. */
bool policy_patience_look(struct policy_patience *p, uint64_t now, bool *is_over);

static inline uint64_t policy_ticks(uint64_t hz, uint64_t ms)
{
    return hz / 1000 * ms + hz % 1000 * ms / 1000;
}

#endif
