/* SPDX-License-Identifier: BSD-2-Clause */
/* No pointer leads to a dead object: queues, callers, bindings, timers and the hart itself. */
#include "world.h"

static bool is_alive(struct world *world, const void *object, enum obj_type type)
{
    uint32_t number = world_number(world, object);

    return number != 0 && world->model.object[number].life == MODEL_ALIVE &&
           world->model.object[number].type == type;
}

/* ---- queues ------------------------------------------------------------------------ */

/* Members of a queue are alive, linked both ways, and have the right state. */
static uint32_t check_queue(struct world *world, const struct thread_queue *queue,
                            const struct object *owner)
{
    const struct thread *before = NULL;
    uint32_t count = 0;

    for (const struct thread *t = queue->first; t != NULL; t = t->queue_next) {
        HOLDS(world, is_alive(world, t, OBJ_THREAD), "a dead thread in a queue");
        HOLDS(world, t->queue_prev == before, "queue link");
        HOLDS(world, t->blocked_on == owner, "in a queue it does not know");
        HOLDS(world, ++count <= MODEL_OBJECTS, "a loop in a queue");
        before = t;
    }
    HOLDS(world, queue->last == before, "end of a queue");
    return count;
}

/* The order within one priority: threads with a rest of their slices, then the others in the order
 * of their tickets, none of which is earlier than that of the latest new slice. */
static void check_slices(struct world *world, uint32_t priority)
{
    const struct hart *hart = &world->hart;
    uint64_t ticket = hart->served[priority];

    for (const struct thread *t = hart->ready.list[priority].first; t != NULL; t = t->queue_next) {
        HOLDS(world, t->slice_left_ticks <= hart->slice.whole_ticks, "more than a slice");
        if (t->slice_left_ticks != 0) {
            HOLDS(world, t->queue_prev == NULL || t->queue_prev->slice_left_ticks != 0,
                  "a rest of a slice behind a thread without one");
            continue;
        }
        HOLDS(world, t->ticket > ticket && t->ticket <= hart->ready.ticket, "a thread's ticket");
        ticket = t->ticket;
    }
}

/* The thread that woke to preempt the current one is in the queue, and has a rest of its slice. */
static void check_woken(struct world *world)
{
    const struct thread *woken = world->hart.woken, *current = world->hart.current;

    if (woken == NULL || current == NULL)
        return;
    const struct thread *t = world->hart.ready.list[current->priority].first;
    while (t != NULL && t != woken)
        t = t->queue_next;
    HOLDS(world, t == woken && woken->slice_left_ticks != 0, "who woke is not in the queue");
}

static uint32_t check_ready(struct world *world)
{
    const struct ready_queue *ready = &world->hart.ready;
    uint32_t count = 0;

    for (uint32_t p = 0; p < THREAD_PRIORITY_COUNT; p++) {
        uint32_t here = check_queue(world, &ready->list[p], NULL);
        HOLDS(world, (here != 0) == ((ready->present >> p & 1) != 0), "priority %u", p);
        for (const struct thread *t = ready->list[p].first; t != NULL; t = t->queue_next)
            HOLDS(world, t->state == THREAD_READY && t->priority == p && t != world->hart.current,
                  "in the ready queue in state %u", t->state);
        check_slices(world, p);
        count += here;
    }
    check_woken(world);
    return count;
}

static uint32_t check_object_queues(struct world *world)
{
    uint32_t count = 0;

    for (uint32_t i = 1; i < MODEL_OBJECTS; i++) {
        if (world->model.object[i].life == MODEL_ABSENT)
            continue;
        struct object *object = world_object(world, i);
        if (object->type == OBJ_ENDPOINT)
            count += check_queue(world, &((struct endpoint *)object)->waiters, object);
        else if (object->type == OBJ_NOTIFICATION)
            count += check_queue(world, &((struct notification *)object)->waiters, object);
    }
    return count;
}

static uint32_t check_timers(struct world *world, const struct timer *timer,
                             const struct timer *parent)
{
    if (timer == NULL)
        return 0;
    const struct thread *t =
        (const struct thread *)((const char *)timer - offsetof(struct thread, timer));
    HOLDS(world, timer->priority == t->priority, "a timer of another priority than its thread");
    HOLDS(world, is_alive(world, t, OBJ_THREAD), "a timer of a dead thread");
    HOLDS(world, timer->is_armed && timer->parent == parent, "timer links");
    HOLDS(world, parent == NULL || parent->deadline_ticks <= timer->deadline_ticks,
          "timers out of order");
    return 1 + check_timers(world, timer->left, timer) + check_timers(world, timer->right, timer);
}

/* Each row of first deadlines has the most urgent of the row before. */
static uint32_t check_timer_queue(struct world *world)
{
    const struct timer_queue *queue = &world->hart.timers;
    uint64_t earliest = 0, group = 0;
    uint32_t count = 0;

    for (uint32_t p = 0; p < TIMER_PRIORITIES; p++) {
        group = p % TIMER_GROUP == 0 || queue->first[p] > group ? queue->first[p] : group;
        if (p % TIMER_GROUP < TIMER_GROUP - 1)
            continue;
        HOLDS(world, queue->group[p / TIMER_GROUP] == group, "the timers up to priority %u", p);
        earliest = group > earliest ? group : earliest;
    }
    HOLDS(world, queue->earliest == earliest, "the earliest timer");
    for (uint32_t p = 0; p < TIMER_PRIORITIES; p++) {
        const struct timer *first = queue->heap[p];
        uint64_t deadline = first != NULL ? first->deadline_ticks : TIMER_NEVER;
        HOLDS(world, timer_earliest_at(queue, (uint8_t)p) == deadline, "priority %u's timers", p);
        count += check_timers(world, first, NULL);
    }
    return count;
}

/* ---- threads ------------------------------------------------------------------------- */

static bool is_queued_state(uint8_t state)
{
    return state == THREAD_BLOCKED_SEND || state == THREAD_BLOCKED_RECV ||
           state == THREAD_BLOCKED_RECV_UNTIL || state == THREAD_BLOCKED_WAIT;
}

static void check_blocking(struct world *world, const struct thread *t)
{
    uint32_t on = world_number(world, t->blocked_on);
    uint8_t type = world->model.object[on].type;

    HOLDS(world, (t->blocked_on != NULL) == is_queued_state(t->state), "state %u", t->state);
    if (t->state == THREAD_BLOCKED_WAIT)
        HOLDS(world, on != 0 && type == OBJ_NOTIFICATION, "waits for type %u", type);
    else if (is_queued_state(t->state))
        HOLDS(world, on != 0 && type == OBJ_ENDPOINT, "blocked on type %u", type);
    HOLDS(world, (t->callee != NULL) == (t->state == THREAD_BLOCKED_REPLY), "state %u", t->state);
    if (t->callee != NULL)
        HOLDS(world, is_alive(world, t->callee, OBJ_THREAD) && t->callee->caller == t,
              "its callee knows nothing of it");
    if (t->caller != NULL)
        HOLDS(world, is_alive(world, t->caller, OBJ_THREAD) && t->caller->callee == t,
              "its caller knows nothing of it");
    if (t->timer.is_armed)
        HOLDS(world, t->state == THREAD_BLOCKED_WAIT || t->state == THREAD_BLOCKED_RECV_UNTIL ||
                         t->state == THREAD_BLOCKED_WFI,
              "a timer in state %u", t->state);
    if (t->state == THREAD_BLOCKED_RECV_UNTIL)
        HOLDS(world, t->timer.is_armed, "a receive would miss its deadline");
    if (t->state == THREAD_BLOCKED_WFI && t->vcpu->deadline_ticks != TIMER_NEVER)
        HOLDS(world, t->timer.is_armed && t->timer.deadline_ticks <= t->vcpu->deadline_ticks,
              "a vcpu_run in WFI would miss its deadline");
}

static void check_bindings(struct world *world, const struct thread *t)
{
    bool has_place = !slot_is_empty(&t->place[THREAD_NOTIFICATION]);

    HOLDS(world, (t->notification != NULL) == has_place, "bound without a capability");
    if (t->notification != NULL)
        HOLDS(world, is_alive(world, t->notification, OBJ_NOTIFICATION) &&
                         t->notification->bound == t,
              "its notification knows nothing of it");
    if (t->vcpu != NULL)
        HOLDS(world, is_alive(world, t->vcpu, OBJ_VCPU) && t->vcpu->thread == t,
              "its VCpu knows nothing of it");
    if (t->is_in_guest)
        HOLDS(world, t->vcpu != NULL, "in a guest without a VCpu");
    bool needs_places = t->state != THREAD_SUSPENDED && t->state != THREAD_FAULTED;
    HOLDS(world, !needs_places || (!slot_is_empty(&t->place[THREAD_CNODE]) &&
                                   !slot_is_empty(&t->place[THREAD_VSPACE])),
          "state %u without CNode or VSpace", t->state);
    if (t->state == THREAD_SUSPENDED)
        HOLDS(world, t->caller == NULL && !t->is_in_guest, "suspended, and holds a caller");
}

void check_threads(struct world *world)
{
    uint32_t ready = 0, queued = 0, timers = 0;

    for (uint32_t i = 1; i < MODEL_OBJECTS; i++) {
        const struct model_object *object = &world->model.object[i];
        if (object->life == MODEL_ABSENT || object->type != OBJ_THREAD)
            continue;
        const struct thread *t = world_object(world, i);
        if (object->life == MODEL_DYING) {
            HOLDS(world, t->state == THREAD_SUSPENDED && t->caller == NULL && t->callee == NULL &&
                             t->blocked_on == NULL && t->vcpu == NULL && t->notification == NULL &&
                             !t->timer.is_armed,
                  "a dying thread is still somewhere");
            continue;
        }
        check_blocking(world, t);
        check_bindings(world, t);
        ready += t->state == THREAD_READY && t != world->hart.current;
        queued += is_queued_state(t->state);
        timers += t->timer.is_armed;
    }
    HOLDS(world, check_ready(world) == ready, "not %u ready", ready);
    HOLDS(world, check_object_queues(world) == queued, "not %u queued", queued);
    HOLDS(world, check_timer_queue(world) == timers, "not %u timers", timers);
}

/* ---- the hart, and what objects hold besides capabilities ------------------------------ */

static void check_vcpu(struct world *world, uint32_t number)
{
    const struct vcpu *vcpu = world_object(world, number);

    if (world->model.object[number].life == MODEL_DYING) {
        HOLDS(world, vcpu->thread == NULL && world->hart.vcpu != vcpu, "a dying VCpu is bound");
        return;
    }
    const struct thread *thread = vcpu->thread;
    HOLDS(world, thread == NULL || thread->vcpu == vcpu, "its thread knows nothing of it");
    uint32_t expected = world->model.object[number].thread;
    HOLDS(world, thread == (expected != 0 ? world_object(world, expected) : NULL), "bound to %u",
          world_number(world, thread));
    for (uint32_t i = 0; i < VCPU_PLACES; i++)
        HOLDS(world, thread == NULL || !slot_is_empty(&vcpu->place[i]), "bound without place %u",
              i);
}

static void check_objects(struct world *world)
{
    for (uint32_t i = 1; i < MODEL_OBJECTS; i++) {
        const struct model_object *object = &world->model.object[i];
        if (object->life == MODEL_ABSENT)
            continue;
        void *at = world_object(world, i);
        if (object->type == OBJ_VCPU)
            check_vcpu(world, i);
        else if (object->type == OBJ_IRQ)
            HOLDS(world, ((struct irq *)at)->source == object->source, "source %u",
                  ((struct irq *)at)->source);
        else if (object->type == OBJ_GSPACE && ((struct space *)at)->last_vcpu != NULL)
            HOLDS(world, is_alive(world, ((struct space *)at)->last_vcpu, OBJ_VCPU),
                  "last ran a VCpu that is gone");
        else if (object->type == OBJ_NOTIFICATION && ((struct notification *)at)->bound != NULL)
            HOLDS(world, is_alive(world, ((struct notification *)at)->bound, OBJ_THREAD),
                  "bound to a thread that is gone");
    }
}

static bool is_fp_owner(struct world *world, const struct fp_state *fp)
{
    const char *at = (const char *)fp;

    return is_alive(world, at - offsetof(struct thread, fp), OBJ_THREAD) ||
           is_alive(world, at - offsetof(struct vcpu, fp), OBJ_VCPU);
}

void check_hart(struct world *world)
{
    const struct hart *hart = &world->hart;

    if (hart->current != NULL)
        HOLDS(world, is_alive(world, hart->current, OBJ_THREAD) &&
                         hart->current->state == THREAD_READY,
              "runs in state %u", hart->current->state);
    HOLDS(world, hart->vspace == NULL || is_alive(world, hart->vspace, OBJ_VSPACE), "VSpace");
    HOLDS(world, hart->gspace == NULL || is_alive(world, hart->gspace, OBJ_GSPACE), "GSpace");
    HOLDS(world, hart->vcpu == NULL || is_alive(world, hart->vcpu, OBJ_VCPU), "VCpu");
    HOLDS(world, hart->fp_owner == NULL || is_fp_owner(world, hart->fp_owner), "FP owner");
    for (uint32_t i = 0; i < IRQ_SOURCE_MAX; i++) {
        const struct irq *irq = world->kernel.irq_by_source[i];
        if (irq != NULL)
            HOLDS(world, is_alive(world, irq, OBJ_IRQ) && irq->source == i, "source %u", i);
    }
    check_objects(world);
}

void check_world(struct world *world)
{
    check_tree(world);
    check_memory(world);
    check_spaces(world);
    check_threads(world);
    check_hart(world);
}
