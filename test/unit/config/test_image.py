# SPDX-License-Identifier: BSD-2-Clause
"""Headers of kernel images."""

import unittest

import image
from support import MIB, image_bytes


class Image(unittest.TestCase):
    def assert_refuses(self, raw, what):
        with self.assertRaises(image.NotAnImage) as caught:
            image.parse(raw[:64], len(raw))
        self.assertIn(what, caught.exception.what)
        self.assertTrue(caught.exception.mend)

    def test_parse_image_gives_its_end(self):
        """A good header gives where the kernel lies and where it ends."""
        found = image.parse(image_bytes()[:64], 4096)
        self.assertEqual((found.text_offset, found.image_size, found.end), (2 * MIB, 4 * MIB, 6 * MIB))

    def test_parse_file_shorter_than_image_accepted(self):
        """The file may be shorter than the image: the rest is zeroed memory."""
        image.parse(image_bytes(file_bytes=64), 64)

    def test_parse_file_as_long_as_image_accepted(self):
        """A file of just image_size bytes is good."""
        image.parse(image_bytes(image_size=4096)[:64], 4096)

    def test_parse_file_longer_than_image_refused(self):
        """A file longer than its header states is damaged."""
        self.assert_refuses(image_bytes(image_size=4095), "more than the 4095 its header states")

    def test_parse_truncated_header_refused(self):
        """A file of 63 bytes has no header."""
        self.assert_refuses(image_bytes()[:63], "63 bytes, too few")

    def test_parse_empty_refused(self):
        """An empty file has no header."""
        self.assert_refuses(b"", "0 bytes, too few")

    def test_parse_no_magic_refused(self):
        """Without the magic it is no Image, whatever else it holds."""
        self.assert_refuses(image_bytes(magic=b"RSC\x06"), "is not a RISC-V Linux Image")
        self.assert_refuses(image_bytes(magic=b"ARM\x64"), "is not a RISC-V Linux Image")

    def test_parse_other_kinds_named(self):
        """What people take for an Image is named for what it is."""
        for start, kind in ((b"\x7fELF", "an ELF file"), (b"\x1f\x8b\x08", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"),
                            (b"\xfd7zXZ\0", "xz"), (b"\x27\x05\x19\x56", "uImage"), (b"MZ\0\0zimg", "compressed EFI")):
            with self.subTest(kind=kind):
                self.assert_refuses(start + bytes(100), kind)

    def test_parse_big_endian_refused(self):
        """A big-endian kernel is refused."""
        self.assert_refuses(image_bytes(flags=1), "big-endian")

    def test_parse_zero_size_refused(self):
        """image_size 0 says nothing about what the kernel needs."""
        self.assert_refuses(image_bytes(image_size=0), "makes no sense")

    def test_parse_absurd_numbers_refused(self):
        """Sizes and offsets whose sum would overflow 64 bits are refused."""
        self.assert_refuses(image_bytes(image_size=2**64 - 1), "makes no sense")
        self.assert_refuses(image_bytes(text_offset=2**64 - 2 * MIB), "makes no sense")

    def test_parse_odd_text_offset_refused(self):
        """A text_offset that breaks the 2M alignment is refused; zero is fine."""
        self.assert_refuses(image_bytes(text_offset=0x80000), "not a multiple of 2M")
        self.assertEqual(image.parse(image_bytes(text_offset=0)[:64], 4096).end, 4 * MIB)
