/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small machine that runs the kernel's core, next to the model of it.
 *
 * A step is one system call of whichever thread the kernel chose to run, made by setting that
 * thread's registers and calling syscall_dispatch().  The model makes the same call; then all
 * of the kernel's memory is walked and compared.  A call that was preempted, or that destroyed its
 * own caller, may have done any part of its work: step.c reads the effects from the kernel, and
 * they have to be a part of the requested work.
 */
#ifndef TEST_MODEL_WORLD_H
#define TEST_MODEL_WORLD_H

#include "model.h"

#include <kernel/core/cnode.h>
#include <kernel/core/endpoint.h>
#include <kernel/core/hart.h>
#include <kernel/core/irq.h>
#include <kernel/core/notification.h>
#include <kernel/core/syscall.h>
#include <kernel/core/vcpu.h>

/* Slots of the harness: two that it keeps, then those for the first threads. */
enum boot_slot { BOOT_RAM = 1, BOOT_DEVICE, BOOT_FIRST, BOOT_SLOTS = 32 };

#define WORLD_RAM_BITS    20u
#define WORLD_DEVICE_BASE UINT64_C(0x100000000)
#define WORLD_DEVICE_BITS 32u

/* One call with all register values. */
struct world_call {
    struct model_call call;
    uint64_t tag, slots; /* of messages: a1 and t0 */
    uint64_t deadline_ticks; /* of receives that have one: t2 */
};

struct world {
    struct kernel kernel;
    struct hart hart;
    struct slot boot[BOOT_SLOTS];
    uint64_t ram_bytes; /* size of the RAM, from its start, that the threads have */
    struct model model;
    uint64_t step; /* number of calls made, for failure messages */
    uint32_t check_every; /* steps from one comparison of all memory to the next; 0: each step */
    struct world_call last;
};

/* The results of the calls of all worlds: tests check that they reach enough cases. */
struct world_tally {
    uint64_t invoked[OBJ_COUNT][8][ERR_COUNT]; /* by type, method and result */
    uint64_t called[CALL_COUNT];
    uint64_t recovered; /* faults in a recovery range */
    uint64_t preempted, owing, gone, travelled;
    uint64_t passed;                    /* messages that took the fast path */
    uint64_t guest_exits, guest_passed; /* exits of guests; exits and re-entries by the fast path */
};

extern struct world_tally world_tally;

/* How a step ended. */
enum world_end {
    END_DONE,      /* the call returned, or blocked its caller */
    END_PREEMPTED, /* the caller will make it again */
    END_OWING,     /* the call is done, but its caller still has dead objects to take apart */
    END_GONE       /* the caller is dead or suspended, and the call is half done */
};

/* Makes a world: a RAM Untyped and a device Untyped in the harness's slots, and a few threads
 * with CNodes that name each other and an Untyped each.  `id_count`: how many ASIDs and VMIDs the
 * hart has, 0 for plenty. */
void world_init(struct world *world, uint32_t thread_count, uint32_t id_count);

/* Is all memory compared in this step?  Results and fences are compared in every step. */
static inline bool world_checks_all(const struct world *world)
{
    return world->check_every == 0 || world->step % world->check_every == 0;
}

/* Lets hart->current make a call, and compares. */
enum world_end world_step(struct world *world, const struct world_call *call);

/* hart->current goes on taking its dead objects apart (END_OWING). */
enum world_end world_pay(struct world *world);

/* Updates the model: threads may have taken dead objects apart on their way to user mode. */
void world_has_paid(struct world *world);

/* Deletes all objects, and checks that none is left. */
void world_end(struct world *world);

/* The kernel's address of a model object. */
void *world_object(struct world *world, uint32_t number);
struct slot *world_slot(struct world *world, uint32_t holder, uint32_t index);
uint32_t world_places(const struct model *model, uint32_t holder);
/* The model's number of a kernel object, 0 if it has none. */
uint32_t world_number(struct world *world, const void *object);

/* ---- checks (check_*.c); each stops the test with what does not hold ------------------ */

void check_world(struct world *world);
void check_tree(struct world *world);
void check_memory(struct world *world);
void check_spaces(struct world *world);
void check_threads(struct world *world);
void check_hart(struct world *world);

/* Writes and fences of the call just made, and memory handed out since the model was `before`. */
void check_fences(struct world *world, const struct model *before);
void check_reuse(struct world *world, const struct model *before);
/* A part of check_reuse: the memory of the Untypeds that gave something out. */
void check_handed_out(struct world *world, const struct model *before);

/* Makes memory without objects inaccessible for the next call, and accessible again. */
void poison_free_memory(struct world *world, uint32_t thread, const struct model_call *call);
void poison_nothing(const struct world *world);

/* Not ck_assert, which records each success too: there are millions. */
#define HOLDS(world, claim, ...)                                                                  \
    do {                                                                                          \
        if (!(claim))                                                                             \
            world_fail(world, #claim, world_text(__VA_ARGS__));                                   \
    } while (0)
/* Ends the test, or the fuzzer's run; each has its own. */
ATTR_NORETURN void world_stop(const char *text);
ATTR_NORETURN void world_fail(const struct world *world, const char *claim, const char *detail);
const char *world_text(const char *format, ...) ATTR_PRINTF(1, 2);

#endif
