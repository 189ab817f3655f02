# SPDX-License-Identifier: BSD-2-Clause
"""The fake HAL, on which the tests of the kernel's core run, answers as the real HAL does (test/hal)."""

import re
import subprocess

from harness.machine import Failure

LINES_MIN = 3000
LINE = re.compile(r"^hal: (.*): (?:0x)?([0-9a-f]+)\r?$", re.M)
MODE = re.compile(r"get 1180 ([0-9a-f])000000000012345")  # satp with each mode


def answers(text):
    """Returns {question: answer}, in the order of the questions."""
    found = {}
    for asked, answer in LINE.findall(text):
        asked = asked.replace("0x", "")
        while asked in found:
            asked += " again"
        found[asked] = answer
    if len(found) < LINES_MIN:
        raise Failure(f"only {len(found)} answers")
    return found


def real_answers(env):
    with env.machine(["-kernel", env.built("test/hal/hal-real.elf")], memory_mib=128) as machine:
        machine.expect(r"^hal: end", 60)
        return answers(machine.text.clean)


def test_hal_fake_answers_as_the_real_one(env):
    """Each write, trap, interrupt and timer of a vCPU's registers has the same outcome on both HALs."""
    real = real_answers(env)
    modes = 1
    for asked, answer in real.items():
        match = MODE.fullmatch(asked)
        if match and answer == match.group(0)[9:].lstrip("0"):
            modes |= 1 << int(match.group(1), 16)
    done = subprocess.run([env.built("test/hal/hal-fake"), f"{modes:x}"], capture_output=True, text=True,
                          check=True, timeout=30)
    fake = answers(done.stdout)
    differ = [f"{asked}: {answer}, fake {fake.get(asked)}" for asked, answer in real.items()
              if fake.get(asked) != answer]
    if differ or len(fake) != len(real):
        raise Failure(f"{len(differ)} of {len(real)} answers differ: " + "; ".join(differ[:20]))
