/* SPDX-License-Identifier: BSD-2-Clause */
/* Trees far larger than any stack, wide and deep, are revoked at once and in many steps. */
#include "suites.h"

#include <fakes/hal.h>
#include <kernel/core/cnode.h>
#include <kernel/core/sched.h>
#include <kernel/core/syscall.h>
#include <kernel/core/untyped.h>

#define MANY         100000u
#define TABLE_BITS_M 20u /* the largest CNode: 16,383 slots */
#define TABLES       7u
#define PREEMPT_EACH 1000u

/* Slots of the caller's own CNode. */
enum { SLOT_OWN = 1, SLOT_THREAD, SLOT_VSPACE, SLOT_ENDPOINT, SLOT_UNTYPED, SLOT_TABLE };

static struct kernel kernel;
static struct hart hart;
static struct slot ram;
static struct cnode *own;
static struct thread *thread;

static void make(enum obj_type type, uint8_t bits, struct slot *dest)
{
    struct retype wanted = {
        .untyped = &ram, .type = type, .size_bits = bits, .dest = dest, .count = 1
    };

    ck_assert_int_eq(untyped_retype(&hart, &wanted), OK);
}

static void setup(void)
{
    static struct slot first;

    fake_reset();
    hart.kernel = &kernel;
    slice_set(&hart.slice, 1000);
    untyped_create(&ram, hpa(FAKE_RAM_START), 28, 0);
    make(OBJ_CNODE, 10, &first);
    own = (struct cnode *)slot_object(&first);
    make(OBJ_THREAD, THREAD_BITS_MIN, cnode_slot(own, SLOT_THREAD));
    make(OBJ_VSPACE, VSPACE_BITS_MIN, cnode_slot(own, SLOT_VSPACE));
    make(OBJ_ENDPOINT, ENDPOINT_BITS_MIN, cnode_slot(own, SLOT_ENDPOINT));
    make(OBJ_UNTYPED, 24, cnode_slot(own, SLOT_UNTYPED));
    for (uint32_t i = 0; i < TABLES; i++)
        make(OBJ_CNODE, TABLE_BITS_M, cnode_slot(own, SLOT_TABLE + i));
    thread = (struct thread *)slot_object(cnode_slot(own, SLOT_THREAD));
    slot_embed(&thread->place[THREAD_CNODE], &first, &thread->object);
    slot_embed(&thread->place[THREAD_VSPACE], cnode_slot(own, SLOT_VSPACE), &thread->object);
    slot_move(cnode_slot(own, SLOT_OWN), &first);
    ck_assert_int_eq(thread_resume(thread), OK);
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
}

/* True: done; false: preempted. */
static bool invoke(uint64_t cap, uint64_t method, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    uint64_t *x = thread->context.x, pc = thread->context.pc;

    x[REG_A7] = CALL_INVOKE;
    x[REG_A0] = cap;
    x[REG_A1] = method;
    x[REG_A2] = a;
    x[REG_A3] = b;
    x[REG_A4] = c;
    x[REG_A5] = d;
    syscall_dispatch(&hart);
    if (thread->context.pc == pc)
        return false;
    while (!dead_ring_is_empty(&thread->dead)) /* on the way to user mode, preempted or not */
        dead_ring_take_apart(&hart);
    ck_assert_uint_eq(x[REG_A0], OK);
    return true;
}

/* The address of the CNode with the i-th copy. */
static uint64_t table_of(uint32_t i)
{
    return SLOT_TABLE + i / 16000;
}

static uint64_t index_of(uint32_t i)
{
    return 1 + i % 16000;
}

static void copy(uint32_t i, uint64_t from_table, uint64_t from_index)
{
    ck_assert(invoke(table_of(i), METHOD_CNODE_COPY, index_of(i), from_table, from_index,
                     RIGHTS_ALL));
}

static void make_wide(void)
{
    for (uint32_t i = 0; i < MANY; i++)
        copy(i, SLOT_OWN, SLOT_ENDPOINT);
}

static void make_deep(void)
{
    copy(0, SLOT_OWN, SLOT_ENDPOINT);
    for (uint32_t i = 1; i < MANY; i++)
        copy(i, table_of(i - 1), index_of(i - 1));
}

/* As make_deep(), but copy i is the child of copy i / 2. */
static void make_bushy(void)
{
    copy(0, SLOT_OWN, SLOT_ENDPOINT);
    for (uint32_t i = 1; i < MANY; i++)
        copy(i, table_of(i / 2), index_of(i / 2));
}

static void check_revoked(void)
{
    const struct slot *slot = cnode_slot(own, SLOT_ENDPOINT);

    ck_assert_ptr_null(slot->first_child);
    ck_assert_ptr_null(slot->last_child);
    ck_assert_uint_eq(slot_object(slot)->cap_count, 1);
    for (uint32_t i = 0; i < MANY; i++) {
        struct cnode *table = (struct cnode *)slot_object(cnode_slot(own, table_of(i)));
        ck_assert(slot_is_empty(cnode_slot(table, index_of(i))));
    }
}

static void (*const shapes[])(void) = { make_wide, make_deep, make_bushy };

START_TEST(test_revoke_100000_descendants_at_one_go)
{
    /* Stack use and time of one step do not depend on the number or depth of capabilities. */
    shapes[_i]();
    ck_assert_uint_eq(slot_object(cnode_slot(own, SLOT_ENDPOINT))->cap_count, MANY + 1);
    uint64_t before = fake.question_count;
    ck_assert(invoke(SLOT_OWN, METHOD_CNODE_REVOKE, SLOT_ENDPOINT, 0, 0, 0));
    ck_assert_uint_eq(fake.question_count - before, MANY - 1); /* between any two deletions */
    check_revoked();
}
END_TEST

START_TEST(test_revoke_100000_descendants_preempted_each_1000)
{
    /* A preempted revoke goes on where it stopped; no work is done twice. */
    uint32_t rounds = 1;

    shapes[_i]();
    fake.preempt_in = PREEMPT_EACH;
    while (!invoke(SLOT_OWN, METHOD_CNODE_REVOKE, SLOT_ENDPOINT, 0, 0, 0)) {
        uint32_t left = slot_object(cnode_slot(own, SLOT_ENDPOINT))->cap_count - 1;
        ck_assert_uint_eq(left, MANY - rounds * PREEMPT_EACH);
        rounds++;
        fake.preempt_in = PREEMPT_EACH;
    }
    ck_assert_uint_eq(rounds, MANY / PREEMPT_EACH);
    check_revoked();
}
END_TEST

START_TEST(test_delete_upwards_100000_descendants)
{
    /* Deleting parents before children splices lists of any length in O(1). */
    shapes[_i]();
    for (uint32_t i = 0; i < MANY; i++)
        ck_assert(invoke(table_of(i), METHOD_CNODE_DELETE, index_of(i), 0, 0, 0));
    check_revoked();
}
END_TEST

START_TEST(test_delete_tables_with_100000_descendants)
{
    /* CNodes that are deleted with preemption at every step take their capabilities with them. */
    shapes[_i]();
    fake.is_preempting = true;
    for (uint32_t i = 0; i < TABLES; i++) {
        while (!invoke(SLOT_OWN, METHOD_CNODE_DELETE, SLOT_TABLE + i, 0, 0, 0))
            ;
    }
    ck_assert_ptr_null(cnode_slot(own, SLOT_ENDPOINT)->first_child);
    ck_assert_uint_eq(slot_object(cnode_slot(own, SLOT_ENDPOINT))->cap_count, 1);
}
END_TEST

START_TEST(test_revoke_untyped_with_100000_objects)
{
    /* All memory is free again: one object of the full size can be made. */
    struct slot *untyped = cnode_slot(own, SLOT_UNTYPED);

    for (uint32_t i = 0; i < MANY; i += 50) {
        thread->context.x[REG_A6] = 50;
        ck_assert(invoke(SLOT_UNTYPED, METHOD_UNTYPED_RETYPE, OBJ_NOTIFICATION,
                         NOTIFICATION_BITS_MIN, table_of(i), index_of(i)));
    }
    ck_assert(invoke(SLOT_OWN, METHOD_CNODE_REVOKE, SLOT_UNTYPED, 0, 0, 0));
    ck_assert_ptr_null(untyped->first_child);
    thread->context.x[REG_A6] = 1;
    ck_assert(invoke(SLOT_UNTYPED, METHOD_UNTYPED_RETYPE, OBJ_UNTYPED, 24, SLOT_TABLE, 1));
}
END_TEST

Suite *suite_many(void)
{
    Suite *suite = suite_create("model-many");
    TCase *tcase = tcase_create("many");
    int count = sizeof(shapes) / sizeof(shapes[0]);

    tcase_set_timeout(tcase, 0);
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_loop_test(tcase, test_revoke_100000_descendants_at_one_go, 0, count);
    tcase_add_loop_test(tcase, test_revoke_100000_descendants_preempted_each_1000, 0, count);
    tcase_add_loop_test(tcase, test_delete_upwards_100000_descendants, 2, 3);
    tcase_add_loop_test(tcase, test_delete_tables_with_100000_descendants, 2, 3);
    tcase_add_test(tcase, test_revoke_untyped_with_100000_objects);
    suite_add_tcase(suite, tcase);
    return suite;
}
