/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/boot/image.h>

#include <string.h>

#define PAGE_BYTES UINT64_C(4096)

/* The size of the RAM below IMAGE_LOW_GPA, in whole pages; the whole RAM if it is all above. */
static uint64_t image_low_bytes(uint64_t ram_gpa, uint64_t ram_bytes)
{
    if (ram_gpa < IMAGE_LOW_GPA && ram_bytes > IMAGE_LOW_GPA - ram_gpa)
        ram_bytes = IMAGE_LOW_GPA - ram_gpa;
    return ram_bytes & ~(PAGE_BYTES - 1);
}

/*
 * Chooses QEMU's place for the initrd, far from the memory that kernels and boot loaders use
 * around themselves and at the top of the RAM.  If the initrd does not fit there, the place is
 * just below the device tree.  *offset is from the start of the RAM.  False: no room behind the
 * kernel.
 */
static bool image_initrd_place(uint64_t kernel_end, uint64_t dtb_offset, uint64_t initrd_bytes,
                               uint64_t ram_bytes, uint64_t *offset)
{
    uint64_t middle = ram_bytes / 2 < IMAGE_INITRD_MAX ? ram_bytes / 2 : IMAGE_INITRD_MAX;

    middle = (PAYLOAD_RAW_OFFSET + middle) & ~(PAGE_BYTES - 1);
    if (initrd_bytes > dtb_offset)
        return false;
    *offset = (dtb_offset - initrd_bytes) & ~(PAGE_BYTES - 1);
    if (kernel_end > *offset)
        return false;
    if (middle >= kernel_end && middle < *offset)
        *offset = middle;
    return true;
}

enum err image_plan(const uint8_t *kernel, uint64_t kernel_bytes, uint64_t initrd_bytes,
                    uint64_t ram_gpa, uint64_t ram_bytes, struct image_plan *out)
{
    struct payload payload;
    uint64_t ram_end;

    if (ram_gpa % PAYLOAD_IMAGE_ALIGN)
        return ERR_ALIGN;
    enum err err = payload_open(kernel, kernel_bytes, ram_gpa, &payload);
    if (err)
        return err;

    /* Compares with the remaining size, because a sum could wrap. */
    uint64_t left = image_low_bytes(ram_gpa, ram_bytes);
    if (left < IMAGE_DTB_BYTES || __builtin_add_overflow(ram_gpa, ram_bytes, &ram_end))
        return ERR_NO_MEMORY;
    left = (left - IMAGE_DTB_BYTES) & ~(IMAGE_DTB_BYTES - 1);
    uint64_t initrd_offset;
    if (!image_initrd_place(payload.end_gpa - ram_gpa, left, initrd_bytes, ram_bytes,
                            &initrd_offset))
        return ERR_NO_MEMORY;

    *out = (struct image_plan){
        .payload = payload,
        .entry_gpa = payload.entry_gpa,
        .kernel_end_gpa = payload.end_gpa,
        .initrd_gpa = ram_gpa + initrd_offset,
        .initrd_end_gpa = ram_gpa + initrd_offset + initrd_bytes,
        .dtb_gpa = ram_gpa + left,
    };
    return OK;
}

/* Checks all segments before the first byte is written. */
static MUST_CHECK image_check_fit(const struct image_plan *plan, const struct guestmem *ram,
                                  uint64_t kernel_bytes)
{
    for (uint32_t i = 0; i < plan->payload.segment_count; i++) {
        const struct payload_segment *segment = &plan->payload.segment[i];
        if (!guestmem_contains(ram, segment->gpa, segment->memory_bytes) ||
            !payload_has(kernel_bytes, segment->file_offset, segment->file_bytes))
            return ERR_RANGE;
    }
    return OK;
}

/* Copies 64 bytes per iteration.  libc's memcpy copies 4 bytes, too slow for the 31 MB here. */
#define TURN_BYTES 64u

static void image_copy(uint8_t *to, const uint8_t *from, uint64_t bytes)
{
    uint64_t done = 0;

    if (((uintptr_t)to | (uintptr_t)from) % sizeof(uint64_t) == 0) {
        for (; bytes - done >= TURN_BYTES; done += TURN_BYTES) {
            const uint64_t *in = (const uint64_t *)(const void *)(from + done);
            uint64_t *out = (uint64_t *)(void *)(to + done);
            uint64_t a = in[0], b = in[1], c = in[2], d = in[3];
            uint64_t e = in[4], f = in[5], g = in[6], h = in[7];
            out[0] = a, out[1] = b, out[2] = c, out[3] = d;
            out[4] = e, out[5] = f, out[6] = g, out[7] = h;
        }
    }
    memcpy(to + done, from + done, bytes - done);
}

static void image_copy_paced(uint8_t *to, const uint8_t *from, uint64_t bytes,
                             const struct pace *pace)
{
    for (uint64_t done = 0; done < bytes; done += PACE_BYTES) {
        image_copy(to + done, from + done, pace_piece(bytes - done));
        pace_step(pace);
    }
}

enum err image_load(const struct image_plan *plan, const struct guestmem *ram,
                    const uint8_t *kernel, uint64_t kernel_bytes, const uint8_t *initrd,
                    uint64_t initrd_bytes, const struct pace *pace)
{
    uint8_t *at;

    if (image_check_fit(plan, ram, kernel_bytes) ||
        guestmem_at(ram, plan->initrd_gpa, initrd_bytes, &at))
        return ERR_RANGE;
    image_copy_paced(at, initrd, initrd_bytes, pace);
    for (uint32_t i = 0; i < plan->payload.segment_count; i++) {
        const struct payload_segment *segment = &plan->payload.segment[i];
        if (guestmem_at(ram, segment->gpa, segment->file_bytes, &at))
            return ERR_RANGE;
        image_copy_paced(at, kernel + segment->file_offset, segment->file_bytes, pace);
    }
    return OK;
}
