/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One operation is prepared on a quiet system.  The calling thread, of the highest priority, then
 * sleeps a moment, in which a thread of priority 1 drops something (attack_drop.h) and is perhaps
 * stopped in the middle; then the operation is made, and its time taken.  The first operation after
 * a drop is the one to look at: it may have to pay for what others left.
 */
#include "attack_price.h"

#include <abi/vcpu_page.h>
#include <rt/bootinfo.h>
#include <rt/rt.h>
#include <stdio.h>

#include "attack.h"
#include "attack_drop.h"
#include "attack_parts.h"

#define WINDOW      UINT64_C(0x3000000000) /* of this process: nothing else is mapped here */
#define PAGE_AT     (WINDOW + 0x1000)
#define GUEST_CODE  UINT64_C(0x80000000)
#define INSN_ECALL  0x00000073u
#define POOL_BITS   12u
#define EXITS       100u
#define SLEEP_TICKS 20000u /* time for a thread of priority 1 to make its call */
#define RANDOM_MAX  128u   /* things dropped in a random round */

enum op { OP_DELETE, OP_SIGNAL, OP_RETYPE, OP_REVOKE, OP_MAP, OP_UNMAP, OP_EXIT, OP_EXITS,
          OP_COUNT };

static const char *const op_name[OP_COUNT] = {
    [OP_DELETE] = "delete",  [OP_SIGNAL] = "signal", [OP_RETYPE] = "retype", [OP_REVOKE] = "revoke",
    [OP_MAP] = "map",        [OP_UNMAP] = "unmap",   [OP_EXIT] = "exit",     [OP_EXITS] = "exits",
};

enum price_slot { ENDPOINT = DROP_SLOTS, COPY, NOTIFICATION, POOL, MADE, LONE, GUEST, CODE, STATE,
                  RUNNER, SLEEP };

static const cap_t boot_cnode = { BOOT_SLOT_CNODE }, boot_vspace = { BOOT_SLOT_VSPACE };

/* ---- the guest, which does nothing but ecalls ---------------------------------------------- */

static uint64_t run_seq;

static void run_guest(void)
{
    uint64_t reason = 0;

    enum err err = vcpu_run(parts_cap(RUNNER), run_seq, DEADLINE_NEVER, &reason, &run_seq);
    if (err != OK || reason != VCPU_EXIT_ECALL)
        attack_must(err != OK ? err : ERR_STATE, "run the guest");
}

static void make_guest(void)
{
    volatile uint32_t *code = (volatile uint32_t *)(uintptr_t)WINDOW;
    struct vcpu_page *page = (struct vcpu_page *)(uintptr_t)PAGE_AT;

    parts_make(OBJ_GSPACE, 16, GUEST);
    parts_make(OBJ_VCPU, VCPU_BITS_MIN, RUNNER);
    parts_make(OBJ_FRAME, FRAME_BITS_MIN, CODE);
    parts_make(OBJ_FRAME, FRAME_BITS_MIN, STATE);
    attack_must(frame_map(parts_cap(CODE), boot_vspace, WINDOW, RIGHT_READ | RIGHT_WRITE), "map");
    *code = INSN_ECALL;
    attack_must(frame_unmap(parts_cap(CODE)), "unmap");
    attack_must(frame_map(parts_cap(CODE), parts_cap(GUEST), GUEST_CODE, RIGHT_READ | RIGHT_EXEC),
                "map for the guest");
    attack_must(frame_map(parts_cap(STATE), boot_vspace, PAGE_AT, RIGHT_READ | RIGHT_WRITE),
                "map the state page");
    attack_must(vcpu_bind(parts_cap(RUNNER), cap_at(BOOT_SLOT_THREAD), parts_cap(GUEST),
                          parts_cap(STATE)),
                "bind");
    page->pc = GUEST_CODE;
    run_seq = page->exit.seq;
    attack_must(vcpu_set_reg(parts_cap(RUNNER), VCPU_REG_VSMODE, 1), "mode");
    for (unsigned i = 0; i < 4; i++)
        run_guest();
}

/* ---- operations --------------------------------------------------------------------------- */

static void op_prepare(enum op op)
{
    parts_make(OBJ_ENDPOINT, ENDPOINT_BITS_MIN, ENDPOINT);
    switch (op) {
    case OP_DELETE:
        parts_copy(boot_cnode, (uint32_t)parts_cap(COPY).slot, ENDPOINT);
        break;
    case OP_SIGNAL: parts_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, NOTIFICATION); break;
    case OP_RETYPE: /* of an Untyped of which nothing lives any more: it begins again */
        parts_make(OBJ_UNTYPED, POOL_BITS, POOL);
        attack_must(untyped_retype(parts_cap(POOL), OBJ_ENDPOINT, ENDPOINT_BITS_MIN, boot_cnode,
                                   parts_cap(MADE).slot, 1),
                    "retype");
        parts_delete(MADE);
        break;
    case OP_MAP:
    case OP_UNMAP:
        parts_make(OBJ_FRAME, FRAME_BITS_MIN, LONE);
        if (op == OP_UNMAP)
            attack_must(frame_map(parts_cap(LONE), boot_vspace, WINDOW, RIGHT_READ), "map");
        break;
    case OP_EXIT:
    case OP_EXITS: make_guest(); break;
    default: break;
    }
}

static enum err op_make(enum op op)
{
    switch (op) {
    case OP_DELETE: return cnode_delete(boot_cnode, parts_cap(COPY).slot);
    case OP_SIGNAL: return notification_signal(parts_cap(NOTIFICATION));
    case OP_RETYPE:
        return untyped_retype(parts_cap(POOL), OBJ_ENDPOINT, ENDPOINT_BITS_MIN, boot_cnode,
                              parts_cap(MADE).slot, 1);
    case OP_REVOKE: return cnode_revoke(boot_cnode, parts_cap(ENDPOINT).slot);
    case OP_MAP: return frame_map(parts_cap(LONE), boot_vspace, WINDOW, RIGHT_READ);
    case OP_UNMAP: return frame_unmap(parts_cap(LONE));
    default: break;
    }
    for (unsigned i = 0; i < (op == OP_EXITS ? EXITS : 1); i++)
        run_guest();
    return OK;
}

/* Ticks of one operation; of the exits, of all of them. */
static uint64_t op_ticks(enum op op)
{
    uint64_t begin = rt_time_ticks();
    enum err err = op_make(op);
    uint64_t end = rt_time_ticks();

    attack_must(err, op_name[op]);
    return end - begin;
}

/* ---- one drop, one operation ---------------------------------------------------------------- */

struct price {
    uint64_t ticks, late_ticks;
};

static struct price price_after(enum drop drop, uint32_t count, enum op op, uint64_t sleep_ticks)
{
    struct price price;

    parts_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, SLEEP);
    drop_prepare(drop, count);
    op_prepare(op);
    parts_stretch(NULL);
    price.late_ticks = parts_sleep_until(parts_cap(SLEEP),
                                         rt_time_ticks() + sleep_ticks);
    price.ticks = op_ticks(op);
    return price;
}

static void print_price(enum op op, const char *when, struct price price)
{
    printf("attack: price of %s, %s: %llu ticks, woken %llu late\n", op_name[op], when,
           (unsigned long long)price.ticks, (unsigned long long)price.late_ticks);
}

static void price_quiet(enum op op)
{
    op_prepare(op);
    op_ticks(op); /* the first touches of everything */
    parts_revoke();
    op_prepare(op);
    print_price(op, "quiet", (struct price){ .ticks = op_ticks(op) });
    parts_revoke();
}

static void price_directed(enum drop drop)
{
    for (unsigned op = 0; op < OP_COUNT; op++) {
        print_price((enum op)op, drop_name(drop),
                    price_after(drop, DROP_MAX, (enum op)op, SLEEP_TICKS));
        parts_stretch(drop_name(drop));
        parts_revoke();
    }
}

static void price_random(struct random *random, uint64_t rounds)
{
    struct price most[OP_COUNT] = { { 0, 0 } };

    for (uint64_t i = 0; i < rounds; i++) {
        enum op op = (enum op)random_below(random, OP_COUNT);
        struct price price = price_after((enum drop)random_below(random, DROP_COUNT),
                                         1 + (uint32_t)random_below(random, RANDOM_MAX), op,
                                         1 + random_below(random, SLEEP_TICKS));
        parts_stretch("a random drop");
        parts_revoke();
        if (price.ticks > most[op].ticks)
            most[op].ticks = price.ticks;
        if (price.late_ticks > most[op].late_ticks)
            most[op].late_ticks = price.late_ticks;
    }
    for (unsigned op = 0; op < OP_COUNT; op++)
        print_price((enum op)op, "random drops", most[op]);
}

void price_run(struct random *random, uint64_t rounds)
{
    for (unsigned op = 0; op < OP_COUNT; op++)
        price_quiet((enum op)op);
    for (unsigned drop = 0; drop < DROP_COUNT; drop++)
        price_directed((enum drop)drop);
    price_random(random, rounds);
    printf("attack: end of prices\n");
}
