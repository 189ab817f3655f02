/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/memory/guestmem.h>

#include <string.h>

#include <base/zero.h>

#define PAGE_BYTES UINT64_C(4096)

bool guestmem_contains(const struct guestmem *mem, uint64_t gpa, uint64_t bytes)
{
    return gpa >= mem->gpa && gpa - mem->gpa <= mem->bytes &&
           bytes <= mem->bytes - (gpa - mem->gpa);
}

enum err guestmem_at(const struct guestmem *mem, uint64_t gpa, uint64_t bytes, uint8_t **out)
{
    if (!guestmem_contains(mem, gpa, bytes))
        return ERR_RANGE;
    *out = mem->host + (gpa - mem->gpa);
    return OK;
}

static void guestmem_piece_zero(uint8_t *piece, uint64_t bytes)
{
    for (uint64_t at = 0; at < bytes; at += PAGE_BYTES) {
        if (!zero_is_all(piece + at, PAGE_BYTES))
            memset(piece + at, 0, PAGE_BYTES);
    }
}

void guestmem_zero(const struct guestmem *mem, const struct pace *pace)
{
    for (uint64_t at = 0; at < mem->bytes; at += PACE_BYTES) {
        guestmem_piece_zero(mem->host + at, pace_piece(mem->bytes - at));
        pace_step(pace);
    }
}

enum err guestmem_read_u64(const struct guestmem *mem, uint64_t gpa, uint64_t *out)
{
    uint8_t *at;
    enum err err = guestmem_at(mem, gpa, sizeof *out, &at);
    if (err)
        return err;
    if (gpa % sizeof *out || (uintptr_t)at % sizeof *out)
        return ERR_ALIGN;
    *out = __atomic_load_n((const uint64_t *)(const void *)at, __ATOMIC_RELAXED);
    return OK;
}
