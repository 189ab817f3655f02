/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/exec/exec.h>

#include <rootserver/exec/action.h>
#include <rt/calls.h>
#include <rt/rt.h>

static const cap_t own_cnode = {BOOT_SLOT_CNODE};

/* Carries out the splits and joins that the model of the memory made, in their order.  None of them
 * zeroes memory. */
static MUST_CHECK exec_queue_run(struct memory *memory)
{
    enum err err = OK;
    unsigned done = 0;

    for (; done < memory->call_count && err == OK; done++) {
        const struct memory_call *c = &memory->call[done];
        err = c->kind == MEMORY_CALL_SPLIT
                  ? EXEC_UNTIL_DONE(untyped_retype(cap_at(c->from), OBJ_UNTYPED, c->bits, own_cnode,
                                              c->slot, c->count))
                  : EXEC_UNTIL_DONE(cnode_delete(own_cnode, c->slot));
    }
    memory->call_count = 0;
    return err;
}

/* Empties the scratch slots after a failure inside a group of actions. */
static void exec_scratch_empty(const struct plan *plan)
{
    for (uint32_t i = 0; i < PLAN_SCRATCH; i++) {
        (void)!EXEC_UNTIL_DONE(cnode_delete(own_cnode, plan->scratch_a + i));
        (void)!EXEC_UNTIL_DONE(cnode_delete(own_cnode, plan->scratch_b + i));
    }
}

/* One action.  Inside a group, a call that was interrupted is repeated at once: another part must
 * not find anything in the scratch slots. */
static MUST_CHECK exec_action(struct exec *e, const struct plan_part *part, bool is_inside,
                              struct exec_failed *failed)
{
    const struct plan_action *action = &e->plan->action[part->first_action + part->done];
    unsigned at;
    enum err err;

    do
        err = action_run(e, action, &at);
    while (err == ERR_AGAIN && is_inside);
    if (err != OK && err != ERR_AGAIN) {
        *failed = (struct exec_failed){.action = part->done, .at = at, .err = err};
        if (e->plan->scratch_a != 0)
            exec_scratch_empty(e->plan);
    }
    return err;
}

/* A service's side with a region for DMA: from now on the service may name the client's memory to
 * its device. */
static void exec_pin(struct plan *plan, unsigned part)
{
    if (!plan_part_is_side(part) || (part - PLAN_PART_SIDES) % 2 != PLAN_SIDE_SERVICE)
        return;
    struct plan_connection *c = &plan->connection[(part - PLAN_PART_SIDES) / 2];
    c->is_pinned = c->extents_frame != 0;
}

MUST_CHECK exec_part(struct exec *e, unsigned number, unsigned steps, struct exec_failed *failed)
{
    struct plan_part *part = &e->plan->part[number];
    enum err err;

    if (part->state != PLAN_PART_PLANNED && part->state != PLAN_PART_MAKING)
        return ERR_STATE;
    if (part->state == PLAN_PART_PLANNED)
        exec_pin(e->plan, number);
    part->state = PLAN_PART_MAKING;
    err = exec_queue_run(&e->plan->memory);
    if (err != OK) {
        *failed = (struct exec_failed){.action = part->done, .err = err};
        return err;
    }
    bool is_inside = false, ends_group = false;
    for (unsigned i = 0;
         part->done < part->action_count && ((i < steps && !ends_group) || is_inside); i++) {
        bool opens = e->plan->action[part->first_action + part->done].is_open;
        err = exec_action(e, part, is_inside, failed);
        if (err != OK)
            return err;
        ends_group = is_inside && !opens;
        is_inside = opens;
        part->done++;
    }
    if (part->done < part->action_count)
        return ERR_AGAIN;
    part->state = PLAN_PART_MADE;
    return OK;
}

/* Finds the capability of an action that a revoke of the part's memory does not delete. False: the
 * action made none. */
static bool exec_action_leaves(const struct plan *plan, const struct plan_action *a, bool is_side)
{
    bool is_own = a->other == BOOT_SLOT_CNODE;
    bool is_scratch =
        is_own && ((a->index >= plan->scratch_a && a->index < plan->scratch_a + PLAN_SCRATCH) ||
                   (a->index >= plan->scratch_b && a->index < plan->scratch_b + PLAN_SCRATCH));

    return (a->kind == PLAN_COPY || a->kind == PLAN_MINT) && !is_scratch && (is_own || is_side);
}

/* Keeps the first error, and takes an absent capability for no error. */
static void exec_note(enum err *first, enum err err)
{
    if (*first == OK && err != ERR_INVALID_CAP)
        *first = err;
}

/* Revokes the part's Untypeds.  A revoke is begun again in the next step if it was interrupted. */
static MUST_CHECK exec_untypeds_revoke(struct exec *e, unsigned number, enum err *first)
{
    struct plan_part *part = &e->plan->part[number];
    const struct memory *memory = &e->plan->memory;

    for (; part->done < MEMORY_NODES_MAX; part->done++) {
        const struct memory_node *node = &memory->node[part->done];
        if (node->state != MEMORY_TAKEN || node->owner != number + 1)
            continue;
        enum err err = cnode_revoke(own_cnode, node->slot);
        if (err == ERR_AGAIN)
            return err;
        exec_note(first, err);
    }
    return OK;
}

static MUST_CHECK exec_left_delete(struct exec *e, unsigned number, unsigned steps, enum err *first)
{
    struct plan_part *part = &e->plan->part[number];
    const unsigned nodes = MEMORY_NODES_MAX; /* the revokes before */

    for (; part->done - nodes < part->action_count; part->done++) {
        const struct plan_action *a = &e->plan->action[part->first_action + part->done - nodes];
        if (!exec_action_leaves(e->plan, a, plan_part_is_side(number)))
            continue;
        if (steps-- == 0)
            return ERR_AGAIN;
        for (unsigned i = 0; i < a->count; i++)
            exec_note(first, EXEC_UNTIL_DONE(cnode_delete(cap_at(a->other), a->index + i)));
    }
    return OK;
}

MUST_CHECK exec_clear(struct exec *e, unsigned number, unsigned steps)
{
    struct plan_part *part = &e->plan->part[number];
    enum err first = OK;

    if (part->state == PLAN_PART_NONE || number == PLAN_PART_ROOT_NUMBER)
        return ERR_STATE;
    if (plan_is_pinned(e->plan, number))
        return ERR_BUSY;
    if (part->state != PLAN_PART_CLEARING)
        part->done = 0;
    part->state = PLAN_PART_CLEARING;
    enum err err = exec_queue_run(&e->plan->memory);
    if (err == OK)
        err = exec_untypeds_revoke(e, number, &first);
    if (err == OK)
        err = exec_left_delete(e, number, steps, &first);
    if (err == ERR_AGAIN)
        return err;
    part->state = PLAN_PART_PLANNED;
    part->done = 0;
    return err != OK ? err : first;
}

MUST_CHECK exec_undo(struct exec *e, unsigned number, unsigned steps)
{
    if (plan_is_used(e->plan, number))
        return ERR_STATE;
    enum err err = exec_clear(e, number, steps);
    if (err == ERR_AGAIN || err == ERR_STATE || err == ERR_BUSY)
        return err;
    if (err != OK) {
        plan_abandon(e->plan, number);
        return err;
    }
    plan_undo(e->plan, number);
    return exec_queue_run(&e->plan->memory);
}

MUST_CHECK exec_process_stop(struct exec *e, unsigned process)
{
    const struct plan_process *p = &e->plan->process[process];
    enum err first = OK;

    for (unsigned i = 0; i < p->thread_count; i++)
        exec_note(&first, thread_suspend(cap_at(p->thread[i])));
    return first;
}

MUST_CHECK exec_calls_cancel(struct exec *e, unsigned instance)
{
    struct plan_instance *i = &e->plan->instance[instance];
    enum err first = OK;

    if (i->endpoint == 0 || !i->has_spare_endpoint)
        return OK;
    i->has_spare_endpoint = false;
    exec_note(&first, EXEC_UNTIL_DONE(cnode_revoke(own_cnode, i->endpoint)));
    exec_note(&first, EXEC_UNTIL_DONE(cnode_delete(own_cnode, i->endpoint)));
    exec_note(&first, cnode_move(own_cnode, i->endpoint, own_cnode, i->endpoint + 1));
    return first;
}
