/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proves: In both kinds of space a frame of any size is refused as misaligned, or as outside its
 *         half, exactly when it is so; no sum wraps.
 * mutant: kernel/core/space.c: limit - address < size -> limit - address <= size
 * unwind: 4
 * scale: kernel/core/space.c: uint32_t level = frame_level(slot), missing; ->
 *        return OK; uint32_t level = frame_level(slot), missing;
 */
#include "prove.h"

#include <kernel/core/space.c>

int main(void)
{
    static struct kernel kernel;
    static struct hart hart = {.kernel = &kernel};
    struct slot frame = {.type = OBJ_FRAME};
    unsigned which = nondet_u8() % 3;
    struct space space = {.stage = nondet_bool() ? SPACE_G : SPACE_S, .index = 1};
    uint64_t address = nondet_u64(), limit = UINT64_C(1) << (space.stage == SPACE_G ? 41 : 38);

    frame.size_bits = which == 0 ? 12 : which == 1 ? 21 : 30;
    uint64_t size = UINT64_C(1) << frame.size_bits;
    enum err err = space_map(&hart, &space, &frame, address, RIGHT_READ);
    bool is_aligned = (address & (size - 1)) == 0;
    bool is_inside = address < limit && address + size <= limit && address + size > address;
    PROVE((err == ERR_ALIGN) == !is_aligned);
    PROVE((err == ERR_RANGE) == (is_aligned && !is_inside));
    return 0;
}
