/* SPDX-License-Identifier: BSD-2-Clause */
/* hal-fake MODES: prints the fake HAL's answers, for a hart with these vsatp modes, in hex. */
#include <fakes/hal.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "registers.h"

static void line(const char *what, uint64_t about, uint64_t value, uint64_t answer)
{
    printf("hal: %s %" PRIx64 " %" PRIx64 ": %" PRIx64 "\n", what, about, value, answer);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    fake_reset();
    fake.vsatp_modes = strtoull(argv[1], NULL, 16);
    registers_show(line);
    puts("hal: end");
    return 0;
}
