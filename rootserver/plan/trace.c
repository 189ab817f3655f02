/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory for the kernel's trace, if the machine's command line asks for a trace. */
#include <rootserver/plan/build.h>

void build_trace(struct build *b)
{
    const struct trace_request *request = &b->in->machine->trace;
    struct build_piece index = build_piece(b, 4096);

    b->plan->trace_index = build_new_objects(b, &index, OBJ_FRAME, 12, 1);
    b->plan->trace_frame = build_slots(b, request->frame_count);
    for (unsigned i = 0; i < request->frame_count && b->err == OK; i++) {
        struct build_piece piece = build_piece(b, UINT64_C(1) << request->frame_bits);
        build_objects(b, &piece, OBJ_FRAME, request->frame_bits, 1, b->plan->trace_frame + i);
    }
    build_map(b, (struct build_frames){.slot = b->plan->trace_index, .count = 1, .bits = 12},
              BOOT_SLOT_VSPACE, LAYOUT_ROOT_TRACE, RIGHT_READ | RIGHT_WRITE);
}
