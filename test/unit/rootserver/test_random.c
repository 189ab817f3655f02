/* SPDX-License-Identifier: BSD-2-Clause */
/* rootserver/exec/random: the block function against its specification, and no byte twice. */
#include <string.h>

#include <rootserver/exec/random.h>
#include <test/unit/run.h>

START_TEST(test_block_matches_specification)
{
    /* The test vector of RFC 8439, section 2.3.2. */
    static const uint32_t nonce[3] = {0x09000000, 0x4a000000, 0};
    static const uint32_t expected[16] = {0xe4e7f110, 0x15593bd1, 0x1fdd0f50, 0xc47120a3,
                                          0xc7f4d1c7, 0x0368c033, 0x9aaa2204, 0x4e6cd4c3,
                                          0x466482d2, 0x09aa9f07, 0x05d7c214, 0xa2028bd9,
                                          0xd19c12b5, 0xb94e16de, 0xe883d0cb, 0x4e3c50a2};
    uint8_t key_bytes[32];
    uint32_t key[8], out[16];
    for (unsigned i = 0; i < 32; i++)
        key_bytes[i] = (uint8_t)i;
    memcpy(key, key_bytes, sizeof key);
    random_block(key, 1, nonce, out);
    ck_assert_mem_eq(out, expected, sizeof out);
}
END_TEST

START_TEST(test_fill_never_repeats)
{
    /* Two requests, two seeds, two times: all different; the same three: the same. */
    struct random_source a, b;
    uint8_t first[100], second[100];
    random_init(&a, (const uint8_t *)"0123456789012345678901234567890123456789", 40, 7);
    b = a;
    random_fill(&a, first, sizeof first);
    random_fill(&b, second, sizeof second);
    ck_assert_mem_eq(first, second, sizeof first);
    random_fill(&a, second, sizeof second);
    ck_assert(memcmp(first, second, 32) != 0);
    random_init(&b, (const uint8_t *)"0123456789012345678901234567890123456789", 40, 8);
    random_fill(&b, second, sizeof second);
    ck_assert(memcmp(first, second, 32) != 0);
    random_init(&b, (const uint8_t *)"0123456789012345678901234567890123456788", 40, 7);
    random_fill(&b, second, sizeof second);
    ck_assert(memcmp(first, second, 32) != 0);
    ck_assert(memcmp(first, first + 64, 32) != 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rootserver-random");
    TCase *tc = tcase_create("random");
    tcase_add_test(tc, test_block_matches_specification);
    tcase_add_test(tc, test_fill_never_repeats);
    suite_add_tcase(suite, tc);
    return run_suites(srunner_create(suite));
}
