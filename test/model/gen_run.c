/* SPDX-License-Identifier: BSD-2-Clause */
/* The events between calls: time, interrupts, guests, faults, and resumed threads. */
#include "gen.h"

#include <fakes/hal.h>
#include <kernel/core/fp.h>
#include <kernel/core/sched.h>

#define TRIES_MAX 64u

static void pass_time(struct world *world, struct gen *gen)
{
    fake.now += gen_below(gen, 400);
    if (gen_below(gen, 20) == 0) {
        fake_irq_raise(1 + gen_below(gen, 6));
        irq_handle(&world->hart);
    }
    if (fake.now >= fake.timer_deadline)
        timer_expire(&world->hart);
    if (gen_below(gen, 2) == 0)
        fake_tlb_fill();
}

static void check_after(struct world *world)
{
    if (!world_checks_all(world))
        return;
    check_threads(world);
    check_hart(world);
}

/* Leaves the guest by the fast path and, with the last call's arguments, enters it again. */
static void play_fast(struct world *world, const struct guest_trap *trap)
{
    struct hart *hart = &world->hart;
    struct user_context *context = &hart->current->context;
    uint64_t cap = context->x[REG_A0];
    struct vcpu *vcpu = hart->resumable;

    HOLDS(world, vcpu_exit_fast(hart, trap) == context, "an exit to somebody else");
    check_after(world);
    world_tally.guest_exits++;
    context->x[REG_A0] = OK;
    if (vcpu_run_fast(hart, cap, vcpu->seq, vcpu->deadline_ticks) == NULL)
        return;
    context->x[REG_A0] = cap;
    world_tally.guest_passed++;
}

static void play_guest(struct world *world, struct gen *gen)
{
    static const uint8_t causes[] = { 10, 20, 21, 22, 23, 2 };
    struct guest_trap trap = { .scause = causes[gen_below(gen, 6)],
                               .stval = gen_next(gen),
                               .htval = gen_next(gen) >> 12,
                               .from_vs = gen_below(gen, 2) != 0 };

    fake.fetch_insn = gen_below(gen, 2) != 0 ? 0x10500073 : gen_next(gen);
    if (trap.scause == 22)
        trap.stval = 0x10500073; /* WFI */
    while (world->hart.resumable != NULL && gen_below(gen, 3) != 0) {
        struct guest_trap other = trap;
        other.scause = gen_below(gen, 2) != 0 ? CAUSE_ECALL_VS : CAUSE_LOAD_GUEST;
        play_fast(world, &other);
        if (!world->hart.current->is_in_guest)
            return;
    }
    if (gen_below(gen, 4) == 0)
        return;
    world_tally.guest_exits++;
    vcpu_exit(&world->hart, &trap);
}

/* The running thread faults; the model tells where it continues, if it does. */
static void play_fault(struct world *world, struct gen *gen)
{
    static const uint8_t causes[] = { 13, 13, 15, 5, 7, 12, 2, 6 };
    struct thread *thread = world->hart.current;
    uint64_t cause = causes[gen_below(gen, 8)], pc = gen_below(gen, 120);
    uint32_t place = model_find(&world->model, world_number(world, thread), PLACE_VSPACE);
    uint64_t exit = model_recovers(&world->model, world->model.cap[place].object, cause, pc);

    thread->context.pc = pc;
    thread_fault(&world->hart, cause, gen_next(gen));
    if (exit == MODEL_NOWHERE)
        HOLDS(world, thread->state != THREAD_READY, "a fault at %llx did not stop the thread",
              (unsigned long long)pc);
    else
        HOLDS(world, thread->state == THREAD_READY && thread->context.pc == exit,
              "a fault at %llx in a recovery range", (unsigned long long)pc);
    world_tally.recovered += exit != MODEL_NOWHERE;
}

/* The running thread faults, or uses FP registers, or is about to make a call. */
static bool play_thread(struct world *world, struct gen *gen)
{
    switch (gen_below(gen, 30)) {
    case 0: play_fault(world, gen); return false;
    case 1:
        if (fp_trap(&world->hart))
            return false; /* it comes back with access */
        fake_fp_write(gen_below(gen, 32), gen_next(gen));
        return true;
    default: return true;
    }
}

/* No thread runs: resume one of them, as a supervisor would. */
static bool help(struct world *world, struct gen *gen)
{
    uint32_t start = gen_below(gen, MODEL_OBJECTS);

    for (uint32_t i = 0; i < MODEL_OBJECTS; i++) {
        uint32_t number = (start + i) % MODEL_OBJECTS;
        const struct model_object *object = &world->model.object[number];
        if (object->life != MODEL_ALIVE || object->type != OBJ_THREAD)
            continue;
        struct thread *thread = world_object(world, number);
        thread_suspend(thread);
        if (thread_resume(thread) == OK)
            return true;
    }
    return false;
}

bool gen_run(struct world *world, struct gen *gen)
{
    pass_time(world, gen);
    for (uint32_t tries = 0; tries < TRIES_MAX; tries++) {
        enum fake_left left = fake_leave(&world->hart);
        world_has_paid(world);
        if (world_checks_all(world))
            HOLDS(world, fake_tlb_agrees(), "a stale translation of a loaded space");
        switch (left) {
        case FAKE_LEFT_USER:
            if (play_thread(world, gen))
                return true;
            break;
        case FAKE_LEFT_GUEST: play_guest(world, gen); break;
        case FAKE_LEFT_IDLE:
            if (!help(world, gen))
                return false;
            break;
        }
        check_after(world);
    }
    return false;
}
