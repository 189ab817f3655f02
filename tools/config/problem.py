# SPDX-License-Identifier: BSD-2-Clause
"""A message about a configuration: the place, the mistake, and how to correct it.

A problem stops the compiler.  A note does not: it is about a legal but unusual setting.
"""

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
        self.notes = []

    def add(self, path, line, what, mend):
        problem = Problem(str(path), line, what, mend)
        if problem not in self.items:
            self.items.append(problem)

    def note(self, path, line, what, mend):
        self.notes.append(Problem(str(path), line, what, mend))

    def __bool__(self):
        return bool(self.items)

    def __iter__(self):
        return iter(self.items)


def shown(value):
    """A value for a message: quoted, on one line, and shortened."""
    text = value if isinstance(value, str) else repr(value)
    text = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
    return f'"{text[:60]}..."' if len(text) > 60 else f'"{text}"'


def closest(word, known):
    """The known word that is most similar to this one, ignoring case; None if none is similar."""
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None


def nearest(word, known):
    """How to correct a misspelt word: the most similar known word, or all known words."""
    close = closest(word, known)
    if close:
        return f'did you mean "{close}"?'
    return "use one of: " + ", ".join(sorted(known)) if known else "delete it"


def size_text(size_bytes):
    """A size in the notation of the configuration."""
    for unit, letter in ((1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K")):
        if size_bytes and size_bytes % unit == 0:
            return f"{size_bytes // unit}{letter}"
    if size_bytes >= 1 << 20:
        return f"{size_bytes / (1 << 20):.1f}M"
    return f"{size_bytes} bytes"
