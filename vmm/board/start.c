/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/board/start.h>

#include <string.h>

#include <proto/console.h>
#include <rt/bootinfo.h>
#include <vmm/boot/isa.h>

#define PAGE_BYTES UINT64_C(4096)

static bool start_is_aligned(const struct vmm_start *start)
{
    uint64_t all = start->ram_gpa | start->ram_address | start->ram_bytes | start->arena_address |
                   start->state_address | start->kernel_address | start->initrd_address |
                   start->console_address;
    return all % PAGE_BYTES == 0;
}

static void *start_pointer(uint64_t address)
{
    return (void *)(uintptr_t)address;
}

enum err start_config(const struct vmm_start *start, uint64_t timebase_hz, struct board_config *out)
{
    if (start->version != VMM_START_VERSION ||
        !memchr(start->bootargs, '\0', sizeof start->bootargs) ||
        !memchr(start->isa, '\0', sizeof start->isa) || !isa_mmu_type(start->satp_mode))
        return ERR_FORMAT;
    if (start->vcpu_count != 1)
        return ERR_NOT_SUPPORTED;
    if (!start_is_aligned(start))
        return ERR_ALIGN;
    if (start->ram_bytes == 0 || start->ram_gpa + start->ram_bytes < start->ram_gpa ||
        (start->console_bytes != 0 && start->console_bytes < CONSOLE_REGION_BYTES))
        return ERR_RANGE;

    *out = (struct board_config){
        .ram = {start->ram_gpa, start->ram_bytes, start_pointer(start->ram_address)},
        .hart_count = start->vcpu_count,
        .isa_extensions =
            (start->features & BOOT_FEATURE_SSTC ? ISA_SSTC : 0) | isa_stateless(start->isa),
        .satp_mode = start->satp_mode,
        .timebase_hz = timebase_hz,
        .kernel = start_pointer(start->kernel_address),
        .kernel_bytes = start->kernel_bytes,
        .initrd = start_pointer(start->initrd_address),
        .initrd_bytes = start->initrd_bytes,
        .bootargs = start->bootargs,
        .page = {start_pointer(start->state_address)},
    };
    memcpy(out->rng_seed, start->guest_seed, sizeof out->rng_seed);
    enum err err = board_start(out);
    return err ? err : board_add_defaults(out);
}

uint32_t start_connections(const struct vmm_start *start,
                           struct record_connection out[RECORD_CONNECTIONS_MAX])
{
    uint64_t at = start->console_address;

    if (start->console_bytes == 0)
        return 0;
    out[0] = (struct record_connection){
        .device = "uart16550",
        .out = {start_pointer(at + CONSOLE_OUTPUT_SHARED), start_pointer(at + CONSOLE_OUTPUT_DATA),
                CONSOLE_OUTPUT_BYTES},
        .in = {start_pointer(at + CONSOLE_INPUT_SHARED), start_pointer(at + CONSOLE_INPUT_DATA),
               CONSOLE_INPUT_BYTES},
        .signal_slot = start->console_slot,
    };
    return 1;
}

struct record_process start_process(const struct vmm_start *start)
{
    return (struct record_process){
        .arena = start_pointer(start->arena_address),
        .arena_bytes = start->arena_bytes,
        .restart_count = start->starts,
        .vcpu_slot = start->vcpu_slot,
    };
}
