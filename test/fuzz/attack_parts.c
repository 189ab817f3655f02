/* SPDX-License-Identifier: BSD-2-Clause */
#include "attack_parts.h"

#include <check/check.h>
#include <rt/bootinfo.h>
#include <rt/rt.h>
#include <stdio.h>

#include "attack.h"

static uint32_t first;
static cap_t ram;

void parts_begin(cap_t untyped, uint32_t first_slot)
{
    ram = untyped;
    first = first_slot;
}

cap_t parts_cap(uint32_t slot)
{
    return cap_at(first + slot);
}

cap_t parts_ram(void)
{
    return ram;
}

void parts_make(enum obj_type type, unsigned bits, uint32_t slot)
{
    attack_must(untyped_retype(ram, type, bits, cap_at(BOOT_SLOT_CNODE), parts_cap(slot).slot, 1),
                "retype");
}

void parts_copy(cap_t cnode, uint32_t index, uint32_t slot)
{
    attack_must(cnode_copy(cnode, index, cap_at(BOOT_SLOT_CNODE), parts_cap(slot).slot, RIGHTS_ALL),
                "copy");
}

void parts_move(cap_t cnode, uint32_t index, uint32_t slot)
{
    attack_must(cnode_move(cnode, index, cap_at(BOOT_SLOT_CNODE), parts_cap(slot).slot), "move");
}

void parts_delete(uint32_t slot)
{
    attack_must(cnode_delete(cap_at(BOOT_SLOT_CNODE), parts_cap(slot).slot), "delete");
}

__asm__(".balign 4\n"
        "parts_caller:\n"
        "    ecall\n"
        "1:  j 1b\n");
extern const char parts_caller[];

void parts_thread(uint32_t slot, uint64_t priority, const struct abi_regs *call)
{
    const uint64_t value[][2] = { { 0, (uint64_t)(uintptr_t)parts_caller },
                                  { 5, call->t0 },
                                  { 6, call->t1 },
                                  { 10, call->a0 },
                                  { 11, call->a1 },
                                  { 12, call->a2 },
                                  { 13, call->a3 },
                                  { 14, call->a4 },
                                  { 15, call->a5 },
                                  { 16, call->a6 },
                                  { 17, call->a7 } };

    parts_make(OBJ_THREAD, THREAD_BITS_MIN, slot);
    attack_must(thread_configure(parts_cap(slot), cap_at(BOOT_SLOT_CNODE),
                                 cap_at(BOOT_SLOT_VSPACE), CAP_NULL, priority),
                "configure a thread");
    for (unsigned i = 0; i < sizeof value / sizeof value[0]; i++)
        attack_must(thread_set_reg(parts_cap(slot), value[i][0], value[i][1]), "register");
}

uint64_t parts_sleep_until(cap_t notification, uint64_t deadline_ticks)
{
    uint64_t bits;

    (void)!notification_wait(notification, deadline_ticks, &bits);
    uint64_t now = rt_time_ticks();
    return now > deadline_ticks ? now - deadline_ticks : 0;
}

void parts_stretch(const char *name)
{
    struct abi_regs regs = { .a7 = CHECK_CALL, .a1 = CHECK_STRETCH };

    abi_ecall_message(&regs, false);
    if (name != NULL)
        printf("attack: stretch of %s: %llu ticks, call %llu.%llu\n", name,
               (unsigned long long)regs.a3, (unsigned long long)(regs.a4 >> 8),
               (unsigned long long)(regs.a4 & 0xff));
}

void parts_revoke(void)
{
    attack_must(cnode_revoke(cap_at(BOOT_SLOT_CNODE), ram.slot), "revoke");
}
