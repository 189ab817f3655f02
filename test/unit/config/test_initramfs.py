# SPDX-License-Identifier: BSD-2-Clause
"""A guest's initial RAM disk."""

import contextlib
import gzip
import io
import pathlib
import tempfile
import unittest

import initramfs
import newc
from support import elf_bytes


class Initramfs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="warren-initramfs-")
        self.addCleanup(folder.cleanup)
        self.top = pathlib.Path(folder.name)
        (self.top / "busybox").write_bytes(elf_bytes())

    def make(self, *more):
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors):
            status = initramfs.main(["--busybox", str(self.top / "busybox"), "--output", str(self.top / "out"), *more])
        return status, errors.getvalue()

    def entries(self):
        raw = (self.top / "out").read_bytes()
        return {entry.name: (entry.mode, raw[entry.data_at:entry.data_at + entry.data_bytes])
                for entry in newc.read(raw)}

    def test_build_has_what_linux_needs_to_start(self):
        """A console device, an /init and the shell are there, made without root."""
        self.assertEqual(self.make(), (0, ""))
        found = self.entries()
        self.assertEqual(found["dev/console"][0], 0o020600)
        self.assertEqual(found["init"], (0o120777, b"bin/busybox"))
        self.assertEqual(found["bin/busybox"], (0o100755, elf_bytes()))
        self.assertIn(b"poweroff", found["etc/session"][1])
        raw = (self.top / "out").read_bytes()
        at = raw.index(b"dev/console\0") - 110
        self.assertEqual((raw[at + 78:at + 86], raw[at + 86:at + 94]), (b"00000005", b"00000001"))

    def test_build_folders_before_their_files(self):
        """Linux unpacks in order: a folder comes before what is in it."""
        (self.top / "x").write_bytes(b"x")
        self.make("--add", f"usr/lib/deep/x={self.top}/x")
        names = list(self.entries())
        for name in names:
            for parent in pathlib.PurePosixPath(name).parents[:-1]:
                self.assertLess(names.index(str(parent)), names.index(name))

    def test_build_init_can_be_replaced(self):
        """A file that is added as init replaces the link."""
        (self.top / "x").write_bytes(b"#!/bin/sh\n")
        self.make("--add", f"init={self.top}/x")
        self.assertEqual(self.entries()["init"], (0o100755, b"#!/bin/sh\n"))

    def test_build_gzip_has_equal_content(self):
        """--gzip compresses the same archive, and equal input gives equal output."""
        self.make()
        plain = (self.top / "out").read_bytes()
        self.make("--gzip")
        packed = (self.top / "out").read_bytes()
        self.assertEqual(gzip.decompress(packed), plain)
        self.make("--gzip")
        self.assertEqual((self.top / "out").read_bytes(), packed)

    def test_main_missing_busybox_refused(self):
        """The message about a missing busybox names the command that fetches it."""
        (self.top / "busybox").unlink()
        status, text = self.make()
        self.assertEqual(status, 1)
        self.assertIn("./warren setup", text)

    def test_main_foreign_busybox_refused(self):
        """A busybox for another machine is refused."""
        (self.top / "busybox").write_bytes(elf_bytes(machine=62))
        status, text = self.make()
        self.assertEqual(status, 1)
        self.assertIn("not a program for riscv64", text)

    def test_add_name_outside_refused(self):
        """A name that leaves the RAM disk is refused."""
        with contextlib.redirect_stderr(io.StringIO()), self.assertRaises(SystemExit):
            self.make("--add", f"../x={self.top}/busybox")
