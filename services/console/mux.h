/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The multiplexer: one terminal, several clients, one of them in front.
 *
 *     client 0 --output--> scrollback 0 --+ front only
 *     client 1 --output--> scrollback 1   +--> filter --+
 *     Warren's own lines --> notices -----------> § ----+--> terminal
 *     terminal --keys--> escape key? --> type-ahead --> input of the front client
 *
 * Clients come and go (mux_client_add(), mux_client_remove()).  An ended client stays in the list
 * until another takes its number.
 *
 * Each client has a scrollback of the newest bytes that it wrote, and a position
 * up to which these have been shown.  From the client in front, the multiplexer
 * takes only as much output as it can show before that output is overwritten
 * (mux_room()).  From a client in the background it takes all output at once and
 * overwrites the oldest.  When a client comes to the front, the multiplexer shows
 * the output not yet shown, and the unfinished line before it.
 *
 * A notice (a line of Warren) waits until the front client's line ends, but not
 * for more than MUX_NOTICE_PATIENCE bytes, and not if the client has no further
 * output.  A notice begins with FILTER_MARK, which no client can print
 * (filter.h), and consists of printable ASCII.  Before a notice, and when another
 * client comes to the front, the multiplexer resets the terminal to its plain
 * state if a client may have changed that state.
 *
 * Kept memory.  What must survive a death of the service is in struct mux_kept: scrollbacks, which
 * bytes were shown, the client in front, and keys that were typed and not yet passed on.  A life
 * may end between any two stores, so each change is one store of an index after the bytes that the
 * index covers, and mux_init() and mux_client_add() check every index before use.  The next life
 * shows the line that was being shown again from the line's start.
 *
 * Keys.  The UART forgets a key when the key is read, so the driver stores the key into `latch` at
 * once, and holds meanwhile (proto/control.h, Holding).  The latch also names the state
 * (`typed_in`) in which the key came.  mux_key() handles the key by one store of `typed_in`; after
 * that the latch is emptied.  A next life that finds the key in the latch sees another state, and
 * does not handle the key twice.
 *
 * Pure: no clock, no memory besides these two structs, no side effects.
 */
#ifndef SERVICES_CONSOLE_MUX_H
#define SERVICES_CONSOLE_MUX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/limits.h>
#include <services/console/filter.h>

#define MUX_SCROLLBACK_BYTES 16384u /* a power of two */
#define MUX_UNSHOWN_MAX      4096u  /* of the front client */
#define MUX_LINE_MAX         256u   /* how far back an unfinished line is looked for */
#define MUX_NOTICE_BYTES     8192u  /* a power of two */
#define MUX_NOTICE_PATIENCE  512u
#define MUX_TYPED_BYTES      1024u /* a power of two */
#define MUX_ESCAPE           0x1d  /* Ctrl-] */
#define MUX_STAGE_BYTES      128u

#define MUX_KEPT_VERSION     2u

enum mux_state {
    MUX_NONE, /* there is no such client */
    MUX_RUNNING,
    MUX_ENDED,
    MUX_DEAD
};

struct mux_kept_client {
    char name[NAME_BYTES];    /* of the client whose output this is */
    uint64_t begin;           /* the first byte that the scrollback may hold */
    _Atomic uint64_t written; /* bytes written so far, counted like the client's ring */
    _Atomic uint64_t shown;   /* bytes before this are on the terminal */
    uint8_t scrollback[MUX_SCROLLBACK_BYTES];
};

struct mux_kept {
    _Atomic uint32_t version;   /* MUX_KEPT_VERSION; else the memory is new */
    _Atomic uint32_t front;     /* client */
    _Atomic uint32_t typed_in;  /* bits 30:0 count keys; bit 31: the last key was the escape key */
    _Atomic uint32_t latch;     /* 0, or the key in bits 7:0 under mux_latch_tag() */
    _Atomic uint64_t typed_out; /* position of the client's ring << 32 | keys passed on (mux.c) */
    uint8_t typed[MUX_TYPED_BYTES];
    struct mux_kept_client client[CLIENTS_MAX];
};

struct mux_client {
    uint8_t state;        /* enum mux_state */
    bool has_unshown_gap; /* bytes were overwritten that were never shown */
    uint64_t shown;       /* bytes before this are on the terminal, staged, or held by the filter */
    struct filter filter;
    struct mux_kept_client *kept;
};

struct mux {
    struct mux_kept *kept;
    unsigned front;  /* may be a client that does not exist */
    unsigned wanted; /* the client that was in front in the last life, until it is there */
    struct mux_client client[CLIENTS_MAX];

    uint32_t notice_in, notice_out; /* counts; they wrap */
    uint8_t notice[MUX_NOTICE_BYTES];
    bool notice_open;      /* the terminal shows the beginning of a notice */
    bool is_line_open;     /* the terminal's cursor is not at the beginning of a line */
    uint32_t notice_waits; /* bytes of the client shown since the notice came */

    uint8_t stage[MUX_STAGE_BYTES]; /* the bytes that go to the terminal next */
    unsigned stage_count, stage_taken;
    bool is_plain;     /* no client changed the terminal's state since it was reset */
    bool is_reset_due; /* the terminal's state is unknown, or another client changed it */
};

/* Begins without clients.  `kept`: what an earlier life left, or zeroes; nonsense is replaced. */
void mux_init(struct mux *mux, struct mux_kept *kept);

/*
 * Client `client` is there and runs.  The client comes to the front if no client is in front, or if
 * the client in front has ended and this client is new.  `taken`: how many bytes its ring has given
 * so far, modulo 2^32.  Returns the number of further bytes that the scrollback holds already,
 * because the last life ended before it dropped them from the ring.  `waiting`: bytes in the ring,
 * at least as many.
 */
uint32_t mux_client_add(struct mux *mux, unsigned client, const char name[NAME_BYTES],
                        uint32_t taken, uint32_t waiting);
/* All clients of the last life that are still there were added. */
void mux_clients_known(struct mux *mux);
/* The client is gone without an end; another comes to the front. */
void mux_client_remove(struct mux *mux, unsigned client);
const char *mux_client_name(const struct mux *mux, unsigned client);

/* The terminal's state is unknown, since another service wrote before: reset the terminal first. */
void mux_terminal_is_unknown(struct mux *mux);

/* How many bytes of `client`'s output may be given to mux_output() now. */
size_t mux_room(const struct mux *mux, unsigned client);
void mux_output(struct mux *mux, unsigned client, const uint8_t *bytes, size_t count);

/* mux_written(): how many bytes `client` has written so far.  mux_has_placed(): true if the first
 * `bytes` of them are on the terminal or, when the client is not in front, in its scrollback. */
uint64_t mux_written(const struct mux *mux, unsigned client);
bool mux_has_placed(const struct mux *mux, unsigned client, uint64_t bytes);

/* Adds text of Warren: lines of printable ASCII that end with \n; shows any other byte as ?.  Drops
 * text that does not fit, whole. */
void mux_notice(struct mux *mux, const char *text, size_t bytes);
size_t mux_notice_room(const struct mux *mux);

/* The driver stores a typed key as mux_latch_tag() | key into *mux_latch().  mux_latched() gives
 * the key that is there; false if no key is there or an earlier life handled the key.  mux_key()
 * handles the key, and then mux_latch_clear() empties the latch.  When mux_typed_room() is 0, a key
 * for the client is dropped. */
_Atomic uint32_t *mux_latch(struct mux *mux);
uint32_t mux_latch_tag(const struct mux *mux);
bool mux_latched(struct mux *mux, uint8_t *key);
void mux_latch_clear(struct mux *mux);
void mux_key(struct mux *mux, uint8_t key);
size_t mux_typed_room(const struct mux *mux);
/* Keys for the client in front. mux_typed_peek() copies up to `most` keys; mux_typed_drop() removes
 * the keys that the client took.  `position`: of the client's ring, after these keys.  Before
 * keys are written into the ring, mux_typed_drop() of no key stores the ring's position.
 * mux_typed_sync(), once in a life, for the client that was in front: removes the keys that the
 * last life wrote into the ring and did not remove. */
size_t mux_typed_peek(const struct mux *mux, uint8_t *to, size_t most);
void mux_typed_drop(struct mux *mux, size_t count, uint32_t position);
void mux_typed_sync(struct mux *mux, uint32_t position);

/* How many bytes of a client's output are not shown yet. */
static inline uint64_t mux_unshown(const struct mux_client *c)
{
    return atomic_load_explicit(&c->kept->written, memory_order_relaxed) - c->shown;
}

/* Gets the next bytes for the terminal, up to `most`; 0 when there is nothing to show. */
size_t mux_transmit(struct mux *mux, uint8_t *to, size_t most);
/* All bytes of mux_transmit() have left for the terminal. */
void mux_transmitted(struct mux *mux);
bool mux_has_output(const struct mux *mux);

/* Brings a client to the front and adds a notice that says so.  Ignores a number without client. */
void mux_switch(struct mux *mux, unsigned client);
/* Sets a client's state.  If the client in front ends, the next running one comes to the front. */
void mux_set_state(struct mux *mux, unsigned client, enum mux_state state);

#endif
