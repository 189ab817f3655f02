/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Simulates threads of one priority on the fake hart, with the fake clock, and measures how much
 * time each thread gets and how long a ready thread waits.
 *
 * A thread repeats steps: it runs for some time, then makes one call.  Its strategy chooses each
 * step, and may look at everything, also at the end of its slice, which a real program has to
 * guess.  Each way into the kernel and back costs time, which is charged to a thread and brings
 * that thread nothing.
 */
#ifndef TEST_KERNEL_SHARE_H
#define TEST_KERNEL_SHARE_H

#include "world.h"

#define SHARE_THREADS_MAX 16u
#define SHARE_SLICE_TICKS 20000u /* 10 ms */
#define SHARE_TRAP_TICKS  1u     /* from user mode to where the kernel reads the clock */
#define SHARE_ENTER_TICKS 1u     /* from there to user mode */

enum share_act {
    ACT_NOTHING,
    ACT_SLEEP,     /* until `ticks` from now */
    ACT_SIGNAL,    /* the notification of `whom` */
    ACT_WAIT,      /* for the own notification, at most `ticks` */
    ACT_YIELD,
    ACT_CALL,      /* the server `whom`, by the fast path if possible */
    ACT_REPLY,     /* to the caller, if there is one; then receive */
    ACT_RESTART,   /* suspend and resume `whom` */
    ACT_CONFIGURE, /* move `whom` to another priority and back, and resume it */
    ACT_COUNT,
};

struct share_step {
    uint64_t run_ticks;
    enum share_act act;
    uint32_t whom;
    uint64_t ticks;
};

struct share_thread {
    struct share_step (*next)(struct share_thread *self);
    uint64_t word[4]; /* of the strategy */
    uint32_t number;
    /* Of the simulation. */
    struct thread *thread;
    uint32_t slot, notification, sleeping, endpoint;
    struct share_step step;
    bool has_step, is_waiting;
    uint64_t progress_ticks, waits_since, longest_wait;
};

struct share {
    struct share_thread thread[SHARE_THREADS_MAX];
    uint32_t count;
    uint32_t cnode, vspace; /* of all threads: to change the space takes the fake most time */
};

extern struct share share;

/* A new world without threads, with slices of SHARE_SLICE_TICKS. */
void share_setup(void);
/* Adds a thread, which is ready. */
struct share_thread *share_add(struct share_step (*next)(struct share_thread *self));
/* Lets all of them run for a time. */
void share_run(uint64_t ticks);

/* A step of a thread that only computes. */
struct share_step share_spin(struct share_thread *self);
/* What the current thread has left of its slice. */
uint64_t share_rest(void);

#endif
