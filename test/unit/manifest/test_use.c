/* SPDX-License-Identifier: BSD-2-Clause */
/* The generated accessors find the entries of a start record, and refuse those that are wrong. */
#include <string.h>

#include <test/unit/run.h>

#include "sample_block.h"
#include "sample_switch.h"

#define ENTRIES_MAX 32

static struct record {
    struct process_start head;
    struct start_entry entry[ENTRIES_MAX];
    char data[256];
} record;
static uint32_t data_used;
static struct start_table table;

static struct start_entry *record_add(const char *name, enum start_kind kind)
{
    struct start_entry *entry = &record.entry[record.head.entry_count++];

    strcpy(entry->name, name);
    entry->kind = kind;
    return entry;
}

static void record_add_bytes(const char *name, enum start_kind kind, const void *bytes,
                             uint32_t count)
{
    struct start_entry *entry = record_add(name, kind);

    entry->address = offsetof(struct record, data) + data_used;
    entry->bytes = count;
    memcpy(record.data + data_used, bytes, count);
    data_used += count;
}

static void record_add_text(const char *name, const char *text)
{
    record_add_bytes(name, START_TEXT, text, (uint32_t)strlen(text) + 1);
}

static void record_add_service(void)
{
    struct start_entry *entry = record_add("device.disk.registers", START_MEMORY);

    entry->address = 0x5000;
    entry->bytes = 4096;
    entry = record_add("device.disk.irq.3", START_IRQ);
    entry->slot = 12;
    entry->value = 16;
    entry = record_add("memory.queues", START_MEMORY);
    entry->address = 0x9000;
    entry->bytes = 65536;
    entry->value = 0x80009000;
    record_add("options.cache", START_NUMBER)->value = 77;
    record_add_text("options.label", "blue");
}

static void record_add_uses(void)
{
    static const uint8_t mac[6] = {2, 0, 0, 0, 0, 9};
    struct start_entry *entry = record_add("use.15", START_CONNECTION);

    entry->slot = 21;
    entry->address = 0x7000;
    entry->bytes = 4096;
    record_add_text("use.0.key", "disk");
    record_add_text("use.0.device", "virtio-blk");
    record_add_text("use.3.key", "net");
    record_add_text("use.15.key", "net");
    record_add_text("use.15.service", "lan");
    entry = record_add("use.15.ring.transmit", START_RING);
    entry->address = 0x10000;
    entry->value = 0x11000;
    entry->bytes = UINT64_C(32) << 32 | 512;
    entry = record_add("use.15.ring.receive", START_RING);
    entry->bytes = UINT64_C(32) << 32 | 256;
    record_add("use.15.endpoint", START_SLOT)->slot = 30;
    record_add("use.15.option.vlan", START_NUMBER)->value = 10;
    record_add_bytes("use.15.option.mac", START_DATA, mac, sizeof mac);
    record_add_text("use.15.option.isolate", "bounce");
}

static void record_make(void)
{
    memset(&record, 0, sizeof record);
    data_used = 0;
    record.head = (struct process_start){
        .magic = PROCESS_START_MAGIC,
        .version = PROCESS_START_VERSION,
        .bytes = sizeof record,
        .entry_offset = offsetof(struct record, entry),
        .data_offset = offsetof(struct record, data),
    };
    record_add_service();
    record_add_uses();
    ck_assert_int_eq(start_table_open(&record, sizeof record, &table), OK);
}

START_TEST(test_use_service_finds_its_own)
{
    /* A service finds its device, its memory and the options of its instance. */
    struct rt_memory memory;
    struct rt_irq irq;
    uint64_t number;
    const char *text;

    ck_assert_int_eq(block_disk_registers(&table, &memory), OK);
    ck_assert_uint_eq(memory.address, 0x5000);
    ck_assert_uint_eq(memory.bytes, 4096);
    ck_assert_int_eq(block_disk_irq_3(&table, &irq), OK);
    ck_assert_uint_eq(irq.slot, 12);
    ck_assert_uint_eq(irq.bits, 16);
    ck_assert_int_eq(block_disk_irq_0(&table, &irq), ERR_NOT_FOUND);
    ck_assert_int_eq(block_queues_memory(&table, &memory), OK);
    ck_assert_uint_eq(memory.value, 0x80009000);
    ck_assert_int_eq(block_disks_memory(&table, &memory), ERR_NOT_FOUND);
    ck_assert_int_eq(block_instance_cache(&table, &number), OK);
    ck_assert_uint_eq(number, 77);
    ck_assert_int_eq(block_instance_trim(&table, &number), ERR_NOT_FOUND);
    ck_assert_int_eq(block_instance_label(&table, &text), OK);
    ck_assert_str_eq(text, "blue");
}
END_TEST

START_TEST(test_use_client_finds_its_connections)
{
    /* Connections are found one after another by their key, or by the device. */
    unsigned use = 99;

    ck_assert_int_eq(rt_use_find(&table, BLOCK_KEY, 0, &use), OK);
    ck_assert_uint_eq(use, 0);
    ck_assert_int_eq(rt_use_find(&table, SWITCH_KEY, 0, &use), OK);
    ck_assert_uint_eq(use, 3);
    ck_assert_int_eq(rt_use_find(&table, SWITCH_KEY, 1, &use), OK);
    ck_assert_uint_eq(use, 15);
    ck_assert_int_eq(rt_use_find(&table, SWITCH_KEY, 2, &use), ERR_NOT_FOUND);
    ck_assert_uint_eq(use, 15);
    ck_assert_int_eq(rt_use_find_device(&table, BLOCK_DEVICE, 0, &use), OK);
    ck_assert_uint_eq(use, 0);
    ck_assert_int_eq(rt_use_find_device(&table, SWITCH_DEVICE, 0, &use), ERR_NOT_FOUND);
}
END_TEST

START_TEST(test_use_client_opens_a_connection)
{
    /* A client finds the service's Notification, info page, endpoint, rings and options. */
    struct rt_use use;
    struct rt_ring ring;
    uint32_t slot;
    const char *instance;
    uint64_t number;
    uint8_t mac[6];
    unsigned isolate;

    ck_assert_int_eq(rt_use_open(&table, 15, &use), OK);
    ck_assert_uint_eq(use.wake_slot, 21);
    ck_assert_uint_eq(use.info_address, 0x7000);
    ck_assert_int_eq(rt_use_endpoint(&table, 15, &slot), OK);
    ck_assert_uint_eq(slot, 30);
    ck_assert_int_eq(rt_use_instance(&table, 15, &instance), OK);
    ck_assert_str_eq(instance, "lan");
    ck_assert_int_eq(switch_use_ring_transmit(&table, 15, &ring), OK);
    ck_assert_uint_eq(ring.shared_address, 0x10000);
    ck_assert_uint_eq(ring.data_address, 0x11000);
    ck_assert_int_eq(switch_use_option_vlan(&table, 15, &number), OK);
    ck_assert_uint_eq(number, 10);
    ck_assert_int_eq(switch_use_option_mac(&table, 15, mac), OK);
    ck_assert_uint_eq(mac[5], 9);
    ck_assert_int_eq(switch_use_option_isolate(&table, 15, &isolate), OK);
    ck_assert_uint_eq(isolate, SWITCH_ISOLATE_BOUNCE);
}
END_TEST

START_TEST(test_use_wrong_entries_refused)
{
    /* A ring of another size, a MAC of another length, a connection that is none: an error. */
    struct rt_use use;
    struct rt_ring ring;
    const char *text;
    uint8_t bytes[5];

    ck_assert_int_eq(switch_use_ring_receive(&table, 15, &ring), ERR_FORMAT);
    ck_assert_int_eq(rt_option_bytes(&table, 15, "mac", bytes, 5), ERR_FORMAT);
    ck_assert_int_eq(rt_use_open(&table, 3, &use), ERR_NOT_FOUND);
    ck_assert_int_eq(rt_use_open(&table, CONTROL_USED_MAX, &use), ERR_INVALID_ARG);
    ck_assert_int_eq(rt_use_ring(&table, 15, "a-name-that-is-much-too-long", 1, 1, &ring),
                     ERR_INVALID_ARG);
    ck_assert_int_eq(rt_use_ring(&table, 15, "twenty-characters-xx", 1, 1, &ring),
                     ERR_INVALID_ARG);
    ck_assert_int_eq(rt_option_text(&table, 15, "a-name-that-is-much-too-long", &text),
                     ERR_INVALID_ARG);
    ck_assert_int_eq(rt_option_text(&table, RT_USE_OWN, "a-name-that-is-much-too-long", &text),
                     ERR_INVALID_ARG);
    ck_assert_int_eq(rt_option_text(&table, 15, "vlan", &text), ERR_NOT_FOUND);
}
END_TEST

START_TEST(test_use_longest_names_fit)
{
    /* The longest names that a manifest may have fit in an entry's name, with two digits before. */
    struct rt_ring ring;
    uint64_t number;
    struct start_entry *entry = record_add("use.15.ring.nineteen-characters", START_RING);

    entry->bytes = UINT64_C(1) << 32 | 1;
    record_add("use.15.option.seventeen-letters", START_NUMBER)->value = 5;
    ck_assert_int_eq(start_table_open(&record, sizeof record, &table), OK);
    ck_assert_int_eq(rt_use_ring(&table, 15, "nineteen-characters", 1, 1, &ring), OK);
    ck_assert_int_eq(rt_option_number(&table, 15, "seventeen-letters", &number), OK);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("use");
    TCase *c = tcase_create("use");

    tcase_add_checked_fixture(c, record_make, NULL);
    tcase_add_test(c, test_use_service_finds_its_own);
    tcase_add_test(c, test_use_client_finds_its_connections);
    tcase_add_test(c, test_use_client_opens_a_connection);
    tcase_add_test(c, test_use_wrong_entries_refused);
    tcase_add_test(c, test_use_longest_names_fit);
    suite_add_tcase(suite, c);
    return run_suites(srunner_create(suite));
}
