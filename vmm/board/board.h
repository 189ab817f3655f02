/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration of a guest's machine, with the list of its devices.  The guest's own
 * configuration decides which devices the guest has; vmm/dev has the models.  The caller
 *
 *     board_start             the devices of every guest
 *     board_add_defaults      those of every guest that does not leave them out, or
 *     board_add               each device that the guest's configuration names
 *     board_connect           each connection, to the port of a device
 *
 * and then gives the configuration to machine_init(), which calls board_place().
 */
#ifndef VMM_BOARD_BOARD_H
#define VMM_BOARD_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include <base/err.h>
#include <base/limits.h>
#include <vmm/board/dev.h>
#include <vmm/io/stream.h>
#include <vmm/memory/guestmem.h>
#include <vmm/memory/pace.h>
#include <vmm/vcpu/vcpu_ops.h>

#define BOARD_DEVICES_MAX 16u

/* One device of the guest. */
struct board_device {
    const struct dev_model *model;
    bool is_connected;         /* its port has a connection */
    struct stream_port stream; /* the other end of its port; stream_none when not connected */
    uint64_t gpa;              /* this and the rest: set by board_place() */
    uint32_t irq;              /* 0: none */
    uint32_t instance;         /* number of devices of the same model before this one */
};

struct board_config {
    struct guestmem ram;
    uint32_t hart_count;
    uint64_t isa_extensions; /* a set of <vmm/boot/isa.h> */
    uint32_t satp_mode;      /* enum isa_satp_mode: the largest that the device tree names */
    uint64_t timebase_hz;
    const uint8_t *kernel;
    uint64_t kernel_bytes;
    const uint8_t *initrd; /* NULL and 0 when there is none */
    uint64_t initrd_bytes;
    const char *bootargs;
    uint8_t rng_seed[GUEST_SEED_BYTES];

    struct vcpu_page *page[GUEST_HARTS_MAX];
    struct vcpu_ops vcpu;
    void *clock_opaque;
    uint64_t (*wall_ns)(void *opaque);    /* nanoseconds since 1970 */
    uint64_t (*time_ticks)(void *opaque); /* the time CSR, of which wall_ns is made */
    struct pace pace;                     /* of a boot */

    uint32_t device_count;
    struct board_device device[BOARD_DEVICES_MAX];
};

/* Begins the list of devices: those of every guest (DEV_ALWAYS).  ERR_NO_SLOT: the list is full. */
MUST_CHECK board_start(struct board_config *config);

/* Adds every model that is DEV_BY_DEFAULT.  ERR_NO_SLOT: the list is full. */
MUST_CHECK board_add_defaults(struct board_config *config);

/*
 * Adds a device of the model `name`.  Does nothing if the model has a fixed place and is on the
 * list.
 * Errors: ERR_NOT_FOUND  no model has this name
 *         ERR_NO_SLOT    the list is full
 */
MUST_CHECK board_add(struct board_config *config, const char *name);

/*
 * Connects the port of a device of the model `name`: of the first one on the list without a
 * connection, or of one that is added.
 * Errors: of board_add()
 *         ERR_NOT_SUPPORTED  the model has no port of this kind
 *         ERR_EXISTS         the model has a fixed place, and the port has a connection
 */
MUST_CHECK board_connect(struct board_config *config, const char *name,
                         const struct stream_port *stream);

/*
 * Gives each device its address and its interrupt source, and sorts the list by address, so that
 * neither the device tree nor the arena depends on the order of the calls above.
 * Errors: ERR_NO_SLOT    more devices want a slot than there are slots
 *         ERR_EXISTS     two devices have the same interrupt source
 *         ERR_NOT_FOUND  the list has no interrupt controller
 */
MUST_CHECK board_place(struct board_config *config);

#endif
