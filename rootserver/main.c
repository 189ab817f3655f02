/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/boot.h>
#include <rootserver/clock.h>
#include <rootserver/loop.h>

int main(void)
{
    boot_start();
    for (;;)
        loop_turn(CLOCK_NEVER);
}
