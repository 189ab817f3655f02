# SPDX-License-Identifier: BSD-2-Clause
"""What a guest can boot: a RISC-V Linux Image, an ELF file, or a raw binary.

The same rules as libs/payload/payload.h, which has the last word.

Linux, Documentation/arch/riscv/boot-image-header.rst: 64 bytes, little-endian:
image_size at 16, flags at 24, magic2 "RSC\\x05" at 56.
System V ABI, "Object Files": Elf64_Ehdr and Elf64_Phdr.
"""

import dataclasses
import struct

HEADER_BYTES = 64
HEAD_BYTES = 1 << 20  # enough of a file for parse()
MAGIC2_AT = 56
MAGIC2 = b"RSC\x05"
FLAG_BIG_ENDIAN = 1
SIZE_MAX = 1 << 40
RAM_GPA = 0x80000000
RAW_OFFSET = 2 << 20
ELF_MAGIC = b"\x7fELF"
EM_RISCV = 243
PT_LOAD = 1
SEGMENTS_MAX = 16

OTHER_KINDS = (
    (b"\x1f\x8b", "compressed with gzip", "unpack it: zcat FILE > Image"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "unpack it: zstd -dc FILE > Image"),
    (b"\xfd7zXZ\0", "compressed with xz", "unpack it: xzcat FILE > Image"),
    (b"\x27\x05\x19\x56", "a U-Boot uImage", "use the Image it was made from"),
    (b"\xd0\x0d\xfe\xed", "a device tree or FIT image", "use the kernel alone, without its wrapping"),
    (b"070701", "a cpio archive", 'an initial RAM disk goes under "initrd"'),
    (b"!<arch>", "an archive of ar, such as a Debian package", "unpack it: dpkg-deb -x FILE FOLDER"),
    (b"#!", "a script", "name the kernel that it starts"),
)
IS_NO = "is %s, no kernel for a guest"


class NotAnImage(Exception):
    def __init__(self, what, mend):
        super().__init__(what)
        self.what = what
        self.mend = mend


@dataclasses.dataclass(frozen=True)
class Payload:
    kind: str  # "Image", "ELF" or "raw"
    end: int  # bytes of RAM from its start that the loaded kernel reaches up to


def parse(head, file_bytes):
    """What a file of file_bytes, which begins with `head`, is; NotAnImage for what no guest can boot."""
    if head[MAGIC2_AT:MAGIC2_AT + 4] == MAGIC2 and len(head) >= HEADER_BYTES:
        return _image(head, file_bytes)
    if head[:4] == ELF_MAGIC:
        return _elf(head, file_bytes)
    return _raw(head, file_bytes)


def _image(head, file_bytes):
    image_size, flags = struct.unpack_from("<QQ", head, 16)
    if flags & FLAG_BIG_ENDIAN:
        raise NotAnImage("is a big-endian kernel", "use a little-endian one")
    if image_size > SIZE_MAX:
        raise NotAnImage(f"has a header that makes no sense (image_size {image_size:#x})",
                         "fetch or build it again")
    return Payload("Image", RAW_OFFSET + max(image_size, file_bytes))


def _segments(head, whole_bytes):
    """(gpa, memory bytes, file bytes, file offset) of each segment that is loaded."""
    if len(head) < HEADER_BYTES:
        raise NotAnImage("is an ELF file cut off in its header", "fetch or build it again")
    kind, machine = struct.unpack_from("<HH", head, 16)
    if head[4:7] != b"\x02\x01\x01" or machine != EM_RISCV:
        raise NotAnImage("is an ELF file for another machine than RV64", "build it for riscv64")
    if kind not in (2, 3):
        raise NotAnImage("is an ELF file that is not linked", "link it to an address in the guest's RAM")
    start, = struct.unpack_from("<Q", head, 32)
    size, count = struct.unpack_from("<HH", head, 54)
    if size != 56 or count == 0 or start + 56 * count > len(head):
        raise NotAnImage("is an ELF file without program headers, or cut off", "link or fetch it again")
    found = []
    for number in range(count):
        kind, _, offset, _, gpa, file_bytes, memory_bytes, _ = \
            struct.unpack_from("<IIQQQQQQ", head, start + 56 * number)
        if kind != PT_LOAD or memory_bytes == 0:
            continue
        if offset + file_bytes > whole_bytes or file_bytes > memory_bytes:
            raise NotAnImage("is an ELF file with a segment that is cut off", "fetch or build it again")
        found.append((gpa, memory_bytes, file_bytes, offset))
    return sorted(found)


def _elf(head, whole_bytes):
    segments = _segments(head, whole_bytes)
    if not segments or segments[0][2] == 0 or segments[0][0] % 2:
        raise NotAnImage("is an ELF file with nothing to execute at its lowest address",
                         "link it with its entry first")
    if segments[0][3] == 0:
        raise NotAnImage(f"is an ELF file that loads its own header to its lowest address, {segments[0][0]:#x}, "
                         "where it would start", "link it with -Wl,-n,--build-id=none, so that its entry comes first")
    if len(segments) > SEGMENTS_MAX:
        raise NotAnImage(f"is an ELF file of {len(segments)} segments, above the limit of {SEGMENTS_MAX}",
                         "link it to fewer")
    if segments[0][0] < RAM_GPA:
        raise NotAnImage(f"is an ELF file for address {segments[0][0]:#x}, where a guest has no RAM",
                         f"link it at {RAM_GPA + RAW_OFFSET:#x}, or name a kernel and not a program")
    for below, above in zip(segments, segments[1:]):
        if below[0] + below[1] > above[0]:
            raise NotAnImage("is an ELF file whose segments overlap in memory", "link it again")
    end = segments[-1][0] + segments[-1][1]
    if end > RAM_GPA + 2 * SIZE_MAX:
        raise NotAnImage(f"is an ELF file that reaches up to {end:#x}, beyond any RAM",
                         f"link it at {RAM_GPA + RAW_OFFSET:#x}")
    return Payload("ELF", end - RAM_GPA)


def _raw(head, file_bytes):
    for magic, kind, mend in OTHER_KINDS:
        if head.startswith(magic):
            raise NotAnImage(IS_NO % kind, mend)
    if head.startswith(b"MZ") and head[4:8] == b"zimg":
        raise NotAnImage(IS_NO % "a compressed EFI image",
                         "build the kernel without CONFIG_EFI_ZBOOT, or use its arch/riscv/boot/Image")
    if head.startswith(b"MZ") or head[MAGIC2_AT:MAGIC2_AT + 4] == b"ARM\x64":
        raise NotAnImage('is not a RISC-V Linux Image (no "RSC\\x05" at byte 56)',
                         "use a kernel built for riscv64, arch/riscv/boot/Image")
    if file_bytes < 2:
        raise NotAnImage(f"has {file_bytes} bytes, too few for an instruction",
                         "it may be truncated: fetch or build it again")
    if head[:2] in (b"\0\0", b"\xff\xff"):
        raise NotAnImage("begins with no instruction", "name a RISC-V Linux Image, an ELF file, or a raw "
                         "binary that starts at its first byte")
    return Payload("raw", RAW_OFFSET + file_bytes)
