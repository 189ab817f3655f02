# SPDX-License-Identifier: BSD-2-Clause
"""Checks that a file is a program for Warren: a static ELF-64 executable for RISC-V.

System V ABI, chapters 4 and 5; RISC-V ELF psABI for e_machine.
"""

import struct

HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
EM_RISCV = 243
ET_EXEC = 2
PT_LOAD, PT_INTERP = 1, 3
PF_X, PF_W = 1, 2


class NotAProgram(Exception):
    pass


def _headers(raw):
    if len(raw) < HEADER.size or raw[:4] != b"\x7fELF":
        raise NotAProgram("is not an ELF file")
    ident, kind, machine, _, entry, at, _, _, _, size, count, *_ = HEADER.unpack_from(raw)
    if ident[4] != 2 or ident[5] != 1 or machine != EM_RISCV:
        raise NotAProgram("is not an ELF file for riscv64")
    if kind != ET_EXEC:
        raise NotAProgram("is not a static executable (link it with -static, without -pie)")
    if size != PROGRAM_HEADER.size or not count or at > len(raw) or count * size > len(raw) - at:
        raise NotAProgram("has no program headers, or they are outside the file")
    return entry, [PROGRAM_HEADER.unpack_from(raw, at + i * size) for i in range(count)]


def check(raw):
    """Raises NotAProgram with the reason.  The root server repeats these checks."""
    entry, headers = _headers(raw)
    ranges, entry_found = [], False
    for kind, flags, offset, vaddr, _, file_bytes, memory_bytes, _ in headers:
        if kind == PT_INTERP:
            raise NotAProgram("needs an interpreter: link it with -static")
        if kind != PT_LOAD or not memory_bytes:
            continue
        if offset > len(raw) or file_bytes > len(raw) - offset:
            raise NotAProgram("is truncated: a segment reaches beyond its end")
        if file_bytes > memory_bytes or vaddr + memory_bytes > 1 << 38:
            raise NotAProgram(f"has a segment at {vaddr:#x} of an absurd size")
        if flags & PF_W and flags & PF_X:
            raise NotAProgram(f"has a segment at {vaddr:#x} both writable and executable")
        ranges.append((vaddr, vaddr + memory_bytes))
        entry_found |= bool(flags & PF_X) and vaddr <= entry < vaddr + memory_bytes
    ranges.sort()
    if any(low[1] > high[0] for low, high in zip(ranges, ranges[1:])):
        raise NotAProgram("has segments that overlap")
    if not entry_found:
        raise NotAProgram(f"does not begin in its code (entry {entry:#x})")
