/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that must not notice that its VMM or the console service was killed.  Its output
 * depends on the typed lines alone.
 *
 * For each line the guest echoes the bytes, changes a part of its RAM, sums the whole working set,
 * waits for the timer and for the clock's alarm, and prints "Steady: LINE sum ...;".  All waits are
 * WFI with one interrupt source, so a lost interrupt stops the guest.  The line "end" powers off.
 * A capital letter begins each line and stands nowhere else, so that the reader of a terminal on
 * which lines were shown again can tell a line's beginning from its continuation.
 */
#include "devices.h"
#include "guest.h"

#define WORDS      (UINT64_C(1) << 16)
#define PART_WORDS (WORDS / 8)
#define LINE_BYTES 80u

#define UART_IER     (UART_BASE + 1)
#define UART_LSR     (UART_BASE + 5)
#define UART_LSR_DR  1u
#define UART_IER_RDI 1u

#define TIMER        (1u << 5)
#define EXTERNAL     (1u << 9)
#define SHORT_TICKS  2000u /* 200 us */
#define NS_PER_TICK  INT64_C(100)
#define SLACK_NS     INT64_C(5000000) /* a bare machine has two clocks */

static uint64_t ram[WORDS];
/* A reading of the clock, and the hart's time before and after: a restart may lie in between. */
struct reading {
    uint64_t clock_ns, before, after;
};
static struct reading first;
static uint64_t last_ns;

static void wait(uint64_t interrupt)
{
    csr_write(sie, interrupt);
    while ((csr_read(sip) & interrupt) == 0)
        __asm__ volatile("wfi");
}

/* ---- lines -------------------------------------------------------------------------- */

static char typed_byte(void)
{
    while ((read8(UART_LSR) & UART_LSR_DR) == 0) {
        wait(EXTERNAL);
        write32(PLIC_CLAIM, read32(PLIC_CLAIM));
    }
    return (char)read8(UART_BASE);
}

/* Reads and echoes a line; its bytes are NUL-terminated. */
static void typed_line(char line[LINE_BYTES])
{
    unsigned count = 0;

    put_string("Typed: ");
    for (char c = typed_byte(); c != '\r' && count < LINE_BYTES - 1; c = typed_byte()) {
        put_char(c);
        line[count++] = c;
    }
    line[count] = 0;
    put_string(";\n");
}

/* ---- work --------------------------------------------------------------------------- */

/* The step of FNV-1a on words (Fowler, Noll, Vo). */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    return (hash ^ word) * UINT64_C(0x100000001b3);
}

static uint64_t work(const char *line, uint64_t round)
{
    uint64_t seed = UINT64_C(0xcbf29ce484222325), sum = seed;
    uint64_t *part = ram + round % (WORDS / PART_WORDS) * PART_WORDS;

    for (; *line; line++)
        seed = mix(seed, (uint8_t)*line);
    for (uint64_t i = 0; i < PART_WORDS; i++)
        part[i] = mix(part[i], seed + i);
    for (uint64_t i = 0; i < WORDS; i++)
        sum = mix(sum, ram[i]);
    return sum;
}

static void timer_try(void)
{
    uint64_t at = time_now() + SHORT_TICKS;

    sbi_set_timer(at);
    wait(TIMER);
    put_string(time_now() < at ? " timer early" : " timer");
    sbi_set_timer(UINT64_MAX);
}

static void alarm_try(void)
{
    uint64_t at = rtc_now() + SHORT_TICKS * (uint64_t)NS_PER_TICK;

    rtc_alarm_set(at);
    wait(EXTERNAL);
    uint32_t source = read32(PLIC_CLAIM);
    put_string(rtc_now() < at ? " alarm early" : " alarm");
    write32(RTC_CLEAR_INTERRUPT, 1);
    write32(PLIC_CLAIM, source);
}

static struct reading clock_read(void)
{
    struct reading r = {.before = time_now()};

    r.clock_ns = rtc_now();
    r.after = time_now();
    return r;
}

/* The clock never goes back, and keeps its distance to the hart's time. */
static void clock_try(void)
{
    struct reading now = clock_read();
    int64_t passed = (int64_t)(now.clock_ns - first.clock_ns);
    int64_t least = (int64_t)(now.before - first.after) * NS_PER_TICK - SLACK_NS;
    int64_t most = (int64_t)(now.after - first.before) * NS_PER_TICK + SLACK_NS;

    put_string(now.clock_ns < last_ns             ? " clock back"
               : passed < least || passed > most ? " clock apart"
                                                 : " clock");
    last_ns = now.clock_ns;
}

static void sources_set(uint32_t enabled)
{
    write32(PLIC_ENABLE, enabled);
}

static void setup(void)
{
    sbi_set_timer(UINT64_MAX);
    write32(PLIC_PRIORITY(UART_SOURCE), 1);
    write32(PLIC_PRIORITY(RTC_SOURCE), 1);
    write32(PLIC_THRESHOLD, 0);
    write32(RTC_IRQ_ENABLED, 1);
    write8(UART_IER, UART_IER_RDI);
    first = clock_read();
    last_ns = first.clock_ns;
}

static bool is_end(const char *line)
{
    return line[0] == 'e' && line[1] == 'n' && line[2] == 'd' && line[3] == 0;
}

void guest_main(uint64_t hart, uint64_t dtb)
{
    static char line[LINE_BYTES];

    (void)hart, (void)dtb;
    setup();
    put_string("Steady: ready;\n");
    for (uint64_t round = 0;; round++) {
        sources_set(1u << UART_SOURCE);
        typed_line(line);
        if (is_end(line))
            sbi_reset(0, 0);
        sources_set(1u << RTC_SOURCE);
        put_string("Steady: ");
        put_string(line);
        put_string(" sum ");
        put_hex(work(line, round));
        timer_try();
        alarm_try();
        clock_try();
        put_string(";\n");
    }
}
