/* SPDX-License-Identifier: BSD-2-Clause */
/* The state of rt; only the files of rt include this. */
#ifndef RT_STATE_H
#define RT_STATE_H

#include <rt/rt.h>
#include <rt/rt_pages.h>

struct rt_state {
    struct rt_config config;
    struct rt_pages pages;
};

/* The only global object of rt. */
extern struct rt_state rt_state;

#endif
