/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Executes plans: makes the kernel calls that start and destroy processes.
 */
#ifndef ROOTSERVER_EXEC_EXEC_H
#define ROOTSERVER_EXEC_EXEC_H

#include <rootserver/exec/random.h>
#include <rootserver/exec/record.h>
#include <rootserver/plan/plan.h>

/* A failed action: its index in the plan, the failed slot (0 to count - 1), and the error. */
struct exec_failure {
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
 * Executes `count` actions, beginning with `first`.  Stops at the first action that fails.
 * *failure is set on failure only.  Every error of the actions' kernel calls.
 */
MUST_CHECK exec_run(const struct plan_input *in, const struct plan *plan, unsigned first,
                    unsigned count, const struct record_common *common,
                    struct random_source *random, struct exec_failure *failure);

/*
 * Restarts a process that exec_destroy() destroyed.  Executes the process's actions again, except
 * those that make its Untypeds, which still exist.  Then mints again the capabilities that connect
 * the process with running processes (`is_running`, by index).
 */
MUST_CHECK exec_restart(const struct plan_input *in, const struct plan *plan, unsigned process,
                        const bool *is_running, const struct record_common *common,
                        struct random_source *random, struct exec_failure *failure);

/* Destroys a process and its guest: revokes their Untypeds, all of them even after an error.
 * Returns the first error, each one of cnode_revoke() or cnode_delete(). */
MUST_CHECK exec_destroy(const struct plan_process *process);

/*
 * Tells all running VMMs that no console service will run again, so that no guest waits for one:
 * retires the service's end of each region, and signals the VMM that shares the region.
 *   every error of frame_map(), frame_unmap() and cnode_mint(); some guests may then hang
 */
MUST_CHECK exec_console_retire(const struct plan *plan, const bool *is_running);

/* "retype", "map", ... and "no memory", ...: for messages. */
const char *exec_action_name(const struct plan_action *action);
const char *exec_error_name(enum err err);

#endif
