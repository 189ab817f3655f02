/* SPDX-License-Identifier: BSD-2-Clause */
/* rootserver/link: control regions and lines, against processes that answer, hang, lie and die. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rootserver/link/lines.h>
#include <rootserver/link/link.h>
#include <rt/bootinfo.h>
#include <rt/calls.h>
#include <rt/rt.h>

#define HZ   UINT64_C(10000000)
#define PING HZ
#define BELL 9u

static _Alignas(4096) uint8_t down[0x11000];
static _Alignas(4096) uint8_t up[0x3000];
static struct link link_;
static struct lines lines;
static uint64_t now_ticks;
static unsigned signals;
static char klog[1 << 16];
static size_t klog_bytes;

uint64_t rt_time_ticks(void)
{
    return now_ticks;
}

uint64_t rt_timebase_hz(void)
{
    return HZ;
}

void abi_ecall(struct abi_regs *regs)
{
    uint64_t words[5] = {regs->a3, regs->a4, regs->a5, regs->a6, regs->t1};

    if (regs->a7 == CALL_SIGNAL) {
        ck_assert_uint_eq(regs->a0, BELL);
        signals++;
    } else if (regs->a7 == CALL_INVOKE && regs->a0 == BOOT_SLOT_KLOG) {
        ck_assert_uint_le(regs->a2, 40);
        memcpy(klog + klog_bytes, words, regs->a2);
        klog_bytes += regs->a2;
    }
    regs->a0 = OK;
}

static struct control_down *down_part(void)
{
    return (void *)down;
}

static struct control_up *up_part(void)
{
    return (void *)up;
}

static struct control_connection *table(void)
{
    return (void *)(down + CONTROL_DOWN_TABLE);
}

static struct control_answer *answers(void)
{
    return (void *)(up + CONTROL_UP_ANSWERS);
}

static void begin(uint64_t progress_ticks)
{
    const struct link_place place = {down, up, 64, true, BELL};
    const struct link_times times = {PING, progress_ticks};
    memset(down, 0x55, sizeof down);
    memset(up, 0x55, sizeof up);
    memset(&lines, 0, sizeof lines);
    memset(klog, 0, sizeof klog);
    klog_bytes = 0;
    signals = 0;
    now_ticks = 1000;
    link_init(&link_, &place, &times);
    link_up(&link_, 0, 0, now_ticks);
    ck_assert_int_eq(lines_up(&lines, &link_), OK);
}

static void setup(void)
{
    begin(0);
}

static uint64_t first_deadline(void)
{
    uint64_t a = link_deadline(&link_), b = lines_deadline(&lines);
    return a < b ? a : b;
}

static const char *fault(void)
{
    return link_.fault != NULL ? link_.fault : lines.fault;
}

/* Lets time pass up to `until`; `live` is the process. */
static void run(uint64_t until, void (*live)(void))
{
    while (first_deadline() <= until && fault() == NULL) {
        if (first_deadline() > now_ticks)
            now_ticks = first_deadline();
        link_look(&link_, now_ticks);
        lines_look(&lines, now_ticks);
        if (live != NULL)
            live();
    }
    if (fault() == NULL)
        now_ticks = until;
}

static void live_pong(void)
{
    up_part()->pong = down_part()->ping;
}

/* ---- lives and pings ---------------------------------------------------------------- */

START_TEST(test_up_rewrites_all_of_the_region)
{
    /* Whatever an earlier life wrote is gone, and used states and poison words are there. */
    link_used(&link_, 3, CONTROL_USED_AWAY);
    memset(up, 0x77, sizeof up);
    ck_assert_uint_eq(link_doing(&link_), UINT64_C(0x7777777777777777));
    link_down(&link_);
    link_used(&link_, 4, CONTROL_USED_RETIRED);
    link_up(&link_, 3, 0x1234, now_ticks);
    for (unsigned i = 0; i < sizeof up; i++)
        ck_assert_uint_eq(up[i], 0);
    ck_assert_uint_eq(down_part()->version, CONTROL_VERSION);
    ck_assert_uint_eq(down_part()->connection_most, 64);
    ck_assert_uint_eq(down_part()->fault_count, 3);
    ck_assert_uint_eq(down_part()->suspect, 0x1234);
    ck_assert_uint_eq(down_part()->used_state[3], CONTROL_USED_AWAY);
    ck_assert_uint_eq(down_part()->used_state[4], CONTROL_USED_RETIRED);
    ck_assert_uint_eq(down_part()->used_state[0], CONTROL_USED_NONE);
    ck_assert_uint_eq(table()[63].state, 0);
}
END_TEST

START_TEST(test_look_answered_pings_go_on)
{
    /* A process that answers lives, and is pinged once in each ping time. */
    run(now_ticks + 100 * PING, live_pong);
    ck_assert_ptr_null(fault());
    ck_assert_uint_gt(down_part()->ping, 85);
    ck_assert_uint_le(down_part()->ping, 101);
    ck_assert_uint_eq(signals, down_part()->ping);
}
END_TEST

START_TEST(test_look_unanswered_ping_is_a_hang)
{
    /* A process that stops to answer counts as hung after its ping time, not earlier. */
    run(now_ticks + 10 * PING, live_pong);
    uint64_t from = now_ticks;
    run(now_ticks + 10 * PING, NULL);
    ck_assert_str_eq(fault(), "does not answer");
    ck_assert_uint_ge(now_ticks - from, PING);
    ck_assert_uint_le(now_ticks - from, 2 * PING + PING / 5);
    ck_assert_uint_eq(link_deadline(&link_), POLICY_NEVER);
}
END_TEST

START_TEST(test_look_old_pong_is_no_answer)
{
    /* Only the newest number answers; a hostile pong of any other value does not. */
    up_part()->pong = 1;
    run(now_ticks + PING, NULL);
    ck_assert_ptr_null(fault());
    up_part()->pong = (uint32_t)-1;
    run(now_ticks + 3 * PING, NULL);
    ck_assert_str_eq(fault(), "does not answer");
}
END_TEST

START_TEST(test_look_process_has_the_whole_time_once_its_service_is_back)
{
    /* However long the service was away, the process is not judged for the time before. */
    link_used(&link_, 5, CONTROL_USED_AWAY);
    up_part()->waits_for = 1 + 5;
    run(now_ticks + PING + PING / 10 * (uint64_t)_i, NULL);
    link_used(&link_, 5, CONTROL_USED_UP);
    up_part()->waits_for = 0;
    run(now_ticks + PING / 10 * 8, NULL);
    ck_assert_ptr_null(fault());
    run(now_ticks + PING, NULL);
    ck_assert_str_eq(fault(), "does not answer");
}
END_TEST

START_TEST(test_look_waiting_for_a_service_that_is_away_is_no_hang)
{
    /* waits_for excuses a process only while that very service is away. */
    link_used(&link_, 5, CONTROL_USED_AWAY);
    link_used(&link_, 6, CONTROL_USED_UP);
    up_part()->waits_for = 1 + 5;
    run(now_ticks + 50 * PING, NULL);
    ck_assert_ptr_null(fault());
    if (_i == 0)
        link_used(&link_, 5, CONTROL_USED_UP);
    else
        up_part()->waits_for = (uint32_t[]){0, 1 + 6, 0, 17, UINT32_MAX}[_i];
    run(now_ticks + 3 * PING, NULL);
    ck_assert_str_eq(fault(), "does not answer");
}
END_TEST

static unsigned lives;

static void live_busy_without_progress(void)
{
    live_pong();
    up_part()->busy = 2;
}

static void live_busy_with_progress(void)
{
    live_busy_without_progress();
    up_part()->progress += lives++ % 3 == 0;
}

static void live_busy_now_and_then(void)
{
    live_pong();
    up_part()->busy = lives++ % 4 != 0;
}

START_TEST(test_look_busy_without_progress_is_a_hang)
{
    /* Requests in flight and no progress in the manifest's time: a hang.  Not if progress is made,
       if there is nothing to do, or if the manifest has no such time. */
    begin(5 * PING);
    uint64_t from = now_ticks;
    run(now_ticks + 60 * PING, live_busy_with_progress);
    run(now_ticks + 60 * PING, live_busy_now_and_then);
    ck_assert_ptr_null(fault());
    ck_assert_uint_ge(now_ticks - from, 120 * PING);
    from = now_ticks;
    run(now_ticks + 60 * PING, live_busy_without_progress);
    ck_assert_str_eq(fault(), "makes no progress");
    ck_assert_uint_ge(now_ticks - from, 5 * PING - PING / 2);
    ck_assert_uint_le(now_ticks - from, 8 * PING);
    begin(0);
    run(now_ticks + 60 * PING, live_busy_without_progress);
    ck_assert_ptr_null(fault());
}
END_TEST

START_TEST(test_look_stop_of_the_machine_is_one_look)
{
    /* A process that had no chance to run is not considered dead, however much time has passed. */
    lines_write(&lines, "news\n", 5);
    link_look(&link_, now_ticks);
    for (unsigned i = 1; i < POLICY_LOOKS; i++) {
        now_ticks += 1000 * PING;
        for (unsigned k = 0; k < 100; k++) {
            link_look(&link_, now_ticks);
            lines_look(&lines, now_ticks);
        }
    }
    ck_assert_ptr_null(fault());
}
END_TEST

/* ---- served connections ------------------------------------------------------------- */

static const struct control_connection sample = {.wake_slot = 77,
                                                 .ring_count = 1,
                                                 .ring = {{.shared_address = 0x1000}},
                                                 .client = "left",
                                                 .info_address = 0x2000,
                                                 .info_bytes = 4096};

static void answer(unsigned index, uint32_t generation, uint32_t state, const char *reason)
{
    snprintf(answers()[index].reason, CONTROL_REASON_BYTES, "%s", reason);
    answers()[index].state = control_state(generation, state);
}

START_TEST(test_offer_is_answered_for_its_generation_only)
{
    /* An answer counts for the generation that it names, and for no other offer. */
    char reason[CONTROL_REASON_BYTES];
    link_entry_offer(&link_, 7, &sample, CONTROL_CONNECTION_OFFERED, now_ticks);
    ck_assert_uint_eq(table()[7].state, control_state(1, CONTROL_CONNECTION_OFFERED));
    ck_assert_uint_eq(table()[7].wake_slot, 77);
    ck_assert_str_eq(table()[7].client, "left");
    ck_assert_uint_eq(signals, 1);
    ck_assert_int_eq(link_answer(&link_, 7, reason), CONTROL_ANSWER_NONE);
    answer(7, 1, CONTROL_ANSWER_ACCEPTED, "");
    ck_assert_int_eq(link_answer(&link_, 7, reason), CONTROL_ANSWER_ACCEPTED);
    link_entry_offer(&link_, 7, &sample, CONTROL_CONNECTION_OFFERED, now_ticks);
    ck_assert_int_eq(link_answer(&link_, 7, reason), CONTROL_ANSWER_NONE);
    answer(7, 2, 77, "");
    ck_assert_int_eq(link_answer(&link_, 7, reason), CONTROL_ANSWER_NONE);
    answer(7, 2, CONTROL_ANSWER_REFUSED, "no such \x1b[2J disk");
    ck_assert_int_eq(link_answer(&link_, 7, reason), CONTROL_ANSWER_REFUSED);
    ck_assert_str_eq(reason, "no such ?[2J disk");
    ck_assert_int_eq(link_answer(&link_, 8, reason), CONTROL_ANSWER_NONE);
}
END_TEST

START_TEST(test_answer_hostile_reason_ends_in_its_field)
{
    /* A reason without a zero byte is cut at the field's end. */
    char reason[CONTROL_REASON_BYTES];
    link_entry_offer(&link_, 0, &sample, CONTROL_CONNECTION_OFFERED, now_ticks);
    memset(answers(), 'x', 4096);
    answers()[0].state = control_state(1, CONTROL_ANSWER_REFUSED);
    ck_assert_int_eq(link_answer(&link_, 0, reason), CONTROL_ANSWER_REFUSED);
    ck_assert_uint_eq(strlen(reason), CONTROL_REASON_BYTES - 1);
}
END_TEST

START_TEST(test_offer_states_keep_the_generation_until_left)
{
    /* The client's end and LEAVING are news of the same connection; strip takes its memory. */
    char reason[CONTROL_REASON_BYTES];
    link_entry_state(&link_, 7, CONTROL_CONNECTION_CLIENT_DEAD, now_ticks);
    ck_assert_uint_eq(table()[7].state, 0);
    link_entry_offer(&link_, 7, &sample, CONTROL_CONNECTION_OFFERED, now_ticks);
    answer(7, 1, CONTROL_ANSWER_ACCEPTED, "");
    link_entry_state(&link_, 7, CONTROL_CONNECTION_CLIENT_ENDED, now_ticks);
    ck_assert_uint_eq(table()[7].state, control_state(1, CONTROL_CONNECTION_CLIENT_ENDED));
    ck_assert_int_eq(link_answer(&link_, 7, reason), CONTROL_ANSWER_ACCEPTED);
    answer(7, 1, CONTROL_ANSWER_LEFT, "");
    ck_assert_int_eq(link_answer(&link_, 7, reason), CONTROL_ANSWER_LEFT);
    link_entry_strip(&link_, 7);
    ck_assert_uint_eq(table()[7].ring[0].shared_address, 0);
    ck_assert_uint_eq(table()[7].info_address, 0);
    ck_assert_uint_eq(table()[7].wake_slot, 0);
    ck_assert_str_eq(table()[7].client, "left");
}
END_TEST

static void live_and_leave(void)
{
    live_pong();
    answer(7, 1, CONTROL_ANSWER_LEFT, "");
}

START_TEST(test_look_unanswered_offer_or_leaving_is_a_hang)
{
    /* OFFERED wants any answer, LEAVING wants LEFT, each within the ping time. */
    link_entry_offer(&link_, 7, &sample, CONTROL_CONNECTION_OFFERED, now_ticks);
    if (_i == 0) {
        run(now_ticks + 3 * PING, live_pong);
        ck_assert_str_eq(fault(), "does not answer an offer");
        return;
    }
    answer(7, 1, CONTROL_ANSWER_ACCEPTED, "");
    run(now_ticks + 3 * PING, live_pong);
    ck_assert_ptr_null(fault());
    link_entry_state(&link_, 7, CONTROL_CONNECTION_LEAVING, now_ticks);
    run(now_ticks + 3 * PING, _i == 1 ? live_pong : live_and_leave);
    if (_i == 1)
        ck_assert_str_eq(fault(), "does not leave a connection");
    else
        ck_assert_ptr_null(fault());
}
END_TEST

START_TEST(test_look_client_end_without_answer_is_followed_by_leaving)
{
    /* A service works off a dead client's rings for LINK_LEAVE_PINGS ping times.  Then it must
       leave within its ping time, or its progress time if that is longer. */
    const uint64_t leave = now_ticks + LINK_LEAVE_PINGS * PING;
    link_.times.progress_ticks = _i == 0 ? 0 : 5 * PING;
    link_entry_offer(&link_, 7, &sample, CONTROL_CONNECTION_CLIENT_DEAD, now_ticks);
    answer(7, 1, CONTROL_ANSWER_ACCEPTED, "");
    run(leave - PING, live_pong);
    ck_assert_uint_eq(table()[7].state, control_state(1, CONTROL_CONNECTION_CLIENT_DEAD));
    ck_assert(!link_entry_is_leaving(&link_, 7));
    run(leave + PING / 2, live_pong);
    ck_assert_uint_eq(table()[7].state, control_state(1, CONTROL_CONNECTION_LEAVING));
    ck_assert_ptr_null(fault());
    ck_assert(link_entry_is_leaving(&link_, 7));
    run(leave + (_i == 0 ? 2 : 4) * PING, live_pong);
    if (_i == 1)
        ck_assert_ptr_null(fault());
    run(leave + 7 * PING, live_pong);
    ck_assert_str_eq(fault(), "does not leave a connection");
}
END_TEST

START_TEST(test_look_client_end_with_answer_is_over)
{
    /* After LEFT, or a refusal before the client's end, nothing more is asked. */
    link_entry_offer(&link_, 7, &sample, CONTROL_CONNECTION_OFFERED, now_ticks);
    answer(7, 1, _i == 0 ? CONTROL_ANSWER_LEFT : CONTROL_ANSWER_REFUSED, "");
    link_entry_state(&link_, 7, CONTROL_CONNECTION_CLIENT_ENDED, now_ticks);
    run(now_ticks + 3 * LINK_LEAVE_PINGS * PING, live_pong);
    ck_assert_ptr_null(fault());
    ck_assert_uint_eq(table()[7].state, control_state(1, CONTROL_CONNECTION_CLIENT_ENDED));
}
END_TEST

/* ---- lines -------------------------------------------------------------------------- */

/* The text that the instance finds in the ring; it takes the records. */
static const char *ring_text(void)
{
    static char text[CONTROL_DOWN_LINE_MAX * CONTROL_LINE_TEXT_BYTES + 1];
    struct ring_consumer c;
    struct control_line record;
    uint32_t got = 0;
    size_t bytes = 0;

    ck_assert_int_eq(ring_consumer_attach(&c, &up_part()->lines_down, down + CONTROL_DOWN_LINES,
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
    ck_assert_str_eq(klog, "warren: one\r\nwarren: two parts\r\n");
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
    ck_assert_str_eq(klog, "\r\nwarren: news\r\nwarren: more\r\nwarren: after\r\n");
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
    ck_assert_int_eq(ring_consumer_attach(&c, &up_part()->lines_down, down + CONTROL_DOWN_LINES,
                                          CONTROL_DOWN_LINE_MAX, sizeof record),
                     OK);
    for (unsigned i = 0; i < 2; i++)
        ck_assert_int_eq(ring_read(&c, &record, 1, &got), OK);
    lines_down(&lines);
    ck_assert_str_eq(klog, "\r\nwarren: 01234567890123456789012345678901234567890123456789"
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
        ck_assert_msg(strstr(i < CONTROL_DOWN_LINE_MAX ? in_ring : klog, line) != NULL,
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
    ck_assert_ptr_nonnull(strstr(klog, "three records: 0123"));
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
    ck_assert_int_eq(ring_consumer_attach(&c, &up_part()->lines_down, down + CONTROL_DOWN_LINES,
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
    run(now_ticks + 10 * PING, live_pong);
    ck_assert_str_eq(fault(), "does not read what it is sent");
    ck_assert_uint_ge(now_ticks - from, PING);
    ck_assert_uint_le(now_ticks - from, PING + PING / 5);
    lines_write(&lines, "more\n", 5);
    ck_assert_str_eq(klog, "\r\nwarren: news\r\nwarren: more\r\n");
    ck_assert_uint_eq(lines_deadline(&lines), POLICY_NEVER);
}
END_TEST

static void live_read_late(void)
{
    live_pong();
    lines_write(&lines, "news\n", 5);
    if (lives++ % 7 == 0)
        (void)ring_text();
}

START_TEST(test_lines_read_in_time_is_no_hang)
{
    /* If the older text was read, new text starts a new time limit. */
    run(now_ticks + 100 * PING, live_read_late);
    ck_assert_ptr_null(fault());
}
END_TEST

START_TEST(test_lines_broken_ring_is_a_hang)
{
    /* After an impossible index in either ring the unread text goes to the kernel, from the root
       server's own copy and not from the shared memory. */
    lines_write(&lines, "news\n", 5);
    memset(down + CONTROL_DOWN_LINES, 'L', 4096);
    if (_i == 0)
        up_part()->lines_down.consumer.index -= CONTROL_DOWN_LINE_MAX;
    else
        up_part()->lines_up.producer.index += CONTROL_UP_LINE_MAX + 1;
    run(now_ticks + 10 * PING, live_pong);
    lines_write(&lines, "more\n", 5);
    ck_assert_str_eq(fault(), "broke its ring");
    ck_assert_str_eq(klog, "\r\nwarren: news\r\nwarren: more\r\n");
}
END_TEST

static unsigned answer_after;

static void live_show(void)
{
    live_pong();
    (void)ring_text();
    lives++;
    if (answer_after != 0)
        up_part()->progress += 5;
    if (lives != answer_after)
        return;
    struct control_line record = {.kind = CONTROL_LINE_FLUSHED, .value = lines.flush_id};
    struct ring_producer p;
    uint32_t written = 0;
    ck_assert_int_eq(ring_producer_attach(&p, &up_part()->lines_up, up + CONTROL_UP_LINES,
                                          CONTROL_UP_LINE_MAX, sizeof record),
                     OK);
    ck_assert_int_eq(ring_write(&p, &record, 1, &written), OK);
    ck_assert(ring_producer_wakes(&p));
}

START_TEST(test_lines_flush_without_answer_is_a_hang)
{
    /* A flush waits the ping time for an instance that makes no progress, ten times as long for one
       that shows bytes. */
    lives = 0;
    answer_after = _i == 0 ? 0 : UINT32_MAX;
    lines_write(&lines, "last\n", 5);
    ck_assert(lines_flush(&lines));
    ck_assert(!lines_are_flushed(&lines));
    uint64_t from = now_ticks, most = _i == 0 ? PING : 10 * PING;
    run(now_ticks + 100 * PING, live_show);
    ck_assert_str_eq(fault(), "does not answer");
    ck_assert_uint_ge(now_ticks - from, most);
    ck_assert_uint_le(now_ticks - from, most + PING / 5);
    ck_assert(lines_are_flushed(&lines));
}
END_TEST

START_TEST(test_lines_flush_answered_late_is_no_hang)
{
    /* A slow terminal that still takes bytes is not a dead instance. */
    lives = 0;
    answer_after = 60;
    lines_write(&lines, "last\n", 5);
    ck_assert(lines_flush(&lines));
    run(now_ticks + 100 * PING, live_show);
    ck_assert_ptr_null(fault());
    ck_assert(lines_are_flushed(&lines));
}
END_TEST

START_TEST(test_look_any_words_in_shared_memory_cost_the_process_only)
{
    /* Whatever the process writes to its part at any time, each call ends, the down part stays the
       root server's, and only the root server's text is printed. */
    uint32_t *word = (void *)up;
    unsigned deaths = 0;
    char reason[CONTROL_REASON_BYTES];
    srand(7);
    for (unsigned round = 0; round < 20000; round++) {
        unsigned at = rand() % 4 == 0 ? (unsigned)rand() % (sizeof up / 4) : (unsigned)rand() % 96;
        word[at] = rand() % 2 ? (uint32_t)rand() : (uint32_t)rand() % 1024;
        lines_write(&lines, "own\n", 4);
        now_ticks += (uint64_t)rand() % (PING / 5);
        link_look(&link_, now_ticks);
        lines_look(&lines, now_ticks);
        (void)link_answer(&link_, (unsigned)rand() % 64, reason);
        if (rand() % 50 == 0)
            (void)lines_flush(&lines);
        ck_assert_uint_eq(strspn(klog, "\r\nwarren: o"), klog_bytes);
        memset(klog, 0, klog_bytes);
        klog_bytes = 0;
        if (fault() == NULL)
            continue;
        deaths++;
        link_down(&link_);
        lines_down(&lines);
        memset(klog, 0, klog_bytes);
        klog_bytes = 0;
        link_up(&link_, 0, 0, now_ticks);
        ck_assert_int_eq(lines_up(&lines, &link_), OK);
        link_entry_offer(&link_, 3, &sample, CONTROL_CONNECTION_OFFERED, now_ticks);
        ck_assert_mem_eq(table()[3].client, sample.client, sizeof sample.client);
    }
    ck_assert_uint_gt(deaths, 100);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rootserver-link");
    TCase *tc = tcase_create("link");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, test_up_rewrites_all_of_the_region);
    tcase_add_test(tc, test_look_answered_pings_go_on);
    tcase_add_test(tc, test_look_unanswered_ping_is_a_hang);
    tcase_add_test(tc, test_look_old_pong_is_no_answer);
    tcase_add_loop_test(tc, test_look_process_has_the_whole_time_once_its_service_is_back, 0, 10);
    tcase_add_loop_test(tc, test_look_waiting_for_a_service_that_is_away_is_no_hang, 0, 5);
    tcase_add_test(tc, test_look_busy_without_progress_is_a_hang);
    tcase_add_test(tc, test_look_stop_of_the_machine_is_one_look);
    tcase_add_test(tc, test_offer_is_answered_for_its_generation_only);
    tcase_add_test(tc, test_answer_hostile_reason_ends_in_its_field);
    tcase_add_test(tc, test_offer_states_keep_the_generation_until_left);
    tcase_add_loop_test(tc, test_look_unanswered_offer_or_leaving_is_a_hang, 0, 3);
    tcase_add_loop_test(tc, test_look_client_end_without_answer_is_followed_by_leaving, 0, 2);
    tcase_add_loop_test(tc, test_look_client_end_with_answer_is_over, 0, 2);
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
    tcase_add_test(tc, test_look_any_words_in_shared_memory_cost_the_process_only);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
