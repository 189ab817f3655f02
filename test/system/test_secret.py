# SPDX-License-Identifier: BSD-2-Clause
"""Guests that act at random (test/guest/fuzz.c) beside a guest that checks its own state (secret.c).

WARREN_FUZZ_SEED and WARREN_FUZZ_SECONDS choose another run, and a longer one.
"""

import os
import re

from harness.console import OWN_LINES
from harness.machine import Failure

SEED = int(os.environ.get("WARREN_FUZZ_SEED", "11"))
SECONDS = int(os.environ.get("WARREN_FUZZ_SECONDS", "3"))
BROKEN = r"fuzz: LEAK|secret: (?!begin|all my own).*\n|.*cannot be started.*|.*faulted.*|gave up.*|.* is dead.*|" \
         r"kernel panic.*"
STEPS = 100   # of each kind, at least
ROUNDS = 30


def guest(name, seed):
    return {"kernel": f"build:test/guest/{name}.bin", "memory": "16M", "bootargs": f"{seed} {SECONDS}"}


def steps(machine):
    counts = machine.expect(r"fuzz: end, steps((?: \d+)+)\n", 60 + SECONDS, unless=BROKEN).group(1).split()
    if min(map(int, counts)) < STEPS:
        raise Failure(f"too few steps of a kind: {counts}")


def test_secret_random_guests_neither_see_nor_touch_it(env):
    """Two guests make random calls, CSR accesses, loads, stores, fences, jumps; a third's state stays intact.

    A guest that finds another's data ends as failed, and then QEMU does not end with 0.
    """
    print(f"# seeds {SEED} and {SEED + 1}, {SECONDS} s", flush=True)
    with env.system({"secret": guest("secret", 0), "one": guest("fuzz", SEED),
                     "two": guest("fuzz", SEED + 1)}) as archive, \
            env.warren(archive, smp=1, budget_s=180 + 3 * SECONDS) as machine:
        machine.expect(r"secret: begin\n", 30)
        found = machine.expect(rf"secret: all my own, rounds {OWN_LINES}(\d+)\n", 60 + SECONDS, unless=BROKEN)
        if int(found.group(1)) < ROUNDS:
            raise Failure(f"only {found.group(1)} rounds")
        machine.expect_exit(0, 60 + SECONDS)
        spoilt = re.search(BROKEN, machine.text.clean)
        if spoilt:
            raise Failure(spoilt.group())


def test_secret_steps_are_of_every_kind(env):
    """The random guest makes steps of each kind, sees no secret, and ends by itself."""
    print(f"# seed {SEED + 2}, {SECONDS} s", flush=True)
    with env.system({"one": guest("fuzz", SEED + 2), "secret": guest("secret", 0)}) as archive, \
            env.warren(archive, smp=1, budget_s=180 + 3 * SECONDS) as machine:
        machine.expect(rf"fuzz: seed {SEED + 2}\n", 30)
        steps(machine)
        machine.expect_exit(0, 60 + SECONDS)
