/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proves: Where retype places objects they are aligned to their size, lie inside the Untyped and
 *         meet nothing handed out before, for every size, count and fill.
 * mutant: kernel/core/untyped.c: (used + size - 1) & ~(size - 1) -> used & ~(size - 1)
 * unwind: 2
 */
#include "prove.h"

#include <kernel/core/untyped.c>

uint32_t space_free_count(const struct kernel *kernel, enum space_stage stage)
{
    return nondet_u32();
}

int main(void)
{
    static struct kernel kernel;
    struct slot untyped = {.type = OBJ_UNTYPED, .size_bits = nondet_u8(), .flags = nondet_u8()},
                child;
    struct retype retype = {.untyped = &untyped, .size_bits = nondet_u8(), .count = nondet_u32()};
    uint64_t start = 0;

    retype.type = (enum obj_type)nondet_u8();
    ASSUME(retype.type < OBJ_COUNT);
    ASSUME(untyped.size_bits >= PAGE_BITS && untyped.size_bits <= 40);
    uint64_t bytes = UINT64_C(1) << untyped.size_bits, used = nondet_u64();
    ASSUME(used <= bytes);
    untyped.word[USED_BYTES] = used;
    untyped.first_child = nondet_bool() ? &child : NULL;
    if (retype_place(&kernel, &retype, &start) != OK)
        return 0;
    uint64_t size = UINT64_C(1) << retype.size_bits;
    PROVE(retype.count >= 1 && retype.count <= RETYPE_COUNT_MAX);
    PROVE((start & (size - 1)) == 0);
    PROVE(start <= bytes && ((uint64_t)retype.count << retype.size_bits) <= bytes - start);
    PROVE(untyped.first_child == NULL || start >= used);
    PROVE((untyped.flags & SLOT_DEVICE) == 0 || retype.type == OBJ_FRAME ||
          retype.type == OBJ_UNTYPED);
    return 0;
}
