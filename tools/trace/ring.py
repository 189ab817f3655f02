# SPDX-License-Identifier: BSD-2-Clause
"""Turns memory into records.  The memory is in use while it is read, so its contents are not trusted."""

import os
from dataclasses import dataclass, field

import layout

CHUNK_SIZES = (1 << 12, 1 << 21, 1 << 30)


class TraceError(Exception):
    """The trace cannot be read; the text gives the reason."""


@dataclass(frozen=True)
class Record:
    hart: int
    time: int  # ticks
    subject: int
    event: int
    detail: int
    more: int
    word0: int
    word1: int


@dataclass(frozen=True)
class Name:
    kind: int
    group: int
    text: str


@dataclass
class Trace:
    timebase_hz: int
    names: dict = field(default_factory=dict)    # identity -> Name
    records: list = field(default_factory=list)  # by time
    lost: int = 0                                # overwritten before they were read

    @property
    def groups(self):
        """group -> its name; a guest's name is the name of its VMM without the prefix."""
        found = {0: "Warren"}
        for name in self.names.values():
            if name.group and name.kind == layout.THREAD:
                found[name.group] = "guest " + name.text.removeprefix("vmm.")
        for name in self.names.values():
            found.setdefault(name.group, f"guest {name.group - 1}")
        return found


class RamFile:
    """The machine's memory as a file of the host, which the machine may be using."""

    def __init__(self, path, base=0x80000000):
        self._fd = os.open(path, os.O_RDONLY)
        self._base = base

    def read(self, address, size):
        data = os.pread(self._fd, size, address - self._base) if address >= self._base else b""
        if len(data) != size:
            raise TraceError(f"there is no memory at {address:#x}")
        return data

    def close(self):
        os.close(self._fd)


class Dump:
    """Files that a debugger wrote: the index page, then each chunk of the ring."""

    def __init__(self, index, chunks):
        self._index = index
        self._chunks = chunks
        head = parse_index_head(self.read(0, layout.INDEX_BYTES))
        if len(chunks) != len(head.chunks):
            raise TraceError(f"the ring has {len(head.chunks)} chunks, and {len(chunks)} files are given")
        self._at = dict(zip(head.chunks, chunks))

    def read(self, address, size):
        data = self._index if address == 0 else self._at.get(address, b"")
        if len(data) < size:
            raise TraceError(f"the file for {address:#x} ends after {len(data)} bytes of {size}")
        return data[:size]


@dataclass(frozen=True)
class IndexHead:
    timebase_hz: int
    chunk_bytes: int
    chunks: tuple
    name_count: int


def parse_index_head(page):
    magic, hz, _, chunk_bytes, chunk_count, name_count, *chunks = layout.INDEX_HEAD.unpack_from(page)
    if magic != layout.INDEX_MAGIC:
        raise TraceError("this is no index of a trace")
    if hz == 0 or chunk_bytes not in CHUNK_SIZES or not 1 <= chunk_count <= layout.CHUNKS_MAX or \
            name_count > layout.NAMES_MAX:
        raise TraceError("the index is damaged")
    return IndexHead(hz, chunk_bytes, tuple(chunks[:chunk_count]), name_count)


def parse_names(page, count):
    names = {}
    for i in range(count):
        at = layout.INDEX_HEAD.size + i * layout.NAME.size
        number, kind, group, text = layout.NAME.unpack_from(page, at)
        if number and kind in (layout.THREAD, layout.VCPU):
            text = "".join(chr(c) if 0x20 <= c < 0x7f else "?" for c in text.split(b"\0")[0])
            names[number] = Name(kind, group, text)
    return names


def _parse_chunk_head(data, chunk_bytes):
    magic, hart, number, chunk_count, size, count = layout.CHUNK_HEAD.unpack_from(data)
    if magic != layout.RING_MAGIC or size != chunk_bytes:
        raise TraceError("the kernel has not begun this ring, or its pages were overwritten")
    return hart, number, chunk_count, count


def _read_ring(memory, chunks, chunk_bytes):
    """(hart, records, lost) of one hart's chunks, in order."""
    data = [memory.read(address, chunk_bytes) for address in chunks]
    hart, _, _, count = _parse_chunk_head(data[0], chunk_bytes)
    again = memory.read(chunks[0], layout.CHUNK_HEAD.size)
    now = _parse_chunk_head(again, chunk_bytes)[3]
    for number, piece in enumerate(data):
        if _parse_chunk_head(piece, chunk_bytes)[:3] != (hart, number, len(chunks)):
            raise TraceError(f"chunk {number} of hart {hart} is not where the index says")
    per_chunk = (chunk_bytes - layout.CHUNK_HEAD.size) // layout.RECORD.size
    capacity = per_chunk * len(chunks)
    first = min(max(0, now - capacity + 1), count)
    records = []
    for n in range(first, count):
        at = layout.CHUNK_HEAD.size + n % per_chunk * layout.RECORD.size
        records.append(Record(hart, *layout.RECORD.unpack_from(data[n // per_chunk % len(chunks)], at)))
    return hart, records, first


def read_trace(memory, index_address):
    """Reads the index, and the names and rings that it describes.  Raises TraceError."""
    page = memory.read(index_address, layout.INDEX_BYTES)
    head = parse_index_head(page)
    trace = Trace(head.timebase_hz, parse_names(page, head.name_count))
    by_hart = {}
    for address in head.chunks:
        hart = _parse_chunk_head(memory.read(address, layout.CHUNK_HEAD.size), head.chunk_bytes)[0]
        by_hart.setdefault(hart, []).append(address)
    for chunks in by_hart.values():
        _, records, lost = _read_ring(memory, chunks, head.chunk_bytes)
        trace.records += records
        trace.lost += lost
    trace.records.sort(key=lambda record: record.time)  # a stable sort keeps each hart's order
    return trace
