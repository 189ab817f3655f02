# SPDX-License-Identifier: BSD-2-Clause
"""The layouts of libs/abi/trace.h and libs/proto/trace.h, and names for what their numbers mean."""

import pathlib
import struct
import sys

TREE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE / "tools" / "gen"))

import abi_model  # noqa: E402

INDEX_MAGIC = int.from_bytes(b"WARTRIX1", "little")
INDEX_HEAD = struct.Struct("<QQQQII16Q")
INDEX_BYTES = 4096
NAME = struct.Struct("<IBB2x40s")
NAMES_MAX = 64
CHUNKS_MAX = 16

RING_MAGIC = int.from_bytes(b"WARTRNG1", "little")
CHUNK_HEAD = struct.Struct("<QQIIQQ24x")
RECORD = struct.Struct("<QIBBHQQ")

EXIT, CALL, SIGNAL, SWITCH, ENTER, INTERRUPT = range(6)
EVENTS = ("exits", "calls", "signals", "switches", "entries", "interrupts")
THREAD, VCPU = 1, 2

REASON_ECALL = 1
REASONS = ("none", "ecall", "load", "store", "fetch", "virtual instruction", "other")
INTERRUPTS = {1: "software", 5: "timer", 9: "external", 13: "counter overflow"}
CALL_NONE = 255

# The guest's machine (docs/devices/): address, size, name.
DEVICES = ((0x100000, 0x1000, "finisher"), (0x101000, 0x1000, "RTC"),
           (0xc000000, 0x600000, "PLIC"), (0x10000000, 0x100, "UART"))
# SBI extensions whose number is not their name in ASCII.
EXTENSIONS = {0: "set_timer (legacy)", 1: "putchar (legacy)", 2: "getchar (legacy)",
              3: "clear_ipi (legacy)", 4: "send_ipi (legacy)", 5: "remote_fence_i (legacy)",
              6: "remote_sfence_vma (legacy)", 7: "remote_sfence_vma_asid (legacy)",
              8: "shutdown (legacy)", 0x10: "BASE"}


def device_at(address):
    for start, size, name in DEVICES:
        if start <= address < start + size:
            return name
    return "memory" if address >= 0x80000000 else "nothing"


def extension_name(number):
    """The name of an SBI extension; most numbers are the name in ASCII."""
    if number in EXTENSIONS:
        return EXTENSIONS[number]
    text = number.to_bytes(8, "big").lstrip(b"\0")
    if len(text) > 2 and all(0x20 < c < 0x7f for c in text):
        return text.decode()
    return f"{number:#x}"


def exit_name(record):
    """A short name for an exit; exits that a reader would count together have one name."""
    reason = REASONS[record.detail] if record.detail < len(REASONS) else "?"
    if record.detail == REASON_ECALL:
        number, function = record.word0 >> 32, record.word0 & 0xffffffff
        legacy = number < 0x10
        return "SBI " + extension_name(number) + ("" if legacy else f" {function}")
    if reason in ("load", "store", "fetch"):
        return f"{device_at(record.word0)} {reason}"
    return reason if reason != "other" else f"cause {record.more}"


class Calls:
    """Names of the kernel's calls, from the interface's description."""

    def __init__(self):
        face = abi_model.parse((TREE / "libs/abi/interface.toml").read_text(),
                               (TREE / "libs/base/err.h").read_text())
        self._calls = {call.number: call.stub for call in face.calls}
        self._methods = {(entry.object.type, entry.number): entry.stub for entry in face.methods}
        self._errors = {number: name for name, number in face.errors.items()}

    def name(self, record):
        if record.detail == CALL_NONE:
            return "no such call"
        if record.detail != 0:
            return self._calls.get(record.detail, f"call {record.detail}")
        kind = record.word0 >> 32
        return self._methods.get((kind, record.more), f"method {record.more} of type {kind}")

    def error(self, number):
        return self._errors.get(number, str(number))
