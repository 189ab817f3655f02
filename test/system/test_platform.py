# SPDX-License-Identifier: BSD-2-Clause
"""A guest's device tree beside QEMU's: what differs is what docs/devices/platform.md says, and no more."""

import subprocess

from harness import fdt
from harness.env import TREE, find_qemu
from harness.machine import Failure

PAGE = TREE / "docs" / "devices" / "platform.md"
MIB = 16  # of RAM, in the trees

# Nodes of QEMU's tree that a guest's has not.
ABSENT = ("/platform-bus@4000000", "/pmu", "/fw-cfg@10100000", "/flash@20000000", "/soc/clint@2000000",
          "/soc/pci@30000000", *(f"/soc/virtio_mmio@1000{n}000" for n in range(1, 9)))
# Nodes of a guest's tree that QEMU's has not.
ADDED = ()
# Properties with another value, or that only one of the two has.
OTHER = {
    "/chosen": ("rng-seed", "bootargs", "linux,initrd-start", "linux,initrd-end"),
    "/cpus/cpu@0": ("riscv,isa", "riscv,isa-extensions", "mmu-type", "riscv,cbom-block-size",
                    "riscv,cbop-block-size", "riscv,cboz-block-size"),
    "/cpus/cpu@0/interrupt-controller": ("#address-cells",),
    "/soc/plic@c000000": ("interrupts-extended",),
}
ROOM_BYTES = 4096


def trees(env):
    """QEMU's and a guest's, and the room in the guest's."""
    env.logs.mkdir(parents=True, exist_ok=True)
    bare, guest = env.logs / f"{env.case}-bare.dtb", env.logs / f"{env.case}-guest.dtb"
    subprocess.run([find_qemu(), "-M", f"virt,dumpdtb={bare}", "-cpu", env.cpu, "-m", f"{MIB}M",
                    "-nodefaults", "-display", "none"], check=True, capture_output=True, timeout=30)
    subprocess.run([env.built("test/unit/vmm/vmm_fdt_dump"), "1", "rv64imafdch", "8", "1", guest], check=True, timeout=30)
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
    wrong += [f"{path} is the guest's alone" for path in guest if path not in ADDED]
    wrong += [f"{path} is not in the guest's tree alone" for path in ADDED if path not in guest]
    if room < ROOM_BYTES:
        wrong.append(f"only {room} bytes are free in the tree")
    if wrong:
        raise Failure("; ".join(wrong))


def test_platform_page_names_every_difference(env):
    """The page in docs/ names each node and property that differs."""
    page = PAGE.read_text()
    names = [path.rpartition("/")[2].split("@")[0] for path in ABSENT]
    names += [key for keys in OTHER.values() for key in keys]
    missing = sorted({name for name in names if name not in page})
    if missing:
        raise Failure(f"{PAGE.name} does not name: {', '.join(missing)} ({env.cpu})")
