/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns bootinfo, archive, machine and configuration into a list of actions that
 * starts everything.  Pure: reads the archive, writes the plan, makes no kernel
 * calls.
 *
 * Memory.  Each process's objects are made from one Untyped of the process, each
 * guest's objects (vCPU, GSpace, arena, state page) from another, and the guest's
 * RAM from as few further Untypeds as possible.  Revoking these Untypeds frees
 * everything.  Memory shared with the console service belongs to the root server.
 *
 * Capabilities.  A process's CNode holds only the capabilities that its role
 * needs.  The capabilities of frames mapped for the process are in a second
 * CNode, its store, which no process can access.
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

#define PLAN_ACTIONS_MAX      4096
#define PLAN_PROCESSES_MAX    (GUESTS_MAX + 1)
#define PLAN_UNTYPED_MAX      32 /* of one process or guest */
#define PLAN_SCRATCH          256
#define PLAN_ROOT_SLOTS       256 /* a device's page takes two slots for each halving */

/*
 * Priorities of threads; the root server's is higher.  Services have the same priority as VMMs,
 * because threads do not have budgets yet: with a higher one, a VMM that keeps a service busy would
 * get the service's time in addition to its own, at the cost of the other guests.
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
    uint32_t untyped[PLAN_UNTYPED_MAX]; /* revoking these destroys process and guest */
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
    struct problem note;    /* what the guest asked for and does not get; else empty */
};

struct plan {
    unsigned action_count;
    struct plan_action action[PLAN_ACTIONS_MAX];
    unsigned process_count;
    struct plan_process process[PLAN_PROCESSES_MAX];
    struct plan_guest guest[GUESTS_MAX];

    struct memory memory;
    uint32_t next_slot;            /* first root slot that is free */
    uint32_t scratch_a, scratch_b; /* PLAN_SCRATCH slots each, empty between groups of actions */

    /* The root server's own. */
    uint32_t endpoint;            /* reports and faults come here */
    uint32_t notification;        /* bound to the root server's thread */
    uint32_t clock_thread;        /* the root server's second thread (clock.h) */
    uint32_t clock_bell;          /* Notification that clock_thread waits for */
    uint32_t finisher, rtc, uart; /* Frames of device pages; 0 for none */
    bool has_console;
    uint16_t console; /* process */
    struct problem console_problem;
    uint32_t console_bell; /* Notification, WRITE, badge CONSOLE_BIT_CONTROL: the console's wake */
    uint32_t control;      /* CONSOLE_CONTROL_BYTES of Frames */
    uint32_t region[GUESTS_MAX]; /* CONSOLE_REGION_BYTES of Frames; 0 for none */
    bool has_trace;
    struct problem trace_problem;      /* why there is no trace though one was asked for */
    uint32_t trace_index, trace_frame; /* the index's Frame; the first Frame of the ring */
};

struct plan_input {
    const struct bootinfo *boot;
    const uint64_t *used; /* used bytes of each Untyped of bootinfo; NULL: all are unused */
    const struct machine_config *machine;
    const struct system_config *system;
    const uint8_t *archive;
    size_t archive_bytes;
    const struct archive_map *archive_map; /* its slots follow PLAN_ROOT_SLOTS empty slots */
};

/*
 * Plans the root server's own objects.  Uses bootinfo and the machine only, so
 * that the root server can end the machine even if the archive is damaged.  Takes
 * at most PLAN_ROOT_SLOTS slots.
 *   ERR_NO_MEMORY  these objects do not fit; *problem describes why
 */
MUST_CHECK plan_root(const struct plan_input *in, struct plan *out, struct problem *problem);

/*
 * Appends everything else to the plan that plan_root() began.  A guest or service
 * that cannot be started is left out, and its problem gives the reason.
 *   ERR_NO_MEMORY  the memory shared with the console does not fit; *problem describes why
 */
MUST_CHECK plan_make(const struct plan_input *in, struct plan *plan, struct problem *problem);

/* Start address of the region that `guest` shares with the console service. */
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
