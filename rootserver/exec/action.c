/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/exec/action.h>

#include <string.h>

#include <proto/extents.h>
#include <rt/calls.h>
#include <rt/rt.h>

#define PAGE UINT64_C(4096)

static const cap_t own_cnode = {BOOT_SLOT_CNODE};
static const cap_t own_vspace = {BOOT_SLOT_VSPACE};

/* Maps the frame into the root server's window, so that the root server can write to the frame. */
static MUST_CHECK action_page_write(uint32_t slot, uint64_t lead, const uint8_t *from,
                                    uint64_t bytes)
{
    enum err err =
        frame_map(cap_at(slot), own_vspace, LAYOUT_ROOT_WINDOW, RIGHT_READ | RIGHT_WRITE);
    if (err != OK)
        return err;
    memcpy((uint8_t *)(uintptr_t)LAYOUT_ROOT_WINDOW + lead, from, bytes);
    return frame_unmap(cap_at(slot));
}

MUST_CHECK action_frames_write(uint32_t slot, unsigned count, uint64_t lead, const uint8_t *from,
                               uint64_t bytes, unsigned *at)
{
    uint64_t done = 0;

    for (unsigned i = 0; i < count && done < bytes; i++) {
        uint64_t part = bytes - done < PAGE - lead ? bytes - done : PAGE - lead;
        *at = i;
        enum err err = action_page_write(slot + i, lead, from + done, part);
        if (err != OK)
            return err;
        done += part;
        lead = 0;
    }
    return OK;
}

/* Writes the physical extents of a guest's RAM; adjoining chunks are one extent. */
static MUST_CHECK action_extents_write(const struct exec *e, const struct plan_action *a)
{
    const struct plan_guest *g = &e->plan->guest[a->index];
    struct extents page = {.count = 0};
    unsigned at;

    for (unsigned i = 0; i < g->chunk_count; i++) {
        uint64_t address = memory_address_of(&e->plan->memory, g->chunk[i].untyped);
        uint64_t bytes = UINT64_C(1) << g->chunk[i].bits;
        struct extent *last = page.count > 0 ? &page.extent[page.count - 1] : NULL;
        if (last != NULL && last->address + last->bytes == address)
            last->bytes += bytes;
        else
            page.extent[page.count++] = (struct extent){address, bytes};
    }
    return action_frames_write(a->slot, 1, 0, (const uint8_t *)&page, sizeof page, &at);
}

static MUST_CHECK action_step(const struct exec *e, const struct plan_action *a, unsigned i)
{
    switch (a->kind) {
    case PLAN_COPY:
        return cnode_copy(cap_at(a->other), a->index + i,
                          a->from != 0 ? cap_at(a->from) : own_cnode, a->slot + i, a->rights);
    case PLAN_MINT:
        return cnode_mint(cap_at(a->other), a->index, own_cnode, a->slot, a->rights, a->value);
    case PLAN_MOVE:
        return cnode_move(cap_at(a->other), a->index + i, own_cnode, a->slot + i);
    case PLAN_MAP:
        return frame_map(cap_at(a->slot + i), cap_at(a->other), a->value + ((uint64_t)i << a->bits),
                         a->rights);
    case PLAN_CONFIGURE: {
        const struct plan_process *p = &e->plan->process[a->index];
        return thread_configure(cap_at(a->slot), cap_at(p->cnode), cap_at(p->vspace),
                                cap_at(p->fault), a->value);
    }
    case PLAN_REGISTER:
        return thread_set_reg(cap_at(a->slot), a->index, a->value);
    case PLAN_BIND:
        return thread_bind(cap_at(a->slot), cap_at(a->other));
    case PLAN_BIND_VCPU:
        return vcpu_bind(cap_at(a->slot), cap_at(a->other), cap_at(a->index),
                         cap_at((uint32_t)a->value));
    case PLAN_BIND_IRQ:
        return irq_bind(cap_at(a->slot), cap_at(BOOT_SLOT_IRQ_CONTROL), a->index, cap_at(a->other));
    case PLAN_RECOVER:
        return vspace_recover(cap_at(a->slot), a->value, a->bytes, a->offset);
    default:
        return ERR_INVALID_ARG;
    }
}

MUST_CHECK action_run(const struct exec *e, const struct plan_action *a, unsigned *at)
{
    enum err err = OK;

    *at = 0;
    switch (a->kind) {
    case PLAN_RETYPE:
        return untyped_retype(cap_at(a->other), a->type, a->bits, own_cnode, a->slot, a->count);
    case PLAN_FILL:
        return action_frames_write(a->slot, a->count, a->value, e->in->archive + a->offset,
                                   a->bytes, at);
    case PLAN_EXTENTS:
        return action_extents_write(e, a);
    default:
        for (unsigned i = 0; i < a->count && err == OK; i++) {
            *at = i;
            err = action_step(e, a, i);
        }
        return err;
    }
}

const char *exec_error_name(enum err err)
{
    static const char *const names[ERR_COUNT] = {
        [OK] = "no error",
        [ERR_INVALID_ARG] = "invalid argument",
        [ERR_INVALID_CAP] = "no such capability",
        [ERR_NO_RIGHT] = "no right",
        [ERR_BAD_CALL] = "no such call",
        [ERR_NO_MEMORY] = "no memory",
        [ERR_NO_SLOT] = "slot not empty",
        [ERR_RANGE] = "out of range",
        [ERR_ALIGN] = "not aligned",
        [ERR_EXISTS] = "exists already",
        [ERR_NOT_FOUND] = "not found",
        [ERR_STATE] = "wrong state",
        [ERR_BUSY] = "busy",
        [ERR_AGAIN] = "try again",
        [ERR_TIMEOUT] = "timeout",
        [ERR_PEER_DIED] = "peer died",
        [ERR_CANCELLED] = "cancelled",
        [ERR_NOT_SUPPORTED] = "not supported",
        [ERR_FORMAT] = "bad format",
    };
    return (unsigned)err < ERR_COUNT && names[err] != NULL ? names[err] : "unknown error";
}
