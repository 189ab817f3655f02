# SPDX-License-Identifier: BSD-2-Clause
"""Reads a flattened device tree that can be trusted (Devicetree Specification 0.4, chapter 5)."""

import struct

BEGIN_NODE, END_NODE, PROP, NOP = 1, 2, 3, 4


def _string(blob, at):
    return blob[at:blob.index(b"\0", at)].decode()


def read(blob):
    """Returns {path: {property: bytes}}, and the number of free bytes at the end of the tree."""
    total, structure, strings = struct.unpack_from(">3I", blob, 4)
    strings_bytes, structure_bytes = struct.unpack_from(">2I", blob, 32)
    tree, path, at = {}, [], structure
    while True:
        token, at = int.from_bytes(blob[at:at + 4], "big"), at + 4
        if token == BEGIN_NODE:
            name = _string(blob, at)
            at += (len(name) + 4) & ~3
            path.append(name)
            tree["/".join(path) or "/"] = {}
        elif token == END_NODE:
            path.pop()
        elif token == PROP:
            size, name = struct.unpack_from(">2I", blob, at)
            tree["/".join(path) or "/"][_string(blob, strings + name)] = blob[at + 8:at + 8 + size]
            at += 8 + (size + 3 & ~3)
        elif token != NOP:
            break
    return tree, total - max(strings + strings_bytes, structure + structure_bytes)


def with_names(tree):
    """Replaces phandles, the numbers by which nodes refer to each other, with the paths of the nodes."""
    names = {properties["phandle"]: path for path, properties in tree.items() if "phandle" in properties}
    named = {}
    for path, properties in tree.items():
        named[path] = {key: value for key, value in properties.items() if key != "phandle"}
        for key in ("regmap", "interrupt-parent", "cpu"):
            if key in properties:
                named[path][key] = names[properties[key]]
        if "interrupts-extended" in properties:
            cells = properties["interrupts-extended"]
            named[path]["interrupts-extended"] = tuple(
                (names[cells[i:i + 4]], int.from_bytes(cells[i + 4:i + 8], "big"))
                for i in range(0, len(cells), 8))
    return named
