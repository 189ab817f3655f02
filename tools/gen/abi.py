#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Generates code, manual pages and a golden file from one description of the
kernel's interface, so that they agree.

    abi.py --code DIR     calls.h stubs.h decode.h decode.c
    abi.py --docs DIR     one page per call, and the index; removes other .md files there
    abi.py --golden FILE  numbers and signatures, one per line
"""
import argparse
import pathlib
import sys

import abi_code
import abi_docs
from abi_model import InterfaceError, parse

ROOT = pathlib.Path(__file__).resolve().parents[2]


def write(path, text):
    """Writes the file only if its text changes, so that nothing is rebuilt without need."""
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def write_docs(face, folder):
    folder.mkdir(parents=True, exist_ok=True)
    pages = abi_docs.pages(face)
    for old in folder.glob("*.md"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        write(folder / name, text)


def write_code(face, folder):
    (folder / "calls.h").write_text(abi_code.calls_h(face))
    (folder / "stubs.h").write_text(abi_code.stubs_h(face))
    (folder / "decode.h").write_text(abi_code.decode_h(face))
    (folder / "decode.c").write_text(abi_code.decode_c(face))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--interface", type=pathlib.Path,
                        default=ROOT / "libs/abi/interface.toml")
    parser.add_argument("--errors", type=pathlib.Path, default=ROOT / "libs/base/err.h")
    parser.add_argument("--code", type=pathlib.Path)
    parser.add_argument("--docs", type=pathlib.Path)
    parser.add_argument("--golden", type=pathlib.Path)
    options = parser.parse_args()
    try:
        face = parse(options.interface.read_text(), options.errors.read_text())
    except InterfaceError as problem:
        sys.exit(f"{options.interface}: {problem}")
    if options.code:
        write_code(face, options.code)
    if options.docs:
        write_docs(face, options.docs)
    if options.golden:
        write(options.golden, abi_code.golden(face))


if __name__ == "__main__":
    main()
