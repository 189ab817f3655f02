/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Building a plan: helpers of plan/ that append actions.  The first error
 * sticks; later calls then do nothing, so a sequence is checked at its end.
 */
#ifndef ROOTSERVER_PLAN_BUILD_H
#define ROOTSERVER_PLAN_BUILD_H

#include <rootserver/plan/plan.h>
#include <rt/calls.h>

struct build {
    const struct plan_input *in;
    struct plan *plan;
    uint16_t process; /* PLAN_NOBODY, or whom the actions are for */
    enum err err;
    struct problem problem; /* with err */
};

/* Frames of one size, in adjoining slots. */
struct build_frames {
    uint32_t slot;
    unsigned count;
    unsigned bits;
};

void build_fail(struct build *b, enum err err, const char *format, ...) ATTR_PRINTF(3, 4);
void build_emit(struct build *b, struct plan_action action);
uint32_t build_slots(struct build *b, unsigned count);

/* An Untyped of 2^bits bytes of RAM, in a new slot; noted as the process's when there is one. */
uint32_t build_untyped(struct build *b, unsigned bits);
/* `count` objects out of an Untyped that the caller made large enough. */
void build_objects(struct build *b, uint32_t untyped, enum obj_type type, unsigned bits,
                   unsigned count, uint32_t slot);
uint32_t build_object(struct build *b, uint32_t untyped, enum obj_type type, unsigned bits);
/* An object of the root server's own, out of any RAM. */
uint32_t build_own_objects(struct build *b, enum obj_type type, unsigned bits, unsigned count);

void build_copy(struct build *b, uint32_t slot, unsigned count, uint32_t cnode, uint32_t index,
                unsigned rights);
void build_mint(struct build *b, uint32_t slot, uint32_t cnode, uint32_t index, unsigned rights,
                uint64_t badge);
void build_map(struct build *b, struct build_frames frames, uint32_t space, uint64_t address,
               unsigned rights);
/* Moves mapped frames' capabilities from root slots into a store. */
void build_store(struct build *b, struct plan_process *store_of, uint32_t slot, unsigned count);
/* Maps copies of frames that stay where they are, and keeps the copies in the process's store. */
void build_share(struct build *b, struct build_frames frames, struct plan_process *with,
                 uint64_t address, unsigned rights);
/* New zeroed 4 KiB frames out of `untyped`, mapped and kept in the process's store. */
void build_pages(struct build *b, uint32_t untyped, unsigned count, struct plan_process *p,
                 uint64_t address, unsigned rights);
/* One page of device registers, as a Frame in a new root slot; 0 when it cannot be had. */
uint32_t build_device_page(struct build *b, uint64_t address);

/* Least n with 2^n >= value. */
static inline unsigned build_bits(uint64_t value)
{
    unsigned bits = 0;
    while ((UINT64_C(1) << bits) < value)
        bits++;
    return bits;
}

/* plan/process.c: the parts that all processes have. */
struct build_program {
    const char *path;
    struct elf elf;
    uint64_t offset; /* of the file in the archive */
};

/* Finds and checks a program.  On failure the build's error is set. */
void build_program_open(struct build *b, const char *path, struct build_program *out);

/* A process with its program, stack, heap and start record, ready but for its role's capabilities;
 * `extra_frames` more frames will go into its store. */
struct plan_process *build_process(struct build *b, const char *name, enum plan_role role,
                                   const struct build_program *program, unsigned extra_frames,
                                   unsigned extra_bytes);
/* The last steps: the record is written and the thread set going. */
void build_process_end(struct build *b, struct plan_process *p, const struct build_program *program,
                       uint64_t priority);

/* plan/guest.c, plan/console.c */
void build_guest(struct build *b, unsigned guest);
void build_console(struct build *b, const struct system_service *service);
void build_regions(struct build *b);

/* plan/trace.c */
void build_trace(struct build *b);

#endif
