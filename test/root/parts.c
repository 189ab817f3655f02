/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plans in parts, on the real kernel: the first guest of the archive, with its VMM's process and
 * its connections, is planned, made, unmade and planned again, many times; then a process alone is
 * made again over its guest.  No process runs.  Prints
 *
 *   parts: N guests were made and undone       parts: FAILED: what, and the error
 *   parts: N processes were made again
 *   parts: end
 */
#include <stdio.h>
#include <string.h>

#include <cpio/cpio.h>
#include <rootserver/exec/exec.h>
#include <rt/calls.h>
#include <rt/rt.h>

#define GUESTS    60u
#define PROCESSES 40u

static _Alignas(4096) uint8_t heap[256 * 1024];
static const struct bootinfo *boot;
static struct machine_config machine;
static struct system_config configuration;
static struct archive_map map;
static struct plan plan;
static struct random_source source;
static uint64_t used[BOOT_UNTYPED_MAX];
static struct plan_input in = {.machine = &machine,
                               .machine_tree = (const void *)(uintptr_t)BOOT_DTB_ADDRESS,
                               .used = used,
                               .system = &configuration,
                               .archive_map = &map};
static struct exec exec = {.in = &in, .plan = &plan, .random = &source};

static void log_write(const char *text, size_t bytes)
{
    for (size_t done = 0; done < bytes;) {
        uint64_t w[5] = {0};
        size_t part = bytes - done < sizeof w ? bytes - done : sizeof w;
        memcpy(w, text + done, part);
        (void)!klog_write(cap_at(BOOT_SLOT_KLOG), part, w[0], w[1], w[2], w[3], w[4]);
        done += part;
    }
}

static ATTR_NORETURN void leave(int code)
{
    (void)code;
    __builtin_trap();
}

static void must(const char *what, enum err err, const char *why)
{
    if (err == OK)
        return;
    printf("parts: FAILED: %s: %s %s\n", what, exec_error_name(err), why);
    leave(1);
}

static void make(unsigned part)
{
    struct exec_failed failed = {.action = 0};
    enum err err;

    do
        err = exec_part(&exec, part, EXEC_STEPS, &failed);
    while (err == ERR_AGAIN);
    if (err != OK)
        printf("part %u, action %u\n", part, failed.action);
    must("make", err, "");
}

static void end(unsigned part, MUST_CHECK (*call)(struct exec *, unsigned, unsigned))
{
    enum err err;

    do
        err = call(&exec, part, EXEC_STEPS);
    while (err == ERR_AGAIN);
    must("end", err, "");
}

static void archive_open(void)
{
    static struct archive_piece piece[BOOT_UNTYPED_MAX];
    uint32_t first = boot->empty_first + PLAN_ROOT_SLOTS;
    const void *at = NULL;
    unsigned count = 0;

    for (uint32_t i = 0; i < boot->untyped_count; i++) {
        const struct boot_untyped *u = &boot->untyped[i];
        uint64_t address = 0, state = 0;
        must("info", untyped_info(cap_at(boot->untyped_first + i), &address, &state), "");
        used[i] = (UINT64_C(1) << u->size_bits) - (state & ~UINT64_C(4095));
        if (u->kind == BOOT_UNTYPED_ARCHIVE)
            piece[count++] =
                (struct archive_piece){boot->untyped_first + i, u->size_bits, u->address};
    }
    must("archive", archive_cut(piece, count, NULL, 0, first, &map), "");
    must("archive", exec_archive_map(&map, &at), "");
    static struct archive_map cut;
    must("archive", archive_cut(piece, count, at, boot->archive_bytes, first, &cut), "");
    must("archive", exec_archive_unmap(&map), "");
    must("archive", exec_archive_map(&cut, &at), "");
    map = cut;
    in.archive = at;
    in.archive_bytes = boot->archive_bytes;
}

static void instances_make(void)
{
    struct problem problem = {""};

    for (unsigned i = 0; i < configuration.service_count; i++) {
        must("instance", plan_instance(&in, &plan, i, &problem), problem.text);
        make(plan_part_instance(i));
        must("process", plan_process(&in, &plan, i, &problem), problem.text);
        make(plan_part_process(i));
    }
}

static void guest_make(void)
{
    unsigned vmm = plan_process_of_guest(0);
    struct problem problem = {""};

    must("guest", plan_guest(&in, &plan, 0, &problem), problem.text);
    make(plan_part_guest(0));
    must("process", plan_process(&in, &plan, vmm, &problem), problem.text);
    make(plan_part_process(vmm));
    for (unsigned c = 0; c < plan.connection_count; c++) {
        if (plan.connection[c].client != vmm)
            continue;
        must("connection", plan_connection(&in, &plan, c, &problem), problem.text);
        make(plan_part_connection(c));
        for (unsigned side = 0; side < 2; side++) {
            must("side", plan_side(&in, &plan, c, side, &problem), problem.text);
            make(plan_part_side(c, side));
        }
        must("region", plan_region(&in, &plan, c, &problem), problem.text);
        make(plan_part_region(c));
    }
}

/* Ends all parts of the first guest, in the reverse order. */
static void guest_end(void)
{
    for (unsigned c = plan.connection_count; c-- > 0;) {
        if (plan.connection[c].client != plan_process_of_guest(0))
            continue;
        plan_connection_unpin(&plan, c);
        end(plan_part_region(c), exec_undo);
        for (unsigned side = 2; side-- > 0;)
            end(plan_part_side(c, side), exec_undo);
        end(plan_part_connection(c), exec_undo);
    }
    end(plan_part_process(plan_process_of_guest(0)), exec_undo);
    end(plan_part_guest(0), exec_undo);
}

static void all_check(uint64_t left, unsigned slots)
{
    if (memory_left(&plan.memory) != left || slots_left(&plan.memory.slots) != slots) {
        printf("parts: FAILED: something is lost\n");
        leave(1);
    }
}

static void process_again(void)
{
    unsigned vmm = plan_process_of_guest(0);

    for (unsigned c = 0; c < plan.connection_count; c++) {
        if (plan.connection[c].client == vmm)
            end(plan_part_side(c, PLAN_SIDE_CLIENT), exec_clear);
    }
    end(plan_part_process(vmm), exec_clear);
    make(plan_part_process(vmm));
    for (unsigned c = 0; c < plan.connection_count; c++) {
        if (plan.connection[c].client == vmm)
            make(plan_part_side(c, PLAN_SIDE_CLIENT));
    }
}

int main(void)
{
    struct problem problem = {""};
    struct cpio_file file;

    archive_open();
    must("root", plan_root(&in, &plan, &problem), problem.text);
    make(PLAN_PART_ROOT_NUMBER);
    must("system.dtb", cpio_find(in.archive, in.archive_bytes, "system.dtb", &file), "");
    must("configuration",
         system_parse(in.archive + file.offset, file.bytes, &configuration, &problem),
         problem.text);
    must("open", plan_open(&in, &plan, &problem), problem.text);
    if (plan.part[PLAN_PART_ROOT_NUMBER].state != PLAN_PART_MADE)
        make(PLAN_PART_ROOT_NUMBER);
    instances_make();
    uint64_t left = memory_left(&plan.memory);
    unsigned slots = slots_left(&plan.memory.slots);
    for (unsigned i = 0; i < GUESTS; i++) {
        guest_make();
        guest_end();
        all_check(left, slots);
    }
    printf("parts: %u guests were made and undone\n", GUESTS);
    guest_make();
    for (unsigned i = 0; i < PROCESSES; i++)
        process_again();
    guest_end();
    all_check(left, slots);
    printf("parts: %u processes were made again\nparts: end\n", PROCESSES);
    leave(0);
}

ATTR_NORETURN void rt_begin(const void *start)
{
    boot = start;
    in.boot = boot;
    if (machine_parse((const void *)(uintptr_t)BOOT_DTB_ADDRESS, boot->dtb_bytes, &machine) != OK)
        __builtin_trap();
    random_init(&source, machine.seed, machine.seed_bytes, rt_time_ticks());
    const struct rt_config config = {.name = "parts",
                                     .timebase_hz = boot->timebase_hz,
                                     .heap = heap,
                                     .heap_bytes = sizeof heap,
                                     .write = log_write,
                                     .leave = leave};
    rt_enter(&config);
}
