/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's 16550.  Oracle: a second one written from the PC16550D data sheet (with a line
 * that takes no time); registers read, the interrupt line, and the bytes on both sides are
 * compared after each step.  Each access is rolled back once, and must leave no byte changed.
 */
#include "fuzz.h"

#include <vmm/board/dev.h>
#include <vmm/state/arena.h>

extern const struct dev_model uart16550_model;

#define CONSOLE_MAX 4096u

struct queue {
    uint8_t byte[16];
    unsigned count;
};

/* ---- The console outside ------------------------------------------------------------ */

static struct {
    uint8_t out[CONSOLE_MAX], in[CONSOLE_MAX];
    uint64_t out_count, out_limit, in_count, in_released;
    bool is_irq_high;
} outside;

static size_t port_room(void *opaque, uint64_t position)
{
    (void)opaque;
    return position < outside.out_limit ? (size_t)(outside.out_limit - position) : 0;
}

static void port_put(void *opaque, uint64_t position, const uint8_t *bytes, size_t count)
{
    (void)opaque;
    FUZZ_CHECK(position == outside.out_count && count <= outside.out_limit - position);
    memcpy(outside.out + position, bytes, count);
    outside.out_count += count;
}

static size_t port_peek(void *opaque, uint64_t position, uint8_t *bytes, size_t count)
{
    (void)opaque;
    FUZZ_CHECK(position >= outside.in_released && position <= outside.in_count);
    if (count > outside.in_count - position)
        count = (size_t)(outside.in_count - position);
    memcpy(bytes, outside.in + position, count);
    return count;
}

static void port_release(void *opaque, uint64_t position)
{
    (void)opaque;
    FUZZ_CHECK(position >= outside.in_released && position <= outside.in_count);
    outside.in_released = position;
}

static void irq_input(const struct dev_ctx *dev, uint32_t source, bool is_high)
{
    (void)dev;
    FUZZ_CHECK(source == 10);
    outside.is_irq_high = is_high;
}

/* ---- The second UART ---------------------------------------------------------------- */

static struct {
    uint8_t ier, fcr, lcr, mcr, scr, divisor[2];
    bool is_overrun, is_thre;
    uint8_t delta;
    struct queue rx, tx;
    uint64_t out_count, in_count; /* bytes that went through */
} model;

static unsigned depth(void)
{
    return model.fcr & 1 ? 16 : 1;
}

static uint8_t take(struct queue *queue)
{
    uint8_t byte = queue->byte[0];

    memmove(queue->byte, queue->byte + 1, sizeof queue->byte - 1);
    queue->count--;
    return byte;
}

/* CTS, DSR, RI, DCD: bits 4 to 7. */
static uint8_t lines(void)
{
    if (!(model.mcr & 0x10))
        return 0xb0;
    return (uint8_t)((model.mcr & 2) << 3 | (model.mcr & 1) << 5 | (model.mcr & 4) << 4 |
                     (model.mcr & 8) << 4);
}

static uint8_t identify(void)
{
    static const uint8_t trigger[] = {1, 4, 8, 14};
    unsigned level = model.fcr & 1 ? trigger[model.fcr >> 6] : 1;

    if ((model.ier & 4) && model.is_overrun)
        return 6;
    if ((model.ier & 1) && model.rx.count >= level)
        return 4;
    if ((model.ier & 1) && model.rx.count > 0)
        return 12;
    if ((model.ier & 2) && model.is_thre)
        return 2;
    return (model.ier & 8) && model.delta ? 0 : 1;
}

static uint8_t model_lsr(void)
{
    uint8_t value = (uint8_t)((model.rx.count ? 1 : 0) | (model.is_overrun ? 2 : 0) |
                              (model.tx.count ? 0 : 0x60));
    model.is_overrun = false;
    return value;
}

static uint8_t model_read(unsigned reg)
{
    uint8_t value;

    if (reg < 2 && (model.lcr & 0x80))
        return model.divisor[reg];
    switch (reg) {
    case 0:
        return model.rx.count ? take(&model.rx) : 0;
    case 1:
        return model.ier;
    case 2:
        value = identify();
        if (value == 2)
            model.is_thre = false;
        return value | (model.fcr & 1 ? 0xc0 : 0);
    case 3:
        return model.lcr;
    case 4:
        return model.mcr;
    case 5:
        return model_lsr();
    case 6:
        value = lines() | model.delta;
        model.delta = 0;
        return value;
    default:
        return model.scr;
    }
}

static void model_send(uint8_t byte)
{
    struct queue *queue = model.mcr & 0x10 ? &model.rx : &model.tx;

    model.is_thre = false;
    if (queue->count < depth())
        queue->byte[queue->count++] = byte;
    else if (queue == &model.rx) {
        model.is_overrun = true;
        if (depth() == 1)
            queue->byte[0] = byte; /* LSR bit 1: the previous character is destroyed */
    }
    if (queue == &model.rx)
        model.is_thre = true;
}

static void model_fcr(uint8_t value)
{
    bool is_switched = (value ^ model.fcr) & 1;

    if (is_switched || (value & 3) == 3)
        model.rx.count = 0;
    if (is_switched || (value & 5) == 5) {
        model.is_thre |= model.tx.count > 0;
        model.tx.count = 0;
    }
    model.fcr = value & 1 ? value & 0xc9 : 0;
}

static void model_mcr(uint8_t value)
{
    uint8_t before = lines();

    model.mcr = value & 0x1f;
    uint8_t after = lines();
    model.delta |= (before ^ after) >> 4 & 0x0b;     /* any edge of CTS, DSR, DCD */
    model.delta |= (before & ~after & 0x40) ? 4 : 0; /* the trailing one of RI */
}

static void model_write(unsigned reg, uint8_t value)
{
    if (reg < 2 && (model.lcr & 0x80)) {
        model.divisor[reg] = value;
        return;
    }
    switch (reg) {
    case 0:
        model_send(value);
        break;
    case 1:
        model.is_thre |= (value & ~model.ier & 2) && model.tx.count == 0;
        model.ier = value & 15;
        break;
    case 2:
        model_fcr(value);
        break;
    case 3:
        model.lcr = value;
        break;
    case 4:
        model_mcr(value);
        break;
    case 7:
        model.scr = value;
        break;
    default:
        break;
    }
}

/* The line takes no time: all bytes that have room are transferred, in both directions. */
static void model_exchange(void)
{
    while (model.tx.count > 0 && model.out_count < outside.out_limit) {
        uint8_t byte = take(&model.tx);
        FUZZ_CHECK(model.out_count < outside.out_count && outside.out[model.out_count] == byte);
        model.out_count++;
        model.is_thre |= model.tx.count == 0;
    }
    while (!(model.mcr & 0x10) && model.rx.count < depth() && model.in_count < outside.in_count)
        model.rx.byte[model.rx.count++] = outside.in[model.in_count++];
    FUZZ_CHECK(model.out_count == outside.out_count);
    FUZZ_CHECK(model.in_count == outside.in_released);
}

/* ---- The device --------------------------------------------------------------------- */

static struct arena arena;
static struct log log_;
static _Alignas(64) uint8_t memory[32768];
static uint64_t data_bytes;

static void access_check(const struct dev_ctx *dev, unsigned reg, uint32_t width, bool is_write,
                         uint64_t value)
{
    uint8_t *data = memory + arena.data_offset;
    static uint8_t before[sizeof memory];
    bool was_high = outside.is_irq_high;
    uint64_t first = 0, second = 0;

    memcpy(before, data, data_bytes);
    for (unsigned turn = 0; turn < 2; turn++) {
        log_begin(&log_);
        if (is_write)
            dev->model->write(dev, reg, width, value);
        else
            second = dev->model->read(dev, reg, width);
        if (turn == 1)
            break;
        first = second;
        FUZZ_CHECK(log_rollback(&log_) == OK && memcmp(before, data, data_bytes) == 0);
        outside.is_irq_high = was_high;
    }
    log_commit(&log_);
    FUZZ_CHECK(first == second);
    if (is_write)
        model_write(reg, (uint8_t)value);
    else
        FUZZ_CHECK(second == model_read(reg));
}

static void step(const struct dev_ctx *dev, struct fuzz_input *in)
{
    unsigned form = fuzz_u8(in), count;

    switch (form >> 5) {
    case 0: /* somebody types */
        for (count = form & 31; count > 0 && outside.in_count < CONSOLE_MAX; count--)
            outside.in[outside.in_count++] = fuzz_u8(in);
        break;
    case 1: /* the terminal takes something */
        outside.out_limit += form & 31;
        if (outside.out_limit > CONSOLE_MAX)
            outside.out_limit = CONSOLE_MAX;
        break;
    case 2:
    case 3:
    case 4:
        access_check(dev, form & 7, 1u << (form >> 3 & 3), true, fuzz_u8(in));
        break;
    default:
        access_check(dev, form & 7, 1u << (form >> 3 & 3), false, 0);
        break;
    }
    /* As the machine does: after a signal, or when the device said that it has work to do. */
    if (form >> 5 < 2 || dev->host->due)
        dev->model->notify(dev);
    dev->host->due = 0;
    model_exchange();
    FUZZ_CHECK(outside.is_irq_high == (identify() != 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    const struct arena_want wants[] = {
        {"console", 1, sizeof(struct stream_state), ARENA_WRITER_VCPU, NULL},
        {"uart", uart16550_model.state.version, uart16550_model.state.bytes, ARENA_WRITER_VCPU,
         NULL}};
    const struct stream_port port = {NULL, NULL, port_room, port_put, port_peek, port_release};
    const struct arena_shape shape = {wants, 2, 1};
    struct dev_host host = {0};
    const struct dev_model irqchip_model = {.irq_input = irq_input};
    const struct dev_ctx irqchip = {.model = &irqchip_model};

    memset(&outside, 0, sizeof outside);
    memset(&model, 0, sizeof model);
    model.divisor[0] = 0x18;
    model.lcr = 3; /* as firmware leaves it */
    FUZZ_CHECK(arena_format(&arena, memory, sizeof memory, &shape) == OK);
    arena_log(&arena, 0, ARENA_WRITER_VCPU, &log_);
    data_bytes = arena.data_end - arena.data_offset;
    const struct stream console = {&log_, arena_section(&arena, 0), &port, NULL};
    const struct dev_ctx dev = {.model = &uart16550_model,
                                .log = &log_,
                                .due_bit = 1,
                                .state = arena_section(&arena, 1),
                                .stream = &console,
                                .host = &host,
                                .irqchip = &irqchip,
                                .irq = 10,
                                .hart_count = 1};
    uart16550_model.reset(&dev);
    while (in.left > 0)
        step(&dev, &in);
    return 0;
}
