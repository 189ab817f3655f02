/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads of lower priorities wait for a Notification until about the same moment.  The calling
 * thread, of the highest priority, sleeps until then or shortly before, and then looks at the clock
 * without a pause: where the clock jumps, the kernel took the time.
 */
#include "attack_price.h"

#include <rt/rt.h>
#include <stdio.h>

#include "attack.h"
#include "attack_parts.h"

#define SLEEPERS       2000u
#define TABLE_BITS     18u
#define SETTLE_TICKS   UINT64_C(30000000) /* enough for all to make their call */
#define WINDOW_TICKS   UINT64_C(400000)
#define LEAD_TICKS     10000u
#define JUMP_TICKS     64u /* longer than the loop that looks at the clock */

enum sleep_slot { NOTIFICATION, OWN, TABLE, PASSING };

struct sleepers {
    const char *name;
    uint64_t lead_ticks;   /* the calling thread wakes so much before the first of them */
    uint64_t spread_ticks; /* between two deadlines */
    uint64_t priority, priority_count; /* from the first on, in turn */
};

static void sleepers_make(const struct sleepers *kind, uint64_t moment)
{
    parts_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, NOTIFICATION);
    parts_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, OWN);
    parts_make(OBJ_CNODE, TABLE_BITS, TABLE);
    for (uint32_t i = 0; i < SLEEPERS; i++) {
        parts_thread(PASSING, kind->priority + i % kind->priority_count,
                     &(struct abi_regs){ .a7 = CALL_WAIT,
                                         .a0 = parts_cap(NOTIFICATION).slot,
                                         .a1 = moment + i * kind->spread_ticks });
        attack_must(thread_resume(parts_cap(PASSING)), "resume");
        parts_move(parts_cap(TABLE), i + 1, PASSING);
    }
}

static void sleepers_measure(const struct sleepers *kind)
{
    uint64_t moment = rt_time_ticks() + 4 * SETTLE_TICKS, longest = 0, taken = 0, stops = 0;

    sleepers_make(kind, moment);
    if (rt_time_ticks() + SETTLE_TICKS > moment)
        attack_must(ERR_TIMEOUT, "make the sleepers in time");
    parts_stretch(NULL);
    uint64_t late = parts_sleep_until(parts_cap(OWN), moment - kind->lead_ticks);
    uint64_t begin = rt_time_ticks(), before = begin;
    for (uint64_t now = begin; now - begin < WINDOW_TICKS; before = now) {
        now = rt_time_ticks();
        if (now - before <= JUMP_TICKS)
            continue;
        stops++;
        taken += now - before;
        if (now - before > longest)
            longest = now - before;
    }
    printf("attack: sleepers %s: woken %llu late, %llu stops, longest %llu, taken %llu of %llu\n",
           kind->name, (unsigned long long)late, (unsigned long long)stops,
           (unsigned long long)longest, (unsigned long long)taken,
           (unsigned long long)(before - begin));
    parts_stretch("waking sleepers");
    parts_revoke();
}

void sleepers_run(void)
{
    static const struct sleepers kinds[] = {
        { "of priority 1, at one moment", 0, 0, 1, 1 },
        { "of priority 1, at one moment soon", LEAD_TICKS, 0, 1, 1 },
        { "of priority 1, a tick apart", 0, 1, 1, 1 },
        { "of priority 1, 100 ticks apart soon", LEAD_TICKS, 100, 1, 1 },
        { "of priority 62, at one moment", 0, 0, 62, 1 },
        { "of priority 62, at one moment soon", LEAD_TICKS, 0, 62, 1 },
        { "of priorities 1 to 62, a tick apart soon", LEAD_TICKS, 1, 1, 62 },
    };

    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        sleepers_measure(&kinds[i]);
    printf("attack: end of sleepers\n");
}
