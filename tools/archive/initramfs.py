#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes a guest's initial RAM disk: a static busybox, its start scripts, and files that are added."""

import argparse
import gzip
import io
import os
import pathlib
import sys

import newc

PARTS = pathlib.Path(__file__).with_name("initramfs")
FOLDERS = ("bin", "dev", "etc", "proc", "sys", "tmp", "root")
# Linux opens /dev/console for process 1 before anything is mounted.
DEVICES = (("dev/console", 0o600, (5, 1)), ("dev/null", 0o666, (1, 3)))
LINKS = (("bin/sh", "busybox"), ("init", "bin/busybox"))


def pair(text):
    name, equals, path = text.partition("=")
    if not (name and equals and path) or name.startswith("/") or ".." in name.split("/"):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=PATH with a relative name")
    return name, path


def build(files):
    """The archive; `files` maps names to bytes, and every file is executable."""
    stream = io.BytesIO()
    writer = newc.Writer(stream)
    folders = list(FOLDERS)
    for name in files:
        for parent in reversed(pathlib.PurePosixPath(name).parents[:-1]):
            if str(parent) not in folders:
                folders.append(str(parent))
    for name in folders:
        writer.add(name, newc.S_IFDIR | (0o1777 if name == "tmp" else 0o755))
    for name, mode, rdev in DEVICES:
        writer.add(name, newc.S_IFCHR | mode, rdev=rdev)
    for name, target in LINKS:
        if name not in files:
            writer.add(name, newc.S_IFLNK | 0o777, target.encode())
    for name, data in files.items():
        writer.add(name, newc.S_IFREG | 0o755, data)
    writer.finish()
    return stream.getvalue()


def arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--busybox", required=True, help="a static busybox for riscv64")
    parser.add_argument("--add", type=pair, action="append", default=[], metavar="NAME=PATH",
                        help="one more executable file; init=PATH replaces the first process")
    parser.add_argument("--gzip", action="store_true", help="compress the archive; the guest then unpacks it more slowly")
    parser.add_argument("--output", required=True)
    return parser.parse_args(argv)


def main(argv):
    args = arguments(argv)
    try:
        busybox = pathlib.Path(args.busybox).read_bytes()
        files = {"bin/busybox": busybox}
        files |= {f"etc/{name}": (PARTS / name).read_bytes() for name in ("inittab", "rc", "session")}
        files |= {name: pathlib.Path(path).read_bytes() for name, path in args.add}
    except OSError as error:
        print(f"{error.filename} cannot be read: {error.strerror}; fetch what is missing with ./warren setup",
              file=sys.stderr)
        return 1
    if busybox[:4] != b"\x7fELF" or busybox[18:20] != b"\xf3\x00":
        print(f"{args.busybox} is not a program for riscv64; fetch it again with ./warren setup", file=sys.stderr)
        return 1
    data = build(files)
    output = pathlib.Path(args.output)
    fresh = output.with_name(output.name + f".{os.getpid()}.new")
    try:
        fresh.write_bytes(gzip.compress(data, mtime=0) if args.gzip else data)
        fresh.replace(output)
    finally:
        fresh.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
