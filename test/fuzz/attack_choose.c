/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kinds of calls, each with arguments that are right most of the time.  This code runs in
 * threads that have no C library: no printf(), no errno.
 */
#include "attack_attempt.h"

#include <abi/message.h>
#include <abi/vcpu_page.h>
#include <rt/rt.h>

#define KLOG_ENOUGH 1200u
#define ALL_TYPES   (((UINT32_C(1) << OBJ_COUNT) - 2) | UINT32_C(1) << KIND_UNKNOWN)
#define COPYABLE    (ALL_TYPES & ~(uint32_t)OBJ_MASK(OBJ_UNTYPED))
#define BADGEABLE   ((uint32_t)(OBJ_MASK(OBJ_ENDPOINT) | OBJ_MASK(OBJ_NOTIFICATION)))
#define SPACES      ((uint32_t)(OBJ_MASK(OBJ_VSPACE) | OBJ_MASK(OBJ_GSPACE)))
#define IRQ_SOURCES 95u

/* A slot that holds one of `types`, and sometimes any value. */
static uint64_t choose_cap(struct attempt *a, uint32_t types)
{
    if (dice_percent(a, 3))
        return dice_percent(a, 50) ? dice_below(a, ATTACK_SLOTS) : dice_odd(a);
    return guess_slot(a, types);
}

static uint64_t choose_free_slot(struct attempt *a)
{
    return dice_percent(a, 3) ? dice_odd(a) : guess_slot(a, OBJ_MASK(OBJ_NONE));
}

/* Most of the time the shared CNode, else a CNode that was made. */
static uint64_t choose_table(struct attempt *a)
{
    return dice_percent(a, 90) ? ATTACK_CNODE : choose_cap(a, OBJ_MASK(OBJ_CNODE));
}

static uint64_t choose_rights(struct attempt *a)
{
    return dice_percent(a, 80) ? RIGHTS_ALL : dice_below(a, 40);
}

/* ---- arguments ------------------------------------------------------------------------------- */

static void choose_retype(struct attempt *a)
{
    static const uint8_t made[][2] = {
        {OBJ_UNTYPED, 12}, {OBJ_UNTYPED, 14},    {OBJ_UNTYPED, 17}, {OBJ_CNODE, 8},
        {OBJ_CNODE, 10},   {OBJ_CNODE, 13},      {OBJ_FRAME, 12},   {OBJ_FRAME, 12},
        {OBJ_FRAME, 12},   {OBJ_VSPACE, 14},     {OBJ_VSPACE, 15},  {OBJ_GSPACE, 15},
        {OBJ_GSPACE, 16},  {OBJ_THREAD, 11},     {OBJ_THREAD, 11},  {OBJ_ENDPOINT, 7},
        {OBJ_VCPU, 11},    {OBJ_VCPU, 11},       {OBJ_IRQ, 8},      {OBJ_IRQ, 8},
        {OBJ_FRAME, 21},   {OBJ_NOTIFICATION, 7}};
    static const uint8_t device[][2] = {{OBJ_FRAME, 12}, {OBJ_FRAME, 21}, {OBJ_UNTYPED, 22}};
    const uint8_t *kind =
        made[dice_below(a, sizeof made / sizeof made[0] - (dice_percent(a, 95) ? 2 : 0))];

    if (a->regs.a0 == ATTACK_DEVICE)
        kind = device[dice_below(a, 3)];
    a->regs.a2 = dice_percent(a, 2) ? dice_odd(a) : kind[0];
    a->regs.a3 = dice_percent(a, 2) ? dice_below(a, 70) : kind[1];
    a->regs.a4 = dice_percent(a, 95) ? ATTACK_CNODE : choose_table(a);
    a->regs.a5 = choose_free_slot(a);
    a->regs.a6 = dice_percent(a, 90) ? 1 : dice_percent(a, 50) ? dice_below(a, 5) : dice_odd(a);
}

static void choose_copy(struct attempt *a)
{
    a->regs.a2 = choose_free_slot(a);
    a->regs.a3 = choose_table(a);
    a->regs.a4 = a->regs.a3 == ATTACK_CNODE ? choose_cap(a, COPYABLE) : 1 + dice_below(a, 15);
    a->regs.a5 = choose_rights(a);
    a->regs.a6 = dice_percent(a, 90) ? 1 + dice_below(a, 7) : dice_odd(a);
}

static void choose_mint(struct attempt *a)
{
    choose_copy(a);
    a->regs.a3 = ATTACK_CNODE;
    a->regs.a4 = choose_cap(a, BADGEABLE);
}

/* A slot to delete, revoke or move; rarely one of the attackers' first capabilities. */
static uint64_t choose_victim(struct attempt *a, uint32_t types)
{
    uint64_t slot = dice_percent(a, 30) ? guess_slot(a, UINT32_C(1) << KIND_UNKNOWN) : 0;

    if (slot == 0)
        slot = choose_cap(a, types);
    if (slot < ATTACK_FREE && (!dice_percent(a, 2) || (slot >= ATTACK_RAM && !dice_percent(a, 5))))
        slot = ATTACK_FREE + dice_below(a, ATTACK_SLOTS - ATTACK_FREE);
    return slot;
}

static void choose_move(struct attempt *a)
{
    a->regs.a2 = choose_free_slot(a);
    a->regs.a3 = choose_table(a);
    a->regs.a4 = a->regs.a3 == ATTACK_CNODE ? choose_victim(a, ALL_TYPES) : 1 + dice_below(a, 15);
}

static void choose_delete(struct attempt *a)
{
    a->regs.a2 = a->regs.a0 == ATTACK_CNODE ? choose_victim(a, ALL_TYPES) : 1 + dice_below(a, 15);
}

static void choose_revoke(struct attempt *a)
{
    uint64_t dice = dice_below(a, 100);

    if (a->regs.a0 != ATTACK_CNODE)
        a->regs.a2 = 1 + dice_below(a, 15);
    else if (dice < 8)
        a->regs.a2 = ATTACK_RAM + dice_below(a, 3);
    else
        a->regs.a2 = dice < 30 ? choose_cap(a, OBJ_MASK(OBJ_UNTYPED)) : choose_victim(a, ALL_TYPES);
}

static void choose_map(struct attempt *a)
{
    static const uint64_t bases[] = {0, 0x40000000, 0x3fc0000000, 0x1ffc0000000, ATTACK_WINDOW};

    a->regs.a2 = choose_cap(a, SPACES);
    a->regs.a3 = bases[dice_below(a, 5)] + (dice_below(a, 64) << (dice_percent(a, 70) ? 12 : 21));
    if (dice_percent(a, 30)) /* most likely alone in its page tables */
        a->regs.a3 = dice_below(a, 2048) << 30;
    a->regs.a4 = dice_percent(a, 50) ? 1 : dice_below(a, 10);
    if (dice_percent(a, 20)) { /* where call_scribble() finds it */
        a->regs.a2 = ATTACK_VSPACE;
        a->regs.a3 = ATTACK_WINDOW + (a->regs.a0 % ATTACK_SLOTS << 12);
        a->regs.a4 = RIGHT_READ | RIGHT_WRITE;
    } else if (dice_percent(a, 5)) {
        a->regs.a3 = dice_odd(a);
        a->regs.a4 = dice_odd(a);
    }
}

static void choose_recover(struct attempt *a)
{
    for (uint64_t *at = &a->regs.a2; at <= &a->regs.a4; at++)
        *at = dice_percent(a, 90) ? 2 * dice_below(a, 64) : dice_odd(a);
    a->regs.a4 += dice_percent(a, 80) ? 256 : 0; /* behind the range */
}

static void choose_configure(struct attempt *a)
{
    a->regs.a2 = dice_percent(a, 50) ? ATTACK_CNODE : choose_cap(a, OBJ_MASK(OBJ_CNODE));
    a->regs.a3 = choose_cap(a, OBJ_MASK(OBJ_VSPACE));
    a->regs.a4 = dice_percent(a, 40) ? 0 : choose_cap(a, OBJ_MASK(OBJ_ENDPOINT));
    a->regs.a5 = dice_percent(a, 95) ? dice_below(a, 11) : dice_odd(a);
}

static void choose_thread_bind(struct attempt *a)
{
    a->regs.a2 = dice_percent(a, 40) ? 0 : choose_cap(a, OBJ_MASK(OBJ_NOTIFICATION));
}

static void choose_thread_reg(struct attempt *a)
{
    a->regs.a2 = dice_percent(a, 95) ? dice_below(a, 32) : dice_odd(a);
    a->regs.a3 = dice_odd(a);
}

static void choose_vcpu_bind(struct attempt *a)
{
    a->regs.a2 =
        dice_percent(a, 80) ? ATTACK_THREAD + a->index : choose_cap(a, OBJ_MASK(OBJ_THREAD));
    a->regs.a3 = choose_cap(a, OBJ_MASK(OBJ_GSPACE));
    a->regs.a4 = choose_cap(a, OBJ_MASK(OBJ_FRAME));
    if (a->who->vcpu != 0 && dice_percent(a, 60))
        a->regs.a0 = a->who->vcpu;
}

static void choose_vcpu_reg(struct attempt *a)
{
    static const uint16_t numbers[] = {0x100, 0x104, 0x105, 0x106, 0x10a, 0x140,
                                       0x141, 0x142, 0x143, 0x144, 0x180};

    a->regs.a2 = dice_percent(a, 60)   ? VCPU_REG_CSR(numbers[dice_below(a, 11)])
                 : dice_percent(a, 80) ? VCPU_REG_FP(dice_below(a, 33))
                                       : dice_odd(a);
    a->regs.a3 = dice_odd(a);
    /* A trap vector that cannot be fetched is an endless loop in which no instruction ends: time
     * stands still when it is counted in instructions.  In test/fuzz/run.c it does not. */
    if (a->regs.a2 == VCPU_REG_CSR(0x105))
        a->regs.a3 &= UINT64_C(0xfffffffffc);
    if (a->regs.a2 == VCPU_REG_CSR(0x180))
        a->regs.a3 &= UINT64_C(0x0fffffffffffffff);
}

static void choose_vcpu_any(struct attempt *a)
{
    a->regs.a2 = dice_percent(a, 90) ? dice_below(a, 66) : dice_odd(a);
    a->regs.a3 = dice_odd(a);
    a->regs.a4 = dice_odd(a);
    a->regs.a5 = dice_percent(a, 50) ? dice_below(a, 65536) : dice_odd(a);
}

static void choose_vcpu_fence(struct attempt *a)
{
    choose_vcpu_any(a);
    a->regs.a2 = dice_below(a, 4);
}

static void choose_irq_bind(struct attempt *a)
{
    a->regs.a2 = dice_percent(a, 95) ? ATTACK_IRQ_CONTROL : choose_cap(a, ALL_TYPES);
    a->regs.a3 = dice_percent(a, 95) ? 1 + dice_below(a, IRQ_SOURCES) : dice_odd(a);
    a->regs.a4 = choose_cap(a, OBJ_MASK(OBJ_NOTIFICATION));
}

static void choose_klog(struct attempt *a)
{
    static const char dots[8] = "........";
    uint64_t word = *(const uint64_t *)(const void *)dots;

    a->regs.a2 = dice_percent(a, 50) ? 1 + dice_below(a, 40) : 41 + dice_below(a, 9);
    a->regs.a3 = a->regs.a4 = a->regs.a5 = a->regs.a6 = a->regs.t1 = word;
}

static void choose_trace_attach(struct attempt *a)
{
    a->regs.a2 = dice_percent(a, 90) ? 0 : dice_odd(a);
    a->regs.a3 = choose_cap(a, OBJ_MASK(OBJ_FRAME));
}

/* Off half of the time, because nothing can be attached while it is on. */
static void choose_trace_mask(struct attempt *a)
{
    a->regs.a2 = dice_percent(a, 50) ? 0 : dice_percent(a, 90) ? dice_below(a, 128) : dice_odd(a);
}

static void choose_trace_identify(struct attempt *a)
{
    a->regs.a2 = choose_cap(a, OBJ_MASK(OBJ_THREAD) | OBJ_MASK(OBJ_VCPU));
}

static void choose_nothing(struct attempt *a)
{
    a->regs.a2 = dice_odd(a);
}

static void choose_message(struct attempt *a)
{
    if (dice_percent(a, 60)) /* where the other attackers are too */
        a->regs.a0 = ATTACK_ENDPOINT;
    a->regs.a1 = (dice_percent(a, 95) ? dice_below(a, 100) : dice_odd(a)) |
                 (dice_percent(a, 30) ? TAG_CAP : 0);
    a->regs.t0 = guess_slot(a, COPYABLE) | guess_slot(a, OBJ_MASK(OBJ_NONE)) << 32;
    if (dice_percent(a, 5))
        a->regs.t0 = dice_odd(a);
}

static void choose_receive_until(struct attempt *a)
{
    choose_message(a);
    a->regs.t2 = dice_percent(a, 90) ? rt_time_ticks() + dice_below(a, 100) : dice_odd(a);
}

static void choose_notification(struct attempt *a)
{
    if (dice_percent(a, 50))
        a->regs.a0 = ATTACK_NOTIFICATION;
    a->regs.a1 = dice_percent(a, 90) ? rt_time_ticks() + dice_below(a, 100) : dice_odd(a);
}

static void choose_vcpu_run(struct attempt *a)
{
    if (a->who->vcpu != 0 && dice_percent(a, 90))
        a->regs.a0 = a->who->vcpu;
    a->regs.a1 = dice_percent(a, 95) ? attack_seq[a->regs.a0 % ATTACK_SLOTS] : dice_odd(a);
    a->regs.a2 = dice_percent(a, 95) ? rt_time_ticks() + dice_below(a, 60) : dice_odd(a);
}

#define INVOKE(type, name, weight, choose)                                                         \
    {#type "." #name, CALL_INVOKE, OBJ_##type, METHOD_##type##_##name, weight, choose}

const struct kind attack_kinds[] = {
    INVOKE(UNTYPED, RETYPE, 60, choose_retype),
    INVOKE(UNTYPED, INFO, 3, choose_nothing),
    INVOKE(CNODE, COPY, 30, choose_copy),
    INVOKE(CNODE, MINT, 15, choose_mint),
    INVOKE(CNODE, MOVE, 15, choose_move),
    INVOKE(CNODE, DELETE, 45, choose_delete),
    INVOKE(CNODE, REVOKE, 14, choose_revoke),
    INVOKE(FRAME, MAP, 45, choose_map),
    INVOKE(FRAME, UNMAP, 15, choose_nothing),
    INVOKE(FRAME, INFO, 3, choose_nothing),
    INVOKE(VSPACE, INFO, 3, choose_nothing),
    INVOKE(VSPACE, RECOVER, 3, choose_recover),
    INVOKE(GSPACE, INFO, 3, choose_nothing),
    INVOKE(THREAD, CONFIGURE, 15, choose_configure),
    INVOKE(THREAD, BIND, 15, choose_thread_bind),
    INVOKE(THREAD, GET_REG, 5, choose_thread_reg),
    INVOKE(THREAD, SET_REG, 8, choose_thread_reg),
    INVOKE(THREAD, RESUME, 12, choose_nothing),
    INVOKE(THREAD, SUSPEND, 6, choose_nothing),
    INVOKE(THREAD, INFO, 3, choose_nothing),
    INVOKE(VCPU, BIND, 30, choose_vcpu_bind),
    INVOKE(VCPU, GET_REG, 4, choose_vcpu_reg),
    INVOKE(VCPU, SET_REG, 8, choose_vcpu_reg),
    INVOKE(VCPU, INJECT, 10, choose_vcpu_any),
    INVOKE(VCPU, FENCE, 10, choose_vcpu_fence),
    INVOKE(IRQ, BIND, 12, choose_irq_bind),
    INVOKE(IRQ, ACK, 6, choose_nothing),
    INVOKE(KLOG, WRITE, 3, choose_klog),
    INVOKE(TRACE, ATTACH, 10, choose_trace_attach),
    INVOKE(TRACE, SET_MASK, 6, choose_trace_mask),
    INVOKE(TRACE, IDENTIFY, 3, choose_trace_identify),
    {"call", CALL_CALL, OBJ_ENDPOINT, 0, 8, choose_message},
    {"reply_recv", CALL_REPLY_RECV, OBJ_ENDPOINT, 0, 12, choose_message},
    {"send", CALL_SEND, OBJ_ENDPOINT, 0, 8, choose_message},
    {"recv", CALL_RECV, OBJ_ENDPOINT, 0, 8, choose_message},
    {"reply_recv_until", CALL_REPLY_RECV_UNTIL, OBJ_ENDPOINT, 0, 12, choose_receive_until},
    {"recv_until", CALL_RECV_UNTIL, OBJ_ENDPOINT, 0, 8, choose_receive_until},
    {"signal", CALL_SIGNAL, OBJ_NOTIFICATION, 0, 12, choose_notification},
    {"wait", CALL_WAIT, OBJ_NOTIFICATION, 0, 8, choose_notification},
    {"poll", CALL_POLL, OBJ_NOTIFICATION, 0, 4, choose_notification},
    {"yield", CALL_YIELD, OBJ_NOTIFICATION, 0, 2, choose_nothing},
    {"vcpu_run", CALL_VCPU_RUN, OBJ_VCPU, 0, 15, choose_vcpu_run},
    {"anything", CALL_COUNT, OBJ_NONE, 0, 20, NULL},
};

#define KIND_COUNT (sizeof attack_kinds / sizeof attack_kinds[0])
_Static_assert(KIND_COUNT <= ATTACK_KINDS, "counters for all kinds");

unsigned attack_kind_count(void)
{
    return KIND_COUNT;
}

const char *attack_kind_name(unsigned kind)
{
    return attack_kinds[kind].name;
}

static unsigned choose_kind(struct attempt *a)
{
    static uint32_t total;

    if (total == 0) {
        uint32_t sum = 0;
        for (unsigned i = 0; i < KIND_COUNT; i++)
            sum += attack_kinds[i].weight;
        total = sum;
    }
    uint64_t dice = dice_below(a, total);
    unsigned at = 0;
    while (dice >= attack_kinds[at].weight)
        dice -= attack_kinds[at++].weight;
    bool is_loud = attack_kinds[at].type == OBJ_KLOG && attack_kinds[at].call == CALL_INVOKE;
    return is_loud && a->who->done[at] >= KLOG_ENOUGH ? 0 : at;
}

/* Any value in any register. */
static void choose_anything(struct attempt *a)
{
    uint64_t *at = &a->regs.a0;

    for (unsigned i = 0; i < sizeof a->regs / sizeof *at; i++)
        at[i] = dice_percent(a, 50) ? dice_below(a, 64) : dice_odd(a);
    if (!dice_percent(a, 10))
        a->regs.a7 = dice_below(a, CALL_COUNT + 2);
    uint8_t kind = a->regs.a0 < ATTACK_SLOTS ? attack_kind[a->regs.a0] : OBJ_NONE;
    if (a->regs.a7 == CALL_INVOKE && a->regs.a1 == 0 && (kind == OBJ_KLOG || kind == KIND_UNKNOWN))
        a->regs.a2 =
            41; /* more than the 40 bytes that a call can write: nothing reaches the console */
}

unsigned attempt_choose(struct attempt *a)
{
    unsigned number = choose_kind(a);
    const struct kind *kind = &attack_kinds[number];

    if (kind->choose == NULL) {
        choose_anything(a);
        return number;
    }
    a->regs.a7 = kind->call;
    a->regs.a1 = kind->method;
    a->regs.a0 = kind->type == OBJ_CNODE ? choose_table(a) : choose_cap(a, OBJ_MASK(kind->type));
    if (kind->type == OBJ_UNTYPED && dice_percent(a, 60))
        a->regs.a0 = ATTACK_RAM + (dice_percent(a, 80) ? dice_below(a, 2) : 2);
    kind->choose(a);
    return number;
}
