/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs in place of a VMM.  It writes almost as many lines to its log as may wait there, faster
 * than the root server reads them, and then faults.  Its unread lines must not displace the
 * messages about its end.
 */
#include <proto/process_start.h>
#include <proto/report.h>
#include <rt/calls.h>

#define LINES      96
#define LINE_PARTS 3 /* messages */

int main(void)
{
    struct message m = {.tag = REPORT_LOG, .word = {REPORT_LOG_BYTES}};

    for (unsigned part = 1; part <= LINES * LINE_PARTS; part++) {
        for (unsigned i = 1; i <= 5; i++)
            m.word[i] = UINT64_C(0x7878787878787878); /* "xxxxxxxx" */
        if (part % LINE_PARTS == 0)
            m.word[5] = UINT64_C(0x0a78787878787878);
        if (ipc_send(cap_at(PROCESS_SLOT_PARENT), &m) != OK)
            return 1;
    }
    __asm__ volatile("sd zero, 8(zero)");
    return 0;
}
