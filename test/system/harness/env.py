# SPDX-License-Identifier: BSD-2-Clause
"""What a case is given: the build, the CPU model, and machines to start."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

from .machine import Failure, Machine

TREE = pathlib.Path(__file__).resolve().parents[3]
CPUS = ("rv64", "rva23s64", "max")


def toml_value(value):
    """Prints a value as TOML.  JSON's strings, numbers and booleans are TOML's."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    return json.dumps(value)


def toml(keys):
    """Prints keys as TOML, one on a line."""
    return "".join(f"{key} = {toml_value(value)}\n" for key, value in keys.items())


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
    """QEMU's arguments for two NUMA nodes, each with half of the memory and half of the harts."""
    words = []
    for node in (0, 1):
        words += ["-object", f"memory-backend-ram,id=node{node},size={memory_mib // 2}M",
                  "-numa", f"node,nodeid={node},memdev=node{node}"]
    for hart in range(smp):
        words += ["-numa", f"cpu,node-id={hart * 2 // smp},core-id={hart}"]
    return words


# Programs that a test's system may name in the VMM's place.
TEST_PROGRAMS = {"crash": "test/system/crash.elf", "probe": "test/probe/probe.elf",
                 "fuzz": "test/fuzz/fuzz.elf", "flood": "test/system/flood.elf",
                 "hurt": "test/system/hurt.elf"}


TEST_SERVICES = TREE / "test" / "services"


class Env:
    def __init__(self, build, cpu, logs):
        self.build = pathlib.Path(build).resolve()
        self.cpu = cpu
        self.logs = pathlib.Path(logs).resolve()
        self.case = "case"
        self.machines = []
        self.guest_kernel = TREE / ".deps" / "guest" / "Image"

    def begin(self, case):
        self.case = case
        self.machines = []

    def built(self, path):
        """The path of a file of the build folder; fails when the file is missing."""
        path = self.build / path
        if not path.exists():
            raise Failure(f"{path} is not built")
        return path

    def symbols(self, program):
        """The symbols of a built program, with their addresses."""
        nm = shutil.which("riscv64-linux-gnu-nm")
        if not nm:
            raise Failure("riscv64-linux-gnu-nm is not installed: run ./warren setup")
        table = subprocess.run([nm, "--defined-only", self.built(program)], capture_output=True, text=True, check=True)
        lines = [line.split() for line in table.stdout.splitlines()]
        return {name: int(address, 16) for address, _, name in lines}

    def kernel_symbol(self, name):
        """The address of a symbol of the kernel."""
        try:
            return self.symbols("kernel/warren.elf")[name]
        except KeyError:
            raise Failure(f"the kernel has no symbol {name}") from None

    @contextlib.contextmanager
    def system(self, guests, programs=None, service_folders=(), **system):
        """Packs the boot archive of a system that a case defines; the archive is removed after the block.

        `guests` maps names to the keys of their files, in order; `programs` maps names of
        programs to files of the build folder that replace them; `service_folders` are folders of services
        besides services/ and test/services/; further keys are those of system.toml.
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        folder = self.logs / (self.case.replace(".", "-").replace("_", "-")[-24:].strip("-") + "-s")
        archive = folder.with_suffix(".cpio")
        try:
            folder.mkdir(exist_ok=True)
            names = ", ".join(f'"{name}"' for name in guests)
            (folder / "system.toml").write_text(f"guests = [{names}]\n" + toml(system))
            for name, keys in guests.items():
                (folder / f"{name}.toml").write_text(toml(keys))
            self._pack(folder, archive, TEST_PROGRAMS | (programs or {}), [TEST_SERVICES, *service_folders])
            yield archive
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            archive.unlink(missing_ok=True)

    def _pack(self, folder, archive, programs, services):
        command = [sys.executable, TREE / "tools" / "config" / "boot.py", "--build", self.build,
                   "--system", folder, "--output", archive]
        for path in services:
            command += ["--services", path]
        for name, path in programs.items():
            command += ["--program", f"{name}={self.build / path}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode:
            raise Failure(f"the system cannot be packed: {done.stderr.strip()}")

    def machine(self, words, smp=1, memory_mib=1024, budget_s=180, use_pty=False, cpu=None):
        """A QEMU `virt` machine with its first UART as the console."""
        qemu = find_qemu()
        if not qemu:
            raise Failure("there is no QEMU: run ./warren setup")
        command = [qemu, "-M", "virt", "-cpu", cpu or self.cpu, "-smp", smp, "-m", f"{memory_mib}M",
                   "-nodefaults", "-display", "none", "-no-user-config",
                   "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console", *words]
        return self.command(command, budget_s=budget_s, use_pty=use_pty)

    def command(self, words, budget_s=180, use_pty=False, variables=None):
        """Starts a command that runs QEMU with the console on standard input and output."""
        self.logs.mkdir(parents=True, exist_ok=True)
        number = f"-{len(self.machines) + 1}" if self.machines else ""
        made = Machine(words, self.logs / f"{self.case}{number}.log", budget_s, use_pty, variables)
        self.machines.append(made)
        return made

    def warren(self, archive=None, smp=4, memory_mib=1024, numa=False, words=(), **more):
        """Warren itself, with a boot archive of the build folder."""
        words = ["-kernel", self.built("kernel/warren.elf"), *words]
        if archive:
            words += ["-initrd", self.built(archive)]
        if numa:
            words += numa_words(memory_mib, smp)
        return self.machine(words, smp, memory_mib, **more)

    def bare(self, bootargs="console=ttyS0", memory_mib=256, kernel=None, **more):
        """Starts a guest's kernel on QEMU without Warren, as the reference for the guest.

        `kernel` is an Image of the build folder; without it, Debian's with its shell.
        """
        words = ["-append", bootargs]
        if kernel:
            words += ["-kernel", self.built(kernel)]
        elif self.guest_kernel.exists():
            words += ["-kernel", self.guest_kernel, "-initrd", self.built("configs/shell.cpio")]
        else:
            raise Failure(f"there is no {self.guest_kernel}: run ./warren setup")
        return self.machine(words, 1, memory_mib, **more)
