/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes hostile accesses, and prints the machine's answer, one line for each case:
 *
 *   hostile: NAME: cause C value V        or   error E      or   no trap
 *
 * Lines that begin with "hostile:" must be the same on the bare machine under its
 * firmware.  Those that begin with "guest:" concern what a virtual hart lacks (the H and V
 * extensions), devices, and calls that firmware answers otherwise than its specification:
 * there the test states the answer itself.
 */
#include "guest.h"

typedef void snippet(uint64_t argument);

#define SNIPPETS(X)                                                                              \
    X(illegal_word) X(illegal_zero) X(ebreak) X(machine_csr) X(write_time) X(no_such_csr)         \
    X(hypervisor_csr) X(vs_csr) X(hfence) X(hypervisor_load) X(mret) X(fadd) X(vector) X(nop)     \
    X(lb) X(lh) X(lw) X(ld) X(lbu) X(lhu) X(lwu) X(sb) X(sh) X(sw) X(sd) X(c_lw) X(c_sd)          \
    X(c_fld) X(lr) X(sc) X(amo) X(flw) X(fsd) X(rdinstret) X(rdtime) X(supervisor_csr) X(wfi)     \
    X(sret) X(sfence) X(user_ecall)
#define DECLARE(name) snippet snippet_##name;
SNIPPETS(DECLARE)

void enter_user(snippet *function, uint64_t argument);
extern char user_return[];

#define NOWHERE   UINT64_C(0x18000000) /* neither RAM nor device, here and on the bare machine */
#define FAR_AWAY  UINT64_C(0x7fff00000000)
#define PLIC_BASE UINT64_C(0x0c000000)

/* ---- running and printing a case -------------------------------------------------- */

static void tell_trap(const char *kind, const char *name, uint64_t traps_before)
{
    put_string(kind);
    put_string(name);
    if (trap_last.count == traps_before) {
        put_string(": no trap\n");
        return;
    }
    put_string(": cause ");
    put_decimal(trap_last.cause);
    put_string(" value ");
    put_hex(trap_last.value);
    put_string("\n");
}

static void try_at(const char *kind, const char *name, snippet *function, uint64_t argument)
{
    uint64_t before = trap_last.count;

    function(argument);
    tell_trap(kind, name, before);
}

/* A jump to an address without memory returns through trap_resume_pc. */
static void try_jump(const char *kind, const char *name, uint64_t target)
{
    uint64_t before = trap_last.count;

    __asm__ volatile("la t0, 1f\n"
                     "sd t0, (%0)\n"
                     "jr %1\n"
                     "1:" ::"r"(&trap_resume_pc),
                     "r"(target)
                     : "t0", "ra", "memory");
    tell_trap(kind, name, before);
}

/* A snippet in U mode always ends in a trap; 0x5553 marks a snippet that returned by itself. */
static void try_user(const char *kind, const char *name, snippet *function, uint64_t argument)
{
    uint64_t before = trap_last.count;

    trap_resume_pc = (uint64_t)user_return;
    enter_user(function, argument);
    tell_trap(kind, name, before);
}

static void try_sbi(const char *kind, const char *name, uint64_t extension, uint64_t function,
                    uint64_t a0, uint64_t a1, uint64_t a2)
{
    struct sbi_result result = sbi_call(extension, function, a0, a1, a2, 0);

    put_string(kind);
    put_string("sbi ");
    put_string(name);
    put_string(": error ");
    if (result.error < 0)
        put_char('-');
    put_decimal((uint64_t)(result.error < 0 ? -result.error : result.error));
    put_string("\n");
}

/* ---- the cases --------------------------------------------------------------------- */

#define SAME  "hostile: "
#define GUEST "guest: "

static void instructions(void)
{
    try_at(SAME, "illegal word", snippet_illegal_word, 0);
    try_at(SAME, "illegal zero", snippet_illegal_zero, 0);
    try_at(SAME, "ebreak", snippet_ebreak, 0);
    try_at(SAME, "machine CSR", snippet_machine_csr, 0);
    try_at(SAME, "write to time", snippet_write_time, 0);
    try_at(SAME, "no such CSR", snippet_no_such_csr, 0);
    try_at(SAME, "mret", snippet_mret, 0);
    csr_clear(sstatus, 3u << 13);
    try_at(SAME, "fadd with FS off", snippet_fadd, 0);
    csr_set(sstatus, 1u << 13);
    try_at(SAME, "fadd with FS on", snippet_fadd, 0);
    try_at(GUEST, "hypervisor CSR", snippet_hypervisor_csr, 0);
    try_at(GUEST, "VS CSR", snippet_vs_csr, 0);
    try_at(GUEST, "hfence", snippet_hfence, 0);
    try_at(GUEST, "hypervisor load", snippet_hypervisor_load, NOWHERE);
    csr_set(sstatus, 1u << 9); /* VS, if there were one */
    try_at(GUEST, "vector", snippet_vector, 0);
}

static void memory(void)
{
    try_jump(SAME, "jump to nowhere", NOWHERE);
    try_jump(SAME, "jump far away", FAR_AWAY);
    try_at(SAME, "lb nowhere", snippet_lb, NOWHERE);
    try_at(SAME, "ld nowhere", snippet_ld, NOWHERE);
    try_at(SAME, "c.lw nowhere", snippet_c_lw, NOWHERE);
    try_at(SAME, "c.fld nowhere", snippet_c_fld, NOWHERE);
    try_at(SAME, "flw nowhere", snippet_flw, NOWHERE);
    try_at(SAME, "sb nowhere", snippet_sb, NOWHERE);
    try_at(SAME, "sd nowhere", snippet_sd, NOWHERE);
    try_at(SAME, "c.sd nowhere", snippet_c_sd, NOWHERE);
    try_at(SAME, "fsd nowhere", snippet_fsd, NOWHERE);
    try_at(SAME, "lr nowhere", snippet_lr, NOWHERE);
    try_at(SAME, "amo nowhere", snippet_amo, NOWHERE);
    try_at(SAME, "ld far away", snippet_ld, FAR_AWAY);
    try_at(SAME, "sd far away", snippet_sd, FAR_AWAY);
    try_at(SAME, "ld misaligned in RAM", snippet_ld, (uint64_t)__bss_end + 4093);
}

static void user_mode(void)
{
    csr_write(scounteren, 0);
    try_user(SAME, "user rdinstret refused", snippet_rdinstret, 0);
    try_user(SAME, "user rdtime refused", snippet_rdtime, 0);
    csr_write(scounteren, 7);
    try_user(SAME, "user rdinstret", snippet_rdinstret, 0);
    try_user(SAME, "user rdtime", snippet_rdtime, 0);
    try_user(SAME, "user supervisor CSR", snippet_supervisor_csr, 0);
    try_user(SAME, "user wfi", snippet_wfi, 0);
    try_user(SAME, "user sret", snippet_sret, 0);
    try_user(SAME, "user sfence.vma", snippet_sfence, 0);
    try_user(SAME, "user ecall", snippet_user_ecall, 0);
    try_user(SAME, "user ld nowhere", snippet_ld, NOWHERE);
    try_user(GUEST, "user hypervisor CSR", snippet_hypervisor_csr, 0);
    try_user(GUEST, "user hypervisor load", snippet_hypervisor_load, NOWHERE);
}

static uint64_t root_table[512] __attribute__((aligned(4096)));

/* Maps RAM to itself, and at 3 GiB points to a table outside memory. */
static void tables_nowhere(void)
{
    root_table[0] = 0xc7;                                  /* devices: leaf, RWAD */
    root_table[2] = (RAM_BASE >> 12) << 10 | 0xcf;         /* RAM: leaf, RWXAD */
    root_table[3] = (NOWHERE >> 12) << 10 | 1;             /* a table there is not */
    csr_write(satp, UINT64_C(8) << 60 | (uint64_t)root_table >> 12);
    __asm__ volatile("sfence.vma" ::: "memory");
    try_at(SAME, "ld through no table", snippet_ld, UINT64_C(3) << 30);
    try_at(SAME, "sd through no table", snippet_sd, UINT64_C(3) << 30);
    try_at(SAME, "amo through no table", snippet_amo, UINT64_C(3) << 30);
    try_jump(SAME, "jump through no table", UINT64_C(3) << 30);
    try_at(SAME, "ld of no page", snippet_ld, UINT64_C(5) << 30);
    try_at(SAME, "sd of no page", snippet_sd, UINT64_C(5) << 30);
    try_jump(SAME, "jump to no page", UINT64_C(5) << 30);
    csr_write(satp, 0);
    __asm__ volatile("sfence.vma" ::: "memory");
}

static void devices(void)
{
    try_at(GUEST, "uart lb", snippet_lb, UART_BASE + 5);
    try_at(GUEST, "uart lw misaligned", snippet_lw, UART_BASE + 1);
    try_at(GUEST, "uart lr", snippet_lr, UART_BASE);
    try_at(GUEST, "uart sc", snippet_sc, UART_BASE);
    try_at(GUEST, "uart amo", snippet_amo, UART_BASE);
    try_jump(GUEST, "jump to uart", UART_BASE);
    try_at(GUEST, "plic lw", snippet_lw, PLIC_BASE + 4);
    try_at(GUEST, "plic flw", snippet_flw, PLIC_BASE + 4);
    try_at(GUEST, "plic ld across its end", snippet_ld, PLIC_BASE + 0x600000 - 4);
    try_at(GUEST, "plic lw misaligned", snippet_lw, PLIC_BASE + 2);
}

#define EXT_BASE   UINT64_C(0x10)
#define EXT_TIME   UINT64_C(0x54494d45)
#define EXT_IPI    UINT64_C(0x735049)
#define EXT_RFENCE UINT64_C(0x52464e43)
#define EXT_HSM    UINT64_C(0x48534d)
#define EXT_SRST   UINT64_C(0x53525354)
#define EXT_DBCN   UINT64_C(0x4442434e)
#define ALL        UINT64_MAX

static void sbi(uint64_t hart)
{
    try_sbi(SAME, "unknown extension", 0x0badcafe, 0, 1, 2, 3);
    try_sbi(SAME, "extension all ones", ALL, ALL, ALL, ALL, ALL);
    try_sbi(SAME, "base unknown function", EXT_BASE, 99, 0, 0, 0);
    try_sbi(SAME, "time unknown function", EXT_TIME, 1, 0, 0, 0);
    try_sbi(SAME, "ipi no hart", EXT_IPI, 0, 0, 0, 0);
    try_sbi(SAME, "ipi unknown function", EXT_IPI, 5, 0, 0, 0);
    try_sbi(SAME, "rfence fence.i", EXT_RFENCE, 0, 1, hart, 0);
    try_sbi(SAME, "rfence size 0", EXT_RFENCE, 1, 1, hart, 0);
    try_sbi(SAME, "rfence unknown function", EXT_RFENCE, 77, 1, hart, 0);
    try_sbi(SAME, "hsm start no such hart", EXT_HSM, 0, 1000, (uint64_t)__image_start, 0);
    try_sbi(SAME, "hsm status no such hart", EXT_HSM, 2, 1000, 0, 0);
    try_sbi(SAME, "hsm unknown function", EXT_HSM, 9, 0, 0, 0);
    try_sbi(SAME, "srst unknown type", EXT_SRST, 0, 0x1234, 0, 0);
    try_sbi(SAME, "srst unknown reason", EXT_SRST, 0, 0, 0x1234, 0);
    try_sbi(SAME, "srst unknown function", EXT_SRST, 1, 0, 0, 0);
    try_sbi(SAME, "dbcn unknown function", EXT_DBCN, 7, 0, 0, 0);
    try_sbi(SAME, "dbcn nothing", EXT_DBCN, 0, 0, (uint64_t)__image_start, 0);
}

/* Calls for which firmware is known to break the specification, or to crash. */
static void sbi_beyond(uint64_t hart)
{
    try_sbi(GUEST, "ipi base beyond", EXT_IPI, 0, 1, 1000, 0);
    try_sbi(GUEST, "rfence base beyond", EXT_RFENCE, 1, 1, 1000, 0);
    try_sbi(GUEST, "hsm start oneself", EXT_HSM, 0, hart, (uint64_t)__image_start, 0);
    try_sbi(GUEST, "dbcn high half", EXT_DBCN, 0, 1, (uint64_t)__image_start, 1);
    try_sbi(GUEST, "dbcn outside RAM", EXT_DBCN, 0, 1, NOWHERE, 0);
    try_sbi(GUEST, "dbcn wrapping", EXT_DBCN, 0, ALL, (uint64_t)__image_start, 0);
}

void guest_main(uint64_t hart, uint64_t dtb)
{
    (void)dtb;
    put_string("hostile: begin\n");
    instructions();
    memory();
    user_mode();
    tables_nowhere();
    sbi(hart);
    devices();
    put_string("hostile: end\n");
    sbi_beyond(hart);
    put_string("guest: end\n");
    sbi_reset(0, 0);
}
