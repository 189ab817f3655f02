# SPDX-License-Identifier: BSD-2-Clause
"""Finds the files that a configuration names: "store:path", or a path."""

import os
import pathlib
import re
import stat

from problem import closest, nearest
from values import Refused

STORE = re.compile(r"([a-z0-9-]+):(.*)\Z", re.S)

# How to get a file that is missing in a store.
STORE_MENDS = {
    "debian": "fetch it: ./warren setup",
    "build": "build it: meson compile -C build",
}


def similar(folder, value):
    """The path below `folder` (or from /) of an existing file with a name similar to `value`, or None."""
    folder, found = pathlib.Path(folder), []
    for part in pathlib.PurePath(value).parts:
        if part != ".." and not os.path.lexists(folder / part):
            try:
                part = closest(part, os.listdir(folder))
            except OSError:
                return None
            if part is None:
                return None
        folder /= part
        found.append(part)
    return str(pathlib.PurePath(*found)) if folder.is_file() else None


class Stores:
    """Folders by name.  Files of the store "build" in `unbuilt` need not exist; `wanted` lists those named."""

    def __init__(self, folders, unbuilt=()):
        self.folders = {name: pathlib.Path(folder) for name, folder in folders.items()}
        self.unbuilt = set(unbuilt)
        self.wanted = []

    def resolve(self, key, value, beside):
        """The regular file that `value` names in a configuration in folder `beside`; None for an unbuilt file."""
        match = STORE.match(value)
        if match and match.group(1) not in self.folders:
            raise Refused(f'"{key}" names the store "{match.group(1)}", which does not exist',
                          nearest(match.group(1), list(self.folders)) if self.folders
                          else "give a path")
        if match and match.group(1) == "build" and str(pathlib.PurePath(match.group(2))) in self.unbuilt:
            self.wanted.append(str(pathlib.PurePath(match.group(2))))
            return None
        if match:
            path = self._inside(key, value, *match.groups())
            mend = STORE_MENDS.get(match.group(1), f"put it into {self.folders[match.group(1)]}")
            like = similar(self.folders[match.group(1)], match.group(2))
            if match.group(1) == "build":
                like = like or closest(match.group(2), self.unbuilt)
            like = like and f"{match.group(1)}:{like}"
        else:
            path = beside / value
            mend = "correct the path; a relative one begins in the folder of this file"
            like = self._store_meant(value) or similar(beside, value)
        return self._plain(key, value, path, f'did you mean "{like}"?' if like else mend)

    def _store_meant(self, value):
        """The value with the store's name in lower case, if that names a file."""
        store, _, inner = value.partition(":")
        store = store.lower()
        return f"{store}:{inner}" if store in self.folders and (self.folders[store] / inner).is_file() else None

    def _inside(self, key, value, store, inner):
        folder = self.folders[store]
        if not inner or inner.startswith("/") or ".." in inner.split("/"):
            raise Refused(f'"{key}" is "{value}", which is outside its store',
                          f'write {key} = "{store}:path" with a path inside {folder}')
        return folder / inner

    @staticmethod
    def _plain(key, value, path, mend):
        try:
            info = path.stat()
        except FileNotFoundError:
            raise Refused(f'"{key}" names "{value}", but there is no {path}', mend) from None
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise Refused(f'"{key}" names "{value}", but {path} cannot be read: {why}', mend) from None
        if not stat.S_ISREG(info.st_mode):
            raise Refused(f'"{key}" names "{value}", but {path} is not a regular file',
                          "name a file, not a folder or a device")
        if not os.access(path, os.R_OK):
            raise Refused(f'"{key}" names "{value}", but {path} may not be read',
                          "give yourself the right: chmod +r")
        return path
