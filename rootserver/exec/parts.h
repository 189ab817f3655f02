/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Carries out parts of a plan (plan/parts.h) in steps, so that the caller can look at messages
 * between two steps.
 *
 * A call does about `steps` kernel calls and then returns ERR_AGAIN: call it again, with the same
 * arguments, to go on.  Calls for different parts may alternate.
 */
#ifndef ROOTSERVER_EXEC_PARTS_H
#define ROOTSERVER_EXEC_PARTS_H

#include <rootserver/exec/random.h>
#include <rootserver/exec/record.h>
#include <rootserver/plan/plan.h>

#define EXEC_STEPS 64 /* a good number: some 100,000 instructions */

struct exec {
    const struct plan_input *in;
    struct plan *plan;
    struct random_source *random;
    uint64_t realtime_ns; /* at time 0; 0 for unknown */
};

/* A failed action: its number in the part, the failed slot (0 to count - 1), and the error. */
struct exec_failed {
    unsigned action;
    unsigned at;
    enum err err;
};

/*
 * Makes the part.
 *   ERR_AGAIN  not complete yet
 *   ERR_STATE  the part is not planned, or made already
 *   others     of the kernel's calls; *failed tells the action.  exec_clear() or exec_undo() next.
 */
MUST_CHECK exec_part(struct exec *e, unsigned part, unsigned steps, struct exec_failed *failed);

/*
 * Unmakes the part's objects, whether it is made, half made or planned only.  The plan of the part
 * stays.
 *   ERR_AGAIN  not complete yet
 *   ERR_STATE  the part is not planned
 *   ERR_BUSY   a device may still write to its memory: the part is pinned (plan_part_pin())
 *   others     the first error of cnode_revoke() and cnode_delete(); all the rest was tried
 */
MUST_CHECK exec_clear(struct exec *e, unsigned part, unsigned steps);

/* exec_clear(), and then takes the part out of the plan.  The same errors. */
MUST_CHECK exec_undo(struct exec *e, unsigned part, unsigned steps);

/*
 * Writes the start record of a process and starts its first thread.  Process and sides are made.
 * `restart_count` goes into the record.
 *   ERR_STATE  the process is not made
 *   others     of frame_map(), frame_unmap() and thread_resume()
 */
MUST_CHECK exec_process_resume(struct exec *e, unsigned process, uint32_t restart_count);

/* Stops all threads of the process.  The first error of thread_suspend(). */
MUST_CHECK exec_process_stop(struct exec *e, unsigned process);

#endif
