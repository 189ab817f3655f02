/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A model of the part of the kernel that plans use: slots, Untypeds handed out
 * from the bottom, CNodes, mappings.  model_run() carries a plan out and fails
 * the test at the first step that the kernel would refuse.
 */
#ifndef TEST_ROOTSERVER_MODEL_H
#define TEST_ROOTSERVER_MODEL_H

#include <rootserver/plan/plan.h>
#include <rt/calls.h>

#define MODEL_SLOTS    (1u << BOOT_CNODE_SLOT_BITS)
#define MODEL_MAPPINGS 60000u

struct model_object {
    uint8_t type; /* enum obj_type */
    uint8_t bits;
    bool is_device;
    bool is_running, is_bound;
    uint64_t address; /* physical */
    uint64_t used;    /* Untyped: bytes; CNode: unused */
    uint8_t *taken;   /* CNode: one byte a slot */
    uint32_t first;   /* space: newest mapping, index + 1 */
    uint64_t recover_start, recover_bytes, recover_exit; /* VSpace */
};

struct model_cap {
    uint32_t object; /* index + 1; 0: empty */
    uint8_t rights;
    uint64_t badge;
    bool is_mapped;
};

struct model_mapping {
    uint32_t space; /* object index */
    uint64_t address, bytes, physical;
    uint8_t rights;
    uint32_t next; /* of the same space: index + 1 */
};

struct model {
    const struct plan_input *in;
    struct model_cap cap[MODEL_SLOTS];
    struct model_object *object;
    unsigned object_count;
    struct model_mapping *mapping;
    unsigned mapping_count;
};

void model_make(struct model *m, const struct plan_input *in);
void model_run(struct model *m, const struct plan *plan);
void model_free(struct model *m);

/* The mapping of a space at an address; NULL: none. */
const struct model_mapping *model_mapped(const struct model *m, uint32_t space, uint64_t address);

/* The object in a root slot. */
struct model_object *model_at(struct model *m, uint32_t slot);
uint32_t model_index(const struct model *m, uint32_t slot);

#endif
