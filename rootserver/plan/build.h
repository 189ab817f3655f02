/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers of plan/ that append actions to a plan.  The first error is kept and
 * later calls then do nothing, so the caller checks once, after a sequence.
 */
#ifndef ROOTSERVER_PLAN_BUILD_H
#define ROOTSERVER_PLAN_BUILD_H

#include <rootserver/plan/plan.h>
#include <rt/calls.h>

struct build {
    const struct plan_input *in;
    struct plan *plan;
    uint16_t process; /* the process that the actions are for, or PLAN_NOBODY */
    enum err err;
    struct problem problem; /* describes `err` */
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

/* Makes an Untyped of 2^bits bytes of RAM in a new slot, and adds the slot to the process's list
 * of Untypeds unless `process` is PLAN_NOBODY. */
uint32_t build_untyped(struct build *b, unsigned bits);
/* Makes `count` objects from an Untyped; the caller must have made it large enough. */
void build_objects(struct build *b, uint32_t untyped, enum obj_type type, unsigned bits,
                   unsigned count, uint32_t slot);
uint32_t build_object(struct build *b, uint32_t untyped, enum obj_type type, unsigned bits);
/* Makes objects that belong to the root server, from any RAM; returns the first slot. */
uint32_t build_own_objects(struct build *b, enum obj_type type, unsigned bits, unsigned count);

void build_copy(struct build *b, uint32_t slot, unsigned count, uint32_t cnode, uint32_t index,
                unsigned rights);
void build_mint(struct build *b, uint32_t slot, uint32_t cnode, uint32_t index, unsigned rights,
                uint64_t badge);
void build_map(struct build *b, struct build_frames frames, uint32_t space, uint64_t address,
               unsigned rights);
/* Moves the capabilities of mapped frames from root slots into a process's store. */
void build_store(struct build *b, struct plan_process *store_of, uint32_t slot, unsigned count);
/* Copies the capabilities of frames, maps the copies for process `with`, and moves the copies into
 * that process's store.  The original capabilities stay in their slots. */
void build_share(struct build *b, struct build_frames frames, struct plan_process *with,
                 uint64_t address, unsigned rights);
/* Makes zeroed 4 KiB frames from `untyped`, maps them, and moves them into the process's store. */
void build_pages(struct build *b, uint32_t untyped, unsigned count, struct plan_process *p,
                 uint64_t address, unsigned rights);
/* Makes a Frame of one page of device registers in a new root slot; returns 0 if no free device
 * Untyped covers the page. */
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

/* Plans a process with its program, stack, heap and start record, without the capabilities of its
 * role.  Its store gets room for `extra_frames` more frames. */
struct plan_process *build_process(struct build *b, const char *name, enum plan_role role,
                                   const struct build_program *program, unsigned extra_frames,
                                   unsigned extra_bytes);
/* Appends the last steps: configures the thread, sets its registers and resumes it. */
void build_process_end(struct build *b, struct plan_process *p, const struct build_program *program,
                       uint64_t priority);

/* plan/guest.c, plan/console.c */
void build_guest(struct build *b, unsigned guest);
void build_console(struct build *b, const struct system_service *service);
void build_regions(struct build *b);

/* plan/trace.c */
void build_trace(struct build *b);

#endif
