# SPDX-License-Identifier: BSD-2-Clause
"""What the compiler refuses in a service's manifest."""

import contextlib
import io
import pathlib

import samples
import services
import support
from problem import Problems
from support import CONSOLE

SMALL = '[service]\nprotocol = "small/1"\ninstances = "system"\n'
CLIENT = '[client]\nwords = { record = 8, count = 64, from = "client" }\n'


class ManifestCase(support.SystemCase):
    """A system with the console and one further service, `small`, whose manifest a test spoils."""

    def assert_manifest(self, text, line, what, mend, name="small"):
        """The manifest is refused with one message at this line."""
        self.service(name, text)
        self.assert_refuses(f"{name}/manifest.toml:{line}", what, mend, folder=self.top / "services")

    def assert_small(self, more, line, what, mend):
        """The same for keys after the three lines of SMALL; the first of them is line 4."""
        self.assert_manifest(SMALL + more, line, what, mend)

    def assert_device(self, device, what, mend):
        """One message about the device has these pieces; its line depends on the defect."""
        self.service("small", SMALL + device)
        _, lines = self.compile()
        self.assertEqual(len(lines), 1, lines)
        self.assertIn(what, lines[0])
        self.assertIn(mend, lines[0])


class Manifest(ManifestCase):
    def test_manifest_samples_accepted(self):
        """Manifests that use every key are accepted, and so is a manifest of three lines."""
        for name, text in samples.ALL.items():
            self.service(name, text)
        self.service("small", SMALL)
        self.assert_accepts()

    def test_manifest_not_toml_refused(self):
        """A manifest is read like every other file of the configuration."""
        self.assert_manifest("[service\n", 1, "not TOML", "")
        self.assert_manifest(b"\xff", 1, "not UTF-8", "UTF-8")

    def test_manifest_folder_names_of_bad_form_refused(self):
        """A folder's name is the service's."""
        for name in ("Small", "1small", "a_b", "x" * 32):
            with self.subTest(name=name):
                self.assert_manifest(SMALL, 1, "cannot be the name of a service", "rename the folder", name=name)
                (self.top / "services" / name / "manifest.toml").unlink()

    def test_manifest_missing_key_says_what_to_write(self):
        """Each required key is asked for, at the table that must have it."""
        cases = (
            ('[service]\ninstances = "system"\n', 1, '[service] has no "protocol"', 'write protocol = "name/1"'),
            ('[service]\nprotocol = "a/1"\n', 1, '[service] has no "instances"', "write instances ="),
            (SMALL + "[[device]]\nmatch = ['a']\n", 4, 'this [[device]] has no "as"', "write as ="),
            (SMALL + "[[device]]\nas = 'a'\n", 4, 'this [[device]] has no "match"', "write match ="),
            (SMALL + "[[memory]]\nas = 'a'\n", 4, 'this [[memory]] has no "bytes"', 'write bytes = "64K"'),
            (SMALL + "[client]\nregions = { max = 1 }\n", 5, '"regions" has no "rights"', 'write rights = "map"'),
            (SMALL + "[client]\nwords = { record = 8, count = 64 }\n", 5, 'ring "words" has no "from"', "write from ="),
            (SMALL + CLIENT + "[guest]\nkey = 'a'\n", 6, '[guest] has no "device"', "write device ="),
            (SMALL + "[[needs]]\nservice = 'console'\n", 4, 'this [[needs]] has no "as"', "write as ="),
        )
        for text, line, what, mend in cases:
            with self.subTest(what=what):
                self.assert_manifest(text, line, what, mend)

    def test_manifest_unknown_key_suggests_nearest(self):
        """An unknown key is answered with the nearest, in every table."""
        cases = (
            ("[devise]\n", 4, 'unknown key "devise"', '"device"'),
            ("heep = '1M'\n", 4, 'unknown key "heep"', '"heap"'),
            ("restart = { mots = 1 }\n", 4, 'unknown key "mots"', '"most"'),
            ("[[device]]\nas = 'a'\nmatch = ['a']\nirq = 1\n", 7, 'unknown key "irq"', '"irqs"'),
            ("[[memory]]\nas = 'a'\nbytes = '4K'\nkeep = true\n", 7, 'unknown key "keep"', '"kept"'),
            ("[client]\nregoins = {}\n", 5, 'unknown key "regoins"', '"regions"'),
            ("[client]\nw = { record = 8, count = 64, form = 'client', from = 'client' }\n", 5, 'unknown key "form"',
             '"from"'),
            ("[client.option]\na = { type = 'int', default = 0, hlep = 'x' }\n", 5, 'unknown key "hlep"', '"help"'),
            (CLIENT + "[guest]\nkey = 'a'\ndevice = 'b'\nmnay = true\n", 9, 'unknown key "mnay"', '"many"'),
            ("[[needs]]\nas = 'a'\nservice = 'console'\noptoin = {}\n", 7, 'unknown key "optoin"', '"option"'),
        )
        for text, line, what, mend in cases:
            with self.subTest(what=what):
                self.assert_small(text, line, what, f"did you mean {mend}?")

    def test_manifest_value_of_wrong_kind_refused(self):
        """A value that its key cannot have is answered with one that it can."""
        head = "[[device]]\nas = 'a'\nmatch = ['a']\n"
        cases = (
            ("protocol = 'small'", "which is not a protocol", 'protocol = "name/1"'),
            ("protocol = 'small/0'", "which is not a protocol", 'protocol = "name/1"'),
            ("instances = 'one'", "none of its values", "device"),
            ("threads = 0", "not between 1 and 8", "threads = 1"),
            ("threads = 9", "not between 1 and 8", "threads = 8"),
            ("threads = true", "must be an integer, not a boolean", "threads = 1"),
            ("heap = '1'", "not a size", '"256M"'),
            ("heap = '5000K'\nlog = 1", "must be a boolean", "log = true"),
            ("heap = '3K'", "not between 4K and 64M", 'heap = "4K"'),
            ("heap = '5K'", "not a multiple of 4K", 'heap = "8K"'),
            ("ping = '1'", "not a duration", "ms or s"),
            ("ping = '1ms'", "not between 10ms", 'ping = "10ms"'),
            ("progress = 10", "must be a string", '"10s"'),
            ("restart = 1", '"restart" must be a table', "{ ... }"),
            ("restart = { wait = '1s' }", "not a range", '"10ms..1s"'),
            ("restart = { wait = '2s..1s' }", "smaller end", '"10ms..1s"'),
            ("restart = { wait = '1..2' }", "not a duration", '"10ms..1s"'),
            ("restart = { most = -1 }", "not between 0 and 1000", "most = 0"),
        )
        for text, what, mend in cases:
            with self.subTest(text=text):
                key = text.split(" ")[0]
                rest = "".join(line + "\n" for line in SMALL.splitlines() if not line.startswith(key))
                where = len((rest + text).splitlines())
                self.assert_manifest(rest + text + "\n", where, what, mend)
        for text, what, mend in (
                ("as = 'A'\nmatch = ['a']", "not the name of a device", "1 to 14"),
                ("as = 'a'\nmatch = []", "has 0 values", "change the list"),
                ("as = 'a'\nmatch = ['a', 'a']", 'has "a" twice', "delete"),
                ("as = 'a'\nmatch = ['a b']", "not a way to find a device", "vendor,chip"),
                ("as = 'a'\nmatch = ['pci 12:34']", "not a way to find a device", "vendor,chip"),
                ("as = 'a'\nmatch = 'a'", "must be a list", "match = [...]"),
                ("as = 'a'\nmatch = [1]", "must be a string", "vendor,chip")):
            with self.subTest(text=text):
                self.assert_device("[[device]]\n" + text + "\n", what, mend)
        for text, what, mend in (
                ("irqs = 8", "not between 0 and 7", "irqs = 7"),
                ("reset = 'off'", "none of its values", "none"),
                ("registers = 'wr'", "none of its values", "use one of: none, ro, rw"),
                ("prefer = 'first'", "none of its values", "stdout-path"),
                ("dma = ['all']", "none of its values", "own"),
                ("dma = ['own']", "nothing stops it when the service dies", "reset = "),
                ("reset = 'virtio'\ndma = ['regions']", "but [client] gives none", 'rights = "dma"'),
                ("properties = ['a b']", "not a property", "reg-shift"),
                ("properties = ['irq.0']", "not a property", "reg-shift"),
                ("properties = ['" + "x" * 31 + "']", "too long for the start record, by 9 characters", "shorten")):
            with self.subTest(text=text):
                self.assert_device(head + text + "\n", what, mend)

    def test_manifest_section_of_wrong_kind_refused(self):
        """A section that is no table, or no list of tables, is refused."""
        self.assert_manifest("device = 1\n" + SMALL, 1, '"device" must be a list of tables', "[[device]]")
        self.assert_small("[device]\nas = 'a'\n", 4, '"device" must be a list of tables', "[[device]]")
        for section in ("client", "guest", "option"):
            self.assert_manifest(f"{section} = 1\n" + SMALL, 1, f'"{section}" must be a table', f"[{section}]")

    def test_manifest_rings_checked(self):
        """A ring's count is a power of two, its size is bounded, and there are four at most."""
        self.assert_small("[client]\nw = { record = 8, count = 48, from = 'client' }\n", 5, "not a power of two",
                          "count = 64")
        self.assert_small("[client]\nw = { record = 4096, count = 1024, from = 'client' }\n", 5, "4194304 bytes",
                          "smaller count")
        self.assert_small("[client]\nW = { record = 8, count = 64, from = 'client' }\n", 5, "cannot be the name of a ring",
                          "1 to 19")
        five = "".join(f"r{i} = {{ record = 8, count = 64, from = 'client' }}\n" for i in range(5))
        self.assert_small("[client]\n" + five, 9, "5 rings, above the limit of 4", "keep 4")

    def test_manifest_names_are_distinct(self):
        """Devices, memory, needs and options have one name space: the keys of [services.NAME]."""
        device = "[[device]]\nas = 'a'\nmatch = ['a']\n"
        self.assert_small(device + device, 8, 'two [[device]] are called "a"', "rename")
        self.assert_small(device + "[[memory]]\nas = 'a'\nbytes = '4K'\n", 8, 'the memory "a" has the name of', "rename")
        self.assert_small(device + "[option]\na = { type = 'int', default = 0 }\n", 8, 'the option "a" has the name of',
                          "rename")
        self.assert_small(device.replace("'a'", "'use'", 1), 5, 'cannot be called "use"', "rename")
        self.assert_small("[option]\nis = { type = 'int', default = 0 }\n", 5, 'cannot be called "is"', "rename")
        self.assert_small("[client.option]\non = { type = 'int', default = 0 }\n", 5, 'cannot be called "on"', "rename")

    def test_manifest_sums_are_limited(self):
        """Interrupts and tables are counted over the whole manifest."""
        devices = "".join(f"[[device]]\nas = 'd{i}'\nmatch = ['a']\nirqs = 4\n" for i in range(2))
        self.assert_small(devices, 11, "8 interrupts, above the limit of 7", "smaller")
        many = "".join(f"[[memory]]\nas = 'm{i}'\nbytes = '4K'\n" for i in range(5))
        self.assert_small(many, 4 + 4 * 3, "5 [[memory]], above the limit of 4", "keep 4")

    def test_manifest_dma_is_consistent(self):
        """Memory for DMA needs a device that does it; clients' memory for DMA too."""
        self.assert_small("[[memory]]\nas = 'm'\nbytes = '4K'\ndma = true\n", 7, "no device of this service", "own")
        self.assert_small("[client]\nregions = { max = 1, rights = 'dma' }\n", 5, "no device of this service", "regions")

    def test_manifest_guest_is_consistent(self):
        """A guest's key needs a client's connection, and `on` where there can be several instances."""
        guest = "[guest]\nkey = 'a'\ndevice = 'b'\n"
        self.assert_small(guest, 4, "there is no [client]", "describe it")
        self.assert_small(CLIENT + guest + "on = 'instance'\n", 9, "one instance", "delete")
        self.assert_manifest(SMALL.replace("system", "named") + CLIENT + guest, 6, "nothing says how a guest chooses",
                             'on = "instance"')
        self.assert_manifest(SMALL.replace("system", "device"), 3, "no [[device]]", 'instances = "system"')
        self.assert_manifest(SMALL.replace("system", "named") + CLIENT + guest + "on = 'instance'\ndefault = {}\n", 10,
                             'none says "on" which instance', "delete")

    def test_manifest_default_connection_checked(self):
        """The default connection has the options that a guest would have to give."""
        option = "[client.option]\nsource = { type = 'string', required = true }\n"
        guest = "[guest]\nkey = 'a'\ndevice = 'b'\n"
        self.assert_small(option + guest + "default = {}\n", 9, 'has no "source"', "write source = ...")
        self.assert_small(option + guest + "default = { source = 1 }\n", 9, "must be a string", "source = ")
        self.assert_small(option + guest + "default = { source = 'a', sorce = 'b' }\n", 9, 'unknown key "sorce"', "source")


class Options(ManifestCase):
    def assert_option(self, body, what, mend):
        self.assert_small("[client.option]\nx = " + body + "\n", 5, what, mend)

    def test_option_of_bad_form_refused(self):
        """Every key of an option is checked against the option's type."""
        for body, what, mend in (
                ("1", 'option "x" must be a table, not an integer', "type ="),
                ("{}", 'option "x" has no "type"', 'type = "int"'),
                ("{ type = 'number', default = 0 }", "none of its values", "use one of"),
                ("{ type = 'int' }", "has none of them", "default = ..."),
                ("{ type = 'int', default = 0, optional = true }", 'has "default" and "optional"', "required = true"),
                ("{ type = 'int', default = 'a' }", '"default" must be an integer', "default = 0"),
                ("{ type = 'int', default = -1 }", "not between 0", "default = 0"),
                ("{ type = 'int', default = 5, max = 4 }", "not between 0 and 4", "default = 4"),
                ("{ type = 'int', default = 5, min = 6, max = 4 }", 'a "min" above its "max"', "exchange"),
                ("{ type = 'int', default = 5, min = 'a' }", '"min" must be an integer', "min = 0"),
                ("{ type = 'size', default = '1K', min = 5 }", '"min" must be a string', '"256M"'),
                ("{ type = 'size', default = 1 }", '"default" must be a string', '"256M"'),
                ("{ type = 'bool', default = 1 }", "must be a boolean", "default = true"),
                ("{ type = 'bool', default = true, min = 0 }", 'means nothing for the type "bool"', "delete"),
                ("{ type = 'string', default = 1 }", "must be a string", '"text"'),
                ("{ type = 'string', default = \"a\\nb\" }", "control character", "delete it"),
                ("{ type = 'string', default = '" + "x" * 201 + "' }", "201 bytes", "shorten"),
                ("{ type = 'choice', default = 'a' }", "does not say what may be chosen", "of = ["),
                ("{ type = 'choice', of = [], default = 'a' }", "has 0 values", "change the list"),
                ("{ type = 'choice', of = ['a', 'b'], default = 'c' }", "none of its values", "use one of: a, b"),
                ("{ type = 'mac', default = 'x' }", "not a MAC address", "assigned"),
                ("{ type = 'mac', default = '01:00:00:00:00:00' }", "no single device", "even")):
            with self.subTest(body=body):
                self.assert_option(body, what, mend)

    def test_option_names_of_bad_form_refused(self):
        """An option's name fits in the start record and in C."""
        for name in ("X", "1x", "x" * 18, '"a.b"'):
            with self.subTest(name=name):
                self.assert_small(f"[client.option]\n{name} = {{ type = 'int', default = 0 }}\n", 5,
                                  "cannot be the name of an option", "1 to 17")

    def test_option_two_default_keys_refused(self):
        """One option at most is meant when a guest gives a value alone."""
        text = "".join(f"{name} = {{ type = 'int', default = 0, default_key = true }}\n" for name in "ab")
        self.assert_small("[client.option]\n" + text, 6, '"a" and "b" are both', "delete")

    def test_options_too_long_for_their_place_refused(self):
        """All options of a connection fit in 256 bytes."""
        text = "".join(f"o{i} = {{ type = 'int', default = 0 }}\n" for i in range(33))
        self.assert_small("[client.option]\n" + text, 4, "can need 264 bytes, above the limit of 256", "fewer")


class Together(ManifestCase):
    """What several manifests must have in common."""

    def refused(self, where, what, mend):
        self.assert_refuses(where, what, mend, folder=self.top / "services")

    def test_manifest_key_twice_refused(self):
        """A key of a guest's file stands for one service."""
        self.service("small", SMALL + CLIENT + "[guest]\nkey = 'console'\ndevice = 'b'\n")
        self.refused("small/manifest.toml:7", 'also the key of the service "console"', "another word")

    def test_manifest_key_of_the_configuration_refused(self):
        """A service cannot take a word that the configuration uses itself."""
        for key in ("memory", "guests"):
            self.service("small", SMALL + CLIENT + f"[guest]\nkey = '{key}'\ndevice = 'b'\n")
            self.refused("small/manifest.toml:7", f'a key "{key}" of its own', "another word")

    def test_manifest_two_logs_refused(self):
        """One service shows the log, and it has one instance."""
        self.service("small", SMALL + "log = true\n")
        self.refused("small/manifest.toml:4", 'the service "console" has log = true too', "delete")
        self.service("console", CONSOLE.replace("log = true\n", ""))
        self.service("small", SMALL.replace("system", "named") + "log = true\n")
        self.refused("small/manifest.toml:4", "has one instance", 'instances = "system"')

    def test_manifest_need_of_nothing_refused(self):
        """A need names a service with clients, by its name or its protocol."""
        need = "[[needs]]\nas = 'x'\n"
        self.service("small", SMALL + need + "service = 'consol'\n")
        self.refused("small/manifest.toml:6", 'there is no service "consol"', 'did you mean "console"?')
        self.service("small", SMALL + need + "protocol = 'consol/1'\n")
        self.refused("small/manifest.toml:6", 'no service with the protocol "consol/1"', '"console/1"')
        self.service("small", SMALL + need)
        self.refused("small/manifest.toml:4", 'a need names a "service" or a "protocol"', "service = ")
        self.service("small", SMALL + need + "service = 'other'\n")
        self.service("other", SMALL)
        self.refused("small/manifest.toml:6", 'the service "other" has no clients', "describe")
        self.service("small", SMALL + need + "protocol = 'other/1'\n")
        for name in ("other", "third"):
            self.service(name, SMALL.replace("small/1", "other/1") + CLIENT)
        self.refused("small/manifest.toml:6", 'several services have the protocol "other/1": "other", "third"', "name one")

    def test_manifest_circle_of_needs_refused(self):
        """Services that need each other cannot be started; the message shows the circle."""
        for name, other in (("a", "b"), ("b", "c"), ("c", "a")):
            self.service(name, SMALL.replace("small", name) + CLIENT + f"[[needs]]\nas = 'x'\nservice = '{other}'\n")
        self.refused("c/manifest.toml:6", "in a circle: a -> b -> c -> a", "delete one")
        for name in "abc":
            (self.top / "services" / name / "manifest.toml").unlink()
        self.service("a", SMALL + CLIENT + "[[needs]]\nas = 'x'\nservice = 'a'\n")
        self.refused("a/manifest.toml:6", "in a circle: a -> a", "delete one")

    def test_manifest_mistakes_do_not_hide_behind_the_system(self):
        """A guest's key whose manifest is wrong gets no message of its own."""
        self.service("small", SMALL + CLIENT + "[guest]\nkey = 'little'\n")
        self.guest("one", support.GUEST + "little = true\n")
        self.system(support.SYSTEM + '[services.small]\n')
        self.refused("small/manifest.toml:6", 'has no "device"', "device =")

    def test_services_of_one_name_refused(self):
        """Two folders of services can be given, but a name occurs once."""
        other = self.top / "more"
        (other / "console").mkdir(parents=True)
        (other / "console" / "manifest.toml").write_text(SMALL)
        status, lines = self.compile("--services", str(other))
        self.assertEqual((status, len(lines)), (2, 1), lines)
        self.assertIn('there is another service "console"', lines[0])

    def test_services_found_by_their_manifests(self):
        """The build's list has each folder with a manifest, and no other."""
        (self.top / "services" / "notes").mkdir()
        self.service("block", samples.BLOCK)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            self.assertEqual(services.main([str(self.top / "services")]), 0)
        self.assertEqual(printed.getvalue(), "block\nconsole\n")
        with contextlib.redirect_stdout(printed):
            self.assertEqual(services.main(["--manifests", str(self.top / "services")]), 0)
        self.assertTrue(printed.getvalue().endswith("/services/console/manifest.toml\n"))
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(services.main([]), 2)

    def test_manifests_of_the_tree_accepted(self):
        """The manifests that are in the tree have no mistakes."""
        tree = pathlib.Path(__file__).resolve().parents[3]
        problems = Problems()
        catalog = services.Catalog([tree / "services", tree / "test" / "services"], problems)
        self.assertEqual([str(problem) for problem in problems], [])
        self.assertTrue(catalog.services)

