# SPDX-License-Identifier: BSD-2-Clause
"""The pages on services name functions that exist."""
import re

PAGES = ("docs/writing-a-service.md", "docs/service-protocol.md")
BLOCK = re.compile(r"^```.*?^```", re.M | re.S)
FUNCTION = re.compile(r"`(\w+)\(\)`")


def check(tree):
    code = "\n".join(text for name, text in tree.files.items() if not name.endswith(".md"))
    problems = []
    for page in PAGES:
        if page not in tree.files:
            continue
        for name in sorted(set(FUNCTION.findall(BLOCK.sub("", tree.files[page])))):
            if name != "main" and not re.search(rf"\b{name}\(", code):
                problems.append(f"{page}: there is no {name}()")
    return problems
