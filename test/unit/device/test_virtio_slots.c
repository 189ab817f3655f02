/* SPDX-License-Identifier: BSD-2-Clause */
#include "device.h"

#define SLOT(n) (UINT64_C(0x10001000) + UINT64_C(0x1000) * (n))

/* The answers of QEMU 10.0 at an empty slot by default, for each width; others read 0. */
static const struct {
    uint32_t offset, width;
    uint64_t value;
} answer[] = {
    {0, 1, 0x76},        {0, 2, 0x6976}, {0, 4, 0x74726976}, {0, 8, UINT64_C(0x174726976)},
    {4, 1, 1},           {4, 4, 1},      {8, 4, 0},          {8, 8, UINT64_C(0x554d455100000000)},
    {12, 4, 0x554d4551},
};

START_TEST(test_virtio_slots_answer_as_an_empty_place_of_qemu)
{
    /* Each of the eight slots has magic, version 1, device id 0, QEMU's vendor; the rest is 0. */
    struct vmm_fake *fake = fake_new(1);

    for (uint64_t slot = 0; slot < DEV_SLOTS; slot++) {
        for (size_t i = 0; i < sizeof answer / sizeof answer[0]; i++)
            ck_assert_uint_eq(fake_get(fake, SLOT(slot) + answer[i].offset, answer[i].width),
                              answer[i].value);
        for (uint64_t offset = 0x10; offset < 0x200; offset += 8)
            ck_assert_uint_eq(fake_get(fake, SLOT(slot) + offset, 8), 0);
    }
    fake_free(fake);
}
END_TEST

START_TEST(test_virtio_slots_stores_change_nothing)
{
    /* Every register accepts a store and keeps its value. */
    struct vmm_fake *fake = fake_new(1);

    for (uint64_t offset = 0; offset < 0x200; offset += 4) {
        uint64_t before = fake_get(fake, SLOT(3) + offset, 4);
        fake_put(fake, SLOT(3) + offset, 4, UINT32_MAX);
        ck_assert_uint_eq(fake_get(fake, SLOT(3) + offset, 4), before);
    }
    fake_free(fake);
}
END_TEST

START_TEST(test_virtio_slots_end_after_their_registers)
{
    /* Between the registers of two slots, and after the last, there is no device. */
    struct vmm_fake *fake = fake_new(1);
    uint64_t value;

    for (uint64_t slot = 0; slot < DEV_SLOTS; slot++)
        for (uint32_t width = 1; width <= 8; width *= 2) {
            ck_assert_int_eq(fake_read(fake, SLOT(slot) + 0x200, width, &value), ERR_RANGE);
            ck_assert_int_eq(fake_write(fake, SLOT(slot + 1) - width, width, 0), ERR_RANGE);
        }
    ck_assert_int_eq(fake_read(fake, SLOT(DEV_SLOTS), 4, &value), ERR_RANGE);
    ck_assert_int_eq(fake_read(fake, SLOT(0) - 4, 4, &value), ERR_RANGE);
    fake_free(fake);
}
END_TEST

TCase *device_tcase(void)
{
    TCase *tcase = tcase_create("virtio-slots");
    tcase_add_test(tcase, test_virtio_slots_answer_as_an_empty_place_of_qemu);
    tcase_add_test(tcase, test_virtio_slots_stores_change_nothing);
    tcase_add_test(tcase, test_virtio_slots_end_after_their_registers);
    return tcase;
}
