# SPDX-License-Identifier: BSD-2-Clause
"""Figures from the counts: pure, so that they can be tested without a machine."""

import dataclasses
import re

import counts

# Who executes in each mode, where the system under measurement is a hypervisor (the firmware below, a kernel,
# its processes, a guest) and where it is a kernel alone.
HYPERVISOR_PARTS = {"guest": ("VS", "VU"), "kernel": ("HS",), "VMM": ("U",), "firmware": ("M",)}
BARE_PARTS = {"guest": ("HS", "U"), "firmware": ("M",)}


def parts(by_mode, is_bare=False):
    """Instructions by the program that executes them."""
    return {part: sum(by_mode.get(mode, 0) for mode in modes)
            for part, modes in (BARE_PARTS if is_bare else HYPERVISOR_PARTS).items()}


def before(intervals, mode):
    """All that was executed until the first instruction in that mode."""
    span = counts.Interval("span")
    for interval in intervals:
        span.add(interval)
        if interval.kind == "first" and interval.mode == mode:
            return span
    raise counts.Malformed(f"nothing was ever executed in {mode} mode")


def boot(intervals, is_bare=False):
    """How a kernel comes up: {"before", "boot"}, each with counts by mode and changes of mode.

    Before: from power-on to its first instruction; boot: from there to its first process.
    """
    own, user = ("HS", "U") if is_bare else counts.GUEST_MODES
    after = counts.until(intervals, lambda interval: interval.kind == "first" and interval.mode == own,
                         lambda interval: interval.number == counts.MARK_INIT and interval.mode == user)
    return {name: {"total": span.total, "counts": dict(span.counts),
                   "changes": {f"{old}>{new}": times for (old, new), times in span.changes.items()}}
            for name, span in (("before", before(intervals, own)), ("boot", after))}


def creation(intervals):
    """Instructions from the last watched one before a guest's first instruction to that one; None: not watched."""
    total = None
    for interval in intervals:
        if total is not None:
            total += interval.total
        if interval.kind == "watch":
            total = 0
        if interval.kind == "first" and interval.mode == "VS":
            return total
    return None


def exits(changes):
    """The number of exits of a guest, for all reasons."""
    return sum(times for change, times in changes.items()
               if change.split(">")[0] in counts.GUEST_MODES and change.split(">")[1] not in counts.GUEST_MODES)


def memory_per_guest_kib(few, left_with_few, many, left_with_many, memory_mib):
    """What a guest takes beyond its RAM, from what is left in MiB: exact to 1 MiB for all of them together."""
    return (left_with_few - left_with_many) * 1024 / (many - few) - memory_mib * 1024


# What test/root/hops.c prints.
ECHOES = re.compile(r"^hops: (.+), (alone|beside a guest): 99 % in (\d+) ticks, longest (\d+)\s*$", re.M)
ECHOES_COST = re.compile(r"^hops: (.+): the guest lost (\d+) ticks, the others used (\d+) of (\d+)\s*$", re.M)
ECHOES_REST = re.compile(r"^hops: (.+): the guest's way in and out took (\d+) ticks, (\d+) were charged to no thread\s*$",
                         re.M)
TICKS_PER_US, TICKS_PER_MS = 10, 10_000


def hops(console):
    """The echoes over four hops, for each kind: microseconds within which 99 % came back and of the longest, alone
    and beside a guest that computes; milliseconds that this guest lost, that the others used, that the guest's own way
    in and out took, that no thread was charged, and that passed."""
    kinds = {}
    for kind, beside, most, longest in ECHOES.findall(console):
        kinds.setdefault(kind, {})[beside] = {"99 %": int(most) / TICKS_PER_US, "longest": int(longest) / TICKS_PER_US}
    for kind, *ticks in ECHOES_COST.findall(console):
        kinds.setdefault(kind, {})["ms"] = dict(zip(("lost", "used", "passed"), (int(t) / TICKS_PER_MS for t in ticks)))
    for kind, *ticks in ECHOES_REST.findall(console):
        kinds.setdefault(kind, {})["rest"] = dict(zip(("way", "nobody"), (int(t) / TICKS_PER_MS for t in ticks)))
    if not kinds or any(set(one) != {"alone", "beside a guest", "ms", "rest"} for one in kinds.values()):
        raise counts.Malformed("not every echo over four hops was reported")
    return kinds


def clock(pairs, linux=None):
    """The least seconds of each machine, and their ratios to the bare one's; which seconds, Machines.seconds_to_init() says.

    `pairs`: for each pair (bare, Warren) those two; `linux`: for KVM the same, since its VMM started.
    """
    columns = {"bare": [pair[0] for pair in pairs], "Warren": [pair[1] for pair in pairs]}
    if linux:
        columns["KVM"] = [linux]
    least = {name: [min(column) for column in zip(*runs)] for name, runs in columns.items()}
    return {name: {"seconds": seconds, "ratio": [one / bare for one, bare in zip(seconds, least["bare"])]}
            for name, seconds in least.items()}


def by_name(rows):
    return {row.name: row for row in rows}


def without_htinst(rows):
    """The rows whose exits have an htinst, under another name."""
    return [dataclasses.replace(row, name=f"{row.name}, htinst 0") for row in rows if " register " in row.name]


def differences(one, other):
    """The differences between two measurements of the same operations, one line each."""
    found = []
    for name in sorted(set(one) | set(other)):
        if one.get(name) != other.get(name):
            found.append(f"{name}: {one.get(name)} and then {other.get(name)}")
    return found
