#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the services of the tree, their keys and their options into docs/configuration.md.

    manifest_docs.py PAGE        replaces the section between the two marks
"""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools/config"))

import manifest_rows  # noqa: E402
import options  # noqa: E402
from problem import Problems  # noqa: E402
from services import Catalog  # noqa: E402

BEGIN = "<!-- generated from services/*/manifest.toml by tools/gen/update -->\n"
END = "<!-- end of what is generated -->\n"
INSTANCES = {manifest_rows.SYSTEM: "one", manifest_rows.DEVICE: "one for each device that matches",
             manifest_rows.NAMED: "as `[services.NAME]` names them"}
NONE = "none"


def guest_default(guest):
    if guest.default is None:
        return "no connection"
    return "`{ " + ", ".join(f"{key} = {value!r}" for key, value in guest.default.items()) + " }`" if guest.default \
        else "one connection"


def service_row(service):
    guest = service.guest
    key = f"`{guest.key}`" if guest else NONE
    return [f"[`{service.name}`](../{service.place})", INSTANCES[service.about.instances], key,
            f"`{guest.device}`" if guest else NONE, guest_default(guest) if guest else NONE,
            "yes" if guest and guest.many else "no",
            {"": "no", manifest_rows.ON_ALWAYS: "always", manifest_rows.ON_SEVERAL: "when there is more than one"}[guest.on]
            if guest else "no"]


def option_default(option):
    if option.required:
        return "required"
    return NONE if option.optional else f"`{option.default_text}`"


def option_rows(service):
    key = service.guest.key if service.guest else ""
    for option in service.client_options:
        where = f"`{key} = {{ {option.name} }}`" if key else f"a need, `{option.name}`"
        short = f" (`{key} = ...` alone means this one)" if option.default_key and key else ""
        yield [where, options.hint(option), option_default(option), option.help + short]
    for option in service.options:
        yield [f"`[services.{service.name}]` `{option.name}`", options.hint(option), option_default(option), option.help]
    for memory in service.sized_memories:
        yield [f"`[services.{service.name}]` `{memory.fields['as']}`", "size", "required", "memory of the service"]


def table(heads, rows):
    return ["| " + " | ".join(cells) + " |" for cells in (heads, ["---"] * len(heads), *rows)]


def section(services):
    lines = ["", *table(["service", "instances", "key of a guest", "its device", "without the key", "several", "`on`"],
                        [service_row(service) for service in services]), ""]
    rows = [row for service in services for row in option_rows(service)]
    lines += table(["option", "value", "default", "meaning"], rows) if rows else ["None of them has options."]
    return "\n".join(lines) + "\n\n"


def page(text, services):
    """The page with its section replaced."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit("manifest_docs.py: the page has no marks for what is generated")
    return before + begin + section(services) + end + after


def main(argv):
    if len(argv) not in (1, 2):
        sys.exit(__doc__)
    problems = Problems()
    catalog = Catalog([pathlib.Path(argv[1]) if len(argv) == 2 else ROOT / "services"], problems)
    if problems:
        sys.exit("\n".join(str(problem) for problem in problems))
    path = pathlib.Path(argv[0])
    path.write_text(page(path.read_text(), catalog.services.values()))


if __name__ == "__main__":
    main(sys.argv[1:])
