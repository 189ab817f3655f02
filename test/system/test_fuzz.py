# SPDX-License-Identifier: BSD-2-Clause
"""Processes and guests that try everything at random harm only themselves."""

import contextlib
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
    """The program of test/fuzz in the VMM's place, for one life: a VMM answers pings, and the program answers none."""
    return {"vmm": "fuzz", "kernel": "build:test/guest/small.bin", "memory": "16M",
            "bootargs": f"{seed} {SECONDS}{then}", "ping": "600s",
            "restart": {"most": 0, "within": "10s", "wait": "0ms..1s"}}


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
        machine.expect(r"guest one is dead", 60, unless=r"FAILED.*|\w+ faulted.*|does not answer")
        is_there(machine)
        machine.send("p")
        machine.expect_exit(None, 30)


# ---- the attack on the kernel: test/fuzz/attack.c before a root server, on test/check's kernel ----

ATTACK_BROKEN = r"attack: FAILED.*|kernel check: .*|kernel panic.*|rootserver faulted.*"
ATTACK_CALLS = {"rv64": 1_500_000}  # half a minute; WARREN_ATTACK_CALLS=5000000 for the whole of it
ATTACK_CALLS_ELSE = 300_000         # on the other models, whose kernel is the same
DONE_MIN = 1000                   # times that each method has to succeed, but in a shorter run


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
    least = min(DONE_MIN, calls // 1500)
    rare = {name: done for name, (done, _) in table.items() if done < least}
    if rare:
        raise Failure(f"too few of these succeeded: {rare}")
    counted = sum(tried for _, tried in table.values())
    if made < calls or abs(counted - made) > made // 10000:
        raise Failure(f"{made} calls of {calls}, {counted} in the table: the attackers' own memory is not in order")


# ---- what others leave, and how long interrupts stay off: exact, time is counted in instructions ----

SHIFT = 7              # an instruction takes 128 ns of the machine's time: more than a tick of its clock
TICK_NS = 100
STRETCH_MAX = 10_000  # instructions with interrupts off
# Lines that test/fuzz/attack_stretch.c and attack.c have to print, or their beginnings.
STRETCHES = ("making VSpaces", "making GSpaces", "making Threads", "zeroing large objects",
             "revoking 16,383 children", "deleting a table", "mapping 1024 pages", "deleting their space",
             "revoking their frame", "waking 64 threads", "kernel's log", "fences", "the last VSpaces",
             "the last GSpaces", "64 guests to sleep", "calls after")

DROPS = ("configure of a thread with a CNode", "configure of a thread with an Endpoint", "bind of a VCpu",
         "bind of a thread", "delete", "delete of the caller", "random drops")
PREEMPTION = 1_500     # instructions: an interrupt of a call, and the way back into it
LONE_PAGE_MAX = 1_900 # instructions to map and unmap a page that is alone in its page tables: 1,500 of the
                       # shipped kernel, which has link-time optimisation
EXITS = 100            # of a guest, in the price of "exits"
PRICE_ROUNDS = 100     # random sequences; WARREN_ATTACK_ROUNDS makes it more

SLEEPER_KINDS = 7
STOP_MAX = 3_000      # instructions that one timer interrupt may take from the thread that runs
SHARE_MAX = 0.1       # of its time


def instructions(ticks):
    return int(ticks) * TICK_NS >> SHIFT


@contextlib.contextmanager
def measured_attack(env, args):
    """A machine with the directed attacks that `args` choose, before few random calls."""
    with env.system({"small": SMALL}, programs={"rootserver": "test/fuzz/attack.elf"}) as archive:
        words = ["-kernel", env.built("test/check/warren-check.elf"), "-initrd", archive,
                 "-append", args, "-icount", f"shift={SHIFT},sleep=off"]
        with env.machine(words, budget_s=600) as machine:
            yield machine


def lines(machine, pattern, end):
    """All matches of `pattern` in the attack's lines, up to one that begins with `end`."""
    while True:
        match = machine.expect(rf"attack: (?:{pattern}|{end}.*)\n", 300, unless=ATTACK_BROKEN)
        if not match.group(1):
            return
        yield match.groups()


def worst_stretches(found):
    """Fails when one of {name: (instructions, call)} is too long; prints the longest."""
    for name, (count, call) in sorted(found.items(), key=lambda item: -item[1][0])[:5]:
        print(f"# {count} instructions with interrupts off in {name} (call {call})")
    return [f"{count} instructions with interrupts off in {name}" for name, (count, _) in found.items()
            if count > STRETCH_MAX]


def stretches(machine, end):
    found = {}
    for name, ticks, call in lines(machine, r"stretch of (.*): (\d+) ticks, call (\S+)", end):
        found[name] = max(found.get(name, (0, "")), (instructions(ticks), call))
    return found


def test_fuzz_interrupts_off_shortly(env):
    """The longest stretch with interrupts off, under the longest calls there are and random ones, is 10,000 instructions."""
    with measured_attack(env, "attack.calls=100000 attack.walk=0 attack.turn=500000 attack.stretch=1") as machine:
        found = stretches(machine, "end:")
    found.pop("calls before")  # the machine's start
    missing = [name for name in STRETCHES if not any(name in line for line in found)]
    if missing:
        raise Failure(f"not measured: {missing}")
    wrong = worst_stretches(found)
    if wrong:
        raise Failure("; ".join(wrong))


def too_dear(prices):
    """What of {(operation, when): (price, delay)} is above its bound, in words."""
    for (op, when), (price, late) in prices.items():
        quiet = prices[op, "quiet"][0]
        if op == "exits":  # many: the fast path has to be kept
            if price > quiet * 1.1 + PREEMPTION:
                yield f"an exit costs {price // EXITS} instructions, not {quiet // EXITS}, after {when}"
        elif price > 2 * quiet + PREEMPTION:
            yield f"{op} costs {price} instructions, not {quiet}, after {when}"
        if late > STRETCH_MAX + PREEMPTION:
            yield f"a thread wakes {late} instructions late after {when}"


def test_fuzz_short_calls_keep_their_price(env):
    """What a call of a high priority costs does not depend on what threads of low priority dropped before it.

    They drop 2,000 mapped Frames or waiting threads by configure, bind, delete and with their own end; then random
    numbers, and are stopped anywhere in it. WARREN_ATTACK_SEED and WARREN_ATTACK_ROUNDS choose other random rounds.
    """
    seed = os.environ.get("WARREN_ATTACK_SEED", "1")
    rounds = os.environ.get("WARREN_ATTACK_ROUNDS", PRICE_ROUNDS)
    prices, found = {}, {}
    with measured_attack(env, f"attack.calls=1 attack.walk=0 attack.seed={seed} attack.price={rounds}") as machine:
        pattern = (r"(?:price of (\w+), (.*): (\d+) ticks, woken (\d+) late|"
                   r"stretch of (.*): (\d+) ticks, call (\S+))")
        while True:
            match = machine.expect(rf"attack: (?:{pattern}|end of prices)\n", 300, unless=ATTACK_BROKEN)
            op, when, ticks, late, name, stretch, call = match.groups()
            if op:
                prices[op, when] = instructions(ticks), instructions(late)
            elif name:
                found[name] = max(found.get(name, (0, "")), (instructions(stretch), call))
            else:
                break
    found.pop("calls before")
    ops = {op for op, when in prices if when == "quiet"}
    missing = [(op, when) for op in ops for when in DROPS if (op, when) not in prices]
    if len(ops) < 8 or missing:
        raise Failure(f"not measured: {missing}, {sorted(ops)}")
    for op in sorted(ops):
        row = ", ".join(f"{when} {prices[op, when][0]}" for when in ("quiet", *DROPS))
        print(f"# instructions of {op}: {row}")
    print(f"# woken late by {max(late for _, late in prices.values())} instructions")
    wrong = list(too_dear(prices)) + worst_stretches(found)
    lone = prices["map", "quiet"][0] + prices["unmap", "quiet"][0]
    if lone > LONE_PAGE_MAX:
        wrong.append(f"mapping and unmapping a lone page takes {lone} instructions")
    if wrong:
        raise Failure("; ".join(wrong))


def test_fuzz_sleepers_take_a_bounded_share(env):
    """Thousands of sleepers of lower priorities, whose moment comes, take little of the time of one of the highest."""
    wrong, count = [], 0
    with measured_attack(env, "attack.calls=1 attack.walk=0 attack.sleepers=1") as machine:
        pattern = r"sleepers (.*): woken (\d+) late, (\d+) stops, longest (\d+), taken (\d+) of (\d+)"
        for name, *figures in lines(machine, pattern, "end of sleepers"):
            late, _, longest, taken, window = map(instructions, figures)
            stops = int(figures[1])
            print(f"# {name}: woken {late} instructions late; {stops} stops, the longest {longest}; "
                  f"{taken} of {window} taken")
            count += 1
            if late > STRETCH_MAX + PREEMPTION:
                wrong.append(f"{name}: woken {late} instructions late")
            if longest > STOP_MAX:
                wrong.append(f"{name}: one stop of {longest} instructions")
            if taken > window * SHARE_MAX:
                wrong.append(f"{name}: {taken} of {window} instructions are taken")
    if count != SLEEPER_KINDS:
        raise Failure(f"{count} kinds of sleepers were measured, not {SLEEPER_KINDS}")
    if wrong:
        raise Failure("; ".join(wrong))
