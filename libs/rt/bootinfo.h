/* SPDX-License-Identifier: BSD-2-Clause */
/* The boot information that the kernel gives to the first process: plain data, no calls. */
#ifndef RT_BOOTINFO_H
#define RT_BOOTINFO_H

#include <abi/bootinfo.h>

#endif
