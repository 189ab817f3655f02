/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads from the machine's device tree (Devicetree Specification 0.4) what the
 * root server needs: the device that ends the machine, the RTC, and firmware's
 * entropy; and finds devices for services.  A device that is missing or unusable
 * has `is_there` false.
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

#define MACHINE_IRQS_MAX   7 /* of one device that are read */

/* One device: its first register range and its interrupt sources. */
struct machine_device {
    bool is_there;
    uint64_t address; /* physical bytes */
    uint64_t bytes;
    unsigned irq_count;
    uint32_t irq[MACHINE_IRQS_MAX]; /* never 0 */
    int node;                       /* in the tree */
};

struct machine_config {
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

/* Which devices fit. */
struct machine_match {
    const char *const *compatible; /* strings of which a device's "compatible" has at least one */
    unsigned count;
    bool prefers_stdout; /* the device that /chosen stdout-path names comes first, if it fits */
};

/*
 * Finds the device with number `index` of those that fit, are enabled and have usable registers, in
 * the tree's order.  `blob` is a tree that machine_parse() accepted.
 *   ERR_NOT_FOUND  there are not so many
 */
MUST_CHECK machine_device_find(const void *blob, const struct machine_match *match, unsigned index,
                               struct machine_device *out);

/* A property of one cell.  ERR_NOT_FOUND: the device does not have it, or it has another size. */
MUST_CHECK machine_device_number(const void *blob, const struct machine_device *device,
                                 const char *property, uint32_t *out);

#endif
