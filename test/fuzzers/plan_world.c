/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan_world.h"

#include <test/fakes/packed.h>

#include "fuzz.h"

#define ARCHIVE_BYTES (1u << 20)
#define ARCHIVE_AT    UINT64_C(0xa0000000)
#define EMPTY_FIRST   300u

static uint8_t archive[ARCHIVE_BYTES];
static struct packed packed = {.bytes = archive};
static struct bootinfo boot;
static struct archive_map map;
static struct plan plan;

static void archive_make(void)
{
    static const struct packed_segment code = {5, 0, 0x10000, 0x1000, 0x1000};

    packed_program(packed_file(&packed, "svc/console", 0x1000), &code, 1);
    packed_program(packed_file(&packed, "vmm", 0x1000), &code, 1);
    packed_kernel(packed_file(&packed, "guests/g0/kernel", 0x8000), 0x10000);
    (void)packed_file(&packed, "guests/g0/initrd", 0x3000);
    packed_end(&packed);
}

static void untyped_add(uint64_t address, unsigned bits, unsigned kind)
{
    boot.untyped[boot.untyped_count++] = (struct boot_untyped){
        .address = address, .size_bits = (uint8_t)bits, .kind = (uint8_t)kind};
}

static void machine_make(void)
{
    const struct archive_piece piece = {.slot = 8, .size_bits = 20, .address = ARCHIVE_AT};

    archive_make();
    boot.untyped_first = 8;
    boot.empty_first = EMPTY_FIRST;
    boot.timebase_hz = 10000000;
    untyped_add(ARCHIVE_AT, 20, BOOT_UNTYPED_ARCHIVE);
    for (unsigned i = 0; i < 3; i++)
        untyped_add(UINT64_C(0x100000000) + (UINT64_C(1) << (26 + i)), 26 + i, BOOT_UNTYPED_RAM);
    untyped_add(0, 29, BOOT_UNTYPED_DEVICE);
    FUZZ_CHECK(archive_cut(&piece, 1, archive, packed.end, EMPTY_FIRST + PLAN_ROOT_SLOTS, &map) ==
               OK);
}

struct amount {
    uint64_t memory;
    unsigned largest, slots, actions;
};

static struct amount amount(void)
{
    return (struct amount){memory_left(&plan.memory), memory_largest(&plan.memory, 63),
                           slots_left(&plan.memory.slots), plan.action_count};
}

static void same(struct amount a, struct amount b)
{
    FUZZ_CHECK(a.memory == b.memory && a.largest == b.largest);
    FUZZ_CHECK(a.slots == b.slots && a.actions == b.actions);
}

static void part_check(const struct plan_input *in, unsigned part, bool is_brief)
{
    struct problem problem = {""};
    struct amount before = amount();

    if (plan_any_part(in, &plan, part, &problem) != OK) {
        FUZZ_CHECK(memchr(problem.text, 0, sizeof problem.text) != NULL && problem.text[0] != 0);
        same(amount(), before);
        return;
    }
    for (unsigned i = 0; i < plan.part[part].action_count; i++)
        FUZZ_CHECK(plan.action[plan.part[part].first_action + i].count > 0);
    FUZZ_CHECK(
        plan.part[part].action_count == 0 ||
        !plan.action[plan.part[part].first_action + plan.part[part].action_count - 1].is_open);
    if (!is_brief)
        return;
    plan_undo(&plan, part);
    plan.memory.call_count = 0; /* carried out */
    same(amount(), before);
    FUZZ_CHECK(plan_any_part(in, &plan, part, &problem) == OK);
}

static void everything_undo(void)
{
    for (unsigned part = PLAN_PARTS; part-- > 1;) {
        if (plan.part[part].state != PLAN_PART_NONE && part >= PLAN_PART_PROCESSES)
            plan_undo(&plan, part);
    }
    for (unsigned part = PLAN_PARTS; part-- > 1;) {
        FUZZ_CHECK(plan.part[part].state == PLAN_PART_NONE || part < PLAN_PART_PROCESSES);
        plan_undo(&plan, part);
    }
    plan.memory.call_count = 0;
}

void plan_world_check(const struct system_config *system, const void *tree, uint64_t order)
{
    static struct machine_config machine;
    if (packed.end == 0)
        machine_make();
    struct problem problem = {""};
    const struct plan_input in = {.boot = &boot,
                                  .machine = &machine,
                                  .machine_tree = tree,
                                  .system = system,
                                  .archive = archive,
                                  .archive_bytes = packed.end,
                                  .archive_map = &map};

    FUZZ_CHECK(plan_root(&in, &plan, &problem) == OK);
    FUZZ_CHECK(plan_open(&in, &plan, &problem) == OK);
    plan.memory.call_count = 0;
    struct amount before = amount();
    /* Processes before connections, as a start does. */
    for (unsigned part = 1; part < PLAN_PART_CONNECTIONS; part++)
        part_check(&in, part, order >> part % 64 & 1);
    for (unsigned part = PLAN_PART_PROCESSES; part < PLAN_PART_SIDES; part++)
        part_check(&in, part, order >> part % 64 & 1);
    for (unsigned i = 0; i < plan.connection_count; i++) {
        part_check(&in, plan_part_connection(i), order >> i % 64 & 1);
        part_check(&in, plan_part_side(i, PLAN_SIDE_SERVICE), false);
        part_check(&in, plan_part_side(i, PLAN_SIDE_CLIENT), false);
        part_check(&in, plan_part_region(i), order >> i % 64 & 1);
    }
    everything_undo();
    same(amount(), before);
}
