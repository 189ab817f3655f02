/* SPDX-License-Identifier: BSD-2-Clause */
/* libs/ring: contents, sleeping and waking with real threads, death, hostile peers. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <ring/ring.h>
#include <test/unit/run.h>

#define CAPACITY 16

static struct ring_shared shared;
static uint8_t data[CAPACITY];
static struct ring_producer producer;
static struct ring_consumer consumer;

static void setup(void)
{
    memset(&shared, 0, sizeof shared);
    memset(data, 0, sizeof data);
    ck_assert_int_eq(ring_producer_attach(&producer, &shared, data, CAPACITY, 1), OK);
    ck_assert_int_eq(ring_consumer_attach(&consumer, &shared, data, CAPACITY, 1), OK);
}

static uint32_t put(const char *text)
{
    uint32_t written = 99;
    ck_assert_int_eq(ring_write(&producer, text, (uint32_t)strlen(text), &written), OK);
    return written;
}

static uint32_t get(char *to, uint32_t most)
{
    uint32_t got = 99;
    ck_assert_int_eq(ring_read(&consumer, to, most, &got), OK);
    return got;
}

START_TEST(test_attach_bad_capacity_refused)
{
    /* A capacity that the index arithmetic cannot serve is refused. */
    static const uint32_t bad[] = {0, 3, 24, UINT32_C(1) << 31 | 1, UINT32_MAX};
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_int_eq(ring_producer_attach(&producer, &shared, data, bad[i], 1),
                         ERR_INVALID_ARG);
        ck_assert_int_eq(ring_consumer_attach(&consumer, &shared, data, bad[i], 1),
                         ERR_INVALID_ARG);
    }
    ck_assert_int_eq(ring_producer_attach(&producer, &shared, data, CAPACITY, 0), ERR_INVALID_ARG);
}
END_TEST

START_TEST(test_write_read_keeps_order_across_every_wrap)
{
    /* Bytes come out as they went in, for any index and any lengths, past 2^32 too. */
    atomic_store(&shared.producer.index, UINT32_MAX - 40);
    atomic_store(&shared.consumer.index, UINT32_MAX - 40);
    ck_assert_int_eq(ring_producer_attach(&producer, &shared, data, CAPACITY, 1), OK);
    ck_assert_int_eq(ring_consumer_attach(&consumer, &shared, data, CAPACITY, 1), OK);
    uint8_t next_in = 0, next_out = 0;
    srand(7);
    for (unsigned round = 0; round < 5000; round++) {
        uint8_t block[CAPACITY + 4];
        uint32_t want = (uint32_t)rand() % sizeof block, done;
        for (uint32_t i = 0; i < want; i++)
            block[i] = (uint8_t)(next_in + i);
        ck_assert_int_eq(ring_write(&producer, block, want, &done), OK);
        ck_assert_uint_le(done, want);
        next_in = (uint8_t)(next_in + done);
        ck_assert_int_eq(ring_read(&consumer, block, (uint32_t)rand() % sizeof block, &done), OK);
        for (uint32_t i = 0; i < done; i++)
            ck_assert_uint_eq(block[i], next_out++);
    }
}
END_TEST

START_TEST(test_write_full_takes_what_fits)
{
    /* A full ring takes no more bytes, and loses none. */
    char out[CAPACITY + 1] = "";
    uint32_t room;
    ck_assert_uint_eq(put("0123456789"), 10);
    ck_assert_uint_eq(put("abcdefghij"), 6);
    ck_assert_uint_eq(put("x"), 0);
    ck_assert_int_eq(ring_room(&producer, &room), OK);
    ck_assert_uint_eq(room, 0);
    ck_assert_uint_eq(get(out, CAPACITY), CAPACITY);
    ck_assert_str_eq(out, "0123456789abcdef");
    ck_assert_uint_eq(get(out, CAPACITY), 0);
}
END_TEST

START_TEST(test_peek_drop_leaves_rest)
{
    /* A peek removes nothing; a drop removes what it returns, never more than the ring holds. */
    char out[CAPACITY + 1] = "";
    uint32_t got;
    put("abcdef");
    ck_assert_int_eq(ring_peek(&consumer, out, 4, &got), OK);
    ck_assert_uint_eq(got, 4);
    ck_assert_int_eq(ring_drop(&consumer, 3), OK);
    ck_assert_uint_eq(get(out, CAPACITY), 3);
    ck_assert_mem_eq(out, "def", 3);
    ck_assert_int_eq(ring_drop(&consumer, 100), OK);
    ck_assert_uint_eq(put("0123456789abcdef"), CAPACITY);
}
END_TEST

START_TEST(test_records_stay_whole)
{
    /* A ring of records moves whole records across the end of its data. */
    static uint64_t area[4];
    struct ring_producer p;
    struct ring_consumer c;
    memset(&shared, 0, sizeof shared);
    ck_assert_int_eq(ring_producer_attach(&p, &shared, area, 4, 8), OK);
    ck_assert_int_eq(ring_consumer_attach(&c, &shared, area, 4, 8), OK);
    for (uint64_t i = 0; i < 100; i += 3) {
        uint64_t in[3] = {i, i + 1, i + 2}, out[4] = {0};
        uint32_t n;
        ck_assert_int_eq(ring_write(&p, in, 3, &n), OK);
        ck_assert_uint_eq(n, 3);
        ck_assert_int_eq(ring_read(&c, out, 4, &n), OK);
        ck_assert_uint_eq(n, 3);
        ck_assert_mem_eq(in, out, sizeof in);
    }
}
END_TEST

START_TEST(test_wakes_only_sleeper_once)
{
    /* Only a sleeper requests a signal, and each request gives one signal. */
    char out[CAPACITY];
    ck_assert(!ring_producer_wakes(&producer));
    ck_assert(!ring_consumer_waits(&consumer));
    ck_assert(ring_consumer_sleep(&consumer));
    ck_assert(ring_consumer_waits(&consumer));
    put("a");
    ck_assert(ring_producer_wakes(&producer));
    ck_assert(!ring_consumer_waits(&consumer));
    ck_assert(!ring_producer_wakes(&producer));
    ck_assert(!ring_consumer_sleep(&consumer)); /* data is there already */
    put("0123456789abcdef");
    ck_assert(!ring_producer_wakes(&producer)); /* the request was withdrawn */
    ck_assert(ring_producer_sleep(&producer));
    get(out, 1);
    ck_assert(ring_consumer_wakes(&consumer));
    ck_assert(!ring_consumer_wakes(&consumer));
    ck_assert(!ring_producer_sleep(&producer));
}
END_TEST

START_TEST(test_producer_restart_goes_on)
{
    /* A new producer continues after the dead one's last published data; one signal is due. */
    char out[CAPACITY + 1] = "";
    put("abc");
    (void)ring_consumer_restarted(&consumer);
    ck_assert_int_eq(ring_producer_attach(&producer, &shared, data, CAPACITY, 1), OK);
    ck_assert(ring_consumer_restarted(&consumer));
    ck_assert(!ring_consumer_restarted(&consumer));
    put("def");
    ck_assert_uint_eq(get(out, CAPACITY), 6);
    ck_assert_str_eq(out, "abcdef");
}
END_TEST

START_TEST(test_consumer_restart_goes_on)
{
    /* A new consumer continues at the dead one's last published index; one signal is due. */
    char out[CAPACITY + 1] = "";
    put("abcdef");
    get(out, 2);
    (void)ring_producer_restarted(&producer);
    ck_assert_int_eq(ring_consumer_attach(&consumer, &shared, data, CAPACITY, 1), OK);
    ck_assert(ring_producer_restarted(&producer));
    ck_assert(!ring_producer_restarted(&producer));
    memset(out, 0, sizeof out);
    ck_assert_uint_eq(get(out, CAPACITY), 4);
    ck_assert_str_eq(out, "cdef");
}
END_TEST

START_TEST(test_read_impossible_tail_refused_until_restart)
{
    /* A tail that implies more than the ring holds is refused until the producer attaches anew. */
    char out[CAPACITY + 1] = "";
    uint32_t got = 7;
    put("abc");
    atomic_store(&shared.producer.index, CAPACITY + 1);
    ck_assert_int_eq(ring_read(&consumer, out, CAPACITY, &got), ERR_FORMAT);
    atomic_store(&shared.producer.index, 3); /* too late */
    ck_assert_int_eq(ring_read(&consumer, out, CAPACITY, &got), ERR_FORMAT);
    ck_assert_int_eq(ring_peek(&consumer, out, CAPACITY, &got), ERR_FORMAT);
    ck_assert_int_eq(ring_drop(&consumer, 1), ERR_FORMAT);
    ck_assert_int_eq(ring_available(&consumer, &got), ERR_FORMAT);
    ck_assert_uint_eq(got, 7);
    ck_assert(!ring_consumer_sleep(&consumer)); /* no signal would ever wake it */
    (void)ring_consumer_restarted(&consumer);
    ck_assert_int_eq(ring_producer_attach(&producer, &shared, data, CAPACITY, 1), OK);
    ck_assert(ring_consumer_restarted(&consumer));
    ck_assert_int_eq(ring_read(&consumer, out, CAPACITY, &got), OK);
    ck_assert_uint_eq(got, 3);
}
END_TEST

START_TEST(test_write_impossible_head_refused)
{
    /* The writer refuses a reader's index that is ahead of its own, or too far behind. */
    uint32_t n = 7;
    put("abc");
    atomic_store(&shared.consumer.index, 4);
    ck_assert_int_eq(ring_write(&producer, "x", 1, &n), ERR_FORMAT);
    ck_assert_int_eq(ring_room(&producer, &n), ERR_FORMAT);
    ck_assert_uint_eq(n, 7);
    ck_assert(!ring_producer_sleep(&producer));
    setup();
    put("abc");
    atomic_store(&shared.consumer.index, 3u - (CAPACITY + 1));
    ck_assert_int_eq(ring_write(&producer, "x", 1, &n), ERR_FORMAT);
}
END_TEST

START_TEST(test_attach_contradicting_indices_counts_as_empty)
{
    /* A side that attaches to garbage begins with an empty ring inside the data area. */
    char out[CAPACITY];
    uint32_t got;
    memset(&shared, 0xa5, sizeof shared);
    atomic_store(&shared.producer.index, 1000);
    atomic_store(&shared.consumer.index, 5);
    ck_assert_int_eq(ring_consumer_attach(&consumer, &shared, data, CAPACITY, 1), OK);
    ck_assert_int_eq(ring_available(&consumer, &got), OK);
    ck_assert_uint_eq(got, 0);
    atomic_store(&shared.consumer.index, 5);
    ck_assert_int_eq(ring_producer_attach(&producer, &shared, data, CAPACITY, 1), OK);
    ck_assert_int_eq(ring_room(&producer, &got), OK);
    ck_assert_uint_eq(got, CAPACITY);
    (void)out;
}
END_TEST

static void scribble(struct ring_side *side)
{
    atomic_store(&side->index, (uint32_t)(rand() % 3 ? rand() % 64 : rand()));
    atomic_store(&side->epoch, (uint32_t)rand() % 4);
    atomic_store(&side->waits, (uint32_t)rand());
}

START_TEST(test_hostile_peer_random_words_stay_inside)
{
    /* Whatever the peer writes, and when, no access leaves the data area, no count exceeds it. */
    uint8_t *area = malloc(CAPACITY); /* so that the sanitizer sees a step outside */
    ck_assert_ptr_nonnull(area);
    srand(3);
    ck_assert_int_eq(ring_producer_attach(&producer, &shared, area, CAPACITY, 1), OK);
    for (unsigned round = 0; round < 60000; round++) {
        uint8_t block[40] = {0};
        uint32_t n = 0;
        if (round % 2) {
            scribble(&shared.producer);
            scribble(&shared.consumer);
        }
        if (rand() % 64 == 0)
            ck_assert_int_eq(ring_producer_attach(&producer, &shared, area, CAPACITY, 1), OK);
        if (rand() % 64 == 0)
            ck_assert_int_eq(ring_consumer_attach(&consumer, &shared, area, CAPACITY, 1), OK);
        if (ring_write(&producer, block, (uint32_t)rand() % sizeof block, &n) == OK)
            ck_assert_uint_le(n, CAPACITY);
        if (consumer.h.data == area &&
            ring_read(&consumer, block, (uint32_t)rand() % sizeof block, &n) == OK)
            ck_assert_uint_le(n, CAPACITY);
        (void)ring_producer_restarted(&producer);
        (void)ring_consumer_restarted(&consumer);
        (void)ring_producer_sleep(&producer);
        (void)ring_producer_wakes(&producer);
    }
    free(area);
}
END_TEST

/* A notification: a bit that a waiter takes and clears. */
struct bell {
    pthread_mutex_t lock;
    pthread_cond_t rung;
    bool is_set;
    unsigned rings;
};

static struct bell to_consumer = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0};
static struct bell to_producer = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0};

static void bell_signal(struct bell *b)
{
    pthread_mutex_lock(&b->lock);
    b->is_set = true;
    b->rings++;
    pthread_cond_signal(&b->rung);
    pthread_mutex_unlock(&b->lock);
}

static void bell_wait(struct bell *b)
{
    pthread_mutex_lock(&b->lock);
    while (!b->is_set)
        pthread_cond_wait(&b->rung, &b->lock);
    b->is_set = false;
    pthread_mutex_unlock(&b->lock);
}

#define STREAM_BYTES 300000u

static void *produce(void *unused)
{
    (void)unused;
    for (uint32_t sent = 0; sent < STREAM_BYTES;) {
        uint8_t block[11];
        uint32_t want = sent % sizeof block + 1, done = 0;
        for (uint32_t i = 0; i < want; i++)
            block[i] = (uint8_t)((sent + i) * 7);
        if (want > STREAM_BYTES - sent)
            want = STREAM_BYTES - sent;
        ck_assert_int_eq(ring_write(&producer, block, want, &done), OK);
        sent += done;
        if (done > 0 && ring_producer_wakes(&producer))
            bell_signal(&to_consumer);
        if (done == 0 && ring_producer_sleep(&producer))
            bell_wait(&to_producer);
    }
    return NULL;
}

START_TEST(test_threads_lose_no_byte_and_no_wake_up)
{
    /* Two threads that sleep whenever possible pass each byte in order, and never both sleep. */
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, produce, NULL), 0);
    for (uint32_t seen = 0; seen < STREAM_BYTES;) {
        uint8_t block[13];
        uint32_t got = 0;
        ck_assert_int_eq(ring_read(&consumer, block, sizeof block, &got), OK);
        for (uint32_t i = 0; i < got; i++)
            ck_assert_uint_eq(block[i], (uint8_t)((seen + i) * 7));
        seen += got;
        if (got > 0 && ring_consumer_wakes(&consumer))
            bell_signal(&to_producer);
        if (got == 0 && ring_consumer_sleep(&consumer))
            bell_wait(&to_consumer);
    }
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    /* Signals are suppressed: far fewer than one for each transfer. */
    ck_assert_uint_lt(to_consumer.rings, STREAM_BYTES / 6);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ring");
    TCase *tc = tcase_create("ring");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_attach_bad_capacity_refused);
    tcase_add_test(tc, test_write_read_keeps_order_across_every_wrap);
    tcase_add_test(tc, test_write_full_takes_what_fits);
    tcase_add_test(tc, test_peek_drop_leaves_rest);
    tcase_add_test(tc, test_records_stay_whole);
    tcase_add_test(tc, test_wakes_only_sleeper_once);
    tcase_add_test(tc, test_producer_restart_goes_on);
    tcase_add_test(tc, test_consumer_restart_goes_on);
    tcase_add_test(tc, test_read_impossible_tail_refused_until_restart);
    tcase_add_test(tc, test_write_impossible_head_refused);
    tcase_add_test(tc, test_attach_contradicting_indices_counts_as_empty);
    tcase_add_test(tc, test_hostile_peer_random_words_stay_inside);
    tcase_add_test(tc, test_threads_lose_no_byte_and_no_wake_up);
    suite_add_tcase(suite, tc);
    return run_suites(srunner_create(suite));
}
