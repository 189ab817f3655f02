/* SPDX-License-Identifier: BSD-2-Clause */
#include "sample.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cpio/cpio.h>

static size_t end;

static uint8_t *append(struct sample *s, const char *name, size_t bytes)
{
    size_t header = end, page = (header + 110 + strlen(name) + 1 + 4095) / 4096 * 4096;
    char text[111];

    if (strcmp(name, "TRAILER!!!") == 0)
        page = (header + 110 + strlen(name) + 1 + 3) / 4 * 4;
    snprintf(text, sizeof text, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 1,
             0100644, 0, 0, 1, 0, (unsigned)bytes, 0, 0, 0, 0, (unsigned)(page - header - 110), 0);
    memcpy(s->archive + header, text, 110);
    memcpy(s->archive + header + 110, name, strlen(name));
    end = (page + bytes + 3) / 4 * 4;
    return s->archive + page;
}

static void put(uint8_t *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

/* A note with the recovery range, in the code segment's file bytes; it is the fourth segment. */
static void put_recovery(uint8_t *at)
{
    uint8_t *p = at + 64 + 3 * 56, *note = at + 0x400;

    put(p, 4, 4);
    put(p + 8, 0x400, 8);
    put(p + 32, 44, 8);
    put(note, 7, 4);
    put(note + 4, 24, 4);
    put(note + 8, ELF_NOTE_RECOVERY, 4);
    memcpy(note + 12, "Warren", 7);
    put(note + 20, SAMPLE_RECOVERY_START, 8);
    put(note + 28, SAMPLE_RECOVERY_BYTES, 8);
    put(note + 36, SAMPLE_RECOVERY_EXIT, 8);
}

/* Code, constants and data in three segments, the last with 3 pages that are not in the file. */
static void put_program(uint8_t *at)
{
    static const uint64_t segment[3][4] = {
        {5, 0x0000, 0x10000, 0x1800}, {4, 0x2000, 0x13000, 0x100}, {6, 0x3800, 0x14800, 0x700}};

    memcpy(at, "\177ELF\2\1\1", 7);
    put(at + 16, 2, 2);
    put(at + 18, 243, 2);
    put(at + 24, 0x10100, 8);
    put(at + 32, 64, 8);
    put(at + 54, 56, 2);
    put(at + 56, 4, 2);
    put_recovery(at);
    for (unsigned i = 0; i < 3; i++) {
        uint8_t *p = at + 64 + i * 56;
        put(p, 1, 4);
        put(p + 4, segment[i][0], 4);
        put(p + 8, segment[i][1], 8);
        put(p + 16, segment[i][2], 8);
        put(p + 32, segment[i][3], 8);
        put(p + 40, i == 2 ? 0x3000 : segment[i][3], 8);
    }
}

static void put_image(uint8_t *at, uint64_t bytes)
{
    put(at + 8, 0x200000, 8);
    put(at + 16, bytes, 8);
    memcpy(at + 48, "RISCV\0\0\0RSC\x05", 12);
}

static void make_archive(struct sample *s)
{
    s->archive = calloc(1, SAMPLE_ARCHIVE_BYTES);
    ck_assert_ptr_nonnull(s->archive);
    end = 0;
    put_program(append(s, "rootserver", 0x4000));
    append(s, "system.dtb", 600);
    put_program(append(s, "svc/console", 0x4000));
    put_program(append(s, "vmm", 0x4000));
    put_image(append(s, "guests/g0/kernel", 7u << 20), 8u << 20);
    append(s, "guests/g0/initrd", 300000);
    append(s, "TRAILER!!!", 0);
    s->archive_bytes = (end + 4095) / 4096 * 4096;
}

static void add_untyped(struct bootinfo *boot, uint64_t address, unsigned bits, unsigned kind)
{
    ck_assert_uint_lt(boot->untyped_count, BOOT_UNTYPED_MAX);
    boot->untyped[boot->untyped_count++] = (struct boot_untyped){
        .address = address, .size_bits = (uint8_t)bits, .kind = (uint8_t)kind};
}

/* Naturally aligned powers of two, as the kernel makes them. */
static void add_range(struct bootinfo *boot, uint64_t at, uint64_t bytes, unsigned kind)
{
    while (bytes >= 4096) {
        unsigned bits = 12;
        while (bits < 38 && at % (UINT64_C(2) << bits) == 0 && (UINT64_C(2) << bits) <= bytes)
            bits++;
        add_untyped(boot, at, bits, kind);
        at += UINT64_C(1) << bits;
        bytes -= UINT64_C(1) << bits;
    }
}

void sample_cut(struct sample *s)
{
    ck_assert_int_eq(archive_cut(s->piece, s->piece_count, s->archive, s->archive_bytes,
                                 SAMPLE_ARCHIVE_FIRST, &s->map),
                     OK);
}

enum err sample_plan(const struct sample *s, struct plan *plan, struct problem *problem)
{
    enum err err = plan_root(&s->in, plan, problem);

    return err == OK ? plan_make(&s->in, plan, problem) : err;
}

static void make_machine(struct sample *s, uint64_t ram)
{
    s->boot.untyped_first = 8;
    s->boot.empty_first = SAMPLE_EMPTY_FIRST;
    s->boot.timebase_hz = 10000000;
    add_range(&s->boot, UINT64_C(0x100400000), ram, BOOT_UNTYPED_RAM);
    unsigned first = s->boot.untyped_count;
    add_range(&s->boot, SAMPLE_ARCHIVE_AT, s->archive_bytes, BOOT_UNTYPED_ARCHIVE);
    for (unsigned i = first; i < s->boot.untyped_count; i++)
        s->piece[s->piece_count++] =
            (struct archive_piece){8 + i, s->boot.untyped[i].size_bits, s->boot.untyped[i].address};
    add_range(&s->boot, 0x1000, 0x7ffff000, BOOT_UNTYPED_DEVICE);
    s->machine = (struct machine_config){
        .uart = {true, 0x10000000, 0x100, 10},
        .uart_io_width = 1,
        .finisher = {true, 0x100000, 0x1000, 0},
        .rtc = {true, 0x101000, 0x1000, 11},
    };
}

void sample_make(struct sample *s, unsigned guests, uint64_t memory, uint64_t ram)
{
    memset(s, 0, sizeof *s);
    make_archive(s);
    make_machine(s, ram);
    sample_cut(s);
    strcpy(s->system.name, "sample");
    s->system.service_count = 1;
    strcpy(s->system.service[0].name, "console");
    strcpy(s->system.service[0].program, "svc/console");
    s->system.guest_count = guests;
    for (unsigned i = 0; i < guests; i++) {
        struct system_guest *g = &s->system.guest[i];
        snprintf(g->name, sizeof g->name, "g%u", i);
        strcpy(g->vmm, "vmm");
        strcpy(g->kernel, "guests/g0/kernel");
        strcpy(g->initrd, "guests/g0/initrd");
        g->memory_bytes = memory;
        g->satp_mode = SYSTEM_SATP_SV39;
    }
    s->in = (struct plan_input){.boot = &s->boot,
                                .machine = &s->machine,
                                .system = &s->system,
                                .archive = s->archive,
                                .archive_bytes = s->archive_bytes,
                                .archive_map = &s->map};
}

void sample_free(struct sample *s)
{
    free(s->archive);
}

size_t sample_file(const struct sample *s, const char *name)
{
    struct cpio_file file;

    ck_assert_int_eq(cpio_find(s->archive, s->archive_bytes, name, &file), OK);
    return file.offset;
}
