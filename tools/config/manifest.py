# SPDX-License-Identifier: BSD-2-Clause
"""Reads services/<name>/manifest.toml into a checked `Service`; docs/manifests.md describes the file."""

import dataclasses
import pathlib
import re

import options
import tomlsource
import values
from checking import Origin, fields, subtable, subtables, unknown
from manifest_rows import (CLIENT_ROWS, DEVICE_ROWS, DEVICES_MAX, FROM_SYSTEM, GUEST_ROWS, MEMORIES_MAX, MEMORY_ROWS,
                           NEED_ROWS, NEEDS_MAX, REGIONS_ROWS, RESTART_ROWS, RING_MAX_BYTES, RING_ROWS, RINGS_MAX,
                           SECTIONS, SERVICE_NAME, SERVICE_ROWS)
from manifest_rules import Rules
from problem import shown


@dataclasses.dataclass(frozen=True)
class Restart:
    most: int = 5
    within: int = 10_000
    wait: tuple = (0, 1000)

    def cells(self):
        return self.most, self.within, *self.wait


@dataclasses.dataclass
class Row:
    """A table of the manifest: its values as attributes, and where it is written."""

    origin: Origin
    fields: dict

    def __getattr__(self, key):
        try:
            return self.__dict__["fields"][key.rstrip("_")]
        except KeyError:
            raise AttributeError(key) from None


@dataclasses.dataclass
class Service:
    name: str
    origin: Origin
    place: str  # the manifest's path as messages of the root server show it
    about: Row
    restart: Restart
    devices: list
    memories: list
    client: Row | None
    rings: list
    regions: Row | None
    client_options: tuple
    options: tuple
    guest: Row | None
    needs: list

    @property
    def program(self):
        return f"svc/{self.name}"

    @property
    def sized_memories(self):
        return [memory for memory in self.memories if memory.bytes == FROM_SYSTEM]


def restart(problems, origin, table):
    """The restart policy in a table, for a service or a guest; None after adding problems."""
    unknown(problems, origin, table, RESTART_ROWS)
    row = fields(problems, origin, table, RESTART_ROWS, "the restart policy")
    return None if None in row.values() else Restart(**row)


class Reader:
    """Reads one manifest; `problems` gets what is wrong with it."""

    def __init__(self, path, problems):
        self.path = pathlib.Path(path)
        self.problems = problems
        self.top = None

    def complain(self, origin, what, mend):
        origin.complain(self.problems, what, mend)

    def read(self):
        """The Service, or None after adding problems."""
        name, before = self.path.parent.name, len(self.problems.items)
        source = tomlsource.load(self.path, self.problems)
        if source is None:
            return None
        self.top = Origin(source)
        if not re.fullmatch(SERVICE_NAME, name):
            self.complain(self.top, f"{shown(name)} cannot be the name of a service",
                          f"rename the folder: 1 to {values.NAME_MAX_BYTES} characters from a-z, 0-9 and -, a letter first")
        data = source.data
        unknown(self.problems, self.top, data, SECTIONS)
        for section in ("service", "client", "option", "guest"):
            subtable(self.problems, self.top, data, section)
            if type(data.get(section, {})) is not dict:
                return None
        about = self.row(self.top.below("service"), data.get("service", {}), SERVICE_ROWS, "[service]")
        policy = restart(self.problems, about.origin.below("restart"), about.restart or {})
        service = Service(name=name, origin=self.top, place=str(pathlib.PurePath(*self.path.parts[-3:])), about=about,
                          restart=policy or Restart(),
                          devices=self.named(data, "device", DEVICE_ROWS, DEVICES_MAX),
                          memories=self.named(data, "memory", MEMORY_ROWS, MEMORIES_MAX),
                          needs=self.named(data, "needs", NEED_ROWS, NEEDS_MAX),
                          options=options.read_all(self.problems, self.top.below("option"), data.get("option", {}),
                                                   ("is",)),
                          **self.client(data), guest=self.guest(data))
        if len(self.problems.items) == before:
            Rules(service, self.problems).check()
        return service if len(self.problems.items) == before else None

    def row(self, origin, table, rows, what):
        unknown(self.problems, origin, table, rows)
        return Row(origin, fields(self.problems, origin, table, rows, what))

    def named(self, data, section, rows, most):
        """The tables of [[section]], whose names differ."""
        found, names = [], set()
        for table, origin in subtables(self.problems, self.top, data, section):
            row = self.row(origin, table, rows, f"this [[{section}]]")
            name = row.fields["as"]
            if name is not None and name in names:
                self.complain(origin.below("as"), f'two [[{section}]] are called "{name}"', "rename one of the two")
            names.add(name)
            found.append(row)
        if len(found) > most:
            self.complain(found[most].origin, f"there are {len(found)} [[{section}]], above the limit of {most}",
                          f"keep {most}")
        return found

    def client(self, data):
        """The fields of a Service that describe one client's connection."""
        none = {"client": None, "rings": [], "regions": None, "client_options": ()}
        if "client" not in data:
            return none
        origin, table = self.top.below("client"), data["client"]
        rings = {key: body for key, body in table.items() if key not in CLIENT_ROWS and self.is_ring(body)}
        rest = {key: body for key, body in table.items() if key not in rings}
        row = self.row(origin, rest, CLIENT_ROWS, "[client]")
        regions = None
        if row.regions is not None:
            regions = self.row(origin.below("regions"), row.regions, REGIONS_ROWS, '"regions"')
        found = [self.ring(origin.below(key), key, body) for key, body in rings.items()]
        if len(found) > RINGS_MAX:
            self.complain(found[RINGS_MAX].origin, f"a connection has {len(found)} rings, above the limit of {RINGS_MAX}",
                          f"keep {RINGS_MAX}")
        return {"client": row, "regions": regions, "rings": found,
                "client_options": options.read_all(self.problems, origin.below("option"), row.option or {}, ("on",))}

    @staticmethod
    def is_ring(body):
        return type(body) is dict and bool(RING_ROWS.keys() & body.keys())

    def ring(self, origin, name, body):
        row = self.row(origin, body, RING_ROWS, f'ring "{name}"')
        row.fields["name"] = name
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,18}", name):
            self.complain(origin, f"{shown(name)} cannot be the name of a ring",
                          "use 1 to 19 characters from a-z, 0-9 and -, a letter first")
        if row.count and row.count & (row.count - 1):
            self.complain(origin.below("count"), f'ring "{name}" has {row.count} records, not a power of two',
                          f"write count = {1 << row.count.bit_length()}")
        elif row.count and row.record and row.count * row.record > RING_MAX_BYTES:
            self.complain(origin.below("count"), f'ring "{name}" needs {row.count * row.record} bytes, above the limit of '
                          f"{RING_MAX_BYTES}", "write a smaller count")
        return row

    def guest(self, data):
        if "guest" not in data:
            return None
        return self.row(self.top.below("guest"), data["guest"], GUEST_ROWS, "[guest]")


def read(path, problems):
    """The Service of one manifest, or None after adding problems."""
    return Reader(path, problems).read()
