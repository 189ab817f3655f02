/* SPDX-License-Identifier: BSD-2-Clause */
#include <kernel/core/cnode.h>

#include <kernel/core/sched.h>
#include <kernel/core/syscall.h>

struct object *cnode_create(void *memory, uint8_t size_bits)
{
    struct cnode *cnode = memory;

    cnode->slot_count = UINT32_C(1) << (size_bits - 6);
    cnode->reap_next = 1;
    return &cnode->object;
}

bool cnode_reap_step(struct hart *hart, struct cnode *cnode)
{
    if (cnode->reap_next == cnode->slot_count)
        return true;
    slot_delete(hart, (struct slot *)cnode + cnode->reap_next);
    cnode->reap_next++;
    return false;
}

/* ---- methods ---------------------------------------------------------------- */

static struct cnode *cnode_of(const struct slot *slot)
{
    return (struct cnode *)slot_object(slot);
}

/* The source and the empty destination of copy, mint and move. */
static enum err transfer_slots(struct invocation *inv, struct slot **to, struct slot **from)
{
    *to = cnode_slot(cnode_of(inv->slot), inv->arg[0]);
    *from = cnode_slot(cnode_of(inv->cap[1]), inv->arg[2]);
    if (*to == NULL || *from == NULL)
        return ERR_RANGE;
    if (slot_is_empty(*from))
        return ERR_INVALID_CAP;
    if (!slot_is_empty(*to))
        return ERR_NO_SLOT;
    return OK;
}

enum err cnode_copy_invoke(struct invocation *inv)
{
    struct slot *to, *from;
    uint64_t rights = inv->arg[3];

    enum err err = transfer_slots(inv, &to, &from);
    if (err != OK)
        return err;
    if (from->type == OBJ_UNTYPED)
        return ERR_INVALID_CAP;
    if ((rights & ~(uint64_t)RIGHTS_ALL) != 0)
        return ERR_INVALID_ARG;
    slot_derive(to, from, (uint8_t)rights);
    return OK;
}

enum err cnode_mint_invoke(struct invocation *inv)
{
    struct slot *to, *from;
    uint64_t rights = inv->arg[3], badge = inv->arg[4];

    enum err err = transfer_slots(inv, &to, &from);
    if (err != OK)
        return err;
    if (from->type != OBJ_ENDPOINT && from->type != OBJ_NOTIFICATION)
        return ERR_INVALID_CAP;
    if (badge == 0 || (rights & ~(uint64_t)RIGHTS_ALL) != 0)
        return ERR_INVALID_ARG;
    if (from->word[0] != 0)
        return ERR_STATE;
    slot_derive(to, from, (uint8_t)rights);
    to->word[0] = badge;
    return OK;
}

enum err cnode_move_invoke(struct invocation *inv)
{
    struct slot *to, *from;

    enum err err = transfer_slots(inv, &to, &from);
    if (err != OK)
        return err;
    slot_move(to, from);
    return OK;
}

enum err cnode_delete_invoke(struct invocation *inv)
{
    struct slot *slot = cnode_slot(cnode_of(inv->slot), inv->arg[0]);

    if (slot == NULL)
        return ERR_RANGE;
    slot_delete(inv->hart, slot);
    return OK;
}

/* Is `node` the tombstone of the table in which `slot` stands? */
static bool is_own_tombstone(const struct slot *node, const struct slot *slot)
{
    return slot_is_dead(node) && node->type == OBJ_CNODE && slot > node &&
           slot < node + ((const struct cnode *)node)->slot_count;
}

/* Delete the first child of `slot`.  A revoke may destroy the very table that holds `slot`: that
 * table is taken apart last, because `slot` leads to the other children. */
static void revoke_step(struct hart *hart, struct slot *slot)
{
    if (is_own_tombstone(slot->first_child, slot))
        slot_rotate_children(slot);
    node_delete(hart, slot->first_child);
}

enum err cnode_revoke_invoke(struct invocation *inv)
{
    struct slot *slot = cnode_slot(cnode_of(inv->slot), inv->arg[0]);

    if (slot == NULL)
        return ERR_RANGE;
    if (slot_is_empty(slot))
        return ERR_INVALID_CAP;
    while (slot->first_child != NULL) {
        revoke_step(inv->hart, slot);
        if (inv->hart->current != inv->thread)
            return ERR_CANCELLED; /* the revoke suspended or destroyed its own caller */
        if (slot->first_child != NULL && sched_must_give_way(inv->hart))
            return ERR_AGAIN;
    }
    return OK;
}
