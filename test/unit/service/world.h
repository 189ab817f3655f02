/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fake root server, two clients, and a service that answers requests: the reply has the
 * request's number and three times its value.  A life ends at the chosen store (cut.h), or in a
 * request whose value is POISON.
 */
#ifndef TEST_UNIT_SERVICE_WORLD_H
#define TEST_UNIT_SERVICE_WORLD_H

#include <check.h>
#include <setjmp.h>

#include <service/service.h>

#define WORLD_CLIENTS      2u
#define WORLD_RECORDS      8u
#define WORLD_REGION_BYTES 64u
#define WORLD_REGION_GPA   UINT64_C(0x80000000)
#define WORLD_CUT_NEVER    UINT32_MAX
#define SLOT_ROOT          9u
#define SLOT_CLIENT(i)     (20u + (i))
#define POISON             666u

struct world_record {
    uint32_t number;
    uint32_t value;
    bool is_error;
};

struct world_client {
    struct ring_shared shared[2]; /* requests, replies */
    struct world_record data[2][WORLD_RECORDS];
    uint8_t region[WORLD_REGION_BYTES];
    struct ring_producer requests;
    struct ring_consumer replies;
    uint32_t wakes;
    bool is_region_gone;
};

struct world {
    _Alignas(4096) uint8_t down[CONTROL_DOWN_LINES];
    _Alignas(4096) uint8_t up[CONTROL_UP_LINES];
    struct world_client client[WORLD_CLIENTS];
    struct service service;
    struct service_model model;
    uint32_t root_wakes;
    const char *refusal; /* what on_connect returns */
    bool is_patient;     /* on_end does not leave */
    bool is_flooding;    /* client 0 writes and reads beside each request */
    uint32_t connects, disconnects, ends, answered, poisoned;
    uint32_t cut_count, cut_at;
    bool is_cutting, is_faulty; /* a life runs; the life ended by a fault */
    jmp_buf end;
};

extern struct world world;

/* Zeroes everything; the table is empty. */
void world_reset(void);

struct control_down *world_down(void);
struct control_up *world_up(void);
struct control_connection *world_entry(uint32_t i);
uint32_t world_answer(uint32_t i); /* the whole word */
const char *world_reason(uint32_t i);

/* What the root server does: an offer with a new generation, a later state of it. */
void world_offer(uint32_t i, uint32_t generation);
void world_state(uint32_t i, uint32_t state);

/* A new life: the up part is zeroed, as the root server does, and the service starts. */
void world_begin(void);
/* Runs the service until it sleeps.  False: the life ended first. */
bool world_run(uint64_t bits);
/* Runs lives until one sleeps.  As the root server: counts faults, hands on the suspect. */
void world_survive(void);

void world_client_attach(uint32_t i);
/* Writes a request; its number is the ring's position. */
void world_ask(uint32_t i, uint32_t value);
/* Takes a reply and checks its number; false when there is none. */
bool world_hear(uint32_t i, struct world_record *reply);

#endif
