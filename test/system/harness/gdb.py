# SPDX-License-Identifier: BSD-2-Clause
"""QEMU's gdb stub, as far as a case needs it (GDB manual, "Remote Protocol")."""

import contextlib
import pathlib
import re
import socket
import tempfile
import time

from .machine import Failure, slowness

KERNEL_ENTRY = 0x80200000  # QEMU loads the kernel here, and firmware jumps here
# OpenSBI's `struct fw_dynamic_info`, behind the ten instructions of QEMU's reset code.
FIRMWARE_INFO = 0x1028
FIRMWARE_MAGIC = 0x4942534f
BOOT_HART = FIRMWARE_INFO + 5 * 8
PC_NUMBER = 32  # the number of the pc in gdb's order of registers


class Stub:
    def __init__(self, path):
        self.path = path
        self.words = ["-S", "-chardev", f"socket,path={path},server=on,wait=off,id=gdb",
                      "-gdb", "chardev:gdb"]
        self._rest = b""

    def connect(self, timeout_s=20):
        self._socket = socket.socket(socket.AF_UNIX)
        until = time.monotonic() + timeout_s * slowness()
        while self._socket.connect_ex(self.path) != 0:
            if time.monotonic() > until:
                raise Failure("QEMU's gdb stub does not answer")
            time.sleep(0.05)
        self._socket.settimeout(timeout_s * slowness())

    def _packet(self):
        """The body of the next packet from QEMU."""
        while True:
            begin, end = self._rest.find(b"$"), self._rest.find(b"#")
            if 0 <= begin < end and len(self._rest) >= end + 3:
                body, self._rest = self._rest[begin + 1:end], self._rest[end + 3:]
                self._socket.sendall(b"+")
                return body.decode()
            try:
                data = self._socket.recv(4096)
            except TimeoutError:
                data = b""
            if not data:
                raise Failure("QEMU's gdb stub does not answer")
            self._rest += data

    def ask(self, body):
        self._socket.sendall(f"${body}#{sum(body.encode()) & 0xff:02x}".encode())
        return self._packet()

    def _run_to(self, address):
        """Lets the machine run until a hart reaches `address`."""
        self.connect()
        self.ask("?")
        if self.ask(f"Z1,{address:x},4") != "OK":
            raise Failure("QEMU takes no breakpoint")
        stop = self.ask("c")
        if not stop.startswith("T05"):
            raise Failure(f"no hart came to {address:#x}: {stop}")
        self.ask(f"z1,{address:x},4")

    def _csr_numbers(self):
        """The hart's CSRs by name, in gdb's order."""
        text = ""
        while True:
            part = self.ask(f"qXfer:features:read:riscv-csr.xml:{len(text):x},1000")
            text += part[1:]
            if part[:1] != "m":
                break
        found = re.findall(r'name="(\w+)"[^>]*regnum="(\d+)"', text)
        return {name: int(number) for name, number in found}

    def write_at(self, address, values):
        """
        Lets the machine run until a hart reaches `address`, writes that hart's CSRs, and lets the machine
        go on.  Skips CSRs that the hart does not have.  Returns the names of the CSRs that were written.
        """
        self._run_to(address)
        numbers, written = self._csr_numbers(), []
        for name, value in values.items():
            body = f"P{numbers.get(name, 0):x}={value.to_bytes(8, 'little').hex()}"
            if name in numbers and self.ask(body) == "OK":
                written.append(name)
        self.ask("D")
        self._socket.close()
        return written

    def derail(self, address):
        """Lets the machine run until a hart reaches `address`, then sets the pc of that hart to 0."""
        self._run_to(address)
        if self.ask(f"P{PC_NUMBER:x}={'0' * 16}") != "OK":
            raise Failure("QEMU does not allow a write to the pc")
        self._socket.sendall(b"$D#44")  # the machine may end before it answers
        self._socket.close()

    def boot_on(self, hart):
        """Lets `hart` run alone until firmware jumps to the kernel on it; then lets all harts run."""
        self.connect()
        self.ask("?")
        if self.ask(f"m{FIRMWARE_INFO:x},8") != FIRMWARE_MAGIC.to_bytes(8, "little").hex():
            raise Failure(f"QEMU has no firmware information at {FIRMWARE_INFO:#x}")
        if self.ask(f"M{BOOT_HART:x},8:{hart.to_bytes(8, 'little').hex()}") != "OK":
            raise Failure("QEMU does not allow a write to its reset code")
        if self.ask(f"Z1,{KERNEL_ENTRY:x},4") != "OK":
            raise Failure("QEMU takes no breakpoint")
        stop = self.ask(f"vCont;c:{hart + 1:x}")
        if not stop.startswith("T05"):
            raise Failure(f"hart {hart} did not reach the kernel: {stop}")
        self.ask(f"z1,{KERNEL_ENTRY:x},4")
        self.ask("D")
        self._socket.close()


@contextlib.contextmanager
def stub():
    """The gdb stub of one machine, whose QEMU command needs the stub's arguments."""
    with tempfile.TemporaryDirectory(prefix="warren-gdb-") as folder:
        yield Stub(str(pathlib.Path(folder) / "gdb"))
