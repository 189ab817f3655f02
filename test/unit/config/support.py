# SPDX-License-Identifier: BSD-2-Clause
"""Systems in a temporary folder, and files to put into them."""

import contextlib
import io
import pathlib
import struct
import tempfile
import unittest

import compile as compiler
import devices

MIB = 1 << 20
CONSOLE = '''\
[service]
protocol = "console/1"
instances = "system"
log = true
restart = { most = 20, within = "10s", wait = "10ms..1s" }
[[device]]
as = "uart"
match = ["ns16550a"]
prefer = "stdout-path"
irqs = 1
properties = ["reg-shift", "reg-io-width"]
[client]
output = { record = 1, count = 16384, from = "client" }
input = { record = 1, count = 4096, from = "service" }
[guest]
key = "console"
device = "uart16550"
default = {}
'''
VIRTIO = ("virtio-blk", "virtio-net", "virtio-rng")
DESCRIPTOR = 'const struct dev_model x_model = {{\n    .name = "{0}",\n    .presence = {1},\n}};\n'
SYSTEM = 'guests = ["one"]\n'
GUEST = 'kernel = "debian:Image"\n'


def image_bytes(text_offset=2 * MIB, image_size=4 * MIB, flags=0, file_bytes=4096, magic=b"RSC\x05"):
    """A file with the header of a RISC-V Linux Image."""
    head = struct.pack("<IIQQQIIQ8s4sI", 0x13, 0x13, text_offset, image_size, flags, 2, 0, 0,
                       b"RISCV\0\0\0", magic, 0)
    return head.ljust(file_bytes, b"\0")


def efi_image_bytes(file_bytes=8192, machine=0x5064, sections=((512, 1024), (1536, 6656)), **more):
    """An Image with an EFI stub: a PE header at byte 64, and sections (offset, bytes) in the file."""
    head = b"MZ" + image_bytes(file_bytes=64, **more)[2:60] + struct.pack("<I", 64)
    head += struct.pack("<4sHH12xH2x", b"PE\0\0", machine, len(sections), 160).ljust(24 + 160, b"\0")
    head += b"".join(struct.pack("<8sIIII16x", b".text", size, offset, size, offset) for offset, size in sections)
    return head.ljust(file_bytes, b"\x13")[:file_bytes]


def elf_bytes(vaddr=0x10000, entry=None, kind=2, machine=243, flags=5, file_bytes=16, memory_bytes=16,
              segments=1, tail=16, paddr=None):
    """A small static program for riscv64."""
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01" + bytes(9), kind, machine, 1,
                         vaddr if entry is None else entry, 64, 0, 0, 64, 56, segments, 0, 0, 0)
    program = struct.pack("<IIQQQQQQ", 1, flags, 64 + 56 * segments, vaddr, vaddr if paddr is None else paddr, file_bytes,
                          memory_bytes, 4096)
    return header + program * segments + bytes(tail)


class SystemCase(unittest.TestCase):
    """A test that begins with a correct system of one guest, and then changes it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="warren-config-")
        self.addCleanup(folder.cleanup)
        self.top = pathlib.Path(folder.name)
        self.folder = self.top / "sample"
        for path in (self.folder, self.top / "store", self.top / "built", self.top / "services", self.top / "dev"):
            path.mkdir()
        self.put("store/Image", image_bytes())
        self.put("store/initrd", bytes(5000))
        self.put("built/vmm.elf", elf_bytes())
        self.service("console", CONSOLE)
        self.devices()
        self.system(SYSTEM)
        self.guest("one", GUEST)

    def put(self, path, data):
        path = self.top / path
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def system(self, text):
        return self.put("sample/system.toml", text)

    def guest(self, name, text):
        return self.put(f"sample/{name}.toml", text)

    def devices(self):
        """Writes descriptors of the VMM's devices: those of the tree, and those that the samples name."""
        names = []
        for device in (*devices.known().values(), *(devices.Device(name, devices.ON_REQUEST, None) for name in VIRTIO)):
            names.append(device.name.replace("-", "_"))
            self.put(f"dev/{names[-1]}.c", DESCRIPTOR.format(device.name, device.presence))
        self.put("dev/meson.build", "vmm_devices = [\n" + "".join(f"  '{name}',\n" for name in names) + "]\n")

    def service(self, name, text):
        """Writes the manifest of a service."""
        (self.top / "services" / name).mkdir(exist_ok=True)
        return self.put(f"services/{name}/manifest.toml", text)

    def compile(self, *more, without=None):
        """(exit status, lines of messages) of the command."""
        self.output = self.top / "system.dtb"
        argv = ["--system", str(self.folder), "--output", str(self.output),
                "--manifest", str(self.top / "files"), "--info", str(self.top / "info"),
                "--store", f"debian={self.top / 'store'}", "--store", f"build={self.top / 'built'}"]
        argv += ["--services", str(self.top / "services"), "--devices", str(self.top / "dev")]
        programs = [f"svc/{path.name}" for path in sorted((self.top / "services").iterdir())]
        for name in {"vmm", "probe", *programs} - {without}:
            argv += ["--program", f"{name}={self.top / 'built' / 'vmm.elf'}"]
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors):
            status = compiler.main([*argv, *more])
        return status, errors.getvalue().splitlines()

    def assert_accepts(self):
        status, lines = self.compile()
        self.assertEqual((status, lines), (0, []))

    def assert_notes(self, where, what, mend):
        """Accepted, with one line about this FILE:LINE that has these pieces."""
        status, lines = self.compile()
        self.assertEqual((status, len(lines)), (0, 1), lines)
        place, _, text = lines[0].partition(": ")
        self.assertEqual(place, f"{self.folder}/{where}", lines)
        self.assertIn(what, text.rpartition("; ")[0])
        self.assertIn(mend, text.rpartition("; ")[2])
        self.assertTrue(self.output.exists(), "a note kept the blob from being written")

    def assert_refuses(self, where, what, mend, folder=None):
        """One message, for this FILE:LINE, with these pieces, and no output."""
        status, lines = self.compile()
        self.assertEqual(len(lines), 1, lines)
        place, _, text = lines[0].partition(": ")
        self.assertEqual(place, f"{(folder or self.folder)}/{where}", lines)
        said, semicolon, how = text.rpartition("; ")
        self.assertTrue(semicolon, lines)
        self.assertIn(what, said)
        self.assertIn(mend, how)
        self.assertEqual(status, 2)
        self.assertFalse(self.output.exists(), "a blob was written all the same")
