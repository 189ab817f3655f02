/* SPDX-License-Identifier: BSD-2-Clause */
/* The golden lists: what each process holds and can access. */
#include "planned.h"

#include <stdio.h>
#include <string.h>

static char listed[8000];

static void lists_line_add(void *context, const char *text)
{
    (void)context;
    size_t at = strlen(listed);
    snprintf(listed + at, sizeof listed - at, "%s\n", text);
}

START_TEST(test_plan_capabilities_are_the_golden_list)
{
    /* Each process holds exactly these capabilities: the list is repeated here on purpose. */
    planned_make(2, 32 * MIB, 512 * MIB);
    planned_plan();
    listed[0] = 0;
    for (unsigned i = 0; i < 3; i++)
        plan_list_caps(&plan, i, lists_line_add, NULL);
    plan_list_caps(&plan, planned_vmm(1), lists_line_add, NULL);
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
    planned_make(2, 32 * MIB, 512 * MIB);
    planned_plan();
    listed[0] = 0;
    for (unsigned i = 0; i < 3; i++)
        plan_list_maps(&plan, i, lists_line_add, NULL);
    plan_list_maps(&plan, planned_vmm(1), lists_line_add, NULL);
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

void plan_lists_cases(TCase *tc)
{
    tcase_add_test(tc, test_plan_capabilities_are_the_golden_list);
    tcase_add_test(tc, test_plan_mappings_are_the_golden_list);
}
