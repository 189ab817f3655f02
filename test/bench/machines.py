# SPDX-License-Identifier: BSD-2-Clause
"""Starts the measured programs, bare on QEMU or in a guest of Warren, under the counting plugin or by the clock."""

import dataclasses
import time

import counts
from harness.machine import Failure

ICOUNT = ["-icount", "shift=0,sleep=off", "-seed", "1", "-rtc", "base=2025-01-01,clock=vm"]
# Without what a kernel does by chance or for a second.
BOOTARGS = "console=ttyS0 quiet cryptomgr.notests randomize_kstack_offset=off panic=-1"
GUEST_MIB, WARREN_MIB, BUDGET_S = 256, 1024, 600
TICKS_A_SECOND = 10_000_000  # of what test/bench/init.c prints
ROOT_STOPPED = 102  # how QEMU ends when the root server faults, which is how test/root/calls.c ends
KERNEL = "kernel/warren.elf"
KERNEL_NO_HTINST = "test/bench/warren-no-htinst.elf"  # as on a hart whose htinst is always 0
# The function of the root server that begins to make a guest.
GUEST_IS_MADE = "exec_run"


@dataclasses.dataclass
class Run:
    """A machine that ended: its console, and what was counted from marker to marker."""
    console: str
    intervals: list

    def rows(self):
        return counts.rows(self.intervals, self.console)


class Machines:
    def __init__(self, env, with_sites=True):
        self.env = env
        self.with_sites = with_sites

    def counted(self, case, words, memory_mib, ends=0, watch="", budget_s=BUDGET_S):
        """Runs a machine to its end under the plugin."""
        self.env.begin(f"bench.{case}")
        self.env.logs.mkdir(parents=True, exist_ok=True)
        output = self.env.logs / f"bench.{case}.counts"
        plugin = f"{self.env.built('test/bench/count.so')},out={output}" + \
            (",sites=on" if self.with_sites else "") + (f",watch={watch}" if watch else "")
        with self.env.machine([*words, *ICOUNT, "-plugin", plugin], 1, memory_mib, budget_s) as machine:
            machine.expect_exit(ends, budget_s)
            console = machine.text.clean
        if "bench: failed" in console:
            raise Failure(f"{case}: not everything was measured; see {self.env.logs}")
        try:
            with open(output, encoding="ascii") as lines:
                return Run(console, counts.parse(lines))
        except counts.Malformed as problem:
            raise Failure(f"{case}: {problem}; see {output}") from None

    # ---- the same work, bare and in a guest ----------------------------------------------------

    def exits_guest(self):
        return {"kernel": "build:test/guest/bench.bin"}

    def debian_guest(self):
        return {"kernel": "debian:Image", "initrd": "build:test/bench/init.cpio", "bootargs": BOOTARGS}

    def exits_words(self):
        return ["-kernel", self.env.built("test/guest/bench.bin")]

    def debian_words(self):
        return ["-kernel", self.env.guest_kernel, "-initrd", self.env.built("test/bench/init.cpio"),
                "-append", BOOTARGS]

    def bare(self, case, words):
        return self.counted(f"{case}-bare", words, GUEST_MIB)

    def warren(self, case, guest, programs=None, ends=0, watch="", kernel=KERNEL):
        self.env.begin(f"bench.{case}")
        with self.env.system({"bench": guest | {"memory": f"{GUEST_MIB}M"}}, programs) as archive:
            return self.counted(f"{case}-warren", self.warren_words(archive, kernel), WARREN_MIB, ends, watch)

    def warren_words(self, archive, kernel=KERNEL):
        return ["-kernel", self.env.built(kernel), "-initrd", archive]

    def hops(self):
        """The console of the echo over four hops.  The machine counts time in instructions; the plugin is not needed."""
        self.env.begin("bench.hops")
        with self.env.system({"bench": self.exits_guest() | {"memory": f"{GUEST_MIB}M"}},
                             {"rootserver": self.env.built("test/root/hops.elf")}) as archive, \
                self.env.machine([*self.warren_words(archive), *ICOUNT], 1, WARREN_MIB, BUDGET_S) as machine:
            machine.expect_exit(ROOT_STOPPED, BUDGET_S)
            return machine.text.clean

    # ---- by the clock --------------------------------------------------------------------------

    def seconds_to_init(self, case, words, memory_mib, since=None):
        """Seconds until the first line of the guest's first process: since power-on, or since the console said
        `since`; those of the processor that QEMU used meanwhile, which a busy host stretches less; and since the
        guest's kernel set its clock, by that clock, which is a real one here."""
        self.env.begin(f"bench.{case}")
        start, used = time.monotonic(), 0
        with self.env.machine([*words, "-seed", "1"], 1, memory_mib, BUDGET_S) as machine:
            if since:
                machine.expect(since, BUDGET_S)
                start, used = time.monotonic(), machine.cpu_seconds()
            ticks = int(machine.expect(r"^bench: boot: (\d+) ticks", BUDGET_S).group(1))
            return time.monotonic() - start, machine.cpu_seconds() - used, ticks / TICKS_A_SECOND

    def boot_pairs(self, pairs):
        """Those seconds for (bare, Warren), for each of some interleaved pairs of boots."""
        self.env.begin("bench.wall")
        guest = self.debian_guest() | {"memory": f"{GUEST_MIB}M"}
        with self.env.system({"bench": guest}) as archive:
            return [(self.seconds_to_init(f"wall-bare-{i}", self.debian_words(), GUEST_MIB),
                     self.seconds_to_init(f"wall-warren-{i}", self.warren_words(archive), WARREN_MIB))
                    for i in range(pairs)]

    # ---- memory --------------------------------------------------------------------------------

    def mib_left(self, guests, memory_mib):
        """What the root server says is left for one more guest, when there are some already."""
        self.env.begin(f"bench.memory-{guests}")
        small = {"kernel": "build:test/guest/bench.bin", "memory": f"{memory_mib}M"}
        system = {f"g{i}": small for i in range(guests)} | {"last": small | {"memory": "16G"}}
        with self.env.system(system, **{"machine.memory": "64G"}) as archive, \
                self.env.machine(self.warren_words(archive), 1, WARREN_MIB, BUDGET_S) as machine:
            return int(machine.expect(r"do not fit: (\d+) MiB are left", 60).group(1))
