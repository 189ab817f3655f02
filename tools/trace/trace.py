#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs a system and saves its trace; reads the trace of a running system, or of a dump.

    trace.py run --build BUILD SYSTEM    runs a system on this terminal and traces it until it ends; SYSTEM is a
                                         folder of configs/, or the path of a boot archive
    trace.py now --build BUILD           saves the current trace of the system that is running
    trace.py convert INDEX CHUNK...      converts a debugger's files: the index page, then the ring's frames
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True

import layout  # noqa: E402
import perfetto  # noqa: E402
import picture  # noqa: E402
from ring import Dump, RamFile, TraceError, read_trace  # noqa: E402

RUN_QEMU = layout.TREE / "tools" / "run-qemu"
# The root server prints this line before any guest runs, so the first such line is not a guest's.
INDEX_LINE = re.compile(rb"^warren: trace: the index is at 0x([0-9a-f]{1,16})\r*$", re.M)
REFUSAL_LINE = re.compile(rb"^warren: no trace: (.*?)\r*$", re.M)
EVENTS = re.compile("|".join((*layout.EVENTS, "all")))


def find_index(log):
    """The index's address, from the console's transcript."""
    text = log.read_bytes() if log.exists() else b""
    found = INDEX_LINE.search(text)
    if found:
        return int(found.group(1), 16)
    refused = REFUSAL_LINE.search(text)
    if refused:
        raise TraceError(refused.group(1).decode("ascii", "replace"))
    raise TraceError("the root server has printed no line about a trace")


def save(trace, title, output, picture_path):
    """Writes the files for Perfetto and, if wanted, the picture, and prints their paths."""
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(perfetto.to_json(trace))
    lost = f"{trace.lost} older ones were overwritten (--size)" if trace.lost else "none was lost"
    print(f"trace: {len(trace.records)} records; {lost}", file=sys.stderr)
    print(f"trace: {output}: open it at https://ui.perfetto.dev", file=sys.stderr)
    if picture_path:
        picture_path.write_text(picture.to_svg(trace, title))
        print(f"trace: {picture_path}", file=sys.stderr)


def read_ram(state):
    """The trace in a machine's memory file, as `running.json` describes it."""
    ram = RamFile(state["ram"])
    try:
        return read_trace(ram, find_index(pathlib.Path(state["log"])))
    finally:
        ram.close()


def command_of(options):
    words = [RUN_QEMU, options.build, options.system, "-append",
             f"warren.trace={options.events} warren.trace-size={options.size}"]
    return [str(word) for word in words] + shlex.split(options.qemu)


def start(options, state):
    """Runs the machine until it ends; returns its exit status."""
    environment = {**os.environ, "WARREN_RAM_FILE": state["ram"], "WARREN_LOG": state["log"]}
    with subprocess.Popen(command_of(options), env=environment) as machine:
        def hand_on(number, _frame):
            machine.send_signal(number)

        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, hand_on)
        while True:
            with contextlib.suppress(InterruptedError):
                return machine.wait()


def remove_orphans(folder):
    """Removes memory files of machines whose command was killed; these files can be large."""
    for path in folder.glob("ram.*"):
        try:
            os.kill(int(path.suffix[1:]), 0)
        except ProcessLookupError:
            path.unlink(missing_ok=True)
        except (ValueError, PermissionError):
            continue


def run(options):
    folder = options.build / "trace"
    folder.mkdir(parents=True, exist_ok=True)
    remove_orphans(folder)
    name = pathlib.Path(options.system).name.removesuffix(".cpio")
    log = options.build / "logs" / time.strftime(f"{name}-%Y%m%d-%H%M%S.log")
    state = {"ram": str(folder / f"ram.{os.getpid()}"), "log": str(log), "system": name}
    running = folder / "running.json"
    running.write_text(json.dumps(state))
    try:
        status = start(options, state)
        output = options.output or folder / f"{name}.json"
        save(read_ram(state), f"The system {name}", output, options.picture)
        return status if status >= 0 else 128 - status
    finally:
        for path in (pathlib.Path(state["ram"]), running):
            path.unlink(missing_ok=True)


def now(options):
    running = options.build / "trace" / "running.json"
    if not running.exists():
        raise TraceError("no traced system runs: start one with ./warren trace")
    state = json.loads(running.read_text())
    output = options.output or options.build / "trace" / f"{state['system']}-now.json"
    save(read_ram(state), f"The system {state['system']}", output, options.picture)
    return 0


def convert(options):
    index, *chunks = [path.read_bytes() for path in options.files]
    save(read_trace(Dump(index, chunks), 0), options.title, options.output or pathlib.Path("trace.json"),
         options.picture)
    return 0


def parse_events(text):
    for word in text.split(","):
        if not EVENTS.fullmatch(word):
            raise argparse.ArgumentTypeError(f"there is no event {word!r}: {', '.join(layout.EVENTS)}, all")
    return text


def parse_size(text):
    if not re.fullmatch("[1-9][0-9]*[KM]?", text):
        raise argparse.ArgumentTypeError("a size such as 64K or 2M, up to 32M")
    return text


def parse_arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    both = argparse.ArgumentParser(add_help=False)
    both.add_argument("--output", type=pathlib.Path, help="the file for Perfetto")
    both.add_argument("--picture", type=pathlib.Path, help="also write a picture (SVG) to this file")
    for name in ("run", "now"):
        verb = verbs.add_parser(name, parents=[both])
        verb.add_argument("--build", type=pathlib.Path, required=True)
        if name == "run":
            verb.add_argument("system", nargs="?", default="default")
            verb.add_argument("--events", type=parse_events, default="all", metavar="EVENT,...",
                              help=", ".join(layout.EVENTS) + ", all")
            verb.add_argument("--size", type=parse_size, default="8M", help="size of the ring: 64K, 2M, up to 32M")
            verb.add_argument("--qemu", default="", metavar="WORDS", help="further arguments for QEMU, in one string")
    verb = verbs.add_parser("convert", parents=[both])
    verb.add_argument("files", nargs="+", type=pathlib.Path, metavar="FILE")
    verb.add_argument("--title", default="A trace")
    return parser.parse_args(argv)


def main(argv):
    options = parse_arguments(argv)
    try:
        return {"run": run, "now": now, "convert": convert}[options.verb](options)
    except (TraceError, OSError, ValueError) as problem:
        print(f"trace: {problem}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
