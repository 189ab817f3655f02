# SPDX-License-Identifier: BSD-2-Clause
"""The devices that a guest's VMM can give to the guest, as their descriptors in vmm/dev say.

The test `vmm-devices` compares the result with the table that the VMM is built from.
"""

import dataclasses
import pathlib
import re

import checking
import values
from values import Refused

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "vmm/dev"
WORD = re.compile(r"^  '(\w+)',$", re.M)
DESCRIPTOR = re.compile(r"^const struct dev_model \w+ = \{$(.*?)^\};$", re.M | re.S)
NAME = re.compile(r'^    \.name = "([a-z0-9-]+)",$', re.M)
PRESENCE = re.compile(r"^    \.presence = (DEV_\w+),$", re.M)

ON_REQUEST, BY_DEFAULT, ALWAYS = "DEV_ON_REQUEST", "DEV_BY_DEFAULT", "DEV_ALWAYS"


@dataclasses.dataclass(frozen=True)
class Device:
    name: str
    presence: str
    source: pathlib.Path


def known(folder=FOLDER):
    """Each device by its name, in the order of vmm/dev/meson.build."""
    found = {}
    for word in WORD.findall((folder / "meson.build").read_text()):
        source = folder / f"{word}.c"
        descriptor = DESCRIPTOR.search(source.read_text()).group(1)
        presence = PRESENCE.search(descriptor)
        name = NAME.search(descriptor).group(1)
        found[name] = Device(name, presence.group(1) if presence else ON_REQUEST, source)
    return found


def _switch(key, value):
    values.of_type(key, value, bool, "false")
    return value


def _switch_always(key, value):
    if not _switch(key, value):
        raise Refused(f'every guest has the device "{key}"', "delete the line")
    return value


def chosen(problems, origin, table, devices):
    """The names of a guest's devices: the default ones, changed by the table of its configuration."""
    checking.unknown(problems, origin, table, devices)
    found = []
    for device in devices.values():
        is_there = device.presence != ON_REQUEST
        if device.name in table:
            check = _switch_always if device.presence == ALWAYS else _switch
            is_there = checking.attempt(problems, origin.below(device.name), check, device.name, table[device.name])
        if is_there:
            found.append(device.name)
    return found
