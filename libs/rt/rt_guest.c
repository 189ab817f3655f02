/* SPDX-License-Identifier: BSD-2-Clause */
#include <rt/rt_guest.h>

#include <string.h>

/* The first error is kept; later reads then do nothing. */
struct guest_reader {
    const struct start_table *table;
    enum err err;
};

static struct start_entry guest_entry(struct guest_reader *r, enum start_kind kind,
                                      const char *name)
{
    struct start_entry entry = {0};

    if (r->err == OK)
        r->err = start_table_find(r->table, kind, name, &entry);
    return entry;
}

static void guest_memory(struct guest_reader *r, const char *name, uint64_t *address,
                         uint64_t *bytes)
{
    struct start_entry entry = guest_entry(r, START_MEMORY, name);

    *address = entry.address;
    if (bytes != NULL)
        *bytes = entry.bytes;
}

static void guest_text(struct guest_reader *r, const char *name, char *to, size_t bytes)
{
    const char *text = "";

    if (r->err == OK)
        r->err = start_table_text(r->table, name, &text);
    if (r->err == OK && strlen(text) >= bytes)
        r->err = ERR_FORMAT;
    if (r->err == OK)
        strcpy(to, text);
}

static void guest_seed(struct guest_reader *r, uint8_t to[GUEST_SEED_BYTES])
{
    const void *seed;
    size_t bytes = 0;

    if (r->err == OK)
        r->err = start_table_data(r->table, "guest.seed", &seed, &bytes);
    if (r->err == OK && bytes != GUEST_SEED_BYTES)
        r->err = ERR_FORMAT;
    if (r->err == OK)
        memcpy(to, seed, GUEST_SEED_BYTES);
}

/* A guest need not have an initrd. */
static void guest_initrd(struct guest_reader *r, struct vmm_start *out)
{
    guest_memory(r, "guest.initrd", &out->initrd_address, &out->initrd_bytes);
    if (r->err == ERR_NOT_FOUND)
        r->err = OK;
}

MUST_CHECK rt_guest_read(const struct start_table *table, struct vmm_start *out)
{
    struct guest_reader r = {.table = table};

    *out = (struct vmm_start){.vcpu_count = 1};
    out->ram_gpa = guest_entry(&r, START_MEMORY, "guest.ram").value;
    guest_memory(&r, "guest.ram", &out->ram_address, &out->ram_bytes);
    guest_memory(&r, "guest.arena", &out->arena_address, &out->arena_bytes);
    guest_memory(&r, "guest.state", &out->state_address, NULL);
    guest_memory(&r, "guest.kernel", &out->kernel_address, &out->kernel_bytes);
    if (r.err == OK)
        guest_initrd(&r, out);
    out->vcpu_slot = guest_entry(&r, START_SLOT, "guest.vcpu.0").slot;
    out->satp_mode = (uint32_t)guest_entry(&r, START_NUMBER, "guest.satp-mode").value;
    out->features = guest_entry(&r, START_NUMBER, "guest.features").value;
    out->starts = (uint32_t)guest_entry(&r, START_NUMBER, "restarts").value;
    guest_seed(&r, out->guest_seed);
    guest_text(&r, "guest.name", out->guest_name, sizeof out->guest_name);
    guest_text(&r, "guest.bootargs", out->bootargs, sizeof out->bootargs);
    guest_text(&r, "guest.isa", out->isa, sizeof out->isa);
    return r.err;
}
