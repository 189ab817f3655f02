/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control region: what the root server shares with each service and each VMM.
 *
 * The region has two parts, each of them whole pages.
 *
 *   down part: the process may only read; the root server writes
 *     0x0000  struct control_down
 *     0x1000  struct control_connection [64]   a service with clients: CONTROL_DOWN_TABLE
 *     0x9000  struct control_line [512]        the log's instance: CONTROL_DOWN_LINES
 *   up part: the process reads and writes; the root server treats the contents as hostile
 *     0x0000  struct control_up
 *     0x1000  struct control_answer [64]       a service with clients: CONTROL_UP_ANSWERS
 *     0x2000  struct control_line [64]         the log's instance: CONTROL_UP_LINES
 *
 * The start record has the parts as CONTROL_ENTRY_DOWN and CONTROL_ENTRY_UP, and the root server's
 * Notification (WRITE) as CONTROL_ENTRY_ROOT.  The process signals that Notification after each
 * change of the up part that the root server should see, except `progress`, `busy` and `waits_for`.
 *
 * Levels.  Everything outside the rings of lines is state, not a message: the newest value counts,
 * nothing can be lost, and a new life of a process reads all of it again.  The root server keeps
 * its own copy and never reads the down part back.  It changes the down part, stores the word that
 * announces the change (release), and then signals bit 0 of the process's wake Notification.  After
 * each wait that returned bit 0 the process looks at `ping`, at each used_state and at each
 * connection's state, whichever changed.  The signal stays in the Notification until the process
 * waits, so a change between the look and the wait ends that wait.
 *
 * Death.  A process may die at any instruction.  The region outlives the process.  Before the next
 * life, the root server zeroes the up part (a hostile process may have written anything) and writes
 * the whole down part again.  If the root server dies, the machine ends.
 *
 * Holding.  The read of some device registers takes the value out of the device, so for a few
 * instructions only the process has the value.  The process stores 1 into `holds` before that read
 * and 0 after the store of the value.  The root server ends a process by order only while `holds`
 * is 0, but waits for CONTROL_HOLD_MS at most.
 *
 * Connections that a service serves.  The root server changes the fields of an entry only while the
 * state is NONE or after the answer LEFT.
 *
 *     root server                        service
 *     entry, state OFFERED with a new
 *     generation                   --->  attaches to the rings;
 *                                  <---  answer ACCEPTED; or REFUSED and the reason: the service
 *                                        needs no memory of the connection
 *     the client powered itself off, or
 *     is dead: CLIENT_ENDED, CLIENT_DEAD,
 *     same generation              --->  works off what is in the rings;
 *                                  <---  answer LEFT: needs no memory of the connection any more
 *     no LEFT in time: LEAVING,
 *     same generation              --->  drops its handles at once;
 *                                  <---  answer LEFT
 *     takes the memory back: ring and region addresses are 0 from now on
 *
 * An answer holds the generation of the state that it answers, so an answer to a former offer is
 * no answer.  The root server makes the connections of a former life again while the new life
 * runs, one by one, and stores `is_table_whole` when the table has the last of them: until then the
 * service takes no missing client for gone.
 *
 * A service in a new life finds OFFERED, CLIENT_ENDED or CLIENT_DEAD and attaches and
 * answers as if for the first time; if ring[0].shared_address is 0, the memory was taken back
 * already and the answer is LEFT.  A client's restart is not seen here: the client's rings tell
 * (ring/ring.h).
 *
 * A region that is mapped is taken back at the client's end, before any answer: an access to it is
 * an error from then on (rt/rt_access.h), and in a new life the entry has no such region.  LEFT
 * also says that no device accesses a region for DMA any more.
 *
 * A service that has not answered OFFERED within its ping time hangs.  After the client's end it
 * has 30 ping times for LEFT; then comes LEAVING.  A service that has not answered LEAVING within
 * its ping time, or its progress time if that is longer, hangs, and its next life finds the entry
 * without addresses.
 *
 * Connections that a process uses (a VMM, or a service with needs): used_state[i] says whether the
 * service is there.  AWAY: the service is down and will be started again; requests in the rings
 * wait for the next life.  REFUSED, RETIRED: the process goes on without that service for good, and
 * answers what was requested with errors.  So a refused connection is not offered to a later life
 * of the service: that life would carry requests out whose errors were seen.  Every life of the
 * process finds the connection in its start record, whatever the state.
 *
 * Hanging.  The root server stores a new number into `ping` and signals bit 0; the process's event
 * loop copies the number to `pong` and signals.  An unanswered ping is found within the policy's
 * time.  A process whose `waits_for` names a used connection that is AWAY is not judged.  A service
 * with `progress-ms` hangs too when `busy` is not 0 and `progress` did not change in that time.
 * The root server looks ten times in that time at most, so after a stop of the whole machine the
 * process still gets its time.
 *
 * Poison.  `fault_count` is the number of deaths in the restart policy's time that were faults,
 * exits or hangs; deaths that a test ordered do not count.  From CONTROL_FAULTS_CAREFUL on, the
 * service works on one request at a time and first stores a name for the request in `doing`.  If
 * the service dies of a fault, the root server hands the last `doing` to the next life as
 * `suspect`.  From CONTROL_FAULTS_POISON on, the service answers the request that `suspect` names
 * with an error and does not work on it.  0 names no request.
 *
 * Lines.  The instance whose manifest says `log = true` shows the root server's lines.  The root
 * server writes a line as one or more TEXT or LOG records, the last of which ends with '\n', and
 * publishes them together: a line is in the ring as a whole or not at all.  The service takes
 * records out of the ring at once, and shows the lines in their order.  If the terminal takes no
 * bytes and the service has no more memory for lines, the service drops LOG lines first.
 *
 * Last output.  A client's output and the lines about the client's end reach the service through
 * different rings.  A line whose `about` names a connection is shown after all output that was in
 * the connection's ring when the service took the line's last record.  Lines about a client that
 * goes on have `about` 0.  A VMM publishes output before it reports, and the root server writes the
 * line after the report, so all output of the guest is shown first.  At most one ring of output is
 * shown before a line, however much the client writes.  A ring with an impossible index delays no
 * line.
 *
 * Lines and levels.
 *
 *     root server                             service, after each wait
 *     1. publishes the lines about            a. reads a connection's state (acquire)
 *        the change                           b. reads the ring of lines down to its end
 *     2. stores the state (release)           c. acts on the state after it has shown
 *     3. signals bit 0                           or dropped the lines of b
 *
 * so a service that sees the new state also finds the lines about the change.
 *
 * A hanging or hostile log.  The service must empty the ring of lines at once, even if the terminal
 * takes no bytes, and answer a flush as soon as the terminal has taken everything before the flush.
 * The service counts as hung when an index of a ring is impossible; when records in the ring are
 * not taken in its ping time; or when a flush is not answered while `progress` did not change for
 * its ping time, or after ten times the ping time.  When the service is dead, the root server
 * writes the lines that were not taken to the kernel's log, from its own copy, and destroys the
 * process.  A line that was taken in part is written from its begin.
 */
#ifndef PROTO_CONTROL_H
#define PROTO_CONTROL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <base/limits.h>
#include <ring/ring.h>

#define CONTROL_VERSION         1
#define CONTROL_CONNECTIONS_MAX 64 /* that one service serves */
#define CONTROL_USED_MAX        16 /* that one process uses */
#define CONTROL_RINGS_MAX       4  /* of one connection */
#define CONTROL_REGIONS_MAX     4
#define CONTROL_OPTION_BYTES    256
#define CONTROL_REASON_BYTES    60 /* with its zero byte */
#define CONTROL_LINE_TEXT_BYTES 56

/* Names in the start record. */
#define CONTROL_ENTRY_DOWN      "control.down" /* MEMORY */
#define CONTROL_ENTRY_UP        "control.up"   /* MEMORY */
#define CONTROL_ENTRY_ROOT      "control.root" /* SLOT */

#define CONTROL_DOWN_TABLE      0x1000
#define CONTROL_DOWN_LINES      0x9000
#define CONTROL_DOWN_LINE_MAX   512
#define CONTROL_UP_ANSWERS      0x1000
#define CONTROL_UP_LINES        0x2000
#define CONTROL_UP_LINE_MAX     64

#define CONTROL_HOLD_MS         20

#define CONTROL_FAULTS_CAREFUL  2
#define CONTROL_FAULTS_POISON   3

/* A state word is generation << 8 | one of these. */
#define CONTROL_STATE_BITS      8
#define CONTROL_STATE_MASK      UINT32_C(0xff)

enum control_connection_state {
    CONTROL_CONNECTION_NONE = 0,
    CONTROL_CONNECTION_OFFERED = 1,
    CONTROL_CONNECTION_CLIENT_ENDED = 2, /* the client powered itself off */
    CONTROL_CONNECTION_CLIENT_DEAD = 3,  /* the client failed, or never started */
    CONTROL_CONNECTION_LEAVING = 4,
};

enum control_answer_state {
    CONTROL_ANSWER_NONE = 0,
    CONTROL_ANSWER_ACCEPTED = 1,
    CONTROL_ANSWER_REFUSED = 2, /* `reason` says why */
    CONTROL_ANSWER_LEFT = 3,
};

enum control_used_state {
    CONTROL_USED_NONE = 0, /* the process has no such connection */
    CONTROL_USED_UP = 1,
    CONTROL_USED_AWAY = 2,    /* the service is down and will be back */
    CONTROL_USED_REFUSED = 3, /* the service refused the connection: for good */
    CONTROL_USED_RETIRED = 4, /* the service will not come back */
};

struct control_down {
    uint32_t version;         /* CONTROL_VERSION */
    uint32_t connection_most; /* entries of the table; 0: a process without clients */
    uint32_t fault_count;     /* see Poison */
    _Atomic uint32_t is_table_whole; /* 1: the table has each connection of the former life */
    uint64_t suspect;                /* see Poison */
    _Atomic uint32_t ping;
    uint32_t has_lines;                            /* not 0: the log's instance */
    _Atomic uint32_t used_state[CONTROL_USED_MAX]; /* enum control_used_state */
};

/* A ring of the connection, in the order of the manifest.  Addresses are the service's own. */
struct control_ring {
    uint64_t shared_address; /* struct ring_shared; 0: no such ring */
    uint64_t data_address;
    uint32_t record_bytes;
    uint32_t record_count;
};

/* Memory of the client that the service may access. */
struct control_region {
    uint64_t address; /* the service's own; 0: no such region */
    uint64_t bytes;
    uint64_t client_offset; /* the client's number of the first byte: a guest's physical address */
};

struct control_connection {
    _Atomic uint32_t state; /* generation << 8 | enum control_connection_state */
    uint32_t wake_slot;     /* Notification, WRITE: signals the client of this connection */
    uint32_t info_bytes;
    uint8_t bit; /* number of the bit that the client sets in the service's wake Notification */
    uint8_t ring_count;
    uint8_t region_count;
    uint8_t reserved;
    uint64_t info_address; /* a page that the client may read; 0 for none */
    uint64_t badge;        /* of the client's calls; 0: the protocol has no calls */
    struct control_ring ring[CONTROL_RINGS_MAX];
    struct control_region region[CONTROL_REGIONS_MAX];
    char client[NAME_BYTES];
    uint8_t option[CONTROL_OPTION_BYTES]; /* packed in the manifest's order */
};

struct control_answer {
    _Atomic uint32_t state; /* generation << 8 | enum control_answer_state */
    char reason[CONTROL_REASON_BYTES];
};

struct control_up {
    _Atomic uint32_t pong;
    _Atomic uint32_t progress;  /* changes as work completes; a log: bytes that were shown */
    _Atomic uint32_t busy;      /* requests in flight */
    _Atomic uint32_t waits_for; /* 1 + the used connection that the process waits for; 0: none */
    _Atomic uint64_t doing;     /* see Poison */
    _Atomic uint32_t holds;     /* see Holding */
    uint32_t reserved[25];
    struct ring_shared lines_down; /* of CONTROL_DOWN_LINES: root server -> log */
    struct ring_shared lines_up;   /* of CONTROL_UP_LINES: log -> root server */
};

enum control_line_kind {
    CONTROL_LINE_TEXT = 1,    /* down: `text`, a piece of a line of the root server's own */
    CONTROL_LINE_LOG = 2,     /* down: the same, of a line written for a process */
    CONTROL_LINE_FLUSH = 3,   /* down: send FLUSHED with the same `value` once the terminal has
                                 taken everything before */
    CONTROL_LINE_FLUSHED = 4, /* up */
};

struct control_line {
    uint8_t kind;   /* enum control_line_kind */
    uint8_t about;  /* of a line: served connection + 1, or 0 */
    uint8_t length; /* bytes of text */
    uint8_t reserved;
    uint32_t value;
    char text[CONTROL_LINE_TEXT_BYTES];
};

_Static_assert(sizeof(struct control_line) == 64, "record layout");
_Static_assert(sizeof(struct control_answer) == 64, "answer layout");
_Static_assert(sizeof(struct control_connection) == 512, "connection layout");
_Static_assert(sizeof(struct control_down) == 96, "down part layout");
_Static_assert(sizeof(struct control_up) == 128 + 2 * 128, "up part layout");
_Static_assert(CONTROL_DOWN_TABLE + CONTROL_CONNECTIONS_MAX * 512 == CONTROL_DOWN_LINES,
               "down part layout");
_Static_assert(CONTROL_UP_ANSWERS + CONTROL_CONNECTIONS_MAX * 64 == CONTROL_UP_LINES,
               "up part layout");

/* The size of each part, in whole pages. */
static inline uint32_t control_down_bytes(uint32_t connection_most, bool has_lines)
{
    if (has_lines)
        return CONTROL_DOWN_LINES + CONTROL_DOWN_LINE_MAX * 64;
    return connection_most > 0 ? CONTROL_DOWN_LINES : CONTROL_DOWN_TABLE;
}

static inline uint32_t control_up_bytes(uint32_t connection_most, bool has_lines)
{
    if (has_lines)
        return CONTROL_UP_LINES + CONTROL_UP_LINE_MAX * 64;
    return connection_most > 0 ? CONTROL_UP_LINES : CONTROL_UP_ANSWERS;
}

/* Removes what names the connection's memory; the client's name and options stay. */
static inline void control_connection_strip(struct control_connection *c)
{
    for (unsigned i = 0; i < CONTROL_RINGS_MAX; i++)
        c->ring[i] = (struct control_ring){0};
    for (unsigned i = 0; i < CONTROL_REGIONS_MAX; i++)
        c->region[i] = (struct control_region){0};
    c->info_address = 0;
    c->info_bytes = 0;
    c->wake_slot = 0;
}

static inline uint32_t control_state(uint32_t generation, uint32_t state)
{
    return generation << CONTROL_STATE_BITS | state;
}

#endif
