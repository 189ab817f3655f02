/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes what outlives the process of a service's instance. */
#include <rootserver/plan/build.h>

#define PAGE        UINT64_C(4096)
#define BIG_BITS    21
#define TABLE_PAGES 512
#define SMALL_BYTES (4 * PAGE) /* more than Endpoint, Irqs and alignment take */

/* Finds the first device that fits and whose registers are free. */
static enum err instance_device_take(struct build *b, const struct system_device *want,
                                     struct plan_device *out)
{
    const char *compatible[SYSTEM_MATCHES_MAX];
    struct machine_match match = {compatible, want->match_count, want->prefers_stdout};
    enum err err = ERR_NOT_FOUND;

    for (unsigned i = 0; i < want->match_count; i++)
        compatible[i] = want->match[i];
    for (unsigned index = 0; b->err == OK; index++) {
        struct machine_device found;
        if (machine_device_find(b->in->machine_tree, &match, index, &found) != OK)
            return err;
        uint64_t first = found.address & ~(PAGE - 1);
        uint64_t pages = build_page_count(found.address - first + found.bytes);
        if (pages > PLAN_DEVICE_PAGES_MAX || found.irq_count < want->irqs) {
            err = ERR_FORMAT;
            continue;
        }
        struct build attempt = *b;
        unsigned actions = b->plan->action_count;
        uint32_t frame = build_device_pages(&attempt, first, (unsigned)pages);
        if (attempt.err == OK) {
            *out = (struct plan_device){
                .found = found, .frame = frame, .frame_count = (unsigned)pages};
            out->is_there = true;
            return OK;
        }
        if (attempt.err != ERR_NOT_FOUND)
            *b = attempt;
        b->plan->action_count = actions;
    }
    return b->err;
}

/* Makes an Irq for each of the device's interrupts, bound to its bit of the Notification. */
static void instance_irqs(struct build *b, struct build_piece *piece,
                          struct plan_instance *instance, struct plan_device *device,
                          unsigned *bits)
{
    device->first_bit = *bits;
    for (unsigned i = 0; i < device->found.irq_count && *bits < PLAN_IRQS_MAX; i++) {
        uint32_t irq = build_new_objects(b, piece, OBJ_IRQ, IRQ_BITS_MIN, 1);
        uint32_t badged = build_minted(b, instance->home.wake, RIGHT_WRITE, PROCESS_BIT_IRQ(*bits));
        build_emit(b, (struct plan_action){.kind = PLAN_BIND_IRQ,
                                           .count = 1,
                                           .slot = irq,
                                           .other = badged,
                                           .index = device->found.irq[i]});
        device->irq[device->irq_count++] = irq;
        *bits += 1;
    }
}

static void instance_device(struct build *b, struct build_piece *piece, unsigned index, unsigned d,
                            unsigned *bits)
{
    const struct system_device *want = &b->in->system->service[index].device[d];
    struct plan_instance *instance = &b->plan->instance[index];
    struct plan_device *device = &instance->device[d];
    enum err err = instance_device_take(b, want, device);

    if (b->err == OK && err != OK && !want->is_optional)
        build_fail(b, err, "the machine has no free device for its %.20s: %.48s%s", want->name,
                   want->match[0], want->match_count > 1 ? " or another" : "");
    if (err != OK || b->err != OK)
        return;
    if (want->irqs > 0)
        instance_irqs(b, piece, instance, device, bits);
    if (device->irq_count < want->irqs)
        build_fail(b, ERR_RANGE, "its devices have too many interrupts together");
    if (want->reset == SYSTEM_RESET_NONE)
        return;
    device->root_address =
        LAYOUT_ROOT_RESET + (index * SYSTEM_DEVICES_MAX + d) * PAGE + device->found.address % PAGE;
    uint32_t copy = build_slots(b, 1);
    build_copy(b, device->frame, 1, BOOT_SLOT_CNODE, copy, RIGHT_READ | RIGHT_WRITE);
    build_map(b, (struct build_frames){.slot = copy, .count = 1, .bits = 12}, BOOT_SLOT_VSPACE,
              device->root_address & ~(PAGE - 1), RIGHT_READ | RIGHT_WRITE);
}

/* Memory for DMA is in one piece.  Large memory is in large frames. */
static void instance_memory_size(const struct system_memory *want, uint64_t address,
                                 struct plan_memory *out)
{
    *out = (struct plan_memory){.frame_bits = 12, .address = address};
    if (want->bytes % (UINT64_C(1) << BIG_BITS) == 0)
        out->frame_bits = BIG_BITS;
    out->frame_count = (unsigned)(want->bytes >> out->frame_bits);
}

/* Kept memory, and memory for DMA, which must be in one piece, are Untypeds of their own. */
static void instance_memory(struct build *b, unsigned index, unsigned m)
{
    const struct system_memory *want = &b->in->system->service[index].memory[m];
    struct plan_memory *memory = &b->plan->instance[index].memory[m];

    instance_memory_size(want, LAYOUT_MEMORY + m * LAYOUT_MEMORY_STEP, memory);
    if (!want->is_kept && !want->is_dma)
        return;
    struct build_piece piece = build_piece(b, want->bytes);
    memory->frame =
        build_new_objects(b, &piece, OBJ_FRAME, memory->frame_bits, memory->frame_count);
    if (want->is_dma && b->err == OK)
        memory->physical = memory_address_of(&b->plan->memory, piece.untyped);
}

/* Each connection that the service needs must have an instance that serves it. */
static void instance_needs_check(struct build *b, unsigned index)
{
    for (unsigned i = 0; i < b->plan->connection_count; i++) {
        const struct system_connection *c = &b->in->system->connection[i];
        if (!c->is_guest && c->client == index && c->service == SYSTEM_SERVICES_MAX)
            build_fail(b, ERR_NOT_FOUND, "%s: it needs the service %s, which does not run",
                       c->source, c->service_name);
    }
}

void build_instance(struct build *b, unsigned index)
{
    const struct system_service *service = &b->in->system->service[index];
    struct plan_instance *instance = &b->plan->instance[index];
    unsigned bits = 0;

    *instance = (struct plan_instance){.endpoint = 0};
    if (service->is_bad) {
        build_fail(b, ERR_FORMAT, "%s", service->problem.text);
        return;
    }
    instance_needs_check(b, index);
    struct build_piece piece =
        build_piece(b, build_home_bytes(service->client.most, service->is_log) + SMALL_BYTES);
    build_home(b, &piece, plan_process_of_instance(index), service->client.most, service->is_log);
    instance->has_spare_endpoint = service->client.has_calls;
    if (service->client.has_calls)
        instance->endpoint = build_new_objects(b, &piece, OBJ_ENDPOINT, ENDPOINT_BITS_MIN, 2);
    for (unsigned d = 0; d < service->device_count; d++)
        instance_device(b, &piece, index, d, &bits);
    for (unsigned m = 0; m < service->memory_count; m++)
        instance_memory(b, index, m);
}

/* ---- one life of the service ------------------------------------------------ */

/* The bytes of client memory that may be mapped for the service. */
static uint64_t instance_region_bytes(const struct build *b, const struct system_connection *c)
{
    return c->is_guest ? b->in->system->guest[c->client].memory_bytes : 0;
}

uint64_t build_service_frames(struct build *b, unsigned index)
{
    const struct plan_instance *instance = &b->plan->instance[index];
    uint64_t frames = 0;

    for (unsigned d = 0; d < SYSTEM_DEVICES_MAX; d++)
        frames += instance->device[d].frame_count;
    for (unsigned m = 0; m < SYSTEM_MEMORIES_MAX; m++)
        frames += instance->memory[m].frame_count;
    return frames;
}

uint64_t build_service_bytes(struct build *b, unsigned index)
{
    const struct system_service *service = &b->in->system->service[index];
    uint64_t bytes = 0;

    for (unsigned m = 0; m < service->memory_count; m++) {
        if (b->plan->instance[index].memory[m].frame == 0)
            bytes += service->memory[m].bytes + (UINT64_C(1) << BIG_BITS);
    }
    return bytes;
}

unsigned build_service_tables(struct build *b, unsigned index)
{
    const struct system_service *service = &b->in->system->service[index];
    const struct plan_instance *instance = &b->plan->instance[index];
    uint64_t tables = 4 + service->client.most * build_connection_tables(&service->client);

    for (unsigned d = 0; d < SYSTEM_DEVICES_MAX; d++)
        tables += instance->device[d].frame_count / TABLE_PAGES + 2;
    for (unsigned m = 0; m < service->memory_count; m++) {
        tables += 2 + (service->memory[m].bytes >> 30);
        if (instance->memory[m].frame_bits == 12)
            tables += instance->memory[m].frame_count / TABLE_PAGES + 1;
    }
    for (unsigned c = 0; c < b->plan->connection_count; c++) {
        const struct system_connection *from = &b->in->system->connection[c];
        if (from->service == index && service->client.regions > 0)
            tables += (instance_region_bytes(b, from) >> 30) + 2;
    }
    return (unsigned)tables;
}

static void instance_device_give(struct build *b, struct plan_process *p,
                                 const struct build_store *store, const struct system_device *want,
                                 const struct plan_device *device, unsigned d)
{
    if (want->has_registers)
        build_share(
            b,
            (struct build_frames){.slot = device->frame, .count = device->frame_count, .bits = 12},
            store, LAYOUT_DEVICE + d * LAYOUT_DEVICE_STEP,
            want->is_writable ? RIGHT_READ | RIGHT_WRITE : RIGHT_READ);
    for (unsigned i = 0; i < device->irq_count; i++)
        build_copy(b, device->irq[i], 1, p->cnode, p->slots.irq + device->first_bit + i,
                   RIGHT_WRITE);
}

static void instance_memory_give(struct build *b, struct build_piece *piece,
                                 const struct build_store *store, const struct plan_memory *memory)
{
    const unsigned rights = RIGHT_READ | RIGHT_WRITE;

    if (memory->frame != 0) {
        build_share(b,
                    (struct build_frames){.slot = memory->frame,
                                          .count = memory->frame_count,
                                          .bits = memory->frame_bits},
                    store, memory->address, rights);
        return;
    }
    for (unsigned done = 0; done < memory->frame_count && b->err == OK;) {
        unsigned left = memory->frame_count - done,
                 part = left < PLAN_SCRATCH ? left : PLAN_SCRATCH;
        struct build_frames frames = {
            .slot = b->plan->scratch_a, .count = part, .bits = memory->frame_bits};
        build_group_begin(b);
        build_objects(b, piece, OBJ_FRAME, frames.bits, part, frames.slot);
        build_map(b, frames, store->vspace, memory->address + ((uint64_t)done << frames.bits),
                  rights);
        build_keep(b, store, frames.slot, part);
        build_group_end(b);
        done += part;
    }
}

void build_service_shares(struct build *b, struct plan_process *p, struct build_piece *piece,
                          const struct build_store *store, unsigned index)
{
    const struct system_service *service = &b->in->system->service[index];
    const struct plan_instance *instance = &b->plan->instance[index];

    for (unsigned m = 0; m < service->memory_count; m++)
        instance_memory_give(b, piece, store, &instance->memory[m]);
    for (unsigned d = 0; d < service->device_count; d++) {
        if (instance->device[d].is_there)
            instance_device_give(b, p, store, &service->device[d], &instance->device[d], d);
    }
    if (instance->endpoint != 0)
        build_copy(b, instance->endpoint, 1, p->cnode, p->slots.endpoint, RIGHT_READ);
}
