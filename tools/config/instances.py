# SPDX-License-Identifier: BSD-2-Clause
"""The instances of services in one system, and the connections of guests and services to them."""

import dataclasses
import re

import manifest
import options
import schema
import values
from checking import Origin, attempt, unknown
from manifest_rows import DEVICE, FROM_SYSTEM, NAMED, SYSTEM, memory_size
from problem import nearest, shown
from values import Refused

AUTO, NONE = "auto", "none"


@dataclasses.dataclass
class Connection:
    service: manifest.Service
    instance: str
    key: str     # how the client calls it
    device: str  # the VMM's device; empty for a client that is a service
    source: str  # FILE:LINE, for messages of the root server
    origin: Origin
    values: dict


@dataclasses.dataclass
class Instance:
    name: str
    service: manifest.Service
    origin: Origin
    values: dict
    devices: list   # rows of the manifest
    memories: dict  # bytes by name
    needs: list     # Connections


class Instances:
    def __init__(self, catalog, problems, system_name):
        self.catalog = catalog
        self.problems = problems
        self.system_name = system_name
        self.source = None
        self.listed = None   # names of `services = [...]`
        self.refused = set()  # services that must not run
        self.found = {}      # by name, in the order in which they are used
        self.failed = set()  # names of instances with mistakes
        self.counts = {}     # connections by instance
        self.macs = set()
        self.pending = []    # (instance, its table) whose needs are not connected yet

    def _complain(self, origin, what, mend):
        origin.complain(self.problems, what, mend)

    # ---- system.toml ------------------------------------------------------

    def read(self, source, names):
        """Reads `services`; names(source, key, default, limit) gives a checked list of names with origins."""
        self.source = source
        given, origin = source.data.get("services"), Origin(source, "services")
        if type(given) is dict:
            for name, table in given.items():
                self._table(name, table, origin.below(name))
        elif type(given) is list:
            self._note_empty(origin, given)
            self.listed = []
            for name, place in names(source, "services", [], schema.SERVICES_MAX):
                self._listed(name, place)
        elif given is not None:
            self._complain(origin, f'"services" must be a list of names or a table, not {values.type_name(given)}',
                           'write services = ["one", "two"], or a heading [services.NAME]')
        for service in self.catalog.services.values():
            if service.about.log and self.may_run(service):
                self.instance_of(service)

    def _note_empty(self, origin, given):
        logs = [service.name for service in self.catalog.services.values() if service.about.log]
        if given == [] and logs:
            self.problems.note(origin.source.path, origin.line, '"services" is empty, so no driver runs and nothing that a '
                               "guest writes is seen", f'write services = ["{logs[0]}"], or delete the line')

    def _listed(self, name, origin):
        service = self.catalog.services.get(name)
        if service is None:
            if name not in self.catalog.names:  # its manifest has mistakes of its own
                self._complain(origin, f'there is no service "{name}"', self.catalog.suggest(name))
        elif service.about.instances == NAMED:
            self._complain(origin, f'the instances of service "{name}" have names of their own',
                           f'write a heading [services.NAME] and is = "{name}" below it, and no list')
        else:
            self.listed.append(name)
            self.instance_of(service)

    def _table(self, name, table, origin):
        if type(table) is bool and not table:
            self._remove(name, origin)
            return
        if type(table) is not dict:
            self._complain(origin, f'"{name}" must be a table or false, not {values.type_name(table)}',
                           f"write a heading [services.{name}] and its keys below it")
            return
        if attempt(self.problems, origin, values.name, name, "service") is None:
            return
        kind = table.get("is", name)
        service = self.catalog.services.get(kind) if type(kind) is str else None
        if service is None:
            if kind not in self.catalog.names:
                self._complain(origin.below("is") if "is" in table else origin, f"there is no service {shown(kind)}",
                               self._suggest_kind(kind, "is" in table))
            self.failed.add(name)
        elif service.about.instances == SYSTEM and name != service.name:
            self._complain(origin, f'service "{service.name}" has one instance, which is called like the service',
                           f"write [services.{service.name}]")
            self.failed.add(name)
        else:
            self._make(name, service, table, origin)

    def _suggest_kind(self, kind, is_said):
        if type(kind) is not str:
            return 'write is = "NAME", the name of a service'
        near = self.catalog.suggest(kind)
        return near if is_said else f'{near.rstrip("?")}? or say which service it is: is = "NAME"'

    def _remove(self, name, origin):
        if name in self.catalog.names:
            self.refused.add(name)
        else:
            self._complain(origin, f'there is no service "{name}"', self.catalog.suggest(name))

    def may_run(self, service):
        return service.name in self.listed if self.listed is not None else service.name not in self.refused

    # ---- Instances --------------------------------------------------------

    def of(self, service):
        """The names of the instances that the system has of a service so far."""
        return [name for name, instance in self.found.items() if instance.service is service]

    def is_each_device(self, instance):
        """Does the root server make one instance for each device, in the place of this one?"""
        service = instance.service
        return service.about.instances == DEVICE and instance.name == service.name and self.of(service) == [service.name]

    def instance_of(self, service):
        """The name of the only instance of a service without named instances. Makes the instance at
        its first use."""
        names = self.of(service)
        if names:
            return names[0]
        if service.name in self.failed:
            return None
        made = self._make(service.name, service, {}, Origin(self.source, "services"))
        return made and made.name

    def _make(self, name, service, table, origin):
        known = ["is", *(option.name for option in service.options),
                 *(row.fields["as"] for row in (*service.devices, *service.sized_memories, *service.needs))]
        before = len(self.problems.items)
        unknown(self.problems, origin, table, known)
        heading = f'service "{name}" under [services.{name}]'
        found = options.given(self.problems, origin, service.options, table, heading)
        instance = Instance(name, service, origin, self.with_macs(service.options, found or {}, name),
                            self._devices(service, table, origin), self._memories(service, table, origin, heading), [])
        if len(self.problems.items) > before:
            self.failed.add(name)
            return None
        self.found[name] = instance
        if len(self.found) == schema.SERVICES_MAX + 1:
            self._complain(origin, f"the system has more than {schema.SERVICES_MAX} instances of services",
                           "use fewer of them")
        self.pending.append((instance, table))
        return instance

    def connect_needs(self):
        """Connects instances to those that they need, after all tables and guests were read."""
        while self.pending:
            instance, table = self.pending.pop(0)
            instance.needs = self._needs(instance, table)

    def _devices(self, service, table, origin):
        found = []
        for device in service.devices:
            name = device.fields["as"]
            usual = NONE if service.about.instances == NAMED and device.optional else AUTO
            said = attempt(self.problems, origin.below(name), values.choice(AUTO, NONE), name, table.get(name, usual))
            if said == NONE and not device.optional:
                self._complain(origin.below(name), f'service "{service.name}" cannot be without its device "{name}"',
                               f'write {name} = "auto"')
            if said == AUTO:
                found.append(device)
        return found

    def _memories(self, service, table, origin, heading):
        found = {}
        for memory in service.memories:
            name = memory.fields["as"]
            found[name] = memory.bytes
            if memory.bytes == FROM_SYSTEM and name in table:
                found[name] = attempt(self.problems, origin.below(name), memory_size, name, table[name])
            elif memory.bytes == FROM_SYSTEM:
                self._complain(origin, f'{heading} has no "{name}", the size of its memory', f'write {name} = "64M"')
        return found

    def _needs(self, instance, table):
        found = []
        for need, service in self.catalog.needs[instance.service.name]:
            name, origin = need.fields["as"], instance.origin
            if not self.may_run(service):
                self._complain(origin, f'service "{instance.name}" needs service "{service.name}", which is not to run',
                               f'add "{service.name}" to the services of system.toml')
                continue
            try:
                target = self.choose(service, table.get(name), f"{name} = ")
            except Refused as error:
                self._complain(origin.below(name), error.what, error.mend)
                continue
            unknown(self.problems, need.origin.below("option"), need.option or {},
                    [option.name for option in service.client_options])
            given = options.given(self.problems, need.origin.below("option"), service.client_options, need.option or {},
                                  f'the need "{name}"')
            if target is not None and given is not None:
                given = self.with_macs(service.client_options, given, instance.name, name)
                source = f"{instance.service.place}:{need.origin.line}"
                found.append(Connection(service, target, name, "", source, origin, given))
                self.count(found[-1])
        return found

    def choose(self, service, said, how):
        """The name of the instance that a client gets; `how` begins the line that would name one."""
        if service.about.instances != NAMED:
            self.instance_of(service)
        names = self.of(service)
        if said is None:
            if len(names) == 1:
                return names[0]
            if names:
                raise Refused(f'service "{service.name}" has {len(names)} instances, and none is chosen',
                              f'write {how}"{names[0]}"')
            if self.failed:
                return None
            raise Refused(f'the system has no instance of service "{service.name}"',
                          f'write a heading [services.NAME] and is = "{service.name}" below it, in system.toml')
        return self._choose_named(service, said, names)

    def _choose_named(self, service, said, names):
        if type(said) is not str:
            raise Refused(f"an instance is named by a string, not by {values.type_name(said)}", 'write it in quotes: "lan"')
        each = names[0] if names and self.is_each_device(self.found[names[0]]) else None
        if said in names or each and re.fullmatch(rf"{each}-[1-9][0-9]?", said):
            return said
        if said in self.failed:
            return None
        raise Refused(f'there is no instance {shown(said)} of service "{service.name}"',
                      nearest(said, names) if names else f'write a heading [services.{said}] and is = "{service.name}" '
                      "below it, in system.toml")

    def with_macs(self, known, found, *words):
        """The values with an address of its own in the place of each "assigned"."""
        for option in known:
            if found.get(option.name) == options.MAC_ASSIGNED and option.type == "mac":
                found[option.name] = options.assigned_mac(self.system_name, *words, option.name, taken=self.macs)
        return found

    def count(self, connection):
        count = self.counts[connection.instance] = self.counts.get(connection.instance, 0) + 1
        most = connection.service.client.max
        if count == most + 1:
            self._complain(connection.origin, f'service "{connection.instance}" has more than {most} clients',
                           "take one of them off")

    def check_totals(self, guests):
        """Checks that the root server has room for all connections, and for the values of all options."""
        used = [one for guest in guests for one in guest.connections]
        used += [need for instance in self.found.values() for need in instance.needs]
        if len(used) > schema.CONNECTIONS_MAX:
            self._complain(Origin(self.source, "guests"), f"the system has {len(used)} connections to services, above "
                           f"the limit of {schema.CONNECTIONS_MAX}", "take some of them off")
            return
        given = [one for owner in (*used, *self.found.values()) for one in owner.values.values()]
        texts = sum(len(one.encode() if type(one) is str else one) + 1 for one in given if type(one) is not int)
        if len(given) > schema.OPTIONS_MAX or texts > schema.OPTION_TEXTS_BYTES:
            self._complain(Origin(self.source, "guests"), f"the options of all connections have {len(given)} values and "
                           f"{texts} bytes of text, above the limits of {schema.OPTIONS_MAX} and "
                           f"{schema.OPTION_TEXTS_BYTES}", "take some of the connections off")

    # ---- The result -------------------------------------------------------

    def in_order(self):
        """The instances: the one that shows the log first, and each after those that it needs."""
        order = []

        def visit(instance):
            for need in instance.needs:
                if need.instance in self.found:
                    visit(self.found[need.instance])
            if instance not in order:
                order.append(instance)

        for instance in sorted(self.found.values(), key=lambda one: not one.service.about.log):
            visit(instance)
        return order
