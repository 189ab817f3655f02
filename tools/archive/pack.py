#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Packs a boot archive, or lists one.  docs/boot-archive.md describes the format.

    pack.py --output FILE --file NAME=PATH ... [--manifest FILE]
    pack.py --list FILE
"""

import argparse
import io
import os
import pathlib
import re
import stat
import sys

import elf
import newc

NAME = re.compile(r"[a-z0-9._/-]{1,255}\Z")
ARCHIVE_BYTES_MAX = 1 << 30
FIRST = ("rootserver", "system.dtb")


class Refused(Exception):
    pass


def check_name(name):
    parts = name.split("/")
    if not NAME.match(name) or any(part in ("", ".", "..") for part in parts) or name == newc.TRAILER:
        raise Refused(f'"{name}" cannot be a name in the archive; use a relative path of a-z, 0-9, ".", "_" and "-"')


def is_program(name):
    """Programs are at the top or below svc/; guests' files and tables are not."""
    return name.startswith("svc/") or ("/" not in name and "." not in name)


def pair(text):
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=PATH")
    return name, path


def read_manifest(path):
    files = []
    for number, line in enumerate(pathlib.Path(path).read_text().splitlines(), 1):
        name, tab, host_path = line.partition("\t")
        if not (name and tab and host_path):
            raise Refused(f"{path}:{number}: the line is not NAME, tab, PATH; "
                          "make the list with tools/config/compile.py")
        files.append((name, host_path))
    return files


def ordered(files):
    """The files without duplicates; the files that every boot reads first come first."""
    by_name = {}
    for name, path in files:
        check_name(name)
        if name in by_name:
            raise Refused(f'"{name}" is given twice ({by_name[name]} and {path}); drop one')
        by_name[name] = path
    for name in FIRST:
        if name not in by_name:
            raise Refused(f'there is no "{name}"; give --file {name}=PATH')
    rest = [name for name in by_name if name not in FIRST]
    return [(name, by_name[name]) for name in (*FIRST, *rest)]


def read_file(name, path, room):
    try:
        info = os.stat(path)
        if not stat.S_ISREG(info.st_mode):
            raise Refused(f'{path}, for "{name}", is not a regular file; name a file')
        if info.st_size > room:
            raise Refused(f'{path}, for "{name}", has {info.st_size} bytes: with it the archive is larger than '
                          f"{ARCHIVE_BYTES_MAX >> 20}M; leave out a file")
        data = pathlib.Path(path).read_bytes()
    except OSError as error:
        raise Refused(f'{path}, for "{name}", cannot be read: {error.strerror}; build or fetch it') from None
    if not data:
        raise Refused(f'{path}, for "{name}", is empty; build or fetch it again')
    if is_program(name):
        try:
            elf.check(data)
        except elf.NotAProgram as error:
            raise Refused(f'{path}, for "{name}", {error}') from None
    return data


def pack(files, stream):
    writer = newc.Writer(stream, newc.PAGE_BYTES)
    for name, path in ordered(files):
        data = read_file(name, path, ARCHIVE_BYTES_MAX - writer.at - 2 * newc.PAGE_BYTES)
        writer.add(name, newc.S_IFREG | (0o755 if is_program(name) else 0o644), data)
    writer.finish(newc.PAGE_BYTES)


def check(raw):
    """The entries of a boot archive, after checking every rule of docs/boot-archive.md."""
    entries = newc.read(raw)
    seen = set()
    for entry in entries:
        if entry.mode & newc.S_IFMT != newc.S_IFREG:
            raise newc.BadArchive(f'"{entry.name}" is not a regular file')
        if entry.data_at % newc.PAGE_BYTES:
            raise newc.BadArchive(f'the data of "{entry.name}" does not begin at a page')
        try:
            check_name(entry.name)
        except Refused as error:
            raise newc.BadArchive(str(error)) from None
        if entry.name in seen:
            raise newc.BadArchive(f'"{entry.name}" is there twice')
        seen.add(entry.name)
    if [entry.name for entry in entries[:2]] != list(FIRST):
        raise newc.BadArchive("it does not begin with rootserver and system.dtb")
    return entries


def show(path):
    try:
        for entry in check(pathlib.Path(path).read_bytes()):
            print(f"{entry.data_at:#012x} {entry.data_bytes:>12} {entry.name}")
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from None
    except newc.BadArchive as error:
        raise Refused(f"{path} is not a boot archive: {error}; pack it again") from None


def write(args):
    files = [item for path in args.manifest for item in read_manifest(path)]
    stream = io.BytesIO()
    pack(args.file + files, stream)
    output = pathlib.Path(args.output)
    fresh = output.with_name(output.name + f".{os.getpid()}.new")
    try:
        fresh.write_bytes(stream.getbuffer())
        fresh.replace(output)
    finally:
        fresh.unlink(missing_ok=True)
    if args.depfile:
        names = [path.replace("$", "$$").replace("#", "\\#").replace(" ", "\\ ") for _, path in args.file + files]
        pathlib.Path(args.depfile).write_text(f"{args.output}: {' '.join(names)}\n")


def arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--output", help="the archive to write")
    what.add_argument("--list", metavar="FILE", help="check an archive and list its files")
    parser.add_argument("--file", type=pair, action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--manifest", action="append", default=[], help="more files: NAME, tab, PATH")
    parser.add_argument("--depfile", help="a make-style list of the files this depends on")
    return parser.parse_args(argv)


def main(argv):
    args = arguments(argv)
    try:
        if args.list:
            show(args.list)
        else:
            write(args)
    except Refused as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
