# SPDX-License-Identifier: BSD-2-Clause
"""Which function of which program an executed instruction belongs to: 64-bit little-endian ELF files, read whole."""

import bisect
import pathlib
import struct

PT_LOAD, PF_X, SHT_SYMTAB = 1, 1, 2
STT_FUNC, STT_NOTYPE, STB_GLOBAL = 2, 0, 1


class Program:
    """An ELF file's code and the names in it."""

    def __init__(self, name, mode, path):
        self.name, self.mode, self.path = name, mode, path  # mode: in which it runs
        data = pathlib.Path(path).read_bytes()
        self.code = self._code(data)
        self.starts, self.names = self._functions(data)

    @staticmethod
    def _code(data):
        """(virtual address, bytes) of each executable segment."""
        offset, = struct.unpack_from("<Q", data, 32)
        size, count = struct.unpack_from("<HH", data, 54)
        found = []
        for i in range(count):
            kind, flags, start, virtual, _, length = struct.unpack_from("<IIQQQQ", data, offset + i * size)
            if kind == PT_LOAD and flags & PF_X:
                found.append((virtual, data[start:start + length]))
        return found

    @staticmethod
    def _sections(data):
        offset, = struct.unpack_from("<Q", data, 40)
        size, count = struct.unpack_from("<HH", data, 58)
        for i in range(count):
            _, kind, _, _, start, length, link = struct.unpack_from("<IIQQQQI", data, offset + i * size)
            yield kind, start, length, link

    def _functions(self, data):
        sections, found = list(self._sections(data)), {}
        for kind, start, length, link in sections:
            if kind != SHT_SYMTAB:
                continue
            names = sections[link][1]
            for at in range(start, start + length, 24):
                name, info, _, section, value, _ = struct.unpack_from("<IBBHQQ", data, at)
                is_label = info == STB_GLOBAL << 4 | STT_NOTYPE  # of assembly
                if section and (info & 15 == STT_FUNC or is_label) and self.has(value):
                    end = data.index(b"\0", names + name)
                    text = data[names + name:end].decode("ascii", "replace")
                    if value not in found or info & 15 == STT_FUNC:
                        found[value] = text
        starts = sorted(found)
        return starts, [found[start] for start in starts]

    def has(self, address):
        return any(start <= address < start + len(code) for start, code in self.code)

    def is_there(self, address, insn):
        """Does this instruction stand at this address?  A short one has its upper half not set."""
        for start, code in self.code:
            at = address - start
            if 0 <= at < len(code):
                wide = 4 if insn & 3 == 3 else 2
                return code[at:at + wide] == struct.pack("<I", insn)[:wide]
        return False

    def entry(self, name):
        """(address, instruction) where a function begins; a short one has two bytes.  None: there is no such function."""
        for start, found in zip(self.starts, self.names):
            if found == name:
                for base, code in self.code:
                    if base <= start < base + len(code):
                        word = int.from_bytes(code[start - base:start - base + 4], "little")
                        return start, word if word & 3 == 3 else word & 0xffff
        return None

    def function(self, address):
        at = bisect.bisect_right(self.starts, address) - 1
        return self.names[at] if at >= 0 else "?"


class Programs:
    """Tells programs that are linked at the same addresses apart, by the code of each page."""

    def __init__(self, programs):
        self.programs = programs
        self.page_of = {}

    def learn(self, sites):
        """Settles for each page of memory which program's code it holds."""
        by_page = {}
        for mode, page, address, insn in sites:
            by_page.setdefault((mode, page), []).append((address, insn))
        for (mode, page), code in by_page.items():
            best, most = None, 0
            for program in self.programs:
                right = sum(program.is_there(*one) for one in code) if program.mode == mode else 0
                if right > most:
                    best, most = program, right
            if best and most * 10 >= len(code) * 9:
                self.page_of[mode, page] = best

    def place(self, mode, page, address):
        """(program, function); the mode's name stands for a program that is not known."""
        program = self.page_of.get((mode, page))
        if program is None:
            return {"M": "OpenSBI"}.get(mode, mode), ""
        return program.name, program.function(address)


def profile(row, programs):
    """(program, function) -> instructions of one operation."""
    programs.learn(row.sites)
    found = {}
    for (mode, page, address, _), times in row.sites.items():
        place = programs.place(mode, page, address)
        found[place] = found.get(place, 0) + times
    return found
