/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls a service of a used connection, and waits for the answer.
 *
 * A call has no deadline.  While the service is away, the call waits for its next life, and the
 * control region's `waits_for` names the connection, so that the caller does not count as hung.  A
 * service that is up and hangs is ended by the root server within its manifest's ping time.  A VMM
 * never calls: it uses rings.
 */
#ifndef RT_RT_CALLER_H
#define RT_RT_CALLER_H

#include <abi/message.h>
#include <proto/control.h>
#include <rt/calls.h>
#include <rt/rt_start_table.h>

struct rt_caller {
    cap_t endpoint;
    const _Atomic uint32_t *used_state; /* enum control_used_state of the connection */
    _Atomic uint32_t *waits_for;
    uint32_t use;
};

/*
 * Makes a caller for connection `use` of the start record.
 *   ERR_NOT_FOUND    there is no such connection, the service takes no calls (the manifest's key
 *                    `calls`), or the process has no control region
 *   ERR_INVALID_ARG  `use` is not below CONTROL_USED_MAX
 */
MUST_CHECK rt_caller_open(const struct start_table *table, unsigned use, struct rt_caller *out);

/*
 * Calls with `label` and the words in `word`; on OK the words of the answer are there.
 *   ERR_PEER_DIED      the service ended before it answered, and may have carried the call out; or
 *                      the service refused the connection, or will not come back
 *   ERR_NOT_SUPPORTED  the service's program answers no calls
 *   ERR_NOT_FOUND      the service has not accepted this connection
 *   ERR_BAD_CALL       the service has no call with this label
 *   ERR_FORMAT         the service's answer has no error number as its label
 * and the errors of the service's protocol.  `word` is unchanged on failure.
 */
MUST_CHECK rt_caller_call(const struct rt_caller *caller, uint32_t label,
                          uint64_t word[MESSAGE_WORDS]);

#endif
