/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/exec/exec.h>

#include <stdbool.h>
#include <string.h>

#include <proto/console.h>
#include <ring/ring.h>
#include <rt/calls.h>
#include <rt/rt.h>

#define PAGE UINT64_C(4096)

struct context {
    const struct plan_input *in;
    const struct plan *plan;
    const struct record_common *common;
    struct random_source *random;
};

static const cap_t own_cnode = {BOOT_SLOT_CNODE};
static const cap_t own_vspace = {BOOT_SLOT_VSPACE};

/* Repeats a preemptible call until it is complete: each repetition continues the work. */
#define UNTIL_DONE(call)                                                                           \
    ({                                                                                             \
        enum err err_;                                                                             \
        do                                                                                         \
            err_ = (call);                                                                         \
        while (err_ == ERR_AGAIN);                                                                 \
        err_;                                                                                      \
    })

MUST_CHECK exec_archive_map(const struct archive_map *map, const void **address)
{
    uint64_t base = LAYOUT_ROOT_ARCHIVE + map->physical % (UINT64_C(2) << 20);

    for (unsigned i = 0; i < map->run_count; i++) {
        const struct archive_run *run = &map->run[i];
        enum err err = UNTIL_DONE(untyped_retype(cap_at(run->untyped_slot), OBJ_FRAME,
                                                 run->size_bits, own_cnode, run->slot, run->count));
        for (unsigned k = 0; k < run->count && err == OK; k++)
            err = frame_map(cap_at(run->slot + k), own_vspace,
                            base + run->offset + ((uint64_t)k << run->size_bits), RIGHT_READ);
        if (err != OK)
            return err;
    }
    *address = (const void *)(uintptr_t)base;
    return OK;
}

MUST_CHECK exec_archive_unmap(const struct archive_map *map)
{
    uint32_t last = 0;

    for (unsigned i = 0; i < map->run_count; i++) {
        if (map->run[i].untyped_slot == last)
            continue;
        last = map->run[i].untyped_slot;
        enum err err = UNTIL_DONE(cnode_revoke(own_cnode, last));
        if (err != OK)
            return err;
    }
    return OK;
}

/* Maps a frame into the root server's window, so that the root server can write to the frame. */
static MUST_CHECK exec_window_open(uint32_t slot, uint8_t **at)
{
    enum err err =
        frame_map(cap_at(slot), own_vspace, LAYOUT_ROOT_WINDOW, RIGHT_READ | RIGHT_WRITE);
    if (err == OK)
        *at = (uint8_t *)(uintptr_t)LAYOUT_ROOT_WINDOW;
    return err;
}

static MUST_CHECK exec_window_close(uint32_t slot)
{
    return frame_unmap(cap_at(slot));
}

static MUST_CHECK exec_frames_fill(const struct context *c, const struct plan_action *a,
                                   unsigned *at)
{
    uint64_t lead = a->value, done = 0;

    for (unsigned i = 0; i < a->count && done < a->bytes; i++) {
        uint64_t part = a->bytes - done < PAGE - lead ? a->bytes - done : PAGE - lead;
        uint8_t *page;
        *at = i;
        enum err err = exec_window_open(a->slot + i, &page);
        if (err != OK)
            return err;
        memcpy(page + lead, c->in->archive + a->offset + done, part);
        err = exec_window_close(a->slot + i);
        if (err != OK)
            return err;
        done += part;
        lead = 0;
    }
    return OK;
}

static MUST_CHECK exec_record_write(const struct context *c, const struct plan_action *a)
{
    uint8_t *page;

    enum err err = exec_window_open(a->slot, &page);
    if (err != OK)
        return err;
    record_make(c->in, c->plan, a->process, c->common, c->random, page);
    return exec_window_close(a->slot);
}

static MUST_CHECK exec_action_step(const struct plan_action *a, unsigned i)
{
    switch (a->kind) {
    case PLAN_COPY:
        return cnode_copy(cap_at(a->other), a->index + i, own_cnode, a->slot + i, a->rights);
    case PLAN_MINT:
        return cnode_mint(cap_at(a->other), a->index, own_cnode, a->slot, a->rights, a->value);
    case PLAN_MOVE:
        return cnode_move(cap_at(a->other), a->index + i, own_cnode, a->slot + i);
    case PLAN_DELETE:
        return UNTIL_DONE(cnode_delete(own_cnode, a->slot + i));
    case PLAN_MAP:
        return frame_map(cap_at(a->slot + i), cap_at(a->other), a->value + ((uint64_t)i << a->bits),
                         a->rights);
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
    case PLAN_RESUME:
        rt_code_publish(); /* the process's code was written through the window */
        return thread_resume(cap_at(a->slot));
    default:
        return ERR_INVALID_ARG;
    }
}

static MUST_CHECK exec_action_run(const struct context *c, const struct plan_action *a,
                                  unsigned *at)
{
    enum err err = OK;

    *at = 0;
    switch (a->kind) {
    case PLAN_RETYPE:
        return UNTIL_DONE(
            untyped_retype(cap_at(a->other), a->type, a->bits, own_cnode, a->slot, a->count));
    case PLAN_FILL:
        return exec_frames_fill(c, a, at);
    case PLAN_RECORD:
        return exec_record_write(c, a);
    case PLAN_CONFIGURE: {
        const struct plan_process *p = &c->plan->process[a->process];
        return thread_configure(cap_at(a->slot), cap_at(p->cnode), cap_at(p->vspace),
                                cap_at(p->fault), a->value);
    }
    default:
        for (unsigned i = 0; i < a->count && err == OK; i++) {
            *at = i;
            err = exec_action_step(a, i);
        }
        return err;
    }
}

MUST_CHECK exec_run(const struct plan_input *in, const struct plan *plan, unsigned first,
                    unsigned count, const struct record_common *common,
                    struct random_source *random, struct exec_failure *failure)
{
    const struct context c = {in, plan, common, random};

    for (unsigned i = first; i < first + count; i++) {
        unsigned at;
        enum err err = exec_action_run(&c, &plan->action[i], &at);
        if (err != OK) {
            *failure = (struct exec_failure){.action = i, .at = at, .err = err};
            return err;
        }
    }
    return OK;
}

static bool exec_makes_untyped_of(const struct plan_action *a, const struct plan_process *p)
{
    for (unsigned i = 0; i < p->untyped_count; i++) {
        if (a->kind == PLAN_RETYPE && a->slot == p->untyped[i])
            return true;
    }
    return false;
}

/* Does this action mint a capability for `p`'s notification into another process's CNode, or one
 * for another process's notification into the CNode of `p`? */
static bool exec_connects(const struct plan_action *a, const struct plan_process *p)
{
    return a->kind == PLAN_MINT && (a->slot == p->wake || a->other == p->cnode);
}

MUST_CHECK exec_restart(const struct plan_input *in, const struct plan *plan, unsigned process,
                        const bool *is_running, const struct record_common *common,
                        struct random_source *random, struct exec_failure *failure)
{
    const struct plan_process *p = &plan->process[process];

    for (unsigned i = p->first_action; i < plan->action_count; i++) {
        const struct plan_action *a = &plan->action[i];
        bool own = i - p->first_action < p->action_count;
        if (own ? exec_makes_untyped_of(a, p)
                : a->process == PLAN_NOBODY || !is_running[a->process] || !exec_connects(a, p))
            continue;
        enum err err = exec_run(in, plan, i, 1, common, random, failure);
        if (err != OK)
            return err;
    }
    return OK;
}

MUST_CHECK exec_destroy(const struct plan_process *process)
{
    enum err first = OK;

    /* The process first, so that it does not run while its guest is destroyed. */
    for (unsigned i = 0; i < process->untyped_count; i++) {
        enum err err = UNTIL_DONE(cnode_revoke(own_cnode, process->untyped[i]));
        if (err == ERR_INVALID_CAP)
            continue; /* this Untyped was never made */
        if (first == OK)
            first = err;
    }
    enum err err = UNTIL_DONE(cnode_delete(own_cnode, process->fault));
    return first == OK ? err : first;
}

static MUST_CHECK exec_region_retire(uint32_t frame)
{
    uint8_t *page;

    enum err err = exec_window_open(frame, &page);
    if (err != OK)
        return err;
    ring_consumer_retire((struct ring_shared *)(void *)(page + CONSOLE_OUTPUT_SHARED));
    return exec_window_close(frame);
}

static MUST_CHECK exec_client_signal(const struct plan *plan, const struct plan_process *p)
{
    uint32_t slot = plan->scratch_a;

    enum err err = cnode_mint(own_cnode, slot, own_cnode, p->wake, RIGHT_WRITE, CONSOLE_CLIENT_BIT);
    if (err != OK)
        return err;
    err = notification_signal(cap_at(slot));
    enum err deleted = UNTIL_DONE(cnode_delete(own_cnode, slot));
    return err == OK ? deleted : err;
}

MUST_CHECK exec_console_retire(const struct plan *plan, const bool *is_running)
{
    enum err first = OK;

    for (unsigned i = 0; i < plan->process_count; i++) {
        const struct plan_process *p = &plan->process[i];
        if (p->role != PLAN_ROLE_VMM || !is_running[i] || plan->region[p->guest] == 0)
            continue;
        enum err err = exec_region_retire(plan->region[p->guest]);
        if (err == OK)
            err = exec_client_signal(plan, p);
        if (first == OK)
            first = err;
    }
    return first;
}

const char *exec_action_name(const struct plan_action *action)
{
    static const char *const names[] = {
        [PLAN_RETYPE] = "retype",
        [PLAN_COPY] = "copy",
        [PLAN_MINT] = "mint",
        [PLAN_MOVE] = "move",
        [PLAN_DELETE] = "delete",
        [PLAN_MAP] = "map",
        [PLAN_FILL] = "fill",
        [PLAN_RECORD] = "write the start record of",
        [PLAN_CONFIGURE] = "configure",
        [PLAN_REGISTER] = "set a register of",
        [PLAN_BIND] = "bind",
        [PLAN_BIND_VCPU] = "bind the vCPU of",
        [PLAN_BIND_IRQ] = "bind the interrupt of",
        [PLAN_RECOVER] = "register the recovery range of",
        [PLAN_RESUME] = "resume",
    };
    return action->kind < sizeof names / sizeof names[0] ? names[action->kind] : "?";
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
