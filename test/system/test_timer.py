# SPDX-License-Identifier: BSD-2-Clause
"""Timers on a hart without Sstc: the kernel's timer is SBI's, and the kernel keeps the guest's timer."""

import time

from harness.machine import Failure
from harness.shell import Shell

DEFAULT = "configs/default.cpio"


def test_timer_without_sstc_guest_sleeps_and_computes(env):
    """Without Sstc, Debian boots, its riscv,isa does not name Sstc, and a sleep lasts as long as requested."""
    with env.warren(DEFAULT, cpu=f"{env.cpu},sstc=off") as machine:
        machine.expect(r"^Warren .* MiB, no sstc$", 30)
        shell = Shell(machine)
        shell.wait_prompt()
        if "sstc" in shell.run("grep isa /proc/cpuinfo"):
            raise Failure("the guest's riscv,isa names sstc, which the hart lacks")
        began = time.monotonic()
        shell.run("sleep 2")
        if time.monotonic() - began < 1.9:
            raise Failure("two seconds of sleep were shorter")
        machine.line("poweroff -f")
        machine.expect_exit(0)


def test_timer_without_sstc_guests_keep_their_registers(env):
    """Without Sstc, two guests that sleep by SBI take turns, and each finds its registers as it left them."""
    guests = {name: {"kernel": "build:test/guest/pattern.bin", "memory": "16M", "bootargs": seed}
              for name, seed in (("odd", "7"), ("even", "8"))}
    with env.system(guests) as archive, env.warren(archive, cpu=f"{env.cpu},sstc=off") as machine:
        machine.expect(r"pattern: all my own, rounds 25000", 120)
        machine.expect_exit(0, 120)
