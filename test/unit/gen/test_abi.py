#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The interface generator refuses what cannot be right, and prints what is (TAP)."""
import pathlib
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools/gen"))
sys.dont_write_bytecode = True

import abi_code  # noqa: E402
import abi_docs  # noqa: E402
from abi_model import InterfaceError, parse  # noqa: E402

ERRORS = "    OK = 0,\n    ERR_BAD = 1,\n    ERR_GONE = 2,\n"
BASE = """
right = [{ name = "READ", bit = 0, doc = "r" }, { name = "WRITE", bit = 1, doc = "w" }]
[[call]]
name = "invoke"
number = 0
doc = "d"
[[call]]
name = "look"
number = 1
cap = "Box"
rights = ["READ"]
stub = "box_look"
doc = "d"
args = [{ name = "limit", doc = "d" }]
results = [{ name = "seen", doc = "d" }]
errors = { BAD = "no Box" }
[[object]]
name = "Box"
type = 1
bits = [7, 9]
doc = "d"
[[object]]
name = "BigBox"
type = 2
bits = [12, 30]
sizes = [12, 21]
doc = "d"
[[method]]
object = "Box"
name = "open"
number = 0
rights = ["WRITE"]
args = [{ name = "other", cap = "Box|BigBox", cap_rights = ["READ"], optional = true, doc = "d" }]
doc = "d"
errors = { BAD = "no Box" }
"""
METHOD = """
[[method]]
object = "{object}"
name = "{name}"
number = {number}
rights = {rights}
args = {args}
results = {results}
doc = "d"
errors = {errors}
"""


def method(object="Box", name="shut", number=1, rights="[]", args="[]", results="[]",
           errors='{ BAD = "c" }'):
    return METHOD.format(object=object, name=name, number=number, rights=rights, args=args,
                         results=results, errors=errors)


def args(count):
    return "[" + ", ".join(f'{{ name = "x{i}", doc = "d" }}' for i in range(count)) + "]"


def cap_arg(text):
    return f'[{{ name = "x", doc = "d", {text} }}]'


# name of the case, what is added to BASE (or a replacement in it), what the message must say
REFUSED = [
    ("duplicate_method_number", method(number=0), "number 0 is open's already"),
    ("duplicate_method_name", method(name="open"), "name open is open's already"),
    ("duplicate_object_type", ("type = 2", "type = 1"), "type 1 is Box's already"),
    ("duplicate_call_number", ("number = 1\ncap", "number = 0\ncap"), "number 0 is"),
    ("duplicate_right_bit", ("bit = 1", "bit = 0"), "bit 0 is READ's already"),
    ("duplicate_stub", method(name="look"), "stub box_look is"),
    ("unknown_method_object", method(object="Bag"), "unknown object 'Bag'"),
    ("unknown_call_object", ('cap = "Box"\n', 'cap = "Bag"\n'), "unknown object 'Bag'"),
    ("unknown_argument_object", method(args=cap_arg('cap = "Box|Bag"')), "unknown object 'Bag'"),
    ("unknown_right", method(rights='["EAT"]'), "unknown right 'EAT'"),
    ("unknown_argument_right", method(args=cap_arg('cap = "Box", cap_rights = ["EAT"]')),
     "unknown right 'EAT'"),
    ("unknown_error", method(errors='{ SAD = "c" }'), "unknown error 'SAD'"),
    ("ok_as_error", method(errors='{ OK = "c" }'), "unknown error 'OK'"),
    ("seven_arguments", method(args=args(7)), "7 arguments"),
    ("three_results", method(results=args(3)), "3 results"),
    ("two_parameters_of_one_name", method(args=args(1), results=args(1)), "of one name"),
    ("parameter_named_as_object", method(args='[{ name = "box", doc = "d" }]'), "of one name"),
    ("parameter_named_as_a_local", method(args='[{ name = "regs", doc = "d" }]'), "not a usable"),
    ("argument_without_doc", method(args='[{ name = "x" }]'), "no doc"),
    ("rights_on_a_number", method(args=cap_arg('cap_rights = ["READ"]')), "only a capability"),
    ("method_without_errors", method(errors="{}"), "no errors"),
    ("misspelt_key", ('bits = [7, 9]', 'bits = [7, 9]\nsingelton = true'), "unknown key"),
    ("missing_key", ("number = 0\nrights", "rights"), "lacks the key 'number'"),
    ("sizes_that_fall", ("bits = [7, 9]", "bits = [9, 7]"), "do not rise"),
    ("size_out_of_bounds", ("sizes = [12, 21]", "sizes = [12, 31]"), "outside its own bounds"),
    ("broken_toml", "[[method", "not TOML"),
    ("deadline_of_no_message", ('cap = "Box"\n', 'cap = "Box"\ndeadline = true\n'),
     "deadline is for messages"),
    ("message_with_arguments", ('cap = "Box"\n', 'cap = "Box"\nkind = "message"\n'),
     "a message has its own registers"),
]


def refused(change, want):
    text = BASE.replace(*change) if isinstance(change, tuple) else BASE + change
    assert text != BASE, "the case changes nothing"
    try:
        parse(text, ERRORS)
    except InterfaceError as problem:
        assert want in str(problem), f"said: {problem}"
        return
    raise AssertionError("taken without a word")


def test_six_arguments_are_taken():
    face = parse(BASE + method(args=args(6)), ERRORS)
    stub = abi_code.stubs_h(face)
    assert ".t1 = x4," not in stub and ".a6 = x4," in stub and ".t1 = x5," in stub


def test_call_arguments_start_at_a1():
    stub = abi_code.stubs_h(parse(BASE, ERRORS))
    assert ".a1 = limit," in stub and "*seen = regs.a1;" in stub
    assert "box_look(cap_t box, uint64_t limit, uint64_t *seen)" in stub


def test_message_with_deadline_passes_it():
    message = ('kind = "message"\ndeadline = true\ncap = "Box"\nrights = ["READ"]\n'
               'doc = "d"\nerrors = { BAD = "no Box" }\n')
    face = parse(BASE + f'[[call]]\nname = "take"\nnumber = 2\nstub = "box_take"\n{message}', ERRORS)
    stub = abi_code.stubs_h(face)
    assert "box_take(cap_t box, struct message *m, uint64_t deadline_ticks)" in stub
    assert "abi_message_until(CALL_TAKE, box, m, true, deadline_ticks)" in stub
    assert "| t2 | `deadline_ticks`" in abi_docs.pages(face)["box_take.md"]
    assert "box_take message Box[READ] (deadline_ticks)" in abi_code.golden(face)


def test_decode_table_carries_types_and_rights():
    table = abi_code.decode_c(parse(BASE, ERRORS))
    for line in ("{ OBJ_MASK(OBJ_BOX) | OBJ_MASK(OBJ_BIG_BOX), RIGHT_READ, true }",
                 ".handler = box_open_invoke,", ".rights = RIGHT_WRITE,"):
        assert line in table, line


def test_size_masks_hold_exactly_the_sizes():
    text = abi_code.decode_c(parse(BASE, ERRORS))
    assert ".size_bits_mask = UINT64_C(0x380)" in text
    assert f".size_bits_mask = UINT64_C({(1 << 12) | (1 << 21):#x})" in text


def test_each_call_and_method_has_a_page_with_each_error():
    text = (ROOT / "libs/abi/interface.toml").read_text()
    face = parse(text, (ROOT / "libs/base/err.h").read_text())
    pages = abi_docs.pages(face)
    data = tomllib.loads(text)
    assert len(pages) == 1 + len(data["call"]) + len(data["method"])
    for entry in face.calls + face.methods:
        assert f"({entry.stub}.md)" in pages["README.md"], entry.stub
        for name, cause in entry.errors.items():
            assert f"`ERR_{name}`" in pages[f"{entry.stub}.md"], (entry.stub, name)
            assert cause in pages[f"{entry.stub}.md"], (entry.stub, name)


def main():
    cases = [(f"test_parse_{name}_is_refused", lambda c=change, w=want: refused(c, w))
             for name, change, want in REFUSED]
    cases += [(name, case) for name, case in globals().items() if name.startswith("test_")]
    print(f"1..{len(cases)}")
    failed = 0
    for number, (name, case) in enumerate(cases, 1):
        try:
            case()
            print(f"ok {number} - {name}")
        except AssertionError as problem:
            failed += 1
            print(f"not ok {number} - {name}\n# {problem}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
