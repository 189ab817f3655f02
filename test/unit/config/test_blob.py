# SPDX-License-Identifier: BSD-2-Clause
"""The compiled form of a system."""

import json
import os
import pathlib
import shutil
import subprocess
import unittest

import devices
import fdt
import samples
import support
from support import GUEST, image_bytes

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "golden" / "system.dts"
LICENCE = b"/* SPDX-License-Identifier: BSD-2-Clause */\n"


@unittest.skipUnless(shutil.which("dtc"), "dtc is not installed")
class Blob(support.SystemCase):
    def dtc(self, *argv, raw):
        done = subprocess.run(["dtc", "-q", *argv, "-"], input=raw, capture_output=True, check=True)
        self.assertEqual(done.stderr, b"")
        return done.stdout

    def shop(self):
        """A system that uses every key of every kind of manifest."""
        for name, text in samples.ALL.items():
            self.service(name, text)
        self.folder = self.folder.rename(self.top / "shop")
        (self.folder / "one.toml").unlink()
        for name, text in samples.SHOP.items():
            self.put(f"shop/{name}.toml", text)
        self.put("store/initrd", bytes(5000))
        self.assert_accepts()

    def test_blob_of_every_key_is_the_golden_one(self):
        """The compiled form changes only when test/golden/system.dts does: the root server's tests read that file.

        With WARREN_GOLDEN=write in the environment the file is written anew.
        """
        self.shop()
        ours = LICENCE + self.dtc("-I", "dtb", "-O", "dts", raw=self.output.read_bytes())
        if os.environ.get("WARREN_GOLDEN") == "write":
            GOLDEN.write_bytes(ours.replace(b"\t", b"    "))
        self.assertEqual(self.dtc("-I", "dts", "-O", "dtb", raw=GOLDEN.read_bytes()),
                         self.dtc("-I", "dts", "-O", "dtb", raw=ours), ours.decode())

    def test_blob_gives_dtc_no_warning(self):
        """dtc has no warning about the blob, with all of its checks on."""
        self.shop()
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
        ours = [str(self.top / path) for path in ("services/console/manifest.toml", "sample/system.toml",
                                                  "sample/one.toml", "store/Image", "store/initrd")]
        descriptors = [str(device.source) for device in devices.known(self.top / "dev").values()]
        self.assertEqual(sources.split(), [ours[0], *descriptors, *ours[1:]])

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
