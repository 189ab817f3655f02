/* SPDX-License-Identifier: BSD-2-Clause */
/* Ends lives, and answers questions about all lives. */
#include <rootserver/lives/lives.h>

#include <stdio.h>
#include <string.h>

unsigned lives_about(const struct lives *lives, unsigned process)
{
    for (unsigned i = 0; i < lives->connection_count; i++) {
        const struct life_connection *c = &lives->connection[i];
        if (c->client == process && c->service == lives->log && !c->is_bad)
            return c->served + 1;
    }
    return 0;
}

static void life_end_tell(const struct lives *lives, unsigned process)
{
    const struct life *l = &lives->life[process];

    if (l->guest == NULL || l->outcome == LIFE_OUTCOME_NONE)
        return;
    lines_topic(lives->lines, lives_about(lives, process), false);
    printf(l->outcome == LIFE_OUTCOME_ENDED ? "guest %s powered itself off\n"
                                            : "guest %s is dead\n",
           l->guest);
    lines_topic(lives->lines, 0, false);
}

void lives_ends_tell(struct lives *lives)
{
    for (unsigned i = 0; i < PLAN_PROCESSES_ALL; i++)
        life_end_tell(lives, i);
}

void life_give_up(struct lives *lives, unsigned process, enum life_outcome outcome, uint64_t now)
{
    struct life *l = &lives->life[process];

    l->outcome = outcome;
    life_end_tell(lives, process);
    if (l->guest == NULL)
        printf("%s is not started again: its clients go on without it\n", l->name);
    if (work_calls_cancel(lives->work, process) != OK)
        printf("calls of %s cannot be ended\n", l->name);
    for (unsigned i = 0; i < lives->connection_count; i++) {
        if (lives->connection[i].service == process)
            connection_service_ended(lives, i, true);
        if (lives->connection[i].client == process)
            connection_client_ended(lives, i, now);
    }
    if (process == lives->log)
        lives_ends_tell(lives);
}

/* Decides whether the process starts again, and when. */
static void life_end_decide(struct lives *lives, unsigned process, enum life_end end, uint64_t now)
{
    struct life *l = &lives->life[process];
    uint64_t wait = 0;

    l->was_ordered = end == LIFE_END_ORDERED;
    if (end == LIFE_END_OFF && l->guest != NULL)
        life_give_up(lives, process, LIFE_OUTCOME_ENDED, now);
    else if ((end == LIFE_END_FAILED && l->guest != NULL) ||
             (end != LIFE_END_ORDERED &&
              !policy_fault(&l->limiter, &l->restart, lives->hz, now, &wait)))
        life_give_up(lives, process, LIFE_OUTCOME_DEAD, now);
    l->at_ticks = now + wait;
}

/* Must the ordered end wait?  There is one hart, so the process does not run while the root server
 * looks. */
static bool life_end_waits(struct lives *lives, unsigned process, uint64_t now)
{
    struct life *l = &lives->life[process];
    bool is_over = false;

    if (!link_holds(&l->link))
        return false;
    if (!policy_patience_is_on(&l->hold))
        policy_patience_start(&l->hold, policy_ticks(lives->hz, CONTROL_HOLD_MS), now);
    else
        (void)policy_patience_look(&l->hold, now, &is_over);
    return !is_over;
}

void lives_end(struct lives *lives, unsigned process, enum life_end end, uint64_t now)
{
    struct life *l = &lives->life[process];

    if (l->state != LIFE_RUNNING)
        return;
    if (end == LIFE_END_ORDERED && life_end_waits(lives, process, now))
        return;
    policy_patience_stop(&l->hold);
    if (work_stop(lives->work, process) != OK)
        printf("%s cannot be stopped\n", l->name);
    l->suspect = end == LIFE_END_ORDERED ? 0 : link_doing(&l->link);
    link_down(&l->link);
    if (process == lives->log) {
        lines_down(lives->lines);
        lives->lines->fault = NULL;
    }
    l->state = LIFE_RESET;
    for (unsigned i = 0; i < lives->connection_count; i++) {
        if (lives->connection[i].service == process)
            connection_service_ended(lives, i, false);
    }
    life_end_decide(lives, process, end, now);
    work_reset_begin(lives->work, process);
    l->poll_ticks = now;
    l->reset_ticks = now + policy_ticks(lives->hz, LIVES_RESET_MS);
}

static void life_look(struct lives *lives, unsigned process, uint64_t now)
{
    struct life *l = &lives->life[process];
    const char *fault;

    if (l->state != LIFE_RUNNING)
        return;
    if (now >= l->hold.look_ticks) {
        lives_end(lives, process, LIFE_END_ORDERED, now);
        return;
    }
    link_look(&l->link, now);
    fault = l->link.fault;
    if (process == lives->log) {
        lines_look(lives->lines, now);
        if (fault == NULL)
            fault = lives->lines->fault;
    }
    if (fault == NULL)
        return;
    if (process == lives->log)
        lines_down(lives->lines); /* the next line is about this very process */
    printf("%s %s: it is ended\n", l->name, fault);
    lives_end(lives, process, LIFE_END_FAULT, now);
}

void lives_look(struct lives *lives, uint64_t now)
{
    for (unsigned i = 0; i < PLAN_PROCESSES_ALL; i++)
        life_look(lives, i, now);
}

bool lives_step(struct lives *lives, uint64_t now)
{
    /* Ends come before starts, so that a long start delays none. */
    for (unsigned i = 0; i < PLAN_PROCESSES_ALL; i++) {
        if (lives->life[i].state >= LIFE_RESET && life_step(lives, i, now))
            return true;
    }
    for (unsigned i = 0; i < lives->connection_count; i++) {
        if (connection_step(lives, i, now))
            return true;
    }
    for (unsigned i = 0; i < PLAN_PROCESSES_ALL; i++) {
        if (lives->life[i].state < LIFE_RESET && life_step(lives, i, now))
            return true;
    }
    return false;
}

static uint64_t life_deadline(const struct life *l)
{
    switch (l->state) {
    case LIFE_RUNNING:
        return l->hold.look_ticks < link_deadline(&l->link) ? l->hold.look_ticks
                                                            : link_deadline(&l->link);
    case LIFE_RESET:
        return l->poll_ticks;
    case LIFE_WAIT:
        return l->at_ticks;
    default:
        return POLICY_NEVER;
    }
}

uint64_t lives_deadline(const struct lives *lives)
{
    uint64_t first = lines_deadline(lives->lines);

    for (unsigned i = 0; i < PLAN_PROCESSES_ALL; i++) {
        uint64_t one = life_deadline(&lives->life[i]);
        if (one < first)
            first = one;
    }
    return first;
}

void lives_begin(struct lives *lives)
{
    for (unsigned i = 0; i < PLAN_PROCESSES_ALL; i++)
        policy_patience_stop(&lives->life[i].hold);
    for (unsigned i = 0; i < lives->connection_count; i++)
        lives->connection[i].state = CONTROL_USED_AWAY;
}

unsigned lives_guests_running(const struct lives *lives)
{
    unsigned count = 0;

    for (unsigned i = 0; i < PLAN_PROCESSES_ALL; i++) {
        const struct life *l = &lives->life[i];
        count += l->state != LIFE_NONE && l->guest != NULL && l->outcome == LIFE_OUTCOME_NONE;
    }
    return count;
}

bool lives_ended_well(const struct lives *lives)
{
    for (unsigned i = 0; i < PLAN_PROCESSES_ALL; i++) {
        const struct life *l = &lives->life[i];
        if (l->state != LIFE_NONE &&
            (l->guest != NULL ? l->outcome != LIFE_OUTCOME_ENDED : l->outcome != LIFE_OUTCOME_NONE))
            return false;
    }
    return true;
}

bool lives_log_is_away(const struct lives *lives)
{
    if (lives->log >= PLAN_PROCESSES_ALL)
        return false;
    const struct life *l = &lives->life[lives->log];
    return l->state != LIFE_RUNNING && l->outcome == LIFE_OUTCOME_NONE;
}

uint32_t lives_log_restarts(const struct lives *lives)
{
    if (lives->log >= PLAN_PROCESSES_ALL)
        return 0;
    const struct life *l = &lives->life[lives->log];
    return l->restart_count + (l->outcome != LIFE_OUTCOME_NONE);
}
