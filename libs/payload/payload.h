/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parses a guest's boot file: which bytes go where in the RAM, and the entry address.
 *
 *   found at the file's start         placed                         starts at
 *   -------------------------------   ----------------------------   ---------------------
 *   "RSC\5" at byte 56: Linux Image   RAM + 2 MiB                    its first byte
 *   "\x7f" "ELF"                      each PT_LOAD at its p_paddr    the lowest such address
 *   anything else: raw binary         RAM + 2 MiB                    its first byte
 *
 * QEMU's `-kernel` does the same on `virt` with its default firmware.  Like QEMU, this code
 * ignores an ELF file's e_entry and an Image's text_offset: kernels for other boards have
 * those boards' text_offset and still start at 0x80200000.  An Image takes image_size bytes
 * of memory, or the length of the file if that is more.  A file that cannot run is refused: a
 * big-endian Image, a program of another system, a first instruction of zeros.
 *
 * The file is hostile: every field is read once and checked.  After payload_open() the
 * segments can be copied without further checks to RAM that reaches up to `end_gpa`:
 *  - each segment's file bytes lie inside the file, and are not more than its memory bytes;
 *  - none begins below ram_gpa or wraps, and no two share a byte of memory;
 *  - entry_gpa is even and inside a segment's file bytes, and not the ELF header itself.
 *
 * Specification: Linux, Documentation/arch/riscv/boot-image-header.rst; System V ABI,
 * "Object Files" and "Program Loading".
 */
#ifndef PAYLOAD_PAYLOAD_H
#define PAYLOAD_PAYLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include <base/err.h>

#define PAYLOAD_SEGMENTS_MAX 16u
#define PAYLOAD_IMAGE_ALIGN  UINT64_C(0x200000)
#define PAYLOAD_RAW_OFFSET   UINT64_C(0x200000)
#define PAYLOAD_HEADER_BYTES 64u /* of an Image, and of an ELF file */

enum payload_kind {
    PAYLOAD_IMAGE,
    PAYLOAD_ELF,
    PAYLOAD_RAW,
};

struct payload_segment {
    uint64_t gpa;
    uint64_t memory_bytes; /* not 0; the memory behind the file bytes is zero */
    uint64_t file_offset;
    uint64_t file_bytes;
};

struct payload {
    enum payload_kind kind;
    uint64_t entry_gpa;
    uint64_t end_gpa; /* end of the highest segment's memory */
    uint32_t segment_count;
    struct payload_segment segment[PAYLOAD_SEGMENTS_MAX];
};

/*
 * Parses `bytes` bytes at `file` (any alignment) for RAM that begins at ram_gpa.  On
 * failure *out is untouched.
 *   ERR_FORMAT         empty or truncated, an ELF file's sizes that contradict each other,
 *                      a big-endian Image, an EFI program, no executable instruction
 *   ERR_ALIGN          ram_gpa is not a multiple of 2 MiB
 *   ERR_NOT_SUPPORTED  an ELF file of another machine, class or type; too many segments
 *   ERR_RANGE          a segment below the RAM, or a segment or image_size that wraps
 *   ERR_EXISTS         two segments share memory
 */
MUST_CHECK payload_open(const void *file, uint64_t bytes, uint64_t ram_gpa, struct payload *out);

/* The part of payload_open() for a file that begins with the ELF magic. */
MUST_CHECK payload_open_elf(const uint8_t *file, uint64_t bytes, uint64_t ram_gpa,
                            struct payload *out);

/* Is [offset, offset + length) inside `bytes`?  No sum in here can wrap. */
static inline bool payload_has(uint64_t bytes, uint64_t offset, uint64_t length)
{
    return offset <= bytes && length <= bytes - offset;
}

#endif
