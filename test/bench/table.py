# SPDX-License-Identifier: BSD-2-Clause
"""Figures as tables that read well on a terminal and are Markdown."""

import figures


def number(value):
    """With thousands; a digit behind the point where it is small and not whole."""
    if value is None:
        return ""
    if abs(value) < 1000 and abs(value - round(value)) >= 0.05:
        return f"{value:,.1f}"
    return f"{value:,.0f}"


def render(title, heads, lines):
    """Columns as wide as their widest cell; all but the first are numbers."""
    cells = [[title, *heads]] + [[line[0], *map(number_or_text, line[1:])] for line in lines]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]

    def row(texts):
        rest = [text.rjust(width) for text, width in zip(texts[1:], widths[1:])]
        return "| " + " | ".join([texts[0].ljust(widths[0]), *rest]) + " |"

    rule = "|" + "|".join(["-" * (widths[0] + 2)] + ["-" * (width + 1) + ":" for width in widths[1:]]) + "|"
    return "\n".join([row(cells[0]), rule, *map(row, cells[1:])])


def number_or_text(value):
    return value if isinstance(value, str) else number(value)


def exits(bare, warren, kvm=None):
    """Bare, Warren and who executes Warren's; KVM when it was measured."""
    alone, linux = figures.by_name(bare), figures.by_name(kvm or [])
    heads = ["bare", "Warren", "guest", "kernel", "VMM", "firmware", "VS CSRs"]
    lines = []
    for row in warren:
        part = figures.parts(row.counts)
        lines.append([row.name, alone[row.name].total if row.name in alone else None, row.total,
                      *part.values(), sum(row.vs_csr_writes.values())])
    if kvm is not None:
        heads.append("KVM")
        for line in lines:
            line.append(linux[line[0]].total if line[0] in linux else None)
    return render("exits of a guest", heads, lines)


def calls(rows):
    lines = []
    for row in rows:
        part = figures.parts(row.counts)
        lines.append([row.name, row.total, part["kernel"], part["VMM"], part["guest"]])
    return render("the kernel's calls", ["Warren", "kernel", "processes", "guest"], lines)


def hops(measured):
    """What figures.hops() says; a column for each kind of echo."""
    lines = [[f"{what} of the echoes {beside}, us" if what == "longest" else f"{what} of the echoes {beside} within, us",
              *(f"{kind[beside][what]:,.1f}" for kind in measured.values())]
             for what in ("99 %", "longest") for beside in ("alone", "beside a guest")]
    lines += [[name, *(f"{kind['ms'][what]:,.1f}" for kind in measured.values())]
              for name, what in (("time of the echoes beside the guest, ms", "passed"),
                                 ("of it the guest lost, ms", "lost"), ("the other threads used, ms", "used"))]
    lines += [[name, *(f"{kind['rest'][what]:,.1f}" for kind in measured.values())]
              for name, what in (("the guest's way in and out took, ms", "way"), ("charged to no thread, ms", "nobody"))]
    return render("echo over four hops", list(measured), lines)


def boots(measured):
    """`measured`: name of a column -> what figures.boot() says, in the order of the columns."""
    first = next(iter(measured.values()))

    def millions(phase, part=None):
        return [(figures.parts(boot[phase]["counts"], boot is first).get(part, 0) if part else boot[phase]["total"]) / 1e6
                for boot in measured.values()]

    lines = [["power-on to the kernel's entry, M", *millions("before")],
             ["entry to the first process, M", *millions("boot")],
             ["the same, times bare", *(f"{boot['boot']['total'] / first['boot']['total']:.3f}"
                                        for boot in measured.values())],
             *([f"of it {part}, M", *millions("boot", part)] for part in figures.HYPERVISOR_PARTS),
             ["times the guest was left", *(figures.exits(boot["boot"]["changes"]) for boot in measured.values())]]
    for line in lines:
        line[1:] = [f"{cell:.1f}" if isinstance(cell, float) else cell for cell in line[1:]]
    return render("Debian kernel", list(measured), lines)


def clocks(measured):
    """What figures.clock() says."""
    lines = []
    for at, name in enumerate(("power-on to the first process", "processor time of QEMU for it",
                              "from when the kernel set its clock")):
        lines.append([f"{name}, s", *(f"{one['seconds'][at]:.2f}" for one in measured.values())])
        lines.append(["the same, times bare", *(f"{one['ratio'][at]:.2f}" for one in measured.values())])
    return render("Debian kernel by the clock", list(measured), lines)


def profile(name, rounds, places, least=0.5):
    """Who executes the instructions of one operation, dearest first."""
    ordered = sorted(places.items(), key=lambda item: (-item[1], item[0]))
    lines = [[f"{program}: {function}" if function else program, times]
             for (program, function), times in ordered if times >= least]
    return render(f"{name}, one of {rounds}", ["instructions"], lines)
