/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small system on the fake hart: one Untyped, one CNode that all threads share,
 * and calls made as a thread would make them, through its registers and the
 * dispatcher.  Capabilities are named by their slot.
 */
#ifndef TEST_KERNEL_WORLD_H
#define TEST_KERNEL_WORLD_H

#include <abi/decode.h>
#include <abi/message.h>
#include <fakes/hal.h>
#include <kernel/core/cnode.h>
#include <kernel/core/endpoint.h>
#include <kernel/core/fp.h>
#include <kernel/core/ipc.h>
#include <kernel/core/irq.h>
#include <kernel/core/notification.h>
#include <kernel/core/sched.h>
#include <kernel/core/syscall.h>
#include <kernel/core/untyped.h>
#include <kernel/core/vcpu.h>

#define WORLD_SLICE_TICKS 100u
#define WORLD_CNODE_BITS  14u

/* One for each process: Check runs each case in its own process. */
extern struct kernel kernel;
extern struct hart hart;

void world_setup(void);

/* Makes an object; returns its slot. */
uint32_t world_make(enum obj_type type, uint8_t size_bits);
/* A copy with these rights and, unless 0, this badge. */
uint32_t world_copy(uint32_t slot, uint8_t rights, uint64_t badge);
/* A capability to the CNode that all threads share. */
uint32_t world_cnode_copy(void);
/* The next empty slot. */
uint32_t world_empty(void);
struct slot *world_slot(uint32_t slot);
void *world_object(uint32_t slot);

/* A thread with CNode and VSpace, ready to run. */
uint32_t world_thread(uint8_t priority);
/* The same, suspended and not configured. */
uint32_t world_thread_new(void);
struct thread *world_thread_at(uint32_t slot);

/* Deletes a capability and all its descendants, as CNode.revoke and .delete do, and takes dead
 * objects apart, as the call of a thread does. */
void world_destroy(uint32_t slot);
/* Is there any tombstone?  Takes all dead objects apart. */
bool world_has_dead(void);
void world_reap(void);

/* Makes `thread` the running one, bypassing the scheduler. */
void world_run(struct thread *thread);

/* Makes `thread` the running one and lets it call.  The result is its a0, without meaning if the
 * call blocks. */
enum err world_invoke(struct thread *thread, uint32_t slot, uint64_t method, uint64_t a,
                      uint64_t b, uint64_t c, uint64_t d);
enum err world_call(struct thread *thread, enum call_number call, uint32_t slot, uint64_t a);
enum err world_message(struct thread *thread, enum call_number call, uint32_t slot, uint64_t tag,
                       uint32_t send_slot, uint32_t recv_slot);

/* Fills and compares the six words. */
void world_words_set(struct thread *thread, uint64_t first);
bool world_words_are(const struct thread *thread, uint64_t first);

static inline enum err world_result(const struct thread *thread)
{
    return (enum err)thread->context.x[REG_A0];
}

#endif
