/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks a service that speaks echo/1: sends requests without end, and expects the answer to each
 * exactly once and in order.  The number of a request is the position of the ring that carries it,
 * so a new life of the probe needs no memory of the last one.  Pure.
 */
#ifndef TEST_SERVICES_PROBE_PROBE_H
#define TEST_SERVICES_PROBE_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include <ring/ring.h>
#include <test/services/echo/echo.h>

#define PROBE_TURN_MAX 16 /* replies that are read, and requests that are written, in one turn */

struct probe {
    struct ring_producer requests;
    struct ring_consumer replies;
    uint64_t poison;  /* every how many requests one is ECHO_DIE; 0: none */
    uint32_t answers; /* right ones, in this life */
    uint32_t wrong;   /* all others */
    struct echo_record last_wrong;
};

/* The request with this number, and the only right reply to it. */
struct echo_record probe_request(const struct probe *probe, uint32_t number);
bool probe_is_right(const struct probe *probe, uint32_t number, const struct echo_record *reply);

/* Reads replies and writes requests.  True: something moved. */
bool probe_move(struct probe *probe);

#endif
