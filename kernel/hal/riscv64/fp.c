/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sstatus.FS is Off while U mode may not use the registers, else Clean or Dirty as the
 * hart sets it.  While FS is Off, its earlier value is in cpu->fp_status.
 */
#include <kernel/hal/riscv64/cpu.h>
#include <kernel/hal/riscv64/csr.h>
#include <kernel/hal/riscv64/hyp.h>

static void fp_set_field(uint64_t field)
{
    CSR_CLEAR(CSR_SSTATUS, SSTATUS_FS);
    if (field != 0)
        CSR_SET(CSR_SSTATUS, field);
}

static bool fp_status_is_dirty(uint64_t status)
{
    return (status & SSTATUS_FS) == SSTATUS_FS_DIRTY;
}

static bool fp_is_user_allowed(void)
{
    return (CSR_READ(CSR_SSTATUS) & SSTATUS_FS) != 0;
}

void hal_fp_save(struct fp_state *state)
{
    bool is_allowed = fp_is_user_allowed();

    CSR_SET(CSR_SSTATUS, SSTATUS_FS);
    cpu_fp_save(state);
    fp_set_field(is_allowed ? SSTATUS_FS_CLEAN : 0);
    cpu_this()->fp_status = 0;
}

void hal_fp_load(const struct fp_state *state)
{
    bool is_allowed = fp_is_user_allowed();

    CSR_SET(CSR_SSTATUS, SSTATUS_FS);
    cpu_fp_load(state);
    fp_set_field(is_allowed ? SSTATUS_FS_CLEAN : 0);
    cpu_this()->fp_status = 0;
}

bool hal_fp_is_dirty(void)
{
    return fp_status_is_dirty(cpu_this()->fp_status) || fp_status_is_dirty(CSR_READ(CSR_SSTATUS));
}

void hal_fp_set_user_access(bool is_allowed)
{
    struct cpu *cpu = cpu_this();

    if (is_allowed == fp_is_user_allowed())
        return;
    if (is_allowed) {
        fp_set_field(fp_status_is_dirty(cpu->fp_status) ? SSTATUS_FS_DIRTY : SSTATUS_FS_CLEAN);
    } else {
        cpu->fp_status |= CSR_READ_CLEAR(CSR_SSTATUS, SSTATUS_FS);
    }
}
