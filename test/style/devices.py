# SPDX-License-Identifier: BSD-2-Clause
"""Each device of vmm/dev has a test and a page, and the VMM knows no service."""
import re
import tomllib

LIST = "vmm/dev/meson.build"
WORD = re.compile(r"^  '(\w+)',$", re.M)
INCLUDE = re.compile(r"^#include <proto/(\w+)\.h>", re.M)
# Reads the start record, which has a field for the console's rings.
READER = "vmm/board/start.c"


NAME = re.compile(r'^    \.name = "([a-z0-9-]+)",$', re.M)


def check_manifests(tree):
    """A service's manifest names a device that the VMM has."""
    names = {match for name, text in tree.files.items() if re.match(r"vmm/dev/\w+\.c$", name)
             for match in NAME.findall(text)}
    problems = []
    for name, text in tree.files.items():
        if re.match(r"services/[\w-]+/manifest\.toml$", name):
            device = tomllib.loads(text).get("guest", {}).get("device")
            if device is not None and device not in names:
                problems.append(f"{name}: the VMM has no device {device}")
    return problems


def check(tree):
    """A word of the list stands for a source, a test and a page."""
    problems = []
    for name in WORD.findall(tree.files.get(LIST, "")):
        page = name.replace("_", "-")
        problems += [f"{LIST}: no {path}" for path in (f"vmm/dev/{name}.c", f"test/unit/device/test_{name}.c",
                                                       f"docs/devices/{page}.md") if path not in tree.files]
    return problems


def check_services(tree):
    """No file of the VMM includes the protocol of a service, except for the reader of the start record."""
    services = {name.split("/")[1] for name in tree.files if name.startswith("services/") and name.count("/") > 1}
    return [f"{name}: knows the service {match.group(1)}" for name, text in tree.files.items()
            if name.startswith("vmm/") and name != READER
            for match in INCLUDE.finditer(text) if match.group(1) in services]
