/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest of a few kilobytes that obeys commands of one letter:
 *
 *   r  reboot (SRST, cold)       w  reboot (SRST, warm)     s  reboot (syscon)
 *   p  power off (SRST)          o  power off (syscon)      f  power off, "system failure"
 *   x  spin, interrupts off      l  fault for ever           h  stop its only hart
 *   i  sleep for ever (WFI)      ?  say that it lives        c  look for the real-time clock
 *   g  hang two lives of its VMM (test/system/programs/hurt.c)    G  hang all of them
 *   d  make two lives of its VMM fault                            D  make all of them fault
 *   e  make two lives of its VMM end by themselves                E  make all of them end
 *   b  make its VMM deaf to the next signal
 *
 * At each boot the guest checks RAM that it has written before: a reboot must zero all of it.
 */
#include "guest.h"

#define HSM        UINT64_C(0x48534d)
#define RTC        UINT64_C(0x101000)
#define HURT       UINT64_C(0x08000000)
#define MARK_COUNT 64u
#define MARK       UINT64_C(0x6469727479206d6d)

static uint64_t tree_address;

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

/* Is the text anywhere in the device tree? */
static bool tree_has(const char *text)
{
    const uint8_t *tree = (const uint8_t *)tree_address;
    uint32_t bytes = (uint32_t)tree[5] << 16 | (uint32_t)tree[6] << 8 | tree[7]; /* totalsize */

    for (uint32_t at = 0; at < bytes; at++) {
        uint32_t same = 0;
        while (text[same] != 0 && at + same < bytes && tree[at + same] == (uint8_t)text[same])
            same++;
        if (text[same] == 0)
            return true;
    }
    return false;
}

static void tell_access(const char *name, uint64_t traps_before)
{
    put_string(name);
    if (trap_last.count == traps_before) {
        put_string(" works");
        return;
    }
    put_string(" traps, cause ");
    put_decimal(trap_last.cause);
    put_string(" at ");
    put_hex(trap_last.value);
}

static void clock_look(void)
{
    uint64_t traps = trap_last.count;

    put_string(tree_has("google,goldfish-rtc") ? "small: clock in the tree" : "small: no clock");
    (void)read32(RTC);
    tell_access(", load", traps);
    traps = trap_last.count;
    write32(RTC + 0x14, 1); /* clears an interrupt that is not pending */
    tell_access(", store", traps);
    put_string("\n");
}

/* Does harm to the VMM that handles the call, and says when a VMM has answered. */
static void hurt(uint64_t kind, uint64_t lives)
{
    put_string("small: hurt\n");
    put_string(sbi_call(HURT, kind, lives, 0, 0, 0).error == -2 ? "small: answered\n"
                                                                : "small: no answer\n");
}

static void obey(char command)
{
    switch (command) {
    case 'r':
        sbi_reset(1, 0);
        break;
    case 'w':
        sbi_reset(2, 0);
        break;
    case 's':
        write32(SYSCON, 0x7777);
        break;
    case 'p':
        sbi_reset(0, 0);
        break;
    case 'o':
        write32(SYSCON, 0x5555);
        break;
    case 'f':
        sbi_reset(0, 1);
        break;
    case 'x':
        csr_clear(sstatus, 1u << 1);
        for (;;)
            ;
    case 'i':
        for (;;)
            __asm__ volatile("wfi");
    case 'l':
        fault_for_ever();
        break;
    case 'h':
        (void)sbi_call(HSM, 1, 0, 0, 0, 0);
        break;
    case 'g':
        hurt(0, 2);
        break;
    case 'G':
        hurt(0, UINT64_MAX);
        break;
    case 'd':
        hurt(1, 2);
        break;
    case 'D':
        hurt(1, UINT64_MAX);
        break;
    case 'e':
        hurt(2, 2);
        break;
    case 'E':
        hurt(2, UINT64_MAX);
        break;
    case 'b':
        hurt(3, UINT64_MAX);
        break;
    case 'c':
        clock_look();
        break;
    case '?':
        put_string("small: here\n");
        break;
    default:
        break;
    }
}

void guest_main(uint64_t hart, uint64_t dtb)
{
    (void)hart;
    tree_address = dtb;
    put_string(*(const uint32_t *)dtb == 0xedfe0dd0 ? "small: boot" : "small: boot without a tree");
    put_string(", dirty ");
    put_decimal(count_dirty());
    put_string("\n");
    for (;;)
        obey(get_char());
}
