/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel leaves for the first process: plain data, no calls. */
#ifndef RT_BOOTINFO_H
#define RT_BOOTINFO_H

#include <abi/bootinfo.h>

#endif
