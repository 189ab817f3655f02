/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SBI dispatcher, through whole exits: a sequence of calls by any hart that runs, with
 * register values at and around valid ones.  Oracle, from the SBI specification:
 *  - an extension that is probed as absent answers "not supported";
 *  - a call that fails has changed nothing and has had no effect on any hart or the console;
 *  - hart masks name the harts that a loop over single bits finds, or are refused;
 *  - harts go through their states as the drawing in "Hart State Management" has it;
 *  - of guest memory only the target of a DBCN read is written;
 *  - the calls that read return each typed byte once and in order, whatever the UART has received
 *    in the meantime.
 * The outcome applied a second time changes nothing, as after the death of a VMM.
 */
#include "guest.h"

#include <vmm/sbi/sbi.h>
#include <vmm/vcpu/exit.h>
#include <vmm/vcpu/vcpu_loop.h>

#define WINDOW_BYTES 16384u /* of RAM, from its first byte: zeros that a step may change */
#define RAM_END      (GUEST_RAM_GPA + FAKE_RAM_BYTES)
#define STEPS_MAX    64u
#define UART_FCR_GPA UINT64_C(0x10000002)

struct call {
    uint32_t hart;
    uint64_t eid, fid, arg[6];
};

/* The state that is compared before and after. */
struct picture {
    uint8_t arena[1 << 14];
    uint64_t bytes, out_position, in_released, irq[GUEST_HARTS_MAX];
};

static uint64_t seq;
static uint64_t read_count; /* bytes of input that a call has given */

static void picture_take(const struct vmm_fake *fake, struct picture *out)
{
    out->bytes = fake->arena_bytes - fake->machine.arena.data_offset;
    FUZZ_CHECK(out->bytes <= sizeof out->arena);
    memcpy(out->arena, fake->arena + fake->machine.arena.data_offset, out->bytes);
    out->out_position = fake->out_position;
    out->in_released = fake->in_released;
    for (uint32_t hart = 0; hart < GUEST_HARTS_MAX; hart++)
        out->irq[hart] = fake->page[hart].irq;
}

static bool picture_is(const struct vmm_fake *fake, const struct picture *want)
{
    static struct picture now;

    picture_take(fake, &now);
    return now.bytes == want->bytes && memcmp(now.arena, want->arena, now.bytes) == 0 &&
           now.out_position == want->out_position && now.in_released == want->in_released &&
           memcmp(now.irq, want->irq, sizeof now.irq) == 0;
}

/* ---- What is called ------------------------------------------------------------------ */

static uint64_t pick_address(struct fuzz_input *in)
{
    switch (fuzz_pick(in, 4)) {
    case 0:
        return GUEST_RAM_GPA + (fuzz_bytes(in, 2) & (WINDOW_BYTES - 1));
    case 1:
        return RAM_END - fuzz_u8(in) + 8;
    case 2:
        return GUEST_RAM_GPA - fuzz_u8(in) + 8;
    default:
        return fuzz_number(in);
    }
}

/* Hart numbers and masks, addresses, borders. */
static uint64_t pick_argument(struct fuzz_input *in)
{
    switch (fuzz_pick(in, 4)) {
    case 0:
        return pick_address(in);
    case 1:
        return fuzz_pick(in, GUEST_HARTS_MAX + 2);
    case 2:
        return fuzz_u8(in);
    default:
        return fuzz_number(in);
    }
}

static struct call pick_call(struct fuzz_input *in, uint32_t hart)
{
    static const uint32_t eid[] = {SBI_EID_BASE, SBI_EID_TIME, SBI_EID_IPI,  SBI_EID_RFENCE,
                                   SBI_EID_HSM,  SBI_EID_HSM,  SBI_EID_SRST, SBI_EID_DBCN,
                                   SBI_EID_DBCN, 0x504d55,     0x53555350,   0x535441,
                                   0x46574654,   0x4e41434c};
    struct call call = {.hart = hart};
    unsigned form = fuzz_u8(in);

    if (form < 160)
        call.eid = eid[form % (sizeof eid / sizeof eid[0])];
    else
        call.eid = form < 240 ? form % 16 : fuzz_number(in);
    call.fid = form & 1 ? fuzz_pick(in, 8) : fuzz_number(in) & 7;
    if (fuzz_pick(in, 16) == 0)
        call.fid |= fuzz_u64(in) << 3;
    for (unsigned i = 0; i < 6; i++)
        call.arg[i] = pick_argument(in);
    if (call.eid == SBI_EID_BASE && fuzz_pick(in, 2))
        call.arg[0] = eid[fuzz_pick(in, sizeof eid / sizeof eid[0])];
    return call;
}

static void exit_make(struct vmm_fake *fake, const struct call *call, uint64_t pc)
{
    struct vcpu_page *page = &fake->page[call->hart];

    for (unsigned i = 0; i < 32; i++)
        page->x[i] = UINT64_C(0x1111111111111111) * (i & 15);
    memcpy(&page->x[10], call->arg, sizeof call->arg);
    page->x[16] = call->fid;
    page->x[17] = call->eid;
    page->pc = pc;
    page->exit = (struct vcpu_exit_record){
        .seq = ++seq, .reason = VCPU_EXIT_ECALL, .cause = 10, .pc = pc, .mode = 1};
}

/* ---- What each call may answer ------------------------------------------------------- */

/*
 * The harts of (mask, base), bit by bit; false when the base or one of them does not exist
 * ("Hart list parameter": the base has to be valid too, even with no bit set).
 */
static bool harts_of(uint64_t mask, uint64_t base, uint32_t count, uint64_t *harts)
{
    *harts = 0;
    if (base == UINT64_MAX) {
        for (uint32_t hart = 0; hart < count; hart++)
            *harts |= UINT64_C(1) << hart;
        return true;
    }
    if (base >= count)
        return false;
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t hart = base + bit;
        if (!(mask >> bit & 1))
            continue;
        if (hart < base || hart >= count)
            return false;
        *harts |= UINT64_C(1) << hart;
    }
    return true;
}

static bool is_ram(uint64_t gpa, uint64_t bytes)
{
    return gpa >= GUEST_RAM_GPA && gpa <= RAM_END && bytes <= RAM_END - gpa;
}

/* The mask of fenced harts; checks that each is fenced once. */
static uint64_t fenced(const struct vmm_fake *fake)
{
    uint64_t harts = 0;

    for (uint32_t i = 0; i < fake->call_count; i++) {
        if (fake->call[i].kind != FAKE_FENCE)
            continue;
        FUZZ_CHECK(!(harts >> fake->call[i].hart & 1));
        harts |= UINT64_C(1) << fake->call[i].hart;
    }
    return harts;
}

static void check_rfence(const struct vmm_fake *fake, const struct call *call, int64_t error)
{
    uint32_t count = fake->config.hart_count;
    uint64_t harts, start = call->arg[2], bytes = call->arg[3];
    bool is_all = (start == 0 && bytes == 0) || bytes == UINT64_MAX;
    unsigned __int128 end = (unsigned __int128)start + bytes;
    bool is_range = is_all || end <= (unsigned __int128)1 << 64;
    bool is_good = harts_of(call->arg[0], call->arg[1], count, &harts);

    if (call->fid > 2) {
        FUZZ_CHECK(error == SBI_ERR_NOT_SUPPORTED);
        return;
    }
    FUZZ_CHECK((error == SBI_SUCCESS) == (is_good && (call->fid == 0 || is_range)));
    if (error != SBI_SUCCESS)
        return;
    FUZZ_CHECK(fenced(fake) == (call->fid > 0 && !is_all && bytes == 0 ? 0 : harts));
    for (uint32_t i = 0; i < fake->call_count; i++) {
        const uint64_t *arg = fake->call[i].arg;
        if (fake->call[i].kind != FAKE_FENCE)
            continue;
        FUZZ_CHECK(arg[0] == call->fid); /* FENCE.I, by address, by address and ASID */
        FUZZ_CHECK(call->fid == 0 || arg[2] == (is_all ? 0 : bytes));
        FUZZ_CHECK(call->fid == 0 || is_all || arg[1] == start);
        FUZZ_CHECK(call->fid != 2 || arg[3] == (uint16_t)call->arg[4]);
    }
}

static void check_ipi(const struct vmm_fake *fake, const struct call *call, int64_t error,
                      const struct picture *before)
{
    uint64_t harts;
    bool is_good = harts_of(call->arg[0], call->arg[1], fake->config.hart_count, &harts);

    FUZZ_CHECK((error == SBI_SUCCESS) == (call->fid == 0 && is_good));
    for (uint32_t hart = 0; hart < fake->config.hart_count && error == SBI_SUCCESS; hart++) {
        uint64_t want =
            harts >> hart & 1 ? before->irq[hart] | VCPU_IRQ_SOFT_SET : before->irq[hart];
        FUZZ_CHECK(fake->page[hart].irq == want);
    }
}

/* `was` are the states before, by number as in the specification. */
static void check_hsm(const struct vmm_fake *fake, const struct call *call, int64_t error,
                      const uint64_t *was)
{
    const struct hart_state *hart = fake->machine.state->hart;
    uint64_t target = call->arg[0], count = fake->config.hart_count;
    bool is_address = call->arg[1] % 2 == 0 && is_ram(call->arg[1], 2);

    if (call->fid == 0 && error == SBI_SUCCESS) {
        FUZZ_CHECK(target < count && was[target] == HART_STOPPED && is_address);
        FUZZ_CHECK(hart[target].status == HART_START_PENDING);
        FUZZ_CHECK(hart[target].start_gpa == call->arg[1]);
        FUZZ_CHECK(hart[target].start_arg == call->arg[2]);
    } else if (call->fid == 0) {
        FUZZ_CHECK((error == SBI_ERR_INVALID_PARAM && target >= count) ||
                   (error == SBI_ERR_INVALID_ADDRESS && !is_address) ||
                   (error == SBI_ERR_ALREADY_AVAILABLE && was[target] != HART_STOPPED));
    } else if (call->fid == 2) {
        FUZZ_CHECK((error == SBI_SUCCESS) == (target < count));
        FUZZ_CHECK(error != SBI_SUCCESS || fake->page[call->hart].x[11] == was[target]);
    } else if (call->fid == 3 && error == SBI_SUCCESS) {
        FUZZ_CHECK((uint32_t)call->arg[0] == 0); /* the other type does not come back here */
        FUZZ_CHECK(machine_hart_status(&fake->machine, call->hart) == HART_SUSPENDED);
    }
    for (uint64_t i = 0; i < count; i++) {
        bool is_meant = (call->fid == 0 && i == target) || (call->fid != 0 && i == call->hart);
        FUZZ_CHECK(is_meant || machine_hart_status(&fake->machine, (uint32_t)i) == was[i]);
    }
}

static void check_dbcn(const struct vmm_fake *fake, const struct call *call, int64_t error,
                       const struct picture *before)
{
    uint64_t value = fake->page[call->hart].x[11], bytes = call->arg[0];
    bool is_good = call->arg[2] == 0 && is_ram(call->arg[1], bytes);

    if (call->fid > 2) {
        FUZZ_CHECK(error == SBI_ERR_NOT_SUPPORTED);
        return;
    }
    if (call->fid == 2) {
        FUZZ_CHECK(error == SBI_SUCCESS && fake->out_position == before->out_position + 1);
        FUZZ_CHECK(fake->out[before->out_position] == (uint8_t)call->arg[0]);
        return;
    }
    FUZZ_CHECK((error == SBI_SUCCESS) == is_good && (is_good || error == SBI_ERR_INVALID_PARAM));
    if (!is_good)
        return;
    const uint8_t *ram = fake->ram + (call->arg[1] - GUEST_RAM_GPA);
    FUZZ_CHECK(value <= bytes);
    if (call->fid == 0) {
        FUZZ_CHECK(fake->out_position == before->out_position + value);
        FUZZ_CHECK(memcmp(fake->out + before->out_position, ram, value) == 0);
    } else {
        uint64_t left = fake->in_end - read_count;
        FUZZ_CHECK(value == (bytes < left ? bytes : left));
        FUZZ_CHECK(memcmp(fake->in + read_count, ram, value) == 0);
        read_count += value;
    }
}

/* The old call to read gives the next byte, or -1 when there is none. */
static void check_getchar(const struct vmm_fake *fake, uint64_t answer)
{
    if (read_count == fake->in_end)
        FUZZ_CHECK(answer == UINT64_MAX);
    else
        FUZZ_CHECK(answer == fake->in[read_count++]);
}

/* ---- One call ------------------------------------------------------------------------ */

static void check_answer(const struct vmm_fake *fake, const struct call *call, int64_t error,
                         const struct picture *before, const uint64_t *was)
{
    FUZZ_CHECK(error <= 0 && error >= -14);
    if (!sbi_has_extension(call->eid))
        FUZZ_CHECK(error == SBI_ERR_NOT_SUPPORTED);
    if (error != SBI_SUCCESS) {
        FUZZ_CHECK(picture_is(fake, before) && fake->call_count == 0);
        FUZZ_CHECK(fake->page[call->hart].x[11] == 0);
    }
    if (call->eid == SBI_EID_BASE && call->fid == 3)
        FUZZ_CHECK(fake->page[call->hart].x[11] == sbi_has_extension(call->arg[0]));
    if (call->eid == SBI_EID_TIME && call->fid == 0)
        FUZZ_CHECK(fake->call_count == 0 && fake->page[call->hart].timer == call->arg[0] &&
                   (fake->page[call->hart].irq & VCPU_IRQ_TIMER_SET) != 0);
    if (call->eid == SBI_EID_RFENCE)
        check_rfence(fake, call, error);
    if (call->eid == SBI_EID_IPI)
        check_ipi(fake, call, error, before);
    if (call->eid == SBI_EID_HSM)
        check_hsm(fake, call, error, was);
    if (call->eid == SBI_EID_DBCN)
        check_dbcn(fake, call, error, before);
}

/* The registers that a call leaves alone, and where the guest goes on. */
static void check_frame(const struct vmm_fake *fake, const struct call *call, uint64_t pc)
{
    const struct vcpu_page *page = &fake->page[call->hart];
    const struct exit_outcome *outcome = log_outcome(&fake->machine.log);

    FUZZ_CHECK(outcome->seq == seq && page->exit.reason == VCPU_EXIT_NONE);
    for (unsigned i = 0; i < 32; i++)
        if (i < 10 || i > 17)
            FUZZ_CHECK(page->x[i] == UINT64_C(0x1111111111111111) * (i & 15));
    for (unsigned i = 2; i < 6; i++)
        FUZZ_CHECK(page->x[10 + i] == call->arg[i]);
    if (outcome->flags & OUTCOME_INJECT)
        FUZZ_CHECK(call->eid < 16 && (outcome->cause == 5 || outcome->cause == 13) &&
                   outcome->pc == pc);
    else
        FUZZ_CHECK(page->pc == pc + 4);
}

/* Bytes that DBCN may have overwritten, to restore them for the next input. */
struct overlay {
    uint8_t *at;
    uint8_t bytes[64];
    size_t count;
};

static struct overlay overlay_take(const struct vmm_fake *fake, const struct call *call)
{
    struct overlay overlay = {.at = fake->ram};

    if (is_ram(call->arg[1], call->arg[0])) {
        overlay.at = fake->ram + (call->arg[1] - GUEST_RAM_GPA);
        overlay.count = call->arg[0] < sizeof overlay.bytes ? call->arg[0] : sizeof overlay.bytes;
        memcpy(overlay.bytes, overlay.at, overlay.count);
    }
    return overlay;
}

/* False when the machine is off, or the call cannot go on. */
static bool step_call(struct vmm_fake *fake, struct fuzz_input *in, uint32_t hart)
{
    static struct picture before, after;
    struct call call = pick_call(in, hart);
    uint64_t pc = pick_address(in) & ~UINT64_C(1), was[GUEST_HARTS_MAX];
    enum exit_next next = EXIT_RESUME;

    for (uint32_t i = 0; i < fake->config.hart_count; i++)
        was[i] = machine_hart_status(&fake->machine, i);
    struct overlay overlay = overlay_take(fake, &call);
    exit_make(fake, &call, pc);
    picture_take(fake, &before);
    fake_calls_clear(fake);
    FUZZ_CHECK(exit_handle(&fake->machine, hart, &next) == OK);
    FUZZ_CHECK(!log_is_open(&fake->machine.log));
    if (next == EXIT_WAIT) {
        FUZZ_CHECK(picture_is(fake, &before) && fake->out_position == fake->out_limit);
        return false;
    }
    FUZZ_CHECK(exit_apply(&fake->machine, hart) == OK);
    check_frame(fake, &call, pc);
    picture_take(fake, &after);
    FUZZ_CHECK(exit_apply(&fake->machine, hart) == OK && picture_is(fake, &after));
    if (fake->machine.state->power != DEV_POWER_RUN)
        return false;
    bool is_back = fake->machine.state->hart[hart].status == was[hart];
    if (call.eid > SBI_EID_LEGACY_LAST && is_back)
        check_answer(fake, &call, (int64_t)fake->page[hart].x[10], &before, was);
    if (call.eid == 2)
        check_getchar(fake, fake->page[hart].x[10]);
    memcpy(overlay.at, overlay.bytes, overlay.count);
    return true;
}

/* ---- Sequences ----------------------------------------------------------------------- */

static void step_start(struct vmm_fake *fake, uint32_t hart)
{
    struct hart_state want = fake->machine.state->hart[hart];
    uint64_t timer = fake->page[hart].timer, irq = fake->page[hart].irq;

    if (want.status != HART_START_PENDING && want.status != HART_SUSPEND_PENDING)
        return;
    fake_calls_clear(fake);
    if (want.status == HART_SUSPEND_PENDING) {
        FUZZ_CHECK(vcpu_suspend(&fake->machine, hart) == OK);
        FUZZ_CHECK(fake->page[hart].timer == timer); /* what can wake the hart is kept */
        FUZZ_CHECK(fake->page[hart].irq == (irq | VCPU_IRQ_WAIT));
        FUZZ_CHECK(machine_hart_status(&fake->machine, hart) == HART_SUSPENDED);
        FUZZ_CHECK(fake->call_count == 2); /* satp and sstatus are set, no other register */
        fake->page[hart].irq = irq;
    } else {
        FUZZ_CHECK(vcpu_start(&fake->machine, hart) == OK);
    }
    FUZZ_CHECK(machine_hart_status(&fake->machine, hart) == HART_STARTED);
    FUZZ_CHECK(fake->page[hart].pc == want.start_gpa && fake->page[hart].x[10] == hart);
    FUZZ_CHECK(fake->page[hart].x[11] == want.start_arg);
    FUZZ_CHECK(fake->csr[VCPU_REG_CSR(0x180)] == 0); /* satp, and sstatus.SIE */
    FUZZ_CHECK((fake->csr[VCPU_REG_CSR(0x100)] & 2) == 0);
}

static void step_memory(struct vmm_fake *fake, struct fuzz_input *in)
{
    uint64_t at = fuzz_bytes(in, 2) % (WINDOW_BYTES / 8) * 8, value = fuzz_number(in);

    if (fuzz_pick(in, 2)) /* a page-table entry that leads into the window */
        value = (GUEST_RAM_GPA >> 12 | (value & 3)) << 10 | (value & 0xff);
    memcpy(fake->ram + at, &value, sizeof value);
    fake->csr[VCPU_REG_CSR(0x180)] = (uint64_t)(fuzz_pick(in, 4) ? 8 : fuzz_pick(in, 16)) << 60 |
                                     GUEST_RAM_GPA >> 12 | fuzz_pick(in, 4);
    fake->csr[VCPU_REG_CSR(0x100)] = fuzz_u32(in);
}

/* Before anything is received: switching the FIFOs empties them. */
static void step_fifos(struct vmm_fake *fake, bool are_on)
{
    struct guest_access access = {
        .is_write = true, .width = 1, .gpa = UART_FCR_GPA, .value = are_on};

    FUZZ_CHECK(guest_do(fake, &access) == OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    uint32_t harts = 1 + fuzz_pick(&in, GUEST_HARTS_MAX);
    struct vmm_fake *fake = guest_fresh(harts);

    seq = read_count = 0;
    memset(fake->ram, 0, WINDOW_BYTES);
    fake->out_limit = fuzz_u8(&in) * 4;
    fake->in_end = fuzz_u8(&in) % 64;
    for (unsigned i = 0; i < fake->in_end; i++)
        fake->in[i] = (uint8_t)(i * 5 + 1);
    step_fifos(fake, fuzz_pick(&in, 2));
    for (unsigned step = 0; step < STEPS_MAX && in.left > 0; step++) {
        uint32_t hart = fuzz_pick(&in, harts);
        while (fake->machine.state->hart[hart].status == HART_STOPPED && hart > 0)
            hart--;
        step_start(fake, hart);
        fake->page[hart].irq &= ~VCPU_IRQ_WAIT; /* an interrupt has come */
        if (fuzz_pick(&in, 4) == 0)
            step_memory(fake, &in);
        if (fuzz_pick(&in, 2))
            machine_notify(&fake->machine, UINT32_MAX); /* the UART receives what it has room for */
        if (fake->machine.state->hart[hart].status == HART_STARTED && !step_call(fake, &in, hart))
            break;
    }
    return 0;
}
