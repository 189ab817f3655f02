#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Prints the folders right below the given one that have a meson.build, fakes first.

Found rather than listed: a list would let a forgotten folder of tests never run.
"""
import pathlib
import sys

found = sorted(path.parent.name for path in pathlib.Path(sys.argv[1]).glob("*/meson.build"))
print("\n".join(sorted(found, key=lambda name: name != "fakes")))
