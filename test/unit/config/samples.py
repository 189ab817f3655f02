# SPDX-License-Identifier: BSD-2-Clause
"""Manifests that use every key, and a system that uses them all: the files of test/unit/manifest."""

import pathlib

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "manifest"

ALL = {path.parent.name: path.read_text() for path in sorted(FOLDER.glob("services/*/manifest.toml"))}
SHOP = {path.stem: path.read_text() for path in sorted(FOLDER.glob("shop/*.toml"))}
BLOCK, ENTROPY, SWITCH = ALL["block"], ALL["entropy"], ALL["switch"]
