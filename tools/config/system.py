# SPDX-License-Identifier: BSD-2-Clause
"""Reads the folder of a system into a checked `System`.

Everything that is wrong is noted in `problems`; the result is of use only when
none was.
"""

import dataclasses
import pathlib

import image
import kinds
import schema
import tomlsource
import unpack
from problem import nearest, shown, size_text
from schema import MIB, Refused

LOW_MEMORY = 1 << 30     # all that is loaded lies below 3 GiB, where RAM begins at 2
DTB_ALLOWANCE = 2 * MIB   # room kept in each guest for its device tree
WARREN_ALLOWANCE = 64 * MIB  # kept of the machine's memory for Warren and the firmware


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
    contents: dict = dataclasses.field(default_factory=dict)  # what it gets of each file, by key


@dataclasses.dataclass
class System:
    name: str
    machine_memory: int | None
    services: list
    guests: list
    sources: list  # every file that was read, for the build's dependencies


class Origin:
    """Where a value was written, so that a complaint can point at it."""

    def __init__(self, source, *key_path):
        self.source = source
        self.key_path = key_path

    def complain(self, problems, what, mend):
        problems.add(self.source.path, self.source.line(*self.key_path), what, mend)


class Reader:
    def __init__(self, folder, stores, programs, problems):
        self.folder = pathlib.Path(folder)
        self.stores = stores
        self.programs = programs
        self.problems = problems
        self.sources = []
        self.opened = {}  # what was read once, by path: guests often share a kernel

    def _try(self, origin, check, *args):
        try:
            return check(*args)
        except Refused as error:
            origin.complain(self.problems, error.what, error.mend)
            return None

    def _known(self, source, table_path, table, known):
        for key in table:
            if key not in known:
                Origin(source, *table_path, key).complain(
                    self.problems, f"unknown key {shown(key)}", nearest(key, known))

    def _table(self, source, key):
        table = source.data.get(key, {})
        if type(table) is not dict:
            Origin(source, key).complain(self.problems, f'"{key}" must be a table',
                                         f"write a heading [{key}] and its keys below it")
            return {}
        return table

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
        if not schema.NAME.match(self.folder.resolve().name):
            self.problems.add(path, 1, f"{shown(self.folder.resolve().name)} cannot be the name of a system",
                              "rename the folder: 1 to 31 characters from a-z, 0-9 and -")
        source = tomlsource.load(path, self.problems)
        if source is None:
            return None
        self._known(source, (), source.data, schema.SYSTEM_KEYS)
        machine = self._machine(source)
        services = self._services(source)
        defaults = self._defaults(source)
        if "guests" not in source.data or source.data["guests"] == []:
            Origin(source, "guests").complain(self.problems, "a system needs a guest",
                                              'write guests = ["name"] and describe it in name.toml')
            return None
        named = self._names(source, "guests", [], schema.GUESTS_MAX)
        guests = [self._guest(name, index, origin, defaults)
                  for index, (name, origin) in enumerate(named)]
        system = System(self.folder.resolve().name, machine, services,
                        [guest for guest in guests if guest], self.sources)
        if machine and not self.problems:
            self._check_machine(source, system)
        return system

    def _machine(self, source):
        table = self._table(source, "machine")
        self._known(source, ("machine",), table, schema.MACHINE_KEYS)
        if "memory" not in table:
            return None
        return self._try(Origin(source, "machine", "memory"), schema.machine_memory,
                         "memory", table["memory"])

    def _services(self, source):
        known = [name[len("svc/"):] for name in self.programs if name.startswith("svc/")]
        services = []
        for name, origin in self._names(source, "services", schema.SERVICES_DEFAULT, schema.SERVICES_MAX):
            if name in known:
                services.append(name)
            else:
                origin.complain(self.problems, f'there is no service "{name}"', nearest(name, known))
        return services

    def _defaults(self, source):
        """The keys of [defaults], each with its origin."""
        table = self._table(source, "defaults")
        self._known(source, ("defaults",), table, schema.GUEST_KEYS)
        return {key: (value, Origin(source, "defaults", key)) for key, value in table.items()}

    def _guest(self, name, index, listed, defaults):
        path = self.folder / f"{name}.toml"
        if name == "system":
            listed.complain(self.problems, '"system" cannot be the name of a guest: system.toml is this file',
                            "rename the guest and its file")
            return None
        if not path.exists():
            listed.complain(self.problems, f'guest "{name}" has no file {path}',
                            "create it (it may be empty when [defaults] says all) or take the name off the list")
            return None
        self.sources.append(path)
        source = tomlsource.load(path, self.problems)
        if source is None:
            return None
        self._known(source, (), source.data, schema.GUEST_KEYS)
        given = defaults | {key: (value, Origin(source, key)) for key, value in source.data.items()}
        values = self._guest_values(source, given)
        guest = Guest(name, index, **values)
        self._check_program(guest, given)
        self._check_fit(guest, source, given)
        return guest

    def _guest_values(self, source, given):
        values = {}
        for key, row in schema.GUEST_KEYS.items():
            values[key] = row.default
            if key in given:
                value, origin = given[key]
                values[key] = self._try(origin, row.check, key, value)
                if row.is_file and values[key] is not None:
                    values[key] = self._try(origin, self.stores.resolve, key, values[key],
                                            origin.source.path.parent)
            elif row.required:
                Origin(source).complain(self.problems, f'the guest has no "{key}"',
                                        f'write {key} = "debian:Image", or give it in [defaults] of system.toml')
        return values

    def _check_program(self, guest, given):
        known = [name for name in self.programs if "/" not in name]
        if guest.vmm is not None and guest.vmm not in known and "vmm" in given:
            given["vmm"][1].complain(self.problems, f'there is no program "{guest.vmm}"',
                                     nearest(guest.vmm, known))

    def _check_fit(self, guest, source, given):
        """The files are what their keys say, and all that is loaded fits in the guest's memory."""
        kernel = self._kernel(guest, given) if guest.kernel else None
        initrd_bytes = self._initrd(guest, given) if guest.initrd else 0
        if kernel is None or initrd_bytes is None or guest.memory is None:
            return
        need = -(-kernel.end // MIB) * MIB + initrd_bytes + DTB_ALLOWANCE
        need = -(-need // schema.GUEST_MEMORY_STEP) * schema.GUEST_MEMORY_STEP
        if need > LOW_MEMORY:
            given["kernel"][1].complain(
                self.problems, f'the kernel ({size_text(kernel.end)} once loaded) and initrd '
                f"({size_text(initrd_bytes)}) of guest \"{guest.name}\" do not fit in its first "
                f"{size_text(LOW_MEMORY)}", "make one of them smaller")
        elif need > guest.memory:
            origin = given["memory"][1] if "memory" in given else Origin(source)
            origin.complain(
                self.problems,
                f'guest "{guest.name}" has {size_text(guest.memory)} of memory, but its kernel '
                f"({size_text(kernel.end)} once loaded), initrd ({size_text(initrd_bytes)}) and device tree "
                f"need {size_text(need)}", f'write memory = "{size_text(need)}" or more')

    def _open(self, guest, key, opener, given):
        """What `opener` makes of a guest's file; None after noting why it is of no use."""
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
        guests_bytes = sum(guest.memory for guest in system.guests)
        files = {content for guest in system.guests for content in guest.contents.values()}
        files_bytes = sum(content.size_bytes for content in files)
        need = guests_bytes + files_bytes + WARREN_ALLOWANCE
        if need > system.machine_memory:
            need = -(-need // (64 * MIB)) * 64 * MIB
            Origin(source, "machine", "memory").complain(
                self.problems,
                f"the machine has {size_text(system.machine_memory)}, but its guests "
                f"({size_text(guests_bytes)}), their files ({size_text(files_bytes)}) and Warren "
                f"({size_text(WARREN_ALLOWANCE)}) need {size_text(need)}",
                f'write memory = "{size_text(need)}" here, or give the guests less')
