/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Specification: "Debug Console Extension (EID #0x4442434E "DBCN")".
 *
 * A write goes out after the commit, straight from guest memory: the outcome keeps
 * where and how much.
 */
#include <vmm/sbi/sbi.h>

enum fid {
    WRITE = 0,
    READ = 1,
    WRITE_BYTE = 2
};

/* The bytes of (num_bytes, base_addr_lo, base_addr_hi), or nothing when not all of them are RAM. */
static uint8_t *shared_memory(const struct sbi_call *call)
{
    uint8_t *bytes;

    if (call->arg[2] != 0 ||
        guestmem_at(&call->machine->config.ram, call->arg[1], call->arg[0], &bytes))
        return NULL;
    return bytes;
}

static struct sbi_result console_write(const struct sbi_call *call)
{
    const struct console *console = &call->machine->console;
    size_t count = call->arg[0];

    if (!shared_memory(call))
        return sbi_error(SBI_ERR_INVALID_PARAM);
    size_t room = console_room(console);
    if (count > room)
        count = room;
    if (count > UINT32_MAX)
        count = UINT32_MAX;
    if (count == 0)
        return sbi_ok(0);
    call->outcome->flags |= OUTCOME_TEXT;
    call->outcome->console_position = console->state->out_position;
    call->outcome->console_gpa = call->arg[1];
    call->outcome->console_bytes = (uint32_t)count;
    console_advance_out(console, count);
    return sbi_ok(count);
}

/* What the guest reads stays in the ring until the commit, so a read can be done again. */
static struct sbi_result console_read(const struct sbi_call *call)
{
    const struct console *console = &call->machine->console;
    uint8_t *bytes = shared_memory(call);

    if (!bytes)
        return sbi_error(SBI_ERR_INVALID_PARAM);
    size_t count = console_peek(console, bytes, call->arg[0]);
    if (count == 0)
        return sbi_ok(0);
    call->outcome->flags |= OUTCOME_INPUT;
    console_advance_in(console, count);
    return sbi_ok(count);
}

bool sbi_console_write_byte(const struct sbi_call *call, uint8_t byte)
{
    const struct console *console = &call->machine->console;

    if (console_room(console) == 0)
        return false;
    call->outcome->flags |= OUTCOME_BYTE;
    call->outcome->console_position = console->state->out_position;
    call->outcome->console_gpa = byte;
    console_advance_out(console, 1);
    return true;
}

struct sbi_result sbi_dbcn(const struct sbi_call *call)
{
    switch (call->fid) {
    case WRITE:
        return console_write(call);
    case READ:
        return console_read(call);
    case WRITE_BYTE:
        return sbi_console_write_byte(call, (uint8_t)call->arg[0]) ? sbi_ok(0)
                                                                   : sbi_end(SBI_END_WAIT);
    default:
        return sbi_error(SBI_ERR_NOT_SUPPORTED);
    }
}
