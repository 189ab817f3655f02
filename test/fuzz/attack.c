/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The attack on the kernel, which runs before the root server's main().  The attack holds all
 * capabilities, gives a few threads full rights to some of every type, and lets them call
 * (attack_calls.c).  It stops and restarts the threads anywhere, so that others see half-done
 * revokes and deletes.  After a while the attack revokes everything and begins again.  At the end
 * the kernel walks its memory (test/check), all memory has to be free again, and the root server's
 * own main() goes on: its guests boot.
 *
 * The kernel's bootargs set it: attack.calls=N attack.seed=N attack.walk=N (calls between walks)
 * attack.turn=N (ticks) attack.stretch=1 (attack_stretch.c first) attack.price=N (attack_price.c
 * first, with N random rounds) attack.sleepers=1 (attack_sleep.c first).
 */
#include "attack.h"

#include <check/check.h>
#include <libfdt.h>
#include <rootserver/root.h>
#include <rt/bootinfo.h>
#include <rt/rt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attack_parts.h"
#include "attack_price.h"

#define CALLS_DEFAULT  UINT64_C(100000)
#define CALLS_EPISODE  UINT64_C(20000)
#define WALK_DEFAULT   UINT64_C(20000)
#define TURN_DEFAULT   4000u /* ticks: the longest turn, after which other threads are chosen */
#define PRIORITY       10u /* the waker has 0, as attackers' new threads may have */
#define WORK_BITS      24u
#define RAM_BITS       22u
#define DEVICE_BITS    24u
#define CNODE_BITS     14u
#define STACK_BYTES    4096u

_Static_assert(UINT64_C(1) << (CNODE_BITS - 6) == ATTACK_SLOTS, "the table");

/* Our own slots, from the first empty one on. */
enum own_slot {
    OWN_TABLE,
    OWN_NOTIFICATION,
    OWN_THREAD /* of the attackers, and then of the waker */
};

struct attack {
    uint64_t seed, calls, walk, turn_ticks;
    cap_t ram, device; /* Untypeds from which all objects are made */
    uint32_t first;
    struct random random;
    uint64_t turns;
};

static struct attack attack;
static _Alignas(16) uint8_t stack[ATTACK_THREADS + 1][STACK_BYTES];

int __real_main(void); /* NOLINT: the linker's name for the root server's main() */
int __wrap_main(void);

static _Noreturn void fail(const char *what, uint64_t detail)
{
    printf("attack: FAILED: %s: %llu\n", what, (unsigned long long)detail);
    root_end_machine(false);
}

void attack_must(enum err err, const char *what)
{
    if (err != OK)
        fail(what, (uint64_t)err);
}

static cap_t own(unsigned slot)
{
    return cap_at(attack.first + slot);
}

/* ---- settings ----------------------------------------------------------------------------- */

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const void *dtb = (const void *)(uintptr_t)BOOT_DTB_ADDRESS;
    const char *args = fdt_getprop(dtb, fdt_path_offset(dtb, "/chosen"), "bootargs", NULL);
    const char *at = args != NULL ? strstr(args, name) : NULL;

    return at != NULL ? strtoull(at + strlen(name), NULL, 0) : otherwise;
}

/* The free bytes of an Untyped. */
static uint64_t untyped_free(uint32_t slot)
{
    uint64_t address = 0, state = 0;

    attack_must(untyped_info(cap_at(slot), &address, &state), "info");
    return state & ~UINT64_C(0xfff);
}

/* The largest Untyped of a kind that nothing was made of: of devices, that is where there is
 * none. */
static cap_t untyped_find(enum boot_untyped_kind kind, unsigned bits)
{
    const struct bootinfo *boot = root.boot;
    uint32_t best = UINT32_MAX;

    for (uint32_t i = 0; i < boot->untyped_count; i++) {
        if (boot->untyped[i].kind == kind &&
            untyped_free(boot->untyped_first + i) >> boot->untyped[i].size_bits == 1 &&
            (best == UINT32_MAX || boot->untyped[i].size_bits > boot->untyped[best].size_bits))
            best = i;
    }
    if (best == UINT32_MAX || boot->untyped[best].size_bits < bits)
        fail("no Untyped of that size", bits);
    return cap_at(boot->untyped_first + best);
}

/* ---- an episode ----------------------------------------------------------------------------- */

static void make(enum obj_type type, unsigned bits, unsigned slot)
{
    attack_must(untyped_retype(attack.ram, type, bits, cap_at(BOOT_SLOT_CNODE), own(slot).slot, 1),
         "retype");
}

/* Copies with all rights into the attackers' CNode, if the slot there is empty. */
static enum err give(uint32_t slot, cap_t from)
{
    return cnode_copy(own(OWN_TABLE), slot, cap_at(BOOT_SLOT_CNODE), from.slot, RIGHTS_ALL);
}

static enum err give_made(uint32_t slot, enum obj_type type, unsigned bits)
{
    return untyped_retype(attack.ram, type, bits, own(OWN_TABLE), slot, 1);
}

/* Gives a first capability again after an attacker has deleted it. */
static enum err give_first(uint32_t slot)
{
    /* Without the right to registers: an attacker with random registers would count wrongly. */
    if (slot >= ATTACK_THREAD && slot < ATTACK_THREAD + ATTACK_THREADS)
        return cnode_copy(own(OWN_TABLE), slot, cap_at(BOOT_SLOT_CNODE),
                          own(OWN_THREAD + slot - ATTACK_THREAD).slot, RIGHT_READ | RIGHT_MANAGE);
    switch (slot) {
    case ATTACK_CNODE: return give(slot, own(OWN_TABLE));
    case ATTACK_VSPACE: return give(slot, cap_at(BOOT_SLOT_VSPACE));
    case ATTACK_IRQ_CONTROL: return give(slot, cap_at(BOOT_SLOT_IRQ_CONTROL));
    case ATTACK_KLOG: return give(slot, cap_at(BOOT_SLOT_KLOG));
    case ATTACK_TRACE: return give(slot, cap_at(BOOT_SLOT_TRACE));
    case ATTACK_ENDPOINT: return give_made(slot, OBJ_ENDPOINT, ENDPOINT_BITS_MIN);
    case ATTACK_NOTIFICATION: return give_made(slot, OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);
    case ATTACK_GSPACE: return give_made(slot, OBJ_GSPACE, 18);
    case ATTACK_VCPU: return give_made(slot, OBJ_VCPU, VCPU_BITS_MIN);
    case ATTACK_PAGE: return give_made(slot, OBJ_FRAME, FRAME_BITS_MIN);
    case ATTACK_IRQ: return give_made(slot, OBJ_IRQ, IRQ_BITS_MIN);
    default: return ERR_EXISTS;
    }
}

/* Runs when no attacker can run, and signals that. */
static void waker_thread(void)
{
    for (;;)
        (void)!notification_signal(own(OWN_NOTIFICATION));
}

/* Restarts a thread at its first instruction.  The thread after the last one is the waker. */
static void thread_start(unsigned i)
{
    extern char __global_pointer$[];
    cap_t thread = own(OWN_THREAD + i);
    bool is_waker = i == ATTACK_THREADS;
    uint64_t entry = is_waker ? (uint64_t)(uintptr_t)waker_thread
                              : (uint64_t)(uintptr_t)attack_thread;

    attack_must(thread_suspend(thread), "suspend an attacker");
    attack_must(thread_configure(thread, is_waker ? cap_at(BOOT_SLOT_CNODE) : own(OWN_TABLE),
                          cap_at(BOOT_SLOT_VSPACE), CAP_NULL, is_waker ? 0 : PRIORITY),
         "configure an attacker");
    attack_must(thread_set_reg(thread, 0, entry), "pc");
    attack_must(thread_set_reg(thread, 2, (uint64_t)(uintptr_t)&stack[i][STACK_BYTES]), "sp");
    attack_must(thread_set_reg(thread, 3, (uint64_t)(uintptr_t)__global_pointer$), "gp");
    attack_must(thread_set_reg(thread, 10, i), "a0");
    attack_must(thread_resume(thread), "resume an attacker");
}

static void untyped_give(cap_t from, unsigned bits, uint32_t slot)
{
    attack_must(untyped_retype(from, OBJ_UNTYPED, bits, own(OWN_TABLE), slot, 1),
                "retype an Untyped");
}

static void episode_begin(void)
{
    make(OBJ_CNODE, CNODE_BITS, OWN_TABLE);
    make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, OWN_NOTIFICATION);
    for (unsigned i = 0; i <= ATTACK_THREADS; i++)
        make(OBJ_THREAD, THREAD_BITS_MIN, OWN_THREAD + i);
    for (uint32_t slot = 1; slot < ATTACK_RAM; slot++)
        attack_must(give_first(slot), "what the attackers begin with");
    untyped_give(attack.ram, RAM_BITS, ATTACK_RAM);
    untyped_give(attack.ram, RAM_BITS, ATTACK_RAM + 1);
    untyped_give(attack.device, DEVICE_BITS, ATTACK_DEVICE);
    attack_forget();
    thread_start(ATTACK_THREADS);
}

/* Ends an episode: revokes all objects at once. */
static void episode_end(void)
{
    attack_must(cnode_revoke(cap_at(BOOT_SLOT_CNODE), attack.device.slot), "revoke device memory");
    attack_must(cnode_revoke(cap_at(BOOT_SLOT_CNODE), attack.ram.slot), "revoke memory");
}

/* Chooses which threads go on, stay stopped within a call, or restart; then lets them run. */
static void turn(void)
{
    uint64_t bits;

    for (unsigned i = 0; i < ATTACK_THREADS; i++) {
        uint64_t dice = random_below(&attack.random, 8);
        if (dice < 4)
            thread_start(i);
        else if (dice < 6)
            attack_must(thread_suspend(own(OWN_THREAD + i)), "suspend an attacker");
    }
    (void)!give_first(1 + (uint32_t)random_below(&attack.random, ATTACK_RAM - 1));
    uint64_t end = rt_time_ticks() + 1 + random_below(&attack.random, attack.turn_ticks);
    (void)!notification_wait(own(OWN_NOTIFICATION), end, &bits);
    attack.turns++;
}

static uint64_t calls_made(void)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < ATTACK_THREADS; i++)
        sum += attacker[i].calls;
    return sum;
}

/* ---- the end -------------------------------------------------------------------------------- */

static void check_kernel(uint64_t every, const char *when)
{
    struct abi_regs regs = { .a7 = CHECK_CALL, .a1 = every };

    abi_ecall_message(&regs, false);
    if (regs.a0 == ERR_BAD_CALL)
        fail("this kernel does not check itself", 0);
    printf("attack: stretch of calls %s: %llu ticks, call %llu.%llu\n", when,
           (unsigned long long)regs.a3, (unsigned long long)(regs.a4 >> 8),
           (unsigned long long)(regs.a4 & 0xff));
    printf("attack: kernel walked %s: %llu capabilities, %llu objects, walk %llu\n", when,
           (unsigned long long)regs.a0, (unsigned long long)regs.a1, (unsigned long long)regs.a2);
}

static void print_table(void)
{
    for (unsigned kind = 0; kind < attack_kind_count(); kind++) {
        uint64_t tried = 0, done = 0;
        for (unsigned i = 0; i < ATTACK_THREADS; i++) {
            tried += attacker[i].tried[kind];
            done += attacker[i].done[kind];
        }
        printf("attack: %-18s %8llu done of %8llu\n", attack_kind_name(kind),
               (unsigned long long)done, (unsigned long long)tried);
    }
}

/* The free bytes of the two Untypeds; at the end all are free. */
static uint64_t memory_free(void)
{
    return untyped_free(attack.ram.slot) + untyped_free(attack.device.slot);
}

static void attack_begin(void)
{
    attack.calls = setting("attack.calls=", CALLS_DEFAULT);
    attack.seed = setting("attack.seed=", 1);
    attack.walk = setting("attack.walk=", WALK_DEFAULT);
    attack.turn_ticks = setting("attack.turn=", TURN_DEFAULT);
    attack.ram = untyped_find(BOOT_UNTYPED_RAM, WORK_BITS);
    attack.device = untyped_find(BOOT_UNTYPED_DEVICE, DEVICE_BITS);
    attack.first = root.boot->empty_first;
    attack.random.state = attack.seed * 2 + 1;
    for (unsigned i = 0; i < ATTACK_THREADS; i++)
        attacker[i].random.state = random_next(&attack.random) | 1;
    printf("attack: seed %llu, %llu calls\n", (unsigned long long)attack.seed,
           (unsigned long long)attack.calls);
}

int __wrap_main(void)
{
    uint64_t episodes = 0;

    attack_begin();
    uint64_t before = memory_free();
    check_kernel(attack.walk, "before");
    parts_begin(attack.ram, attack.first);
    if (setting("attack.stretch=", 0) != 0)
        attack_stretch();
    if (setting("attack.price=", 0) != 0)
        price_run(&attack.random, setting("attack.price=", 0));
    if (setting("attack.sleepers=", 0) != 0)
        sleepers_run();
    for (; calls_made() < attack.calls; episodes++) {
        uint64_t end = calls_made() + CALLS_EPISODE;
        episode_begin();
        while (calls_made() < end && calls_made() < attack.calls)
            turn();
        episode_end();
    }
    printf("\n");
    print_table();
    check_kernel(0, "after");
    if (memory_free() != before)
        fail("memory is missing", before - memory_free());
    printf("attack: end: %llu calls, %llu turns, %llu episodes\n",
           (unsigned long long)calls_made(), (unsigned long long)attack.turns,
           (unsigned long long)episodes);
    return __real_main();
}
