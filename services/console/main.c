/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console service's process: moves bytes between the UART, the clients'
 * rings and the multiplexer, and sleeps when there is nothing to move.
 */
#include <stdio.h>
#include <string.h>

#include <proto/console.h>
#include <proto/console_start.h>
#include <proto/process_start.h>
#include <ring/ring.h>
#include <rt/calls.h>
#include <rt/rt.h>
#include <services/console/mux.h>
#include <services/console/uart16550.h>

_Static_assert(MUX_NAME_BYTES == CONSOLE_NAME_BYTES && MUX_CLIENTS_MOST == CONSOLE_CLIENTS_MOST,
               "the multiplexer's limits are the protocol's");

#define BLOCK_BYTES   512u
#define NAPS_A_SECOND 1000
#define SENDS_MOST    32 /* FIFOs filled before the rings are looked at again */
#define STALL_SECONDS 1 /* so long a client may leave its keyboard unread before keys are dropped */

struct client {
    struct ring_consumer output;
    struct ring_producer input;
    bool is_broken; /* its indices made no sense; until it attaches anew */
};

struct service {
    const struct console_start *start;
    struct uart uart;
    struct mux mux;
    struct client client[CONSOLE_CLIENTS_MOST];
    struct ring_consumer control;
    struct ring_producer answers;
    bool is_flushing;
    uint32_t flush_id;
    uint64_t stalled_since;               /* ticks; 0 while keys find room */
    bool is_irq_open;                     /* signalled and not yet acknowledged */
    bool is_more_likely; /* a client wrote something since the last sleep */
    bool is_ending[CONSOLE_CLIENTS_MOST]; /* `state` holds once its last words are shown */
    enum mux_state state[CONSOLE_CLIENTS_MOST];
};

static uint8_t register_read(void *context, unsigned reg)
{
    const struct console_start *s = context;
    uintptr_t at = s->uart_address + ((uintptr_t)reg << s->uart_reg_shift);

    return s->uart_io_width == 4 ? (uint8_t) * (volatile uint32_t *)at : *(volatile uint8_t *)at;
}

static void register_write(void *context, unsigned reg, uint8_t value)
{
    const struct console_start *s = context;
    uintptr_t at = s->uart_address + ((uintptr_t)reg << s->uart_reg_shift);

    if (s->uart_io_width == 4)
        *(volatile uint32_t *)at = value;
    else
        *(volatile uint8_t *)at = value;
}

/* A slot that is empty means that the client is gone: there is nobody to wake. */
static void wake_client(unsigned client)
{
    (void)!notification_signal(cap_at(CONSOLE_SLOT_CLIENT + client));
}

/* Takes what the client wrote and the multiplexer has room for.  True if there was any. */
static bool move_output(struct service *s, unsigned i)
{
    struct client *c = &s->client[i];
    uint8_t block[BLOCK_BYTES];
    size_t room = mux_room(&s->mux, i);
    uint32_t got = 0;

    if (ring_consumer_restarted(&c->output))
        c->is_broken = false;
    if (c->is_broken || room == 0)
        return false;
    if (ring_read(&c->output, block, (uint32_t)(room < sizeof block ? room : sizeof block), &got) !=
        OK) {
        c->is_broken = true;
        printf("%s: its output ring makes no sense\n", s->start->client[i].name);
        return false;
    }
    mux_output(&s->mux, i, block, got);
    s->is_more_likely |= got > 0;
    if (got > 0 && ring_consumer_wakes(&c->output))
        wake_client(i);
    return got > 0;
}

/* Hands typed keys to the client in front. */
static bool move_typed(struct service *s)
{
    unsigned front = s->mux.front;
    struct client *c = &s->client[front];
    uint8_t keys[64];
    uint32_t written = 0;
    size_t count = mux_typed_peek(&s->mux, keys, sizeof keys);

    (void)ring_producer_restarted(&c->input);
    if (count == 0)
        return false;
    if (s->mux.client[front].state != MUX_RUNNING ||
        ring_write(&c->input, keys, (uint32_t)count, &written) != OK)
        written = (uint32_t)count; /* nobody reads them */
    mux_typed_drop(&s->mux, written);
    if (written > 0 && ring_producer_wakes(&c->input))
        wake_client(front);
    return written > 0;
}

/* Keys have found no room for less than STALL_SECONDS. */
static bool keys_are_held(struct service *s)
{
    if (mux_typed_room(&s->mux) >= UART_FIFO_BYTES)
        s->stalled_since = 0;
    else if (s->stalled_since == 0)
        s->stalled_since = rt_time_ticks();
    return s->stalled_since != 0 &&
           rt_time_ticks() - s->stalled_since < STALL_SECONDS * rt_timebase_hz();
}

/* Reads the keyboard.  A client that leaves its keys unread holds it up for a moment only: then
 * keys are dropped, so that the escape key works. */
static bool move_keys(struct service *s)
{
    uint8_t keys[UART_FIFO_BYTES];

    if (keys_are_held(s))
        return false;
    size_t count = uart_receive(&s->uart, keys, sizeof keys);
    for (size_t i = 0; i < count; i++)
        mux_key(&s->mux, keys[i]);
    return count > 0;
}

static bool move_terminal(struct service *s)
{
    uint8_t bytes[UART_FIFO_BYTES];
    unsigned sends = 0;

    while (sends < SENDS_MOST && mux_has_output(&s->mux) && uart_can_send(&s->uart)) {
        size_t count = mux_transmit(&s->mux, bytes, sizeof bytes);
        if (count == 0)
            break;
        uart_send(&s->uart, bytes, count);
        sends++;
    }
    return sends > 0;
}

static void take_record(struct service *s, const struct console_record *record)
{
    size_t length = record->length < sizeof record->text ? record->length : sizeof record->text;

    switch (record->kind) {
    case CONSOLE_RECORD_LOG:
        mux_notice(&s->mux, record->text, length);
        break;
    case CONSOLE_RECORD_STATE:
        if (record->client < s->start->client_count && record->value <= CONSOLE_STATE_DEAD) {
            s->is_ending[record->client] = true;
            s->state[record->client] = (enum mux_state)record->value;
        }
        break;
    case CONSOLE_RECORD_FLUSH:
        s->is_flushing = true;
        s->flush_id = record->value;
        break;
    default:
        break; /* of a later version */
    }
}

static bool move_control(struct service *s)
{
    struct console_record record;
    uint32_t got = 0;

    if (ring_read(&s->control, &record, 1, &got) != OK || got == 0)
        return false;
    take_record(s, &record);
    if (ring_consumer_wakes(&s->control))
        (void)!notification_signal(cap_at(CONSOLE_SLOT_ROOT));
    return true;
}

/* A client that ended keeps the front until its last words are shown. */
static bool settle_ended(struct service *s)
{
    bool all = true;

    for (unsigned i = 0; i < s->start->client_count; i++) {
        if (!s->is_ending[i])
            continue;
        if (move_output(s, i) || (i == s->mux.front && mux_has_output(&s->mux))) {
            all = false;
            continue;
        }
        s->is_ending[i] = false;
        mux_set_state(&s->mux, i, s->state[i]);
    }
    return all;
}

/* Answers a flush once nothing is left to show. */
static void answer_flush(struct service *s)
{
    struct console_record record = {.kind = CONSOLE_RECORD_FLUSHED, .value = s->flush_id};
    uint32_t written = 0;

    if (!settle_ended(s) || !s->is_flushing || mux_has_output(&s->mux) || !uart_can_send(&s->uart))
        return;
    if (ring_write(&s->answers, &record, 1, &written) != OK || written == 0)
        return;
    s->is_flushing = false;
    if (ring_producer_wakes(&s->answers))
        (void)!notification_signal(cap_at(CONSOLE_SLOT_ROOT));
}

static bool move_all(struct service *s)
{
    bool moved = move_control(s);

    for (unsigned i = 0; i < s->start->client_count; i++)
        moved |= move_output(s, i);
    moved |= move_terminal(s);
    moved |= move_keys(s);
    moved |= move_typed(s);
    answer_flush(s);
    return moved;
}

/* Asks everybody who could have something for us for a signal; false if somebody has already. */
static bool may_sleep(struct service *s)
{
    bool sleeps = ring_consumer_sleep(&s->control);
    uint32_t available;

    for (unsigned i = 0; i < s->start->client_count; i++) {
        struct client *c = &s->client[i];
        if (c->is_broken || mux_room(&s->mux, i) == 0)
            continue; /* the transmit interrupt makes room */
        if (!ring_consumer_sleep(&c->output) && ring_available(&c->output, &available) == OK)
            sleeps = false;
    }
    if (mux_typed_room(&s->mux) < MUX_TYPED_BYTES) {
        struct ring_producer *input = &s->client[s->mux.front].input;
        if (!ring_producer_sleep(input))
            sleeps = false;
    }
    return sleeps;
}

/*
 * Until somebody signals.  But after output more is near, often a byte at a time, and to
 * be called for each would cost two switches of process a byte: then nobody is asked for
 * a signal, and the rings are looked at again after a moment.
 */
static void sleep_until_wanted(struct service *s)
{
    uint64_t deadline = DEADLINE_NEVER, bits = 0;

    bool held = keys_are_held(s);
    if (held)
        deadline = s->stalled_since + STALL_SECONDS * rt_timebase_hz();
    uart_want(&s->uart, !held, mux_has_output(&s->mux) || s->is_flushing);
    if (s->is_more_likely) {
        uint64_t nap_end = rt_time_ticks() + rt_timebase_hz() / NAPS_A_SECOND;
        deadline = nap_end < deadline ? nap_end : deadline;
    } else if (!may_sleep(s)) {
        return;
    }
    s->is_more_likely = false;
    /* Only now, when what it was for is dealt with: it would come again at once. */
    if (s->is_irq_open)
        (void)!irq_ack(cap_at(CONSOLE_SLOT_IRQ));
    s->is_irq_open = false;
    if (notification_wait(cap_at(PROCESS_SLOT_WAKE), deadline, &bits) == OK &&
        (bits & CONSOLE_BIT_UART))
        s->is_irq_open = true;
}

static MUST_CHECK attach_client(struct service *s, unsigned i)
{
    uint8_t *region = (uint8_t *)(uintptr_t)s->start->client[i].region_address;
    struct client *c = &s->client[i];

    enum err err = ring_consumer_attach(
        &c->output, (struct ring_shared *)(void *)(region + CONSOLE_OUTPUT_SHARED),
        region + CONSOLE_OUTPUT_DATA, CONSOLE_OUTPUT_BYTES, 1);
    if (err != OK)
        return err;
    return ring_producer_attach(&c->input,
                                (struct ring_shared *)(void *)(region + CONSOLE_INPUT_SHARED),
                                region + CONSOLE_INPUT_DATA, CONSOLE_INPUT_BYTES, 1);
}

static MUST_CHECK attach_control(struct service *s)
{
    uint8_t *region = (uint8_t *)(uintptr_t)s->start->control_address;

    enum err err = ring_consumer_attach(
        &s->control, (struct ring_shared *)(void *)(region + CONSOLE_CONTROL_DOWN_SHARED),
        region + CONSOLE_CONTROL_DOWN_DATA, CONSOLE_CONTROL_DOWN_RECORDS,
        sizeof(struct console_record));
    if (err != OK)
        return err;
    return ring_producer_attach(&s->answers,
                                (struct ring_shared *)(void *)(region + CONSOLE_CONTROL_UP_SHARED),
                                region + CONSOLE_CONTROL_UP_DATA, CONSOLE_CONTROL_UP_RECORDS,
                                sizeof(struct console_record));
}

int main(void)
{
    static struct service s;
    static char names[CONSOLE_CLIENTS_MOST][CONSOLE_NAME_BYTES];
    const void *role;

    if (rt_role(sizeof *s.start, &role) != OK)
        return 1;
    s.start = role;
    if (s.start->version != CONSOLE_START_VERSION || s.start->client_count > CONSOLE_CLIENTS_MOST)
        return 1;
    for (unsigned i = 0; i < s.start->client_count; i++) {
        memcpy(names[i], s.start->client[i].name, sizeof names[i]);
        if (attach_client(&s, i) != OK)
            return 1;
    }
    if (attach_control(&s) != OK)
        return 1;
    mux_init(&s.mux, s.start->client_count, (const char(*)[CONSOLE_NAME_BYTES])names);
    s.uart = (struct uart){
        .read = register_read, .write = register_write, .context = (void *)(uintptr_t)s.start};
    uart_init(&s.uart);
    for (;;) {
        while (move_all(&s))
            ;
        sleep_until_wanted(&s);
    }
}
