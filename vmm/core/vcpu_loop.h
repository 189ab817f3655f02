/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of one hart of the guest, from its start to the end of the machine.
 */
#ifndef VMM_CORE_VCPU_LOOP_H
#define VMM_CORE_VCPU_LOOP_H

#include <stdint.h>

#include <base/err.h>
#include <vmm/core/machine.h>

/* The two calls that wait, and what the machine tells its owner. */
struct vcpu_loop_ops {
    void *opaque;
    /*
     * Enters the guest until it exits, or the thread's notification has bits, or the
     * time CSR reaches deadline_ticks (*reason is then VCPU_EXIT_NONE); `done_seq` is
     * the exit that has been answered.
     */
    enum err (*run)(void *opaque, uint32_t hart, uint64_t done_seq, uint64_t deadline_ticks,
                    uint32_t *reason);
    /* Takes the notification's bits, without waiting. */
    enum err (*poll)(void *opaque, uint32_t hart);
    /* Waits until the notification has bits, and takes them. */
    enum err (*wait)(void *opaque, uint32_t hart);
    /* The guest has been started again, for the `count`th time. */
    void (*rebooted)(void *opaque, uint64_t count);
};

enum vcpu_loop_end {
    VCPU_LOOP_POWERED_OFF,  /* the guest has ended well */
    VCPU_LOOP_GUEST_FAILED, /* it said that it failed; detail: its code */
    VCPU_LOOP_BOOT_FAILED,  /* it cannot be started (again); detail: enum err */
    VCPU_LOOP_VCPU_FAILED,  /* the kernel refused a call; detail: enum err */
};

struct vcpu_loop_result {
    enum vcpu_loop_end end;
    uint32_t detail;
};

/* Runs the hart until the machine ends.  Nothing that the guest does ends it otherwise. */
struct vcpu_loop_result vcpu_loop(struct machine *machine, uint32_t hart,
                                  const struct vcpu_loop_ops *ops);

/*
 * Gives a hart the registers it starts with: all zero but pc, a0 = hart, a1, and
 * scounteren = 7, which M-mode firmware leaves behind for guests that read the
 * counters before they set it.
 * Errors: of the vCPU's calls.
 */
MUST_CHECK vcpu_start(struct machine *machine, uint32_t hart);

#endif
