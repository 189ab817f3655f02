/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TEST_UNIT_CONSOLE_SUITES_H
#define TEST_UNIT_CONSOLE_SUITES_H

#include <check.h>

Suite *filter_suite(void);
Suite *mux_suite(void);
Suite *uart_suite(void);
TCase *service_tcase(void);
TCase *lines_tcase(void);
TCase *sleep_tcase(void);
TCase *new_life_tcase(void);

#endif
