/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The platform-level interrupt controller.  Address, number of sources and order of contexts
 * are those of QEMU's `virt`.  Sources are 1 to 95; number 0 means "no interrupt".
 *
 * Specification: "RISC-V Platform-Level Interrupt Controller Specification" 1.0.0.
 *
 *   0x000000  priority of source n        at 4n
 *   0x001000  pending bits                32 sources a word, read only
 *   0x002000  enable bits of context c    at 0x80 c
 *   0x200000  threshold of context c      at 0x1000 c, claim/complete at + 4
 *
 * Each source has a gateway (section "Interrupt Gateways"): a high level makes one request,
 * and the next request is made only after the last one is completed.
 *
 *            level high             claim              complete, level low
 *      idle ------------> pending ---------> in service ------------> idle
 *                            ^                   |
 *                            +-------------------+ complete, level high
 */
#include <libfdt.h>

#include <base/attr.h>
#include <vmm/board/dev.h>
#include <vmm/boot/fdt_util.h>

#define PLIC_SOURCES   96u
#define WORDS          (PLIC_SOURCES / 32u)
#define CONTEXTS       (2u * GUEST_HARTS_MAX)

#define PENDING_BASE   0x1000u
#define ENABLE_BASE    0x2000u
#define ENABLE_STRIDE  0x80u
#define CONTEXT_BASE   0x200000u
#define CONTEXT_STRIDE 0x1000u
#define REGION_BYTES   0x600000u

#define PRIORITY_MASK  7u

struct plic_state {
    uint32_t priority[PLIC_SOURCES];
    uint32_t level[WORDS];
    uint32_t pending[WORDS];
    uint32_t in_service[WORDS];
    uint32_t enable[CONTEXTS][WORDS];
    uint32_t threshold[CONTEXTS];
};

static uint32_t bit_of(uint32_t source)
{
    return UINT32_C(1) << (source % 32);
}

static uint32_t plic_context_count(const struct dev_ctx *dev)
{
    uint32_t count = 2 * dev->hart_count;
    return count < CONTEXTS ? count : CONTEXTS;
}

static void plic_word_set(const struct dev_ctx *dev, uint32_t *word, uint32_t value)
{
    if (*word == value)
        return;
    dev_set(dev, word, sizeof *word);
    *word = value;
    dev_is_due(dev); /* the output may have changed */
}

static void plic_input(const struct dev_ctx *dev, uint32_t source, bool is_high)
{
    struct plic_state *plic = dev->state;
    uint32_t word = source / 32, bit = bit_of(source);

    if (source == 0 || source >= PLIC_SOURCES)
        return;
    if (is_high == ((plic->level[word] & bit) != 0))
        return; /* an unchanged level makes no request */
    plic_word_set(dev, &plic->level[word],
                  is_high ? plic->level[word] | bit : plic->level[word] & ~bit);
    if (is_high && !(plic->in_service[word] & bit))
        plic_word_set(dev, &plic->pending[word], plic->pending[word] | bit);
}

/*
 * Does the context have a source that is pending and enabled?  The VMM calls this after each exit
 * that changed the controller, so the loop is unrolled, and the fast path is the case that nothing
 * is pending.
 */
static bool plic_has_candidate(const struct plic_state *plic, uint32_t context)
{
    const uint32_t *pending = plic->pending;

    if ((pending[0] | pending[1] | pending[2]) == 0)
        return false;
    const uint32_t *enable = plic->enable[context];
    return ((pending[0] & enable[0]) | (pending[1] & enable[1]) | (pending[2] & enable[2])) != 0;
}

_Static_assert(WORDS == 3, "plic_has_candidate() looks at each word");

/* The source that a context claims: highest priority above `floor`, then lowest number; 0: none. */
static ATTR_NOINLINE uint32_t plic_best_source(const struct plic_state *plic, uint32_t context,
                                               uint32_t floor)
{
    uint32_t best = 0, best_priority = floor;

    for (uint32_t word = 0; word < WORDS; word++) {
        uint32_t bits = plic->pending[word] & plic->enable[context][word];
        for (; bits; bits &= bits - 1) {
            uint32_t source = word * 32 + (uint32_t)__builtin_ctz(bits);
            if (plic->priority[source] > best_priority) {
                best = source;
                best_priority = plic->priority[source];
            }
        }
    }
    return best;
}

/* A hart has two contexts; the output of the machine context is not connected. */
static bool plic_output(const struct dev_ctx *dev, uint32_t hart)
{
    const struct plic_state *plic = dev->state;
    uint32_t context = 2 * hart + 1;
    return hart < dev->hart_count && plic_has_candidate(plic, context) &&
           plic_best_source(plic, context, plic->threshold[context]) != 0;
}

/* The threshold masks the notification, not the claim ("Interrupt Claim Process"). */
static uint32_t plic_claim(const struct dev_ctx *dev, uint32_t context)
{
    struct plic_state *plic = dev->state;
    uint32_t source = plic_best_source(plic, context, 0);

    if (source) {
        uint32_t word = source / 32, bit = bit_of(source);
        plic_word_set(dev, &plic->pending[word], plic->pending[word] & ~bit);
        plic_word_set(dev, &plic->in_service[word], plic->in_service[word] | bit);
    }
    return source;
}

static void plic_complete(const struct dev_ctx *dev, uint32_t context, uint32_t source)
{
    struct plic_state *plic = dev->state;
    uint32_t word = source / 32, bit = bit_of(source);

    if (source == 0 || source >= PLIC_SOURCES || !(plic->enable[context][word] & bit))
        return;
    if (!(plic->in_service[word] & bit))
        return;
    plic_word_set(dev, &plic->in_service[word], plic->in_service[word] & ~bit);
    if (plic->level[word] & bit)
        plic_word_set(dev, &plic->pending[word], plic->pending[word] | bit);
}

static uint32_t *plic_enable_word(const struct dev_ctx *dev, uint64_t offset)
{
    struct plic_state *plic = dev->state;
    uint64_t context = (offset - ENABLE_BASE) / ENABLE_STRIDE;
    uint64_t word = (offset - ENABLE_BASE) % ENABLE_STRIDE / 4;
    return context < plic_context_count(dev) && word < WORDS ? &plic->enable[context][word] : NULL;
}

static uint64_t plic_read(const struct dev_ctx *dev, uint64_t offset, uint32_t width)
{
    struct plic_state *plic = dev->state;
    (void)width;

    if (offset < PENDING_BASE)
        return offset / 4 < PLIC_SOURCES ? plic->priority[offset / 4] : 0;
    if (offset < ENABLE_BASE) {
        uint64_t word = (offset - PENDING_BASE) / 4;
        return word < WORDS ? plic->pending[word] : 0;
    }
    if (offset < CONTEXT_BASE) {
        const uint32_t *word = plic_enable_word(dev, offset);
        return word ? *word : 0;
    }
    uint64_t context = (offset - CONTEXT_BASE) / CONTEXT_STRIDE;
    if (context >= plic_context_count(dev))
        return 0;
    switch ((offset - CONTEXT_BASE) % CONTEXT_STRIDE) {
    case 0:
        return plic->threshold[context];
    case 4:
        return plic_claim(dev, (uint32_t)context);
    default:
        return 0;
    }
}

/* Not inlined: a write of a priority then saves no registers. */
static ATTR_NOINLINE void plic_context_write(const struct dev_ctx *dev, uint64_t offset,
                                             uint32_t value)
{
    struct plic_state *plic = dev->state;
    uint64_t context = (offset - CONTEXT_BASE) / CONTEXT_STRIDE;

    if (context >= plic_context_count(dev))
        return;
    switch ((offset - CONTEXT_BASE) % CONTEXT_STRIDE) {
    case 0:
        plic_word_set(dev, &plic->threshold[context], value & PRIORITY_MASK);
        break;
    case 4:
        plic_complete(dev, (uint32_t)context, value);
        break;
    default:
        break;
    }
}

static ATTR_NOINLINE void plic_enable_write(const struct dev_ctx *dev, uint64_t offset,
                                            uint32_t value)
{
    uint32_t *word = plic_enable_word(dev, offset);
    /* Bit 0 of the first word would be source 0, which does not exist. */
    bool is_first = offset % ENABLE_STRIDE == 0;

    if (word)
        plic_word_set(dev, word, is_first ? value & ~UINT32_C(1) : value);
}

static void plic_write(const struct dev_ctx *dev, uint64_t offset, uint32_t width, uint64_t value)
{
    struct plic_state *plic = dev->state;
    (void)width;

    if (offset >= CONTEXT_BASE)
        plic_context_write(dev, offset, (uint32_t)value);
    else if (offset >= ENABLE_BASE)
        plic_enable_write(dev, offset, (uint32_t)value);
    else if (offset >= 4 && offset / 4 < PLIC_SOURCES)
        plic_word_set(dev, &plic->priority[offset / 4], (uint32_t)value & PRIORITY_MASK);
}

/*
 * interrupts-extended = <&cpu0_intc 0xffffffff &cpu0_intc 9 ...>;
 * 0xffffffff marks a context whose output is not connected.  The entry keeps the numbering,
 * in which the supervisor context of hart h is 2h + 1.
 */
static int plic_fdt_properties(const struct dev_ctx *dev, void *fdt)
{
    uint32_t extended[2 * CONTEXTS];

    for (uint32_t hart = 0; hart < plic_context_count(dev) / 2; hart++) {
        uint32_t *cells = &extended[4 * hart];
        cells[0] = cells[2] = DEV_PHANDLE_CPU_INTC + hart;
        cells[1] = UINT32_MAX;
        cells[3] = 9;
    }
    int err = fdt_property_u32(fdt, "#interrupt-cells", 1);
    err = err ? err : fdt_property_u32(fdt, "#address-cells", 0);
    err = err ? err : fdt_property(fdt, "interrupt-controller", NULL, 0);
    err = err ? err
              : fdt_util_cells(fdt, "interrupts-extended", extended, 2 * plic_context_count(dev));
    err = err ? err : fdt_property_u32(fdt, "riscv,ndev", PLIC_SOURCES - 1);
    return err ? err : fdt_property_u32(fdt, "phandle", DEV_PHANDLE_IRQCHIP);
}

const struct dev_model plic_model = {
    .name = "plic",
    .presence = DEV_ALWAYS,
    .state = {.version = 1, .bytes = sizeof(struct plic_state)},
    .gpa = 0xc000000,
    .region_bytes = REGION_BYTES,
    .widths = DEV_WIDTH_4,
    .read = plic_read,
    .write = plic_write,
    .node = "plic",
    .compatible = {"sifive,plic-1.0.0", "riscv,plic0"},
    .fdt_properties = plic_fdt_properties,
    .irq_input = plic_input,
    .irq_output = plic_output,
};
