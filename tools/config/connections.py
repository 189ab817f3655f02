# SPDX-License-Identifier: BSD-2-Clause
"""Makes the connections that the keys of a guest's file stand for."""

import options
import values
from checking import Origin, attempt, unknown
from instances import Connection
from limits import LIMITS
from manifest_rows import NAMED, ON_ALWAYS
from values import Refused

GUEST_CONNECTIONS_MAX = LIMITS["CONTROL_USED_MAX"]


class Guests:
    def __init__(self, instances, problems):
        self.instances = instances
        self.problems = problems

    def _complain(self, origin, what, mend):
        origin.complain(self.problems, what, mend)

    def connections(self, guest, given, source):
        """The connections of a guest.  `given` has (value, origin) by key."""
        found = []
        for key, service in self.instances.catalog.by_key.items():
            for table, origin, what in self._wishes(service, key, given, source):
                connection = self._connection(service, f"{guest}/{key}/{len(found)}", table, origin, what)
                if connection:
                    found.append(connection)
                    self.instances.count(connection)
        if len(found) > GUEST_CONNECTIONS_MAX:
            self._complain(found[GUEST_CONNECTIONS_MAX].origin, f'guest "{guest}" has {len(found)} connections to services, '
                           f"above the limit of {GUEST_CONNECTIONS_MAX}", f"keep {GUEST_CONNECTIONS_MAX}")
        return found

    def _wishes(self, service, key, given, source):
        """(table, origin, words for messages) for each connection that a guest wants."""
        if key in given:
            value, origin = given[key]
            tables = attempt(self.problems, origin, wishes, service, key, value)
            many = type(value) is list
            if tables and not self.instances.may_run(service):
                self._complain(origin, f'"{key}" needs service "{service.name}", which is not to run',
                               f'add "{service.name}" to the services of system.toml, or delete the line')
                return []
            return [(table, origin.below(place) if many else origin, f'this "{key}"')
                    for place, table in enumerate(tables or [])]
        default = service.guest.default
        has_none = service.about.instances == NAMED and not self.instances.of(service)
        if default is None or has_none or not self.instances.may_run(service):
            return []
        return [(dict(default), Origin(source), f'the default "{key}"')]

    def _connection(self, service, words, table, origin, what):
        known = [option.name for option in service.client_options]
        unknown(self.problems, origin, table, known + (["on"] if service.guest.on else []))
        found = options.given(self.problems, origin, service.client_options, table, what)
        if service.guest.on == ON_ALWAYS and "on" not in table:
            names = self.instances.of(service) or ["NAME"]
            self._complain(origin, f'{what} does not say which "{service.name}" it is on', f'write on = "{names[0]}"')
            return None
        try:
            said = table.get("on") if service.guest.on else None
            target = self.instances.choose(service, said, "on = ")
        except Refused as error:
            self._complain(origin.below("on"), error.what, error.mend)
            return None
        if target is None or found is None:
            return None
        found = self.instances.with_macs(service.client_options, found, words)
        return Connection(service, target, service.guest.key, service.guest.device,
                          f"{origin.source.path.name}:{origin.line}", origin, found)


def wishes(service, key, value):
    """The tables that the value of a guest's key stands for, one for each connection."""
    if type(value) is list:
        if not service.guest.many:
            raise Refused(f'"{key}" is a list, but a guest has one {key}', f"write {key} = {{ ... }}")
        return [wish(service, key, one) for one in value]
    return [] if value is False else [wish(service, key, value)]


def wish(service, key, value):
    if value is True:
        return {}
    if type(value) is dict:
        return value
    short = [option.name for option in service.client_options if option.default_key]
    if short and type(value) in (str, int):
        return {short[0]: value}
    raise Refused(f'"{key}" must be a table, true or false, not {values.type_name(value)}',
                  f"write {key} = {{ ... }} with its options, or {key} = true")
