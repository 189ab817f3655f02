/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VMM dies before every store to the arena and to the state page, and after every effect
 * outside, and a new VMM goes on: guest, devices and console end in the same state as without a
 * death.
 */
#include <stdlib.h>
#include <string.h>

#include <vmm/sbi/sbi.h>
#include <vmm/vcpu/exit.h>

#include <test/fakes/stores.h>
#include <test/fakes/vmm_fake.h>
#include "suites.h"

#define CUTS_MAX 400u

/* State that outlives a VMM. */
struct world {
    uint8_t *arena;
    struct vcpu_page page;
    uint64_t csr_sstatus, csr_fp10, out_position, in_released;
    uint8_t out[64];
    uint8_t ram[64];
    uint32_t injections;
};

struct cuts {
    struct vmm_fake *fake;
    struct world world[CUTS_MAX];
    uint32_t count;
};

static void world_take(const struct vmm_fake *fake, struct world *world)
{
    world->arena = malloc(fake->arena_bytes);
    memcpy(world->arena, fake->arena, fake->arena_bytes);
    world->page = fake->page[0];
    world->csr_sstatus = fake->csr[VCPU_REG_CSR(0x100)];
    world->csr_fp10 = fake->csr[VCPU_REG_FP(10)];
    world->out_position = fake->out_position;
    world->in_released = fake->in_released;
    memcpy(world->out, fake->out, sizeof world->out);
    memcpy(world->ram, fake->ram, sizeof world->ram);
    world->injections = fake_calls(fake, FAKE_INJECT, NULL);
}

static void world_put(struct vmm_fake *fake, const struct world *world)
{
    memcpy(fake->arena, world->arena, fake->arena_bytes);
    fake->page[0] = world->page;
    fake->csr[VCPU_REG_CSR(0x100)] = world->csr_sstatus;
    fake->csr[VCPU_REG_FP(10)] = world->csr_fp10;
    fake->out_position = world->out_position;
    fake->in_released = world->in_released;
    memcpy(fake->out, world->out, sizeof world->out);
    memcpy(fake->ram, world->ram, sizeof world->ram);
}

static void cut_here(void *opaque)
{
    struct cuts *cuts = opaque;
    ck_assert_uint_lt(cuts->count, CUTS_MAX);
    world_take(cuts->fake, &cuts->world[cuts->count++]);
}

/* The cuts that cut_before() belongs to. */
static struct cuts *cutting;

static bool is_in(const void *at, const void *start, size_t bytes)
{
    return (uintptr_t)at - (uintptr_t)start < bytes;
}

/* Other stores are those to the VMM's own memory, which dies with the VMM. */
static void cut_before(const void *at, size_t bytes)
{
    const struct vmm_fake *fake = cutting->fake;

    (void)bytes;
    if (!is_in(at, fake->arena, fake->arena_bytes) && !is_in(at, fake->page, sizeof fake->page))
        return;
    stores_before = NULL;
    cut_here(cutting);
    stores_before = cut_before;
}

/* Does the loop's work for the waiting exit, up to the next entry. */
static void go_on(struct vmm_fake *fake)
{
    enum exit_next next;

    if (fake->page[0].exit.reason != VCPU_EXIT_NONE) {
        if (log_outcome(&fake->machine.log)->seq != fake->page[0].exit.seq)
            ck_assert_int_eq(exit_handle(&fake->machine, 0, &next), OK);
        ck_assert_int_eq(exit_apply(&fake->machine, 0), OK);
    }
    machine_settle(&fake->machine, 0);
}

/* All sections, that is the state of devices and machine, without the log. */
static const uint8_t *sections(const struct world *world)
{
    const struct arena_header *header = (const void *)(world->arena + sizeof(struct arena_root));
    return world->arena + header->section[0].offset;
}

static void same(const struct vmm_fake *fake, const struct world *world,
                 const struct world *expected)
{
    const struct arena_header *header = (const void *)(world->arena + sizeof(struct arena_root));
    size_t bytes = fake->arena_bytes - header->section[0].offset;

    ck_assert_mem_eq(sections(world), sections(expected), bytes);
    ck_assert_mem_eq(&world->page, &expected->page, sizeof world->page);
    ck_assert_uint_eq(world->csr_sstatus, expected->csr_sstatus);
    ck_assert_uint_eq(world->csr_fp10, expected->csr_fp10);
    ck_assert_uint_eq(world->out_position, expected->out_position);
    ck_assert_uint_eq(world->in_released, expected->in_released);
    ck_assert_mem_eq(world->out, expected->out, sizeof world->out);
    ck_assert_mem_eq(world->ram, expected->ram, sizeof world->ram);
}

/* Runs the exit in the page once without a cut, then with a cut at each store and effect. */
static void cut_everywhere(struct vmm_fake *fake, uint32_t least_cuts)
{
    struct cuts *cuts = calloc(1, sizeof *cuts);
    struct world expected, after;

    cuts->fake = fake;
    fake->on_effect = cut_here;
    fake->on_effect_opaque = cuts;
    cutting = cuts;
    cut_here(cuts);
    stores_before = cut_before;
    go_on(fake);
    stores_before = NULL;
    fake->on_effect = NULL;
    world_take(fake, &expected);
    ck_assert_uint_ge(cuts->count, least_cuts);

    for (uint32_t i = 0; i < cuts->count; i++) {
        bool is_taken_over = false;
        world_put(fake, &cuts->world[i]);
        fake_calls_clear(fake);
        fake_restart(fake, &is_taken_over);
        ck_assert(is_taken_over);
        go_on(fake);
        world_take(fake, &after);
        same(fake, &after, &expected);
        ck_assert_uint_eq(cuts->world[i].injections + after.injections, expected.injections);
        free(after.arena);
        free(cuts->world[i].arena);
    }
    free(expected.arena);
    free(cuts);
}

static struct vmm_fake *guest_at(struct vcpu_exit_record record)
{
    struct vmm_fake *fake = fake_new(1);

    fake->machine.state->hart[0].status = HART_STARTED;
    fake->csr[VCPU_REG_CSR(0x105)] = 0x80400000;
    fake->page[0].pc = record.pc = 0x80300000;
    record.seq = 1;
    fake->page[0].exit = record;
    memcpy(fake->ram, "text in guest memory", 20);
    return fake;
}

static void ecall_at(struct vmm_fake *fake, uint64_t eid, uint64_t fid, uint64_t a0, uint64_t a1)
{
    uint64_t *x = fake->page[0].x;
    x[17] = eid, x[16] = fid, x[10] = a0, x[11] = a1;
}

static const struct vcpu_exit_record ecall_record = {.reason = VCPU_EXIT_ECALL, .cause = 10};

START_TEST(test_recovery_uart_write_goes_out_exactly_once)
{
    /* A byte sent by the UART is neither lost nor doubled, wherever the VMM dies. */
    struct vmm_fake *fake = guest_at((struct vcpu_exit_record){
        .reason = VCPU_EXIT_STORE, .cause = 23, .gpa = 0x10000000, .htinst = 0x00a00023});
    fake->page[0].x[10] = 'u';
    cut_everywhere(fake, 12);
    ck_assert_uint_eq(fake->out_position, 1);
    fake_free(fake);
}
END_TEST

START_TEST(test_recovery_uart_fifo_goes_out_exactly_once)
{
    /* A byte that follows others, which waited in the FIFO for room, is not lost or doubled. */
    struct vmm_fake *fake = guest_at((struct vcpu_exit_record){
        .reason = VCPU_EXIT_STORE, .cause = 23, .gpa = 0x10000000, .htinst = 0x00a00023});
    fake->out_limit = 0;
    fake_put(fake, 0x10000002, 1, 1); /* FIFOs on */
    fake_put(fake, 0x10000000, 1, 'o');
    fake->out_limit = FAKE_CONSOLE_BYTES;
    fake->page[0].x[10] = 'k';
    cut_everywhere(fake, 15);
    ck_assert_uint_eq(fake->out_position, 2);
    ck_assert_mem_eq(fake->out, "ok", 2);
    fake_free(fake);
}
END_TEST

START_TEST(test_recovery_uart_read_takes_exactly_one_byte)
{
    /* A read returns the next typed byte, and the later bytes stay in order. */
    struct vmm_fake *fake = guest_at((struct vcpu_exit_record){
        .reason = VCPU_EXIT_LOAD, .cause = 21, .gpa = 0x10000000, .htinst = 0x00004503});
    fake_type(fake, "xyz");
    machine_notify(&fake->machine, UINT32_MAX);
    cut_everywhere(fake, 15);
    ck_assert_uint_eq(fake->page[0].x[10], 'x');
    ck_assert_uint_eq(fake_get(fake, 0x10000000, 1), 'y');
    ck_assert_uint_eq(fake_get(fake, 0x10000000, 1), 'z');
    fake_free(fake);
}
END_TEST

START_TEST(test_recovery_plic_claim_is_made_once)
{
    /* A claim that was cut short returns the same source again, not the next one. */
    struct vmm_fake *fake = guest_at((struct vcpu_exit_record){
        .reason = VCPU_EXIT_LOAD, .cause = 21, .gpa = 0xc201004, .htinst = 0x00002503});
    fake_put(fake, 0xc000000 + 40, 4, 1);
    fake_put(fake, 0xc002080, 4, 1 << 10);
    fake_put(fake, 0x10000001, 1, 2); /* THRE interrupt: source 10 */
    cut_everywhere(fake, 8);
    ck_assert_uint_eq(fake->page[0].x[10], 10);
    fake_free(fake);
}
END_TEST

START_TEST(test_recovery_console_write_goes_out_exactly_once)
{
    /* DBCN output comes out once, and a0 and a1 match it. */
    struct vmm_fake *fake = guest_at(ecall_record);
    ecall_at(fake, SBI_EID_DBCN, 0, 20, GUEST_RAM_GPA);
    cut_everywhere(fake, 8);
    ck_assert_uint_eq(fake->page[0].x[11], 20);
    ck_assert_mem_eq(fake->out, "text in guest memory", 20);
    ck_assert_uint_eq(fake->out_position, 20);
    fake_free(fake);
}
END_TEST

START_TEST(test_recovery_console_read_loses_no_byte)
{
    /* Typed bytes arrive once, in order, part in this call and the rest in later reads. */
    struct vmm_fake *fake = guest_at(ecall_record);
    fake_type(fake, "typed");
    ecall_at(fake, SBI_EID_DBCN, 1, 3, GUEST_RAM_GPA + 32);
    cut_everywhere(fake, 8);
    ck_assert_mem_eq(fake->ram + 32, "typ\0", 4);
    ck_assert_uint_eq(fake_get(fake, 0x10000000, 1), 'e');
    ck_assert_uint_eq(fake_get(fake, 0x10000000, 1), 'd');
    fake_free(fake);
}
END_TEST

START_TEST(test_recovery_timer_and_fp_registers_end_the_same)
{
    /* Timer and FP registers get absolute values, so a second write changes nothing. */
    struct vmm_fake *fake = guest_at(ecall_record);
    ecall_at(fake, SBI_EID_TIME, 0, 777, 0);
    cut_everywhere(fake, 3);
    ck_assert_uint_eq(fake->page[0].timer, 777);
    fake_free(fake);
    fake = guest_at((struct vcpu_exit_record){
        .reason = VCPU_EXIT_LOAD, .cause = 21, .gpa = 0x10000000, .htinst = 0x00003507});
    fake->csr[VCPU_REG_FP(10)] = 0x1234;
    cut_everywhere(fake, 6);
    ck_assert_uint_eq(fake->csr[VCPU_REG_FP(10)], 0);
    fake_free(fake);
}
END_TEST

START_TEST(test_recovery_exception_is_injected_once)
{
    /* The guest takes one exception, never a second on top of the first. */
    struct vmm_fake *fake =
        guest_at((struct vcpu_exit_record){.reason = VCPU_EXIT_FETCH, .cause = 20, .tval = 0x666});
    cut_everywhere(fake, 4);
    ck_assert_uint_eq(fake->page[0].pc, 0x80400000);
    fake_free(fake);
}
END_TEST

START_TEST(test_recovery_power_request_survives)
{
    /* The guest's power request is kept. */
    struct vmm_fake *fake = guest_at(ecall_record);
    ecall_at(fake, SBI_EID_SRST, 0, 1, 0);
    cut_everywhere(fake, 6);
    ck_assert_uint_eq(fake->machine.state->power, DEV_POWER_REBOOT);
    fake_free(fake);
}
END_TEST

START_TEST(test_recovery_state_that_makes_no_sense_is_refused)
{
    /* A log that does not parse, or another layout, is refused and stays as it is. */
    struct vmm_fake *fake = fake_new(1);
    struct machine machine;
    bool is_taken_over = false;

    fake_restart(fake, &is_taken_over);
    ck_assert(is_taken_over);
    log_begin(&fake->machine.log);
    log_set(&fake->machine.log, fake->machine.state, 8);
    fake->machine.log.area->entry[0].offset += 4;
    ck_assert_int_eq(
        machine_init(&machine, &fake->config, fake->arena, fake->arena_bytes, &is_taken_over),
        ERR_FORMAT);
    ck_assert_str_eq(machine.problem.name, "logs");
    fake->machine.log.area->entry[0].offset -= 4;
    fake_restart(fake, &is_taken_over);
    ck_assert(is_taken_over);

    struct arena_section *section = &fake->machine.arena.header->section[2];
    section->version += 8;
    ck_assert_int_eq(
        machine_init(&machine, &fake->config, fake->arena, fake->arena_bytes, &is_taken_over),
        ERR_FORMAT);
    ck_assert_str_eq(machine.problem.name, section->name);
    ck_assert_uint_eq(machine.problem.found, machine.problem.wanted + 8);
    section->version -= 8;
    fake_restart(fake, &is_taken_over);
    ck_assert(is_taken_over);
    ck_assert_uint_eq(fake->machine.state->boot_count, 1);
    fake->machine.arena.root->magic ^= 1;
    ck_assert_int_eq(
        machine_init(&machine, &fake->config, fake->arena, fake->arena_bytes, &is_taken_over),
        ERR_FORMAT);
    ck_assert_str_eq(machine.problem.name, "arena");
    fake_free(fake);
}
END_TEST

START_TEST(test_recovery_machine_bad_arguments_are_refused)
{
    /* Each error of machine_init() has its cause. */
    struct vmm_fake *fake = fake_new(1);
    struct machine machine;
    bool is_taken_over;

    fake->config.hart_count = 0;
    ck_assert_int_eq(
        machine_init(&machine, &fake->config, fake->arena, fake->arena_bytes, &is_taken_over),
        ERR_INVALID_ARG);
    fake->config.hart_count = GUEST_HARTS_MAX + 1;
    ck_assert_int_eq(
        machine_init(&machine, &fake->config, fake->arena, fake->arena_bytes, &is_taken_over),
        ERR_INVALID_ARG);
    fake->config.hart_count = 1;
    fake->machine.arena.root->magic = 0;
    ck_assert_int_eq(
        machine_init(&machine, &fake->config, fake->arena, fake->arena_bytes - 64, &is_taken_over),
        ERR_NO_MEMORY);
    ck_assert_int_eq(machine_init(&machine, &fake->config, fake->arena + 8, fake->arena_bytes - 8,
                                  &is_taken_over),
                     ERR_ALIGN);
    fake_free(fake);
}
END_TEST

TCase *recovery_tcase(void)
{
    TCase *tcase = tcase_create("recovery");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_recovery_uart_write_goes_out_exactly_once);
    tcase_add_test(tcase, test_recovery_uart_fifo_goes_out_exactly_once);
    tcase_add_test(tcase, test_recovery_uart_read_takes_exactly_one_byte);
    tcase_add_test(tcase, test_recovery_plic_claim_is_made_once);
    tcase_add_test(tcase, test_recovery_console_write_goes_out_exactly_once);
    tcase_add_test(tcase, test_recovery_console_read_loses_no_byte);
    tcase_add_test(tcase, test_recovery_timer_and_fp_registers_end_the_same);
    tcase_add_test(tcase, test_recovery_exception_is_injected_once);
    tcase_add_test(tcase, test_recovery_power_request_survives);
    tcase_add_test(tcase, test_recovery_state_that_makes_no_sense_is_refused);
    tcase_add_test(tcase, test_recovery_machine_bad_arguments_are_refused);
    return tcase;
}
