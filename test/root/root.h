/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shared by the programs that run in place of the root server: output through the kernel's log,
 * objects made from boot memory, threads, and operations timed between markers.  No C library.
 */
#ifndef TEST_ROOT_H
#define TEST_ROOT_H

#include <abi/bootinfo.h>
#include <abi/stubs.h>
#include <abi/vcpu_page.h>

#define RIGHTS_RW (RIGHT_READ | RIGHT_WRITE)
#define PRIORITY  63u

/* The capabilities that these programs make, from the first empty slot on. */
enum slot {
    SLOT_SERVER, SLOT_ENDPOINT, SLOT_PING, SLOT_PONG, SLOT_FRAME, SLOT_COPY,
    SLOT_FAR_SERVER, SLOT_FAR_ENDPOINT, SLOT_FAR_SPACE, SLOT_FAR_CODE,
    SLOT_SIGNALLER, SLOT_SLEEPER, SLOT_SLEEP, SLOT_ROUND, SLOT_DONE,
    SLOT_RUNNER,
    SLOT_VCPU,                      /* two of each */
    SLOT_GSPACE = SLOT_VCPU + 2,
    SLOT_STATE = SLOT_GSPACE + 2,
    SLOT_GUEST_CODE = SLOT_STATE + 2,
    SLOT_PAGES = SLOT_GUEST_CODE + 2,
};

/* The marker instructions of the plugin of test/bench.  Instructions between a pause and the next
 * resumption are not counted. */
#define MARK_BEGIN()  __asm__ volatile("slti x0, x0, 1" ::: "memory")
#define MARK_END()    __asm__ volatile("slti x0, x0, 2" ::: "memory")
#define MARK_PAUSE()  __asm__ volatile("slti x0, x0, 4" ::: "memory")
#define MARK_RESUME() __asm__ volatile("slti x0, x0, 5" ::: "memory")

/* The first function of a program, which each program defines. */
ATTR_NORETURN void main_thread(const struct bootinfo *boot);

/* Call this before all other functions of this header. */
void root_start(const struct bootinfo *boot);

void put_string(const char *string);
void put_decimal(uint64_t value);
/* Ends the program with a message, unless `err` is OK. */
void must(enum err err);
/* Ends the program: the kernel stops the machine for it. */
ATTR_NORETURN void root_end(void);

cap_t cap(unsigned slot);
void make(enum obj_type type, uint64_t size_bits, unsigned slot);

/* Configures the thread in `slot` to begin at `pc` of `space`; it is suspended. */
void thread_prepare(unsigned slot, cap_t space, uint64_t pc, uint64_t priority);

/* Makes a thread in `slot`, in this VSpace, that starts at `entry` with its own stack. */
void thread_start(unsigned slot, void (*entry)(void), uint64_t priority);

/* The same for a thread that takes the place of a dead one, which had the stack: one at a time. */
void thread_start_again(unsigned slot, void (*entry)(void), uint64_t priority);

/* Maps the frame here, copies code into it, and unmaps it. */
void frame_fill(unsigned slot, const void *code, uint64_t bytes);

/* Prints `bench: NAME: T ticks for N`, as test/guest/bench.c does. */
void report(const char *name, uint64_t ticks, uint64_t count);
uint64_t now(void);
void time_it(const char *name, void (*operation)(void), uint64_t count);

/* ---- the other files ---- */

/* guests.c: exits of guests, and switches from one guest to the other. */
void guests_measure(void);
/* Makes a guest, 0 or 1, that executes `code`; `thread` is to run it.  Its state page. */
void guest_make(unsigned guest, cap_t thread, const void *code, uint64_t bytes);
volatile struct vcpu_page *guest_state(unsigned guest);

#endif
