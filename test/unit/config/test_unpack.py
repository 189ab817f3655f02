# SPDX-License-Identifier: BSD-2-Clause
"""Kernels in gzip and in uImages: what is unpacked, and what is refused."""

import dataclasses
import gzip
import random
import struct
import tracemalloc
import unittest
import zlib
from unittest import mock

import image
import support
import unpack
from support import MIB, elf_bytes, image_bytes

KERNEL = image_bytes(file_bytes=5000)
PLACE = 0x80200000


def uimage(data, load=PLACE, entry=None, arch=26, kind=2, compression=0, size=None):
    """What mkimage makes of `data` (U-Boot, include/image.h)."""
    fields = [0x27051956, 0, 0, len(data) if size is None else size, load, load if entry is None else entry,
              zlib.crc32(data), 5, arch, kind, compression, b"sample"]
    fields[1] = zlib.crc32(struct.pack(">7I4B32s", *fields))
    return struct.pack(">7I4B32s", *fields) + data


class Unpack(support.SystemCase):
    def opened(self, data):
        """The bytes that would be loaded, and their Payload."""
        content, payload = image.open_kernel(self.put("kernel", data))
        loaded = b"".join(content.chunks())
        self.assertEqual(len(loaded), content.size_bytes)
        return loaded, payload

    def refused(self, data, what, mend=""):
        with self.assertRaises(image.NotAnImage) as caught:
            image.open_kernel(self.put("kernel", data))
        self.assertIn(what, caught.exception.what)
        self.assertIn(mend, caught.exception.mend)
        self.assertTrue(caught.exception.mend)

    def test_open_gzip_is_unpacked(self):
        """A kernel in gzip is unpacked; bytes after the gzip data are ignored."""
        for data in (gzip.compress(KERNEL), gzip.compress(KERNEL, 0) + b"appended"):
            loaded, payload = self.opened(data)
            self.assertEqual(loaded, KERNEL)
            self.assertEqual((payload.kind, payload.end), ("Image", 6 * MIB))

    def test_open_uimage_is_unwrapped(self):
        """The data of a uImage is taken, compressed or not; bytes after the data are ignored."""
        for data in (uimage(KERNEL), uimage(KERNEL) + b"appended", uimage(gzip.compress(KERNEL), compression=1)):
            loaded, payload = self.opened(data)
            self.assertEqual(loaded, KERNEL)
            self.assertEqual((payload.kind, payload.end), ("Image", 6 * MIB))

    def test_open_uimage_elsewhere_goes_there(self):
        """A uImage for another address of the RAM becomes an ELF file of one segment there, its memory kept."""
        for data, bytes_there, memory_bytes in ((uimage(KERNEL, load=0x80400000), KERNEL, 4 * MIB),
                                                (uimage(b"\x01\xa0", load=0x80000000), b"\x01\xa0", 2)):
            loaded, payload = self.opened(data)
            found = image.parse(loaded, len(loaded))
            self.assertEqual(payload, found)
            self.assertEqual(payload.kind, "ELF")
            offset, _, gpa, file_bytes, memory = struct.unpack_from("<QQQQQ", loaded, 64 + 8)
            self.assertEqual((gpa, memory), (struct.unpack_from(">I", data, 16)[0], memory_bytes))
            self.assertEqual(loaded[offset:offset + file_bytes], bytes_there)
            self.assertEqual(payload.end, gpa - 0x80000000 + memory_bytes)

    def test_open_uimage_bad_headers_refused(self):
        """Each mistake in a uImage has a message of its own."""
        good = uimage(KERNEL)
        for data, what, mend in ((good[:63], "cut off in its header", "again"),
                                 (good[:20] + b"\1" + good[21:], "damaged header", "again"),
                                 (good[:-1] + b"\1", "checksum of its data", "again"),
                                 (good[:-1], "it has 4999 of 5000 bytes", "again"),
                                 (uimage(KERNEL, size=2**32 - 1), "of 4294967295 bytes", "again"),
                                 (uimage(KERNEL, arch=22), "a uImage for arm64", "riscv64"),
                                 (uimage(KERNEL, arch=99), "a uImage for architecture 99", "riscv64"),
                                 (uimage(KERNEL, kind=3), "holds a RAM disk, not a kernel", "another file"),
                                 (uimage(KERNEL, kind=4), "holds several files", "another file"),
                                 (uimage(KERNEL, kind=14), "holds a kernel without a load address", "another file"),
                                 (uimage(KERNEL, kind=200), "holds something of type 200", "another file"),
                                 (uimage(KERNEL, compression=3), "compressed with lzma", "mkimage -C"),
                                 (uimage(KERNEL, compression=77), "compressed with method 77", "mkimage -C"),
                                 (uimage(KERNEL, entry=PLACE + 4), "starts elsewhere, at 0x80200004", "-a and -e"),
                                 (uimage(KERNEL, load=0x60000000), "for address 0x60000000", "mkimage -a 0x80200000"),
                                 (uimage(KERNEL, load=PLACE + 1), "for address 0x80200001", "mkimage -a 0x80200000"),
                                 (uimage(elf_bytes(vaddr=PLACE)), "around an ELF file", "the ELF file itself"),
                                 (uimage(b""), "unpacks to a file that has 0 bytes", "again"),
                                 (uimage(KERNEL, compression=1), "damaged: gzip says", "again")):
            with self.subTest(what=what):
                self.refused(data, what, mend)

    def test_open_damaged_gzip_refused(self):
        """A gzip file that is cut off anywhere, or damaged, is refused."""
        packed = gzip.compress(KERNEL)
        for size in (2, 9, 10, 11, len(packed) // 2, len(packed) - 1):
            with self.subTest(size=size):
                self.refused(packed[:size], "compressed with gzip and cut off", "again")
        self.refused(packed[:-8] + bytes(8), "gzip says", "again")
        self.refused(b"\x1f\x8b\x07" + packed[3:], "gzip says", "again")

    def test_open_what_is_inside_is_checked_too(self):
        """Unpacked content is checked like a plain file, and the message says that it was unpacked."""
        for data, what in ((b"hello\n", "unpacks to a file that is a text file"),
                           (uimage(KERNEL), "unpacks to a file that is a U-Boot uImage"),
                           (gzip.compress(KERNEL), "unpacks to a file that is compressed with gzip"),
                           (b"", "unpacks to a file that has 0 bytes"),
                           (support.efi_image_bytes()[:4096], "unpacks to a file that is an Image that is cut off")):
            with self.subTest(what=what):
                self.refused(gzip.compress(data), what)

    def test_open_bomb_is_refused_in_bounded_memory(self):
        """A small file that unpacks to more than the limit is refused without holding all of it in memory."""
        deflate = zlib.compressobj(9, wbits=31)
        packed = b"".join(deflate.compress(bytes(MIB)) for _ in range(257)) + deflate.flush()
        self.assertLess(len(packed), MIB)
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        self.refused(packed, "unpacks to more than 256M", "not a disk image")
        self.assertLess(tracemalloc.get_traced_memory()[1], 16 * MIB)

    def test_open_random_edits_are_taken_or_refused(self):
        """A damaged file of any kind is accepted or refused with a mend; nothing else happens."""
        dice = random.Random(1)
        kinds = [image_bytes(), support.efi_image_bytes(), elf_bytes(vaddr=PLACE), gzip.compress(KERNEL),
                 uimage(KERNEL), uimage(gzip.compress(KERNEL), compression=1)]
        taken = 0
        for turn in range(600):
            data = bytearray(kinds[turn % len(kinds)])
            for _ in range(dice.randrange(4)):
                data[dice.randrange(min(len(data), 400))] = dice.choice((0, 1, 0x7f, 0x80, 0xff, dice.randrange(256)))
            del data[dice.choice((len(data), dice.randrange(len(data)))):]
            try:
                content, payload = image.open_kernel(self.put("kernel", bytes(data)))
                self.assertEqual(sum(map(len, content.chunks())), content.size_bytes)
                self.assertGreaterEqual(payload.end, content.size_bytes if payload.kind != "ELF" else 0)
                taken += 1
            except image.NotAnImage as error:
                self.assertTrue(error.what and error.mend)
        self.assertTrue(100 < taken < 500, taken)

    def test_open_limit_itself_is_unpacked(self):
        """A kernel of exactly the limit is accepted."""
        with mock.patch.object(unpack, "UNPACKED_MAX", len(KERNEL)):
            self.assertEqual(self.opened(gzip.compress(KERNEL))[0], KERNEL)
        with mock.patch.object(unpack, "UNPACKED_MAX", len(KERNEL) - 1):
            self.refused(gzip.compress(KERNEL), "unpacks to more than")


class Outputs(support.SystemCase):
    def packed(self):
        """The content of the archive by its paths."""
        lines = (self.top / "files").read_text().splitlines()
        return {name: open(path, "rb").read() for name, path in (line.split("\t") for line in lines)}

    def test_compile_unpacked_kernel_goes_into_the_archive(self):
        """The manifest names the unpacked kernel, once for all guests that have it, packed or not."""
        self.system('guests = ["one", "two", "three"]\n')
        self.put("store/Image", KERNEL)
        self.put("store/Image.gz", gzip.compress(KERNEL))
        self.put("store/uImage", uimage(gzip.compress(KERNEL), compression=1))
        self.guest("one", 'kernel = "debian:Image.gz"\n')
        self.guest("two", 'kernel = "debian:Image"\n')
        self.guest("three", 'kernel = "debian:uImage"\n')
        self.assert_accepts()
        kernels = {name: data for name, data in self.packed().items() if name.endswith("kernel")}
        self.assertEqual(kernels, {"guests/one/kernel": KERNEL})

    def test_compile_only_checking_writes_nothing(self):
        """Without a manifest nothing is unpacked to the disk."""
        self.put("store/Image", gzip.compress(KERNEL))
        before = sorted(self.top.rglob("*"))
        support.compiler.main(["--system", str(self.folder), "--store", f"debian={self.top / 'store'}", "--program",
                               "vmm=vmm", "--program", "svc/console=console"])
        self.assertEqual(sorted(self.top.rglob("*")), before)

    def test_compile_unpacked_size_must_fit_in_the_guest(self):
        """The size of the unpacked kernel counts, not the size of its file."""
        self.put("store/Image", gzip.compress(image_bytes(image_size=0, file_bytes=30 * MIB)))
        self.guest("one", support.GUEST + 'memory = "32M"\n')
        self.assert_refuses("one.toml:2", "need 34M", '"34M" or more')

    def test_compile_uimage_ramdisk_loses_its_header(self):
        """The header of a RAM disk in a uImage is removed, as QEMU does."""
        disk = gzip.compress(b"070701" + bytes(5000))
        self.guest("one", support.GUEST + 'initrd = "debian:initrd"\n')
        self.put("store/initrd", uimage(KERNEL))
        self.assert_refuses("one.toml:2", "holds a kernel, not a RAM disk", "another file")
        self.put("store/initrd", uimage(disk, kind=3, compression=1, load=0))
        self.assert_accepts()
        self.assertEqual(self.packed()["guests/one/initrd"], disk)

    def test_content_is_equal_for_equal_files_alone(self):
        """Content of two files, or of two parts of one, is never taken for the same."""
        path = self.put("kernel", KERNEL)
        content = unpack.kernel(path)
        self.assertEqual(content, unpack.kernel(path))
        self.assertNotEqual(content, dataclasses.replace(content, start=1))


if __name__ == "__main__":
    unittest.main()
