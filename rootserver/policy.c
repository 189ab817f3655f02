/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/policy.h>

#include <string.h>

/* Forgets the faults that are older than the policy's time. */
static void policy_faults_expire(struct policy_limiter *limiter,
                                 const struct policy_restart *restart, uint64_t hz, uint64_t now)
{
    uint64_t within = policy_ticks(hz, restart->within_ms);
    unsigned old = 0;

    if (restart->within_ms == 0)
        return;
    while (old < limiter->count && now - limiter->fault_ticks[old] > within)
        old++;
    limiter->count -= old;
    memmove(limiter->fault_ticks, limiter->fault_ticks + old,
            limiter->count * sizeof limiter->fault_ticks[0]);
}

unsigned policy_fault_count(struct policy_limiter *limiter, const struct policy_restart *restart,
                            uint64_t hz, uint64_t now)
{
    policy_faults_expire(limiter, restart, hz, now);
    return limiter->count;
}

static uint64_t policy_wait_ms(const struct policy_restart *restart, unsigned faults)
{
    uint64_t wait = restart->wait_min_ms;

    if (faults > 1 && wait < POLICY_WAIT_LEAST_MS / 2)
        wait = POLICY_WAIT_LEAST_MS / 2;
    for (unsigned i = 1; i < faults && wait < restart->wait_max_ms; i++)
        wait *= 2;
    return wait < restart->wait_max_ms ? wait : restart->wait_max_ms;
}

bool policy_fault(struct policy_limiter *limiter, const struct policy_restart *restart, uint64_t hz,
                  uint64_t now, uint64_t *wait_ticks)
{
    unsigned most = restart->most < POLICY_FAULTS_MAX ? restart->most : POLICY_FAULTS_MAX;

    policy_faults_expire(limiter, restart, hz, now);
    if (limiter->count < POLICY_FAULTS_MAX + 1)
        limiter->fault_ticks[limiter->count++] = now;
    if (limiter->count > most)
        return false;
    *wait_ticks = policy_ticks(hz, policy_wait_ms(restart, limiter->count));
    return true;
}

void policy_patience_start(struct policy_patience *p, uint64_t period_ticks, uint64_t now)
{
    p->step_ticks = period_ticks / POLICY_LOOKS;
    p->look_ticks = now + p->step_ticks;
    p->looks = 0;
}

void policy_patience_stop(struct policy_patience *p)
{
    p->look_ticks = POLICY_NEVER;
}

bool policy_patience_is_on(const struct policy_patience *p)
{
    return p->look_ticks != POLICY_NEVER;
}

bool policy_patience_look(struct policy_patience *p, uint64_t now, bool *is_over)
{
    if (!policy_patience_is_on(p) || now < p->look_ticks)
        return false;
    *is_over = ++p->looks == POLICY_LOOKS;
    p->look_ticks = *is_over ? POLICY_NEVER : now + p->step_ticks;
    return true;
}
