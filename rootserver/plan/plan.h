/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From what there is (bootinfo, archive, machine, configuration) to a list of
 * actions that starts everything.  Pure: it reads the archive and writes the
 * plan, and calls nobody.
 *
 * Memory.  Each process's objects come out of one Untyped of its own, each
 * guest's (vCPU, GSpace, arena, state page) out of another, its RAM out of as
 * few more as possible: revoking them frees all there was.  What a process
 * shares with the console service belongs to the root server.
 *
 * Capabilities.  A process's CNode holds what its role needs and no more; the
 * capabilities of the frames that are mapped for it are kept in a second CNode,
 * its store, which no process can reach.
 */
#ifndef ROOTSERVER_PLAN_PLAN_H
#define ROOTSERVER_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/err.h>
#include <elf/elf.h>
#include <proto/process_start.h>
#include <rootserver/parse/machine.h>
#include <rootserver/parse/problem.h>
#include <rootserver/parse/system.h>
#include <rootserver/plan/action.h>
#include <rootserver/plan/archive.h>
#include <rootserver/plan/layout.h>
#include <rootserver/plan/memory.h>
#include <rt/bootinfo.h>

#define PLAN_ACTIONS_MOST     4096
#define PLAN_PROCESSES_MOST   (SYSTEM_GUESTS_MOST + 1)
#define PLAN_UNTYPED_MOST     32 /* of one process or guest */
#define PLAN_SCRATCH          256
#define PLAN_ROOT_SLOTS       256 /* a page of each device can cost two slots a halving */

/*
 * Priorities of threads; the root server's is above them.  Services stand beside the VMMs, not
 * above: threads do not have budgets yet, and above them a VMM that keeps a service busy would get
 * the service's time on top of its own, at the cost of the other guests.
 */
#define PLAN_PRIORITY_SERVICE 20
#define PLAN_PRIORITY_VMM     20

enum plan_role {
    PLAN_ROLE_CONSOLE,
    PLAN_ROLE_VMM
};

struct plan_process {
    char name[PROCESS_NAME_BYTES];
    uint8_t role;   /* enum plan_role */
    unsigned guest; /* index, for a VMM */
    uint64_t badge; /* of its reports and faults: index of the process + 1 */
    unsigned first_action, action_count;

    uint32_t thread, wake, vspace, cnode, store, fault; /* slots */
    uint32_t vcpu;                                      /* of its guest; 0 for none */
    uint32_t store_used;
    uint32_t untyped[PLAN_UNTYPED_MOST]; /* revoke these, and nothing is left */
    unsigned untyped_count;

    /* For its start record. */
    uint64_t kernel_address, kernel_bytes, initrd_address, initrd_bytes;
    uint64_t ram_address, ram_bytes;
    uint32_t satp_mode; /* of its guest: the largest MODE of satp to name in the device tree */
};

struct plan_guest {
    bool is_planned;
    uint16_t process;
    struct problem problem; /* why not */
    struct problem note;    /* what it does not get though it asks for it; else empty */
};

struct plan {
    unsigned action_count;
    struct plan_action action[PLAN_ACTIONS_MOST];
    unsigned process_count;
    struct plan_process process[PLAN_PROCESSES_MOST];
    struct plan_guest guest[SYSTEM_GUESTS_MOST];

    struct memory memory;
    uint32_t next_slot;            /* first root slot that is free */
    uint32_t scratch_a, scratch_b; /* PLAN_SCRATCH slots each, empty between actions' groups */

    /* The root server's own. */
    uint32_t endpoint;            /* reports and faults come here */
    uint32_t notification;        /* bound to the root server's thread */
    uint32_t clock_thread;        /* the root server's second, see clock.h */
    uint32_t clock_bell;          /* Notification that it waits for */
    uint32_t finisher, rtc, uart; /* Frames of device pages; 0 for none */
    bool has_console;
    uint16_t console; /* process */
    struct problem console_problem;
    uint32_t console_bell; /* Notification, WRITE, badge CONSOLE_BIT_CONTROL: the console's wake */
    uint32_t control;      /* CONSOLE_CONTROL_BYTES of Frames */
    uint32_t region[SYSTEM_GUESTS_MOST]; /* CONSOLE_REGION_BYTES of Frames; 0 for none */
    bool has_trace;
    struct problem trace_problem;      /* why not, when one is asked for */
    uint32_t trace_index, trace_frame; /* the index's Frame, the first of the ring's */
};

struct plan_input {
    const struct bootinfo *boot;
    const uint64_t *used; /* bytes taken of each Untyped of bootinfo; NULL when none is */
    const struct machine_config *machine;
    const struct system_config *system;
    const uint8_t *archive;
    size_t archive_bytes;
    const struct archive_map *archive_map; /* behind the PLAN_ROOT_SLOTS first empty slots */
};

/*
 * Plans what the root server needs for itself: so that it can end the machine
 * whatever is found in the archive, this looks at bootinfo and at the machine
 * only, and takes PLAN_ROOT_SLOTS slots at the most.
 *   ERR_NO_MEMORY  not even that fits; *problem says so
 */
MUST_CHECK plan_root(const struct plan_input *in, struct plan *out, struct problem *problem);

/*
 * Plans all the rest, behind what plan_root() put into `plan`.  A guest or service
 * that cannot be started is left out, and its problem says why; the rest is planned.
 *   ERR_NO_MEMORY  not even what the guests share with the console fits; *problem says so
 */
MUST_CHECK plan_make(const struct plan_input *in, struct plan *plan, struct problem *problem);

/* Start addresses of what `process` shares with the console service. */
static inline uint64_t plan_region_address(unsigned guest)
{
    return LAYOUT_REGIONS + guest * LAYOUT_REGION_STEP;
}

/*
 * One line for each capability in the CNode of `process`, in ascending order of
 * slots: "slot type rights badge".  Calls `line` for each.
 */
void plan_list_caps(const struct plan *plan, uint16_t process,
                    void (*line)(void *context, const char *text), void *context);

/*
 * One line for each range of addresses that `process`, and then its guest, can
 * reach, in ascending order: "process|guest first to end rights".
 */
void plan_list_maps(const struct plan *plan, uint16_t process,
                    void (*line)(void *context, const char *text), void *context);

#endif
