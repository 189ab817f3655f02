/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/plan/memory.h>

#include <stddef.h>
#include <string.h>

#define PAGE_BITS     12u
#define PAGE_BYTES    UINT64_C(4096)

/* Room in the queue that only joins may use, so that giving back never fails. */
#define QUEUE_RESERVE (2 * MEMORY_NODES_MAX / 2)

void memory_save(const struct memory *memory, struct memory_saved *out)
{
    out->node_count = memory->node_count;
    out->call_count = memory->call_count;
    memcpy(out->node, memory->node, memory->node_count * sizeof memory->node[0]);
    out->slots = memory->slots;
}

void memory_restore(struct memory *memory, const struct memory_saved *to)
{
    memcpy(memory->node, to->node, to->node_count * sizeof memory->node[0]);
    for (unsigned i = to->node_count; i < memory->node_count; i++)
        memory->node[i] = (struct memory_node){.state = MEMORY_NONE};
    memory->node_count = to->node_count;
    memory->call_count = to->call_count;
    memory->slots = to->slots;
}

static uint64_t memory_bytes_of(const struct memory_node *node)
{
    return UINT64_C(1) << node->size_bits;
}

/* Two adjoining unused nodes, or one.  Nodes never move, because nodes name one another. */
static MUST_CHECK memory_nodes_find(struct memory *memory, unsigned count, unsigned *first)
{
    unsigned run = 0;

    for (unsigned i = 0; i < MEMORY_NODES_MAX; i++) {
        run = memory->node[i].state == MEMORY_NONE ? run + 1 : 0;
        if (run < count)
            continue;
        *first = i + 1 - count;
        if (memory->node_count < i + 1)
            memory->node_count = i + 1;
        return OK;
    }
    return ERR_NO_MEMORY;
}

static MUST_CHECK memory_queue(struct memory *memory, struct memory_call call)
{
    if (memory->call_count >= MEMORY_QUEUE_MAX - QUEUE_RESERVE)
        return ERR_NO_MEMORY;
    memory->call[memory->call_count++] = call;
    return OK;
}

/* A piece behind the bytes that the kernel has used, as large as its address allows. */
static MUST_CHECK memory_rest_add(struct memory *memory, const struct memory_node *whole,
                                  uint64_t *used)
{
    unsigned bits = PAGE_BITS, node;
    uint32_t slot;

    while (*used % (UINT64_C(2) << bits) == 0 &&
           *used + (UINT64_C(2) << bits) <= memory_bytes_of(whole))
        bits++;
    if (memory_nodes_find(memory, 1, &node) != OK ||
        slots_take(&memory->slots, 1, MEMORY_OWNER, &slot) != OK)
        return ERR_NO_MEMORY;
    memory->node[node] = (struct memory_node){.address = whole->address + *used,
                                              .slot = slot,
                                              .size_bits = (uint8_t)bits,
                                              .state = MEMORY_FREE,
                                              .is_device = whole->is_device};
    *used += UINT64_C(1) << bits;
    return memory_queue(memory, (struct memory_call){.from = whole->slot,
                                                     .slot = slot,
                                                     .kind = MEMORY_CALL_SPLIT,
                                                     .bits = (uint8_t)bits,
                                                     .count = 1});
}

MUST_CHECK memory_add(struct memory *memory, uint32_t slot, uint64_t address, unsigned size_bits,
                      uint64_t used, bool is_device)
{
    struct memory_node whole = {.address = address,
                                .slot = slot,
                                .size_bits = (uint8_t)size_bits,
                                .state = MEMORY_FREE,
                                .is_device = is_device};
    unsigned node;
    enum err err = OK;

    if (used == 0) {
        err = memory_nodes_find(memory, 1, &node);
        if (err == OK)
            memory->node[node] = whole;
        return err;
    }
    used = (used + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    while (used < memory_bytes_of(&whole) && err == OK)
        err = memory_rest_add(memory, &whole, &used);
    return err;
}

static MUST_CHECK memory_split(struct memory *memory, unsigned index)
{
    struct memory_node *node = &memory->node[index];
    unsigned half;
    uint32_t slot;

    if (memory_nodes_find(memory, 2, &half) != OK ||
        slots_take(&memory->slots, 2, MEMORY_OWNER, &slot) != OK)
        return ERR_NO_MEMORY;
    unsigned bits = node->size_bits - 1u;
    for (unsigned i = 0; i < 2; i++)
        memory->node[half + i] =
            (struct memory_node){.address = node->address + ((uint64_t)i << bits),
                                 .slot = slot + i,
                                 .parent = (uint16_t)(index + 1),
                                 .size_bits = (uint8_t)bits,
                                 .state = MEMORY_FREE,
                                 .is_device = node->is_device};
    node->state = MEMORY_SPLIT;
    node->half = (uint16_t)half;
    return memory_queue(memory, (struct memory_call){.from = node->slot,
                                                     .slot = slot,
                                                     .kind = MEMORY_CALL_SPLIT,
                                                     .bits = (uint8_t)bits,
                                                     .count = 2});
}

/* Halves a free node until the piece that begins at or covers `address` has the wanted size. */
static MUST_CHECK memory_take_from(struct memory *memory, unsigned index, uint64_t address,
                                   unsigned size_bits, uint16_t owner, uint32_t *slot)
{
    while (memory->node[index].size_bits > size_bits) {
        enum err err = memory_split(memory, index);
        if (err != OK)
            return err;
        index = memory->node[index].half;
        if (address >= memory->node[index + 1].address)
            index++;
    }
    memory->node[index].state = MEMORY_TAKEN;
    memory->node[index].owner = owner;
    *slot = memory->node[index].slot;
    return OK;
}

MUST_CHECK memory_take(struct memory *memory, unsigned size_bits, uint16_t owner, uint32_t *slot)
{
    unsigned best = MEMORY_NODES_MAX;

    for (unsigned i = 0; i < memory->node_count; i++) {
        const struct memory_node *n = &memory->node[i];
        if (n->state == MEMORY_FREE && !n->is_device && n->size_bits >= size_bits &&
            (best == MEMORY_NODES_MAX || n->size_bits < memory->node[best].size_bits))
            best = i;
    }
    if (best == MEMORY_NODES_MAX)
        return ERR_NO_MEMORY;
    return memory_take_from(memory, best, 0, size_bits, owner, slot);
}

MUST_CHECK memory_take_device(struct memory *memory, uint64_t address, unsigned size_bits,
                              uint16_t owner, uint32_t *slot)
{
    for (unsigned i = 0; i < memory->node_count; i++) {
        const struct memory_node *n = &memory->node[i];
        if (n->state == MEMORY_FREE && n->is_device && n->size_bits >= size_bits &&
            address >= n->address && address - n->address < memory_bytes_of(n))
            return memory_take_from(memory, i, address, size_bits, owner, slot);
    }
    return ERR_NOT_FOUND;
}

/* If both halves of the node's parent are free, the parent is, and then perhaps its own. */
static void memory_join(struct memory *memory, unsigned index)
{
    while (memory->node[index].parent != 0) {
        unsigned up = memory->node[index].parent - 1u, half = memory->node[up].half;
        struct memory_node *pair = &memory->node[half];
        if (pair[0].state != MEMORY_FREE || pair[1].state != MEMORY_FREE ||
            memory->call_count + 2 > MEMORY_QUEUE_MAX)
            return;
        for (unsigned i = 0; i < 2; i++) {
            memory->call[memory->call_count++] =
                (struct memory_call){.kind = MEMORY_CALL_DELETE, .slot = pair[i].slot};
            slots_give(&memory->slots, pair[i].slot);
            pair[i] = (struct memory_node){.state = MEMORY_NONE};
        }
        memory->node[up].state = MEMORY_FREE;
        index = up;
    }
}

void memory_give(struct memory *memory, uint16_t owner)
{
    for (unsigned i = 0; i < memory->node_count; i++) {
        if (memory->node[i].state != MEMORY_TAKEN || memory->node[i].owner != owner)
            continue;
        memory->node[i].state = MEMORY_FREE;
        memory->node[i].owner = 0;
        memory_join(memory, i);
    }
}

void memory_abandon(struct memory *memory, uint16_t owner)
{
    for (unsigned i = 0; i < memory->node_count; i++) {
        if (memory->node[i].state == MEMORY_TAKEN && memory->node[i].owner == owner)
            memory->node[i].owner = MEMORY_OWNER;
    }
    for (uint32_t i = 0; i < SLOTS_MAX; i++) {
        if (memory->slots.owner[i] == owner)
            memory->slots.owner[i] = SLOTS_FIXED;
    }
}

unsigned memory_largest(const struct memory *memory, unsigned most)
{
    unsigned largest = 0;

    for (unsigned i = 0; i < memory->node_count; i++) {
        const struct memory_node *n = &memory->node[i];
        if (n->state == MEMORY_FREE && !n->is_device && n->size_bits > largest)
            largest = n->size_bits;
    }
    return largest < most ? largest : most;
}

uint64_t memory_left(const struct memory *memory)
{
    uint64_t left = 0;

    for (unsigned i = 0; i < memory->node_count; i++) {
        if (memory->node[i].state == MEMORY_FREE && !memory->node[i].is_device)
            left += memory_bytes_of(&memory->node[i]);
    }
    return left;
}

uint64_t memory_address_of(const struct memory *memory, uint32_t slot)
{
    for (unsigned i = 0; i < memory->node_count; i++) {
        if (memory->node[i].state != MEMORY_NONE && memory->node[i].slot == slot)
            return memory->node[i].address;
    }
    return 0;
}
