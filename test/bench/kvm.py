# SPDX-License-Identifier: BSD-2-Clause
"""Linux's KVM in Warren's place: the same kernel as the host, the distribution's QEMU as its VMM, in an initial RAM
disk of their own, in the same outer QEMU."""

import pathlib
import re
import subprocess
import sys

import machines
from harness.machine import Failure

HOST_MIB = 1536
BUDGET_S = 1800
LIBRARIES = ("usr/lib/riscv64-linux-gnu", "usr/lib", "lib/riscv64-linux-gnu", "lib")
LOADER = "lib/ld-linux-riscv64-lp64d.so.1"
NEEDED = re.compile(r"Shared library: \[(.+?)\]")

# Process 1 of the host.  Idle time is skipped when instructions are counted, so a guest that stops for good does not
# hold the run up for as long as it says here.  The last line of the console is the guest's, or says what went wrong.
INIT = """#!/bin/sh
/bin/busybox mount -t devtmpfs none /dev
/bin/busybox mount -t proc none /proc
/bin/busybox insmod /irqbypass.ko
/bin/busybox insmod /kvm.ko || echo 'bench: failed: no KVM'
echo 'bench: host is up'
/bin/busybox timeout 300 /usr/bin/qemu-system-riscv64 -accel kvm -M virt -cpu host -smp 1 -m {memory} -no-reboot -nodefaults -no-user-config \\
    -display none -bios none -serial stdio {words} </dev/null || echo 'bench: failed: QEMU ended badly'
/bin/busybox poweroff -f
"""


def needed(program):
    """The libraries that an ELF file names."""
    done = subprocess.run(["riscv64-linux-gnu-readelf", "-d", program], capture_output=True, text=True, check=False)
    return NEEDED.findall(done.stdout)


def libraries(root, program):
    """name -> path of all libraries that a program loads, found below `root`."""
    found, wanted = {}, needed(program)
    while wanted:
        name = wanted.pop()
        if name in found or name == pathlib.Path(LOADER).name:
            continue
        paths = [root / folder / name for folder in LIBRARIES if (root / folder / name).exists()]
        if not paths:
            raise Failure(f"the unpacked QEMU has no {name}: remove .deps/kvm and start again")
        found[name] = paths[0].resolve()
        wanted += needed(found[name])
    return found


class Kvm:
    def __init__(self, here, tree):
        self.here, self.env = here, here.env
        self.tree = tree
        self.root = tree / ".deps" / "kvm" / "root"
        if not (tree / ".deps" / "kvm" / "versions").exists():
            raise Failure("./warren bench --kvm fetches what this needs")

    def _files(self):
        """What the host's RAM disk holds besides its first process and the guest."""
        qemu = self.root / "usr" / "bin" / "qemu-system-riscv64"
        loader = next(path for path in (self.root / LOADER, self.root / "usr" / LOADER) if path.exists())
        files = {"bin/busybox": self.tree / ".deps" / "guest" / "busybox", "usr/bin/qemu-system-riscv64": qemu,
                 LOADER: loader}
        files |= {f"lib/riscv64-linux-gnu/{name}": path for name, path in libraries(self.root, qemu).items()}
        for module in sorted((self.tree / ".deps" / "kvm" / "modules").rglob("*.ko")):
            files[module.name] = module
        return files

    def disk(self, case, words, guest_files):
        """The host's RAM disk, as a file below the logs."""
        sys.path.insert(0, str(self.tree / "tools" / "archive"))
        import initramfs  # of tools/archive
        files = {name: path.read_bytes() for name, path in (self._files() | guest_files).items()}
        files["init"] = INIT.format(memory=f"{machines.GUEST_MIB}M", words=words).encode()
        self.env.logs.mkdir(parents=True, exist_ok=True)
        path = self.env.logs / f"kvm-{case}.cpio"
        path.write_bytes(initramfs.build(files))
        return path

    def words(self, disk):
        return ["-kernel", self.env.guest_kernel, "-initrd", disk, "-append", machines.BOOTARGS]

    def counted(self, case, words, guest_files):
        print(f"counting KVM ({case}): a Linux host, then its guest; this takes some minutes", flush=True)
        disk = self.disk(case, words, guest_files)
        try:
            run = self.here.counted(f"{case}-kvm", self.words(disk), HOST_MIB, budget_s=BUDGET_S)
        finally:
            disk.unlink(missing_ok=True)
        if "bench: host is up" not in run.console:
            raise Failure(f"the KVM host did not come up; see {self.env.logs}")
        return run

    def exits(self):
        return self.counted("exits", "-kernel /guest.bin -append 1", {"guest.bin": self.env.built("test/guest/bench.bin")})

    def debian(self):
        return (f"-kernel /Image -initrd /guest.cpio -append '{machines.BOOTARGS}'",
                {"Image": self.env.guest_kernel, "guest.cpio": self.env.built("test/bench/init.cpio")})

    def boot(self):
        return self.counted("boot", *self.debian())

    def seconds(self):
        """As Machines.seconds_to_init(), from the start of KVM's VMM."""
        disk = self.disk("wall", *self.debian())
        try:
            return self.here.seconds_to_init("wall-kvm", self.words(disk), HOST_MIB, "^bench: host is up")
        finally:
            disk.unlink(missing_ok=True)
