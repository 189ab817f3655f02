/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes what outlives a process and belongs to it alone: the wake Notification, so that the peers'
 * capabilities stay valid over a restart, and the control region. */
#include <rootserver/plan/build.h>

#include <proto/control.h>

static struct plan_home *home_of(struct plan *plan, unsigned process)
{
    return plan_process_is_vmm(process) ? &plan->guest[plan_process_owner(process)].home
                                        : &plan->instance[plan_process_owner(process)].home;
}

uint64_t build_home_bytes(unsigned connections_max, bool is_log)
{
    return control_down_bytes(connections_max, is_log) + control_up_bytes(connections_max, is_log) +
           (UINT64_C(1) << NOTIFICATION_BITS_MIN);
}

/* Makes the Frames of one part of the control region and maps them for the root server. */
static uint32_t home_region(struct build *b, struct build_piece *piece, uint32_t bytes,
                            uint64_t address)
{
    unsigned count = bytes / 4096;
    uint32_t slot = build_new_objects(b, piece, OBJ_FRAME, 12, count);

    build_map(b, (struct build_frames){.slot = slot, .count = count, .bits = 12}, BOOT_SLOT_VSPACE,
              address, RIGHT_READ | RIGHT_WRITE);
    return slot;
}

void build_home(struct build *b, struct build_piece *piece, unsigned process,
                unsigned connections_max, bool is_log)
{
    struct plan_home *home = home_of(b->plan, process);
    uint64_t address = LAYOUT_ROOT_CONTROL + process * LAYOUT_ROOT_CONTROL_STEP;

    *home = (struct plan_home){.down_bytes = control_down_bytes(connections_max, is_log),
                               .up_bytes = control_up_bytes(connections_max, is_log),
                               .down_address = address,
                               .up_address = address + LAYOUT_ROOT_CONTROL_UP};
    home->down_frame = home_region(b, piece, home->down_bytes, home->down_address);
    home->up_frame = home_region(b, piece, home->up_bytes, home->up_address);
    home->wake = build_new_objects(b, piece, OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, 1);
    home->bell = build_minted(b, home->wake, RIGHT_WRITE, PROCESS_BIT_ROOT);
}
