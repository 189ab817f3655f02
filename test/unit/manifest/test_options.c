/* SPDX-License-Identifier: BSD-2-Clause */
/* Packed options: what the compiler packed is what the accessors read, and hostile bytes harm
 * nothing. */
#include <stdlib.h>
#include <string.h>

#include <test/unit/run.h>

#include "sample_block.h"
#include "sample_switch.h"

/* The options of test/golden/system.dts: guest db, connections 1 and 4. */
static const uint8_t golden_disk[] = {
    0x07, 0x00, 'r', 'a', 'm', ':', '6', '4', 'M', 0, 0, 0, 0, 0, 0, 0, /* source */
    0x01, 0, 0, 0, 0, 0, 0, 0,                                          /* readonly */
    0xd0, 0x07, 0, 0, 0, 0, 0, 0,                                       /* iops */
};
static const uint8_t golden_net[] = {
    0x06, 0x00, 0x02, 0x60, 0x02, 0xc3, 0xdc, 0x8e, 0, 0, 0, 0, 0, 0, 0, 0, /* mac */
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,                         /* vlan: absent */
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,                         /* rate: absent */
    0x06, 0x00, 'b', 'o', 'u', 'n', 'c', 'e', 0, 0, 0, 0, 0, 0, 0, 0,       /* isolate */
};

/* A heap copy of exactly OPTIONS_BYTES, so that ASan sees a read outside. */
static uint8_t *options_made(const uint8_t *bytes, size_t count)
{
    uint8_t *packed = calloc(1, OPTIONS_BYTES);

    memcpy(packed, bytes, count);
    return packed;
}

START_TEST(test_options_golden_bytes_read_back)
{
    /* The accessors read what the configuration compiler packs. */
    uint8_t *disk = options_made(golden_disk, sizeof golden_disk);
    const char *source;
    uint64_t number;

    ck_assert_int_eq(block_option_source(disk, &source), OK);
    ck_assert_str_eq(source, "ram:64M");
    ck_assert_int_eq(block_option_readonly(disk, &number), OK);
    ck_assert_uint_eq(number, 1);
    ck_assert_int_eq(block_option_iops(disk, &number), OK);
    ck_assert_uint_eq(number, 2000);
    free(disk);
}
END_TEST

START_TEST(test_options_absent_and_choice)
{
    /* An optional option without a value is not found; a choice is a number of its enum. */
    uint8_t *net = options_made(golden_net, sizeof golden_net);
    uint8_t mac[6];
    uint64_t number = 5;
    unsigned isolate;

    ck_assert_int_eq(switch_option_mac(net, mac), OK);
    ck_assert_mem_eq(mac, golden_net + 2, 6);
    ck_assert_int_eq(switch_option_vlan(net, &number), ERR_NOT_FOUND);
    ck_assert_int_eq(switch_option_rate(net, &number), ERR_NOT_FOUND);
    ck_assert_uint_eq(number, 5);
    ck_assert_int_eq(switch_option_isolate(net, &isolate), OK);
    ck_assert_uint_eq(isolate, SWITCH_ISOLATE_BOUNCE);
    memcpy(net + 34, "bouncy", 6);
    ck_assert_int_eq(switch_option_isolate(net, &isolate), ERR_FORMAT);
    net[32] = 0xff;
    net[33] = 0xff;
    ck_assert_int_eq(switch_option_isolate(net, &isolate), ERR_NOT_FOUND);
    free(net);
}
END_TEST

START_TEST(test_options_damaged_text_refused)
{
    /* A text without its zero byte, with one inside, or longer than its place is refused. */
    uint8_t *disk = options_made(golden_disk, sizeof golden_disk);
    uint8_t mac[6];
    const char *source = "untouched";
    uint64_t number;

    disk[9] = 'x';
    ck_assert_int_eq(block_option_source(disk, &source), ERR_FORMAT);
    disk[9] = 0;
    disk[4] = 0;
    ck_assert_int_eq(block_option_source(disk, &source), ERR_FORMAT);
    ck_assert_int_eq(switch_option_mac(disk, mac), ERR_FORMAT);
    for (unsigned length = 254; length < 0xffff; length++) {
        disk[0] = (uint8_t)length;
        disk[1] = (uint8_t)(length >> 8);
        ck_assert_int_eq(block_option_source(disk, &source), ERR_FORMAT);
        ck_assert_int_eq(block_option_iops(disk, &number), ERR_FORMAT);
    }
    ck_assert_str_eq(source, "untouched");
    free(disk);
}
END_TEST

START_TEST(test_options_longest_text_fits)
{
    /* A text may fill the place up to its last byte, and then nothing follows it. */
    uint8_t *disk = calloc(1, OPTIONS_BYTES);
    const char *source;
    uint64_t number;

    disk[0] = 253;
    memset(disk + 2, 'x', 253);
    ck_assert_int_eq(block_option_source(disk, &source), OK);
    ck_assert_uint_eq(strlen(source), 253);
    ck_assert_int_eq(block_option_readonly(disk, &number), ERR_FORMAT);
    free(disk);
}
END_TEST

START_TEST(test_options_other_kind_or_index_refused)
{
    /* An accessor that disagrees with the kinds gets an error, not another option's bytes. */
    uint8_t *disk = options_made(golden_disk, sizeof golden_disk);
    const char *text;
    uint64_t number;

    ck_assert_int_eq(options_number(disk, "tnn", 0, &number), ERR_FORMAT);
    ck_assert_int_eq(options_text(disk, "tnn", 1, &text), ERR_FORMAT);
    ck_assert_int_eq(options_number(disk, "tnn", 3, &number), ERR_FORMAT);
    free(disk);
}
END_TEST

START_TEST(test_options_random_bytes_stay_inside)
{
    /* Whatever the bytes are, no call reads outside, and a text that is found ends inside. */
    uint8_t *packed = calloc(1, OPTIONS_BYTES);
    uint64_t seed = 1;

    for (unsigned round = 0; round < 100000; round++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        packed[(seed >> 33) % OPTIONS_BYTES] = (uint8_t)(seed >> 56);
        packed[round % 64] = 0;
        for (unsigned i = 0; i < 6; i++) {
            const char *text;
            uint64_t number;
            uint8_t bytes[6];
            if (options_text(packed, "tntttn", i, &text) == OK)
                ck_assert_uint_lt((size_t)(text - (const char *)packed) + strlen(text),
                                  OPTIONS_BYTES);
            (void)(options_number(packed, "tntttn", i, &number) == OK);
            (void)(options_bytes(packed, "tntttn", i, bytes, 6) == OK);
        }
    }
    free(packed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("options");
    TCase *c = tcase_create("options");

    tcase_add_test(c, test_options_golden_bytes_read_back);
    tcase_add_test(c, test_options_absent_and_choice);
    tcase_add_test(c, test_options_damaged_text_refused);
    tcase_add_test(c, test_options_longest_text_fits);
    tcase_add_test(c, test_options_other_kind_or_index_refused);
    tcase_add_test(c, test_options_random_bytes_stay_inside);
    suite_add_tcase(suite, c);
    return run_suites(srunner_create(suite));
}
