/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections.  A CONNECTION has the Frames of rings and info page.  A SIDE maps them for one
 * process, and gives it a capability that signals the other process; the service's side also gets
 * the client's memory, if the service's recipe says so:
 *
 *   "map"  the guest's RAM is mapped
 *   "dma"  a page tells the physical extents of the guest's RAM; the RAM is not mapped
 */
#include <rootserver/plan/build.h>

#define PAGE                 UINT64_C(4096)
#define GIB                  (UINT64_C(1) << 30)
#define CALLER_BADGE(served) ((served) + UINT64_C(1))

static const struct system_client *connection_recipe(const struct build *b, unsigned connection)
{
    return &b->in->system->service[b->plan->connection[connection].instance].client;
}

/* The guest at the client's end whose memory the service may access; false: there is none. */
static bool connection_has_region(const struct build *b, unsigned connection)
{
    return b->in->system->connection[connection].is_guest &&
           connection_recipe(b, connection)->regions > 0;
}

void build_connection(struct build *b, unsigned connection)
{
    const struct system_connection *from = &b->in->system->connection[connection];
    struct plan_connection *c = &b->plan->connection[connection];

    if (from->service == SYSTEM_SERVICES_MAX) {
        build_fail(b, ERR_NOT_FOUND, "%s: %s needs the service %s, which does not run",
                   from->source, from->key, from->service_name);
        return;
    }
    const struct system_client *recipe = connection_recipe(b, connection);
    if (c->served >= recipe->most) {
        build_fail(b, ERR_RANGE, "%s: the service %s takes %u connections, and this is one more",
                   from->source, from->service_name, recipe->most);
        return;
    }
    bool has_extents = connection_has_region(b, connection) && recipe->rights == SYSTEM_REGION_DMA;
    c->frame_count = system_client_bytes(recipe) / 4096;
    struct build_piece piece = build_piece(b, (c->frame_count + (has_extents ? 1 : 0)) * PAGE);
    c->frame = build_new_objects(b, &piece, OBJ_FRAME, 12, c->frame_count);
    c->extents_frame = has_extents ? build_new_objects(b, &piece, OBJ_FRAME, 12, 1) : 0;
    if (!has_extents)
        return;
    if (b->plan->part[plan_part_guest(from->client)].state == PLAN_PART_NONE)
        build_fail(b, ERR_STATE, "its guest has no memory");
    build_emit(
        b, (struct plan_action){
               .kind = PLAN_EXTENTS, .count = 1, .slot = c->extents_frame, .index = from->client});
}

/* Maps the Frames.  Only the service may write to the info page. */
static void side_frames(struct build *b, unsigned connection, const struct build_store *store,
                        uint64_t address, bool is_service)
{
    const struct plan_connection *c = &b->plan->connection[connection];
    unsigned info = system_client_info(connection_recipe(b, connection)) / 4096;
    struct build_frames rings = {.slot = c->frame, .count = info, .bits = 12};
    struct build_frames page = {
        .slot = c->frame + info, .count = c->frame_count - info, .bits = 12};

    build_share(b, rings, store, address, RIGHT_READ | RIGHT_WRITE);
    build_share(b, page, store, address + info * PAGE,
                is_service ? RIGHT_READ | RIGHT_WRITE : RIGHT_READ);
}

/* The regions of an instance's connections stand one behind another, so that each has its address
 * whichever of them are planned. */
static uint64_t side_region_address(const struct build *b, unsigned connection)
{
    uint64_t address = LAYOUT_REGIONS;

    for (unsigned i = 0; i < connection; i++) {
        const struct system_connection *c = &b->in->system->connection[i];
        if (c->is_guest && c->service == b->in->system->connection[connection].service)
            address += (b->in->system->guest[c->client].memory_bytes + GIB - 1) & ~(GIB - 1);
    }
    return address;
}

static void side_region(struct build *b, unsigned connection, const struct build_store *store,
                        const struct plan_side_place *place)
{
    const struct system_connection *from = &b->in->system->connection[connection];
    struct plan_connection *c = &b->plan->connection[connection];
    uint64_t bytes = b->in->system->guest[from->client].memory_bytes;

    c->region_count = 1;
    if (connection_recipe(b, connection)->rights == SYSTEM_REGION_DMA) {
        c->region[0] = (struct plan_region){.address = place->address + c->frame_count * PAGE,
                                            .bytes = PAGE,
                                            .client_offset = GUEST_RAM_GPA};
        build_share(b, (struct build_frames){.slot = c->extents_frame, .count = 1, .bits = 12},
                    store, c->region[0].address, RIGHT_READ);
        return;
    }
    uint64_t address = side_region_address(b, connection);
    if (bytes > LAYOUT_REGIONS_END - LAYOUT_REGIONS || address > LAYOUT_REGIONS_END - bytes) {
        build_fail(b, ERR_RANGE, "the memory of all its clients is too large to be mapped");
        return;
    }
    c->region[0] =
        (struct plan_region){.address = address, .bytes = bytes, .client_offset = GUEST_RAM_GPA};
    build_ram_share(b, from->client, store, address);
}

static unsigned side_store_slots(const struct build *b, unsigned connection, bool is_service)
{
    const struct plan_connection *c = &b->plan->connection[connection];
    const struct system_connection *from = &b->in->system->connection[connection];
    unsigned slots = c->frame_count + 1;

    if (is_service && connection_has_region(b, connection) &&
        connection_recipe(b, connection)->rights == SYSTEM_REGION_MAP)
        slots += build_ram_frames(&b->plan->guest[from->client]);
    return slots;
}

static void side_client(struct build *b, struct plan_connection *c, const struct plan_process *p)
{
    struct plan_side_place *place = &c->side[PLAN_SIDE_CLIENT];
    uint32_t endpoint = b->plan->instance[c->instance].endpoint;

    *place = (struct plan_side_place){.address = LAYOUT_USED + c->used * LAYOUT_CONNECTION_STEP,
                                      .wake_slot = p->slots.used + c->used,
                                      .bit = PROCESS_BIT_USED(c->used)};
    build_mint(b, b->plan->instance[c->instance].home.wake, p->cnode, place->wake_slot, RIGHT_WRITE,
               PROCESS_BIT_SERVED(c->served));
    if (endpoint == 0)
        return;
    place->endpoint_slot = p->slots.used_endpoint + c->used;
    build_mint(b, endpoint, p->cnode, place->endpoint_slot, RIGHT_WRITE, CALLER_BADGE(c->served));
}

static void side_service(struct build *b, struct plan_connection *c, const struct plan_process *p)
{
    struct plan_side_place *place = &c->side[PLAN_SIDE_SERVICE];

    *place = (struct plan_side_place){.address = LAYOUT_SERVED + c->served * LAYOUT_CONNECTION_STEP,
                                      .wake_slot = p->slots.served + c->served,
                                      .bit = PROCESS_BIT_SERVED(c->served)};
    build_mint(b, plan_home_of(b->plan, c->client)->wake, p->cnode, place->wake_slot, RIGHT_WRITE,
               PROCESS_BIT_USED(c->used));
}

void build_side(struct build *b, unsigned connection, enum plan_side_kind side)
{
    struct plan_connection *c = &b->plan->connection[connection];
    bool is_service = side == PLAN_SIDE_SERVICE;
    const struct plan_process *p =
        &b->plan->process[is_service ? plan_process_of_instance(c->instance) : c->client];
    uint32_t used = 0, cnode;

    unsigned bits = build_cnode_bits(side_store_slots(b, connection, is_service));
    if (bits > CNODE_BITS_MAX) {
        build_fail(b, ERR_RANGE, "its client's memory is in too many frames");
        return;
    }
    struct build_piece piece = build_piece(b, UINT64_C(1) << bits);
    cnode = build_new_objects(b, &piece, OBJ_CNODE, bits, 1);
    const struct build_store store = {.cnode = cnode, .vspace = p->vspace, .used = &used};
    if (is_service)
        side_service(b, c, p);
    else
        side_client(b, c, p);
    side_frames(b, connection, &store, c->side[side].address, is_service);
    if (is_service && connection_has_region(b, connection))
        side_region(b, connection, &store, &c->side[side]);
}
