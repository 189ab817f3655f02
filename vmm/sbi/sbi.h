/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Supervisor Binary Interface, the firmware calls of the guest.  Each extension is one
 * file with one handler; sbi_call() finds the handler by the extension id.
 *
 * A handler runs inside a transaction.  The handler changes the machine's state, and puts
 * effects outside the arena into the exit's outcome.  Only fences are carried out at once,
 * because a repeated fence does no harm.
 *
 * The reported version is 2.0, and all its mandatory calls are here.  An extension that is
 * not in sbi.c is probed as absent; its calls return SBI_ERR_NOT_SUPPORTED.
 *
 * Specification: RISC-V Supervisor Binary Interface 2.0, "Binary Encoding".
 */
#ifndef VMM_SBI_SBI_H
#define VMM_SBI_SBI_H

#include <stdint.h>

#include <vmm/board/machine.h>
#include <vmm/state/outcome.h>

#define SBI_SPEC_VERSION ((UINT64_C(2) << 24) | 0)
/* Not registered; "Warr" in ASCII, so that a reader of a log recognises the number. */
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
    SBI_END_NO_RETURN, /* hart or machine stops, suspends or resets: no register is written */
    SBI_END_TRAP,      /* the guest takes (outcome->cause, outcome->tval) at the ecall */
    SBI_END_WAIT,      /* do the same call again after the console has signalled */
};

/* 16 bytes, so that the compiler returns the struct in two registers. */
struct sbi_result {
    enum sbi_end end;
    int32_t error;
    uint64_t value;
};

struct sbi_call {
    struct machine *machine;
    uint32_t hart;
    uint64_t eid; /* eid and fid are all 64 bits of a7 and a6 */
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

/* Carries out any call with any arguments; an unknown call returns SBI_ERR_NOT_SUPPORTED. */
struct sbi_result sbi_call(const struct sbi_call *call);

/* Is the extension implemented ("Function: Probe SBI extension")? */
bool sbi_has_extension(uint64_t eid);

/*
 * The harts that (mask, base) names, as a mask from hart 0.  Base -1 names all, with any mask.
 * Errors: ERR_INVALID_ARG  a hart of the mask, or the base itself, does not exist.  The base is
 *         checked even if the mask is empty: SBI 3.0, "Hart list parameter", gives
 *         SBI_ERR_INVALID_PARAM for "either hart_mask_base, or at least one hartid from hart_mask".
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
 * Fences on `harts`; start 0 with size 0, or size 2^64-1, means all addresses.  Only the low 16
 * bits of *asid count; `asid` NULL: all ASIDs.  SBI_ERR_INVALID_ADDRESS: start + size is above
 * 2^64 (equal to 2^64 is valid).
 */
struct sbi_result sbi_fence_vma(const struct sbi_call *call, uint64_t harts, uint64_t start,
                                uint64_t size_bytes, const uint64_t *asid);
struct sbi_result sbi_fence_i(const struct sbi_call *call, uint64_t harts);
/*
 * Takes up to `count` bytes of console input; returns their number.  The bytes in the UART's
 * receiver come first, because they are older than those in the console's ring.
 */
size_t sbi_console_read(const struct sbi_call *call, uint8_t *bytes, size_t count);
/* Writes a byte after the commit.  False: the console has no room now. */
bool sbi_console_write_byte(const struct sbi_call *call, uint8_t byte);
void sbi_power(const struct sbi_call *call, enum dev_power power, uint32_t code);

#endif
