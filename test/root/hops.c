/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An echo over four hops, alone and beside a guest that computes.  Client, relay and server are
 * threads of one priority, as are a device of a guest, its VMM and a service: the client wakes the
 * relay, the relay the server, and back.  Each of them works a little at each hop.  Prints
 *
 *   hops: KIND, alone: 99 % in T ticks, longest T
 *   hops: KIND, beside a guest: 99 % in T ticks, longest T
 *   hops: KIND: the guest lost T ticks, the others used T of T
 *   hops: KIND: the guest's way in and out took T ticks, T were charged to no thread
 *
 * for echoes with pauses, and for echoes without.  The guest lost the difference to its count
 * alone.  The others used the time that the scheduler charged to them, with the kernel's work.  The
 * rest of the loss was charged to the guest's own thread: its way out of the guest and back at each
 * interruption.
 */
#include "root.h"

#define ECHOES     4000u
#define WORK       1000u            /* rounds of a loop at each hop */
#define ALONE      UINT64_C(500000) /* ticks in which the guest is measured alone */
#define PAUSE_MIN  500u
#define PAUSE_SPAN 4096u

/* The guest only counts, in a0. */
__asm__(".balign 4\n"
        "counting_guest:\n"
        "1:  addi a0, a0, 1\n"
        "    j    1b\n"
        "counting_guest_end:\n");
extern const char counting_guest[], counting_guest_end[];

enum { CLIENT = SLOT_SIGNALLER, RELAY = SLOT_SLEEPER, SERVER = SLOT_SERVER };
enum { TO_CLIENT = SLOT_PONG, TO_RELAY = SLOT_PING, TO_SERVER = SLOT_SLEEP, ASLEEP = SLOT_ROUND };

static volatile bool is_way_back, has_pauses;
static uint64_t took_ticks[ECHOES];

static uint64_t wait(unsigned slot, uint64_t deadline)
{
    uint64_t bits = 0;
    enum err err = notification_wait(cap(slot), deadline, &bits);

    if (err != OK && err != ERR_TIMEOUT)
        must(err);
    return bits;
}

static void work(void)
{
    for (volatile unsigned i = 0; i < WORK; i++)
        ;
}

/* ---- the threads ------------------------------------------------------------------------ */

static void server_thread(void)
{
    for (;;) {
        (void)wait(TO_SERVER, UINT64_MAX);
        work();
        is_way_back = true;
        must(notification_signal(cap(TO_RELAY)));
    }
}

static void relay_thread(void)
{
    for (;;) {
        (void)wait(TO_RELAY, UINT64_MAX);
        work();
        must(notification_signal(cap(is_way_back ? TO_CLIENT : TO_SERVER)));
    }
}

static void client_thread(void)
{
    for (;;) {
        uint64_t chance = 1;
        for (unsigned i = 0; i < ECHOES; i++) {
            chance = chance * 1103515245 + 12345;
            if (has_pauses)
                (void)wait(ASLEEP, now() + PAUSE_MIN + (chance >> 16) % PAUSE_SPAN);
            uint64_t start = now();
            is_way_back = false;
            must(notification_signal(cap(TO_RELAY)));
            (void)wait(TO_CLIENT, UINT64_MAX);
            took_ticks[i] = now() - start;
            work();
        }
        must(notification_signal(cap(SLOT_DONE)));
        (void)wait(TO_CLIENT, UINT64_MAX);
    }
}

static void guest_thread(void)
{
    uint64_t reason, seq = 0;

    for (;;)
        must(vcpu_run(cap(SLOT_VCPU), seq, UINT64_MAX, &reason, &seq));
}

/* ---- measuring -------------------------------------------------------------------------- */

/* Sorts by the shell's gaps: no library is here. */
static void took_sort(void)
{
    for (unsigned gap = ECHOES / 2; gap > 0; gap /= 2) {
        for (unsigned i = gap; i < ECHOES; i++) {
            uint64_t one = took_ticks[i];
            unsigned at = i;
            for (; at >= gap && took_ticks[at - gap] > one; at -= gap)
                took_ticks[at] = took_ticks[at - gap];
            took_ticks[at] = one;
        }
    }
}

/* What the scheduler charged, and what the guest counted, until one moment. */
struct charges {
    uint64_t at_ticks;
    uint64_t others, guest, self; /* ticks; self: this thread, which measures */
    uint64_t rounds;
};

static uint64_t charge_of(cap_t thread)
{
    uint64_t state, ticks = 0;

    must(thread_info(thread, &state, &ticks));
    return ticks;
}

static struct charges charges_read(void)
{
    struct charges read = { .at_ticks = now(), .rounds = guest_state(0)->x[10] };

    read.self = charge_of(cap_at(BOOT_SLOT_THREAD));
    read.guest = charge_of(cap(SLOT_RUNNER));
    read.others = charge_of(cap(CLIENT)) + charge_of(cap(RELAY)) + charge_of(cap(SERVER));
    return read;
}

static struct charges charges_since(struct charges from)
{
    struct charges to = charges_read();

    to.at_ticks -= from.at_ticks;
    to.rounds -= from.rounds;
    to.self -= from.self;
    to.guest -= from.guest;
    to.others -= from.others;
    return to;
}

static uint64_t guest_rounds(void)
{
    return guest_state(0)->x[10];
}

static uint64_t difference(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

static void put_number(const char *text, uint64_t value)
{
    put_string(text);
    put_decimal(value);
}

static void echoes_report(const char *kind, const char *beside)
{
    took_sort();
    put_string("hops: ");
    put_string(kind);
    put_string(beside);
    put_number(": 99 % in ", took_ticks[ECHOES / 100 * 99]);
    put_number(" ticks, longest ", took_ticks[ECHOES - 1]);
    put_string("\n");
}

/* The client makes its echoes once. */
static void echoes_make(bool is_paced)
{
    has_pauses = is_paced;
    must(notification_signal(cap(TO_CLIENT)));
    (void)wait(SLOT_DONE, UINT64_MAX);
}

static void kind_measure(const char *kind, bool is_paced, uint64_t rounds_alone)
{
    struct charges made = charges_read();

    echoes_make(is_paced);
    made = charges_since(made);
    uint64_t passed = made.at_ticks, counted = made.rounds * ALONE / rounds_alone;
    echoes_report(kind, ", beside a guest");
    put_string("hops: ");
    put_string(kind);
    put_number(": the guest lost ", passed - counted);
    put_number(" ticks, the others used ", made.others + made.self);
    put_number(" of ", passed);
    put_string("\nhops: ");
    put_string(kind);
    put_number(": the guest's way in and out took ", difference(made.guest, counted));
    put_number(" ticks, ", difference(passed, made.others + made.self + made.guest));
    put_string(" were charged to no thread\n");
}

static void objects_make(void)
{
    static const unsigned threads[] = { CLIENT, RELAY, SERVER, SLOT_RUNNER };
    static const unsigned words[] = { TO_CLIENT, TO_RELAY, TO_SERVER, ASLEEP, SLOT_DONE };

    for (unsigned i = 0; i < sizeof(threads) / sizeof(threads[0]); i++)
        make(OBJ_THREAD, THREAD_BITS_MIN, threads[i]);
    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, words[i]);
}

ATTR_NORETURN void main_thread(const struct bootinfo *boot)
{
    root_start(boot);
    objects_make();
    guest_make(0, cap(SLOT_RUNNER), counting_guest,
               (uint64_t)(counting_guest_end - counting_guest));
    thread_start(SERVER, server_thread, PRIORITY - 1);
    thread_start(RELAY, relay_thread, PRIORITY - 1);
    thread_start(CLIENT, client_thread, PRIORITY - 1);
    (void)wait(SLOT_DONE, UINT64_MAX); /* once without pauses, for caches and the like */
    echoes_make(true);
    echoes_report("with pauses", ", alone");
    echoes_make(false);
    echoes_report("without pauses", ", alone");
    thread_start(SLOT_RUNNER, guest_thread, PRIORITY - 1);
    (void)wait(ASLEEP, now() + 1000);
    uint64_t rounds = guest_rounds();
    (void)wait(ASLEEP, now() + ALONE);
    rounds = guest_rounds() - rounds;
    kind_measure("with pauses", true, rounds);
    kind_measure("without pauses", false, rounds);
    put_string("hops: end\n");
    root_end();
}
