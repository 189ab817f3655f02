/* SPDX-License-Identifier: BSD-2-Clause */
/* The console's process: access to registers and memory.  console.h has all decisions. */
#include <manifest/console.manifest.h>
#include <rt/rt.h>
#include <rt/rt_service.h>
#include <services/console/console.h>

struct console_registers {
    uintptr_t address;
    uint64_t shift;    /* register n is at n << shift */
    uint64_t io_width; /* bytes: 1 or 4 */
};

static uint8_t console_register_read(void *context, unsigned reg)
{
    const struct console_registers *r = context;
    uintptr_t at = r->address + ((uintptr_t)reg << r->shift);

    return r->io_width == 4 ? (uint8_t) * (volatile uint32_t *)at : *(volatile uint8_t *)at;
}

static void console_key_take(void *context, _Atomic uint32_t *to, uint32_t tag)
{
    const struct console_registers *r = context;

    if (r->io_width == 4)
        atomic_store_explicit(to, tag | (uint8_t) * (volatile uint32_t *)r->address,
                              memory_order_relaxed);
    else
        atomic_store_explicit(to, tag | *(volatile uint8_t *)r->address, memory_order_relaxed);
}

static void console_register_write(void *context, unsigned reg, uint8_t value)
{
    const struct console_registers *r = context;
    uintptr_t at = r->address + ((uintptr_t)reg << r->shift);

    if (r->io_width == 4)
        *(volatile uint32_t *)at = value;
    else
        *(volatile uint8_t *)at = value;
}

/* The two properties have the defaults of the device-tree binding of a 16550. */
static MUST_CHECK console_registers_find(struct console_registers *r)
{
    const struct start_table *table = rt_start_table();
    struct rt_memory memory;

    enum err err = console_uart_registers(table, &memory);
    if (err != OK)
        return err;
    *r = (struct console_registers){.address = (uintptr_t)memory.address, .io_width = 1};
    if (console_uart_reg_shift(table, &r->shift) != OK)
        r->shift = 0;
    if (console_uart_reg_io_width(table, &r->io_width) != OK)
        r->io_width = 1;
    return OK;
}

int main(void)
{
    static struct console console;
    static struct console_registers registers;
    static struct uart uart = {.read = console_register_read,
                               .write = console_register_write,
                               .take = console_key_take,
                               .context = &registers};
    struct rt_memory kept;
    uint64_t restarts = 0;

    if (console_registers_find(&registers) != OK ||
        console_kept_memory(rt_start_table(), &kept) != OK || kept.bytes < sizeof(struct mux_kept))
        return 1;
    if (start_table_number(rt_start_table(), "restarts", &restarts) != OK)
        return 1;
    console_init(&console, &uart, (void *)(uintptr_t)kept.address, rt_timebase_hz(), restarts == 0);
    uart_init(&uart);
    return rt_service_run(&console.service, &console.model);
}
