# SPDX-License-Identifier: BSD-2-Clause
"""The firmware interface, checked to the letter by a guest (test/guest/sbi.c)."""

from harness.machine import Failure

CHECKS = 350  # at least


def test_sbi_answers_follow_the_specification(env):
    """Every call, error, probe and register is as the SBI specification has it, with the guest's own eyes."""
    guest = {"kernel": "build:test/guest/sbi.bin", "memory": "16M"}
    with env.system({"sbi": guest}) as archive, env.warren(archive, smp=1) as machine:
        machine.expect(r"sbi: begin\n", 30)
        begin = machine.at
        end = machine.expect(r"sbi: end, (\d+) checks, (\d+) wrong\n", 60)
        lines = machine.text.clean[begin:end.start()].splitlines()
        if int(end.group(2)) or int(end.group(1)) < CHECKS:
            raise Failure("; ".join(lines))
        if "sbi: written by the firmware" not in lines:
            raise Failure("what was written through the debug console did not come out whole")
        machine.expect_exit(0, 30)
