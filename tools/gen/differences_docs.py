#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the differences between the bare machine and a guest into docs/devices/platform.md.

    differences_docs.py PAGE        replaces the section between the two marks
"""

import pathlib
import sys
import textwrap

import differences

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLE = ROOT / "test" / "guest" / "compare" / "differences.toml"
BEGIN = "<!-- generated from test/guest/compare/differences.toml by tools/gen/update -->\n"
END = "<!-- end of what is generated -->\n"
WIDTH = 130


def entry(row):
    """A row of the table, as an entry of a list."""
    where = "" if set(row.cpus) >= set(differences.CPUS) else f" (on {', '.join(row.cpus)})"
    text = (f"- {row.why} `{row.line}`{where}: bare `{row.bare}`, here `{row.warren}`. "
            f"*{row.specification}*: {row.sentence}")
    return "\n".join(textwrap.wrap(text, WIDTH, subsequent_indent="  ", break_long_words=False,
                                   break_on_hyphens=False))


def section(rows):
    """All rows, grouped by guest, in the order of the table."""
    lines = []
    for guest in dict.fromkeys(row.guest for row in rows):
        lines += [f"### {guest}", "", *(entry(row) for row in rows if row.guest == guest), ""]
    return "\n" + "\n".join(lines)


def page(text, rows):
    """The page with its section replaced."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise differences.TableError("the page has no marks for what is generated")
    return before + begin + section(rows) + end + after


def main(argv):
    if len(argv) != 2:
        sys.exit(__doc__)
    path = pathlib.Path(argv[1])
    try:
        path.write_text(page(path.read_text(), differences.parse(TABLE.read_text())))
    except differences.TableError as error:
        sys.exit(f"differences_docs.py: {error}")


if __name__ == "__main__":
    main(sys.argv)
