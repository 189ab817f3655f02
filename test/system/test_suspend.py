# SPDX-License-Identifier: BSD-2-Clause
"""A guest's hart that suspends itself waits for a wake-up event, idle, and loses none (test/guest/suspend.c)."""

from harness.machine import Failure

GUEST = {"suspend": {"kernel": "build:test/guest/suspend.bin", "memory": "16M"}}
LINE = r"suspend: (retentive|non-retentive) by (timer|stimecmp|IPI): (\d+) ms, (pending|lost)\n"
SHARE_MAX = 0.25  # a hart that spins takes all of a core


def check_wakes(machine, has_sstc):
    kinds = [(how, by) for how in ("retentive", "non-retentive") for by in ("timer", "stimecmp", "IPI")
             if by != "stimecmp" or has_sstc]
    for wanted in kinds:
        how, by, ms, what = machine.expect(LINE, 60).groups()
        if (how, by) != wanted or what != "pending":
            raise Failure(f"{how} suspend until {by}: {what}")
        if by != "IPI" and int(ms) < 200:
            raise Failure(f"{how} suspend until {by} ended after {ms} of 200 ms")


def check_sleeps(machine):
    """During a suspend of either kind for four seconds, QEMU uses almost no processor time."""
    machine.expect(r"suspend: long\n", 60)
    for wanted in ("retentive", "non-retentive"):
        share = machine.busy_share(2)
        how, _, ms, what = machine.expect(LINE, 60).groups()
        if how != wanted or what != "pending" or int(ms) < 4000:
            raise Failure(f"{how} suspend of 4,000 ms: {ms} ms, {what}")
        if share > SHARE_MAX:
            raise Failure(f"in a {how} suspend QEMU uses {share:.0%} of a core")


def check_suspends(machine, has_sstc):
    check_wakes(machine, has_sstc)
    check_sleeps(machine)
    machine.expect(r"suspend: end\n", 60)
    machine.expect_exit(0, 30)


def test_suspend_wakes_by_what_was_set_before(env):
    """A timer or IPI from before a suspend of either kind ends the suspend, and is still pending then."""
    with env.system(GUEST) as archive, env.warren(archive, smp=1) as machine:
        check_suspends(machine, True)


def test_suspend_without_sstc_wakes_by_what_was_set_before(env):
    """Suspends end the same way on a hart without Sstc, where the kernel keeps the guest's timer."""
    with env.system(GUEST) as archive, env.warren(archive, smp=1, cpu=f"{env.cpu},sstc=off") as machine:
        check_suspends(machine, False)


def test_suspend_bare_machine_agrees(env):
    """The same guest passes bare on QEMU: the guest itself works."""
    with env.bare(kernel="test/guest/suspend.bin") as machine:
        check_suspends(machine, True)
