/* SPDX-License-Identifier: BSD-2-Clause */
/* An SBI call on the fakes. */
#ifndef TEST_UNIT_VMM_SBI_CALL_H
#define TEST_UNIT_VMM_SBI_CALL_H

#include <check.h>

#include <test/fakes/vmm_fake.h>
#include <vmm/sbi/sbi.h>

/* The last page of the address space of 64 bits. */
#define LAST_PAGE UINT64_C(0xfffffffffffff000)

/* The result of a call, and the outcome that the call prepares for its hart. */
struct done {
    struct sbi_result result;
    struct exit_outcome outcome;
};

/* Makes the call by `hart` in a transaction of its own, and commits the transaction. */
static inline struct done sbi_call_by(struct vmm_fake *fake, uint32_t hart, uint64_t eid,
                                      uint64_t fid, const uint64_t arg[6])
{
    struct done done = {.outcome = {.seq = 1}};
    struct sbi_call call = {
        .machine = &fake->machine, .hart = hart, .eid = eid, .fid = fid, .outcome = &done.outcome,
        .arg = arg};
    log_begin(&fake->machine.log);
    done.result = sbi_call(&call);
    log_commit(&fake->machine.log);
    return done;
}

/* A call by hart 0. */
#define CALL(fake, eid, fid, ...) sbi_call_by(fake, 0, eid, fid, (uint64_t[6]){__VA_ARGS__})
/* The call returns to the guest, with this error. */
#define ck_error(call, code)                                                                       \
    do {                                                                                           \
        struct done done_ = call;                                                                  \
        ck_assert_int_eq(done_.result.end, SBI_END_RETURN);                                        \
        ck_assert_int_eq(done_.result.error, code);                                                \
    } while (0)

#endif
