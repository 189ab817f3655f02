/* SPDX-License-Identifier: BSD-2-Clause */
/* One life of a program: an address space, a program, stacks, a heap, a start record, and shares of
 * what outlives the process. */
#include <rootserver/plan/build.h>

#include <stdio.h>

#include <cpio/cpio.h>

#define PAGE        UINT64_C(4096)
#define STACK_BYTES (LAYOUT_STACK_PAGES * PAGE)
#define TABLES_BASE 16 /* page tables for program, stacks, start record, control region */
#define TABLE_PAGES 512
#define SMALL_BYTES (8 * PAGE) /* more than Threads and alignment take */

struct process_program {
    struct elf elf;
    uint64_t offset; /* of the file in the archive */
};

/* What the configuration says about a process. */
struct process_want {
    const char *path;
    unsigned threads;
    uint64_t heap_bytes, priority;
};

static void process_program_open(struct build *b, const char *path, struct process_program *out)
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
    out->offset = file.offset;
}

static uint64_t process_program_pages(const struct elf *elf)
{
    uint64_t pages = 0;

    for (unsigned i = 0; i < elf->segment_count; i++)
        pages += elf_segment_pages(&elf->segment[i]);
    return pages;
}

/* Maps a segment with the segment's rights.  The frames' capabilities have all rights, but no
 * process can access the store that holds them. */
static void process_segment(struct build *b, const struct build_store *store,
                            struct build_piece *piece, const struct elf_segment *s,
                            uint64_t file_offset)
{
    unsigned pages = (unsigned)elf_segment_pages(s);
    uint64_t lead = s->address % PAGE, filled = 0;
    unsigned rights = (s->rights & ELF_READ ? RIGHT_READ : 0u) |
                      (s->rights & ELF_WRITE ? RIGHT_WRITE : 0u) |
                      (s->rights & ELF_EXEC ? RIGHT_EXEC : 0u);

    for (unsigned done = 0; done < pages && b->err == OK;) {
        unsigned part = pages - done < PLAN_SCRATCH ? pages - done : PLAN_SCRATCH;
        struct build_frames frames = {.slot = b->plan->scratch_a, .count = part, .bits = 12};
        uint64_t room = part * PAGE - lead;
        uint64_t bytes = s->file_bytes - filled < room ? s->file_bytes - filled : room;
        build_group_begin(b);
        build_objects(b, piece, OBJ_FRAME, 12, part, frames.slot);
        build_emit(b, (struct plan_action){.kind = PLAN_FILL,
                                           .count = (uint16_t)(bytes > 0 ? part : 0),
                                           .slot = frames.slot,
                                           .value = lead,
                                           .offset = file_offset + s->file_offset + filled,
                                           .bytes = bytes});
        build_map(b, frames, store->vspace, elf_segment_page(s) + done * PAGE, rights);
        build_keep(b, store, frames.slot, part);
        build_group_end(b);
        filled += bytes;
        lead = 0;
        done += part;
    }
}

/* Registers the program's code whose memory accesses may fail (docs/abi/, vspace_recover). */
static void process_recovery(struct build *b, const struct plan_process *p,
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

/* How many connections of the configuration the process uses. */
static unsigned process_used_count(const struct build *b, unsigned process)
{
    unsigned count = 0;

    for (unsigned i = 0; i < b->plan->connection_count; i++)
        count += b->plan->connection[i].client == process;
    return count;
}

/* Page tables for the connections that the process uses. */
static unsigned process_used_tables(const struct build *b, unsigned process)
{
    unsigned tables = 1;

    for (unsigned i = 0; i < b->plan->connection_count; i++) {
        const struct plan_connection *c = &b->plan->connection[i];
        if (c->client == process && c->instance < SYSTEM_SERVICES_MAX)
            tables += build_connection_tables(&b->in->system->service[c->instance].client);
    }
    return tables;
}

/* Gives each capability of the process its slot: a CNode is as large as it must be. */
static struct plan_layout_slots process_slots(const struct build *b, unsigned process,
                                              unsigned threads)
{
    unsigned owner = plan_process_owner(process), used = process_used_count(b, process);
    struct plan_layout_slots s = {.root = PROCESS_SLOT_ROLE, .irq = PROCESS_SLOT_ROLE + 1};

    if (plan_process_is_vmm(process)) {
        s.vcpu = s.irq;
        s.endpoint = s.vcpu + 1;
        s.used = s.endpoint;
    } else {
        const struct plan_instance *instance = &b->plan->instance[owner];
        unsigned irqs = 0;
        for (unsigned i = 0; i < SYSTEM_DEVICES_MAX; i++)
            irqs += instance->device[i].irq_count;
        s.vcpu = s.endpoint = s.irq + irqs;
        s.used = s.endpoint + (b->in->system->service[owner].client.has_calls ? 1 : 0);
    }
    s.used_endpoint = s.used + used;
    s.served = s.used_endpoint + used;
    s.thread =
        s.served + (plan_process_is_vmm(process) ? 0 : b->in->system->service[owner].client.most);
    s.end = s.thread + (threads > 1 ? 2 * threads : 0);
    return s;
}

static struct process_want process_want(const struct build *b, unsigned process)
{
    unsigned owner = plan_process_owner(process);
    const struct system_service *service = &b->in->system->service[owner];

    if (plan_process_is_vmm(process))
        return (struct process_want){.path = b->in->system->guest[owner].vmm,
                                     .threads = 1,
                                     .heap_bytes = PROCESS_HEAP_BYTES,
                                     .priority = PLAN_PRIORITY_VMM};
    return (struct process_want){.path = service->program,
                                 .threads = service->threads,
                                 .heap_bytes = service->heap_bytes,
                                 .priority = PLAN_PRIORITY_SERVICE};
}

/* Makes the large objects of the process: its piece must hold all that is made from it later. */
static struct build_piece process_spaces(struct build *b, unsigned process,
                                         const struct process_want *want, uint64_t program_pages)
{
    struct plan_process *p = &b->plan->process[process];
    const struct plan_home *home = plan_home_of(b->plan, process);
    unsigned owner = plan_process_owner(process);
    bool is_vmm = plan_process_is_vmm(process);
    uint64_t own = program_pages + want->threads * (uint64_t)LAYOUT_STACK_PAGES +
                   build_page_count(want->heap_bytes) + LAYOUT_START_PAGES;
    uint64_t extra = is_vmm ? 0 : build_service_bytes(b, owner);
    uint64_t frames = own + (home->down_bytes + home->up_bytes) / 4096 +
                      (is_vmm ? build_vmm_frames(b, owner) : build_service_frames(b, owner));
    uint64_t tables = TABLES_BASE +
                      (program_pages + build_page_count(want->heap_bytes)) / TABLE_PAGES +
                      process_used_tables(b, process) +
                      (is_vmm ? build_vmm_tables(b, owner) : build_service_tables(b, owner));
    unsigned store_bits = build_cnode_bits(frames), space_bits = build_bits((tables + 2) * PAGE);

    if (space_bits < VSPACE_BITS_MIN)
        space_bits = VSPACE_BITS_MIN;
    if (space_bits > VSPACE_BITS_MAX || store_bits > CNODE_BITS_MAX)
        build_fail(b, ERR_RANGE, "it needs an address space with %llu page tables: too many",
                   (unsigned long long)tables);
    unsigned cnode_bits = build_cnode_bits(p->slots.end - 1u);
    struct build_piece piece =
        build_piece(b, (UINT64_C(1) << space_bits) + (UINT64_C(1) << store_bits) +
                           (UINT64_C(1) << cnode_bits) + own * PAGE + extra + SMALL_BYTES);
    const struct build_want spaces[] = {{OBJ_VSPACE, space_bits, &p->vspace},
                                        {OBJ_CNODE, store_bits, &p->store},
                                        {OBJ_CNODE, cnode_bits, &p->cnode}};
    build_wanted(b, &piece, spaces, 3);
    return piece;
}

/* The start record is written when the process starts; the root server keeps its frames. */
static void process_record(struct build *b, struct plan_process *p, struct build_piece *piece,
                           const struct build_store *store)
{
    p->record = build_new_objects(b, piece, OBJ_FRAME, 12, LAYOUT_START_PAGES);
    build_share(b,
                (struct build_frames){.slot = p->record, .count = LAYOUT_START_PAGES, .bits = 12},
                store, LAYOUT_START, RIGHT_READ);
}

/* The capabilities and memory that every process has. */
static void process_basics(struct build *b, unsigned process, const struct build_store *store)
{
    struct plan_process *p = &b->plan->process[process];
    const struct plan_home *home = plan_home_of(b->plan, process);

    build_share(b,
                (struct build_frames){
                    .slot = home->down_frame, .count = home->down_bytes / 4096, .bits = 12},
                store, LAYOUT_CONTROL_DOWN, RIGHT_READ);
    build_share(
        b,
        (struct build_frames){.slot = home->up_frame, .count = home->up_bytes / 4096, .bits = 12},
        store, LAYOUT_CONTROL_UP, RIGHT_READ | RIGHT_WRITE);
    build_mint(b, b->plan->endpoint, p->cnode, PROCESS_SLOT_PARENT, RIGHT_WRITE, p->badge);
    build_copy(b, home->wake, 1, p->cnode, PROCESS_SLOT_WAKE, RIGHT_READ);
    build_mint(b, b->plan->notification, p->cnode, p->slots.root, RIGHT_WRITE,
               PLAN_ROOT_BIT(process));
}

static void process_register(struct build *b, uint32_t thread, unsigned index, uint64_t value)
{
    build_emit(
        b, (struct plan_action){
               .kind = PLAN_REGISTER, .count = 1, .slot = thread, .index = index, .value = value});
}

/* The Notifications of thread `n` of several: one for waits inside the C library, and, but for
 * thread 0, which has the wake Notification, its own (rt/rt_threads.h).  Returns its own. */
static uint32_t process_thread_bells(struct build *b, unsigned process, struct build_piece *piece,
                                     unsigned n)
{
    const struct plan_process *p = &b->plan->process[process];
    const unsigned rights = RIGHT_READ | RIGHT_WRITE;
    uint32_t wake = plan_home_of(b->plan, process)->wake;

    if (p->thread_count == 1)
        return wake;
    uint32_t lock = build_new_objects(b, piece, OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, 1);
    build_mint(b, lock, p->cnode, p->slots.thread + 2 * n, rights, 1);
    if (n == 0)
        return wake;
    uint32_t own = build_new_objects(b, piece, OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, 1);
    build_mint(b, own, p->cnode, p->slots.thread + 2 * n + 1, rights, UINT64_C(1) << 63);
    return own;
}

/* All threads begin at the program's entry, with the start record and their number. */
static void process_thread(struct build *b, unsigned process, unsigned n, uint32_t bell,
                           const struct process_want *want, uint64_t entry)
{
    const struct plan_process *p = &b->plan->process[process];
    enum {
        PC = 0,
        SP = 2,
        A0 = 10,
        A1 = 11
    };

    build_emit(b, (struct plan_action){.kind = PLAN_CONFIGURE,
                                       .count = 1,
                                       .slot = p->thread[n],
                                       .index = process,
                                       .value = want->priority});
    build_emit(b, (struct plan_action){
                      .kind = PLAN_BIND, .count = 1, .slot = p->thread[n], .other = bell});
    process_register(b, p->thread[n], PC, entry);
    process_register(b, p->thread[n], SP, LAYOUT_STACK + n * LAYOUT_STACK_STEP + STACK_BYTES);
    process_register(b, p->thread[n], A0, LAYOUT_START);
    process_register(b, p->thread[n], A1, n);
}

static void process_threads(struct build *b, unsigned process, struct build_piece *piece,
                            const struct build_store *store, const struct process_want *want,
                            uint64_t entry)
{
    struct plan_process *p = &b->plan->process[process];

    p->fault = build_minted(b, b->plan->endpoint, RIGHT_WRITE, p->badge);
    p->thread_count = want->threads;
    for (unsigned i = 0; i < want->threads; i++) {
        build_pages(b, piece, LAYOUT_STACK_PAGES, store, LAYOUT_STACK + i * LAYOUT_STACK_STEP,
                    RIGHT_READ | RIGHT_WRITE);
        p->thread[i] = build_new_objects(b, piece, OBJ_THREAD, THREAD_BITS_MIN, 1);
        uint32_t bell = process_thread_bells(b, process, piece, i);
        process_thread(b, process, i, bell, want, entry);
    }
}

static void process_name(const struct build *b, unsigned process, struct plan_process *out)
{
    unsigned owner = plan_process_owner(process);

    if (plan_process_is_vmm(process))
        snprintf(out->name, sizeof out->name, "vmm.%s", b->in->system->guest[owner].name);
    else
        snprintf(out->name, sizeof out->name, "%s", b->in->system->service[owner].name);
}

void build_process(struct build *b, unsigned process)
{
    struct plan_process *p = &b->plan->process[process];
    struct process_want want = process_want(b, process);
    struct process_program program;
    unsigned owner = plan_process_owner(process);

    *p = (struct plan_process){.badge = process + UINT64_C(1),
                               .slots = process_slots(b, process, want.threads)};
    process_name(b, process, p);
    process_program_open(b, want.path, &program);
    if (b->err != OK)
        return;
    struct build_piece piece =
        process_spaces(b, process, &want, process_program_pages(&program.elf));
    const struct build_store store = {p->store, p->vspace, &p->store_used};
    for (unsigned i = 0; i < program.elf.segment_count; i++)
        process_segment(b, &store, &piece, &program.elf.segment[i], program.offset);
    process_recovery(b, p, &program.elf.recovery);
    build_pages(b, &piece, (unsigned)build_page_count(want.heap_bytes), &store, LAYOUT_HEAP,
                RIGHT_READ | RIGHT_WRITE);
    process_record(b, p, &piece, &store);
    process_basics(b, process, &store);
    if (plan_process_is_vmm(process))
        build_vmm_shares(b, p, &store, owner);
    else
        build_service_shares(b, p, &piece, &store, owner);
    process_threads(b, process, &piece, &store, &want, program.elf.entry);
    if (plan_process_is_vmm(process))
        build_vmm_bind(b, p, owner);
}
