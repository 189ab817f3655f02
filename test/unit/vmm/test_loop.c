/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>
#include <vmm/boot/image.h>
#include <vmm/sbi/sbi.h>
#include <vmm/vcpu/vcpu_loop.h>

#include <test/fakes/vmm_fake.h>
#include "suites.h"

/* A guest: one step for each entry. */
struct guest {
    struct vmm_fake *fake;
    void (*step)(struct guest *guest, struct vcpu_page *page);
    uint64_t entries, waits, text_waits, polls, reboots;
    uint64_t done_seq;
    uint64_t deadline_ticks; /* of the latest run */
    uint8_t seed[GUEST_SEED_BYTES]; /* of the last boot */
    enum err refusal;
};

static enum err guest_run(void *opaque, uint32_t hart, uint64_t done_seq, uint64_t deadline_ticks,
                          uint32_t *reason)
{
    struct guest *guest = opaque;
    struct vcpu_page *page = &guest->fake->page[hart];

    if (guest->refusal)
        return guest->refusal;
    ck_assert_uint_eq(done_seq, page->exit.seq);
    ck_assert_uint_eq(page->exit.reason, VCPU_EXIT_NONE);
    guest->entries++;
    guest->done_seq = done_seq;
    guest->deadline_ticks = deadline_ticks;
    guest->step(guest, page);
    *reason = page->exit.reason;
    return OK;
}

static enum err guest_poll(void *opaque, uint32_t hart)
{
    struct guest *guest = opaque;
    (void)hart;
    guest->polls++;
    return OK;
}

static enum err guest_wait(void *opaque, uint32_t hart)
{
    struct guest *guest = opaque;
    (void)hart;
    guest->waits++;
    return guest->waits > 10 ? ERR_CANCELLED : OK;
}

static enum err guest_wait_text(void *opaque, uint32_t hart)
{
    struct guest *guest = opaque;
    (void)hart;
    guest->text_waits++;
    guest->fake->out_limit = FAKE_CONSOLE_BYTES;
    return OK;
}

static void guest_rebooted(void *opaque, uint64_t count)
{
    struct guest *guest = opaque;
    guest->reboots++;
    ck_assert_uint_eq(count, guest->reboots);
}

static struct vcpu_loop_result guest_go(struct guest *guest)
{
    static const struct vcpu_loop_ops ops = {guest_run, guest_poll, guest_wait, guest_wait_text,
                                             guest_rebooted};
    return vcpu_loop(&guest->fake->machine, 0, &ops, guest);
}

static void ecall(struct vcpu_page *page, uint64_t eid, uint64_t fid, uint64_t a0, uint64_t a1)
{
    page->x[17] = eid, page->x[16] = fid, page->x[10] = a0, page->x[11] = a1;
    page->exit = (struct vcpu_exit_record){.seq = page->exit.seq + 1,
                                           .reason = VCPU_EXIT_ECALL,
                                           .cause = 10,
                                           .pc = page->pc,
                                           .mode = 1};
}

static void shutdown(struct vcpu_page *page)
{
    ecall(page, SBI_EID_SRST, 0, 0, 0);
}

/* ---- Start ---- */

static void step_check_start(struct guest *guest, struct vcpu_page *page)
{
    const struct vmm_fake *fake = guest->fake;

    ck_assert_uint_eq(page->pc, GUEST_RAM_GPA + 0x200000);
    ck_assert_uint_eq(page->x[10], 0);
    ck_assert_uint_eq(page->x[11], GUEST_RAM_GPA + FAKE_RAM_BYTES - IMAGE_DTB_BYTES);
    for (uint32_t i = 0; i < 32; i++)
        ck_assert(i == 11 || page->x[i] == 0);
    ck_assert_uint_eq(fake->csr[VCPU_REG_CSR(0x180)], 0);
    ck_assert_uint_eq(fake->csr[VCPU_REG_CSR(0x106)], 7);
    ck_assert_uint_eq(fake->csr[VCPU_REG_CSR(0x100)], UINT64_C(3) << 13); /* FS is on */
    ck_assert_uint_eq(fake->csr[VCPU_REG_VSMODE], 1);
    ck_assert_uint_eq(fake->csr[VCPU_REG_FP(31)], 0);
    ck_assert_uint_eq(fake_calls(fake, FAKE_FENCE, NULL), 2);
    ck_assert_mem_eq(fake->ram + 0x200000, fake->kernel, FAKE_KERNEL_BYTES);
    shutdown(page);
}

START_TEST(test_loop_first_entry_is_the_boot_protocol)
{
    /* The hart enters at the kernel with a0 = hart, a1 = device tree, and other registers reset. */
    struct vmm_fake *fake = fake_new(1);
    struct guest guest = {.fake = fake, .step = step_check_start};

    memset(fake->csr, 0xff, sizeof fake->csr);
    memset(&fake->page[0], 0, sizeof fake->page[0]);
    memset(fake->page[0].x, 0xff, sizeof fake->page[0].x);
    fake->no_such_reg = VCPU_REG_CSR(0x14d); /* a hart without Sstc */
    ck_assert_int_eq(guest_go(&guest).end, VCPU_LOOP_POWERED_OFF);
    ck_assert_uint_eq(guest.entries, 1);
    fake_free(fake);
}
END_TEST

/* ---- Reboot ---- */

static void step_reboot(struct guest *guest, struct vcpu_page *page)
{
    struct vmm_fake *fake = guest->fake;

    const uint8_t *dtb = fake->ram + FAKE_RAM_BYTES - IMAGE_DTB_BYTES;
    int length;
    const void *seed = fdt_getprop(dtb, fdt_path_offset(dtb, "/chosen"), "rng-seed", &length);

    ck_assert_int_eq(length, GUEST_SEED_BYTES);
    ck_assert_mem_ne(seed, guest->seed, sizeof guest->seed);
    memcpy(guest->seed, seed, sizeof guest->seed);
    ck_assert_uint_eq(fake->ram[0x123456], 0);
    ck_assert_mem_eq(fake->ram + 0x200000, fake->kernel, FAKE_KERNEL_BYTES);
    ck_assert_uint_eq(fake_get(fake, 0x10000007, 1), 0);
    ck_assert_uint_eq(fake_get(fake, 0xc002080, 4), 0);
    memset(fake->ram + 0x100000, 0xbb, 0x300000);
    fake_put(fake, 0x10000007, 1, 0x77);
    fake_put(fake, 0xc002080, 4, 0xff0);
    page->x[5] = 0x5555;
    fake->csr[VCPU_REG_CSR(0x180)] = 0x1234;
    if (guest->entries == 101)
        shutdown(page);
    else
        ecall(page, SBI_EID_SRST, 0, guest->entries % 2 + 1, 0);
}

START_TEST(test_loop_reboot_a_hundred_times_is_a_fresh_machine_each_time)
{
    /* A reboot zeroes RAM, loads the image again, resets devices and registers; the seed is new. */
    struct vmm_fake *fake = fake_new(1);
    struct guest guest = {.fake = fake, .step = step_reboot};

    ck_assert_int_eq(guest_go(&guest).end, VCPU_LOOP_POWERED_OFF);
    ck_assert_uint_eq(guest.entries, 101);
    ck_assert_uint_eq(guest.reboots, 100);
    ck_assert_uint_eq(fake->machine.state->boot_count, 101);
    fake_free(fake);
}
END_TEST

static void step_fail(struct guest *guest, struct vcpu_page *page)
{
    (void)guest;
    ecall(page, SBI_EID_SRST, 0, 0, 1);
}

START_TEST(test_loop_system_failure_ends_as_failed)
{
    /* A shutdown with reason "system failure" is reported to the owner as a failure. */
    struct vmm_fake *fake = fake_new(1);
    struct guest guest = {.fake = fake, .step = step_fail};
    struct vcpu_loop_result result = guest_go(&guest);

    ck_assert_int_eq(result.end, VCPU_LOOP_GUEST_FAILED);
    ck_assert_uint_eq(result.detail, 1);
    fake_free(fake);
}
END_TEST

static void step_cold_reboot(struct guest *guest, struct vcpu_page *page)
{
    guest->fake->kernel[56] = 0;
    ecall(page, SBI_EID_SRST, 0, 1, 0);
}

START_TEST(test_loop_kernel_image_gone_bad_fails_the_boot)
{
    /* If the image does not parse at a reboot, the guest ends with the error. */
    struct vmm_fake *fake = fake_new(1);
    struct guest guest = {.fake = fake, .step = step_cold_reboot};
    struct vcpu_loop_result result = guest_go(&guest);
    ck_assert_int_eq(result.end, VCPU_LOOP_BOOT_FAILED);
    ck_assert_uint_eq(result.detail, ERR_FORMAT);
    fake_free(fake);
}
END_TEST

START_TEST(test_loop_refused_run_ends_with_the_error)
{
    /* If the kernel refuses to run the vCPU, the loop ends with the error, without a retry. */
    struct vmm_fake *fake = fake_new(1);
    struct guest guest = {.fake = fake, .step = step_fail, .refusal = ERR_STATE};
    struct vcpu_loop_result result = guest_go(&guest);

    ck_assert_int_eq(result.end, VCPU_LOOP_VCPU_FAILED);
    ck_assert_uint_eq(result.detail, ERR_STATE);
    fake_free(fake);
}
END_TEST

/* ---- Kicks, waiting, harts ---- */

static void step_kicked(struct guest *guest, struct vcpu_page *page)
{
    if (guest->entries == 1)
        fake_type(guest->fake, "k"); /* and the run ends without an exit */
    else {
        ck_assert(page->irq & VCPU_IRQ_EXTERNAL);
        shutdown(page);
    }
}

START_TEST(test_loop_kick_delivers_input_as_an_interrupt)
{
    /* After a run without an exit the loop polls the notification; typed input interrupts. */
    struct vmm_fake *fake = fake_new(1);
    struct guest guest = {.fake = fake, .step = step_kicked};

    fake_put(fake, 0xc000000 + 40, 4, 1);
    fake_put(fake, 0xc002080, 4, 1 << 10);
    fake_put(fake, 0x10000001, 1, 1);
    ck_assert_int_eq(guest_go(&guest).end, VCPU_LOOP_POWERED_OFF);
    ck_assert_uint_eq(guest.polls, 1);
    ck_assert_uint_eq(guest.entries, 2);
    fake_free(fake);
}
END_TEST

#define RTC UINT64_C(0x101000)

/* Four entries: no alarm; an alarm armed by a store; another exit; the alarm's time. */
static void step_alarm(struct guest *guest, struct vcpu_page *page)
{
    struct vmm_fake *fake = guest->fake;
    uint64_t alarm = UINT64_C(1700000001000000000);

    switch (guest->entries) {
    case 1:
        ck_assert_uint_eq(guest->deadline_ticks, UINT64_MAX);
        fake_put(fake, RTC + 0x10, 4, 1);
        fake_put(fake, RTC + 0xc, 4, alarm >> 32);
        fake_put(fake, RTC + 8, 4, (alarm & UINT32_MAX) + 1);
        ecall(page, SBI_EID_BASE, 0, 0, 0);
        machine_all_due(&fake->machine); /* as if this exit had changed it */
        break;
    case 2: /* rounded up: not before the alarm */
        ck_assert_uint_eq(guest->deadline_ticks, alarm / 100 + 1);
        ecall(page, SBI_EID_BASE, 0, 0, 0);
        break;
    case 3:
        ck_assert_uint_eq(guest->deadline_ticks, alarm / 100 + 1);
        ck_assert_uint_eq(page->irq & VCPU_IRQ_EXTERNAL, 0);
        fake->wall_ns = alarm + 100; /* and the run ends without an exit */
        break;
    default:
        ck_assert_uint_eq(guest->deadline_ticks, UINT64_MAX);
        ck_assert(page->irq & VCPU_IRQ_EXTERNAL);
        shutdown(page);
        break;
    }
}

START_TEST(test_loop_device_deadline_is_passed_on_and_raises_its_line)
{
    /* Each run has the earliest deadline of the devices, or none; at the deadline the PLIC
     * interrupts. */
    struct vmm_fake *fake = fake_new(1);
    struct guest guest = {.fake = fake, .step = step_alarm};

    fake_put(fake, 0xc000000 + 44, 4, 1);
    fake_put(fake, 0xc002080, 4, 1 << 11);
    ck_assert_int_eq(guest_go(&guest).end, VCPU_LOOP_POWERED_OFF);
    ck_assert_uint_eq(guest.entries, 4);
    ck_assert_uint_eq(guest.polls, 1);
    fake_free(fake);
}
END_TEST

static void step_blocking(struct guest *guest, struct vcpu_page *page)
{
    if (guest->entries == 1) {
        guest->fake->out_limit = 0;
        ecall(page, SBI_EID_DBCN, 2, 'b', 0);
    } else {
        shutdown(page);
    }
}

START_TEST(test_loop_blocking_output_waits_for_the_console)
{
    /* With a full console the thread waits without spinning; then the call completes. */
    struct vmm_fake *fake = fake_new(1);
    struct guest guest = {.fake = fake, .step = step_blocking};

    ck_assert_int_eq(guest_go(&guest).end, VCPU_LOOP_POWERED_OFF);
    ck_assert_uint_eq(guest.text_waits, 1);
    ck_assert_uint_eq(guest.waits, 0);
    ck_assert_mem_eq(fake->out, "b", 1);
    fake_free(fake);
}
END_TEST

static void step_stop(struct guest *guest, struct vcpu_page *page)
{
    (void)guest;
    ecall(page, SBI_EID_HSM, 1, 0, 0);
}

START_TEST(test_loop_stopped_hart_waits_without_running)
{
    /* A hart that stopped itself is not entered again; its thread sleeps, because another hart may
     * start it. */
    struct vmm_fake *fake = fake_new(2);
    struct guest guest = {.fake = fake, .step = step_stop};
    fake->machine.state->hart[1].status = HART_STARTED;
    struct vcpu_loop_result result = guest_go(&guest);

    ck_assert_int_eq(result.end, VCPU_LOOP_VCPU_FAILED); /* the fake's wait gives up */
    ck_assert_uint_eq(guest.entries, 1);
    ck_assert_uint_eq(guest.waits, 11);
    fake_free(fake);
}
END_TEST

START_TEST(test_loop_last_hart_stopped_ends_the_guest)
{
    /* When all harts have stopped, the machine ends, with an end code of its own. */
    for (uint32_t harts = 1; harts <= 2; harts++) {
        struct vmm_fake *fake = fake_new(harts);
        struct guest guest = {.fake = fake, .step = step_stop};

        ck_assert_int_eq(guest_go(&guest).end, VCPU_LOOP_ALL_STOPPED);
        ck_assert_uint_eq(guest.entries, 1);
        ck_assert_uint_eq(guest.waits, 0);
        fake_free(fake);
    }
}
END_TEST

/* sie, sip, stimecmp, and registers that a guest need not restore. */
static const uint32_t suspend_kept[] = {0x104, 0x144, 0x14d, 0x105, 0x140};
#define SUSPEND_KEPT (sizeof suspend_kept / sizeof suspend_kept[0])

static void step_suspend(struct guest *guest, struct vcpu_page *page)
{
    if (guest->entries == 1) {
        page->x[12] = 99;
        page->x[8] = 1234;
        page->timer = 5678;
        __atomic_store_n(&page->irq, VCPU_IRQ_SOFT_SET | VCPU_IRQ_TIMER_SET, __ATOMIC_RELAXED);
        for (uint32_t i = 0; i < SUSPEND_KEPT; i++)
            guest->fake->csr[VCPU_REG_CSR(suspend_kept[i])] = 0x1000 + i;
        guest->fake->csr[VCPU_REG_CSR(0x180)] = 7;
        guest->fake->csr[VCPU_REG_CSR(0x100)] = 0x6122;
        fake_calls_clear(guest->fake);
        ecall(page, SBI_EID_HSM, 3, 0x80000000, GUEST_RAM_GPA + 0x400);
        return;
    }
    ck_assert_uint_eq(page->pc, GUEST_RAM_GPA + 0x400);
    ck_assert_uint_eq(page->x[10], 0);
    ck_assert_uint_eq(page->x[11], 99);
    ck_assert_uint_eq(guest->fake->csr[VCPU_REG_CSR(0x180)], 0);
    ck_assert_uint_eq(guest->fake->csr[VCPU_REG_CSR(0x100)], 0x6120);
    for (uint32_t i = 0; i < SUSPEND_KEPT; i++)
        ck_assert_uint_eq(guest->fake->csr[VCPU_REG_CSR(suspend_kept[i])], 0x1000 + i);
    ck_assert_uint_eq(page->x[8], 1234);
    ck_assert_uint_eq(page->timer, 5678);
    ck_assert_uint_eq(page->irq, VCPU_IRQ_SOFT_SET | VCPU_IRQ_TIMER_SET | VCPU_IRQ_WAIT);
    ck_assert_int_eq(machine_hart_status(&guest->fake->machine, 0), HART_SUSPENDED);
    page->irq = 0;
    ck_assert_int_eq(machine_hart_status(&guest->fake->machine, 0), HART_STARTED);
    shutdown(page);
}

static void step_suspend_keep(struct guest *guest, struct vcpu_page *page)
{
    if (guest->entries == 1) {
        page->pc = 0x400;
        ecall(page, SBI_EID_HSM, 3, 0, 1);
        return;
    }
    ck_assert_uint_eq(page->pc, 0x404);
    ck_assert_uint_eq(page->x[10], SBI_SUCCESS);
    ck_assert_uint_eq(page->irq & VCPU_IRQ_WAIT, VCPU_IRQ_WAIT);
    page->irq = 0;
    shutdown(page);
}

START_TEST(test_loop_retentive_suspend_waits_and_returns)
{
    /* A retentive suspend returns after its ecall, when the kernel has ended the wait. */
    struct vmm_fake *fake = fake_new(1);
    struct guest guest = {.fake = fake, .step = step_suspend_keep};
    ck_assert_int_eq(guest_go(&guest).end, VCPU_LOOP_POWERED_OFF);
    fake_free(fake);
}
END_TEST

START_TEST(test_loop_non_retentive_suspend_resumes_at_the_address)
{
    /* In a non-retentive suspend the hart waits, then resumes at resume_addr with a0 = hart,
     * a1 = opaque, translation and interrupts off, and no wake-up event is lost. */
    struct vmm_fake *fake = fake_new(1);
    struct guest guest = {.fake = fake, .step = step_suspend};
    ck_assert_int_eq(guest_go(&guest).end, VCPU_LOOP_POWERED_OFF);
    fake_free(fake);
}
END_TEST

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13, *state ^= *state >> 7, *state ^= *state << 17;
    return *state;
}

static void step_random(struct guest *guest, struct vcpu_page *page)
{
    static uint64_t seed = 88172645463325252u;
    uint64_t r = random_next(&seed);

    guest->fake->out_limit = FAKE_CONSOLE_BYTES;
    if (guest->fake->out_position > FAKE_CONSOLE_BYTES / 2)
        guest->fake->out_position = guest->fake->machine.text.state->out_position = 0;
    guest->fake->machine.state->hart[0].status = HART_STARTED;
    if (guest->entries == 20000) {
        guest->fake->machine.state->power = DEV_POWER_RUN;
        shutdown(page);
        return;
    }
    for (uint32_t i = 1; i < 32; i++)
        page->x[i] = random_next(&seed) >> (random_next(&seed) % 64);
    static const uint64_t places[] = {0x100000, 0x101000, 0xc000000, 0xc200000, 0x10000000, 0, 1};
    uint64_t gpa = places[r % 7] + (r >> 8) % 0x1100;
    page->exit = (struct vcpu_exit_record){
        .seq = page->exit.seq + 1,
        .reason = (uint32_t)(r >> 32) % 8,
        .insn_valid = r >> 40 & 1,
        .cause = r >> 44,
        .tval = gpa,
        .gpa = gpa,
        .htinst = r >> 41 & 1 ? (random_next(&seed) & 0x07f07fff) | 1 : 0,
        .insn = random_next(&seed) & UINT32_MAX,
        .pc = page->pc,
    };
}

START_TEST(test_loop_random_exits_never_end_the_vmm)
{
    /* Exits of every kind with arbitrary registers are all answered; none ends the loop early. */
    struct vmm_fake *fake = fake_new(1);
    struct guest guest = {.fake = fake, .step = step_random};
    struct vcpu_loop_result result;

    do {
        fake->machine.state->power = DEV_POWER_RUN;
        result = guest_go(&guest);
        ck_assert_int_ne(result.end, VCPU_LOOP_VCPU_FAILED);
        ck_assert_int_ne(result.end, VCPU_LOOP_BOOT_FAILED);
    } while (guest.entries < 20000);
    fake_free(fake);
}
END_TEST

TCase *loop_tcase(void)
{
    TCase *tcase = tcase_create("loop");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, test_loop_first_entry_is_the_boot_protocol);
    tcase_add_test(tcase, test_loop_reboot_a_hundred_times_is_a_fresh_machine_each_time);
    tcase_add_test(tcase, test_loop_system_failure_ends_as_failed);
    tcase_add_test(tcase, test_loop_kernel_image_gone_bad_fails_the_boot);
    tcase_add_test(tcase, test_loop_refused_run_ends_with_the_error);
    tcase_add_test(tcase, test_loop_kick_delivers_input_as_an_interrupt);
    tcase_add_test(tcase, test_loop_device_deadline_is_passed_on_and_raises_its_line);
    tcase_add_test(tcase, test_loop_blocking_output_waits_for_the_console);
    tcase_add_test(tcase, test_loop_stopped_hart_waits_without_running);
    tcase_add_test(tcase, test_loop_non_retentive_suspend_resumes_at_the_address);
    tcase_add_test(tcase, test_loop_retentive_suspend_waits_and_returns);
    tcase_add_test(tcase, test_loop_last_hart_stopped_ends_the_guest);
    tcase_add_test(tcase, test_loop_random_exits_never_end_the_vmm);
    return tcase;
}
