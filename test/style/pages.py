# SPDX-License-Identifier: BSD-2-Clause
"""What a page names between backticks exists: paths, files, functions, and verbs of ./warren."""
import fnmatch
import pathlib
import posixpath
import re

BLOCK = re.compile(r"^```.*?^```", re.M | re.S)
CREATED = re.compile(r"^```\w+ (\S+)", re.M)  # files that a page writes
QUOTED = re.compile(r"`([^`\n]+)`")
WORD = re.compile(r"[\w./*-]+")
FILE = re.compile(r"[\w-]+\.(?:c|h|S|py|toml|sh|ini)")
FUNCTION = re.compile(r"\b([a-z]\w*)\(\)")
VERB = re.compile(r"^\./warren (\w[\w-]*)")
BUILT = (".elf", ".bin", ".cpio", ".gz")
PLACEHOLDER = re.compile(r"(?<![A-Za-z.])[A-Z]+(?:_[A-Z]+)*(?![A-Za-z]|\.md)|\bx\.")  # test_NAME.c, x.toml
MAIN = "main"


class Facts:
    """What the pages of a tree can name."""

    def __init__(self, tree):
        pages = [text for name, text in tree.files.items() if name.endswith(".md")]
        self.root = tree.root
        self.names = list(tree.files)
        self.tops = {name.split("/")[0] for name in self.names if "/" in name}
        self.created = {path for text in pages for path in CREATED.findall(text)}
        self.code = "\n".join(text for name, text in tree.files.items() if not name.endswith(".md"))
        self.words = set(re.findall(r"\w+", self.code))
        known = {*self.names, *self.created}
        self.files = {name.rsplit("/", 1)[-1] for name in known}
        self.verbs = set(re.findall(r"^  (\w+)\b", tree.files.get("warren", ""), re.M))

    def has_path(self, path, page):
        beside = posixpath.join(posixpath.dirname(page), path)
        return (any((self.root / one).exists() for one in (path, beside))
                or any(name.startswith(f"{path}/") or name == path for name in self.created)
                or bool(fnmatch.filter(self.names, path)))


def gone(quoted, page, facts):
    """The names in one quotation that do not exist."""
    found = [f"{name}()" for name in FUNCTION.findall(quoted) if name not in facts.words and name != MAIN]
    found += [f"./warren {verb}" for verb in VERB.findall(quoted) if verb not in facts.verbs]
    for word in WORD.findall(quoted):
        word = word.rstrip("./")
        if PLACEHOLDER.search(word) or word.endswith(BUILT):
            continue
        if "/" in word and word.split("/")[0] in facts.tops:
            found += [] if facts.has_path(word, page) else [word]
        elif FILE.fullmatch(word) and word not in facts.files and word not in facts.code:
            found.append(word)
    return found


def check(tree):
    facts, problems = Facts(tree), []
    for page, text in tree.files.items():
        if not page.endswith(".md"):
            continue
        plain = BLOCK.sub(lambda block: "\n" * block.group().count("\n"), text)
        for number, line in enumerate(plain.split("\n"), 1):
            for quoted in QUOTED.findall(line):
                problems += [f"{page}:{number}: there is no {name}" for name in gone(quoted, page, facts)]
    return problems
