# SPDX-License-Identifier: BSD-2-Clause
"""Reads libs/abi/interface.toml and rejects mistakes in it.

Computes everything that the other modules need, so that they only print.
"""
import re
import tomllib

ARG_MAX = 6
RESULT_MAX = 2
NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
RESERVED = {"m", "regs", "err"}


class InterfaceError(Exception):
    """The interface file has a mistake; the text names the place and the mistake."""


def snake(name):
    """VCpu -> vcpu, IrqControl -> irq_control."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def refuse(where, what):
    raise InterfaceError(f"{where}: {what}")


def take(table, where, known):
    """Rejects unknown keys, so that a misspelt key is not ignored."""
    for key in table:
        if key not in known:
            refuse(where, f"unknown key '{key}'")


def read_errors(text):
    """The names and values of enum err, in order, from the text of err.h."""
    found = re.findall(r"^\s*(?:ERR_)?([A-Z_]+) = (\d+),", text, re.M)
    if not found:
        raise InterfaceError("no errors found in the error header")
    return {name: int(value) for name, value in found}


class Right:
    def __init__(self, table):
        where = f"right {table.get('name')}"
        take(table, where, {"name", "bit", "doc"})
        self.name, self.bit, self.doc = table["name"], table["bit"], table["doc"]
        if not 0 <= self.bit < 8:
            refuse(where, "a bit outside 0 to 7")


class Object:
    def __init__(self, table):
        where = f"object {table.get('name')}"
        take(table, where, {"name", "type", "bits", "sizes", "singleton", "doc"})
        self.name, self.type, self.doc = table["name"], table["type"], table["doc"]
        self.snake = snake(self.name)
        self.upper = self.snake.upper()
        self.is_singleton = table.get("singleton", False)
        self.bits_min, self.bits_max = table["bits"]
        if not 1 <= self.type < 16:
            refuse(where, "a type outside 1 to 15")
        if not 0 <= self.bits_min <= self.bits_max < 64:
            refuse(where, "sizes that do not rise from least to most within 0 to 63")
        whole = range(self.bits_min, self.bits_max + 1)
        self.sizes = [] if self.is_singleton else list(table.get("sizes", whole))
        if any(size not in whole for size in self.sizes):
            refuse(where, "a size outside its own bounds")
        self.methods = []


class Value:
    """An argument or a result."""

    def __init__(self, table, where, objects, rights):
        self.name = table.get("name", "")
        self.doc = table.get("doc", "")
        self.unit = table.get("unit", "")
        self.is_optional = table.get("optional", False)
        where = f"{where}, '{self.name}'"
        take(table, where, {"name", "doc", "unit", "cap", "cap_rights", "optional"})
        if not NAME.match(self.name) or self.name in RESERVED:
            refuse(where, "not a usable name")
        self.cap_types = table["cap"].split("|") if "cap" in table else []
        self.cap_rights = table.get("cap_rights", [])
        for name in self.cap_types:
            if name not in objects:
                refuse(where, f"unknown object '{name}'")
        for name in self.cap_rights:
            if name not in rights:
                refuse(where, f"unknown right '{name}'")
        if not self.cap_types and (self.cap_rights or self.is_optional):
            refuse(where, "only a capability has rights or is optional")
        if not self.doc:
            refuse(where, "no doc")


class Entry:
    """A system call or a method: its object, its arguments, and its results."""

    KEYS = {"name", "number", "rights", "args", "results", "doc", "errors"}

    def __init__(self, table, where, more_keys, objects, rights, errors):
        take(table, where, self.KEYS | more_keys)
        self.name, self.number, self.doc = table["name"], table["number"], table["doc"]
        self.kind = table.get("kind", "plain")
        self.rights = table.get("rights", [])
        self.errors = table.get("errors", {})
        if not NAME.match(self.name):
            refuse(where, "not a usable name")
        for name in self.rights:
            if name not in rights:
                refuse(where, f"unknown right '{name}'")
        for name in self.errors:
            if name not in errors or name == "OK":
                refuse(where, f"unknown error '{name}'")
        self.args = [Value(t, where, objects, rights) for t in table.get("args", [])]
        self.results = [Value(t, where, objects, rights) for t in table.get("results", [])]
        if len(self.args) > ARG_MAX:
            refuse(where, f"{len(self.args)} arguments; {ARG_MAX} fit in registers")
        if len(self.results) > RESULT_MAX:
            refuse(where, f"{len(self.results)} results; {RESULT_MAX} fit in registers")
        if self.results and not self.errors:
            refuse(where, "results, but no error that would withhold them")

    def check_names(self, where):
        names = [v.name for v in self.args + self.results]
        if self.object:
            names.append(self.object.snake)
        if len(names) != len(set(names)):
            refuse(where, "two parameters of one name")


class Interface:
    def __init__(self, data, errors):
        take(data, "interface", {"right", "object", "enum", "call", "method"})
        self.errors = errors
        self.rights = [Right(t) for t in data.get("right", [])]
        self.objects = [Object(t) for t in data.get("object", [])]
        self._unique("right", self.rights, "name", "bit")
        self._unique("object", self.objects, "name", "type")
        self.by_right = {r.name: r for r in self.rights}
        self.by_object = {o.name: o for o in self.objects}
        self.enums = [self._enum(t) for t in data.get("enum", [])]
        self.calls = [self._call(t) for t in data.get("call", [])]
        self.methods = [self._method(t) for t in data.get("method", [])]
        self._unique("call", self.calls, "name", "number")
        for obj in self.objects:
            self._unique(f"{obj.name} method", obj.methods, "name", "number")
        self._unique("stub", self.calls + self.methods, "stub")
        self.objects.sort(key=lambda o: o.type)
        self.calls.sort(key=lambda c: c.number)

    @staticmethod
    def _unique(what, things, *keys):
        for key in keys:
            seen = {}
            for thing in things:
                value = getattr(thing, key)
                if value in seen:
                    refuse(f"{what} {thing.name}", f"{key} {value} is {seen[value]}'s already")
                seen[value] = thing.name

    @staticmethod
    def _enum(table):
        where = f"enum {table.get('name')}"
        take(table, where, {"name", "prefix", "doc", "values"})
        if len(set(table["values"].values())) != len(table["values"]):
            refuse(where, "a number twice")
        return table

    def _call(self, table):
        where = f"call {table.get('name')}"
        more = {"kind", "cap", "stub", "scratch", "deadline"}
        call = Entry(table, where, more, self.by_object, self.by_right, self.errors)
        call.stub = table.get("stub", call.name)
        call.is_scratch = table.get("scratch", False)
        call.has_deadline = table.get("deadline", False)
        if call.has_deadline and call.kind != "message":
            refuse(where, "deadline is for messages; another call has an argument for it")
        if call.kind == "message" and (call.args or call.results):
            refuse(where, "a message has its own registers, and no arguments and results")
        if call.is_scratch and (call.kind != "plain" or len(call.args) > 2):
            refuse(where, "scratch is for calls that are no messages, with at most two arguments")
        if table.get("cap") and table["cap"] not in self.by_object:
            refuse(where, f"unknown object '{table['cap']}'")
        call.object = self.by_object.get(table.get("cap"))
        if call.rights and not call.object:
            refuse(where, "rights, but no capability that could have them")
        if call.kind not in ("plain", "message") or (call.kind == "message" and not call.object):
            refuse(where, "kind is 'message', with a capability, or absent")
        if not 0 <= call.number < 64:
            refuse(where, "a number outside 0 to 63")
        call.check_names(where)
        return call

    def _method(self, table):
        where = f"method {table.get('object')}.{table.get('name')}"
        method = Entry(table, where, {"object"}, self.by_object, self.by_right, self.errors)
        if table["object"] not in self.by_object:
            refuse(where, f"unknown object '{table['object']}'")
        method.object = self.by_object[table["object"]]
        method.stub = f"{method.object.snake}_{method.name}"
        if not 0 <= method.number < 64:
            refuse(where, "a number outside 0 to 63")
        if not method.errors:
            refuse(where, "no errors: a method can at least be given a wrong capability")
        method.check_names(where)
        method.object.methods.append(method)
        return method


def parse(text, error_text):
    """The Interface in `text`; raises InterfaceError, or tomllib's or a key's error."""
    try:
        return Interface(tomllib.loads(text), read_errors(error_text))
    except tomllib.TOMLDecodeError as problem:
        raise InterfaceError(f"not TOML: {problem}") from problem
    except KeyError as problem:
        raise InterfaceError(f"a table lacks the key {problem}") from problem
