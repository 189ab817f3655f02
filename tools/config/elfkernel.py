# SPDX-License-Identifier: BSD-2-Clause
"""Kernels in ELF files: each PT_LOAD segment goes to its physical address.

The rules are the same as in libs/payload/payload_elf.c, which decides at boot.
System V ABI, "Object Files" and "Program Loading": Elf64_Ehdr and Elf64_Phdr.
"""

import struct

from kinds import NotAnImage
from limits import LIMITS

MAGIC = b"\x7fELF"
HEADER_BYTES = 64
EM_RISCV = 243
PT_LOAD = 1
PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
SEGMENTS_MAX = 16
MACHINES = {3: "x86", 8: "MIPS", 21: "PowerPC", 22: "S/390", 40: "arm", 62: "x86-64", 183: "arm64", 258: "LoongArch"}
RAM_GPA = LIMITS["GUEST_RAM_GPA"]
RAW_OFFSET = 2 << 20  # offset in the RAM of a kernel without addresses
SIZE_MAX = 1 << 40
KERNEL_HALF = 1 << 63  # the half of the address space in which kernels map themselves
WRAP_BYTES = 4096  # size of what header() makes, so that the data after it stays aligned
AGAIN = "fetch or build it again"


def header(gpa, file_bytes, memory_bytes):
    """The bytes that, put before a flat binary, make it an ELF file of one segment at `gpa`."""
    file = struct.pack("<16sHHIQQQIHHHHHH", MAGIC + b"\x02\x01\x01", 2, EM_RISCV, 1, gpa, HEADER_BYTES, 0, 0,
                       HEADER_BYTES, PROGRAM_HEADER.size, 1, 0, 0, 0)
    program = PROGRAM_HEADER.pack(PT_LOAD, 7, WRAP_BYTES, gpa, gpa, file_bytes, memory_bytes, WRAP_BYTES)
    return (file + program).ljust(WRAP_BYTES, b"\0")


def _segments(head, whole_bytes):
    """(gpa, memory bytes, file bytes, file offset, virtual address) of each segment that is loaded."""
    if len(head) < HEADER_BYTES:
        raise NotAnImage("is an ELF file cut off in its header", AGAIN)
    kind, machine = struct.unpack_from("<HH", head, 16)
    if head[4:7] != b"\x02\x01\x01" or machine != EM_RISCV:
        name = "32-bit RISC-V" if machine == EM_RISCV else MACHINES.get(machine, "another machine")
        raise NotAnImage(f"is an ELF file for {name}, not for RV64", "build it for riscv64")
    if kind not in (2, 3):
        raise NotAnImage("is an ELF file that is not linked", "link it to an address in the guest's RAM")
    start, = struct.unpack_from("<Q", head, 32)
    size, count = struct.unpack_from("<HH", head, 54)
    if size != 56 or count == 0 or start + 56 * count > len(head):
        raise NotAnImage("is an ELF file without program headers, or cut off", "link or fetch it again")
    found = []
    for number in range(count):
        kind, _, offset, address, gpa, file_bytes, memory_bytes, _ = \
            PROGRAM_HEADER.unpack_from(head, start + 56 * number)
        if kind != PT_LOAD or memory_bytes == 0:
            continue
        if offset + file_bytes > whole_bytes or file_bytes > memory_bytes:
            raise NotAnImage("is an ELF file with a segment that is cut off", AGAIN)
        found.append((gpa, memory_bytes, file_bytes, offset, address))
    return sorted(found)


def end_gpa(head, whole_bytes):
    """The end of the memory of a file that begins with `head`; NotAnImage if no guest can boot the file."""
    segments = _segments(head, whole_bytes)
    if segments and segments[0][0] < RAM_GPA and segments[0][4] >= KERNEL_HALF:
        raise NotAnImage(f"is an ELF file for virtual addresses from {segments[0][4]:#x} on, as Linux's vmlinux is: "
                         "nothing says where in the RAM it goes",
                         "name the Image that was made from it, arch/riscv/boot/Image")
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
    return end
