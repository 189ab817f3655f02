/* SPDX-License-Identifier: BSD-2-Clause */
/* rootserver/plan: plans that the kernel can carry out, and systems that are refused. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include <proto/console.h>
#include <proto/vmm_start.h>
#include <rootserver/exec/record.h>

#include "model.h"
#include "sample.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

static struct sample sample;
static struct plan plan;
static struct model model;

static void make(unsigned guests, uint64_t memory, uint64_t ram)
{
    sample_make(&sample, guests, memory, ram);
}

static void plan_it(void)
{
    struct problem problem;
    ck_assert_int_eq(sample_plan(&sample, &plan, &problem), OK);
}

static void run_it(void)
{
    model_make(&model, &sample.in);
    model_run(&model, &plan);
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

static uint32_t gspace_of(unsigned process)
{
    for (unsigned i = 0; i < plan.action_count; i++) {
        const struct plan_action *a = &plan.action[i];
        if (a->kind == PLAN_BIND_VCPU && a->process == process)
            return model_index(&model, a->index);
    }
    ck_abort_msg("no vCPU is bound");
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
    for (unsigned i = 0; i < shape->guests; i++)
        ck_assert_msg(plan.guest[i].is_planned, "%s", plan.guest[i].problem.text);
    ck_assert(plan.has_console);
    run_it();
    for (unsigned i = 0; i < plan.process_count; i++)
        ck_assert(model_at(&model, plan.process[i].thread)->is_running);
    for (unsigned i = 0; i < 2 * PLAN_SCRATCH; i++)
        ck_assert_uint_eq(model.cap[plan.scratch_a + i].object, 0);
    release();
}
END_TEST

START_TEST(test_plan_guest_ram_is_whole_in_both_spaces)
{
    /* All RAM is mapped for guest and VMM, to the same memory, in large frames. */
    make(2, 90 * MIB, 512 * MIB);
    plan_it();
    run_it();
    for (unsigned p = 1; p < plan.process_count; p++) {
        for (uint64_t at = 0; at < 90 * MIB; at += 64 * 4096) {
            const struct model_mapping *g = mapped(gspace_of(p), GUEST_RAM_GPA + at);
            const struct model_mapping *v = mapped(vspace_of(p), plan.process[p].ram_address + at);
            ck_assert(g != NULL && v != NULL);
            ck_assert_uint_ge(g->bytes, 2 * MIB);
            ck_assert_uint_eq(g->rights, RIGHT_READ | RIGHT_WRITE | RIGHT_EXEC);
            ck_assert_uint_eq(v->rights, RIGHT_READ | RIGHT_WRITE);
            ck_assert_uint_eq(g->physical - g->address + GUEST_RAM_GPA,
                              v->physical - v->address + plan.process[p].ram_address);
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
    const struct plan_process *p = &plan.process[1];
    size_t kernel = sample_file(&sample, "guests/g0/kernel");
    size_t initrd = sample_file(&sample, "guests/g0/initrd");
    for (uint64_t at = 0; at < p->kernel_bytes; at += 4096) {
        const struct model_mapping *m = mapped(vspace_of(1), p->kernel_address + at);
        ck_assert_ptr_nonnull(m);
        ck_assert_uint_eq(m->rights, RIGHT_READ);
        ck_assert_uint_eq(m->physical + (p->kernel_address + at - m->address),
                          SAMPLE_ARCHIVE_AT + kernel + at);
    }
    uint64_t archive_bytes = 0, big = 0;
    for (unsigned i = 0; i < model.mapping_count; i++) {
        const struct model_mapping *m = &model.mapping[i];
        if (m->space != vspace_of(1) || m->physical < SAMPLE_ARCHIVE_AT ||
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

START_TEST(test_plan_processes_share_what_the_protocol_says)
{
    /* Two processes share memory only if it is the region of one with the console, or a file of
     * the archive that both read. */
    make(3, 32 * MIB, 512 * MIB);
    plan_it();
    run_it();
    for (unsigned a = 0; a < model.mapping_count; a++) {
        for (unsigned b = a + 1; b < model.mapping_count; b++) {
            const struct model_mapping *x = &model.mapping[a], *y = &model.mapping[b];
            if (x->space == y->space || x->physical + x->bytes <= y->physical ||
                y->physical + y->bytes <= x->physical)
                continue;
            bool same_guest = false, console = x->space == vspace_of(0) || y->space == vspace_of(0);
            for (unsigned p = 1; p < plan.process_count; p++)
                same_guest |= (x->space == vspace_of(p) && y->space == gspace_of(p)) ||
                              (y->space == vspace_of(p) && x->space == gspace_of(p));
            bool root = x->space == model_index(&model, BOOT_SLOT_VSPACE) ||
                        y->space == model_index(&model, BOOT_SLOT_VSPACE);
            bool read_only = ((x->rights | y->rights) & (RIGHT_WRITE | RIGHT_EXEC)) == 0;
            if (!same_guest && !read_only && !(console && root) &&
                !(console && x->bytes == 4096 && y->bytes == 4096))
                ck_abort_msg("%#llx is shared", (unsigned long long)x->physical);
        }
    }
    release();
}
END_TEST

START_TEST(test_plan_stack_has_guard_pages)
{
    /* The pages below and above each stack are unmapped. */
    make(1, 32 * MIB, 512 * MIB);
    plan_it();
    run_it();
    for (unsigned p = 0; p < plan.process_count; p++) {
        ck_assert_ptr_nonnull(mapped(vspace_of(p), LAYOUT_STACK));
        ck_assert_ptr_null(mapped(vspace_of(p), LAYOUT_STACK - 1));
        ck_assert_ptr_null(mapped(vspace_of(p), LAYOUT_STACK + LAYOUT_STACK_PAGES * 4096));
    }
    release();
}
END_TEST

START_TEST(test_plan_recovery_range_is_that_of_the_program)
{
    /* The VSpace of each process gets the range and the exit that the note of its program names. */
    make(2, 32 * MIB, 512 * MIB);
    plan_it();
    run_it();
    for (unsigned p = 0; p < plan.process_count; p++) {
        const struct model_object *space = model_at(&model, plan.process[p].vspace);
        ck_assert_uint_eq(space->recover_start, SAMPLE_RECOVERY_START);
        ck_assert_uint_eq(space->recover_bytes, SAMPLE_RECOVERY_BYTES);
        ck_assert_uint_eq(space->recover_exit, SAMPLE_RECOVERY_EXIT);
    }
    release();
}
END_TEST

static char listed[2000];

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
    plan_list_caps(&plan, 0, add_line, NULL);
    ck_assert_str_eq(listed, " 1 Endpoint     -W--- badge 0x1\n"
                             " 2 Notification R----\n"
                             " 3 Irq          -W---\n"
                             " 4 Notification -W--- badge 0x1\n"
                             " 8 Notification -W--- badge 0x1\n"
                             " 9 Notification -W--- badge 0x1\n");
    listed[0] = 0;
    plan_list_caps(&plan, 2, add_line, NULL);
    ck_assert_str_eq(listed, " 1 Endpoint     -W--- badge 0x3\n"
                             " 2 Notification R----\n"
                             " 3 VCpu         RWX--\n"
                             " 4 Notification -W--- badge 0x200\n");
    sample_free(&sample);
}
END_TEST

START_TEST(test_plan_mappings_are_the_golden_list)
{
    /* Processes and guests have exactly the mappings of the golden file. */
    make(2, 32 * MIB, 512 * MIB);
    plan_it();
    listed[0] = 0;
    plan_list_maps(&plan, 0, add_line, NULL);
    ck_assert_str_eq(listed, "process 0x10000 to 0x12000 R-X\n"
                             "process 0x13000 to 0x14000 R--\n"
                             "process 0x14000 to 0x18000 RW-\n"
                             "process 0x3000010000 to 0x3000020000 RW-\n"
                             "process 0x3040000000 to 0x3040040000 RW-\n"
                             "process 0x3080000000 to 0x3080001000 R--\n"
                             "process 0x30c0000000 to 0x30c0006000 RW-\n"
                             "process 0x30c0010000 to 0x30c0016000 RW-\n"
                             "process 0x30c0100000 to 0x30c010a000 RW-\n"
                             "process 0x30c0600000 to 0x30c0601000 RW-\n");
    listed[0] = 0;
    plan_list_maps(&plan, 2, add_line, NULL);
    ck_assert_str_eq(listed, "process 0x10000 to 0x12000 R-X\n"
                             "process 0x13000 to 0x14000 R--\n"
                             "process 0x14000 to 0x18000 RW-\n"
                             "process 0x3000010000 to 0x3000020000 RW-\n"
                             "process 0x3040000000 to 0x3040040000 RW-\n"
                             "process 0x3080000000 to 0x3080001000 R--\n"
                             "process 0x30c0010000 to 0x30c0016000 RW-\n"
                             "process 0x30c0200000 to 0x30c0240000 RW-\n"
                             "process 0x30c0400000 to 0x30c0401000 RW-\n"
                             "process 0x3100000000 to 0x3102000000 RW-\n"
                             "process 0x3800014000 to 0x3800714000 R--\n"
                             "process 0x3900115000 to 0x390015f000 R--\n"
                             "guest 0x80000000 to 0x82000000 RWX\n");
    sample_free(&sample);
}
END_TEST

START_TEST(test_record_tells_process_what_is_mapped)
{
    /* Every address in a VMM's start record is mapped, with its whole length; seeds differ. */
    static uint8_t page[RECORD_BYTES], other[RECORD_BYTES];
    struct record_common common = {.timebase_hz = 10000000, .realtime_ns = 5};
    struct random_source random;
    make(2, 32 * MIB, 512 * MIB);
    plan_it();
    run_it();
    random_init(&random, (const uint8_t *)"seed", 4, 1);
    record_make(&sample.in, &plan, 1, &common, &random, page);
    record_make(&sample.in, &plan, 2, &common, &random, other);
    struct process_start start;
    struct vmm_start vmm, vmm2;
    memcpy(&start, page, sizeof start);
    ck_assert_uint_eq(start.magic, PROCESS_START_MAGIC);
    ck_assert_str_eq(start.name, "vmm.g0");
    ck_assert_uint_eq(start.role_bytes, sizeof vmm);
    memcpy(&vmm, page + start.role_offset, sizeof vmm);
    memcpy(&vmm2, other + start.role_offset, sizeof vmm2);
    const uint64_t ranges[][2] = {
        {start.heap_address, start.heap_bytes},     {vmm.ram_address, vmm.ram_bytes},
        {vmm.arena_address, vmm.arena_bytes},       {vmm.state_address, 4096},
        {vmm.kernel_address, vmm.kernel_bytes},     {vmm.initrd_address, vmm.initrd_bytes},
        {vmm.console_address, CONSOLE_REGION_BYTES}};
    for (unsigned i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        ck_assert_uint_ne(ranges[i][1], 0);
        for (uint64_t at = 0; at < ranges[i][1]; at += 4096)
            ck_assert_ptr_nonnull(mapped(vspace_of(1), ranges[i][0] + at));
    }
    ck_assert(memcmp(vmm.guest_seed, vmm2.guest_seed, sizeof vmm.guest_seed) != 0);
    ck_assert(memcmp(page + offsetof(struct process_start, entropy),
                     other + offsetof(struct process_start, entropy), 32) != 0);
    release();
}
END_TEST

START_TEST(test_record_names_the_mmu_mode_asked_for_or_the_best_there_is)
{
    /* A guest gets the mode of its file if the machine has it; else the machine's best mode, with
     * a message. */
    static const uint64_t features[] = {0, BOOT_FEATURE_SV48,
                                        BOOT_FEATURE_SV48 | BOOT_FEATURE_SV57};
    static uint8_t page[RECORD_BYTES];
    struct record_common common = {.timebase_hz = 10000000};
    struct random_source random;
    struct vmm_start vmm;

    random_init(&random, (const uint8_t *)"seed", 4, 1);
    for (uint32_t wanted = 0; wanted < 3; wanted++) {
        make(1, 32 * MIB, 512 * MIB);
        sample.boot.features = features[_i];
        sample.system.guest[0].satp_mode = SYSTEM_SATP_SV39 + wanted;
        plan_it();
        record_make(&sample.in, &plan, 1, &common, &random, page);
        memcpy(&vmm, page + ((struct process_start *)page)->role_offset, sizeof vmm);
        uint32_t given = wanted <= (uint32_t)_i ? wanted : (uint32_t)_i;
        ck_assert_uint_eq(vmm.satp_mode, SYSTEM_SATP_SV39 + given);
        ck_assert_int_eq(plan.guest[0].note.text[0] != 0, given != wanted);
        release();
    }
    const char *told = _i == 1 ? "sv48, not sv57" : "sv39, not sv57";
    ck_assert(_i == 2 || strstr(plan.guest[0].note.text, told) != NULL);
}
END_TEST

/* Checks that guest 0 is refused with a text with `what`, and that the others' plan runs. */
static void refused(const char *what)
{
    plan_it();
    ck_assert(!plan.guest[0].is_planned);
    ck_assert_msg(strstr(plan.guest[0].problem.text, what) != NULL, "%s",
                  plan.guest[0].problem.text);
    for (unsigned i = 1; i < sample.system.guest_count; i++)
        ck_assert_msg(plan.guest[i].is_planned, "%s", plan.guest[i].problem.text);
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
    ck_assert(strstr(plan.guest[0].problem.text, "its 800 MiB of memory do not fit") != NULL);
    ck_assert(plan.guest[1].is_planned);
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

START_TEST(test_plan_without_uart_starts_guests_without_console)
{
    /* A machine without a usable UART has no console service, and its guests run. */
    make(1, 32 * MIB, 512 * MIB);
    sample.machine.uart.is_there = false;
    plan_it();
    ck_assert(!plan.has_console);
    ck_assert(plan.guest[0].is_planned);
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
    ck_assert_uint_le(plan.next_slot, SAMPLE_EMPTY_FIRST + PLAN_ROOT_SLOTS);
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
    for (unsigned i = 0; i < plan.action_count; i++)
        ck_assert(plan.action[i].kind != PLAN_RETYPE || plan.action[i].bits != 28);
    sample_free(&sample);
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
    tcase_add_test(tc, test_plan_processes_share_what_the_protocol_says);
    tcase_add_test(tc, test_plan_stack_has_guard_pages);
    tcase_add_test(tc, test_plan_recovery_range_is_that_of_the_program);
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
    tcase_add_test(tc, test_plan_without_uart_starts_guests_without_console);
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
