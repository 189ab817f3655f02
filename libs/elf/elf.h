/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parses static ELF-64 executables for RISC-V: which segments to map where.
 * (System V ABI, "Object Files" and "Program Loading"; RISC-V ELF psABI.)
 *
 * The image is hostile: every field is read once into a local and checked.  After elf_open()
 * the segments can be mapped without further checks:
 *  - the image is ET_EXEC for RV64, little-endian, with 1 to ELF_SEGMENT_MAX PT_LOAD segments;
 *  - each segment's file bytes lie inside the image, and file bytes <= memory bytes;
 *  - each lies between ELF_ADDRESS_LOW and ELF_ADDRESS_HIGH, and takes at most ELF_SEGMENT_BYTES;
 *  - no page belongs to two segments, and they ascend;
 *  - none is writable and executable; each is readable;
 *  - file offset and address agree modulo the page size (both may be unaligned);
 *  - the entry point is even and inside the file bytes of an executable segment;
 *  - no program header asks for an interpreter or for relocation.
 */
#ifndef ELF_ELF_H
#define ELF_ELF_H

#include <stddef.h>
#include <stdint.h>

#include <base/err.h>

#define ELF_PAGE_BYTES    UINT64_C(4096)
#define ELF_SEGMENT_MAX   16
#define ELF_SEGMENT_BYTES (UINT64_C(1) << 30)
#define ELF_ADDRESS_LOW   UINT64_C(0x1000)
#define ELF_ADDRESS_HIGH  UINT64_C(0x3000000000) /* stack, heap and other mappings are above */

/* Rights of a segment. */
#define ELF_READ          1u
#define ELF_WRITE         2u
#define ELF_EXEC          4u

struct elf_segment {
    uint64_t address;      /* first byte; may be in the middle of a page */
    uint64_t memory_bytes; /* not 0; the memory behind the file bytes is zero */
    uint64_t file_offset;
    uint64_t file_bytes;
    uint32_t rights; /* ELF_READ | ... */
};

struct elf {
    uint64_t entry;
    unsigned segment_count;
    struct elf_segment segment[ELF_SEGMENT_MAX];
};

/*
 * Parses `bytes` bytes at `image` (any alignment).  On failure *out is untouched.
 *   ERR_FORMAT         no ELF file, truncated, or contradictory headers
 *   ERR_NOT_SUPPORTED  another machine, class or type; an interpreter; too many segments
 *   ERR_RANGE          a segment outside the address range, or too large
 *   ERR_ALIGN          offset and address disagree modulo the page, or an odd entry
 *   ERR_EXISTS         two segments share a page, or do not ascend
 *   ERR_NO_RIGHT       a segment writable and executable, or one not readable
 */
MUST_CHECK elf_open(const void *image, size_t bytes, struct elf *out);

/* The i-th segment, in ascending order of addresses.  ERR_RANGE: no such segment. */
MUST_CHECK elf_segment(const struct elf *elf, unsigned i, struct elf_segment *out);

/* Address of the segment's first page, and the number of its pages. */
static inline uint64_t elf_segment_page(const struct elf_segment *s)
{
    return s->address & ~(ELF_PAGE_BYTES - 1);
}

static inline uint64_t elf_segment_pages(const struct elf_segment *s)
{
    uint64_t lead = s->address & (ELF_PAGE_BYTES - 1);
    return (lead + s->memory_bytes + ELF_PAGE_BYTES - 1) / ELF_PAGE_BYTES;
}

#endif
