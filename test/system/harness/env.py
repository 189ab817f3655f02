# SPDX-License-Identifier: BSD-2-Clause
"""What a case is given: the build, the CPU model, and machines to start."""

import os
import pathlib
import shutil

from .machine import Failure, Machine

TREE = pathlib.Path(__file__).resolve().parents[3]
CPUS = ("rv64", "rva23s64", "max")


class Skip(Exception):
    """The case cannot be run here; the text says why."""


def find_qemu():
    """The QEMU that ./warren setup chose, or the one on the PATH."""
    private = TREE / ".deps" / "bin" / "qemu-system-riscv64"
    if "WARREN_QEMU" in os.environ:
        return os.environ["WARREN_QEMU"]
    if private.exists():
        return str(private)
    return shutil.which("qemu-system-riscv64")


def numa_words(memory_mib, smp):
    """QEMU's words for two nodes, each with half of the memory and of the harts."""
    words = []
    for node in (0, 1):
        words += ["-object", f"memory-backend-ram,id=node{node},size={memory_mib // 2}M",
                  "-numa", f"node,nodeid={node},memdev=node{node}"]
    for hart in range(smp):
        words += ["-numa", f"cpu,node-id={hart * 2 // smp},core-id={hart}"]
    return words


class Env:
    def __init__(self, build, cpu, logs):
        self.build = pathlib.Path(build)
        self.cpu = cpu
        self.logs = pathlib.Path(logs)
        self.case = "case"
        self.machines = []
        self.guest_kernel = TREE / ".deps" / "guest" / "Image"
        self.shell_initrd = self.build / "configs" / "shell.cpio"

    def begin(self, case):
        self.case = case
        self.machines = []

    def built(self, path):
        """A file of the build folder that must be there."""
        path = self.build / path
        if not path.exists():
            raise Failure(f"{path} is not built")
        return path

    def machine(self, words, smp=1, memory_mib=1024, budget_s=180, use_pty=False):
        """A QEMU `virt` machine with its first UART as the console."""
        qemu = find_qemu()
        if not qemu:
            raise Failure("there is no QEMU: run ./warren setup")
        command = [qemu, "-M", "virt", "-cpu", self.cpu, "-smp", smp, "-m", f"{memory_mib}M",
                   "-nodefaults", "-display", "none", "-no-user-config",
                   "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console", *words]
        self.logs.mkdir(parents=True, exist_ok=True)
        number = f"-{len(self.machines) + 1}" if self.machines else ""
        made = Machine(command, self.logs / f"{self.case}{number}.log", budget_s, use_pty)
        self.machines.append(made)
        return made

    def warren(self, archive=None, smp=4, memory_mib=1024, numa=False, **more):
        """Warren itself, with a boot archive of the build folder."""
        words = ["-kernel", self.built("kernel/warren.elf")]
        if archive:
            words += ["-initrd", self.built(archive)]
        if numa:
            words += numa_words(memory_mib, smp)
        return self.machine(words, smp, memory_mib, **more)

    def bare(self, bootargs="console=ttyS0", memory_mib=256, **more):
        """The guest's kernel on QEMU without Warren: what a guest is compared with."""
        if not self.guest_kernel.exists():
            raise Failure(f"there is no {self.guest_kernel}: run ./warren setup")
        return self.machine(["-kernel", self.guest_kernel, "-initrd", self.built("configs/shell.cpio"),
                             "-append", bootargs], 1, memory_mib, **more)
