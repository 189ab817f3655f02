# SPDX-License-Identifier: BSD-2-Clause
"""Writes a flattened device tree (Devicetree Specification 0.4, chapter 5).

A node is a dict: str -> str, list of str, int (u32), U64, bytes, or dict (a child node).
Order is kept.
"""

import struct

MAGIC = 0xD00DFEED
VERSION = 17
LAST_COMPATIBLE_VERSION = 16
HEADER_BYTES = 40
RESERVE_MAP = bytes(16)  # the terminator alone

BEGIN_NODE, END_NODE, PROP, END = 1, 2, 3, 9


class U64(int):
    """A number written as two cells."""


def _value(value):
    if isinstance(value, U64):
        return struct.pack(">Q", value)
    if isinstance(value, int):
        return struct.pack(">I", value)
    if isinstance(value, str):
        return value.encode() + b"\0"
    if isinstance(value, bytes):
        return value
    return b"".join(text.encode() + b"\0" for text in value)


def _padded(data):
    return data + bytes(-len(data) % 4)


class _Writer:
    def __init__(self):
        self.struct = bytearray()
        self.strings = bytearray()
        self.offsets = {}

    def cells(self, *values):
        self.struct += struct.pack(f">{len(values)}I", *values)

    def string_offset(self, name):
        if name not in self.offsets:
            self.offsets[name] = len(self.strings)
            self.strings += name.encode() + b"\0"
        return self.offsets[name]

    def node(self, name, content):
        self.cells(BEGIN_NODE)
        self.struct += _padded(name.encode() + b"\0")
        # Properties come before child nodes, as the specification asks.
        for key, value in content.items():
            if not isinstance(value, dict):
                data = _value(value)
                self.cells(PROP, len(data), self.string_offset(key))
                self.struct += _padded(data)
        for key, value in content.items():
            if isinstance(value, dict):
                self.node(key, value)
        self.cells(END_NODE)


def blob(root):
    """The device tree with this root node, as bytes."""
    writer = _Writer()
    writer.node("", root)
    writer.cells(END)
    struct_at = HEADER_BYTES + len(RESERVE_MAP)
    strings_at = struct_at + len(writer.struct)
    total = strings_at + len(writer.strings)
    header = struct.pack(">10I", MAGIC, total, struct_at, strings_at, HEADER_BYTES, VERSION,
                         LAST_COMPATIBLE_VERSION, 0, len(writer.strings), len(writer.struct))
    return header + RESERVE_MAP + bytes(writer.struct) + bytes(writer.strings)
