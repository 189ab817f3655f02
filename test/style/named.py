# SPDX-License-Identifier: BSD-2-Clause
"""Each test that docs/threat-model.md names exists."""
import re

PAGE = "docs/threat-model.md"
NAME = re.compile(r"`((?:test_\w+|fuzz-|prove-)[\w*-]*)`")
DEFINED = re.compile(r"(?:START_TEST\(|^\s*def |^)(test_\w+)(?:\)|\()", re.M)


def defined(tree):
    """Every case of the tree by its name; harnesses and proofs by their files."""
    names = set()
    for name, text in tree.files.items():
        if not name.startswith("test/"):
            continue
        names.update(DEFINED.findall(text))
        stem = name.rsplit("/", 1)[-1].removesuffix(".c")
        if name.startswith("test/fuzzers/") and "LLVMFuzzerTestOneInput(const uint8_t *data" in text:
            names.add(f"fuzz-{stem}")
        if name.startswith("test/cbmc/") and "PROVE(" in text and "proves:" in text:
            names.add(f"prove-{stem}")
    return names


def is_there(name, names):
    if name.endswith("*"):
        return any(other.startswith(name[:-1]) for other in names)
    return name in names


def check(tree):
    """Each row of a table that begins with a class of input names tests, and they exist."""
    text = tree.files.get(PAGE, "")
    names = defined(tree)
    problems = []
    for number, line in enumerate(text.split("\n"), 1):
        found = NAME.findall(line)
        if re.match(r"\| \d", line) and not found:
            problems.append(f"{PAGE}:{number}: a class of input without a test")
        problems += [f"{PAGE}:{number}: no test {name}" for name in found
                     if not is_there(name, names)]
    return problems
