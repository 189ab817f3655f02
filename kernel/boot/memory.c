/* SPDX-License-Identifier: BSD-2-Clause */
#include <kernel/boot/memory.h>

#include <kernel/hal/types.h>

#define SIZE_BITS_MAX 38u

/* Remove each range of `what`, rounded out to whole pages, from `set`. */
static enum err range_set_remove_all(struct range_set *set, const struct range_set *what)
{
    for (uint32_t i = 0; i < what->count; i++) {
        struct range pages;
        enum err err = range_round_out(what->at[i], &pages);

        if (err == OK)
            err = range_set_remove(set, pages);
        if (err != OK)
            return err;
    }
    return OK;
}

static bool ranges_meet(struct range a, struct range b)
{
    return a.bytes != 0 && b.bytes != 0 && a.start < range_end(b) && b.start < range_end(a);
}

static bool range_meets_set(struct range range, const struct range_set *set)
{
    for (uint32_t i = 0; i < set->count; i++) {
        if (ranges_meet(range, set->at[i]))
            return true;
    }
    return false;
}

bool memory_is_reached(struct range range)
{
    return range.start < MEMORY_RAM_END && range.bytes <= MEMORY_RAM_END - range.start;
}

static const char *place_problem(const struct machine *machine, struct range image,
                                 struct range dtb)
{
    if (!memory_is_reached(image) || !range_set_holds(&machine->ram, image))
        return "the memory it describes does not cover the kernel's image";
    if (!memory_is_reached(dtb) || !range_set_holds(&machine->ram, dtb))
        return "the memory it describes does not cover the device tree itself";
    if (!memory_is_reached(machine->plic) || !memory_is_reached(machine->test))
        return "its PLIC or its test device lies above 254 GiB, where the kernel has no mapping";
    if (ranges_meet(machine->plic, image) || ranges_meet(machine->plic, dtb))
        return "the registers of its PLIC overlap the kernel's image or the device tree";
    return NULL;
}

/* The archive's pages.  They may lie in reserved memory: a boot loader may have reserved them. */
static enum err archive_place(const struct machine *machine, struct range image, struct range dtb,
                              struct range *out)
{
    struct range pages;
    enum err err = range_round_out(machine->archive, &pages);

    if (err != OK || machine->archive.bytes == 0) {
        *out = (struct range){ 0 };
        return err;
    }
    if (!range_set_holds(&machine->ram, pages) || !memory_is_reached(pages) ||
        ranges_meet(pages, image) || ranges_meet(pages, dtb) || ranges_meet(pages, machine->plic) ||
        range_meets_set(pages, &machine->firmware))
        return ERR_RANGE;
    *out = pages;
    return OK;
}

/* The whole pages of RAM.  If a described range ends inside a page, that page is not used. */
static enum err ram_pages(const struct range_set *ram, struct range_set *out)
{
    *out = (struct range_set){ 0 };
    for (uint32_t i = 0; i < ram->count; i++) {
        struct range range = ram->at[i];
        if (range.start > UINT64_MAX - PAGE_BYTES)
            continue;
        uint64_t start = (range.start + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
        uint64_t end = range_end(range) & ~(PAGE_BYTES - 1);
        end = end > MEMORY_RAM_END ? MEMORY_RAM_END : end;
        if (start >= end)
            continue;
        enum err err = range_set_add(out, (struct range){ start, end - start });
        if (err != OK)
            return err;
    }
    return OK;
}

static enum err device_divide(const struct machine *machine, struct memory *out)
{
    const struct range_set plic = { .count = 1, .at = { machine->plic } };
    const struct range_set *const taken[] = { &machine->ram, &machine->reserved,
                                              &machine->firmware, &plic };
    enum err err = OK;

    out->device = (struct range_set){ .count = 1, .at = { { 0, MEMORY_ADDRESS_END } } };
    for (unsigned i = 0; err == OK && i < sizeof taken / sizeof taken[0]; i++)
        err = range_set_remove_all(&out->device, taken[i]);
    return err;
}

static enum err ram_divide(const struct machine *machine, struct range image, struct range dtb,
                           struct memory *out)
{
    struct range_set taken = machine->reserved;
    enum err err = OK;

    /* If the tree describes RAM and registers at the same address, they are registers. */
    const struct range more[] = { image, dtb, out->archive, machine->plic };
    for (unsigned i = 0; err == OK && i < sizeof more / sizeof more[0]; i++)
        err = range_set_add(&taken, more[i]);
    if (err == OK)
        err = ram_pages(&machine->ram, &out->ram);
    if (err == OK)
        err = range_set_remove_all(&out->ram, &taken);
    return err == OK ? range_set_remove_all(&out->ram, &machine->firmware) : err;
}

MUST_CHECK memory_divide(const struct machine *machine, struct range image, struct range dtb,
                         struct memory *out, const char **problem)
{
    const char *wrong = place_problem(machine, image, dtb);

    if (wrong != NULL) {
        *problem = wrong;
        return ERR_RANGE;
    }
    enum err err = archive_place(machine, image, dtb, &out->archive);
    if (err != OK) {
        *problem = "the boot archive lies outside of its memory, or overlaps the kernel's image, "
                   "the device tree or a device";
        return err;
    }
    err = ram_divide(machine, image, dtb, out);
    if (err == OK)
        err = device_divide(machine, out);
    if (err != OK)
        *problem = "its memory is in too many pieces, or a range wraps";
    return err;
}

MUST_CHECK memory_take(struct memory *memory, uint64_t bytes, uint64_t *address)
{
    for (uint32_t i = 0; i < memory->ram.count; i++) {
        struct range range = memory->ram.at[i];
        if (range.bytes < bytes)
            continue;
        enum err err = range_set_remove(&memory->ram, (struct range){ range.start, bytes });
        if (err == OK)
            *address = range.start;
        return err;
    }
    return ERR_NO_MEMORY;
}

/* The largest naturally aligned power of two that starts at the range's first byte. */
static uint8_t piece_bits(struct range range)
{
    uint8_t bits = 0;

    while (bits < SIZE_BITS_MAX && range.bytes >> bits >= 2 && (range.start >> bits) % 2 == 0)
        bits++;
    return bits;
}

static uint32_t piece_smallest(const struct boot_untyped *list, uint32_t count)
{
    uint32_t least = 0;

    for (uint32_t i = 1; i < count; i++) {
        if (list[i].size_bits < list[least].size_bits)
            least = i;
    }
    return least;
}

/* Append a piece.  If the list is full, drop the smallest piece. */
static uint32_t piece_add(struct boot_untyped *list, uint32_t count, struct boot_untyped piece)
{
    if (count == BOOT_UNTYPED_MAX) {
        uint32_t least = piece_smallest(list, count);
        if (list[least].size_bits >= piece.size_bits)
            return count;
        count--;
        for (uint32_t i = least; i < count; i++)
            list[i] = list[i + 1];
    }
    list[count] = piece;
    return count + 1;
}

static uint32_t range_split(struct boot_untyped *list, uint32_t count, struct range range,
                            enum boot_untyped_kind kind)
{
    while (range.bytes != 0) {
        uint8_t bits = piece_bits(range);
        uint64_t bytes = UINT64_C(1) << bits;
        count = piece_add(list, count, (struct boot_untyped){ .address = range.start,
                                                              .size_bits = bits,
                                                              .kind = (uint8_t)kind });
        range.start += bytes;
        range.bytes -= bytes;
    }
    return count;
}

uint32_t memory_untypeds(const struct memory *memory, struct boot_untyped *out)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < memory->ram.count; i++)
        count = range_split(out, count, memory->ram.at[i], BOOT_UNTYPED_RAM);
    count = range_split(out, count, memory->archive, BOOT_UNTYPED_ARCHIVE);
    for (uint32_t i = 0; i < memory->device.count; i++)
        count = range_split(out, count, memory->device.at[i], BOOT_UNTYPED_DEVICE);
    return count;
}
