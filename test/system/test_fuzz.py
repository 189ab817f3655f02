# SPDX-License-Identifier: BSD-2-Clause
"""Processes and guests that try everything at random harm nobody but themselves."""

import os
import tomllib

from harness.env import TREE
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


# ---- the attack on the kernel: test/fuzz/attack.c before a root server, on test/check's kernel ----

ATTACK_BROKEN = r"attack: FAILED.*|kernel check: .*|kernel panic.*|rootserver faulted.*"
ATTACK_CALLS = {"rv64": 1_500_000}  # half a minute; WARREN_ATTACK_CALLS=5000000 for the whole of it
ATTACK_CALLS_ELSE = 300_000         # on the other models, whose kernel is the same
DONE_LEAST = 1000                   # times that each method has to succeed, but in a shorter run


def methods():
    """All calls and methods that the kernel has, as the table of the attack names them."""
    with open(TREE / "libs/abi/interface.toml", "rb") as file:
        interface = tomllib.load(file)
    found = {f"{method['object'].upper()}.{method['name'].upper()}" for method in interface["method"]}
    snake = {"IRQCONTROL": "IRQ_CONTROL"}
    found = {".".join(snake.get(part, part) for part in name.split(".")) for name in found}
    return found | {call["name"] for call in interface["call"]} - {"invoke"}


def attack_table(machine):
    """{name: (done, tried)}, and how many calls were made."""
    table = {}
    pattern = r"attack: (?:(\S+) +(\d+) done of +(\d+)|end: (\d+) calls, .*)\n"
    while True:
        match = machine.expect(pattern, 900, unless=ATTACK_BROKEN)
        if match.group(4):
            return table, int(match.group(4))
        table[match.group(1)] = (int(match.group(2)), int(match.group(3)))


def test_fuzz_kernel_under_attack(env):
    """Threads with full rights to every type make calls at random; the kernel's memory stays in order, a guest boots.

    WARREN_ATTACK_SEED and WARREN_ATTACK_CALLS choose another run; time is counted in instructions, so each repeats.
    """
    seed = os.environ.get("WARREN_ATTACK_SEED", "1")
    calls = int(os.environ.get("WARREN_ATTACK_CALLS", ATTACK_CALLS.get(env.cpu, ATTACK_CALLS_ELSE)))
    with env.system({"small": SMALL}, programs={"rootserver": "test/fuzz/attack.elf"}) as archive:
        words = ["-kernel", env.built("test/check/warren-check.elf"), "-initrd", archive,
                 "-append", f"attack.seed={seed} attack.calls={calls}", "-icount", "shift=0,sleep=off"]
        with env.machine(words, budget_s=1200) as machine:
            machine.expect(rf"attack: seed {seed}, {calls} calls$", 30)
            table, made = attack_table(machine)
            machine.expect(r"small: boot, dirty 0\n", 30, unless=ATTACK_BROKEN)
            is_there(machine)
            machine.send("p")
            machine.expect_exit(0, 60)
    missing = methods() - set(table)
    if missing:
        raise Failure(f"not attacked: {', '.join(sorted(missing))}")
    least = min(DONE_LEAST, calls // 1500)
    rare = {name: done for name, (done, _) in table.items() if done < least}
    if rare:
        raise Failure(f"too few of these succeeded: {rare}")
    counted = sum(tried for _, tried in table.values())
    if made < calls or abs(counted - made) > made // 10000:
        raise Failure(f"{made} calls of {calls}, {counted} in the table: the attackers' own memory is not in order")


# ---- how long interrupts stay off ----

STRETCH_MOST = 10_000  # instructions
SHIFT = 7              # an instruction takes 128 ns of the machine's time: more than a tick of its clock
TICK_NS = 100
# Lines that test/fuzz/attack_stretch.c and attack.c have to print, or their beginnings.
STRETCHES = ("making VSpaces", "making GSpaces", "making Threads", "zeroing large objects",
             "revoking 16,383 children", "deleting a table", "mapping 1024 pages", "deleting their space",
             "revoking their frame", "waking 64 threads", "kernel's log", "fences", "calls after")


def test_fuzz_interrupts_off_shortly(env):
    """The longest stretch with interrupts off, under the longest calls there are and random ones, is 10,000 instructions."""
    with env.system({"small": SMALL}, programs={"rootserver": "test/fuzz/attack.elf"}) as archive:
        words = ["-kernel", env.built("test/check/warren-check.elf"), "-initrd", archive,
                 "-append", "attack.calls=20000 attack.walk=0 attack.turn=500000 attack.stretch=1",
                 "-icount", f"shift={SHIFT},sleep=off"]
        with env.machine(words, budget_s=300) as machine:
            found = {}
            for _ in range(200):
                match = machine.expect(r"attack: (?:stretch of (.*): (\d+) ticks, call (\S+)|end: .*)\n", 120,
                                       unless=ATTACK_BROKEN)
                if not match.group(1):
                    break
                found[match.group(1)] = (int(match.group(2)) * TICK_NS >> SHIFT, match.group(3))
    found.pop("calls before")  # the machine's start
    missing = [name for name in STRETCHES if not any(name in line for line in found)]
    if missing:
        raise Failure(f"not measured: {missing}")
    for name, (count, call) in sorted(found.items(), key=lambda item: -item[1][0])[:5]:
        print(f"# {count} instructions with interrupts off in {name} (call {call})")
    longest = {name: count for name, (count, _) in found.items() if count > STRETCH_MOST}
    if longest:
        raise Failure(f"interrupts are off for longer than {STRETCH_MOST} instructions: {longest}")
