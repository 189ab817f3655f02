/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/parse/system.h>

#include <stdio.h>
#include <string.h>

#include <libfdt.h>
#include <rootserver/parse/machine.h>
#include <rootserver/parse/read.h>
#include <rootserver/parse/read_parts.h>

#define COMPATIBLE "warren,system-2"

static void system_guest_mark_bad(struct system_guest *guest, const char *what)
{
    guest->is_bad = true;
    problem_set(&guest->problem, "the configuration gives it %s", what);
}

/* Reads "sv39" to "sv57" as MODE of satp (privileged specification, "Supervisor Address Translation
 * and Protection (satp) Register").  Sv39 when the property is missing. */
static MUST_CHECK system_satp_mode_read(const void *fdt, int node, uint32_t *out)
{
    static const char *const names[] = {"sv39", "sv48", "sv57"};
    char mmu[sizeof "sv39"];
    enum err err = read_string(fdt, node, "mmu", mmu, sizeof mmu);

    if (err == ERR_NOT_FOUND)
        strcpy(mmu, names[0]);
    else if (err != OK)
        return err;
    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(mmu, names[i]) == 0) {
            *out = SYSTEM_SATP_SV39 + i;
            return OK;
        }
    }
    return ERR_FORMAT;
}

static bool system_has_control_character(const char *text)
{
    for (; *text != 0; text++) {
        if ((unsigned char)*text < 32 || *text == 127)
            return true;
    }
    return false;
}

static void system_guest_parse(const void *fdt, int node, struct system_guest *g)
{
    uint64_t vcpus = 1;

    if (read_string(fdt, node, "vmm", g->vmm, sizeof g->vmm) != OK)
        system_guest_mark_bad(g, "no usable \"vmm\"");
    else if (read_string(fdt, node, "kernel", g->kernel, sizeof g->kernel) != OK)
        system_guest_mark_bad(g, "no usable \"kernel\"");
    else if (read_string(fdt, node, "bootargs", g->bootargs, sizeof g->bootargs) != OK ||
             system_has_control_character(g->bootargs))
        system_guest_mark_bad(g, "no usable \"bootargs\"");
    else if (read_number(fdt, node, "memory", 8, SYSTEM_MEMORY_MAX, &g->memory_bytes) != OK ||
             g->memory_bytes < SYSTEM_MEMORY_MIN || g->memory_bytes % SYSTEM_MEMORY_MULTIPLE != 0)
        system_guest_mark_bad(g, "no usable \"memory\" (16 MiB or more, a multiple of 2 MiB)");
    else if (read_number(fdt, node, "vcpus", 4, 1, &vcpus) != OK || vcpus != 1)
        system_guest_mark_bad(g, "a number of \"vcpus\" other than 1");
    else if (system_satp_mode_read(fdt, node, &g->satp_mode) != OK)
        system_guest_mark_bad(g, "no usable \"mmu\" (sv39, sv48 or sv57)");
    else if (ping_parse(fdt, node, &g->ping_ms) != OK ||
             restart_parse(fdt, node, &g->restart) != OK)
        system_guest_mark_bad(g, "no usable \"ping-ms\" or \"restart\"");
    else if (read_list(fdt, node, "devices", g->built_in[0], NAME_BYTES, SYSTEM_BUILT_IN_MAX,
                       &g->built_in_count) != OK)
        system_guest_mark_bad(g, "no usable \"devices\"");
    else {
        enum err err = read_string(fdt, node, "initrd", g->initrd, sizeof g->initrd);
        if (err != OK && err != ERR_NOT_FOUND)
            system_guest_mark_bad(g, "an unusable \"initrd\"");
    }
}

/* Connections of a guest that is bad are not planned, and not counted. */
static void system_guest_connections(const void *fdt, int node, unsigned index,
                                     struct system_config *out)
{
    struct system_guest *g = &out->guest[index];
    unsigned before = out->connection_count;
    int parent;

    g->has_devices = read_flag(fdt, node, "devices");
    if (g->is_bad || read_subnode(fdt, node, "connections", &parent) != OK)
        return;
    enum err err = connections_parse(fdt, parent, true, index, out);
    if (err == OK)
        return;
    out->connection_count = before;
    system_guest_mark_bad(g, err == ERR_RANGE ? "too many \"connections\""
                                              : "no usable \"connections\"");
}

/* Checks that each index below the count has a guest, and that no two guests have one name. */
static MUST_CHECK system_guests_check(const struct system_config *out, const bool *seen,
                                      struct problem *problem)
{
    for (unsigned i = 0; i < out->guest_count; i++) {
        if (!seen[i]) {
            problem_set(problem, "system.dtb: no guest has the index %u", i);
            return ERR_FORMAT;
        }
        for (unsigned k = 0; k < i; k++) {
            if (strcmp(out->guest[i].name, out->guest[k].name) == 0) {
                problem_set(problem, "system.dtb: two guests are called %s", out->guest[i].name);
                return ERR_FORMAT;
            }
        }
    }
    return OK;
}

/* Guests come in any order.  Each index from 0 to count-1, and each name, must occur once. */
static MUST_CHECK system_guests_parse(const void *fdt, struct system_config *out,
                                      struct problem *problem)
{
    bool seen[GUESTS_MAX] = {false};
    int node, parent = fdt_path_offset(fdt, "/guests");
    unsigned count = 0;

    if (parent < 0) {
        problem_set(problem, "system.dtb: no guests");
        return ERR_RANGE;
    }
    fdt_for_each_subnode(node, fdt, parent) count++;
    if (count > GUESTS_MAX) {
        problem_set(problem, "system.dtb: more than %d guests", GUESTS_MAX);
        return ERR_RANGE;
    }
    fdt_for_each_subnode(node, fdt, parent)
    {
        uint64_t index;
        char name[NAME_BYTES];
        if (read_name(fdt, node, name) != OK ||
            read_number(fdt, node, "index", 4, GUESTS_MAX - 1, &index) != OK || seen[index]) {
            problem_set(problem, "system.dtb: a guest without a proper name and index");
            return ERR_FORMAT;
        }
        seen[index] = true;
        out->guest_count++;
        memcpy(out->guest[index].name, name, sizeof name);
        system_guest_parse(fdt, node, &out->guest[index]);
        system_guest_connections(fdt, node, (unsigned)index, out);
    }
    if (out->guest_count == 0) {
        problem_set(problem, "system.dtb: no guests");
        return ERR_RANGE;
    }
    return system_guests_check(out, seen, problem);
}

/* The options and needs of an instance. */
static void system_service_rest(const void *fdt, int node, unsigned index,
                                struct system_config *out)
{
    struct system_service *s = &out->service[index];
    unsigned before = out->connection_count;
    int parent;

    if (s->is_bad)
        return;
    enum err err = options_parse(fdt, node, out, &s->options);
    if (err == OK && read_subnode(fdt, node, "needs", &parent) == OK)
        err = connections_parse(fdt, parent, false, index, out);
    if (err == OK)
        return;
    out->connection_count = before;
    s->is_bad = true;
    problem_set(&s->problem, "the configuration gives it no usable \"options\" or \"needs\"");
}

/* Finds the instance of each connection.  An instance may need only instances before it, so that
 * the needs have no cycle. */
static void system_connections_resolve(struct system_config *out)
{
    for (unsigned i = 0; i < out->connection_count; i++) {
        struct system_connection *c = &out->connection[i];
        unsigned service = system_service_find(out, c->service_name);
        if (service < out->service_count && (c->is_guest || service < c->client))
            c->service = service;
    }
}

/* How many instances the service has on this machine. */
static unsigned system_instances_count(const void *tree, const struct system_service *s)
{
    const char *compatible[SYSTEM_MATCHES_MAX];
    const struct system_device *device = &s->device[0];
    struct machine_match match = {compatible, device->match_count, device->prefers_stdout};
    struct machine_device found;
    unsigned count = 0;

    if (!s->is_each_device || s->is_bad || s->device_count == 0)
        return 1;
    for (unsigned i = 0; i < device->match_count; i++)
        compatible[i] = device->match[i];
    while (count < SYSTEM_SERVICES_MAX && machine_device_find(tree, &match, count, &found) == OK)
        count++;
    return count > 0 ? count : 1;
}

/* The needs of an instance are those of each further one. */
static MUST_CHECK system_needs_copy(struct system_config *system, unsigned from, unsigned to)
{
    unsigned count = system->connection_count;

    for (unsigned i = 0; i < count; i++) {
        struct system_connection *need = &system->connection[i];
        if (need->is_guest || need->client != from)
            continue;
        if (system->connection_count == SYSTEM_CONNECTIONS_MAX)
            return ERR_RANGE;
        struct system_connection *copy = &system->connection[system->connection_count++];
        *copy = *need;
        copy->client = to;
    }
    return OK;
}

MUST_CHECK system_expand(const void *tree, struct system_config *system, struct problem *problem)
{
    unsigned listed = system->service_count;

    for (unsigned i = 0; i < listed; i++) {
        unsigned count = system_instances_count(tree, &system->service[i]);
        for (unsigned k = 2; k <= count; k++) {
            unsigned added = system->service_count;
            char name[NAME_BYTES + 4] = "";
            snprintf(name, sizeof name, "%s-%u", system->service[i].name, k);
            if (added == SYSTEM_SERVICES_MAX || strlen(name) >= NAME_BYTES ||
                system_service_find(system, name) != SYSTEM_SERVICES_MAX ||
                system_needs_copy(system, i, added) != OK) {
                problem_set(problem, "there are too many devices for the service %s",
                            system->service[i].name);
                return ERR_RANGE;
            }
            system->service[added] = system->service[i];
            memcpy(system->service[added].name, name, NAME_BYTES);
            system->service_count++;
        }
    }
    system_connections_resolve(system);
    return OK;
}

static MUST_CHECK system_services_parse(const void *fdt, struct system_config *out,
                                        struct problem *problem)
{
    int node, parent = fdt_path_offset(fdt, "/services");

    if (parent < 0)
        return OK; /* none */
    fdt_for_each_subnode(node, fdt, parent)
    {
        if (out->service_count == SYSTEM_SERVICES_MAX) {
            problem_set(problem, "system.dtb: more than %d services", SYSTEM_SERVICES_MAX);
            return ERR_RANGE;
        }
        struct system_service *service = &out->service[out->service_count];
        if (read_name(fdt, node, service->name) != OK) {
            problem_set(problem, "system.dtb: a service without a proper name");
            return ERR_FORMAT;
        }
        if (system_service_find(out, service->name) != SYSTEM_SERVICES_MAX) {
            problem_set(problem, "system.dtb: two services are called %s", service->name);
            return ERR_FORMAT;
        }
        unsigned index = out->service_count++;
        service_parse(fdt, node, service);
        system_service_rest(fdt, node, index, out);
    }
    return OK;
}

MUST_CHECK system_parse(const void *blob, size_t bytes, struct system_config *out,
                        struct problem *problem)
{
    memset(out, 0, sizeof *out);
    if (fdt_check_full(blob, bytes) != 0) {
        problem_set(problem, "system.dtb: not a device-tree blob, or a damaged one");
        return ERR_FORMAT;
    }
    if (fdt_node_check_compatible(blob, 0, COMPATIBLE) != 0) {
        problem_set(problem, "system.dtb: not a \"" COMPATIBLE "\" configuration");
        return ERR_NOT_SUPPORTED;
    }
    if (read_string(blob, 0, "system-name", out->name, sizeof out->name) != OK) {
        problem_set(problem, "system.dtb: no usable \"system-name\"");
        return ERR_FORMAT;
    }
    enum err err = system_services_parse(blob, out, problem);
    if (err == OK)
        err = system_guests_parse(blob, out, problem);
    if (err == OK)
        system_connections_resolve(out);
    return err;
}
