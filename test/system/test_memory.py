# SPDX-License-Identifier: BSD-2-Clause
"""The Debian kernel with its own defaults (self-tests on) in guests of small and of large memory.

Each size runs on one CPU model; with WARREN_TEST_LONG set, every size on every model.
"""

import os

from harness.env import CPUS
from harness.machine import Failure
from harness.shell import Shell

BOOTARGS = "console=ttyS0"
TOO_LITTLE = 64  # MiB; on the bare machine this kernel needs more than 80 and at most 96
PANIC = r"Kernel panic - not syncing: (.*)\n"
SIZES = {"rv64": (96, 2048), "rva23s64": (128, 512), "max": (1024,)}


def sizes(env):
    if os.environ.get("WARREN_TEST_LONG"):
        return sorted(size for cpu in CPUS for size in SIZES[cpu])
    return SIZES.get(env.cpu, SIZES["rv64"])


def guest(mib, bootargs=BOOTARGS):
    return {"kernel": "debian:Image", "initrd": "build:configs/shell.cpio", "bootargs": bootargs,
            "memory": f"{mib}M"}


def test_memory_guest_boots_with_it_and_sees_it(env):
    """With any memory size at which it boots bare, the kernel boots to its shell and finds nearly all memory."""
    for mib in sizes(env):
        with env.system({"debian": guest(mib)}, **{"machine.memory": f"{mib + 256}M"}) as archive, \
                env.warren(archive, smp=1, memory_mib=mib + 256) as machine:
            shell = Shell(machine)
            shell.wait_prompt()
            kib = int(shell.run("awk '/MemTotal/ { print $2 }' /proc/meminfo"))
            if not (mib - 64 - mib // 16) << 10 < kib < mib << 10:
                raise Failure(f"of {mib} MiB it finds {kib} KiB")
            machine.line("poweroff -f")
            machine.expect_exit(0)


def test_memory_too_little_ends_as_on_the_bare_machine(env):
    """With too little memory the kernel panics in a guest with the same message as bare."""
    bootargs = BOOTARGS + " earlycon=sbi"
    with env.bare(bootargs, memory_mib=TOO_LITTLE) as machine:
        bare = machine.expect(PANIC, 60).group(1)
    with env.system({"debian": guest(TOO_LITTLE, bootargs)}) as archive, env.warren(archive, smp=1) as machine:
        found = machine.expect(PANIC, 60).group(1)
    if found != bare:
        raise Failure(f"the guest says {found!r}, the bare machine {bare!r}")
