/* SPDX-License-Identifier: BSD-2-Clause */
/* rootserver: the command line's trace options, the trace's part of the plan, and the index. */
#include <stdio.h>
#include <string.h>

#include <libfdt.h>
#include <rootserver/exec/trace.h>
#include <rootserver/parse/machine.h>
#include <test/unit/rootserver/sample.h>
#include <rt/calls.h>
#include <test/unit/run.h>

static struct trace_request request;
static struct problem problem;

/* ---- the words ---------------------------------------------------------------------------- */

static enum err parse(const char *bootargs)
{
    memset(&request, 0xff, sizeof request);
    problem.text[0] = 0;
    return trace_parse(bootargs, &request, &problem);
}

START_TEST(test_trace_parse_events_and_sizes)
{
    /* Each event has its bit, in the kernel's order; sizes become frames of 4 KiB or 2 MiB. */
    static const struct {
        const char *text;
        uint64_t mask;
        unsigned bits, count;
    } good[] = {
        {"", 0, 21, 1},
        {"console=ttyS0 nowarren.trace=all warren.traces=all", 0, 21, 1},
        {"warren.trace=exits", 1, 21, 1},
        {"quiet warren.trace=calls,exits  more=1", 3, 21, 1},
        {"warren.trace=signals,switches,entries,interrupts", 0x3c, 21, 1},
        {"warren.trace=all warren.trace-size=1", 0x3f, 12, 1},
        {"warren.trace-size=4097 warren.trace=all", 0x3f, 12, 2},
        {"warren.trace=all warren.trace-size=64K", 0x3f, 12, 16},
        {"warren.trace=all warren.trace-size=65K", 0x3f, 21, 1},
        {"warren.trace=all warren.trace-size=3M", 0x3f, 21, 2},
        {"warren.trace=all warren.trace-size=32M", 0x3f, 21, 16},
    };

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ck_assert_int_eq(parse(good[i].text), OK);
        ck_assert_uint_eq(request.mask, good[i].mask);
        ck_assert_uint_eq(request.frame_bits, good[i].bits);
        ck_assert_uint_eq(request.frame_count, good[i].count);
    }
}
END_TEST

START_TEST(test_trace_parse_nonsense_refused_by_name)
{
    /* An unknown event or a bad size is refused with a reason, and nothing is traced. */
    static const char *const bad[] = {
        "warren.trace=",
        "warren.trace=exit",
        "warren.trace=exits,",
        "warren.trace=,exits",
        "warren.trace=exits;calls",
        "warren.trace=all warren.trace-size=",
        "warren.trace=all warren.trace-size=0",
        "warren.trace=all warren.trace-size=2G",
        "warren.trace=all warren.trace-size=33M",
        "warren.trace=all warren.trace-size=33554433",
        "warren.trace=all warren.trace-size=-1",
        "warren.trace=all warren.trace-size=1MM",
        "warren.trace=all warren.trace-size=99999999999999999999999999",
        "warren.trace=all warren.trace-size=18446744073709551616K",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_int_eq(parse(bad[i]), ERR_INVALID_ARG);
        ck_assert_uint_eq(request.mask, 0);
        ck_assert_uint_gt(strlen(problem.text), 20);
    }
}
END_TEST

START_TEST(test_trace_machine_reads_its_bootargs)
{
    /* The options are read from /chosen bootargs; a property without its zero byte is ignored. */
    static uint8_t blob[4096];
    struct machine_config machine;
    static const char words[] = "warren.trace=exits";

    ck_assert_int_eq(fdt_create_empty_tree(blob, sizeof blob), 0);
    ck_assert_int_eq(machine_parse(blob, sizeof blob, &machine), OK);
    ck_assert_uint_eq(machine.trace.mask, 0);
    int chosen = fdt_add_subnode(blob, 0, "chosen");
    fdt_setprop(blob, chosen, "bootargs", words, sizeof words - 1);
    ck_assert_int_eq(machine_parse(blob, sizeof blob, &machine), OK);
    ck_assert_uint_eq(machine.trace.mask, 0);
    fdt_setprop(blob, chosen, "bootargs", words, sizeof words);
    ck_assert_int_eq(machine_parse(blob, sizeof blob, &machine), OK);
    ck_assert_uint_eq(machine.trace.mask, 1);
    fdt_setprop_string(blob, chosen, "bootargs", "warren.trace=nothing");
    ck_assert_int_eq(machine_parse(blob, sizeof blob, &machine), OK);
    ck_assert_uint_eq(machine.trace.mask, 0);
    ck_assert_ptr_nonnull(strstr(machine.trace_problem.text, "nothing"));
}
END_TEST

/* ---- the plan ----------------------------------------------------------------------------- */

static struct sample sample;
static struct plan plan;

static void setup(void)
{
    sample_make(&sample, 2, 64 << 20, 512 << 20);
}

static void teardown(void)
{
    sample_free(&sample);
}

/* Does an action give the capability in `slot` to a CNode besides the root server's? */
static bool gives(uint32_t slot)
{
    for (unsigned i = 0; i < plan.action_count; i++) {
        const struct plan_action *a = &plan.action[i];
        bool is_given = slot >= a->slot && slot < a->slot + a->count && a->from == 0 &&
                        (a->kind == PLAN_COPY || a->kind == PLAN_MINT || a->kind == PLAN_MOVE);
        if (is_given && a->other != BOOT_SLOT_CNODE)
            return true;
    }
    return false;
}

static bool is_planned(unsigned part)
{
    return plan.part[part].state != PLAN_PART_NONE;
}

START_TEST(test_trace_plan_unasked_takes_nothing)
{
    /* Without the options the plan has no trace. */
    ck_assert_int_eq(sample_plan(&sample, &plan, &problem), OK);
    ck_assert(!plan.has_trace);
    ck_assert_uint_eq(plan.trace_frame, 0);
    ck_assert_str_eq(plan.trace_problem.text, "");
}
END_TEST

START_TEST(test_trace_plan_is_the_root_servers_alone)
{
    /* No process gets the Trace capability, the index or a frame of the ring. */
    sample.machine.trace = (struct trace_request){.mask = 1, .frame_bits = 21, .frame_count = 4};
    ck_assert_int_eq(sample_plan(&sample, &plan, &problem), OK);
    ck_assert(plan.has_trace);
    ck_assert(is_planned(plan_part_process(plan_process_of_guest(0))) &&
              is_planned(plan_part_process(plan_process_of_guest(1))));
    ck_assert(is_planned(plan_part_process(plan_process_of_instance(0))));
    ck_assert(!gives(BOOT_SLOT_TRACE));
    ck_assert(!gives(plan.trace_index));
    for (uint32_t i = 0; i < 4; i++)
        ck_assert(!gives(plan.trace_frame + i));
}
END_TEST

START_TEST(test_trace_plan_too_large_stops_nobody)
{
    /* A ring that does not fit is left out, with the reason; all else is planned. */
    sample_free(&sample);
    sample_make(&sample, 1, 64 << 20, 90 << 20);
    sample.machine.trace = (struct trace_request){.mask = 1, .frame_bits = 30, .frame_count = 1};
    ck_assert_int_eq(sample_plan(&sample, &plan, &problem), OK);
    ck_assert(!plan.has_trace);
    ck_assert_uint_gt(strlen(plan.trace_problem.text), 0);
    ck_assert(is_planned(plan_part_guest(0)) && is_planned(plan_part_instance(0)));
}
END_TEST

/* ---- the index ---------------------------------------------------------------------------- */

static struct {
    unsigned attach_count;
    uint64_t mask;
    enum err answer;
} kernel;

void abi_ecall(struct abi_regs *regs)
{
    uint64_t slot = regs->a0;
    enum err answer = OK;

    ck_assert_uint_eq(regs->a7, CALL_INVOKE);
    if (slot != BOOT_SLOT_TRACE) { /* frame_info */
        regs->a1 = 0x80000000 + slot * 0x200000;
        regs->a2 = 21;
    } else if (regs->a1 == METHOD_TRACE_ATTACH) {
        ck_assert_uint_eq(regs->a3, plan.trace_frame + kernel.attach_count++);
        answer = kernel.answer;
    } else if (regs->a1 == METHOD_TRACE_SET_MASK) {
        kernel.mask = regs->a2;
    } else {
        regs->a1 = 0x1000 + regs->a2;
    }
    regs->a0 = answer;
}

static const struct trace_name *named(const struct trace_index *index, uint32_t slot)
{
    for (uint32_t i = 0; i < index->name_count; i++) {
        if (index->name[i].id == 0x1000 + slot)
            return &index->name[i];
    }
    return NULL;
}

static struct trace_index *start(enum err expected)
{
    static _Alignas(4096) struct trace_index index;
    uint64_t address = 0;

    kernel.answer = expected;
    sample.machine.trace = (struct trace_request){.mask = 5, .frame_bits = 21, .frame_count = 3};
    ck_assert_int_eq(sample_plan(&sample, &plan, &problem), OK);
    ck_assert_int_eq(trace_start(&plan, &sample.in, &index, &address), expected);
    if (expected == OK)
        ck_assert_uint_eq(address, 0x80000000 + plan.trace_index * UINT64_C(0x200000));
    return &index;
}

START_TEST(test_trace_index_says_where_and_who)
{
    /* Chunks in the ring's order, the mask as asked for, and a name for each thread and vCPU. */
    const struct trace_index *index = start(OK);
    struct trace_index *mine = (struct trace_index *)(uintptr_t)index;

    strcpy(sample.system.guest[0].name, "a-name-of-thirty-one-characters");
    const unsigned process[] = {plan_process_of_instance(0), plan_process_of_guest(0),
                                plan_process_of_guest(1)};
    for (unsigned i = 0; i < 3; i++)
        trace_name_process(mine, &plan, process[i], &sample.system);
    ck_assert_uint_eq(index->magic, TRACE_INDEX_MAGIC);
    ck_assert_uint_eq(kernel.mask, 5);
    ck_assert_uint_eq(index->chunk_count, 3);
    for (unsigned i = 0; i < 3; i++)
        ck_assert_uint_eq(index->chunk[i],
                          0x80000000 + (plan.trace_frame + i) * UINT64_C(0x200000));
    ck_assert_uint_eq(index->name_count, 1 + 1 + 2 * 2);
    ck_assert_str_eq(named(index, BOOT_SLOT_THREAD)->text, "rootserver");
    const struct plan_process *vmm = &plan.process[plan_process_of_guest(1)];
    ck_assert_str_eq(named(index, vmm->thread[0])->text, "vmm.g1");
    ck_assert_uint_eq(named(index, vmm->thread[0])->group, 2);
    ck_assert_str_eq(named(index, plan.guest[1].vcpu)->text, "g1 vcpu 0");
    ck_assert_uint_eq(named(index, plan.guest[1].vcpu)->kind, TRACE_NAME_VCPU);
    ck_assert_str_eq(named(index, plan.guest[0].vcpu)->text, "a-name-of-thirty-one-charact vcpu 0");
}
END_TEST

START_TEST(test_trace_index_names_again_and_is_bounded)
{
    /* A process that starts anew under the same number keeps one entry; a full index stays so. */
    struct trace_index *index = start(OK);
    const unsigned process = plan_process_of_instance(0);

    trace_name_process(index, &plan, process, &sample.system);
    uint32_t count = index->name_count;
    trace_name_process(index, &plan, process, &sample.system);
    ck_assert_uint_eq(index->name_count, count);
    for (uint32_t i = 0; i < 2 * TRACE_INDEX_NAMES; i++) {
        plan.process[process].thread[0] = 5000 + i;
        trace_name_process(index, &plan, process, &sample.system);
    }
    ck_assert_uint_eq(index->name_count, TRACE_INDEX_NAMES);
}
END_TEST

START_TEST(test_trace_start_refused_by_kernel_is_told)
{
    /* Every error of trace_attach(): no mask is set, and the index has no magic. */
    const struct trace_index *index = start(ERR_NO_MEMORY);

    ck_assert_uint_eq(kernel.mask, 0);
    ck_assert_uint_eq(index->magic, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trace-start");
    TCase *cases = tcase_create("start");

    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, test_trace_parse_events_and_sizes);
    tcase_add_test(cases, test_trace_parse_nonsense_refused_by_name);
    tcase_add_test(cases, test_trace_machine_reads_its_bootargs);
    tcase_add_test(cases, test_trace_plan_unasked_takes_nothing);
    tcase_add_test(cases, test_trace_plan_is_the_root_servers_alone);
    tcase_add_test(cases, test_trace_plan_too_large_stops_nobody);
    tcase_add_test(cases, test_trace_index_says_where_and_who);
    tcase_add_test(cases, test_trace_index_names_again_and_is_bounded);
    tcase_add_test(cases, test_trace_start_refused_by_kernel_is_told);
    suite_add_tcase(suite, cases);
    return run_suites(srunner_create(suite));
}
