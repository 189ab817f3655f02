# SPDX-License-Identifier: BSD-2-Clause
"""Finds cases, runs them, and prints a TAP point for each."""

import importlib.util
import pathlib
import signal
import sys
import time
import traceback

from .env import Skip
from .machine import Failure


def cases_of(path):
    """The functions test_* of a file, in the file's order."""
    spec = importlib.util.spec_from_file_location(pathlib.Path(path).stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [(f"{spec.name.removeprefix('test_')}.{name.removeprefix('test_')}", value)
            for name, value in vars(module).items() if name.startswith("test_") and callable(value)]


def _end(number, _frame):
    # An exception, so that each `with` block stops its machine.
    raise SystemExit(128 + number)


def _report(env, error):
    print(f"# {error}", flush=True)
    for machine in env.machines:
        print(f"---- end of {machine.transcript_path}", file=sys.stderr)
        for line in machine.tail():
            print("".join(c if c.isprintable() else "." for c in line), file=sys.stderr)
    sys.stderr.flush()


def run_case(env, function):
    """Returns "ok" or "not ok", and the text to append to the TAP point."""
    try:
        function(env)
        return "ok", ""
    except Skip as reason:
        return "ok", f" # SKIP {reason}"
    except Failure as error:
        _report(env, error)
    except Exception:
        _report(env, "the case itself broke\n# " + traceback.format_exc().replace("\n", "\n# "))
    return "not ok", ""


def run(env, cases):
    """Returns the exit status: 0 only when there were cases and none failed."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _end)
    print(f"1..{len(cases)}", flush=True)
    failed_count = 0
    for number, (name, function) in enumerate(cases, 1):
        env.begin(name)
        begin = time.monotonic()
        verdict, suffix = run_case(env, function)
        failed_count += verdict != "ok"
        about = " ".join((function.__doc__ or "").split("\n\n")[0].split())
        print(f"# {name} took {time.monotonic() - begin:.1f} s")
        print(f"{verdict} {number} - {name} [{env.cpu}]: {about}{suffix}", flush=True)
    return 0 if cases and not failed_count else 1
