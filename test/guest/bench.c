/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Times operations that leave the guest, and prints for each how long one takes:
 *
 *   bench: NAME: T ticks for N
 *
 * Under `-icount shift=0` a tick is 100 instructions of the whole machine, so that the
 * figures repeat exactly; else ticks are time.  Meant to run bare, too.
 */
#include "guest.h"

#define PLIC_PENDING UINT64_C(0x0c001000)

typedef void operation(void);

static void sbi_base_call(void)
{
    (void)sbi_call(0x10, 0, 0, 0, 0, 0);
}

static void sbi_dbcn_nothing(void)
{
    (void)sbi_call(0x4442434e, 0, 0, (uint64_t)__image_start, 0, 0);
}

static void uart_status(void)
{
    (void)read8(UART_BASE + 5);
}

static void plic_pending(void)
{
    (void)*(volatile uint32_t *)PLIC_PENDING;
}

static void self_ipi(void)
{
    (void)sbi_call(0x735049, 0, 1, 0, 0, 0);
    while ((csr_read(sip) & 2) == 0)
        ;
    csr_clear(sip, 2);
}

static void set_timer(void)
{
    sbi_set_timer(UINT64_MAX);
}

static void nothing(void)
{
    __asm__ volatile("");
}

static void measure(const char *name, operation *function, uint64_t count)
{
    function();
    uint64_t start = time_now();
    for (uint64_t i = 0; i < count; i++)
        function();
    uint64_t end = time_now();

    put_string("bench: ");
    put_string(name);
    put_string(": ");
    put_decimal(end - start);
    put_string(" ticks for ");
    put_decimal(count);
    put_string("\n");
}

/* Pages that the guest has not touched since it started. */
static void first_touch(uint64_t count)
{
    uint64_t first = ((uint64_t)__bss_end + 0x1fffff) & ~UINT64_C(0x1fffff);
    uint64_t start = time_now();

    for (uint64_t i = 0; i < count; i++)
        *(volatile uint64_t *)(first + i * 4096) = i;
    uint64_t end = time_now();

    put_string("bench: first touch: ");
    put_decimal(end - start);
    put_string(" ticks for ");
    put_decimal(count);
    put_string("\n");
}

void guest_main(uint64_t hart, uint64_t dtb)
{
    (void)hart;
    (void)dtb;
    measure("nothing", nothing, 10000);
    measure("SBI base call", sbi_base_call, 10000);
    measure("SBI DBCN, 0 bytes", sbi_dbcn_nothing, 10000);
    measure("UART register read", uart_status, 10000);
    measure("PLIC register read", plic_pending, 10000);
    measure("self-IPI", self_ipi, 10000);
    measure("SBI set timer", set_timer, 10000);
    first_touch(1000);
    put_string("bench: end\n");
    sbi_reset(0, 0);
}
