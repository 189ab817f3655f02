/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers of plan/ that append actions to a part of a plan.  The first error is kept and
 * later calls then do nothing, so the caller checks once, after a sequence.
 */
#ifndef ROOTSERVER_PLAN_BUILD_H
#define ROOTSERVER_PLAN_BUILD_H

#include <base/attr.h>
#include <rootserver/plan/plan.h>
#include <rt/calls.h>

struct build {
    const struct plan_input *in;
    struct plan *plan;
    uint16_t part;  /* owner of what is taken: number of the part + 1 */
    unsigned group; /* depth of groups that are open */
    enum err err;
    struct problem problem; /* describes `err` */
};

/* Frames of one size, in adjoining slots of the root server's CNode or of CNode `cnode`. */
struct build_frames {
    uint32_t slot;
    unsigned count;
    unsigned bits;
    uint32_t cnode; /* 0: the root server's own */
};

/* A CNode that no process can access: for capabilities of frames mapped for `vspace`. */
struct build_store {
    uint32_t cnode, vspace;
    uint32_t *used; /* slots; slot 0 is left empty */
};

/* An Untyped of the part, from which objects are made, and how much of it is used. */
struct build_piece {
    uint32_t untyped;
    unsigned bits;
    uint64_t used;
};

void build_fail(struct build *b, enum err err, const char *format, ...) ATTR_PRINTF(3, 4);
void build_emit(struct build *b, struct plan_action action);

/* Between these two, actions may leave something in the scratch slots. */
void build_group_begin(struct build *b);
void build_group_end(struct build *b);

uint32_t build_slots(struct build *b, unsigned count);

/* Takes an Untyped of 2^bits bytes of RAM; returns its slot. */
uint32_t build_untyped(struct build *b, unsigned bits);
/* The same for at least `bytes`. */
struct build_piece build_piece(struct build *b, uint64_t bytes);

/* Makes objects in slots that are taken already, or in new ones (returns the first).  The caller
 * has made the piece large enough: else the build fails. */
void build_objects(struct build *b, struct build_piece *piece, enum obj_type type, unsigned bits,
                   unsigned count, uint32_t slot);
uint32_t build_new_objects(struct build *b, struct build_piece *piece, enum obj_type type,
                           unsigned bits, unsigned count);

/* Several objects of different sizes in new slots, the largest first, so that none is wasted. */
struct build_want {
    enum obj_type type;
    unsigned bits;
    uint32_t *slot;
};
void build_wanted(struct build *b, struct build_piece *piece, const struct build_want *want,
                  unsigned count);

void build_copy(struct build *b, uint32_t slot, unsigned count, uint32_t cnode, uint32_t index,
                unsigned rights);
void build_mint(struct build *b, uint32_t slot, uint32_t cnode, uint32_t index, unsigned rights,
                uint64_t badge);
/* The same into a new slot of the root server; returns the slot. */
uint32_t build_minted(struct build *b, uint32_t slot, unsigned rights, uint64_t badge);
void build_map(struct build *b, struct build_frames frames, uint32_t space, uint64_t address,
               unsigned rights);
/* Moves the capabilities of mapped frames from root slots into a store. */
void build_keep(struct build *b, const struct build_store *store, uint32_t slot, unsigned count);
/* Copies the capabilities of frames, maps the copies, and moves the copies into the store.  The
 * originals stay in their slots. */
void build_share(struct build *b, struct build_frames frames, const struct build_store *with,
                 uint64_t address, unsigned rights);
/* Makes zeroed 4 KiB frames, maps them, and moves them into the store. */
void build_pages(struct build *b, struct build_piece *piece, unsigned count,
                 const struct build_store *store, uint64_t address, unsigned rights);
/* Takes pages of device registers; returns the first of `count` new slots with a Frame each. */
uint32_t build_device_pages(struct build *b, uint64_t address, unsigned count);

/* Least n with 2^n >= value. */
static inline unsigned build_bits(uint64_t value)
{
    unsigned bits = 0;
    while ((UINT64_C(1) << bits) < value)
        bits++;
    return bits;
}

static inline uint64_t build_page_count(uint64_t bytes)
{
    return (bytes + 4095) / 4096;
}

/* Bits of a CNode with `slots` slots besides slot 0. */
static inline unsigned build_cnode_bits(uint64_t slots)
{
    unsigned bits = build_bits((slots + 1) * 64);
    return bits < CNODE_BITS_MIN ? CNODE_BITS_MIN : bits;
}

/* The builders of the parts' contents: process.c, instance.c, guest.c, connection.c, trace.c. */
void build_process(struct build *b, unsigned process);
void build_instance(struct build *b, unsigned instance);
void build_guest(struct build *b, unsigned guest);
void build_connection(struct build *b, unsigned connection);
void build_side(struct build *b, unsigned connection, enum plan_side_kind side);
void build_region(struct build *b, unsigned connection);
void build_trace(struct build *b);

/* Page tables for one side of a connection. */
static inline unsigned build_connection_tables(const struct system_client *client)
{
    return system_client_bytes(client) / (2u << 20) + 1;
}

/* plan/home.c: wake Notification, bell and control region of a process, in an INSTANCE or GUEST. */
uint64_t build_home_bytes(unsigned connections_max, bool is_log);
void build_home(struct build *b, struct build_piece *piece, unsigned process,
                unsigned connections_max, bool is_log);

/* plan/vmm.c, guest.c: what a VMM's PROCESS gets of its GUEST. */
uint64_t build_vmm_frames(struct build *b, unsigned guest);
unsigned build_vmm_tables(struct build *b, unsigned guest);
void build_vmm_shares(struct build *b, struct plan_process *p, const struct build_store *store,
                      unsigned guest);
void build_vmm_bind(struct build *b, const struct plan_process *p, unsigned guest);
/* Maps the guest's RAM for a process. */
void build_ram_share(struct build *b, unsigned guest, const struct build_store *with,
                     uint64_t address);
unsigned build_ram_frames(const struct plan_guest *guest);

/* plan/instance.c: what a service's PROCESS gets of its INSTANCE. */
uint64_t build_service_frames(struct build *b, unsigned instance);
uint64_t build_service_bytes(struct build *b, unsigned instance);
unsigned build_service_tables(struct build *b, unsigned instance);
void build_service_shares(struct build *b, struct plan_process *p, struct build_piece *piece,
                          const struct build_store *store, unsigned instance);

#endif
