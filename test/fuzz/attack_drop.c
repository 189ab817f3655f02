/* SPDX-License-Identifier: BSD-2-Clause */
#include "attack_drop.h"

#include <rt/bootinfo.h>
#include <rt/rt.h>

#include "attack.h"
#include "attack_parts.h"

#define TABLE_BITS   18u /* 4,095 slots */
#define SMALL_BITS   8u
#define SPACE_BITS   24u /* page tables for DROP_MAX lone pages */
#define GIB_BITS     30u
#define LOW          1u /* priority */
#define BLOCK_TICKS  UINT64_C(20000000) /* enough for all waiters to make their call */

enum drop_slot { TABLE, SPACE, FRAME, PASSING, HOLDER, OTHER, VCPU, PAGE, WAITED, DROPPER, SLEEP,
                 OUTER, SLOTS };

_Static_assert((uint32_t)SLOTS <= DROP_SLOTS, "slots");

static const cap_t boot_cnode = { BOOT_SLOT_CNODE }, boot_vspace = { BOOT_SLOT_VSPACE };

const char *drop_name(enum drop drop)
{
    static const char *const name[DROP_COUNT] = {
        [DROP_CONFIGURE] = "configure of a thread with a CNode",
        [DROP_FAULT] = "configure of a thread with an Endpoint",
        [DROP_VCPU_BIND] = "bind of a VCpu",
        [DROP_THREAD_BIND] = "bind of a thread",
        [DROP_DELETE] = "delete",
        [DROP_SELF] = "delete of the caller",
    };

    return name[drop];
}

/* ---- what is dropped ---------------------------------------------------------------------- */

/* A CNode of mapped Frames.  Their space lives on, so each has to be unmapped. */
static void make_table(uint32_t count)
{
    parts_make(OBJ_CNODE, TABLE_BITS, TABLE);
    parts_make(OBJ_GSPACE, SPACE_BITS, SPACE);
    parts_make(OBJ_FRAME, FRAME_BITS_MIN, FRAME);
    for (uint32_t i = 0; i < count; i++) {
        parts_copy(boot_cnode, (uint32_t)parts_cap(PASSING).slot, FRAME);
        attack_must(frame_map(parts_cap(PASSING), parts_cap(SPACE), (uint64_t)i << GIB_BITS,
                              RIGHT_READ),
                    "map");
        parts_move(parts_cap(TABLE), i + 1, PASSING);
    }
}

/* Threads that make a call and block in it, with their capabilities in a CNode. */
static void make_waiters(uint32_t count, const struct abi_regs *call)
{
    parts_make(OBJ_CNODE, TABLE_BITS, TABLE);
    for (uint32_t i = 0; i < count; i++) {
        parts_thread(PASSING, LOW, call);
        attack_must(thread_resume(parts_cap(PASSING)), "resume");
        parts_move(parts_cap(TABLE), i + 1, PASSING);
    }
    parts_sleep_until(parts_cap(SLEEP), rt_time_ticks() + BLOCK_TICKS);
}

/* A suspended thread, to hold what is dropped. */
static void make_holder(uint32_t slot, cap_t cnode, cap_t fault)
{
    parts_make(OBJ_THREAD, THREAD_BITS_MIN, slot);
    attack_must(thread_configure(parts_cap(slot), cnode, boot_vspace, fault, LOW), "configure");
}

static struct abi_regs configure_call(void)
{
    return (struct abi_regs){ .a7 = CALL_INVOKE,
                              .a0 = parts_cap(HOLDER).slot,
                              .a1 = METHOD_THREAD_CONFIGURE,
                              .a2 = BOOT_SLOT_CNODE,
                              .a3 = BOOT_SLOT_VSPACE,
                              .a5 = LOW };
}

static struct abi_regs delete_call(uint32_t slot)
{
    return (struct abi_regs){ .a7 = CALL_INVOKE,
                              .a0 = BOOT_SLOT_CNODE,
                              .a1 = METHOD_CNODE_DELETE,
                              .a2 = parts_cap(slot).slot };
}

/* ---- the ways ----------------------------------------------------------------------------- */

static struct abi_regs prepare_configure(uint32_t count)
{
    make_table(count);
    make_holder(HOLDER, parts_cap(TABLE), CAP_NULL);
    parts_delete(TABLE);
    return configure_call();
}

static struct abi_regs prepare_fault(uint32_t count)
{
    parts_make(OBJ_ENDPOINT, ENDPOINT_BITS_MIN, WAITED);
    make_waiters(count, &(struct abi_regs){ .a7 = CALL_SEND, .a0 = parts_cap(WAITED).slot });
    make_holder(HOLDER, boot_cnode, parts_cap(WAITED));
    parts_delete(WAITED);
    return configure_call();
}

static struct abi_regs prepare_vcpu_bind(uint32_t count)
{
    make_table(count);
    make_holder(OTHER, parts_cap(TABLE), CAP_NULL);
    make_holder(HOLDER, boot_cnode, CAP_NULL);
    parts_make(OBJ_VCPU, VCPU_BITS_MIN, VCPU);
    parts_make(OBJ_FRAME, FRAME_BITS_MIN, PAGE);
    attack_must(vcpu_bind(parts_cap(VCPU), parts_cap(OTHER), parts_cap(SPACE), parts_cap(PAGE)),
                "bind a VCpu");
    parts_delete(TABLE);
    parts_delete(OTHER);
    return (struct abi_regs){ .a7 = CALL_INVOKE,
                              .a0 = parts_cap(VCPU).slot,
                              .a1 = METHOD_VCPU_BIND,
                              .a2 = parts_cap(HOLDER).slot,
                              .a3 = parts_cap(SPACE).slot,
                              .a4 = parts_cap(PAGE).slot };
}

static struct abi_regs prepare_thread_bind(uint32_t count)
{
    parts_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, WAITED);
    make_waiters(count, &(struct abi_regs){ .a7 = CALL_WAIT,
                                            .a0 = parts_cap(WAITED).slot,
                                            .a1 = DEADLINE_NEVER });
    make_holder(HOLDER, boot_cnode, CAP_NULL);
    attack_must(thread_bind(parts_cap(HOLDER), parts_cap(WAITED)), "bind a thread");
    parts_delete(WAITED);
    return (struct abi_regs){ .a7 = CALL_INVOKE,
                              .a0 = parts_cap(HOLDER).slot,
                              .a1 = METHOD_THREAD_BIND };
}

static struct abi_regs prepare_delete(uint32_t count)
{
    make_table(count);
    return delete_call(TABLE);
}

/* The table and the dropper itself move into a CNode, once the dropper is there. */
static struct abi_regs prepare_self(uint32_t count)
{
    make_table(count);
    parts_make(OBJ_CNODE, SMALL_BITS, OUTER);
    parts_move(parts_cap(OUTER), 1, TABLE);
    return delete_call(OUTER);
}

void drop_prepare(enum drop drop, uint32_t count)
{
    static struct abi_regs (*const prepare[DROP_COUNT])(uint32_t count) = {
        [DROP_CONFIGURE] = prepare_configure,     [DROP_FAULT] = prepare_fault,
        [DROP_VCPU_BIND] = prepare_vcpu_bind,     [DROP_DELETE] = prepare_delete,
        [DROP_THREAD_BIND] = prepare_thread_bind, [DROP_SELF] = prepare_self,
    };

    parts_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, SLEEP);
    struct abi_regs call = prepare[drop](count);
    parts_thread(DROPPER, LOW, &call);
    attack_must(thread_resume(parts_cap(DROPPER)), "resume");
    if (drop == DROP_SELF)
        parts_move(parts_cap(OUTER), 2, DROPPER);
}
