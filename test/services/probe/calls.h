/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls of a service that speaks echo/1: turned words, an unknown kind, and now and then a call
 * that kills the service.  The number of a call decides its kind, its words and its right answer.
 * Pure: the call itself is the caller's.
 */
#ifndef TEST_SERVICES_PROBE_CALLS_H
#define TEST_SERVICES_PROBE_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include <base/err.h>
#include <test/services/echo/echo.h>

#define CALLS_UNKNOWN_EVERY 7u /* one in as many is of an unknown kind */

struct calls {
    uint64_t deadly;  /* every how many calls one kills the service; 0: none */
    uint32_t count;   /* made so far */
    uint32_t ended;   /* the service ended before it answered: killed by the call or by others */
    uint32_t wrong;
    enum err last_wrong; /* the result of the last wrong one */
};

/* The next call: its label and its words. */
uint32_t calls_next(const struct calls *calls, uint64_t word[ECHO_CALL_WORDS]);

/* Notes the result of the next call, and the words of its answer. */
void calls_result(struct calls *calls, enum err err, const uint64_t word[ECHO_CALL_WORDS]);

#endif
