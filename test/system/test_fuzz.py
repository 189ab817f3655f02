# SPDX-License-Identifier: BSD-2-Clause
"""Processes and guests that try everything at random harm nobody but themselves."""

from harness.machine import Failure

SMALL = {"kernel": "build:test/guest/small.bin", "memory": "16M"}
SECONDS = 5
BROKEN = r"FAILED.*|\w+ faulted.*|gave up.*|is dead|kernel panic"
CALLS = 20_000  # in that time, each, with a hart shared by three on a busy machine


def guest(seed):
    """The guest of test/guest/fuzz.c."""
    return {"kernel": "build:test/guest/fuzz.bin", "memory": "16M", "bootargs": str(seed)}


def process(seed, then=""):
    """The program of test/fuzz in the VMM's place."""
    return {"vmm": "fuzz", "kernel": "build:test/guest/small.bin", "memory": "16M",
            "bootargs": f"{seed} {SECONDS}{then}"}


def is_there(machine):
    """The small guest answers.  A line of the root server can fall into an answer: then it is asked again."""
    for _ in range(2):
        machine.send("?")
        try:
            machine.expect("small: here", 10)
            return
        except Failure:
            pass
    machine.send("?")
    machine.expect("small: here", 10)


def done(machine, name):
    match = machine.expect(rf"\bvmm\.{name}: (\d+) calls, (\d+) runs$", 60, unless=BROKEN)
    if int(match.group(1)) < CALLS:
        raise Failure(f"{name} made only {match.group(1)} calls in {SECONDS} s")


def test_fuzz_processes_disturb_nobody(env):
    """Two VMMs' processes make every call with anything in the registers; a guest beside them goes on."""
    with env.system({"small": SMALL, "one": process(1), "two": process(2)}) as archive, \
            env.warren(archive, smp=1) as machine:
        for _ in ("one", "two"):
            machine.expect(r"\bvmm\.(?:one|two): seed \d+$", 30)
        for _ in range(SECONDS):
            is_there(machine)
            machine.expect_running(0.5)
        done(machine, "(?:one|two)")
        done(machine, "(?:one|two)")
        is_there(machine)
        machine.send("p")
        machine.expect_exit(0, 30)


def test_fuzz_guests_disturb_nobody(env):
    """Two guests execute, call and touch anything at random, and power off; one beside them goes on."""
    with env.system({"small": SMALL, "one": guest(1), "two": guest(2)}) as archive, \
            env.warren(archive, smp=1) as machine:
        machine.expect(r"small: boot, dirty 0\n", 30)
        for _ in range(SECONDS):
            is_there(machine)
            machine.expect_silence_of(BROKEN, 1)
        machine.send("r")
        machine.expect("small: boot", 30, unless=BROKEN)
        for _ in range(2):
            machine.expect(r"guest (?:one|two) powered itself off", 60, unless=BROKEN)
        is_there(machine)
        machine.send("p")
        machine.expect_exit(0, 30)


def test_fuzz_guest_comes_to_its_end(env):
    """The guest that does anything at random has its own console and power switch to the last."""
    with env.system({"one": guest(7)}) as archive, env.warren(archive, smp=1) as machine:
        machine.expect(r"fuzz: begin\n", 30)
        counts = machine.expect(r"fuzz: end, steps((?: \d+)+)\n", 60, unless=BROKEN).group(1).split()
        machine.expect_exit(0, 30)
    if min(map(int, counts)) < 100:
        raise Failure(f"too few steps of a kind: {counts}")


def test_fuzz_busy_guests_starve_nobody(env):
    """One guest spins with its interrupts off, one faults for ever: the console and a third go on at once."""
    with env.system({"one": SMALL, "two": SMALL, "three": SMALL}) as archive, \
            env.warren(archive, smp=1) as machine:
        machine.expect(r"small: boot, dirty 0\n", 30)
        machine.send("x")
        for digit, name, command in ((1, "two", "l"), (2, "three", "")):
            machine.send(f"\x1d{digit}")
            machine.expect(rf"\b{name} is in front", 5)
            is_there(machine)
            machine.send(command)
        for _ in range(20):
            machine.send("?")
            machine.expect("small: here", 2)


def test_fuzz_messages_end_their_sender_only(env):
    """Messages to the root server that mean nothing end the process that sends them, and no other."""
    with env.system({"small": SMALL, "one": process(3, " garbage")}) as archive, \
            env.warren(archive, smp=1) as machine:
        machine.expect(r"\bvmm\.one: seed \d+$", 30)
        machine.expect(r"guest one is dead", 60, unless=r"FAILED.*|\w+ faulted.*")
        is_there(machine)
        machine.send("p")
        machine.expect_exit(None, 30)
