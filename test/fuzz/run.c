/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random guests.  Their memory holds ecalls with a few random instructions in between, so that a
 * guest exits soon from any pc; stvec points there too, and a timer ends loops.
 */
#include "fuzz.h"

#include <abi/vcpu_page.h>
#include <rt/calls.h>
#include <rt/rt.h>

#define GUEST_RAM    UINT64_C(0x80000000)
#define CODE_BYTES   UINT64_C(0x4000)
#define ROOT_OFFSET  UINT64_C(0x8000) /* of the guest's page table, in its RAM */
#define INSN_ECALL   0x00000073u
#define OPCODE_MASK  0x7fu
#define OPCODE_SYSTEM 0x73u
#define TIMER_TICKS  20000 /* 2 ms */

#define SSTATUS_SIE  (UINT64_C(1) << 1)
#define SIE_TIMER    (UINT64_C(1) << 5)
#define PTE_V        UINT64_C(0x01)
#define PTE_RWX_AD   UINT64_C(0xcf)

static const uint32_t csrs[] = { 0x100, 0x104, 0x105, 0x106, 0x10a, 0x10c, 0x140, 0x141,
                                 0x142, 0x143, 0x144, 0x14d, 0x180 };

static cap_t vcpu_of(const struct vmm_start *start)
{
    return cap_at(start->vcpu_slot);
}

static struct vcpu_page *page_of(const struct vmm_start *start)
{
    return (struct vcpu_page *)(uintptr_t)start->state_address;
}

/* Errors are ignored, because the values are random. */
static void set_reg(const struct vmm_start *start, uint64_t reg, uint64_t value)
{
    enum err err = vcpu_set_reg(vcpu_of(start), reg, value);

    if (err != OK && err != ERR_INVALID_ARG && err != ERR_NOT_SUPPORTED)
        fuzz_fail("vcpu_set_reg", (uint64_t)err);
}

void run_scramble(struct random *r, const struct vmm_start *start)
{
    uint64_t *word = (uint64_t *)(void *)page_of(start);

    for (unsigned i = 0; i < 4096 / 8; i++)
        word[i] = random_odd(r);
    for (unsigned i = 0; i < sizeof csrs / sizeof csrs[0]; i++)
        set_reg(start, VCPU_REG_CSR(csrs[i]), random_odd(r));
    for (unsigned i = 0; i < 32; i++)
        set_reg(start, VCPU_REG_FP(i), random_next(r));
    set_reg(start, VCPU_REG_FCSR, random_next(r));
    set_reg(start, VCPU_REG_TIMEDELTA, random_odd(r));
    set_reg(start, VCPU_REG_VSMODE, random_next(r));
    set_reg(start, random_odd(r), random_odd(r));
}

/* SYSTEM instructions could turn off what brings the guest back; test/guest has those. */
static uint32_t random_insn(struct random *r)
{
    uint32_t insn = (uint32_t)random_next(r);

    return (insn & OPCODE_MASK) == OPCODE_SYSTEM ? INSN_ECALL : insn;
}

void run_fill(struct random *r, const struct vmm_start *start)
{
    uint32_t *code = (uint32_t *)(uintptr_t)start->ram_address;
    uint64_t *root = (uint64_t *)(uintptr_t)(start->ram_address + ROOT_OFFSET);

    for (unsigned i = 0; i < CODE_BYTES / 4; i++)
        code[i] = random_one_in(r, 8) ? random_insn(r) : INSN_ECALL;
    for (unsigned i = 0; i < 512; i++)
        root[i] = random_odd(r);
    root[0] = (GUEST_RAM + ROOT_OFFSET) >> 2 | PTE_V; /* a level for each beyond Sv39's */
    root[GUEST_RAM >> 30] = GUEST_RAM >> 2 | PTE_RWX_AD;
}

/* Bare, or Sv39, 48 or 57 with tables that are random but for the guest's RAM. */
static uint64_t random_satp(struct random *r)
{
    if (!random_one_in(r, 3))
        return random_next(r) & UINT64_C(0x0fffffffffffffff);
    return (8 + random_below(r, 3)) << 60 | (random_next(r) & 0xffff) << 44 |
           (GUEST_RAM + ROOT_OFFSET) >> 12;
}

static uint64_t random_pc(struct random *r)
{
    return random_one_in(r, 4) ? random_odd(r) : GUEST_RAM + (random_below(r, CODE_BYTES) & ~1ull);
}

/* Sets the registers that make the guest exit, whatever the random ones are. */
static void make_returnable(struct random *r, const struct vmm_start *start)
{
    set_reg(start, VCPU_REG_CSR(0x180), 0); /* in case the hart lacks the mode set next */
    set_reg(start, VCPU_REG_CSR(0x180), random_satp(r));
    /* Not vectored: OpenSBI, which sees illegal instructions first, would send them to base + 1. */
    set_reg(start, VCPU_REG_CSR(0x105), GUEST_RAM);
    set_reg(start, VCPU_REG_CSR(0x104), SIE_TIMER | (random_next(r) & 0x222));
    set_reg(start, VCPU_REG_CSR(0x100), SSTATUS_SIE | random_next(r));
    set_reg(start, VCPU_REG_TIMEDELTA, 0);
    page_of(start)->timer = rt_time_ticks() + TIMER_TICKS;
    __atomic_fetch_or(&page_of(start)->irq, VCPU_IRQ_TIMER_SET, __ATOMIC_SEQ_CST);
    page_of(start)->pc = random_pc(r);
    *(uint32_t *)(uintptr_t)start->ram_address = INSN_ECALL; /* where stvec points */
}

void run_once(struct random *r, const struct vmm_start *start)
{
    uint64_t reason = 0, seq = 0;
    struct vcpu_page *page = page_of(start);

    run_scramble(r, start);
    if (random_one_in(r, 32))
        run_fill(r, start);
    make_returnable(r, start);
    uint64_t deadline =
        random_one_in(r, 2) ? DEADLINE_NEVER : rt_time_ticks() + random_below(r, TIMER_TICKS);
    enum err err = vcpu_run(vcpu_of(start), random_odd(r), random_odd(r), &reason, &seq);
    if (err == ERR_STATE) /* not the right number: the kernel has put that into the page */
        err = vcpu_run(vcpu_of(start), page->exit.seq, deadline, &reason, &seq);
    if (err != OK)
        fuzz_fail("vcpu_run", (uint64_t)err);
    if (reason == VCPU_EXIT_NONE)
        return;
    if (reason > VCPU_EXIT_OTHER || page->exit.seq != seq || page->exit.reason != reason)
        fuzz_fail("an exit's record", reason);
    if (random_one_in(r, 2) &&
        vcpu_inject(vcpu_of(start), random_below(r, 64), random_odd(r)) != OK)
        fuzz_fail("vcpu_inject", 0);
}
