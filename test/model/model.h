/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A model of the kernel's capabilities, as simple as possible: one array.
 *
 * The derivation forest is that array in preorder, each capability with its depth.  The
 * descendants of one are the deeper ones that directly follow it.  A new child goes right after
 * its parent; deleting a capability raises its descendants by one.  The model shares no code or
 * structure with the kernel's linked slots.
 */
#ifndef TEST_MODEL_MODEL_H
#define TEST_MODEL_MODEL_H

#include <abi/calls.h>
#include <base/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_CAPS    768u
#define MODEL_OBJECTS 256u

/* Holder of the harness's own slots; also "no object". */
#define MODEL_BOOT 0u
/* A dying object has a tombstone in the array: held by MODEL_BOOT at this index plus the object's
 * number, of type OBJ_NONE. */
#define MODEL_GRAVES 1024u
#define MODEL_IRQ_SOURCES 95u
#define NO_CAP     UINT32_MAX
#define MODEL_NOWHERE UINT64_MAX

struct model_cap {
    uint32_t group; /* the first root from which it descends */
    uint32_t depth;
    uint32_t holder, index; /* its slot: in a CNode, inside an object, or a boot slot */
    uint8_t type, rights, size_bits;
    bool is_device;
    uint32_t object;  /* the object it names; 0 for Untyped, Frame, IrqControl, Klog */
    uint64_t address; /* Untyped, Frame */
    uint64_t badge;
    uint64_t used; /* Untyped: bytes handed out */
    uint32_t mapped_in; /* Frame: the space, 0 none */
    uint64_t mapped_at;
    uint8_t mapped_rights;
};

enum model_life { MODEL_ABSENT, MODEL_ALIVE, MODEL_DYING };

struct model_object {
    uint8_t life; /* enum model_life */
    uint8_t type, size_bits;
    uint64_t address;
    uint32_t source;   /* Irq: bound source, 0 none */
    uint32_t thread;   /* VCpu: the thread bound to it, 0 none */
    uint32_t debtor;   /* dying: the thread that has to take it apart, 0 none */
    bool is_suspended; /* Thread, VCpu: seen in the kernel before each call */
    bool is_running;
    uint8_t priority;
    uint64_t recover_first, recover_end, recover_exit; /* VSpace; end 0: none */
};

/* Places of objects, as the kernel numbers them (asserted in world.c). */
enum model_place {
    PLACE_CNODE,
    PLACE_VSPACE,
    PLACE_FAULT,
    PLACE_NOTIFICATION,
    PLACE_VCPU_THREAD = 0,
    PLACE_VCPU_GSPACE = 1,
    PLACE_VCPU_PAGE = 2,
    PLACE_IRQ = 0,
};

struct model {
    uint32_t caller;     /* the thread that makes the call */
    bool is_caller_gone; /* its own call deleted or stopped it */
    uint32_t cap_count;
    struct model_cap cap[MODEL_CAPS];
    struct model_object object[MODEL_OBJECTS]; /* [0] is no object */
};

/* Copies the used part of a model. */
void model_copy(struct model *to, const struct model *from);

/* Position of the capability in a slot, or NO_CAP. */
uint32_t model_find(const struct model *model, uint32_t holder, uint32_t index);

/* Adds a root. */
void model_add_root(struct model *model, const struct model_cap *cap);
/* Adds a child; returns its position, which is `parent` + 1. */
uint32_t model_add_child(struct model *model, uint32_t parent, const struct model_cap *cap);

bool model_has_children(const struct model *model, uint32_t at);
static inline bool model_is_grave(const struct model_cap *cap)
{
    return cap->type == OBJ_NONE;
}

/* Deletes one capability; its object may begin to die. */
void model_delete(struct model *model, uint32_t at);

/* Takes a dying object apart completely, and removes its tombstone. */
void model_take_apart(struct model *model, uint32_t object);
/* Removes the tombstone of an object that has been taken apart. */
void model_unbury(struct model *model, uint32_t object);

/* Puts the tombstone of the table that holds capability `at` behind its other descendants, if it is
 * the first: a revoke takes that table apart last. */
void model_own_grave_last(struct model *model, uint32_t at);

/* Deletes all descendants, and takes the dead objects among them apart. */
void model_revoke(struct model *model, uint32_t at);

/* The caller takes its dead objects apart. */
void model_pay(struct model *model);

uint32_t model_add_object(struct model *model, enum obj_type type, uint8_t size_bits,
                          uint64_t address);

/* A child of `at` as the kernel derives one: the same object, fewer rights, not mapped. */
struct model_cap model_derived(const struct model *model, uint32_t at, uint8_t rights,
                               uint32_t holder, uint32_t index);

/* ---- calls ------------------------------------------------------------------------ */

/* A thread's call: a7, a0, a1 and the arguments of an invoke (a2-a6, t1). */
struct model_call {
    uint64_t number, cap, method;
    uint64_t arg[6];
};

struct model_outcome {
    enum err err;
    bool is_decided; /* false: depends on messages and time, which the model lacks */
    uint32_t result_count;
    uint64_t result[2];
};

/* Carries out a thread's call without preemption, and returns its outcome.  Dead objects that the
 * caller has to take apart are left to model_pay(). */
struct model_outcome model_call(struct model *model, uint32_t thread,
                                const struct model_call *call);

/* The capability that a thread's address names, or NO_CAP. */
uint32_t model_lookup(const struct model *model, uint32_t thread, uint64_t index);

/* The checks of every call, against the caller's capabilities.  Fills cap[0] with the capability
 * invoked and cap[1 + i] with argument i's, or NO_CAP. */
enum err model_decode(const struct model *model, uint32_t thread, const struct model_call *call,
                      uint32_t cap[7]);

/* Bytes that an Untyped has handed out; 0 for an Untyped without children. */
uint64_t model_used(const struct model *model, uint32_t at);
uint64_t model_slot_count(const struct model *model, uint32_t cnode);
/* The number of pages of a space's pool: all, and those that hold tables. */
uint32_t model_pool_pages(const struct model *model, uint32_t space);
uint32_t model_table_pages(const struct model *model, uint32_t space);

/* Makes one object at `address` of an Untyped's memory; its capability is a child. */
void model_make(struct model *model, uint32_t untyped, enum obj_type type, uint8_t size_bits,
                uint64_t address, uint32_t holder, uint32_t index);
struct model_outcome model_retype(struct model *model, uint32_t untyped, uint32_t cnode,
                                  const struct model_call *call);
struct model_outcome model_cnode(struct model *model, const struct model_call *call,
                                 const uint32_t cap[7]);
struct model_outcome model_map(struct model *model, const struct model_call *call,
                               const uint32_t cap[7]);
struct model_outcome model_unmap(struct model *model, uint32_t frame);
/* Where a thread in the VSpace continues after a fault at `pc`, or MODEL_NOWHERE. */
uint64_t model_recovers(const struct model *model, uint32_t vspace, uint64_t cause, uint64_t pc);
struct model_outcome model_bind(struct model *model, uint32_t thread,
                                const struct model_call *call, const uint32_t cap[7]);

static inline struct model_outcome outcome(enum err err)
{
    return (struct model_outcome){ .err = err, .is_decided = true };
}

#endif
