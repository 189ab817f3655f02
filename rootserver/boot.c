/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Before the event loop: archive, configuration, the root server's own objects,
 * and the lives of the configuration's processes. No process runs yet, so all text goes to the
 * kernel's log.
 */
#include <rootserver/boot.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cpio/cpio.h>
#include <rootserver/root.h>
#include <rt/calls.h>
#include <rt/rt.h>

/* Prints why nothing can be started, and ends the machine as a failure. */
static ATTR_NORETURN void boot_give_up(const char *format, ...) ATTR_PRINTF(1, 2);

static ATTR_NORETURN void boot_give_up(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    root_end_machine(false);
}

/* The archive's Untypeds, in ascending order of addresses, which is the order
 * of bootinfo. */
static unsigned boot_archive_pieces(struct archive_piece *piece)
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

/* Maps the archive in large frames to read it, then divides it into frames by
 * its files. */
static const uint8_t *boot_archive_open(void)
{
    struct archive_piece piece[BOOT_UNTYPED_MAX];
    unsigned count = boot_archive_pieces(piece), files;
    uint32_t first_slot = root.boot->empty_first + PLAN_ROOT_SLOTS;
    struct archive_map *map = &root.archive_map;
    const void *at;

    if (root.boot->archive_address == 0 || count == 0)
        boot_give_up("there is no boot archive: start the machine with one as its initrd");
    enum err err = archive_cut(piece, count, NULL, 0, first_slot, map);
    if (err == OK)
        err = exec_archive_map(map, &at);
    if (err != OK)
        boot_give_up("the boot archive cannot be mapped: %s", exec_error_name(err));
    if (cpio_check(at, root.boot->archive_bytes, &files) != OK)
        boot_give_up("the boot archive is damaged or truncated; make it again with "
                     "tools/archive/pack.py");

    static struct archive_map cut;
    err = archive_cut(piece, count, at, root.boot->archive_bytes, first_slot, &cut);
    if (err == OK)
        err = exec_archive_unmap(map);
    if (err == OK)
        err = exec_archive_map(&cut, &at);
    if (err != OK)
        boot_give_up("the boot archive cannot be divided into its files: %s", exec_error_name(err));
    *map = cut;
    return at;
}

static void boot_configuration_read(const uint8_t *archive)
{
    struct cpio_file file;
    struct problem problem;

    if (cpio_find(archive, root.boot->archive_bytes, "system.dtb", &file) != OK)
        boot_give_up("the boot archive has no system.dtb; make it again with "
                     "tools/archive/pack.py");
    if (system_parse(archive + file.offset, file.bytes, &root.system, &problem) != OK)
        boot_give_up("%s; compile the configuration again with tools/config/compile.py",
                     problem.text);
    if (system_expand((const void *)(uintptr_t)BOOT_DTB_ADDRESS, &root.system, &problem) != OK)
        boot_give_up("nothing can be started: %s", problem.text);
}

/* Unix time in ns when the time CSR was 0, from the machine's goldfish RTC.  0
 * without an RTC. Reading the RTC's low half latches the high half. */
static uint64_t boot_clock_read(void)
{
    if (root.plan.rtc == 0)
        return 0;
    volatile uint32_t *rtc =
        (volatile uint32_t *)(uintptr_t)(LAYOUT_ROOT_RTC + root.machine.rtc.address % 4096);
    uint64_t now = rtc[0];
    now |= (uint64_t)rtc[1] << 32;
    uint64_t hz = root.boot->timebase_hz, ticks = rt_time_ticks();
    uint64_t up = ticks / hz * UINT64_C(1000000000) + ticks % hz * UINT64_C(1000000000) / hz;
    return now > up ? now - up : 0;
}

/* Makes a part of the plan.  Before the loop no message can come between two steps. */
static void boot_part_make(unsigned part, const char *what)
{
    struct exec_failed failed = {0};
    enum err err;

    do
        err = exec_part(&root.work.exec, part, EXEC_STEPS, &failed);
    while (err == ERR_AGAIN);
    if (err != OK)
        boot_give_up("%s cannot be made: %s (action %u, at %u)", what, exec_error_name(err),
                     failed.action, failed.at);
}

/* Must come first: only after this can the root server end the machine. */
static void boot_self_start(const struct plan_input *in)
{
    struct problem problem;

    if (plan_root(in, &root.plan, &problem) != OK)
        boot_give_up("nothing can be started: %s", problem.text);
    boot_part_make(PLAN_PART_ROOT_NUMBER, "the root server");
    if (root.plan.finisher != 0)
        root.finisher = (volatile uint32_t *)(uintptr_t)(LAYOUT_ROOT_FINISHER +
                                                         root.machine.finisher.address % 4096);
    root.work.exec.realtime_ns = boot_clock_read();
}

/* Prints where the index is before any other process can print a line. */
static void boot_trace_start(const struct plan_input *in)
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
        root.work.trace = index;
    }
}

/* How many bytes of each Untyped the kernel has used already: to make the root
 * server itself. */
static const uint64_t *boot_used_read(void)
{
    static uint64_t used[BOOT_UNTYPED_MAX];

    for (uint32_t i = 0; i < root.boot->untyped_count && i < BOOT_UNTYPED_MAX; i++) {
        uint64_t address = 0, state = 0;
        enum err err = untyped_info(cap_at(root.boot->untyped_first + i), &address, &state);
        if (err != OK)
            boot_give_up("the use of the machine's memory cannot be read: %s",
                         exec_error_name(err));
        used[i] = (UINT64_C(1) << root.boot->untyped[i].size_bits) - (state & ~UINT64_C(4095));
    }
    return used;
}

/* ---- the lives
 * ---------------------------------------------------------------------- */

static struct policy_restart boot_restart(const struct system_restart *from)
{
    return (struct policy_restart){from->most, from->within_ms, from->wait_min_ms,
                                   from->wait_max_ms};
}

static void boot_service_set(unsigned instance)
{
    const struct system_service *s = &root.system.service[instance];
    struct life *l = &root.lives.life[plan_process_of_instance(instance)];
    uint64_t hz = root.boot->timebase_hz;

    snprintf(l->name, sizeof l->name, "%s", s->name);
    l->restart = boot_restart(&s->restart);
    l->times = (struct link_times){policy_ticks(hz, s->ping_ms), policy_ticks(hz, s->progress_ms)};
    l->state = LIFE_OWNER;
    if (s->is_log)
        root.lives.log = plan_process_of_instance(instance);
}

static void boot_guest_set(unsigned guest)
{
    const struct system_guest *g = &root.system.guest[guest];
    struct life *l = &root.lives.life[plan_process_of_guest(guest)];

    snprintf(l->name, sizeof l->name, "vmm.%s", g->name);
    l->guest = g->name;
    l->restart = boot_restart(&g->restart);
    l->times = (struct link_times){policy_ticks(root.boot->timebase_hz, g->ping_ms), 0};
    l->state = LIFE_OWNER;
}

static void boot_connection_set(unsigned connection)
{
    const struct plan_connection *c = &root.plan.connection[connection];
    struct life_connection *to = &root.lives.connection[connection];

    *to = (struct life_connection){.service = plan_process_of_instance(c->instance),
                                   .client = c->client,
                                   .served = c->served,
                                   .used = c->used};
    snprintf(to->source, sizeof to->source, "%s", root.system.connection[connection].source);
}

static void boot_lives_set(void)
{
    root.lives.work = &root.work;
    root.lives.lines = &root.lines;
    root.lives.hz = root.boot->timebase_hz;
    root.lives.log = PLAN_PROCESSES_ALL;
    root.lives.connection_count = root.plan.connection_count;
    for (unsigned i = 0; i < root.system.service_count; i++)
        boot_service_set(i);
    for (unsigned i = 0; i < root.system.guest_count; i++)
        boot_guest_set(i);
    for (unsigned i = 0; i < root.plan.connection_count; i++)
        boot_connection_set(i);
    lives_begin(&root.lives);
}

static uint32_t boot_thread_of(unsigned process, unsigned n)
{
    const struct plan_process *p = &root.plan.process[process];

    return n < p->thread_count ? p->thread[n] : 0;
}

void boot_start(void)
{
    static struct plan_input in;
    struct problem problem;

    in = (struct plan_input){.boot = root.boot,
                             .used = boot_used_read(),
                             .machine = &root.machine,
                             .machine_tree = (const void *)(uintptr_t)BOOT_DTB_ADDRESS,
                             .system = &root.system,
                             .archive_bytes = root.boot->archive_bytes,
                             .archive_map = &root.archive_map};
    root.work.exec = (struct exec){.in = &in, .plan = &root.plan, .random = &root.random};
    boot_self_start(&in);
    in.archive = boot_archive_open();
    boot_configuration_read(in.archive);
    if (root.machine.seed_bytes == 0)
        printf("the firmware provided no entropy: random numbers are predictable\n");
    if (plan_open(&in, &root.plan, &problem) != OK)
        boot_give_up("nothing can be started: %s", problem.text);
    if (root.plan.part[PLAN_PART_ROOT_NUMBER].state != PLAN_PART_MADE)
        boot_part_make(PLAN_PART_ROOT_NUMBER, "the root server's memory");
    boot_trace_start(&in);
    boot_lives_set();
    root.reports.lives = &root.lives;
    root.reports.lines = &root.lines;
    root.reports.thread = boot_thread_of;
}
