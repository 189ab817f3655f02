/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/board/bus.h>

#include "suites.h"

/* A device that records its accesses. */
struct seen {
    uint64_t offset, value;
    uint32_t width, count;
};

static uint64_t seen_read(const struct dev_ctx *dev, uint64_t offset, uint32_t width)
{
    struct seen *seen = dev->state;
    *seen = (struct seen){offset, 0, width, seen->count + 1};
    return UINT64_C(0x1122334455667788);
}

static void seen_write(const struct dev_ctx *dev, uint64_t offset, uint32_t width, uint64_t value)
{
    struct seen *seen = dev->state;
    *seen = (struct seen){offset, value, width, seen->count + 1};
}

static const struct dev_model words = {
    .name = "words",
    .region_bytes = 0x10,
    .widths = DEV_WIDTH_4 | DEV_WIDTH_8,
    .read = seen_read,
    .write = seen_write,
};
static const struct dev_model bytes = {
    .name = "bytes",
    .region_bytes = 6,
    .widths = DEV_WIDTH_1 | DEV_WIDTH_2 | DEV_WIDTH_4,
    .read = seen_read,
    .write = seen_write,
};
static const struct dev_model nothing = {.name = "nothing", .region_bytes = 0};

START_TEST(test_bus_repeated_registers_answer_at_each_place)
{
    /* The device gets the offset from its first place; between its places is no device. */
    static const struct dev_model model = {.name = "places",
                                           .region_bytes = 0x10,
                                           .place_count = 3,
                                           .place_step_bytes = 0x100,
                                           .widths = DEV_WIDTH_4 | DEV_WIDTH_8,
                                           .read = seen_read,
                                           .write = seen_write};
    struct seen seen = {0};
    struct dev_ctx dev = {.model = &model, .state = &seen, .gpa = 0x1080};
    struct dev_ctx between = {.model = &words, .state = &seen, .gpa = 0x1100};
    struct bus bus = {0};
    uint64_t value;

    ck_assert_int_eq(bus_add(&bus, &dev), OK);
    for (uint64_t place = 0x1080; place < 0x1380; place += 0x100) {
        ck_assert_int_eq(bus_read(&bus, place + 12, 4, &value), OK);
        ck_assert_uint_eq(seen.offset, place + 12 - 0x1080);
        ck_assert_int_eq(bus_write(&bus, place + 8, 8, 1), OK);
        ck_assert_uint_eq(seen.offset, place + 8 - 0x1080);
        ck_assert_int_eq(bus_read(&bus, place + 16, 4, &value), ERR_RANGE);
        ck_assert_int_eq(bus_read(&bus, place + 0xfc, 4, &value), ERR_RANGE);
        ck_assert_int_eq(bus_read(&bus, place - 4, 4, &value), ERR_RANGE);
    }
    ck_assert_int_eq(bus_read(&bus, 0x1380, 4, &value), ERR_RANGE);
    ck_assert_int_eq(bus_add(&bus, &between), ERR_EXISTS);
}
END_TEST

START_TEST(test_bus_device_takes_exactly_one_place)
{
    /* A device in a place answers there, in either order of adding; the other places stay. */
    static const struct dev_model places = {.region_bytes = 0x10,
                                            .place_count = 3,
                                            .place_step_bytes = 0x100,
                                            .widths = DEV_WIDTH_4,
                                            .read = seen_read};
    struct seen empty = {0}, seen = {0};
    struct dev_ctx many = {.model = &places, .state = &empty, .gpa = 0x1000};
    struct dev_ctx one = {.model = &words, .state = &seen, .gpa = 0x1100};
    struct dev_ctx misaligned = {.model = &words, .state = &seen, .gpa = 0x1004};
    struct dev_ctx small = {.model = &bytes, .state = &seen, .gpa = 0x1200};

    for (uint32_t order = 0; order < 2; order++) {
        struct bus bus = {0};
        uint64_t value;
        ck_assert_int_eq(bus_add(&bus, order ? &one : &many), OK);
        ck_assert_int_eq(bus_add(&bus, order ? &many : &one), OK);
        empty.offset = seen.offset = 99;
        ck_assert_int_eq(bus_read(&bus, 0x1108, 4, &value), OK);
        ck_assert_uint_eq(seen.offset, 8);
        ck_assert_uint_eq(empty.offset, 99);
        ck_assert_int_eq(bus_read(&bus, 0x1110, 4, &value), ERR_RANGE);
        ck_assert_int_eq(bus_read(&bus, 0x1208, 4, &value), OK);
        ck_assert_uint_eq(empty.offset, 0x208);
        ck_assert_int_eq(bus_add(&bus, &misaligned), ERR_EXISTS);
        ck_assert_int_eq(bus_add(&bus, &small), ERR_EXISTS);
        ck_assert_int_eq(bus_add(&bus, &one), ERR_EXISTS);
    }
}
END_TEST

START_TEST(test_bus_read_reaches_the_device_with_offset_and_width)
{
    /* The device gets the offset in its region, the caller no more bits than the access width. */
    struct seen seen = {0};
    struct dev_ctx dev = {.model = &words, .state = &seen, .gpa = 0x1000};
    struct bus bus = {0};
    uint64_t value;

    ck_assert_int_eq(bus_add(&bus, &dev), OK);
    ck_assert_int_eq(bus_read(&bus, 0x1008, 4, &value), OK);
    ck_assert_uint_eq(value, 0x55667788);
    ck_assert_uint_eq(seen.offset, 8);
    ck_assert_uint_eq(seen.width, 4);
    ck_assert_int_eq(bus_read(&bus, 0x1008, 8, &value), OK);
    ck_assert_uint_eq(value, UINT64_C(0x1122334455667788));
    ck_assert_int_eq(bus_write(&bus, 0x1004, 4, UINT64_MAX), OK);
    ck_assert_uint_eq(seen.value, UINT32_MAX);
}
END_TEST

START_TEST(test_bus_access_nobody_answers_is_refused)
{
    /* Holes, ends, misaligned and unknown widths: an error, and no device sees the access. */
    struct seen seen = {0};
    struct dev_ctx dev = {.model = &words, .state = &seen, .gpa = 0x1000};
    struct dev_ctx odd = {.model = &bytes, .state = &seen, .gpa = 0x2000};
    struct dev_ctx top = {.model = &words, .state = &seen, .gpa = UINT64_MAX - 15};
    struct bus bus = {0};
    uint64_t value = 42;

    ck_assert_int_eq(bus_read(&bus, 0x1000, 4, &value), ERR_RANGE);
    ck_assert_int_eq(bus_add(&bus, &odd), OK);
    ck_assert_int_eq(bus_add(&bus, &top), OK);
    ck_assert_int_eq(bus_add(&bus, &dev), OK);
    ck_assert_int_eq(bus_read(&bus, 0xffc, 4, &value), ERR_RANGE);
    ck_assert_int_eq(bus_read(&bus, 0x1010, 4, &value), ERR_RANGE);
    ck_assert_int_eq(bus_read(&bus, 0x1ffc, 8, &value), ERR_RANGE);
    ck_assert_int_eq(bus_read(&bus, 0x2004, 4, &value), ERR_RANGE); /* reaches over the end */
    ck_assert_int_eq(bus_read(&bus, 0, 8, &value), ERR_RANGE);
    ck_assert_int_eq(bus_read(&bus, 0x1002, 4, &value), ERR_ALIGN);
    ck_assert_int_eq(bus_write(&bus, 0x1001, 8, 0), ERR_ALIGN);
    ck_assert_int_eq(bus_read(&bus, 0x1000, 1, &value), ERR_NOT_SUPPORTED);
    ck_assert_int_eq(bus_write(&bus, 0x1000, 2, 0), ERR_NOT_SUPPORTED);
    ck_assert_uint_eq(value, 42);
    ck_assert_uint_eq(seen.count, 0);
    ck_assert_int_eq(bus_read(&bus, UINT64_MAX - 7, 8, &value), OK);
    ck_assert_int_eq(bus_read(&bus, UINT64_MAX - 3, 8, &value), ERR_RANGE);
}
END_TEST

START_TEST(test_bus_add_overlap_or_wrapping_is_refused)
{
    /* A device whose region overlaps another's is refused. */
    struct dev_ctx dev = {.model = &words, .gpa = 0x1000}, low = {.model = &words, .gpa = 0xff1};
    struct dev_ctx high = {.model = &words, .gpa = 0x100f}, next = {.model = &words, .gpa = 0x1010};
    struct dev_ctx wrap = {.model = &words, .gpa = UINT64_MAX - 14};
    struct bus bus = {0};

    ck_assert_int_eq(bus_add(&bus, &dev), OK);
    ck_assert_int_eq(bus_add(&bus, &dev), ERR_EXISTS);
    ck_assert_int_eq(bus_add(&bus, &low), ERR_EXISTS);
    ck_assert_int_eq(bus_add(&bus, &high), ERR_EXISTS);
    ck_assert_int_eq(bus_add(&bus, &next), OK);
    ck_assert_int_eq(bus_add(&bus, &wrap), ERR_RANGE);
}
END_TEST

START_TEST(test_bus_add_device_without_registers_takes_no_address)
{
    /* A device with region_bytes 0 is accepted anywhere, even over another, and never reached. */
    struct seen seen = {0};
    struct dev_ctx dev = {.model = &words, .state = &seen, .gpa = 0x1000};
    struct dev_ctx without = {.model = &nothing, .gpa = 0x1000}, low = {.model = &nothing};
    struct bus bus = {0};
    uint64_t value;

    ck_assert_int_eq(bus_add(&bus, &without), OK);
    ck_assert_int_eq(bus_add(&bus, &dev), OK);
    ck_assert_int_eq(bus_add(&bus, &low), OK);
    ck_assert_uint_eq(bus.region_count, 1);
    ck_assert_int_eq(bus_read(&bus, 0x1000, 4, &value), OK);
    ck_assert_uint_eq(seen.count, 1);
    ck_assert_int_eq(bus_read(&bus, 0, 4, &value), ERR_RANGE);
}
END_TEST

START_TEST(test_bus_add_full_table_is_refused)
{
    /* A full table refuses a device; devices added in any order are found. */
    struct seen seen[BUS_REGIONS_MAX + 1] = {0};
    struct dev_ctx dev[BUS_REGIONS_MAX + 1];
    struct bus bus = {0};
    uint64_t value;

    for (uint32_t i = 0; i <= BUS_REGIONS_MAX; i++) {
        uint32_t place = i * 13 % 37;
        dev[i] = (struct dev_ctx){.model = &words, .state = &seen[i], .gpa = 0x1000u * place};
        ck_assert_int_eq(bus_add(&bus, &dev[i]), i < BUS_REGIONS_MAX ? OK : ERR_NO_SLOT);
    }
    for (uint32_t i = 0; i < BUS_REGIONS_MAX; i++) {
        ck_assert_int_eq(bus_read(&bus, dev[i].gpa, 4, &value), OK);
        ck_assert_uint_eq(seen[i].count, 1);
    }
}
END_TEST

TCase *bus_tcase(void)
{
    TCase *tcase = tcase_create("bus");
    tcase_add_test(tcase, test_bus_repeated_registers_answer_at_each_place);
    tcase_add_test(tcase, test_bus_device_takes_exactly_one_place);
    tcase_add_test(tcase, test_bus_read_reaches_the_device_with_offset_and_width);
    tcase_add_test(tcase, test_bus_access_nobody_answers_is_refused);
    tcase_add_test(tcase, test_bus_add_overlap_or_wrapping_is_refused);
    tcase_add_test(tcase, test_bus_add_device_without_registers_takes_no_address);
    tcase_add_test(tcase, test_bus_add_full_table_is_refused);
    return tcase;
}
