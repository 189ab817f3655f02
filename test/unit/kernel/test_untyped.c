/* SPDX-License-Identifier: BSD-2-Clause */
#include "suites.h"
#include "world.h"

#include <string.h>

static struct thread *caller;
static uint32_t table; /* slot of the CNode of all threads */

static void setup(void)
{
    world_setup();
    caller = world_thread_at(world_thread(10));
    table = world_empty();
    slot_derive(world_slot(table), &caller->place[THREAD_CNODE], RIGHTS_ALL);
}

static enum err retype(uint32_t untyped, uint64_t type, uint64_t bits, uint64_t index,
                       uint64_t count)
{
    caller->context.x[REG_A6] = count;
    return world_invoke(caller, untyped, METHOD_UNTYPED_RETYPE, type, bits, table, index);
}

static uint64_t free_bytes(uint32_t untyped)
{
    ck_assert_int_eq(world_invoke(caller, untyped, METHOD_UNTYPED_INFO, 0, 0, 0, 0), OK);
    return caller->context.x[REG_A2] & ~(PAGE_BYTES - 1);
}

static uint32_t device_untyped(uint8_t bits)
{
    uint32_t slot = world_empty();

    untyped_create(world_slot(slot), hpa(UINT64_C(0x10000000)), bits, SLOT_DEVICE);
    return slot;
}

START_TEST(test_retype_makes_zeroed_children_with_all_rights)
{
    /* Objects are aligned to their size, zeroed, and children of the Untyped. */
    uint32_t untyped = world_make(OBJ_UNTYPED, 16);
    struct slot *parent = world_slot(untyped);
    uint8_t *memory = hal_phys_to_virt(hpa(parent->object));

    memset(memory, 0xa5, UINT64_C(1) << 16);
    ck_assert_int_eq(retype(untyped, OBJ_ENDPOINT, 7, 100, 1), OK);
    ck_assert_int_eq(retype(untyped, OBJ_FRAME, 12, 101, 3), OK);
    for (uint32_t i = 0; i < 3; i++) {
        const struct slot *frame = world_slot(101 + i);
        ck_assert_uint_eq(frame->object, parent->object + (i + 1) * PAGE_BYTES);
        ck_assert_uint_eq(frame->rights, RIGHTS_ALL);
        for (uint32_t k = 0; k < PAGE_BYTES; k++)
            ck_assert_uint_eq(memory[(i + 1) * PAGE_BYTES + k], 0);
    }
    ck_assert_ptr_eq(parent->first_child, world_slot(103));
    ck_assert_ptr_eq(parent->last_child, world_slot(100));
    ck_assert_uint_eq(memory[4 * PAGE_BYTES], 0xa5); /* memory after the objects is untouched */
    ck_assert_uint_eq(free_bytes(untyped), (UINT64_C(1) << 16) - 4 * PAGE_BYTES);
}
END_TEST

START_TEST(test_retype_thread_in_place_of_the_root_thread_is_not_root)
{
    /* The flag "a fault of this thread ends the machine" dies with the thread: a new thread at the
     * same address does not have it. */
    uint32_t untyped = world_make(OBJ_UNTYPED, 16);
    struct thread *root = hal_phys_to_virt(hpa(world_slot(untyped)->object));

    ck_assert_int_eq(retype(untyped, OBJ_THREAD, THREAD_BITS_MIN, 100, 1), OK);
    ck_assert_ptr_eq(world_object(100), root);
    root->is_root = true;
    world_destroy(100);
    ck_assert_int_eq(retype(untyped, OBJ_THREAD, THREAD_BITS_MIN, 100, 1), OK);
    ck_assert_ptr_eq(world_object(100), root);
    ck_assert(!root->is_root);
}
END_TEST

START_TEST(test_retype_argument_never_valid_invalid_arg)
{
    /* A bad type, size or count is refused, and nothing changes. */
    uint32_t untyped = world_make(OBJ_UNTYPED, 16);
    static const uint64_t wrong[][3] = {
        { OBJ_NONE, 12, 1 },         { OBJ_COUNT, 12, 1 },     { UINT64_MAX, 12, 1 },
        { OBJ_IRQ_CONTROL, 0, 1 },   { OBJ_KLOG, 0, 1 },       { OBJ_FRAME, 13, 1 },
        { OBJ_FRAME, 64, 1 },        { OBJ_FRAME, 268, 1 },    { OBJ_FRAME, UINT64_MAX, 1 },
        { OBJ_CNODE, 7, 1 },         { OBJ_CNODE, 21, 1 },     { OBJ_VSPACE, 13, 1 },
        { OBJ_GSPACE, 14, 1 },       { OBJ_UNTYPED, 11, 1 },   { OBJ_UNTYPED, 39, 1 },
        { OBJ_FRAME, 12, 0 },        { OBJ_FRAME, 12, 65 },     { OBJ_FRAME, 12, UINT64_MAX },
        { OBJ_FRAME + 256, 12, 1 },  { OBJ_VSPACE, 14, 9 },    { OBJ_FRAME, 12, UINT64_C(1) << 32 },
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ck_assert_int_eq(retype(untyped, wrong[i][0], wrong[i][1], 100, wrong[i][2]),
                         ERR_INVALID_ARG);
    ck_assert_uint_eq(free_bytes(untyped), UINT64_C(1) << 16);
    ck_assert(slot_is_empty(world_slot(100)));
}
END_TEST

START_TEST(test_retype_device_object_invalid_arg)
{
    /* No kernel object lies in device memory; Frames and Untypeds of it are never touched. */
    uint32_t device = device_untyped(24);

    for (uint64_t type = OBJ_CNODE; type < OBJ_IRQ_CONTROL; type++) {
        uint64_t bits = (uint64_t)__builtin_ctzll(abi_object_table[type].size_bits_mask);
        enum err expected = type == OBJ_FRAME ? OK : ERR_INVALID_ARG;
        ck_assert_int_eq(retype(device, type, bits, 100 + type, 1), expected);
    }
    ck_assert_int_eq(retype(device, OBJ_UNTYPED, 20, 200, 1), OK);
    ck_assert_uint_eq(world_slot(200)->flags, SLOT_DEVICE);
    ck_assert_int_eq(retype(200, OBJ_ENDPOINT, 7, 201, 1), ERR_INVALID_ARG);
}
END_TEST

START_TEST(test_retype_slots_range_and_no_slot)
{
    uint32_t untyped = world_make(OBJ_UNTYPED, 16), used = world_make(OBJ_ENDPOINT, 7);
    uint64_t count = UINT64_C(1) << (WORLD_CNODE_BITS - 6);

    ck_assert_int_eq(retype(untyped, OBJ_FRAME, 12, 0, 1), ERR_RANGE);
    ck_assert_int_eq(retype(untyped, OBJ_FRAME, 12, count, 1), ERR_RANGE);
    ck_assert_int_eq(retype(untyped, OBJ_FRAME, 12, count - 1, 2), ERR_RANGE);
    ck_assert_int_eq(retype(untyped, OBJ_FRAME, 12, UINT64_MAX, 1), ERR_RANGE);
    ck_assert_int_eq(retype(untyped, OBJ_FRAME, 12, UINT64_MAX, 2), ERR_RANGE);
    ck_assert_int_eq(retype(untyped, OBJ_FRAME, 12, used, 1), ERR_NO_SLOT);
    ck_assert_int_eq(retype(untyped, OBJ_FRAME, 12, used - 1, 2), ERR_NO_SLOT);
    ck_assert_int_eq(retype(untyped, OBJ_FRAME, 12, count - 1, 1), OK);
}
END_TEST

START_TEST(test_retype_memory_or_identifiers_used_up_no_memory)
{
    uint32_t untyped = world_make(OBJ_UNTYPED, 13);

    ck_assert_int_eq(retype(untyped, OBJ_FRAME, 12, 100, 3), ERR_NO_MEMORY);
    ck_assert_int_eq(retype(untyped, OBJ_FRAME, 21, 100, 1), ERR_NO_MEMORY);
    ck_assert_int_eq(retype(untyped, OBJ_FRAME, 12, 100, 2), OK);
    ck_assert_int_eq(retype(untyped, OBJ_ENDPOINT, 7, 102, 1), ERR_NO_MEMORY);

    uint32_t large = world_make(OBJ_UNTYPED, 20);
    kernel.gspaces.used_count = SPACE_COUNT - 2; /* as if so many existed */
    ck_assert_int_eq(retype(large, OBJ_GSPACE, 15, 110, 2), ERR_NO_MEMORY);
    ck_assert_int_eq(retype(large, OBJ_GSPACE, 15, 110, 1), OK);
}
END_TEST

START_TEST(test_retype_wrong_capability_refused)
{
    uint32_t untyped = world_make(OBJ_UNTYPED, 13), endpoint = world_make(OBJ_ENDPOINT, 7);
    uint32_t narrow = world_copy(table, RIGHT_READ, 0);

    caller->context.x[REG_A6] = 1;
    ck_assert_int_eq(world_invoke(caller, untyped, METHOD_UNTYPED_RETYPE, OBJ_ENDPOINT, 7,
                                  endpoint, 100),
                     ERR_INVALID_CAP);
    ck_assert_int_eq(world_invoke(caller, untyped, METHOD_UNTYPED_RETYPE, OBJ_ENDPOINT, 7, narrow,
                                  100),
                     ERR_NO_RIGHT);
    world_slot(untyped)->rights = (uint8_t)~RIGHT_WRITE & RIGHTS_ALL;
    ck_assert_int_eq(retype(untyped, OBJ_ENDPOINT, 7, 100, 1), ERR_NO_RIGHT);
    ck_assert_int_eq(retype(300, OBJ_ENDPOINT, 7, 100, 1), ERR_INVALID_CAP);
}
END_TEST

START_TEST(test_retype_preempted_zeroing_resumes_where_it_stopped)
{
    /* Each page is zeroed once, however often the call is made. */
    uint32_t untyped = world_make(OBJ_UNTYPED, 16);
    uint8_t *memory = hal_phys_to_virt(hpa(world_slot(untyped)->object));
    uint64_t pc;

    fake.is_preempting = true;
    for (uint32_t page = 1; page < 16; page++) {
        memset(memory + (page - 1) * PAGE_BYTES, 0xa5, PAGE_BYTES);
        pc = caller->context.pc;
        (void)retype(untyped, OBJ_VSPACE, 16, 100, 1);
        ck_assert_uint_eq(caller->context.pc, pc); /* preempted: the call will be made again */
        ck_assert_uint_eq(memory[(page - 1) * PAGE_BYTES], 0);
        ck_assert(slot_is_empty(world_slot(100)));
        memory[(page - 1) * PAGE_BYTES] = (uint8_t)page; /* lost if zeroed again */
    }
    pc = caller->context.pc;
    (void)retype(untyped, OBJ_UNTYPED, 12, 100, 1);
    ck_assert_uint_eq(caller->context.pc, pc + 4); /* not zeroed again, so not preempted */
    for (uint32_t page = 1; page < 16; page++)
        ck_assert_uint_eq(memory[(page - 1) * PAGE_BYTES], page);
}
END_TEST

/* Deletes a slot, as for a thread that has not yet taken the object apart. */
static void condemn(uint32_t slot)
{
    struct thread *current = hart.current;

    hart.current = NULL;
    slot_delete(&hart, world_slot(slot));
    hart.current = current;
}

START_TEST(test_retype_without_room_takes_the_dead_apart)
{
    /* Memory can be reused when it holds no object, alive or dead; the retype frees the dead. */
    uint32_t untyped = world_make(OBJ_UNTYPED, 13);

    ck_assert_int_eq(retype(untyped, OBJ_CNODE, 12, 100, 2), OK);
    condemn(100);
    ck_assert_int_eq(retype(untyped, OBJ_CNODE, 12, 100, 1), ERR_NO_MEMORY);
    condemn(101);
    ck_assert(world_has_dead());
    ck_assert_uint_eq(free_bytes(untyped), 0);
    ck_assert_int_eq(retype(untyped, OBJ_CNODE, 13, 100, 1), OK);
    ck_assert(!world_has_dead());
}
END_TEST

START_TEST(test_retype_with_room_leaves_the_dead)
{
    /* A retype does not take other threads' dead objects apart while other memory is free. */
    uint32_t untyped = world_make(OBJ_UNTYPED, 16);

    ck_assert_int_eq(retype(untyped, OBJ_CNODE, 14, 100, 1), OK);
    condemn(100);
    ck_assert_int_eq(retype(untyped, OBJ_ENDPOINT, 7, 100, 1), OK);
    ck_assert(world_has_dead());
}
END_TEST

START_TEST(test_retype_after_the_caller_took_all_apart_starts_again)
{
    /* When a delete returns, its object's memory is free. */
    uint32_t untyped = world_make(OBJ_UNTYPED, 13);

    ck_assert_int_eq(retype(untyped, OBJ_CNODE, 13, 100, 1), OK);
    ck_assert_int_eq(world_invoke(caller, table, METHOD_CNODE_DELETE, 100, 0, 0, 0), OK);
    ck_assert_uint_eq(free_bytes(untyped), UINT64_C(1) << 13);
    ck_assert_int_eq(retype(untyped, OBJ_CNODE, 13, 100, 1), OK);
}
END_TEST

START_TEST(test_retype_caller_among_the_dead_makes_nothing)
{
    /* Taking dead objects apart may destroy the caller, its CNode and the Untyped's own slot: the
     * retype uses none of them afterwards. */
    uint32_t untyped = world_make(OBJ_UNTYPED, 12), own = world_make(OBJ_CNODE, 10);
    uint32_t doomed = world_thread(10);
    struct thread *thread = world_thread_at(doomed);
    struct cnode *owned = world_object(own);

    ck_assert_int_eq(retype(untyped, OBJ_CNODE, 12, 100, 1), OK);
    struct cnode *boxed = world_object(100);
    slot_delete(&hart, &thread->place[THREAD_CNODE]);
    slot_embed(&thread->place[THREAD_CNODE], world_slot(own), &thread->object);
    ck_assert_int_eq(thread_resume(thread), OK);
    slot_derive(cnode_slot(owned, 3), world_slot(table), RIGHTS_ALL);
    slot_move(cnode_slot(owned, 2), world_slot(untyped));
    slot_move(cnode_slot(boxed, 1), world_slot(doomed));
    slot_delete(&hart, world_slot(own)); /* the thread itself holds the last capability to it */
    condemn(100);
    ck_assert(!object_is_dead(&thread->object));

    thread->context.x[REG_A6] = 1;
    (void)world_invoke(thread, 2, METHOD_UNTYPED_RETYPE, OBJ_ENDPOINT, 7, 3, 120);
    ck_assert(object_is_dead(&thread->object));
    ck_assert(slot_is_empty(world_slot(120)));
    ck_assert_ptr_null(hart.current);
    world_reap();
    ck_assert(object_is_dead(&owned->object));
}
END_TEST

TCase *untyped_cases(void)
{
    TCase *cases = tcase_create("untyped");

    tcase_add_checked_fixture(cases, setup, NULL);
    tcase_add_test(cases, test_retype_makes_zeroed_children_with_all_rights);
    tcase_add_test(cases, test_retype_thread_in_place_of_the_root_thread_is_not_root);
    tcase_add_test(cases, test_retype_argument_never_valid_invalid_arg);
    tcase_add_test(cases, test_retype_device_object_invalid_arg);
    tcase_add_test(cases, test_retype_slots_range_and_no_slot);
    tcase_add_test(cases, test_retype_memory_or_identifiers_used_up_no_memory);
    tcase_add_test(cases, test_retype_wrong_capability_refused);
    tcase_add_test(cases, test_retype_preempted_zeroing_resumes_where_it_stopped);
    tcase_add_test(cases, test_retype_without_room_takes_the_dead_apart);
    tcase_add_test(cases, test_retype_with_room_leaves_the_dead);
    tcase_add_test(cases, test_retype_after_the_caller_took_all_apart_starts_again);
    tcase_add_test(cases, test_retype_caller_among_the_dead_makes_nothing);
    return cases;
}
