/* SPDX-License-Identifier: BSD-2-Clause */
/* crt.S calls this for each thread of an ordinary process but the first. */
#include <rt/rt_start_table.h>
#include <rt/rt_threads.h>

/* "thread." and a digit: RT_THREADS_MAX is at most 10. */
static void thread_name(char name[START_NAME_BYTES], uint64_t number)
{
    static const char start[] = "thread.";
    unsigned at = 0;

    for (; start[at] != '\0'; at++)
        name[at] = start[at];
    name[at] = (char)('0' + number);
    name[at + 1] = '\0';
}

_Static_assert(RT_THREADS_MAX <= 10, "one digit");

void rt_thread_entry(const struct start_table *table, uint64_t number, struct rt_thread_slots *out)
{
    char name[START_NAME_BYTES];
    struct start_entry entry;

    thread_name(name, number);
    *out = (struct rt_thread_slots){0};
    if (start_table_find(table, START_THREAD, name, &entry) == OK)
        *out = (struct rt_thread_slots){.lock_slot = entry.slot, .own_slot = (uint32_t)entry.value};
}

ATTR_NORETURN void rt_thread_begin(const void *record, uint64_t number);

ATTR_NORETURN void rt_thread_begin(const void *record, uint64_t number)
{
    struct start_table table;
    struct rt_thread_slots slots;

    if (number >= RT_THREADS_MAX || start_table_open(record, PROCESS_START_MAX, &table) != OK)
        __builtin_trap();
    rt_thread_entry(&table, number, &slots);
    rt_thread_wait(number, slots.lock_slot);
}
