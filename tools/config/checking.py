# SPDX-License-Identifier: BSD-2-Clause
"""Checks tables of a TOML file against rows of `Key`, and reports each mistake at its line."""

from problem import closest, nearest, shown
from values import Refused


class Origin:
    """The place where a value is written, for messages."""

    def __init__(self, source, *key_path):
        self.source = source
        self.key_path = key_path

    def below(self, *key_path):
        return Origin(self.source, *self.key_path, *key_path)

    @property
    def line(self):
        return self.source.line(*self.key_path)

    def complain(self, problems, what, mend):
        problems.add(self.source.path, self.line, what, mend)


def attempt(problems, origin, check, *args):
    """The result of a check, or None after adding its refusal to the problems."""
    try:
        return check(*args)
    except Refused as error:
        origin.complain(problems, error.what, error.mend)
        return None


def unknown(problems, origin, table, known, elsewhere=None):
    """Adds a problem for each unknown key; `elsewhere` has the right place of keys in a wrong place."""
    elsewhere = elsewhere or {}
    for key in table:
        if key in known:
            continue
        meant = closest(key, [*known, *elsewhere])
        mend = nearest(key, known)
        if key in elsewhere:
            mend = elsewhere[key]
        elif meant in elsewhere and meant not in known:
            mend = f'did you mean "{meant}"? {elsewhere[meant]}'
        origin.below(key).complain(problems, f"unknown key {shown(key)}", mend)


def fields(problems, origin, table, rows, what):
    """The values of a table by key, with defaults; a value that is missing or wrong is None."""
    values = {}
    for key, row in rows.items():
        values[key] = row.default
        if key in table:
            values[key] = attempt(problems, origin.below(key), row.check, key, table[key])
        elif row.required:
            origin.complain(problems, f'{what} has no "{key}"', f"write {key} = {row.example}")
    return values


def subtable(problems, origin, parent, key):
    """The table below a key; an empty one when it is absent, or after adding a problem."""
    table = parent.get(key, {})
    if type(table) is not dict:
        path = ".".join(str(part) for part in (*origin.key_path, key))
        origin.below(key).complain(problems, f'"{key}" must be a table', f"write a heading [{path}] and its keys below it")
        return {}
    return table


def subtables(problems, origin, parent, key):
    """The tables of [[key]], each with its origin."""
    tables = parent.get(key, [])
    if type(tables) is not list or any(type(table) is not dict for table in tables):
        origin.below(key).complain(problems, f'"{key}" must be a list of tables',
                                   f"write a heading [[{key}]] for each, and its keys below it")
        return []
    return [(table, origin.below(key, place)) for place, table in enumerate(tables)]
