/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest and its VMM. */
#include <rootserver/plan/build.h>

#include <inttypes.h>
#include <stdio.h>

#include <cpio/cpio.h>
#include <proto/console.h>
#include <proto/console_start.h>
#include <proto/vmm_start.h>
#include <rootserver/parse/image.h>

#define MIB        (UINT64_C(1) << 20)
#define GIB_BITS   30
#define BIG_BITS   21
#define CHUNKS_MAX 20

enum vmm_slot {
    VMM_SLOT_VCPU = PROCESS_SLOT_ROLE,
    VMM_SLOT_CONSOLE
};

/* The RAM as powers of two in descending order, so that each chunk is aligned in the guest too. */
struct chunks {
    unsigned count;
    uint8_t bits[CHUNKS_MAX];
    uint32_t untyped[CHUNKS_MAX];
    unsigned frames; /* of all chunks */
};

static unsigned guest_frame_bits(unsigned chunk_bits)
{
    return chunk_bits >= GIB_BITS ? GIB_BITS : BIG_BITS;
}

static void guest_ram_take(struct build *b, const struct system_guest *g, struct chunks *out)
{
    uint64_t left = g->memory_bytes;

    out->count = 0;
    out->frames = 0;
    while (left > 0 && b->err == OK) {
        unsigned most = build_bits(left + 1) - 1;
        unsigned bits =
            memory_largest(&b->plan->memory, most < UNTYPED_BITS_MAX ? most : UNTYPED_BITS_MAX);
        if (bits < BIG_BITS || out->count == CHUNKS_MAX) {
            build_fail(b, ERR_NO_MEMORY,
                       "its %" PRIu64 " MiB of memory do not fit: %" PRIu64
                       " MiB are left; give it less \"memory\"",
                       g->memory_bytes / MIB,
                       (memory_left(&b->plan->memory) + g->memory_bytes - left) / MIB);
            return;
        }
        out->bits[out->count] = (uint8_t)bits;
        out->untyped[out->count++] = build_untyped(b, bits);
        out->frames += 1u << (bits - guest_frame_bits(bits));
        left -= UINT64_C(1) << bits;
    }
}

/* Each frame is mapped twice: for the guest, and for its VMM. */
static void guest_ram_map(struct build *b, struct plan_process *p, const struct chunks *chunks,
                          uint32_t gspace, struct plan_process *guest_store)
{
    uint64_t at = 0;

    for (unsigned i = 0; i < chunks->count; i++) {
        unsigned bits = guest_frame_bits(chunks->bits[i]), count = 1u << (chunks->bits[i] - bits);
        for (unsigned done = 0; done < count && b->err == OK;) {
            unsigned part = count - done < PLAN_SCRATCH ? count - done : PLAN_SCRATCH;
            struct build_frames frames = {b->plan->scratch_a, part, bits};
            build_objects(b, chunks->untyped[i], OBJ_FRAME, bits, part, frames.slot);
            build_share(b, frames, p, p->ram_address + at, RIGHT_READ | RIGHT_WRITE);
            build_map(b, frames, gspace, GUEST_RAM_GPA + at, RIGHT_READ | RIGHT_WRITE | RIGHT_EXEC);
            build_store(b, guest_store, frames.slot, part);
            at += (uint64_t)part << bits;
            done += part;
        }
    }
}

/* Maps a file of the archive read-only; returns the address of its first byte. */
static uint64_t guest_file_map(struct build *b, struct plan_process *p,
                               const struct cpio_file *file, uint64_t base)
{
    const struct archive_map *map = b->in->archive_map;
    /* The same offset in a 2 MiB page as the physical address has, so that 2 MiB frames fit. */
    uint64_t start = base + (map->physical + file->offset) % (UINT64_C(1) << BIG_BITS);
    const struct archive_run *run;
    unsigned next = 0, first, count;

    while (archive_cover(map, file->offset, file->bytes, &next, &run, &first, &count) == OK) {
        struct build_frames frames = {run->slot + first, count, run->size_bits};
        uint64_t offset = run->offset + ((uint64_t)first << run->size_bits);
        build_share(b, frames, p, start + offset - file->offset, RIGHT_READ);
    }
    return start;
}

static unsigned guest_file_frames(const struct archive_map *map, const struct cpio_file *file)
{
    const struct archive_run *run;
    unsigned next = 0, first, count, frames = 0;

    while (archive_cover(map, file->offset, file->bytes, &next, &run, &first, &count) == OK)
        frames += count;
    return frames;
}

struct guest_files {
    struct build_program vmm;
    struct cpio_file kernel, initrd;
    bool has_initrd;
};

static void guest_files_open(struct build *b, const struct system_guest *g, struct guest_files *out)
{
    const uint8_t *archive = b->in->archive;
    size_t bytes = b->in->archive_bytes;

    if (cpio_find(archive, bytes, g->kernel, &out->kernel) != OK) {
        build_fail(b, ERR_NOT_FOUND, "its kernel %.120s is not in the boot archive", g->kernel);
        return;
    }
    out->has_initrd = g->initrd[0] != 0;
    if (out->has_initrd && cpio_find(archive, bytes, g->initrd, &out->initrd) != OK) {
        build_fail(b, ERR_NOT_FOUND, "its initrd %.120s is not in the boot archive", g->initrd);
        return;
    }
    struct problem problem;
    enum err err =
        image_check(archive + out->kernel.offset, out->kernel.bytes, g->memory_bytes, &problem);
    if (err != OK) {
        build_fail(b, err, "%s (%.60s)", problem.text, g->kernel);
        return;
    }
    if (out->has_initrd && out->initrd.bytes > g->memory_bytes - out->kernel.bytes) {
        build_fail(b, ERR_RANGE,
                   "its kernel and initrd do not fit in its memory together; "
                   "give it more \"memory\"");
        return;
    }
    build_program_open(b, g->vmm, &out->vmm);
}

/* The guest's own objects: GSpace, vCPU, arena, state page and the mappings of its RAM. */
static void guest_objects_build(struct build *b, struct plan_process *p,
                                const struct chunks *chunks)
{
    unsigned pages = LAYOUT_ARENA_PAGES + 1;
    /* 16 KiB root, one page of header, one table for each GiB, and two spare tables. */
    uint64_t gib = (p->ram_bytes + (UINT64_C(1) << GIB_BITS) - 1) >> GIB_BITS;
    unsigned gspace_bits = build_bits((5 + gib + 2) * 4096);
    unsigned store_bits = build_bits((uint64_t)(chunks->frames + pages + 1) * 64);
    uint64_t bytes = (UINT64_C(1) << gspace_bits) + (UINT64_C(1) << store_bits) +
                     pages * UINT64_C(4096) + 2 * 4096;
    if (gspace_bits < GSPACE_BITS_MIN)
        gspace_bits = GSPACE_BITS_MIN;

    uint32_t untyped = build_untyped(b, build_bits(bytes));
    /* The guest's own store, for the frames of the guest's Untyped. */
    struct plan_process store = {.vspace = p->vspace};
    uint32_t gspace;
    if (store_bits > gspace_bits) {
        store.store = build_object(b, untyped, OBJ_CNODE, store_bits);
        gspace = build_object(b, untyped, OBJ_GSPACE, gspace_bits);
    } else {
        gspace = build_object(b, untyped, OBJ_GSPACE, gspace_bits);
        store.store = build_object(b, untyped, OBJ_CNODE, store_bits);
    }
    struct build_frames arena = {b->plan->scratch_a, LAYOUT_ARENA_PAGES, 12};
    build_objects(b, untyped, OBJ_FRAME, 12, arena.count, arena.slot);
    build_share(b, arena, p, LAYOUT_ARENA, RIGHT_READ | RIGHT_WRITE);
    build_store(b, &store, arena.slot, arena.count);

    struct build_frames state = {build_object(b, untyped, OBJ_FRAME, 12), 1, 12};
    build_share(b, state, p, LAYOUT_STATE, RIGHT_READ | RIGHT_WRITE);
    p->vcpu = build_object(b, untyped, OBJ_VCPU, VCPU_BITS_MIN);
    guest_ram_map(b, p, chunks, gspace, &store);
    build_emit(b, (struct plan_action){.kind = PLAN_BIND_VCPU,
                                       .count = 1,
                                       .slot = p->vcpu,
                                       .other = p->thread,
                                       .index = gspace,
                                       .value = state.slot});
    build_copy(b, p->vcpu, 1, p->cnode, VMM_SLOT_VCPU, RIGHT_READ | RIGHT_WRITE | RIGHT_EXEC);
}

/* Connects the VMM to its console region.  The console's side was planned with the console. */
static void guest_console_connect(struct build *b, struct plan_process *p, unsigned guest)
{
    if (!b->plan->has_console || b->plan->region[guest] == 0)
        return;
    const struct plan_process *console = &b->plan->process[b->plan->console];
    struct build_frames region = {b->plan->region[guest], CONSOLE_REGION_BYTES / 4096, 12};

    build_share(b, region, p, plan_region_address(guest), RIGHT_READ | RIGHT_WRITE);
    build_mint(b, console->wake, p->cnode, VMM_SLOT_CONSOLE, RIGHT_WRITE,
               CONSOLE_BIT_CLIENT(guest));
    build_mint(b, p->wake, console->cnode, CONSOLE_SLOT_CLIENT + guest, RIGHT_WRITE,
               CONSOLE_CLIENT_BIT);
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

void build_guest(struct build *b, unsigned guest)
{
    const struct system_guest *g = &b->in->system->guest[guest];
    struct guest_files files;
    char name[PROCESS_NAME_BYTES];

    if (g->is_bad) {
        build_fail(b, ERR_FORMAT, "%s", g->problem.text);
        return;
    }
    guest_files_open(b, g, &files);
    if (b->err != OK)
        return;
    snprintf(name, sizeof name, "vmm.%s", g->name);

    /* An upper bound for the frames of the RAM, which are planned later: all of 2 MiB. */
    unsigned ram_frames = (unsigned)(g->memory_bytes >> BIG_BITS);
    unsigned extra = ram_frames + guest_file_frames(b->in->archive_map, &files.kernel) +
                     (files.has_initrd ? guest_file_frames(b->in->archive_map, &files.initrd) : 0) +
                     LAYOUT_ARENA_PAGES + 1 + CONSOLE_REGION_BYTES / 4096;
    struct plan_process *p = build_process(b, name, PLAN_ROLE_VMM, &files.vmm, extra, 0);
    if (b->err != OK)
        return;
    p->guest = guest;
    p->satp_mode = guest_satp_mode(b, guest);
    p->ram_bytes = g->memory_bytes;
    p->ram_address = p->ram_bytes <= LAYOUT_RAM_BYTES ? LAYOUT_RAM : LAYOUT_RAM_HUGE;

    struct chunks chunks;
    guest_ram_take(b, g, &chunks);
    guest_objects_build(b, p, &chunks);
    p->kernel_address = guest_file_map(b, p, &files.kernel, LAYOUT_KERNEL);
    p->kernel_bytes = files.kernel.bytes;
    if (files.has_initrd) {
        p->initrd_address = guest_file_map(b, p, &files.initrd, LAYOUT_INITRD);
        p->initrd_bytes = files.initrd.bytes;
    }
    guest_console_connect(b, p, guest);
    build_process_end(b, p, &files.vmm, PLAN_PRIORITY_VMM);
}
