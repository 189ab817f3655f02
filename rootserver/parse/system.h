/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns the compiled configuration (docs/configuration.md, "The compiled form")
 * into plain structs.  The blob is hostile: the structs obey every limit of that
 * page, and a guest or service that breaks a limit is marked with the reason.
 */
#ifndef ROOTSERVER_PARSE_SYSTEM_H
#define ROOTSERVER_PARSE_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/err.h>
#include <base/limits.h>
#include <rootserver/parse/problem.h>

#define SYSTEM_SERVICES_MAX    8
#define SYSTEM_PATH_BYTES      256
#define SYSTEM_MEMORY_MIN      (UINT64_C(16) << 20)
#define SYSTEM_MEMORY_MAX      (UINT64_C(1) << 37)
#define SYSTEM_MEMORY_MULTIPLE (UINT64_C(2) << 20)
#define SYSTEM_SATP_SV39       8

struct system_guest {
    char name[NAME_BYTES];
    char vmm[SYSTEM_PATH_BYTES];
    char kernel[SYSTEM_PATH_BYTES];
    char initrd[SYSTEM_PATH_BYTES]; /* empty when there is none */
    char bootargs[GUEST_BOOTARGS_BYTES];
    uint64_t memory_bytes;
    uint32_t satp_mode; /* the largest MODE of satp the guest may use: SYSTEM_SATP_SV39 and up */
    bool is_bad;
    struct problem problem; /* why, when is_bad */
};

struct system_service {
    char name[NAME_BYTES];
    char program[SYSTEM_PATH_BYTES];
    bool is_bad;
    struct problem problem;
};

struct system_config {
    char name[NAME_BYTES];
    unsigned guest_count;
    unsigned service_count;
    struct system_guest guest[GUESTS_MAX]; /* by index */
    struct system_service service[SYSTEM_SERVICES_MAX];
};

/*
 * Reads the blob.  On failure the contents of *out are undefined and *problem gives the reason.
 *   ERR_FORMAT         no device-tree blob, truncated, or a required property is missing or bad
 *   ERR_NOT_SUPPORTED  another kind of configuration
 *   ERR_RANGE          no guest, or more than GUESTS_MAX or SYSTEM_SERVICES_MAX
 */
MUST_CHECK system_parse(const void *blob, size_t bytes, struct system_config *out,
                        struct problem *problem);

#endif
