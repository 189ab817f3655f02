/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/parse/image.h>

#include <inttypes.h>

#include <base/limits.h>
#include <payload/payload.h>

#define MIB (UINT64_C(1) << 20)

/* Explains each error of payload_open() to the user. */
static const char *image_complaint(enum err err)
{
    switch (err) {
    case ERR_NOT_SUPPORTED:
        return "its kernel is an ELF file that is not for RV64, or in too many pieces";
    case ERR_RANGE:
        return "its kernel is linked at an address where the guest has no RAM";
    case ERR_EXISTS:
        return "its kernel is an ELF file whose segments overlap";
    default:
        return "its kernel is not a RISC-V Linux Image, nor an ELF file or binary for a "
               "RISC-V machine, or is truncated";
    }
}

MUST_CHECK image_check(const void *image, size_t bytes, uint64_t memory_bytes,
                       struct problem *problem)
{
    struct payload payload;

    enum err err = payload_open(image, bytes, GUEST_RAM_GPA, &payload);
    if (err) {
        problem_set(problem, "%s", image_complaint(err));
        return err == ERR_RANGE ? ERR_RANGE : ERR_FORMAT;
    }
    uint64_t end = payload.end_gpa - GUEST_RAM_GPA;
    if (end > memory_bytes) {
        problem_set(problem,
                    "its kernel takes %" PRIu64 " MiB and does not fit in its %" PRIu64
                    " MiB of memory; give it more \"memory\"",
                    end / MIB + 1, memory_bytes / MIB);
        return ERR_RANGE;
    }
    return OK;
}
