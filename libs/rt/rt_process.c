/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts an ordinary process: reads the start record, and sends output and exit to the
 * parent.  (The root server has neither record nor parent; it has its own rt_begin().)
 */
#include <string.h>

#include <proto/process_start.h>
#include <proto/report.h>
#include <rt/calls.h>
#include <rt/rt_start_table.h>

#include "rt_state.h"

static struct start_table process_table;

const struct start_table *rt_start_table(void)
{
    return &process_table;
}

MUST_CHECK rt_entry_find(enum start_kind kind, const char *name, struct start_entry *out)
{
    return start_table_find(&process_table, kind, name, out);
}

static cap_t parent_cap(void)
{
    return cap_at(PROCESS_SLOT_PARENT);
}

/* Sends text to the parent in messages.  If sending fails, the text is lost: no other process
 * could receive the error. */
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

/* Reports the exit and waits to be destroyed.  If that fails, the process stops at an illegal
 * instruction, and the parent gets the fault. */
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

    if (start_table_open(start, PROCESS_START_MAX, &process_table) != OK ||
        record->timebase_hz == 0)
        __builtin_trap();
    struct rt_config config = {
        .name = record->name,
        .timebase_hz = record->timebase_hz,
        .realtime_ns = record->realtime_ns,
        .heap = (void *)(uintptr_t)record->heap_address,
        .heap_bytes = record->heap_bytes,
        .write = parent_write,
        .leave = parent_leave,
    };
    for (unsigned i = 0; i < RT_THREADS_MAX; i++)
        rt_thread_entry(&process_table, i, &config.thread[i]);
    memcpy(config.entropy, record->entropy, sizeof config.entropy);
    rt_enter(&config);
}
