/* SPDX-License-Identifier: BSD-2-Clause */
#include <rootserver/boot.h>
#include <rootserver/loop.h>
#include <rootserver/policy.h>

int main(void)
{
    boot_start();
    for (;;)
        loop_turn(POLICY_NEVER);
}
