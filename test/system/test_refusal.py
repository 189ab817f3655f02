# SPDX-License-Identifier: BSD-2-Clause
"""A bad boot archive, or an unsuitable machine, ends with a message and a failure, never with a hang."""

import struct
import subprocess

from harness.env import find_qemu
from harness.machine import Failure

DEFAULT = "configs/default.cpio"
ARCHIVE = r"(?i)^.*boot archive.*$"


def refused(env, name, trouble, spoil, by_kernel=False):
    """
    Starts Warren with a damaged copy of the default system's archive; `trouble` is the expected message.
    The root server must end the machine without a fault.
    """
    raw = bytearray(env.built(DEFAULT).read_bytes())
    raw = spoil(raw) or raw
    env.logs.mkdir(parents=True, exist_ok=True)
    path = env.logs / f"{env.case}-{name}.cpio"
    path.write_bytes(raw)
    try:
        with env.warren(path) as machine:
            machine.expect(r"^Warren \S+: hart", 30)
            machine.expect(trouble, 30)
            machine.expect_exit(None if by_kernel else 1, 60)
            if not by_kernel and "stopped by" in machine.text.clean:
                raise Failure("the root server ended by a fault")
    finally:
        path.unlink()


def entry_at(raw, name):
    """The offset of an entry's header in the archive."""
    at = raw.find(name.encode() + b"\0")
    while at >= 0:
        if raw[at - 110:at - 104] == b"070701":
            return at - 110
        at = raw.find(name.encode() + b"\0", at + 1)
    raise Failure(f"the archive has no {name}")


def test_refusal_garbage_archive(env):
    """A file that is no archive is refused."""
    def spoil(raw):
        raw[:6] = b"070702"
    refused(env, "magic", ARCHIVE, spoil, by_kernel=True)


def test_refusal_truncated_archive(env):
    """An archive cut off in the root server, and one cut off in a guest's kernel, are refused."""
    refused(env, "first", ARCHIVE, lambda raw: raw[:4096 + 100], by_kernel=True)
    refused(env, "kernel", ARCHIVE, lambda raw: raw[:len(raw) // 2])


def test_refusal_missing_root_server(env):
    """An archive without a root server is refused."""
    def spoil(raw):
        at = entry_at(raw, "rootserver")
        raw[at + 110:at + 120] = b"nothinghre"
    refused(env, "rootserver", r"^.*rootserver.*$", spoil, by_kernel=True)


def test_refusal_configuration_is_no_blob(env):
    """A configuration that is no device-tree blob is refused."""
    def spoil(raw):
        at = raw.index(b"\xd0\x0d\xfe\xed")
        raw[at:at + 4] = b"oops"
    refused(env, "blob", r"^(?:warren: )?system\.dtb: not a device-tree blob", spoil)


def test_refusal_configuration_names_missing_file(env):
    """A guest whose kernel is missing in the archive is reported by name; the machine ends with a failure."""
    def spoil(raw):
        at = entry_at(raw, "guests/debian/kernel") + 110
        raw[at:at + 20] = b"guests/debian/kernex"
    refused(env, "missing", r"^(?:warren: )?guest debian cannot be started: .*guests/debian/kernel", spoil)


def test_refusal_kernel_is_no_image(env):
    """A guest whose kernel has no header is refused."""
    def spoil(raw):
        at = raw.index(b"RSC\x05", entry_at(raw, "guests/debian/kernel"))
        raw[at:at + 4] = b"XXXX"
    refused(env, "image", r"^(?:warren: )?guest debian cannot be started: .*not a RISC-V Linux Image", spoil)


def reg(start, size):
    """The value of a device tree's `reg` with two cells each."""
    return struct.pack(">QQ", start, size)


def refused_tree(env, old, new, trouble, has_end=True):
    """
    Starts Warren on a machine whose device tree has `new` in place of QEMU's `old`; `trouble` is the
    expected message.  `has_end`: Warren knows a device that ends the machine.
    """
    env.logs.mkdir(parents=True, exist_ok=True)
    path = env.logs / f"{env.case}-{len(env.machines)}.dtb"
    subprocess.run([find_qemu(), "-M", f"virt,dumpdtb={path}", "-cpu", env.cpu, "-m", "256M",
                    "-nodefaults", "-display", "none"], check=True, capture_output=True, timeout=30)
    tree = path.read_bytes()
    if tree.count(old) != 1:
        raise Failure("QEMU's tree lacks the text that this case changes")
    path.write_bytes(tree.replace(old, new))
    with env.warren(DEFAULT, smp=1, memory_mib=256, words=["-dtb", path]) as machine:
        machine.expect(trouble, 30)
        if has_end:
            machine.expect_exit(None, 30)
    path.unlink()


def test_refusal_memory_without_the_kernel(env):
    """A tree whose memory does not cover the kernel's image, or the tree itself, is refused."""
    whole = reg(0x80000000, 256 << 20)
    refused_tree(env, whole, reg(0x88000000, 128 << 20), r"does not cover the kernel's image")
    refused_tree(env, whole, reg(0x80000000, 16 << 20), r"does not cover the device tree itself")


def test_refusal_registers_out_of_reach(env):
    """A device that the kernel would write to, above its mapping of physical memory, is refused."""
    refused_tree(env, reg(0x100000, 0x1000), reg(254 << 30, 0x1000), r"above 254 GiB", has_end=False)


def test_refusal_tree_out_of_reach(env):
    """A device tree above the kernel's mapping of physical memory is not read; QEMU places it at the end of RAM."""
    ram = ["-object", "memory-backend-ram,id=ram,size=260G,reserve=off", "-machine", "memory-backend=ram"]
    with env.warren(smp=1, memory_mib=260 << 10, words=ram) as machine:
        machine.expect(r"device tree: it lies above 254 GiB", 60)
