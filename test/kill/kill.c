/* SPDX-License-Identifier: BSD-2-Clause */
#include "kill.h"

#include <string.h>

static bool kill_number_parse(const char **text, uint64_t most, uint64_t *out)
{
    uint64_t value = 0;
    const char *at = *text;

    while (*at >= '0' && *at <= '9' && value <= most)
        value = value * 10 + (uint64_t)(*at++ - '0');
    if (at == *text || value > most)
        return false;
    *text = at;
    *out = value;
    return true;
}

static bool kill_order_parse(const char *text, struct kill_order *out)
{
    size_t bytes = strcspn(text, ": ");
    uint64_t seed, every, most = 0;

    if (bytes == 0 || bytes >= sizeof out->name || text[bytes] != ':')
        return false;
    const char *at = text + bytes + 1;
    if (!kill_number_parse(&at, UINT32_MAX, &seed) || *at++ != ':' ||
        !kill_number_parse(&at, 1000000, &every) || every == 0)
        return false;
    if (*at == ':' && (++at, !kill_number_parse(&at, UINT32_MAX, &most)))
        return false;
    if (*at != 0 && *at != ' ')
        return false;
    *out = (struct kill_order){.random = seed,
                               .every_ms = (uint32_t)every,
                               .most = (uint32_t)most,
                               .at_ticks = KILL_NEVER};
    memcpy(out->name, text, bytes);
    return true;
}

bool kill_parse(const char *bootargs, struct kill_order order[KILL_ORDERS_MAX], unsigned *count)
{
    static const char key[] = "test.kill=";

    *count = 0;
    while (*bootargs != 0) {
        bootargs += strspn(bootargs, " ");
        if (strncmp(bootargs, key, sizeof key - 1) == 0 &&
            (*count == KILL_ORDERS_MAX ||
             !kill_order_parse(bootargs + sizeof key - 1, &order[(*count)++])))
            return false;
        bootargs += strcspn(bootargs, " ");
    }
    return true;
}

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t kill_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Chooses the time of the present life's kill. */
static void kill_arm(struct kill_order *order, uint64_t hz, uint64_t now)
{
    uint64_t span = hz * order->every_ms / 500;

    order->at_ticks = order->most != 0 && order->done == order->most
                          ? KILL_NEVER
                          : now + kill_random(&order->random) % (span > 0 ? span : 1);
}

/* The life `life` is back. */
static void kill_back(struct kill_order *order, uint32_t life, uint64_t hz, uint64_t now)
{
    if (order->is_away) {
        order->away_ticks += now - order->killed_at;
        order->back++;
    }
    order->is_away = false;
    order->life = life;
    kill_arm(order, hz, now);
}

bool kill_look(struct kill_order *order, uint32_t life, bool is_back, uint64_t hz, uint64_t now)
{
    if (life != order->life && is_back)
        kill_back(order, life, hz, now);
    if (life == 0 || life != order->life || order->at_ticks == KILL_NEVER || now < order->at_ticks)
        return false;
    order->at_ticks = KILL_NEVER;
    order->killed_at = now;
    order->is_away = true;
    order->done++;
    return true;
}
