# SPDX-License-Identifier: BSD-2-Clause
"""A guest's machine beside QEMU's `virt`: what differs is what docs/devices/platform.md says, and no more."""

import re
import subprocess

from harness import fdt
from harness.env import TREE, find_qemu
from harness.machine import Failure

PAGE = TREE / "docs" / "devices" / "platform.md"
IMAGE = "test/guest/platform.bin"
MIB = 16  # of RAM, in the trees

# Nodes of QEMU's tree that a guest's has not.
ABSENT = ("/platform-bus@4000000", "/pmu", "/fw-cfg@10100000", "/flash@20000000", "/soc/clint@2000000",
          "/soc/pci@30000000", *(f"/soc/virtio_mmio@1000{n}000" for n in range(1, 9)))
# Properties with another value, or that only one of the two has.
OTHER = {
    "/chosen": ("rng-seed", "bootargs", "linux,initrd-start", "linux,initrd-end"),
    "/cpus/cpu@0": ("riscv,isa", "riscv,isa-extensions", "mmu-type", "riscv,cbom-block-size",
                    "riscv,cbop-block-size", "riscv,cboz-block-size"),
    "/cpus/cpu@0/interrupt-controller": ("#address-cells",),
    "/soc/plic@c000000": ("interrupts-extended",),
}
ROOM_BYTES = 4096

# Lines of test/guest/platform.c: what the bare machine prints, what a guest does.  None: it depends.
DIFFERENT = {
    "sstatus": (None, "0x8000000200006000"),  # bare: VS too where there is V
    "stimecmp": ("0x0", "0xffffffffffffffff"),
    "load 4 at 0x1000": ("0x297", "cause 5"),
    "load 4 at 0x2000000": (None, "cause 5"),
    "load 4 at 0x200bff8": (None, "cause 5"),
    "load 4 at 0x3000000": ("0xffffffff", "cause 5"),
    "load 4 at 0xc200000": ("0x7", "0x0"),
    "load 4 at 0xc201000": ("0x7", "0x0"),
    "load 4 at 0x10001000": ("0x74726976", "cause 5"),
    "load 4 at 0x10001004": ("0x1", "cause 5"),
    "load 4 at 0x10001008": ("0x0", "cause 5"),
    "load 4 at 0x10100000": ("0x554d4551", "cause 5"),
    "load 4 at 0x20000000": ("0x0", "cause 5"),
    "load 4 at 0x30000000": ("0x81b36", "cause 5"),
    "load 4 at 0x40000000": ("0xffffffff", "cause 5"),
    "load 4 at 0x7ffffffc": ("0xffffffff", "cause 5"),
    "load 4 at 0x80000000": (None, "0x0"),
    "load 4 at 0x400000000": ("0xffffffff", "cause 5"),
    "load 8 at 0x101018": ("0x0", "cause 5"),
    "load 1 at 0x10000002": ("0xc1", "0x1"),
    "load 4 at 0x10000001": ("0x3c100", "cause 5"),
    "plic 0x2080 keeps": ("0xffffffff", "0xfffffffe"),
}


def trees(env):
    """QEMU's and a guest's, and the room in the guest's."""
    env.logs.mkdir(parents=True, exist_ok=True)
    bare, guest = env.logs / f"{env.case}-bare.dtb", env.logs / f"{env.case}-guest.dtb"
    subprocess.run([find_qemu(), "-M", f"virt,dumpdtb={bare}", "-cpu", env.cpu, "-m", f"{MIB}M",
                    "-nodefaults", "-display", "none"], check=True, capture_output=True, timeout=30)
    subprocess.run([env.built("test/unit/vmm/vmm_fdt_dump"), "1", "0", "1", guest], check=True, timeout=30)
    read, room = fdt.read(guest.read_bytes())
    return fdt.with_names(fdt.read(bare.read_bytes())[0]), fdt.with_names(read), room


def test_platform_device_tree_is_that_of_qemu(env):
    """Each node and property of QEMU's device tree is in a guest's with the same value, or on the list."""
    bare, guest, room = trees(env)
    wrong = [f"{path} is not absent" for path in ABSENT if path in guest or path not in bare]
    for path, properties in bare.items():
        if path in ABSENT:
            continue
        mine = guest.pop(path, {})
        for key in set(properties) | set(mine):
            if properties.get(key) != mine.get(key) and key not in OTHER.get(path, ()):
                wrong.append(f"{path}/{key}: {mine.get(key)}, QEMU {properties.get(key)}")
    wrong += [f"{path} is the guest's alone" for path in guest]
    if room < ROOM_BYTES:
        wrong.append(f"only {room} bytes are free in the tree")
    if wrong:
        raise Failure("; ".join(wrong))


def found(machine):
    machine.expect(r"platform: end\n", 30)
    lines = dict(re.findall(r"platform: (.+?): (.*)$", machine.text.clean, re.M))
    if len(lines) < 100:
        raise Failure(f"only {len(lines)} lines")
    return lines


def test_platform_registers_are_those_of_qemu(env):
    """What a kernel finds in the hart, at each address and in each device is as bare, but for the list."""
    with env.bare(kernel=IMAGE, memory_mib=128) as machine:
        bare = found(machine)
    with env.system({"guest": {"kernel": f"build:{IMAGE}", "memory": "128M"}}) as archive, \
            env.warren(archive, smp=1) as machine:
        guest = found(machine)
    wrong = []
    for name in bare:
        here, there = DIFFERENT.get(name, (bare[name], bare[name]))
        if (here is not None and bare[name] != here) or guest.get(name) != there:
            wrong.append(f"{name}: {guest.get(name)}, bare {bare[name]}")
    if wrong:
        raise Failure("; ".join(wrong))


def test_platform_page_names_every_difference(env):
    """The page in docs/ names each node, property and address that differs."""
    page = PAGE.read_text()
    names = [path.rpartition("/")[2].split("@")[0] for path in ABSENT]
    names += [key for keys in OTHER.values() for key in keys]
    names += [match.group(1).removeprefix("0x") for match in map(re.compile(r"at (0x\w+)$").search, DIFFERENT) if match]
    flat = page.replace("_", "").replace("0x", "").lower()
    missing = sorted({name for name in names
                      if name not in page and name not in flat and name.zfill(8) not in flat})
    if missing:
        raise Failure(f"{PAGE.name} does not name: {', '.join(missing)} ({env.cpu})")
