/* SPDX-License-Identifier: BSD-2-Clause */
/* Irq, and Klog. */
#include "suites.h"
#include "world.h"

#include <string.h>

#define SOURCE 10u

static struct thread *driver;
static uint32_t irq, control, word, badged;

static void setup(void)
{
    driver = world_thread_at(world_thread(5));
    irq = world_make(OBJ_IRQ, IRQ_BITS_MIN);
    control = world_empty();
    *world_slot(control) = (struct slot){ .type = OBJ_IRQ_CONTROL, .rights = RIGHTS_ALL };
    word = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);
    badged = world_copy(word, RIGHT_WRITE, 0x40);
}

static enum err bind(uint32_t which, uint64_t source)
{
    return world_invoke(driver, which, METHOD_IRQ_BIND, control, source, badged, 0);
}

static enum err ack(void)
{
    return world_invoke(driver, irq, METHOD_IRQ_ACK, 0, 0, 0, 0);
}

static uint64_t bits(void)
{
    return ((struct notification *)world_object(word))->word;
}

static void interrupt(void)
{
    fake_irq_raise(SOURCE);
    irq_handle(&hart);
}

START_TEST(test_irq_interrupt_signals_badge)
{
    /* A bound source is enabled, and an interrupt signals the capability's badge. */
    ck_assert_int_eq(bind(irq, SOURCE), OK);
    ck_assert(fake.irq[SOURCE].is_enabled);
    interrupt();
    ck_assert_uint_eq(bits(), 0x40);
}
END_TEST

START_TEST(test_irq_is_quiet_until_acknowledged)
{
    /* After a signal the source is quiet until the ack; then a pending interrupt is delivered. */
    bind(irq, SOURCE);
    interrupt();
    interrupt();
    ck_assert_uint_eq(fake_event_count_of(FAKE_IRQ_CLAIM), 1);
    ck_assert_int_eq(ack(), OK);
    irq_handle(&hart);
    ck_assert_uint_eq(fake_event_count_of(FAKE_IRQ_CLAIM), 2);
    ck_assert_int_eq(ack(), OK);
    ck_assert_int_eq(ack(), OK);
    ck_assert_uint_eq(fake_event_count_of(FAKE_IRQ_COMPLETE), 2);
}
END_TEST

START_TEST(test_irq_many_at_once_are_served_in_several_interrupts)
{
    /* One interrupt serves IRQ_HANDLE_MAX sources; the others stay pending and raise the next. */
    for (uint32_t i = 0; i < IRQ_HANDLE_MAX + 5; i++) {
        uint32_t one = world_make(OBJ_IRQ, IRQ_BITS_MIN);
        ck_assert_int_eq(bind(one, 1 + i), OK);
        fake_irq_raise(1 + i);
    }
    fake_log_clear();
    irq_handle(&hart);
    ck_assert_uint_eq(fake_event_count_of(FAKE_IRQ_CLAIM), IRQ_HANDLE_MAX);
    ck_assert(hal_irq_is_pending());
    irq_handle(&hart);
    ck_assert_uint_eq(fake_event_count_of(FAKE_IRQ_CLAIM), IRQ_HANDLE_MAX + 5);
    ck_assert(!hal_irq_is_pending());
}
END_TEST

START_TEST(test_irq_bind_errors)
{
    /* RANGE, EXISTS, INVALID_CAP, NO_RIGHT; and ack before bind is STATE. */
    uint32_t second = world_make(OBJ_IRQ, IRQ_BITS_MIN);
    uint32_t weak_control = world_copy(control, RIGHT_READ, 0);
    uint32_t weak_word = world_copy(word, RIGHT_READ, 0);
    uint32_t weak_irq = world_copy(irq, RIGHT_READ, 0);

    ck_assert_int_eq(ack(), ERR_STATE);
    ck_assert_int_eq(bind(irq, 0), ERR_RANGE);
    ck_assert_int_eq(bind(irq, FAKE_IRQ_COUNT + 1), ERR_RANGE);
    ck_assert_int_eq(bind(irq, UINT64_MAX), ERR_RANGE);
    ck_assert_int_eq(world_invoke(driver, irq, METHOD_IRQ_BIND, word, SOURCE, badged, 0),
                     ERR_INVALID_CAP);
    ck_assert_int_eq(world_invoke(driver, irq, METHOD_IRQ_BIND, weak_control, SOURCE, badged, 0),
                     ERR_NO_RIGHT);
    ck_assert_int_eq(world_invoke(driver, irq, METHOD_IRQ_BIND, control, SOURCE, weak_word, 0),
                     ERR_NO_RIGHT);
    ck_assert_int_eq(world_invoke(driver, weak_irq, METHOD_IRQ_ACK, 0, 0, 0, 0), ERR_NO_RIGHT);
    ck_assert_int_eq(bind(irq, SOURCE), OK);
    ck_assert_int_eq(bind(irq, SOURCE + 1), ERR_EXISTS);
    ck_assert_int_eq(bind(second, SOURCE), ERR_EXISTS);
    ck_assert_int_eq(bind(second, FAKE_IRQ_COUNT), OK);
}
END_TEST

START_TEST(test_irq_destroyed_masks_and_frees_source)
{
    /* The source of a dead Irq is completed, masked, and free to be bound again. */
    bind(irq, SOURCE);
    interrupt();
    world_destroy(irq);
    ck_assert(!fake.irq[SOURCE].is_enabled);
    ck_assert(!fake.irq[SOURCE].is_claimed);
    ck_assert_ptr_null(kernel.irq_by_source[SOURCE]);
    irq = world_make(OBJ_IRQ, IRQ_BITS_MIN);
    ck_assert_int_eq(bind(irq, SOURCE), OK);
    interrupt();
    ck_assert_uint_eq(fake_event_count_of(FAKE_IRQ_CLAIM), 2);
}
END_TEST

START_TEST(test_irq_loses_notification_masks_source)
{
    /* Revoking the notification unbinds the Irq, which can then be bound again. */
    bind(irq, SOURCE);
    world_destroy(word);
    ck_assert(!fake.irq[SOURCE].is_enabled);
    ck_assert_int_eq(ack(), ERR_STATE);
    word = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);
    badged = word;
    ck_assert_int_eq(bind(irq, SOURCE), OK);
    interrupt();
    ck_assert_uint_eq(bits(), 1);
}
END_TEST

START_TEST(test_irq_of_nobody_is_silenced)
{
    /* An interrupt of an unbound source is completed and masked, so that it does not recur. */
    fake.irq[SOURCE].is_enabled = true;
    interrupt();
    ck_assert(!fake.irq[SOURCE].is_enabled);
    ck_assert(!fake.irq[SOURCE].is_claimed);
}
END_TEST

/* ---- Klog ------------------------------------------------------------------------ */

static uint32_t klog_make(uint8_t rights)
{
    uint32_t klog = world_empty();

    *world_slot(klog) = (struct slot){ .type = OBJ_KLOG, .rights = rights };
    return klog;
}

START_TEST(test_klog_writes_bytes_in_order)
{
    /* The first byte is in bits 7:0 of the first word; only `length` are written. */
    uint32_t klog = klog_make(RIGHTS_ALL);
    uint64_t w0, w1;

    memcpy(&w0, "Hello wo", 8);
    memcpy(&w1, "rld?????", 8);
    ck_assert_int_eq(world_invoke(driver, klog, METHOD_KLOG_WRITE, 11, w0, w1, 0), OK);
    ck_assert_uint_eq(fake.console_bytes, 11);
    ck_assert_mem_eq(fake.console, "Hello world", 11);
}
END_TEST

START_TEST(test_klog_errors)
{
    /* INVALID_ARG: length 0 or above 40; NO_RIGHT. */
    uint32_t klog = klog_make(RIGHTS_ALL), weak = klog_make(RIGHT_READ);

    ck_assert_int_eq(world_invoke(driver, klog, METHOD_KLOG_WRITE, 0, 0, 0, 0), ERR_INVALID_ARG);
    ck_assert_int_eq(world_invoke(driver, klog, METHOD_KLOG_WRITE, 41, 0, 0, 0), ERR_INVALID_ARG);
    ck_assert_int_eq(world_invoke(driver, klog, METHOD_KLOG_WRITE, UINT64_MAX, 0, 0, 0),
                     ERR_INVALID_ARG);
    ck_assert_int_eq(world_invoke(driver, klog, METHOD_KLOG_WRITE, 40, 0, 0, 0), OK);
    ck_assert_int_eq(world_invoke(driver, weak, METHOD_KLOG_WRITE, 1, 0, 0, 0), ERR_NO_RIGHT);
}
END_TEST

TCase *irq_cases(void)
{
    TCase *cases = tcase_create("irq");

    tcase_add_checked_fixture(cases, world_setup, NULL);
    tcase_add_checked_fixture(cases, setup, NULL);
    tcase_add_test(cases, test_irq_interrupt_signals_badge);
    tcase_add_test(cases, test_irq_is_quiet_until_acknowledged);
    tcase_add_test(cases, test_irq_many_at_once_are_served_in_several_interrupts);
    tcase_add_test(cases, test_irq_bind_errors);
    tcase_add_test(cases, test_irq_destroyed_masks_and_frees_source);
    tcase_add_test(cases, test_irq_loses_notification_masks_source);
    tcase_add_test(cases, test_irq_of_nobody_is_silenced);
    tcase_add_test(cases, test_klog_writes_bytes_in_order);
    tcase_add_test(cases, test_klog_errors);
    return cases;
}
