/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Observations of a machine, for guests that run bare and under Warren.  Lines are collected in
 * memory and written to the UART at tell_flush() and at the end.
 */
#ifndef TEST_GUEST_COMPARE_H
#define TEST_GUEST_COMPARE_H

#include "guest.h"

#define PLIC_BASE     UINT64_C(0xc000000)
#define RTC_BASE      UINT64_C(0x101000)

#define SBI_BASE      UINT64_C(0x10)
#define SBI_TIME      UINT64_C(0x54494d45)
#define SBI_IPI       UINT64_C(0x735049)
#define SBI_RFENCE    UINT64_C(0x52464e43)
#define SBI_HSM       UINT64_C(0x48534d)
#define SBI_SRST      UINT64_C(0x53525354)
#define SBI_DBCN      UINT64_C(0x4442434e)

/* sstatus */
#define SSTATUS_SIE   (UINT64_C(1) << 1)
#define SSTATUS_SPIE  (UINT64_C(1) << 5)
#define SSTATUS_SPP   (UINT64_C(1) << 8)
#define SSTATUS_SUM   (UINT64_C(1) << 18)
#define SSTATUS_MXR   (UINT64_C(1) << 19)

#define CAUSE_ECALL_U 8u

/* Ticks of `time`: QEMU's clock has 10 MHz. */
#define TICKS_PER_MS  UINT64_C(10000)

/* sie and sip. */
#define IRQ_SOFT      (UINT64_C(1) << 1)
#define IRQ_TIMER     (UINT64_C(1) << 5)
#define IRQ_EXTERNAL  (UINT64_C(1) << 9)

/* The main function of a subject, which prints all lines between the first and the last. */
void compare_main(uint64_t hart, uint64_t dtb);

/* ---- lines -------------------------------------------------------------------- */

/* Pieces of a line; tell_end() ends it.  "compare: " comes before the first piece. */
void say(const char *text);
void say_hex(uint64_t value);
void say_decimal(uint64_t value);
void tell_end(void);

/* Whole lines: "NAME: VALUE". */
void tell(const char *name, uint64_t value);
void tell_text(const char *name, const char *value);

/* Prints the collected lines.  The UART has to be in its usual state. */
void tell_flush(void);

/* Prints the collected lines, and asks the test to type `text`: no blanks; "^]" is byte 0x1d. */
void tell_type(const char *text);

/* ---- single accesses ------------------------------------------------------------ */

/* The outcome of an instruction: its result, or the trap. */
struct seen {
    bool is_trapped;
    bool is_pc_right; /* sepc was the instruction's address */
    uint64_t value, cause, stval;
};

/* A zero-extending load, or a store, of 1, 2, 4 or 8 bytes. */
struct seen see_load(uint64_t address, unsigned width);
struct seen see_store(uint64_t address, unsigned width, uint64_t value);
/* A jump to `address`; the fetch there has to trap, or find a `ret`. */
struct seen see_fetch(uint64_t address);

/* Prints the value, or "cause N stval V", with " sepc wrong" if sepc is wrong. */
void say_seen(struct seen seen);

/* Prints "NAME: ..." with the text of say_seen(). */
void tell_seen(const char *name, struct seen seen);

/* A jump, by sret, to a function in user mode.  The function leaves its value in a0 and returns by
 * an ecall, which is no trap here. */
struct seen see_user(void (*function)(void));

/* "load W at A: ..." */
void tell_load(uint64_t address, unsigned width);
void tell_store(uint64_t address, unsigned width, uint64_t value);

/* One instruction that C cannot express, with %[data] in and out and %[address] in. */
#define SEE(insn, address_, data_)                                                                 \
    ({                                                                                             \
        uint64_t see_before_ = trap_last.count, see_data_ = (data_), see_pc_;                      \
        __asm__ volatile("lla %[pc], 1f\n1: " insn                                                 \
                         : [data] "+r"(see_data_), [pc] "=&r"(see_pc_)                             \
                         : [address] "r"((uint64_t)(address_))                                     \
                         : "memory");                                                              \
        see_result(see_before_, see_pc_, see_data_);                                               \
    })

/* For SEE(): the outcome of the instruction at `pc`. */
struct seen see_result(uint64_t count_before, uint64_t pc, uint64_t value);

/* ---- CSRs ------------------------------------------------------------------------ */

#define SEE_CSR(name) SEE("csrr %[data], " #name, 0, 0)

#define TELL_CSR(name)                                                                             \
    do {                                                                                           \
        struct seen csr_seen_ = SEE_CSR(name);                                                     \
        say(#name ": ");                                                                           \
        say_seen(csr_seen_);                                                                       \
        tell_end();                                                                                \
    } while (0)

/* ---- SBI ------------------------------------------------------------------------- */

struct sbi_result sbi_call6(uint64_t extension, uint64_t function, const uint64_t argument[6]);

/* "NAME: error E value V" */
void tell_sbi(const char *name, struct sbi_result result);

/* Waits at most `ms` until a bit of sip is set; returns whether the bit is set. */
bool wait_pending(uint64_t bit, uint64_t ms);

#endif
