# SPDX-License-Identifier: BSD-2-Clause
"""What the bench measures does what it says it does: every operation succeeds, bare and on Warren."""

import re

from harness.machine import Failure

REPORT = re.compile(r"^bench: (.+?): (\d+) ticks for (\d+)$", re.M)
ECHOES = re.compile(r"^hops: (.+), (alone|beside a guest): 99 % in (\d+) ticks", re.M)
SHARES = re.compile(r"^hops: (.+): the guest lost (\d+) ticks, the others used (\d+) of \d+\s*$", re.M)
CHARGES = re.compile(r"^hops: (.+): the guest's way in and out took (\d+) ticks, (\d+) were charged to no thread\s*$", re.M)
TICKS_PER_MS = 10_000
ECHO_COUNT = 4000  # of each kind
PAID = 50          # ticks that a thread which wakes pays to the equal that it preempts (kernel/core/sched.h)
LOOKS = 100        # ticks between the looks at the clock, at the charges and at the guest's counter
ROOT_STOPPED = 102  # how QEMU ends when the root server faults, which is how calls.c ends
LEAST_ROUNDS = 1000
EXITS = {"nothing", "SBI base call", "SBI DBCN, 0 bytes", "SBI set timer", "UART register read",
         "UART register write", "PLIC register read", "PLIC register write", "RTC register read",
         "illegal instruction", "first touch of a page", "WFI to timer", "self-IPI with its handler",
         "timer interrupt with its handler"}
CALLS = {"nothing", "null system call (poll)", "IPC call + reply, one address space",
         "IPC call + reply, two address spaces", "signal and wait, there and back", "signal to wake-up",
         "map and unmap a page", "copy and delete a capability", "exit and entry, least VMM",
         "memcpy of 64 bytes", "copy of 64 bytes from a client", "memcpy of 4 KiB", "copy of 4 KiB from a client",
         "exit, yield to oneself, entry", "vCPU switch, there and back (two exits)"}


def check(machine, wanted, status):
    machine.expect(r"^bench: end$", 120, unless="bench: failed|panic")
    machine.expect_exit(status)
    reports = REPORT.findall(machine.text.clean)
    names = [name for name, _, _ in reports]
    if sorted(names) != sorted(wanted):
        raise Failure(f"reported: {', '.join(names)}")
    few = [name for name, _, rounds in reports if int(rounds) < LEAST_ROUNDS]
    if few:
        raise Failure(f"too few rounds of {', '.join(few)}")


def test_bench_guest_bare_reports_every_operation(env):
    """On the bare machine each operation of the bench guest comes back, and it powers off."""
    with env.machine(["-kernel", env.built("test/guest/bench.bin")], memory_mib=64) as machine:
        check(machine, EXITS, 0)


def test_bench_guest_on_warren_reports_every_operation(env):
    """In a guest of Warren each operation comes back as it does bare."""
    guest = {"kernel": "build:test/guest/bench.bin", "memory": "64M"}
    with env.system({"bench": guest}) as archive, env.warren(archive, smp=1) as machine:
        check(machine, EXITS, 0)


def hops_console(env):
    """What test/root/hops.c prints."""
    guest = {"kernel": "build:test/guest/bench.bin", "memory": "64M"}
    programs = {"rootserver": env.built("test/root/hops.elf")}
    with env.system({"bench": guest}, programs) as archive, \
            env.warren(archive, smp=1, words=["-icount", "shift=0,sleep=off"]) as machine:
        machine.expect(r"^hops: end$", 120, unless="bench: failed|panic")
        machine.expect_exit(ROOT_STOPPED)
        return machine.text.clean


def test_bench_hops_beside_a_guest_cost_no_slice(env):
    """An echo over four hops comes back as fast beside a guest that computes as alone, in 99 of 100 cases."""
    echoes = ECHOES.findall(hops_console(env))
    most = {(kind, beside): int(ticks) / TICKS_PER_MS for kind, beside, ticks in echoes}
    print("# ", most)
    if len(most) != 4:
        raise Failure(f"reported: {echoes}")
    for kind in ("with pauses", "without pauses"):
        if most[kind, "beside a guest"] - most[kind, "alone"] > 1:
            raise Failure(f"{kind}: more than a millisecond longer beside a guest: {most}")


def test_bench_hops_every_tick_is_charged(env):
    """Beside threads that wake often, a guest loses what they are charged, and its own way in and out, which they pay for."""
    console = hops_console(env)
    shares = {kind: (int(lost), int(used)) for kind, lost, used in SHARES.findall(console)}
    charges = {kind: (int(way), int(nobody)) for kind, way, nobody in CHARGES.findall(console)}
    print("# ", shares, charges)
    if len(shares) != 2 or set(shares) != set(charges):
        raise Failure(f"reported: {shares}, {charges}")
    for kind, (lost, used) in shares.items():
        way, nobody = charges[kind]
        if nobody > LOOKS:
            raise Failure(f"{kind}: {nobody} ticks were charged to no thread")
        if lost > used + way + LOOKS:
            raise Failure(f"{kind}: the guest lost {lost} ticks; the others used {used}, and its way took {way}")
        if way > ECHO_COUNT * PAID:
            raise Failure(f"{kind}: the guest's way in and out took {way} ticks, and it was paid {ECHO_COUNT * PAID}")


def test_bench_calls_reports_every_operation(env):
    """On the kernel alone every call succeeds, between address spaces and guests too."""
    guest = {"kernel": "build:test/guest/bench.bin", "memory": "64M"}
    programs = {"rootserver": env.built("test/root/calls.elf")}
    with env.system({"bench": guest}, programs) as archive, env.warren(archive, smp=1) as machine:
        check(machine, CALLS, ROOT_STOPPED)
