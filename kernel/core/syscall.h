/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an ecall to a handler.  The table generated from the interface file says for
 * each method which object and rights it wants and which arguments are capabilities;
 * all of that is checked here, so that a handler starts with resolved slots.
 */
#ifndef KERNEL_CORE_SYSCALL_H
#define KERNEL_CORE_SYSCALL_H

#include <kernel/core/hart.h>

#define INVOCATION_ARGS 6
#define ECALL_BYTES     4u

/*
 * One decoded call.  A handler returns its error, and on OK leaves its results here; the
 * dispatcher puts them in the caller's registers.  A handler that blocks the caller, or has set
 * its registers itself (messages), sets `is_answered`: then the dispatcher writes none.  pc is past
 * the ecall before the handler runs; ERR_AGAIN sets it back, so that the call resumes.
 */
struct invocation {
    struct hart *hart;
    struct thread *thread;                /* the caller */
    struct slot *slot;                    /* the capability invoked, type and rights checked */
    uint64_t arg[INVOCATION_ARGS];        /* as passed; as many as the method has */
    struct slot *cap[INVOCATION_ARGS];    /* of capability arguments; NULL for an absent optional */
    uint64_t result[2];
    bool is_answered;
};

/* The slot at `index` of the thread's CNode, or NULL (out of range, empty, no CNode). */
struct slot *thread_slot(struct thread *thread, uint64_t index);

/* Serve the ecall of the current thread.  Returns with hart->current changed if it blocked. An
 * ERR_AGAIN of a handler leaves pc at the ecall, so that the call resumes after preemption. */
void syscall_dispatch(struct hart *hart);

#endif
