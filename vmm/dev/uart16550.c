/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A 16550A UART whose line is the guest's console.  The line's speed has no effect: a byte
 * is sent as soon as the console has room, and received as soon as the FIFO has room.  So no
 * byte is lost:
 *  - a full console delays "transmitter holding register empty";
 *  - input stays in the console's ring until the receive FIFO has room.
 *
 * Specification: National Semiconductor PC16550D data sheet.
 */
#include <libfdt.h>

#include <vmm/board/dev.h>

#define UART16550_FIFO_BYTES 16u

enum reg {
    REG_DATA = 0, /* RBR, THR; divisor low with DLAB */
    REG_IER = 1,  /* divisor high with DLAB */
    REG_IIR = 2,  /* read; FCR when written */
    REG_LCR = 3,
    REG_MCR = 4,
    REG_LSR = 5,
    REG_MSR = 6,
    REG_SCR = 7,
};

#define IER_RX         0x01u
#define IER_THRE       0x02u
#define IER_LINE       0x04u
#define IER_MODEM      0x08u
#define IER_MASK       0x0fu

#define IIR_NONE       0x01u
#define IIR_MODEM      0x00u
#define IIR_THRE       0x02u
#define IIR_RX         0x04u
#define IIR_LINE       0x06u
#define IIR_RX_TIMEOUT 0x0cu
#define IIR_FIFOS      0xc0u

#define FCR_ENABLE     0x01u
#define FCR_CLEAR_RX   0x02u
#define FCR_CLEAR_TX   0x04u
#define FCR_KEPT       0xc9u /* enable, DMA mode, trigger level */

#define LCR_8_BITS     0x03u
#define LCR_DLAB       0x80u

#define MCR_DTR        0x01u
#define MCR_RTS        0x02u
#define MCR_OUT1       0x04u
#define MCR_OUT2       0x08u
#define MCR_LOOP       0x10u
#define MCR_MASK       0x1fu

#define LSR_DATA_READY 0x01u
#define LSR_OVERRUN    0x02u
#define LSR_THR_EMPTY  0x20u
#define LSR_ALL_EMPTY  0x40u

#define MSR_DELTA_RI   0x04u
#define MSR_CTS        0x10u
#define MSR_DSR        0x20u
#define MSR_RI         0x40u
#define MSR_DCD        0x80u

#define REGION_BYTES   8u
#define NODE_BYTES     0x100u
#define CLOCK_HZ       3686400u

/* The undo log keeps whole 64-bit words, so fields that change together share a word. */
struct uart_fifo {
    uint8_t byte[UART16550_FIFO_BYTES];
    uint8_t head; /* of the oldest byte */
    uint8_t count;
    uint8_t reserved[6];
};

struct uart_regs {
    uint8_t ier;
    uint8_t fcr;
    uint8_t lcr;
    uint8_t mcr;
    uint8_t scr;
    uint8_t is_overrun;
    uint8_t msr_delta;
    uint8_t is_thre_pending; /* THRE has become true and was not yet reported */
};

struct uart_state {
    struct uart_regs regs;
    uint8_t divisor[2]; /* low, high */
    uint8_t reserved[6];
    struct uart_fifo rx;
    struct uart_fifo tx;
};

_Static_assert(sizeof(struct uart_regs) == 8 && sizeof(struct uart_state) == 64,
               "the registers are one word, and each FIFO is three");

static void fifo_push(struct uart_fifo *fifo, uint8_t byte)
{
    fifo->byte[(fifo->head + fifo->count) % UART16550_FIFO_BYTES] = byte;
    fifo->count++;
}

static uint8_t fifo_pop(struct uart_fifo *fifo)
{
    uint8_t byte = fifo->byte[fifo->head % UART16550_FIFO_BYTES];
    fifo->head = (uint8_t)((fifo->head + 1) % UART16550_FIFO_BYTES);
    fifo->count--;
    return byte;
}

/* An earlier, faulty VMM may have left any number in `count`. */
static uint32_t fifo_used(const struct uart_fifo *fifo)
{
    return fifo->count < UART16550_FIFO_BYTES ? fifo->count : UART16550_FIFO_BYTES;
}

static uint32_t fifo_depth(const struct uart_state *uart)
{
    return uart->regs.fcr & FCR_ENABLE ? UART16550_FIFO_BYTES : 1;
}

static uint32_t fifo_room(const struct uart_state *uart, const struct uart_fifo *fifo)
{
    uint32_t used = fifo_used(fifo), depth = fifo_depth(uart);
    return used < depth ? depth - used : 0;
}

static uint32_t rx_trigger(const struct uart_state *uart)
{
    static const uint8_t level[4] = {1, 4, 8, 14};
    return uart->regs.fcr & FCR_ENABLE ? level[uart->regs.fcr >> 6] : 1;
}

static uint8_t modem_lines(const struct uart_state *uart)
{
    uint8_t mcr = uart->regs.mcr;
    if (!(mcr & MCR_LOOP))
        return MSR_CTS | MSR_DSR | MSR_DCD;
    return (uint8_t)((mcr & MCR_RTS ? MSR_CTS : 0) | (mcr & MCR_DTR ? MSR_DSR : 0) |
                     (mcr & MCR_OUT1 ? MSR_RI : 0) | (mcr & MCR_OUT2 ? MSR_DCD : 0));
}

/*
 * The highest-priority interrupt, as IIR shows it.  The character timeout comes at once when
 * the FIFO has fewer bytes than the trigger level, because bytes take no time on this line.
 */
static uint8_t irq_identify(const struct uart_state *uart)
{
    if ((uart->regs.ier & IER_LINE) && uart->regs.is_overrun)
        return IIR_LINE;
    if ((uart->regs.ier & IER_RX) && uart->rx.count)
        return fifo_used(&uart->rx) >= rx_trigger(uart) ? IIR_RX : IIR_RX_TIMEOUT;
    if ((uart->regs.ier & IER_THRE) && uart->regs.is_thre_pending)
        return IIR_THRE;
    if ((uart->regs.ier & IER_MODEM) && uart->regs.msr_delta)
        return IIR_MODEM;
    return IIR_NONE;
}

static void irq_update(const struct dev_ctx *dev)
{
    dev_irq(dev, irq_identify(dev->state) != IIR_NONE);
}

/* ---- Reads ---- */

static void uart_set_regs(const struct dev_ctx *dev)
{
    struct uart_state *uart = dev->state;
    dev_set(dev, &uart->regs, sizeof uart->regs);
}

/* Taking a byte out of a full receiver makes room for input that waits. */
static uint8_t data_read(const struct dev_ctx *dev)
{
    struct uart_state *uart = dev->state;

    if (uart->rx.count == 0)
        return 0;
    dev_set(dev, &uart->rx.head, sizeof uart->rx.head + sizeof uart->rx.count);
    dev_is_due(dev);
    return fifo_pop(&uart->rx);
}

static uint8_t iir_read(const struct dev_ctx *dev)
{
    struct uart_state *uart = dev->state;
    uint8_t iir = irq_identify(uart);

    if (iir == IIR_THRE) {
        uart_set_regs(dev);
        uart->regs.is_thre_pending = 0;
    }
    return uart->regs.fcr & FCR_ENABLE ? iir | IIR_FIFOS : iir;
}

static uint8_t lsr_value(const struct uart_state *uart)
{
    uint8_t lsr = uart->tx.count ? 0 : LSR_THR_EMPTY | LSR_ALL_EMPTY;
    if (uart->rx.count)
        lsr |= LSR_DATA_READY;
    if (uart->regs.is_overrun)
        lsr |= LSR_OVERRUN;
    return lsr;
}

static uint8_t lsr_read(const struct dev_ctx *dev)
{
    struct uart_state *uart = dev->state;
    uint8_t value = lsr_value(uart);

    uart_set_regs(dev);
    uart->regs.is_overrun = 0;
    return value;
}

static uint8_t msr_read(const struct dev_ctx *dev)
{
    struct uart_state *uart = dev->state;
    uint8_t value = modem_lines(uart) | uart->regs.msr_delta;

    uart_set_regs(dev);
    uart->regs.msr_delta = 0;
    return value;
}

static uint8_t reg_read(const struct dev_ctx *dev, uint64_t reg)
{
    const struct uart_state *uart = dev->state;
    bool is_dlab = uart->regs.lcr & LCR_DLAB;

    switch (reg) {
    case REG_DATA:
        return is_dlab ? uart->divisor[0] : data_read(dev);
    case REG_IER:
        return is_dlab ? uart->divisor[1] : uart->regs.ier;
    case REG_IIR:
        return iir_read(dev);
    case REG_LCR:
        return uart->regs.lcr;
    case REG_MCR:
        return uart->regs.mcr;
    case REG_LSR:
        return lsr_read(dev);
    case REG_MSR:
        return msr_read(dev);
    default:
        return uart->regs.scr;
    }
}

static uint64_t uart_read(const struct dev_ctx *dev, uint64_t offset, uint32_t width)
{
    struct uart_state *uart = dev->state;
    (void)width;

    /* Guests poll LSR, and this read changes nothing: it needs no log entry. */
    if (offset == REG_LSR && !uart->regs.is_overrun)
        return lsr_value(uart);
    uint8_t value = reg_read(dev, offset);
    irq_update(dev);
    return value;
}

/* ---- Writes ---- */

/*
 * Receives a byte in loopback.  No room is an overrun ("Line Status Register", bit 1): without
 * FIFOs the byte overwrites the one before; with FIFOs the new byte is lost in the shift register.
 */
static void rx_loop(const struct dev_ctx *dev, uint8_t byte)
{
    struct uart_state *uart = dev->state;

    dev_set(dev, &uart->rx, sizeof uart->rx);
    if (fifo_room(uart, &uart->rx)) {
        fifo_push(&uart->rx, byte);
        return;
    }
    uart->regs.is_overrun = 1;
    if (!(uart->regs.fcr & FCR_ENABLE))
        uart->rx.byte[uart->rx.head % UART16550_FIFO_BYTES] = byte;
}

static void data_write(const struct dev_ctx *dev, uint8_t byte)
{
    struct uart_state *uart = dev->state;

    uart->regs.is_thre_pending = 0;
    if (uart->regs.mcr & MCR_LOOP) {
        rx_loop(dev, byte);
        uart->regs.is_thre_pending = 1;
    } else if (uart->tx.count == 0 && stream_send(dev->stream, byte)) {
        uart->regs.is_thre_pending = 1; /* sent before the guest can read LSR */
    } else if (fifo_room(uart, &uart->tx)) {
        dev_set(dev, &uart->tx, sizeof uart->tx);
        fifo_push(&uart->tx, byte);
        dev_is_due(dev);
    }
    /* A byte written to a full FIFO is dropped: the guest did not wait for THRE. */
}

static void ier_write(struct uart_state *uart, uint8_t value)
{
    bool is_thre_newly_enabled = (value & IER_THRE) && !(uart->regs.ier & IER_THRE);
    uart->regs.ier = value & IER_MASK;
    if (is_thre_newly_enabled && uart->tx.count == 0)
        uart->regs.is_thre_pending = 1;
}

static void divisor_write(const struct dev_ctx *dev, uint64_t half, uint8_t value)
{
    struct uart_state *uart = dev->state;

    dev_set(dev, &uart->divisor, sizeof uart->divisor);
    uart->divisor[half] = value;
}

static void fifo_clear(const struct dev_ctx *dev, struct uart_fifo *fifo)
{
    dev_set(dev, &fifo->count, sizeof fifo->count);
    fifo->count = 0;
    dev_is_due(dev);
}

static void fcr_write(const struct dev_ctx *dev, uint8_t value)
{
    struct uart_state *uart = dev->state;
    bool is_switched = (value ^ uart->regs.fcr) & FCR_ENABLE;
    /* With bit 0 clear no other bit of the register takes effect. */
    bool is_programmed = value & FCR_ENABLE;

    if (is_switched || (is_programmed && (value & FCR_CLEAR_RX)))
        fifo_clear(dev, &uart->rx);
    if (is_switched || (is_programmed && (value & FCR_CLEAR_TX))) {
        if (uart->tx.count)
            uart->regs.is_thre_pending = 1;
        fifo_clear(dev, &uart->tx);
    }
    uart->regs.fcr = is_programmed ? value & FCR_KEPT : 0;
}

static void mcr_write(const struct dev_ctx *dev, uint8_t value)
{
    struct uart_state *uart = dev->state;
    uint8_t before = modem_lines(uart);

    uart->regs.mcr = value & MCR_MASK;
    dev_is_due(dev); /* input that waited for the end of loopback */
    uint8_t after = modem_lines(uart);
    uint8_t changed = before ^ after;

    /* DCTS, DDSR and DDCD show any change, TERI only the ring indicator's trailing edge. */
    uint32_t delta = (changed & (MSR_CTS | MSR_DSR | MSR_DCD)) >> 4;
    if ((before & MSR_RI) && !(after & MSR_RI))
        delta |= MSR_DELTA_RI;
    uart->regs.msr_delta = (uint8_t)(uart->regs.msr_delta | delta);
}

/* The caller has kept uart->regs. */
static void reg_write(const struct dev_ctx *dev, uint64_t reg, uint8_t value)
{
    struct uart_state *uart = dev->state;
    bool is_dlab = uart->regs.lcr & LCR_DLAB;

    switch (reg) {
    case REG_DATA:
    case REG_IER:
        if (is_dlab)
            divisor_write(dev, reg, value);
        else if (reg == REG_DATA)
            data_write(dev, value);
        else
            ier_write(uart, value);
        break;
    case REG_IIR:
        fcr_write(dev, value);
        break;
    case REG_LCR:
        uart->regs.lcr = value;
        break;
    case REG_MCR:
        mcr_write(dev, value);
        break;
    case REG_SCR:
        uart->regs.scr = value;
        break;
    default: /* LSR and MSR are read only */
        break;
    }
}

static void uart_write(const struct dev_ctx *dev, uint64_t offset, uint32_t width, uint64_t value)
{
    (void)width; /* a wider access writes only the register at its address, as on QEMU */

    uart_set_regs(dev);
    reg_write(dev, offset, (uint8_t)value);
    irq_update(dev);
}

/* ---- The outside ---- */

static size_t uart_tx_send(const struct dev_ctx *dev, const struct uart_state *uart)
{
    uint8_t bytes[UART16550_FIFO_BYTES];
    uint32_t count = fifo_used(&uart->tx);

    if (count == 0)
        return 0;
    size_t room = stream_room(dev->stream);
    if (count > room)
        count = (uint32_t)room;
    for (uint32_t i = 0; i < count; i++)
        bytes[i] = uart->tx.byte[(uart->tx.head + i) % UART16550_FIFO_BYTES];
    if (count)
        stream_put(dev->stream, bytes, count);
    return count;
}

/* Moves bytes from and to the console once.  True: at least one byte was moved. */
static bool uart_exchange(const struct dev_ctx *dev)
{
    struct uart_state *uart = dev->state;
    uint8_t bytes[UART16550_FIFO_BYTES];
    /* In loopback the receiver is not connected: input waits until loopback ends. */
    size_t room = uart->regs.mcr & MCR_LOOP ? 0 : fifo_room(uart, &uart->rx);
    size_t sent = uart_tx_send(dev, uart);
    size_t received = room ? stream_peek(dev->stream, bytes, room) : 0;

    if (sent == 0 && received == 0)
        return false;
    log_begin(dev->log);
    dev_set(dev, uart, sizeof *uart);
    for (size_t i = 0; i < sent; i++)
        fifo_pop(&uart->tx);
    if (sent && uart->tx.count == 0)
        uart->regs.is_thre_pending = 1;
    for (size_t i = 0; i < received; i++)
        fifo_push(&uart->rx, bytes[i]);
    if (sent)
        stream_advance_out(dev->stream, sent);
    if (received)
        stream_advance_in(dev->stream, received);
    irq_update(dev);
    log_commit(dev->log);
    if (received)
        stream_release(dev->stream);
    return true;
}

/*
 * Repeats until nothing moves: room() or peek() has then returned 0, so a signal will come
 * (see struct stream_port).
 */
static void uart_notify(const struct dev_ctx *dev)
{
    while (uart_exchange(dev))
        ;
}

static size_t uart_take(const struct dev_ctx *dev, uint8_t *bytes, size_t count)
{
    struct uart_state *uart = dev->state;
    size_t taken = 0;

    if (uart->rx.count == 0 || count == 0)
        return 0;
    dev_set(dev, &uart->rx.head, sizeof uart->rx.head + sizeof uart->rx.count);
    dev_is_due(dev);
    while (taken < count && uart->rx.count)
        bytes[taken++] = fifo_pop(&uart->rx);
    irq_update(dev);
    return taken;
}

/* As firmware leaves it: 8 bits without parity. */
static void uart_reset(const struct dev_ctx *dev)
{
    struct uart_state *uart = dev->state;
    uart->regs.lcr = LCR_8_BITS;
    uart->divisor[0] = 0x18; /* 9600 baud from the clock below */
}

static int uart_fdt_properties(const struct dev_ctx *dev, void *fdt)
{
    (void)dev;
    return fdt_property_u32(fdt, "clock-frequency", CLOCK_HZ);
}

const struct dev_model uart16550_model = {
    .name = "uart16550",
    .presence = DEV_BY_DEFAULT,
    .state = {.version = 2, .bytes = sizeof(struct uart_state)},
    .port = {"line", DEV_PORT_STREAM},
    .gpa = 0x10000000,
    .irq = 10,
    .region_bytes = REGION_BYTES,
    .widths = DEV_WIDTH_1 | DEV_WIDTH_2 | DEV_WIDTH_4 | DEV_WIDTH_8,
    .reset = uart_reset,
    .read = uart_read,
    .write = uart_write,
    .notify = uart_notify,
    .node = "serial",
    .compatible = {"ns16550a"},
    .node_bytes = NODE_BYTES,
    .fdt_properties = uart_fdt_properties,
    .text_take = uart_take,
};
