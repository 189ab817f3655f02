# SPDX-License-Identifier: BSD-2-Clause
"""The kernel starts on each kind of machine that it supports."""

import struct

from harness.machine import Failure

BANNER = r"^Warren \S+: hart (\d+) of (\d+), (\d+) MiB.*$"
FIRMWARE_MIB = 4  # firmware keeps at most this much, which the kernel does not announce


def boots(env, smp=4, memory_mib=1024, numa=False):
    with env.warren(smp=smp, memory_mib=memory_mib, numa=numa) as warren:
        hart, count, mib = map(int, warren.expect(BANNER, 30).groups())
    if not (hart < count == smp and memory_mib - FIRMWARE_MIB <= mib <= memory_mib):
        raise Failure(f"on {smp} harts with {memory_mib} MiB it found hart {hart} of {count} and {mib} MiB")


def test_kernel_four_harts_starts(env):
    """On four harts, whichever boots, the kernel starts and announces its hart, the hart count and the memory."""
    for _ in range(3):
        boots(env, smp=4)


def test_kernel_one_hart_starts(env):
    """The kernel starts on a single hart."""
    boots(env, smp=1)


def test_kernel_least_memory_starts(env):
    """The kernel starts with 256 MiB."""
    boots(env, memory_mib=256)


def test_kernel_much_memory_starts(env):
    """The kernel starts with 8 GiB and finds all of it."""
    boots(env, memory_mib=8192)


def test_kernel_two_numa_nodes_starts(env):
    """With memory in two NUMA nodes, the kernel starts and finds the memory of both."""
    boots(env, memory_mib=1024, numa=True)


def test_kernel_image_starts_by_its_header(env):
    """The flat image has Linux's boot header, and starts without an ELF loader."""
    image = env.built("kernel/warren.bin").read_bytes()
    text_offset, image_bytes, flags = struct.unpack_from("<QQQ", image, 8)
    if image[0x30:0x38] != b"RISCV\0\0\0" or image[0x38:0x3c] != b"RSC\x05":
        raise Failure("the header lacks the magic numbers of the RISC-V boot protocol")
    if text_offset % (2 << 20) or image_bytes < len(image) or flags != 0:
        raise Failure(f"the header says offset {text_offset:#x}, size {image_bytes:#x}, flags {flags:#x}")
    with env.machine(["-kernel", env.built("kernel/warren.bin")]) as machine:
        machine.expect(BANNER, 30)


def test_kernel_no_archive_ends_with_failure(env):
    """Without a boot archive, Warren prints a message and the machine ends with a failure; it does not hang."""
    with env.warren() as warren:
        warren.expect(BANNER, 30)
        warren.expect(r"^Warren: .*archive.*$", 30)
        warren.expect_exit(None, 30)


def test_kernel_without_plic_ends_with_failure(env):
    """A machine with APLIC and IMSIC is refused; the message says how to start it with a PLIC instead."""
    for aia in ("aplic", "aplic-imsic"):
        with env.warren(words=["-M", f"virt,aia={aia}"]) as warren:
            warren.expect(r"^Warren: cannot run on this machine: it has no PLIC .*without aia=.*$", 30)
            warren.expect_exit(None, 30)
