/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console service's process: access to registers, signals and the interrupt.
 * service.h decides how they are used.
 */
#include <proto/process_start.h>
#include <rt/calls.h>
#include <rt/rt.h>
#include <services/console/service.h>

static uint8_t console_register_read(void *context, unsigned reg)
{
    const struct console_start *s = context;
    uintptr_t at = s->uart_address + ((uintptr_t)reg << s->uart_reg_shift);

    return s->uart_io_width == 4 ? (uint8_t) * (volatile uint32_t *)at : *(volatile uint8_t *)at;
}

static void console_register_write(void *context, unsigned reg, uint8_t value)
{
    const struct console_start *s = context;
    uintptr_t at = s->uart_address + ((uintptr_t)reg << s->uart_reg_shift);

    if (s->uart_io_width == 4)
        *(volatile uint32_t *)at = value;
    else
        *(volatile uint8_t *)at = value;
}

/* The error is ignored: an empty slot means that the client no longer exists. */
static void console_wake_client(void *context, unsigned client)
{
    (void)context;
    (void)!notification_signal(cap_at(CONSOLE_SLOT_CLIENT + client));
}

static void console_wake_root(void *context)
{
    (void)context;
    (void)!notification_signal(cap_at(CONSOLE_SLOT_ROOT));
}

static uint64_t console_time_ticks(void *context)
{
    (void)context;
    return rt_time_ticks();
}

/* Acknowledges an interrupt only here, after service_move() has removed its cause: earlier, the
 * UART would raise the interrupt again at once. */
static void console_sleep_until(uint64_t deadline_ticks, bool *is_irq_open)
{
    uint64_t bits = 0;

    if (*is_irq_open)
        (void)!irq_ack(cap_at(CONSOLE_SLOT_IRQ));
    *is_irq_open = notification_wait(cap_at(PROCESS_SLOT_WAKE), deadline_ticks, &bits) == OK &&
                   (bits & CONSOLE_BIT_UART) != 0;
}

int main(void)
{
    static struct service s;
    const struct service_ops ops = {.wake_client = console_wake_client,
                                    .wake_root = console_wake_root,
                                    .time_ticks = console_time_ticks,
                                    .timebase_hz = rt_timebase_hz()};
    const void *start;
    bool is_irq_open = false;
    uint64_t deadline_ticks;

    if (rt_role(sizeof(struct console_start), &start) != OK)
        return 1;
    struct uart uart = {.read = console_register_read,
                        .write = console_register_write,
                        .context = (void *)(uintptr_t)start};
    if (service_init(&s, start, &uart, &ops) != OK)
        return 1;
    uart_init(&uart);
    for (;;) {
        while (service_move(&s))
            ;
        if (service_sleep(&s, &deadline_ticks))
            console_sleep_until(deadline_ticks, &is_irq_open);
    }
}
