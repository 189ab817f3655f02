/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The compiled configuration, and the machine's device tree as the root server reads it; and
 * the plan for any configuration that was read.
 * Oracle: for any input the result obeys the limits of docs/configuration.md: texts are
 * terminated, names are valid and unique, memory is in range, a bad guest has a reason.
 * The plan: plan_world.h.
 */
#include "plan_world.h"

#include <libfdt.h>

#include "fuzz.h"

static bool ends(const char *text, size_t bytes)
{
    return memchr(text, 0, bytes) != NULL;
}

static void check_name(const char name[NAME_BYTES])
{
    FUZZ_CHECK(ends(name, NAME_BYTES) && name[0] != 0);
    FUZZ_CHECK(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name));
}

static void check_problem(const struct problem *problem)
{
    FUZZ_CHECK(ends(problem->text, sizeof problem->text) && problem->text[0] != 0);
    FUZZ_CHECK(strchr(problem->text, '\n') == NULL);
}

static void check_guest(const struct system_config *config, unsigned index)
{
    const struct system_guest *g = &config->guest[index];

    check_name(g->name);
    for (unsigned i = 0; i < index; i++)
        FUZZ_CHECK(strcmp(config->guest[i].name, g->name) != 0);
    FUZZ_CHECK(ends(g->vmm, sizeof g->vmm) && ends(g->kernel, sizeof g->kernel));
    FUZZ_CHECK(ends(g->initrd, sizeof g->initrd) && ends(g->bootargs, sizeof g->bootargs));
    if (g->is_bad) {
        check_problem(&g->problem);
        return;
    }
    FUZZ_CHECK(g->memory_bytes >= SYSTEM_MEMORY_MIN && g->memory_bytes <= SYSTEM_MEMORY_MAX);
    FUZZ_CHECK(g->memory_bytes % SYSTEM_MEMORY_MULTIPLE == 0);
    FUZZ_CHECK(g->satp_mode >= 8 && g->satp_mode <= 10);
    for (const char *c = g->bootargs; *c; c++)
        FUZZ_CHECK((unsigned char)*c >= 32 && *c != 127);
}

static void check_options(const struct system_config *config, const struct system_options *options)
{
    FUZZ_CHECK(options->first + options->count <= config->option_count);
    for (unsigned i = 0; i < options->count; i++) {
        const struct system_option *o = &config->option[options->first + i];
        check_name(o->name);
        FUZZ_CHECK(o->kind == START_NUMBER || o->kind == START_TEXT || o->kind == START_DATA);
        FUZZ_CHECK(o->text + o->bytes <= config->text_bytes);
        FUZZ_CHECK(o->kind != START_TEXT || config->text[o->text + o->bytes - 1] == 0);
    }
}

static void check_service(const struct system_config *config, const struct system_service *s)
{
    check_name(s->name);
    FUZZ_CHECK(ends(s->program, sizeof s->program));
    if (s->is_bad) {
        check_problem(&s->problem);
        return;
    }
    FUZZ_CHECK(s->threads >= 1 && s->threads <= SYSTEM_THREADS_MAX);
    FUZZ_CHECK(s->heap_bytes <= SYSTEM_HEAP_MAX && s->heap_bytes % 4096 == 0);
    FUZZ_CHECK(s->device_count <= SYSTEM_DEVICES_MAX && s->memory_count <= SYSTEM_MEMORIES_MAX);
    FUZZ_CHECK(s->client.most <= CONTROL_CONNECTIONS_MAX &&
               s->client.ring_count <= CONTROL_RINGS_MAX);
    for (unsigned i = 0; i < s->client.ring_count; i++)
        FUZZ_CHECK((uint64_t)s->client.ring[i].record_bytes * s->client.ring[i].record_count <=
                   SYSTEM_RING_BYTES_MAX);
    FUZZ_CHECK(system_client_bytes(&s->client) <= LAYOUT_CONNECTION_STEP - 4096);
    check_options(config, &s->options);
}

static void check_connection(const struct system_config *config, const struct system_connection *c)
{
    FUZZ_CHECK(ends(c->service_name, sizeof c->service_name) && ends(c->key, sizeof c->key));
    FUZZ_CHECK(ends(c->device, sizeof c->device) && ends(c->source, sizeof c->source));
    FUZZ_CHECK(c->client < (c->is_guest ? config->guest_count : config->service_count));
    FUZZ_CHECK(c->service < config->service_count || c->service == SYSTEM_SERVICES_MAX);
    FUZZ_CHECK(c->is_guest || c->service < c->client || c->service == SYSTEM_SERVICES_MAX);
    FUZZ_CHECK(c->used < CONTROL_USED_MAX && c->packed_bytes <= CONTROL_OPTION_BYTES);
    check_options(config, &c->options);
}

/* A machine with one UART and a disk. */
static const void *tree_of_machine(void)
{
    static uint8_t tree[2048];
    static const char *const names[] = {"serial@10000000", "disk@10008000"};
    static const char *const compatible[] = {"ns16550a", "test,disk"};

    if (fdt_check_header(tree) == 0)
        return tree;
    FUZZ_CHECK(fdt_create_empty_tree(tree, (int)sizeof tree) == 0);
    for (unsigned i = 0; i < 2; i++) {
        uint32_t reg[2] = {cpu_to_fdt32(0x10000000 + i * 0x8000), cpu_to_fdt32(0x1000)};
        int at = fdt_add_subnode(tree, 0, names[i]);
        fdt_setprop(tree, at, "compatible", compatible[i], (int)strlen(compatible[i]) + 1);
        fdt_setprop(tree, at, "reg", reg, 8);
    }
    fdt_setprop_u32(tree, 0, "#address-cells", 1);
    fdt_setprop_u32(tree, 0, "#size-cells", 1);
    return tree;
}

static void check_system(const uint8_t *data, size_t size)
{
    static struct system_config config;
    struct problem problem = {""};
    uint64_t order = 0;

    if (system_parse(data, size, &config, &problem) != OK) {
        check_problem(&problem);
        return;
    }
    FUZZ_CHECK(ends(config.name, sizeof config.name));
    FUZZ_CHECK(config.guest_count >= 1 && config.guest_count <= GUESTS_MAX);
    FUZZ_CHECK(config.service_count <= SYSTEM_SERVICES_MAX);
    FUZZ_CHECK(config.connection_count <= SYSTEM_CONNECTIONS_MAX);
    for (unsigned i = 0; i < config.guest_count; i++)
        check_guest(&config, i);
    for (unsigned i = 0; i < config.service_count; i++)
        check_service(&config, &config.service[i]);
    for (unsigned i = 0; i < config.connection_count; i++)
        check_connection(&config, &config.connection[i]);
    for (size_t i = 0; i < size; i++)
        order = order * 31 + data[i];
    plan_world_check(&config, tree_of_machine(), order);
}

static void check_device(const struct machine_device *device)
{
    if (device->is_there)
        FUZZ_CHECK(device->bytes > 0 && device->address + (device->bytes - 1) >= device->address);
}

static void check_machine(const uint8_t *data, size_t size)
{
    static const char *const any[] = {"ns16550a", "sifive,test0", "simple-bus"};
    const struct machine_match match = {any, 3, true};
    static struct machine_config machine, untouched;
    struct machine_device found;

    memset(&machine, 0x5a, sizeof machine);
    untouched = machine;
    if (machine_parse(data, size, &machine) != OK) {
        FUZZ_CHECK(memcmp(&machine, &untouched, sizeof machine) == 0);
        return;
    }
    check_device(&machine.finisher);
    check_device(&machine.rtc);
    for (unsigned i = 0; machine_device_find(data, &match, i, &found) == OK; i++) {
        check_device(&found);
        FUZZ_CHECK(found.irq_count <= MACHINE_IRQS_MAX && i < size);
    }
    FUZZ_CHECK(machine.seed_bytes <= MACHINE_SEED_BYTES);
    FUZZ_CHECK(ends(machine.isa, sizeof machine.isa));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_system(data, size);
    check_machine(data, size);
    return 0;
}
