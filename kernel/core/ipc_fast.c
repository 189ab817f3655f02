/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fast path of a message: a call to a server that waits for it, and the reply to its caller
 * by a server that then waits again.
 *
 *   caller --call--> ipc_fast --> server --reply_recv--> ipc_fast --> caller
 *
 * The hart switches directly from one thread to the other, if the scheduler would choose the same
 * thread (sched_may_switch).  A message with more work to do (a capability, tracing, a signal, the
 * reply to a fault, another sender) takes the slow path, through syscall_dispatch().
 */
#include <kernel/core/ipc.h>

#include <abi/message.h>
#include <kernel/core/cnode.h>
#include <kernel/core/endpoint.h>
#include <kernel/core/notification.h>
#include <kernel/core/sched.h>
#include <kernel/core/syscall.h>

/* The Endpoint that `slot` of the current thread names with `right`.  NULL: there is none, or the
 * message needs more than its words copied. */
static struct endpoint *plain_endpoint(const struct hart *hart, const struct slot *slot,
                                       uint8_t right, uint64_t tag)
{
    if (slot == NULL || slot->type != OBJ_ENDPOINT || (slot->rights & right) == 0)
        return NULL;
    if ((tag & TAG_CAP) != 0 || trace_is_on(&hart->trace))
        return NULL;
    return (struct endpoint *)slot_known_object(slot);
}

/* The caller that `server` replies to.  NULL: there is none, or the reply or the following wait
 * needs the slow path. */
static struct thread *plain_caller(const struct endpoint *endpoint, const struct thread *server)
{
    struct thread *caller = server->caller;

    if (caller == NULL || caller->is_fault || thread_is_signalled(server) ||
        endpoint_first(endpoint, THREAD_BLOCKED_SEND) != NULL)
        return NULL;
    return caller;
}

struct user_context *ipc_fast(struct hart *hart)
{
    struct thread *thread = hart->current;
    const uint64_t *x = thread->context.x;
    bool is_call = x[REG_A7] == CALL_CALL;
    const struct slot *slot = running_slot(thread, x[REG_A0]);
    struct endpoint *endpoint =
        plain_endpoint(hart, slot, is_call ? RIGHT_WRITE : RIGHT_READ, x[REG_A1]);

    if (endpoint == NULL)
        return NULL;
    struct thread *next = is_call ? endpoint_first(endpoint, THREAD_BLOCKED_RECV)
                                  : plain_caller(endpoint, thread);
    if (next == NULL || !sched_may_switch(hart, next))
        return NULL;
    if (is_call) {
        endpoint_unqueue(next);
        caller_link(thread, next);
    } else {
        caller_unlink(next, thread);
        endpoint_queue(endpoint, thread);
    }
    next->context.x[REG_A1] = x[REG_A1] & TAG_LABEL_MASK;
    next->context.x[REG_T2] = is_call ? slot->word[0] : 0;
    thread->context.pc += ECALL_BYTES;
    sched_switch(hart, is_call ? THREAD_BLOCKED_REPLY : THREAD_BLOCKED_RECV, next);
    return &next->context;
}
