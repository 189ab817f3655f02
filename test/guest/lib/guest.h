/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by all test guests: SBI calls, a UART, and records of traps. */
#ifndef TEST_GUEST_H
#define TEST_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UART_BASE  UINT64_C(0x10000000)
#define SYSCON     UINT64_C(0x100000)
#define RAM_BASE   UINT64_C(0x80000000)

extern char __image_start[], __bss_end[];

/* ---- the guest's own main --------------------------------------------------- */

void guest_main(uint64_t hart, uint64_t dtb);

/* The number at the start of /chosen/bootargs; 0: there is none. */
uint64_t bootargs_number(uint64_t dtb);
/* The second number there, behind one blank; 0: there is none. */
uint64_t bootargs_second(uint64_t dtb);

/* The mark that secret.c writes everywhere; no other guest may ever find it. */
#define SECRET_TAG UINT64_C(0x5ec2e7be)
static inline bool is_secret(uint64_t word)
{
    return word >> 24 == (SECRET_TAG << 8 | 0x11);
}
static inline uint64_t secret(uint64_t index)
{
    return (SECRET_TAG << 8 | 0x11) << 24 | (index & 0xffffff);
}

/* ---- CSRs -------------------------------------------------------------------- */

#define csr_read(name)                                                \
    ({                                                                \
        uint64_t csr_value_;                                          \
        __asm__ volatile("csrr %0, " #name : "=r"(csr_value_));       \
        csr_value_;                                                   \
    })
#define csr_write(name, value)                                                                     \
    __asm__ volatile("csrw " #name ", %0" ::"r"((uint64_t)(value)) : "memory")
#define csr_set(name, value)                                                                       \
    __asm__ volatile("csrs " #name ", %0" ::"r"((uint64_t)(value)) : "memory")
#define csr_clear(name, value)                                                                     \
    __asm__ volatile("csrc " #name ", %0" ::"r"((uint64_t)(value)) : "memory")

static inline uint64_t time_now(void)
{
    return csr_read(time);
}

/* ---- SBI ---------------------------------------------------------------------- */

struct sbi_result {
    int64_t error;
    uint64_t value;
};

struct sbi_result sbi_call(uint64_t extension, uint64_t function, uint64_t a0, uint64_t a1,
                           uint64_t a2, uint64_t a3);
void sbi_set_timer(uint64_t deadline_ticks);
/* SRST: type 0 shutdown, 1 cold reboot, 2 warm reboot; reason 0 none, 1 system failure. */
void sbi_reset(uint32_t type, uint32_t reason);

/* ---- console -------------------------------------------------------------------- */

void put_char(char c);
void put_string(const char *string);
void put_hex(uint64_t value);
void put_decimal(uint64_t value);
char get_char(void); /* waits */

/* ---- traps ------------------------------------------------------------------------ */

struct trap_frame {
    uint64_t x[32]; /* x[0] is not used */
    uint64_t pc;
    uint64_t reserved;
};

/* The last trap.  Set `trap_resume_pc` before a trap after which the guest must not go on at the
 * next instruction. */
struct trap {
    uint64_t count, cause, value, pc;
};
extern volatile struct trap trap_last;
extern volatile uint64_t trap_resume_pc;

/* MMIO of one width. */
static inline uint32_t read8(uint64_t address)
{
    return *(volatile uint8_t *)address;
}
static inline void write8(uint64_t address, uint32_t value)
{
    *(volatile uint8_t *)address = (uint8_t)value;
}
static inline uint32_t read32(uint64_t address)
{
    return *(volatile uint32_t *)address;
}
static inline void write32(uint64_t address, uint32_t value)
{
    *(volatile uint32_t *)address = value;
}

#endif
