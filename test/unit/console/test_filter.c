/* SPDX-License-Identifier: BSD-2-Clause */
/* services/console/filter.h: which bytes of a guest's output reach the terminal. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <services/console/filter.h>
#include <test/unit/console/suites.h>

static char shown[20000];

/* Returns the bytes that a new filter passes of `count` bytes. */
static const char *pass_bytes(const char *text, size_t count)
{
    struct filter filter = {0};
    size_t at = 0, most = 0;

    for (size_t i = 0; i < count; i++) {
        uint8_t out[FILTER_OUT_MAX];
        size_t got = filter_byte(&filter, (uint8_t)text[i], out);
        most = got > most ? got : most;
        memcpy(shown + at, out, got);
        at += got;
    }
    ck_assert_uint_le(most, FILTER_OUT_MAX);
    shown[at] = 0;
    return shown;
}

static const char *pass(const char *text)
{
    return pass_bytes(text, strlen(text));
}

START_TEST(test_filter_what_programs_use_passes_unchanged)
{
    /* Text, colours, cursor movement, erasing, scrolling and line drawing pass unchanged. */
    static const char *const rows[] = {"hello\r\n\tworld\b\a",
                                       "\x1b[31mred\x1b[0m",
                                       "\x1b[38;2;1;2;3;48:5:7mx",
                                       "\x1b[H\x1b[J\x1b[2J\x1b[K",
                                       "\x1b[12;40Hx\x1b[5A",
                                       "\x1b[2;20r\x1b[r\x1b[3S\x1b[T",
                                       "\x1b(0lqk\x1b(B\x1b)0\x0eq\x0f",
                                       "\x1b"
                                       "7\x1b"
                                       "8\x1bM\x1b=\x1b>",
                                       "\x1b[?25l\x1b[?25h\x1b[?1;7h",
                                       "\x1b[4h\x1b[4l\x1b[s\x1b[u",
                                       "gr\xc3\xbc\xc3\x9f \xe2\x82\xac",
                                       "\xf0\x9f\x90\xa7 \xc2\xa0"};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_str_eq(pass(rows[i]), rows[i]);
}
END_TEST

START_TEST(test_filter_queries_and_modes_that_type_are_left_out)
{
    /* No query, which would make the terminal type an answer, passes, whole or in part. */
    static const char *const rows[] = {"\x05",
                                       "\x1b[6n",
                                       "\x1b[5n",
                                       "\x1b[?6n",
                                       "\x1b[c",
                                       "\x1b[0c",
                                       "\x1b[>c",
                                       "\x1b[=c",
                                       "\x1bZ",
                                       "\x1b[>q",
                                       "\x1b[x",
                                       "\x1b[?u",
                                       "\x1b[14t",
                                       "\x1b[21t",
                                       "\x1b[?2026$p",
                                       "\x1b[1*y",
                                       "\x1b[1$w",
                                       "\x1bP$qm\x1b\\",
                                       "\x1bP+q544e\x1b\\",
                                       "\x1b]11;?\x07",
                                       "\x1b]52;c;?\x1b\\",
                                       "\x1b]0;title\x07",
                                       "\x1b_Gi=1,a=q;AAAA\x1b\\",
                                       "\x1b^x\x1b\\",
                                       "\x1bXx\x1b\\",
                                       "\x1bP1;1|17/6c73\x1b\\",
                                       "\x1b[?1000h",
                                       "\x1b[?1006;1002h",
                                       "\x1b[?1004h",
                                       "\x1b[?2004h",
                                       "\x1b[?25;1004h",
                                       "\x1b[?996n",
                                       "\xc2\x9b"
                                       "",
                                       "\xc2\x9a",
                                       "\xc2\x85"};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_str_eq(pass(rows[i]), "");
}
END_TEST

START_TEST(test_filter_states_that_hide_lines_are_left_out)
{
    /* Other screens, character sets, sizes, resets and locks do not pass. */
    static const char *const rows[] = {"\x1b[?1049h",
                                       "\x1b[?47h",
                                       "\x1b[?1047h",
                                       "\x1b[?6h",
                                       "\x1b[?5h",
                                       "\x1b[?3h",
                                       "\x1b[?69h",
                                       "\x1b[5;9s",
                                       "\x1b"
                                       "c",
                                       "\x1b[!p",
                                       "\x1b[2h",
                                       "\x1b[20h",
                                       "\x1b[3J",
                                       "\x1b#6",
                                       "\x1b#8",
                                       "\x1b(A",
                                       "\x1b(K",
                                       "\x1b*0",
                                       "\x1b%@",
                                       "\x1bN",
                                       "\x1bn",
                                       "\x1b~",
                                       "\x1b[3b",
                                       "\x1b[4i",
                                       "\x1b[?4i",
                                       "\x1b[1;2;3;4;5T",
                                       "\x1b[1\"q",
                                       "\x1b[2 q",
                                       "\x1bH",
                                       "\x1b[3g",
                                       "\x7f",
                                       "\x0c",
                                       "\x0b"};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_str_eq(pass(rows[i]), "");
}
END_TEST

START_TEST(test_filter_mark_never_passes)
{
    /* Warren's mark passes neither as itself, nor overlong, nor as a Latin-1 byte. */
    ck_assert_str_eq(pass("\xc2\xa7 [1 right is in front]"), "? [1 right is in front]");
    ck_assert_str_eq(pass("\xe0\x82\xa7"), "???");
    ck_assert_str_eq(pass("\xa7"), "?");
    ck_assert_str_eq(pass("\xc2\x1b[31m\xa7"), "?\x1b[31m?");
    ck_assert_str_eq(pass("\xc2\n\xa7"), "?\n?");
    ck_assert_str_eq(pass("\xc2\xc2\xa7"), "??");
}
END_TEST

START_TEST(test_filter_bad_utf8_becomes_question_marks)
{
    /* Overlong forms, surrogates, code points too large and lone bytes do not pass. */
    ck_assert_str_eq(pass("\xc0\x9b"
                          "6n"),
                     "??6n");
    ck_assert_str_eq(pass("\xed\xa0\x80"), "???");
    ck_assert_str_eq(pass("\xf4\x90\x80\x80"), "????");
    ck_assert_str_eq(pass("\x9b"
                          "6n"),
                     "?6n");
    ck_assert_str_eq(pass("\xe2\x82x"), "?x");
    ck_assert_str_eq(pass("\xff\xfe"), "??");
}
END_TEST

START_TEST(test_filter_broken_sequence_ends_where_text_begins)
{
    /* A sequence that breaks off removes no byte of the text that follows. */
    ck_assert_str_eq(pass("\x1b[3\nline"), "\nline");
    ck_assert_str_eq(pass("\x1b[6\x1b[31mx"), "\x1b[31mx");
    ck_assert_str_eq(pass("\x1b]0;no end\r\nline\r\n"), "\r\nline\r\n");
    ck_assert_str_eq(pass("\x1bP no end\x1b[1mx"), "\x1b[1mx");
    ck_assert_str_eq(pass("\x1b\x1b[6nx"), "x");
    ck_assert_str_eq(pass("\x1b[3\x18"
                          "1mx"),
                     "1mx");
    ck_assert_str_eq(pass("\x1b[3\xc3\xbcx"), "\xc3\xbcx");
}
END_TEST

START_TEST(test_filter_long_sequence_is_left_out)
{
    /* A sequence longer than the limit is dropped as a whole; one of exactly the limit passes. */
    char text[3000] = "\x1b[1";

    for (size_t length = 60; length < 2900; length += length < 70 ? 1 : 97) {
        memset(text + 3, '1', length);
        strcpy(text + 3 + length, "mx");
        bool is_held = 3 + length + 1 <= FILTER_HELD_MAX;
        pass(text);
        ck_assert_uint_eq(strlen(shown), is_held ? 3 + length + 2 : 1);
        ck_assert_str_eq(shown + strlen(shown) - 1, "x");
    }
}
END_TEST

START_TEST(test_filter_output_passes_a_second_time_unchanged)
{
    /* Of any bytes only whole sequences of the list pass. */
    static const char likely[] =
        "\x1b\x1b[[[]]P();;?0123456nchlmrHJtqu\xc2\xa7\x9b\xe0\x82\x07\x05\\ $";
    static char text[4000], once[sizeof shown];

    srand(3);
    for (unsigned round = 0; round < 100; round++) {
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = rand() % 8 ? likely[(size_t)rand() % (sizeof likely - 1)] : (char)rand();
        strcpy(once, pass_bytes(text, sizeof text));
        ck_assert_str_eq(pass(once), once);
        ck_assert_ptr_null(strstr(once, FILTER_MARK));
    }
}
END_TEST

Suite *filter_suite(void)
{
    Suite *suite = suite_create("filter");
    TCase *tc = tcase_create("filter");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_filter_what_programs_use_passes_unchanged);
    tcase_add_test(tc, test_filter_queries_and_modes_that_type_are_left_out);
    tcase_add_test(tc, test_filter_states_that_hide_lines_are_left_out);
    tcase_add_test(tc, test_filter_mark_never_passes);
    tcase_add_test(tc, test_filter_bad_utf8_becomes_question_marks);
    tcase_add_test(tc, test_filter_broken_sequence_ends_where_text_begins);
    tcase_add_test(tc, test_filter_long_sequence_is_left_out);
    tcase_add_test(tc, test_filter_output_passes_a_second_time_unchanged);
    suite_add_tcase(suite, tc);
    return suite;
}
