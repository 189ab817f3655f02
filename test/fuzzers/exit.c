/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MMIO path and all other exits: records, registers and instructions at random, and
 * well-formed accesses to each device.  Oracles:
 *  - any exit has an outcome: the guest goes on after its instruction, or takes an
 *    exception that exists for a guest, at its instruction;
 *  - a well-formed access is carried out if the device's table allows it, and the
 *    register gets the value of a separate bus access, extended as the opcode says;
 *  - a VMM that dies at any effect outside the arena (in fuzz-recovery, which is this file too, at
 *    any store), and is started anew, reaches the same state;
 *  - if the kernel refuses a call, nothing has changed.
 */
#include <setjmp.h>

#include "guest.h"

#include <test/fakes/stores.h>
#include <vmm/vcpu/exit.h>

#define STEPS_MAX    32u
#define GUEST_CAUSES 0xb1ffu /* 0 to 8, 12, 13, 15 */

/* All state that an exit can change. */
struct picture {
    uint8_t arena[1 << 14];
    uint64_t bytes, out_position, in_released;
    uint8_t out[FAKE_CONSOLE_BYTES];
    struct vcpu_page page[GUEST_HARTS_MAX];
    uint64_t fp[32], sstatus, stvec;
};

static void picture_take(const struct vmm_fake *fake, struct picture *out)
{
    out->bytes = fake->arena_bytes - fake->machine.arena.data_offset;
    FUZZ_CHECK(out->bytes <= sizeof out->arena);
    memcpy(out->arena, fake->arena + fake->machine.arena.data_offset, out->bytes);
    out->out_position = fake->out_position;
    out->in_released = fake->in_released;
    memcpy(out->out, fake->out, fake->out_position);
    memcpy(out->page, fake->page, sizeof out->page);
    memcpy(out->fp, &fake->csr[VCPU_REG_FP(0)], sizeof out->fp);
    out->sstatus = fake->csr[VCPU_REG_CSR(0x100)];
}

static bool picture_is(const struct picture *a, const struct picture *b)
{
    return memcmp(a->arena, b->arena, a->bytes) == 0 && a->out_position == b->out_position &&
           a->in_released == b->in_released && memcmp(a->out, b->out, a->out_position) == 0 &&
           memcmp(a->page, b->page, sizeof a->page) == 0 &&
           memcmp(a->fp, b->fp, sizeof a->fp) == 0 && a->sstatus == b->sstatus;
}

/* Restores the state before the exit; the arena's header keeps its state of the last run. */
static void picture_put(struct vmm_fake *fake, const struct picture *from)
{
    memcpy(fake->arena + fake->machine.arena.data_offset, from->arena, from->bytes);
    fake->out_position = from->out_position;
    fake->in_released = from->in_released;
    memcpy(fake->page, from->page, sizeof from->page);
    memcpy(&fake->csr[VCPU_REG_FP(0)], from->fp, sizeof from->fp);
    fake->csr[VCPU_REG_CSR(0x100)] = from->sstatus;
}

/* ---- A death at the n-th store ------------------------------------------------------- */

static jmp_buf grave;
static uint32_t stores_left;

/* What outlives a VMM. */
static const struct vmm_fake *watched;

static void on_effect(void *opaque)
{
    (void)opaque;
    if (stores_left > 0 && --stores_left == 0)
        longjmp(grave, 1);
}

/* In fuzz-exit the code under test is checked by ASan instead and never calls this. */
static void on_store(const void *at, size_t bytes)
{
    (void)bytes;
    if ((uintptr_t)at - (uintptr_t)watched->arena < watched->arena_bytes ||
        (uintptr_t)at - (uintptr_t)watched->page < sizeof watched->page)
        on_effect(NULL);
}

static void watch_stores(struct vmm_fake *fake, uint32_t stores)
{
    stores_left = stores;
    watched = fake;
    stores_before = on_store;
    fake->on_effect = on_effect;
}

static enum err answer(struct vmm_fake *fake, uint32_t hart, enum exit_next *next)
{
    enum err err = OK;

    *next = EXIT_RESUME;
    if (log_outcome(&fake->machine.log)->seq != fake->page[hart].exit.seq)
        err = exit_handle(&fake->machine, hart, next);
    if (!err && *next == EXIT_RESUME)
        err = exit_apply(&fake->machine, hart);
    return err;
}

/* Handles the same exit again, with a VMM that dies at a store and a second VMM after it. */
static void die_and_follow(struct vmm_fake *fake, uint32_t hart, uint32_t stores)
{
    bool is_taken_over = false;
    enum exit_next next;

    watch_stores(fake, stores);
    if (setjmp(grave) == 0)
        FUZZ_CHECK(answer(fake, hart, &next) == OK);
    stores_left = 0;
    stores_before = NULL;
    fake->on_effect = NULL;
    fake_restart(fake, &is_taken_over);
    FUZZ_CHECK(is_taken_over);
    FUZZ_CHECK(answer(fake, hart, &next) == OK && next == EXIT_RESUME);
}

/* ---- Exits --------------------------------------------------------------------------- */

/* An access to a device, and the guest's instruction for it. */
struct access {
    bool is_meant; /* the exit is this access, with consistent fields */
    bool is_store, is_signed, is_compressed, is_fp;
    uint32_t width, rd;
    uint64_t gpa;
};

/* Mostly an aligned register of a device; else an address around the device's borders. */
static uint64_t pick_gpa(struct fuzz_input *in, uint32_t width)
{
    static const struct {
        uint32_t base, bytes;
    } place[] = {{0xc000000, 128}, {0xc001000, 16}, {0xc002080, 16}, {0xc200000, 8},
                 {0xc201000, 8},   {0x101000, 32},  {0x10000000, 8}, {0x10000000, 8},
                 {0x100000, 4},    {0xc5ffff8, 16}, {0x10000100, 8}, {0xffffff8, 16}};
    unsigned which = fuzz_pick(in, sizeof place / sizeof place[0]), form = fuzz_u8(in);
    uint64_t gpa = place[which].base + form % place[which].bytes;

    return form < 224 ? gpa & ~(uint64_t)(width - 1) : gpa - 16 + (form & 31);
}

static uint32_t pick_insn(struct fuzz_input *in, struct access *access)
{
    static const uint32_t load[] = {0x03, 0x1003, 0x2003, 0x3003, 0x4003, 0x5003, 0x6003, 0x2007};
    static const uint32_t store[] = {0x23, 0x1023, 0x2023, 0x3023};
    static const uint8_t width[] = {1, 2, 4, 8, 1, 2, 4, 4};
    unsigned form = fuzz_u8(in), which = form & 7;

    access->is_store = form & 0x40;
    access->rd = 11 + (form >> 3 & 3); /* a1 to a4; the address is in a0 */
    access->is_compressed = form & 0x80 && (which & 3) == 2;
    access->width = access->is_store || access->is_compressed ? width[which & 3] : width[which];
    access->is_signed = access->is_compressed ? true : which < 3;
    access->is_fp = !access->is_store && !access->is_compressed && which == 7;
    uint32_t reg = access->rd;
    if (access->is_compressed) /* C.LW and C.SW with offset 0, base a0 */
        return (access->is_store ? 0xc000u : 0x4000u) | (10 - 8) << 7 | (reg - 8) << 2;
    if (access->is_store)
        return store[which & 3] | 10u << 15 | reg << 20;
    return load[which] | 10u << 15 | reg << 7;
}

static void make_access(struct vmm_fake *fake, struct fuzz_input *in, struct vcpu_exit_record *exit,
                        struct vcpu_page *page, struct access *access)
{
    (void)fake;
    access->is_meant = true;
    exit->insn = pick_insn(in, access);
    exit->insn_valid = 1;
    exit->gpa = access->gpa = pick_gpa(in, access->width);
    exit->tval = exit->gpa | UINT64_C(0xffffffc000000000);
    exit->reason = access->is_store ? VCPU_EXIT_STORE : VCPU_EXIT_LOAD;
    exit->cause = access->is_store ? 23 : 21;
    page->x[10] = exit->tval;
    if (fuzz_pick(in, 2)) { /* as a hart that fills htinst would */
        uint32_t wide = access->is_compressed ? (access->is_store ? 0x2023u | access->rd << 20
                                                                  : 0x2003u | access->rd << 7)
                                              : (uint32_t)exit->insn;
        exit->htinst = (wide & ~(31u << 15)) & (access->is_compressed ? ~2u : ~0u);
        exit->insn_valid = 0;
    }
}

static void make_any(struct fuzz_input *in, struct vcpu_page *page)
{
    struct vcpu_exit_record *exit = &page->exit;

    page->x[16] = fuzz_pick(in, 8);
    page->x[17] = fuzz_pick(in, 16) ? fuzz_pick(in, 9) : fuzz_u64(in);
    exit->reason = fuzz_u8(in) & 7 ? 1 + fuzz_pick(in, 6) : fuzz_u32(in);
    exit->insn_valid = fuzz_pick(in, 3);
    exit->cause = fuzz_pick(in, 4) ? fuzz_pick(in, 26) : fuzz_u64(in);
    exit->tval = fuzz_number(in);
    exit->gpa = fuzz_pick(in, 3) ? pick_gpa(in, 1) : fuzz_number(in);
    exit->htinst = fuzz_pick(in, 2) ? fuzz_u32(in) : 0;
    exit->insn = fuzz_u32(in);
    exit->mode = fuzz_u8(in);
    if (exit->reason == VCPU_EXIT_NONE)
        exit->reason = VCPU_EXIT_OTHER; /* then there is nothing to answer */
}

/* ---- What must have come of it ------------------------------------------------------- */

static uint64_t extend(const struct access *access, uint64_t value)
{
    unsigned unused = 64 - 8 * access->width;

    if (access->is_fp)
        return value | ~UINT64_C(0) << 32;
    if (access->is_signed)
        return (uint64_t)((int64_t)(value << unused) >> unused);
    return value << unused >> unused;
}

/* The result of the access on the bus alone; rolled back. */
static enum err bus_alone(struct vmm_fake *fake, const struct access *access, uint64_t *value)
{
    const struct bus *bus = &fake->machine.bus;
    enum err err;

    log_begin(&fake->machine.log);
    if (access->is_store)
        err = bus_write(bus, access->gpa, access->width, 0);
    else
        err = bus_read(bus, access->gpa, access->width, value);
    FUZZ_CHECK(log_rollback(&fake->machine.log) == OK);
    return err;
}

/* Does a device's table allow the access?  Does not use the bus. */
static bool is_allowed(const struct vmm_fake *fake, const struct access *access)
{
    for (uint32_t i = 0; i < fake->machine.config.device_count; i++) {
        const struct dev_ctx *dev = &fake->machine.dev[i];
        uint64_t offset = access->gpa - dev->gpa;
        if (access->gpa >= dev->gpa && offset < dev->model->region_bytes &&
            access->width <= dev->model->region_bytes - offset && access->gpa % access->width == 0)
            return dev->model->widths & access->width;
    }
    return false;
}

static void check_outcome(const struct vmm_fake *fake, uint32_t hart, const struct picture *before)
{
    const struct exit_outcome *outcome = log_outcome(&fake->machine.log);
    const struct vcpu_exit_record *exit = &before->page[hart].exit;
    const struct vcpu_page *page = &fake->page[hart];
    bool is_ecall = exit->reason == VCPU_EXIT_ECALL;

    FUZZ_CHECK(outcome->seq == exit->seq && outcome->reg_count <= OUTCOME_REGS_MAX);
    FUZZ_CHECK(page->exit.reason == VCPU_EXIT_NONE);
    if (outcome->flags & OUTCOME_INJECT) {
        FUZZ_CHECK(outcome->cause < 16 && (GUEST_CAUSES >> outcome->cause & 1));
        FUZZ_CHECK(outcome->pc == exit->pc && outcome->reg_count == 0);
    } else {
        uint64_t passed = outcome->pc - exit->pc;
        FUZZ_CHECK(passed == 4 || (!is_ecall && (passed == 2 || passed == 0)));
        FUZZ_CHECK(is_ecall || exit->reason == VCPU_EXIT_LOAD || exit->reason == VCPU_EXIT_STORE);
        FUZZ_CHECK(page->pc == outcome->pc);
    }
    for (uint32_t i = 0; i < GUEST_HARTS_MAX; i++)
        FUZZ_CHECK(i == hart || is_ecall ||
                   memcmp(&fake->page[i], &before->page[i], sizeof fake->page[i]) == 0);
}

static void check_access(struct vmm_fake *fake, uint32_t hart, const struct access *access,
                         const struct picture *before, enum err alone, uint64_t value)
{
    const struct exit_outcome *outcome = log_outcome(&fake->machine.log);
    const struct vcpu_page *page = &fake->page[hart];
    bool is_done = !(outcome->flags & OUTCOME_INJECT);

    FUZZ_CHECK(is_done == is_allowed(fake, access) && is_done == (alone == OK));
    if (!is_done) {
        FUZZ_CHECK(outcome->cause == (access->is_store ? 7 : 5));
        FUZZ_CHECK(outcome->tval == before->page[hart].exit.tval);
        return;
    }
    FUZZ_CHECK(outcome->pc == before->page[hart].exit.pc + (access->is_compressed ? 2 : 4));
    if (access->is_fp)
        FUZZ_CHECK(fake->csr[VCPU_REG_FP(access->rd)] == extend(access, value));
    for (unsigned reg = 1; reg < 32; reg++) {
        bool is_target = !access->is_store && !access->is_fp && reg == access->rd;
        FUZZ_CHECK(page->x[reg] == (is_target ? extend(access, value) : before->page[hart].x[reg]));
    }
}

/* ---- One exit ------------------------------------------------------------------------ */

static void refuse(struct vmm_fake *fake, uint32_t hart, const struct picture *before)
{
    static struct picture after;
    enum exit_next next;

    fake->refusal = ERR_NO_MEMORY;
    enum err err = exit_handle(&fake->machine, hart, &next);
    fake->refusal = OK;
    FUZZ_CHECK(!log_is_open(&fake->machine.log));
    if (err) {
        picture_take(fake, &after);
        FUZZ_CHECK(picture_is(&after, before));
    }
    picture_put(fake, before);
}

static bool step(struct vmm_fake *fake, struct fuzz_input *in, uint64_t seq)
{
    static struct picture before, after, followed;
    uint32_t hart = fuzz_pick(in, fake->config.hart_count), stores = 1 + fuzz_u8(in) % 40;
    struct vcpu_page *page = &fake->page[hart];
    struct access access = {0};
    enum exit_next next;
    uint64_t value = 0;

    page->exit = (struct vcpu_exit_record){.pc = fuzz_number(in) & ~UINT64_C(1)};
    for (unsigned reg = 1; reg < 32; reg++)
        page->x[reg] = reg * UINT64_C(0x0101010101010101);
    for (unsigned reg = 11; reg < 15; reg++)
        page->x[reg] = fuzz_u8(in) * UINT64_C(0x0101010101010101);
    if (fuzz_pick(in, 3))
        make_access(fake, in, &page->exit, page, &access);
    else
        make_any(in, page);
    page->pc = page->exit.pc;
    fake->csr[VCPU_REG_CSR(0x105)] = page->pc + 8; /* stvec: elsewhere, so a trap is seen */

    picture_take(fake, &before);
    page->exit.seq = before.page[hart].exit.seq = seq;
    if (stores % 8 == 0)
        refuse(fake, hart, &before);
    before.page[hart].exit.seq = page->exit.seq = seq + 1;
    enum err alone = access.is_meant ? bus_alone(fake, &access, &value) : OK;
    enum err err = answer(fake, hart, &next);
    FUZZ_CHECK(err == OK && !log_is_open(&fake->machine.log));
    if (next == EXIT_WAIT)
        return false;
    check_outcome(fake, hart, &before);
    if (access.is_meant)
        check_access(fake, hart, &access, &before, alone, value);
    if (page->exit.reason != VCPU_EXIT_NONE || fake->machine.state->power != DEV_POWER_RUN)
        return false;

    picture_take(fake, &after);
    picture_put(fake, &before);
    page->exit.seq = after.page[hart].exit.seq = seq + 2;
    die_and_follow(fake, hart, stores);
    picture_take(fake, &followed);
    FUZZ_CHECK(picture_is(&followed, &after));
    fake_signal(fake, hart);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct vmm_fake *fake = guest_fresh(1 + fuzz_pick(&in, 3));

    fake->in_end = fuzz_u8(&in) % 64;
    for (unsigned i = 0; i < fake->in_end; i++)
        fake->in[i] = (uint8_t)(i * 5 + 1);
    for (unsigned i = 0; i < STEPS_MAX && in.left > 0; i++)
        if (!step(fake, &in, 1 + 3 * i))
            break;
    return 0;
}
