# SPDX-License-Identifier: BSD-2-Clause
"""Debian's U-Boot for S mode, old and new, as a guest: independent, unchanged software."""

import os
import re
import time

from harness.env import TREE, Skip
from harness.machine import Failure

PROMPT = r"^=> "
FOREIGN = TREE / ".deps" / "foreign"
SLEEP_S = 2


def uboot(age, form, **keys):
    """A guest's file."""
    path = FOREIGN / age / form
    if not path.exists():
        raise Skip(f"there is no {path}: ./warren test fetches it")
    return {"kernel": str(path), "memory": "128M"} | keys


def reaches_prompt(machine):
    """U-Boot counts down by its timer, and a key stops the countdown."""
    machine.expect(r"^U-Boot 20\d\d\.\d\d", 30)
    machine.expect(r"Hit any key to stop autoboot:  2", 30)
    machine.send(" ")
    machine.expect(PROMPT, 30)


def answer(machine, command):
    """The output of a command."""
    machine.line(command)
    begin = machine.expect(rf"{re.escape(command)}\n", 10).end()
    end = machine.expect(PROMPT, 30).start()
    return machine.text.clean[begin:end]


def goes_through_its_commands(machine):
    reaches_prompt(machine)
    memory = answer(machine, "bdinfo")
    if "0x0000000080000000" not in memory or "0x0000000008000000" not in memory:
        raise Failure(f"bdinfo does not find 128 MiB at 2 GiB: {memory}")
    begin = time.monotonic()
    answer(machine, f"sleep {SLEEP_S}")
    if time.monotonic() - begin < SLEEP_S - 0.2:
        raise Failure(f"sleep {SLEEP_S} took {time.monotonic() - begin:.1f} s")
    answer(machine, "mw.l 84000000 cafe1234 4")
    if "cafe1234 cafe1234" not in answer(machine, "md.l 84000000 4"):
        raise Failure("memory does not keep a written word")
    extensions = answer(machine, "sbi")
    for wanted in ("SBI 2.0", "Timer Extension", "System Reset Extension"):
        if wanted not in extensions:
            raise Failure(f"sbi does not find {wanted}: {extensions}")


def test_uboot_new_elf_counts_down_and_obeys(env):
    """U-Boot of Debian 13, as its ELF file: boot countdown, prompt, timer, memory, reset, power-off."""
    with env.system({"uboot": uboot("new", "uboot.elf")}) as archive, env.warren(archive, smp=1) as machine:
        goes_through_its_commands(machine)
        machine.line("reset")
        reaches_prompt(machine)
        machine.line("poweroff")
        machine.expect_exit(0, 30)


def test_uboot_old_binary_counts_down_and_obeys(env):
    """U-Boot of Debian 12, as its raw binary, does the same."""
    with env.system({"uboot": uboot("old", "u-boot.bin")}) as archive, env.warren(archive, smp=1) as machine:
        goes_through_its_commands(machine)
        machine.line("poweroff")
        machine.expect_exit(0, 30)


def test_uboot_starts_linux(env):
    """U-Boot finds Debian's kernel where an initial RAM disk would be and boots it; its panic resets the guest."""
    if env.cpu != "rv64" and not os.environ.get("WARREN_TEST_LONG"):
        raise Skip("one model is enough; WARREN_TEST_LONG takes all")
    keys = uboot("new", "u-boot.bin", initrd="debian:Image", memory="256M",
                 bootargs="console=ttyS0 panic=-1")
    with env.system({"uboot": keys}) as archive, env.warren(archive, smp=1) as machine:
        reaches_prompt(machine)
        for command in ("fdt addr $fdtcontroladdr", "fdt get value at /chosen linux,initrd-start 1"):
            answer(machine, command)
        machine.line("booti $at - $fdtcontroladdr")
        machine.expect(r"Linux version \d", 60)
        machine.expect(r"VFS: Unable to mount root fs", 60)
        machine.expect(r"^U-Boot 20\d\d\.\d\d", 30)
