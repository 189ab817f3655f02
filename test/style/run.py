#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks the tree's sources, and first that each check can fail (TAP).

    run.py                               the whole tree
    run.py --kernel-size GENERATED...    lines of the kernel, with generated files
    run.py --kernel-state NM KERNEL      writable memory of the linked kernel
"""
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True

import devices  # noqa: E402
import includes  # noqa: E402
import kernel  # noqa: E402
import named  # noqa: E402
import pages  # noqa: E402
import services  # noqa: E402
import text  # noqa: E402
from tree import Tree, strip_comments  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
LICENCE = "# SPDX-License-Identifier: BSD-2-Clause\n"
C_HEAD = "/* SPDX-License-Identifier: BSD-2-Clause */\n"

CHECKS = {
    "each room includes only what it may see": includes.check,
    "the licence stands first": text.check_licence,
    "no tabs, no trailing blanks, newline at the end": text.check_blanks,
    "C lines fit in 100 columns": text.check_width,
    "functions have 40 lines at most": text.check_functions,
    "limits end in _MAX or _MIN": text.check_limits,
    "no path of one machine, no package host": text.check_machine,
    "assembly and CSRs stay behind the HAL": text.check_assembly,
    "pure code has no conditional compilation": text.check_conditions,
    "folders have a README": text.check_readmes,
    "links inside the tree lead somewhere": text.check_links,
    "the tests that the threat model names are there": named.check,
    "what pages name exists": pages.check,
    "what serves all services names none": services.check,
    "each device has a test and a page": devices.check,
    "manifests name devices that the VMM has": devices.check_manifests,
    "the VMM knows no service": devices.check_services,
}

# A correct tree, and for each check files that break it: name, text, part of the message.
GOOD = {
    "README.md": "[core](kernel/core/README.md)\n",
    "kernel/README.md": "x\n", "kernel/core/README.md": "x\n", "kernel/hal/README.md": "x\n",
    "kernel/hal/hal.h": C_HEAD + "#ifndef H\n#define H\n#include <base/err.h>\n#endif\n",
    "kernel/core/a.c": C_HEAD + "#include <kernel/hal/hal.h>\n#include <abi/calls.h>\n"
                                "#include \"a.h\"\n/* asm(\"x\") csrr */\n",
    "libs/base/README.md": "x\n", "libs/base/err.h": C_HEAD,
    "libs/abi/README.md": "x\n", "libs/abi/calls.h": C_HEAD,
    "libs/rt/README.md": "x\n", "libs/rt/calls.h": C_HEAD + "#include <abi/stubs.h>\n",
    "vmm/README.md": "x\n", "vmm/a.c": C_HEAD + "#include <rt/calls.h>\n#include <stdio.h>\n",
    "services/console/README.md": "x\n", "services/console/a.c": C_HEAD,
    "services/console/manifest.toml": "# " + text.SPDX + "\n[service]\n[[device]]\nas = 'uart'\n"
                                      "[guest]\nkey = 'screen'\ndevice = 'uart16550'\n",
    "tools/config/README.md": "x\n", "tools/config/a.py": "# " + text.SPDX + "\nx = 'screened uarts2'\n",
    "services/block/README.md": "x\n", "services/block/a.c": C_HEAD,
    "libs/ring/README.md": "x\n", "libs/ring/a.h": C_HEAD,
    "docs/writing-a-service.md": "`link_up()` `rootserver/link.c` `link.c` `./warren run` `vmm/dev/NAME.c` `kernel/*/hal.h`\n",
    "warren": "# " + text.SPDX + "\n  run [SYSTEM]\n",
    "rootserver/README.md": "x\n", "rootserver/link.c": C_HEAD + "int link_up(int screened);\n",
    "docs/README.md": "x\n", "docs/threat-model.md": "| 1 | x | `test_a_b` `test_a_*` |\n",
    "vmm/dev/README.md": "x\n", "vmm/dev/meson.build": LICENCE + "vmm_devices = [\n  'a_b',\n]\n",
    "vmm/dev/a_b.c": C_HEAD + "    .name = \"uart16550\",\n", "docs/devices/README.md": "x\n", "do" "cs/devices/a-b.md": "x\n",
    "test/unit/device/README.md": "x\n", "test/unit/device/test_a_b.c": C_HEAD,
    "test/README.md": "x\n", "test/a.c": C_HEAD + "START_TEST(test_a_b)\n",
}
SEES = "each room includes only what it may see"
BAD = [
    (SEES, "kernel/core/b.c", "#include <kernel/hal/riscv64/csr.h>\n", "may not see"),
    (SEES, "kernel/core/b.c", "#include <string.h>\n", "may not include <string.h>"),
    (SEES, "kernel/core/b.c", "#include <ring/a.h>\n", "may not see libs/ring"),
    (SEES, "kernel/hal/b.h", "#include <kernel/core/slot.h>\n", "may not see kernel/core"),
    (SEES, "kernel/core/b.c", "#include <vmm/board/dev.h>\n", "may not see vmm"),
    (SEES, "vmm/b.c", "#include <abi/calls.h>\n", "vmm may not see libs/abi"),
    (SEES, "vmm/b.c", "#include <kernel/hal/hal.h>\n", "vmm may not see kernel/hal"),
    (SEES, "vmm/b.c", "#include <services/console/a.h>\n", "may not see services/console"),
    (SEES, "services/block/b.c", "#include <services/console/a.h>\n", "services/console"),
    (SEES, "rootserver/b.c", "#include <vmm/board/dev.h>\n", "rootserver may not see vmm"),
    (SEES, "libs/ring/b.c", "#include <rt/calls.h>\n", "may not see libs/rt"),
    (SEES, "libs/ring/b.c", "#include <stdio.h>\n", "may not include <stdio.h>"),
    (SEES, "libs/ring/b.c", "#include <vmm/board/dev.h>\n", "may not see vmm"),
    (SEES, "libs/rt/b.c", "#include \"../abi/calls.h\"\n", "quotes are for the same folder"),
    ("the licence stands first", "vmm/b.c", None, "no \"SPDX"),
    ("no tabs, no trailing blanks, newline at the end", "vmm/b.c", "\tint x;\n", "a tab"),
    ("no tabs, no trailing blanks, newline at the end", "vmm/b.c", "int x; \n", "trailing"),
    ("no tabs, no trailing blanks, newline at the end", "vmm/b.c", "int x;", "no newline"),
    ("C lines fit in 100 columns", "vmm/b.c", "/* " + 100 * "x" + " */\n", "columns"),
    ("functions have 40 lines at most", "vmm/b.c", "int f(void)\n{\n" + 41 * "    f();\n" + "}\n", "41 lines"),
    ("limits end in _MAX or _MIN", "vmm/b.c", "#define NAMES_" "MOST 4\n", "limits end in"),
    ("no path of one machine, no package host", "vmm/b.c", "/* /ho" "me/me/x */\n", "machine"),
    ("no path of one machine, no package host", "vmm/b.c", "/* deb.deb" "ian.org */\n", "host"),
    ("assembly and CSRs stay behind the HAL", "kernel/core/b.c", "asm volatile(\"nop\");\n",
     "assembly"),
    ("assembly and CSRs stay behind the HAL", "kernel/core/b.S", "nop\n", "assembly file"),
    ("assembly and CSRs stay behind the HAL", "vmm/b.c", "const char *x = \"csrr a0, vl\";\n",
     "CSR"),
    ("pure code has no conditional compilation", "kernel/core/b.c", "#ifdef DEBUG\n#endif\n",
     "#ifdef DEBUG"),
    ("pure code has no conditional compilation", "vmm/b.h", "#ifndef A\n#define B 1\n#endif\n",
     "#ifndef A"),
    ("folders have a README", "services/net/a.c", "", "services/net: no README"),
    ("the tests that the threat model names are there", "docs/threat-model.md",
     "| 1 | x | `test_a_gone` |\n", "no test test_a_gone"),
    ("the tests that the threat model names are there", "docs/threat-model.md",
     "| 1 | x | `fuzz-gone` `test_a_b` |\n", "no test fuzz-gone"),
    ("the tests that the threat model names are there", "docs/threat-model.md",
     "| 1 | x | nothing |\n", "without a test"),
    ("what pages name exists", "docs/writing-a-service.md", "`link_gone()`\n",
     "there is no link_gone()"),
    ("what pages name exists", "vmm/README.md", "`vmm/gone.c`\n", "there is no vmm/gone.c"),
    ("what pages name exists", "vmm/README.md", "`gone.c`\n", "there is no gone.c"),
    ("what pages name exists", "vmm/README.md", "`kernel/*/gone_*.h`\n", "there is no kernel/"),
    ("what pages name exists", "docs/README.md", "`./warren bake`\n", "there is no ./warren bake"),
    ("what serves all services names none", "tools/config/b.py", "# all consoles\n", ":1: \"consoles\" is a name of "
     "services/console/manifest.toml"),
    ("what serves all services names none", "tools/config/b.py", "\nX = CONSOLE_BIT\n", ":2: \"CONSOLE\" is a name"),
    ("what serves all services names none", "tools/config/b.py", "a = my_screen\n", "\"screen\" is a name"),
    ("what serves all services names none", "tools/config/b.py", "a = 'uart16550'\n", "\"uart16550\" is a name"),
    ("what serves all services names none", "tools/config/README.md", "the UART\n", "\"UART\" is a name"),
    ("what serves all services names none", "rootserver/b.c", "/* the console's ring */\n", "\"console\" is a name"),
    ("what serves all services names none", "vmm/board/b.c", "int uart;\n", "\"uart\" is a name"),
    ("what serves all services names none", "tools/config/console.py", "\n", "console.py: \"console\" is a name"),
    ("links inside the tree lead somewhere", "docs.md", "[x](nowhere.md)\n", "no nowhere.md"),
    ("links inside the tree lead somewhere", "vmm/b.c", "/* do" "cs/nowhere.md */\n",
     "no do" "cs/nowhere.md"),
    ("each device has a test and a page", "vmm/dev/meson.build", LICENCE + "vmm_devices = [\n  'b',\n]\n",
     "no vmm/dev/b.c"),
    ("manifests name devices that the VMM has", "services/block/manifest.toml",
     LICENCE + "[guest]\ndevice = \"gone\"\n", "no device gone"),
    ("the VMM knows no service", "vmm/b.c", "#include <proto/console.h>\n", "knows the service console"),
]


def lay_out(folder, files):
    for name, content in files.items():
        path = pathlib.Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def case(self, name, problems, notes=()):
        self.count += 1
        self.failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {self.count} - {name}")
        for line in list(problems) + list(notes):
            print(f"# {line}")

    def end(self):
        print(f"1..{self.count}")
        return 1 if self.failed else 0


def test_checks(tap):
    """Each check finds the mistake that is planted for it."""
    with tempfile.TemporaryDirectory() as folder:
        lay_out(folder, GOOD)
        tree = Tree(folder)
        for name, check in CHECKS.items():
            tap.case(f"a right tree passes: {name}", check(tree))
    for name, path, content, want in BAD:
        with tempfile.TemporaryDirectory() as folder:
            head = C_HEAD if path.endswith((".c", ".h", ".S")) and content is not None else ""
            lay_out(folder, GOOD | {path: head + (content or "int x;\n")})
            said = CHECKS[name](Tree(folder))
            found = [line for line in said if want in line and path.rsplit("/", 1)[0] in line]
            tap.case(f"found in {path}: {want}", [] if len(found) == 1 else [f"said: {said}"])


def test_kernel_checks(tap):
    plain = "int a; /* b\n c */ int d;\n\n// e\nchar *s = \"/* no comment */\";\n"
    tap.case("comments and blank lines do not count",
             [] if kernel.count_lines(plain) == 3 else [strip_comments(plain)])
    good = ("0000 T _start\n1000 R rodata_end\n1000 B kernel_tables\n9000 B image_end\n"
            "0800 0004 r table\n")
    said = kernel.judge_state(kernel.parse_symbols(good))
    tap.case("a kernel without state passes", said)
    said = kernel.judge_state(kernel.parse_symbols(good + "1000 0008 b counter.0\n"))
    tap.case("a file-scope variable is found",
             [] if [line.split(":")[0] for line in said] == ["counter.0"] else [f"said: {said}"])
    shifted = good.replace("1000 B kernel", "1010 B kernel")
    said = kernel.judge_state(kernel.parse_symbols(shifted))
    tap.case("nameless writable memory is found",
             [] if len(said) == 1 and said[0].startswith("16 bytes") else [f"said: {said}"])


def main():
    tap = Tap()
    arguments = sys.argv[1:]
    if arguments[:1] == ["--kernel-size"]:
        lines = kernel.size(Tree(ROOT), [pathlib.Path(name) for name in arguments[1:]])
        tap.case(f"the kernel has fewer than {kernel.LINE_LIMIT} lines",
                 [] if 0 < lines < kernel.LINE_LIMIT else ["too many, or none found"],
                 [f"{lines} lines that are neither blank nor comment"])
    elif arguments[:1] == ["--kernel-state"]:
        tap.case("the kernel keeps no state at file scope",
                 kernel.check_state(arguments[1], arguments[2]))
    else:
        test_checks(tap)
        test_kernel_checks(tap)
        tree = Tree(ROOT)
        tap.case("the tree has sources", [] if tree.code() else ["none found"])
        for name, check in CHECKS.items():
            tap.case(name, check(tree))
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
