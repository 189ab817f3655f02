# SPDX-License-Identifier: BSD-2-Clause
"""Reads services/<name>/manifest.toml into a checked `Service`; docs/manifests.md describes the file."""

import dataclasses
import pathlib
import re

import options
import tomlsource
import values
from checking import Origin, fields, subtable, subtables, unknown
from problem import shown
from values import GIB, KIB, Key

FILE = "manifest.toml"
SERVICE_NAME = rf"[a-z][a-z0-9-]{{0,{values.NAME_MAX_BYTES - 1}}}"
PROTOCOL = r"[a-z][a-z0-9-]{0,23}/[1-9][0-9]{0,3}"

SYSTEM, DEVICE, NAMED = "system", "device", "named"
ON_ALWAYS = "instance"
ON_SEVERAL = "instance, when there is more than one"
FROM_SYSTEM = "from system.toml"

DEVICES_MAX, MEMORIES_MAX, NEEDS_MAX, RINGS_MAX, REGIONS_MAX = 8, 8, 8, 4, 4
IRQS_MAX = 7  # bits 1 to 7 of the service's notification
CLIENTS_MAX = 64
RING_MAX_BYTES = 1 << 20
ENTRY_NAME_MAX = 31  # characters of a name in the start record

GENERATED_WORDS = ("option", "instance", "use", "ring", "need")  # in the place of a device's name: manifest_code.py
COMPATIBLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9,._+-]{0,63}|virtio,mmio id=[1-9][0-9]{0,4}|pci [0-9a-f]{4}:[0-9a-f]{4}")


def name_of(what, most):
    return values.text(rf"[a-z][a-z0-9-]{{0,{most - 1}}}",
                       f"the name of {what} (1 to {most} characters from a-z, 0-9 and -, a letter first)", "name")


def match(key, value):
    return values.text(COMPATIBLE, "a way to find a device", "vendor,chip")(key, value)


def bytes_of_memory(key, value):
    if value == FROM_SYSTEM:
        return value
    return memory_size(key, value)


memory_size = values.size_between(4 * KIB, 64 * GIB, 4 * KIB)

SECTIONS = ("service", "device", "memory", "client", "option", "guest", "needs")

RESTART_ROWS = {
    "most": Key(values.integer(0, 1000), default=5),
    "within": Key(values.duration(100, 3600_000), default=10_000),
    "wait": Key(values.duration_range(600_000), default=(0, 1000)),
}
SERVICE_ROWS = {
    "protocol": Key(values.text(PROTOCOL, "a protocol and its version", "name/1"), required=True, example='"name/1"'),
    "instances": Key(values.choice(SYSTEM, DEVICE, NAMED), required=True, example='"system"'),
    "log": Key(values.boolean, default=False),
    "threads": Key(values.integer(1, 8), default=1),
    "heap": Key(values.size_between(4 * KIB, GIB, 4 * KIB), default=256 * KIB),
    "ping": Key(values.duration(10, 3600_000), default=1000),
    "progress": Key(values.duration(10, 3600_000), default=0),
    "restart": Key(values.table),
}
DEVICE_ROWS = {
    "as": Key(name_of("a device", 14), required=True, example='"disk"'),
    "match": Key(values.list_of(match, 16, least=1), required=True, example='["vendor,chip"]'),
    "prefer": Key(values.choice("stdout-path"), default=""),
    "registers": Key(values.choice("rw", "ro", "none"), default="rw"),
    "irqs": Key(values.integer(0, IRQS_MAX), default=0),
    "reset": Key(values.choice("none", "virtio", "pci-flr", "nvme"), default="none"),
    "dma": Key(values.list_of(values.choice("own", "regions"), 2), default=()),
    "properties": Key(values.list_of(values.text(r"(?!irq|registers)[A-Za-z0-9,._+?#-]{1,31}", "a property", "reg-shift"), 8), default=()),
    "optional": Key(values.boolean, default=False),
}
MEMORY_ROWS = {
    "as": Key(name_of("memory", 24), required=True, example='"queues"'),
    "bytes": Key(bytes_of_memory, required=True, example='"64K"'),
    "dma": Key(values.boolean, default=False),
    "kept": Key(values.boolean, default=False),
}
CLIENT_ROWS = {
    "max": Key(values.integer(1, CLIENTS_MAX), default=CLIENTS_MAX),
    "calls": Key(values.boolean, default=False),
    "info": Key(values.size_between(4 * KIB, 64 * KIB, 4 * KIB), default=0),
    "regions": Key(values.table),
    "option": Key(values.table),
}
REGIONS_ROWS = {
    "max": Key(values.integer(1, REGIONS_MAX), required=True, example=str(REGIONS_MAX)),
    "rights": Key(values.choice("map", "dma"), required=True, example='"map"'),
}
RING_ROWS = {
    "record": Key(values.integer(1, 4096), required=True, example="64"),
    "count": Key(values.integer(1, RING_MAX_BYTES), required=True, example="256"),
    "from": Key(values.choice("client", "service"), required=True, example='"client"'),
}
GUEST_ROWS = {
    "key": Key(name_of("a key", 24), required=True, example='"disk"'),
    "device": Key(name_of("a device of the VMM", 31), required=True, example='"virtio-blk"'),
    "default": Key(values.table),
    "many": Key(values.boolean, default=False),
    "on": Key(values.choice(ON_ALWAYS, ON_SEVERAL), default=""),
}
NEED_ROWS = {
    "as": Key(name_of("a need", 24), required=True, example='"store"'),
    "service": Key(values.text(SERVICE_NAME, "the name of a service", "block")),
    "protocol": Key(values.text(PROTOCOL, "a protocol and its version", "name/1")),
    "option": Key(values.table),
}


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


class Rules:
    """What the tables of one manifest must have in common."""

    def __init__(self, service, problems):
        self.service = service
        self.problems = problems

    def complain(self, origin, what, mend):
        origin.complain(self.problems, what, mend)

    def check(self):
        self.check_devices()
        self.check_memories()
        self.check_regions()
        self.check_names()
        self.check_guest()
        for need in self.service.needs:
            if (need.service is None) == (need.protocol is None):
                self.complain(need.origin, 'a need names a "service" or a "protocol", and one of the two only',
                              'write service = "name" or protocol = "name/1"')

    def check_devices(self):
        irqs = 0
        if self.service.about.instances == DEVICE and not self.service.devices:
            self.complain(self.service.about.origin.below("instances"),
                          'a service with one instance for each device has no [[device]]',
                          'describe the device, or write instances = "system"')
        for device in self.service.devices:
            irqs += device.irqs
            name = device.fields["as"]
            if irqs > IRQS_MAX:
                self.complain(device.origin.below("irqs"), f"the devices have {irqs} interrupts, above the limit of "
                              f"{IRQS_MAX}", "write smaller numbers")
            if device.dma and device.reset == "none":
                self.complain(device.origin.below("dma"), f'device "{name}" reads and writes memory, but nothing stops it '
                              "when the service dies", 'name its reset method: reset = "virtio", "pci-flr" or "nvme"')
            for entry in (*device.properties, "registers"):
                entry = f"device.{name}.{entry}"
                if len(entry) > ENTRY_NAME_MAX:
                    self.complain(device.origin.below("as"), f'"{entry}" is too long for the start record, by '
                                  f"{len(entry) - ENTRY_NAME_MAX} characters", 'shorten "as"')

    def check_memories(self):
        owns = any("own" in device.dma for device in self.service.devices)
        for memory in self.service.memories:
            if memory.dma and not owns:
                self.complain(memory.origin.below("dma"), "no device of this service uses the service's own memory",
                              'write dma = ["own"] for the device, or delete this line')

    def check_regions(self):
        regions = self.service.regions
        reaches = [device for device in self.service.devices if "regions" in device.dma]
        if regions and regions.rights == "dma" and not reaches:
            self.complain(regions.origin.below("rights"), "no device of this service uses clients' memory",
                          'write dma = ["regions"] for the device, or rights = "map"')
        if reaches and not (regions and regions.rights == "dma"):
            self.complain(reaches[0].origin.below("dma"), "a device uses clients' memory, but [client] gives none to it",
                          'write regions = { max = 4, rights = "dma" } under [client]')

    def check_names(self):
        """A table [services.NAME] of system.toml has one name space, and so has the generated header."""
        seen = {"is": "a key of every service"}
        rows = [(row.fields["as"], row.origin.below("as"), kind) for kind, rows in
                (("device", self.service.devices), ("memory", self.service.memories), ("need", self.service.needs))
                for row in rows]
        rows += [(option.name, self.service.origin.below("option", option.name), "option")
                 for option in self.service.options]
        for name, origin, kind in rows:
            if name in GENERATED_WORDS and kind != "option":
                self.complain(origin, f'a {kind} cannot be called "{name}": generated code has another use for the word',
                              "rename it")
            if name in seen:
                self.complain(origin, f'the {kind} "{name}" has the name of {seen[name]}', "rename one of the two")
            seen.setdefault(name, f"another {kind}" if kind in seen.values() else f"a {kind}")

    def check_guest(self):
        service, guest = self.service, self.service.guest
        if guest is None:
            return
        if service.client is None:
            self.complain(guest.origin, "a guest's key makes a connection, but there is no [client] that describes one",
                          "describe it, or delete [guest]")
        if service.about.instances == SYSTEM and guest.on:
            self.complain(guest.origin.below("on"), "this service has one instance, so a guest cannot choose",
                          "delete this line")
        if service.about.instances != SYSTEM and not guest.on:
            self.complain(guest.origin, "this service can have several instances, and nothing says how a guest chooses",
                          f'write on = "{ON_ALWAYS}" or on = "{ON_SEVERAL}"')
        if guest.default is not None and service.client is not None:
            self.check_default(guest)

    def check_default(self, guest):
        origin, known = guest.origin.below("default"), self.service.client_options
        if guest.on == ON_ALWAYS:
            self.complain(origin, 'every guest has this connection, but none says "on" which instance',
                          "delete this line")
            return
        unknown(self.problems, origin, guest.default, [option.name for option in known])
        options.given(self.problems, origin, known, guest.default, "the default connection")


def read(path, problems):
    """The Service of one manifest, or None after adding problems."""
    return Reader(path, problems).read()
