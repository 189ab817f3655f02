/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A boot archive in memory (docs/boot-archive.md): the files of a cpio archive whose data begin at
 * pages, and the headers of programs and kernels.  The caller's memory is zeroed and large enough.
 */
#ifndef TEST_FAKES_PACKED_H
#define TEST_FAKES_PACKED_H

#include <stddef.h>
#include <stdint.h>

struct packed {
    uint8_t *bytes;
    size_t end;
};

/* Appends a file; returns where its data go. */
uint8_t *packed_file(struct packed *p, const char *name, size_t bytes);
/* Appends the entry that ends an archive, and rounds the end up to a page. */
void packed_end(struct packed *p);

/* One segment of a program. */
struct packed_segment {
    uint32_t flags; /* of the program header: 4 read, 2 write, 1 execute */
    uint64_t offset, address, file_bytes, memory_bytes;
};

/* Writes the headers of a static program for riscv64, which begins at 0x10100. */
void packed_program(uint8_t *to, const struct packed_segment *segment, unsigned count);

/* Writes the header of a kernel whose memory begins 2 MiB into RAM. */
void packed_kernel(uint8_t *to, uint64_t memory_bytes);

#endif
