# SPDX-License-Identifier: BSD-2-Clause
"""The trace of a small guest's boot (docs/tracing.md): complete, in order, and invisible to VMM and guest."""

import contextlib
import json
import pathlib
import re
import subprocess
import sys

from harness.env import TREE, Skip
from harness.machine import Failure
from test_probe import GOLDEN, probe

TOOLS = TREE / "tools" / "trace"
sys.path.insert(0, str(TOOLS))

import layout  # noqa: E402
import trace as tool  # noqa: E402

SMALL = {"kernel": "build:test/guest/small.bin", "memory": "16M"}
UART = 0x10000000
MEMORY_MIB = 256
ANSWERS = 20  # of the guest, with several exits each: more than a ring of one page holds


class Traced:
    """A machine whose memory is a file, started as ./warren trace does."""

    def __init__(self, env, archive, words):
        self.env, self.archive, self.words = env, archive, words
        self.ram = env.logs / f"{env.case}.ram"
        self.machine = None

    def __enter__(self):
        ram = f"memory-backend-file,id=ram,size={MEMORY_MIB}M,mem-path={self.ram},share=on"
        words = ["-append", self.words, "-object", ram, "-machine", "memory-backend=ram"]
        self.machine = self.env.warren(self.archive, memory_mib=MEMORY_MIB, words=words)
        self.machine.__enter__()
        return self

    def __exit__(self, *why):
        self.machine.__exit__(*why)
        self.ram.unlink(missing_ok=True)

    def read(self):
        return tool.read_ram({"ram": self.ram, "log": self.machine.transcript_path})


@contextlib.contextmanager
def traced(env, words, guests=None):
    with env.system(guests or {"small": SMALL}) as archive, Traced(env, archive, words) as made:
        yield made


def number_of(trace, text):
    for number, name in trace.names.items():
        if name.text == text:
            return number
    raise Failure(f"no thread is called {text!r}: {trace.names}")


def check_alternation(trace, vcpu):
    """Checks that each vCPU is entered before its first exit, and between two of its exits."""
    inside = False
    for record in trace.records:
        if record.event == layout.ENTER and record.subject == vcpu:
            inside = True
        elif record.event == layout.EXIT and record.subject == vcpu:
            if not inside:
                raise Failure(f"an exit without an entry: {record}")
            inside = False


def test_trace_boot_has_every_exit_in_order(env):
    """The trace of a boot has a store for each character that the guest printed, each exit after its entry,
    and the power-off last; times never go back, and no record is lost."""
    with traced(env, "warren.trace=all") as made:
        printed = made.machine.expect(r"^small: boot, dirty 0\n", 60).group(0)
        made.machine.send("p")
        made.machine.expect_exit(0)
        trace = made.read()
    if trace.lost:
        raise Failure(f"{trace.lost} records were lost")
    vcpu = number_of(trace, "small vcpu 0")
    exits = [r for r in trace.records if r.event == layout.EXIT]
    if {r.subject for r in exits} != {vcpu}:
        raise Failure("exits of somebody else")
    stores = [r for r in exits if layout.exit_name(r) == "UART store" and r.word0 == UART]
    if len(stores) != len(printed.replace("\n", "\r\n")):
        raise Failure(f"{len(stores)} stores to the UART for {printed!r}")
    if layout.exit_name(exits[-1]) != "SBI SRST 0" or layout.exit_name(exits[0]).startswith("SBI SRST"):
        raise Failure(f"the last exit is {exits[-1]}")
    if any(a.time > b.time for a, b in zip(trace.records, trace.records[1:])):
        raise Failure("time goes back")
    check_alternation(trace, vcpu)
    runs = [r for r in trace.records if r.event == layout.CALL and r.subject == number_of(trace, "vmm.small")
            and layout.Calls().name(r) == "vcpu_run"]
    if len(runs) < len(exits):
        raise Failure(f"{len(runs)} calls of vcpu_run for {len(exits)} exits")
    for name in ("rootserver", "console"):
        number_of(trace, name)


def test_trace_small_ring_keeps_the_newest_and_counts_the_lost(env):
    """A ring of one page keeps the newest 125 records, with the power-off, and counts the lost ones."""
    with traced(env, "quiet warren.trace=exits,signals warren.trace-size=4K") as made:
        made.machine.expect(r"^small: boot, dirty 0\n", 60)
        for _ in range(ANSWERS):
            made.machine.send("?")
            made.machine.expect("small: here")
        made.machine.send("p")
        made.machine.expect_exit(0)
        trace = made.read()
    if len(trace.records) != 125 or trace.lost < 20:
        raise Failure(f"{len(trace.records)} records, {trace.lost} lost")
    kinds = {r.event for r in trace.records}
    if not kinds <= {layout.EXIT, layout.SIGNAL}:
        raise Failure(f"events that were not enabled: {kinds}")
    last = [r for r in trace.records if r.event == layout.EXIT][-1]
    if layout.exit_name(last) != "SBI SRST 0":
        raise Failure(f"the last exit is {last}")


def test_trace_running_system_is_read_without_stopping_it(env):
    """The ring can be read while the guest runs; the guest goes on, and a second reading has more records."""
    with traced(env, "warren.trace=all") as made:
        made.machine.expect(r"^small: boot, dirty 0\n", 60)
        first = made.read()
        made.machine.send("?")
        made.machine.expect("small: here")
        second = made.read()
    if not 0 < len(first.records) < len(second.records):
        raise Failure(f"{len(first.records)} records, then {len(second.records)}")
    if second.records[:len(first.records)] != first.records:
        raise Failure("the second reading does not begin with the records of the first")


def test_trace_wrong_word_is_told_and_stops_nobody(env):
    """A bad trace option on the command line gets a message, and the guest boots without a trace."""
    with traced(env, "warren.trace=exits,nonsense") as made:
        made.machine.expect(r"warren: no trace: .*there is no event nonsense")
        made.machine.expect(r"^small: boot, dirty 0\n", 60)


def test_trace_gives_a_vmm_nothing(env):
    """With all events traced, a VMM's slots are still those of the golden list."""
    if env.cpu != "rv64":
        raise Skip("a VMM's slots are the same on every model")
    with traced(env, "warren.trace=all", {"prober": probe("slots")}) as made:
        made.machine.expect(r"slots: \d+ in all", 120)
        found = re.findall(r"^(?:warren: )?vmm\.prober: (slot.*)$", made.machine.text.clean, re.M)
    if found != GOLDEN.read_text(encoding="ascii").splitlines():
        raise Failure("the slots differ from " + GOLDEN.name)


def test_trace_command_writes_what_perfetto_opens(env):
    """tools/trace/trace.py, which ./warren trace executes, writes a valid file and returns the machine's status."""
    if env.cpu != "rv64":
        raise Skip("the command is the same on every model")
    folder = env.logs / "trace-build"
    with env.system({"small": SMALL}) as archive:
        (folder / "kernel").mkdir(parents=True, exist_ok=True)
        (folder / "configs").mkdir(exist_ok=True)
        for link, target in ((folder / "kernel/warren.elf", env.built("kernel/warren.elf")),
                             (folder / "configs/tiny.cpio", archive)):
            link.unlink(missing_ok=True)
            link.symlink_to(pathlib.Path(target).resolve())
        command = [sys.executable, "-B", TOOLS / "trace.py", "run", "--build", folder, "tiny",
                   "--picture", folder / "tiny.svg"]
        with env.command(command, variables={"WARREN_CPU": env.cpu, "WARREN_MEM": "256M"}) as machine:
            machine.expect(r"^small: boot, dirty 0\n", 60)
            subprocess.run([sys.executable, "-B", TOOLS / "trace.py", "now", "--build", folder],
                           check=True, capture_output=True, timeout=60)
            machine.send("f")
            machine.expect(r"none was lost")
            machine.expect_exit(None)
    for name, least in (("tiny.json", 1000), ("tiny-now.json", 1000)):
        events = json.loads((folder / "trace" / name).read_text())["traceEvents"]
        if sum(event["ph"] == "X" for event in events) < least:
            raise Failure(f"{name} has {len(events)} events")
    if "</svg>" not in (folder / "tiny.svg").read_text():
        raise Failure("there is no picture")
    left = [path.name for path in (folder / "trace").iterdir() if not path.name.endswith(".json")]
    if left or (folder / "trace" / "running.json").exists():
        raise Failure(f"left behind: {left}")
