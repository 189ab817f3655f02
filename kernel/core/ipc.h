/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages (abi/message.h) are copied from the registers of one thread to those of another.
 *
 * A call switches directly to the server that waits for it, and a reply directly to the
 * caller.  Neither thread passes through the ready queue, unless a thread of higher priority
 * is ready.  A server holds at most one caller.
 */
#ifndef KERNEL_CORE_IPC_H
#define KERNEL_CORE_IPC_H

#include <kernel/core/hart.h>

/* The fast path of a message (ipc_fast.c).  a7 says which: the current thread calls a server that
 * waits, or replies to the caller it holds.  Returns the context of the receiver, which is current
 * now; tag and badge are in it, and the hart is ready to enter it.  The HAL takes the words from
 * the sender's context and puts OK into a0.  NULL: nothing was changed, take the slow path. */
struct user_context *ipc_fast(struct hart *hart);

/* From caller_link() to caller_unlink() `callee` owes `caller` a reply. */
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

/* Send the fault recorded in `thread`, the current thread, to its fault handler as a call. */
void ipc_send_fault(struct hart *hart, struct thread *thread);

/* A signal ends a receive: write `bits` of the bound notification to the receiver's registers. */
void ipc_notified(struct thread *thread, uint64_t bits);

#endif
