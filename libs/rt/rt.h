/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process's time, start record and threads.
 */
#ifndef RT_RT_H
#define RT_RT_H

#include <stddef.h>
#include <stdint.h>

#include <base/attr.h>
#include <base/err.h>
#include <rt/rt_threads.h>

/* The time CSR, and its ticks per second (never 0). */
uint64_t rt_time_ticks(void);
uint64_t rt_timebase_hz(void);

/* Unix time in nanoseconds when the time CSR was 0; 0 for unknown. */
uint64_t rt_realtime_ns(void);

/*
 * Makes code that this thread has written executable: FENCE.I, on the hart that runs the thread
 * (unprivileged specification, "Zifencei" Extension for Instruction-Fetch Fence).
 */
void rt_code_publish(void);

/* The configuration of rt.  rt_process.c fills it from the start record; the root server has no
 * start record and fills it itself. */
struct rt_config {
    const char *name;
    uint64_t timebase_hz;
    uint64_t realtime_ns; /* Unix time when the time CSR was 0; 0 for unknown */
    void *heap;           /* zeroed, page-aligned */
    size_t heap_bytes;
    uint8_t entropy[32];
    struct rt_thread_slots thread[RT_THREADS_MAX]; /* all 0: one thread, no wait in libc's locks */
    void (*write)(const char *text, size_t bytes); /* standard output and error */
    ATTR_NORETURN void (*leave)(int code);
};

/* Called by crt.S with the process's initial a0; calls rt_enter() in the end. */
ATTR_NORETURN void rt_begin(const void *start);

/* Sets up libc and calls main().  `config` is copied. */
ATTR_NORETURN void rt_enter(const struct rt_config *config);

#endif
