/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's kernel: a Linux Image, an ELF file or a raw binary.  The first 16 bytes are the sizes
 * of RAM and initrd, the rest is the file.  Oracle: the parts of a plan lie in RAM and do not
 * overlap, and the guest starts in bytes of the file; loading copies the file's bytes to their
 * places and no others; and the root server, which checks first, refuses no file that can start.
 */
#include "fuzz.h"

#include <rootserver/parse/image.h>
#include <vmm/boot/image.h>

#define RAM_GPA       UINT64_C(0x80000000)
#define LOADED_MAX    (UINT64_C(8) << 20)
#define INITRD_LOADED (UINT64_C(1) << 16)

struct part {
    uint64_t gpa, bytes;
};

static void check_apart(const struct part *part, unsigned count, uint64_t ram_bytes)
{
    for (unsigned i = 0; i < count; i++) {
        FUZZ_CHECK(part[i].gpa >= RAM_GPA && part[i].gpa - RAM_GPA <= ram_bytes);
        FUZZ_CHECK(part[i].bytes <= ram_bytes - (part[i].gpa - RAM_GPA));
        for (unsigned k = 0; k < i; k++)
            FUZZ_CHECK(part[i].bytes == 0 || part[k].bytes == 0 ||
                       part[i].gpa >= part[k].gpa + part[k].bytes ||
                       part[k].gpa >= part[i].gpa + part[i].bytes);
    }
}

static void check_plan(const struct image_plan *plan, const uint8_t *file, size_t size,
                       uint64_t ram_bytes, uint64_t initrd_bytes)
{
    struct part part[PAYLOAD_SEGMENTS_MAX + 2];
    const struct payload *payload = &plan->payload;
    bool has_entry = false;

    FUZZ_CHECK(payload->segment_count >= 1 && payload->segment_count <= PAYLOAD_SEGMENTS_MAX);
    for (unsigned i = 0; i < payload->segment_count; i++) {
        const struct payload_segment *s = &payload->segment[i];
        FUZZ_CHECK(s->memory_bytes > 0 && s->file_bytes <= s->memory_bytes);
        FUZZ_CHECK(s->file_offset <= size && s->file_bytes <= size - s->file_offset);
        FUZZ_CHECK(s->gpa + s->memory_bytes <= plan->kernel_end_gpa);
        part[i] = (struct part){s->gpa, s->memory_bytes};
        has_entry |= plan->entry_gpa >= s->gpa && plan->entry_gpa - s->gpa < s->file_bytes;
    }
    FUZZ_CHECK(has_entry && plan->entry_gpa % 2 == 0);
    FUZZ_CHECK(plan->initrd_gpa % 4096 == 0);
    FUZZ_CHECK(plan->initrd_end_gpa - plan->initrd_gpa == initrd_bytes);
    FUZZ_CHECK(plan->dtb_gpa % IMAGE_DTB_BYTES == 0);
    part[payload->segment_count] = (struct part){plan->initrd_gpa, initrd_bytes};
    part[payload->segment_count + 1] = (struct part){plan->dtb_gpa, IMAGE_DTB_BYTES};
    check_apart(part, payload->segment_count + 2, ram_bytes);
    if (payload->kind == PAYLOAD_IMAGE)
        FUZZ_CHECK(memcmp(file + 56, "RSC\5", 4) == 0 && payload->segment_count == 1);
    if (payload->kind != PAYLOAD_ELF)
        FUZZ_CHECK(plan->entry_gpa == RAM_GPA + PAYLOAD_RAW_OFFSET &&
                   payload->segment[0].file_offset == 0 && payload->segment[0].file_bytes == size);
}

/* Loads into zeroed RAM, then zeroes the loaded parts: any other byte was written by mistake. */
static void check_load(const struct image_plan *plan, const uint8_t *file, size_t size,
                       uint64_t ram_bytes, uint64_t initrd_bytes)
{
    static uint8_t host[LOADED_MAX], initrd[INITRD_LOADED], zero[4096];
    const struct guestmem ram = {RAM_GPA, ram_bytes, host};

    memset(initrd, 0x77, sizeof initrd);
    FUZZ_CHECK(image_load(plan, &ram, file, size, initrd, initrd_bytes, &(struct pace){0}) == OK);
    for (unsigned i = 0; i < plan->payload.segment_count; i++) {
        const struct payload_segment *s = &plan->payload.segment[i];
        uint8_t *at = host + (s->gpa - RAM_GPA);
        FUZZ_CHECK(memcmp(at, file + s->file_offset, s->file_bytes) == 0);
        memset(at, 0, s->file_bytes);
    }
    FUZZ_CHECK(memcmp(host + (plan->initrd_gpa - RAM_GPA), initrd, initrd_bytes) == 0);
    memset(host + (plan->initrd_gpa - RAM_GPA), 0, initrd_bytes);
    for (uint64_t i = 0; i < LOADED_MAX; i += sizeof zero)
        FUZZ_CHECK(memcmp(host + i, zero, sizeof zero) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    uint64_t ram_bytes = fuzz_u64(&in), initrd_bytes = fuzz_u64(&in);
    struct image_plan plan;
    struct problem problem = {""};

    /* A copy of its own size, so that ASan sees a read behind its end. */
    size_t bytes = in.left;
    uint8_t *file = malloc(bytes ? bytes : 1);
    FUZZ_CHECK(file != NULL);
    memcpy(file, in.at, bytes);
    bool is_loaded = bytes % 8 == 0; /* loading takes long: only some inputs */
    enum err checked = image_check(file, bytes, ram_bytes, &problem);
    FUZZ_CHECK((checked == OK) == (problem.text[0] == 0));
    if (image_plan(file, bytes, initrd_bytes, RAM_GPA, ram_bytes, &plan) == OK) {
        FUZZ_CHECK(checked == OK);
        check_plan(&plan, file, bytes, ram_bytes, initrd_bytes);
        if (ram_bytes <= LOADED_MAX && initrd_bytes <= INITRD_LOADED && is_loaded)
            check_load(&plan, file, bytes, ram_bytes, initrd_bytes);
    } else if (checked == OK && initrd_bytes <= 4096 && ram_bytes % IMAGE_DTB_BYTES == 0) {
        /* A file that the root server accepted can only fail for lack of room. */
        FUZZ_CHECK(image_plan(file, bytes, 0, RAM_GPA, UINT64_C(1) << 32, &plan) == OK ||
                   ram_bytes > IMAGE_LOW_GPA - RAM_GPA);
    }
    free(file);
    return 0;
}
