/* SPDX-License-Identifier: BSD-2-Clause */
#include <service/service.h>

/* The service's address of a range in a client's region. */
static MUST_CHECK region_find(const struct service_connection *c, uint32_t region, uint64_t offset,
                              size_t bytes, void **at)
{
    if (!c->is_attached || region >= CONTROL_REGIONS_MAX || region >= c->entry->region_count)
        return ERR_RANGE;
    const struct control_region *r = &c->entry->region[region];
    uint64_t from = offset - r->client_offset; /* wraps to a number that no region reaches */
    if (r->address == 0 || from > r->bytes || bytes > r->bytes - from)
        return ERR_RANGE;
    *at = (void *)(uintptr_t)(r->address + from);
    return OK;
}

MUST_CHECK service_region_read(struct service *s, const struct service_connection *c,
                               uint32_t region, uint64_t offset, void *to, size_t bytes)
{
    void *at;

    enum err err = region_find(c, region, offset, bytes, &at);
    return err == OK ? s->ops->copy_in(to, at, bytes) : err;
}

MUST_CHECK service_region_write(struct service *s, const struct service_connection *c,
                                uint32_t region, uint64_t offset, const void *from, size_t bytes)
{
    void *at;

    enum err err = region_find(c, region, offset, bytes, &at);
    return err == OK ? s->ops->copy_out(at, from, bytes) : err;
}
