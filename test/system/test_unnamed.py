# SPDX-License-Identifier: BSD-2-Clause
"""A guest can use the extensions that its device tree names, and no others (test/guest/unnamed.c)."""

import re

from harness.env import Skip
from harness.gdb import KERNEL_ENTRY, stub
from harness.machine import Failure

UNNAMED = {"kernel": "build:test/guest/unnamed.bin", "memory": "16M"}

# The CSRs of the supervisor and of F, the counters that scounteren names, and stimecmp.
CSRS = {0x001, 0x002, 0x003, 0x100, 0x104, 0x105, 0x106, 0x10a, 0x140, 0x141, 0x142, 0x143, 0x144, 0x14d, 0x180,
        0xc00, 0xc01, 0xc02}
HAVE_NO_SWITCH = {0xda0}  # scountovf, which shows only the counters above
AIA = {0x150, 0xdb0}  # siselect keeps a number, saved with the guest's registers; stopi reads as "no interrupt"


# CSRs that firmware may leave set: each gives guests or processes access to some feature.
ALL = (1 << 64) - 1
LEFT_BY_FIRMWARE = {
    "mstateen0": ALL, "mstateen1": 1 << 63, "mstateen2": 1 << 63, "mstateen3": 1 << 63,
    "hstateen0": ALL, "hstateen1": ALL, "hstateen2": ALL, "hstateen3": ALL,
    "sstateen0": ALL, "sstateen1": ALL, "sstateen2": ALL, "sstateen3": ALL,
    "henvcfg": ALL, "senvcfg": ALL, "hcounteren": ALL, "scounteren": ALL, "htimedelta": 12345,
    "hedeleg": ALL, "hideleg": ALL, "hie": ALL, "hvip": ALL, "hgeie": ALL, "vsie": ALL, "vsatp": 8 << 60,
    "hvien": ALL, "hvictl": ALL, "hviprio1": ALL, "hviprio2": ALL, "vsiselect": 0x30, "vsstatus": ALL,
    "scontext": ALL, "hcontext": ALL, "sctrctl": ALL, "vsctrctl": ALL,
}
LEFT_ANYWHERE = {"henvcfg", "senvcfg", "hcounteren", "scounteren", "hedeleg", "hideleg", "hie", "hvip"}


def found(env, cpu, gdb=None):
    """Returns the CSRs a guest can read, and what else works; with `gdb`, after LEFT_BY_FIRMWARE is written."""
    with env.system({"unnamed": UNNAMED}) as archive, \
            env.warren(archive, cpu=cpu, smp=1, words=gdb.words if gdb else ()) as machine:
        if gdb:
            written = set(gdb.write_at(KERNEL_ENTRY, LEFT_BY_FIRMWARE))
            if not LEFT_ANYWHERE <= written:
                raise Failure(f"QEMU wrote none of {LEFT_ANYWHERE - written}")
        machine.expect(r"unnamed: begin\n", 30)
        machine.expect(r"unnamed: end\n", 60)
        machine.expect_exit(0)
        text = machine.text.clean
    return ({int(number, 16) for number in re.findall(r"unnamed: csr (0x\w+)$", text, re.M)},
            re.findall(r"unnamed: (insn .*|pte .*)$", text, re.M))


def has_just(env, cpu, csrs, gdb=None):
    is_found, others = found(env, cpu, gdb)
    if not csrs - HAVE_NO_SWITCH <= is_found <= csrs:
        differ = ", ".join(f"{csr:#x}" for csr in sorted(is_found ^ csrs))
        raise Failure(f"CSRs that are readable but should not be, or the reverse: {differ}")
    if others:
        raise Failure(f"it runs {', '.join(others)}")


def test_unnamed_features_are_off(env):
    """No CSR, instruction or page-table bit works that the guest's riscv,isa does not name."""
    has_just(env, env.cpu, CSRS | HAVE_NO_SWITCH)


def test_unnamed_features_are_off_whatever_firmware_left(env):
    """The same holds when firmware left access open in each CSR that the kernel can close."""
    with stub() as gdb:
        has_just(env, env.cpu, CSRS | HAVE_NO_SWITCH, gdb)


def test_unnamed_aia_registers_are_shut(env):
    """On a hart whose AIA cannot be hidden, a guest can use siselect as a plain register and no more of AIA."""
    if env.cpu != "rv64":
        raise Skip("this model can hide the registers of AIA")
    has_just(env, "rv64,smaia=on,ssaia=on", CSRS | AIA)
