/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TEST_UNIT_VMM_SUITES_H
#define TEST_UNIT_VMM_SUITES_H

#include <check.h>

TCase *arena_tcase(void);
TCase *board_tcase(void);
TCase *bus_tcase(void);
TCase *memory_tcase(void);
TCase *image_tcase(void);
TCase *sbi_tcase(void);
TCase *sbi_dbcn_tcase(void);
TCase *sbi_legacy_tcase(void);
TCase *exit_tcase(void);
TCase *log_cuts_tcase(void);
TCase *lives_tcase(void);
TCase *takeover_tcase(void);
TCase *loop_tcase(void);
TCase *recovery_tcase(void);
TCase *stream_ring_tcase(void);
TCase *record_tcase(void);

#endif
