/* SPDX-License-Identifier: BSD-2-Clause */
#include <kernel/core/endpoint.h>

#include <kernel/core/sched.h>
#include <kernel/core/thread_queue.h>

struct object *endpoint_create(void *memory)
{
    struct endpoint *endpoint = memory;

    return &endpoint->object;
}

struct thread *endpoint_first(const struct endpoint *endpoint, enum thread_phase phase)
{
    struct thread *first = endpoint->waiters.first;

    return first != NULL && first->state == phase ? first : NULL;
}

struct thread *endpoint_receiver(const struct endpoint *endpoint)
{
    struct thread *first = endpoint->waiters.first;

    return first != NULL && thread_is_receiving(first) ? first : NULL;
}

void endpoint_wait(struct endpoint *endpoint, struct thread *thread, enum thread_phase phase)
{
    sched_block(thread, phase);
    endpoint_queue(endpoint, thread);
}

void endpoint_queue(struct endpoint *endpoint, struct thread *thread)
{
    thread->blocked_on = &endpoint->object;
    thread_queue_push_last(&endpoint->waiters, thread);
}

void endpoint_unqueue(struct thread *thread)
{
    struct endpoint *endpoint = (struct endpoint *)thread->blocked_on;

    thread_queue_remove(&endpoint->waiters, thread);
    thread->blocked_on = NULL;
}

void endpoint_leave(struct thread *thread)
{
    endpoint_unqueue(thread);
    thread_timer_cancel(thread);
}

bool endpoint_reap_step(struct endpoint *endpoint)
{
    struct thread *thread = endpoint->waiters.first;

    if (thread == NULL)
        return true;
    endpoint_leave(thread);
    if (thread->is_fault) {
        thread->is_fault = false;
        thread->state = THREAD_FAULTED;
    } else {
        thread_answer(thread, ERR_CANCELLED);
    }
    return false;
}
