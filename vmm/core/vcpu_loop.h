/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of one hart of the guest, from its start to the end of the machine.
 */
#ifndef VMM_CORE_VCPU_LOOP_H
#define VMM_CORE_VCPU_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include <base/err.h>
#include <vmm/core/machine.h>

/*
 * The two calls that wait, and what the machine tells its owner; `opaque` is passed on.
 */
struct vcpu_loop_ops {
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
    VCPU_LOOP_ALL_STOPPED,  /* it has stopped its last hart, and no one can start another */
    VCPU_LOOP_BOOT_FAILED,  /* it cannot be started (again); detail: enum err */
    VCPU_LOOP_VCPU_FAILED,  /* the kernel refused a call; detail: enum err */
};

struct vcpu_loop_result {
    enum vcpu_loop_end end;
    uint32_t detail;
};

/*
 * Does all there is to do before the hart can run on: answers its exit, lets the devices
 * look around, starts the machine anew, waits for a hart that is stopped to be started.
 * False: the machine is over, *result says how.
 */
bool vcpu_loop_prepare(struct machine *machine, uint32_t hart, const struct vcpu_loop_ops *ops,
                       void *opaque, struct vcpu_loop_result *result);

/*
 * Runs the hart until the machine ends.  Nothing that the guest does ends it otherwise.
 * In line, and `ops` a constant, so that run() stands in the loop itself: out of line it
 * would save all the registers that the call leaves undefined.
 */
static inline __attribute__((always_inline)) struct vcpu_loop_result
vcpu_loop(struct machine *machine, uint32_t hart, const struct vcpu_loop_ops *ops, void *opaque)
{
    struct vcpu_loop_result result;

    while (vcpu_loop_prepare(machine, hart, ops, opaque, &result)) {
        uint32_t reason;
        enum err err = ops->run(opaque, hart, machine_page(machine, hart)->exit.seq,
                                machine->deadline_ticks, &reason);
        if (!err && reason == VCPU_EXIT_NONE) {
            machine->is_changed = true;
            err = ops->poll(opaque, hart);
        }
        if (err)
            return (struct vcpu_loop_result){VCPU_LOOP_VCPU_FAILED, err};
    }
    return result;
}

/*
 * Gives a hart the registers it starts with: all zero but pc, a0 = hart, a1, and
 * scounteren = 7, which M-mode firmware leaves behind for guests that read the
 * counters before they set it.
 * Errors: of the vCPU's calls.
 */
MUST_CHECK vcpu_start(struct machine *machine, uint32_t hart);

/*
 * Finishes a non-retentive suspend (SBI 3.0, "Function: Hart suspend"): the hart will resume with
 * satp = 0, sstatus.SIE = 0, a0 = hart and a1, once an interrupt is pending that its sie enables.
 * The specification leaves it open which interrupts resume; these are the ones that end a WFI.
 * All else is kept, above all what can wake the hart: timer, pending interrupts and sie.
 * Errors: of the vCPU's calls.
 */
MUST_CHECK vcpu_suspend(struct machine *machine, uint32_t hart);

#endif
