/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Specification: "Debug Console Extension (EID #0x4442434E "DBCN")".
 *
 * A write is done after the commit, directly from guest memory: the outcome has the address
 * and the length.
 */
#include <vmm/sbi/sbi.h>

enum fid {
    WRITE = 0,
    READ = 1,
    WRITE_BYTE = 2
};

/* The memory of (num_bytes, base_addr_lo, base_addr_hi); NULL if any byte is not RAM. */
static uint8_t *dbcn_memory(const struct sbi_call *call)
{
    uint8_t *bytes;

    if (call->arg[2] != 0 ||
        guestmem_at(&call->machine->config.ram, call->arg[1], call->arg[0], &bytes))
        return NULL;
    return bytes;
}

static struct sbi_result dbcn_write(const struct sbi_call *call)
{
    const struct stream *console = &call->machine->text;
    size_t count = call->arg[0];

    if (!dbcn_memory(call))
        return sbi_error(SBI_ERR_INVALID_PARAM);
    size_t room = stream_room(console);
    if (count > room)
        count = room;
    if (count > UINT32_MAX)
        count = UINT32_MAX;
    if (count == 0)
        return sbi_ok(0);
    call->outcome->flags |= OUTCOME_TEXT;
    call->outcome->text_position = console->state->out_position;
    call->outcome->text_gpa = call->arg[1];
    call->outcome->text_bytes = (uint32_t)count;
    stream_advance_out(console, count);
    return sbi_ok(count);
}

/* The bytes stay in the ring, or in the undo log, until the commit, so the call can be repeated. */
size_t sbi_console_read(const struct sbi_call *call, uint8_t *bytes, size_t count)
{
    const struct stream *console = &call->machine->text;
    const struct dev_ctx *dev = call->machine->text_dev;
    size_t received = dev ? dev->model->text_take(dev, bytes, count) : 0;
    size_t waiting = stream_peek(console, bytes + received, count - received);

    if (waiting) {
        call->outcome->flags |= OUTCOME_INPUT;
        stream_advance_in(console, waiting);
    }
    return received + waiting;
}

static struct sbi_result dbcn_read(const struct sbi_call *call)
{
    uint8_t *bytes = dbcn_memory(call);

    if (!bytes)
        return sbi_error(SBI_ERR_INVALID_PARAM);
    return sbi_ok(sbi_console_read(call, bytes, call->arg[0]));
}

bool sbi_console_write_byte(const struct sbi_call *call, uint8_t byte)
{
    const struct stream *console = &call->machine->text;

    if (stream_room(console) == 0)
        return false;
    call->outcome->flags |= OUTCOME_BYTE;
    call->outcome->text_position = console->state->out_position;
    call->outcome->text_gpa = byte;
    stream_advance_out(console, 1);
    return true;
}

struct sbi_result sbi_dbcn(const struct sbi_call *call)
{
    switch (call->fid) {
    case WRITE:
        return dbcn_write(call);
    case READ:
        return dbcn_read(call);
    case WRITE_BYTE:
        return sbi_console_write_byte(call, (uint8_t)call->arg[0]) ? sbi_ok(0)
                                                                   : sbi_end(SBI_END_WAIT);
    default:
        return sbi_error(SBI_ERR_NOT_SUPPORTED);
    }
}
