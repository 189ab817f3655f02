/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The start of an ordinary process: reads its start record, speaks to its
 * parent.  (The root server, which has neither, brings its own rt_begin().)
 */
#include <string.h>

#include <proto/process_start.h>
#include <proto/report.h>
#include <rt/calls.h>

#include "rt_state.h"

static cap_t parent_cap(void)
{
    return cap_at(PROCESS_SLOT_PARENT);
}

/* Text goes to the parent in messages; when it cannot, it is lost: there is nobody to tell. */
static void parent_write(const char *text, size_t bytes)
{
    while (bytes > 0) {
        size_t part = bytes < REPORT_LOG_BYTES ? bytes : REPORT_LOG_BYTES;
        struct message m = {.tag = REPORT_LOG, .word = {part}};
        memcpy(&m.word[1], text, part);
        if (ipc_send(parent_cap(), &m) != OK)
            return;
        text += part;
        bytes -= part;
    }
}

/* Reports the exit and waits to be destroyed.  A process that cannot do even
 * that stops at an illegal instruction, which its parent sees as a fault. */
static ATTR_NORETURN void parent_leave(int code)
{
    struct message m = {.tag = REPORT_EXIT, .word = {(uint64_t)(unsigned)code}};
    uint64_t bits;

    if (ipc_send(parent_cap(), &m) == OK) {
        while (notification_wait(cap_at(PROCESS_SLOT_WAKE), DEADLINE_NEVER, &bits) == OK)
            ;
    }
    __builtin_trap();
}

ATTR_NORETURN void rt_begin(const void *start)
{
    const struct process_start *record = start;

    if (record->magic != PROCESS_START_MAGIC || record->version != PROCESS_START_VERSION ||
        record->timebase_hz == 0)
        __builtin_trap();
    struct rt_config config = {
        .name = record->name,
        .timebase_hz = record->timebase_hz,
        .realtime_ns = record->realtime_ns,
        .heap = (void *)(uintptr_t)record->heap_address,
        .heap_bytes = record->heap_bytes,
        .role = record->role_bytes ? (const char *)start + record->role_offset : NULL,
        .role_bytes = record->role_bytes,
        .write = parent_write,
        .leave = parent_leave,
    };
    memcpy(config.entropy, record->entropy, sizeof config.entropy);
    rt_enter(&config);
}
