/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections and options in the compiled form, and the layout of a connection's memory. */
#include <rootserver/parse/read_parts.h>

#include <stdio.h>
#include <string.h>

#include <libfdt.h>
#include <rootserver/parse/read.h>

#define PAGE        4096u
#define SHARED_STEP 0x100u /* from one struct ring_shared to the next, in the first page */

static MUST_CHECK option_text(struct system_config *config, struct system_option *o,
                              const void *value, int length)
{
    if ((uint32_t)length > SYSTEM_TEXT_BYTES - config->text_bytes)
        return ERR_RANGE;
    o->text = config->text_bytes;
    o->bytes = (uint32_t)length;
    memcpy(config->text + o->text, value, (size_t)length);
    config->text_bytes += o->bytes;
    return OK;
}

static MUST_CHECK option_parse(const void *fdt, int node, struct system_config *config,
                               struct system_option *o)
{
    int length;
    const uint8_t *value = fdt_getprop(fdt, node, "value", &length);
    char type[NAME_BYTES];

    *o = (struct system_option){.kind = START_NUMBER};
    if (value == NULL || read_name(fdt, node, o->name) != OK ||
        read_string(fdt, node, "type", type, sizeof type) != OK)
        return ERR_FORMAT;
    if (strcmp(type, "size") == 0 || strcmp(type, "int") == 0 || strcmp(type, "bool") == 0)
        return read_number(fdt, node, "value", 8, UINT64_MAX, &o->number);
    bool is_text = strcmp(type, "string") == 0 || strcmp(type, "choice") == 0;
    if (!is_text && strcmp(type, "mac") != 0)
        return ERR_FORMAT;
    if (is_text && (length < 1 || memchr(value, 0, (size_t)length) != value + length - 1))
        return ERR_FORMAT;
    o->kind = is_text ? START_TEXT : START_DATA;
    return option_text(config, o, value, length);
}

MUST_CHECK options_parse(const void *fdt, int node, struct system_config *config,
                         struct system_options *out)
{
    int parent, child;
    struct system_options options = {.first = config->option_count};

    *out = options;
    if (read_subnode(fdt, node, "options", &parent) != OK)
        return OK;
    fdt_for_each_subnode(child, fdt, parent)
    {
        if (config->option_count == SYSTEM_OPTIONS_MAX)
            return ERR_RANGE;
        enum err err = option_parse(fdt, child, config, &config->option[config->option_count]);
        if (err != OK)
            return err;
        config->option_count++;
        options.count++;
    }
    *out = options;
    return OK;
}

static MUST_CHECK connection_parse(const void *fdt, int node, struct system_config *config,
                                   struct system_connection *c)
{
    int length;
    const void *packed = fdt_getprop(fdt, node, "option", &length);

    if (read_string(fdt, node, "service", c->service_name, sizeof c->service_name) != OK ||
        read_string(fdt, node, "key", c->key, sizeof c->key) != OK)
        return ERR_FORMAT;
    if (read_string(fdt, node, "device", c->device, sizeof c->device) == ERR_FORMAT ||
        read_string(fdt, node, "source", c->source, sizeof c->source) == ERR_FORMAT)
        return ERR_FORMAT;
    if (packed != NULL && length > CONTROL_OPTION_BYTES)
        return ERR_RANGE;
    if (packed != NULL) {
        c->packed_bytes = (unsigned)length;
        memcpy(c->packed, packed, (size_t)length);
    }
    return options_parse(fdt, node, config, &c->options);
}

/* Nodes are named 0, 1, 2... in any order in the blob. */
MUST_CHECK connections_parse(const void *fdt, int parent, bool is_guest, unsigned client,
                             struct system_config *config)
{
    int child, found, count = 0;
    char name[NAME_BYTES];

    fdt_for_each_subnode(child, fdt, parent) count++;
    for (int i = 0; i < count; i++) {
        if (i == CONTROL_USED_MAX || config->connection_count == SYSTEM_CONNECTIONS_MAX)
            return ERR_RANGE;
        struct system_connection *c = &config->connection[config->connection_count];
        *c = (struct system_connection){.is_guest = is_guest,
                                        .client = client,
                                        .used = (unsigned)i,
                                        .service = SYSTEM_SERVICES_MAX};
        snprintf(name, sizeof name, "%d", i);
        if (read_subnode(fdt, parent, name, &found) != OK)
            return ERR_FORMAT;
        enum err err = connection_parse(fdt, found, config, c);
        if (err != OK)
            return err;
        config->connection_count++;
    }
    return OK;
}

unsigned system_service_find(const struct system_config *system, const char *name)
{
    for (unsigned i = 0; i < system->service_count; i++) {
        if (strcmp(system->service[i].name, name) == 0)
            return i;
    }
    return SYSTEM_SERVICES_MAX;
}

/* ---- the memory of a connection ----------------------------------------------- */

uint32_t system_client_ring_shared(unsigned ring)
{
    return ring * SHARED_STEP;
}

uint32_t system_client_ring_data(const struct system_client *client, unsigned ring)
{
    uint32_t at = PAGE;

    for (unsigned i = 0; i < ring; i++)
        at +=
            (client->ring[i].record_bytes * client->ring[i].record_count + PAGE - 1) & ~(PAGE - 1);
    return at;
}

uint32_t system_client_info(const struct system_client *client)
{
    return system_client_ring_data(client, client->ring_count);
}

uint32_t system_client_bytes(const struct system_client *client)
{
    return system_client_info(client) + client->info_bytes;
}
