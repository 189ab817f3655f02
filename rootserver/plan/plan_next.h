/* SPDX-License-Identifier: BSD-2-Clause */
/* What plan.h becomes: the plan in parts.  See parts.h.  (Nothing includes this file yet.) */
#ifndef ROOTSERVER_PLAN_PLAN_NEXT_H
#define ROOTSERVER_PLAN_PLAN_NEXT_H

#define PLAN_THREADS_MAX      8
#define PLAN_SERVED_MAX       64 /* connections of one service */
#define PLAN_USED_MAX         16 /* connections that one process uses */

/* The bit of a process in the root server's Notification; bit 0 is the clock's. */
#define PLAN_ROOT_BIT(process) (UINT64_C(1) << (1 + (process)))

/* The control region of a process.  The root server reads and writes both parts at these addresses
 * of its own as soon as the INSTANCE or GUEST part is made. */
struct plan_control {
    uint64_t down_address, up_address; /* root server's own */
    uint32_t down_bytes, up_bytes;
};

struct plan_process {
    char name[PROCESS_NAME_BYTES]; /* the instance's; a VMM: "vmm." and the guest's */
    uint64_t badge;                /* process number + 1 */
    unsigned thread_count;
    uint32_t thread[PLAN_THREADS_MAX]; /* root slots */
    ...
};

struct plan_instance {
    uint32_t wake; /* root slot of the service's Notification, without a badge */
    uint32_t bell; /* the same, WRITE, badge PROCESS_BIT_ROOT: signal this */
    struct plan_control control;
    unsigned irq_count;
    uint32_t irq[PROCESS_IRQS_MAX]; /* Irq objects: irq_ack() */
    unsigned device_count;
    struct {
        uint64_t address; /* physical */
        uint64_t window;  /* root server's own mapping if the reset method needs one; else 0 */
        uint8_t reset;    /* enum system_reset */
        const char *name;
    } device[...];
    struct problem note;
};

struct plan_guest {
    uint32_t wake, bell; /* as of an instance: its VMM's */
    struct plan_control control;
    uint32_t vcpu;
    struct problem note; /* what the guest asked for and does not get; else empty */
};

/* Table c of connections is fixed by plan_open(): first the instances' needs, then the guests'
 * connections, both in order. */
struct plan_connection {
    unsigned instance;                    /* that serves it */
    unsigned client;                      /* process number */
    unsigned served;                      /* its number among the instance's connections */
    unsigned used;                        /* its number among the client's connections */
    const struct system_connection *from; /* options, key, device, source */
    struct {
        uint64_t ring_shared[4], ring_data[4], info; /* addresses in this side's process */
        uint32_t wake_slot;                          /* in its CNode: signals the peer */
        struct {
            uint64_t address, bytes, client_offset;
        } region[4]; /* the service's side only */
    } side[2];       /* by enum plan_side_kind */
    bool
        is_pinned; /* the service's device may write to the client's memory */
};

struct plan {
    struct plan_part part[PLAN_PARTS];
    struct plan_process process[PLAN_PROCESSES_ALL];
    struct plan_instance instance[PLAN_INSTANCES_MAX];
    struct plan_guest guest[PLAN_GUESTS_MAX];
    unsigned connection_count;
    struct plan_connection connection[PLAN_CONNECTIONS_MAX];
    uint32_t endpoint, notification, clock_thread, clock_bell; /* as today */
    ...
};

/* As today. */
MUST_CHECK plan_root(const struct plan_input *in, struct plan *out, struct problem *problem);

/* Once the configuration is known: the table of connections, the trace. */
MUST_CHECK plan_open(const struct plan_input *in, struct plan *plan, struct problem *problem);

/*
 * Add a part to the plan.  On failure the plan is as before.
 *   ERR_STATE      a part that this one uses is not planned, or this part is planned already
 *   ERR_NOT_FOUND  no such file, device, service
 *   ERR_NO_MEMORY  no memory, slots or actions left
 *   ERR_FORMAT     the configuration of this part is unusable
 *   and others; *problem describes each
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

/* The service's device may write to memory of this connection's client (regions with rights "dma"):
 * set when the service's side is made; the caller clears it after the service's answer LEFT or a
 * confirmed reset.  While it is set, exec_clear() of the client's GUEST and of the
 * service's PROCESS return ERR_BUSY. */
void plan_connection_unpin(struct plan *plan, unsigned connection);

#endif
