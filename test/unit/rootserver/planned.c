/* SPDX-License-Identifier: BSD-2-Clause */
#include "planned.h"

struct sample sample;
struct plan plan;
struct model model;
struct problem sample_last;

void planned_make(unsigned guests, uint64_t memory, uint64_t ram)
{
    sample_make(&sample, guests, memory, ram);
}

void planned_plan(void)
{
    ck_assert_int_eq(sample_plan(&sample, &plan, &sample_last), OK);
}

/* Sides come last. */
static bool planned_is_connected(unsigned part)
{
    return part >= PLAN_PART_SIDES;
}

/* Carries everything out. */
void planned_run(void)
{
    const struct archive_map *map = &sample.map;
    model_make(&model, &sample.in);
    for (unsigned i = 0; i < map->run_count; i++)
        model_retype(&model, map->run[i].untyped_slot, OBJ_FRAME, map->run[i].size_bits,
                     map->run[i].slot, map->run[i].count);
    for (unsigned i = 0; i < PLAN_PARTS; i++) {
        if (plan.part[i].state == PLAN_PART_PLANNED && !planned_is_connected(i))
            model_part(&model, &plan, i);
    }
    for (unsigned i = 0; i < PLAN_PARTS; i++) {
        if (plan.part[i].state == PLAN_PART_PLANNED)
            model_part(&model, &plan, i);
    }
}

void planned_release(void)
{
    model_free(&model);
    sample_free(&sample);
}

const struct model_mapping *planned_mapping(uint32_t space, uint64_t address)
{
    return model_mapped(&model, space, address);
}

uint32_t planned_vspace(unsigned process)
{
    return model_index(&model, plan.process[process].vspace);
}

unsigned planned_vmm(unsigned guest)
{
    return plan_process_of_guest(guest);
}

uint32_t planned_gspace(unsigned guest)
{
    return model_index(&model, plan.guest[guest].gspace);
}

bool planned_has_guest(unsigned guest)
{
    return plan.part[plan_part_guest(guest)].state != PLAN_PART_NONE;
}
