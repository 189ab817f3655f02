/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Carries out parts of a plan (plan/parts.h) in steps, so that the caller can look at messages
 * between two steps.
 *
 * A call makes about `steps` actions, or up to the end of one group of actions, which zeroes up to
 * 2 GiB.  Then it returns ERR_AGAIN: call it again, with the same arguments, to go on.  It also
 * returns ERR_AGAIN when an interrupt came while the kernel zeroed or freed memory.  Calls for
 * different parts may alternate.
 */
#ifndef ROOTSERVER_EXEC_EXEC_H
#define ROOTSERVER_EXEC_EXEC_H

#include <rootserver/exec/random.h>
#include <rootserver/plan/plan.h>

#define EXEC_STEPS 16 /* a good number of actions; each is up to 256 kernel calls */

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

/* Makes the frames of the archive and maps them read-only; *address is that of the first byte.
 * Every error of untyped_retype() and frame_map(). */
MUST_CHECK exec_archive_map(const struct archive_map *map, const void **address);

/* Destroys these frames, so that the archive can be divided again.  Errors of cnode_revoke(). */
MUST_CHECK exec_archive_unmap(const struct archive_map *map);

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
 *   ERR_BUSY   a device may still write to its memory (plan_is_pinned())
 *   others     the first error of cnode_revoke() and cnode_delete(); all other calls were made
 */
MUST_CHECK exec_clear(struct exec *e, unsigned part, unsigned steps);

/* exec_clear(), and then takes the part out of the plan.  The same errors; ERR_STATE also if a part
 * that uses this one is still planned (plan_is_used()).  After another error the part is out of the
 * plan too, but its memory and slots are not used again. */
MUST_CHECK exec_undo(struct exec *e, unsigned part, unsigned steps);

/*
 * Writes the start record of a process and starts its threads.  Process and sides are made.
 *   ERR_STATE  the process is not made
 *   ERR_RANGE  the start record would be too long
 *   others     of frame_map(), frame_unmap() and thread_resume()
 */
MUST_CHECK exec_process_resume(struct exec *e, unsigned process, uint32_t restart_count);

/* Stops all threads of the process.  The first error of thread_suspend(). */
MUST_CHECK exec_process_stop(struct exec *e, unsigned process);

/*
 * Destroys the Endpoint of an instance, so that calls in its queue return ERR_CANCELLED and the
 * clients' capabilities are gone.  A client's side that is made later gets a capability to the
 * spare, an Endpoint of which nobody receives.  Does nothing for a service without calls, and the
 * second time.  The first error of the kernel's calls.
 */
MUST_CHECK exec_calls_cancel(struct exec *e, unsigned instance);

/* "no memory", "not found" and so on, for messages. */
const char *exec_error_name(enum err err);

#endif
