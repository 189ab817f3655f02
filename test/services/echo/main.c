/* SPDX-License-Identifier: BSD-2-Clause */
#include <manifest/echo.manifest.h>
#include <rt/rt_service.h>
#include <test/services/echo/echo.h>

static void echo_on_request(void *context, struct service_connection *c, const void *request,
                            void *reply)
{
    (void)context;
    (void)c;
    echo_answer(request, reply);
}

static void echo_on_poison(void *context, struct service_connection *c, const void *request,
                           void *reply)
{
    (void)context;
    (void)c;
    echo_refuse(request, ECHO_POISON, reply);
}

_Static_assert(ECHO_CALL_WORDS == SERVICE_CALL_WORDS, "words of a call");

static enum err echo_on_call(void *context, struct service_connection *c,
                             const struct service_call *call, uint64_t answer[SERVICE_CALL_WORDS])
{
    (void)context;
    (void)c;
    return echo_call(call->label, call->word, answer);
}

int main(void)
{
    static const struct service_ring rings[] = ECHO_RINGS;
    static const struct service_model model = {.ring = rings,
                                               .ring_count = ECHO_RING_COUNT,
                                               .on_request = echo_on_request,
                                               .on_poison = echo_on_poison,
                                               .on_call = echo_on_call};
    static struct service service;

    return rt_service_run(&service, &model);
}
