/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds out the hart's features, from the hart itself where possible, and sets the
 * CSRs that are set once (privileged specification, "Hypervisor Extension").
 */
#include <kernel/boot/machine.h>
#include <kernel/hal/boot.h>
#include <kernel/hal/riscv64/cpu.h>
#include <kernel/hal/riscv64/csr.h>
#include <kernel/hal/riscv64/hyp.h>
#include <kernel/hal/riscv64/image.h>
#include <kernel/hal/riscv64/plic.h>
#include <kernel/hal/riscv64/pte.h>
#include <kernel/hal/riscv64/sbi.h>
#include <kernel/hal/riscv64/setup.h>

/* Exceptions a guest handles itself: misaligned fetch, illegal instruction, breakpoint,
 * misaligned load and store, ecall from VU, page faults. */
#define HEDELEG_GUEST UINT64_C(0xb15d)
#define HIDELEG_GUEST UINT64_C(0x444)

#define ASID_MASK UINT64_C(0xffff)
#define VMID_MASK UINT64_C(0x3fff)

static bool sbi_has(uint64_t extension)
{
    struct sbi_result result = sbi_call(SBI_EXT_BASE, SBI_BASE_PROBE, extension, 0, 0);

    return result.error == 0 && result.value != 0;
}

void cpu_boot(uint64_t hart_id, uint64_t dtb_address, uint64_t image_address)
{
    struct cpu *cpu = cpu_this();

    cpu->id = hart_id;
    cpu->image_start = image_address;
    cpu->kernel_satp = CSR_READ(CSR_SATP);
    cpu->has_dbcn = sbi_has(SBI_EXT_DBCN);
    kernel_main(hart_id, hpa(dtb_address));
}

void hal_hand_over(uint64_t id, hpa_t dtb)
{
    uint64_t image = cpu_this()->image_start;

    kernel_tables[TABLE_IMAGE_GIB][image / MIB2 % TABLE_ENTRIES] =
        kernel_tables[TABLE_IMAGE_GIB][0];
    kernel_tables[TABLE_ROOT][image / GIB % TABLE_ENTRIES] =
        kernel_tables[TABLE_ROOT][KERNEL_BASE / GIB % TABLE_ENTRIES];
    __asm__ volatile("sfence.vma" : : : "memory");
    cpu_hand_over(id, image, dtb.raw);
}

struct range hal_image_range(void)
{
    return (struct range){ cpu_this()->image_start, (uint64_t)(image_end - _start) };
}

void hal_set_hart(struct hart *hart)
{
    cpu_this()->hart = hart;
}

void hal_set_test_device(struct range registers)
{
    if (registers.bytes != 0)
        cpu_this()->test_device = hal_phys_to_virt(hpa(registers.start));
}

/* How many identifiers remain of an all-ones field; satp is restored. */
static uint32_t asid_count_probe(void)
{
    uint64_t old = CSR_READ(CSR_SATP);

    CSR_WRITE(CSR_SATP, old | ASID_MASK << ATP_ID_SHIFT);
    uint64_t kept = CSR_READ(CSR_SATP) >> ATP_ID_SHIFT & ASID_MASK;
    CSR_WRITE(CSR_SATP, old);
    __asm__ volatile("sfence.vma" : : : "memory");
    return (uint32_t)kept + 1;
}

static uint32_t vmid_count_probe(void)
{
    CSR_WRITE(CSR_HGATP, ATP_MODE_SV39 | VMID_MASK << ATP_ID_SHIFT);
    uint64_t kept = CSR_READ(CSR_HGATP);
    CSR_WRITE(CSR_HGATP, 0);
    cpu_hfence_gvma_all();
    if (kept >> 60 != ATP_MODE_SV39 >> 60)
        return 0;
    return (uint32_t)(kept >> ATP_ID_SHIFT & VMID_MASK) + 1;
}

static uint64_t vsatp_modes_probe(void)
{
    uint64_t modes = 1;

    for (uint64_t mode = SATP_SV39; mode <= SATP_SV57; mode++) {
        CSR_WRITE(CSR_VSATP, mode << 60);
        if (CSR_READ(CSR_VSATP) >> 60 == mode)
            modes |= UINT64_C(1) << mode;
        CSR_WRITE(CSR_VSATP, 0);
    }
    cpu_hfence_vvma_all();
    return modes;
}

bool hal_guest_has_satp_mode(enum satp_mode mode)
{
    return (cpu_this()->vsatp_modes >> mode & 1) != 0;
}

/* Extensions that a guest's riscv,isa does not name are off, as far as a bit turns them off: the
 * cache-block instructions, page-based memory types, control-flow integrity, and the state behind
 * hstateen0 ("Smstateen and Ssstateen Extensions": bit 63 allows sstateen0, bit 62 senvcfg, which
 * each supervisor has).  The hardware update of A and D bits is on: if riscv,isa names neither
 * scheme, software must expect both.  Fields that the hart or its firmware lacks stay 0. */
static void setup_environment(const struct cpu *cpu)
{
    CSR_WRITE(CSR_HENVCFG, (cpu->has_sstc ? HENVCFG_STCE : 0) | HENVCFG_ADUE);
    CSR_WRITE(CSR_SENVCFG, 0);
    CSR_WRITE(CSR_HCOUNTEREN, 7);
    CSR_WRITE(CSR_SCOUNTEREN, COUNTEREN_TIME);
    if (cpu->has_stateen)
        CSR_WRITE(CSR_HSTATEEN0, HSTATEEN0_SENVCFG);
    cpu_clear_optional();
}

/*
 * AIA specification, "Hypervisor extension (H)": these CSRs must give no guest an interrupt.  With
 * VGEIN 0 a guest's stopei traps, and so does its sireg for every siselect; siselect itself is
 * writable.  hstateen0 hides all of them; on a hart without hstateen0 each guest has its own
 * vsiselect.
 */
static void setup_aia(struct cpu *cpu)
{
    cpu->has_open_vsiselect = !cpu->has_stateen && cpu_probe_vsiselect().ok != 0;
    if (cpu_probe_hvictl().ok == 0)
        return;
    CSR_WRITE(CSR_HVIEN, 0);
    CSR_WRITE(CSR_HVICTL, 0);
    CSR_WRITE(CSR_HVIPRIO1, 0);
    CSR_WRITE(CSR_HVIPRIO2, 0);
}

static void setup_traps(void)
{
    CSR_WRITE(CSR_HEDELEG, HEDELEG_GUEST);
    CSR_WRITE(CSR_HIDELEG, HIDELEG_GUEST);
    CSR_WRITE(CSR_HSTATUS, HSTATUS_VSXL_64 | HSTATUS_VTW);
    CSR_WRITE(CSR_HGEIE, 0);
    CSR_WRITE(CSR_HIE, 0);
    CSR_WRITE(CSR_HVIP, 0);
    CSR_WRITE(CSR_VSIE, 0);
    CSR_WRITE(CSR_HTIMEDELTA, 0);
    CSR_CLEAR(CSR_SSTATUS, SSTATUS_FS | SSTATUS_VS | SSTATUS_SUM | SSTATUS_MXR | SSTATUS_SIE |
                               SSTATUS_UBE | SSTATUS_SDT);
}

MUST_CHECK hal_setup(const struct machine *machine, const char **problem)
{
    struct cpu *cpu = cpu_this();

    cpu->zero_block_bytes = machine->zero_block_bytes;
    if (cpu_probe_hstatus().ok == 0) {
        *problem = "this hart has no H extension (with QEMU: -cpu rv64, rva23s64 or max)";
        return ERR_NOT_SUPPORTED;
    }
    if (!machine->has_plic) {
        *problem = "it has no PLIC (with QEMU: -M virt without aia=)";
        return ERR_NOT_SUPPORTED;
    }
    cpu->vmid_count = vmid_count_probe();
    if (cpu->vmid_count == 0) {
        *problem = "this hart has no Sv39x4 G-stage translation";
        return ERR_NOT_SUPPORTED;
    }
    cpu->asid_count = asid_count_probe();
    cpu->vsatp_modes = vsatp_modes_probe();
    cpu->has_sstc = cpu_probe_stimecmp().ok != 0;
    cpu->has_stateen = cpu_probe_hstateen0().ok != 0;
    plic_setup(cpu, machine);
    setup_traps();
    setup_aia(cpu);
    setup_environment(cpu);
    hal_timer_arm(UINT64_MAX);
    CSR_WRITE(CSR_SIE, UINT64_C(1) << IRQ_S_TIMER | UINT64_C(1) << IRQ_S_EXTERNAL);
    return OK;
}
