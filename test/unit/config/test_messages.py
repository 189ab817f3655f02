# SPDX-License-Identifier: BSD-2-Clause
"""What the compiler refuses.  Each message has the file, the line, the mistake and the mend."""

import contextlib
import io
import os
import unittest
from unittest import mock

import schema
import support
from support import GUEST, MIB, SYSTEM, image_bytes


class SystemFile(support.SystemCase):
    def test_compile_good_system_accepted(self):
        """A system with one guest that gives only its kernel is accepted."""
        self.assert_accepts()

    def test_compile_two_guests_accepted(self):
        """A system with two guests is accepted, and [defaults] applies to both."""
        self.system('guests = ["one", "two"]\n[defaults]\nmemory = "32M"\ninitrd = "debian:initrd"\n')
        self.guest("two", GUEST)
        self.assert_accepts()

    def test_compile_no_system_file_refused(self):
        """A folder without system.toml is refused, and the message names that file."""
        (self.folder / "system.toml").unlink()
        self.assert_refuses("system.toml:1", "No such file", "readable text file")

    def test_compile_system_file_is_folder_refused(self):
        """A folder called system.toml is refused."""
        (self.folder / "system.toml").unlink()
        (self.folder / "system.toml").mkdir()
        self.assert_refuses("system.toml:1", "not a regular file", "readable text file")

    def test_compile_system_file_is_pipe_refused(self):
        """A named pipe called system.toml does not hang the compiler."""
        (self.folder / "system.toml").unlink()
        os.mkfifo(self.folder / "system.toml")
        self.assert_refuses("system.toml:1", "not a regular file", "readable text file")

    def test_compile_symlink_cycle_refused(self):
        """A file that is a link to itself is refused."""
        (self.folder / "system.toml").unlink()
        (self.folder / "system.toml").symlink_to(self.folder / "system.toml")
        self.assert_refuses("system.toml:1", "symbolic links", "readable text file")

    def test_compile_huge_file_refused(self):
        """A file of more than a megabyte is not parsed."""
        self.system("#" * (MIB + 1))
        self.assert_refuses("system.toml:1", "longer than", "readable text file")

    def test_compile_syntax_error_has_line(self):
        """A syntax error is reported at its line."""
        self.system(SYSTEM + "\n[machine]\nmemory = 1G\n")
        self.assert_refuses("system.toml:4", "not TOML: ", "")

    def test_compile_unquoted_value_says_quotes(self):
        """The message about a string without quotes shows how to write a string."""
        self.system("guests = one\n")
        self.assert_refuses("system.toml:1", "not TOML: Invalid value", "in quotes")

    def test_compile_unclosed_list_at_end_has_last_line(self):
        """An error that tomllib sees at the end of the file is put on its last line."""
        self.system('\nguests = ["one",\n')
        self.assert_refuses("system.toml:2", "not TOML: ", "")

    def test_compile_key_twice_refused(self):
        """A key that occurs twice is refused at its second line."""
        self.system(SYSTEM + 'services = ["console"]\nservices = []\n')
        self.assert_refuses("system.toml:3", "not TOML: Cannot overwrite", "may be given once")

    def test_compile_not_utf8_refused(self):
        """Bytes that are not UTF-8 are refused at their line."""
        self.system(SYSTEM.encode() + b"# \xff\n")
        self.assert_refuses("system.toml:2", "not UTF-8", "save the file as UTF-8")

    def test_compile_byte_order_mark_refused(self):
        """The message about a file with a byte-order mark, or in UTF-16, names the encoding."""
        self.system(b"\xef\xbb\xbf" + SYSTEM.encode())
        self.assert_refuses("system.toml:1", "begins with a byte-order mark (BOM)", "save the file as UTF-8 without a BOM")
        self.system(SYSTEM.encode("utf-16"))
        self.assert_refuses("system.toml:1", "is UTF-16 text", "save the file as UTF-8")
        self.system(SYSTEM)
        self.guest("one", "\ufeff" + GUEST)
        self.assert_refuses("one.toml:1", "begins with a byte-order mark (BOM)", "without a BOM")

    def test_compile_deep_nesting_refused(self):
        """Lists nested a hundred thousand deep are refused, and do not crash."""
        self.system("guests = " + "[" * 100000 + "]" * 100000 + "\n")
        self.assert_refuses("system.toml:1", "nested too deeply", "flatten")

    def test_compile_unknown_key_suggests_nearest(self):
        """The message about an unknown key suggests the most similar key."""
        self.system(SYSTEM + "\nservice = []\n")
        self.assert_refuses("system.toml:3", 'unknown key "service"', 'did you mean "services"?')

    def test_compile_unknown_key_like_none_lists_known(self):
        """The message about an unknown key that resembles no key lists all keys."""
        self.system(SYSTEM + "xyzzy = 1\n")
        self.assert_refuses("system.toml:2", 'unknown key "xyzzy"', "use one of: defaults, guests")

    def test_compile_unknown_machine_key_refused(self):
        """Keys below [machine] are checked, at their own line."""
        self.system(SYSTEM + '[machine]\n\nmemry = "1G"\n')
        self.assert_refuses("system.toml:4", 'unknown key "memry"', 'did you mean "memory"?')
        self.assertNotIn("defaults", self.compile()[1][0])

    def test_compile_unknown_dotted_key_refused(self):
        """An unknown dotted key is reported at its line."""
        self.system(SYSTEM + "\n\ndefaults.vcpu = 1\n")
        self.assert_refuses("system.toml:4", 'unknown key "vcpu"', '"vcpus"')

    def test_compile_guest_key_in_system_file_says_defaults(self):
        """The message about a guest's key in system.toml says where the key belongs, in any table and misspelt too."""
        for key in schema.GUEST_KEYS:
            with self.subTest(key=key):
                self.system(SYSTEM + f"{key} = 1\n")
                self.assert_refuses("system.toml:2", f'unknown key "{key}"', "put it under [defaults]")
        self.system(SYSTEM + '[machine]\nbootargs = "quiet"\n')
        self.assert_refuses("system.toml:3", 'unknown key "bootargs"', "put it under [defaults]")
        self.system(SYSTEM + 'memroy = "1G"\n')
        self.assert_refuses("system.toml:2", 'unknown key "memroy"', 'did you mean "memory"? this is a key of guests')

    def test_compile_system_key_in_wrong_place_says_where(self):
        """The message about a key of the system after a heading, or in a guest's file, says where the key belongs."""
        for heading in ("machine", "defaults"):
            self.system(f'guests = ["one"]\n[{heading}]\nservices = ["console"]\n')
            self.assert_refuses("system.toml:3", 'unknown key "services"', f"above the heading [{heading}]")
        self.system(SYSTEM)
        self.guest("one", GUEST + '[machine]\nmemory = "1G"\n')
        self.assert_refuses("one.toml:2", 'unknown key "machine"', "put it into system.toml")

    def test_compile_table_as_value_refused(self):
        """A value in the place of a table is refused."""
        self.system(SYSTEM + 'machine = "virt"\n')
        self.assert_refuses("system.toml:2", '"machine" must be a table', "[machine]")

    def test_compile_no_guests_refused(self):
        """A system without a guest is refused."""
        self.system("services = []\n")
        self.assert_refuses("system.toml:1", "needs a guest", "guests = ")

    def test_compile_empty_guests_refused(self):
        """An empty list of guests is refused at its line."""
        self.system("\nguests = []\n")
        self.assert_refuses("system.toml:2", "needs a guest", "guests = ")

    def test_compile_guests_not_list_refused(self):
        """A string in the place of the list of guests is refused."""
        self.system('guests = "one"\n')
        self.assert_refuses("system.toml:1", '"guests" must be a list', "guests = [")

    def test_compile_guest_twice_refused(self):
        """A guest listed twice is refused at the line of the second."""
        self.system('guests = [\n  "one",\n  # again\n  "one",\n]\n')
        self.assert_refuses("system.toml:4", '"one" is in "guests" twice', "rename")

    def test_compile_guest_odd_name_refused(self):
        """A name that is a path is refused and never used as a path."""
        self.system('guests = ["../one"]\n')
        self.assert_refuses("system.toml:1", '"../one" cannot be the name', "a-z, 0-9 and -")

    def test_compile_guest_names_of_bad_form_refused(self):
        """Empty, long, upper-case, newline-ended and non-ASCII names are refused."""
        for name in ("", "x" * 32, "One", "one\\n", "\u00f6ne", "a b", "a.b", "\\u0000"):
            with self.subTest(name=name):
                self.system(f'guests = ["{name}"]\n')
                self.assert_refuses("system.toml:1", "cannot be the name of a guest", "1 to 31")

    def test_compile_guest_longest_name_accepted(self):
        """A name of 31 characters is accepted."""
        self.system(f'guests = ["{"x" * 31}"]\n')
        (self.folder / "one.toml").rename(self.folder / f"{'x' * 31}.toml")
        self.assert_accepts()

    def test_compile_guest_name_not_string_refused(self):
        """A number as a guest's name is refused."""
        self.system("guests = [1]\n")
        self.assert_refuses("system.toml:1", "must be a string, not an integer", "in quotes")

    def test_compile_guest_named_system_refused(self):
        """A guest cannot be called system, as its file would be system.toml."""
        self.system('guests = ["system"]\n')
        self.assert_refuses("system.toml:1", '"system" cannot be the name of a guest', "rename")

    def test_compile_too_many_guests_refused(self):
        """More guests than the root server takes are refused."""
        self.system("guests = [" + ", ".join(f'"g{i}"' for i in range(17)) + "]\n")
        self.assert_refuses("system.toml:1", "17 names, above the limit of 16", "keep 16")

    def test_compile_guest_without_file_refused(self):
        """A guest that has no file is refused where it is listed."""
        self.system('guests = ["one",\n "two"]\n')
        self.assert_refuses("system.toml:2", 'guest "two" has no file', "create it")

    def test_compile_guest_misspelt_suggests_its_file(self):
        """The message about a guest without a file suggests the most similar file."""
        self.system('guests = ["oen"]\n')
        self.assert_refuses("system.toml:1", 'guest "oen" has no file', 'did you mean "one"?')

    def test_compile_unused_guest_file_noted(self):
        """A guest's file that the list does not name gets a warning; a hidden file gets none."""
        self.guest("two", "anything")
        self.guest(".#three", "")
        self.assert_notes("two.toml:1", '"guests" in system.toml does not name "two"', "add the name")

    def test_compile_no_services_noted(self):
        """A system without services is accepted with a warning."""
        self.system(SYSTEM + "\nservices = []\n")
        self.assert_notes("system.toml:3", '"services" is empty, so no driver runs', 'services = ["console"]')

    def test_compile_notes_wait_for_errors(self):
        """Warnings are not printed when there are errors."""
        self.guest("two", "")
        self.system(SYSTEM + "services = []\nfoo = 1\n")
        self.assert_refuses("system.toml:3", 'unknown key "foo"', "use one of")

    def test_compile_odd_system_name_refused(self):
        """The folder's name is the system's name, and obeys the rule for names."""
        self.folder = self.folder.rename(self.top / "My System")
        self.assert_refuses("system.toml:1", '"My System" cannot be the name', "rename the folder")

    def test_compile_unknown_service_refused(self):
        """The message about an unknown service suggests the most similar service."""
        self.system(SYSTEM + 'services = ["consol"]\n')
        self.assert_refuses("system.toml:2", 'no service "consol"', 'did you mean "console"?')

    def test_compile_service_twice_refused(self):
        """A service listed twice is refused."""
        self.system(SYSTEM + 'services = ["console", "console"]\n')
        self.assert_refuses("system.toml:2", '"console" is in "services" twice', "delete")

    def test_compile_machine_memory_bad_refused(self):
        """A machine's memory must be a size in the range that Warren supports."""
        for text in ("128M", "2000G", "300000K"):
            with self.subTest(memory=text):
                self.system(SYSTEM + f'[machine]\nmemory = "{text}"\n')
                self.assert_refuses("system.toml:3", "not between 256M and 1024G", '"1G"')

    def test_compile_guests_beyond_machine_refused(self):
        """Guests that together do not fit in the machine are refused, and the message has a sufficient size."""
        self.system('guests = ["one", "two"]\n[machine]\nmemory = "512M"\n')
        self.guest("two", GUEST)
        self.assert_refuses("system.toml:3", "the machine has 512M, but its guests (512M)", 'memory = "640M"')
        self.system('guests = ["one", "two"]\n[machine]\nmemory = "640M"\n')
        self.assert_accepts()

    def test_compile_guests_beyond_default_machine_refused(self):
        """Without machine.memory the guests must fit in the default memory."""
        self.system('\nguests = ["one", "two"]\n[defaults]\nmemory = "1G"\n')
        self.guest("two", GUEST)
        self.assert_refuses("system.toml:2", "the machine has 2G when nothing else is said, but its guests (2G)",
                            'write memory = "2176M" under [machine]')
        self.system('guests = ["one", "two"]\ndefaults.memory = "1G"\nmachine.memory = "2176M"\n')
        self.assert_accepts()


class GuestFile(support.SystemCase):
    def test_compile_unknown_guest_key_suggests_nearest(self):
        """The message about an unknown key of a guest suggests the most similar key."""
        self.guest("one", GUEST + "\n# memory\nmemroy = 1\n")
        self.assert_refuses("one.toml:4", 'unknown key "memroy"', 'did you mean "memory"?')

    def test_compile_unknown_guest_table_refused(self):
        """A table that a guest does not have is refused."""
        self.guest("one", GUEST + "[disk]\nfile = 1\n")
        self.assert_refuses("one.toml:2", 'unknown key "disk"', "use one of: bootargs")

    def test_compile_control_characters_in_key_are_escaped(self):
        """An odd key cannot put control characters on the reader's terminal."""
        self.guest("one", GUEST + '"\\u001b[2J" = 1\n')
        self.assert_refuses("one.toml:2", 'unknown key "\\x1b[2J"', "use one of")

    def test_compile_wrong_types_refused(self):
        """A value of a wrong type is refused, and the message shows a right one."""
        for line, what in (("memory = 256", '"memory" must be a string, not an integer'),
                           ("memory = 1.5", "not a number"),
                           ("memory = true", "not a boolean"),
                           ("memory = [1]", "not a list"),
                           ("memory = 2020-01-01", "not a date or time"),
                           ("memory.size = 1", "not a table"),
                           ("bootargs = 1", '"bootargs" must be a string'),
                           ("initrd = false", '"initrd" must be a string'),
                           ('vcpus = "1"', '"vcpus" must be an integer, not a string'),
                           ("vcpus = true", '"vcpus" must be an integer, not a boolean'),
                           ("mmu = 39", '"mmu" must be a string, not an integer'),
                           ("vmm = 1", '"vmm" must be a string')):
            with self.subTest(line=line):
                self.guest("one", GUEST + line + "\n")
                self.assert_refuses("one.toml:2", what, "write " + line.split("=")[0].split(".")[0].strip())

    def test_compile_default_wrong_reported_once_where_written(self):
        """A bad default that two guests inherit gets one message, at its own line."""
        self.system('guests = ["one", "two"]\n[defaults]\nvcpus = "x"\n')
        self.guest("two", GUEST)
        self.assert_refuses("system.toml:3", '"vcpus" must be an integer', "write vcpus")

    def test_compile_all_messages_given(self):
        """Several mistakes in several files are all reported in one run."""
        self.system('guests = ["one", "two"]\nfoo = 1\n')
        self.guest("one", GUEST + "vcpus = 0\n")
        self.guest("two", "")
        status, lines = self.compile()
        self.assertEqual(status, 2)
        self.assertEqual(len(lines), 3, lines)

    def test_compile_vcpus_above_one_refused(self):
        """More than one vCPU is refused, with the reason."""
        self.guest("one", GUEST + "vcpus = 2\n")
        self.assert_refuses("one.toml:2", "one vCPU per guest for now", "vcpus = 1")

    def test_compile_vcpus_below_one_refused(self):
        """Zero or a negative number of vCPUs is refused."""
        for count in (0, -1):
            with self.subTest(count=count):
                self.guest("one", GUEST + f"vcpus = {count}\n")
                self.assert_refuses("one.toml:2", "a guest needs one", "vcpus = 1")

    def test_compile_mmu_that_is_no_mode_refused(self):
        """An unknown translation mode is refused, and the message lists the known ones."""
        for value, mend in (("sv32", 'did you mean "sv39"?'), ("", "use one of: sv39, sv48, sv57"),
                            ("Sv48", 'did you mean "sv48"?'), ("bare", "use one of: sv39, sv48, sv57")):
            with self.subTest(value=value):
                self.guest("one", GUEST + f'mmu = "{value}"\n')
                self.assert_refuses("one.toml:2", f'"mmu" is "{value}"', mend)

    def test_compile_memory_not_size_refused(self):
        """A guest's memory that is not a size is refused."""
        for text in ("", "256", "256MB", "-1G", "1.5G", "0x10M", "256 M", "M", "9" * 13 + "G", "256M\\n"):
            with self.subTest(text=text):
                self.guest("one", GUEST + f'memory = "{text}"\n')
                self.assert_refuses("one.toml:2", "which is not a size", 'memory = "256M"')

    def test_compile_memory_too_small_refused(self):
        """Less than 16M is refused."""
        self.guest("one", GUEST + 'memory = "14M"\n')
        self.assert_refuses("one.toml:2", "below the least of 16M", '"16M" or more')

    def test_compile_memory_too_large_refused(self):
        """More than a guest can address is refused."""
        self.guest("one", GUEST + 'memory = "1026G"\n')
        self.assert_refuses("one.toml:2", "beyond what a guest can address", "or less")

    def test_compile_memory_odd_multiple_refused(self):
        """Memory must be a multiple of 2M; the message offers the sizes below and above."""
        self.guest("one", GUEST + 'memory = "33M"\n')
        self.assert_refuses("one.toml:2", "not a multiple of 2M", '"32M" or "34M"')

    def test_compile_bootargs_control_character_refused(self):
        """A command line with a line end in it is refused."""
        self.guest("one", GUEST + 'bootargs = "a\\nb"\n')
        self.assert_refuses("one.toml:2", "control character", "spaces")

    def test_compile_bootargs_too_long_refused(self):
        """A command line above 1023 bytes is refused; the limit itself is accepted."""
        self.guest("one", GUEST + f'bootargs = "{"a" * 1024}"\n')
        self.assert_refuses("one.toml:2", "1024 bytes, above the limit of 1023", "shorten")
        self.guest("one", GUEST + f'bootargs = "{"a" * 1023}"\n')
        self.assert_accepts()

    def test_compile_unknown_vmm_refused(self):
        """The message about an unknown program suggests the most similar program; a known one is accepted."""
        self.guest("one", GUEST + 'vmm = "prob"\n')
        self.assert_refuses("one.toml:2", 'no program "prob"', '"probe"')
        self.guest("one", GUEST + 'vmm = "probe"\n')
        self.assert_accepts()

    def test_compile_vmm_path_refused(self):
        """A program is named, never given as a path."""
        self.guest("one", GUEST + 'vmm = "svc/console"\n')
        self.assert_refuses("one.toml:2", "cannot be the name of a program", "a-z")


class Files(support.SystemCase):
    def test_compile_no_kernel_refused(self):
        """A guest without a kernel is refused."""
        self.guest("one", "")
        self.assert_refuses("one.toml:1", 'has no "kernel"', 'kernel = "debian:Image"')

    def test_compile_missing_file_in_store_says_setup(self):
        """The message about a file that was not fetched names the command that fetches it."""
        self.guest("one", '\nkernel = "debian:vmlinuz"\n')
        self.assert_refuses("one.toml:2", "but there is no", "./warren setup")

    def test_compile_misspelt_file_suggests_the_one_there(self):
        """The message about a missing file suggests the most similar file, in a store, below it or in the same folder."""
        (self.top / "built" / "configs").mkdir()
        self.put("built/configs/shell.cpio", b"x")
        for value, like in (("debian:image", "debian:Image"), ("debian:Imgae", "debian:Image"),
                            ("build:config/shel.cpio", "build:configs/shell.cpio"), ("Debian:Image", "debian:Image"),
                            ("../store/image", "../store/Image"), (f"{self.top}/stor/Image", f"{self.top}/store/Image")):
            with self.subTest(value=value):
                self.guest("one", f'kernel = "{value}"\n')
                self.assert_refuses("one.toml:1", f'names "{value}", but there is no', f'did you mean "{like}"?')

    def test_compile_misspelt_file_like_a_folder_is_not_suggested(self):
        """A folder with a similar name is not suggested."""
        (self.top / "store" / "kernels").mkdir()
        self.guest("one", 'kernel = "debian:kernel"\n')
        self.assert_refuses("one.toml:1", "but there is no", "./warren setup")

    def test_compile_missing_built_file_says_build(self):
        """The message about a file that was not built names the command that builds it."""
        self.guest("one", GUEST + 'initrd = "build:x.cpio"\n')
        self.assert_refuses("one.toml:2", "but there is no", "meson compile")

    def test_compile_before_the_build_asks_for_what_is_missing(self):
        """Before the build, files that the build makes are not read but listed once each; all else is checked."""
        listed = self.put("listed", "configs/shell.cpio\nkernel/kernel.bin\n")
        self.put("built/kernel.bin", b"an old and bad one")
        self.system('guests = ["one", "two"]\nservices = []\n[defaults]\ninitrd = "build:configs/shell.cpio"\n')
        self.guest("one", 'kernel = "build:kernel//kernel.bin"\n')
        self.guest("two", GUEST)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            status, lines = self.compile("--unbuilt", str(listed))
        self.assertEqual((status, lines), (0, []))
        self.assertEqual(printed.getvalue(), "kernel/kernel.bin\nconfigs/shell.cpio\n")
        self.assertFalse(self.output.exists())
        self.guest("one", 'kernel = "build:kernel/kernl.bin"\n')
        status, lines = self.compile("--unbuilt", str(listed))
        self.assertEqual(status, 2)
        self.assertIn('did you mean "build:kernel/kernel.bin"?', lines[0])

    def test_compile_missing_path_refused(self):
        """A path to a missing file is refused, and the message says where relative paths begin."""
        self.guest("one", 'kernel = "Image"\n')
        self.assert_refuses("one.toml:1", "but there is no", "begins in the folder of this file")

    def test_compile_relative_and_absolute_path_accepted(self):
        """A path is relative to the file that it is written in, or absolute."""
        self.guest("one", 'kernel = "../store/Image"\n')
        self.assert_accepts()
        self.guest("one", f'kernel = "{self.top}/store/Image"\n')
        self.assert_accepts()

    def test_compile_unknown_store_refused(self):
        """The message about an unknown store suggests the most similar store."""
        self.guest("one", 'kernel = "debain:Image"\n')
        self.assert_refuses("one.toml:1", 'store "debain"', 'did you mean "debian"?')

    def test_compile_path_outside_store_refused(self):
        """A store cannot be left by .. or an absolute path."""
        for path in ("../built/vmm.elf", "/etc/passwd", "a/../../x", ""):
            with self.subTest(path=path):
                self.guest("one", f'kernel = "debian:{path}"\n')
                self.assert_refuses("one.toml:1", "outside its store", 'kernel = "debian:path"')

    def test_compile_kernel_is_folder_refused(self):
        """A folder in the place of a kernel is refused."""
        self.guest("one", f'kernel = "{self.top}"\n')
        self.assert_refuses("one.toml:1", "not a regular file", "name a file")

    def test_compile_kernel_link_cycle_refused(self):
        """A kernel that is a link to itself is refused."""
        (self.top / "store" / "loop").symlink_to(self.top / "store" / "loop")
        self.guest("one", 'kernel = "debian:loop"\n')
        self.assert_refuses("one.toml:1", "symbolic links", "./warren setup")

    def test_compile_unreadable_kernel_refused(self):
        """A file without the right to read it is refused."""
        with mock.patch("os.access", return_value=False):
            self.assert_refuses("one.toml:1", "may not be read", "chmod")

    def test_compile_empty_file_name_refused(self):
        """An empty file name is refused."""
        self.guest("one", GUEST + 'initrd = ""\n')
        self.assert_refuses("one.toml:2", "names no file", "initrd =")

    def test_compile_empty_initrd_refused(self):
        """An empty RAM disk is refused."""
        self.put("store/initrd", b"")
        self.guest("one", GUEST + 'initrd = "debian:initrd"\n')
        self.assert_refuses("one.toml:2", "which is empty", "another file")

    def test_compile_not_image_refused_where_named(self):
        """A kernel that is no Image is refused at the line that names it."""
        self.put("store/Image", b"\x7fELF" + bytes(100))
        self.guest("one", "\n\n" + GUEST)
        self.assert_refuses("one.toml:3", "is an ELF file for another machine, not for RV64", "riscv64")

    def test_compile_kernel_larger_than_guest_refused(self):
        """A kernel that does not fit is refused at the line of the memory, with a sufficient size."""
        self.put("store/Image", image_bytes(image_size=30 * MIB))
        self.guest("one", 'memory = "32M"\n' + GUEST)
        self.assert_refuses("one.toml:1", "need 34M", '"34M" or more')
        self.guest("one", 'memory = "34M"\n' + GUEST)
        self.assert_accepts()

    def test_compile_initrd_larger_than_guest_refused(self):
        """A kernel and a RAM disk that do not fit together are refused."""
        self.put("store/initrd", bytes(9 * MIB))
        self.guest("one", GUEST + 'initrd = "debian:initrd"\nmemory = "16M"\n')
        self.assert_refuses("one.toml:3", "initrd (9M) and device tree need 18M", '"18M" or more')

    def test_compile_default_memory_too_small_is_refused_at_guest(self):
        """Without a line for the memory, the message names the guest's file."""
        self.put("store/Image", image_bytes(image_size=300 * MIB))
        self.assert_refuses("one.toml:1", "has 256M of memory", '"304M" or more')


if __name__ == "__main__":
    unittest.main()
