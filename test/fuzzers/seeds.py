#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes inputs that are better made than kept: seeds.py FOLDER -> FOLDER/HARNESS/NAME.bin"""
import hashlib
import pathlib
import struct
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools/archive"), str(ROOT / "tools/config")]


# ---- cpio: archives as tools/archive packs them, and what breaks each rule ----

def newc(name, data, header_edit=None, at=0):
    raw = name.encode() + b"\0"
    is_trailer = name == "TRAILER!!!"
    end = at + 110 + len(raw)
    to = 4 if is_trailer else 4096
    pad = -end % to
    raw += b"\0" * pad
    fields = [1, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(raw), 0]
    for index, value in (header_edit or {}).items():
        fields[index] = value
    head = b"070701" + b"".join(b"%08x" % field for field in fields)
    return head + raw + data + b"\0" * (-len(data) % 4)


def archive(*files):
    out = b""
    for name, data, *edit in files:
        out += newc(name, data, *edit, at=len(out))
    return out + newc("TRAILER!!!", b"", at=len(out))


def cpio_seeds():
    yield "empty", archive()
    yield "one", archive(("a", b"x"))
    yield "two", archive(("rootserver", b"text"), ("svc/console", b"more"))
    yield "padded", archive(("a", b"x")) + bytes(64)
    yield "twice", archive(("a", b"x"), ("a", b"y"))
    yield "dots", archive(("a/../b", b"x"))
    yield "slash", archive(("/a", b""))
    yield "capital", archive(("A", b""))
    yield "folder", archive(("a", b"", {1: 0o040755}))
    yield "huge", archive(("a", b"x", {6: 0xffffffff}))
    yield "name-huge", archive(("a", b"x", {11: 0xffffffff}))
    yield "no-trailer", newc("a", b"x")
    yield "behind", archive(("a", b"x")) + b"\1"


# ---- rvdec: one word for each encoding that is known, with its neighbours ----

def rvdec_seeds():
    words = []
    for opcode in (0x03, 0x07, 0x0f, 0x23, 0x27):
        words += [opcode | funct3 << 12 | 0x8765_0f80 & ~0x7000 for funct3 in range(8)]
    for funct5 in range(32):
        words += [0x2f | funct3 << 12 | funct5 << 27 | 0x00c58500 for funct3 in range(8)]
    words += [0x200f | imm << 20 | 5 << 15 for imm in range(6)]
    words += [0x07 | width << 12 | lumop << 20 | vm << 25 for width in (0, 5, 6, 7)
              for lumop in (0, 8, 11, 16) for vm in (0, 1)]
    words += [c << 13 | q | 0x0d54 & ~3 for c in range(8) for q in range(3)]
    words += [0x8000 | sub << 10 | 0x44 for sub in range(8)]
    words += [0x2000, 0x2020, 0x3000, 0x3020]
    for start in range(0, len(words), 40):
        part = words[start:start + 40]
        yield f"words-{start:03}", b"".join(struct.pack("<IBB", word, 3, 0) for word in part)


# ---- Devices: the steps are the harness's own, so any bytes will do to begin with ----

def random_seeds():
    """The same each time: what a hash makes of a counter."""
    for i in range(4):
        yield f"random-{i}", b"".join(hashlib.sha256(b"%d.%d" % (i, j)).digest() for j in range(8))


SEEDS = {"cpio": cpio_seeds, "exit": random_seeds, "plic": random_seeds, "rvdec": rvdec_seeds,
         "sbi": random_seeds, "uart": random_seeds}


def main():
    out = pathlib.Path(sys.argv[1])
    for harness, make in SEEDS.items():
        folder = out / harness
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.bin"):
            old.unlink()
        for name, data in make():
            (folder / f"{name}.bin").write_bytes(data)


if __name__ == "__main__":
    main()
