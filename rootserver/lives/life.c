/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts processes: for the first time, or after a death. */
#include <rootserver/lives/lives.h>

#include <stdio.h>

static unsigned life_owner_part(unsigned process)
{
    unsigned owner = plan_process_owner(process);

    return plan_process_is_vmm(process) ? plan_part_guest(owner) : plan_part_instance(owner);
}

/* A part cannot be made.  A first start is given up, because a second attempt would fail in the
 * same way. A restart counts as a fault, and the restart policy decides on the next attempt. */
static void life_make_failed(struct lives *lives, unsigned process, const char *why, uint64_t now)
{
    struct life *l = &lives->life[process];

    if (l->guest != NULL)
        printf("guest %s cannot be started%s: %s\n", l->guest, l->restart_count > 0 ? " anew" : "",
               why);
    else
        printf("service %s cannot be started%s: %s\n", l->name, l->restart_count > 0 ? " anew" : "",
               why);
    if (l->restart_count == 0 ||
        !policy_fault(&l->limiter, &l->restart, lives->hz, now, &l->at_ticks)) {
        life_give_up(lives, process, LIFE_OUTCOME_DEAD, now);
    } else {
        l->at_ticks += now;
    }
    l->state = LIFE_CLEAR_SIDES;
}

/* Makes one part; in the end goes on to `next`. */
static void life_part_make(struct lives *lives, unsigned process, unsigned part,
                           enum life_state next, uint64_t now)
{
    struct problem problem = {0};
    enum err err = work_make(lives->work, part, &problem);

    if (err == OK)
        lives->life[process].state = next;
    else if (err != ERR_AGAIN)
        life_make_failed(lives, process, problem.text, now);
}

static void life_owner_make(struct lives *lives, unsigned process, uint64_t now)
{
    struct life *l = &lives->life[process];
    struct link_place place;

    life_part_make(lives, process, life_owner_part(process), LIFE_CONNECTIONS, now);
    if (l->state != LIFE_CONNECTIONS)
        return;
    l->has_owner = true;
    work_control(lives->work, process, &place);
    link_init(&l->link, &place, &l->times);
}

/* May the connection's memory, or the client's side, be made?  A process starts without a service
 * that was given up before.  Once the memory is made, each life of the process gets its side, also
 * without the service: its guest's device must not vanish. */
static bool life_connection_is_possible(const struct lives *lives, const struct life_connection *c,
                                        bool is_side)
{
    const struct life *service = &lives->life[c->service];

    if (is_side)
        return c->is_made && service->has_owner;
    return service->outcome == LIFE_OUTCOME_NONE || c->is_half;
}

/* Makes the next thing that a used connection lacks: its memory, or the client's side.  False: no
 * connection lacks it. */
static bool life_connection_make(struct lives *lives, unsigned process, bool is_side, uint64_t now)
{
    struct problem problem = {0};

    for (unsigned i = 0; i < lives->connection_count; i++) {
        struct life_connection *c = &lives->connection[i];
        bool *is_done = is_side ? &c->has_client_side : &c->is_made;
        if (c->client != process || *is_done || !life_connection_is_possible(lives, c, is_side))
            continue;
        enum err err = work_make(
            lives->work, is_side ? plan_part_side(i, PLAN_SIDE_CLIENT) : plan_part_connection(i),
            &problem);
        c->is_half = err == ERR_AGAIN;
        *is_done = !c->is_half; /* also after a failure, because a part of it may be made */
        c->is_bad |= !is_side && *is_done && err != OK;
        if (err != OK && err != ERR_AGAIN)
            life_make_failed(lives, process, problem.text, now);
        return true;
    }
    return false;
}

/* A first start waits for the answer of each service.  False: an answer is missing. */
static bool life_is_accepted(struct lives *lives, unsigned process, uint64_t now)
{
    if (lives->life[process].restart_count > 0)
        return true;
    for (unsigned i = 0; i < lives->connection_count; i++) {
        const struct life_connection *c = &lives->connection[i];
        if (c->client != process)
            continue;
        if (c->state == CONTROL_USED_REFUSED) {
            life_make_failed(lives, process, "a service refuses its connection", now);
            return false;
        }
        if (c->state != CONTROL_USED_UP && c->state != CONTROL_USED_RETIRED)
            return false;
    }
    return true;
}

static void life_resume(struct lives *lives, unsigned process, uint64_t now)
{
    struct life *l = &lives->life[process];
    enum err err = OK;

    for (unsigned i = 0; i < lives->connection_count; i++) {
        const struct life_connection *c = &lives->connection[i];
        if (c->client == process)
            l->link.used_state[c->used] = c->state;
    }
    link_up(&l->link, policy_fault_count(&l->limiter, &l->restart, lives->hz, now), l->suspect,
            now);
    if (process == lives->log)
        err = lines_up(lives->lines, &l->link);
    if (err == OK)
        err = work_resume(lives->work, process, l->restart_count);
    l->state = LIFE_RUNNING;
    if (err != OK) {
        printf("%s cannot be resumed\n", l->name);
        lives_end(lives, process, LIFE_END_FAULT, now);
        return;
    }
    if (l->restart_count == 0 || l->was_ordered)
        return;
    printf("%s started anew\n", l->name);
    if (process == lives->log)
        lives_ends_tell(lives);
}

/* Stays in RESET until the devices have confirmed, or until their time is over. */
static bool life_reset_step(struct lives *lives, unsigned process, uint64_t now)
{
    struct life *l = &lives->life[process];

    if (now < l->poll_ticks)
        return false;
    if (work_reset_poll(lives->work, process) == OK) {
        for (unsigned i = 0; i < lives->connection_count; i++) {
            if (lives->connection[i].service == process)
                work_unpin(lives->work, i);
        }
        l->state = LIFE_CLEAR_SIDES;
        return true;
    }
    l->poll_ticks = now + lives->hz / 1000;
    if (now < l->reset_ticks)
        return false;
    printf("%s: a device does not confirm its reset\n", l->name);
    if (l->outcome == LIFE_OUTCOME_NONE)
        life_give_up(lives, process, LIFE_OUTCOME_DEAD, now);
    l->state = LIFE_STUCK; /* its memory stays: the device may still write there */
    return true;
}

/* Unmakes one side or region, and at a final end takes the part out of the plan.  True: there was
 * work. */
static bool life_side_unmake(struct lives *lives, unsigned part, bool is_final, bool *has_side)
{
    bool was_made = *has_side;

    if (!was_made && !is_final)
        return false;
    enum err err = is_final ? work_undo(lives->work, part) : work_clear(lives->work, part);
    *has_side = err == ERR_AGAIN;
    return was_made || err == ERR_AGAIN;
}

/* Unmakes the process's sides and regions one by one, served and used ones.  False: nothing is
 * left. */
static bool life_sides_unmake(struct lives *lives, unsigned process)
{
    bool is_final = lives->life[process].outcome != LIFE_OUTCOME_NONE;

    for (unsigned i = 0; i < lives->connection_count; i++) {
        struct life_connection *c = &lives->connection[i];
        if (c->service == process &&
            (life_side_unmake(lives, plan_part_region(i), is_final, &c->has_region) ||
             life_side_unmake(lives, plan_part_side(i, PLAN_SIDE_SERVICE), is_final,
                              &c->has_service_side)))
            return true;
        if (c->client == process && life_side_unmake(lives, plan_part_side(i, PLAN_SIDE_CLIENT),
                                                     is_final, &c->has_client_side))
            return true;
    }
    return false;
}

static void life_clear(struct lives *lives, unsigned process)
{
    struct life *l = &lives->life[process];
    bool is_final = l->outcome != LIFE_OUTCOME_NONE;
    unsigned part = plan_part_process(process);

    enum err err = is_final ? work_undo(lives->work, part) : work_clear(lives->work, part);
    if (err == ERR_AGAIN)
        return;
    if (err != OK)
        printf("%s cannot be destroyed completely\n", l->name);
    l->state = is_final ? LIFE_TAKE_BACK : LIFE_WAIT;
}

/* Undoes what survived the process, when no connection uses it any more. */
static bool life_take_back(struct lives *lives, unsigned process)
{
    struct life *l = &lives->life[process];

    for (unsigned i = 0; i < lives->connection_count; i++) {
        const struct life_connection *c = &lives->connection[i];
        if ((c->client == process || c->service == process) && (c->is_made || c->is_half))
            return false;
    }
    l->has_owner = false;
    enum err err = work_undo(lives->work, life_owner_part(process));
    if (err == ERR_AGAIN)
        return true;
    if (err != OK)
        printf("the memory of %s cannot be freed\n", l->name);
    l->state = LIFE_OVER;
    return true;
}

static bool life_start_step(struct lives *lives, unsigned process, uint64_t now)
{
    struct life *l = &lives->life[process];

    switch (l->state) {
    case LIFE_OWNER:
        life_owner_make(lives, process, now);
        return true;
    case LIFE_CONNECTIONS:
        if (!life_connection_make(lives, process, false, now))
            l->state = LIFE_PROCESS;
        return true;
    case LIFE_PROCESS:
        life_part_make(lives, process, plan_part_process(process), LIFE_SIDES, now);
        return true;
    case LIFE_SIDES:
        if (!life_connection_make(lives, process, true, now))
            l->state = LIFE_ACCEPT;
        return true;
    default:
        if (!life_is_accepted(lives, process, now))
            return l->state != LIFE_ACCEPT;
        life_resume(lives, process, now);
        return true;
    }
}

bool life_step(struct lives *lives, unsigned process, uint64_t now)
{
    struct life *l = &lives->life[process];

    switch (l->state) {
    case LIFE_RUNNING:
        connections_told(lives, process);
        return false;
    case LIFE_NONE:
    case LIFE_OVER:
    case LIFE_STUCK:
        return false;
    case LIFE_RESET:
        return life_reset_step(lives, process, now);
    case LIFE_CLEAR_SIDES:
        if (!life_sides_unmake(lives, process))
            l->state = LIFE_CLEAR;
        return true;
    case LIFE_CLEAR:
        life_clear(lives, process);
        return true;
    case LIFE_WAIT:
        if (now < l->at_ticks)
            return false;
        l->restart_count++;
        l->state = LIFE_PROCESS;
        return true;
    case LIFE_TAKE_BACK:
        return life_take_back(lives, process);
    default:
        return life_start_step(lives, process, now);
    }
}
