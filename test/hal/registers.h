/* SPDX-License-Identifier: BSD-2-Clause */
/* What a HAL makes of a vCPU's registers, as lines that can be compared. */
#ifndef TEST_HAL_REGISTERS_H
#define TEST_HAL_REGISTERS_H

#include <stdint.h>

/* Prints one answer: what was asked, of which register, with which value, and what came. */
typedef void registers_line(const char *what, uint64_t about, uint64_t value, uint64_t answer);

/* Asks the HAL, which is set up, everything.  No vCPU is loaded before or afterwards. */
void registers_show(registers_line *line);

#endif
