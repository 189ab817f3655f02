#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The table of differences refuses rows without a reason, and allows what its rows say and no more (TAP)."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools/gen"))
sys.dont_write_bytecode = True

from differences import TableError, judge, parse  # noqa: E402
from differences_docs import BEGIN, END, page  # noqa: E402

ROW = """
[[difference]]
guest = "plic"
line = "one, .*"
bare = "0x1"
warren = "0x[02]"
specification = "PLIC, Claim"
sentence = "It is so."
why = "So it is."
"""
ONE_CPU = ROW + 'cpus = ["max"]\n'


def refuses(text):
    try:
        parse(text)
    except TableError:
        return True
    return False


def wrongs(bare, warren, text=ROW, cpu="rv64"):
    return len(judge(parse(text), cpu, bare, warren))


COMPARE = ROOT / "test/guest/compare"
SUBJECTS = {path.stem for path in COMPARE.glob("*.c")}
RUN = set(re.findall(r'compare\(env, "(\w+)"\)', (ROOT / "test/system/test_compare.py").read_text()))
BUILT = set(re.findall(r"'(\w+)'", (ROOT / "test/guest/meson.build").read_text()))
ROWS = parse((COMPARE / "differences.toml").read_text())

ALLOWED = ({"one, a": "0x1"}, {"one, a": "0x2"})
CASES = {
    "every guest is compared": lambda: SUBJECTS == RUN and SUBJECTS <= BUILT,
    "every row is about a guest, or the device tree": lambda: {row.guest for row in ROWS} <= SUBJECTS | {"device_tree"},
    "a row is read": lambda: len(parse(ROW)) == 1,
    "no text at all is an empty table": lambda: parse("") == [],
    "what is not TOML is refused": lambda: refuses("[["),
    "another table is refused": lambda: refuses("[other]\nx = 1\n"),
    "an unknown key is refused": lambda: refuses(ROW + "extra = 1\n"),
    "an unknown CPU model is refused": lambda: refuses(ROW + 'cpus = ["486"]\n'),
    "no CPU model is refused": lambda: refuses(ROW + "cpus = []\n"),
    "a pattern that is none is refused": lambda: refuses(ROW.replace("one, .*", "one, (")),
    "a row without a sentence is refused": lambda: refuses(ROW.replace("It is so.", " ")),
    "a row without a specification is refused": lambda: refuses(ROW.replace('specification = "PLIC, Claim"\n', "")),
    "a row without a reason is refused": lambda: refuses(ROW.replace('why = "So it is."\n', "")),
    "equal lines need no row": lambda: wrongs({"x": "1"}, {"x": "1"}, "") == 0,
    "a difference without a row is wrong": lambda: wrongs({"x": "1"}, {"x": "2"}, "") == 1,
    "a difference that its row names is right": lambda: wrongs(*ALLOWED) == 0,
    "another value on the bare side is wrong": lambda: wrongs({"one, a": "0x3"}, {"one, a": "0x2"}) == 1,
    "another value of Warren's is wrong": lambda: wrongs({"one, a": "0x1"}, {"one, a": "0x3"}) == 1,
    "a pattern is for all of a value": lambda: wrongs({"one, a": "0x10"}, {"one, a": "0x2"}) == 1,
    "a pattern is for all of a name": lambda: wrongs({"one, a": "0x1", "no one, a": "1"},
                                                     {"one, a": "0x2", "no one, a": "2"}) == 1,
    "a row about no line is wrong": lambda: wrongs({"x": "1"}, {"x": "1"}) == 1,
    "a row about a line that is equal is wrong": lambda: wrongs({"one, a": "0x1", "one, b": "0x1"},
                                                                {"one, a": "0x2", "one, b": "0x1"}) == 1,
    "a line that only the guest has is wrong": lambda: wrongs({}, {"x": "1"}, "") == 1,
    "a line that only the bare machine has is wrong": lambda: wrongs({"x": "1"}, {}, "") == 1,
    "absence can be allowed": lambda: wrongs({"one, a": "0x1"}, {}, ROW.replace("0x[02]", "absent")) == 0,
    "a row of another CPU model does not count": lambda: wrongs(*ALLOWED, ONE_CPU) == 1,
    "a row of this CPU model counts": lambda: wrongs(*ALLOWED, ONE_CPU, "max") == 0,
    "the page has each row": lambda: "So it is. `one, .*` (on max): bare `0x1`, here `0x[02]`. *PLIC, Claim*: It is so."
                                     in " ".join(page("a\n" + BEGIN + END, parse(ONE_CPU)).split()),
    "what is generated twice stays": lambda: page(page(BEGIN + END, parse(ROW)), parse(ROW)) ==
                                     page(BEGIN + END, parse(ROW)),
}


def main():
    print(f"1..{len(CASES)}")
    good = True
    for number, (name, holds) in enumerate(CASES.items(), 1):
        ok = bool(holds())
        good &= ok
        print(f"{'ok' if ok else 'not ok'} {number} - {name}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
