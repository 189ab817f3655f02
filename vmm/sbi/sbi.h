/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Supervisor Binary Interface: what the firmware would do for the guest.  One
 * file an extension, each with one handler; sbi_call() finds it by the extension id.
 *
 * A handler runs inside a transaction.  It changes the machine's state, and asks for
 * what has to happen outside through the exit's outcome; fences alone are carried
 * out at once, since one too many does no harm.
 *
 * Version 2.0 is reported: all that it makes mandatory is here.  An extension that
 * is not listed in sbi.c is probed as absent and answers "not supported".
 *
 * Specification: RISC-V Supervisor Binary Interface 2.0, "Binary Encoding".
 */
#ifndef VMM_SBI_SBI_H
#define VMM_SBI_SBI_H

#include <stdint.h>

#include <vmm/core/machine.h>
#include <vmm/core/outcome.h>

#define SBI_SPEC_VERSION ((UINT64_C(2) << 24) | 0)
/* Not assigned to anybody; "Warr" in ASCII, so that it is known when seen in a log. */
#define SBI_IMPL_ID      UINT64_C(0x57617272)
#define SBI_IMPL_VERSION UINT64_C(1)

enum sbi_error {
    SBI_SUCCESS = 0,
    SBI_ERR_FAILED = -1,
    SBI_ERR_NOT_SUPPORTED = -2,
    SBI_ERR_INVALID_PARAM = -3,
    SBI_ERR_DENIED = -4,
    SBI_ERR_INVALID_ADDRESS = -5,
    SBI_ERR_ALREADY_AVAILABLE = -6,
    SBI_ERR_ALREADY_STARTED = -7,
    SBI_ERR_ALREADY_STOPPED = -8,
};

#define SBI_EID_BASE        0x10u
#define SBI_EID_TIME        0x54494d45u
#define SBI_EID_IPI         0x735049u
#define SBI_EID_RFENCE      0x52464e43u
#define SBI_EID_HSM         0x48534du
#define SBI_EID_SRST        0x53525354u
#define SBI_EID_DBCN        0x4442434eu
#define SBI_EID_LEGACY_LAST 0x08u

/* How a call ends. */
enum sbi_end {
    SBI_END_RETURN,    /* a0 = error, a1 = value */
    SBI_END_LEGACY,    /* a0 = value alone */
    SBI_END_NO_RETURN, /* the hart stopped, or goes on elsewhere: the outcome says */
    SBI_END_TRAP,      /* the guest takes (outcome->cause, outcome->tval) at the ecall */
    SBI_END_WAIT,      /* not now: do the same call again when the console has moved */
};

/* Two registers' worth: the compiler returns it in them. */
struct sbi_result {
    enum sbi_end end;
    int32_t error;
    uint64_t value;
};

struct sbi_call {
    struct machine *machine;
    uint32_t hart;
    uint64_t eid; /* whole registers: no bit of a7 and a6 is without meaning */
    uint64_t fid;
    const uint64_t *arg; /* a0 to a5 */
    struct exit_outcome *outcome;
};

static inline struct sbi_result sbi_ok(uint64_t value)
{
    return (struct sbi_result){SBI_END_RETURN, SBI_SUCCESS, value};
}

static inline struct sbi_result sbi_error(enum sbi_error error)
{
    return (struct sbi_result){SBI_END_RETURN, error, 0};
}

static inline struct sbi_result sbi_legacy(uint64_t value)
{
    return (struct sbi_result){SBI_END_LEGACY, SBI_SUCCESS, value};
}

static inline struct sbi_result sbi_end(enum sbi_end end)
{
    return (struct sbi_result){end, SBI_SUCCESS, 0};
}

/* Any call with any arguments; what nobody knows is SBI_ERR_NOT_SUPPORTED. */
struct sbi_result sbi_call(const struct sbi_call *call);

/* True when the extension is there ("Function: Probe SBI extension"). */
bool sbi_has_extension(uint64_t eid);

/*
 * The harts that (mask, base) names, as a mask from hart 0.  Base -1 names all, whatever the mask.
 * Errors: ERR_INVALID_ARG  a hart of the mask, or the base itself, does not exist.  An empty mask
 *         does not excuse the base: SBI 3.0, "Hart list parameter", gives SBI_ERR_INVALID_PARAM
 *         for "either hart_mask_base, or at least one hartid from hart_mask".
 */
MUST_CHECK sbi_harts(const struct machine *machine, uint64_t mask, uint64_t base, uint64_t *harts);

/* The extensions' handlers. */
struct sbi_result sbi_base(const struct sbi_call *call);
struct sbi_result sbi_time(const struct sbi_call *call);
struct sbi_result sbi_ipi(const struct sbi_call *call);
struct sbi_result sbi_rfence(const struct sbi_call *call);
struct sbi_result sbi_hsm(const struct sbi_call *call);
struct sbi_result sbi_srst(const struct sbi_call *call);
struct sbi_result sbi_dbcn(const struct sbi_call *call);
struct sbi_result sbi_legacy_call(const struct sbi_call *call);

/* ---- Shared between an extension and its legacy form ---- */

void sbi_time_set(const struct sbi_call *call, uint64_t deadline_ticks);
/*
 * Fences on `harts`; start 0 with size 0, or size 2^64-1, is everything.  Of *asid the low 16 bits
 * count.  SBI_ERR_INVALID_ADDRESS: the range goes on beyond the last address; one that ends with
 * it, so that start + size is 2^64, is in order.
 */
struct sbi_result sbi_fence_vma(const struct sbi_call *call, uint64_t harts, uint64_t start,
                                uint64_t size_bytes, const uint64_t *asid);
struct sbi_result sbi_fence_i(const struct sbi_call *call, uint64_t harts);
/*
 * Takes up to `count` bytes of console input; returns how many there were.  What the UART has
 * received is older than what still waits outside, and comes first.
 */
size_t sbi_console_read(const struct sbi_call *call, uint8_t *bytes, size_t count);
/* False when the console has no room now. */
bool sbi_console_write_byte(const struct sbi_call *call, uint8_t byte);
void sbi_power(const struct sbi_call *call, enum dev_power power, uint32_t code);

#endif
