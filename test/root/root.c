/* SPDX-License-Identifier: BSD-2-Clause */
#include "root.h"

#define STACK_BYTES 4096u
#define STACK_COUNT 6u
#define FILL_AT     UINT64_C(0x2100000000) /* nothing else is mapped here */

static uint32_t first_slot;
static uint32_t memory_slot;
static uint32_t stacks_used;
static _Alignas(16) uint8_t stack[STACK_COUNT][STACK_BYTES];

cap_t cap(unsigned slot)
{
    return cap_at(first_slot + slot);
}

/* An Untyped of ordinary memory with a few pages left. */
static uint32_t memory_find(const struct bootinfo *boot)
{
    for (uint32_t i = 0; i < boot->untyped_count; i++) {
        if (boot->untyped[i].kind == BOOT_UNTYPED_RAM && boot->untyped[i].size_bits >= 22)
            return boot->untyped_first + i;
    }
    root_end();
}

void root_start(const struct bootinfo *boot)
{
    first_slot = boot->empty_first;
    memory_slot = memory_find(boot);
}

ATTR_NORETURN void root_end(void)
{
    __builtin_trap();
}

/* ---- output ------------------------------------------------------------------- */

static void put(const char *text, uint64_t length)
{
    uint64_t word[5] = { 0 };

    for (uint64_t i = 0; i < length; i++)
        word[i / 8] |= (uint64_t)(uint8_t)text[i] << (8 * (i % 8));
    if (klog_write(cap_at(BOOT_SLOT_KLOG), length, word[0], word[1], word[2], word[3], word[4]) !=
        OK)
        root_end();
}

void put_string(const char *string)
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

void put_decimal(uint64_t value)
{
    char digits[21];
    uint64_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    put(digits + at, sizeof(digits) - at);
}

void must(enum err err)
{
    if (err == OK)
        return;
    put_string("bench: failed with error ");
    put_decimal((uint64_t)err);
    put_string("\n");
    root_end();
}

/* ---- objects ------------------------------------------------------------------- */

void make(enum obj_type type, uint64_t size_bits, unsigned slot)
{
    must(untyped_retype(cap_at(memory_slot), type, size_bits, cap_at(BOOT_SLOT_CNODE),
                        cap(slot).slot, 1));
}

void thread_prepare(unsigned slot, cap_t space, uint64_t pc, uint64_t priority)
{
    must(thread_configure(cap(slot), cap_at(BOOT_SLOT_CNODE), space, CAP_NULL, priority));
    must(thread_set_reg(cap(slot), 0, pc));
}

static void thread_start_on(unsigned slot, void (*entry)(void), uint64_t priority,
                            uint8_t *stack_end)
{
    extern char __global_pointer$[];
    cap_t thread = cap(slot);

    thread_prepare(slot, cap_at(BOOT_SLOT_VSPACE), (uint64_t)(uintptr_t)entry, priority);
    must(thread_set_reg(thread, 2, (uint64_t)(uintptr_t)stack_end));
    must(thread_set_reg(thread, 3, (uint64_t)(uintptr_t)__global_pointer$));
    must(thread_resume(thread));
}

void thread_start(unsigned slot, void (*entry)(void), uint64_t priority)
{
    if (stacks_used == STACK_COUNT)
        root_end();
    thread_start_on(slot, entry, priority, stack[stacks_used++] + STACK_BYTES);
}

void thread_start_again(unsigned slot, void (*entry)(void), uint64_t priority)
{
    static _Alignas(16) uint8_t again_stack[STACK_BYTES];

    thread_start_on(slot, entry, priority, again_stack + STACK_BYTES);
}

void frame_fill(unsigned slot, const void *code, uint64_t bytes)
{
    volatile uint8_t *to = (volatile uint8_t *)FILL_AT;
    const uint8_t *from = code;

    must(frame_map(cap(slot), cap_at(BOOT_SLOT_VSPACE), FILL_AT, RIGHTS_RW));
    for (uint64_t i = 0; i < bytes; i++)
        to[i] = from[i];
    must(frame_unmap(cap(slot)));
}

/* ---- time ------------------------------------------------------------------------ */

uint64_t now(void)
{
    uint64_t ticks;

    __asm__ volatile("rdtime %0" : "=r"(ticks)::"memory");
    return ticks;
}

void report(const char *name, uint64_t ticks, uint64_t count)
{
    put_string("bench: ");
    put_string(name);
    put_string(": ");
    put_decimal(ticks);
    put_string(" ticks for ");
    put_decimal(count);
    put_string("\n");
}

void time_it(const char *name, void (*operation)(void), uint64_t count)
{
    operation();
    uint64_t start = now();
    MARK_BEGIN();
    for (uint64_t i = 0; i < count; i++)
        operation();
    MARK_END();
    report(name, now() - start, count);
}

/* ---- start ----------------------------------------------------------------------- */

__asm__(".section .text.start, \"ax\"\n"
        ".globl _start\n"
        "_start:\n"
        "    .option push\n"
        "    .option norelax\n"
        "    la gp, __global_pointer$\n"
        "    .option pop\n"
        "    tail main_thread\n"
        ".previous");
