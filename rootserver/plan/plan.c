/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/plan/plan.h>

#include <string.h>

#include <proto/console.h>
#include <proto/console_start.h>
#include <rootserver/plan/build.h>

/* A state of the plan, to which a failed part is rolled back. */
struct checkpoint {
    unsigned action_count, process_count;
    uint32_t next_slot;
    struct memory memory;
};

static void plan_checkpoint_take(const struct plan *plan, struct checkpoint *out)
{
    out->action_count = plan->action_count;
    out->process_count = plan->process_count;
    out->next_slot = plan->next_slot;
    out->memory = plan->memory;
}

static void plan_checkpoint_restore(struct plan *plan, const struct checkpoint *to)
{
    plan->action_count = to->action_count;
    plan->process_count = to->process_count;
    plan->next_slot = to->next_slot;
    plan->memory = to->memory;
}

static MUST_CHECK plan_untypeds_add(const struct plan_input *in, struct memory *memory)
{
    const struct bootinfo *boot = in->boot;

    for (uint32_t i = 0; i < boot->untyped_count && i < BOOT_UNTYPED_MAX; i++) {
        const struct boot_untyped *u = &boot->untyped[i];
        if (u->kind == BOOT_UNTYPED_ARCHIVE)
            continue;
        enum err err = memory_add(memory, boot->untyped_first + i, u->address, u->size_bits,
                                  u->kind == BOOT_UNTYPED_DEVICE);
        if (err != OK)
            return err;
        if (in->used != NULL)
            memory->untyped[memory->count - 1].used = in->used[i];
    }
    return OK;
}

/* The root server's own objects: the endpoint for reports, its clock, and the devices it uses. */
static void plan_root_build(struct build *b)
{
    struct plan *plan = b->plan;
    const struct machine_config *m = b->in->machine;

    plan->endpoint = build_own_objects(b, OBJ_ENDPOINT, ENDPOINT_BITS_MIN, 1);
    plan->notification = build_own_objects(b, OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, 1);
    build_emit(b, (struct plan_action){.kind = PLAN_BIND,
                                       .count = 1,
                                       .slot = BOOT_SLOT_THREAD,
                                       .other = plan->notification});
    plan->clock_thread = build_own_objects(b, OBJ_THREAD, THREAD_BITS_MIN, 1);
    plan->clock_bell = build_own_objects(b, OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, 1);
    if (m->finisher.is_there)
        plan->finisher = build_device_page(b, m->finisher.address);
    if (m->rtc.is_there)
        plan->rtc = build_device_page(b, m->rtc.address);
    if (m->uart.is_there)
        plan->uart = build_device_page(b, m->uart.address);
    uint32_t devices[] = {plan->finisher, plan->rtc};
    for (unsigned i = 0; i < 2; i++) {
        if (devices[i] != 0)
            build_map(b, (struct build_frames){devices[i], 1, 12}, BOOT_SLOT_VSPACE,
                      LAYOUT_ROOT_DEVICE + i * UINT64_C(4096), RIGHT_READ | RIGHT_WRITE);
    }
}

/* The memory shared with the console service, and the scratch slots for building processes. */
static void plan_shared_build(struct build *b)
{
    struct plan *plan = b->plan;

    plan->scratch_a = build_slots(b, PLAN_SCRATCH);
    plan->scratch_b = build_slots(b, PLAN_SCRATCH);
    build_regions(b);
    build_map(b, (struct build_frames){plan->control, CONSOLE_CONTROL_BYTES / 4096, 12},
              BOOT_SLOT_VSPACE, LAYOUT_ROOT_CONTROL, RIGHT_READ | RIGHT_WRITE);
}

/* If the trace cannot be planned, the guests start without a trace. */
static void plan_trace(const struct plan_input *in, struct plan *plan)
{
    struct build b = {.in = in, .plan = plan, .process = PLAN_NOBODY, .err = OK};
    struct checkpoint before;

    if (in->machine->trace.mask == 0) {
        plan->trace_problem = in->machine->trace_problem;
        return;
    }
    plan_checkpoint_take(plan, &before);
    build_trace(&b);
    plan->has_trace = b.err == OK;
    if (b.err != OK) {
        plan_checkpoint_restore(plan, &before);
        plan->trace_problem = b.problem;
    }
}

static void plan_services(const struct plan_input *in, struct plan *plan)
{
    struct build b = {.in = in, .plan = plan, .process = PLAN_NOBODY, .err = OK};
    struct checkpoint before;

    problem_set(&plan->console_problem, "the configuration does not list it");
    for (unsigned i = 0; i < in->system->service_count; i++) {
        if (strcmp(in->system->service[i].name, "console") != 0)
            continue;
        plan_checkpoint_take(plan, &before);
        plan->console = (uint16_t)plan->process_count;
        build_console(&b, &in->system->service[i]);
        plan->has_console = b.err == OK;
        if (b.err != OK) {
            plan_checkpoint_restore(plan, &before);
            plan->console_problem = b.problem;
        }
        return;
    }
}

static void plan_guest(const struct plan_input *in, struct plan *plan, unsigned guest)
{
    struct build b = {.in = in, .plan = plan, .process = PLAN_NOBODY, .err = OK};
    struct checkpoint before;

    plan_checkpoint_take(plan, &before);
    plan->guest[guest].process = (uint16_t)plan->process_count;
    build_guest(&b, guest);
    plan->guest[guest].is_planned = b.err == OK;
    if (b.err != OK) {
        plan_checkpoint_restore(plan, &before);
        plan->guest[guest].problem = b.problem;
    }
}

MUST_CHECK plan_root(const struct plan_input *in, struct plan *out, struct problem *problem)
{
    memset(out, 0, sizeof *out);
    struct build b = {.in = in, .plan = out, .process = PLAN_NOBODY, .err = OK};
    out->next_slot = in->boot->empty_first;
    if (plan_untypeds_add(in, &out->memory) != OK)
        build_fail(&b, ERR_NO_MEMORY, "the machine's memory is in too many pieces");
    plan_root_build(&b);
    if (b.err == OK && out->next_slot > in->boot->empty_first + PLAN_ROOT_SLOTS)
        build_fail(&b, ERR_NO_MEMORY, "the machine's devices are in too many pieces");
    if (b.err != OK)
        *problem = b.problem;
    return b.err;
}

MUST_CHECK plan_make(const struct plan_input *in, struct plan *plan, struct problem *problem)
{
    struct build b = {.in = in, .plan = plan, .process = PLAN_NOBODY, .err = OK};
    uint32_t behind_root = in->boot->empty_first + PLAN_ROOT_SLOTS;

    plan->next_slot =
        in->archive_map->slot_end > behind_root ? in->archive_map->slot_end : behind_root;
    plan_shared_build(&b);
    if (b.err != OK) {
        *problem = b.problem;
        return b.err;
    }
    plan_trace(in, plan);
    plan_services(in, plan);
    for (unsigned i = 0; i < in->system->guest_count; i++)
        plan_guest(in, plan, i);
    return OK;
}
