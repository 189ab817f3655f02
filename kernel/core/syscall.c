/* SPDX-License-Identifier: BSD-2-Clause */
#include <kernel/core/syscall.h>

#include <abi/decode.h>
#include <kernel/core/cnode.h>

struct slot *thread_slot(struct thread *thread, uint64_t index)
{
    struct object *cnode = slot_known_object(&thread->place[THREAD_CNODE]);

    if (cnode == NULL)
        return NULL;
    struct slot *slot = cnode_slot((struct cnode *)cnode, index);
    return slot == NULL || slot_is_empty(slot) ? NULL : slot;
}

/* Find the method of `slot` that a1 names. */
static enum err syscall_method_find(const struct slot *slot, uint64_t number,
                                    const struct method_desc **method)
{
    const struct object_desc *object = &abi_object_table[slot->type];

    if (number >= object->method_count || object->methods[number].handler == NULL)
        return ERR_BAD_CALL;
    *method = &object->methods[number];
    return OK;
}

/* Find the call that a7 names, the capability in a0 and, for invoke, the method in a1. */
static enum err syscall_call_find(struct invocation *inv, const struct method_desc **method)
{
    const struct user_context *context = &inv->thread->context;
    uint64_t number = context->x[REG_A7];

    if (number >= CALL_COUNT)
        return ERR_BAD_CALL;
    *method = &abi_call_table[number];
    if (number != CALL_INVOKE && (*method)->handler == NULL)
        return ERR_BAD_CALL;
    if (number != CALL_INVOKE && (*method)->cap_type == OBJ_NONE)
        return OK;
    inv->slot = thread_slot(inv->thread, context->x[REG_A0]);
    if (inv->slot == NULL)
        return ERR_INVALID_CAP;
    if (number == CALL_INVOKE)
        return syscall_method_find(inv->slot, context->x[REG_A1], method);
    return inv->slot->type == (*method)->cap_type ? OK : ERR_INVALID_CAP;
}

/* Arguments of an invoke start in a2, of other calls in a1; message handlers read registers. */
static void syscall_args_read(struct invocation *inv, uint32_t count)
{
    const uint64_t *x = inv->thread->context.x;
    bool is_invoke = x[REG_A7] == CALL_INVOKE;
    const uint64_t *first = &x[is_invoke ? REG_A2 : REG_A1];

    for (uint32_t i = 0; i < count; i++)
        inv->arg[i] = first[i];
    if (is_invoke && count == INVOCATION_ARGS)
        inv->arg[INVOCATION_ARGS - 1] = x[REG_T1];
}

static enum err syscall_caps_find(struct invocation *inv, const struct method_desc *method)
{
    for (uint32_t i = 0; i < method->arg_count; i++) {
        const struct arg_desc *arg = &method->arg[i];
        inv->cap[i] = NULL;
        if (arg->cap_types == 0 || (arg->is_optional && inv->arg[i] == 0))
            continue;
        struct slot *slot = thread_slot(inv->thread, inv->arg[i]);
        if (slot == NULL || (arg->cap_types & OBJ_MASK(slot->type)) == 0)
            return ERR_INVALID_CAP;
        if ((arg->cap_rights & ~slot->rights) != 0)
            return ERR_NO_RIGHT;
        inv->cap[i] = slot;
    }
    return OK;
}

static enum err syscall_decode(struct invocation *inv, const struct method_desc **method)
{
    enum err err = syscall_call_find(inv, method);

    if (err != OK)
        return err;
    if (inv->slot != NULL && ((*method)->rights & ~inv->slot->rights) != 0)
        return ERR_NO_RIGHT;
    syscall_args_read(inv, (*method)->arg_count);
    return syscall_caps_find(inv, *method);
}

void syscall_dispatch(struct hart *hart)
{
    struct thread *thread = hart->current;
    struct user_context *context = &thread->context;
    const struct method_desc *method = NULL;
    struct invocation inv; /* uninitialised on purpose: the other fields are written before read */

    inv.hart = hart;
    inv.thread = thread;
    inv.slot = NULL;
    inv.result[0] = inv.result[1] = 0;
    inv.is_answered = false;
    context->pc += ECALL_BYTES;
    enum err err = syscall_decode(&inv, &method);
    if (trace_is_on(&hart->trace))
        trace_call(hart, &inv, err);
    if (err == OK)
        err = method->handler(&inv);
    if (inv.is_answered)
        return;
    if (err == ERR_AGAIN) {
        context->pc -= ECALL_BYTES;
        return;
    }
    context->x[REG_A0] = (uint64_t)err;
    if (err == OK && method->result_count > 0)
        context->x[REG_A1] = inv.result[0];
    if (err == OK && method->result_count > 1)
        context->x[REG_A2] = inv.result[1];
}
