/* SPDX-License-Identifier: BSD-2-Clause */
#include <kernel/core/thread.h>

#include <abi/message.h>
#include <kernel/core/endpoint.h>
#include <kernel/core/fp.h>
#include <kernel/core/ipc.h>
#include <kernel/core/notification.h>
#include <kernel/core/sched.h>
#include <kernel/core/space.h>
#include <kernel/core/vcpu.h>

struct object *thread_create(struct hart *hart, void *memory)
{
    struct thread *thread = memory;

    thread->hart = hart;
    sched_forfeit(thread);
    dead_ring_create(&thread->dead);
    return &thread->object;
}

enum err thread_resume(struct thread *thread)
{
    if (thread->state != THREAD_SUSPENDED || slot_is_empty(&thread->place[THREAD_CNODE]) ||
        slot_is_empty(&thread->place[THREAD_VSPACE]))
        return ERR_STATE;
    sched_ready(thread);
    return OK;
}

void thread_answer(struct thread *thread, enum err err)
{
    thread->context.x[REG_A0] = (uint64_t)err;
    sched_ready(thread);
}

void thread_drop_caller(struct thread *thread, enum err err)
{
    struct thread *caller = thread->caller;

    if (caller == NULL)
        return;
    caller_unlink(caller, thread);
    if (caller->is_fault) {
        caller->is_fault = false;
        caller->state = THREAD_FAULTED;
    } else {
        thread_answer(caller, err);
    }
}

/* Put a thread in any phase into SUSPENDED.  True: it waited in a system call other than vcpu_run,
 * which must return an error. */
static bool thread_stop(struct thread *thread)
{
    bool was_in_call = false;

    switch (thread->state) {
    case THREAD_BLOCKED_SEND:
    case THREAD_BLOCKED_RECV:
    case THREAD_BLOCKED_RECV_UNTIL:
        endpoint_leave(thread);
        was_in_call = !thread->is_fault;
        break;
    case THREAD_BLOCKED_REPLY:
        caller_unlink(thread, thread->callee);
        was_in_call = !thread->is_fault;
        break;
    case THREAD_BLOCKED_WAIT:
        notification_leave(thread);
        was_in_call = true;
        break;
    default: break;
    }
    thread_timer_cancel(thread);
    thread->is_fault = false;
    sched_block(thread, THREAD_SUSPENDED);
    return was_in_call;
}

void thread_suspend(struct thread *thread)
{
    if (thread_stop(thread))
        thread->context.x[REG_A0] = ERR_CANCELLED;
    if (thread->is_in_guest)
        vcpu_return(thread, VCPU_EXIT_NONE);
    thread_drop_caller(thread, ERR_CANCELLED);
}

static bool thread_recover(struct thread *thread, uint64_t cause)
{
    const struct object *vspace = slot_known_object(&thread->place[THREAD_VSPACE]);
    const struct space *space = (const struct space *)vspace;

    if (space == NULL || !space_recovers(space, cause, thread->context.pc))
        return false;
    thread->context.pc = space->recovery.exit;
    return true;
}

void thread_fault(struct hart *hart, uint64_t cause, uint64_t tval)
{
    struct thread *thread = hart->current;

    if (thread_recover(thread, cause))
        return;
    thread->fault_word[FAULT_CAUSE] = cause;
    thread->fault_word[FAULT_TVAL] = tval;
    thread->fault_word[FAULT_PC] = thread->context.pc;
    thread->fault_word[FAULT_SP] = thread->context.x[REG_SP];
    thread->fault_word[FAULT_RA] = thread->context.x[REG_RA];
    if (slot_is_empty(&thread->place[THREAD_FAULT]))
        sched_block(thread, THREAD_FAULTED);
    else
        ipc_send_fault(hart, thread);
}

/* ---- the end -------------------------------------------------------------------- */

/* No VCpu is bound to the thread: a bound VCpu holds a capability to its thread. */
void thread_condemn(struct hart *hart, struct thread *thread)
{
    thread_stop(thread);
    thread_drop_caller(thread, ERR_PEER_DIED);
    notification_unbind(thread);
    fp_drop(hart, &thread->fp);
    dead_ring_pass(&thread->dead, hart->current != NULL ? &hart->current->dead : NULL);
}

void thread_lost(struct thread *thread, struct slot *place)
{
    if (place == &thread->place[THREAD_CNODE] || place == &thread->place[THREAD_VSPACE])
        thread_suspend(thread);
    else if (place == &thread->place[THREAD_NOTIFICATION])
        notification_unbind(thread);
}
