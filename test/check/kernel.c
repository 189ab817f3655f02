/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shipped kernel with one more call, CHECK_CALL (check.h), which walks all of the kernel's
 * memory.  On request the kernel also walks after every n-th call of any thread.  The first broken
 * invariant ends the machine.
 */
#include "check.h"
#include "stretch.h"
#include "walk.h"

#include <kernel/core/cnode.h>
#include <kernel/core/syscall.h>
#include <kernel/print.h>

#define ECALL_BYTES 4u
#define FAIL_CODE   101

void __real_syscall_dispatch(struct hart *hart); /* NOLINT: the linker's name for it */
void __wrap_syscall_dispatch(struct hart *hart);
struct user_context *__real_ipc_fast(struct hart *hart);
struct user_context *__wrap_ipc_fast(struct hart *hart);

static struct walk walk;
static struct cnode *root_table;
static uint64_t calls, every, walks;

static void walk_now(struct hart *hart)
{
    walks++;
    if (root_table == NULL ||
        walk_kernel(&walk, hart, (struct slot *)root_table + 1, root_table->slot_count - 1, true))
        return;
    print_text("\nkernel check: ");
    print_text(walk.broken);
    print_text(": ");
    print_hex(walk.detail);
    print_text("\n");
    hal_machine_fail(FAIL_CODE);
}

/* The root server makes the first call: its CNode holds all roots. */
static void check_call(struct hart *hart)
{
    struct thread *thread = hart->current;
    uint64_t *x = thread->context.x;

    if (root_table == NULL)
        root_table = (struct cnode *)slot_object(&thread->place[THREAD_CNODE]);
    struct stretch stretch = stretch_take();
    if (x[REG_A1] != CHECK_STRETCH) {
        every = x[REG_A1];
        walk_now(hart);
    }
    thread->context.pc += ECALL_BYTES;
    x[REG_A0] = walk.cap_count;
    x[REG_A1] = walk.object_count;
    x[REG_A2] = walks;
    x[REG_A3] = stretch.ticks;
    x[REG_A4] = stretch.call;
    stretch_begin();
}

static void call_count(struct hart *hart)
{
    if (every == 0 || ++calls % every != 0)
        return;
    walk_now(hart);
    stretch_begin();
}

struct user_context *__wrap_ipc_fast(struct hart *hart)
{
    struct user_context *next = __real_ipc_fast(hart);

    if (next != NULL)
        call_count(hart);
    return next;
}

void __wrap_syscall_dispatch(struct hart *hart)
{
    if (hart->current->context.x[REG_A7] == CHECK_CALL) {
        check_call(hart);
        return;
    }
    stretch_name(hart->current->context.x[REG_A7], hart->current->context.x[REG_A1]);
    __real_syscall_dispatch(hart);
    call_count(hart);
}
