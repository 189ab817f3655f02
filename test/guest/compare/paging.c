/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Translation: modes, accessed and dirty bits, permissions, SUM and MXR, misaligned superpages,
 * addresses that are not canonical, tables in places that are no memory.
 *
 * Specification: privileged specification, "Supervisor Memory-Management Fence Instruction",
 * "Virtual Address Translation Process", "Sv39", "Sv48", "Sv57".
 */
#include "compare.h"

#define V        0x01u
#define R        0x02u
#define W        0x04u
#define X        0x08u
#define U        0x10u
#define G        0x20u
#define A        0x40u
#define D        0x80u
#define RAM_PAGE (R | W | A | D | V)

/* Entry 64 of the Sv39 root; the first entries of the other roots point to that root. */
#define TEST_VA UINT64_C(0x1000000000)

/* Roots of Sv57, Sv48 and Sv39: the first two have one entry, which leads to the next. */
static uint64_t root57[512] __attribute__((aligned(4096)));
static uint64_t root48[512] __attribute__((aligned(4096)));
static uint64_t root39[512] __attribute__((aligned(4096)));
static uint64_t middle[512] __attribute__((aligned(4096)));
static uint64_t leaves[512] __attribute__((aligned(4096)));
static uint64_t page[512] __attribute__((aligned(4096)));

static uint64_t pte(uint64_t address, uint64_t bits)
{
    return address >> 2 | bits;
}

static void tables_make(void)
{
    for (uint64_t giga = 0; giga < 4; giga++)
        root39[giga] = pte(giga << 30, R | W | X | A | D | V);
    root39[TEST_VA >> 30] = pte((uint64_t)middle, V);
    middle[0] = pte((uint64_t)leaves, V);
    root48[0] = pte((uint64_t)root39, V);
    root57[0] = pte((uint64_t)root48, V);
    page[0] = 0x5555;
}

static uint64_t *root_of(unsigned mode)
{
    return mode == 8 ? root39 : mode == 9 ? root48 : root57;
}

static bool translation_on(unsigned mode)
{
    csr_write(satp, (uint64_t)mode << 60 | (uint64_t)root_of(mode) >> 12);
    __asm__ volatile("sfence.vma" ::: "memory");
    return csr_read(satp) >> 60 == mode;
}

static void translation_off(void)
{
    csr_write(satp, 0);
    __asm__ volatile("sfence.vma" ::: "memory");
}

static void entry_set(volatile uint64_t *entry, uint64_t value)
{
    *entry = value;
    __asm__ volatile("sfence.vma" ::: "memory");
}

/* A load, a store and a fetch at one address, and the leaf afterwards. */
static void tell_page(const char *name, uint64_t address, const volatile uint64_t *entry)
{
    struct seen load = see_load(address, 8);
    uint64_t after_load = entry ? *entry : 0;
    struct seen store = see_store(address + 8, 8, 1);

    say(name);
    say(": load ");
    say_seen(load);
    if (entry) {
        say(" bits ");
        say_hex(after_load & 0x3ff);
    }
    say(" store ");
    if (store.is_trapped)
        say_seen(store);
    else
        say("done");
    if (entry) {
        say(" bits ");
        say_hex(*entry & 0x3ff);
    }
    tell_end();
}

static void say_mode(unsigned mode)
{
    say("mode ");
    say_decimal(mode);
    say(" ");
}

static void modes(void)
{
    for (unsigned mode = 8; mode < 11; mode++) {
        bool is_on = translation_on(mode);
        say_mode(mode);
        tell("is there", is_on);
        if (is_on) {
            entry_set(&leaves[0], pte((uint64_t)page, RAM_PAGE));
            say_mode(mode);
            tell_page("a page", TEST_VA, &leaves[0]);
            say_mode(mode);
            tell_page("not canonical", UINT64_C(1) << (mode * 9 - 34), NULL);
            say_mode(mode);
            tell_page("negative", UINT64_MAX - 0xfff, NULL);
        }
        translation_off();
    }
}

static void bits(void)
{
    static const struct {
        const char *name;
        uint64_t bits;
    } leaf[] = {
        {"not valid", R | W | A | D},
        {"read only", R | A | D | V},
        {"write without read", W | A | D | V},
        {"execute only", X | A | D | V},
        {"no permission", A | D | V},
        {"user", RAM_PAGE | U},
        {"global", RAM_PAGE | G},
        {"not accessed", R | W | D | V},
        {"not dirty", R | W | A | V},
        {"neither", R | W | V},
        {"bit 8 and 9", RAM_PAGE | 0x300},
        {"bit 54", RAM_PAGE | UINT64_C(1) << 54},
        {"bit 60", RAM_PAGE | UINT64_C(1) << 60},
        {"bit 61", RAM_PAGE | UINT64_C(1) << 61},
        {"bit 62", RAM_PAGE | UINT64_C(1) << 62},
        {"bit 63", RAM_PAGE | UINT64_C(1) << 63},
    };

    (void)translation_on(8);
    for (size_t i = 0; i < sizeof leaf / sizeof leaf[0]; i++) {
        entry_set(&leaves[0], pte((uint64_t)page, leaf[i].bits));
        tell_page(leaf[i].name, TEST_VA, &leaves[0]);
    }
    csr_set(sstatus, SSTATUS_SUM);
    entry_set(&leaves[0], pte((uint64_t)page, RAM_PAGE | U));
    tell_page("user with SUM", TEST_VA, &leaves[0]);
    csr_clear(sstatus, SSTATUS_SUM);
    csr_set(sstatus, SSTATUS_MXR);
    entry_set(&leaves[0], pte((uint64_t)page, X | A | D | V));
    tell_page("execute only with MXR", TEST_VA, &leaves[0]);
    csr_clear(sstatus, SSTATUS_MXR);
    entry_set(&leaves[0], pte((uint64_t)page, RAM_PAGE));
    tell_seen("fetch from a page without X", see_fetch(TEST_VA));
    entry_set(&leaves[0], pte((uint64_t)page, X | A | D | U | V));
    tell_seen("fetch from a page of the user", see_fetch(TEST_VA));
    translation_off();
}

static void structure(void)
{
    (void)translation_on(8);
    entry_set(&middle[1], pte((uint64_t)page, RAM_PAGE));
    tell_page("misaligned superpage", TEST_VA + 0x200000, &middle[1]);
    entry_set(&leaves[1], pte((uint64_t)page, V));
    tell_page("pointer in the last level", TEST_VA + 0x1000, &leaves[1]);
    entry_set(&middle[2], pte(UART_BASE, V));
    tell_page("table in the UART", TEST_VA + 0x400000, &middle[2]);
    entry_set(&middle[3], pte(0x102000, V));
    tell_page("table in a hole", TEST_VA + 0x600000, &middle[3]);
    entry_set(&middle[4], pte(UINT64_C(1) << 50, V));
    tell_page("table far away", TEST_VA + 0x800000, &middle[4]);
    entry_set(&middle[5], pte((uint64_t)leaves, V | A | D | U));
    tell_page("pointer with A, D and U", TEST_VA + 0xa00000, &middle[5]);
    entry_set(&leaves[2], pte(0x102000, RAM_PAGE));
    tell_page("page in a hole", TEST_VA + 0x2000, &leaves[2]);
    entry_set(&leaves[3], pte(UINT64_C(1) << 50, RAM_PAGE));
    tell_page("page far away", TEST_VA + 0x3000, &leaves[3]);
    entry_set(&leaves[4], pte(RTC_BASE, RAM_PAGE));
    tell_seen("register behind a page", see_load(TEST_VA + 0x4010, 4));
    tell_seen("no register behind a page", see_load(TEST_VA + 0x4100, 4));
    /* Across the end of a mapped page. */
    entry_set(&leaves[0], pte((uint64_t)page, RAM_PAGE));
    entry_set(&leaves[1], 0);
    tell_seen("load over the end of a page", see_load(TEST_VA + 0xffc, 8));
    tell_seen("store over the end of a page", see_store(TEST_VA + 0xffc, 8, 0));
    translation_off();
}

void compare_main(uint64_t hart, uint64_t dtb)
{
    (void)hart;
    (void)dtb;
    tables_make();
    modes();
    bits();
    structure();
}
