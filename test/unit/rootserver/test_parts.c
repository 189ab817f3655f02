/* SPDX-License-Identifier: BSD-2-Clause */
/* rootserver/plan: parts that are planned, made, cleared and undone, in any order. */
#include <stdlib.h>
#include <string.h>

#include <test/unit/run.h>

#include "model.h"
#include "sample.h"

#define MIB (UINT64_C(1) << 20)

static struct sample sample;
static struct plan plan;
static struct model model;

/* What must be the same before and after. */
struct amount {
    uint64_t memory;
    unsigned largest, slots, objects, caps, mappings, actions;
};

static struct amount amount(void)
{
    return (struct amount){memory_left(&plan.memory),
                           memory_largest(&plan.memory, 63),
                           slots_left(&plan.memory.slots),
                           model_objects(&model),
                           model_caps(&model),
                           model_mappings(&model),
                           plan.action_count};
}

static void same(struct amount a, struct amount b)
{
    model_require(a.memory == b.memory);
    model_require(a.largest == b.largest);
    model_require(a.slots == b.slots);
    model_require(a.objects == b.objects);
    model_require(a.caps == b.caps);
    model_require(a.mappings == b.mappings);
    model_require(a.actions == b.actions);
}

static void begin(unsigned guests, uint64_t memory, uint64_t ram)
{
    struct problem problem = {""};
    sample_make(&sample, guests, memory, ram);
    ck_assert_msg(sample_open(&sample, &plan, &problem) == OK, "%s", problem.text);
    model_make(&model, &sample.in);
    const struct archive_map *map = &sample.map;
    for (unsigned i = 0; i < map->run_count; i++)
        model_retype(&model, map->run[i].untyped_slot, OBJ_FRAME, map->run[i].size_bits,
                     map->run[i].slot, map->run[i].count);
    model_part(&model, &plan, PLAN_PART_ROOT_NUMBER);
}

static void end(void)
{
    model_free(&model);
    sample_free(&sample);
}

static void ok(enum err err, const struct problem *problem)
{
    if (err != OK)
        ck_abort_msg("%d: %s", (int)err, problem->text);
}

static void instance(unsigned i)
{
    struct problem problem = {""};
    ok(plan_instance(&sample.in, &plan, i, &problem), &problem);
    model_part(&model, &plan, plan_part_instance(i));
    ok(plan_process(&sample.in, &plan, plan_process_of_instance(i), &problem), &problem);
    model_part(&model, &plan, plan_part_process(plan_process_of_instance(i)));
}

static void connections(unsigned process)
{
    struct problem problem = {""};
    for (unsigned c = 0; c < plan.connection_count; c++) {
        if (plan.connection[c].client != process)
            continue;
        ok(plan_connection(&sample.in, &plan, c, &problem), &problem);
        model_part(&model, &plan, plan_part_connection(c));
        for (unsigned s = 0; s < 2; s++) {
            ok(plan_side(&sample.in, &plan, c, s, &problem), &problem);
            model_part(&model, &plan, plan_part_side(c, s));
        }
        ok(plan_region(&sample.in, &plan, c, &problem), &problem);
        model_part(&model, &plan, plan_part_region(c));
    }
}

static void guest(unsigned g)
{
    struct problem problem = {""};
    ok(plan_guest(&sample.in, &plan, g, &problem), &problem);
    model_part(&model, &plan, plan_part_guest(g));
    ok(plan_process(&sample.in, &plan, plan_process_of_guest(g), &problem), &problem);
    model_part(&model, &plan, plan_part_process(plan_process_of_guest(g)));
    connections(plan_process_of_guest(g));
}

static void guest_undo(unsigned g)
{
    for (unsigned c = 0; c < plan.connection_count; c++) {
        if (plan.connection[c].client != plan_process_of_guest(g))
            continue;
        model_undo(&model, &plan, plan_part_region(c));
        for (unsigned s = 0; s < 2; s++)
            model_undo(&model, &plan, plan_part_side(c, s));
        model_undo(&model, &plan, plan_part_connection(c));
    }
    model_undo(&model, &plan, plan_part_process(plan_process_of_guest(g)));
    model_undo(&model, &plan, plan_part_guest(g));
}

START_TEST(test_plan_guest_planned_and_undone_1000_times_loses_nothing)
{
    /* A guest with its VMM and connections, beside another guest: memory, slots, the largest piece
     * and the kernel's objects are the same after each of 1,000 times. */
    begin(2, 64 * MIB, 512 * MIB);
    for (unsigned i = 0; i < 3; i++)
        instance(i);
    guest(0);
    struct amount before = amount();
    for (unsigned i = 0; i < 1000; i++) {
        guest(1);
        guest_undo(1);
        same(amount(), before);
        model.trusts_addresses = true; /* the same each time */
    }
    end();
}
END_TEST

START_TEST(test_plan_everything_undone_restores_the_first_state)
{
    /* After the undo of all parts, the memory is in the pieces that it was in at first. */
    begin(3, 90 * MIB, 512 * MIB);
    struct amount before = amount();
    for (unsigned i = 0; i < 3; i++)
        instance(i);
    connections(1);
    for (unsigned g = 0; g < 3; g++)
        guest(g);
    for (unsigned g = 0; g < 3; g++)
        guest_undo(g);
    model_undo(&model, &plan, plan_part_region(0));
    for (unsigned s = 0; s < 2; s++)
        model_undo(&model, &plan, plan_part_side(0, s));
    model_undo(&model, &plan, plan_part_connection(0));
    for (unsigned i = 0; i < 3; i++) {
        model_undo(&model, &plan, plan_part_process(i));
        model_undo(&model, &plan, plan_part_instance(i));
    }
    same(amount(), before);
    end();
}
END_TEST

/* The kernel's objects that outlive a process, by their slots. */
static void restart(unsigned process)
{
    unsigned objects = model_objects(&model), mappings = model_mappings(&model);
    for (unsigned c = 0; c < plan.connection_count; c++) {
        for (unsigned s = 0; s < 2; s++) {
            unsigned owner =
                s == PLAN_SIDE_SERVICE ? plan.connection[c].instance : plan.connection[c].client;
            if (owner == process && plan.part[plan_part_side(c, s)].state == PLAN_PART_MADE)
                model_clear(&model, &plan, plan_part_side(c, s));
        }
        if (plan.connection[c].instance == process &&
            plan.part[plan_part_region(c)].state == PLAN_PART_MADE)
            model_clear(&model, &plan, plan_part_region(c));
    }
    model_clear(&model, &plan, plan_part_process(process));
    ck_assert_uint_lt(model_objects(&model), objects);
    model_part(&model, &plan, plan_part_process(process));
    for (unsigned c = 0; c < plan.connection_count; c++) {
        for (unsigned s = 0; s < 2; s++) {
            if (plan.part[plan_part_side(c, s)].state == PLAN_PART_PLANNED)
                model_part(&model, &plan, plan_part_side(c, s));
        }
        if (plan.part[plan_part_region(c)].state == PLAN_PART_PLANNED)
            model_part(&model, &plan, plan_part_region(c));
    }
    ck_assert_uint_eq(model_objects(&model), objects);
    ck_assert_uint_eq(model_mappings(&model), mappings);
}

START_TEST(test_plan_restart_touches_only_its_own_side)
{
    /* A process is cleared and made again: RAM, vCPU and wake Notification are the same objects,
     * and the peers' capabilities stay valid. */
    begin(2, 64 * MIB, 512 * MIB);
    for (unsigned i = 0; i < 3; i++)
        instance(i);
    guest(0);
    guest(1);
    struct amount before = amount();
    unsigned vmm = plan_process_of_guest(0);
    uint32_t vcpu = model_index(&model, plan.guest[0].vcpu);
    uint32_t wake = model_index(&model, plan.guest[0].home.wake);
    uint32_t service_cnode = model_index(&model, plan.process[0].cnode);
    uint32_t slot = plan.process[0].slots.served + plan.connection[1].served;
    for (unsigned i = 0; i < 50; i++) {
        restart(vmm);
        ck_assert_uint_eq(model_index(&model, plan.guest[0].vcpu), vcpu);
        ck_assert_uint_eq(model_index(&model, plan.guest[0].home.wake), wake);
        ck_assert_uint_eq(model.object[service_cnode].cap[slot].object, wake + 1);
        restart(plan_process_of_instance(i % 3));
        service_cnode = model_index(&model, plan.process[0].cnode);
        same(amount(), before);
    }
    end();
}
END_TEST

START_TEST(test_plan_part_in_use_is_not_undone)
{
    /* plan_is_used() names each part that another planned part uses; and a part is planned only
     * with all that it uses, and once. */
    struct problem problem = {""};
    begin(1, 64 * MIB, 512 * MIB);
    ck_assert_int_eq(plan_process(&sample.in, &plan, 0, &problem), ERR_STATE);
    ck_assert_int_eq(plan_side(&sample.in, &plan, 1, PLAN_SIDE_CLIENT, &problem), ERR_STATE);
    ck_assert_int_eq(plan_instance(&sample.in, &plan, 3, &problem), ERR_STATE);
    ck_assert_int_eq(plan_guest(&sample.in, &plan, 1, &problem), ERR_STATE);
    ck_assert_int_eq(plan_connection(&sample.in, &plan, 4, &problem), ERR_STATE);
    for (unsigned i = 0; i < 3; i++)
        instance(i);
    guest(0);
    ck_assert_int_eq(plan_guest(&sample.in, &plan, 0, &problem), ERR_STATE);
    ck_assert(plan_is_used(&plan, plan_part_guest(0)));
    ck_assert(plan_is_used(&plan, plan_part_instance(0)));
    ck_assert(plan_is_used(&plan, plan_part_process(0)));
    ck_assert(plan_is_used(&plan, plan_part_connection(1)));
    ck_assert(!plan_is_used(&plan, plan_part_side(1, PLAN_SIDE_CLIENT)));
    for (unsigned c = 1; c < 4; c++) {
        for (unsigned s = 0; s < 2; s++)
            model_undo(&model, &plan, plan_part_side(c, s));
        ck_assert(plan_is_used(&plan, plan_part_connection(c)));
        ck_assert(plan_is_used(&plan, plan_part_process(plan.connection[c].instance)));
        model_undo(&model, &plan, plan_part_region(c));
    }
    ck_assert(!plan_is_used(&plan, plan_part_process(plan_process_of_guest(0))));
    model_undo(&model, &plan, plan_part_process(plan_process_of_guest(0)));
    /* The page of extents tells the guest's addresses. */
    ck_assert(plan_is_used(&plan, plan_part_guest(0)));
    for (unsigned c = 1; c < 4; c++)
        model_undo(&model, &plan, plan_part_connection(c));
    ck_assert(!plan_is_used(&plan, plan_part_guest(0)));
    end();
}
END_TEST

START_TEST(test_plan_interrupted_anywhere_can_be_undone)
{
    /* A part whose actions were carried out up to any of them, at a border of groups or inside, is
     * undone to the state before. */
    begin(1, 64 * MIB, 512 * MIB);
    for (unsigned i = 0; i < 3; i++)
        instance(i);
    struct problem problem = {""};
    struct amount before = amount();
    unsigned longest = 1;
    for (unsigned n = 0; n < longest; n++) {
        ok(plan_guest(&sample.in, &plan, 0, &problem), &problem);
        longest = plan.part[plan_part_guest(0)].action_count + 1;
        model_part_begin(&model, &plan, plan_part_guest(0), n);
        model_undo(&model, &plan, plan_part_guest(0));
        same(amount(), before);
    }
    ok(plan_guest(&sample.in, &plan, 0, &problem), &problem);
    model_part(&model, &plan, plan_part_guest(0));
    unsigned vmm = plan_part_process(plan_process_of_guest(0));
    before = amount();
    longest = 1;
    for (unsigned n = 0; n < longest; n++) {
        ok(plan_process(&sample.in, &plan, plan_process_of_guest(0), &problem), &problem);
        longest = plan.part[vmm].action_count + 1;
        model_part_begin(&model, &plan, vmm, n);
        model_undo(&model, &plan, vmm);
        same(amount(), before);
    }
    end();
}
END_TEST

/* ---- any order --------------------------------------------------------------------- */

static unsigned any_part(void)
{
    static const unsigned guests = 3;
    switch (rand() % 6) {
    case 0:
        return plan_part_instance((unsigned)rand() % 3);
    case 1:
        return plan_part_guest((unsigned)rand() % guests);
    case 2:
        return plan_part_process(rand() % 2 ? plan_process_of_guest((unsigned)rand() % guests)
                                            : plan_process_of_instance((unsigned)rand() % 3));
    case 3:
        return plan_part_connection((unsigned)rand() % plan.connection_count);
    case 4:
        return plan_part_region((unsigned)rand() % plan.connection_count);
    default:
        return plan_part_side((unsigned)rand() % plan.connection_count, (unsigned)rand() % 2);
    }
}

static bool made(unsigned part)
{
    return plan.part[part].state == PLAN_PART_MADE;
}

/* The connection of a connection, side or region. */
static unsigned connection_of(unsigned part)
{
    if (part >= PLAN_PART_REGIONS)
        return part - PLAN_PART_REGIONS;
    return part >= PLAN_PART_SIDES ? (part - PLAN_PART_SIDES) / 2 : part - PLAN_PART_CONNECTIONS;
}

/* Are all parts made that this planned one uses? */
static bool can_be_made(unsigned part)
{
    if (part < PLAN_PART_CONNECTIONS)
        return true;
    if (part >= PLAN_PART_PROCESSES && part < PLAN_PART_SIDES) {
        unsigned process = part - PLAN_PART_PROCESSES, owner = plan_process_owner(process);
        return made(plan_process_is_vmm(process) ? plan_part_guest(owner)
                                                 : plan_part_instance(owner));
    }
    unsigned i = connection_of(part);
    const struct plan_connection *c = &plan.connection[i];
    unsigned service = plan_process_of_instance(c->instance);
    unsigned client = plan_process_owner(c->client);
    bool has_homes =
        made(plan_part_instance(c->instance)) &&
        made(plan_process_is_vmm(c->client) ? plan_part_guest(client) : plan_part_instance(client));
    if (part < PLAN_PART_SIDES)
        return true;
    return has_homes && made(plan_part_connection(i)) &&
           made(plan_part_process(
               !plan_part_is_side(part) || (part - PLAN_PART_SIDES) % 2 ? service : c->client));
}

/* No slot belongs to two parts, and each that the kernel has in use belongs to one. */
static void slots_are_owned(void)
{
    for (uint32_t i = SAMPLE_EMPTY_FIRST; i < MODEL_SLOTS; i++) {
        if (model_cap_at(&model, i)->object != 0)
            model_require(plan.memory.slots.owner[i] != SLOTS_FREE);
    }
}

/* The model of the memory has each byte once: nodes do not overlap, and all add up. */
static void memory_is_whole(uint64_t all)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < plan.memory.node_count; i++) {
        const struct memory_node *n = &plan.memory.node[i];
        if ((n->state == MEMORY_FREE || n->state == MEMORY_TAKEN) && !n->is_device)
            sum += UINT64_C(1) << n->size_bits;
    }
    ck_assert_uint_eq(sum, all);
}

static void undo_all(void)
{
    for (bool again = true; again;) {
        again = false;
        for (unsigned part = PLAN_PARTS; part-- > 1;) {
            if (plan.part[part].state == PLAN_PART_NONE || plan_is_used(&plan, part))
                continue;
            model_undo(&model, &plan, part);
            again = true;
        }
    }
}

START_TEST(test_plan_any_order_of_parts_loses_nothing)
{
    /* Random plans, makes, clears and undos of all kinds of parts: the kernel's model refuses
     * nothing, a part that does not fit leaves no trace, and at the end everything is back. */
    srand((unsigned)_i);
    begin(3, _i % 2 ? 64 * MIB : 160 * MIB, 512 * MIB);
    struct amount before = amount();
    unsigned made = 0, refused = 0;
    for (unsigned step = 0; step < 1500; step++) {
        struct problem problem = {""};
        unsigned part = any_part();
        uint8_t state = plan.part[part].state;
        model.trusts_addresses = step % 8 != 0;
        if (state == PLAN_PART_NONE) {
            struct amount was = amount();
            enum err err = plan_any_part(&sample.in, &plan, part, &problem);
            if (err != OK) {
                model_require(problem.text[0] != 0);
                refused++;
                same(amount(), was);
                continue;
            }
            if (can_be_made(part) && rand() % 4)
                model_part(&model, &plan, part);
            made++;
        } else if (!plan_is_used(&plan, part) && rand() % 2) {
            model_undo(&model, &plan, part);
        } else if (!plan_is_used(&plan, part) && state == PLAN_PART_MADE) {
            model_clear(&model, &plan, part);
            model_part(&model, &plan, part);
        } else if (state == PLAN_PART_PLANNED && can_be_made(part))
            model_part(&model, &plan, part);
        slots_are_owned();
        memory_is_whole(before.memory + (UINT64_C(16) << 10));
    }
    ck_assert_uint_gt(made, 100);
    ck_assert_uint_gt(refused, 10);
    undo_all();
    same(amount(), before);
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rootserver-parts");
    TCase *tc = tcase_create("parts");
    tcase_set_timeout(tc, 170);
    tcase_add_test(tc, test_plan_guest_planned_and_undone_1000_times_loses_nothing);
    suite_add_tcase(suite, tc);
    tc = tcase_create("rest");
    tcase_set_timeout(tc, 170);
    tcase_add_test(tc, test_plan_everything_undone_restores_the_first_state);
    tcase_add_test(tc, test_plan_restart_touches_only_its_own_side);
    tcase_add_test(tc, test_plan_part_in_use_is_not_undone);
    tcase_add_test(tc, test_plan_interrupted_anywhere_can_be_undone);
    suite_add_tcase(suite, tc);
    tc = tcase_create("order");
    tcase_set_timeout(tc, 170);
    tcase_add_loop_test(tc, test_plan_any_order_of_parts_loses_nothing, 0, 20);
    suite_add_tcase(suite, tc);
    return run_suites(srunner_create(suite));
}
