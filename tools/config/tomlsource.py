# SPDX-License-Identifier: BSD-2-Clause
"""TOML with line numbers.

tomllib reads TOML but does not give the line of a value.  After tomllib has accepted
a text, `LineIndex` parses the text again and records the line of every key and every
array element.  `LineIndex` relies on correct syntax, because tomllib has checked the text.
"""

import codecs
import re
import stat
import tomllib

FILE_MAX_BYTES = 1 << 20

# The messages of tomllib, and how a user can correct each error.
SYNTAX_MENDS = (
    ("Cannot overwrite", "a key may be given once: delete or rename one of the two"),
    ("Cannot declare", "a table may be opened once: put the keys of both under one heading"),
    ("Cannot mutate", "a table is opened twice: put the keys of both under one heading"),
    ("Duplicate", "a key may be given once: delete one of the two"),
    ("Invalid value", 'write a string in quotes: key = "value"'),
    ("Expected '='", "write key = value, one to a line"),
    ("Unclosed array", "close the list with ]"),
    ("Unclosed inline", "close the table with }"),
    ("Unterminated string", 'close the string with "'),
    ("Expected newline", "put one key = value on a line"),
    ("Illegal character", "close the string with a quote on the same line, and use \\n or \\t for control characters"),
    ("Unescaped", "write a backslash as two, or use single quotes"),
    ("Invalid statement", "a line is key = value, [table], or # comment"),
)

BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.S)
SHORT_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}


def unescape(text):
    def one(match):
        code = match.group()[1:]
        if code[0] in "uU":
            return chr(int(code[1:], 16))
        return SHORT_ESCAPES.get(code, code)
    return ESCAPE.sub(one, text)


class LineIndex:
    """Maps the path of each key, such as ("defaults", "memory"), to its line."""

    def __init__(self, text):
        self.text = text
        self.at = 0
        self.lines = {}
        self.array_sizes = {}
        self._document()

    def line(self, path):
        """The line of the key, or of the nearest table around it, or 1."""
        path = tuple(path)
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def _note(self, path):
        self.lines.setdefault(path, self.text.count("\n", 0, self.at) + 1)

    def _blank(self, chars=" \t"):
        """Skips blanks; with newlines among them, comments too."""
        while self.at < len(self.text):
            if self.text[self.at] in chars:
                self.at += 1
            elif self.text[self.at] == "#" and "\n" in chars:
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            else:
                return

    def _peek(self, what):
        return self.text.startswith(what, self.at)

    def _document(self):
        table = ()
        self._blank(" \t\r\n")
        while self.at < len(self.text):
            if self._peek("["):
                table = self._heading()
            else:
                self._pair(table)
            self._blank(" \t\r\n")

    def _heading(self):
        is_array = self._peek("[[")
        start = self.at
        self.at += 2 if is_array else 1
        path = self._inside_arrays(self._key(), not is_array)
        if is_array:
            count = self.array_sizes.get(path, 0)
            self.array_sizes[path] = count + 1
            self._note_from(start, path)
            path += (count,)
        self._note_from(start, path)
        self.at += 2 if is_array else 1
        return path

    def _note_from(self, start, path):
        end, self.at = self.at, start
        for size in range(1, len(path) + 1):
            self._note(path[:size])
        self.at = end

    def _inside_arrays(self, keys, including_last):
        """A heading below [[x]] refers to the last element of x."""
        path = ()
        for place, key in enumerate(keys):
            path += (key,)
            last = place == len(keys) - 1
            if path in self.array_sizes and (including_last or not last):
                path += (self.array_sizes[path] - 1,)
        return path

    def _pair(self, table):
        start = self.at
        keys = self._key()
        path = table + keys
        self._note_from(start, path)
        self.at += 1  # the equals sign
        self._blank()
        self._value(path)

    def _key(self):
        keys = []
        while True:
            self._blank()
            if self._peek('"') or self._peek("'"):
                keys.append(self._string())
            else:
                match = BARE_KEY.match(self.text, self.at)
                keys.append(match.group())
                self.at = match.end()
            self._blank()
            if not self._peek("."):
                return tuple(keys)
            self.at += 1

    def _string(self):
        quote = self.text[self.at]
        mark = quote * 3 if self._peek(quote * 3) else quote
        self.at += len(mark)
        start = self.at
        while not self._peek(mark):
            self.at += 2 if quote == '"' and self._peek("\\") else 1
        end = self.at
        self.at += len(mark)
        while len(mark) == 3 and self._peek(quote):
            self.at += 1  # up to two quotes may stand before the closing three
        body = self.text[start:end]
        return unescape(body) if quote == '"' else body

    def _value(self, path):
        if self._peek('"') or self._peek("'"):
            self._string()
        elif self._peek("["):
            self._array(path)
        elif self._peek("{"):
            self._inline_table(path)
        else:
            while self.at < len(self.text) and self.text[self.at] not in ",]}#\n":
                self.at += 1
        self._blank()
        if self._peek("#"):
            self._blank(" \t\r\n")

    def _array(self, path):
        self.at += 1
        count = 0
        while True:
            self._blank(" \t\r\n,")
            if self._peek("]"):
                self.at += 1
                return
            self._note(path + (count,))
            self._value(path + (count,))
            count += 1

    def _inline_table(self, path):
        self.at += 1
        while True:
            self._blank(" \t\r\n,")
            if self._peek("}"):
                self.at += 1
                return
            self._pair(path)


class TomlFile:
    """One file: `data` as tomllib gives it, and the line of each key."""

    def __init__(self, path, data, index):
        self.path = path
        self.data = data
        self.index = index

    def line(self, *key_path):
        return self.index.line(key_path)


def _syntax_problem(path, text, error, problems):
    message = str(error)
    place = re.search(r"\(at line (\d+), column (\d+)\)", message)
    line = int(place.group(1)) if place else max(1, len(text.splitlines()))
    what = re.sub(r"\s*\(at [^)]*\)$", "", message)
    mend = next((mend for start, mend in SYNTAX_MENDS if what.startswith(start)),
                "see toml.io for the syntax")
    where = f" (column {place.group(2)})" if place else " (at the end of the file)"
    problems.add(path, line, f"not TOML: {what}{where}", mend)


def read_regular(path, max_bytes):
    """The bytes of a file; OSError also if it is not a regular file or is too long."""
    info = path.stat()
    if not stat.S_ISREG(info.st_mode):
        raise OSError(0, "it is not a regular file")
    if info.st_size > max_bytes:
        raise OSError(0, f"it is longer than {max_bytes} bytes")
    return path.read_bytes()


def load(path, problems):
    """Reads one TOML file.  Returns None after adding a problem if it cannot be read."""
    try:
        raw = read_regular(path, FILE_MAX_BYTES)
    except OSError as error:
        problems.add(path, 1, f"cannot read this file: {error.strerror}",
                     "make it a readable text file")
        return None
    if raw.startswith(codecs.BOM_UTF8):
        problems.add(path, 1, "begins with a byte-order mark (BOM)", "save the file as UTF-8 without a BOM")
        return None
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        problems.add(path, 1, "is UTF-16 text", "save the file as UTF-8")
        return None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        problems.add(path, raw.count(b"\n", 0, error.start) + 1, "not UTF-8 text",
                     "save the file as UTF-8")
        return None
    text = text.replace("\r\n", "\n")
    try:
        data = tomllib.loads(text)
        return TomlFile(path, data, LineIndex(text))
    except tomllib.TOMLDecodeError as error:
        _syntax_problem(path, text, error, problems)
    except RecursionError:
        problems.add(path, 1, "lists or tables are nested too deeply", "flatten them")
    return None
