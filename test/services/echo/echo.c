/* SPDX-License-Identifier: BSD-2-Clause */
#include <test/services/echo/echo.h>

void echo_refuse(const struct echo_record *request, enum echo_status status,
                 struct echo_record *reply)
{
    *reply =
        (struct echo_record){.number = request->number, .kind = request->kind, .status = status};
    reply->sum = echo_sum(reply);
}

enum err echo_call(uint32_t label, const uint64_t word[ECHO_CALL_WORDS],
                   uint64_t answer[ECHO_CALL_WORDS])
{
    if (label == ECHO_CALL_DIE)
        __builtin_trap();
    if (label != ECHO_CALL_TURN)
        return ERR_BAD_CALL;
    for (unsigned i = 0; i < ECHO_CALL_WORDS; i++)
        answer[i] = word[ECHO_CALL_WORDS - 1 - i];
    return OK;
}

void echo_answer(const struct echo_record *request, struct echo_record *reply)
{
    if (request->sum != echo_sum(request)) {
        echo_refuse(request, ECHO_GARBLED, reply);
        return;
    }
    if (request->kind == ECHO_DIE)
        __builtin_trap();
    if (request->kind != ECHO_TURN) {
        echo_refuse(request, ECHO_UNKNOWN, reply);
        return;
    }
    *reply = (struct echo_record){.number = request->number, .kind = ECHO_TURN, .status = ECHO_OK};
    for (unsigned i = 0; i < ECHO_WORDS; i++)
        reply->word[i] = request->word[ECHO_WORDS - 1 - i];
    reply->sum = echo_sum(reply);
}
