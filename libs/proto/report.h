/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports of a process to its parent, sent through PROCESS_SLOT_PARENT.  The
 * parent knows who speaks by the badge.
 *
 *   who may send   label             words                              then
 *   anyone, send   REPORT_LOG        0: bytes (1 to 40), 1-5: text      goes on
 *   anyone, send   REPORT_EXIT       0: exit code                       is destroyed
 *   VMM, send      REPORT_POWERED_OFF                                  is destroyed, guest off
 *   VMM, send      REPORT_REBOOTED   0: reboots since the VMM started   goes on (for the log)
 *   VMM, send      REPORT_FAILED     0: enum report_failure, 1: detail  is destroyed, guest dead
 *
 * Anything else, a VMM's REPORT_EXIT with any code included, counts as a
 * failure of the process.  Text goes byte by byte from bit 0 of word 1 up; the
 * parent assembles lines and writes them out behind the process's name.
 */
#ifndef PROTO_REPORT_H
#define PROTO_REPORT_H

#define REPORT_LOG_BYTES 40

enum report_label {
    REPORT_LOG = 1,
    REPORT_EXIT = 2,
    REPORT_POWERED_OFF = 3,
    REPORT_REBOOTED = 4,
    REPORT_FAILED = 5,
};

/* Why a VMM gives its guest up. */
enum report_failure {
    REPORT_FAILURE_START_RECORD = 1, /* it cannot read its start record; detail: enum err */
    REPORT_FAILURE_KERNEL = 2,       /* kernel image unusable or does not fit; detail: enum err */
    REPORT_FAILURE_VCPU = 3,         /* a call on the vCPU failed; detail: enum err */
    REPORT_FAILURE_SYSTEM = 4,       /* the guest asked for SRST with reason "system failure" */
    REPORT_FAILURE_INTERNAL = 5,     /* a defect of the VMM; detail as it likes */
    REPORT_FAILURE_STOPPED = 6,      /* the guest stopped all of its harts: nothing can start one */
};

#endif
