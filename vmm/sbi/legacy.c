/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Specification: "Legacy Extensions (EIDs #0x00 - #0x0F)".  A legacy call returns one value
 * in a0.  Hart masks are in the guest's virtual memory.
 */
#include <vmm/boot/isa.h>
#include <vmm/memory/gwalk.h>
#include <vmm/sbi/sbi.h>

enum eid {
    SET_TIMER = 0,
    CONSOLE_PUTCHAR = 1,
    CONSOLE_GETCHAR = 2,
    CLEAR_IPI = 3,
    SEND_IPI = 4,
    REMOTE_FENCE_I = 5,
    REMOTE_SFENCE_VMA = 6,
    REMOTE_SFENCE_VMA_ASID = 7,
    SHUTDOWN = 8,
};

#define CSR_SSTATUS 0x100u
#define CSR_SIP     0x144u
#define CSR_SATP    0x180u
#define SIP_SSIP    (UINT64_C(1) << 1)

static uint64_t legacy_csr_read(const struct sbi_call *call, uint32_t csr)
{
    const struct vcpu_ops *ops = &call->machine->config.vcpu;
    uint64_t value;
    return ops->get_reg(ops->opaque, call->hart, VCPU_REG_CSR(csr), &value) ? 0 : value;
}

/*
 * Reads the hart mask at the virtual address a0; address 0 means all harts.  Bits of harts
 * that do not exist are ignored.  False: the guest takes the fault of a load from a0.
 */
static bool legacy_harts_read(const struct sbi_call *call, uint64_t *harts)
{
    const struct machine *machine = call->machine;
    uint64_t all = (UINT64_C(1) << machine->config.hart_count) - 1, mask;
    enum gwalk_cause cause;

    if (call->arg[0] == 0) {
        *harts = all;
        return true;
    }
    struct gwalk walk = {.satp = legacy_csr_read(call, CSR_SATP),
                         .sstatus = legacy_csr_read(call, CSR_SSTATUS),
                         .has_svnapot = (machine->config.isa_extensions & ISA_SVNAPOT) != 0};
    if (gwalk_read_u64(&walk, &machine->config.ram, call->arg[0], &mask, &cause,
                       &call->outcome->tval)) {
        call->outcome->cause = cause;
        return false;
    }
    *harts = mask & all;
    return true;
}

/* Returns a byte of the same input as DBCN's, or -1 if there is none. */
static struct sbi_result legacy_getchar(const struct sbi_call *call)
{
    uint8_t byte;

    return sbi_legacy(sbi_console_read(call, &byte, 1) == 1 ? byte : UINT64_MAX);
}

static struct sbi_result legacy_clear_ipi(const struct sbi_call *call)
{
    const struct vcpu_page *page = machine_page(call->machine, call->hart);
    uint64_t wanted = __atomic_load_n(&page->irq, __ATOMIC_RELAXED);
    bool is_pending = (wanted & VCPU_IRQ_SOFT_SET) || (legacy_csr_read(call, CSR_SIP) & SIP_SSIP);

    call->outcome->flags |= OUTCOME_HARTS;
    call->outcome->soft_clear = UINT32_C(1) << call->hart;
    return sbi_legacy(is_pending);
}

static struct sbi_result legacy_with_harts(const struct sbi_call *call)
{
    uint64_t harts;
    struct sbi_result result = sbi_ok(0);

    if (!legacy_harts_read(call, &harts))
        return sbi_end(SBI_END_TRAP);
    switch ((enum eid)call->eid) {
    case SEND_IPI:
        call->outcome->flags |= OUTCOME_HARTS;
        call->outcome->soft_set = (uint32_t)harts;
        break;
    case REMOTE_FENCE_I:
        result = sbi_fence_i(call, harts);
        break;
    case REMOTE_SFENCE_VMA:
        result = sbi_fence_vma(call, harts, call->arg[1], call->arg[2], NULL);
        break;
    default:
        result = sbi_fence_vma(call, harts, call->arg[1], call->arg[2], &call->arg[3]);
        break;
    }
    return sbi_legacy((uint64_t)result.error);
}

struct sbi_result sbi_legacy_call(const struct sbi_call *call)
{
    switch ((enum eid)call->eid) {
    case SET_TIMER:
        sbi_time_set(call, call->arg[0]);
        return sbi_legacy(0);
    case CONSOLE_PUTCHAR:
        return sbi_console_write_byte(call, (uint8_t)call->arg[0]) ? sbi_legacy(0)
                                                                   : sbi_end(SBI_END_WAIT);
    case CONSOLE_GETCHAR:
        return legacy_getchar(call);
    case CLEAR_IPI:
        return legacy_clear_ipi(call);
    case SHUTDOWN:
        sbi_power(call, DEV_POWER_OFF, 0);
        return sbi_end(SBI_END_NO_RETURN);
    default:
        return legacy_with_harts(call);
    }
}
