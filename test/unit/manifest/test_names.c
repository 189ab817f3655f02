/* SPDX-License-Identifier: BSD-2-Clause */
/* A service may have the name of a header of the C library: the folder of the generated headers is
 * in the include path, and both headers are found. */
#include <stdio.h>

#include <stdio.manifest.h>
#include <test/unit/run.h>

START_TEST(test_names_service_called_like_a_c_header_hides_no_header)
{
    /* <stdio.h> is the C library's, and the service's own header has its constants. */
    char text[sizeof STDIO_PROTOCOL];
    ck_assert_int_eq(snprintf(text, sizeof text, "%s", STDIO_PROTOCOL), (int)sizeof text - 1);
    ck_assert_str_eq(text, "stdio/1");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("names");
    TCase *c = tcase_create("names");

    tcase_add_test(c, test_names_service_called_like_a_c_header_hides_no_header);
    suite_add_tcase(suite, c);
    return run_suites(srunner_create(suite));
}
