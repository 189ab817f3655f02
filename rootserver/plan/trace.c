/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory for the kernel's trace, if the machine's command line asks for a trace. */
#include <rootserver/plan/build.h>

void build_trace(struct build *b)
{
    const struct trace_request *request = &b->in->machine->trace;

    b->plan->trace_index = build_own_objects(b, OBJ_FRAME, 12, 1);
    b->plan->trace_frame =
        build_own_objects(b, OBJ_FRAME, request->frame_bits, request->frame_count);
    build_map(b, (struct build_frames){b->plan->trace_index, 1, 12}, BOOT_SLOT_VSPACE,
              LAYOUT_ROOT_TRACE, RIGHT_READ | RIGHT_WRITE);
}
