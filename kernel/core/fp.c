/* SPDX-License-Identifier: BSD-2-Clause */
#include <kernel/core/fp.h>

static void fp_owner_save(const struct hart *hart)
{
    if (hart->fp_owner != NULL && hal_fp_is_dirty())
        hal_fp_save(hart->fp_owner);
}

void fp_acquire(struct hart *hart, struct fp_state *fp)
{
    if (hart->fp_owner == fp)
        return;
    fp_owner_save(hart);
    hal_fp_load(fp);
    hart->fp_owner = fp;
}

void fp_release(struct hart *hart, struct fp_state *fp)
{
    if (hart->fp_owner != fp)
        return;
    fp_owner_save(hart);
    hart->fp_owner = NULL;
}

void fp_drop(struct hart *hart, const struct fp_state *fp)
{
    if (hart->fp_owner == fp)
        hart->fp_owner = NULL;
}

bool fp_trap(struct hart *hart)
{
    struct fp_state *fp = &hart->current->fp;

    if (hart->fp_owner == fp)
        return false;
    fp_acquire(hart, fp);
    return true;
}
