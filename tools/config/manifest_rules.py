# SPDX-License-Identifier: BSD-2-Clause
"""Checks the tables of one manifest against each other."""

import options
from checking import unknown
from manifest_rows import DEVICE, ENTRY_NAME_MAX, GENERATED_WORDS, IRQS_MAX, ON_ALWAYS, ON_SEVERAL, SYSTEM


class Rules:
    """Checks a Service of manifest.py. The caller has checked each value by itself."""

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
