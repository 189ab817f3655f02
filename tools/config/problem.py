# SPDX-License-Identifier: BSD-2-Clause
"""A message about a configuration: where, what is wrong, and how to mend it."""

import dataclasses
import difflib


@dataclasses.dataclass(frozen=True, order=True)
class Problem:
    path: str
    line: int
    what: str
    mend: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.what}; {self.mend}"


class Problems:
    """Collects messages, so that a person sees all of them at once."""

    def __init__(self):
        self.items = []

    def add(self, path, line, what, mend):
        problem = Problem(str(path), line, what, mend)
        if problem not in self.items:
            self.items.append(problem)

    def __bool__(self):
        return bool(self.items)

    def __iter__(self):
        return iter(self.items)


def shown(value):
    """A value as a message shows it: quoted, on one line, and not endless."""
    text = value if isinstance(value, str) else repr(value)
    text = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
    return f'"{text[:60]}..."' if len(text) > 60 else f'"{text}"'


def nearest(word, known):
    """How to mend a misspelt word: the nearest known one, or all of them."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f'did you mean "{close[0]}"?'
    return "use one of: " + ", ".join(sorted(known)) if known else "delete it"


def size_text(size_bytes):
    """A size as the configuration spells it."""
    for unit, letter in ((1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K")):
        if size_bytes and size_bytes % unit == 0:
            return f"{size_bytes // unit}{letter}"
    if size_bytes >= 1 << 20:
        return f"{size_bytes / (1 << 20):.1f}M"
    return f"{size_bytes} bytes"
