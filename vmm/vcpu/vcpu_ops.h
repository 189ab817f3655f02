/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's calls on a vCPU as function pointers: calls.c fills them with system calls, a
 * test with fakes.  A call that is made twice with the same arguments has the effect of one call.
 * The exception is inject(): see inject_apply() in exit.c.
 */
#ifndef VMM_VCPU_VCPU_OPS_H
#define VMM_VCPU_VCPU_OPS_H

#include <stdint.h>

#include <base/err.h>

/* VCPU_FENCE_... of the kernel's interface, by the same numbers. */
enum vcpu_ops_fence {
    VCPU_OPS_FENCE_INSN = 0,
    VCPU_OPS_FENCE_ADDRESS = 1,
    VCPU_OPS_FENCE_ADDRESS_ASID = 2,
};

struct vcpu_ops {
    void *opaque;
    /* `reg` is a VCPU_REG_... of <rt/vcpu_page.h>.  ERR_NOT_SUPPORTED: the hart has none. */
    enum err (*get_reg)(void *opaque, uint32_t hart, uint64_t reg, uint64_t *value);
    enum err (*set_reg)(void *opaque, uint32_t hart, uint64_t reg, uint64_t value);
    /* The guest takes an exception at the state page's pc. */
    enum err (*inject)(void *opaque, uint32_t hart, uint64_t cause, uint64_t tval);
    /* size_bytes 0: all addresses. */
    enum err (*fence)(void *opaque, uint32_t hart, enum vcpu_ops_fence kind, uint64_t address,
                      uint64_t size_bytes, uint64_t asid);
    /* Makes another hart's vcpu_run() return, so that its thread handles new requests. */
    void (*kick)(void *opaque, uint32_t hart);
};

#endif
