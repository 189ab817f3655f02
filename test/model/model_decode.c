/* SPDX-License-Identifier: BSD-2-Clause */
/* The checks of every call, written by hand from the manual, not generated. */
#include "model.h"

#define R RIGHT_READ
#define W RIGHT_WRITE
#define X RIGHT_EXEC
#define M RIGHT_MANAGE

struct want {
    uint8_t type, method, rights;
    struct {
        uint16_t types;
        uint8_t rights;
        bool is_optional;
    } arg[4];
};

static const struct want methods[] = {
    { OBJ_UNTYPED, METHOD_UNTYPED_RETYPE, W, { [2] = { OBJ_MASK(OBJ_CNODE), W, false } } },
    { OBJ_UNTYPED, METHOD_UNTYPED_INFO, 0, { { 0 } } },
    { OBJ_CNODE, METHOD_CNODE_COPY, W, { [1] = { OBJ_MASK(OBJ_CNODE), R, false } } },
    { OBJ_CNODE, METHOD_CNODE_MINT, W, { [1] = { OBJ_MASK(OBJ_CNODE), R, false } } },
    { OBJ_CNODE, METHOD_CNODE_MOVE, W, { [1] = { OBJ_MASK(OBJ_CNODE), R | W, false } } },
    { OBJ_CNODE, METHOD_CNODE_DELETE, W, { { 0 } } },
    { OBJ_CNODE, METHOD_CNODE_REVOKE, W, { { 0 } } },
    { OBJ_FRAME, METHOD_FRAME_MAP, 0,
      { [0] = { OBJ_MASK(OBJ_VSPACE) | OBJ_MASK(OBJ_GSPACE), M, false } } },
    { OBJ_FRAME, METHOD_FRAME_UNMAP, 0, { { 0 } } },
    { OBJ_FRAME, METHOD_FRAME_INFO, 0, { { 0 } } },
    { OBJ_VSPACE, METHOD_VSPACE_INFO, 0, { { 0 } } },
    { OBJ_VSPACE, METHOD_VSPACE_RECOVER, M, { { 0 } } },
    { OBJ_GSPACE, METHOD_GSPACE_INFO, 0, { { 0 } } },
    { OBJ_THREAD, METHOD_THREAD_CONFIGURE, M,
      { [0] = { OBJ_MASK(OBJ_CNODE), R | W, false },
        [1] = { OBJ_MASK(OBJ_VSPACE), M, false },
        [2] = { OBJ_MASK(OBJ_ENDPOINT), W, true } } },
    { OBJ_THREAD, METHOD_THREAD_BIND, M, { [0] = { OBJ_MASK(OBJ_NOTIFICATION), R, true } } },
    { OBJ_THREAD, METHOD_THREAD_GET_REG, R, { { 0 } } },
    { OBJ_THREAD, METHOD_THREAD_SET_REG, W, { { 0 } } },
    { OBJ_THREAD, METHOD_THREAD_RESUME, W, { { 0 } } },
    { OBJ_THREAD, METHOD_THREAD_SUSPEND, W, { { 0 } } },
    { OBJ_THREAD, METHOD_THREAD_INFO, R, { { 0 } } },
    { OBJ_VCPU, METHOD_VCPU_BIND, M,
      { [0] = { OBJ_MASK(OBJ_THREAD), M, false },
        [1] = { OBJ_MASK(OBJ_GSPACE), M, false },
        [2] = { OBJ_MASK(OBJ_FRAME), R | W, false } } },
    { OBJ_VCPU, METHOD_VCPU_GET_REG, R, { { 0 } } },
    { OBJ_VCPU, METHOD_VCPU_SET_REG, W, { { 0 } } },
    { OBJ_VCPU, METHOD_VCPU_INJECT, W, { { 0 } } },
    { OBJ_VCPU, METHOD_VCPU_FENCE, W, { { 0 } } },
    { OBJ_IRQ, METHOD_IRQ_BIND, M,
      { [0] = { OBJ_MASK(OBJ_IRQ_CONTROL), M, false },
        [2] = { OBJ_MASK(OBJ_NOTIFICATION), W, false } } },
    { OBJ_IRQ, METHOD_IRQ_ACK, W, { { 0 } } },
    { OBJ_KLOG, METHOD_KLOG_WRITE, W, { { 0 } } },
};

/* By call number; type OBJ_NONE: a0 is not read. */
static const struct want calls[CALL_COUNT] = {
    [CALL_CALL] = { .type = OBJ_ENDPOINT, .rights = W },
    [CALL_REPLY_RECV] = { .type = OBJ_ENDPOINT, .rights = R },
    [CALL_SEND] = { .type = OBJ_ENDPOINT, .rights = W },
    [CALL_RECV] = { .type = OBJ_ENDPOINT, .rights = R },
    [CALL_SIGNAL] = { .type = OBJ_NOTIFICATION, .rights = W },
    [CALL_WAIT] = { .type = OBJ_NOTIFICATION, .rights = R },
    [CALL_POLL] = { .type = OBJ_NOTIFICATION, .rights = R },
    [CALL_YIELD] = { .type = OBJ_NONE },
    [CALL_REPLY_RECV_UNTIL] = { .type = OBJ_ENDPOINT, .rights = R },
    [CALL_RECV_UNTIL] = { .type = OBJ_ENDPOINT, .rights = R },
    [CALL_VCPU_RUN] = { .type = OBJ_VCPU, .rights = X },
};

uint64_t model_slot_count(const struct model *model, uint32_t cnode)
{
    return UINT64_C(1) << (model->object[cnode].size_bits - 6);
}

uint32_t model_lookup(const struct model *model, uint32_t thread, uint64_t index)
{
    uint32_t place = model_find(model, thread, PLACE_CNODE);

    if (place == NO_CAP)
        return NO_CAP;
    uint32_t cnode = model->cap[place].object;
    if (index == 0 || index >= model_slot_count(model, cnode))
        return NO_CAP;
    return model_find(model, cnode, (uint32_t)index);
}

static const struct want *find_method(uint8_t type, uint64_t method)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (methods[i].type == type && methods[i].method == method)
            return &methods[i];
    }
    return NULL;
}

static enum err decode_args(const struct model *model, uint32_t thread, const struct want *want,
                            const struct model_call *call, uint32_t cap[7])
{
    for (uint32_t i = 0; i < 4; i++) {
        if (want->arg[i].types == 0 || (want->arg[i].is_optional && call->arg[i] == 0))
            continue;
        uint32_t at = model_lookup(model, thread, call->arg[i]);
        if (at == NO_CAP || (want->arg[i].types & OBJ_MASK(model->cap[at].type)) == 0)
            return ERR_INVALID_CAP;
        if ((want->arg[i].rights & ~model->cap[at].rights) != 0)
            return ERR_NO_RIGHT;
        cap[1 + i] = at;
    }
    return OK;
}

enum err model_decode(const struct model *model, uint32_t thread, const struct model_call *call,
                      uint32_t cap[7])
{
    const struct want *want;

    for (uint32_t i = 0; i < 7; i++)
        cap[i] = NO_CAP;
    if (call->number >= CALL_COUNT)
        return ERR_BAD_CALL;
    if (call->number == CALL_YIELD)
        return OK;
    cap[0] = model_lookup(model, thread, call->cap);
    if (cap[0] == NO_CAP)
        return ERR_INVALID_CAP;
    if (call->number == CALL_INVOKE) {
        want = find_method(model->cap[cap[0]].type, call->method);
        if (want == NULL)
            return ERR_BAD_CALL;
    } else {
        want = &calls[call->number];
        if (want->type != model->cap[cap[0]].type)
            return ERR_INVALID_CAP;
    }
    if ((want->rights & ~model->cap[cap[0]].rights) != 0)
        return ERR_NO_RIGHT;
    return call->number == CALL_INVOKE ? decode_args(model, thread, want, call, cap) : OK;
}
