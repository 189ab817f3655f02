# SPDX-License-Identifier: BSD-2-Clause
"""The line of every key."""

import tomllib
import unittest

from tomlsource import LineIndex

TEXT = '''# comment with [brackets] and "quotes
a = 1
"b c" = "x = 2" # d = 3
'e' = \'\'\'
f = 4
[g]
\'\'\'

[h]
i.j = """
k = "5"
""""
l = [
  1, # two
  [2,
   3],
  { m = 4, n.o = "]" },
]
p = { q = 1, "r" = [ 2 ] }
[ s . "t.u" ]
v = 1979-05-27 07:32:00
w = "\\\\"
"\\u0078" = -1

[[y]]
z = 1
[[y]]
z = 2
  [y.sub]
  k = 3'''

EXPECTED = {
    ("a",): 2, ("b c",): 3, ("e",): 4, ("h",): 9, ("h", "i"): 10, ("h", "i", "j"): 10,
    ("h", "l"): 13, ("h", "l", 0): 14, ("h", "l", 1): 15, ("h", "l", 1, 1): 16,
    ("h", "l", 2): 17, ("h", "l", 2, "m"): 17, ("h", "l", 2, "n", "o"): 17,
    ("h", "p"): 19, ("h", "p", "q"): 19, ("h", "p", "r", 0): 19,
    ("s",): 20, ("s", "t.u"): 20, ("s", "t.u", "v"): 21, ("s", "t.u", "w"): 22, ("s", "t.u", "x"): 23,
    ("y",): 25, ("y", 0): 25, ("y", 0, "z"): 26, ("y", 1): 27, ("y", 1, "z"): 28,
    ("y", 1, "sub"): 29, ("y", 1, "sub", "k"): 30,
}


def paths(value, path=()):
    """The path of every key and element of what tomllib read."""
    items = value.items() if type(value) is dict else enumerate(value) if type(value) is list else ()
    for key, inner in items:
        yield path + (key,)
        yield from paths(inner, path + (key,))


class Lines(unittest.TestCase):
    def test_line_of_every_form_is_right(self):
        """Headings, dotted and quoted keys, strings of all kinds, lists and tables in lines are followed."""
        index = LineIndex(TEXT)
        for path, line in EXPECTED.items():
            with self.subTest(path=path):
                self.assertEqual(index.line(path), line)

    def test_index_has_just_the_keys_of_tomllib(self):
        """The index knows every key that tomllib found, and no other."""
        self.assertEqual(set(LineIndex(TEXT).lines), set(paths(tomllib.loads(TEXT))))

    def test_line_of_unknown_key_is_that_of_its_table(self):
        """A key that was not written is reported at the table around it, or at line 1."""
        index = LineIndex("\n[a]\nb = 1\n")
        self.assertEqual(index.line(("a", "c", "d")), 2)
        self.assertEqual(index.line(("x",)), 1)

    def test_index_of_empty_text_is_empty(self):
        """An empty text has no keys."""
        for text in ("", "\n", "# only this", " \t"):
            with self.subTest(text=text):
                self.assertEqual(LineIndex(text).lines, {})
