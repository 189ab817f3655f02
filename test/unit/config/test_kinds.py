# SPDX-License-Identifier: BSD-2-Clause
"""Files that are named by mistake: compressed ones and text."""

import bz2
import lzma
import shutil
import subprocess
import unittest

import image
import support
from support import MIB, image_bytes

KERNEL = image_bytes(file_bytes=100000)
LFS_POINTER = (b"version https://git-lfs.github.com/spec/v1\n"
               b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n")


def compressed(kind):
    """The kernel as the program of that name makes it; the start of such a file where it is not installed."""
    if kind == "bzip2":
        return bz2.compress(KERNEL)
    if kind == "xz":
        return lzma.compress(KERNEL)
    if kind == "lzma":
        return lzma.compress(KERNEL, lzma.FORMAT_ALONE)
    starts = {"lz4": b"\x04\x22\x4d\x18", "zstd": b"\x28\xb5\x2f\xfd", "lzop": b"\x89LZO\0\r\n\x1a\n"}
    if not shutil.which(kind):
        return starts[kind] + bytes(100)
    return subprocess.run([kind, "-c"], input=KERNEL, capture_output=True, check=True).stdout


class Kinds(unittest.TestCase):
    def refused(self, raw):
        with self.assertRaises(image.NotAnImage) as caught:
            image.parse(raw, len(raw))
        return caught.exception

    def test_parse_compressed_kernel_refused_with_its_remedy(self):
        """The message names each compression that Warren does not unpack, and the command that unpacks it."""
        for program, name, command in (("lz4", "lz4", "lz4 -dc FILE"), ("zstd", "zstd", "zstd -dc FILE"),
                                       ("lzop", "lzo", "lzop -dc FILE"), ("bzip2", "bzip2", "bzcat FILE"),
                                       ("xz", "xz", "xzcat FILE"), ("lzma", "lzma", "xz --format=lzma -dc FILE")):
            with self.subTest(name=name):
                error = self.refused(compressed(program))
                self.assertEqual(error.what, f"is compressed with {name}, no kernel for a guest")
                self.assertIn(command, error.mend)

    def test_parse_legacy_lz4_refused(self):
        """The lz4 frame of the kernel's build (lz4 -l) is recognised too."""
        self.assertIn("compressed with lz4", self.refused(b"\x02\x21\x4c\x18" + bytes(100)).what)

    def test_parse_lzma_of_any_usual_preset_refused(self):
        """Files of .lzma, which have no magic number, are recognised for every preset, with or without a size."""
        for preset in range(10):
            raw = lzma.compress(KERNEL, lzma.FORMAT_ALONE, preset=preset)
            sized = raw[:5] + len(KERNEL).to_bytes(8, "little") + raw[13:]
            for data in (raw, sized):
                self.assertIn("compressed with lzma", self.refused(data).what)

    def test_parse_text_refused(self):
        """Text in any usual encoding is refused: empty lines, UTF-8, cut-off UTF-8, Latin-1, UTF-16."""
        cut = ("x" * 4095 + "\u00e4" * 100).encode()
        for raw in (b"404: Not Found", b"\n\n", b"kernel = 1\r\n", "\ufeffna\u00efve \u4e2d\u6587".encode(), cut,
                    "die Gr\u00f6\u00dfe steht in Zeile 7 der Datei\n".encode("latin-1"), "text".encode("utf-16")):
            with self.subTest(raw=raw[:20]):
                error = self.refused(raw)
                self.assertIn("is a text file", error.what)
                self.assertIn("name a RISC-V Linux Image", error.mend)

    def test_parse_page_of_a_server_refused(self):
        """The message about an HTML page, the result of a failed download, says what the file is."""
        for raw in (b"<!DOCTYPE html>\n<html>", b"\n  <html lang=de>", b"\xef\xbb\xbf<!doctype HTML>", b"<!-- x --><html>"):
            with self.subTest(raw=raw):
                error = self.refused(raw)
                self.assertIn("an HTML page", error.what)
                self.assertIn("download the file itself", error.mend)

    def test_parse_lfs_pointer_refused(self):
        """The message about a pointer of Git LFS names the command that fetches the file."""
        error = self.refused(LFS_POINTER)
        self.assertIn("Git LFS pointer", error.what)
        self.assertIn("git lfs pull", error.mend)

    def test_parse_raw_binaries_accepted(self):
        """Programs of one to four instructions are not taken for text, even when all bytes are printable."""
        for code in ("6f000000", "01a0", "0290", "73001000", "7300501073000000", "138581023300b500"):
            with self.subTest(code=code):
                raw = bytes.fromhex(code)
                self.assertEqual(image.parse(raw, len(raw)).kind, "raw")


class Initrd(support.SystemCase):
    def refused(self, data, what, mend):
        self.put("store/initrd", data)
        self.guest("one", support.GUEST + 'initrd = "debian:initrd"\n')
        self.assert_refuses("one.toml:2", what, mend)

    def test_compile_initrd_text_refused(self):
        """A RAM disk that is text, an HTML page or a pointer of Git LFS is refused, with the remedy."""
        self.refused(b"not found\n", "which is a text file, no RAM disk", "name a RAM disk")
        self.refused(b"<html><body>404</body></html>", "an HTML page", "download the file itself")
        self.refused(LFS_POINTER, "a Git LFS pointer", "git lfs pull")

    def test_compile_initrd_compressed_accepted(self):
        """A RAM disk with any compression is accepted as it is, because the kernel unpacks it."""
        self.guest("one", support.GUEST + 'initrd = "debian:initrd"\n')
        for data in (lzma.compress(KERNEL), bz2.compress(KERNEL), b"070701" + bytes(MIB), b"\x1f\x8b\x08" + bytes(9)):
            self.put("store/initrd", data)
            self.assert_accepts()
