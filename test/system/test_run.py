# SPDX-License-Identifier: BSD-2-Clause
"""tools/run-qemu, which `./warren run` ends in: at a terminal and between pipes."""

import os
import signal
import termios

from harness.env import TREE
from harness.machine import Failure
from harness.shell import READY_TO_BE_STOPPED, Shell


def run(env, **more):
    return env.command([TREE / "tools" / "run-qemu", env.build, "default"],
                       variables={"WARREN_CPU": env.cpu}, **more)


SMALL = {"kernel": "build:test/guest/small.bin", "memory": "16M"}


def settings(machine):
    """What the terminal is set to, as a program on it would see."""
    return termios.tcgetattr(machine.terminal)


def test_run_between_pipes_types_and_reads(env):
    """A script can type into the guest and read it; QEMU's success is the command's."""
    with run(env) as machine:
        machine.expect("Ctrl-A, then X")
        shell = Shell(machine)
        shell.wait_prompt()
        if shell.run("echo $((6*7))").strip() != "42":
            raise Failure("6*7 is not 42")
        machine.line("poweroff -f")
        machine.expect_exit(0)


def test_run_archive_elsewhere_starts(env):
    """The path of a boot archive, as `./warren run PATH` makes one, stands for a system of the build folder."""
    with env.system({"small": SMALL}) as archive, \
            env.command([TREE / "tools" / "run-qemu", env.build, archive], variables={"WARREN_CPU": env.cpu}) as machine:
        machine.expect(rf"Warren: the system {archive.stem}\.")
        machine.expect(r"small: boot", 60)
        machine.send("p")
        machine.expect_exit(0)


def test_run_at_terminal_ctrl_c_is_the_guests(env):
    """At a terminal Ctrl-C goes to the guest, and the terminal is as before when the guest is off."""
    with run(env, use_pty=True) as machine:
        before = settings(machine)
        shell = Shell(machine)
        shell.wait_prompt()
        machine.line(READY_TO_BE_STOPPED)
        machine.expect(r"^READY\n")
        machine.send("\x03")
        shell.wait_prompt()
        machine.line("poweroff -f")
        machine.expect_exit(0)
        if settings(machine) != before:
            raise Failure("the terminal was not restored")


def test_run_at_terminal_left_by_ctrl_a_x(env):
    """Ctrl-A X leaves at once, and the terminal is as before."""
    with run(env, use_pty=True) as machine:
        before = settings(machine)
        Shell(machine).wait_prompt()
        machine.send("\x01x")
        machine.wait_exit(20)
        if settings(machine) != before:
            raise Failure("the terminal was not restored")


def test_run_at_terminal_has_no_monitor(env):
    """Without --monitor, Ctrl-A C leads nowhere: what is typed behind it still goes to the guest."""
    with run(env, use_pty=True) as machine:
        shell = Shell(machine)
        shell.wait_prompt()
        machine.send("\x01c")
        if shell.run("echo info $((6*7))").strip() != "info 42":
            raise Failure("the guest did not get what was typed")
        machine.send("\x01x")
        machine.wait_exit(20)


def test_run_at_terminal_killed_restores_it(env):
    """When the command is told to end, QEMU ends too, and the terminal is as before."""
    with run(env, use_pty=True) as machine:
        before = settings(machine)
        Shell(machine).wait_prompt()
        os.kill(machine.pid, signal.SIGTERM)
        machine.expect_exit(None, 20)
        if machine.is_group_alive():
            raise Failure("QEMU outlived the command")
        if settings(machine) != before:
            raise Failure("the terminal was not restored")
