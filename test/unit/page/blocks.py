# SPDX-License-Identifier: BSD-2-Clause
"""The blocks of a page that belong to files of the tree.

    ```c PATH       text of a new file (also toml and md); several blocks of one path follow one another
    ```diff PATH    changes to a file: hunks apart by a line `@@`, each with lines of the file around
"""
import re

FENCE = re.compile(r"^```(\w*) ?(\S*)$(.*?)^```$", re.M | re.S)


class PageError(Exception):
    """The page does not fit the tree."""


def find(page):
    """(language, path, text) of each block; a fence without a path is an error."""
    found = [(language, path, text[1:]) for language, path, text in FENCE.findall(page)]
    for language, path, text in found:
        if language not in ("c", "toml", "md", "diff") or not path:
            raise PageError(f"a block without a language and a path: {text[:60]!r}")
    return found


def change(text, diff, path):
    """The file's text with each hunk applied; its old lines must be there exactly once."""
    for hunk in diff.split("@@\n"):
        lines = hunk.splitlines()
        bad = [line for line in lines if line[:1] not in ("+", "-", " ")]
        if bad:
            raise PageError(f"{path}: not a line of a diff: {bad[0]!r}")
        old = "".join(line[1:] + "\n" for line in lines if line[0] != "+")
        new = "".join(line[1:] + "\n" for line in lines if line[0] != "-")
        if old == new or ("\n" + text).count("\n" + old) != 1:
            raise PageError(f"{path}: these lines are not there once:\n{old}")
        text = ("\n" + text).replace("\n" + old, "\n" + new)[1:]
    return text


def apply(page, read):
    """The files a page makes or changes: {path: text}.  `read` gives a file of the tree, or None."""
    made, changed = {}, {}
    for language, path, text in find(page):
        if language == "diff":
            before = changed.get(path) or read(path)
            if before is None:
                raise PageError(f"{path} is not in the tree")
            changed[path] = change(before, text, path)
        elif read(path) is not None:
            raise PageError(f"{path} is in the tree already")
        else:
            made[path] = made[path] + "\n" + text if path in made else text
    return made | changed
