/* SPDX-License-Identifier: BSD-2-Clause */
#include <rt/rt_pages.h>

#include <string.h>

static bool is_used(const struct rt_pages *pages, size_t page)
{
    return pages->used[page / 64] >> (page % 64) & 1;
}

static void set_used(struct rt_pages *pages, size_t page, bool used)
{
    uint64_t bit = UINT64_C(1) << (page % 64);
    pages->used[page / 64] = used ? pages->used[page / 64] | bit : pages->used[page / 64] & ~bit;
}

static size_t pages_of(size_t bytes)
{
    return bytes / RT_PAGE_BYTES + (bytes % RT_PAGE_BYTES != 0);
}

void rt_pages_init(struct rt_pages *pages, void *base, size_t bytes)
{
    size_t count = bytes / RT_PAGE_BYTES;

    memset(pages, 0, sizeof *pages);
    pages->base = base;
    pages->count = count < RT_PAGES_MAX ? count : RT_PAGES_MAX;
}

MUST_CHECK rt_pages_alloc(struct rt_pages *pages, size_t bytes, void **out)
{
    size_t want = pages_of(bytes), run = 0, end = 0;

    if (want == 0)
        return ERR_INVALID_ARG;
    for (; end < pages->count && run < want; end++)
        run = is_used(pages, end) ? 0 : run + 1;
    if (run < want)
        return ERR_NO_MEMORY;

    size_t first = end - want;
    for (size_t page = first; page < end; page++) {
        set_used(pages, page, true);
        if (page < pages->fresh)
            memset(pages->base + page * RT_PAGE_BYTES, 0, RT_PAGE_BYTES);
    }
    if (pages->fresh < end)
        pages->fresh = end;
    *out = pages->base + first * RT_PAGE_BYTES;
    return OK;
}

MUST_CHECK rt_pages_free(struct rt_pages *pages, void *at, size_t bytes)
{
    uintptr_t offset = (uintptr_t)at - (uintptr_t)pages->base;
    size_t count = pages_of(bytes);

    if (offset % RT_PAGE_BYTES != 0)
        return ERR_ALIGN;
    if (count == 0 || offset / RT_PAGE_BYTES > pages->count ||
        count > pages->count - offset / RT_PAGE_BYTES)
        return ERR_RANGE;
    for (size_t i = 0; i < count; i++)
        set_used(pages, offset / RT_PAGE_BYTES + i, false);
    return OK;
}
