/* SPDX-License-Identifier: BSD-2-Clause */
/* The effects of a HAL on a vCPU's registers, as lines that can be compared. */
#ifndef TEST_HAL_REGISTERS_H
#define TEST_HAL_REGISTERS_H

#include <stdint.h>

/* Prints one answer: the question, the register, the value, and the result. */
typedef void registers_line(const char *what, uint64_t about, uint64_t value, uint64_t answer);

/* Asks a HAL that is set up all questions.  No vCPU is loaded before or afterwards. */
void registers_show(registers_line *line);

#endif
