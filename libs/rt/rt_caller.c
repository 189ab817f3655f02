/* SPDX-License-Identifier: BSD-2-Clause */
#include <rt/rt_caller.h>

#include <string.h>

#include <rt/rt_use.h>

MUST_CHECK rt_caller_open(const struct start_table *table, unsigned use, struct rt_caller *out)
{
    struct rt_memory down = {0}, up = {0};
    uint32_t slot = 0;

    enum err err = rt_use_endpoint(table, use, &slot);
    if (err == OK)
        err = rt_memory_find(table, CONTROL_ENTRY_DOWN, &down);
    if (err == OK)
        err = rt_memory_find(table, CONTROL_ENTRY_UP, &up);
    if (err == OK)
        *out = (struct rt_caller){
            .endpoint = cap_at(slot),
            .used_state = &((const struct control_down *)(uintptr_t)down.address)->used_state[use],
            .waits_for = &((struct control_up *)(uintptr_t)up.address)->waits_for,
            .use = use,
        };
    return err;
}

static bool caller_is_served(const struct rt_caller *caller)
{
    uint32_t state = atomic_load_explicit(caller->used_state, memory_order_acquire);

    return state == CONTROL_USED_UP || state == CONTROL_USED_AWAY;
}

/* The root server suspends the threads of a service that ends before it takes the process apart,
 * and destroys the Endpoint of a service that does not come back: both cancel the call. */
static MUST_CHECK caller_send(const struct rt_caller *caller, struct message *m)
{
    atomic_store_explicit(caller->waits_for, 1 + caller->use, memory_order_relaxed);
    enum err err = ipc_call(caller->endpoint, m);
    atomic_store_explicit(caller->waits_for, 0, memory_order_relaxed);
    return err == ERR_CANCELLED || err == ERR_INVALID_CAP ? ERR_PEER_DIED : err;
}

MUST_CHECK rt_caller_call(const struct rt_caller *caller, uint32_t label,
                          uint64_t word[MESSAGE_WORDS])
{
    struct message m = {.tag = label};

    if (!caller_is_served(caller))
        return ERR_PEER_DIED;
    memcpy(m.word, word, sizeof m.word);
    enum err err = caller_send(caller, &m);
    if (err != OK)
        return err;
    uint64_t answer = m.tag & TAG_LABEL_MASK;
    if (answer >= ERR_COUNT)
        return ERR_FORMAT;
    if (answer == OK)
        memcpy(word, m.word, sizeof m.word);
    return (enum err)answer;
}
