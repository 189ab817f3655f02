# SPDX-License-Identifier: BSD-2-Clause
"""A hostile program in the VMM's place (test/probe) gets no more rights than a VMM should have."""

import difflib
import pathlib
import re

from harness.machine import Failure

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden" / "vmm-slots.txt"
ATTEMPTS = ("read-null", "read-kernel", "write-kernel", "run-kernel", "read-physical", "read-root",
            "write-text", "write-start", "write-image", "run-data", "run-guest-ram", "read-past-ram",
            "overrun-stack", "read-csr", "load-as-guest", "wait", "read-cycle", "copy-to-null", "copy-from-null")
AT_ONCE = 6


def probe(what):
    # A VMM answers pings; the probe answers none, and takes seconds to try all slots.
    return {"vmm": "probe", "kernel": "build:test/guest/small.bin", "memory": "16M", "bootargs": what, "ping": "60s"}


def test_probe_finds_just_the_slots_of_a_vmm(env):
    """The slots, methods and calls that answer the probe are exactly those of the checked-in list."""
    with env.system({"prober": probe("slots")}) as archive, env.warren(archive) as machine:
        machine.expect(r"slots: \d+ in all", 120)
        found = re.findall(r"^(?:warren: )?vmm\.prober: (slot.*)$", machine.text.clean, re.M)
    wanted = GOLDEN.read_text(encoding="ascii").splitlines() if GOLDEN.exists() else []
    if found != wanted:
        raise Failure("\n# ".join(["the list differs:", *difflib.unified_diff(wanted, found, lineterm="")]))


def test_probe_every_attempt_is_a_fault(env):
    """Each attempt to use foreign memory or a privileged instruction ends in a fault report by name."""
    for first in range(0, len(ATTEMPTS), AT_ONCE):
        some = ATTEMPTS[first:first + AT_ONCE]
        with env.system({name: probe(name) for name in some}) as archive, env.warren(archive) as machine:
            machine.expect_exit(None, 60)
            text = machine.text.clean
        for name in some:
            if f"attempt {name}" not in text:
                raise Failure(f"{name} was not attempted")
            if f"attempt {name} succeeded" in text:
                raise Failure(f"{name} succeeded")
            # Not anchored to the line's start: the firmware may have printed its error message there.
            if not re.search(rf"\bvmm\.{name} faulted: ", text):
                raise Failure(f"{name} made no fault report")


def test_probe_copy_from_foreign_memory_is_an_error(env):
    """rt_copy_in() and rt_copy_out() return an error for memory that the process cannot access: the root server
    has registered the range that the program file names."""
    with env.system({"prober": probe("copy-foreign")}) as archive, env.warren(archive) as machine:
        machine.expect(r"copies refused", 60, unless="faulted|panic")
        machine.expect(r"attempt copy-foreign succeeded", 30)


def test_probe_recovery_range_acts_in_its_own_process_only(env):
    """A load that fails at an address in the recovery range of the console service, which runs beside, is a fault of
    the process that loads, at that address."""
    console, own = env.symbols("services/console.elf"), env.symbols("test/probe/probe.elf")
    first, last = (console["rt_access_start"] + 3) & ~3, (console["rt_access_end"] - 1) & ~3
    if not own["probe_loads"] <= first < last < own["probe_loads_end"] <= own["rt_access_start"]:
        raise Failure("the probe has no loads at the addresses of the console's range")
    with env.system({"first": probe(f"load-in-range {first:#x}"), "last": probe(f"load-in-range {last:#x}")}) as archive, \
            env.warren(archive) as machine:
        machine.expect_exit(None, 60)
        text = machine.text.clean
    for name, at in (("first", first), ("last", last)):
        faults = re.findall(rf"\bvmm\.{name} faulted: (.*)$", text, re.M)
        if not faults or set(faults) != {f"load page fault (cause 13, tval 0) at pc {at:#x}"}:
            raise Failure(f"a load at {at:#x} made these reports: {faults}")
