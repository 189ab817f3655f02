# SPDX-License-Identifier: BSD-2-Clause
"""Reads the folder of a system into a checked `System`.

Adds every mistake to `problems`; the result is valid only if there is none.
"""

import dataclasses
import pathlib

import checking
import devices
import image
import kinds
import manifest
import room
import schema
import tomlsource
import values
from checking import Origin
from connections import Guests
from instances import Instances
from problem import closest, nearest, shown

# For keys in the wrong place: the right place.
SYSTEM_KEY_PLACE = {key: "this is a key of the system: put it into system.toml" for key in schema.SYSTEM_KEYS}


def system_key_place(heading):
    """For keys of the system after a heading: TOML makes them keys of the heading."""
    return {key: f"this is a key of the system: put it above the heading [{heading}]" for key in schema.SYSTEM_KEYS}


@dataclasses.dataclass
class Guest:
    name: str
    index: int
    kernel: pathlib.Path
    initrd: pathlib.Path | None
    bootargs: str
    memory: int
    vcpus: int
    mmu: str
    vmm: str
    ping: int  # milliseconds
    restart: manifest.Restart
    devices: list  # names
    connections: list = dataclasses.field(default_factory=list)
    contents: dict = dataclasses.field(default_factory=dict)  # the bytes of its files, by key


@dataclasses.dataclass
class System:
    name: str
    machine_memory: int
    instances: Instances
    guests: list
    sources: list  # every file that was read, for the build's dependencies


class Reader:
    def __init__(self, folder, stores, programs, catalog, known_devices, problems):
        self.folder = pathlib.Path(folder)
        self.name = self.folder.resolve().name
        self.stores = stores
        self.programs = programs
        self.catalog = catalog
        self.problems = problems
        self.instances = Instances(catalog, problems, self.name)
        self.guest_keys = [*schema.GUEST_KEYS, *catalog.by_key]
        self.guest_key_place = {key: "this is a key of guests: put it under [defaults]" for key in self.guest_keys}
        self.devices = known_devices
        self.sources = [*catalog.sources, *(device.source for device in self.devices.values())]
        self.opened = {}  # results so far, by opener and path: guests often share a kernel

    def _try(self, origin, check, *args):
        return checking.attempt(self.problems, origin, check, *args)

    def _known(self, origin, table, known, elsewhere):
        """Adds a problem for each unknown key.  While a manifest has mistakes, its keys are not known."""
        if self.catalog.is_whole or known is not self.guest_keys:
            checking.unknown(self.problems, origin, table, known, elsewhere)

    def _table(self, source, key):
        return checking.subtable(self.problems, Origin(source), source.data, key)

    def _names(self, source, key, default, limit):
        """A list of distinct names, each with its origin."""
        names = source.data.get(key, default)
        whole = Origin(source, key)
        if type(names) is not list:
            whole.complain(self.problems, f'"{key}" must be a list of names',
                           f'write {key} = ["one", "two"]')
            return []
        if len(names) > limit:
            whole.complain(self.problems, f'"{key}" has {len(names)} names, above the limit of {limit}',
                           f"keep {limit}")
            return []
        found = {}
        for place, value in enumerate(names):
            origin = Origin(source, key, place)
            name = self._try(origin, schema.name, value, key[:-1])
            if name in found:
                origin.complain(self.problems, f'"{name}" is in "{key}" twice',
                                "rename or delete one of the two")
            elif name is not None:
                found[name] = origin
        return list(found.items())

    def read(self):
        path = self.folder / "system.toml"
        self.sources.append(path)
        if not values.NAME.match(self.name):
            self.problems.add(path, 1, f"{shown(self.name)} cannot be the name of a system",
                              "rename the folder: 1 to 31 characters from a-z, 0-9 and -")
        source = tomlsource.load(path, self.problems)
        if source is None:
            return None
        self._known(Origin(source), source.data, schema.SYSTEM_KEYS, self.guest_key_place)
        machine = self._machine(source)
        self.instances.read(source, self._names)
        defaults = self._defaults(source)
        if "guests" not in source.data or source.data["guests"] == []:
            Origin(source, "guests").complain(self.problems, "a system needs a guest",
                                              'write guests = ["name"] and describe it in name.toml')
            return None
        named = self._names(source, "guests", [], schema.GUESTS_MAX)
        guests = [self._guest(name, index, origin, defaults)
                  for index, (name, origin) in enumerate(named)]
        self.instances.connect_needs()
        self._check_service_programs()
        self.instances.check_totals([guest for guest in guests if guest])
        system = System(self.name, machine, self.instances, [guest for guest in guests if guest], self.sources)
        self._note_unused([name for name, _ in named])
        if not self.problems:
            self._check_machine(source, system)
        return system

    def _machine(self, source):
        table = self._table(source, "machine")
        self._known(Origin(source, "machine"), table, schema.MACHINE_KEYS,
                    self.guest_key_place | system_key_place("machine"))
        if "memory" not in table:
            return schema.MACHINE_MEMORY_DEFAULT
        return self._try(Origin(source, "machine", "memory"), schema.machine_memory,
                         "memory", table["memory"])

    def _defaults(self, source):
        """The keys of [defaults], each with its origin."""
        table = self._table(source, "defaults")
        self._known(Origin(source, "defaults"), table, self.guest_keys, system_key_place("defaults"))
        return {key: (value, Origin(source, "defaults", key)) for key, value in table.items()}

    def _guest(self, name, index, listed, defaults):
        path = self.folder / f"{name}.toml"
        if name == "system":
            listed.complain(self.problems, '"system" cannot be the name of a guest: system.toml is this file',
                            "rename the guest and its file")
            return None
        if not path.exists():
            like = closest(name, [other.stem for other in self.folder.glob("*.toml") if other.name != "system.toml"])
            listed.complain(self.problems, f'guest "{name}" has no file {path}',
                            f'did you mean "{like}"?' if like else "create it (it may be empty when [defaults] says "
                            "all) or take the name off the list")
            return None
        self.sources.append(path)
        source = tomlsource.load(path, self.problems)
        if source is None:
            return None
        if name in self.instances.found:
            listed.complain(self.problems, f'"{name}" is also the name of a service', "rename the guest and its file")
        self._known(Origin(source), source.data, self.guest_keys, SYSTEM_KEY_PLACE)
        given = defaults | {key: (value, Origin(source, key)) for key, value in source.data.items()}
        guest = Guest(name, index, **self._guest_values(source, given))
        guest.restart = self._restart(guest, given)
        guest.connections = Guests(self.instances, self.problems).connections(name, given, source)
        guest.devices = self._devices(guest, given)
        self._check_program(guest, given)
        self._check_fit(guest, source, given)
        return guest

    def _guest_values(self, source, given):
        found = {}
        for key, row in schema.GUEST_KEYS.items():
            found[key] = row.default
            if key in given:
                value, origin = given[key]
                found[key] = self._try(origin, row.check, key, value)
                if row.is_file and found[key] is not None:
                    found[key] = self._try(origin, self.stores.resolve, key, found[key],
                                           origin.source.path.parent)
            elif row.required:
                Origin(source).complain(self.problems, f'the guest has no "{key}"',
                                        f'write {key} = "debian:Image", or give it in [defaults] of system.toml')
        return found

    def _restart(self, guest, given):
        if guest.restart is None:
            return manifest.Restart()
        return manifest.restart(self.problems, given["restart"][1], guest.restart)

    def _devices(self, guest, given):
        """The guest's devices.  A connection brings its device with it, which cannot be left out."""
        for one in guest.connections:
            if one.device not in self.devices:
                one.service.guest.origin.below("device").complain(
                    self.problems, f'the VMM has no device "{one.device}"', nearest(one.device, list(self.devices)))
        if guest.devices is None:
            return devices.chosen(self.problems, None, {}, self.devices)
        origin = given["devices"][1]
        for one in guest.connections:
            if guest.devices.get(one.device) is False:
                origin.below(one.device).complain(self.problems, f'"{one.key}" needs the device "{one.device}"',
                                                  f"write {one.key} = false, or delete this line")
        return devices.chosen(self.problems, origin, guest.devices, self.devices)

    def _check_program(self, guest, given):
        known = [name for name in self.programs if "/" not in name]
        if guest.vmm is not None and guest.vmm not in known and "vmm" in given:
            given["vmm"][1].complain(self.problems, f'there is no program "{guest.vmm}"',
                                     nearest(guest.vmm, known))

    def _check_service_programs(self):
        for instance in self.instances.found.values():
            if instance.service.program not in self.programs:
                instance.origin.complain(self.problems, f'there is no program of service "{instance.service.name}"',
                                         "build it, or take the service out of the configuration")

    def _check_fit(self, guest, source, given):
        """Checks that the files have the formats that their keys need, and fit in the guest's memory."""
        kernel = self._kernel(guest, given) if guest.kernel else None
        initrd_bytes = self._initrd(guest, given) if guest.initrd else 0
        if kernel is None or initrd_bytes is None or guest.memory is None:
            return
        trouble = room.in_guest(guest, kernel.end, initrd_bytes)
        if trouble:
            key, what, mend = trouble
            origin = given[key][1] if key in given else Origin(source)
            origin.complain(self.problems, what, mend)

    def _open(self, guest, key, opener, given):
        """The result of `opener` for a guest's file; None after adding a problem if it fails."""
        path = getattr(guest, key)
        self.sources.append(path)
        if (opener, path) in self.opened:
            return self.opened[opener, path]
        found = None
        try:
            found = self.opened[opener, path] = opener(path)
        except kinds.NotAnImage as error:
            given[key][1].complain(self.problems, f'"{key}" names {path}, which {error.what}', error.mend)
        except OSError as error:
            given[key][1].complain(self.problems, f'"{key}" names {path}, which cannot be read: {error.strerror}',
                                   "name another file")
        return found

    def _kernel(self, guest, given):
        """The kernel's Payload, or None."""
        opened = self._open(guest, "kernel", image.open_kernel, given)
        if opened is None:
            return None
        guest.contents["kernel"], payload = opened
        return payload

    def _initrd(self, guest, given):
        """The bytes of the RAM disk, or None."""
        content = self._open(guest, "initrd", image.open_initrd, given)
        if content is None:
            return None
        guest.contents["initrd"] = content
        return content.size_bytes

    def _check_machine(self, source, system):
        trouble = room.in_machine(system, is_default="memory" not in source.data.get("machine", {}))
        if trouble:
            key_path, what, mend = trouble
            Origin(source, *key_path).complain(self.problems, what, mend)

    def _note_unused(self, names):
        """Adds a note for each .toml file in the folder that does not belong to a guest."""
        for path in sorted(self.folder.glob("*.toml")):
            if path.stem not in ("system", *names) and not path.name.startswith("."):
                self.problems.note(path, 1, f'"guests" in system.toml does not name "{path.stem}", so this file is not '
                                   "used", "add the name there, or delete the file")
