/* SPDX-License-Identifier: BSD-2-Clause */
/* Methods that read or write the state of a VCpu that is not running; fences; the timer. */
#include <kernel/core/vcpu.h>

#include <abi/decode.h>
#include <kernel/core/fp.h>
#include <kernel/core/syscall.h>

#define FP_REGISTERS      32u
#define FCSR_MASK         UINT64_C(0xff)
#define CAUSE_MAX         63u
#define ASID_MAX          UINT64_C(0xffff)
#define FENCE_PAGES_MAX   64u /* for more, one fence of everything is cheaper, and bounded */

static struct vcpu *vcpu_of(const struct slot *slot)
{
    return (struct vcpu *)slot_object(slot);
}

/* ---- registers ------------------------------------------------------------------------ */

/* The address of an FP register in memory; NULL: `reg` is not an FP register. */
static uint64_t *fp_register(struct vcpu *vcpu, uint64_t reg)
{
    if (reg == VCPU_REG_FCSR)
        return &vcpu->fp.fcsr;
    if (reg >= VCPU_REG_FP(0) && reg < VCPU_REG_FP(FP_REGISTERS))
        return &vcpu->fp.f[reg - VCPU_REG_FP(0)];
    return NULL;
}

enum err vcpu_get_reg_invoke(struct invocation *inv)
{
    struct vcpu *vcpu = vcpu_of(inv->slot);
    const uint64_t *fp = fp_register(vcpu, inv->arg[0]);

    if (vcpu_is_running(vcpu))
        return ERR_BUSY;
    if (fp != NULL) {
        fp_release(inv->hart, &vcpu->fp);
        inv->result[0] = *fp;
        return OK;
    }
    vcpu_release(inv->hart, vcpu);
    return hal_vcpu_get_reg(&vcpu->regs, inv->arg[0], &inv->result[0]);
}

enum err vcpu_set_reg_invoke(struct invocation *inv)
{
    struct vcpu *vcpu = vcpu_of(inv->slot);
    uint64_t reg = inv->arg[0], value = inv->arg[1];
    uint64_t *fp = fp_register(vcpu, reg);

    if (vcpu_is_running(vcpu))
        return ERR_BUSY;
    if (fp != NULL) {
        fp_release(inv->hart, &vcpu->fp);
        *fp = reg == VCPU_REG_FCSR ? value & FCSR_MASK : value;
        return OK;
    }
    vcpu_release(inv->hart, vcpu);
    enum err err = hal_vcpu_set_reg(&vcpu->regs, reg, value);
    if (err == OK && reg == VCPU_REG_TIMEDELTA)
        vcpu_timer_set(vcpu, vcpu->timer_guest_ticks);
    vcpu->hvip_levels = UINT64_MAX;
    return err;
}

enum err vcpu_inject_invoke(struct invocation *inv)
{
    struct vcpu *vcpu = vcpu_of(inv->slot);

    if (inv->arg[0] > CAUSE_MAX)
        return ERR_INVALID_ARG;
    if (vcpu->thread == NULL)
        return ERR_STATE;
    if (vcpu_is_running(vcpu))
        return ERR_BUSY;
    vcpu_release(inv->hart, vcpu);
    vcpu->page->pc = hal_vcpu_trap(&vcpu->regs, inv->arg[0], inv->arg[1], vcpu->page->pc);
    return OK;
}

/* ---- the timer ------------------------------------------------------------------------ */

void vcpu_timer_set(struct vcpu *vcpu, uint64_t guest_ticks)
{
    uint64_t delta = 0, now = hal_time();

    vcpu->timer_guest_ticks = guest_ticks;
    if (guest_ticks == TIMER_NEVER || hal_has_sstc() ||
        hal_vcpu_get_reg(&vcpu->regs, VCPU_REG_TIMEDELTA, &delta) != OK) {
        vcpu->timer_ticks = TIMER_NEVER;
        return;
    }
    uint64_t guest_now = now + delta;
    uint64_t left = guest_ticks > guest_now ? guest_ticks - guest_now : 0;
    vcpu->timer_ticks = left < TIMER_NEVER - now ? now + left : TIMER_NEVER;
}

void vcpu_timer_take(struct vcpu *vcpu)
{
    uint64_t guest_ticks = __atomic_load_n(&vcpu->page->timer, __ATOMIC_RELAXED);

    vcpu_timer_set(vcpu, guest_ticks);
    if (hal_has_sstc())
        hal_vcpu_set_timer(guest_ticks);
}

/* ---- fences ----------------------------------------------------------------------------- */

/*
 * The bytes to fence.  0 stands for everything: for a range that is everything, has too many pages,
 * or wraps.  A range that ends at the last address does not wrap.
 */
static uint64_t vcpu_fence_size(uint64_t address, uint64_t size)
{
    uint64_t offset = address & (PAGE_BYTES - 1);
    bool is_long = size > FENCE_PAGES_MAX * PAGE_BYTES - offset;

    return is_long || size - 1 > UINT64_MAX - address ? 0 : size;
}

enum err vcpu_fence_invoke(struct invocation *inv)
{
    struct vcpu *vcpu = vcpu_of(inv->slot);
    uint64_t kind = inv->arg[0], address = inv->arg[1], asid = inv->arg[3];
    uint64_t size = vcpu_fence_size(address, inv->arg[2]);

    if (kind > VCPU_FENCE_ADDRESS_ASID || (kind == VCPU_FENCE_ADDRESS_ASID && asid > ASID_MAX))
        return ERR_INVALID_ARG;
    if (vcpu->thread == NULL)
        return ERR_STATE;
    if (kind == VCPU_FENCE_INSN)
        hal_guest_fence_i();
    else if (inv->hart->gspace != vcpu_gspace(vcpu))
        vcpu->is_fence_wanted = true; /* HFENCE.VVMA acts on the loaded VMID only */
    else if (kind == VCPU_FENCE_ADDRESS)
        hal_guest_fence_vvma(address, size);
    else
        hal_guest_fence_vvma_asid(address, size, asid);
    return OK;
}
