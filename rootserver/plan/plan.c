/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/plan/plan.h>

#include <string.h>

#include <rootserver/plan/build.h>

#define OWN_BYTES (UINT64_C(16) << 10) /* more than the root server's own objects take */

/* A state of the plan, to which a part that cannot be planned is rolled back. */
struct plan_before {
    unsigned action_count;
    struct memory_saved memory;
};

static void plan_before_take(const struct plan *plan, struct plan_before *out)
{
    out->action_count = plan->action_count;
    memory_save(&plan->memory, &out->memory);
}

static void plan_before_restore(struct plan *plan, const struct plan_before *to)
{
    plan->action_count = to->action_count;
    memory_restore(&plan->memory, &to->memory);
}

static struct build plan_build(const struct plan_input *in, struct plan *plan, unsigned part)
{
    return (struct build){.in = in, .plan = plan, .part = (uint16_t)(part + 1), .err = OK};
}

/* ---- the root server's own ------------------------------------------------------ */

static MUST_CHECK plan_untypeds_add(const struct plan_input *in, struct memory *memory)
{
    const struct bootinfo *boot = in->boot;

    for (uint32_t i = 0; i < boot->untyped_count && i < BOOT_UNTYPED_MAX; i++) {
        const struct boot_untyped *u = &boot->untyped[i];
        if (u->kind == BOOT_UNTYPED_ARCHIVE)
            continue;
        enum err err =
            memory_add(memory, boot->untyped_first + i, u->address, u->size_bits,
                       in->used != NULL ? in->used[i] : 0, u->kind == BOOT_UNTYPED_DEVICE);
        if (err != OK)
            return err;
    }
    return OK;
}

/* Maps the page of a device of the root server's own; 0: there is no such device. */
static uint32_t plan_own_device(struct build *b, const struct machine_device *device,
                                uint64_t address)
{
    if (!device->is_there)
        return 0;
    uint32_t frame = build_device_pages(b, device->address & ~UINT64_C(4095), 1);
    build_map(b, (struct build_frames){.slot = frame, .count = 1, .bits = 12}, BOOT_SLOT_VSPACE,
              address, RIGHT_READ | RIGHT_WRITE);
    if (b->err == ERR_NOT_FOUND) { /* memory, or a device's page with another owner */
        b->err = OK;
        return 0;
    }
    return frame;
}

/* The root server's own objects: the endpoint for reports, and the devices it uses. */
static void plan_root_build(struct build *b)
{
    struct plan *plan = b->plan;
    const struct machine_config *m = b->in->machine;
    struct build_piece piece = build_piece(b, OWN_BYTES);

    plan->endpoint = build_new_objects(b, &piece, OBJ_ENDPOINT, ENDPOINT_BITS_MIN, 1);
    plan->notification = build_new_objects(b, &piece, OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, 1);
    build_emit(b, (struct plan_action){.kind = PLAN_BIND,
                                       .count = 1,
                                       .slot = BOOT_SLOT_THREAD,
                                       .other = plan->notification});
    plan->finisher = plan_own_device(b, &m->finisher, LAYOUT_ROOT_FINISHER);
    plan->rtc = plan_own_device(b, &m->rtc, LAYOUT_ROOT_RTC);
}

MUST_CHECK plan_root(const struct plan_input *in, struct plan *out, struct problem *problem)
{
    memset(out, 0, sizeof *out);
    struct build b = plan_build(in, out, PLAN_PART_ROOT_NUMBER);
    uint32_t end = in->boot->empty_first + PLAN_ROOT_SLOTS;
    slots_init(&out->memory.slots, in->boot->empty_first);
    if (plan_untypeds_add(in, &out->memory) != OK)
        build_fail(&b, ERR_NO_MEMORY, "the machine's memory is in too many pieces");
    plan_root_build(&b);
    for (uint32_t i = end; i < SLOTS_MAX && b.err == OK; i++) {
        if (out->memory.slots.owner[i] != SLOTS_FREE)
            build_fail(&b, ERR_NO_MEMORY, "the machine's devices are in too many pieces");
    }
    if (b.err != OK) {
        *problem = b.problem;
        return b.err;
    }
    out->part[PLAN_PART_ROOT_NUMBER] =
        (struct plan_part){.state = PLAN_PART_PLANNED, .action_count = out->action_count};
    return OK;
}

/* ---- once the configuration is known --------------------------------------------- */

/* If the trace cannot be planned, the guests start without a trace. */
static void plan_trace(const struct plan_input *in, struct plan *plan)
{
    static struct plan_before before;
    struct build b = plan_build(in, plan, PLAN_PART_ROOT_NUMBER);

    if (in->machine->trace.mask == 0) {
        plan->trace_problem = in->machine->trace_problem;
        return;
    }
    plan_before_take(plan, &before);
    build_trace(&b);
    plan->has_trace = b.err == OK;
    if (b.err != OK) {
        plan_before_restore(plan, &before);
        plan->trace_problem = b.problem;
    }
}

/* Numbers the connections of each instance and each client in the configuration's order. */
static void plan_connections_number(const struct system_config *system, struct plan *plan)
{
    plan->connection_count = system->connection_count;
    for (unsigned i = 0; i < system->connection_count; i++) {
        const struct system_connection *from = &system->connection[i];
        struct plan_connection *c = &plan->connection[i];
        *c = (struct plan_connection){.instance = from->service,
                                      .client = from->is_guest
                                                    ? plan_process_of_guest(from->client)
                                                    : plan_process_of_instance(from->client)};
        for (unsigned k = 0; k < i; k++) {
            c->served += plan->connection[k].instance == c->instance;
            c->used += plan->connection[k].client == c->client;
        }
    }
}

MUST_CHECK plan_open(const struct plan_input *in, struct plan *plan, struct problem *problem)
{
    struct plan_part *root = &plan->part[PLAN_PART_ROOT_NUMBER];
    struct build b = plan_build(in, plan, PLAN_PART_ROOT_NUMBER);
    uint32_t archive_first = in->boot->empty_first + PLAN_ROOT_SLOTS;

    slots_reserve(&plan->memory.slots, archive_first, in->archive_map->slot_end, SLOTS_FIXED);
    plan->scratch_a = build_slots(&b, PLAN_SCRATCH);
    plan->scratch_b = build_slots(&b, PLAN_SCRATCH);
    if (b.err != OK) {
        *problem = b.problem;
        return b.err;
    }
    plan_connections_number(in->system, plan);
    plan_trace(in, plan);
    root->action_count = plan->action_count;
    if (root->state == PLAN_PART_MADE && root->done < root->action_count)
        root->state = PLAN_PART_MAKING;
    return OK;
}

/* ---- parts ---------------------------------------------------------------------- */

/* Adds the part that `build` builds, or nothing. */
static MUST_CHECK plan_part_add(const struct plan_input *in, struct plan *plan, unsigned number,
                                void (*build)(struct build *b, unsigned index), unsigned index,
                                struct problem *problem)
{
    static struct plan_before before;
    struct build b = plan_build(in, plan, number);
    struct plan_part *part = &plan->part[number];

    if (part->state != PLAN_PART_NONE) {
        problem_set(problem, "it is planned already");
        return ERR_STATE;
    }
    plan_before_take(plan, &before);
    build(&b, index);
    if (b.err != OK) {
        plan_before_restore(plan, &before);
        *problem = b.problem;
        return b.err;
    }
    *part = (struct plan_part){.state = PLAN_PART_PLANNED,
                               .first_action = before.action_count,
                               .action_count = plan->action_count - before.action_count};
    return OK;
}

static bool plan_has(const struct plan *plan, unsigned part)
{
    return plan->part[part].state != PLAN_PART_NONE;
}

/* The part that a process belongs to. */
static unsigned plan_home_part(unsigned process)
{
    unsigned owner = plan_process_owner(process);
    return plan_process_is_vmm(process) ? plan_part_guest(owner) : plan_part_instance(owner);
}

static MUST_CHECK plan_refuse(struct problem *problem, const char *what)
{
    problem_set(problem, "%s", what);
    return ERR_STATE;
}

MUST_CHECK plan_instance(const struct plan_input *in, struct plan *plan, unsigned instance,
                         struct problem *problem)
{
    if (instance >= in->system->service_count)
        return plan_refuse(problem, "there is no such service");
    return plan_part_add(in, plan, plan_part_instance(instance), build_instance, instance, problem);
}

MUST_CHECK plan_guest(const struct plan_input *in, struct plan *plan, unsigned guest,
                      struct problem *problem)
{
    if (guest >= in->system->guest_count)
        return plan_refuse(problem, "there is no such guest");
    return plan_part_add(in, plan, plan_part_guest(guest), build_guest, guest, problem);
}

MUST_CHECK plan_connection(const struct plan_input *in, struct plan *plan, unsigned connection,
                           struct problem *problem)
{
    if (connection >= plan->connection_count)
        return plan_refuse(problem, "there is no such connection");
    return plan_part_add(in, plan, plan_part_connection(connection), build_connection, connection,
                         problem);
}

MUST_CHECK plan_process(const struct plan_input *in, struct plan *plan, unsigned process,
                        struct problem *problem)
{
    if (process >= PLAN_PROCESSES_ALL || !plan_has(plan, plan_home_part(process)))
        return plan_refuse(problem, "its instance or guest is not planned");
    return plan_part_add(in, plan, plan_part_process(process), build_process, process, problem);
}

static void plan_side_client(struct build *b, unsigned connection)
{
    build_side(b, connection, PLAN_SIDE_CLIENT);
}

static void plan_side_service(struct build *b, unsigned connection)
{
    build_side(b, connection, PLAN_SIDE_SERVICE);
}

MUST_CHECK plan_side(const struct plan_input *in, struct plan *plan, unsigned connection,
                     enum plan_side_kind side, struct problem *problem)
{
    if (connection >= plan->connection_count || !plan_has(plan, plan_part_connection(connection)))
        return plan_refuse(problem, "the connection is not planned");
    const struct plan_connection *c = &plan->connection[connection];
    unsigned process =
        side == PLAN_SIDE_SERVICE ? plan_process_of_instance(c->instance) : c->client;
    if (!plan_has(plan, plan_part_process(process)) || !plan_has(plan, plan_home_part(c->client)) ||
        !plan_has(plan, plan_part_instance(c->instance)))
        return plan_refuse(problem, "a process of the connection is not planned");
    return plan_part_add(in, plan, plan_part_side(connection, side),
                         side == PLAN_SIDE_SERVICE ? plan_side_service : plan_side_client,
                         connection, problem);
}

MUST_CHECK plan_region(const struct plan_input *in, struct plan *plan, unsigned connection,
                       struct problem *problem)
{
    if (connection >= plan->connection_count || !plan_has(plan, plan_part_connection(connection)))
        return plan_refuse(problem, "the connection is not planned");
    const struct plan_connection *c = &plan->connection[connection];
    if (!plan_has(plan, plan_part_process(plan_process_of_instance(c->instance))) ||
        !plan_has(plan, plan_home_part(c->client)))
        return plan_refuse(problem, "a process of the connection is not planned");
    return plan_part_add(in, plan, plan_part_region(connection), build_region, connection, problem);
}

MUST_CHECK plan_any_part(const struct plan_input *in, struct plan *plan, unsigned part,
                         struct problem *problem)
{
    if (part >= PLAN_PART_REGIONS)
        return plan_region(in, plan, part - PLAN_PART_REGIONS, problem);
    if (part >= PLAN_PART_SIDES)
        return plan_side(in, plan, (part - PLAN_PART_SIDES) / 2,
                         (enum plan_side_kind)((part - PLAN_PART_SIDES) % 2), problem);
    if (part >= PLAN_PART_PROCESSES)
        return plan_process(in, plan, part - PLAN_PART_PROCESSES, problem);
    if (part >= PLAN_PART_CONNECTIONS)
        return plan_connection(in, plan, part - PLAN_PART_CONNECTIONS, problem);
    if (part >= PLAN_PART_GUESTS)
        return plan_guest(in, plan, part - PLAN_PART_GUESTS, problem);
    return plan_instance(in, plan, part - PLAN_PART_INSTANCES, problem);
}

/* ---- the end of parts -------------------------------------------------------------- */

static unsigned plan_side_process(const struct plan_connection *c, unsigned side)
{
    return side == PLAN_SIDE_SERVICE ? plan_process_of_instance(c->instance) : c->client;
}

/* Does a planned connection, side or region use this part? */
static bool plan_connection_uses(const struct plan *plan, unsigned connection, unsigned part)
{
    const struct plan_connection *c = &plan->connection[connection];
    bool is_home = part == plan_home_part(c->client) || part == plan_part_instance(c->instance);

    if (c->extents_frame != 0 && plan_has(plan, plan_part_connection(connection)) &&
        part == plan_home_part(c->client))
        return true;
    if (plan_has(plan, plan_part_region(connection)) &&
        (part == plan_home_part(c->client) || part == plan_part_connection(connection) ||
         part == plan_part_process(plan_side_process(c, PLAN_SIDE_SERVICE))))
        return true;
    for (unsigned side = 0; side < 2; side++) {
        if (plan_has(plan, plan_part_side(connection, side)) &&
            (is_home || part == plan_part_connection(connection) ||
             part == plan_part_process(plan_side_process(c, side))))
            return true;
    }
    return false;
}

bool plan_is_used(const struct plan *plan, unsigned part)
{
    for (unsigned i = 0; i < PLAN_PROCESSES_ALL; i++) {
        if (plan_home_part(i) == part && plan_has(plan, plan_part_process(i)))
            return true;
    }
    for (unsigned i = 0; i < plan->connection_count; i++) {
        if (plan->connection[i].instance < PLAN_INSTANCES_MAX &&
            plan_connection_uses(plan, i, part))
            return true;
    }
    return false;
}

bool plan_is_pinned(const struct plan *plan, unsigned part)
{
    for (unsigned i = 0; i < plan->connection_count; i++) {
        const struct plan_connection *c = &plan->connection[i];
        if (c->is_pinned && part == plan_home_part(c->client))
            return true;
    }
    return false;
}

void plan_connection_unpin(struct plan *plan, unsigned connection)
{
    plan->connection[connection].is_pinned = false;
}

/* The part's actions are taken out of the list, and the later ones move up. */
static void plan_actions_remove(struct plan *plan, const struct plan_part *gone)
{
    unsigned end = gone->first_action + gone->action_count;

    memmove(&plan->action[gone->first_action], &plan->action[end],
            (plan->action_count - end) * sizeof plan->action[0]);
    plan->action_count -= gone->action_count;
    for (unsigned i = 0; i < PLAN_PARTS; i++) {
        struct plan_part *part = &plan->part[i];
        if (part->state != PLAN_PART_NONE && part->first_action >= end)
            part->first_action -= gone->action_count;
    }
}

static bool plan_part_remove(struct plan *plan, unsigned part)
{
    struct plan_part gone = plan->part[part];

    if (gone.state == PLAN_PART_NONE || part == PLAN_PART_ROOT_NUMBER)
        return false;
    plan->part[part] = (struct plan_part){.state = PLAN_PART_NONE};
    plan_actions_remove(plan, &gone);
    return true;
}

void plan_abandon(struct plan *plan, unsigned part)
{
    if (!plan_part_remove(plan, part))
        return;
    memory_abandon(&plan->memory, (uint16_t)(part + 1));
}

void plan_undo(struct plan *plan, unsigned part)
{
    if (!plan_part_remove(plan, part))
        return;
    memory_give(&plan->memory, (uint16_t)(part + 1));
    slots_give_all(&plan->memory.slots, (uint16_t)(part + 1));
}
