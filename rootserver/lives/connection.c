/* SPDX-License-Identifier: BSD-2-Clause */
/* The service's side of connections: made, offered, answered, left and taken back. */
#include <rootserver/lives/lives.h>

#include <stdio.h>
#include <string.h>

void connection_state_set(struct lives *lives, unsigned connection, enum control_used_state state)
{
    struct life_connection *c = &lives->connection[connection];

    if (c->state == state || c->state == CONTROL_USED_REFUSED)
        return; /* a refusal is for good: the client has given up its requests */
    c->state = state;
    link_used(&lives->life[c->client].link, c->used, state);
}

/* The state that the entry has for the service, as the client is now. */
static enum control_connection_state connection_entry_state(const struct lives *lives,
                                                            const struct life_connection *c)
{
    switch (lives->life[c->client].outcome) {
    case LIFE_OUTCOME_ENDED:
        return CONTROL_CONNECTION_CLIENT_ENDED;
    case LIFE_OUTCOME_DEAD:
        return CONTROL_CONNECTION_CLIENT_DEAD;
    default:
        return CONTROL_CONNECTION_OFFERED;
    }
}

static void connection_refuse(struct lives *lives, unsigned connection, const char *reason)
{
    struct life_connection *c = &lives->connection[connection];

    c->has_left = true;
    connection_state_set(lives, connection, CONTROL_USED_REFUSED);
    printf("%s refuses the connection of %s (%s): %s\n", lives->life[c->service].name,
           lives->life[c->client].name, c->source, reason);
}

/* Has the client ended for good, or has the service left?  The service then gets no memory of the
 * client. */
static bool connection_is_over(const struct lives *lives, const struct life_connection *c)
{
    return c->has_left || lives->life[c->client].outcome != LIFE_OUTCOME_NONE;
}

/* Offers the connection to the present life of the service.  After LEFT the entry has no addresses:
 * it tells the service the client's end. */
static void connection_offer(struct lives *lives, unsigned connection, uint64_t now)
{
    struct life_connection *c = &lives->connection[connection];
    struct link *link = &lives->life[c->service].link;
    struct control_connection entry = {0};

    work_entry(lives->work, connection, &entry);
    if (c->has_left)
        control_connection_strip(&entry);
    link_entry_offer(link, c->served, &entry, connection_entry_state(lives, c), now);
    c->is_offered = true;
}

/* Does one step: of the service's side, then of the region, then offers the connection.  A client
 * that has ended has no region any more. */
static void connection_side_make(struct lives *lives, unsigned connection, uint64_t now)
{
    struct life_connection *c = &lives->connection[connection];
    unsigned part = c->is_side_made ? plan_part_region(connection)
                                    : plan_part_side(connection, PLAN_SIDE_SERVICE);
    struct problem problem = {0};

    if (c->is_side_made && connection_is_over(lives, c)) {
        connection_offer(lives, connection, now);
        return;
    }
    /* After the first step, and also after a failure, a part of the side may be made. */
    *(c->is_side_made ? &c->has_region : &c->has_service_side) = true;
    enum err err = work_make(lives->work, part, &problem);
    if (err == ERR_AGAIN)
        return;
    if (err != OK)
        connection_refuse(lives, connection, problem.text);
    else if (c->is_side_made)
        connection_offer(lives, connection, now);
    else
        c->is_side_made = true;
}

/* The service needs no memory of the connection any more. */
static void connection_side_undo(struct lives *lives, unsigned connection)
{
    struct life_connection *c = &lives->connection[connection];

    if (c->is_offered)
        link_entry_strip(&lives->life[c->service].link, c->served);
    c->has_service_side =
        work_undo(lives->work, plan_part_side(connection, PLAN_SIDE_SERVICE)) == ERR_AGAIN;
}

/* True: the answer differs from the last one. */
static bool connection_answer_look(struct lives *lives, unsigned connection)
{
    struct life_connection *c = &lives->connection[connection];
    char reason[CONTROL_REASON_BYTES];

    switch (link_answer(&lives->life[c->service].link, c->served, reason)) {
    case CONTROL_ANSWER_ACCEPTED:
        if (c->state != CONTROL_USED_AWAY)
            return false;
        connection_state_set(lives, connection, CONTROL_USED_UP);
        return true;
    case CONTROL_ANSWER_REFUSED:
        work_unpin(lives->work, connection);
        connection_refuse(lives, connection, reason);
        return true;
    case CONTROL_ANSWER_LEFT:
        c->has_left = true;
        work_unpin(lives->work, connection);
        if (lives->life[c->client].outcome == LIFE_OUTCOME_NONE)
            connection_refuse(lives, connection, "it left");
        return true;
    default:
        return false;
    }
}

/* Takes the memory back once neither side is made.  A service that is down and has not left gets
 * the rings once more in its next life; a service that was given up needs nothing. */
static bool connection_take_back(struct lives *lives, unsigned connection)
{
    struct life_connection *c = &lives->connection[connection];
    const struct life *service = &lives->life[c->service];
    enum err err;

    if (c->has_service_side ||
        (service->outcome == LIFE_OUTCOME_NONE && !c->is_bad && !c->has_left))
        return false;
    /* The last life of the service may have left the plans of region and side. */
    err = work_undo(lives->work, plan_part_region(connection));
    if (err == OK)
        err = work_undo(lives->work, plan_part_side(connection, PLAN_SIDE_SERVICE));
    if (err == OK)
        err = work_undo(lives->work, plan_part_connection(connection));
    if (err == ERR_AGAIN)
        return true;
    if (err != OK)
        printf("the memory of the connection of %s (%s) cannot be freed\n",
               lives->life[c->client].name, c->source);
    c->is_made = false;
    return true;
}

/* It was offered, or refused for good, or was not made yet. */
static bool connection_needs_no_offer(const struct life_connection *c)
{
    return c->is_offered || c->state == CONTROL_USED_REFUSED || (!c->has_left && !c->is_made);
}

/* The service runs.  True: there was work. */
static bool connection_service_step(struct lives *lives, unsigned connection, uint64_t now)
{
    struct life_connection *c = &lives->connection[connection];

    if (c->has_region && connection_is_over(lives, c)) {
        /* At once: the service's next access is an error (proto/control.h). */
        c->has_region = work_undo(lives->work, plan_part_region(connection)) == ERR_AGAIN;
        return true;
    }
    if (c->has_left && c->has_service_side) {
        connection_side_undo(lives, connection);
        return true;
    }
    if (c->is_offered)
        return !c->has_left && connection_answer_look(lives, connection);
    if (connection_needs_no_offer(c))
        return false;
    if (c->has_left)
        connection_offer(lives, connection, now);
    else
        connection_side_make(lives, connection, now);
    return true;
}

/* Is the connection in the service's table, or will it never be there? */
static bool connection_is_told(const struct life_connection *c)
{
    return c->is_bad || connection_needs_no_offer(c);
}

void connections_told(struct lives *lives, unsigned service)
{
    const struct link *link = &lives->life[service].link;

    if (link->is_table_whole || link->place.connection_most == 0)
        return;
    for (unsigned i = 0; i < lives->connection_count; i++)
        if (lives->connection[i].service == service && !connection_is_told(&lives->connection[i]))
            return;
    link_table_whole(&lives->life[service].link);
}

bool connection_step(struct lives *lives, unsigned connection, uint64_t now)
{
    struct life_connection *c = &lives->connection[connection];
    const struct life *service = &lives->life[c->service], *client = &lives->life[c->client];

    if (service->state == LIFE_RUNNING && !c->is_bad &&
        connection_service_step(lives, connection, now))
        return true;
    if (client->state == LIFE_TAKE_BACK && c->is_made && !c->has_client_side)
        return connection_take_back(lives, connection);
    return false;
}

void connection_service_ended(struct lives *lives, unsigned connection, bool is_final)
{
    struct life_connection *c = &lives->connection[connection];

    /* The service was told to leave and did not: its next life does not get the memory. */
    c->has_left |= c->is_offered && link_entry_is_leaving(&lives->life[c->service].link, c->served);
    c->is_offered = c->is_side_made = false;
    connection_state_set(lives, connection, is_final ? CONTROL_USED_RETIRED : CONTROL_USED_AWAY);
}

void connection_client_ended(struct lives *lives, unsigned connection, uint64_t now)
{
    struct life_connection *c = &lives->connection[connection];

    if (c->is_offered)
        link_entry_state(&lives->life[c->service].link, c->served, connection_entry_state(lives, c),
                         now);
}
