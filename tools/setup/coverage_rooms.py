# SPDX-License-Identifier: BSD-2-Clause
"""coverage_rooms.py TOP BUILD: line coverage of each room, read with gcov.

A line counts once, even if several test programs compile it; it counts as reached
if one of them reached it.  Tests and subprojects are not counted.
"""
import collections
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile

SKIPPED = ("test", "subprojects", "build", "build-coverage")


def read_records(build):
    """Yields one gcov record (a dict) for each object file that was run."""
    for data in sorted(build.rglob("*.gcda")):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["gcov", "--json-format", str(data)], cwd=folder, check=True,
                           stdout=subprocess.DEVNULL)
            for record in pathlib.Path(folder).glob("*.gcov.json.gz"):
                with gzip.open(record, "rt") as file:
                    yield json.load(file)


def room_of(path):
    """The folder under which a file is counted: two levels deep if it has two."""
    return "/".join(path.parts[:min(2, len(path.parts) - 1)]) or "."


def main():
    top, build = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
    lines = collections.defaultdict(dict)
    for record in read_records(build):
        base = pathlib.Path(record["current_working_directory"])
        for file in record["files"]:
            path = (base / file["file"]).resolve()
            if not path.is_relative_to(top):
                continue
            path = path.relative_to(top)
            if path.parts[0] in SKIPPED:
                continue
            for line in file["lines"]:
                number = line["line_number"]
                lines[path][number] = max(lines[path].get(number, 0), line["count"])
    rooms = collections.defaultdict(lambda: [0, 0])
    for path, counts in lines.items():
        for room in (room_of(path), "all"):
            rooms[room][0] += sum(1 for count in counts.values() if count)
            rooms[room][1] += len(counts)
    if not rooms:
        print("no coverage was recorded")
        return 1
    for room in sorted(rooms, key=lambda name: (name == "all", name)):
        reached, total = rooms[room]
        print(f"{room:24} {reached:6} of {total:6} lines  {100 * reached / max(total, 1):5.1f} %")
    return 0


if __name__ == "__main__":
    sys.exit(main())
