/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>

#include <manifest/echo.manifest.h>
#include <manifest/probe.manifest.h>
#include <rt/rt.h>
#include <rt/rt_caller.h>
#include <rt/rt_service.h>
#include <test/services/probe/calls.h>
#include <test/services/probe/probe.h>

#define REPORT_ANSWERS 1000u
#define REPORT_CALLS   100u

struct probe_process {
    struct probe probe;
    struct service service;
    struct rt_use use;
    uint32_t reported; /* answers */
    uint32_t wrong;
    struct rt_caller caller;
    struct calls calls;
    uint64_t call_every; /* answers; 0: makes no calls */
    uint32_t called_at;  /* answers at the last call */
};

/* Makes a call, which waits for the service, after each `call_every` answers. */
static void probe_call(struct probe_process *p)
{
    uint64_t word[ECHO_CALL_WORDS];

    if (p->call_every == 0 || p->probe.answers - p->called_at < p->call_every)
        return;
    p->called_at = p->probe.answers;
    uint32_t label = calls_next(&p->calls, word), wrong = p->calls.wrong;
    calls_result(&p->calls, rt_caller_call(&p->caller, label, word), word);
    if (atomic_load_explicit(p->caller.used_state, memory_order_acquire) == CONTROL_USED_RETIRED) {
        printf("the service does not come back: no call is made any more\n");
        p->call_every = 0;
    }
    if (p->calls.wrong != wrong)
        printf("wrong result of call %" PRIu32 ": %d\n", p->calls.count - 1, p->calls.last_wrong);
    if (p->calls.count % REPORT_CALLS == 0)
        printf("%" PRIu32 " calls were made, %" PRIu32 " ended with the service, %" PRIu32
               " wrong\n",
               p->calls.count, p->calls.ended, p->calls.wrong);
}

static void probe_report(struct probe_process *p)
{
    const struct echo_record *r = &p->probe.last_wrong;

    if (p->probe.wrong != p->wrong)
        printf("wrong answer to request %" PRIu32 ": number %" PRIu64 ", status %" PRIu32 "\n",
               ring_consumer_position(&p->probe.replies) - 1, r->number, r->status);
    p->wrong = p->probe.wrong;
    if (p->probe.answers - p->reported < REPORT_ANSWERS)
        return;
    p->reported = p->probe.answers;
    printf("%" PRIu32 " requests were answered, %" PRIu32 " wrong\n",
           ring_consumer_position(&p->probe.replies), p->wrong);
}

static bool probe_on_notify(void *context, uint64_t bits)
{
    struct probe_process *p = context;
    bool moved = probe_move(&p->probe);

    (void)bits;
    if (ring_producer_wakes(&p->probe.requests) | ring_consumer_wakes(&p->probe.replies))
        p->service.ops->signal(p->service.ops->context, p->use.wake_slot);
    probe_report(p);
    probe_call(p);
    return moved;
}

static bool probe_on_sleep(void *context, uint64_t *deadline_ticks)
{
    struct probe_process *p = context;

    (void)deadline_ticks;
    return ring_consumer_sleep(&p->probe.replies);
}

static MUST_CHECK probe_calls_open(struct probe_process *p, const struct start_table *table,
                                   unsigned use)
{
    enum err err = probe_instance_calls(table, &p->call_every);

    if (err == OK)
        err = probe_instance_deadly(table, &p->calls.deadly);
    return err == OK ? rt_caller_open(table, use, &p->caller) : err;
}

/* Signals the service, because the last life of the probe may have ended before it did. */
static MUST_CHECK probe_on_start(void *context)
{
    struct probe_process *p = context;
    const struct start_table *table = rt_start_table();
    struct rt_ring requests = {0}, replies = {0};
    unsigned use;

    enum err err = rt_use_find(table, PROBE_NEED_ECHO, 0, &use);
    if (err == OK)
        err = rt_use_open(table, use, &p->use);
    if (err == OK)
        err = echo_use_ring_requests(table, use, &requests);
    if (err == OK)
        err = echo_use_ring_replies(table, use, &replies);
    if (err == OK)
        err = ring_producer_attach(&p->probe.requests, (void *)(uintptr_t)requests.shared_address,
                                   (void *)(uintptr_t)requests.data_address, requests.record_count,
                                   requests.record_bytes);
    if (err == OK)
        err = ring_consumer_attach(&p->probe.replies, (void *)(uintptr_t)replies.shared_address,
                                   (void *)(uintptr_t)replies.data_address, replies.record_count,
                                   replies.record_bytes);
    if (err == OK)
        err = probe_instance_poison(table, &p->probe.poison);
    if (err == OK)
        err = probe_calls_open(p, table, use);
    if (err == OK)
        p->service.ops->signal(p->service.ops->context, p->use.wake_slot);
    return err;
}

int main(void)
{
    static struct probe_process process;
    static const struct service_model model = {.context = &process,
                                               .on_start = probe_on_start,
                                               .on_notify = probe_on_notify,
                                               .on_sleep = probe_on_sleep};

    return rt_service_run(&process.service, &model);
}
