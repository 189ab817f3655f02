/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/calls.h>

#include <proto/process_start.h>

_Static_assert(VCPU_OPS_FENCE_INSN == (int)VCPU_FENCE_INSN &&
                   VCPU_OPS_FENCE_ADDRESS == (int)VCPU_FENCE_ADDRESS &&
                   VCPU_OPS_FENCE_ADDRESS_ASID == (int)VCPU_FENCE_ADDRESS_ASID,
               "the kinds of fences have the kernel's numbers");

/* ---- vCPU.  start_config() accepts one hart only, so `hart` is always 0. ---- */

static enum err calls_get_reg(void *opaque, uint32_t hart, uint64_t reg, uint64_t *value)
{
    const struct calls *calls = opaque;
    (void)hart;
    return vcpu_get_reg(calls->vcpu, reg, value);
}

static enum err calls_set_reg(void *opaque, uint32_t hart, uint64_t reg, uint64_t value)
{
    const struct calls *calls = opaque;
    (void)hart;
    return vcpu_set_reg(calls->vcpu, reg, value);
}

static enum err calls_inject(void *opaque, uint32_t hart, uint64_t cause, uint64_t tval)
{
    const struct calls *calls = opaque;
    (void)hart;
    return vcpu_inject(calls->vcpu, cause, tval);
}

static enum err calls_fence(void *opaque, uint32_t hart, enum vcpu_ops_fence kind, uint64_t address,
                            uint64_t size_bytes, uint64_t asid)
{
    const struct calls *calls = opaque;
    (void)hart;
    return vcpu_fence(calls->vcpu, kind, address, size_bytes, asid);
}

/* Only other harts are kicked, and there are none, so a call is a defect of ours. */
static void calls_kick(void *opaque, uint32_t hart)
{
    (void)opaque, (void)hart;
    __builtin_trap();
}

struct vcpu_ops calls_vcpu(struct calls *calls)
{
    return (struct vcpu_ops){calls,        calls_get_reg, calls_set_reg,
                             calls_inject, calls_fence,   calls_kick};
}

/* ---- The loop ---- */

void calls_pace(void *opaque)
{
    const struct calls *calls = opaque;
    uint32_t ping = atomic_load_explicit(&calls->down->ping, memory_order_acquire);
    if (atomic_exchange_explicit(&calls->up->pong, ping, memory_order_release) != ping &&
        notification_signal(calls->root) != OK)
        return; /* without the root server there is no machine */
}

/* A thread that takes its notification's bits is in no exit handler: the ping is answered. */
static void calls_ping_answer(struct calls *calls, uint64_t bits)
{
    if (bits & PROCESS_BIT_ROOT)
        calls_pace(calls);
}

enum err calls_poll(void *opaque, uint32_t hart)
{
    struct calls *calls = opaque;
    uint64_t bits = 0;
    (void)hart;

    enum err err = notification_poll(calls->wake, &bits);
    if (!err)
        calls_ping_answer(calls, bits);
    return err;
}

enum err calls_wait(void *opaque, uint32_t hart)
{
    struct calls *calls = opaque;
    uint64_t bits = 0;
    (void)hart;

    enum err err = notification_wait(calls->wake, DEADLINE_NEVER, &bits);
    if (!err)
        calls_ping_answer(calls, bits);
    return err;
}

enum err calls_wait_text(void *opaque, uint32_t hart)
{
    const struct calls *calls = opaque;

    atomic_store_explicit(&calls->up->waits_for, calls->text_use, memory_order_relaxed);
    enum err err = calls_wait(opaque, hart);
    atomic_store_explicit(&calls->up->waits_for, 0, memory_order_relaxed);
    return err;
}

void calls_rebooted(void *opaque, uint64_t count)
{
    calls_report(opaque, REPORT_REBOOTED, count, 0);
}

/* ---- Others ---- */

void calls_peer_signal(void *opaque)
{
    const struct calls_peer *peer = opaque;
    /* Errors are ignored: a restarted service reads its rings without a signal. */
    if (!cap_is_null(peer->wake) && notification_signal(peer->wake) != OK)
        return;
}

void calls_report(const struct calls *calls, enum report_label label, uint64_t first,
                  uint64_t second)
{
    struct message message = {.tag = label, .word = {first, second}};
    if (ipc_send(calls->parent, &message) != OK)
        return;
}

_Noreturn void calls_end(const struct calls *calls)
{
    uint64_t bits;
    while (notification_wait(calls->wake, DEADLINE_NEVER, &bits) == OK)
        ;
    __builtin_trap();
}
