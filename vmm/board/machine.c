/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/board/machine.h>

#include <string.h>

#include <base/attr.h>
#include <vmm/board/sections.h>
#include <vmm/boot/fdt.h>
#include <vmm/boot/image.h>

#define NS_PER_S UINT64_C(1000000000)

_Static_assert(BOARD_DEVICES_MAX <= 32 && BOARD_DEVICES_MAX <= BUS_REGIONS_MAX,
               "each device has a bit of the due ones, and may have a region of the bus");

/* The sections of `config`, whose devices get their places first. */
static enum err machine_sections_list(struct board_config *config, struct sections *sections)
{
    enum err err = board_place(config);

    return err ? err : sections_list(config, sections);
}

uint64_t machine_arena_bytes(const struct board_config *config)
{
    struct board_config placed = *config;
    struct sections sections;

    if (machine_sections_list(&placed, &sections))
        return 0;
    const struct arena_shape shape = {sections.want, sections.count, config->hart_count};
    return arena_size_needed(&shape);
}

/* ---- The machine's services for devices (struct dev_host) ---- */

static uint64_t host_wall_ns(void *opaque)
{
    struct machine *machine = opaque;
    return machine->config.wall_ns(machine->config.clock_opaque);
}

static void host_power(void *opaque, enum dev_power what, uint32_t code)
{
    struct machine *machine = opaque;
    log_set(&machine->log, machine->state, offsetof(struct machine_state, is_booting));
    machine->state->power = what;
    machine->state->power_code = code;
}

/* ---- Set-up ---- */

static void machine_device_build(struct machine *machine, uint32_t index, bool is_text)
{
    const struct board_device *device = &machine->config.device[index];
    struct dev_ctx *dev = &machine->dev[index];
    struct stream *stream = is_text ? &machine->text : &machine->stream[index];

    *dev = (struct dev_ctx){
        .model = device->model,
        .log = &machine->log,
        .stream = stream,
        .host = &machine->host,
        .gpa = device->gpa,
        .irq = device->irq,
        .hart_count = machine->config.hart_count,
        .due_bit = UINT32_C(1) << index,
    };
    machine->notified |= device->model->notify ? dev->due_bit : 0;
    machine->timed |= device->model->deadline_ns ? dev->due_bit : 0;
    stream->log = &machine->log;
    stream->port = &device->stream;
    if (is_text)
        machine->text_dev = dev;
    if (device->model->irq_input)
        machine->irqchip = dev;
}

static enum err machine_handle_build(struct machine *machine)
{
    const struct board_config *config = &machine->config;
    int text = sections_text(config);
    enum err err = OK;

    machine->host =
        (struct dev_host){.opaque = machine, .wall_ns = host_wall_ns, .power = host_power};
    machine->text.port = &stream_none;
    machine->text.log = &machine->log;
    for (uint32_t i = 0; i < config->device_count; i++) {
        machine_device_build(machine, i, text == (int)i);
    }
    sections_bind(machine);
    for (uint32_t i = 0; !err && i < config->device_count; i++) {
        machine->dev[i].irqchip = machine->irqchip;
        err = bus_add(&machine->bus, &machine->dev[i]);
    }
    return err;
}

static void machine_stream_start(const struct stream *stream, bool is_taken_over)
{
    if (stream->port->sync)
        stream->port->sync(stream->port->opaque, stream->state);
    /* The last VMM may have died after it committed taken input, but before the release. */
    if (is_taken_over)
        stream_release(stream);
}

static void machine_streams_start(struct machine *machine, bool is_taken_over)
{
    machine_stream_start(&machine->text, is_taken_over);
    for (uint32_t i = 0; i < machine->config.device_count; i++)
        if (machine->stream[i].state)
            machine_stream_start(&machine->stream[i], is_taken_over);
}

enum err machine_init(struct machine *machine, const struct board_config *config,
                      void *arena_memory, uint64_t arena_bytes, bool *is_taken_over)
{
    struct sections sections;
    enum err err;

    if (config->hart_count == 0 || config->hart_count > GUEST_HARTS_MAX)
        return ERR_INVALID_ARG;
    *machine = (struct machine){.config = *config};
    err = machine_sections_list(&machine->config, &sections);
    if (err)
        return err;
    const struct arena_shape shape = {sections.want, sections.count, config->hart_count};
    err = takeover_arena(&machine->arena, arena_memory, arena_bytes, &shape, &machine->problem);
    *is_taken_over = err == OK;
    if (err == ERR_NOT_FOUND)
        err = arena_format(&machine->arena, arena_memory, arena_bytes, &shape);
    if (err)
        return err;
    arena_log(&machine->arena, 0, ARENA_WRITER_VCPU, &machine->log);
    err = machine_handle_build(machine);
    if (!err)
        machine_streams_start(machine, *is_taken_over);
    machine_all_due(machine);
    machine->deadline_ticks = UINT64_MAX;
    return err;
}

/* ---- Boot ---- */

static void devices_reset(struct machine *machine)
{
    for (uint32_t i = 0; i < machine->config.device_count; i++) {
        const struct dev_ctx *dev = &machine->dev[i];
        if (dev->state)
            memset(dev->state, 0, dev->model->state.bytes);
        if (dev->queue_state)
            memset(dev->queue_state, 0, dev->model->queue_state.bytes);
        if (dev->model->reset)
            dev->model->reset(dev);
    }
}

static void harts_reset(struct machine *machine, const struct image_plan *plan)
{
    struct machine_state *state = machine->state;

    for (uint32_t hart = 0; hart < machine->config.hart_count; hart++)
        state->hart[hart] = (struct hart_state){.status = HART_STOPPED};
    state->hart[0].status = HART_START_PENDING;
    state->hart[0].start_gpa = plan->entry_gpa;
    state->hart[0].start_arg = plan->dtb_gpa;
}

static enum err ram_fill(struct machine *machine, const struct image_plan *plan)
{
    const struct board_config *config = &machine->config;
    uint8_t *dtb;

    if (machine->state->is_ram_dirty)
        guestmem_zero(&config->ram, &config->pace);
    machine->state->is_ram_dirty = 1;
    enum err err = image_load(plan, &config->ram, config->kernel, config->kernel_bytes,
                              config->initrd, config->initrd_bytes, &config->pace);
    if (!err)
        err = guestmem_at(&config->ram, plan->dtb_gpa, IMAGE_DTB_BYTES, &dtb);
    if (!err)
        err = fdt_build(machine, plan, dtb, IMAGE_DTB_BYTES);
    return err;
}

/*
 * The boot is not a transaction, because it changes more than the log can keep.  If the VMM dies in
 * between, is_booting is set, and the next VMM boots again with the same result.
 */
enum err machine_boot(struct machine *machine)
{
    const struct board_config *config = &machine->config;
    struct machine_state *state = machine->state;
    struct image_plan plan;

    enum err err = image_plan(config->kernel, config->kernel_bytes, config->initrd_bytes,
                              config->ram.gpa, config->ram.bytes, &plan);
    if (err)
        return err;
    if (!state->is_booting)
        __atomic_store_n(&state->is_booting, (uint32_t)state->boot_count + 1, __ATOMIC_SEQ_CST);
    err = ram_fill(machine, &plan);
    if (err)
        return err;
    devices_reset(machine);
    harts_reset(machine, &plan);
    state->power = DEV_POWER_RUN;
    state->power_code = 0;
    state->boot_count = state->is_booting;
    machine_all_due(machine);
    __atomic_store_n(&state->is_booting, 0, __ATOMIC_SEQ_CST);
    return OK;
}

/* ---- Running ---- */

/* This function and the next two are not inlined. An exit seldom needs all three, and an inlined
 * one would make the caller save registers. */
ATTR_NOINLINE void machine_notify(struct machine *machine, uint32_t due)
{
    for (due &= machine->notified; due; due &= due - 1) {
        const struct dev_ctx *dev = &machine->dev[__builtin_ctz(due)];
        dev->model->notify(dev);
    }
}

uint64_t machine_deadline_ns(const struct machine *machine)
{
    uint64_t earliest = DEV_NO_DEADLINE;

    for (uint32_t i = 0; i < machine->config.device_count; i++) {
        const struct dev_ctx *dev = &machine->dev[i];
        if (dev->model->deadline_ns && dev->model->deadline_ns(dev) < earliest)
            earliest = dev->model->deadline_ns(dev);
    }
    return earliest;
}

/* Rounded up; all ones if the result does not fit. */
static uint64_t ticks_of_ns(uint64_t ns, uint64_t hz)
{
    uint64_t part = (ns % NS_PER_S * hz + NS_PER_S - 1) / NS_PER_S, ticks;

    if (__builtin_mul_overflow(ns / NS_PER_S, hz, &ticks) ||
        __builtin_add_overflow(ticks, part, &ticks))
        return UINT64_MAX;
    return ticks;
}

ATTR_NOINLINE uint64_t machine_deadline_ticks(const struct machine *machine)
{
    const struct board_config *config = &machine->config;
    uint64_t deadline_ns = machine_deadline_ns(machine), ticks;

    if (deadline_ns == DEV_NO_DEADLINE)
        return UINT64_MAX;
    /* Read in this order: time that passes between the two reads only delays the result. */
    uint64_t now_ns = config->wall_ns(config->clock_opaque);
    uint64_t now_ticks = config->time_ticks(config->clock_opaque);
    uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
    if (__builtin_add_overflow(now_ticks, ticks_of_ns(left_ns, config->timebase_hz), &ticks))
        return UINT64_MAX;
    return ticks;
}

void machine_sync_irq(struct machine *machine, uint32_t hart)
{
    uint64_t *irq = &machine_page(machine, hart)->irq;
    bool is_wanted = machine->irqchip->model->irq_output(machine->irqchip, hart);
    bool is_set = __atomic_load_n(irq, __ATOMIC_RELAXED) & VCPU_IRQ_EXTERNAL;

    if (is_wanted && !is_set)
        __atomic_fetch_or(irq, VCPU_IRQ_EXTERNAL, __ATOMIC_SEQ_CST);
    else if (!is_wanted && is_set)
        __atomic_fetch_and(irq, ~VCPU_IRQ_EXTERNAL, __ATOMIC_SEQ_CST);
}

/* A notify() can make its own device due, and the interrupt controller. */
void machine_settle_now(struct machine *machine, uint32_t hart)
{
    if (machine->host.due & machine->notified)
        machine_notify(machine, machine->host.due);
    if (machine->host.due & machine->irqchip->due_bit)
        machine_sync_irq(machine, hart);
    if (machine->host.due & machine->timed)
        machine->deadline_ticks = machine_deadline_ticks(machine);
    machine->host.due = 0;
}
