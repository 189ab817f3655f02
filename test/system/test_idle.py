# SPDX-License-Identifier: BSD-2-Clause
"""Idle guests use little processor time: no part of Warren polls or spins.  Meson runs this file alone."""

from harness.machine import Failure
from harness.shell import OOPS, Shell

SHARE_MAX = 0.03
REST_S = 3
MEASURE_S = 10


def assert_idle(machine):
    machine.expect_silence_of(OOPS, REST_S)  # work left over from the boot ends meanwhile
    share = machine.busy_share(MEASURE_S)
    print(f"# idle: {share:.2%} of a core")
    if share > SHARE_MAX:
        raise Failure(f"idle, QEMU uses {share:.1%} of a core, above {SHARE_MAX:.0%}")


def test_idle_one_guest_costs_little(env):
    """With its guest at the prompt, QEMU uses under 3 % of a core."""
    with env.warren("configs/default.cpio") as machine:
        Shell(machine).wait_prompt()
        assert_idle(machine)


def test_idle_two_guests_cost_little(env):
    """With both guests at their prompts, QEMU uses under 3 % of a core."""
    with env.warren("configs/two.cpio", budget_s=300) as machine:
        shell = Shell(machine)
        shell.wait_prompt()
        machine.send("\x1d1")
        machine.line()
        shell.wait_prompt()
        assert_idle(machine)
