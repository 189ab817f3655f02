/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include <proto/control.h>
#include <vmm/io/stream_ring.h>

#include "suites.h"

#define OUTPUT_BYTES 0x4000u
#define INPUT_BYTES  0x1000u

/* Both ends: the VMM's port, and the service's two handles. */
struct ends {
    _Alignas(64) struct ring_shared out, in;
    uint8_t out_data[OUTPUT_BYTES], in_data[INPUT_BYTES];
    _Atomic uint32_t used_state;
    struct stream_ring rings;
    struct stream_port port;
    struct ring_consumer screen;
    struct ring_producer keyboard;
    uint32_t signals;
};

static void signalled(void *opaque)
{
    struct ends *ends = opaque;
    ends->signals++;
}

static void service_attach(struct ends *ends)
{
    ck_assert_int_eq(
        ring_consumer_attach(&ends->screen, &ends->out, ends->out_data, OUTPUT_BYTES, 1), OK);
    ck_assert_int_eq(
        ring_producer_attach(&ends->keyboard, &ends->in, ends->in_data, INPUT_BYTES, 1), OK);
}

static void vmm_attach(struct ends *ends)
{
    const struct stream_ring_place out = {&ends->out, ends->out_data, OUTPUT_BYTES};
    const struct stream_ring_place in = {&ends->in, ends->in_data, INPUT_BYTES};

    ck_assert_int_eq(
        stream_ring_attach(&ends->rings, &out, &in, &ends->used_state, ends, signalled), OK);
    ends->port = stream_ring_port(&ends->rings);
}

static struct ends *ends_new(void)
{
    struct ends *ends = aligned_alloc(64, (sizeof *ends + 63) & ~(size_t)63);
    memset(ends, 0, sizeof *ends);
    vmm_attach(ends);
    service_attach(ends);
    return ends;
}

static size_t room(struct ends *ends, uint64_t position)
{
    return ends->port.room(ends->port.opaque, position);
}

static void put(struct ends *ends, uint64_t position, const char *text)
{
    ends->port.put(ends->port.opaque, position, (const uint8_t *)text, strlen(text));
}

static size_t peek(struct ends *ends, uint64_t position, char *text, size_t count)
{
    return ends->port.peek(ends->port.opaque, position, (uint8_t *)text, count);
}

static void ck_screen(struct ends *ends, const char *expected)
{
    char text[64] = {0};
    uint32_t got;
    ck_assert_int_eq(ring_read(&ends->screen, text, sizeof text - 1, &got), OK);
    ck_assert_str_eq(text, expected);
}

static void type(struct ends *ends, const char *text)
{
    uint32_t written;
    ck_assert_int_eq(ring_write(&ends->keyboard, text, (uint32_t)strlen(text), &written), OK);
    ck_assert_uint_eq(written, strlen(text));
}

START_TEST(test_stream_ring_put_twice_goes_out_once)
{
    /* Bytes that are put again at the same position, whole or in part, are not doubled. */
    struct ends *ends = ends_new();

    put(ends, 0, "abc");
    put(ends, 0, "abc");
    put(ends, 0, "abcde");
    ck_screen(ends, "abcde");
    vmm_attach(ends); /* a new VMM, which does not know how far the old one got */
    put(ends, 3, "defg");
    ck_screen(ends, "fg");
    free(ends);
}
END_TEST

START_TEST(test_stream_ring_signals_only_who_waits)
{
    /* The VMM does not signal a service that is awake; it signals one that sleeps once. */
    struct ends *ends = ends_new();

    put(ends, 0, "a");
    ck_assert_uint_eq(ends->signals, 0);
    ck_screen(ends, "a");
    ck_assert(ring_consumer_sleep(&ends->screen));
    put(ends, 1, "b");
    put(ends, 2, "c");
    ck_assert_uint_eq(ends->signals, 1);
    free(ends);
}
END_TEST

START_TEST(test_stream_ring_full_or_empty_asks_to_be_woken)
{
    /* After an answer "nothing now", input or room is announced by a signal. */
    struct ends *ends = ends_new();
    char text[8];
    uint32_t got;

    ck_assert_uint_eq(peek(ends, 0, text, sizeof text), 0);
    type(ends, "k");
    ck_assert(ring_producer_wakes(&ends->keyboard));
    ck_assert_uint_eq(peek(ends, 0, text, sizeof text), 1);
    for (uint64_t at = 0; at < OUTPUT_BYTES; at++)
        put(ends, at, "x");
    ck_assert(!ring_consumer_wakes(&ends->screen));
    ck_assert_uint_eq(room(ends, OUTPUT_BYTES), 0);
    ck_assert_int_eq(ring_read(&ends->screen, text, 3, &got), OK);
    ck_assert(ring_consumer_wakes(&ends->screen));
    ck_assert_uint_eq(room(ends, OUTPUT_BYTES), 3);
    free(ends);
}
END_TEST

START_TEST(test_stream_ring_retired_takes_everything)
{
    /* After the service has retired or refused, there is always room, and output is dropped. */
    struct ends *ends = ends_new();
    uint64_t at = 0;

    while (at < OUTPUT_BYTES)
        put(ends, at++, "x");
    ck_assert_uint_eq(room(ends, at), 0);
    ends->used_state = _i == 0 ? CONTROL_USED_RETIRED : CONTROL_USED_REFUSED;
    for (unsigned i = 0; i < 3 * OUTPUT_BYTES; i++) {
        ck_assert_uint_eq(room(ends, at), OUTPUT_BYTES);
        put(ends, at++, "y");
    }
    free(ends);
}
END_TEST

START_TEST(test_stream_ring_input_stays_until_released)
{
    /* A peek takes nothing; a release takes once; a peek at a later position releases before it. */
    struct ends *ends = ends_new();
    char text[8] = {0};

    type(ends, "hello");
    ck_assert_uint_eq(peek(ends, 0, text, 2), 2);
    ck_assert_uint_eq(peek(ends, 0, text, 8), 5);
    ends->port.release(ends->port.opaque, 2);
    ends->port.release(ends->port.opaque, 2);
    vmm_attach(ends);
    ck_assert_uint_eq(peek(ends, 2, text, 1), 1);
    ck_assert_int_eq(text[0], 'l');
    ck_assert_uint_eq(peek(ends, 4, text, 8), 1);
    ck_assert_int_eq(text[0], 'o');
    free(ends);
}
END_TEST

START_TEST(test_stream_ring_lying_peer_gets_nothing)
{
    /* Impossible indices stop the ring; a peer that attaches anew starts it again. */
    struct ends *ends = ends_new();
    struct ring_shared *out = &ends->out;
    struct ring_shared *in = &ends->in;
    char text[8];

    atomic_store(&out->consumer.index, 1000);
    atomic_store(&in->producer.index, UINT32_MAX);
    ck_assert_uint_eq(room(ends, 0), 0);
    ck_assert_uint_eq(peek(ends, 0, text, 8), 0);
    put(ends, 0, "lost?");
    atomic_store(&out->consumer.index, 0);
    atomic_store(&in->producer.index, 0);
    service_attach(ends);
    ck_assert_uint_eq(room(ends, 0), OUTPUT_BYTES);
    put(ends, 0, "ok");
    ck_screen(ends, "ok");
    free(ends);
}
END_TEST

START_TEST(test_stream_ring_sync_keeps_what_a_ring_explains)
{
    /* sync keeps a position within one ring of the ring's index, and replaces any other. */
    struct ends *ends = ends_new();
    struct stream_state state = {0, 0};

    put(ends, 0, "published");
    ends->port.sync(ends->port.opaque, &state);
    ck_assert_uint_eq(state.out_position, 0);
    /* 500: the outcome of an exit, committed and not yet published. */
    state = (struct stream_state){500, 0};
    ends->port.sync(ends->port.opaque, &state);
    ck_assert_uint_eq(state.out_position, 500);
    state = (struct stream_state){50000, 90000};
    ends->port.sync(ends->port.opaque, &state);
    ck_assert_uint_eq((uint32_t)state.out_position, ends->rings.out_index);
    ck_assert_uint_eq((uint32_t)state.in_position, ends->rings.in_index);
    state = (struct stream_state){UINT64_C(0x100000009), UINT64_C(0x700000000)};
    ends->port.sync(ends->port.opaque, &state);
    ck_assert_uint_eq(state.out_position, UINT64_C(0x100000009));
    ck_assert_uint_eq(state.in_position, UINT64_C(0x700000000));
    free(ends);
}
END_TEST

START_TEST(test_stream_none_takes_everything)
{
    /* A guest without a console never waits for room, and reads no input. */
    uint8_t byte = 'x';
    ck_assert_uint_gt(stream_none.room(stream_none.opaque, UINT64_MAX), 4096);
    stream_none.put(stream_none.opaque, 0, &byte, 1);
    stream_none.release(stream_none.opaque, 5);
    ck_assert_uint_eq(stream_none.peek(stream_none.opaque, 0, &byte, 1), 0);
}
END_TEST

TCase *stream_ring_tcase(void)
{
    TCase *tcase = tcase_create("console-ring");
    tcase_add_test(tcase, test_stream_ring_put_twice_goes_out_once);
    tcase_add_test(tcase, test_stream_ring_signals_only_who_waits);
    tcase_add_test(tcase, test_stream_ring_full_or_empty_asks_to_be_woken);
    tcase_add_loop_test(tcase, test_stream_ring_retired_takes_everything, 0, 2);
    tcase_add_test(tcase, test_stream_ring_input_stays_until_released);
    tcase_add_test(tcase, test_stream_ring_lying_peer_gets_nothing);
    tcase_add_test(tcase, test_stream_ring_sync_keeps_what_a_ring_explains);
    tcase_add_test(tcase, test_stream_none_takes_everything);
    return tcase;
}
