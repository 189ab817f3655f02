/* SPDX-License-Identifier: BSD-2-Clause */
/* rootserver/supervise and link: true and false reports of processes, on a recording kernel. */
#define _GNU_SOURCE /* fopencookie() */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <proto/report.h>
#include <rootserver/clock.h>
#include <rootserver/exec/exec.h>
#include <rootserver/link.h>
#include <rootserver/supervise.h>
#include <rt/calls.h>
#include <rt/rt.h>

#define CONSOLE 0u
#define LEFT    1u
#define RIGHT   2u

static struct plan plan;
static struct system_config config;
static struct link link_;
static struct supervise s;
static char *said;
static size_t said_bytes;
static FILE *real_stdout;

/* The calls of the code under test. */
static struct {
    uint32_t revoked[64];
    unsigned revoked_count;
    unsigned signals;
    unsigned code_publishes, resumes_of_published_code;
    char klog[65536];
    size_t klog_bytes;
} kernel;

static uint64_t now_ticks;

uint64_t rt_time_ticks(void)
{
    return now_ticks += 10;
}

uint64_t rt_timebase_hz(void)
{
    return 10000000;
}

void rt_code_publish(void)
{
    kernel.code_publishes++;
}

MUST_CHECK rt_thread_prepare(uint32_t slot, void (*entry)(void *), void *argument, void *stack_end)
{
    (void)slot, (void)entry, (void)argument, (void)stack_end;
    return OK;
}

/* The console service's action while the root server waits for it; NULL: none. */
static enum err (*on_wait)(uint64_t deadline);

void abi_ecall(struct abi_regs *regs)
{
    uint64_t words[5] = {regs->a3, regs->a4, regs->a5, regs->a6, regs->t1};

    if (regs->a7 == CALL_WAIT) {
        uint64_t deadline = regs->a1;
        regs->a0 = on_wait != NULL ? on_wait(deadline) : ERR_TIMEOUT;
        if (on_wait == NULL)
            now_ticks = deadline;
        return;
    }
    if (regs->a7 == CALL_INVOKE && regs->a1 == METHOD_THREAD_RESUME &&
        regs->a0 == plan.process[LEFT].thread) {
        kernel.resumes_of_published_code += kernel.code_publishes > 0;
    } else if (regs->a7 == CALL_SIGNAL) {
        kernel.signals++;
    } else if (regs->a7 == CALL_INVOKE && regs->a0 == BOOT_SLOT_KLOG) {
        ck_assert_uint_le(regs->a2, 40);
        memcpy(kernel.klog + kernel.klog_bytes, words, regs->a2);
        kernel.klog_bytes += regs->a2;
    } else if (regs->a7 == CALL_INVOKE && regs->a0 == BOOT_SLOT_CNODE) {
        if (kernel.revoked_count < 64)
            kernel.revoked[kernel.revoked_count++] = (uint32_t)regs->a2;
    } else if (regs->a7 == CALL_INVOKE) {
        regs->a1 = 0x1000 + regs->a2; /* thread_get_reg */
    }
    regs->a0 = OK;
}

static void process(unsigned index, const char *name, enum plan_role role, unsigned guest)
{
    struct plan_process *p = &plan.process[index];
    *p = (struct plan_process){.role = (uint8_t)role, .guest = guest, .badge = index + 1};
    snprintf(p->name, sizeof p->name, "%s", name);
    p->untyped_count = 2;
    p->untyped[0] = 100 + index * 10;
    p->untyped[1] = 101 + index * 10;
    p->fault = 102 + index * 10;
    p->thread = 103 + index * 10;
}

static void setup(void)
{
    memset(&plan, 0, sizeof plan);
    memset(&config, 0, sizeof config);
    memset(&link_, 0, sizeof link_);
    memset(&kernel, 0, sizeof kernel);
    on_wait = NULL;
    plan.process_count = 3;
    plan.has_console = true;
    process(CONSOLE, "console", PLAN_ROLE_CONSOLE, 0);
    process(LEFT, "vmm.left", PLAN_ROLE_VMM, 0);
    process(RIGHT, "vmm.right", PLAN_ROLE_VMM, 1);
    config.guest_count = 2;
    strcpy(config.guest[0].name, "left");
    strcpy(config.guest[1].name, "right");
    s = (struct supervise){.plan = &plan, .system = &config, .link = &link_};
    for (unsigned i = 0; i < 3; i++)
        s.process[i] = LIFE_RUNNING;
    s.guest[0] = s.guest[1] = LIFE_RUNNING;
    real_stdout = stdout;
    stdout = open_memstream(&said, &said_bytes);
    ck_assert_ptr_nonnull(stdout);
}

static void teardown(void)
{
    fclose(stdout);
    stdout = real_stdout;
    free(said);
}

static void message(unsigned index, uint64_t tag, uint64_t w0, uint64_t w1)
{
    struct message m = {.tag = tag, .word = {w0, w1, 0x44, 0x55, 0x66, 0x77}, .badge = index + 1};
    supervise_message(&s, &m);
    fflush(stdout);
}

static void says(const char *what)
{
    ck_assert_msg(strstr(said, what) != NULL, "it said: %s", said);
}

static bool was_revoked(uint32_t slot)
{
    for (unsigned i = 0; i < kernel.revoked_count; i++) {
        if (kernel.revoked[i] == slot)
            return true;
    }
    return false;
}

START_TEST(test_message_fault_names_process_and_ends_its_guest)
{
    /* A fault is reported with name, cause, address and registers, and ends its process alone. */
    message(LEFT, TAG_FAULT, 15, 0x8);
    says("vmm.left faulted: store page fault (cause 15, tval 0x8) at pc 0x44");
    says(" a0 000000000000100a");
    says("guest left is dead");
    ck_assert(was_revoked(110) && was_revoked(111) && was_revoked(112));
    ck_assert(!was_revoked(120) && !was_revoked(100));
    ck_assert_int_eq(s.guest[0], LIFE_DEAD);
    ck_assert_int_eq(s.guest[1], LIFE_RUNNING);
    ck_assert_uint_eq(supervise_running(&s), 1);
}
END_TEST

START_TEST(test_message_all_powered_off_is_the_only_good_end)
{
    /* The end is good when every guest powered itself off, and in no other case. */
    message(LEFT, REPORT_POWERED_OFF, 0, 0);
    says("guest left powered itself off");
    ck_assert(!supervise_ended_well(&s));
    message(RIGHT, REPORT_POWERED_OFF, 0, 0);
    ck_assert_uint_eq(supervise_running(&s), 0);
    ck_assert(supervise_ended_well(&s));
    s.guest[0] = LIFE_DEAD;
    ck_assert(!supervise_ended_well(&s));
}
END_TEST

START_TEST(test_message_every_other_end_is_a_death)
{
    /* Giving up, leaving with code 0, and an unknown report: the guest is dead. */
    static const uint64_t tags[] = {REPORT_FAILED, REPORT_EXIT, 77};
    message(LEFT, tags[_i], 0, 0);
    ck_assert_int_eq(s.guest[0], LIFE_DEAD);
    message(RIGHT, REPORT_POWERED_OFF, 0, 0);
    ck_assert(!supervise_ended_well(&s));
}
END_TEST

START_TEST(test_message_from_nobody_is_ignored)
{
    /* A report with an unknown badge, or that of an ended process, has no effect. */
    message(LEFT, REPORT_POWERED_OFF, 0, 0);
    unsigned before = kernel.revoked_count;
    message(LEFT, TAG_FAULT, 2, 0);
    message(LEFT, REPORT_FAILED, 1, 1);
    message(3, REPORT_FAILED, 1, 1);
    message(UINT32_MAX, TAG_FAULT, 1, 1);
    message((unsigned)-1, TAG_FAULT, 1, 1);
    ck_assert_uint_eq(kernel.revoked_count, before);
    ck_assert_int_eq(s.guest[0], LIFE_ENDED);
    ck_assert_int_eq(s.guest[1], LIFE_RUNNING);
}
END_TEST

START_TEST(test_message_console_cannot_end_a_guest)
{
    /* A report of the console service ends no guest, but the machine's end becomes a failure. */
    message(CONSOLE, REPORT_POWERED_OFF, 0, 0);
    ck_assert_uint_eq(supervise_running(&s), 2);
    ck_assert(was_revoked(100));
    message(LEFT, REPORT_POWERED_OFF, 0, 0);
    message(RIGHT, REPORT_POWERED_OFF, 0, 0);
    ck_assert(!supervise_ended_well(&s));
}
END_TEST

static void log_text(unsigned index, const char *text, uint64_t length)
{
    struct message m = {.tag = REPORT_LOG, .badge = index + 1};
    m.word[0] = length;
    memcpy(&m.word[1], text, strlen(text) < 40 ? strlen(text) : 40);
    supervise_message(&s, &m);
    fflush(stdout);
}

START_TEST(test_message_log_lines_carry_the_name)
{
    /* Pieces of two processes' lines are not mixed; control characters are not shown. */
    log_text(LEFT, "one ", 4);
    log_text(RIGHT, "other\n", 6);
    log_text(LEFT, "line\x1b[2J\n", 9);
    says("vmm.right: other\n");
    says("vmm.left: one line?[2J\n");
    log_text(LEFT, "last words", 10);
    message(LEFT, REPORT_POWERED_OFF, 0, 0);
    says("vmm.left: last words\n");
}
END_TEST

START_TEST(test_message_log_hostile_lengths)
{
    /* A length beyond the message is cut, and an endless line is split. */
    log_text(LEFT, "0123456789012345678901234567890123456789", UINT64_MAX);
    for (unsigned i = 0; i < 20; i++)
        log_text(LEFT, "0123456789012345678901234567890123456789", 40);
    says("vmm.left: 0123456789");
    for (const char *line = said; line != NULL; line = strchr(line + 1, '\n'))
        ck_assert_uint_le(strcspn(line + 1, "\n"), SUPERVISE_LINE_BYTES + PROCESS_NAME_BYTES);
}
END_TEST

static unsigned count_said(const char *what)
{
    unsigned count = 0;
    for (const char *at = strstr(said, what); at != NULL; at = strstr(at + 1, what))
        count++;
    return count;
}

START_TEST(test_message_log_flood_is_limited)
{
    /* A process that floods its log is cut to its allowance; other processes are not. */
    for (unsigned i = 0; i < 5000; i++)
        log_text(LEFT, "flood\n", 6);
    ck_assert_uint_eq(count_said("vmm.left: flood\n"), SUPERVISE_LINES_AT_ONCE);
    log_text(RIGHT, "calm\n", 5);
    says("vmm.right: calm\n");
    now_ticks += 10000000;
    log_text(LEFT, "flood\n", 6);
    says("vmm.left: (4900 lines dropped)\nvmm.left: flood\n");
}
END_TEST

START_TEST(test_message_reboot_flood_is_limited)
{
    /* The lines about a guest that reboots without pause are cut to its VMM's allowance too. */
    for (unsigned i = 0; i < 5000; i++)
        message(LEFT, REPORT_REBOOTED, i, 0);
    ck_assert_uint_eq(count_said("guest left rebooted"), SUPERVISE_LINES_AT_ONCE);
    message(RIGHT, REPORT_REBOOTED, 1, 0);
    says("guest right rebooted (1)\n");
}
END_TEST

static _Alignas(64) uint8_t control[CONSOLE_CONTROL_BYTES];

static void link_up_clean(void)
{
    memset(control, 0, sizeof control);
    ck_assert_int_eq(link_up(&link_, control, 9), OK);
}

static uint32_t level_of(unsigned guest)
{
    return ((struct console_levels *)(void *)(control + CONSOLE_CONTROL_LEVELS))->guest[guest];
}

/* The text that the console service finds in the ring. */
static const char *ring_text(void)
{
    static char text[CONSOLE_CONTROL_DOWN_RECORDS * CONSOLE_RECORD_TEXT_BYTES + 1];
    struct ring_consumer c;
    struct console_record record;
    uint32_t got = 0;
    size_t bytes = 0;

    ck_assert_int_eq(ring_consumer_attach(&c, (void *)(control + CONSOLE_CONTROL_DOWN_SHARED),
                                          control + CONSOLE_CONTROL_DOWN_DATA,
                                          CONSOLE_CONTROL_DOWN_RECORDS, sizeof record),
                     OK);
    while (ring_read(&c, &record, 1, &got) == OK && got == 1) {
        memcpy(text + bytes, record.text, record.length);
        bytes += record.length;
    }
    text[bytes] = 0;
    return text;
}

START_TEST(test_link_text_goes_to_kernel_until_up)
{
    /* Before the console service starts, text goes to the kernel, each line with its prefix. */
    link_write(&link_, "one\ntwo", 7);
    link_write(&link_, " parts\n", 7);
    ck_assert_str_eq(kernel.klog, "warren: one\r\nwarren: two parts\r\n");
}
END_TEST

START_TEST(test_link_down_tells_what_was_not_read)
{
    /* Text that a dead console service left in the ring is printed by the kernel, in order. */
    link_up_clean();
    link_write(&link_, "news\n", 5);
    link_state(&link_, 1, CONSOLE_STATE_DEAD);
    link_write(&link_, "more\n", 5);
    ck_assert_uint_eq(kernel.klog_bytes, 0);
    link_down(&link_);
    link_write(&link_, "after\n", 6);
    ck_assert_str_eq(kernel.klog, "\r\nwarren: news\r\nwarren: more\r\nwarren: after\r\n");
}
END_TEST

START_TEST(test_link_full_ring_loses_no_line)
{
    /* If a service reads nothing, lines without room in the ring go to the kernel. */
    char line[32];
    link_up_clean();
    for (unsigned i = 0; i < 600; i++)
        link_write(&link_, line, (size_t)snprintf(line, sizeof line, "line %u\n", i));
    const char *in_ring = ring_text();
    for (unsigned i = 0; i < 600; i++) {
        snprintf(line, sizeof line, "warren: line %u\r\n", i);
        const char *where = i < CONSOLE_CONTROL_DOWN_RECORDS ? in_ring : kernel.klog;
        ck_assert_msg(strstr(where, line) != NULL, "%s is missing", line);
    }
}
END_TEST

START_TEST(test_link_topic_goes_with_each_record)
{
    /* Each record of a line has the line's guest, and whether the line may be dropped. */
    struct ring_consumer c;
    struct console_record record;
    uint32_t got = 0;
    link_up_clean();
    link_topic(&link_, 3, true);
    link_write(&link_, "a line of more than one record, which is one of fifty-six bytes\n", 65);
    link_topic(&link_, 0, false);
    link_write(&link_, "own\n", 4);
    ck_assert_int_eq(ring_consumer_attach(&c, (void *)(control + CONSOLE_CONTROL_DOWN_SHARED),
                                          control + CONSOLE_CONTROL_DOWN_DATA,
                                          CONSOLE_CONTROL_DOWN_RECORDS, sizeof record),
                     OK);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_int_eq(ring_read(&c, &record, 1, &got), OK);
        ck_assert_uint_eq(got, 1);
        ck_assert_uint_eq(record.kind, i < 2 ? CONSOLE_RECORD_LOG : CONSOLE_RECORD_TEXT);
        ck_assert_uint_eq(record.about, i < 2 ? 3 : 0);
    }
}
END_TEST

START_TEST(test_link_long_line_is_broken_in_two)
{
    /* A line of any length is written as lines that fit in the ring. */
    static char text[LINK_LINE_BYTES * 2];
    memset(text, 'l', sizeof text);
    text[sizeof text - 1] = '\n';
    link_up_clean();
    link_write(&link_, text, sizeof text);
    const char *in_ring = ring_text();
    size_t letters = 0;
    for (const char *at = in_ring; *at != 0; at++)
        letters += *at == 'l';
    ck_assert_uint_eq(letters, sizeof text - 1);
    ck_assert_ptr_eq(strstr(in_ring, "warren: ll"), in_ring);
    ck_assert_uint_eq(strcspn(in_ring, "\n") + 1, LINK_LINE_BYTES);
}
END_TEST

START_TEST(test_link_level_outlives_the_service)
{
    /* Each new console service finds the states, whatever the last service wrote there. */
    link_up_clean();
    link_state(&link_, 1, CONSOLE_STATE_DEAD);
    ck_assert_uint_eq(level_of(1), CONSOLE_STATE_DEAD);
    ck_assert_uint_eq(kernel.signals, 1);
    link_down(&link_);
    link_state(&link_, 0, CONSOLE_STATE_ENDED);
    memset(control + CONSOLE_CONTROL_LEVELS, 0x55, sizeof(struct console_levels));
    ck_assert_int_eq(link_up(&link_, control, 9), OK);
    ck_assert_uint_eq(level_of(0), CONSOLE_STATE_ENDED);
    ck_assert_uint_eq(level_of(1), CONSOLE_STATE_DEAD);
    ck_assert_uint_eq(level_of(2), CONSOLE_STATE_RUNNING);
}
END_TEST

/* The root server's printf(): each line goes to the link. */
static void said_to_link(size_t *done)
{
    fflush(stdout);
    link_write(&link_, said + *done, said_bytes - *done);
    *done = said_bytes;
}

START_TEST(test_message_fault_after_a_flood_finds_room)
{
    /* Log lines of processes leave room in the ring for the lines about all VMMs' ends, even if
       the console service reads nothing. */
    size_t done = 0;
    link_up_clean();
    for (unsigned i = 0; i < 96; i++) {
        for (unsigned p = LEFT; p <= RIGHT; p++) {
            for (unsigned part = 0; part < 4; part++)
                log_text(p, "0123456789012345678901234567890123456789", part == 3 ? 30 : 40);
            log_text(p, "\n", 1);
            said_to_link(&done);
        }
    }
    for (unsigned p = LEFT; p <= RIGHT; p++) {
        message(p, TAG_FAULT, 15, 0x8);
        said_to_link(&done);
    }
    const char *in_ring = ring_text();
    ck_assert_ptr_nonnull(strstr(in_ring, "warren: vmm.left faulted: store page fault"));
    ck_assert_ptr_nonnull(strstr(in_ring, "warren: guest left is dead\r\n"));
    ck_assert_ptr_nonnull(strstr(in_ring, "warren: guest right is dead\r\n"));
    ck_assert_ptr_nonnull(strstr(in_ring, "lines dropped)\r\n"));
    ck_assert_uint_eq(kernel.klog_bytes, 0);
    ck_assert_uint_eq(level_of(0), CONSOLE_STATE_DEAD);
    ck_assert_uint_eq(level_of(1), CONSOLE_STATE_DEAD);
}
END_TEST

START_TEST(test_message_fault_report_takes_no_more_than_its_share)
{
    /* The longest report of a VMM's end fits in the room that the ring keeps for each VMM. */
    size_t done = 0;
    uint32_t room = 0;
    memset(config.guest[0].name, 'n', sizeof config.guest[0].name - 1);
    memset(plan.process[LEFT].name, 'n', sizeof plan.process[LEFT].name - 1);
    link_up_clean();
    s.line[LEFT].dropped = UINT32_MAX;
    message(LEFT, TAG_FAULT, UINT64_MAX, UINT64_MAX);
    said_to_link(&done);
    ck_assert_int_eq(ring_room(&link_.down, &room), OK);
    ck_assert_uint_le(CONSOLE_CONTROL_DOWN_RECORDS - room, LINK_OWN_RECORDS / CLIENTS_MAX);
}
END_TEST

static struct ring_shared *down_shared(void)
{
    return (void *)(control + CONSOLE_CONTROL_DOWN_SHARED);
}

/* Makes all due checks until the service counts as dead, or no check is due. */
static unsigned looks_until_decided(void)
{
    unsigned looks = 0;
    for (; link_.fault == NULL && link_deadline(&link_) != LINK_NEVER; looks++) {
        ck_assert_uint_lt(looks, 1000);
        now_ticks = link_deadline(&link_);
        link_look(&link_);
    }
    return looks;
}

START_TEST(test_link_text_unread_for_a_second_is_a_death)
{
    /* A console service that leaves a line unread counts as dead within a second; that line and
       later lines go to the kernel. */
    link_up_clean();
    link_write(&link_, "news\n", 5);
    uint64_t before = now_ticks;
    ck_assert_uint_eq(looks_until_decided(), CONSOLE_PATIENCE_LOOKS);
    ck_assert_uint_ge(now_ticks - before, rt_timebase_hz());
    ck_assert_str_eq(link_.fault, "does not read what it is sent");
    link_write(&link_, "more\n", 5);
    ck_assert_str_eq(kernel.klog, "\r\nwarren: news\r\nwarren: more\r\n");
    ck_assert_uint_eq(link_deadline(&link_), LINK_NEVER);
}
END_TEST

START_TEST(test_link_stop_of_the_machine_is_one_look)
{
    /* A service that had no chance to run is not considered dead, however much time has passed. */
    link_up_clean();
    link_write(&link_, "news\n", 5);
    now_ticks += 100 * rt_timebase_hz();
    for (unsigned i = 0; i < 100; i++)
        link_look(&link_);
    ck_assert_ptr_null(link_.fault);
    (void)ring_text();
    ck_assert_uint_eq(looks_until_decided(), 1);
    ck_assert_ptr_null(link_.fault);
}
END_TEST

START_TEST(test_link_service_that_reads_in_time_lives)
{
    /* If the older text was read, new text starts a new time limit. */
    link_up_clean();
    for (unsigned i = 0; i < 100; i++) {
        link_write(&link_, "news\n", 5);
        now_ticks = link_deadline(&link_);
        link_look(&link_);
        if (i % 5 == 4)
            (void)ring_text();
    }
    looks_until_decided();
    ck_assert_ptr_null(link_.fault);
    ck_assert(link_.is_up);
}
END_TEST

START_TEST(test_link_broken_ring_is_a_death)
{
    /* After an impossible index in either ring the unread text goes to the kernel, from the root
       server's own copy and not from the shared memory. */
    struct ring_shared *up = (void *)(control + CONSOLE_CONTROL_UP_SHARED);
    link_up_clean();
    link_write(&link_, "news\n", 5);
    memset(control + CONSOLE_CONTROL_DOWN_DATA, 'L', 4096);
    if (_i == 0)
        down_shared()->consumer.index -= CONSOLE_CONTROL_DOWN_RECORDS;
    else
        up->producer.index += CONSOLE_CONTROL_UP_RECORDS + 1;
    looks_until_decided();
    link_write(&link_, "more\n", 5);
    ck_assert_str_eq(link_.fault, "broke its ring");
    ck_assert_str_eq(kernel.klog, "\r\nwarren: news\r\nwarren: more\r\n");
}
END_TEST

static unsigned waits;

static enum err wait_without_answer(uint64_t deadline)
{
    waits++;
    now_ticks = deadline;
    return ERR_TIMEOUT;
}

static enum err wait_with_progress(uint64_t deadline)
{
    ((struct console_progress *)(void *)(control + CONSOLE_CONTROL_PROGRESS))->shown++;
    return wait_without_answer(deadline);
}

static enum err wait_with_signals(uint64_t deadline)
{
    (void)deadline;
    waits++;
    now_ticks += rt_timebase_hz() / 1000;
    return OK;
}

static enum err wait_with_answer(uint64_t deadline)
{
    struct console_record answer = {.kind = CONSOLE_RECORD_FLUSHED, .value = link_.flush_id};
    struct ring_producer up;
    uint32_t written = 0;
    ck_assert_int_eq(ring_producer_attach(
                         &up, (struct ring_shared *)(void *)(control + CONSOLE_CONTROL_UP_SHARED),
                         control + CONSOLE_CONTROL_UP_DATA, CONSOLE_CONTROL_UP_RECORDS,
                         sizeof answer),
                     OK);
    if (waits == 30)
        ck_assert_int_eq(ring_write(&up, &answer, 1, &written), OK);
    return wait_with_progress(deadline);
}

START_TEST(test_link_flush_without_answer_is_a_death)
{
    /* A flush waits one second for a service that makes no progress, ten for one that shows
       bytes, and no longer for one that only sends signals. */
    static enum err (*const service[])(uint64_t) = {wait_without_answer, wait_with_progress,
                                                    wait_with_signals};
    static const uint64_t tenths[] = {CONSOLE_PATIENCE_LOOKS, CONSOLE_FLUSH_LOOKS,
                                      CONSOLE_PATIENCE_LOOKS};
    link_up_clean();
    link_write(&link_, "last\n", 5);
    on_wait = service[_i];
    uint64_t before = now_ticks;
    ck_assert_int_eq(link_flush(&link_, 7), ERR_PEER_DIED);
    uint64_t took = now_ticks - before, tenth = rt_timebase_hz() / 10;
    ck_assert_uint_ge(took, tenths[_i] * tenth);
    ck_assert_uint_lt(took, (tenths[_i] + 1) * tenth);
    ck_assert_str_eq(link_.fault, "does not answer");
    ck_assert_str_eq(kernel.klog, "\r\nwarren: last\r\n");
    ck_assert_int_eq(link_flush(&link_, 7), OK);
}
END_TEST

START_TEST(test_link_flush_answered_late_is_no_death)
{
    /* A slow terminal that still takes bytes is not a dead service. */
    waits = 0;
    link_up_clean();
    on_wait = wait_with_answer;
    ck_assert_int_eq(link_flush(&link_, 7), OK);
    ck_assert_ptr_null(link_.fault);
    ck_assert(link_.is_up);
}
END_TEST

START_TEST(test_console_failed_is_destroyed_and_its_guests_told_again)
{
    /* A dead service is destroyed once; lines about ends that it may have lost come again. */
    link_up_clean();
    plan.console = CONSOLE;
    ck_assert(!supervise_console_failed(&s));
    message(LEFT, REPORT_POWERED_OFF, 0, 0);
    link_write(&link_, "news\n", 5);
    looks_until_decided();
    ck_assert(supervise_console_failed(&s));
    ck_assert(!supervise_console_failed(&s));
    ck_assert(s.console_is_down);
    ck_assert(was_revoked(100) && !was_revoked(120));
    supervise_tell_ends(&s);
    fflush(stdout);
    says("console does not read what it is sent: it is ended\n");
    ck_assert_uint_eq(count_said("guest left powered itself off\n"), 2);
    ck_assert_uint_eq(count_said("guest right"), 0);
}
END_TEST

START_TEST(test_clock_is_signalled_for_a_new_deadline_only)
{
    /* The clock's thread is woken when a new deadline is set. */
    struct clock clock;
    ck_assert_int_eq(clock_start(&clock, &plan), OK);
    clock_set(&clock, CLOCK_NEVER);
    ck_assert_uint_eq(kernel.signals, 0);
    clock_set(&clock, 500);
    clock_set(&clock, 500);
    ck_assert_uint_eq(kernel.signals, 1);
    ck_assert_uint_eq(clock.deadline_ticks, 500);
    clock_set(&clock, 900);
    ck_assert_uint_eq(kernel.signals, 2);
}
END_TEST

static ssize_t cookie_write(void *cookie, const char *text, size_t bytes)
{
    (void)cookie;
    link_write(&link_, text, bytes);
    return (ssize_t)bytes;
}

/* The records that a message puts into the ring, with the root server's printf(). */
static unsigned records_of_message(uint64_t tag, struct console_record *record, unsigned most)
{
    FILE *kept = stdout;
    struct ring_consumer c;
    uint32_t got = 0;

    link_up_clean();
    stdout = fopencookie(NULL, "w", (cookie_io_functions_t){.write = cookie_write});
    ck_assert_ptr_nonnull(stdout);
    setvbuf(stdout, NULL, _IOLBF, 1024);
    message(LEFT, tag, 0, 0);
    fclose(stdout);
    stdout = kept;
    ck_assert_int_eq(ring_consumer_attach(&c, down_shared(), control + CONSOLE_CONTROL_DOWN_DATA,
                                          CONSOLE_CONTROL_DOWN_RECORDS, sizeof *record),
                     OK);
    ck_assert_int_eq(ring_read(&c, record, most, &got), OK);
    return got;
}

START_TEST(test_message_lines_about_an_end_name_the_guest)
{
    /* Each line about an end comes after the guest's last output; a line about a guest that goes
       on does not wait for output, and can be dropped. */
    static const struct {
        uint64_t tag;
        bool is_end;
    } messages[] = {{REPORT_POWERED_OFF, true},
                    {REPORT_FAILED, true},
                    {REPORT_EXIT, true},
                    {TAG_FAULT, true},
                    {77, true},
                    {REPORT_REBOOTED, false}};
    struct console_record record[64];
    unsigned count = records_of_message(messages[_i].tag, record, 64);
    ck_assert_uint_gt(count, 0);
    for (unsigned i = 0; i < count; i++) {
        ck_assert_uint_eq(record[i].about, messages[_i].is_end ? 1 : 0);
        ck_assert_uint_eq(record[i].kind,
                          messages[_i].is_end ? CONSOLE_RECORD_TEXT : CONSOLE_RECORD_LOG);
    }
}
END_TEST

START_TEST(test_link_any_words_in_shared_memory_cost_the_service_only)
{
    /* Whatever the service writes to the shared memory at any time, each call of the link ends,
       the next service gets the right levels, and only the root server's text is printed. */
    uint32_t *word = (void *)control;
    unsigned deaths = 0;
    srand(7);
    link_up_clean();
    link_state(&link_, 1, CONSOLE_STATE_DEAD);
    for (unsigned round = 0; round < 20000; round++) {
        unsigned at = rand() % 4 == 0
                          ? (unsigned)rand() % (CONSOLE_CONTROL_BYTES / 4)
                          : (unsigned)(rand() % 2 * CONSOLE_CONTROL_UP_SHARED / 4 + rand() % 20);
        word[at] = rand() % 2 ? (uint32_t)rand() : (uint32_t)rand() % 1024;
        link_write(&link_, "own\n", 4);
        now_ticks += (uint64_t)rand() % 2000000;
        link_look(&link_);
        if (rand() % 50 == 0)
            (void)!link_flush(&link_, 7);
        kernel.klog[kernel.klog_bytes] = 0;
        ck_assert_uint_eq(strspn(kernel.klog, "\r\nwarren: o"), kernel.klog_bytes);
        kernel.klog_bytes = 0;
        if (link_.is_up)
            continue;
        deaths++;
        ck_assert_int_eq(link_up(&link_, control, 9), OK);
        ck_assert_uint_eq(level_of(1), CONSOLE_STATE_DEAD);
    }
    ck_assert_uint_gt(deaths, 100);
}
END_TEST

START_TEST(test_exec_resume_publishes_code_first)
{
    /* A thread is started only after a fence that makes its code visible to instruction fetch. */
    const struct plan_input in = {0};
    struct exec_failure failure;
    plan.action_count = 1;
    plan.action[0] = (struct plan_action){
        .kind = PLAN_RESUME, .count = 1, .slot = plan.process[LEFT].thread, .process = LEFT};
    ck_assert_int_eq(exec_run(&in, &plan, 0, 1, NULL, NULL, &failure), OK);
    ck_assert_uint_eq(kernel.resumes_of_published_code, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rootserver-supervise");
    TCase *tc = tcase_create("supervise");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_message_fault_names_process_and_ends_its_guest);
    tcase_add_test(tc, test_message_all_powered_off_is_the_only_good_end);
    tcase_add_loop_test(tc, test_message_every_other_end_is_a_death, 0, 3);
    tcase_add_test(tc, test_message_from_nobody_is_ignored);
    tcase_add_test(tc, test_message_console_cannot_end_a_guest);
    tcase_add_test(tc, test_message_log_lines_carry_the_name);
    tcase_add_test(tc, test_message_log_hostile_lengths);
    tcase_add_test(tc, test_message_log_flood_is_limited);
    tcase_add_test(tc, test_message_reboot_flood_is_limited);
    tcase_add_test(tc, test_exec_resume_publishes_code_first);
    tcase_add_test(tc, test_link_text_goes_to_kernel_until_up);
    tcase_add_test(tc, test_link_down_tells_what_was_not_read);
    tcase_add_test(tc, test_link_full_ring_loses_no_line);
    tcase_add_test(tc, test_link_topic_goes_with_each_record);
    tcase_add_test(tc, test_link_text_unread_for_a_second_is_a_death);
    tcase_add_test(tc, test_link_stop_of_the_machine_is_one_look);
    tcase_add_test(tc, test_link_service_that_reads_in_time_lives);
    tcase_add_loop_test(tc, test_link_broken_ring_is_a_death, 0, 2);
    tcase_add_loop_test(tc, test_link_flush_without_answer_is_a_death, 0, 3);
    tcase_add_test(tc, test_link_flush_answered_late_is_no_death);
    tcase_add_test(tc, test_console_failed_is_destroyed_and_its_guests_told_again);
    tcase_add_test(tc, test_clock_is_signalled_for_a_new_deadline_only);
    tcase_add_loop_test(tc, test_message_lines_about_an_end_name_the_guest, 0, 6);
    tcase_add_test(tc, test_link_any_words_in_shared_memory_cost_the_service_only);
    tcase_add_test(tc, test_link_long_line_is_broken_in_two);
    tcase_add_test(tc, test_link_level_outlives_the_service);
    tcase_add_test(tc, test_message_fault_after_a_flood_finds_room);
    tcase_add_test(tc, test_message_fault_report_takes_no_more_than_its_share);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
