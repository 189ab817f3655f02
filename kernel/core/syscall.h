/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decodes an ecall and calls its handler.  A table generated from abi/interface.toml says
 * for each method which object and rights it needs and which arguments are capabilities.
 * The dispatcher checks all of that: a handler starts with resolved slots.
 */
#ifndef KERNEL_CORE_SYSCALL_H
#define KERNEL_CORE_SYSCALL_H

#include <kernel/core/hart.h>

#define INVOCATION_ARGS 6
#define ECALL_BYTES     4u

/*
 * One decoded call.  A handler returns its error, and on OK leaves its results here; the
 * dispatcher writes both to the caller's registers.  A handler that blocks the caller, or writes
 * its registers itself (messages), sets `is_answered`: then the dispatcher writes no register.  pc
 * is behind the ecall before the handler runs; ERR_AGAIN sets it back, so that the call resumes.
 */
struct invocation {
    struct hart *hart;
    struct thread *thread;                /* the caller */
    struct slot *slot;                    /* the capability invoked, type and rights checked */
    uint64_t arg[INVOCATION_ARGS];        /* set: as many as the method has */
    struct slot *cap[INVOCATION_ARGS];    /* of capability arguments; NULL: optional, absent */
    uint64_t result[2];
    bool is_answered;
};

/* The slot at `index` of the thread's CNode, or NULL (out of range, empty, no CNode). */
struct slot *thread_slot(struct thread *thread, uint64_t index);

/* Serve the ecall of the current thread.  If the call blocks, hart->current has changed. */
void syscall_dispatch(struct hart *hart);

#endif
