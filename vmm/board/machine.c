/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/board/machine.h>

#include <string.h>

#include <base/attr.h>
#include <vmm/boot/fdt.h>
#include <vmm/boot/image.h>
#include <vmm/dev/goldfish_rtc.h>
#include <vmm/dev/plic.h>
#include <vmm/dev/syscon.h>
#include <vmm/dev/uart16550.h>
#include <vmm/dev/virtio_slots.h>

static const struct {
    const struct dev_model *model;
    uint64_t gpa;
    uint32_t irq;
} device[MACHINE_DEVICES] = {
    {&plic_model, 0xc000000, 0},
    {&uart16550_model, 0x10000000, 10},
    {&goldfish_rtc_model, 0x101000, 11},
    {&syscon_model, 0x100000, 0},
    {&virtio_slots_model, 0x10001000, 0},
};

#define DEVICE_PLIC 0u
#define DEVICE_UART 1u

#define NS_PER_S UINT64_C(1000000000)

/* Sections of the arena: the machine, the console, then one for each device. */
enum section {
    SECTION_MACHINE,
    SECTION_CONSOLE,
    SECTION_DEVICE,
    SECTIONS = SECTION_DEVICE + MACHINE_DEVICES,
};

_Static_assert(SECTIONS <= ARENA_SECTIONS_MAX && MACHINE_DEVICES <= BUS_REGIONS_MAX &&
                   MACHINE_DEVICES <= 32,
               "each device has a section of the arena, a bit, and may have a region of the bus");

static void wants_fill(struct arena_want wants[SECTIONS])
{
    wants[SECTION_MACHINE] = (struct arena_want){"machine", 2, sizeof(struct machine_state)};
    wants[SECTION_CONSOLE] = (struct arena_want){"console", 1, sizeof(struct console_state)};
    for (uint32_t i = 0; i < MACHINE_DEVICES; i++)
        wants[SECTION_DEVICE + i] = (struct arena_want){
            device[i].model->name, device[i].model->state_version, device[i].model->state_bytes};
}

uint64_t machine_arena_bytes(uint32_t hart_count)
{
    struct arena_want wants[SECTIONS];
    const struct arena_shape shape = {wants, SECTIONS, hart_count};

    wants_fill(wants);
    return arena_size_needed(&shape);
}

/* ---- The machine's services for devices (struct dev_host) ---- */

static void host_irq(void *opaque, uint32_t source, bool is_high)
{
    struct machine *machine = opaque;
    plic_input(&machine->dev[DEVICE_PLIC], source, is_high);
}

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

const struct dev_ctx *machine_uart(const struct machine *machine)
{
    return &machine->dev[DEVICE_UART];
}

/* ---- Set-up ---- */

static enum err handle_build(struct machine *machine)
{
    machine->state = arena_section(&machine->arena, SECTION_MACHINE);
    machine->console = (struct console){
        .log = &machine->log,
        .state = arena_section(&machine->arena, SECTION_CONSOLE),
        .port = &machine->config.console,
    };
    machine->host = (struct dev_host){
        .opaque = machine, .irq = host_irq, .wall_ns = host_wall_ns, .power = host_power};
    machine->bus.region_count = 0;
    for (uint32_t i = 0; i < MACHINE_DEVICES; i++) {
        machine->dev[i] = (struct dev_ctx){
            .model = device[i].model,
            .log = &machine->log,
            .state = arena_section(&machine->arena, SECTION_DEVICE + i),
            .console = &machine->console,
            .host = &machine->host,
            .gpa = device[i].gpa,
            .irq = device[i].irq,
            .hart_count = machine->config.hart_count,
            .due_bit = UINT32_C(1) << i,
        };
        machine->notified |= device[i].model->notify ? machine->dev[i].due_bit : 0;
        machine->timed |= device[i].model->deadline_ns ? machine->dev[i].due_bit : 0;
        enum err err = bus_add(&machine->bus, &machine->dev[i]);
        if (err)
            return err;
    }
    return OK;
}

enum err machine_init(struct machine *machine, const struct board_config *config,
                      void *arena_memory, uint64_t arena_bytes, bool *is_taken_over)
{
    struct arena_want wants[SECTIONS];
    const struct arena_shape shape = {wants, SECTIONS, config->hart_count};
    enum err err;

    if (config->hart_count == 0 || config->hart_count > GUEST_HARTS_MAX)
        return ERR_INVALID_ARG;
    *machine = (struct machine){.config = *config};
    wants_fill(wants);
    err = arena_attach(&machine->arena, arena_memory, arena_bytes, &shape);
    *is_taken_over = err == OK && arena_rollback(&machine->arena) == OK;
    if (!*is_taken_over) {
        err = arena_format(&machine->arena, arena_memory, arena_bytes, &shape);
        if (err)
            return err;
    }
    arena_log(&machine->arena, 0, &machine->log);
    err = handle_build(machine);
    /* The last VMM may have died after it committed taken input, but before the release. */
    if (!err && *is_taken_over)
        console_release(&machine->console);
    machine_all_due(machine);
    machine->deadline_ticks = UINT64_MAX;
    return err;
}

/* ---- Boot ---- */

static void devices_reset(struct machine *machine)
{
    for (uint32_t i = 0; i < MACHINE_DEVICES; i++) {
        const struct dev_ctx *dev = &machine->dev[i];
        memset(dev->state, 0, dev->model->state_bytes);
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
        guestmem_zero(&config->ram);
    machine->state->is_ram_dirty = 1;
    enum err err = image_load(plan, &config->ram, config->kernel, config->kernel_bytes,
                              config->initrd, config->initrd_bytes);
    if (!err)
        err = guestmem_at(&config->ram, plan->dtb_gpa, IMAGE_DTB_BYTES, &dtb);
    if (!err)
        err = fdt_build(machine, plan, dtb, IMAGE_DTB_BYTES);
    return err;
}

/*
 * Not a transaction: more changes than the log can keep.  If the VMM dies in between, is_booting
 * is set, and the next VMM boots again with the same result.
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
    __atomic_store_n(&state->is_booting, 1, __ATOMIC_SEQ_CST);
    err = ram_fill(machine, &plan);
    if (err)
        return err;
    devices_reset(machine);
    harts_reset(machine, &plan);
    state->power = DEV_POWER_RUN;
    state->power_code = 0;
    state->boot_count++;
    machine_all_due(machine);
    __atomic_store_n(&state->is_booting, 0, __ATOMIC_SEQ_CST);
    return OK;
}

/* ---- Running ---- */

/* Not inlined, as the next ones: an exit seldom needs all three, and each would save registers. */
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

    for (uint32_t i = 0; i < MACHINE_DEVICES; i++) {
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

ATTR_NOINLINE void machine_sync_irq(struct machine *machine, uint32_t hart)
{
    uint64_t *irq = &machine_page(machine, hart)->irq;
    bool is_wanted = plic_output(&machine->dev[DEVICE_PLIC], PLIC_CONTEXT_S(hart));
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
    if (machine->host.due & machine->dev[DEVICE_PLIC].due_bit)
        machine_sync_irq(machine, hart);
    if (machine->host.due & machine->timed)
        machine->deadline_ticks = machine_deadline_ticks(machine);
    machine->host.due = 0;
}
