/* SPDX-License-Identifier: BSD-2-Clause */
/* Short messages on the firmware's console, for start-up and panics. */
#ifndef KERNEL_PRINT_H
#define KERNEL_PRINT_H

#include <stdint.h>

void print_text(const char *text);
void print_decimal(uint64_t value);
void print_hex(uint64_t value); /* with 0x and without leading zeroes */

#endif
