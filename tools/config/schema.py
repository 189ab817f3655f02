# SPDX-License-Identifier: BSD-2-Clause
"""The keys of the configuration, their types and their limits.

Each key has one row.  `check` returns the value in its compiled form, or raises
`Refused` with the mistake and how to correct it.
"""

import dataclasses
import re
from collections.abc import Callable

from limits import LIMITS
from problem import nearest, shown, size_text

MIB = 1 << 20
NAME_MAX_BYTES = LIMITS["NAME_BYTES"] - 1  # and a zero byte
NAME = re.compile(r"[a-z0-9-]{1,%d}\Z" % NAME_MAX_BYTES)
SIZE = re.compile(r"([0-9]{1,12})([KMG])\Z")
UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}

GUESTS_MAX = LIMITS["GUESTS_MAX"]
SERVICES_MAX = 8
GUEST_MEMORY_MIN = 16 * MIB
GUEST_MEMORY_STEP = 2 * MIB
GUEST_MEMORY_MAX = 1 << 37
BOOTARGS_MAX_BYTES = LIMITS["GUEST_BOOTARGS_BYTES"] - 1  # and a zero byte
MMU_MODES = ("sv39", "sv48", "sv57")


class Refused(Exception):
    def __init__(self, what, mend):
        super().__init__(what)
        self.what = what
        self.mend = mend


TYPE_NAMES = {str: "a string", bool: "a boolean", int: "an integer", float: "a number",
              list: "a list", dict: "a table"}


def _of_type(key, value, wanted, example):
    if type(value) is not wanted:
        given = TYPE_NAMES.get(type(value), "a date or time")
        raise Refused(f'"{key}" must be {TYPE_NAMES[wanted]}, not {given}',
                      f"write {key} = {example}")


def name(value, of_what):
    if type(value) is not str:
        given = TYPE_NAMES.get(type(value), "a date or time")
        raise Refused(f"the name of a {of_what} must be a string, not {given}",
                      'write it in quotes: "web-1"')
    if not NAME.match(value):
        raise Refused(f"{shown(value)} cannot be the name of a {of_what}",
                      f"use 1 to {NAME_MAX_BYTES} characters from a-z, 0-9 and -")
    return value


def size(key, value):
    _of_type(key, value, str, '"256M"')
    match = SIZE.match(value)
    if not match:
        raise Refused(f'"{key}" is {shown(value)}, which is not a size',
                      f'write a whole number and K, M or G, such as {key} = "256M"')
    return int(match.group(1)) * UNITS[match.group(2)]


def guest_memory(key, value):
    size_bytes = size(key, value)
    if size_bytes < GUEST_MEMORY_MIN:
        raise Refused(f'"{key}" is {value}, below the least of {size_text(GUEST_MEMORY_MIN)}',
                      f'write {key} = "{size_text(GUEST_MEMORY_MIN)}" or more')
    if size_bytes > GUEST_MEMORY_MAX:
        raise Refused(f'"{key}" is {value}, beyond what a guest can address',
                      f'write {key} = "{size_text(GUEST_MEMORY_MAX)}" or less')
    if size_bytes % GUEST_MEMORY_STEP:
        below = size_bytes - size_bytes % GUEST_MEMORY_STEP
        raise Refused(f'"{key}" is {value}, not a multiple of {size_text(GUEST_MEMORY_STEP)}',
                      f'write {key} = "{size_text(below)}" or "{size_text(below + GUEST_MEMORY_STEP)}"')
    return size_bytes


def machine_memory(key, value):
    size_bytes = size(key, value)
    if not 256 * MIB <= size_bytes <= 1 << 40 or size_bytes % MIB:
        raise Refused(f'"{key}" of the machine is {value}, not between 256M and 1024G in whole M',
                      f'write {key} = "1G"')
    return size_bytes


def vcpus(key, value):
    _of_type(key, value, int, "1")
    if value < 1:
        raise Refused(f'"{key}" is {value}, but a guest needs one', f"write {key} = 1")
    if value > 1:
        raise Refused(f'"{key}" is {value}, but Warren runs one vCPU per guest for now',
                      f"write {key} = 1")
    return value


def mmu(key, value):
    _of_type(key, value, str, '"sv39"')
    if value not in MMU_MODES:
        raise Refused(f'"{key}" is {shown(value)}, which no guest can translate with',
                      nearest(value, MMU_MODES))
    return value


def bootargs(key, value):
    _of_type(key, value, str, '"console=ttyS0"')
    if any(not c.isprintable() for c in value):
        raise Refused(f'"{key}" has a control character in it: {shown(value)}',
                      "use spaces between the arguments")
    if len(value.encode()) > BOOTARGS_MAX_BYTES:
        raise Refused(f'"{key}" has {len(value.encode())} bytes, above the limit of {BOOTARGS_MAX_BYTES}',
                      "shorten it")
    return value


def file(key, value):
    _of_type(key, value, str, '"debian:Image"')
    if not value or any(not c.isprintable() for c in value):
        raise Refused(f'"{key}" is {shown(value)}, which names no file',
                      f'write {key} = "store:path" or a path')
    return value


def program(key, value):
    _of_type(key, value, str, '"vmm"')
    return name(value, "program")


@dataclasses.dataclass(frozen=True)
class Key:
    check: Callable
    default: object = None
    required: bool = False
    is_file: bool = False


GUEST_KEYS = {
    "kernel": Key(file, required=True, is_file=True),
    "initrd": Key(file, is_file=True),
    "bootargs": Key(bootargs, default=""),
    "memory": Key(guest_memory, default=256 * MIB),
    "vcpus": Key(vcpus, default=1),
    "mmu": Key(mmu, default="sv39"),
    "vmm": Key(program, default="vmm"),
}

SYSTEM_KEYS = ("guests", "services", "machine", "defaults")
MACHINE_KEYS = {"memory": Key(machine_memory)}
MACHINE_MEMORY_DEFAULT = 2 << 30
SERVICES_DEFAULT = ["console"]
