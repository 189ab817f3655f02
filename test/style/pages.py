# SPDX-License-Identifier: BSD-2-Clause
"""docs/writing-a-service.md lists each file that knows the console service, and names what is there."""
import re

from tree import strip_comments

PAGE = "docs/writing-a-service.md"
ROOMS = ("rootserver/", "tools/config/", "configs/", "libs/proto/", "services/meson.build")
KNOWS = re.compile(r"console(?!=)", re.I)  # not the bootargs' console=
ROW = re.compile(r"^\| `([\w/.-]+)` \|", re.M)
FUNCTION = re.compile(r"`(\w+)\(\)`")
SCRIPT_COMMENT = re.compile(r"(?m)^\s*#.*$|\s#\s.*$")


def code_of(name, text):
    return strip_comments(text) if name.endswith((".c", ".h")) else SCRIPT_COMMENT.sub("", text)


def knowing(tree):
    return {name for name, text in tree.files.items()
            if name.startswith(ROOMS) and not name.endswith(".md") and KNOWS.search(code_of(name, text))}


def check(tree):
    if PAGE not in tree.files:
        return []
    page = tree.files[PAGE]
    listed, found = set(ROW.findall(page)), knowing(tree)
    problems = [f"{PAGE}: {name} knows the console service and is not listed" for name in sorted(found - listed)]
    problems += [f"{PAGE}: {name} is listed and does not know it" for name in sorted(listed - found)]
    code = "\n".join(text for name, text in tree.files.items() if not name.endswith(".md"))
    problems += [f"{PAGE}: there is no {name}()" for name in sorted(set(FUNCTION.findall(page)))
                 if not re.search(rf"\b{name}\(", code)]
    return problems
