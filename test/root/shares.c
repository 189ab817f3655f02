/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that compute ("spinners") beside threads of the same priority that try to get more than
 * their share ("sleepers").  Prints for each mix
 *
 *   shares: GAME: N spinners, M sleepers, in HOW: P % of its part at least
 *
 * P is the result of the spinner that got least: its count, times the number of threads, in
 * hundredths of the count of one spinner alone in the same time.
 */
#include "root.h"

#define SPINNERS    4u
#define SLEEPERS    8u
#define THREADS     (SPINNERS + SLEEPERS)
#define SLICE_TICKS UINT64_C(100000) /* 10 ms */
#define ALONE       10u              /* slices in which one spinner is measured alone */
#define CODE_AT     UINT64_C(0x2000000000)

enum { S0 = 8, S1 = 9, S2 = 18, S3 = 19 }; /* registers */

/* s0: rounds of the loop. */
__asm__(".balign 4\n"
        "spinner_code:\n"
        "1:  addi s0, s0, 1\n"
        "    j    1b\n"
        "spinner_code_end:\n");
extern const char spinner_code[], spinner_code_end[];

/*
 * Computes for s2 ticks, signals s1 unless it is 0, and waits for s0 at most s3 ticks.  The time in
 * which other threads ran does not count: the clock jumps then.
 */
_Static_assert(CALL_SIGNAL == 5 && CALL_WAIT == 6, "as spelled below");
__asm__(".balign 4\n"
        "sleeper_code:\n"
        "1:  li   t3, 0\n"
        "    rdtime t4\n"
        "2:  rdtime t5\n"
        "    li   t0, 100\n" /* the clock is slow to read in QEMU */
        "4:  addi t0, t0, -1\n"
        "    bnez t0, 4b\n"
        "    sub  t6, t5, t4\n"
        "    mv   t4, t5\n"
        "    li   t0, 50\n"
        "    bltu t0, t6, 2b\n"
        "    add  t3, t3, t6\n"
        "    bltu t3, s2, 2b\n"
        "    beqz s1, 3f\n"
        "    mv   a0, s1\n"
        "    li   a7, 5\n"
        "    ecall\n"
        "3:  rdtime a1\n"
        "    add  a1, a1, s3\n"
        "    mv   a0, s0\n"
        "    li   a7, 6\n"
        "    ecall\n"
        "    j    1b\n"
        "sleeper_code_end:\n");
extern const char sleeper_code[], sleeper_code_end[];

static const struct game {
    const char *name;
    bool is_ring; /* each sleeper wakes the next */
    uint64_t run_ticks, sleep_ticks;
    uint32_t rounds; /* of one slice of each thread */
} games[] = {
    { "sleep with a rest", false, SLICE_TICKS - 700, 1000, 6 },
    { "sleep at the end", false, SLICE_TICKS - 100, 20, 6 },
    { "interrupt", false, 0, 30, 3 },
    { "wake each other", true, 0, 500000, 3 },
    { "wake each other late", true, SLICE_TICKS - 700, 500000, 6 },
};

/* The slots that this program makes. */
enum {
    PLACE_THREAD,                                 /* spinners, then sleepers */
    PLACE_NOTIFICATION = PLACE_THREAD + THREADS,  /* of each sleeper */
    PLACE_SPACE = PLACE_NOTIFICATION + SLEEPERS,  /* of each sleeper */
    PLACE_CODE = PLACE_SPACE + SLEEPERS,          /* of spinners, of sleepers */
    PLACE_COPY = PLACE_CODE + 2,                  /* of the sleepers' code, for each space */
    PLACE_OWN = PLACE_COPY + SLEEPERS,            /* what the main thread sleeps at */
};

static uint64_t alone; /* rounds of one spinner in a slice */

static void objects_make(void)
{
    for (unsigned i = 0; i < THREADS; i++)
        make(OBJ_THREAD, THREAD_BITS_MIN, PLACE_THREAD + i);
    make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, PLACE_OWN);
    make(OBJ_FRAME, FRAME_BITS_MIN, PLACE_CODE);
    make(OBJ_FRAME, FRAME_BITS_MIN, PLACE_CODE + 1);
    frame_fill(PLACE_CODE, spinner_code, (uint64_t)(spinner_code_end - spinner_code));
    frame_fill(PLACE_CODE + 1, sleeper_code, (uint64_t)(sleeper_code_end - sleeper_code));
    for (unsigned i = 0; i < SLEEPERS; i++) {
        make(OBJ_NOTIFICATION, NOTIFICATION_BITS_MIN, PLACE_NOTIFICATION + i);
        make(OBJ_VSPACE, 16, PLACE_SPACE + i);
        must(cnode_copy(cap_at(BOOT_SLOT_CNODE), cap(PLACE_COPY + i).slot, cap_at(BOOT_SLOT_CNODE),
                        cap(PLACE_CODE + 1).slot, RIGHT_READ | RIGHT_EXEC));
        must(frame_map(cap(PLACE_COPY + i), cap(PLACE_SPACE + i), CODE_AT + 4096,
                       RIGHT_READ | RIGHT_EXEC));
    }
    for (unsigned i = 0; i < 2; i++)
        must(frame_map(cap(PLACE_CODE + i), cap_at(BOOT_SLOT_VSPACE), CODE_AT + i * 4096,
                       RIGHT_READ | RIGHT_EXEC));
}

static void spinner_start(unsigned spinner)
{
    thread_prepare(PLACE_THREAD + spinner, cap_at(BOOT_SLOT_VSPACE), CODE_AT, PRIORITY - 1);
    must(thread_set_reg(cap(PLACE_THREAD + spinner), S0, 0));
    must(thread_resume(cap(PLACE_THREAD + spinner)));
}

static void sleeper_start(const struct game *game, unsigned sleeper, unsigned count, bool is_far)
{
    unsigned place = PLACE_THREAD + SPINNERS + sleeper;
    cap_t space = is_far ? cap(PLACE_SPACE + sleeper) : cap_at(BOOT_SLOT_VSPACE);
    uint64_t next = cap(PLACE_NOTIFICATION + (sleeper + 1) % count).slot;

    thread_prepare(place, space, CODE_AT + 4096, PRIORITY - 1);
    must(thread_set_reg(cap(place), S0, cap(PLACE_NOTIFICATION + sleeper).slot));
    must(thread_set_reg(cap(place), S1, game->is_ring ? next : 0));
    must(thread_set_reg(cap(place), S2, game->run_ticks));
    must(thread_set_reg(cap(place), S3, game->sleep_ticks));
    must(thread_resume(cap(place)));
}

/* Lets the threads run for some slices, and suspends them. */
static void slices_pass(uint64_t slices)
{
    uint64_t bits;

    if (notification_wait(cap(PLACE_OWN), now() + slices * SLICE_TICKS, &bits) != ERR_TIMEOUT)
        root_end();
    for (unsigned i = 0; i < THREADS; i++)
        must(thread_suspend(cap(PLACE_THREAD + i)));
}

/* The rounds of the spinner that made least. */
static uint64_t rounds_least(unsigned spinners)
{
    uint64_t least = UINT64_MAX;

    for (unsigned i = 0; i < spinners; i++) {
        uint64_t rounds = 0;
        must(thread_get_reg(cap(PLACE_THREAD + i), S0, &rounds));
        if (rounds < least)
            least = rounds;
    }
    return least;
}

static void game_play(const struct game *game, unsigned spinners, unsigned sleepers, bool is_far)
{
    for (unsigned i = 0; i < spinners; i++)
        spinner_start(i);
    for (unsigned i = 0; i < sleepers; i++)
        sleeper_start(game, i, sleepers, is_far);
    slices_pass((uint64_t)game->rounds * (spinners + sleepers));
    put_string("shares: ");
    put_string(game->name);
    put_string(": ");
    put_decimal(spinners);
    put_string(" spinners, ");
    put_decimal(sleepers);
    put_string(is_far ? " sleepers, in a space each: " : " sleepers, in one space: ");
    put_decimal(rounds_least(spinners) * 100 / (game->rounds * alone));
    put_string(" % of its part at least\n");
}

ATTR_NORETURN void main_thread(const struct bootinfo *boot)
{
    static const unsigned spinners[] = { 1, SPINNERS }, sleepers[] = { 1, 2, SLEEPERS };

    root_start(boot);
    objects_make();
    spinner_start(0);
    slices_pass(ALONE);
    alone = rounds_least(1) / ALONE;
    for (unsigned game = 0; game < sizeof(games) / sizeof(games[0]); game++) {
        for (unsigned mix = 0; mix < 6; mix++)
            game_play(&games[game], spinners[mix / 3], sleepers[mix % 3], false);
        game_play(&games[game], 1, SLEEPERS, true);
    }
    put_string("shares: end\n");
    root_end();
}
