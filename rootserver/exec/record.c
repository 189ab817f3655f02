/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/exec/record.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <base/attr.h>
#include <proto/control.h>

/* Runs twice: first it counts the entries and their bytes (`to` is NULL), then it writes them. */
struct record {
    const struct plan_input *in;
    const struct plan *plan;
    unsigned process;
    struct random_source *random;
    uint8_t *to;
    uint32_t entry_count, data_offset;
    enum err err;
};

/* Adds an entry; its name is made from `format`. */
static void record_add(struct record *r, struct start_entry entry, const char *format, ...)
    ATTR_PRINTF(3, 4);

static void record_add(struct record *r, struct start_entry entry, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(entry.name, sizeof entry.name, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof entry.name)
        r->err = ERR_RANGE;
    if (r->to != NULL)
        memcpy(r->to + sizeof(struct process_start) + r->entry_count * sizeof entry, &entry,
               sizeof entry);
    r->entry_count++;
}

/* Appends bytes of a TEXT or DATA entry; returns their offset.  `from` NULL: random bytes. */
static uint32_t record_data(struct record *r, const void *from, uint32_t bytes)
{
    uint32_t at = r->data_offset;

    if (bytes > PROCESS_START_MAX - at) {
        r->err = ERR_RANGE;
        return 0;
    }
    if (r->to != NULL && from != NULL)
        memcpy(r->to + at, from, bytes);
    else if (r->to != NULL)
        random_fill(r->random, r->to + at, bytes);
    r->data_offset += bytes;
    return at;
}

static struct start_entry record_text(struct record *r, const char *text)
{
    uint32_t bytes = (uint32_t)strlen(text) + 1;
    return (struct start_entry){
        .kind = START_TEXT, .address = record_data(r, text, bytes), .bytes = bytes};
}

static struct start_entry record_memory(uint64_t address, uint64_t bytes, uint64_t value)
{
    return (struct start_entry){
        .kind = START_MEMORY, .address = address, .bytes = bytes, .value = value};
}

static struct start_entry record_slot(uint32_t slot)
{
    return (struct start_entry){.kind = START_SLOT, .slot = slot};
}

static struct start_entry record_number(uint64_t value)
{
    return (struct start_entry){.kind = START_NUMBER, .value = value};
}

static void record_options(struct record *r, const struct system_options *options,
                           const char *prefix)
{
    const struct system_config *system = r->in->system;

    for (unsigned i = 0; i < options->count; i++) {
        const struct system_option *o = &system->option[options->first + i];
        struct start_entry entry = {.kind = o->kind, .value = o->number};
        if (o->kind != START_NUMBER) {
            entry.address = record_data(r, system->text + o->text, o->bytes);
            entry.bytes = o->bytes;
        }
        record_add(r, entry, "%s%s", prefix, o->name);
    }
}

static void record_device(struct record *r, const struct system_device *want,
                          const struct plan_device *device, unsigned d)
{
    const struct plan_process *p = &r->plan->process[r->process];
    uint32_t value;

    if (want->has_registers)
        record_add(
            r,
            record_memory(LAYOUT_DEVICE + d * LAYOUT_DEVICE_STEP + device->found.address % 4096,
                          device->found.bytes, 0),
            "device.%s.registers", want->name);
    for (unsigned i = 0; i < device->irq_count; i++)
        record_add(r,
                   (struct start_entry){.kind = START_IRQ,
                                        .slot = p->slots.irq + device->first_bit + i,
                                        .value = PROCESS_BIT_IRQ(device->first_bit + i)},
                   "device.%s.irq.%u", want->name, i);
    for (unsigned i = 0; i < want->property_count; i++) {
        if (machine_device_number(r->in->machine_tree, &device->found, want->property[i], &value) ==
            OK)
            record_add(r, record_number(value), "device.%s.%s", want->name, want->property[i]);
    }
}

static void record_service(struct record *r, unsigned index)
{
    const struct system_service *s = &r->in->system->service[index];
    const struct plan_instance *instance = &r->plan->instance[index];

    for (unsigned d = 0; d < s->device_count; d++) {
        if (instance->device[d].is_there)
            record_device(r, &s->device[d], &instance->device[d], d);
    }
    for (unsigned m = 0; m < s->memory_count; m++)
        record_add(r,
                   record_memory(instance->memory[m].address, s->memory[m].bytes,
                                 instance->memory[m].physical),
                   "memory.%s", s->memory[m].name);
    if (instance->endpoint != 0)
        record_add(r, record_slot(r->plan->process[r->process].slots.endpoint), "endpoint");
    record_options(r, &s->options, "options.");
}

static void record_vmm(struct record *r, unsigned guest)
{
    const struct system_guest *s = &r->in->system->guest[guest];
    const struct plan_guest *g = &r->plan->guest[guest];
    const struct plan_process *p = &r->plan->process[r->process];

    record_add(r, record_text(r, s->name), "guest.name");
    record_add(r, record_text(r, s->bootargs), "guest.bootargs");
    record_add(r, record_text(r, r->in->machine->isa), "guest.isa");
    record_add(r, record_memory(p->ram_address, s->memory_bytes, GUEST_RAM_GPA), "guest.ram");
    record_add(r, record_memory(LAYOUT_ARENA, LAYOUT_ARENA_PAGES * UINT64_C(4096), 0),
               "guest.arena");
    record_add(r, record_memory(LAYOUT_STATE, 4096, 0), "guest.state");
    record_add(r, record_memory(p->kernel_address, p->kernel_bytes, 0), "guest.kernel");
    if (p->initrd_bytes > 0)
        record_add(r, record_memory(p->initrd_address, p->initrd_bytes, 0), "guest.initrd");
    record_add(r, record_slot(p->slots.vcpu), "guest.vcpu.0");
    record_add(r, record_number(g->satp_mode), "guest.satp-mode");
    record_add(r, record_number(r->in->boot->features), "guest.features");
    record_add(r,
               (struct start_entry){.kind = START_DATA,
                                    .address = record_data(r, NULL, GUEST_SEED_BYTES),
                                    .bytes = GUEST_SEED_BYTES},
               "guest.seed");
    for (unsigned i = 0; i < s->built_in_count; i++)
        record_add(r, record_text(r, s->built_in[i]), "guest.device.%u", i);
    if (s->has_devices)
        record_add(r, record_number(s->built_in_count), "guest.devices");
}

static void record_used(struct record *r, unsigned connection)
{
    const struct plan_connection *c = &r->plan->connection[connection];
    const struct system_connection *from = &r->in->system->connection[connection];
    const struct system_client *recipe = &r->in->system->service[c->instance].client;
    const struct plan_side_place *place = &c->side[PLAN_SIDE_CLIENT];
    char prefix[START_NAME_BYTES];

    record_add(r,
               (struct start_entry){.kind = START_CONNECTION,
                                    .value = c->used,
                                    .slot = place->wake_slot,
                                    .address = recipe->info_bytes > 0
                                                   ? place->address + system_client_info(recipe)
                                                   : 0,
                                    .bytes = recipe->info_bytes},
               "use.%u", c->used);
    record_add(r, record_text(r, from->service_name), "use.%u.service", c->used);
    record_add(r, record_text(r, from->key), "use.%u.key", c->used);
    record_add(r, record_text(r, from->device), "use.%u.device", c->used);
    for (unsigned i = 0; i < recipe->ring_count; i++)
        record_add(
            r,
            (struct start_entry){.kind = START_RING,
                                 .address = place->address + system_client_ring_shared(i),
                                 .value = place->address + system_client_ring_data(recipe, i),
                                 .bytes = (uint64_t)recipe->ring[i].record_bytes << 32 |
                                          recipe->ring[i].record_count},
            "use.%u.ring.%s", c->used, recipe->ring[i].name);
    if (place->endpoint_slot != 0)
        record_add(r, record_slot(place->endpoint_slot), "use.%u.endpoint", c->used);
    snprintf(prefix, sizeof prefix, "use.%u.option.", c->used);
    record_options(r, &from->options, prefix);
}

/* A process with one thread has no such entries. */
static void record_threads(struct record *r)
{
    const struct plan_process *p = &r->plan->process[r->process];

    for (unsigned i = 0; i < p->thread_count && p->thread_count > 1; i++)
        record_add(
            r,
            (struct start_entry){.kind = START_THREAD,
                                 .slot = p->slots.thread + 2 * i,
                                 .value = i == 0 ? PROCESS_SLOT_WAKE : p->slots.thread + 2 * i + 1,
                                 .address = LAYOUT_STACK + i * LAYOUT_STACK_STEP +
                                            LAYOUT_STACK_PAGES * UINT64_C(4096),
                                 .bytes = LAYOUT_STACK_PAGES * UINT64_C(4096)},
            "thread.%u", i);
}

static void record_entries(struct record *r, const struct record_common *common,
                           uint64_t heap_bytes)
{
    const struct plan_home *home = plan_home_of(r->plan, r->process);
    const struct plan_process *p = &r->plan->process[r->process];
    unsigned owner = plan_process_owner(r->process);

    record_add(r, record_memory(LAYOUT_HEAP, heap_bytes, 0), "heap");
    record_add(r, record_number(common->restart_count), "restarts");
    record_add(r, record_memory(LAYOUT_CONTROL_DOWN, home->down_bytes, 0), CONTROL_ENTRY_DOWN);
    record_add(r, record_memory(LAYOUT_CONTROL_UP, home->up_bytes, 0), CONTROL_ENTRY_UP);
    record_add(r, record_slot(p->slots.root), CONTROL_ENTRY_ROOT);
    record_threads(r);
    if (plan_process_is_vmm(r->process))
        record_vmm(r, owner);
    else
        record_service(r, owner);
    for (unsigned i = 0; i < r->plan->connection_count; i++) {
        if (r->plan->connection[i].client == r->process &&
            r->plan->part[plan_part_side(i, PLAN_SIDE_CLIENT)].state != PLAN_PART_NONE)
            record_used(r, i);
    }
}

MUST_CHECK record_make(const struct plan_input *in, const struct plan *plan, unsigned process,
                       const struct record_common *common, struct random_source *random,
                       uint8_t to[PROCESS_START_MAX])
{
    uint64_t heap = plan_process_is_vmm(process)
                        ? PROCESS_HEAP_BYTES
                        : in->system->service[plan_process_owner(process)].heap_bytes;
    struct record r = {.in = in, .plan = plan, .process = process, .random = random};
    struct process_start start = {
        .magic = PROCESS_START_MAGIC,
        .version = PROCESS_START_VERSION,
        .timebase_hz = common->timebase_hz,
        .realtime_ns = common->realtime_ns,
        .heap_address = LAYOUT_HEAP,
        .heap_bytes = heap,
        .restart_count = common->restart_count,
        .entry_offset = sizeof start,
    };

    memset(to, 0, PROCESS_START_MAX);
    record_entries(&r, common, heap);
    start.entry_count = r.entry_count;
    if (r.err != OK || sizeof start + r.entry_count * sizeof(struct start_entry) + r.data_offset >
                           PROCESS_START_MAX)
        return ERR_RANGE;
    start.data_offset = (uint32_t)(sizeof start + r.entry_count * sizeof(struct start_entry));
    r.to = to;
    r.entry_count = 0;
    r.data_offset = start.data_offset;
    record_entries(&r, common, heap);
    start.bytes = r.data_offset;
    memcpy(start.name, plan->process[process].name, sizeof start.name);
    random_fill(random, start.entropy, sizeof start.entropy);
    memcpy(to, &start, sizeof start);
    return r.err;
}
