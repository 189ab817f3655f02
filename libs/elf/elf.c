/* SPDX-License-Identifier: BSD-2-Clause */
#include <elf/elf.h>

#include <stdbool.h>
#include <string.h>

#include <elf/elf64.h>

/* The one place where a range of the image is checked; neither sum can wrap. */
static bool image_has(size_t bytes, uint64_t offset, uint64_t length)
{
    return offset <= bytes && length <= bytes - offset;
}

static MUST_CHECK elf_check_header(const struct elf64_file_header *h, size_t bytes)
{
    static const uint8_t magic[4] = {0x7f, 'E', 'L', 'F'};

    if (memcmp(h->ident, magic, sizeof magic) != 0)
        return ERR_FORMAT;
    if (h->ident[4] != ELFCLASS64 || h->ident[5] != ELFDATA2LSB || h->ident[6] != EV_CURRENT ||
        h->machine != EM_RISCV || h->type != ET_EXEC)
        return ERR_NOT_SUPPORTED;
    if (h->phentsize != sizeof(struct elf64_program_header) || h->phnum == 0 ||
        !image_has(bytes, h->phoff, (uint64_t)h->phnum * sizeof(struct elf64_program_header)))
        return ERR_FORMAT;
    if (h->entry & 1)
        return ERR_ALIGN;
    return OK;
}

static MUST_CHECK elf_check_load(const struct elf64_program_header *p, size_t bytes,
                                 struct elf_segment *out)
{
    if (!image_has(bytes, p->offset, p->filesz) || p->filesz > p->memsz)
        return ERR_FORMAT;
    if (p->memsz > ELF_SEGMENT_BYTES || p->vaddr < ELF_ADDRESS_LOW ||
        p->vaddr > ELF_ADDRESS_HIGH - p->memsz)
        return ERR_RANGE;
    if ((p->vaddr ^ p->offset) & (ELF_PAGE_BYTES - 1))
        return ERR_ALIGN;
    if (!(p->flags & PF_R) || ((p->flags & PF_W) && (p->flags & PF_X)))
        return ERR_NO_RIGHT;
    *out = (struct elf_segment){
        .address = p->vaddr,
        .memory_bytes = p->memsz,
        .file_offset = p->offset,
        .file_bytes = p->filesz,
        .rights = ELF_READ | (p->flags & PF_W ? ELF_WRITE : 0) | (p->flags & PF_X ? ELF_EXEC : 0),
    };
    return OK;
}

/* Segments ascend (the ABI says so), so only the last one can collide with a new one. */
static MUST_CHECK elf_add_segment(struct elf *elf, const struct elf_segment *s)
{
    if (elf->segment_count == ELF_SEGMENT_MAX)
        return ERR_NOT_SUPPORTED;
    if (elf->segment_count > 0) {
        const struct elf_segment *last = &elf->segment[elf->segment_count - 1];
        if (elf_segment_page(s) < elf_segment_page(last) + elf_segment_pages(last) * ELF_PAGE_BYTES)
            return ERR_EXISTS;
    }
    elf->segment[elf->segment_count++] = *s;
    return OK;
}

static bool entry_in_code(const struct elf *elf)
{
    for (unsigned i = 0; i < elf->segment_count; i++) {
        const struct elf_segment *s = &elf->segment[i];
        if ((s->rights & ELF_EXEC) && elf->entry >= s->address &&
            elf->entry - s->address < s->file_bytes)
            return true;
    }
    return false;
}

MUST_CHECK elf_open(const void *image, size_t bytes, struct elf *out)
{
    const uint8_t *at = image;
    struct elf64_file_header header;
    struct elf elf;

    if (bytes < sizeof header)
        return ERR_FORMAT;
    memcpy(&header, at, sizeof header);
    enum err err = elf_check_header(&header, bytes);
    if (err != OK)
        return err;

    memset(&elf, 0, sizeof elf);
    elf.entry = header.entry;
    for (unsigned i = 0; i < header.phnum; i++) {
        struct elf64_program_header p;
        struct elf_segment segment;
        memcpy(&p, at + header.phoff + i * sizeof p, sizeof p);
        if (p.type == PT_INTERP || p.type == PT_DYNAMIC)
            return ERR_NOT_SUPPORTED;
        if (p.type != PT_LOAD || p.memsz == 0)
            continue;
        err = elf_check_load(&p, bytes, &segment);
        if (err == OK)
            err = elf_add_segment(&elf, &segment);
        if (err != OK)
            return err;
    }
    if (elf.segment_count == 0 || !entry_in_code(&elf))
        return ERR_FORMAT;
    *out = elf;
    return OK;
}

MUST_CHECK elf_segment(const struct elf *elf, unsigned i, struct elf_segment *out)
{
    if (i >= elf->segment_count)
        return ERR_RANGE;
    *out = elf->segment[i];
    return OK;
}
