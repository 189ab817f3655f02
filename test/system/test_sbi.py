# SPDX-License-Identifier: BSD-2-Clause
"""A guest checks the SBI in detail (test/guest/sbi.c)."""

from harness.machine import Failure

CHECKS = 350  # at least
TYPED = "abcdefghijklmnopqrstuvwxyz"


def test_sbi_answers_follow_the_specification(env):
    """Each call, error, probe and register that the guest checks is as in the SBI specification."""
    guest = {"kernel": "build:test/guest/sbi.bin", "memory": "16M"}
    with env.system({"sbi": guest}) as archive, env.warren(archive, smp=1) as machine:
        machine.expect(r"sbi: begin\n", 30)
        begin = machine.at
        end = machine.expect(r"sbi: end, (\d+) checks, (\d+) wrong\n", 60)
        lines = machine.text.clean[begin:end.start()].splitlines()
        if int(end.group(2)) or int(end.group(1)) < CHECKS:
            raise Failure("; ".join(lines))
        if "sbi: written by the firmware" not in lines:
            raise Failure("the text written to the debug console did not come out whole")
        machine.expect_exit(0, 30)


def reads_all(machine):
    machine.expect(r"typed: ready\n", 30)
    machine.send(TYPED)
    found = machine.expect(r"typed: read ([^\n]*)\n", 60).group(1)
    if found != TYPED:
        raise Failure(f"of {TYPED} it read {found}")
    machine.expect_exit(0, 30)


def test_sbi_reads_each_byte_that_was_typed(env):
    """A kernel without a UART driver reads all typed bytes, by both SBI calls, with the FIFOs off and left on."""
    for arguments in ("1", "2", "1 1", "2 1"):
        guest = {"kernel": "build:test/guest/typed.bin", "memory": "16M", "bootargs": arguments}
        with env.system({"typed": guest}) as archive, env.warren(archive, smp=1) as machine:
            reads_all(machine)


def test_sbi_bare_machine_reads_each_byte_that_was_typed(env):
    """The same guest passes bare on QEMU: the guest itself works."""
    for arguments in ("1", "2", "1 1", "2 1"):
        with env.bare(kernel="test/guest/typed.bin", bootargs=arguments) as machine:
            reads_all(machine)
