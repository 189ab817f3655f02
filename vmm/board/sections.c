/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/board/sections.h>

#include <stdio.h>

#define SECTION_MACHINE 0u
#define SECTION_TEXT 1u

static enum err sections_add(struct sections *list, const char *name, struct dev_section section,
                             enum arena_writer writer)
{
    if (list->count == ARENA_SECTIONS_MAX)
        return ERR_NO_SLOT;
    char *copy = list->name[list->count];
    if ((size_t)snprintf(copy, ARENA_NAME_BYTES, "%s", name) >= ARENA_NAME_BYTES)
        return ERR_INVALID_ARG;
    list->want[list->count++] = (struct arena_want){copy, section.version, section.bytes,
                                                     writer, section.convert};
    return OK;
}

static enum err sections_add_part(struct sections *list, const struct board_device *device,
                                  const char *part, struct dev_section section,
                                  enum arena_writer writer)
{
    char name[2 * ARENA_NAME_BYTES], instance[16] = "";

    if (section.bytes == 0)
        return OK;
    if (device->instance)
        snprintf(instance, sizeof instance, "#%u", device->instance);
    int length = snprintf(name, sizeof name, "%s%s%s%s", device->model->name, instance,
                          part ? "." : "", part ? part : "");
    return (size_t)length >= sizeof name ? ERR_INVALID_ARG
                                         : sections_add(list, name, section, writer);
}

int sections_text(const struct board_config *config)
{
    for (uint32_t i = 0; i < config->device_count; i++)
        if (config->device[i].model->text_take)
            return (int)i;
    return -1;
}

/* The positions of the streams of a device's port, unless they are those of the firmware's text. */
static struct dev_section sections_of_port(const struct board_config *config, uint32_t device)
{
    if (config->device[device].model->port.kind != DEV_PORT_STREAM ||
        sections_text(config) == (int)device)
        return (struct dev_section){0};
    return (struct dev_section){.version = 1, .bytes = sizeof(struct stream_state)};
}

/* What the vCPU's thread writes of a device. */
static enum err sections_add_device(struct sections *list, const struct board_config *config,
                                    uint32_t index)
{
    const struct board_device *device = &config->device[index];
    enum err err = sections_add_part(list, device, NULL, device->model->state, ARENA_WRITER_VCPU);

    return err ? err
               : sections_add_part(list, device, device->model->port.name,
                                   sections_of_port(config, index), ARENA_WRITER_VCPU);
}

enum err sections_list(const struct board_config *config, struct sections *out)
{
    const struct dev_section machine = {.version = 2, .bytes = sizeof(struct machine_state)};
    const struct dev_section text = {.version = 1, .bytes = sizeof(struct stream_state)};

    out->count = 0;
    enum err err = sections_add(out, "machine", machine, ARENA_WRITER_VCPU);
    if (!err)
        err = sections_add(out, "text", text, ARENA_WRITER_VCPU);
    for (uint32_t i = 0; !err && i < config->device_count; i++)
        err = sections_add_device(out, config, i);
    for (uint32_t i = 0; !err && i < config->device_count; i++)
        err = sections_add_part(out, &config->device[i], "queue",
                                config->device[i].model->queue_state, ARENA_WRITER_QUEUE);
    return err;
}

/* The next section, if it has bytes. */
static void *sections_next(const struct machine *machine, uint32_t *at, uint32_t bytes)
{
    return bytes ? arena_section(&machine->arena, (*at)++) : NULL;
}

/* In the order of sections_list(). */
void sections_bind(struct machine *machine)
{
    const struct board_config *config = &machine->config;
    uint32_t at = SECTION_TEXT + 1;

    machine->state = arena_section(&machine->arena, SECTION_MACHINE);
    machine->text.state = arena_section(&machine->arena, SECTION_TEXT);
    for (uint32_t i = 0; i < config->device_count; i++) {
        uint32_t port_bytes = sections_of_port(config, i).bytes;
        machine->dev[i].state = sections_next(machine, &at, config->device[i].model->state.bytes);
        machine->stream[i].state = sections_next(machine, &at, port_bytes);
    }
    for (uint32_t i = 0; i < config->device_count; i++)
        machine->dev[i].queue_state =
            sections_next(machine, &at, config->device[i].model->queue_state.bytes);
}
