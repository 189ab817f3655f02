/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU's CSRs in the hart and in memory (privileged specification, "Hypervisor
 * and Virtual Supervisor CSRs").  trap.c swaps the CSRs without a VS copy.
 */
#include <kernel/hal/riscv64/cpu.h>
#include <kernel/hal/riscv64/csr.h>
#include <kernel/hal/riscv64/hyp.h>

#define VS_INTERRUPTS  UINT64_C(0x444) /* VSSIP, VSTIP, VSEIP in hip, hvip, hideleg */
#define S_INTERRUPTS   UINT64_C(0x222) /* the same in the guest's own sip, sie */
#define VSSTATUS_WRITABLE                                                                          \
    (SSTATUS_SIE | SSTATUS_SPIE | SSTATUS_SPP | SSTATUS_FS | SSTATUS_SUM | SSTATUS_MXR)

bool hal_has_sstc(void)
{
    return cpu_this()->has_sstc;
}

void hal_vcpu_reset(struct hal_vcpu *vcpu)
{
    *vcpu = (struct hal_vcpu){
        .vsstatus = SSTATUS_UXL_64,
        .vstimecmp = UINT64_MAX,
        .scounteren = 7,
        .is_vs = 1,
    };
}

/* vsatp is in use even in HS mode (section "Virtual Supervisor Address Translation and Protection
 * Register"): it is cleared, so that it translates no address under another guest's hgatp. */
void hal_vcpu_save(struct hal_vcpu *vcpu)
{
    vcpu->vsstatus = CSR_READ(CSR_VSSTATUS);
    vcpu->vsie = CSR_READ(CSR_VSIE);
    vcpu->vstvec = CSR_READ(CSR_VSTVEC);
    vcpu->vsscratch = CSR_READ(CSR_VSSCRATCH);
    vcpu->vsepc = CSR_READ(CSR_VSEPC);
    vcpu->vscause = CSR_READ(CSR_VSCAUSE);
    vcpu->vstval = CSR_READ(CSR_VSTVAL);
    vcpu->vsatp = CSR_SWAP(CSR_VSATP, 0);
    vcpu->htimedelta = CSR_READ(CSR_HTIMEDELTA);
    vcpu->hvip = CSR_READ(CSR_HVIP) & VS_INTERRUPTS;
    if (hal_has_sstc())
        vcpu->vstimecmp = CSR_READ(CSR_VSTIMECMP);
    if (cpu_this()->has_open_vsiselect)
        vcpu->vsiselect = CSR_READ(CSR_VSISELECT);
}

void hal_vcpu_set_timer(uint64_t guest_ticks)
{
    CSR_WRITE(CSR_VSTIMECMP, guest_ticks);
}

void hal_vcpu_load(const struct hal_vcpu *vcpu)
{
    CSR_WRITE(CSR_VSSTATUS, vcpu->vsstatus);
    CSR_WRITE(CSR_VSIE, vcpu->vsie);
    CSR_WRITE(CSR_VSTVEC, vcpu->vstvec);
    CSR_WRITE(CSR_VSSCRATCH, vcpu->vsscratch);
    CSR_WRITE(CSR_VSEPC, vcpu->vsepc);
    CSR_WRITE(CSR_VSCAUSE, vcpu->vscause);
    CSR_WRITE(CSR_VSTVAL, vcpu->vstval);
    CSR_WRITE(CSR_VSATP, vcpu->vsatp);
    CSR_WRITE(CSR_HTIMEDELTA, vcpu->htimedelta);
    CSR_WRITE(CSR_HVIP, vcpu->hvip);
    if (hal_has_sstc())
        CSR_WRITE(CSR_VSTIMECMP, vcpu->vstimecmp);
    if (cpu_this()->has_open_vsiselect)
        CSR_WRITE(CSR_VSISELECT, vcpu->vsiselect);
}

MUST_CHECK hal_vcpu_get_reg(const struct hal_vcpu *vcpu, uint64_t reg, uint64_t *value)
{
    switch (reg) {
    case VCPU_REG_CSR(CSR_SSTATUS): *value = vcpu->vsstatus; return OK;
    case VCPU_REG_CSR(CSR_SIE): *value = vcpu->vsie; return OK;
    case VCPU_REG_CSR(CSR_STVEC): *value = vcpu->vstvec; return OK;
    case VCPU_REG_CSR(CSR_SCOUNTEREN): *value = vcpu->scounteren; return OK;
    case VCPU_REG_CSR(CSR_SENVCFG): *value = vcpu->senvcfg; return OK;
    case VCPU_REG_CSR(CSR_SSCRATCH): *value = vcpu->vsscratch; return OK;
    case VCPU_REG_CSR(CSR_SEPC): *value = vcpu->vsepc; return OK;
    case VCPU_REG_CSR(CSR_SCAUSE): *value = vcpu->vscause; return OK;
    case VCPU_REG_CSR(CSR_STVAL): *value = vcpu->vstval; return OK;
    case VCPU_REG_CSR(CSR_SIP): *value = (vcpu->hvip & VS_INTERRUPTS) >> 1; return OK;
    case VCPU_REG_CSR(CSR_STIMECMP):
        if (!hal_has_sstc())
            return ERR_NOT_SUPPORTED;
        *value = vcpu->vstimecmp;
        return OK;
    case VCPU_REG_CSR(CSR_SATP): *value = vcpu->vsatp; return OK;
    case VCPU_REG_TIMEDELTA: *value = vcpu->htimedelta; return OK;
    case VCPU_REG_VSMODE: *value = vcpu->is_vs; return OK;
    default: return ERR_INVALID_ARG;
    }
}

/* The guest's sstatus: FS as written, SD derived from FS, UXL always 64 bits. */
static uint64_t legal_sstatus(uint64_t value)
{
    uint64_t legal = (value & VSSTATUS_WRITABLE) | SSTATUS_UXL_64;

    return (legal & SSTATUS_FS) == SSTATUS_FS_DIRTY ? legal | UINT64_C(1) << 63 : legal;
}

/* A write with a mode that the hart does not have leaves satp unchanged. */
static uint64_t legal_satp(uint64_t value, uint64_t old)
{
    return (cpu_this()->vsatp_modes >> (value >> 60) & 1) != 0 ? value : old;
}

MUST_CHECK hal_vcpu_set_reg(struct hal_vcpu *vcpu, uint64_t reg, uint64_t value)
{
    switch (reg) {
    case VCPU_REG_CSR(CSR_SSTATUS): vcpu->vsstatus = legal_sstatus(value); return OK;
    case VCPU_REG_CSR(CSR_SIE): vcpu->vsie = value & S_INTERRUPTS; return OK;
    case VCPU_REG_CSR(CSR_STVEC): vcpu->vstvec = value & ~UINT64_C(2); return OK;
    case VCPU_REG_CSR(CSR_SCOUNTEREN): vcpu->scounteren = value & UINT32_MAX; return OK;
    case VCPU_REG_CSR(CSR_SENVCFG): vcpu->senvcfg = value & SENVCFG_WRITABLE; return OK;
    case VCPU_REG_CSR(CSR_SSCRATCH): vcpu->vsscratch = value; return OK;
    case VCPU_REG_CSR(CSR_SEPC): vcpu->vsepc = value & ~UINT64_C(1); return OK;
    case VCPU_REG_CSR(CSR_SCAUSE): vcpu->vscause = value; return OK;
    case VCPU_REG_CSR(CSR_STVAL): vcpu->vstval = value; return OK;
    case VCPU_REG_CSR(CSR_SIP): vcpu->hvip = value << 1 & VS_INTERRUPTS; return OK;
    case VCPU_REG_CSR(CSR_STIMECMP):
        if (!hal_has_sstc())
            return ERR_NOT_SUPPORTED;
        vcpu->vstimecmp = value;
        return OK;
    case VCPU_REG_CSR(CSR_SATP): vcpu->vsatp = legal_satp(value, vcpu->vsatp); return OK;
    case VCPU_REG_TIMEDELTA: vcpu->htimedelta = value; return OK;
    case VCPU_REG_VSMODE: vcpu->is_vs = value & 1; return OK;
    default: return ERR_INVALID_ARG;
    }
}

/* Privileged specification, "Supervisor Trap Vector Base Address Register", "Supervisor Status
 * Register": exceptions go to BASE in either mode of stvec. */
uint64_t hal_vcpu_trap(struct hal_vcpu *vcpu, uint64_t cause, uint64_t tval, uint64_t pc)
{
    uint64_t status = vcpu->vsstatus & ~(SSTATUS_SPP | SSTATUS_SPIE | SSTATUS_SIE);

    if (vcpu->is_vs != 0)
        status |= SSTATUS_SPP;
    if ((vcpu->vsstatus & SSTATUS_SIE) != 0)
        status |= SSTATUS_SPIE;
    vcpu->vsstatus = status;
    vcpu->vsepc = pc & ~UINT64_C(1);
    vcpu->vscause = cause;
    vcpu->vstval = tval;
    vcpu->is_vs = 1;
    return vcpu->vstvec & ~UINT64_C(3);
}

void hal_vcpu_update_hvip(uint64_t clear, uint64_t set)
{
    uint64_t old = CSR_READ(CSR_HVIP);
    uint64_t new = ((old & ~clear) | set) & VS_INTERRUPTS;

    if (new != (old & VS_INTERRUPTS))
        CSR_WRITE(CSR_HVIP, new);
}

bool hal_vcpu_interrupt_pending(void)
{
    return (CSR_READ(CSR_VSIP) & CSR_READ(CSR_VSIE)) != 0;
}

bool hal_vcpu_timer_wakes(void)
{
    return (CSR_READ(CSR_VSIE) >> IRQ_S_TIMER & 1) != 0;
}

uint64_t hal_vcpu_timer_deadline(void)
{
    if (!hal_has_sstc())
        return UINT64_MAX;

    uint64_t now = hal_time();
    uint64_t guest_now = now + CSR_READ(CSR_HTIMEDELTA);
    uint64_t compare = CSR_READ(CSR_VSTIMECMP);

    if (compare <= guest_now)
        return now;
    return compare - guest_now > UINT64_MAX - now ? UINT64_MAX : now + (compare - guest_now);
}

MUST_CHECK hal_guest_fetch(uint64_t pc, bool from_vs, uint64_t *insn)
{
    CSR_CLEAR(CSR_HSTATUS, HSTATUS_SPVP);
    if (from_vs)
        CSR_SET(CSR_HSTATUS, HSTATUS_SPVP);

    struct probe low = cpu_fetch_guest_half(pc);
    if (low.ok == 0)
        return ERR_RANGE;
    if ((low.value & 3) != 3) {
        *insn = low.value;
        return OK;
    }
    struct probe high = cpu_fetch_guest_half(pc + 2);
    if (high.ok == 0)
        return ERR_RANGE;
    *insn = high.value << 16 | low.value;
    return OK;
}
