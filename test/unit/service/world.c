/* SPDX-License-Identifier: BSD-2-Clause */
#include <test/unit/service/world.h>

#include <string.h>

struct world world;

static const struct service_ring rings[] = {
    {.is_from_client = true,
     .record_bytes = sizeof(struct world_record),
     .record_count = WORLD_RECORDS},
    {.record_bytes = sizeof(struct world_record), .record_count = WORLD_RECORDS},
};

void cut_here(void)
{
    if (world.is_cutting && world.cut_count++ == world.cut_at)
        longjmp(world.end, 1);
}

/* ---- the model ----------------------------------------------------------------------- */

static const char *on_connect(void *context, struct service_connection *c)
{
    (void)context;
    ck_assert_ptr_null(c->data);
    world.connects++;
    c->data = &world.client[c->index];
    return world.refusal;
}

static void on_disconnect(void *context, struct service_connection *c)
{
    (void)context;
    (void)c;
    world.disconnects++;
}

static void on_end(void *context, struct service_connection *c)
{
    (void)context;
    world.ends++;
    if (!world.is_patient)
        service_leave(&world.service, c);
}

/* Client 0 runs beside the service: takes a reply, and fills its request ring again. */
static void world_flood(void)
{
    struct world_record reply;
    uint32_t room = 0;

    (void)world_hear(0, &reply);
    ck_assert_int_eq(ring_room(&world.client[0].requests, &room), OK);
    while (room-- > 0)
        world_ask(0, 1);
}

static void on_request(void *context, struct service_connection *c, const void *request,
                       void *reply)
{
    const struct world_record *asked = request;
    struct world_record *said = reply;

    (void)context;
    (void)c;
    if (world.is_flooding)
        world_flood();
    if (asked->value == POISON) {
        world.is_faulty = true;
        longjmp(world.end, 1);
    }
    said->number = asked->number;
    said->value = asked->value * 3;
    world.answered++;
}

static void on_poison(void *context, struct service_connection *c, const void *request, void *reply)
{
    (void)context;
    (void)c;
    ((struct world_record *)reply)->number = ((const struct world_record *)request)->number;
    ((struct world_record *)reply)->is_error = true;
    world.poisoned++;
}

/* ---- effects outside ------------------------------------------------------------------ */

static void signal_slot(void *context, uint32_t slot)
{
    (void)context;
    cut_here();
    if (slot == SLOT_ROOT) {
        world.root_wakes++;
        return;
    }
    ck_assert_uint_lt(slot - SLOT_CLIENT(0), WORLD_CLIENTS);
    world.client[slot - SLOT_CLIENT(0)].wakes++;
}

static uint64_t time_ticks(void *context)
{
    (void)context;
    return 0;
}

/* As rt_copy_in() and rt_copy_out(): the memory of a client may be gone. */
static enum err copy(void *to, const void *from, size_t bytes)
{
    for (uint32_t i = 0; i < WORLD_CLIENTS; i++)
        if (world.client[i].is_region_gone)
            return ERR_PEER_DIED;
    memcpy(to, from, bytes);
    return OK;
}

static const struct service_ops ops = {
    .signal = signal_slot, .time_ticks = time_ticks, .copy_in = copy, .copy_out = copy};

/* ---- the root server ------------------------------------------------------------------ */

void world_reset(void)
{
    memset(&world, 0, sizeof world);
    world.cut_at = WORLD_CUT_NEVER;
    world.model = (struct service_model){.ring = rings,
                                         .ring_count = 2,
                                         .on_connect = on_connect,
                                         .on_disconnect = on_disconnect,
                                         .on_end = on_end,
                                         .on_request = on_request,
                                         .on_poison = on_poison};
    world_down()->version = CONTROL_VERSION;
    world_down()->connection_most = CONTROL_CONNECTIONS_MAX;
    world_down()->is_table_whole = 1;
}

struct control_down *world_down(void)
{
    return (struct control_down *)(void *)world.down;
}

struct control_up *world_up(void)
{
    return (struct control_up *)(void *)world.up;
}

struct control_connection *world_entry(uint32_t i)
{
    return (struct control_connection *)(void *)(world.down + CONTROL_DOWN_TABLE) + i;
}

static struct control_answer *answer_at(uint32_t i)
{
    return (struct control_answer *)(void *)(world.up + CONTROL_UP_ANSWERS) + i;
}

uint32_t world_answer(uint32_t i)
{
    return answer_at(i)->state;
}

const char *world_reason(uint32_t i)
{
    return answer_at(i)->reason;
}

void world_offer(uint32_t i, uint32_t generation)
{
    struct control_connection *entry = world_entry(i);
    struct world_client *client = &world.client[i];

    entry->wake_slot = SLOT_CLIENT(i);
    entry->ring_count = 2;
    for (uint32_t k = 0; k < 2; k++)
        entry->ring[k] = (struct control_ring){.shared_address = (uintptr_t)&client->shared[k],
                                               .data_address = (uintptr_t)client->data[k],
                                               .record_bytes = sizeof(struct world_record),
                                               .record_count = WORLD_RECORDS};
    entry->region_count = 1;
    entry->region[0] = (struct control_region){.address = (uintptr_t)client->region,
                                               .bytes = WORLD_REGION_BYTES,
                                               .client_offset = WORLD_REGION_GPA};
    entry->state = control_state(generation, CONTROL_CONNECTION_OFFERED);
}

void world_state(uint32_t i, uint32_t state)
{
    struct control_connection *entry = world_entry(i);

    entry->state = control_state(entry->state >> CONTROL_STATE_BITS, state);
}

void world_begin(void)
{
    memset(world.up, 0, sizeof world.up);
    ck_assert_int_eq(
        service_init(&world.service, &world.model, &ops, world.down, world.up, SLOT_ROOT), OK);
}

bool world_run(uint64_t bits)
{
    volatile uint64_t signals = bits;
    uint64_t deadline;

    if (setjmp(world.end) != 0) {
        world.is_cutting = false;
        return false;
    }
    world.is_cutting = true;
    for (unsigned i = 0; i < 10000; i++) {
        while (service_turn(&world.service, signals))
            signals = 0;
        signals = 0;
        if (service_sleep(&world.service, &deadline))
            break;
        ck_assert_uint_lt(i, 9999);
    }
    world.is_cutting = false;
    return true;
}

void world_survive(void)
{
    for (unsigned lives = 0; lives < 100; lives++) {
        world_down()->suspect = world.is_faulty ? world_up()->doing : 0;
        world_down()->fault_count += world.is_faulty;
        world.is_faulty = false;
        world_begin();
        if (world_run(0))
            return;
    }
    ck_abort_msg("no life survives");
}

/* ---- clients -------------------------------------------------------------------------- */

void world_client_attach(uint32_t i)
{
    struct world_client *client = &world.client[i];

    ck_assert_int_eq(ring_producer_attach(&client->requests, &client->shared[0], client->data[0],
                                          WORLD_RECORDS, sizeof(struct world_record)),
                     OK);
    ck_assert_int_eq(ring_consumer_attach(&client->replies, &client->shared[1], client->data[1],
                                          WORLD_RECORDS, sizeof(struct world_record)),
                     OK);
}

void world_ask(uint32_t i, uint32_t value)
{
    struct world_client *client = &world.client[i];
    struct world_record record = {.number = ring_producer_position(&client->requests),
                                  .value = value};
    uint32_t written = 0;

    ck_assert_int_eq(ring_write(&client->requests, &record, 1, &written), OK);
    ck_assert_uint_eq(written, 1);
}

bool world_hear(uint32_t i, struct world_record *reply)
{
    struct world_client *client = &world.client[i];
    uint32_t number = ring_consumer_position(&client->replies), got = 0;

    ck_assert_int_eq(ring_read(&client->replies, reply, 1, &got), OK);
    if (got == 1)
        ck_assert_uint_eq(reply->number, number);
    return got == 1;
}
