/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Times the kernel's calls, and prints for each
 *
 *   bench: NAME: T ticks for N
 *
 * Under `-icount shift=0` a tick is 100 instructions, loop and stub included (the first
 * line says how many those are).  Two threads of one VSpace and one priority: `main_thread`
 * times, `server_thread` answers.
 */
#include <abi/bootinfo.h>
#include <abi/stubs.h>

#define STACK_BYTES 4096u
#define ROUNDS      UINT64_C(10000)
#define PRIORITY    63u
#define PAGE_AT     UINT64_C(0x2000000000) /* nothing else is mapped here */
#define RIGHTS_RW   (RIGHT_READ | RIGHT_WRITE)

enum slot { SLOT_SERVER, SLOT_ENDPOINT, SLOT_PING, SLOT_PONG, SLOT_FRAME, SLOT_COPY, SLOT_COUNT };

static uint32_t first_slot;
static uint32_t memory_slot;
static _Alignas(16) uint8_t server_stack[STACK_BYTES];

static cap_t cap(enum slot slot)
{
    return cap_at(first_slot + slot);
}

/* ---- output ------------------------------------------------------------------- */

static void put(const char *text, uint64_t length)
{
    uint64_t word[5] = { 0 };

    for (uint64_t i = 0; i < length; i++)
        word[i / 8] |= (uint64_t)(uint8_t)text[i] << (8 * (i % 8));
    if (klog_write(cap_at(BOOT_SLOT_KLOG), length, word[0], word[1], word[2], word[3], word[4]) !=
        OK)
        __builtin_trap();
}

static void put_string(const char *string)
{
    uint64_t length = 0;

    for (; string[length] != '\0'; length++) {
        if (length == 40) {
            put(string, length);
            string += length;
            length = 0;
        }
    }
    if (length > 0)
        put(string, length);
}

static void put_decimal(uint64_t value)
{
    char digits[21];
    uint64_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    put(digits + at, sizeof(digits) - at);
}

static void must(enum err err)
{
    if (err == OK)
        return;
    put_string("bench: failed with error ");
    put_decimal((uint64_t)err);
    put_string("\n");
    __builtin_trap();
}

static uint64_t now(void)
{
    uint64_t ticks;

    __asm__ volatile("rdtime %0" : "=r"(ticks)::"memory");
    return ticks;
}

/* ---- what is timed ------------------------------------------------------------- */

static void nothing(void)
{
    __asm__ volatile("" ::: "memory");
}

static void poll(void)
{
    uint64_t bits;

    must(notification_poll(cap(SLOT_PONG), &bits));
}

static void call_and_reply(void)
{
    struct message message = { .tag = 1 };

    must(ipc_call(cap(SLOT_ENDPOINT), &message));
    if (message.tag != 2)
        __builtin_trap();
}

/* Signal the server, wait for its signal: two switches. */
static void ping_and_pong(void)
{
    uint64_t bits;

    must(notification_signal(cap(SLOT_PING)));
    must(notification_wait(cap(SLOT_PONG), UINT64_MAX, &bits));
}

static void map_and_unmap(void)
{
    must(frame_map(cap(SLOT_FRAME), cap_at(BOOT_SLOT_VSPACE), PAGE_AT, RIGHTS_RW));
    must(frame_unmap(cap(SLOT_FRAME)));
}

static void copy_and_delete(void)
{
    must(cnode_copy(cap_at(BOOT_SLOT_CNODE), cap(SLOT_COPY).slot, cap_at(BOOT_SLOT_CNODE),
                    cap(SLOT_FRAME).slot, RIGHT_READ));
    must(cnode_delete(cap_at(BOOT_SLOT_CNODE), cap(SLOT_COPY).slot));
}

static void time_it(const char *name, void (*operation)(void))
{
    operation();
    uint64_t start = now();
    for (uint64_t i = 0; i < ROUNDS; i++)
        operation();
    uint64_t end = now();

    put_string("bench: ");
    put_string(name);
    put_string(": ");
    put_decimal(end - start);
    put_string(" ticks for ");
    put_decimal(ROUNDS);
    put_string("\n");
}

/* ---- the other thread ------------------------------------------------------------ */

/* Answers calls until it gets one with label 9, then signals. */
static ATTR_NORETURN void server_thread(void)
{
    struct message message = { .tag = 0 };
    uint64_t bits;

    must(ipc_recv(cap(SLOT_ENDPOINT), &message));
    while (message.tag != 9) {
        message.tag = 2;
        must(ipc_reply_recv(cap(SLOT_ENDPOINT), &message));
    }
    for (;;) {
        must(notification_wait(cap(SLOT_PING), UINT64_MAX, &bits));
        must(notification_signal(cap(SLOT_PONG)));
    }
}

/* ---- set-up ------------------------------------------------------------------------ */

static void make(enum obj_type type, uint64_t size_bits, enum slot slot)
{
    must(untyped_retype(cap_at(memory_slot), type, size_bits, cap_at(BOOT_SLOT_CNODE),
                        cap(slot).slot, 1));
}

/* An Untyped of ordinary memory with a few pages left. */
static uint32_t memory_find(const struct bootinfo *boot)
{
    for (uint32_t i = 0; i < boot->untyped_count; i++) {
        if (boot->untyped[i].kind == BOOT_UNTYPED_RAM && boot->untyped[i].size_bits >= 20)
            return boot->untyped_first + i;
    }
    __builtin_trap();
}

static void server_start(void)
{
    extern char __global_pointer$[];
    cap_t server = cap(SLOT_SERVER);

    must(thread_configure(server, cap_at(BOOT_SLOT_CNODE), cap_at(BOOT_SLOT_VSPACE), CAP_NULL,
                          PRIORITY));
    must(thread_set_reg(server, 0, (uint64_t)(uintptr_t)server_thread));
    must(thread_set_reg(server, 2, (uint64_t)(uintptr_t)(server_stack + STACK_BYTES)));
    must(thread_set_reg(server, 3, (uint64_t)(uintptr_t)__global_pointer$));
    must(thread_resume(server));
}

ATTR_NORETURN void main_thread(const struct bootinfo *boot)
{
    struct message last = { .tag = 9 };

    first_slot = boot->empty_first;
    memory_slot = memory_find(boot);
    make(OBJ_THREAD, THREAD_BITS_MIN, SLOT_SERVER);
    make(OBJ_ENDPOINT, ENDPOINT_BITS_MIN, SLOT_ENDPOINT);
    make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, SLOT_PING);
    make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, SLOT_PONG);
    make(OBJ_FRAME, FRAME_BITS_MIN, SLOT_FRAME);
    server_start();

    time_it("nothing", nothing);
    time_it("poll", poll);
    time_it("call and reply", call_and_reply);
    must(ipc_send(cap(SLOT_ENDPOINT), &last));
    time_it("signal and wait, there and back", ping_and_pong);
    time_it("map and unmap", map_and_unmap);
    time_it("copy and delete", copy_and_delete);
    put_string("bench: end\n");
    __builtin_trap();
}

__asm__(".section .text.start, \"ax\"\n"
        ".globl _start\n"
        "_start:\n"
        "    .option push\n"
        "    .option norelax\n"
        "    la gp, __global_pointer$\n"
        "    .option pop\n"
        "    tail main_thread\n"
        ".previous");
