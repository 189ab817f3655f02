/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Remote fences: refused calls, and that a hart sees a change of its own tables after a fence.
 *
 * Specification: SBI, "RFENCE Extension (EID #0x52464E43 "RFNC")", "Hart list parameter", "Legacy
 * Extensions".
 */
#include "compare.h"

#define PAGE_BYTES 4096u
#define PTE_V      1u
#define PTE_RWX    0xeu
#define PTE_AD     0xc0u
#define SATP_SV39  (UINT64_C(8) << 60)
#define TEST_VA    UINT64_C(0x200000000)

static uint64_t root[512] __attribute__((aligned(4096)));
static uint64_t middle[512] __attribute__((aligned(4096)));
static uint64_t leaves[512] __attribute__((aligned(4096)));
static uint64_t pages[2][512] __attribute__((aligned(4096)));

static const uint64_t ranges[][2] = {
    {0, 0},
    {0, UINT64_MAX},
    {0, PAGE_BYTES},
    {TEST_VA, PAGE_BYTES},
    {TEST_VA, 0},
    {TEST_VA, UINT64_MAX},
    {1, 1},
    {0, UINT64_C(1) << 32},
    {UINT64_C(1) << 63, PAGE_BYTES},
    {UINT64_MAX, 0},
    {UINT64_MAX, 2},
    {UINT64_MAX - 0xfff, 0x2000},
    {UINT64_MAX, UINT64_MAX},
    {UINT64_MAX - 0xfff, 0x1000},
    {UINT64_C(1) << 63, UINT64_C(1) << 63},
};

static void say_function(uint64_t function)
{
    say("function ");
    say_decimal(function);
}

static void say_range(uint64_t start, uint64_t size)
{
    say(" start ");
    say_hex(start);
    say(" size ");
    say_hex(size);
}

static struct sbi_result fence(uint64_t function, const uint64_t mask[2], const uint64_t range[2])
{
    const uint64_t argument[6] = {mask[0], mask[1], range[0], range[1], 0, 0};

    return sbi_call6(SBI_RFENCE, function, argument);
}

static void refusals(void)
{
    static const uint64_t masks[][2] = {{1, 0},          {0, 0},  {2, 0},
                                        {0, UINT64_MAX}, {1, 64}, {1, UINT64_MAX - 1}};

    for (uint64_t function = 0; function < 3; function++) {
        for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
            say_function(function);
            say(" mask ");
            say_hex(masks[i][0]);
            say(" base ");
            say_hex(masks[i][1]);
            tell_sbi("", fence(function, masks[i], ranges[0]));
        }
        for (size_t i = 0; function != 0 && i < sizeof ranges / sizeof ranges[0]; i++) {
            say_function(function);
            say_range(ranges[i][0], ranges[i][1]);
            tell_sbi("", fence(function, masks[0], ranges[i]));
        }
    }
    /* The fences for hypervisors: each once, and once with harts that do not exist. */
    for (uint64_t function = 3; function < 7; function++) {
        say_function(function);
        tell_sbi("", fence(function, masks[0], ranges[0]));
        say_function(function);
        tell_sbi(" for a hart that is not there", fence(function, masks[2], ranges[0]));
    }
}

static void asids(void)
{
    static const uint64_t asid[] = {0, 1, 0xffff, 0x10000, UINT64_C(1) << 32, UINT64_MAX};

    for (size_t i = 0; i < sizeof asid / sizeof asid[0]; i++) {
        const uint64_t argument[6] = {1, 0, 0, 0, asid[i], 0};
        say("asid ");
        say_hex(asid[i]);
        tell_sbi("", sbi_call6(SBI_RFENCE, 2, argument));
    }
}

static void tables_make(void)
{
    for (uint64_t giga = 0; giga < 4; giga++)
        root[giga] = giga << 28 | PTE_AD | PTE_RWX | PTE_V;
    root[TEST_VA >> 30] = (uint64_t)middle >> 2 | PTE_V;
    middle[0] = (uint64_t)leaves >> 2 | PTE_V;
    for (unsigned i = 0; i < 512; i++) {
        pages[0][i] = 0xaaaa;
        pages[1][i] = 0xbbbb;
    }
}

static void map(unsigned page)
{
    *(volatile uint64_t *)&leaves[0] = (uint64_t)pages[page] >> 2 | PTE_AD | PTE_RWX | PTE_V;
}

static void tell_fenced(const char *name, struct sbi_result result)
{
    struct seen seen = see_load(TEST_VA, 8);

    say("fenced, ");
    say(name);
    say(": error ");
    say_hex((uint64_t)result.error);
    say(" seen ");
    say_seen(seen);
    tell_end();
}

/* The mapping of an address that was read before changes; after the fence the change is seen. */
static void effects(void)
{
    uint64_t mask = 1;

    tables_make();
    map(0);
    csr_write(satp, SATP_SV39 | (uint64_t)root >> 12);
    __asm__ volatile("sfence.vma" ::: "memory");
    tell_fenced("before", (struct sbi_result){.error = 0});
    map(1);
    tell_fenced("the page", sbi_call(SBI_RFENCE, 1, 1, 0, TEST_VA, PAGE_BYTES));
    map(0);
    tell_fenced("everything", sbi_call(SBI_RFENCE, 1, 1, 0, 0, 0));
    map(1);
    tell_fenced("size all ones", sbi_call(SBI_RFENCE, 1, 0, UINT64_MAX, 0, UINT64_MAX));
    map(0);
    const uint64_t asid_zero[6] = {1, 0, TEST_VA, PAGE_BYTES, 0, 0};
    tell_fenced("the page of ASID 0", sbi_call6(SBI_RFENCE, 2, asid_zero));
    map(1);
    tell_fenced("legacy", sbi_call(6, 0, (uint64_t)&mask, TEST_VA, PAGE_BYTES, 0));
    map(0);
    tell_fenced("legacy, all harts", sbi_call(6, 0, 0, TEST_VA, PAGE_BYTES, 0));
    csr_write(satp, 0);
    __asm__ volatile("sfence.vma" ::: "memory");
}

/* Rewritten code is executed after the firmware's FENCE.I. */
static void code(void)
{
    static uint32_t program[2] __attribute__((aligned(8)));
    static const uint32_t li_a0[2] = {0x00100513, 0x00200513};
    uint64_t mask = 1;

    for (unsigned i = 0; i < 2; i++) {
        *(volatile uint32_t *)&program[0] = li_a0[i];
        *(volatile uint32_t *)&program[1] = 0x00008067; /* ret */
        int64_t error = i == 0 ? sbi_call(SBI_RFENCE, 0, 1, 0, 0, 0).error
                               : sbi_call(5, 0, (uint64_t)&mask, 0, 0, 0).error;
        register uint64_t a0 __asm__("a0") = 0;
        __asm__ volatile("jalr ra, (%[at])" : "+r"(a0) : [at] "r"(program) : "ra", "memory");
        say(i == 0 ? "code, after FENCE.I" : "code, after legacy FENCE.I");
        tell(error == 0 ? "" : " that failed", a0);
    }
}

void compare_main(uint64_t hart, uint64_t dtb)
{
    (void)hart;
    (void)dtb;
    refusals();
    asids();
    effects();
    code();
}
