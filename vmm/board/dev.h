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

#include <vmm/io/console.h>
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

struct dev_model {
    const char *name; /* of the model and of its section: "uart16550" */
    uint32_t state_version;
    uint32_t state_bytes;
    uint64_t region_bytes; /* of registers; 0: none, read() and write() may then be NULL */
    uint32_t widths;       /* DEV_WIDTH_* */
    /*
     * How many times the registers appear, `place_step_bytes` (a power of two, not below
     * region_bytes) apart.  An access between two places is an access fault.  Offsets count from
     * the first place.  0: once.
     */
    uint32_t place_count;
    uint64_t place_step_bytes;

    /* Writes the power-on state; the state is zeroed.  Runs outside any transaction. */
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
     *  - after the vCPU's thread was signalled, as for new input or room in the console;
     *  - once the earliest deadline_ns() of all devices is reached;
     *  - after the machine was booted, and when a new VMM has taken the machine over.
     * Many calls have no cause in this device: notify() then changes nothing.
     *
     * notify() first acts outside the arena.  Then it opens a transaction, records the act,
     * and commits.  The VMM may die between the two, and the next VMM repeats the act: doing
     * the same twice must do no harm.  notify() does not block.
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
     * Adds the device's node below /soc of the guest's device tree.  Returns 0 or a
     * libfdt error (negative).
     */
    int (*fdt_node)(const struct dev_ctx *dev, void *fdt);
};

/* The services of the machine that a device can use. */
struct dev_host {
    void *opaque;
    uint32_t due; /* devices that dev_is_due() was called for: a bit each */
    /* Sets the level of an interrupt source; within a transaction. */
    void (*irq)(void *opaque, uint32_t source, bool is_high);
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
    const struct console *console;
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

static inline void dev_irq(const struct dev_ctx *dev, bool is_high)
{
    dev->host->irq(dev->host->opaque, dev->irq, is_high);
}

#endif
