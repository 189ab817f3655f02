/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The root server's event loop.  One turn looks at everything that the root server shares with
 * processes, does a bounded amount of work, and then waits for the next message, signal or
 * deadline: the only place where the root server waits.
 *
 * While there is work, the wait ends after a short rest.  Processes of lower priority run in that
 * time, so that a long start neither stops the guests nor makes their VMMs look hung, and a message
 * ends the rest.  So the message about an end waits for at most LOOP_WORK_US and one piece of work,
 * also while a large guest is made.
 */
#ifndef ROOTSERVER_LOOP_H
#define ROOTSERVER_LOOP_H

#include <stdint.h>

#define LOOP_WORK_US   500 /* in one turn; a piece of work that was begun is finished */
#define LOOP_REST_US   100 /* at least, after work that is not finished */
#define LOOP_REST_PART 4   /* and the turn's time divided by this */
#define LOOP_END_SAYS  8   /* lives of the log that are waited for to show the last lines */

/* One turn.  Waits until `latest` ticks at most.  Ends the machine when the last guest has ended.
 */
void loop_turn(uint64_t latest);

#endif
