#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Generates a header from a service's manifest (docs/manifests.md): its constants, the accessors of
the service for what it has, and the accessors of its clients for a connection.

    manifest_code.py MANIFEST HEADER
"""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools/config"))

import manifest  # noqa: E402
from problem import Problems  # noqa: E402

HEAD = """/* SPDX-License-Identifier: BSD-2-Clause */
/* Generated from {place}: edit that.  docs/manifests.md has the keys. */
#ifndef MANIFEST_{upper}_H
#define MANIFEST_{upper}_H

#include <stdbool.h>
#include <stdint.h>

#include <base/err.h>
#include <manifest/options.h>
#include <rt/rt_use.h>
"""
WIDTH = 100
TABLE = "const struct start_table *table"
USE = f"{TABLE}, unsigned use"
PACKED = "const uint8_t packed[OPTIONS_BYTES]"


def upper(*words):
    return "_".join(words).upper().replace("-", "_")


def lower(*words):
    return "_".join(words).lower().replace("-", "_")


def wrapped(text, indent):
    """Breaks a long line at commas; the further lines begin at column `indent`."""
    if len(text) <= WIDTH:
        return text
    at = text.rindex(", ", 0, WIDTH) + 1
    return text[:at] + "\n" + wrapped(" " * indent + text[at + 1:], indent)


def function(name, parameters, call):
    """An accessor that returns the error of one call."""
    head = f"static inline MUST_CHECK {name}({', '.join(parameters)})"
    body = f"    return {call};"
    return "\n".join((wrapped(head, head.index("(") + 1), "{", wrapped(body, body.index("(") + 1), "}", ""))


def comment(text):
    """A comment of whole lines."""
    words, lines = f"/* {text} */".split(" "), [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + 1 + len(word) > WIDTH - 3:
            lines.append(" *")
        lines[-1] += (" " if lines[-1] else "") + word
    return "\n".join(lines)


def define(name, value):
    return f"#define {name} {value}"


def constants(service):
    name, about = service.name, service.about
    out = [define(upper(name, "protocol"), f'"{about.protocol}"'), define(upper(name, "threads"), about.threads),
           define(upper(name, "heap-bytes"), f"UINT64_C({about.heap})")]
    if service.guest:
        out.append(comment("The key of a guest's file, and the VMM's device."))
        out += [define(upper(name, "key"), f'"{service.guest.key}"'),
                define(upper(name, "device"), f'"{service.guest.device}"')]
    for need in service.needs:
        out.append(define(upper(name, "need", need.fields["as"]), f'"{need.fields["as"]}"'))
    if service.client:
        out.append(define(upper(name, "clients-max"), service.client.max))
        if service.client.info:
            out.append(define(upper(name, "info-bytes"), f"UINT64_C({service.client.info})"))
        if service.regions:
            out.append(define(upper(name, "regions-max"), service.regions.max))
    return out + [""]


def rings(service):
    """The numbers of a connection's rings, and an initialiser of struct service_ring[]."""
    if not service.rings:
        return []
    out = ["enum {"]
    out += [f"    {upper(service.name, 'ring', ring.name)} = {index}," for index, ring in enumerate(service.rings)]
    out += [f"    {upper(service.name, 'ring-count')} = {len(service.rings)},", "};", ""]
    for ring in service.rings:
        word = upper(service.name, "ring", ring.name)
        out += [define(word + "_RECORD_BYTES", ring.record), define(word + "_RECORD_COUNT", ring.count)]
    out += ["", comment("struct service_ring of service/service.h, in the order of the numbers.")]
    lines = [define(upper(service.name, "rings"), "{")]
    for ring in service.rings:
        is_from = str(ring.from_ == "client").lower()
        lines.append(f"    {{.is_from_client = {is_from}, .record_bytes = {ring.record}, .record_count = {ring.count}}},")
    return out + [" \\\n".join([*lines, "}"]), ""]


def choices(service, known, what):
    """The words of each choice, as an enum and as texts."""
    out = []
    for option in known:
        if option.type != "choice":
            continue
        tag = (service.name, what, option.name) if what else (service.name, option.name)
        out += [comment(f"The values of {option.name}."), "enum {"]
        out += [f"    {upper(*tag, word)} = {index}," for index, word in enumerate(option.of)]
        texts = ", ".join(f'"{word}"' for word in option.of)
        out += ["};", ""]
        out += [wrapped(f"static const char *const {lower(*tag, 'words')}[] = {{{texts}}};", 4), ""]
    return out


def out_of(service, option, what):
    """(type of the result parameter, name of the reader, arguments after the option, before the result)."""
    if option.is_number:
        return "uint64_t *out", "number", "", "out"
    if option.type == "string":
        return "const char **out", "text", "", "out"
    if option.type == "mac":
        return "uint8_t out[6]", "bytes", "", "out, 6"
    tag = (service.name, what, option.name) if what else (service.name, option.name)
    return "unsigned *out", "choice", f", {lower(*tag, 'words')}, {len(option.of)}", "out"


def about_option(option):
    text = option.help or option.name
    if option.type == "choice":
        text += ": a number of the enumeration"
    return comment(text + (". ERR_NOT_FOUND: not given" if option.optional else ""))


def packed_options(service):
    """Accessors of the service for the options of a client's connection."""
    known = service.client_options
    if not known:
        return []
    kinds = upper(service.name, "option-kinds")
    out = [comment("The options of a connection, packed in struct control_connection (proto/control.h)."),
           define(kinds, '"' + "".join("n" if option.is_number else "t" for option in known) + '"'), ""]
    for index, option in enumerate(known):
        kind, reader, words, result = out_of(service, option, "")
        out += [about_option(option),
                function(lower(service.name, "option", option.name), (PACKED, kind),
                         f"options_{reader}(packed, {kinds}, {index}{words}, {result})")]
    return out


def table_options(service, known, what, parameters, use):
    """Accessors for options in the start record."""
    out = []
    for option in known:
        kind, reader, words, result = out_of(service, option, what if what == "instance" else "")
        out += [about_option(option),
                function(lower(service.name, what, option.name), (parameters, kind),
                         f'rt_option_{reader}(table, {use}, "{option.name}"{words}, {result})')]
    return out


def devices(service):
    """Accessors of the service for its devices."""
    out = []
    for device in service.devices:
        name = device.fields["as"]
        if device.registers != "none":
            out.append(function(lower(service.name, name, "registers"), (TABLE, "struct rt_memory *out"),
                                f'rt_memory_find(table, "device.{name}.registers", out)'))
        for number in range(device.irqs):
            suffix = ("irq",) if device.irqs == 1 else ("irq", str(number))
            out.append(function(lower(service.name, name, *suffix), (TABLE, "struct rt_irq *out"),
                                f'rt_irq_find(table, "device.{name}.irq.{number}", out)'))
        for entry in device.properties:
            out.append(function(lower(service.name, name, "".join(c if c.isalnum() else "-" for c in entry)),
                                (TABLE, "uint64_t *out"), f'start_table_number(table, "device.{name}.{entry}", out)'))
    return [comment("The service's devices. ERR_NOT_FOUND: the machine has no such device."), *out] if out else []


def memories(service):
    return [function(lower(service.name, memory.fields["as"], "memory"), (TABLE, "struct rt_memory *out"),
                     f'rt_memory_find(table, "memory.{memory.fields["as"]}", out)') for memory in service.memories]


def uses(service):
    """Accessors of a client for a connection that it uses."""
    if service.client is None:
        return []
    out = [comment("For clients: `use` is the number of the connection (rt_use_find() of rt/rt_use.h).")]
    for ring in service.rings:
        out.append(function(lower(service.name, "use-ring", ring.name), (USE, "struct rt_ring *out"),
                            f'rt_use_ring(table, use, "{ring.name}", {ring.record}, {ring.count}, out)'))
    return (out if len(out) > 1 else []) + table_options(service, service.client_options, "use-option", USE, "use")


def header(service):
    parts = [HEAD.format(place=service.place, upper=upper(service.name)), *constants(service), *rings(service),
             *choices(service, service.client_options, ""), *choices(service, service.options, "instance"),
             *devices(service), *memories(service), *packed_options(service),
             *table_options(service, service.options, "instance", TABLE, "RT_USE_OWN"), *uses(service), "#endif"]
    return "\n".join(parts) + "\n"


def main(argv):
    if len(argv) != 2:
        sys.exit(__doc__)
    problems = Problems()
    service = manifest.read(pathlib.Path(argv[0]).resolve(), problems)
    for problem in problems:
        print(problem, file=sys.stderr)
    if service is None:
        return 2
    path, text = pathlib.Path(argv[1]), header(service)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
