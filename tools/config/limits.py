# SPDX-License-Identifier: BSD-2-Clause
"""The limits of libs/base/limits.h, by their names there."""

import pathlib
import re

HEADER = pathlib.Path(__file__).resolve().parents[2] / "libs/base/limits.h"
LINE = re.compile(r"^#define (\w+) +(?:UINT64_C\()?(0x[0-9a-f]+|[0-9]+)u?\)?(?: |$)", re.M)

LIMITS = {name: int(value, 0) for name, value in LINE.findall(HEADER.read_text())}
