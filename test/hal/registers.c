/* SPDX-License-Identifier: BSD-2-Clause */
#include <kernel/hal/hal.h>

#include "registers.h"

#define REG_SSTATUS VCPU_REG_CSR(0x100)
#define REG_SIE     VCPU_REG_CSR(0x104)
#define REG_STVEC   VCPU_REG_CSR(0x105)
#define REG_SEPC    VCPU_REG_CSR(0x141)
#define REG_SCAUSE  VCPU_REG_CSR(0x142)
#define REG_STVAL   VCPU_REG_CSR(0x143)
#define REG_SIP     VCPU_REG_CSR(0x144)
#define REG_SATP    VCPU_REG_CSR(0x180)
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define ALL         UINT64_MAX

/* All registers that a VMM can name, and some invalid numbers. */
static const uint64_t registers[] = {
    REG_SSTATUS, REG_SIE, REG_STVEC, VCPU_REG_CSR(0x106), VCPU_REG_CSR(0x10a), VCPU_REG_CSR(0x140),
    REG_SEPC, REG_SCAUSE, REG_STVAL, REG_SIP, VCPU_REG_CSR(0x14d), REG_SATP, VCPU_REG_TIMEDELTA,
    VCPU_REG_VSMODE, VCPU_REG_CSR(0x10c), VCPU_REG_CSR(0x200), VCPU_REG_FP(0), 0, ALL,
};
static const uint64_t values[] = { 0, ALL, UINT64_C(0x5555555555555555),
                                   UINT64_C(0xaaaaaaaaaaaaaaaa), 0x6000, 0x4000 };

static uint64_t get(const struct hal_vcpu *vcpu, uint64_t reg)
{
    uint64_t value = 0;

    return hal_vcpu_get_reg(vcpu, reg, &value) == OK ? value : 0;
}

static void set(struct hal_vcpu *vcpu, uint64_t reg, uint64_t value)
{
    (void)!hal_vcpu_set_reg(vcpu, reg, value);
}

/* Shows a write and the value read afterwards, in memory; then the same through the hart. */
static void show_write(registers_line *line, uint64_t reg, uint64_t value)
{
    struct hal_vcpu vcpu, after;

    hal_vcpu_reset(&vcpu);
    enum err err = hal_vcpu_set_reg(&vcpu, reg, value);
    line("set", reg, value, (uint64_t)err);
    if (err != OK)
        return;
    line("get", reg, value, get(&vcpu, reg));
    hal_vcpu_load(&vcpu);
    hal_vcpu_reset(&after);
    after.scounteren = vcpu.scounteren;
    after.senvcfg = vcpu.senvcfg;
    after.is_vs = vcpu.is_vs;
    hal_vcpu_save(&after);
    line("kept", reg, value, get(&after, reg));
}

static void show_writes(registers_line *line)
{
    struct hal_vcpu vcpu;

    hal_vcpu_reset(&vcpu);
    for (unsigned i = 0; i < COUNT(registers); i++) {
        line("reset", registers[i], 0, get(&vcpu, registers[i]));
        for (unsigned k = 0; k < COUNT(values); k++)
            show_write(line, registers[i], values[k]);
        for (unsigned bit = 0; bit < 64; bit++)
            show_write(line, registers[i], UINT64_C(1) << bit);
    }
    for (uint64_t mode = 0; mode < 16; mode++)
        show_write(line, REG_SATP, mode << 60 | 0x12345);
}

/* "Trap Delegation", "Supervisor Status Register": each former mode and interrupt enable. */
static void show_traps(registers_line *line)
{
    static const uint64_t seen[] = { REG_SSTATUS, REG_SEPC, REG_SCAUSE, REG_STVAL,
                                     VCPU_REG_VSMODE };

    for (uint64_t i = 0; i < 16; i++) {
        struct hal_vcpu vcpu;
        hal_vcpu_reset(&vcpu);
        set(&vcpu, VCPU_REG_VSMODE, i & 1);
        set(&vcpu, REG_SSTATUS, (i & 2) | (i & 4) << 3 | (i & 8) << 5 | 0x46000);
        set(&vcpu, REG_STVEC, 0x80000101);
        line("trap", i, 0, hal_vcpu_trap(&vcpu, 13, 0xdead, 0x80001003));
        for (unsigned k = 0; k < COUNT(seen); k++)
            line("trapped", i, seen[k], get(&vcpu, seen[k]));
    }
}

/* Shows which bits of hvip make a pending interrupt that the guest has enabled. */
static void show_interrupts(registers_line *line)
{
    for (uint64_t enabled = 0; enabled < 8; enabled++) {
        for (uint64_t wanted = 0; wanted < 8; wanted++) {
            struct hal_vcpu vcpu;
            uint64_t bits = (wanted & 1) << 2 | (wanted & 2) << 5 | (wanted & 4) << 8;
            hal_vcpu_reset(&vcpu);
            set(&vcpu, REG_SIE, (enabled & 1) << 1 | (enabled & 2) << 4 | (enabled & 4) << 7);
            hal_vcpu_load(&vcpu);
            hal_vcpu_update_hvip(0, bits);
            line("pending", enabled, wanted, hal_vcpu_interrupt_pending());
            line("wakes", enabled, wanted, hal_vcpu_timer_wakes());
            hal_vcpu_update_hvip(0x40, 0);
            line("pending, timer taken back", enabled, wanted, hal_vcpu_interrupt_pending());
            hal_vcpu_save(&vcpu);
            line("sip", enabled, wanted, get(&vcpu, REG_SIP));
        }
    }
}

/* "Virtual Supervisor Timer Register": a timer that is due, one that is far, and none. */
static void show_timers(registers_line *line)
{
    static const uint64_t compare[] = { 0, UINT64_C(1) << 62, UINT64_C(3) << 62, ALL - 1, ALL };
    static const uint64_t delta[] = { 0, UINT64_C(1) << 40, UINT64_C(1) << 63 };

    for (unsigned i = 0; hal_has_sstc() && i < COUNT(compare) * COUNT(delta); i++) {
        struct hal_vcpu vcpu;
        uint64_t timer = compare[i / COUNT(delta)], offset = delta[i % COUNT(delta)];
        hal_vcpu_reset(&vcpu);
        set(&vcpu, VCPU_REG_TIMEDELTA, offset);
        set(&vcpu, REG_SIE, 0x20);
        hal_vcpu_load(&vcpu);
        hal_vcpu_set_timer(timer);
        uint64_t deadline = hal_vcpu_timer_deadline();
        line("deadline", offset, timer, deadline <= hal_time() ? 0 : deadline);
        line("timer pending", offset, timer, hal_vcpu_interrupt_pending());
        hal_vcpu_save(&vcpu);
    }
}

void registers_show(registers_line *line)
{
    line("sstc", 0, 0, hal_has_sstc());
    show_writes(line);
    show_traps(line);
    show_interrupts(line);
    show_timers(line);
}
