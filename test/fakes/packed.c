/* SPDX-License-Identifier: BSD-2-Clause */
#include "packed.h"

#include <stdio.h>
#include <string.h>

#define HEADER_BYTES 110u /* of an entry, before its name */
#define TRAILER      "TRAILER!!!"

static size_t packed_round(size_t bytes, size_t unit)
{
    return (bytes + unit - 1) / unit * unit;
}

/* Appends an entry whose data begin at a multiple of `unit`. */
static uint8_t *packed_entry(struct packed *p, const char *name, size_t bytes, size_t unit)
{
    uint8_t *header = p->bytes + p->end;
    size_t data = packed_round(p->end + HEADER_BYTES + strlen(name) + 1, unit);
    char text[HEADER_BYTES + 1];

    snprintf(text, sizeof text, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 1,
             0100644, 0, 0, 1, 0, (unsigned)bytes, 0, 0, 0, 0,
             (unsigned)(data - p->end - HEADER_BYTES), 0);
    memcpy(header, text, HEADER_BYTES);
    memcpy(header + HEADER_BYTES, name, strlen(name));
    p->end = packed_round(data + bytes, 4);
    return p->bytes + data;
}

uint8_t *packed_file(struct packed *p, const char *name, size_t bytes)
{
    return packed_entry(p, name, bytes, 4096);
}

void packed_end(struct packed *p)
{
    (void)packed_entry(p, TRAILER, 0, 4);
    p->end = packed_round(p->end, 4096);
}

static void packed_put(uint8_t *to, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        to[i] = (uint8_t)(value >> (8 * i));
}

void packed_program(uint8_t *to, const struct packed_segment *segment, unsigned count)
{
    memcpy(to, "\177ELF\2\1\1", 7);
    packed_put(to + 16, 2, 2);
    packed_put(to + 18, 243, 2);
    packed_put(to + 24, 0x10100, 8);
    packed_put(to + 32, 64, 8);
    packed_put(to + 54, 56, 2);
    packed_put(to + 56, count, 2);
    for (unsigned i = 0; i < count; i++) {
        uint8_t *p = to + 64 + i * 56;
        packed_put(p, 1, 4);
        packed_put(p + 4, segment[i].flags, 4);
        packed_put(p + 8, segment[i].offset, 8);
        packed_put(p + 16, segment[i].address, 8);
        packed_put(p + 32, segment[i].file_bytes, 8);
        packed_put(p + 40, segment[i].memory_bytes, 8);
    }
}

void packed_kernel(uint8_t *to, uint64_t memory_bytes)
{
    packed_put(to + 8, 0x200000, 8);
    packed_put(to + 16, memory_bytes, 8);
    memcpy(to + 48, "RISCV\0\0\0RSC\x05", 12);
}
