/* SPDX-License-Identifier: BSD-2-Clause */
/* One line of text that tells the user what is wrong. */
#ifndef ROOTSERVER_PARSE_PROBLEM_H
#define ROOTSERVER_PARSE_PROBLEM_H

#include <base/attr.h>

#define PROBLEM_BYTES 192

struct problem {
    char text[PROBLEM_BYTES]; /* no newline */
};

void problem_set(struct problem *problem, const char *format, ...) ATTR_PRINTF(2, 3);

#endif
