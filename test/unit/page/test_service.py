# SPDX-License-Identifier: BSD-2-Clause
"""Follows docs/writing-a-service.md: its service is checked, planned, built and tested (TAP).

    test_service.py TREE BUILD LIBRARY... -- COMPILER...
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import blocks

SPLIT = sys.argv.index("--")
TREE, BUILD = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
LIBRARIES, COMPILER = sys.argv[3:SPLIT], sys.argv[SPLIT + 1:]
PAGE = "docs/writing-a-service.md"
FILES_MAX = 5
FLAGS = ["-std=c17", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wimplicit-fallthrough", "-Werror",
         "-O1", "-pthread", "-fsanitize=address,undefined"]


def read(path):
    file = TREE / path
    return file.read_text() if file.is_file() else None


def run(*words):
    """What went wrong, as lines."""
    done = subprocess.run([str(word) for word in words], text=True, capture_output=True, check=False)
    return (done.stderr or f"it ends with {done.returncode}").splitlines() if done.returncode else []


def lay_out(copy, page):
    """Writes the files of the page; all must be new, and in one folder."""
    files = blocks.apply(page, read)
    problems = [f"{path} is changed: a service needs no change of the tree" for path in files if read(path) is not None]
    folders = {os.path.dirname(path) for path in files}
    if len(folders) != 1 or not folders.copy().pop().startswith("services/"):
        problems.append(f"the files are in {sorted(folders)}, and not in one folder of services/")
    if len(files) != FILES_MAX:
        problems.append(f"the service has {len(files)} files: {sorted(files)}")
    for path, text in files.items():
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        (copy / path).write_text(text)
    return problems


def plan(copy, service):
    """The configuration compiler accepts a system that runs the service, and the blob has the instance."""
    system = copy / "system"
    system.mkdir()
    (system / "system.toml").write_text(f'guests = ["one"]\n[services.{service}]\n')
    (system / "one.toml").write_text('kernel = "build:kernel"\nmemory = "16M"\n')
    store = copy / "store"
    store.mkdir()
    for name in ("kernel", "vmm", "console", service):
        (store / name).write_bytes(b"\x13\0\0\0" * 1024)
    words = [sys.executable, TREE / "tools/config/compile.py", "--system", system, "--services", TREE / "services",
             "--services", copy / "services", "--store", f"build={store}", "--program", f"vmm={store / 'vmm'}",
             "--program", f"svc/console={store / 'console'}", "--program", f"svc/{service}={store / service}",
             "--output", copy / "system.dtb"]
    problems = run(*words)
    if not problems and f"svc/{service}".encode() not in (copy / "system.dtb").read_bytes():
        problems.append("the compiled system does not name the program")
    return problems


def build(copy, folder, service):
    """The files that the build's own rule finds: each compiles; the unit test is linked."""
    header = copy / f"include/manifest/{service}.manifest.h"
    header.parent.mkdir(parents=True)
    problems = run(sys.executable, TREE / "tools/gen/manifest_code.py", folder / "manifest.toml", header)
    include = [f"-I{copy / 'include'}", f"-I{copy}", f"-I{TREE}", f"-I{TREE / 'libs'}", f"-I{BUILD / 'libs'}",
               f"-I{TREE / 'libs/abi/host'}"]

    def found(kind):
        done = subprocess.run([sys.executable, TREE / "tools/config/services.py", kind, folder], text=True,
                              capture_output=True, check=True)
        return [folder / name for name in done.stdout.split()]

    for source in found("--sources"):
        problems += run(*COMPILER, *FLAGS, *include, "-c", source, "-o", copy / "object.o")
    return problems + run(*COMPILER, *FLAGS, *include, *found("--tests"), *found("--pure"), *LIBRARIES,
                          "-o", copy / "unit")


def run_tests(copy):
    done = subprocess.run([copy / "unit"], text=True, capture_output=True, check=False,
                          env=os.environ | {"CK_VERBOSITY": "silent", "CK_TAP_LOG_FILE_NAME": "-"})
    passed = re.findall(r"^ok ", done.stdout, re.M)
    problems = [line for line in done.stdout.splitlines() if line.startswith("not ok")]
    if done.returncode or len(passed) < 2:
        problems.append(f"{len(passed)} tests passed, the program exits {done.returncode}")
    return problems


def main():
    print("1..4")
    failed = False

    def case(number, name, problems):
        nonlocal failed
        failed |= bool(problems)
        print(f"{'not ok' if problems else 'ok'} {number} - {name}", flush=True)
        for line in problems[:40]:
            print(f"# {line}", flush=True)

    with tempfile.TemporaryDirectory() as name:
        copy = pathlib.Path(name)
        try:
            case(1, f"{PAGE} makes {FILES_MAX} new files in one folder", lay_out(copy, read(PAGE)))
        except blocks.PageError as error:
            case(1, f"{PAGE} fits the tree", [str(error)])
            return 1
        folder = next((copy / "services").iterdir())
        case(2, "a system can run the service", plan(copy, folder.name))
        case(3, "the service builds", build(copy, folder, folder.name))
        case(4, "its unit test passes", run_tests(copy))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
