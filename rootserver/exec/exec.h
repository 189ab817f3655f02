/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Carries plans out.  The only part of the root server that uses capabilities
 * (and supervise.c, which receives and destroys).
 */
#ifndef ROOTSERVER_EXEC_EXEC_H
#define ROOTSERVER_EXEC_EXEC_H

#include <rootserver/exec/random.h>
#include <rootserver/exec/record.h>
#include <rootserver/plan/plan.h>

/* How an action failed: which, at what slot of its count, and why. */
struct exec_failure {
    unsigned action;
    unsigned at;
    enum err err;
};

/* Makes the frames of the archive and maps them read-only: the archive's first byte is at *address.
 * Every error of untyped_retype() and frame_map(). */
MUST_CHECK exec_archive_map(const struct archive_map *map, const void **address);

/* Undoes that, so that the archive can be cut anew.  Every error of cnode_revoke(). */
MUST_CHECK exec_archive_unmap(const struct archive_map *map);

/*
 * Carries out the actions from `first` on that are for `process` (PLAN_NOBODY:
 * the root server's own), `count` at the most.  Stops at the first that fails.
 */
MUST_CHECK exec_run(const struct plan_input *in, const struct plan *plan, unsigned first,
                    unsigned count, const struct record_common *common,
                    struct random_source *random, struct exec_failure *failure);

/*
 * Starts a process anew that exec_destroy() destroyed: its actions once more, but for the making of
 * its Untypeds, which are still there; then the capabilities that running processes (`is_running`,
 * by index) had of it, and it of them.
 */
MUST_CHECK exec_restart(const struct plan_input *in, const struct plan *plan, unsigned process,
                        const bool *is_running, const struct record_common *common,
                        struct random_source *random, struct exec_failure *failure);

/* Destroys a process, and its guest with it: revokes its Untypeds.  What is left cannot be reached
 * by anybody.  Every error of cnode_revoke(). */
MUST_CHECK exec_destroy(const struct plan_process *process);

/*
 * The console service is dead for good: its end of each region is retired, and each running process
 * that shares one is signalled, so that no guest waits for it.
 *   every error of frame_map(), frame_unmap() and cnode_mint(); some may wait then
 */
MUST_CHECK exec_console_retire(const struct plan *plan, const bool *is_running);

/* "retype", "map", ... and "no memory", ...: for messages. */
const char *exec_action_name(const struct plan_action *action);
const char *exec_error_name(enum err err);

#endif
