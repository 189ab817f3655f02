/* SPDX-License-Identifier: BSD-2-Clause */
/* rootserver/parse: configurations, machines and image headers, good and hostile. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>
#include <rootserver/parse/image.h>
#include <rootserver/parse/machine.h>
#include <rootserver/parse/system.h>

#define BLOB_BYTES 32768

static uint8_t blob[BLOB_BYTES];
static struct system_config config;
static struct problem problem;

static int node(int parent, const char *name)
{
    int at = fdt_add_subnode(blob, parent, name);
    ck_assert_int_ge(at, 0);
    return at;
}

static int text(int at, const char *name, const char *value)
{
    return fdt_setprop(blob, at, name, value, (int)strlen(value) + 1);
}

static int connection(int parent, const char *name, const char *service)
{
    int at = node(parent, name);
    text(at, "service", service);
    text(at, "key", "key");
    text(at, "device", "a-device");
    text(at, "source", "left.toml:3");
    fdt_setprop(blob, at, "option", "\1\2\3", 3);
    int option = node(node(at, "options"), "size");
    text(option, "type", "size");
    fdt_setprop_u64(blob, option, "value", 65536);
    return at;
}

static int guest(const char *name, uint32_t index)
{
    int at = node(fdt_path_offset(blob, "/guests"), name);
    ck_assert_int_eq(fdt_setprop_u32(blob, at, "index", index), 0);
    text(at, "vmm", "vmm");
    text(at, "kernel", "guests/left/kernel");
    text(at, "initrd", "guests/left/initrd");
    text(at, "bootargs", "console=ttyS0");
    fdt_setprop_u64(blob, at, "memory", 256 << 20);
    fdt_setprop_u32(blob, at, "vcpus", 1);
    int connections = node(at, "connections");
    connection(connections, "1", "disk");
    char path[64];
    snprintf(path, sizeof path, "/guests/%s/connections", name);
    connection(fdt_path_offset(blob, path), "0", "log");
    return at;
}

/* A node for the path below a service's. */
static int below(const char *name, const char *what)
{
    char path[80];
    snprintf(path, sizeof path, "/services/%s/%s", name, what);
    int at = fdt_path_offset(blob, path);
    ck_assert_int_ge(at, 0);
    return at;
}

static void ring(int rings, const char *name, uint32_t index, const char *from)
{
    int at = node(rings, name);
    fdt_setprop_u32(blob, at, "index", index);
    fdt_setprop_u32(blob, at, "record", 64);
    fdt_setprop_u32(blob, at, "count", 256);
    text(at, "from", from);
}

static void service(const char *name, bool needs_log)
{
    int at = node(fdt_path_offset(blob, "/services"), name);
    text(at, "program", "svc/console");
    fdt_setprop_u32(blob, at, "threads", 2);
    int device = node(node(at, "devices"), "uart");
    text(device, "match", "ns16550a");
    text(device, "registers", "rw");
    fdt_setprop_u32(blob, device, "irqs", 1);
    text(device, "prefer", "stdout-path");
    fdt_setprop(blob, device, "properties", "reg-shift\0reg-io-width", 23);
    fdt_setprop_u64(blob, node(node(fdt_path_offset(blob, "/services"), "x"), "y"), "z", 1);
    fdt_del_node(blob, fdt_path_offset(blob, "/services/x"));
    at = fdt_subnode_offset(blob, fdt_path_offset(blob, "/services"), name);
    int memory = node(node(at, "memory"), "kept");
    fdt_setprop_u64(blob, memory, "bytes", 5000);
    fdt_setprop(blob, memory, "kept", "", 0);
    at = fdt_subnode_offset(blob, fdt_path_offset(blob, "/services"), name);
    int client = node(at, "client");
    fdt_setprop_u32(blob, client, "max", 16);
    fdt_setprop_u64(blob, client, "info", 4096);
    int rings = node(client, "rings");
    ring(rings, "replies", 1, "service");
    ring(below(name, "client/rings"), "requests", 0, "client");
    int regions = node(below(name, "client"), "regions");
    fdt_setprop_u32(blob, regions, "max", 4);
    text(regions, "rights", "dma");
    at = fdt_subnode_offset(blob, fdt_path_offset(blob, "/services"), name);
    if (needs_log)
        connection(node(at, "needs"), "0", "log");
}

static void setup(void)
{
    ck_assert_int_eq(fdt_create_empty_tree(blob, sizeof blob), 0);
    fdt_setprop_string(blob, 0, "compatible", "warren,system-2");
    fdt_setprop_string(blob, 0, "system-name", "two");
    node(0, "guests");
    node(0, "services");
    service("disk", true); /* libfdt puts a new node before its siblings */
    service("log", false);
    guest("right", 1);
    guest("left", 0);
}

static enum err parse(void)
{
    return system_parse(blob, fdt_totalsize(blob), &config, &problem);
}

static int left(void)
{
    return fdt_path_offset(blob, "/guests/left");
}

/* Only the left guest is refused, and the problem names the property. */
static void bad_guest(const char *what)
{
    ck_assert_int_eq(parse(), OK);
    ck_assert(config.guest[0].is_bad);
    ck_assert_msg(strstr(config.guest[0].problem.text, what) != NULL, "%s",
                  config.guest[0].problem.text);
    ck_assert(!config.guest[1].is_bad);
}

START_TEST(test_system_good_blob_is_read)
{
    /* Guests are sorted by index, with all properties of the blob. */
    ck_assert_int_eq(parse(), OK);
    ck_assert_str_eq(config.name, "two");
    ck_assert_uint_eq(config.guest_count, 2);
    ck_assert_str_eq(config.guest[0].name, "left");
    ck_assert_str_eq(config.guest[1].name, "right");
    ck_assert_str_eq(config.guest[1].kernel, "guests/left/kernel");
    ck_assert_uint_eq(config.guest[0].memory_bytes, 256 << 20);
    ck_assert(!config.guest[0].is_bad);
    ck_assert_uint_eq(config.guest[0].ping_ms, 1000);
    ck_assert_uint_eq(config.guest[0].restart.most, 5);
    ck_assert(!config.guest[0].has_devices);
}
END_TEST

START_TEST(test_system_services_and_connections_are_read)
{
    /* Services, rings by their index, needs, and connections by their number, with options. */
    ck_assert_int_eq(parse(), OK);
    ck_assert_uint_eq(config.service_count, 2);
    const struct system_service *s = &config.service[1];
    ck_assert_msg(!s->is_bad, "%s", s->problem.text);
    ck_assert_str_eq(s->program, "svc/console");
    ck_assert_uint_eq(s->threads, 2);
    ck_assert_uint_eq(s->heap_bytes, 256 << 10);
    ck_assert_str_eq(s->device[0].match[0], "ns16550a");
    ck_assert_str_eq(s->device[0].property[1], "reg-io-width");
    ck_assert(s->device[0].prefers_stdout && s->device[0].is_writable);
    ck_assert_uint_eq(s->memory[0].bytes, 8192);
    ck_assert(s->memory[0].is_kept && !s->memory[0].is_dma);
    ck_assert_uint_eq(s->client.most, 16);
    ck_assert_str_eq(s->client.ring[0].name, "requests");
    ck_assert(s->client.ring[0].is_from_client && !s->client.ring[1].is_from_client);
    ck_assert(s->client.rights == SYSTEM_REGION_DMA);
    ck_assert_uint_eq(system_client_bytes(&s->client), 4096 + 2 * 16384 + 4096);
    ck_assert_uint_eq(config.connection_count, 5);
    ck_assert(!config.connection[0].is_guest);
    ck_assert_uint_eq(config.connection[0].client, 1);
    ck_assert_uint_eq(config.connection[0].service, 0);
    for (unsigned i = 1; i < 5; i++) {
        const struct system_connection *c = &config.connection[i];
        ck_assert(c->is_guest);
        ck_assert_uint_eq(c->used, (i - 1) % 2);
        ck_assert_uint_eq(c->service, c->used);
        ck_assert_str_eq(c->source, "left.toml:3");
        ck_assert_uint_eq(c->packed_bytes, 3);
        ck_assert_uint_eq(c->options.count, 1);
        ck_assert_uint_eq(config.option[c->options.first].number, 65536);
    }
}
END_TEST

START_TEST(test_system_connection_to_nobody_is_known)
{
    /* A connection to a service that is not listed, or to one that starts later, has no service. */
    fdt_setprop_string(blob, fdt_path_offset(blob, "/guests/left/connections/0"), "service", "lag");
    fdt_setprop_string(blob, below("disk", "needs/0"), "service", "disk");
    ck_assert_int_eq(parse(), OK);
    unsigned without = 0;
    for (unsigned i = 0; i < config.connection_count; i++)
        without += config.connection[i].service == SYSTEM_SERVICES_MAX;
    ck_assert_uint_eq(without, 2);
}
END_TEST

/* Each of these makes the service bad; the rest of the system is read. */
static const struct {
    const char *path, *property, *text; /* `text` NULL: the number */
    uint32_t number;
    const char *what;
} bad_services[] = {
    {"", "program", "", 0, "program"},
    {"", "threads", NULL, 0, "threads"},
    {"", "threads", NULL, 9, "threads"},
    {"", "heap", NULL, 1, "heap"},
    {"", "ping-ms", NULL, 0, "ping-ms"},
    {"", "restart", NULL, 1, "restart"},
    {"devices/uart", "registers", "wr", 0, "devices"},
    {"devices/uart", "irqs", NULL, 8, "devices"},
    {"devices/uart", "reset", "hope", 0, "devices"},
    {"devices/uart", "match", NULL, 0, "devices"},
    {"memory/kept", "bytes", NULL, 4096, "memory"},
    {"client", "max", NULL, 65, "client"},
    {"client", "info", NULL, 4096, "client"},
    {"client/rings/replies", "index", NULL, 0, "client"},
    {"client/rings/replies", "index", NULL, 4, "client"},
    {"client/rings/replies", "index", NULL, 2, "client"},
    {"client/rings/replies", "record", NULL, 0, "client"},
    {"client/rings/replies", "count", NULL, 100, "client"},
    {"client/rings/replies", "count", NULL, 65536, "client"},
    {"client/rings/replies", "from", "both", 0, "client"},
    {"client/regions", "max", NULL, 5, "client"},
    {"client/regions", "rights", "all", 0, "client"},
    {"needs/0", "key", NULL, 7, "needs"},
};

START_TEST(test_system_bad_service_is_bad_alone)
{
    /* A service with a value outside of its limits is marked bad; the problem names the part. */
    char path[80];
    snprintf(path, sizeof path, "/services/disk/%s", bad_services[_i].path);
    int at = fdt_path_offset(blob, bad_services[_i].path[0] ? path : "/services/disk");
    ck_assert_int_ge(at, 0);
    if (bad_services[_i].text != NULL && bad_services[_i].text[0] != 0)
        text(at, bad_services[_i].property, bad_services[_i].text);
    else if (bad_services[_i].text != NULL)
        fdt_delprop(blob, at, bad_services[_i].property);
    else
        fdt_setprop_u32(blob, at, bad_services[_i].property, bad_services[_i].number);
    ck_assert_int_eq(parse(), OK);
    ck_assert(config.service[1].is_bad);
    ck_assert_msg(strstr(config.service[1].problem.text, bad_services[_i].what) != NULL, "%s",
                  config.service[1].problem.text);
    ck_assert(!config.service[0].is_bad && !config.guest[0].is_bad && !config.guest[1].is_bad);
}
END_TEST

START_TEST(test_system_bad_connections_are_their_guests)
{
    /* A connection that cannot be read, a gap in the numbers, or too many: that guest is bad,
     * and none of its connections is counted. */
    fdt_delprop(blob, fdt_path_offset(blob, "/guests/left/connections/1"), "service");
    bad_guest("connections");
    ck_assert_uint_eq(config.connection_count, 3);
    setup();
    fdt_del_node(blob, fdt_path_offset(blob, "/guests/left/connections/0"));
    bad_guest("connections");
    setup();
    uint8_t packed[257] = {0};
    fdt_setprop(blob, fdt_path_offset(blob, "/guests/left/connections/0"), "option", packed, 257);
    bad_guest("connections");
    setup();
    for (unsigned i = 2; i < 17; i++) {
        char name[8];
        snprintf(name, sizeof name, "%u", i);
        connection(fdt_path_offset(blob, "/guests/left/connections"), name, "log");
    }
    bad_guest("connections");
    setup();
    fdt_setprop_string(blob, fdt_path_offset(blob, "/guests/left/connections/0/options/size"),
                       "type", "colour");
    bad_guest("connections");
}
END_TEST

START_TEST(test_system_guest_without_initrd_is_good)
{
    /* The initrd is a guest's only optional property. */
    fdt_delprop(blob, left(), "initrd");
    ck_assert_int_eq(parse(), OK);
    ck_assert(!config.guest[0].is_bad);
    ck_assert_str_eq(config.guest[0].initrd, "");
}
END_TEST

START_TEST(test_system_guest_lacking_property_is_bad_alone)
{
    /* A guest that lacks one of these properties is marked bad, with the property's name. */
    static const char *const names[] = {"vmm", "kernel", "bootargs", "memory", "vcpus"};
    ck_assert_int_eq(fdt_delprop(blob, left(), names[_i]), 0);
    bad_guest(names[_i]);
}
END_TEST

START_TEST(test_system_guest_memory_limits)
{
    /* A memory size is bad if too small, too large, no multiple of 2 MiB, or of wrong length. */
    static const uint64_t bad[] = {0, 14 << 20, (256 << 20) + 4096, UINT64_C(1) << 62, UINT64_MAX};
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fdt_setprop_u64(blob, left(), "memory", bad[i]);
        bad_guest("memory");
    }
    fdt_setprop_u32(blob, left(), "memory", 1 << 28);
    bad_guest("memory");
}
END_TEST

START_TEST(test_system_guest_strings_checked)
{
    /* Strings without an end, with a zero inside, too long, or with control characters are bad. */
    char longest[2000];
    memset(longest, 'a', sizeof longest);
    fdt_setprop(blob, left(), "kernel", "abc", 3);
    bad_guest("kernel");
    fdt_setprop(blob, left(), "kernel", "a\0c", 4);
    bad_guest("kernel");
    fdt_setprop(blob, left(), "kernel", longest, sizeof longest);
    bad_guest("kernel");
    setup();
    fdt_setprop(blob, left(), "initrd", "", 0);
    bad_guest("initrd");
    setup();
    fdt_setprop_string(blob, left(), "bootargs", "quiet\nevil");
    bad_guest("bootargs");
    setup();
    fdt_setprop_u32(blob, left(), "vcpus", 2);
    bad_guest("vcpus");
}
END_TEST

START_TEST(test_system_guest_mmu_is_a_mode_of_satp)
{
    /* Each mode's name gives its satp number, a missing name gives Sv39, and an unknown name makes
     * the guest bad. */
    static const char *const names[] = {"sv39", "sv48", "sv57"};
    static const char bad[][8] = {"", "sv32", "sv64", "sv3", "sv399", "SV39", "sv39sv4"};

    ck_assert_int_eq(parse(), OK);
    ck_assert_uint_eq(config.guest[0].satp_mode, 8);
    for (unsigned i = 0; i < 3; i++) {
        fdt_setprop(blob, left(), "mmu", names[i], sizeof "sv39");
        ck_assert_int_eq(parse(), OK);
        ck_assert(!config.guest[0].is_bad);
        ck_assert_uint_eq(config.guest[0].satp_mode, 8 + i);
    }
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fdt_setprop(blob, left(), "mmu", bad[i], (int)strlen(bad[i]) + 1);
        bad_guest("mmu");
    }
    fdt_setprop(blob, left(), "mmu", "sv39", 4);
    bad_guest("mmu");
    fdt_setprop_u32(blob, left(), "mmu", 39);
    bad_guest("mmu");
}
END_TEST

START_TEST(test_system_indices_once_each)
{
    /* A duplicate, missing or bad index, or a bad name: the whole blob is refused. */
    fdt_setprop_u32(blob, left(), "index", 1);
    ck_assert_int_eq(parse(), ERR_FORMAT);
    fdt_setprop_u32(blob, left(), "index", 2);
    ck_assert_int_eq(parse(), ERR_FORMAT);
    fdt_setprop_u32(blob, left(), "index", UINT32_MAX);
    ck_assert_int_eq(parse(), ERR_FORMAT);
    setup();
    guest("Odd-Name", 2);
    ck_assert_int_eq(parse(), ERR_FORMAT);
}
END_TEST

START_TEST(test_system_limits_of_number)
{
    /* A blob without guests, or with too many, is refused. */
    for (unsigned i = 2; i < GUESTS_MAX; i++) {
        char name[8];
        snprintf(name, sizeof name, "g%u", i);
        guest(name, i);
    }
    ck_assert_int_eq(parse(), OK);
    guest("one-more", GUESTS_MAX);
    ck_assert_int_eq(parse(), ERR_RANGE);
    setup();
    fdt_del_node(blob, fdt_path_offset(blob, "/guests"));
    ck_assert_int_eq(parse(), ERR_RANGE);
}
END_TEST

START_TEST(test_system_wrong_blob_refused)
{
    /* Another kind of blob, no blob at all, and a truncated blob are refused. */
    fdt_setprop_string(blob, 0, "compatible", "warren,system-3");
    ck_assert_int_eq(parse(), ERR_NOT_SUPPORTED);
    setup();
    for (size_t bytes = 0; bytes < fdt_totalsize(blob); bytes += 7) {
        uint8_t *copy = malloc(bytes ? bytes : 1);
        memcpy(copy, blob, bytes);
        ck_assert_int_eq(system_parse(copy, bytes, &config, &problem), ERR_FORMAT);
        free(copy);
    }
    blob[0] = 0;
    ck_assert_int_eq(parse(), ERR_FORMAT);
}
END_TEST

START_TEST(test_system_random_edits_stay_in_limits)
{
    /* Of any bytes, an accepted configuration obeys the limits. */
    srand(5);
    ck_assert_int_eq(fdt_pack(blob), 0);
    size_t bytes = fdt_totalsize(blob);
    static uint8_t whole[BLOB_BYTES];
    memcpy(whole, blob, bytes);
    for (unsigned round = 0; round < 30000; round++) {
        memcpy(blob, whole, bytes);
        for (int n = rand() % 3; n >= 0; n--)
            blob[(size_t)rand() % bytes] = (uint8_t)rand();
        if (system_parse(blob, bytes, &config, &problem) != OK)
            continue;
        ck_assert_uint_le(config.guest_count, GUESTS_MAX);
        for (unsigned i = 0; i < config.guest_count; i++) {
            const struct system_guest *g = &config.guest[i];
            ck_assert_ptr_nonnull(memchr(g->name, 0, sizeof g->name));
            ck_assert(g->is_bad || (g->memory_bytes >= SYSTEM_MEMORY_MIN &&
                                    g->memory_bytes <= SYSTEM_MEMORY_MAX));
            ck_assert_ptr_nonnull(memchr(g->kernel, 0, sizeof g->kernel));
        }
    }
}
END_TEST

static int uart(const char *name, uint64_t address, uint32_t irq)
{
    int soc = fdt_path_offset(blob, "/soc"), at = node(soc, name);
    uint64_t reg[2] = {cpu_to_fdt64(address), cpu_to_fdt64(0x100)};
    fdt_setprop(blob, at, "reg", reg, sizeof reg);
    text(at, "compatible", "ns16550a");
    fdt_setprop_u32(blob, at, "interrupts", irq);
    return at;
}

static int plic(void)
{
    int at = node(0, "plic");
    fdt_setprop_u32(blob, at, "#interrupt-cells", 1);
    return fdt_setprop_u32(blob, at, "phandle", 7);
}

static void setup_machine(void)
{
    ck_assert_int_eq(fdt_create_empty_tree(blob, sizeof blob), 0);
    fdt_setprop_u32(blob, 0, "#address-cells", 2);
    fdt_setprop_u32(blob, 0, "#size-cells", 2);
    int soc = node(0, "soc");
    fdt_setprop_u32(blob, soc, "#address-cells", 2);
    fdt_setprop_u32(blob, soc, "#size-cells", 2);
    fdt_setprop(blob, soc, "ranges", "", 0);
    fdt_setprop_u32(blob, 0, "interrupt-parent", 7);
    ck_assert_int_eq(plic(), 0);
    uart("serial@10000000", 0x10000000, 10);
    int chosen = node(0, "chosen");
    fdt_setprop(blob, chosen, "rng-seed", "0123456789abcdef", 16);
}

static struct machine_config machine;
static struct machine_device found;

static void parse_machine(void)
{
    ck_assert_int_eq(machine_parse(blob, fdt_totalsize(blob), &machine), OK);
}

/* The UART with number `index`. */
static enum err find(unsigned index)
{
    static const char *const compatible[] = {"none", "ns16550a"};
    const struct machine_match match = {compatible, 2, true};
    parse_machine();
    return machine_device_find(blob, &match, index, &found);
}

START_TEST(test_machine_device_and_seed_found)
{
    /* A device's registers, source and properties, and the seed are found; missing ones are not. */
    uint32_t value;
    setup_machine();
    ck_assert_int_eq(find(0), OK);
    ck_assert_uint_eq(found.address, 0x10000000);
    ck_assert_uint_eq(found.bytes, 0x100);
    ck_assert_uint_eq(found.irq_count, 1);
    ck_assert_uint_eq(found.irq[0], 10);
    ck_assert_int_eq(machine_device_number(blob, &found, "interrupts", &value), OK);
    ck_assert_uint_eq(value, 10);
    ck_assert_int_eq(machine_device_number(blob, &found, "reg", &value), ERR_NOT_FOUND);
    ck_assert_int_eq(find(1), ERR_NOT_FOUND);
    ck_assert_uint_eq(machine.seed_bytes, 16);
    ck_assert(!machine.finisher.is_there);
    ck_assert(!machine.rtc.is_there);
}
END_TEST

START_TEST(test_system_expand_makes_an_instance_for_each_device)
{
    /* A service with an instance for each device gets further ones, with the needs of the first;
     * a guest reaches them by their names; without a device there is one. */
    static uint8_t tree[BLOB_BYTES];
    setup_machine();
    uart("serial@20000000", 0x20000000, 11);
    uart("serial@30000000", 0x30000000, 12);
    memcpy(tree, blob, sizeof tree);
    setup();
    fdt_setprop(blob, fdt_path_offset(blob, "/services/disk"), "each-device", "", 0);
    ck_assert_int_eq(text(fdt_path_offset(blob, "/guests/left/connections/1"), "service", "disk-3"),
                     0);
    ck_assert_int_eq(parse(), OK);
    ck_assert_int_eq(system_expand(tree, &config, &problem), OK);
    ck_assert_uint_eq(config.service_count, 4);
    ck_assert_str_eq(config.service[3].name, "disk-3");
    ck_assert_uint_eq(config.connection_count, 7);
    unsigned reached = 0, needs = 0;
    for (unsigned i = 0; i < config.connection_count; i++) {
        const struct system_connection *c = &config.connection[i];
        ck_assert_uint_ne(c->service, SYSTEM_SERVICES_MAX);
        reached += c->is_guest && c->service == 3;
        needs += !c->is_guest && c->client >= 1 && c->service == 0;
    }
    ck_assert_uint_eq(reached, 1);
    ck_assert_uint_eq(needs, 3);
    fdt_delprop(blob, fdt_path_offset(blob, "/services/disk"), "each-device");
    ck_assert_int_eq(parse(), OK);
    ck_assert_int_eq(system_expand(tree, &config, &problem), OK);
    ck_assert_uint_eq(config.service_count, 2);
}
END_TEST

START_TEST(test_machine_interrupts_of_all_forms)
{
    /* "interrupts" with the parent's cells, and "interrupts-extended" with each controller's;
     * source 0, an unknown controller and a cut list end or are left out. */
    uint32_t list[10] = {0};
    setup_machine();
    int at = fdt_path_offset(blob, "/soc/serial@10000000");
    for (unsigned i = 0; i < 9; i++)
        list[i] = cpu_to_fdt32(i);
    fdt_setprop(blob, at, "interrupts", list, 36);
    ck_assert_int_eq(find(0), OK);
    ck_assert_uint_eq(found.irq_count, MACHINE_IRQS_MAX);
    ck_assert_uint_eq(found.irq[0], 1);
    uint32_t pairs[6] = {cpu_to_fdt32(7),  cpu_to_fdt32(20), cpu_to_fdt32(7),
                         cpu_to_fdt32(21), cpu_to_fdt32(8),  cpu_to_fdt32(22)};
    fdt_setprop(blob, fdt_path_offset(blob, "/soc/serial@10000000"), "interrupts-extended", pairs,
                24);
    ck_assert_int_eq(find(0), OK);
    ck_assert_uint_eq(found.irq_count, 2);
    ck_assert_uint_eq(found.irq[1], 21);
    fdt_setprop(blob, fdt_path_offset(blob, "/soc/serial@10000000"), "interrupts-extended", pairs,
                14);
    ck_assert_int_eq(find(0), OK);
    ck_assert_uint_eq(found.irq_count, 1);
    fdt_setprop_u32(blob, fdt_path_offset(blob, "/plic"), "#interrupt-cells", UINT32_MAX);
    ck_assert_int_eq(find(0), OK);
    ck_assert_uint_eq(found.irq_count, 0);
}
END_TEST

START_TEST(test_machine_stdout_path_comes_first)
{
    /* Of several devices the one in stdout-path is the first, without its options; a disabled one
     * is none; all are found once. */
    setup_machine();
    uart("serial@20000000", 0x20000000, 11);
    fdt_setprop_string(blob, fdt_path_offset(blob, "/chosen"), "stdout-path",
                       "/soc/serial@20000000:115200n8");
    ck_assert_int_eq(find(0), OK);
    ck_assert_uint_eq(found.address, 0x20000000);
    ck_assert_int_eq(find(1), OK);
    ck_assert_uint_eq(found.address, 0x10000000);
    ck_assert_int_eq(find(2), ERR_NOT_FOUND);
    fdt_setprop_string(blob, fdt_path_offset(blob, "/soc/serial@20000000"), "status", "disabled");
    ck_assert_int_eq(find(0), OK);
    ck_assert_uint_eq(found.address, 0x10000000);
    ck_assert_int_eq(find(1), ERR_NOT_FOUND);
}
END_TEST

START_TEST(test_machine_bus_ranges_translate)
{
    /* A bus that translates addresses is followed; a bus without ranges hides its devices. */
    setup_machine();
    int soc = fdt_path_offset(blob, "/soc");
    uint64_t ranges[3] = {cpu_to_fdt64(0x10000000), cpu_to_fdt64(UINT64_C(0x4000000000)),
                          cpu_to_fdt64(0x1000)};
    fdt_setprop(blob, soc, "ranges", ranges, sizeof ranges);
    ck_assert_int_eq(find(0), OK);
    ck_assert_uint_eq(found.address, UINT64_C(0x4000000000));
    ranges[0] = cpu_to_fdt64(0x20000000);
    fdt_setprop(blob, fdt_path_offset(blob, "/soc"), "ranges", ranges, sizeof ranges);
    ck_assert_int_eq(find(0), ERR_NOT_FOUND);
    fdt_delprop(blob, fdt_path_offset(blob, "/soc"), "ranges");
    ck_assert_int_eq(find(0), ERR_NOT_FOUND);
}
END_TEST

START_TEST(test_machine_garbage_refused)
{
    /* Without a blob the result is an error, and the output is untouched. */
    memset(blob, 0xee, sizeof blob);
    machine.seed_bytes = 77;
    ck_assert_int_eq(machine_parse(blob, sizeof blob, &machine), ERR_FORMAT);
    ck_assert_uint_eq(machine.seed_bytes, 77);
}
END_TEST

static void put_image(uint8_t *image, uint64_t offset, uint64_t size)
{
    memset(image, 0, 64);
    memcpy(image + 8, &offset, 8);
    memcpy(image + 16, &size, 8);
    memcpy(image + 56, "RSC\x05", 4);
}

START_TEST(test_image_checked)
{
    /* The header's magic and image_size decide, text_offset does not; no sum wraps. */
    uint8_t image[64];
    put_image(image, 0x200000, 30 << 20);
    ck_assert_int_eq(image_check(image, 64, 64 << 20, &problem), OK);
    ck_assert_int_eq(image_check(image, 63, 64 << 20, &problem), ERR_FORMAT);
    ck_assert_int_eq(image_check(image, 64, 31 << 20, &problem), ERR_RANGE);
    put_image(image, UINT64_MAX - 100, 200);
    ck_assert_int_eq(image_check(image, 64, 64 << 20, &problem), OK);
    put_image(image, 0x40200000, 0);
    ck_assert_int_eq(image_check(image, 64, 3 << 20, &problem), OK);
    ck_assert_int_eq(image_check(image, 64, 2 << 20, &problem), ERR_RANGE);
    put_image(image, 0x200000, UINT64_MAX - 100);
    ck_assert_int_eq(image_check(image, 64, 64 << 20, &problem), ERR_RANGE);
    put_image(image, 0x200000, 30 << 20);
    image[56] = 0x1f;
    ck_assert_int_eq(image_check(image, 64, 64 << 20, &problem), ERR_FORMAT);
    image[0] = 0x13; /* now a raw binary that begins with a nop */
    ck_assert_int_eq(image_check(image, 64, 3 << 20, &problem), OK);
    ck_assert_int_eq(image_check(image, 64, 2 << 20, &problem), ERR_RANGE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rootserver-parse");
    TCase *tc = tcase_create("parse");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_system_good_blob_is_read);
    tcase_add_test(tc, test_system_guest_without_initrd_is_good);
    tcase_add_test(tc, test_system_services_and_connections_are_read);
    tcase_add_test(tc, test_system_connection_to_nobody_is_known);
    tcase_add_loop_test(tc, test_system_bad_service_is_bad_alone, 0,
                        sizeof bad_services / sizeof bad_services[0]);
    tcase_add_test(tc, test_system_expand_makes_an_instance_for_each_device);
    tcase_add_test(tc, test_system_bad_connections_are_their_guests);
    tcase_add_loop_test(tc, test_system_guest_lacking_property_is_bad_alone, 0, 5);
    tcase_add_test(tc, test_system_guest_memory_limits);
    tcase_add_test(tc, test_system_guest_strings_checked);
    tcase_add_test(tc, test_system_guest_mmu_is_a_mode_of_satp);
    tcase_add_test(tc, test_system_indices_once_each);
    tcase_add_test(tc, test_system_limits_of_number);
    tcase_add_test(tc, test_system_wrong_blob_refused);
    tcase_add_test(tc, test_system_random_edits_stay_in_limits);
    tcase_add_test(tc, test_machine_device_and_seed_found);
    tcase_add_test(tc, test_machine_interrupts_of_all_forms);
    tcase_add_test(tc, test_machine_stdout_path_comes_first);
    tcase_add_test(tc, test_machine_bus_ranges_translate);
    tcase_add_test(tc, test_machine_garbage_refused);
    tcase_add_test(tc, test_image_checked);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
