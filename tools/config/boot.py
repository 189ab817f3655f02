#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes the boot archive of a system from a build folder: compiles its configuration and packs.

    boot.py --build build --system configs/two --output two.cpio

With --needs, which is for use before the build, checks the configuration as far as is possible and prints
the files that the archive needs and the build makes.  Exits with 2 when the configuration has an error.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import services

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parent.parent

# The paths of the archive's programs in a build folder.  Services are found by their manifests.
PROGRAMS = {
    "rootserver": "rootserver/rootserver.elf",
    "vmm": "vmm/vmm.elf",
}
SERVICES = TREE / "services"


def service_folders(args):
    return [SERVICES, *(pathlib.Path(folder).resolve() for folder in args.services)]


def service_programs(folders):
    """The program of each service by its name in the archive.  A folder outside of the tree has its programs."""
    found = {}
    for path in services.find(folders):
        name, folder = path.parent.name, path.parent.parent
        place = "services" if folder.is_relative_to(TREE) else folder
        found[f"svc/{name}"] = f"{place}/{name}.elf"
    return found


def arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", required=True, help="the build folder")
    parser.add_argument("--system", required=True, help="folder with system.toml")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--output", help="the archive to write")
    what.add_argument("--needs", action="store_true",
                      help="print the files to build first; standard input lists all files that the build makes")
    parser.add_argument("--services", action="append", default=[], metavar="FOLDER",
                        help="a further folder of services, such as test/services")
    parser.add_argument("--info", help="a JSON file to write: the machine that the system needs")
    parser.add_argument("--depfile", help="a make-style list of the files this depends on")
    parser.add_argument("--program", action="append", default=[], metavar="NAME=PATH",
                        help="a further program that a guest may name, or a replacement for rootserver")
    return parser.parse_args(argv)


def all_programs(args):
    return PROGRAMS | service_programs(service_folders(args))


def check_command(args, programs):
    """The part of the compiler's command line that is the same with and without --needs."""
    check = [HERE / "compile.py", "--system", args.system,
             "--store", f"debian={TREE / '.deps' / 'guest'}", "--store", f"build={args.build}"]
    for folder in service_folders(args):
        check += ["--services", folder]
    for name, path in programs.items():
        check += ["--program", f"{name}={path}"]
    return check


def commands(args, work):
    """The command lines to run; each prints its own error messages."""
    build = pathlib.Path(args.build)
    programs = {name: str(build / path) for name, path in all_programs(args).items()}
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
        print("\n".join(all_programs(args).values()), flush=True)
    with tempfile.TemporaryDirectory(prefix="warren-boot-") as work:
        for command in commands(args, pathlib.Path(work)):
            status = subprocess.run([sys.executable, *command], check=False).returncode
            if status:
                return status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
