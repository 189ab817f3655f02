# SPDX-License-Identifier: BSD-2-Clause
"""The rooms that serve all services know none of them: no service's name stands there.

The names are those of the manifests: the folder, the key of a guest's file, the VMM's device, and
the devices of the machine.
"""
import re
import tomllib

MANIFEST = re.compile(r"services/([\w-]+)/manifest\.toml")
ROOMS = ("rootserver/", "tools/config/", "vmm/board/", "vmm/boot/", "vmm/io/", "vmm/memory/", "vmm/state/", "vmm/vcpu/",
         "vmm/main.c", "vmm/calls.", "vmm/meson.build", "vmm/README.md")


def names(tree):
    """The names that the manifests bring, each with the manifest."""
    found = {}
    for path, text in tree.files.items():
        match = MANIFEST.fullmatch(path)
        if not match:
            continue
        data = tomllib.loads(text)
        words = [match.group(1), data.get("guest", {}).get("key"), data.get("guest", {}).get("device")]
        words += [device.get("as") for device in data.get("device", [])]
        found |= {word: path for word in words if word}
    return found


def pattern(words):
    """Any of the words, also within an identifier or a file's name, and in the plural."""
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile(rf"(?<![a-z0-9])({'|'.join(map(re.escape, longest_first))})s?(?![a-z0-9])", re.I)


def check(tree):
    known = names(tree)
    if not known:
        return []
    search, problems = pattern(known), []
    for path, text in tree.files.items():
        if not path.startswith(ROOMS):
            continue
        for line, content in enumerate([path, *text.split("\n")]):
            match = search.search(content)
            if match:
                where = f"{path}:{line}" if line else path
                problems.append(f"{where}: \"{match.group()}\" is a name of {known[match.group(1).lower()]}")
    return problems
