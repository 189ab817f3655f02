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

/* Does the address lie in the file bytes of an executable segment? */
static bool code_has(const struct elf_segment *s, uint64_t address)
{
    return (s->rights & ELF_EXEC) && address >= s->address && address - s->address < s->file_bytes;
}

static bool entry_in_code(const struct elf *elf)
{
    for (unsigned i = 0; i < elf->segment_count; i++) {
        if (code_has(&elf->segment[i], elf->entry))
            return true;
    }
    return false;
}

/* ---- notes ----------------------------------------------------------------------- */

static const char note_name[7] = "Warren";

static MUST_CHECK elf_recovery_check(const struct elf *elf, const struct elf_recovery *r)
{
    if ((r->start | r->bytes | r->exit) & 1)
        return ERR_ALIGN;
    if (r->exit - r->start < r->bytes)
        return ERR_FORMAT;
    for (unsigned i = 0; i < elf->segment_count; i++) {
        const struct elf_segment *s = &elf->segment[i];
        if (code_has(s, r->start) && code_has(s, r->exit) && r->bytes != 0 &&
            r->bytes <= s->file_bytes - (r->start - s->address))
            return OK;
    }
    return ERR_RANGE;
}

static MUST_CHECK elf_note_take(struct elf *elf, const struct elf64_note_header *note,
                                const uint8_t *name, const uint8_t *descriptor)
{
    struct elf_recovery recovery;

    if (note->type != ELF_NOTE_RECOVERY || note->namesz != sizeof note_name ||
        memcmp(name, note_name, sizeof note_name) != 0)
        return OK; /* not for us */
    if (note->descsz != sizeof recovery)
        return ERR_FORMAT;
    if (elf->recovery.bytes != 0)
        return ERR_EXISTS;
    memcpy(&recovery, descriptor, sizeof recovery);
    enum err err = elf_recovery_check(elf, &recovery);
    if (err == OK)
        elf->recovery = recovery;
    return err;
}

/* Reads the notes of one segment.  Neither padded length can wrap: both are below 2^33. */
static MUST_CHECK elf_notes_read(struct elf *elf, const uint8_t *at, uint64_t bytes)
{
    while (bytes > 0) {
        struct elf64_note_header note;
        if (bytes < sizeof note)
            return ERR_FORMAT;
        memcpy(&note, at, sizeof note);
        uint64_t descriptor = sizeof note + ((note.namesz + UINT64_C(3)) & ~UINT64_C(3));
        uint64_t end = descriptor + ((note.descsz + UINT64_C(3)) & ~UINT64_C(3));
        if (end > bytes)
            return ERR_FORMAT;
        enum err err = elf_note_take(elf, &note, at + sizeof note, at + descriptor);
        if (err != OK)
            return err;
        at += end;
        bytes -= end;
    }
    return OK;
}

/* Notes are read when all segments are known.  Notes with an alignment of 8 have another layout,
 * which the program's own note does not use. */
static MUST_CHECK elf_add_notes(struct elf *elf, const uint8_t *image, size_t bytes,
                                const struct elf64_file_header *header)
{
    for (unsigned i = 0; i < header->phnum; i++) {
        struct elf64_program_header p;
        memcpy(&p, image + header->phoff + i * sizeof p, sizeof p);
        if (p.type != PT_NOTE || p.align == 8)
            continue;
        if (!image_has(bytes, p.offset, p.filesz))
            return ERR_FORMAT;
        if (p.filesz > ELF_NOTES_BYTES)
            return ERR_NOT_SUPPORTED;
        enum err err = elf_notes_read(elf, image + p.offset, p.filesz);
        if (err != OK)
            return err;
    }
    return OK;
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
    err = elf_add_notes(&elf, at, bytes, &header);
    if (err == OK)
        *out = elf;
    return err;
}

MUST_CHECK elf_segment(const struct elf *elf, unsigned i, struct elf_segment *out)
{
    if (i >= elf->segment_count)
        return ERR_RANGE;
    *out = elf->segment[i];
    return OK;
}
