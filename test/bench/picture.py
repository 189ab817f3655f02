# SPDX-License-Identifier: BSD-2-Clause
"""Where an exit's instructions go, as an SVG drawing: a bar for each operation, and one operation by function."""

from xml.sax.saxutils import escape

import figures

WIDTH, LEFT, RIGHT = 960, 260, 90
BAR, STEP = 15, 23
COLOURS = {"guest": "#7a9e5f", "kernel": "#c8553d", "VMM": "#3d6fa8", "firmware": "#8c8c8c", "bare": "#d8d2c4"}
FUNCTIONS_MAX = 24


def _text(x, y, text, **attributes):
    extra = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<text x="{x:.1f}" y="{y:.1f}"{extra}>{escape(text)}</text>'


def _bar(x, y, width, colour, about):
    return (f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{BAR}" fill="{colour}">'
            f"<title>{escape(about)}</title></rect>")


def _scale(values):
    most = max(values, default=1)
    return (WIDTH - LEFT - RIGHT) / most if most > 0 else 1


def _row(y, name, segments, total, scale, mark=None):
    """A bar of (part, instructions), its name and sum beside it; `mark`: what it costs bare."""
    made, x = [_text(LEFT - 8, y + BAR - 3, name, text_anchor="end")], LEFT
    for part, value in segments:
        if value > 0:
            made.append(_bar(x, y, value * scale, COLOURS[part], f"{name}: {part} {value:,.1f}"))
            x += value * scale
    if mark:
        at = LEFT + mark * scale
        made.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{y - 3}" y2="{y + BAR + 3}" stroke="#222" '
                    f'stroke-width="2"><title>bare {mark:,.1f}</title></line>')
        x = max(x, at)
    made.append(_text(x + 6, y + BAR - 3, f"{total:,.0f}", fill="#555"))
    return made


def _legend(y):
    made, x = [], LEFT
    for part in ("guest", "kernel", "VMM", "firmware"):
        made += [_bar(x, y, 12, COLOURS[part], part), _text(x + 17, y + BAR - 3, part)]
        x += 110
    made.append(f'<line x1="{x + 4}" x2="{x + 4}" y1="{y - 2}" y2="{y + BAR + 2}" stroke="#222" stroke-width="2"/>')
    return made + [_text(x + 12, y + BAR - 3, "the same on the bare machine")]


def draw(bare, warren, functions, about, one):
    """The drawing.  `functions`: (program, function) -> instructions of the operation named `one`."""
    alone = figures.by_name(bare)
    made = [_text(12, 24, "Where an exit's instructions go", font_size=17, font_weight="bold"),
            _text(12, 44, about, fill="#555"), *_legend(58)]
    y = 90
    scale = _scale([row.total for row in warren] + [row.total for row in bare])
    for row in warren:
        segments = list(figures.parts(row.counts).items())
        mark = alone[row.name].total if row.name in alone else None
        made += _row(y, row.name, segments, row.total, scale, mark)
        y += STEP
    y += 24
    made.append(_text(12, y, f"{one}: instructions by function", font_size=15, font_weight="bold"))
    y += 14
    parts = {"kernel": "kernel", "OpenSBI": "firmware", "VS": "guest", "VU": "guest"}
    ordered = sorted(functions.items(), key=lambda item: (-item[1], item[0]))[:FUNCTIONS_MAX]
    scale = _scale([value for _, value in ordered])
    for (program, function), value in ordered:
        name = f"{program}: {function}" if function else program
        made += _row(y, name[:38], [(parts.get(program, "VMM"), value)], value, scale)
        y += STEP
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>',
                      f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 12}" '
                      f'viewBox="0 0 {WIDTH} {y + 12}" font-family="sans-serif" font-size="12">',
                      f'<rect width="{WIDTH}" height="{y + 12}" fill="#fff"/>', *made, "</svg>", ""])
