/* SPDX-License-Identifier: BSD-2-Clause */
/* Output to the firmware's console, and ending the machine. */
#include <kernel/hal/riscv64/cpu.h>
#include <kernel/hal/riscv64/sbi.h>

#define TEST_FAIL 0x3333u

/* The debug console may accept fewer bytes than offered; 0 bytes means that it failed. */
static size_t console_write_some(const char *bytes, size_t count)
{
    if (cpu_this()->has_dbcn) {
        uint64_t address = hal_virt_to_phys(bytes).raw;
        struct sbi_result result = sbi_call(SBI_EXT_DBCN, SBI_DBCN_WRITE, count, address, 0);
        return result.error == 0 && result.value <= count ? (size_t)result.value : 0;
    }
    (void)sbi_call(SBI_EXT_PUTCHAR, 0, (uint8_t)bytes[0], 0, 0);
    return 1;
}

void hal_console_write(const char *bytes, size_t count)
{
    while (count != 0) {
        size_t written = console_write_some(bytes, count);
        if (written == 0)
            return;
        bytes += written;
        count -= written;
    }
}

void hal_machine_fail(uint16_t code)
{
    volatile uint32_t *test = cpu_this()->test_device;
    uint32_t failure = code == 0 ? 1 : code;

    if (test != NULL)
        *test = failure << 16 | TEST_FAIL;
    for (;;)
        __asm__ volatile("wfi");
}
