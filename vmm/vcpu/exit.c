/* SPDX-License-Identifier: BSD-2-Clause */
#include <vmm/vcpu/exit.h>

#include <stdatomic.h>

#include <vmm/sbi/sbi.h>
#include <vmm/vcpu/emul.h>

/* Exception codes, privileged specification, "scause". */
enum cause {
    CAUSE_FETCH_ACCESS = 1,
    CAUSE_ILLEGAL_INSN = 2,
    CAUSE_LOAD_ACCESS = 5,
    CAUSE_STORE_ACCESS = 7,
    CAUSE_ECALL_U = 8,
    CAUSE_ECALL_S = 9,
    CAUSE_FETCH_PAGE = 12,
    CAUSE_STORE_PAGE = 15,
};

#define CSR_SSTATUS      0x100u
#define SSTATUS_FS_DIRTY (UINT64_C(3) << 13)

#define REG_A0           10u
#define REG_A1           11u
#define ECALL_BYTES      4u

static void outcome_reg(struct exit_outcome *outcome, uint64_t index, uint64_t value)
{
    outcome->reg[0] = (struct outcome_reg){index, value};
    outcome->reg_count = 1;
}

static void outcome_regs(struct exit_outcome *outcome, uint64_t index0, uint64_t value0,
                         uint64_t index1, uint64_t value1)
{
    outcome->reg[0] = (struct outcome_reg){index0, value0};
    outcome->reg[1] = (struct outcome_reg){index1, value1};
    outcome->reg_count = 2;
}

static void outcome_trap(struct exit_outcome *outcome, uint64_t cause, uint64_t tval)
{
    outcome->flags |= OUTCOME_INJECT;
    outcome->cause = cause;
    outcome->tval = tval;
}

/* ---- ecall ---- */

static enum exit_next exit_handle_ecall(struct machine *machine, uint32_t hart,
                                        const struct vcpu_page *page, struct exit_outcome *outcome)
{
    struct sbi_call call = {
        .machine = machine,
        .hart = hart,
        .eid = page->x[17],
        .fid = page->x[16],
        .arg = &page->x[REG_A0],
        .outcome = outcome,
    };

    struct sbi_result result = sbi_call(&call);
    switch (result.end) {
    case SBI_END_WAIT:
        return EXIT_WAIT;
    case SBI_END_TRAP:
        outcome->flags |= OUTCOME_INJECT;
        return EXIT_RESUME;
    case SBI_END_RETURN:
        outcome_regs(outcome, REG_A0, (uint64_t)result.error, REG_A1, result.value);
        break;
    case SBI_END_LEGACY:
        outcome_reg(outcome, REG_A0, result.value);
        break;
    case SBI_END_NO_RETURN:
        break;
    }
    outcome->pc += ECALL_BYTES;
    return EXIT_RESUME;
}

/* ---- Loads and stores ---- */

struct fp_reader {
    const struct vcpu_ops *ops;
    uint32_t hart;
};

static enum err fp_read(void *ctx, unsigned reg, uint64_t *value)
{
    const struct fp_reader *reader = ctx;
    return reader->ops->get_reg(reader->ops->opaque, reader->hart, VCPU_REG_FP(reg), value);
}

/* A hart sets sstatus.FS to Dirty on a floating-point load; a guest saves f registers only if
 * FS is Dirty. */
static enum err outcome_fp(struct machine *machine, uint32_t hart, struct exit_outcome *outcome,
                           const struct emul_outcome *result)
{
    const struct vcpu_ops *ops = &machine->config.vcpu;
    uint64_t sstatus;
    enum err err = ops->get_reg(ops->opaque, hart, VCPU_REG_CSR(CSR_SSTATUS), &sstatus);

    if (err)
        return err;
    outcome_regs(outcome, VCPU_REG_FP(result->reg), result->value, VCPU_REG_CSR(CSR_SSTATUS),
                 sstatus | SSTATUS_FS_DIRTY);
    return OK;
}

static enum err mmio_read(void *ctx, uint64_t gpa, unsigned width, uint64_t *value)
{
    return bus_read(ctx, gpa, width, value);
}

static enum err mmio_write(void *ctx, uint64_t gpa, unsigned width, uint64_t value)
{
    return bus_write(ctx, gpa, width, value);
}

/*
 * The fast path decodes htinst ("Transformed Instruction or Pseudoinstruction for mtinst or
 * htinst").  For an aligned load or store of the base ISA, htinst has only the register, the
 * width and, in bit 1, the length of the instruction.
 */
#define HTINST_LOAD       UINT64_C(0x01)
#define HTINST_LOAD_MASK  (~UINT64_C(0x7f82)) /* all bits except rd, funct3 and the length */
#define HTINST_STORE      UINT64_C(0x21)
#define HTINST_STORE_MASK (~UINT64_C(0x1f07002)) /* all bits except rs2, funct3 and the length */

static uint64_t load_extend(uint64_t value, unsigned funct3)
{
    switch (funct3) {
    case 0:
        return (uint64_t)(int8_t)value;
    case 1:
        return (uint64_t)(int16_t)value;
    case 2:
        return (uint64_t)(int32_t)value;
    default:
        return value; /* the bus returns no bits above the width */
    }
}

/* The fast path.  False: another access, or the bus refused; emul_access() then decides. */
static bool access_plain(struct machine *machine, const struct vcpu_page *page,
                         const struct vcpu_exit_record *record, struct exit_outcome *outcome)
{
    uint64_t htinst = record->htinst, value;
    unsigned funct3 = (unsigned)htinst >> 12 & 7, rd = (unsigned)htinst >> 7 & 31;
    unsigned rs2 = (unsigned)htinst >> 20 & 31;

    if ((htinst & HTINST_LOAD_MASK) == HTINST_LOAD && record->reason == VCPU_EXIT_LOAD) {
        if (funct3 == 7 || bus_read(&machine->bus, record->gpa, 1u << (funct3 & 3), &value) != OK)
            return false;
        if (rd != 0)
            outcome_reg(outcome, rd, load_extend(value, funct3));
    } else if ((htinst & HTINST_STORE_MASK) == HTINST_STORE && record->reason == VCPU_EXIT_STORE) {
        value = rs2 == 0 ? 0 : page->x[rs2];
        if (funct3 > 3 || bus_write(&machine->bus, record->gpa, 1u << funct3, value) != OK)
            return false;
    } else {
        return false;
    }
    outcome->pc += 2 + (htinst & 2);
    return true;
}

static enum err exit_handle_access(struct machine *machine, uint32_t hart,
                                   const struct vcpu_page *page,
                                   const struct vcpu_exit_record *record,
                                   struct exit_outcome *outcome)
{
    if (access_plain(machine, page, record, outcome))
        return OK;
    struct fp_reader reader = {&machine->config.vcpu, hart};
    struct emul_fault fault = {
        .cause = record->reason == VCPU_EXIT_LOAD ? EMUL_FAULT_LOAD : EMUL_FAULT_STORE,
        .gva = record->tval,
        .gpa = record->gpa,
        .htinst = record->htinst,
        .insn = (uint32_t)record->insn,
        .is_insn_valid = record->insn_valid != 0,
    };
    struct emul_regs regs = {.x = page->x, .ctx = &reader, .read_fp = fp_read};
    struct emul_bus bus = {.ctx = &machine->bus, .read = mmio_read, .write = mmio_write};
    struct emul_outcome result;

    enum err err = emul_access(&fault, &regs, &bus, &result);
    if (err == ERR_AGAIN)
        return OK; /* the guest executes its instruction again */
    if (err)
        return err;
    if (result.kind == EMUL_TRAP) {
        outcome_trap(outcome, result.cause, result.tval);
        return OK;
    }
    outcome->pc += result.pc_delta_bytes;
    if (result.has_reg && result.is_fp)
        return outcome_fp(machine, hart, outcome, &result);
    if (result.has_reg)
        outcome_reg(outcome, result.reg, result.value);
    return OK;
}

/* ---- All other exits: the guest takes the trap ---- */

/*
 * Can S mode of a guest get this cause?  All others (environment calls from VS mode,
 * and the causes above 15, which are the hypervisor's own) become an illegal instruction.
 */
static bool is_guest_cause(uint64_t cause)
{
    return cause <= CAUSE_ECALL_U || cause == CAUSE_FETCH_PAGE || cause == CAUSE_FETCH_PAGE + 1 ||
           cause == CAUSE_STORE_PAGE;
}

/*
 * Zawrs: WRS.NTO traps, as WFI does, because the kernel sets hstatus.VTW.  WRS.NTO may end at any
 * time, and here it ends at once: it waits for a store of another hart, or for an interrupt, which
 * the guest takes at the next entry.
 */
#define INSN_WRS_NTO       UINT64_C(0x00d00073)
#define INSN_WRS_NTO_BYTES 4u

static uint64_t illegal_tval(const struct vcpu_exit_record *record)
{
    if (record->tval == 0 && record->insn_valid)
        return record->insn;
    return record->tval;
}

static void exit_handle_other(const struct vcpu_exit_record *record, struct exit_outcome *outcome)
{
    if (is_guest_cause(record->cause) && record->cause != CAUSE_ILLEGAL_INSN)
        outcome_trap(outcome, record->cause, record->tval);
    else
        outcome_trap(outcome, CAUSE_ILLEGAL_INSN, illegal_tval(record));
}

static enum err exit_dispatch(struct machine *machine, uint32_t hart, const struct vcpu_page *page,
                              const struct vcpu_exit_record *record, struct exit_outcome *outcome,
                              enum exit_next *next)
{
    switch (record->reason) {
    case VCPU_EXIT_ECALL:
        *next = exit_handle_ecall(machine, hart, page, outcome);
        return OK;
    case VCPU_EXIT_LOAD:
    case VCPU_EXIT_STORE:
        return exit_handle_access(machine, hart, page, record, outcome);
    case VCPU_EXIT_FETCH:
        outcome_trap(outcome, CAUSE_FETCH_ACCESS, record->tval);
        return OK;
    case VCPU_EXIT_VIRTUAL_INSN:
        if (illegal_tval(record) == INSN_WRS_NTO)
            outcome->pc += INSN_WRS_NTO_BYTES;
        else
            outcome_trap(outcome, CAUSE_ILLEGAL_INSN, illegal_tval(record));
        return OK;
    default:
        exit_handle_other(record, outcome);
        return OK;
    }
}

enum err exit_handle(struct machine *machine, uint32_t hart, enum exit_next *next)
{
    const struct vcpu_page *page = machine_page(machine, hart);
    const struct vcpu_exit_record *record = &page->exit; /* unchanged until the next vcpu_run */
    struct exit_outcome *outcome = log_outcome_draft(&machine->log);
    enum exit_next found = EXIT_RESUME;

    log_begin(&machine->log);
    outcome->seq = record->seq;
    outcome->pc = record->pc;
    outcome->flags = outcome->reg_count = 0;
    outcome->soft_set = outcome->soft_clear = outcome->started = 0;
    machine->text.outcome = outcome;
    enum err err = exit_dispatch(machine, hart, page, record, outcome, &found);
    machine->text.outcome = NULL;
    if (err || found == EXIT_WAIT) {
        enum err rollback = log_rollback(&machine->log);
        if (err || rollback)
            return err ? err : rollback;
    } else {
        log_commit_draft(&machine->log);
    }
    *next = found;
    return OK;
}

/* ---- Applying ---- */

static void text_apply(const struct machine *machine, const struct exit_outcome *outcome)
{
    const struct stream_port *port = machine->text.port;
    uint8_t byte = (uint8_t)outcome->text_gpa, *bytes;

    if ((outcome->flags & OUTCOME_TEXT) && guestmem_at(&machine->config.ram, outcome->text_gpa,
                                                       outcome->text_bytes, &bytes) == OK)
        port->put(port->opaque, outcome->text_position, bytes, outcome->text_bytes);
    if (outcome->flags & OUTCOME_BYTE)
        port->put(port->opaque, outcome->text_position, &byte, 1);
    if (outcome->flags & OUTCOME_INPUT)
        stream_release(&machine->text);
}

/* Clears first, also a SOFT_SET that the kernel has not handled yet; then sets. */
static void harts_apply(const struct machine *machine, uint32_t self,
                        const struct exit_outcome *outcome)
{
    const struct vcpu_ops *ops = &machine->config.vcpu;

    for (uint32_t hart = 0; hart < machine->config.hart_count; hart++) {
        uint64_t *irq = &machine_page(machine, hart)->irq;
        uint32_t bit = UINT32_C(1) << hart;
        if (outcome->soft_clear & bit) {
            __atomic_fetch_and(irq, ~VCPU_IRQ_SOFT_SET, __ATOMIC_SEQ_CST);
            __atomic_fetch_or(irq, VCPU_IRQ_SOFT_CLEAR, __ATOMIC_SEQ_CST);
        }
        if (outcome->soft_set & bit)
            __atomic_fetch_or(irq, VCPU_IRQ_SOFT_SET, __ATOMIC_SEQ_CST);
        if (hart != self && ((outcome->soft_set | outcome->soft_clear | outcome->started) & bit))
            ops->kick(ops->opaque, hart);
    }
}

_Static_assert(OUTCOME_REGS_MAX == 2, "regs_apply() writes two registers");

static enum err reg_apply(const struct machine *machine, uint32_t hart,
                          const struct outcome_reg *reg)
{
    const struct vcpu_ops *ops = &machine->config.vcpu;

    if (reg->index >= 32)
        return ops->set_reg(ops->opaque, hart, reg->index, reg->value);
    machine_page(machine, hart)->x[reg->index] = reg->value;
    return OK;
}

/* Not a loop: most outcomes have no register or one.  A faulty VMM may have left any reg_count. */
static enum err regs_apply(const struct machine *machine, uint32_t hart,
                           const struct exit_outcome *outcome)
{
    if (outcome->reg_count == 0)
        return OK;
    enum err err = reg_apply(machine, hart, &outcome->reg[0]);
    if (!err && outcome->reg_count > 1)
        err = reg_apply(machine, hart, &outcome->reg[1]);
    return err;
}

/* A second injection would overwrite sepc and scause.  If pc has changed, the first one is done. */
static enum err inject_apply(const struct machine *machine, uint32_t hart,
                             const struct exit_outcome *outcome)
{
    const struct vcpu_ops *ops = &machine->config.vcpu;

    if (machine_page(machine, hart)->pc != outcome->pc)
        return OK;
    return ops->inject(ops->opaque, hart, outcome->cause, outcome->tval);
}

/* The parts that few outcomes have.  Their order is such that applying all again is safe. */
static void outcome_rest_apply(const struct machine *machine, uint32_t hart,
                               const struct exit_outcome *outcome)
{
    if (outcome->flags & (OUTCOME_TEXT | OUTCOME_BYTE | OUTCOME_INPUT))
        text_apply(machine, outcome);
    if (outcome->flags & OUTCOME_HARTS)
        harts_apply(machine, hart, outcome);
    if (outcome->flags & OUTCOME_TIMER)
        machine_timer_set(machine, hart, outcome->timer_ticks);
    if (outcome->flags & OUTCOME_WAIT)
        machine_hart_wait(machine, hart);
}

static enum err outcome_apply(struct machine *machine, uint32_t hart,
                              const struct exit_outcome *outcome)
{
    struct vcpu_page *page = machine_page(machine, hart);

    uint32_t flags = outcome->flags; /* read once: GCC cannot know that no store below changes it */

    if (flags & ~(uint32_t)OUTCOME_INJECT)
        outcome_rest_apply(machine, hart, outcome);
    enum err err = regs_apply(machine, hart, outcome);
    if (err)
        return err;
    if (flags & OUTCOME_INJECT)
        err = inject_apply(machine, hart, outcome);
    else
        page->pc = outcome->pc;
    /* The last store: if the reason is NONE, the page has the whole outcome. */
    atomic_signal_fence(memory_order_seq_cst);
    if (!err)
        *(volatile uint32_t *)&page->exit.reason = VCPU_EXIT_NONE;
    return err;
}

enum err exit_apply(struct machine *machine, uint32_t hart)
{
    const struct exit_outcome *outcome = log_outcome(&machine->log);
    const struct vcpu_page *page = machine_page(machine, hart);

    if (page->exit.reason == VCPU_EXIT_NONE || outcome->seq != page->exit.seq)
        return OK;
    return outcome_apply(machine, hart, outcome);
}

enum err exit_answer(struct machine *machine, uint32_t hart, enum exit_next *next)
{
    const struct vcpu_exit_record *record = &machine_page(machine, hart)->exit;
    const struct exit_outcome *outcome = log_outcome(&machine->log);

    *next = EXIT_RESUME;
    if (outcome->seq != record->seq) {
        outcome = log_outcome_draft(&machine->log);
        enum err err = exit_handle(machine, hart, next);
        if (err || *next == EXIT_WAIT)
            return err;
    }
    return outcome_apply(machine, hart, outcome);
}
