#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Finds the services: every folder with a manifest.toml is one.

    services.py [--manifests] FOLDER...      prints the names, or the manifests, for the build
    services.py --sources FOLDER             prints the files of one service's program
    services.py --pure FOLDER                the same without its main.c
    services.py --tests FOLDER               the files of its unit test

`Catalog` has all manifests, and checks the manifests against each other.
"""

import pathlib
import sys

import manifest
import manifest_rows
import schema
from problem import nearest


def find(folders):
    """The manifests in these folders of services, in the order of their names."""
    found = [path for folder in folders for path in pathlib.Path(folder).glob(f"*/{manifest_rows.FILE}")]
    return sorted(found, key=lambda path: path.parent.name)


class Catalog:
    """All services by name; `sources` are the files that were read."""

    def __init__(self, folders, problems):
        self.problems = problems
        self.sources = find(folders)
        self.services = {}
        self.names = [path.parent.name for path in self.sources]
        for path in self.sources:
            service = manifest.read(path, problems)
            if service is None:
                continue
            if service.name in self.services:
                self._complain(service.origin, f'there is another service "{service.name}": '
                               f"{self.services[service.name].origin.source.path}", "rename one of the two folders")
            else:
                self.services[service.name] = service
        self.is_whole = len(self.services) == len(self.sources)
        self.by_key = self._keys()
        self._check_log()
        self.needs = {service.name: self._needs(service) for service in self.services.values()}
        self._check_cycles()

    def _complain(self, origin, what, mend):
        origin.complain(self.problems, what, mend)

    def _keys(self):
        """The service that each key of a guest's file stands for."""
        found = {}
        for service in self.services.values():
            if service.guest is None:
                continue
            key, origin = service.guest.key, service.guest.origin.below("key")
            if key in schema.GUEST_KEYS or key in schema.SYSTEM_KEYS:
                self._complain(origin, f'the configuration has a key "{key}" of its own', "choose another word")
            elif key in found:
                self._complain(origin, f'"{key}" is also the key of the service "{found[key].name}"', "choose another word")
            else:
                found[key] = service
        return found

    def _check_log(self):
        """At most one service shows the log (`log = true`), and that service has one instance."""
        logs = [service for service in self.services.values() if service.about.log]
        for service in logs:
            origin = service.about.origin.below("log")
            if service is not logs[0]:
                self._complain(origin, f'the service "{logs[0].name}" has log = true too', "delete one of the two")
            if service.about.instances != manifest_rows.SYSTEM:
                self._complain(origin, "the service that shows the log has one instance",
                               f'write instances = "{manifest_rows.SYSTEM}"')

    def _needs(self, service):
        """(need, service that is needed), for each need that names one."""
        found = []
        for need in service.needs:
            if need.service is not None:
                wanted = [other for other in self.services.values() if other.name == need.service]
                what, known, key = f'no service "{need.service}"', self.names, "service"
            else:
                wanted = [other for other in self.services.values() if other.about.protocol == need.protocol]
                what, key = f'no service with the protocol "{need.protocol}"', "protocol"
                known = [other.about.protocol for other in self.services.values()]
            origin = need.origin.below(key)
            if len(wanted) == 1:
                found.append((need, wanted[0]))
                if wanted[0].client is None:
                    self._complain(origin, f'the service "{wanted[0].name}" has no clients: its manifest has no [client]',
                                   "describe a client's connection there, or delete the need")
            elif wanted:
                names = ", ".join(f'"{other.name}"' for other in wanted)
                self._complain(origin, f'several services have the protocol "{need.protocol}": {names}',
                               "name one: service = ...")
            elif self.is_whole or need.service not in self.names:
                self._complain(origin, f"there is {what}", nearest(need.service or need.protocol, known))
        return found

    def _check_cycles(self):
        done = set()

        def visit(service, path):
            if service.name in done:
                return
            for need, other in self.needs[service.name]:
                if other.name in (*path, service.name):
                    circle = " -> ".join((*path, service.name, other.name))
                    self._complain(need.origin, f"the services need each other in a circle: {circle}",
                                   "delete one of these needs")
                else:
                    visit(other, (*path, service.name))
            done.add(service.name)

        for service in self.services.values():
            visit(service, ())

    def suggest(self, word):
        return nearest(word, self.names)


def sources(folder):
    """The C files of one service's program, main.c first, and those of its unit test."""
    names = sorted(path.name for path in pathlib.Path(folder).glob("*.c"))
    tests = [name for name in names if name.startswith("test_")]
    return sorted(set(names) - set(tests), key=lambda name: (name != "main.c", name)), tests


def listing(option, folders):
    """The lines to print."""
    if option in ("", "--manifests"):
        return [path if option else path.parent.name for path in find(folders)]
    program, tests = sources(folders[0])
    return {"--sources": program, "--pure": [name for name in program if name != "main.c"], "--tests": tests}[option]


def main(argv):
    option = argv[0] if argv and argv[0] in ("--manifests", "--sources", "--pure", "--tests") else ""
    folders = argv[1:] if option else argv
    if not folders:
        print(__doc__, file=sys.stderr)
        return 2
    for line in listing(option, folders):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
