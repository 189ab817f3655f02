/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What takes the kernel longest: as much of everything in one call as it allows.  After each the
 * longest stretch with interrupts off is printed (test/check/stretch.h).
 */
#include "attack.h"
#include "attack_parts.h"

#include <rt/bootinfo.h>
#include <rt/rt.h>

#define RETYPE_MAX    256u
#define TABLE_BITS    20u
#define TABLE_SLOTS   (UINT32_C(1) << (TABLE_BITS - 6))
#define WINDOW        UINT64_C(0x3000000000) /* nothing else is mapped here */
#define WAITERS       64u
#define KLOG_MAX      40u

enum stretch_slot { TABLE, ENDPOINT, NOTIFICATION, SPACE, GSPACE, VCPU, FRAME, WAITER, OTHER };

static void revoke_all(const char *name)
{
    parts_stretch(NULL);
    parts_revoke();
    parts_stretch(name);
}

/* As many of one type as a call makes: fewer where the kernel says so. */
static void make_many(const char *name, enum obj_type type, unsigned bits)
{
    uint64_t count = RETYPE_MAX;
    enum err err;

    parts_make(OBJ_CNODE, TABLE_BITS, TABLE);
    parts_stretch(NULL);
    while ((err = untyped_retype(parts_ram(), type, bits, parts_cap(TABLE), 1, count)) ==
           ERR_INVALID_ARG)
        count /= 2;
    attack_must(err, "retype many");
    parts_stretch(name);
    revoke_all(NULL);
}

static void make_everything(void)
{
    make_many("making Untypeds", OBJ_UNTYPED, 12);
    make_many("making CNodes", OBJ_CNODE, 12);
    make_many("making Frames", OBJ_FRAME, 12);
    make_many("making VSpaces", OBJ_VSPACE, 14);
    make_many("making GSpaces", OBJ_GSPACE, 15);
    make_many("making Threads", OBJ_THREAD, 11);
    make_many("making Endpoints", OBJ_ENDPOINT, 7);
    make_many("making Notifications", OBJ_NOTIFICATION, 7);
    make_many("making VCpus", OBJ_VCPU, 11);
    make_many("making Irqs", OBJ_IRQ, 8);
}

static void zero_large(void)
{
    parts_stretch(NULL);
    parts_make(OBJ_FRAME, 21, OTHER);
    parts_make(OBJ_CNODE, TABLE_BITS, TABLE);
    parts_make(OBJ_VSPACE, 24, SPACE);
    parts_stretch("zeroing large objects");
    revoke_all("revoking them");
}

/* A table full of children of one capability: 16,383 of them. */
static void many_children(void)
{
    parts_make(OBJ_CNODE, TABLE_BITS, TABLE);
    parts_make(OBJ_ENDPOINT, ENDPOINT_BITS_MIN, ENDPOINT);
    for (uint32_t slot = 1; slot < TABLE_SLOTS; slot++)
        parts_copy(parts_cap(TABLE), slot, ENDPOINT);
    parts_stretch(NULL);
    attack_must(cnode_revoke(cap_at(BOOT_SLOT_CNODE), parts_cap(ENDPOINT).slot), "revoke");
    parts_stretch("revoking 16,383 children");
    for (uint32_t slot = 1; slot < TABLE_SLOTS; slot++)
        parts_copy(parts_cap(TABLE), slot, ENDPOINT);
    parts_stretch(NULL);
    parts_delete(TABLE);
    parts_stretch("deleting a table of 16,383 capabilities");
    revoke_all(NULL);
}

/* Tables full of mappings, then the space goes; and again, the frames go one by one. */
static void many_mappings(enum obj_type type, const char *name)
{
    for (unsigned round = 0; round < 2; round++) {
        parts_make(OBJ_CNODE, TABLE_BITS, TABLE);
        parts_make(type, 20, SPACE);
        parts_make(OBJ_FRAME, FRAME_BITS_MIN, FRAME);
        parts_stretch(NULL);
        for (uint32_t i = 1; i <= 1024; i++) {
            parts_copy(cap_at(BOOT_SLOT_CNODE), (uint32_t)parts_cap(OTHER).slot, FRAME);
            attack_must(frame_map(parts_cap(OTHER), parts_cap(SPACE), WINDOW % (UINT64_C(1) << 38) +
                                                                ((uint64_t)i << 12),
                                  RIGHT_READ),
                        "map");
            parts_move(parts_cap(TABLE), i + 1, OTHER);
        }
        parts_stretch(name);
        attack_must(round == 0
                        ? cnode_delete(cap_at(BOOT_SLOT_CNODE), parts_cap(SPACE).slot)
                        : cnode_revoke(cap_at(BOOT_SLOT_CNODE), parts_cap(FRAME).slot),
                    "take apart");
        parts_stretch(round == 0 ? "deleting their space" : "revoking their frame");
        revoke_all(NULL);
    }
}

/* Threads that wait, all until the same moment. */
static void many_deadlines(void)
{
    uint64_t end = rt_time_ticks() + rt_timebase_hz() / 5, bits;

    parts_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, NOTIFICATION);
    parts_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, OTHER);
    for (uint32_t i = 0; i < WAITERS; i++) {
        parts_thread(WAITER + 2 + i, 1,
                     &(struct abi_regs){ .a7 = CALL_WAIT,
                                         .a0 = parts_cap(NOTIFICATION).slot,
                                         .a1 = end });
        attack_must(thread_resume(parts_cap(WAITER + 2 + i)), "resume");
    }
    parts_stretch(NULL);
    (void)!notification_wait(parts_cap(OTHER), end - rt_timebase_hz() / 100, &bits);
    parts_stretch("putting 64 threads to sleep");
    (void)!notification_wait(parts_cap(OTHER), end + rt_timebase_hz() / 100, &bits);
    parts_stretch("waking 64 threads at once");
    revoke_all("revoking 64 threads");
}

static void single_calls(void)
{
    parts_stretch(NULL);
    (void)!klog_write(cap_at(BOOT_SLOT_KLOG), KLOG_MAX, 0, 0, 0, 0, 0);
    parts_stretch("writing to the kernel's log");
    parts_make(OBJ_VCPU, VCPU_BITS_MIN, VCPU);
    parts_make(OBJ_GSPACE, 16, GSPACE);
    parts_make(OBJ_FRAME, FRAME_BITS_MIN, FRAME);
    parts_stretch(NULL);
    attack_must(vcpu_bind(parts_cap(VCPU), cap_at(BOOT_SLOT_THREAD), parts_cap(GSPACE),
                          parts_cap(FRAME)),
                "bind");
    (void)!vcpu_fence(parts_cap(VCPU), VCPU_FENCE_ADDRESS, 0, UINT64_MAX - 1, 0);
    (void)!vcpu_fence(parts_cap(VCPU), VCPU_FENCE_ADDRESS_ASID, 0, UINT64_C(1) << 40, 1);
    parts_stretch("fences over all there is");
    revoke_all("revoking a VCpu");
}

void attack_stretch(void)
{
    make_everything();
    zero_large();
    many_children();
    many_mappings(OBJ_VSPACE, "mapping 1024 pages in a VSpace");
    many_mappings(OBJ_GSPACE, "mapping 1024 pages in a GSpace");
    many_deadlines();
    single_calls();
    attack_stretch_more();
}
