/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every guest input has an outcome.  An access that cannot be carried out is an access fault
 * of the kind of the exit (fetch, load or store), whatever the instruction looks like.
 */
#include <rvdec/rvdec.h>
#include <vmm/vcpu/emul.h>

enum {
    BUS_WIDTH_MAX = 8,
    PAGE_OFFSET_MASK = 0xfff,
};

static uint64_t trap_cause(uint64_t fault_cause)
{
    switch (fault_cause) {
    case EMUL_FAULT_FETCH:
        return EMUL_TRAP_FETCH_ACCESS;
    case EMUL_FAULT_LOAD:
        return EMUL_TRAP_LOAD_ACCESS;
    default:
        return EMUL_TRAP_STORE_ACCESS;
    }
}

/*
 * tval is the address that the hart reported. For a misaligned access over two pages this
 * can be the start of the second page, and is right for the access fault too: stval is "the
 * virtual address of the portion of the access that caused the fault".
 */
static enum err emul_trap(const struct emul_fault *fault, struct emul_outcome *out)
{
    *out = (struct emul_outcome){
        .kind = EMUL_TRAP,
        .cause = trap_cause(fault->cause),
        .tval = fault->gva,
    };
    return OK;
}

static enum err emul_decode(const struct emul_fault *fault, struct rvdec_insn *insn)
{
    if (rvdec_decode_htinst(fault->htinst, insn) == OK)
        return OK;
    if (!fault->is_insn_valid)
        return ERR_NOT_FOUND;
    return rvdec_decode(fault->insn, insn);
}

static uint64_t read_x(const struct emul_regs *regs, unsigned reg)
{
    return reg == 0u ? 0 : regs->x[reg];
}

static uint64_t mask_to_width(uint64_t value, unsigned width_bytes)
{
    return width_bytes >= 8u ? value : value & ((UINT64_C(1) << (8u * width_bytes)) - 1u);
}

/* The virtual address of the access; known only for a fetched instruction. */
static uint64_t effective_address(const struct rvdec_insn *insn, const struct emul_regs *regs)
{
    return read_x(regs, insn->rs1) + (uint64_t)(int64_t)insn->offset;
}

static bool is_plain(const struct rvdec_insn *insn)
{
    return (insn->class == RVDEC_LOAD || insn->class == RVDEC_STORE) &&
           insn->width_bytes <= BUS_WIDTH_MAX;
}

/*
 * The faulting address alone is not enough: the second part of an access that began in the
 * page before looks aligned. Only low bits count; pointer masking does not change them.
 */
static bool is_misaligned(const struct emul_fault *fault, const struct rvdec_insn *insn,
                          uint64_t address)
{
    uint64_t low = insn->width_bytes - 1u;

    if (insn->is_transformed)
        return insn->misalign_bytes != 0u || (fault->gpa & low) != 0u;
    return ((address | fault->gpa) & low) != 0u;
}

static enum err emul_load_finish(const struct rvdec_insn *insn, uint64_t value,
                                 struct emul_outcome *out)
{
    unsigned unused_bits = 64u - 8u * insn->width_bytes;

    value = mask_to_width(value, insn->width_bytes);
    if (insn->is_fp)
        value |= ~mask_to_width(~UINT64_C(0), insn->width_bytes); /* NaN-boxing */
    else if (insn->is_sign_extended)
        value = (uint64_t)((int64_t)(value << unused_bits) >> unused_bits);
    *out = (struct emul_outcome){
        .kind = EMUL_ADVANCE,
        .pc_delta_bytes = insn->length_bytes,
    };
    if (insn->is_fp || insn->rd != 0u) {
        out->has_reg = true;
        out->is_fp = insn->is_fp;
        out->reg = insn->rd;
        out->value = value;
    }
    return OK;
}

static enum err emul_store_value(const struct rvdec_insn *insn, const struct emul_regs *regs,
                                 uint64_t *value)
{
    uint64_t raw = 0;
    enum err err = OK;

    if (insn->is_fp)
        err = regs->read_fp(regs->ctx, insn->rs2, &raw);
    else
        raw = read_x(regs, insn->rs2);
    if (err == OK)
        *value = mask_to_width(raw, insn->width_bytes);
    return err;
}

/* Did the bus refuse the guest's access?  Any other error is a defect of the VMM. */
static bool is_refusal(enum err err)
{
    switch (err) {
    case ERR_NOT_FOUND:
    case ERR_RANGE:
    case ERR_ALIGN:
    case ERR_NOT_SUPPORTED:
    case ERR_INVALID_ARG:
        return true;
    default:
        return false;
    }
}

static enum err emul_load(const struct emul_fault *fault, const struct rvdec_insn *insn,
                          const struct emul_bus *bus, struct emul_outcome *out)
{
    uint64_t value = 0;
    enum err err = bus->read(bus->ctx, fault->gpa, insn->width_bytes, &value);

    if (is_refusal(err))
        return emul_trap(fault, out);
    if (err != OK)
        return err;
    return emul_load_finish(insn, value, out);
}

static enum err emul_store(const struct emul_fault *fault, const struct rvdec_insn *insn,
                           const struct emul_regs *regs, const struct emul_bus *bus,
                           struct emul_outcome *out)
{
    uint64_t value;
    enum err err = emul_store_value(insn, regs, &value);

    if (err != OK)
        return err;
    err = bus->write(bus->ctx, fault->gpa, insn->width_bytes, value);
    if (is_refusal(err))
        return emul_trap(fault, out);
    if (err != OK)
        return err;
    *out = (struct emul_outcome){
        .kind = EMUL_ADVANCE,
        .pc_delta_bytes = insn->length_bytes,
    };
    return OK;
}

enum err emul_access(const struct emul_fault *fault, const struct emul_regs *regs,
                     const struct emul_bus *bus, struct emul_outcome *out)
{
    struct rvdec_insn insn;
    uint64_t address = 0;
    bool is_fetched;

    if (fault->cause == EMUL_FAULT_FETCH)
        return emul_trap(fault, out);
    if (fault->cause != EMUL_FAULT_LOAD && fault->cause != EMUL_FAULT_STORE)
        return ERR_INVALID_ARG;
    if (emul_decode(fault, &insn) != OK)
        return emul_trap(fault, out);
    /* Length 0: the hart accessed a page table. Such an access can be a read, although the fault is
     * that of a store. */
    is_fetched = !insn.is_transformed && insn.length_bytes != 0u;
    if (rvdec_is_store(&insn) != (fault->cause == EMUL_FAULT_STORE))
        return is_fetched ? ERR_AGAIN : emul_trap(fault, out);
    if (!is_plain(&insn))
        return emul_trap(fault, out);
    if (is_fetched)
        address = effective_address(&insn, regs);
    if (is_misaligned(fault, &insn, address))
        return emul_trap(fault, out);
    /* An aligned access is in one page, and translation keeps the offset in the page. */
    if (is_fetched && ((address ^ fault->gpa) & PAGE_OFFSET_MASK) != 0u)
        return ERR_AGAIN;
    if (insn.class == RVDEC_LOAD)
        return emul_load(fault, &insn, bus, out);
    return emul_store(fault, &insn, regs, bus, out);
}
