/* SPDX-License-Identifier: BSD-2-Clause */
#include "snapshot.h"

#include <check.h>

#include <fakes/hal.h>
#include <stdlib.h>
#include <string.h>

struct snapshot {
    struct world world;
    struct fake_hal fake;
    struct fake_tlb_copy *tlb;
    uint8_t ram[UINT64_C(1) << WORLD_RAM_BITS];
};

struct snapshot *snapshot_take(const struct world *world)
{
    struct snapshot *snapshot = malloc(sizeof(*snapshot));

    ck_assert_ptr_nonnull(snapshot);
    snapshot->world = *world;
    snapshot->fake = fake;
    snapshot->tlb = fake_tlb_copy();
    memcpy(snapshot->ram, hal_phys_to_virt(hpa(FAKE_RAM_START)), sizeof(snapshot->ram));
    return snapshot;
}

void snapshot_restore(const struct snapshot *snapshot, struct world *world)
{
    *world = snapshot->world;
    fake = snapshot->fake;
    fake_tlb_restore(snapshot->tlb);
    memcpy(hal_phys_to_virt(hpa(FAKE_RAM_START)), snapshot->ram, sizeof(snapshot->ram));
}

void snapshot_free(struct snapshot *snapshot)
{
    fake_tlb_free(snapshot->tlb);
    free(snapshot);
}
