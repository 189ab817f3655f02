# SPDX-License-Identifier: BSD-2-Clause
"""Rules for each line of the tree's own files."""
import os
import re

from tree import strip_comments

SPDX = "SPDX-License-Identifier: BSD-2-Clause"
NEEDS_SPDX = (".c", ".h", ".S", ".py", ".sh", ".toml", ".ini", ".ld", ".lds", "meson.build",
              "meson.options", "meson_options.txt")
WIDTH_CHECKED = (".c", ".h", ".S")
WIDTH = 100
FOREIGN = ("LICENSES/",)

# A path that exists on one person's machine only.
# test/fresh makes a user's home inside a chroot of its own.
MACHINE_PATHS_MEANT = ("test/fresh",)
MACHINE_PATH = re.compile(r"(?<![\w.$}/*])/(?:home|Users|work|root|tmp/b-)/\w")
PACKAGE_HOST = re.compile(r"\b(?:deb|ftp|security|archive|snapshot|mirrors?)\.[\w.-]*"
                          r"(?:debian|ubuntu)\.(?:org|com)")
ASSEMBLY = re.compile(r"\b(?:__asm__|__asm|asm)\b\s*(?:volatile|__volatile__|goto)?\s*\(")
CSR = re.compile(r"\bcsr(?:r|w|s|c|rw|rs|rc|wi|si|ci|rwi|rsi|rci)\b")
CONDITION = re.compile(r"^\s*#\s*(?:if|ifdef|ifndef|elif)\b(.*)", re.M)

ASSEMBLY_ROOMS = ("kernel/hal/riscv64/", "libs/abi/riscv64/", "libs/rt/", "test/")
CSR_ROOMS = ("kernel/hal/riscv64/", "test/")
UNCONDITIONAL_ROOMS = ("kernel/core/", "vmm/", "services/", "rootserver/", "libs/rvdec/",
                       "libs/ring/", "libs/proto/", "libs/cpio/", "libs/elf/")


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def check_licence(tree):
    """The licence stands in the first line, or in the second after a `#!`."""
    problems = []
    for name, text in tree.files.items():
        head = text.split("\n", 2)[:2]
        is_script = head[0].startswith("#!")
        if name.startswith(FOREIGN) or not (name.endswith(NEEDS_SPDX) or is_script):
            continue
        line = head[1] if is_script and len(head) > 1 else head[0]
        if SPDX not in line:
            problems.append(f"{name}:1: no \"{SPDX}\"")
    return problems


def check_blanks(tree):
    problems = []
    for name, text in tree.files.items():
        if name.startswith(FOREIGN):
            continue
        if text and not text.endswith("\n"):
            problems.append(f"{name}: no newline at the end")
        for number, line in enumerate(text.split("\n"), 1):
            if "\t" in line:
                problems.append(f"{name}:{number}: a tab")
            if line != line.rstrip(" \r"):
                problems.append(f"{name}:{number}: trailing blank")
    return problems


def check_width(tree):
    return [f"{name}:{number}: {len(line)} columns, {WIDTH} at most"
            for name, text in tree.files.items() if name.endswith(WIDTH_CHECKED)
            for number, line in enumerate(text.split("\n"), 1) if len(line) > WIDTH]


FUNCTION_LINES = 40
FUNCTION = re.compile(r"^\{\n(.*?)^\}$", re.M | re.S)
FUNCTION_ROOMS = ("kernel/", "libs/", "vmm/", "services/", "rootserver/")


def check_functions(tree):
    """No function of shipped code is longer than FUNCTION_LINES lines."""
    problems = []
    for name, text in tree.files.items():
        if not name.startswith(FUNCTION_ROOMS) or not name.endswith((".c", ".h")):
            continue
        for match in FUNCTION.finditer(text):
            count = match.group(1).count("\n")
            if count > FUNCTION_LINES:
                problems.append(f"{name}:{line_of(text, match.start())}: a function of {count} lines, "
                                f"{FUNCTION_LINES} at most")
    return problems


LIMIT = re.compile(r"\b[A-Z][A-Z0-9_]*_(?:MOST|LEAST)\b")


def check_limits(tree):
    """A limit has one word: the largest number is X_MAX, the smallest X_MIN."""
    return [f"{name}:{line_of(text, match.start())}: {match.group()}: limits end in _MAX or _MIN"
            for name, text in tree.files.items() if name.endswith((".c", ".h", ".S", ".py", ".toml"))
            for match in LIMIT.finditer(text)]


def check_machine(tree):
    """Nothing names one person's machine, or a host that serves packages."""
    problems = []
    for name, text in tree.files.items():
        for pattern, what in ((MACHINE_PATH, "a path of one machine"),
                              (PACKAGE_HOST, "a package host")):
            if pattern is MACHINE_PATH and name in MACHINE_PATHS_MEANT:
                continue
            problems += [f"{name}:{line_of(text, match.start())}: {what}: {match.group()}"
                         for match in pattern.finditer(text)]
    return problems


def check_assembly(tree):
    """Assembly and CSRs stay behind the HAL; user space has the ecall and the start of a process."""
    problems = []
    for name, text in tree.code().items():
        plain = strip_comments(text)
        if not name.startswith(ASSEMBLY_ROOMS):
            if name.endswith(".S"):
                problems.append(f"{name}: an assembly file")
            problems += [f"{name}:{line_of(plain, match.start())}: assembly"
                         for match in ASSEMBLY.finditer(plain)]
        if not name.startswith(CSR_ROOMS):
            problems += [f"{name}:{line_of(plain, match.start())}: a CSR instruction"
                         for match in CSR.finditer(plain)]
    return problems


def check_conditions(tree):
    """Pure code has no #if but its include guard: Meson chooses files."""
    problems = []
    for name, text in tree.code().items():
        if not name.startswith(UNCONDITIONAL_ROOMS):
            continue
        plain = strip_comments(text)
        for match in CONDITION.finditer(plain):
            rest = plain[match.end():].lstrip("\n").split("\n", 1)[0]
            is_guard = match.group().lstrip().startswith("#ifndef") and \
                rest.split()[:2] == ["#define", match.group(1).strip()]
            if not is_guard:
                problems.append(f"{name}:{line_of(plain, match.start() + 1)}: "
                                f"{match.group().strip()}")
    return problems


# Folders whose parent's README speaks for them.
NO_README = re.compile(r"(?:\.ci|subprojects|libs/abi/\w+/abi|libs/abi/(?:riscv64|host)"
                       r"|kernel/hal/riscv64|tools/archive/initramfs|configs/[\w-]+|docs/devices"
                       r"|test/unit/manifest/(?:shop|(?:names|services)(?:/[\w-]+)?))\Z")


def check_readmes(tree):
    folders = {os.path.dirname(name) for name in tree.files}
    return [f"{folder or '.'}: no README.md" for folder in sorted(folders)
            if not NO_README.match(folder) and os.path.join(folder, "README.md") not in tree.files]


LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


MENTION = re.compile(r"(?<![\w/.-])(?<!^```md )docs/[\w/-]+\.md\b", re.M)  # not a page that a page makes


def check_links(tree):
    """Each link of a page, and each page of docs/ named in a comment, exists."""
    problems = []
    for name, text in tree.files.items():
        found = [(match, match.group()) for match in MENTION.finditer(text)]
        if name.endswith(".md"):
            found += [(match, os.path.join(os.path.dirname(name), match.group(1)))
                      for match in LINK.finditer(text)
                      if not re.match(r"[a-z]+:", match.group(1))]
        for match, target in found:
            path = os.path.normpath(target)
            if not (tree.root / path).exists():
                problems.append(f"{name}:{line_of(text, match.start())}: no {path}")
    return problems
