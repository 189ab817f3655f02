/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What takes the kernel longest: as much of everything in one call as it allows.  After each the
 * longest stretch with interrupts off is printed (test/check/stretch.h).
 */
#include "attack.h"

#include <check/check.h>
#include <rootserver/root.h>
#include <rt/bootinfo.h>
#include <rt/rt.h>
#include <stdio.h>

#define RETYPE_MOST   256u
#define TABLE_BITS    20u
#define TABLE_SLOTS   (UINT32_C(1) << (TABLE_BITS - 6))
#define WINDOW        UINT64_C(0x3000000000) /* nothing else is mapped here */
#define WAITERS       64u
#define KLOG_MOST     40u

enum stretch_slot { TABLE, ENDPOINT, NOTIFICATION, SPACE, GSPACE, VCPU, FRAME, WAITER, OTHER };

static uint32_t first;
static cap_t ram;

static cap_t mine(uint32_t slot)
{
    return cap_at(first + slot);
}

static void make(enum obj_type type, unsigned bits, uint32_t slot)
{
    attack_must(untyped_retype(ram, type, bits, cap_at(BOOT_SLOT_CNODE), mine(slot).slot, 1),
                "retype");
}

static void report(const char *name)
{
    struct abi_regs regs = { .a7 = CHECK_CALL, .a1 = CHECK_STRETCH };

    abi_ecall_message(&regs);
    if (name != NULL)
        printf("attack: stretch of %s: %llu ticks, call %llu.%llu\n", name,
               (unsigned long long)regs.a3, (unsigned long long)(regs.a4 >> 8),
               (unsigned long long)(regs.a4 & 0xff));
}

static void revoke_all(const char *name)
{
    report(NULL);
    attack_must(cnode_revoke(cap_at(BOOT_SLOT_CNODE), ram.slot), "revoke");
    if (name != NULL)
        report(name);
}

/* As many of one type as a call makes: fewer where the kernel says so. */
static void make_many(const char *name, enum obj_type type, unsigned bits)
{
    uint64_t count = RETYPE_MOST;
    enum err err;

    make(OBJ_CNODE, TABLE_BITS, TABLE);
    report(NULL);
    while ((err = untyped_retype(ram, type, bits, mine(TABLE), 1, count)) == ERR_INVALID_ARG)
        count /= 2;
    attack_must(err, "retype many");
    report(name);
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
    report(NULL);
    make(OBJ_FRAME, 21, OTHER);
    make(OBJ_CNODE, TABLE_BITS, TABLE);
    make(OBJ_VSPACE, 24, SPACE);
    report("zeroing large objects");
    revoke_all("revoking them");
}

/* A table full of children of one capability: 16,383 of them. */
static void many_children(void)
{
    make(OBJ_CNODE, TABLE_BITS, TABLE);
    make(OBJ_ENDPOINT, ENDPOINT_BITS_MIN, ENDPOINT);
    for (uint32_t slot = 1; slot < TABLE_SLOTS; slot++)
        attack_must(cnode_copy(mine(TABLE), slot, cap_at(BOOT_SLOT_CNODE), mine(ENDPOINT).slot,
                               RIGHTS_ALL),
                    "copy");
    report(NULL);
    attack_must(cnode_revoke(cap_at(BOOT_SLOT_CNODE), mine(ENDPOINT).slot), "revoke");
    report("revoking 16,383 children");
    for (uint32_t slot = 1; slot < TABLE_SLOTS; slot++)
        attack_must(cnode_copy(mine(TABLE), slot, cap_at(BOOT_SLOT_CNODE), mine(ENDPOINT).slot,
                               RIGHTS_ALL),
                    "copy");
    report(NULL);
    attack_must(cnode_delete(cap_at(BOOT_SLOT_CNODE), mine(TABLE).slot), "delete");
    report("deleting a table of 16,383 capabilities");
    revoke_all(NULL);
}

/* Tables full of mappings, then the space goes; and again, the frames go one by one. */
static void many_mappings(enum obj_type type, const char *name)
{
    for (unsigned round = 0; round < 2; round++) {
        make(OBJ_CNODE, TABLE_BITS, TABLE);
        make(type, 20, SPACE);
        make(OBJ_FRAME, FRAME_BITS_MIN, FRAME);
        report(NULL);
        for (uint32_t i = 1; i <= 1024; i++) {
            attack_must(cnode_copy(mine(TABLE), 1, cap_at(BOOT_SLOT_CNODE), mine(FRAME).slot,
                                   RIGHTS_ALL),
                        "copy");
            attack_must(cnode_move(cap_at(BOOT_SLOT_CNODE), mine(OTHER).slot, mine(TABLE), 1),
                        "move");
            attack_must(frame_map(mine(OTHER), mine(SPACE), WINDOW % (UINT64_C(1) << 38) +
                                                                ((uint64_t)i << 12),
                                  RIGHT_READ),
                        "map");
            attack_must(cnode_move(mine(TABLE), i + 1, cap_at(BOOT_SLOT_CNODE), mine(OTHER).slot),
                        "move");
        }
        report(name);
        attack_must(round == 0
                        ? cnode_delete(cap_at(BOOT_SLOT_CNODE), mine(SPACE).slot)
                        : cnode_revoke(cap_at(BOOT_SLOT_CNODE), mine(FRAME).slot),
                    "take apart");
        report(round == 0 ? "deleting their space" : "revoking their frame");
        revoke_all(NULL);
    }
}

/* Threads that wait, all until the same moment. */
__asm__(".balign 4\n"
        "stretch_waiter:\n"
        "    ecall\n"
        "1:  j 1b\n");
extern const char stretch_waiter[];

static void many_deadlines(void)
{
    uint64_t end = rt_time_ticks() + rt_timebase_hz() / 5, bits;

    make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, NOTIFICATION);
    make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, OTHER);
    for (uint32_t i = 0; i < WAITERS; i++) {
        cap_t thread = mine(WAITER + 2 + i);
        make(OBJ_THREAD, THREAD_BITS_MIN, WAITER + 2 + i);
        attack_must(thread_configure(thread, cap_at(BOOT_SLOT_CNODE), cap_at(BOOT_SLOT_VSPACE),
                                     CAP_NULL, 1),
                    "configure");
        attack_must(thread_set_reg(thread, 0, (uint64_t)(uintptr_t)stretch_waiter), "pc");
        attack_must(thread_set_reg(thread, 17, CALL_WAIT), "a7");
        attack_must(thread_set_reg(thread, 10, mine(NOTIFICATION).slot), "a0");
        attack_must(thread_set_reg(thread, 11, end), "a1");
        attack_must(thread_resume(thread), "resume");
    }
    report(NULL);
    (void)!notification_wait(mine(OTHER), end - rt_timebase_hz() / 100, &bits);
    report("putting 64 threads to sleep");
    (void)!notification_wait(mine(OTHER), end + rt_timebase_hz() / 100, &bits);
    report("waking 64 threads at once");
    revoke_all("revoking 64 threads");
}

static void single_calls(void)
{
    report(NULL);
    (void)!klog_write(cap_at(BOOT_SLOT_KLOG), KLOG_MOST, 0, 0, 0, 0, 0);
    report("writing to the kernel's log");
    make(OBJ_VCPU, VCPU_BITS_MIN, VCPU);
    make(OBJ_GSPACE, 16, GSPACE);
    make(OBJ_FRAME, FRAME_BITS_MIN, FRAME);
    report(NULL);
    attack_must(vcpu_bind(mine(VCPU), cap_at(BOOT_SLOT_THREAD), mine(GSPACE), mine(FRAME)), "bind");
    (void)!vcpu_fence(mine(VCPU), VCPU_FENCE_ADDRESS, 0, UINT64_MAX - 1, 0);
    (void)!vcpu_fence(mine(VCPU), VCPU_FENCE_ADDRESS_ASID, 0, UINT64_C(1) << 40, 1);
    report("fences over all there is");
    revoke_all("revoking a VCpu");
}

void attack_stretch(cap_t untyped, uint32_t slot)
{
    ram = untyped;
    first = slot;
    make_everything();
    zero_large();
    many_children();
    many_mappings(OBJ_VSPACE, "mapping 1024 pages in a VSpace");
    many_mappings(OBJ_GSPACE, "mapping 1024 pages in a GSpace");
    many_deadlines();
    single_calls();
}
