/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plan in parts.  A part is made and unmade as a whole, and has memory, root slots and a list of
 * actions of its own.
 *
 *   part        holds                                                survives
 *   ROOT        the root server's own objects                        everything
 *   INSTANCE    of a service: control region, kept memory, wake      the service's death
 *               Notification, Endpoint, device Frames, Irqs
 *   GUEST       RAM, GSpace, VCpus, arena, state pages, control      its VMM's death
 *               region and wake Notification of its VMM
 *   CONNECTION  Frames of rings and info page                        the death of either side
 *   PROCESS     one life of a program: VSpace, CNode, store,         nothing
 *               program, stacks, heap, Threads, start record
 *   SIDE        what one side of a connection gets; it lives and     nothing
 *               dies with the PROCESS of that side
 *   REGION      the client's memory that is mapped for the service   nothing
 *               of a connection; it is taken back at the client's
 *               end, before the service has left its SIDE.  Without
 *               actions if the recipe maps no memory
 *
 * Numbers.  Processes have fixed numbers: those of the services' instances, then those of the
 * guests' VMMs.  A process's badge (reports, faults) is its number + 1.  Parts have fixed numbers
 * too (plan_part_...).
 *
 * Life of a part.  plan_...() adds the part to the plan, or changes nothing and says why.
 * exec_part() carries it out.  exec_clear() unmakes the part's objects and keeps its plan, so that
 * exec_part() can make them again: a restart.  exec_undo() unmakes the objects and takes the part
 * out of the plan: its memory and slots can be planned again.
 *
 * Order of a start:  INSTANCE or GUEST, CONNECTIONs, PROCESS, SIDEs of the process,
 * exec_process_resume().  A SIDE or REGION can be added while the process runs.
 * Order of an end:   exec_process_stop(), reset of its devices, REGIONs, SIDEs, PROCESS, and then,
 * if it does not start again, CONNECTIONs, INSTANCE or GUEST.
 * A part can only be planned when the parts that it uses are planned, and only be cleared or undone
 * when no part that uses it is made: *problem or ERR_STATE says so.
 */
#ifndef ROOTSERVER_PLAN_PARTS_H
#define ROOTSERVER_PLAN_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include <base/err.h>
#include <rootserver/parse/problem.h>

#define PLAN_GUESTS_MAX      16
#define PLAN_INSTANCES_MAX   16
#define PLAN_CONNECTIONS_MAX 128
#define PLAN_PROCESSES_ALL   (PLAN_INSTANCES_MAX + PLAN_GUESTS_MAX)

enum plan_side_kind {
    PLAN_SIDE_CLIENT = 0,
    PLAN_SIDE_SERVICE = 1,
};

/* Numbers of parts. */
#define PLAN_PART_ROOT_NUMBER 0u
#define PLAN_PART_INSTANCES   1u
#define PLAN_PART_GUESTS      (PLAN_PART_INSTANCES + PLAN_INSTANCES_MAX)
#define PLAN_PART_CONNECTIONS (PLAN_PART_GUESTS + PLAN_GUESTS_MAX)
#define PLAN_PART_PROCESSES   (PLAN_PART_CONNECTIONS + PLAN_CONNECTIONS_MAX)
#define PLAN_PART_SIDES       (PLAN_PART_PROCESSES + PLAN_PROCESSES_ALL)
#define PLAN_PART_REGIONS     (PLAN_PART_SIDES + 2u * PLAN_CONNECTIONS_MAX)
#define PLAN_PARTS            (PLAN_PART_REGIONS + PLAN_CONNECTIONS_MAX)

static inline unsigned plan_part_instance(unsigned instance)
{
    return PLAN_PART_INSTANCES + instance;
}

static inline unsigned plan_part_guest(unsigned guest)
{
    return PLAN_PART_GUESTS + guest;
}

static inline unsigned plan_part_connection(unsigned connection)
{
    return PLAN_PART_CONNECTIONS + connection;
}

static inline unsigned plan_part_process(unsigned process)
{
    return PLAN_PART_PROCESSES + process;
}

static inline unsigned plan_part_side(unsigned connection, enum plan_side_kind side)
{
    return PLAN_PART_SIDES + 2 * connection + (unsigned)side;
}

static inline unsigned plan_part_region(unsigned connection)
{
    return PLAN_PART_REGIONS + connection;
}

static inline bool plan_part_is_side(unsigned part)
{
    return part >= PLAN_PART_SIDES && part < PLAN_PART_REGIONS;
}

/* Numbers of processes. */
static inline unsigned plan_process_of_instance(unsigned instance)
{
    return instance;
}

static inline unsigned plan_process_of_guest(unsigned guest)
{
    return PLAN_INSTANCES_MAX + guest;
}

static inline bool plan_process_is_vmm(unsigned process)
{
    return process >= PLAN_INSTANCES_MAX;
}

/* Index of the instance, or of the guest. */
static inline unsigned plan_process_owner(unsigned process)
{
    return plan_process_is_vmm(process) ? process - PLAN_INSTANCES_MAX : process;
}

enum plan_part_state {
    PLAN_PART_NONE,    /* not in the plan */
    PLAN_PART_PLANNED, /* no object made, or all of them unmade again */
    PLAN_PART_MAKING,  /* exec_part() has begun, or failed */
    PLAN_PART_MADE,
    PLAN_PART_CLEARING, /* exec_clear() or exec_undo() has begun */
};

struct plan_part {
    uint8_t state; /* enum plan_part_state; exec_...() moves it */
    unsigned first_action, action_count;
    unsigned done; /* actions carried out, or parts of the clearing */
};

#endif
