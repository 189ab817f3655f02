/* SPDX-License-Identifier: BSD-2-Clause */
#include "link_world.h"

#include <string.h>

#include <rt/bootinfo.h>
#include <rt/calls.h>
#include <rt/rt.h>

_Alignas(4096) uint8_t down[LINK_WORLD_DOWN_BYTES];
_Alignas(4096) uint8_t up[LINK_WORLD_UP_BYTES];
struct link link_;
struct lines lines;
uint64_t now_ticks;
unsigned signals;
char klog_text[LINK_WORLD_KLOG_BYTES];
size_t klog_bytes;

uint64_t rt_time_ticks(void)
{
    return now_ticks;
}

uint64_t rt_timebase_hz(void)
{
    return HZ;
}

void abi_ecall(struct abi_regs *regs)
{
    uint64_t words[5] = {regs->a3, regs->a4, regs->a5, regs->a6, regs->t1};

    if (regs->a7 == CALL_SIGNAL) {
        ck_assert_uint_eq(regs->a0, BELL);
        signals++;
    } else if (regs->a7 == CALL_INVOKE && regs->a0 == BOOT_SLOT_KLOG) {
        ck_assert_uint_le(regs->a2, 40);
        memcpy(klog_text + klog_bytes, words, regs->a2);
        klog_bytes += regs->a2;
    }
    regs->a0 = OK;
}

struct control_down *world_down(void)
{
    return (void *)down;
}

struct control_up *world_up(void)
{
    return (void *)up;
}

struct control_connection *world_table(void)
{
    return (void *)(down + CONTROL_DOWN_TABLE);
}

struct control_answer *world_answers(void)
{
    return (void *)(up + CONTROL_UP_ANSWERS);
}

void world_begin(uint64_t progress_ticks)
{
    const struct link_place place = {down, up, 64, true, BELL};
    const struct link_times times = {PING, progress_ticks};
    memset(down, 0x55, sizeof down);
    memset(up, 0x55, sizeof up);
    memset(&lines, 0, sizeof lines);
    memset(klog_text, 0, sizeof klog_text);
    klog_bytes = 0;
    signals = 0;
    now_ticks = 1000;
    link_init(&link_, &place, &times);
    link_up(&link_, 0, 0, now_ticks);
    ck_assert_int_eq(lines_up(&lines, &link_), OK);
}

void world_setup(void)
{
    world_begin(0);
}

uint64_t world_deadline(void)
{
    uint64_t a = link_deadline(&link_), b = lines_deadline(&lines);
    return a < b ? a : b;
}

const char *world_fault(void)
{
    return link_.fault != NULL ? link_.fault : lines.fault;
}

/* Lets time pass up to `until`; `live` is the process. */
void world_run(uint64_t until, void (*live)(void))
{
    while (world_deadline() <= until && world_fault() == NULL) {
        if (world_deadline() > now_ticks)
            now_ticks = world_deadline();
        link_look(&link_, now_ticks);
        lines_look(&lines, now_ticks);
        if (live != NULL)
            live();
    }
    if (world_fault() == NULL)
        now_ticks = until;
}

void world_live_pong(void)
{
    world_up()->pong = world_down()->ping;
}
