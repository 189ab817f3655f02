/* SPDX-License-Identifier: BSD-2-Clause */
/* The derivation tree alone: its shape after each kind of change. */
#include "suites.h"

#include <kernel/core/slot.h>

#define SLOTS 8u

static struct slot slot[SLOTS];

static void fill(uint32_t i)
{
    slot[i] = (struct slot){ .type = OBJ_ENDPOINT, .object = i };
}

static void setup(void)
{
    for (uint32_t i = 0; i < SLOTS; i++)
        fill(i);
}

/* Checks the children of `parent`: this order, linked both ways; -1 ends the list. */
static void check_children(const struct slot *parent, const int *expected)
{
    const struct slot *child = parent->first_child, *before = parent;

    for (; *expected >= 0; expected++) {
        ck_assert_ptr_eq(child, &slot[*expected]);
        ck_assert_ptr_eq(child->prev, before);
        before = child;
        child = child->next;
    }
    if (before == parent) {
        ck_assert_ptr_null(parent->first_child);
        ck_assert_ptr_null(parent->last_child);
    } else {
        ck_assert_ptr_eq(parent->last_child, before);
        ck_assert_ptr_eq(child, parent);
    }
}

#define CHILDREN(parent, ...) check_children(&slot[parent], (const int[]){ __VA_ARGS__ })

/* 0 has children 1, 2, 3; 2 has 4, 5. */
static void family(void)
{
    slot_insert_child(&slot[0], &slot[3]);
    slot_insert_child(&slot[0], &slot[2]);
    slot_insert_child(&slot[0], &slot[1]);
    slot_insert_child(&slot[2], &slot[5]);
    slot_insert_child(&slot[2], &slot[4]);
}

START_TEST(test_slot_insert_child_is_first)
{
    family();
    CHILDREN(0, 1, 2, 3, -1);
    CHILDREN(2, 4, 5, -1);
    CHILDREN(1, -1);
}
END_TEST

START_TEST(test_slot_remove_parent_children_take_its_place)
{
    /* A removed slot's children take its place in the order. */
    family();
    slot_remove(&slot[2]);
    CHILDREN(0, 1, 4, 5, 3, -1);
    ck_assert(slot_is_empty(&slot[2]));
    ck_assert_ptr_null(slot[2].first_child);
}
END_TEST

START_TEST(test_slot_remove_leaf_closes_the_gap)
{
    family();
    slot_remove(&slot[1]);
    CHILDREN(0, 2, 3, -1);
    slot_remove(&slot[3]);
    CHILDREN(0, 2, -1);
    slot_remove(&slot[4]);
    slot_remove(&slot[5]);
    CHILDREN(2, -1);
    slot_remove(&slot[2]);
    CHILDREN(0, -1);
}
END_TEST

START_TEST(test_slot_remove_first_and_last_parent_children_reach_the_ends)
{
    slot_insert_child(&slot[0], &slot[2]);
    slot_insert_child(&slot[0], &slot[1]);
    slot_insert_child(&slot[1], &slot[3]);
    slot_insert_child(&slot[2], &slot[4]);
    slot_remove(&slot[1]);
    CHILDREN(0, 3, 2, -1);
    slot_remove(&slot[2]);
    CHILDREN(0, 3, 4, -1);
}
END_TEST

START_TEST(test_slot_remove_root_children_become_roots)
{
    family();
    slot_remove(&slot[0]);
    ck_assert_ptr_null(slot[1].prev);
    ck_assert_ptr_eq(slot[1].next, &slot[2]);
    ck_assert_ptr_eq(slot[3].prev, &slot[2]);
    ck_assert_ptr_null(slot[3].next);
    slot_remove(&slot[2]); /* the same among roots */
    ck_assert_ptr_eq(slot[1].next, &slot[4]);
    ck_assert_ptr_eq(slot[5].next, &slot[3]);
    slot_remove(&slot[1]);
    ck_assert_ptr_null(slot[4].prev);
    slot_remove(&slot[3]);
    ck_assert_ptr_null(slot[5].next);
}
END_TEST

START_TEST(test_slot_move_keeps_content_and_place)
{
    /* After a move from any place in a tree, neighbours link to the new slot; the old is empty. */
    static const int after[][4] = { { 6, 2, 3, -1 }, { 1, 6, 3, -1 }, { 1, 2, 6, -1 } };

    for (uint32_t i = 0; i < 3; i++) {
        setup();
        family();
        slot[6] = (struct slot){ .type = OBJ_NONE };
        slot_move(&slot[6], &slot[1 + i]);
        check_children(&slot[0], after[i]);
        ck_assert_uint_eq(slot[6].object, 1 + i);
        ck_assert(slot_is_empty(&slot[1 + i]));
    }
    setup();
    family();
    slot_move(&slot[6], &slot[2]);
    CHILDREN(6, 4, 5, -1);
}
END_TEST

TCase *slot_cases(void)
{
    TCase *cases = tcase_create("slot");

    tcase_add_checked_fixture(cases, setup, NULL);
    tcase_add_test(cases, test_slot_insert_child_is_first);
    tcase_add_test(cases, test_slot_remove_parent_children_take_its_place);
    tcase_add_test(cases, test_slot_remove_leaf_closes_the_gap);
    tcase_add_test(cases, test_slot_remove_first_and_last_parent_children_reach_the_ends);
    tcase_add_test(cases, test_slot_remove_root_children_become_roots);
    tcase_add_test(cases, test_slot_move_keeps_content_and_place);
    return cases;
}
