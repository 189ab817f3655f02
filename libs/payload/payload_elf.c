/* SPDX-License-Identifier: BSD-2-Clause */
#include <payload/payload.h>

#include <string.h>

#include <elf/elf64.h>

_Static_assert(sizeof(struct elf64_file_header) == PAYLOAD_HEADER_BYTES,
               "an ELF header is seen whole");

static MUST_CHECK payload_elf_check_header(const struct elf64_file_header *h, uint64_t bytes)
{
    if (h->ident[4] != ELFCLASS64 || h->ident[5] != ELFDATA2LSB || h->ident[6] != EV_CURRENT ||
        h->machine != EM_RISCV || (h->type != ET_EXEC && h->type != ET_DYN))
        return ERR_NOT_SUPPORTED;
    if (h->phentsize != sizeof(struct elf64_program_header) || h->phnum == 0 ||
        !payload_has(bytes, h->phoff, (uint64_t)h->phnum * sizeof(struct elf64_program_header)))
        return ERR_FORMAT;
    return OK;
}

static bool do_overlap(const struct payload_segment *a, const struct payload_segment *b)
{
    return a->gpa < b->gpa + b->memory_bytes && b->gpa < a->gpa + a->memory_bytes;
}

static MUST_CHECK payload_elf_add_segment(struct payload *payload,
                                          const struct elf64_program_header *p, uint64_t bytes,
                                          uint64_t ram_gpa)
{
    struct payload_segment segment = {p->paddr, p->memsz, p->offset, p->filesz};
    uint64_t end;

    if (!payload_has(bytes, p->offset, p->filesz) || p->filesz > p->memsz)
        return ERR_FORMAT;
    if (p->paddr < ram_gpa || __builtin_add_overflow(p->paddr, p->memsz, &end))
        return ERR_RANGE;
    if (payload->segment_count == PAYLOAD_SEGMENTS_MAX)
        return ERR_NOT_SUPPORTED;
    for (uint32_t i = 0; i < payload->segment_count; i++)
        if (do_overlap(&payload->segment[i], &segment))
            return ERR_EXISTS;
    payload->segment[payload->segment_count++] = segment;
    if (end > payload->end_gpa)
        payload->end_gpa = end;
    return OK;
}

/* The entry is the lowest address, where many linkers put the ELF header: refuse that. */
static MUST_CHECK payload_elf_find_entry(struct payload *payload)
{
    const struct payload_segment *lowest = &payload->segment[0];

    if (payload->segment_count == 0)
        return ERR_FORMAT;
    for (uint32_t i = 1; i < payload->segment_count; i++)
        if (payload->segment[i].gpa < lowest->gpa)
            lowest = &payload->segment[i];
    if (lowest->gpa % 2 || lowest->file_bytes == 0 || lowest->file_offset == 0)
        return ERR_FORMAT;
    payload->entry_gpa = lowest->gpa;
    return OK;
}

MUST_CHECK payload_open_elf(const uint8_t *file, uint64_t bytes, uint64_t ram_gpa,
                            struct payload *out)
{
    struct payload payload = {.kind = PAYLOAD_ELF};
    struct elf64_file_header header;

    if (bytes < sizeof header)
        return ERR_FORMAT;
    memcpy(&header, file, sizeof header);
    enum err err = payload_elf_check_header(&header, bytes);
    for (unsigned i = 0; err == OK && i < header.phnum; i++) {
        struct elf64_program_header p;
        memcpy(&p, file + header.phoff + i * sizeof p, sizeof p);
        if (p.type == PT_LOAD && p.memsz != 0)
            err = payload_elf_add_segment(&payload, &p, bytes, ram_gpa);
    }
    if (err == OK)
        err = payload_elf_find_entry(&payload);
    if (err == OK)
        *out = payload;
    return err;
}
