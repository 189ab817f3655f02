/* SPDX-License-Identifier: BSD-2-Clause */
#include <service/connection.h>

#include <string.h>

/* The attached connection whose client has this badge, or NULL. */
static struct service_connection *call_connection(struct service *s, uint64_t badge)
{
    for (uint32_t i = 0; i < s->connection_most && badge != 0; i++) {
        struct service_connection *c = service_connection_at(s, i);
        if (c != NULL && c->entry->badge == badge)
            return c;
    }
    return NULL;
}

static MUST_CHECK call_carry_out(struct service *s, uint64_t badge, const struct service_call *call,
                                 uint64_t answer[SERVICE_CALL_WORDS])
{
    if (s->model->on_call == NULL)
        return ERR_NOT_SUPPORTED;
    struct service_connection *c = call_connection(s, badge);
    if (c == NULL)
        return ERR_NOT_FOUND;
    return s->model->on_call(s->model->context, c, call, answer);
}

void service_call(struct service *s, uint64_t badge, struct service_call *call)
{
    uint64_t answer[SERVICE_CALL_WORDS] = {0};

    enum err err = call_carry_out(s, badge, call, answer);
    if (err != OK)
        memset(answer, 0, sizeof answer);
    call->label = (uint32_t)err;
    memcpy(call->word, answer, sizeof answer);
    service_root_tell(s);
}
