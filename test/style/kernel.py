# SPDX-License-Identifier: BSD-2-Clause
"""Rules for the kernel as a whole: its size, and no mutable state at file scope."""
import subprocess

from tree import strip_comments

LINE_LIMIT = 8000

def count_lines(text):
    return sum(1 for line in strip_comments(text).split("\n") if line.strip())


def size(tree, generated):
    """Lines that are neither blank nor comment: tracked below kernel/, and generated."""
    texts = list(tree.code("kernel/").values()) + [path.read_text() for path in generated]
    return sum(count_lines(text) for text in texts)


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def parse_symbols(text):
    """name -> (kind, address, size) from `nm --print-size`; the linker script's have size 0."""
    found = {}
    for line in text.splitlines():
        fields = line.split()
        if len(fields) == 4:
            found[fields[3]] = (fields[2], int(fields[0], 16), int(fields[1], 16))
        elif len(fields) == 3 and fields[1] not in "Uw":
            found[fields[2]] = (fields[1], int(fields[0], 16), 0)
    return found


def judge_state(symbols):
    """Problems with the writable memory of a linked kernel.

    Writable is what lies from rodata_end to image_end.  The linker script itself places the
    boot page tables, the guard page, the stack and the per-hart block there, from kernel_tables
    on; nothing may lie before them, and no compiler's variable anywhere.
    """
    problems = [f"{name}: {size} bytes of mutable state at file scope"
                for name, (kind, _, size) in symbols.items() if size and kind in "dDbBsSgGC"]
    try:
        hidden = symbols["kernel_tables"][1] - symbols["rodata_end"][1]
    except KeyError as name:
        return problems + [f"no symbol {name}: is kernel.ld what this test was written for?"]
    if hidden:
        problems.append(f"{hidden} bytes of writable data before kernel_tables")
    return problems


def check_state(nm, kernel):
    return judge_state(parse_symbols(run(nm, "--print-size", kernel)))
