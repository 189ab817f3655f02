/* SPDX-License-Identifier: BSD-2-Clause */
/* The root server's main() for tests: kills processes as the boot arguments say, and counts. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <libfdt.h>
#include <rootserver/boot.h>
#include <rootserver/loop.h>
#include <rootserver/root.h>
#include <rt/rt.h>

#include "kill.h"

#define KILL_TELL_EVERY 20 /* kills */

struct kill_watch {
    struct kill_order order;
    unsigned process;
    uint32_t told; /* kills; KILL_TOLD_END: the last line was printed */
};

#define KILL_TOLD_END UINT32_MAX

static struct kill_watch watch[KILL_ORDERS_MAX];
static unsigned watch_count;

static void kill_fail(const char *why)
{
    printf("test.kill: %s\n", why);
    root_end_machine(false);
}

static const char *kill_bootargs(void)
{
    const void *tree = (const void *)(uintptr_t)BOOT_DTB_ADDRESS;
    const char *text = fdt_getprop(tree, fdt_path_offset(tree, "/chosen"), "bootargs", NULL);

    return text != NULL ? text : "";
}

static void kill_start(void)
{
    static struct kill_order order[KILL_ORDERS_MAX];

    if (!kill_parse(kill_bootargs(), order, &watch_count))
        kill_fail("an order is malformed");
    for (unsigned i = 0; i < watch_count; i++) {
        struct kill_watch *w = &watch[i];
        w->order = order[i];
        w->process = 0;
        while (w->process < PLAN_PROCESSES_ALL &&
               (root.lives.life[w->process].state == LIFE_NONE ||
                strcmp(root.lives.life[w->process].name, w->order.name) != 0))
            w->process++;
        if (w->process == PLAN_PROCESSES_ALL)
            kill_fail("there is no process of that name");
    }
}

/* Has the process answered its first ping, and every offer of a connection?  Looks at the answers
 * themselves: the connections' states follow in the next turn of the loop, and nothing wakes the
 * loop after that. */
static bool kill_is_back(const struct kill_watch *w)
{
    const struct life *l = &root.lives.life[w->process];

    if (l->state != LIFE_RUNNING || l->link.ping == 0 || policy_patience_is_on(&l->link.pong))
        return false;
    for (unsigned i = 0; i < root.lives.connection_count; i++) {
        const struct life_connection *c = &root.lives.connection[i];
        char reason[CONTROL_REASON_BYTES];
        if (c->service == w->process && c->is_made && c->state == CONTROL_USED_AWAY &&
            (!c->is_offered || link_answer(&l->link, c->served, reason) == CONTROL_ANSWER_NONE))
            return false;
    }
    return true;
}

static void kill_print(const struct kill_order *o)
{
    uint64_t mean = o->back > 0 ? o->away_ticks * 1000000 / root.boot->timebase_hz / o->back : 0;

    printf("test.kill: %s was killed %" PRIu32 " times; %" PRIu32 " restarts took %" PRIu64
           " us each\n",
           o->name, o->done, o->back, mean);
}

/* Prints a line after each KILL_TELL_EVERY restarts and at the end. */
static void kill_tell(struct kill_watch *w)
{
    const struct kill_order *o = &w->order;
    bool is_end =
        (o->most != 0 && o->back == o->most) || lives_guests_running(&root.lives) == 0;

    if (w->told == KILL_TOLD_END || (!is_end && o->back < w->told + KILL_TELL_EVERY))
        return;
    w->told = is_end ? KILL_TOLD_END : o->back;
    kill_print(o);
}

static void kill_watch_look(struct kill_watch *w, uint64_t now)
{
    const struct life *l = &root.lives.life[w->process];
    uint32_t life = l->state == LIFE_RUNNING ? l->restart_count + 1 : 0;

    if (kill_look(&w->order, life, kill_is_back(w), root.boot->timebase_hz, now))
        lives_end(&root.lives, w->process, LIFE_END_ORDERED, now);
    kill_tell(w);
}

int main(void)
{
    boot_start();
    kill_start();
    for (;;) {
        uint64_t now = rt_time_ticks(), first = KILL_NEVER;
        lives_look(&root.lives, now); /* so that a process counts as back as soon as it is */
        for (unsigned i = 0; i < watch_count; i++) {
            kill_watch_look(&watch[i], now);
            /* A time that has passed is that of a process that does not run. */
            if (watch[i].order.at_ticks > now && watch[i].order.at_ticks < first)
                first = watch[i].order.at_ticks;
        }
        loop_turn(first);
    }
}
