# SPDX-License-Identifier: BSD-2-Clause
"""Makes the three headers that musl's own Makefile makes with sed and a shell.

    generate.py alltypes ALLTYPES.H.IN... OUT
    generate.py syscall  SYSCALL.H.IN OUT
    generate.py version  VERSION OUT
"""

import re
import sys


def alltypes(*paths):
    """The rules of tools/mkalltypes.sed: TYPEDEF, STRUCT and UNION lines become guarded definitions."""
    text = "".join(open(path, encoding="ascii").read() for path in paths)
    guard = "#if defined(__NEED_{0}) && !defined(__DEFINED_{0})\n{1}\n#define __DEFINED_{0}\n#endif\n"

    def line(text):
        found = re.fullmatch(r"TYPEDEF (.*) ([^ ]*);", text)
        if found:
            return guard.format(found[2], f"typedef {found[1]} {found[2]};")
        found = re.fullmatch(r"(STRUCT|UNION) * ([^ ]*) (.*);", text)
        if found:
            kind = found[1].lower()
            return guard.format(f"{kind}_{found[2]}", f"{kind} {found[2]} {found[3]};")
        return text

    return "\n".join(line(each) for each in text.splitlines()) + "\n"


def syscall(path):
    """bits/syscall.h holds each number twice, as __NR_x and as SYS_x."""
    text = open(path, encoding="ascii").read()
    numbers = re.findall(r"^#define __NR_(\w+)(.*)$", text, re.MULTILINE)
    return text + "".join(f"#define SYS_{name}{value}\n" for name, value in numbers)


def version(path):
    return f'#define VERSION "{open(path, encoding="ascii").read().strip()}"\n'


def main():
    kind, *sources, out = sys.argv[1:]
    text = {"alltypes": alltypes, "syscall": syscall, "version": version}[kind](*sources)
    with open(out, "w", encoding="ascii") as file:
        file.write(text)


main()
