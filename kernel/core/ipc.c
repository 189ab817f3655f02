/* SPDX-License-Identifier: BSD-2-Clause */
#include <kernel/core/ipc.h>

#include <abi/decode.h>
#include <abi/message.h>
#include <kernel/core/cnode.h>
#include <kernel/core/endpoint.h>
#include <kernel/core/notification.h>
#include <kernel/core/sched.h>
#include <kernel/core/syscall.h>

#define TAG_SENDER_MASK (TAG_LABEL_MASK | TAG_CAP)

/* The registers that hold the words of a message, in order. */
static const uint8_t word_register[MESSAGE_WORDS] = { REG_A2, REG_A3, REG_A4,
                                                      REG_A5, REG_A6, REG_T1 };

/* ---- the capability in a message -------------------------------------------------- */

static bool message_has_cap(const struct thread *sender)
{
    return !sender->is_fault && (sender->context.x[REG_A1] & TAG_CAP) != 0;
}

/* The capability to send, named by the sender's t0; NULL: none, or it cannot be copied. */
static struct slot *sent_slot(struct thread *sender)
{
    struct slot *slot = thread_slot(sender, sender->context.x[REG_T0] & UINT32_MAX);

    return slot == NULL || slot->type == OBJ_UNTYPED ? NULL : slot;
}

/* The empty slot that the receiver's t0 offers, or NULL. */
static struct slot *receive_slot(struct thread *receiver)
{
    struct object *cnode = slot_object(&receiver->place[THREAD_CNODE]);

    if (cnode == NULL)
        return NULL;
    struct slot *slot = cnode_slot((struct cnode *)cnode, receiver->context.x[REG_T0] >> 32);
    return slot != NULL && slot_is_empty(slot) ? slot : NULL;
}

static enum err cap_transfer(struct thread *from, struct thread *to)
{
    struct slot *source = sent_slot(from), *copy = receive_slot(to);

    if (source == NULL)
        return ERR_INVALID_CAP;
    if (copy == NULL)
        return ERR_NO_SLOT;
    slot_derive(copy, source, source->rights);
    return OK;
}

/* ---- the registers ------------------------------------------------------------------ */

static void words_copy(const struct thread *from, struct thread *to, uint64_t tag, uint64_t badge)
{
    for (uint32_t i = 0; i < MESSAGE_WORDS; i++)
        to->context.x[word_register[i]] = from->context.x[word_register[i]];
    to->context.x[REG_A0] = OK;
    to->context.x[REG_A1] = tag;
    to->context.x[REG_T2] = badge;
}

static void fault_copy(const struct thread *from, struct thread *to)
{
    for (uint32_t i = 0; i < FAULT_WORDS; i++)
        to->context.x[word_register[i]] = from->fault_word[i];
    to->context.x[word_register[MESSAGE_WORDS - 1]] = 0;
    to->context.x[REG_A0] = OK;
    to->context.x[REG_A1] = TAG_FAULT;
    to->context.x[REG_T2] = from->send_badge;
}

void ipc_notified(struct thread *thread, uint64_t bits)
{
    for (uint32_t i = 0; i < MESSAGE_WORDS; i++)
        thread->context.x[word_register[i]] = 0;
    thread->context.x[REG_A0] = OK;
    thread->context.x[REG_A1] = TAG_NOTIFIED;
    thread->context.x[REG_T2] = bits;
}

/* Copy the message of `from` to `to`.  An error is for the sender, and nothing was changed. */
static enum err message_transfer(struct thread *from, struct thread *to)
{
    if (from->is_fault) {
        fault_copy(from, to);
        return OK;
    }
    if (message_has_cap(from)) {
        enum err err = cap_transfer(from, to);
        if (err != OK)
            return err;
    }
    words_copy(from, to, from->context.x[REG_A1] & TAG_SENDER_MASK, from->send_badge);
    return OK;
}

/* ---- sending ------------------------------------------------------------------------ */

/* The caller's message was transferred: block the caller until `receiver` replies. */
static void call_start(struct hart *hart, struct thread *caller, struct thread *receiver)
{
    endpoint_leave(receiver);
    caller_link(caller, receiver);
    sched_block(caller, THREAD_BLOCKED_REPLY);
    sched_handoff(hart, caller, receiver);
}

static enum err ipc_send(struct invocation *inv, bool is_calling)
{
    struct thread *sender = inv->thread;
    struct endpoint *endpoint = (struct endpoint *)slot_known_object(inv->slot);

    if (message_has_cap(sender) && sent_slot(sender) == NULL)
        return ERR_INVALID_CAP;
    if (message_has_cap(sender) && (inv->slot->rights & RIGHT_GRANT) == 0)
        return ERR_NO_RIGHT;
    sender->send_badge = inv->slot->word[0];
    sender->is_calling = is_calling;

    struct thread *receiver = endpoint_receiver(endpoint);
    if (receiver == NULL) {
        inv->is_answered = true;
        endpoint_wait(endpoint, sender, THREAD_BLOCKED_SEND);
        return OK;
    }
    enum err err = message_transfer(sender, receiver);
    if (err != OK)
        return err;
    if (is_calling) {
        inv->is_answered = true;
        call_start(inv->hart, sender, receiver);
    } else {
        endpoint_leave(receiver);
        sched_ready(receiver);
    }
    return OK;
}

enum err ipc_call_invoke(struct invocation *inv)
{
    return ipc_send(inv, true);
}

enum err ipc_send_invoke(struct invocation *inv)
{
    return ipc_send(inv, false);
}

void ipc_send_fault(struct hart *hart, struct thread *thread)
{
    const struct slot *handler = &thread->place[THREAD_FAULT];
    struct endpoint *endpoint = (struct endpoint *)slot_object(handler);
    struct thread *receiver = endpoint_receiver(endpoint);

    thread->is_fault = true;
    thread->is_calling = true;
    thread->send_badge = handler->word[0];
    if (receiver == NULL) {
        endpoint_wait(endpoint, thread, THREAD_BLOCKED_SEND);
        return;
    }
    fault_copy(thread, receiver);
    call_start(hart, thread, receiver);
}

/* ---- receiving ---------------------------------------------------------------------- */

/* Take the message of the first sender.  ERR_NOT_FOUND: no sender waits.  Any other error was
 * returned to the sender, and another sender may wait. */
static enum err sender_take(struct endpoint *endpoint, struct thread *receiver)
{
    struct thread *sender = endpoint_first(endpoint, THREAD_BLOCKED_SEND);

    if (sender == NULL)
        return ERR_NOT_FOUND;
    endpoint_leave(sender);
    enum err err = message_transfer(sender, receiver);
    if (err == OK && sender->is_calling) {
        caller_link(sender, receiver);
        sender->state = THREAD_BLOCKED_REPLY;
    } else {
        thread_answer(sender, err);
    }
    return err;
}

/* Neither a message nor a signal is there: wait for either, until the deadline. */
static enum err receiver_wait(struct endpoint *endpoint, struct thread *receiver,
                              uint64_t deadline_ticks)
{
    if (deadline_ticks == TIMER_NEVER) {
        endpoint_wait(endpoint, receiver, THREAD_BLOCKED_RECV);
        return OK;
    }
    if (deadline_ticks <= hal_time())
        return ERR_TIMEOUT;
    endpoint_wait(endpoint, receiver, THREAD_BLOCKED_RECV_UNTIL);
    thread_timer_arm(receiver, deadline_ticks);
    return OK;
}

/*
 * Take the bound notification's bits or the next message, or wait for either.  If both are there,
 * the signal comes first, but not twice in a row: a message that was there when a signal was taken
 * comes next.  So neither a flood of signals nor a flood of messages keeps the other out.
 */
static enum err ipc_receive(struct invocation *inv, uint64_t deadline_ticks)
{
    struct thread *receiver = inv->thread;
    struct endpoint *endpoint = (struct endpoint *)slot_known_object(inv->slot);
    enum err err = ERR_NOT_FOUND;

    /* Preemptible: any number of senders may fail here because no slot is free for a capability. */
    while (!thread_is_signalled(receiver) || receiver->is_message_next) {
        receiver->is_message_next = false; /* also if the message fails */
        err = sender_take(endpoint, receiver);
        if (err == OK || err == ERR_NOT_FOUND)
            break;
        if (sched_must_give_way(inv->hart))
            return ERR_AGAIN;
    }
    if (err != OK && thread_is_signalled(receiver)) {
        receiver->is_message_next = endpoint_first(endpoint, THREAD_BLOCKED_SEND) != NULL;
        ipc_notified(receiver, notification_take(receiver->notification));
        err = OK;
    }
    if (err != OK)
        err = receiver_wait(endpoint, receiver, deadline_ticks);
    inv->is_answered = err == OK;
    return err;
}

/* Copy the reply of the invoking thread to `caller`.  A reply cannot fail: if the capability cannot
 * be sent, it is left out, and TAG_CAP is clear. */
static void reply_transfer(struct invocation *inv, struct thread *caller)
{
    struct thread *server = inv->thread;
    uint64_t tag = server->context.x[REG_A1] & TAG_SENDER_MASK;

    if (caller->is_fault) {
        caller->is_fault = false; /* it continues at its pc with its registers unchanged */
        return;
    }
    if ((tag & TAG_CAP) != 0 &&
        ((inv->slot->rights & RIGHT_GRANT) == 0 || cap_transfer(server, caller) != OK))
        tag &= ~TAG_CAP;
    words_copy(server, caller, tag, 0);
}

static enum err ipc_reply_receive(struct invocation *inv, uint64_t deadline_ticks)
{
    struct thread *caller = inv->thread->caller;

    if (caller == NULL)
        return ipc_receive(inv, deadline_ticks);
    reply_transfer(inv, caller);
    caller_unlink(caller, inv->thread);
    enum err err = ipc_receive(inv, deadline_ticks);
    sched_handoff(inv->hart, inv->thread, caller); /* runs at once if the server waits now */
    return err;
}

enum err ipc_reply_recv_invoke(struct invocation *inv)
{
    return ipc_reply_receive(inv, TIMER_NEVER);
}

enum err ipc_reply_recv_until_invoke(struct invocation *inv)
{
    return ipc_reply_receive(inv, inv->thread->context.x[REG_T2]);
}

enum err ipc_recv_invoke(struct invocation *inv)
{
    thread_drop_caller(inv->thread, ERR_CANCELLED);
    return ipc_receive(inv, TIMER_NEVER);
}

enum err ipc_recv_until_invoke(struct invocation *inv)
{
    thread_drop_caller(inv->thread, ERR_CANCELLED);
    return ipc_receive(inv, inv->thread->context.x[REG_T2]);
}
