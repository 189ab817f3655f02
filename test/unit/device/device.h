/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TEST_UNIT_DEVICE_DEVICE_H
#define TEST_UNIT_DEVICE_DEVICE_H

#include <check.h>

/* The tests of one device: test_NAME.c defines this function. */
TCase *device_tcase(void);

#endif
