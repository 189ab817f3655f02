# SPDX-License-Identifier: BSD-2-Clause
"""The compiled form of a system: the device tree that docs/configuration.md describes."""

import fdt
import options

COMPATIBLE = "warren,system-2"
FLAG = b""  # a property without a value: true


def cells(*numbers):
    return b"".join(number.to_bytes(4, "big") for number in numbers)


def flags(row, *names):
    return {name: FLAG for name in names if getattr(row, name)}


def device(row):
    node = {"match": list(row.match), "registers": row.registers, "irqs": row.irqs, "reset": row.reset}
    if row.prefer:
        node["prefer"] = row.prefer
    if row.dma:
        node["dma"] = list(row.dma)
    if row.properties:
        node["properties"] = list(row.properties)
    return node | flags(row, "optional")


def memory(row, size_bytes):
    return {"bytes": fdt.U64(size_bytes)} | flags(row, "dma", "kept")


def client(service):
    node = {"max": service.client.max}
    if service.client.info:
        node["info"] = fdt.U64(service.client.info)
    node |= flags(service.client, "calls")
    node["rings"] = {ring.name: {"index": index, "record": ring.record, "count": ring.count, "from": ring.from_}
                     for index, ring in enumerate(service.rings)}
    if service.regions:
        node["regions"] = {"max": service.regions.max, "rights": service.regions.rights}
    return node


def values_of(known, found):
    """The values of options, in both forms: packed for the service, and one by one for a start record."""
    if not known:
        return {}
    return {"option": options.pack(known, found), "options": options.nodes(known, found)}


def connection(one):
    node = {"service": one.instance, "key": one.key}
    if one.device:
        node["device"] = one.device
    return node | {"source": one.source} | values_of(one.service.client_options, one.values)


def numbered(nodes):
    return {str(index): node for index, node in enumerate(nodes)}


def instance(one, is_each_device):
    service, about = one.service, one.service.about
    node = {"program": service.program, "service": service.name, "protocol": about.protocol, "threads": about.threads,
            "heap": fdt.U64(about.heap), "ping-ms": about.ping, "progress-ms": about.progress,
            "restart": cells(*service.restart.cells())} | flags(about, "log")
    if is_each_device:
        node["each-device"] = FLAG
    node |= values_of(service.options, one.values)
    node["devices"] = {row.fields["as"]: device(row) for row in one.devices}
    node["memory"] = {row.fields["as"]: memory(row, one.memories[row.fields["as"]]) for row in service.memories}
    if service.client:
        node["client"] = client(service)
    node["needs"] = numbered(connection(need) for need in one.needs)
    return node


def guest(one, paths):
    node = {"index": one.index, "vmm": one.vmm, "kernel": paths[one.name, "kernel"]}
    if one.initrd:
        node["initrd"] = paths[one.name, "initrd"]
    return node | {"bootargs": one.bootargs, "memory": fdt.U64(one.memory), "vcpus": one.vcpus, "mmu": one.mmu,
                   "ping-ms": one.ping, "restart": cells(*one.restart.cells()),
                   "devices": one.devices,
                   "connections": numbered(connection(found) for found in one.connections)}


def tree(system, paths):
    """The root node.  `paths` has the archive's path of each file by guest and key."""
    found = system.instances
    return {"compatible": COMPATIBLE, "system-name": system.name,
            "services": {one.name: instance(one, found.is_each_device(one)) for one in found.in_order()},
            "guests": {one.name: guest(one, paths) for one in system.guests}}
