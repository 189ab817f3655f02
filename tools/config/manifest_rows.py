# SPDX-License-Identifier: BSD-2-Clause
"""The tables of a service's manifest: their keys, types and limits (docs/manifests.md)."""

import re

import values
from limits import LIMITS
from values import KIB, Key

FILE = "manifest.toml"
SERVICE_NAME = rf"[a-z][a-z0-9-]{{0,{values.NAME_MAX_BYTES - 1}}}"
PROTOCOL = r"[a-z][a-z0-9-]{0,23}/[1-9][0-9]{0,3}"

SYSTEM, DEVICE, NAMED = "system", "device", "named"
ON_ALWAYS = "instance"
ON_SEVERAL = "instance, when there is more than one"
FROM_SYSTEM = "from system.toml"

DEVICES_MAX, MEMORIES_MAX, NEEDS_MAX = LIMITS["SYSTEM_DEVICES_MAX"], LIMITS["SYSTEM_MEMORIES_MAX"], 8
IRQS_MAX = LIMITS["PROCESS_IRQS_MAX"]
CLIENTS_MAX, RINGS_MAX, REGIONS_MAX = (LIMITS[f"CONTROL_{what}_MAX"] for what in ("CONNECTIONS", "RINGS", "REGIONS"))
RING_MAX_BYTES = LIMITS["SYSTEM_RING_BYTES_MAX"]
ENTRY_NAME_MAX = LIMITS["START_NAME_BYTES"] - 1  # characters of a name in the start record

GENERATED_WORDS = ("option", "instance", "use", "ring", "need")  # in the place of a device's name: manifest_code.py
COMPATIBLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9,._+-]{0,46}|virtio,mmio id=[1-9][0-9]{0,4}|pci [0-9a-f]{4}:[0-9a-f]{4}")


def name_of(what, most):
    return values.text(rf"[a-z][a-z0-9-]{{0,{most - 1}}}",
                       f"the name of {what} (1 to {most} characters from a-z, 0-9 and -, a letter first)", "name")


def match(key, value):
    return values.text(COMPATIBLE, "a way to find a device", "vendor,chip")(key, value)


def bytes_of_memory(key, value):
    if value == FROM_SYSTEM:
        return value
    return memory_size(key, value)


memory_size = values.size_between(4 * KIB, LIMITS["SYSTEM_KEPT_MAX"], 4 * KIB)

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
    "threads": Key(values.integer(1, LIMITS["SYSTEM_THREADS_MAX"]), default=1),
    "heap": Key(values.size_between(4 * KIB, LIMITS["SYSTEM_HEAP_MAX"], 4 * KIB), default=256 * KIB),
    "ping": Key(values.duration(10, 3600_000), default=1000),
    "progress": Key(values.duration(10, 3600_000), default=0),
    "restart": Key(values.table),
}
DEVICE_ROWS = {
    "as": Key(name_of("a device", 14), required=True, example='"disk"'),
    "match": Key(values.list_of(match, LIMITS["SYSTEM_MATCHES_MAX"], least=1), required=True, example='["vendor,chip"]'),
    "prefer": Key(values.choice("stdout-path"), default=""),
    "registers": Key(values.choice("rw", "ro", "none"), default="rw"),
    "irqs": Key(values.integer(0, IRQS_MAX), default=0),
    "reset": Key(values.choice("none", "virtio", "pci-flr", "nvme"), default="none"),
    "dma": Key(values.list_of(values.choice("own", "regions"), 2), default=()),
    "properties": Key(values.list_of(values.text(r"(?!irq|registers)[A-Za-z0-9,._+?#-]{1,31}", "a property", "reg-shift"), LIMITS["SYSTEM_PROPERTIES_MAX"]),
                      default=()),
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
    "info": Key(values.size_between(4 * KIB, LIMITS["SYSTEM_INFO_MAX"], 4 * KIB), default=0),
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
