/* SPDX-License-Identifier: BSD-2-Clause */
/* Start records tell a process what it has. */
#include "planned.h"

#include <stdio.h>
#include <string.h>

#include <rootserver/exec/record.h>
#include <rt/rt_start_table.h>

/* Checks that all that the table names is there: memory mapped, slots filled. */
static void record_table_check(unsigned process, const struct start_table *table)
{
    struct start_entry entry;
    uint32_t cnode = model_index(&model, plan.process[process].cnode);

    for (uint32_t i = 0; start_table_at(table, i, &entry) == OK; i++) {
        uint64_t bytes = entry.kind == START_RING ? 128 : entry.bytes;
        bool is_mapped = entry.kind == START_MEMORY || entry.kind == START_RING ||
                         (entry.kind == START_CONNECTION && entry.address != 0);
        for (uint64_t at = 0; is_mapped && at < bytes; at += 4096)
            model_require(planned_mapping(planned_vspace(process), entry.address + at) != NULL);
        if (entry.kind == START_RING)
            ck_assert_ptr_nonnull(
                planned_mapping(planned_vspace(process),
                                entry.value + (entry.bytes >> 32) * (uint32_t)entry.bytes - 1));
        if (entry.kind == START_SLOT || entry.kind == START_IRQ || entry.kind == START_CONNECTION)
            ck_assert_uint_ne(model.object[cnode].cap[entry.slot].object, 0);
    }
    ck_assert_uint_gt(table->entry_count, 4);
}

static _Alignas(8) uint8_t record[2][PROCESS_START_MAX];

static void record_read(unsigned process, unsigned n, struct start_table *table)
{
    static struct random_source random;
    struct record_common common = {.timebase_hz = 10000000, .realtime_ns = 5, .restart_count = 3};
    if (n == 0)
        random_init(&random, (const uint8_t *)"seed", 4, 1);
    ck_assert_int_eq(record_make(&sample.in, &plan, process, &common, &random, record[n]), OK);
    ck_assert_int_eq(start_table_open(record[n], sizeof record[n], table), OK);
}

START_TEST(test_record_tells_process_what_is_mapped)
{
    /* Every address in a start record is mapped, with its whole length, every slot is filled; seeds
     * differ. */
    struct start_table table, other;
    const void *seed, *seed2;
    const char *text;
    struct start_entry entry;
    uint64_t number;
    size_t bytes;
    planned_make(2, 32 * MIB, 512 * MIB);
    planned_plan();
    planned_run();
    for (unsigned i = 0; i < 3; i++) {
        record_read(i, 0, &table);
        record_table_check(i, &table);
    }
    record_read(planned_vmm(0), 0, &table);
    record_read(planned_vmm(1), 1, &other);
    record_table_check(planned_vmm(0), &table);
    ck_assert_str_eq(((struct process_start *)(void *)record[0])->name, "vmm.g0");
    ck_assert_int_eq(start_table_text(&table, "guest.name", &text), OK);
    ck_assert_str_eq(text, "g0");
    ck_assert_int_eq(start_table_text(&table, "use.2.service", &text), OK);
    ck_assert_str_eq(text, "map");
    ck_assert_int_eq(start_table_find(&table, START_MEMORY, "guest.ram", &entry), OK);
    ck_assert_uint_eq(entry.bytes, 32 * MIB);
    ck_assert_uint_eq(entry.value, GUEST_RAM_GPA);
    ck_assert_int_eq(start_table_find(&table, START_RING, "use.0.ring.output", &entry), OK);
    ck_assert_uint_eq(entry.bytes, UINT64_C(1) << 32 | 16384);
    ck_assert_int_eq(start_table_number(&table, "restarts", &number), OK);
    ck_assert_uint_eq(number, 3);
    ck_assert_int_eq(start_table_data(&table, "guest.seed", &seed, &bytes), OK);
    ck_assert_int_eq(start_table_data(&other, "guest.seed", &seed2, &bytes), OK);
    ck_assert(memcmp(seed, seed2, GUEST_SEED_BYTES) != 0);
    ck_assert(memcmp(record[0] + offsetof(struct process_start, entropy),
                     record[1] + offsetof(struct process_start, entropy), 32) != 0);
    record_read(0, 0, &table);
    ck_assert_int_eq(start_table_number(&table, "device.uart.reg-shift", &number), OK);
    ck_assert_uint_eq(number, 2);
    ck_assert_int_eq(start_table_number(&table, "device.uart.reg-io-width", &number),
                     ERR_NOT_FOUND);
    ck_assert_int_eq(start_table_find(&table, START_IRQ, "device.uart.irq.0", &entry), OK);
    ck_assert_uint_eq(entry.value, PROCESS_BIT_IRQ(0));
    record_read(1, 0, &table);
    ck_assert_int_eq(start_table_find(&table, START_MEMORY, "memory.queues", &entry), OK);
    ck_assert_uint_eq(entry.value, planned_mapping(planned_vspace(1), entry.address)->physical);
    planned_release();
}
END_TEST

START_TEST(test_record_names_the_mmu_mode_asked_for_or_the_best_there_is)
{
    /* A guest gets the mode of its file if the machine has it; else the machine's best mode, with
     * a message. */
    static const uint64_t features[] = {0, BOOT_FEATURE_SV48,
                                        BOOT_FEATURE_SV48 | BOOT_FEATURE_SV57};
    struct start_table table;
    uint64_t mode;

    for (uint32_t wanted = 0; wanted < 3; wanted++) {
        planned_make(1, 32 * MIB, 512 * MIB);
        sample.boot.features = features[_i];
        sample.system.guest[0].satp_mode = SYSTEM_SATP_SV39 + wanted;
        planned_plan();
        record_read(planned_vmm(0), 0, &table);
        uint32_t given = wanted <= (uint32_t)_i ? wanted : (uint32_t)_i;
        ck_assert_int_eq(start_table_number(&table, "guest.satp-mode", &mode), OK);
        ck_assert_uint_eq(mode, SYSTEM_SATP_SV39 + given);
        ck_assert_int_eq(plan.guest[0].note.text[0] != 0, given != wanted);
        sample_free(&sample);
    }
    const char *told = _i == 1 ? "sv48, not sv57" : "sv39, not sv57";
    ck_assert(_i == 2 || strstr(plan.guest[0].note.text, told) != NULL);
}
END_TEST

START_TEST(test_plan_threads_have_stacks_and_notifications)
{
    /* Each thread of several has its own stack with guard pages, and two Notifications, which the
     * record tells; a process with one thread has no entry for it. */
    struct start_table table;
    struct start_entry entry;
    planned_make(1, 32 * MIB, 512 * MIB);
    sample.system.service[1].threads = 8;
    planned_plan();
    planned_run();
    record_read(0, 0, &table);
    ck_assert_int_eq(start_table_find(&table, START_THREAD, "thread.0", &entry), ERR_NOT_FOUND);
    record_read(1, 0, &table);
    record_table_check(1, &table);
    ck_assert_uint_eq(plan.process[1].thread_count, 8);
    const struct model_object *cnode = model_at(&model, plan.process[1].cnode);
    for (unsigned i = 0; i < 8; i++) {
        char name[16];
        snprintf(name, sizeof name, "thread.%u", i);
        ck_assert_int_eq(start_table_find(&table, START_THREAD, name, &entry), OK);
        ck_assert_ptr_nonnull(planned_mapping(planned_vspace(1), entry.address - 1));
        ck_assert_ptr_nonnull(planned_mapping(planned_vspace(1), entry.address - entry.bytes));
        ck_assert_ptr_null(planned_mapping(planned_vspace(1), entry.address));
        ck_assert_ptr_null(planned_mapping(planned_vspace(1), entry.address - entry.bytes - 1));
        const struct model_object *thread = model_at(&model, plan.process[1].thread[i]);
        ck_assert_uint_eq(thread->bound, cnode->cap[entry.value].object);
        ck_assert_uint_eq(cnode->cap[entry.slot].badge, 1);
        ck_assert_uint_eq(model.object[cnode->cap[entry.slot].object - 1].bound, 0);
    }
    planned_release();
}
END_TEST

void plan_record_cases(TCase *tc)
{
    tcase_add_test(tc, test_record_tells_process_what_is_mapped);
    tcase_add_loop_test(tc, test_record_names_the_mmu_mode_asked_for_or_the_best_there_is, 0, 3);
    tcase_add_test(tc, test_plan_threads_have_stacks_and_notifications);
}
