/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TEST_UNIT_SERVICE_SUITES_H
#define TEST_UNIT_SERVICE_SUITES_H

#include <check.h>

Suite *call_suite(void);
Suite *protocol_suite(void);
Suite *request_suite(void);
Suite *restart_suite(void);

#endif
