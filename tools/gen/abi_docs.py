# SPDX-License-Identifier: BSD-2-Clause
"""Prints docs/abi/: one page per call and per method, and the index."""
import textwrap

from abi_code import prototype

WIDTH = 80
MESSAGE_IN = [("a1", "tag", ""), ("a2 a3 a4 a5 a6 t1", "words 0 to 5", ""),
              ("t0", "receive slot << 32 &#124; sent slot", "slot")]
MESSAGE_DEADLINE = ("t2", "`deadline_ticks`: when to return TIMEOUT",
                    "ticks of the time CSR, absolute; all ones for never")
MESSAGE_OUT = [("a1", "tag", ""), ("a2 a3 a4 a5 a6 t1", "words 0 to 5", ""),
               ("t2", "badge of the sender's capability, or notification bits", "")]
NOTE = "<!-- Generated from libs/abi/interface.toml: edit that. -->"
PRESERVED = "Every other register is preserved. On failure only `a0` changes."
SCRATCH = ("Of the other general registers `sp`, `gp`, `tp` and `s0` are preserved; what the rest "
           "holds afterwards is undefined, on failure too: the stub tells the compiler so.")
MESSAGE = ("Of the other general registers `sp`, `gp`, `tp` and `s0` to `s11` are preserved; what the rest "
           "holds afterwards is undefined, on failure the results too: the stub tells the compiler "
           "so, and leaves the message as it was.")


def preserved(entry, is_call):
    if entry.kind == "message":
        return MESSAGE
    return SCRATCH if is_call and entry.is_scratch else PRESERVED


def paragraph(text):
    return textwrap.fill(text, WIDTH)


def a(noun):
    return ("an " if noun[0] in "AEIOU" else "a ") + noun


def rights_text(rights):
    return " and ".join(f"`{name}`" for name in rights) or "none"


def register_rows(entry, is_call):
    """(register, meaning, note) of each argument."""
    rows = [("a7", f"`CALL_{entry.name.upper() if is_call else 'INVOKE'}` "
             f"({entry.number if is_call else 0})", "")]
    if entry.object:
        rows.append(("a0", f"`{entry.object.snake}`: slot of {a(entry.object.name)}", ""))
    if not is_call:
        rows.append(("a1", f"`METHOD_{entry.stub.upper()}` ({entry.number})", ""))
    if entry.kind == "message":
        return rows + MESSAGE_IN + [MESSAGE_DEADLINE] * entry.has_deadline
    registers = ["a1", "a2", "a3", "a4", "a5", "a6", "t1"][0 if is_call else 1:]
    for register, arg in zip(registers, entry.args):
        text = f"`{arg.name}`: {arg.doc}"
        if arg.cap_types:
            text += f"; slot of {' or '.join(map(a, arg.cap_types))}"
            if arg.cap_rights:
                text += f" with {rights_text(arg.cap_rights)}"
            if arg.is_optional:
                text += "; may be 0"
        rows.append((register, text, "slot" if arg.cap_types else arg.unit))
    return rows


def result_rows(entry):
    rows = [("a0", "`enum err`", "")]
    if entry.kind == "message":
        return rows + ([] if entry.name == "send" else MESSAGE_OUT)
    return rows + [(f"a{i + 1}", f"`{r.name}`: {r.doc}", r.unit)
                   for i, r in enumerate(entry.results)]


def table(head, rows):
    out = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return out + ["| " + " | ".join(cell or "-" for cell in row) + " |" for row in rows]


def siblings(face, entry, is_call):
    if is_call:
        return [c for c in face.calls if c is not entry and c.kind == entry.kind]
    return [m for m in entry.object.methods if m is not entry]


def page(face, entry, is_call):
    out = [f"# {entry.stub}", "", NOTE, ""]
    if entry.name == "invoke" and is_call:
        out += [paragraph(entry.doc), "",
                paragraph("`a7` is 0, `a0` a slot, `a1` the number of a method of that slot's "
                          "object; the rest is the method's. Beyond the errors of the methods:")]
        out += [""] + table(("error", "cause"), [
            ("`ERR_INVALID_CAP`", "the slot is empty or out of range"),
            ("`ERR_BAD_CALL`", "the object has no method of this number")])
        return "\n".join(out + ["", "See also: [all methods](README.md)"]) + "\n"
    out += ["```c", prototype(entry) + ";", "```", "", paragraph(entry.doc), ""]
    if entry.object:
        out += [f"Rights on the {entry.object.name}: {rights_text(entry.rights)}.", ""]
    out += ["## In", ""] + table(("register", "what", "unit"), register_rows(entry, is_call))
    out += ["", "## Out", ""] + table(("register", "what", "unit"), result_rows(entry))
    out += ["", paragraph(preserved(entry, is_call)), ""]
    if entry.errors:
        out += ["## Errors", ""]
        out += table(("error", "value", "cause"), [(f"`ERR_{name}`", str(face.errors[name]), cause)
                                                   for name, cause in entry.errors.items()])
        out.append("")
    near = siblings(face, entry, is_call)
    also = [f"[{e.stub}]({e.stub}.md)" for e in near] + ["[index](README.md)"]
    return "\n".join(out + ["See also: " + ", ".join(also)]) + "\n"


INTRO = [
    "A thread calls the kernel with one `ecall`. `a7` holds the number of the call, "
    "`a0` a capability: an index into the thread's own CNode. Most calls are `invoke`, "
    "whose `a1` selects a method of the object.",
    "A call that fails changes nothing. Before a handler runs, the kernel has checked from a "
    "table that the call exists (`ERR_BAD_CALL` otherwise), that each capability named exists "
    "and has the right type (`ERR_INVALID_CAP`), and that it has the rights (`ERR_NO_RIGHT`). "
    "A call marked preemptible may be preempted before its work is complete; when the thread runs "
    "again, the `ecall` is executed again and continues the work.",
]


def index(face):
    out = ["# The kernel's interface", "", NOTE, ""]
    for text in INTRO:
        out += [paragraph(text), ""]
    out += ["Other headers of the interface: `abi/message.h` (tags, fault messages), "
            "`abi/vcpu_page.h`", "(state page, exits), `abi/bootinfo.h` (what the root server "
            "starts with), `abi/trace.h` (records of the trace).", "", "## System calls", ""]
    out += table(("number", "call", "capability", "rights"), [
        (str(c.number), f"[{c.stub}]({c.stub}.md)", c.object.name if c.object else "any"
         if c.name == "invoke" else "", rights_text(c.rights)) for c in face.calls])
    out += ["", "## Objects", "", paragraph(
        "Sizes are log2 of bytes. A capability that `untyped_retype` makes has all rights."), ""]
    for o in face.objects:
        sizes = ", ".join(map(str, o.sizes)) if len(o.sizes) < 4 \
            else f"{o.bits_min} to {o.bits_max}"
        out += [f"### {o.name}", "", paragraph(o.doc), "",
                f"Type {o.type} (`OBJ_{o.upper}`); " + (
                    "made at boot, never by retype." if o.is_singleton else f"size {sizes}."), ""]
        if o.methods:
            out += table(("number", "method", "rights", "what"), [
                (str(m.number), f"[{m.stub}]({m.stub}.md)", rights_text(m.rights),
                 m.doc.split(". ")[0].rstrip(".")) for m in o.methods]) + [""]
    out += ["## Rights", ""]
    out += table(("bit", "right", "what it allows"),
                 [(str(r.bit), f"`{r.name}`", r.doc) for r in face.rights])
    out += ["", "## Errors", "", "`libs/base/err.h` says what each stands for; the page of a call "
            "says what causes it there.", ""]
    out += table(("value", "error"), [(str(value), f"`{name if name == 'OK' else 'ERR_' + name}`")
                                      for name, value in face.errors.items()])
    return "\n".join(out) + "\n"


def pages(face):
    """File name -> text, for all of docs/abi/."""
    out = {"README.md": index(face)}
    for call in face.calls:
        out[f"{call.stub}.md"] = page(face, call, True)
    for method in face.methods:
        out[f"{method.stub}.md"] = page(face, method, False)
    return out
