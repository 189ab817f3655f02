/* SPDX-License-Identifier: BSD-2-Clause */
/* What cannot be planned is refused by name, and leaves the rest. */
#include "planned.h"

#include <string.h>

/* Checks that guest 0 is refused with a text with `what`, and that the others' plan runs. */
static void refused_check(const char *what)
{
    planned_plan();
    ck_assert(plan.part[plan_part_process(planned_vmm(0))].state == PLAN_PART_NONE);
    ck_assert_msg(strstr(sample_refused[planned_vmm(0)].text, what) != NULL, "%s",
                  sample_refused[planned_vmm(0)].text);
    for (unsigned i = 1; i < sample.system.guest_count; i++)
        ck_assert_msg(planned_has_guest(i), "%s", sample_refused[planned_vmm(i)].text);
    planned_run();
    planned_release();
}

START_TEST(test_plan_missing_kernel_refused_by_name)
{
    /* A kernel that is missing in the archive stops its own guest alone; the text has the path. */
    planned_make(3, 32 * MIB, 512 * MIB);
    strcpy(sample.system.guest[0].kernel, "guests/g0/kernex");
    refused_check("guests/g0/kernex is not in the boot archive");
}
END_TEST

START_TEST(test_plan_missing_initrd_refused_by_name)
{
    /* A missing initrd stops its own guest alone. */
    planned_make(2, 32 * MIB, 512 * MIB);
    strcpy(sample.system.guest[0].initrd, "nowhere");
    refused_check("nowhere is not in the boot archive");
}
END_TEST

START_TEST(test_plan_missing_vmm_refused_by_name)
{
    /* A missing VMM program stops its own guest alone. */
    planned_make(2, 32 * MIB, 512 * MIB);
    strcpy(sample.system.guest[0].vmm, "nowhere");
    refused_check("nowhere is not in the boot archive");
}
END_TEST

START_TEST(test_plan_vmm_that_is_no_program_refused)
{
    /* A file that is no ELF program is not started. */
    planned_make(2, 32 * MIB, 512 * MIB);
    strcpy(sample.system.guest[0].vmm, "guests/g0/initrd");
    refused_check("not one Warren can start");
}
END_TEST

START_TEST(test_plan_kernel_that_is_no_image_refused)
{
    /* A kernel without the Image header is refused. */
    planned_make(1, 32 * MIB, 512 * MIB);
    sample.archive[sample_file(&sample, "guests/g0/kernel") + 56] = 'X';
    refused_check("not a RISC-V Linux Image");
}
END_TEST

START_TEST(test_plan_guest_larger_than_memory_refused)
{
    /* A guest that does not fit is refused with both sizes; a later one that fits is planned. */
    planned_make(2, 400 * MIB, 600 * MIB);
    sample.system.guest[0].memory_bytes = 800 * MIB;
    planned_plan();
    ck_assert(strstr(sample_refused[planned_vmm(0)].text, "its 800 MiB of memory do not fit") !=
              NULL);
    ck_assert(planned_has_guest(1));
    planned_run();
    planned_release();
}
END_TEST

START_TEST(test_plan_kernel_larger_than_guest_refused)
{
    /* A kernel whose image does not fit in its guest's memory is refused. */
    planned_make(1, 16 * MIB, 512 * MIB);
    uint64_t size = 15 * MIB;
    memcpy(sample.archive + sample_file(&sample, "guests/g0/kernel") + 16, &size, 8);
    refused_check("does not fit in its 16 MiB of memory");
}
END_TEST

START_TEST(test_plan_bad_guest_keeps_its_reason)
{
    /* The text about a refused guest is the parser's problem. */
    planned_make(2, 32 * MIB, 512 * MIB);
    sample.system.guest[0].is_bad = true;
    strcpy(sample.system.guest[0].problem.text, "a reason");
    refused_check("a reason");
}
END_TEST

START_TEST(test_plan_service_without_its_device_refused)
{
    /* A machine without a device that fits stops that service alone; `optional`: not even it. */
    planned_make(1, 32 * MIB, 512 * MIB);
    strcpy(sample.system.service[1].device[0].match[1], "absent");
    planned_plan();
    ck_assert(strstr(sample_refused[1].text, "no free device for its disk") != NULL);
    ck_assert(plan.part[plan_part_process(0)].state == PLAN_PART_PLANNED);
    ck_assert(plan.part[plan_part_process(2)].state == PLAN_PART_PLANNED);
    sample.system.service[1].device[0].is_optional = true;
    planned_plan();
    ck_assert(plan.part[plan_part_process(1)].state == PLAN_PART_PLANNED);
    ck_assert(!plan.instance[1].device[0].is_there);
    planned_run();
    planned_release();
}
END_TEST

START_TEST(test_plan_device_is_given_once)
{
    /* Two services that match the same kind of device get different ones, the device of /chosen
     * first; a third gets none. */
    planned_make(1, 32 * MIB, 512 * MIB);
    for (unsigned i = 1; i < 3; i++) {
        sample.system.service[i].device_count = 1;
        sample.system.service[i].device[0] = sample.system.service[0].device[0];
    }
    planned_plan();
    ck_assert_uint_eq(plan.instance[0].device[0].found.address, 0x10001000);
    ck_assert_uint_eq(plan.instance[1].device[0].found.address, 0x10000000);
    ck_assert_uint_eq(plan.instance[0].device[0].found.irq[0], 11);
    ck_assert(strstr(sample_refused[2].text, "no free device for its uart") != NULL);
    planned_run();
    planned_release();
}
END_TEST

START_TEST(test_plan_connection_without_service_refused)
{
    /* A guest whose connection names a service that does not run is refused, with file and line. */
    planned_make(2, 32 * MIB, 512 * MIB);
    sample.system.connection[2].service = SYSTEM_SERVICES_MAX;
    refused_check("g0.toml:2: its disk needs the service disk, which does not run");
}
END_TEST

START_TEST(test_plan_one_connection_too_many_refused)
{
    /* A service takes as many connections as its manifest says. */
    planned_make(2, 32 * MIB, 512 * MIB);
    sample.system.service[2].client.most = 1;
    planned_plan();
    ck_assert(plan.part[plan_part_side(3, PLAN_SIDE_CLIENT)].state == PLAN_PART_PLANNED);
    ck_assert(plan.part[plan_part_connection(6)].state == PLAN_PART_NONE);
    ck_assert(strstr(sample_last.text, "takes 1 connections") != NULL);
    planned_run();
    planned_release();
}
END_TEST

START_TEST(test_plan_root_needs_no_archive)
{
    /* The registers that end the machine are planned and mapped from bootinfo and the machine's
       tree alone, within their slots. */
    struct problem problem;
    planned_make(1, 32 * MIB, 512 * MIB);
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
    planned_make(1, 32 * MIB, 8192);
    ck_assert_int_eq(sample_plan(&sample, &plan, &problem), ERR_NO_MEMORY);
    ck_assert(strstr(problem.text, "no memory") != NULL);
    sample_free(&sample);
}
END_TEST

START_TEST(test_plan_respects_what_is_used_already)
{
    /* Memory that the kernel has already used is not planned. */
    static uint64_t used[BOOT_UNTYPED_MAX];
    planned_make(1, 256 * MIB, 511 * MIB);
    sample.in.used = used;
    for (unsigned i = 0; i < sample.boot.untyped_count; i++) {
        if (sample.boot.untyped[i].size_bits == 28)
            used[i] = 4096;
    }
    planned_plan();
    ck_assert(planned_has_guest(0));
    planned_run();
    planned_release();
}
END_TEST

void plan_refused_cases(TCase *tc)
{
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
}
