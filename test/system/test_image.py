# SPDX-License-Identifier: BSD-2-Clause
"""Kernels as people have them (image_size 0, bytes appended, another board's text_offset) start as they do bare."""

import struct

SMALL = "test/guest/small.bin"


def changed(image, offset, layout, value):
    data = bytearray(image)
    struct.pack_into(layout, data, offset, value)
    return bytes(data)


def variants(image):
    """The same guest in each form; fields of the header by Linux' boot-image-header.rst."""
    return {
        "size-zero": changed(image, 16, "<Q", 0),
        "appended": image + bytes(0x20000),
        "text-offset": changed(image, 8, "<Q", 0x40200000),
        "no-magic": changed(image, 56, "<I", 0),
    }


def boots_and_leaves(machine):
    machine.expect(r"small: boot, dirty \d+\n", 30)
    machine.send("p")
    machine.expect_exit(0, 30)


def test_image_each_form_starts_bare_and_in_a_guest(env):
    """Each form of a kernel that QEMU starts is started in a guest too, and runs to its end."""
    env.logs.mkdir(parents=True, exist_ok=True)
    path = env.logs / f"{env.case}.bin"
    for data in variants(env.built(SMALL).read_bytes()).values():
        path.write_bytes(data)
        with env.bare(kernel=path) as machine:
            boots_and_leaves(machine)
        with env.system({"small": {"kernel": str(path), "memory": "16M"}}) as archive, \
                env.warren(archive, smp=1) as machine:
            boots_and_leaves(machine)
    path.unlink()
