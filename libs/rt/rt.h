/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a process knows about itself.
 */
#ifndef RT_RT_H
#define RT_RT_H

#include <stddef.h>
#include <stdint.h>

#include <base/attr.h>
#include <base/err.h>

/* The time CSR, and how many of its ticks are a second (never 0). */
uint64_t rt_time_ticks(void);
uint64_t rt_timebase_hz(void);

/*
 * Code that this thread wrote before can be executed after: FENCE.I, on the hart that executes it
 * (unprivileged specification, "Zifencei" Extension for Instruction-Fetch Fence).
 */
void rt_code_publish(void);

/*
 * The role's part of the start record, at least `bytes` long.
 *   ERR_NOT_FOUND  there is none, or it is shorter
 */
MUST_CHECK rt_role(size_t bytes, const void **out);

/* What rt was told at the start.  A process gets it from its start record (rt_process.c); the root
 * server, which has none, fills it in itself. */
struct rt_config {
    const char *name;
    uint64_t timebase_hz;
    uint64_t realtime_ns; /* Unix time when the time CSR was 0; 0 for unknown */
    void *heap;           /* zeroed, page-aligned */
    size_t heap_bytes;
    const void *role;
    size_t role_bytes;
    uint8_t entropy[32];
    void (*write)(const char *text, size_t bytes); /* standard output and error */
    ATTR_NORETURN void (*leave)(int code);
};

/*
 * A further thread of this process: registers of the suspended Thread in `slot`, so that it calls
 * entry(argument) when it is resumed, with a stack that ends at `stack_end` (16-byte aligned).
 * entry() must not return, and must not use the C library, which knows of one thread only.
 * Every error of thread_set_reg().
 */
MUST_CHECK rt_thread_prepare(uint32_t slot, void (*entry)(void *), void *argument, void *stack_end);

/* Called by crt.S with a0 as the process found it; calls rt_enter() at its end. */
ATTR_NORETURN void rt_begin(const void *start);

/* Sets up libc and calls main().  `config` is copied. */
ATTR_NORETURN void rt_enter(const struct rt_config *config);

#endif
