/* SPDX-License-Identifier: BSD-2-Clause */
/* From the kernel's entry to main().  The root server gets bootinfo where other processes get a
 * start record. */
#include <string.h>

#include <rootserver/root.h>
#include <rt/calls.h>
#include <rt/rt.h>

/* sifive,test0: the low half is the command, the high half the exit code. */
#define FINISHER_PASS    UINT32_C(0x00005555)
#define FINISHER_FAIL    UINT32_C(0x00013333)
#define FINISHER_SECONDS 10
#define HEAP_BYTES       (512 * 1024)

struct root root;

static _Alignas(4096) uint8_t heap[HEAP_BYTES];

static void root_write(const char *text, size_t bytes)
{
    lines_write(&root.lines, text, bytes);
}

/* The root server must never return from main().  The kernel ends the machine when it faults. */
static ATTR_NORETURN void root_leave(int code)
{
    (void)code;
    root_end_machine(false);
}

ATTR_NORETURN void root_end_machine(bool well)
{
    volatile uint32_t *finisher = root.finisher;

    if (finisher != NULL) {
        /* The store may take effect later.  The root server waits here, because its next output or
         * fault would look like the reason of the machine's end. */
        uint64_t deadline = rt_time_ticks() + FINISHER_SECONDS * root.boot->timebase_hz;
        *finisher = well ? FINISHER_PASS : FINISHER_FAIL;
        while (rt_time_ticks() < deadline)
            ;
    }
    __builtin_trap();
}

ATTR_NORETURN void rt_begin(const void *start)
{
    const struct bootinfo *boot = start;

    if (boot->magic != BOOTINFO_MAGIC || boot->timebase_hz == 0)
        __builtin_trap();
    root.boot = boot;
    if (machine_parse((const void *)(uintptr_t)BOOT_DTB_ADDRESS, boot->dtb_bytes, &root.machine) !=
        OK)
        __builtin_trap();
    random_init(&root.random, root.machine.seed, root.machine.seed_bytes, rt_time_ticks());

    struct rt_config config = {
        .name = "rootserver",
        .timebase_hz = boot->timebase_hz,
        .heap = heap,
        .heap_bytes = sizeof heap,
        .write = root_write,
        .leave = root_leave,
    };
    random_fill(&root.random, config.entropy, sizeof config.entropy);
    rt_enter(&config);
}
