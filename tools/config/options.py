# SPDX-License-Identifier: BSD-2-Clause
"""Options that a manifest declares: types, limits, defaults, and the form in which a service reads them.

The packed form (libs/manifest/options.h) has the options in the manifest's order.  A size, an integer or
a boolean is a 64-bit little-endian number, and all ones when it is absent.  A string, a choice or a MAC
address is a 16-bit length (0xffff when it is absent), the bytes and a zero byte, padded to 8 bytes.
"""

import dataclasses
import hashlib
import re
import struct

import fdt
import values
from checking import Origin, attempt, fields, unknown
from limits import LIMITS
from problem import shown, size_text
from values import Key, Refused

PACKED_MAX_BYTES = LIMITS["CONTROL_OPTION_BYTES"]
STRING_MAX_BYTES = 200
CHOICES_MAX = 16
ABSENT_NUMBER = (1 << 64) - 1
ABSENT_TEXT = 0xFFFF
NUMBERS = ("size", "int", "bool")
TYPES = (*NUMBERS, "string", "choice", "mac")
MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}\Z")
MAC_ASSIGNED = "assigned"
HELP_MAX_BYTES = 300
NAME_PATTERN = r"[a-z][a-z0-9-]{0,16}"  # with "use.15.option." at most 31 characters

# Keys that only some types have.
LIMITED = ("size", "int")

ROWS = {
    "type": Key(values.choice(*TYPES), required=True, example='"int"'),
    "default": Key(lambda key, value: value),
    "required": Key(values.boolean, default=False),
    "optional": Key(values.boolean, default=False),
    "default_key": Key(values.boolean, default=False),
    "min": Key(lambda key, value: value),
    "max": Key(lambda key, value: value),
    "of": Key(values.list_of(values.text(r"[a-z][a-z0-9-]{0,30}", "a word", "direct"), CHOICES_MAX, least=1)),
    "help": Key(values.printable(HELP_MAX_BYTES), default=""),
}


@dataclasses.dataclass(frozen=True)
class Option:
    name: str
    type: str
    default: object  # compiled; None for a required or an optional one
    required: bool
    optional: bool
    default_key: bool
    least: int
    most: int
    of: tuple
    help: str
    default_text: str  # as written in the manifest, for documentation

    @property
    def is_number(self):
        return self.type in NUMBERS

    def check(self, key, value):
        """The compiled form of a value: int, str, or bytes for a MAC address (or MAC_ASSIGNED)."""
        if self.type == "bool":
            return int(values.boolean(key, value))
        if self.type == "int":
            return values.integer(self.least, self.most)(key, value)
        if self.type == "size":
            return values.size_between(self.least, self.most)(key, value)
        if self.type == "choice":
            return values.choice(*self.of)(key, value)
        if self.type == "mac":
            return mac(key, value)
        return values.printable(STRING_MAX_BYTES)(key, value)


def mac(key, value):
    values.of_type(key, value, str, '"assigned"')
    if value == MAC_ASSIGNED:
        return value
    if not MAC.match(value):
        raise Refused(f'"{key}" is {shown(value)}, which is not a MAC address',
                      f'write {key} = "assigned", or six bytes such as "02:00:00:00:00:01"')
    number = bytes.fromhex(value.replace(":", ""))
    if number[0] & 1 or not any(number):
        raise Refused(f'"{key}" is {shown(value)}, which no single device can have',
                      f'write {key} = "assigned", or an address whose first byte is even')
    return number


def _limit(key, type_name, given, otherwise):
    if given is None:
        return otherwise
    return values.size(key, given) if type_name == "size" else values.integer()(key, given)


def read(problems, origin, name, table):
    """One option of a manifest, or None after adding problems."""
    unknown(problems, origin, table, ROWS)
    row = fields(problems, origin, table, ROWS, f'option "{name}"')
    if row["type"] is None:
        return None
    known = dict(name=name, type=row["type"], default=None, required=row["required"], optional=row["optional"],
                 default_key=row["default_key"], of=row["of"] or (), help=row["help"] or "", default_text="")
    for key, types in (("min", LIMITED), ("max", LIMITED), ("of", ("choice",))):
        if key in table and row["type"] not in types:
            origin.below(key).complain(problems, f'"{key}" means nothing for the type "{row["type"]}"', "delete it")
            return None
    if row["of"] is None and "of" in table:
        return None
    if row["type"] == "choice" and not row["of"]:
        origin.complain(problems, f'option "{name}" does not say what may be chosen', 'write of = ["one", "two"]')
        return None
    least = attempt(problems, origin.below("min"), _limit, "min", row["type"], row["min"], 0)
    most = attempt(problems, origin.below("max"), _limit, "max", row["type"], row["max"], values.INTEGER_MAX)
    if least is None or most is None:
        return None
    if least > most:
        origin.below("min").complain(problems, f'option "{name}" has a "min" above its "max"', "exchange the two")
        return None
    return _with_default(problems, origin, table, Option(least=least, most=most, **known))


def _with_default(problems, origin, table, option):
    said = [key for key in ("default", "required", "optional") if table.get(key) not in (None, False) or
            key == "default" and key in table]
    if len(said) != 1:
        given = "and ".join(f'"{key}" ' for key in said) or "none of them "
        origin.complain(problems, f'option "{option.name}" needs one of "default", "required" and "optional", and has '
                        f"{given}".rstrip(), "write default = ..., required = true or optional = true")
        return None
    if said != ["default"]:
        return option
    default = attempt(problems, origin.below("default"), option.check, "default", table["default"])
    return None if default is None else dataclasses.replace(option, default=default, default_text=_written(table["default"]))


def _written(value):
    return str(value).lower() if type(value) is bool else f'"{value}"' if type(value) is str else str(value)


def read_all(problems, origin, table, reserved=()):
    """The options of a manifest's table, in its order."""
    found = []
    for name, body in table.items():
        place = origin.below(name)
        if not re.fullmatch(NAME_PATTERN, name):
            place.complain(problems, f"{shown(name)} cannot be the name of an option",
                           "use 1 to 17 characters from a-z, 0-9 and -, a letter first")
        elif name in reserved:
            place.complain(problems, f'an option cannot be called "{name}": the configuration has another use for the word',
                           "rename it")
        elif type(body) is not dict:
            place.complain(problems, f'option "{name}" must be a table, not {values.type_name(body)}',
                           f'write {name} = {{ type = "int", default = 0 }}')
        else:
            found.append(read(problems, place, name, body))
    found = [option for option in found if option]
    short = [option for option in found if option.default_key]
    for option in short[1:]:
        origin.below(option.name, "default_key").complain(
            problems, f'"{short[0].name}" and "{option.name}" are both the default key', "delete one of the two")
    needed = packed_most(found)
    if needed > PACKED_MAX_BYTES:
        origin.complain(problems, f"these options can need {needed} bytes, above the limit of {PACKED_MAX_BYTES}",
                        "have fewer options, or fewer strings")
    return tuple(found)


def packed_most(options):
    """The bytes that the options need at most.  One string may have any length up to what is left."""
    fixed = sum(8 if option.is_number else 16 if option.type == "mac" else
                len(_text(max(option.of, key=len))) if option.type == "choice" else 0 for option in options)
    strings = sum(option.type == "string" for option in options)
    return fixed + 8 * strings


def _text(value):
    data = value if isinstance(value, bytes) else value.encode()
    field = struct.pack("<H", len(data)) + data + b"\0"
    return field + bytes(-len(field) % 8)


def pack(options, given):
    """The packed form of values by name."""
    out = b""
    for option in options:
        value = given.get(option.name)
        if option.is_number:
            out += struct.pack("<Q", ABSENT_NUMBER if value is None else value)
        else:
            out += struct.pack("<H6x", ABSENT_TEXT) if value is None else _text(value)
    return out


def given(problems, origin, options, table, what, place=Origin.below):
    """The values of a table by option's name, with the defaults; None after adding problems.

    The caller has checked that the keys are known.  place(origin, key) is where a key is written.
    """
    found, is_good = {}, True
    for option in options:
        if option.name in table:
            value = attempt(problems, place(origin, option.name), option.check, option.name, table[option.name])
            is_good &= value is not None
        elif option.required:
            origin.complain(problems, f'{what} has no "{option.name}"',
                            f"write {option.name} = ..." + (f": {option.help}" if option.help else ""))
            is_good = False
            continue
        else:
            value = option.default
        if value is not None:
            found[option.name] = value
    if is_good and len(pack(options, found)) > PACKED_MAX_BYTES:
        origin.complain(problems, f"the values of {what} need {len(pack(options, found))} bytes, above the limit of "
                        f"{PACKED_MAX_BYTES}", "shorten its strings")
        return None
    return found if is_good else None


def assigned_mac(*words, taken):
    """A locally administered address that depends on the words alone, and that no other device has."""
    for attempt_number in range(1 << 16):
        digest = hashlib.sha256("/".join((*words, str(attempt_number))).encode()).digest()
        number = b"\x02" + digest[:5]
        if number not in taken:
            taken.add(number)
            return number
    raise AssertionError("2^16 addresses in use")


def nodes(options, found):
    """The device-tree form of values: a node for each option that has one."""
    return {option.name: {"type": option.type, "value": fdt.U64(found[option.name]) if option.is_number
                          else found[option.name]}
            for option in options if option.name in found}


def hint(option):
    """The allowed values of an option, for documentation."""
    if option.type == "choice":
        return "one of " + ", ".join(f'`"{word}"`' for word in option.of)
    text = {"size": "size", "int": "integer", "bool": "`true` or `false`", "string": "string",
            "mac": '`"assigned"` or a MAC address'}[option.type]
    low, high = option.least, option.most
    shown_as = size_text if option.type == "size" else str
    if option.type in LIMITED and (low > 0 or high < values.INTEGER_MAX):
        text += f", {shown_as(low)} to {shown_as(high)}" if high < values.INTEGER_MAX else f", {shown_as(low)} or more"
    return text

