/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of every process: an address space, a program, a stack, a heap, a start record. */
#include <rootserver/plan/build.h>

#include <stdio.h>

#include <cpio/cpio.h>

#define PAGE        UINT64_C(4096)
#define VSPACE_BITS 18 /* 62 page tables: enough for 24 GiB in 2 MiB frames and the layout */
#define CNODE_BITS  11 /* 32 slots */
#define STACK_BYTES (LAYOUT_STACK_PAGES * PAGE)

void build_program_open(struct build *b, const char *path, struct build_program *out)
{
    struct cpio_file file;

    enum err err = cpio_find(b->in->archive, b->in->archive_bytes, path, &file);
    if (err != OK) {
        build_fail(b, err, "the program %.120s is not in the boot archive", path);
        return;
    }
    err = elf_open(b->in->archive + file.offset, file.bytes, &out->elf);
    if (err != OK) {
        build_fail(b, err,
                   "the program %.80s is not one Warren can start (error %d); is it static "
                   "and not truncated?",
                   path, (int)err);
        return;
    }
    out->path = path;
    out->offset = file.offset;
}

static unsigned process_program_pages(const struct elf *elf)
{
    uint64_t pages = 0;

    for (unsigned i = 0; i < elf->segment_count; i++)
        pages += elf_segment_pages(&elf->segment[i]);
    return (unsigned)pages;
}

/* Maps a segment with the segment's rights.  The frames' capabilities have all rights, but no
 * process can access the store that holds them. */
static void build_segment(struct build *b, struct plan_process *p, uint32_t untyped,
                          const struct elf_segment *s, uint64_t file_offset)
{
    unsigned pages = (unsigned)elf_segment_pages(s);
    uint64_t lead = s->address % PAGE, filled = 0;
    unsigned rights = (s->rights & ELF_READ ? RIGHT_READ : 0u) |
                      (s->rights & ELF_WRITE ? RIGHT_WRITE : 0u) |
                      (s->rights & ELF_EXEC ? RIGHT_EXEC : 0u);

    for (unsigned done = 0; done < pages && b->err == OK;) {
        unsigned part = pages - done < PLAN_SCRATCH ? pages - done : PLAN_SCRATCH;
        struct build_frames frames = {b->plan->scratch_a, part, 12};
        uint64_t room = part * PAGE - lead;
        uint64_t bytes = s->file_bytes - filled < room ? s->file_bytes - filled : room;
        build_objects(b, untyped, OBJ_FRAME, 12, part, frames.slot);
        build_emit(b, (struct plan_action){.kind = PLAN_FILL,
                                           .count = (uint16_t)(bytes > 0 ? part : 0),
                                           .slot = frames.slot,
                                           .value = lead,
                                           .offset = file_offset + s->file_offset + filled,
                                           .bytes = bytes});
        build_map(b, frames, p->vspace, elf_segment_page(s) + done * PAGE, rights);
        build_store(b, p, frames.slot, part);
        filled += bytes;
        lead = 0;
        done += part;
    }
}

static void build_recovery(struct build *b, const struct plan_process *p,
                           const struct elf_recovery *recovery)
{
    if (recovery->bytes != 0)
        build_emit(b, (struct plan_action){.kind = PLAN_RECOVER,
                                           .count = 1,
                                           .slot = p->vspace,
                                           .value = recovery->start,
                                           .bytes = recovery->bytes,
                                           .offset = recovery->exit});
}

static struct plan_process *process_add(struct build *b, const char *name, enum plan_role role)
{
    if (b->err != OK)
        return &b->plan->process[0];
    if (b->plan->process_count == PLAN_PROCESSES_MAX) {
        build_fail(b, ERR_NO_MEMORY, "there are too many processes");
        return &b->plan->process[0];
    }
    struct plan_process *p = &b->plan->process[b->plan->process_count];
    *p = (struct plan_process){.role = (uint8_t)role,
                               .badge = b->plan->process_count + 1u,
                               .first_action = b->plan->action_count};
    snprintf(p->name, sizeof p->name, "%s", name);
    b->process = (uint16_t)b->plan->process_count++;
    return p;
}

struct plan_process *build_process(struct build *b, const char *name, enum plan_role role,
                                   const struct build_program *program, unsigned extra_frames,
                                   unsigned extra_bytes)
{
    struct plan_process *p = process_add(b, name, role);
    if (b->err != OK)
        return p;
    unsigned pages =
        process_program_pages(&program->elf) + LAYOUT_STACK_PAGES + LAYOUT_HEAP_PAGES + 1;
    unsigned store_bits = build_bits((uint64_t)(pages + extra_frames + 1) * 64);
    if (store_bits < CNODE_BITS_MIN)
        store_bits = CNODE_BITS_MIN;
    uint64_t bytes = (UINT64_C(1) << VSPACE_BITS) + (UINT64_C(1) << store_bits) + pages * PAGE +
                     4 * PAGE + extra_bytes;

    /* The largest objects first, so that alignment wastes no memory. */
    uint32_t untyped = build_untyped(b, build_bits(bytes));
    bool store_first = store_bits > VSPACE_BITS;
    if (store_first)
        p->store = build_object(b, untyped, OBJ_CNODE, store_bits);
    p->vspace = build_object(b, untyped, OBJ_VSPACE, VSPACE_BITS);
    if (!store_first)
        p->store = build_object(b, untyped, OBJ_CNODE, store_bits);

    for (unsigned i = 0; i < program->elf.segment_count; i++)
        build_segment(b, p, untyped, &program->elf.segment[i], program->offset);
    build_recovery(b, p, &program->elf.recovery);
    build_pages(b, untyped, LAYOUT_STACK_PAGES, p, LAYOUT_STACK, RIGHT_READ | RIGHT_WRITE);
    build_pages(b, untyped, LAYOUT_HEAP_PAGES, p, LAYOUT_HEAP, RIGHT_READ | RIGHT_WRITE);

    /* This step may come first: when the step runs, the plan is complete. */
    struct build_frames record = {b->plan->scratch_a, 1, 12};
    build_objects(b, untyped, OBJ_FRAME, 12, 1, record.slot);
    build_emit(b, (struct plan_action){.kind = PLAN_RECORD, .count = 1, .slot = record.slot});
    build_map(b, record, p->vspace, LAYOUT_START, RIGHT_READ);
    build_store(b, p, record.slot, 1);

    p->cnode = build_object(b, untyped, OBJ_CNODE, CNODE_BITS);
    p->thread = build_object(b, untyped, OBJ_THREAD, THREAD_BITS_MIN);
    p->wake = build_object(b, untyped, OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);
    build_mint(b, b->plan->endpoint, p->cnode, PROCESS_SLOT_PARENT, RIGHT_WRITE, p->badge);
    build_copy(b, p->wake, 1, p->cnode, PROCESS_SLOT_WAKE, RIGHT_READ);
    return p;
}

static void build_register(struct build *b, const struct plan_process *p, unsigned index,
                           uint64_t value)
{
    build_emit(
        b,
        (struct plan_action){
            .kind = PLAN_REGISTER, .count = 1, .slot = p->thread, .index = index, .value = value});
}

void build_process_end(struct build *b, struct plan_process *p, const struct build_program *program,
                       uint64_t priority)
{
    enum {
        PC = 0,
        SP = 2,
        A0 = 10
    };

    p->fault = build_slots(b, 1);
    build_mint(b, b->plan->endpoint, BOOT_SLOT_CNODE, p->fault, RIGHT_WRITE, p->badge);
    build_emit(b, (struct plan_action){
                      .kind = PLAN_CONFIGURE, .count = 1, .slot = p->thread, .value = priority});
    build_emit(b, (struct plan_action){
                      .kind = PLAN_BIND, .count = 1, .slot = p->thread, .other = p->wake});
    build_register(b, p, PC, program->elf.entry);
    build_register(b, p, SP, LAYOUT_STACK + STACK_BYTES);
    build_register(b, p, A0, LAYOUT_START);
    build_emit(b, (struct plan_action){.kind = PLAN_RESUME, .count = 1, .slot = p->thread});
    p->action_count = b->plan->action_count - p->first_action;
}
