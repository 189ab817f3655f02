/* SPDX-License-Identifier: BSD-2-Clause */
/* One system call in the kernel and in the model. */
#include "world.h"

#include <fakes/hal.h>
#include <kernel/core/ipc.h>

#define ECALL_BYTES 4u

struct world_tally world_tally;

/* ---- what the model is told ------------------------------------------------------------ */

/* Reads from the kernel which thread has to take each dying object apart. */
static void see_debtors(struct world *world)
{
    struct model *model = &world->model;

    for (uint32_t i = 1; i < MODEL_OBJECTS; i++)
        model->object[i].debtor = 0;
    for (uint32_t i = 1; i < MODEL_OBJECTS; i++) {
        if (model->object[i].life != MODEL_ALIVE || model->object[i].type != OBJ_THREAD)
            continue;
        const struct dead_link *ring = &((const struct thread *)world_object(world, i))->dead;
        for (const struct dead_link *link = ring->next; link != ring; link = link->next) {
            const char *object = (const char *)link - offsetof(struct object, dead);
            model->object[world_number(world, object)].debtor = i;
        }
    }
}

/* Reads states that depend on messages and time from the kernel; the model has neither. */
static void see_states(struct world *world)
{
    see_debtors(world);
    for (uint32_t i = 1; i < MODEL_OBJECTS; i++) {
        struct model_object *object = &world->model.object[i];
        if (object->life != MODEL_ALIVE)
            continue;
        if (object->type == OBJ_THREAD) {
            const struct thread *t = world_object(world, i);
            object->is_suspended = t->state == THREAD_SUSPENDED;
            object->priority = t->priority;
        } else if (object->type == OBJ_VCPU) {
            object->is_running = vcpu_is_running(world_object(world, i));
        }
    }
}

/* May an interrupted call have deleted this capability? */
static bool may_be_gone(const struct model *model, uint32_t at, uint32_t target, bool is_revoke)
{
    if (model->object[model->cap[at].holder].life == MODEL_DYING)
        return true;
    if (target == NO_CAP || at < target)
        return false;
    if (!is_revoke)
        return at == target;
    for (uint32_t i = target + 1; i <= at; i++) {
        if (model->cap[i].depth <= model->cap[target].depth)
            return false;
    }
    return at > target;
}

/* The capability that a delete or revoke is about, or NO_CAP. */
static uint32_t target_of(const struct model *model, uint32_t thread,
                          const struct model_call *call)
{
    uint32_t cap[7];

    if (call->number != CALL_INVOKE || model_decode(model, thread, call, cap) != OK ||
        model->cap[cap[0]].type != OBJ_CNODE ||
        (call->method != METHOD_CNODE_DELETE && call->method != METHOD_CNODE_REVOKE) ||
        call->arg[0] >= model_slot_count(model, model->cap[cap[0]].object))
        return NO_CAP;
    return model_find(model, model->cap[cap[0]].object, (uint32_t)call->arg[0]);
}

/* Deletes from the model one capability that the call was allowed to delete and did. */
static bool observe_one(struct world *world, uint32_t *target, bool is_revoke)
{
    struct model *model = &world->model;

    for (uint32_t at = 0; at < model->cap_count; at++) {
        const struct model_cap *cap = &model->cap[at];
        if (!may_be_gone(model, at, *target, is_revoke) ||
            !slot_is_empty(world_slot(world, cap->holder, cap->index)))
            continue;
        bool is_target = at == *target;
        uint32_t count = model->cap_count; /* one less afterwards, unless a tombstone stays */
        model_delete(model, at);
        if (is_target)
            *target = NO_CAP;
        else if (*target != NO_CAP && at < *target)
            *target -= count - model->cap_count;
        return true;
    }
    return false;
}

/* Takes over the order of the descendants, which a preempted revoke may have changed. */
static void observe_order(struct world *world, uint32_t target)
{
    const struct model_cap *cap = &world->model.cap[target];
    const struct slot *first = world_slot(world, cap->holder, cap->index)->first_child;

    if (cap->holder != MODEL_BOOT && first != world_object(world, cap->holder))
        model_own_grave_last(&world->model, target);
}

/* Takes over the effects of a preempted call, as far as they were requested. */
static void observe(struct world *world, uint32_t thread, const struct model_call *call)
{
    struct model *model = &world->model;
    uint32_t target = target_of(model, thread, call);

    while (observe_one(world, &target, call->method == METHOD_CNODE_REVOKE))
        ;
    bool is_revoked = target != NO_CAP && call->method == METHOD_CNODE_REVOKE;
    struct model_cap revoked = model->cap[is_revoked ? target : 0];
    for (uint32_t i = 1; i < MODEL_OBJECTS; i++) {
        if (model->object[i].life == MODEL_DYING &&
            ((const struct object *)world_object(world, i))->dead.next == NULL)
            model_unbury(model, i);
    }
    if (is_revoked)
        observe_order(world, model_find(model, revoked.holder, revoked.index));
    for (uint32_t i = 0; i < model->cap_count; i++) {
        if (model->cap[i].type != OBJ_UNTYPED || model_has_children(model, i))
            continue;
        const struct slot *slot = world_slot(world, model->cap[i].holder, model->cap[i].index);
        if (slot->word[0] == 0)
            model->cap[i].used = 0; /* the Untyped hands out from its start again */
    }
}

void world_has_paid(struct world *world)
{
    observe(world, 0, &(struct model_call){ .number = CALL_YIELD });
}

/* ---- capabilities that travelled --------------------------------------------------------- */

static uint32_t position_of(struct world *world, const struct slot *slot)
{
    for (uint32_t i = 0; i < world->model.cap_count; i++) {
        const struct model_cap *cap = &world->model.cap[i];
        if (world_slot(world, cap->holder, cap->index) == slot)
            return i;
    }
    return NO_CAP;
}

/* Adds a slot that is new to the model as a child of its parent, if the model has its sibling. */
static bool receive_at(struct world *world, uint32_t holder, uint32_t index)
{
    const struct slot *slot = world_slot(world, holder, index), *parent = slot;

    if (position_of(world, slot->next) == NO_CAP)
        return false;
    HOLDS(world, parent->prev != NULL, "a new root");
    while (parent->prev->first_child != parent)
        parent = parent->prev;
    uint32_t from = position_of(world, parent->prev);
    if (from == NO_CAP)
        return false;
    HOLDS(world, world->model.object[world->model.cap[from].holder].type == OBJ_CNODE,
          "sent from no CNode");
    HOLDS(world, world->model.cap[from].type != OBJ_UNTYPED, "an Untyped was copied");
    struct model_cap copy = model_derived(&world->model, from, RIGHTS_ALL, holder, index);
    model_add_child(&world->model, from, &copy);
    return true;
}

static bool receive_one(struct world *world)
{
    for (uint32_t i = 1; i < MODEL_OBJECTS; i++) {
        if (world->model.object[i].life != MODEL_ALIVE || world->model.object[i].type != OBJ_CNODE)
            continue;
        for (uint32_t k = 1; k < model_slot_count(&world->model, i); k++) {
            if (!slot_is_empty(world_slot(world, i, k)) &&
                model_find(&world->model, i, k) == NO_CAP && receive_at(world, i, k))
                return true;
        }
    }
    return false;
}

/* Messages move at most two capabilities: one with a reply, one with the next message. */
static void receive(struct world *world)
{
    uint32_t count = 0;

    while (receive_one(world))
        HOLDS(world, ++count <= 2, "%u capabilities in one call", count);
    world_tally.travelled += count;
}

/* ---- registers ---------------------------------------------------------------------------- */

static void set_registers(struct user_context *context, const struct world_call *call)
{
    uint64_t *x = context->x;
    bool is_until = call->call.number >= CALL_REPLY_RECV_UNTIL;
    bool is_message =
        is_until || (call->call.number >= CALL_CALL && call->call.number <= CALL_RECV);

    x[REG_A7] = call->call.number;
    x[REG_A0] = call->call.cap;
    if (call->call.number == CALL_INVOKE) {
        x[REG_A1] = call->call.method;
        for (uint32_t i = 0; i < 5; i++)
            x[REG_A2 + i] = call->call.arg[i];
        x[REG_T1] = call->call.arg[5];
        return;
    }
    for (uint32_t i = 0; i < 6; i++)
        x[REG_A1 + i] = call->call.arg[i];
    if (is_message) {
        x[REG_A1] = call->tag;
        x[REG_T0] = call->slots;
    }
    if (is_until)
        x[REG_T2] = call->deadline_ticks;
}

/* Every register that is not a result is preserved. */
static void check_preserved(struct world *world, const struct user_context *before,
                            const struct user_context *after, uint32_t result_count)
{
    for (uint32_t i = 1; i < 32; i++) {
        if (i >= REG_A0 && i <= REG_A0 + result_count)
            continue;
        HOLDS(world, before->x[i] == after->x[i], "register %u", i);
    }
    HOLDS(world, after->pc == before->pc + ECALL_BYTES, "pc");
}

static void check_results(struct world *world, const struct model_outcome *outcome,
                          const struct user_context *before, const struct user_context *after)
{
    uint64_t err = after->x[REG_A0];

    HOLDS(world, err == (uint64_t)outcome->err, "call %llu method %llu: %llu, not %u",
          (unsigned long long)before->x[REG_A7], (unsigned long long)before->x[REG_A1],
          (unsigned long long)err, outcome->err);
    if (err != OK)
        check_preserved(world, before, after, 0);
    else
        check_preserved(world, before, after, 2);
    for (uint32_t i = 0; err == OK && i < outcome->result_count; i++)
        HOLDS(world, after->x[REG_A1 + i] == outcome->result[i], "result %u: %llx, not %llx", i,
              (unsigned long long)after->x[REG_A1 + i], (unsigned long long)outcome->result[i]);
}

/* ---- the call ------------------------------------------------------------------------------- */

static void deliver(const struct user_context *from, struct user_context *to)
{
    static const uint8_t words[] = { REG_A2, REG_A3, REG_A4, REG_A5, REG_A6, REG_T1 };

    for (uint32_t i = 0; i < sizeof(words); i++)
        to->x[words[i]] = from->x[words[i]];
    to->x[REG_A0] = OK;
}

static void pay(struct hart *hart, const struct thread *caller)
{
    if (hart->current == caller && !dead_ring_is_empty(&caller->dead))
        dead_ring_take_apart(hart);
}

/* Does the work of trap entry and exit: the fast path if it applies, else the dispatcher; then
 * the caller takes its dead objects apart. */
static void carry_out(struct hart *hart)
{
    const struct thread *caller = hart->current;
    struct user_context *context = &hart->current->context, *to = NULL;
    uint64_t number = context->x[REG_A7], pc = context->pc;

    if (number == CALL_CALL || number == CALL_REPLY_RECV)
        to = ipc_fast(hart);
    if (to == NULL) {
        syscall_dispatch(hart);
        if (caller->context.pc != pc)
            pay(hart, caller);
    } else {
        deliver(context, to);
        world_tally.passed++;
    }
}

/* ---- one step ------------------------------------------------------------------------------ */

static void tally(const struct model *model, uint32_t thread, const struct model_call *call,
                  uint64_t err)
{
    uint32_t at = model_lookup(model, thread, call->cap);

    if (call->number < CALL_COUNT)
        world_tally.called[call->number]++;
    if (call->number == CALL_INVOKE && at != NO_CAP && call->method < 8 && err < ERR_COUNT)
        world_tally.invoked[model->cap[at].type][call->method][err]++;
}

static bool may_be_interrupted(const struct model_call *call)
{
    return call->number == CALL_INVOKE || call->number == CALL_RECV ||
           call->number == CALL_REPLY_RECV || call->number >= CALL_REPLY_RECV_UNTIL;
}

static bool is_method(const struct model *model, uint32_t thread, const struct model_call *call,
                      enum obj_type type, uint64_t method)
{
    uint32_t at = model_lookup(model, thread, call->cap);

    return call->number == CALL_INVOKE && call->method == method && at != NO_CAP &&
           model->cap[at].type == type;
}

static enum world_end end_of(const struct world *world, const struct thread *caller, uint64_t pc)
{
    if (world->hart.current != caller)
        return END_GONE;
    if (caller->context.pc == pc)
        return END_PREEMPTED;
    return dead_ring_is_empty(&caller->dead) ? END_DONE : END_OWING;
}

static void check_after(struct world *world, const struct model *before, bool is_retype)
{
    check_fences(world, before);
    if (world_checks_all(world)) {
        check_world(world);
        check_reuse(world, before);
    } else if (is_retype) {
        check_handed_out(world, before);
    }
}

enum world_end world_pay(struct world *world)
{
    static struct model before;
    const struct thread *caller = world->hart.current;

    see_states(world);
    model_copy(&before, &world->model);
    fake_log_clear();
    dead_ring_take_apart(&world->hart);
    world_has_paid(world);
    check_after(world, &before, false);
    return end_of(world, caller, 0);
}

/* The model before the call, after it, and after the caller has taken the dead apart. */
struct foretold {
    struct model before, done;
    struct model_outcome out;
    bool is_certain; /* `done` holds once the call has returned, whatever came of its caller */
};

static void foretell(struct world *world, uint32_t thread, const struct model_call *call,
                     struct foretold *f)
{
    bool is_revoke = is_method(&world->model, thread, call, OBJ_CNODE, METHOD_CNODE_REVOKE);
    bool is_retype = is_method(&world->model, thread, call, OBJ_UNTYPED, METHOD_UNTYPED_RETYPE);

    model_copy(&f->before, &world->model);
    f->out = model_call(&world->model, thread, call);
    /* A revoke may delete the slot that it was called for, and then the model cannot tell where the
     * revoke ends.  A retype stops when it takes its own caller apart. */
    f->is_certain = f->out.is_decided && !is_revoke && !(is_retype && world->model.is_caller_gone);
    model_copy(&f->done, &world->model);
    model_pay(&world->model);
}

/* After a call that was preempted, or ended its caller: the model goes on from the certain part. */
static void take_over(struct world *world, enum world_end end, uint32_t thread,
                      const struct model_call *call, const struct foretold *f)
{
    bool is_whole = end != END_PREEMPTED && f->is_certain;

    model_copy(&world->model, is_whole ? &f->done : &f->before);
    if (is_whole)
        world_has_paid(world);
    else
        observe(world, thread, call);
    receive(world); /* a reply may have been delivered before */
}

enum world_end world_step(struct world *world, const struct world_call *call)
{
    static struct foretold f;
    struct thread *caller = world->hart.current;
    uint32_t number = world_number(world, caller);

    world->step++;
    world->last = *call;
    see_states(world);
    poison_free_memory(world, number, &call->call);
    foretell(world, number, &call->call, &f);
    bool is_gone = world->model.is_caller_gone;
    set_registers(&caller->context, call);
    struct user_context context = caller->context;
    uint64_t preempt_count = fake.preempt_count;

    fake_log_clear();
    carry_out(&world->hart);
    poison_nothing(world);

    /* A long call gives way to an interrupt, and to a thread of higher priority, or an equal with a
     * rest of its slice, that it has woken. */
    bool is_outranked = world->hart.ready.present >> caller->priority > 1;
    bool is_fired =
        fake.preempt_count != preempt_count || is_outranked || world->hart.woken != NULL;
    enum world_end end = is_fired || is_gone ? end_of(world, caller, context.pc) : END_DONE;
    HOLDS(world, caller->context.pc != context.pc || world->hart.current != caller ||
                     (is_fired && may_be_interrupted(&call->call)),
          "call %llu", (unsigned long long)call->call.number);
    if (is_fired || is_gone) {
        world_tally.preempted += end == END_PREEMPTED;
        world_tally.owing += end == END_OWING;
        world_tally.gone += end == END_GONE;
        take_over(world, end, number, &call->call, &f);
    } else if (!f.out.is_decided) {
        receive(world);
    }
    if (f.out.is_decided && (end == END_DONE || end == END_OWING)) {
        tally(&f.before, number, &call->call, f.out.err);
        check_results(world, &f.out, &context, &caller->context);
    }
    bool is_retype =
        call->call.number == CALL_INVOKE && call->call.method == METHOD_UNTYPED_RETYPE;
    check_after(world, &f.before, is_retype);
    return end;
}
