/* SPDX-License-Identifier: BSD-2-Clause */
#include "attempts.h"

#include <rt/rt_start_table.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <abi/bootinfo.h>
#include <rt/rt_access.h>

static volatile uint64_t sink;

static void read_at(uint64_t address)
{
    sink = *(volatile uint64_t *)(uintptr_t)address;
}

static void write_at(uint64_t address)
{
    *(volatile uint64_t *)(uintptr_t)address = sink;
}

static void run_at(uint64_t address)
{
    __asm__ volatile("fence.i\n\tjalr %0" ::"r"(address) : "ra", "memory");
}

static uint64_t stack_address(void)
{
    return (uint64_t)(uintptr_t)__builtin_frame_address(0);
}

/* `ret` in writable memory, which must not be executable. */
static uint32_t data_insn[2] = { 0x00008067, 0 };

static void read_null(const struct vmm_start *start) { (void)start; read_at(0); }
static void read_kernel(const struct vmm_start *start) { (void)start; read_at(0xffffffff80000000); }
static void write_kernel(const struct vmm_start *start)
{
    (void)start;
    write_at(0xffffffff80000000);
}
static void run_kernel(const struct vmm_start *start) { (void)start; run_at(0xffffffff80000000); }
static void read_physical(const struct vmm_start *start)
{
    (void)start;
    read_at(0xffffffc080000000);
}
static void read_root(const struct vmm_start *start) { (void)start; read_at(BOOTINFO_ADDRESS); }
static void write_text(const struct vmm_start *start)
{
    (void)start;
    write_at((uint64_t)(uintptr_t)&read_null & ~UINT64_C(7));
}
static void write_start(const struct vmm_start *start)
{
    (void)start;
    write_at((uint64_t)(uintptr_t)rt_start_table()->record);
}
static void write_image(const struct vmm_start *start) { write_at(start->kernel_address); }
static void run_data(const struct vmm_start *start)
{
    (void)start;
    run_at((uint64_t)(uintptr_t)data_insn);
}
static void run_guest_ram(const struct vmm_start *start)
{
    memcpy((void *)(uintptr_t)start->ram_address, data_insn, sizeof(data_insn));
    run_at(start->ram_address);
}
static void read_past_ram(const struct vmm_start *start)
{
    read_at(start->ram_address + start->ram_bytes);
}

/* Writes down from the stack until a fault: the guard page comes before any other mapping. */
static void overrun_stack(const struct vmm_start *start)
{
    uint64_t at = stack_address();

    (void)start;
    for (uint64_t step = 0; step < 1u << 20; step++)
        write_at((at & ~UINT64_C(7)) - step * 8);
}

static void read_supervisor_csr(const struct vmm_start *start)
{
    (void)start;
    __asm__ volatile("csrr t0, sstatus" ::: "t0");
}

static void load_as_guest(const struct vmm_start *start)
{
    (void)start;
    __asm__ volatile("li a0, 0x80000000\n\t.word 0x6c054573" ::: "a0"); /* hlv.d a0, (a0) */
}

static void wait_for_interrupt(const struct vmm_start *start)
{
    (void)start;
    __asm__ volatile("wfi");
}

static void read_cycle(const struct vmm_start *start)
{
    (void)start;
    __asm__ volatile("rdcycle t0" ::: "t0");
}

/* The copy survives every address that the probe cannot access, and says so. */
static void copy_foreign(const struct vmm_start *start)
{
    uint64_t own = 0, own_most = UINT64_C(1) << 38;
    const uint64_t foreign[] = { 0, 0xffffffff80000000, 0xffffffc080000000, own_most,
                                 start->ram_address + start->ram_bytes - 7 };
    char *image = (char *)(uintptr_t)start->kernel_address; /* mapped for reading */

    for (unsigned i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        if (rt_copy_in(&own, (const void *)(uintptr_t)foreign[i], 8) != ERR_PEER_DIED ||
            rt_copy_out((void *)(uintptr_t)foreign[i], &own, 8) != ERR_PEER_DIED)
            return;
    }
    if (rt_copy_in(&own, image, 8) == OK && rt_copy_out(image, &own, 8) == ERR_PEER_DIED)
        printf("copies refused\n");
}

/* Of the copy's two sides only the client's may fault. */
static void copy_to_null(const struct vmm_start *start)
{
    if (rt_copy_in(NULL, start, 8) == ERR_PEER_DIED)
        printf("a fault of our own\n");
}

static void copy_from_null(const struct vmm_start *start)
{
    if (rt_copy_out((void *)(uintptr_t)start->ram_address, NULL, 8) == ERR_PEER_DIED)
        printf("a fault of our own\n");
}

extern const uint32_t probe_loads[], probe_loads_end[]; /* loads.S */

/* Loads from address 0 with the instruction at the address behind the attempt's name, which is in
 * the recovery range of another process and not of this one. */
static void load_in_foreign_range(const struct vmm_start *start)
{
    const char *word = strchr(start->bootargs, ' ');
    uint64_t at = word == NULL ? 0 : strtoull(word, NULL, 16);

    if (at % sizeof *probe_loads != 0 || at < (uint64_t)(uintptr_t)probe_loads ||
        at >= (uint64_t)(uintptr_t)probe_loads_end)
        printf("no load is at %s\n", start->bootargs);
    else
        __asm__ volatile("li a0, 0\n\tjalr %0" ::"r"(at) : "ra", "a0", "t0", "memory");
}

static const struct {
    const char *name;
    void (*make)(const struct vmm_start *start);
} attempts[] = {
    { "read-null", read_null },         { "read-kernel", read_kernel },
    { "write-kernel", write_kernel },   { "run-kernel", run_kernel },
    { "read-physical", read_physical }, { "read-root", read_root },
    { "write-text", write_text },       { "write-start", write_start },
    { "write-image", write_image },     { "run-data", run_data },
    { "run-guest-ram", run_guest_ram }, { "read-past-ram", read_past_ram },
    { "overrun-stack", overrun_stack }, { "read-csr", read_supervisor_csr },
    { "load-as-guest", load_as_guest }, { "wait", wait_for_interrupt },
    { "read-cycle", read_cycle },       { "copy-foreign", copy_foreign },
    { "copy-to-null", copy_to_null },   { "copy-from-null", copy_from_null },
    { "load-in-range", load_in_foreign_range },
};

bool attempt(const char *name, const struct vmm_start *start)
{
    size_t length = strcspn(name, " ");

    for (unsigned i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        if (strlen(attempts[i].name) == length && memcmp(attempts[i].name, name, length) == 0) {
            attempts[i].make(start);
            return true;
        }
    }
    return false;
}
