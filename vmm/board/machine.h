/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's machine: RAM, harts, and the devices of its configuration (board.h).
 * Each VMM builds the handle anew; the state that must outlive a VMM is in the arena.
 */
#ifndef VMM_BOARD_MACHINE_H
#define VMM_BOARD_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include <base/err.h>
#include <rt/vcpu_page.h>
#include <vmm/board/board.h>
#include <vmm/board/bus.h>
#include <vmm/board/dev.h>
#include <vmm/state/arena.h>
#include <vmm/state/takeover.h>

/* SBI specification, "Hart State Management Extension": the states by their numbers. */
enum hart_status {
    HART_STARTED = 0,
    HART_STOPPED = 1,
    HART_START_PENDING = 2,
    HART_SUSPENDED = 4, /* never in hart_state: see machine_hart_status() */
    HART_SUSPEND_PENDING = 5,
};

struct hart_state {
    uint64_t status;    /* enum hart_status */
    uint64_t start_gpa; /* pc with which a pending hart starts or resumes */
    uint64_t start_arg; /* a1 of the same */
};

struct machine_state {
    uint32_t power; /* enum dev_power: the guest's last request */
    uint32_t power_code;
    uint32_t is_booting;   /* machine_boot() has begun and not ended: the boot_count that follows */
    uint32_t is_ram_dirty; /* RAM has been written since it was given to the first VMM */
    uint64_t boot_count;
    struct hart_state hart[GUEST_HARTS_MAX];
};

/*
 * One thread's handle: its log, and the work that this thread has yet to do after an exit.
 * The members that exits use come first, and the large lists last: a load has a 12-bit offset.
 */
struct machine {
    struct machine_state *state; /* in the arena */
    struct log log;              /* of the thread that uses this handle */
    struct stream text;          /* the firmware's, and that of text_dev's port */
    struct dev_host host;
    /* When machine_settle() must run even if nothing changes: time CSR; all ones for never. */
    uint64_t deadline_ticks;
    const struct dev_ctx *irqchip;
    /* The device that shares the firmware's text stream; NULL for none. */
    const struct dev_ctx *text_dev;
    uint32_t notified; /* the bits of the devices that have a notify() */
    uint32_t timed;    /* and of those that have a deadline_ns() */
    struct bus bus;
    struct arena arena;
    struct takeover_problem problem; /* after machine_init() returned ERR_FORMAT */
    struct board_config config;
    struct dev_ctx dev[BOARD_DEVICES_MAX];   /* in the order of config.device */
    struct stream stream[BOARD_DEVICES_MAX]; /* of the ports of all devices but text_dev */
};

/*
 * The size of the machine's arena, with a log for each hart's thread; 0 if machine_init() would
 * refuse the configuration.
 */
uint64_t machine_arena_bytes(const struct board_config *config);

/*
 * Builds the handle over the arena.  Takes over the state in the arena (<vmm/state/takeover.h>).
 * If no VMM has made an arena in this memory yet, makes one and clears *is_taken_over.  State that
 * this VMM cannot take over is never overwritten: machine_init() fails, and machine->problem says
 * why.  The caller then calls machine_boot() if machine_must_boot().
 *
 * Errors: ERR_INVALID_ARG  no hart, or more than GUEST_HARTS_MAX
 *         of board_place()
 *         ERR_EXISTS       the registers of two devices overlap
 *         ERR_FORMAT       the state in the arena is refused
 *         ERR_ALIGN, ERR_NO_MEMORY  of arena_format() and takeover_arena()
 */
MUST_CHECK machine_init(struct machine *machine, const struct board_config *config,
                        void *arena_memory, uint64_t arena_bytes, bool *is_taken_over);

/*
 * Powers the machine on, or reboots it: zeroes RAM, loads kernel and initrd, builds the
 * device tree, resets the devices, makes hart 0 ready to start at the kernel's entry with
 * a1 = device tree, and stops the other harts.  If a call was cut short, call again.
 *
 * Errors: of image_plan() and fdt_build()
 */
MUST_CHECK machine_boot(struct machine *machine);

/* Has the machine never been powered on, or was its boot cut short?  Then call machine_boot(). */
static inline bool machine_must_boot(const struct machine *machine)
{
    return machine->state->is_booting || machine->state->boot_count == 0;
}

/* Calls notify() of every device that has one and is among `due`; dev.h lists the occasions. */
void machine_notify(struct machine *machine, uint32_t due);

/* Wall-clock time at which machine_notify() must be called next, or DEV_NO_DEADLINE. */
uint64_t machine_deadline_ns(const struct machine *machine);

/* The same time in ticks of the time CSR, rounded up; all ones for none. */
uint64_t machine_deadline_ticks(const struct machine *machine);

/* Copies the interrupt controller's output to the external-interrupt bit in the state page. */
void machine_sync_irq(struct machine *machine, uint32_t hart);

/* The slow path of machine_settle(). */
void machine_settle_now(struct machine *machine, uint32_t hart);

/* Something outside the arena may have changed: every device is due. */
static inline void machine_all_due(struct machine *machine)
{
    machine->host.due = UINT32_MAX;
}

/*
 * Called after each exit, each signal and at deadline_ticks.  Does what the devices that are due
 * need: runs notify(), copies the interrupt controller's output, updates deadline_ticks.
 */
static inline void machine_settle(struct machine *machine, uint32_t hart)
{
    if (machine->host.due)
        machine_settle_now(machine, hart);
}

static inline struct vcpu_page *machine_page(const struct machine *machine, uint32_t hart)
{
    return machine->config.page[hart];
}

/* The hart's next entry waits until an interrupt that its sie enables is pending. */
static inline void machine_hart_wait(const struct machine *machine, uint32_t hart)
{
    __atomic_fetch_or(&machine_page(machine, hart)->irq, VCPU_IRQ_WAIT, __ATOMIC_SEQ_CST);
}

/*
 * The state of a hart.  When the kernel wakes a suspended hart, the kernel clears VCPU_IRQ_WAIT;
 * the arena does not change.
 */
static inline enum hart_status machine_hart_status(const struct machine *machine, uint32_t hart)
{
    enum hart_status status = (enum hart_status)machine->state->hart[hart].status;
    uint64_t irq = __atomic_load_n(&machine_page(machine, hart)->irq, __ATOMIC_RELAXED);

    return status == HART_STARTED && (irq & VCPU_IRQ_WAIT) ? HART_SUSPENDED : status;
}

/* The hart's next entry sets its timer: guest ticks, absolute; all ones for never. */
static inline void machine_timer_set(const struct machine *machine, uint32_t hart,
                                     uint64_t deadline_ticks)
{
    struct vcpu_page *page = machine_page(machine, hart);

    page->timer = deadline_ticks;
    __atomic_fetch_or(&page->irq, VCPU_IRQ_TIMER_SET, __ATOMIC_SEQ_CST);
}

#endif
