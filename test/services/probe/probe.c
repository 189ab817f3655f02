/* SPDX-License-Identifier: BSD-2-Clause */
#include <test/services/probe/probe.h>

static bool probe_is_poison(const struct probe *probe, uint32_t number)
{
    return probe->poison != 0 && number % probe->poison == probe->poison - 1;
}

struct echo_record probe_request(const struct probe *probe, uint32_t number)
{
    struct echo_record request = {.number = number,
                                  .kind = probe_is_poison(probe, number) ? ECHO_DIE : ECHO_TURN};

    for (unsigned i = 0; i < ECHO_WORDS; i++)
        request.word[i] = (number + UINT64_C(1)) * (UINT64_C(0x9e3779b97f4a7c15) + i);
    request.sum = echo_sum(&request);
    return request;
}

bool probe_is_right(const struct probe *probe, uint32_t number, const struct echo_record *reply)
{
    struct echo_record request = probe_request(probe, number);

    if (reply->number != number || reply->sum != echo_sum(reply))
        return false;
    if (request.kind == ECHO_DIE)
        return reply->status == ECHO_POISON;
    for (unsigned i = 0; i < ECHO_WORDS; i++)
        if (reply->word[i] != request.word[ECHO_WORDS - 1 - i])
            return false;
    return reply->status == ECHO_OK;
}

/* The reply leaves the ring after it was checked, so that the next life checks it if this one ends
 * before. */
static bool probe_read(struct probe *probe)
{
    uint32_t number = ring_consumer_position(&probe->replies), got = 0;
    struct echo_record reply;

    if (ring_peek(&probe->replies, &reply, 1, &got) != OK || got == 0)
        return false;
    if (probe_is_right(probe, number, &reply)) {
        probe->answers++;
    } else {
        probe->wrong++;
        probe->last_wrong = reply;
    }
    return ring_drop(&probe->replies, 1) == OK;
}

static bool probe_write(struct probe *probe)
{
    struct echo_record request = probe_request(probe, ring_producer_position(&probe->requests));
    uint32_t written = 0;

    return ring_write(&probe->requests, &request, 1, &written) == OK && written == 1;
}

bool probe_move(struct probe *probe)
{
    bool moved = false;

    (void)ring_producer_restarted(&probe->requests);
    (void)ring_consumer_restarted(&probe->replies);
    for (unsigned i = 0; i < PROBE_TURN_MAX && probe_read(probe); i++)
        moved = true;
    for (unsigned i = 0; i < PROBE_TURN_MAX && probe_write(probe); i++)
        moved = true;
    return moved;
}
