/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies from and to memory that vanishes (rt/rt_access.h).  Prints
 *
 *   access: N copies as they should be
 *   access: unmapped during a copy
 *   access: outside the range a death
 *   access: end                                    or access: FAILED and a line number
 *
 * The window is CLIENT_PAGES pages that are mapped, between pages that never are.
 */
#include "root.h"

#include <rt/rt_access.h>

#define WINDOW       UINT64_C(0x2000001000)
#define CLIENT_PAGES 8u
#define PAGE         UINT64_C(4096)
#define CLIENT_BYTES (CLIENT_PAGES * PAGE)
#define OWN_BYTES    CLIENT_BYTES
#define GUARD        16u

/* Registers at a suspended thread (thread_get_reg()). */
enum { REGISTER_PC = 0 };

static _Alignas(64) uint8_t own[GUARD + OWN_BYTES + GUARD];
static uint64_t copies;

static void check_at(bool holds, uint64_t line)
{
    if (holds)
        return;
    report("FAILED in line", line, copies);
    root_end();
}

#define CHECK_HERE(claim) check_at(claim, __LINE__)

static uint8_t *client_at(uint64_t offset)
{
    return (uint8_t *)(uintptr_t)(WINDOW + offset);
}

static void range_set(uint64_t start, uint64_t end)
{
    must(vspace_recover(cap_at(BOOT_SLOT_VSPACE), start, end - start,
                        (uint64_t)(uintptr_t)rt_access_exit));
}

static void range_set_right(void)
{
    range_set((uint64_t)(uintptr_t)rt_access_start, (uint64_t)(uintptr_t)rt_access_end);
}

static void page_map(unsigned page, uint64_t rights)
{
    must(frame_map(cap(SLOT_PAGES + page), cap_at(BOOT_SLOT_VSPACE), WINDOW + page * PAGE, rights));
}

static void page_unmap(unsigned page)
{
    must(frame_unmap(cap(SLOT_PAGES + page)));
}

/* ---- one copy, byte by byte ---------------------------------------------------------- */

static uint8_t pattern(uint64_t at)
{
    return (uint8_t)(at * 7 + at / 256 + 3);
}

static void own_fill(uint64_t from, uint64_t to, uint8_t value)
{
    for (uint64_t i = from; i < to; i++)
        own[i] = value;
}

static void check_own_is(uint64_t from, uint64_t to, uint8_t value)
{
    for (uint64_t i = from; i < to; i++)
        CHECK_HERE(own[i] == value);
}

/* Copies `bytes` bytes in, from the window's `offset`, to own + GUARD + lead.  The offset may lie
 * before or behind the window by less than a page. */
static void check_in(uint64_t offset, uint64_t lead, uint64_t bytes, bool is_whole)
{
    uint64_t first = GUARD + lead, end = first + bytes;

    own_fill(first - GUARD, end + GUARD, 0xee);
    enum err err = rt_copy_in(own + first, client_at(offset), bytes);
    CHECK_HERE(err == (is_whole ? OK : ERR_PEER_DIED));
    for (uint64_t i = 0; is_whole && i < bytes; i++)
        CHECK_HERE(own[first + i] == pattern(offset + i));
    check_own_is(first - GUARD, first, 0xee);
    check_own_is(end, end + GUARD, 0xee);
    copies++;
}

/* The same outwards.  `mapped` bytes of the destination, from its first or up to its last, can be
 * written; the bytes round the destination stay as they are. */
static void check_out(uint64_t offset, uint64_t lead, uint64_t bytes, bool is_whole)
{
    uint64_t first = GUARD + lead;

    for (uint64_t i = 0; i < bytes; i++)
        own[first + i] = pattern(offset + i);
    enum err err = rt_copy_out(client_at(offset), own + first, bytes);
    CHECK_HERE(err == (is_whole ? OK : ERR_PEER_DIED));
    copies++;
}

static void client_fill(uint64_t from, uint64_t bytes)
{
    for (uint64_t i = from; i < from + bytes; i++)
        *client_at(i) = pattern(i);
}

static void check_client(uint64_t from, uint64_t bytes)
{
    for (uint64_t i = from; i < from + bytes; i++)
        CHECK_HERE(*client_at(i) == pattern(i));
}

/* ---- holes ------------------------------------------------------------------------- */

/* The copy begins `before` bytes before the border of the mapped memory: at its end, then at its
 * start, so that any byte is the first that cannot be accessed, or the last. */
static void holes_at(uint64_t lead, uint64_t bytes, uint64_t before)
{
    bool is_whole = before >= bytes;

    check_in(CLIENT_BYTES - before, lead, bytes, is_whole);
    check_out(CLIENT_BYTES - before, lead, bytes, is_whole);
    check_in(0 - before, lead, bytes, before == 0 || bytes == 0);
    check_out(0 - before, lead, bytes, before == 0 || bytes == 0);
}

static void holes_try(void)
{
    static const uint16_t lengths[] = { 0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 63, 64, 65, 72, 130 };

    for (unsigned n = 0; n < sizeof lengths / sizeof lengths[0]; n++) {
        for (uint64_t lead = 0; lead < 8; lead++) {
            for (uint64_t before = 0; before <= lengths[n] + 8u; before++)
                holes_at(lead, lengths[n], before);
        }
    }
    check_client(0, CLIENT_BYTES);
}

/* Long copies over several pages at each pair of alignments, with and without a hole. */
static void pages_try(void)
{
    for (uint64_t lead = 0; lead < 8; lead++) {
        for (uint64_t offset = 0; offset < 8; offset++) {
            check_in(PAGE / 2 + offset, lead, 3 * PAGE + lead, true);
            check_out(PAGE / 2 + offset, lead, 3 * PAGE + lead, true);
            page_unmap(2);
            check_in(PAGE / 2 + offset, lead, 3 * PAGE + lead, false);
            check_out(PAGE / 2 + offset, lead, 3 * PAGE + lead, false);
            check_in(offset, lead, 2 * PAGE - offset, true);
            page_map(2, RIGHT_READ);
            check_in(PAGE / 2 + offset, lead, 3 * PAGE + lead, true);
            check_out(PAGE / 2 + offset, lead, 3 * PAGE + lead, false);
            page_unmap(2);
            page_map(2, RIGHTS_RW);
        }
    }
    check_client(0, CLIENT_BYTES);
}

/* ---- a page that goes during the copy ------------------------------------------------- */

static volatile uint64_t unmapped_count;

static void unmapper(void)
{
    uint64_t bits;

    for (;;) {
        (void)!notification_wait(cap(SLOT_SLEEP), now() + 2000, &bits); /* 0.2 ms */
        page_unmap(CLIENT_PAGES - 1);
        unmapped_count++;
        (void)!notification_wait(cap(SLOT_ROUND), UINT64_MAX, &bits);
    }
}

/* Copies without pause until the page goes: the thread of higher priority unmaps it at any
 * instruction. */
static void vanish_once(void)
{
    uint64_t seen = unmapped_count, rounds = 0;
    enum err err;

    must(notification_signal(cap(SLOT_ROUND)));
    do
        err = rt_copy_in(own + GUARD, client_at(rounds++ % 8), CLIENT_BYTES - 8);
    while (err == OK && rounds < 1000000);
    CHECK_HERE(err == ERR_PEER_DIED && unmapped_count == seen + 1);
    page_map(CLIENT_PAGES - 1, RIGHTS_RW);
    CHECK_HERE(rt_copy_in(own + GUARD, client_at(0), CLIENT_BYTES) == OK);
}

static void vanish_try(void)
{
    make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, SLOT_SLEEP);
    make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, SLOT_ROUND);
    make(OBJ_THREAD, THREAD_BITS_MIN, SLOT_SLEEPER);
    thread_start(SLOT_SLEEPER, unmapper, PRIORITY);
    while (unmapped_count == 0)
        thread_yield();
    page_map(CLIENT_PAGES - 1, RIGHTS_RW);
    for (unsigned i = 0; i < 100; i++)
        vanish_once();
}

/* ---- deaths ---------------------------------------------------------------------------- */

static void *volatile copy_to;
static const void *volatile copy_from;
static volatile bool copies_out, is_refused;

/* Copies, and reports an error by `is_refused`.  A fault stops the thread: it has no handler. */
static void copier(void)
{
    uint64_t bits;
    enum err err = copies_out ? rt_copy_out(copy_to, copy_from, 64)
                              : rt_copy_in(copy_to, copy_from, 64);

    is_refused = err == ERR_PEER_DIED;
    for (;;)
        (void)!notification_wait(cap(SLOT_SLEEP), UINT64_MAX, &bits);
}

/* True: the copy returned an error.  False: it stopped its thread, at *pc. */
static bool copy_survives(bool is_out, void *to, const void *from, uint64_t *pc)
{
    uint64_t state, runtime_ticks;

    copies_out = is_out;
    copy_to = to;
    copy_from = from;
    is_refused = false;
    make(OBJ_THREAD, THREAD_BITS_MIN, SLOT_RUNNER);
    thread_start_again(SLOT_RUNNER, copier, PRIORITY);
    do {
        thread_yield();
        must(thread_info(cap(SLOT_RUNNER), &state, &runtime_ticks));
    } while (state == THREAD_STATE_READY);
    CHECK_HERE(state == (is_refused ? THREAD_STATE_BLOCKED : THREAD_STATE_FAULTED));
    must(thread_get_reg(cap(SLOT_RUNNER), REGISTER_PC, pc));
    must(cnode_delete(cap_at(BOOT_SLOT_CNODE), cap(SLOT_RUNNER).slot));
    return is_refused;
}

static void deaths_try(void)
{
    uint64_t pc, end = (uint64_t)(uintptr_t)rt_access_end;
    uint8_t *nothing = client_at(CLIENT_BYTES);

    range_set(0, 0);
    CHECK_HERE(!copy_survives(false, own, nothing, &pc));
    CHECK_HERE(pc >= (uint64_t)(uintptr_t)rt_access_start && pc < end);
    range_set(pc - 4, pc); /* up to the instruction before, and from the next one on */
    CHECK_HERE(!copy_survives(false, own, nothing, &end));
    range_set(pc + 2, pc + 64);
    CHECK_HERE(!copy_survives(false, own, nothing, &end));
    range_set(pc, pc + 2);
    CHECK_HERE(copy_survives(false, own, nothing, &end));
    range_set_right();
    CHECK_HERE(copy_survives(false, own, nothing, &end));
    CHECK_HERE(copy_survives(true, nothing, own, &end));
    /* The process's own side: the second exit faults. */
    CHECK_HERE(!copy_survives(false, nothing, client_at(0), &pc));
    CHECK_HERE(pc >= (uint64_t)(uintptr_t)rt_access_exit);
    CHECK_HERE(!copy_survives(true, client_at(0), nothing, &pc));
    CHECK_HERE(!copy_survives(false, client_at(CLIENT_BYTES - 63), client_at(0), &pc));
    CHECK_HERE(!copy_survives(true, client_at(0), client_at(CLIENT_BYTES - 63), &pc));
}

ATTR_NORETURN void main_thread(const struct bootinfo *boot)
{
    root_start(boot);
    for (unsigned i = 0; i < CLIENT_PAGES; i++) {
        make(OBJ_FRAME, FRAME_BITS_MIN, SLOT_PAGES + i);
        page_map(i, RIGHTS_RW);
    }
    client_fill(0, CLIENT_BYTES);
    range_set_right();
    holes_try();
    pages_try();
    put_string("access: ");
    put_decimal(copies);
    put_string(" copies as they should be\n");
    vanish_try();
    put_string("access: unmapped during a copy\n");
    deaths_try();
    put_string("access: outside the range a death\naccess: end\n");
    root_end();
}
