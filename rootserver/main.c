/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts everything in order: archive, configuration, plan, console, guests.
 * Then supervises them until the last guest has ended.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cpio/cpio.h>
#include <rootserver/root.h>
#include <rt/calls.h>
#include <rt/rt.h>

#define CONSOLE_RESTARTS_MAX 5

/* Prints why nothing can be started, and ends the machine as a failure. */
static ATTR_NORETURN void root_give_up(const char *format, ...) ATTR_PRINTF(1, 2);

static ATTR_NORETURN void root_give_up(const char *format, ...)
{
    do {
        va_list arguments;
        va_start(arguments, format);
        vprintf(format, arguments);
        va_end(arguments);
        printf("\n");
        /* When the service does not answer, the next round goes to the kernel's log. */
    } while (link_flush(&root.link, root.plan.notification) != OK);
    root_end_machine(false);
}

/* The archive's Untypeds, in ascending order of addresses, which is the order of bootinfo. */
static unsigned root_archive_pieces(struct archive_piece *piece)
{
    unsigned count = 0;

    for (uint32_t i = 0; i < root.boot->untyped_count && i < BOOT_UNTYPED_MAX; i++) {
        const struct boot_untyped *u = &root.boot->untyped[i];
        if (u->kind == BOOT_UNTYPED_ARCHIVE)
            piece[count++] = (struct archive_piece){.slot = root.boot->untyped_first + i,
                                                    .size_bits = u->size_bits,
                                                    .address = u->address};
    }
    return count;
}

/* Maps the archive in large frames to read it, then divides it into frames by its files. */
static const uint8_t *root_archive_open(void)
{
    struct archive_piece piece[BOOT_UNTYPED_MAX];
    unsigned count = root_archive_pieces(piece), files;
    uint32_t first_slot = root.boot->empty_first + PLAN_ROOT_SLOTS;
    struct archive_map *map = &root.archive_map;
    const void *at;

    if (root.boot->archive_address == 0 || count == 0)
        root_give_up("there is no boot archive: start the machine with one as its initrd");
    enum err err = archive_cut(piece, count, NULL, 0, first_slot, map);
    if (err == OK)
        err = exec_archive_map(map, &at);
    if (err != OK)
        root_give_up("the boot archive cannot be mapped: %s", exec_error_name(err));
    if (cpio_check(at, root.boot->archive_bytes, &files) != OK)
        root_give_up(
            "the boot archive is damaged or truncated; make it again with tools/archive/pack.py");

    static struct archive_map cut;
    err = archive_cut(piece, count, at, root.boot->archive_bytes, first_slot, &cut);
    if (err == OK)
        err = exec_archive_unmap(map);
    if (err == OK)
        err = exec_archive_map(&cut, &at);
    if (err != OK)
        root_give_up("the boot archive cannot be divided into its files: %s", exec_error_name(err));
    *map = cut;
    return at;
}

static void root_configuration_read(const uint8_t *archive)
{
    struct cpio_file file;
    struct problem problem;

    if (cpio_find(archive, root.boot->archive_bytes, "system.dtb", &file) != OK)
        root_give_up(
            "the boot archive has no system.dtb; make it again with tools/archive/pack.py");
    if (system_parse(archive + file.offset, file.bytes, &root.system, &problem) != OK)
        root_give_up("%s; compile the configuration again with tools/config/compile.py",
                     problem.text);
}

static MUST_CHECK root_actions_run(const struct plan_input *in, const char *who, unsigned first,
                                   unsigned count)
{
    struct exec_failure failure;

    enum err err = exec_run(in, &root.plan, first, count, &root.common, &root.random, &failure);
    if (err != OK) {
        const struct plan_action *a = &root.plan.action[failure.action];
        printf("%s cannot be started: %s (step %u, slot %" PRIu32
               ", %u of 2^%u bytes, from %" PRIu32 "): %s\n",
               who, exec_action_name(a), failure.action, a->slot + failure.at, a->count, a->bits,
               a->other, exec_error_name(err));
    }
    return err;
}

/* Unix time in ns when the time CSR was 0, from the machine's goldfish RTC.  0 without an RTC.
 * Reading the RTC's low half latches the high half. */
static uint64_t root_clock_read(void)
{
    if (root.plan.rtc == 0)
        return 0;
    volatile uint32_t *rtc = (volatile uint32_t *)(uintptr_t)(LAYOUT_ROOT_DEVICE + 4096 +
                                                              root.machine.rtc.address % 4096);
    uint64_t now = rtc[0];
    now |= (uint64_t)rtc[1] << 32;
    uint64_t hz = root.boot->timebase_hz, ticks = rt_time_ticks();
    uint64_t up = ticks / hz * UINT64_C(1000000000) + ticks % hz * UINT64_C(1000000000) / hz;
    return now > up ? now - up : 0;
}

/* Must come first: only after this can the root server end the machine. */
static void root_self_start(const struct plan_input *in)
{
    struct problem problem;

    if (plan_root(in, &root.plan, &problem) != OK)
        root_give_up("nothing can be started: %s", problem.text);
    if (root_actions_run(in, "the root server", 0, root.plan.action_count) != OK)
        root_end_machine(false);
    if (root.plan.finisher != 0)
        root.finisher = (volatile uint32_t *)(uintptr_t)(LAYOUT_ROOT_DEVICE +
                                                         root.machine.finisher.address % 4096);
    enum err err = clock_start(&root.clock, &root.plan);
    if (err != OK)
        root_give_up("the root server's clock cannot be started: %s", exec_error_name(err));
    root.common = (struct record_common){.timebase_hz = root.boot->timebase_hz,
                                         .realtime_ns = root_clock_read()};
}

/* Makes the memory shared with the console service, and all else that belongs to no process. */
static void root_shared_start(const struct plan_input *in, unsigned first)
{
    unsigned end =
        root.plan.process_count > 0 ? root.plan.process[0].first_action : root.plan.action_count;

    if (root_actions_run(in, "the memory shared with the console", first, end - first) != OK)
        root_give_up("nothing can be started");
}

/* Prints where the index is before any other process can print a line. */
static void root_trace_start(const struct plan_input *in)
{
    struct trace_index *index = (struct trace_index *)(uintptr_t)LAYOUT_ROOT_TRACE;
    uint64_t address;
    enum err err = root.plan.has_trace ? trace_start(&root.plan, in, index, &address) : OK;

    if (root.plan.trace_problem.text[0] != 0)
        printf("no trace: %s\n", root.plan.trace_problem.text);
    else if (err != OK)
        printf("no trace: %s\n", exec_error_name(err));
    else if (root.plan.has_trace) {
        printf("trace: the index is at 0x%" PRIx64 "\n", address);
        root.trace = index;
    }
}

static void root_process_name(const struct plan_process *process)
{
    if (root.trace != NULL)
        trace_name_process(root.trace, process, &root.system);
}

static void root_console_start(const struct plan_input *in)
{
    const struct plan_process *p = &root.plan.process[root.plan.console];

    if (!root.plan.has_console) {
        printf("no console service: %s\n", root.plan.console_problem.text);
        return;
    }
    enum err err =
        link_up(&root.link, (void *)(uintptr_t)LAYOUT_ROOT_CONTROL, root.plan.console_bell);
    if (err != OK)
        printf("no line to the console service: %s\n", exec_error_name(err));
    if (root_actions_run(in, p->name, p->first_action, p->action_count) != OK) {
        link_down(&root.link);
        root_end_machine(false);
    }
    root.supervise.process[root.plan.console] = LIFE_RUNNING;
    root_process_name(p);
}

static void root_running_list(bool *is_running)
{
    for (unsigned i = 0; i < root.plan.process_count; i++)
        is_running[i] = root.supervise.process[i] == LIFE_RUNNING;
}

/* The console service is not restarted any more: the guests must not wait for it. */
static void root_console_retire(void)
{
    bool is_running[PLAN_PROCESSES_MAX];

    root_running_list(is_running);
    enum err err = exec_console_retire(&root.plan, is_running);
    if (err != OK)
        printf("a guest may hang waiting for the console: %s\n", exec_error_name(err));
    root.console_is_retired = true;
    printf("console is not started again: the guests go on without it\n");
}

static MUST_CHECK root_console_restart(const struct plan_input *in)
{
    bool is_running[PLAN_PROCESSES_MAX];
    struct exec_failure failure;

    root_running_list(is_running);
    root.common.restart_count = root.console_restarts;
    enum err err =
        link_up(&root.link, (void *)(uintptr_t)LAYOUT_ROOT_CONTROL, root.plan.console_bell);
    if (err == OK)
        err = exec_restart(in, &root.plan, root.plan.console, is_running, &root.common,
                           &root.random, &failure);
    if (err != OK) {
        link_down(&root.link);
        printf("console cannot be started anew: %s\n", exec_error_name(err));
        return err;
    }
    root.supervise.process[root.plan.console] = LIFE_RUNNING;
    root.supervise.console_is_down = false;
    root_process_name(&root.plan.process[root.plan.console]);
    printf("console started anew\n");
    return OK;
}

/* Checks the console service.  If the service is dead, or is treated as dead, a new one continues
 * with the guests' rings; after CONSOLE_RESTARTS_MAX restarts the console is retired. */
static void root_console_watch(const struct plan_input *in)
{
    link_look(&root.link);
    (void)supervise_console_failed(&root.supervise);
    if (!root.supervise.console_is_down || root.console_is_retired)
        return;
    if (root.console_restarts++ == CONSOLE_RESTARTS_MAX || root_console_restart(in) != OK)
        root_console_retire();
    supervise_tell_ends(&root.supervise);
}

static void root_guest_start(const struct plan_input *in, unsigned guest)
{
    const struct plan_guest *g = &root.plan.guest[guest];
    const char *name = root.system.guest[guest].name;

    if (!g->is_planned) {
        printf("guest %s cannot be started: %s\n", name, g->problem.text);
        supervise_guest_dead(&root.supervise, guest);
        return;
    }
    if (g->note.text[0] != 0)
        printf("guest %s: %s\n", name, g->note.text);
    const struct plan_process *p = &root.plan.process[g->process];
    if (root_actions_run(in, name, p->first_action, p->action_count) != OK) {
        supervise_guest_dead(&root.supervise, guest);
        if (exec_destroy(p) != OK)
            printf("%s: its memory cannot be freed\n", name);
        return;
    }
    root.supervise.process[g->process] = LIFE_RUNNING;
    root_process_name(p);
    root.supervise.guest[guest] = LIFE_RUNNING;
}

/* Prints the last lines until they are shown.  A console service that does not answer the flush is
 * restarted, within the same limit as before. */
static ATTR_NORETURN void root_end(const struct plan_input *in)
{
    bool well;

    do {
        root_console_watch(in);
        well = supervise_ended_well(&root.supervise);
        printf("all guests have ended%s\n", well ? "" : ", not all of them well");
        if (root.finisher == NULL)
            printf("this machine has no sifive,test0 device to end it\n");
    } while (link_flush(&root.link, root.plan.notification) != OK);
    root_end_machine(well);
}

static ATTR_NORETURN void root_supervise(const struct plan_input *in)
{
    cap_t endpoint = cap_at(root.plan.endpoint);

    for (;;) {
        struct message m = {0};
        root_console_watch(in);
        if (supervise_running(&root.supervise) == 0)
            root_end(in);
        clock_set(&root.clock, link_deadline(&root.link));
        enum err err = ipc_recv(endpoint, &m);
        if (err != OK)
            root_give_up("reports cannot be received: %s", exec_error_name(err));
        if (!(m.tag & TAG_NOTIFIED))
            supervise_message(&root.supervise, &m);
    }
}

/* How many bytes of each Untyped the kernel has used already: to make the root server itself. */
static const uint64_t *root_used_read(void)
{
    static uint64_t used[BOOT_UNTYPED_MAX];

    for (uint32_t i = 0; i < root.boot->untyped_count && i < BOOT_UNTYPED_MAX; i++) {
        uint64_t address = 0, state = 0;
        enum err err = untyped_info(cap_at(root.boot->untyped_first + i), &address, &state);
        if (err != OK)
            root_give_up("the use of the machine's memory cannot be read: %s",
                         exec_error_name(err));
        used[i] = (UINT64_C(1) << root.boot->untyped[i].size_bits) - (state & ~UINT64_C(4095));
    }
    return used;
}

int main(void)
{
    struct problem problem;
    struct plan_input in = {.boot = root.boot,
                            .used = root_used_read(),
                            .machine = &root.machine,
                            .system = &root.system,
                            .archive_bytes = root.boot->archive_bytes,
                            .archive_map = &root.archive_map};

    root_self_start(&in);
    unsigned done = root.plan.action_count;
    in.archive = root_archive_open();
    root_configuration_read(in.archive);
    if (root.machine.seed_bytes == 0)
        printf("the firmware provided no entropy: random numbers are predictable\n");
    if (plan_make(&in, &root.plan, &problem) != OK)
        root_give_up("nothing can be started: %s", problem.text);
    root.supervise =
        (struct supervise){.plan = &root.plan, .system = &root.system, .link = &root.link};
    root_shared_start(&in, done);
    root_trace_start(&in);
    root_console_start(&in);
    for (unsigned i = 0; i < root.system.guest_count; i++)
        root_guest_start(&in, i);
    root_supervise(&in);
}
