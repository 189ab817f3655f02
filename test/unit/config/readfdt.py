# SPDX-License-Identifier: BSD-2-Clause
"""Reads a flattened device tree into dicts: property -> bytes, node -> dict."""

import struct


def read(blob):
    _, _, struct_at, strings_at = struct.unpack_from(">4I", blob)
    at, stack = struct_at, [{}]
    while True:
        (token,) = struct.unpack_from(">I", blob, at)
        at += 4
        if token == 1:
            end = blob.index(b"\0", at)
            node = stack[-1][blob[at:end].decode()] = {}
            stack.append(node)
            at = end + 1
        elif token == 2:
            stack.pop()
        elif token == 3:
            size, name_at = struct.unpack_from(">2I", blob, at)
            name = blob[strings_at + name_at:blob.index(b"\0", strings_at + name_at)].decode()
            stack[-1][name] = blob[at + 8:at + 8 + size]
            at += 8 + size
        else:
            return stack[0][""]
        at += -at % 4
