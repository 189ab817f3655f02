#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks the configuration of a system and compiles it for the root server.

docs/configuration.md describes input and output.  Exits with 2 when the configuration has an error.
"""

import argparse
import hashlib
import json
import os
import pathlib
import sys

import compiled
import devices
import fdt
from problem import Problems
from services import Catalog
from stores import Stores
from system import Reader


def archive_paths(system):
    """(paths by guest and key, content by archive path); equal files share one path."""
    digests, by_digest, paths, files = {}, {}, {}, {}
    for guest in system.guests:
        for key, content in guest.contents.items():
            if content not in digests:
                digest = hashlib.sha256()
                for chunk in content.chunks():
                    digest.update(chunk)
                digests[content] = digest.digest()
            path = by_digest.setdefault(digests[content], f"guests/{guest.name}/{key}")
            paths[guest.name, key] = path
            files.setdefault(path, content)
    return paths, files


def unpacked(files, folder):
    """Host path by archive path.  Writes files that are wrapped on the host, unwrapped, to `folder`."""
    found = {}
    for name, content in files.items():
        found[name] = content.path
        if not content.is_whole_file:
            found[name] = pathlib.Path(folder) / name.replace("/", "-")
            found[name].parent.mkdir(parents=True, exist_ok=True)
            with open(found[name], "wb") as stream:
                stream.writelines(content.chunks())
    return found


def manifest(system, files, programs):
    """A line for each file of the archive besides the root server and the blob."""
    used = {one.service.program for one in system.instances.in_order()}
    wanted = {name: programs[name] for name in sorted(used)}
    wanted |= {guest.vmm: programs[guest.vmm] for guest in system.guests}
    wanted |= files
    return "".join(f"{name}\t{path}\n" for name, path in wanted.items())


def info(system):
    """The facts about a system that a host tool needs to start the machine."""
    return json.dumps({"name": system.name, "machine_memory": system.machine_memory,
                       "guests": [guest.name for guest in system.guests]}, indent=2) + "\n"


def depfile(target, sources):
    escaped = [str(path).replace("$", "$$").replace("#", "\\#").replace(" ", "\\ ") for path in sources]
    return f"{target}: " + " ".join(dict.fromkeys(escaped)) + "\n"


def write(path, data):
    """Writes a file completely or not at all."""
    path = pathlib.Path(path)
    fresh = path.with_name(path.name + f".{os.getpid()}.new")
    try:
        fresh.write_bytes(data if isinstance(data, bytes) else data.encode())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def pair(text):
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=PATH")
    return name, value


def arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--system", required=True, help="folder with system.toml")
    parser.add_argument("--output", help="the blob to write; without it, only check")
    parser.add_argument("--manifest", help="the list of files to pack")
    parser.add_argument("--unpacked", help="folder for the kernels that were compressed or wrapped "
                        "(MANIFEST.unpacked)")
    parser.add_argument("--info", help="a JSON file to write: the machine that the system needs")
    parser.add_argument("--depfile", help="a make-style list of the files this depends on")
    parser.add_argument("--depfile-target", help="the file that depends on them, if it is not the blob")
    parser.add_argument("--unbuilt", type=argparse.FileType(), metavar="FILE",
                        help="the files of the store `build` that are not built yet, one per line (-: standard "
                        "input): their contents are not checked, and those that are needed are printed")
    parser.add_argument("--services", action="append", default=[], metavar="FOLDER",
                        help="a folder of services, each in a folder with a manifest.toml")
    parser.add_argument("--devices", type=pathlib.Path, default=devices.FOLDER, metavar="FOLDER",
                        help="the folder of the VMM's devices (vmm/dev)")
    parser.add_argument("--store", type=pair, action="append", default=[], metavar="NAME=FOLDER")
    parser.add_argument("--program", type=pair, action="append", default=[], metavar="NAME=PATH",
                        help="a program of the archive: vmm, or svc/NAME for a service")
    return parser.parse_args(argv)


def main(argv):
    args = arguments(argv)
    problems = Problems()
    programs = dict(args.program)
    stores = Stores(dict(args.store), args.unbuilt.read().splitlines() if args.unbuilt else ())
    catalog = Catalog(args.services, problems)
    system = Reader(args.system, stores, programs, catalog, devices.known(args.devices), problems).read()
    notes = [] if args.unbuilt else problems.notes
    for message in problems or notes:
        print(message, file=sys.stderr)
    if problems:
        return 2
    if args.unbuilt:
        print("".join(f"{name}\n" for name in dict.fromkeys(stores.wanted)), end="")
        return 0
    paths, files = archive_paths(system)
    if args.manifest:
        host_paths = unpacked(files, args.unpacked or f"{args.manifest}.unpacked")
        write(args.manifest, manifest(system, host_paths, programs))
    if args.info:
        write(args.info, info(system))
    if args.depfile:
        write(args.depfile, depfile(args.depfile_target or args.output, system.sources))
    if args.output:
        write(args.output, fdt.blob(compiled.tree(system, paths)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
