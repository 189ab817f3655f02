/* SPDX-License-Identifier: BSD-2-Clause */
/* Long stretches that take many objects to set up: spaces in the last free places, and guests that
 * go to sleep one after the other. */
#include "attack.h"
#include "attack_parts.h"

#include <abi/vcpu_page.h>
#include <rt/bootinfo.h>
#include <rt/rt.h>

#define TABLE_BITS 20u
#define WINDOW     UINT64_C(0x3100000000) /* nothing else is mapped here */
#define GUESTS     64u
#define GUEST_CODE UINT64_C(0x1000)
#define INSN_JUMP_TO_SELF 0x0000006fu

enum more_slot { TABLE, OTHER, GSPACE, CODE, CODE_COPY, FIRST_THREAD,
                 FIRST_VCPU = FIRST_THREAD + GUESTS, FIRST_PAGE = FIRST_VCPU + GUESTS,
                 FIRST_PAGE_COPY = FIRST_PAGE + GUESTS };

/* All places of a table of spaces are taken, and the last ones are given back and taken again. */
static void last_spaces(enum obj_type type, unsigned bits, unsigned count, const char *name)
{
    uint32_t made = 0;

    parts_make(OBJ_CNODE, TABLE_BITS, TABLE);
    while (untyped_retype(parts_ram(), type, bits, parts_cap(TABLE), 1 + made, 1) == OK)
        made++;
    for (uint32_t i = 0; i < count; i++)
        attack_must(cnode_delete(parts_cap(TABLE), made - i), "delete");
    parts_stretch(NULL);
    attack_must(untyped_retype(parts_ram(), type, bits, parts_cap(TABLE), 1 + made - count, count),
                "retype");
    parts_stretch(name);
    parts_revoke();
}

static volatile struct vcpu_page *page_of(uint32_t guest)
{
    uint64_t number = (uint64_t)guest + 1; /* the guests' code is on the first page */

    return (volatile struct vcpu_page *)(uintptr_t)(WINDOW + (number << FRAME_BITS_MIN));
}

/* A frame in `slot`, mapped for the attack at `at`; `copy` names the same frame. */
static void shared_frame(uint32_t slot, uint32_t copy, uint64_t at)
{
    parts_make(OBJ_FRAME, FRAME_BITS_MIN, slot);
    parts_copy(cap_at(BOOT_SLOT_CNODE), (uint32_t)parts_cap(copy).slot, slot);
    attack_must(frame_map(parts_cap(slot), cap_at(BOOT_SLOT_VSPACE), at, RIGHT_READ | RIGHT_WRITE),
                "map");
}

/* A guest that runs one instruction for ever. */
static void guest_start(uint32_t guest)
{
    cap_t thread = parts_cap(FIRST_THREAD + guest), vcpu = parts_cap(FIRST_VCPU + guest);

    parts_make(OBJ_VCPU, VCPU_BITS_MIN, FIRST_VCPU + guest);
    shared_frame(FIRST_PAGE + guest, FIRST_PAGE_COPY + guest, (uint64_t)(uintptr_t)page_of(guest));
    parts_thread(FIRST_THREAD + guest, 1,
                 &(struct abi_regs){ .a7 = CALL_VCPU_RUN, .a0 = vcpu.slot, .a2 = UINT64_MAX });
    attack_must(vcpu_bind(vcpu, thread, parts_cap(GSPACE), parts_cap(FIRST_PAGE_COPY + guest)),
                "bind");
    page_of(guest)->pc = GUEST_CODE;
    attack_must(thread_resume(thread), "resume");
}

/* Guests that run in turn are all told to wait for an interrupt. */
static void sleeping_guests(void)
{
    uint64_t bits;

    parts_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, OTHER);
    parts_make(OBJ_GSPACE, 18, GSPACE);
    shared_frame(CODE, CODE_COPY, WINDOW);
    *(volatile uint32_t *)(uintptr_t)WINDOW = INSN_JUMP_TO_SELF;
    attack_must(frame_map(parts_cap(CODE_COPY), parts_cap(GSPACE), GUEST_CODE,
                          RIGHT_READ | RIGHT_EXEC),
                "map");
    for (uint32_t i = 0; i < GUESTS; i++)
        guest_start(i);
    (void)!notification_wait(parts_cap(OTHER), rt_time_ticks() + 2 * rt_timebase_hz(), &bits);
    for (uint32_t i = 0; i < GUESTS; i++)
        page_of(i)->irq |= VCPU_IRQ_WAIT;
    parts_stretch(NULL);
    (void)!notification_wait(parts_cap(OTHER), rt_time_ticks() + rt_timebase_hz() / 10, &bits);
    parts_stretch("sending 64 guests to sleep");
    parts_revoke();
    parts_stretch("revoking 64 guests");
}

void attack_stretch_more(void)
{
    last_spaces(OBJ_VSPACE, 14, 8, "making the last VSpaces");
    last_spaces(OBJ_GSPACE, 15, 32, "making the last GSpaces");
    sleeping_guests();
}
