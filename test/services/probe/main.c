/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>

#include <manifest/echo.manifest.h>
#include <manifest/probe.manifest.h>
#include <rt/rt.h>
#include <rt/rt_service.h>
#include <test/services/probe/probe.h>

#define REPORT_ANSWERS 1000u

struct probe_process {
    struct probe probe;
    struct service service;
    struct rt_use use;
    uint32_t reported; /* answers */
    uint32_t wrong;
};

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
    return moved;
}

static bool probe_on_sleep(void *context, uint64_t *deadline_ticks)
{
    struct probe_process *p = context;

    (void)deadline_ticks;
    return ring_consumer_sleep(&p->probe.replies);
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
