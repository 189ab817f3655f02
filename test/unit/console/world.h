/* SPDX-License-Identifier: BSD-2-Clause */
/* The whole console service with real rings, a model of the UART and a clock.  The tests play its
 * clients, its root server, and the person at the terminal. */
#ifndef TEST_UNIT_CONSOLE_WORLD_H
#define TEST_UNIT_CONSOLE_WORLD_H

#include <check.h>

#include <services/console/console.h>
#include <test/unit/console/chip.h>

#define HZ           10000000u
#define CLIENT_COUNT 2u
#define FRONT        0u
#define BACK         1u
#define SLOT_ROOT    9u
#define OUTPUT_BYTES CONSOLE_RING_OUTPUT_RECORD_COUNT
#define INPUT_BYTES  CONSOLE_RING_INPUT_RECORD_COUNT
#define MARK         FILTER_MARK " "

/* The memory that a client shares with the service. */
struct client {
    struct ring_shared shared[CONSOLE_RING_COUNT];
    uint8_t output_data[OUTPUT_BYTES], input_data[INPUT_BYTES];
    struct ring_producer output;
    struct ring_consumer input;
    unsigned wakes;
};

extern struct world {
    _Alignas(4096) uint8_t down[CONTROL_DOWN_LINES + CONTROL_DOWN_LINE_MAX * 64];
    _Alignas(4096) uint8_t up[CONTROL_UP_LINES + CONTROL_UP_LINE_MAX * 64];
    struct ring_producer lines_down;
    struct ring_consumer lines_up;
    struct client client[CLIENT_COUNT];
    struct mux_kept kept;
    struct chip chip;
    struct console console;
    uint64_t now_ticks;
    unsigned root_wakes;
} world;

/* A new world: two clients are offered, and the service has attached both. */
void world_setup(void);
/* Runs the service until it has no more to do. */
void world_settle(void);
/* Lets the service sleep with every signal requested, as after a quiet while. */
void world_sleep(void);
/* All that the UART has sent, as a string. */
const char *world_shown(void);

/* Starts a life of the console, as the root server does: the `up` part is zeroed.  In the first
 * life the service resets nothing. */
void console_begin(bool is_first);

/* The client attaches to its rings, as a new process does. */
void client_attach(unsigned i);
/* The root server offers the client's connection, and the client attaches. */
void client_offer(unsigned i);
/* The root server's record of the connection, and the service's answer without the generation. */
struct control_connection *client_entry(unsigned i);
uint32_t client_answer(unsigned i);
/* Returns the number of bytes that the ring had room for. */
uint32_t client_writes(unsigned i, const char *text);
/* All that the client's input ring holds, as a string that is valid until the next call. */
const char *client_reads(unsigned i);

void person_types(const char *keys);
/* Types until neither the front client's ring nor the service has room for more. */
void person_fills_keyboard(void);

struct control_down *root_region(void);
void root_sends(struct control_line record);
/* Sends a line; `about` is 0 or the number of a client plus 1. */
void root_says(unsigned about, enum control_line_kind kind, const char *text);
/* Sets the state without the text that the protocol requires before it. */
void root_sets_level(unsigned client, uint32_t state);
/* Takes one record of the service: is it the answer to the flush `value`? */
bool root_is_answered(uint32_t value);

#endif
