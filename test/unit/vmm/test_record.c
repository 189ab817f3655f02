/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include <rt/bootinfo.h>
#include <vmm/board/record.h>
#include <vmm/boot/isa.h>

#include "suites.h"

#define ENTRIES 40u

/* A record as the root server writes it. */
static _Alignas(8) struct record {
    struct process_start head;
    struct start_entry entry[ENTRIES];
    char data[2048];
} record;

static void add(const char *name, struct start_entry entry)
{
    ck_assert_uint_lt(record.head.entry_count, ENTRIES);
    strcpy(entry.name, name);
    record.entry[record.head.entry_count++] = entry;
}

static void add_memory(const char *name, uint64_t address, uint64_t bytes, uint64_t value)
{
    add(name, (struct start_entry){
                  .kind = START_MEMORY, .address = address, .bytes = bytes, .value = value});
}

static void add_number(const char *name, uint64_t value)
{
    add(name, (struct start_entry){.kind = START_NUMBER, .value = value});
}

static void add_slot(const char *name, uint32_t slot)
{
    add(name, (struct start_entry){.kind = START_SLOT, .slot = slot});
}

static void add_bytes(const char *name, enum start_kind kind, const void *data, size_t bytes)
{
    memcpy((char *)&record + record.head.bytes, data, bytes);
    add(name,
        (struct start_entry){.kind = (uint32_t)kind, .address = record.head.bytes, .bytes = bytes});
    record.head.bytes += (uint32_t)bytes;
}

static void add_text(const char *name, const char *text)
{
    add_bytes(name, START_TEXT, text, strlen(text) + 1);
}

static void add_ring(const char *name, uint64_t at, uint32_t record_bytes, uint32_t count)
{
    add(name, (struct start_entry){.kind = START_RING,
                                   .address = at,
                                   .value = at + 0x1000,
                                   .bytes = (uint64_t)record_bytes << 32 | count});
}

static void good(void)
{
    static const uint8_t seed[GUEST_SEED_BYTES] = {1, 2, 3};

    memset(&record, 0, sizeof record);
    record.head = (struct process_start){
        .magic = PROCESS_START_MAGIC,
        .version = PROCESS_START_VERSION,
        .bytes = offsetof(struct record, data),
        .entry_offset = offsetof(struct record, entry),
        .data_offset = offsetof(struct record, data),
    };
    add_memory("guest.ram", 0x40000000, 16 << 20, GUEST_RAM_GPA);
    add_memory("guest.arena", 0x20000000, 0x10000, 0);
    add_memory("guest.state", 0x21000000, 4096, 0);
    add_memory("guest.kernel", 0x30000000, 12345, 0);
    add_slot("guest.vcpu.0", 9);
    add_number("guest.satp-mode", ISA_SATP_SV48);
    add_number("guest.features", BOOT_FEATURE_SSTC);
    add_number("restarts", 3);
    add_text("guest.bootargs", "quiet");
    add_text("guest.isa", "rv64imafdch_zicsr_zba");
    add_bytes("guest.seed", START_DATA, seed, sizeof seed);
}

static struct start_table table(void)
{
    struct start_table out;
    ck_assert_int_eq(start_table_open(&record, sizeof record, &out), OK);
    return out;
}

static enum err config_read(struct board_config *config)
{
    struct start_table opened = table();
    return record_config(&opened, 10000000, config);
}

static struct start_entry *entry_of(const char *name)
{
    for (uint32_t i = 0; i < record.head.entry_count; i++)
        if (strcmp(record.entry[i].name, name) == 0)
            return &record.entry[i];
    ck_abort_msg("no entry %s", name);
}

START_TEST(test_record_config_carries_the_record_over)
{
    /* Every entry reaches the machine's configuration or the process. */
    struct board_config config;
    struct record_process process;

    good();
    struct start_table opened = table();
    ck_assert_int_eq(record_config(&opened, 10000000, &config), OK);
    ck_assert_uint_eq(config.ram.gpa, GUEST_RAM_GPA);
    ck_assert_uint_eq(config.ram.bytes, 16 << 20);
    ck_assert_uint_eq((uintptr_t)config.ram.host, 0x40000000);
    ck_assert_uint_eq((uintptr_t)config.kernel, 0x30000000);
    ck_assert_uint_eq(config.kernel_bytes, 12345);
    ck_assert_ptr_null(config.initrd);
    ck_assert_uint_eq((uintptr_t)config.page[0], 0x21000000);
    ck_assert_uint_eq(config.hart_count, 1);
    ck_assert_uint_eq(config.satp_mode, ISA_SATP_SV48);
    ck_assert_uint_eq(config.isa_extensions, ISA_SSTC | isa_stateless("_zba"));
    ck_assert_uint_eq(config.timebase_hz, 10000000);
    ck_assert_str_eq(config.bootargs, "quiet");
    ck_assert_uint_eq(config.rng_seed[2], 3);
    ck_assert_int_eq(record_process(&opened, &process), OK);
    ck_assert_uint_eq((uintptr_t)process.arena, 0x20000000);
    ck_assert_uint_eq(process.arena_bytes, 0x10000);
    ck_assert_uint_eq(process.vcpu_slot, 9);
    ck_assert_uint_eq(process.restart_count, 3);
    add_memory("guest.initrd", 0x31000000, 777, 0);
    ck_assert_int_eq(config_read(&config), OK);
    ck_assert_uint_eq((uintptr_t)config.initrd, 0x31000000);
    ck_assert_uint_eq(config.initrd_bytes, 777);
}
END_TEST

static bool has(const struct board_config *config, const char *name)
{
    for (uint32_t i = 0; i < config->device_count; i++)
        if (strcmp(config->device[i].model->name, name) == 0)
            return true;
    return false;
}

START_TEST(test_record_config_devices_are_those_that_are_named)
{
    /* Without a word those by default; else those of the list, and the interrupt controller. */
    struct board_config config;

    good();
    ck_assert_int_eq(config_read(&config), OK);
    ck_assert_uint_eq(config.device_count, 5);
    add_number("guest.devices", 2);
    add_text("guest.device.0", "syscon");
    add_text("guest.device.1", "uart16550");
    ck_assert_int_eq(config_read(&config), OK);
    ck_assert_uint_eq(config.device_count, 3);
    ck_assert(has(&config, "plic") && has(&config, "syscon") && has(&config, "uart16550"));
    add_text("guest.device.2", "modem");
    entry_of("guest.devices")->value = 3;
    ck_assert_int_eq(config_read(&config), ERR_NOT_FOUND);
    entry_of("guest.devices")->value = 4; /* one that has no name */
    ck_assert_int_eq(config_read(&config), ERR_NOT_FOUND);
    entry_of("guest.devices")->value = 0;
    ck_assert_int_eq(config_read(&config), OK);
    ck_assert_uint_eq(config.device_count, 1);
}
END_TEST

START_TEST(test_record_config_too_many_devices_are_refused)
{
    /* A count above what a board has is an error, however large it is. */
    struct board_config config;

    good();
    add_number("guest.devices", UINT64_MAX);
    for (uint32_t i = 0; i < BOARD_DEVICES_MAX; i++) {
        char name[START_NAME_BYTES];
        snprintf(name, sizeof name, "guest.device.%u", i);
        add_text(name, "syscon");
    }
    ck_assert_int_eq(config_read(&config), ERR_NO_SLOT);
}
END_TEST

START_TEST(test_record_config_missing_entries_are_errors)
{
    /* Each entry but the initial RAM disk and the devices is needed. */
    static const char *const needed[] = {"guest.ram",      "guest.state",     "guest.kernel",
                                         "guest.bootargs", "guest.isa",       "guest.seed",
                                         "guest.features", "guest.satp-mode", "guest.arena",
                                         "guest.vcpu.0",   "restarts"};

    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        struct board_config config;
        struct record_process process;
        good();
        strcpy(entry_of(needed[i])->name, "other");
        struct start_table opened = table();
        enum err err = record_config(&opened, 1, &config);
        ck_assert_int_eq(err ? err : record_process(&opened, &process), ERR_NOT_FOUND);
    }
}
END_TEST

START_TEST(test_record_config_bad_entries_are_refused)
{
    /* Each error has its cause. */
    struct board_config config;

    for (uint64_t mode = 0; mode < 20; mode++) {
        good();
        entry_of("guest.satp-mode")->value = mode;
        bool is_mode = mode >= ISA_SATP_SV39 && mode <= ISA_SATP_SV57;
        ck_assert_int_eq(config_read(&config), is_mode ? OK : ERR_FORMAT);
        entry_of("guest.satp-mode")->value = mode << 32 | ISA_SATP_SV39;
        ck_assert_int_eq(config_read(&config), mode ? ERR_FORMAT : OK);
    }
    good();
    entry_of("guest.seed")->bytes--;
    ck_assert_int_eq(config_read(&config), ERR_FORMAT);
    good();
    add_slot("guest.vcpu.1", 10);
    ck_assert_int_eq(config_read(&config), ERR_NOT_SUPPORTED);
    good();
    entry_of("guest.kernel")->address += 8;
    ck_assert_int_eq(config_read(&config), ERR_ALIGN);
    good();
    entry_of("guest.ram")->value += 8;
    ck_assert_int_eq(config_read(&config), ERR_ALIGN);
    good();
    entry_of("guest.ram")->bytes = 0;
    ck_assert_int_eq(config_read(&config), ERR_RANGE);
    entry_of("guest.ram")->bytes = UINT64_MAX & ~UINT64_C(0xfff);
    ck_assert_int_eq(config_read(&config), ERR_RANGE);
}
END_TEST

static void add_connection(const char *device)
{
    add("use.3", (struct start_entry){.kind = START_CONNECTION, .value = 3, .slot = 17});
    if (device)
        add_text("use.3.device", device);
    add_ring("use.3.ring.output", 0x22000000, 1, 0x4000);
    add_ring("use.3.ring.input", 0x22008000, 1, 0x1000);
}

START_TEST(test_record_connections_are_those_with_a_device)
{
    /* A connection gives the model's name, two rings and the slot of the signal. */
    struct record_connection found[RECORD_CONNECTIONS_MAX];
    uint32_t count;

    good();
    struct start_table opened = table();
    ck_assert_int_eq(record_connections(&opened, found, &count), OK);
    ck_assert_uint_eq(count, 0);
    add_connection("uart16550");
    opened = table();
    ck_assert_int_eq(record_connections(&opened, found, &count), OK);
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(found[0].device, "uart16550");
    ck_assert_uint_eq((uintptr_t)found[0].out.shared, 0x22000000);
    ck_assert_uint_eq((uintptr_t)found[0].out.data, 0x22001000);
    ck_assert_uint_eq(found[0].out.bytes, 0x4000);
    ck_assert_uint_eq((uintptr_t)found[0].in.shared, 0x22008000);
    ck_assert_uint_eq(found[0].in.bytes, 0x1000);
    ck_assert_uint_eq(found[0].signal_slot, 17);
    good();
    add_connection(NULL);
    opened = table();
    ck_assert_int_eq(record_connections(&opened, found, &count), OK);
    ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(test_record_connections_without_byte_rings_are_refused)
{
    /* A device's connection with records of another size, or without one of the rings. */
    struct record_connection found[RECORD_CONNECTIONS_MAX];
    uint32_t count;

    good();
    add_connection("uart16550");
    entry_of("use.3.ring.output")->bytes = UINT64_C(2) << 32 | 0x4000;
    struct start_table opened = table();
    ck_assert_int_eq(record_connections(&opened, found, &count), ERR_FORMAT);
    good();
    add_connection("uart16550");
    strcpy(entry_of("use.3.ring.input")->name, "use.3.ring.other");
    opened = table();
    ck_assert_int_eq(record_connections(&opened, found, &count), ERR_FORMAT);
}
END_TEST

TCase *record_tcase(void)
{
    TCase *tcase = tcase_create("record");
    tcase_add_test(tcase, test_record_config_carries_the_record_over);
    tcase_add_test(tcase, test_record_config_devices_are_those_that_are_named);
    tcase_add_test(tcase, test_record_config_too_many_devices_are_refused);
    tcase_add_test(tcase, test_record_config_missing_entries_are_errors);
    tcase_add_test(tcase, test_record_config_bad_entries_are_refused);
    tcase_add_test(tcase, test_record_connections_are_those_with_a_device);
    tcase_add_test(tcase, test_record_connections_without_byte_rings_are_refused);
    return tcase;
}
