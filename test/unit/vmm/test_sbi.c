/* SPDX-License-Identifier: BSD-2-Clause */
/* The base extension, and all others but the debug console and the legacy ones. */
#include "sbi_call.h"
#include "suites.h"

START_TEST(test_sbi_base_tells_version_and_extensions)
{
    /* A probe reports the implemented extensions and no others. */
    static const uint32_t there[] = {0,
                                     1,
                                     2,
                                     3,
                                     4,
                                     5,
                                     6,
                                     7,
                                     8,
                                     SBI_EID_BASE,
                                     SBI_EID_TIME,
                                     SBI_EID_IPI,
                                     SBI_EID_RFENCE,
                                     SBI_EID_HSM,
                                     SBI_EID_SRST,
                                     SBI_EID_DBCN};
    static const uint32_t absent[] = {9,          15,         0x504d55,   0x53555350,
                                      0x535441,   0x46574654, 0x4e41434c, UINT32_MAX,
                                      0x08000000, 0x09000000, 0x0a000000};
    struct vmm_fake *fake = fake_new(1);

    struct done version = CALL(fake, SBI_EID_BASE, 0, 0);
    ck_error(version, SBI_SUCCESS);
    ck_assert_uint_eq(version.result.value, 0x02000000);
    ck_assert_uint_eq(CALL(fake, SBI_EID_BASE, 1, 0).result.value, SBI_IMPL_ID);
    ck_assert_uint_eq(CALL(fake, SBI_EID_BASE, 2, 0).result.value, SBI_IMPL_VERSION);
    for (size_t i = 0; i < sizeof there / sizeof there[0]; i++)
        ck_assert_uint_eq(CALL(fake, SBI_EID_BASE, 3, there[i]).result.value, 1);
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        ck_assert_uint_eq(CALL(fake, SBI_EID_BASE, 3, absent[i]).result.value, 0);
        ck_error(CALL(fake, absent[i], 0, 0), SBI_ERR_NOT_SUPPORTED);
    }
    for (uint32_t fid = 4; fid <= 6; fid++)
        ck_error(CALL(fake, SBI_EID_BASE, fid, 0), SBI_SUCCESS);
    fake_free(fake);
}
END_TEST

START_TEST(test_sbi_numbers_are_whole_registers)
{
    /* EID and FID are signed and 32 bits wide: with other bits above them they name nothing. */
    static const uint64_t there[] = {0, 1, 8, SBI_EID_BASE, SBI_EID_TIME, SBI_EID_DBCN};
    static const uint64_t above[] = {UINT64_C(1) << 32, UINT64_C(1) << 63,
                                     UINT64_C(0xffffffff00000000)};
    struct vmm_fake *fake = fake_new(1);

    for (size_t i = 0; i < sizeof there / sizeof there[0]; i++)
        for (size_t j = 0; j < sizeof above / sizeof above[0]; j++) {
            uint64_t eid = there[i] | above[j];
            ck_error(CALL(fake, eid, 0, 0), SBI_ERR_NOT_SUPPORTED);
            ck_assert_uint_eq(CALL(fake, SBI_EID_BASE, 3, eid).result.value, 0);
        }
    for (size_t j = 0; j < sizeof above / sizeof above[0]; j++)
        ck_error(CALL(fake, SBI_EID_BASE, above[j], 0), SBI_ERR_NOT_SUPPORTED);
    fake_free(fake);
}
END_TEST

START_TEST(test_sbi_unknown_functions_are_not_supported)
{
    /* Each extension refuses the function numbers it does not have. */
    static const struct {
        uint32_t eid, first;
    } rows[] = {{SBI_EID_BASE, 7}, {SBI_EID_TIME, 1}, {SBI_EID_IPI, 1}, {SBI_EID_RFENCE, 3},
                {SBI_EID_HSM, 4},  {SBI_EID_SRST, 1}, {SBI_EID_DBCN, 3}};
    struct vmm_fake *fake = fake_new(1);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (uint32_t fid = rows[i].first; fid < rows[i].first + 8; fid++)
            ck_error(CALL(fake, rows[i].eid, fid, 0), SBI_ERR_NOT_SUPPORTED);
    ck_error(CALL(fake, SBI_EID_HSM, UINT32_MAX, 0), SBI_ERR_NOT_SUPPORTED);
    ck_assert_uint_eq(fake_calls(fake, FAKE_FENCE, NULL), 0);
    fake_free(fake);
}
END_TEST

START_TEST(test_sbi_hart_masks_follow_the_specification)
{
    /* Base -1 names all harts; a bit or a base beyond the harts is refused. */
    static const struct {
        uint64_t mask, base;
        int64_t error;
        uint64_t harts;
    } rows[] = {
        {1, 0, SBI_SUCCESS, 1},
        {7, 0, SBI_SUCCESS, 7},
        {3, 1, SBI_SUCCESS, 6},
        {0, 0, SBI_SUCCESS, 0},
        {0, UINT64_MAX, SBI_SUCCESS, 7},
        {UINT64_MAX, UINT64_MAX, SBI_SUCCESS, 7},
        {8, 0, SBI_ERR_INVALID_PARAM, 0},
        {9, 0, SBI_ERR_INVALID_PARAM, 0},
        {UINT64_MAX, 0, SBI_ERR_INVALID_PARAM, 0},
        {2, 2, SBI_ERR_INVALID_PARAM, 0},
        {1, 3, SBI_ERR_INVALID_PARAM, 0},
        {0, 64, SBI_ERR_INVALID_PARAM, 0},
        {1, UINT64_MAX - 1, SBI_ERR_INVALID_PARAM, 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vmm_fake *fake = fake_new(3);
        struct done done = CALL(fake, SBI_EID_IPI, 0, rows[i].mask, rows[i].base);
        ck_error(done, rows[i].error);
        ck_assert_uint_eq(done.outcome.soft_set, rows[i].harts);
        done = CALL(fake, SBI_EID_RFENCE, 0, rows[i].mask, rows[i].base);
        ck_error(done, rows[i].error);
        ck_assert_uint_eq(fake_calls(fake, FAKE_FENCE, NULL),
                          (uint32_t)__builtin_popcountll(rows[i].harts));
        fake_free(fake);
    }
}
END_TEST

START_TEST(test_sbi_time_sets_the_deadline)
{
    /* The deadline is part of the outcome, and goes to the vCPU after the commit. */
    struct vmm_fake *fake = fake_new(1);
    struct done done = CALL(fake, SBI_EID_TIME, 0, 12345);

    ck_error(done, SBI_SUCCESS);
    ck_assert_uint_eq(done.outcome.timer_ticks, 12345);
    ck_assert_uint_eq(done.outcome.flags, OUTCOME_TIMER);
    fake_free(fake);
}
END_TEST

#define UPPER (UINT64_C(1) << 63)

START_TEST(test_sbi_rfence_is_the_fence_that_was_asked_for)
{
    /* Each kind of fence keeps its kind, its range and its ASID. */
    static const struct {
        uint32_t fid;
        uint64_t start, size, asid;
        int64_t error;
        bool is_done;
        uint64_t expected[4];
    } rows[] = {
        {0, 0, 0, 0, SBI_SUCCESS, true, {VCPU_OPS_FENCE_INSN, 0, 0, 0}},
        {1, 0x1000, 0x2000, 0, SBI_SUCCESS, true, {VCPU_OPS_FENCE_ADDRESS, 0x1000, 0x2000, 0}},
        {1, 0, 0, 0, SBI_SUCCESS, true, {VCPU_OPS_FENCE_ADDRESS, 0, 0, 0}},
        {1, 0x1000, UINT64_MAX, 0, SBI_SUCCESS, true, {VCPU_OPS_FENCE_ADDRESS, 0, 0, 0}},
        {1, 0x1000, 0, 0, SBI_SUCCESS, false, {0}},
        {1,
         0x1000,
         UINT64_MAX - 0x1000,
         0,
         SBI_SUCCESS,
         true,
         {VCPU_OPS_FENCE_ADDRESS, 0x1000, UINT64_MAX - 0x1000, 0}},
        /* The range may end with the address space: start + size is 2^64. */
        {1, LAST_PAGE, 4096, 0, SBI_SUCCESS, true, {VCPU_OPS_FENCE_ADDRESS, LAST_PAGE, 4096, 0}},
        {1, UPPER, UPPER, 0, SBI_SUCCESS, true, {VCPU_OPS_FENCE_ADDRESS, UPPER, UPPER, 0}},
        {1, UINT64_MAX, 1, 0, SBI_SUCCESS, true, {VCPU_OPS_FENCE_ADDRESS, UINT64_MAX, 1, 0}},
        {2,
         LAST_PAGE,
         0x1000,
         7,
         SBI_SUCCESS,
         true,
         {VCPU_OPS_FENCE_ADDRESS_ASID, LAST_PAGE, 0x1000, 7}},
        {1,
         0x1000,
         UINT64_MAX - 0xfff,
         0,
         SBI_SUCCESS,
         true,
         {VCPU_OPS_FENCE_ADDRESS, 0x1000, UINT64_MAX - 0xfff, 0}},
        {1, LAST_PAGE + 1, 0x1000, 0, SBI_ERR_INVALID_ADDRESS, false, {0}},
        {1, 0x2000, UINT64_MAX - 0x1000, 0, SBI_ERR_INVALID_ADDRESS, false, {0}},
        {1, UINT64_MAX, 2, 0, SBI_ERR_INVALID_ADDRESS, false, {0}},
        {2, UINT64_MAX, 2, 0, SBI_ERR_INVALID_ADDRESS, false, {0}},
        {2, 0x1000, 8, 5, SBI_SUCCESS, true, {VCPU_OPS_FENCE_ADDRESS_ASID, 0x1000, 8, 5}},
        {2, 0, 0, 0xffff, SBI_SUCCESS, true, {VCPU_OPS_FENCE_ADDRESS_ASID, 0, 0, 0xffff}},
        /* Bits above the ASID are ignored, as SFENCE.VMA ignores them. */
        {2, 0, 0, 0xabc10005, SBI_SUCCESS, true, {VCPU_OPS_FENCE_ADDRESS_ASID, 0, 0, 5}},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vmm_fake *fake = fake_new(1);
        struct fake_call fence;
        struct done done = CALL(fake, SBI_EID_RFENCE, rows[i].fid, 1, 0, rows[i].start,
                                rows[i].size, rows[i].asid);
        ck_assert_msg(done.result.error == rows[i].error, "row %zu: %d", i, (int)done.result.error);
        ck_assert_msg(fake_calls(fake, FAKE_FENCE, &fence) == rows[i].is_done, "row %zu", i);
        if (rows[i].is_done)
            ck_assert_mem_eq(fence.arg, rows[i].expected, sizeof fence.arg);
        fake_free(fake);
    }
}
END_TEST

START_TEST(test_sbi_rfence_kernel_refusal_is_failed)
{
    /* A fence that failed is never reported as done. */
    struct vmm_fake *fake = fake_new(1);
    fake->refusal = ERR_STATE;
    ck_error(CALL(fake, SBI_EID_RFENCE, 0, 1, 0), SBI_ERR_FAILED);
    fake_free(fake);
}
END_TEST

START_TEST(test_sbi_hsm_start_checks_hart_state_and_address)
{
    /* Each error of hart_start, and a start that the target's own thread finishes. */
    struct vmm_fake *fake = fake_new(3);
    uint64_t end = GUEST_RAM_GPA + FAKE_RAM_BYTES;

    fake->machine.state->hart[0].status = HART_STARTED;
    ck_error(CALL(fake, SBI_EID_HSM, 0, 3, GUEST_RAM_GPA, 0), SBI_ERR_INVALID_PARAM);
    ck_error(CALL(fake, SBI_EID_HSM, 0, UINT64_MAX, GUEST_RAM_GPA, 0), SBI_ERR_INVALID_PARAM);
    ck_error(CALL(fake, SBI_EID_HSM, 0, 0, GUEST_RAM_GPA, 0), SBI_ERR_ALREADY_AVAILABLE);
    ck_error(CALL(fake, SBI_EID_HSM, 0, 1, GUEST_RAM_GPA + 1, 0), SBI_ERR_INVALID_ADDRESS);
    ck_error(CALL(fake, SBI_EID_HSM, 0, 1, 0, 0), SBI_ERR_INVALID_ADDRESS);
    ck_error(CALL(fake, SBI_EID_HSM, 0, 1, 0x10000000, 0), SBI_ERR_INVALID_ADDRESS);
    ck_error(CALL(fake, SBI_EID_HSM, 0, 1, end, 0), SBI_ERR_INVALID_ADDRESS);
    ck_error(CALL(fake, SBI_EID_HSM, 0, 1, UINT64_MAX - 1, 0), SBI_ERR_INVALID_ADDRESS);

    struct done done = CALL(fake, SBI_EID_HSM, 0, 1, end - 2, 77);
    ck_error(done, SBI_SUCCESS);
    ck_assert_uint_eq(done.outcome.started, 2);
    ck_assert_uint_eq(fake->machine.state->hart[1].start_gpa, end - 2);
    ck_assert_uint_eq(fake->machine.state->hart[1].start_arg, 77);
    ck_assert_uint_eq(CALL(fake, SBI_EID_HSM, 2, 1).result.value, HART_START_PENDING);
    ck_error(CALL(fake, SBI_EID_HSM, 0, 1, GUEST_RAM_GPA, 0), SBI_ERR_ALREADY_AVAILABLE);
    fake_free(fake);
}
END_TEST

START_TEST(test_sbi_hsm_stop_and_status)
{
    /* A hart that stops does not return, and can be started again. */
    struct vmm_fake *fake = fake_new(2);

    fake->machine.state->hart[0].status = HART_STARTED;
    ck_assert_uint_eq(CALL(fake, SBI_EID_HSM, 2, 0).result.value, HART_STARTED);
    ck_assert_uint_eq(CALL(fake, SBI_EID_HSM, 2, 1).result.value, HART_STOPPED);
    ck_error(CALL(fake, SBI_EID_HSM, 2, 2), SBI_ERR_INVALID_PARAM);
    ck_assert_int_eq(CALL(fake, SBI_EID_HSM, 1, 0).result.end, SBI_END_NO_RETURN);
    ck_assert_uint_eq(fake->machine.state->hart[0].status, HART_STOPPED);
    ck_error(sbi_call_by(fake, 1, SBI_EID_HSM, 0, (uint64_t[6]){0, GUEST_RAM_GPA}), SBI_SUCCESS);
    fake_free(fake);
}
END_TEST

START_TEST(test_sbi_hsm_suspend_types)
{
    /* The two default suspend types work, all other types are refused. */
    static const uint64_t reserved[] = {1,          0x0fffffff, 0x10000000, 0x7fffffff,
                                        0x80000001, 0x8fffffff, 0x90000000, UINT32_MAX};
    struct vmm_fake *fake = fake_new(1);

    struct done kept = CALL(fake, SBI_EID_HSM, 3, 0, 1);
    ck_error(kept, SBI_SUCCESS);
    ck_assert_uint_eq(kept.outcome.flags, OUTCOME_WAIT);
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        ck_error(CALL(fake, SBI_EID_HSM, 3, reserved[i], GUEST_RAM_GPA), SBI_ERR_INVALID_PARAM);
    ck_error(CALL(fake, SBI_EID_HSM, 3, 0x80000000, 3), SBI_ERR_INVALID_ADDRESS);
    struct done done = CALL(fake, SBI_EID_HSM, 3, 0x80000000, GUEST_RAM_GPA + 8, 5);
    ck_assert_int_eq(done.result.end, SBI_END_NO_RETURN);
    ck_assert_uint_eq(fake->machine.state->hart[0].status, HART_SUSPEND_PENDING);
    ck_assert_uint_eq(fake->machine.state->hart[0].start_gpa, GUEST_RAM_GPA + 8);
    ck_assert_uint_eq(fake->machine.state->hart[0].start_arg, 5);
    fake_free(fake);
}
END_TEST

START_TEST(test_sbi_srst_types_and_reasons)
{
    /* Types 0 to 2 with reasons 0 and 1 act; reserved and vendor values are refused. */
    static const struct {
        uint64_t type, reason;
        bool is_valid;
        uint32_t power;
    } rows[] = {
        {0, 0, true, DEV_POWER_OFF},           {0, 1, true, DEV_POWER_FAILED},
        {1, 0, true, DEV_POWER_REBOOT},        {1, 1, true, DEV_POWER_REBOOT},
        {2, 0, true, DEV_POWER_REBOOT},        {3, 0, false, DEV_POWER_RUN},
        {0xf0000000, 0, false, DEV_POWER_RUN}, {UINT32_MAX, 0, false, DEV_POWER_RUN},
        {0, 2, false, DEV_POWER_RUN},          {0, 0xe0000000, false, DEV_POWER_RUN},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vmm_fake *fake = fake_new(1);
        struct done done = CALL(fake, SBI_EID_SRST, 0, rows[i].type, rows[i].reason);
        if (rows[i].is_valid)
            ck_assert_int_eq(done.result.end, SBI_END_NO_RETURN);
        else
            ck_error(done, SBI_ERR_INVALID_PARAM);
        ck_assert_uint_eq(fake->machine.state->power, rows[i].power);
        fake_free(fake);
    }
}
END_TEST

TCase *sbi_tcase(void)
{
    TCase *tcase = tcase_create("sbi");
    tcase_add_test(tcase, test_sbi_base_tells_version_and_extensions);
    tcase_add_test(tcase, test_sbi_numbers_are_whole_registers);
    tcase_add_test(tcase, test_sbi_unknown_functions_are_not_supported);
    tcase_add_test(tcase, test_sbi_hart_masks_follow_the_specification);
    tcase_add_test(tcase, test_sbi_time_sets_the_deadline);
    tcase_add_test(tcase, test_sbi_rfence_is_the_fence_that_was_asked_for);
    tcase_add_test(tcase, test_sbi_rfence_kernel_refusal_is_failed);
    tcase_add_test(tcase, test_sbi_hsm_start_checks_hart_state_and_address);
    tcase_add_test(tcase, test_sbi_hsm_stop_and_status);
    tcase_add_test(tcase, test_sbi_hsm_suspend_types);
    tcase_add_test(tcase, test_sbi_srst_types_and_reasons);
    return tcase;
}
