# SPDX-License-Identifier: BSD-2-Clause
"""Recognises files that people name by mistake, from their first bytes.

A raw binary has no header, so any bytes could be a raw binary.  This module refuses files with the
magic number of another format, and text files. A program never consists of printable characters
only, because small numbers and zeros are control characters.
"""

import struct


class NotAnImage(Exception):
    """The format of a file (the end of a sentence that names the file), and what to do about it."""

    def __init__(self, what, mend):
        super().__init__(what)
        self.what = what
        self.mend = mend


UNPACK = "unpack it: %s FILE > Image"

# Offset, magic number, kind, mend.
MAGICS = (
    (0, b"\x1f\x8b", "compressed with gzip", UNPACK % "zcat"),
    (0, b"\x28\xb5\x2f\xfd", "compressed with zstd", UNPACK % "zstd -dc"),
    (0, b"\xfd7zXZ\0", "compressed with xz", UNPACK % "xzcat"),
    (0, b"\x04\x22\x4d\x18", "compressed with lz4", UNPACK % "lz4 -dc"),
    (0, b"\x02\x21\x4c\x18", "compressed with lz4", UNPACK % "lz4 -dc"),
    (0, b"\x89LZO\0\r\n\x1a\n", "compressed with lzo", UNPACK % "lzop -dc"),
    (4, b"1AY&SY", "compressed with bzip2", UNPACK % "bzcat"),
    (0, b"\x27\x05\x19\x56", "a U-Boot uImage", "name the uImage itself, or the Image in it"),
    (0, b"\xd0\x0d\xfe\xed", "a device tree or FIT image", "name the kernel alone, without its wrapping"),
    (0, b"07070", "a cpio archive", 'an initial RAM disk goes under "initrd"'),
    (257, b"ustar", "a tar archive", "unpack it: tar -xf FILE"),
    (0, b"PK\x03\x04", "a zip archive", "unpack it: unzip FILE"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it: 7z x FILE"),
    (0, b"!<arch>", "an archive of ar, such as a Debian package", "unpack it: dpkg-deb -x FILE FOLDER"),
    (0, b"ANDROID!", "an Android boot image", "name the kernel alone, without its wrapping"),
    (0, b"QFI\xfb", "a qcow2 disk image", "name a kernel"),
    (0x202, b"HdrS", "a Linux kernel for x86", "use a kernel built for riscv64, arch/riscv/boot/Image"),
    (56, b"ARM\x64", "a Linux Image for arm64", "use a kernel built for riscv64, arch/riscv/boot/Image"),
    (36, b"\x18\x28\x6f\x01", "a Linux zImage for arm", "use a kernel built for riscv64, arch/riscv/boot/Image"),
    (0, b"#!", "a script", "name the kernel that it starts"),
)
LZMA = struct.Struct("<BIQB")
LZMA_SIZE_UNKNOWN = (1 << 64) - 1
LZMA_SIZE_MAX = 1 << 40
LFS_POINTER = b"version https://git-lfs.github.com/spec/"
TEXT_CONTROLS = b"\t\n\v\f\r\x1b"
TEXT_BYTES = 4096


def magic_kind(head):
    """(kind, mend) of a file with the magic number of another format, or None."""
    for offset, magic, kind, mend in MAGICS:
        if head.startswith(magic, offset):
            return kind, mend
    if _is_lzma(head):
        return "compressed with lzma", UNPACK % "xz --format=lzma -dc"
    return None


def _is_lzma(head):
    """A .lzma file has no magic number, but only few values of its header are in use:

    the usual properties (lc 3, lp 0, pb 2), a dictionary of a multiple of 64 KiB, a size
    or "unknown", and 0 as the first byte of the LZMA stream.
    """
    if len(head) < LZMA.size:
        return False
    properties, dictionary, size, first = LZMA.unpack_from(head)
    return (properties == 0x5d and dictionary and dictionary % 0x10000 == 0 and first == 0
            and (size == LZMA_SIZE_UNKNOWN or size < LZMA_SIZE_MAX))


def text_kind(head):
    """(kind, mend) of a text file, or None; mend is None when it depends on the key."""
    if head.startswith(LFS_POINTER):
        return "a Git LFS pointer, which stands in the place of the file", "fetch the file itself: git lfs pull"
    start = head[:TEXT_BYTES]
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "a text file (UTF-16)", None
    if not start or any(byte < 0x20 and byte not in TEXT_CONTROLS for byte in start) or not _reads_as_text(start):
        return None
    begin = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if begin.startswith((b"<!doctype html", b"<html", b"<head", b"<!--")):
        return "an HTML page, such as a server sends in the place of a file", "download the file itself"
    return "a text file", None


def _reads_as_text(start):
    """True for UTF-8, whose last character may be cut off, and for other encodings of mostly ASCII."""
    try:
        start.decode()
        return True
    except UnicodeDecodeError as error:
        if error.end == len(start) and error.reason == "unexpected end of data":
            return True
    return sum(byte < 0x80 for byte in start) * 8 >= len(start) * 7
