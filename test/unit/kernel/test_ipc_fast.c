/* SPDX-License-Identifier: BSD-2-Clause */
/* The fast path of a message has the same effect as the slow path, or no effect. */
#include "suites.h"
#include "world.h"

#include <string.h>

#define LABEL      UINT64_C(0xfedc1234)
#define BADGE      77u
#define RAM_BYTES  (UINT64_C(1) << 18) /* all objects of these worlds lie below this offset */

/* ---- a world to restore --------------------------------------------------------- */

struct image {
    struct kernel kernel;
    struct hart hart;
    struct fake_hal fake;
    struct fake_tlb_copy *tlb;
    uint8_t ram[RAM_BYTES];
};

static uint8_t *ram(void)
{
    return hal_phys_to_virt(hpa(FAKE_RAM_START));
}

static struct image image_before, image_after_fast;
static struct image *const before = &image_before, *const after_fast = &image_after_fast;

static void image_take(struct image *image)
{
    image->kernel = kernel;
    image->hart = hart;
    image->fake = fake;
    image->tlb = fake_tlb_copy();
    memcpy(image->ram, ram(), RAM_BYTES);
}

static void image_restore(const struct image *image)
{
    kernel = image->kernel;
    hart = image->hart;
    fake = image->fake;
    fake_tlb_restore(image->tlb);
    memcpy(ram(), image->ram, RAM_BYTES);
}

static void image_free(struct image *image)
{
    fake_tlb_free(image->tlb);
}

/* ---- a client, a server, and other threads ---------------------------------------- */

struct setting {
    uint8_t client_priority, server_priority;
    uint8_t other_priority; /* 0: no other thread is ready */
    bool is_one_space;
    bool has_second_server; /* a second server waits at the endpoint, behind the first */
    bool is_reply;          /* the call was made before: now the server answers it */
    uint8_t fp_owner;       /* FP registers in the hart: 0 none, 1 the client's, 2 the server's */
};

static struct {
    struct thread *client, *server;
    uint32_t endpoint;
    uint32_t badged, serving; /* the client's capability, and the server's */
} w;

static void set_registers(struct thread *thread, enum call_number call, uint32_t slot)
{
    for (uint64_t i = 0; i < 32; i++)
        thread->context.x[i] = UINT64_C(0x1111) * i;
    thread->context.x[REG_A7] = call;
    thread->context.x[REG_A0] = slot;
    thread->context.x[REG_A1] = LABEL | TAG_FAULT | TAG_NOTIFIED;
    thread->context.x[REG_T0] = 0;
}

static void share_space(struct thread *with, struct thread *thread)
{
    slot_delete(&hart, &thread->place[THREAD_VSPACE]);
    slot_embed(&thread->place[THREAD_VSPACE], &with->place[THREAD_VSPACE], &thread->object);
    ck_assert_int_eq(thread_resume(thread), OK);
}

/* Returns the thread that is to call or reply, which runs and entered by the slow path. */
static struct thread *arrange(const struct setting *s)
{
    w.client = world_thread_at(world_thread(s->client_priority));
    w.server = world_thread_at(world_thread(s->server_priority));
    w.endpoint = world_make(OBJ_ENDPOINT, ENDPOINT_BITS_MIN);
    w.badged = world_copy(w.endpoint, RIGHT_WRITE, BADGE);
    w.serving = world_copy(w.endpoint, RIGHT_READ, BADGE + 1); /* no message may carry this badge */
    if (s->is_one_space)
        share_space(w.client, w.server);
    world_message(w.server, CALL_RECV, w.serving, 0, 0, 0);
    if (s->has_second_server)
        world_message(world_thread_at(world_thread(1)), CALL_RECV, w.endpoint, 0, 0, 0);
    if (s->is_reply) {
        world_message(w.client, CALL_CALL, w.badged, 1, 0, 0);
        if (hart.current == NULL)
            ck_assert_ptr_eq(sched_pick(&hart), w.server);
    }
    if (s->other_priority != 0)
        world_thread(s->other_priority);
    world_run(s->is_reply ? w.server : w.client);
    hart.slice_end_ticks = fake.now + 1000;
    struct thread *running = hart.current;
    if (sched_pick(&hart) != running || fake_leave(&hart) != FAKE_LEFT_USER)
        return NULL; /* a ready thread of higher priority runs instead */
    if (s->fp_owner != 0) {
        fp_acquire(&hart, s->fp_owner == 1 ? &w.client->fp : &w.server->fp);
        hal_fp_set_user_access(hart.fp_owner == &running->fp);
    }
    fake.now += 7;
    running->slice_left_ticks = 3; /* rest of an earlier slice that was cut short */
    set_registers(running, s->is_reply ? CALL_REPLY_RECV : CALL_CALL,
                  s->is_reply ? w.serving : w.badged);
    return running;
}

/* With what the way out does: the words of one become the words of the other. */
static struct user_context *go_fast(struct thread *thread)
{
    static const uint8_t words[] = { REG_A2, REG_A3, REG_A4, REG_A5, REG_A6, REG_T1 };
    const uint64_t *from = thread->context.x;
    struct user_context *to = ipc_fast(&hart);
    if (to == NULL)
        return NULL;
    for (uint32_t i = 0; i < MESSAGE_WORDS; i++)
        to->x[words[i]] = from[words[i]];
    to->x[REG_A0] = OK;
    return to;
}

/* Clears the fields that have a meaning only while a thread waits to send. */
static void forget_sending(struct thread *thread)
{
    thread->send_badge = 0;
    thread->is_calling = false;
}

static bool is_unchanged(const struct image *image)
{
    return memcmp(image->ram, ram(), RAM_BYTES) == 0 &&
           memcmp(&image->hart, &hart, sizeof(hart)) == 0 &&
           memcmp(&image->kernel, &kernel, sizeof(kernel)) == 0;
}

enum way { WAY_NONE, WAY_SHORT, WAY_LONG };

/* Both ways from the same state: the same memory, thread and space; a timer that is early enough.
 * Which of them the kernel would go; NONE: the thread does not run at all. */
static enum way ck_ways_agree(const struct setting *s)
{
    memset(ram(), 0, RAM_BYTES);
    memset(&hart, 0, sizeof(hart));
    memset(&kernel, 0, sizeof(kernel));
    world_setup();
    struct thread *thread = arrange(s);
    if (thread == NULL)
        return WAY_NONE;
    ck_assert_uint_lt(hal_virt_to_phys(w.client + 1).raw, FAKE_RAM_START + RAM_BYTES);
    image_take(before);
    struct user_context *to = go_fast(thread);

    if (to == NULL) {
        ck_assert(is_unchanged(before));
        image_free(before);
        return WAY_LONG;
    }
    forget_sending(w.client);
    image_take(after_fast);
    image_restore(before);
    syscall_dispatch(&hart);
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    forget_sending(w.client);

    ck_assert_ptr_eq(fake.entered_context, to);
    ck_assert_ptr_eq(hart.current, after_fast->hart.current);
    ck_assert_ptr_eq(hart.vspace, after_fast->hart.vspace);
    ck_assert_mem_eq(ram(), after_fast->ram, RAM_BYTES);
    ck_assert_uint_le(after_fast->hart.armed_ticks, hart.armed_ticks);
    after_fast->hart.armed_ticks = hart.armed_ticks;
    after_fast->hart.stopped_ticks = hart.stopped_ticks; /* read only while no thread runs */
    ck_assert_mem_eq(&hart, &after_fast->hart, sizeof(hart));
    ck_assert_mem_eq(&kernel, &after_fast->kernel, sizeof(kernel));
    ck_assert_int_eq(fake.is_fp_allowed, after_fast->fake.is_fp_allowed);
    image_free(after_fast);
    image_free(before);
    return WAY_SHORT;
}

/* ---- the tests ---------------------------------------------------------------------- */

START_TEST(test_ipc_fast_leaves_what_the_slow_path_leaves)
{
    /* Fast and slow path agree for all orders of three priorities, one VSpace or two, call and
     * reply, any owner of the FP registers, with and without a second waiting server. */
    uint32_t short_count = 0;

    for (uint32_t i = 0; i < 3 * 3 * 5 * 4 * 3 * 2; i++) {
        struct setting s = { .client_priority = (uint8_t)(3 + i % 3),
                             .server_priority = (uint8_t)(3 + i / 3 % 3),
                             .other_priority = (uint8_t)(i / 9 % 5 == 0 ? 0 : 1 + i / 9 % 5),
                             .is_one_space = i / 45 % 2 != 0,
                             .is_reply = i / 90 % 2 != 0,
                             .fp_owner = (uint8_t)(i / 180 % 3),
                             .has_second_server = i / 540 != 0 };
        uint8_t next = s.is_reply ? s.client_priority : s.server_priority;
        bool is_equal = s.client_priority == s.server_priority;
        enum way way = ck_ways_agree(&s);
        if (way == WAY_NONE)
            continue;
        short_count += way == WAY_SHORT;
        /* No other thread outranks the next; an equal one may wait for the end of the slice. */
        bool is_next = s.other_priority < next || (s.other_priority == next && is_equal);
        ck_assert_int_eq(way, is_next ? WAY_SHORT : WAY_LONG);
    }
    ck_assert_uint_ge(short_count, 480);
}
END_TEST

START_TEST(test_ipc_fast_delivers_tag_words_and_badge)
{
    /* The receiver gets the tag's label alone, the six words, and the capability's badge. */
    struct setting s = { .client_priority = 5, .server_priority = 5 };
    struct thread *client = arrange(&s);

    world_words_set(client, 900);
    ck_assert_ptr_eq(go_fast(client), &w.server->context);
    ck_assert_uint_eq(w.server->context.x[REG_A0], OK);
    ck_assert_uint_eq(w.server->context.x[REG_A1], LABEL);
    ck_assert_uint_eq(w.server->context.x[REG_T2], BADGE);
    ck_assert(world_words_are(w.server, 900));
    set_registers(w.server, CALL_REPLY_RECV, w.serving);
    world_words_set(w.server, 500);
    ck_assert_ptr_eq(go_fast(w.server), &client->context);
    ck_assert_uint_eq(client->context.x[REG_A1], LABEL);
    ck_assert_uint_eq(client->context.x[REG_T2], 0);
    ck_assert(world_words_are(client, 500));
}
END_TEST

static void ck_refused(struct thread *thread)
{
    image_take(before);
    ck_assert_ptr_null(go_fast(thread));
    ck_assert(is_unchanged(before));
    image_free(before);
}

START_TEST(test_ipc_fast_refuses_what_the_dispatcher_must_judge)
{
    /* Bad capability, missing right, or a capability to send: the fast path changes nothing. */
    struct setting s = { .client_priority = 5, .server_priority = 5, .is_reply = _i != 0 };
    struct thread *thread = arrange(&s);
    uint32_t named = (uint32_t)thread->context.x[REG_A0];
    const uint64_t wrong[] = { 0, world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN),
                               world_copy(w.endpoint, _i != 0 ? RIGHT_WRITE : RIGHT_READ, 0),
                               world_empty(), UINT64_C(1) << (WORLD_CNODE_BITS - 6),
                               UINT64_C(1) << 58 | named, UINT64_MAX };

    for (uint32_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        thread->context.x[REG_A0] = wrong[i];
        ck_refused(thread);
    }
    thread->context.x[REG_A0] = named;
    thread->context.x[REG_A1] |= TAG_CAP;
    ck_refused(thread);
    thread->context.x[REG_A1] &= ~TAG_CAP;
    ck_assert_ptr_nonnull(go_fast(thread));
}
END_TEST

START_TEST(test_ipc_fast_refuses_while_traced)
{
    /* The fast path records no event. */
    struct setting s = { .client_priority = 5, .server_priority = 5, .is_reply = _i != 0 };
    struct thread *thread = arrange(&s);

    hart.trace.mask = 1;
    ck_refused(thread);
    hart.trace.mask = 0;
    ck_assert_ptr_nonnull(go_fast(thread));
}
END_TEST

START_TEST(test_ipc_fast_call_needs_a_waiting_receiver)
{
    /* Without a waiting receiver the call takes the slow path, because the caller has to queue. */
    struct setting s = { .client_priority = 5, .server_priority = 5 };
    struct thread *client = arrange(&s), *second = world_thread_at(world_thread(5));

    thread_suspend(w.server);
    ck_refused(client);
    world_message(second, CALL_CALL, w.badged, 0, 0, 0);
    world_run(client);
    ck_refused(client);
}
END_TEST

START_TEST(test_ipc_fast_reply_needs_a_plain_caller_and_no_next_message)
{
    /* No caller, a fault to answer, a signal, a waiting sender: reply_recv takes the slow path. */
    struct setting s = { .client_priority = 5, .server_priority = 5, .is_reply = true };
    struct thread *server = arrange(&s), *second = world_thread_at(world_thread(5));
    uint32_t word = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);
    struct notification *notification = world_object(word);

    notification->bound = server;
    server->notification = notification;
    notification->word = 1;
    ck_refused(server);
    notification->word = 0;
    w.client->is_fault = true;
    ck_refused(server);
    w.client->is_fault = false;
    world_message(second, CALL_SEND, w.badged, 0, 0, 0);
    world_run(server);
    set_registers(server, CALL_REPLY_RECV, w.endpoint);
    ck_refused(server);
    thread_suspend(second);
    thread_suspend(w.client);
    ck_refused(server);
}
END_TEST

START_TEST(test_ipc_fast_ends_the_fast_path_of_a_guest)
{
    /* After a switch to another thread the vCPU's fast path is off: hart.resumable is NULL. */
    struct setting s = { .client_priority = 5, .server_priority = 5 };
    struct thread *client = arrange(&s);
    struct vcpu vcpu = { .thread = client };

    hart.resumable = &vcpu;
    ck_assert_ptr_nonnull(go_fast(client));
    ck_assert_ptr_null(hart.resumable);
}
END_TEST

TCase *ipc_fast_cases(void)
{
    TCase *cases = tcase_create("ipc-fast");

    tcase_set_timeout(cases, 30); /* the first test compares all of memory 500 times */
    tcase_add_checked_fixture(cases, world_setup, NULL);
    tcase_add_test(cases, test_ipc_fast_leaves_what_the_slow_path_leaves);
    tcase_add_test(cases, test_ipc_fast_delivers_tag_words_and_badge);
    tcase_add_loop_test(cases, test_ipc_fast_refuses_what_the_dispatcher_must_judge, 0, 2);
    tcase_add_loop_test(cases, test_ipc_fast_refuses_while_traced, 0, 2);
    tcase_add_test(cases, test_ipc_fast_call_needs_a_waiting_receiver);
    tcase_add_test(cases, test_ipc_fast_reply_needs_a_plain_caller_and_no_next_message);
    tcase_add_test(cases, test_ipc_fast_ends_the_fast_path_of_a_guest);
    return cases;
}
