# SPDX-License-Identifier: BSD-2-Clause
"""The cpio "newc" format.  docs/boot-archive.md describes the fields."""

import dataclasses

MAGIC = b"070701"
HEADER_BYTES = 110
FIELDS = ("ino", "mode", "uid", "gid", "nlink", "mtime", "filesize",
          "devmajor", "devminor", "rdevmajor", "rdevminor", "namesize", "check")
TRAILER = "TRAILER!!!"
PAGE_BYTES = 4096
NAMESIZE_MAX = 4352

S_IFMT, S_IFREG, S_IFDIR, S_IFLNK, S_IFCHR = 0o170000, 0o100000, 0o040000, 0o120000, 0o020000


class BadArchive(Exception):
    """The archive breaks a rule; the text names the rule and the place."""


@dataclasses.dataclass(frozen=True)
class Entry:
    name: str
    mode: int
    data_at: int
    data_bytes: int


def up(value, step):
    return -(-value // step) * step


class Writer:
    """Writes entries to a binary stream that begins here."""

    def __init__(self, stream, align_bytes=4):
        self.stream = stream
        self.align_bytes = align_bytes
        self.at = 0
        self.ino = 0

    def _write(self, data):
        self.stream.write(data)
        self.at += len(data)

    def _header(self, mode, size, namesize, ino, rdev=(0, 0)):
        values = (ino, mode, 0, 0, 1, 0, size, 0, 0, *rdev, namesize, 0)
        self._write(MAGIC + b"".join(b"%08x" % value for value in values))

    def add(self, name, mode, data=b"", rdev=(0, 0)):
        """Adds one entry; its data begins at a multiple of align_bytes."""
        self.ino += 1
        raw = name.encode() + b"\0"
        data_at = up(self.at + HEADER_BYTES + len(raw), self.align_bytes)
        namesize = data_at - self.at - HEADER_BYTES if self.align_bytes > 4 else len(raw)
        self._header(mode, len(data), namesize, self.ino, rdev)
        self._write(raw.ljust(namesize, b"\0"))
        self._write(bytes(-self.at % 4))
        self._write(data)
        self._write(bytes(-self.at % 4))

    def finish(self, block_bytes=512):
        raw = TRAILER.encode() + b"\0"
        self._header(0, 0, len(raw), 0)
        self._write(raw)
        self._write(bytes(-self.at % block_bytes))


def _fields(raw, at):
    text = raw[at + len(MAGIC):at + HEADER_BYTES]
    if any(byte not in b"0123456789abcdefABCDEF" for byte in text):
        raise BadArchive(f"a field at {at} is not hexadecimal")
    return {field: int(text[8 * i:8 * i + 8], 16) for i, field in enumerate(FIELDS)}


def _name(raw, at, namesize):
    if not 0 < namesize <= NAMESIZE_MAX or namesize > len(raw) - at:
        raise BadArchive(f"the name at {at} has a length of {namesize}")
    name = raw[at:at + namesize]
    if name[-1] or not name[0]:
        raise BadArchive(f"the name at {at} is empty or does not end with a zero byte")
    return name[:name.index(0)].decode("latin-1")


def read(raw):
    """The entries of an archive, without the trailer."""
    entries, at = [], 0
    while True:
        if len(raw) - at < HEADER_BYTES or raw[at:at + len(MAGIC)] != MAGIC:
            raise BadArchive(f"there is no entry at {at}: truncated, or not a newc archive")
        fields = _fields(raw, at)
        name = _name(raw, at + HEADER_BYTES, fields["namesize"])
        data_at = up(at + HEADER_BYTES + fields["namesize"], 4)
        size = fields["filesize"]
        if size > len(raw) - data_at:
            raise BadArchive(f'"{name}" reaches beyond the end: truncated')
        if name == TRAILER:
            if any(raw[data_at:]):
                raise BadArchive("data follows the trailer")
            return entries
        entries.append(Entry(name, fields["mode"], data_at, size))
        at = up(data_at + size, 4)
