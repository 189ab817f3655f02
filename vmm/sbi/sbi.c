/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/sbi/sbi.h>

static const struct {
    uint32_t first_eid;
    uint32_t last_eid;
    struct sbi_result (*handler)(const struct sbi_call *call);
} extension[] = {
    {SBI_EID_BASE, SBI_EID_BASE, sbi_base}, {SBI_EID_TIME, SBI_EID_TIME, sbi_time},
    {SBI_EID_IPI, SBI_EID_IPI, sbi_ipi},    {SBI_EID_RFENCE, SBI_EID_RFENCE, sbi_rfence},
    {SBI_EID_HSM, SBI_EID_HSM, sbi_hsm},    {SBI_EID_SRST, SBI_EID_SRST, sbi_srst},
    {SBI_EID_DBCN, SBI_EID_DBCN, sbi_dbcn}, {0, SBI_EID_LEGACY_LAST, sbi_legacy_call},
};

#define EXTENSION_COUNT (sizeof extension / sizeof extension[0])

/* The index of an extension, or EXTENSION_COUNT. */
static size_t extension_find(uint64_t eid)
{
    size_t i = 0;
    while (i < EXTENSION_COUNT && (eid < extension[i].first_eid || eid > extension[i].last_eid))
        i++;
    return i;
}

bool sbi_has_extension(uint64_t eid)
{
    return extension_find(eid) < EXTENSION_COUNT;
}

struct sbi_result sbi_call(const struct sbi_call *call)
{
    size_t i = extension_find(call->eid);
    return i < EXTENSION_COUNT ? extension[i].handler(call) : sbi_error(SBI_ERR_NOT_SUPPORTED);
}

enum err sbi_harts(const struct machine *machine, uint64_t mask, uint64_t base, uint64_t *harts)
{
    uint32_t count = machine->config.hart_count;
    uint64_t all = (UINT64_C(1) << count) - 1;

    if (base == UINT64_MAX) {
        *harts = all;
        return OK;
    }
    if (base >= count || (mask & ~(all >> base)))
        return ERR_INVALID_ARG;
    *harts = mask << base;
    return OK;
}
