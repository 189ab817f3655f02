# SPDX-License-Identifier: BSD-2-Clause
"""Which folder may include which: every #include of the tree against one table.

         base    <- all
         abi     <- kernel and rt alone: processes see it through rt
         hal.h   <- kernel/core (kernel/hal implements it)
         cpio, elf, libfdt <- kernel/boot too, which finds the first process with them
         libs    <- vmm, services, rootserver; a pure library sees pure libraries
         vmm, services/x, rootserver  never see each other, nor kernel/
         test    <- none; sees everything
"""
import re

from tree import strip_comments

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)

# Headers that a compiler without a C library supplies.
FREESTANDING = {"stdint.h", "stddef.h", "stdbool.h", "stdarg.h", "limits.h", "stdatomic.h",
                "stdalign.h", "stdnoreturn.h", "float.h", "iso646.h"}
# Pure code may format text, move bytes and assert; it may not open files or start threads.
PURE_LIBC = FREESTANDING | {"string.h", "assert.h", "inttypes.h", "ctype.h", "errno.h"}
LIBC = PURE_LIBC | {"stdio.h", "stdlib.h", "time.h", "unistd.h", "signal.h", "elf.h", "libfdt.h",
                    "pthread.h", "math.h", "sys/types.h"}

# What libfdt and the kernel's part of musl supply, for start-up alone.
KERNEL_LIBC = {"string.h", "libfdt.h"}

PROCESS_ROOMS = ("vmm", "rootserver")


def room_of(name):
    """The room a file or an include path (written from libs/ or the root) belongs to."""
    parts = name.split("/")
    if parts[0] == "libs":
        return "libs/" + parts[1]
    if parts[0] == "services":
        return "test" if parts[-1].startswith("test_") else "services/" + parts[1]
    if parts[0] == "kernel":
        return "/".join(parts[:-1][:3])
    return parts[0]


def target_room(header, libs):
    first = header.split("/")[0]
    if "/" in header and first in libs:
        return "libs/" + first
    if "/" in header and first in ("kernel", "vmm", "services", "rootserver", "test", "tools"):
        return room_of(header)
    return None  # the C library's, or the compiler's


def may_see(source, target, header):
    """May a file of room `source` include `header`, which belongs to room `target`?"""
    if source == target or source in ("test", "tools") or target == "libs/base":
        return True
    if target == "libs/abi":
        return source.startswith("kernel") or source == "libs/rt"
    if source == "kernel/core":
        return header in ("kernel/hal/hal.h", "kernel/hal/types.h")
    if source == "kernel/boot" and target in ("libs/cpio", "libs/elf"):
        return True
    if source in ("kernel", "kernel/boot", "kernel/hal/riscv64"):
        return target.startswith("kernel")
    if source.startswith("kernel"):
        return False
    if target.startswith("libs/"):
        if source.startswith("libs/") and source != "libs/rt":
            return target != "libs/rt"
        return source in PROCESS_ROOMS or source.startswith(("services/", "libs/"))
    return False


def is_system_header_allowed(source, header):
    if source in ("kernel", "kernel/boot") and header in KERNEL_LIBC:
        return True
    if source.startswith("kernel") or source in ("libs/base", "libs/abi"):
        return header in FREESTANDING
    if source == "libs/rt" and header.startswith("sys/"):
        return True  # rt carries out the C library's system calls
    if source.startswith("libs/") and source != "libs/rt":
        return header in PURE_LIBC
    return header in LIBC


def check(tree):
    libs = {name.split("/")[1] for name in tree.files if name.startswith("libs/")}
    problems = []
    for name, text in tree.code().items():
        source = room_of(name)
        plain = strip_comments(text)
        for match in INCLUDE.finditer(plain):
            where = f"{name}:{plain.count(chr(10), 0, match.start(2)) + 1}"
            kind, header = match.groups()
            if kind == '"':
                if "/" in header or ".." in header:
                    problems.append(f"{where}: \"{header}\": quotes are for the same folder; "
                                    f"write <room/header.h>")
                continue
            target = target_room(header, libs)
            if target is None:
                if source not in ("test", "tools") and \
                        not is_system_header_allowed(source, header):
                    problems.append(f"{where}: {source} may not include <{header}>")
            elif not may_see(source, target, header):
                problems.append(f"{where}: {source} may not see {target} (<{header}>)")
    return problems
