/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest's machine for harnesses: made once, then reset to its state after boot per input. */
#ifndef TEST_FUZZERS_GUEST_H
#define TEST_FUZZERS_GUEST_H

#include <test/fakes/vmm_fake.h>

#include "fuzz.h"

struct guest_access {
    bool is_write;
    uint32_t width;
    uint64_t gpa, value;
};

/* `harts` is 1 to GUEST_HARTS_MAX. */
struct vmm_fake *guest_fresh(uint32_t harts);

/*
 * One bus access, with the undo log as an oracle.  The access is made in a transaction that is
 * rolled back, after which every byte of the arena must be as before; then the access is made
 * again and committed, with the same result.
 */
enum err guest_do(struct vmm_fake *fake, struct guest_access *access);

#endif
