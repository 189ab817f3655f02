#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A copy of a source with one fault in it: mutant.py SOURCE COPY FROM TO

FROM has to stand there exactly once: a mutant that no longer fits is an error, not a pass.
"""
import sys


def main():
    source, copy, old, new = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        text = file.read()
    if text.count(old) != 1:
        sys.exit(f"{source}: {old!r} stands there {text.count(old)} times, not once")
    with open(copy, "w", encoding="utf-8") as file:
        file.write(f'#line 1 "{source}"\n' + text.replace(old, new))


if __name__ == "__main__":
    main()
