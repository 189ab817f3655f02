/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device tree that firmware gives the kernel.  Oracle: Untypeds are naturally aligned and do
 * not overlap; RAM Untypeds lie in RAM that the tree describes, outside reserved memory, firmware,
 * the kernel's image, the tree and the archive; device Untypeds touch none of these; the interrupt
 * controller is in neither kind; the archive is RAM and touches neither registers, image nor tree;
 * memory that the kernel uses is within its mapping.
 */
#include "fuzz.h"

#include <kernel/boot/memory.h>
#include <kernel/boot/wiring.h>

static const struct range image = {0x80200000, 0x20000}, tree = {0x8fe00000, 0x2000};

static bool meets(struct range a, struct range b)
{
    return a.bytes > 0 && b.bytes > 0 && a.start < b.start + b.bytes && b.start < a.start + a.bytes;
}

static bool meets_set(struct range a, const struct range_set *set)
{
    for (uint32_t i = 0; i < set->count; i++)
        if (meets(a, set->at[i]))
            return true;
    return false;
}

static void check_untyped(const struct boot_untyped *untyped, const struct machine *machine)
{
    const struct range range = {untyped->address, UINT64_C(1) << untyped->size_bits};

    FUZZ_CHECK(untyped->size_bits >= 12 && range.start % range.bytes == 0);
    FUZZ_CHECK(range.start + range.bytes <= MEMORY_ADDRESS_END);
    FUZZ_CHECK(!meets(range, image) && !meets(range, tree));
    FUZZ_CHECK(!meets_set(range, &machine->firmware));
    FUZZ_CHECK(!machine->has_plic || !meets(range, machine->plic));
    if (untyped->kind == BOOT_UNTYPED_ARCHIVE) {
        FUZZ_CHECK(range_set_holds(&machine->ram, range));
        return;
    }
    FUZZ_CHECK(!meets_set(range, &machine->reserved) && !meets(range, machine->archive));
    if (untyped->kind == BOOT_UNTYPED_RAM) {
        FUZZ_CHECK(range_set_holds(&machine->ram, range));
        FUZZ_CHECK(range.start + range.bytes <= MEMORY_RAM_END);
    } else {
        FUZZ_CHECK(untyped->kind == BOOT_UNTYPED_DEVICE);
        FUZZ_CHECK(!meets_set(range, &machine->ram));
    }
}

static void check_memory(const struct machine *machine)
{
    static struct boot_untyped untyped[BOOT_UNTYPED_MAX];
    struct memory memory;
    uint64_t address = 0;
    const char *problem = NULL;

    if (memory_divide(machine, image, tree, &memory, &problem) != OK) {
        FUZZ_CHECK(problem != NULL && problem[0] != 0);
        return;
    }
    FUZZ_CHECK(memory_is_reached(machine->plic) && memory_is_reached(machine->test));
    if (memory_take(&memory, 8192, &address) == OK)
        FUZZ_CHECK(range_set_holds(&machine->ram, (struct range){address, 8192}));
    uint32_t count = memory_untypeds(&memory, untyped);
    FUZZ_CHECK(count <= BOOT_UNTYPED_MAX);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t end = untyped[i].address + (UINT64_C(1) << untyped[i].size_bits);
        check_untyped(&untyped[i], machine);
        FUZZ_CHECK(i + 1 == count || untyped[i + 1].kind != untyped[i].kind ||
                   untyped[i + 1].address >= end);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct machine machine;
    const char *problem = NULL;
    uint64_t hart = 0, bytes = 0;

    if (size >= 64 && machine_dtb_bytes(data, &bytes) == OK)
        FUZZ_CHECK(bytes <= MACHINE_DTB_BYTES_MAX);
    if (wiring_hart_choose(data, size, 0, &hart) != OK)
        hart = 0;
    if (machine_parse(data, size, hart, &machine, &problem) != OK) {
        FUZZ_CHECK(problem != NULL && problem[0] != 0);
        return 0;
    }
    FUZZ_CHECK(machine.ram.count > 0 && machine.timebase_hz > 0 && machine.hart_count > 0);
    check_memory(&machine);
    return 0;
}
