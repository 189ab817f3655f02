/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device model is one file with one descriptor.  It has no variables of its own:
 * its state is in the arena, and it acts only through the context it is passed, so
 * a test passes fakes.  docs/writing-a-device.md leads through one.
 *
 * Rules:
 *  - the state is plain data without pointers; another VMM may go on with it, and
 *    one that went wrong may have left any bits in it: an index found there is
 *    reduced to its range before use;
 *  - read() and write() run inside a transaction: dev_set() what is about to change;
 *    they change nothing outside the arena (interrupt lines are in the arena too);
 *    in one transaction the undo log takes every 32-bit word of the device's state once
 *    and a few small fields besides (arena.h);
 *  - what has to happen outside the arena, notify() does;
 *  - nothing a guest does is an error: what real hardware would do is the answer.
 */
#ifndef VMM_CORE_DEV_H
#define VMM_CORE_DEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vmm/core/arena.h>
#include <vmm/core/console.h>

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
    uint64_t region_bytes; /* what answers; 0: no registers, read() and write() may be NULL */
    uint32_t widths;       /* DEV_WIDTH_* */
    /*
     * The same registers at more than one place, `place_step_bytes` (a power of two, not below
     * region_bytes) apart; between the places nothing answers.  Offsets then count from the
     * first place.  0: at one place.
     */
    uint32_t place_count;
    uint64_t place_step_bytes;

    /* Writes the power-on state; the state is zeroed.  Runs outside any transaction. */
    void (*reset)(const struct dev_ctx *dev);
    /* `offset` is below region_bytes, `width` one of widths; excess bits are dropped. */
    uint64_t (*read)(const struct dev_ctx *dev, uint64_t offset, uint32_t width);
    void (*write)(const struct dev_ctx *dev, uint64_t offset, uint32_t width, uint64_t value);
    /*
     * Exchanges with the outside what the committed state asks for.  May be NULL.
     *
     * Called for every device that has one, in the order of the machine's table, outside
     * any transaction and before the vCPU runs on:
     *  - after an exit that changed anything in the arena, whichever device's it is;
     *  - after the vCPU's thread was signalled, as for new input or room in the console;
     *  - once the earliest deadline_ns() of all devices is reached;
     *  - after the machine was booted, and when a new VMM has taken the machine over.
     * After an exit that changed nothing it is not called.  A call without a cause of this
     * device's own is usual: it then changes nothing.
     *
     * First acts outside, then opens a transaction, records that it has acted, and commits.
     * The VMM may die between the two, and the next VMM acts again: an act that is done
     * twice must do no harm.  Does not block.
     */
    void (*notify)(const struct dev_ctx *dev);
    /*
     * Wall-clock time at which notify() is wanted next, in nanoseconds since 1970, or
     * DEV_NO_DEADLINE.  Called after each round of notify().  At that time notify() must do
     * the work that was waited for, or it is called again at once.  May be NULL.
     */
    uint64_t (*deadline_ns)(const struct dev_ctx *dev);
    /*
     * Adds the device's node below /soc of the guest's device tree.  Returns 0 or a
     * libfdt error (negative).
     */
    int (*fdt_node)(const struct dev_ctx *dev, void *fdt);
};

/* What a device needs of the machine around it. */
struct dev_host {
    void *opaque;
    /* Sets the level of an interrupt source; within a transaction. */
    void (*irq)(void *opaque, uint32_t source, bool is_high);
    /* Nanoseconds since 1970. */
    uint64_t (*wall_ns)(void *opaque);
    /* The guest asks for this; it happens after the commit. */
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
    struct arena *arena;
    void *state;
    const struct console *console;
    const struct dev_host *host;
    uint64_t gpa; /* where the region lies */
    uint32_t irq; /* interrupt source; 0: none */
    uint32_t hart_count;
};

static inline void dev_set(const struct dev_ctx *dev, const void *field, size_t bytes)
{
    arena_set(dev->arena, field, bytes);
}

static inline void dev_irq(const struct dev_ctx *dev, bool is_high)
{
    dev->host->irq(dev->host->opaque, dev->irq, is_high);
}

#endif
