/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TEST_UNIT_EMUL_SUITES_H
#define TEST_UNIT_EMUL_SUITES_H

#include <check.h>

/* test_emul_refused.c */
TCase *emul_refused_tcase(void);

#endif
