/* SPDX-License-Identifier: BSD-2-Clause */
/* What rt keeps about its process; seen by rt's own files alone. */
#ifndef RT_STATE_H
#define RT_STATE_H

#include <rt/rt.h>
#include <rt/rt_pages.h>

struct rt_state {
    struct rt_config config;
    struct rt_pages pages;
};

/* The one object of a process's runtime, as __libc is that of its C library. */
extern struct rt_state rt_state;

#endif
