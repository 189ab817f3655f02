# SPDX-License-Identifier: BSD-2-Clause
"""Kernels with odd headers and uImages start in a guest as they do bare; gzip is unpacked as well."""

import gzip
import struct
import zlib

SMALL = "test/guest/small.bin"
PLACE = 0x80200000

# Position-independent code.  SBI, "System Reset Extension": type shutdown, no reason.
#   lui a7, 0x53525; addi a7, a7, 0x354; li a6, 0; li a0, 0; li a1, 0; ecall
SHUTDOWN = struct.pack("<6I", 0x535258b7, 0x35488893, 0x00000813, 0x00000513, 0x00000593, 0x00000073)


def changed(image, offset, layout, value):
    data = bytearray(image)
    struct.pack_into(layout, data, offset, value)
    return bytes(data)


def uimage(data, compression=0, load=PLACE):
    """U-Boot's legacy image (include/image.h): Linux, RISC-V, a kernel."""
    fields = [0x27051956, 0, 0, len(data), load, load, zlib.crc32(data), 5, 26, 2, compression, b"sample"]
    fields[1] = zlib.crc32(struct.pack(">7I4B32s", *fields))
    return struct.pack(">7I4B32s", *fields) + data


def forms(image):
    """The same guest in each form that QEMU starts; header fields as in Linux' boot-image-header.rst."""
    return {
        "size-zero": changed(image, 16, "<Q", 0),
        "appended": image + bytes(0x20000),
        "text-offset": changed(image, 8, "<Q", 0x40200000),
        "no-magic": changed(image, 56, "<I", 0),
        "uimage": uimage(image),
        "uimage-gz": uimage(gzip.compress(image), compression=1),
    }


def boots_and_leaves(machine):
    machine.expect(r"small: boot, dirty \d+\n", 30)
    machine.send("p")
    machine.expect_exit(0, 30)


def runs(env, name, data, in_guest, bare):
    """Starts the kernel in a guest; also bare, if `bare` gives the output to expect there."""
    env.logs.mkdir(parents=True, exist_ok=True)
    path = env.logs / f"{env.case}-{name}.bin"
    path.write_bytes(data)
    try:
        if bare:
            with env.bare(kernel=path) as machine:
                bare(machine)
        with env.system({"small": {"kernel": str(path), "memory": "16M"}}) as archive, \
                env.warren(archive, smp=1) as machine:
            in_guest(machine)
    finally:
        path.unlink()


def test_image_each_form_starts_bare_and_in_a_guest(env):
    """Each form of a kernel that QEMU starts also starts in a guest, and runs to its end."""
    for name, data in forms(env.built(SMALL).read_bytes()).items():
        runs(env, name, data, boots_and_leaves, boots_and_leaves)


def test_image_gzip_starts_in_a_guest(env):
    """A kernel that a distribution compressed with gzip is unpacked on the host; QEMU would not unpack it."""
    runs(env, "gzip", gzip.compress(env.built(SMALL).read_bytes()), boots_and_leaves, None)


def test_image_uimage_starts_where_it_says(env):
    """A uImage for another address of the RAM is loaded and started there, bare and in a guest."""
    def leaves(machine):
        machine.expect_exit(0, 30)
    runs(env, "elsewhere", uimage(SHUTDOWN, load=0x80600000), leaves, leaves)
