# SPDX-License-Identifier: BSD-2-Clause
"""Calls of a service (libs/rt/rt_caller.h): test/services/probe calls test/services/echo, and checks each result."""

import re

from harness.console import interrupted
from harness.machine import Failure

SMALL = {"kernel": "build:test/guest/small.bin", "memory": "16M"}
KILLER = {"rootserver": "test/kill/rootserver-kill.elf"}
ICOUNT = ["-icount", "shift=0,sleep=off"]  # a slow host makes no longer time between two faults
MADE = r"probe: (\d+) calls were made, (\d+) ended with the service, (\d+) wrong$"
KILLS = 60


def made(machine, timeout=60):
    """How many calls were made, and how many of them the service's end cut short; none may be wrong."""
    count, ended, wrong = map(int, machine.expect(MADE, timeout).groups())
    if wrong or re.search(r"probe: wrong ", machine.text.clean):
        raise Failure(f"{wrong} calls had a wrong result: {re.findall(r'probe: wrong .*', machine.text.clean)}")
    return count, ended


def idle(machine):
    """The guest sleeps, so that the services have the hart."""
    machine.expect(interrupted("small: boot"), 60)
    machine.send("i")


def test_call_is_answered(env):
    """A service that serves rings answers calls too, and a call of an unknown label gets its error."""
    with env.system({"small": SMALL}, services={"probe": {"calls": 3}}) as archive, env.warren(archive) as machine:
        idle(machine)
        for _ in range(3):
            count, ended = made(machine)
        if count < 300 or ended:
            raise Failure(f"of {count} calls {ended} were cut short although the service lives")


def test_call_that_kills_the_service_ends_and_the_caller_goes_on(env):
    """The service faults while its caller waits: the caller gets PEER_DIED, and its next call the answer of the next life."""
    with env.system({"small": SMALL}, services={"probe": {"calls": 3, "deadly": 40}}) as archive, \
            env.warren(archive) as machine:
        idle(machine)
        count, ended = made(machine)
        faults = len(re.findall(r"\becho faulted: ", machine.text.clean[:machine.at]))
        if count != 100 or ended != 2 or faults != 2:
            raise Failure(f"of {count} calls {ended} were cut short, and the service faulted {faults} times: 2 calls kill")


def test_call_survives_kills_of_the_service(env):
    """The service is killed at random times: each call is answered, or ends with PEER_DIED, and the caller goes on."""
    with env.system({"small": SMALL}, KILLER, services={"probe": {"calls": 1}}) as archive, \
            env.warren(archive, words=[*ICOUNT, "-append", f"test.kill=echo:1:1:{KILLS}"], budget_s=600) as machine:
        idle(machine)
        machine.expect(rf"test\.kill: echo was killed {KILLS} times.*$", 240)
        before, _ = made(machine)
        count, ended = made(machine)
        if count <= before:
            raise Failure("the caller does not go on")
        print(f"# {count} calls, of which {ended} were cut short by {KILLS} kills")


def check_call_ends(env, how):
    """The probe's last call ends after echo is given up, and the probe answers its pings from then on."""
    with env.system({"small": SMALL}, services={"probe": {"calls": 1} | how}) as archive, \
            env.warren(archive, words=ICOUNT) as machine:
        idle(machine)
        machine.expect(r"echo is not started again: ", 120, unless=r"probe .*: it is ended")
        machine.expect(r"probe: the service does not come back", 60, unless=r"probe .*: it is ended")
        machine.expect_silence_of(r"probe .*: it is ended|probe faulted", 3)


def test_call_in_service_of_a_service_that_does_not_come_back_ends(env):
    """Each call kills the service, until it is given up: the last call ends."""
    check_call_ends(env, {"deadly": 1})


def test_call_in_queue_of_a_service_that_does_not_come_back_ends(env):
    """Each request kills the service before it takes the call: the call waits for the next life, and ends with the last."""
    check_call_ends(env, {"poison": 1})
