# SPDX-License-Identifier: BSD-2-Clause
"""Headers of kernel images."""

import unittest

import image
from support import MIB, efi_image_bytes, elf_bytes, image_bytes

RAM = 0x80000000


class Image(unittest.TestCase):
    def assert_refuses(self, raw, what):
        with self.assertRaises(image.NotAnImage) as caught:
            image.parse(raw, len(raw))
        self.assertIn(what, caught.exception.what)
        self.assertTrue(caught.exception.mend)

    def test_parse_image_gives_its_end(self):
        """The start and the end of the kernel are read from a correct header."""
        found = image.parse(image_bytes()[:64], 4096)
        self.assertEqual((found.kind, found.end), ("Image", 6 * MIB))

    def test_parse_any_text_offset_accepted(self):
        """The header's text_offset is ignored, as by QEMU."""
        for text_offset in (0, 0x80000, 0x40200000, 0x80200000, 2**64 - 1):
            with self.subTest(text_offset=text_offset):
                self.assertEqual(image.parse(image_bytes(text_offset=text_offset), 4096).end, 6 * MIB)

    def test_parse_file_shorter_than_image_accepted(self):
        """The file may be shorter than the image: the rest is zeroed memory."""
        image.parse(image_bytes(file_bytes=64), 64)

    def test_parse_file_as_long_as_image_accepted(self):
        """A file of exactly image_size bytes is accepted."""
        image.parse(image_bytes(image_size=4096)[:64], 4096)

    def test_parse_file_longer_than_image_accepted(self):
        """Bytes appended behind image_size are loaded, and image_size may be 0: the file's length counts."""
        for image_size in (0, 64, 4095):
            with self.subTest(image_size=image_size):
                self.assertEqual(image.parse(image_bytes(image_size=image_size), 4096).end, 2 * MIB + 4096)

    def test_parse_empty_refused(self):
        """A file without even one instruction is refused."""
        self.assert_refuses(b"", "0 bytes, too few")
        self.assert_refuses(b"\x13", "1 bytes, too few")

    def test_parse_no_magic_refused(self):
        """A file that begins with zeros or ones, or as Image of another architecture, is refused."""
        self.assert_refuses(image_bytes(magic=b"RSC\x06")[8:], "begins with no instruction")
        self.assert_refuses(b"\xff" * 100, "begins with no instruction")
        self.assert_refuses(b"MZ" + bytes(100), "is not a RISC-V Linux Image")

    def test_parse_image_of_another_machine_named(self):
        """Kernels of other architectures are refused by name, with or without an EFI stub."""
        self.assert_refuses(image_bytes(magic=b"ARM\x64"), "a Linux Image for arm64")
        self.assert_refuses(b"x" * 512 + b"\0\xebHdrS" + bytes(100), "a Linux kernel for x86")
        self.assert_refuses(bytes(36) + b"\x18\x28\x6f\x01" + bytes(100), "a Linux zImage for arm")
        for machine, name in ((0xaa64, "arm64"), (0x8664, "x86-64"), (0x6264, "LoongArch")):
            self.assert_refuses(efi_image_bytes(machine=machine, magic=b"\xcd\x23\x82\x81"), f"for {name}, not for RV64")
        self.assert_refuses(efi_image_bytes(machine=0x5032), "a Linux Image for 32-bit RISC-V, not for RV64")
        self.assert_refuses(efi_image_bytes(machine=1), "a Linux Image for another machine")
        self.assert_refuses(efi_image_bytes(magic=bytes(4)), "an EFI program")

    def test_parse_truncated_image_refused_by_its_own_headers(self):
        """The sections of an EFI stub tell the file's length: a shorter file is refused, wherever it ends."""
        whole = efi_image_bytes()
        self.assertEqual(image.parse(whole, 8192).kind, "Image")
        self.assertEqual(image.parse(whole + bytes(100), 8292).kind, "Image")
        for size in (8191, 4096, 1600, 330, 250, 249, 100, 70, 64):
            with self.subTest(size=size):
                self.assert_refuses(whole[:size], "is an Image that is cut off")
        with self.assertRaises(image.NotAnImage) as caught:
            image.parse(whole[:4096], 4096)
        self.assertIn("it has 4096 of the 8192 bytes", caught.exception.what)
        self.assertEqual(caught.exception.mend, "fetch or build it again")

    def test_parse_image_odd_stub_is_no_reason(self):
        """An EFI stub without sections, or at offset 0, does not decide the length."""
        for raw in (efi_image_bytes(sections=()), image_bytes()[2:].join((b"MZ", b"")),
                    b"MZ" + image_bytes()[2:60] + b"\x80\0\0\0" + bytes(200)):
            self.assertEqual(image.parse(raw, len(raw)).kind, "Image")
        self.assert_refuses(efi_image_bytes(sections=((512, 1),) * 97), "97 sections")
        self.assert_refuses(efi_image_bytes(sections=((2**32 - 1, 2**32 - 1),)), "of the 8589934590 bytes")

    def test_parse_vmlinux_names_the_image(self):
        """The message about Linux's vmlinux, with physical addresses from 0, names the Image."""
        raw = elf_bytes(vaddr=0xffffffff80000000, paddr=0)
        self.assert_refuses(raw, "vmlinux")
        with self.assertRaises(image.NotAnImage) as caught:
            image.parse(raw, len(raw))
        self.assertIn("arch/riscv/boot/Image", caught.exception.mend)
        self.assertEqual(image.parse(elf_bytes(vaddr=0xffffffff80200000, paddr=RAM), 200).kind, "ELF")

    def test_parse_other_kinds_named(self):
        """The message about a file that is often mistaken for a kernel says what the file is."""
        for start, kind in ((b"\x1f\x8b\x08", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\xfd7zXZ\0", "xz"),
                            (b"\x27\x05\x19\x56", "uImage"), (b"MZ\0\0zimg", "compressed EFI"),
                            (b"\xd0\x0d\xfe\xed", "device tree"), (b"070701", "cpio"),
                            (b"!<arch>\n", "Debian package"), (b"#!/bin/sh", "script")):
            with self.subTest(kind=kind):
                self.assert_refuses(start + bytes(100), kind)

    def test_parse_raw_binary_lies_behind_the_firmware(self):
        """A file without a header is loaded as it is, 2 MiB into the RAM."""
        found = image.parse(b"\x13\0\0\0" + bytes(100), 104)
        self.assertEqual((found.kind, found.end), ("raw", 2 * MIB + 104))

    def test_parse_elf_reaches_to_its_highest_segment(self):
        """An ELF file ends where its highest segment does, its zeroed memory included."""
        found = image.parse(elf_bytes(vaddr=RAM + 2 * MIB, memory_bytes=MIB), 200)
        self.assertEqual((found.kind, found.end), ("ELF", 3 * MIB))

    def test_parse_elf_damaged_or_foreign_refused(self):
        """An ELF file cut off, of another machine, not linked, or linked elsewhere is refused."""
        good = RAM + 2 * MIB
        self.assert_refuses(elf_bytes(vaddr=good)[:63], "cut off in its header")
        self.assert_refuses(elf_bytes(vaddr=good)[:100], "cut off")
        self.assert_refuses(elf_bytes(vaddr=good, file_bytes=17, memory_bytes=17), "segment that is cut off")
        self.assert_refuses(elf_bytes(vaddr=good, file_bytes=16, memory_bytes=15), "segment that is cut off")
        self.assert_refuses(elf_bytes(vaddr=good, machine=62), "for x86-64, not for RV64")
        self.assert_refuses(elf_bytes(vaddr=good, machine=183), "for arm64, not for RV64")
        self.assert_refuses(elf_bytes(vaddr=good, machine=1), "another machine, not for RV64")
        self.assert_refuses(elf_bytes(vaddr=good)[:4] + b"\x01" + elf_bytes(vaddr=good)[5:], "for 32-bit RISC-V")
        self.assert_refuses(elf_bytes(vaddr=good, kind=1), "not linked")
        self.assert_refuses(elf_bytes(vaddr=good, file_bytes=0), "nothing to execute")
        self.assert_refuses(elf_bytes(vaddr=good, segments=2), "overlap")
        with_header = bytearray(elf_bytes(vaddr=good))
        with_header[64 + 8:64 + 16] = bytes(8)
        self.assert_refuses(bytes(with_header), "its own header")
        self.assert_refuses(elf_bytes(vaddr=good, segments=17), "17 segments")
        self.assert_refuses(elf_bytes(vaddr=0x10000), "address 0x10000, where a guest has no RAM")
        self.assert_refuses(elf_bytes(vaddr=good, memory_bytes=2**63), "beyond any RAM")

    def test_parse_big_endian_refused(self):
        """A big-endian kernel is refused."""
        self.assert_refuses(image_bytes(flags=1), "big-endian")

    def test_parse_absurd_size_refused(self):
        """An image_size beyond any memory is refused, before a sum overflows 64 bits in a reader."""
        self.assert_refuses(image_bytes(image_size=2**64 - 1), "makes no sense")
        self.assert_refuses(image_bytes(image_size=2**40 + 1), "makes no sense")
