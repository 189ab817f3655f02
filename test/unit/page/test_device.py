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
COPIED = ("vmm", "test/unit/device", "test/fakes", "docs/devices")
FILES_MAX = 4  # that a device may cost


def read(path):
    file = TREE / path
    return file.read_text() if file.is_file() else None


def quoted(copy, listing):
    """The words in quotes of a meson.build."""
    return re.findall(r"'([\w/.]+)'", (copy / listing).read_text())


def devices(copy):
    """The list of vmm/dev/meson.build."""
    text = (copy / "vmm/dev/meson.build").read_text()
    return re.findall(r"'(\w+)'", text[text.index("vmm_devices = ["):text.index("]")])


def models(copy, folder):
    """The table of models, as Meson makes it."""
    text = (copy / "vmm/dev/models.c.in").read_text()
    rows = {"DECLARATIONS": "extern const struct dev_model {}_model;\n", "ROWS": "    &{}_model,\n"}
    for word, row in rows.items():
        text = text.replace(f"@{word}@", "".join(row.format(name) for name in devices(copy)))
    (folder / "models.c").write_text(text)
    return folder / "models.c"


def compile_all(copy, files, folder):
    """Compiles with the copy's headers before the tree's; returns the objects, or what went wrong."""
    folder.mkdir()
    include = [f"-I{copy}", f"-I{TREE}", f"-I{TREE / 'libs'}", f"-I{BUILD / 'libs'}", "-isystem",
               f"{TREE / 'subprojects/dtc/libfdt'}"]

    def one(number, source):
        out = folder / f"{number}.o"
        done = subprocess.run([*COMPILER, *FLAGS, *include, "-c", source, "-o", out], text=True,
                              capture_output=True, check=False)
        return out, done.stderr if done.returncode else ""

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(one, range(len(files)), files))
    return [out for out, _ in results], [line for _, text in results for line in text.splitlines()]


def link(objects, program):
    done = subprocess.run([*COMPILER, "-pthread", *objects, *LIBRARIES, "-o", program], text=True,
                          capture_output=True, check=False)
    return done.stderr.splitlines() if done.returncode else []


def build(copy, folder):
    """The tests of the device, and fdt_dump, with the VMM's pure code of the copy."""
    shared = [copy / "vmm" / name for name in quoted(copy, "vmm/meson.build")
              if name.endswith(".c") and name not in ("main.c", "calls.c")]
    shared += [copy / f"vmm/dev/{name}.c" for name in devices(copy)]
    shared += [copy / "test/fakes/vmm_fake.c", TREE / "libs/ring/ring.c", TREE / "libs/rt/rt_start_table.c", models(copy, copy),
               *sorted((TREE / "libs/payload").glob("*.c")), *sorted((TREE / "libs/rvdec").glob("*.c"))]
    test = [copy / "test/unit/device" / name for name in ("test_scratch.c", "main.c")]
    objects, problems = compile_all(copy, [*shared, *test, TREE / "test/unit/vmm/fdt_dump.c"], folder)
    if problems:
        return problems
    count = len(shared)
    return link(objects[:-1], folder / "test") + link([*objects[:count], objects[-1]], folder / "dump")


def run_tests(folder):
    done = subprocess.run([folder / "test"], text=True, capture_output=True, check=False, cwd=folder,
                          env=os.environ | {"CK_VERBOSITY": "silent", "CK_TAP_LOG_FILE_NAME": "-"})
    passed = re.findall(r"^ok .*\btest_scratch_\w+", done.stdout, re.M)
    problems = [line for line in done.stdout.splitlines() if line.startswith("not ok")]
    if done.returncode or len(passed) < 3:
        problems.append(f"{len(passed)} tests of the device passed, the program exits {done.returncode}")
        problems += done.stderr.splitlines()
    return problems


def show_tree(folder):
    """A guest with the device has its node, another has not; dtc accepts both trees without a warning."""
    problems = []
    for arguments, is_wanted in ((["+scratch"], True), ([], False)):
        blob = folder / "guest.dtb"
        subprocess.run([folder / "dump", "1", "0", "8", "1", blob, *arguments], check=True)
        done = subprocess.run([DTC, "-I", "dtb", "-O", "dts", blob], text=True, capture_output=True, check=False)
        problems += done.stderr.splitlines()
        if ("scratch@10001000 {" in done.stdout) != is_wanted:
            problems.append("no node of the device" if is_wanted else "a node that this guest did not ask for")
    return problems


def outdated():
    """Pages that do not fit the tree are refused: a changed line, a file that is there, no path."""
    wrong = {
        "a line that is not there": "```diff vmm/board/board.h\n-#define BOARD_DEVICES_MAX 99u\n```\n",
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
    files = blocks.apply(page, read)
    if len(files) > FILES_MAX:
        raise blocks.PageError(f"a device costs {len(files)} files, {FILES_MAX} at most: {', '.join(sorted(files))}")
    for path, text in files.items():
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
        steps = (("the page fits the tree, and takes four files", lambda: problems),
                 ("the page's device compiles without a warning", lambda: build(copy, folder)),
                 ("the device's tests pass", lambda: run_tests(folder)),
                 ("a guest gets the device's node when it asks for the device", lambda: show_tree(folder)))
        for what, step in steps:
            if not case(what, step()):
                break
    return failed


sys.exit(main())
