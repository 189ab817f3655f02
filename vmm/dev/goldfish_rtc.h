/* SPDX-License-Identifier: BSD-2-Clause */
/* The real-time clock of the "goldfish" virtual platform, as on QEMU virt. */
#ifndef VMM_DEV_GOLDFISH_RTC_H
#define VMM_DEV_GOLDFISH_RTC_H

#include <vmm/board/dev.h>

extern const struct dev_model goldfish_rtc_model;

#endif
