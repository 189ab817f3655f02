/* SPDX-License-Identifier: BSD-2-Clause */
/* libfdt includes it, and the part of libfdt that the kernel links uses nothing of it. */
#ifndef FREESTANDING_STDLIB_H
#define FREESTANDING_STDLIB_H

#include <stddef.h>

#endif
