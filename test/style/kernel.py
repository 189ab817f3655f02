# SPDX-License-Identifier: BSD-2-Clause
"""What the kernel as a whole must obey: its size, and that it keeps no state of its own."""
import subprocess

from tree import strip_comments

LINE_LIMIT = 6000

# Writable memory the kernel may have at file scope.  Everything else hangs off the
# hart that the per-hart pointer (sscratch, tp) names.
STATE_ALLOWED = {"boot_stack"}
WRITABLE_SECTIONS = {".data", ".sdata", ".bss", ".sbss"}


def count_lines(text):
    return sum(1 for line in strip_comments(text).split("\n") if line.strip())


def size(tree, generated):
    """Lines that are neither blank nor comment: tracked below kernel/, and generated."""
    texts = list(tree.code("kernel/").values()) + [path.read_text() for path in generated]
    return sum(count_lines(text) for text in texts)


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def parse_symbols(text):
    """(name, size) of each sized symbol in writable memory, from `nm --print-size`."""
    found = []
    for line in text.splitlines():
        fields = line.split()
        if len(fields) == 4 and fields[2] in "dDbBsSgGC":
            found.append((fields[3], int(fields[1], 16)))
    return found


def parse_sections(text):
    """Bytes in writable sections, from `size -A`."""
    total = 0
    for line in text.splitlines():
        fields = line.split()
        if len(fields) == 3 and fields[0].split(".")[1:2] and fields[1].isdigit():
            if "." + fields[0].split(".")[1] in WRITABLE_SECTIONS:
                total += int(fields[1])
    return total


def judge_state(symbols, section_bytes):
    """Problems with the writable memory of the kernel's objects."""
    problems = [f"{name}: {size} bytes of mutable state at file scope"
                for name, size in symbols if name not in STATE_ALLOWED]
    known = sum(size for name, size in symbols if name in STATE_ALLOWED)
    if section_bytes > known + 4096 * len(STATE_ALLOWED):
        problems.append(f"{section_bytes} bytes in writable sections, {known} of them accounted for")
    return problems


def check_state(nm, size_tool, objects):
    symbols = parse_symbols(run(nm, "--print-size", *objects))
    return judge_state(symbols, parse_sections(run(size_tool, "-A", *objects)))
