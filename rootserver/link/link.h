/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The root server's side of one control region (proto/control.h): one link for each instance of a
 * service and for each guest's VMM.
 *
 * A link outlives the lives of its process.  link_up() begins a life, link_down() ends it.  The
 * link judges the process: when the process hangs, `fault` gives the reason, and the caller must
 * end the process.  link_look() does all of that; the caller calls link_look() at the time of
 * link_deadline() and after each signal, and may call it at any other time.
 *
 * The process's part of the region is hostile: the link reads each word once, and no word can harm
 * the root server.
 */
#ifndef ROOTSERVER_LINK_LINK_H
#define ROOTSERVER_LINK_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include <base/attr.h>
#include <proto/control.h>
#include <rootserver/policy.h>

struct link_place {
    void *down, *up; /* the region's parts, mapped in the root server */
    uint32_t connection_most;
    bool has_lines;
    uint32_t bell; /* slot: Notification, WRITE, badge bit 0: the process's wake */
};

struct link_times {
    uint64_t ping_ticks;     /* the process answers each ping within this time */
    uint64_t progress_ticks; /* and makes progress within this time; 0: is not judged */
};

/* After the client's end, the service has this many ping times to finish what is in the rings. Then
 * the state becomes LEAVING. */
#define LINK_LEAVE_PINGS 30

/* One entry of the served table. */
struct link_entry {
    uint32_t generation;
    uint32_t state; /* enum control_connection_state */
    struct policy_patience answer;
};

struct link {
    struct link_place place;
    struct link_times times;
    bool is_up;
    bool is_table_whole;
    const char *fault; /* why the process counts as hung: "does not ..."; or NULL */

    uint32_t ping;
    uint64_t ping_at; /* ticks of the next ping; POLICY_NEVER while a ping is not answered */
    struct policy_patience pong, progress;
    uint32_t progress_seen;
    uint32_t used_state[CONTROL_USED_MAX]; /* the link's own copy */
    struct link_entry entry[CONTROL_CONNECTIONS_MAX];
};

void link_init(struct link *link, const struct link_place *place, const struct link_times *times);

/*
 * Begins a life, before the process runs: zeroes the up part, and writes the down part with an
 * empty table and the used states.  `fault_count` and `suspect`: see proto/control.h, Poison.
 */
void link_up(struct link *link, unsigned fault_count, uint64_t suspect, uint64_t now);
void link_down(struct link *link);

/* Stores an entry with a new generation.  `state` is one of OFFERED, CLIENT_ENDED, CLIENT_DEAD.
 * The entry's own state word is not used. */
void link_entry_offer(struct link *link, unsigned index, const struct control_connection *entry,
                      enum control_connection_state state, uint64_t now);
/* The table has each connection of the former life.  Call once in a life. */
void link_table_whole(struct link *link);
/* Changes the state of an entry that is not NONE; the generation stays. */
void link_entry_state(struct link *link, unsigned index, enum control_connection_state state,
                      uint64_t now);
/* Was the process told to leave the connection, in this life or in the one that ended last? */
bool link_entry_is_leaving(const struct link *link, unsigned index);
/* The memory of the connection was taken back: its addresses are 0 from now on; the rest stays. */
void link_entry_strip(struct link *link, unsigned index);

/* The process's answer to the entry's present generation; NONE: it has not answered.  `reason`
 * gets the text of REFUSED, printable and with a zero byte. */
enum control_answer_state link_answer(const struct link *link, unsigned index,
                                      char reason[CONTROL_REASON_BYTES]);

/* Sets the state of a connection that the process uses, for this life and each later one. */
void link_used(struct link *link, unsigned index, enum control_used_state state);

/* Does the process hold a value that exists nowhere else (proto/control.h, Holding)? */
bool link_holds(const struct link *link);

/* What the process was working on (`doing`); read after its death, before link_up(). */
uint64_t link_doing(const struct link *link);

void link_look(struct link *link, uint64_t now);
/* Ticks; POLICY_NEVER while the link is down. */
uint64_t link_deadline(const struct link *link);

#endif
