/* SPDX-License-Identifier: BSD-2-Clause */
/* A copy of a whole world (kernel, machine and model) that can be restored. */
#ifndef TEST_MODEL_SNAPSHOT_H
#define TEST_MODEL_SNAPSHOT_H

#include "world.h"

struct snapshot;

struct snapshot *snapshot_take(const struct world *world);
void snapshot_restore(const struct snapshot *snapshot, struct world *world);
void snapshot_free(struct snapshot *snapshot);

#endif
