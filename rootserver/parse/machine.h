/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads from the machine's device tree (Devicetree Specification 0.4) what the
 * root server and its services need: the console's UART, the device that ends
 * the machine, the RTC, and firmware's entropy.  A device that is missing or
 * unusable has `is_there` false.
 */
#ifndef ROOTSERVER_PARSE_MACHINE_H
#define ROOTSERVER_PARSE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/err.h>
#include <base/limits.h>
#include <rootserver/parse/problem.h>
#include <rootserver/parse/trace.h>

#define MACHINE_SEED_BYTES 64

/* One device: its first register range and its first interrupt source. */
struct machine_device {
    bool is_there;
    uint64_t address; /* physical bytes */
    uint64_t bytes;
    uint32_t irq; /* 0 for none */
};

struct machine_config {
    struct machine_device uart; /* ns16550a: the one of /chosen stdout-path, else the first */
    uint32_t uart_reg_shift;
    uint32_t uart_io_width;           /* 1 or 4 */
    struct machine_device finisher;   /* sifive,test0 */
    struct machine_device rtc;        /* google,goldfish-rtc */
    uint8_t seed[MACHINE_SEED_BYTES]; /* /chosen rng-seed */
    size_t seed_bytes;
    struct trace_request trace;   /* of /chosen bootargs */
    struct problem trace_problem; /* why a requested trace is impossible; else empty */
    char isa[ISA_TEXT_BYTES]; /* riscv,isa of all harts; empty if they differ or it is too long */
};

/* ERR_FORMAT: not a device-tree blob; *out is then untouched. */
MUST_CHECK machine_parse(const void *blob, size_t bytes, struct machine_config *out);

#endif
