/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections.  A CONNECTION has the Frames of rings and info page.  A SIDE maps them for one
 * process, and gives it a capability that signals the other process.  The service may also get the
 * client's memory, if the service's recipe says so:
 *
 *   "map"  a REGION maps the guest's RAM for the service
 *   "dma"  a page in the service's SIDE tells the physical extents of the guest's RAM; the RAM is
 *          not mapped
 */
#include <rootserver/plan/build.h>

#define PAGE                 UINT64_C(4096)
#define GIB                  (UINT64_C(1) << 30)

static const struct system_client *connection_recipe(const struct build *b, unsigned connection)
{
    return &b->in->system->service[b->plan->connection[connection].instance].client;
}

/* May the service access the client's memory in this way? */
static bool connection_has_region(const struct build *b, unsigned connection,
                                  enum system_region_rights rights)
{
    return b->in->system->connection[connection].is_guest &&
           connection_recipe(b, connection)->regions > 0 &&
           connection_recipe(b, connection)->rights == rights;
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
    bool has_extents = connection_has_region(b, connection, SYSTEM_REGION_DMA);
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

/* A store of `slots` slots, in memory of the part. */
static void connection_store(struct build *b, unsigned slots, struct build_store *store)
{
    unsigned bits = build_cnode_bits(slots);

    if (bits > CNODE_BITS_MAX) {
        build_fail(b, ERR_RANGE, "its client's memory is in too many frames");
        return;
    }
    struct build_piece piece = build_piece(b, UINT64_C(1) << bits);
    store->cnode = build_new_objects(b, &piece, OBJ_CNODE, bits, 1);
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

/* Tells the service where the client's memory stands.  The page is behind the connection's. */
static void side_extents(struct build *b, struct plan_connection *c,
                         const struct build_store *store)
{
    uint64_t address = c->side[PLAN_SIDE_SERVICE].address + c->frame_count * PAGE;

    build_share(b, (struct build_frames){.slot = c->extents_frame, .count = 1, .bits = 12}, store,
                address, RIGHT_READ);
    c->region_count = 1;
    c->region[0] =
        (struct plan_region){.address = address, .bytes = PAGE, .client_offset = GUEST_RAM_GPA};
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
    build_mint(b, endpoint, p->cnode, place->endpoint_slot, RIGHT_WRITE,
               PLAN_CALLER_BADGE(c->served));
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
    uint32_t used = 0;
    struct build_store store = {.vspace = p->vspace, .used = &used};

    connection_store(b, c->frame_count + 1, &store);
    if (is_service)
        side_service(b, c, p);
    else
        side_client(b, c, p);
    side_frames(b, connection, &store, c->side[side].address, is_service);
    if (is_service && connection_has_region(b, connection, SYSTEM_REGION_DMA))
        side_extents(b, c, &store);
}

/* ---- mapped regions ----------------------------------------------------------------- */

/* The regions of an instance's connections have addresses one behind the other, so no address
 * depends on which regions are planned. */
static uint64_t region_address(const struct build *b, unsigned connection)
{
    uint64_t address = LAYOUT_REGIONS;

    for (unsigned i = 0; i < connection; i++) {
        const struct system_connection *c = &b->in->system->connection[i];
        if (c->is_guest && c->service == b->in->system->connection[connection].service)
            address += (b->in->system->guest[c->client].memory_bytes + GIB - 1) & ~(GIB - 1);
    }
    return address;
}

void build_region(struct build *b, unsigned connection)
{
    const struct system_connection *from = &b->in->system->connection[connection];
    struct plan_connection *c = &b->plan->connection[connection];
    uint32_t used = 0;
    struct build_store store = {.vspace = b->plan->process[c->instance].vspace, .used = &used};

    if (!connection_has_region(b, connection, SYSTEM_REGION_MAP))
        return;
    uint64_t bytes = b->in->system->guest[from->client].memory_bytes;
    uint64_t address = region_address(b, connection);
    if (bytes > LAYOUT_REGIONS_END - LAYOUT_REGIONS || address > LAYOUT_REGIONS_END - bytes) {
        build_fail(b, ERR_RANGE, "the memory of all its clients is too large to be mapped");
        return;
    }
    connection_store(b, build_ram_frames(&b->plan->guest[from->client]), &store);
    build_ram_share(b, from->client, &store, address);
    c->region_count = 1;
    c->region[0] =
        (struct plan_region){.address = address, .bytes = bytes, .client_offset = GUEST_RAM_GPA};
}
