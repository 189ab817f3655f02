/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts processes: writes start records. */
#include <rootserver/exec/exec.h>

#include <rootserver/exec/action.h>
#include <rootserver/exec/record.h>
#include <rt/calls.h>
#include <rt/rt.h>

MUST_CHECK exec_process_resume(struct exec *e, unsigned process, uint32_t restart_count)
{
    static _Alignas(8) uint8_t record[PROCESS_START_MAX];
    const struct plan_process *p = &e->plan->process[process];
    const struct record_common common = {.timebase_hz = e->in->boot->timebase_hz,
                                         .realtime_ns = e->realtime_ns,
                                         .restart_count = restart_count};
    unsigned at;

    if (e->plan->part[plan_part_process(process)].state != PLAN_PART_MADE)
        return ERR_STATE;
    enum err err = record_make(e->in, e->plan, process, &common, e->random, record);
    if (err == OK)
        err = action_frames_write(p->record, LAYOUT_START_PAGES, 0, record, sizeof record, &at);
    if (err != OK)
        return err;
    rt_code_publish(); /* the process's code was written through the window */
    for (unsigned i = 0; i < p->thread_count && err == OK; i++)
        err = thread_resume(cap_at(p->thread[i]));
    return err;
}
