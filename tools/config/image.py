# SPDX-License-Identifier: BSD-2-Clause
"""The header of a RISC-V Linux Image.

Linux, Documentation/arch/riscv/boot-image-header.rst: 64 bytes, little-endian:
text_offset at 8, image_size at 16, flags at 24, magic2 "RSC\\x05" at 56.
"""

import dataclasses
import struct

HEADER_BYTES = 64
MAGIC2_AT = 56
MAGIC2 = b"RSC\x05"
FLAG_BIG_ENDIAN = 1
TEXT_OFFSET_STEP = 2 << 20
SIZE_MAX = 1 << 40

OTHER_KINDS = (
    (b"\x7fELF", "an ELF file", "use the Image made from it: objcopy -O binary, arch/riscv/boot/Image"),
    (b"\x1f\x8b", "compressed with gzip", "unpack it: zcat FILE > Image"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "unpack it: zstd -dc FILE > Image"),
    (b"\xfd7zXZ\0", "compressed with xz", "unpack it: xzcat FILE > Image"),
    (b"\x27\x05\x19\x56", "a U-Boot uImage", "use the Image it was made from"),
)


class NotAnImage(Exception):
    def __init__(self, what, mend):
        super().__init__(what)
        self.what = what
        self.mend = mend


@dataclasses.dataclass(frozen=True)
class Image:
    text_offset: int
    image_size: int

    @property
    def end(self):
        """Bytes of RAM from its start that the loaded kernel takes."""
        return self.text_offset + self.image_size


def parse(head, file_bytes):
    """Reads the header from the first bytes of a file that has file_bytes in all."""
    for magic, kind, mend in OTHER_KINDS:
        if head.startswith(magic):
            raise NotAnImage(f"is {kind}, not a RISC-V Linux Image", mend)
    if head.startswith(b"MZ") and head[4:8] == b"zimg":
        raise NotAnImage("is a compressed EFI image, not a RISC-V Linux Image",
                         "build the kernel without CONFIG_EFI_ZBOOT, or use its arch/riscv/boot/Image")
    if len(head) < HEADER_BYTES:
        raise NotAnImage(f"has {file_bytes} bytes, too few for a RISC-V Linux Image",
                         "it may be truncated: fetch or build it again")
    if head[MAGIC2_AT:MAGIC2_AT + 4] != MAGIC2:
        raise NotAnImage('is not a RISC-V Linux Image (no "RSC\\x05" at byte 56)',
                         "use a kernel built for riscv64, arch/riscv/boot/Image")
    text_offset, image_size, flags = struct.unpack_from("<QQQ", head, 8)
    if flags & FLAG_BIG_ENDIAN:
        raise NotAnImage("is a big-endian kernel", "use a little-endian one")
    if image_size == 0 or image_size > SIZE_MAX or text_offset > SIZE_MAX:
        raise NotAnImage(f"has a header that makes no sense (text_offset {text_offset:#x}, "
                         f"image_size {image_size:#x})", "fetch or build it again")
    if text_offset % TEXT_OFFSET_STEP:
        raise NotAnImage(f"wants to be loaded at {text_offset:#x} in its memory, not a multiple of 2M",
                         "link it with a text_offset of 0 or 0x200000")
    if file_bytes > image_size:
        raise NotAnImage(f"has {file_bytes} bytes, more than the {image_size} its header states",
                         "fetch or build it again")
    return Image(text_offset, image_size)
