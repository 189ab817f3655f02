/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device model is one file with one descriptor.  It has no variables of its own:
 * its state is in the arena, and it acts only through the context that it gets, so a
 * test can pass fakes.  docs/writing-a-device.md shows how to write one.
 *
 * Rules:
 *  - the state is plain data without pointers, because another VMM may take it over.  A
 *    faulty VMM may have left any bits in it: reduce an index to its range before use;
 *  - read() and write() run inside a transaction: call dev_set() before changing a field.
 *    They change nothing outside the arena (interrupt lines are in the arena too).  In one
 *    transaction the undo log takes every 32-bit word of the device's state once, and a few
 *    small fields besides (arena.h);
 *  - notify() does everything that has an effect outside the arena;
 *  - nothing that a guest does is an error: a device answers as the hardware would.
 */
#ifndef VMM_BOARD_DEV_H
#define VMM_BOARD_DEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vmm/io/stream.h>
#include <vmm/state/arena.h>
#include <vmm/state/log.h>

struct dev_ctx;

/* Widths a region answers to; a naturally misaligned access is never passed on. */
#define DEV_WIDTH_1     1u
#define DEV_WIDTH_2     2u
#define DEV_WIDTH_4     4u
#define DEV_WIDTH_8     8u

#define DEV_NO_DEADLINE UINT64_MAX

enum dev_power {
    DEV_POWER_RUN = 0,
    DEV_POWER_OFF = 1,
    DEV_POWER_REBOOT = 2,
    DEV_POWER_FAILED = 3, /* the guest reports that it failed, with a code */
};

/* Which guests have a device. */
enum dev_presence {
    DEV_ON_REQUEST = 0, /* those whose configuration names the device or connects its port */
    DEV_BY_DEFAULT,     /* all, unless their configuration leaves the device out */
    DEV_ALWAYS,
};

/* Where the board puts a device. */
enum dev_place {
    DEV_PLACE_FIXED = 0, /* at the model's `gpa`, with interrupt source `irq` */
    DEV_PLACE_SLOT,      /* in the next free slot: the places of virtio-MMIO devices on `virt` */
};

#define DEV_SLOTS      8u
#define DEV_SLOT_GPA   UINT64_C(0x10001000) /* of slot 0 */
#define DEV_SLOT_BYTES UINT64_C(0x1000)
#define DEV_SLOT_IRQ   1u /* of slot 0; the next slots have the next sources */

/* What a device uses of the outside, and gets from a connection of its guest. */
enum dev_port_kind {
    DEV_PORT_NONE = 0,
    DEV_PORT_STREAM, /* two byte streams (<vmm/io/stream.h>) */
};

struct dev_port {
    const char *name;
    enum dev_port_kind kind;
};

/* A section of the arena. */
struct dev_section {
    uint32_t version; /* rises whenever the layout changes */
    uint32_t bytes;   /* 0: the device has no such section */
    /* Makes the state from that of another version (arena.h).  NULL: a VMM that finds another
     * version refuses the guest. */
    arena_convert *convert;
};

/* The number of compatible strings of a node. */
#define DEV_COMPATIBLES_MAX 4u

struct dev_model {
    const char *name; /* in configurations, and of the device's sections: "goldfish-rtc" */
    enum dev_presence presence;
    struct dev_section state;       /* written by the vCPU's thread only */
    struct dev_section queue_state; /* written by the queue thread only */
    struct dev_port port;           /* without a connection, output is dropped and input empty */

    enum dev_place place;
    uint64_t gpa;          /* of a fixed place */
    uint32_t irq;          /* interrupt source of a fixed place; 0: none */
    uint64_t region_bytes; /* of registers; 0: none, read() and write() may then be NULL */
    uint32_t widths;       /* DEV_WIDTH_* */
    /*
     * How many times the registers appear, `place_step_bytes` (a power of two, not below
     * region_bytes) apart.  An access between two places is an access fault.  Offsets count from
     * the first place.  0: once.
     */
    uint32_t place_count;
    uint64_t place_step_bytes;

    /*
     * Writes the power-on state; the state is zeroed.  Runs outside any transaction.  May be NULL:
     * the power-on state is all zero.
     */
    void (*reset)(const struct dev_ctx *dev);
    /* `offset` is below region_bytes, `width` one of widths; excess bits are dropped. */
    uint64_t (*read)(const struct dev_ctx *dev, uint64_t offset, uint32_t width);
    void (*write)(const struct dev_ctx *dev, uint64_t offset, uint32_t width, uint64_t value);
    /*
     * Carries out the effects outside the arena that the committed state calls for.  May be NULL.
     *
     * Called outside any transaction, before the vCPU runs on:
     *  - after an exit in which the device called dev_is_due();
     * and for every device that has a notify(), in the order of the machine's table:
     *  - after the vCPU's thread was signalled, as for new input or room in a port's stream;
     *  - once the earliest deadline_ns() of all devices is reached;
     *  - after the machine was booted, and when a new VMM has taken the machine over.
     * Many calls have no cause in this device: notify() then changes nothing.
     *
     * notify() first acts outside the arena.  Then it opens a transaction, records the act,
     * and commits.  The VMM may die between the two, and the next VMM repeats the act: an act that
     * is done twice must have the effect of one.  notify() does not block.
     */
    void (*notify)(const struct dev_ctx *dev);
    /*
     * Returns the wall-clock time at which notify() is to be called next, in nanoseconds since
     * 1970, or DEV_NO_DEADLINE.  Called after notify() of any device that has a deadline_ns().  At
     * the deadline notify() must do the work that the deadline was for, or it is called again at
     * once.  May be NULL.
     */
    uint64_t (*deadline_ns)(const struct dev_ctx *dev);

    /*
     * The device's node below /soc of the guest's device tree: `node`@address, with the compatible
     * strings, `reg` and the interrupt.  NULL: no node.
     */
    const char *node;
    const char *compatible[DEV_COMPATIBLES_MAX];
    uint64_t node_bytes; /* of `reg`, if other than region_bytes */
    /* Adds more properties to the node.  May be NULL.  Returns 0 or a libfdt error (negative). */
    int (*fdt_properties)(const struct dev_ctx *dev, void *fdt);
    /* Adds nodes to the root that refer to the device.  May be NULL.  Returns as above. */
    int (*fdt_root)(const struct dev_ctx *dev, void *fdt);

    /*
     * An interrupt controller's; NULL in all other models.  irq_input() sets the level of a
     * source, within a transaction; a source out of range is ignored.  irq_output(): does the
     * controller raise the hart's external interrupt?
     */
    void (*irq_input)(const struct dev_ctx *dev, uint32_t source, bool is_high);
    bool (*irq_output)(const struct dev_ctx *dev, uint32_t hart);
    /*
     * Of the model whose port's streams are those of the firmware's text (vmm/sbi) too; NULL in all
     * other models.  Takes up to `count` bytes of input that the device has received, the oldest
     * first, and returns their number.  Within a transaction.
     */
    size_t (*text_take)(const struct dev_ctx *dev, uint8_t *bytes, size_t count);
};

/* All models, in the order of vmm/dev/meson.build, then NULL. */
extern const struct dev_model *const dev_models[];

/* The services of the machine that a device can use. */
struct dev_host {
    void *opaque;
    uint32_t due; /* devices that dev_is_due() was called for: a bit each */
    /* Nanoseconds since 1970. */
    uint64_t (*wall_ns)(void *opaque);
    /* The guest asks for power-off, reboot or failure, which happens after the commit. */
    void (*power)(void *opaque, enum dev_power what, uint32_t code);
};

/* Phandles of the guest's device tree, fixed so that a node can name another. */
enum dev_phandle {
    DEV_PHANDLE_IRQCHIP = 1,
    DEV_PHANDLE_TEST = 2,
    DEV_PHANDLE_CPU_INTC = 0x10, /* + hart */
    DEV_PHANDLE_CPU = 0x40,      /* + hart */
};

struct dev_ctx {
    const struct dev_model *model;
    struct log *log; /* of the thread that uses this handle */
    void *state;
    void *queue_state;
    const struct stream *stream; /* of the model's port */
    const struct dev_ctx *irqchip;
    struct dev_host *host;
    uint64_t gpa; /* where the region lies */
    uint32_t irq; /* interrupt source; 0: none */
    uint32_t hart_count;
    uint32_t due_bit; /* of this device in host->due */
};

static inline void dev_set(const struct dev_ctx *dev, const void *field, size_t bytes)
{
    log_set(dev->log, field, bytes);
}

/*
 * Within a transaction: this device's notify() has work to do after the commit, or its
 * deadline_ns() has changed.  An exit after which no device is due costs no call of notify().
 */
static inline void dev_is_due(const struct dev_ctx *dev)
{
    dev->host->due |= dev->due_bit;
}

/* Sets the level of the device's interrupt source, within a transaction. */
static inline void dev_irq(const struct dev_ctx *dev, bool is_high)
{
    dev->irqchip->model->irq_input(dev->irqchip, dev->irq, is_high);
}

#endif
