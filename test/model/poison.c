/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * While a call runs, memory without objects is poisoned: AddressSanitizer stops the kernel at a
 * use after free.
 */
#include "world.h"

#include <fakes/hal.h>
#include <sanitizer/asan_interface.h>

static void allow(uint64_t address, uint64_t bytes)
{
    ASAN_UNPOISON_MEMORY_REGION(hal_phys_to_virt(hpa(address)), bytes);
}

static void allow_block(uint64_t address, uint8_t size_bits)
{
    allow(address, UINT64_C(1) << size_bits);
}

void poison_free_memory(struct world *world, uint32_t thread, const struct model_call *call)
{
    const struct model *model = &world->model;
    uint32_t cap[7];

    ASAN_POISON_MEMORY_REGION(hal_phys_to_virt(hpa(FAKE_RAM_START)), world->ram_bytes);
    for (uint32_t i = 1; i < MODEL_OBJECTS; i++) {
        if (model->object[i].life != MODEL_ABSENT)
            allow_block(model->object[i].address, model->object[i].size_bits);
    }
    for (uint32_t i = 0; i < model->cap_count; i++) {
        if (model->cap[i].type == OBJ_FRAME && !model->cap[i].is_device)
            allow_block(model->cap[i].address, model->cap[i].size_bits);
    }
    /* A retype writes to free memory. */
    if (call->number == CALL_INVOKE && call->method == METHOD_UNTYPED_RETYPE &&
        model_decode(model, thread, call, cap) == OK && model->cap[cap[0]].type == OBJ_UNTYPED &&
        !model->cap[cap[0]].is_device)
        allow_block(model->cap[cap[0]].address, model->cap[cap[0]].size_bits);
}

void poison_nothing(const struct world *world)
{
    allow(FAKE_RAM_START, world->ram_bytes);
}
