/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <manifest/onlooker.manifest.h>
#include <rt/rt.h>
#include <rt/rt_service.h>
#include <test/services/onlooker/onlooker.h>

#define ONLOOKER_LOOKS_A_SECOND 100u

struct onlooker {
    struct service service;
    bool has_read[ONLOOKER_CLIENTS_MAX]; /* the memory of the client, in this life */
    bool is_stuck;
    uint64_t look_ticks;
};

/* The guest's output is of no interest. */
static bool onlooker_output_drop(struct onlooker *o, struct service_connection *c)
{
    struct ring_consumer *output = &c->ring[ONLOOKER_RING_OUTPUT].from;
    uint32_t available = 0;

    (void)ring_consumer_restarted(output);
    if (ring_available(output, &available) != OK || available == 0 ||
        ring_drop(output, available) != OK)
        return false;
    if (ring_consumer_wakes(output))
        service_client_wake(&o->service, c);
    return true;
}

static void onlooker_key_type(struct onlooker *o, struct service_connection *c)
{
    struct ring_producer *input = &c->ring[ONLOOKER_RING_INPUT].to;
    const char *key = "";
    uint32_t written = 0;

    if (onlooker_option_key(c->entry->option, &key) != OK ||
        ring_write(input, key, (uint32_t)strlen(key), &written) != OK || written == 0)
        return;
    if (ring_producer_wakes(input))
        service_client_wake(&o->service, c);
}

/* Reads the client's memory once.  OK: the kernel's magic number is there. */
static MUST_CHECK onlooker_read(struct onlooker *o, const struct service_connection *c)
{
    uint32_t magic = 0;

    enum err err = service_region_read(&o->service, c, 0, ONLOOKER_MAGIC_GPA, &magic, sizeof magic);
    return err == OK && magic != ONLOOKER_MAGIC ? ERR_NOT_FOUND : err;
}

static unsigned onlooker_readable_count(struct onlooker *o)
{
    unsigned count = 0;

    for (uint32_t i = 0; i < ONLOOKER_CLIENTS_MAX; i++) {
        const struct service_connection *c = service_connection_at(&o->service, i);
        count += c != NULL && onlooker_read(o, c) == OK;
    }
    return count;
}

/* A client that has ended is left when its memory is gone, and not before. */
static void onlooker_look(struct onlooker *o, struct service_connection *c)
{
    enum err err = onlooker_read(o, c);

    if (err == OK && !o->has_read[c->index]) {
        o->has_read[c->index] = true;
        printf("reads the memory of %s\n", c->entry->client);
        onlooker_key_type(o, c);
    }
    if (err == ERR_PEER_DIED) {
        printf("the memory of %s is gone, that of %u is there\n", c->entry->client,
               onlooker_readable_count(o));
        service_leave(&o->service, c);
    }
}

static bool onlooker_on_notify(void *context, uint64_t bits)
{
    struct onlooker *o = context;
    uint64_t now = rt_time_ticks();
    bool is_due = now >= o->look_ticks, moved = false;

    (void)bits;
    for (uint32_t i = 0; i < ONLOOKER_CLIENTS_MAX; i++) {
        struct service_connection *c = service_connection_at(&o->service, i);
        if (c == NULL)
            continue;
        moved |= onlooker_output_drop(o, c);
        if (is_due)
            onlooker_look(o, c);
    }
    if (is_due)
        o->look_ticks = now + rt_timebase_hz() / ONLOOKER_LOOKS_A_SECOND;
    return moved;
}

static bool onlooker_on_sleep(void *context, uint64_t *deadline_ticks)
{
    struct onlooker *o = context;
    bool sleeps = true;

    for (uint32_t i = 0; i < ONLOOKER_CLIENTS_MAX; i++) {
        struct service_connection *c = service_connection_at(&o->service, i);
        if (c != NULL)
            sleeps &= ring_consumer_sleep(&c->ring[ONLOOKER_RING_OUTPUT].from);
    }
    *deadline_ticks = o->look_ticks;
    return sleeps;
}

/* Work that is never completed begins with the first client. */
static const char *onlooker_on_connect(void *context, struct service_connection *c)
{
    struct onlooker *o = context;

    o->has_read[c->index] = false;
    if (o->is_stuck)
        service_busy(&o->service, 1);
    return NULL;
}

/* onlooker_look() leaves. */
static void onlooker_on_end(void *context, struct service_connection *c)
{
    (void)context;
    (void)c;
}

static MUST_CHECK onlooker_on_start(void *context)
{
    struct onlooker *o = context;
    const struct start_table *table = rt_start_table();
    uint64_t lives = 0, restarts = 0;

    enum err err = onlooker_instance_stuck(table, &lives);
    if (err == OK)
        err = start_table_number(table, "restarts", &restarts);
    o->is_stuck = restarts < lives;
    return err;
}

int main(void)
{
    static struct onlooker onlooker;
    static const struct service_ring rings[] = ONLOOKER_RINGS;
    static const struct service_model model = {.context = &onlooker,
                                               .ring = rings,
                                               .ring_count = ONLOOKER_RING_COUNT,
                                               .on_start = onlooker_on_start,
                                               .on_connect = onlooker_on_connect,
                                               .on_end = onlooker_on_end,
                                               .on_notify = onlooker_on_notify,
                                               .on_sleep = onlooker_on_sleep};

    return rt_service_run(&onlooker.service, &model);
}
