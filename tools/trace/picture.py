# SPDX-License-Identifier: BSD-2-Clause
"""Records as a picture (SVG): which thread or vCPU runs on the harts over time, and the guests' exits by kind."""

from collections import Counter
from xml.sax.saxutils import escape

import layout

BUCKETS = 240
LEFT, WIDTH = 60, 720         # of both diagrams
LEGEND = LEFT + WIDTH + 20
TOP, SHARE_HEIGHT, EXIT_HEIGHT, GAP = 64, 180, 150, 54
PAGE_WIDTH = LEGEND + 260
PAGE_HEIGHT = TOP + SHARE_HEIGHT + GAP + EXIT_HEIGHT + 46
KINDS_SHOWN = 6
PALETTE = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#f0e442", "#8c564b", "#7f7f7f")
KERNEL, IDLE = "#d55e00", "#e4e4e4"


def intervals(trace):
    """(begin, end, who) in ticks: who is a subject's name, "kernel" or "idle"."""
    since = {}  # hart -> (time, who)

    def who(record):
        known = trace.names.get(record.subject)
        return known.text if known else "unknown"

    for record in trace.records:
        now = None
        if record.event == layout.ENTER:
            now = who(record)
        elif record.event in (layout.EXIT, layout.CALL, layout.INTERRUPT):
            now = "kernel"
        elif record.event == layout.SWITCH:
            now = "kernel" if record.subject else "idle"
        if now is None:
            continue
        if record.hart in since:
            begin, before = since[record.hart]
            if record.time > begin:
                yield begin, record.time, before
        since[record.hart] = (record.time, now)


class Scale:
    """Ticks to buckets, and to text."""

    def __init__(self, trace):
        self.first = trace.records[0].time
        self.ticks = max(1, trace.records[-1].time + 1 - self.first)
        self.hz = trace.timebase_hz

    def bucket(self, time):
        return min(BUCKETS - 1, (time - self.first) * BUCKETS // self.ticks)

    def spread(self, begin, end):
        """(bucket, ticks) for each bucket that the interval touches."""
        width = self.ticks / BUCKETS
        for bucket in range(self.bucket(begin), self.bucket(end) + 1):
            low = self.first + bucket * width
            share = min(end, low + width) - max(begin, low)
            if share > 0:
                yield bucket, share

    def text(self, ticks):
        seconds = ticks / self.hz
        for unit, size in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
            if seconds >= size:
                return f"{seconds / size:.3g} {unit}"
        return f"{seconds * 1e9:.0f} ns"


def time_by_owner(trace, scale):
    """Subject -> [ticks in each bucket], largest sum first; the kernel and idle time last."""
    found = {}
    for begin, end, owner in intervals(trace):
        row = found.setdefault(owner, [0.0] * BUCKETS)
        for bucket, ticks in scale.spread(begin, end):
            row[bucket] += ticks
    last = {"kernel": 1, "idle": 2}
    return dict(sorted(found.items(), key=lambda item: (last.get(item[0], 0), -sum(item[1]))))


def exits_by_kind(trace, scale):
    """Kind -> [exits in each bucket], most frequent first; rare kinds under "other"."""
    exits = [record for record in trace.records if record.event == layout.EXIT]
    total = Counter(layout.exit_name(record) for record in exits)
    shown = [kind for kind, _ in sorted(total.items(), key=lambda item: (-item[1], item[0]))[:KINDS_SHOWN]]
    found = {kind: [0] * BUCKETS for kind in shown}
    for record in exits:
        kind = layout.exit_name(record)
        row = found.setdefault(kind if kind in shown else "other", [0] * BUCKETS)
        row[scale.bucket(record.time)] += 1
    return found


def nice_above(value):
    """The smallest of 1, 2, 5, 10, ... that is not smaller than the value."""
    size = 1
    while True:
        for step in (1, 2, 5):
            if step * size >= value:
                return step * size
        size *= 10


class Svg:
    def __init__(self):
        self.lines = []

    def text(self, x, y, text, size=12, anchor="start", more=""):
        self.lines.append(f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}"{more}>'
                          f"{escape(text)}</text>")

    def rect(self, x, y, width, height, fill):
        self.lines.append(f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{fill}"/>')

    def line(self, x1, y1, x2, y2, colour="#999"):
        self.lines.append(f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{colour}"/>')

    def stack(self, rows, colours, full, top, height):
        """One step area for each row, stacked on the one before."""
        base = [0.0] * BUCKETS
        step = WIDTH / BUCKETS
        for row, colour in zip(rows, colours):
            above = [low + value for low, value in zip(base, row)]
            points = []
            for edge in (above, base):
                way = []
                for i in range(BUCKETS):
                    y = f"{top + height * (1 - min(1, edge[i] / full)):.1f}"
                    if len(way) > 1 and way[-1][1] == y:
                        way.pop()  # it goes on level
                    else:
                        way.append((f"{LEFT + i * step:g}", y))
                    way.append((f"{LEFT + (i + 1) * step:g}", y))
                points += way if edge is above else way[::-1]
            text = " ".join(",".join(point) for point in points)
            self.lines.append(f'<polygon fill="{colour}" points="{text}"/>')
            base = above

    def legend(self, y, entries):
        for name, colour, value in entries:
            self.rect(LEGEND, y - 10, 11, 11, colour)
            self.text(LEGEND + 18, y, name)
            self.text(PAGE_WIDTH - 14, y, value, anchor="end")
            y += 19


def colours_of(names):
    fixed, free = {"kernel": KERNEL, "idle": IDLE, "other": "#7f7f7f"}, iter(PALETTE * 4)
    return [fixed[name] if name in fixed else next(free) for name in names]


def draw_shares(svg, trace, scale):
    owners = time_by_owner(trace, scale)
    colours = colours_of(owners)
    harts = len({record.hart for record in trace.records})
    svg.text(LEFT, TOP - 8, "Who has the hart" + (f"s ({harts})" if harts > 1 else ""), 13)
    svg.stack(owners.values(), colours, scale.ticks / BUCKETS * harts, TOP, SHARE_HEIGHT)
    for percent in (0, 50, 100):
        y = TOP + SHARE_HEIGHT * (1 - percent / 100)
        svg.line(LEFT - 4, y, LEFT, y)
        svg.text(LEFT - 8, y + 4, f"{percent} %", 11, "end")
    svg.legend(TOP + 8, [(name, colour, f"{scale.text(sum(row))} ({sum(row) / scale.ticks / harts:.1%})")
                         for (name, row), colour in zip(owners.items(), colours)])


def draw_exits(svg, trace, scale, top):
    kinds = exits_by_kind(trace, scale)
    colours = colours_of(kinds)
    most = max((sum(column) for column in zip(*kinds.values())), default=0) if kinds else 0
    full = nice_above(max(1, most))
    count = sum(sum(row) for row in kinds.values())
    svg.text(LEFT, top - 8, f"Exits to the VMM, for each {scale.text(scale.ticks / BUCKETS)}", 13)
    svg.stack(kinds.values(), colours, full, top, EXIT_HEIGHT)
    for value in (0, full):
        y = top + EXIT_HEIGHT * (1 - value / full)
        svg.line(LEFT - 4, y, LEFT, y)
        svg.text(LEFT - 8, y + 4, f"{value:,}", 11, "end")
    svg.legend(top + 8, [(name, colour, f"{sum(row):,}") for (name, row), colour in zip(kinds.items(), colours)] +
               [("in all", "none", f"{count:,}")])
    return count


def draw_axis(svg, scale, y):
    svg.line(LEFT, y, LEFT + WIDTH, y)
    step = nice_above(scale.ticks / 10)
    for ticks in range(0, scale.ticks + 1, step):
        x = f"{LEFT + WIDTH * ticks / scale.ticks:.1f}"
        svg.line(x, y, x, y + 4)
        svg.text(x, y + 17, scale.text(ticks) if ticks else "0", 11, "middle")


def to_svg(trace, title):
    svg = Svg()
    scale = Scale(trace) if trace.records else None
    if scale is None:
        svg.text(LEFT, TOP, "The trace has no records.")
    else:
        draw_shares(svg, trace, scale)
        top = TOP + SHARE_HEIGHT + GAP
        count = draw_exits(svg, trace, scale, top)
        draw_axis(svg, scale, TOP + SHARE_HEIGHT)
        draw_axis(svg, scale, top + EXIT_HEIGHT)
    lost = f"{trace.lost:,} older ones were overwritten" if trace.lost else "none was lost"
    about = f"{len(trace.records):,} records; {lost}"
    description = about + (f"; {count:,} exits in {scale.text(scale.ticks)}" if scale else "")
    head = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {PAGE_WIDTH} {PAGE_HEIGHT}" '
            f'width="{PAGE_WIDTH}" height="{PAGE_HEIGHT}" font-family="sans-serif" role="img">',
            f"<title>{escape(title)}</title>", f"<desc>{escape(description)}</desc>",
            f'<rect width="{PAGE_WIDTH}" height="{PAGE_HEIGHT}" fill="#fff"/>']
    svg.text(LEFT, 26, title, 16, more=' font-weight="bold"')
    svg.text(PAGE_WIDTH - 14, 26, about, 12, "end", ' fill="#555"')
    return "\n".join(head + svg.lines + ["</svg>", ""])
