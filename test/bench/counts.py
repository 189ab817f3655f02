# SPDX-License-Identifier: BSD-2-Clause
"""The plugin's output (format: plugin/count.c): intervals between markers, and rows made of them."""

import dataclasses
import re

MODES = ("M", "HS", "U", "VS", "VU")
GUEST_MODES = ("VS", "VU")
MARK_BEGIN, MARK_END, MARK_INIT, MARK_PAUSE, MARK_RESUME = 1, 2, 3, 4, 5

# "Hypervisor CSRs" and "Virtual Supervisor CSRs" of the privileged specification, by number: what a guest's
# registers are kept in while it runs.  hvip is not one of them: it is how interrupts reach a guest.
VS_CSRS = {0x200: "vsstatus", 0x204: "vsie", 0x205: "vstvec", 0x240: "vsscratch", 0x241: "vsepc", 0x242: "vscause",
           0x243: "vstval", 0x244: "vsip", 0x24d: "vstimecmp", 0x250: "vsiselect", 0x280: "vsatp"}

# What a program prints about the operations between two markers.
REPORT = re.compile(r"^bench: (.+?): (\d+) ticks for (\d+)\s*$", re.M)


class Malformed(Exception):
    """The plugin's output, or the console's lines for it, are malformed."""


@dataclasses.dataclass
class Interval:
    """The instructions executed between two successive markers."""
    kind: str = ""      # mark, first or watch
    number: int = -1    # of a marker
    mode: str = ""      # that met it
    counts: dict = dataclasses.field(default_factory=dict)   # mode -> instructions
    changes: dict = dataclasses.field(default_factory=dict)  # (mode, mode) -> times
    csrs: dict = dataclasses.field(default_factory=dict)     # number -> writes in HS mode
    sites: dict = dataclasses.field(default_factory=dict)    # (mode, page, address, insn) -> times

    @property
    def total(self):
        return sum(self.counts.values())

    def add(self, other):
        for name in ("counts", "changes", "csrs", "sites"):
            ours = getattr(self, name)
            for key, times in getattr(other, name).items():
                ours[key] = ours.get(key, 0) + times
        return self


def _head(fields):
    kind, *rest = fields
    if kind == "mark":
        return Interval(kind, int(rest[0]), rest[1])
    return Interval(kind, mode=rest[0])


def _line(interval, fields):
    kind, *rest = fields
    times = int(rest[-1])
    if kind == "count":
        interval.counts[rest[0]] = times
    elif kind == "change":
        interval.changes[rest[0], rest[1]] = times
    elif kind == "csr":
        interval.csrs[int(rest[0], 16)] = times
    elif kind == "site":
        interval.sites[rest[0], int(rest[1], 16), int(rest[2], 16), int(rest[3], 16)] = times
    else:
        raise Malformed(f"the plugin's line begins with {kind}")


def parse(lines):
    """The intervals of an output, in order; Malformed when it is cut short or is something else."""
    found, interval = [], None
    for number, line in enumerate(lines, 1):
        fields = line.split()
        try:
            if fields == ["end"] and interval:
                found.append(interval)
                interval = None
            elif interval is None and fields[0] in ("mark", "first", "watch"):
                interval = _head(fields)
            elif interval is not None:
                _line(interval, fields)
            else:
                raise Malformed("it stands outside an interval")
        except (IndexError, ValueError, Malformed) as error:
            raise Malformed(f"line {number} of the plugin's output: {error}") from None
    if interval is not None:
        raise Malformed("the plugin's output ends within an interval")
    return found


def pairs(intervals):
    """The intervals between each begin marker and the end marker after it, without pauses.

    A marker that ends a stretch has been counted in it; that instruction is taken off.
    """
    found, inside, is_paused = [], None, False
    for interval in intervals:
        if inside is not None and not is_paused:
            inside.add(interval)
            if interval.number in (MARK_END, MARK_PAUSE):
                inside.counts[interval.mode] -= 1
        if interval.number == MARK_BEGIN:
            inside, is_paused = Interval("pair", mode=interval.mode), False
        elif interval.number in (MARK_PAUSE, MARK_RESUME):
            is_paused = interval.number == MARK_PAUSE
        elif interval.number == MARK_END:
            if inside is None:
                raise Malformed("an end marker without a begin marker")
            found.append(inside)
            inside = None
    if inside is not None:
        raise Malformed("a begin marker without an end marker")
    return found


def until(intervals, begins, ends):
    """Everything after the first interval that `begins` accepts, up to the one that `ends` accepts."""
    inside = None
    for interval in intervals:
        if inside is not None:
            inside.add(interval)
            if ends(interval):
                return inside
        elif begins(interval):
            inside = Interval("span")
    raise Malformed("the markers of a span are not there")


@dataclasses.dataclass
class Row:
    """One operation: everything is for one of them, the loop subtracted."""
    name: str
    rounds: int
    counts: dict    # mode -> instructions
    changes: dict   # "VS>HS" -> times
    vs_csr_writes: dict  # name -> writes in HS mode
    sites: dict     # as in Interval, for one

    @property
    def total(self):
        return sum(self.counts.values())


def _row(name, rounds, pair, loop):
    counts = {mode: pair.counts.get(mode, 0) / rounds - loop.get(mode, 0) for mode in MODES}
    return Row(name, rounds, {mode: value for mode, value in counts.items() if abs(value) > 0.0005},
               {f"{old}>{new}": times / rounds for (old, new), times in pair.changes.items()},
               {VS_CSRS[csr]: times / rounds for csr, times in pair.csrs.items() if csr in VS_CSRS},
               {key: times / rounds for key, times in pair.sites.items()})


def rows(intervals, console):
    """The operations that a program reported on its console, with what was counted for each.

    The first, "nothing", is the loop: it is subtracted from the others and left out.
    """
    reports, found = REPORT.findall(console), pairs(intervals)
    if not reports or len(reports) != len(found):
        raise Malformed(f"{len(reports)} operations were reported, {len(found)} were counted")
    loop, made = {}, []
    for (name, _, rounds), pair in zip(reports, found):
        if name == "nothing":
            loop = {pair.mode: pair.counts.get(pair.mode, 0) / int(rounds)}
        else:
            made.append(_row(name, int(rounds), pair, loop))
    return made
