/* SPDX-License-Identifier: BSD-2-Clause */
/* The work of the lives (lives/work.h), done on the kernel. */
#include <rootserver/work.h>

#include <stdio.h>
#include <string.h>

#include <rootserver/reset.h>
#include <rt/calls.h>

/* ---- parts -------------------------------------------------------------------------- */

/* Also says what a guest asked for and does not get. */
static MUST_CHECK work_plan(struct work *w, unsigned part, struct problem *problem)
{
    struct plan *plan = w->exec.plan;
    enum err err = plan_any_part(w->exec.in, plan, part, problem);
    unsigned guest = part - PLAN_PART_GUESTS; /* wraps to a large number for an instance */

    if (err == OK && guest < PLAN_GUESTS_MAX && plan->guest[guest].note.text[0] != 0)
        printf("guest %s: %s\n", w->exec.in->system->guest[guest].name,
               plan->guest[guest].note.text);
    return err;
}

MUST_CHECK work_make(struct work *w, unsigned part, struct problem *problem)
{
    struct exec_failed failed = {0};

    if (w->exec.plan->part[part].state == PLAN_PART_NONE) {
        enum err err = work_plan(w, part, problem);
        if (err != OK)
            return err;
    }
    enum err err = exec_part(&w->exec, part, EXEC_STEPS, &failed);
    if (err != OK && err != ERR_AGAIN)
        problem_set(problem, "the kernel refuses action %u of its part, at %u: %s", failed.action,
                    failed.at, exec_error_name(err));
    return err;
}

MUST_CHECK work_clear(struct work *w, unsigned part)
{
    return w->exec.plan->part[part].state == PLAN_PART_NONE
               ? OK
               : exec_clear(&w->exec, part, EXEC_STEPS);
}

MUST_CHECK work_undo(struct work *w, unsigned part)
{
    return w->exec.plan->part[part].state == PLAN_PART_NONE ? OK
                                                            : exec_undo(&w->exec, part, EXEC_STEPS);
}

/* ---- control regions ---------------------------------------------------------------- */

void work_control(struct work *w, unsigned process, struct link_place *out)
{
    const struct plan_home *home = plan_home_of(w->exec.plan, process);
    const struct system_config *system = w->exec.in->system;
    bool is_vmm = plan_process_is_vmm(process);
    const struct system_service *s = is_vmm ? NULL : &system->service[process];

    *out = (struct link_place){.down = (void *)(uintptr_t)home->down_address,
                               .up = (void *)(uintptr_t)home->up_address,
                               .connection_most = s != NULL ? s->client.most : 0,
                               .has_lines = s != NULL && s->is_log,
                               .bell = home->bell};
}

static void work_entry_rings(const struct system_client *client, uint64_t address,
                             struct control_connection *out)
{
    out->ring_count = (uint8_t)client->ring_count;
    for (unsigned i = 0; i < client->ring_count; i++)
        out->ring[i] = (struct control_ring){
            .shared_address = address + system_client_ring_shared(i),
            .data_address = address + system_client_ring_data(client, i),
            .record_bytes = client->ring[i].record_bytes,
            .record_count = client->ring[i].record_count,
        };
    if (client->info_bytes > 0) {
        out->info_address = address + system_client_info(client);
        out->info_bytes = client->info_bytes;
    }
}

/* A mapped region is missing after the client's end. */
static bool work_has_regions(const struct work *w, unsigned connection)
{
    const struct plan *plan = w->exec.plan;

    return plan->connection[connection].extents_frame != 0 ||
           plan->part[plan_part_region(connection)].state == PLAN_PART_MADE;
}

void work_entry(struct work *w, unsigned connection, struct control_connection *out)
{
    const struct system_config *system = w->exec.in->system;
    const struct system_connection *from = &system->connection[connection];
    const struct plan_connection *c = &w->exec.plan->connection[connection];
    const struct plan_side_place *side = &c->side[PLAN_SIDE_SERVICE];
    const char *client =
        from->is_guest ? system->guest[from->client].name : system->service[from->client].name;
    bool takes_calls = system->service[c->instance].client.has_calls;

    *out = (struct control_connection){
        .wake_slot = side->wake_slot,
        .bit = (uint8_t)__builtin_ctzll(side->bit | UINT64_C(1) << 63),
        .badge = takes_calls ? PLAN_CALLER_BADGE(c->served) : 0,
    };
    work_entry_rings(&system->service[c->instance].client, side->address, out);
    if (work_has_regions(w, connection))
        out->region_count = (uint8_t)c->region_count;
    for (unsigned i = 0; i < out->region_count; i++)
        out->region[i] = (struct control_region){c->region[i].address, c->region[i].bytes,
                                                 c->region[i].client_offset};
    snprintf(out->client, sizeof out->client, "%s", client);
    memcpy(out->option, from->packed, sizeof out->option);
}

/* ---- threads, interrupts and devices ------------------------------------------------ */

/* The kernel masks an interrupt until it is acknowledged; a life that died may have left one so. */
static MUST_CHECK work_irqs_ack(const struct work *w, unsigned process)
{
    for (unsigned d = 0; d < SYSTEM_DEVICES_MAX && !plan_process_is_vmm(process); d++) {
        const struct plan_device *device = &w->exec.plan->instance[process].device[d];
        for (unsigned i = 0; device->is_there && i < device->irq_count; i++) {
            enum err err = irq_ack(cap_at(device->irq[i]));
            if (err != OK)
                return err;
        }
    }
    return OK;
}

MUST_CHECK work_resume(struct work *w, unsigned process, uint32_t restart_count)
{
    enum err err = restart_count > 0 ? work_irqs_ack(w, process) : OK;

    if (err == OK)
        err = exec_process_resume(&w->exec, process, restart_count);
    if (err == OK && w->trace != NULL)
        trace_name_process(w->trace, w->exec.plan, process, w->exec.in->system);
    return err;
}

MUST_CHECK work_stop(struct work *w, unsigned process)
{
    return exec_process_stop(&w->exec, process);
}

MUST_CHECK work_calls_cancel(struct work *w, unsigned process)
{
    return plan_process_is_vmm(process) ? OK : exec_calls_cancel(&w->exec, process);
}

/* The device's first register, in the root server. */
static volatile void *work_registers(const struct plan_device *device)
{
    return (volatile void *)(uintptr_t)(device->root_address + device->found.address % 4096);
}

void work_reset_begin(struct work *w, unsigned process)
{
    for (unsigned d = 0; d < SYSTEM_DEVICES_MAX && !plan_process_is_vmm(process); d++) {
        const struct plan_device *device = &w->exec.plan->instance[process].device[d];
        if (device->is_there)
            reset_begin(w->exec.in->system->service[process].device[d].reset,
                        work_registers(device));
    }
}

MUST_CHECK work_reset_poll(struct work *w, unsigned process)
{
    for (unsigned d = 0; d < SYSTEM_DEVICES_MAX && !plan_process_is_vmm(process); d++) {
        const struct plan_device *device = &w->exec.plan->instance[process].device[d];
        if (device->is_there && !reset_is_done(w->exec.in->system->service[process].device[d].reset,
                                               work_registers(device)))
            return ERR_AGAIN;
    }
    return OK;
}

void work_unpin(struct work *w, unsigned connection)
{
    w->exec.plan->connection[connection].is_pinned = false;
}
