/* SPDX-License-Identifier: BSD-2-Clause */
#include "sample.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cpio/cpio.h>
#include <libfdt.h>
#include <rootserver/parse/machine.h>
#include <test/fakes/packed.h>

/* Code, constants and data in three segments, the last with 3 pages that are not in the file. */
static void add_program(struct packed *p, const char *name)
{
    static const struct packed_segment segment[] = {{5, 0x0000, 0x10000, 0x1800, 0x1800},
                                                    {4, 0x2000, 0x13000, 0x100, 0x100},
                                                    {6, 0x3800, 0x14800, 0x700, 0x3000}};

    packed_program(packed_file(p, name, 0x4000), segment, 3);
}

static void make_archive(struct sample *s)
{
    struct packed p = {.bytes = calloc(1, SAMPLE_ARCHIVE_BYTES)};

    ck_assert_ptr_nonnull(p.bytes);
    add_program(&p, "rootserver");
    packed_file(&p, "system.dtb", 600);
    add_program(&p, "svc/console");
    add_program(&p, "vmm");
    packed_kernel(packed_file(&p, "guests/g0/kernel", 7u << 20), 8u << 20);
    packed_file(&p, "guests/g0/initrd", 300000);
    packed_end(&p);
    s->archive = p.bytes;
    s->archive_bytes = p.end;
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

enum err sample_open(const struct sample *s, struct plan *plan, struct problem *problem)
{
    enum err err = plan_root(&s->in, plan, problem);

    return err == OK ? plan_open(&s->in, plan, problem) : err;
}

struct problem sample_refused[PLAN_PROCESSES_ALL];

/* A process with its home, and the connections that it uses. */
static void plan_one(const struct sample *s, struct plan *plan, unsigned process,
                     struct problem *problem)
{
    unsigned owner = plan_process_owner(process);
    enum err err = plan_process_is_vmm(process) ? plan_guest(&s->in, plan, owner, problem)
                                                : plan_instance(&s->in, plan, owner, problem);

    sample_refused[process].text[0] = 0;
    if (err == OK)
        err = plan_process(&s->in, plan, process, problem);
    if (err != OK) {
        sample_refused[process] = *problem;
        return;
    }
    for (unsigned c = 0; c < plan->connection_count; c++) {
        if (plan->connection[c].client != process ||
            plan_connection(&s->in, plan, c, problem) != OK)
            continue;
        if (plan_side(&s->in, plan, c, PLAN_SIDE_SERVICE, problem) == OK &&
            plan_region(&s->in, plan, c, problem) == OK)
            (void)!plan_side(&s->in, plan, c, PLAN_SIDE_CLIENT, problem);
    }
}

enum err sample_plan(const struct sample *s, struct plan *plan, struct problem *problem)
{
    enum err err = sample_open(s, plan, problem);

    for (unsigned i = 0; i < s->system.service_count && err == OK; i++)
        plan_one(s, plan, plan_process_of_instance(i), problem);
    for (unsigned i = 0; i < s->system.guest_count && err == OK; i++)
        plan_one(s, plan, plan_process_of_guest(i), problem);
    return err;
}

static int tree_node(struct sample *s, int parent, const char *name, const char *compatible,
                     uint32_t address, uint32_t bytes, uint32_t irq)
{
    int at = fdt_add_subnode(s->tree, parent, name);
    uint32_t reg[4] = {0, cpu_to_fdt32(address), 0, cpu_to_fdt32(bytes)};

    ck_assert_int_ge(at, 0);
    fdt_setprop(s->tree, at, "compatible", compatible, (int)strlen(compatible) + 1);
    fdt_setprop(s->tree, at, "reg", reg, (int)sizeof reg);
    if (irq != 0) {
        fdt_setprop_u32(s->tree, at, "interrupt-parent", 1);
        fdt_setprop_u32(s->tree, at, "interrupts", irq);
    }
    return at;
}

/* As QEMU's virt machine, and a disk of three pages. */
static void make_tree(struct sample *s)
{
    ck_assert_int_eq(fdt_create_empty_tree(s->tree, (int)sizeof s->tree), 0);
    fdt_setprop_u32(s->tree, 0, "#address-cells", 2);
    fdt_setprop_u32(s->tree, 0, "#size-cells", 2);
    fdt_setprop_string(s->tree, fdt_add_subnode(s->tree, 0, "chosen"), "stdout-path",
                       "/serial@10001000:115200");
    (void)tree_node(s, 0, "disk@10008000", "test,disk", 0x10008000, 0x3000, 9);
    (void)tree_node(s, 0, "serial@10000000", "ns16550a", 0x10000000, 0x100, 10);
    fdt_setprop_u32(s->tree, tree_node(s, 0, "serial@10001000", "ns16550a", 0x10001000, 0x100, 11),
                    "reg-shift", 2);
    (void)tree_node(s, 0, "test@100000", "sifive,test0", 0x100000, 0x1000, 0);
    (void)tree_node(s, 0, "rtc@101000", "google,goldfish-rtc", 0x101000, 0x1000, 12);
    int plic = tree_node(s, 0, "plic@c000000", "riscv,plic0", 0xc000000, 0x600000, 0);
    fdt_setprop_u32(s->tree, plic, "#interrupt-cells", 1);
    fdt_setprop_u32(s->tree, plic, "phandle", 1);
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
    make_tree(s);
    ck_assert_int_eq(machine_parse(s->tree, fdt_totalsize(s->tree), &s->machine), OK);
}

static void add_connection(struct sample *s, bool is_guest, unsigned client, unsigned service,
                           unsigned used)
{
    struct system_connection *c = &s->system.connection[s->system.connection_count++];

    *c = (struct system_connection){
        .is_guest = is_guest, .client = client, .service = service, .used = used};
    strcpy(c->service_name, s->system.service[service].name);
    strcpy(c->key, s->system.service[service].name);
    snprintf(c->source, sizeof c->source, "g%u.toml:%u", client, used + 1);
}

/* A log with a UART; a service with a disk, memory and regions for DMA, which needs the log; a
 * service that gets its clients' memory mapped, and takes calls. */
static void make_services(struct sample *s)
{
    struct system_service *log = &s->system.service[0], *disk = &s->system.service[1];
    struct system_service *map = &s->system.service[2];

    s->system.service_count = 3;
    for (unsigned i = 0; i < 3; i++) {
        struct system_service *v = &s->system.service[i];
        strcpy(v->program, "svc/console");
        v->threads = 1;
        v->heap_bytes = 64 * 4096;
        v->client =
            (struct system_client){.most = 64,
                                   .ring_count = 2,
                                   .ring = {{"output", 1, 16384, true}, {"input", 1, 4096, false}}};
    }
    strcpy(log->name, "log");
    log->is_log = true;
    log->device_count = 1;
    log->device[0] = (struct system_device){.name = "uart",
                                            .match = {"ns16550a"},
                                            .match_count = 1,
                                            .property = {"reg-shift", "reg-io-width"},
                                            .property_count = 2,
                                            .irqs = 1,
                                            .prefers_stdout = true,
                                            .has_registers = true,
                                            .is_writable = true};
    strcpy(disk->name, "disk");
    disk->device_count = 1;
    disk->device[0] = (struct system_device){.name = "disk",
                                             .match = {"none", "test,disk"},
                                             .match_count = 2,
                                             .irqs = 1,
                                             .has_registers = true,
                                             .is_writable = true,
                                             .reset = SYSTEM_RESET_VIRTIO};
    disk->memory_count = 3;
    disk->memory[0] = (struct system_memory){"queues", 3 * 4096, true, false};
    disk->memory[1] = (struct system_memory){"disks", 4u << 20, false, true};
    disk->memory[2] = (struct system_memory){"work", 5 * 4096, false, false};
    disk->client.info_bytes = 4096;
    disk->client.regions = 4;
    disk->client.rights = SYSTEM_REGION_DMA;
    strcpy(map->name, "map");
    map->client.regions = 1;
    map->client.rights = SYSTEM_REGION_MAP;
    map->client.has_calls = true;
    add_connection(s, false, 1, 0, 0);
}

void sample_make(struct sample *s, unsigned guests, uint64_t memory, uint64_t ram)
{
    memset(s, 0, sizeof *s);
    make_archive(s);
    make_machine(s, ram);
    sample_cut(s);
    strcpy(s->system.name, "sample");
    make_services(s);
    s->system.guest_count = guests;
    for (unsigned i = 0; i < guests; i++) {
        struct system_guest *g = &s->system.guest[i];
        snprintf(g->name, sizeof g->name, "g%u", i);
        strcpy(g->vmm, "vmm");
        strcpy(g->kernel, "guests/g0/kernel");
        strcpy(g->initrd, "guests/g0/initrd");
        g->memory_bytes = memory;
        g->satp_mode = SYSTEM_SATP_SV39;
        for (unsigned k = 0; k < 3; k++)
            add_connection(s, true, i, k, k);
    }
    s->in = (struct plan_input){.boot = &s->boot,
                                .machine = &s->machine,
                                .machine_tree = s->tree,
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
