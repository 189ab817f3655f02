# SPDX-License-Identifier: BSD-2-Clause
"""The types of values in the configuration.

Each check takes a key and its value, and returns the value in its compiled form or raises
`Refused` with the mistake and how to correct it.  A function that takes limits returns a check.
"""

import dataclasses
import re
from collections.abc import Callable

from limits import LIMITS
from problem import nearest, shown, size_text

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
NAME_MAX_BYTES = LIMITS["NAME_BYTES"] - 1  # and a zero byte
NAME = re.compile(r"[a-z0-9-]{1,%d}\Z" % NAME_MAX_BYTES)
SIZE = re.compile(r"([0-9]{1,12})([KMG])\Z")
UNITS = {"K": KIB, "M": MIB, "G": GIB}
DURATION = re.compile(r"([0-9]{1,9})(ms|s)\Z")
INTEGER_MAX = (1 << 63) - 1


class Refused(Exception):
    def __init__(self, what, mend):
        super().__init__(what)
        self.what = what
        self.mend = mend


TYPE_NAMES = {str: "a string", bool: "a boolean", int: "an integer", float: "a number",
              list: "a list", dict: "a table"}


@dataclasses.dataclass(frozen=True)
class Key:
    """One key of a table.  `example` is a value to propose when a required key is missing."""

    check: Callable
    default: object = None
    required: bool = False
    is_file: bool = False
    example: str = ""


def type_name(value):
    return TYPE_NAMES.get(type(value), "a date or time")


def of_type(key, value, wanted, example):
    if type(value) is not wanted:
        raise Refused(f'"{key}" must be {TYPE_NAMES[wanted]}, not {type_name(value)}',
                      f"write {key} = {example}")


def name(value, of_what):
    if type(value) is not str:
        raise Refused(f"the name of a {of_what} must be a string, not {type_name(value)}",
                      'write it in quotes: "web-1"')
    if not NAME.match(value):
        raise Refused(f"{shown(value)} cannot be the name of a {of_what}",
                      f"use 1 to {NAME_MAX_BYTES} characters from a-z, 0-9 and -")
    return value


def size(key, value):
    of_type(key, value, str, '"256M"')
    match = SIZE.match(value)
    if not match:
        raise Refused(f'"{key}" is {shown(value)}, which is not a size',
                      f'write a whole number and K, M or G, such as {key} = "256M"')
    return int(match.group(1)) * UNITS[match.group(2)]


def size_between(least, most, step=1):
    def check(key, value):
        size_bytes = size(key, value)
        if not least <= size_bytes <= most:
            raise Refused(f'"{key}" is {value}, not between {size_text(least)} and {size_text(most)}',
                          f'write {key} = "{size_text(min(max(size_bytes, least), most))}"')
        if size_bytes % step:
            raise Refused(f'"{key}" is {value}, not a multiple of {size_text(step)}',
                          f'write {key} = "{size_text(size_bytes + -size_bytes % step)}"')
        return size_bytes
    return check


def boolean(key, value):
    of_type(key, value, bool, "true")
    return value


def integer(least=0, most=INTEGER_MAX):
    def check(key, value):
        of_type(key, value, int, str(least))
        if not least <= value <= most:
            raise Refused(f'"{key}" is {value}, not between {least} and {most}',
                          f"write {key} = {min(max(value, least), most)}")
        return value
    return check


def _milliseconds(key, text, example):
    match = DURATION.match(text)
    if not match:
        raise Refused(f'"{key}" is {shown(text)}, which is not a duration',
                      f"write a whole number and ms or s, such as {key} = {example}")
    return int(match.group(1)) * (1000 if match.group(2) == "s" else 1)


def duration(least_ms, most_ms):
    """A duration, compiled to milliseconds."""
    def check(key, value):
        of_type(key, value, str, '"10s"')
        count = _milliseconds(key, value, '"10s"')
        if not least_ms <= count <= most_ms:
            raise Refused(f'"{key}" is {value}, not between {least_ms}ms and {most_ms // 1000}s',
                          f'write {key} = "{min(max(count, least_ms), most_ms)}ms"')
        return count
    return check


def duration_range(most_ms):
    """Two durations, "10ms..1s", compiled to a pair of milliseconds."""
    def check(key, value):
        of_type(key, value, str, '"10ms..1s"')
        low, dots, high = value.partition("..")
        if not dots:
            raise Refused(f'"{key}" is {shown(value)}, which is not a range', f'write {key} = "10ms..1s"')
        pair = tuple(_milliseconds(key, text, '"10ms..1s"') for text in (low, high))
        if not 0 <= pair[0] <= pair[1] <= most_ms:
            raise Refused(f'"{key}" is {shown(value)}, but a range begins with its smaller end and ends at '
                          f"{most_ms // 1000}s or before", f'write {key} = "10ms..1s"')
        return pair
    return check


def text(pattern, what, example):
    """A string that `pattern` matches as a whole."""
    def check(key, value):
        of_type(key, value, str, f'"{example}"')
        if not re.fullmatch(pattern, value):
            raise Refused(f'"{key}" is {shown(value)}, which is not {what}', f'write {key} = "{example}"')
        return value
    return check


def printable(most_bytes):
    def check(key, value):
        of_type(key, value, str, '"text"')
        if any(not c.isprintable() for c in value):
            raise Refused(f'"{key}" has a control character in it: {shown(value)}', "delete it")
        if len(value.encode()) > most_bytes:
            raise Refused(f'"{key}" has {len(value.encode())} bytes, above the limit of {most_bytes}', "shorten it")
        return value
    return check


def choice(*known):
    def check(key, value):
        of_type(key, value, str, f'"{known[0]}"')
        if value not in known:
            raise Refused(f'"{key}" is {shown(value)}, which is none of its values', nearest(value, known))
        return value
    return check


def list_of(check_one, most, least=0):
    """A list of distinct values, compiled to a tuple."""
    def check(key, value):
        of_type(key, value, list, "[...]")
        if not least <= len(value) <= most:
            raise Refused(f'"{key}" has {len(value)} values, not between {least} and {most}', "change the list")
        found = tuple(check_one(key, one) for one in value)
        for one in found:
            if found.count(one) > 1:
                raise Refused(f'"{key}" has {shown(one)} twice', "delete one of the two")
        return found
    return check


def table(key, value):
    of_type(key, value, dict, "{ ... }")
    return value
