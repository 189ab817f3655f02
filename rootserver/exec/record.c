/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/exec/record.h>

#include <string.h>

#include <proto/console.h>
#include <proto/console_start.h>
#include <proto/process_start.h>
#include <proto/vmm_start.h>

_Static_assert(sizeof(struct process_start) + sizeof(struct vmm_start) <= RECORD_BYTES &&
                   sizeof(struct process_start) + sizeof(struct console_start) <= RECORD_BYTES,
               "a record is one page");

static size_t record_vmm_part(const struct plan_input *in, const struct plan *plan,
                              const struct plan_process *p, struct random_source *random,
                              uint8_t *to)
{
    const struct system_guest *g = &in->system->guest[p->guest];
    bool has_console = plan->has_console && plan->region[p->guest] != 0;
    struct vmm_start s = {
        .version = VMM_START_VERSION,
        .vcpu_count = 1,
        .features = in->boot->features,
        .ram_gpa = GUEST_RAM_GPA,
        .ram_address = p->ram_address,
        .ram_bytes = p->ram_bytes,
        .arena_address = LAYOUT_ARENA,
        .arena_bytes = LAYOUT_ARENA_PAGES * UINT64_C(4096),
        .state_address = LAYOUT_STATE,
        .kernel_address = p->kernel_address,
        .kernel_bytes = p->kernel_bytes,
        .initrd_address = p->initrd_address,
        .initrd_bytes = p->initrd_bytes,
        .console_address = has_console ? plan_region_address(p->guest) : 0,
        .console_bytes = has_console ? CONSOLE_REGION_BYTES : 0,
        .vcpu_slot = PROCESS_SLOT_ROLE,
        .console_slot = has_console ? PROCESS_SLOT_ROLE + 1 : 0,
        .satp_mode = p->satp_mode,
    };

    random_fill(random, s.guest_seed, sizeof s.guest_seed);
    memcpy(s.guest_name, g->name, sizeof g->name);
    memcpy(s.bootargs, g->bootargs, sizeof g->bootargs);
    memcpy(s.isa, in->machine->isa, sizeof in->machine->isa);
    memcpy(to, &s, sizeof s);
    return sizeof s;
}

static size_t record_console_part(const struct plan_input *in, const struct record_common *common,
                                  uint8_t *to)
{
    const struct machine_config *m = in->machine;
    struct console_start s = {
        .version = CONSOLE_START_VERSION,
        .client_count = in->system->guest_count,
        .uart_address = LAYOUT_DEVICE + m->uart.address % 4096,
        .uart_reg_shift = m->uart_reg_shift,
        .uart_io_width = m->uart_io_width,
        .control_address = plan_region_address(GUESTS_MAX),
        .restart_count = common->restart_count,
    };

    for (unsigned i = 0; i < in->system->guest_count; i++) {
        memcpy(s.client[i].name, in->system->guest[i].name, NAME_BYTES);
        s.client[i].region_address = plan_region_address(i);
    }
    memcpy(to, &s, sizeof s);
    return sizeof s;
}

void record_make(const struct plan_input *in, const struct plan *plan, unsigned index,
                 const struct record_common *common, struct random_source *random,
                 uint8_t to[RECORD_BYTES])
{
    const struct plan_process *p = &plan->process[index];
    struct process_start start = {
        .magic = PROCESS_START_MAGIC,
        .version = PROCESS_START_VERSION,
        .timebase_hz = common->timebase_hz,
        .realtime_ns = common->realtime_ns,
        .heap_address = LAYOUT_HEAP,
        .heap_bytes = LAYOUT_HEAP_PAGES * UINT64_C(4096),
        .role_offset = sizeof start,
        .restart_count = common->restart_count,
        .entry_offset = sizeof start,
    };
    size_t role = p->role == PLAN_ROLE_VMM ? record_vmm_part(in, plan, p, random, to + sizeof start)
                                           : record_console_part(in, common, to + sizeof start);

    start.role_bytes = (uint32_t)role;
    start.bytes = (uint32_t)(sizeof start + role);
    start.data_offset = start.bytes;
    memcpy(start.name, p->name, sizeof start.name);
    random_fill(random, start.entropy, sizeof start.entropy);
    memcpy(to, &start, sizeof start);
}
