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
 *  - no program header asks for an interpreter or for relocation;
 *  - the recovery range, if the program has one, and its exit lie in the file bytes of one
 *    executable segment, the exit outside the range: vspace_recover() accepts them.
 *
 * A program names its recovery range (vspace_recover) in a note (System V ABI, "Note Section") with
 * the name "Warren", type ELF_NOTE_RECOVERY and struct elf_recovery as descriptor.
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

#define ELF_NOTE_RECOVERY 1u
#define ELF_NOTES_BYTES   4096u /* of one PT_NOTE segment, at most */

/* Code whose loads and stores may fault; after a fault the thread continues at `exit`. */
struct elf_recovery {
    uint64_t start;
    uint64_t bytes; /* 0: the program has no such code */
    uint64_t exit;
};

struct elf {
    uint64_t entry;
    struct elf_recovery recovery;
    unsigned segment_count;
    struct elf_segment segment[ELF_SEGMENT_MAX];
};

/*
 * Parses `bytes` bytes at `image` (any alignment).  On failure *out is untouched.
 *   ERR_FORMAT         no ELF file, truncated, or contradictory headers or notes; an exit inside
 *                      the recovery range
 *   ERR_NOT_SUPPORTED  another machine, class or type; an interpreter; too many segments; notes of
 *                      more than ELF_NOTES_BYTES
 *   ERR_RANGE          a segment outside the address range, or too large; a recovery range or exit
 *                      outside the code
 *   ERR_ALIGN          offset and address disagree modulo the page; an odd entry, recovery range or
 *                      exit
 *   ERR_EXISTS         two segments share a page, or do not ascend; two recovery ranges
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
