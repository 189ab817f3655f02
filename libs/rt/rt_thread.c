/* SPDX-License-Identifier: BSD-2-Clause */
#include <rt/calls.h>
#include <rt/rt.h>

/* Register numbers of thread_set_reg(): 0 is pc, n is x_n (RISC-V calling convention, "Integer
 * Register Convention"). */
enum {
    RT_REG_PC = 0,
    RT_REG_SP = 2,
    RT_REG_GP = 3,
    RT_REG_A0 = 10
};

MUST_CHECK rt_thread_prepare(uint32_t slot, void (*entry)(void *), void *argument, void *stack_end)
{
    uint64_t gp;
    __asm__ volatile("mv %0, gp" : "=r"(gp));
    const struct {
        uint64_t index, value;
    } reg[] = {
        {RT_REG_PC, (uintptr_t)entry},
        {RT_REG_SP, (uintptr_t)stack_end},
        {RT_REG_GP, gp},
        {RT_REG_A0, (uintptr_t)argument},
    };

    for (unsigned i = 0; i < sizeof reg / sizeof reg[0]; i++) {
        enum err err = thread_set_reg(cap_at(slot), reg[i].index, reg[i].value);
        if (err != OK)
            return err;
    }
    return OK;
}
