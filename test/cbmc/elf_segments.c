/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proves: Two segments that are both accepted, whatever their headers say, lie in
 *         the file and in the address range, share no page, and none is writable and executable.
 * mutant: libs/elf/elf.c: p->vaddr > ELF_ADDRESS_HIGH - p->memsz ->
 *         p->vaddr + p->memsz > ELF_ADDRESS_HIGH
 * unwind: 3
 */
#include "prove.h"

#include <libs/elf/elf.c>

static struct elf64_program_header any_header(void)
{
    return (struct elf64_program_header){.type = PT_LOAD,
                                   .flags = nondet_u32(),
                                   .offset = nondet_u64(),
                                   .vaddr = nondet_u64(),
                                   .filesz = nondet_u64(),
                                   .memsz = nondet_u64()};
}

int main(void)
{
    struct elf64_program_header header[2] = {any_header(), any_header()};
    struct elf_segment segment[2];
    struct elf elf = {0};
    size_t bytes = nondet_u64();

    for (unsigned i = 0; i < 2; i++) {
        ASSUME(header[i].memsz != 0); /* elf_open() passes over the others */
        if (elf_check_load(&header[i], bytes, &segment[i]) != OK ||
            elf_add_segment(&elf, &segment[i]) != OK)
            return 0;
    }
    for (unsigned i = 0; i < 2; i++) {
        const struct elf_segment *s = &segment[i];
        PROVE(s->file_bytes <= s->memory_bytes && s->file_offset <= bytes);
        PROVE(s->file_bytes <= bytes - s->file_offset);
        PROVE(s->address >= ELF_ADDRESS_LOW && s->address < ELF_ADDRESS_HIGH);
        PROVE(s->memory_bytes <= ELF_ADDRESS_HIGH - s->address);
        PROVE((s->rights & (ELF_WRITE | ELF_EXEC)) != (ELF_WRITE | ELF_EXEC));
    }
    uint64_t last = segment[0].address + (segment[0].memory_bytes - 1);
    PROVE(last / ELF_PAGE_BYTES < segment[1].address / ELF_PAGE_BYTES);
    return 0;
}
