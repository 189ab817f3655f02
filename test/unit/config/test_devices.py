# SPDX-License-Identifier: BSD-2-Clause
"""Which devices a guest has."""

import pathlib
import tempfile
import unittest

import checking
import devices
import readfdt
import support
from support import DESCRIPTOR, GUEST

DEFAULT = ["goldfish-rtc", "plic", "syscon", "uart16550", "virtio-slots"]


class Devices(support.SystemCase):
    def chosen(self, text):
        """The devices of the guest whose file has `text` besides its kernel."""
        self.guest("one", GUEST + text)
        self.assert_accepts()
        found = readfdt.read(self.output.read_bytes())["guests"]["one"]["devices"]
        self.output.unlink()
        return found[:-1].decode().split("\0")

    def test_devices_default_are_those_of_virt(self):
        """A guest that says nothing, or repeats the default, has every device of `virt`."""
        self.assertEqual(self.chosen(""), DEFAULT)
        self.assertEqual(self.chosen("devices = {}\n"), DEFAULT)
        self.assertEqual(self.chosen("devices = { plic = true, syscon = true }\n"), DEFAULT)

    def test_devices_false_leaves_one_out(self):
        """A guest without a clock is possible, also by [defaults]; a guest's own table replaces that one."""
        without = [name for name in DEFAULT if name != "goldfish-rtc"]
        self.assertEqual(self.chosen("devices = { goldfish-rtc = false }\n"), without)
        self.assertEqual(self.chosen("[devices]\ngoldfish-rtc = false\n"), without)
        self.system(support.SYSTEM + "[defaults]\ndevices = { goldfish-rtc = false }\n")
        self.assertEqual(self.chosen(""), without)
        self.assertEqual(self.chosen("devices = {}\n"), DEFAULT)

    def test_devices_mistakes_are_refused(self):
        """An unknown name, a value that is no boolean, the interrupt controller left out."""
        for text, what, mend in (
                ("{ goldfish = false }", 'unknown key "goldfish"', '"goldfish-rtc"'),
                ("{ goldfish-rtc = 0 }", '"goldfish-rtc" must be a boolean, not an integer', "goldfish-rtc = false"),
                ("{ plic = false }", 'every guest has the device "plic"', "delete the line"),
                ('["plic"]', '"devices" must be a table, not a list', "write devices")):
            with self.subTest(text):
                self.guest("one", GUEST + f"devices = {text}\n")
                self.assert_refuses("one.toml:2", what, mend)

    def test_devices_connection_needs_its_device(self):
        """The device of a connection cannot be left out while the guest has the connection."""
        self.guest("one", GUEST + "devices = { uart16550 = false }\n")
        self.assert_refuses("one.toml:2", '"console" needs the device "uart16550"', "console = false")
        self.assertEqual(self.chosen("console = false\ndevices = { uart16550 = false }\n"),
                         [name for name in DEFAULT if name != "uart16550"])


    def test_devices_of_a_manifest_are_there(self):
        """A connection for a device that the VMM does not have is refused at the line of the manifest."""
        self.service("console", support.CONSOLE.replace('"uart16550"', '"uart8250"'))
        self.assert_refuses("console/manifest.toml:17", 'the VMM has no device "uart8250"', '"uart16550"',
                            folder=self.top / "services")


class Descriptors(unittest.TestCase):
    def test_devices_known_are_the_descriptors_of_the_list(self):
        """The order is that of the list; a descriptor without a presence is on request."""
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "meson.build").write_text("vmm_devices = [\n  'b',\n  'a',\n]\n")
            (folder / "a.c").write_text(DESCRIPTOR.format("a", "DEV_ALWAYS"))
            (folder / "b.c").write_text(DESCRIPTOR.format("b", "x").replace("    .presence = x,\n", ""))
            found = devices.known(folder)
        self.assertEqual([(one.name, one.presence) for one in found.values()],
                         [("b", devices.ON_REQUEST), ("a", devices.ALWAYS)])

    def test_devices_on_request_are_added_by_name(self):
        """A device that no guest has by default is there for a guest that names it."""
        known = {name: devices.Device(name, presence, None) for name, presence in (
            ("a", devices.ALWAYS), ("b", devices.BY_DEFAULT), ("c", devices.ON_REQUEST))}
        for table, wanted in (({}, ["a", "b"]), ({"c": True}, ["a", "b", "c"]), ({"b": False}, ["a"]),
                              ({"c": False}, ["a", "b"])):
            self.assertEqual(devices.chosen(None, checking.Origin(None), table, known), wanted)
