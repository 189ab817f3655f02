/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/board/record.h>

#include <stdio.h>
#include <string.h>

#include <rt/bootinfo.h>
#include <vmm/boot/isa.h>

#define PAGE_BYTES UINT64_C(4096)

static void *record_pointer(uint64_t address)
{
    return (void *)(uintptr_t)address;
}

/* A mapped range; an address that is not page-aligned is ERR_ALIGN. */
static MUST_CHECK record_memory(const struct start_table *table, const char *name,
                                struct start_entry *out)
{
    enum err err = start_table_find(table, START_MEMORY, name, out);

    if (!err && out->address % PAGE_BYTES)
        return ERR_ALIGN;
    return err;
}

static MUST_CHECK record_ram(const struct start_table *table, struct board_config *out)
{
    struct start_entry ram;
    enum err err = record_memory(table, "guest.ram", &ram);

    if (err)
        return err;
    if ((ram.value | ram.bytes) % PAGE_BYTES)
        return ERR_ALIGN;
    if (ram.bytes == 0 || ram.value + ram.bytes < ram.value)
        return ERR_RANGE;
    out->ram = (struct guestmem){ram.value, ram.bytes, record_pointer(ram.address)};
    return OK;
}

/* Kernel and initial RAM disk. A guest may have no RAM disk. */
static MUST_CHECK record_files(const struct start_table *table, struct board_config *out)
{
    struct start_entry kernel, initrd = {0};
    enum err err = record_memory(table, "guest.kernel", &kernel);

    if (err)
        return err;
    err = record_memory(table, "guest.initrd", &initrd);
    if (err && err != ERR_NOT_FOUND)
        return err;
    out->kernel = record_pointer(kernel.address);
    out->kernel_bytes = kernel.bytes;
    out->initrd = record_pointer(initrd.address);
    out->initrd_bytes = initrd.bytes;
    return OK;
}

static MUST_CHECK record_harts(const struct start_table *table, struct board_config *out)
{
    struct start_entry state, second;
    uint64_t satp_mode, features;
    const char *isa;
    enum err err = record_memory(table, "guest.state", &state);

    err = err ? err : start_table_number(table, "guest.satp-mode", &satp_mode);
    err = err ? err : start_table_number(table, "guest.features", &features);
    err = err ? err : start_table_text(table, "guest.isa", &isa);
    if (err)
        return err;
    if (satp_mode > UINT32_MAX || !isa_mmu_type((uint32_t)satp_mode))
        return ERR_FORMAT;
    if (start_table_find(table, START_SLOT, "guest.vcpu.1", &second) == OK)
        return ERR_NOT_SUPPORTED;
    out->hart_count = 1;
    out->page[0] = record_pointer(state.address);
    out->satp_mode = (uint32_t)satp_mode;
    out->isa_extensions = (features & BOOT_FEATURE_SSTC ? ISA_SSTC : 0) | isa_stateless(isa);
    return OK;
}

static MUST_CHECK record_texts(const struct start_table *table, struct board_config *out)
{
    const void *seed;
    size_t bytes;
    enum err err = start_table_text(table, "guest.bootargs", &out->bootargs);

    err = err ? err : start_table_data(table, "guest.seed", &seed, &bytes);
    if (err)
        return err;
    if (bytes != sizeof out->rng_seed)
        return ERR_FORMAT;
    memcpy(out->rng_seed, seed, sizeof out->rng_seed);
    return OK;
}

static MUST_CHECK record_devices(const struct start_table *table, struct board_config *out)
{
    uint64_t count;
    enum err err = board_start(out);

    if (err)
        return err;
    err = start_table_number(table, "guest.devices", &count);
    if (err == ERR_NOT_FOUND)
        return board_add_defaults(out);
    for (uint64_t i = 0; !err && i < count; i++) {
        char key[START_NAME_BYTES];
        const char *name;
        if (i >= BOARD_DEVICES_MAX)
            return ERR_NO_SLOT;
        snprintf(key, sizeof key, "guest.device.%u", (unsigned)i);
        err = start_table_text(table, key, &name);
        err = err ? err : board_add(out, name);
    }
    return err;
}

enum err record_config(const struct start_table *table, uint64_t timebase_hz,
                       struct board_config *out)
{
    *out = (struct board_config){.timebase_hz = timebase_hz};
    enum err err = record_ram(table, out);
    err = err ? err : record_files(table, out);
    err = err ? err : record_harts(table, out);
    err = err ? err : record_texts(table, out);
    return err ? err : record_devices(table, out);
}

enum err record_process(const struct start_table *table, struct record_process *out)
{
    struct start_entry arena, vcpu;
    uint64_t restart_count;
    enum err err = record_memory(table, "guest.arena", &arena);

    err = err ? err : start_table_find(table, START_SLOT, "guest.vcpu.0", &vcpu);
    err = err ? err : start_table_number(table, "restarts", &restart_count);
    if (err)
        return err;
    *out = (struct record_process){
        .arena = record_pointer(arena.address),
        .arena_bytes = arena.bytes,
        .restart_count = restart_count,
        .vcpu_slot = vcpu.slot,
    };
    return OK;
}

/* A ring of bytes of connection `use`. */
static MUST_CHECK record_ring(const struct start_table *table, unsigned use, const char *ring,
                              struct stream_ring_place *out)
{
    char name[START_NAME_BYTES];
    struct start_entry entry;

    snprintf(name, sizeof name, "use.%u.ring.%s", use, ring);
    enum err err = start_table_find(table, START_RING, name, &entry);
    if (err)
        return err;
    if (entry.bytes >> 32 != 1)
        return ERR_FORMAT;
    *out = (struct stream_ring_place){record_pointer(entry.address), record_pointer(entry.value),
                                      (uint32_t)entry.bytes};
    return OK;
}

static MUST_CHECK record_connection(const struct start_table *table, unsigned use,
                                    struct record_connection *out)
{
    char name[START_NAME_BYTES];
    struct start_entry entry;

    snprintf(name, sizeof name, "use.%u", use);
    enum err err = start_table_find(table, START_CONNECTION, name, &entry);
    snprintf(name, sizeof name, "use.%u.device", use);
    err = err ? err : start_table_text(table, name, &out->device);
    if (err)
        return err;
    out->signal_slot = entry.slot;
    out->use = use;
    err = record_ring(table, use, "output", &out->out);
    err = err ? err : record_ring(table, use, "input", &out->in);
    return err == ERR_NOT_FOUND ? ERR_FORMAT : err;
}

enum err record_connections(const struct start_table *table,
                            struct record_connection out[RECORD_CONNECTIONS_MAX], uint32_t *count)
{
    uint32_t found = 0;

    for (unsigned use = 0; use < RECORD_CONNECTIONS_MAX; use++) {
        enum err err = record_connection(table, use, &out[found]);
        if (err == OK)
            found++;
        else if (err != ERR_NOT_FOUND)
            return err;
    }
    *count = found;
    return OK;
}
