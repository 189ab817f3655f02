/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A model of the part of the kernel that plans use: slots, Untypeds handed out
 * from the bottom, CNodes, mappings, revoke and delete.  It carries parts of a plan out as exec/
 * does, and fails the test at the first step that the kernel would refuse.
 */
#ifndef TEST_ROOTSERVER_MODEL_H
#define TEST_ROOTSERVER_MODEL_H

#include <rootserver/plan/plan.h>
#include <check.h>
#include <rt/calls.h>

#define MODEL_SLOTS    (1u << BOOT_CNODE_SLOT_BITS)
#define MODEL_MAPPINGS 60000u

/* As ck_assert(), which writes to a file each time. */
#define model_require(claim)                                                                       \
    do {                                                                                           \
        if (!(claim))                                                                              \
            ck_abort_msg("%s", #claim);                                                            \
    } while (0)

struct model_cap;

struct model_object {
    uint8_t type; /* enum obj_type; 0: destroyed */
    uint8_t bits;
    bool is_device;
    bool is_running;
    uint32_t bound;          /* Thread: its Notification; Notification: its Thread; index + 1 */
    uint64_t address;        /* physical */
    uint64_t used;           /* Untyped: bytes */
    uint32_t parent;         /* Untyped that the object is made from, index + 1 */
    uint32_t children;       /* Untyped: objects that are left */
    struct model_cap *cap;   /* CNode: its slots */
    struct model_cap *first; /* of the capabilities of this object */
};

struct model_cap {
    uint32_t object; /* index + 1; 0: empty */
    uint8_t rights;
    bool is_original; /* its deletion destroys the object */
    uint64_t badge;
    uint32_t mapping;              /* index + 1; 0: not mapped */
    struct model_cap *next, *last; /* of the same object */
};

struct model_mapping {
    uint32_t space; /* object index + 1 */
    uint64_t address, bytes, physical;
    uint8_t rights;
    struct model_cap *cap;
};

struct model {
    const struct plan_input *in;
    struct model_object *object;
    unsigned object_count, free_object;
    uint32_t root; /* the root server's CNode: index */
    struct model_mapping *mapping;
    unsigned mapping_count;
    bool trusts_addresses; /* does not look for mappings that overlap: they take long to find */
};

void model_make(struct model *m, const struct plan_input *in);
void model_free(struct model *m);

/* Makes the queue's splits and joins. */
void model_queue(struct model *m, struct plan *plan);
/* Carries a part out, from its first action on; its state becomes MADE. */
void model_part(struct model *m, struct plan *plan, unsigned part);
/* The same, but only the first `actions` actions; the state becomes MAKING. */
void model_part_begin(struct model *m, struct plan *plan, unsigned part, unsigned actions);
/* As exec_clear() and exec_undo(). */
void model_clear(struct model *m, struct plan *plan, unsigned part);
void model_undo(struct model *m, struct plan *plan, unsigned part);

/* One retype, as the kernel carries it out. */
void model_retype(struct model *m, uint32_t untyped, unsigned type, unsigned bits, uint32_t slot,
                  unsigned count);

/* The mapping of a space at an address; NULL: none. */
const struct model_mapping *model_mapped(const struct model *m, uint32_t space, uint64_t address);

/* The capability in a root slot, and its object. */
struct model_cap *model_cap_at(struct model *m, uint32_t slot);
struct model_object *model_at(struct model *m, uint32_t slot);
uint32_t model_index(struct model *m, uint32_t slot);

/* How much there is, to compare before and after. */
unsigned model_objects(const struct model *m);
unsigned model_caps(struct model *m);
unsigned model_mappings(const struct model *m);

#endif
