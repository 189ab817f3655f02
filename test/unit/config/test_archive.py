# SPDX-License-Identifier: BSD-2-Clause
"""The boot archive: what the packer writes, and what it refuses."""

import contextlib
import io
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import newc
import pack
from support import elf_bytes


class ArchiveCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="warren-archive-")
        self.addCleanup(folder.cleanup)
        self.top = pathlib.Path(folder.name)
        self.output = self.top / "boot.cpio"
        self.files = {"rootserver": elf_bytes(), "system.dtb": b"dtb", "svc/console": elf_bytes(),
                      "vmm": elf_bytes(), "guests/a/kernel": b"k" * 10000, "guests/a/initrd": b"i" * 4096,
                      "guests/a-rather-long-name/initrd": b"j"}

    def argv(self):
        argv = ["--output", str(self.output)]
        for number, (name, data) in enumerate(self.files.items()):
            path = self.top / f"in{number}"
            path.write_bytes(data)
            argv += ["--file", f"{name}={path}"]
        return argv

    def pack(self, *more):
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors):
            status = pack.main([*self.argv(), *more])
        return status, errors.getvalue()

    def assert_refuses(self, what, *more):
        status, text = self.pack(*more)
        self.assertEqual(status, 1)
        self.assertIn(what, text)
        self.assertEqual(text.count("\n"), 1)
        self.assertFalse(self.output.exists())

    def packed(self):
        self.assertEqual(self.pack(), (0, ""))
        return self.output.read_bytes()


class Packing(ArchiveCase):
    def test_pack_own_reader_finds_every_file(self):
        """The archive has the files that were packed, in order, with the root server and the configuration first."""
        raw = self.packed()
        found = {entry.name: raw[entry.data_at:entry.data_at + entry.data_bytes] for entry in pack.check(raw)}
        self.assertEqual(found, self.files)
        self.assertEqual(list(found)[:2], ["rootserver", "system.dtb"])

    def test_pack_data_begins_at_pages(self):
        """Every file's data begins at a page, whatever the sizes and names around it."""
        for size in (1, 4095, 4096, 4097, 3900, 3950, 3986, 4000):
            with self.subTest(size=size):
                self.files["guests/a/kernel"] = b"k" * size
                self.assertTrue(all(entry.data_at % 4096 == 0 for entry in newc.read(self.packed())))

    def test_pack_whole_pages(self):
        """The archive's length is a multiple of a page."""
        self.assertEqual(len(self.packed()) % 4096, 0)

    @unittest.skipUnless(shutil.which("cpio"), "cpio is not installed")
    def test_pack_standard_cpio_reads_it(self):
        """cpio lists and unpacks the archive, padded names and all, without a warning."""
        raw = self.packed()
        listed = subprocess.run(["cpio", "-it", "--quiet"], input=raw, capture_output=True, check=True)
        self.assertEqual((listed.stdout.decode().split(), listed.stderr), (list(self.files), b""))
        subprocess.run(["cpio", "-id", "--quiet"], input=raw, cwd=self.top, capture_output=True, check=True)
        for name, data in self.files.items():
            self.assertEqual((self.top / name).read_bytes(), data)

    def test_pack_twice_gives_equal_archives(self):
        """Equal input gives an equal archive: no times, no owners."""
        self.assertEqual(self.packed(), self.packed())

    def test_pack_manifest_adds_files(self):
        """The compiler's list of files is packed too."""
        (self.top / "more").write_bytes(b"more")
        (self.top / "list").write_text(f"guests/b/kernel\t{self.top}/more\n")
        self.assertEqual(self.pack("--manifest", str(self.top / "list")), (0, ""))
        self.assertIn("guests/b/kernel", [entry.name for entry in pack.check(self.output.read_bytes())])

    def test_pack_name_twice_refused(self):
        """Two files for one name are refused."""
        self.assert_refuses('"vmm" is given twice', "--file", f"vmm={self.top}/in0")

    def test_pack_missing_file_refused(self):
        """A file that is not there is refused by name."""
        self.assert_refuses("cannot be read: No such file", "--file", f"guests/b/kernel={self.top}/none")

    def test_pack_no_root_server_refused(self):
        """An archive that could not start is not written."""
        for name in ("rootserver", "system.dtb"):
            with self.subTest(name=name):
                data = self.files.pop(name)
                self.assert_refuses(f'there is no "{name}"')
                self.files[name] = data

    def test_pack_odd_names_refused(self):
        """Names that leave the archive or its character set are refused."""
        for name in ("/etc/passwd", "../x", "a//b", "a/./b", "a/", "A", "a b", "x" * 256, "TRAILER!!!", "\u00f6"):
            with self.subTest(name=name):
                self.assert_refuses("cannot be a name", "--file", f"{name}={self.top}/in0")

    def test_pack_empty_file_refused(self):
        """An empty file, the result of a failed build, is refused."""
        self.files["guests/a/kernel"] = b""
        self.assert_refuses("is empty")

    def test_pack_folder_refused(self):
        """A folder in the place of a file is refused."""
        self.assert_refuses("is not a regular file", "--file", f"guests/b/kernel={self.top}")

    def test_pack_absurd_size_refused(self):
        """A file beyond the archive's limit is refused before it is read."""
        with open(self.top / "huge", "wb") as stream:
            stream.truncate(1 << 40)
        self.assert_refuses("larger than 1024M", "--file", f"guests/b/kernel={self.top}/huge")

    def test_pack_bad_manifest_refused(self):
        """A list of files with a wrong line is refused at that line."""
        (self.top / "list").write_text(f"guests/b/kernel\t{self.top}/in0\nnonsense\n")
        self.assert_refuses("list:2: ", "--manifest", str(self.top / "list"))


class Programs(ArchiveCase):
    def test_pack_bad_programs_refused(self):
        """A program that the root server would refuse is refused here, with the reason."""
        for data, what in ((b"#!/bin/sh\n", "is not an ELF file"),
                           (elf_bytes(machine=62), "not an ELF file for riscv64"),
                           (elf_bytes(kind=3), "not a static executable"),
                           (elf_bytes(segments=0), "no program headers"),
                           (elf_bytes()[:100], "outside the file"),
                           (elf_bytes(tail=8), "truncated"),
                           (elf_bytes(file_bytes=17, memory_bytes=16, tail=17), "absurd size"),
                           (elf_bytes(memory_bytes=2**63), "absurd size"),
                           (elf_bytes(flags=7), "both writable and executable"),
                           (elf_bytes(segments=2), "overlap"),
                           (elf_bytes(entry=0), "does not begin in its code"),
                           (elf_bytes(flags=6), "does not begin in its code")):
            with self.subTest(what=what):
                self.files["vmm"] = data
                self.assert_refuses(what)


class Reading(ArchiveCase):
    """The rules that any reader of archives must check, on archives with one fault each."""

    def assert_bad(self, raw, what):
        with self.assertRaises(newc.BadArchive) as caught:
            pack.check(bytes(raw))
        self.assertIn(what, str(caught.exception))

    def test_check_truncated_anywhere_refused(self):
        """An archive cut off at any place is refused, never read beyond its end."""
        raw = self.packed()
        whole = newc.up(raw.index(b"TRAILER!!!") + 11, 4)
        for size in (*range(0, whole, 97), whole - 1):
            with self.assertRaises(newc.BadArchive):
                pack.check(raw[:size])
        pack.check(raw[:whole])

    def test_check_spoilt_fields_refused(self):
        """Bad magic, digits, name sizes and file sizes are refused."""
        good = self.packed()
        for at, new, what in ((0, b"070702", "no entry"), (54, b"0000000g", "not hexadecimal"), (54, b"+0000001", "not hex"),
                              (94, b"00000000", "length of 0"), (94, b"00001101", "length of 4353"),
                              (54, b"ffffffff", "beyond the end"), (14, b"000041ed", "not a regular file"),
                              (110, b"\0", "empty"), (110, b"R", "cannot be a name")):
            with self.subTest(what=what):
                raw = bytearray(good)
                raw[at:at + len(new)] = new
                self.assert_bad(raw, what)

    def test_check_data_within_page_refused(self):
        """A file that could not be mapped where it lies is refused."""
        stream = io.BytesIO()
        writer = newc.Writer(stream)
        writer.add("rootserver", 0o100755, b"x")
        writer.finish(4096)
        self.assert_bad(stream.getvalue(), "does not begin at a page")

    def test_check_name_twice_refused(self):
        """A second file of the same name is refused."""
        stream = io.BytesIO()
        writer = newc.Writer(stream, newc.PAGE_BYTES)
        for name in ("rootserver", "system.dtb", "vmm", "vmm"):
            writer.add(name, 0o100644, b"x")
        writer.finish(4096)
        self.assert_bad(stream.getvalue(), '"vmm" is there twice')

    def test_check_data_behind_trailer_refused(self):
        """Nothing but zero bytes may follow the trailer."""
        raw = bytearray(self.packed())
        raw[-1] = 1
        self.assert_bad(raw, "follows the trailer")

    def test_list_bad_archive_refused_with_message(self):
        """The command reports a bad archive in one line."""
        (self.top / "bad").write_bytes(b"nonsense")
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors):
            status = pack.main(["--list", str(self.top / "bad")])
        self.assertEqual(status, 1)
        self.assertIn("is not a boot archive", errors.getvalue())
