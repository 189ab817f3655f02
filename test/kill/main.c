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

/* One order, its process, and the time that restarts took. */
struct kill_watch {
    struct kill_order order;
    unsigned process;
    uint32_t life;      /* the life that the order is armed for, counted from 1 */
    uint64_t killed_at; /* 0: the process is back */
    uint64_t ticks;     /* of all restarts */
    uint32_t backs;     /* restarts that were not killed before the process was back */
    bool is_told;
};

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

/* Has the process answered its first ping, and every offer of a connection? */
static bool kill_is_back(const struct kill_watch *w)
{
    const struct life *l = &root.lives.life[w->process];

    if (l->state != LIFE_RUNNING || l->link.ping == 0 || policy_patience_is_on(&l->link.pong))
        return false;
    for (unsigned i = 0; i < root.lives.connection_count; i++) {
        const struct life_connection *c = &root.lives.connection[i];
        if (c->service == w->process && c->is_made && c->state == CONTROL_USED_AWAY)
            return false;
    }
    return true;
}

static void kill_tell(struct kill_watch *w)
{
    uint64_t mean = w->backs > 0 ? w->ticks / w->backs : 0;

    printf("test.kill: %s was killed %" PRIu32 " times; %" PRIu32 " restarts took %" PRIu64
           " us each\n",
           w->order.name, w->order.done, w->backs, mean * 1000000 / root.boot->timebase_hz);
    w->is_told = true;
}

static void kill_look(struct kill_watch *w, uint64_t now)
{
    struct life *l = &root.lives.life[w->process];

    /* A kill may come before the process is back from the one before. */
    if (w->killed_at != 0 && kill_is_back(w)) {
        w->ticks += now - w->killed_at;
        w->killed_at = 0;
        w->backs++;
    }
    if (l->state == LIFE_RUNNING && w->life != l->restart_count + 1) {
        kill_arm(&w->order, root.boot->timebase_hz, now);
        w->life = l->restart_count + 1;
        if (w->order.at_ticks == KILL_NEVER && !w->is_told)
            kill_tell(w);
    }
    if (l->state == LIFE_RUNNING && kill_is_due(&w->order, now)) {
        if (w->killed_at == 0)
            w->killed_at = now;
        lives_end(&root.lives, w->process, LIFE_END_ORDERED, now);
    }
    if (lives_guests_running(&root.lives) == 0 && !w->is_told)
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
            kill_look(&watch[i], now);
            if (watch[i].order.at_ticks < first)
                first = watch[i].order.at_ticks;
        }
        loop_turn(first);
    }
}
