/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages (abi/message.h), from the registers of one thread into those of another.
 *
 * A receiver that is waiting is handed the hart together with the message, and a caller
 * together with its reply: neither passes through the ready queue, unless somebody of
 * higher priority is there.  A receiver holds at most one caller.
 */
#ifndef KERNEL_CORE_IPC_H
#define KERNEL_CORE_IPC_H

#include <kernel/core/hart.h>

/* A message by the fast path (ipc_fast.c): the current thread's call to a server that waits, or
 * its reply to the caller it holds, whichever a7 says.  The context of who runs now, with tag and
 * badge in it and the hart ready to enter it: with OK in a0, and in the registers of the words what
 * is in the sender's context.  NULL: nothing has happened yet, the ecall is the dispatcher's. */
struct user_context *ipc_fast(struct hart *hart);

/* `callee` owes `caller` a reply; or does no longer. */
static inline void caller_link(struct thread *caller, struct thread *callee)
{
    caller->callee = callee;
    callee->caller = caller;
}

static inline void caller_unlink(struct thread *caller, struct thread *callee)
{
    caller->callee = NULL;
    callee->caller = NULL;
}

/* Send the fault recorded in `thread`, the current one, to its handler as a call. */
void ipc_send_fault(struct hart *hart, struct thread *thread);

/* Write into a receiver's registers that its bound notification has `bits`. */
void ipc_notified(struct thread *thread, uint64_t bits);

#endif
