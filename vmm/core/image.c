/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/core/image.h>

#include <string.h>

#define TEXT_OFFSET_AT  8u
#define IMAGE_SIZE_AT   16u
#define FLAGS_AT        24u
#define MAGIC2_AT       56u

#define FLAG_BIG_ENDIAN UINT64_C(1)
#define PAGE_BYTES      UINT64_C(4096)

static uint64_t little_endian_u64(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < 8; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

enum err image_plan(const uint8_t *kernel, uint64_t kernel_bytes, uint64_t initrd_bytes,
                    uint64_t ram_gpa, uint64_t ram_bytes, struct image_plan *out)
{
    static const uint8_t magic2[4] = {'R', 'S', 'C', 5};

    if (kernel_bytes < IMAGE_HEADER_BYTES || memcmp(kernel + MAGIC2_AT, magic2, sizeof magic2) != 0)
        return ERR_FORMAT;
    uint64_t text_offset = little_endian_u64(kernel + TEXT_OFFSET_AT);
    uint64_t image_size = little_endian_u64(kernel + IMAGE_SIZE_AT);
    if ((little_endian_u64(kernel + FLAGS_AT) & FLAG_BIG_ENDIAN) || image_size < kernel_bytes)
        return ERR_FORMAT;
    if (ram_gpa % IMAGE_ALIGN || text_offset % IMAGE_ALIGN)
        return ERR_ALIGN;

    /* What is left is always compared, never a sum that could wrap. */
    uint64_t left = ram_bytes & ~(PAGE_BYTES - 1);
    if (left < IMAGE_DTB_BYTES || ram_gpa + left < ram_gpa)
        return ERR_NO_MEMORY;
    left = (left - IMAGE_DTB_BYTES) & ~(IMAGE_ALIGN - 1);
    uint64_t dtb_offset = left;
    if (initrd_bytes > left)
        return ERR_NO_MEMORY;
    left = (left - initrd_bytes) & ~(PAGE_BYTES - 1);
    uint64_t initrd_offset = left;
    if (text_offset > left || image_size > left - text_offset)
        return ERR_NO_MEMORY;

    out->entry_gpa = ram_gpa + text_offset;
    out->kernel_end_gpa = out->entry_gpa + image_size;
    out->initrd_gpa = ram_gpa + initrd_offset;
    out->initrd_end_gpa = out->initrd_gpa + initrd_bytes;
    out->dtb_gpa = ram_gpa + dtb_offset;
    return OK;
}

enum err image_load(const struct image_plan *plan, const struct guestmem *ram,
                    const uint8_t *kernel, uint64_t kernel_bytes, const uint8_t *initrd,
                    uint64_t initrd_bytes)
{
    uint8_t *kernel_at, *initrd_at;

    if (guestmem_at(ram, plan->entry_gpa, kernel_bytes, &kernel_at) ||
        guestmem_at(ram, plan->initrd_gpa, initrd_bytes, &initrd_at))
        return ERR_RANGE;
    memcpy(kernel_at, kernel, kernel_bytes);
    if (initrd_bytes)
        memcpy(initrd_at, initrd, initrd_bytes);
    return OK;
}
