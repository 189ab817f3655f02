/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's core under calls, interrupts, preemption, guests and faults that the input chooses.
 * Oracles: the ownership model (test/model), which makes each call too and is compared with all of
 * the kernel's memory; the modelled TLB; and the walk, which needs no model (test/check).
 */
#include <check/walk.h>
#include <fakes/hal.h>
#include <fuzzers/fuzz.h>
#include <model/gen.h>
#include <model/world.h>

#define STEPS_MAX   400u
#define CHECK_EVERY 32u /* in steps, because comparing all memory takes far longer than a call */

static struct world world;
static struct walk walk;

void world_stop(const char *text)
{
    fprintf(stderr, "%s\n", text);
    abort();
}

static void walk_all(void)
{
    if (!walk_kernel(&walk, &world.hart, world.boot, BOOT_SLOTS, false))
        world_fail(&world, walk.broken, "(walk)");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t nothing[1];
    struct gen gen = { .tape = size != 0 ? data : nothing, .left = size };

    world_init(&world, 1 + gen_below(&gen, 3), gen_below(&gen, 4));
    world.check_every = CHECK_EVERY;
    while (world.step < STEPS_MAX && gen.left > 0 && gen_run(&world, &gen)) {
        struct world_call call = gen_call(&world, &gen);
        uint32_t preempt = gen_below(&gen, 8);
        fake.preempt_in = preempt > 4 ? 0 : preempt;
        (void)world_step(&world, &call);
        if (world_checks_all(&world))
            walk_all();
    }
    walk_all();
    world_end(&world);
    return 0;
}
