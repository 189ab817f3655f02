/* SPDX-License-Identifier: BSD-2-Clause */
/* services/console: which client's bytes reach the terminal, and the effects of keys. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <services/console/mux.h>
#include <test/unit/console/suites.h>

#define MARK FILTER_MARK " "

static struct mux mux;
static struct mux_kept kept;
static char shown[100000];

/* Writes a client's text as far as there is room; returns the number of bytes. */
static size_t out(unsigned client, const char *text)
{
    size_t count = strlen(text), room = mux_room(&mux, client);
    if (count > room)
        count = room;
    mux_output(&mux, client, (const uint8_t *)text, count);
    return count;
}

/* Returns all bytes for the terminal, taken `step` at a time. */
static const char *show_by(size_t step)
{
    size_t at = 0, count;
    while ((count = mux_transmit(&mux, (uint8_t *)shown + at, step)) > 0) {
        at += count;
        ck_assert_uint_lt(at, sizeof shown - 100);
    }
    ck_assert(!mux_has_output(&mux));
    shown[at] = 0;
    return shown;
}

static const char *show(void)
{
    return show_by(16);
}

/* Sets up three clients.  A plain terminal gets no byte that no client wrote. */
static void setup(void)
{
    static const char names[3][NAME_BYTES] = {"left", "right", "third"};
    memset(&kept, 0, sizeof kept);
    mux_init(&mux, &kept);
    for (unsigned i = 0; i < 3; i++)
        ck_assert_uint_eq(mux_client_add(&mux, i, names[i], 0, 0), 0);
    mux_clients_known(&mux);
    ck_assert_str_eq(show(), "");
}

static void key_typed(uint8_t key)
{
    uint8_t latched = 0;
    atomic_store(mux_latch(&mux), mux_latch_tag(&mux) | key);
    ck_assert(mux_latched(&mux, &latched));
    ck_assert_uint_eq(latched, key);
    mux_key(&mux, latched);
    mux_latch_clear(&mux);
    ck_assert(!mux_latched(&mux, &latched));
}

static void keys(const char *text)
{
    for (; *text != 0; text++)
        key_typed((uint8_t)*text);
}

static const char *typed(void)
{
    static char text[MUX_TYPED_BYTES + 1];
    size_t count = mux_typed_peek(&mux, (uint8_t *)text, MUX_TYPED_BYTES);
    mux_typed_drop(&mux, count, 0);
    text[count] = 0;
    return text;
}

START_TEST(test_front_output_passes_unchanged)
{
    /* The terminal gets the front client's bytes unchanged, in pieces of any size. */
    for (size_t step = 2; step < 40; step++) {
        out(0, "hello\r\n\x1b[31mworld");
        ck_assert_str_eq(show_by(step), "hello\r\n\x1b[31mworld");
    }
}
END_TEST

START_TEST(test_front_back_pressure_loses_nothing)
{
    /* The front client gets room only for bytes that can still be shown; every byte arrives. */
    static char sent[60000], got[60001];
    size_t in = 0, at = 0;
    for (size_t i = 0; i < sizeof sent; i++)
        sent[i] = (char)('a' + i % 23);
    srand(2);
    while (at < sizeof sent) {
        size_t want = (size_t)rand() % 3000, room = mux_room(&mux, 0);
        want = want < room ? want : room;
        want = want < sizeof sent - in ? want : sizeof sent - in;
        mux_output(&mux, 0, (uint8_t *)sent + in, want);
        in += want;
        ck_assert_uint_le(in - at, MUX_UNSHOWN_MAX);
        at += mux_transmit(&mux, (uint8_t *)got + at, (size_t)rand() % 300);
    }
    ck_assert_mem_eq(sent, got, sizeof sent);
}
END_TEST

START_TEST(test_background_is_kept_and_shown_at_switch)
{
    /* A background client never waits; a switch prints the new client's name, then its text. */
    out(0, "at left\r\n# ");
    show();
    out(1, "one\r\ntwo\r\n");
    ck_assert(!mux_has_output(&mux));
    keys("\x1d"
         "1");
    ck_assert_str_eq(show(), "\r\n" MARK "[1 right is in front]\r\none\r\ntwo\r\n");
    out(0, "more");
    keys("\x1d"
         "0");
    ck_assert_str_eq(show(), MARK "[0 left is in front]\r\n# more");
    keys("\x1d"
         "1");
    ck_assert_str_eq(show(), "\r\n" MARK "[1 right is in front]\r\n");
}
END_TEST

START_TEST(test_background_flood_keeps_newest)
{
    /* A full scrollback keeps the newest text; the switch prints how much was dropped. */
    for (unsigned i = 0; i < 3 * MUX_SCROLLBACK_BYTES / 8; i++)
        ck_assert_uint_eq(out(2, i + 1 < 3 * MUX_SCROLLBACK_BYTES / 8 ? "12345678" : "the end\n"),
                          8);
    keys("\x1d"
         "2");
    show();
    ck_assert_ptr_nonnull(strstr(shown, "[2 third is in front; older output was dropped]\r\n"));
    ck_assert_uint_ge(strlen(shown), MUX_SCROLLBACK_BYTES);
    ck_assert_str_eq(shown + strlen(shown) - 8, "the end\n");
}
END_TEST

START_TEST(test_keys_go_to_front_client)
{
    /* Keys go to the front client; a switch drops keys that the client has not taken. */
    keys("ls\r\x03");
    ck_assert_str_eq(typed(), "ls\r\x03");
    keys("lost\x1d"
         "1kept");
    ck_assert_str_eq(typed(), "kept");
}
END_TEST

START_TEST(test_escape_twice_is_literal)
{
    /* Ctrl-] Ctrl-] types one Ctrl-]. */
    keys("a\x1d\x1d"
         "b");
    ck_assert_str_eq(typed(), "a\x1d"
                              "b");
    ck_assert_str_eq(show(), "");
}
END_TEST

START_TEST(test_escape_next_goes_round)
{
    /* n brings each client to the front in turn, the first after the last. */
    keys("\x1dn");
    ck_assert_uint_eq(mux.front, 1);
    keys("\x1dn\x1dn");
    ck_assert_uint_eq(mux.front, 0);
}
END_TEST

START_TEST(test_escape_letter_brings_guests_10_to_15)
{
    /* Each of up to sixteen guests has its own key: a hexadecimal digit. */
    static const char name[NAME_BYTES] = "more";
    for (unsigned i = 3; i < CLIENTS_MAX; i++)
        (void)mux_client_add(&mux, i, name, 0, 0);
    for (unsigned i = CLIENTS_MAX; i-- > 0;) {
        key_typed(MUX_ESCAPE);
        key_typed((uint8_t) "0123456789abcdef"[i]);
        ck_assert_uint_eq(mux.front, i);
    }
    setup();
    keys("\x1d"
         "a");
    ck_assert_ptr_nonnull(strstr(show(), "no such guest"));
    ck_assert_uint_eq(mux.front, 0);
    ck_assert_str_eq(typed(), "");
}
END_TEST

START_TEST(test_escape_help_lists_clients)
{
    /* ? lists the keys and each client with its state, and marks the front client. */
    mux_set_state(&mux, 2, MUX_DEAD);
    keys("\x1d?");
    show();
    ck_assert_ptr_nonnull(strstr(shown, "0-9"));
    ck_assert_ptr_nonnull(strstr(shown, "[* 0 left: running]\r\n"));
    ck_assert_ptr_nonnull(strstr(shown, "[  1 right: running]\r\n"));
    ck_assert_ptr_nonnull(strstr(shown, "[  2 third: dead]\r\n"));
}
END_TEST

START_TEST(test_escape_unknown_says_so)
{
    /* A digit without a guest, or an unknown key, changes nothing and prints a help line. */
    keys("\x1d"
         "7");
    ck_assert_ptr_nonnull(strstr(show(), "no such guest"));
    keys("\x1dz");
    ck_assert_ptr_nonnull(strstr(show(), "Ctrl-] ?"));
    ck_assert_uint_eq(mux.front, 0);
    ck_assert_str_eq(typed(), "");
}
END_TEST

START_TEST(test_typed_full_drops_but_escape_works)
{
    /* A client that reads no keys fills the type-ahead; the escape key still works. */
    for (unsigned i = 0; i < MUX_TYPED_BYTES + 50; i++)
        key_typed('x');
    ck_assert_uint_eq(mux_typed_room(&mux), 0);
    keys("\x1d"
         "1");
    ck_assert_uint_eq(mux.front, 1);
    ck_assert_uint_eq(mux_typed_room(&mux), MUX_TYPED_BYTES);
}
END_TEST

START_TEST(test_notice_stands_on_a_line_of_its_own)
{
    /* A line of Warren's ends an unfinished line of a guest before it starts. */
    out(0, "half a li");
    uint8_t some[5];
    ck_assert_uint_eq(mux_transmit(&mux, some, 5), 5);
    mux_notice(&mux, "warren: news\r\n", 14);
    out(0, "ne\r\nnext\r\n");
    ck_assert_str_eq(show(), "a line\r\n" MARK "warren: news\r\nnext\r\n");
}
END_TEST

START_TEST(test_notice_within_endless_line_comes_out)
{
    /* A client that never ends its line cannot delay Warren's lines for ever. */
    uint8_t first[1];
    out(0, "x");
    mux_transmit(&mux, first, 1);
    mux_notice(&mux, "warren: news\r\n", 14);
    for (unsigned i = 0; i < 40; i++)
        out(0, "0123456789012345678901234567890123456789");
    show();
    const char *news = strstr(shown, "\r\n" MARK "warren: news\r\n");
    ck_assert_ptr_nonnull(news);
    ck_assert_int_le(news - shown, MUX_NOTICE_PATIENCE);
}
END_TEST

START_TEST(test_notice_unfinished_holds_terminal_quietly)
{
    /* Between two pieces of one notice the client's output waits, and the service does not spin. */
    mux_notice(&mux, "warren: ha", 10);
    ck_assert_str_eq(show(), MARK "warren: ha");
    out(0, "guest\r\n");
    ck_assert(!mux_has_output(&mux));
    mux_notice(&mux, "lf\r\n", 4);
    ck_assert_str_eq(show(), "lf\r\nguest\r\n");
}
END_TEST

START_TEST(test_notice_flood_drops_whole_pieces)
{
    /* Notices that do not fit are dropped in whole pieces, not cut. */
    for (unsigned i = 0; i < MUX_NOTICE_BYTES / 10 + 100; i++)
        mux_notice(&mux, "12345678\r\n", 10);
    show();
    ck_assert_uint_eq(strlen(shown) % (strlen(MARK) + 10), 0);
    ck_assert_uint_le(strlen(shown) / (strlen(MARK) + 10), MUX_NOTICE_BYTES / 10);
}
END_TEST

START_TEST(test_state_of_front_moves_to_next_running)
{
    /* When the front client ends, the next running one comes to the front, if there is one. */
    mux_set_state(&mux, 1, MUX_DEAD);
    ck_assert_uint_eq(mux.front, 0);
    mux_set_state(&mux, 0, MUX_ENDED);
    ck_assert_uint_eq(mux.front, 2);
    mux_set_state(&mux, 2, MUX_ENDED);
    ck_assert_uint_eq(mux.front, 2);
    keys("\x1d"
         "0");
    ck_assert_ptr_nonnull(strstr(show(), "[0 left is in front, powered off]"));
}
END_TEST

START_TEST(test_new_client_takes_the_place_of_an_ended_front)
{
    /* A client that comes when the one in front has ended and no other runs comes to the front. */
    static const char name[NAME_BYTES] = "late";
    for (unsigned i = 0; i < 3; i++)
        mux_set_state(&mux, i, MUX_DEAD);
    unsigned front = mux.front;
    (void)mux_client_add(&mux, 3, name, 0, 0);
    ck_assert_uint_ne(front, 3);
    ck_assert_uint_eq(mux.front, 3);
    ck_assert_ptr_nonnull(strstr(show(), "[3 late is in front]"));
    (void)mux_client_add(&mux, 4, name, 0, 0);
    ck_assert_uint_eq(mux.front, 3);
}
END_TEST

START_TEST(test_bad_client_numbers_ignored)
{
    /* Numbers out of range change nothing. */
    mux_switch(&mux, 3);
    mux_set_state(&mux, 99, MUX_DEAD);
    ck_assert_uint_eq(mux.front, 0);
    ck_assert_str_eq(show(), "");
}
END_TEST

START_TEST(test_notice_cannot_be_printed_by_a_client)
{
    /* A client's copy of Warren's mark, in pieces of any size, does not reach the terminal. */
    for (size_t step = 1; step < 8; step++) {
        out(0, "\r\n" MARK "[1 right is in front]\r\n");
        ck_assert_str_eq(show_by(step), "\r\n? [1 right is in front]\r\n");
    }
    out(1, MARK "warren: guest left is dead\r\n");
    keys("\x1d"
         "1");
    ck_assert_str_eq(show(), MARK "[1 right is in front]\r\n? warren: guest left is dead\r\n");
}
END_TEST

START_TEST(test_notice_text_is_printable)
{
    /* Control sequences that a process put into Warren's log have no effect on the terminal. */
    static const char text[] = "vmm: \x1b[2J\x05" MARK "\rx\n";
    mux_notice(&mux, text, sizeof text - 1);
    ck_assert_str_eq(show(), MARK "vmm: ?[2J??? x\r\n");
}
END_TEST

START_TEST(test_notice_in_a_changed_state_is_readable)
{
    /* A notice resets colours, sets, margins and position, and stands on an empty row. */
    out(0, "\x1b[8m\x1b[2;3r\x0e\x1b[5;5Hx");
    show();
    mux_notice(&mux, "warren: news\r\n", 14);
    show();
    ck_assert_ptr_nonnull(strstr(shown, "\x1b[m\x1b(B\x1b)B\x0f\x1b[4l\x1b[?7;25h"));
    ck_assert_ptr_nonnull(strstr(shown, "\x1b[r"));
    ck_assert_ptr_nonnull(strstr(shown, "\r\n\x1b[K" MARK "warren: news\r\n"));
}
END_TEST

START_TEST(test_terminal_that_another_service_wrote_to_is_reset)
{
    /* Before the first byte of a service that follows another, the terminal is reset, once. */
    mux_terminal_is_unknown(&mux);
    ck_assert_ptr_nonnull(strstr(show(), "\x1b[m"));
    ck_assert_str_eq(show(), "");
}
END_TEST

START_TEST(test_switch_resets_what_a_client_changed)
{
    /* A switch resets the terminal state of the last client, if that client changed it. */
    out(0, "\x1b[31mred");
    show();
    mux_switch(&mux, 1);
    out(1, "plain");
    ck_assert_ptr_nonnull(
        strstr(show(), "\x1b[?1;12l\x1b>\r\n\x1b[K" MARK "[1 right is in front]"));
    mux_switch(&mux, 2);
    ck_assert_str_eq(show(), "\r\n" MARK "[2 third is in front]\r\n");
}
END_TEST

START_TEST(test_switch_within_a_sequence_shows_no_part_of_it)
{
    /* A sequence that is incomplete at a switch is shown later, complete. */
    out(0, "line\r\n> \x1b[3");
    ck_assert_str_eq(show(), "line\r\n> ");
    mux_switch(&mux, 1);
    ck_assert_str_eq(show(), "\r\n" MARK "[1 right is in front]\r\n");
    out(0, "1mred");
    mux_switch(&mux, 0);
    ck_assert_str_eq(show(), MARK "[0 left is in front]\r\n> \x1b[31mred");
}
END_TEST

START_TEST(test_replay_and_live_output_have_no_query)
{
    /* No query reaches the terminal, neither at once nor from the scrollback at a switch. */
    static const char text[] = "a\x1b[6nb\x1b[c\x05"
                               "c\x1b]11;?\x07"
                               "d\x1bP$qm\x1b\\e\r\n";
    out(0, text);
    ck_assert_str_eq(show(), "abcde\r\n");
    out(1, text);
    mux_switch(&mux, 1);
    ck_assert_str_eq(show(), MARK "[1 right is in front]\r\nabcde\r\n");
}
END_TEST

Suite *mux_suite(void)
{
    Suite *suite = suite_create("mux");
    TCase *tc = tcase_create("mux");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_front_output_passes_unchanged);
    tcase_add_test(tc, test_front_back_pressure_loses_nothing);
    tcase_add_test(tc, test_background_is_kept_and_shown_at_switch);
    tcase_add_test(tc, test_background_flood_keeps_newest);
    tcase_add_test(tc, test_keys_go_to_front_client);
    tcase_add_test(tc, test_escape_twice_is_literal);
    tcase_add_test(tc, test_escape_next_goes_round);
    tcase_add_test(tc, test_escape_letter_brings_guests_10_to_15);
    tcase_add_test(tc, test_escape_help_lists_clients);
    tcase_add_test(tc, test_escape_unknown_says_so);
    tcase_add_test(tc, test_typed_full_drops_but_escape_works);
    tcase_add_test(tc, test_notice_stands_on_a_line_of_its_own);
    tcase_add_test(tc, test_notice_within_endless_line_comes_out);
    tcase_add_test(tc, test_notice_unfinished_holds_terminal_quietly);
    tcase_add_test(tc, test_notice_flood_drops_whole_pieces);
    tcase_add_test(tc, test_notice_cannot_be_printed_by_a_client);
    tcase_add_test(tc, test_notice_text_is_printable);
    tcase_add_test(tc, test_notice_in_a_changed_state_is_readable);
    tcase_add_test(tc, test_terminal_that_another_service_wrote_to_is_reset);
    tcase_add_test(tc, test_switch_resets_what_a_client_changed);
    tcase_add_test(tc, test_switch_within_a_sequence_shows_no_part_of_it);
    tcase_add_test(tc, test_replay_and_live_output_have_no_query);
    tcase_add_test(tc, test_state_of_front_moves_to_next_running);
    tcase_add_test(tc, test_new_client_takes_the_place_of_an_ended_front);
    tcase_add_test(tc, test_bad_client_numbers_ignored);
    suite_add_tcase(suite, tc);
    return suite;
}
