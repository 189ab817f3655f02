/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/board/bus.h>

#include <base/attr.h>

/* `many` has several places: does `one` take one of these places? Accesses then reach `one`. */
static bool bus_takes_place(const struct bus_region *one, const struct bus_region *many)
{
    const struct dev_model *model = many->dev->model;
    uint64_t bytes = one->last - one->first + 1;

    return one->dev->model->place_count <= 1 && model->place_count > 1 &&
           one->first >= many->first && one->first <= many->last &&
           (one->first - many->first) % model->place_step_bytes == 0 &&
           bytes >= model->region_bytes && bytes <= model->place_step_bytes;
}

static bool bus_is_taken(const struct bus_region *region, uint32_t count,
                         const struct bus_region *fresh)
{
    for (uint32_t i = 0; i < count; i++)
        if (fresh->first <= region[i].last && region[i].first <= fresh->last &&
            !bus_takes_place(fresh, &region[i]) && !bus_takes_place(&region[i], fresh))
            return true;
    return false;
}

enum err bus_add(struct bus *bus, const struct dev_ctx *dev)
{
    const struct dev_model *model = dev->model;
    bool is_repeated = model->place_count > 1;
    uint64_t behind = is_repeated ? (model->place_count - 1) * model->place_step_bytes : 0;
    struct bus_region fresh = {dev->gpa, dev->gpa + behind + (model->region_bytes - 1), dev};
    uint32_t at = bus->region_count;

    if (model->region_bytes == 0)
        return OK;
    if (is_repeated ? bus->repeated_count == BUS_REPEATED_MAX : at == BUS_REGIONS_MAX)
        return ERR_NO_SLOT;
    if (fresh.last < fresh.first)
        return ERR_RANGE;
    if (bus_is_taken(bus->region, bus->region_count, &fresh) ||
        bus_is_taken(bus->repeated, bus->repeated_count, &fresh))
        return ERR_EXISTS;
    if (is_repeated) {
        bus->repeated[bus->repeated_count++] = fresh;
        return OK;
    }
    for (; at > 0 && bus->region[at - 1].first > fresh.first; at--)
        bus->region[at] = bus->region[at - 1];
    bus->region[at] = fresh;
    bus->region_count++;
    return OK;
}

static enum err bus_check(const struct dev_ctx *dev, uint64_t gpa, uint32_t width,
                          const struct dev_ctx **out)
{
    if (gpa & (width - 1))
        return ERR_ALIGN;
    if (!(dev->model->widths & width))
        return ERR_NOT_SUPPORTED;
    *out = dev;
    return OK;
}

/* Not inlined: a busy device has one place, and does not need this. */
static ATTR_NOINLINE enum err bus_find_repeated(const struct bus *bus, uint64_t gpa, uint32_t width,
                                                const struct dev_ctx **out)
{
    for (uint32_t i = 0; i < bus->repeated_count; i++) {
        const struct bus_region *region = &bus->repeated[i];
        const struct dev_model *model = region->dev->model;
        if (gpa < region->first || gpa > region->last)
            continue;
        uint64_t offset = (gpa - region->first) & (model->place_step_bytes - 1);
        return offset + width > model->region_bytes ? ERR_RANGE
                                                    : bus_check(region->dev, gpa, width, out);
    }
    return ERR_RANGE;
}

/* A linear search is faster than a binary one for few regions; the busy devices are at the end. */
static enum err bus_find(const struct bus *bus, uint64_t gpa, uint32_t width,
                         const struct dev_ctx **out)
{
    const struct bus_region *region = &bus->region[bus->region_count];

    do {
        if (region-- == bus->region)
            return bus_find_repeated(bus, gpa, width, out);
    } while (gpa < region->first);
    if (gpa > region->last || width - 1 > region->last - gpa)
        return bus_find_repeated(bus, gpa, width, out);
    return bus_check(region->dev, gpa, width, out);
}

static uint64_t mask_to(uint64_t value, uint32_t width)
{
    return width == 8 ? value : value & ((UINT64_C(1) << (8 * width)) - 1);
}

enum err bus_read(const struct bus *bus, uint64_t gpa, uint32_t width, uint64_t *value)
{
    const struct dev_ctx *dev;
    enum err err = bus_find(bus, gpa, width, &dev);
    if (err)
        return err;
    *value = mask_to(dev->model->read(dev, gpa - dev->gpa, width), width);
    return OK;
}

enum err bus_write(const struct bus *bus, uint64_t gpa, uint32_t width, uint64_t value)
{
    const struct dev_ctx *dev;
    enum err err = bus_find(bus, gpa, width, &dev);
    if (err)
        return err;
    dev->model->write(dev, gpa - dev->gpa, width, mask_to(value, width));
    return OK;
}
