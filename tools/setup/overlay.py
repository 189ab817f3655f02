# SPDX-License-Identifier: BSD-2-Clause
"""Copies our files of a subproject over its unpacked copy, where they differ.

Meson copies an overlay only when it unpacks the subproject.  Without this step a build would go on with the old
files after an edit or a change of branch.  A copy that does not exist yet is left to Meson.

    overlay.py OVERLAY UNPACKED     folders; prints the overlay's files, one a line
"""

import pathlib
import shutil
import sys


def refresh(overlay, unpacked):
    """The files of the overlay; those whose copy differs are copied."""
    files = sorted(path for path in overlay.rglob("*") if path.is_file())
    for path in files:
        copy = unpacked / path.relative_to(overlay)
        if unpacked.is_dir() and not (copy.is_file() and copy.read_bytes() == path.read_bytes()):
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    return files


if __name__ == "__main__":
    for name in refresh(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])):
        print(name)
