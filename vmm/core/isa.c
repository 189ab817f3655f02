/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/core/isa.h>

#include <stdbool.h>
#include <string.h>

/* In canonical order; `bit` 0 is always there. */
static const struct {
    const char *name;
    uint32_t bit;
} extension[] = {
    {"zicntr", 0},    {"zicsr", 0},     {"zifencei", 0},  {"zba", ISA_ZBA},
    {"zbb", ISA_ZBB}, {"zbc", ISA_ZBC}, {"zbs", ISA_ZBS}, {"sstc", ISA_SSTC},
};

#define STATELESS (ISA_ZBA | ISA_ZBB | ISA_ZBC | ISA_ZBS)

static const char single_letters[] = "imafdc";

#define EXTENSION_COUNT (sizeof extension / sizeof extension[0])

const char *isa_mmu_type(uint64_t satp_mode)
{
    switch (satp_mode) {
    case ISA_SATP_SV39: return "riscv,sv39";
    case ISA_SATP_SV48: return "riscv,sv48";
    case ISA_SATP_SV57: return "riscv,sv57";
    default: return NULL;
    }
}

static bool is_offered(size_t index, uint32_t extensions)
{
    return extension[index].bit == 0 || (extension[index].bit & extensions);
}

uint32_t isa_stateless(const char *machine_isa)
{
    uint32_t found = 0;

    while ((machine_isa = strchr(machine_isa, '_')) != NULL) {
        size_t length = strcspn(++machine_isa, "_");
        for (size_t i = 0; i < EXTENSION_COUNT; i++)
            if (strlen(extension[i].name) == length &&
                strncmp(extension[i].name, machine_isa, length) == 0)
                found |= extension[i].bit & STATELESS;
    }
    return found;
}

/* Appends what fits; the caller's buffer is large enough by contract. */
static size_t append(char *text, size_t size_bytes, size_t at, const char *bytes, size_t count)
{
    if (count > size_bytes - at)
        count = size_bytes - at;
    memcpy(text + at, bytes, count);
    return at + count;
}

size_t isa_string(uint32_t extensions, char *text, size_t size_bytes)
{
    size_t limit = size_bytes - 1, at = 0;

    at = append(text, limit, at, "rv64", 4);
    at = append(text, limit, at, single_letters, sizeof single_letters - 1);
    for (size_t i = 0; i < EXTENSION_COUNT; i++) {
        if (!is_offered(i, extensions))
            continue;
        at = append(text, limit, at, "_", 1);
        at = append(text, limit, at, extension[i].name, strlen(extension[i].name));
    }
    text[at] = '\0';
    return at;
}

size_t isa_list(uint32_t extensions, char *text, size_t size_bytes)
{
    size_t at = 0;

    for (const char *letter = single_letters; *letter; letter++) {
        at = append(text, size_bytes, at, letter, 1);
        at = append(text, size_bytes, at, "", 1);
    }
    for (size_t i = 0; i < EXTENSION_COUNT; i++)
        if (is_offered(i, extensions))
            at = append(text, size_bytes, at, extension[i].name, strlen(extension[i].name) + 1);
    return at;
}
