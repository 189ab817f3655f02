# SPDX-License-Identifier: BSD-2-Clause
"""Damaged manifests and systems: the compiler answers each with messages or a blob, never with a traceback."""

import random
import re

import readfdt
import samples
import support

ROUNDS = 400
MESSAGE = re.compile(r"[^:]+\.toml:[1-9][0-9]*: .+; .+")
# Values to put in the place of others: wrong types, limits, words that mean something elsewhere.
VALUES = ("0", "-1", "1", "65", "9223372036854775807", "-9223372036854775808", "1.5", "nan", "true", "false", '""',
          '"x"', '"1K"', '"4K"', '"999999999999G"', '"10ms"', '"1s..0s"', '"0ms..0ms"', '"auto"', '"system"', '"device"',
          '"named"', '"instance"', '"from system.toml"', '"\\u0000"', '"\\u202e"', '"' + "x" * 300 + '"', "[]", "[[]]",
          '["x", "x"]', "[1, true]", "{}", "{ a = 1 }", '{ type = "int", default = 0 }', '{ on = "lan" }',
          '[{ on = "lan" }, false, "x"]', "1979-05-27", "07:32:00", '"entropy"', '"switch"', '"block/1"')
KEYS = ("as", "match", "irqs", "dma", "bytes", "key", "device", "default", "on", "many", "service", "protocol", "option",
        "regions", "record", "count", "from", "type", "of", "min", "max", "is", "services", "guests", "disk", "net", "rng",
        "a.b.c", '""', '"a b"', "''")
HEADS = ("[service]", "[[device]]", "[[memory]]", "[client]", "[client.option]", "[option]", "[guest]", "[[needs]]",
         "[services]", "[services.lan]", "[services.x]", "[defaults]", "[machine]", "[[services]]", "[guest.default]")


def mutated(text, chance):
    """The text with one or two changes, most of which leave it TOML."""
    lines = text.split("\n")
    for _ in range(chance.randint(1, 2)):
        at = chance.randrange(len(lines))
        key, equals, _ = lines[at].partition(" = ")
        what = chance.randrange(9)
        if what <= 3 and equals:
            lines[at] = f"{key} = {chance.choice(VALUES)}"
        elif what == 4 and equals:
            lines[at] = f"{chance.choice(KEYS)} = {chance.choice(VALUES)}"
        elif what == 5:
            lines.insert(at, f"{chance.choice(KEYS)} = {chance.choice(VALUES)}")
        elif what == 6:
            lines.insert(at, chance.choice(HEADS))
        elif what == 7:
            del lines[at]
            lines = lines or [""]
        else:
            lines[at] = inner(lines[at], chance)
    return "\n".join(lines)


def inner(line, chance):
    """A change inside of a line: a value of an inline table, or a byte."""
    inside = [match.span(1) for match in re.finditer(r"= ([^,}\]]+)", line)]
    if inside and chance.random() < 0.7:
        start, end = chance.choice(inside)
        return line[:start] + chance.choice(VALUES) + line[end:]
    at = chance.randrange(len(line) + 1)
    return line[:at] + chance.choice('"[]{}=,.#\\\0\x7f\u00e9 ') + line[at + chance.randrange(2):]


class Mutated(support.SystemCase):
    def setUp(self):
        super().setUp()
        self.files = {f"services/{name}/manifest.toml": text for name, text in samples.ALL.items()}
        self.files["services/console/manifest.toml"] = support.CONSOLE
        self.files |= {f"sample/{name}.toml": text for name, text in samples.SHOP.items()}
        for name in samples.ALL:
            (self.top / "services" / name).mkdir()
        (self.folder / "one.toml").unlink()
        for path, text in self.files.items():
            self.put(path, text)

    def run_one(self, chance):
        """One damaged file of all; returns the exit status."""
        path = chance.choice(list(self.files))
        text = mutated(self.files[path], chance)
        self.put(path, text.encode("utf-8", "surrogatepass"))
        try:
            status, lines = self.compile()
        except BaseException as error:
            raise AssertionError(f"{type(error).__name__}: {error}, for {path}:\n{text}") from error
        finally:
            self.put(path, self.files[path])
        for line in lines:
            self.assertRegex(line, MESSAGE, text)
        if status == 0:
            self.assertIn("guests", readfdt.read(self.output.read_bytes()))
        else:
            self.assertEqual(status, 2, text)
            self.assertTrue(lines, f"refused without a word: {text}")
        return status

    def test_compile_mutated_files_get_messages_or_a_blob(self):
        """Each of many damaged files is accepted or refused with messages of the usual form."""
        chance = random.Random(9)
        statuses = [self.run_one(chance) for _ in range(ROUNDS)]
        # Both ways are taken often, or the mutations test little.
        self.assertGreater(statuses.count(0), ROUNDS // 30)
        self.assertGreater(statuses.count(2), ROUNDS // 4)
