/* SPDX-License-Identifier: BSD-2-Clause */
/* What plans map, for guests and processes. */
#include "planned.h"

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
    planned_make(shape->guests, shape->memory, shape->ram);
    planned_plan();
    planned_run();
    for (unsigned i = 0; i < shape->guests; i++)
        ck_assert(plan.part[plan_part_process(planned_vmm(i))].state == PLAN_PART_MADE);
    for (unsigned i = 0; i < plan.connection_count; i++) {
        ck_assert(plan.part[plan_part_side(i, PLAN_SIDE_CLIENT)].state == PLAN_PART_MADE);
        ck_assert(plan.part[plan_part_side(i, PLAN_SIDE_SERVICE)].state == PLAN_PART_MADE);
    }
    for (unsigned i = 0; i < PLAN_SCRATCH; i++) {
        ck_assert_uint_eq(model_cap_at(&model, plan.scratch_a + i)->object, 0);
        ck_assert_uint_eq(model_cap_at(&model, plan.scratch_b + i)->object, 0);
    }
    planned_release();
}
END_TEST

START_TEST(test_plan_guest_ram_is_whole_in_both_spaces)
{
    /* All RAM is mapped for guest and VMM, to the same memory, in large frames. */
    planned_make(2, 90 * MIB, 512 * MIB);
    planned_plan();
    planned_run();
    for (unsigned p = 0; p < 2; p++) {
        for (uint64_t at = 0; at < 90 * MIB; at += 64 * 4096) {
            const struct model_mapping *g = planned_mapping(planned_gspace(p), GUEST_RAM_GPA + at);
            const struct model_mapping *v = planned_mapping(
                planned_vspace(planned_vmm(p)), plan.process[planned_vmm(p)].ram_address + at);
            ck_assert(g != NULL && v != NULL);
            ck_assert_uint_ge(g->bytes, 2 * MIB);
            ck_assert_uint_eq(g->rights, RIGHT_READ | RIGHT_WRITE | RIGHT_EXEC);
            ck_assert_uint_eq(v->rights, RIGHT_READ | RIGHT_WRITE);
            ck_assert_uint_eq(g->physical - g->address + GUEST_RAM_GPA,
                              v->physical - v->address + plan.process[planned_vmm(p)].ram_address);
        }
        ck_assert_ptr_null(planned_mapping(planned_gspace(p), GUEST_RAM_GPA + 90 * MIB));
        ck_assert_ptr_null(planned_mapping(planned_gspace(p), GUEST_RAM_GPA - 1));
    }
    planned_release();
}
END_TEST

START_TEST(test_plan_files_are_mapped_whole_and_alone)
{
    /* A VMM has its guest's files mapped read-only, and no other page of the archive. */
    planned_make(1, 64 * MIB, 512 * MIB);
    planned_plan();
    planned_run();
    const struct plan_process *p = &plan.process[planned_vmm(0)];
    size_t kernel = sample_file(&sample, "guests/g0/kernel");
    size_t initrd = sample_file(&sample, "guests/g0/initrd");
    for (uint64_t at = 0; at < p->kernel_bytes; at += 4096) {
        const struct model_mapping *m =
            planned_mapping(planned_vspace(planned_vmm(0)), p->kernel_address + at);
        ck_assert_ptr_nonnull(m);
        ck_assert_uint_eq(m->rights, RIGHT_READ);
        ck_assert_uint_eq(m->physical + (p->kernel_address + at - m->address),
                          SAMPLE_ARCHIVE_AT + kernel + at);
    }
    uint64_t archive_bytes = 0, big = 0;
    for (unsigned i = 0; i < model.mapping_count; i++) {
        const struct model_mapping *m = &model.mapping[i];
        if (m->space != planned_vspace(planned_vmm(0)) + 1 || m->physical < SAMPLE_ARCHIVE_AT ||
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
    planned_release();
}
END_TEST

START_TEST(test_plan_stack_has_guard_pages)
{
    /* The pages below and above each stack are unmapped. */
    planned_make(1, 32 * MIB, 512 * MIB);
    planned_plan();
    planned_run();
    for (unsigned i = 0; i < 4; i++) {
        unsigned p = i < 3 ? i : planned_vmm(0);
        ck_assert_ptr_nonnull(planned_mapping(planned_vspace(p), LAYOUT_STACK));
        ck_assert_ptr_null(planned_mapping(planned_vspace(p), LAYOUT_STACK - 1));
        ck_assert_ptr_null(
            planned_mapping(planned_vspace(p), LAYOUT_STACK + LAYOUT_STACK_PAGES * 4096));
    }
    planned_release();
}
END_TEST

START_TEST(test_plan_regions_are_what_the_recipe_says)
{
    /* "map": the guest's whole RAM is mapped for the service, at the same memory.  "dma": none of
     * it is, but one page that the service only reads.  Only the service writes the info page. */
    planned_make(2, 34 * MIB, 512 * MIB);
    planned_plan();
    planned_run();
    for (unsigned g = 0; g < 2; g++) {
        const struct plan_connection *dma = &plan.connection[1 + 3 * g + 1];
        const struct plan_connection *map = &plan.connection[1 + 3 * g + 2];
        ck_assert_uint_eq(map->region[0].bytes, 34 * MIB);
        ck_assert_uint_eq(map->region[0].client_offset, GUEST_RAM_GPA);
        for (uint64_t at = 0; at < 34 * MIB; at += 2 * MIB) {
            const struct model_mapping *x = planned_mapping(planned_gspace(g), GUEST_RAM_GPA + at);
            const struct model_mapping *y =
                planned_mapping(planned_vspace(2), map->region[0].address + at);
            ck_assert_ptr_nonnull(y);
            ck_assert_uint_eq(x->physical - x->address + GUEST_RAM_GPA,
                              y->physical - y->address + map->region[0].address);
        }
        ck_assert_uint_eq(planned_mapping(planned_vspace(1), dma->region[0].address)->rights,
                          RIGHT_READ);
        for (unsigned i = 0; i < model.mapping_count; i++) {
            const struct model_mapping *m = &model.mapping[i];
            if (m->space != planned_vspace(1) + 1)
                continue;
            const struct model_mapping *x;
            for (uint64_t at = 0; at < 34 * MIB; at += x->bytes) {
                x = planned_mapping(planned_gspace(g), GUEST_RAM_GPA + at);
                model_require(m->physical + m->bytes <= x->physical ||
                              x->physical + x->bytes <= m->physical);
            }
        }
        uint64_t info = system_client_info(&sample.system.service[1].client);
        ck_assert_uint_eq(
            planned_mapping(planned_vspace(planned_vmm(g)), dma->side[0].address + info)->rights,
            RIGHT_READ);
        ck_assert_uint_eq(planned_mapping(planned_vspace(1), dma->side[1].address + info)->rights,
                          RIGHT_READ | RIGHT_WRITE);
    }
    planned_release();
}
END_TEST

void plan_maps_cases(TCase *tc)
{
    tcase_add_loop_test(tc, test_plan_any_shape_is_one_the_kernel_carries_out, 0,
                        sizeof shapes / sizeof shapes[0]);
    tcase_add_test(tc, test_plan_guest_ram_is_whole_in_both_spaces);
    tcase_add_test(tc, test_plan_files_are_mapped_whole_and_alone);
    tcase_add_test(tc, test_plan_stack_has_guard_pages);
    tcase_add_test(tc, test_plan_regions_are_what_the_recipe_says);
}
