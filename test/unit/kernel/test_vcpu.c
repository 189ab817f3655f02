/* SPDX-License-Identifier: BSD-2-Clause */
/* Binding, registers and the end of a VCpu. */
#include "suites.h"
#include "vcpu_world.h"

#define REG_SATP     VCPU_REG_CSR(0x180)
#define REG_SIP      VCPU_REG_CSR(0x144)
#define REG_STIMECMP VCPU_REG_CSR(0x14d)

static enum err method(uint32_t slot, uint64_t number, uint64_t a, uint64_t b)
{
    return world_invoke(vw.manager, slot, number, a, b, 0, 0);
}

static enum err bind(uint32_t vcpu, uint32_t thread, uint32_t gspace, uint32_t page)
{
    return world_invoke(vw.manager, vcpu, METHOD_VCPU_BIND, thread, gspace, page, 0);
}

START_TEST(test_vcpu_bind_holds_children)
{
    /* A bound VCpu holds a child of each capability; its page has the latest exit's number. */
    ck_assert_ptr_eq(vw.vcpu->thread, vw.vmm);
    ck_assert_ptr_eq(vw.vmm->vcpu, vw.vcpu);
    ck_assert_ptr_eq(world_slot(vw.page_slot)->first_child, &vw.vcpu->place[VCPU_PAGE]);
    ck_assert_ptr_eq(world_slot(vw.gspace_slot)->first_child, &vw.vcpu->place[VCPU_GSPACE]);
    ck_assert_ptr_eq(world_slot(vw.vmm_slot)->first_child, &vw.vcpu->place[VCPU_THREAD]);
    ck_assert_uint_eq(vw.page->exit.seq, 0);
}
END_TEST

START_TEST(test_vcpu_bind_errors_change_nothing)
{
    /* INVALID_CAP, NO_RIGHT, INVALID_ARG, EXISTS, BUSY. */
    uint32_t large = world_make(OBJ_FRAME, 21), device = world_make(OBJ_FRAME, 12);
    uint32_t weak = world_copy(vw.page_slot, RIGHT_READ, 0);
    uint32_t weak_thread = world_copy(vw.vmm_slot, RIGHT_WRITE, 0);
    uint32_t second = world_make(OBJ_VCPU, VCPU_BITS_MIN);

    world_slot(device)->flags |= SLOT_DEVICE;
    ck_assert_int_eq(bind(second, vw.vmm_slot, vw.vmm_slot, vw.page_slot), ERR_INVALID_CAP);
    ck_assert_int_eq(bind(second, vw.vmm_slot, vw.gspace_slot, weak), ERR_NO_RIGHT);
    ck_assert_int_eq(bind(second, weak_thread, vw.gspace_slot, vw.page_slot), ERR_NO_RIGHT);
    ck_assert_int_eq(bind(vw.vcpu_slot, vw.vmm_slot, vw.gspace_slot, large), ERR_INVALID_ARG);
    ck_assert_int_eq(bind(vw.vcpu_slot, vw.vmm_slot, vw.gspace_slot, device), ERR_INVALID_ARG);
    ck_assert_int_eq(bind(second, vw.vmm_slot, vw.gspace_slot, vw.page_slot), ERR_EXISTS);
    vw_enter();
    ck_assert_int_eq(bind(vw.vcpu_slot, vw.vmm_slot, vw.gspace_slot, vw.page_slot), ERR_BUSY);
    ck_assert_ptr_eq(vw.vcpu->thread, vw.vmm);
}
END_TEST

START_TEST(test_vcpu_rebind_keeps_registers_and_exit)
{
    /* Another thread can be bound: registers and the number of the waiting exit are kept. */
    uint32_t other = world_thread(5);
    struct thread *thread = world_thread_at(other);

    ck_assert_int_eq(method(vw.vcpu_slot, METHOD_VCPU_SET_REG, REG_SATP, 0x1234), OK);
    vw_enter();
    vw_exit_ecall();
    ck_assert_int_eq(bind(vw.vcpu_slot, other, vw.gspace_slot, vw.page_slot), OK);
    ck_assert_ptr_null(vw.vmm->vcpu);
    ck_assert_int_eq(method(vw.vcpu_slot, METHOD_VCPU_GET_REG, REG_SATP, 0), OK);
    ck_assert_uint_eq(vw.manager->context.x[REG_A1], 0x1234);
    thread->context.x[REG_A2] = TIMER_NEVER;
    ck_assert_int_eq(world_call(thread, CALL_VCPU_RUN, vw.vcpu_slot, 0), ERR_STATE);
    ck_assert_uint_eq(vw.page->exit.seq, 1);
    ck_assert_uint_eq(vw.page->exit.reason, VCPU_EXIT_ECALL);
    world_call(thread, CALL_VCPU_RUN, vw.vcpu_slot, 1);
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_GUEST);
}
END_TEST

START_TEST(test_vcpu_rebind_to_another_page_keeps_exit)
{
    /* The exit's record is copied to the next VMM's page, even if the old page was destroyed. */
    uint32_t page = world_make(OBJ_FRAME, PAGE_BITS), other = world_thread(5);
    const struct vcpu_page *after = hal_phys_to_virt(hpa(world_slot(page)->object));

    vw_enter();
    vw_exit(&(struct guest_trap){ .scause = 21, .stval = 3, .htval = 0x4000000,
                                  .htinst = 0x1235, .from_vs = true });
    struct vcpu_exit_record wanted = vw.page->exit;
    ck_assert_uint_eq(wanted.reason, VCPU_EXIT_LOAD);
    if (_i == 1)
        world_destroy(vw.page_slot);
    ck_assert_int_eq(bind(vw.vcpu_slot, other, vw.gspace_slot, page), OK);
    ck_assert_mem_eq(&after->exit, &wanted, sizeof(wanted));
}
END_TEST

START_TEST(test_vcpu_registers_while_loaded_are_the_harts)
{
    /* get_reg reads a loaded guest's value from the hart; the guest sees set_reg's value. */
    vw_enter();
    fake.vs.vsatp = 0x4321;
    vw_exit_ecall();
    ck_assert_int_eq(method(vw.vcpu_slot, METHOD_VCPU_GET_REG, REG_SATP, 0), OK);
    ck_assert_uint_eq(vw.manager->context.x[REG_A1], 0x4321);
    ck_assert_int_eq(method(vw.vcpu_slot, METHOD_VCPU_SET_REG, REG_SATP, 0x55), OK);
    vw_run(1);
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_GUEST);
    ck_assert_uint_eq(fake.vs.vsatp, 0x55);
}
END_TEST

START_TEST(test_vcpu_fp_registers_are_read_and_written)
{
    /* get_reg and set_reg reach the guest's FP registers, in the hart or saved; fcsr has 8 bits. */
    vw_enter();
    fake_fp_write(3, 333);
    vw_exit_ecall();
    ck_assert_int_eq(method(vw.vcpu_slot, METHOD_VCPU_GET_REG, VCPU_REG_FP(3), 0), OK);
    ck_assert_uint_eq(vw.manager->context.x[REG_A1], 333);
    ck_assert_int_eq(method(vw.vcpu_slot, METHOD_VCPU_SET_REG, VCPU_REG_FP(31), 31), OK);
    ck_assert_int_eq(method(vw.vcpu_slot, METHOD_VCPU_SET_REG, VCPU_REG_FCSR, UINT64_MAX), OK);
    ck_assert_int_eq(method(vw.vcpu_slot, METHOD_VCPU_GET_REG, VCPU_REG_FCSR, 0), OK);
    ck_assert_uint_eq(vw.manager->context.x[REG_A1], 0xff);
    vw_run(1);
    fake_leave(&hart);
    ck_assert_uint_eq(fake.fp.f[3], 333);
    ck_assert_uint_eq(fake.fp.f[31], 31);
}
END_TEST

START_TEST(test_vcpu_register_errors)
{
    /* INVALID_ARG, NOT_SUPPORTED, NO_RIGHT, BUSY. */
    uint32_t read = world_copy(vw.vcpu_slot, RIGHT_READ, 0);
    uint32_t write = world_copy(vw.vcpu_slot, RIGHT_WRITE, 0);
    const uint64_t none[] = { 0, VCPU_REG_CSR(0x10c), VCPU_REG_FP(33), UINT64_MAX };

    for (uint32_t i = 0; i < 4; i++) {
        ck_assert_int_eq(method(vw.vcpu_slot, METHOD_VCPU_GET_REG, none[i], 0), ERR_INVALID_ARG);
        ck_assert_int_eq(method(vw.vcpu_slot, METHOD_VCPU_SET_REG, none[i], 0), ERR_INVALID_ARG);
    }
    fake.has_sstc = false;
    ck_assert_int_eq(method(vw.vcpu_slot, METHOD_VCPU_GET_REG, REG_STIMECMP, 0),
                     ERR_NOT_SUPPORTED);
    ck_assert_int_eq(method(vw.vcpu_slot, METHOD_VCPU_SET_REG, REG_STIMECMP, 0),
                     ERR_NOT_SUPPORTED);
    ck_assert_int_eq(method(read, METHOD_VCPU_SET_REG, REG_SATP, 0), ERR_NO_RIGHT);
    ck_assert_int_eq(method(write, METHOD_VCPU_GET_REG, REG_SATP, 0), ERR_NO_RIGHT);
    vw_enter();
    ck_assert_int_eq(method(vw.vcpu_slot, METHOD_VCPU_GET_REG, REG_SATP, 0), ERR_BUSY);
    ck_assert_int_eq(method(vw.vcpu_slot, METHOD_VCPU_SET_REG, VCPU_REG_FP(0), 0), ERR_BUSY);
    ck_assert_int_eq(method(vw.vcpu_slot, METHOD_VCPU_INJECT, 2, 0), ERR_BUSY);
}
END_TEST

START_TEST(test_vcpu_write_of_sip_keeps_levels_of_page)
{
    /* sip can be written, but the next entry sets the interrupts of the state page. */
    vw.page->irq = VCPU_IRQ_EXTERNAL;
    vw_enter();
    vw_exit_ecall();
    ck_assert_int_eq(method(vw.vcpu_slot, METHOD_VCPU_SET_REG, REG_SIP, 2), OK);
    vw_enter();
    ck_assert_uint_eq(fake.vs.hvip, HVIP_VSEIP | HVIP_VSSIP);
    vw_exit_ecall();
    ck_assert_int_eq(method(vw.vcpu_slot, METHOD_VCPU_GET_REG, REG_SIP, 0), OK);
    ck_assert_uint_eq(vw.manager->context.x[REG_A1], 0x202);
}
END_TEST

START_TEST(test_vcpu_inject_enters_trap_handler)
{
    /* An injected trap sets the guest's pc to stvec, and scause, stval and sepc. */
    ck_assert_int_eq(method(vw.vcpu_slot, METHOD_VCPU_SET_REG, VCPU_REG_CSR(0x105), 0x9000), OK);
    vw.page->pc = 0x1230;
    ck_assert_int_eq(method(vw.vcpu_slot, METHOD_VCPU_INJECT, 13, 0xbad), OK);
    vw_enter();
    ck_assert_uint_eq(vw.page->pc, 0x9000);
    ck_assert_uint_eq(fake.vs.vsepc, 0x1230);
    ck_assert_uint_eq(fake.vs.vscause, 13);
    ck_assert_uint_eq(fake.vs.vstval, 0xbad);
}
END_TEST

START_TEST(test_vcpu_inject_and_fence_errors)
{
    /* INVALID_ARG: no such cause, kind or ASID; STATE: not bound; NO_RIGHT. */
    uint32_t fresh = world_make(OBJ_VCPU, VCPU_BITS_MIN);
    uint32_t read = world_copy(vw.vcpu_slot, RIGHT_READ, 0);

    ck_assert_int_eq(method(vw.vcpu_slot, METHOD_VCPU_INJECT, 64, 0), ERR_INVALID_ARG);
    ck_assert_int_eq(method(fresh, METHOD_VCPU_INJECT, 2, 0), ERR_STATE);
    ck_assert_int_eq(method(fresh, METHOD_VCPU_FENCE, VCPU_FENCE_INSN, 0), ERR_STATE);
    ck_assert_int_eq(method(vw.vcpu_slot, METHOD_VCPU_FENCE, 3, 0), ERR_INVALID_ARG);
    ck_assert_int_eq(world_invoke(vw.manager, vw.vcpu_slot, METHOD_VCPU_FENCE,
                                  VCPU_FENCE_ADDRESS_ASID, 0, 0, 0x10000),
                     ERR_INVALID_ARG);
    ck_assert_int_eq(method(read, METHOD_VCPU_INJECT, 2, 0), ERR_NO_RIGHT);
    ck_assert_int_eq(method(read, METHOD_VCPU_FENCE, 0, 0), ERR_NO_RIGHT);
    ck_assert_int_eq(method(read, METHOD_VCPU_BIND, 0, 0), ERR_NO_RIGHT);
}
END_TEST

static const struct fake_event *fence(uint64_t kind, uint64_t address, uint64_t size, uint64_t asid,
                                      enum fake_event_kind event)
{
    fake_log_clear();
    ck_assert_int_eq(
        world_invoke(vw.manager, vw.vcpu_slot, METHOD_VCPU_FENCE, kind, address, size, asid), OK);
    return fake_event_last(event);
}

START_TEST(test_vcpu_fence_loaded_acts_at_once)
{
    /* Each kind executes its own fence; a range that is too long, or goes on beyond the
     * last address, is everything; one that ends with the last address is not. */
    const struct fake_event *event;

    vw_enter();
    vw_exit_ecall();
    ck_assert_ptr_nonnull(fence(VCPU_FENCE_INSN, 0, 0, 0, FAKE_GUEST_FENCE_I));
    ck_assert_uint_eq(fake_event_count_of(FAKE_GUEST_FENCE_VVMA), 0);
    event = fence(VCPU_FENCE_ADDRESS, 0x3000, 0x2000, 0, FAKE_GUEST_FENCE_VVMA);
    ck_assert_uint_eq(event->word[0], 0x3000);
    ck_assert_uint_eq(event->word[1], 0x2000);
    event = fence(VCPU_FENCE_ADDRESS_ASID, 0x3000, 0x1000, 9, FAKE_GUEST_FENCE_ASID);
    ck_assert_uint_eq(event->word[2], 9);
    event = fence(VCPU_FENCE_ADDRESS, UINT64_MAX - 0xfff, 0x1000, 0, FAKE_GUEST_FENCE_VVMA);
    ck_assert_uint_eq(event->word[0], UINT64_MAX - 0xfff);
    ck_assert_uint_eq(event->word[1], 0x1000);
    const uint64_t everything[][2] = {
        { 0x3000, UINT64_MAX }, { 0, 1 << 20 }, { UINT64_MAX - 0xfff, 0x2000 }, { 0x3000, 0 }
    };
    for (uint32_t i = 0; i < 4; i++) {
        event = fence(VCPU_FENCE_ADDRESS, everything[i][0], everything[i][1], 0,
                      FAKE_GUEST_FENCE_VVMA);
        ck_assert_uint_eq(event->word[1], 0);
    }
}
END_TEST

START_TEST(test_vcpu_fence_not_loaded_waits_for_entry)
{
    /* A fence acts on the loaded VMID: for another guest's VCpu the next entry does the fence. */
    struct vcpu_set other = vw_second();

    vw_enter();
    vw_exit_ecall();
    vw_run_of(&other, 0);
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_GUEST);
    ck_assert_ptr_null(fence(VCPU_FENCE_ADDRESS, 0x1000, 0x1000, 0, FAKE_GUEST_FENCE_VVMA));
    vw_run(1);
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_GUEST);
    ck_assert_ptr_eq(fake.entered_page, vw.page);
    ck_assert_uint_eq(fake_event_count_of(FAKE_GUEST_FENCE_VVMA), 1);
    ck_assert_uint_eq(fake_event_count_of(FAKE_GUEST_FENCE_I), 1);
    vw_exit_ecall();
    vw_enter();
    ck_assert_uint_eq(fake_event_count_of(FAKE_GUEST_FENCE_VVMA), 1);
}
END_TEST

/* ---- the end ------------------------------------------------------------------------- */

START_TEST(test_vcpu_loses_any_part_stops)
{
    /* If page or memory are revoked while the guest is in WFI, this vcpu_run and later ones end
     * with STATE. */
    for (uint32_t i = 0; i < 2; i++) {
        vw_setup();
        vw_enter();
        vw_wfi_with_deadline();
        ck_assert_int_eq(vw.vmm->state, THREAD_BLOCKED_WFI);
        world_destroy(i == 0 ? vw.page_slot : vw.gspace_slot);
        ck_assert_int_eq(vw.vmm->state, THREAD_READY);
        ck_assert_int_eq(world_result(vw.vmm), ERR_STATE);
        ck_assert_int_eq(vw_run(0), ERR_STATE);
        ck_assert_uint_eq(timer_earliest(&hart.timers), TIMER_NEVER);
    }
}
END_TEST

START_TEST(test_vcpu_loses_page_while_ready_stops)
{
    /* A guest that could run is not entered again after such a revoke. */
    vw_enter();
    world_destroy(vw.page_slot);
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    ck_assert_int_eq(world_result(vw.vmm), ERR_STATE);
}
END_TEST

START_TEST(test_vcpu_destroyed_leaves_hart)
{
    /* After a VCpu dies, no state of it stays in the hart; the thread gets STATE. */
    struct vcpu_set other = vw_second();

    vw_enter();
    fake_fp_write(1, 1);
    world_destroy(vw.vcpu_slot);
    ck_assert_ptr_null(hart.vcpu);
    ck_assert_ptr_null(hart.fp_owner);
    ck_assert_ptr_null(((struct space *)world_object(vw.gspace_slot))->last_vcpu);
    ck_assert_ptr_null(vw.vmm->vcpu);
    ck_assert_int_eq(world_result(vw.vmm), ERR_STATE);
    fake_log_clear();
    vw_run_of(&other, 0);
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_GUEST);
    ck_assert_uint_eq(fake_event_count_of(FAKE_VCPU_SAVE), 0);
    ck_assert_uint_eq(fake_event_count_of(FAKE_FP_SAVE), 0);
}
END_TEST

START_TEST(test_vcpu_thread_destroyed_frees_vcpu)
{
    /* If the VMM's thread dies while the guest runs, the VCpu and its exit number are kept. */
    uint32_t other = world_thread(5);

    vw_enter();
    world_destroy(vw.vmm_slot);
    ck_assert_ptr_null(vw.vcpu->thread);
    ck_assert_int_eq(bind(vw.vcpu_slot, other, vw.gspace_slot, vw.page_slot), OK);
    world_thread_at(other)->context.x[REG_A2] = TIMER_NEVER;
    world_call(world_thread_at(other), CALL_VCPU_RUN, vw.vcpu_slot, 0);
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_GUEST);
}
END_TEST

START_TEST(test_vcpu_gspace_destroyed_is_not_loaded)
{
    /* After the GSpace dies, the hart has neither the GSpace nor the guest's vsatp loaded. */
    vw_enter();
    fake.vs.vsatp = 0x8000000000080000;
    ck_assert_ptr_nonnull(hart.gspace);
    world_destroy(vw.gspace_slot);
    ck_assert_ptr_null(hart.gspace);
    ck_assert_uint_eq(fake_event_count_of(FAKE_GSPACE_UNLOAD), 1);
    ck_assert_ptr_null(hart.vcpu);
    ck_assert_uint_eq(vw.vcpu->regs.vsatp, 0x8000000000080000);
}
END_TEST

TCase *vcpu_cases(void)
{
    TCase *cases = tcase_create("vcpu");

    tcase_add_checked_fixture(cases, world_setup, NULL);
    tcase_add_checked_fixture(cases, vw_setup, NULL);
    tcase_add_test(cases, test_vcpu_bind_holds_children);
    tcase_add_test(cases, test_vcpu_bind_errors_change_nothing);
    tcase_add_test(cases, test_vcpu_rebind_keeps_registers_and_exit);
    tcase_add_loop_test(cases, test_vcpu_rebind_to_another_page_keeps_exit, 0, 2);
    tcase_add_test(cases, test_vcpu_registers_while_loaded_are_the_harts);
    tcase_add_test(cases, test_vcpu_fp_registers_are_read_and_written);
    tcase_add_test(cases, test_vcpu_register_errors);
    tcase_add_test(cases, test_vcpu_write_of_sip_keeps_levels_of_page);
    tcase_add_test(cases, test_vcpu_inject_enters_trap_handler);
    tcase_add_test(cases, test_vcpu_inject_and_fence_errors);
    tcase_add_test(cases, test_vcpu_fence_loaded_acts_at_once);
    tcase_add_test(cases, test_vcpu_fence_not_loaded_waits_for_entry);
    tcase_add_test(cases, test_vcpu_loses_any_part_stops);
    tcase_add_test(cases, test_vcpu_loses_page_while_ready_stops);
    tcase_add_test(cases, test_vcpu_destroyed_leaves_hart);
    tcase_add_test(cases, test_vcpu_thread_destroyed_frees_vcpu);
    tcase_add_test(cases, test_vcpu_gspace_destroyed_is_not_loaded);
    return cases;
}
