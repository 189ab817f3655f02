/* SPDX-License-Identifier: BSD-2-Clause */
/* rt_service_run(): the order of waits and acknowledgements, on a fake kernel. */
#include <setjmp.h>
#include <string.h>

#include <proto/control.h>
#include <rt/calls.h>
#include <rt/rt.h>
#include <rt/rt_access.h>
#include <rt/rt_service.h>
#include <rt/rt_start_table.h>
#include <test/unit/run.h>

#define SLOT_ROOT  12
#define SLOT_IRQ   20
#define SLOT_CALLS 30
#define BADGE      7
#define LABEL      5
#define EVENTS_MAX 400

/* What happened: t a turn, w a wait, p a poll, a an acknowledgement, s a signal; with an Endpoint,
 * r a receive without a deadline, u one with a deadline; c a call that the model answers. */
static char events[EVENTS_MAX + 1];
static unsigned event_count;
static jmp_buf end;

static struct {
    struct control_down down;
    uint8_t gap[CONTROL_DOWN_TABLE - sizeof(struct control_down)];
    struct control_connection connection[1];
} region;
#define down region.down
static struct {
    struct control_up up;
    uint8_t gap[CONTROL_UP_ANSWERS - sizeof(struct control_up)];
    struct control_answer answer[1];
} up_region;
#define up up_region.up
static struct start_entry entries[8];
static uint32_t entry_count;
static struct service service;
static uint64_t turn_bits, wait_bits, waited_until;
static unsigned busy_turns; /* turns that have work */
static bool has_calls;      /* a call waits at each receive */
static bool is_patient;     /* the service sleeps without a deadline */
static struct abi_regs sent; /* the registers of the last receive: the answer */

static void event(char what)
{
    if (event_count == EVENTS_MAX)
        longjmp(end, 1);
    events[event_count++] = what;
    events[event_count] = 0;
}

/* A receive: sends the answer, and takes a call, a signal, or times out. */
static void receive_ecall(struct abi_regs *regs)
{
    ck_assert_uint_eq(regs->a0, SLOT_CALLS);
    sent = *regs;
    event(regs->a7 == CALL_REPLY_RECV ? 'r' : 'u');
    waited_until = regs->a7 == CALL_REPLY_RECV ? UINT64_MAX : regs->t2;
    regs->a0 = has_calls || wait_bits != 0 ? OK : ERR_TIMEOUT;
    regs->a1 = has_calls ? LABEL : TAG_NOTIFIED;
    regs->a2 = 40;
    regs->t1 = 45;
    regs->t2 = has_calls ? BADGE : wait_bits;
}

void abi_ecall(struct abi_regs *regs)
{
    if (regs->a7 == CALL_REPLY_RECV || regs->a7 == CALL_REPLY_RECV_UNTIL) {
        receive_ecall(regs);
        return;
    }
    uint64_t call = regs->a7, slot = regs->a0;

    waited_until = call == CALL_WAIT ? regs->a1 : waited_until;
    regs->a0 = OK;
    regs->a1 = call == CALL_WAIT ? wait_bits : 0;
    if (call == CALL_WAIT || call == CALL_POLL) {
        ck_assert_uint_eq(slot, PROCESS_SLOT_WAKE);
        event(call == CALL_WAIT ? 'w' : 'p');
    } else if (call == CALL_SIGNAL) {
        ck_assert_uint_eq(slot, SLOT_ROOT);
        event('s');
    } else {
        ck_assert_uint_eq(call, CALL_INVOKE);
        ck_assert_uint_eq(slot, SLOT_IRQ);
        event('a');
    }
}

uint64_t rt_time_ticks(void)
{
    return 0;
}

enum err rt_copy_in(void *to, const void *client, size_t bytes)
{
    memcpy(to, client, bytes);
    return OK;
}

enum err rt_copy_out(void *client, const void *from, size_t bytes)
{
    memcpy(client, from, bytes);
    return OK;
}

const struct start_table *rt_start_table(void)
{
    return NULL;
}

enum err start_table_at(const struct start_table *table, uint32_t index, struct start_entry *out)
{
    (void)table;
    if (index >= entry_count)
        return ERR_NOT_FOUND;
    *out = entries[index];
    return OK;
}

enum err rt_entry_find(enum start_kind kind, const char *name, struct start_entry *out)
{
    for (uint32_t i = 0; i < entry_count; i++) {
        if (entries[i].kind == kind && strcmp(entries[i].name, name) == 0) {
            *out = entries[i];
            return OK;
        }
    }
    return ERR_NOT_FOUND;
}

static bool on_notify(void *context, uint64_t bits)
{
    (void)context;
    turn_bits |= bits;
    event('t');
    return busy_turns > 0 && busy_turns-- > 0;
}

static bool on_sleep(void *context, uint64_t *deadline_ticks)
{
    (void)context;
    if (!is_patient)
        *deadline_ticks = 4321;
    return true;
}

static enum err on_call(void *context, struct service_connection *c,
                        const struct service_call *call, uint64_t answer[SERVICE_CALL_WORDS])
{
    (void)context;
    ck_assert_uint_eq(c->entry->badge, BADGE);
    ck_assert_uint_eq(call->label, LABEL);
    ck_assert_uint_eq(call->word[0], 40);
    ck_assert_uint_eq(call->word[5], 45);
    answer[0] = 400;
    answer[5] = 450;
    event('c');
    return OK;
}

static const struct service_model model = {
    .on_notify = on_notify, .on_sleep = on_sleep, .on_call = on_call};

static void setup(void)
{
    entry_count = 0;
    entries[entry_count++] = (struct start_entry){
        .name = CONTROL_ENTRY_DOWN, .kind = START_MEMORY, .address = (uintptr_t)&down};
    entries[entry_count++] = (struct start_entry){
        .name = CONTROL_ENTRY_UP, .kind = START_MEMORY, .address = (uintptr_t)&up};
    entries[entry_count++] =
        (struct start_entry){.name = CONTROL_ENTRY_ROOT, .kind = START_SLOT, .slot = SLOT_ROOT};
    entries[entry_count++] = (struct start_entry){.name = "device.disk.irq.0",
                                                  .kind = START_IRQ,
                                                  .slot = SLOT_IRQ,
                                                  .value = PROCESS_BIT_IRQ(0)};
    memset(&region, 0, sizeof region);
    memset(&up_region, 0, sizeof up_region);
    down.version = CONTROL_VERSION;
    has_calls = is_patient = false;
    event_count = busy_turns = 0;
    turn_bits = wait_bits = 0;
}

/* Runs until the events are full; then keeps the first `count`. */
static const char *run_events(unsigned count)
{
    if (setjmp(end) == 0)
        ck_abort_msg("the service ended with %d", rt_service_run(&service, &model));
    events[count] = 0;
    return events;
}

START_TEST(test_rt_service_interrupt_is_acknowledged_after_its_turn)
{
    /* The device is served first; then the acknowledgement, then the next wait. */
    wait_bits = PROCESS_BIT_IRQ(0);
    ck_assert_str_eq(run_events(8), "twtawtaw");
    ck_assert_uint_eq(turn_bits, PROCESS_BIT_IRQ(0));
    ck_assert_uint_eq(waited_until, 4321);
}
END_TEST

START_TEST(test_rt_service_other_signal_acknowledges_nothing)
{
    /* An interrupt that did not come stays as it is. */
    wait_bits = PROCESS_BIT_SERVED(0) | PROCESS_BIT_IRQ(1);
    ck_assert_str_eq(run_events(6), "twtwtw");
}
END_TEST

START_TEST(test_rt_service_busy_service_looks_at_its_signals)
{
    /* A service that never runs out of work takes its signals every SERVICE_TURNS_MAX turns. */
    busy_turns = 3 * SERVICE_TURNS_MAX;
    const char *seen = run_events(3 * SERVICE_TURNS_MAX + 3);
    ck_assert_uint_eq((size_t)(strchr(seen, 'p') - seen), SERVICE_TURNS_MAX);
    ck_assert_ptr_null(strchr(seen, 'w'));
    unsigned polls = 0;
    for (const char *at = seen; *at != 0; at++)
        polls += *at == 'p';
    ck_assert_uint_eq(polls, 3);
}
END_TEST

START_TEST(test_rt_service_ping_is_answered_before_the_wait)
{
    /* The root server gets its signal in the turn that answers. */
    down.ping = 5;
    ck_assert_str_eq(run_events(3), "tsw");
    ck_assert_uint_eq(up.pong, 5);
}
END_TEST

/* As the start record of a service whose manifest has `calls`, with one client. */
static void calls_setup(void)
{
    entries[entry_count++] =
        (struct start_entry){.name = "endpoint", .kind = START_SLOT, .slot = SLOT_CALLS};
    down.connection_most = 1;
    down.is_table_whole = 1;
    region.connection[0].badge = BADGE;
    region.connection[0].wake_slot = SLOT_ROOT;
    region.connection[0].state = control_state(1, CONTROL_CONNECTION_OFFERED);
}

START_TEST(test_rt_service_call_is_answered_by_the_next_receive)
{
    /* A call is answered, the service has a turn, and the answer goes out with the next receive. */
    calls_setup();
    has_calls = true;
    const char *seen = run_events(EVENTS_MAX);
    ck_assert_ptr_nonnull(strstr(seen, "uctuctuct"));
    ck_assert_uint_eq(sent.a1, OK);
    ck_assert_uint_eq(sent.a2, 400);
    ck_assert_uint_eq(sent.a3, 0);
    ck_assert_uint_eq(sent.t1, 450);
    ck_assert_uint_eq(waited_until, 4321);
}
END_TEST

START_TEST(test_rt_service_takes_no_calls_before_it_knows_its_clients)
{
    /* Calls wait while the root server still offers connections of the former life. */
    calls_setup();
    down.is_table_whole = 0;
    has_calls = true;
    ck_assert_str_eq(run_events(8), "ststwtwt");
    ck_assert_ptr_null(strchr(events, 'c'));
}
END_TEST

START_TEST(test_rt_service_with_calls_still_takes_signals)
{
    /* Signals and interrupts end a receive as they end a wait. */
    calls_setup();
    wait_bits = PROCESS_BIT_IRQ(0);
    ck_assert_ptr_nonnull(strstr(run_events(EVENTS_MAX), "utautau"));
    ck_assert_uint_eq(turn_bits, PROCESS_BIT_IRQ(0));
}
END_TEST

START_TEST(test_rt_service_without_deadline_leaves_callers_the_fast_path)
{
    /* Only a receive without a deadline can be found by the kernel's fast path. */
    calls_setup();
    is_patient = has_calls = true;
    ck_assert_ptr_nonnull(strstr(run_events(EVENTS_MAX), "rctrct"));
}
END_TEST

START_TEST(test_rt_service_busy_service_takes_calls)
{
    /* A service that never runs out of work takes a call every SERVICE_TURNS_MAX turns, and does
     * not wait for one. */
    calls_setup();
    has_calls = is_patient = true;
    busy_turns = 1000;
    const char *seen = run_events(EVENTS_MAX);
    ck_assert_ptr_nonnull(strstr(seen, "uct"));
    ck_assert_ptr_null(strchr(seen, 'r'));
    ck_assert_uint_eq(waited_until, 0);
}
END_TEST

START_TEST(test_rt_service_without_region_ends)
{
    /* Each missing entry, and a region of another version, ends the process with code 1. */
    for (unsigned i = 0; i < 4; i++) {
        setup();
        if (i < 3)
            entries[i].name[0] = 'x';
        else
            down.version++;
        ck_assert_int_eq(rt_service_run(&service, &model), 1);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rt_service");
    TCase *tc = tcase_create("run");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, test_rt_service_interrupt_is_acknowledged_after_its_turn);
    tcase_add_test(tc, test_rt_service_other_signal_acknowledges_nothing);
    tcase_add_test(tc, test_rt_service_busy_service_looks_at_its_signals);
    tcase_add_test(tc, test_rt_service_ping_is_answered_before_the_wait);
    tcase_add_test(tc, test_rt_service_call_is_answered_by_the_next_receive);
    tcase_add_test(tc, test_rt_service_takes_no_calls_before_it_knows_its_clients);
    tcase_add_test(tc, test_rt_service_with_calls_still_takes_signals);
    tcase_add_test(tc, test_rt_service_without_deadline_leaves_callers_the_fast_path);
    tcase_add_test(tc, test_rt_service_busy_service_takes_calls);
    tcase_add_test(tc, test_rt_service_without_region_ends);
    suite_add_tcase(suite, tc);
    return run_suites(srunner_create(suite));
}
