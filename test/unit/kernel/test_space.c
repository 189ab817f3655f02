/* SPDX-License-Identifier: BSD-2-Clause */
#include "suites.h"
#include "world.h"

#include <kernel/core/pte.h>

#define RWX  (RIGHT_READ | RIGHT_WRITE | RIGHT_EXEC)
#define MIB2 UINT64_C(0x200000)
#define GIB  UINT64_C(0x40000000)

static struct thread *caller;
static uint32_t vspace, gspace; /* pools of 2 and 3 pages */

static void setup(void)
{
    world_setup();
    caller = world_thread_at(world_thread(10));
    vspace = world_make(OBJ_VSPACE, 14);
    gspace = world_make(OBJ_GSPACE, 15);
}

static enum err map(uint32_t frame, uint64_t space, uint64_t address, uint64_t rights)
{
    return world_invoke(caller, frame, METHOD_FRAME_MAP, space, address, rights, 0);
}

static enum err unmap(uint32_t frame)
{
    return world_invoke(caller, frame, METHOD_FRAME_UNMAP, 0, 0, 0, 0);
}

static uint64_t free_pages(uint32_t space)
{
    ck_assert_int_eq(world_invoke(caller, space, METHOD_VSPACE_INFO, 0, 0, 0, 0), OK);
    return caller->context.x[REG_A1];
}

/* A frame of device memory, of any size. */
static uint32_t large_frame(uint8_t bits, uint64_t number)
{
    uint32_t slot = world_empty();

    *world_slot(slot) = (struct slot){ .type = OBJ_FRAME,
                                       .rights = RIGHTS_ALL,
                                       .size_bits = bits,
                                       .flags = SLOT_DEVICE,
                                       .object = number << bits };
    return slot;
}

/* The leaf that translates `address`, 0: none. */
static uint64_t leaf_at(uint32_t space, uint64_t address)
{
    const struct space *at = world_object(space);
    uint64_t entries = at->stage == SPACE_G ? 2048 : 512;
    const uint64_t *table = hal_phys_to_virt(at->root);

    for (uint32_t level = 2;; level--) {
        uint64_t pte = table[(address >> (12 + 9 * level)) & (entries - 1)];
        if (level == 0 || !pte_is_table(pte))
            return pte;
        table = hal_phys_to_virt(pte_address(pte));
        entries = 512;
    }
}

START_TEST(test_map_writes_one_leaf_and_fences)
{
    uint32_t frame = world_make(OBJ_FRAME, 12);

    ck_assert_int_eq(map(frame, vspace, 0x5000, RIGHT_READ | RIGHT_WRITE), OK);
    uint64_t pte = leaf_at(vspace, 0x5000);
    ck_assert_uint_eq(pte_address(pte).raw, world_slot(frame)->object);
    ck_assert_uint_eq(pte & 0x3ff, PTE_V | PTE_R | PTE_W | PTE_U | PTE_A | PTE_D);
    ck_assert_uint_eq(leaf_at(vspace, 0x4000), 0);
    ck_assert_uint_gt(fake_event_count_of(FAKE_VSPACE_FENCE_ALL), 0);
    ck_assert_uint_eq(free_pages(vspace), 0);
}
END_TEST

START_TEST(test_map_rights_refused)
{
    /* W^X holds in a VSpace; a guest's memory may be all three; WRITE needs READ. */
    uint32_t frame = world_make(OBJ_FRAME, 12), read = world_copy(frame, RIGHT_READ, 0);

    for (uint64_t rights = 0; rights < 16; rights++) {
        bool is_valid = rights != 0 && rights <= RWX && (rights & 3) != RIGHT_WRITE;
        bool is_wx = (rights & (RIGHT_WRITE | RIGHT_EXEC)) == (RIGHT_WRITE | RIGHT_EXEC);
        ck_assert_int_eq(map(frame, vspace, 0, rights),
                         is_valid && !is_wx ? OK : ERR_INVALID_ARG);
        (void)unmap(frame);
        ck_assert_int_eq(map(frame, gspace, 0, rights), is_valid ? OK : ERR_INVALID_ARG);
        (void)unmap(frame);
    }
    ck_assert_int_eq(map(frame, vspace, 0, UINT64_MAX), ERR_INVALID_ARG);
    ck_assert_int_eq(map(frame, vspace, 0, RIGHT_READ | UINT64_C(1) << 32), ERR_INVALID_ARG);
    ck_assert_int_eq(map(read, vspace, 0, RIGHT_READ | RIGHT_WRITE), ERR_NO_RIGHT);
    ck_assert_int_eq(map(read, vspace, 0, RIGHT_READ | RIGHT_EXEC), ERR_NO_RIGHT);
    ck_assert_int_eq(map(read, world_copy(vspace, RIGHT_READ, 0), 0, RIGHT_READ), ERR_NO_RIGHT);
    ck_assert_int_eq(map(read, frame, 0, RIGHT_READ), ERR_INVALID_CAP);
    ck_assert_int_eq(map(read, vspace, 0, RIGHT_READ), OK);
}
END_TEST

START_TEST(test_map_copies_in_both_stages_have_their_own_rights)
{
    /* A page in both stages: each mapping has the rights of its capability and goes with it. */
    uint32_t frame = world_make(OBJ_FRAME, 12), read = world_copy(frame, RIGHT_READ, 0);

    ck_assert_int_eq(map(frame, vspace, 0x4000, RIGHT_READ | RIGHT_WRITE), OK);
    ck_assert_int_eq(map(frame, gspace, 0x8000, RIGHT_READ), ERR_EXISTS);
    ck_assert_int_eq(map(read, gspace, 0x8000, RIGHT_READ | RIGHT_WRITE), ERR_NO_RIGHT);
    ck_assert_int_eq(map(read, gspace, 0x8000, RIGHT_READ), OK);
    ck_assert_uint_eq(leaf_at(gspace, 0x8000) & (PTE_R | PTE_W | PTE_X), PTE_R);
    ck_assert_uint_eq(leaf_at(vspace, 0x4000) & (PTE_R | PTE_W | PTE_X), PTE_R | PTE_W);
    ck_assert_int_eq(unmap(frame), OK);
    ck_assert_uint_eq(leaf_at(vspace, 0x4000), 0);
    ck_assert_uint_eq(pte_address(leaf_at(gspace, 0x8000)).raw, world_slot(frame)->object);
    ck_assert_int_eq(unmap(read), OK);
    ck_assert_uint_eq(leaf_at(gspace, 0x8000), 0);
}
END_TEST

START_TEST(test_map_address_refused)
{
    uint32_t page = large_frame(12, 1), mega = large_frame(21, 2), giga = large_frame(30, 3);
    uint64_t v_end = UINT64_C(1) << 38, g_end = UINT64_C(1) << 41;

    ck_assert_int_eq(map(page, vspace, 1, RIGHT_READ), ERR_ALIGN);
    ck_assert_int_eq(map(page, vspace, 0x1ffff, RIGHT_READ), ERR_ALIGN);
    ck_assert_int_eq(map(mega, vspace, 0x1000, RIGHT_READ), ERR_ALIGN);
    ck_assert_int_eq(map(giga, vspace, MIB2, RIGHT_READ), ERR_ALIGN);
    ck_assert_int_eq(map(page, vspace, v_end, RIGHT_READ), ERR_RANGE);
    ck_assert_int_eq(map(page, vspace, UINT64_MAX & ~UINT64_C(0xfff), RIGHT_READ), ERR_RANGE);
    ck_assert_int_eq(map(page, vspace, UINT64_C(0xffffffc000000000), RIGHT_READ), ERR_RANGE);
    ck_assert_int_eq(map(giga, vspace, v_end, RIGHT_READ), ERR_RANGE);
    ck_assert_int_eq(map(giga, gspace, g_end, RIGHT_READ), ERR_RANGE);
    ck_assert_int_eq(map(giga, vspace, v_end - GIB, RIGHT_READ), OK);
    ck_assert_int_eq(map(mega, gspace, g_end - MIB2, RIGHT_READ), OK);
}
END_TEST

START_TEST(test_map_something_there_exists)
{
    uint32_t page = large_frame(12, 1), second = large_frame(12, 2), mega = large_frame(21, 2);
    uint32_t giga = large_frame(30, 3);

    ck_assert_int_eq(map(page, vspace, 0x3000, RIGHT_READ), OK);
    ck_assert_int_eq(map(page, vspace, 0x4000, RIGHT_READ), ERR_EXISTS); /* this capability is */
    ck_assert_int_eq(map(second, vspace, 0x3000, RIGHT_READ), ERR_EXISTS);
    ck_assert_int_eq(map(mega, vspace, 0, RIGHT_READ), ERR_EXISTS);
    ck_assert_int_eq(map(giga, vspace, 0, RIGHT_READ), ERR_EXISTS);
    ck_assert_int_eq(unmap(page), OK);
    ck_assert_int_eq(map(giga, vspace, 0, RIGHT_READ), OK);
    ck_assert_int_eq(map(mega, vspace, MIB2, RIGHT_READ), ERR_EXISTS);
    ck_assert_int_eq(map(page, vspace, 0x3000, RIGHT_READ), ERR_EXISTS);
}
END_TEST

START_TEST(test_map_pool_used_up_changes_nothing)
{
    /* A map that needs two tables when the pool has one, then none, fails and maps nothing. */
    uint32_t page = large_frame(12, 1), mega = large_frame(21, 2), second = large_frame(12, 3);

    ck_assert_int_eq(map(mega, vspace, 0, RIGHT_READ), OK);
    ck_assert_uint_eq(free_pages(vspace), 1);
    fake_log_clear();
    ck_assert_int_eq(map(page, vspace, GIB, RIGHT_READ), ERR_NO_MEMORY);
    ck_assert_uint_eq(fake_event_count_of(FAKE_PTE_WRITE), 0);
    ck_assert_uint_eq(free_pages(vspace), 1);
    ck_assert_int_eq(map(page, vspace, MIB2, RIGHT_READ), OK);
    ck_assert_int_eq(map(second, vspace, 2 * MIB2, RIGHT_READ), ERR_NO_MEMORY);
    ck_assert_int_eq(unmap(page), OK);
    ck_assert_int_eq(map(second, vspace, 2 * MIB2, RIGHT_READ), OK);
}
END_TEST

START_TEST(test_unmap_fences_before_tables_are_free)
{
    /* After an unmap no cached translation leads to the page or to an emptied table. */
    uint32_t frame = world_make(OBJ_FRAME, 12);
    struct space *space = world_object(vspace);

    ck_assert_int_eq(unmap(frame), ERR_NOT_FOUND);
    space_load(&hart, space);
    ck_assert_int_eq(map(frame, vspace, 0x7000, RIGHT_READ), OK);
    fake_tlb_fill();
    ck_assert(fake_tlb_reaches(hpa(world_slot(frame)->object), PAGE_BYTES));
    ck_assert_int_eq(unmap(frame), OK);
    ck_assert(!fake_tlb_reaches(hpa(world_slot(frame)->object), PAGE_BYTES));
    ck_assert_uint_eq(free_pages(vspace), 2);
    for (uint64_t *page = space->free_list; page != NULL; page = (uint64_t *)(uintptr_t)page[0])
        ck_assert(!fake_tlb_reaches(hal_virt_to_phys(page), PAGE_BYTES));
    ck_assert_int_eq(unmap(frame), ERR_NOT_FOUND);
}
END_TEST

START_TEST(test_space_create_of_any_size_has_a_count_for_each_page)
{
    /* The counts lie between header and pool, and there is one for each page of the pool. */
    for (uint8_t bits = 20; bits <= 24; bits++) {
        const struct space *space = world_object(world_make(OBJ_VSPACE, bits));
        uint64_t header = space->root.raw + PAGE_BYTES;
        uint64_t counts_end =
            hal_virt_to_phys(space->used).raw + space->pool_count * sizeof(uint16_t);
        ck_assert_uint_ge(hal_virt_to_phys(space->used).raw, header + sizeof(*space));
        ck_assert_uint_le(counts_end, space->pool_first.raw);
        ck_assert_uint_lt(space->pool_first.raw - counts_end, PAGE_BYTES);
        ck_assert_uint_eq(space->pool_first.raw + space->pool_count * PAGE_BYTES,
                          space->root.raw + (UINT64_C(1) << bits));
    }
}
END_TEST

START_TEST(test_unmap_of_one_of_many_keeps_the_table)
{
    /* A table goes back to the pool with its last entry, whatever was unmapped before. */
    uint32_t a = world_make(OBJ_FRAME, 12), b = world_make(OBJ_FRAME, 12);

    for (int round = 0; round < 3; round++) {
        ck_assert_int_eq(map(a, vspace, 0, RIGHT_READ), OK);
        ck_assert_int_eq(map(b, vspace, MIB2 - PAGE_BYTES, RIGHT_READ), OK);
        ck_assert_uint_eq(free_pages(vspace), 0);
        ck_assert_int_eq(unmap(round % 2 == 0 ? a : b), OK);
        ck_assert_uint_eq(free_pages(vspace), 0);
        ck_assert_int_eq(unmap(round % 2 == 0 ? b : a), OK);
        ck_assert_uint_eq(free_pages(vspace), 2);
    }
}
END_TEST

START_TEST(test_space_death_voids_its_mappings)
{
    /* After a space dies, a Frame's record of its mapping is void, even if the index is reused. */
    uint32_t frame = world_make(OBJ_FRAME, 12), place;
    struct space *space = world_object(gspace);

    ck_assert_int_eq(map(frame, gspace, 0, RIGHT_READ), OK);
    space_load(&hart, space);
    place = space->index;
    slot_delete(&hart, world_slot(gspace));
    ck_assert_ptr_null(hart.gspace);
    ck_assert(!fake_tlb_reaches(space->root, UINT64_C(1) << 15));
    ck_assert_ptr_null(space_of_frame(&kernel, world_slot(frame)));
    uint32_t next = world_make(OBJ_GSPACE, 15);
    ck_assert_uint_eq(((struct space *)world_object(next))->index, place);
    ck_assert_ptr_null(space_of_frame(&kernel, world_slot(frame)));
    ck_assert_int_eq(unmap(frame), ERR_NOT_FOUND);
    ck_assert_int_eq(map(frame, next, 0x1000, RIGHT_READ), OK);
}
END_TEST

START_TEST(test_space_load_few_identifiers_fences_shared_one)
{
    /* Of two spaces that share one ASID, neither uses the other's TLB entries. */
    fake.vspace_ids = 1;
    uint32_t a = world_make(OBJ_VSPACE, 14), b = world_make(OBJ_VSPACE, 14);
    uint32_t frame = world_make(OBJ_FRAME, 12);

    ck_assert_int_eq(map(frame, a, 0, RIGHT_READ), OK);
    space_load(&hart, world_object(a));
    fake_tlb_fill();
    space_load(&hart, world_object(b));
    ck_assert(!fake_tlb_reaches(hpa(world_slot(frame)->object), PAGE_BYTES));
}
END_TEST

START_TEST(test_frame_and_space_info)
{
    uint32_t frame = world_make(OBJ_FRAME, 12), device = large_frame(21, 5);

    ck_assert_int_eq(world_invoke(caller, frame, METHOD_FRAME_INFO, 0, 0, 0, 0), OK);
    ck_assert_uint_eq(caller->context.x[REG_A1], world_slot(frame)->object);
    ck_assert_uint_eq(caller->context.x[REG_A2], 12);
    ck_assert_int_eq(map(device, gspace, 0, RIGHT_READ), OK);
    ck_assert_int_eq(world_invoke(caller, device, METHOD_FRAME_INFO, 0, 0, 0, 0), OK);
    ck_assert_uint_eq(caller->context.x[REG_A2], 21 | INFO_DEVICE | INFO_MAPPED);
    ck_assert_uint_eq(free_pages(gspace), 2);
    ck_assert_uint_eq(caller->context.x[REG_A2], 3);
}
END_TEST

TCase *space_cases(void)
{
    TCase *cases = tcase_create("space");

    tcase_add_checked_fixture(cases, setup, NULL);
    tcase_add_test(cases, test_map_writes_one_leaf_and_fences);
    tcase_add_test(cases, test_map_rights_refused);
    tcase_add_test(cases, test_map_copies_in_both_stages_have_their_own_rights);
    tcase_add_test(cases, test_map_address_refused);
    tcase_add_test(cases, test_map_something_there_exists);
    tcase_add_test(cases, test_map_pool_used_up_changes_nothing);
    tcase_add_test(cases, test_unmap_fences_before_tables_are_free);
    tcase_add_test(cases, test_space_create_of_any_size_has_a_count_for_each_page);
    tcase_add_test(cases, test_unmap_of_one_of_many_keeps_the_table);
    tcase_add_test(cases, test_space_death_voids_its_mappings);
    tcase_add_test(cases, test_space_load_few_identifiers_fences_shared_one);
    tcase_add_test(cases, test_frame_and_space_info);
    return cases;
}
