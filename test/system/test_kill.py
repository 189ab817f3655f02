# SPDX-License-Identifier: BSD-2-Clause
"""Services and VMMs that are killed at random times are started again, and guests notice nothing but the time."""

import os
import re

from harness.machine import Failure
from harness.shell import Shell

KILLS = int(os.environ.get("WARREN_KILLS", "300"))
EVERY_MS = 5
KILLER = {"rootserver": "test/kill/rootserver-kill.elf"}
STEADY = {"kernel": "build:test/guest/steady.bin", "memory": "16M"}
# The begin of a line of Warren's own, cut off within its mark or its first word.
OWN_BEGUN = re.compile(r"(?:\xc2\xa7?|w(?:a(?:r(?:r(?:e(?:n:?)?)?)?)?)?)$")
AHEAD = 2  # lines that are typed before the guest's answer to an earlier one is awaited
ROUNDS_MIN = 50

COST_KILLS = 40
COST_US_MAX = 20000  # far below the shortest time between two pings
ICOUNT = ["-icount", "shift=0,sleep=off"]  # a nanosecond for each instruction, however fast the host is

DEBIAN = {"kernel": "debian:Image", "initrd": "build:configs/shell.cpio", "bootargs": "console=ttyS0"}
DEBIAN_KILLS = 40
WORK = "i=0; while [ $i -lt 40 ]; do i=$((i+1)); echo $i; done | md5sum; for n in $(seq 1 60); do echo row $n of text; done; " \
       "dd if=/dev/zero bs=64k count=20 2>/dev/null | sha256sum"


def kill_words(names, kills=None, every=EVERY_MS):
    """Boot arguments that order the kills; without `kills` they do not end."""
    most = f":{kills}" if kills else ""
    return ["-append", " ".join(f"test.kill={name}:{seed + 1}:{every}{most}" for seed, name in enumerate(names))]


class Kills:
    """What the root server has told about its kills."""

    def __init__(self, machine, names):
        self.machine = machine
        self.at = 0
        self.count = {name: 0 for name in names}
        self.mean_us = {name: 0 for name in names}

    def look(self):
        told = re.compile(r"test\.kill: (\S+) was killed (\d+) times; \d+ restarts took (\d+) us each\n")
        for found in told.finditer(self.machine.text.clean, self.at):
            name, count, mean = found.groups()
            self.count[name], self.mean_us[name] = int(count), int(mean)
            self.at = found.end()
        return self.count

    def print(self):
        for name, count in self.count.items():
            print(f"# {name} was killed {count} times; a restart took {self.mean_us[name]} us")


class Guest:
    """Joins the output of the steady guest, of which each line begins with a capital letter and ends with ";".

    Warren's own lines break a line of the guest in two.  When the console dies, the root server begins a new line, and
    the next console shows again what the last one may not have shown: the line from its beginning, or also the line
    before.  Without kills of the console no line may come again.
    """

    def __init__(self, machine, is_shown_again=False):
        self.machine = machine
        self.is_shown_again = is_shown_again
        self.text, self.open_line = [], ""
        machine.expect("Steady: ready;\n", 60)

    def forget_shown_again(self, line):
        """`line` begins a line: forgets the end of the text if this line shows it again."""
        if self.open_line and (line.startswith(self.open_line) or self.open_line.startswith(line)):
            self.open_line = ""
        elif self.text and self.text[-1].startswith(line):
            self.text.pop()
            self.open_line = ""

    def take(self, line):
        """Takes a line of the terminal.  A console that dies may leave the begin of a control sequence or of a line
        of Warren's own, which the root server then writes whole."""
        if self.is_shown_again:
            line = OWN_BEGUN.sub("", line)
        if line.startswith("warren: "):
            return
        for piece in re.split(r"(?:\x1b[^A-Z]*)?(?=Typed: |Steady: )|\x1b[^A-Z]*$", line):
            self.take_piece(piece)

    def take_piece(self, line):
        if line == "":
            return
        if self.is_shown_again and line[0].isupper():
            self.forget_shown_again(line)
        self.open_line += line
        if line.endswith(";"):
            self.text.append(self.open_line)
            self.open_line = ""

    def wait(self, answers, timeout_s=120):
        """Waits until so many lines were answered."""
        while len(self.text) < 2 * answers:
            begin = self.machine.at
            self.machine.expect("\n", timeout_s)
            self.take(self.machine.text.clean[begin:self.machine.at - 1])

    def end(self):
        """Powers off, and takes the rest of the output."""
        self.machine.line("end")
        self.machine.expect_exit(0, 120)
        for line in self.machine.text.clean[self.machine.at:].split("\n"):
            self.take(line)

    def lines_read(self):
        """The lines that the guest read, as it echoed them."""
        return [line[len("Typed: "):-1] for line in self.text if line.startswith("Typed: ")][:-1]


def type_while(guest, is_more):
    """Types numbered lines; returns them."""
    typed = []
    while is_more(len(typed)):
        typed.append(f"line {len(typed) + 1} of some text to read")
        guest.machine.line(typed[-1])
        guest.wait(len(typed) - AHEAD, 120)
    guest.end()
    return typed


def type_again(guest, lines):
    """Types lines to an undisturbed guest."""
    for count, line in enumerate(lines):
        guest.machine.line(line)
        guest.wait(count - AHEAD)
    guest.end()


def first_difference(got, wanted):
    at = next((i for i, (a, b) in enumerate(zip(got, wanted)) if a != b), min(len(got), len(wanted)))
    return f"at byte {at}: {got[max(0, at - 60):at + 60]!r}, undisturbed {wanted[max(0, at - 60):at + 60]!r}"


def check_killed(env, names, kills, words=()):
    """The guest reads each key once, and its output is that of an undisturbed run, byte by byte, while processes are killed."""
    with env.system({"steady": STEADY}, KILLER) as archive:
        with env.warren(archive, words=[*words, *kill_words(names, kills)], budget_s=300 + kills) as machine:
            told, killed = Kills(machine, names), Guest(machine, "console" in names)
            typed = type_while(killed, lambda count: count < ROUNDS_MIN or min(told.look().values()) < kills)
        with env.warren(archive, words=words, budget_s=300 + kills) as machine:
            calm = Guest(machine)
            type_again(calm, typed)
    told.print()
    compared = "\n".join(calm.text)
    print(f"# {len(typed)} typed lines, {len(compared)} bytes of output compared")
    if killed.text != calm.text or killed.open_line:
        raise Failure(f"the output differs {first_difference(chr(10).join(killed.text), compared)}")
    if calm.lines_read() != typed:
        raise Failure("the undisturbed guest did not read what was typed")
    if compared.count("timer alarm clock;") != len(typed):
        raise Failure("an interrupt came early, or the clock went wrong")
    return told


def test_kill_console_killed_often(env):
    """The console service is killed at random times: no byte of the guest's output and no key is lost or doubled."""
    check_killed(env, ["console"], KILLS)


def test_kill_vmm_killed_often(env):
    """The VMM is killed at random times under a guest that computes, waits and reads typed lines: the guest goes on."""
    check_killed(env, ["vmm.steady"], KILLS)


def test_kill_both_killed_often(env):
    """The console service and the VMM are killed at random times: the guest goes on."""
    check_killed(env, ["console", "vmm.steady"], KILLS)


def test_kill_costs_no_ping_period(env):
    """Each restart is over long before the next ping: nothing waits for a period to pass."""
    for name in ("console", "vmm.steady"):
        told = check_killed(env, [name], COST_KILLS, ICOUNT)
        if told.mean_us[name] > COST_US_MAX:
            raise Failure(f"a restart of {name} took {told.mean_us[name]} us")


def test_kill_linux_works_on(env):
    """Linux boots while its VMM is killed, and typed work gives what it gives undisturbed."""
    names = ["vmm.debian"]
    with env.system({"debian": DEBIAN}, KILLER) as archive:
        with env.warren(archive) as machine:
            shell = Shell(machine)
            shell.wait_prompt()
            calm = shell.run(WORK, 120)
        with env.warren(archive, words=kill_words(names, every=50), budget_s=900) as machine:
            told, rounds = Kills(machine, names), 0
            shell = Shell(machine)
            shell.wait_prompt(600)
            begin = dict(told.look())
            while rounds < 2 or any(count < begin[name] + DEBIAN_KILLS for name, count in told.look().items()):
                answer, rounds = shell.run(WORK, 240), rounds + 1
                if re.sub(r"warren: [^\n]*\n|\n", "", answer) != calm.replace("\n", ""):
                    raise Failure(f"round {rounds} differs: {answer!r}, undisturbed {calm!r}")
            told.print()
            print(f"# {rounds} rounds compared")
            machine.line("poweroff -f")
            machine.expect_exit(0)
