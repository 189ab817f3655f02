/* SPDX-License-Identifier: BSD-2-Clause */
/* rootserver/reports: true and false reports of processes. */
#define _GNU_SOURCE /* fopencookie() */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <proto/report.h>
#include <rootserver/reports.h>
#include <rt/calls.h>
#include <rt/rt.h>
#include <test/unit/run.h>

#define CONSOLE     0u
#define LEFT        16u
#define RIGHT       17u
#define HZ          UINT64_C(10000000)

#define THREADS     3u
#define THREAD_STEP 100u

static struct lives lives;
static struct lines lines;
static struct reports reports;
static bool is_stopped[PLAN_PROCESSES_ALL];
static unsigned stops;
static char *said;
static size_t said_bytes;
static FILE *real_stdout;
static uint64_t now_ticks;
static _Alignas(64) uint8_t down[0x11000];
static _Alignas(64) uint8_t up[0x3000];

uint64_t rt_time_ticks(void)
{
    return now_ticks += 10;
}

uint64_t rt_timebase_hz(void)
{
    return HZ;
}

void abi_ecall(struct abi_regs *regs)
{
    if (regs->a7 == CALL_INVOKE && regs->a0 >= 100 && regs->a0 < 100 + (THREADS + 1) * THREAD_STEP)
        regs->a1 = (regs->a0 - 100) / THREAD_STEP * 0x1000 + regs->a2; /* thread_get_reg */
    regs->a0 = OK;
}

/* The work: only stops count here. */
MUST_CHECK work_make(struct work *work, unsigned part, struct problem *problem)
{
    (void)work, (void)part, (void)problem;
    return OK;
}

MUST_CHECK work_clear(struct work *work, unsigned part)
{
    (void)work, (void)part;
    return OK;
}

MUST_CHECK work_undo(struct work *work, unsigned part)
{
    (void)work, (void)part;
    return OK;
}

void work_control(struct work *work, unsigned process, struct link_place *out)
{
    (void)work, (void)process;
    *out = (struct link_place){down, up, 16, true, 9};
}

void work_entry(struct work *work, unsigned connection, struct control_connection *out)
{
    (void)work, (void)connection, (void)out;
}

MUST_CHECK work_resume(struct work *work, unsigned process, uint32_t restart_count)
{
    (void)work, (void)process, (void)restart_count;
    return OK;
}

MUST_CHECK work_calls_cancel(struct work *work, unsigned process)
{
    (void)work, (void)process;
    return OK;
}

MUST_CHECK work_stop(struct work *work, unsigned process)
{
    (void)work;
    is_stopped[process] = true;
    stops++;
    return OK;
}

void work_reset_begin(struct work *work, unsigned process)
{
    (void)work, (void)process;
}

MUST_CHECK work_reset_poll(struct work *work, unsigned process)
{
    (void)work, (void)process;
    return OK;
}

void work_unpin(struct work *work, unsigned connection)
{
    (void)work, (void)connection;
}

/* Thread n's registers are 0x1000 * (n + 1) + their number. */
static uint32_t thread_of(unsigned process, unsigned n)
{
    return n < THREADS ? 100 + THREAD_STEP * (n + 1) + process : 0;
}

static void process(unsigned index, const char *name, const char *guest)
{
    const struct link_place place = {down, up, 16, true, 9};
    const struct link_times times = {HZ, 0};
    struct life *l = &lives.life[index];

    snprintf(l->name, sizeof l->name, "%s", name);
    l->guest = guest;
    l->state = LIFE_RUNNING;
    link_init(&l->link, &place, &times);
    link_up(&l->link, 0, 0, now_ticks);
}

static void setup(void)
{
    memset(&lives, 0, sizeof lives);
    memset(&lines, 0, sizeof lines);
    memset(&reports, 0, sizeof reports);
    memset(is_stopped, 0, sizeof is_stopped);
    stops = 0;
    lives.lines = &lines;
    lives.hz = HZ;
    lives.log = CONSOLE;
    lives.connection_count = 2;
    lives.connection[0] = (struct life_connection){.service = CONSOLE, .client = LEFT, .served = 0};
    lives.connection[1] =
        (struct life_connection){.service = CONSOLE, .client = RIGHT, .served = 1};
    reports.lives = &lives;
    reports.lines = &lines;
    reports.thread = thread_of;
    process(CONSOLE, "console", NULL);
    process(LEFT, "vmm.left", "left");
    process(RIGHT, "vmm.right", "right");
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
    struct message m = {
        .tag = tag, .word = {w0, w1, 0x44, 0x55, 0x66, 0x77}, .badge = (uint64_t)index + 1};
    reports_message(&reports, &m);
    fflush(stdout);
}

static void says(const char *what)
{
    ck_assert_msg(strstr(said, what) != NULL, "it said: %s", said);
}

static unsigned count_said(const char *what)
{
    unsigned count = 0;
    for (const char *at = strstr(said, what); at != NULL; at = strstr(at + 1, what))
        count++;
    return count;
}

START_TEST(test_message_fault_names_process_and_ends_it_alone)
{
    /* A fault is reported with name, cause, address and registers, and ends its process alone.
       Without a restart in its policy, the guest is dead. */
    message(LEFT, TAG_FAULT, 15, 0x8);
    says("vmm.left faulted: store page fault (cause 15, tval 0x8) at pc 0x44");
    says(" a0 000000000000100a");
    says("guest left is dead");
    ck_assert(is_stopped[LEFT]);
    ck_assert_uint_eq(stops, 1);
    ck_assert_int_eq(lives.life[LEFT].outcome, LIFE_OUTCOME_DEAD);
    ck_assert_uint_eq(lives_guests_running(&lives), 1);
}
END_TEST

START_TEST(test_message_fault_shows_the_thread_that_faulted)
{
    /* The registers of a fault are those of the thread with its pc and sp. */
    uint64_t base = 0x1000 * (uint64_t)(_i + 1);
    struct message m = {.tag = TAG_FAULT, .badge = LEFT + 1};

    m.word[FAULT_PC] = base;
    m.word[FAULT_SP] = base + 2;
    reports_message(&reports, &m);
    fflush(stdout);
    char a0[40];
    snprintf(a0, sizeof a0, " a0 %016llx", (unsigned long long)base + 10);
    says(a0);
    ck_assert_uint_eq(count_said(" a0 "), 1);
}
END_TEST

START_TEST(test_message_fault_within_the_policy_is_no_death)
{
    /* With restarts left, the guest goes on. */
    lives.life[LEFT].restart.most = 1;
    message(LEFT, TAG_FAULT, 15, 0x8);
    ck_assert(is_stopped[LEFT]);
    ck_assert_int_eq(lives.life[LEFT].outcome, LIFE_OUTCOME_NONE);
    ck_assert_uint_eq(count_said("is dead"), 0);
}
END_TEST

START_TEST(test_message_all_powered_off_is_the_only_good_end)
{
    /* The end is good when every guest powered itself off, and in no other case. */
    message(LEFT, REPORT_POWERED_OFF, 0, 0);
    says("guest left powered itself off");
    ck_assert(!lives_ended_well(&lives));
    message(RIGHT, REPORT_POWERED_OFF, 0, 0);
    ck_assert_uint_eq(lives_guests_running(&lives), 0);
    ck_assert(lives_ended_well(&lives));
    lives.life[LEFT].outcome = LIFE_OUTCOME_DEAD;
    ck_assert(!lives_ended_well(&lives));
}
END_TEST

START_TEST(test_message_ends_that_a_restart_may_mend)
{
    /* A VMM that leaves, gives up for a reason of its own, or sends nonsense starts again; a guest
       that is unusable does not. */
    static const struct {
        uint64_t tag, reason;
        bool is_final;
    } ends[] = {
        {REPORT_FAILED, REPORT_FAILURE_START_RECORD, true},
        {REPORT_FAILED, REPORT_FAILURE_KERNEL, true},
        {REPORT_FAILED, REPORT_FAILURE_SYSTEM, true},
        {REPORT_FAILED, REPORT_FAILURE_STOPPED, true},
        {REPORT_FAILED, REPORT_FAILURE_STATE, true},
        {REPORT_FAILED, UINT64_MAX, true},
        {REPORT_FAILED, REPORT_FAILURE_VCPU, false},
        {REPORT_FAILED, REPORT_FAILURE_INTERNAL, false},
        {REPORT_EXIT, 0, false},
        {77, 0, false},
    };
    lives.life[LEFT].restart.most = 1;
    message(LEFT, ends[_i].tag, ends[_i].reason, 0);
    ck_assert(is_stopped[LEFT]);
    ck_assert_int_eq(lives.life[LEFT].outcome,
                     ends[_i].is_final ? LIFE_OUTCOME_DEAD : LIFE_OUTCOME_NONE);
}
END_TEST

START_TEST(test_message_from_nobody_is_ignored)
{
    /* A report with an unknown badge, or that of an ended process, has no effect. */
    message(LEFT, REPORT_POWERED_OFF, 0, 0);
    message(LEFT, TAG_FAULT, 2, 0);
    message(LEFT, REPORT_FAILED, 1, 1);
    message(3, REPORT_FAILED, 1, 1);
    message(UINT32_MAX, TAG_FAULT, 1, 1);
    struct message m = {.tag = TAG_FAULT};
    reports_message(&reports, &m);
    m.badge = UINT64_MAX;
    reports_message(&reports, &m);
    ck_assert_uint_eq(stops, 1);
    ck_assert_int_eq(lives.life[LEFT].outcome, LIFE_OUTCOME_ENDED);
    ck_assert_int_eq(lives.life[RIGHT].state, LIFE_RUNNING);
}
END_TEST

START_TEST(test_message_service_cannot_end_a_guest)
{
    /* A VMM's report from a service is nonsense and ends the service only. */
    message(CONSOLE, _i == 0 ? REPORT_POWERED_OFF : REPORT_REBOOTED, 0, 0);
    ck_assert(is_stopped[CONSOLE]);
    says("console sent an unknown report");
    ck_assert_uint_eq(lives_guests_running(&lives), 2);
    message(LEFT, REPORT_POWERED_OFF, 0, 0);
    message(RIGHT, REPORT_POWERED_OFF, 0, 0);
    ck_assert(!lives_ended_well(&lives));
}
END_TEST

static void log_text(unsigned index, const char *text, uint64_t length)
{
    struct message m = {.tag = REPORT_LOG, .badge = (uint64_t)index + 1};
    m.word[0] = length;
    memcpy(&m.word[1], text, strlen(text) < 40 ? strlen(text) : 40);
    reports_message(&reports, &m);
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

START_TEST(test_message_log_lines_of_two_lives_are_not_joined)
{
    /* What a life left unfinished is a line of its own. */
    log_text(LEFT, "cut", 3);
    lives.life[LEFT].restart_count++;
    log_text(LEFT, "new\n", 4);
    says("vmm.left: cut\nvmm.left: new\n");
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
        ck_assert_uint_le(strcspn(line + 1, "\n"), REPORTS_LINE_BYTES + PROCESS_NAME_BYTES);
}
END_TEST

START_TEST(test_message_log_flood_is_limited)
{
    /* A process that floods its log is cut to its allowance; other processes are not. */
    for (unsigned i = 0; i < 5000; i++)
        log_text(LEFT, "flood\n", 6);
    ck_assert_uint_eq(count_said("vmm.left: flood\n"), REPORTS_LINES_AT_ONCE);
    log_text(RIGHT, "calm\n", 5);
    says("vmm.right: calm\n");
    now_ticks += HZ;
    log_text(LEFT, "flood\n", 6);
    says("vmm.left: (4900 lines dropped)\nvmm.left: flood\n");
}
END_TEST

START_TEST(test_message_reboot_flood_is_limited)
{
    /* The lines about a guest that reboots without pause are cut to its VMM's allowance too. */
    for (unsigned i = 0; i < 5000; i++)
        message(LEFT, REPORT_REBOOTED, i, 0);
    ck_assert_uint_eq(count_said("guest left rebooted"), REPORTS_LINES_AT_ONCE);
    message(RIGHT, REPORT_REBOOTED, 1, 0);
    says("guest right rebooted (1)\n");
}
END_TEST

/* ---- in the ring of lines ----------------------------------------------------------- */

static void lines_up_clean(void)
{
    memset(up, 0, sizeof up);
    ck_assert_int_eq(lines_up(&lines, &lives.life[CONSOLE].link), OK);
}

static ssize_t cookie_write(void *cookie, const char *text, size_t bytes)
{
    (void)cookie;
    lines_write(&lines, text, bytes);
    return (ssize_t)bytes;
}

static FILE *stdout_kept;

static void stdout_to_lines(void)
{
    lines_up_clean();
    stdout_kept = stdout;
    stdout = fopencookie(NULL, "w", (cookie_io_functions_t){.write = cookie_write});
    ck_assert_ptr_nonnull(stdout);
    setvbuf(stdout, NULL, _IOLBF, 1024);
}

static uint32_t stdout_back(struct control_line *record, uint32_t most)
{
    struct control_up *shared = (void *)up;
    struct ring_consumer c;
    uint32_t got = 0;

    fclose(stdout);
    stdout = stdout_kept;
    ck_assert_int_eq(ring_consumer_attach(&c, &shared->lines_down, down + CONTROL_DOWN_LINES,
                                          CONTROL_DOWN_LINE_MAX, sizeof *record),
                     OK);
    ck_assert_int_eq(ring_read(&c, record, most, &got), OK);
    return got;
}

static struct control_line record[CONTROL_DOWN_LINE_MAX];

START_TEST(test_message_fault_after_a_flood_finds_room)
{
    /* Log lines of processes leave room in the ring for the lines about all VMMs' ends, even if
       the instance reads nothing. */
    stdout_to_lines();
    for (unsigned i = 0; i < 96; i++) {
        for (unsigned p = LEFT; p <= RIGHT; p++) {
            for (unsigned part = 0; part < 4; part++)
                log_text(p, "0123456789012345678901234567890123456789", part == 3 ? 30 : 40);
            log_text(p, "\n", 1);
        }
    }
    message(LEFT, TAG_FAULT, 15, 0x8);
    message(RIGHT, TAG_FAULT, 15, 0x8);
    ck_assert(lines.is_up);
    uint32_t count = stdout_back(record, CONTROL_DOWN_LINE_MAX);
    unsigned deaths = 0, faults = 0;
    for (unsigned i = 0; i < count; i++) {
        deaths += strstr(record[i].text, " is dead\r\n") != NULL;
        faults += strstr(record[i].text, " faulted: store") != NULL;
    }
    ck_assert_uint_eq(deaths, 2);
    ck_assert_uint_eq(faults, 2);
}
END_TEST

START_TEST(test_message_fault_report_takes_no_more_than_its_share)
{
    /* The longest report of a VMM's end fits in the room that the ring keeps for each VMM. */
    static char longest[NAME_BYTES];
    memset(longest, 'n', sizeof longest - 1);
    memset(lives.life[LEFT].name, 'n', sizeof lives.life[LEFT].name - 1);
    lives.life[LEFT].guest = longest;
    reports.line[LEFT].dropped = UINT32_MAX;
    stdout_to_lines();
    message(LEFT, TAG_FAULT, UINT64_MAX, UINT64_MAX);
    ck_assert_uint_le(stdout_back(record, CONTROL_DOWN_LINE_MAX), LINES_OWN_RECORDS / GUESTS_MAX);
}
END_TEST

START_TEST(test_message_lines_about_an_end_name_the_connection)
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
    stdout_to_lines();
    message(RIGHT, messages[_i].tag, 0, 0);
    uint32_t count = stdout_back(record, CONTROL_DOWN_LINE_MAX);
    ck_assert_uint_gt(count, 0);
    for (unsigned i = 0; i < count; i++) {
        ck_assert_uint_eq(record[i].about, messages[_i].is_end ? 2 : 0);
        ck_assert_uint_eq(record[i].kind,
                          messages[_i].is_end ? CONTROL_LINE_TEXT : CONTROL_LINE_LOG);
    }
}
END_TEST

START_TEST(test_message_end_of_the_log_goes_to_the_kernel)
{
    /* The lines about the end of the instance that shows lines are not sent to that instance. */
    stdout_to_lines();
    message(CONSOLE, TAG_FAULT, 15, 8);
    ck_assert(!lines.is_up);
    ck_assert_uint_eq(stdout_back(record, CONTROL_DOWN_LINE_MAX), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rootserver-reports");
    TCase *tc = tcase_create("reports");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_message_fault_names_process_and_ends_it_alone);
    tcase_add_loop_test(tc, test_message_fault_shows_the_thread_that_faulted, 0, THREADS);
    tcase_add_test(tc, test_message_fault_within_the_policy_is_no_death);
    tcase_add_test(tc, test_message_all_powered_off_is_the_only_good_end);
    tcase_add_loop_test(tc, test_message_ends_that_a_restart_may_mend, 0, 10);
    tcase_add_test(tc, test_message_from_nobody_is_ignored);
    tcase_add_loop_test(tc, test_message_service_cannot_end_a_guest, 0, 2);
    tcase_add_test(tc, test_message_log_lines_carry_the_name);
    tcase_add_test(tc, test_message_log_lines_of_two_lives_are_not_joined);
    tcase_add_test(tc, test_message_log_hostile_lengths);
    tcase_add_test(tc, test_message_log_flood_is_limited);
    tcase_add_test(tc, test_message_reboot_flood_is_limited);
    tcase_add_test(tc, test_message_fault_after_a_flood_finds_room);
    tcase_add_test(tc, test_message_fault_report_takes_no_more_than_its_share);
    tcase_add_loop_test(tc, test_message_lines_about_an_end_name_the_connection, 0, 6);
    tcase_add_test(tc, test_message_end_of_the_log_goes_to_the_kernel);
    suite_add_tcase(suite, tc);
    return run_suites(srunner_create(suite));
}
