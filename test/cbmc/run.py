#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs proofs: run.py [--cbmc PROGRAM] [--seconds N] HARNESS...  (TAP)

A harness begins with a comment that says

    proves: one sentence
    mutant: path: text -> other text     the fault that must make the proof fail
    unwind: how often a loop is followed; that none goes on is proved too
    scale: path: text -> other text ;; ...  edits that make a structure smaller, for both runs

Each is run as it is, and again with the fault in a copy of the source.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECKS = ["--bounds-check", "--pointer-check", "--div-by-zero-check", "--signed-overflow-check",
          "--undefined-shift-check", "--unwinding-assertions", "--no-standard-checks"]


def read_head(path):
    """{'proves': ..., 'mutant': ..., 'unwind': ...}"""
    head = path.read_text().split("*/", 2)[1]
    text = " ".join(line.strip().lstrip("*").strip() for line in head.splitlines())
    found = dict(re.findall(r"(\w+): (.*?)(?= (?:proves|mutant|unwind|scale): |$)", text))
    missing = {"proves", "mutant", "unwind"} - found.keys()
    if missing:
        sys.exit(f"{path}: its first comment does not say {', '.join(sorted(missing))}")
    return {key: value.strip() for key, value in found.items()}


def plant(edit, folder):
    """An edited copy, in `folder` under its own path; what was edited before stays edited."""
    path, change = edit.split(": ", 1)
    old, new = change.split(" -> ")
    copy = folder / path
    text = (copy if copy.exists() else ROOT / path).read_text()
    if text.count(old) != 1:
        sys.exit(f"{path}: {old!r} stands there {text.count(old)} times, not once")
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text(text.replace(old, new))


def preprocess(harness, folder, includes, out):
    places = [folder, ROOT, ROOT / "libs", *includes]
    command = ["gcc", "-E", "-std=gnu17", "-D_FORTIFY_SOURCE=0", f"-I{ROOT / 'libs/rvdec'}",
               f"-I{ROOT / 'test/fuzzers'}"]
    command += [f"-I{place}" for place in places] + [str(harness), "-o", str(out)]
    subprocess.run(command, check=True)


def prove(cbmc, harness, head, seconds, includes, mutant=None):
    """'proved', 'refuted', or what went wrong; and the last lines that were said."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for edit in [*filter(None, head.get("scale", "").split(" ;; ")), *([mutant] if mutant else [])]:
            plant(edit, folder)
        source = folder / "harness.i"
        preprocess(harness, folder, includes, source)
        try:
            done = subprocess.run([cbmc, str(source), *CHECKS, "--unwind", head["unwind"]],
                                  timeout=seconds, capture_output=True, text=True, check=False)
        except subprocess.TimeoutExpired:
            return f"no answer within {seconds} s", []
    said = done.stdout.splitlines()
    if done.returncode == 0 and "VERIFICATION SUCCESSFUL" in done.stdout:
        return "proved", said
    if done.returncode == 10 and "VERIFICATION FAILED" in done.stdout:
        return "refuted", [line for line in said if ": FAILURE" in line]
    return f"cbmc ended with status {done.returncode}", said[-8:] + done.stderr.splitlines()[-4:]


def find_cbmc(given):
    for program in (given, ROOT / ".deps/cbmc/run", shutil.which("cbmc")):
        if program and pathlib.Path(program).exists():
            return str(program)
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cbmc")
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--include", action="append", default=[])
    parser.add_argument("harness", nargs="+", type=pathlib.Path)
    args = parser.parse_args()
    cbmc = find_cbmc(args.cbmc)
    if not cbmc:
        print("1..0 # SKIP no cbmc; ./warren test gets it")
        return 0
    failed = count = 0
    for harness in args.harness:
        head = read_head(harness)
        for want, mutant in (("proved", None), ("refuted", head["mutant"])):
            count += 1
            found, said = prove(cbmc, harness, head, args.seconds, args.include, mutant)
            is_good = found == want
            failed += not is_good
            what = "a fault refutes it" if mutant else head["proves"]
            print(f"{'ok' if is_good else 'not ok'} {count} - {harness.stem}: {what}")
            if not is_good:
                print(f"# {found}")
            for line in said[:12] if not is_good or mutant else []:
                print(f"# {line}")
            sys.stdout.flush()
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
