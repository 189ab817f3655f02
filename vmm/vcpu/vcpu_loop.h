/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs one hart of the guest, from the hart's start to the end of the machine.
 */
#ifndef VMM_VCPU_VCPU_LOOP_H
#define VMM_VCPU_VCPU_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include <base/err.h>
#include <vmm/board/machine.h>

/*
 * The loop's system calls, and its notice of a reboot.  Each gets `opaque` as given.
 */
struct vcpu_loop_ops {
    /*
     * Runs the guest until it exits, or the thread's notification has bits, or the time
     * CSR reaches deadline_ticks (*reason is VCPU_EXIT_NONE in the last two cases).
     * `done_seq` is the seq of the exit that has been answered.
     */
    enum err (*run)(void *opaque, uint32_t hart, uint64_t done_seq, uint64_t deadline_ticks,
                    uint32_t *reason);
    /* Takes the notification's bits, without waiting. */
    enum err (*poll)(void *opaque, uint32_t hart);
    /* Waits until the notification has bits, and takes them. */
    enum err (*wait)(void *opaque, uint32_t hart);
    /* As wait(), for room in the firmware's text stream: the service of that stream is late. */
    enum err (*wait_text)(void *opaque, uint32_t hart);
    /* The guest has rebooted, `count` times so far. */
    void (*rebooted)(void *opaque, uint64_t count);
};

enum vcpu_loop_end {
    VCPU_LOOP_POWERED_OFF,  /* the guest has powered itself off */
    VCPU_LOOP_GUEST_FAILED, /* the guest reported a failure; detail: its code */
    VCPU_LOOP_ALL_STOPPED,  /* the guest has stopped its last hart: no hart can start one */
    VCPU_LOOP_BOOT_FAILED,  /* the guest cannot be rebooted; detail: enum err */
    VCPU_LOOP_VCPU_FAILED,  /* the kernel refused a call; detail: enum err */
};

struct vcpu_loop_result {
    enum vcpu_loop_end end;
    uint32_t detail;
};

/*
 * Does all work that is due before the hart can run: answers its exit, calls the devices'
 * notify(), reboots the machine, waits while the hart is stopped.
 * False: the machine has ended, and *result gives the reason.
 */
bool vcpu_loop_prepare(struct machine *machine, uint32_t hart, const struct vcpu_loop_ops *ops,
                       void *opaque, struct vcpu_loop_result *result);

/*
 * Runs the hart until the machine ends.  The guest cannot end the loop in another way.
 * Inlined with a constant `ops`, so that the compiler inlines run() too: as a function,
 * run() would save all callee-saved registers, because the system call clobbers them.
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
            machine_all_due(machine);
            err = ops->poll(opaque, hart);
        }
        if (err)
            return (struct vcpu_loop_result){VCPU_LOOP_VCPU_FAILED, err};
    }
    return result;
}

/*
 * Sets the registers with which a hart starts: all zero except pc, a0 = hart, a1,
 * sstatus.FS = dirty, stimecmp = all ones, and scounteren = 7, as M-mode firmware leaves it:
 * some guests read the counters before they write scounteren.
 * Errors: of the vCPU's calls.
 */
MUST_CHECK vcpu_start(struct machine *machine, uint32_t hart);

/*
 * Finishes a non-retentive suspend (SBI 3.0, "Function: Hart suspend"): the hart will resume with
 * satp = 0, sstatus.SIE = 0, a0 = hart and a1, once an interrupt is pending that its sie enables.
 * The specification does not say which interrupts resume a hart; here these are the interrupts that
 * end a WFI.
 * All other state is kept, above all the timer, pending interrupts and sie, which can wake the
 * hart.
 * Errors: of the vCPU's calls.
 */
MUST_CHECK vcpu_suspend(struct machine *machine, uint32_t hart);

#endif
