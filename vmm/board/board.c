/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/board/board.h>

#include <string.h>

static const struct dev_model *board_model_find(const char *name)
{
    for (const struct dev_model *const *model = dev_models; *model; model++)
        if (strcmp((*model)->name, name) == 0)
            return *model;
    return NULL;
}

static enum err board_model_add(struct board_config *config, const struct dev_model *model)
{
    for (uint32_t i = 0; model->place == DEV_PLACE_FIXED && i < config->device_count; i++)
        if (config->device[i].model == model)
            return OK;
    if (config->device_count == BOARD_DEVICES_MAX)
        return ERR_NO_SLOT;
    config->device[config->device_count++] =
        (struct board_device){.model = model, .stream = stream_none};
    return OK;
}

static enum err board_presence_add(struct board_config *config, enum dev_presence presence)
{
    enum err err = OK;

    for (const struct dev_model *const *model = dev_models; !err && *model; model++)
        if ((*model)->presence == presence)
            err = board_model_add(config, *model);
    return err;
}

enum err board_start(struct board_config *config)
{
    config->device_count = 0;
    return board_presence_add(config, DEV_ALWAYS);
}

enum err board_add_defaults(struct board_config *config)
{
    return board_presence_add(config, DEV_BY_DEFAULT);
}

enum err board_add(struct board_config *config, const char *name)
{
    const struct dev_model *model = board_model_find(name);

    return model ? board_model_add(config, model) : ERR_NOT_FOUND;
}

static struct board_device *board_device_unconnected(struct board_config *config,
                                                     const struct dev_model *model)
{
    for (uint32_t i = 0; i < config->device_count; i++)
        if (config->device[i].model == model && !config->device[i].is_connected)
            return &config->device[i];
    return NULL;
}

enum err board_connect(struct board_config *config, const char *name,
                       const struct stream_port *stream)
{
    const struct dev_model *model = board_model_find(name);

    if (!model)
        return ERR_NOT_FOUND;
    if (model->port.kind != DEV_PORT_STREAM)
        return ERR_NOT_SUPPORTED;
    struct board_device *device = board_device_unconnected(config, model);
    if (!device) {
        enum err err = board_model_add(config, model);
        if (err)
            return err;
        device = board_device_unconnected(config, model);
    }
    if (!device)
        return ERR_EXISTS;
    device->stream = *stream;
    device->is_connected = true;
    return OK;
}

/* Slots are given in the order of the list. */
static enum err board_device_place(struct board_device *device, uint32_t *slots_used)
{
    if (device->model->place == DEV_PLACE_FIXED) {
        device->gpa = device->model->gpa;
        device->irq = device->model->irq;
        return OK;
    }
    if (*slots_used == DEV_SLOTS)
        return ERR_NO_SLOT;
    device->gpa = DEV_SLOT_GPA + *slots_used * DEV_SLOT_BYTES;
    device->irq = DEV_SLOT_IRQ + *slots_used;
    ++*slots_used;
    return OK;
}

/* A device in a slot has the address of the device that shows empty slots, and comes after it. */
static void board_sort(struct board_config *config)
{
    for (uint32_t i = 1; i < config->device_count; i++) {
        struct board_device device = config->device[i];
        uint32_t at = i;
        for (; at > 0 && (config->device[at - 1].gpa > device.gpa ||
                          (config->device[at - 1].gpa == device.gpa &&
                           config->device[at - 1].model->place > device.model->place));
             at--)
            config->device[at] = config->device[at - 1];
        config->device[at] = device;
    }
}

enum err board_place(struct board_config *config)
{
    uint32_t slots_used = 0;
    bool has_irqchip = false;

    for (uint32_t i = 0; i < config->device_count; i++) {
        struct board_device *device = &config->device[i];
        enum err err = board_device_place(device, &slots_used);
        if (err)
            return err;
        has_irqchip = has_irqchip || device->model->irq_input;
        device->instance = 0;
        for (uint32_t before = 0; before < i; before++) {
            if (device->irq && config->device[before].irq == device->irq)
                return ERR_EXISTS;
            device->instance += config->device[before].model == device->model;
        }
    }
    if (!has_irqchip)
        return ERR_NOT_FOUND;
    board_sort(config);
    return OK;
}
