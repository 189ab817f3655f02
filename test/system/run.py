#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the cases of some files on one CPU model and prints TAP."""

import argparse
import fnmatch
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from harness import tap  # noqa: E402
from harness.env import CPUS, Env  # noqa: E402


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="the build folder")
    parser.add_argument("--cpu", default="rv64", help="QEMU's CPU model, such as " + ", ".join(CPUS))
    parser.add_argument("--case", default="*", help="run only the cases whose name matches, such as '*reboot*'")
    parser.add_argument("files", nargs="+")
    args = parser.parse_args(argv)
    cases = [case for path in args.files for case in tap.cases_of(path)
             if fnmatch.fnmatch(case[0], args.case) or fnmatch.fnmatch(case[0].split(".")[1], args.case)]
    env = Env(args.build, args.cpu, pathlib.Path(args.build) / "meson-logs" / "system" / args.cpu)
    return tap.run(env, cases)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
