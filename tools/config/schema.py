# SPDX-License-Identifier: BSD-2-Clause
"""The keys of system.toml and of a guest's file, their types and their limits.

Each key has one row (values.py).  The keys that stand for connections to services are in the
services' manifests (manifest.py).
"""

import values
from limits import LIMITS
from problem import nearest, shown, size_text
from values import MIB, Key, Refused, name, of_type, size

GUESTS_MAX = LIMITS["GUESTS_MAX"]
SERVICES_MAX = LIMITS["SYSTEM_SERVICES_MAX"]
CONNECTIONS_MAX = LIMITS["SYSTEM_CONNECTIONS_MAX"]
OPTIONS_MAX, OPTION_TEXTS_BYTES = LIMITS["SYSTEM_OPTIONS_MAX"], LIMITS["SYSTEM_TEXT_BYTES"]
GUEST_MEMORY_MIN = 16 * MIB
GUEST_MEMORY_STEP = 2 * MIB
GUEST_MEMORY_MAX = 1 << 37
BOOTARGS_MAX_BYTES = LIMITS["GUEST_BOOTARGS_BYTES"] - 1  # and a zero byte
MMU_MODES = ("sv39", "sv48", "sv57")


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
    of_type(key, value, int, "1")
    if value < 1:
        raise Refused(f'"{key}" is {value}, but a guest needs one', f"write {key} = 1")
    if value > 1:
        raise Refused(f'"{key}" is {value}, but Warren runs one vCPU per guest for now',
                      f"write {key} = 1")
    return value


def mmu(key, value):
    of_type(key, value, str, '"sv39"')
    if value not in MMU_MODES:
        raise Refused(f'"{key}" is {shown(value)}, which no guest can translate with',
                      nearest(value, MMU_MODES))
    return value


def bootargs(key, value):
    of_type(key, value, str, '"quiet"')
    if any(not c.isprintable() for c in value):
        raise Refused(f'"{key}" has a control character in it: {shown(value)}',
                      "use spaces between the arguments")
    if len(value.encode()) > BOOTARGS_MAX_BYTES:
        raise Refused(f'"{key}" has {len(value.encode())} bytes, above the limit of {BOOTARGS_MAX_BYTES}',
                      "shorten it")
    return value


def file(key, value):
    of_type(key, value, str, '"debian:Image"')
    if not value or any(not c.isprintable() for c in value):
        raise Refused(f'"{key}" is {shown(value)}, which names no file',
                      f'write {key} = "store:path" or a path')
    return value


def program(key, value):
    of_type(key, value, str, '"vmm"')
    return name(value, "program")


GUEST_KEYS = {
    "kernel": Key(file, required=True, is_file=True),
    "initrd": Key(file, is_file=True),
    "bootargs": Key(bootargs, default=""),
    "memory": Key(guest_memory, default=256 * MIB),
    "vcpus": Key(vcpus, default=1),
    "mmu": Key(mmu, default="sv39"),
    "vmm": Key(program, default="vmm"),
    "ping": Key(values.duration(10, 3600_000), default=1000),
    "restart": Key(values.table),
    "devices": Key(values.table),
}

SYSTEM_KEYS = ("guests", "services", "machine", "defaults")
MACHINE_KEYS = {"memory": Key(machine_memory)}
MACHINE_MEMORY_DEFAULT = 2 << 30
