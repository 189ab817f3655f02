/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Repeats operations that cost something to virtualize, and prints for each
 *
 *   bench: NAME: T ticks for N
 *
 * Between the markers `slti x0, x0, 1` and `slti x0, x0, 2` (HINTs, which do nothing) stand the N
 * operations and their loop: the plugin of test/bench counts there.  Without the plugin, and under
 * `-icount shift=0`, a tick is 100 instructions.  The first line is the loop alone.  The program
 * also runs bare.  Boot arguments that begin with 1 leave out the illegal instruction: a guest of
 * KVM under OpenSBI does not survive it.
 */
#include "guest.h"

#define PLIC_PRIORITY UINT64_C(0x0c000000)
#define PLIC_PENDING  UINT64_C(0x0c001000)
#define RTC_TIME_LOW  UINT64_C(0x00101000)
#define UART_LSR      (UART_BASE + 5)
#define UART_SCR      (UART_BASE + 7)

#define SBI_BASE      0x10
#define SBI_DBCN      0x4442434e
#define SBI_IPI       0x735049

#define SIE_TIMER     UINT64_C(0x20)
#define SIE_SOFTWARE  UINT64_C(0x2)
#define SSTATUS_SIE   UINT64_C(0x2)
#define WFI_TICKS     400u

#define ROUNDS        10000u
#define TOUCHED_PAGES 1000u

#define LEAVE_OUT_ILLEGAL 1u

#define MARK_BEGIN()  __asm__ volatile("slti x0, x0, 1" ::: "memory")
#define MARK_END()    __asm__ volatile("slti x0, x0, 2" ::: "memory")

typedef void operation(void);

/* ---- traps: the minimal handler ---------------------------------------------------- */

/* Withdraws a software or timer interrupt; steps over the instruction of any exception.  0x14d is
 * stimecmp. */
__asm__(".balign 4\n"
        "bench_vector:\n"
        "    addi sp, sp, -16\n"
        "    sd   t0, 0(sp)\n"
        "    csrr t0, scause\n"
        "    bltz t0, 1f\n"
        "    csrr t0, sepc\n"
        "    addi t0, t0, 4\n"
        "    csrw sepc, t0\n"
        "    j    3f\n"
        "1:  andi t0, t0, 4\n"
        "    bnez t0, 2f\n"
        "    csrci sip, 2\n"
        "    j    3f\n"
        "2:  li   t0, -1\n"
        "    csrw 0x14d, t0\n"
        "3:  ld   t0, 0(sp)\n"
        "    addi sp, sp, 16\n"
        "    sret\n");
extern char bench_vector[];

/* ---- measured operations ----------------------------------------------------------- */

static void nothing(void)
{
    __asm__ volatile("");
}

static void sbi_base_call(void)
{
    (void)sbi_call(SBI_BASE, 0, 0, 0, 0, 0);
}

static void sbi_dbcn_nothing(void)
{
    (void)sbi_call(SBI_DBCN, 0, 0, (uint64_t)__image_start, 0, 0);
}

static void uart_read(void)
{
    (void)read8(UART_LSR);
}

static void uart_write(void)
{
    write8(UART_SCR, 0x5a);
}

static void plic_read(void)
{
    (void)*(volatile uint32_t *)PLIC_PENDING;
}

/* The priority of source 1, which changes with each write. */
static void plic_write(void)
{
    static uint32_t priority;
    *(volatile uint32_t *)(PLIC_PRIORITY + 4) = ++priority & 7;
}

/* Latches the high half of the time. */
static void rtc_read(void)
{
    (void)*(volatile uint32_t *)RTC_TIME_LOW;
}

/* The handler runs before the wait is over. */
static void self_ipi(void)
{
    (void)sbi_call(SBI_IPI, 0, 1, 0, 0, 0);
}

static void set_timer(void)
{
    sbi_set_timer(UINT64_MAX);
}

static void timer_interrupt(void)
{
    csr_write(0x14d, 0);
}

/* The custom-3 opcode, an encoding without an instruction. */
static void illegal_instruction(void)
{
    __asm__ volatile(".word 0x0000007b");
}

static void wfi_to_timer(void)
{
    csr_write(0x14d, time_now() + WFI_TICKS);
    __asm__ volatile("wfi");
    csr_write(0x14d, UINT64_MAX);
}

/* Pages that the guest has not touched since it started, one after the other. */
static void first_touch(void)
{
    static uint64_t next;

    if (next == 0)
        next = ((uint64_t)__bss_end + 0x1fffff) & ~UINT64_C(0x1fffff);
    *(volatile uint64_t *)next = 1;
    next += 4096;
}

/* ---- the loop ------------------------------------------------------------------------ */

static void measure(const char *name, operation *function, uint64_t count)
{
    function();
    uint64_t start = time_now();
    MARK_BEGIN();
    for (uint64_t i = 0; i < count; i++)
        function();
    MARK_END();
    uint64_t end = time_now();

    put_string("bench: ");
    put_string(name);
    put_string(": ");
    put_decimal(end - start);
    put_string(" ticks for ");
    put_decimal(count);
    put_string("\n");
}

void guest_main(uint64_t hart, uint64_t dtb)
{
    (void)hart;
    csr_write(0x14d, UINT64_MAX);
    csr_write(stvec, bench_vector);
    csr_write(sie, SIE_SOFTWARE | SIE_TIMER);
    measure("nothing", nothing, ROUNDS);
    measure("SBI base call", sbi_base_call, ROUNDS);
    measure("SBI DBCN, 0 bytes", sbi_dbcn_nothing, ROUNDS);
    measure("SBI set timer", set_timer, ROUNDS);
    measure("UART register read", uart_read, ROUNDS);
    measure("UART register write", uart_write, ROUNDS);
    measure("PLIC register read", plic_read, ROUNDS);
    measure("PLIC register write", plic_write, ROUNDS);
    measure("RTC register read", rtc_read, ROUNDS);
    if (bootargs_number(dtb) != LEAVE_OUT_ILLEGAL)
        measure("illegal instruction", illegal_instruction, ROUNDS);
    measure("first touch of a page", first_touch, TOUCHED_PAGES);
    measure("WFI to timer", wfi_to_timer, ROUNDS);
    csr_set(sstatus, SSTATUS_SIE);
    measure("self-IPI with its handler", self_ipi, ROUNDS);
    measure("timer interrupt with its handler", timer_interrupt, ROUNDS);
    csr_clear(sstatus, SSTATUS_SIE);
    put_string("bench: end\n");
    sbi_reset(0, 0);
}
