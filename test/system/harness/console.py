# SPDX-License-Identifier: BSD-2-Clause
"""The text of a console, as a person would read it."""

import re

# A control sequence (ECMA-48), then one of which only the beginning has arrived.  Line ends become \n.
SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[()][0-9A-B]|[=>78cDEHM])")
UNFINISHED = re.compile(r"(?:\x1b(?:\[[0-?]*[ -/]*|[()])?|\xc2\xa7?)\Z")
UNFINISHED_MAX = 32
# What lines of Warren's own begin with (services/console/filter.h), in UTF-8.
MARK = "\xc2\xa7 "

# OpenSBI looks at a guest's illegal instructions first, and prints this in the middle of the guest's output.
COMPLAINT = "system_opcode_insn: Invalid opcode for CSR read/write instruction"

# Between two writes of a guest, in the middle of a line.
OWN_LINES = r"(?:\n?warren: [^\n]*\n)*"


def interrupted(text):
    """A pattern for a guest's text, in the middle of which lines of Warren's own may come."""
    return OWN_LINES.join(map(re.escape, text))


class Text:
    """Takes bytes as they arrive, and keeps the readable text, without the mark of Warren's lines."""

    def __init__(self):
        self.clean = ""
        self._pending = ""

    def feed(self, data):
        text = self._pending + data.decode("latin-1").replace("\r", "").replace("\0", "").replace("\x0f", "")
        cut = UNFINISHED.search(text)
        at = cut.start() if cut and len(text) - cut.start() < UNFINISHED_MAX else len(text)
        self._pending = text[at:]
        kept = max(0, len(self.clean) - len(COMPLAINT))
        self.clean = self.clean[:kept] + \
            (self.clean[kept:] + SEQUENCE.sub("", text[:at]).replace(MARK, "")).replace(COMPLAINT, "")
