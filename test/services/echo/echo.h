/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests and replies of the service echo: the same record; and its calls. */
#ifndef TEST_SERVICES_ECHO_ECHO_H
#define TEST_SERVICES_ECHO_ECHO_H

#include <stdint.h>

#include <base/err.h>

#define ECHO_WORDS 5u

enum echo_kind {
    ECHO_TURN = 0, /* answer with the words in reverse order */
    ECHO_DIE = 1,  /* a request that kills the service */
};

enum echo_status {
    ECHO_OK = 0,
    ECHO_GARBLED = 1, /* the request's sum is wrong */
    ECHO_UNKNOWN = 2, /* no such kind */
    ECHO_POISON = 3,  /* the request killed the service again and again */
};

struct echo_record {
    uint64_t number; /* the reply's is the request's */
    uint32_t kind;   /* enum echo_kind */
    uint32_t status; /* of a reply: enum echo_status */
    uint64_t word[ECHO_WORDS];
    uint64_t sum; /* echo_sum() */
};

_Static_assert(sizeof(struct echo_record) == 64, "record layout");

static inline uint64_t echo_mix(uint64_t sum, uint64_t word)
{
    return (sum ^ word) * UINT64_C(0x100000001b3);
}

/* The sum of all fields before it (FNV-1a over the words). */
static inline uint64_t echo_sum(const struct echo_record *record)
{
    uint64_t sum = echo_mix(UINT64_C(0xcbf29ce484222325), record->number);

    sum = echo_mix(sum, (uint64_t)record->kind << 32 | record->status);
    for (unsigned i = 0; i < ECHO_WORDS; i++)
        sum = echo_mix(sum, record->word[i]);
    return sum;
}

#define ECHO_CALL_WORDS 6u

/* Labels of calls. */
enum echo_call {
    ECHO_CALL_TURN = 0, /* answer with the words in reverse order */
    ECHO_CALL_DIE = 1,  /* a call that kills the service */
    ECHO_CALL_COUNT,
};

/* Answers a call.  ERR_BAD_CALL: no such label.  Does not return from ECHO_CALL_DIE. */
MUST_CHECK echo_call(uint32_t label, const uint64_t word[ECHO_CALL_WORDS],
                     uint64_t answer[ECHO_CALL_WORDS]);

/* Answers a request.  Does not return from ECHO_DIE. */
void echo_answer(const struct echo_record *request, struct echo_record *reply);

/* Answers a request without working on it. */
void echo_refuse(const struct echo_record *request, enum echo_status status,
                 struct echo_record *reply);

#endif
