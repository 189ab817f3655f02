# SPDX-License-Identifier: BSD-2-Clause
"""Services in a system: which run, and how guests and services are connected to them."""

import readfdt
import samples
import support
from support import GUEST, SYSTEM

NAMED = SYSTEM + '[services.lan]\nis = "switch"\n'


class ServiceCase(support.SystemCase):
    """A system with all samples; block has a size for its disks."""

    BLOCK = '[services.block]\ndisks = "64M"\n'

    def setUp(self):
        super().setUp()
        for name, text in samples.ALL.items():
            self.service(name, text)

    def blob(self):
        self.assert_accepts()
        found = readfdt.read(self.output.read_bytes())
        self.output.unlink()
        return found

    def services(self):
        return list(self.blob()["services"])

    def connections(self, guest="one"):
        """{"key:instance": connection} of a guest."""
        found = self.blob()["guests"][guest]["connections"].values()
        return {f"{one['key'][:-1].decode()}:{one['service'][:-1].decode()}": one for one in found}


class Running(ServiceCase):
    def test_services_run_when_used(self):
        """Without a word about services those run that a guest uses, and the one that shows the log."""
        self.assertEqual(self.services(), ["console", "entropy"])
        self.guest("one", GUEST + "rng = false\nconsole = false\n")
        self.assertEqual(self.services(), ["console"])

    def test_services_list_is_complete(self):
        """A list names all services that run; default connections to others are left out, and wishes refused."""
        self.system(SYSTEM + 'services = ["console"]\n')
        self.assertEqual(list(self.connections()), ["console:console"])
        self.system(SYSTEM + 'services = ["entropy"]\n')
        self.assertEqual((self.services(), list(self.connections())), (["entropy"], ["rng:entropy"]))
        self.guest("one", GUEST + "console = true\n")
        self.assert_refuses("one.toml:2", '"console" needs service "console", which is not to run', 'add "console"')
        self.guest("one", GUEST + "console = false\n")
        self.assertEqual(list(self.connections()), ["rng:entropy"])

    def test_services_false_removes_one(self):
        """A table can take a single service out."""
        self.system(SYSTEM + "[services]\nentropy = false\n")
        self.assertEqual((self.services(), list(self.connections())), (["console"], ["console:console"]))
        self.system(SYSTEM + "[services]\nentropi = false\n")
        self.assert_refuses("system.toml:3", 'no service "entropi"', '"entropy"')
        self.system(SYSTEM + "[services]\nentropy = 1\n")
        self.assert_refuses("system.toml:3", "must be a table or false, not an integer", "[services.entropy]")
        self.system(SYSTEM + "services = 1\n")
        self.assert_refuses("system.toml:2", "list of names or a table", "[services.NAME]")

    def test_services_named_instances(self):
        """A named service has the instances that system.toml names, each after what it needs."""
        self.system(NAMED + '[services.cell]\nis = "switch"\n')
        self.assertEqual(self.services(), ["console", "entropy", "lan", "cell"])
        need = self.blob()["services"]["lan"]["needs"]["0"]
        self.assertEqual((need["service"], need["key"]), (b"entropy\0", b"words\0"))

    def test_services_named_are_not_listed(self):
        """A list cannot name a service whose instances have names of their own."""
        self.system(SYSTEM + 'services = ["switch"]\n')
        self.assert_refuses("system.toml:2", "have names of their own", 'is = "switch"')

    def test_services_table_of_unknown_service_refused(self):
        """A table names its service by `is`, or is called like it."""
        self.system(SYSTEM + '[services.lan]\nis = "swich"\n')
        self.assert_refuses("system.toml:3", 'no service "swich"', 'did you mean "switch"?')
        self.system(SYSTEM + "[services.consol]\n")
        self.assert_refuses("system.toml:2", 'no service "consol"', 'is = "NAME"')
        self.system(SYSTEM + "[services.lan]\nis = 1\n")
        self.assert_refuses("system.toml:3", 'no service "1"', "the name of a service")
        self.system(SYSTEM + '[services.main]\nis = "console"\n')
        self.assert_refuses("system.toml:2", "has one instance", "[services.console]")

    def test_services_table_keys_checked(self):
        """The keys of a table are the options, devices, memory and needs of the manifest."""
        for line, what, mend in (
                ("chache = '1M'", 'unknown key "chache"', '"cache"'),
                ("cache = '1K'", "not between 64K and 64M", 'cache = "64K"'),
                ("trim = 1", "must be a boolean", "trim = true"),
                ("label = \"\\u0000\"", "control character", "delete"),
                ("disk = 'first'", "none of its values", "auto")):
            with self.subTest(line=line):
                self.system(SYSTEM + self.BLOCK + line + "\n")
                self.assert_refuses("system.toml:4", what, mend)
        self.system(SYSTEM + "[services.block]\ndisks = '5'\n")
        self.assert_refuses("system.toml:3", "not a size", "disks = ")

    def test_services_memory_from_system_is_asked_for(self):
        """Memory whose size the system gives is missed where the instance is described, or used."""
        self.system(SYSTEM + "[services.block]\n")
        self.assert_refuses("system.toml:2", 'has no "disks", the size of its memory', 'disks = "64M"')
        self.system(SYSTEM)
        self.guest("one", GUEST + 'disk = "ram:1M"\n')
        self.assert_refuses("system.toml:1", 'under [services.block] has no "disks"', 'disks = "64M"')

    def test_services_devices_of_an_instance(self):
        """A named instance gets an optional device when it asks; a system service always, unless told."""
        self.system(NAMED)
        self.assertEqual(self.blob()["services"]["lan"]["devices"], {})
        self.system(NAMED + 'uplink = "auto"\n')
        self.assertEqual(list(self.blob()["services"]["lan"]["devices"]), ["uplink"])
        self.system(SYSTEM + "[services.entropy]\nsource = 'none'\n")
        self.assertEqual(self.blob()["services"]["entropy"]["devices"], {})
        self.system(SYSTEM + "[services.console]\nuart = 'none'\n")
        self.assert_refuses("system.toml:3", 'cannot be without its device "uart"', '"auto"')

    def test_services_each_device(self):
        """A device service is one instance for each device until its instances have names."""
        self.system(SYSTEM + self.BLOCK)
        self.assertIn("each-device", self.blob()["services"]["block"])
        self.system(SYSTEM + '[services.fast]\nis = "block"\ndisks = "4K"\n')
        self.assertNotIn("each-device", self.blob()["services"]["fast"])

    def test_services_too_many_refused(self):
        """The number of instances is limited."""
        self.system(SYSTEM + "".join(f'[services.s{i}]\nis = "switch"\n' for i in range(17)))
        self.assertIn("more than 16 instances", self.compile()[1][0])

    def test_services_and_guests_have_different_names(self):
        """A message about a name must be about one thing."""
        self.system('guests = ["one", "lan"]\n[services.lan]\nis = "switch"\n')
        self.guest("lan", GUEST)
        self.assert_refuses("system.toml:1", '"lan" is also the name of a service', "rename the guest")

    def test_services_need_of_what_does_not_run_refused(self):
        """A service whose need is removed is refused where it is named."""
        self.system(SYSTEM + '[services.lan]\nis = "switch"\n[services]\nentropy = false\n')
        self.assert_refuses("system.toml:2", 'needs service "entropy", which is not to run', 'add "entropy"')

    def test_services_need_of_several_must_choose(self):
        """A service that needs one of several instances is told which by its table."""
        self.service("sniffer", '[service]\nprotocol = "s/1"\ninstances = "named"\n[[needs]]\nas = "net"\nservice = "switch"\n')
        head = '[services.cell]\nis = "switch"\n[services.sniff]\nis = "sniffer"\n'
        self.system(SYSTEM + '[services.sniff]\nis = "sniffer"\n')
        self.assert_refuses("system.toml:2", 'no instance of service "switch"', 'is = "switch"')
        self.system(NAMED + head)
        self.assert_refuses("system.toml:6", 'has 2 instances, and none is chosen', 'net = "lan"')
        self.system(NAMED + head + 'net = "cel"\n')
        self.assert_refuses("system.toml:8", 'no instance "cel"', '"cell"')
        self.system(NAMED + head + 'net = "cell"\n')
        self.assertEqual(self.blob()["services"]["sniff"]["needs"]["0"]["service"], b"cell\0")

    def test_services_need_with_bad_options_refused(self):
        """The options of a need are checked at its line in the manifest."""
        self.service("switch", samples.SWITCH.replace("rate = 100", "rat = 100"))
        self.system(NAMED)
        self.assert_refuses("switch/manifest.toml:19", 'unknown key "rat"', '"rate"', folder=self.top / "services")

    def test_services_program_must_be_there(self):
        """A service that is used has a program in the build."""
        self.system(SYSTEM)
        status, lines = self.compile(without="svc/entropy")
        self.assertEqual((status, len(lines)), (2, 1), lines)
        self.assertIn('there is no program of service "entropy"', lines[0])


class Guests(ServiceCase):
    def test_guest_key_forms(self):
        """A key's value is true, false, a value for the default key, a table, or a list."""
        self.system(SYSTEM + self.BLOCK)
        self.guest("one", GUEST + "console = true\nrng = false\ndisk = ['ram:1M', { source = 'a', iops = 5 }]\n")
        found = self.blob()["guests"]["one"]["connections"]
        self.assertEqual([one["key"] for one in found.values()], [b"disk\0", b"disk\0", b"console\0"])
        self.assertEqual(found["0"]["options"]["source"]["value"], b"ram:1M\0")
        self.assertEqual(found["1"]["options"]["iops"]["value"], (5).to_bytes(8, "big"))
        self.assertEqual(found["0"]["source"], b"one.toml:4\0")

    def test_guest_key_in_defaults(self):
        """[defaults] can give a key of a service, and a guest can take it back."""
        self.system(SYSTEM + self.BLOCK + "[defaults]\ndisk = 'ram:1M'\n")
        self.assertEqual(self.connections()["disk:block"]["source"], b"system.toml:5\0")
        self.guest("one", GUEST + "disk = []\n")
        self.assertNotIn("disk:block", self.connections())

    def test_guest_key_of_bad_form_refused(self):
        """Values that a key cannot have are answered at their line."""
        self.system(NAMED + self.BLOCK)
        for line, what, mend in (
                ("disk = 1.5", "must be a table, true or false, not a number", "disk = { ... }"),
                ("console = 'x'", "must be a table, true or false, not a string", "console = true"),
                ("console = []", "is a list, but a guest has one console", "console = { ... }"),
                ("disk = true", 'this "disk" has no "source"', "partition:NAME"),
                ("disk = ['a', { iops = 1 }]", 'this "disk" has no "source"', "source = ..."),
                ("disk = { source = 'a', iop = 1 }", 'unknown key "iop"', '"iops"'),
                ("disk = { source = 'a', iops = -1 }", "not between 0 and", "iops = 0"),
                ("disk = { source = 1 }", "must be a string", "source = "),
                ("disk = 1", '"source" must be a string', "source = "),
                ("disk = { source = 'a', on = 'blok' }", 'no instance "blok"', '"block"'),
                ("console = { on = 'console' }", 'unknown key "on"', "delete it"),
                ("net = true", "does not say which", 'on = "lan"'),
                ("net = { on = 'lam' }", 'no instance "lam"', 'did you mean "lan"?'),
                ("net = { on = 1 }", "named by a string", "quotes"),
                ("net = { on = 'lan', vlan = 0 }", "not between 1 and 4094", "vlan = 1"),
                ("net = { on = 'lan', isolate = 'bounc' }", "none of its values", '"bounce"'),
                ("net = { on = 'lan', mac = '1' }", "not a MAC address", "assigned"),
                ("nett = { on = 'lan' }", 'unknown key "nett"', '"net"')):
            with self.subTest(line=line):
                self.guest("one", GUEST + line + "\n")
                self.assert_refuses("one.toml:2", what, mend)

    def test_guest_key_in_system_file_says_defaults(self):
        """A service's key among those of the system is answered with its place."""
        self.system(SYSTEM + "rng = false\n")
        self.assert_refuses("system.toml:2", 'unknown key "rng"', "put it under [defaults]")

    def test_guest_each_device_instances(self):
        """While the machine says how many instances there are, their names are checked as far as is possible."""
        self.system(SYSTEM + self.BLOCK)
        self.guest("one", GUEST + "disk = { source = 'a', on = 'block-1' }\n")
        self.assertIn("disk:block-1", self.connections())
        self.guest("one", GUEST + "disk = { source = 'a', on = 'block-x' }\n")
        self.assert_refuses("one.toml:2", 'no instance "block-x"', '"block"')

    def test_guest_several_instances_must_choose(self):
        """Where there are several instances, `on` is needed."""
        self.system(SYSTEM + "".join(f'[services.{name}]\nis = "block"\ndisks = "4K"\n' for name in ("a", "b")))
        self.guest("one", GUEST + "disk = 'x'\n")
        self.assert_refuses("one.toml:2", "has 2 instances, and none is chosen", 'on = "a"')
        self.guest("one", GUEST + "disk = { source = 'x', on = 'b' }\n")
        self.assertIn("disk:b", self.connections())

    def test_guest_no_instance_refused(self):
        """A connection to a named service that has no instance is answered with how to have one."""
        self.guest("one", GUEST + "net = { on = 'lan' }\n")
        self.assert_refuses("one.toml:2", 'no instance "lan"', "[services.lan]")

    def test_guest_too_many_connections_refused(self):
        """A guest has 16 connections at most."""
        self.system(SYSTEM + self.BLOCK)
        self.guest("one", GUEST + "disk = [" + "'a', " * 15 + "]\n")
        self.assert_refuses("one.toml:1", "17 connections to services, above the limit of 16", "keep 16")

    def many_guests(self, count, defaults, services=""):
        names = [f"g{i}" for i in range(count)]
        self.system("guests = [" + ", ".join(f'"{name}"' for name in names) + "]\n[defaults]\n" + GUEST
                    + defaults + 'memory = "16M"\n' + services)
        for name in names:
            self.guest(name, "")

    def test_guests_too_many_connections_together_refused(self):
        """The connections of all guests have to fit in the root server."""
        self.service("block", samples.BLOCK.replace("max = 32", "max = 64"))
        nets = ", ".join(["{ on = 'lan' }"] * 4 + ["{ on = 'cell' }"] * 3)
        self.many_guests(10, "disk = ['a', 'b', 'c', 'd', 'e']\nnet = [" + nets + "]\n",
                         self.BLOCK + '[services.lan]\nis = "switch"\n[services.cell]\nis = "switch"\n')
        self.assert_refuses("system.toml:1", "142 connections to services, above the limit of 128", "take some")

    def test_guests_too_many_options_together_refused(self):
        """The values of all options have to fit in the root server."""
        more = "".join(f"o{i} = {{ type = 'int', default = 0 }}\n" for i in range(8))
        self.service("entropy", samples.ENTROPY.replace("rate =", more + "rate =") + "many = true\n")
        self.many_guests(8, "rng = [" + "true, " * 8 + "]\n")
        self.assert_refuses("system.toml:1", "576 values", "take some")

    def test_guest_too_many_clients_refused(self):
        """An instance has as many clients as its manifest says."""
        self.service("block", samples.BLOCK.replace("max = 32", "max = 2"))
        self.system(SYSTEM + self.BLOCK)
        self.guest("one", GUEST + "disk = ['a', 'b', 'c']\n")
        self.assert_refuses("one.toml:2", 'service "block" has more than 2 clients', "take one of them off")

    def test_guest_macs_are_assigned(self):
        """Each connection gets an address of its own, the same in each compilation."""
        self.system('guests = ["one", "two"]\n[services.lan]\nis = "switch"\n[defaults]\nnet = [{ on = "lan" }, { on = "lan" }]\n')
        self.guest("two", GUEST)

        def macs():
            return [one["options"]["mac"]["value"] for guest in self.blob()["guests"].values()
                    for one in guest["connections"].values() if one["key"] == b"net\0"]

        first = macs()
        self.assertEqual((len(set(first)), len(first)), (4, 4))
        self.assertEqual({(len(one), one[0]) for one in first}, {(6, 2)})
        self.assertEqual(macs(), first)

    def test_guest_restart_and_ping_checked(self):
        """The policy for a guest's VMM has the form of a service's."""
        for line, what, mend in (("ping = '1'", "not a duration", "ms or s"), ("restart = 5", "must be a table", "{ ... }"),
                                 ("restart = { mots = 1 }", 'unknown key "mots"', '"most"'),
                                 ("restart = { within = '1ms' }", "not between 100ms", "within = ")):
            with self.subTest(line=line):
                self.guest("one", GUEST + line + "\n")
                self.assert_refuses("one.toml:2", what, mend)
        self.guest("one", GUEST + "restart = { most = 7 }\n")
        self.assertEqual(self.blob()["guests"]["one"]["restart"][:4], b"\0\0\0\7")


class Packed(ServiceCase):
    def test_packed_options_have_the_manifest_order(self):
        """Numbers are 8 bytes, little-endian; texts have a length and a zero byte; what is absent says so."""
        self.system(NAMED)
        self.guest("one", GUEST + "net = { on = 'lan', mac = '02:00:00:00:00:09', vlan = 3 }\n")
        packed = self.connections()["net:lan"]["option"]
        self.assertEqual(packed, b"\6\0\2\0\0\0\0\x09\0" + bytes(7) + b"\3" + bytes(7) + b"\xff" * 8
                         + b"\6\0direct\0" + bytes(7))

    def test_packed_options_too_long_refused(self):
        """Strings that fit one by one but not together are refused."""
        self.service("entropy", samples.ENTROPY.replace("rate =", "a = { type = 'string', optional = true }\n"
                                                        "b = { type = 'string', optional = true }\nrate ="))
        self.guest("one", GUEST + f"rng = {{ a = '{'x' * 200}', b = '{'y' * 60}' }}\n")
        self.assert_refuses("one.toml:2", 'the values of this "rng" need', "shorten its strings")
