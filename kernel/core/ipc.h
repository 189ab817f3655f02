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

/* Send the fault recorded in `thread`, the current one, to its handler as a call. */
void ipc_send_fault(struct hart *hart, struct thread *thread);

/* Write into a receiver's registers that its bound notification has `bits`. */
void ipc_notified(struct thread *thread, uint64_t bits);

#endif
