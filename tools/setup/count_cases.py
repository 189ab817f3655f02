# SPDX-License-Identifier: BSD-2-Clause
"""count_cases.py MESON-LOGS STATUS: prints the last line of ./warren test.

Counts test cases: each line of a TAP test, and each test without TAP.  A test that
failed without a failing case (it crashed, timed out, or broke its TAP plan) counts
as one failed case.  Exits with 1 when a test failed or no test ran.
"""
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

FINE = {"OK", "SKIP", "EXPECTEDFAIL"}


def read_cases(path):
    """[(suite name, case name, 'passed' | 'failed' | 'skipped')]"""
    cases = []
    if not path.exists():
        return cases
    # A console may print characters that XML cannot contain.
    text = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", "", path.read_text(errors="replace"))
    for suite in ElementTree.fromstring(text.encode()).iter("testsuite"):
        for case in suite.iter("testcase"):
            outcome = "passed"
            if case.find("skipped") is not None:
                outcome = "skipped"
            if case.find("failure") is not None or case.find("error") is not None:
                outcome = "failed"
            cases.append((suite.get("name"), case.get("name"), outcome))
    return cases


def read_tests(path):
    """[(test name with its suites, as Meson writes it, result)]"""
    if not path.exists():
        return []
    rows = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    return [(row["name"], row["result"]) for row in rows]


def is_told(name, cases):
    """Does a failed case belong to this test?  A TAP test is a suite of its own
    that ends in the test's name; another test is a case in the project's."""
    short = name.rsplit(" / ", 1)[-1]
    return any(outcome == "failed" and (case in (name, short) or suite.endswith("." + name)
                                        or suite.endswith("." + short))
               for suite, case, outcome in cases)


def count(cases, tests):
    passed = sum(1 for case in cases if case[2] == "passed")
    skipped = sum(1 for case in cases if case[2] == "skipped")
    failed = sum(1 for case in cases if case[2] == "failed")
    for name, result in tests:
        if result not in FINE and not is_told(name, cases):
            print(f"{name}: {result} with no failing case of its own")
            failed += 1
    return passed, failed, skipped


def main():
    logs = pathlib.Path(sys.argv[1])
    status = int(sys.argv[2])
    passed, failed, skipped = count(read_cases(logs / "testlog.junit.xml"),
                                    read_tests(logs / "testlog.json"))
    if status != 0 and failed == 0:
        print(f"meson test ended with status {status}")
        failed = 1
    if skipped:
        print(f"{skipped} skipped")
    if passed + failed == 0:
        print("no test ran")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
