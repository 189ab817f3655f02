/* SPDX-License-Identifier: BSD-2-Clause */
/* rootserver/policy and the kill schedule of test/kill, with a clock of the test's own. */
#include <string.h>

#include <kill/kill.h>
#include <rootserver/policy.h>
#include <test/unit/run.h>

#define HZ UINT64_C(10000000)
#define MS (HZ / 1000)

START_TEST(test_fault_most_restarts_in_the_time_then_none)
{
    /* `most` faults in `within_ms` are restarted; the next one is the last. */
    struct policy_limiter l = {0};
    const struct policy_restart r = {.most = 5, .within_ms = 10000, .wait_max_ms = 1000};
    uint64_t wait = 77;
    for (unsigned i = 0; i < 5; i++)
        ck_assert(policy_fault(&l, &r, HZ, 1000 * MS + i, &wait));
    wait = 77;
    ck_assert(!policy_fault(&l, &r, HZ, 11000 * MS, &wait));
    ck_assert_uint_eq(wait, 77);
}
END_TEST

START_TEST(test_fault_old_ones_do_not_count)
{
    /* A process that faults now and then is restarted for ever; the count is that of the window. */
    struct policy_limiter l = {0};
    const struct policy_restart r = {.most = 2, .within_ms = 1000, .wait_max_ms = 0};
    uint64_t wait;
    for (uint64_t i = 1; i < 1000; i++) {
        ck_assert(policy_fault(&l, &r, HZ, i * 501 * MS, &wait));
        ck_assert_uint_eq(policy_fault_count(&l, &r, HZ, i * 501 * MS), i == 1 ? 1 : 2);
    }
    ck_assert_uint_eq(policy_fault_count(&l, &r, HZ, 1000 * 501 * MS + 1000 * MS), 0);
}
END_TEST

START_TEST(test_fault_without_time_counts_all)
{
    /* within_ms 0: faults never expire. */
    struct policy_limiter l = {0};
    const struct policy_restart r = {.most = 3};
    uint64_t wait;
    for (uint64_t i = 0; i < 4; i++)
        ck_assert(policy_fault(&l, &r, HZ, i << 40, &wait) == (i < 3));
}
END_TEST

START_TEST(test_fault_waits_grow)
{
    /* The wait doubles from its minimum to its maximum, and leaves a minimum of 0 at once. */
    static const uint64_t from_10[] = {10, 20, 40, 80, 100, 100}, from_0[] = {0, 10, 20, 40, 80};
    const struct policy_restart ten = {.most = 9, .wait_min_ms = 10, .wait_max_ms = 100};
    const struct policy_restart zero = {.most = 9, .wait_min_ms = 0, .wait_max_ms = 1000};
    const struct policy_restart none = {.most = 9};
    struct policy_limiter a = {0}, b = {0}, c = {0};
    uint64_t wait;
    for (unsigned i = 0; i < 6; i++) {
        ck_assert(policy_fault(&a, &ten, HZ, i, &wait));
        ck_assert_uint_eq(wait, from_10[i] * MS);
    }
    for (unsigned i = 0; i < 5; i++) {
        ck_assert(policy_fault(&b, &zero, HZ, i, &wait));
        ck_assert_uint_eq(wait, from_0[i] * MS);
        ck_assert(policy_fault(&c, &none, HZ, i, &wait));
        ck_assert_uint_eq(wait, 0);
    }
}
END_TEST

START_TEST(test_fault_hostile_most_is_cut)
{
    /* A larger `most` than the list has room for counts as POLICY_FAULTS_MAX. */
    struct policy_limiter l = {0};
    const struct policy_restart r = {.most = UINT32_MAX, .wait_max_ms = UINT32_MAX};
    uint64_t wait;
    for (unsigned i = 0; i < POLICY_FAULTS_MAX; i++)
        ck_assert(policy_fault(&l, &r, HZ, i, &wait));
    for (unsigned i = 0; i < 100; i++)
        ck_assert(!policy_fault(&l, &r, HZ, 1000 + i, &wait));
}
END_TEST

START_TEST(test_patience_ends_after_its_period)
{
    /* Looks that come in time end the patience at the period's end, not before. */
    struct policy_patience p;
    bool is_over = false;
    unsigned looks = 0;
    policy_patience_start(&p, 1000 * MS, 5);
    for (uint64_t now = 5; !is_over; now += MS) {
        looks += policy_patience_look(&p, now, &is_over);
        ck_assert(is_over == (now - 5 >= 1000 * MS));
    }
    ck_assert_uint_eq(looks, POLICY_LOOKS);
    ck_assert(!policy_patience_is_on(&p));
    ck_assert(!policy_patience_look(&p, UINT64_MAX - 1, &is_over));
}
END_TEST

START_TEST(test_patience_stop_of_the_machine_is_one_look)
{
    /* However much time passes before a look, the look counts once. */
    struct policy_patience p;
    bool is_over;
    policy_patience_start(&p, 1000 * MS, 0);
    for (unsigned i = 1; i < POLICY_LOOKS; i++) {
        uint64_t now = i * 3600000 * MS;
        ck_assert(policy_patience_look(&p, now, &is_over));
        ck_assert(!is_over);
        ck_assert(!policy_patience_look(&p, now, &is_over));
    }
}
END_TEST

START_TEST(test_patience_stopped_never_ends)
{
    /* After a stop no look is due; a new start counts from zero. */
    struct policy_patience p;
    bool is_over;
    policy_patience_start(&p, 1000 * MS, 0);
    for (unsigned i = 1; i < POLICY_LOOKS; i++)
        ck_assert(policy_patience_look(&p, i * 100 * MS, &is_over));
    policy_patience_stop(&p);
    ck_assert(!policy_patience_look(&p, UINT64_MAX - 1, &is_over));
    policy_patience_start(&p, 1000 * MS, 0);
    ck_assert(policy_patience_look(&p, 1000 * MS, &is_over));
    ck_assert(!is_over);
}
END_TEST

START_TEST(test_kill_parse_reads_orders)
{
    /* Orders stand anywhere in the boot arguments; the limit is optional. */
    struct kill_order order[KILL_ORDERS_MAX];
    unsigned count;
    ck_assert(kill_parse("a=b test.kill=console:7:20 x test.kill=vmm.left:8:1:300", order, &count));
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(order[0].name, "console");
    ck_assert_uint_eq(order[0].every_ms, 20);
    ck_assert_uint_eq(order[0].most, 0);
    ck_assert_str_eq(order[1].name, "vmm.left");
    ck_assert_uint_eq(order[1].most, 300);
    ck_assert(kill_parse("", order, &count));
    ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(test_kill_parse_refuses_malformed)
{
    /* An order that cannot be read is an error: a test that kills nothing must not pass. */
    static const char *const bad[] = {
        "test.kill=",
        "test.kill=a",
        "test.kill=a:1",
        "test.kill=a:1:",
        "test.kill=a:1:0",
        "test.kill=:1:1",
        "test.kill=a:x:1",
        "test.kill=a:1:2ms",
        "test.kill=a:1:2:",
        "test.kill=a:1:2:z",
        "test.kill=a:1:2:3:4",
        "test.kill=a:1:9999999",
        "test.kill=a:-1:1",
        "test.kill=a:99999999999999999999999:1",
        "test.kill=0123456789012345678901234567890123456789:1:1",
        "test.kill=a:1:1 test.kill=a:1:1 test.kill=a:1:1 test.kill=a:1:1 test.kill=a:1:1 "
        "test.kill=a:1:1 test.kill=a:1:1 test.kill=a:1:1 test.kill=a:1:1",
    };
    struct kill_order order[KILL_ORDERS_MAX];
    unsigned count;
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!kill_parse(bad[i], order, &count), "%s", bad[i]);
}
END_TEST

/* A life that is back at `now`: the time of its kill, which is due then and not earlier. */
static uint64_t killed_after(struct kill_order *order, uint32_t life, uint64_t now)
{
    if (kill_look(order, life, true, HZ, now))
        return 0;
    uint64_t after = order->at_ticks - now;
    ck_assert(!kill_look(order, life, false, HZ, now + after - 1));
    ck_assert(kill_look(order, life, false, HZ, now + after));
    ck_assert(!kill_look(order, life, true, HZ, now + after + 1));
    return after;
}

START_TEST(test_kill_times_follow_the_seed)
{
    /* The same seed gives the same times, another seed others; the mean is EVERY; all are below
       twice EVERY; after MOST kills none is due. */
    struct kill_order a = {.random = 3, .every_ms = 20, .most = 1000, .at_ticks = KILL_NEVER};
    struct kill_order b = a, c = a;
    uint64_t sum = 0;
    unsigned same = 0;
    c.random = 4;
    for (uint32_t life = 1; life <= 1000; life++) {
        uint64_t after = killed_after(&a, life, 5);
        ck_assert_uint_eq(after, killed_after(&b, life, 5));
        same += after == killed_after(&c, life, 5);
        ck_assert_uint_lt(after, 40 * MS);
        sum += after;
    }
    ck_assert_uint_lt(same, 10);
    ck_assert_uint_gt(sum / 1000, 18 * MS);
    ck_assert_uint_lt(sum / 1000, 22 * MS);
    ck_assert_uint_eq(a.done, 1000);
    ck_assert(!kill_look(&a, 1001, true, HZ, 5));
    ck_assert(!kill_look(&a, 1001, true, HZ, UINT64_MAX - 1));
}
END_TEST

START_TEST(test_kill_waits_until_the_process_is_back)
{
    /* A life that has not answered yet is not killed, however long that takes; a restart lasts from
       the kill until all is answered. */
    struct kill_order o = {.random = 3, .every_ms = 20, .at_ticks = KILL_NEVER};
    ck_assert(!kill_look(&o, 1, false, HZ, 3600000 * MS));
    ck_assert(!kill_look(&o, 0, false, HZ, 3600000 * MS));
    uint64_t killed_at = 4000000 * MS + killed_after(&o, 1, 4000000 * MS);
    ck_assert_uint_eq(o.back, 0);
    ck_assert(!kill_look(&o, 0, false, HZ, killed_at + MS));
    ck_assert(!kill_look(&o, 2, false, HZ, killed_at + 3600000 * MS));
    ck_assert_uint_eq(o.back, 0);
    (void)kill_look(&o, 2, true, HZ, killed_at + 3600007 * MS);
    ck_assert_uint_eq(o.back, 1);
    ck_assert_uint_eq(o.away_ticks, 3600007 * MS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rootserver-policy");
    TCase *tc = tcase_create("policy");
    tcase_add_test(tc, test_fault_most_restarts_in_the_time_then_none);
    tcase_add_test(tc, test_fault_old_ones_do_not_count);
    tcase_add_test(tc, test_fault_without_time_counts_all);
    tcase_add_test(tc, test_fault_waits_grow);
    tcase_add_test(tc, test_fault_hostile_most_is_cut);
    tcase_add_test(tc, test_patience_ends_after_its_period);
    tcase_add_test(tc, test_patience_stop_of_the_machine_is_one_look);
    tcase_add_test(tc, test_patience_stopped_never_ends);
    tcase_add_test(tc, test_kill_parse_reads_orders);
    tcase_add_test(tc, test_kill_parse_refuses_malformed);
    tcase_add_test(tc, test_kill_times_follow_the_seed);
    tcase_add_test(tc, test_kill_waits_until_the_process_is_back);
    suite_add_tcase(suite, tc);
    return run_suites(srunner_create(suite));
}
