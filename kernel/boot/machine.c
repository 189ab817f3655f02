/* SPDX-License-Identifier: BSD-2-Clause */
#include <kernel/boot/machine.h>

#include <kernel/boot/tree.h>
#include <kernel/hal/types.h>

#define CELLS_MAX      2
#define SOURCES_MAX    1023u
#define BUS_LEVELS_MAX  8
#define TIMEBASE_HZ_MIN   1000u /* users divide by fractions of it, and multiply it */
#define TIMEBASE_HZ_MAX   UINT64_C(4000000000)

_Static_assert(MACHINE_DTB_HEADER_BYTES == sizeof(struct fdt_header), "whole header");

/* The state of reading one blob. */
struct reading {
    const void *fdt;
    struct machine *machine;
    const char *problem;
    uint64_t boot_hart;
    bool has_any_plic;
    uint32_t boot_intc; /* phandle of the boot hart's interrupt controller */
};

static enum err reading_fail(struct reading *r, enum err err, const char *problem)
{
    r->problem = problem;
    return err;
}

MUST_CHECK machine_dtb_bytes(const void *dtb, uint64_t *bytes)
{
    if (dtb == NULL || (uintptr_t)dtb % 8 != 0 || fdt_magic(dtb) != FDT_MAGIC)
        return ERR_FORMAT;
    if (fdt_totalsize(dtb) < MACHINE_DTB_HEADER_BYTES)
        return ERR_FORMAT;
    if (fdt_totalsize(dtb) > MACHINE_DTB_BYTES_MAX)
        return ERR_RANGE;
    *bytes = fdt_totalsize(dtb);
    return OK;
}

/* ---- properties ----------------------------------------------------------------- */

static bool node_is_any(const struct reading *r, int node, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (fdt_node_check_compatible(r->fdt, node, *names) == 0)
            return true;
    }
    return false;
}

/* Read range `index` of `reg` in a node below `parent`.  ERR_NOT_FOUND: there are fewer ranges. */
static enum err reg_read(struct reading *r, int parent, int node, int index, struct range *out)
{
    int bytes;
    const fdt32_t *cell = fdt_getprop(r->fdt, node, "reg", &bytes);
    int address_cells = fdt_address_cells(r->fdt, parent);
    int size_cells = fdt_size_cells(r->fdt, parent);
    int step = address_cells + size_cells;

    if (cell == NULL)
        return ERR_NOT_FOUND;
    if (address_cells < 1 || address_cells > CELLS_MAX || size_cells < 1 ||
        size_cells > CELLS_MAX || bytes % (4 * step) != 0)
        return reading_fail(r, ERR_FORMAT, "a node's reg does not fit its parent's cells");
    if (index >= bytes / (4 * step))
        return ERR_NOT_FOUND;
    cell += index * step;
    *out = (struct range){ tree_cells(cell, address_cells),
                           tree_cells(cell + address_cells, size_cells) };
    if (out->start > UINT64_MAX - out->bytes)
        return reading_fail(r, ERR_RANGE, "an address range wraps");
    return OK;
}

/* Add all ranges of a node's reg to a set. */
static enum err reg_add_all(struct reading *r, int parent, int node, struct range_set *set)
{
    for (int i = 0;; i++) {
        struct range range;
        enum err err = reg_read(r, parent, node, i, &range);

        if (err == ERR_NOT_FOUND)
            return OK;
        if (err == OK)
            err = range_set_add(set, range);
        if (err != OK)
            return r->problem != NULL ? err : reading_fail(r, err, "too many memory ranges");
    }
}

/* ---- memory --------------------------------------------------------------------- */

static enum err memory_read(struct reading *r)
{
    int node;

    fdt_for_each_subnode(node, r->fdt, 0)
    {
        if (!tree_text_is(r->fdt, node, "device_type", "memory") || tree_is_disabled(r->fdt, node))
            continue;
        enum err err = reg_add_all(r, 0, node, &r->machine->ram);
        if (err != OK)
            return err;
    }
    if (r->machine->ram.count == 0)
        return reading_fail(r, ERR_NOT_FOUND, "it describes no memory");
    return OK;
}

static enum err reserved_read(struct reading *r)
{
    int parent = fdt_path_offset(r->fdt, "/reserved-memory");
    int count = fdt_num_mem_rsv(r->fdt), node;

    for (int i = 0; i < count; i++) {
        struct range range;
        if (fdt_get_mem_rsv(r->fdt, i, &range.start, &range.bytes) != 0)
            return reading_fail(r, ERR_FORMAT, "its memory reservations do not parse");
        enum err err = range_set_add(&r->machine->reserved, range);
        if (err != OK)
            return reading_fail(r, err, "a memory reservation wraps, or there are too many");
    }
    if (parent < 0)
        return OK;
    fdt_for_each_subnode(node, r->fdt, parent)
    {
        enum err err = reg_add_all(r, parent, node, &r->machine->reserved);
        if (err != OK)
            return err;
    }
    return OK;
}

/* A missing archive is not an error here: root_create() reports it. */
static enum err archive_read(struct reading *r)
{
    int chosen = fdt_path_offset(r->fdt, "/chosen");
    uint64_t start, end;

    if (chosen < 0)
        return OK;
    enum err err = tree_number(r->fdt, chosen, "linux,initrd-start", &start);
    if (err == OK)
        err = tree_number(r->fdt, chosen, "linux,initrd-end", &end);
    if (err == ERR_NOT_FOUND)
        return OK;
    if (err != OK || end < start)
        return reading_fail(r, ERR_FORMAT, "/chosen's linux,initrd-start and -end are not a range");
    r->machine->archive = (struct range){ start, end - start };
    return OK;
}

/* ---- harts ---------------------------------------------------------------------- */

static enum err hart_read(struct reading *r, int node)
{
    uint64_t id, block;

    if (!tree_is_hart(r->fdt, node))
        return OK;
    if (tree_number(r->fdt, node, "reg", &id) != OK)
        return reading_fail(r, ERR_FORMAT, "a cpu node has no hart id");
    r->machine->hart_count++;
    if (id != r->boot_hart)
        return OK;
    if (tree_number(r->fdt, node, "riscv,cboz-block-size", &block) == OK &&
        (block & (block - 1)) == 0 && block <= PAGE_BYTES)
        r->machine->zero_block_bytes = block;
    r->boot_intc = tree_hart_controller(r->fdt, node);
    if (r->boot_intc == 0)
        return reading_fail(r, ERR_FORMAT,
                            "the boot hart has no interrupt controller with a phandle");
    return OK;
}

static enum err harts_read(struct reading *r)
{
    int cpus = fdt_path_offset(r->fdt, "/cpus"), node;

    if (cpus < 0 ||
        tree_number(r->fdt, cpus, "timebase-frequency", &r->machine->timebase_hz) != OK ||
        r->machine->timebase_hz == 0)
        return reading_fail(r, ERR_NOT_FOUND, "/cpus has no timebase-frequency");
    if (r->machine->timebase_hz < TIMEBASE_HZ_MIN || r->machine->timebase_hz > TIMEBASE_HZ_MAX)
        return reading_fail(r, ERR_RANGE, "/cpus' timebase-frequency is not 1 kHz to 4 GHz");
    fdt_for_each_subnode(node, r->fdt, cpus)
    {
        enum err err = hart_read(r, node);
        if (err != OK)
            return err;
    }
    if (r->boot_intc == 0)
        return reading_fail(r, ERR_NOT_FOUND, "it does not describe the hart that booted");
    return OK;
}

/* ---- devices -------------------------------------------------------------------- */

/* There may be several PLICs, each for some of the harts.  The boot hart's PLIC is used; the others
 * are not handed out either. */
static enum err plic_read(struct reading *r, int parent, int node)
{
    struct machine *machine = r->machine;
    uint64_t sources;
    struct range range;
    uint32_t context;

    r->has_any_plic = true;
    if (reg_read(r, parent, node, 0, &range) != OK || range.bytes == 0 ||
        tree_number(r->fdt, node, "riscv,ndev", &sources) != OK || sources > SOURCES_MAX)
        return reading_fail(r, ERR_FORMAT,
                            "the PLIC has no registers, or riscv,ndev is not 0 to 1023");
    enum err err = tree_plic_context(r->fdt, node, r->boot_intc, &context);
    if (err == ERR_NOT_FOUND || machine->has_plic)
        return reg_add_all(r, parent, node, &machine->firmware);
    if (err != OK)
        return reading_fail(r, err, "the PLIC has no list of contexts");
    if (range.start % PAGE_BYTES != 0)
        return reading_fail(r, ERR_FORMAT, "the PLIC's registers do not begin at a page");
    if (0x200000 + UINT64_C(0x1000) * (context + UINT64_C(1)) > range.bytes)
        return reading_fail(r, ERR_FORMAT,
                            "the boot hart's PLIC context lies outside its registers");
    machine->plic = range;
    machine->plic_source_count = (uint32_t)sources;
    machine->plic_context = context;
    machine->has_plic = true;
    return OK;
}

/* The kernel writes one word to the test device. */
static enum err test_read(struct reading *r, int parent, int node)
{
    struct range *test = &r->machine->test;
    enum err err = reg_read(r, parent, node, 0, test);

    if (err == ERR_NOT_FOUND ||
        (err == OK && (test->bytes < sizeof(uint32_t) || test->start % sizeof(uint32_t) != 0)))
        return reading_fail(r, ERR_FORMAT,
                            "the test device has no registers, or not at a whole word");
    return err;
}

/* A bus with an empty `ranges` does not translate; the root needs no `ranges`. */
static bool bus_translates(const struct reading *r, int bus)
{
    for (int level = 0; level < BUS_LEVELS_MAX; level++) {
        int bytes;
        if (bus == 0)
            return false;
        if (fdt_getprop(r->fdt, bus, "ranges", &bytes) == NULL || bytes != 0)
            return true;
        bus = fdt_parent_offset(r->fdt, bus);
    }
    return true;
}

/*
 * Timers, software-interrupt devices and interrupt controllers that firmware drives, by their
 * names in the Linux kernel's bindings and in OpenSBI.  They are not handed out, because their
 * registers can interrupt any hart.
 */
static const char *const firmware_names[] = {
    "riscv,clint0", "sifive,clint0", "sifive,clint2", "starfive,jh7100-clint",
    "starfive,jh7110-clint", "canaan,k210-clint", "thead,c900-clint", "allwinner,sun20i-d1-clint",
    "sophgo,cv1800b-clint", "riscv,aclint-mtimer", "riscv,aclint-mswi", "riscv,aclint-sswi",
    "thead,c900-aclint-mtimer", "thead,c900-aclint-mswi", "thead,c900-aclint-sswi",
    "sophgo,sg2042-aclint-mtimer", "sophgo,sg2042-aclint-mswi", "sophgo,sg2044-aclint-mtimer",
    "sophgo,sg2044-aclint-mswi", "sophgo,sg2044-aclint-sswi", "nuclei,ux900-aclint-mtimer",
    "nuclei,ux900-aclint-mswi", "nuclei,ux900-aclint-sswi", "mips,p8700-aclint-sswi",
    "andestech,plmt0", "andestech,plicsw", "andestech,plic_sw", "andestech,nceplic100",
    "thead,c900-plic", "riscv,aplic", "riscv,imsics", NULL,
};

static enum err device_read(struct reading *r, int node)
{
    static const char *const test[] = { "sifive,test0", "sifive,test1", NULL };
    bool is_plic = tree_is_plic(r->fdt, node), is_test = node_is_any(r, node, test);
    bool is_firmware = node_is_any(r, node, firmware_names);
    bool is_disabled = tree_is_disabled(r->fdt, node);

    if (!(is_plic || is_test || is_firmware) || (is_test && is_disabled))
        return OK;
    int parent = fdt_parent_offset(r->fdt, node);
    if (bus_translates(r, parent))
        return reading_fail(r, ERR_NOT_SUPPORTED,
                            "the PLIC, CLINT or test device is behind a bus that translates "
                            "addresses");
    if (is_plic && !is_disabled)
        return plic_read(r, parent, node);
    if (is_test)
        return test_read(r, parent, node);
    /* A disabled node counts too: firmware disables devices that it keeps for itself. */
    return reg_add_all(r, parent, node, &r->machine->firmware);
}

static enum err devices_read(struct reading *r)
{
    int depth = 0;

    for (int node = fdt_next_node(r->fdt, -1, &depth); node >= 0 && depth >= 0;
         node = fdt_next_node(r->fdt, node, &depth)) {
        if (depth == 0)
            continue;
        enum err err = device_read(r, node);
        if (err != OK)
            return err;
    }
    if (r->has_any_plic && !r->machine->has_plic)
        return reading_fail(r, ERR_NOT_FOUND, "no PLIC has an S context for the boot hart");
    return OK;
}

MUST_CHECK machine_parse(const void *dtb, uint64_t bytes, uint64_t boot_hart, struct machine *out,
                         const char **problem)
{
    struct reading r = { .fdt = dtb, .machine = out, .boot_hart = boot_hart };

    *out = (struct machine){ 0 };
    if (bytes > MACHINE_DTB_BYTES_MAX || fdt_check_full(dtb, bytes) != 0) {
        *problem = "it is damaged or truncated";
        return ERR_FORMAT;
    }
    static enum err (*const steps[])(struct reading *) = { memory_read, reserved_read, archive_read,
                                                          harts_read, devices_read };
    for (unsigned i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        enum err err = steps[i](&r);
        if (err != OK) {
            *problem = r.problem != NULL ? r.problem : "it does not parse";
            return err;
        }
    }
    return OK;
}
