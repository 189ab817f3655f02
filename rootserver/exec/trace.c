/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/exec/trace.h>

#include <stdio.h>

#include <rt/calls.h>

static const cap_t own_trace = {BOOT_SLOT_TRACE};

/* The entry of `id`, or the next free entry; NULL: the table is full. */
static struct trace_name *trace_entry_of(struct trace_index *index, uint64_t id)
{
    for (uint32_t i = 0; i < index->name_count; i++) {
        if (index->name[i].id == id)
            return &index->name[i];
    }
    return index->name_count < TRACE_INDEX_NAMES ? &index->name[index->name_count] : NULL;
}

static void trace_name_object(struct trace_index *index, uint32_t slot, enum trace_name_kind kind,
                              unsigned group, const char *text)
{
    uint64_t id = 0;

    if (trace_identify(own_trace, cap_at(slot), &id) != OK)
        return;
    struct trace_name *entry = trace_entry_of(index, id);
    if (entry == NULL)
        return;
    *entry =
        (struct trace_name){.id = (uint32_t)id, .kind = (uint8_t)kind, .group = (uint8_t)group};
    snprintf(entry->text, sizeof entry->text, "%s", text);
    if (entry == &index->name[index->name_count])
        __atomic_store_n(&index->name_count, index->name_count + 1, __ATOMIC_RELEASE);
}

MUST_CHECK trace_start(const struct plan *plan, const struct plan_input *in,
                       struct trace_index *index, uint64_t *index_address)
{
    const struct trace_request *request = &in->machine->trace;
    uint64_t state;

    for (unsigned i = 0; i < request->frame_count; i++) {
        cap_t frame = cap_at(plan->trace_frame + i);
        enum err err = frame_info(frame, &index->chunk[i], &state);
        if (err == OK)
            err = trace_attach(own_trace, in->boot->boot_hart, frame);
        if (err != OK)
            return err;
    }
    enum err err = frame_info(cap_at(plan->trace_index), index_address, &state);
    if (err == OK)
        err = trace_set_mask(own_trace, request->mask);
    if (err != OK)
        return err;
    index->timebase_hz = in->boot->timebase_hz;
    index->mask = request->mask;
    index->chunk_bytes = UINT64_C(1) << request->frame_bits;
    index->chunk_count = request->frame_count;
    trace_name_object(index, BOOT_SLOT_THREAD, TRACE_NAME_THREAD, TRACE_GROUP_MACHINE,
                      "rootserver");
    __atomic_store_n(&index->magic, TRACE_INDEX_MAGIC, __ATOMIC_RELEASE);
    return OK;
}

void trace_name_process(struct trace_index *index, const struct plan *plan, unsigned process,
                        const struct system_config *system)
{
    const struct plan_process *p = &plan->process[process];
    unsigned guest = plan_process_owner(process);
    bool is_vmm = plan_process_is_vmm(process);
    unsigned group = is_vmm ? TRACE_GROUP_MACHINE + 1 + guest : TRACE_GROUP_MACHINE;
    char text[PROCESS_NAME_BYTES];

    trace_name_object(index, p->thread[0], TRACE_NAME_THREAD, group, p->name);
    if (!is_vmm)
        return;
    snprintf(text, sizeof text, "%.28s vcpu 0", system->guest[guest].name);
    trace_name_object(index, plan->guest[guest].vcpu, TRACE_NAME_VCPU, group, text);
}
