/* SPDX-License-Identifier: BSD-2-Clause */
/* A bus that records its last access, FP registers, and helpers that make exits. */
#ifndef TEST_UNIT_EMUL_FAKE_H
#define TEST_UNIT_EMUL_FAKE_H

#include <check.h>
#include <string.h>

#include <vmm/vcpu/emul.h>

enum {
    PAGE = 0x10000000, /* guest physical and virtual page of the device */
};

struct fake {
    /* The answer of the bus. */
    enum err bus_err;
    uint64_t read_value;
    enum err fp_err;
    /* The requests to the bus. */
    unsigned read_count, write_count, fp_count;
    uint64_t gpa, written;
    unsigned width_bytes;
    uint64_t x[32], f[32];
};

static enum err fake_read(void *ctx, uint64_t gpa, unsigned width_bytes, uint64_t *value)
{
    struct fake *fake = ctx;

    fake->read_count++;
    fake->gpa = gpa;
    fake->width_bytes = width_bytes;
    if (fake->bus_err == OK)
        *value = fake->read_value;
    return fake->bus_err;
}

static enum err fake_write(void *ctx, uint64_t gpa, unsigned width_bytes, uint64_t value)
{
    struct fake *fake = ctx;

    fake->write_count++;
    fake->gpa = gpa;
    fake->width_bytes = width_bytes;
    fake->written = value;
    return fake->bus_err;
}

static enum err fake_read_fp(void *ctx, unsigned reg, uint64_t *value)
{
    struct fake *fake = ctx;

    ck_assert_uint_lt(reg, 32);
    fake->fp_count++;
    if (fake->fp_err == OK)
        *value = fake->f[reg];
    return fake->fp_err;
}

/* Registers hold their number in every byte; a1 (x11) points at the device. */
static inline struct fake fake_new(void)
{
    struct fake fake = {.read_value = UINT64_C(0x8182838485868788)};

    for (unsigned i = 0; i < 32; i++) {
        fake.x[i] = i * UINT64_C(0x0101010101010101);
        fake.f[i] = ~fake.x[i];
    }
    fake.x[11] = PAGE;
    return fake;
}

static inline enum err fake_run(struct fake *fake, const struct emul_fault *fault,
                                struct emul_outcome *out)
{
    const struct emul_regs regs = {.x = fake->x, .ctx = fake, .read_fp = fake_read_fp};
    const struct emul_bus bus = {.ctx = fake, .read = fake_read, .write = fake_write};

    return emul_access(fault, &regs, &bus, out);
}

/* An exit with the instruction fetched, as where htinst is always 0. */
static inline struct emul_fault fault_fetched(uint64_t cause, uint32_t insn, uint64_t offset)
{
    return (struct emul_fault){
        .cause = cause,
        .gva = PAGE + offset,
        .gpa = PAGE + offset,
        .insn = insn,
        .is_insn_valid = true,
    };
}

/* An exit with the transformed instruction in htinst. */
static inline struct emul_fault fault_transformed(uint64_t cause, uint32_t htinst, uint64_t offset)
{
    return (struct emul_fault){
        .cause = cause,
        .gva = 0xffffffc000000000u + offset,
        .gpa = PAGE + offset,
        .htinst = htinst,
    };
}

/* The access is refused with `cause`, and no device has seen it. */
static inline void assert_trap_unseen(struct fake *fake, const struct emul_fault *fault,
                                      uint64_t cause)
{
    struct emul_outcome out;

    memset(&out, 0x5a, sizeof out);
    ck_assert_int_eq(fake_run(fake, fault, &out), OK);
    ck_assert_int_eq(out.kind, EMUL_TRAP);
    ck_assert_uint_eq(out.cause, cause);
    ck_assert_uint_eq(out.tval, fault->gva);
    ck_assert(!out.has_reg);
    ck_assert_uint_eq(out.pc_delta_bytes, 0);
    ck_assert_uint_eq(fake->read_count + fake->write_count, 0);
}

/* An error comes back, the outcome is untouched. */
static inline void assert_error(struct fake *fake, const struct emul_fault *fault, enum err want)
{
    struct emul_outcome out, before;

    memset(&out, 0x5a, sizeof out);
    before = out;
    ck_assert_int_eq(fake_run(fake, fault, &out), want);
    ck_assert_mem_eq(&out, &before, sizeof out);
}

#endif
