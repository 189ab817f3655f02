/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes what outlives the VMM of a guest. */
#include <rootserver/plan/build.h>

#include <inttypes.h>

#include <cpio/cpio.h>
#include <rootserver/parse/image.h>

#define MIB         (UINT64_C(1) << 20)
#define PAGE        UINT64_C(4096)
#define GIB_BITS    30
#define BIG_BITS    21
#define OTHER_PAGES (LAYOUT_ARENA_PAGES + 1) /* arena and state page */
/* Frames made by one call: zeroing them takes time, and the root server looks at messages between
 * two groups of actions. */
#define BIG_AT_ONCE 64u
#define GIB_AT_ONCE 2u

static unsigned guest_frame_bits(unsigned chunk_bits)
{
    return chunk_bits >= GIB_BITS ? GIB_BITS : BIG_BITS;
}

static unsigned guest_chunk_frames(const struct plan_chunk *chunk)
{
    return 1u << (chunk->bits - guest_frame_bits(chunk->bits));
}

unsigned build_ram_frames(const struct plan_guest *guest)
{
    unsigned frames = 0;

    for (unsigned i = 0; i < guest->chunk_count; i++)
        frames += guest_chunk_frames(&guest->chunk[i]);
    return frames;
}

/* Takes the RAM as powers of two in descending order, so that each chunk is aligned in the guest
 * too. */
static void guest_ram_take(struct build *b, const struct system_guest *g, struct plan_guest *out)
{
    uint64_t left = g->memory_bytes;

    while (left > 0 && b->err == OK) {
        unsigned most = build_bits(left + 1) - 1;
        unsigned bits =
            memory_largest(&b->plan->memory, most < UNTYPED_BITS_MAX ? most : UNTYPED_BITS_MAX);
        if (bits < BIG_BITS || out->chunk_count == PLAN_CHUNKS_MAX) {
            build_fail(b, ERR_NO_MEMORY,
                       "its %" PRIu64 " MiB of memory do not fit: %" PRIu64
                       " MiB are left; give it less \"memory\"",
                       g->memory_bytes / MIB,
                       (memory_left(&b->plan->memory) + g->memory_bytes - left) / MIB);
            return;
        }
        out->chunk[out->chunk_count++] =
            (struct plan_chunk){.untyped = build_untyped(b, bits), .bits = (uint8_t)bits};
        left -= UINT64_C(1) << bits;
    }
}

/* Makes the RAM's frames, maps them for the guest, and keeps them in the guest's store. */
static void guest_ram_map(struct build *b, struct plan_guest *g, const struct build_store *store)
{
    uint64_t at = 0;

    for (unsigned i = 0; i < g->chunk_count; i++) {
        unsigned bits = guest_frame_bits(g->chunk[i].bits),
                 count = guest_chunk_frames(&g->chunk[i]);
        struct build_piece piece = {.untyped = g->chunk[i].untyped, .bits = g->chunk[i].bits};
        for (unsigned done = 0; done < count && b->err == OK;) {
            unsigned most = bits == GIB_BITS ? GIB_AT_ONCE : BIG_AT_ONCE;
            unsigned part = count - done < most ? count - done : most;
            struct build_frames frames = {.slot = b->plan->scratch_a, .count = part, .bits = bits};
            build_group_begin(b);
            build_objects(b, &piece, OBJ_FRAME, bits, part, frames.slot);
            build_map(b, frames, g->gspace, GUEST_RAM_GPA + at,
                      RIGHT_READ | RIGHT_WRITE | RIGHT_EXEC);
            build_keep(b, store, frames.slot, part);
            build_group_end(b);
            at += (uint64_t)part << bits;
            done += part;
        }
    }
}

void build_ram_share(struct build *b, unsigned guest, const struct build_store *with,
                     uint64_t address)
{
    const struct plan_guest *g = &b->plan->guest[guest];
    uint32_t index = g->ram_index;

    for (unsigned i = 0; i < g->chunk_count; i++) {
        struct build_frames frames = {.slot = index,
                                      .count = guest_chunk_frames(&g->chunk[i]),
                                      .bits = guest_frame_bits(g->chunk[i].bits),
                                      .cnode = g->store};
        build_share(b, frames, with, address, RIGHT_READ | RIGHT_WRITE);
        index += frames.count;
        address += UINT64_C(1) << g->chunk[i].bits;
    }
}

/* The mode that the configuration names, or the machine's largest mode if that is smaller. */
static uint32_t guest_satp_mode(struct build *b, unsigned guest)
{
    static const char *const names[] = {"sv39", "sv48", "sv57"};
    uint64_t features = b->in->boot->features;
    uint32_t wanted = b->in->system->guest[guest].satp_mode - SYSTEM_SATP_SV39;
    uint32_t most = features & BOOT_FEATURE_SV57 ? 2 : features & BOOT_FEATURE_SV48 ? 1 : 0;

    if (wanted <= most)
        return SYSTEM_SATP_SV39 + wanted;
    problem_set(&b->plan->guest[guest].note,
                "its mmu is %s, not %s: this machine has no larger mode", names[most],
                names[wanted]);
    return SYSTEM_SATP_SV39 + most;
}

/* Checks the guest's files, so that a guest that cannot boot takes no memory. */
static void guest_files_check(struct build *b, const struct system_guest *g)
{
    const uint8_t *archive = b->in->archive;
    struct cpio_file kernel, initrd = {.bytes = 0};
    struct problem problem;

    if (cpio_find(archive, b->in->archive_bytes, g->kernel, &kernel) != OK) {
        build_fail(b, ERR_NOT_FOUND, "its kernel %.120s is not in the boot archive", g->kernel);
        return;
    }
    if (g->initrd[0] != 0 && cpio_find(archive, b->in->archive_bytes, g->initrd, &initrd) != OK) {
        build_fail(b, ERR_NOT_FOUND, "its initrd %.120s is not in the boot archive", g->initrd);
        return;
    }
    enum err err = image_check(archive + kernel.offset, kernel.bytes, g->memory_bytes, &problem);
    if (err != OK) {
        build_fail(b, err, "%s (%.60s)", problem.text, g->kernel);
        return;
    }
    if (initrd.bytes > g->memory_bytes - kernel.bytes)
        build_fail(b, ERR_RANGE,
                   "its kernel and initrd do not fit in its memory together; "
                   "give it more \"memory\"");
}

/* Each connection that the guest needs must have an instance that serves it. */
static void guest_connections_check(struct build *b, unsigned guest)
{
    for (unsigned i = 0; i < b->plan->connection_count && b->err == OK; i++) {
        const struct system_connection *c = &b->in->system->connection[i];
        if (c->is_guest && c->client == guest && c->service == SYSTEM_SERVICES_MAX)
            build_fail(b, ERR_NOT_FOUND, "%s: its %s needs the service %s, which does not run",
                       c->source, c->key, c->service_name);
    }
}

/* The guest's objects but its RAM, and the mappings of its RAM. */
static void guest_objects(struct build *b, unsigned guest)
{
    struct plan_guest *g = &b->plan->guest[guest];
    uint32_t used = 0;

    /* 16 KiB root, one page of header, one table for each GiB, and two spare tables. */
    uint64_t gib =
        (b->in->system->guest[guest].memory_bytes + (UINT64_C(1) << GIB_BITS) - 1) >> GIB_BITS;
    unsigned gspace_bits = build_bits((5 + gib + 2) * PAGE);
    if (gspace_bits < GSPACE_BITS_MIN)
        gspace_bits = GSPACE_BITS_MIN;
    unsigned store_bits = build_cnode_bits(build_ram_frames(g) + LAYOUT_ARENA_PAGES);
    struct build_piece piece = build_piece(
        b, (UINT64_C(1) << gspace_bits) + (UINT64_C(1) << store_bits) + OTHER_PAGES * PAGE +
               build_home_bytes(0, false) + (UINT64_C(1) << VCPU_BITS_MIN) + PAGE);
    const struct build_want spaces[] = {{OBJ_GSPACE, gspace_bits, &g->gspace},
                                        {OBJ_CNODE, store_bits, &g->store}};
    build_wanted(b, &piece, spaces, 2);

    const struct build_store store = {.cnode = g->store, .used = &used};
    g->arena_index = 1;
    build_group_begin(b);
    build_objects(b, &piece, OBJ_FRAME, 12, LAYOUT_ARENA_PAGES, b->plan->scratch_a);
    build_keep(b, &store, b->plan->scratch_a, LAYOUT_ARENA_PAGES);
    build_group_end(b);
    g->state = build_new_objects(b, &piece, OBJ_FRAME, 12, 1);
    build_home(b, &piece, plan_process_of_guest(guest), 0, false);
    g->vcpu = build_new_objects(b, &piece, OBJ_VCPU, VCPU_BITS_MIN, 1);
    g->ram_index = 1 + used;
    guest_ram_map(b, g, &store);
}

void build_guest(struct build *b, unsigned guest)
{
    const struct system_guest *s = &b->in->system->guest[guest];
    struct plan_guest *g = &b->plan->guest[guest];

    *g = (struct plan_guest){.chunk_count = 0};
    if (s->is_bad) {
        build_fail(b, ERR_FORMAT, "%s", s->problem.text);
        return;
    }
    guest_connections_check(b, guest);
    guest_files_check(b, s);
    if (b->err != OK)
        return;
    g->satp_mode = guest_satp_mode(b, guest);
    guest_ram_take(b, s, g);

    guest_objects(b, guest);
}
