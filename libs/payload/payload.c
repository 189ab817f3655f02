/* SPDX-License-Identifier: BSD-2-Clause */
#include <payload/payload.h>

#include <string.h>

#define IMAGE_SIZE_AT   16u
#define FLAGS_AT        24u
#define MAGIC2_AT       56u

#define FLAG_BIG_ENDIAN UINT64_C(1)
#define INSN_BYTES_MIN  2u

static uint64_t payload_little_endian_u64(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < 8; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

/* The one segment of a file that gives no addresses. */
static MUST_CHECK payload_single_segment(enum payload_kind kind, uint64_t ram_gpa,
                                         uint64_t memory_bytes, uint64_t file_bytes,
                                         struct payload *out)
{
    uint64_t gpa, end;

    if (ram_gpa % PAYLOAD_IMAGE_ALIGN)
        return ERR_ALIGN;
    if (__builtin_add_overflow(ram_gpa, PAYLOAD_RAW_OFFSET, &gpa) ||
        __builtin_add_overflow(gpa, memory_bytes, &end))
        return ERR_RANGE;
    *out = (struct payload){
        .kind = kind,
        .entry_gpa = gpa,
        .end_gpa = end,
        .segment_count = 1,
        .segment = {{gpa, memory_bytes, 0, file_bytes}},
    };
    return OK;
}

/*
 * image_size counts the memory that the kernel clears for itself, so a file may be shorter.
 * A file may also be longer: some kernels leave image_size 0, and some carry a device tree or
 * a RAM disk behind their last byte.
 */
static MUST_CHECK payload_open_image(const uint8_t *file, uint64_t bytes, uint64_t ram_gpa,
                                     struct payload *out)
{
    uint64_t image_size = payload_little_endian_u64(file + IMAGE_SIZE_AT);

    if (payload_little_endian_u64(file + FLAGS_AT) & FLAG_BIG_ENDIAN)
        return ERR_FORMAT;
    if (image_size < bytes)
        image_size = bytes;
    return payload_single_segment(PAYLOAD_IMAGE, ram_gpa, image_size, bytes, out);
}

/*
 * Sixteen zero bits, and sixteen ones, are illegal instructions by definition.  "MZ" is
 * an instruction too, but only Linux begins with it, and then there is a header.
 */
static bool payload_can_begin(const uint8_t *file)
{
    uint32_t first = file[0] | (uint32_t)file[1] << 8;
    return first != 0 && first != 0xffff && memcmp(file, "MZ", 2) != 0;
}

MUST_CHECK payload_open(const void *file, uint64_t bytes, uint64_t ram_gpa, struct payload *out)
{
    const uint8_t *at = file;

    if (bytes >= PAYLOAD_HEADER_BYTES && memcmp(at + MAGIC2_AT, "RSC\x05", 4) == 0)
        return payload_open_image(at, bytes, ram_gpa, out);
    if (bytes >= 4 && memcmp(at, "\x7f" "ELF", 4) == 0)
        return payload_open_elf(at, bytes, ram_gpa, out);
    if (bytes < INSN_BYTES_MIN || !payload_can_begin(at))
        return ERR_FORMAT;
    return payload_single_segment(PAYLOAD_RAW, ram_gpa, bytes, bytes, out);
}
