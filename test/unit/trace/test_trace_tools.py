# SPDX-License-Identifier: BSD-2-Clause
"""tools/trace: from a ring in memory to files for Perfetto and a browser."""

import contextlib
import io
import json
import os
import pathlib
import random
import re
import struct
import tempfile
import unittest
import xml.etree.ElementTree

import layout
import perfetto
import picture
import ring
import trace as tool

TREE = layout.TREE
CHUNK = 4096
PER_CHUNK = (CHUNK - layout.CHUNK_HEAD.size) // layout.RECORD.size
INDEX_AT = 0x80010000
ROOT, VMM, VCPU = 11, 12, 13
NAMES = ((ROOT, layout.THREAD, 0, "rootserver"), (VMM, layout.THREAD, 1, "vmm.one"),
         (VCPU, layout.VCPU, 1, "one vcpu 0"))


class Ram:
    """Memory with an index and a ring in it, written as root server and kernel write them."""

    def __init__(self, chunk_count=1, names=NAMES):
        self.pages = {}
        self.chunks = [0x80400000 + CHUNK * 3 * i for i in range(chunk_count)]
        self.count = 0
        head = layout.INDEX_HEAD.pack(layout.INDEX_MAGIC, 10_000_000, 63, CHUNK, chunk_count, len(names),
                                      *self.chunks, *[0] * (layout.CHUNKS_MAX - chunk_count))
        body = b"".join(layout.NAME.pack(i, kind, group, text.encode()) for i, kind, group, text in names)
        self.pages[INDEX_AT] = bytearray((head + body).ljust(4096, b"\0"))
        for number, address in enumerate(self.chunks):
            self.pages[address] = bytearray(CHUNK)
            layout.CHUNK_HEAD.pack_into(self.pages[address], 0, layout.RING_MAGIC, 7, number, chunk_count,
                                        CHUNK, 0)
        self.on_read = lambda: None

    def write(self, time, subject, event, detail=0, more=0, word0=0, word1=0):
        page = self.pages[self.chunks[self.count // PER_CHUNK % len(self.chunks)]]
        at = layout.CHUNK_HEAD.size + self.count % PER_CHUNK * layout.RECORD.size
        layout.RECORD.pack_into(page, at, time, subject, event, detail, more, word0, word1)
        self.count += 1
        struct.pack_into("<Q", self.pages[self.chunks[0]], 32, self.count)

    def read(self, address, size):
        data = bytes(self.pages.get(address, b"")[:size])
        self.on_read()
        if len(data) != size:
            raise ring.TraceError("nothing there")
        return data

    def trace(self):
        return ring.read_trace(self, INDEX_AT)


def write_boot(ram, rounds=3):
    """A root server that calls, then a guest that exits, waits and is interrupted."""
    ram.write(100, ROOT, layout.ENTER)
    ram.write(110, ROOT, layout.CALL, 0, 0, 5 | 12 << 32)
    ram.write(120, VMM, layout.SWITCH, 0, 0, VCPU)
    time = 130
    for _ in range(rounds):
        for subject, event, *more in (
                (VMM, layout.ENTER), (VMM, layout.CALL, 9, 0, 3 | 9 << 32), (VCPU, layout.ENTER, 1),
                (VCPU, layout.EXIT, 3, 23, 0x10000000, 0x80200000), (VMM, layout.ENTER),
                (VMM, layout.SIGNAL, 0, 0, 2, ROOT), (VMM, layout.CALL, 9, 0, 3 | 9 << 32),
                (VCPU, layout.ENTER, 1), (VMM, layout.INTERRUPT, 1, 5), (VCPU, layout.ENTER, 1),
                (VCPU, layout.EXIT, 1, 10, 0x4442434e << 32 | 2, 0x80200004), (VMM, layout.ENTER),
                (VMM, layout.CALL, 9, 0, 3 | 9 << 32), (VCPU, layout.ENTER, 1),
                (0, layout.SWITCH), (0, layout.SIGNAL, 0, 10, 1, VMM), (VMM, layout.SWITCH, 0, 0, VCPU)):
            ram.write(time, subject, event, *more)
            time += 7
    ram.write(time, VMM, layout.CALL, 255, 0, 0, 4)


def problems_of(document):
    """The errors of a document in Chrome's trace format, by the description of that format."""
    found, tracks, named = [], {}, set()
    for event in document["traceEvents"]:
        for key in ("ph", "pid", "tid", "ts", "name"):
            if key not in event:
                found.append(f"no {key}: {event}")
        if not isinstance(event["pid"], int) or not isinstance(event["tid"], int):
            found.append(f"pid and tid are numbers: {event}")
        if event["ph"] not in "XiM":
            found.append(f"an unknown phase: {event}")
        if event["ph"] == "M" and event["name"] == "thread_name":
            named.add((event["pid"], event["tid"]))
        if event["ph"] == "X":
            tracks.setdefault((event["pid"], event["tid"]), []).append(event)
            if event["dur"] < 0:
                found.append(f"ends before it begins: {event}")
    for key, events in tracks.items():
        if key not in named:
            found.append(f"no name for the track {key}")
        for one, two in zip(events, events[1:]):
            end = one["ts"] + one["dur"]
            if two["ts"] < end - max(0.002, abs(end) * 1e-12):  # what rounding may do
                found.append(f"two slices of one track overlap: {one} {two}")
    times = [event["ts"] for event in document["traceEvents"] if event["ph"] != "M"]
    if times != sorted(times):
        found.append("not in the order of time")
    return found


class RingTest(unittest.TestCase):
    def test_layout_is_that_of_the_headers(self):
        """Numbers, sizes and magics are the same as in the kernel and the root server."""
        abi = (TREE / "libs/abi/trace.h").read_text()
        proto = (TREE / "libs/proto/trace.h").read_text()
        vcpu = (TREE / "libs/abi/vcpu_page.h").read_text()
        self.assertEqual([int(n) for n in re.findall(r"^    TRACE_[A-Z]+ = (\d+),", abi, re.M)],
                         [layout.EXIT, layout.CALL, layout.SIGNAL, layout.SWITCH, layout.ENTER, layout.INTERRUPT])
        self.assertIn(f"TRACE_MAGIC      UINT64_C({layout.RING_MAGIC:#x})", abi)
        self.assertIn(f"TRACE_INDEX_MAGIC   UINT64_C({layout.INDEX_MAGIC:#x})", proto)
        self.assertIn(f"sizeof(struct trace_record) == {layout.RECORD.size},", abi)
        self.assertIn(f"sizeof(struct trace_header) == {layout.CHUNK_HEAD.size},", abi)
        self.assertIn(f"sizeof(struct trace_name) == {layout.NAME.size},", proto)
        self.assertIn(f"offsetof(struct trace_index, name) == {layout.INDEX_HEAD.size},", proto)
        self.assertIn(f"TRACE_INDEX_NAMES   {layout.NAMES_MAX}\n", proto)
        self.assertEqual(len(re.findall(r"^    VCPU_EXIT_\w+ = \d", vcpu, re.M)), len(layout.REASONS))

    def test_ring_any_fill_is_read_whole(self):
        """One to three chunks, empty to several times full: the newest records in order, the lost ones counted."""
        for chunks in (1, 2, 3):
            ram = Ram(chunks)
            capacity = PER_CHUNK * chunks
            for total in sorted({0, 1, PER_CHUNK - 1, PER_CHUNK, capacity - 1, capacity, capacity + 1,
                                 4 * capacity + 5}):
                while ram.count < total:
                    ram.write(ram.count, ROOT, layout.SIGNAL, word0=ram.count)
                got = ram.trace()
                first = max(0, total - capacity + 1)
                self.assertEqual(got.lost, first)
                self.assertEqual([r.word0 for r in got.records], list(range(first, total)))
                self.assertTrue(all(r.hart == 7 for r in got.records))

    def test_ring_writer_goes_on_meanwhile(self):
        """A record that is overwritten while the chunks are read is left out."""
        for burst in (1, 5, PER_CHUNK, 3 * PER_CHUNK):
            ram = Ram(2)
            for i in range(3 * PER_CHUNK):
                ram.write(i, ROOT, layout.SIGNAL, word0=i)
            reads = [0]

            def scribble(ram=ram, reads=reads, burst=burst):
                reads[0] += 1
                if 3 < reads[0] < 6:
                    for _ in range(burst):
                        ram.write(ram.count, ROOT, layout.SIGNAL, word0=ram.count)

            ram.on_read = scribble
            got = ram.trace()
            self.assertEqual([r.word0 for r in got.records], list(range(got.lost, got.lost + len(got.records))))
            self.assertLessEqual(got.lost + len(got.records), ram.count)

    def test_ring_rings_of_several_harts_are_merged(self):
        """Each hart's chunks are a separate ring; records are sorted by time."""
        ram = Ram(2)
        for number, address in enumerate(ram.chunks):
            layout.CHUNK_HEAD.pack_into(ram.pages[address], 0, layout.RING_MAGIC, number, 0, 1, CHUNK, 2)
            for i in range(2):
                layout.RECORD.pack_into(ram.pages[address], layout.CHUNK_HEAD.size + 32 * i,
                                        10 * i + number, ROOT, 2, 0, 0, 0, 0)
        self.assertEqual([(r.time, r.hart) for r in ram.trace().records], [(0, 0), (1, 1), (10, 0), (11, 1)])

    def test_ring_damage_is_told(self):
        """An index and headers that do not match are refused with a reason."""
        for at, page, value in ((0, "index", 1), (8, "index", 0), (24, "index", 4097), (32, "index", 0),
                                (32, "index", 17), (36, "index", 65), (40, "index", 0x1000),
                                (0, "chunk", 0), (16, "chunk", 1), (24, "chunk", 8192)):
            ram = Ram()
            struct.pack_into("<Q" if at in (0, 8, 24, 40) else "<I",
                             ram.pages[INDEX_AT if page == "index" else ram.chunks[0]], at, value)
            with self.assertRaises(ring.TraceError, msg=f"{page} {at}"):
                ram.trace()

    def test_ring_random_memory_never_breaks_the_reader(self):
        """Any bytes in index, headers and records give a trace, with JSON and SVG, or a TraceError."""
        chance = random.Random(5)
        read_count = 0
        for _ in range(300):
            ram = Ram(2)
            write_boot(ram, 12)
            for _ in range(chance.choice((1, 3, 40))):
                page = ram.pages[chance.choice([INDEX_AT, *ram.chunks, ram.chunks[1], ram.chunks[1]])]
                page[chance.randrange(len(page))] = chance.randrange(256)
            with contextlib.suppress(ring.TraceError):
                got = ram.trace()
                read_count += 1
                self.assertEqual(problems_of(json.loads(perfetto.to_json(got))), [])
                xml.etree.ElementTree.fromstring(picture.to_svg(got, "random"))
        self.assertGreater(read_count, 100)


class PerfettoTest(unittest.TestCase):
    def setUp(self):
        ram = Ram()
        write_boot(ram)
        self.trace = ram.trace()
        self.document = json.loads(perfetto.to_json(self.trace))
        self.events = self.document["traceEvents"]

    def names(self, category):
        return [event["name"] for event in self.events if event.get("cat") == category]

    def test_perfetto_document_is_valid(self):
        """Every event has the required fields, no slices of a track overlap, every track has a name."""
        self.assertEqual(problems_of(self.document), [])
        self.assertEqual(self.document["otherData"]["lost"], 0)
        self.assertEqual(self.document["otherData"]["records"], len(self.trace.records))

    def test_perfetto_check_can_fail(self):
        """The check of the test before finds an overlap, a missing name and a wrong order."""
        slices = [event for event in self.events if event["ph"] == "X"]
        slices[0]["dur"] = 1e9
        self.assertIn("overlap", problems_of(self.document)[0])
        self.document["traceEvents"] = [e for e in self.events if e["name"] != "thread_name"]
        self.assertIn("no name", "".join(problems_of(self.document)))
        self.document["traceEvents"] = self.events[::-1]
        self.assertIn("order", "".join(problems_of(self.document)))

    def test_perfetto_exits_are_all_there_by_name(self):
        """A slice for each exit, named by device or SBI extension, that lasts until the guest goes on."""
        self.assertEqual(self.names("exit"), ["UART store", "SBI DBCN 2"] * 3)
        store = next(event for event in self.events if event.get("cat") == "exit")
        self.assertEqual(store["args"]["gpa"], "0x10000000")
        self.assertEqual(store["args"]["cause"], 23)
        self.assertAlmostEqual(store["dur"], 4 * 7 / 10)

    def test_perfetto_calls_end_with_their_return(self):
        """A call lasts until its thread is entered again; a call that decoding refused has its error."""
        calls = [event for event in self.events if event.get("cat") == "call"]
        self.assertEqual([event["name"] for event in calls[:2]], ["klog_write", "vcpu_run"])
        self.assertAlmostEqual(calls[1]["dur"], 3 * 7 / 10)
        last = max(calls, key=lambda event: event["ts"])
        self.assertEqual((last["name"], last["args"]["refused"]), ("no such call", "BAD_CALL"))

    def test_perfetto_tracks_are_named_after_threads_and_guests(self):
        """Harts, Warren and each guest are processes; threads and vCPUs are rows in them."""
        named = {(e["name"], e["args"].get("name")) for e in self.events if e["ph"] == "M"}
        for wanted in (("process_name", "harts"), ("process_name", "Warren"), ("process_name", "guest one"),
                       ("thread_name", "rootserver"), ("thread_name", "vmm.one"), ("thread_name", "one vcpu 0"),
                       ("thread_name", "hart 7")):
            self.assertIn(wanted, named)

    def test_perfetto_waiting_signals_and_interrupts_are_told_apart(self):
        """A guest that waits is not running; a device's signal names its source."""
        self.assertEqual(self.names("wait"), ["waits"] * 3)
        self.assertEqual(self.names("interrupt"), ["timer interrupt"] * 3)
        self.assertEqual(self.names("signal"), ["signal", "interrupt signal"] * 3)
        self.assertEqual([e["args"]["source"] for e in self.events if e["name"] == "interrupt signal"], [10] * 3)

    def test_perfetto_hostile_names_stay_text(self):
        """A guest's name with quotes, angle brackets and control characters breaks neither output."""
        ram = Ram(names=((VCPU, layout.VCPU, 1, '"}],<svg>&\x01\x7f</title>'), (VMM, layout.THREAD, 255, "x" * 39)))
        write_boot(ram)
        self.assertEqual(problems_of(json.loads(perfetto.to_json(ram.trace()))), [])
        xml.etree.ElementTree.fromstring(picture.to_svg(ram.trace(), "<&>"))

    def test_perfetto_no_records_is_a_document(self):
        """An empty ring gives an empty document and picture."""
        empty = Ram().trace()
        self.assertEqual(json.loads(perfetto.to_json(empty))["traceEvents"], [])
        xml.etree.ElementTree.fromstring(picture.to_svg(empty, "empty"))


class PictureTest(unittest.TestCase):
    def setUp(self):
        self.ram = Ram(2)
        write_boot(self.ram, 10)
        self.trace = self.ram.trace()

    def test_picture_time_adds_up(self):
        """Every tick between the first and the last record is counted once, for one owner."""
        owners = picture.time_by_owner(self.trace, picture.Scale(self.trace))
        spent = sum(sum(row) for row in owners.values())
        self.assertAlmostEqual(spent, self.trace.records[-1].time - self.trace.records[0].time, places=3)
        self.assertEqual(set(owners), {"one vcpu 0", "vmm.one", "rootserver", "kernel", "idle"})
        # The guest: two turns and a half of 7 ticks that end in an exit, an interrupt or a wait.
        self.assertAlmostEqual(sum(owners["one vcpu 0"]), 10 * 4 * 7, places=3)

    def test_picture_counts_every_exit_once(self):
        """The exits of all kinds, the rare ones together, are those of the trace."""
        kinds = picture.exits_by_kind(self.trace, picture.Scale(self.trace))
        self.assertEqual({kind: sum(row) for kind, row in kinds.items()}, {"UART store": 10, "SBI DBCN 2": 10})

    def test_picture_is_svg_that_says_what_is_lost(self):
        """It is XML with a title and a description; losses stand in it; the same trace gives the same bytes."""
        text = picture.to_svg(self.trace, "One boot")
        root = xml.etree.ElementTree.fromstring(text)
        self.assertEqual(root.find("{*}title").text, "One boot")
        self.assertIn("none was lost", root.find("{*}desc").text)
        self.assertEqual(text, picture.to_svg(self.trace, "One boot"))
        while self.ram.count < 3 * PER_CHUNK:
            self.ram.write(10 ** 6, ROOT, layout.SIGNAL)
        self.assertIn(f"{PER_CHUNK + 1} older ones", picture.to_svg(self.ram.trace(), "x"))

    def test_picture_polygons_stay_inside(self):
        """No point of a polygon lies outside of its diagram."""
        root = xml.etree.ElementTree.fromstring(picture.to_svg(self.trace, "x"))
        points = [tuple(map(float, p.split(","))) for polygon in root.findall(".//{*}polygon")
                  for p in polygon.get("points").split()]
        self.assertTrue(points)
        for x, y in points:
            self.assertTrue(picture.LEFT <= x <= picture.LEFT + picture.WIDTH, x)
            self.assertTrue(picture.TOP <= y <= picture.PAGE_HEIGHT, y)


class ToolTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="warren-trace-")
        self.addCleanup(folder.cleanup)
        self.top = pathlib.Path(folder.name)

    def run_tool(self, *argv):
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            try:
                status = tool.main([str(word) for word in argv])
            except SystemExit as end:
                status = end.code
        return status, said.getvalue()

    def dump(self, ram):
        files = []
        for number, address in enumerate([INDEX_AT, *ram.chunks]):
            files.append(self.top / f"{number}.bin")
            files[-1].write_bytes(ram.pages[address])
        return files

    def test_tool_converts_a_debuggers_dump(self):
        """The index page and the frames of the ring, as files, are enough for the tool."""
        ram = Ram(2)
        write_boot(ram, 20)
        status, said = self.run_tool("convert", *self.dump(ram), "--output", self.top / "a.json",
                                     "--picture", self.top / "a.svg", "--title", "A boot")
        self.assertEqual(status, 0, said)
        self.assertIn(f"{len(ram.trace().records)} records", said)
        self.assertEqual(problems_of(json.loads((self.top / "a.json").read_text())), [])
        self.assertIn("<title>A boot</title>", (self.top / "a.svg").read_text())

    def test_tool_incomplete_dump_is_refused(self):
        """A chunk that is missing or cut off is named, and nothing is written."""
        files = self.dump(Ram(2))
        for wrong in (files[:2], [files[0], files[1], files[0]]):
            status, said = self.run_tool("convert", *wrong, "--output", self.top / "a.json")
            self.assertEqual(status, 1)
            self.assertTrue(said.startswith("trace: "), said)
        files[2].write_bytes(b"short")
        self.assertEqual(self.run_tool("convert", *files, "--output", self.top / "a.json")[0], 1)
        self.assertFalse((self.top / "a.json").exists())

    def test_tool_index_is_the_first_line_that_tells_it(self):
        """A guest's later copy of the line is ignored; a refusal is passed on."""
        log = self.top / "log"
        log.write_bytes(b"x\r\nwarren: trace: the index is at 0x8000f000\r\r\nwarren: trace: the index is at 0x1\r\n")
        self.assertEqual(tool.find_index(log), 0x8000f000)
        log.write_bytes(b"guest: warren: trace: the index is at 0x1\n")
        with self.assertRaises(ring.TraceError):
            tool.find_index(log)
        log.write_bytes(b"warren: no trace: there is no memory left for it\r\r\n")
        with self.assertRaisesRegex(ring.TraceError, "^there is no memory left for it$"):
            tool.find_index(log)

    def test_tool_wrong_words_are_refused(self):
        """Unknown events and sizes are refused before the machine starts."""
        for words in (("--events", "exit"), ("--size", "2G"), ("--size", "0"), ("--events", "")):
            status, said = self.run_tool("run", "--build", self.top, "default", *words)
            self.assertEqual(status, 2, words)
            self.assertIn("error", said)

    def test_tool_memory_of_the_dead_is_removed(self):
        """A command that was killed leaves its machine's memory; the next one removes it, and no other's."""
        for name in ("ram.1", f"ram.{2 ** 22 + 1}", f"ram.{os.getpid()}", "ram.mine"):
            (self.top / name).write_bytes(b"x")
        tool.remove_orphans(self.top)
        self.assertEqual(sorted(path.name for path in self.top.iterdir()),
                         sorted(["ram.1", f"ram.{os.getpid()}", "ram.mine"]))

    def test_tool_now_without_a_system_says_so(self):
        """Without a running machine there is no trace to read."""
        status, said = self.run_tool("now", "--build", self.top)
        self.assertEqual((status, "no traced system runs" in said), (1, True))

    def test_tool_names_calls_and_extensions(self):
        """Calls by the interface's description, SBI extensions by their letters, devices by the map."""
        calls = layout.Calls()
        record = ring.Record(0, 0, 1, layout.CALL, 0, 0, 5 | 3 << 32, 0)
        self.assertEqual(calls.name(record), "frame_map")
        self.assertEqual(calls.error(3), "NO_RIGHT")
        self.assertEqual([layout.extension_name(n) for n in (0x10, 0x54494d45, 0x735049, 0x52464e43, 0x9999)],
                         ["BASE", "TIME", "sPI", "RFNC", "0x9999"])
        self.assertEqual([layout.device_at(a) for a in (0x10000005, 0xc201004, 0x80000000, 0x40000000)],
                         ["UART", "PLIC", "memory", "nothing"])


if __name__ == "__main__":
    unittest.main()
