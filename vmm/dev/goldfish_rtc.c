/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The real-time clock of the "goldfish" virtual platform, as on QEMU's `virt`.  After a reset it
 * has the wall clock's time and no alarm.  Registers of 32 bits; time is in nanoseconds since 1970.
 *
 *   0x00 TIME_LOW    read latches TIME_HIGH    0x10 IRQ_ENABLED
 *   0x04 TIME_HIGH                             0x14 CLEAR_ALARM      write only
 *   0x08 ALARM_LOW   write arms the alarm      0x18 ALARM_STATUS     1 while armed
 *   0x0c ALARM_HIGH                            0x1c CLEAR_INTERRUPT  write only
 */
#include <vmm/board/dev.h>

#define TIME_LOW        0x00u
#define TIME_HIGH       0x04u
#define ALARM_LOW       0x08u
#define ALARM_HIGH      0x0cu
#define IRQ_ENABLED     0x10u
#define CLEAR_ALARM     0x14u
#define ALARM_STATUS    0x18u
#define CLEAR_INTERRUPT 0x1cu

#define REGION_BYTES    0x24u
#define NODE_BYTES      0x1000u

#define LOW_HALF        UINT64_C(0xffffffff)

struct rtc_state {
    uint64_t offset_ns; /* guest's time minus the host's wall clock, modulo 2^64 */
    uint64_t alarm_ns;  /* in the guest's time */
    uint32_t time_high; /* latched by a read of TIME_LOW */
    uint32_t is_armed;
    uint32_t is_irq_enabled;
    uint32_t is_irq_pending;
};

static uint64_t rtc_guest_now(const struct dev_ctx *dev)
{
    const struct rtc_state *rtc = dev->state;
    return dev->host->wall_ns(dev->host->opaque) + rtc->offset_ns;
}

static void rtc_irq_update(const struct dev_ctx *dev)
{
    const struct rtc_state *rtc = dev->state;
    dev_irq(dev, rtc->is_irq_enabled && rtc->is_irq_pending);
}

/* The caller has called dev_set() for the whole state. */
static void rtc_alarm_check(const struct dev_ctx *dev)
{
    struct rtc_state *rtc = dev->state;
    if (rtc->is_armed && rtc->alarm_ns <= rtc_guest_now(dev)) {
        rtc->is_armed = 0;
        rtc->is_irq_pending = 1;
    }
}

static uint64_t rtc_read(const struct dev_ctx *dev, uint64_t offset, uint32_t width)
{
    struct rtc_state *rtc = dev->state;
    (void)width;

    switch (offset) {
    case TIME_LOW: {
        uint64_t now = rtc_guest_now(dev);
        dev_set(dev, &rtc->time_high, sizeof rtc->time_high);
        rtc->time_high = (uint32_t)(now >> 32);
        return now & LOW_HALF;
    }
    case TIME_HIGH:
        return rtc->time_high;
    case ALARM_LOW:
        return rtc->alarm_ns & LOW_HALF;
    case ALARM_HIGH:
        return rtc->alarm_ns >> 32;
    case IRQ_ENABLED:
        return rtc->is_irq_enabled;
    case ALARM_STATUS:
        return rtc->is_armed;
    default:
        return 0;
    }
}

static void rtc_write(const struct dev_ctx *dev, uint64_t offset, uint32_t width, uint64_t value)
{
    struct rtc_state *rtc = dev->state;
    uint64_t now = rtc_guest_now(dev);
    (void)width;

    dev_set(dev, rtc, sizeof *rtc);
    dev_is_due(dev); /* the deadline may have changed */
    switch (offset) {
    case TIME_LOW:
        rtc->offset_ns += ((now & ~LOW_HALF) | value) - now;
        break;
    case TIME_HIGH:
        rtc->offset_ns += ((now & LOW_HALF) | value << 32) - now;
        break;
    case ALARM_LOW:
        rtc->alarm_ns = (rtc->alarm_ns & ~LOW_HALF) | value;
        rtc->is_armed = 1;
        break;
    case ALARM_HIGH:
        rtc->alarm_ns = (rtc->alarm_ns & LOW_HALF) | value << 32;
        break;
    case IRQ_ENABLED:
        rtc->is_irq_enabled = value & 1;
        break;
    case CLEAR_ALARM:
        rtc->is_armed = 0;
        break;
    case CLEAR_INTERRUPT:
        rtc->is_irq_pending = 0;
        break;
    default:
        break;
    }
    rtc_alarm_check(dev);
    rtc_irq_update(dev);
}

static void rtc_notify(const struct dev_ctx *dev)
{
    struct rtc_state *rtc = dev->state;

    if (!rtc->is_armed || rtc->alarm_ns > rtc_guest_now(dev))
        return;
    log_begin(dev->log);
    dev_set(dev, rtc, sizeof *rtc);
    dev_is_due(dev);
    rtc_alarm_check(dev);
    rtc_irq_update(dev);
    log_commit(dev->log);
}

static uint64_t rtc_deadline_ns(const struct dev_ctx *dev)
{
    const struct rtc_state *rtc = dev->state;
    uint64_t deadline_ns;

    if (!rtc->is_armed)
        return DEV_NO_DEADLINE;
    uint64_t now = rtc_guest_now(dev), left = rtc->alarm_ns > now ? rtc->alarm_ns - now : 0;
    if (__builtin_add_overflow(now - rtc->offset_ns, left, &deadline_ns))
        return DEV_NO_DEADLINE; /* the alarm is beyond the range of the wall clock */
    return deadline_ns;
}

const struct dev_model goldfish_rtc_model = {
    .name = "goldfish-rtc",
    .presence = DEV_BY_DEFAULT,
    .state = {.version = 1, .bytes = sizeof(struct rtc_state)},
    .gpa = 0x101000,
    .irq = 11,
    .region_bytes = REGION_BYTES,
    .widths = DEV_WIDTH_4,
    .read = rtc_read,
    .write = rtc_write,
    .notify = rtc_notify,
    .deadline_ns = rtc_deadline_ns,
    .node = "rtc",
    .compatible = {"google,goldfish-rtc"},
    .node_bytes = NODE_BYTES,
};
