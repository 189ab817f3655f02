/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel/core/trace: the rights to trace, the records, and the contents of the ring. */
#include <stdlib.h>
#include <string.h>

#include <abi/trace.h>
#include <kernel/vcpu_world.h>
#include <test/unit/run.h>

#define PER_PAGE ((PAGE_BYTES - sizeof(struct trace_header)) / sizeof(struct trace_record))
#define READ_MAX  4096u

static struct thread *root;
static uint32_t trace, frame;

static uint32_t trace_make(uint8_t rights)
{
    uint32_t slot = world_empty();

    *world_slot(slot) = (struct slot){ .type = OBJ_TRACE, .rights = rights };
    return slot;
}

static enum err attach(uint32_t slot)
{
    return world_invoke(root, trace, METHOD_TRACE_ATTACH, hart.id, slot, 0, 0);
}

static enum err set_mask(uint64_t mask)
{
    return world_invoke(root, trace, METHOD_TRACE_SET_MASK, mask, 0, 0, 0);
}

static uint64_t identify(uint32_t slot)
{
    ck_assert_int_eq(world_invoke(root, trace, METHOD_TRACE_IDENTIFY, slot, 0, 0, 0), OK);
    return root->context.x[REG_A1];
}

static void setup(void)
{
    hart.id = 3;
    root = world_thread_at(world_thread(4));
    trace = trace_make(RIGHTS_ALL);
    frame = world_make(OBJ_FRAME, PAGE_BITS);
}

static struct trace_header *chunk(uint32_t slot)
{
    return hal_phys_to_virt(hpa(world_slot(slot)->object));
}

/* ---- a reader by the rules of abi/trace.h ---------------------------------------------- */

static struct trace_record seen[READ_MAX];
static uint64_t seen_count, seen_first;

static void read_ring(const uint32_t *slot, uint32_t chunk_count)
{
    uint64_t now = chunk(slot[0])->count, capacity = PER_PAGE * chunk_count;

    seen_count = 0;
    seen_first = now >= capacity ? now - capacity + 1 : 0;
    for (uint64_t n = seen_first; n < now; n++) {
        const struct trace_header *header = chunk(slot[n / PER_PAGE % chunk_count]);
        seen[seen_count++] = ((const struct trace_record *)(header + 1))[n % PER_PAGE];
    }
}

static const struct trace_record *last(void)
{
    read_ring(&frame, 1);
    ck_assert_uint_gt(seen_count, 0);
    return &seen[seen_count - 1];
}

static void begin(uint64_t mask)
{
    ck_assert_int_eq(attach(frame), OK);
    ck_assert_int_eq(set_mask(mask), OK);
}

/* Makes `count` calls that differ in their capability. */
static void make_calls(uint64_t count, uint64_t from)
{
    for (uint64_t i = 0; i < count; i++) {
        fake.now = 1000 + from + i;
        world_call(root, CALL_POLL, (uint32_t)(0x10000 + from + i), 0);
    }
}

/* ---- the capability ---------------------------------------------------------------------- */

START_TEST(test_trace_attach_errors)
{
    /* NO_RIGHT, INVALID_CAP, RANGE, INVALID_ARG for a device and for another size, STATE. */
    uint32_t weak = trace_make(RIGHT_READ | RIGHT_WRITE), device = world_copy(frame, RIGHTS_ALL, 0);

    world_slot(device)->flags |= SLOT_DEVICE;
    ck_assert_int_eq(world_invoke(root, weak, METHOD_TRACE_ATTACH, hart.id, frame, 0, 0),
                     ERR_NO_RIGHT);
    ck_assert_int_eq(attach(world_copy(frame, RIGHT_READ, 0)), ERR_NO_RIGHT);
    ck_assert_int_eq(attach(trace), ERR_INVALID_CAP);
    ck_assert_int_eq(attach(world_empty()), ERR_INVALID_CAP);
    ck_assert_int_eq(world_invoke(root, trace, METHOD_TRACE_ATTACH, hart.id + 1, frame, 0, 0),
                     ERR_RANGE);
    ck_assert_int_eq(attach(device), ERR_INVALID_ARG);
    ck_assert_int_eq(attach(frame), OK);
    ck_assert_int_eq(attach(world_make(OBJ_FRAME, 21)), ERR_INVALID_ARG);
    ck_assert_int_eq(set_mask(1), OK);
    ck_assert_int_eq(attach(world_make(OBJ_FRAME, PAGE_BITS)), ERR_STATE);
}
END_TEST

START_TEST(test_trace_attach_seventeenth_refused)
{
    /* NO_MEMORY: the ring has sixteen places. */
    for (uint32_t i = 0; i < TRACE_CHUNKS_MAX; i++)
        ck_assert_int_eq(attach(world_make(OBJ_FRAME, PAGE_BITS)), OK);
    ck_assert_int_eq(attach(world_make(OBJ_FRAME, PAGE_BITS)), ERR_NO_MEMORY);
}
END_TEST

START_TEST(test_trace_set_mask_errors)
{
    /* NO_RIGHT, INVALID_ARG for every unknown bit, STATE without memory; 0 always works. */
    uint32_t weak = trace_make(RIGHT_READ | RIGHT_MANAGE);

    ck_assert_int_eq(world_invoke(root, weak, METHOD_TRACE_SET_MASK, 0, 0, 0, 0), ERR_NO_RIGHT);
    for (unsigned bit = TRACE_EVENTS; bit < 64; bit++)
        ck_assert_int_eq(set_mask(UINT64_C(1) << bit), ERR_INVALID_ARG);
    ck_assert_int_eq(set_mask(TRACE_MASK_ALL), ERR_STATE);
    ck_assert_int_eq(set_mask(0), OK);
    ck_assert_int_eq(attach(frame), OK);
    ck_assert_int_eq(set_mask(TRACE_MASK_ALL), OK);
}
END_TEST

START_TEST(test_trace_identify_tells_all_apart)
{
    /* Every thread and vCPU has its own number, not 0; NO_RIGHT, INVALID_CAP. */
    uint32_t weak = trace_make(RIGHT_WRITE | RIGHT_MANAGE), slot[8];
    uint64_t id[8];

    for (unsigned i = 0; i < 8; i++) {
        slot[i] = i % 2 == 0 ? world_thread(5) : world_make(OBJ_VCPU, VCPU_BITS_MIN);
        id[i] = identify(slot[i]);
        ck_assert_uint_ne(id[i], 0);
        for (unsigned k = 0; k < i; k++)
            ck_assert_uint_ne(id[i], id[k]);
    }
    ck_assert_int_eq(world_invoke(root, weak, METHOD_TRACE_IDENTIFY, slot[0], 0, 0, 0),
                     ERR_NO_RIGHT);
    ck_assert_int_eq(world_invoke(root, trace, METHOD_TRACE_IDENTIFY, frame, 0, 0, 0),
                     ERR_INVALID_CAP);
}
END_TEST

/* ---- the ring --------------------------------------------------------------------------- */

START_TEST(test_trace_ring_keeps_order_and_says_what_is_lost)
{
    /* One page, at any fill: the reader gets the newest records in order, all but one when the
     * page is full; the counts of read and lost records add up. */
    begin(TRACE_MASK(TRACE_CALL));
    for (uint64_t written = 0, step = 1; written < 5 * PER_PAGE; step += 7) {
        make_calls(step, written);
        written += step;
        ck_assert_uint_eq(chunk(frame)->count, written);
        read_ring(&frame, 1);
        ck_assert_uint_eq(seen_count, written < PER_PAGE ? written : PER_PAGE - 1);
        ck_assert_uint_eq(seen_first + seen_count, written);
        for (uint64_t i = 0; i < seen_count; i++)
            ck_assert_uint_eq(seen[i].word[0], 0x10000 + seen_first + i);
    }
}
END_TEST

START_TEST(test_trace_ring_of_three_frames_is_one)
{
    /* The ring uses frames in the order of attaching, and starts again after the last. */
    uint32_t slot[3] = { frame, world_make(OBJ_FRAME, PAGE_BITS),
                         world_make(OBJ_FRAME, PAGE_BITS) };

    for (unsigned i = 0; i < 3; i++)
        ck_assert_int_eq(attach(slot[i]), OK);
    ck_assert_int_eq(set_mask(TRACE_MASK(TRACE_CALL)), OK);
    for (uint64_t total = 0; total < 10 * PER_PAGE; total += 100) {
        make_calls(100, total);
        ck_assert_uint_eq(chunk(frame)->count, total + 100);
        read_ring(slot, 3);
        uint64_t most = 3 * PER_PAGE;
        ck_assert_uint_eq(seen_count, total + 100 < most ? total + 100 : most - 1);
        for (uint64_t i = 0; i < seen_count; i++) {
            ck_assert_uint_eq(seen[i].word[0], 0x10000 + seen_first + i);
            ck_assert_uint_eq(seen[i].time, 1000 + seen_first + i);
        }
    }
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(chunk(slot[i])->magic, TRACE_MAGIC);
        ck_assert_uint_eq(chunk(slot[i])->hart, hart.id);
        ck_assert_uint_eq(chunk(slot[i])->chunk, i);
        ck_assert_uint_eq(chunk(slot[i])->chunk_count, 3);
        ck_assert_uint_eq(chunk(slot[i])->chunk_bytes, PAGE_BYTES);
    }
}
END_TEST

START_TEST(test_trace_mask_selects_and_stops)
{
    /* Only events of the mask are recorded, with 0 none; a mask that is set again continues. */
    begin(TRACE_MASK(TRACE_SIGNAL));
    make_calls(5, 0);
    ck_assert_uint_eq(chunk(frame)->count, 0);
    ck_assert_int_eq(set_mask(TRACE_MASK(TRACE_CALL)), OK);
    make_calls(5, 0);
    ck_assert_int_eq(set_mask(0), OK);
    ck_assert_uint_eq(chunk(frame)->count, 6); /* the call that ended it too */
    make_calls(5, 0);
    ck_assert_uint_eq(chunk(frame)->count, 6);
    ck_assert_int_eq(set_mask(TRACE_MASK(TRACE_CALL)), OK);
    make_calls(1, 0);
    ck_assert_uint_eq(chunk(frame)->count, 7);
    ck_assert_int_eq(set_mask(0), OK);
    ck_assert_int_eq(attach(world_make(OBJ_FRAME, PAGE_BITS)), OK);
    ck_assert_int_eq(set_mask(TRACE_MASK(TRACE_SIGNAL)), OK);
    ck_assert_uint_eq(chunk(frame)->count, 0); /* another ring */
    ck_assert_uint_eq(chunk(frame)->chunk_count, 2);
}
END_TEST

START_TEST(test_trace_revoked_frame_is_written_no_more)
{
    /* A revoke of any frame ends the trace, and the kernel no longer writes to that memory; new
     * frames start the trace anew. */
    uint32_t second = world_make(OBJ_FRAME, PAGE_BITS);

    ck_assert_int_eq(attach(frame), OK);
    ck_assert_int_eq(attach(second), OK);
    ck_assert_int_eq(set_mask(TRACE_MASK_ALL), OK);
    make_calls(10, 0);
    struct trace_header *page = chunk(frame), *other = chunk(second);
    world_destroy(frame);
    ck_assert_uint_eq(hart.trace.mask, 0);
    memset(page, 0, PAGE_BYTES);
    memset(other, 0, PAGE_BYTES);
    make_calls(3 * PER_PAGE, 0);
    for (size_t i = 0; i < PAGE_BYTES; i++)
        ck_assert_uint_eq(((const uint8_t *)page)[i] | ((const uint8_t *)other)[i], 0);
    ck_assert_int_eq(set_mask(1), ERR_STATE); /* the first place is empty */
    ck_assert_int_eq(attach(world_make(OBJ_FRAME, PAGE_BITS)), OK);
    ck_assert_int_eq(set_mask(TRACE_MASK(TRACE_CALL)), OK);
    make_calls(PER_PAGE + 10, 0);
    ck_assert_uint_eq(other->magic, TRACE_MAGIC);
    ck_assert_uint_eq(other->chunk_count, 2);
    ck_assert_uint_eq(((struct trace_record *)(other + 1))[0].word[0], 0x10000 + PER_PAGE);
}
END_TEST

START_TEST(test_trace_hostile_reader_spoils_the_trace_alone)
{
    /* Even if a process writes to the pages, the kernel writes inside the pages alone. */
    uint32_t before = world_make(OBJ_FRAME, PAGE_BITS);
    uint32_t ring = world_make(OBJ_FRAME, PAGE_BITS), after = world_make(OBJ_FRAME, PAGE_BITS);

    ck_assert_uint_eq(world_slot(ring)->object, world_slot(before)->object + PAGE_BYTES);
    ck_assert_uint_eq(world_slot(after)->object, world_slot(ring)->object + PAGE_BYTES);
    memset(chunk(before), 0x5a, PAGE_BYTES);
    memset(chunk(after), 0x5a, PAGE_BYTES);
    ck_assert_int_eq(attach(ring), OK);
    ck_assert_int_eq(set_mask(TRACE_MASK(TRACE_CALL)), OK);
    for (uint64_t i = 0; i < 4 * PER_PAGE; i++) {
        uint8_t *bytes = (uint8_t *)chunk(ring);
        for (size_t k = 0; k < PAGE_BYTES; k++)
            bytes[k] = (uint8_t)(rand() >> 7);
        make_calls(1, i);
        ck_assert_uint_eq(chunk(ring)->count, i + 1);
        const struct trace_record *record = (struct trace_record *)(chunk(ring) + 1);
        ck_assert_uint_eq(record[i % PER_PAGE].word[0], 0x10000 + i);
    }
    for (size_t i = 0; i < PAGE_BYTES; i++) {
        ck_assert_uint_eq(((const uint8_t *)chunk(before))[i], 0x5a);
        ck_assert_uint_eq(((const uint8_t *)chunk(after))[i], 0x5a);
    }
}
END_TEST

/* ---- points ---------------------------------------------------------------------------- */

START_TEST(test_trace_call_names_thread_method_and_refusal)
{
    /* A call's record has its number, method, capability and type, and the result of decoding. */
    uint32_t self = world_copy(trace, RIGHT_READ, 0);
    uint32_t target = world_thread(5);

    begin(TRACE_MASK(TRACE_CALL));
    world_invoke(root, self, METHOD_TRACE_IDENTIFY, target, 0, 0, 0);
    const struct trace_record *record = last();
    ck_assert_uint_eq(record->event, TRACE_CALL);
    ck_assert_uint_eq(record->detail, CALL_INVOKE);
    ck_assert_uint_eq(record->more, METHOD_TRACE_IDENTIFY);
    ck_assert_uint_eq(record->word[0], self | (uint64_t)OBJ_TRACE << 32);
    ck_assert_uint_eq(record->word[1], OK);
    world_invoke(root, self, METHOD_TRACE_SET_MASK, 0, 0, 0, 0);
    ck_assert_uint_eq(last()->word[1], ERR_NO_RIGHT);
    world_call(root, (enum call_number)0x7fffffff, 1, 0);
    ck_assert_uint_eq(last()->detail, 255);
    ck_assert_uint_eq(last()->word[1], ERR_BAD_CALL);
}
END_TEST

START_TEST(test_trace_signal_names_both_sides)
{
    /* A signal's record has the bits, the signalling thread, and the thread it reaches: a waiter
     * or the bound thread. */
    uint32_t word = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);
    uint32_t badged = world_copy(word, RIGHTS_ALL, 0x30), waiter = world_thread(5);
    uint64_t root_id = identify(world_copy(waiter, RIGHTS_ALL, 0));
    uint64_t waiter_id = identify(waiter);

    ck_assert_uint_eq(root_id, waiter_id); /* two capabilities to one thread give one number */
    begin(TRACE_MASK(TRACE_SIGNAL));
    world_call(root, CALL_SIGNAL, badged, 0);
    ck_assert_uint_eq(last()->word[0], 0x30);
    ck_assert_uint_eq(last()->word[1], 0);
    ck_assert_uint_eq(last()->subject, trace_id(root));
    world_call(world_thread_at(waiter), CALL_POLL, word, 0);
    world_call(world_thread_at(waiter), CALL_WAIT, word, UINT64_MAX);
    world_call(root, CALL_SIGNAL, badged, 0);
    ck_assert_uint_eq(last()->word[1], waiter_id);
}
END_TEST

START_TEST(test_trace_interrupt_source_is_told)
{
    /* A device's signal has its source and no thread. */
    uint32_t word = world_make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN);
    uint32_t irq = world_make(OBJ_IRQ, IRQ_BITS_MIN), control = world_empty();

    *world_slot(control) = (struct slot){ .type = OBJ_IRQ_CONTROL, .rights = RIGHTS_ALL };
    ck_assert_int_eq(world_invoke(root, irq, METHOD_IRQ_BIND, control, 7, word, 0), OK);
    begin(TRACE_MASK(TRACE_SIGNAL));
    fake_irq_raise(7);
    irq_handle(&hart);
    ck_assert_uint_eq(last()->more, 7);
    ck_assert_uint_eq(last()->subject, 0);
    ck_assert_uint_eq(last()->word[0], 1);
}
END_TEST

START_TEST(test_trace_guest_run_is_told_in_order)
{
    /* vcpu_run, the switch to its thread, the entry, the exit with its cause and the entry of the
     * VMM are recorded in this order, with the numbers that identify returns. */
    vw_setup();
    uint64_t vcpu = identify(vw.vcpu_slot), vmm = identify(vw.vmm_slot);

    begin(TRACE_MASK_ALL);
    vw_enter();
    vw.page->x[REG_A7] = 0x10;
    vw.page->x[REG_A6] = 3;
    vw.page->pc = 0x80001234;
    fake.now += 5;
    vw_exit_ecall();
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    read_ring(&frame, 1);
    ck_assert_uint_ge(seen_count, 4);
    const struct trace_record *record = &seen[seen_count - 4];
    ck_assert_uint_eq(record[0].event, TRACE_CALL);
    ck_assert_uint_eq(record[0].detail, CALL_VCPU_RUN);
    ck_assert_uint_eq(record[0].subject, vmm);
    ck_assert_uint_eq(record[1].event, TRACE_ENTER);
    ck_assert_uint_eq(record[1].detail, 1);
    ck_assert_uint_eq(record[1].subject, vcpu);
    ck_assert_uint_eq(record[2].event, TRACE_EXIT);
    ck_assert_uint_eq(record[2].subject, vcpu);
    ck_assert_uint_eq(record[2].detail, VCPU_EXIT_ECALL);
    ck_assert_uint_eq(record[2].more, 10);
    ck_assert_uint_eq(record[2].word[0], UINT64_C(0x10) << 32 | 3);
    ck_assert_uint_eq(record[2].word[1], 0x80001234);
    ck_assert_uint_eq(record[2].time - record[1].time, 5);
    ck_assert_uint_eq(record[3].event, TRACE_ENTER);
    ck_assert_uint_eq(record[3].detail, 0);
    ck_assert_uint_eq(record[3].subject, vmm);
}
END_TEST

static void enter_from_user(void)
{
    world_run(vw.vmm);
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    vw_enter();
}

START_TEST(test_trace_fast_path_is_closed_while_tracing)
{
    /* The fast path is open before and after a trace, and closed while a mask is set. */
    vw_setup();
    enter_from_user();
    ck_assert_ptr_eq(hart.resumable, vw.vcpu);
    vw_exit_ecall();
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    begin(TRACE_MASK(TRACE_EXIT));
    enter_from_user();
    ck_assert_ptr_null(hart.resumable);
    vw_exit_ecall();
    ck_assert_int_eq(fake_leave(&hart), FAKE_LEFT_USER);
    ck_assert_uint_eq(chunk(frame)->count, 1);
    ck_assert_int_eq(set_mask(0), OK);
    enter_from_user();
    ck_assert_ptr_eq(hart.resumable, vw.vcpu);
}
END_TEST

START_TEST(test_trace_page_fault_tells_its_address)
{
    /* The exit of an access has its guest physical address. */
    vw_setup();
    begin(TRACE_MASK(TRACE_EXIT));
    vw_enter();
    vw_exit(&(struct guest_trap){
        .scause = 23, .stval = 0x2, .htval = 0x10000000 >> 2, .htinst = 1, .from_vs = true });
    ck_assert_uint_eq(last()->detail, VCPU_EXIT_STORE);
    ck_assert_uint_eq(last()->more, 23);
    ck_assert_uint_eq(last()->word[0], 0x10000002);
}
END_TEST

START_TEST(test_trace_switch_tells_thread_and_idle)
{
    /* A switch's record names the next thread and its vCPU; for the idle hart it is 0. */
    vw_setup();
    uint64_t vmm = identify(vw.vmm_slot), vcpu = identify(vw.vcpu_slot);

    begin(TRACE_MASK(TRACE_SWITCH));
    sched_block(root, THREAD_SUSPENDED);
    while (fake_leave(&hart) == FAKE_LEFT_USER && hart.current != vw.vmm)
        sched_block(hart.current, THREAD_SUSPENDED);
    ck_assert_ptr_eq(hart.current, vw.vmm);
    ck_assert_uint_eq(last()->subject, vmm);
    ck_assert_uint_eq(last()->word[0], vcpu);
    sched_block(vw.vmm, THREAD_SUSPENDED);
    while (fake_leave(&hart) == FAKE_LEFT_USER)
        sched_block(hart.current, THREAD_SUSPENDED);
    ck_assert_uint_eq(last()->subject, 0);
    ck_assert_uint_eq(last()->word[0], 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("trace");
    Suite *suite = suite_create("trace");

    tcase_add_checked_fixture(cases, world_setup, NULL);
    tcase_add_checked_fixture(cases, setup, NULL);
    tcase_add_test(cases, test_trace_attach_errors);
    tcase_add_test(cases, test_trace_attach_seventeenth_refused);
    tcase_add_test(cases, test_trace_set_mask_errors);
    tcase_add_test(cases, test_trace_identify_tells_all_apart);
    tcase_add_test(cases, test_trace_ring_keeps_order_and_says_what_is_lost);
    tcase_add_test(cases, test_trace_ring_of_three_frames_is_one);
    tcase_add_test(cases, test_trace_mask_selects_and_stops);
    tcase_add_test(cases, test_trace_revoked_frame_is_written_no_more);
    tcase_add_test(cases, test_trace_hostile_reader_spoils_the_trace_alone);
    tcase_add_test(cases, test_trace_call_names_thread_method_and_refusal);
    tcase_add_test(cases, test_trace_signal_names_both_sides);
    tcase_add_test(cases, test_trace_interrupt_source_is_told);
    tcase_add_test(cases, test_trace_guest_run_is_told_in_order);
    tcase_add_test(cases, test_trace_fast_path_is_closed_while_tracing);
    tcase_add_test(cases, test_trace_page_fault_tells_its_address);
    tcase_add_test(cases, test_trace_switch_tells_thread_and_idle);
    suite_add_tcase(suite, cases);
    return run_suites(srunner_create(suite));
}
