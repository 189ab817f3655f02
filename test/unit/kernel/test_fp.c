/* SPDX-License-Identifier: BSD-2-Clause */
#include "suites.h"
#include "world.h"

static struct thread *a, *b;

static void setup(void)
{
    a = world_thread_at(world_thread(5));
    b = world_thread_at(world_thread(5));
}

/* Lets `thread` leave the kernel and use FP registers; without access it traps first. */
static void use(struct thread *thread)
{
    world_run(thread);
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    ck_assert_ptr_eq(hart.current, thread);
    if (!fake.is_fp_allowed) {
        ck_assert(fp_trap(&hart));
        ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    }
    ck_assert(fake.is_fp_allowed);
}

START_TEST(test_fp_thread_without_use_costs_nothing)
{
    /* Of a thread that never uses FP registers, none are saved or loaded. */
    world_run(a);
    fake_leave(&hart);
    ck_assert(!fake.is_fp_allowed);
    world_run(b);
    fake_leave(&hart);
    ck_assert_uint_eq(fake_event_count_of(FAKE_FP_LOAD), 0);
    ck_assert_uint_eq(fake_event_count_of(FAKE_FP_SAVE), 0);
}
END_TEST

START_TEST(test_fp_first_use_starts_at_zero)
{
    /* No thread sees another's values in the FP registers. */
    use(a);
    fake_fp_write(1, 0x1111);
    use(b);
    ck_assert_uint_eq(fake.fp.f[1], 0);
}
END_TEST

START_TEST(test_fp_two_threads_keep_their_own)
{
    /* Each thread finds its FP registers as it left them, however often they take turns. */
    use(a);
    for (uint32_t i = 0; i < 32; i++)
        fake_fp_write(i, 100 + i);
    use(b);
    for (uint32_t i = 0; i < 32; i++)
        fake_fp_write(i, 200 + i);
    for (uint32_t turn = 0; turn < 5; turn++) {
        use(a);
        ck_assert_uint_eq(fake.fp.f[31], 131);
        fake_fp_write(0, 100 + turn);
        use(b);
        ck_assert_uint_eq(fake.fp.f[31], 231);
        use(a);
        ck_assert_uint_eq(fake.fp.f[0], 100 + turn);
    }
}
END_TEST

START_TEST(test_fp_clean_registers_are_not_saved)
{
    /* FP registers that were not written since they were loaded are not saved. */
    use(a);
    use(b);
    use(a);
    ck_assert_uint_eq(fake_event_count_of(FAKE_FP_SAVE), 0);
    ck_assert_uint_eq(fake_event_count_of(FAKE_FP_LOAD), 3);
}
END_TEST

START_TEST(test_fp_owner_returns_without_load)
{
    /* If no other thread used FP in between, the registers are not loaded again, without a trap. */
    use(a);
    fake_fp_write(2, 7);
    world_run(b);
    fake_leave(&hart);
    ck_assert(!fake.is_fp_allowed);
    fake_log_clear();
    world_run(a);
    fake_leave(&hart);
    ck_assert(fake.is_fp_allowed);
    ck_assert_uint_eq(fake_event_count_of(FAKE_FP_LOAD), 0);
    ck_assert_uint_eq(fake.fp.f[2], 7);
}
END_TEST

START_TEST(test_fp_trap_of_owner_is_a_fault)
{
    /* An illegal instruction of the thread that owns the FP registers is a fault. */
    use(a);
    ck_assert(!fp_trap(&hart));
}
END_TEST

START_TEST(test_fp_dead_owner_is_dropped_unsaved)
{
    /* The registers of a dead thread are not written to its memory. */
    uint32_t slot = world_thread(5);
    struct thread *dying = world_thread_at(slot);

    use(dying);
    fake_fp_write(3, 3);
    world_destroy(slot);
    use(a);
    ck_assert_uint_eq(fake_event_count_of(FAKE_FP_SAVE), 0);
    ck_assert_uint_eq(fake.fp.f[3], 0);
}
END_TEST

TCase *fp_cases(void)
{
    TCase *cases = tcase_create("fp");

    tcase_add_checked_fixture(cases, world_setup, NULL);
    tcase_add_checked_fixture(cases, setup, NULL);
    tcase_add_test(cases, test_fp_thread_without_use_costs_nothing);
    tcase_add_test(cases, test_fp_first_use_starts_at_zero);
    tcase_add_test(cases, test_fp_two_threads_keep_their_own);
    tcase_add_test(cases, test_fp_clean_registers_are_not_saved);
    tcase_add_test(cases, test_fp_owner_returns_without_load);
    tcase_add_test(cases, test_fp_trap_of_owner_is_a_fault);
    tcase_add_test(cases, test_fp_dead_owner_is_dropped_unsaved);
    return cases;
}
