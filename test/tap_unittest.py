#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the unittest tests of a folder and prints TAP.

    tap_unittest.py FOLDER [FOLDER-WITH-MODULES ...]
"""

import pathlib
import sys
import unittest


class TapResult(unittest.TestResult):
    """A test point for each test, its description the first line of its docstring."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def _point(self, verdict, test, suffix=""):
        self.count += 1
        about = test.shortDescription() or test.id()
        print(f"{verdict} {self.count} - {test.id().rsplit('.', 1)[-1]}: {about}{suffix}".replace("\n", " "))

    def _failed(self, test, error):
        self._point("not ok", test)
        for line in self._exc_info_to_string(error, test).splitlines():
            print(f"# {line}")

    def addSuccess(self, test):
        super().addSuccess(test)
        self._point("ok", test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._failed(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self._failed(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            self._failed(subtest, err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._point("ok", test, f" # SKIP {reason}")


def main():
    folders = [str(pathlib.Path(folder).resolve()) for folder in sys.argv[1:]]
    sys.path[:0] = folders
    suite = unittest.defaultTestLoader.discover(folders[0])
    result = TapResult()
    suite.run(result)
    print(f"1..{result.count}")
    return 0 if result.wasSuccessful() and result.count else 1


if __name__ == "__main__":
    sys.exit(main())
