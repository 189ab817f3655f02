/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/link/link.h>

#include <string.h>

#include <rt/calls.h>

static struct control_down *link_down_part(const struct link *link)
{
    return link->place.down;
}

static struct control_up *link_up_part(const struct link *link)
{
    return link->place.up;
}

static struct control_connection *link_table(const struct link *link)
{
    return (struct control_connection *)((uint8_t *)link->place.down + CONTROL_DOWN_TABLE);
}

static void link_signal(const struct link *link)
{
    (void)!notification_signal(
        cap_at(link->place.bell)); /* the Notification outlives the process */
}

void link_init(struct link *link, const struct link_place *place, const struct link_times *times)
{
    *link = (struct link){.place = *place, .times = *times, .ping_at = POLICY_NEVER};
    policy_patience_stop(&link->pong);
    policy_patience_stop(&link->progress);
    for (unsigned i = 0; i < CONTROL_CONNECTIONS_MAX; i++)
        policy_patience_stop(&link->entry[i].answer);
}

/* ---- lives -------------------------------------------------------------------------- */

void link_up(struct link *link, unsigned fault_count, uint64_t suspect, uint64_t now)
{
    struct control_down *down = link_down_part(link);
    uint32_t most = link->place.connection_most;

    memset(link->place.up, 0, control_up_bytes(most, link->place.has_lines));
    memset(link->place.down, 0, control_down_bytes(most, link->place.has_lines));
    down->version = CONTROL_VERSION;
    down->connection_most = most;
    down->has_lines = link->place.has_lines;
    down->fault_count = fault_count;
    down->suspect = suspect;
    for (unsigned i = 0; i < CONTROL_USED_MAX; i++)
        atomic_store_explicit(&down->used_state[i], link->used_state[i], memory_order_release);
    for (unsigned i = 0; i < most; i++) {
        link->entry[i].state = CONTROL_CONNECTION_NONE;
        policy_patience_stop(&link->entry[i].answer);
    }
    link->fault = NULL;
    link->ping = 0;
    link->ping_at = now;
    policy_patience_stop(&link->pong);
    policy_patience_stop(&link->progress);
    link->is_table_whole = false;
    link->is_up = true;
}

void link_down(struct link *link)
{
    link->is_up = false;
}

bool link_holds(const struct link *link)
{
    return atomic_load_explicit(&link_up_part(link)->holds, memory_order_relaxed) != 0;
}

uint64_t link_doing(const struct link *link)
{
    return atomic_load_explicit(&link_up_part(link)->doing, memory_order_relaxed);
}

/* ---- served connections ------------------------------------------------------------- */

/* How long the process may take to answer.  A device may have to end what it does before the answer
 * to LEAVING. */
static uint64_t link_answer_ticks(const struct link *link, uint32_t state)
{
    const struct link_times *t = &link->times;

    switch (state) {
    case CONTROL_CONNECTION_CLIENT_ENDED:
    case CONTROL_CONNECTION_CLIENT_DEAD:
        return LINK_LEAVE_PINGS * t->ping_ticks;
    case CONTROL_CONNECTION_LEAVING:
        return t->progress_ticks > t->ping_ticks ? t->progress_ticks : t->ping_ticks;
    default:
        return t->ping_ticks;
    }
}

static void link_entry_store(struct link *link, unsigned index, uint32_t state, uint64_t now)
{
    struct link_entry *e = &link->entry[index];

    e->state = state;
    policy_patience_start(&e->answer, link_answer_ticks(link, state), now);
    atomic_store_explicit(&link_table(link)[index].state, control_state(e->generation, state),
                          memory_order_release);
    link_signal(link);
}

void link_entry_offer(struct link *link, unsigned index, const struct control_connection *entry,
                      enum control_connection_state state, uint64_t now)
{
    struct control_connection *to = &link_table(link)[index];
    const size_t skip = sizeof to->state;

    link->entry[index].generation++;
    memcpy((uint8_t *)to + skip, (const uint8_t *)entry + skip, sizeof *to - skip);
    link_entry_store(link, index, state, now);
}

void link_table_whole(struct link *link)
{
    link->is_table_whole = true;
    atomic_store_explicit(&link_down_part(link)->is_table_whole, 1, memory_order_release);
    link_signal(link);
}

void link_entry_state(struct link *link, unsigned index, enum control_connection_state state,
                      uint64_t now)
{
    if (link->is_up && link->entry[index].state != CONTROL_CONNECTION_NONE)
        link_entry_store(link, index, state, now);
}

bool link_entry_is_leaving(const struct link *link, unsigned index)
{
    return link->entry[index].state == CONTROL_CONNECTION_LEAVING;
}

void link_entry_strip(struct link *link, unsigned index)
{
    control_connection_strip(&link_table(link)[index]);
}

static const struct control_answer *link_answer_at(const struct link *link, unsigned index)
{
    return (const struct control_answer *)((const uint8_t *)link->place.up + CONTROL_UP_ANSWERS) +
           index;
}

/* Copies hostile text: at most the field's bytes, printable, with a zero byte. */
static void link_reason_copy(const struct control_answer *answer, char reason[CONTROL_REASON_BYTES])
{
    unsigned i;

    for (i = 0; i < CONTROL_REASON_BYTES - 1; i++) {
        char c = *(const volatile char *)&answer->reason[i];
        if (c == 0)
            break;
        reason[i] = c >= 32 && c < 127 ? c : '?';
    }
    reason[i] = 0;
}

enum control_answer_state link_answer(const struct link *link, unsigned index,
                                      char reason[CONTROL_REASON_BYTES])
{
    const struct control_answer *answer = link_answer_at(link, index);
    const struct link_entry *e = &link->entry[index];
    uint32_t word = atomic_load_explicit(&answer->state, memory_order_acquire);
    uint32_t state = word & CONTROL_STATE_MASK;

    reason[0] = 0;
    if (!link->is_up || e->state == CONTROL_CONNECTION_NONE || state > CONTROL_ANSWER_LEFT ||
        control_state(e->generation, state) != word)
        return CONTROL_ANSWER_NONE;
    if (state == CONTROL_ANSWER_REFUSED)
        link_reason_copy(answer, reason);
    return (enum control_answer_state)state;
}

static bool link_entry_is_answered(const struct link *link, unsigned index)
{
    char reason[CONTROL_REASON_BYTES];
    enum control_answer_state answer = link_answer(link, index, reason);

    if (link->entry[index].state == CONTROL_CONNECTION_OFFERED)
        return answer != CONTROL_ANSWER_NONE;
    return answer == CONTROL_ANSWER_LEFT || answer == CONTROL_ANSWER_REFUSED;
}

/* ---- used connections --------------------------------------------------------------- */

void link_used(struct link *link, unsigned index, enum control_used_state state)
{
    link->used_state[index] = state;
    if (!link->is_up)
        return;
    atomic_store_explicit(&link_down_part(link)->used_state[index], state, memory_order_release);
    link_signal(link);
}

/* Does the process wait for a service that is away? */
static bool link_is_excused(const struct link *link)
{
    uint32_t word = atomic_load_explicit(&link_up_part(link)->waits_for, memory_order_relaxed);

    return word > 0 && word <= CONTROL_USED_MAX && link->used_state[word - 1] == CONTROL_USED_AWAY;
}

/* ---- judging the process ------------------------------------------------------------ */

static void link_progress_look(struct link *link, uint64_t now)
{
    struct control_up *up = link_up_part(link);
    bool is_over = false;

    if (link->times.progress_ticks == 0)
        return;
    uint32_t busy = atomic_load_explicit(&up->busy, memory_order_relaxed);
    uint32_t progress = atomic_load_explicit(&up->progress, memory_order_relaxed);
    if (busy == 0) {
        policy_patience_stop(&link->progress);
    } else if (!policy_patience_is_on(&link->progress) || progress != link->progress_seen) {
        policy_patience_start(&link->progress, link->times.progress_ticks, now);
        link->progress_seen = progress;
    } else if (policy_patience_look(&link->progress, now, &is_over) && is_over) {
        link->fault = "makes no progress";
    }
}

static void link_ping_send(struct link *link, uint64_t now)
{
    link->ping++;
    link->ping_at = POLICY_NEVER;
    policy_patience_start(&link->pong, link->times.ping_ticks, now);
    atomic_store_explicit(&link_down_part(link)->ping, link->ping, memory_order_release);
    link_signal(link);
}

static void link_ping_look(struct link *link, uint64_t now)
{
    bool is_over = false;

    if (policy_patience_is_on(&link->pong)) {
        uint32_t pong = atomic_load_explicit(&link_up_part(link)->pong, memory_order_relaxed);
        if (pong == link->ping) {
            policy_patience_stop(&link->pong);
            link->ping_at = now + link->times.ping_ticks;
        } else if (policy_patience_look(&link->pong, now, &is_over)) {
            if (link_is_excused(link)) /* the whole time begins when the service is back */
                policy_patience_start(&link->pong, link->times.ping_ticks, now);
            else if (is_over)
                link->fault = "does not answer";
        }
    }
    if (now >= link->ping_at)
        link_ping_send(link, now);
}

static void link_entry_overdue(struct link *link, unsigned index, uint64_t now)
{
    switch (link->entry[index].state) {
    case CONTROL_CONNECTION_OFFERED:
        link->fault = "does not answer an offer";
        break;
    case CONTROL_CONNECTION_LEAVING:
        link->fault = "does not leave a connection";
        break;
    default:
        link_entry_store(link, index, CONTROL_CONNECTION_LEAVING, now);
        break;
    }
}

static void link_entries_look(struct link *link, uint64_t now)
{
    for (unsigned i = 0; i < link->place.connection_most; i++) {
        struct link_entry *e = &link->entry[i];
        bool is_over = false;
        if (!policy_patience_is_on(&e->answer))
            continue;
        if (link_entry_is_answered(link, i))
            policy_patience_stop(&e->answer);
        else if (policy_patience_look(&e->answer, now, &is_over) && is_over)
            link_entry_overdue(link, i, now);
    }
}

void link_look(struct link *link, uint64_t now)
{
    if (!link->is_up || link->fault != NULL)
        return;
    link_ping_look(link, now);
    link_progress_look(link, now);
    link_entries_look(link, now);
}

uint64_t link_deadline(const struct link *link)
{
    uint64_t first = link->ping_at;

    if (!link->is_up || link->fault != NULL)
        return POLICY_NEVER;
    if (link->pong.look_ticks < first)
        first = link->pong.look_ticks;
    if (link->progress.look_ticks < first)
        first = link->progress.look_ticks;
    for (unsigned i = 0; i < link->place.connection_most; i++) {
        if (link->entry[i].answer.look_ticks < first)
            first = link->entry[i].answer.look_ticks;
    }
    return first;
}
