/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TEST_MODEL_SUITES_H
#define TEST_MODEL_SUITES_H

#include <check.h>

Suite *suite_many(void);
Suite *suite_random(void);
Suite *suite_preempt(void);

#endif
