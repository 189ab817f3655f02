/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/parse/system.h>

#include <string.h>

#include <libfdt.h>

#define COMPATIBLE "warren,system-1"

/* Reads a string property, whose only zero byte must be its last.  *out is unchanged on failure. */
static MUST_CHECK system_string_read(const void *fdt, int node, const char *name, char *out,
                                     size_t most)
{
    int length;
    const char *value = fdt_getprop(fdt, node, name, &length);

    if (value == NULL)
        return ERR_NOT_FOUND;
    if (length < 1 || (size_t)length > most ||
        memchr(value, 0, (size_t)length) != value + length - 1)
        return ERR_FORMAT;
    memcpy(out, value, (size_t)length);
    return OK;
}

static MUST_CHECK system_number_read(const void *fdt, int node, const char *name, unsigned bytes,
                                     uint64_t *out)
{
    int length;
    const uint8_t *value = fdt_getprop(fdt, node, name, &length);
    uint64_t number = 0;

    if (value == NULL)
        return ERR_NOT_FOUND;
    if (length != (int)bytes)
        return ERR_FORMAT;
    for (unsigned i = 0; i < bytes; i++)
        number = number << 8 | value[i];
    *out = number;
    return OK;
}

/* 1 to 31 characters from [a-z0-9-]. */
static MUST_CHECK system_name_read(const void *fdt, int node, char out[NAME_BYTES])
{
    int length;
    const char *name = fdt_get_name(fdt, node, &length);

    if (name == NULL || length < 1 || length >= NAME_BYTES)
        return ERR_FORMAT;
    for (int i = 0; i < length; i++) {
        char c = name[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            return ERR_FORMAT;
    }
    memcpy(out, name, (size_t)length + 1);
    return OK;
}

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
    enum err err = system_string_read(fdt, node, "mmu", mmu, sizeof mmu);

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

    if (system_string_read(fdt, node, "vmm", g->vmm, sizeof g->vmm) != OK)
        system_guest_mark_bad(g, "no usable \"vmm\"");
    else if (system_string_read(fdt, node, "kernel", g->kernel, sizeof g->kernel) != OK)
        system_guest_mark_bad(g, "no usable \"kernel\"");
    else if (system_string_read(fdt, node, "bootargs", g->bootargs, sizeof g->bootargs) != OK ||
             system_has_control_character(g->bootargs))
        system_guest_mark_bad(g, "no usable \"bootargs\"");
    else if (system_number_read(fdt, node, "memory", 8, &g->memory_bytes) != OK ||
             g->memory_bytes < SYSTEM_MEMORY_MIN || g->memory_bytes > SYSTEM_MEMORY_MAX ||
             g->memory_bytes % SYSTEM_MEMORY_MULTIPLE != 0)
        system_guest_mark_bad(g, "no usable \"memory\" (16 MiB or more, a multiple of 2 MiB)");
    else if (system_number_read(fdt, node, "vcpus", 4, &vcpus) != OK || vcpus != 1)
        system_guest_mark_bad(g, "a number of \"vcpus\" other than 1");
    else if (system_satp_mode_read(fdt, node, &g->satp_mode) != OK)
        system_guest_mark_bad(g, "no usable \"mmu\" (sv39, sv48 or sv57)");
    else {
        enum err err = system_string_read(fdt, node, "initrd", g->initrd, sizeof g->initrd);
        if (err != OK && err != ERR_NOT_FOUND)
            system_guest_mark_bad(g, "an unusable \"initrd\"");
    }
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
        if (system_name_read(fdt, node, name) != OK ||
            system_number_read(fdt, node, "index", 4, &index) != OK || index >= GUESTS_MAX ||
            seen[index]) {
            problem_set(problem, "system.dtb: a guest without a proper name and index");
            return ERR_FORMAT;
        }
        seen[index] = true;
        out->guest_count++;
        memcpy(out->guest[index].name, name, sizeof name);
        system_guest_parse(fdt, node, &out->guest[index]);
    }
    if (out->guest_count == 0) {
        problem_set(problem, "system.dtb: no guests");
        return ERR_RANGE;
    }
    return system_guests_check(out, seen, problem);
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
        if (system_name_read(fdt, node, service->name) != OK) {
            problem_set(problem, "system.dtb: a service without a proper name");
            return ERR_FORMAT;
        }
        out->service_count++;
        if (system_string_read(fdt, node, "program", service->program, sizeof service->program) !=
            OK) {
            service->is_bad = true;
            problem_set(&service->problem, "the configuration gives it no usable \"program\"");
        }
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
    if (system_string_read(blob, 0, "system-name", out->name, sizeof out->name) != OK) {
        problem_set(problem, "system.dtb: no usable \"system-name\"");
        return ERR_FORMAT;
    }
    enum err err = system_services_parse(blob, out, problem);
    return err == OK ? system_guests_parse(blob, out, problem) : err;
}
