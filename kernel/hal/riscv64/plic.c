/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's interrupt controller (RISC-V PLIC specification: "Memory Map").
 * A source is masked by priority 0 and stays enabled: the controller ignores the
 * completion of a source that is not enabled.
 */
#include <kernel/boot/machine.h>
#include <kernel/hal/riscv64/cpu.h>
#include <kernel/hal/riscv64/csr.h>
#include <kernel/hal/riscv64/plic.h>

#define PLIC_PRIORITY(source)   (4u * (source))
#define PLIC_ENABLE(context)    (0x2000u + 0x80u * (context))
#define PLIC_THRESHOLD(context) (0x200000u + 0x1000u * (context))
#define PLIC_CLAIM(context)     (0x200004u + 0x1000u * (context))

static volatile uint32_t *plic_reg(const struct cpu *cpu, uint32_t offset)
{
    return (volatile uint32_t *)(volatile void *)(cpu->plic + offset);
}

void plic_setup(struct cpu *cpu, const struct machine *machine)
{
    cpu->plic = hal_phys_to_virt(hpa(machine->plic.start));
    cpu->plic_source_count = machine->plic_source_count;
    cpu->plic_context = machine->plic_context;
    for (uint32_t source = 1; source <= cpu->plic_source_count; source++)
        *plic_reg(cpu, PLIC_PRIORITY(source)) = 0;
    for (uint32_t word = 0; word <= cpu->plic_source_count / 32; word++)
        *plic_reg(cpu, PLIC_ENABLE(cpu->plic_context) + 4 * word) = UINT32_MAX;
    *plic_reg(cpu, PLIC_THRESHOLD(cpu->plic_context)) = 0;
}

uint32_t hal_irq_count(void)
{
    return cpu_this()->plic_source_count;
}

void hal_irq_unmask(uint32_t source)
{
    *plic_reg(cpu_this(), PLIC_PRIORITY(source)) = 1;
}

void hal_irq_mask(uint32_t source)
{
    *plic_reg(cpu_this(), PLIC_PRIORITY(source)) = 0;
}

bool hal_irq_is_pending(void)
{
    return (CSR_READ(CSR_SIP) >> IRQ_S_EXTERNAL & 1) != 0;
}

uint32_t hal_irq_claim(void)
{
    const struct cpu *cpu = cpu_this();

    return *plic_reg(cpu, PLIC_CLAIM(cpu->plic_context));
}

void hal_irq_complete(uint32_t source)
{
    const struct cpu *cpu = cpu_this();

    *plic_reg(cpu, PLIC_CLAIM(cpu->plic_context)) = source;
}
