/* SPDX-License-Identifier: BSD-2-Clause */
#include "vcpu_world.h"

#include <check.h>

#define CAUSE_ECALL_VS     10u
#define CAUSE_VIRTUAL_INSN 22u
#define INSN_WFI           0x10500073u

struct vcpu_set vw;

static struct vcpu_set set_make(struct thread *manager)
{
    struct vcpu_set set = {
        .manager = manager,
        .vmm_slot = world_thread(5),
        .vcpu_slot = world_make(OBJ_VCPU, VCPU_BITS_MIN),
        .gspace_slot = world_make(OBJ_GSPACE, GSPACE_BITS_MIN),
        .page_slot = world_make(OBJ_FRAME, PAGE_BITS),
        .word_slot = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN),
    };

    set.vmm = world_thread_at(set.vmm_slot);
    set.vcpu = world_object(set.vcpu_slot);
    set.page = hal_phys_to_virt(hpa(world_slot(set.page_slot)->object));
    set.word = world_object(set.word_slot);
    ck_assert_int_eq(world_invoke(manager, set.vcpu_slot, METHOD_VCPU_BIND, set.vmm_slot,
                                  set.gspace_slot, set.page_slot, 0),
                     OK);
    ck_assert_int_eq(
        world_invoke(manager, set.vmm_slot, METHOD_THREAD_BIND, set.word_slot, 0, 0, 0), OK);
    return set;
}

void vw_setup(void)
{
    /* The manager has a lower priority than the VMMs, so that a ready VMM runs at once. */
    vw = set_make(world_thread_at(world_thread(4)));
}

struct vcpu_set vw_second(void)
{
    return set_make(vw.manager);
}

enum err vw_run_until(struct vcpu_set *set, uint64_t done, uint64_t deadline_ticks)
{
    set->vmm->context.x[REG_A2] = deadline_ticks;
    return world_call(set->vmm, CALL_VCPU_RUN, set->vcpu_slot, done);
}

enum err vw_run_of(struct vcpu_set *set, uint64_t done)
{
    return vw_run_until(set, done, TIMER_NEVER);
}

enum err vw_run(uint64_t done)
{
    return vw_run_of(&vw, done);
}

void vw_enter(void)
{
    vw_run(vw.vcpu->seq);
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_GUEST);
    ck_assert_ptr_eq(hart.current, vw.vmm);
    ck_assert_ptr_eq(fake.entered_page, vw.page);
}

void vw_exit(const struct guest_trap *trap)
{
    ck_assert_ptr_eq(hart.current, vw.vmm);
    vcpu_exit(&hart, trap);
}

void vw_exit_ecall(void)
{
    vw_exit(&(struct guest_trap){ .scause = CAUSE_ECALL_VS, .from_vs = true });
}

enum fake_left vw_exit_wfi(void)
{
    vw_exit(&(struct guest_trap){
        .scause = CAUSE_VIRTUAL_INSN, .stval = INSN_WFI, .from_vs = true });
    return fake_leave(&hart);
}

void vw_wfi_with_deadline(void)
{
    fake.vs.vsie = VSSTIE;
    fake.vs.vstimecmp = fake.now + 1000000;
    vw_exit_wfi();
    ck_assert_uint_ne(timer_earliest(&hart.timers), TIMER_NEVER);
}

void vw_signal(void)
{
    notification_signal(vw.word, 1);
}

uint64_t vw_reason(void)
{
    return vw.vmm->context.x[REG_A1];
}

uint64_t vw_seq(void)
{
    return vw.vmm->context.x[REG_A2];
}

void vw_ck_blocked_in_wfi(void)
{
    ck_assert_int_eq(vw.vmm->state, THREAD_BLOCKED_WFI);
    ck_assert_ptr_ne(hart.current, vw.vmm);
}

void vw_ck_in_guest(enum fake_left left)
{
    ck_assert_int_eq(left, FAKE_LEFT_GUEST);
    ck_assert_ptr_eq(hart.current, vw.vmm);
}
