/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine ends after a trap in the kernel, which is a defect of the kernel, and after a fault
 * of the root server that no handler answers. */
#include <kernel/hal/riscv64/cpu.h>
#include <kernel/hal/riscv64/csr.h>
#include <kernel/hal/riscv64/trap.h>
#include <kernel/print.h>

#define PANIC_CODE      101
#define ROOT_FAULT_CODE 102

static void panic_line(const char *name, uint64_t value)
{
    print_text("\n  ");
    print_text(name);
    print_text(" ");
    print_hex(value);
}

static void panic_registers(const uint64_t *regs)
{
    for (unsigned i = 1; i < 32; i++) {
        print_text(i % 4 == 1 ? "\n  x" : "  x");
        print_decimal(i);
        print_text(" ");
        print_hex(regs[i]);
    }
    print_text("\n");
}

void trap_panic(struct cpu *cpu)
{
    if (cpu->is_panicking)
        hal_machine_fail(PANIC_CODE);
    cpu->is_panicking = true;

    print_text("\nWarren: kernel panic on hart ");
    print_decimal(cpu->id);
    panic_line("scause", CSR_READ(CSR_SCAUSE));
    panic_line("stval", CSR_READ(CSR_STVAL));
    panic_line("pc", cpu->panic_regs[REGS_PC / 8]);
    panic_registers(cpu->panic_regs);
    hal_machine_fail(PANIC_CODE);
}

void trap_root_fault(uint64_t cause, uint64_t tval, const struct user_context *context)
{
    print_text("\nWarren: the root server was stopped by a fault");
    panic_line("scause", cause);
    panic_line("stval", tval);
    panic_line("pc", context->pc);
    panic_registers(context->x);
    hal_machine_fail(ROOT_FAULT_CODE);
}
