/* SPDX-License-Identifier: BSD-2-Clause */
#include <kernel/boot/root.h>

#include <cpio/cpio.h>
#include <elf/elf.h>
#include <kernel/core/cnode.h>
#include <kernel/core/untyped.h>
#include <string.h>

#define STACK_BYTES  (UINT64_C(64) << 10)
#define CNODE_BITS   (BOOT_CNODE_SLOT_BITS + 6) /* a slot is 64 bytes */
#define SPACE_BITS   21u                        /* 510 pages for its page tables */
#define FRAMES_MAX   4096u

/* The state of building the root server. */
struct building {
    struct hart *hart;
    const struct root_input *input;
    const char *problem;
    const uint8_t *file; /* the ELF file, in the archive */
    struct elf elf;
    struct elf_segment stack, dtb; /* treated like segments of the file */
    struct cnode *cnode;
    struct slot *untyped; /* all objects are made from it */
    struct space *space;
    struct thread *thread;
    uint32_t next_slot;
    struct bootinfo *info;
};

static enum err root_fail(struct building *b, enum err err, const char *problem)
{
    b->problem = problem;
    return err;
}

/* ---- the file -------------------------------------------------------------------- */

static enum err file_open(struct building *b)
{
    struct range archive = b->input->machine->archive;
    struct cpio_file file;

    if (archive.bytes == 0)
        return root_fail(b, ERR_NOT_FOUND,
                         "there is no boot archive: give one to the machine's loader (QEMU: "
                         "-initrd SYSTEM.cpio)");
    if (archive.start % PAGE_BYTES != 0)
        return root_fail(b, ERR_ALIGN, "the boot archive does not begin at a page: load it at a "
                                       "multiple of 4096");
    const void *bytes = hal_phys_to_virt(hpa(archive.start));
    enum err err = cpio_find(bytes, archive.bytes, ROOT_FILE, &file);
    if (err == ERR_NOT_FOUND)
        return root_fail(b, err, "the boot archive has no file `" ROOT_FILE "`: build it again");
    if (err != OK)
        return root_fail(b, err, "the boot archive is damaged or truncated: build it again, and "
                                 "load all of it");
    b->file = (const uint8_t *)bytes + file.offset;
    err = elf_open(b->file, file.bytes, &b->elf);
    if (err != OK)
        return root_fail(b, err, "the file `" ROOT_FILE "` in the boot archive is no program that "
                                 "can run here: build it again");
    return OK;
}

/* The 4 KiB Frames that the root server needs: image, stack, bootinfo, device tree. */
static uint64_t frame_count(const struct building *b)
{
    uint64_t count = elf_segment_pages(&b->stack) + elf_segment_pages(&b->dtb) + 1;

    for (unsigned i = 0; i < b->elf.segment_count; i++)
        count += elf_segment_pages(&b->elf.segment[i]);
    return count;
}

/* ---- objects --------------------------------------------------------------------- */

static enum err root_object_make(struct building *b, struct slot *untyped, enum obj_type type,
                                 uint8_t bits, struct slot *dest)
{
    struct retype retype = { untyped, type, bits, dest, 1 };
    enum err err;

    do
        err = untyped_retype(b->hart, &retype);
    while (err == ERR_AGAIN);
    return err == OK ? OK : root_fail(b, err, "there is too little memory for the root server");
}

static struct slot *slot_at(const struct building *b, uint64_t index)
{
    return cnode_slot(b->cnode, index);
}

static void singleton_create(struct slot *slot, enum obj_type type)
{
    *slot = (struct slot){ .type = (uint8_t)type, .rights = RIGHTS_ALL };
}

/* ---- memory ---------------------------------------------------------------------- */

/* Map a new, zeroed page at `address`; *bytes is its address in the kernel. */
static enum err page_make(struct building *b, uint64_t address, uint8_t rights, uint8_t **bytes)
{
    struct slot *slot = slot_at(b, b->next_slot++);
    enum err err = root_object_make(b, b->untyped, OBJ_FRAME, PAGE_BITS, slot);

    if (err != OK)
        return err;
    err = space_map(b->hart, b->space, slot, address, rights);
    if (err != OK)
        return root_fail(b, err, "the root server's memory cannot be mapped: it is too large");
    *bytes = hal_phys_to_virt(hpa(slot->object));
    return OK;
}

static uint8_t segment_rights(const struct elf_segment *segment)
{
    return (uint8_t)(RIGHT_READ | ((segment->rights & ELF_WRITE) != 0 ? RIGHT_WRITE : 0) |
                     ((segment->rights & ELF_EXEC) != 0 ? RIGHT_EXEC : 0));
}

/* Copy the segment's file bytes that belong into the page at `address`. */
static void segment_fill(const uint8_t *file, const struct elf_segment *segment, uint64_t address,
                         uint8_t *page)
{
    uint64_t start = segment->address, end = start + segment->file_bytes;
    uint64_t from = address > start ? address : start;
    uint64_t to = address + PAGE_BYTES < end ? address + PAGE_BYTES : end;

    if (from < to)
        memcpy(page + (from - address), file + segment->file_offset + (from - start), to - from);
}

static enum err segment_load(struct building *b, const uint8_t *file,
                             const struct elf_segment *segment)
{
    uint64_t address = elf_segment_page(segment);

    for (uint64_t i = 0; i < elf_segment_pages(segment); i++, address += PAGE_BYTES) {
        uint8_t *page;
        enum err err = page_make(b, address, segment_rights(segment), &page);
        if (err != OK)
            return err;
        segment_fill(file, segment, address, page);
    }
    return OK;
}

static enum err memory_load(struct building *b)
{
    enum err err = OK;

    for (unsigned i = 0; err == OK && i < b->elf.segment_count; i++)
        err = segment_load(b, b->file, &b->elf.segment[i]);
    if (err == OK)
        err = segment_load(b, NULL, &b->stack);
    if (err == OK)
        err = segment_load(b, b->input->dtb, &b->dtb);
    hal_guest_fence_i();
    return err;
}

/* ---- the process ----------------------------------------------------------------- */

/*
 * The first three slots are on the stack until the CNode exists, which is made from the first of
 * them.
 */
static enum err objects_create(struct building *b, const struct boot_untyped *from)
{
    struct slot untyped, cnode = { 0 }, space = { 0 };

    untyped_create(&untyped, hpa(from->address), from->size_bits, 0);
    enum err err = root_object_make(b, &untyped, OBJ_VSPACE, SPACE_BITS, &space);
    if (err == OK)
        err = root_object_make(b, &untyped, OBJ_CNODE, (uint8_t)CNODE_BITS, &cnode);
    if (err != OK)
        return err;
    b->cnode = (struct cnode *)slot_object(&cnode);
    b->space = (struct space *)slot_object(&space);
    b->untyped = slot_at(b, BOOT_SLOT_FIRST_DYNAMIC);
    slot_move(b->untyped, &untyped);
    slot_move(slot_at(b, BOOT_SLOT_CNODE), &cnode);
    slot_move(slot_at(b, BOOT_SLOT_VSPACE), &space);
    b->next_slot = BOOT_SLOT_FIRST_DYNAMIC + 1;
    singleton_create(slot_at(b, BOOT_SLOT_IRQ_CONTROL), OBJ_IRQ_CONTROL);
    singleton_create(slot_at(b, BOOT_SLOT_KLOG), OBJ_KLOG);
    singleton_create(slot_at(b, BOOT_SLOT_TRACE), OBJ_TRACE);

    struct slot *thread = slot_at(b, BOOT_SLOT_THREAD);
    err = root_object_make(b, b->untyped, OBJ_THREAD, THREAD_BITS_MIN, thread);
    b->thread = (struct thread *)slot_object(thread);
    return err;
}

static void info_fill(struct building *b)
{
    const struct root_input *input = b->input;
    struct bootinfo *info = b->info;

    info->magic = BOOTINFO_MAGIC;
    info->features = input->features;
    info->timebase_hz = input->machine->timebase_hz;
    info->archive_address = input->machine->archive.start;
    info->archive_bytes = input->machine->archive.bytes;
    info->dtb_bytes = input->dtb_bytes;
    info->hart_count = input->machine->hart_count;
    info->boot_hart = (uint32_t)b->hart->id;
    info->untyped_first = b->next_slot;
    info->untyped_count = memory_untypeds(input->memory, info->untyped);
    info->empty_first = info->untyped_first + info->untyped_count;
}

/* Move the Untyped that all was made from to its place in the list, and create the others. */
static void untypeds_place(struct building *b, uint64_t address)
{
    struct bootinfo *info = b->info;

    for (uint32_t i = 0; i < info->untyped_count; i++) {
        const struct boot_untyped *one = &info->untyped[i];
        struct slot *slot = slot_at(b, info->untyped_first + i);
        uint8_t flags = one->kind == BOOT_UNTYPED_RAM ? 0 : (uint8_t)SLOT_DEVICE;
        if (one->address == address)
            slot_move(slot, b->untyped);
        else
            untyped_create(slot, hpa(one->address), one->size_bits, flags);
    }
}

static enum err thread_start(struct building *b)
{
    struct thread *thread = b->thread;

    slot_embed(&thread->place[THREAD_CNODE], slot_at(b, BOOT_SLOT_CNODE), &thread->object);
    slot_embed(&thread->place[THREAD_VSPACE], slot_at(b, BOOT_SLOT_VSPACE), &thread->object);
    thread->priority = THREAD_PRIORITY_COUNT - 1;
    thread->context.pc = b->elf.entry;
    thread->context.x[REG_SP] = BOOT_STACK_TOP;
    thread->context.x[REG_A0] = BOOTINFO_ADDRESS;
    thread->is_root = true;
    return thread_resume(thread);
}

static enum err root_build(struct building *b, const struct boot_untyped *from)
{
    uint8_t *page = NULL;
    enum err err = objects_create(b, from);

    if (err == OK)
        err = memory_load(b);
    if (err == OK)
        err = page_make(b, BOOTINFO_ADDRESS, RIGHT_READ, &page);
    if (err != OK)
        return err;
    b->info = (struct bootinfo *)(void *)page;
    info_fill(b);
    untypeds_place(b, from->address);
    return thread_start(b);
}

/* The first Untyped of RAM that holds `bytes`. */
static const struct boot_untyped *untyped_choose(const struct boot_untyped *list, uint32_t count,
                                                 uint64_t bytes)
{
    for (uint32_t i = 0; i < count; i++) {
        if (list[i].kind == BOOT_UNTYPED_RAM && UINT64_C(1) << list[i].size_bits >= bytes)
            return &list[i];
    }
    return NULL;
}

MUST_CHECK root_create(struct hart *hart, const struct root_input *input, const char **problem)
{
    struct building b = {
        .hart = hart,
        .input = input,
        .problem = "the root server cannot start",
        .stack = { .address = BOOT_STACK_TOP - STACK_BYTES,
                   .memory_bytes = STACK_BYTES,
                   .rights = ELF_READ | ELF_WRITE },
        .dtb = { .address = BOOT_DTB_ADDRESS,
                 .memory_bytes = input->dtb_bytes,
                 .file_bytes = input->dtb_bytes,
                 .rights = ELF_READ },
    };
    struct boot_untyped list[BOOT_UNTYPED_MAX];
    const struct boot_untyped *from = NULL;
    enum err err = file_open(&b);

    if (err == OK) {
        uint64_t frames = frame_count(&b);
        uint64_t bytes = (UINT64_C(1) << SPACE_BITS) + (UINT64_C(1) << CNODE_BITS) +
                         PAGE_BYTES * (frames + 1);
        uint32_t count = memory_untypeds(input->memory, list);
        if (frames <= FRAMES_MAX)
            from = untyped_choose(list, count, bytes);
        if (from == NULL)
            err = root_fail(&b, ERR_NO_MEMORY, "there is too little memory for the root server");
    }
    if (err == OK)
        err = root_build(&b, from);
    if (err != OK)
        *problem = b.problem;
    return err;
}
