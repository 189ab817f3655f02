/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The framework of a service: an event loop over the control region (proto/control.h) and the
 * rings of the service's connections (ring/ring.h).
 *
 * A service is a table of functions, struct service_model.  The framework answers pings, attaches
 * to the connections that the root server offers, answers ACCEPTED, REFUSED or LEFT, and calls the
 * model.  All functions of a model are called by one thread and must not block.
 *
 *     for (;;) {                                    rt_service_run() of rt/rt_service.h
 *         for (turns = 0; service_turn(s, bits) && turns < SERVICE_TURNS_MAX; turns++)
 *             bits = 0;
 *         bits = service_sleep(s, &deadline) ? wait for signals or a call, until the deadline
 *                                            : the signals or the call that came meanwhile;
 *         if a call came: service_call(), and the answer goes out before the next wait;
 *     }
 *
 * A life of a service may end at any instruction.  The control region and the rings outlive the
 * process, and service_init() starts from nothing else, so the next life finds every connection
 * and continues at the indices that the last life published.  A side that attaches signals the
 * other side, because the last life may have ended before it sent a signal that was due.
 *
 * A connection in the model's eyes:
 *
 *     on_connect --refuses--> (nothing more)
 *         |
 *         +--> on_end (the client ended or died) --> service_leave() --> on_disconnect
 *         +--> on_disconnect (the root server takes the connection back)
 *
 * Requests.  A model with on_request gets each record of ring 0 once, in order, and writes one
 * record of ring 1 for each (service/request.h has the rule).  Other rings are the model's own.
 *
 * Calls.  A client of a manifest with `calls` can call the service and wait for the answer
 * (on_call).  The words are the model's own, and the label of the answer is an enum err.  Every
 * call is answered: without on_call by ERR_NOT_SUPPORTED, and by ERR_NOT_FOUND if the client is not
 * attached.  A new life takes no calls before it knows all of its clients.  A call is not repeated:
 * if the service ends before it answers, the caller learns that the service ended
 * (rt/rt_caller.h).
 *
 * Pure: outside effects go through struct service_ops.  The root server is trusted.  A client may
 * write anything into the rings at any time.
 */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/err.h>
#include <proto/control.h>
#include <ring/ring.h>

#define SERVICE_TURNS_MAX    64 /* without a look at the signals */
#define SERVICE_BIT_ROOT     (UINT64_C(1) << 0)
#define SERVICE_RECORD_BYTES 256 /* of a request or reply, at most */
#define SERVICE_CALL_WORDS   6

/* One ring of a connection, as the manifest has it. */
struct service_ring {
    bool is_from_client;
    uint32_t record_bytes;
    uint32_t record_count;
};

union service_ring_end {
    struct ring_consumer from; /* of a ring from the client */
    struct ring_producer to;
};

struct service_connection {
    const struct control_connection *entry; /* the root server's */
    uint32_t index;
    uint32_t seen;    /* the state word that was last acted on */
    uint32_t answer;  /* enum control_answer_state, given for this generation */
    bool is_attached; /* the ends of the rings are valid */
    bool is_broken;   /* a request ring has an impossible index; until the client attaches again */
    union service_ring_end ring[CONTROL_RINGS_MAX];
    void *data; /* the model's; NULL at on_connect */
};

/* A private copy of a client's call, and then the answer. */
struct service_call {
    uint32_t label; /* the kind of call; of an answer: enum err */
    uint64_t word[SERVICE_CALL_WORDS];
};

struct service_model {
    void *context; /* the first argument of each function below */
    const struct service_ring *ring;
    uint32_t ring_count;

    /* Each may be NULL except as noted. */

    /* The control region is there; no connection yet.  An error is that of service_init(). */
    MUST_CHECK (*on_start)(void *context);
    /* The rings are attached.  Returns NULL to accept the client, or the reason for a refusal. */
    const char *(*on_connect)(void *context, struct service_connection *c);
    /* The connection is over, and its rings must not be used any more. */
    void (*on_disconnect)(void *context, struct service_connection *c);
    /*
     * The client ended or died (service_client_state()).  The model works off what is in the rings
     * and then calls service_leave().  If is_attached is false, the connection's memory is gone
     * already.  Without this function the framework leaves at once.
     */
    void (*on_end)(void *context, struct service_connection *c);
    /* Does a bounded piece of work.  `bits`: the signals since the last call.  True: some was done,
     * and there may be more. */
    bool (*on_notify)(void *context, uint64_t bits);
    /* Requests signals from the peers of the model's own rings and devices.  False: do not sleep,
     * there is work.  May lower *deadline_ticks. */
    bool (*on_sleep)(void *context, uint64_t *deadline_ticks);
    /* Answers one request.  Both records are private copies with the sizes of the manifest; the
     * reply is zeroed. */
    void (*on_request)(void *context, struct service_connection *c, const void *request,
                       void *reply);
    /* Writes the reply to a request that killed this service before.  With on_request: required. */
    void (*on_poison)(void *context, struct service_connection *c, const void *request,
                      void *reply);
    /*
     * Answers one call of an attached client, which waits.  May write `answer`, which is zeroed;
     * on an error the client gets the error alone.  ERR_BAD_CALL: the protocol has no call with
     * this label.
     */
    MUST_CHECK (*on_call)(void *context, struct service_connection *c,
                          const struct service_call *call, uint64_t answer[SERVICE_CALL_WORDS]);
};

struct service_ops {
    void *context;
    void (*signal)(void *context, uint32_t slot); /* the peer may be gone: no error */
    uint64_t (*time_ticks)(void *context);
    /* memcpy() from and to a client's memory.  ERR_PEER_DIED: a part of that memory is not mapped;
     * the destination may be written in part. */
    enum err (*copy_in)(void *to, const void *client, size_t bytes);
    enum err (*copy_out)(void *client, const void *from, size_t bytes);
};

struct service {
    const struct service_model *model;
    const struct service_ops *ops;
    const struct control_down *down;
    struct control_up *up;
    uint32_t root_slot;
    uint32_t connection_most;
    uint32_t progress;
    uint32_t busy;    /* service_busy() */
    uint64_t suspect; /* the poisonous request, or 0 */
    bool is_careful;
    bool has_looked;    /* at the table, in this life */
    bool knows_clients; /* each connection of the former life was seen */
    bool has_news;      /* for the root server */
    struct service_connection connection[CONTROL_CONNECTIONS_MAX];
};

/*
 * Starts a life of a service.  `down` and `up`: the parts of the control region; `root_slot`: the
 * root server's Notification.  The model and `ops` must outlive the service.
 *   ERR_INVALID_ARG  the region has another version or more connections than the protocol allows,
 *                    or the model is incomplete or has rings that cannot be
 * and the errors of on_start.
 */
MUST_CHECK service_init(struct service *s, const struct service_model *model,
                        const struct service_ops *ops, const void *down, void *up,
                        uint32_t root_slot);

/* Does a bounded piece of work.  `bits`: the signals since the last turn.  True: call again. */
bool service_turn(struct service *s, uint64_t bits);

/* Answers a call that was sent with `badge`: *call becomes the answer. */
void service_call(struct service *s, uint64_t badge, struct service_call *call);

/* Requests signals from all peers.  True: sleep until a signal, or until *deadline_ticks of the
 * time CSR (UINT64_MAX: no deadline).  False: there is work. */
bool service_sleep(struct service *s, uint64_t *deadline_ticks);

/* Signals the root server at the end of the turn: something in the up part has changed. */
void service_root_wake(struct service *s);

/* Something was completed: a service that works, and does not call this, is taken to hang. */
void service_progress(struct service *s, uint32_t count);

/* `count` requests are in flight at the service's device.  While it is not 0, the root server wants
 * progress within the manifest's time.  Requests of on_request() count by themselves. */
void service_busy(struct service *s, uint32_t count);

/* Between service_hold() and service_release() the service has a value that is nowhere else: an
 * ordered end waits (proto/control.h, Holding). */
void service_hold(struct service *s);
void service_release(struct service *s);

/* ---- connections -------------------------------------------------------------------- */

/* The connection with this index, if it is attached; else NULL. */
struct service_connection *service_connection_at(struct service *s, uint32_t index);

/* enum control_connection_state: what is known of the client. */
static inline uint32_t service_client_state(const struct service_connection *c)
{
    return c->seen & CONTROL_STATE_MASK;
}

/* Has the service seen each connection of its former life?  A missing client is gone then. */
static inline bool service_knows_clients(const struct service *s)
{
    return s->knows_clients;
}

/* Signals the client.  Call when ring_..._wakes() says so. */
void service_client_wake(struct service *s, const struct service_connection *c);

/* The service needs the connection's memory no more: after on_end. */
void service_leave(struct service *s, struct service_connection *c);

/*
 * Copies from or to memory that the client shares (`region` of the manifest's regions).  `offset`
 * is the client's own number of the first byte.  The memory may vanish at any time.
 *   ERR_RANGE      the client has no such region, or the range is not in the region
 *   ERR_PEER_DIED  a part of the range is not mapped any more; the destination may be written in
 *                  part
 */
MUST_CHECK service_region_read(struct service *s, const struct service_connection *c,
                               uint32_t region, uint64_t offset, void *to, size_t bytes);
MUST_CHECK service_region_write(struct service *s, const struct service_connection *c,
                                uint32_t region, uint64_t offset, const void *from, size_t bytes);

#endif
