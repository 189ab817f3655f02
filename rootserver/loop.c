/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/loop.h>

#include <stdio.h>

#include <rootserver/root.h>
#include <rt/calls.h>
#include <rt/rt.h>

/* Works for LOOP_WORK_US.  True: there is more to do. */
static bool loop_work(uint64_t now)
{
    uint64_t until = now + root.boot->timebase_hz / 1000000 * LOOP_WORK_US;

    do {
        if (!lives_step(&root.lives, now))
            return false;
        now = rt_time_ticks();
    } while (now < until);
    return true;
}

/* The time at which to go on with the work that this turn could not finish. `begun` is the time at
 * which the turn began. Until then, processes of lower priority run. */
static uint64_t loop_rest_end(uint64_t begun)
{
    uint64_t now = rt_time_ticks(), least = root.boot->timebase_hz * LOOP_REST_US / 1000000;
    uint64_t rest = (now - begun) / LOOP_REST_PART;

    return now + (rest > least ? rest : least);
}

/* The last lines.  A log instance that dies of them is started again and gets them once more. */
static void loop_end_say(void)
{
    if (root.end.is_said && root.end.life == lives_log_restarts(&root.lives))
        return;
    if (root.end.is_said)
        lives_ends_tell(&root.lives);
    printf("all guests have ended%s\n",
           lives_ended_well(&root.lives) ? "" : ", not all of them well");
    if (root.finisher == NULL)
        printf("this machine has no sifive,test0 device to end it\n");
    root.end.is_said = true;
    root.end.says++;
    root.end.is_flush_asked = false;
    root.end.life = lives_log_restarts(&root.lives);
}

/* A log that shows progress and never answers dies more slowly than its restart policy counts.  The
 * last lines go to the kernel's log. */
static void loop_end_without_log(void)
{
    lines_down(&root.lines);
    loop_end_say();
    root_end_machine(lives_ended_well(&root.lives));
}

/* Ends the machine once its last lines are shown, or no life of the log has shown them. */
static void loop_end(void)
{
    bool is_lost = root.end.is_said && root.end.life != lives_log_restarts(&root.lives);

    if (is_lost && root.end.says == LOOP_END_SAYS)
        loop_end_without_log();
    if (lives_log_is_away(&root.lives) || root.lines.fault != NULL)
        return;
    loop_end_say();
    if (!root.end.is_flush_asked)
        root.end.is_flush_asked = lines_flush(&root.lines);
    if (root.end.is_flush_asked && root.lines.fault == NULL && lines_are_flushed(&root.lines))
        root_end_machine(lives_ended_well(&root.lives));
}

void loop_turn(uint64_t latest)
{
    struct message m = {0};
    uint64_t now = rt_time_ticks();

    lives_look(&root.lives, now);
    bool has_more = loop_work(now);
    if (lives_guests_running(&root.lives) == 0)
        loop_end();
    uint64_t deadline = has_more ? loop_rest_end(now) : lives_deadline(&root.lives);
    enum err err = ipc_recv_until(cap_at(root.plan.endpoint), &m,
                                  deadline < latest ? deadline : latest);
    if (err == ERR_TIMEOUT)
        return;
    if (err != OK) {
        printf("reports cannot be received: %s\n", exec_error_name(err));
        lines_down(&root.lines);
        root_end_machine(false);
    }
    if (!(m.tag & TAG_NOTIFIED))
        reports_message(&root.reports, &m);
}
