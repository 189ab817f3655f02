/* SPDX-License-Identifier: BSD-2-Clause */
/* The clock (goldfish RTC) and the PLIC of the machine, as guests of one hart use them. */
#ifndef TEST_GUEST_DEVICES_H
#define TEST_GUEST_DEVICES_H

#include "guest.h"

#define RTC_TIME_LOW        UINT64_C(0x101000)
#define RTC_TIME_HIGH       UINT64_C(0x101004)
#define RTC_ALARM_LOW       UINT64_C(0x101008)
#define RTC_ALARM_HIGH      UINT64_C(0x10100c)
#define RTC_IRQ_ENABLED     UINT64_C(0x101010)
#define RTC_ALARM_STATUS    UINT64_C(0x101018)
#define RTC_CLEAR_INTERRUPT UINT64_C(0x10101c)

#define UART_SOURCE 10u
#define RTC_SOURCE  11u

#define PLIC_PRIORITY(source) (UINT64_C(0xc000000) + 4 * (source))
#define PLIC_ENABLE           UINT64_C(0xc002080) /* context 1: hart 0, S mode */
#define PLIC_THRESHOLD        UINT64_C(0xc201000)
#define PLIC_CLAIM            UINT64_C(0xc201004)

/* Nanoseconds. */
static inline uint64_t rtc_now(void)
{
    uint64_t low = read32(RTC_TIME_LOW);

    return (uint64_t)read32(RTC_TIME_HIGH) << 32 | low;
}

static inline void rtc_alarm_set(uint64_t at_ns)
{
    write32(RTC_ALARM_HIGH, (uint32_t)(at_ns >> 32));
    write32(RTC_ALARM_LOW, (uint32_t)at_ns);
}

#endif
