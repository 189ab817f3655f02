/* SPDX-License-Identifier: BSD-2-Clause */
/* The VMM's process: takes over its guest, or starts it, and runs it to its end. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <base/attr.h>
#include <proto/process_start.h>
#include <rt/rt.h>
#include <rt/rt_start_table.h>
#include <rt/rt_use.h>
#include <vmm/board/machine.h>
#include <vmm/board/record.h>
#include <vmm/io/stream_ring.h>
#include <vmm/calls.h>
#include <vmm/vcpu/vcpu_loop.h>

#define NS_PER_S UINT64_C(1000000000)

/*
 * Without a real-time clock the guest's time starts at 1970 when the machine starts.
 * clock_gettime() would cost four times as much, because the call goes through the C library.
 */
static uint64_t wall_ns(void *opaque)
{
    uint64_t hz = rt_timebase_hz(), ticks = rt_time_ticks();
    (void)opaque;

    return rt_realtime_ns() + ticks / hz * NS_PER_S + ticks % hz * NS_PER_S / hz;
}

static uint64_t time_ticks(void *opaque)
{
    (void)opaque;
    return rt_time_ticks();
}

static _Noreturn void vmm_give_up(const struct calls *calls, enum report_failure why,
                                  uint64_t detail)
{
    calls_report(calls, REPORT_FAILED, why, detail);
    calls_end(calls);
}

/* The guest's state was left by a VMM of another version, and there is no way to convert it. */
static _Noreturn void vmm_refuse(const struct calls *calls, const struct takeover_problem *problem)
{
    fprintf(stderr, "the state of %s has version %" PRIu32 ", this VMM reads version %" PRIu32 "\n",
            problem->name, problem->found, problem->wanted);
    vmm_give_up(calls, REPORT_FAILURE_STATE, (uint64_t)problem->found << 32 | problem->wanted);
}

/* The connections of the guest.  They live until the process is destroyed. */
struct connections {
    struct stream_ring rings[RECORD_CONNECTIONS_MAX];
    struct calls_peer peer[RECORD_CONNECTIONS_MAX];
};

/* What the start record says. */
struct given {
    struct board_config config;
    struct record_process process;
    struct record_connection connection[RECORD_CONNECTIONS_MAX];
    uint32_t connection_count;
};

static enum err vmm_read(struct given *given)
{
    const struct start_table *table = rt_start_table();

    enum err err = record_config(table, rt_timebase_hz(), &given->config);
    err = err ? err : record_process(table, &given->process);
    return err ? err : record_connections(table, given->connection, &given->connection_count);
}

/* The control region, and the signal to the root server. */
static enum err vmm_control_find(struct calls *calls)
{
    const struct start_table *table = rt_start_table();
    struct rt_memory down, up;
    uint32_t root = 0;

    enum err err = rt_memory_find(table, CONTROL_ENTRY_DOWN, &down);
    err = err ? err : rt_memory_find(table, CONTROL_ENTRY_UP, &up);
    err = err ? err : rt_slot_find(table, CONTROL_ENTRY_ROOT, &root);
    if (err)
        return err;
    calls->down = (const struct control_down *)(uintptr_t)down.address;
    calls->up = (struct control_up *)(uintptr_t)up.address;
    calls->root = cap_at(root);
    return OK;
}

/* Attaches the rings of each connection and connects the port of its device. */
static enum err vmm_connect(struct connections *connections, const struct calls *calls,
                            struct given *given)
{
    enum err err = OK;

    for (uint32_t i = 0; !err && i < given->connection_count; i++) {
        const struct record_connection *wanted = &given->connection[i];
        struct stream_ring *rings = &connections->rings[i];
        struct calls_peer *peer = &connections->peer[i];
        peer->wake = cap_at(wanted->signal_slot);
        err = stream_ring_attach(rings, &wanted->out, &wanted->in,
                                 &calls->down->used_state[wanted->use], peer, calls_peer_signal);
        if (err)
            return err;
        const struct stream_port port = stream_ring_port(rings);
        err = board_connect(&given->config, wanted->device, &port);
    }
    return err;
}

/* 1 + the used connection of the firmware's text stream; 0: the stream has none. */
static uint32_t vmm_text_use(const struct machine *machine, const struct connections *connections,
                             const struct given *given)
{
    for (uint32_t i = 0; i < given->connection_count; i++)
        if (machine->text.port->opaque == &connections->rings[i])
            return 1 + given->connection[i].use;
    return 0;
}

/* Takes the machine over from the last VMM, or boots it. */
static ATTR_NOINLINE void vmm_machine_set_up(struct machine *machine,
                                             struct connections *connections, struct calls *calls)
{
    struct given given;
    bool is_taken_over = false;

    enum err err = vmm_read(&given);
    err = err ? err : vmm_control_find(calls);
    err = err ? err : vmm_connect(connections, calls, &given);
    if (err)
        vmm_give_up(calls, REPORT_FAILURE_START_RECORD, err);
    calls->vcpu = cap_at(given.process.vcpu_slot);
    given.config.vcpu = calls_vcpu(calls);
    given.config.wall_ns = wall_ns;
    given.config.time_ticks = time_ticks;
    given.config.pace = (struct pace){calls, calls_pace};
    err = machine_init(machine, &given.config, given.process.arena, given.process.arena_bytes,
                       &is_taken_over);
    if (err == ERR_FORMAT)
        vmm_refuse(calls, &machine->problem);
    if (err)
        vmm_give_up(calls, REPORT_FAILURE_START_RECORD, err);
    calls->text_use = vmm_text_use(machine, connections, &given);
    /* Without the old state, the RAM is known to be clean only at the guest's first start. */
    if (!is_taken_over)
        machine->state->is_ram_dirty = given.process.restart_count != 0;
    if (!machine_must_boot(machine))
        return;
    err = machine_boot(machine);
    if (err)
        vmm_give_up(calls, REPORT_FAILURE_KERNEL, err);
}

/*
 * Not inlined, and `calls` is a copy in the frame. So a register holds the machine's address, and
 * one instruction loads a capability.
 */
static ATTR_NOINLINE struct vcpu_loop_result vmm_run(struct machine *machine, struct calls calls)
{
    static const struct vcpu_loop_ops ops = {calls_run, calls_poll, calls_wait,
                                             calls_wait_text, calls_rebooted};

    return vcpu_loop(machine, 0, &ops, &calls);
}

int main(void)
{
    /* These objects point at one another.  They live until the process is destroyed. */
    struct calls calls = {.wake = cap_at(PROCESS_SLOT_WAKE), .parent = cap_at(PROCESS_SLOT_PARENT)};
    struct connections connections;
    struct machine machine;

    vmm_machine_set_up(&machine, &connections, &calls);
    struct vcpu_loop_result result = vmm_run(&machine, calls);
    switch (result.end) {
    case VCPU_LOOP_POWERED_OFF:
        calls_report(&calls, REPORT_POWERED_OFF, 0, 0);
        calls_end(&calls);
    case VCPU_LOOP_GUEST_FAILED:
        vmm_give_up(&calls, REPORT_FAILURE_SYSTEM, result.detail);
    case VCPU_LOOP_ALL_STOPPED:
        vmm_give_up(&calls, REPORT_FAILURE_STOPPED, 0);
    case VCPU_LOOP_BOOT_FAILED:
        vmm_give_up(&calls, REPORT_FAILURE_KERNEL, result.detail);
    case VCPU_LOOP_VCPU_FAILED:
        break;
    }
    vmm_give_up(&calls, REPORT_FAILURE_VCPU, result.detail);
}
