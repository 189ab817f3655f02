/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TEST_UNIT_DEVICE_DEVICE_H
#define TEST_UNIT_DEVICE_DEVICE_H

#include <check.h>
#include <test/fakes/vmm_fake.h>

/* The tests of one device: test_NAME.c defines this function. */
TCase *device_tcase(void);

/* The first register of the device under test, and the width of an access in bytes.  A test file
 * that uses reg_get(), reg_put() or reg_expect() defines this constant. */
extern const struct device_regs {
    uint64_t gpa;
    uint32_t width;
} device_regs;

static inline uint64_t reg_get(struct vmm_fake *fake, uint64_t offset)
{
    return fake_get(fake, device_regs.gpa + offset, device_regs.width);
}

static inline void reg_put(struct vmm_fake *fake, uint64_t offset, uint64_t value)
{
    fake_put(fake, device_regs.gpa + offset, device_regs.width, value);
}

/* Reads the register and fails if it has another value.  A macro, so that a failure names the line
 * of the test. */
#define reg_expect(fake, offset, value) ck_assert_uint_eq(reg_get(fake, offset), value)

/* The first hart's registers of the interrupt controller, as in docs/devices/platform.md. */
#define IRQ_CLAIM UINT64_C(0xc201004)

/* Lets `source`, which is below 32, interrupt the first hart. */
static inline void irq_enable(struct vmm_fake *fake, uint32_t source)
{
    fake_put(fake, UINT64_C(0xc000000) + 4 * source, 4, 1);
    fake_put(fake, UINT64_C(0xc002080), 4, UINT32_C(1) << source);
}

static inline uint32_t irq_claim(struct vmm_fake *fake)
{
    return (uint32_t)fake_get(fake, IRQ_CLAIM, 4);
}

static inline void irq_complete(struct vmm_fake *fake, uint32_t source)
{
    fake_put(fake, IRQ_CLAIM, 4, source);
}

#endif
