/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Process 1 of a Linux guest, without a C library.  Prints
 *
 *   bench: boot: T ticks for 1           the kernel's clock when it started, in 100 ns
 *   bench: console byte: T ticks for N   writing N bytes until the last has left the UART
 *
 * and powers off.  Under `-icount shift=0` a tick is 100 instructions.  Its first instructions
 * have the marker `slti x0, x0, 3` (a HINT, which does nothing) among them, for the plugin that
 * counts; the bytes are written between the markers 1 and 2.
 */
#include <stdint.h>

#define SYS_IOCTL         29
#define SYS_WRITE         64
#define SYS_CLOCK_GETTIME 113
#define SYS_REBOOT        142

#define CLOCK_MONOTONIC   1
#define NS_A_SECOND       UINT64_C(1000000000)
#define NS_A_TICK         100u

#define TCSBRK         0x5409 /* with 1: wait until all output was sent */
#define REBOOT_MAGIC1  0xfee1dead
#define REBOOT_MAGIC2  672274793
#define REBOOT_OFF     0x4321fedc

#define MARK(number)   __asm__ volatile("slti x0, x0, " #number ::: "memory")

#define LINE_BYTES     64u
#define BURST_BYTES    16384u

static long call(long number, long a, long b, long c)
{
    register long a7 __asm__("a7") = number;
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b;
    register long a2 __asm__("a2") = c;

    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
    return a0;
}

/* By the kernel: a guest of KVM may find the time CSR closed to processes. */
static uint64_t time_now(void)
{
    struct {
        int64_t s, ns;
    } now = { 0, 0 };

    (void)call(SYS_CLOCK_GETTIME, CLOCK_MONOTONIC, (long)&now, 0);
    return ((uint64_t)now.s * NS_A_SECOND + (uint64_t)now.ns) / NS_A_TICK;
}

static void put(const char *text, uint64_t count)
{
    while (count > 0) {
        long written = call(SYS_WRITE, 1, (long)text, (long)count);
        if (written <= 0)
            return;
        text += written;
        count -= (uint64_t)written;
    }
}

static void put_string(const char *text)
{
    uint64_t count = 0;
    while (text[count] != '\0')
        count++;
    put(text, count);
}

static void put_decimal(uint64_t value)
{
    char digit[20];
    uint32_t at = sizeof digit;

    do {
        digit[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    put(&digit[at], sizeof digit - at);
}

static void report(const char *name, uint64_t ticks, uint64_t count)
{
    put_string("bench: ");
    put_string(name);
    put_string(": ");
    put_decimal(ticks);
    put_string(" ticks for ");
    put_decimal(count);
    put_string("\n");
    (void)call(SYS_IOCTL, 1, TCSBRK, 1);
}

static uint64_t burst(void)
{
    static char text[BURST_BYTES];

    for (uint32_t i = 0; i < BURST_BYTES; i++)
        text[i] = i % LINE_BYTES == LINE_BYTES - 1 ? '\n' : (char)('a' + i % 26);
    uint64_t start = time_now();
    MARK(1);
    put(text, sizeof text);
    (void)call(SYS_IOCTL, 1, TCSBRK, 1);
    MARK(2);
    return time_now() - start;
}

void _start(void)
{
    MARK(3);
    uint64_t boot = time_now();

    report("boot", boot, 1);
    report("console byte", burst(), BURST_BYTES);
    for (;;)
        (void)call(SYS_REBOOT, (long)REBOOT_MAGIC1, REBOOT_MAGIC2, REBOOT_OFF);
}
