/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest.h"

#define SBI_EXT_TIME UINT64_C(0x54494d45)
#define SBI_EXT_SRST UINT64_C(0x53525354)

#define UART_LSR       (UART_BASE + 5)
#define UART_LSR_DR    0x01u
#define UART_LSR_THRE  0x20u

#define CAUSE_INTERRUPT (UINT64_C(1) << 63)
#define INTERRUPT_SOFT  (CAUSE_INTERRUPT | 1)
#define INTERRUPT_TIMER (CAUSE_INTERRUPT | 5)
#define INTERRUPT_EXTERNAL (CAUSE_INTERRUPT | 9)

volatile struct trap trap_last;
volatile uint64_t trap_resume_pc;

struct sbi_result sbi_call(uint64_t extension, uint64_t function, uint64_t a0, uint64_t a1,
                           uint64_t a2, uint64_t a3)
{
    register uint64_t r0 __asm__("a0") = a0;
    register uint64_t r1 __asm__("a1") = a1;
    register uint64_t r2 __asm__("a2") = a2;
    register uint64_t r3 __asm__("a3") = a3;
    register uint64_t r6 __asm__("a6") = function;
    register uint64_t r7 __asm__("a7") = extension;

    __asm__ volatile("ecall" : "+r"(r0), "+r"(r1) : "r"(r2), "r"(r3), "r"(r6), "r"(r7) : "memory");
    return (struct sbi_result){ .error = (int64_t)r0, .value = r1 };
}

void sbi_set_timer(uint64_t deadline_ticks)
{
    (void)sbi_call(SBI_EXT_TIME, 0, deadline_ticks, 0, 0, 0);
}

void sbi_reset(uint32_t type, uint32_t reason)
{
    (void)sbi_call(SBI_EXT_SRST, 0, type, reason, 0, 0);
}

void put_char(char c)
{
    while ((read8(UART_LSR) & UART_LSR_THRE) == 0)
        ;
    write8(UART_BASE, (uint8_t)c);
}

void put_string(const char *string)
{
    for (; *string != '\0'; string++) {
        if (*string == '\n')
            put_char('\r');
        put_char(*string);
    }
}

void put_hex(uint64_t value)
{
    put_string("0x");
    for (int shift = 60; shift >= 0; shift -= 4) {
        if (value >> shift != 0 || shift == 0)
            put_char("0123456789abcdef"[value >> shift & 15]);
    }
}

void put_decimal(uint64_t value)
{
    char digits[20];
    size_t count = 0;

    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    while (count > 0)
        put_char(digits[--count]);
}

char get_char(void)
{
    while ((read8(UART_LSR) & UART_LSR_DR) == 0)
        ;
    return (char)read8(UART_BASE);
}

/* Length of the instruction at `pc`, which was fetched a moment ago. */
static uint64_t insn_bytes(uint64_t pc)
{
    return (*(const uint16_t *)pc & 3) == 3 ? 4 : 2;
}

void trap_handle(struct trap_frame *frame, uint64_t cause, uint64_t value)
{
    trap_last.cause = cause;
    trap_last.value = value;
    trap_last.pc = frame->pc;
    trap_last.count = trap_last.count + 1;
    if (cause == INTERRUPT_TIMER) {
        csr_clear(sie, 1u << 5);
    } else if (cause == INTERRUPT_SOFT) {
        csr_clear(sip, 1u << 1);
    } else if (cause == INTERRUPT_EXTERNAL) {
        csr_clear(sie, 1u << 9);
    } else if (trap_resume_pc != 0) {
        frame->pc = trap_resume_pc;
        trap_resume_pc = 0;
        csr_set(sstatus, 1u << 8); /* SPP: go on in S mode, wherever the trap came from */
    } else {
        frame->pc += insn_bytes(frame->pc);
    }
}
