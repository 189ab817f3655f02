#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The output of tools/gen and the checked-in files are the same (TAP)."""
import difflib
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MEND = "refresh with tools/gen/update, and commit the change with its cause"
SAMPLES = ROOT / "test/unit/manifest/services"
MANIFESTS = ("block", "switch")


def texts(folder):
    return {path.name: path.read_text() for path in folder.glob("*") if path.is_file()}


def report(number, name, old, new):
    """Prints one TAP case; a difference is shown, since it may be the news."""
    lines = []
    for key in sorted(old.keys() | new.keys()):
        lines += difflib.unified_diff(old.get(key, "").splitlines(), new.get(key, "").splitlines(),
                                      f"checked in: {key}", f"generated: {key}", lineterm="")
    print(f"{'not ok' if lines else 'ok'} {number} - {name}")
    for line in lines[:200]:
        print(f"# {line}")
    if lines:
        print(f"# {MEND}")
    return not lines


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([sys.executable, ROOT / "tools/gen/abi.py", "--docs", folder / "docs",
                        "--golden", folder / "abi.txt"], check=True)
        shutil.copy(ROOT / "docs/devices/platform.md", folder)
        subprocess.run([sys.executable, "-B", ROOT / "tools/gen/differences_docs.py", folder / "platform.md"], check=True)
        print("1..5")
        golden = ROOT / "test/golden/abi.txt"
        good = report(1, "test/golden/abi.txt is what the interface says",
                      {"abi.txt": golden.read_text()},
                      {"abi.txt": (folder / "abi.txt").read_text()})
        good &= report(2, "docs/abi is what the interface says",
                       texts(ROOT / "docs/abi"), texts(folder / "docs"))
        good &= report(3, "docs/devices/platform.md has the table of differences",
                       {"platform.md": (ROOT / "docs/devices/platform.md").read_text()},
                       {"platform.md": (folder / "platform.md").read_text()})
        for name in MANIFESTS:
            subprocess.run([sys.executable, "-B", ROOT / "tools/gen/manifest_code.py", SAMPLES / name / "manifest.toml",
                            folder / f"manifest-{name}.txt"], check=True)
        shutil.copy(golden.parent / "manifest-page.txt", folder)
        subprocess.run([sys.executable, "-B", ROOT / "tools/gen/manifest_docs.py", folder / "manifest-page.txt", SAMPLES],
                       check=True)
        good &= report(4, "the headers and the page of the sample manifests are what the generators print",
                       {path.name: path.read_text() for path in golden.parent.glob("manifest-*.txt")},
                       {path.name: path.read_text() for path in folder.glob("manifest-*.txt")})
        (folder / "pages").mkdir()
        shutil.copy(ROOT / "docs/configuration.md", folder / "pages")
        subprocess.run([sys.executable, "-B", ROOT / "tools/gen/manifest_docs.py", folder / "pages/configuration.md"],
                       check=True)
        good &= report(5, "docs/configuration.md has the table of services",
                       {"configuration.md": (ROOT / "docs/configuration.md").read_text()}, texts(folder / "pages"))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
