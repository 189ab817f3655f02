# SPDX-License-Identifier: BSD-2-Clause
"""Reads the folder of a system into a checked `System`.

Adds every mistake to `problems`; the result is valid only if there is none.
"""

import dataclasses
import pathlib

import image
import kinds
import room
import schema
import tomlsource
from problem import closest, nearest, shown
from schema import Refused

# For keys in the wrong place: the right place.
GUEST_KEY_PLACE = {key: "this is a key of guests: put it under [defaults]" for key in schema.GUEST_KEYS}
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
    contents: dict = dataclasses.field(default_factory=dict)  # the bytes of its files, by key


@dataclasses.dataclass
class System:
    name: str
    machine_memory: int
    services: list
    guests: list
    sources: list  # every file that was read, for the build's dependencies


class Origin:
    """The place where a value is written, for messages."""

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
        self.opened = {}  # results so far, by opener and path: guests often share a kernel

    def _try(self, origin, check, *args):
        try:
            return check(*args)
        except Refused as error:
            origin.complain(self.problems, error.what, error.mend)
            return None

    def _known(self, source, table_path, table, known, elsewhere=None):
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
            Origin(source, *table_path, key).complain(self.problems, f"unknown key {shown(key)}", mend)

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
        self._known(source, (), source.data, schema.SYSTEM_KEYS, GUEST_KEY_PLACE)
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
        self._note_unused([name for name, _ in named])
        if not self.problems:
            self._check_machine(source, system)
        return system

    def _machine(self, source):
        table = self._table(source, "machine")
        self._known(source, ("machine",), table, schema.MACHINE_KEYS, GUEST_KEY_PLACE | system_key_place("machine"))
        if "memory" not in table:
            return schema.MACHINE_MEMORY_DEFAULT
        return self._try(Origin(source, "machine", "memory"), schema.machine_memory,
                         "memory", table["memory"])

    def _services(self, source):
        known = [name[len("svc/"):] for name in self.programs if name.startswith("svc/")]
        services = []
        if source.data.get("services") == []:
            usual = ", ".join(f'"{name}"' for name in schema.SERVICES_DEFAULT)
            self.problems.note(source.path, source.line("services"), '"services" is empty, so no driver runs and '
                               "nothing that a guest writes is seen", f"write services = [{usual}], or delete the line")
        for name, origin in self._names(source, "services", schema.SERVICES_DEFAULT, schema.SERVICES_MAX):
            if name in known:
                services.append(name)
            else:
                origin.complain(self.problems, f'there is no service "{name}"', nearest(name, known))
        return services

    def _defaults(self, source):
        """The keys of [defaults], each with its origin."""
        table = self._table(source, "defaults")
        self._known(source, ("defaults",), table, schema.GUEST_KEYS, system_key_place("defaults"))
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
        self._known(source, (), source.data, schema.GUEST_KEYS, SYSTEM_KEY_PLACE)
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
