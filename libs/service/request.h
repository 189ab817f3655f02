/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests and replies over two rings: ring 0 from the client, ring 1 to the client.
 *
 * Exactly once.  Reply n answers request n, and the two rings begin together, so the number of
 * replies that were published is the number of requests that were answered.
 *
 *     1. copies request n out of ring 0
 *     2. answers, publishes reply n               the commit
 *     3. drops request n
 *
 * A life that ends before 2 leaves request n for the next life.  A life that ends between 2 and 3
 * leaves a reply ring one ahead of the request ring: the next life drops request n unread.  A
 * client that starts again needs no memory of its own either: the number of its next request is
 * ring_producer_position() of ring 0, that of its next reply ring_consumer_position() of ring 1.
 *
 * A client that does not take its replies gets no more answers; the others do.
 *
 * Poison.  A careful service (proto/control.h) stores the name of each request before step 2 and
 * 0 after step 3.  The request that `suspect` names gets the reply of on_poison().
 *
 * Called only by service.c.
 */
#ifndef SERVICE_REQUEST_H
#define SERVICE_REQUEST_H

#include <service/service.h>

#define REQUEST_TURN_MAX 16 /* requests of one client in one turn */

/* Has the model two rings and two functions for requests? */
bool request_model_fits(const struct service_model *model);

/* After attaching: completes what the last life left between 2 and 3, and clears a suspect that
 * cannot be a request of this client. */
void request_attach(struct service *s, struct service_connection *c);

/* Answers some requests of each client.  True: some were answered. */
bool request_move(struct service *s);

/* Requests a signal from each client.  False: one has a request that can be answered. */
bool request_sleep(struct service *s);

#endif
