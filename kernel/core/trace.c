/* SPDX-License-Identifier: BSD-2-Clause */
#include <kernel/core/trace.h>

#include <abi/decode.h>
#include <kernel/core/notification.h>
#include <kernel/core/syscall.h>
#include <kernel/core/vcpu.h>

#define ID_SHIFT  11u /* Thread and VCpu are aligned to 2 KiB */
#define CALL_NONE 255u

_Static_assert(THREAD_BITS_MIN >= ID_SHIFT && VCPU_BITS_MIN >= ID_SHIFT, "identities are distinct");

uint32_t trace_id(const void *object)
{
    return object == NULL ? 0 : (uint32_t)(hal_virt_to_phys(object).raw >> ID_SHIFT);
}

/* ---- the ring ------------------------------------------------------------------- */

static struct trace_header *header_of(const struct slot *frame)
{
    return hal_phys_to_virt(hpa(frame->object));
}

/* Write the next record to `chunk`. */
static void chunk_open(struct trace *trace, uint32_t chunk)
{
    struct trace_header *header = header_of(&trace->place[chunk]);

    trace->chunk = chunk;
    trace->next = (struct trace_record *)(header + 1);
    trace->end = trace->next + trace->chunk_records;
}

/* Start a new ring in the frames attached; false: there is none. */
static bool ring_begin(struct hart *hart)
{
    struct trace *trace = &hart->trace;
    uint64_t bytes = UINT64_C(1) << trace->place[0].size_bits;
    uint32_t count = 0;

    while (count < TRACE_CHUNKS_MAX && !slot_is_empty(&trace->place[count]))
        count++;
    for (uint32_t i = 0; i < count; i++)
        *header_of(&trace->place[i]) = (struct trace_header){
            TRACE_MAGIC, hart->id, i, count, bytes, 0, { 0 } };
    trace->chunk_records = (bytes - sizeof(struct trace_header)) / sizeof(struct trace_record);
    trace->chunk_count = count;
    trace->count = 0;
    if (count != 0)
        chunk_open(trace, 0);
    return count != 0;
}

void trace_record(struct hart *hart, const void *subject, uint64_t what, uint64_t word0,
                  uint64_t word1)
{
    struct trace *trace = &hart->trace;

    if ((trace->mask >> (what & 0xff) & 1) == 0)
        return;
    *trace->next++ = (struct trace_record){
        hal_time(), trace_id(subject), (uint8_t)what, (uint8_t)(what >> 8), (uint16_t)(what >> 16),
        { word0, word1 } };
    if (trace->next == trace->end)
        chunk_open(trace, trace->chunk + 1 < trace->chunk_count ? trace->chunk + 1 : 0);
    __atomic_store_n(&header_of(&trace->place[0])->count, ++trace->count, __ATOMIC_RELEASE);
}

/* ---- trace points with details ---------------------------------------------------- */

void trace_exit(struct hart *hart, const struct vcpu *vcpu)
{
    const struct vcpu_page *page = vcpu->page;
    const struct vcpu_exit_record *exit = &page->exit;
    uint64_t call = page->x[REG_A7] << 32 | (uint32_t)page->x[REG_A6];

    trace_record(hart, vcpu, TRACE_EXIT | (uint64_t)exit->reason << 8 | exit->cause << 16,
                 exit->reason == VCPU_EXIT_ECALL ? call : exit->gpa, exit->pc);
}

void trace_call(struct hart *hart, const struct invocation *inv, enum err err)
{
    const uint64_t *x = inv->thread->context.x;
    uint64_t type = inv->slot != NULL ? inv->slot->type : OBJ_NONE;
    uint64_t number = x[REG_A7] < CALL_COUNT ? x[REG_A7] : CALL_NONE;
    uint64_t method = number == CALL_INVOKE ? x[REG_A1] : 0;

    trace_record(hart, inv->thread, TRACE_CALL | number << 8 | method << 16,
                 (uint32_t)x[REG_A0] | type << 32, (uint64_t)err);
}

void trace_signal(struct hart *hart, const struct notification *notification, uint64_t bits,
                  uint64_t source)
{
    const struct thread *waiter = notification->waiters.first;

    trace_record(hart, source == 0 ? hart->current : NULL, TRACE_SIGNAL | source << 16, bits,
                 trace_id(waiter != NULL ? waiter : notification->bound));
}

/* ---- methods ---------------------------------------------------------------------- */

void trace_lost(struct object *owner)
{
    struct trace *trace = (struct trace *)((char *)owner - offsetof(struct trace, owner));

    trace->mask = 0;
    trace->chunk_count = 0;
}

enum err trace_attach_invoke(struct invocation *inv)
{
    struct trace *trace = &inv->hart->trace;
    struct slot *frame = inv->cap[1], *place = NULL;

    if (inv->arg[0] != inv->hart->id)
        return ERR_RANGE;
    if (trace->mask != 0)
        return ERR_STATE;
    for (uint32_t i = TRACE_CHUNKS_MAX; i-- > 0;) {
        struct slot *at = &trace->place[i];
        if (slot_is_empty(at))
            place = at;
        else if (at->size_bits != frame->size_bits)
            return ERR_INVALID_ARG;
    }
    if ((frame->flags & SLOT_DEVICE) != 0)
        return ERR_INVALID_ARG;
    if (place == NULL)
        return ERR_NO_MEMORY;
    trace->owner.type = OBJ_TRACE;
    slot_embed(place, frame, &trace->owner);
    trace->chunk_count = 0;
    return OK;
}

enum err trace_set_mask_invoke(struct invocation *inv)
{
    struct trace *trace = &inv->hart->trace;
    uint64_t mask = inv->arg[0];

    if ((mask & ~TRACE_MASK_ALL) != 0)
        return ERR_INVALID_ARG;
    if (mask != 0 && trace->chunk_count == 0 && !ring_begin(inv->hart))
        return ERR_STATE;
    trace->mask = mask;
    return OK;
}

enum err trace_identify_invoke(struct invocation *inv)
{
    inv->result[0] = trace_id(slot_object(inv->cap[0]));
    return OK;
}
