# SPDX-License-Identifier: BSD-2-Clause
"""Reads the table of differences between the bare machine and a guest of Warren.

A row is a `[[difference]]` of test/guest/compare/differences.toml:

    guest          the program that sees the difference
    line           the name of its line, a regular expression for all of the name
    bare, warren   the values, regular expressions for all of the value; "absent": there is no such line
    cpus           the CPU models where it is seen; without it, all
    specification  title and section
    sentence       what the specification says, in our words, with the normative phrase where needed
    why            what a guest should know
"""

import re
import tomllib

ABSENT = "absent"
TEXTS = ("guest", "line", "bare", "warren", "specification", "sentence", "why")
CPUS = ("rv64", "rva23s64", "max", "rv64,sstc=off")


class TableError(Exception):
    """The table has a mistake; the text names the place."""


class Row:
    def __init__(self, keys, number):
        name = f"difference {number} ({keys.get('guest', '?')}: {keys.get('line', '?')})"
        for key in TEXTS:
            if not isinstance(keys.get(key), str) or not keys[key].strip():
                raise TableError(f"{name} has no {key}")
        unknown = set(keys) - set(TEXTS) - {"cpus"}
        if unknown:
            raise TableError(f"{name} has an unknown key: {', '.join(sorted(unknown))}")
        self.__dict__.update({key: " ".join(keys[key].split()) for key in TEXTS})
        self.cpus = keys.get("cpus", list(CPUS))
        wrong = [cpu for cpu in self.cpus if cpu not in CPUS]
        if wrong or not self.cpus:
            raise TableError(f"{name} names a CPU model that is not tested: {wrong}")
        self.name = name
        try:
            self._line, self._bare, self._warren = map(re.compile, (self.line, self.bare, self.warren))
        except re.error as error:
            raise TableError(f"{name}: {error}") from None

    def is_about(self, line):
        return bool(self._line.fullmatch(line))

    def allows(self, line, bare, warren):
        """True if this row permits these values of this line; None: the line is absent."""
        return (self.is_about(line) and bool(self._bare.fullmatch(ABSENT if bare is None else bare))
                and bool(self._warren.fullmatch(ABSENT if warren is None else warren)))


def parse(text):
    """The rows of a table, in order."""
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TableError(str(error)) from None
    if set(read) - {"difference"}:
        raise TableError("the table knows [[difference]] alone")
    return [Row(keys, number) for number, keys in enumerate(read.get("difference", []), 1)]


def judge(rows, cpu, bare, warren):
    """The mistakes in these lines (maps of names to values), one sentence each.

    `rows` are the rows of the guest program.  Each difference needs a row.  Each row must match a
    line, and each line that a row matches must differ as the row says.
    """
    wrong, used = [], set()
    rows = [row for row in rows if cpu in row.cpus]
    for line in [*bare, *(name for name in warren if name not in bare)]:
        here, there = bare.get(line), warren.get(line)
        about = [row for row in rows if row.is_about(line)]
        used.update(map(id, about))
        if here == there:
            wrong += [f"{line}: {here} on both, but {row.name}" for row in about]
        elif not any(row.allows(line, here, there) for row in about):
            wrong.append(f"{line}: {there or ABSENT}, bare {here or ABSENT}")
    wrong += [f"{row.name} is about no line" for row in rows if id(row) not in used]
    return wrong
