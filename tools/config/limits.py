# SPDX-License-Identifier: BSD-2-Clause
"""The limits of the programs that read the compiled form, by their names in these headers."""

import pathlib
import re

TOP = pathlib.Path(__file__).resolve().parents[2]
HEADERS = ("libs/base/limits.h", "libs/proto/control.h", "libs/proto/process_start.h", "rootserver/parse/system.h")
# A number, or a number shifted to the left.
LINE = re.compile(r"^#define (\w+) +\(?(?:UINT64_C\()?(0x[0-9a-f]+|[0-9]+)u?\)?(?: << ([0-9]+)\))?(?: |$)", re.M)

LIMITS = {name: int(value, 0) << int(shift or 0)
          for header in HEADERS for name, value, shift in LINE.findall((TOP / header).read_text())}
