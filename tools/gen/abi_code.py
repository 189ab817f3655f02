# SPDX-License-Identifier: BSD-2-Clause
"""Prints the C side of the interface: numbers, user stubs, the decode table."""

HEAD = """/* SPDX-License-Identifier: BSD-2-Clause */
/* Generated from libs/abi/interface.toml: edit that.
 * {what} */
"""


def rights_mask(rights):
    return " | ".join(f"RIGHT_{name}" for name in rights) or "0"


def types_mask(names, face):
    return " | ".join(f"OBJ_MASK(OBJ_{face.by_object[n].upper})" for n in names) or "0"


def enum(out, tag, members, doc=""):
    if doc:
        out.append(f"/* {doc} */")
    out.append(f"enum {tag} {{")
    out += [f"    {name} = {value}," for name, value in members]
    out += ["};", ""]


def calls_h(face):
    out = [HEAD.format(what="The numbers of the kernel's interface."),
           "#ifndef ABI_CALLS_H", "#define ABI_CALLS_H", "", "#include <stdint.h>", ""]
    enum(out, "right", [(f"RIGHT_{r.name}", f"1 << {r.bit}") for r in face.rights])
    out.append(f"#define RIGHTS_ALL ({rights_mask([r.name for r in face.rights])})\n")
    last = max(o.type for o in face.objects)
    enum(out, "obj_type", [("OBJ_NONE", 0)] + [(f"OBJ_{o.upper}", o.type) for o in face.objects]
         + [("OBJ_COUNT", last + 1)])
    out.append("/* A set of object types: an OR of these. */")
    out.append("#define OBJ_MASK(type) (1 << (type))\n")
    out.append("/* log2 of an object's size in bytes: the least and, where there is a choice, the most. */")
    for o in face.objects:
        if o.is_singleton:
            continue
        out.append(f"#define {o.upper}_BITS_MIN {o.bits_min}")
        if o.bits_max != o.bits_min:
            out.append(f"#define {o.upper}_BITS_MAX {o.bits_max}")
    out.append("")
    for table in face.enums:
        members = [(table["prefix"] + name, value) for name, value in table["values"].items()]
        enum(out, table["name"], members, table["doc"])
    last = max(c.number for c in face.calls)
    enum(out, "call_number", [(f"CALL_{c.name.upper()}", c.number) for c in face.calls]
         + [("CALL_COUNT", last + 1)])
    for o in face.objects:
        if o.methods:
            count = max(m.number for m in o.methods) + 1
            enum(out, f"{o.snake}_method",
                 [(f"METHOD_{m.stub.upper()}", m.number) for m in o.methods]
                 + [(f"{o.upper}_METHOD_COUNT", count)])
    out.append("#endif")
    return "\n".join(out) + "\n"


def prototype(entry):
    """The stub's declaration without the leading `static inline`."""
    params = [f"cap_t {entry.object.snake}"] if entry.object else []
    if entry.kind == "message":
        params.append("struct message *m")
        params += ["uint64_t deadline_ticks"] * entry.has_deadline
    params += [f"cap_t {a.name}" if a.cap_types else f"uint64_t {a.name}" for a in entry.args]
    params += [f"uint64_t *{r.name}" for r in entry.results]
    kind = "MUST_CHECK" if entry.errors else "void"
    return f"{kind} {entry.stub}({', '.join(params) or 'void'})"


def wrapped(text, indent):
    """Breaks a long parameter list below its opening bracket."""
    if len(text) <= 100:
        return text
    at = text.rfind(", ", 0, 100) + 1
    return text[:at] + "\n" + wrapped(" " * indent + text[at + 1:], indent)


def stub_message(entry):
    until, more = ("_until", ", true, deadline_ticks") if entry.has_deadline else ("", "")
    call = f"CALL_{entry.name.upper()}, {entry.object.snake}, m{more}"
    return [f"    return abi_message{until}({call});"]


def stub_plain(entry, number, first):
    names = [f"{a.name}.slot" if a.cap_types else a.name for a in entry.args]
    width = "short" if first + len(names) <= 3 else "long"
    fields = [f".a7 = CALL_{number}"] if first == 1 else [".a7 = CALL_INVOKE"]
    if entry.object:
        fields.append(f".a0 = {entry.object.snake}.slot")
    if first == 2:
        fields.append(f".a1 = METHOD_{number}")
    registers = ["a1", "a2", "a3", "a4", "a5", "a6", "t1"][first - 1:]
    fields += [f".{register} = {name}" for register, name in zip(registers, names)]
    body = ["    struct abi_regs regs = {"] + [f"        {field}," for field in fields] + ["    };"]
    if first == 1 and entry.is_scratch:
        width = "scratch"
    body += ["", f"    abi_ecall_{width}(&regs);"]
    if entry.results:
        body.append("    if (regs.a0 == OK) {")
        body += [f"        *{r.name} = regs.a{i + 1};" for i, r in enumerate(entry.results)]
        body.append("    }")
    if entry.errors:
        body.append("    return (enum err)regs.a0;")
    return body


def stubs_h(face):
    out = [HEAD.format(what="One function for each call and method."),
           "#ifndef ABI_STUBS_H", "#define ABI_STUBS_H", "", "#include <abi/stub.h>", ""]
    for entry in face.calls + face.methods:
        if entry.name == "invoke" and entry in face.calls:
            continue
        text = "static inline " + prototype(entry)
        out += [f"/* docs/abi/{entry.stub}.md */", wrapped(text, text.index("(") + 1), "{"]
        if entry.kind == "message":
            out += stub_message(entry)
        elif entry in face.calls:
            out += stub_plain(entry, entry.name.upper(), 1)
        else:
            out += stub_plain(entry, entry.stub.upper(), 2)
        out += ["}", ""]
    out.append("#endif")
    return "\n".join(out) + "\n"


def handlers(face):
    return [f"{e.stub}_invoke" for e in face.calls + face.methods
            if not (e.name == "invoke" and e in face.calls)]


def decode_h(face):
    out = [HEAD.format(what="The checks and the handlers of the kernel's dispatcher."),
           "#ifndef ABI_DECODE_H", "#define ABI_DECODE_H", "",
           "#include <abi/calls.h>", "#include <abi/method_desc.h>", ""]
    out += [f"MUST_CHECK {name}(struct invocation *inv);" for name in handlers(face)]
    out += ["", "/* By call number; the handler of CALL_INVOKE and of numbers not in use is null. */",
            "extern const struct method_desc abi_call_table[CALL_COUNT];", "",
            "/* By object type; types not in use have no methods and no sizes. */",
            "extern const struct object_desc abi_object_table[OBJ_COUNT];", "", "#endif"]
    return "\n".join(out) + "\n"


def desc(face, index, entry):
    """A table entry, without the fields that are 0 or false."""
    fields = [f".handler = {entry.stub}_invoke"]
    if entry.object and entry in face.calls:  # for a method, the capability's type selects the table
        fields.append(f".cap_type = OBJ_{entry.object.upper}")
    if entry.rights:
        fields.append(f".rights = {rights_mask(entry.rights)}")
    if entry.args:
        fields.append(f".arg_count = {len(entry.args)}")
    if entry.results:
        fields.append(f".result_count = {len(entry.results)}")
    if entry.kind == "message":
        fields.append(".is_message = true")
    caps = [f"[{i}] = {{ {types_mask(arg.cap_types, face)}, {rights_mask(arg.cap_rights)}, "
            f"{str(arg.is_optional).lower()} }}"
            for i, arg in enumerate(entry.args) if arg.cap_types]
    rows = fill(fields + ([".arg = {"] if caps else []) + caps, 8, f"    [{index}] = {{ ")
    rows[-1] = rows[-1].rstrip(",") + (" } }," if caps else " },")
    return rows


def fill(items, indent, head=None, width=100):
    """Comma-separated items, after `head` if given, on as few lines as possible."""
    lines = [head.rstrip()] if head else []
    for item in items:
        text = item if item.endswith("{") else item + ","
        if lines and len(lines[-1]) + 1 + len(text) <= width:
            lines[-1] += " " + text
        else:
            lines.append(" " * indent + text)
    return lines


def decode_c(face):
    out = [HEAD.format(what="The checks and the handlers of the kernel's dispatcher."),
           "#include <abi/decode.h>", "",
           "const struct method_desc abi_call_table[CALL_COUNT] = {"]
    for call in face.calls:
        if call.name != "invoke":
            out += desc(face, f"CALL_{call.name.upper()}", call)
    out += ["};", ""]
    for o in face.objects:
        if o.methods:
            name = f"{o.snake}_methods[{o.upper}_METHOD_COUNT]"
            out.append(f"static const struct method_desc {name} = {{")
            for m in o.methods:
                out += desc(face, f"METHOD_{m.stub.upper()}", m)
            out += ["};", ""]
    out.append("const struct object_desc abi_object_table[OBJ_COUNT] = {")
    for o in face.objects:
        mask = sum(1 << bits for bits in o.sizes)
        fields = [f".name = \"{o.name}\"", f".size_bits_mask = UINT64_C({mask:#x})"]
        if o.methods:
            fields.append(f".methods = {o.snake}_methods, .method_count = {o.upper}_METHOD_COUNT")
        rows = [f"    [OBJ_{o.upper}] = {{ {fields[0]}, {fields[1]},"] + fill(fields[2:], 8)
        out += rows[:-1] + [rows[-1].rstrip(",") + " },"]
    out.append("};")
    return "\n".join(out) + "\n"


def golden(face):
    """One line for each number and signature that another program could depend on."""
    out = [f"right {r.name} bit {r.bit}" for r in face.rights]
    out += [f"error {name} {value}" for name, value in face.errors.items()]
    for o in face.objects:
        sizes = ",".join(map(str, o.sizes)) or "singleton"
        if o.sizes == list(range(o.bits_min, o.bits_max + 1)) and len(o.sizes) > 1:
            sizes = f"{o.bits_min}..{o.bits_max}"
        out.append(f"object {o.type} {o.name} bits {sizes}")
    for table in face.enums:
        out += [f"enum {table['prefix']}{name} {value}" for name, value in table["values"].items()]

    def signature(entry):
        args = ["deadline_ticks"] * (entry.kind == "message" and entry.has_deadline)
        for arg in entry.args:
            cap = "|".join(arg.cap_types)
            rights = "+".join(arg.cap_rights)
            text = arg.name + (f":{cap}[{rights}]" if cap else "")
            args.append(text + ("?" if arg.is_optional else ""))
        results = ", ".join(r.name for r in entry.results)
        this = f"{entry.object.name}[{'+'.join(entry.rights)}]" if entry.object else "-"
        kind = " message" if entry.kind == "message" else ""
        return (f"{entry.stub}{kind} {this} ({', '.join(args)}) -> ({results})"
                f" ! {' '.join(entry.errors) or '-'}")

    out += [f"call {c.number} {signature(c)}" for c in face.calls]
    for o in face.objects:
        out += [f"method {o.type}.{m.number} {signature(m)}"
                for m in sorted(o.methods, key=lambda m: m.number)]
    return "\n".join(out) + "\n"
