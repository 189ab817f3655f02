/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/core/bus.h>

enum err bus_add(struct bus *bus, const struct dev_ctx *dev)
{
    const struct dev_model *model = dev->model;
    bool is_repeated = model->place_count > 1;
    uint64_t place_last = model->region_bytes - 1;
    uint64_t behind = is_repeated ? (model->place_count - 1) * model->place_step_bytes : 0;
    struct bus_region fresh = {dev->gpa, dev->gpa + behind + place_last,
                               is_repeated ? model->place_step_bytes - 1 : UINT64_MAX, place_last,
                               dev};
    uint32_t at = bus->region_count;

    if (model->region_bytes == 0)
        return OK;
    if (at == BUS_REGIONS_MAX)
        return ERR_NO_SLOT;
    if (fresh.last < fresh.first)
        return ERR_RANGE;
    for (uint32_t i = 0; i < bus->region_count; i++)
        if (fresh.first <= bus->region[i].last && bus->region[i].first <= fresh.last)
            return ERR_EXISTS;
    for (; at > 0 && bus->region[at - 1].first > fresh.first; at--)
        bus->region[at] = bus->region[at - 1];
    bus->region[at] = fresh;
    bus->region_count++;
    return OK;
}

/* Few regions: one after the other is faster than by halves, and the busy ones lie high. */
static enum err bus_find(const struct bus *bus, uint64_t gpa, uint32_t width,
                         const struct dev_ctx **out, uint64_t *offset)
{
    const struct bus_region *region = &bus->region[bus->region_count];

    do {
        if (region-- == bus->region)
            return ERR_RANGE;
    } while (gpa < region->first);
    if (gpa > region->last)
        return ERR_RANGE;
    *offset = (gpa - region->first) & region->place_mask;
    if (*offset + (width - 1) > region->place_last)
        return ERR_RANGE;
    if (gpa & (width - 1))
        return ERR_ALIGN;
    if (!(region->dev->model->widths & width))
        return ERR_NOT_SUPPORTED;
    *out = region->dev;
    return OK;
}

static uint64_t mask_to(uint64_t value, uint32_t width)
{
    return width == 8 ? value : value & ((UINT64_C(1) << (8 * width)) - 1);
}

enum err bus_read(const struct bus *bus, uint64_t gpa, uint32_t width, uint64_t *value)
{
    const struct dev_ctx *dev;
    uint64_t offset;
    enum err err = bus_find(bus, gpa, width, &dev, &offset);
    if (err)
        return err;
    *value = mask_to(dev->model->read(dev, offset, width), width);
    return OK;
}

enum err bus_write(const struct bus *bus, uint64_t gpa, uint32_t width, uint64_t value)
{
    const struct dev_ctx *dev;
    uint64_t offset;
    enum err err = bus_find(bus, gpa, width, &dev, &offset);
    if (err)
        return err;
    dev->model->write(dev, offset, width, mask_to(value, width));
    return OK;
}
