# SPDX-License-Identifier: BSD-2-Clause
"""A guest has what its device tree names, and no more (test/guest/unnamed.c)."""

import re

from harness.env import Skip
from harness.machine import Failure

UNNAMED = {"kernel": "build:test/guest/unnamed.bin", "memory": "16M"}

# Those of the supervisor and of F, the counters that scounteren names, and stimecmp.
CSRS = {0x001, 0x002, 0x003, 0x100, 0x104, 0x105, 0x106, 0x10a, 0x140, 0x141, 0x142, 0x143, 0x144, 0x14d, 0x180,
        0xc00, 0xc01, 0xc02}
HAVE_NO_SWITCH = {0x10c, 0xda0}  # sstateen0; scountovf, which shows only the counters above
AIA = {0x150, 0xdb0}  # siselect keeps a number, saved with the guest's; stopi says "nothing"


def found(env, cpu):
    with env.system({"unnamed": UNNAMED}) as archive, env.warren(archive, cpu=cpu) as machine:
        machine.expect(r"unnamed: begin\n", 30)
        machine.expect(r"unnamed: end\n", 60)
        machine.expect_exit(0)
        text = machine.text.clean
    return ({int(number, 16) for number in re.findall(r"unnamed: csr (0x\w+)$", text, re.M)},
            re.findall(r"unnamed: (insn .*|pte .*)$", text, re.M))


def has_just(env, cpu, csrs):
    is_found, others = found(env, cpu)
    if not csrs - HAVE_NO_SWITCH <= is_found <= csrs:
        differ = ", ".join(f"{csr:#x}" for csr in sorted(is_found ^ csrs))
        raise Failure(f"CSRs that should not be there, or should: {differ}")
    if others:
        raise Failure(f"it runs {', '.join(others)}")


def test_unnamed_features_are_off(env):
    """No CSR, instruction or page-table bit works that the guest's riscv,isa does not name."""
    has_just(env, env.cpu, CSRS | HAVE_NO_SWITCH)


def test_unnamed_aia_registers_are_shut(env):
    """On a hart with AIA, but nothing to hide it, a guest reaches a number of its own and no more."""
    if env.cpu != "rv64":
        raise Skip("this model can hide the registers")
    has_just(env, "rv64,smaia=on,ssaia=on", CSRS | AIA)
