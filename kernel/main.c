/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the first instruction in C to the root server.  The machine's memory is divided once,
 * here; after that the kernel allocates nothing.
 */
#include <kernel/boot/machine.h>
#include <kernel/boot/memory.h>
#include <kernel/boot/root.h>
#include <kernel/boot/wiring.h>
#include <kernel/core/hart.h>
#include <kernel/core/sched.h>
#include <kernel/hal/boot.h>
#include <kernel/print.h>
#include <string.h>

#define FAIL_CODE         100
#define SLICES_PER_SECOND 100

/* The state of start-up, on the boot stack. */
struct start {
    uint64_t hart_id;
    const void *dtb;
    uint64_t dtb_bytes;
    struct machine machine;
    struct memory memory;
};

static ATTR_NORETURN void start_fail(const char *what, const char *problem)
{
    print_text("Warren: ");
    print_text(what);
    print_text(": ");
    print_text(problem);
    print_text("\n");
    hal_machine_fail(FAIL_CODE);
}

/* The console's interrupts may reach some harts only: continue on a hart that they reach. */
static void hart_choose(const struct start *s, hpa_t dtb)
{
    uint64_t hart;

    if (wiring_hart_choose(s->dtb, s->dtb_bytes, s->hart_id, &hart) != OK || hart == s->hart_id)
        return; /* machine_parse() will report a damaged tree */
    hal_hand_over(hart, dtb);
    start_fail("cannot run on the hart that booted", "no interrupt of the console reaches it, and "
                                                     "firmware starts no other hart");
}

/* The tree must lie within the kernel's mapping of physical memory, or it is not read. */
static void tree_find(struct start *s, hpa_t dtb)
{
    static const char what[] = "cannot use the machine's device tree";
    struct range tree = { dtb.raw, MACHINE_DTB_HEADER_BYTES };

    if (!memory_is_reached(tree))
        start_fail(what, "it lies above 254 GiB");
    s->dtb = hal_phys_to_virt(dtb);
    if (machine_dtb_bytes(s->dtb, &s->dtb_bytes) != OK)
        start_fail(what, "it is not a device tree, or larger than 1 MiB");
    tree.bytes = s->dtb_bytes;
    if (!memory_is_reached(tree))
        start_fail(what, "it lies above 254 GiB");
}

static void machine_read(struct start *s, hpa_t dtb)
{
    const char *problem = "";

    if (!memory_is_reached(hal_image_range()))
        start_fail("cannot run where it was loaded", "the kernel's image lies above 254 GiB");
    tree_find(s, dtb);
    hart_choose(s, dtb);
    if (machine_parse(s->dtb, s->dtb_bytes, s->hart_id, &s->machine, &problem) != OK)
        start_fail("cannot use the machine's device tree", problem);
    if (memory_is_reached(s->machine.test))
        hal_set_test_device(s->machine.test);
}

/* Check and divide the memory before any address that the tree names is written to. */
static void memory_plan(struct start *s, hpa_t dtb)
{
    struct range tree = { dtb.raw, s->dtb_bytes };
    const char *problem = "";

    if (memory_divide(&s->machine, hal_image_range(), tree, &s->memory, &problem) != OK)
        start_fail("cannot divide the machine's memory", problem);
    if (hal_setup(&s->machine, &problem) != OK)
        start_fail("cannot run on this machine", problem);
}

static void machine_announce(const struct start *s)
{
    print_text("Warren " WARREN_VERSION ": hart ");
    print_decimal(s->hart_id);
    print_text(" of ");
    print_decimal(s->machine.hart_count);
    print_text(", ");
    print_decimal(range_set_bytes(&s->machine.ram) >> 20);
    print_text(hal_has_sstc() ? " MiB, sstc\n" : " MiB, no sstc\n");
}

/* The memory of the kernel's state is taken before memory is handed out, and never freed. */
static struct hart *state_create(struct start *s)
{
    struct state {
        struct kernel kernel;
        struct hart hart;
    } *state;
    uint64_t address;

    if (memory_take(&s->memory, (sizeof *state + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1), &address) !=
        OK)
        start_fail("cannot start", "there is too little memory");
    state = hal_phys_to_virt(hpa(address));
    memset(state, 0, sizeof *state);
    slice_set(&state->hart.slice, s->machine.timebase_hz / SLICES_PER_SECOND + 1);
    state->hart.kernel = &state->kernel;
    state->hart.id = s->hart_id;
    hal_set_hart(&state->hart);
    return &state->hart;
}

static uint64_t boot_features(void)
{
    return (hal_has_sstc() ? BOOT_FEATURE_SSTC : 0) |
           (hal_guest_has_satp_mode(SATP_SV48) ? BOOT_FEATURE_SV48 : 0) |
           (hal_guest_has_satp_mode(SATP_SV57) ? BOOT_FEATURE_SV57 : 0);
}

void kernel_main(uint64_t hart_id, hpa_t dtb)
{
    struct start s = { .hart_id = hart_id };
    const char *problem = "";

    machine_read(&s, dtb);
    memory_plan(&s, dtb);
    machine_announce(&s);

    struct hart *hart = state_create(&s);
    struct root_input input = { .machine = &s.machine,
                                .memory = &s.memory,
                                .dtb = s.dtb,
                                .dtb_bytes = s.dtb_bytes,
                                .features = boot_features() };
    if (root_create(hart, &input, &problem) != OK)
        start_fail("cannot start the root server", problem);
    sched_leave(hart);
}
