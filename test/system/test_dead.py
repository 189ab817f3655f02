# SPDX-License-Identifier: BSD-2-Clause
"""When a VMM faults, its own guest ends and nothing else, and QEMU's exit status is a failure."""

import os
import re

from harness.gdb import stub
from harness.machine import Failure
from harness.shell import Shell

# Not started again, so that its end is told once, after its first fault.
CRASHER = {"vmm": "crash", "kernel": "build:test/guest/small.bin", "memory": "16M", "restart": {"most": 0}}
# Name, cause 15 (store page fault), address and place, then the registers.
FAULT = r"^(?:warren: )?vmm\.crasher faulted: .*\(cause 15, tval 0x8\) at pc 0x[0-9a-f]+"
LAST_WORDS_RUNS = int(os.environ.get("WARREN_LAST_WORDS_RUNS", "3"))
CHATTY_LINES = 3 * 1024
FLOODERS = 6
FLOODER = CRASHER | {"vmm": "flood"}
SMALL = {"kernel": "build:test/guest/small.bin", "memory": "16M"}
DEBIAN = {"kernel": "debian:Image", "initrd": "build:configs/shell.cpio", "bootargs": "console=ttyS0"}


def test_dead_root_server_ends_machine_with_failure(env):
    """A fault in the root server itself is reported, and QEMU ends with a failure."""
    with env.system({"crasher": CRASHER}, {"rootserver": "test/system/crash.elf"}) as archive, \
            env.warren(archive) as machine:
        machine.expect(r"^Warren: the root server was stopped by a fault", 30)
        machine.expect_exit(None, 30)


def test_dead_kernel_ends_machine_with_failure(env):
    """A kernel that jumps to an unmapped address prints its registers, and QEMU ends with a failure."""
    trap = env.kernel_symbol("trap_from_below")
    with env.system({"debian": DEBIAN}) as archive, stub() as gdb, \
            env.warren(archive, words=gdb.words) as machine:
        gdb.derail(trap)
        machine.expect(r"^Warren: kernel panic", 30)
        machine.expect(r"^  pc 0x0$", 30)
        machine.expect_exit(None, 30)


def test_dead_only_guest_ends_machine_with_failure(env):
    """A fault in the VMM of the only guest is reported by name, and QEMU ends with a failure."""
    with env.system({"crasher": CRASHER}) as archive, env.warren(archive) as machine:
        machine.expect(FAULT, 30)
        machine.expect(r"\bsp +[0-9a-f]{16}\b", 30)
        machine.expect(r"^(?:warren: )?guest crasher is dead$", 30)
        machine.expect_exit(None, 30)


def test_dead_guest_leaves_the_other_alone(env):
    """When one VMM faults, the other guest goes on; when the other guest ends, QEMU ends with a failure."""
    with env.system({"crasher": CRASHER, "debian": DEBIAN}) as archive, env.warren(archive) as machine:
        machine.expect(FAULT, 30)
        machine.send("\x1d1")
        machine.line()
        shell = Shell(machine)
        shell.wait_prompt()
        shell.check_computes()
        machine.line("poweroff -f")
        machine.expect_exit(None)


def test_dead_vmms_that_flooded_their_logs_are_reported(env):
    """Unread log lines of VMMs do not displace the messages about their ends; the console lists them as dead."""
    guests = {f"flood{i}": FLOODER for i in range(FLOODERS)} | {"small": SMALL}
    with env.system(guests) as archive, env.warren(archive) as machine:
        machine.expect(rf"^\[{FLOODERS} small is in front.*\]$", 30)
        machine.send("\x1d?")
        for i in range(FLOODERS):
            machine.expect(rf"^\[. {i} flood{i}: dead\]$", 30)
        machine.expect(rf"^\[. {FLOODERS} small: running\]$", 30)
        for i in range(FLOODERS):
            for line in (rf"vmm\.flood{i} faulted: .*\(cause 15, tval 0x8\)", rf"guest flood{i} is dead"):
                if not re.search(rf"\bwarren: {line}", machine.text.clean):
                    raise Failure(f'"{line}" was not said')


def test_dead_guests_end_is_told_after_its_last_words(env):
    """The message about a guest's end comes after all of the guest's output, in each of several runs."""
    with env.system({"chatty": {"kernel": "build:test/guest/chatty.bin", "memory": "16M"}}) as archive:
        for _ in range(LAST_WORDS_RUNS):
            with env.warren(archive) as machine:
                machine.expect(r"^warren: guest chatty powered itself off$", 60)
                told_at = machine.at
                machine.expect_exit(0, 30)
                text = machine.text.clean
            if re.search("^c+$", text[told_at:], re.M):
                raise Failure("the guest's output came after the message about its end")
            if len(re.findall("^c{63}$", text, re.M)) != CHATTY_LINES:
                raise Failure("some of the guest's output is missing")


def test_dead_console_service_is_reported(env):
    """A fault of the console service itself is reported by name, and QEMU ends with a failure."""
    with env.system({"crasher": CRASHER}, {"svc/console": "test/system/crash.elf"}) as archive, \
            env.warren(archive) as machine:
        machine.expect(r"^(?:warren: )?(?:svc[./])?console faulted: .*\(cause 15, tval 0x8\)", 30)
        machine.expect_exit(None, 30)


def test_dead_console_service_comes_back(env):
    """When the console service dies, it is started anew: the guest goes on, and its console works again."""
    dying = {"svc/console": "test/system/console-dying.elf"}
    with env.system({"debian": DEBIAN}, dying) as archive, env.warren(archive) as machine:
        shell = Shell(machine)
        shell.wait_prompt()
        shell.run("echo kept > /tmp/kept")
        for _ in range(2):
            machine.send("\x18")
            machine.expect(r"^(?:warren: )?console faulted: ", 30)
            machine.expect(r"^(?:warren: )?console started anew$", 30)
            machine.line()
            shell.wait_prompt()
            if shell.run("cat /tmp/kept").strip() != "kept":
                raise Failure("the guest was restarted: its file is gone")
        machine.line("poweroff -f")
        machine.expect_exit(0)


def lying(env, name, guests):
    """A machine whose console service breaks the protocol each time it is started."""
    return env.system(guests, {"svc/console": f"test/system/console-{name}.elf"})


def check_lies_are_found(env, name, why):
    """The service is replaced once, then given up; its unshown lines are printed, and another guest goes on."""
    with lying(env, name, {"crasher": CRASHER, "small": SMALL}) as archive, env.warren(archive) as machine:
        machine.expect(r"\bvmm\.crasher faulted: .*\(cause 15, tval 0x8\)", 30)
        machine.expect(r"\bguest crasher is dead$", 30)
        machine.expect(rf"\bconsole {why}: it is ended$", 30)
        machine.expect(r"\bconsole started anew$", 30)
        machine.expect(r"\bconsole is not started again", 60)
        machine.expect(r"\bguest crasher is dead$", 30)
        machine.expect_running(1)


def test_dead_console_service_that_never_reads_is_replaced(env):
    """A console service that leaves its ring unread for a second is replaced; its unread lines are printed."""
    check_lies_are_found(env, "deaf", "does not read what it is sent")


def test_dead_console_service_that_breaks_its_ring_is_replaced(env):
    """A console service that stores an impossible index in its ring is replaced; its unread lines are printed."""
    check_lies_are_found(env, "breaker", "broke its ring")


def test_dead_console_service_that_never_answers_lets_the_machine_end(env):
    """A console service that answers no flush is replaced, and the machine still prints its last line."""
    with lying(env, "mute", {"chatty": {"kernel": "build:test/guest/chatty.bin", "memory": "16M"}}) as archive, \
            env.warren(archive) as machine:
        machine.expect(r"\bguest chatty powered itself off$", 60)
        machine.expect(r"\bconsole does not answer: it is ended$", 30)
        machine.expect(r"\bconsole started anew$", 30)
        machine.expect(r"\bconsole is not started again", 60)
        machine.expect(r"\bguest chatty powered itself off$", 30)
        machine.expect(r"\ball guests have ended, not all of them well$", 30)
        machine.expect_exit(1, 30)


def test_dead_console_service_for_good_holds_nobody(env):
    """When the console service is given up, guests go on to their end, although their output is not read."""
    with env.system({"chatty": {"kernel": "build:test/guest/chatty.bin", "memory": "16M"}},
                    {"svc/console": "test/system/crash.elf"}) as archive, \
            env.warren(archive) as machine:
        machine.expect(r"^(?:warren: )?console is not started again", 30)
        machine.expect(r"^(?:warren: )?guest chatty powered itself off$", 30)
        machine.expect_exit(1, 30)
