# SPDX-License-Identifier: BSD-2-Clause
"""Processes with several threads, as the root server plans, starts, ends and restarts them (test/services/hammer)."""

import re

from harness.machine import Failure

SMALL = {"kernel": "build:test/guest/small.bin", "memory": "16M"}
BROKEN = r"FAILED.*|hammer faulted.*|it is ended|hammer started anew|cannot be started.*|kernel panic"
ROUNDS = 2
RESTARTS_MAX = 3  # of the manifest
FAULT_STEP = 0x100  # of test/services/hammer/main.c: thread N stores to N times this address
FAULT = r"\bhammer faulted: store page fault \(cause 15, tval 0x([0-9a-f]+)\) at pc 0x([0-9a-f]+)\n"


def hammer_passes(machine, life, unless=BROKEN):
    for number in range(1, ROUNDS + 1):
        machine.expect(rf"\bhammer: life {life}: round {number} passed$", 60, unless=unless)
    machine.expect(rf"\bhammer: life {life}: end$", 10, unless=unless)


def test_process_c_library_is_right_in_four_threads(env):
    """A service with threads = 4 gets them: malloc, errno, locks, condition variables and stdio are right in two
    threads that a third one directs, while the first answers pings; nothing restarts."""
    with env.system({"small": SMALL}, services={"hammer": {}}) as archive, env.warren(archive) as machine:
        hammer_passes(machine, 0)
        machine.expect_silence_of(BROKEN, 2)


def check_faults_are_one(env, threads):
    """Two lives end by the fault of those threads, each with one report; the third passes the hammer."""
    mask = sum(1 << number for number in threads)
    with env.system({"small": SMALL}, services={"hammer": {"fault": mask, "lives": 2}}) as archive, \
            env.warren(archive) as machine:
        for life in (0, 1):
            fault = machine.expect(FAULT, 60, unless="FAILED.*|cannot be|kernel panic")
            if int(fault.group(1), 16) not in [number * FAULT_STEP for number in threads]:
                raise Failure(f"the fault at {fault.group(1)} is of no thread that faults")
            registers = machine.expect(r"\bpc ([0-9a-f]{16})", 10)
            if int(registers.group(1), 16) != int(fault.group(2), 16):
                raise Failure("the registers are those of another thread")
            machine.expect(r"\bhammer started anew$", 30, unless=rf"life {life}: .*|hammer faulted.*")
        hammer_passes(machine, 2)
        text = machine.text.clean
    if len(re.findall(r"hammer faulted", text)) != 2:
        raise Failure("a fault was reported twice")
    for life in (0, 1):
        for number in (1, 2, 3):
            if f"life {life}: thread {number} beats" not in text:
                raise Failure(f"thread {number} did not run in life {life}")
        later = re.compile(r"hammer started anew").split(text)[life + 1]
        if f"life {life}: " in later:
            raise Failure(f"a thread of life {life} ran on")


def test_process_fault_in_one_thread_ends_all_once(env):
    """A fault in thread 2 is reported once, with that thread's registers; all threads stop; the service starts anew."""
    check_faults_are_one(env, [2])


def test_process_faults_in_all_threads_are_one(env):
    """Threads that fault at the same time end their process once, and the next life is whole."""
    check_faults_are_one(env, [1, 2, 3])


def test_process_that_faults_for_ever_is_given_up(env):
    """A thread's faults count as its service's, by the restart policy; the guest beside goes on."""
    with env.system({"small": SMALL}, services={"hammer": {"fault": 4, "lives": 1000}}) as archive, \
            env.warren(archive) as machine:
        machine.expect(r"\bhammer is not started again", 90, unless="FAILED.*|kernel panic")
        faults = len(re.findall(FAULT, machine.text.clean, re.M))
        if faults != RESTARTS_MAX + 1:
            raise Failure(f"{faults} faults were allowed, not {RESTARTS_MAX + 1}")
        machine.expect_silence_of(r"hammer: life .*|is dead", 2)
        machine.send("?")
        machine.expect("small: here", 10)
