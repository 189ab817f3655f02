# SPDX-License-Identifier: BSD-2-Clause
"""The bench's figures from its counts."""

import pathlib
import struct
import tempfile
import unittest
import unittest.mock
import xml.etree.ElementTree

import counts
import figures
import kvm
import picture
import symbols
import table

OUTPUT = """\
first M
end
first HS
count M 900
change M HS 1
end
watch U
count HS 50
end
first VS
count HS 20
count U 100
change HS VS 1
end
mark 1 VS
count VS 30
end
mark 2 VS
count VS 2001
end
mark 1 VS
count VS 500
count HS 77
end
mark 2 VS
count VS 5001
count HS 6000
count U 4000
change VS HS 1000
change HS VS 1000
csr 200 1000
csr 645 1000
site HS a1 ffffffff80000000 13 6000
end
mark 3 VU
count VS 10
end
"""
CONSOLE = "OpenSBI\nbench: nothing: 20 ticks for 1000\nbench: SBI base call: 150 ticks for 1000\r\nbench: end\n"

HOPS = """\
hops: with pauses, alone: 99 % in 183 ticks, longest 190
hops: with pauses, beside a guest: 99 % in 184 ticks, longest 100191
hops: with pauses: the guest lost 970000 ticks, the others used 940000 of 11070000
hops: with pauses: the guest's way in and out took 30000 ticks, 10 were charged to no thread
hops: end
"""


def parsed(text=OUTPUT):
    return counts.parse(text.splitlines())


def row(name, **by_mode):
    return counts.Row(name, 1000, by_mode, {}, {}, {})


class Parse(unittest.TestCase):
    def test_parse_output_intervals_in_order(self):
        """Each head begins an interval, and `end` ends it."""
        self.assertEqual([(i.kind, i.number, i.mode) for i in parsed()][:5],
                         [("first", -1, "M"), ("first", -1, "HS"), ("watch", -1, "U"), ("first", -1, "VS"),
                          ("mark", 1, "VS")])
        self.assertEqual(parsed()[7].sites, {("HS", 0xa1, 0xffffffff80000000, 0x13): 6000})

    def test_parse_damaged_output_refused(self):
        """Output that is cut short, has empty lines or unknown lines is malformed."""
        for text in ("mark 1 VS\ncount VS 3\n", "count VS 3\n", "mark 1 VS\ncount VS x\nend\n", "mark VS\nend\n",
                     "mark 1 VS\ncounts VS 3\nend\n", "end\n", "mark 1 VS\n\nend\n"):
            with self.assertRaises(counts.Malformed, msg=text):
                parsed(text)


class Rows(unittest.TestCase):
    def test_rows_loop_subtracted(self):
        """A row is the cost of one operation, without the empty loop and the markers."""
        made, = counts.rows(parsed(), CONSOLE)
        self.assertEqual((made.name, made.rounds), ("SBI base call", 1000))
        self.assertEqual(made.counts, {"HS": 6.0, "U": 4.0, "VS": 3.0})
        self.assertEqual(made.total, 13.0)
        self.assertEqual(made.changes, {"VS>HS": 1.0, "HS>VS": 1.0})

    def test_rows_vs_csr_written_reported(self):
        """vsstatus (200) is a VS CSR, hvip (645) is not."""
        made, = counts.rows(parsed(), CONSOLE)
        self.assertEqual(made.vs_csr_writes, {"vsstatus": 1.0})

    def test_rows_other_number_of_reports_refused(self):
        """Names and counts are paired by their order: with one missing, the result is an error."""
        for console in ("", CONSOLE + "bench: more: 1 ticks for 1\n", CONSOLE.replace("bench: SBI", "lost: SBI")):
            with self.assertRaises(counts.Malformed):
                counts.rows(parsed(), console)

    def test_pairs_pause_left_out(self):
        """Instructions between a pause and the next resumption are not counted."""
        text = "".join(f"mark {number} U\ncount U {count}\nend\n"
                       for number, count in ((1, 9), (4, 3), (5, 100), (4, 11), (5, 100), (2, 6)))
        made, = counts.pairs(parsed(text))
        self.assertEqual(made.counts, {"U": (3 - 1) + (11 - 1) + (6 - 1)})

    def test_pairs_marker_without_partner_refused(self):
        """A begin marker without an end marker, and the other way round, are errors."""
        for numbers in ((1,), (2,), (1, 2, 2)):
            with self.assertRaises(counts.Malformed):
                counts.pairs(parsed("".join(f"mark {n} U\ncount U 5\nend\n" for n in numbers)))


class Figures(unittest.TestCase):
    def test_boot_start_told_apart(self):
        """Up to the guest's first instruction is the start; from there to its first process the boot."""
        boot = figures.boot(parsed())
        self.assertEqual(boot["before"]["total"], 900 + 50 + 120)
        self.assertEqual(boot["boot"]["total"], 30 + 2001 + 577 + 15001 + 10)
        self.assertEqual(figures.exits(boot["boot"]["changes"]), 1000)

    def test_boot_without_guest_refused(self):
        """A machine whose guest never ran has no boot."""
        with self.assertRaises(counts.Malformed):
            figures.boot(parsed("first M\nend\n"))
        with self.assertRaises(counts.Malformed):
            figures.boot(parsed("first VS\nend\nmark 3 VS\nend\n"))

    def test_creation_last_watch_counts(self):
        """Making a guest begins at the last watched instruction before the guest's first."""
        self.assertEqual(figures.creation(parsed()), 120)
        self.assertEqual(figures.creation(parsed("watch U\ncount U 7\nend\n" + OUTPUT)), 120)
        self.assertIsNone(figures.creation(parsed(OUTPUT.replace("watch U", "mark 9 U"))))

    def test_parts_bare_kernel_is_guest(self):
        """On the bare machine, S and U mode correspond to the guest's modes."""
        self.assertEqual(figures.parts({"M": 5, "HS": 7, "U": 2}, True), {"guest": 9, "firmware": 5})
        self.assertEqual(figures.parts({"M": 5, "HS": 7, "U": 2, "VU": 1}),
                         {"guest": 1, "kernel": 7, "VMM": 2, "firmware": 5})

    def test_memory_difference_over_guests(self):
        """Six more guests of 64 MiB that take 396 MiB cost 2 MiB each."""
        self.assertEqual(figures.memory_per_guest_kib(1, 900, 7, 900 - 6 * 66, 64), 2048)

    def test_clock_least_of_each_and_ratio(self):
        """Each machine's smallest time counts, from any run; the ratio is to the bare machine's."""
        made = figures.clock([((2.0, 1.0, 4.0), (3.0, 2.0, 5.0)), ((1.0, 1.5, 4.0), (4.0, 1.1, 6.0))], (9.0, 8.0, 2.0))
        self.assertEqual(made["bare"]["seconds"], [1.0, 1.0, 4.0])
        self.assertEqual(made["Warren"], {"seconds": [3.0, 1.1, 5.0], "ratio": [3.0, 1.1, 1.25]})
        self.assertEqual(made["KVM"]["ratio"], [9.0, 8.0, 0.5])
        self.assertNotIn("KVM", figures.clock([((2.0, 1.0, 1.0), (3.0, 2.0, 1.0))]))
        self.assertIn("1.10", table.clocks(made))

    def test_hops_every_kind_in_full(self):
        """The echo's ticks become microseconds and milliseconds; a kind without its costs is refused."""
        made = figures.hops(HOPS)
        self.assertEqual(made["with pauses"]["beside a guest"], {"99 %": 18.4, "longest": 10019.1})
        self.assertEqual(made["with pauses"]["ms"], {"lost": 97.0, "used": 94.0, "passed": 1107.0})
        self.assertEqual(made["with pauses"]["rest"], {"way": 3.0, "nobody": 0.001})
        self.assertIn("10,019.1", table.hops(made))
        self.assertIn("3.0", table.hops(made))
        for missing in ("alone", "beside", "lost", "way in"):
            with self.assertRaises(counts.Malformed):
                figures.hops("\n".join(line for line in HOPS.splitlines() if missing not in line))

    def test_differences_one_instruction_is_told(self):
        """Two runs that differ in one instruction differ."""
        self.assertEqual(figures.differences({"a": 1, "b": {"x": 2}}, {"a": 1, "b": {"x": 2}}), [])
        self.assertEqual(len(figures.differences({"a": 1}, {"a": 2})), 1)
        self.assertEqual(len(figures.differences({"a": 1}, {})), 1)


def elf(code, names):
    """An ELF file with one executable segment at 0x1000 and a symbol table: name -> (address, type)."""
    strings, symbols_made = b"\0", bytes(24)
    for name, (address, info) in names.items():
        symbols_made += struct.pack("<IBBHQQ", len(strings), info, 0, 1, address, 4)
        strings += name.encode() + b"\0"
    at = 64 + 56
    string_at, symbol_at = at + len(code), at + len(code) + len(strings)
    section_at = symbol_at + len(symbols_made)
    head = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", 2, 243, 1, 0x1000, 64, section_at, 0, 64, 56, 1, 64, 3, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, at, 0x1000, 0x1000, len(code), len(code), 4096)
    sections = bytes(64)
    sections += struct.pack("<IIQQQQIIQQ", 0, 3, 0, 0, string_at, len(strings), 0, 0, 1, 0)
    sections += struct.pack("<IIQQQQIIQQ", 0, 2, 0, 0, symbol_at, len(symbols_made), 1, 0, 8, 24)
    return head + segment + code + strings + symbols_made + sections


FUNCTION, LOCAL_LABEL, GLOBAL_LABEL = 0x12, 0x00, 0x10


class Symbols(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def program(self, name, code, **names):
        path = self.folder / name
        path.write_bytes(elf(code, names))
        return symbols.Program(name, "U", path)

    def test_function_address_within_named(self):
        """An address belongs to the last function that begins at or before it."""
        made = self.program("a", bytes(32), one=(0x1000, FUNCTION), two=(0x1010, FUNCTION), x=(0x1014, LOCAL_LABEL),
                            start=(0x1018, GLOBAL_LABEL))
        self.assertEqual([made.function(at) for at in (0x1000, 0x100e, 0x1010, 0x1016, 0x101c)],
                         ["one", "one", "two", "two", "start"])

    def test_entry_first_instruction(self):
        """A function is watched by its address and first instruction, of four bytes or two; an unknown one is not."""
        made = self.program("a", struct.pack("<III", 0x13, 0x8067, 0x12341141), one=(0x1000, FUNCTION),
                            two=(0x1004, FUNCTION), short=(0x1008, FUNCTION))
        self.assertEqual(made.entry("two"), (0x1004, 0x8067))
        self.assertEqual(made.entry("short"), (0x1008, 0x1141))
        self.assertIsNone(made.entry("three"))

    def test_place_programs_at_same_address_told_apart(self):
        """Two programs linked at one address are told apart by the code of the page."""
        first = self.program("first", struct.pack("<IHH", 0x00100093, 0x8082, 0), f=(0x1000, FUNCTION))
        second = self.program("second", struct.pack("<IHH", 0x00200093, 0x8082, 0), g=(0x1000, FUNCTION))
        programs = symbols.Programs([first, second])
        row_sites = {("U", 0xb, 0x1000, 0x00200093): 3, ("U", 0xb, 0x1004, 0x8082): 3, ("U", 0xa, 0x1000, 0x100093): 1,
                     ("U", 0xc, 0x1000, 0x12345): 2, ("M", 1, 0x1000, 0x00100093): 4}
        made = counts.Row("x", 1, {}, {}, {}, row_sites)
        self.assertEqual(symbols.profile(made, programs),
                         {("second", "g"): 6, ("first", "f"): 1, ("U", ""): 2, ("OpenSBI", ""): 4})


class Libraries(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for name in ("usr/lib/riscv64-linux-gnu/liba.so", "usr/lib/libb.so"):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).touch()

    def found(self, wants):
        """Returns the libraries found when each file needs those that `wants` lists for its name."""
        with unittest.mock.patch.object(kvm, "needed", lambda path: list(wants.get(path.name, []))):
            return kvm.libraries(self.root, self.root / "program")

    def test_libraries_of_libraries_found_once(self):
        """The libraries of a library are found too, cycles end, and the loader keeps its own place."""
        made = self.found({"program": ["liba.so", "ld-linux-riscv64-lp64d.so.1"], "liba.so": ["libb.so"],
                           "libb.so": ["liba.so"]})
        self.assertEqual(sorted(made), ["liba.so", "libb.so"])
        self.assertEqual(made["libb.so"].name, "libb.so")

    def test_libraries_missing_refused(self):
        """A library that was not unpacked is named before a machine starts without it."""
        with self.assertRaisesRegex(kvm.Failure, "libc.so"):
            self.found({"program": ["libc.so"]})


class Output(unittest.TestCase):
    def test_table_columns_aligned_markdown(self):
        """Every line has the same width and as many cells as the head."""
        text = table.exits([row("a", HS=10, M=300)], [row("a", VS=10, HS=600, U=1234.5), row("b", VS=1)], [])
        lines = text.splitlines()
        self.assertEqual(len({len(line) for line in lines}), 1)
        self.assertEqual({line.count("|") for line in lines}, {10})
        self.assertIn("1,844", lines[2])
        self.assertIn("310", lines[2])

    def test_number_small_fractions_kept(self):
        """A small number is printed with its fraction, a large one without."""
        self.assertEqual([table.number(value) for value in (3.0, 3.14, 1234.56, None, 0)],
                         ["3", "3.1", "1,235", "", "0"])

    def test_boots_ratio_to_first_column(self):
        """The ratio is to the first column, which is the bare machine."""
        def boot(total):
            return {"before": {"total": 1e6}, "boot": {"total": total, "counts": {}, "changes": {"VS>HS": 5}}}
        text = table.boots({"bare": boot(500e6), "Warren": boot(515e6)})
        self.assertIn("1.030", text)
        self.assertIn("515.0", text)

    def test_picture_well_formed_and_to_scale(self):
        """The drawing is XML, names are escaped, and a bar's width is proportional to its value."""
        text = picture.draw([row("a", HS=10)], [row("a<b", VS=100, HS=300), row("a", HS=200)],
                            {("kernel", "f"): 30, ("VMM", "g"): 10}, "x & y", "a")
        root = xml.etree.ElementTree.fromstring(text.encode())
        bars = {rect[0].text: float(rect.get("width")) for rect in root.iter("{http://www.w3.org/2000/svg}rect")
                if len(rect)}
        self.assertAlmostEqual(bars["a<b: kernel 300.0"], 3 * bars["a<b: guest 100.0"], places=0)
        self.assertAlmostEqual(bars["kernel: f: kernel 30.0"], 3 * bars["VMM: g: VMM 10.0"], places=0)
