/* SPDX-License-Identifier: BSD-2-Clause */
#include <test/services/probe/calls.h>

static uint64_t calls_word(uint32_t number, unsigned i)
{
    return (number + UINT64_C(1)) * (UINT64_C(0x9e3779b97f4a7c15) + i);
}

uint32_t calls_next(const struct calls *calls, uint64_t word[ECHO_CALL_WORDS])
{
    uint32_t number = calls->count;

    for (unsigned i = 0; i < ECHO_CALL_WORDS; i++)
        word[i] = calls_word(number, i);
    if (calls->deadly != 0 && number % calls->deadly == calls->deadly - 1)
        return ECHO_CALL_DIE;
    return number % CALLS_UNKNOWN_EVERY == 0 ? ECHO_CALL_COUNT : ECHO_CALL_TURN;
}

static bool calls_is_right(const struct calls *calls, enum err err,
                           const uint64_t word[ECHO_CALL_WORDS])
{
    uint64_t asked[ECHO_CALL_WORDS];
    uint32_t label = calls_next(calls, asked);

    if (label != ECHO_CALL_TURN)
        return err == (label == ECHO_CALL_DIE ? ERR_PEER_DIED : ERR_BAD_CALL);
    for (unsigned i = 0; i < ECHO_CALL_WORDS; i++)
        if (err == OK && word[i] != asked[ECHO_CALL_WORDS - 1 - i])
            return false;
    return err == OK;
}

void calls_result(struct calls *calls, enum err err, const uint64_t word[ECHO_CALL_WORDS])
{
    bool is_right = calls_is_right(calls, err, word) || err == ERR_PEER_DIED;

    calls->ended += err == ERR_PEER_DIED;
    calls->wrong += !is_right;
    if (!is_right)
        calls->last_wrong = err;
    calls->count++;
}
