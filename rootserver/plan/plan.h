/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns bootinfo, archive, machine and configuration into lists of actions that start
 * everything, in parts (parts.h).  Pure: reads the archive and the machine's device tree,
 * writes the plan, makes no kernel calls.
 *
 * Memory.  Each part's objects are made from Untypeds of the part.  Revoking these frees
 * everything, and then they can be planned again (memory.h).
 *
 * Capabilities.  A process's CNode holds only what the configuration gives to the process.
 * The capabilities of frames mapped for the process are in CNodes that no process can access:
 * the process's store, and the store of each of its sides.
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
#include <rootserver/parse/system.h>
#include <rootserver/plan/action.h>
#include <rootserver/plan/layout.h>
#include <rootserver/plan/memory.h>
#include <rootserver/parse/problem.h>
#include <rootserver/plan/archive.h>
#include <rootserver/plan/parts.h>
#include <rt/bootinfo.h>

#define PLAN_ACTIONS_MAX       8192
#define PLAN_SCRATCH           256
#define PLAN_ROOT_SLOTS        512 /* a device's page takes two slots for each halving */
#define PLAN_IRQS_MAX          PROCESS_IRQS_MAX
#define PLAN_DEVICE_PAGES_MAX  512
#define PROCESS_HEAP_BYTES     (UINT64_C(256) << 10) /* of a VMM */
#define PLAN_CHUNKS_MAX        20

/*
 * Priorities of threads; the root server's is higher.  Services have the same priority as VMMs,
 * because threads do not have budgets yet: with a higher one, a VMM that keeps a service busy would
 * get the service's time in addition to its own, at the cost of the other guests.
 */
#define PLAN_PRIORITY_SERVICE  20
#define PLAN_PRIORITY_VMM      20

/* The bit of a process in the root server's Notification.  No process has bit 0, which a capability
 * without a badge signals. */
#define PLAN_ROOT_BIT(process) (UINT64_C(1) << (1 + (process)))

/* The badge of a client's calls. */
#define PLAN_CALLER_BADGE(served) ((served) + UINT64_C(1))

/* Slots of a process's CNode. */
struct plan_layout_slots {
    uint32_t root, irq, vcpu, endpoint, used, used_endpoint, served;
    uint32_t thread; /* + 2 * n: thread n's Notification for locks; then its own */
    uint32_t end;
};

/* What outlives a process and belongs to it alone: of its INSTANCE or its GUEST. */
struct plan_home {
    uint32_t wake; /* its Notification, without a badge */
    uint32_t bell; /* the same, WRITE, badge PROCESS_BIT_ROOT: the root server signals this */
    uint32_t down_bytes, up_bytes;     /* the control region's parts */
    uint32_t down_frame, up_frame;     /* first Frame of each */
    uint64_t down_address, up_address; /* in the root server */
};

struct plan_process {
    char name[PROCESS_NAME_BYTES]; /* the instance's; a VMM: "vmm." and the guest's */
    uint64_t badge;                /* of its reports and faults: process + 1 */
    unsigned thread_count;
    uint32_t thread[SYSTEM_THREADS_MAX]; /* slots of the root server */
    uint32_t vspace, cnode, store, store_used, fault;
    uint32_t record; /* first Frame of its start record */
    struct plan_layout_slots slots;
    /* A VMM's, for the start record. */
    uint64_t ram_address;
    uint64_t kernel_address, kernel_bytes, initrd_address, initrd_bytes;
};

struct plan_device {
    bool is_there;
    struct machine_device found;
    uint32_t frame; /* first Frame of its registers, of one page each */
    unsigned frame_count;
    uint64_t root_address; /* its first page in the root server; 0 if no reset method needs it */
    unsigned irq_count;
    uint32_t irq[PLAN_IRQS_MAX]; /* Irq objects */
    unsigned first_bit;          /* number of its first interrupt among the service's */
};

struct plan_memory {
    uint32_t frame; /* first Frame; 0: made with each life of the process */
    unsigned frame_count, frame_bits;
    uint64_t address;  /* in the service */
    uint64_t physical; /* 0 unless it is for DMA */
};

struct plan_instance {
    struct plan_home home;
    uint32_t endpoint; /* 0: the service takes no calls; in the next slot is a spare one */
    bool has_spare_endpoint;
    struct plan_device device[SYSTEM_DEVICES_MAX];
    struct plan_memory memory[SYSTEM_MEMORIES_MAX];
};

struct plan_chunk {
    uint32_t untyped;
    uint8_t bits;
};

struct plan_guest {
    struct plan_home home;
    uint32_t gspace, vcpu, state, store;
    uint32_t arena_index, ram_index; /* first Frames, in the CNode `store` */
    unsigned chunk_count;
    struct plan_chunk chunk[PLAN_CHUNKS_MAX]; /* RAM, in ascending order of guest addresses */
    uint32_t satp_mode;
    struct problem note; /* what the guest asked for and does not get; else empty */
};

struct plan_region {
    uint64_t address, bytes, client_offset; /* in the service; as in struct control_region */
};

struct plan_side_place {
    uint64_t address;       /* of the connection's Frames in this side's process */
    uint32_t wake_slot;     /* in its CNode: signals the other side */
    uint32_t endpoint_slot; /* in the client's CNode; 0: no calls */
    uint64_t bit;           /* that the other side's signals set in this side's wake Notification */
};

/* Connection c is the configuration's connection c. */
struct plan_connection {
    unsigned instance; /* that serves it */
    unsigned client;   /* process */
    unsigned served;   /* its number among the instance's connections */
    unsigned used;     /* its number among the client's */
    uint32_t frame;    /* first Frame */
    unsigned frame_count;
    uint32_t extents_frame; /* page of the extents of a region for DMA; 0: none */
    struct plan_side_place side[2];
    unsigned region_count;
    struct plan_region region[CONTROL_REGIONS_MAX];
    bool is_pinned; /* a device may write to the client's memory */
};

struct plan {
    unsigned action_count;
    struct plan_action action[PLAN_ACTIONS_MAX];
    struct plan_part part[PLAN_PARTS];
    struct memory memory;
    uint32_t scratch_a, scratch_b; /* PLAN_SCRATCH slots each, empty between groups of actions */

    struct plan_process process[PLAN_PROCESSES_ALL];
    struct plan_instance instance[PLAN_INSTANCES_MAX];
    struct plan_guest guest[PLAN_GUESTS_MAX];
    unsigned connection_count;
    struct plan_connection connection[PLAN_CONNECTIONS_MAX];

    /* The root server's own. */
    uint32_t endpoint;      /* reports and faults come here */
    uint32_t notification;  /* bound to the root server's thread */
    uint32_t finisher, rtc; /* Frames of device pages; 0 for none */
    bool has_trace;
    struct problem trace_problem;      /* why there is no trace though one was asked for */
    uint32_t trace_index, trace_frame; /* the index's Frame; the first Frame of the ring */
};

struct plan_input {
    const struct bootinfo *boot;
    const uint64_t *used; /* used bytes of each Untyped of bootinfo; NULL: all are unused */
    const struct machine_config *machine;
    const void *machine_tree; /* the machine's device tree, which machine_parse() accepted */
    const struct system_config *system;
    const uint8_t *archive;
    size_t archive_bytes;
    const struct archive_map *archive_map; /* its slots follow PLAN_ROOT_SLOTS empty slots */
};

/*
 * Plans the part ROOT: the root server's own objects.  Uses bootinfo and the machine only, so
 * that the root server can end the machine even if the archive is damaged.  Takes at most
 * PLAN_ROOT_SLOTS slots, and leaves these to the plan.
 *   ERR_NO_MEMORY  these objects do not fit; *problem describes why
 */
MUST_CHECK plan_root(const struct plan_input *in, struct plan *out, struct problem *problem);

/*
 * Once archive and configuration are read: numbers the connections, and adds the trace
 * to the part ROOT, behind the actions that are done already.
 *   ERR_NO_MEMORY  no slots are left; *problem describes why
 */
MUST_CHECK plan_open(const struct plan_input *in, struct plan *plan, struct problem *problem);

/*
 * Each adds one part to the plan.  On failure the plan is as before, and *problem gives the reason.
 *   ERR_STATE      the part is planned already, or a part that this one uses is not planned
 *   ERR_FORMAT     the configuration of the service or guest is unusable, or a program is
 *   ERR_NOT_FOUND  no such file, device or service
 *   ERR_RANGE      a size beyond a limit
 *   ERR_NO_MEMORY  memory, slots or actions do not suffice
 */
MUST_CHECK plan_instance(const struct plan_input *in, struct plan *plan, unsigned instance,
                         struct problem *problem);
MUST_CHECK plan_guest(const struct plan_input *in, struct plan *plan, unsigned guest,
                      struct problem *problem);
MUST_CHECK plan_connection(const struct plan_input *in, struct plan *plan, unsigned connection,
                           struct problem *problem);
MUST_CHECK plan_process(const struct plan_input *in, struct plan *plan, unsigned process,
                        struct problem *problem);
MUST_CHECK plan_side(const struct plan_input *in, struct plan *plan, unsigned connection,
                     enum plan_side_kind side, struct problem *problem);
MUST_CHECK plan_region(const struct plan_input *in, struct plan *plan, unsigned connection,
                       struct problem *problem);
/* One of these, by the number of the part; not ROOT. */
MUST_CHECK plan_any_part(const struct plan_input *in, struct plan *plan, unsigned part,
                         struct problem *problem);

/* Takes a part out of the plan.  Its objects are unmade: exec_undo() made the calls. */
void plan_undo(struct plan *plan, unsigned part);

/* The same after a failed exec_clear(): memory and slots of the part are not used again. */
void plan_abandon(struct plan *plan, unsigned part);

/* True if the part may not be cleared now: a part that uses it is planned, or a device may write to
 * its memory. */
bool plan_is_used(const struct plan *plan, unsigned part);
bool plan_is_pinned(const struct plan *plan, unsigned part);

/* No device writes to the memory of this connection's client any more: the service answered that it
 * has left, or the reset of its devices is confirmed. */
void plan_connection_unpin(struct plan *plan, unsigned connection);

/* The home of a process. */
static inline const struct plan_home *plan_home_of(const struct plan *plan, unsigned process)
{
    return plan_process_is_vmm(process) ? &plan->guest[plan_process_owner(process)].home
                                        : &plan->instance[plan_process_owner(process)].home;
}

/*
 * One line for each capability in the CNode of `process`, in ascending order of
 * slots: "slot type rights badge".  Calls `line` for each.
 */
void plan_list_caps(const struct plan *plan, unsigned process,
                    void (*line)(void *context, const char *text), void *context);

/*
 * One line for each range of addresses that `process`, and then its guest, can
 * reach, in ascending order: "process|guest first to end rights".
 */
void plan_list_maps(const struct plan *plan, unsigned process,
                    void (*line)(void *context, const char *text), void *context);

#endif
