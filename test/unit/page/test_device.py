# SPDX-License-Identifier: BSD-2-Clause
"""Follows docs/writing-a-device.md: its device is built, tested and checked with dtc (TAP).

    test_device.py TREE BUILD DTC LIBRARY... -- COMPILER...
"""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import blocks

SPLIT = sys.argv.index("--")
TREE, BUILD = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
DTC, LIBRARIES, COMPILER = sys.argv[3], sys.argv[4:SPLIT], sys.argv[SPLIT + 1:]
PAGE = "docs/writing-a-device.md"
FLAGS = ["-std=c17", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wimplicit-fallthrough", "-Werror",
         "-D_DEFAULT_SOURCE", "-O1", "-pthread"]
# What is copied and changed; all else comes from the tree.
COPIED = ("vmm", "test/unit/vmm", "test/fakes", "test/guest/compare/differences.toml")


def read(path):
    file = TREE / path
    return file.read_text() if file.is_file() else None


def sources(copy, listing, prefix):
    """The .c files that a meson.build names, with those of the page."""
    names = re.findall(r"'((?:\w+/)?\w+\.c)'", (copy / listing).read_text())
    return [copy / prefix / name for name in names]


def compile_all(copy, files, folder, flags=FLAGS):
    """Compiles with the copy's headers before the tree's; returns the objects, or what went wrong."""
    folder.mkdir()
    include = [f"-I{copy}", f"-I{TREE}", f"-I{TREE / 'libs'}", f"-I{BUILD / 'libs'}", "-isystem",
               f"{TREE / 'subprojects/dtc/libfdt'}"]

    def one(number, source):
        out = folder / f"{number}.o"
        done = subprocess.run([*COMPILER, *flags, *include, "-c", source, "-o", out], text=True,
                              capture_output=True, check=False)
        return out, done.stderr if done.returncode else ""

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(one, range(len(files)), files))
    return [out for out, _ in results], [line for _, text in results for line in text.splitlines()]


def link(objects, program, *flags):
    done = subprocess.run([*COMPILER, "-pthread", *flags, *objects, *LIBRARIES, "-o", program], text=True,
                          capture_output=True, check=False)
    return done.stderr.splitlines() if done.returncode else []


def build(copy, folder):
    """The VMM's unit tests, those that cut it at every store, and fdt_dump, of the copy."""
    shared = [name for name in sources(copy, "vmm/meson.build", "vmm")
              if name.name not in ("main.c", "calls.c", "console.c")]
    shared += [copy / "test/fakes/vmm_fake.c", TREE / "libs/ring/ring.c",
               *sorted((TREE / "libs/payload").glob("*.c")), *sorted((TREE / "libs/rvdec").glob("*.c"))]
    listing = (copy / "test/unit/vmm/meson.build").read_text().split("test_vmm = ", 1)[1].split(")", 1)[0]
    tests = [copy / "test/unit/vmm" / name for name in re.findall(r"'(\w+\.c)'", listing)]
    objects, problems = compile_all(copy, [*shared, *tests, copy / "test/unit/vmm/fdt_dump.c"], folder)
    if problems:
        return problems
    count = len(shared)
    return (link(objects[:-1], folder / "test") + link([*objects[:count], objects[-1]], folder / "dump") +
            build_cuts(copy, shared, folder))


def build_cuts(copy, shared, folder):
    """As test/unit/vmm/meson.build does: the code under test calls stores.c before each store."""
    fakes = [name for name in shared if "fakes" in name.parts]
    code = [name for name in shared if name not in fakes] + [copy / "test/unit/vmm/test_log_cuts.c"]
    rest = [copy / "test/unit/vmm" / name for name in ("test_cuts.c", "test_recovery.c")]
    rest += [*fakes, copy / "test/fakes/stores.c", copy / "test/fakes/stores_libc.c"]
    objects, problems = compile_all(copy, code, folder / "code", [*FLAGS, "-fsanitize=thread", "-fno-builtin", "-w"])
    more, others = compile_all(copy, rest, folder / "rest")
    return problems + others or link([*objects, *more], folder / "cuts", "-Wl,--wrap=memcpy", "-Wl,--wrap=memset")


def run_tests(folder):
    passed, problems = [], []
    for program in ("test", "cuts"):
        done = subprocess.run([folder / program], text=True, capture_output=True, check=False, cwd=folder,
                              env=os.environ | {"CK_VERBOSITY": "silent", "CK_TAP_LOG_FILE_NAME": "-"})
        passed += re.findall(r"^ok .*\btest_\w*scratch\w*", done.stdout, re.M)
        problems += [line for line in done.stdout.splitlines() if line.startswith("not ok")]
        if done.returncode:
            problems += [f"{program} exits {done.returncode}", *done.stderr.splitlines()]
    return problems if len(passed) >= 3 else [*problems, f"{len(passed)} tests of the device passed"]


def show_tree(folder):
    """dtc accepts the tree without a warning, and the tree has the node."""
    blob = folder / "guest.dtb"
    subprocess.run([folder / "dump", "1", "0", "8", "1", blob], check=True)
    done = subprocess.run([DTC, "-I", "dtb", "-O", "dts", blob], text=True, capture_output=True, check=False)
    problems = done.stderr.splitlines()
    return problems if "scratch@10010000 {" in done.stdout else problems + ["no node of the device"]


def outdated():
    """Pages that do not fit the tree are refused: a changed line, a file that is there, no path."""
    wrong = {
        "a line that is not there": "```diff vmm/board/machine.h\n-#define MACHINE_DEVICES 99u\n```\n",
        "a file that is there": "```c vmm/board/machine.h\nx\n```\n",
        "a file that is not there": "```diff vmm/board/gone.h\n+x\n```\n",
        "a block without a path": "```c\nint x;\n```\n",
    }
    problems = []
    for what, page in wrong.items():
        try:
            blocks.apply(page, read)
            problems.append(f"{what} is not noticed")
        except blocks.PageError:
            pass
    return problems


def lay_out(copy, page):
    for name in COPIED:
        if (TREE / name).is_dir():
            shutil.copytree(TREE / name, copy / name)
        else:
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TREE / name, copy / name)
    for path, text in blocks.apply(page, read).items():
        if not path.startswith(COPIED):
            raise blocks.PageError(f"{path}: this test does not copy it")
        (copy / path).write_text(text)


def main():
    print("1..5")
    failed, count = False, 0

    def case(name, problems):
        nonlocal failed, count
        count += 1
        failed |= bool(problems)
        print(f"{'not ok' if problems else 'ok'} {count} - {name}", flush=True)
        for line in problems[:40]:
            print(f"# {line}", flush=True)
        return not problems

    with tempfile.TemporaryDirectory() as name:
        copy, folder = pathlib.Path(name) / "tree", pathlib.Path(name) / "out"
        copy.mkdir()
        case("a page that does not fit the tree is refused", outdated())
        try:
            lay_out(copy, read(PAGE))
            problems = []
        except blocks.PageError as error:
            problems = str(error).splitlines()
        steps = (("the page fits the tree", lambda: problems),
                 ("the page's device compiles without a warning", lambda: build(copy, folder)),
                 ("the VMM's tests pass with the device, and so do its own", lambda: run_tests(folder)),
                 ("dtc takes the device tree with the device's node", lambda: show_tree(folder)))
        for what, step in steps:
            if not case(what, step()):
                break
    return failed


sys.exit(main())
