/* SPDX-License-Identifier: BSD-2-Clause */
#include "suites.h"
#include "world.h"

static struct thread *caller;
static uint32_t table, small; /* the CNode of all threads; a CNode of 4 slots */
static uint32_t endpoint;

static void setup(void)
{
    world_setup();
    caller = world_thread_at(world_thread(10));
    table = world_empty();
    slot_derive(world_slot(table), &caller->place[THREAD_CNODE], RIGHTS_ALL);
    small = world_make(OBJ_CNODE, 8);
    endpoint = world_make(OBJ_ENDPOINT, 7);
}

static struct slot *small_slot(uint64_t index)
{
    return cnode_slot(world_object(small), index);
}

static enum err copy(uint64_t to, uint64_t from, uint64_t rights)
{
    return world_invoke(caller, small, METHOD_CNODE_COPY, to, table, from, rights);
}

static enum err mint(uint64_t to, uint64_t from, uint64_t rights, uint64_t badge)
{
    caller->context.x[REG_A6] = badge;
    return world_invoke(caller, small, METHOD_CNODE_MINT, to, table, from, rights);
}

static enum err move(uint64_t to, uint64_t from)
{
    return world_invoke(caller, small, METHOD_CNODE_MOVE, to, table, from, 0);
}

static enum err remove_at(uint32_t cnode, uint64_t method, uint64_t index)
{
    return world_invoke(caller, cnode, method, index, 0, 0, 0);
}

START_TEST(test_copy_is_child_with_no_more_rights)
{
    for (uint64_t rights = 0; rights <= RIGHTS_ALL; rights++) {
        world_slot(endpoint)->rights = RIGHT_READ | RIGHT_GRANT;
        ck_assert_int_eq(copy(1, endpoint, rights), OK);
        ck_assert_uint_eq(small_slot(1)->rights, rights & (RIGHT_READ | RIGHT_GRANT));
        ck_assert_ptr_eq(world_slot(endpoint)->first_child, small_slot(1));
        ck_assert_int_eq(remove_at(small, METHOD_CNODE_DELETE, 1), OK);
    }
}
END_TEST

START_TEST(test_copy_mint_move_bad_slots_refused)
{
    /* copy, mint and move return the same errors for bad slots, and change nothing. */
    uint64_t past = UINT64_C(1) << (WORLD_CNODE_BITS - 6);

    ck_assert_int_eq(copy(0, endpoint, RIGHTS_ALL), ERR_RANGE);
    ck_assert_int_eq(copy(4, endpoint, RIGHTS_ALL), ERR_RANGE);
    ck_assert_int_eq(copy(UINT64_MAX, endpoint, RIGHTS_ALL), ERR_RANGE);
    ck_assert_int_eq(copy(UINT64_C(1) << 32 | 1, endpoint, RIGHTS_ALL), ERR_RANGE);
    ck_assert_int_eq(copy(1, 0, RIGHTS_ALL), ERR_RANGE);
    ck_assert_int_eq(copy(1, past, RIGHTS_ALL), ERR_RANGE);
    ck_assert_int_eq(copy(1, past - 1, RIGHTS_ALL), ERR_INVALID_CAP);
    ck_assert_int_eq(copy(1, endpoint, RIGHTS_ALL + 1), ERR_INVALID_ARG);
    ck_assert_int_eq(copy(1, endpoint, UINT64_MAX), ERR_INVALID_ARG);
    ck_assert_int_eq(mint(0, endpoint, 0, 1), ERR_RANGE);
    ck_assert_int_eq(mint(1, past - 1, 0, 1), ERR_INVALID_CAP);
    ck_assert_int_eq(move(0, endpoint), ERR_RANGE);
    ck_assert_int_eq(move(1, past - 1), ERR_INVALID_CAP);
    ck_assert(slot_is_empty(small_slot(1)));

    ck_assert_int_eq(copy(1, endpoint, RIGHTS_ALL), OK);
    ck_assert_int_eq(copy(1, endpoint, RIGHTS_ALL), ERR_NO_SLOT);
    ck_assert_int_eq(mint(1, endpoint, RIGHTS_ALL, 7), ERR_NO_SLOT);
    ck_assert_int_eq(move(1, endpoint), ERR_NO_SLOT);
}
END_TEST

START_TEST(test_copy_untyped_invalid_cap)
{
    /* An Untyped cannot be copied: its free memory would have two owners. */
    uint32_t untyped = world_make(OBJ_UNTYPED, 12);

    ck_assert_int_eq(copy(1, untyped, RIGHTS_ALL), ERR_INVALID_CAP);
    ck_assert_int_eq(move(1, untyped), OK);
    ck_assert_uint_eq(small_slot(1)->type, OBJ_UNTYPED);
}
END_TEST

START_TEST(test_copy_mapped_frame_is_not_mapped)
{
    uint32_t frame = world_make(OBJ_FRAME, 12), vspace = world_make(OBJ_VSPACE, 14);

    ck_assert_int_eq(world_invoke(caller, frame, METHOD_FRAME_MAP, vspace, 0x1000, RIGHT_READ, 0),
                     OK);
    ck_assert_int_eq(copy(1, frame, RIGHTS_ALL), OK);
    ck_assert_ptr_null(space_of_frame(&kernel, small_slot(1)));
    ck_assert_int_eq(remove_at(small, METHOD_CNODE_DELETE, 1), OK);
    ck_assert_ptr_eq(space_of_frame(&kernel, world_slot(frame)), world_object(vspace));
    ck_assert_int_eq(move(2, frame), OK); /* a move takes the mapping along */
    ck_assert_ptr_eq(space_of_frame(&kernel, small_slot(2)), world_object(vspace));
}
END_TEST

START_TEST(test_mint_badge_is_for_ever)
{
    ck_assert_int_eq(mint(1, endpoint, RIGHT_WRITE, 42), OK);
    ck_assert_uint_eq(small_slot(1)->word[0], 42);
    ck_assert_uint_eq(small_slot(1)->rights, RIGHT_WRITE);
    ck_assert_int_eq(mint(2, endpoint, RIGHTS_ALL, 0), ERR_INVALID_ARG);
    ck_assert_int_eq(mint(2, endpoint, RIGHTS_ALL + 1, 1), ERR_INVALID_ARG);
    ck_assert_int_eq(mint(2, table, RIGHTS_ALL, 1), ERR_INVALID_CAP);
    caller->context.x[REG_A6] = 43;
    ck_assert_int_eq(world_invoke(caller, small, METHOD_CNODE_MINT, 2, small, 1, RIGHTS_ALL),
                     ERR_STATE);
    ck_assert_int_eq(world_invoke(caller, small, METHOD_CNODE_COPY, 2, small, 1, RIGHTS_ALL), OK);
    ck_assert_uint_eq(small_slot(2)->word[0], 42);
    ck_assert_uint_eq(small_slot(2)->rights, RIGHT_WRITE);
}
END_TEST

START_TEST(test_cnode_methods_missing_rights_no_right)
{
    uint32_t read = world_copy(small, RIGHT_READ, 0), write = world_copy(table, RIGHT_WRITE, 0);

    for (uint64_t method = 0; method < CNODE_METHOD_COUNT; method++)
        ck_assert_int_eq(world_invoke(caller, read, method, 1, table, endpoint, 0), ERR_NO_RIGHT);
    ck_assert_int_eq(world_invoke(caller, small, METHOD_CNODE_COPY, 1, write, endpoint, 0),
                     ERR_NO_RIGHT);
    ck_assert_int_eq(world_invoke(caller, small, METHOD_CNODE_MINT, 1, write, endpoint, 0),
                     ERR_NO_RIGHT);
    ck_assert_int_eq(world_invoke(caller, small, METHOD_CNODE_MOVE, 1, write, endpoint, 0),
                     ERR_NO_RIGHT);
    ck_assert_int_eq(world_invoke(caller, small, METHOD_CNODE_COPY, 1, endpoint, endpoint, 0),
                     ERR_INVALID_CAP);
    ck_assert(slot_is_empty(small_slot(1)));
}
END_TEST

START_TEST(test_delete_and_revoke_errors)
{
    ck_assert_int_eq(remove_at(small, METHOD_CNODE_DELETE, 0), ERR_RANGE);
    ck_assert_int_eq(remove_at(small, METHOD_CNODE_DELETE, 4), ERR_RANGE);
    ck_assert_int_eq(remove_at(small, METHOD_CNODE_DELETE, UINT64_MAX), ERR_RANGE);
    ck_assert_int_eq(remove_at(small, METHOD_CNODE_REVOKE, 0), ERR_RANGE);
    ck_assert_int_eq(remove_at(small, METHOD_CNODE_REVOKE, 4), ERR_RANGE);
    ck_assert_int_eq(remove_at(small, METHOD_CNODE_REVOKE, 1), ERR_INVALID_CAP);
    ck_assert_int_eq(remove_at(small, METHOD_CNODE_DELETE, 1), OK); /* empty: nothing to do */
    ck_assert_int_eq(remove_at(endpoint, METHOD_CNODE_DELETE, 1), ERR_BAD_CALL);
}
END_TEST

START_TEST(test_revoke_keeps_the_capability_itself)
{
    for (uint64_t i = 1; i < 4; i++)
        ck_assert_int_eq(copy(i, endpoint, RIGHTS_ALL), OK);
    ck_assert_int_eq(remove_at(table, METHOD_CNODE_REVOKE, endpoint), OK);
    for (uint64_t i = 1; i < 4; i++)
        ck_assert(slot_is_empty(small_slot(i)));
    ck_assert_uint_eq(slot_object(world_slot(endpoint))->cap_count, 1);
}
END_TEST

START_TEST(test_delete_cnode_that_names_itself_is_reaped)
{
    /* A CNode that holds a capability to itself dies with the last capability outside it. */
    struct cnode *cnode = world_object(small);
    uint32_t second = world_copy(small, RIGHTS_ALL, 0);

    ck_assert_int_eq(move(1, small), OK);
    ck_assert_int_eq(world_invoke(caller, second, METHOD_CNODE_COPY, 2, table, endpoint, 0), OK);
    ck_assert_int_eq(remove_at(second, METHOD_CNODE_DELETE, 1), OK);
    ck_assert(!object_is_dead(&cnode->object));
    ck_assert_int_eq(remove_at(table, METHOD_CNODE_DELETE, second), OK);
    ck_assert(object_is_dead(&cnode->object));
    ck_assert(!world_has_dead());
    ck_assert_uint_eq(slot_object(world_slot(endpoint))->cap_count, 1);
}
END_TEST

START_TEST(test_delete_ring_of_cnodes_frees_both_by_revoke)
{
    /* Two CNodes that hold each other's last capability stay alive; a revoke of their Untyped
     * destroys them. */
    uint32_t untyped = world_make(OBJ_UNTYPED, 12);
    struct slot *parent = world_slot(untyped);

    caller->context.x[REG_A6] = 2;
    ck_assert_int_eq(
        world_invoke(caller, untyped, METHOD_UNTYPED_RETYPE, OBJ_CNODE, 8, table, 100), OK);
    struct cnode *a = world_object(100), *b = world_object(101);
    slot_move(cnode_slot(a, 1), world_slot(101));
    slot_move(cnode_slot(b, 1), world_slot(100));
    ck_assert(!object_is_dead(&a->object) && !object_is_dead(&b->object));
    ck_assert_int_eq(remove_at(table, METHOD_CNODE_REVOKE, untyped), OK);
    ck_assert(object_is_dead(&a->object) && object_is_dead(&b->object));
    ck_assert_ptr_null(parent->first_child);
    ck_assert(!world_has_dead());
}
END_TEST

START_TEST(test_delete_last_name_of_the_caller_ends_it)
{
    /* A thread that destroys itself gets no result; the rest of it is freed with its memory. */
    uint32_t doomed = world_thread(10);
    struct thread *thread = world_thread_at(doomed);
    uint32_t copied = world_copy(doomed, RIGHTS_ALL, 0);

    slot_move(world_slot(200), world_slot(doomed));
    world_run(thread);
    (void)world_invoke(thread, table, METHOD_CNODE_DELETE, copied, 0, 0, 0);
    (void)world_invoke(thread, table, METHOD_CNODE_DELETE, 200, 0, 0, 0);
    ck_assert(object_is_dead(&thread->object));
    ck_assert_ptr_null(hart.current);
    world_reap();
    for (uint32_t i = 0; i < THREAD_PLACES; i++)
        ck_assert(slot_is_empty(&thread->place[i]));
}
END_TEST

/* A CNode full of copies of the endpoint, deleted by `caller` and not yet taken apart. */
static struct cnode *large_table(void)
{
    uint32_t large = world_make(OBJ_CNODE, 14);
    struct cnode *cnode = world_object(large);

    for (uint64_t i = 1; i < cnode->slot_count; i++)
        slot_derive(cnode_slot(cnode, i), world_slot(endpoint), RIGHTS_ALL);
    world_run(caller);
    slot_delete(&hart, world_slot(large));
    return cnode;
}

START_TEST(test_leave_takes_all_apart_before_its_caller_goes_on)
{
    /* A thread that deleted a CNode reaches user mode only after the CNode is taken apart. */
    large_table();
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    ck_assert_ptr_eq(hart.current, caller);
    ck_assert(!world_has_dead());
    ck_assert_uint_eq(slot_object(world_slot(endpoint))->cap_count, 1);
}
END_TEST

START_TEST(test_leave_with_dead_lets_a_higher_priority_go_first)
{
    /* A thread of higher priority runs at once, and does not take another's dead object apart. */
    struct thread *high = world_thread_at(world_thread(40));
    uint32_t word = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);
    uint32_t own = world_copy(endpoint, RIGHTS_ALL, 0);

    world_call(high, CALL_WAIT, word, fake.now + 50);
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    struct cnode *cnode = large_table();
    fake.now += 50;
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    ck_assert_ptr_eq(hart.current, high);
    uint32_t next = cnode->reap_next;
    ck_assert_uint_le(next, 1 + 2);
    ck_assert_int_eq(world_invoke(high, table, METHOD_CNODE_DELETE, own, 0, 0, 0), OK);
    ck_assert_uint_eq(cnode->reap_next, next);
    thread_suspend(high);
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    ck_assert_ptr_eq(hart.current, caller);
    ck_assert(!world_has_dead());
}
END_TEST

START_TEST(test_configure_and_bind_take_what_they_dropped_apart)
{
    /* When a call returns, the object that it replaced is destroyed as after a delete. */
    uint32_t other = world_thread_new(), first = world_make(OBJ_CNODE, 10);
    struct thread *thread = world_thread_at(other);
    uint32_t notification = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);
    uint32_t vspace = world_make(OBJ_VSPACE, VSPACE_BITS_MIN);

    slot_derive(cnode_slot(world_object(first), 3), world_slot(endpoint), RIGHTS_ALL);
    slot_embed(&thread->place[THREAD_CNODE], world_slot(first), &thread->object);
    slot_delete(&hart, world_slot(first));
    ck_assert_int_eq(world_invoke(caller, other, METHOD_THREAD_CONFIGURE, table, vspace, 0, 1),
                     OK);
    ck_assert(!world_has_dead());
    ck_assert_uint_eq(slot_object(world_slot(endpoint))->cap_count, 1);
    ck_assert_int_eq(world_invoke(caller, other, METHOD_THREAD_BIND, notification, 0, 0, 0), OK);
    slot_delete(&hart, world_slot(notification));
    ck_assert_int_eq(world_invoke(caller, other, METHOD_THREAD_BIND, 0, 0, 0, 0), OK);
    ck_assert(!world_has_dead());
}
END_TEST

START_TEST(test_destroyer_of_a_thread_takes_over_its_dead)
{
    /* When a thread dies, the objects that it had to take apart are still taken apart. */
    uint32_t doomed = world_thread(5);
    struct thread *thread = world_thread_at(doomed);
    uint32_t large = world_make(OBJ_CNODE, 14);

    world_run(thread);
    slot_delete(&hart, world_slot(large));
    ck_assert(!dead_ring_is_empty(&thread->dead));
    ck_assert_int_eq(world_invoke(caller, table, METHOD_CNODE_DELETE, doomed, 0, 0, 0), OK);
    ck_assert(object_is_dead(&thread->object));
    ck_assert(!world_has_dead());
}
END_TEST

START_TEST(test_revoke_takes_apart_what_nobody_holds)
{
    /* A revoke takes apart the dead objects in its memory that no thread has to take apart. */
    uint32_t untyped = world_make(OBJ_UNTYPED, 14);

    caller->context.x[REG_A6] = 1;
    ck_assert_int_eq(
        world_invoke(caller, untyped, METHOD_UNTYPED_RETYPE, OBJ_CNODE, 12, table, 100), OK);
    slot_derive(cnode_slot(world_object(100), 1), world_slot(endpoint), RIGHTS_ALL);
    struct thread *current = hart.current;
    hart.current = NULL;
    slot_delete(&hart, world_slot(100));
    hart.current = current;
    ck_assert(world_has_dead());
    ck_assert_int_eq(remove_at(table, METHOD_CNODE_REVOKE, untyped), OK);
    ck_assert(!world_has_dead());
    ck_assert_ptr_null(world_slot(untyped)->first_child);
    ck_assert_uint_eq(slot_object(world_slot(endpoint))->cap_count, 1);
}
END_TEST

START_TEST(test_take_apart_gives_way_to_a_thread_that_it_woke)
{
    /* The last capability to an Endpoint lies in the dead table; a thread of higher priority that
     * waits at that Endpoint runs before the rest of the table is taken apart. */
    uint32_t awaited = world_make(OBJ_ENDPOINT, ENDPOINT_BITS_MIN);
    uint32_t large = world_make(OBJ_CNODE, 14);
    struct thread *high = world_thread_at(world_thread(40));
    struct cnode *cnode = world_object(large);

    world_message(high, CALL_RECV, awaited, 0, 0, 0);
    for (uint64_t i = 2; i < cnode->slot_count; i++)
        slot_derive(cnode_slot(cnode, i), world_slot(endpoint), RIGHTS_ALL);
    slot_move(cnode_slot(cnode, 1), world_slot(awaited));
    world_run(caller);
    slot_delete(&hart, world_slot(large));
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    ck_assert_ptr_eq(hart.current, high);
    ck_assert_int_eq(world_result(high), ERR_CANCELLED);
    ck_assert_uint_lt(cnode->reap_next, 10);
}
END_TEST

START_TEST(test_revoke_gives_way_to_a_thread_that_it_woke)
{
    /* The same for the children of an Untyped. */
    uint32_t untyped = world_make(OBJ_UNTYPED, 16), left = 0;
    struct thread *high = world_thread_at(world_thread(40));

    caller->context.x[REG_A6] = 60;
    ck_assert_int_eq(
        world_invoke(caller, untyped, METHOD_UNTYPED_RETYPE, OBJ_ENDPOINT, 7, table, 100), OK);
    world_message(high, CALL_RECV, 159, 0, 0, 0); /* the youngest goes first */
    uint64_t pc = caller->context.pc;
    (void)remove_at(table, METHOD_CNODE_REVOKE, untyped);
    ck_assert_uint_eq(caller->context.pc, pc);
    for (uint32_t i = 0; i < 60; i++)
        left += !slot_is_empty(world_slot(100 + i));
    ck_assert_uint_gt(left, 50);
}
END_TEST

START_TEST(test_revoke_of_a_slot_in_a_table_that_it_destroys_is_complete)
{
    /* The Untyped's capability lies in a table made from that Untyped. */
    uint32_t untyped = world_make(OBJ_UNTYPED, 14);

    caller->context.x[REG_A6] = 1;
    ck_assert_int_eq(
        world_invoke(caller, untyped, METHOD_UNTYPED_RETYPE, OBJ_NOTIFICATION, 7, table, 100), OK);
    ck_assert_int_eq(
        world_invoke(caller, untyped, METHOD_UNTYPED_RETYPE, OBJ_CNODE, 8, table, 101), OK);
    slot_move(cnode_slot(world_object(101), 1), world_slot(untyped));
    ck_assert_int_eq(world_invoke(caller, 101, METHOD_CNODE_REVOKE, 1, 0, 0, 0), OK);
    ck_assert(slot_is_empty(world_slot(100)));
    ck_assert(slot_is_empty(world_slot(101)));
    ck_assert(!world_has_dead());
}
END_TEST

START_TEST(test_revoke_that_suspends_its_caller_is_cancelled)
{
    /* The caller's own CNode is among the deleted: it has not done the rest. */
    uint32_t untyped = world_make(OBJ_UNTYPED, 14);
    struct thread *thread = world_thread_at(world_thread(10));

    caller->context.x[REG_A6] = 1;
    ck_assert_int_eq(
        world_invoke(caller, untyped, METHOD_UNTYPED_RETYPE, OBJ_NOTIFICATION, 7, table, 100), OK);
    ck_assert_int_eq(
        world_invoke(caller, untyped, METHOD_UNTYPED_RETYPE, OBJ_CNODE, 8, table, 101), OK);
    slot_derive(cnode_slot(world_object(101), 1), world_slot(table), RIGHTS_ALL);
    slot_delete(&hart, &thread->place[THREAD_CNODE]);
    slot_embed(&thread->place[THREAD_CNODE], world_slot(101), &thread->object);
    ck_assert_int_eq(thread_resume(thread), OK);
    ck_assert_int_eq(world_invoke(thread, 1, METHOD_CNODE_REVOKE, untyped, 0, 0, 0),
                     ERR_CANCELLED);
    ck_assert_int_eq(thread->state, THREAD_SUSPENDED);
    ck_assert_ptr_nonnull(world_slot(untyped)->first_child);
}
END_TEST

TCase *cnode_cases(void)
{
    TCase *cases = tcase_create("cnode");

    tcase_add_checked_fixture(cases, setup, NULL);
    tcase_add_test(cases, test_copy_is_child_with_no_more_rights);
    tcase_add_test(cases, test_copy_mint_move_bad_slots_refused);
    tcase_add_test(cases, test_copy_untyped_invalid_cap);
    tcase_add_test(cases, test_copy_mapped_frame_is_not_mapped);
    tcase_add_test(cases, test_mint_badge_is_for_ever);
    tcase_add_test(cases, test_cnode_methods_missing_rights_no_right);
    tcase_add_test(cases, test_delete_and_revoke_errors);
    tcase_add_test(cases, test_revoke_keeps_the_capability_itself);
    tcase_add_test(cases, test_delete_cnode_that_names_itself_is_reaped);
    tcase_add_test(cases, test_delete_ring_of_cnodes_frees_both_by_revoke);
    tcase_add_test(cases, test_leave_takes_all_apart_before_its_caller_goes_on);
    tcase_add_test(cases, test_leave_with_dead_lets_a_higher_priority_go_first);
    tcase_add_test(cases, test_configure_and_bind_take_what_they_dropped_apart);
    tcase_add_test(cases, test_destroyer_of_a_thread_takes_over_its_dead);
    tcase_add_test(cases, test_revoke_takes_apart_what_nobody_holds);
    tcase_add_test(cases, test_take_apart_gives_way_to_a_thread_that_it_woke);
    tcase_add_test(cases, test_revoke_gives_way_to_a_thread_that_it_woke);
    tcase_add_test(cases, test_revoke_of_a_slot_in_a_table_that_it_destroys_is_complete);
    tcase_add_test(cases, test_revoke_that_suspends_its_caller_is_cancelled);
    tcase_add_test(cases, test_delete_last_name_of_the_caller_ends_it);
    return cases;
}
