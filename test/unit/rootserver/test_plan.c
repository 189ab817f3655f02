/* SPDX-License-Identifier: BSD-2-Clause */
/* rootserver/plan: plans that the kernel can carry out, and systems that are refused. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include <rootserver/exec/record.h>
#include <rt/rt_start_table.h>

#include "model.h"
#include "sample.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

static struct sample sample;
static struct plan plan;
static struct model model;
static struct problem sample_last;

static void make(unsigned guests, uint64_t memory, uint64_t ram)
{
    sample_make(&sample, guests, memory, ram);
}

static void plan_it(void)
{
    ck_assert_int_eq(sample_plan(&sample, &plan, &sample_last), OK);
}

/* Sides come last. */
static bool is_connected(unsigned part)
{
    return part >= PLAN_PART_SIDES;
}

/* Carries everything out. */
static void run_it(void)
{
    const struct archive_map *map = &sample.map;
    model_make(&model, &sample.in);
    for (unsigned i = 0; i < map->run_count; i++)
        model_retype(&model, map->run[i].untyped_slot, OBJ_FRAME, map->run[i].size_bits,
                     map->run[i].slot, map->run[i].count);
    for (unsigned i = 0; i < PLAN_PARTS; i++) {
        if (plan.part[i].state == PLAN_PART_PLANNED && !is_connected(i))
            model_part(&model, &plan, i);
    }
    for (unsigned i = 0; i < PLAN_PARTS; i++) {
        if (plan.part[i].state == PLAN_PART_PLANNED)
            model_part(&model, &plan, i);
    }
}

static void release(void)
{
    model_free(&model);
    sample_free(&sample);
}

static const struct model_mapping *mapped(uint32_t space, uint64_t address)
{
    return model_mapped(&model, space, address);
}

static uint32_t vspace_of(unsigned process)
{
    return model_index(&model, plan.process[process].vspace);
}

static unsigned vmm(unsigned guest)
{
    return plan_process_of_guest(guest);
}

static uint32_t gspace_of(unsigned guest)
{
    return model_index(&model, plan.guest[guest].gspace);
}

static bool has_guest(unsigned guest)
{
    return plan.part[plan_part_guest(guest)].state != PLAN_PART_NONE;
}

struct shape {
    unsigned guests;
    uint64_t memory, ram;
};

static const struct shape shapes[] = {
    {1, 256 * MIB, 700 * MIB}, {2, 256 * MIB, 900 * MIB}, {1, 16 * MIB, 64 * MIB},
    {16, 16 * MIB, 512 * MIB}, {3, 90 * MIB, 512 * MIB},  {2, 1022 * MIB, 3 * GIB},
    {1, 6 * GIB, 8 * GIB},     {16, 256 * MIB, 6 * GIB},  {1, 30 * GIB, 40 * GIB},
};

START_TEST(test_plan_any_shape_is_one_the_kernel_carries_out)
{
    /* Every step of a plan succeeds on the model: memory, slots, CNodes, mappings, types. */
    const struct shape *shape = &shapes[_i];
    make(shape->guests, shape->memory, shape->ram);
    plan_it();
    run_it();
    for (unsigned i = 0; i < shape->guests; i++)
        ck_assert(plan.part[plan_part_process(vmm(i))].state == PLAN_PART_MADE);
    for (unsigned i = 0; i < plan.connection_count; i++) {
        ck_assert(plan.part[plan_part_side(i, PLAN_SIDE_CLIENT)].state == PLAN_PART_MADE);
        ck_assert(plan.part[plan_part_side(i, PLAN_SIDE_SERVICE)].state == PLAN_PART_MADE);
    }
    for (unsigned i = 0; i < PLAN_SCRATCH; i++) {
        ck_assert_uint_eq(model_cap_at(&model, plan.scratch_a + i)->object, 0);
        ck_assert_uint_eq(model_cap_at(&model, plan.scratch_b + i)->object, 0);
    }
    release();
}
END_TEST

START_TEST(test_plan_guest_ram_is_whole_in_both_spaces)
{
    /* All RAM is mapped for guest and VMM, to the same memory, in large frames. */
    make(2, 90 * MIB, 512 * MIB);
    plan_it();
    run_it();
    for (unsigned p = 0; p < 2; p++) {
        for (uint64_t at = 0; at < 90 * MIB; at += 64 * 4096) {
            const struct model_mapping *g = mapped(gspace_of(p), GUEST_RAM_GPA + at);
            const struct model_mapping *v =
                mapped(vspace_of(vmm(p)), plan.process[vmm(p)].ram_address + at);
            ck_assert(g != NULL && v != NULL);
            ck_assert_uint_ge(g->bytes, 2 * MIB);
            ck_assert_uint_eq(g->rights, RIGHT_READ | RIGHT_WRITE | RIGHT_EXEC);
            ck_assert_uint_eq(v->rights, RIGHT_READ | RIGHT_WRITE);
            ck_assert_uint_eq(g->physical - g->address + GUEST_RAM_GPA,
                              v->physical - v->address + plan.process[vmm(p)].ram_address);
        }
        ck_assert_ptr_null(mapped(gspace_of(p), GUEST_RAM_GPA + 90 * MIB));
        ck_assert_ptr_null(mapped(gspace_of(p), GUEST_RAM_GPA - 1));
    }
    release();
}
END_TEST

START_TEST(test_plan_files_are_mapped_whole_and_alone)
{
    /* A VMM has its guest's files mapped read-only, and no other page of the archive. */
    make(1, 64 * MIB, 512 * MIB);
    plan_it();
    run_it();
    const struct plan_process *p = &plan.process[vmm(0)];
    size_t kernel = sample_file(&sample, "guests/g0/kernel");
    size_t initrd = sample_file(&sample, "guests/g0/initrd");
    for (uint64_t at = 0; at < p->kernel_bytes; at += 4096) {
        const struct model_mapping *m = mapped(vspace_of(vmm(0)), p->kernel_address + at);
        ck_assert_ptr_nonnull(m);
        ck_assert_uint_eq(m->rights, RIGHT_READ);
        ck_assert_uint_eq(m->physical + (p->kernel_address + at - m->address),
                          SAMPLE_ARCHIVE_AT + kernel + at);
    }
    uint64_t archive_bytes = 0, big = 0;
    for (unsigned i = 0; i < model.mapping_count; i++) {
        const struct model_mapping *m = &model.mapping[i];
        if (m->space != vspace_of(vmm(0)) + 1 || m->physical < SAMPLE_ARCHIVE_AT ||
            m->physical >= SAMPLE_ARCHIVE_AT + sample.archive_bytes)
            continue;
        uint64_t offset = m->physical - SAMPLE_ARCHIVE_AT;
        ck_assert((offset >= kernel && offset + m->bytes <= kernel + (7 << 20) + 4095) ||
                  (offset >= initrd && offset + m->bytes <= initrd + 300000 + 4095));
        archive_bytes += m->bytes;
        big += m->bytes == 2 * MIB;
    }
    ck_assert_uint_eq(archive_bytes, (7 << 20) + (300000 + 4095) / 4096 * 4096);
    ck_assert_uint_ge(big, 2);
    release();
}
END_TEST

START_TEST(test_plan_stack_has_guard_pages)
{
    /* The pages below and above each stack are unmapped. */
    make(1, 32 * MIB, 512 * MIB);
    plan_it();
    run_it();
    for (unsigned i = 0; i < 4; i++) {
        unsigned p = i < 3 ? i : vmm(0);
        ck_assert_ptr_nonnull(mapped(vspace_of(p), LAYOUT_STACK));
        ck_assert_ptr_null(mapped(vspace_of(p), LAYOUT_STACK - 1));
        ck_assert_ptr_null(mapped(vspace_of(p), LAYOUT_STACK + LAYOUT_STACK_PAGES * 4096));
    }
    release();
}
END_TEST

static char listed[8000];

static void add_line(void *context, const char *text)
{
    (void)context;
    size_t at = strlen(listed);
    snprintf(listed + at, sizeof listed - at, "%s\n", text);
}

START_TEST(test_plan_capabilities_are_the_golden_list)
{
    /* Each process holds exactly these capabilities: the list is repeated here on purpose. */
    make(2, 32 * MIB, 512 * MIB);
    plan_it();
    listed[0] = 0;
    for (unsigned i = 0; i < 3; i++)
        plan_list_caps(&plan, i, add_line, NULL);
    plan_list_caps(&plan, vmm(1), add_line, NULL);
    ck_assert_str_eq(listed, " 1 Endpoint     -W--- badge 0x1\n"
                             " 2 Notification R----\n"
                             " 3 Notification -W--- badge 0x2\n"
                             " 4 Irq          -W---\n"
                             " 5 Notification -W--- badge 0x1000000000000\n"
                             " 6 Notification -W--- badge 0x1000000000000\n"
                             " 7 Notification -W--- badge 0x1000000000000\n"
                             " 1 Endpoint     -W--- badge 0x2\n"
                             " 2 Notification R----\n"
                             " 3 Notification -W--- badge 0x4\n"
                             " 4 Irq          -W---\n"
                             " 5 Notification -W--- badge 0x100\n"
                             " 7 Notification -W--- badge 0x2000000000000\n"
                             " 8 Notification -W--- badge 0x2000000000000\n"
                             " 1 Endpoint     -W--- badge 0x3\n"
                             " 2 Notification R----\n"
                             " 3 Notification -W--- badge 0x8\n"
                             " 4 Endpoint     R----\n"
                             " 5 Notification -W--- badge 0x4000000000000\n"
                             " 6 Notification -W--- badge 0x4000000000000\n"
                             " 1 Endpoint     -W--- badge 0x12\n"
                             " 2 Notification R----\n"
                             " 3 Notification -W--- badge 0x40000\n"
                             " 4 VCpu         RWX--\n"
                             " 5 Notification -W--- badge 0x400\n"
                             " 6 Notification -W--- badge 0x200\n"
                             " 7 Notification -W--- badge 0x200\n"
                             "10 Endpoint     -W--- badge 0x2\n");
    sample_free(&sample);
}
END_TEST

START_TEST(test_plan_mappings_are_the_golden_list)
{
    /* Processes and guests have exactly the mappings of the golden list. */
    make(2, 32 * MIB, 512 * MIB);
    plan_it();
    listed[0] = 0;
    for (unsigned i = 0; i < 3; i++)
        plan_list_maps(&plan, i, add_line, NULL);
    plan_list_maps(&plan, vmm(1), add_line, NULL);
    ck_assert_str_eq(listed, "process 0x10000 to 0x12000 R-X\n"
                             "process 0x13000 to 0x14000 R--\n"
                             "process 0x14000 to 0x18000 RW-\n"
                             "process 0x3000010000 to 0x3000020000 RW-\n"
                             "process 0x3040000000 to 0x3040040000 RW-\n"
                             "process 0x3080000000 to 0x3080004000 R--\n"
                             "process 0x3080010000 to 0x3080021000 R--\n"
                             "process 0x3080030000 to 0x3080033000 RW-\n"
                             "process 0x30e0000000 to 0x30e0001000 RW-\n"
                             "process 0x3700000000 to 0x3700006000 RW-\n"
                             "process 0x3700800000 to 0x3700806000 RW-\n"
                             "process 0x3701000000 to 0x3701006000 RW-\n"
                             "process 0x10000 to 0x12000 R-X\n"
                             "process 0x13000 to 0x14000 R--\n"
                             "process 0x14000 to 0x18000 RW-\n"
                             "process 0x3000010000 to 0x3000020000 RW-\n"
                             "process 0x3040000000 to 0x3040040000 RW-\n"
                             "process 0x3080000000 to 0x3080004000 R--\n"
                             "process 0x3080010000 to 0x3080019000 R--\n"
                             "process 0x3080030000 to 0x3080032000 RW-\n"
                             "process 0x30c0000000 to 0x30c0006000 RW-\n"
                             "process 0x30e0000000 to 0x30e0003000 RW-\n"
                             "process 0x3100000000 to 0x3100003000 RW-\n"
                             "process 0x3200000000 to 0x3200400000 RW-\n"
                             "process 0x3300000000 to 0x3300005000 RW-\n"
                             "process 0x3700000000 to 0x3700007000 RW-\n"
                             "process 0x3700007000 to 0x3700008000 R--\n"
                             "process 0x3700800000 to 0x3700807000 RW-\n"
                             "process 0x3700807000 to 0x3700808000 R--\n"
                             "process 0x10000 to 0x12000 R-X\n"
                             "process 0x13000 to 0x14000 R--\n"
                             "process 0x14000 to 0x18000 RW-\n"
                             "process 0x800000000 to 0x802000000 RW-\n"
                             "process 0x840000000 to 0x842000000 RW-\n"
                             "process 0x3000010000 to 0x3000020000 RW-\n"
                             "process 0x3040000000 to 0x3040040000 RW-\n"
                             "process 0x3080000000 to 0x3080004000 R--\n"
                             "process 0x3080010000 to 0x3080019000 R--\n"
                             "process 0x3080030000 to 0x3080032000 RW-\n"
                             "process 0x3700000000 to 0x3700006000 RW-\n"
                             "process 0x3700800000 to 0x3700806000 RW-\n"
                             "process 0x10000 to 0x12000 R-X\n"
                             "process 0x13000 to 0x14000 R--\n"
                             "process 0x14000 to 0x18000 RW-\n"
                             "process 0x3000010000 to 0x3000020000 RW-\n"
                             "process 0x3040000000 to 0x3040040000 RW-\n"
                             "process 0x3080000000 to 0x3080004000 R--\n"
                             "process 0x3080010000 to 0x3080011000 R--\n"
                             "process 0x3080030000 to 0x3080031000 RW-\n"
                             "process 0x30c0000000 to 0x30c0006000 RW-\n"
                             "process 0x30c0800000 to 0x30c0806000 RW-\n"
                             "process 0x30c0806000 to 0x30c0807000 R--\n"
                             "process 0x30c1000000 to 0x30c1006000 RW-\n"
                             "process 0x30d0000000 to 0x30d0040000 RW-\n"
                             "process 0x30d0100000 to 0x30d0101000 RW-\n"
                             "process 0x3100000000 to 0x3102000000 RW-\n"
                             "process 0x3800014000 to 0x3800714000 R--\n"
                             "process 0x3900115000 to 0x390015f000 R--\n"
                             "guest 0x80000000 to 0x82000000 RWX\n");
    sample_free(&sample);
}
END_TEST

/* Checks that all that the table names is there: memory mapped, slots filled. */
static void table_is_true(unsigned process, const struct start_table *table)
{
    struct start_entry entry;
    uint32_t cnode = model_index(&model, plan.process[process].cnode);

    for (uint32_t i = 0; start_table_at(table, i, &entry) == OK; i++) {
        uint64_t bytes = entry.kind == START_RING ? 128 : entry.bytes;
        bool is_mapped = entry.kind == START_MEMORY || entry.kind == START_RING ||
                         (entry.kind == START_CONNECTION && entry.address != 0);
        for (uint64_t at = 0; is_mapped && at < bytes; at += 4096)
            model_require(mapped(vspace_of(process), entry.address + at) != NULL);
        if (entry.kind == START_RING)
            ck_assert_ptr_nonnull(mapped(
                vspace_of(process), entry.value + (entry.bytes >> 32) * (uint32_t)entry.bytes - 1));
        if (entry.kind == START_SLOT || entry.kind == START_IRQ || entry.kind == START_CONNECTION)
            ck_assert_uint_ne(model.object[cnode].cap[entry.slot].object, 0);
    }
    ck_assert_uint_gt(table->entry_count, 4);
}

static _Alignas(8) uint8_t record[2][PROCESS_START_MAX];

static void record_of(unsigned process, unsigned n, struct start_table *table)
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
    make(2, 32 * MIB, 512 * MIB);
    plan_it();
    run_it();
    for (unsigned i = 0; i < 3; i++) {
        record_of(i, 0, &table);
        table_is_true(i, &table);
    }
    record_of(vmm(0), 0, &table);
    record_of(vmm(1), 1, &other);
    table_is_true(vmm(0), &table);
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
    record_of(0, 0, &table);
    ck_assert_int_eq(start_table_number(&table, "device.uart.reg-shift", &number), OK);
    ck_assert_uint_eq(number, 2);
    ck_assert_int_eq(start_table_number(&table, "device.uart.reg-io-width", &number),
                     ERR_NOT_FOUND);
    ck_assert_int_eq(start_table_find(&table, START_IRQ, "device.uart.irq.0", &entry), OK);
    ck_assert_uint_eq(entry.value, PROCESS_BIT_IRQ(0));
    record_of(1, 0, &table);
    ck_assert_int_eq(start_table_find(&table, START_MEMORY, "memory.queues", &entry), OK);
    ck_assert_uint_eq(entry.value, mapped(vspace_of(1), entry.address)->physical);
    release();
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
        make(1, 32 * MIB, 512 * MIB);
        sample.boot.features = features[_i];
        sample.system.guest[0].satp_mode = SYSTEM_SATP_SV39 + wanted;
        plan_it();
        record_of(vmm(0), 0, &table);
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
    make(1, 32 * MIB, 512 * MIB);
    sample.system.service[1].threads = 8;
    plan_it();
    run_it();
    record_of(0, 0, &table);
    ck_assert_int_eq(start_table_find(&table, START_THREAD, "thread.0", &entry), ERR_NOT_FOUND);
    record_of(1, 0, &table);
    table_is_true(1, &table);
    ck_assert_uint_eq(plan.process[1].thread_count, 8);
    const struct model_object *cnode = model_at(&model, plan.process[1].cnode);
    for (unsigned i = 0; i < 8; i++) {
        char name[16];
        snprintf(name, sizeof name, "thread.%u", i);
        ck_assert_int_eq(start_table_find(&table, START_THREAD, name, &entry), OK);
        ck_assert_ptr_nonnull(mapped(vspace_of(1), entry.address - 1));
        ck_assert_ptr_nonnull(mapped(vspace_of(1), entry.address - entry.bytes));
        ck_assert_ptr_null(mapped(vspace_of(1), entry.address));
        ck_assert_ptr_null(mapped(vspace_of(1), entry.address - entry.bytes - 1));
        const struct model_object *thread = model_at(&model, plan.process[1].thread[i]);
        ck_assert_uint_eq(thread->bound, cnode->cap[entry.value].object);
        ck_assert_uint_eq(cnode->cap[entry.slot].badge, 1);
        ck_assert_uint_eq(model.object[cnode->cap[entry.slot].object - 1].bound, 0);
    }
    release();
}
END_TEST

START_TEST(test_plan_regions_are_what_the_recipe_says)
{
    /* "map": the guest's whole RAM is mapped for the service, at the same memory.  "dma": none of
     * it is, but one page that the service only reads.  Only the service writes the info page. */
    make(2, 34 * MIB, 512 * MIB);
    plan_it();
    run_it();
    for (unsigned g = 0; g < 2; g++) {
        const struct plan_connection *dma = &plan.connection[1 + 3 * g + 1];
        const struct plan_connection *map = &plan.connection[1 + 3 * g + 2];
        ck_assert_uint_eq(map->region[0].bytes, 34 * MIB);
        ck_assert_uint_eq(map->region[0].client_offset, GUEST_RAM_GPA);
        for (uint64_t at = 0; at < 34 * MIB; at += 2 * MIB) {
            const struct model_mapping *x = mapped(gspace_of(g), GUEST_RAM_GPA + at);
            const struct model_mapping *y = mapped(vspace_of(2), map->region[0].address + at);
            ck_assert_ptr_nonnull(y);
            ck_assert_uint_eq(x->physical - x->address + GUEST_RAM_GPA,
                              y->physical - y->address + map->region[0].address);
        }
        ck_assert_uint_eq(mapped(vspace_of(1), dma->region[0].address)->rights, RIGHT_READ);
        for (unsigned i = 0; i < model.mapping_count; i++) {
            const struct model_mapping *m = &model.mapping[i];
            if (m->space != vspace_of(1) + 1)
                continue;
            const struct model_mapping *x;
            for (uint64_t at = 0; at < 34 * MIB; at += x->bytes) {
                x = mapped(gspace_of(g), GUEST_RAM_GPA + at);
                model_require(m->physical + m->bytes <= x->physical ||
                              x->physical + x->bytes <= m->physical);
            }
        }
        uint64_t info = system_client_info(&sample.system.service[1].client);
        ck_assert_uint_eq(mapped(vspace_of(vmm(g)), dma->side[0].address + info)->rights,
                          RIGHT_READ);
        ck_assert_uint_eq(mapped(vspace_of(1), dma->side[1].address + info)->rights,
                          RIGHT_READ | RIGHT_WRITE);
    }
    release();
}
END_TEST

/* Checks that guest 0 is refused with a text with `what`, and that the others' plan runs. */
static void refused(const char *what)
{
    plan_it();
    ck_assert(plan.part[plan_part_process(vmm(0))].state == PLAN_PART_NONE);
    ck_assert_msg(strstr(sample_refused[vmm(0)].text, what) != NULL, "%s",
                  sample_refused[vmm(0)].text);
    for (unsigned i = 1; i < sample.system.guest_count; i++)
        ck_assert_msg(has_guest(i), "%s", sample_refused[vmm(i)].text);
    run_it();
    release();
}

START_TEST(test_plan_missing_kernel_refused_by_name)
{
    /* A kernel that is missing in the archive stops its own guest alone; the text has the path. */
    make(3, 32 * MIB, 512 * MIB);
    strcpy(sample.system.guest[0].kernel, "guests/g0/kernex");
    refused("guests/g0/kernex is not in the boot archive");
}
END_TEST

START_TEST(test_plan_missing_initrd_refused_by_name)
{
    /* A missing initrd stops its own guest alone. */
    make(2, 32 * MIB, 512 * MIB);
    strcpy(sample.system.guest[0].initrd, "nowhere");
    refused("nowhere is not in the boot archive");
}
END_TEST

START_TEST(test_plan_missing_vmm_refused_by_name)
{
    /* A missing VMM program stops its own guest alone. */
    make(2, 32 * MIB, 512 * MIB);
    strcpy(sample.system.guest[0].vmm, "nowhere");
    refused("nowhere is not in the boot archive");
}
END_TEST

START_TEST(test_plan_vmm_that_is_no_program_refused)
{
    /* A file that is no ELF program is not started. */
    make(2, 32 * MIB, 512 * MIB);
    strcpy(sample.system.guest[0].vmm, "guests/g0/initrd");
    refused("not one Warren can start");
}
END_TEST

START_TEST(test_plan_kernel_that_is_no_image_refused)
{
    /* A kernel without the Image header is refused. */
    make(1, 32 * MIB, 512 * MIB);
    sample.archive[sample_file(&sample, "guests/g0/kernel") + 56] = 'X';
    refused("not a RISC-V Linux Image");
}
END_TEST

START_TEST(test_plan_guest_larger_than_memory_refused)
{
    /* A guest that does not fit is refused with both sizes; a later one that fits is planned. */
    make(2, 400 * MIB, 600 * MIB);
    sample.system.guest[0].memory_bytes = 800 * MIB;
    plan_it();
    ck_assert(strstr(sample_refused[vmm(0)].text, "its 800 MiB of memory do not fit") != NULL);
    ck_assert(has_guest(1));
    run_it();
    release();
}
END_TEST

START_TEST(test_plan_kernel_larger_than_guest_refused)
{
    /* A kernel whose image does not fit in its guest's memory is refused. */
    make(1, 16 * MIB, 512 * MIB);
    uint64_t size = 15 * MIB;
    memcpy(sample.archive + sample_file(&sample, "guests/g0/kernel") + 16, &size, 8);
    refused("does not fit in its 16 MiB of memory");
}
END_TEST

START_TEST(test_plan_bad_guest_keeps_its_reason)
{
    /* The text about a refused guest is the parser's problem. */
    make(2, 32 * MIB, 512 * MIB);
    sample.system.guest[0].is_bad = true;
    strcpy(sample.system.guest[0].problem.text, "a reason");
    refused("a reason");
}
END_TEST

START_TEST(test_plan_service_without_its_device_refused)
{
    /* A machine without a device that fits stops that service alone; `optional`: not even it. */
    make(1, 32 * MIB, 512 * MIB);
    strcpy(sample.system.service[1].device[0].match[1], "absent");
    plan_it();
    ck_assert(strstr(sample_refused[1].text, "no free device for its disk") != NULL);
    ck_assert(plan.part[plan_part_process(0)].state == PLAN_PART_PLANNED);
    ck_assert(plan.part[plan_part_process(2)].state == PLAN_PART_PLANNED);
    sample.system.service[1].device[0].is_optional = true;
    plan_it();
    ck_assert(plan.part[plan_part_process(1)].state == PLAN_PART_PLANNED);
    ck_assert(!plan.instance[1].device[0].is_there);
    run_it();
    release();
}
END_TEST

START_TEST(test_plan_device_is_given_once)
{
    /* Two services that match the same kind of device get different ones, the device of /chosen
     * first; a third gets none. */
    make(1, 32 * MIB, 512 * MIB);
    for (unsigned i = 1; i < 3; i++) {
        sample.system.service[i].device_count = 1;
        sample.system.service[i].device[0] = sample.system.service[0].device[0];
    }
    plan_it();
    ck_assert_uint_eq(plan.instance[0].device[0].found.address, 0x10001000);
    ck_assert_uint_eq(plan.instance[1].device[0].found.address, 0x10000000);
    ck_assert_uint_eq(plan.instance[0].device[0].found.irq[0], 11);
    ck_assert(strstr(sample_refused[2].text, "no free device for its uart") != NULL);
    run_it();
    release();
}
END_TEST

START_TEST(test_plan_connection_without_service_refused)
{
    /* A guest whose connection names a service that does not run is refused, with file and line. */
    make(2, 32 * MIB, 512 * MIB);
    sample.system.connection[2].service = SYSTEM_SERVICES_MAX;
    refused("g0.toml:2: its disk needs the service disk, which does not run");
}
END_TEST

START_TEST(test_plan_one_connection_too_many_refused)
{
    /* A service takes as many connections as its manifest says. */
    make(2, 32 * MIB, 512 * MIB);
    sample.system.service[2].client.most = 1;
    plan_it();
    ck_assert(plan.part[plan_part_side(3, PLAN_SIDE_CLIENT)].state == PLAN_PART_PLANNED);
    ck_assert(plan.part[plan_part_connection(6)].state == PLAN_PART_NONE);
    ck_assert(strstr(sample_last.text, "takes 1 connections") != NULL);
    run_it();
    release();
}
END_TEST

START_TEST(test_plan_root_needs_no_archive)
{
    /* The registers that end the machine are planned and mapped from bootinfo and the machine's
       tree alone, within their slots. */
    struct problem problem;
    make(1, 32 * MIB, 512 * MIB);
    sample.in.archive = NULL;
    sample.in.archive_map = NULL;
    sample.in.system = NULL;
    ck_assert_int_eq(plan_root(&sample.in, &plan, &problem), OK);
    for (uint32_t i = SAMPLE_ARCHIVE_FIRST; i < SLOTS_MAX; i++)
        model_require(plan.memory.slots.owner[i] == SLOTS_FREE);
    ck_assert_uint_ne(plan.finisher, 0);
    bool is_mapped = false;
    for (unsigned i = 0; i < plan.action_count; i++)
        is_mapped |= plan.action[i].kind == PLAN_MAP && plan.action[i].slot == plan.finisher &&
                     plan.action[i].value == LAYOUT_ROOT_DEVICE;
    ck_assert(is_mapped);
    sample_free(&sample);
}
END_TEST

START_TEST(test_plan_tiny_machine_refused)
{
    /* If not even the root server's own objects fit, planning fails with a text. */
    struct problem problem;
    make(1, 32 * MIB, 8192);
    ck_assert_int_eq(sample_plan(&sample, &plan, &problem), ERR_NO_MEMORY);
    ck_assert(strstr(problem.text, "no memory") != NULL);
    sample_free(&sample);
}
END_TEST

START_TEST(test_plan_respects_what_is_used_already)
{
    /* Memory that the kernel has already used is not planned. */
    static uint64_t used[BOOT_UNTYPED_MAX];
    make(1, 256 * MIB, 511 * MIB);
    sample.in.used = used;
    for (unsigned i = 0; i < sample.boot.untyped_count; i++) {
        if (sample.boot.untyped[i].size_bits == 28)
            used[i] = 4096;
    }
    plan_it();
    ck_assert(has_guest(0));
    run_it();
    release();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rootserver-plan");
    TCase *tc = tcase_create("plan");
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, test_plan_any_shape_is_one_the_kernel_carries_out, 0,
                        sizeof shapes / sizeof shapes[0]);
    tcase_add_test(tc, test_plan_guest_ram_is_whole_in_both_spaces);
    tcase_add_test(tc, test_plan_files_are_mapped_whole_and_alone);
    tcase_add_test(tc, test_plan_threads_have_stacks_and_notifications);
    tcase_add_test(tc, test_plan_regions_are_what_the_recipe_says);
    tcase_add_test(tc, test_plan_stack_has_guard_pages);
    tcase_add_test(tc, test_plan_capabilities_are_the_golden_list);
    tcase_add_test(tc, test_plan_mappings_are_the_golden_list);
    tcase_add_test(tc, test_record_tells_process_what_is_mapped);
    tcase_add_loop_test(tc, test_record_names_the_mmu_mode_asked_for_or_the_best_there_is, 0, 3);
    tcase_add_test(tc, test_plan_missing_kernel_refused_by_name);
    tcase_add_test(tc, test_plan_missing_initrd_refused_by_name);
    tcase_add_test(tc, test_plan_missing_vmm_refused_by_name);
    tcase_add_test(tc, test_plan_vmm_that_is_no_program_refused);
    tcase_add_test(tc, test_plan_kernel_that_is_no_image_refused);
    tcase_add_test(tc, test_plan_guest_larger_than_memory_refused);
    tcase_add_test(tc, test_plan_kernel_larger_than_guest_refused);
    tcase_add_test(tc, test_plan_bad_guest_keeps_its_reason);
    tcase_add_test(tc, test_plan_service_without_its_device_refused);
    tcase_add_test(tc, test_plan_device_is_given_once);
    tcase_add_test(tc, test_plan_connection_without_service_refused);
    tcase_add_test(tc, test_plan_one_connection_too_many_refused);
    tcase_add_test(tc, test_plan_root_needs_no_archive);
    tcase_add_test(tc, test_plan_tiny_machine_refused);
    tcase_add_test(tc, test_plan_respects_what_is_used_already);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
