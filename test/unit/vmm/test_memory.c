/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <base/zero.h>
#include <vmm/memory/guestmem.h>
#include <vmm/memory/gwalk.h>

#include "suites.h"

#define RAM_GPA   UINT64_C(0x80000000)
#define RAM_BYTES UINT64_C(0x100000)
#define PAGE_BYTES UINT64_C(4096)

static struct guestmem ram_new(void)
{
    return (struct guestmem){RAM_GPA, RAM_BYTES, aligned_alloc(4096, RAM_BYTES)};
}

START_TEST(test_guestmem_at_whole_range_or_nothing)
{
    /* One byte outside, a wrap, or a huge length is refused, and *out is untouched. */
    static const struct {
        uint64_t gpa, bytes;
        enum err err;
    } rows[] = {
        {RAM_GPA, RAM_BYTES, OK},
        {RAM_GPA + RAM_BYTES - 1, 1, OK},
        {RAM_GPA + RAM_BYTES, 0, OK},
        {RAM_GPA - 1, 1, ERR_RANGE},
        {RAM_GPA - 1, 2, ERR_RANGE},
        {RAM_GPA + RAM_BYTES - 1, 2, ERR_RANGE},
        {RAM_GPA + RAM_BYTES + 1, 0, ERR_RANGE},
        {RAM_GPA, RAM_BYTES + 1, ERR_RANGE},
        {RAM_GPA, UINT64_MAX, ERR_RANGE},
        {RAM_GPA + 16, UINT64_MAX - 8, ERR_RANGE},
        {UINT64_MAX, 2, ERR_RANGE},
        {0, 0, ERR_RANGE},
        {0, UINT64_MAX, ERR_RANGE},
    };
    struct guestmem ram = ram_new();

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t *at = NULL;
        ck_assert_int_eq(guestmem_at(&ram, rows[i].gpa, rows[i].bytes, &at), rows[i].err);
        ck_assert_ptr_eq(at, rows[i].err ? NULL : ram.host + (rows[i].gpa - RAM_GPA));
    }
    free(ram.host);
}
END_TEST

START_TEST(test_guestmem_zero_writes_only_what_is_not_zero)
{
    /* A page with any bit set is zeroed; a zero page is not written: here that would fault. */
    uint64_t bytes = 64 * PAGE_BYTES;
    uint8_t *host = aligned_alloc(PAGE_BYTES, bytes);
    struct guestmem ram = {RAM_GPA, bytes, host};

    memset(host, 0, bytes);
    for (uint64_t page = 0; page < 64; page++) {
        if (page % 2 == 0)
            host[page * PAGE_BYTES + page * 64 + page] = 0x80;
        else
            ck_assert_int_eq(mprotect(host + page * PAGE_BYTES, PAGE_BYTES, PROT_READ), 0);
    }
    host[62 * PAGE_BYTES + PAGE_BYTES - 1] = 1;
    guestmem_zero(&ram, &(struct pace){0});
    for (uint64_t i = 0; i < bytes; i++)
        ck_assert_uint_eq(host[i], 0);
    ck_assert_int_eq(mprotect(host, bytes, PROT_READ | PROT_WRITE), 0);
    free(host);
}
END_TEST

static void pace_count(void *opaque)
{
    ++*(uint32_t *)opaque;
}

START_TEST(test_guestmem_zero_steps_after_each_piece)
{
    /* While a large RAM is zeroed, the VMM gets a turn after each PACE_BYTES; no byte is left. */
    uint64_t bytes = 2 * PACE_BYTES + PAGE_BYTES;
    struct guestmem ram = {RAM_GPA, bytes, aligned_alloc(PAGE_BYTES, bytes)};
    uint32_t steps = 0;

    memset(ram.host, 0xff, bytes);
    guestmem_zero(&ram, &(struct pace){&steps, pace_count});
    ck_assert_uint_eq(steps, 3);
    for (uint64_t i = 0; i < bytes; i++)
        if (ram.host[i] != 0)
            ck_abort_msg("byte %#llx is not zero", (unsigned long long)i);
    free(ram.host);
}
END_TEST

START_TEST(test_zero_is_all_sees_every_bit)
{
    /* A set bit anywhere in the range is found; words beside the range are not read. */
    static _Alignas(64) uint8_t bytes[64 + 704 + 64];
    uint8_t *at = bytes + 64;

    for (uint64_t size = 0; size <= 704; size += 64) {
        ck_assert(zero_is_all(at, size));
        for (uint64_t bit = 0; bit < 8 * sizeof bytes; bit++) {
            bytes[bit / 8] = (uint8_t)(1u << bit % 8);
            bool is_inside = bit >= 8 * 64 && bit < 8 * (64 + size);
            ck_assert_int_eq(zero_is_all(at, size), !is_inside);
            bytes[bit / 8] = 0;
        }
    }
}
END_TEST

START_TEST(test_guestmem_read_u64_wants_alignment)
{
    /* A word is read in one access, so a misaligned word is refused. */
    struct guestmem ram = ram_new();
    uint64_t value = 0;

    memset(ram.host, 0x11, 16);
    ck_assert_int_eq(guestmem_read_u64(&ram, RAM_GPA + 8, &value), OK);
    ck_assert_uint_eq(value, UINT64_C(0x1111111111111111));
    ck_assert_int_eq(guestmem_read_u64(&ram, RAM_GPA + 4, &value), ERR_ALIGN);
    ck_assert_int_eq(guestmem_read_u64(&ram, RAM_GPA + RAM_BYTES - 4, &value), ERR_RANGE);
    free(ram.host);
}
END_TEST

/* ---- The guest's page tables ---- */

#define V   1u
#define R   2u
#define W   4u
#define X   8u
#define U   16u
#define N   (UINT64_C(1) << 63)
#define SUM (UINT64_C(1) << 18)
#define MXR (UINT64_C(1) << 19)

struct tables {
    struct guestmem ram;
    uint64_t next; /* free page, as an offset in RAM */
};

static uint64_t *slot_of(struct tables *tables, uint64_t table, uint64_t index)
{
    return (uint64_t *)(void *)(tables->ram.host + table + 8 * index);
}

/* Maps the page at `gva` by `levels` levels, the leaf at `leaf_level`. */
static void map(struct tables *tables, uint64_t gva, uint64_t gpa, uint64_t flags, uint32_t levels,
                uint32_t leaf_level)
{
    uint64_t table = 0;
    for (uint32_t level = levels - 1; level > leaf_level; level--) {
        uint64_t *slot = slot_of(tables, table, gva >> (12 + 9 * level) & 511);
        if (!*slot) {
            *slot = ((RAM_GPA + tables->next) >> 12 << 10) | V;
            tables->next += 4096;
        }
        table = (*slot >> 10 << 12) - RAM_GPA;
    }
    *slot_of(tables, table, gva >> (12 + 9 * leaf_level) & 511) = (gpa >> 12 << 10) | flags;
}

static struct tables tables_new(void)
{
    struct tables tables = {ram_new(), 4096};
    memset(tables.ram.host, 0, RAM_BYTES);
    return tables;
}

static uint64_t satp(uint32_t levels)
{
    return (uint64_t)(levels + 5) << 60 | RAM_GPA >> 12;
}

START_TEST(test_gwalk_read_translates_in_every_mode)
{
    /* Bare, Sv39, Sv48 and Sv57 translate to the right byte. */
    struct tables tables = tables_new();
    enum gwalk_cause cause;
    uint64_t value, tval;

    for (uint32_t i = 0; i < 8; i++)
        tables.ram.host[0x80000 + i] = (uint8_t)(i + 1);
    struct gwalk bare = {0};
    ck_assert_int_eq(gwalk_read_u64(&bare, &tables.ram, RAM_GPA + 0x80000, &value, &cause, &tval),
                     OK);
    ck_assert_uint_eq(value, UINT64_C(0x0807060504030201));
    for (uint32_t levels = 3; levels <= 5; levels++) {
        struct gwalk walk = {.satp = satp(levels)};
        uint64_t gva = UINT64_MAX << (12 + 9 * levels - 1) | 0x7654000;
        memset(tables.ram.host, 0, 0x80000);
        tables.next = 4096;
        map(&tables, gva, RAM_GPA + 0x80000, V | R, levels, 0);
        ck_assert_int_eq(gwalk_read_u64(&walk, &tables.ram, gva, &value, &cause, &tval), OK);
        ck_assert_uint_eq(value, UINT64_C(0x0807060504030201));
    }
    free(tables.ram.host);
}
END_TEST

START_TEST(test_gwalk_read_crosses_pages_and_superpages)
{
    /* A misaligned word over two pages takes each half from its own page. */
    struct tables tables = tables_new();
    struct gwalk walk = {.satp = satp(3)};
    enum gwalk_cause cause;
    uint64_t value, tval;

    map(&tables, 0x1000, RAM_GPA + 0x90000, V | R, 3, 0);
    map(&tables, 0x2000, RAM_GPA + 0x80000, V | R, 3, 0);
    memset(tables.ram.host + 0x90ffc, 0xaa, 4);
    memset(tables.ram.host + 0x80000, 0xbb, 4);
    ck_assert_int_eq(gwalk_read_u64(&walk, &tables.ram, 0x1ffc, &value, &cause, &tval), OK);
    ck_assert_uint_eq(value, UINT64_C(0xbbbbbbbbaaaaaaaa));
    map(&tables, 0x40000000, RAM_GPA, V | R, 3, 1);
    memset(tables.ram.host + 0xff000, 0x77, 8);
    ck_assert_int_eq(gwalk_read_u64(&walk, &tables.ram, 0x400ff000, &value, &cause, &tval), OK);
    ck_assert_uint_eq(value, UINT64_C(0x7777777777777777));
    ck_assert_int_eq(gwalk_read_u64(&walk, &tables.ram, 0x2ffc, &value, &cause, &tval), ERR_RANGE);
    ck_assert_uint_eq(tval, 0x3000); /* the second page is where it fails */
    free(tables.ram.host);
}
END_TEST

START_TEST(test_gwalk_read_faults_as_the_hart_would)
{
    /* Each reason of a page fault or an access fault gives the architecture's cause. */
    const uint64_t gpa = RAM_GPA + 0x80000;
    const struct {
        uint64_t pte, satp, sstatus, gva;
        enum gwalk_cause cause; /* 0: no fault */
    } rows[] = {
        {(gpa >> 2) | V | R, satp(3), 0, 0x5000, 0},
        {(gpa >> 2) | R, satp(3), 0, 0x5000, GWALK_LOAD_PAGE_FAULT},
        {(gpa >> 2) | V | W, satp(3), 0, 0x5000, GWALK_LOAD_PAGE_FAULT},
        {(gpa >> 2) | V | R | W | X, satp(3), 0, 0x5000, 0},
        {(gpa >> 2) | V | X, satp(3), 0, 0x5000, GWALK_LOAD_PAGE_FAULT},
        {(gpa >> 2) | V | X, satp(3), MXR, 0x5000, 0},
        {(gpa >> 2) | V | R | U, satp(3), 0, 0x5000, GWALK_LOAD_PAGE_FAULT},
        {(gpa >> 2) | V | R | U, satp(3), SUM, 0x5000, 0},
        {(gpa >> 2) | V | R | UINT64_C(1) << 54, satp(3), 0, 0x5000, GWALK_LOAD_PAGE_FAULT},
        {(gpa >> 2) | V | R | UINT64_C(1) << 62, satp(3), 0, 0x5000, GWALK_LOAD_PAGE_FAULT},
        {(gpa >> 2) | V, satp(3), 0, 0x5000, GWALK_LOAD_PAGE_FAULT}, /* a pointer at level 0 */
        {(gpa >> 2) | V | R, satp(3), 0, UINT64_C(1) << 38 | 0x5000, GWALK_LOAD_PAGE_FAULT},
        {(gpa >> 2) | V | R, UINT64_C(7) << 60 | RAM_GPA >> 12, 0, 0x5000, GWALK_LOAD_PAGE_FAULT},
        {(gpa >> 2) | V | R, UINT64_C(8) << 60, 0, 0x5000, GWALK_LOAD_ACCESS_FAULT},
        {(UINT64_C(0x10000000) >> 2) | V | R, satp(3), 0, 0x5000, GWALK_LOAD_ACCESS_FAULT},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tables tables = tables_new();
        struct gwalk walk = {.satp = rows[i].satp, .sstatus = rows[i].sstatus};
        enum gwalk_cause cause = 0;
        uint64_t value, tval;
        map(&tables, 0x5000, 0, 0, 3, 0);
        uint64_t leaf_table = tables.next - 4096;
        *slot_of(&tables, leaf_table, 5) = rows[i].pte;
        enum err err = gwalk_read_u64(&walk, &tables.ram, rows[i].gva, &value, &cause, &tval);
        ck_assert_msg(err == (rows[i].cause ? ERR_RANGE : OK), "row %zu", i);
        ck_assert_msg(cause == rows[i].cause, "row %zu: cause %d", i, cause);
        if (err)
            ck_assert_uint_eq(tval, rows[i].gva);
        free(tables.ram.host);
    }
}
END_TEST

START_TEST(test_gwalk_read_misaligned_superpage_faults)
{
    /* A large page whose address is not aligned to its size is a page fault. */
    struct tables tables = tables_new();
    struct gwalk walk = {.satp = satp(3)};
    enum gwalk_cause cause;
    uint64_t value, tval;

    map(&tables, 0x200000, RAM_GPA + 0x1000, V | R, 3, 1);
    ck_assert_int_eq(gwalk_read_u64(&walk, &tables.ram, 0x200000, &value, &cause, &tval),
                     ERR_RANGE);
    ck_assert_int_eq(cause, GWALK_LOAD_PAGE_FAULT);
    free(tables.ram.host);
}
END_TEST

/* Maps the 64 KiB at `gva` by 16 NAPOT leaves, as Svnapot wants them: all with the same ppn. */
static void map_napot(struct tables *tables, uint64_t gva, uint64_t gpa, uint32_t levels)
{
    for (uint64_t page = 0; page < 16; page++)
        map(tables, gva + page * PAGE_BYTES, gpa | 0x8000, N | V | R, levels, 0);
}

START_TEST(test_gwalk_read_napot_range_is_64_kib)
{
    /* In each mode every page of a NAPOT range leads to its own page of guest memory, and a
     * word over two of them takes each half from its own page. */
    struct tables tables = tables_new();
    enum gwalk_cause cause;
    uint64_t value, tval;

    for (uint32_t levels = 3; levels <= 5; levels++) {
        struct gwalk walk = {.satp = satp(levels), .has_svnapot = true};
        memset(tables.ram.host, 0, RAM_BYTES);
        tables.next = PAGE_BYTES;
        map_napot(&tables, 0x7650000, RAM_GPA + 0x80000, levels);
        for (uint32_t page = 0; page < 16; page++)
            memset(tables.ram.host + 0x80000 + page * PAGE_BYTES, 0x10 + (int)page, PAGE_BYTES);
        for (uint64_t page = 0; page < 16; page++) {
            uint64_t gva = 0x7650ff8 + page * PAGE_BYTES, want = 0x0101010101010101 * (16 + page);
            ck_assert_int_eq(gwalk_read_u64(&walk, &tables.ram, gva, &value, &cause, &tval), OK);
            ck_assert_uint_eq(value, want);
        }
        ck_assert_int_eq(gwalk_read_u64(&walk, &tables.ram, 0x7657ffc, &value, &cause, &tval), OK);
        ck_assert_uint_eq(value, UINT64_C(0x1818181817171717));
    }
    free(tables.ram.host);
}
END_TEST

START_TEST(test_gwalk_read_napot_reserved_encodings_fault)
{
    /* Of the 16 low parts of a ppn only 1000 is valid, at level 0 alone, and without Svnapot
     * none is.  A NAPOT leaf needs the same permissions as any leaf. */
    struct tables tables = tables_new();
    enum gwalk_cause cause;
    uint64_t value, tval;

    for (uint32_t i = 0; i < 5 * 16 * 2; i++) {
        uint64_t low = i % 16, kind = i / 16 % 5; /* a leaf at level 0, 1, 2; U; a pointer */
        uint32_t level = kind < 3 ? (uint32_t)kind : kind == 3 ? 0 : 1;
        uint64_t flags = N | V | (kind == 4 ? 0 : R) | (kind == 3 ? U : 0);
        struct gwalk walk = {.satp = satp(3), .has_svnapot = i >= 5 * 16};
        bool is_valid = walk.has_svnapot && kind == 0 && low == 8;
        memset(tables.ram.host, 0, 0x80000);
        tables.next = PAGE_BYTES;
        uint64_t gpa = level == 0 || kind == 4 ? RAM_GPA + 0x80000 : RAM_GPA;
        *slot_of(&tables, 0x80000 + low * PAGE_BYTES, 5) = (RAM_GPA + 0x90000) >> 2 | V | R;
        map(&tables, 0x80005000, gpa | low << 12, flags, 3, level);
        enum err err = gwalk_read_u64(&walk, &tables.ram, 0x80005000, &value, &cause, &tval);
        ck_assert_msg(err == (is_valid ? OK : ERR_RANGE), "row %u", i);
        if (err)
            ck_assert_msg(cause == GWALK_LOAD_PAGE_FAULT && tval == 0x80005000, "row %u", i);
    }
    free(tables.ram.host);
}
END_TEST

TCase *memory_tcase(void)
{
    TCase *tcase = tcase_create("memory");
    tcase_add_test(tcase, test_guestmem_at_whole_range_or_nothing);
    tcase_add_test(tcase, test_guestmem_zero_writes_only_what_is_not_zero);
    tcase_add_test(tcase, test_guestmem_zero_steps_after_each_piece);
    tcase_add_test(tcase, test_zero_is_all_sees_every_bit);
    tcase_add_test(tcase, test_guestmem_read_u64_wants_alignment);
    tcase_add_test(tcase, test_gwalk_read_translates_in_every_mode);
    tcase_add_test(tcase, test_gwalk_read_crosses_pages_and_superpages);
    tcase_add_test(tcase, test_gwalk_read_faults_as_the_hart_would);
    tcase_add_test(tcase, test_gwalk_read_misaligned_superpage_faults);
    tcase_add_test(tcase, test_gwalk_read_napot_range_is_64_kib);
    tcase_add_test(tcase, test_gwalk_read_napot_reserved_encodings_fault);
    return tcase;
}
