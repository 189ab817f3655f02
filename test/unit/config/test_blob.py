# SPDX-License-Identifier: BSD-2-Clause
"""The compiled form of a system."""

import json
import shutil
import subprocess
import unittest

import fdt
import support
from support import GUEST, image_bytes

TWO = '''
/dts-v1/;
/ {
    compatible = "warren,system-1";
    system-name = "sample";
    services {
        console { program = "svc/console"; };
    };
    guests {
        one {
            index = <0>;
            vmm = "vmm";
            kernel = "guests/one/kernel";
            initrd = "guests/one/initrd";
            bootargs = "console=ttyS0 x=\\"y\\"";
            memory = /bits/ 64 <0x140000000>;
            vcpus = <1>;
            mmu = "sv57";
        };
        two {
            index = <1>;
            vmm = "probe";
            kernel = "guests/two/kernel";
            bootargs = "";
            memory = /bits/ 64 <0x10000000>;
            vcpus = <1>;
            mmu = "sv39";
        };
    };
};
'''


@unittest.skipUnless(shutil.which("dtc"), "dtc is not installed")
class Blob(support.SystemCase):
    def dtc(self, *argv, raw):
        done = subprocess.run(["dtc", "-q", *argv, "-"], input=raw, capture_output=True, check=True)
        self.assertEqual(done.stderr, b"")
        return done.stdout

    def two_guests(self):
        self.system('guests = ["one", "two"]\nmachine.memory = "8G"\n')
        self.guest("one", GUEST + "initrd = 'debian:initrd'\nmemory = '5G'\nmmu = 'sv57'\n" "bootargs = 'console=ttyS0 x=\"y\"'\n")
        self.put("store/other", image_bytes(file_bytes=8192))
        self.guest("two", "kernel = 'debian:other'\nvmm = 'probe'\n")
        self.assert_accepts()

    def test_blob_two_guests_is_what_the_manual_says(self):
        """dtc reads the blob back as the tree of docs/configuration.md, byte for byte."""
        self.two_guests()
        ours = self.dtc("-I", "dtb", "-O", "dts", raw=self.output.read_bytes())
        wanted = self.dtc("-I", "dts", "-O", "dtb", raw=TWO.encode())
        self.assertEqual(ours, self.dtc("-I", "dtb", "-O", "dts", raw=wanted))

    def test_blob_gives_dtc_no_warning(self):
        """With all its checks on, dtc has nothing to say about the blob."""
        self.two_guests()
        done = subprocess.run(["dtc", "-I", "dtb", "-O", "dtb", "-o", "/dev/null", str(self.output)],
                              capture_output=True, check=True)
        self.assertEqual(done.stderr, b"")

    def test_blob_every_value_kind_round_trips(self):
        """Strings, lists of strings, cells, 64-bit cells, bytes and empty properties are written as dtc writes them."""
        tree = {"compatible": ["a,b", "c"], "n": 0xFFFFFFFF, "q": fdt.U64(2**64 - 1), "raw": b"\x01\x02\x03",
                "flag": b"", "child": {"compatible": "x", "deeper": {"n": 1}}}
        text = ('/dts-v1/; / { compatible = "a,b", "c"; n = <0xffffffff>; q = /bits/ 64 <0xffffffffffffffff>; '
                'raw = [01 02 03]; flag; child { compatible = "x"; deeper { n = <1>; }; }; };')
        self.assertEqual(self.dtc("-I", "dtb", "-O", "dts", raw=fdt.blob(tree)),
                         self.dtc("-I", "dtb", "-O", "dts", raw=self.dtc("-I", "dts", "-O", "dtb", raw=text.encode())))


class Outputs(support.SystemCase):
    def manifest(self):
        return dict(line.split("\t") for line in (self.top / "files").read_text().splitlines())

    def test_manifest_equal_files_stored_once(self):
        """Two guests with kernels of equal content share one entry; others do not."""
        self.system('guests = ["one", "two", "three"]\n')
        self.put("store/copy", image_bytes())
        self.put("store/other", image_bytes(file_bytes=8192))
        self.guest("two", 'kernel = "debian:copy"\n')
        self.guest("three", 'kernel = "debian:other"\n')
        self.assert_accepts()
        self.assertEqual(sorted(self.manifest()),
                         ["guests/one/kernel", "guests/three/kernel", "svc/console", "vmm"])
        self.assertEqual(self.output.read_bytes().count(b"guests/one/kernel\0"), 2)

    def test_manifest_only_programs_in_use_packed(self):
        """A program that no guest names stays out of the archive."""
        self.guest("one", GUEST + 'vmm = "probe"\n')
        self.assert_accepts()
        self.assertIn("probe", self.manifest())
        self.assertNotIn("vmm", self.manifest())

    def test_info_states_what_the_machine_needs(self):
        """Host tools learn the machine's memory and the guests in order."""
        self.system('guests = ["one"]\nmachine.memory = "3G"\n')
        self.assert_accepts()
        self.assertEqual(json.loads((self.top / "info").read_text()),
                         {"name": "sample", "machine_memory": 3 << 30, "guests": ["one"]})
        self.system('guests = ["one"]\n')
        self.assert_accepts()
        self.assertEqual(json.loads((self.top / "info").read_text())["machine_memory"], 2 << 30)

    def test_depfile_names_every_source(self):
        """The build learns of each file whose change must compile again."""
        self.guest("one", GUEST + 'initrd = "debian:initrd"\n')
        status, _ = self.compile("--depfile", str(self.top / "d"))
        self.assertEqual(status, 0)
        target, _, sources = (self.top / "d").read_text().partition(": ")
        self.assertEqual(target, str(self.output))
        self.assertEqual(sources.split(), [str(self.top / path) for path in
                                           ("sample/system.toml", "sample/one.toml", "store/Image", "store/initrd")])

    def test_compile_twice_gives_equal_blobs(self):
        """Equal input gives an equal blob."""
        self.assert_accepts()
        first = self.output.read_bytes()
        self.assert_accepts()
        self.assertEqual(self.output.read_bytes(), first)

    def test_compile_refusal_keeps_old_output(self):
        """A refused system leaves the blob of the last good one as it was."""
        self.assert_accepts()
        first = self.output.read_bytes()
        self.guest("one", "")
        self.assertEqual(self.compile()[0], 2)
        self.assertEqual(self.output.read_bytes(), first)
