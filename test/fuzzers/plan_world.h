/* SPDX-License-Identifier: BSD-2-Clause */
/* A machine, a boot archive and the planner's whole life for any configuration. */
#ifndef TEST_FUZZERS_PLAN_WORLD_H
#define TEST_FUZZERS_PLAN_WORLD_H

#include <rootserver/plan/plan.h>

/*
 * Plans all parts of the configuration, some of them only for an instant (bits of `order`),
 * and undoes them all.  Oracle: a refused part has a reason and leaves no trace; at the end memory,
 * slots and actions are what they were at first.
 */
void plan_world_check(const struct system_config *system, const void *tree, uint64_t order);

#endif
