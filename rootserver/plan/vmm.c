/* SPDX-License-Identifier: BSD-2-Clause */
/* Gives one life of a VMM its share of the guest. */
#include <rootserver/plan/build.h>

#include <cpio/cpio.h>

#define BIG_BITS    21
#define TABLE_PAGES 512

struct vmm_files {
    struct cpio_file kernel, initrd;
};

/* The guest was planned, so its files are there. */
static void vmm_files_find(struct build *b, unsigned guest, struct vmm_files *out)
{
    const struct system_guest *g = &b->in->system->guest[guest];

    *out = (struct vmm_files){.kernel = {.bytes = 0}};
    if (cpio_find(b->in->archive, b->in->archive_bytes, g->kernel, &out->kernel) != OK ||
        (g->initrd[0] != 0 &&
         cpio_find(b->in->archive, b->in->archive_bytes, g->initrd, &out->initrd) != OK))
        build_fail(b, ERR_NOT_FOUND, "its files are not in the boot archive");
}

/* How many frames a file has, and how many page tables they need. */
static void vmm_file_count(const struct archive_map *map, const struct cpio_file *file,
                           unsigned *frames, unsigned *tables)
{
    const struct archive_run *run;
    unsigned next = 0, first, count;

    *tables += 1;
    while (file->bytes > 0 &&
           archive_cover(map, file->offset, file->bytes, &next, &run, &first, &count) == OK) {
        *frames += count;
        *tables += run->size_bits < BIG_BITS ? count / TABLE_PAGES + 2 : 0;
    }
}

/* Maps a file of the archive read-only; returns the address of its first byte. */
static uint64_t vmm_file_map(struct build *b, const struct build_store *store,
                             const struct cpio_file *file, uint64_t base)
{
    const struct archive_map *map = b->in->archive_map;
    /* The address has the same offset in a 2 MiB page as the physical address, so that 2 MiB frames
     * fit. */
    uint64_t start = base + (map->physical + file->offset) % (UINT64_C(1) << BIG_BITS);
    const struct archive_run *run;
    unsigned next = 0, first, count;

    while (archive_cover(map, file->offset, file->bytes, &next, &run, &first, &count) == OK) {
        struct build_frames frames = {
            .slot = run->slot + first, .count = count, .bits = run->size_bits};
        uint64_t offset = run->offset + ((uint64_t)first << run->size_bits);
        build_share(b, frames, store, start + offset - file->offset, RIGHT_READ);
    }
    return start;
}

static void vmm_count(struct build *b, unsigned guest, unsigned *frames, unsigned *tables)
{
    struct vmm_files files;

    *frames = build_ram_frames(&b->plan->guest[guest]) + LAYOUT_ARENA_PAGES + 1;
    /* For each GiB of RAM, and for arena and state. */
    *tables = (unsigned)(b->in->system->guest[guest].memory_bytes >> 30) + 2 + 2;
    vmm_files_find(b, guest, &files);
    vmm_file_count(b->in->archive_map, &files.kernel, frames, tables);
    vmm_file_count(b->in->archive_map, &files.initrd, frames, tables);
}

uint64_t build_vmm_frames(struct build *b, unsigned guest)
{
    unsigned frames, tables;

    vmm_count(b, guest, &frames, &tables);
    return frames;
}

unsigned build_vmm_tables(struct build *b, unsigned guest)
{
    unsigned frames, tables;

    vmm_count(b, guest, &frames, &tables);
    return tables;
}

void build_vmm_shares(struct build *b, struct plan_process *p, const struct build_store *store,
                      unsigned guest)
{
    const struct plan_guest *g = &b->plan->guest[guest];
    const unsigned rights = RIGHT_READ | RIGHT_WRITE;
    struct vmm_files files;

    vmm_files_find(b, guest, &files);
    build_share(
        b,
        (struct build_frames){
            .slot = g->arena_index, .count = LAYOUT_ARENA_PAGES, .bits = 12, .cnode = g->store},
        store, LAYOUT_ARENA, rights);
    build_share(b, (struct build_frames){.slot = g->state, .count = 1, .bits = 12}, store,
                LAYOUT_STATE, rights);
    p->ram_address =
        b->in->system->guest[guest].memory_bytes <= LAYOUT_RAM_BYTES ? LAYOUT_RAM : LAYOUT_RAM_HUGE;
    build_ram_share(b, guest, store, p->ram_address);
    p->kernel_address = vmm_file_map(b, store, &files.kernel, LAYOUT_KERNEL);
    p->kernel_bytes = files.kernel.bytes;
    if (files.initrd.bytes > 0) {
        p->initrd_address = vmm_file_map(b, store, &files.initrd, LAYOUT_INITRD);
        p->initrd_bytes = files.initrd.bytes;
    }
    build_copy(b, g->vcpu, 1, p->cnode, p->slots.vcpu, RIGHT_READ | RIGHT_WRITE | RIGHT_EXEC);
}

/* Each new VMM's thread is bound to the guest's VCpu; an exit that waits stays (docs/abi/). */
void build_vmm_bind(struct build *b, const struct plan_process *p, unsigned guest)
{
    const struct plan_guest *g = &b->plan->guest[guest];

    build_emit(b, (struct plan_action){.kind = PLAN_BIND_VCPU,
                                       .count = 1,
                                       .slot = g->vcpu,
                                       .other = p->thread[0],
                                       .index = g->gspace,
                                       .value = g->state});
}
