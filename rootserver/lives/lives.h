/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lives of processes, and the connections between them: first start, restart and end.
 *
 * There is one `struct life` for each instance of a service and one for each guest's VMM.  Both
 * kinds go through the same states by the same code:
 *
 *     OWNER -> CONNECTIONS -> PROCESS -> SIDES -> ACCEPT -> RUNNING
 *                                ^                             | end
 *                                |                             v
 *                              WAIT <- CLEAR <- CLEAR_SIDES <- RESET
 *                                                 |
 *                    no restart: TAKE_BACK <------+        RESET -> STUCK: a device did not confirm
 *                                    |
 *                                  OVER
 *
 *   OWNER        makes what survives the process: the INSTANCE or GUEST part
 *   CONNECTIONS  makes the memory of the connections that the process uses
 *   PROCESS, SIDES  make the process and its side of these connections
 *   ACCEPT       before the first start: waits until each service has answered
 *   RESET        the process is stopped; its devices are reset
 *   TAKE_BACK    waits until the services have left the connections, and undoes all parts.  A
 *                service that does not leave counts as hung (proto/control.h): the wait ends
 *
 * The other side of a connection, the service's, is made while the service runs: at boot, after a
 * restart and at run time alike (connection.c).
 *
 * Nothing waits.  lives_step() does one small piece of work at a time, so that the caller looks at
 * messages between two pieces.
 */
#ifndef ROOTSERVER_LIVES_LIVES_H
#define ROOTSERVER_LIVES_LIVES_H

#include <stdbool.h>
#include <stdint.h>

#include <base/limits.h>
#include <rootserver/link/lines.h>
#include <rootserver/link/link.h>
#include <rootserver/lives/work.h>
#include <rootserver/plan/parts.h>
#include <rootserver/policy.h>

#define LIVES_RESET_MS     1000 /* a device confirms its reset within this time */
#define LIVES_SOURCE_BYTES 128

enum life_state {
    LIFE_NONE, /* the configuration has no such process */
    LIFE_OWNER,
    LIFE_CONNECTIONS,
    LIFE_PROCESS,
    LIFE_SIDES,
    LIFE_ACCEPT,
    LIFE_RUNNING,
    LIFE_RESET,
    LIFE_CLEAR_SIDES,
    LIFE_CLEAR,
    LIFE_WAIT,
    LIFE_TAKE_BACK,
    LIFE_OVER,
    LIFE_STUCK,
};

/* How a life ends. */
enum life_end {
    LIFE_END_FAULT,   /* a fault, an exit or a hang: counts against the restart policy */
    LIFE_END_ORDERED, /* killed by order: does not count */
    LIFE_END_OFF,     /* the guest powered itself off */
    LIFE_END_FAILED,  /* the guest cannot go on: no restart */
};

/* How the process ended for good. */
enum life_outcome {
    LIFE_OUTCOME_NONE,
    LIFE_OUTCOME_ENDED, /* powered off */
    LIFE_OUTCOME_DEAD,
};

struct life {
    enum life_state state;
    enum life_outcome outcome;     /* not NONE: no further restart */
    char name[PROCESS_NAME_BYTES]; /* of the process, in messages */
    const char *guest;             /* the guest's name; NULL for a service */
    struct policy_restart restart;
    struct policy_limiter limiter;
    struct link link;
    struct link_times times;
    bool has_owner; /* the part that survives the process is made */
    uint32_t restart_count;
    bool was_ordered; /* the last end was an ordered kill */
    uint64_t suspect;
    uint64_t at_ticks;    /* end of WAIT */
    struct policy_patience hold; /* on: an ordered end waits for a value that the process holds */
    uint64_t poll_ticks;  /* next look at a reset */
    uint64_t reset_ticks; /* until when the devices must confirm */
};

/* One connection; its number is that of the plan. */
struct life_connection {
    /* From the configuration. */
    unsigned service, client;        /* processes */
    unsigned served, used;           /* its index in the service's table, and in the client's */
    char source[LIVES_SOURCE_BYTES]; /* "left.toml:3" */

    bool is_made; /* its memory */
    bool is_bad;  /* making the memory failed; there may be something to undo.  `service` and
                     `served` may then be beyond what there is: the connection is never offered */
    bool is_half; /* its memory or the client's side is begun and not complete */
    bool has_client_side, has_service_side;
    bool has_region;   /* the client's memory is mapped for the service */
    bool is_side_made; /* the service's side is complete; the region or the offer is next */
    bool is_offered;   /* to the present life of the service */
    bool has_left;     /* no life of the service gets its memory any more: the service refused the
                        client, or has left after the client's end, or did not leave when told */
    enum control_used_state state;
};

struct lives {
    struct work *work;
    struct lines *lines;
    uint64_t hz;
    unsigned log; /* process that shows the lines; PLAN_PROCESSES_ALL for none */
    struct life life[PLAN_PROCESSES_ALL];
    unsigned connection_count;
    struct life_connection connection[PLAN_CONNECTIONS_MAX];
};

/* The caller has zeroed *lives, set `work`, `lines`, `hz`, `log`, the connections' first part, and
 * name, guest, restart, times and state OWNER of each process that the configuration has. */
void lives_begin(struct lives *lives);

/* Ends the present life of a running process.  Otherwise does nothing.  An ordered end comes later
 * if the process holds a value that is nowhere else. */
void lives_end(struct lives *lives, unsigned process, enum life_end end, uint64_t now);

/* Looks at all links; ends each process that hangs. */
void lives_look(struct lives *lives, uint64_t now);

/* Does one piece of work.  False: there is nothing to do now. */
bool lives_step(struct lives *lives, uint64_t now);

/* Ticks until which nothing is due, unless a message or a signal comes. */
uint64_t lives_deadline(const struct lives *lives);

/* The number of guests that go on; whether each guest powered itself off and each service is there;
 * prints again how each guest ended. */
unsigned lives_guests_running(const struct lives *lives);
bool lives_ended_well(const struct lives *lives);
void lives_ends_tell(struct lives *lives);

/* Is the instance that shows lines neither running nor given up? */
bool lives_log_is_away(const struct lives *lives);
/* How often that instance was started again or given up: the last lines are then said anew. */
uint32_t lives_log_restarts(const struct lives *lives);

/* The topic of lines about a guest's end: the log's served connection of that VMM + 1, or 0. */
unsigned lives_about(const struct lives *lives, unsigned process);

/* ---- between the files of this folder ----------------------------------------------- */

/* life.c: one piece of work. */
bool life_step(struct lives *lives, unsigned process, uint64_t now);
/* end.c: the process will not start again. */
void life_give_up(struct lives *lives, unsigned process, enum life_outcome outcome, uint64_t now);
/* connection.c: one piece of work on the service's side. */
bool connection_step(struct lives *lives, unsigned connection, uint64_t now);
/* Tells a running service when its table has each connection that there is. */
void connections_told(struct lives *lives, unsigned service);
/* The client sees the new state at once. */
void connection_state_set(struct lives *lives, unsigned connection, enum control_used_state state);
/* The service's life ended; or it is given up. */
void connection_service_ended(struct lives *lives, unsigned connection, bool is_final);
/* The client will not start again. */
void connection_client_ended(struct lives *lives, unsigned connection, uint64_t now);

#endif
