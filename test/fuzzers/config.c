/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The compiled configuration, and the machine's device tree as the root server reads it.
 * Oracle: for any input the result obeys the limits of docs/configuration.md: texts are
 * terminated, names are valid and unique, memory is in range, a bad guest has a reason.
 */
#include "fuzz.h"

#include <rootserver/parse/machine.h>
#include <rootserver/parse/system.h>

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

static void check_system(const uint8_t *data, size_t size)
{
    static struct system_config config;
    struct problem problem = {""};

    if (system_parse(data, size, &config, &problem) != OK) {
        check_problem(&problem);
        return;
    }
    FUZZ_CHECK(ends(config.name, sizeof config.name));
    FUZZ_CHECK(config.guest_count >= 1 && config.guest_count <= GUESTS_MAX);
    FUZZ_CHECK(config.service_count <= SYSTEM_SERVICES_MAX);
    for (unsigned i = 0; i < config.guest_count; i++)
        check_guest(&config, i);
    for (unsigned i = 0; i < config.service_count; i++) {
        check_name(config.service[i].name);
        FUZZ_CHECK(ends(config.service[i].program, sizeof config.service[i].program));
        if (config.service[i].is_bad)
            check_problem(&config.service[i].problem);
    }
}

static void check_device(const struct machine_device *device)
{
    if (device->is_there)
        FUZZ_CHECK(device->bytes > 0 && device->address + (device->bytes - 1) >= device->address);
}

static void check_machine(const uint8_t *data, size_t size)
{
    static struct machine_config machine, untouched;

    memset(&machine, 0x5a, sizeof machine);
    untouched = machine;
    if (machine_parse(data, size, &machine) != OK) {
        FUZZ_CHECK(memcmp(&machine, &untouched, sizeof machine) == 0);
        return;
    }
    check_device(&machine.finisher);
    check_device(&machine.rtc);
    FUZZ_CHECK(machine.seed_bytes <= MACHINE_SEED_BYTES);
    FUZZ_CHECK(ends(machine.isa, sizeof machine.isa));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_system(data, size);
    check_machine(data, size);
    return 0;
}
