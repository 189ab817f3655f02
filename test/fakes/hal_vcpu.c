/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fake hart's VS CSRs: a struct hal_vcpu, which save and load copy.  A write keeps the same
 * bits as in kernel/hal/riscv64: test/hal compares the answers of both HALs.
 */
#include <fakes/hal.h>

#include <fakes/hal_internal.h>

#define CSR_SSTATUS    0x100u
#define CSR_SIE        0x104u
#define CSR_STVEC      0x105u
#define CSR_SCOUNTEREN 0x106u
#define CSR_SENVCFG    0x10au
#define CSR_SSCRATCH   0x140u
#define CSR_SEPC       0x141u
#define CSR_SCAUSE     0x142u
#define CSR_STVAL      0x143u
#define CSR_SIP        0x144u
#define CSR_STIMECMP   0x14du
#define CSR_SATP       0x180u

#define STIE UINT64_C(0x020)

/* Fields of the guest's registers that a write changes. */
#define SSTATUS_FS       UINT64_C(0x6000)
#define SSTATUS_SPP      UINT64_C(0x100)
#define SSTATUS_SPIE     UINT64_C(0x20)
#define SSTATUS_SIE      UINT64_C(0x2)
#define SSTATUS_WRITABLE UINT64_C(0xc6122) /* MXR, SUM, FS, SPP, SPIE, SIE */
#define SSTATUS_UXL_64   (UINT64_C(2) << 32)
#define SSTATUS_SD       (UINT64_C(1) << 63)
#define SENVCFG_WRITABLE UINT64_C(0xf1)
#define S_INTERRUPTS     UINT64_C(0x222)

bool hal_has_sstc(void)
{
    return fake.has_sstc;
}

void hal_vcpu_reset(struct hal_vcpu *vcpu)
{
    *vcpu = (struct hal_vcpu){
        .vsstatus = SSTATUS_UXL_64, .is_vs = 1, .scounteren = 7, .vstimecmp = UINT64_MAX
    };
}

void hal_vcpu_save(struct hal_vcpu *vcpu)
{
    fake_note(FAKE_VCPU_SAVE, (uint64_t)(uintptr_t)vcpu, 0, 0);
    *vcpu = fake.vs;
    fake.vs.vsatp = 0;
}

void hal_vcpu_set_timer(uint64_t guest_ticks)
{
    fake.vs.vstimecmp = guest_ticks;
}

void hal_vcpu_load(const struct hal_vcpu *vcpu)
{
    fake_note(FAKE_VCPU_LOAD, (uint64_t)(uintptr_t)vcpu, 0, 0);
    fake.vs = *vcpu;
}

void fake_check_vsatp(void)
{
    if (fake.vs.vsatp != 0)
        fake_bug("hgatp changes under a vsatp");
}

/* A register's storage; NULL: no such register, or a register that is not stored as one word. */
static uint64_t *place_of(struct hal_vcpu *vcpu, uint64_t reg)
{
    switch (reg) {
    case VCPU_REG_CSR(CSR_SSTATUS): return &vcpu->vsstatus;
    case VCPU_REG_CSR(CSR_SIE): return &vcpu->vsie;
    case VCPU_REG_CSR(CSR_STVEC): return &vcpu->vstvec;
    case VCPU_REG_CSR(CSR_SCOUNTEREN): return &vcpu->scounteren;
    case VCPU_REG_CSR(CSR_SENVCFG): return &vcpu->senvcfg;
    case VCPU_REG_CSR(CSR_SSCRATCH): return &vcpu->vsscratch;
    case VCPU_REG_CSR(CSR_SEPC): return &vcpu->vsepc;
    case VCPU_REG_CSR(CSR_SCAUSE): return &vcpu->vscause;
    case VCPU_REG_CSR(CSR_STVAL): return &vcpu->vstval;
    case VCPU_REG_CSR(CSR_STIMECMP): return &vcpu->vstimecmp;
    case VCPU_REG_CSR(CSR_SATP): return &vcpu->vsatp;
    case VCPU_REG_TIMEDELTA: return &vcpu->htimedelta;
    case VCPU_REG_VSMODE: return &vcpu->is_vs;
    default: return NULL;
    }
}

static enum err check(uint64_t reg)
{
    if (reg == VCPU_REG_CSR(CSR_STIMECMP) && !fake.has_sstc)
        return ERR_NOT_SUPPORTED;
    return OK;
}

enum err hal_vcpu_get_reg(const struct hal_vcpu *vcpu, uint64_t reg, uint64_t *value)
{
    struct hal_vcpu copy = *vcpu;
    const uint64_t *place = place_of(&copy, reg);

    if (check(reg) != OK)
        return check(reg);
    if (reg == VCPU_REG_CSR(CSR_SIP)) {
        *value = vcpu->hvip >> 1;
        return OK;
    }
    if (place == NULL)
        return ERR_INVALID_ARG;
    *value = *place;
    return OK;
}

/* The value of a register that held `old` after a write of `value`. */
static uint64_t legal(uint64_t reg, uint64_t value, uint64_t old)
{
    switch (reg) {
    case VCPU_REG_CSR(CSR_SSTATUS):
        return (value & SSTATUS_WRITABLE) | SSTATUS_UXL_64 |
               ((value & SSTATUS_FS) == SSTATUS_FS ? SSTATUS_SD : 0);
    case VCPU_REG_CSR(CSR_SIE): return value & S_INTERRUPTS;
    case VCPU_REG_CSR(CSR_STVEC): return value & ~UINT64_C(2);
    case VCPU_REG_CSR(CSR_SCOUNTEREN): return value & UINT32_MAX;
    case VCPU_REG_CSR(CSR_SENVCFG): return value & SENVCFG_WRITABLE;
    case VCPU_REG_CSR(CSR_SEPC): return value & ~UINT64_C(1);
    case VCPU_REG_CSR(CSR_SATP): return fake.vsatp_modes >> (value >> 60) & 1 ? value : old;
    case VCPU_REG_VSMODE: return value & 1;
    default: return value;
    }
}

enum err hal_vcpu_set_reg(struct hal_vcpu *vcpu, uint64_t reg, uint64_t value)
{
    uint64_t *place = place_of(vcpu, reg);

    if (check(reg) != OK)
        return check(reg);
    if (reg == VCPU_REG_CSR(CSR_SIP)) {
        vcpu->hvip = (value & S_INTERRUPTS) << 1;
        return OK;
    }
    if (place == NULL)
        return ERR_INVALID_ARG;
    *place = legal(reg, value, *place);
    return OK;
}

uint64_t hal_vcpu_trap(struct hal_vcpu *vcpu, uint64_t cause, uint64_t tval, uint64_t pc)
{
    uint64_t status = vcpu->vsstatus & ~(SSTATUS_SPP | SSTATUS_SPIE | SSTATUS_SIE);

    status |= vcpu->is_vs != 0 ? SSTATUS_SPP : 0;
    status |= (vcpu->vsstatus & SSTATUS_SIE) != 0 ? SSTATUS_SPIE : 0;
    vcpu->vsstatus = status;
    vcpu->vsepc = pc & ~UINT64_C(1);
    vcpu->vscause = cause;
    vcpu->vstval = tval;
    vcpu->is_vs = 1;
    return vcpu->vstvec & ~UINT64_C(3);
}

void hal_vcpu_update_hvip(uint64_t clear, uint64_t set)
{
    fake_note(FAKE_HVIP, clear, set, 0);
    fake.vs.hvip = (fake.vs.hvip & ~clear) | set;
}

bool hal_vcpu_interrupt_pending(void)
{
    uint64_t pending = fake.vs.hvip >> 1;

    if (fake.has_sstc && fake.now + fake.vs.htimedelta >= fake.vs.vstimecmp)
        pending |= STIE;
    void (*meanwhile)(void) = fake.on_guest_question;
    fake.on_guest_question = NULL;
    if (meanwhile != NULL)
        meanwhile();
    return (pending & fake.vs.vsie) != 0;
}

bool hal_vcpu_timer_wakes(void)
{
    return (fake.vs.vsie & STIE) != 0;
}

uint64_t hal_vcpu_timer_deadline(void)
{
    uint64_t guest_now = fake.now + fake.vs.htimedelta;

    if (!fake.has_sstc)
        return UINT64_MAX;
    if (fake.vs.vstimecmp <= guest_now)
        return fake.now;
    uint64_t left = fake.vs.vstimecmp - guest_now;
    return left > UINT64_MAX - fake.now ? UINT64_MAX : fake.now + left;
}

void hal_guest_fence_i(void)
{
    fake_note(FAKE_GUEST_FENCE_I, 0, 0, 0);
}

void hal_guest_fence_vvma(uint64_t address, uint64_t bytes)
{
    fake_note(FAKE_GUEST_FENCE_VVMA, address, bytes, 0);
}

void hal_guest_fence_vvma_asid(uint64_t address, uint64_t bytes, uint64_t asid)
{
    fake_note(FAKE_GUEST_FENCE_ASID, address, bytes, asid);
}

enum err hal_guest_fetch(uint64_t pc, ATTR_UNUSED bool from_vs, uint64_t *insn)
{
    fake_note(FAKE_GUEST_FETCH, pc, 0, 0);
    if (fake.fetch_err != OK)
        return fake.fetch_err;
    *insn = fake.fetch_insn;
    return OK;
}
