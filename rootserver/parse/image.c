/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/parse/image.h>

#include <inttypes.h>
#include <string.h>

#define HEADER_BYTES   64
#define TEXT_OFFSET_AT 8
#define IMAGE_SIZE_AT  16
#define MAGIC2_AT      56
#define MIB            (UINT64_C(1) << 20)

static uint64_t le64(const uint8_t *at)
{
    uint64_t value;

    memcpy(&value, at, sizeof value);
    return value;
}

MUST_CHECK image_check(const void *image, size_t bytes, uint64_t memory_bytes,
                       struct problem *problem)
{
    const uint8_t *header = image;

    if (bytes < HEADER_BYTES) {
        problem_set(problem, "its kernel is truncated: %zu bytes are less than an Image's header",
                    bytes);
        return ERR_FORMAT;
    }
    if (memcmp(header + MAGIC2_AT, "RSC\x05", 4) != 0) {
        problem_set(problem, "its kernel is not a RISC-V Linux Image (no \"RSC\" at byte 56); "
                             "is it compressed?");
        return ERR_FORMAT;
    }
    uint64_t offset = le64(header + TEXT_OFFSET_AT), size = le64(header + IMAGE_SIZE_AT);
    if (size < bytes)
        size = bytes;
    if (offset > memory_bytes || size > memory_bytes - offset) {
        problem_set(problem,
                    "its kernel takes %" PRIu64 " MiB and does not fit in its %" PRIu64
                    " MiB of memory; give it more \"memory\"",
                    offset / MIB + size / MIB + 1, memory_bytes / MIB);
        return ERR_RANGE;
    }
    return OK;
}
