/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports of a process to its parent, sent with ipc_send() through PROCESS_SLOT_PARENT.
 * The badge tells the parent which process has sent a report.
 *
 *   sender        label               words                              then the sender
 *   any process   REPORT_LOG          0: bytes (1 to 40), 1-5: text      goes on
 *   any process   REPORT_EXIT         0: exit code                       is destroyed
 *   VMM           REPORT_POWERED_OFF                                     is destroyed, guest off
 *   VMM           REPORT_REBOOTED     0: the guest's reboots so far      goes on (for the log)
 *   VMM           REPORT_FAILED       0: enum report_failure, 1: detail  is destroyed, guest dead
 *
 * Any other message, and any REPORT_EXIT of a VMM, counts as a failure of the process.
 * Text is packed from bit 0 of word 1 upwards.  The parent assembles lines and writes
 * each line after the process's name.
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
    REPORT_FAILURE_START_RECORD = 1, /* the start record is not usable; detail: enum err */
    REPORT_FAILURE_KERNEL = 2,       /* kernel image unusable or does not fit; detail: enum err */
    REPORT_FAILURE_VCPU = 3,         /* a call on the vCPU failed; detail: enum err */
    REPORT_FAILURE_SYSTEM = 4,       /* the guest asked for SRST with reason "system failure" */
    REPORT_FAILURE_INTERNAL = 5,     /* a defect of the VMM; detail: any number */
    REPORT_FAILURE_STOPPED = 6,      /* the guest stopped its last hart: no hart can start one */
    REPORT_FAILURE_STATE = 7,        /* the guest's state is of another version, and cannot be
                                        converted; detail: version << 32 | version that is read */
};

#endif
