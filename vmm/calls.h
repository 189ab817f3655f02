/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's calls, behind the function pointers that the pure code uses. */
#ifndef VMM_CALLS_H
#define VMM_CALLS_H

#include <stdint.h>

#include <base/err.h>
#include <proto/control.h>
#include <proto/report.h>
#include <rt/calls.h>
#include <rt/vcpu_page.h>
#include <vmm/vcpu/vcpu_ops.h>

struct calls {
    cap_t vcpu; /* of the one hart */
    cap_t wake; /* the notification bound to the thread that runs the vCPU */
    cap_t parent;
    cap_t root;                      /* signals the root server */
    const struct control_down *down; /* the control region (proto/control.h) */
    struct control_up *up;
    uint32_t text_use; /* 1 + the used connection of the firmware's text stream; 0: none */
};

/* The other end of a connection. */
struct calls_peer {
    cap_t wake; /* signals the service; null for none */
};

struct vcpu_ops calls_vcpu(struct calls *calls);

/* For struct vcpu_loop_ops; opaque is the struct calls. */
static inline enum err calls_run(void *opaque, uint32_t hart, uint64_t done_seq,
                                 uint64_t deadline_ticks, uint32_t *reason)
{
    const struct calls *calls = opaque;
    uint64_t result = VCPU_EXIT_NONE, seq;
    (void)hart;

    enum err err = vcpu_run(calls->vcpu, done_seq, deadline_ticks, &result, &seq);
    if (!err)
        *reason = (uint32_t)result;
    return err;
}
/* All answer the root server's ping.  In a wait for text, the root server can see for whom. */
enum err calls_poll(void *opaque, uint32_t hart);
enum err calls_wait(void *opaque, uint32_t hart);
enum err calls_wait_text(void *opaque, uint32_t hart);
void calls_rebooted(void *opaque, uint64_t count);

/* For struct pace: answers the root server's ping in the middle of long work, without a system call
 * if there is no new ping. */
void calls_pace(void *opaque);

/* For stream_ring_attach(): wakes the service; opaque is its struct calls_peer. */
void calls_peer_signal(void *opaque);

/* Sends a report to the parent, and waits until the parent has received it.  An error, as when the
 * parent is gone, is ignored. */
void calls_report(const struct calls *calls, enum report_label label, uint64_t first,
                  uint64_t second);

/* Waits to be destroyed. */
_Noreturn void calls_end(const struct calls *calls);

#endif
