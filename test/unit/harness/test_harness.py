# SPDX-License-Identifier: BSD-2-Clause
"""The harness of the system tests, with shell commands in place of QEMU."""

import contextlib
import io
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
import unittest
import unittest.mock

from harness import tap
from harness.console import COMPLAINT, Text
from harness.env import Env, Skip, numa_words, toml
from harness.machine import Failure, Machine
from harness.shell import Shell

SYSTEM = pathlib.Path(__file__).resolve().parents[2] / "system"


def is_alive(pid):
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


class Systems(unittest.TestCase):
    def test_toml_values_read_back(self):
        """The keys of a test's system can be strings, numbers, booleans, lists and tables."""
        keys = {"a": "x\"\\\n", "b": 5, "c": False, "d": [{"on": "lan", "vlan": 3}, True], "e": {"f-g": {"h": "i"}}, "j": {}}
        self.assertEqual(tomllib.loads(toml(keys)), keys)


class MachineCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="warren-harness-")
        self.addCleanup(folder.cleanup)
        self.top = pathlib.Path(folder.name)

    def machine(self, script, budget_s=20, **more):
        return Machine(["sh", "-c", script], self.top / "log", budget_s, **more)

    def assert_fails(self, what, function, *args, **kwargs):
        with self.assertRaises(Failure) as caught:
            function(*args, **kwargs)
        self.assertIn(what, str(caught.exception))


class Expecting(MachineCase):
    def test_expect_text_that_comes_later_is_found(self):
        """A pattern is found when its text arrives in pieces and late."""
        with self.machine("printf 'hel'; sleep 0.2; echo lo; sleep 60") as machine:
            self.assertEqual(machine.expect("^h(.*)o$").group(1), "ell")

    def test_expect_goes_on_behind_last_match(self):
        """Matched text is not matched again."""
        with self.machine("echo one; echo one; echo two") as machine:
            machine.expect("one")
            machine.expect("one")
            self.assert_fails("ended (0) before /one/ came", machine.expect, "one")

    def test_expect_deadline_fails(self):
        """A pattern that does not arrive fails at its deadline, not later."""
        with self.machine("sleep 60") as machine:
            begin = time.monotonic()
            self.assert_fails("did not come within", machine.expect, "never", 0.3)
            self.assertLess(time.monotonic() - begin, 5)

    def test_expect_budget_of_machine_fails(self):
        """The machine's budget bounds the sum of all deadlines of a case."""
        with self.machine("while :; do echo x; sleep 0.05; done", budget_s=0.5) as machine:
            self.assert_fails("did not come", machine.expect, "never", 600)

    def test_expect_unless_comes_first_fails(self):
        """A panic before the expected pattern fails at once."""
        with self.machine("echo Kernel panic; echo done; sleep 60") as machine:
            self.assert_fails('"Kernel panic" came', machine.expect, "done", 10, unless="Kernel panic")

    def test_expect_unless_comes_later_is_no_failure(self):
        """A panic after the match does not fail."""
        with self.machine("echo done; echo Kernel panic; sleep 60") as machine:
            machine.expect("done", 10, unless="Kernel panic")

    def test_expect_last_words_are_read(self):
        """Text that is printed just before the end is found."""
        with self.machine("seq 1 100000; echo last") as machine:
            machine.expect("^last$")

    def test_expect_silence_of_pattern_that_comes_fails(self):
        """Unwanted text fails, and so does the end of the process."""
        with self.machine("sleep 0.1; echo bad; sleep 60") as machine:
            self.assert_fails('"bad" came', machine.expect_silence_of, "bad", 5)
        with self.machine("exit 3") as machine:
            self.assert_fails("ended (3)", machine.expect_running, 5)

    def test_send_and_line_reach_the_process(self):
        """A typed line arrives, with a carriage return at its end."""
        with self.machine("head -c 6 | od -An -tx1; sleep 60") as machine:
            machine.line("hello")
            machine.expect("68 65 6c 6c 6f 0d")

    def test_send_on_raw_terminal_reaches_the_process(self):
        """On a pseudo-terminal that the process made raw, no typed byte is changed."""
        with self.machine("test -t 0 && test -t 1 && stty raw -echo && echo tty; head -c 3 | od -An -tx1; sleep 60",
                          use_pty=True) as machine:
            machine.expect("tty")
            machine.send("\x03\x1d\r")
            machine.expect("03 1d 0d")

    def test_send_interrupt_on_terminal_is_a_signal(self):
        """On a pseudo-terminal in its initial mode, Ctrl-C becomes a signal."""
        with self.machine("trap 'echo interrupted; exit 7' INT; echo ready; while :; do sleep 0.05; done",
                          use_pty=True) as machine:
            machine.expect("ready")
            machine.send("\x03")
            machine.expect("interrupted")
            machine.expect_exit(7)

    def test_send_to_ended_process_fails(self):
        """Typing to a process that has ended is a failure, not a crash."""
        with self.machine("exec 0<&-; exit 0") as machine:
            machine.wait_exit()
            self.assert_fails("", machine.send, "x" * 1000)

    def test_send_to_process_that_prints_much_does_not_block(self):
        """Typing much to a process that prints much before it reads causes no deadlock."""
        with self.machine("seq 1 100000; cat >/dev/null; echo drained") as machine:
            machine.send("x" * 200000)
            machine.process.stdin.close()
            machine._write_fd = -1
            machine.expect("drained")


class Ending(MachineCase):
    def test_exit_status_is_checked(self):
        """An exit status other than the expected one fails."""
        for script, wanted, is_good in (("exit 0", 0, True), ("exit 1", 0, False), ("exit 0", None, False),
                                        ("exit 1", None, True), ("kill -9 $$", None, True), ("kill -9 $$", 0, False)):
            with self.subTest(script=script, wanted=wanted), self.machine(script) as machine:
                if is_good:
                    machine.expect_exit(wanted)
                else:
                    self.assert_fails("QEMU ended with", machine.expect_exit, wanted)

    def test_exit_that_does_not_come_fails(self):
        """A machine that hangs at its end fails at the deadline."""
        with self.machine("sleep 60") as machine:
            self.assert_fails("did not end within", machine.expect_exit, 0, 0.3)

    def test_block_left_in_any_way_leaves_no_process(self):
        """After the block the process has ended: after success, failure, exit and interrupt."""
        for error in (None, Failure("x"), SystemExit(1), KeyboardInterrupt()):
            with self.subTest(error=error), contextlib.suppress(Failure, SystemExit, KeyboardInterrupt):
                with self.machine("exec sleep 60") as machine:
                    self.assertTrue(is_alive(machine.pid))
                    if error:
                        raise error
            self.assertFalse(is_alive(machine.pid))

    def test_block_left_takes_children_of_the_command_along(self):
        """A QEMU that a script started is ended too, even if the script ended first."""
        for script in ("sleep 60 & echo $!; wait", "sleep 60 & echo $!"):
            for use_pty in (False, True):
                with self.subTest(script=script), self.machine(script, use_pty=use_pty) as machine:
                    pid = int(machine.expect(r"^(\d+)\n").group(1))
                until = time.monotonic() + 5
                while is_alive(pid) and time.monotonic() < until:
                    time.sleep(0.01)
                self.assertFalse(is_alive(pid))

    def test_harness_killed_leaves_no_process(self):
        """When the harness itself is killed, the process is killed too."""
        code = ("import sys; sys.path.insert(0, sys.argv[1])\n"
                "from harness.machine import Machine\n"
                "with Machine(['sleep', '60'], sys.argv[2], 60) as machine:\n"
                "    print(machine.pid, flush=True)\n"
                "    machine.expect('never')\n")
        for number in (signal.SIGKILL, signal.SIGTERM):
            with self.subTest(signal=number):
                with subprocess.Popen([sys.executable, "-c", code, str(SYSTEM), str(self.top / "log")],
                                      stdout=subprocess.PIPE) as harness:
                    pid = int(harness.stdout.readline())
                    harness.send_signal(number)
                until = time.monotonic() + 10
                while is_alive(pid) and time.monotonic() < until:
                    time.sleep(0.01)
                self.assertFalse(is_alive(pid))

    def test_transcript_has_every_byte(self):
        """The transcript is the whole output, unchanged, also text that no case waited for."""
        with self.machine(r"printf 'a\033[1mb\r\n\377'") as machine:
            machine.wait_exit()
        self.assertEqual((self.top / "log").read_bytes(), b"a\x1b[1mb\r\n\xff")

    def test_busy_share_tells_busy_from_idle(self):
        """A spinning process uses much of a core, a sleeping one nothing."""
        with self.machine("while :; do :; done") as machine:
            self.assertGreater(max(machine.busy_share(1) for _ in range(3)), 0.1)
        with self.machine("exec sleep 60") as machine:
            self.assertLess(min(machine.busy_share(0.5) for _ in range(3)), 0.03)


class Consoles(unittest.TestCase):
    def test_feed_sequences_are_dropped_wherever_they_are_cut(self):
        """Control sequences are removed from the text, whole or in two pieces."""
        data = b"# \x1b[6nec\x1b[1;31mho\x1b(B\r\n\x1b[J4\x1bM2\n"
        for cut in range(len(data) + 1):
            text = Text()
            text.feed(data[:cut])
            text.feed(data[cut:])
            self.assertEqual(text.clean, "# echo\n42\n", cut)

    def test_feed_firmware_complaint_is_dropped(self):
        """The firmware's message about a guest's instruction is removed from a guest's line, in any two pieces."""
        data = b"small: he" + COMPLAINT.encode() + COMPLAINT.encode() + b"re\n"
        for cut in range(len(data) + 1):
            text = Text()
            text.feed(data[:cut])
            text.feed(data[cut:])
            self.assertEqual(text.clean, "small: here\n", cut)

    def test_feed_lone_escape_does_not_hold_text_back(self):
        """An escape that begins no sequence does not swallow what follows."""
        text = Text()
        text.feed(b"a\x1b[" + b"1" * 100 + b"\nb")
        self.assertTrue(text.clean.endswith("\nb"))


class Shells(MachineCase):
    FAKE = r"""printf '# '; while IFS= read -r line; do printf '%s\r\n' "$line"; eval "$line"; printf '# '; done"""

    def shell(self):
        # The real shell gets a carriage return at the end of a line; this one a line end.
        machine = self.machine(self.FAKE)
        machine.line = lambda text="": machine.send(text + "\n")
        return machine

    def test_run_gives_what_the_command_prints(self):
        """The output of a command is the text between the marks, without the echo of the line."""
        with self.shell() as machine:
            shell = Shell(machine)
            shell.wait_prompt()
            self.assertEqual(shell.run("echo a; echo b"), "a\nb\n")
            self.assertEqual(shell.run("true"), "")
            self.assertEqual(shell.run("printf x"), "x")

    def test_run_failed_command_fails(self):
        """A command that ends with another status than 0 fails the case."""
        with self.shell() as machine:
            shell = Shell(machine)
            shell.wait_prompt()
            self.assert_fails("ended with 1", shell.run, "false")

    def test_wait_prompt_panic_fails(self):
        """A panic of the guest fails at once, not at the deadline."""
        with self.machine("echo Kernel panic - not syncing; sleep 60") as machine:
            self.assert_fails("Kernel panic", Shell(machine).wait_prompt)


class Runner(MachineCase):
    def points(self, *functions):
        env = Env(self.top, "rv64", self.top / "logs")
        out, err = io.StringIO(), io.StringIO()
        handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = tap.run(env, [(f"file.{function.__name__}", function) for function in functions])
        for number, handler in handlers.items():
            signal.signal(number, handler)
        return status, [line for line in out.getvalue().splitlines() if not line.startswith("#")], err.getvalue()

    def test_run_points_and_status_tell_the_truth(self):
        """Success, failure, a broken case and a skipped case differ in the output; one failure fails the run."""
        def good(env):
            """All is well."""

        def bad(env):
            raise Failure("no")

        def broken(env):
            return {}["x"]

        def skipped(env):
            raise Skip("not here")

        status, lines, _ = self.points(good, bad, broken, skipped)
        self.assertEqual(status, 1)
        self.assertEqual(lines[:2], ["1..4", "ok 1 - file.good [rv64]: All is well."])
        self.assertTrue(lines[2].startswith("not ok 2 - file.bad"))
        self.assertTrue(lines[3].startswith("not ok 3 - file.broken"))
        self.assertTrue(lines[4].endswith("# SKIP not here"))
        self.assertEqual(self.points(good)[0], 0)

    def test_run_no_cases_fails(self):
        """Zero cases run is a failure."""
        self.assertEqual(self.points()[0], 1)

    def test_run_failure_shows_end_of_transcript(self):
        """The last lines of a machine's console are shown when its case fails."""
        def bad(env):
            machine = Machine(["sh", "-c", "echo famous last words"], self.top / "log", 10)
            env.machines.append(machine)
            with machine:
                machine.expect("never")

        self.assertIn("famous last words", self.points(bad)[2])

    def test_cases_of_finds_every_function_with_a_property(self):
        """Every file of cases has cases, and each case has a docstring."""
        files = sorted(SYSTEM.glob("test_*.py"))
        self.assertGreater(len(files), 3)
        with unittest.mock.patch.object(sys, "path", [str(SYSTEM), *sys.path]):
            for path in files:
                cases = tap.cases_of(path)
                self.assertTrue(cases, path)
                for name, function in cases:
                    self.assertTrue(function.__doc__, name)

    def test_numa_words_divide_memory_and_harts(self):
        """Two nodes share the memory and the harts evenly."""
        text = " ".join(numa_words(1024, 4))
        self.assertEqual(text.count("size=512M"), 2)
        self.assertEqual([text.count(f"cpu,node-id={node}") for node in (0, 1)], [2, 2])
        self.assertIn("cpu,node-id=1,core-id=2", text)
