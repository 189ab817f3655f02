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

/* Go on in `chunk`. */
static void chunk_open(struct trace *trace, uint32_t chunk)
{
    struct trace_header *header = header_of(&trace->place[chunk]);
    uint64_t bytes = (UINT64_C(1) << trace->place[chunk].size_bits) - sizeof(*header);

    trace->chunk = chunk;
    trace->next = (struct trace_record *)(header + 1);
    trace->end = trace->next + bytes / sizeof(struct trace_record);
}

/* Start anew in the frames before the first place that has none. */
static void ring_begin(struct hart *hart)
{
    struct trace *trace = &hart->trace;

    trace->chunk_count = 0;
    while (trace->chunk_count < TRACE_CHUNKS_MOST &&
           !slot_is_empty(&trace->place[trace->chunk_count]))
        trace->chunk_count++;
    trace->is_begun = trace->chunk_count != 0;
    if (!trace->is_begun)
        return;
    for (uint32_t i = 0; i < trace->chunk_count; i++)
        *header_of(&trace->place[i]) = (struct trace_header){
            .magic = TRACE_MAGIC,
            .hart = hart->id,
            .chunk = i,
            .chunk_count = trace->chunk_count,
            .chunk_bytes = UINT64_C(1) << trace->place[i].size_bits,
        };
    trace->first = header_of(&trace->place[0]);
    trace->count = 0;
    chunk_open(trace, 0);
}

/* `what`: the event, and above it detail << 8 | more << 16. */
static void record(struct trace *trace, const void *subject, uint64_t what, uint64_t word0,
                   uint64_t word1)
{
    if ((trace->mask >> (what & 0xff) & 1) == 0)
        return;
    *trace->next++ = (struct trace_record){ .time = hal_time(),
                                            .subject = trace_id(subject),
                                            .event = (uint8_t)what,
                                            .detail = (uint8_t)(what >> 8),
                                            .more = (uint16_t)(what >> 16),
                                            .word = { word0, word1 } };
    if (trace->next == trace->end)
        chunk_open(trace, trace->chunk + 1 < trace->chunk_count ? trace->chunk + 1 : 0);
    trace->count++;
    __atomic_store_n(&trace->first->count, trace->count, __ATOMIC_RELEASE);
}

/* ---- points ----------------------------------------------------------------------- */

void trace_exit(struct hart *hart, const struct vcpu *vcpu)
{
    const struct vcpu_page *page = vcpu->page;
    const struct vcpu_exit_record *exit = &page->exit;
    uint64_t call = page->x[REG_A7] << 32 | (uint32_t)page->x[REG_A6];

    record(&hart->trace, vcpu, TRACE_EXIT | (uint64_t)exit->reason << 8 | exit->cause << 16,
           exit->reason == VCPU_EXIT_ECALL ? call : exit->gpa, exit->pc);
}

void trace_call(struct hart *hart, const struct invocation *inv, enum err err)
{
    const uint64_t *x = inv->thread->context.x;
    uint64_t type = inv->slot != NULL ? inv->slot->type : OBJ_NONE;
    uint64_t number = x[REG_A7] < CALL_COUNT ? x[REG_A7] : CALL_NONE;
    uint64_t method = number == CALL_INVOKE ? x[REG_A1] : 0;

    record(&hart->trace, inv->thread, TRACE_CALL | number << 8 | method << 16,
           (uint32_t)x[REG_A0] | type << 32, (uint64_t)err);
}

void trace_signal(struct hart *hart, const struct notification *notification, uint64_t bits,
                  uint32_t source)
{
    const struct thread *waiter = notification->waiters.first;

    record(&hart->trace, source == 0 ? hart->current : NULL, TRACE_SIGNAL | (uint64_t)source << 16,
           bits, trace_id(waiter != NULL ? waiter : notification->bound));
}

void trace_switch(struct hart *hart)
{
    const struct thread *thread = hart->current;

    record(&hart->trace, thread, TRACE_SWITCH, thread != NULL ? trace_id(thread->vcpu) : 0, 0);
}

void trace_enter(struct hart *hart, bool is_guest)
{
    const struct thread *thread = hart->current;
    const void *subject = thread;

    if (is_guest)
        subject = thread->vcpu;
    record(&hart->trace, subject, TRACE_ENTER | (uint64_t)is_guest << 8, 0, 0);
}

void trace_interrupt(struct hart *hart, uint64_t number, bool is_guest)
{
    record(&hart->trace, hart->current, TRACE_INTERRUPT | (uint64_t)is_guest << 8 | number << 16,
           0, 0);
}

/* ---- methods ---------------------------------------------------------------------- */

void trace_lost(struct object *owner)
{
    struct trace *trace = (struct trace *)((char *)owner - offsetof(struct trace, owner));

    trace->mask = 0;
    trace->is_begun = false;
}

enum err trace_attach_invoke(struct invocation *inv)
{
    struct trace *trace = &inv->hart->trace;
    struct slot *frame = inv->cap[1], *place = NULL;

    if (inv->arg[0] != inv->hart->id)
        return ERR_RANGE;
    if ((frame->flags & SLOT_DEVICE) != 0)
        return ERR_INVALID_ARG;
    if (trace->mask != 0)
        return ERR_STATE;
    for (uint32_t i = TRACE_CHUNKS_MOST; i-- > 0;) {
        if (slot_is_empty(&trace->place[i]))
            place = &trace->place[i];
        else if (trace->place[i].size_bits != frame->size_bits)
            return ERR_INVALID_ARG;
    }
    if (place == NULL)
        return ERR_NO_MEMORY;
    trace->owner.type = OBJ_TRACE;
    slot_embed(place, frame, &trace->owner);
    trace->is_begun = false;
    return OK;
}

enum err trace_set_mask_invoke(struct invocation *inv)
{
    struct trace *trace = &inv->hart->trace;
    uint64_t mask = inv->arg[0];

    if ((mask & ~TRACE_MASK_ALL) != 0)
        return ERR_INVALID_ARG;
    if (mask != 0 && !trace->is_begun)
        ring_begin(inv->hart);
    if (mask != 0 && !trace->is_begun)
        return ERR_STATE;
    trace->mask = mask;
    return OK;
}

enum err trace_identify_invoke(struct invocation *inv)
{
    inv->result[0] = trace_id(slot_object(inv->cap[0]));
    return OK;
}
