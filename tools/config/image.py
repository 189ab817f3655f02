# SPDX-License-Identifier: BSD-2-Clause
"""What a guest can boot: a RISC-V Linux Image, an ELF file, or a raw binary.

The rules are the same as in libs/payload/payload.h, which decides at boot.

Linux, Documentation/arch/riscv/boot-image-header.rst: 64 bytes, little-endian:
image_size at 16, flags at 24, magic2 "RSC\\x05" at 56.
PE Format, "COFF File Header" and "Section Table": an Image with an EFI stub.
"""

import dataclasses
import struct

import elfkernel
import kinds
import unpack
from elfkernel import RAM_GPA, RAW_OFFSET, SIZE_MAX
from kinds import NotAnImage

HEADER_BYTES = 64
MAGIC2_AT = 56
PE_AT = 60
COFF_HEADER = struct.Struct("<4sHH12xH2x")  # signature, machine, sections, bytes of the optional header
PE_SECTION = struct.Struct("<16xII16x")  # bytes in the file, and their offset
MAGIC2 = b"RSC\x05"
FLAG_BIG_ENDIAN = 1

PE_MAGIC = b"PE\0\0"
PE_MACHINES = {0x14c: "x86", 0x1c0: "arm", 0x1c2: "arm", 0x1c4: "arm", 0x5032: "32-bit RISC-V", 0x5064: "RISC-V",
               0x6232: "32-bit LoongArch", 0x6264: "LoongArch", 0x8664: "x86-64", 0xaa64: "arm64"}
PE_RV64 = 0x5064
PE_SECTIONS_MAX = 96
AGAIN = "fetch or build it again"
RISCV_IMAGE = "use a kernel built for riscv64, arch/riscv/boot/Image"
WHAT_BOOTS = "name a RISC-V Linux Image, an ELF file, or a raw binary that starts at its first byte"
IS_NO = "is %s, no kernel for a guest"


@dataclasses.dataclass(frozen=True)
class Payload:
    kind: str  # "Image", "ELF" or "raw"
    end: int  # end of the loaded kernel, in bytes from the start of the RAM


def open_kernel(path):
    """(the bytes that are loaded, their Payload) of a file, after unpacking a wrapped file."""
    content = unpack.kernel(path)
    try:
        payload = parse(content.head, content.size_bytes)
    except NotAnImage as error:
        if content.is_whole_file:
            raise
        raise NotAnImage(f"unpacks to a file that {error.what}", error.mend) from None
    return _placed(content, payload)


def open_initrd(path):
    """The bytes of a RAM disk, in any format, compressed or not; a text file is refused."""
    content = unpack.ramdisk(path)
    if content.size_bytes == 0:
        raise NotAnImage("is empty", "name another file, or delete the key")
    found = kinds.text_kind(content.head)
    if found:
        raise NotAnImage(f"is {found[0]}, no RAM disk", found[1] or "name a RAM disk: a cpio archive, "
                         "compressed or not")
    return content


def _placed(content, payload):
    """Wraps a uImage with another load address than a raw kernel's in an ELF file of one segment."""
    if content.load is None:
        return content, payload
    if payload.kind == "ELF":
        raise NotAnImage("is a uImage around an ELF file, which no boot loader looks into",
                         "name the ELF file itself, or make the uImage of its raw binary")
    if content.load == RAM_GPA + RAW_OFFSET:
        return content, payload
    if content.load < RAM_GPA or content.load % 2:
        raise NotAnImage(f"is a uImage for address {content.load:#x}, where no guest can start",
                         f"make it with mkimage -a {RAM_GPA + RAW_OFFSET:#x} -e {RAM_GPA + RAW_OFFSET:#x}")
    memory_bytes = payload.end - RAW_OFFSET
    header = elfkernel.header(content.load, content.size_bytes, memory_bytes)
    wrapped = dataclasses.replace(content, prefix=header, size_bytes=len(header) + content.size_bytes)
    return wrapped, Payload("ELF", content.load - RAM_GPA + memory_bytes)


def parse(head, file_bytes):
    """The Payload of a file of file_bytes that begins with `head`; NotAnImage if no guest can boot the file."""
    if head[MAGIC2_AT:MAGIC2_AT + 4] == MAGIC2 and len(head) >= HEADER_BYTES:
        return _image(head, file_bytes)
    if head[:4] == elfkernel.MAGIC:
        return Payload("ELF", elfkernel.end_gpa(head, file_bytes) - RAM_GPA)
    return _raw(head, file_bytes)


def _image(head, file_bytes):
    image_size, flags = struct.unpack_from("<QQ", head, 16)
    if flags & FLAG_BIG_ENDIAN:
        raise NotAnImage("is a big-endian kernel", "use a little-endian one")
    if image_size > SIZE_MAX:
        raise NotAnImage(f"has a header that makes no sense (image_size {image_size:#x})", AGAIN)
    _pe_check(head, file_bytes)
    return Payload("Image", RAW_OFFSET + max(image_size, file_bytes))


def _pe_machine(head):
    """The architecture that the PE header of an EFI program names, or None."""
    start = int.from_bytes(head[PE_AT:PE_AT + 4], "little")
    if head[:2] != b"MZ" or head[start:start + 4] != PE_MAGIC:
        return None
    return int.from_bytes(head[start + 4:start + 6], "little")


def _pe_check(head, file_bytes):
    """Checks an Image with an EFI stub; the offsets of its sections give the least size of the file."""
    start = int.from_bytes(head[PE_AT:PE_AT + 4], "little")
    if head[:2] != b"MZ" or start == 0:
        return
    if start + COFF_HEADER.size > file_bytes:
        raise NotAnImage(f"is an Image that is cut off in its header: it has {file_bytes} bytes", AGAIN)
    machine = _pe_machine(head)
    if machine is None or start + COFF_HEADER.size > len(head):
        return
    if machine != PE_RV64:
        raise NotAnImage(f"is a Linux Image for {PE_MACHINES.get(machine, 'another machine')}, not for RV64",
                         RISCV_IMAGE)
    _, _, count, optional_bytes = COFF_HEADER.unpack_from(head, start)
    table = start + COFF_HEADER.size + optional_bytes
    if count > PE_SECTIONS_MAX:
        raise NotAnImage(f"has a damaged header ({count} sections)", AGAIN)
    end = table + PE_SECTION.size * count
    if end <= len(head):
        for number in range(count):
            size, offset = PE_SECTION.unpack_from(head, table + PE_SECTION.size * number)
            end = max(end, offset + size)
    if file_bytes < end:
        raise NotAnImage(f"is an Image that is cut off: it has {file_bytes} of the {end} bytes that its headers give",
                         AGAIN)


def _raw(head, file_bytes):
    if head.startswith(b"MZ"):
        raise _efi_program(head)
    found = kinds.magic_kind(head) or kinds.text_kind(head)
    if found:
        raise NotAnImage(IS_NO % found[0], found[1] or WHAT_BOOTS)
    if file_bytes < 2:
        raise NotAnImage(f"has {file_bytes} bytes, too few for an instruction",
                         "it may be truncated: fetch or build it again")
    if head[:2] in (b"\0\0", b"\xff\xff"):
        raise NotAnImage("begins with no instruction", WHAT_BOOTS)
    return Payload("raw", RAW_OFFSET + file_bytes)


def _efi_program(head):
    """Why a file that begins with "MZ" and has no header of a RISC-V Linux Image is refused."""
    if head[4:8] == b"zimg":
        return NotAnImage(IS_NO % "a compressed EFI image",
                          "build the kernel without CONFIG_EFI_ZBOOT, or use its arch/riscv/boot/Image")
    machine = _pe_machine(head)
    if machine == PE_RV64:
        return NotAnImage(IS_NO % "an EFI program", "name the kernel that it starts")
    if machine in PE_MACHINES:
        return NotAnImage(f"is an EFI program or kernel for {PE_MACHINES[machine]}, not for RV64", RISCV_IMAGE)
    return NotAnImage('is not a RISC-V Linux Image (no "RSC\\x05" at byte 56)', RISCV_IMAGE)
