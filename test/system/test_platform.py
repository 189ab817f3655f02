# SPDX-License-Identifier: BSD-2-Clause
"""A guest's device tree against QEMU's: each difference is a row of test/guest/compare/differences.toml."""

import subprocess

from harness import fdt
from harness.compare import judge
from harness.env import find_qemu
from harness.machine import Failure

MIB = 16  # MiB of RAM of both machines

ROOM_BYTES = 4096


def trees(env):
    """Returns QEMU's tree, a guest's tree, and the number of free bytes in the guest's tree."""
    env.logs.mkdir(parents=True, exist_ok=True)
    bare, guest = env.logs / f"{env.case}-bare.dtb", env.logs / f"{env.case}-guest.dtb"
    subprocess.run([find_qemu(), "-M", f"virt,dumpdtb={bare}", "-cpu", env.cpu, "-m", f"{MIB}M",
                    "-nodefaults", "-display", "none"], check=True, capture_output=True, timeout=30)
    subprocess.run([env.built("test/unit/vmm/vmm_fdt_dump"), "1", "rv64imafdch", "8", "1", guest], check=True, timeout=30)
    read, room = fdt.read(guest.read_bytes())
    return fdt.with_names(fdt.read(bare.read_bytes())[0]), fdt.with_names(read), room


def value(data):
    """A property's value for a row of the table: text, or hexadecimal."""
    if not isinstance(data, bytes):
        return str(data)
    text = data[:-1].replace(b"\0", b" ")
    if data[-1:] == b"\0" and text.strip() and text[:1] != b" " and text.isascii() and text.decode().isprintable():
        return text.decode()
    return data.hex() or "set"


def lines(tree, other):
    """A line for each node of `tree`, and for each property of a node that both trees have."""
    found = {}
    for path, properties in tree.items():
        found[path] = "node"
        if path in other:
            found.update({f"{path} {key}": value(data) for key, data in properties.items()})
    return found


def test_platform_device_tree_is_that_of_qemu(env):
    """Each node and property of QEMU's tree is in the guest's with the same value, or is a row of the table."""
    bare, guest, room = trees(env)
    judge(env, "device_tree", lines(bare, guest), lines(guest, bare))
    if room < ROOM_BYTES:
        raise Failure(f"only {room} bytes are free in the tree")
