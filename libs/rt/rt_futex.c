/* SPDX-License-Identifier: BSD-2-Clause */
#include <rt/rt_futex.h>

#include <stddef.h>

#include <rt/calls.h>

/* The oldest wait for the address among those with a ticket below `before`; NULL: there is none. */
static struct rt_futex_place *futex_oldest(struct rt_futex *futex, uintptr_t address,
                                           uint64_t before)
{
    struct rt_futex_place *found = NULL;
    uint64_t oldest = before;

    for (unsigned i = 0; i < RT_THREADS_MAX; i++) {
        struct rt_futex_place *place = &futex->place[i];
        if (atomic_load(&place->address) != address)
            continue;
        uint64_t ticket = atomic_load(&place->ticket);
        if (ticket < oldest) {
            oldest = ticket;
            found = place;
        }
    }
    return found;
}

MUST_CHECK rt_futex_wait(struct rt_futex *futex, unsigned thread, atomic_int *address, int value,
                         uint64_t deadline_ticks)
{
    struct rt_futex_place *place = &futex->place[thread];
    enum err err = ERR_STATE;

    if (place->lock_slot == 0)
        return ERR_NOT_SUPPORTED;
    atomic_store(&place->ticket, atomic_fetch_add(&futex->tickets, 1));
    atomic_store(&place->address, (uintptr_t)address);
    if (atomic_load(address) == value) {
        do {
            uint64_t bits;
            err = notification_wait(cap_at(place->lock_slot), deadline_ticks, &bits);
        } while (err == OK && atomic_load(&place->address) != 0);
    }
    return atomic_exchange(&place->address, 0) == 0 ? OK : err;
}

/* Replaces the address of at most `most` waits, the oldest first.  A place whose exchange fails has
 * changed meanwhile, so the search begins again.  Waits that begin after this call see the changed
 * word and are left alone; otherwise a woken thread of higher priority that waits again at once
 * would be woken again and again, and the call would never end. */
static unsigned futex_replace(struct rt_futex *futex, const void *address, uintptr_t to,
                              unsigned most)
{
    uint64_t before = atomic_load(&futex->tickets);
    struct rt_futex_place *place;
    unsigned count = 0;

    while (count < most && (place = futex_oldest(futex, (uintptr_t)address, before)) != NULL) {
        uintptr_t expected = (uintptr_t)address;
        if (!atomic_compare_exchange_strong(&place->address, &expected, to))
            continue;
        if (to == 0)
            (void)!notification_signal(cap_at(place->lock_slot));
        count++;
    }
    return count;
}

unsigned rt_futex_wake(struct rt_futex *futex, const void *address, unsigned most)
{
    return futex_replace(futex, address, 0, most);
}

unsigned rt_futex_requeue(struct rt_futex *futex, const void *address, unsigned most,
                          const void *to, unsigned move_most)
{
    unsigned woken = futex_replace(futex, address, 0, most);

    if (to == address)
        return woken;
    return woken + futex_replace(futex, address, (uintptr_t)to, move_most);
}
