/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of the hart and the devices when a kernel starts.
 *
 * Specification: "Booting" of the boot protocol (a0, a1, satp), and the reset values of the data
 * sheets where they give any.
 */
#include "compare.h"

static void hart_tell(uint64_t id, uint64_t dtb)
{
    tell("a0", id);
    tell("a1 modulo 8", dtb % 8);
    tell("magic of the device tree, little endian", read32(dtb));
    TELL_CSR(sstatus);
    TELL_CSR(sie);
    TELL_CSR(sip);
    TELL_CSR(satp);
    TELL_CSR(scounteren);
    TELL_CSR(senvcfg);
    TELL_CSR(stimecmp);
}

void compare_main(uint64_t id, uint64_t dtb)
{
    hart_tell(id, dtb);
    for (uint64_t reg = 1; reg < 8; reg++)
        tell_load(UART_BASE + reg, 1);
    for (uint64_t reg = 0x08; reg < 0x24; reg += 4)
        tell_load(RTC_BASE + reg, 4);
    tell_load(PLIC_BASE + 4, 4);
    tell_load(PLIC_BASE + 0x28, 4);
    for (uint64_t word = 0; word < 0x10; word += 4) {
        tell_load(PLIC_BASE + 0x1000 + word, 4);
        tell_load(PLIC_BASE + 0x2080 + word, 4);
    }
    tell_load(PLIC_BASE + 0x201000, 4);
    tell_load(PLIC_BASE + 0x201004, 4);
}
