# SPDX-License-Identifier: BSD-2-Clause
"""Services and VMMs that are killed at random times are started again, and guests notice nothing but the time."""

import re
import time

from harness.machine import Failure

SMALL = {"kernel": "build:test/guest/small.bin", "memory": "16M"}
# A VMM that its guest can harm; a hang is found within two pings.
HURT = SMALL | {"vmm": "hurt", "ping": "200ms", "restart": {"most": 4, "within": "600s"}}
HANGS = r"\bvmm\.hurt does not answer: it is ended$"
FAULTS = r"\bvmm\.hurt faulted: .*\(cause 15, tval 0x8\)"
EXITS = r"\bvmm\.hurt ended with code 7$"
PING_SLACK_S = 5  # QEMU on a busy host, and the harness
CHATTY_LINES = 3 * 1024
CHATTY_BLOCKS = 1300  # lines; the first 1024 are written to the UART, the next 1024 by SBI's putchar
CONSOLE_DEATHS = 3


def check_hurt(env, keys, said):
    """The VMM is started anew after each of two harms, and the guest goes on; after harm in every life it is dead."""
    once, always = keys
    with env.system({"hurt": HURT, "small": SMALL}) as archive, env.warren(archive) as machine:
        machine.expect(r"^small: boot", 30)
        machine.send(once)
        machine.expect(r"^small: hurt$", 30)
        for _ in range(2):
            machine.expect(said, PING_SLACK_S)
            machine.expect(r"\bvmm\.hurt started anew$", 30)
        machine.expect(r"^small: answered$", 30)
        machine.send("?")
        machine.expect(r"^small: here$", 30)  # and the guest has not rebooted
        machine.send(always)
        machine.expect(r"^small: hurt$", 30)
        for _ in range(3):
            machine.expect(said, PING_SLACK_S)
        machine.expect(r"\bguest hurt is dead$", 30)
        machine.expect(r"^\[1 small is in front.*\]$", 30)
        machine.send("?")
        machine.expect(r"^small: here$", 30)
        machine.send("p")
        machine.expect_exit(1, 30)
        text = machine.text.clean
    if len(re.findall(said, text, re.M)) != 5 or len(re.findall(r"^small: boot", text, re.M)) != 2:
        raise Failure("the VMM was harmed more or less than five times, or a guest was booted again")


def test_restart_vmm_that_hangs(env):
    """A VMM that hangs in a handler is found by its ping and started anew; past the limit its guest alone is dead."""
    check_hurt(env, "gG", HANGS)


def test_restart_vmm_that_faults(env):
    """A VMM that faults in a handler is started anew; past the limit its guest is dead, and another guest goes on."""
    check_hurt(env, "dD", FAULTS)


def test_restart_vmm_that_exits(env):
    """A VMM that ends by itself is started anew like one that faults, and its guest notices nothing."""
    check_hurt(env, "eE", EXITS)


def test_restart_vmm_that_takes_no_bell(env):
    """A VMM that leaves a signal in its Notification, and waits for no service, is ended within its ping time; the
    next life finds the signal, and the key that it was about."""
    with env.system({"hurt": HURT}) as archive, env.warren(archive) as machine:
        machine.expect(r"^small: boot", 30)
        for _ in range(2):
            machine.send("b")
            machine.expect(r"^small: hurt$", 30)
            machine.send("?")
            machine.expect(HANGS, PING_SLACK_S)
            machine.expect(r"\bvmm\.hurt started anew$", 30)
            machine.expect(r"^small: here$", 30)
        machine.send("p")
        machine.expect_exit(0, 30)
        text = machine.text.clean
    for line, count in ((HANGS, 2), (r"^small: boot", 1), (r"^small: here$", 2)):
        if len(re.findall(line, text, re.M)) != count:
            raise Failure(f"{line} stands {len(re.findall(line, text, re.M))} times in the text, not {count} times")


def waiting(env, console):
    """A machine whose guest writes more than its console takes, with a VMM that is judged after 100 ms."""
    chatty = {"kernel": "build:test/guest/chatty.bin", "memory": "16M", "ping": "100ms", "restart": {"most": 0}}
    return env.system({"chatty": chatty}, {"svc/console": f"test/system/console-{console}.elf"})


def chat_until_blocking(machine):
    """Waits until the guest writes by SBI calls that do not return before the VMM has taken the byte."""
    for _ in range(CHATTY_BLOCKS):
        machine.expect(r"^c{63}$", 30)


def check_chatty(machine):
    machine.expect(r"\bguest chatty powered itself off$", 60)
    machine.expect_exit(0, 30)
    text = machine.text.clean
    if re.search(r"vmm\.chatty", text):
        raise Failure("the VMM was judged although it waited for the console")
    if len(re.findall("^c{63}$", text, re.M)) != CHATTY_LINES:
        raise Failure("some of the guest's output is missing")


def test_restart_vmm_that_waits_for_a_stopped_console(env):
    """A VMM that waits twenty ping times for a console that takes no output is not ended; no byte is lost."""
    with waiting(env, "stopped") as archive, env.warren(archive) as machine:
        chat_until_blocking(machine)
        machine.send("\x18")
        time.sleep(2)
        machine.expect_running(1)
        machine.send("\x18")
        check_chatty(machine)


def test_restart_vmm_that_waits_for_a_dead_console(env):
    """A VMM that waits five ping times for a console service that dies again and again is not ended; no byte is lost."""
    with waiting(env, "late") as archive, env.warren(archive) as machine:
        chat_until_blocking(machine)
        for _ in range(CONSOLE_DEATHS):
            machine.expect(r"^c{63}$", 30)
            machine.send("\x18")
            machine.expect(r"\bconsole started anew$", 30)
        check_chatty(machine)


def test_restart_reboot_of_a_large_guest_is_no_hang(env):
    """While a VMM zeroes gigabytes for a reboot, it answers each ping in time."""
    large = SMALL | {"memory": "2G", "ping": "100ms", "restart": {"most": 0}}
    with env.system({"large": large}, machine={"memory": "2560M"}) as archive, \
            env.warren(archive, smp=1, memory_mib=2560) as machine:
        machine.expect(r"^small: boot", 60)
        for _ in range(3):
            machine.send("r")
            machine.expect(r"^small: boot", 60)
        machine.send("p")
        machine.expect_exit(0, 30)
