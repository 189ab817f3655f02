/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/vcpu/vcpu_loop.h>

#include <stdbool.h>
#include <string.h>

#include <base/attr.h>
#include <vmm/vcpu/exit.h>

#define CSR_SSTATUS         0x100u
#define CSR_SATP            0x180u
#define SCOUNTEREN_CY_TM_IR 7u
#define SSTATUS_SIE         (UINT64_C(1) << 1)
#define SSTATUS_FS_DIRTY    (UINT64_C(3) << 13)

/* The registers outside the state page, with their values when a hart starts. */
static const struct {
    uint64_t reg;
    uint64_t value;
} start_register[] = {
    {VCPU_REG_CSR(CSR_SATP), 0},                /* first: no translation */
    {VCPU_REG_CSR(CSR_SSTATUS), SSTATUS_FS_DIRTY}, /* as firmware leaves it */
    {VCPU_REG_CSR(0x104), 0},                   /* sie */
    {VCPU_REG_CSR(0x105), 0},                   /* stvec */
    {VCPU_REG_CSR(0x106), SCOUNTEREN_CY_TM_IR}, /* scounteren */
    {VCPU_REG_CSR(0x10a), 0},                   /* senvcfg */
    {VCPU_REG_CSR(0x140), 0},                   /* sscratch */
    {VCPU_REG_CSR(0x141), 0},                   /* sepc */
    {VCPU_REG_CSR(0x142), 0},                   /* scause */
    {VCPU_REG_CSR(0x143), 0},                   /* stval */
    {VCPU_REG_CSR(0x144), 0},                   /* sip */
    {VCPU_REG_CSR(0x14d), UINT64_MAX},          /* stimecmp */
    {VCPU_REG_FCSR, 0},
    {VCPU_REG_TIMEDELTA, 0},
    {VCPU_REG_VSMODE, 1},
};

static enum err vcpu_loop_set_reg(const struct machine *machine, uint32_t hart, uint64_t reg,
                                  uint64_t value)
{
    const struct vcpu_ops *ops = &machine->config.vcpu;
    enum err err = ops->set_reg(ops->opaque, hart, reg, value);
    /* If the hart lacks the register, there is no old value to overwrite. */
    return err == ERR_NOT_SUPPORTED ? OK : err;
}

static enum err vcpu_registers_start(const struct machine *machine, uint32_t hart)
{
    const struct vcpu_ops *ops = &machine->config.vcpu;
    enum err err = OK;

    for (size_t i = 0; !err && i < sizeof start_register / sizeof start_register[0]; i++)
        err = vcpu_loop_set_reg(machine, hart, start_register[i].reg, start_register[i].value);
    for (uint32_t i = 0; !err && i < 32; i++)
        err = vcpu_loop_set_reg(machine, hart, VCPU_REG_FP(i), 0);
    /* The hart may still have cached instructions and translations from before the start. */
    if (!err)
        err = ops->fence(ops->opaque, hart, VCPU_OPS_FENCE_ADDRESS, 0, 0, 0);
    if (!err)
        err = ops->fence(ops->opaque, hart, VCPU_OPS_FENCE_INSN, 0, 0, 0);
    return err;
}

/* Commits that the hart has all its initial registers and is started. */
static void vcpu_started(struct machine *machine, uint32_t hart)
{
    struct hart_state *state = &machine->state->hart[hart];

    log_begin(&machine->log);
    log_set(&machine->log, state, sizeof *state);
    state->status = HART_STARTED;
    log_commit(&machine->log);
}

enum err vcpu_start(struct machine *machine, uint32_t hart)
{
    struct vcpu_page *page = machine_page(machine, hart);
    const struct hart_state *state = &machine->state->hart[hart];

    enum err err = vcpu_registers_start(machine, hart);
    if (err)
        return err;
    memset(page->x, 0, sizeof page->x);
    page->x[10] = hart;
    page->x[11] = state->start_arg;
    page->pc = state->start_gpa;
    __atomic_store_n(&page->irq, VCPU_IRQ_SOFT_CLEAR, __ATOMIC_SEQ_CST);
    machine_timer_set(machine, hart, UINT64_MAX);
    machine_all_due(machine); /* so that machine_settle() sets the external interrupt's bit */
    vcpu_started(machine, hart);
    return OK;
}

enum err vcpu_suspend(struct machine *machine, uint32_t hart)
{
    const struct vcpu_ops *ops = &machine->config.vcpu;
    const struct hart_state *state = &machine->state->hart[hart];
    struct vcpu_page *page = machine_page(machine, hart);
    uint64_t sstatus = 0;

    enum err err = vcpu_loop_set_reg(machine, hart, VCPU_REG_CSR(CSR_SATP), 0);
    if (!err)
        err = ops->get_reg(ops->opaque, hart, VCPU_REG_CSR(CSR_SSTATUS), &sstatus);
    if (!err)
        err = vcpu_loop_set_reg(machine, hart, VCPU_REG_CSR(CSR_SSTATUS), sstatus & ~SSTATUS_SIE);
    if (err)
        return err;
    page->x[10] = hart;
    page->x[11] = state->start_arg;
    page->pc = state->start_gpa;
    machine_hart_wait(machine, hart);
    vcpu_started(machine, hart);
    return OK;
}

/* The exit needs room in the text stream: waits for it.  The exit is still there afterwards.  Not
 * inlined, so that an exit that does not wait saves no register for the calls here. */
static ATTR_NOINLINE enum err vcpu_loop_text_wait(struct machine *machine, uint32_t hart,
                                                  const struct vcpu_loop_ops *ops, void *opaque)
{
    enum err err = ops->wait_text(opaque, hart);

    if (!err) {
        machine_all_due(machine);
        machine_settle(machine, hart);
    }
    return err;
}

/* Reboots if the guest asked for it.  True: the machine has ended; *result gives the reason. */
static bool vcpu_loop_power_check(struct machine *machine, const struct vcpu_loop_ops *ops,
                                  void *opaque, struct vcpu_loop_result *result)
{
    enum err err;

    switch ((enum dev_power)machine->state->power) {
    case DEV_POWER_RUN:
        return false;
    case DEV_POWER_REBOOT:
        err = machine_boot(machine);
        if (err) {
            *result = (struct vcpu_loop_result){VCPU_LOOP_BOOT_FAILED, err};
            return true;
        }
        ops->rebooted(opaque, machine->state->boot_count - 1);
        return false;
    case DEV_POWER_OFF:
        *result = (struct vcpu_loop_result){VCPU_LOOP_POWERED_OFF, 0};
        return true;
    case DEV_POWER_FAILED:
        break;
    }
    *result = (struct vcpu_loop_result){VCPU_LOOP_GUEST_FAILED, machine->state->power_code};
    return true;
}

/* Only a running hart can start another, so a guest with all harts stopped has ended. */
static bool is_all_stopped(const struct machine *machine)
{
    for (uint32_t hart = 0; hart < machine->config.hart_count; hart++)
        if (machine->state->hart[hart].status != HART_STOPPED)
            return false;
    return true;
}

/* The hart is not running: start or suspend it, or wait until another hart starts it. */
static enum err vcpu_loop_idle_turn(struct machine *machine, uint32_t hart,
                                    const struct vcpu_loop_ops *ops, void *opaque)
{
    if (machine->state->hart[hart].status == HART_START_PENDING)
        return vcpu_start(machine, hart);
    if (machine->state->hart[hart].status == HART_SUSPEND_PENDING)
        return vcpu_suspend(machine, hart);
    machine_all_due(machine);
    return ops->wait(opaque, hart);
}

bool vcpu_loop_prepare(struct machine *machine, uint32_t hart, const struct vcpu_loop_ops *ops,
                       void *opaque, struct vcpu_loop_result *result)
{
    const struct vcpu_page *page = machine_page(machine, hart);

    for (;;) {
        enum exit_next next = EXIT_RESUME;
        enum err err = OK;
        if (page->exit.reason != VCPU_EXIT_NONE)
            err = exit_answer(machine, hart, &next);
        if (!err && next == EXIT_WAIT) {
            err = vcpu_loop_text_wait(machine, hart, ops, opaque);
            if (!err)
                continue;
        }
        if (!err) {
            machine_settle(machine, hart);
            if (machine->state->power != DEV_POWER_RUN &&
                vcpu_loop_power_check(machine, ops, opaque, result))
                return false;
            if (machine->state->hart[hart].status == HART_STARTED)
                return true;
            if (is_all_stopped(machine)) {
                *result = (struct vcpu_loop_result){VCPU_LOOP_ALL_STOPPED, 0};
                return false;
            }
            err = vcpu_loop_idle_turn(machine, hart, ops, opaque);
        }
        if (err) {
            *result = (struct vcpu_loop_result){VCPU_LOOP_VCPU_FAILED, err};
            return false;
        }
    }
}
