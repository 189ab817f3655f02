/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole guest, whose VMM dies at every store and at every call of the kernel, and is started
 * again: from the attach to the rings over take-over, boot and loop, as main.c does it.  The guest
 * is a script.  What the guest sees at each of its steps, and every byte of its console, are the
 * same as without a death.
 *
 * The kernel, the guest and the console service are below; they outlive the VMM.  The kernel takes
 * an answer only for the exit that it reported last.
 */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <proto/control.h>
#include <test/fakes/stores.h>
#include <test/fakes/vmm_fake.h>
#include <vmm/io/stream_ring.h>
#include <vmm/sbi/sbi.h>
#include <vmm/vcpu/vcpu_loop.h>

#include "suites.h"

/* The memory that the VMM shares with the console service: two rings, then their data. */
#define OUTPUT_SHARED 0x0000
#define INPUT_SHARED  0x0800
#define OUTPUT_DATA   0x1000
#define OUTPUT_BYTES  0x4000
#define INPUT_DATA    0x5000
#define INPUT_BYTES   0x1000
#define REGION_BYTES  0x6000

#define UART       UINT64_C(0x10000000)
#define RTC        UINT64_C(0x101000)
#define PLIC       UINT64_C(0xc000000)
#define STVEC      UINT64_C(0x80400000)
#define TEXT_GPA   (GUEST_RAM_GPA + 0x100000)
#define VIEWS_MAX  128u
#define DEATHS     8u
#define RAM_BYTES  (UINT64_C(7) << 20)
#define RAM_STRIDE 128u /* every so many stores to RAM are a place to die */

/* What the guest sees when it runs again. */
struct view {
    uint64_t step, pc, x[32], irq, timer, sstatus, satp, sepc_pc, ram_word;
};

static const _Atomic uint32_t used_state = CONTROL_USED_UP; /* of the service */

static struct vmm_fake *fake;
static _Alignas(4096) uint8_t region[REGION_BYTES];
static struct ring_consumer terminal;
static struct ring_producer keyboard;
static bool is_service_signalled, is_vmm_signalled;
static uint8_t shown[4096];
static uint32_t shown_count, typed_count;

static struct view view[VIEWS_MAX];
static uint32_t view_count, step;

static jmp_buf grave, end;
static uint64_t places, die_at, stride;
static enum vcpu_loop_end ended;

/* ---- Death ------------------------------------------------------------------------------ */

static void place_to_die(void)
{
    if (++places == die_at) {
        stores_before = NULL;
        longjmp(grave, 1);
    }
}

static bool is_in(const void *at, const void *start, size_t bytes)
{
    return (uintptr_t)at - (uintptr_t)start < bytes;
}

static void before_store(const void *at, size_t bytes)
{
    (void)bytes;
    if (is_in(at, fake->ram, RAM_BYTES)) {
        if (++stride % RAM_STRIDE == 0)
            place_to_die();
    } else if (is_in(at, fake->arena, fake->arena_bytes) ||
               is_in(at, fake->page, sizeof fake->page) || is_in(at, region, sizeof region)) {
        place_to_die();
    }
}

static void after_call(void *opaque)
{
    (void)opaque;
    place_to_die();
}

/* ---- The console service ---------------------------------------------------------------- */

static void service_signalled(void *opaque)
{
    (void)opaque;
    is_service_signalled = true;
    place_to_die();
}

/* Takes output only after a signal, so that a lost signal is a lost byte. */
static void service_turn(void)
{
    uint32_t got = 0;

    if (!is_service_signalled)
        return;
    is_service_signalled = false;
    do {
        while (ring_read(&terminal, shown + shown_count, 64, &got) == OK && got > 0)
            shown_count += got;
    } while (!ring_consumer_sleep(&terminal));
    if (ring_consumer_wakes(&terminal))
        is_vmm_signalled = true;
}

static void service_type(const char *text)
{
    uint32_t count = (uint32_t)strlen(text), written = 0;

    ck_assert_int_eq(ring_write(&keyboard, text, count, &written), OK);
    ck_assert_uint_eq(written, count);
    if (ring_producer_wakes(&keyboard))
        is_vmm_signalled = true;
}

/* ---- The guest -------------------------------------------------------------------------- */

enum act {
    ACT_STORE, /* width, address, value */
    ACT_LOAD,
    ACT_ECALL, /* extension, function, a0, a1 */
    ACT_FETCH, /* an access fault */
    ACT_TYPE,  /* the user types */
    ACT_CLOCK, /* time passes: nanoseconds */
};

static const struct {
    enum act act;
    uint64_t a, b, c, d;
} script[] = {
    {ACT_STORE, 1, UART + 2, 1, 0},             /* FIFOs */
    {ACT_STORE, 1, UART, 'h', 0},
    {ACT_STORE, 1, UART, 'i', 0},
    {ACT_LOAD, 1, UART + 5, 0, 0},
    {ACT_STORE, 4, PLIC + 40, 1, 0},            /* priority of the UART */
    {ACT_STORE, 4, PLIC + 44, 2, 0},            /* and of the RTC */
    {ACT_STORE, 4, PLIC + 0x2080, 0xc00, 0},    /* both enabled */
    {ACT_STORE, 1, UART + 1, 1, 0},             /* received data */
    {ACT_TYPE, 0, 0, 0, 0},
    {ACT_LOAD, 4, PLIC + 0x201004, 0, 0},       /* claim */
    {ACT_LOAD, 1, UART, 0, 0},
    {ACT_LOAD, 1, UART, 0, 0},
    {ACT_STORE, 4, PLIC + 0x201004, 10, 0},     /* complete: more input is there */
    {ACT_ECALL, SBI_EID_DBCN, 1, 3, TEXT_GPA + 64},
    {ACT_LOAD, 4, PLIC + 0x201004, 0, 0},
    {ACT_STORE, 4, PLIC + 0x201004, 10, 0},
    {ACT_ECALL, SBI_EID_DBCN, 0, 20, TEXT_GPA},
    {ACT_ECALL, SBI_EID_DBCN, 2, '!', 0},
    {ACT_ECALL, 1, 0, '?', 0},                  /* legacy putchar */
    {ACT_ECALL, SBI_EID_TIME, 0, 4242, 0},
    {ACT_ECALL, SBI_EID_IPI, 0, 1, 0},
    {ACT_FETCH, 0, 0, 0, 0},
    {ACT_LOAD, 8, UART + 0x100, 0, 0},          /* no device: access fault */
    {ACT_STORE, 4, RTC + 0x10, 1, 0},
    {ACT_STORE, 4, RTC + 0x0c, 0x17979cfe, 0},
    {ACT_STORE, 4, RTC + 0x08, 0x362a0000 + 1000000, 0},
    {ACT_CLOCK, 1000000000, 0, 0, 0},
    {ACT_LOAD, 4, PLIC + 0x201004, 0, 0},
    {ACT_STORE, 4, RTC + 0x1c, 1, 0},
    {ACT_STORE, 4, PLIC + 0x201004, 11, 0},
    {ACT_LOAD, 4, RTC, 0, 0},
    {ACT_ECALL, SBI_EID_HSM, 3, 0x80000000, GUEST_RAM_GPA + 0x3000}, /* suspend, resume there */
    {ACT_ECALL, SBI_EID_BASE, 3, SBI_EID_DBCN, 0},
    {ACT_ECALL, SBI_EID_SRST, 0, 1, 0},         /* reboot */
    {ACT_LOAD, 1, UART + 1, 0, 0},              /* as after power-on */
    {ACT_STORE, 1, UART, 'b', 0},
    {ACT_LOAD, 4, PLIC + 40, 0, 0},
    {ACT_ECALL, SBI_EID_SRST, 0, 0, 0},         /* off */
};

#define STEPS (sizeof script / sizeof script[0])

static void view_take(void)
{
    const struct vcpu_page *page = &fake->page[0];
    struct view *seen = &view[view_count++];

    ck_assert_uint_lt(view_count, VIEWS_MAX);
    *seen = (struct view){.step = step,
                          .pc = page->pc,
                          .irq = page->irq,
                          .timer = page->timer,
                          .sstatus = fake->csr[VCPU_REG_CSR(0x100)],
                          .satp = fake->csr[VCPU_REG_CSR(0x180)],
                          .ram_word = *(const uint64_t *)(const void *)(fake->ram + 0x100040)};
    memcpy(seen->x, page->x, sizeof seen->x);
}

static void exit_make(struct vcpu_exit_record record)
{
    struct vcpu_page *page = &fake->page[0];

    record.seq = page->exit.seq + 1;
    record.pc = page->pc;
    page->exit = record;
}

static void access_exit(bool is_store, uint64_t width, uint64_t gpa, uint64_t value)
{
    uint64_t funct3 = (uint64_t)__builtin_ctzll(width);

    fake->page[0].x[11] = is_store ? value : 0x5555;
    exit_make((struct vcpu_exit_record){
        .reason = is_store ? VCPU_EXIT_STORE : VCPU_EXIT_LOAD,
        .cause = is_store ? 23 : 21,
        .gpa = gpa,
        .tval = gpa,
        .htinst = is_store ? 0x23 | funct3 << 12 | 11 << 20 : 0x3 | funct3 << 12 | 11 << 7});
}

/* The guest's next step.  False: no exit, but the VMM is signalled. */
static bool guest_step(void)
{
    uint64_t *x = fake->page[0].x;

    ck_assert_uint_lt(step, STEPS);
    uint64_t a = script[step].a, b = script[step].b, c = script[step].c, d = script[step].d;
    switch (script[step++].act) {
    case ACT_STORE:
    case ACT_LOAD:
        access_exit(script[step - 1].act == ACT_STORE, a, b, c);
        return true;
    case ACT_ECALL:
        x[17] = a, x[16] = b, x[10] = c, x[11] = d, x[12] = 0;
        if (a == SBI_EID_HSM)
            x[12] = 77; /* opaque */
        exit_make((struct vcpu_exit_record){.reason = VCPU_EXIT_ECALL, .cause = 10});
        return true;
    case ACT_FETCH:
        exit_make((struct vcpu_exit_record){.reason = VCPU_EXIT_FETCH, .cause = 20, .tval = 6});
        return true;
    case ACT_TYPE:
        service_type("typed text");
        return false;
    default:
        fake->wall_ns += a;
        is_vmm_signalled = true;
        return false;
    }
}

/* ---- The kernel's calls of the loop ------------------------------------------------------ */

/* The VMM may die before the call, and after the guest has come to its next exit. */
static enum err kernel_run(void *opaque, uint32_t hart, uint64_t done_seq, uint64_t deadline_ticks,
                           uint32_t *reason)
{
    struct vcpu_page *page = &fake->page[0];
    void (*hook)(const void *, size_t) = stores_before;
    bool is_exit = false;
    (void)opaque, (void)hart, (void)deadline_ticks;

    place_to_die();
    stores_before = NULL;
    ck_assert_uint_eq(done_seq, page->exit.seq);
    ck_assert_uint_eq(page->exit.reason, VCPU_EXIT_NONE);
    service_turn();
    if (!is_vmm_signalled) {
        view_take();
        /* As the kernel at an entry: requests are carried out once. */
        page->irq &=
            ~(VCPU_IRQ_SOFT_SET | VCPU_IRQ_SOFT_CLEAR | VCPU_IRQ_TIMER_SET | VCPU_IRQ_WAIT);
        is_exit = guest_step();
    }
    stores_before = hook;
    place_to_die();
    *reason = is_exit ? page->exit.reason : VCPU_EXIT_NONE;
    return OK;
}

static enum err kernel_poll(void *opaque, uint32_t hart)
{
    (void)opaque, (void)hart;
    is_vmm_signalled = false;
    place_to_die();
    return OK;
}

static enum err kernel_wait(void *opaque, uint32_t hart)
{
    (void)opaque, (void)hart;
    ck_abort_msg("the guest of this script never waits");
}

static void kernel_rebooted(void *opaque, uint64_t count)
{
    (void)opaque;
    ck_assert_uint_eq(count, 1);
    place_to_die();
}

/* ---- One life of the VMM ----------------------------------------------------------------- */

static void vmm_live(void)
{
    static struct stream_ring rings;
    static struct machine machine;
    static const struct vcpu_loop_ops ops = {kernel_run, kernel_poll, kernel_wait, kernel_wait,
                                             kernel_rebooted};
    const struct stream_ring_place out = {(void *)(region + OUTPUT_SHARED), region + OUTPUT_DATA,
                                          OUTPUT_BYTES};
    const struct stream_ring_place in = {(void *)(region + INPUT_SHARED), region + INPUT_DATA,
                                         INPUT_BYTES};
    struct board_config config = fake->config;
    bool is_taken_over = false;

    ck_assert_int_eq(stream_ring_attach(&rings, &out, &in, &used_state, NULL, service_signalled),
                     OK);
    const struct stream_port port = stream_ring_port(&rings);
    for (uint32_t i = 0; i < config.device_count; i++)
        if (config.device[i].is_connected)
            config.device[i].stream = port;
    ck_assert_int_eq(
        machine_init(&machine, &config, fake->arena, fake->arena_bytes, &is_taken_over), OK);
    if (machine_must_boot(&machine))
        ck_assert_int_eq(machine_boot(&machine), OK);
    ended = vcpu_loop(&machine, 0, &ops, NULL).end;
    stores_before = NULL;
    longjmp(end, 1);
}

static void world_reset(void)
{
    memset(fake->arena, 0, fake->arena_bytes);
    memset(fake->ram, 0, RAM_BYTES);
    memset(fake->page, 0, sizeof fake->page);
    memset(fake->csr, 0, sizeof fake->csr);
    memset(region, 0, sizeof region);
    fake->csr[VCPU_REG_CSR(0x105)] = STVEC;
    fake->wall_ns = UINT64_C(1700000000000000000);
    fake->on_effect = after_call;
    shown_count = typed_count = view_count = step = 0;
    places = stride = 0;
    is_service_signalled = is_vmm_signalled = false;
    ck_assert_int_eq(ring_consumer_attach(&terminal, (void *)(region + OUTPUT_SHARED),
                                          region + OUTPUT_DATA, OUTPUT_BYTES, 1),
                     OK);
    ck_assert_int_eq(ring_producer_attach(&keyboard, (void *)(region + INPUT_SHARED),
                                          region + INPUT_DATA, INPUT_BYTES, 1),
                     OK);
    ck_assert(ring_consumer_sleep(&terminal));
}

/* Lives until the machine ends; dies at the place `first`, and then `times` after as many more. */
static void run(uint64_t first, uint64_t times)
{
    static volatile uint64_t next, left;

    world_reset();
    next = first;
    left = times;
    if (setjmp(end) == 0) {
        if (setjmp(grave) != 0)
            next = left-- > 0 ? places + first : 0;
        die_at = next;
        stores_before = before_store;
        vmm_live();
    }
    fake->on_effect = NULL;
    service_turn();
}

static struct view expected[VIEWS_MAX];
static uint8_t expected_shown[sizeof shown];
static uint32_t expected_views, expected_shown_count;

static void compare(uint64_t place)
{
    for (uint32_t i = 0; i < view_count && i < expected_views; i++)
        if (memcmp(&view[i], &expected[i], sizeof view[i]) != 0)
            ck_abort_msg("after a death at place %lu the guest sees something else at step %lu",
                         (unsigned long)place, (unsigned long)view[i].step);
    ck_assert_uint_eq(view_count, expected_views);
    ck_assert_uint_eq(shown_count, expected_shown_count);
    ck_assert_mem_eq(shown, expected_shown, shown_count);
    ck_assert_int_eq(ended, VCPU_LOOP_POWERED_OFF);
    ck_assert_uint_eq(step, STEPS);
}

static uint64_t undisturbed(void)
{
    fake = fake_new(1);
    fake->config.ram.bytes = RAM_BYTES;
    run(0, 0);
    memcpy(expected, view, sizeof view);
    memcpy(expected_shown, shown, sizeof shown);
    expected_views = view_count;
    expected_shown_count = shown_count;
    compare(0);
    ck_assert_uint_eq(shown_count, 2 + 20 + 2 + 1);
    ck_assert_mem_eq(shown, "hi", 2);
    ck_assert_mem_eq(shown + 22, "!?b", 3);
    return places;
}

START_TEST(test_lives_vmm_dies_once_at_every_place)
{
    /* Wherever the VMM dies, a new one goes on, and the guest sees nothing of it. */
    uint64_t all = undisturbed();

    ck_assert_uint_gt(all, 1000);
    for (uint64_t place = 1; place <= all; place++) {
        run(place, 0);
        compare(place);
    }
    fake_free(fake);
}
END_TEST

START_TEST(test_lives_vmm_dies_again_and_again)
{
    /* The same for VMMs that die again and again, also while they take over. */
    undisturbed();
    for (uint64_t every = 13; every < 1500; every += every / 4 + 1) {
        run(every, DEATHS);
        compare(every);
    }
    fake_free(fake);
}
END_TEST

TCase *lives_tcase(void)
{
    TCase *tcase = tcase_create("lives");

    tcase_set_timeout(tcase, 500); /* some 20 s of processor time */
    tcase_add_test(tcase, test_lives_vmm_dies_once_at_every_place);
    tcase_add_test(tcase, test_lives_vmm_dies_again_and_again);
    return tcase;
}
