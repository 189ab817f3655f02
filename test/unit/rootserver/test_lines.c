/* SPDX-License-Identifier: BSD-2-Clause */
/* The root server's lines, and the instance that shows them. */
#include "link_world.h"

#include <stdio.h>
#include <string.h>

/* The text that the instance finds in the ring; it takes the records. */
static const char *ring_text(void)
{
    static char text[CONTROL_DOWN_LINE_MAX * CONTROL_LINE_TEXT_BYTES + 1];
    struct ring_consumer c;
    struct control_line record;
    uint32_t got = 0;
    size_t bytes = 0;

    ck_assert_int_eq(ring_consumer_attach(&c, &world_up()->lines_down, down + CONTROL_DOWN_LINES,
                                          CONTROL_DOWN_LINE_MAX, sizeof record),
                     OK);
    while (ring_read(&c, &record, 1, &got) == OK && got == 1) {
        memcpy(text + bytes, record.text, record.length);
        bytes += record.length;
    }
    text[bytes] = 0;
    return text;
}

START_TEST(test_lines_text_goes_to_kernel_until_up)
{
    /* Before an instance shows lines, text goes to the kernel, each line with its prefix. */
    memset(&lines, 0, sizeof lines);
    lines_write(&lines, "one\ntwo", 7);
    lines_write(&lines, " parts\n", 7);
    ck_assert_str_eq(klog_text, "warren: one\r\nwarren: two parts\r\n");
}
END_TEST

START_TEST(test_lines_down_tells_what_was_not_read)
{
    /* Text that a dead instance left in the ring is printed by the kernel, in order, once. */
    lines_write(&lines, "news\n", 5);
    lines_write(&lines, "more\n", 5);
    ck_assert_uint_eq(klog_bytes, 0);
    lines_down(&lines);
    lines_down(&lines);
    lines_write(&lines, "after\n", 6);
    ck_assert_str_eq(klog_text, "\r\nwarren: news\r\nwarren: more\r\nwarren: after\r\n");
}
END_TEST

START_TEST(test_lines_down_tells_a_line_read_in_part_whole)
{
    /* The instance died with the beginning of a line in its memory. */
    static const char two[] = "01234567890123456789012345678901234567890123456789 and more\n";
    struct ring_consumer c;
    struct control_line record;
    uint32_t got = 0;
    lines_write(&lines, "read\n", 5);
    lines_write(&lines, two, sizeof two - 1);
    ck_assert_int_eq(ring_consumer_attach(&c, &world_up()->lines_down, down + CONTROL_DOWN_LINES,
                                          CONTROL_DOWN_LINE_MAX, sizeof record),
                     OK);
    for (unsigned i = 0; i < 2; i++)
        ck_assert_int_eq(ring_read(&c, &record, 1, &got), OK);
    lines_down(&lines);
    ck_assert_str_eq(klog_text, "\r\nwarren: 01234567890123456789012345678901234567890123456789"
                                " and more\r\n");
}
END_TEST

START_TEST(test_lines_full_ring_loses_no_line)
{
    /* If an instance reads nothing, lines without room in the ring go to the kernel. */
    char line[32];
    for (unsigned i = 0; i < 600; i++)
        lines_write(&lines, line, (size_t)snprintf(line, sizeof line, "line %u\n", i));
    ck_assert(!lines_flush(&lines));
    const char *in_ring = ring_text();
    for (unsigned i = 0; i < 600; i++) {
        snprintf(line, sizeof line, "warren: line %u\r\n", i);
        ck_assert_msg(strstr(i < CONTROL_DOWN_LINE_MAX ? in_ring : klog_text, line) != NULL,
                      "%s is missing", line);
    }
}
END_TEST

START_TEST(test_lines_line_is_in_the_ring_whole_or_not_at_all)
{
    /* A line of three records that finds room for two goes to the kernel as a whole. */
    static const char three[] =
        "three records: "
        "0123456789012345678901234567890123456789012345678901234567890123456"
        "789012345678901234567890123456789\n";
    for (unsigned i = 0; i < CONTROL_DOWN_LINE_MAX - 2; i++)
        lines_write(&lines, "x\n", 2);
    lines_write(&lines, three, sizeof three - 1);
    ck_assert_ptr_nonnull(strstr(klog_text, "three records: 0123"));
    ck_assert_ptr_null(strstr(ring_text(), "three"));
}
END_TEST

START_TEST(test_lines_topic_goes_with_each_record)
{
    /* Each record of a line has the line's connection, and whether the line may be dropped. */
    struct ring_consumer c;
    struct control_line record;
    uint32_t got = 0;
    lines_topic(&lines, 3, true);
    lines_write(&lines, "a line of more than one record, which is one of fifty-six bytes\n", 65);
    lines_topic(&lines, 0, false);
    lines_write(&lines, "own\n", 4);
    ck_assert_int_eq(ring_consumer_attach(&c, &world_up()->lines_down, down + CONTROL_DOWN_LINES,
                                          CONTROL_DOWN_LINE_MAX, sizeof record),
                     OK);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_int_eq(ring_read(&c, &record, 1, &got), OK);
        ck_assert_uint_eq(got, 1);
        ck_assert_uint_eq(record.kind, i < 2 ? CONTROL_LINE_LOG : CONTROL_LINE_TEXT);
        ck_assert_uint_eq(record.about, i < 2 ? 3 : 0);
    }
}
END_TEST

START_TEST(test_lines_long_line_is_broken_in_two)
{
    /* A line of any length is written as lines that fit in the ring. */
    static char text[LINES_ONE_BYTES * 2];
    memset(text, 'l', sizeof text);
    text[sizeof text - 1] = '\n';
    lines_write(&lines, text, sizeof text);
    const char *in_ring = ring_text();
    size_t letters = 0;
    for (const char *at = in_ring; *at != 0; at++)
        letters += *at == 'l';
    ck_assert_uint_eq(letters, sizeof text - 1);
    ck_assert_ptr_eq(strstr(in_ring, "warren: ll"), in_ring);
    ck_assert_uint_eq(strcspn(in_ring, "\n") + 1, LINES_ONE_BYTES);
}
END_TEST

START_TEST(test_lines_logs_leave_room_for_own_lines)
{
    /* Lines on behalf of processes stop while LINES_OWN_RECORDS are still free. */
    uint32_t room = 0;
    while (lines_take_log(&lines))
        lines_write(&lines, "flood\n", 6);
    ck_assert_int_eq(ring_room(&lines.down, &room), OK);
    ck_assert_uint_ge(room, LINES_OWN_RECORDS);
}
END_TEST

START_TEST(test_lines_unread_for_the_ping_time_is_a_hang)
{
    /* An instance that leaves a line unread counts as hung; that line and later ones go to the
       kernel. */
    lines_write(&lines, "news\n", 5);
    uint64_t from = now_ticks;
    world_run(now_ticks + 10 * PING, world_live_pong);
    ck_assert_str_eq(world_fault(), "does not read what it is sent");
    ck_assert_uint_ge(now_ticks - from, PING);
    ck_assert_uint_le(now_ticks - from, PING + PING / 5);
    lines_write(&lines, "more\n", 5);
    ck_assert_str_eq(klog_text, "\r\nwarren: news\r\nwarren: more\r\n");
    ck_assert_uint_eq(lines_deadline(&lines), POLICY_NEVER);
}
END_TEST

static unsigned looks; /* of the root server, in this test */

static void live_read_late(void)
{
    world_live_pong();
    lines_write(&lines, "news\n", 5);
    if (looks++ % 7 == 0)
        (void)ring_text();
}

START_TEST(test_lines_read_in_time_is_no_hang)
{
    /* If the older text was read, new text starts a new time limit. */
    world_run(now_ticks + 100 * PING, live_read_late);
    ck_assert_ptr_null(world_fault());
}
END_TEST

START_TEST(test_lines_broken_ring_is_a_hang)
{
    /* After an impossible index in either ring the unread text goes to the kernel, from the root
       server's own copy and not from the shared memory. */
    lines_write(&lines, "news\n", 5);
    memset(down + CONTROL_DOWN_LINES, 'L', 4096);
    if (_i == 0)
        world_up()->lines_down.consumer.index -= CONTROL_DOWN_LINE_MAX;
    else
        world_up()->lines_up.producer.index += CONTROL_UP_LINE_MAX + 1;
    world_run(now_ticks + 10 * PING, world_live_pong);
    lines_write(&lines, "more\n", 5);
    ck_assert_str_eq(world_fault(), "broke its ring");
    ck_assert_str_eq(klog_text, "\r\nwarren: news\r\nwarren: more\r\n");
}
END_TEST

static unsigned answer_after;

static void live_show(void)
{
    world_live_pong();
    (void)ring_text();
    looks++;
    if (answer_after != 0)
        world_up()->progress += 5;
    if (looks != answer_after)
        return;
    struct control_line record = {.kind = CONTROL_LINE_FLUSHED, .value = lines.flush_id};
    struct ring_producer p;
    uint32_t written = 0;
    ck_assert_int_eq(ring_producer_attach(&p, &world_up()->lines_up, up + CONTROL_UP_LINES,
                                          CONTROL_UP_LINE_MAX, sizeof record),
                     OK);
    ck_assert_int_eq(ring_write(&p, &record, 1, &written), OK);
    ck_assert(ring_producer_wakes(&p));
}

START_TEST(test_lines_flush_without_answer_is_a_hang)
{
    /* A flush waits the ping time for an instance that makes no progress, ten times as long for one
       that shows bytes. */
    looks = 0;
    answer_after = _i == 0 ? 0 : UINT32_MAX;
    lines_write(&lines, "last\n", 5);
    ck_assert(lines_flush(&lines));
    ck_assert(!lines_are_flushed(&lines));
    uint64_t from = now_ticks, most = _i == 0 ? PING : 10 * PING;
    world_run(now_ticks + 100 * PING, live_show);
    ck_assert_str_eq(world_fault(), "does not answer");
    ck_assert_uint_ge(now_ticks - from, most);
    ck_assert_uint_le(now_ticks - from, most + PING / 5);
    ck_assert(lines_are_flushed(&lines));
}
END_TEST

START_TEST(test_lines_flush_answered_late_is_no_hang)
{
    /* A slow terminal that still takes bytes is not a dead instance. */
    looks = 0;
    answer_after = 60;
    lines_write(&lines, "last\n", 5);
    ck_assert(lines_flush(&lines));
    world_run(now_ticks + 100 * PING, live_show);
    ck_assert_ptr_null(world_fault());
    ck_assert(lines_are_flushed(&lines));
}
END_TEST

void lines_cases(TCase *tc)
{
    tcase_add_test(tc, test_lines_text_goes_to_kernel_until_up);
    tcase_add_test(tc, test_lines_down_tells_what_was_not_read);
    tcase_add_test(tc, test_lines_down_tells_a_line_read_in_part_whole);
    tcase_add_test(tc, test_lines_full_ring_loses_no_line);
    tcase_add_test(tc, test_lines_line_is_in_the_ring_whole_or_not_at_all);
    tcase_add_test(tc, test_lines_topic_goes_with_each_record);
    tcase_add_test(tc, test_lines_long_line_is_broken_in_two);
    tcase_add_test(tc, test_lines_logs_leave_room_for_own_lines);
    tcase_add_test(tc, test_lines_unread_for_the_ping_time_is_a_hang);
    tcase_add_test(tc, test_lines_read_in_time_is_no_hang);
    tcase_add_loop_test(tc, test_lines_broken_ring_is_a_hang, 0, 2);
    tcase_add_loop_test(tc, test_lines_flush_without_answer_is_a_hang, 0, 2);
    tcase_add_test(tc, test_lines_flush_answered_late_is_no_hang);
}
