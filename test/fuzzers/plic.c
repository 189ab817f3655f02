/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt controller.  Oracle: a second one, written source by source from the PLIC
 * specification; every value read and every context's output is compared after each step.
 * Every access is also rolled back once (guest_do()).
 */
#include "guest.h"

#define PLIC_GPA     UINT64_C(0xc000000)
#define PLIC_SOURCES 96u
#define CONTEXTS     (2 * GUEST_HARTS_MAX)

struct source {
    unsigned priority;
    bool is_high, is_pending, is_served;
};

static struct {
    struct source source[PLIC_SOURCES];
    bool is_enabled[CONTEXTS][PLIC_SOURCES];
    unsigned threshold[CONTEXTS];
    unsigned contexts;
} model;

static unsigned model_best(unsigned context, unsigned above)
{
    unsigned best = 0;

    for (unsigned i = 1; i < PLIC_SOURCES; i++) {
        const struct source *s = &model.source[i];
        if (!s->is_pending || !model.is_enabled[context][i] || s->priority <= above)
            continue;
        if (best == 0 || s->priority > model.source[best].priority)
            best = i;
    }
    return best;
}

static void model_input(unsigned number, bool is_high)
{
    if (number == 0 || number >= PLIC_SOURCES)
        return;
    struct source *s = &model.source[number];
    if (is_high && !s->is_high && !s->is_served)
        s->is_pending = true;
    s->is_high = is_high;
}

static unsigned model_claim(unsigned context)
{
    unsigned number = model_best(context, 0);

    if (number) {
        model.source[number].is_pending = false;
        model.source[number].is_served = true;
    }
    return number;
}

static void model_complete(unsigned context, uint32_t number)
{
    if (number == 0 || number >= PLIC_SOURCES || !model.is_enabled[context][number])
        return;
    struct source *s = &model.source[number];
    if (s->is_served && s->is_high)
        s->is_pending = true;
    s->is_served = false;
}

/* The registers that hold a bit for each of 32 sources. */
static uint32_t model_bits(unsigned word, const bool *enabled)
{
    uint32_t bits = 0;

    for (unsigned i = 0; i < 32 && word * 32 + i < PLIC_SOURCES; i++) {
        unsigned number = word * 32 + i;
        bool is_set = enabled ? enabled[number] : model.source[number].is_pending;
        bits |= (uint32_t)is_set << i;
    }
    return bits;
}

static uint32_t model_read(uint32_t offset)
{
    if (offset < 0x1000)
        return offset / 4 < PLIC_SOURCES ? model.source[offset / 4].priority : 0;
    if (offset < 0x2000)
        return model_bits((offset - 0x1000) / 4, NULL);
    if (offset < 0x200000) {
        unsigned context = (offset - 0x2000) / 0x80, word = (offset - 0x2000) % 0x80 / 4;
        return context < model.contexts ? model_bits(word, model.is_enabled[context]) : 0;
    }
    unsigned context = (offset - 0x200000) / 0x1000, reg = (offset - 0x200000) % 0x1000;
    if (context >= model.contexts || reg > 4)
        return 0;
    return reg == 0 ? model.threshold[context] : model_claim(context);
}

static void model_write(uint32_t offset, uint32_t value)
{
    if (offset < 0x1000) {
        if (offset != 0 && offset / 4 < PLIC_SOURCES)
            model.source[offset / 4].priority = value % 8;
    } else if (offset >= 0x2000 && offset < 0x200000) {
        unsigned context = (offset - 0x2000) / 0x80, first = (offset - 0x2000) % 0x80 * 8;
        for (unsigned i = 0; i < 32 && context < model.contexts; i++)
            if (first + i > 0 && first + i < PLIC_SOURCES)
                model.is_enabled[context][first + i] = value >> i & 1;
    } else if (offset >= 0x200000) {
        unsigned context = (offset - 0x200000) / 0x1000, reg = (offset - 0x200000) % 0x1000;
        if (context < model.contexts && reg == 0)
            model.threshold[context] = value % 8;
        if (context < model.contexts && reg == 4)
            model_complete(context, value);
    }
}

/* Mostly one of a few, so that steps interact; else any, and some out of range. */
static unsigned pick_among(struct fuzz_input *in, unsigned count)
{
    unsigned byte = fuzz_u8(in);
    return byte < 192 ? byte % 4 : byte % count;
}

/* An offset of a register, a little beyond the registers, and sometimes anywhere. */
static uint32_t pick_offset(struct fuzz_input *in)
{
    switch (fuzz_pick(in, 6)) {
    case 0:
        return 4 * pick_among(in, PLIC_SOURCES + 4);
    case 1:
        return 0x1000 + 4 * fuzz_pick(in, 6);
    case 2:
        return 0x2000 + 0x80 * pick_among(in, CONTEXTS + 2) + 4 * pick_among(in, 5);
    case 3:
    case 4:
        return 0x200000 + 0x1000 * pick_among(in, CONTEXTS + 2) + 4 * fuzz_pick(in, 3);
    default:
        return fuzz_u32(in) % 0x600010;
    }
}

static void step_access(struct vmm_fake *fake, struct fuzz_input *in)
{
    uint32_t form = fuzz_u8(in), width = form & 0x1c ? 4 : 1u << (form & 3);
    struct guest_access access = {.is_write = form & 0x80, .width = width};
    uint32_t offset = pick_offset(in);

    access.gpa = PLIC_GPA + offset;
    if (access.is_write)
        access.value = fuzz_pick(in, 4) ? (fuzz_u8(in) & 127) - 1u : fuzz_u32(in);
    enum err err = guest_do(fake, &access);
    FUZZ_CHECK((err == OK) == (width == 4 && offset % 4 == 0 && offset < 0x600000));
    if (err == OK && access.is_write)
        model_write(offset, (uint32_t)access.value);
    else if (err == OK)
        FUZZ_CHECK(access.value == model_read(offset));
}

static void step_input(struct vmm_fake *fake, struct fuzz_input *in)
{
    unsigned number = pick_among(in, PLIC_SOURCES + 8);
    bool is_high = fuzz_u8(in) & 1;

    log_begin(&fake->machine.log);
    fake->machine.irqchip->model->irq_input(fake->machine.irqchip, number, is_high);
    log_commit(&fake->machine.log);
    model_input(number, is_high);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    uint32_t harts = 1 + fuzz_pick(&in, GUEST_HARTS_MAX);
    struct vmm_fake *fake = guest_fresh(harts);

    memset(&model, 0, sizeof model);
    model.contexts = 2 * harts;
    while (in.left > 0) {
        if (fuzz_pick(&in, 3) == 0)
            step_input(fake, &in);
        else
            step_access(fake, &in);
        for (unsigned hart = 0; hart < GUEST_HARTS_MAX + 1; hart++) {
            unsigned context = 2 * hart + 1;
            bool is_wanted = hart < harts && model_best(context, model.threshold[context]) != 0;
            FUZZ_CHECK(fake->machine.irqchip->model->irq_output(fake->machine.irqchip, hart) ==
                       is_wanted);
        }
    }
    return 0;
}
