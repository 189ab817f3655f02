/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's machine: RAM, harts, and the devices of QEMU's `virt` at their places.
 *
 *   0x0000_0000_0010_0000  test finisher (syscon)
 *   0x0000_0000_0010_1000  goldfish RTC              interrupt 11
 *   0x0000_0000_0c00_0000  PLIC, 6 MiB
 *   0x0000_0000_1000_0000  16550 UART                interrupt 10
 *   0x0000_0000_1000_1000  eight empty places for virtio devices, 4 KiB apart
 *   0x0000_0000_8000_0000  RAM
 *
 * Each VMM builds the handle anew; the state that must outlive a VMM is in the arena.
 */
#ifndef VMM_BOARD_MACHINE_H
#define VMM_BOARD_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include <base/err.h>
#include <rt/vcpu_page.h>
#include <vmm/board/bus.h>
#include <vmm/board/dev.h>
#include <vmm/io/console.h>
#include <vmm/memory/guestmem.h>
#include <vmm/state/arena.h>
#include <base/limits.h>
#include <vmm/vcpu/vcpu_ops.h>

#define MACHINE_DEVICES        5u

/* SBI specification, "Hart State Management Extension": the states by their numbers. */
enum hart_status {
    HART_STARTED = 0,
    HART_STOPPED = 1,
    HART_START_PENDING = 2,
    HART_SUSPENDED = 4, /* never in hart_state: see machine_hart_status() */
    HART_SUSPEND_PENDING = 5,
};

struct hart_state {
    uint64_t status; /* enum hart_status */
    uint64_t start_gpa; /* pc with which a pending hart starts or resumes */
    uint64_t start_arg; /* a1 of the same */
};

struct machine_state {
    uint32_t power; /* enum dev_power: the guest's last request */
    uint32_t power_code;
    uint32_t is_booting;   /* machine_boot() has begun and not ended */
    uint32_t is_ram_dirty; /* RAM has been written since it was given to the first VMM */
    uint64_t boot_count;
    struct hart_state hart[GUEST_HARTS_MAX];
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
    struct console_port console;
    void *clock_opaque;
    uint64_t (*wall_ns)(void *opaque);    /* nanoseconds since 1970 */
    uint64_t (*time_ticks)(void *opaque); /* the time CSR, of which wall_ns is made */
};

/*
 * One thread's handle: its log, and the work that this thread has yet to do after an exit.
 * The members that every exit uses come first.
 */
struct machine {
    struct machine_state *state; /* in the arena */
    struct log log;              /* of the thread that uses this handle */
    struct console console;
    struct dev_host host;
    /* When machine_settle() must run even if nothing changes: time CSR; all ones for never. */
    uint64_t deadline_ticks;
    struct board_config config;
    struct arena arena;
    uint32_t notified; /* the bits of the devices that have a notify() */
    uint32_t timed;    /* and of those that have a deadline_ns() */
    struct dev_ctx dev[MACHINE_DEVICES];
    struct bus bus;
};

/* The size of the arena of a machine with so many harts; each hart's thread has a log. */
uint64_t machine_arena_bytes(uint32_t hart_count);

/*
 * Builds the handle over the arena.  Takes over the state in the arena and rolls back an
 * open transaction.  If there is no arena, or one of another format, makes a fresh one and
 * clears *is_taken_over.  The caller must then call machine_boot() first, and also if
 * is_booting is set in the state.
 *
 * Errors: ERR_INVALID_ARG  no hart, or more than GUEST_HARTS_MAX
 *         ERR_ALIGN, ERR_NO_MEMORY  of arena_format()
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

/* The UART, which is the guest's console. */
const struct dev_ctx *machine_uart(const struct machine *machine);

/* The hart's next entry sets its timer: guest ticks, absolute; all ones for never. */
static inline void machine_timer_set(const struct machine *machine, uint32_t hart,
                                     uint64_t deadline_ticks)
{
    struct vcpu_page *page = machine_page(machine, hart);

    page->timer = deadline_ticks;
    __atomic_fetch_or(&page->irq, VCPU_IRQ_TIMER_SET, __ATOMIC_SEQ_CST);
}

#endif
