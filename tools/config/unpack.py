# SPDX-License-Identifier: BSD-2-Clause
"""Unpacks wrapped kernels: gzip, U-Boot's uImage, or both.

Kernels are unpacked on the host, and the boot archive contains them as they are loaded:
VMMs unpack nothing.  The unpacked size is limited, because a few kilobytes of gzip can
expand to any number of zeros.

RFC 1952, "File format" (gzip).  U-Boot, include/image.h: the header of a legacy
image, 64 bytes, big-endian.
"""

import dataclasses
import pathlib
import struct
import zlib

from kinds import NotAnImage

UNPACKED_MAX = 256 << 20
HEAD_BYTES = 1 << 20  # enough of a file for image.parse()
CHUNK_BYTES = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"
AGAIN = "fetch or build it again"

UIMAGE = struct.Struct(">7I4B32s")
UIMAGE_MAGIC = b"\x27\x05\x19\x56"
ARCH_RISCV = 26
ARCHES = {1: "Alpha", 2: "arm", 3: "x86", 4: "IA-64", 5: "MIPS", 6: "MIPS64", 7: "PowerPC", 8: "S/390", 9: "SuperH",
          10: "SPARC", 11: "SPARC64", 12: "m68k", 14: "MicroBlaze", 15: "Nios II", 20: "NDS32", 21: "OpenRISC",
          22: "arm64", 23: "ARC", 24: "x86-64", 25: "Xtensa"}
TYPE_KERNEL, TYPE_RAMDISK = 2, 3
TYPES = {1: "a standalone program", 2: "a kernel", 3: "a RAM disk", 4: "several files", 5: "firmware", 6: "a script",
         7: "a file system", 8: "a device tree", 14: "a kernel without a load address"}
COMP_NONE, COMP_GZIP = 0, 1
COMPRESSIONS = {2: "bzip2", 3: "lzma", 4: "lzo", 5: "lz4", 6: "zstd"}


@dataclasses.dataclass(frozen=True)
class Content:
    """The bytes of a file that a guest gets."""

    path: pathlib.Path
    start: int  # their offset in the file
    stored_bytes: int  # their size in the file
    is_gzip: bool = False
    load: int | None = None  # load address of a uImage
    size_bytes: int = 0  # their size for the guest: prefix included, unpacked
    head: bytes = dataclasses.field(default=b"", repr=False)
    prefix: bytes = b""  # bytes that are put before them

    @property
    def is_whole_file(self):
        return self.start == 0 and not self.is_gzip and not self.prefix

    def chunks(self):
        """All of the bytes, piece by piece."""
        if self.prefix:
            yield self.prefix
        stored = _stored(self.path, self.start, self.stored_bytes)
        yield from _gunzipped(stored) if self.is_gzip else stored

    def measured(self):
        """This Content with size and head, found by reading the file; NotAnImage if the file is damaged."""
        if not self.is_gzip:
            head = next(_stored(self.path, self.start, min(self.stored_bytes, HEAD_BYTES)), b"")
            return dataclasses.replace(self, size_bytes=self.stored_bytes, head=head)
        head, size_bytes = bytearray(), 0
        for chunk in self.chunks():
            size_bytes += len(chunk)
            head += chunk[:HEAD_BYTES - len(head)]
        return dataclasses.replace(self, size_bytes=size_bytes, head=bytes(head))


def kernel(path):
    """The kernel in a file; NotAnImage if its wrapping is damaged or a guest cannot use it."""
    file_bytes, head = _begin(path)
    if not head.startswith(UIMAGE_MAGIC):
        return Content(path, 0, file_bytes, is_gzip=head.startswith(GZIP_MAGIC)).measured()
    size, load, entry, compression = _uimage(path, head, file_bytes, TYPE_KERNEL)
    if compression not in (COMP_NONE, COMP_GZIP):
        name = COMPRESSIONS.get(compression, f"method {compression}")
        raise NotAnImage(f"is a uImage compressed with {name}", "make it with mkimage -C none or -C gzip")
    if entry != load:
        raise NotAnImage(f"is a uImage that is loaded at {load:#x} and starts elsewhere, at {entry:#x}",
                         "make it with the same address for mkimage -a and -e")
    return Content(path, UIMAGE.size, size, is_gzip=compression == COMP_GZIP, load=load).measured()


def ramdisk(path):
    """The RAM disk in a file: the file as it is, or a uImage without its header, as QEMU takes it."""
    file_bytes, head = _begin(path)
    if not head.startswith(UIMAGE_MAGIC):
        return Content(path, 0, file_bytes).measured()
    size, *_ = _uimage(path, head, file_bytes, TYPE_RAMDISK)
    return Content(path, UIMAGE.size, size).measured()


def _begin(path):
    with open(path, "rb") as stream:
        return path.stat().st_size, stream.read(UIMAGE.size)


def _uimage(path, head, file_bytes, wanted_type):
    """(size of the data, load address, entry, compression) of a complete uImage."""
    if len(head) < UIMAGE.size:
        raise NotAnImage("is a uImage cut off in its header", AGAIN)
    _, header_crc, _, size, load, entry, data_crc, _, arch, kind, compression, _ = UIMAGE.unpack(head)
    if zlib.crc32(head[:4] + bytes(4) + head[8:]) != header_crc:
        raise NotAnImage("is a uImage with a damaged header: its checksum is wrong", AGAIN)
    if kind != wanted_type:
        raise NotAnImage(f"is a uImage that holds {TYPES.get(kind, f'something of type {kind}')}, "
                         f"not {TYPES[wanted_type]}", "name another file")
    if arch != ARCH_RISCV:
        raise NotAnImage(f"is a uImage for {ARCHES.get(arch, f'architecture {arch}')}",
                         "use one built for riscv64")
    if size > file_bytes - UIMAGE.size:
        raise NotAnImage(f"is a uImage that is cut off: it has {file_bytes - UIMAGE.size} of {size} bytes", AGAIN)
    crc = 0
    for chunk in _stored(path, UIMAGE.size, size):
        crc = zlib.crc32(chunk, crc)
    if crc != data_crc:
        raise NotAnImage("is a damaged uImage: the checksum of its data is wrong", AGAIN)
    return size, load, entry, compression


def _stored(path, start, size):
    """The bytes of the file from `start` on, in pieces."""
    with open(path, "rb") as stream:
        stream.seek(start)
        while size and (chunk := stream.read(min(size, CHUNK_BYTES))):
            size -= len(chunk)
            yield chunk


def _gunzipped(chunks):
    """The unpacked bytes of the first gzip member; like QEMU and U-Boot, this ignores what follows."""
    total, inflate = 0, zlib.decompressobj(zlib.MAX_WBITS + 16)
    for chunk in chunks:
        while chunk and not inflate.eof:
            try:
                data = inflate.decompress(chunk, CHUNK_BYTES)
            except zlib.error as error:
                raise NotAnImage(f"is damaged: gzip says {error}", AGAIN) from None
            total += len(data)
            if total > UNPACKED_MAX:
                raise NotAnImage(f"unpacks to more than {UNPACKED_MAX >> 20}M", "name a kernel, and not a disk image")
            yield data
            chunk = inflate.unconsumed_tail
    if not inflate.eof:
        raise NotAnImage("is compressed with gzip and cut off", AGAIN)
