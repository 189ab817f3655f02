# SPDX-License-Identifier: BSD-2-Clause
"""Runs a guest of test/guest/compare on the bare machine and under Warren, and compares the lines."""

import re
import sys

from .env import TREE
from .machine import Failure

sys.path.insert(0, str(TREE / "tools" / "gen"))

import differences  # noqa: E402

TABLE = TREE / "test" / "guest" / "compare" / "differences.toml"
END = r"^end of the comparison\n|^type: (\S+)\n"
RAW = re.compile(rb"<raw ([^>]*)>(.*?)</raw>", re.S)  # the output between two marks, byte by byte
MEMORY_MIB = 128
SECONDS = 30


def observed(machine):
    """Reads the lines of one run as {name: value}.  The machine has to end by itself."""
    machine.expect(r"^begin of the comparison\n", SECONDS)
    begin = machine.at
    while (asked := machine.expect(END, SECONDS)).group(1):
        machine.send(asked.group(1).replace("^]", "\x1d"))
    lines = {}
    for name, value in re.findall(r"^compare: (.+?): (.*)$", machine.text.clean[begin:asked.start()], re.M):
        if name in lines:
            raise Failure(f'the guest says "{name}" twice')
        lines[name] = value
    if not lines:
        raise Failure("the guest saw nothing")
    machine.wait_exit(SECONDS)
    for name, raw in RAW.findall(machine.transcript_path.read_bytes()):
        lines[f"{name.decode()}, bytes"] = raw.hex(" ") or "none"
    return lines


def judge(env, subject, bare, warren):
    """Fails with each difference that the table lacks for `subject`, and each of its rows that did not occur."""
    rows = [row for row in differences.parse(TABLE.read_text()) if row.guest == subject]
    wrong = differences.judge(rows, env.cpu, bare, warren)
    if wrong:
        raise Failure("\n# ".join([f"{len(wrong)} of {len(bare)} lines:", *wrong]))


def compare(env, subject):
    """Runs the guest `subject` on both machines, and compares its lines by the table."""
    image = f"test/guest/compare-{subject}.bin"
    with env.bare(kernel=image, memory_mib=MEMORY_MIB) as machine:
        bare = observed(machine)
    with env.system({"guest": {"kernel": f"build:{image}", "memory": f"{MEMORY_MIB}M"}}) as archive, \
            env.warren(archive, smp=1) as machine:
        warren = observed(machine)
    judge(env, subject, bare, warren)
