# SPDX-License-Identifier: BSD-2-Clause
"""The clock's alarm reaches a guest that makes no exit (test/guest/alarm.c)."""

from harness.machine import Failure

IMAGE = "test/guest/alarm.bin"
ANSWER = r"^(alarm: (?:asleep|awake), .*)\n"
ROUNDS = 6


def answers(machine):
    """The guest's line about each alarm."""
    found = [machine.expect(ANSWER, 60).group(1) for _ in range(ROUNDS)]
    machine.expect(r"^alarm: done\n", 30)
    machine.expect_exit(0)
    return found


def bare_answers(env):
    with env.bare(kernel=IMAGE) as machine:
        return answers(machine)


def warren_answers(env, **more):
    guest = {"kernel": f"build:{IMAGE}", "memory": "16M"}
    with env.system({"sleeper": guest}) as archive, env.warren(archive, **more) as machine:
        return answers(machine)


def compare(found, wanted):
    if found != wanted:
        raise Failure(f"the guest saw {found}, the bare machine {wanted}")
    if not all(answer.endswith(", source 11, armed 0, pending 0, in time") for answer in found):
        raise Failure(f"the clock's manual says otherwise: {found}")


def test_alarm_wakes_a_guest_that_nothing_else_can(env):
    """A guest that waits in WFI or spins gets the alarm of its clock in time, as on the bare machine."""
    compare(warren_answers(env), bare_answers(env))


def test_alarm_without_sstc_comes_too(env):
    """A guest gets the alarm in time also on a hart without Sstc, where the kernel sets its timer by SBI."""
    compare(warren_answers(env, cpu=f"{env.cpu},sstc=off"), bare_answers(env))
