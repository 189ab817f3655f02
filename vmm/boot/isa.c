/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/boot/isa.h>

#include <stdbool.h>
#include <string.h>

enum isa_how {
    ISA_ALWAYS,    /* offered to every guest */
    ISA_BY_KERNEL, /* offered if the kernel says so */
    ISA_STATELESS, /* offered if the machine's string names the extension */
    ISA_IN_WALK,   /* stateless, and gwalk.c has to carry it out too */
};

/*
 * In canonical order.  A stateless extension has no registers besides those of IMAFD, needs no
 * bit of henvcfg or hstateen set, and works the same in VS mode as in S mode; or it is a promise
 * about main memory, which holds for the guest's RAM.  exit.c carries out WRS.NTO of Zawrs.
 * docs/devices/isa.md gives the reason for each extension that is not here.
 */
static const struct {
    const char *name;
    enum isa_how how;
} extension[] = {
    /* clang-format off */
    {"ziccamoa", ISA_STATELESS}, {"ziccif", ISA_STATELESS}, {"zicclsm", ISA_STATELESS},
    {"ziccrse", ISA_STATELESS}, {"zicntr", ISA_ALWAYS}, {"zicond", ISA_STATELESS},
    {"zicsr", ISA_ALWAYS}, {"zifencei", ISA_ALWAYS}, {"zihintntl", ISA_STATELESS},
    {"zihintpause", ISA_STATELESS}, {"zimop", ISA_STATELESS}, {"zmmul", ISA_STATELESS},
    {"za64rs", ISA_STATELESS}, {"zaamo", ISA_STATELESS}, {"zabha", ISA_STATELESS},
    {"zacas", ISA_STATELESS}, {"zama16b", ISA_STATELESS}, {"zalrsc", ISA_STATELESS},
    {"zawrs", ISA_STATELESS}, {"zfa", ISA_STATELESS}, {"zfbfmin", ISA_STATELESS},
    {"zfh", ISA_STATELESS}, {"zfhmin", ISA_STATELESS}, {"zca", ISA_STATELESS},
    {"zcb", ISA_STATELESS}, {"zcd", ISA_STATELESS}, {"zcmop", ISA_STATELESS},
    {"zba", ISA_STATELESS}, {"zbb", ISA_STATELESS}, {"zbc", ISA_STATELESS},
    {"zbkb", ISA_STATELESS}, {"zbkc", ISA_STATELESS}, {"zbkx", ISA_STATELESS},
    {"zbs", ISA_STATELESS}, {"zkn", ISA_STATELESS}, {"zknd", ISA_STATELESS},
    {"zkne", ISA_STATELESS}, {"zknh", ISA_STATELESS}, {"zks", ISA_STATELESS},
    {"zksed", ISA_STATELESS}, {"zksh", ISA_STATELESS}, {"zkt", ISA_STATELESS},
    {"ztso", ISA_STATELESS}, {"ssccptr", ISA_STATELESS}, {"sscounterenw", ISA_STATELESS},
    {"sstc", ISA_BY_KERNEL}, {"svinval", ISA_STATELESS}, {"svnapot", ISA_IN_WALK},
    {"svvptc", ISA_STATELESS},
    /* clang-format on */
};

static const char single_letters[] = "imafdc";

#define EXTENSION_COUNT (sizeof extension / sizeof extension[0])

_Static_assert(EXTENSION_COUNT <= 62, "one bit for each row, below ISA_SVNAPOT and ISA_SSTC");

/* The bit of an extension in a mask; 0 for an extension that every guest has. */
static uint64_t isa_bit(size_t index)
{
    switch (extension[index].how) {
    case ISA_STATELESS: return UINT64_C(1) << index;
    case ISA_BY_KERNEL: return ISA_SSTC;
    case ISA_IN_WALK: return ISA_SVNAPOT;
    case ISA_ALWAYS: break;
    }
    return 0;
}

const char *isa_mmu_type(uint64_t satp_mode)
{
    switch (satp_mode) {
    case ISA_SATP_SV39: return "riscv,sv39";
    case ISA_SATP_SV48: return "riscv,sv48";
    case ISA_SATP_SV57: return "riscv,sv57";
    default: return NULL;
    }
}

static bool is_offered(size_t index, uint64_t extensions)
{
    return extension[index].how == ISA_ALWAYS || (isa_bit(index) & extensions);
}

uint64_t isa_stateless(const char *machine_isa)
{
    uint64_t found = 0;

    while ((machine_isa = strchr(machine_isa, '_')) != NULL) {
        size_t length = strcspn(++machine_isa, "_");
        for (size_t i = 0; i < EXTENSION_COUNT; i++)
            if (strlen(extension[i].name) == length &&
                strncmp(extension[i].name, machine_isa, length) == 0)
                found |= isa_bit(i) & ~ISA_SSTC;
    }
    return found;
}

/* Appends as many bytes as fit; isa.h gives the size that is always enough. */
static size_t isa_append(char *text, size_t size_bytes, size_t at, const char *bytes, size_t count)
{
    if (count > size_bytes - at)
        count = size_bytes - at;
    memcpy(text + at, bytes, count);
    return at + count;
}

size_t isa_string(uint64_t extensions, char *text, size_t size_bytes)
{
    size_t limit = size_bytes - 1, at = 0;

    at = isa_append(text, limit, at, "rv64", 4);
    at = isa_append(text, limit, at, single_letters, sizeof single_letters - 1);
    for (size_t i = 0; i < EXTENSION_COUNT; i++) {
        if (!is_offered(i, extensions))
            continue;
        at = isa_append(text, limit, at, "_", 1);
        at = isa_append(text, limit, at, extension[i].name, strlen(extension[i].name));
    }
    text[at] = '\0';
    return at;
}

size_t isa_list(uint64_t extensions, char *text, size_t size_bytes)
{
    size_t at = 0;

    for (const char *letter = single_letters; *letter; letter++) {
        at = isa_append(text, size_bytes, at, letter, 1);
        at = isa_append(text, size_bytes, at, "", 1);
    }
    for (size_t i = 0; i < EXTENSION_COUNT; i++)
        if (is_offered(i, extensions))
            at = isa_append(text, size_bytes, at, extension[i].name, strlen(extension[i].name) + 1);
    return at;
}
