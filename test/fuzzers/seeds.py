#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Generates inputs that are not kept in the repository: seeds.py FOLDER -> FOLDER/HARNESS/NAME.bin"""
import hashlib
import pathlib
import struct
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools/config"))

import fdt  # noqa: E402


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
    yield "sought", archive(("a", b"x"), ("no/such-file", b"y"))


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
    """Reproducible bytes: hashes of a counter."""
    for i in range(4):
        yield f"random-{i}", b"".join(hashlib.sha256(b"%d.%d" % (i, j)).digest() for j in range(8))


# ---- ELF: one good program, and each field that a check reads set to something else ----

def elf_file(rows, kind=2, machine=243, entry=None, phnum=None, at="vaddr", notes=b""):
    """rows: (flags, address, bytes in memory, bytes in the file)."""
    entry = rows[0][1] if entry is None else entry
    count = len(rows) + bool(notes)
    head = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", kind, machine, 1, entry, 64, 0, 0,
                       64, 56, count if phnum is None else phnum, 0, 0, 0)
    body, table = b"", b""
    start = 64 + 56 * count
    for flags, address, memory, count in rows:
        offset = start + len(body)
        offset += (address - offset) % 64
        body = body.ljust(offset - start, b"\0") + b"\x13" * count
        vaddr = address if at == "paddr" else address & ~4095 | offset & 4095
        table += struct.pack("<IIQQQQQQ", 1, flags, offset, vaddr, address, count, memory, 4096)
    if notes:
        table += struct.pack("<IIQQQQQQ", 4, 4, start + len(body), 0, 0, len(notes), len(notes), 4)
    return head + table + body + notes


def elf_note(start, size, end, name=b"Warren\0", kind=1):
    """The note with a recovery range and its exit (libs/elf/elf.h)."""
    return struct.pack("<III8sQQQ", len(name), 24, kind, name, start, size, end)


def elf_seeds():
    good = [(5, 0x10000, 64, 64), (4, 0x20000, 64, 64), (6, 0x30000, 8192, 32)]
    first = 0x10000 | (64 + 56 * 3) & 4095
    yield "good", elf_file(good, entry=first + 64)
    yield "writable-code", elf_file([(7, 0x10000, 64, 64)], entry=0x10000 | 128)
    yield "same-page", elf_file(good[:1] + [(4, 0x10800, 64, 64)], entry=first)
    yield "huge", elf_file(good[:2] + [(6, 0x30000, 1 << 40, 32)], entry=first + 64)
    yield "machine", elf_file(good, machine=62)
    yield "dynamic", elf_file(good, kind=3)
    yield "many", elf_file([(4, 0x10000 * i, 16, 16) for i in range(1, 19)])
    yield "phnum", elf_file(good, phnum=65535)
    yield "short", elf_file(good)[:70]
    note, entry = elf_note(0x10150, 16, 0x10170), 0x10140
    yield "recovery", elf_file(good, entry=entry, notes=note)
    yield "recovery-second", elf_file(good, entry=entry, notes=elf_note(0, 0, 0, b"Other\0") + note)
    yield "recovery-twice", elf_file(good, entry=entry, notes=note + note)
    yield "recovery-in-data", elf_file(good, entry=entry, notes=elf_note(0x20000, 16, 0x10170))


# ---- What a guest boots: sizes of RAM and initrd, then the file ----

def image_file(text_offset=2 << 20, image_size=3 << 20, flags=0, magic=b"RSC\x05", count=256):
    head = struct.pack("<IIQQQIIQ8s4sI", 0x13, 0x13, text_offset, image_size, flags, 2, 0, 0,
                       b"RISCV\0\0\0", magic, 0)
    return head.ljust(count, b"\x13")


def image_seeds():
    ram, size = 0x80000000, struct.Struct("<QQ").pack
    yield "image", size(8 << 20, 4096) + image_file()
    yield "image-64m", size(64 << 20, 1 << 20) + image_file()
    yield "image-huge", size(8 << 20, 0) + image_file(image_size=(1 << 64) - 1)
    yield "image-far", size(8 << 20, 0) + image_file(text_offset=(1 << 64) - (2 << 20))
    yield "image-size-zero", size(8 << 20, 4096) + image_file(image_size=0)
    yield "image-appended", size(8 << 20, 4096) + image_file(image_size=100)
    yield "image-odd", size(8 << 20, 0) + image_file(text_offset=4096)
    yield "image-big-endian", size(8 << 20, 0) + image_file(flags=1)
    yield "image-no-room", size(4 << 20, 1 << 20) + image_file()
    rows = [(5, ram, 128, 128), (6, ram + 0x2000, 4096, 32)]
    yield "elf", size(8 << 20, 4096) + elf_file(rows, at="paddr")
    yield "elf-overlap", size(8 << 20, 0) + elf_file(rows + [(6, ram + 0x2800, 64, 64)], at="paddr")
    yield "elf-below", size(8 << 20, 0) + elf_file([(5, ram - 64, 128, 128)], at="paddr")
    yield "elf-wraps", size(8 << 20, 0) + elf_file([(5, (1 << 64) - 64, 128, 64)], at="paddr")
    yield "raw", size(8 << 20, 100) + b"\x6f\0\0\0" * 16
    yield "zeros", size(8 << 20, 0) + bytes(64)
    yield "gzip", size(8 << 20, 0) + b"\x1f\x8b\x08" + bytes(80)
    yield "nothing", size(8 << 20, 0)


# ---- Trees: configurations as the host tool writes them, machines as QEMU describes them ----

def connection_of(service, n):
    return {"service": service, "key": service, "device": "a-device", "source": f"g.toml:{n}",
            "option": b"\0" * 16, "options": {"size": {"type": "size", "value": fdt.U64(65536)},
                                              "path": {"type": "string", "value": "x"}}}


def service_of(rights, **more):
    return {"program": "svc/console", "service": "console", "protocol": "a/1", "threads": 1,
            "heap": fdt.U64(0x40000), "ping-ms": 1000, "progress-ms": 0,
            "restart": b"".join(n.to_bytes(4, "big") for n in (5, 10000, 0, 1000)),
            "devices": {"uart": {"match": "ns16550a", "registers": "rw", "irqs": 0, "reset": "none",
                                 "properties": "reg-shift", "optional": True}},
            "memory": {"queues": {"bytes": fdt.U64(0x10000), "dma": True},
                       "disks": {"bytes": fdt.U64(0x200000), "kept": True}},
            "client": {"max": 64, "info": fdt.U64(0x1000), "calls": True,
                       "rings": {"out": {"index": 0, "record": 1, "count": 16384, "from": "client"},
                                 "in": {"index": 1, "record": 64, "count": 64, "from": "service"}},
                       "regions": {"max": 4, "rights": rights}}} | more


def tree_of(guests, **more):
    nodes = {f"g{i}": {"index": i, "vmm": "vmm", "kernel": "guests/g0/kernel", "bootargs": "quiet",
                       "memory": fdt.U64(16 << 20), "vcpus": 1,
                       "connections": {"0": connection_of("log", 0), "1": connection_of("disk", 1)}}
             | more for i in range(guests)}
    services = {"log": service_of("map", log=True),
                "disk": service_of("dma", needs={"0": connection_of("log", 2)})}
    return fdt.blob({"compatible": "warren,system-2", "system-name": "sample",
                     "services": services, "guests": nodes})


def config_seeds():
    yield "one", tree_of(1)
    yield "two", tree_of(2)
    yield "seventeen", tree_of(17)
    yield "initrd", tree_of(1, initrd="guests/g0/initrd")
    yield "vcpus", tree_of(1, vcpus=2)
    yield "sv57", tree_of(1, mmu="sv57")
    yield "sv58", tree_of(1, mmu="sv58")
    yield "little", tree_of(1, memory=fdt.U64(1 << 20))
    yield "long", tree_of(1, bootargs="x" * 1100)
    yield "control", tree_of(1, bootargs="a\nb")
    yield "other", fdt.blob({"compatible": "warren,system-3"})
    yield "machine", compiled("virt-256m")


def compiled(name):
    source = ROOT / "test/unit/boot/trees" / f"{name}.dts"
    return subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", str(source)],
                          stdout=subprocess.PIPE, check=True).stdout


def firmware_seeds():
    for name in ("virt-256m", "virt-8g-smp4", "virt-aclint", "virt-numa"):
        yield name, compiled(name)


SEEDS = {"arena": random_seeds, "config": config_seeds, "console": random_seeds,
         "core": random_seeds, "cpio": cpio_seeds, "elf": elf_seeds, "exit": random_seeds, "firmware": firmware_seeds,
         "image": image_seeds, "plic": random_seeds, "ring": random_seeds, "recovery": random_seeds, "rvdec": rvdec_seeds,
         "sbi": random_seeds, "terminal": random_seeds, "uart": random_seeds}


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
