/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads, their queues and deadlines, and the hart's pointers: both ends of each link agree. */
#include "walk.h"

#include <kernel/core/notification.h>
#include <kernel/core/vcpu.h>

static bool is_queued(const struct thread *thread)
{
    return thread->state == THREAD_BLOCKED_SEND || thread_is_receiving(thread) ||
           thread->state == THREAD_BLOCKED_WAIT;
}

static void check_partners(struct walk *walk, const struct thread *t)
{
    uint64_t at = (uintptr_t)t;

    if (t->caller != NULL)
        walk_holds(walk, t->caller->callee == t && t->caller->state == THREAD_BLOCKED_REPLY,
                   "a caller that does not wait for its reply", at);
    walk_holds(walk, (t->state == THREAD_BLOCKED_REPLY) == (t->callee != NULL),
               "a wait for a reply without a callee", at);
    if (t->callee != NULL)
        walk_holds(walk, t->callee->caller == t, "a callee that does not know its caller", at);
    if (t->notification != NULL)
        walk_holds(walk,
                   t->notification->bound == t &&
                       slot_object(&t->place[THREAD_NOTIFICATION]) == &t->notification->object,
                   "a binding without its capability", at);
    if (t->vcpu != NULL)
        walk_holds(walk, t->vcpu->thread == t, "a VCpu that does not know its thread", at);
    walk_holds(walk, !t->is_in_guest || t->vcpu != NULL, "in a guest that is not there", at);
}

void walk_thread(struct walk *walk, const struct thread *t)
{
    const struct hart *hart = walk->hart;
    uint64_t at = (uintptr_t)t;

    check_partners(walk, t);
    walk_holds(walk, t->state <= THREAD_FAULTED && t->priority < THREAD_PRIORITY_COUNT,
               "a thread in no state", at);
    walk_holds(walk, is_queued(t) == (t->blocked_on != NULL), "a wait for nothing", at);
    walk_holds(walk, !object_is_dead(&t->object) || t->state == THREAD_SUSPENDED,
               "the dead go on", at);
    if (t->state != THREAD_SUSPENDED && t->state != THREAD_FAULTED)
        walk_holds(walk,
                   t->place[THREAD_CNODE].type == OBJ_CNODE &&
                       t->place[THREAD_VSPACE].type == OBJ_VSPACE,
                   "a thread goes on without a place to run", at);
    if (hart->current == t) {
        walk->is_current_there = true;
        walk_holds(walk, t->state == THREAD_READY, "what runs is not ready", at);
    } else {
        walk->ready += t->state == THREAD_READY;
    }
    walk_holds(walk,
               t->timer.is_armed ? t->state == THREAD_BLOCKED_WAIT ||
                                       t->state == THREAD_BLOCKED_RECV_UNTIL ||
                                       t->state == THREAD_BLOCKED_WFI
                                 : t->state != THREAD_BLOCKED_RECV_UNTIL,
               "a deadline of a thread that does not wait", at);
    walk->blocked += is_queued(t);
    if (!object_is_dead(&t->object))
        walk_holds(walk, t->dead.next->prev == &t->dead && t->dead.prev->next == &t->dead,
                   "a broken ring of the dead", at);
    walk->armed += t->timer.is_armed;
    walk->is_fp_owner_there |= hart->fp_owner == &t->fp;
}

void walk_vcpu(struct walk *walk, const struct vcpu *vcpu)
{
    const struct hart *hart = walk->hart;
    uint64_t at = (uintptr_t)vcpu;

    walk->is_vcpu_there |= hart->vcpu == vcpu;
    walk->is_fp_owner_there |= hart->fp_owner == &vcpu->fp;
    if (vcpu->thread == NULL)
        return;
    walk_holds(walk, vcpu->thread->vcpu == vcpu, "a thread that does not know its VCpu", at);
    walk_holds(walk,
               vcpu->place[VCPU_THREAD].type == OBJ_THREAD &&
                   slot_object(&vcpu->place[VCPU_THREAD]) == &vcpu->thread->object &&
                   vcpu->place[VCPU_GSPACE].type == OBJ_GSPACE &&
                   vcpu->place[VCPU_PAGE].type == OBJ_FRAME,
               "a VCpu bound without its capabilities", at);
    walk_holds(walk,
               vcpu->page != NULL &&
                   hal_virt_to_phys(vcpu->page).raw == vcpu->place[VCPU_PAGE].object,
               "a state page that is not the VCpu's", at);
}

/* All threads of the queue wait for `owner`, and for the same: to send, to receive, or a signal. */
void walk_queue(struct walk *walk, const struct thread_queue *queue, const struct object *owner)
{
    const struct thread *before = NULL;

    for (const struct thread *t = queue->first; t != NULL && walk->broken == NULL;
         t = t->queue_next) {
        uint64_t at = (uintptr_t)t;
        walk_holds(walk, t->queue_prev == before, "a queue that does not lead back", at);
        walk_holds(walk, t->blocked_on == owner && is_queued(t), "a waiter in the wrong queue", at);
        walk_holds(walk, (t->state == THREAD_BLOCKED_WAIT) == (owner->type == OBJ_NOTIFICATION),
                   "a waiter of the wrong kind", at);
        walk_holds(walk,
                   (t->state == THREAD_BLOCKED_SEND) ==
                       (queue->first->state == THREAD_BLOCKED_SEND),
                   "senders and receivers wait together", at);
        walk_holds(walk, ++walk->queued < WALK_CAPS_MAX, "a loop of waiters", at);
        before = t;
    }
    walk_holds(walk, queue->last == before, "a queue that ends elsewhere", (uintptr_t)owner);
}

static void walk_ready(struct walk *walk)
{
    const struct ready_queue *ready = &walk->hart->ready;
    uint32_t count = 0;

    for (uint32_t priority = 0; priority < THREAD_PRIORITY_COUNT; priority++) {
        const struct thread *before = NULL;
        for (const struct thread *t = ready->list[priority].first;
             t != NULL && walk->broken == NULL; t = t->queue_next) {
            walk_holds(walk,
                       t->queue_prev == before && t->priority == priority &&
                           t->state == THREAD_READY && t != walk->hart->current,
                       "a thread in the wrong ready queue", (uintptr_t)t);
            walk_holds(walk,
                       t->slice_left_ticks == 0 ? t->ticket > walk->hart->served[priority]
                                                : before == NULL || before->slice_left_ticks != 0,
                       "a thread in the wrong part of a ready queue", (uintptr_t)t);
            walk_holds(walk, ++count < WALK_CAPS_MAX, "a loop in a ready queue", priority);
            before = t;
        }
        walk_holds(walk, ready->list[priority].last == before, "a ready queue that ends elsewhere",
                   priority);
        walk_holds(walk, (ready->present >> priority & 1) == (before != NULL),
                   "a ready queue that is not noted", priority);
    }
    walk_holds(walk, count == walk->ready, "ready, but in no queue", count);
}

/* Walks a leftist heap in preorder by its parent links, and counts its timers. */
static uint32_t walk_heap(struct walk *walk, uint8_t priority)
{
    const struct timer *t = walk->hart->timers.heap[priority];
    uint64_t deadline = t != NULL ? t->deadline_ticks : TIMER_NEVER;
    uint32_t count = 0;

    walk_holds(walk, timer_earliest_at(&walk->hart->timers, priority) == deadline,
               "a first deadline that is not noted", priority);
    walk_holds(walk, t == NULL || t->parent == NULL, "the first deadline has a parent", 0);
    while (t != NULL && walk->broken == NULL) {
        const struct timer *next = t->left != NULL ? t->left : t->right;
        walk_holds(walk, t->is_armed && t->priority == priority && ++count < WALK_CAPS_MAX,
                   "a timer that is not armed, or of another priority", (uintptr_t)t);
        walk_holds(walk,
                   t->parent == NULL || (t->parent->deadline_ticks <= t->deadline_ticks &&
                                         (t->parent->left == t || t->parent->right == t)),
                   "a deadline below a later one", (uintptr_t)t);
        uint32_t left = t->left != NULL ? t->left->rank : 0;
        uint32_t right = t->right != NULL ? t->right->rank : 0;
        walk_holds(walk, left >= right && t->rank == right + 1, "a timer's rank", (uintptr_t)t);
        while (next == NULL && t->parent != NULL) { /* up, to the first right child not visited */
            if (t->parent->left == t)
                next = t->parent->right;
            t = t->parent;
        }
        t = next;
    }
    return count;
}

static uint64_t most(const uint64_t *row, uint32_t count)
{
    uint64_t found = 0;

    for (uint32_t i = 0; i < count; i++)
        found = row[i] > found ? row[i] : found;
    return found;
}

static void walk_timers(struct walk *walk)
{
    const struct timer_queue *queue = &walk->hart->timers;
    uint32_t count = 0;

    for (uint8_t priority = 0; priority < TIMER_PRIORITIES; priority++)
        count += walk_heap(walk, priority);
    walk_holds(walk, count == walk->armed, "armed, but in no queue", count);
    for (uint32_t g = 0; g < TIMER_GROUPS; g++)
        walk_holds(walk, queue->group[g] == most(&queue->first[g * TIMER_GROUP], TIMER_GROUP),
                   "a group's first deadline that is not its first", g);
    walk_holds(walk, queue->earliest == most(queue->group, TIMER_GROUPS),
               "an earliest deadline that is not the earliest", queue->earliest);
}

void walk_hart(struct walk *walk)
{
    const struct hart *hart = walk->hart;
    const struct kernel *kernel = hart->kernel;

    for (uint32_t i = 0; i < TRACE_CHUNKS_MAX; i++)
        walk->slots_in_use += !slot_is_empty(&hart->trace.place[i]);
    walk_holds(walk, hart->trace.mask == 0 || hart->trace.chunk_count != 0,
               "a trace without memory", 0);
    walk_holds(walk, walk->slots_in_use + walk->graves == walk->cap_count,
               "a capability outside the tree", walk->slots_in_use);
    walk_holds(walk, kernel->vspaces.used_count == walk->spaces[SPACE_S] &&
                         kernel->gspaces.used_count == walk->spaces[SPACE_G],
               "a space without an object", kernel->vspaces.used_count);
    walk_holds(walk, walk->leaves == walk->mapped_frames, "a mapped page without a Frame slot",
               walk->leaves);
    walk_holds(walk, walk->blocked == walk->queued, "blocked, but in no queue", walk->blocked);
    walk_holds(walk, hart->current == NULL || walk->is_current_there,
               "the running thread has no object", 0);
    walk_holds(walk, hart->vcpu == NULL || walk->is_vcpu_there, "the loaded VCpu has no object", 0);
    walk_holds(walk, hart->fp_owner == NULL || walk->is_fp_owner_there,
               "the owner of the FP registers has no object", 0);
    walk_holds(walk, hart->vspace == NULL || kernel->vspaces.entry[hart->vspace->index].space ==
                                                 hart->vspace,
               "a dead space is loaded", 0);
    walk_ready(walk);
    walk_timers(walk);
}
