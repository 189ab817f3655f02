#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes the boot archive of a system from a build folder: compiles its configuration and packs.

    boot.py --build build --system configs/two --output two.cpio

With --needs the build has not run yet: the configuration is checked as far as it can be, and the files
that the archive needs and the build makes are printed.  Exits 2 when the configuration is at fault.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parent.parent

# Where a build folder holds the programs of the archive.
PROGRAMS = {
    "rootserver": "rootserver/rootserver.elf",
    "svc/console": "services/console/console.elf",
    "vmm": "vmm/vmm.elf",
}


def arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", required=True, help="the build folder")
    parser.add_argument("--system", required=True, help="folder with system.toml")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--output", help="the archive to write")
    what.add_argument("--needs", action="store_true",
                      help="print what has to be built first; standard input lists all that the build makes")
    parser.add_argument("--info", help="a JSON file with what the system wants of the machine")
    parser.add_argument("--depfile", help="a make-style list of the files this depends on")
    parser.add_argument("--program", action="append", default=[], metavar="NAME=PATH",
                        help="one more program that a guest may name, or another one for rootserver")
    return parser.parse_args(argv)


def check_command(args, programs):
    """The compiler, as it is called in either case."""
    check = [HERE / "compile.py", "--system", args.system,
             "--store", f"debian={TREE / '.deps' / 'guest'}", "--store", f"build={args.build}"]
    for name, path in programs.items():
        check += ["--program", f"{name}={path}"]
    return check


def commands(args, work):
    """The command lines; each stops with messages of its own."""
    build = pathlib.Path(args.build)
    programs = {name: str(build / path) for name, path in PROGRAMS.items()}
    programs |= dict(text.split("=", 1) for text in args.program if "=" in text)
    root_server = programs.pop("rootserver")
    check = check_command(args, programs)
    if args.needs:
        return [[*check, "--unbuilt", "-"]]
    check += ["--output", work / "system.dtb", "--manifest", work / "files"]
    if args.info:
        check += ["--info", args.info]
    if args.depfile:
        check += ["--depfile", args.depfile, "--depfile-target", args.output]
    pack = [HERE.parent / "archive" / "pack.py", "--output", args.output,
            "--file", f"rootserver={root_server}", "--file", f"system.dtb={work / 'system.dtb'}",
            "--manifest", work / "files"]
    return [check, pack]


def main(argv):
    args = arguments(argv)
    if args.needs:
        print("\n".join(PROGRAMS.values()), flush=True)
    with tempfile.TemporaryDirectory(prefix="warren-boot-") as work:
        for command in commands(args, pathlib.Path(work)):
            status = subprocess.run([sys.executable, *command], check=False).returncode
            if status:
                return status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
