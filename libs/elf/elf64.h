/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The headers of an ELF-64 file as they lie in it (System V ABI, "ELF Header", "Program Header";
 * RISC-V ELF psABI).  Little-endian.  Copy a header before reading: the file can be misaligned.
 */
#ifndef ELF_ELF64_H
#define ELF_ELF64_H

#include <stdint.h>

enum {
    ELFCLASS64 = 2,
    ELFDATA2LSB = 1,
    EV_CURRENT = 1,
    ET_EXEC = 2,
    ET_DYN = 3,
    EM_RISCV = 243,
    PT_LOAD = 1,
    PT_DYNAMIC = 2,
    PT_INTERP = 3,
    PT_NOTE = 4,
    PF_X = 1,
    PF_W = 2,
    PF_R = 4,
};

struct elf64_file_header {
    uint8_t ident[16];
    uint16_t type;
    uint16_t machine;
    uint32_t version;
    uint64_t entry;
    uint64_t phoff;
    uint64_t shoff;
    uint32_t flags;
    uint16_t ehsize;
    uint16_t phentsize;
    uint16_t phnum;
    uint16_t shentsize;
    uint16_t shnum;
    uint16_t shstrndx;
};

struct elf64_program_header {
    uint32_t type;
    uint32_t flags;
    uint64_t offset;
    uint64_t vaddr;
    uint64_t paddr;
    uint64_t filesz;
    uint64_t memsz;
    uint64_t align;
};

/* The name follows, then the descriptor, each padded to 4 bytes. */
struct elf64_note_header {
    uint32_t namesz;
    uint32_t descsz;
    uint32_t type;
};

_Static_assert(sizeof(struct elf64_file_header) == 64, "Elf64_Ehdr");
_Static_assert(sizeof(struct elf64_program_header) == 56, "Elf64_Phdr");

#endif
