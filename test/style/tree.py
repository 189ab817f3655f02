# SPDX-License-Identifier: BSD-2-Clause
"""The files of a tree, as the checks see them."""
import pathlib
import subprocess

# Not ours, or not sources.
SKIPPED = (".git/", ".deps/", "build", "subprojects/musl/", "subprojects/dtc/",
           "subprojects/packagefiles/")
CODE = (".c", ".h", ".S")
BINARY = (".png", ".gz", ".bin", ".cpio", ".dtb")


class Tree:
    """Relative path -> text.  `root` is a working tree, tracked by git or not."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.files = {}
        for name in sorted(self._names()):
            path = self.root / name
            if name.startswith(SKIPPED) or "__pycache__" in name or name.endswith(BINARY):
                continue
            if path.is_symlink() or not path.is_file():
                continue
            self.files[name] = path.read_text(errors="replace")

    def _names(self):
        try:
            git = subprocess.run(["git", "-C", str(self.root), "ls-files", "-z"],
                                 capture_output=True, text=True, check=False)
            names = [name for name in git.stdout.split("\0") if name]
            if git.returncode == 0 and names:
                return names
        except FileNotFoundError:
            pass  # a machine without git: take all files
        return [str(path.relative_to(self.root)) for path in self.root.rglob("*")]

    def code(self, prefix=""):
        return {name: text for name, text in self.files.items()
                if name.endswith(CODE) and name.startswith(prefix)}


def strip_comments(text):
    """C text without comments; lines stay where they were."""
    out = []
    state = "code"
    i = 0
    while i < len(text):
        two = text[i:i + 2]
        if state == "code" and two == "/*":
            state, i = "block", i + 2
        elif state == "code" and two == "//":
            state, i = "line", i + 2
        elif state == "block" and two == "*/":
            state, i = "code", i + 2
        else:
            if state == "code" and text[i] in "\"'":
                end = i + 1
                while end < len(text) and text[end] not in (text[i], "\n"):
                    end += 2 if text[end] == "\\" else 1
                out.append(text[i:end + 1])
                i = end + 1
                continue
            if state == "line" and text[i] == "\n":
                state = "code"
            if state == "code" or text[i] == "\n":
                out.append(text[i])
            i += 1
    return "".join(out)
