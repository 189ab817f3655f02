/* SPDX-License-Identifier: BSD-2-Clause */
/* libs/rt/rt_start_table: entries that are there, and records that lie. */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <rt/rt_start_table.h>
#include <rt/rt_threads.h>
#include <test/unit/run.h>

#define ENTRIES 5

static struct record {
    struct process_start head;
    struct start_entry entry[ENTRIES];
    char data[32];
} record;

/* Where rt_thread_begin() goes. */
static jmp_buf waiting;
static uint64_t waiting_number, waiting_slot;

ATTR_NORETURN void rt_thread_wait(uint64_t number, uint64_t lock_slot)
{
    waiting_number = number;
    waiting_slot = lock_slot;
    longjmp(waiting, 1);
}

ATTR_NORETURN void rt_thread_begin(const void *start, uint64_t number);

static void setup(void)
{
    memset(&record, 0, sizeof record);
    record.head = (struct process_start){
        .magic = PROCESS_START_MAGIC,
        .version = PROCESS_START_VERSION,
        .bytes = sizeof record,
        .entry_count = ENTRIES,
        .entry_offset = offsetof(struct record, entry),
        .data_offset = offsetof(struct record, data),
    };
    record.entry[0] = (struct start_entry){
        .name = "heap", .kind = START_MEMORY, .address = 0x1000, .bytes = 0x2000};
    record.entry[1] = (struct start_entry){.name = "heap", .kind = START_NUMBER, .value = 7};
    record.entry[2] = (struct start_entry){.name = "guest.name",
                                           .kind = START_TEXT,
                                           .address = offsetof(struct record, data),
                                           .bytes = 6};
    record.entry[3] = (struct start_entry){.name = "guest.seed",
                                           .kind = START_DATA,
                                           .address = offsetof(struct record, data) + 8,
                                           .bytes = 24};
    record.entry[4] = (struct start_entry){
        .name = "abcdefghijabcdefghijabcdefghij1", .kind = START_SLOT, .slot = 9};
    memcpy(record.data, "right", 6);
    record.data[8] = 42;
}

static struct start_table opened(void)
{
    struct start_table table;
    ck_assert_int_eq(start_table_open(&record, sizeof record, &table), OK);
    return table;
}

START_TEST(test_start_table_find_present_entries)
{
    /* An entry is found by kind and name together; text and data are those of the record. */
    struct start_table table = opened();
    struct start_entry entry;
    const char *text;
    const void *data;
    size_t bytes;
    uint64_t number;
    ck_assert_int_eq(start_table_find(&table, START_MEMORY, "heap", &entry), OK);
    ck_assert_uint_eq(entry.address, 0x1000);
    ck_assert_int_eq(start_table_number(&table, "heap", &number), OK);
    ck_assert_uint_eq(number, 7);
    ck_assert_int_eq(start_table_text(&table, "guest.name", &text), OK);
    ck_assert_str_eq(text, "right");
    ck_assert_int_eq(start_table_data(&table, "guest.seed", &data, &bytes), OK);
    ck_assert_uint_eq(bytes, 24);
    ck_assert_uint_eq(*(const uint8_t *)data, 42);
    ck_assert_int_eq(start_table_find(&table, START_SLOT, record.entry[4].name, &entry), OK);
    ck_assert_uint_eq(entry.slot, 9);
    ck_assert_int_eq(start_table_at(&table, 1, &entry), OK);
    ck_assert_uint_eq(entry.kind, START_NUMBER);
    ck_assert_int_eq(start_table_at(&table, ENTRIES, &entry), ERR_NOT_FOUND);
}
END_TEST

START_TEST(test_start_table_find_absent_entry_not_found)
{
    /* Another kind, a part of a name, a longer name: ERR_NOT_FOUND, and the result is untouched. */
    struct start_table table = opened();
    const char *text = "untouched";
    uint64_t number = 5;
    struct start_entry entry;
    ck_assert_int_eq(start_table_text(&table, "heap", &text), ERR_NOT_FOUND);
    ck_assert_str_eq(text, "untouched");
    ck_assert_int_eq(start_table_number(&table, "hea", &number), ERR_NOT_FOUND);
    ck_assert_int_eq(start_table_number(&table, "heaps", &number), ERR_NOT_FOUND);
    ck_assert_int_eq(
        start_table_find(&table, START_SLOT, "abcdefghijabcdefghijabcdefghij12", &entry),
        ERR_NOT_FOUND);
    ck_assert_uint_eq(number, 5);
}
END_TEST

START_TEST(test_start_table_open_bad_head_refused)
{
    /* A head that is not whole, or says what is not so, is refused. */
    struct start_table table;
    ck_assert_int_eq(start_table_open(&record, sizeof record.head - 1, &table), ERR_FORMAT);
    ck_assert_int_eq(start_table_open(&record, sizeof record - 1, &table), ERR_FORMAT);
    ck_assert_int_eq(start_table_open((char *)&record + 1, sizeof record - 1, &table), ERR_FORMAT);
    record.head.version++;
    ck_assert_int_eq(start_table_open(&record, sizeof record, &table), ERR_NOT_SUPPORTED);
    setup();
    record.head.magic++;
    ck_assert_int_eq(start_table_open(&record, sizeof record, &table), ERR_FORMAT);
    setup();
    record.head.entry_count = UINT32_MAX;
    ck_assert_int_eq(start_table_open(&record, sizeof record, &table), ERR_FORMAT);
    setup();
    record.head.entry_offset = sizeof record + 8;
    ck_assert_int_eq(start_table_open(&record, sizeof record, &table), ERR_FORMAT);
    setup();
    record.head.bytes = 100;
    ck_assert_int_eq(start_table_open(&record, sizeof record, &table), ERR_FORMAT);
}
END_TEST

START_TEST(test_start_table_find_text_outside_refused)
{
    /* Text and data that lie outside of the record, or text without an end, are ERR_FORMAT. */
    struct start_table table = opened();
    const char *text;
    record.entry[2].bytes = 5;
    ck_assert_int_eq(start_table_text(&table, "guest.name", &text), ERR_FORMAT);
    record.entry[2].bytes = 0;
    ck_assert_int_eq(start_table_text(&table, "guest.name", &text), ERR_FORMAT);
    record.entry[2].bytes = UINT64_MAX;
    ck_assert_int_eq(start_table_text(&table, "guest.name", &text), ERR_FORMAT);
    record.entry[2].bytes = 6;
    record.entry[2].address = UINT64_MAX - 2;
    ck_assert_int_eq(start_table_text(&table, "guest.name", &text), ERR_FORMAT);
    record.entry[2].address = sizeof record - 5;
    ck_assert_int_eq(start_table_text(&table, "guest.name", &text), ERR_FORMAT);
    struct start_entry entry;
    memset(record.entry[4].name, 'a', sizeof record.entry[4].name);
    ck_assert_int_eq(start_table_at(&table, 4, &entry), ERR_FORMAT);
}
END_TEST

START_TEST(test_start_table_random_record_is_safe)
{
    /* No byte pattern makes a lookup read outside of the record (the sanitizers watch), and what
     * is found obeys the contract. */
    uint8_t *copy = malloc(sizeof record);
    srand(1);
    for (unsigned round = 0; round < 20000; round++) {
        memcpy(copy, &record, sizeof record);
        for (unsigned n = 1 + (unsigned)rand() % 8; n > 0; n--)
            copy[16 + (unsigned)rand() % (sizeof record - 16)] =
                (uint8_t)(rand() % 3 ? (unsigned)rand() : 255u * ((unsigned)rand() % 2));
        memcpy(copy + offsetof(struct process_start, bytes), &record.head.bytes, 4);
        struct start_table table;
        if (start_table_open(copy, sizeof record, &table) != OK)
            continue;
        const char *text;
        const void *data;
        size_t bytes;
        struct start_entry entry;
        if (start_table_text(&table, "guest.name", &text) == OK)
            ck_assert(memchr(text, 0, sizeof record) != NULL);
        if (start_table_data(&table, "guest.seed", &data, &bytes) == OK && bytes > 0)
            ck_assert(((const uint8_t *)data)[bytes - 1] <= 255);
        for (uint32_t i = 0; start_table_at(&table, i, &entry) != ERR_NOT_FOUND; i++)
            ck_assert_uint_lt(i, sizeof record / sizeof entry + 1);
    }
    free(copy);
}
END_TEST

START_TEST(test_thread_begins_with_its_own_entry)
{
    /* Thread N waits with the lock Notification of "thread.N"; without that entry there is none. */
    struct start_table table;
    struct rt_thread_slots slots;

    record.entry[1] = (struct start_entry){
        .name = "thread.0", .kind = START_THREAD, .slot = 20, .value = PROCESS_SLOT_WAKE};
    record.entry[4] =
        (struct start_entry){.name = "thread.8", .kind = START_THREAD, .slot = 28, .value = 38};
    table = opened();
    rt_thread_entry(&table, 0, &slots);
    ck_assert(slots.lock_slot == 20 && slots.own_slot == PROCESS_SLOT_WAKE);
    rt_thread_entry(&table, 8, &slots);
    ck_assert(slots.lock_slot == 28 && slots.own_slot == 38);
    rt_thread_entry(&table, 1, &slots);
    ck_assert(slots.lock_slot == 0 && slots.own_slot == 0);
    if (setjmp(waiting) == 0)
        rt_thread_begin(&record, 8);
    ck_assert(waiting_number == 8 && waiting_slot == 28);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rt-start-table");
    TCase *tc = tcase_create("table");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, test_start_table_find_present_entries);
    tcase_add_test(tc, test_thread_begins_with_its_own_entry);
    tcase_add_test(tc, test_start_table_find_absent_entry_not_found);
    tcase_add_test(tc, test_start_table_open_bad_head_refused);
    tcase_add_test(tc, test_start_table_find_text_outside_refused);
    tcase_add_test(tc, test_start_table_random_record_is_safe);
    suite_add_tcase(suite, tc);
    return run_suites(srunner_create(suite));
}
