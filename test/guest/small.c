/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest of a few kilobytes that obeys commands of one letter:
 *
 *   r  reboot (SRST, cold)       w  reboot (SRST, warm)     s  reboot (syscon)
 *   p  power off (SRST)          o  power off (syscon)      f  power off, "system failure"
 *   x  spin, interrupts off      l  fault for ever           h  stop its only hart
 *   i  sleep for ever (WFI)      ?  say that it lives
 *
 * At each boot the guest checks RAM that it has written before: a reboot must zero all of it.
 */
#include "guest.h"

#define HSM        UINT64_C(0x48534d)
#define MARK_COUNT 64u
#define MARK       UINT64_C(0x6469727479206d6d)

/* Spread over the first 14 MiB of RAM behind the image: every test guest has that much. */
static volatile uint64_t *mark_at(uint32_t i)
{
    uint64_t first = ((uint64_t)__bss_end + 0xfff) & ~UINT64_C(0xfff);

    return (volatile uint64_t *)(first + i * UINT64_C(0x33000));
}

static uint32_t count_dirty(void)
{
    uint32_t dirty = 0;

    for (uint32_t i = 0; i < MARK_COUNT; i++) {
        if (*mark_at(i) != 0)
            dirty++;
        *mark_at(i) = MARK;
    }
    return dirty;
}

/* Each fetch faults, that of the trap handler's first instruction too: this causes no exit, and
 * never ends. */
static void fault_for_ever(void)
{
    csr_write(stvec, 0x1000);
    csr_write(satp, UINT64_C(8) << 60 | (uint64_t)mark_at(1) >> 12);
    __asm__ volatile("sfence.vma" ::: "memory");
}

static void obey(char command)
{
    switch (command) {
    case 'r': sbi_reset(1, 0); break;
    case 'w': sbi_reset(2, 0); break;
    case 's': write32(SYSCON, 0x7777); break;
    case 'p': sbi_reset(0, 0); break;
    case 'o': write32(SYSCON, 0x5555); break;
    case 'f': sbi_reset(0, 1); break;
    case 'x':
        csr_clear(sstatus, 1u << 1);
        for (;;)
            ;
    case 'i':
        for (;;)
            __asm__ volatile("wfi");
    case 'l': fault_for_ever(); break;
    case 'h': (void)sbi_call(HSM, 1, 0, 0, 0, 0); break;
    case '?': put_string("small: here\n"); break;
    default: break;
    }
}

void guest_main(uint64_t hart, uint64_t dtb)
{
    (void)hart;
    put_string(*(const uint32_t *)dtb == 0xedfe0dd0 ? "small: boot" : "small: boot without a tree");
    put_string(", dirty ");
    put_decimal(count_dirty());
    put_string("\n");
    for (;;)
        obey(get_char());
}
