/* SPDX-License-Identifier: BSD-2-Clause */
/* One service's instance in the compiled configuration. */
#include <rootserver/parse/read_parts.h>

#include <string.h>

#include <libfdt.h>
#include <rootserver/parse/read.h>

#define MS_MAX    (24u * 60 * 60 * 1000) /* a day */
#define PAGE      UINT64_C(4096)
#define PING_MS   1000
#define HEAP      (UINT64_C(256) << 10)
#define COUNT_MAX 1000000u

static enum err service_bad(struct system_service *s, const char *what)
{
    s->is_bad = true;
    problem_set(&s->problem, "the configuration gives it %s", what);
    return ERR_FORMAT;
}

MUST_CHECK ping_parse(const void *fdt, int node, uint32_t *out)
{
    enum err err = read_u32(fdt, node, "ping-ms", MS_MAX, PING_MS, out);
    return err == OK && *out == 0 ? ERR_FORMAT : err;
}

/* most, within, wait from, wait to. */
MUST_CHECK restart_parse(const void *fdt, int node, struct system_restart *out)
{
    static const uint32_t most[4] = {COUNT_MAX, MS_MAX, MS_MAX, MS_MAX};
    uint32_t value[4] = {5, 10000, 0, 1000};
    int length;
    const uint8_t *from = fdt_getprop(fdt, node, "restart", &length);

    if (from != NULL && length != sizeof value)
        return ERR_FORMAT;
    for (unsigned i = 0; from != NULL && i < 4; i++) {
        value[i] = fdt32_ld((const fdt32_t *)(const void *)(from + 4 * i));
        if (value[i] > most[i])
            return ERR_FORMAT;
    }
    if (value[2] > value[3])
        return ERR_FORMAT;
    *out = (struct system_restart){value[0], value[1], value[2], value[3]};
    return OK;
}

/* Reads a string that must be one of `names`; *out is its number. */
static MUST_CHECK service_choice(const void *fdt, int node, const char *name,
                                 const char *const *names, unsigned count, unsigned *out)
{
    char text[NAME_BYTES];
    enum err err = read_string(fdt, node, name, text, sizeof text);

    for (unsigned i = 0; err == OK && i < count; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = i;
            return OK;
        }
    }
    return err == OK ? ERR_NOT_SUPPORTED : err;
}

static MUST_CHECK service_device(const void *fdt, int node, struct system_device *d)
{
    static const char *const registers[] = {"ro", "rw", "none"};
    static const char *const resets[] = {"none", "virtio"};
    static const char *const preferred[] = {"none", "stdout-path"};
    unsigned access, reset = SYSTEM_RESET_NONE, prefer = 0;
    uint32_t irqs;

    if (read_name(fdt, node, d->name) != OK ||
        read_list(fdt, node, "match", d->match[0], SYSTEM_MATCH_BYTES, SYSTEM_MATCHES_MAX,
                  &d->match_count) != OK ||
        d->match_count == 0 ||
        read_list(fdt, node, "properties", d->property[0], NAME_BYTES, SYSTEM_PROPERTIES_MAX,
                  &d->property_count) != OK ||
        read_u32(fdt, node, "irqs", PROCESS_IRQS_MAX, 0, &irqs) != OK ||
        service_choice(fdt, node, "registers", registers, 3, &access) != OK)
        return ERR_FORMAT;
    enum err err = service_choice(fdt, node, "reset", resets, 2, &reset);
    if (err == OK || err == ERR_NOT_FOUND)
        err = service_choice(fdt, node, "prefer", preferred, 2, &prefer);
    if (err != OK && err != ERR_NOT_FOUND)
        return err;
    d->irqs = irqs;
    d->has_registers = access != 2;
    d->is_writable = access == 1;
    d->reset = (enum system_reset)reset;
    d->prefers_stdout = prefer == 1;
    d->is_optional = read_flag(fdt, node, "optional");
    return OK;
}

static MUST_CHECK service_devices(const void *fdt, int node, struct system_service *s)
{
    int parent, child;

    if (read_subnode(fdt, node, "devices", &parent) != OK)
        return OK;
    fdt_for_each_subnode(child, fdt, parent)
    {
        if (s->device_count == SYSTEM_DEVICES_MAX ||
            service_device(fdt, child, &s->device[s->device_count]) != OK)
            return ERR_FORMAT;
        s->device_count++;
    }
    return OK;
}

static MUST_CHECK service_memories(const void *fdt, int node, struct system_service *s)
{
    int parent, child;

    if (read_subnode(fdt, node, "memory", &parent) != OK)
        return OK;
    fdt_for_each_subnode(child, fdt, parent)
    {
        if (s->memory_count == SYSTEM_MEMORIES_MAX)
            return ERR_FORMAT;
        struct system_memory *m = &s->memory[s->memory_count++];
        if (read_name(fdt, child, m->name) != OK ||
            read_number(fdt, child, "bytes", 8, SYSTEM_KEPT_MAX, &m->bytes) != OK || m->bytes == 0)
            return ERR_FORMAT;
        m->bytes = (m->bytes + PAGE - 1) & ~(PAGE - 1);
        m->is_dma = read_flag(fdt, child, "dma");
        m->is_kept = read_flag(fdt, child, "kept");
    }
    return OK;
}

static bool service_is_power(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

static MUST_CHECK service_ring(const void *fdt, int node, struct system_client *c)
{
    static const char *const ends[] = {"service", "client"};
    uint32_t index, record, count;
    unsigned from;

    if (read_u32(fdt, node, "index", CONTROL_RINGS_MAX - 1, UINT32_MAX, &index) != OK ||
        index >= CONTROL_RINGS_MAX || c->ring[index].record_count != 0 ||
        read_u32(fdt, node, "record", 4096, 0, &record) != OK || record == 0 ||
        read_u32(fdt, node, "count", COUNT_MAX, 0, &count) != OK || !service_is_power(count) ||
        (uint64_t)record * count > SYSTEM_RING_BYTES_MAX ||
        service_choice(fdt, node, "from", ends, 2, &from) != OK ||
        read_name(fdt, node, c->ring[index].name) != OK)
        return ERR_FORMAT;
    c->ring[index].record_bytes = record;
    c->ring[index].record_count = count;
    c->ring[index].is_from_client = from == 1;
    c->ring_count++;
    return OK;
}

/* The numbers of the rings are 0, 1, 2... */
static MUST_CHECK service_rings(const void *fdt, int node, struct system_client *c)
{
    int parent, child;

    if (read_subnode(fdt, node, "rings", &parent) != OK)
        return OK;
    fdt_for_each_subnode(child, fdt, parent)
    {
        if (service_ring(fdt, child, c) != OK)
            return ERR_FORMAT;
    }
    for (unsigned i = 0; i < c->ring_count; i++) {
        if (c->ring[i].record_count == 0)
            return ERR_FORMAT;
    }
    return OK;
}

static MUST_CHECK service_client(const void *fdt, int node, struct system_client *c)
{
    static const char *const rights[] = {"map", "dma"};
    uint32_t most, regions;
    uint64_t info;
    unsigned right;
    int client, region;

    if (read_subnode(fdt, node, "client", &client) != OK)
        return OK;
    if (read_u32(fdt, client, "max", CONTROL_CONNECTIONS_MAX, CONTROL_CONNECTIONS_MAX, &most) !=
            OK ||
        read_u64(fdt, client, "info", SYSTEM_INFO_MAX, 0, &info) != OK ||
        service_rings(fdt, client, c) != OK)
        return ERR_FORMAT;
    c->most = most;
    c->info_bytes = (uint32_t)((info + PAGE - 1) & ~(PAGE - 1));
    c->has_calls = read_flag(fdt, client, "calls");
    if (read_subnode(fdt, client, "regions", &region) != OK)
        return OK;
    if (read_u32(fdt, region, "max", CONTROL_REGIONS_MAX, 0, &regions) != OK ||
        service_choice(fdt, region, "rights", rights, 2, &right) != OK)
        return ERR_FORMAT;
    c->regions = regions;
    c->rights = (enum system_region_rights)right;
    return OK;
}

static MUST_CHECK service_policy(const void *fdt, int node, struct system_service *s)
{
    uint32_t threads;

    if (read_u32(fdt, node, "threads", SYSTEM_THREADS_MAX, 1, &threads) != OK || threads == 0)
        return service_bad(s, "no usable number of \"threads\"");
    s->threads = threads;
    if (read_u64(fdt, node, "heap", SYSTEM_HEAP_MAX, HEAP, &s->heap_bytes) != OK)
        return service_bad(s, "no usable \"heap\"");
    s->heap_bytes = (s->heap_bytes + PAGE - 1) & ~(PAGE - 1);
    if (ping_parse(fdt, node, &s->ping_ms) != OK ||
        read_u32(fdt, node, "progress-ms", MS_MAX, 0, &s->progress_ms) != OK ||
        restart_parse(fdt, node, &s->restart) != OK)
        return service_bad(s, "no usable \"ping-ms\", \"progress-ms\" or \"restart\"");
    s->is_log = read_flag(fdt, node, "log");
    s->is_each_device = read_flag(fdt, node, "each-device");
    return OK;
}

void service_parse(const void *fdt, int node, struct system_service *s)
{
    enum err err = read_string(fdt, node, "service", s->service, sizeof s->service);

    if (err == ERR_NOT_FOUND)
        memcpy(s->service, s->name, sizeof s->service);
    if (err == ERR_FORMAT)
        (void)service_bad(s, "no usable \"service\"");
    else if (read_string(fdt, node, "program", s->program, sizeof s->program) != OK)
        (void)service_bad(s, "no usable \"program\"");
    else if (service_policy(fdt, node, s) != OK)
        return;
    else if (service_devices(fdt, node, s) != OK)
        (void)service_bad(s, "no usable \"devices\"");
    else if (service_memories(fdt, node, s) != OK)
        (void)service_bad(s, "no usable \"memory\"");
    else if (service_client(fdt, node, &s->client) != OK)
        (void)service_bad(s, "no usable \"client\"");
}
