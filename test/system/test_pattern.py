# SPDX-License-Identifier: BSD-2-Clause
"""Two guests that share a hart: each keeps its own registers (test/guest/pattern.c)."""

from harness.env import Skip
from harness.machine import Failure


def pattern(seed):
    return {"kernel": "build:test/guest/pattern.bin", "memory": "16M", "bootargs": str(seed)}


def test_pattern_two_guests_keep_their_registers(env):
    """In 25,000 rounds, each of two guests on one hart finds every CSR and FP register as it left them."""
    with env.system({"one": pattern(1), "two": pattern(2)}) as archive, \
            env.warren(archive, smp=1) as machine:
        machine.expect(r"pattern: seed 1\n", 30)
        machine.expect(r"pattern: all my own, rounds 25000", 120, unless="pattern: .* of another.*")
        # The first guest is off now, and the second may be in front already.
        machine.expect_exit(0)


def test_pattern_second_guest_keeps_its_registers_too(env):
    """The second guest too finds its registers as it left them, and prints so on its console."""
    with env.system({"one": pattern(1), "two": pattern(2)}) as archive, \
            env.warren(archive, smp=1) as machine:
        machine.send("\x1d1")
        machine.expect(r"pattern: all my own, rounds 25000", 120, unless="pattern: .* of another.*")
        machine.expect_exit(0)


def test_pattern_hart_really_changes_guests(env):
    """In those rounds the hart's registers change from one vCPU to the other at least 10,000 times.  With
    Sstc a round makes no exit that could save the registers for another reason."""
    leave = env.kernel_symbol("hal_vcpu_save")
    log = env.logs / f"{env.case}.exec"
    words = ["-d", "exec,nochain", "-dfilter", f"{leave:#x}+0x2", "-D", log]
    with env.system({"one": pattern(1), "two": pattern(2)}) as archive, \
            env.warren(archive, smp=1, words=words, budget_s=300) as machine:
        machine.expect_exit(0, 240)
    switches = sum(f"{leave:x}" in line for line in log.read_text().splitlines())
    log.unlink()
    if switches < 10_000:
        raise Failure(f"the hart switched guests only {switches} times")


def test_pattern_two_guests_keep_their_selector(env):
    """On a hart whose AIA cannot be hidden from guests, each guest also keeps its own siselect."""
    if env.cpu != "rv64":
        raise Skip("this model can hide siselect from guests")
    with env.system({"one": pattern(1), "two": pattern(2)}) as archive, \
            env.warren(archive, smp=1, cpu="rv64,smaia=on,ssaia=on") as machine:
        machine.expect(r"pattern: all my own, rounds 25000", 120, unless="pattern: .* of another.*")
        machine.expect_exit(0)


def test_pattern_bare_agrees(env):
    """The same guest bare on QEMU finds its own registers: the guest itself works."""
    with env.bare("0", kernel="test/guest/pattern.bin") as machine:
        machine.expect(r"pattern: all my own, rounds 25000", 60, unless="pattern: .* of another.*")
        machine.expect_exit(0)
