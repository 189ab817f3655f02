# SPDX-License-Identifier: BSD-2-Clause
"""Tests of the line that ends ./warren test, on logs in Meson's own form."""
import contextlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile

SCRIPT = pathlib.Path(__file__).resolve().parents[3] / "tools" / "setup" / "count_cases.py"


def run(suites, tests, status):
    """Runs the script on a log folder; gives its exit status and its lines."""
    with tempfile.TemporaryDirectory() as folder:
        logs = pathlib.Path(folder)
        if suites is not None:
            (logs / "testlog.junit.xml").write_text(f"<testsuites>{suites}</testsuites>")
        (logs / "testlog.json").write_text("".join(
            json.dumps({"name": name, "result": result}) + "\n" for name, result in tests))
        done = subprocess.run([sys.executable, "-B", SCRIPT, str(logs), str(status)],
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.splitlines()


def tap(name, *cases):
    return f'<testsuite name="warren.{name}">{"".join(cases)}</testsuite>'


GOOD = '<testcase name="1 a"/>'
BAD = '<testcase name="2 b"><failure/></testcase>'
SKIPPED = '<testcase name="3 c"><skipped/></testcase>'


def test_count_tap_test_counts_its_cases():
    """A TAP test counts as many cases as it has lines, not as one."""
    status, lines = run(tap("warren:unit / x", GOOD, GOOD, GOOD), [("warren:unit / x", "OK")], 0)
    assert (status, lines[-1]) == (0, "3 passed, 0 failed")


def test_count_failing_case_is_counted_once():
    """A case that failed is one failure, and not a second one for its program."""
    status, lines = run(tap("warren:unit / x", GOOD, BAD), [("warren:unit / x", "FAIL")], 1)
    assert (status, lines[-1]) == (1, "1 passed, 1 failed")


def test_count_crash_after_good_cases_is_a_failure():
    """A program that dies after good cases has failed."""
    status, lines = run(tap("warren:unit / x", GOOD), [("warren:unit / x", "ERROR")], 1)
    assert (status, lines[-1]) == (1, "1 passed, 1 failed")


def test_count_timeout_without_any_case_is_a_failure():
    """A program that ends before its first case is one failure."""
    status, lines = run("", [("warren:system / boot", "TIMEOUT")], 1)
    assert (status, lines[-1]) == (1, "0 passed, 1 failed")


def test_count_plain_test_is_one_case():
    """A test whose result is its exit status counts as one case of the project's suite."""
    suites = '<testsuite name="warren"><testcase name="warren / x"><failure/></testcase></testsuite>'
    status, lines = run(suites, [("warren / x", "FAIL")], 1)
    assert (status, lines[-1]) == (1, "0 passed, 1 failed")


def test_count_skipped_is_neither():
    """A skipped case is reported, and counts neither as passed nor as failed."""
    status, lines = run(tap("warren:unit / x", GOOD, SKIPPED), [("warren:unit / x", "OK")], 0)
    assert status == 0 and lines[-2:] == ["1 skipped", "1 passed, 0 failed"]


def test_count_nothing_ran_is_a_failure():
    """No test at all is no success."""
    status, lines = run("", [], 0)
    assert (status, lines[-1]) == (1, "0 passed, 0 failed")


def test_count_no_log_is_a_failure():
    """Meson that stopped before its log was written has not passed."""
    status, lines = run(None, [], 2)
    assert (status, lines[-1]) == (1, "0 passed, 1 failed")


def test_count_console_control_characters_are_read_over():
    """Console output in a log does not stop the count."""
    suites = tap("warren:unit / x", GOOD, "<system-out>\x1b[6n\x00</system-out>")
    status, lines = run(suites, [("warren:unit / x", "OK")], 0)
    assert (status, lines[-1]) == (0, "1 passed, 0 failed")


def main():
    cases = [(name, case) for name, case in globals().items() if name.startswith("test_")]
    print(f"1..{len(cases)}")
    failed = 0
    for number, (name, case) in enumerate(cases, 1):
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                case()
            print(f"ok {number} - {name}: {case.__doc__}")
        except AssertionError as error:
            failed += 1
            print(f"not ok {number} - {name}: {case.__doc__} {error}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
