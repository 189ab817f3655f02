/* SPDX-License-Identifier: BSD-2-Clause */
/* rootserver/exec: parts in steps, on a kernel that is interrupted again and again. */
#include <stdlib.h>
#include <string.h>

#include <rootserver/exec/exec.h>
#include <rt/calls.h>
#include <rt/rt.h>
#include <test/unit/run.h>

#include "sample.h"

#define MIB (UINT64_C(1) << 20)

static struct sample sample;
static struct plan plan;
static struct random_source source;
static struct exec exec = {.in = &sample.in, .plan = &plan, .random = &source};

/* The slots of the root server's CNode. */
static struct {
    bool is_filled;
    uint8_t type;    /* enum obj_type */
    uint32_t parent; /* slot of the Untyped that the object is made from; 0: a copy */
} slot[SLOTS_MAX];
static unsigned filled, again_every, calls, fails_at;
static uint64_t ram_zeroed;
static unsigned suspends[SLOTS_MAX]; /* of the Thread in each slot */

static bool is_interrupted(void)
{
    return again_every != 0 && (unsigned)rand() % again_every == 0;
}

static enum err fill(uint64_t cnode, uint64_t index, uint32_t parent, uint8_t type)
{
    if (cnode != BOOT_SLOT_CNODE)
        return OK;
    if (slot[index].is_filled)
        return ERR_NO_SLOT;
    slot[index].is_filled = true;
    slot[index].parent = parent;
    slot[index].type = type;
    filled++;
    return OK;
}

static void empty(uint64_t index)
{
    filled -= slot[index].is_filled;
    slot[index].is_filled = false;
}

static enum err may_fail(void)
{
    return ++calls == fails_at ? ERR_BUSY : OK;
}

static enum err kernel_retype(const struct abi_regs *r)
{
    if (is_interrupted())
        return ERR_AGAIN;
    enum err err = may_fail();
    if (r->a2 == OBJ_FRAME && r->a3 >= 21)
        ram_zeroed += r->a6 << r->a3;
    for (uint64_t i = 0; i < r->a6 && err == OK; i++)
        err = fill(r->a4, r->a5 + i, (uint32_t)r->a0, (uint8_t)r->a2);
    return err;
}

static enum err kernel_copy(const struct abi_regs *r)
{
    bool is_own = r->a3 == BOOT_SLOT_CNODE;
    if (is_own && !slot[r->a4].is_filled)
        return ERR_INVALID_CAP;
    enum err err = may_fail();
    return err == OK ? fill(r->a0, r->a2, 0, is_own ? slot[r->a4].type : OBJ_FRAME) : err;
}

static enum err kernel_move(const struct abi_regs *r)
{
    if (!slot[r->a4].is_filled)
        return ERR_INVALID_CAP;
    empty(r->a4);
    return fill(r->a0, r->a2, slot[r->a4].parent, slot[r->a4].type);
}

static enum err kernel_delete(const struct abi_regs *r)
{
    if (is_interrupted())
        return ERR_AGAIN;
    if (r->a0 != BOOT_SLOT_CNODE)
        return OK;
    if (!slot[r->a2].is_filled)
        return ERR_INVALID_CAP;
    empty(r->a2);
    return OK;
}

static enum err kernel_revoke(const struct abi_regs *r)
{
    if (is_interrupted())
        return ERR_AGAIN;
    if (!slot[r->a2].is_filled)
        return ERR_INVALID_CAP;
    for (uint32_t i = 0; i < SLOTS_MAX; i++) {
        if (slot[i].is_filled && slot[i].parent == r->a2)
            empty(i);
    }
    return OK;
}

static enum err kernel_cnode(const struct abi_regs *r)
{
    switch (r->a1) {
    case METHOD_CNODE_COPY:
    case METHOD_CNODE_MINT:
        return kernel_copy(r);
    case METHOD_CNODE_MOVE:
        return kernel_move(r);
    case METHOD_CNODE_DELETE:
        return kernel_delete(r);
    default:
        ck_assert_uint_eq(r->a1, METHOD_CNODE_REVOKE);
        return kernel_revoke(r);
    }
}

static enum err kernel_suspend(const struct abi_regs *r)
{
    suspends[r->a0]++;
    return may_fail();
}

void abi_ecall(struct abi_regs *r)
{
    ck_assert_uint_eq(r->a7, CALL_INVOKE);
    ck_assert_uint_lt(r->a0, SLOTS_MAX);
    if (!slot[r->a0].is_filled)
        r->a0 = ERR_INVALID_CAP;
    else if (slot[r->a0].type == OBJ_UNTYPED)
        r->a0 = kernel_retype(r);
    else if (slot[r->a0].type == OBJ_CNODE)
        r->a0 = kernel_cnode(r);
    else if (slot[r->a0].type == OBJ_THREAD && r->a1 == METHOD_THREAD_SUSPEND)
        r->a0 = kernel_suspend(r);
    else
        r->a0 = may_fail();
}

static void step_until_done(unsigned part)
{
    struct exec_failed failed;
    enum err err;

    do
        err = exec_part(&exec, part, 1, &failed);
    while (err == ERR_AGAIN);
    ck_assert_int_eq(err, OK);
    ck_assert_uint_eq(plan.part[part].state, PLAN_PART_MADE);
}

static void begin_with(uint64_t guest_bytes, uint64_t bytes)
{
    struct problem problem;
    sample_make(&sample, 3, guest_bytes, bytes);
    memset(slot, 0, sizeof slot);
    filled = calls = fails_at = 0;
    for (uint32_t i = 1; i < SAMPLE_EMPTY_FIRST; i++)
        (void)!fill(BOOT_SLOT_CNODE, i, 0, OBJ_UNTYPED);
    slot[BOOT_SLOT_CNODE].type = OBJ_CNODE;
    slot[BOOT_SLOT_VSPACE].type = OBJ_VSPACE;
    slot[BOOT_SLOT_THREAD].type = OBJ_THREAD;
    slot[BOOT_SLOT_IRQ_CONTROL].type = OBJ_IRQ_CONTROL;
    ck_assert_int_eq(sample_open(&sample, &plan, &problem), OK);
    step_until_done(PLAN_PART_ROOT_NUMBER);
}

static void begin(void)
{
    begin_with(64 * MIB, 512 * MIB);
}

static void guest_plan(unsigned guest)
{
    struct problem problem = {""};
    enum err err = plan_guest(&sample.in, &plan, guest, &problem);
    ck_assert_msg(err == OK, "%s", problem.text);
}

START_TEST(test_exec_parts_in_steps_interleaved_lose_nothing)
{
    /* While one guest is unmade in steps, another is planned and made in steps, and calls are
     * interrupted: no slot stays filled, and the next life finds every slot empty. */
    begin();
    unsigned before = filled;
    again_every = 3;
    srand((unsigned)_i);
    guest_plan(0);
    step_until_done(plan_part_guest(0));
    for (unsigned i = 0; i < 40; i++) {
        unsigned old = i % 2, new = (i + 1) % 2;
        enum err undone = ERR_AGAIN, made = ERR_AGAIN;
        struct exec_failed failed;
        undone = exec_undo(&exec, plan_part_guest(old), 1);
        guest_plan(new);
        while (undone == ERR_AGAIN || made == ERR_AGAIN) {
            if (undone == ERR_AGAIN && rand() % 2)
                undone = exec_undo(&exec, plan_part_guest(old), 1);
            if (made == ERR_AGAIN && rand() % 2)
                made = exec_part(&exec, plan_part_guest(new), 1, &failed);
        }
        ck_assert_int_eq(undone, OK);
        ck_assert_int_eq(made, OK);
    }
    enum err err;
    do
        err = exec_undo(&exec, plan_part_guest(0), 1);
    while (err == ERR_AGAIN);
    ck_assert_int_eq(err, OK);
    ck_assert_uint_eq(filled, before);
    sample_free(&sample);
}
END_TEST

START_TEST(test_exec_part_zeroes_one_group_in_a_call)
{
    /* However many steps the caller allows, one call does not zero more of a guest's RAM than one
     * group of frames has, and all of it is zeroed in the end. */
    struct exec_failed failed;
    uint64_t all = 0;
    again_every = 0;
    begin_with(1024 * MIB - 2 * MIB, 2048 * MIB);
    guest_plan(0);
    enum err err;
    do {
        ram_zeroed = 0;
        err = exec_part(&exec, plan_part_guest(0), 1000, &failed);
        ck_assert_uint_le(ram_zeroed, 128 * MIB);
        all += ram_zeroed;
    } while (err == ERR_AGAIN);
    ck_assert_int_eq(err, OK);
    ck_assert_uint_eq(all, 1024 * MIB - 2 * MIB);
    sample_free(&sample);
}
END_TEST

START_TEST(test_exec_undo_in_steps_while_memory_is_planned)
{
    /* An instance with several capabilities of the root server's is unmade in steps; between two
     * steps a guest is planned, or undone: nothing stays. */
    struct problem problem = {""};
    begin();
    unsigned before = filled;
    again_every = 0;
    for (unsigned i = 0; i < 20; i++) {
        bool has_guest = false;
        enum err err;
        ck_assert_int_eq(plan_instance(&sample.in, &plan, 1, &problem), OK);
        step_until_done(plan_part_instance(1));
        do {
            err = exec_undo(&exec, plan_part_instance(1), 1);
            if (has_guest)
                ck_assert_int_eq(exec_undo(&exec, plan_part_guest(0), 999), OK);
            else
                guest_plan(0);
            has_guest = !has_guest;
        } while (err == ERR_AGAIN);
        ck_assert_int_eq(err, OK);
        if (has_guest)
            ck_assert_int_eq(exec_undo(&exec, plan_part_guest(0), 999), OK);
        ck_assert_uint_eq(filled, before);
    }
    sample_free(&sample);
}
END_TEST

START_TEST(test_exec_calls_cancel_puts_the_spare_in_the_endpoints_place)
{
    /* The Endpoint is destroyed, once, and clients made later find another one; the instance is
     * undone and planned as ever.  A service without calls keeps what it has. */
    struct problem problem = {""};
    begin();
    again_every = 3;
    unsigned before = filled;
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_int_eq(plan_instance(&sample.in, &plan, 2, &problem), OK);
        step_until_done(plan_part_instance(2));
        uint32_t endpoint = plan.instance[2].endpoint;
        unsigned made = filled;
        for (unsigned k = 0; k < 2; k++) {
            ck_assert_int_eq(exec_calls_cancel(&exec, 2), OK);
            ck_assert(slot[endpoint].is_filled && slot[endpoint].type == OBJ_ENDPOINT);
            ck_assert(!slot[endpoint + 1].is_filled);
            ck_assert_uint_eq(filled, made - 1);
        }
        while (exec_undo(&exec, plan_part_instance(2), 1) == ERR_AGAIN)
            ;
        ck_assert_uint_eq(filled, before);
    }
    ck_assert_int_eq(plan_instance(&sample.in, &plan, 0, &problem), OK);
    step_until_done(plan_part_instance(0));
    unsigned made = filled;
    ck_assert_int_eq(exec_calls_cancel(&exec, 0), OK);
    ck_assert_uint_eq(filled, made);
    sample_free(&sample);
}
END_TEST

START_TEST(test_exec_part_that_fails_anywhere_is_undone)
{
    /* Whichever call fails, the error names the action, and exec_undo() leaves nothing. */
    unsigned last = 1;
    again_every = 0;
    begin();
    unsigned before = filled;
    for (unsigned n = 1; n <= last; n++) {
        struct exec_failed failed = {.err = OK};
        enum err err;
        guest_plan(0);
        calls = 0;
        fails_at = n;
        do
            err = exec_part(&exec, plan_part_guest(0), 5, &failed);
        while (err == ERR_AGAIN);
        if (err == OK)
            last = 0; /* all calls have failed once */
        else {
            ck_assert_int_eq(err, ERR_BUSY);
            ck_assert_int_eq(failed.err, ERR_BUSY);
            last = n + 1;
        }
        fails_at = 0;
        ck_assert_int_eq(exec_undo(&exec, plan_part_guest(0), 1000), OK);
        if (n > 40) /* after the splits, which stay where they are at a failure */
            ck_assert_uint_eq(filled, before);
        else
            before = filled;
    }
    sample_free(&sample);
}
END_TEST

#define STOP_THREADS 4u

START_TEST(test_exec_stop_suspends_every_thread)
{
    /* All threads of the process are suspended, and no other thread, whichever of them fails. */
    struct plan_process *p = &plan.process[1];
    again_every = 0;
    for (unsigned broken = 0; broken <= STOP_THREADS; broken++) {
        begin();
        memset(suspends, 0, sizeof suspends);
        p->thread_count = STOP_THREADS;
        for (unsigned i = 0; i <= STOP_THREADS; i++) { /* the last one is of another process */
            slot[SLOTS_MAX - 1 - i].is_filled = true;
            slot[SLOTS_MAX - 1 - i].type = OBJ_THREAD;
            if (i < STOP_THREADS)
                p->thread[i] = SLOTS_MAX - 1 - i;
        }
        calls = 0;
        fails_at = broken;
        ck_assert_int_eq(exec_process_stop(&exec, 1), broken == 0 ? OK : ERR_BUSY);
        fails_at = 0;
        for (unsigned i = 0; i < SLOTS_MAX; i++)
            ck_assert_uint_eq(suspends[i], i >= SLOTS_MAX - STOP_THREADS);
        sample_free(&sample);
    }
}
END_TEST

START_TEST(test_exec_states_are_kept)
{
    /* What is not planned cannot be made or cleared; what is made cannot be made again; a pinned
     * guest stays. */
    struct exec_failed failed;
    again_every = 0;
    begin();
    unsigned part = plan_part_guest(0);
    ck_assert_int_eq(exec_part(&exec, part, 9, &failed), ERR_STATE);
    ck_assert_int_eq(exec_clear(&exec, part, 9), ERR_STATE);
    ck_assert_int_eq(exec_undo(&exec, PLAN_PART_ROOT_NUMBER, 9), ERR_STATE);
    guest_plan(0);
    step_until_done(part);
    ck_assert_int_eq(exec_part(&exec, part, 9, &failed), ERR_STATE);
    plan.connection[2].is_pinned = true;
    ck_assert_int_eq(exec_clear(&exec, part, 9), ERR_BUSY);
    ck_assert_int_eq(exec_undo(&exec, part, 9), ERR_BUSY);
    plan_connection_unpin(&plan, 2);
    ck_assert_int_eq(exec_clear(&exec, part, 999), OK);
    step_until_done(part);
    ck_assert_int_eq(exec_undo(&exec, part, 999), OK);
    ck_assert_uint_eq(plan.part[part].state, PLAN_PART_NONE);
    sample_free(&sample);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rootserver-exec");
    TCase *tc = tcase_create("exec");
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, test_exec_parts_in_steps_interleaved_lose_nothing, 0, 5);
    tcase_add_test(tc, test_exec_part_zeroes_one_group_in_a_call);
    tcase_add_test(tc, test_exec_undo_in_steps_while_memory_is_planned);
    tcase_add_test(tc, test_exec_calls_cancel_puts_the_spare_in_the_endpoints_place);
    tcase_add_test(tc, test_exec_part_that_fails_anywhere_is_undone);
    tcase_add_test(tc, test_exec_stop_suspends_every_thread);
    tcase_add_test(tc, test_exec_states_are_kept);
    suite_add_tcase(suite, tc);
    return run_suites(srunner_create(suite));
}
